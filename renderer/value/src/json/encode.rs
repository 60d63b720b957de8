//! Values as JSON text: sorted keys, Go's escapes and Go's floats.

use std::collections::BTreeSet;

use super::string::push_quoted;
use super::{Error, MAX_DEPTH};
use crate::number::{format_float, push_int};
use crate::{List, Map, Text, TextBuilder, Value};

/// The form of the text.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Write `<`, `>` and `&` as `\u003c`, `\u003e` and `\u0026`.
    pub escape_html: bool,
    /// One entry a line, indented by two spaces a level; otherwise no space at all.
    pub indent: bool,
}

impl Style {
    /// What `toJson` writes.
    pub const COMPACT: Self = Self { escape_html: true, indent: false };
    /// What `toPrettyJson` writes.
    pub const PRETTY: Self = Self { escape_html: true, indent: true };
    /// What `toRawJson` writes.
    pub const RAW: Self = Self { escape_html: false, indent: false };
}

/// The JSON text of `value`, without a newline at the end. Strings and keys keep the origin of their pieces.
///
/// Cost: linear in the text; a map that holds itself is found when 10,000 levels are open.
///
/// # Errors
/// `json: unsupported value: NaN` (or `+Inf`, `-Inf`, a cycle), `json: unsupported type: complex128`, `exceeded max depth`.
pub fn encode(value: &Value, style: Style) -> Result<Text, Error> {
    let mut encoder =
        Encoder { out: TextBuilder::new(), style, open: Vec::new(), entries: Vec::new(), number: Vec::new() };
    encoder.value(value)?;
    while let Some(open) = encoder.open.last_mut() {
        match open {
            Open::Entries { rest: 0, first, .. } => {
                let empty = *first;
                encoder.close(b"}", empty);
            }
            Open::Entries { rest, first, .. } => {
                *rest -= 1;
                let start = std::mem::take(first);
                let Some((key, value)) = encoder.entries.pop() else { break };
                encoder.separate(start);
                push_quoted(&mut encoder.out, &key, style.escape_html);
                encoder.out.push_bytes(if style.indent { b": " } else { b":" });
                encoder.value(&value)?;
            }
            Open::Items { list, next } => {
                let Some(value) = list.get(*next).cloned() else {
                    let empty = *next == 0;
                    encoder.close(b"]", empty);
                    continue;
                };
                *next += 1;
                let start = *next == 1;
                encoder.separate(start);
                encoder.value(&value)?;
            }
        }
    }
    Ok(encoder.out.finish())
}

struct Encoder {
    out: TextBuilder,
    style: Style,
    /// The containers that are being written, outermost first.
    open: Vec<Open>,
    /// The entries still to be written of all open maps, the next one last.
    entries: Vec<(Text, Value)>,
    number: Vec<u8>,
}

enum Open {
    Entries { rest: usize, first: bool, map: Option<Map> },
    Items { list: List, next: usize },
}

impl Encoder {
    /// Writes a scalar whole; of a container only the opening.
    fn value(&mut self, value: &Value) -> Result<(), Error> {
        match value {
            Value::Nil => self.out.push_bytes(b"null"),
            Value::Bool(true) => self.out.push_bytes(b"true"),
            Value::Bool(false) => self.out.push_bytes(b"false"),
            Value::Int(number) | Value::Int64(number) => self.integer(i128::from(*number)),
            Value::Uint8(number) => self.integer(i128::from(*number)),
            Value::Uint64(number) => self.integer(i128::from(*number)),
            Value::Float64(number) => {
                self.number.clear();
                push_float(&mut self.number, *number)?;
                self.out.push_bytes(&self.number);
            }
            Value::Complex(_) => return Err(Error::new("json: unsupported type: complex128")),
            Value::Str(text) => push_quoted(&mut self.out, text, self.style.escape_html),
            Value::Bytes(bytes) => {
                let start = self.out.len();
                self.out.push_bytes(b"\"");
                self.out.push_bytes(&base64(bytes.as_bytes()));
                self.out.push_bytes(b"\"");
                self.out.derive_from(start, bytes);
            }
            Value::List(list) if list.is_nil() => self.out.push_bytes(b"null"),
            Value::List(list) => self.open(b"[", Open::Items { list: list.clone(), next: 0 })?,
            Value::Map(map) if map.is_nil() => self.out.push_bytes(b"null"),
            Value::Map(map) => {
                let before = self.entries.len();
                let entries = map.borrow();
                self.entries.extend(entries.iter().rev().map(|(key, value)| (key.clone(), value.clone())));
                let rest = self.entries.len() - before;
                self.open(b"{", Open::Entries { rest, first: true, map: Some(map.clone()) })?;
            }
            Value::Object(object) => {
                if let Some(value) = object.json() {
                    return self.value_of_object(value);
                }
                let fields = object.json_fields();
                let rest = fields.len();
                self.entries.extend(fields.into_iter().rev().map(|(name, value)| (Text::from(name), value)));
                self.open(b"{", Open::Entries { rest, first: true, map: None })?;
            }
        }
        Ok(())
    }

