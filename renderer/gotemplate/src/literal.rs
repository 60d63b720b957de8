//! Literals of the template language: quoted strings, characters and numbers, read and quoted as Go does.
//!
//! Source: go1.27 `strconv/quote.go` and `text/template/parse/node.go`, `newNumber`.

use value::fmt::quote;
use value::number::{parse_float, parse_int, parse_uint};

use crate::unicode::decode;

/// The string that a quoted literal stands for; `None` where Go says `invalid syntax`.
pub(crate) fn unquote(literal: &[u8]) -> Option<Vec<u8>> {
    let (&quote, rest) = literal.split_first()?;
    let (&last, body) = rest.split_last()?;
    if last != quote {
        return None;
    }
    match quote {
        // A raw string may hold anything but its quote; Go drops carriage returns.
        b'`' => Some(body.iter().copied().filter(|byte| *byte != b'\r').collect()),
        b'"' if !body.contains(&b'\\') && std::str::from_utf8(body).is_ok() => Some(body.to_vec()),
        b'"' => {
            let mut text = Vec::with_capacity(body.len());
            let mut left = body;
            while !left.is_empty() {
                let unquoted = unquote_char(left, b'"')?;
                unquoted.append_to(&mut text);
                left = unquoted.tail;
            }
            Some(text)
        }
        _ => None,
    }
}

/// One character of a quoted literal and what follows it.
pub(crate) struct Unquoted<'a> {
    pub(crate) code: u32,
    /// Whether the code is a character; otherwise it is a byte.
    multibyte: bool,
    pub(crate) tail: &'a [u8],
}

impl Unquoted<'_> {
    fn append_to(&self, text: &mut Vec<u8>) {
        match char::from_u32(self.code) {
            Some(c) if self.multibyte => text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            _ => text.push(self.code as u8),
        }
    }
}

/// The first character of `text`, escapes read; `None` where Go says `invalid syntax`.
pub(crate) fn unquote_char(text: &[u8], quote: u8) -> Option<Unquoted<'_>> {
    let first = *text.first()?;
    if first == quote {
        return None;
    }
    if first >= 0x80 {
        let (c, width) = decode(text);
        return Some(Unquoted { code: c as u32, multibyte: true, tail: &text[width..] });
    }
    if first != b'\\' {
        return Some(Unquoted { code: u32::from(first), multibyte: false, tail: &text[1..] });
    }
    let escape = *text.get(1)?;
    let tail = &text[2..];
    let simple = |code: u8| Some(Unquoted { code: u32::from(code), multibyte: false, tail });
    let hex = |digits: usize| -> Option<u32> {
        let mut code = 0_u32;
        for byte in tail.get(..digits)? {
            code = code.wrapping_shl(4) | char::from(*byte).to_digit(16)?;
        }
        Some(code)
    };
    match escape {
        b'a' => simple(0x07),
        b'b' => simple(0x08),
        b'f' => simple(0x0c),
        b'n' => simple(b'\n'),
        b'r' => simple(b'\r'),
        b't' => simple(b'\t'),
        b'v' => simple(0x0b),
        b'\\' => simple(b'\\'),
        b'\'' | b'"' if escape == quote => simple(escape),
        b'x' => Some(Unquoted { code: hex(2)?, multibyte: false, tail: &tail[2..] }),
        b'u' | b'U' => {
            let digits = if escape == b'u' { 4 } else { 8 };
            let code = hex(digits)?;
            char::from_u32(code)?;
            Some(Unquoted { code, multibyte: true, tail: &tail[digits..] })
        }
        b'0'..=b'7' => {
            let mut code = u32::from(escape - b'0');
            for byte in tail.get(..2)? {
                code = code << 3 | char::from(*byte).to_digit(8)?;
            }
            (code <= 255).then_some(Unquoted { code, multibyte: false, tail: &tail[2..] })
        }
        _ => None,
    }
}

/// `%q` of a text, for messages; what is not UTF-8 has been escaped.
pub(crate) fn quoted(text: &[u8]) -> String {
    String::from_utf8_lossy(&quote(text)).into_owned()
}

/// A number, kept in every type that can hold it: what it is gets settled where it is used.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Number {
    pub(crate) int: Option<i64>,
    pub(crate) uint: Option<u64>,
    pub(crate) float: Option<f64>,
    pub(crate) complex: Option<(f64, f64)>,
    /// Whether its spelling makes it a float where nothing asks for a type.
    pub(crate) spelled_float: bool,
}

