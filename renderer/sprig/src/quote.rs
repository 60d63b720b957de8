//! Go's `strconv.Quote` and `unicode.IsPrint`, for the names that error texts and log lines quote.
//!
//! Source: Go 1.27 `strconv/quote.go`.

use std::fmt::Write;

/// Whether Go prints this character as it is: letters, marks, numbers, punctuation, symbols and the ASCII space.
///
/// Rust's tables come from the same standard; newly assigned characters may differ by one version of Unicode.
pub fn is_print(c: char) -> bool {
    if c.is_ascii() {
        return c == ' ' || c.is_ascii_graphic();
    }
    // `char::escape_debug` also escapes marks, `str::escape_debug` only a leading one, so the mark stands behind a letter.
    let mut bytes = [0; 4];
    let mut text = String::from("a");
    text.push_str(c.encode_utf8(&mut bytes));
    text.escape_debug().count() == 2
}

/// Quotes as Go's `%q`.
pub fn go_quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            c => push_rune(&mut out, c),
        }
    }
    out.push('"');
    out
}

/// Quotes a rune as Go's `%q`.
pub fn go_quote_rune(c: char) -> String {
    let mut out = String::from("'");
    match c {
        '\'' => out.push_str("\\'"),
        c => push_rune(&mut out, c),
    }
    out.push('\'');
    out
}

fn push_rune(out: &mut String, c: char) {
    let escape = match c {
        '\\' => "\\\\",
        '\u{7}' => "\\a",
        '\u{8}' => "\\b",
        '\u{c}' => "\\f",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\u{b}' => "\\v",
        c if is_print(c) => return out.push(c),
        c => {
            let code = c as u32;
            // Writing into a `String` cannot fail.
            let _ = match code {
                0..0x80 => write!(out, "\\x{code:02x}"),
                0x80..0x10000 => write!(out, "\\u{code:04x}"),
                _ => write!(out, "\\U{code:08x}"),
            };
            return;
        }
    };
    out.push_str(escape);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_as_go_does() {
        assert_eq!(go_quote("a\"b\\c\n\u{200b}é\u{301}\u{7f}"), "\"a\\\"b\\\\c\\n\\u200bé\u{301}\\x7f\"");
        assert_eq!(go_quote_rune('\''), "'\\''");
        assert_eq!(go_quote_rune('"'), "'\"'");
    }
}
