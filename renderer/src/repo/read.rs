//! An index that is there already: JSON, or YAML read strictly.
//!
//! Source: helm v4.3.1 `pkg/repo/v1/index.go`, `loadIndex`.

use value::{Map, Text, Value};
use yaml::{Field, Shape, Struct};

use super::{Entry, Index};
use crate::Error;
use crate::chart::{Metadata, shapes, time_seconds};
use crate::log::{Level, Log};

const TIME: Shape = Shape::Named("time.Time", &Shape::Verbatim);

const fn field(name: &'static str, shape: Shape) -> Field {
    Field { name, shape }
}

/// The fields of an entry, with the type of a text in the metadata, which are an embedded struct, and beside them.
const fn entry(embedded: &'static Shape, own: &'static Shape) -> [Field; 25] {
    [
        field("name", *embedded),
        field("home", *embedded),
        field("sources", Shape::List(embedded)),
        field("version", *embedded),
        field("description", *embedded),
        field("keywords", Shape::List(embedded)),
        field("maintainers", Shape::List(&shapes::VERBATIM_MAINTAINER_POINTER)),
        field("icon", *embedded),
        field("apiVersion", *embedded),
        field("condition", *embedded),
        field("tags", *embedded),
        field("appVersion", *embedded),
        field("deprecated", Shape::Bool),
        field("annotations", Shape::Map(embedded)),
        field("kubeVersion", *embedded),
        field("dependencies", Shape::List(&shapes::VERBATIM_DEPENDENCY_POINTER)),
        field("type", *embedded),
        field("urls", Shape::List(own)),
        field("created", TIME),
        field("removed", Shape::Bool),
        field("digest", *own),
        field("checksum", *own),
        field("engine", *own),
        field("tillerVersion", *own),
        field("url", *own),
    ]
}

/// The fields of an index, with the type of its entries and of a text in it.
const fn index(entries: &'static Shape, own: &'static Shape) -> [Field; 6] {
    [
        field("serverInfo", Shape::Map(&Shape::Any)),
        field("apiVersion", *own),
        field("generated", TIME),
        field("entries", Shape::Map(entries)),
        field("publicKeys", Shape::List(own)),
        field("annotations", Shape::Map(own)),
    ]
}

static YAML_ENTRY: Struct =
    Struct { go_name: "repo.ChartVersion", fields: &entry(&Shape::Verbatim, &Shape::Str) };
static YAML_ENTRY_POINTER: Shape = Shape::Pointer(&Shape::Struct(&YAML_ENTRY));
static YAML_ENTRIES: Shape = Shape::Named("repo.ChartVersions", &Shape::List(&YAML_ENTRY_POINTER));
static YAML_INDEX: Struct = Struct { go_name: "repo.IndexFile", fields: &index(&YAML_ENTRIES, &Shape::Str) };

static JSON_ENTRY: Struct =
    Struct { go_name: "repo.ChartVersion", fields: &entry(&Shape::Verbatim, &Shape::Verbatim) };
static JSON_ENTRY_POINTER: Shape = Shape::Pointer(&Shape::Struct(&JSON_ENTRY));
static JSON_ENTRIES: Shape = Shape::Named("repo.ChartVersions", &Shape::List(&JSON_ENTRY_POINTER));
static JSON_INDEX: Struct =
    Struct { go_name: "repo.IndexFile", fields: &index(&JSON_ENTRIES, &Shape::Verbatim) };

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
        let shape = if is_json { &JSON_INDEX } else { &YAML_INDEX };
        let decoded = yaml::decode(text.as_bytes(), Shape::Struct(shape), !is_json);
        if let Some(error) = decoded.error {
            return Err(invalid(match is_json {
                // Without YAML in front of it Go knows the name of the outermost type.
                true => error.cause().replacen(" .", " IndexFile.", 1),
                false => error.message(),
            }));
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
                    log.push(Log::new(Level::Warn, line).with("name", name.as_str()).with("source", source));
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
                        let line = line.with("name", name.as_str()).with("version", version);
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
