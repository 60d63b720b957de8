//! DER, as it is written.
//!
//! *Source*: go 1.27 `encoding/asn1/marshal.go`, as far as keys and certificates need it.

use num_bigint::BigUint;

pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OID: u8 = 0x06;
pub(super) const PRINTABLE_STRING: u8 = 0x13;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const UTF8_STRING: u8 = 0x0C;

/// `NULL`.
pub(super) const NULL: &[u8] = &[0x05, 0x00];

/// The tag of `[number]` around other elements.
pub(super) const fn explicit(number: u8) -> u8 {
    0xA0 | number
}

/// One element: tag, length, body.
pub(super) fn element(tag: u8, body: &[u8]) -> Vec<u8> {
    let mut element = Vec::with_capacity(body.len() + 6);
    element.push(tag);
    if body.len() < 0x80 {
        element.push(body.len() as u8);
    } else {
        let length = body.len().to_be_bytes();
        let zeros = length.iter().take_while(|&&byte| byte == 0).count();
        element.push(0x80 | (length.len() - zeros) as u8);
        element.extend_from_slice(&length[zeros..]);
    }
    element.extend_from_slice(body);
    element
}

/// A sequence of elements.
pub(super) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(SEQUENCE, &parts.concat())
}

/// A number that is not negative.
pub(super) fn integer(number: &BigUint) -> Vec<u8> {
    let mut bytes = number.to_bytes_be();
    if bytes[0] >= 0x80 {
        bytes.insert(0, 0);
    }
    element(INTEGER, &bytes)
}

/// A text of bytes.
pub(super) fn octets(bytes: &[u8]) -> Vec<u8> {
    element(OCTET_STRING, bytes)
}

/// Whole bytes as a text of bits.
pub(super) fn bits(bytes: &[u8]) -> Vec<u8> {
    element(BIT_STRING, &[&[0], bytes].concat())
}

/// The name of an object from the body of its element: `1.2.840.113549.1.1.1`.
pub(super) fn dotted(body: &[u8]) -> String {
    let mut name = String::new();
    let mut arc = 0_u64;
    for byte in body {
        arc = arc << 7 | u64::from(byte & 0x7F);
        if byte & 0x80 != 0 {
            continue;
        }
        if name.is_empty() {
            let first = (arc / 40).min(2);
            name = format!("{first}.{}", arc - first * 40);
        } else {
            name.push_str(&format!(".{arc}"));
        }
        arc = 0;
    }
    name
}
