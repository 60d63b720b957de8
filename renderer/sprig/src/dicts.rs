//! Functions of dicts. Every read and every change is told to the host of the run.
//!
//! *Source*: sprig 3.3.0 `dict.go`; copystructure 1.2.0. Go walks maps in a random order; here it is the order of keys.

use gotemplate::{Call, Failure, Rest, RestOf};
use value::{List, Map, MapType, Text, Value};

use crate::cast::strval;
use crate::merge;
use crate::table::Table;

pub(crate) fn add(table: &mut Table) {
    table.family("dicts");
    table.pure("dict", dict);
    table.pure("get", get);
    table.pure("set", set);
    table.pure("unset", unset);
    table.pure("hasKey", has_key);
    table.pure("pluck", pluck);
    table.pure("keys", keys);
    table.pure("values", values);
    table.pure("pick", pick);
    table.pure("omit", omit);
    table.pure("dig", dig);
    table.pure("deepCopy", deep_copy);
    table.alias("mustDeepCopy", "deepCopy");
    merge::add(table);
}

/// Puts `value` at `key` and tells the host.
pub(crate) fn write(call: &mut Call<'_>, map: &Map, key: Text, value: Value) -> Result<(), Failure> {
    if map.is_nil() {
        return Err(Failure::error("assignment to entry in nil map"));
    }
    call.wrote(map, key.as_bytes(), Some(&value));
    map.insert(key, value);
    Ok(())
}

fn read(call: &mut Call<'_>, map: &Map, key: &Text) -> Option<Value> {
    let answer = map.get(key);
    call.saw(map, key.as_bytes(), answer.as_ref());
    answer
}

fn dict(call: &mut Call<'_>, pairs: Rest) -> Result<Map, Failure> {
    let map = Map::new();
    for pair in pairs.0.chunks(2) {
        map.insert(strval(call, &pair[0])?, pair.get(1).cloned().unwrap_or_else(|| Text::new().into()));
    }
    Ok(map)
}

fn get(call: &mut Call<'_>, map: Map, key: Text) -> Value {
    read(call, &map, &key).unwrap_or_else(|| Text::new().into())
}

fn set(call: &mut Call<'_>, map: Map, key: Text, value: Value) -> Result<Map, Failure> {
    write(call, &map, key, value)?;
    Ok(map.retyped(MapType::Any))
}

fn unset(call: &mut Call<'_>, map: Map, key: Text) -> Map {
    if map.remove(&key).is_some() {
        call.wrote(&map, key.as_bytes(), None);
    }
    map.retyped(MapType::Any)
}

fn has_key(call: &mut Call<'_>, map: Map, key: Text) -> bool {
    read(call, &map, &key).is_some()
}

fn pluck(call: &mut Call<'_>, key: Text, maps: RestOf<Map>) -> Vec<Value> {
    maps.0.iter().filter_map(|map| read(call, map, &key)).collect()
}

fn keys(call: &mut Call<'_>, maps: RestOf<Map>) -> Result<List, Failure> {
    let mut keys = Vec::new();
    for map in &maps.0 {
        call.charge(map.len() as u64)?;
        for (key, value) in map.borrow().iter() {
            call.saw(map, key.as_bytes(), Some(value));
            keys.push(key.clone());
        }
    }
    Ok(List::strings(keys))
}

fn values(call: &mut Call<'_>, map: Map) -> Result<Vec<Value>, Failure> {
    call.charge(map.len() as u64)?;
    let entries = map.borrow();
    Ok(entries
        .iter()
        .map(|(key, value)| {
            call.saw(&map, key.as_bytes(), Some(value));
            value.clone()
        })
        .collect())
}

fn pick(call: &mut Call<'_>, map: Map, keys: RestOf<Text>) -> Map {
    let picked = Map::new();
    for key in keys.0 {
        if let Some(value) = read(call, &map, &key) {
            picked.insert(key, value);
        }
    }
    picked
}

