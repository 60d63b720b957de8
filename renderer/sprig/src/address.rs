//! Addresses of hosts, with Go's sentence for each way in which one is wrong.
//!
//! Source: go 1.27 `net/netip/netip.go`, `ParseAddr`.

use value::fmt::quote;

/// What an address is; nobody asks for its bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Address {
    /// `192.0.2.1`
    V4,
    /// `2001:db8::1`, or `fe80::1%eth0`, which has a zone.
    V6 {
        /// Whether it has one.
        has_zone: bool,
    },
}

/// Why a text is no address.
struct Wrong<'t> {
    what: &'static str,
    /// What was left to read, where that helps.
    at: &'t [u8],
}

fn wrong<'t, T>(what: &'static str, at: &'t [u8]) -> Result<T, Wrong<'t>> {
    Err(Wrong { what, at })
}

/// Go's `netip.ParseAddr`.
///
/// # Errors
/// `ParseAddr("1::2::3"): multiple :: in address (at ":3")`
pub fn parse(text: &[u8]) -> Result<Address, Vec<u8>> {
    read(text).map_err(|Wrong { what, at }| {
        let sentence = [b"ParseAddr(".as_slice(), &quote(text), b"): ", what.as_bytes()].concat();
        match at {
            [] => sentence,
            at => [&sentence, b" (at ".as_slice(), &quote(at), b")"].concat(),
        }
    })
}

fn read(text: &[u8]) -> Result<Address, Wrong<'_>> {
    // Go looks for what comes first to tell the kinds of addresses apart.
    match text.iter().find(|byte| matches!(byte, b':' | b'.' | b'%')) {
        Some(b'.') => return read_v4(text).map(|()| Address::V4),
        Some(b'%') => return wrong("missing IPv6 address", b""),
        None => return wrong("unable to parse IP", b""),
        _ => {}
    }
    let zone = text.iter().position(|byte| *byte == b'%');
    let mut rest = match zone {
        Some(at) if at + 1 == text.len() => return wrong("zone must be a non-empty string", b""),
        Some(at) => &text[..at],
        None => text,
    };
    let address = Address::V6 { has_zone: zone.is_some() };
    let mut has_ellipsis = false;
    if let Some(behind) = rest.strip_prefix(b"::") {
        has_ellipsis = true;
        rest = behind;
        if rest.is_empty() {
            return Ok(address);
        }
    }
    let mut n_bytes = 0;
    while n_bytes < 16 {
        let n_digits = rest.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        match n_digits {
            0 => return wrong("each colon-separated field must have at least one digit", rest),
            1..=4 => {}
            _ => return wrong("each group must have 4 or less digits", rest),
        }
        if rest[n_digits..].starts_with(b".") {
            if !has_ellipsis && n_bytes != 12 {
                return wrong("embedded IPv4 address must replace the final 2 fields of the address", rest);
            }
            if n_bytes + 4 > 16 {
                return wrong("too many hex fields to fit an embedded IPv4 at the end of the address", rest);
            }
            read_v4(rest)?;
            rest = b"";
            n_bytes += 4;
            break;
        }
        n_bytes += 2;
        rest = &rest[n_digits..];
        if rest.is_empty() {
            break;
        }
        let Some(behind) = rest.strip_prefix(b":") else {
            return wrong("unexpected character, want colon", rest);
        };
        if behind.is_empty() {
            return wrong("colon must be followed by more characters", rest);
        }
        rest = behind;
        if let Some(behind) = rest.strip_prefix(b":") {
            if has_ellipsis {
                return wrong("multiple :: in address", rest);
            }
            has_ellipsis = true;
            rest = behind;
            if rest.is_empty() {
                break;
            }
        }
    }
    match (rest, n_bytes) {
        ([], 16) if has_ellipsis => wrong("the :: must expand to at least one field of zeros", b""),
        ([], 16) => Ok(address),
        ([], _) if has_ellipsis => Ok(address),
        ([], _) => wrong("address string too short", b""),
        (rest, _) => wrong("trailing garbage after address", rest),
    }
}

/// Four decimals with dots between them, to the end of the text.
fn read_v4(text: &[u8]) -> Result<(), Wrong<'_>> {
    let (mut value, mut n_digits, mut n_dots) = (0, 0, 0);
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            b'0'..=b'9' => {
                if n_digits == 1 && value == 0 {
                    return wrong("IPv4 field has octet with leading zero", b"");
                }
                value = value * 10 + u32::from(byte - b'0');
                n_digits += 1;
                if value > 255 {
                    return wrong("IPv4 field has value >255", b"");
                }
            }
            b'.' => {
                if at == 0 || at == text.len() - 1 || text[at - 1] == b'.' {
                    return wrong("IPv4 field must have at least one digit", &text[at..]);
                }
                if n_dots == 3 {
                    return wrong("IPv4 address too long", b"");
                }
                n_dots += 1;
                (value, n_digits) = (0, 0);
            }
            _ => return wrong("unexpected character", &text[at..]),
        }
    }
    if n_dots < 3 { wrong("IPv4 address too short", b"") } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded from Go.
    #[test]
    fn sentences_are_gos() {
        for (text, expected) in [
            ("::", ""),
            ("::1", ""),
            ("1:2:3:4:5:6:7:8", ""),
            ("1:2:3:4:5:6:1.2.3.4", ""),
            ("::ffff:1.2.3.4", ""),
            ("1::", ""),
            ("1:2", "address string too short"),
            ("1:2:3:4:5:6:7::8", "the :: must expand to at least one field of zeros"),
            ("1:2:3:4:5:6:7:8:9", "trailing garbage after address (at \"9\")"),
            ("1:x", "each colon-separated field must have at least one digit (at \"x\")"),
            ("12345::", "each group must have 4 or less digits (at \"12345::\")"),
            ("1:2g", "unexpected character, want colon (at \"g\")"),
            ("1:2:", "colon must be followed by more characters (at \":\")"),
            ("1::2::3", "multiple :: in address (at \":3\")"),
            (
                "1:1.2.3.4",
                "embedded IPv4 address must replace the final 2 fields of the address (at \"1.2.3.4\")",
            ),
            ("::1.2.3", "IPv4 address too short"),
            ("::1.2.3.256", "IPv4 field has value >255"),
            ("::1%", "zone must be a non-empty string"),
            ("1.2:3", "unexpected character (at \":3\")"),
        ] {
            let expected = match expected {
                "" => Ok(Address::V6 { has_zone: false }),
                words => Err(format!("ParseAddr({text:?}): {words}").into_bytes()),
            };
            assert_eq!(parse(text.as_bytes()), expected, "{text}");
        }
        assert_eq!(parse(b"fe80::1%eth0"), Ok(Address::V6 { has_zone: true }));
        assert_eq!(parse(b"192.0.2.1"), Ok(Address::V4));
    }
}
