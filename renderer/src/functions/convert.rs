//! Values to YAML and JSON and back.
//!
//! Source: helm v4.3.1 `pkg/engine/funcs.go`.

use gotemplate::{Call, Failure, FuncMap};
use value::json::{self, Style};
use value::{List, Map, Text, Value};
use yaml::Shape;

pub(super) fn add(funcs: &mut FuncMap) {
    funcs.add("toYaml", to_yaml);
    funcs.add("mustToYaml", must_to_yaml);
    funcs.add("toYamlPretty", to_yaml_pretty);
    funcs.add("fromYaml", from_yaml);
    funcs.add("fromYamlArray", from_yaml_array);
    funcs.add("toJson", to_json);
    funcs.add("mustToJson", must_to_json);
    funcs.add("fromJson", from_json);
    funcs.add("fromJsonArray", from_json_array);
}

/// The YAML of a value without its last line feed.
pub(super) fn to_yaml_text(value: &Value) -> Result<Text, yaml::WriteError> {
    Ok(without_line_feed(yaml::write(value)?))
}

fn without_line_feed(text: Text) -> Text {
    if text.as_bytes().ends_with(b"\n") { text.slice(0..text.len() - 1) } else { text }
}

fn to_yaml(call: &mut Call<'_>, value: Value) -> Result<Text, Failure> {
    call.charge_value(&value)?;
    Ok(to_yaml_text(&value).unwrap_or_default())
}

fn must_to_yaml(call: &mut Call<'_>, value: Value) -> Result<Text, Failure> {
    call.charge_value(&value)?;
    to_yaml_text(&value).map_err(|error| Failure::error(error.to_string()))
}

fn to_yaml_pretty(call: &mut Call<'_>, value: Value) -> Result<Text, Failure> {
    call.charge_value(&value)?;
    // The one error that Go's writer does not return but panics with is that of a type.
    yaml::write_pretty(&value).map(without_line_feed).map_err(|error| Failure::error(error.to_string()))
}

fn from_yaml(call: &mut Call<'_>, text: Text) -> Result<Map, Failure> {
    call.charge_text(text.len() as u128)?;
    let decoded = yaml::decode(text.as_bytes(), Shape::Map(&Shape::Any), false);
    let map = match decoded.value {
        Value::Map(map) if !map.is_nil() => map,
        // An empty document leaves the map as it was: empty.
        _ => Map::new(),
    };
    Ok(with_error(map, decoded.error.map(|error| error.message())))
}

fn from_yaml_array(call: &mut Call<'_>, text: Text) -> Result<List, Failure> {
    call.charge_text(text.len() as u128)?;
    let decoded = yaml::decode(text.as_bytes(), Shape::List(&Shape::Any), false);
    Ok(match (decoded.error, decoded.value) {
        (Some(error), _) => List::new(vec![error.message().into()]),
        (None, Value::List(list)) if !list.is_nil() => list,
        (None, _) => List::new(Vec::new()),
    })
}

fn to_json(call: &mut Call<'_>, value: Value) -> Result<Text, Failure> {
    call.charge_value(&value)?;
    Ok(json::encode(&value, Style::COMPACT).unwrap_or_default())
}

fn must_to_json(call: &mut Call<'_>, value: Value) -> Result<Text, Failure> {
    call.charge_value(&value)?;
    json::encode(&value, Style::COMPACT).map_err(|error| Failure::error(error.message()))
}

fn from_json(call: &mut Call<'_>, text: Text) -> Result<Map, Failure> {
    call.charge_text(text.len() as u128)?;
    let (map, error) = json::decode_map(&text);
    Ok(with_error(map, error.map(|error| error.message().to_owned())))
}

fn from_json_array(call: &mut Call<'_>, text: Text) -> Result<List, Failure> {
    call.charge_text(text.len() as u128)?;
    Ok(match json::decode_list(&text) {
        (list, None) => list,
        (_, Some(error)) => List::new(vec![error.message().into()]),
    })
}

/// Helm puts the error among the data instead of failing; a nil map cannot hold it, and Go would panic there.
fn with_error(map: Map, error: Option<String>) -> Map {
    let Some(error) = error else { return map };
    let map = if map.is_nil() { Map::new() } else { map };
    map.insert("Error", error);
    map
}
