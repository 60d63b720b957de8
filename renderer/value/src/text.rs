//! The string of the template language: shared bytes, and, when somebody asks, where each piece came from.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::rc::Rc;

/// One place that wrote text, minted by the host of a run; opaque here.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Origin(pub u32);

/// A run of bytes of one [`Text`] and the places that wrote it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Piece {
    /// Length in bytes, never 0.
    pub len: u32,
    /// Who wrote it, sorted and without repeats; empty when nobody knows.
    pub from: Rc<[Origin]>,
}

/// A Go string: any bytes, usually UTF-8, cheap to clone and to slice.
///
/// Templates can make invalid UTF-8 (`trunc 1 "é"` is one byte), so this is not a `String`. Equality, order and hash look at
/// the bytes alone, never at the origin.
///
/// Shape: at most `u32::MAX` bytes; whoever makes a text of a size that a chart chooses charges fuel first. A text
/// without origin costs nothing for having the possibility.
#[derive(Clone, Default)]
pub struct Text {
    buffer: Option<Rc<Vec<u8>>>,
    start: u32,
    end: u32,
    pieces: Option<Rc<Vec<Piece>>>,
}

impl Text {
    /// The empty text; allocates nothing.
    pub const fn new() -> Self {
        Self { buffer: None, start: 0, end: 0, pieces: None }
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        match &self.buffer {
            Some(buffer) => &buffer[self.start as usize..self.end as usize],
            None => &[],
        }
    }

    /// The text as UTF-8, if it is.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(self.as_bytes()).ok()
    }

    /// The text with U+FFFD in place of what is not UTF-8; for messages.
    pub fn to_string_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.as_bytes())
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// The part in `range`, in bytes of this text; shares the bytes and keeps the pieces. A range beyond the end is cut.
    pub fn slice(&self, range: Range<usize>) -> Self {
        let len = self.len();
        let from = range.start.min(len);
        let to = range.end.clamp(from, len);
        Self {
            buffer: if from == to { None } else { self.buffer.clone() },
            start: if from == to { 0 } else { self.start + from as u32 },
            end: if from == to { 0 } else { self.start + to as u32 },
            pieces: self.pieces.as_ref().map(|pieces| Rc::new(cut(pieces, from as u32, to as u32))),
        }
    }

    /// A text of these bytes whose whole length comes from all that `inputs` come from.
    ///
    /// For functions that make new text of old (`upper`, `b64enc`): where no input has an origin this is free.
    pub fn derived(bytes: impl Into<Vec<u8>>, inputs: &[&Text]) -> Self {
        let mut text = Self::from(bytes.into());
        if inputs.iter().any(|input| input.pieces.is_some()) {
            let mut from: Vec<Origin> = inputs.iter().flat_map(|input| input.origins()).collect();
            from.sort_unstable();
            from.dedup();
            text.attribute(from.into());
        }
        text
    }

    /// This text with every byte written by `from` alone, whatever was known before.
    pub fn with_origin(mut self, from: Origin) -> Self {
        self.attribute(Rc::new([from]));
        self
    }

    /// This text without what is known of its origin.
    pub fn without_origin(mut self) -> Self {
        self.pieces = None;
        self
    }

    /// The pieces in order, covering the whole text; `None` when no origin is kept.
    pub fn pieces(&self) -> Option<&[Piece]> {
        self.pieces.as_deref().map(Vec::as_slice)
    }

    /// Every place that wrote some of this text, with repeats.
    pub fn origins(&self) -> impl Iterator<Item = Origin> + '_ {
        self.pieces.iter().flat_map(|pieces| pieces.iter()).flat_map(|piece| piece.from.iter().copied())
    }

    /// Whether both are the same bytes in the same buffer; for tests of sharing.
    pub fn shares_buffer_with(&self, other: &Text) -> bool {
        match (&self.buffer, &other.buffer) {
            (Some(a), Some(b)) => Rc::ptr_eq(a, b),
            _ => false,
        }
    }

    fn attribute(&mut self, from: Rc<[Origin]>) {
        let len = self.len() as u32;
        self.pieces = Some(Rc::new(if len == 0 { Vec::new() } else { vec![Piece { len, from }] }));
    }
}