fn omit(call: &mut Call<'_>, map: Map, mut keys: RestOf<Text>) -> Result<Map, Failure> {
    call.charge(map.len() as u64)?;
    keys.0.sort();
    let kept = Map::new();
    for (key, value) in map.borrow().iter().filter(|(key, _)| keys.0.binary_search(key).is_err()) {
        call.saw(&map, key.as_bytes(), Some(value));
        kept.insert(key.clone(), value.clone());
    }
    Ok(kept)
}

fn dig(call: &mut Call<'_>, arguments: Rest) -> Result<Value, Failure> {
    let [keys @ .., fallback, map] = arguments.0.as_slice() else {
        return Err(Failure::error("dig needs at least three arguments"));
    };
    if keys.is_empty() {
        return Err(Failure::error("dig needs at least three arguments"));
    }
    let mut map = plain_map(map)?;
    let keys = keys
        .iter()
        .map(|key| key.as_text().cloned().ok_or_else(|| not_a(key, "string")))
        .collect::<Result<Vec<_>, _>>()?;
    let (last, path) =
        keys.split_last().ok_or_else(|| Failure::error("dig needs at least three arguments"))?;
    for key in path {
        match read(call, &map, key) {
            Some(value) => map = plain_map(&value)?,
            None => return Ok(fallback.clone()),
        }
    }
    Ok(read(call, &map, last).unwrap_or_else(|| fallback.clone()))
}

fn plain_map(value: &Value) -> Result<Map, Failure> {
    match value {
        Value::Map(map) if map.map_type() == MapType::Any => Ok(map.clone()),
        other => Err(not_a(other, "map[string]interface {}")),
    }
}

/// How a failed type assertion speaks.
fn not_a(value: &Value, wanted: &str) -> Failure {
    let met = if value.is_nil() { "nil" } else { value.type_name() };
    Failure::error(format!("interface conversion: interface {{}} is {met}, not {wanted}"))
}

/// What is still to be copied, or to be put together from copies.
enum Step {
    Copy(Value),
    List(List),
    Map(Vec<Text>, MapType),
}

/// A value with nothing shared, made without recursion: copies wait on a heap of their own until their container is due.
fn deep_copy(call: &mut Call<'_>, value: Value) -> Result<Value, Failure> {
    if value.is_nil() {
        return Err(Failure::error("reflect: call of reflect.Value.Type on zero Value"));
    }
    let mut steps = vec![Step::Copy(value)];
    let mut copies: Vec<Value> = Vec::new();
    while let Some(step) = steps.pop() {
        match step {
            Step::Copy(Value::List(list)) if !list.is_empty() => {
                call.charge(list.len() as u64)?;
                steps.push(Step::List(list.clone()));
                steps.extend(list.iter().rev().cloned().map(Step::Copy));
            }
            Step::Copy(Value::Map(map)) if !map.is_nil() => {
                call.charge(map.len() as u64 * 4)?;
                let entries = map.borrow();
                steps.push(Step::Map(entries.iter().map(|(key, _)| key.clone()).collect(), map.map_type()));
                for (key, value) in entries.iter().rev() {
                    call.saw(&map, key.as_bytes(), Some(value));
                    steps.push(Step::Copy(value.clone()));
                }
            }
            Step::Copy(Value::Object(object)) => {
                copies.push(object.reflected_copy().unwrap_or(Value::Object(object)));
            }
            Step::Copy(other) => copies.push(other),
            Step::List(of) => {
                let items = copies.split_off(copies.len() - of.len());
                copies.push(List::typed(of.element(), items).into());
            }
            Step::Map(keys, of) => {
                let values = copies.split_off(copies.len() - keys.len());
                let map = Map::with_type(of);
                for (key, value) in keys.into_iter().zip(values) {
                    map.insert(key, value);
                }
                copies.push(map.into());
            }
        }
    }
    Ok(copies.pop().unwrap_or_default())
}
