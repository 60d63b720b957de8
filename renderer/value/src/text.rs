//! The string of the template language: shared bytes, and, when somebody asks, where each piece came from.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::rc::Rc;

/// One place that text comes from, minted by the host of a run; opaque here but for its kind: who wrote it, what decided about
/// it, or what was read for it. They sort in this order.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Origin(pub u32);

impl Origin {
    const KIND: u32 = 3 << 30;
    const DECIDED: u32 = 1 << 30;
    const READ: u32 = 2 << 30;

    /// No place: a function made these bytes of others, so whoever writes them has a part in it.
    pub const CHANGED: Self = Self(Self::KIND);

    /// A place that was read; `number` is below 2^30, as in all origins.
    pub const fn read(number: u32) -> Self {
        Self(number | Self::READ)
    }

    /// A place that decided.
    pub const fn decided(number: u32) -> Self {
        Self(number | Self::DECIDED)
    }

    /// Whether it wrote.
    pub const fn is_writer(self) -> bool {
        self.0 & Self::KIND == 0
    }

    /// Whether it decided.
    pub const fn is_decided(self) -> bool {
        self.0 & Self::KIND == Self::DECIDED
    }

    /// Whether it was read.
    pub const fn is_read(self) -> bool {
        self.0 & Self::KIND == Self::READ
    }

