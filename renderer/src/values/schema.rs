//! Values against `values.schema.json`, with Helm's report.
//!
//! The checking is boon's, by the author of the validator in Helm; the words, the layout and a few rules in which the two
//! differ are here. Nothing is fetched: a schema may refer to itself and to the known drafts alone.
//!
//! Source: helm v4.3.1 `pkg/chart/common/util/jsonschema.go`; santhosh-tekuri/jsonschema v6.0.3.

mod formats;
mod words;

use std::cell::RefCell;
use std::collections::HashMap;
use std::error::Error as StdError;
use std::rc::Rc;

use boon::{CompileError, Compiler, Format, SchemaIndex, Schemas, UrlLoader};
use serde_json::{Number, Value as Json};
use source::ContentHash;
use value::json::decode_prefix;
use value::{Map, Text, Value};

use crate::Error;
use crate::chart::Chart;
use crate::log::{Level, Log};
use crate::show::quote;

/// Where Helm says that the schema stands.
const URL: &str = "file:///values.schema.json";

/// How deep values and schemas may nest to be checked. A limit of ours: the checker recurses, and Helm's goes as deep as its
/// stack. No known chart nests 30 deep.
const MAX_DEPTH: usize = 100;

/// Schemas of earlier checks, by their text: making them ready takes longer than checking.
#[derive(Default)]
pub struct SchemaCache(HashMap<ContentHash, Rc<Compiled>>);

/// How many schemas are kept: those of any known chart, and the versions of one that is being typed.
const MANY: usize = 64;

impl SchemaCache {
    fn compiled(&mut self, schema: &Text) -> Rc<Compiled> {
        if self.0.len() == MANY {
            self.0.clear();
        }
        let compiled = self.0.entry(ContentHash::of(schema.as_bytes()));
        compiled.or_insert_with(|| Rc::new(Compiled::new(schema))).clone()
    }
}

/// A schema that is ready, or why there is none.
struct Compiled {
    /// Names that stand for "anything goes".
    urns: Vec<String>,
    result: Result<Ready, String>,
}

/// A schema as boon wants it, and its text.
struct Ready {
    schemas: Schemas,
    index: SchemaIndex,
    document: Json,
}

/// Checks coalesced values against the schemas of a chart and its subcharts.
///
/// Shape: `values` is what [`coalesce`](super::coalesce) gave for `chart`. Siblings come in the order of their keys, where
/// Helm's order is random.
///
/// Cost: a schema that is not in the cache is compiled, in the square of its size.
///
/// # Errors
/// `values-do-not-fit-schema` with Helm's whole report.
///
/// Source: `ToRenderValues`, `ValidateAgainstSchema`.
pub fn validate(
    chart: &Chart,
    values: &Map,
    cache: &mut SchemaCache,
    log: &mut Vec<Log>,
) -> Result<(), Error> {
    let mut report = String::new();
    validate_chart(chart, values, &mut report, cache, &mut Vec::new(), log);
    if report.is_empty() {
        return Ok(());
    }
    let message =
        format!("values don't meet the specifications of the schema(s) in the following chart(s):\n{report}");
    Err(Error::new("values-do-not-fit-schema", message))
}

/// Recurses over charts, whose nesting is bounded.
fn validate_chart(
    chart: &Chart,
    values: &Map,
    report: &mut String,
    cache: &mut SchemaCache,
    warned: &mut Vec<String>,
    log: &mut Vec<Log>,
) {
    if let Some(schema) = &chart.schema {
        log.push(Log::new(Level::Debug, "chart name").with("chart-name", chart.name()));
        let compiled = cache.compiled(&schema.data);
        for urn in &compiled.urns {
            if !warned.contains(urn) {
                let message = "unresolved URN reference ignored; using permissive schema";
                log.push(Log::new(Level::Warn, message).with("urn", urn.as_str()));
                warned.push(urn.clone());
            }
        }
        if let Err(why) = compiled.validate(values) {
            report.push_str(&format!("{}:\n{why}", chart.name()));
        }
    }
    let line = Log::new(Level::Debug, "number of dependencies in the chart").with("chart", chart.name());
    log.push(line.with("dependencies", chart.dependencies.len().to_string()));
    for dependency in &chart.dependencies {
        match values.get(dependency.name()) {
            None | Some(Value::Nil) => {}
            Some(Value::Map(table)) => validate_chart(dependency, &table, report, cache, warned, log),
            Some(other) => report.push_str(&format!(
                "{}:\ninvalid type for values: expected object (map), got {}\n",
                dependency.name(),
                other.type_name()
            )),
        }
    }
}

