//! Methods of Helm's `common.Values`: they stand in front of values of the same name.
//!
//! Source: helm v4.3.1 `pkg/chart/common/values.go`.

use std::rc::Rc;

use value::{Map, MapType, Method, Text, Type, Value};

use crate::show::quote;

/// The method `name` of a `common.Values` map.
pub(crate) fn method(map: &Map, name: &str) -> Option<Method> {
    // Asked at every `.Values`, and hardly ever answered.
    if !matches!(name, "YAML" | "Table" | "AsMap" | "PathValue" | "Encode") {
        return None;
    }
    let map = map.clone();
    let path = |args: &[Value]| args.first().and_then(Value::as_text).cloned().unwrap_or_default();
    let one: &'static [Type] = &[Type::Str];
    Some(match name {
        "YAML" => Method { params: &[], call: Rc::new(move |_| Ok(yaml_of(&map)?.into())) },
        "Table" => {
            Method { params: one, call: Rc::new(move |args| table(&map, &path(args)).map(Value::Map)) }
        }
        "AsMap" => {
            let plain = if map.is_empty() { Map::new() } else { map.retyped(MapType::Any) };
            Method { params: &[], call: Rc::new(move |_| Ok(Value::Map(plain.clone()))) }
        }
        "PathValue" => Method { params: one, call: Rc::new(move |args| path_value(&map, &path(args))) },
        "Encode" => Method { params: &[Type::Named("io.Writer")], call: Rc::new(|_| Ok(Value::Nil)) },
        _ => return None,
    })
}

fn yaml_of(map: &Map) -> Result<Text, Text> {
    yaml::write(&Value::Map(map.clone())).map_err(|error| error.to_string().into())
}

fn table(map: &Map, path: &Text) -> Result<Map, Text> {
    let mut table = map.clone();
    for name in path.as_bytes().split(|byte| *byte == b'.') {
        table = match table.get(name) {
            Some(Value::Map(next)) if matches!(next.map_type(), MapType::Any | MapType::Values) => next,
            _ => {
                return Err(format!("{} is not a table", quote(name)).into());
            }
        };
    }
    Ok(table.retyped(MapType::Values))
}

fn path_value(map: &Map, path: &Text) -> Result<Value, Text> {
    let bytes = path.as_bytes();
    if bytes.is_empty() {
        return Err("YAML path cannot be empty".into());
    }
    let (parent, key) = match bytes.iter().rposition(|byte| *byte == b'.') {
        None => (Ok(map.clone()), bytes),
        Some(at) => (table(map, &path.slice(0..at)), &bytes[at + 1..]),
    };
    let found = parent.ok().and_then(|parent| parent.get(key));
    match found {
        Some(value) if value.type_name() != "map[string]interface {}" => Ok(value),
        _ => Err(format!("{} is not a value", quote(key)).into()),
    }
}
