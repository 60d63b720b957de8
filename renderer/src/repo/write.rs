//! An index as text: YAML with sorted keys, or JSON in the order of Go's structs.
//!
//! Source: helm v4.3.1 `pkg/repo/v1/index.go`, `WriteFile`, `WriteJSONFile`; Go 1.27 `encoding/json`.

use value::json::{Style, encode};
use value::{Map, Text, Value};

use super::{Entry, Index};
use crate::Error;
use crate::chart::canonical_time;

/// The fields of `Chart.yaml` in the order of Go's struct.
const METADATA: [&str; 17] = [
    "name",
    "home",
    "sources",
    "version",
    "description",
    "keywords",
    "maintainers",
    "icon",
    "apiVersion",
    "condition",
    "tags",
    "appVersion",
    "deprecated",
    "annotations",
    "kubeVersion",
    "dependencies",
    "type",
];

/// The fields that an entry has besides.
const ENTRY: [&str; 8] =
    ["urls", "created", "removed", "digest", "checksum", "engine", "tillerVersion", "url"];

const MAINTAINER: [&str; 3] = ["name", "email", "url"];

const DEPENDENCY: [&str; 8] =
    ["name", "version", "repository", "condition", "tags", "enabled", "import-values", "alias"];

impl Index {
    /// The index as YAML.
    ///
    /// # Errors
    /// `index-unwritable`: a text in it that YAML cannot hold.
    pub fn to_yaml(&self) -> Result<Text, Error> {
        let root = Map::from_iter(self.head());
        let entries = self.entries.iter().map(|(name, entries)| {
            let entries = entries.iter().map(|entry| Value::Map(entry.to_value()));
            (name.as_str(), Value::from(entries.collect::<Vec<_>>()))
        });
        root.insert("entries", Map::from_iter(entries));
        yaml::write(&Value::Map(root)).map_err(|error| Error::new("index-unwritable", error.to_string()))
    }

    /// The index as JSON.
    pub fn to_json(&self) -> String {
        let head = Map::from_iter(self.head());
        let names = ["serverInfo", "apiVersion", "generated", "entries", "publicKeys", "annotations"];
        let fields = names.iter().filter_map(|name| match *name {
            "entries" => Some(("entries", self.entries_json())),
            name => Some((name, leaf(&head.get(name)?))),
        });
        object(fields)
    }

    /// All but the entries.
    fn head(&self) -> Vec<(&'static str, Value)> {
        let mut fields = vec![
            ("apiVersion", Value::from(self.api_version.as_str())),
            ("generated", Value::from(time(&self.generated))),
        ];
        if let Some(info) = self.server_info.as_ref().filter(|info| !info.is_empty()) {
            fields.push(("serverInfo", Value::Map(info.clone())));
        }
        if !self.public_keys.is_empty() {
            let keys: Vec<Value> = self.public_keys.iter().map(|key| Value::from(key.as_str())).collect();
            fields.push(("publicKeys", Value::from(keys)));
        }
        if !self.annotations.is_empty() {
            let annotations = self.annotations.iter().map(|(key, text)| (key.as_str(), text.as_str()));
            fields.push(("annotations", Value::Map(Map::from_iter(annotations))));
        }
        fields
    }

    fn entries_json(&self) -> String {
        let charts = self.entries.iter().map(|(name, entries)| {
            let entries = entries.iter().map(|entry| {
                let value = entry.to_value();
                let present = METADATA.iter().chain(&ENTRY).filter_map(|name| {
                    let field = value.get(name)?;
                    Some((
                        *name,
                        match *name {
                            "maintainers" => objects(&field, &MAINTAINER),
                            "dependencies" => objects(&field, &DEPENDENCY),
                            _ => leaf(&field),
                        },
                    ))
                });
                object(present)
            });
            (name.as_str(), array(entries))
        });
        object(charts)
    }
}

impl Entry {
    fn to_value(&self) -> Map {
        let map = match self.metadata.to_yaml_value() {
            Value::Map(map) => map,
            // Metadata are a map.
            _ => Map::new(),
        };
        let urls = self.urls.as_ref().map_or(Value::Nil, |urls| {
            Value::from(urls.iter().map(|url| Value::from(url.as_str())).collect::<Vec<_>>())
        });
        map.insert("urls", urls);
        map.insert("created", time(&self.created));
        if self.removed {
            map.insert("removed", true);
        }
        let texts = std::iter::once(&self.digest).chain(&self.past);
        for (name, text) in ["digest", "checksum", "engine", "tillerVersion", "url"].into_iter().zip(texts) {
            if !text.is_empty() {
                map.insert(name, text.as_str());
            }
        }
        map
    }
}

fn time(text: &str) -> String {
    if text.is_empty() { "0001-01-01T00:00:00Z".to_owned() } else { canonical_time(text) }
}

/// Structs with their fields in order.
fn objects(list: &Value, order: &[&str]) -> String {
    let items = list.as_list().into_iter().flat_map(|list| list.iter());
    array(items.map(|item| match item {
        Value::Map(fields) => object(order.iter().filter_map(|name| Some((*name, leaf(&fields.get(name)?))))),
        other => leaf(other),
    }))
}

/// A value whose keys are sorted in Go too.
fn leaf(value: &Value) -> String {
    // What was read from a file holds neither functions nor cycles.
    encode(value, Style::PRETTY).unwrap_or_default().to_string_lossy().into_owned()
}

fn object<'a>(fields: impl Iterator<Item = (&'a str, String)>) -> String {
    let lines = fields.map(|(name, text)| format!("{}: {text}", leaf(&Value::from(name))));
    wrap('{', lines.collect(), '}')
}

fn array(items: impl Iterator<Item = String>) -> String {
    wrap('[', items.collect(), ']')
}

/// Items one level deeper; a line break is never inside a text in JSON.
fn wrap(open: char, items: Vec<String>, close: char) -> String {
    if items.is_empty() {
        return format!("{open}{close}");
    }
    format!("{open}\n  {}\n{close}", items.join(",\n").replace('\n', "\n  "))
}
