//! Helm's log lines as data. Printing them is the work of the command line; the page shows them as notices.
//!
//! Source: Go 1.27 `log/slog`, `TextHandler` without the time, as helm v4.3.1 `internal/logging` sets it up.

use std::fmt;

use value::Text;
use value::fmt::is_print;

use crate::show::quote;

/// How grave a [`Log`] is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Level {
    /// Shown with `--debug` alone.
    Debug,
    /// Also what Helm says through Go's older `log` package.
    Info,
    /// A warning.
    Warn,
    /// An error; an error message follows as a rule.
    Error,
}

impl Level {
    /// As the log line names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
        }
    }
}

/// One line that Helm writes to its log (stderr). `Display` is that line without the line feed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Log {
    /// How grave it is.
    pub level: Level,
    /// The message, unquoted.
    pub message: String,
    /// Names and values in the order of the line, unquoted.
    pub attributes: Vec<(&'static str, Text)>,
}

impl Log {
    /// A line without attributes.
    pub fn new(level: Level, message: impl Into<String>) -> Self {
        Self { level, message: message.into(), attributes: Vec::new() }
    }

    /// The line with one more attribute.
    pub fn with(mut self, name: &'static str, value: impl Into<Text>) -> Self {
        self.attributes.push((name, value.into()));
        self
    }
}

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "level={} msg=", self.level.name())?;
        write_value(f, &self.message)?;
        for (name, value) in &self.attributes {
            write!(f, " {name}=")?;
            match value.as_str() {
                Some(value) => write_value(f, value)?,
                None => f.write_str(&quote(value.as_bytes()))?,
            }
        }
        Ok(())
    }
}

fn write_value(f: &mut fmt::Formatter<'_>, value: &str) -> fmt::Result {
    if needs_quotes(value) { f.write_str(&quote(value)) } else { f.write_str(value) }
}

/// Source: Go 1.27 `log/slog/text_handler.go`, `needsQuoting`.
fn needs_quotes(value: &str) -> bool {
    value.is_empty()
        || value
            .chars()
            .any(|c| c == ' ' || c == '=' || c == '"' || c == char::REPLACEMENT_CHARACTER || !is_print(c))
}
