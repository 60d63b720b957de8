//! An index that is there already: JSON, or YAML read strictly.
//!
//! Source: helm v4.3.1 `pkg/repo/v1/index.go`, `loadIndex`.

use value::{Map, Text, Value};
use yaml::{Field, Shape, Struct};

use super::{Entry, Index};
use crate::Error;
use crate::chart::{Metadata, shapes, time_seconds};
use crate::log::{Level, Log};

const STR: Shape = Shape::Str;

const fn field(name: &'static str, shape: Shape) -> Field {
    Field { name, shape }
}

static ENTRY: Struct = Struct {
    go_name: "v1.ChartVersion",
    fields: &[
        field("name", STR),
        field("home", STR),
        field("sources", Shape::List(&STR)),
        field("version", STR),
        field("description", STR),
        field("keywords", Shape::List(&STR)),
        field("maintainers", Shape::List(&shapes::MAINTAINER_POINTER)),
        field("icon", STR),
        field("apiVersion", STR),
        field("condition", STR),
        field("tags", STR),
        field("appVersion", STR),
        field("deprecated", Shape::Bool),
        field("annotations", Shape::Map(&STR)),
        field("kubeVersion", STR),
        field("dependencies", Shape::List(&shapes::DEPENDENCY_POINTER)),
        field("type", STR),
        field("urls", Shape::List(&STR)),
        field("created", Shape::Any),
        field("removed", Shape::Bool),
        field("digest", STR),
        field("checksum", STR),
        field("engine", STR),
        field("tillerVersion", STR),
        field("url", STR),
    ],
};
static ENTRY_POINTER: Shape = Shape::Pointer(&Shape::Struct(&ENTRY));
static ENTRIES: Shape = Shape::List(&ENTRY_POINTER);

static INDEX: Struct = Struct {
    go_name: "v1.IndexFile",
    fields: &[
        field("serverInfo", Shape::Map(&Shape::Any)),
        field("apiVersion", STR),
        field("generated", Shape::Any),
        field("entries", Shape::Map(&ENTRIES)),
        field("publicKeys", Shape::List(&STR)),
        field("annotations", Shape::Map(&STR)),
    ],
};

impl Index {
    /// Reads an index; entries that are no charts are left out, and the log says so. `source` is the name of the file.
    ///
    /// # Errors
    /// `index-invalid` with Helm's sentence.
    pub fn read(text: &Text, source: &str, log: &mut Vec<Log>) -> Result<Self, Error> {
        let invalid = |why: String| Error::new("index-invalid", format!("error loading {source}: {why}"));
        if text.is_empty() {
            return Err(invalid("empty index.yaml file".to_owned()));
        }
        let is_json = value::json::decode(text).1.is_none();
        let decoded = yaml::decode(text.as_bytes(), Shape::Struct(&INDEX), !is_json);
        if let Some(error) = decoded.error {
            return Err(invalid(if is_json { error.cause() } else { error.message() }));
        }
        let Value::Map(fields) = decoded.value else {
            return Err(invalid("no API version specified".to_owned()));
        };
        let time = |fields: &Map, name: &str| {
            let lead = if is_json { "" } else { "error unmarshaling JSON: while decoding JSON: " };
            time_of(fields, name).map_err(|why| invalid(format!("{lead}parsing time {why}")))
        };
        let mut index = Self { generated: time(&fields, "generated")?, ..Self::new("") };
        index.api_version = text_of(&fields, "apiVersion");
        index.public_keys = texts_of(&fields, "publicKeys").unwrap_or_default();
        index.server_info = fields.get("serverInfo").and_then(|info| info.as_map().cloned());
        if let Some(Value::Map(map)) = fields.get("annotations") {
            index.annotations = map
                .entries()
                .into_iter()
                .map(|(key, text)| (key.to_string_lossy().into_owned(), plain(&text)))
                .collect();
        }
        let charts = fields.get("entries").and_then(|entries| entries.as_map().cloned()).unwrap_or_default();
        for (name, list) in charts.entries() {
            let name = name.to_string_lossy().into_owned();
            let mut entries = Vec::new();
            for item in list.as_list().into_iter().flat_map(|list| list.iter()).rev() {
                let Some(fields) = item.as_map() else {
                    let line = "skipping loading invalid entry for chart: empty entry";
                    log.push(Log::new(Level::Warn, line).with("name", &name).with("source", source));
                    continue;
                };
                let mut entry = Entry {
                    urls: texts_of(fields, "urls"),
                    created: time(fields, "created")?,
                    removed: matches!(fields.get("removed"), Some(Value::Bool(true))),
                    digest: text_of(fields, "digest"),
                    past: ["checksum", "engine", "tillerVersion", "url"].map(|field| text_of(fields, field)),
                    metadata: Metadata::of_fields(fields),
                };
                if entry.metadata.api_version.is_empty() {
                    entry.metadata.api_version = "v1".to_owned();
                }
                match entry.metadata.validate() {
                    Err(error)
                        if !error
                            .message()
                            .starts_with("validation: more than one dependency with name or alias") =>
                    {
                        let line = Log::new(Level::Warn, "skipping loading invalid entry for chart");
                        let version = entry.metadata.version.as_str();
                        let line = line.with("name", &name).with("version", version);
                        log.push(line.with("source", source).with("error", error.message()));
                    }
                    _ => entries.push(entry),
                }
            }
            entries.reverse();
            index.entries.insert(name, entries);
        }
        index.sort();
        if index.api_version.is_empty() {
            return Err(invalid("no API version specified".to_owned()));
        }
        Ok(index)
    }
}

fn time_of(fields: &Map, name: &str) -> Result<String, String> {
    match fields.get(name) {
        Some(Value::Str(text)) => {
            let text = text.to_string_lossy().into_owned();
            time_seconds(&text).map(|_| text)
        }
        _ => Ok(String::new()),
    }
}

fn plain(value: &Value) -> String {
    value.as_text().map(|text| text.to_string_lossy().into_owned()).unwrap_or_default()
}

fn text_of(fields: &Map, name: &str) -> String {
    fields.get(name).map(|text| plain(&text)).unwrap_or_default()
}

fn texts_of(fields: &Map, name: &str) -> Option<Vec<String>> {
    let list = fields.get(name)?;
    Some(list.as_list()?.iter().map(plain).collect())
}
