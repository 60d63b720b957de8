//! `$1`, `${name}` and `$$` in a replacement.
//!
//! *Source*: go 1.27 `regexp/regexp.go`, `expand` and `extract`.

use regex::bytes::Captures;

use crate::unicode;

/// `template` with its references replaced by what they matched; an unknown one is empty, a malformed one a plain `$`.
pub(super) fn expand(template: &[u8], names: &[String], found: &Captures<'_>) -> Vec<u8> {
    let mut expanded = Vec::with_capacity(template.len());
    let mut rest = template;
    while let Some(dollar) = memchr::memchr(b'$', rest) {
        expanded.extend_from_slice(&rest[..dollar]);
        rest = &rest[dollar + 1..];
        if let Some(after) = rest.strip_prefix(b"$") {
            expanded.push(b'$');
            rest = after;
            continue;
        }
        let Some((name, after)) = reference(rest) else {
            expanded.push(b'$');
            continue;
        };
        rest = after;
        let group = match index(name) {
            Some(index) => found.get(index),
            None => {
                // The first group of that name which took part; names may repeat.
                let mut groups = names.iter().enumerate().filter(|(_, group)| group.as_bytes() == name);
                groups.find_map(|(index, _)| found.get(index))
            }
        };
        if let Some(group) = group {
            expanded.extend_from_slice(group.as_bytes());
        }
    }
    expanded.extend_from_slice(rest);
    expanded
}

/// The name at the front, in braces or not, and what follows.
fn reference(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let braces = text.strip_prefix(b"{");
    let text = braces.unwrap_or(text);
    let len = unicode::runes(text)
        .take_while(|(rune, _)| unicode::is_letter(*rune) || *rune == '_' || unicode::is_number(*rune))
        .map(|(_, width)| width)
        .sum();
    let (name, rest) = text.split_at(len);
    if name.is_empty() {
        return None;
    }
    match braces {
        Some(_) => Some((name, rest.strip_prefix(b"}")?)),
        None => Some((name, rest)),
    }
}

/// A name of digits alone, without leading zeros.
fn index(name: &[u8]) -> Option<usize> {
    let plain =
        name.iter().all(u8::is_ascii_digit) && (name.len() == 1 || name[0] != b'0') && name.len() < 10;
    plain.then(|| std::str::from_utf8(name).ok()?.parse().ok()).flatten()
}
