//! The string of the template language: shared bytes, and, when somebody asks, where each piece came from.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::rc::Rc;

use crate::origin::{Origin, PieceIter, Pieces, union};

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
    /// They count bytes as the buffer does, so a slice has the same ones.
    pieces: Option<Rc<Pieces>>,
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

    /// The part in `range`, in bytes of this text; shares the bytes and the pieces. A range beyond the end is cut.
    ///
    /// Cost: that of a clone, however many pieces there are.
    pub fn slice(&self, range: Range<usize>) -> Self {
        let len = self.len();
        let from = range.start.min(len);
        let to = range.end.clamp(from, len);
        if from == to {
            return self.nothing_at(from as u32);
        }
        let (start, end) = (self.start + from as u32, self.start + to as u32);
        Self { buffer: self.buffer.clone(), start, end, pieces: self.pieces.clone() }
    }

    /// The empty part at `at`, with what has written nothing there.
    fn nothing_at(&self, at: u32) -> Self {
        let mut kept = Pieces::default();
        for piece in self.touching(at..at).filter(|piece| piece.is_empty()) {
            kept.push(0, piece.from);
        }
        let pieces = (!kept.is_empty()).then(|| Rc::new(kept));
        Self { pieces, ..Self::new() }
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
                return (*input).clone();
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
        if self.pieces.is_none() {
            self.attribute(union(&union(&[writer], own), code));
            return self;
        }
        let mut pieces = Pieces::new(self.start);
        for piece in self.pieces() {
            let before: &[Origin] = piece.from;
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
            pieces.push(piece.len(), &from);
        }
        self.pieces = Some(Rc::new(pieces));
        self
    }

    /// This text with bytes of which nothing is known coming from `own`, and so all of an empty one of which nothing is known.
    pub fn filled(mut self, own: &Rc<[Origin]>) -> Self {
        if own.is_empty() {
            return self;
        }
        if self.pieces.is_none() {
            self.attribute(own.clone());
            return self;
        }
        if self.pieces().any(|piece| piece.from.is_empty()) {
            let mut pieces = Pieces::new(self.start);
            for piece in self.pieces() {
                pieces.push(piece.len(), if piece.from.is_empty() { own } else { piece.from });
            }
            self.pieces = Some(Rc::new(pieces));
        }
        self
    }

    /// This text with the bytes in each of `ranges` coming from the places beside it too. Ranges are in order, do not overlap, and
    /// lie inside the text. Cost: linear in pieces and ranges.
    pub fn with_sources(mut self, ranges: &[(Range<u32>, Rc<[Origin]>)]) -> Self {
        if self.is_empty() {
            return self;
        }
        if self.pieces.is_none() {
            self.attribute(Rc::new([]));
        }
        let mut pieces = Pieces::new(self.start);
        pieces.reserve(2 * ranges.len());
        let mut ranges = ranges.iter().peekable();
        for piece in self.pieces() {
            let Range { start: mut at, end } = piece.range;
            if at == end {
                pieces.push(0, piece.from);
            }
            while at < end {
                while ranges.peek().is_some_and(|(range, _)| range.end <= at) {
                    ranges.next();
                }
                let (to, from) = match ranges.peek() {
                    Some((range, from)) if range.start <= at => (range.end, union(piece.from, from)),
                    Some((range, _)) => (range.start, piece.from.clone()),
                    None => (end, piece.from.clone()),
                };
                let to = to.min(end);
                pieces.push(to - at, &from);
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

    /// Whether anything is known of where it comes from.
    pub fn has_origin(&self) -> bool {
        self.pieces.is_some()
    }

    /// The pieces in order, covering the whole text; none when no origin is kept.
    pub fn pieces(&self) -> PieceIter<'_> {
        self.touching(0..self.end - self.start)
    }

    /// The pieces that share a byte with `range`, whole, and the empty ones in it or at its ends. Cost: a binary search.
    pub fn touching(&self, range: Range<u32>) -> PieceIter<'_> {
        match &self.pieces {
            Some(pieces) => {
                let touched = self.start + range.start..self.start + range.end;
                pieces.touching(touched, self.start..self.end)
            }
            None => PieceIter::none(),
        }
    }

    /// Every place that wrote some of this text, with repeats.
    pub fn origins(&self) -> impl Iterator<Item = Origin> + '_ {
        self.pieces().flat_map(|piece| piece.from.iter().copied())
    }

    /// Whether both are the same bytes in the same buffer; for tests of sharing.
    pub fn shares_buffer_with(&self, other: &Text) -> bool {
        match (&self.buffer, &other.buffer) {
            (Some(a), Some(b)) => Rc::ptr_eq(a, b),
            _ => false,
        }
    }

    fn attribute(&mut self, from: Rc<[Origin]>) {
        let known = !(self.is_empty() && from.is_empty());
        self.pieces = known.then(|| Rc::new(Pieces::one(self.start..self.end, from)));
    }
}

