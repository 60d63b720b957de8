//! A Kubernetes object as it goes over the wire: JSON, with names for the parts everybody asks for.

use serde_json::{Map, Value};
use wire::ObjectRef;

/// One object. Its root is a map; nothing else is promised.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object(Map<String, Value>);

impl Object {
    /// The object of this JSON.
    #[must_use]
    pub fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Object(map) => Some(Self(map)),
            _ => None,
        }
    }

    /// The JSON of it.
    #[must_use]
    pub fn into_value(self) -> Value {
        Value::Object(self.0)
    }

    /// Its members.
    #[must_use]
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Its members, to change.
    pub fn as_map_mut(&mut self) -> &mut Map<String, Value> {
        &mut self.0
    }

    /// What stands at a JSON pointer.
    #[must_use]
    pub fn pointer(&self, pointer: &str) -> Option<&Value> {
        let mut parts = pointer.strip_prefix('/')?.split('/');
        let first = parts.next()?;
        let mut value = self.0.get(first)?;
        for part in parts {
            value = match value {
                Value::Object(map) => map.get(part)?,
                Value::Array(items) => items.get(part.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        Some(value)
    }

    /// `apiVersion`; empty when it does not say.
    #[must_use]
    pub fn api_version(&self) -> &str {
        text(self.0.get("apiVersion"))
    }

    /// `kind`
    #[must_use]
    pub fn kind(&self) -> &str {
        text(self.0.get("kind"))
    }

    /// `metadata.name`
    #[must_use]
    pub fn name(&self) -> &str {
        self.metadata("name")
    }

    /// `metadata.namespace`; empty when it does not say.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.metadata("namespace")
    }

    /// `metadata.uid`
    #[must_use]
    pub fn uid(&self) -> &str {
        self.metadata("uid")
    }

    /// `metadata.resourceVersion`
    #[must_use]
    pub fn resource_version(&self) -> &str {
        self.metadata("resourceVersion")
    }

    /// `metadata.generation`
    #[must_use]
    pub fn generation(&self) -> Option<i64> {
        self.0.get("metadata")?.get("generation")?.as_i64()
    }

    /// A text of `metadata`; empty when it is not there.
    #[must_use]
    pub fn metadata(&self, name: &str) -> &str {
        text(self.0.get("metadata").and_then(|metadata| metadata.get(name)))
    }

    /// A label.
    #[must_use]
    pub fn label(&self, name: &str) -> Option<&str> {
        self.0.get("metadata")?.get("labels")?.get(name)?.as_str()
    }

    /// An annotation.
    #[must_use]
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.0.get("metadata")?.get("annotations")?.get(name)?.as_str()
    }

    /// Sets a text of `metadata`, such as `namespace`.
    pub fn set_metadata(&mut self, name: &str, value: &str) {
        member(&mut self.0, "metadata").insert(name.to_owned(), value.into());
    }

    /// Sets a label.
    pub fn set_label(&mut self, name: &str, value: &str) {
        let metadata = member(&mut self.0, "metadata");
        member(metadata, "labels").insert(name.to_owned(), value.into());
    }

    /// Sets an annotation.
    pub fn set_annotation(&mut self, name: &str, value: &str) {
        let metadata = member(&mut self.0, "metadata");
        member(metadata, "annotations").insert(name.to_owned(), value.into());
    }

    /// Which object it is, as it says itself: without the namespace that the release would give it.
    #[must_use]
    pub fn reference(&self) -> ObjectRef {
        let namespace = self.namespace();
        ObjectRef {
            api_version: self.api_version().to_owned(),
            kind: self.kind().to_owned(),
            namespace: (!namespace.is_empty()).then(|| namespace.to_owned()),
            name: self.name().to_owned(),
        }
    }
}

fn text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}

/// The map at `name`, made when there is none. Something else than a map is replaced: the API server would refuse it.
fn member<'a>(map: &'a mut Map<String, Value>, name: &str) -> &'a mut Map<String, Value> {
    let value = map.entry(name).or_insert_with(|| Value::Object(Map::new()));
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(map) => map,
        _ => unreachable!("it was made a map above"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parts_are_found_and_absent_ones_are_empty() {
        let value = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "labels": {"a": "b"}},
            "spec": {"containers": [{"name": "x"}]}});
        let mut object = Object::from_value(value).expect("a map");
        assert_eq!((object.kind(), object.namespace(), object.label("a")), ("Deployment", "", Some("b")));
        assert_eq!(object.pointer("/spec/containers/0/name"), Some(&json!("x")));
        assert_eq!(object.pointer("/spec/containers/1/name"), None);
        assert_eq!(object.reference().to_string(), "apps/Deployment/web");
        object.set_metadata("namespace", "shop");
        object.set_annotation("c", "d");
        assert_eq!(object.reference().to_string(), "apps/Deployment/shop/web");
        assert_eq!(object.annotation("c"), Some("d"));
    }

    #[test]
    fn metadata_that_is_no_map_is_replaced_and_never_a_panic() {
        let mut object = Object::from_value(json!({"metadata": 1})).expect("a map");
        object.set_label("a", "b");
        assert_eq!(object.label("a"), Some("b"));
    }
}
