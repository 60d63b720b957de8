//! The head of a manifest: all that Helm wants to know of a rendered document.

use value::{Map, Value};

use crate::decode::Decoded;
use crate::error::Error;
use crate::read::decode;
use crate::shape::{Field, Shape, Struct};

/// What Helm reads of every rendered document: `util.SimpleHead`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Head {
    /// `apiVersion`; empty if there is none.
    pub api_version: value::Text,
    /// `kind`; empty if there is none.
    pub kind: value::Text,
    /// `metadata`, if there is one.
    pub metadata: Option<Metadata>,
}

/// The `metadata` of a [`Head`].
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Metadata {
    /// `name`; empty if there is none.
    pub name: value::Text,
    /// `annotations` in the order of their keys; `None` if there are none, which is not the same as an empty map.
    pub annotations: Option<Vec<(value::Text, value::Text)>>,
}

static METADATA: Struct = Struct {
    go_name: r#"struct { Name string "json:\"name\""; Annotations map[string]string "json:\"annotations\"" }"#,
    fields: &[
        Field { name: "name", shape: Shape::Str },
        Field { name: "annotations", shape: Shape::Map(&Shape::Str) },
    ],
};

static SIMPLE_HEAD: Struct = Struct {
    go_name: "util.SimpleHead",
    fields: &[
        Field { name: "apiVersion", shape: Shape::Str },
        Field { name: "kind", shape: Shape::Str },
        Field { name: "metadata", shape: Shape::Pointer(&Shape::Struct(&METADATA)) },
    ],
};

/// The head of the first document of `document`.
///
/// # Errors
/// Exactly those of `sigs.k8s.io/yaml`'s `Unmarshal` of the whole document into `util.SimpleHead`.
pub fn head(document: &[u8]) -> Result<Head, Error> {
    let Decoded { value, error } = decode(document, Shape::Struct(&SIMPLE_HEAD), false);
    match (error, value) {
        (Some(error), _) => Err(error),
        (None, Value::Map(map)) => Ok(head_of(&map)),
        (None, _) => Ok(Head::default()),
    }
}

fn head_of(map: &Map) -> Head {
    let text = |map: &Map, name: &str| match map.get(name) {
        Some(Value::Str(text)) => text,
        _ => value::Text::new(),
    };
    let metadata = match map.get("metadata") {
        Some(Value::Map(metadata)) => Some(Metadata {
            name: text(&metadata, "name"),
            annotations: match metadata.get("annotations") {
                Some(Value::Map(annotations)) if !annotations.is_nil() => Some(
                    annotations
                        .entries()
                        .into_iter()
                        .filter_map(|(key, value)| Some((key, value.as_text()?.clone())))
                        .collect(),
                ),
                _ => None,
            },
        }),
        _ => None,
    };
    Head { api_version: text(map, "apiVersion"), kind: text(map, "kind"), metadata }
}
