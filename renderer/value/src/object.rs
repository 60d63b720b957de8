//! Go values that are neither basic nor plain containers: structs, pointers, named types with methods.

use std::any::Any;
use std::fmt;
use std::rc::Rc;

use crate::{Kind, Text, Type, Value};

/// What a field access found on a struct.
#[derive(Clone, Debug)]
pub enum Field {
    /// There is no such field.
    Missing,
    /// The field exists but cannot be reached from a template.
    Unexported,
    /// The field's value.
    Value(Value),
}

/// The body of a [`Method`]: converted arguments in, one value or Go's error text out.
pub type MethodBody = Rc<dyn Fn(&[Value]) -> Result<Value, Text>>;

/// A method that a template can call: `.Files.Get "x"`, `.Capabilities.APIVersions.Has "v1"`.
#[derive(Clone)]
pub struct Method {
    /// Types of the parameters; the machine converts and checks the arguments against them.
    pub params: &'static [Type],
    /// The body.
    pub call: MethodBody,
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Method").field("params", &self.params).finish_non_exhaustive()
    }
}

/// A Go value with behaviour: `time.Time`, `time.Duration`, `*semver.Version`, `engine.files`, `*common.Capabilities`, …
///
/// The defaults describe a struct without fields or methods.
pub trait Object: Any + fmt::Debug {
    /// The dynamic type as `%T` prints it: `time.Time`, `*semver.Version`.
    fn type_name(&self) -> &'static str;

    /// The reflect kind of the dynamic value: a pointer is [`Kind::Ptr`].
    fn kind(&self) -> Kind {
        Kind::Struct
    }

    /// What its `String` or `Error` method says, when the dynamic value has one; `fmt` and `toString` use it.
    fn display(&self) -> Option<Text> {
        None
    }

    /// What an action prints when the value was reached as a field of a pointer. Such a value can be addressed, and then Go finds
    /// the `String` method of its pointer, too: `{{ .Capabilities.KubeVersion }}` prints otherwise than `quote` does.
    fn display_addressable(&self) -> Option<Text> {
        self.display()
    }

    /// The method `name` of a value that can be addressed; see [`Object::display_addressable`].
    fn method_addressable(&self, name: &str) -> Option<Method> {
        self.method(name)
    }

    /// The plain value under a named type: the number of a `time.Duration`, the map of `engine.files`. `None` for structs and pointers.
    fn underlying(&self) -> Option<Value> {
        None
    }

    /// What a copy through reflection is, where it differs from the value: what other packages cannot see is zero in it.
    fn reflected_copy(&self) -> Option<Value> {
        None
    }

    /// The elements from `start` to `end` of a slice type that keeps its name; both lie within it.
    fn slice(&self, start: usize, end: usize) -> Option<Value> {
        let _ = (start, end);
        None
    }

    /// The fields in declaration order, unexported ones included, as `%v` prints them.
    fn fields(&self) -> Vec<(&'static str, Value)> {
        Vec::new()
    }

    /// The field `name`.
    fn field(&self, name: &str) -> Field {
        match self.fields().into_iter().find(|(field, _)| *field == name) {
            Some((field, value)) if field.starts_with(|first: char| first.is_uppercase()) => {
                Field::Value(value)
            }
            Some(_) => Field::Unexported,
            None => Field::Missing,
        }
    }

    /// The method `name`.
    fn method(&self, name: &str) -> Option<Method> {
        let _ = name;
        None
    }

    /// What encodes in its place in JSON (hence in `toYaml` too); maps given here keep Go's field order in [`Object::json_fields`].
    fn json(&self) -> Option<Value> {
        None
    }

    /// Struct fields under their JSON names, in declaration order; asked when [`Object::json`] gives nothing.
    fn json_fields(&self) -> Vec<(&'static str, Value)> {
        self.fields()
            .into_iter()
            .filter(|(name, _)| name.starts_with(|first: char| first.is_uppercase()))
            .collect()
    }

    /// Whether two values of this type are equal to `reflect.DeepEqual`.
    fn equals(&self, other: &dyn Object) -> bool;

    /// Itself, to be told apart by its Rust type.
    fn as_any(&self) -> &dyn Any;
}
