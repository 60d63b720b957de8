//! What a render becomes: documents, hooks, install order; and the record of a release. Reproduces `pkg/release/v1` of helm v4.3.1.

#![warn(clippy::disallowed_methods)]

pub mod manifest;
pub mod record;
