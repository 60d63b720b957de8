//! One text with a name, an identity and an index of its lines; cheap to clone.

use std::hash::{DefaultHasher, Hasher};
use std::rc::Rc;
use std::sync::OnceLock;

use crate::{LineIndex, SourceId, Span};

/// 128 bits of a text's content, to know a text again.
///
/// Shape: two SipHash values with fixed keys; stable within one build of this program, so it must not be stored.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ContentHash(pub u128);

impl ContentHash {
    /// The hash of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        let half = |salt: u8| {
            let mut hasher = DefaultHasher::new();
            hasher.write_u8(salt);
            hasher.write(bytes);
            u128::from(hasher.finish())
        };
        Self(half(0) << 64 | half(1))
    }
}

/// A named text. Clones share the text, its hash and its line index.
#[derive(Clone, Debug)]
pub struct Source(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    id: SourceId,
    name: String,
    text: Vec<u8>,
    hash: OnceLock<ContentHash>,
    lines: OnceLock<LineIndex>,
}

impl Source {
    /// A source of these bytes.
    pub fn new(id: SourceId, name: impl Into<String>, text: impl Into<Vec<u8>>) -> Self {
        let (hash, lines) = (OnceLock::new(), OnceLock::new());
        Self(Rc::new(Inner { id, name: name.into(), text: text.into(), hash, lines }))
    }

    /// The id that spans of this source carry.
    pub fn id(&self) -> SourceId {
        self.0.id
    }

    /// The name under which messages know it, usually a path.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The bytes.
    pub fn text(&self) -> &[u8] {
        &self.0.text
    }

    /// The hash of the bytes; computed when first asked for.
    pub fn hash(&self) -> ContentHash {
        *self.0.hash.get_or_init(|| ContentHash::of(&self.0.text))
    }

    /// The lines; indexed when first asked for.
    pub fn lines(&self) -> &LineIndex {
        self.0.lines.get_or_init(|| LineIndex::new(&self.0.text))
    }

    /// The span of the whole text.
    pub fn span(&self) -> Span {
        Span::new(self.0.id, 0, self.0.text.len() as u32)
    }

    /// The bytes of `span`; empty when it is not of this source or lies beyond it.
    pub fn slice(&self, span: Span) -> &[u8] {
        if span.source == self.0.id { self.0.text.get(span.range()).unwrap_or_default() } else { &[] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_have_equal_hashes_and_others_not() {
        assert_eq!(ContentHash::of(b"a: 1"), ContentHash::of(b"a: 1"));
        assert_ne!(ContentHash::of(b"a: 1"), ContentHash::of(b"a: 2"));
        let ContentHash(bits) = ContentHash::of(b"");
        assert_ne!(bits >> 64, bits & u128::from(u64::MAX));
    }

    #[test]
    fn a_span_of_another_source_slices_nothing() {
        let source = Source::new(SourceId(1), "values.yaml", "a: 1\nb: 2\n");
        assert_eq!(source.slice(Span::new(SourceId(1), 5, 6)), b"b");
        assert_eq!(source.slice(Span::new(SourceId(2), 5, 6)), b"");
        assert_eq!(source.slice(Span::new(SourceId(1), 5, 60)), b"");
        assert_eq!(source.lines().line(5), 1);
    }
}
