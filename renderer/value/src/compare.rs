//! Truth, comparison and deep equality, as `text/template` and `reflect` define them.
//!
//! Source: go 1.27 `text/template/funcs.go` (`eq`, `lt`), `text/template/exec.go` (`isTrue`), `reflect/deepequal.go`.

use std::collections::HashSet;

use crate::fmt::sprintf;
use crate::{Kind, Text, Value};

/// Whether `if` takes the branch: false are nil, false, 0, and what is empty; structs never are.
pub fn truth(value: &Value) -> bool {
    match value {
        Value::Nil => false,
        Value::Bool(truth) => *truth,
        Value::Int(number) | Value::Int64(number) => *number != 0,
        Value::Uint8(number) => *number != 0,
        Value::Uint64(number) => *number != 0,
        Value::Float64(number) => *number != 0.0,
        Value::Complex(parts) => **parts != (0.0, 0.0),
        Value::Str(text) | Value::Bytes(text) => !text.is_empty(),
        Value::List(list) => !list.is_empty(),
        Value::Map(map) => !map.is_empty(),
        Value::Object(object) => match object.underlying() {
            Some(Value::Object(_)) | None => true,
            Some(inner) => truth(&inner),
        },
    }
}

/// The kinds that compare by value.
enum Basic {
    Bool(bool),
    Complex(f64, f64),
    Float(f64),
    Int(i64),
    Str(Text),
    Uint(u64),
}

fn basic(value: &Value) -> Option<Basic> {
    Some(match value {
        Value::Bool(truth) => Basic::Bool(*truth),
        Value::Int(number) | Value::Int64(number) => Basic::Int(*number),
        Value::Uint8(number) => Basic::Uint(u64::from(*number)),
        Value::Uint64(number) => Basic::Uint(*number),
        Value::Float64(number) => Basic::Float(*number),
        Value::Complex(parts) => Basic::Complex(parts.0, parts.1),
        Value::Str(text) => Basic::Str(text.clone()),
        Value::Object(object) => match object.underlying()? {
            Value::Object(_) => return None,
            inner => return basic(&inner),
        },
        Value::Nil | Value::Bytes(_) | Value::List(_) | Value::Map(_) => return None,
    })
}

/// `eq left right` for one pair.
///
/// # Errors
/// Go's sentence when the two cannot be compared.
pub fn eq(left: &Value, right: &Value) -> Result<bool, Text> {
    match (basic(left), basic(right)) {
        (Some(Basic::Bool(left)), Some(Basic::Bool(right))) => Ok(left == right),
        (Some(Basic::Complex(a, b)), Some(Basic::Complex(c, d))) => Ok((a, b) == (c, d)),
        (Some(Basic::Float(left)), Some(Basic::Float(right))) => Ok(left == right),
        (Some(Basic::Int(left)), Some(Basic::Int(right))) => Ok(left == right),
        (Some(Basic::Str(left)), Some(Basic::Str(right))) => Ok(left == right),
        (Some(Basic::Uint(left)), Some(Basic::Uint(right))) => Ok(left == right),
        (Some(Basic::Int(int)), Some(Basic::Uint(uint)))
        | (Some(Basic::Uint(uint)), Some(Basic::Int(int))) => Ok(u64::try_from(int) == Ok(uint)),
        (None, None) => eq_by_identity(left, right),
        _ if left.is_nil() || right.is_nil() => Ok(false),
        _ => Err(incompatible(left, right)),
    }
}

fn eq_by_identity(left: &Value, right: &Value) -> Result<bool, Text> {
    if left.kind() != right.kind() && !left.is_nil() && !right.is_nil() {
        let types = [left.clone(), left.type_name().into(), right.type_name().into(), right.clone()];
        return Err(words("non-comparable types %s: %v, %s: %v", &types));
    }
    if is_nil(left) || is_nil(right) {
        return Ok(is_nil(left) == is_nil(right));
    }
    match (left, right) {
        (Value::Object(left), Value::Object(right)) if right.underlying().is_none() => {
            let same_type = left.type_name() == right.type_name();
            Ok(match right.kind() {
                Kind::Ptr => std::ptr::addr_eq(&raw const **left, &raw const **right),
                _ => same_type && left.equals(right.as_ref()),
            })
        }
        _ => Err(words("non-comparable type %s: %v", &[right.clone(), right.type_name().into()])),
    }
}

/// Whether the value is nil, or a nil map or slice.
fn is_nil(value: &Value) -> bool {
    match value {
        Value::Nil => true,
        Value::List(list) => list.is_nil(),
        Value::Map(map) => map.is_nil(),
        _ => false,
    }
}

/// `lt left right`.
///
/// # Errors
/// Go's sentence when the two have no order.
pub fn lt(left: &Value, right: &Value) -> Result<bool, Text> {
    const NO_ORDER: &str = "invalid type for comparison";
    let (Some(a), Some(b)) = (basic(left), basic(right)) else { return Err(NO_ORDER.into()) };
    Ok(match (a, b) {
        (Basic::Bool(_), Basic::Bool(_)) | (Basic::Complex(..), Basic::Complex(..)) => {
            return Err(NO_ORDER.into());
        }
        (Basic::Float(left), Basic::Float(right)) => left < right,
        (Basic::Int(left), Basic::Int(right)) => left < right,
        (Basic::Str(left), Basic::Str(right)) => left < right,
        (Basic::Uint(left), Basic::Uint(right)) => left < right,
        (Basic::Int(left), Basic::Uint(right)) => {
            u64::try_from(left).is_ok_and(|left| left < right) || left < 0
        }
        (Basic::Uint(left), Basic::Int(right)) => u64::try_from(right).is_ok_and(|right| left < right),
        _ => return Err(incompatible(left, right)),
    })
}

