//! Places in texts, counted as the caller wants them.

use renderer::source::LineIndex;
use serde::Serialize;

/// The unit of offsets and columns, chosen once in the constructor.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Encoding {
    /// UTF-16 code units, as JavaScript's strings and the editors count.
    Utf16,
    /// Bytes.
    Utf8,
}

impl Encoding {
    /// `utf16` or `utf8`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "utf16" => Some(Self::Utf16),
            "utf8" => Some(Self::Utf8),
            _ => None,
        }
    }
}

/// A place in a text.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub(crate) struct Place {
    /// From the start of the text.
    offset: u32,
    /// From 0.
    line: u32,
    /// From 0.
    column: u32,
}

/// Two places: the first that belongs to it, and the one behind the last.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub(crate) struct Range {
    start: Place,
    end: Place,
}

/// Turns bytes of one text into places.
pub(crate) struct Ruler<'a> {
    text: &'a [u8],
    lines: LineIndex,
    encoding: Encoding,
    /// A byte that was asked for, and what stands before it in UTF-16: those who ask go forward as a rule.
    last: (u32, u32),
}

impl<'a> Ruler<'a> {
    /// Cost: one pass over the text.
    pub(crate) fn new(text: &'a [u8], encoding: Encoding) -> Self {
        Self { text, lines: LineIndex::new(text), encoding, last: (0, 0) }
    }

    /// The places of a range of bytes; what lies beyond the text is its end.
    pub(crate) fn range(&mut self, bytes: std::ops::Range<u32>) -> Range {
        Range { start: self.place(bytes.start), end: self.place(bytes.end) }
    }

    /// Cost: what lies between this place and the one asked for before it.
    fn place(&mut self, byte: u32) -> Place {
        let byte = byte.min(self.text.len() as u32);
        match self.encoding {
            Encoding::Utf8 => {
                let at = self.lines.byte_to_line_column(byte);
                Place { offset: byte, line: at.line, column: at.column }
            }
            Encoding::Utf16 => {
                let at = self.lines.byte_to_utf16(self.text, byte);
                if byte < self.last.0 {
                    self.last = (0, 0);
                }
                let between = self.text.get(self.last.0 as usize..byte as usize).unwrap_or_default();
                self.last = (byte, self.last.1 + utf16_len(between));
                Place { offset: self.last.1, line: at.line, column: at.column }
            }
        }
    }
}

/// Code units of a text of which every wrong byte is shown as a replacement character.
fn utf16_len(bytes: &[u8]) -> u32 {
    if bytes.is_ascii() {
        return bytes.len() as u32;
    }
    String::from_utf8_lossy(bytes).chars().map(|rune| rune.len_utf16() as u32).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str, encoding: Encoding, bytes: std::ops::Range<u32>) -> [u32; 4] {
        let range = Ruler::new(text.as_bytes(), encoding).range(bytes);
        [range.start.offset, range.start.line, range.start.column, range.end.offset]
    }

    #[test]
    fn a_place_is_counted_in_the_unit_that_was_chosen() {
        let text = "é: 😀\nx: y\n";
        assert_eq!(places(text, Encoding::Utf8, 12..13), [12, 1, 3, 13]);
        assert_eq!(places(text, Encoding::Utf16, 12..13), [9, 1, 3, 10]);
    }

    #[test]
    fn a_ruler_goes_back_and_stops_at_the_end() {
        let mut ruler = Ruler::new("é\né".as_bytes(), Encoding::Utf16);
        assert_eq!(ruler.place(99), Place { offset: 3, line: 1, column: 1 });
        assert_eq!(ruler.place(2), Place { offset: 1, line: 0, column: 1 });
    }
}
