//! A stored text as a record: what Helm reads is read, and nothing may cost more than [`Limits`] says.
//!
//! Two things Helm takes are refused: a record without `info`, over which it panics, and half of a surrogate pair.
//!
//! *Source*: helm v4.3.1 `pkg/storage/driver/util.go`, `decodeRelease`.

use std::fmt;
use std::io::Read;

use flate2::bufread::MultiGzDecoder;
use serde::Deserialize;
use serde_json::error::Category;
use serde_json::{Map, Value};

use super::bytes::base64_to_bytes;
use super::encode::{Encoded, MAX_STORED, to_json};
use super::{Metadata, Record};

/// What reading a record may cost at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the stored text.
    pub stored_bytes: usize,
    /// Bytes of the JSON.
    pub json_bytes: usize,
    /// How many bytes of JSON one byte of gzip may give, once the JSON is larger than [`Limits::ratio_from_bytes`].
    pub ratio: usize,
    /// JSON up to this size may be compressed as well as it can.
    pub ratio_from_bytes: usize,
    /// How deep lists and maps may nest. The JSON reader itself stops at 127.
    pub depth: usize,
    /// How many values there may be: `{}` is two bytes of JSON and a hundred times that in memory.
    pub values: usize,
}

impl Default for Limits {
    /// What a Secret holds, and 32 times that. Charts compress about 8 times; a file of zeros 700 times.
    fn default() -> Self {
        Self {
            stored_bytes: MAX_STORED,
            json_bytes: 32 << 20,
            ratio: 200,
            ratio_from_bytes: 4 << 20,
            depth: 128,
            values: 500_000,
        }
    }
}

/// Why a stored text is no record. It never holds a piece of the text: that may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(String);

impl Error {
    fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

const GZIP: [u8; 3] = [0x1f, 0x8b, 0x08];

/// Reads the value of a Secret's key `release`.
///
/// Cost: linear in the JSON, which is inflated as a stream and given up at the limit.
///
/// # Errors
/// A sentence for people: too large, no base64, no gzip, no JSON, nested too deep, fields of other types than Helm's, no `info`.
pub fn decode(stored: &[u8], limits: &Limits) -> Result<Record, Error> {
    if stored.len() > limits.stored_bytes {
        return Err(Error::new(format!(
            "the stored record has {} bytes, more than the {} a Secret can hold",
            stored.len(),
            limits.stored_bytes
        )));
    }
    let bytes = base64_to_bytes(stored).ok_or_else(|| Error::new("the stored record is not base64"))?;
    // Records from before Helm compressed them are plain JSON.
    let json = if bytes.len() > 3 && bytes.starts_with(&GZIP) { inflate(&bytes, limits)? } else { bytes };
    from_json(&json, limits)
}

fn inflate(gzip: &[u8], limits: &Limits) -> Result<Vec<u8>, Error> {
    let by_ratio = gzip.len().saturating_mul(limits.ratio).max(limits.ratio_from_bytes);
    let most = by_ratio.min(limits.json_bytes);
    let mut json = Vec::new();
    let mut reader = MultiGzDecoder::new(gzip).take(most as u64 + 1);
    reader.read_to_end(&mut json).map_err(|_| Error::new("the stored record is not gzip throughout"))?;
    if json.len() > most {
        return Err(Error::new(if most == limits.json_bytes {
            format!("the record inflates to more than {most} bytes")
        } else {
            format!("the record inflates to more than {} times its size", limits.ratio)
        }));
    }
    Ok(json)
}

fn from_json(json: &[u8], limits: &Limits) -> Result<Record, Error> {
    let (depth, values) = measure(json);
    if depth > limits.depth {
        return Err(Error::new(format!("the record's JSON nests deeper than {}", limits.depth)));
    }
    if values > limits.values {
        return Err(Error::new(format!("the record's JSON has more than {} values", limits.values)));
    }
    // Go reads bytes that are no UTF-8 as U+FFFD.
    let text = String::from_utf8_lossy(json);
    // By way of a tree, because there the last of two equal names wins, as in Go.
    let tree: Value = serde_json::from_str(&text).map_err(|error| reason(&error))?;
    drop(text);
    let Value::Object(fields) = tree else {
        return Err(Error::new("the record's JSON is no object"));
    };
    if !matches!(fields.get("info"), Some(Value::Object(_))) {
        return Err(Error::new("the record has no `info`"));
    }
    Record::deserialize(Value::Object(fields)).map_err(|error| reason(&error))
}

/// Reads an encoded record and compares it with what was encoded: before a text is stored that nobody could read.
///
/// # Errors
/// As [`decode`], and when the two differ.
pub fn verify(record: &Record, encoded: &Encoded) -> Result<(), Error> {
    // A record that is too large to be stored is another complaint.
    let limits = Limits { stored_bytes: usize::MAX, ..Limits::default() };
    let read = decode(encoded.stored.as_bytes(), &limits)?;
    // By their JSON, in which `2.0` and `2` are the same.
    if to_json(&read).0 == to_json(record).0 {
        Ok(())
    } else {
        Err(Error::new("the encoded record does not read back as it was"))
    }
}

/// `Chart.yaml` as JSON, under Helm's names; other fields are left out.
///
/// # Errors
/// A sentence when a field has another type than Helm's.
pub fn metadata_from_json(fields: &Map<String, Value>) -> Result<Metadata, Error> {
    Metadata::deserialize(fields).map_err(|error| reason(&error))
}

/// The JSON reader's own sentence may quote what it read, so only its kind and place go on.
fn reason(error: &serde_json::Error) -> Error {
    match error.classify() {
        Category::Data => Error::new("a field of the record has another type than Helm's"),
        Category::Eof => Error::new("the record's JSON ends early"),
        Category::Io | Category::Syntax => {
            Error::new(format!("the record is not JSON (line {}, column {})", error.line(), error.column()))
        }
    }
}

/// How deep the brackets of a JSON text nest, and about how many values it has; of a text that is no JSON at least as many
/// as its reader would meet.
fn measure(json: &[u8]) -> (usize, usize) {
    let mut values = 0_usize;
    let mut deepest = 0_usize;
    let mut open = 0_usize;
    let mut in_string = false;
    let mut bytes = json.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => in_string = !in_string,
            b'\\' if in_string => {
                bytes.next();
            }
            b',' if !in_string => values += 1,
            b'{' | b'[' if !in_string => {
                values += 1;
                open += 1;
                deepest = deepest.max(open);
            }
            b'}' | b']' if !in_string => open = open.saturating_sub(1),
            _ => {}
        }
    }
    (deepest, values)
}
