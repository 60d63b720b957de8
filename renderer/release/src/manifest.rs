//! From rendered files to documents in the order in which Helm installs and prints them.
//!
//! Source: helm v4.3.1 `pkg/release/v1/util/manifest_sorter.go`.

mod head;
mod hook;
mod order;
mod split;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::rc::Rc;

use value::Text;

pub use head::Head;
pub use hook::{Event, Hook};
pub use order::{INSTALL_ORDER, by_kind};
pub use split::{is_blank, split, trim_space, trim_space_start};
pub use yaml::to_json;

/// One document that is not a hook.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// Path of the file that it was rendered from: `chart/templates/service.yaml`.
    pub path: Rc<str>,
    /// The document, trimmed at its start alone.
    pub content: Text,
    /// What it says it is.
    pub head: Rc<Head>,
}

/// The documents of a render.
#[derive(Clone, Debug, Default)]
pub struct Sorted {
    /// Hooks, in install order of their kinds; weights play no part here.
    pub hooks: Vec<Hook>,
    /// All others, in install order.
    pub manifests: Vec<Manifest>,
    /// The values of `helm.sh/hook` with an event that Helm does not know: these documents are dropped, with a log line each.
    pub unknown_hooks: Vec<UnknownHook>,
}

/// A document that is dropped because its hook annotation names no event of Helm's.
#[derive(Clone, Debug)]
pub struct UnknownHook {
    /// Path of its file.
    pub path: Rc<str>,
    /// The annotation as written.
    pub events: String,
}

/// A document that is not YAML, or whose head has another shape than a Kubernetes object's.
#[derive(Clone, Debug)]
pub struct ParseError {
    /// Path of the file.
    pub path: Rc<str>,
    /// Which document of the file, from 0.
    pub index: usize,
    /// The document.
    pub content: Text,
    /// What the reader says.
    pub cause: yaml::Error,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "YAML parse error on {}: {}", self.path, self.cause.message())
    }
}

impl std::error::Error for ParseError {}

/// The documents of one file, read; kept by content, so that an unchanged file costs nothing the next time.
#[derive(Clone, Debug, Default)]
pub struct Documents {
    documents: Vec<Document>,
}

#[derive(Clone, Debug)]
enum Document {
    Read(Text, Rc<Head>),
    Unreadable(Text, yaml::Error),
}

/// Splits one rendered file and reads the head of each document.
///
/// Cost: linear in the text; one pass of the validating reader.
pub fn documents(content: &Text) -> Documents {
    let read = |document: Text| match Head::read(&document) {
        Ok(head) => Document::Read(document, Rc::new(head)),
        Err(error) => Document::Unreadable(document, error),
    };
    Documents { documents: split(content).into_iter().map(read).collect() }
}

/// Sorts rendered files into hooks and manifests.
///
/// Shape: `files` are paths and documents in any order; partials (base name with `_`) are passed over.
///
/// What cannot be read is left out and reported: Helm stops at the first of these errors.
pub fn sort(files: &[(Rc<str>, Documents)]) -> (Sorted, Vec<ParseError>) {
    let mut files: Vec<&(Rc<str>, Documents)> = files.iter().collect();
    files.sort_by(|a, b| a.0.as_bytes().cmp(b.0.as_bytes()));
    let mut sorted = Sorted::default();
    let mut errors = Vec::new();
    for (path, documents) in files {
        let base = path.rsplit('/').next().unwrap_or_default();
        if base.starts_with('_') {
            continue;
        }
        for (index, document) in documents.documents.iter().enumerate() {
            match document {
                Document::Unreadable(content, cause) => errors.push(ParseError {
                    path: path.clone(),
                    index,
                    content: content.clone(),
                    cause: cause.clone(),
                }),
                Document::Read(content, head) => sorted.add(path, content, head),
            }
        }
    }
    by_kind(&mut sorted.hooks, |hook| hook.head.kind.as_bytes());
    by_kind(&mut sorted.manifests, |manifest| manifest.head.kind.as_bytes());
    (sorted, errors)
}

impl Sorted {
    fn add(&mut self, path: &Rc<str>, content: &Text, head: &Rc<Head>) {
        match head.annotation(hook::ANNOTATION).map(Text::to_string_lossy) {
            None => self.manifests.push(Manifest {
                path: path.clone(),
                content: content.clone(),
                head: head.clone(),
            }),
            Some(events) => match hook::events(&events) {
                None => {
                    self.unknown_hooks.push(UnknownHook { path: path.clone(), events: events.into_owned() })
                }
                Some(events) => {
                    self.hooks.push(Hook::new(path.clone(), content.clone(), head.clone(), events))
                }
            },
        }
    }
}

/// A JSON text as Helm's `toYaml` writes it, keys sorted; `None` when it is no JSON, or holds what YAML cannot.
#[must_use]
pub fn to_yaml(json: &str) -> Option<String> {
    match value::json::decode(&Text::from(json)) {
        (value, None) => Some(yaml::write(&value).ok()?.to_string_lossy().into_owned()),
        _ => None,
    }
}

/// The documents by file, reused as long as a file's text is the same: the second rung of the incremental ladder.
#[derive(Clone, Debug, Default)]
pub struct DocumentCache {
    by_path: HashMap<Rc<str>, (Text, Documents)>,
}

impl DocumentCache {
    /// The documents of `content`, read again only when it differs from what stood at `path` before.
    pub fn documents(&mut self, path: &Rc<str>, content: &Text) -> Documents {
        match self.by_path.get(path) {
            Some((known, documents)) if known == content => documents.clone(),
            _ => {
                let read = documents(content);
                self.by_path.insert(path.clone(), (content.clone(), read.clone()));
                read
            }
        }
    }

    /// Forgets all files but these.
    pub fn keep_only(&mut self, paths: &HashSet<&str>) {
        self.by_path.retain(|path, _| paths.contains(&**path));
    }
}
