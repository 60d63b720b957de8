//! A document as JSON text, numbers as they were written: what Kubernetes reads from a manifest.
//!
//! *Source*: sigs.k8s.io/yaml v1.6.0 `yaml.go`, `YAMLToJSON`.

use value::Value;
use value::json::{Style, encode};

use crate::check::check;
use crate::decode::decode_tree;
use crate::entries::{entries, follow};
use crate::error::{Error, Stage};
use crate::scalar_value::{Scalar, scalar, valid_utf8};
use crate::shape::Shape;
use crate::tree::{NodeId, NodeKind, Tree};

/// The first document of `text` as JSON: keys sorted, the last of equal keys kept, whole numbers without a fraction.
///
/// Shape: one line; `null` for an empty document.
///
/// Cost: linear in the JSON, which aliases can make exponential in `text`: beyond `limit_bytes` it is an error.
///
/// # Errors
/// Those of [`crate::read`], and one of our own when the JSON is larger than `limit_bytes`.
pub fn to_json(text: &[u8], limit_bytes: usize) -> Result<Vec<u8>, Error> {
    enum Part<'a> {
        Node(NodeId),
        Name(std::borrow::Cow<'a, [u8]>),
        Text(&'static str),
    }
    let tree = Tree::parse(text)?;
    check(&tree, false)?;
    let Some(root) = tree.root() else { return Ok(b"null".to_vec()) };
    let mut out = Vec::with_capacity(text.len());
    let mut parts = vec![Part::Node(root)];
    while let Some(part) = parts.pop() {
        if out.len() > limit_bytes {
            let sentence =
                format!("the document is larger than {limit_bytes} bytes when its aliases are written out");
            return Err(Error::new(Stage::Json, sentence));
        }
        let id = match part {
            Part::Node(id) => follow(&tree, id),
            Part::Name(name) => {
                push(&mut out, &Value::Str(valid_utf8(&name).into()))?;
                out.push(b':');
                continue;
            }
            Part::Text(text) => {
                out.extend_from_slice(text.as_bytes());
                continue;
            }
        };
        match tree.kind(id) {
            NodeKind::Scalar | NodeKind::Alias => push(&mut out, &leaf(scalar(&tree, id)?))?,
            NodeKind::Sequence => {
                out.push(b'[');
                parts.push(Part::Text("]"));
                let first = parts.len();
                for (at, child) in tree.children(id).enumerate() {
                    if at > 0 {
                        parts.push(Part::Text(","));
                    }
                    parts.push(Part::Node(child));
                }
                parts[first..].reverse();
            }
            NodeKind::Mapping => {
                out.push(b'{');
                parts.push(Part::Text("}"));
                let first = parts.len();
                for (at, entry) in entries(&tree, id).into_iter().enumerate() {
                    let Some(name) = entry.name else {
                        // The decoder has the sentence for a key that JSON cannot have.
                        let refused = decode_tree(&tree, Shape::Any, false).error;
                        return Err(refused.unwrap_or_else(|| Error::new(Stage::Json, "a key has no JSON")));
                    };
                    if at > 0 {
                        parts.push(Part::Text(","));
                    }
                    parts.push(Part::Name(name));
                    parts.push(Part::Node(entry.value));
                }
                parts[first..].reverse();
            }
        }
    }
    Ok(out)
}

fn leaf(scalar: Scalar<'_>) -> Value {
    match scalar {
        Scalar::Null => Value::Nil,
        Scalar::Bool(value) => Value::Bool(value),
        Scalar::Int(value) => Value::Int64(value),
        Scalar::Uint(value) => Value::Uint64(value),
        Scalar::Float(value) => Value::Float64(value),
        Scalar::Str(text) => Value::Str(text.into()),
        Scalar::Binary(bytes) => Value::Str(valid_utf8(&bytes).into()),
    }
}

fn push(out: &mut Vec<u8>, value: &Value) -> Result<(), Error> {
    let text =
        encode(value, Style::RAW).map_err(|error| Error::new(Stage::Json, error.message().to_owned()))?;
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_json(text: &str, json: &str) {
        let made = to_json(text.as_bytes(), 1 << 20).map(|json| String::from_utf8_lossy(&json).into_owned());
        assert_eq!(made.as_deref(), Ok(json), "{text:?}");
    }

    #[test]
    fn numbers_stay_what_they_were() {
        check_json(
            "[1, 0x10, 017, 9007199254740993, 18446744073709551615, 1.5, 1.0, 1e3]",
            "[1,16,15,9007199254740993,18446744073709551615,1.5,1,1000]",
        );
        check_json(
            "a: yes\nb: 'yes'\nc: ~\nd: 2001-01-01",
            r#"{"a":true,"b":"yes","c":null,"d":"2001-01-01"}"#,
        );
    }

    #[test]
    fn keys_are_sorted_and_merges_applied() {
        check_json("b: &b {x: 1}\na: {<<: *b, z: <}\n1: []", r#"{"1":[],"a":{"x":1,"z":"<"},"b":{"x":1}}"#);
        check_json("", "null");
    }

    #[test]
    fn what_has_no_json_is_refused() {
        assert!(to_json(b"~: 1", 100).is_err());
        assert!(to_json(b"a: .inf", 100).is_err());
        assert!(to_json(b"a: [", 100).is_err());
        let bomb = b"a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b]";
        assert!(to_json(bomb, 1000).is_err());
    }
}
