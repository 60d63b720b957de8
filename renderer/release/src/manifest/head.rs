//! What a document says it is.
//!
//! Source: helm v4.3.1 `pkg/release/v1/util/manifest.go`, `SimpleHead`.

use value::Text;

/// Kind, name and annotations of a document; empty where it does not say.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// `apiVersion`
    pub api_version: Text,
    /// `kind`
    pub kind: Text,
    /// `metadata.name`
    pub name: Text,
    /// `metadata.annotations`
    pub annotations: Vec<(Text, Text)>,
}

impl Head {
    /// Reads the head of a document, and that all of it is YAML.
    ///
    /// # Errors
    /// The reader's.
    pub fn read(document: &Text) -> Result<Self, yaml::Error> {
        let head = yaml::head(document.as_bytes())?;
        let (name, annotations) = match head.metadata {
            Some(metadata) => (metadata.name, metadata.annotations.unwrap_or_default()),
            None => Default::default(),
        };
        Ok(Self { api_version: head.api_version, kind: head.kind, name, annotations })
    }

    /// The annotation of this name.
    pub fn annotation(&self, name: &str) -> Option<&Text> {
        self.annotations.iter().rev().find(|(known, _)| *known == name).map(|(_, text)| text)
    }
}
