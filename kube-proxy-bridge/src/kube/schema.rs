//! Fields that a custom kind itself calls secret: `format: password` in its schema.
//!
//! Schemas come from the API server's OpenAPI v3, which every caller may read. Its documents are named by their content, so
//! what was read stays true; the list of names is asked for again after a minute.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::Value;

use super::call::{Call, Verb};
use super::{Cluster, Error};

const FRESH: Duration = Duration::from_secs(60);
/// Documents of one caller; beyond, all are read again.
const DOCUMENTS: usize = 256;
/// Deeper than any kind that people wrote; a schema that is, is not looked into any further.
const DEPTH: usize = 64;

/// A step on the way to a field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Every item of a list, every value of a map.
    Any,
    /// The field of this name.
    Field(String),
}

/// The fields that kinds call secret, by `apiVersion` and `kind`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretFields(BTreeMap<(String, String), Arc<Vec<Vec<Part>>>>);

impl SecretFields {
    /// The ways to them in objects of this kind.
    #[must_use]
    pub fn of(&self, api_version: &str, kind: &str) -> &[Vec<Part>] {
        if self.0.is_empty() {
            return &[];
        }
        self.0.get(&(api_version.to_owned(), kind.to_owned())).map_or(&[], |fields| fields.as_slice())
    }

    /// The fields of one kind, for tests and for what was found.
    #[must_use]
    pub fn with(mut self, api_version: &str, kind: &str, fields: Vec<Vec<Part>>) -> Self {
        self.0.insert((api_version.to_owned(), kind.to_owned()), Arc::new(fields));
        self
    }
}

/// What one caller has read.
#[derive(Debug, Default)]
pub(super) struct Schemas(Mutex<Read>);

#[derive(Debug, Default)]
struct Read {
    index: Option<(Instant, Arc<BTreeMap<String, String>>)>,
    /// By the path with the hash: kinds and their secret fields.
    documents: BTreeMap<String, Arc<Kinds>>,
}

type Kinds = BTreeMap<String, Arc<Vec<Vec<Part>>>>;

#[derive(Deserialize)]
struct Index {
    #[serde(default)]
    paths: BTreeMap<String, Place>,
}

#[derive(Deserialize)]
struct Place {
    #[serde(rename = "serverRelativeURL", default)]
    url: String,
}

impl Cluster {
    /// The fields that these custom kinds call secret. What cannot be read has none that are known.
    ///
    /// Cost: nothing for kinds of the API server's own; one call in a minute and one for each new version of a group.
    pub async fn secret_fields(&self, kinds: &BTreeSet<(String, String)>) -> SecretFields {
        let mut found = SecretFields::default();
        for (api_version, kind) in kinds {
            match self.kinds_of(api_version).await {
                Ok(Some(kinds)) => {
                    if let Some(fields) = kinds.get(kind).filter(|fields| !fields.is_empty()) {
                        found.0.insert((api_version.clone(), kind.clone()), fields.clone());
                    }
                }
                Ok(None) => {}
                Err(error) => tracing::info!(event = "schema-not-read", status = error.status),
            }
        }
        found
    }

    async fn kinds_of(&self, api_version: &str) -> Result<Option<Arc<Kinds>>, Error> {
        let index = self.index().await?;
        let Some(url) = index.get(&format!("apis/{api_version}")) else { return Ok(None) };
        if let Some(known) = self.lock().documents.get(url) {
            return Ok(Some(known.clone()));
        }
        let about = format!("the schema of {api_version}");
        let answer = self.send(Call::read(Verb::Get, url.clone(), about.clone())).await?;
        let document: Value =
            serde_json::from_slice(&answer.body).map_err(|error| Error::unreadable(&about, error))?;
        let kinds = Arc::new(read(&document));
        let mut read = self.lock();
        if read.documents.len() >= DOCUMENTS {
            read.documents.clear();
        }
        read.documents.insert(url.clone(), kinds.clone());
        Ok(Some(kinds))
    }

