//! Base 64 and base 32. What cannot be decoded gives the words of the error as the result.
//!
//! *Source*: sprig 3.3.0 `strings.go`; go 1.27 `encoding/base64`, `encoding/base32`.

use gotemplate::{Call, Failure};
use value::Text;

use crate::table::Table;

pub(crate) fn add(table: &mut Table) {
    table.family("encoding");
    table.pure("b64enc", b64enc);
    table.pure("b64dec", b64dec);
    table.pure("b32enc", b32enc);
    table.pure("b32dec", b32dec);
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn b64enc(call: &mut Call<'_>, text: Text) -> Result<Text, Failure> {
    call.charge_text(text.len() as u128 * 4 / 3 + 4)?;
    Ok(Text::derived(base64(text.as_bytes()), &[&text]))
}

fn b64dec(call: &mut Call<'_>, text: Text) -> Result<Text, Failure> {
    call.charge_text(text.len() as u128)?;
    let decoded = unbase64(text.as_bytes()).unwrap_or_else(|at| illegal_base64(at).into_bytes());
    Ok(Text::derived(decoded, &[&text]))
}

fn b32enc(call: &mut Call<'_>, text: Text) -> Result<Text, Failure> {
    call.charge_text(text.len() as u128 * 8 / 5 + 8)?;
    let encoded = encode(text.as_bytes(), 5, 8, |index| BASE32[index]);
    Ok(Text::derived(encoded, &[&text]))
}

fn b32dec(call: &mut Call<'_>, text: Text) -> Result<Text, Failure> {
    call.charge_text(text.len() as u128)?;
    let decoded = unbase32(text.as_bytes())
        .unwrap_or_else(|at| format!("illegal base32 data at input byte {at}").into_bytes());
    Ok(Text::derived(decoded, &[&text]))
}

/// Standard base 64 with padding.
pub(crate) fn base64(bytes: &[u8]) -> Vec<u8> {
    encode(bytes, 3, 4, |index| BASE64[index])
}

/// Go's error for the place that [`unbase64`] gives.
pub(crate) fn illegal_base64(at: usize) -> String {
    format!("illegal base64 data at input byte {at}")
}

/// Groups of `from` bytes as `to` digits each.
fn encode(bytes: &[u8], from: usize, to: usize, digit: impl Fn(usize) -> u8) -> Vec<u8> {
    let bits = from * 8 / to;
    let mut encoded = Vec::with_capacity(bytes.len().div_ceil(from) * to);
    for group in bytes.chunks(from) {
        let mut word = 0_u64;
        for index in 0..from {
            word = word << 8 | group.get(index).copied().map_or(0, u64::from);
        }
        let digits = (group.len() * 8).div_ceil(bits);
        for index in 0..to {
            let value = word >> (bits * (to - 1 - index)) & ((1 << bits) - 1);
            encoded.push(if index < digits { digit(value as usize) } else { b'=' });
        }
    }
    encoded
}

/// Standard base 64 with padding; line breaks are skipped. The error is the place that Go names.
pub(crate) fn unbase64(text: &[u8]) -> Result<Vec<u8>, usize> {
    let newline = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let mut decoded = Vec::with_capacity(text.len() / 4 * 3);
    let (mut word, mut digits) = (0_u32, 0);
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        at += 1;
        if newline(byte) {
            continue;
        }
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => {
                if digits < 2 {
                    return Err(at - 1);
                }
                if digits == 2 {
                    at += text[at..].iter().take_while(|byte| newline(byte)).count();
                    match text.get(at) {
                        None => return Err(text.len()),
                        Some(b'=') => at += 1,
                        // Go's place is one before the byte that should have been padding.
                        Some(_) => return Err(at - 1),
                    }
                }
                at += text[at..].iter().take_while(|byte| newline(byte)).count();
                if at < text.len() {
                    return Err(at);
                }
                let whole = word << (6 * (4 - digits));
                decoded.extend_from_slice(&whole.to_be_bytes()[1..digits]);
                return Ok(decoded);
            }
            _ => return Err(at - 1),
        };
        word = word << 6 | u32::from(value);
        digits += 1;
        if digits == 4 {
            decoded.extend_from_slice(&word.to_be_bytes()[1..]);
            (word, digits) = (0, 0);
        }
    }
    if digits == 0 { Ok(decoded) } else { Err(at - digits) }
}

fn unbase32(text: &[u8]) -> Result<Vec<u8>, usize> {
    let text: Vec<u8> = text.iter().copied().filter(|byte| !matches!(byte, b'\n' | b'\r')).collect();
    let len = text.len();
    let mut decoded = Vec::with_capacity(len / 8 * 5);
    let mut at = 0;
    while at < len {
        let (mut word, mut digits) = (0_u64, 0);
        while digits < 8 {
            let Some(&byte) = text.get(at) else { return Err(len - digits) };
            at += 1;
            let left = len - at;
            if byte == b'=' && digits >= 2 && left < 8 {
                if left + digits < 7 {
                    return Err(len);
                }
                if let Some(bad) = text[at..].iter().take(7 - digits).position(|&byte| byte != b'=') {
                    return Err(at + bad - 1);
                }
                if matches!(digits, 3 | 6) {
                    return Err(at - 1);
                }
                at = len;
                break;
            }
            let value = match byte {
                b'A'..=b'Z' => byte - b'A',
                b'2'..=b'7' => byte - b'2' + 26,
                _ => return Err(at - 1),
            };
            word = word << 5 | u64::from(value);
            digits += 1;
        }
        let whole = word << (5 * (8 - digits));
        decoded.extend_from_slice(&whole.to_be_bytes()[3..3 + digits * 5 / 8]);
    }
    Ok(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_comes_back() {
        let bytes: Vec<u8> = (0..=255).collect();
        for len in 0..40 {
            let part = &bytes[len..len * 5 + 1];
            assert_eq!(unbase64(&base64(part)).unwrap(), part);
            assert_eq!(unbase32(&encode(part, 5, 8, |index| BASE32[index])).unwrap(), part);
        }
    }

    #[test]
    fn errors_name_gos_place() {
        let base64: Vec<_> = ["a", "ab=", "ab=c", "a===", "abcd=", "ab==c", "a*bc", "YQ==\n", "YQ=\n="]
            .iter()
            .map(|text| unbase64(text.as_bytes()).err())
            .collect();
        let expected = [Some(0), Some(3), Some(2), Some(1), Some(4), Some(4), Some(1), None, None];
        assert_eq!(base64, expected);
    }
}
