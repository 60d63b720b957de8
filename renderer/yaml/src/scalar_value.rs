//! A scalar node's value, and the string it becomes as a key of JSON.

use std::borrow::Cow;

use value::number::format_g32;

use crate::error::{Error, Stage};
use crate::resolve::{Resolved, resolve, resolve_tagged};
use crate::tree::{NodeId, Tree};

/// What go-yaml makes of a scalar when it has no type to aim at.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scalar<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Str(&'a [u8]),
    /// The bytes of a `!!binary`.
    Binary(Vec<u8>),
}

/// The value of a scalar node.
///
/// # Errors
/// go-yaml's sentence for a tag that does not fit the text.
pub(crate) fn scalar<'a>(tree: &'a Tree<'_>, id: NodeId) -> Result<Scalar<'a>, Error> {
    let node = tree.node(id);
    let text = tree.bytes(node.value);
    let resolved = match tree.tag(id) {
        None if node.implicit => resolve(text),
        None => Resolved::Str,
        Some(b"tag:yaml.org,2002:binary") => {
            return decode_base64(text)
                .map(Scalar::Binary)
                .ok_or_else(|| Error::new(Stage::Yaml, "!!binary value contains invalid base64 data"));
        }
        Some(tag) => resolve_tagged(tag, text)
            .map_err(|problem| Error::new(Stage::Yaml, problem))?
            .unwrap_or(Resolved::Str),
    };
    Ok(match resolved {
        Resolved::Null => Scalar::Null,
        Resolved::Bool(value) => Scalar::Bool(value),
        Resolved::Int(value) => Scalar::Int(value),
        Resolved::Uint(value) => Scalar::Uint(value),
        Resolved::Float(value) => Scalar::Float(value),
        Resolved::Timestamp | Resolved::Str => Scalar::Str(text),
    })
}

impl<'a> Scalar<'a> {
    /// The key of JSON; `None` for what cannot be one: null and numbers beyond `int64`.
    pub(crate) fn json_key(&self) -> Option<Cow<'a, [u8]>> {
        Some(match self {
            Self::Null | Self::Uint(_) => return None,
            Self::Bool(true) => Cow::Borrowed(b"true"),
            Self::Bool(false) => Cow::Borrowed(b"false"),
            Self::Int(value) => value.to_string().into_bytes().into(),
            Self::Float(value) => match format_g32(*value as f32) {
                text if text == "+Inf" => Cow::Borrowed(b".inf"),
                text if text == "-Inf" => Cow::Borrowed(b"-.inf"),
                text if text == "NaN" => Cow::Borrowed(b".nan"),
                text => text.into_bytes().into(),
            },
            Self::Str(text) => Cow::Borrowed(text),
            Self::Binary(bytes) => valid_utf8(bytes).into(),
        })
    }

    /// The text of a value that is decoded into a Go string; `None` where that stays what it is.
    pub(crate) fn coerced(&self) -> Option<String> {
        match self {
            Self::Bool(value) => Some(value.to_string()),
            Self::Int(value) => Some(value.to_string()),
            Self::Uint(value) => Some(value.to_string()),
            Self::Float(value) => Some(format_g32(*value as f32)),
            Self::Null | Self::Str(_) | Self::Binary(_) => None,
        }
    }
}

/// Go's `json` replaces every byte that is not UTF-8 by U+FFFD.
pub(crate) fn valid_utf8(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.extend_from_slice(chunk.valid().as_bytes());
        for _ in chunk.invalid() {
            out.extend_from_slice("\u{fffd}".as_bytes());
        }
    }
    out
}

/// Go's `base64.StdEncoding`: padded, line breaks skipped.
fn decode_base64(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let mut digits = text.iter().filter(|byte| !matches!(byte, b'\r' | b'\n')).peekable();
    while digits.peek().is_some() {
        let mut bits = 0_u32;
        let mut found = 0;
        let mut padding = 0;
        for _ in 0..4 {
            let value = match *digits.next()? {
                byte @ b'A'..=b'Z' => byte - b'A',
                byte @ b'a'..=b'z' => byte - b'a' + 26,
                byte @ b'0'..=b'9' => byte - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                b'=' if found >= 2 => {
                    padding += 1;
                    bits <<= 6;
                    continue;
                }
                _ => return None,
            };
            if padding > 0 {
                return None;
            }
            bits = bits << 6 | u32::from(value);
            found += 1;
        }
        let [_, bytes @ ..] = bits.to_be_bytes();
        out.extend_from_slice(&bytes[..3 - padding]);
        if padding > 0 && digits.peek().is_some() {
            return None;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_become_text_with_the_precision_of_a_float32() {
        let texts =
            [1.5, 123_456_789.123, 1e6, 100_000.0, 0.0001, 0.00001, 1_234_567.0, -0.0, 1e21, 16_777_216.0]
                .map(|value: f64| format_g32(value as f32));
        let go =
            ["1.5", "1.2345679e+08", "1e+06", "100000", "0.0001", "1e-05", "1.234567e+06", "-0", "1e+21"];
        assert_eq!(texts[..9], go);
        assert_eq!(texts[9], "1.6777216e+07");
        assert_eq!(format_g32(1e300_f64 as f32), "+Inf");
    }

    #[test]
    fn base64_is_padded_and_may_have_line_breaks() {
        assert_eq!(decode_base64(b"aGVs\nbG8="), Some(b"hello".to_vec()));
        assert_eq!(decode_base64(b""), Some(Vec::new()));
        for bad in ["a", "aGV", "aG=V", "a===", "aGVs=", "aGVsbG8=x", "a b="] {
            assert_eq!(decode_base64(bad.as_bytes()), None, "{bad:?}");
        }
    }
}
