//! The YAML files of a chart, decoded into what they describe.
//!
//! Source: helm v4.3.1 `pkg/chart/v2/metadata.go`, `dependency.go` (the JSON names), `loader/load.go`, `LoadValues`.

use std::collections::BTreeMap;

use value::{Map, Text, Value};
use yaml::{Field, Shape, Struct, decode, documents};

use super::super::{Dependency, File, Lock, Metadata};
use crate::Error;

const STR: Shape = Shape::Str;

const fn field(name: &'static str, shape: Shape) -> Field {
    Field { name, shape }
}

static CHART_BASE: Struct = Struct { go_name: "loader.chartBase", fields: &[field("apiVersion", STR)] };

const fn maintainer(text: Shape) -> [Field; 3] {
    [field("name", text), field("email", text), field("url", text)]
}

const fn dependency(text: &'static Shape) -> [Field; 8] {
    [
        field("name", *text),
        field("version", *text),
        field("repository", *text),
        field("condition", *text),
        field("tags", Shape::List(text)),
        field("enabled", Shape::Bool),
        field("import-values", Shape::List(&Shape::Any)),
        field("alias", *text),
    ]
}

static MAINTAINER: Struct = Struct { go_name: "v2.Maintainer", fields: &maintainer(STR) };
static MAINTAINER_POINTER: Shape = Shape::Pointer(&Shape::Struct(&MAINTAINER));
static DEPENDENCY: Struct = Struct { go_name: "v2.Dependency", fields: &dependency(&STR) };
static DEPENDENCY_POINTER: Shape = Shape::Pointer(&Shape::Struct(&DEPENDENCY));

/// The same where texts must be texts.
static VERBATIM_MAINTAINER: Struct =
    Struct { go_name: "v2.Maintainer", fields: &maintainer(Shape::Verbatim) };
pub(crate) static VERBATIM_MAINTAINER_POINTER: Shape = Shape::Pointer(&Shape::Struct(&VERBATIM_MAINTAINER));
static VERBATIM_DEPENDENCY: Struct =
    Struct { go_name: "v2.Dependency", fields: &dependency(&Shape::Verbatim) };
pub(crate) static VERBATIM_DEPENDENCY_POINTER: Shape = Shape::Pointer(&Shape::Struct(&VERBATIM_DEPENDENCY));

static METADATA: Struct = Struct {
    go_name: "v2.Metadata",
    fields: &[
        field("name", STR),
        field("home", STR),
        field("sources", Shape::List(&STR)),
        field("version", STR),
        field("description", STR),
        field("keywords", Shape::List(&STR)),
        field("maintainers", Shape::List(&MAINTAINER_POINTER)),
        field("icon", STR),
        field("apiVersion", STR),
        field("condition", STR),
        field("tags", STR),
        field("appVersion", STR),
        field("deprecated", Shape::Bool),
        field("annotations", Shape::Map(&STR)),
        field("kubeVersion", STR),
        field("dependencies", Shape::List(&DEPENDENCY_POINTER)),
        field("type", STR),
    ],
};

static LOCK: Struct = Struct {
    go_name: "v2.Lock",
    fields: &[
        field("generated", Shape::Named("time.Time", &Shape::Verbatim)),
        field("digest", STR),
        field("dependencies", Shape::List(&DEPENDENCY_POINTER)),
    ],
};

/// Helm reads a lock file into a pointer, which nothing leaves empty.
const LOCK_POINTER: Shape = Shape::Pointer(&Shape::Struct(&LOCK));

/// The `apiVersion` of a `Chart.yaml`, and nothing else of it.
pub(super) fn decode_api_version(text: &Text) -> Result<String, Error> {
    let fields =
        decode_struct(text, &CHART_BASE).map_err(|error| chart_yaml_error(&error, text, "Chart.yaml"))?;
    Ok(fields.map(|fields| text_of(&fields, "apiVersion")).unwrap_or_default())
}

/// Reads a `Chart.yaml` or `requirements.yaml` into `metadata`: fields that it does not have stay.
pub(super) fn decode_metadata(metadata: &mut Metadata, file: &File) -> Result<(), Error> {
    let fields = decode_struct(&file.data, &METADATA)
        .map_err(|error| chart_yaml_error(&error, &file.data, &file.name))?;
    if let Some(fields) = fields {
        metadata.absorb(&fields);
    }
    Ok(())
}

