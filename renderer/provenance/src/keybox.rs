//! GnuPG's keybox, a file of keys with notes between them.
//!
//! Source: helm v4.3.1 `pkg/provenance/keybox.go`.

use crate::Error;

/// A blob that holds an OpenPGP key.
const OPENPGP: u8 = 2;
/// The flag of a key that GnuPG does not count yet.
const EPHEMERAL: u16 = 2;

/// Whether the bytes are those of a keybox.
pub(crate) fn is_keybox(data: &[u8]) -> bool {
    data.len() >= 12 && data[4] == 1 && &data[8..12] == b"KBXf"
}

/// The keys, one behind the other.
pub(crate) fn public_keys(data: &[u8]) -> Result<Vec<u8>, Error> {
    let mut keys = Vec::new();
    let mut offset = 0;
    while offset < data.len() {
        let rest = &data[offset..];
        if rest.len() < 5 {
            return Err(Error::new(format!("truncated blob header at offset {offset}")));
        }
        let length = number(rest, 0);
        if length < 5 {
            return Err(Error::new(format!("invalid blob length {length} at offset {offset}")));
        }
        let Some(blob) = rest.get(..length) else {
            return Err(Error::new(format!(
                "blob at offset {offset} has length {length} exceeding the {} remaining bytes",
                rest.len()
            )));
        };
        if blob[4] == OPENPGP {
            if blob.len() < 16 {
                return Err(Error::new(format!("OpenPGP blob at offset {offset} is too short")));
            }
            let (start, length) = (number(blob, 8), number(blob, 12));
            let key = start.checked_add(length).and_then(|end| blob.get(start..end));
            let Some(key) = key else {
                let why = format!("OpenPGP blob at offset {offset} has an out-of-range keyblock");
                return Err(Error::new(why));
            };
            if u16::from_be_bytes([blob[6], blob[7]]) & EPHEMERAL == 0 {
                keys.extend_from_slice(key);
            }
        }
        offset += length;
    }
    if keys.is_empty() { Err(Error::new("keybox contains no OpenPGP keys")) } else { Ok(keys) }
}

/// Four bytes that are there, highest first.
fn number(bytes: &[u8], at: usize) -> usize {
    bytes[at..at + 4].iter().fold(0, |number, byte| number << 8 | usize::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blob(kind: u8, flags: u8, key: &[u8]) -> Vec<u8> {
        let mut blob =
            vec![0, 0, 0, 16 + key.len() as u8, kind, 1, 0, flags, 0, 0, 0, 16, 0, 0, 0, key.len() as u8];
        blob.extend_from_slice(key);
        blob
    }

    #[test]
    fn keys_are_taken_out() {
        let box_of = [blob(1, 0, b""), blob(2, 0, b"ab"), blob(2, 2, b"no"), blob(2, 0, b"c")].concat();
        assert_eq!(public_keys(&box_of).unwrap(), b"abc");
        let message = |data: &[u8]| public_keys(data).unwrap_err().to_string();
        assert_eq!(message(&blob(1, 0, b"")), "keybox contains no OpenPGP keys");
        assert_eq!(
            message(&[0, 0, 0, 9, 2]),
            "blob at offset 0 has length 9 exceeding the 5 remaining bytes"
        );
        assert_eq!(message(&[0, 0, 0, 5, 2]), "OpenPGP blob at offset 0 is too short");
        assert_eq!(message(&[0]), "truncated blob header at offset 0");
        assert_eq!(message(&[0, 0, 0, 1, 2]), "invalid blob length 1 at offset 0");
    }
}