/// `le left right`: less, or equal.
///
/// # Errors
/// As [`lt`].
pub fn le(left: &Value, right: &Value) -> Result<bool, Text> {
    if lt(left, right)? { Ok(true) } else { eq(left, right) }
}

fn incompatible(left: &Value, right: &Value) -> Text {
    format!("incompatible types for comparison: {} and {}", left.type_name(), right.type_name()).into()
}

fn words(format: &str, args: &[Value]) -> Text {
    sprintf(&Text::from(format), args, &mut |_| true).unwrap_or_default()
}

/// `reflect.DeepEqual`: the same types all the way down, nil and empty apart.
///
/// Cost: linear in the pairs of containers that are reached; no recursion.
pub fn deep_equal(left: &Value, right: &Value) -> bool {
    let mut pairs = vec![(left.clone(), right.clone())];
    let mut seen = HashSet::new();
    while let Some((left, right)) = pairs.pop() {
        let equal = match (&left, &right) {
            (Value::Nil, Value::Nil) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(a), Value::Int(b)) | (Value::Int64(a), Value::Int64(b)) => a == b,
            (Value::Uint8(a), Value::Uint8(b)) => a == b,
            (Value::Uint64(a), Value::Uint64(b)) => a == b,
            (Value::Float64(a), Value::Float64(b)) => a == b,
            (Value::Complex(a), Value::Complex(b)) => a == b,
            (Value::Str(a), Value::Str(b)) | (Value::Bytes(a), Value::Bytes(b)) => a == b,
            (Value::List(a), Value::List(b)) => {
                let same = a.as_ptr() == b.as_ptr() && a.len() == b.len();
                let alike = a.element() == b.element() && a.is_nil() == b.is_nil() && a.len() == b.len();
                if alike && !same && seen.insert((a.as_ptr().addr(), b.as_ptr().addr())) {
                    pairs.extend(a.iter().cloned().zip(b.iter().cloned()));
                }
                alike
            }
            (Value::Map(a), Value::Map(b)) => {
                let alike = a.map_type() == b.map_type() && a.is_nil() == b.is_nil() && a.len() == b.len();
                if alike && !a.is_same(b) && seen.insert((a.address(), b.address())) {
                    let (a, b) = (a.borrow(), b.borrow());
                    for ((key_a, value_a), (key_b, value_b)) in a.iter().zip(b.iter()) {
                        if key_a != key_b {
                            return false;
                        }
                        pairs.push((value_a.clone(), value_b.clone()));
                    }
                }
                alike
            }
            (Value::Object(a), Value::Object(b)) => a.type_name() == b.type_name() && a.equals(b.as_ref()),
            _ => false,
        };
        if !equal {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{List, Map};

    fn list() -> Value {
        vec![Value::Float64(1.0), "a".into(), Value::Nil].into()
    }

    #[test]
    fn eq_says_what_go_says() {
        let rows: &[(Value, Value, Result<bool, &str>)] = &[
            (Value::Int(1), Value::Int64(1), Ok(true)),
            (Value::Int(-1), Value::Uint64(u64::MAX), Ok(false)),
            (Value::Float64(1.0), Value::Int(1), Err("incompatible types for comparison: float64 and int")),
            (Value::Nil, Value::Int(1), Ok(false)),
            (Value::Nil, Value::Nil, Ok(true)),
            (Value::Nil, list(), Ok(false)),
            (list(), list(), Err("non-comparable type [%!s(float64=1) a <nil>]: []interface {}")),
            ("a".into(), list(), Err("incompatible types for comparison: string and []interface {}")),
            (
                Map::new().into(),
                list(),
                Err("non-comparable types map[]: map[string]interface {}, []interface {}: [1 a <nil>]"),
            ),
        ];
        for (left, right, expected) in rows {
            assert_eq!(eq(left, right), expected.map_err(Text::from), "{left:?} {right:?}");
        }
    }

    #[test]
    fn lt_says_what_go_says() {
        assert_eq!(lt(&Value::Int(-1), &Value::Uint64(0)), Ok(true));
        assert_eq!(lt(&"a".into(), &"b".into()), Ok(true));
        assert_eq!(lt(&Value::Bool(true), &Value::Bool(true)), Err("invalid type for comparison".into()));
        assert_eq!(lt(&Value::Nil, &Value::Int(1)), Err("invalid type for comparison".into()));
        assert_eq!(le(&Value::Float64(2.0), &Value::Float64(2.0)), Ok(true));
    }

    #[test]
    fn deep_equality_is_strict_about_types_and_fast_on_shared_data() {
        assert!(deep_equal(&list(), &list()));
        assert!(!deep_equal(&Value::Int(1), &Value::Float64(1.0)));
        assert!(!deep_equal(&List::new(vec![]).into(), &List::nil(crate::Element::Any).into()));
        assert!(!deep_equal(
            &Map::from_iter([("a", Value::Nil)]).into(),
            &Map::from_iter([("b", Value::Nil)]).into()
        ));
        let (mut a, mut b) = (list(), list());
        for _ in 0..100 {
            a = vec![a.clone(), a].into();
            b = vec![b.clone(), b].into();
        }
        assert!(deep_equal(&a, &b));
    }
}
