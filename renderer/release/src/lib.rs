//! What a render becomes: documents, hooks, install order. Reproduces `pkg/release/v1/util` of helm v4.3.1.

#![warn(clippy::disallowed_methods)]

pub mod manifest;
