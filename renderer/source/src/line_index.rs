//! Byte offsets to lines and columns and back, in the three units our readers count in.

/// A line and a column, both counted from 0.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct LineColumn {
    /// The line.
    pub line: u32,
    /// The column, in the unit of the function that gave it.
    pub column: u32,
}

/// Where the lines of a text start. Lines end at `\n`, as Go's templates count them; a `\r` before it belongs to the line.
///
/// Shape: the index does not hold the text; the functions that count in other units than bytes take the same text again.
/// Cost: one pass to build, binary search per offset, one pass over a line for UTF-16.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LineIndex {
    /// Offset of the first byte of every line; the first is 0.
    starts: Vec<u32>,
    len: u32,
}

impl LineIndex {
    /// The lines of `text`, which is at most 4 GiB long.
    pub fn new(text: &[u8]) -> Self {
        let mut starts = vec![0];
        starts.extend(
            text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(offset, _)| offset as u32 + 1),
        );
        Self { starts, len: text.len() as u32 }
    }

    /// Number of lines: one more than there are line feeds.
    pub fn line_count(&self) -> u32 {
        self.starts.len() as u32
    }

    /// The line of `offset`, from 0. An offset beyond the end is in the last line.
    pub fn line(&self, offset: u32) -> u32 {
        self.starts.partition_point(|start| *start <= offset) as u32 - 1
    }

    /// Offset of the first byte of `line`; the length of the text for a line that is not there.
    pub fn line_start(&self, line: u32) -> u32 {
        self.starts.get(line as usize).copied().unwrap_or(self.len)
    }

    /// Offset behind the last byte of `line`, its line feed not counted.
    pub fn line_end(&self, line: u32) -> u32 {
        match self.starts.get(line as usize + 1) {
            Some(next) => next - 1,
            None => self.len,
        }
    }

    /// Line and column of `offset`, the column in bytes.
    pub fn byte_to_line_column(&self, offset: u32) -> LineColumn {
        let offset = offset.min(self.len);
        let line = self.line(offset);
        LineColumn { line, column: offset - self.line_start(line) }
    }

    /// The offset of a line and a column in bytes; a column beyond the line is its end.
    pub fn line_column_to_byte(&self, at: LineColumn) -> u32 {
        self.line_start(at.line).saturating_add(at.column).min(self.line_end(at.line))
    }

    /// Line and column of `offset` as an editor counts: the column in UTF-16 code units. What is not UTF-8 counts as
    /// the replacement characters that the editor shows for it.
    pub fn byte_to_utf16(&self, text: &[u8], offset: u32) -> LineColumn {
        let LineColumn { line, column } = self.byte_to_line_column(offset);
        let start = self.line_start(line) as usize;
        let before = text.get(start..start + column as usize).unwrap_or_default();
        let column = if before.is_ascii() {
            column
        } else {
            String::from_utf8_lossy(before).chars().map(|c| c.len_utf16() as u32).sum()
        };
        LineColumn { line, column }
    }

    /// The offset of an editor's line and UTF-16 column. A column inside a character is its start, one beyond the line
    /// its end.
    pub fn utf16_to_byte(&self, text: &[u8], at: LineColumn) -> u32 {
        let (start, end) = (self.line_start(at.line), self.line_end(at.line));
        let mut left = at.column;
        let mut offset = start;
        for chunk in text.get(start as usize..end as usize).unwrap_or_default().utf8_chunks() {
            for c in chunk.valid().chars() {
                if left < c.len_utf16() as u32 {
                    return offset;
                }
                left -= c.len_utf16() as u32;
                offset += c.len_utf8() as u32;
            }
            if !chunk.invalid().is_empty() {
                if left == 0 {
                    return offset;
                }
                left -= 1;
                offset += chunk.invalid().len() as u32;
            }
        }
        offset
    }

    /// Line and column as Go's text/template prints them in errors: the line from 1, the column in bytes from 0.
    ///
    /// Source: go1.27 `text/template/parse/parse.go`, `(*Tree).ErrorContext`.
    pub fn byte_to_go(&self, offset: u32) -> LineColumn {
        let LineColumn { line, column } = self.byte_to_line_column(offset);
        LineColumn { line: line + 1, column }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: u32, column: u32) -> LineColumn {
        LineColumn { line, column }
    }

    #[test]
    fn offsets_and_lines_meet_at_line_feeds() {
        let index = LineIndex::new(b"ab\n\ncd");
        assert_eq!(index.line_count(), 3);
        let found: Vec<_> = (0..=6).map(|offset| index.byte_to_line_column(offset)).collect();
        assert_eq!(found, [at(0, 0), at(0, 1), at(0, 2), at(1, 0), at(2, 0), at(2, 1), at(2, 2)]);
        for (offset, position) in found.into_iter().enumerate() {
            assert_eq!(index.line_column_to_byte(position), offset as u32);
        }
        assert_eq!(index.line_column_to_byte(at(0, 99)), 2);
        assert_eq!(index.line_column_to_byte(at(9, 0)), 6);
    }

    #[test]
    fn an_editor_counts_utf16_units() {
        let text = "é😀x\ny".as_bytes();
        let index = LineIndex::new(text);
        assert_eq!(index.byte_to_utf16(text, 6), at(0, 3));
        assert_eq!(index.utf16_to_byte(text, at(0, 3)), 6);
        // Between the two halves of the surrogate pair.
        assert_eq!(index.utf16_to_byte(text, at(0, 2)), 2);
        assert_eq!(index.utf16_to_byte(text, at(0, 50)), 7);
        assert_eq!(index.utf16_to_byte(text, at(1, 1)), 9);
    }

    #[test]
    fn bytes_that_are_not_utf8_count_as_what_the_editor_shows() {
        let text = b"\xff\xfea";
        let index = LineIndex::new(text);
        assert_eq!(index.byte_to_utf16(text, 2), at(0, 2));
        assert_eq!(index.utf16_to_byte(text, at(0, 2)), 2);
        assert_eq!(index.utf16_to_byte(text, at(0, 3)), 3);
    }

    #[test]
    fn go_counts_lines_from_one_and_columns_from_zero() {
        assert_eq!(LineIndex::new("a\né{{".as_bytes()).byte_to_go(4), at(2, 2));
    }
}