/// Checks one map against one schema, outside of any chart.
///
/// # Errors
/// Helm's report.
pub(crate) fn validate_single(values: &Map, schema: &Text, cache: &mut SchemaCache) -> Result<(), String> {
    cache.compiled(schema).validate(values)
}

/// Source: `ValidateAgainstSingleSchema`.
impl Compiled {
    fn new(schema: &Text) -> Self {
        let urns = Rc::default();
        let result = compile(schema, &urns);
        Self { urns: urns.take(), result }
    }

    /// Checks one map.
    ///
    /// # Errors
    /// Helm's report for this chart: lines that end in a line feed, or a sentence without one when the schema itself is wrong.
    fn validate(&self, values: &Map) -> Result<(), String> {
        let Ready { schemas, index, document } = self.result.as_ref().map_err(String::clone)?;
        let instance = to_json(&Value::Map(values.clone()), 0)?;
        schemas.validate(&instance, *index).map_err(|error| {
            let report = words::report(&error, document);
            let first = format!("jsonschema validation failed with '{URL}#'\n");
            format!("{}\n", report.strip_prefix(&first).unwrap_or(&report))
        })
    }
}

/// Makes a schema ready; `urns` takes the names that it met.
fn compile(schema: &Text, urns: &Rc<RefCell<Vec<String>>>) -> Result<Ready, String> {
    let document = to_json(&read_schema(schema)?, 0)?;
    let mut compiler = Compiler::new();
    compiler.use_loader(Box::new(Loader { urns: Rc::clone(urns) }));
    for (name, func) in FORMATS {
        compiler.register_format(Format { name, func });
    }
    compiler.add_resource(URL, document.clone()).map_err(|error| compile_error(&error))?;
    let mut schemas = Schemas::new();
    let index = compiler.compile(URL, &mut schemas).map_err(|error| compile_error(&error))?;
    Ok(Ready { schemas, index, document })
}

type Check = fn(&Json) -> Result<(), Box<dyn StdError>>;

/// Our checks in the form that boon takes: plain functions, which know their check by its number.
const FORMATS: [(&str, Check); formats::FORMATS.len()] = [
    (formats::FORMATS[0].0, check::<0>),
    (formats::FORMATS[1].0, check::<1>),
    (formats::FORMATS[2].0, check::<2>),
    (formats::FORMATS[3].0, check::<3>),
    (formats::FORMATS[4].0, check::<4>),
    (formats::FORMATS[5].0, check::<5>),
    (formats::FORMATS[6].0, check::<6>),
    (formats::FORMATS[7].0, check::<7>),
    (formats::FORMATS[8].0, check::<8>),
    (formats::FORMATS[9].0, check::<9>),
    (formats::FORMATS[10].0, check::<10>),
    (formats::FORMATS[11].0, check::<11>),
    (formats::FORMATS[12].0, check::<12>),
    (formats::FORMATS[13].0, check::<13>),
    (formats::FORMATS[14].0, check::<14>),
    (formats::FORMATS[15].0, check::<15>),
    (formats::FORMATS[16].0, check::<16>),
];

fn check<const NUMBER: usize>(value: &Json) -> Result<(), Box<dyn StdError>> {
    match value {
        Json::String(text) => Ok(formats::FORMATS[NUMBER].1(text)?),
        _ => Ok(()),
    }
}

/// Reads the schema with the words of Go's `json.Decoder`.
fn read_schema(text: &Text) -> Result<Value, String> {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
    if text.as_bytes().iter().all(is_space) {
        return Err("EOF".to_owned());
    }
    let (schema, end) = decode_prefix(text).map_err(|error| match error.message() {
        "unexpected end of JSON input" => "unexpected EOF".to_owned(),
        message => message.to_owned(),
    })?;
    if text.as_bytes()[end..].iter().all(is_space) {
        Ok(schema)
    } else {
        Err("invalid character after top-level value".to_owned())
    }
}

/// The form that the checker reads. Recurses at most [`MAX_DEPTH`] deep.
fn to_json(value: &Value, depth: usize) -> Result<Json, String> {
    if depth > MAX_DEPTH {
        return Err(format!("more than {MAX_DEPTH} levels of nesting cannot be checked against a schema\n"));
    }
    Ok(match value {
        Value::Nil => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(value) | Value::Int64(value) => Json::from(*value),
        Value::Uint8(value) => Json::from(*value),
        Value::Uint64(value) => Json::from(*value),
        Value::Float64(value) => number(*value),
        Value::Str(text) => Json::String(text.to_string_lossy().into_owned()),
        Value::List(list) => {
            Json::Array(list.iter().map(|item| to_json(item, depth + 1)).collect::<Result<_, _>>()?)
        }
        Value::Map(map) => {
            let mut object = serde_json::Map::new();
            for (key, value) in map.borrow().iter() {
                object.insert(key.to_string_lossy().into_owned(), to_json(value, depth + 1)?);
            }
            Json::Object(object)
        }
        other => return Err(format!("invalid jsonType {}\n", other.type_name())),
    })
}

