//! Why a text could not be read: Helm's sentence, and the place for the editor.

use std::borrow::Cow;
use std::fmt;

/// The step of reading that failed; it decides how the sentence starts.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Stage {
    /// The line reader that cuts a file into documents.
    Documents,
    /// go-yaml: the text is not YAML, or its nodes do not fit together.
    Yaml,
    /// YAML that has no JSON: a null key, an infinite number, too many levels.
    Json,
    /// JSON that does not fit the type it is read into.
    Decode,
}

/// An error of reading.
///
/// Shape: one word wide, so that results stay small on the way up.
#[derive(Clone, Eq, PartialEq)]
pub struct Error(Box<Inner>);

#[derive(Clone, Eq, PartialEq)]
struct Inner {
    stage: Stage,
    problem: Cow<'static, str>,
    line: Option<u32>,
    offset: Option<u32>,
}

impl Error {
    pub(crate) fn new(stage: Stage, problem: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner { stage, problem: problem.into(), line: None, offset: None }))
    }

    pub(crate) fn with_line(mut self, line: Option<u32>) -> Self {
        self.0.line = line;
        self
    }

    pub(crate) fn with_offset(mut self, offset: u32) -> Self {
        self.0.offset = Some(offset);
        self
    }

    /// The step that failed.
    pub fn stage(&self) -> Stage {
        self.0.stage
    }

    /// The sentence as `sigs.k8s.io/yaml` gives it, `error converting YAML to JSON: ` and the like included.
    pub fn message(&self) -> String {
        let before = match self.0.stage {
            Stage::Documents => "",
            Stage::Yaml | Stage::Json => "error converting YAML to JSON: ",
            Stage::Decode => "error unmarshaling JSON: while decoding JSON: ",
        };
        format!("{before}{}", self.cause())
    }

    /// The sentence of the library underneath: go-yaml's `yaml: line 2: …`, or that of `encoding/json`.
    pub fn cause(&self) -> String {
        let Inner { stage, problem, line, .. } = &*self.0;
        match (stage, line) {
            (Stage::Yaml, Some(line)) => format!("yaml: line {line}: {problem}"),
            (Stage::Yaml, None) => format!("yaml: {problem}"),
            _ => problem.to_string(),
        }
    }

    /// The line number that the sentence names. It follows go-yaml's rule, so it may be one off or missing: to point at a
    /// place, use [`Error::offset`].
    pub fn line(&self) -> Option<u32> {
        self.0.line
    }

    /// The byte where the problem was noticed, when it has a place. For text in UTF-16 it counts the text as UTF-8.
    pub fn offset(&self) -> Option<u32> {
        self.0.offset
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({:?} at {:?})", self.message(), self.0.offset)
    }
}

impl std::error::Error for Error {}
