//! The error of this crate: Helm's sentence, a stable code, and the file it is about.

use std::fmt;

/// What went wrong. `Display` is the sentence that Helm prints after `Error: `, to the byte, where Helm has one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Error {
    code: &'static str,
    message: String,
    file: Option<String>,
    line: Option<u32>,
}

impl Error {
    /// An error with a stable code in kebab case and a whole sentence.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), file: None, line: None }
    }

    /// The file of the chart that the error is about, and the line in it (from 1) when one is known.
    pub fn at(mut self, file: impl Into<String>, line: Option<u32>) -> Self {
        self.file = Some(file.into());
        self.line = line;
        self
    }

    /// Puts Helm's words for an outer step before the sentence: `cannot load values.yaml: …`.
    pub fn within(mut self, prefix: impl fmt::Display) -> Self {
        self.message = format!("{prefix}{}", self.message);
        self
    }

    /// Puts a directory before the file it is about, as seen from the chart around it.
    pub(crate) fn below(mut self, directory: &str) -> Self {
        if let Some(file) = &mut self.file {
            *file = format!("{directory}/{file}");
        }
        self
    }

    /// The code, stable between versions.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The sentence.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The file that the error is about, as the root chart names it.
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// The line in [`Error::file`], from 1.
    pub fn line(&self) -> Option<u32> {
        self.line
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