/// Whole numbers that a float holds exactly become integers, so that bounds and enumerations compare them exactly.
fn number(value: f64) -> Json {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() <= EXACT {
        return Json::from(value as i64);
    }
    // Neither YAML nor JSON gives infinities.
    Number::from_f64(value).map_or(Json::Null, Json::Number)
}

/// Refuses every address, but for names (`urn:`), which stand for "anything goes".
struct Loader {
    urns: Rc<RefCell<Vec<String>>>,
}

impl UrlLoader for Loader {
    fn load(&self, url: &str) -> Result<Json, Box<dyn StdError>> {
        let (scheme, rest) = url.split_once(':').unwrap_or_default();
        match scheme {
            "urn" => {
                let mut urns = self.urns.borrow_mut();
                if !urns.iter().any(|urn| urn == url) {
                    urns.push(url.to_owned());
                }
                Ok(Json::Bool(true))
            }
            "file" => Err(format!("open {}: no such file or directory", file_path(rest)).into()),
            "http" | "https" => Err(format!("HTTP request failed for {url}: schemas are not fetched").into()),
            _ => Err(format!("no URLLoader registered for {}", quote(url)).into()),
        }
    }
}

/// The path of a file's address without its scheme: in `//../a.json` the dots are a host, which Go leaves out.
fn file_path(rest: &str) -> String {
    let path = rest.strip_prefix("//").map_or(rest, |rest| &rest[rest.find('/').unwrap_or(rest.len())..]);
    let mut bytes = Vec::with_capacity(path.len());
    let mut tail = path.as_bytes();
    while let Some((byte, rest)) = tail.split_first() {
        let escaped = rest.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match escaped.filter(|_| *byte == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(escaped) => {
                bytes.push(escaped);
                tail = &rest[2..];
            }
            None => {
                bytes.push(*byte);
                tail = rest;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What is wrong with a schema, in the words of Helm's validator.
fn compile_error(error: &CompileError) -> String {
    match error {
        CompileError::ParseUrlError { url, src } => format!("error in parsing {}: {src}", quote(url)),
        CompileError::LoadUrlError { url, src } => format!("failing loading {}: {src}", quote(url)),
        CompileError::UnsupportedUrlScheme { url } => {
            format!("failing loading {0}: no URLLoader registered for {0}", quote(url))
        }
        // The address of a draft that is no address at all.
        CompileError::InvalidMetaSchemaUrl { .. } => {
            "failing loading \"\": no URLLoader registered for \"\"".to_owned()
        }
        CompileError::UnsupportedDraft { url } => format!("draft {} is not supported", quote(url)),
        CompileError::MetaSchemaCycle { url } => format!("cycle in resolving $schema in {}", quote(url)),
        CompileError::ValidationError { url, src } => {
            let url = if url.contains('#') { url.clone() } else { format!("{url}#") };
            format!("{} is not valid against metaschema: {}", quote(&url), words::report(src, &Json::Null))
        }
        CompileError::ParseIdError { loc } => format!("error in parsing id at {}", quote(loc)),
        CompileError::ParseAnchorError { loc } => format!("error in parsing anchor at {}", quote(loc)),
        CompileError::DuplicateId { url, id, ptr1, ptr2 } => {
            format!("duplicate id {} in {} at {} and {}", quote(id), quote(url), quote(ptr1), quote(ptr2))
        }
        CompileError::DuplicateAnchor { anchor, url, ptr1, ptr2 } => {
            format!(
                "duplicate anchor {} in {} at {} and {}",
                quote(anchor),
                quote(url),
                quote(ptr1),
                quote(ptr2)
            )
        }
        CompileError::InvalidJsonPointer(at) => format!("invalid json-pointer {}", quote(at)),
        CompileError::JsonPointerNotFound(at) => format!("json-pointer in {} not found", quote(at)),
        CompileError::AnchorNotFound { url, reference } => {
            format!("anchor in {} not found in schema {}", quote(reference), quote(url))
        }
        CompileError::UnsupportedVocabulary { url, vocabulary } => {
            format!("unsupported vocabulary {} in {}", quote(vocabulary), quote(url))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
