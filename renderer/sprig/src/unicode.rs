//! Runes as Go sees them: decoding that never fails, simple case mapping, general categories.
//!
//! *Source*: go 1.27 `unicode/utf8`, `unicode/letter.go`, `unicode/graphic.go`.

use std::sync::LazyLock;

use regex::Regex;

/// What invalid bytes decode to.
pub(crate) const ERROR: char = char::REPLACEMENT_CHARACTER;

/// The first rune and its width in bytes; an invalid byte is [`ERROR`] of width 1, the empty text of width 0.
pub(crate) fn decode(bytes: &[u8]) -> (char, usize) {
    let width = match bytes.first() {
        None => return (ERROR, 0),
        Some(&byte @ 0..0x80) => return (char::from(byte), 1),
        Some(0xC2..=0xDF) => 2,
        Some(0xE0..=0xEF) => 3,
        Some(0xF0..=0xF4) => 4,
        Some(_) => return (ERROR, 1),
    };
    bytes
        .get(..width)
        .and_then(|rune| std::str::from_utf8(rune).ok())
        .and_then(|rune| rune.chars().next())
        .map_or((ERROR, 1), |rune| (rune, width))
}

/// The last rune and its width in bytes.
pub(crate) fn decode_last(bytes: &[u8]) -> (char, usize) {
    let len = bytes.len();
    match bytes.last() {
        None => (ERROR, 0),
        Some(&byte @ 0..0x80) => (char::from(byte), 1),
        Some(_) => (2..=4.min(len))
            .map(|width| (decode(&bytes[len - width..]), width))
            .find(|((_, decoded), width)| decoded == width)
            .map_or((ERROR, 1), |(rune, _)| rune),
    }
}

/// All runes of `bytes` with their widths.
pub(crate) fn runes(mut bytes: &[u8]) -> impl Iterator<Item = (char, usize)> {
    std::iter::from_fn(move || {
        let (rune, width) = decode(bytes);
        bytes = &bytes[width..];
        (width > 0).then_some((rune, width))
    })
}

/// Appends a rune in UTF-8.
pub(crate) fn push(bytes: &mut Vec<u8>, rune: char) {
    bytes.extend_from_slice(rune.encode_utf8(&mut [0; 4]).as_bytes());
}

/// `bytes` with every rune mapped; invalid bytes become U+FFFD, as `strings.Map` does it.
pub(crate) fn map(bytes: &[u8], mut mapping: impl FnMut(char) -> char) -> Vec<u8> {
    let mut mapped = Vec::with_capacity(bytes.len());
    for (rune, _) in runes(bytes) {
        push(&mut mapped, mapping(rune));
    }
    mapped
}

/// `unicode.ToUpper`: the simple mapping, one rune to one rune.
pub(crate) fn to_upper(rune: char) -> char {
    if rune.is_ascii() {
        return rune.to_ascii_uppercase();
    }
    let mut full = rune.to_uppercase();
    match (full.next(), full.next()) {
        (Some(upper), None) => upper,
        // Runes whose full mapping is longer; the simple one of the iota-subscript letters is their title case.
        _ => match rune {
            '\u{1F80}'..='\u{1F87}' | '\u{1F90}'..='\u{1F97}' | '\u{1FA0}'..='\u{1FA7}' => shifted(rune, 8),
            '\u{1FB3}' | '\u{1FC3}' | '\u{1FF3}' => shifted(rune, 9),
            _ => rune,
        },
    }
}

/// `unicode.ToLower`.
pub(crate) fn to_lower(rune: char) -> char {
    if rune.is_ascii() {
        return rune.to_ascii_lowercase();
    }
    let mut full = rune.to_lowercase();
    match (full.next(), full.next()) {
        (Some(lower), None) => lower,
        _ if rune == '\u{130}' => 'i',
        _ => rune,
    }
}

