//! `sigs.k8s.io/yaml` v1.6.0 on `go.yaml.in/yaml/v2` v2.4.4: YAML in and out, exactly as Helm does it.
//!
//! Reading goes bytes → `input` (encoding, allowed characters) → `scanner` (tokens) → `parser` (events) → [`Tree`]
//! (nodes with places) → `check` (what go-yaml's decoder refuses) → `decode` (values, guided by a [`Shape`]).
//! [`head`] goes a shorter way through texts that it understands.
//! Writing is [`write()`] (v2, the trip through JSON included) and [`write_pretty`] (`go.yaml.in/yaml/v3` v3.0.5).
//! Every error is the sentence that Helm prints, with the place where it was noticed beside it.
//! Nothing recurses by depth, and strings are slices of one copy of the text.

#![warn(clippy::disallowed_methods)]

mod check;
mod decode;
mod documents;
mod entries;
mod error;
mod go_syntax;
mod head;
mod input;
mod json;
mod nodes;
mod parser;
mod pretty;
mod property;
mod read;
pub mod resolve;
mod scalar;
mod scalar_value;
mod scanner;
mod shape;
mod skim;
mod token;
mod tree;
mod writer;

pub use decode::Decoded;
pub use documents::{Document, documents};
pub use error::{Error, Stage};
pub use head::{Head, Metadata, head};
pub use json::to_json;
pub use nodes::nodes;
pub use pretty::write_pretty;
pub use read::{decode, read, read_map};
pub use shape::{Field, Shape, Struct};
pub use tree::{NodeId, NodeKind, Tree};
pub use writer::{WriteError, write};
