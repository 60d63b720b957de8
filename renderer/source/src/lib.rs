//! Text with places in it: what the language, YAML, lint and the editor use to say *where*.
//!
//! All offsets are bytes of the source text (UTF-8 where it is UTF-8), as `u32`; lines and columns are made from them by a
//! [`LineIndex`] at the edge, in the unit that the reader there counts in.

#![warn(clippy::disallowed_methods)]

mod diagnostic;
mod edit;
mod line_index;
mod source;
mod span;

pub use diagnostic::{Diagnostic, Hint, Severity, TracePoint, Warned};
pub use edit::{Applicability, Edit, EditError, Fix, apply};
pub use line_index::{LineColumn, LineIndex};
pub use source::{ContentHash, Source};
pub use span::{SourceId, Span};
