//! Functions of lists. All copy; a typed list becomes one of anything unless it is only sliced.
//!
//! *Source*: sprig 3.3.0 `list.go`.

use gotemplate::{Call, Failure, Rest};
use value::compare::deep_equal;
use value::{Element, List, Value};

use crate::cast::to_int64;
use crate::defaults::is_empty;
use crate::table::Table;

pub(crate) fn add(table: &mut Table) {
    table.family("lists");
    table.pure("list", list);
    table.alias("tuple", "list");
    table.pure("concat", concat);
    table.pure("append", push);
    for alias in ["push", "mustAppend", "mustPush"] {
        table.alias(alias, "append");
    }
    table.pure("prepend", prepend);
    table.pure("first", first);
    table.pure("last", last);
    table.pure("rest", rest);
    table.pure("initial", initial);
    table.pure("reverse", reverse);
    table.pure("uniq", uniq);
    table.pure("compact", compact);
    table.pure("without", without);
    table.pure("has", has);
    table.pure("slice", slice);
    table.pure("chunk", chunk);
    // The twins differ in Go alone: one panics, the other gives an error, and the same sentence comes out.
    for (alias, name) in [
        ("mustPrepend", "prepend"),
        ("mustFirst", "first"),
        ("mustLast", "last"),
        ("mustRest", "rest"),
        ("mustInitial", "initial"),
        ("mustReverse", "reverse"),
        ("mustUniq", "uniq"),
        ("mustCompact", "compact"),
        ("mustWithout", "without"),
        ("mustHas", "has"),
        ("mustSlice", "slice"),
        ("mustChunk", "chunk"),
    ] {
        table.alias(alias, name);
    }
}

pub(crate) fn nil_dereference() -> Failure {
    Failure::error("runtime error: invalid memory address or nil pointer dereference")
}

/// The elements of a slice, after the fuel for a copy of them; `refusal` and the kind are the error for all other values.
fn items(call: &mut Call<'_>, refusal: &str, value: &Value) -> Result<List, Failure> {
    let list = match value {
        Value::List(list) => list.clone(),
        Value::Nil => return Err(nil_dereference()),
        _ => match value.underlying() {
            Value::List(list) => list,
            Value::Bytes(bytes) => {
                List::new(bytes.as_bytes().iter().map(|&byte| Value::Uint8(byte)).collect())
            }
            _ => return Err(Failure::error(format!("{refusal} {}", value.kind().name()))),
        },
    };
    call.charge(list.len() as u64 + 1)?;
    Ok(list)
}

fn list(_: &mut Call<'_>, values: Rest) -> List {
    // No arguments make no slice: `list | toJson` is `[]` all the same, since Go passes an empty one.
    List::new(values.0)
}

fn concat(call: &mut Call<'_>, lists: Rest) -> Result<List, Failure> {
    let mut all = Vec::new();
    for value in &lists.0 {
        let list = match items(call, "Cannot concat type", value) {
            Err(Failure::Error(message)) if !value.is_nil() => {
                return Err(Failure::error(format!("{message} as list")));
            }
            other => other?,
        };
        all.extend_from_slice(&list);
    }
    Ok(if all.is_empty() { List::nil(Element::Any) } else { List::new(all) })
}

fn push(call: &mut Call<'_>, list: Value, value: Value) -> Result<List, Failure> {
    let list = items(call, "Cannot push on type", &list)?;
    let mut longer = Vec::with_capacity(list.len() + 1);
    longer.extend_from_slice(&list);
    longer.push(value);
    Ok(List::new(longer))
}

fn prepend(call: &mut Call<'_>, list: Value, value: Value) -> Result<List, Failure> {
    let list = items(call, "Cannot prepend on type", &list)?;
    let mut longer = Vec::with_capacity(list.len() + 1);
    longer.push(value);
    longer.extend_from_slice(&list);
    Ok(List::new(longer))
}

fn first(call: &mut Call<'_>, list: Value) -> Result<Value, Failure> {
    Ok(items(call, "Cannot find first on type", &list)?.first().cloned().unwrap_or_default())
}

