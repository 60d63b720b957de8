//! Changes of text: edits in bytes, and fixes, which are edits plus how far to trust them.

use std::fmt;

use crate::Span;

/// Replaces the bytes of `span` by `text`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Edit {
    /// What is replaced; empty for an insertion.
    pub span: Span,
    /// What stands there afterwards.
    pub text: String,
}

/// How far a [`Fix`] may be trusted.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Applicability {
    /// Only to be shown: a person has to fill something in.
    DisplayOnly,
    /// Probably what is meant, but the rendered result can change.
    Unsafe,
    /// Keeps the meaning; may be applied without asking.
    Safe,
}

/// A change that mends a finding.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fix {
    /// What it does, as an imperative: ``quote `true` ``.
    pub title: String,
    /// The edits; none overlap.
    pub edits: Vec<Edit>,
    /// How far to trust it.
    pub applicability: Applicability,
}

/// Why edits cannot be applied.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EditError {
    /// The edit's span reaches beyond the text.
    Outside(Span),
    /// The edit overlaps the one before it.
    Overlap(Span),
}

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outside(span) => write!(f, "edit {}..{} reaches beyond the text", span.start, span.end),
            Self::Overlap(span) => write!(f, "edit {}..{} overlaps another one", span.start, span.end),
        }
    }
}

impl std::error::Error for EditError {}

/// The text after `edits`, whose spans all speak of `text` as it is now. Insertions at one point keep their order.
///
/// # Errors
/// [`EditError::Outside`] and [`EditError::Overlap`]; nothing is applied then.
pub fn apply(text: &[u8], edits: &[Edit]) -> Result<Vec<u8>, EditError> {
    let mut ordered: Vec<&Edit> = edits.iter().collect();
    ordered.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut after = Vec::with_capacity(text.len());
    let mut at = 0;
    for edit in ordered {
        let range = edit.span.range();
        if range.start < at {
            return Err(EditError::Overlap(edit.span));
        }
        let kept = text.get(at..range.start).ok_or(EditError::Outside(edit.span))?;
        if range.end > text.len() {
            return Err(EditError::Outside(edit.span));
        }
        after.extend_from_slice(kept);
        after.extend_from_slice(edit.text.as_bytes());
        at = range.end;
    }
    after.extend_from_slice(&text[at..]);
    Ok(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SourceId;

    fn edit(start: u32, end: u32, text: &str) -> Edit {
        Edit { span: Span::new(SourceId(0), start, end), text: text.into() }
    }

    #[test]
    fn edits_apply_in_any_order() {
        let edits = [edit(8, 9, "3"), edit(0, 1, "name"), edit(9, 9, "\n"), edit(9, 9, "c: 4")];
        assert_eq!(apply(b"a: 1\nb: 2", &edits), Ok(b"name: 1\nb: 3\nc: 4".to_vec()));
    }

    #[test]
    fn edits_that_cannot_all_hold_change_nothing() {
        let overlap = Span::new(SourceId(0), 1, 3);
        assert_eq!(apply(b"abcd", &[edit(0, 2, ""), edit(1, 3, "")]), Err(EditError::Overlap(overlap)));
        let outside = Span::new(SourceId(0), 3, 9);
        assert_eq!(apply(b"abcd", &[edit(3, 9, "")]), Err(EditError::Outside(outside)));
    }
}
