//! Errors of the template language: Go's exact sentences, made of structure, plus the place and the way to it.

use std::fmt;

use source::{Diagnostic, Span, TracePoint};
use value::Text;

use crate::literal::quoted;

/// Why a template text is not a template.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ParseError {
    /// Name of the file.
    pub name: Text,
    /// The line that Go names, from 1: that of the token lexed last, which can be behind the culprit.
    pub line: u32,
    /// What is wrong, in Go's words.
    pub message: String,
    /// The culprit.
    pub span: Span,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "template: {}:{}: {}", self.name, self.line, self.message)
    }
}

impl std::error::Error for ParseError {}

impl From<&ParseError> for Diagnostic {
    fn from(error: &ParseError) -> Self {
        Diagnostic::error("template-syntax", error.span, error.message.clone())
    }
}

/// A place in a running template, as Go names it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Place {
    /// Name of the parsed file; `gotpl` for the text of a `tpl`.
    pub file: Text,
    /// Line from 1.
    pub line: u32,
    /// Column in bytes from 0.
    pub column: u32,
    /// The template that runs.
    pub executing: Text,
    /// The node at hand, printed as Go prints it.
    pub context: Text,
    /// Where that node stands.
    pub span: Span,
}

impl fmt::Display for Place {
    /// `template: FILE:LINE:COLUMN: executing "NAME" at <CONTEXT>: `
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, executing, context, .. } = self;
        let executing = quoted(executing.as_bytes());
        write!(f, "template: {file}:{line}:{column}: executing {executing} at <{context}>: ")
    }
}

/// A place where a function was called that failed or led to the failure.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Step {
    /// Where the call stands.
    pub place: Place,
    /// The function or method that was called; `None` when the place itself is at fault.
    pub function: Option<Text>,
    /// The text that `tpl` was given, when the failure lies in running it.
    pub tpl: Option<Text>,
}

/// What went wrong in the end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Cause {
    /// The message of `fail` or `required`.
    Fail(Text),
    /// An error that the innermost function returned.
    Function(Text),
    /// `include`, or the run itself, asked for a template that is not there.
    MissingTemplate(Text),
    /// The budget of the run is spent.
    OutOfFuel,
    /// The text of a `tpl` cannot be parsed.
    TplSyntax {
        /// The text.
        text: Text,
        /// Go's error in it.
        error: Box<ParseError>,
    },
    /// The innermost place cannot be evaluated: Go's words for it.
    Evaluation(Text),
}

/// Why a template could not be run to its end. `Display` is Go's one line, without the marks that Helm puts around the message
/// of `fail`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ExecError {
    /// The way in, outermost first: one step for each `include` and `tpl` on it, and the place of the failure itself. Calls by
    /// `{{ template }}` are not in it, as they are not in Go's sentence. Empty when the template asked for is not there.
    pub steps: Vec<Step>,
    /// What went wrong at the last step.
    pub cause: Cause,
    /// Every call that led there, `template` actions included, innermost first; the middle of a very long way is left out.
    pub trace: Vec<TracePoint>,
}

impl ExecError {
    /// Where it failed: the innermost place.
    pub fn span(&self) -> Option<Span> {
        self.steps.last().map(|step| step.place.span)
    }

    /// What went wrong, without the way there.
    pub fn message(&self) -> String {
        let called = self.steps.last().and_then(|step| step.function.as_ref());
        match called {
            Some(function) => format!("error calling {function}: {}", self.cause),
            None => self.cause.to_string(),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fail(text) | Self::Function(text) | Self::Evaluation(text) => write!(f, "{text}"),
            Self::MissingTemplate(name) => {
                let name = quoted(name.as_bytes());
                write!(f, "template: no template {name} associated with template \"gotpl\"")
            }
            Self::OutOfFuel => f.write_str("the template does too much work: its budget is spent"),
            Self::TplSyntax { text, error } => {
                write!(f, "cannot parse template {}: {error}", quoted(text.as_bytes()))
            }
        }
    }
}

impl fmt::Display for ExecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            write!(f, "{}", step.place)?;
            if let Some(function) = &step.function {
                write!(f, "error calling {function}: ")?;
            }
            if let Some(text) = &step.tpl {
                write!(f, "error during tpl function execution for {}: ", quoted(text.as_bytes()))?;
            }
        }
        write!(f, "{}", self.cause)
    }
}

impl std::error::Error for ExecError {}

impl From<&ExecError> for Diagnostic {
    fn from(error: &ExecError) -> Self {
        let mut diagnostic = Diagnostic::error("template-execution", error.span(), error.message());
        diagnostic.trace = error.trace.clone();
        diagnostic
    }
}
