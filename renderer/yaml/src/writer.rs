//! Values as YAML text: `toYaml`, and every YAML file that Helm writes.
//!
//! *Source*: sigs.k8s.io/yaml v1.6.0 `Marshal`: JSON text, read by go.yaml.in/yaml/v2 v2.4.4 and written by it. Neither text nor
//! generic values are made here; what the detour does to numbers, strings and keys is applied on the way.

pub(crate) mod analysis;
pub(crate) mod emitter;
mod json_trip;
pub(crate) mod order;

use std::fmt;

use value::number::{format_float, format_g, push_int};
use value::{List, Text, Value};

use analysis::{Analysis, Style, Traits, reads_as_text};
use emitter::Emitter;
use json_trip::{Fails, arrive, error_of, is_possible_key};
use order::Natural;

/// Lines are folded at the first space behind this column.
const BEST_WIDTH: usize = 80;

/// How deep lists and maps may nest.
pub(crate) const MAX_DEPTH: usize = 10_000;

/// Keys longer than this, in bytes, are written as `? key`.
pub(crate) const LONGEST_SIMPLE_KEY: usize = 128;

/// Why a value cannot be written: the sentence of `sigs.k8s.io/yaml`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WriteError(Box<str>);

impl WriteError {
    pub(crate) fn new(message: impl Into<Box<str>>) -> Self {
        Self(message.into())
    }

