//! One value of the template language, with the Go type that `%T`, argument checks and comparisons can see.

use std::fmt;
use std::rc::Rc;

use crate::{Element, List, Map, MapType, Object, Text};

/// A Go value. Source: the types that occur in helm v4.3.1 templates, none folded into another.
#[derive(Clone, Default)]
pub enum Value {
    /// `nil`
    #[default]
    Nil,
    /// `bool`
    Bool(bool),
    /// `int`: literals, `len`, indices of `range`.
    Int(i64),
    /// `int64`: `--set`, `add`.
    Int64(i64),
    /// `uint8`: a byte of an indexed string.
    Uint8(u8),
    /// `uint64`
    Uint64(u64),
    /// `float64`: every number of a values file.
    Float64(f64),
    /// `complex128`, real and imaginary part.
    Complex(Rc<(f64, f64)>),
    /// `string`
    Str(Text),
    /// `[]uint8`
    Bytes(Text),
    /// A slice; [`Element`] says of what.
    List(List),
    /// A map with string keys; [`MapType`] says which Go type.
    Map(Map),
    /// Anything with a named type or methods.
    Object(Rc<dyn Object>),
}

/// `reflect.Kind`, as far as values of templates have it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(missing_docs, reason = "the names are Go's own")]
pub enum Kind {
    Invalid,
    Bool,
    Int,
    Int32,
    Int64,
    Uint8,
    Uint64,
    Float64,
    Complex128,
    String,
    Slice,
    Map,
    Struct,
    Ptr,
}

impl Kind {
    /// As `kindOf` prints it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Uint8 => "uint8",
            Self::Uint64 => "uint64",
            Self::Float64 => "float64",
            Self::Complex128 => "complex128",
            Self::String => "string",
            Self::Slice => "slice",
            Self::Map => "map",
            Self::Struct => "struct",
            Self::Ptr => "ptr",
        }
    }
}

/// The type of a parameter of a function or a method.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Type {
    /// `interface {}`
    Any,
    /// `[]interface {}`
    AnyList,
    /// `bool`
    Bool,
    /// `map[string]interface {}`; also takes `common.Values`.
    Dict,
    /// `float64`
    Float64,
    /// `int`
    Int,
    /// `int64`
    Int64,
    /// A named type that only objects have, by its Go name.
    Named(&'static str),
    /// `string`
    Str,
    /// `uint32`
    Uint32,
}

impl Type {
    /// As Go prints it in error texts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "interface {}",
            Self::AnyList => "[]interface {}",
            Self::Bool => "bool",
            Self::Dict => "map[string]interface {}",
            Self::Float64 => "float64",
            Self::Int => "int",
            Self::Int64 => "int64",
            Self::Named(name) => name,
            Self::Str => "string",
            Self::Uint32 => "uint32",
        }
    }
}

impl Value {
    /// The dynamic type as `%T` prints it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Nil => "<nil>",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Int64(_) => "int64",
            Self::Uint8(_) => "uint8",
            Self::Uint64(_) => "uint64",
            Self::Float64(_) => "float64",
            Self::Complex(_) => "complex128",
            Self::Str(_) => "string",
            Self::Bytes(_) => "[]uint8",
            Self::List(list) => match list.element() {
                Element::Any => "[]interface {}",
                Element::Int => "[]int",
                Element::List => "[][]interface {}",
                Element::Map => "[]map[string]interface {}",
                Element::Str => "[]string",
            },
            Self::Map(map) => match map.map_type() {
                MapType::Any => "map[string]interface {}",
                MapType::Bytes => "map[string][]uint8",
                MapType::Str => "map[string]string",
                MapType::Values => "common.Values",
            },
            Self::Object(object) => object.type_name(),
        }
    }

    /// The reflect kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Nil => Kind::Invalid,
            Self::Bool(_) => Kind::Bool,
            Self::Int(_) => Kind::Int,
            Self::Int64(_) => Kind::Int64,
            Self::Uint8(_) => Kind::Uint8,
            Self::Uint64(_) => Kind::Uint64,
            Self::Float64(_) => Kind::Float64,
            Self::Complex(_) => Kind::Complex128,
            Self::Str(_) => Kind::String,
            Self::Bytes(_) | Self::List(_) => Kind::Slice,
            Self::Map(_) => Kind::Map,
            Self::Object(object) => object.kind(),
        }
    }

    /// Whether this is `nil` itself; nil maps and slices are not.
    pub fn is_nil(&self) -> bool {
        matches!(self, Self::Nil)
    }

    /// The text of a string.
    pub fn as_text(&self) -> Option<&Text> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The map of a map.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The list of a list.
    pub fn as_list(&self) -> Option<&List> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// The object as its Rust type.
    pub fn as_object<T: Object>(&self) -> Option<&T> {
        match self {
            Self::Object(object) => object.as_any().downcast_ref(),
            _ => None,
        }
    }

    /// The plain value under a named type (`time.Duration`, `engine.files`); any other value is itself.
    pub fn underlying(&self) -> Value {
        match self {
            Self::Object(object) => object.underlying().unwrap_or_else(|| self.clone()),
            _ => self.clone(),
        }
    }

    pub(crate) fn is_container(&self) -> bool {
        matches!(self, Self::List(_) | Self::Map(_) | Self::Object(_))
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nil => f.write_str("Nil"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Int64(value) => write!(f, "{value}_i64"),
            Self::Uint8(value) => write!(f, "{value}_u8"),
            Self::Uint64(value) => write!(f, "{value}_u64"),
            Self::Float64(value) => write!(f, "{value:?}"),
            Self::Complex(parts) => write!(f, "{parts:?}"),
            Self::Str(text) => write!(f, "{text:?}"),
            Self::Bytes(bytes) => write!(f, "bytes {bytes:?}"),
            Self::List(list) => write!(f, "{list:?}"),
            Self::Map(map) => write!(f, "{map:?}"),
            Self::Object(object) => write!(f, "{object:?}"),
        }
    }
}

macro_rules! from {
    ($($from:ty => $variant:ident),* $(,)?) => {$(
        impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Self::$variant(value.into())
            }
        }
    )*};
}

// `i64` is Go's `int`, the type of literals; an `int64` is written as `Value::Int64`.
from! { bool => Bool, i64 => Int, f64 => Float64, Text => Str, String => Str, &str => Str, List => List, Map => Map }

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Self::List(List::new(items))
    }
}

impl<T: Object> From<Rc<T>> for Value {
    fn from(object: Rc<T>) -> Self {
        Self::Object(object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_takes_four_words() {
        assert_eq!(std::mem::size_of::<Value>(), 32);
    }

    #[test]
    fn dropping_a_million_levels_needs_no_stack() {
        let mut value = Value::Nil;
        for level in 0..1_000_000 {
            value = if level % 2 == 0 {
                Value::from(vec![value])
            } else {
                Value::from(Map::from_iter([("k", value)]))
            };
        }
        drop(value);
    }

    #[test]
    fn all_holders_of_a_map_see_a_change() {
        let map = Map::new();
        let held = Value::Map(map.retyped(MapType::Values));
        map.insert("a", 1_i64);
        assert_eq!(held.as_map().map(Map::len), Some(1));
        assert_eq!(held.type_name(), "common.Values");
    }
}
