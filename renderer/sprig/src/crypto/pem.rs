//! PEM: DER in base 64 between two lines.
//!
//! *Source*: go 1.27 `encoding/pem/pem.go`.

use crate::encoding::{base64, unbase64};

/// What stands between the lines.
pub(super) struct Block {
    /// What the lines say: `CERTIFICATE`.
    pub(super) label: Vec<u8>,
    pub(super) der: Vec<u8>,
}

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"\n-----END ";
const DASHES: &[u8] = b"-----";

/// A block without headers, its lines 64 bytes long.
pub(super) fn encode(label: &str, der: &[u8]) -> String {
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in base64(der).chunks(64) {
        text.extend(line.iter().copied().map(char::from));
        text.push('\n');
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

/// The first block that is whole.
pub(super) fn decode(text: &[u8]) -> Option<Block> {
    let mut rest = text;
    loop {
        // The last line that begins a block before the first that ends one.
        let end = memchr::memmem::find(rest, END)?;
        let after_end = &rest[end + END.len()..];
        let Some(begin) = memchr::memmem::rfind(&rest[..end], BEGIN)
            .filter(|&begin| begin == 0 || rest[begin - 1] == b'\n')
        else {
            rest = after_end;
            continue;
        };
        match block(&rest[begin + BEGIN.len()..], end - begin - BEGIN.len()) {
            Found::Block(block) => return Some(block),
            Found::Nothing => return None,
            Found::Broken => rest = after_end,
        }
    }
}

enum Found {
    Block(Block),
    /// This is no block; look behind it.
    Broken,
    /// The text, or the block, ends within the headers; Go looks no further.
    Nothing,
}

/// The block whose first line goes on with `text`, and whose last line begins at `end`.
fn block(text: &[u8], end: usize) -> Found {
    let (line, mut at) = line(text, 0);
    let Some(label) = line.strip_suffix(DASHES) else { return Found::Broken };
    let mut headers = false;
    loop {
        if at >= text.len() {
            return Found::Nothing;
        }
        let (line, next) = self::line(text, at);
        if !line.contains(&b':') {
            break;
        }
        headers = true;
        at = next;
    }
    if headers && end < at {
        return if end + END.len() < at { Found::Nothing } else { Found::Broken };
    }
    let trailer = &text[(end + END.len()).min(text.len())..];
    let Some(rest) = trailer.strip_prefix(label).and_then(|rest| rest.strip_prefix(DASHES)) else {
        return Found::Broken;
    };
    if !self::line(rest, 0).0.is_empty() {
        return Found::Broken;
    }
    // The end may stand directly behind the first line.
    let body = text.get(at..end).unwrap_or_default();
    let digits: Vec<u8> = body.iter().copied().filter(|byte| !matches!(byte, b' ' | b'\t')).collect();
    match unbase64(&digits) {
        Ok(der) => Found::Block(Block { label: label.to_vec(), der }),
        Err(_) => Found::Broken,
    }
}

/// The line at `at` without white space at its end, and where the next one begins.
fn line(text: &[u8], at: usize) -> (&[u8], usize) {
    let rest = &text[at..];
    let (line, next) = match memchr::memchr(b'\n', rest) {
        Some(end) => (rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]), at + end + 1),
        None => (rest, text.len()),
    };
    let blank = line.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    (&line[..line.len() - blank], next)
}
