//! Bytes as text between two lines with dashes.
//!
//! Source: go-crypto `openpgp/armor`.

use std::fmt::Write as _;

use crate::Error;

const START: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// A block: what it says it is, and its bytes.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) kind: String,
    pub(crate) bytes: Vec<u8>,
}

/// Takes the next block off the front of a text; `None` when there is none. A checksum is not checked, as Go does not.
pub(crate) fn next_block(text: &mut &[u8]) -> Option<Result<Block, Error>> {
    'block: loop {
        let kind = loop {
            let line = trimmed(line(text)?);
            let long_enough = line.len() > START.len() + DASHES.len();
            if let Some(rest) = line.strip_prefix(START.as_bytes()).filter(|_| long_enough) {
                break String::from_utf8_lossy(&rest[..rest.len() - DASHES.len()]).into_owned();
            }
        };
        loop {
            let line = trimmed(line(text)?);
            if line.is_empty() {
                break;
            }
            if !line.contains(&b':') {
                continue 'block;
            }
        }
        let mut digits = Vec::new();
        // Without an end line the text ends the block.
        while let Some(line) = line(text) {
            let line = trimmed(line);
            if line.starts_with(END.as_bytes()) || line.len() == 5 && line[0] == b'=' {
                break;
            }
            if line.len() > 96 {
                return Some(Err(Error::structural("armor invalid")));
            }
            digits.extend_from_slice(line);
        }
        let bytes =
            decode(&digits).map_err(|at| Error::new(format!("illegal base64 data at input byte {at}")));
        return Some(bytes.map(|bytes| Block { kind, bytes }));
    }
}

/// The block of a signature, without a line break at its end.
pub(crate) fn signature_block(bytes: &[u8]) -> String {
    let digits = encode(bytes);
    let mut out = format!("{START}PGP SIGNATURE{DASHES}\n\n");
    for line in digits.as_bytes().chunks(64) {
        // Digits are ASCII, and writing to a `String` does not fail.
        let _ = writeln!(out, "{}", String::from_utf8_lossy(line));
    }
    out.push_str(&format!("{END}PGP SIGNATURE{DASHES}"));
    out
}

/// A line without its break, taken off the front.
pub(crate) fn line<'a>(text: &mut &'a [u8]) -> Option<&'a [u8]> {
    if text.is_empty() {
        return None;
    }
    let end = text.iter().position(|byte| *byte == b'\n');
    let line = &text[..end.unwrap_or(text.len())];
    *text = end.map_or(&[][..], |end| &text[end + 1..]);
    Some(line.strip_suffix(b"\r").filter(|_| end.is_some()).unwrap_or(line))
}

fn trimmed(line: &[u8]) -> &[u8] {
    line.trim_ascii()
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits =
            group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for index in 0..4 {
            let digit = (bits >> (18 - 6 * index)) & 63;
            out.push(if index <= group.len() { char::from(DIGITS[digit as usize]) } else { '=' });
        }
    }
    out
}

/// The bytes, or the place of the first digit that is wrong.
fn decode(digits: &[u8]) -> Result<Vec<u8>, usize> {
    let mut out = Vec::with_capacity(digits.len() / 4 * 3);
    let value = |at: usize| {
        let digit = *digits.get(at).ok_or(digits.len())?;
        DIGITS.iter().position(|known| *known == digit).ok_or(at)
    };
    let mut at = 0;
    while at < digits.len() {
        let head = value(at)? << 18 | value(at + 1)? << 12;
        let pads = match (digits.get(at + 2), digits.get(at + 3)) {
            (Some(b'='), Some(b'=')) => 2,
            (Some(b'='), _) => return Err(at + 2),
            (_, Some(b'=')) => 1,
            _ => 0,
        };
        let third = if pads < 2 { value(at + 2)? << 6 } else { 0 };
        let fourth = if pads < 1 { value(at + 3)? } else { 0 };
        let bits = head | third | fourth;
        let bytes = [(bits >> 16) as u8, (bits >> 8) as u8, bits as u8];
        out.extend_from_slice(&bytes[..3 - pads]);
        at += 4;
        if pads > 0 && at < digits.len() {
            return Err(at);
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_read_as_it_was_written() {
        for length in [0, 1, 2, 3, 47, 48, 100] {
            let bytes: Vec<u8> = (0..length).map(|it| it as u8).collect();
            let text = format!("garbage\n{}\n", signature_block(&bytes));
            let block = next_block(&mut text.as_bytes()).unwrap().unwrap();
            assert_eq!((block.kind.as_str(), block.bytes), ("PGP SIGNATURE", bytes));
        }
        assert!(next_block(&mut &b"-----BEGIN X-----\n"[..]).is_none());
        let bad = next_block(&mut &b"-----BEGIN X-----\n\nab!d\n-----END X-----\n"[..]).unwrap();
        assert_eq!(bad.unwrap_err().to_string(), "illegal base64 data at input byte 2");
    }
}
