//! Values as YAML text, the second way: `toYamlPretty`, which indents lists and takes no detour through JSON.
//!
//! *Source*: go.yaml.in/yaml/v3 v3.0.5, an encoder with `SetIndent(2)` as Helm v4.3.1 makes it.

use std::rc::Rc;

use value::number::{format_g, parse_int, parse_uint, push_int};
use value::{List, Map, Object, Text, Value};

use crate::resolve::{Resolved, resolve};
use crate::writer::analysis::{Analysis, Style, Traits, reads_as_text};
use crate::writer::emitter::Emitter;
use crate::writer::order::{self, Natural};
use crate::writer::{LONGEST_SIMPLE_KEY, MAX_DEPTH, WriteError};

/// Lines are never folded.
const BEST_WIDTH: usize = i32::MAX as usize;

const BINARY: &[u8] = b"!!binary";

/// The YAML text of `value`, with the newline at its end that `toYamlPretty` takes off.
///
/// Shape: floats as `%g`, strings that are not UTF-8 as `!!binary`, struct fields under their names in lower case, a time bare,
/// a duration as its text. Strings and keys keep the origin of their pieces. Cost: linear in the text.
///
/// # Errors
/// `cannot marshal type: complex128`, which Go panics with. More than 10,000 levels, where Go would go on and a map that holds
/// itself would end the process.
pub fn write_pretty(value: &Value) -> Result<Text, WriteError> {
    let mut writer = Pretty {
        emitter: Emitter::new(BEST_WIDTH),
        open: Vec::new(),
        entries: Vec::new(),
        number: Vec::new(),
    };
    writer.run(value)?;
    Ok(writer.emitter.out.finish())
}

struct Pretty {
    emitter: Emitter,
    /// The containers that are being written, outermost first.
    open: Vec<Open>,
    /// The entries still to be written of all open maps, the next one last.
    entries: Vec<(Text, Value)>,
    number: Vec<u8>,
}

/// A container that is being written.
struct Open {
    /// The indent around it.
    outer: i32,
    rest: Rest,
}

enum Rest {
    Bytes(Text, usize),
    Entries(usize),
    Items(List, usize),
}

/// How a scalar is written.
struct Judged {
    /// In place of the text: what a `!!binary` holds.
    encoded: Option<Text>,
    analysis: Analysis,
    wanted: Style,
}

impl Pretty {
    fn run(&mut self, value: &Value) -> Result<(), WriteError> {
        self.value(value)?;
        while let Some(open) = self.open.last_mut() {
            match &mut open.rest {
                Rest::Entries(rest) => {
                    // The entries of this map lie on top, so there is one as long as it expects one.
                    let entry = if *rest == 0 { None } else { self.entries.pop() };
                    let Some((key, value)) = entry else {
                        self.close();
                        continue;
                    };
                    *rest -= 1;
                    self.key(&key);
                    self.value(&value)?;
                }
                Rest::Items(list, next) => {
                    let Some(item) = list.get(*next).cloned() else {
                        self.close();
                        continue;
                    };
                    *next += 1;
                    self.dash();
                    self.value(&item)?;
                }
                Rest::Bytes(bytes, next) => {
                    let Some(&byte) = bytes.as_bytes().get(*next) else {
                        self.close();
                        continue;
                    };
                    *next += 1;
                    self.dash();
                    self.integer(i128::from(byte));
                }
            }
        }
        self.emitter.write_indent();
        Ok(())
    }

    fn close(&mut self) {
        if let Some(open) = self.open.pop() {
            self.emitter.indent = open.outer;
        }
    }

    fn dash(&mut self) {
        self.emitter.write_indent();
        self.emitter.indicator(b"-", true, true);
    }

    /// Writes a scalar or an empty container whole; otherwise opens the container.
    fn value(&mut self, value: &Value) -> Result<(), WriteError> {
        match value {
            Value::Nil => self.emitter.word(b"null"),
            Value::Bool(true) => self.emitter.word(b"true"),
            Value::Bool(false) => self.emitter.word(b"false"),
            Value::Int(number) | Value::Int64(number) => self.integer(i128::from(*number)),
            Value::Uint8(number) => self.integer(i128::from(*number)),
            Value::Uint64(number) => self.integer(i128::from(*number)),
            Value::Float64(number) => self.float(*number),
            Value::Complex(_) => return Err(WriteError::new("cannot marshal type: complex128")),
            Value::Str(text) => self.string(text),
            Value::Bytes(bytes) if bytes.is_empty() => self.emitter.indicator(b"[]", true, false),
            Value::Bytes(bytes) => self.enter(Rest::Bytes(bytes.clone(), 0))?,
            Value::List(list) if list.is_empty() => self.emitter.indicator(b"[]", true, false),
            Value::List(list) => self.enter(Rest::Items(list.clone(), 0))?,
            Value::Map(map) => self.map(map)?,
            Value::Object(object) => self.object(object)?,
        }
        Ok(())
    }

    fn map(&mut self, map: &Map) -> Result<(), WriteError> {
        let from = self.entries.len();
        self.entries.extend(map.borrow().iter().map(|(key, value)| (key.clone(), value.clone())));
        order::sort(&mut self.entries, from, Natural::V3);
        self.enter_entries(from)
    }

