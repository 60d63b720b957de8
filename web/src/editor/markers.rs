//! Problems as the editor wants them: places in UTF-16 units, which is how JavaScript counts.

use crate::worker::protocol::Problem;

/// The UTF-16 offset of a byte offset. One that lies inside a character counts as its start.
pub(crate) fn byte_to_utf16(text: &str, byte: usize) -> u32 {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    text[..byte].chars().map(|c| c.len_utf16() as u32).sum()
}

/// Line and column of a byte offset, from 1; columns in characters as an editor shows them.
pub(crate) fn line_and_column(text: &str, byte: usize) -> (u32, u32) {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    let before = &text[..byte];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() as u32 + 1;
    (line, before[line_start..].chars().count() as u32 + 1)
}

/// The range of a problem in UTF-16 units. A place without a length is shown on the rest of its line, so that it can
/// be seen at all.
pub(crate) fn utf16_range(text: &str, problem: &Problem) -> Option<(u32, u32)> {
    let (start, end) = problem.range?;
    let (start, mut end) = (start as usize, (end as usize).min(text.len()));
    if end <= start {
        let rest = text.get(start.min(text.len())..).unwrap_or("");
        end = start + rest.find('\n').unwrap_or(rest.len());
    }
    let from = byte_to_utf16(text, start);
    Some((from, from.max(byte_to_utf16(text, end))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_utf16_units() {
        let text = "ä: 😀x";
        assert_eq!(byte_to_utf16(text, 0), 0);
        assert_eq!(byte_to_utf16(text, 2), 1);
        assert_eq!(byte_to_utf16(text, 4), 3);
        assert_eq!(byte_to_utf16(text, 8), 5);
        assert_eq!(byte_to_utf16(text, 6), 3);
        assert_eq!(byte_to_utf16(text, 999), 6);
    }

    #[test]
    fn lines_and_columns_start_at_one() {
        assert_eq!(line_and_column("a\nöb", 0), (1, 1));
        assert_eq!(line_and_column("a\nöb", 4), (2, 2));
        assert_eq!(line_and_column("", 7), (1, 1));
    }
}
