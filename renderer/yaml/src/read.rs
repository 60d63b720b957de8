//! The ways to read a document.
//!
//! *Source*: sigs.k8s.io/yaml v1.6.0 `yaml.go`, `Unmarshal` and `UnmarshalStrict`.

use value::{Map, Value};

use crate::check::check;
use crate::decode::{Decoded, decode_tree};
use crate::error::Error;
use crate::shape::Shape;
use crate::tree::Tree;

/// The first document of `text` as an `interface{}`: nil, bool, float64 (every number), string, `[]interface {}`,
/// `map[string]interface {}`.
///
/// Shape: strings are slices of one copy of the text. What stands behind the first document is not looked at.
///
/// # Errors
/// Helm's sentence: not YAML, a key that JSON does not have, an infinite number, too many levels.
pub fn read(text: &[u8]) -> Result<Value, Error> {
    let Decoded { value, error } = decode(text, Shape::Any, false);
    error.map_or(Ok(value), Err)
}

/// The first document of `text` as a `map[string]interface {}`; an empty or null document is an empty map.
///
/// # Errors
/// As [`read`], and `json: cannot unmarshal array into Go value of type map[string]interface {}` for what is not a map.
pub fn read_map(text: &[u8]) -> Result<Map, Error> {
    let Decoded { value, error } = decode(text, Shape::Map(&Shape::Any), false);
    match (error, value) {
        (Some(error), _) => Err(error),
        (None, Value::Map(map)) if !map.is_nil() => Ok(map),
        (None, _) => Ok(Map::new()),
    }
}

/// The first document of `text` decoded into the Go type `shape`.
///
/// Keys find their fields whatever their case; numbers and booleans become text where a string is wanted, floats with
/// the precision of a float32. `strict` refuses keys that are set twice and fields that a struct does not have.
pub fn decode(text: &[u8], shape: Shape, strict: bool) -> Decoded {
    let tree = match Tree::parse(text) {
        Ok(tree) => tree,
        Err(error) => return Decoded { value: Value::Nil, error: Some(error) },
    };
    match check(&tree, strict) {
        Ok(()) => decode_tree(&tree, shape, strict),
        Err(error) => Decoded { value: Value::Nil, error: Some(error) },
    }
}