fn cut(pieces: &[Piece], from: u32, to: u32) -> Vec<Piece> {
    let mut kept = Vec::new();
    let mut at = 0;
    for piece in pieces {
        let (start, end) = (at.max(from), (at + piece.len).min(to));
        if start < end {
            kept.push(Piece { len: end - start, from: piece.from.clone() });
        }
        at += piece.len;
        if at >= to {
            break;
        }
    }
    kept
}

/// Joins texts and bytes into one [`Text`], keeping the pieces of what is pushed.
#[derive(Clone, Debug, Default)]
pub struct TextBuilder {
    bytes: Vec<u8>,
    /// Pieces of the first `attributed` bytes; empty until something with an origin is pushed.
    pieces: Vec<Piece>,
    attributed: usize,
}

impl TextBuilder {
    /// An empty builder.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty builder with room for `bytes`.
    pub fn with_capacity(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), ..Self::default() }
    }

    /// Appends a text with its pieces.
    pub fn push(&mut self, text: &Text) {
        if let Some(pieces) = text.pieces() {
            self.fill_gap();
            for piece in pieces {
                append_piece(&mut self.pieces, piece.len, &piece.from);
            }
            self.attributed += text.len();
        }
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// Appends the part of a text in `range`, which lies inside it, with its pieces.
    pub fn push_slice(&mut self, text: &Text, range: Range<usize>) {
        if text.pieces.is_some() {
            self.push(&text.slice(range));
        } else {
            self.bytes.extend_from_slice(&text.as_bytes()[range]);
        }
    }

    /// Appends a text with its pieces, and says that `from` wrote what nobody else has written.
    pub fn push_or(&mut self, text: &Text, from: Origin) {
        self.fill_gap();
        let whole = [Piece { len: text.len() as u32, from: Rc::new([]) }];
        let own: Rc<[Origin]> = Rc::new([from]);
        for piece in text.pieces().unwrap_or(&whole) {
            append_piece(&mut self.pieces, piece.len, if piece.from.is_empty() { &own } else { &piece.from });
        }
        self.bytes.extend_from_slice(text.as_bytes());
        self.attributed = self.bytes.len();
    }

    /// Says that the bytes from `start` on, pushed as bytes alone, were made of `input`. Free where `input` has no origin.
    pub fn derive_from(&mut self, start: usize, input: &Text) {
        if input.pieces.is_none() || start < self.attributed {
            return;
        }
        let made = Text::derived(&self.bytes[start..], &[input]);
        self.bytes.truncate(start);
        self.push(&made);
    }

    /// Appends bytes that `from` wrote.
    pub fn push_from(&mut self, bytes: &[u8], from: &Rc<[Origin]>) {
        self.fill_gap();
        append_piece(&mut self.pieces, bytes.len() as u32, from);
        self.attributed += bytes.len();
        self.bytes.extend_from_slice(bytes);
    }

    /// Appends bytes that nobody in particular wrote.
    pub fn push_bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The bytes so far.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Length in bytes so far.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing was pushed.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The text.
    pub fn finish(mut self) -> Text {
        let traced = self.attributed > 0 || !self.pieces.is_empty();
        if traced {
            self.fill_gap();
        }
        let mut text = Text::from(self.bytes);
        if traced {
            text.pieces = Some(Rc::new(self.pieces));
        }
        text
    }

    fn fill_gap(&mut self) {
        let gap = self.bytes.len() - self.attributed;
        if gap > 0 {
            let nobody: Rc<[Origin]> = Rc::new([]);
            append_piece(&mut self.pieces, gap as u32, &nobody);
            self.attributed = self.bytes.len();
        }
    }
}