    /// Opens a map of the entries from `from` on, in their order.
    fn enter_entries(&mut self, from: usize) -> Result<(), WriteError> {
        let count = self.entries.len() - from;
        if count == 0 {
            self.emitter.indicator(b"{}", true, false);
            return Ok(());
        }
        self.entries[from..].reverse();
        self.enter(Rest::Entries(count))
    }

    fn object(&mut self, object: &Rc<dyn Object>) -> Result<(), WriteError> {
        match object.type_name() {
            "time.Time" => {
                // RFC 3339 with nanoseconds, the same in JSON and here, but bare.
                if let Some(Value::Str(time)) = object.json() {
                    self.emitter.word(time.as_bytes());
                    return Ok(());
                }
            }
            "time.Duration" | "*semver.Version" => {
                if let Some(text) = object.display() {
                    self.string(&text);
                    return Ok(());
                }
            }
            _ => {}
        }
        match object.underlying() {
            // What underlies a named type is a plain value, so this goes on one level at most.
            Some(Value::Object(_)) | None => {}
            Some(plain) => return self.value(&plain),
        }
        let from = self.entries.len();
        let exported = |name: &str| name.starts_with(|first: char| first.is_uppercase());
        let fields = object.fields().into_iter().filter(|(name, _)| exported(name));
        self.entries.extend(fields.map(|(name, value)| (Text::from(name.to_lowercase()), value)));
        self.enter_entries(from)
    }

    fn enter(&mut self, rest: Rest) -> Result<(), WriteError> {
        if self.open.len() >= MAX_DEPTH {
            return Err(WriteError::new("exceeded max depth"));
        }
        let outer = self.emitter.indent;
        self.open.push(Open { outer, rest });
        self.emitter.indent = if outer < 0 { 0 } else { outer + 2 };
        Ok(())
    }

    fn key(&mut self, key: &Text) {
        self.emitter.write_indent();
        let judged = judge(key);
        let tag = if judged.encoded.is_some() { BINARY.len() } else { 0 };
        let text = judged.encoded.as_ref().unwrap_or(key);
        let simple = !judged.analysis.multiline && text.len() + tag <= LONGEST_SIMPLE_KEY;
        if !simple {
            self.emitter.indicator(b"?", true, true);
        }
        self.scalar(key, &judged, simple);
        if !simple {
            self.emitter.write_indent();
        }
        self.emitter.indicator(b":", !simple, !simple);
    }

    fn string(&mut self, text: &Text) {
        self.scalar(text, &judge(text), false);
    }

    fn scalar(&mut self, text: &Text, judged: &Judged, simple_key: bool) {
        if judged.encoded.is_some() {
            self.emitter.tag(BINARY);
        }
        let text = judged.encoded.as_ref().unwrap_or(text);
        self.emitter.scalar(text, judged.analysis.style(judged.wanted, simple_key), !simple_key);
    }

    fn integer(&mut self, number: i128) {
        self.number.clear();
        push_int(&mut self.number, number);
        self.emitter.word(&self.number);
    }

    fn float(&mut self, number: f64) {
        if number.is_nan() {
            self.emitter.word(b".nan");
        } else if number.is_infinite() {
            self.emitter.word(if number > 0.0 { b".inf" } else { b"-.inf" });
        } else {
            self.emitter.word(format_g(number).as_bytes());
        }
    }
}

/// What a text allows, and the style that go-yaml's encoder asks for.
fn judge(text: &Text) -> Judged {
    let traits = Traits::of(text.as_bytes());
    if traits.is_wide() && text.as_str().is_none() {
        let encoded = Text::derived(base64_lines(text.as_bytes()), &[text]);
        let wanted = if encoded.as_bytes().contains(&b'\n') { Style::Literal } else { Style::Plain };
        return Judged { analysis: Analysis::of(encoded.as_bytes(), false), wanted, encoded: Some(encoded) };
    }
    let bytes = text.as_bytes();
    let analysis = if traits.is_simple() { Analysis::SIMPLE } else { Analysis::of(bytes, false) };
    let wanted = if traits.has_newline() {
        Style::Literal
    } else if reads_as_text(bytes) && !is_signed_octal(bytes) {
        Style::Plain
    } else {
        Style::DoubleQuoted
    };
    Judged { encoded: None, analysis, wanted }
}

/// Octal numbers that v3 knows besides those of v2: `0o-7`.
///
/// The words that are booleans to v2 alone (`yes`, `off`) are quoted by v3 too.
fn is_signed_octal(text: &[u8]) -> bool {
    if !text.starts_with(b"0") || resolve(text) != Resolved::Str {
        return false;
    }
    let digits: Vec<u8> = text.iter().copied().filter(|&byte| byte != b'_').collect();
    digits.strip_prefix(b"0o").is_some_and(|rest| parse_int(rest, 8).is_ok() || parse_uint(rest, 8).is_ok())
}

/// Base64 in lines of 70 characters; one short line has no line feed.
fn base64_lines(bytes: &[u8]) -> Vec<u8> {
    let encoded = value::json::base64(bytes);
    if encoded.len() < 70 {
        return encoded;
    }
    let mut out = Vec::with_capacity(encoded.len() + encoded.len() / 70 + 1);
    for line in encoded.chunks(70) {
        out.extend_from_slice(line);
        out.push(b'\n');
    }
    out
}

#[cfg(test)]
mod tests;
