//! Objects in the form in which they are compared: without what the API server keeps for itself, and documents with their
//! secrets where the server puts them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::object::Object;

const OF_THE_SERVER: [&str; 8] = [
    "managedFields",
    "resourceVersion",
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "selfLink",
];
const COUNTED_BY_CONTROLLER: &str = "deployment.kubernetes.io/revision";

/// An object of the server, to compare. `status` stays for kinds that write it with everything else.
#[must_use]
pub fn live(object: &Object, has_status_subresource: bool) -> Value {
    let mut map = Map::new();
    for (name, value) in object.as_map() {
        if name == "status" && has_status_subresource {
            continue;
        }
        let value = if name == "metadata" { metadata(value) } else { value.clone() };
        map.insert(name.clone(), value);
    }
    Value::Object(map)
}

fn metadata(value: &Value) -> Value {
    let Value::Object(metadata) = value else { return value.clone() };
    let mut kept = Map::new();
    for (name, value) in metadata.iter().filter(|(name, _)| !OF_THE_SERVER.contains(&name.as_str())) {
        let mut value = value.clone();
        if name == "annotations"
            && let Value::Object(annotations) = &mut value
        {
            annotations.remove(COUNTED_BY_CONTROLLER);
            if annotations.is_empty() {
                continue;
            }
        }
        kept.insert(name.clone(), value);
    }
    Value::Object(kept)
}

/// A document of a chart, to look up what it sets: `null` is not set, and what a Secret says in `stringData` stands in
/// `data`, encoded, as the server will store it.
#[must_use]
pub fn document(object: &Object) -> Value {
    let mut map: Map<String, Value> =
        object.as_map().iter().map(|(name, value)| (name.clone(), without_nulls(value))).collect();
    if object.kind() == "Secret"
        && object.api_version() == "v1"
        && let Some(Value::Object(texts)) = map.remove("stringData")
    {
        let data = map.entry("data").or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(data) = data {
            for (name, text) in texts {
                let encoded = STANDARD.encode(text.as_str().unwrap_or_default());
                data.insert(name, encoded.into());
            }
        }
    }
    Value::Object(map)
}

/// Depth is bounded by the reader of documents.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (name.clone(), without_nulls(value)))
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.iter().map(without_nulls).collect()),
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_server_keeps_for_itself_is_left_out() {
        let object = json!({
            "kind": "Deployment", "metadata": {
                "name": "web", "uid": "u", "resourceVersion": "1", "generation": 3, "managedFields": [], "labels": {"a": "b"},
                "annotations": {"deployment.kubernetes.io/revision": "4"}, "creationTimestamp": "t",
            },
            "spec": {"replicas": 2}, "status": {"replicas": 2},
        });
        let object = Object::from_value(object).expect("a map");
        let kept = json!({"kind": "Deployment", "metadata": {"name": "web", "labels": {"a": "b"}}, "spec": {"replicas": 2}});
        assert_eq!(live(&object, true), kept);
        assert_eq!(live(&object, false)["status"], json!({"replicas": 2}));
    }

    #[test]
    fn a_secret_is_looked_up_where_the_server_stores_it() {
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "data": {"a": "eA==", "b": "eA=="},
            "stringData": {"b": "y", "c": "z"}, "metadata": {"name": "s", "creationTimestamp": null}});
        let found = document(&Object::from_value(secret).expect("a map"));
        assert_eq!(
            found,
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"a": "eA==", "b": "eQ==", "c": "eg=="}})
        );
        let other = json!({"apiVersion": "v1", "kind": "ConfigMap", "stringData": {"a": "b"}});
        assert_eq!(document(&Object::from_value(other.clone()).expect("a map")), other);
    }
}
