//! The objects in a text as lint reads them: YAML documents, or a stream of JSON.
//!
//! Source: k8s.io/apimachinery v0.37.1 `pkg/util/yaml/decoder.go`, `YAMLOrJSONDecoder`; helm v4.3.1
//! `pkg/chart/v2/lint/rules/template.go`, `k8sYamlStruct`.

use value::{Map, Text, Value, json};
use yaml::{Field, Shape, Struct, documents};

/// What lint reads of an object.
#[derive(Clone, Debug, Default)]
pub(super) struct Object {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) name: String,
}

static METADATA: Struct = Struct {
    go_name: "rules.k8sYamlMetadata",
    fields: &[Field { name: "Namespace", shape: Shape::Str }, Field { name: "Name", shape: Shape::Str }],
};

static OBJECT: Struct = Struct {
    go_name: "rules.k8sYamlStruct",
    fields: &[
        Field { name: "apiVersion", shape: Shape::Str },
        Field { name: "Kind", shape: Shape::Str },
        Field { name: "Metadata", shape: Shape::Struct(&METADATA) },
    ],
};

/// The objects of a text, one after the other; `None` for one that is empty. The last item is an error if there is one.
///
/// A text that starts like JSON is read as JSON until that fails, and then as YAML. The error of JSON is the one that is told.
pub(super) fn objects(text: &Text) -> Vec<Result<Option<Object>, String>> {
    let bytes = text.as_bytes();
    if !skip_space(bytes).starts_with(b"{") {
        return yaml_objects(bytes);
    }
    let mut objects = Vec::new();
    let mut at = 0;
    loop {
        let rest = text.slice(at..text.len());
        if rest.as_bytes().iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) {
            return objects;
        }
        let why = match json::decode_prefix(&rest) {
            Ok((value, length)) => match object_of_json(&value) {
                Ok(object) => {
                    objects.push(Ok(object));
                    at += length;
                    continue;
                }
                Err(why) => why,
            },
            Err(error) => {
                let why = json_words(&error, rest.len());
                match why.1 {
                    // With more than one object behind it, the stream cannot be YAML, and nothing is put in front.
                    Some(offset) if objects.len() <= 1 => format!("json: offset {}: {}", at + offset, why.0),
                    _ => why.0,
                }
            }
        };
        if objects.len() > 1 {
            objects.push(Err(why));
            return objects;
        }
        let Some(rest) = line_or_text(rest.as_bytes()) else {
            objects.push(Err(why));
            return objects;
        };
        let mut as_yaml = yaml_objects(rest);
        if let Some(first @ Err(_)) = as_yaml.first_mut() {
            *first = Err(why);
        }
        objects.append(&mut as_yaml);
        return objects;
    }
}

fn skip_space(text: &[u8]) -> &[u8] {
    match std::str::from_utf8(text) {
        Ok(text) => text.trim_start().as_bytes(),
        Err(error) => {
            // What is valid stands before the error.
            let valid = std::str::from_utf8(&text[..error.valid_up_to()]).unwrap_or_default();
            &text[valid.len() - valid.trim_start().len()..]
        }
    }
}

/// What Go's decoder says of a stream, and how many bytes it has read by then; `None` where it does not say.
fn json_words(error: &json::Error, length: usize) -> (String, Option<usize>) {
    let message = error.message();
    let Some(offset) = error.offset() else { return (message.to_owned(), None) };
    if message == "unexpected end of JSON input" || offset >= length {
        return ("unexpected EOF".to_owned(), None);
    }
    // A wrong character has been read, a wrong escape as a whole.
    let read = match message.strip_prefix("invalid escape sequence `") {
        Some(rest) => rest.find('`').unwrap_or(1),
        None => 1,
    };
    (message.to_owned(), Some(offset + read))
}

/// The text behind its first line feed or from its first character that is no white space, whichever comes first; `None`
/// where fewer than four bytes are left to look at, at which the decoder gives up.
fn line_or_text(text: &[u8]) -> Option<&[u8]> {
    let skipped = text.len() - skip_space(text).len();
    let (last, rest) = match text[..skipped].iter().position(|byte| *byte == b'\n') {
        Some(feed) => (feed, &text[feed + 1..]),
        None => (skipped, &text[skipped..]),
    };
    (text.len() - last >= 4).then_some(rest)
}

