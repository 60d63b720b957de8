//! Go's `encoding/json`: values as JSON text and back, with Go's sentences where that fails.
//!
//! *Source*: go1.27 `encoding/json` (the v1 functions on the v2 engine, as Helm v4.3.1 is built).

mod decode;
mod encode;
mod string;

use std::fmt;

pub use decode::{decode, decode_list, decode_map, decode_prefix};
pub use encode::{Style, base64, encode, push_float};

/// How deep lists and maps may nest.
pub(crate) const MAX_DEPTH: usize = 10_000;

/// Why a value has no JSON text, or a text no value: Go's exact sentence.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Error {
    message: String,
    offset: Option<usize>,
}

impl Error {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), offset: None }
    }

    fn at(offset: usize, message: impl Into<String>) -> Self {
        Self { message: message.into(), offset: Some(offset) }
    }

    /// The sentence.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where in the text that was read, in bytes; `None` when a value was written.
    pub fn offset(&self) -> Option<usize> {
        self.offset
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests;