/// Joins texts and bytes into one [`Text`], keeping the pieces of what is pushed.
#[derive(Clone, Debug, Default)]
pub struct TextBuilder {
    bytes: Vec<u8>,
    /// Of the bytes up to where they end; none until something with an origin is pushed.
    pieces: Pieces,
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
        if text.has_origin() {
            self.fill_gap();
            for piece in text.pieces() {
                self.pieces.push(piece.len(), piece.from);
            }
        }
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// Appends the part of a text in `range`, which lies inside it, with its pieces.
    pub fn push_slice(&mut self, text: &Text, range: Range<usize>) {
        if text.has_origin() {
            self.push(&text.slice(range));
        } else {
            self.bytes.extend_from_slice(&text.as_bytes()[range]);
        }
    }

    /// Says that the bytes from `start` on, pushed as bytes alone, were made of `input`. Free where `input` has no origin.
    pub fn derive_from(&mut self, start: usize, input: &Text) {
        if input.pieces.is_none() || start < self.pieces.end() as usize {
            return;
        }
        let made = Text::derived(&self.bytes[start..], &[input]);
        self.bytes.truncate(start);
        self.push(&made);
    }

    /// Appends bytes that `from` wrote.
    pub fn push_from(&mut self, bytes: &[u8], from: &Rc<[Origin]>) {
        self.fill_gap();
        self.pieces.push(bytes.len() as u32, from);
        self.bytes.extend_from_slice(bytes);
    }

    /// Appends none of the bytes of a part of a text, which stays as what has written nothing here.
    pub fn push_nothing(&mut self, text: &Text, range: Range<usize>) {
        for piece in text.touching(range.start as u32..range.end as u32) {
            self.fill_gap();
            self.pieces.push(0, piece.from);
        }
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
        let traced = !self.pieces.is_empty();
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
        let gap = self.bytes.len() - self.pieces.end() as usize;
        if gap > 0 {
            let nobody: Rc<[Origin]> = Rc::new([]);
            self.pieces.push(gap as u32, &nobody);
        }
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
        text.pieces().map(|piece| (piece.len(), piece.from.iter().map(|from| from.0).collect())).collect()
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
        assert!(!Text::derived("xyz", &[&Text::from("c")]).has_origin());
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
            text.pieces().map(|piece| (piece.len(), piece.from.to_vec())).collect()
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
        assert_eq!(kinds(&Text::new().written(writer, &[port], &[], &[])), [(0, vec![writer, port])]);
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
        assert_eq!(filled.pieces().count(), 5);
    }

    #[test]
    fn what_writes_nothing_keeps_its_place() {
        let (prefix, name) = (Text::new().with_origin(Origin(5)), Text::from("name").with_origin(Origin(6)));
        let mut made = TextBuilder::new();
        made.push_bytes(b"a: ");
        made.push(&prefix);
        made.push(&name);
        made.push_nothing(&name, 0..2);
        made.push_bytes(b"\n");
        let text = made.finish();
        let all = [(3, vec![]), (0, vec![5]), (4, vec![6]), (1, vec![])];
        assert_eq!(origins(&text), all);
        // At either end of a part, and in no byte of it.
        assert_eq!(origins(&text.slice(0..3)), all[..2]);
        assert_eq!(origins(&text.slice(3..5)), [(0, vec![5]), (2, vec![6])]);
        assert_eq!(origins(&text.slice(4..8)), [(3, vec![6]), (1, vec![])]);
        assert_eq!(origins(&text.slice(3..3)), [(0, vec![5])]);
        assert!(!text.slice(5..5).has_origin());
        let halves = |at| {
            let mut halves = TextBuilder::new();
            halves.push_slice(&text, 0..at);
            halves.push_slice(&text, at..8);
            origins(&halves.finish())
        };
        assert!((0..8).all(|at| halves(at) == all), "put together it is as it was");
    }

    #[test]
    fn the_parts_of_a_text_cost_no_walk_over_its_pieces() {
        const COUNT: usize = 200_000;
        let mut made = TextBuilder::new();
        for number in 0..COUNT {
            made.push(&Text::from("xy").with_origin(Origin(number as u32)));
        }
        let text = made.finish();
        for number in 0..COUNT {
            let part = text.slice(2 * number..2 * number + 2);
            let (pieces, whole) = (part.pieces.as_ref().unwrap(), text.pieces.as_ref().unwrap());
            assert!(Rc::ptr_eq(pieces, whole), "shared, not copied");
            assert_eq!(origins(&part), [(2, vec![number as u32])]);
            assert!(part.touching(0..1).left() <= 3, "a search leaves this one and those beside it");
        }
    }

    #[test]
    fn nothing_is_kept_where_nobody_asked() {
        let mut builder = TextBuilder::with_capacity(4);
        builder.push(&Text::from("ab"));
        builder.push_bytes(b"cd");
        assert!(!builder.finish().has_origin());
        assert_eq!(std::mem::size_of::<Text>(), 24);
    }
}
