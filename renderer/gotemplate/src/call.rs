//! Conversion of arguments to parameters, with Go's wording when it fails.
//!
//! Source: go1.27 `text/template/exec.go`, `evalArg`, `validateType`, `idealConstant`.

use value::{Element, List, Map, MapType, Text, Type, Value};

use crate::ast::{Ast, Node, NodeId};

/// Converts a value to a parameter's type; `interface` says that it came out of an `interface {}`, nil or not.
///
/// # Errors
/// Go's sentence.
pub(crate) fn convert(of: Type, value: Value, interface: bool) -> Result<Value, Text> {
    let fits = match (of, &value) {
        (Type::Any, _) => true,
        (_, Value::Nil) if interface => false,
        (_, Value::Nil) => {
            let message = || format!("invalid value; expected {}", of.name()).into();
            return zero(of).ok_or_else(message);
        }
        (Type::AnyList, Value::List(list)) => list.element() == Element::Any,
        (Type::Dict, Value::Map(map)) => match map.map_type() {
            MapType::Any => true,
            MapType::Bytes | MapType::Str => false,
            MapType::Values => return Ok(Value::Map(map.retyped(MapType::Any))),
        },
        (Type::Bool, Value::Bool(_))
        | (Type::Float64, Value::Float64(_))
        | (Type::Int, Value::Int(_))
        | (Type::Int64, Value::Int64(_))
        | (Type::Str, Value::Str(_)) => true,
        // Go takes one pointer away where that helps.
        (Type::Named(name), Value::Object(object)) => {
            object.type_name() == name || object.type_name().strip_prefix('*') == Some(name)
        }
        _ => false,
    };
    if fits {
        return Ok(value);
    }
    let got = if value.is_nil() { "interface {}" } else { value.type_name() };
    Err(format!("wrong type for value; expected {}; got {got}", of.name()).into())
}

/// The nil of a type that has one.
fn zero(of: Type) -> Option<Value> {
    match of {
        Type::Any => Some(Value::Nil),
        Type::AnyList => Some(List::nil(Element::Any).into()),
        Type::Dict => Some(Map::nil(MapType::Any).into()),
        Type::Named(name) if name.starts_with('*') => Some(Value::Nil),
        _ => None,
    }
}

/// A literal where no type is asked for.
///
/// # Errors
/// Go's sentence.
pub(crate) fn untyped(ast: &Ast, literal: NodeId) -> Result<Value, Text> {
    match ast.node(literal) {
        Node::Bool(truth) => Ok(Value::Bool(truth)),
        Node::String(text) => Ok(Value::Str(ast.string(text).clone())),
        Node::Number(number) => {
            let number = ast.number(number);
            match (number.complex, number.float, number.int) {
                (Some(parts), ..) => Ok(Value::Complex(parts.into())),
                (_, Some(float), _) if number.spelled_float => Ok(Value::Float64(float)),
                (.., Some(int)) => Ok(Value::Int(int)),
                _ => Err(joined(&[ast.source(literal), b" overflows int"])),
            }
        }
        _ => Ok(Value::Nil),
    }
}

/// A literal for a parameter of a type.
///
/// # Errors
/// Go's sentence.
pub(crate) fn literal_to(of: Type, ast: &Ast, literal: NodeId) -> Result<Value, Text> {
    let (node, source) = (ast.node(literal), ast.source(literal));
    if let Node::Nil = node {
        return zero(of).ok_or_else(|| joined(&[b"cannot assign nil to ", of.name().as_bytes()]));
    }
    let number = match node {
        Node::Number(number) => Some(ast.number(number)),
        _ => None,
    };
    let (found, expected) = match of {
        Type::Any => return untyped(ast, literal),
        Type::Bool => match node {
            Node::Bool(truth) => (Some(Value::Bool(truth)), "bool"),
            _ => (None, "bool"),
        },
        Type::Float64 => (number.and_then(|number| number.float).map(Value::Float64), "float"),
        Type::Int => (number.and_then(|number| number.int).map(Value::Int), "integer"),
        Type::Int64 => (number.and_then(|number| number.int).map(Value::Int64), "integer"),
        Type::Str => match node {
            Node::String(text) => (Some(Value::Str(ast.string(text).clone())), "string"),
            _ => (None, "string"),
        },
        // What does not fit is cut, as reflection does it.
        Type::Uint32 => (
            number.and_then(|number| number.uint).map(|uint| Value::Uint64(uint & 0xffff_ffff)),
            "unsigned integer",
        ),
        Type::AnyList | Type::Dict | Type::Named(_) => {
            return Err(joined(&[b"can't handle ", source, b" for arg of type ", of.name().as_bytes()]));
        }
    };
    found.ok_or_else(|| joined(&[b"expected ", expected.as_bytes(), b"; found ", source]))
}

fn joined(parts: &[&[u8]]) -> Text {
    parts.concat().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nil_says_where_it_came_from() {
        let words = |interface| convert(Type::Str, Value::Nil, interface).unwrap_err();
        assert_eq!(words(false), "invalid value; expected string");
        assert_eq!(words(true), "wrong type for value; expected string; got interface {}");
    }

    #[test]
    fn helms_values_are_a_dict_and_a_list_of_strings_is_no_list() {
        let values = Value::Map(Map::with_type(MapType::Values));
        assert_eq!(convert(Type::Dict, values, true).unwrap().type_name(), "map[string]interface {}");
        let strings = Value::List(List::strings(["a"]));
        assert_eq!(
            convert(Type::AnyList, strings, false).unwrap_err(),
            "wrong type for value; expected []interface {}; got []string"
        );
    }
}
