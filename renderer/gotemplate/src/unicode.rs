//! Characters as Go's lexer sees them.

pub(crate) use value::fmt::is_print;
use value::unicode::{is_digit, is_letter};

/// The first character of `text` and its width; what is not UTF-8 is U+FFFD of width 1, as `utf8.DecodeRune` gives it.
pub(crate) fn decode(text: &[u8]) -> (char, usize) {
    let Some(&first) = text.first() else { return (char::REPLACEMENT_CHARACTER, 0) };
    if first < 0x80 {
        return (char::from(first), 1);
    }
    let head = &text[..text.len().min(4)];
    let valid = match std::str::from_utf8(head) {
        Ok(valid) => valid,
        // The part before the error is valid by the contract of `valid_up_to`.
        Err(error) => std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default(),
    };
    match valid.chars().next() {
        Some(c) => (c, c.len_utf8()),
        None => (char::REPLACEMENT_CHARACTER, 1),
    }
}

/// `unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_'`
pub(crate) fn is_alphanumeric(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphanumeric() || c == '_' } else { is_letter(c) || is_digit(c) }
}
