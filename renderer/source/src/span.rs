//! A place: a source and a range of its bytes.

use std::ops::Range;

/// One source among those that a caller holds; minted and resolved by whoever owns the files.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SourceId(pub u32);

/// A range of bytes of one source; `start <= end`, and an empty span is a point between two bytes.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Span {
    /// The source.
    pub source: SourceId,
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
}

impl Span {
    /// The bytes `start..end` of `source`; an `end` before `start` is moved to it.
    pub fn new(source: SourceId, start: u32, end: u32) -> Self {
        Self { source, start, end: end.max(start) }
    }

    /// The point at `offset`.
    pub fn at(source: SourceId, offset: u32) -> Self {
        Self { source, start: offset, end: offset }
    }

    /// Length in bytes.
    pub fn len(self) -> u32 {
        self.end - self.start
    }

    /// Whether this is a point.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The range to index the source's bytes with.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Whether `offset` lies in the span; the end counts, because a cursor can stand behind the last byte.
    pub fn touches(self, offset: u32) -> bool {
        self.start <= offset && offset <= self.end
    }

    /// Whether `other` lies in this span.
    pub fn contains(self, other: Span) -> bool {
        self.source == other.source && self.start <= other.start && other.end <= self.end
    }

    /// The smallest span around both; they are of one source.
    pub fn join(self, other: Span) -> Self {
        debug_assert_eq!(self.source, other.source, "spans of two sources have no common span");
        Self { source: self.source, start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_joined_span_contains_both() {
        let (a, b) = (Span::new(SourceId(1), 2, 4), Span::new(SourceId(1), 7, 9));
        let joined = a.join(b);
        assert_eq!(joined.range(), 2..9);
        assert!(joined.contains(a) && joined.contains(b) && !a.contains(b));
    }

    #[test]
    fn a_cursor_behind_the_last_byte_touches() {
        let span = Span::new(SourceId(0), 2, 4);
        assert!(span.touches(2) && span.touches(4));
        assert!(!span.touches(1) && !span.touches(5));
        assert!(Span::new(SourceId(0), 5, 3).is_empty());
    }
}