fn append_piece(pieces: &mut Vec<Piece>, len: u32, from: &Rc<[Origin]>) {
    if len == 0 {
        return;
    }
    match pieces.last_mut() {
        Some(last) if last.from == *from => last.len += len,
        _ => pieces.push(Piece { len, from: from.clone() }),
    }
}

impl From<Vec<u8>> for Text {
    fn from(bytes: Vec<u8>) -> Self {
        if bytes.is_empty() {
            return Self::new();
        }
        // Fuel and the limits on what is loaded keep texts far below 4 GiB; a cut text would be a wrong answer.
        let end = u32::try_from(bytes.len()).expect("a text is at most 4 GiB long");
        Self { buffer: Some(Rc::new(bytes)), start: 0, end, pieces: None }
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::from(text.into_bytes())
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::from(text.as_bytes().to_vec())
    }
}

impl From<&[u8]> for Text {
    fn from(bytes: &[u8]) -> Self {
        Self::from(bytes.to_vec())
    }
}

impl Borrow<[u8]> for Text {
    fn borrow(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl AsRef<[u8]> for Text {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Text {}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_string_lossy(), f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_string_lossy())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins(text: &Text) -> Vec<(u32, Vec<u32>)> {
        text.pieces()
            .unwrap_or_default()
            .iter()
            .map(|piece| (piece.len, piece.from.iter().map(|from| from.0).collect()))
            .collect()
    }

    #[test]
    fn a_slice_shares_the_bytes_and_keeps_the_pieces() {
        let mut builder = TextBuilder::new();
        builder.push_bytes(b"ab");
        builder.push(&Text::from("cde").with_origin(Origin(1)));
        builder.push(&Text::from("fg").with_origin(Origin(2)));
        let text = builder.finish();
        let part = text.slice(1..6);
        assert_eq!(part, "bcdef");
        assert!(part.shares_buffer_with(&text));
        assert_eq!(origins(&part), [(1, vec![]), (3, vec![1]), (1, vec![2])]);
    }

    #[test]
    fn a_derived_text_comes_from_the_union_of_its_inputs() {
        let a = Text::from("a").with_origin(Origin(7));
        let b = Text::from("b").with_origin(Origin(3));
        assert_eq!(origins(&Text::derived("xyz", &[&a, &b, &a])), [(3, vec![3, 7])]);
        assert!(Text::derived("xyz", &[&Text::from("c")]).pieces().is_none());
    }

    #[test]
    fn bytes_made_of_a_text_share_its_origin() {
        let source = Text::from("a<b").with_origin(Origin(4));
        let mut builder = TextBuilder::new();
        builder.push_bytes(b"x");
        builder.push_slice(&source, 0..1);
        let start = builder.len();
        builder.push_bytes(b"\\u003c");
        builder.derive_from(start, &source);
        builder.push_slice(&source, 2..3);
        let text = builder.finish();
        assert_eq!(text, "xa\\u003cb");
        assert_eq!(origins(&text), [(1, vec![]), (8, vec![4])]);
    }

    #[test]
    fn the_writer_of_an_action_owns_what_nobody_else_wrote() {
        let mut made = TextBuilder::new();
        made.push_bytes(b"ab");
        made.push(&Text::from("c").with_origin(Origin(1)));
        let made = made.finish();
        let mut builder = TextBuilder::new();
        builder.push_bytes(b"x");
        builder.push_or(&made, Origin(2));
        builder.push_or(&Text::from("d"), Origin(2));
        let text = builder.finish();
        assert_eq!(
            (text.len(), origins(&text)),
            (5, vec![(1, vec![]), (2, vec![2]), (1, vec![1]), (1, vec![2])])
        );
    }

    #[test]
    fn nothing_is_kept_where_nobody_asked() {
        let mut builder = TextBuilder::with_capacity(4);
        builder.push(&Text::from("ab"));
        builder.push_bytes(b"cd");
        assert!(builder.finish().pieces().is_none());
        assert_eq!(std::mem::size_of::<Text>(), 24);
    }
}
