//! A text with its signature behind it, readable as it is.
//!
//! Source: go-crypto `openpgp/clearsign`.

use crate::{Error, armor};

const START: &[u8] = b"-----BEGIN PGP SIGNED MESSAGE-----";
const SIGNATURE: &[u8] = b"-----BEGIN PGP SIGNATURE-----";
const END: &[u8] = b"\n-----END PGP SIGNATURE-----";
const HASHES: [&str; 9] =
    ["MD5", "SHA1", "RIPEMD160", "SHA224", "SHA256", "SHA384", "SHA512", "SHA3-256", "SHA3-512"];

/// The parts of a signed message.
#[derive(Debug)]
pub(crate) struct Message {
    /// The text, its lines ending with a line feed.
    pub(crate) text: Vec<u8>,
    /// The text as it was signed: with CRLF, without white space at the ends of lines.
    pub(crate) signed: Vec<u8>,
    /// The packets of the signature, or why they cannot be read.
    pub(crate) signature: Result<Vec<u8>, Error>,
}

/// The first message in the data; `None` when there is none that is well formed.
pub(crate) fn decode(data: &[u8]) -> Option<Message> {
    let mut rest = if data.starts_with(START) {
        &data[START.len()..]
    } else {
        let marker = [b"\n", START].concat();
        &data[find(data, &marker)? + marker.len()..]
    };
    if !armor::line(&mut rest)?.is_empty() {
        return None;
    }
    loop {
        let line = armor::line(&mut rest)?;
        if String::from_utf8_lossy(line).trim().is_empty() {
            break;
        }
        let line = std::str::from_utf8(line).ok()?;
        let (key, values) = line.split_once(':')?;
        let is_plain = line.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        let known = |value: &str| HASHES.contains(&value.trim().to_uppercase().as_str());
        if !is_plain || key.trim() != "Hash" || !values.split(',').all(known) {
            return None;
        }
    }
    let (mut text, mut signed) = (Vec::new(), Vec::new());
    let mut is_first = true;
    let block = loop {
        let here = rest;
        let line = armor::line(&mut rest)?;
        if line.is_empty() && rest.is_empty() {
            return None;
        }
        if line == SIGNATURE {
            break here;
        }
        if !std::mem::take(&mut is_first) {
            signed.extend_from_slice(b"\r\n");
            text.push(b'\n');
        }
        let line = trimmed(line.strip_prefix(b"- ").unwrap_or(line), b" \t");
        signed.extend_from_slice(line);
        text.extend_from_slice(line);
    };
    let end = find(block, END)? + END.len();
    let signature = armor::next_block(&mut &block[..end])?.map(|block| block.bytes);
    Some(Message { text, signed, signature })
}

/// A text as it is signed.
pub(crate) fn canonical(text: &[u8]) -> Vec<u8> {
    let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').map(|line| trimmed(line, b" \t\r")).collect();
    lines.join(&b"\r\n"[..])
}

/// A message of a text and the packets of its signature, which is made with SHA-512.
pub(crate) fn encode(text: &[u8], signature: &[u8]) -> Vec<u8> {
    let mut out = [START, b"\nHash: SHA512\n\n"].concat();
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        if index > 0 {
            out.push(b'\n');
        }
        let line = trimmed(line, b" \t\r");
        if line.starts_with(b"-") {
            out.extend_from_slice(b"- ");
        }
        out.extend_from_slice(line);
    }
    out.push(b'\n');
    out.extend_from_slice(armor::signature_block(signature).as_bytes());
    out
}

fn trimmed<'a>(line: &'a [u8], set: &[u8]) -> &'a [u8] {
    let end = line.iter().rposition(|byte| !set.contains(byte)).map_or(0, |last| last + 1);
    &line[..end]
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_as_it_was_written() {
        let text = b"a: b  \n- c\n-----\n\n...\nd: e\n";
        let message = decode(&encode(text, b"packets")).unwrap();
        assert_eq!(message.text, b"a: b\n- c\n-----\n\n...\nd: e\n");
        assert_eq!(message.signed, canonical(text));
        assert_eq!(message.signature.unwrap(), b"packets");
    }

    #[test]
    fn what_is_not_well_formed_is_no_message() {
        let good = encode(b"a\n", b"p");
        for (old, new) in [
            ("SHA512", "MD6"),
            ("Hash", "Cash"),
            ("-----END PGP SIG", "-----END PGP FIG"),
            ("MESSAGE-----", "MESSAGE-----x"),
        ] {
            let text = String::from_utf8(good.clone()).unwrap().replace(old, new);
            assert!(decode(text.as_bytes()).is_none(), "{new}");
        }
        assert!(decode(b"").is_none());
    }
}
