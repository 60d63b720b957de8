//! The Go type that a document is decoded into, as far as decoding can see it.

use std::borrow::Cow;

/// A Go type. All parts are `'static`, so shapes are constants.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// `interface {}`
    Any,
    /// `string`: numbers and booleans become text.
    Str,
    /// `bool`
    Bool,
    /// A signed integer type of 64 bits, by its Go name: `int`, `int64`.
    Int(&'static str),
    /// A slice.
    List(&'static Shape),
    /// A map with `string` keys.
    Map(&'static Shape),
    /// A type with a name of its own.
    Named(&'static str, &'static Shape),
    /// A pointer; it only shows in the names of types around it.
    Pointer(&'static Shape),
    /// A struct.
    Struct(&'static Struct),
    /// `string` where Go does not know it yet when it makes JSON of YAML: below an embedded struct, and in JSON itself. Numbers and
    /// booleans do not fit.
    Verbatim,
}

/// A Go struct.
#[derive(Debug)]
pub struct Struct {
    /// As Go prints the type: `util.SimpleHead`.
    pub go_name: &'static str,
    /// The fields that JSON sees.
    pub fields: &'static [Field],
}

/// A field of a [`Struct`].
#[derive(Debug)]
pub struct Field {
    /// Its name in JSON.
    pub name: &'static str,
    /// Its type.
    pub shape: Shape,
}

impl Shape {
    /// The type behind pointers and names.
    pub(crate) fn pointee(self) -> Shape {
        let mut shape = self;
        while let Shape::Pointer(to) | Shape::Named(_, to) = shape {
            shape = *to;
        }
        shape
    }

    /// The type behind a name.
    pub(crate) fn unnamed(self) -> Shape {
        if let Shape::Named(_, of) = self { *of } else { self }
    }

    /// The name of the type behind pointers.
    pub(crate) fn pointee_name(self) -> Cow<'static, str> {
        let mut shape = self;
        while let Shape::Pointer(to) = shape {
            shape = *to;
        }
        shape.go_name()
    }

    /// As Go prints the type.
    pub fn go_name(self) -> Cow<'static, str> {
        match self {
            Shape::Any => "interface {}".into(),
            Shape::Str | Shape::Verbatim => "string".into(),
            Shape::Bool => "bool".into(),
            Shape::Int(name) => name.into(),
            Shape::List(of) => format!("[]{}", of.go_name()).into(),
            Shape::Map(of) => format!("map[string]{}", of.go_name()).into(),
            Shape::Named(name, _) => name.into(),
            Shape::Pointer(to) => format!("*{}", to.go_name()).into(),
            Shape::Struct(of) => of.go_name.into(),
        }
    }
}

impl Struct {
    /// The field that JSON puts under `key`: the one of that name, else the first that differs by case alone.
    pub(crate) fn field(&self, key: &[u8]) -> Option<&'static Field> {
        let exact = self.fields.iter().find(|field| field.name.as_bytes() == key);
        exact.or_else(|| self.fields.iter().find(|field| equal_fold(field.name, key)))
    }
}

/// Whether `key` is `name` but for case, as Unicode folds it: `ſ` is an `s` and the Kelvin sign a `k`.
fn equal_fold(name: &str, key: &[u8]) -> bool {
    if key.is_ascii() {
        return name.as_bytes().eq_ignore_ascii_case(key);
    }
    let Ok(key) = std::str::from_utf8(key) else { return false };
    let fold = |c: char| match c {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        c => c.to_ascii_lowercase(),
    };
    name.chars().map(fold).eq(key.chars().map(fold))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_name_wins_over_other_cases() {
        static FIELDS: Struct = Struct {
            go_name: "t.T",
            fields: &[Field { name: "kinD", shape: Shape::Str }, Field { name: "kind", shape: Shape::Bool }],
        };
        assert_eq!(FIELDS.field(b"kind").map(|field| field.name), Some("kind"));
        assert_eq!(FIELDS.field(b"KIND").map(|field| field.name), Some("kinD"));
        assert_eq!(FIELDS.field("\u{212a}ind".as_bytes()).map(|field| field.name), Some("kinD"));
        assert!(FIELDS.field(b"kinds").is_none());
    }

    #[test]
    fn types_print_as_go_prints_them() {
        static MAINTAINER: Struct = Struct { go_name: "v2.Maintainer", fields: &[] };
        static POINTER: Shape = Shape::Pointer(&Shape::Struct(&MAINTAINER));
        assert_eq!(Shape::List(&POINTER).go_name(), "[]*v2.Maintainer");
        assert_eq!(Shape::Map(&Shape::Any).go_name(), "map[string]interface {}");
    }
}