    /// The number without the kind.
    pub const fn number(self) -> u32 {
        self.0 & !Self::KIND
    }
}

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

    /// A text of these bytes whose whole length comes from all that `inputs` come from, and which is [`Origin::CHANGED`] unless it
    /// is the one input as it was.
    ///
    /// For functions that make new text of old (`upper`, `b64enc`): where no input has an origin this is free.
    pub fn derived(bytes: impl Into<Vec<u8>>, inputs: &[&Text]) -> Self {
        let mut text = Self::from(bytes.into());
        if inputs.iter().any(|input| input.pieces.is_some()) {
            if let [input] = inputs
                && *input == &text
            {
                text.pieces = input.pieces.clone();
                return text;
            }
            let mut from: Vec<Origin> = inputs.iter().flat_map(|input| input.origins()).collect();
            if !from.is_empty() {
                from.push(Origin::CHANGED);
            }
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

    /// This text as `writer` writes it: bytes that nobody has written are now its own. Those of which nothing at all was known
    /// come from `own`, and all of them from `code`, the text that tells the writer what to do. What others have written
    /// stands here because of `decided`, of which the writer itself knows; where it was changed he has written it, too.
    pub fn written(mut self, writer: Origin, own: &[Origin], code: &[Origin], decided: &[Origin]) -> Self {
        let len = self.len() as u32;
        if len == 0 {
            return self;
        }
        let mut pieces = Vec::new();
        match self.pieces.as_deref() {
            None => pieces.push(Piece { len, from: union(&union(&[writer], own), code) }),
            Some(known) => {
                for piece in known {
                    let before: &[Origin] = &piece.from;
                    let unchanged = before.strip_suffix(&[Origin::CHANGED]);
                    let from = match before.first() {
                        None => union(&union(&[writer], own), code),
                        Some(first) if first.is_writer() && unchanged.is_none() => {
                            if code.is_empty() && decided.is_empty() {
                                piece.from.clone()
                            } else {
                                union(&union(before, code), decided)
                            }
                        }
                        Some(_) => union(&union(&[writer], unchanged.unwrap_or(before)), code),
                    };
                    append_piece(&mut pieces, piece.len, &from);
                }
            }
        }
        self.pieces = Some(Rc::new(pieces));
        self
    }

    /// This text with bytes of which nothing is known coming from `own`.
    pub fn filled(mut self, own: &Rc<[Origin]>) -> Self {
        let len = self.len() as u32;
        if len == 0 || own.is_empty() {
            return self;
        }
        let Some(known) = self.pieces.as_deref() else {
            self.attribute(own.clone());
            return self;
        };
        if known.iter().any(|piece| piece.from.is_empty()) {
            let mut pieces = Vec::with_capacity(known.len());
            for piece in known {
                append_piece(&mut pieces, piece.len, if piece.from.is_empty() { own } else { &piece.from });
            }
            self.pieces = Some(Rc::new(pieces));
        }
        self
    }

    /// This text with the bytes in each of `ranges` coming from the places beside it too. Ranges are in order, do not overlap, and
    /// lie inside the text. Cost: linear in pieces and ranges.
    pub fn with_sources(mut self, ranges: &[(Range<u32>, Rc<[Origin]>)]) -> Self {
        let len = self.len() as u32;
        let nothing = [Piece { len, from: Rc::new([]) }];
        let known = self.pieces.as_deref().map_or(&nothing[..], Vec::as_slice);
        let (mut pieces, mut ranges) =
            (Vec::with_capacity(known.len() + 2 * ranges.len()), ranges.iter().peekable());
        let mut at = 0;
        for piece in known {
            let end = at + piece.len;
            while at < end {
                while ranges.peek().is_some_and(|(range, _)| range.end <= at) {
                    ranges.next();
                }
                let (to, from) = match ranges.peek() {
                    Some((range, from)) if range.start <= at => (range.end, union(&piece.from, from)),
                    Some((range, _)) => (range.start, piece.from.clone()),
                    None => (end, piece.from.clone()),
                };
                let to = to.min(end);
                append_piece(&mut pieces, to - at, &from);
                at = to;
            }
        }
        self.pieces = Some(Rc::new(pieces));
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

/// Both sets in one, sorted and without repeats.
fn union(a: &[Origin], b: &[Origin]) -> Rc<[Origin]> {
    let mut all: Vec<Origin> = a.iter().chain(b).copied().collect();
    all.sort_unstable();
    all.dedup();
    all.into()
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
        assert_eq!(origins(&Text::derived("xyz", &[&a, &b, &a])), [(3, vec![3, 7, Origin::CHANGED.0])]);
        let same = Text::derived("a", &[&a]);
        assert_eq!(origins(&same), [(1, vec![7])]);
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
        let changed = Origin::CHANGED.0;
        assert_eq!(origins(&text), [(1, vec![]), (1, vec![4]), (6, vec![4, changed]), (1, vec![4])]);
    }

    #[test]
    fn the_writer_of_an_action_owns_what_nobody_else_wrote() {
        let (writer, port, name, code) = (Origin(2), Origin::read(1), Origin::read(2), Origin::read(3));
        let mut made = TextBuilder::new();
        made.push_bytes(b"ab");
        made.push(&Text::from("c").with_origin(Origin(1)));
        made.push(&Text::from("de").with_origin(name));
        made.push(&Text::derived("FG", &[&Text::from("fg").with_origin(Origin(1))]));
        let text = made.finish().written(writer, &[port], &[], &[Origin::decided(9)]);
        let kinds = |text: &Text| -> Vec<(u32, Vec<Origin>)> {
            text.pieces().unwrap().iter().map(|piece| (piece.len, piece.from.to_vec())).collect()
        };
        assert_eq!(
            kinds(&text),
            [
                (2, vec![writer, port]),
                (1, vec![Origin(1), Origin::decided(9)]),
                (2, vec![writer, name]),
                (2, vec![Origin(1), writer])
            ]
        );
        let text = Text::from("d").written(writer, &[], &[code], &[]);
        assert_eq!(kinds(&text), [(1, vec![writer, code])]);
        assert!(Text::new().written(writer, &[port], &[], &[]).pieces().is_none());
    }

    #[test]
    fn sources_are_laid_over_what_is_known() {
        let mut made = TextBuilder::new();
        made.push_bytes(b"ab");
        made.push(&Text::from("cde").with_origin(Origin(1)));
        let set = |number| Rc::from([Origin::read(number)]);
        let text = made.finish().with_sources(&[(1..3, set(7)), (4..5, set(8))]);
        let read = |number| Origin::read(number).0;
        assert_eq!(
            origins(&text),
            [(1, vec![]), (1, vec![read(7)]), (1, vec![1, read(7)]), (1, vec![1]), (1, vec![1, read(8)])]
        );
        let filled = text.filled(&set(9));
        assert_eq!(origins(&filled)[0], (1, vec![read(9)]));
        assert_eq!(filled.pieces().unwrap().len(), 5);
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