fn last(call: &mut Call<'_>, list: Value) -> Result<Value, Failure> {
    Ok(items(call, "Cannot find last on type", &list)?.last().cloned().unwrap_or_default())
}

fn rest(call: &mut Call<'_>, list: Value) -> Result<List, Failure> {
    Ok(match items(call, "Cannot find rest on type", &list)?.split_first() {
        Some((_, rest)) => List::new(rest.to_vec()),
        None => List::nil(Element::Any),
    })
}

fn initial(call: &mut Call<'_>, list: Value) -> Result<List, Failure> {
    Ok(match items(call, "Cannot find initial on type", &list)?.split_last() {
        Some((_, initial)) => List::new(initial.to_vec()),
        None => List::nil(Element::Any),
    })
}

fn reverse(call: &mut Call<'_>, list: Value) -> Result<List, Failure> {
    let list = items(call, "Cannot find reverse on type", &list)?;
    Ok(List::new(list.iter().rev().cloned().collect()))
}

fn compact(call: &mut Call<'_>, list: Value) -> Result<List, Failure> {
    let list = items(call, "Cannot compact on type", &list)?;
    Ok(List::new(list.iter().filter(|item| !is_empty(item)).cloned().collect()))
}

fn uniq(call: &mut Call<'_>, list: Value) -> Result<List, Failure> {
    let list = items(call, "Cannot find uniq on type", &list)?;
    let mut kept: Vec<Value> = Vec::new();
    for item in list.iter() {
        if !stands_in(call, &kept, item)? {
            kept.push(item.clone());
        }
    }
    Ok(List::new(kept))
}

fn without(call: &mut Call<'_>, list: Value, omit: Rest) -> Result<List, Failure> {
    let list = items(call, "Cannot find without on type", &list)?;
    let mut kept = Vec::new();
    for item in list.iter() {
        if !stands_in(call, &omit.0, item)? {
            kept.push(item.clone());
        }
    }
    Ok(List::new(kept))
}

fn has(call: &mut Call<'_>, needle: Value, haystack: Value) -> Result<bool, Failure> {
    if haystack.is_nil() {
        return Ok(false);
    }
    let list = items(call, "Cannot find has on type", &haystack)?;
    stands_in(call, &list, &needle)
}

fn stands_in(call: &mut Call<'_>, items: &[Value], needle: &Value) -> Result<bool, Failure> {
    call.charge(items.len() as u64 / 4)?;
    Ok(items.iter().any(|item| deep_equal(needle, item)))
}

fn slice(call: &mut Call<'_>, value: Value, indices: Rest) -> Result<Value, Failure> {
    let list = items(call, "list should be type of slice or array but", &value)?;
    if list.is_empty() {
        return Ok(Value::Nil);
    }
    let len = list.len() as i64;
    let start = indices.0.first().map_or(0, to_int64);
    let end = indices.0.get(1).map_or(len, to_int64);
    if start < 0 || start > end || end > len {
        return Err(Failure::error("reflect.Value.Slice: slice index out of bounds"));
    }
    let (start, end) = (start as usize, end as usize);
    if let Value::Bytes(bytes) = value.underlying() {
        return Ok(Value::Bytes(bytes.slice(start..end)));
    }
    if let Value::Object(object) = &value
        && let Some(part) = object.slice(start, end)
    {
        return Ok(part);
    }
    Ok(List::typed(list.element(), list[start..end].to_vec()).into())
}

fn chunk(call: &mut Call<'_>, size: i64, list: Value) -> Result<List, Failure> {
    let list = items(call, "Cannot chunk type", &list)?;
    let chunk = match usize::try_from(size).ok().filter(|&size| size > 0) {
        Some(size) => size,
        // The number of chunks of a negative size is rounded down too: none for one that is large enough, or the only item.
        None if size < -1 && list.len() == 1 => 1,
        None if list.len() > 1 && size.unsigned_abs() >= list.len() as u64 - 1 => {
            return Ok(List::typed(Element::List, Vec::new()));
        }
        None => return Err(Failure::error("runtime error: makeslice: len out of range")),
    };
    let chunks = list.chunks(chunk).map(|part| Value::from(part.to_vec())).collect();
    Ok(List::typed(Element::List, chunks))
}