    async fn index(&self) -> Result<Arc<BTreeMap<String, String>>, Error> {
        if let Some((at, index)) = &self.lock().index
            && at.elapsed() < FRESH
        {
            return Ok(index.clone());
        }
        let about = "the list of schemas".to_owned();
        let answer = self.send(Call::read(Verb::Get, "/openapi/v3".to_owned(), about.clone())).await?;
        let index: Index =
            serde_json::from_slice(&answer.body).map_err(|error| Error::unreadable(&about, error))?;
        let index: BTreeMap<String, String> = index
            .paths
            .into_iter()
            // The server names its own documents; anything else is not asked for.
            .filter(|(_, place)| place.url.starts_with("/openapi/v3/apis/"))
            .map(|(name, place)| (name, place.url))
            .collect();
        let index = Arc::new(index);
        self.lock().index = Some((Instant::now(), index.clone()));
        Ok(index)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Read> {
        self.0.schemas.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The kinds of a document with the fields that are secret.
fn read(document: &Value) -> Kinds {
    let schemas = document.pointer("/components/schemas").and_then(Value::as_object);
    let mut kinds = Kinds::new();
    for schema in schemas.into_iter().flatten().map(|(_, schema)| schema) {
        let names = schema.get("x-kubernetes-group-version-kind").and_then(Value::as_array);
        let kind = names.into_iter().flatten().find_map(|name| name.get("kind").and_then(Value::as_str));
        if let Some(kind) = kind {
            let mut fields = Vec::new();
            collect(schema, &mut Vec::new(), &mut fields);
            kinds.insert(kind.to_owned(), Arc::new(fields));
        }
    }
    kinds
}

fn collect(schema: &Value, way: &mut Vec<Part>, found: &mut Vec<Vec<Part>>) {
    if way.len() > DEPTH {
        return;
    }
    if schema.get("format").and_then(Value::as_str) == Some("password") {
        found.push(way.clone());
        return;
    }
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, below) in properties.into_iter().flatten() {
        way.push(Part::Field(name.clone()));
        collect(below, way, found);
        way.pop();
    }
    for name in ["items", "additionalProperties"] {
        if let Some(below) = schema.get(name).filter(|below| below.is_object()) {
            way.push(Part::Any);
            collect(below, way, found);
            way.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secret_fields_are_found_wherever_they_are() {
        let text = || json!({"type": "string", "format": "password"});
        let schema = json!({
            "x-kubernetes-group-version-kind": [{"group": "example.org", "kind": "Database", "version": "v1"}],
            "properties": {
                "metadata": {"allOf": [{"$ref": "#/x"}]},
                "spec": {"properties": {
                    "login": text(), "name": {"type": "string"},
                    "users": {"items": {"properties": {"word": text()}}},
                    "extra": {"additionalProperties": text()}, "open": {"additionalProperties": true},
                }},
            },
        });
        let kinds =
            read(&json!({"components": {"schemas": {"org.example.v1.Database": schema, "other": {}}}}));
        let mut ways: Vec<String> = kinds["Database"].iter().map(|way| format!("{way:?}")).collect();
        ways.sort();
        let field = |name: &str| format!("Field({name:?})");
        let way = |parts: &[String]| format!("[{}]", parts.join(", "));
        let (any, spec) = ("Any".to_owned(), field("spec"));
        assert_eq!(
            ways,
            [
                way(&[spec.clone(), field("extra"), any.clone()]),
                way(&[spec.clone(), field("login")]),
                way(&[spec, field("users"), any, field("word")]),
            ]
        );
        let mut deep = text();
        for _ in 0..1_000 {
            deep = json!({"properties": {"a": deep}});
        }
        let mut found = Vec::new();
        collect(&deep, &mut Vec::new(), &mut found);
        assert!(found.is_empty());
        // The test's own value is as deep, and is taken apart without recursion.
        while let Value::Object(mut map) = deep {
            deep = map
                .remove("properties")
                .and_then(|mut below| below.get_mut("a").map(Value::take))
                .unwrap_or_default();
        }
    }
}