/// Reads a `Chart.yaml` as `helm lint` does: without Helm's words around the reader's error, and strictly when asked.
pub(crate) fn decode_for_lint(text: &Text, strict: bool) -> Result<Metadata, String> {
    let decoded = decode(text.as_bytes(), Shape::Struct(&METADATA), strict);
    if let Some(error) = decoded.error {
        return Err(error.message());
    }
    let mut metadata = Metadata::default();
    if let Value::Map(fields) = decoded.value {
        metadata.absorb(&fields);
    }
    Ok(metadata)
}

/// Reads a lock file; `None` when it holds nothing.
pub(super) fn decode_lock(file: &File) -> Result<Option<Lock>, Error> {
    let failed = |error: &yaml::Error| chart_yaml_error(error, &file.data, &file.name);
    let decoded = decode(file.data.as_bytes(), LOCK_POINTER, false);
    let fields = match (decoded.error, decoded.value) {
        (Some(error), _) => return Err(failed(&error)),
        (None, Value::Map(fields)) => fields,
        (None, _) => return Ok(None),
    };
    let bad_time = |cause: String| {
        let message =
            format!("cannot load {}: error unmarshaling JSON: while decoding JSON: {cause}", file.name);
        Error::new("chart-yaml-invalid", message).at(&*file.name, None)
    };
    let generated = match fields.get("generated") {
        None | Some(Value::Nil) => String::new(),
        Some(Value::Str(text)) => {
            let text = text.to_string_lossy().into_owned();
            super::super::lock::seconds(&text).map_err(|cause| bad_time(format!("parsing time {cause}")))?;
            text
        }
        Some(other) => {
            let found = match other {
                Value::Bool(_) => "bool",
                Value::List(_) => "array",
                Value::Map(_) => "object",
                _ => "number",
            };
            let field = "Go struct field .generated of type time.Time";
            return Err(bad_time(format!("json: cannot unmarshal {found} into {field}")));
        }
    };
    let dependencies = fields.get("dependencies").and_then(|list| {
        let mut dependencies = Vec::new();
        take_dependencies(&mut dependencies, list.as_list()?);
        Some(dependencies)
    });
    Ok(Some(Lock { generated, digest: text_of(&fields, "digest"), dependencies }))
}

/// See [`load_values`](super::load_values).
pub(super) fn values(text: &Text) -> Result<Map, Error> {
    let mut values = Map::new();
    let bytes = text.as_bytes();
    for document in documents(bytes) {
        let failed = |prefix: &str, error: &yaml::Error, start: u32| {
            let line = error.offset().map(|offset| line_of(bytes, start + offset));
            let mut failed = Error::new("values-invalid", format!("{prefix}{error}"));
            if line.is_some() {
                failed = failed.at("", line);
            }
            failed
        };
        let document = document.map_err(|error| failed("error reading yaml document: ", &error, 0))?;
        let read = yaml::read_map(&document.text)
            .map_err(|error| failed("cannot unmarshal yaml document: ", &error, document.range.start))?;
        values = merge_maps(values, read);
    }
    Ok(values)
}

/// Merges `over` over `base`: maps key by key, everything else whole, nulls included. Uses up both.
///
/// Source: `loader.MergeMaps`.
pub(crate) fn merge_maps(base: Map, over: Map) -> Map {
    let mut waiting = vec![(base.clone(), over)];
    while let Some((base, over)) = waiting.pop() {
        for (key, value) in over.entries() {
            match (base.get(&key), value) {
                (Some(Value::Map(below)), Value::Map(above)) => waiting.push((below, above)),
                (_, value) => {
                    base.insert(key, value);
                }
            }
        }
    }
    base
}

fn decode_struct(text: &Text, shape: &'static Struct) -> Result<Option<Map>, yaml::Error> {
    let decoded = decode(text.as_bytes(), Shape::Struct(shape), false);
    match (decoded.error, decoded.value) {
        (Some(error), _) => Err(error),
        (None, Value::Map(fields)) => Ok(Some(fields)),
        (None, _) => Ok(None),
    }
}

fn chart_yaml_error(error: &yaml::Error, text: &Text, name: &str) -> Error {
    let line = error.offset().map(|offset| line_of(text.as_bytes(), offset));
    Error::new("chart-yaml-invalid", format!("cannot load {name}: {error}")).at(name, line)
}