/// `unicode.ToTitle`.
pub(crate) fn to_title(rune: char) -> char {
    match rune {
        '\u{1C4}'..='\u{1C6}' => '\u{1C5}',
        '\u{1C7}'..='\u{1C9}' => '\u{1C8}',
        '\u{1CA}'..='\u{1CC}' => '\u{1CB}',
        '\u{1F1}'..='\u{1F3}' => '\u{1F2}',
        // Georgian: the upper case letters are for headlines only.
        '\u{10D0}'..='\u{10FA}' | '\u{10FD}'..='\u{10FF}' => rune,
        _ => to_upper(rune),
    }
}

fn shifted(rune: char, by: u32) -> char {
    char::from_u32(rune as u32 + by).unwrap_or(rune)
}

/// `unicode.IsSpace`.
pub(crate) fn is_space(rune: char) -> bool {
    rune.is_whitespace()
}

/// `unicode.IsUpper`: category Lu.
pub(crate) fn is_upper(rune: char) -> bool {
    if rune.is_ascii() { rune.is_ascii_uppercase() } else { rune.is_uppercase() && is_in(&UPPER, rune) }
}

/// `unicode.IsLower`: category Ll.
pub(crate) fn is_lower(rune: char) -> bool {
    if rune.is_ascii() { rune.is_ascii_lowercase() } else { rune.is_lowercase() && is_in(&LOWER, rune) }
}

/// `unicode.IsTitle`: category Lt.
pub(crate) fn is_title(rune: char) -> bool {
    matches!(rune,
        '\u{1C5}' | '\u{1C8}' | '\u{1CB}' | '\u{1F2}' | '\u{1F88}'..='\u{1F8F}' | '\u{1F98}'..='\u{1F9F}'
        | '\u{1FA8}'..='\u{1FAF}' | '\u{1FBC}' | '\u{1FCC}' | '\u{1FFC}')
}

/// `unicode.IsLetter`: category L.
pub(crate) fn is_letter(rune: char) -> bool {
    if rune.is_ascii() { rune.is_ascii_alphabetic() } else { rune.is_alphabetic() && is_in(&LETTER, rune) }
}

/// `unicode.IsNumber`: category N.
pub(crate) fn is_number(rune: char) -> bool {
    rune.is_numeric()
}

/// `unicode.IsPunct`: category P.
pub(crate) fn is_punct(rune: char) -> bool {
    if rune.is_ascii() {
        rune.is_ascii_punctuation() && !matches!(rune, '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~')
    } else {
        !rune.is_alphanumeric() && is_in(&PUNCT, rune)
    }
}

// Rust's own properties (`Uppercase`, `Alphabetic`, …) are wider than the categories; the regex engine carries the tables.
static UPPER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\p{Lu}").ok());
static LOWER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\p{Ll}").ok());
static LETTER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\p{L}").ok());
static PUNCT: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\p{P}").ok());

fn is_in(class: &LazyLock<Option<Regex>>, rune: char) -> bool {
    class.as_ref().is_some_and(|class| class.is_match(rune.encode_utf8(&mut [0; 4])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_invalid_byte_is_one_rune() {
        let widths: Vec<_> = runes(b"a\xc3\xa9\xe2\x82z\xff").collect();
        assert_eq!(widths, [('a', 1), ('é', 2), (ERROR, 1), (ERROR, 1), ('z', 1), (ERROR, 1)]);
        assert_eq!(decode_last("aé".as_bytes()), ('é', 2));
        assert_eq!(decode_last(b"a\xe2\x82"), (ERROR, 1));
    }

    #[test]
    fn case_maps_one_rune_to_one() {
        assert_eq!([to_upper('ß'), to_upper('ᾳ'), to_lower('İ'), to_title('ǆ')], ['ß', 'ᾼ', 'i', 'ǅ']);
        assert!(is_upper('É') && !is_upper('Ⅷ') && is_lower('é') && !is_lower('ª'));
    }
}