    /// An object may stand for another object; how long that goes on is not for the data to say.
    fn value_of_object(&mut self, mut value: Value) -> Result<(), Error> {
        while let Value::Object(object) = &value {
            match object.json() {
                Some(next) => value = next,
                None => break,
            }
        }
        // Here `value` is no object, or one that only has fields: one more call, not a chain of them.
        self.value(&value)
    }

    fn integer(&mut self, number: i128) {
        self.number.clear();
        push_int(&mut self.number, number);
        self.out.push_bytes(&self.number);
    }

    fn open(&mut self, bracket: &[u8], open: Open) -> Result<(), Error> {
        self.out.push_bytes(bracket);
        self.open.push(open);
        if self.open.len() > MAX_DEPTH {
            return Err(self.too_deep());
        }
        Ok(())
    }

    /// Go looks for cycles from 1,000 levels on and so finds one before its limit of depth.
    fn too_deep(&self) -> Error {
        let mut seen = BTreeSet::new();
        for open in &self.open {
            if let Open::Entries { map: Some(map), .. } = open
                && !seen.insert(map.address())
            {
                let name = Value::Map(map.clone()).type_name();
                return Error::new(format!("json: unsupported value: encountered a cycle via {name}"));
            }
        }
        Error::new("exceeded max depth")
    }

    fn separate(&mut self, first: bool) {
        if !first {
            self.out.push_bytes(b",");
        }
        self.line(self.open.len());
    }

    fn close(&mut self, bracket: &[u8], empty: bool) {
        self.open.pop();
        if !empty {
            self.line(self.open.len());
        }
        self.out.push_bytes(bracket);
    }

    fn line(&mut self, depth: usize) {
        if self.style.indent {
            self.out.push_bytes(b"\n");
            for _ in 0..depth {
                self.out.push_bytes(b"  ");
            }
        }
    }
}

/// Appends a float as JSON has it: without an exponent from 1e-6 up to 1e21, and never padded (`1e-7`).
///
/// # Errors
/// `json: unsupported value: NaN` (or `+Inf`, `-Inf`).
pub fn push_float(out: &mut Vec<u8>, number: f64) -> Result<(), Error> {
    if number.is_nan() {
        return Err(Error::new("json: unsupported value: NaN"));
    }
    if number.is_infinite() {
        let sign = if number > 0.0 { '+' } else { '-' };
        return Err(Error::new(format!("json: unsupported value: {sign}Inf")));
    }
    // Every whole number below 2^53 is its own shortest form.
    if number.trunc() == number && number.abs() < 9_007_199_254_740_992.0 {
        if number == 0.0 && number.is_sign_negative() {
            out.push(b'-');
        }
        push_int(out, number as i128);
        return Ok(());
    }
    let abs = number.abs();
    if (1e-6..1e21).contains(&abs) {
        out.extend_from_slice(format_float(number, b'f', None).as_bytes());
        return Ok(());
    }
    out.extend_from_slice(format_float(number, b'e', None).as_bytes());
    if let [.., b'e', b'-', b'0', _] = out[..] {
        out.remove(out.len() - 2);
    }
    Ok(())
}

/// The standard base64 form of `bytes`, padded: how JSON holds a `[]byte`.
pub fn base64(bytes: &[u8]) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = Vec::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let word =
            group.iter().fold(0_u32, |word, &byte| word << 8 | u32::from(byte)) << (8 * (3 - group.len()));
        for place in 0..4 {
            out.push(if place <= group.len() {
                ALPHABET[(word >> (18 - 6 * place) & 63) as usize]
            } else {
                b'='
            });
        }
    }
    out
}