fn line_of(text: &[u8], offset: u32) -> u32 {
    let end = (offset as usize).min(text.len());
    let breaks = text[..end].iter().filter(|byte| **byte == b'\n').count();
    u32::try_from(breaks + 1).unwrap_or(u32::MAX)
}

impl Metadata {
    /// Metadata among the fields of something else.
    pub(crate) fn of_fields(fields: &Map) -> Self {
        let mut metadata = Self::default();
        metadata.absorb(fields);
        metadata
    }

    fn absorb(&mut self, fields: &Map) {
        let text = |name: &str, target: &mut String| take_text(fields, name, target);
        text("name", &mut self.name);
        text("home", &mut self.home);
        text("version", &mut self.version);
        text("description", &mut self.description);
        text("icon", &mut self.icon);
        text("apiVersion", &mut self.api_version);
        text("condition", &mut self.condition);
        text("tags", &mut self.tags);
        text("appVersion", &mut self.app_version);
        text("kubeVersion", &mut self.kube_version);
        text("type", &mut self.kind);
        if let Some(Value::Bool(deprecated)) = fields.get("deprecated") {
            self.deprecated = deprecated;
        }
        if let Some(list) = fields.get("sources") {
            self.sources = texts_of(&list);
        }
        if let Some(list) = fields.get("keywords") {
            self.keywords = texts_of(&list);
        }
        if let Some(list) = fields.get("maintainers") {
            take_entries(
                &mut self.maintainers,
                list.as_list().map_or(&[], |list| list),
                |maintainer, fields| {
                    take_text(fields, "name", &mut maintainer.name);
                    take_text(fields, "email", &mut maintainer.email);
                    take_text(fields, "url", &mut maintainer.url);
                },
            );
        }
        match fields.get("annotations") {
            None => {}
            Some(Value::Map(map)) if !map.is_nil() => {
                let annotations = self.annotations.get_or_insert_with(BTreeMap::new);
                for (key, value) in map.borrow().iter() {
                    let text = value.as_text().map(|text| text.to_string_lossy().into_owned());
                    annotations.insert(key.to_string_lossy().into_owned(), text.unwrap_or_default());
                }
            }
            Some(_) => self.annotations = None,
        }
        match fields.get("dependencies") {
            None => {}
            Some(Value::List(list)) if !list.is_nil() => {
                take_dependencies(self.dependencies.get_or_insert_default(), &list);
            }
            Some(_) => self.dependencies = None,
        }
    }
}

fn take_dependencies(dependencies: &mut Vec<Option<Dependency>>, list: &[Value]) {
    take_entries(dependencies, list, |dependency, fields| {
        take_text(fields, "name", &mut dependency.name);
        take_text(fields, "version", &mut dependency.version);
        take_text(fields, "repository", &mut dependency.repository);
        take_text(fields, "condition", &mut dependency.condition);
        take_text(fields, "alias", &mut dependency.alias);
        if let Some(list) = fields.get("tags") {
            dependency.tags = texts_of(&list);
        }
        if let Some(Value::Bool(enabled)) = fields.get("enabled") {
            dependency.enabled = enabled;
        }
        if let Some(list) = fields.get("import-values") {
            dependency.import_values = list.as_list().map(|list| list.to_vec()).unwrap_or_default();
        }
    });
}

/// Decodes a list into one that is there, as Go does: an entry keeps what the new one does not name.
fn take_entries<T: Default>(
    entries: &mut Vec<Option<T>>,
    list: &[Value],
    mut take: impl FnMut(&mut T, &Map),
) {
    entries.resize_with(list.len(), || None);
    for (entry, value) in entries.iter_mut().zip(list) {
        match value.as_map() {
            Some(fields) => take(entry.get_or_insert_default(), fields),
            None => *entry = None,
        }
    }
}

fn texts_of(list: &Value) -> Vec<String> {
    let items = list.as_list().into_iter().flat_map(|list| list.iter());
    items
        .map(|item| item.as_text().map(|text| text.to_string_lossy().into_owned()).unwrap_or_default())
        .collect()
}

fn take_text(fields: &Map, name: &str, target: &mut String) {
    if let Some(Value::Str(text)) = fields.get(name) {
        *target = text.to_string_lossy().into_owned();
    }
}

fn text_of(fields: &Map, name: &str) -> String {
    match fields.get(name) {
        Some(Value::Str(text)) => text.to_string_lossy().into_owned(),
        _ => String::new(),
    }
}