    /// The sentence.
    pub fn message(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WriteError {}

/// The YAML text of `value`, with the newline at its end that `toYaml` takes off.
///
/// Strings and keys keep the origin of their pieces, line by line in block scalars. Cost: linear in the text; one buffer, and
/// one list for the keys of all open maps.
///
/// # Errors
/// `error marshaling into JSON: …` for NaN, infinities, complex numbers, cycles and more than 10,000 levels; `yaml: control
/// characters are not allowed` and `yaml: did not find expected ',' or '}'` for strings and keys that YAML cannot take back.
pub fn write(value: &Value) -> Result<Text, WriteError> {
    let mut writer = Writer {
        emitter: Emitter::new(BEST_WIDTH),
        open: Vec::new(),
        entries: Vec::new(),
        number: Vec::new(),
    };
    match writer.run(value) {
        Ok(()) => Ok(writer.emitter.out.finish()),
        Err(Fails) => Err(error_of(value)),
    }
}

struct Writer {
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
    Entries(usize),
    Items(List, usize),
}

impl Writer {
    fn run(&mut self, value: &Value) -> Result<(), Fails> {
        self.value(value, false)?;
        while let Some(open) = self.open.last_mut() {
            match &mut open.rest {
                Rest::Entries(0) => self.close(),
                Rest::Entries(rest) => {
                    *rest -= 1;
                    let Some((key, value)) = self.entries.pop() else { return Err(Fails) };
                    self.key(&key)?;
                    self.value(&value, true)?;
                }
                Rest::Items(list, next) => {
                    let Some(item) = list.get(*next).cloned() else {
                        self.close();
                        continue;
                    };
                    *next += 1;
                    self.emitter.write_indent();
                    self.emitter.indicator(b"-", true, true);
                    self.value(&item, false)?;
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

    /// Writes a scalar or an empty container whole; otherwise opens the container. `in_map`: the value of a key.
    fn value(&mut self, value: &Value, in_map: bool) -> Result<(), Fails> {
        match value {
            Value::Nil => self.emitter.word(b"null"),
            Value::Bool(true) => self.emitter.word(b"true"),
            Value::Bool(false) => self.emitter.word(b"false"),
            Value::Int(number) | Value::Int64(number) => self.integer(i128::from(*number)),
            Value::Uint8(number) => self.integer(i128::from(*number)),
            Value::Uint64(number) => self.integer(i128::from(*number)),
            Value::Float64(number) => self.float(*number)?,
            Value::Complex(_) => return Err(Fails),
            Value::Str(text) => self.string(text)?,
            Value::Bytes(bytes) => {
                let encoded = value::json::base64(bytes.as_bytes());
                self.string(&Text::derived(encoded, &[bytes]))?;
            }
            Value::List(list) if list.is_nil() => self.emitter.word(b"null"),
            Value::List(list) if list.is_empty() => self.empty(b"[]")?,
            Value::List(list) => {
                // A list stands at the indent of its key, unless the key is a long one.
                let at_key = in_map && !self.emitter.indention;
                self.enter(Rest::Items(list.clone(), 0), !at_key)?;
            }
            Value::Map(map) if map.is_nil() => self.emitter.word(b"null"),
            Value::Map(map) => {
                let from = self.entries.len();
                self.entries.extend(map.borrow().iter().map(|(key, value)| (key.clone(), value.clone())));
                self.map(from)?;
            }
            Value::Object(object) => {
                let mut object = object.clone();
                // An object may stand for another one; a loop, because the data says how often.
                while let Some(next) = object.json() {
                    match next {
                        Value::Object(next) => object = next,
                        plain => return self.value(&plain, in_map),
                    }
                }
                let from = self.entries.len();
                self.entries
                    .extend(object.json_fields().into_iter().map(|(key, value)| (Text::from(key), value)));
                self.map(from)?;
            }
        }
        Ok(())
    }

    /// Opens a map of the entries from `from` on.
    fn map(&mut self, from: usize) -> Result<(), Fails> {
        if self.entries.len() == from {
            return self.empty(b"{}");
        }
        let mut changed = false;
        for (key, _) in &mut self.entries[from..] {
            let traits = Traits::of(key.as_bytes());
            if traits.has_delete() || !is_possible_key(key.as_bytes()) {
                return Err(Fails);
            }
            if traits.is_wide()
                && let Some(arrived) = arrive(key)?
            {
                *key = arrived;
                changed = true;
            }
        }
        order::sort(&mut self.entries, from, Natural::V2);
        if changed {
            // Keys that have become equal: the last one in the order of JSON wins, and sorting kept that order.
            let tail: Vec<_> = self.entries.drain(from..).collect();
            for entry in tail {
                match self.entries.last_mut() {
                    Some(last) if last.0 == entry.0 => *last = entry,
                    _ => self.entries.push(entry),
                }
            }
        }
        self.entries[from..].reverse();
        self.enter(Rest::Entries(self.entries.len() - from), true)
    }

    fn empty(&mut self, brackets: &[u8]) -> Result<(), Fails> {
        self.emitter.indicator(brackets, true, false);
        if self.open.len() >= MAX_DEPTH { Err(Fails) } else { Ok(()) }
    }

    fn enter(&mut self, rest: Rest, deeper: bool) -> Result<(), Fails> {
        if self.open.len() >= MAX_DEPTH {
            return Err(Fails);
        }
        let outer = self.emitter.indent;
        self.open.push(Open { outer, rest });
        self.emitter.indent = match outer {
            ..0 => 0,
            _ if deeper => outer + 2,
            _ => outer,
        };
        Ok(())
    }

    /// Writes a key, which came through JSON before, and its colon.
    fn key(&mut self, key: &Text) -> Result<(), Fails> {
        self.emitter.write_indent();
        let (analysis, wanted) = judge(key);
        let simple = !analysis.multiline && key.len() <= LONGEST_SIMPLE_KEY;
        if simple {
            self.emitter.scalar(key, analysis.style(wanted, true), false);
            self.emitter.indicator(b":", false, false);
        } else {
            self.emitter.indicator(b"?", true, true);
            self.emitter.scalar(key, analysis.style(wanted, false), true);
            self.emitter.write_indent();
            self.emitter.indicator(b":", true, true);
        }
        Ok(())
    }

    fn string(&mut self, text: &Text) -> Result<(), Fails> {
        let traits = Traits::of(text.as_bytes());
        if traits.has_delete() {
            return Err(Fails);
        }
        let arrived = if traits.is_wide() { arrive(text)? } else { None };
        let text = arrived.as_ref().unwrap_or(text);
        let (analysis, wanted) = judge(text);
        self.emitter.scalar(text, analysis.style(wanted, false), true);
        Ok(())
    }

    fn integer(&mut self, number: i128) {
        self.number.clear();
        push_int(&mut self.number, number);
        self.emitter.word(&self.number);
    }

    /// A float arrives as an integer when its JSON text is one that fits `int64` or `uint64`.
    fn float(&mut self, number: f64) -> Result<(), Fails> {
        if !number.is_finite() {
            return Err(Fails);
        }
        // Every whole number below 2^53 is its own shortest form; JSON's `-0` is read as 0.
        if number.trunc() == number && number.abs() < 9_007_199_254_740_992.0 {
            self.integer(number as i128);
            return Ok(());
        }
        if number.trunc() == number && number.abs() < 1e20 {
            let text = format_float(number, b'f', None);
            if text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok() {
                self.emitter.word(text.as_bytes());
                return Ok(());
            }
        }
        self.emitter.word(format_g(number).as_bytes());
        Ok(())
    }
}

/// What a text allows, and the style that go-yaml's encoder asks for.
fn judge(text: &Text) -> (Analysis, Style) {
    let bytes = text.as_bytes();
    let traits = Traits::of(bytes);
    let analysis = if traits.is_simple() { Analysis::SIMPLE } else { Analysis::of(bytes, true) };
    let wanted = if traits.has_newline() {
        Style::Literal
    } else if reads_as_text(bytes) {
        Style::Plain
    } else {
        Style::DoubleQuoted
    };
    (analysis, wanted)
}

#[cfg(test)]
mod tests;
