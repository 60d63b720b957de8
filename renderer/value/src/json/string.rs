//! JSON strings: quoting as Go quotes, and the way back.

use crate::{Text, TextBuilder};

/// Classes of bytes while quoting; everything that is not `PLAIN` ends a run that is copied whole.
const PLAIN: u8 = 0;
const ESCAPED: u8 = 1;
const HTML: u8 = 2;
const WIDE: u8 = 3;

const CLASS: [u8; 256] = {
    let mut table = [PLAIN; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            0..0x20 | b'"' | b'\\' => ESCAPED,
            b'<' | b'>' | b'&' => HTML,
            0x80.. => WIDE,
            _ => PLAIN,
        };
        byte += 1;
    }
    table
};

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Appends `text` as a JSON string. What is copied keeps its pieces; what is escaped comes from all of `text`.
///
/// Invalid UTF-8 becomes U+FFFD; U+2028 and U+2029 are always escaped, `<`, `>` and `&` when `escape_html`.
pub(super) fn push_quoted(out: &mut TextBuilder, text: &Text, escape_html: bool) {
    let bytes = text.as_bytes();
    out.push_bytes(b"\"");
    let mut run = 0;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match CLASS[usize::from(byte)] {
            PLAIN => at += 1,
            HTML if !escape_html => at += 1,
            WIDE => {
                let (width, escape) = match bytes[at..] {
                    [0xe2, 0x80, 0xa8, ..] => (3, Some("\\u2028")),
                    [0xe2, 0x80, 0xa9, ..] => (3, Some("\\u2029")),
                    _ => match utf8_width(&bytes[at..]) {
                        0 => (1, Some("\u{fffd}")),
                        width => (width, None),
                    },
                };
                if let Some(escape) = escape {
                    out.push_slice(text, run..at);
                    push_derived(out, escape.as_bytes(), text);
                    run = at + width;
                }
                at += width;
            }
            _ => {
                out.push_slice(text, run..at);
                let short = match byte {
                    b'"' => b'"',
                    b'\\' => b'\\',
                    0x08 => b'b',
                    0x0c => b'f',
                    b'\n' => b'n',
                    b'\r' => b'r',
                    b'\t' => b't',
                    _ => 0,
                };
                if short != 0 {
                    push_derived(out, &[b'\\', short], text);
                } else {
                    let (high, low) = (HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]);
                    push_derived(out, &[b'\\', b'u', b'0', b'0', high, low], text);
                }
                at += 1;
                run = at;
            }
        }
    }
    out.push_slice(text, run..at);
    out.push_bytes(b"\"");
}

fn push_derived(out: &mut TextBuilder, bytes: &[u8], text: &Text) {
    let start = out.len();
    out.push_bytes(bytes);
    out.derive_from(start, text);
}

/// Length of the UTF-8 sequence that `bytes` start with; 0 when they start with none.
pub(super) fn utf8_width(bytes: &[u8]) -> usize {
    let continues = |index: usize| matches!(bytes.get(index), Some(0x80..=0xbf));
    match bytes.first() {
        Some(0..0x80) => 1,
        Some(0xc2..=0xdf) if continues(1) => 2,
        Some(&first @ 0xe0..=0xef) if continues(1) && continues(2) => match (first, bytes[1]) {
            (0xe0, ..0xa0) | (0xed, 0xa0..) => 0,
            _ => 3,
        },
        Some(&first @ 0xf0..=0xf4) if continues(1) && continues(2) && continues(3) => {
            match (first, bytes[1]) {
                (0xf0, ..0x90) | (0xf4, 0x90..) => 0,
                _ => 4,
            }
        }
        _ => 0,
    }
}

/// The text of a JSON string whose escapes were checked before; `raw` is what stands between the quotes.
pub(super) fn unquote(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut at = 0;
    while let Some(&byte) = raw.get(at) {
        if byte != b'\\' {
            let width = if byte < 0x80 { 1 } else { utf8_width(&raw[at..]) };
            if width == 0 {
                out.extend_from_slice("\u{fffd}".as_bytes());
            } else {
                out.extend_from_slice(&raw[at..at + width]);
            }
            at += width.max(1);
            continue;
        }
        let escaped = raw.get(at + 1).copied().unwrap_or(b'\\');
        at += 2;
        if escaped != b'u' {
            out.push(match escaped {
                b'b' => 0x08,
                b'f' => 0x0c,
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                other => other,
            });
            continue;
        }
        let first = hex4(raw, at).unwrap_or(0xfffd);
        at += 4;
        let mut code = u32::from(first);
        if (0xd800..0xdc00).contains(&first)
            && raw.get(at..at + 2) == Some(b"\\u")
            && let Some(second @ 0xdc00..=0xdfff) = hex4(raw, at + 2)
        {
            code = 0x10000 + ((code - 0xd800) << 10) + (u32::from(second) - 0xdc00);
            at += 6;
        }
        // A lone surrogate is no character.
        let character = char::from_u32(code).unwrap_or('\u{fffd}');
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
    out
}

/// Four hexadecimal digits at `at`.
pub(super) fn hex4(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at + 4)?;
    digits.iter().try_fold(0_u16, |value, &digit| {
        let digit = char::from(digit).to_digit(16)?;
        Some(value << 4 | digit as u16)
    })
}
