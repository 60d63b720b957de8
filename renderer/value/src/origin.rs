//! Where the bytes of a text come from: places by number, and the pieces of a text with the places of each.

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

/// Both sets in one, sorted and without repeats.
pub(crate) fn union(a: &[Origin], b: &[Origin]) -> Rc<[Origin]> {
    let mut all: Vec<Origin> = a.iter().chain(b).copied().collect();
    all.sort_unstable();
    all.dedup();
    all.into()
}

/// A run of bytes of one text and the places that it comes from.
///
/// An empty one says what has written nothing between two bytes, where it could have written something.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Piece<'t> {
    /// The bytes.
    pub range: Range<u32>,
    /// Who wrote them, sorted and without repeats; empty when nobody knows.
    pub from: &'t Rc<[Origin]>,
}

impl Piece<'_> {
    /// Length in bytes.
    pub fn len(&self) -> u32 {
        self.range.end - self.range.start
    }

    /// Whether it holds no byte.
    pub fn is_empty(&self) -> bool {
        self.range.is_empty()
    }
}

/// The pieces of a text and of all its slices, by where they end.
///
/// Shape: the first starts at `base`; whoever shares them counts bytes as they do.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pieces {
    base: u32,
    ends: Vec<(u32, Rc<[Origin]>)>,
}

impl Pieces {
    pub(crate) fn new(base: u32) -> Self {
        Self { base, ends: Vec::new() }
    }

    /// One piece.
    pub(crate) fn one(range: Range<u32>, from: Rc<[Origin]>) -> Self {
        Self { base: range.start, ends: vec![(range.end, from)] }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Where the last one ends.
    pub(crate) fn end(&self) -> u32 {
        self.ends.last().map_or(self.base, |(end, _)| *end)
    }

    pub(crate) fn reserve(&mut self, count: usize) {
        self.ends.reserve(count);
    }

    /// Appends a piece, or makes the last one longer.
    pub(crate) fn push(&mut self, len: u32, from: &Rc<[Origin]>) {
        if len == 0 && from.is_empty() {
            return;
        }
        match self.ends.last_mut() {
            Some((end, last)) if *last == *from => *end += len,
            _ => self.ends.push((self.end() + len, from.clone())),
        }
    }

    /// The pieces that touch `touched`, cut to `within`.
    pub(crate) fn touching(&self, touched: Range<u32>, within: Range<u32>) -> PieceIter<'_> {
        let first = self.ends.partition_point(|(end, _)| *end < touched.start);
        let last = self.ends.partition_point(|(end, _)| *end <= touched.end);
        let start = first.checked_sub(1).map_or(self.base, |before| self.ends[before].0);
        let ends = self.ends[first..self.ends.len().min(last + 1)].iter();
        PieceIter { ends, start, touched, within }
    }
}

/// The pieces of a text in order: all, or those that touch a part of it.
#[derive(Clone, Debug)]
pub struct PieceIter<'t> {
    ends: std::slice::Iter<'t, (u32, Rc<[Origin]>)>,
    /// Where the next one starts.
    start: u32,
    touched: Range<u32>,
    within: Range<u32>,
}

impl PieceIter<'_> {
    /// Those of a text of which nothing is known.
    pub(crate) fn none() -> Self {
        Self { ends: [].iter(), start: 0, touched: 0..0, within: 0..0 }
    }

    /// How many there are to be looked at.
    #[cfg(test)]
    pub(crate) fn left(&self) -> usize {
        self.ends.len()
    }
}

impl<'t> Iterator for PieceIter<'t> {
    type Item = Piece<'t>;

    fn next(&mut self) -> Option<Piece<'t>> {
        loop {
            let (end, from) = self.ends.next()?;
            let (start, end) = (self.start, *end);
            self.start = end;
            let touches = start < self.touched.end && self.touched.start < end;
            if touches || start == end {
                let (from_byte, to_byte) = (start.max(self.within.start), end.min(self.within.end));
                let range = from_byte - self.within.start..to_byte - self.within.start;
                return Some(Piece { range, from });
            }
        }
    }
}