/// Reads a simple number, imaginary ones included.
///
/// # Errors
/// Go's sentence.
pub(crate) fn number(text: &[u8]) -> Result<Number, String> {
    if let Some(digits) = text.strip_suffix(b"i")
        && let Ok(imaginary) = parse_float(digits)
    {
        return Ok(complex(0.0, imaginary));
    }
    let mut number = Number { spelled_float: spelled_float(text), ..Number::default() };
    number.uint = parse_uint(text, 0).ok();
    number.int = parse_int(text, 0).ok();
    if number.int == Some(0) {
        number.uint = number.uint.or(Some(0));
    }
    if let Some(int) = number.int {
        number.float = Some(int as f64);
    } else if let Some(uint) = number.uint {
        number.float = Some(uint as f64);
    } else if let Ok(float) = parse_float(text) {
        if !text.iter().any(|byte| b".eEpP".contains(byte)) {
            return Err(format!("integer overflow: {}", quoted(text)));
        }
        number.float = Some(float);
        number.int = whole_int(float);
        number.uint = whole_uint(float);
    } else {
        return Err(format!("illegal number syntax: {}", quoted(text)));
    }
    Ok(number)
}

/// Reads a character constant, quotes included.
///
/// # Errors
/// Go's sentence.
pub(crate) fn character(text: &[u8]) -> Result<Number, String> {
    let unquoted = unquote_char(&text[1..], b'\'').ok_or("invalid syntax")?;
    if unquoted.tail != b"'" {
        return Err(format!("malformed character constant: {}", String::from_utf8_lossy(text)));
    }
    let code = unquoted.code;
    Ok(Number {
        int: Some(i64::from(code)),
        uint: Some(u64::from(code)),
        float: Some(f64::from(code)),
        ..Number::default()
    })
}

/// Reads a complex constant such as `1+2i`; the lexer has seen that it ends in `i`.
///
/// # Errors
/// Go's sentence.
pub(crate) fn complex_constant(text: &[u8]) -> Result<Number, String> {
    let body = text.strip_suffix(b"i").unwrap_or(text);
    let split = (1..body.len())
        .rev()
        .find(|at| matches!(body[*at], b'+' | b'-') && !matches!(body[at - 1], b'e' | b'E' | b'p' | b'P'));
    let Some(at) = split else { return Err("syntax error scanning complex number".into()) };
    let part = |text: &[u8]| {
        parse_float(text)
            .map_err(|error| format!("strconv.ParseFloat: parsing {}: {}", quoted(text), error.message()))
    };
    Ok(complex(part(&body[..at])?, part(&body[at..])?))
}

fn complex(real: f64, imaginary: f64) -> Number {
    let mut number = Number { complex: Some((real, imaginary)), ..Number::default() };
    if imaginary == 0.0 {
        number.float = Some(real);
        number.int = whole_int(real);
        number.uint = whole_uint(real);
    }
    number
}

fn whole_int(float: f64) -> Option<i64> {
    // A cast stops at the limits, which differ from what lies beyond them, except for 2^63 itself.
    let int = float as i64;
    (int as f64 == float && float < TWO_TO_63).then_some(int)
}

fn whole_uint(float: f64) -> Option<u64> {
    let uint = float as u64;
    (uint as f64 == float && float < 2.0 * TWO_TO_63).then_some(uint)
}

const TWO_TO_63: f64 = (1_u64 << 63) as f64;

fn spelled_float(text: &[u8]) -> bool {
    let hex_int = text.len() > 2
        && text[0] == b'0'
        && matches!(text[1], b'x' | b'X')
        && !text.iter().any(|byte| matches!(byte, b'p' | b'P'));
    !hex_int && text.iter().any(|byte| b".eEpP".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_read_as_go_does() {
        assert_eq!(unquote(br#""a\n\x41\101\u00e9\"""#).unwrap(), "a\nAA\u{e9}\"".as_bytes());
        assert_eq!(unquote(b"`a\r\n`").unwrap(), b"a\n");
        assert_eq!(unquote(br#""\xff""#).unwrap(), [0xff]);
        for bad in [r#""\'""#, r#""\u12""#, r#""\400""#, r#""\ud800""#, "\"", "'a'"] {
            assert_eq!(unquote(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn a_number_is_kept_in_every_type_that_holds_it() {
        let three = number(b"3.0").unwrap();
        assert_eq!((three.int, three.float, three.spelled_float), (Some(3), Some(3.0), true));
        assert!(!number(b"0x1e").unwrap().spelled_float);
        assert_eq!(number(b"18446744073709551615").unwrap().int, None);
        assert_eq!(number(b"1_").unwrap_err(), "illegal number syntax: \"1_\"");
        assert_eq!(
            number(b"99999999999999999999").unwrap_err(),
            "integer overflow: \"99999999999999999999\""
        );
        assert_eq!(complex_constant(b"1e+2-2i").unwrap().complex, Some((100.0, -2.0)));
        assert_eq!(character(b"'ab'").unwrap_err(), "malformed character constant: 'ab'");
    }
}
