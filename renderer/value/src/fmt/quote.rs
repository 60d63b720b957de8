//! Go's quoted strings.
//!
//! Source: go 1.27 `strconv/quote.go`.

/// Whether Go prints the character as it is: letters, marks, numbers, punctuation, symbols and the ASCII space.
///
/// The tables are the standard library's: its debug form escapes the same categories, and combining marks only at the start
/// of a text.
pub fn is_print(rune: char) -> bool {
    if rune.is_ascii() {
        return matches!(rune, ' '..='~');
    }
    let mut buffer = [b'a'; 5];
    let len = 1 + rune.encode_utf8(&mut buffer[1..]).len();
    // The buffer holds an `a` and the character just encoded, so it is UTF-8.
    std::str::from_utf8(&buffer[..len]).is_ok_and(|text| text.escape_debug().nth(1) == Some(rune))
}

/// `%q` of a string: double quotes around it, what is not printable escaped, bytes that are not UTF-8 as `\xhh`.
pub fn quote(bytes: &[u8]) -> Vec<u8> {
    quote_with(bytes, false)
}

pub(super) fn quote_with(bytes: &[u8], ascii_only: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 2);
    out.push(b'"');
    for chunk in bytes.utf8_chunks() {
        for rune in chunk.valid().chars() {
            escape(&mut out, rune, b'"', ascii_only);
        }
        for byte in chunk.invalid() {
            out.extend_from_slice(format!("\\x{byte:02x}").as_bytes());
        }
    }
    out.push(b'"');
    out
}

/// `%q` of a rune: single quotes around it; what is no character is U+FFFD.
pub fn quote_rune(rune: u64, ascii_only: bool) -> Vec<u8> {
    let rune = u32::try_from(rune).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER);
    let mut out = vec![b'\''];
    escape(&mut out, rune, b'\'', ascii_only);
    out.push(b'\'');
    out
}

/// Whether the text can stand unchanged between back-quotes.
pub(super) fn can_backquote(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| {
        text.chars().all(|rune| rune == '\t' || !(rune < ' ' || matches!(rune, '`' | '\u{7f}' | '\u{feff}')))
    })
}

fn escape(out: &mut Vec<u8>, rune: char, quote: u8, ascii_only: bool) {
    let plain = if ascii_only { matches!(rune, ' '..='~') } else { is_print(rune) };
    let short = match rune {
        '\x07' => Some(b'a'),
        '\x08' => Some(b'b'),
        '\x0c' => Some(b'f'),
        '\n' => Some(b'n'),
        '\r' => Some(b'r'),
        '\t' => Some(b't'),
        '\x0b' => Some(b'v'),
        '\\' => Some(b'\\'),
        _ if rune == char::from(quote) => Some(quote),
        _ => None,
    };
    match short {
        Some(letter) => out.extend_from_slice(&[b'\\', letter]),
        None if plain => out.extend_from_slice(rune.encode_utf8(&mut [0; 4]).as_bytes()),
        None => {
            let code = u32::from(rune);
            let escaped = match code {
                0..0x20 | 0x7f => format!("\\x{code:02x}"),
                0..0x10000 => format!("\\u{code:04x}"),
                _ => format!("\\U{code:08x}"),
            };
            out.extend_from_slice(escaped.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_those_of_unicode_17() {
        assert_eq!(char::UNICODE_VERSION.0, 17);
    }

    #[test]
    fn a_quoted_string_keeps_what_go_prints() {
        let rows: &[(&[u8], &str)] = &[
            (b"a\"b\\", r#""a\"b\\""#),
            (b"\x00\x07\n\x7f", r#""\x00\a\n\x7f""#),
            ("é\u{a0}\u{301}😀\u{feff}\u{10ffff}".as_bytes(), "\"é\\u00a0\u{301}😀\\ufeff\\U0010ffff\""),
            (b"\xff\xc3", r#""\xff\xc3""#),
            ("\u{fffd}'".as_bytes(), "\"\u{fffd}'\""),
        ];
        for (bytes, expected) in rows {
            assert_eq!(String::from_utf8_lossy(&quote(bytes)), *expected);
        }
        assert_eq!(quote_rune(0x27, false), br"'\''");
        assert_eq!(quote_rune(u64::MAX, true), br"'\ufffd'");
    }
}
