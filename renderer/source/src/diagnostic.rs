//! What is wrong, where, how it came to be, and what to do about it.

use std::borrow::Cow;

use crate::{Fix, Span};

/// How much a [`Diagnostic`] matters.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Works, but probably not as meant.
    Warning,
    /// Helm would stop here.
    Error,
}

/// A step on the way to a place: the `include` or `tpl` that led there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TracePoint {
    /// Where the step is written.
    pub span: Span,
    /// What happens there, as words: ``include `labels` ``.
    pub what: String,
}

/// A fact or an imperative that helps, apart from the message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Hint {
    /// The words.
    pub message: String,
    /// The place they speak of, if it is not the diagnostic's own.
    pub span: Option<Span>,
}

/// One finding. Where Helm would speak, the message is Helm's sentence to the byte.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Diagnostic {
    /// Stable name of the kind of finding, words in kebab case.
    pub code: Cow<'static, str>,
    /// How much it matters.
    pub severity: Severity,
    /// The place; `None` when it concerns no text.
    pub span: Option<Span>,
    /// What was met and what was expected.
    pub message: String,
    /// How execution came to the place, innermost first.
    pub trace: Vec<TracePoint>,
    /// What helps.
    pub hints: Vec<Hint>,
    /// The change that mends it, if one is known.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// A diagnostic without trace, hints and fix.
    pub fn new(
        code: impl Into<Cow<'static, str>>,
        severity: Severity,
        span: impl Into<Option<Span>>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            code: code.into(),
            severity,
            span: span.into(),
            message: message.into(),
            trace: Vec::new(),
            hints: Vec::new(),
            fix: None,
        }
    }

    /// An error.
    pub fn error(
        code: impl Into<Cow<'static, str>>,
        span: impl Into<Option<Span>>,
        message: impl Into<String>,
    ) -> Self {
        Self::new(code, Severity::Error, span, message)
    }

    /// A warning.
    pub fn warning(
        code: impl Into<Cow<'static, str>>,
        span: impl Into<Option<Span>>,
        message: impl Into<String>,
    ) -> Self {
        Self::new(code, Severity::Warning, span, message)
    }

    /// With one more hint, at the diagnostic's own place.
    pub fn with_hint(mut self, message: impl Into<String>) -> Self {
        self.hints.push(Hint { message: message.into(), span: None });
        self
    }

    /// With one more hint, at a place of its own.
    pub fn with_hint_at(mut self, span: Span, message: impl Into<String>) -> Self {
        self.hints.push(Hint { message: message.into(), span: Some(span) });
        self
    }

    /// With a fix.
    pub fn with_fix(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }
}

/// A result and what was noticed on the way to it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Warned<T> {
    /// The result.
    pub output: T,
    /// What was noticed, in the order in which it was.
    pub warnings: Vec<Diagnostic>,
}

impl<T> Warned<T> {
    /// A result with nothing noticed.
    pub fn new(output: T) -> Self {
        Self { output, warnings: Vec::new() }
    }

    /// The same findings with a result made of this one.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Warned<U> {
        Warned { output: make(self.output), warnings: self.warnings }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SourceId;

    #[test]
    fn hints_keep_their_order_and_places() {
        let place = Span::at(SourceId(3), 9);
        let found = Diagnostic::error("value-not-set", None, "`.Values.web.replica` is not set")
            .with_hint("set it")
            .with_hint_at(place, "`web.replicas` is set here");
        assert_eq!(found.hints.iter().map(|hint| hint.span).collect::<Vec<_>>(), [None, Some(place)]);
        assert!(found.severity > Severity::Warning);
    }
}