/// An object as Go's JSON puts it into the struct: names match whatever their case.
fn object_of_json(value: &Value) -> Result<Option<Object>, String> {
    let fields = match value {
        Value::Nil => return Ok(None),
        Value::Map(fields) => fields,
        other => return Err(mismatch(other, "Go value", "rules.k8sYamlStruct")),
    };
    // Errors name the key as it stands in the text.
    let (key, metadata) = match field(fields, "Metadata") {
        None | Some((_, Value::Nil)) => (String::new(), Map::new()),
        Some((key, Value::Map(metadata))) => (format!(".{key}"), metadata),
        Some((key, other)) => {
            return Err(mismatch(&other, &format!("Go struct field .{key}"), "rules.k8sYamlMetadata"));
        }
    };
    let text = |fields: &Map, name: &str, place: &str| match field(fields, name) {
        None | Some((_, Value::Nil)) => Ok(String::new()),
        Some((_, Value::Str(text))) => Ok(text.to_string_lossy().into_owned()),
        Some((key, other)) => Err(mismatch(&other, &format!("Go struct field {place}.{key}"), "string")),
    };
    text(&metadata, "Namespace", &key)?;
    Ok(Some(Object {
        api_version: text(fields, "apiVersion", "")?,
        kind: text(fields, "Kind", "")?,
        name: text(&metadata, "Name", &key)?,
    }))
}

/// The value under a name, and the key as it is written.
fn field(fields: &Map, name: &str) -> Option<(String, Value)> {
    if let Some(value) = fields.get(name) {
        return Some((name.to_owned(), value));
    }
    let keys = fields.keys();
    let key = keys.iter().find(|key| key.as_bytes().eq_ignore_ascii_case(name.as_bytes()))?;
    Some((key.to_string_lossy().into_owned(), fields.get(key)?))
}

fn mismatch(value: &Value, place: &str, wanted: &str) -> String {
    let found = match value {
        Value::Bool(_) => "bool",
        Value::Float64(_) => "number",
        Value::List(_) => "array",
        Value::Map(_) => "object",
        _ => "string",
    };
    format!("json: cannot unmarshal {found} into {place} of type {wanted}")
}

/// A document of nothing leaves the pointer nil.
static POINTEE: Shape = Shape::Struct(&OBJECT);

/// The objects of YAML, document by document.
fn yaml_objects(text: &[u8]) -> Vec<Result<Option<Object>, String>> {
    let mut objects = Vec::new();
    for document in documents(without_lost_line(text)) {
        let object = match document {
            Ok(document) => read_object(&document.text),
            Err(error) => Err(error.message()),
        };
        let failed = object.is_err();
        objects.push(object);
        if failed {
            break;
        }
    }
    objects
}

/// Go reads the lines in pieces of 4096 bytes here. A last line without a line feed that is made of whole pieces is lost: the
/// end of the file comes with nothing to add to it.
fn without_lost_line(text: &[u8]) -> &[u8] {
    const PIECE_BYTES: usize = 4096;
    let start = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |feed| feed + 1);
    let length = text.len() - start;
    if length > 0 && length.is_multiple_of(PIECE_BYTES) { &text[..start] } else { text }
}

fn read_object(document: &[u8]) -> Result<Option<Object>, String> {
    let decoded = yaml::decode(document, Shape::Pointer(&POINTEE), false);
    if let Some(error) = decoded.error {
        return Err(error.message());
    }
    let Value::Map(fields) = decoded.value else { return Ok(None) };
    let text = |value: Option<Value>| {
        value
            .as_ref()
            .and_then(Value::as_text)
            .map(|text| text.to_string_lossy().into_owned())
            .unwrap_or_default()
    };
    let metadata = fields.get("Metadata").and_then(|metadata| metadata.as_map().cloned());
    Ok(Some(Object {
        api_version: text(fields.get("apiVersion")),
        kind: text(fields.get("Kind")),
        name: text(metadata.and_then(|metadata| metadata.get("Name"))),
    }))
}
