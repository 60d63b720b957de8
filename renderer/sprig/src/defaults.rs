//! Empty values and what stands in for them.
//!
//! *Source*: sprig 3.3.0 `defaults.go`.

use gotemplate::{Call, Rest};
use value::{Kind, Value};

use crate::table::Table;

pub(crate) fn add(table: &mut Table) {
    table.family("defaults");
    table.pure("default", default);
    table.pure("empty", empty);
    table.pure("coalesce", coalesce);
    table.pure("all", all);
    table.pure("any", any);
    table.pure("ternary", ternary);
}

/// Whether a value is nil, false, zero, or has no elements. Structs and pointers never are.
pub(crate) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Nil => true,
        Value::Bool(truth) => !truth,
        Value::Int(number) | Value::Int64(number) => *number == 0,
        Value::Uint8(number) => *number == 0,
        Value::Uint64(number) => *number == 0,
        Value::Float64(number) => *number == 0.0,
        Value::Complex(parts) => parts.0 == 0.0 && parts.1 == 0.0,
        Value::Str(text) | Value::Bytes(text) => text.is_empty(),
        Value::List(list) => list.is_empty(),
        Value::Map(map) => map.is_empty(),
        // The plain value under a named type is never an object again.
        Value::Object(object) => match object.kind() {
            Kind::Struct | Kind::Ptr => false,
            _ => object
                .underlying()
                .is_some_and(|plain| !matches!(plain, Value::Object(_)) && is_empty(&plain)),
        },
    }
}

fn default(_: &mut Call<'_>, fallback: Value, given: Rest) -> Value {
    match given.0.into_iter().next() {
        Some(value) if !is_empty(&value) => value,
        _ => fallback,
    }
}

fn empty(_: &mut Call<'_>, value: Value) -> bool {
    is_empty(&value)
}

fn coalesce(_: &mut Call<'_>, values: Rest) -> Value {
    values.0.into_iter().find(|value| !is_empty(value)).unwrap_or_default()
}

fn all(_: &mut Call<'_>, values: Rest) -> bool {
    !values.0.iter().any(is_empty)
}

fn any(_: &mut Call<'_>, values: Rest) -> bool {
    !values.0.iter().all(is_empty)
}

fn ternary(_: &mut Call<'_>, when: Value, otherwise: Value, truth: bool) -> Value {
    if truth { when } else { otherwise }
}
