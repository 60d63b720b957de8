//! JSON text as values: every number a `float64`, Go's sentences where the text is wrong.

use super::string::{hex4, unquote, utf8_width};
use super::{Error, MAX_DEPTH};
use crate::fmt::{is_print, quote, quote_rune};
use crate::number::parse_float;
use crate::{Element, List, Map, MapType, Text, Value};

/// The value of a JSON text, for a destination of type `interface {}`.
///
/// A text with a syntax error gives nil; a number out of range counts as 0 and is the error, while the rest is kept.
/// Where a name comes twice the last one wins. Cost: linear; strings without escapes share the bytes of `text`.
pub fn decode(text: &Text) -> (Value, Option<Error>) {
    let mut decoder = Decoder { text, bytes: text.as_bytes(), at: 0, open: Vec::new(), out_of_range: None };
    match decoder.document() {
        Ok(value) => (value, decoder.out_of_range),
        Err(error) => (Value::Nil, Some(error)),
    }
}

/// The first value of a text and where it ends; what follows is not looked at. Go's `Decoder.Decode` into an `interface {}`.
///
/// # Errors
/// As [`decode`]; a number out of range is an error, too.
pub fn decode_prefix(text: &Text) -> Result<(Value, usize), Error> {
    let mut decoder = Decoder { text, bytes: text.as_bytes(), at: 0, open: Vec::new(), out_of_range: None };
    let value = decoder.value()?;
    match decoder.out_of_range {
        None => Ok((value, decoder.at)),
        Some(error) => Err(error),
    }
}

/// The value of a JSON text, for a destination of type `map[string]interface {}` that holds an empty map; `null` makes it nil.
pub fn decode_map(text: &Text) -> (Map, Option<Error>) {
    match decode(text) {
        (Value::Map(map), error) => (map, error),
        (Value::Nil, None) => (Map::nil(MapType::Any), None),
        (Value::Nil, error) => (Map::new(), error),
        (other, _) => (Map::new(), Some(mismatch(&other, "map[string]interface {}"))),
    }
}

/// The value of a JSON text, for a destination of type `[]interface {}` that holds an empty list; `null` makes it nil.
pub fn decode_list(text: &Text) -> (List, Option<Error>) {
    match decode(text) {
        (Value::List(list), error) => (list, error),
        (Value::Nil, None) => (List::nil(Element::Any), None),
        (Value::Nil, error) => (List::new(Vec::new()), error),
        (other, _) => (List::new(Vec::new()), Some(mismatch(&other, "[]interface {}"))),
    }
}

fn mismatch(value: &Value, wanted: &str) -> Error {
    let found = match value {
        Value::Bool(_) => "bool",
        Value::Float64(_) => "number",
        Value::List(_) => "array",
        Value::Map(_) => "object",
        _ => "string",
    };
    Error::new(format!("json: cannot unmarshal {found} into Go value of type {wanted}"))
}

struct Decoder<'a> {
    text: &'a Text,
    bytes: &'a [u8],
    at: usize,
    /// The containers that are being read, outermost first.
    open: Vec<Open>,
    /// The first number that no `float64` can hold.
    out_of_range: Option<Error>,
}

enum Open {
    Array(Vec<Value>),
    /// What was read, and the key whose value comes next.
    Object(Map, Text),
}

impl Decoder<'_> {
    fn document(&mut self) -> Result<Value, Error> {
        let value = self.value()?;
        self.skip_space();
        if self.at < self.bytes.len() {
            return Err(self.unexpected("after top-level value"));
        }
        Ok(value)
    }

    /// Reads one whole value.
    fn value(&mut self) -> Result<Value, Error> {
        let mut value = self.begin()?;
        loop {
            // `None`: a container was opened, and its first value comes next.
            let Some(done) = value else {
                value = self.begin()?;
                continue;
            };
            match self.open.last_mut() {
                None => return Ok(done),
                Some(Open::Array(items)) => items.push(done),
                Some(Open::Object(map, key)) => {
                    map.insert(std::mem::take(key), done);
                }
            }
            value = self.next_in_container()?;
        }
    }

    /// Reads a scalar or an empty container, or opens a container.
    fn begin(&mut self) -> Result<Option<Value>, Error> {
        self.skip_space();
        let Some(&byte) = self.bytes.get(self.at) else { return Err(self.end_of_input(self.at)) };
        Ok(Some(match byte {
            b'n' => self.literal(b"null", Value::Nil)?,
            b't' => self.literal(b"true", Value::Bool(true))?,
            b'f' => self.literal(b"false", Value::Bool(false))?,
            b'"' => Value::Str(self.string()?),
            b'-' | b'0'..=b'9' => Value::Float64(self.number()?),
            b'[' => {
                self.enter(Open::Array(Vec::new()))?;
                if !self.closes(b']') {
                    return Ok(None);
                }
                self.leave()
            }
            b'{' => {
                self.enter(Open::Object(Map::new(), Text::new()))?;
                if !self.closes(b'}') {
                    self.key()?;
                    return Ok(None);
                }
                self.leave()
            }
            _ => return Err(self.unexpected("looking for beginning of value")),
        }))
    }

    /// Stands behind a value of a container: goes to the next one (`None`) or closes the container.
    fn next_in_container(&mut self) -> Result<Option<Value>, Error> {
        self.skip_space();
        let in_array = matches!(self.open.last(), Some(Open::Array(_)));
        let (close, place) =
            if in_array { (b']', "after array element") } else { (b'}', "after object key:value pair") };
        match self.bytes.get(self.at) {
            Some(b',') => {
                self.at += 1;
                if !in_array {
                    self.key()?;
                }
                Ok(None)
            }
            Some(&byte) if byte == close => {
                self.at += 1;
                Ok(Some(self.leave()))
            }
            _ => Err(self.unexpected(place)),
        }
    }

    fn key(&mut self) -> Result<(), Error> {
        self.skip_space();
        if self.bytes.get(self.at) != Some(&b'"') {
            return Err(self.unexpected("looking for beginning of object key string"));
        }
        let key = self.string()?;
        self.skip_space();
        if self.bytes.get(self.at) != Some(&b':') {
            return Err(self.unexpected("after object key"));
        }
        self.at += 1;
        if let Some(Open::Object(_, next)) = self.open.last_mut() {
            *next = key;
        }
        Ok(())
    }

    fn enter(&mut self, open: Open) -> Result<(), Error> {
        if self.open.len() >= MAX_DEPTH {
            return Err(Error::at(self.at, "exceeded max depth"));
        }
        self.at += 1;
        self.open.push(open);
        Ok(())
    }

    fn closes(&mut self, bracket: u8) -> bool {
        self.skip_space();
        let closes = self.bytes.get(self.at) == Some(&bracket);
        self.at += usize::from(closes);
        closes
    }

    fn leave(&mut self) -> Value {
        match self.open.pop() {
            Some(Open::Array(items)) => Value::from(items),
            Some(Open::Object(map, _)) => Value::Map(map),
            None => Value::Nil,
        }
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.bytes.get(self.at) {
            self.at += 1;
        }
    }

    fn literal(&mut self, word: &[u8], value: Value) -> Result<Value, Error> {
        for &expected in word {
            match self.bytes.get(self.at) {
                Some(&byte) if byte == expected => self.at += 1,
                _ => {
                    let word = String::from_utf8_lossy(word);
                    let expected = char::from(expected);
                    return Err(self.unexpected(&format!("in literal {word} (expecting '{expected}')")));
                }
            }
        }
        Ok(value)
    }

    fn number(&mut self) -> Result<f64, Error> {
        let start = self.at;
        self.at += usize::from(self.bytes.get(self.at) == Some(&b'-'));
        if self.bytes.get(self.at) == Some(&b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.bytes.get(self.at) {
            self.at += 1;
            self.at += usize::from(matches!(self.bytes.get(self.at), Some(b'+' | b'-')));
            self.digits()?;
        }
        let literal = &self.bytes[start..self.at];
        // The grammar was checked above, so the only failure left is a number out of range.
        parse_float(literal).or_else(|_| {
            if self.out_of_range.is_none() {
                self.out_of_range = Some(Error::at(start, self.range_message(literal)));
            }
            Ok(0.0)
        })
    }

    fn digits(&mut self) -> Result<(), Error> {
        if !self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            return Err(self.unexpected("in numeric literal"));
        }
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        Ok(())
    }

    /// Go names the place by the path that leads to it, written like a struct's field unless it ends in an index.
    fn range_message(&self, literal: &[u8]) -> String {
        let mut path = String::new();
        for open in &self.open {
            path.push('.');
            match open {
                Open::Array(items) => path.push_str(&items.len().to_string()),
                Open::Object(_, key) => {
                    let key = key.to_string_lossy().replace('~', "~0").replace('/', "~1");
                    path.push_str(&key);
                }
            }
        }
        let literal = String::from_utf8_lossy(literal);
        let last = path.rsplit('.').next().unwrap_or_default();
        let destination = if path.is_empty() {
            "Go value".to_owned()
        } else if !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()) {
            path
        } else {
            format!("Go struct field {path}")
        };
        format!("json: cannot unmarshal number {literal} into {destination} of type float64")
    }

    /// Reads a string; its quote is next.
    fn string(&mut self) -> Result<Text, Error> {
        let start = self.at + 1;
        let mut at = start;
        let mut verbatim = true;
        loop {
            match self.bytes.get(at) {
                None => return Err(self.end_of_input(at)),
                Some(b'"') => break,
                Some(b'\\') => {
                    verbatim = false;
                    at += self.escape(at)?;
                }
                Some(0..0x20) => {
                    self.at = at;
                    return Err(self.unexpected("in string"));
                }
                Some(0x20..0x80) => at += 1,
                Some(_) => {
                    let width = utf8_width(&self.bytes[at..]);
                    verbatim &= width > 0;
                    at += width.max(1);
                }
            }
        }
        self.at = at + 1;
        Ok(if verbatim {
            self.text.slice(start..at)
        } else {
            let part = self.text.slice(start..at);
            Text::derived(unquote(part.as_bytes()), &[&part])
        })
    }

    /// Length of the escape at `at`, after a check.
    fn escape(&self, at: usize) -> Result<usize, Error> {
        let rest = &self.bytes[at..];
        match rest.get(1) {
            None => Err(self.end_of_input(at)),
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(2),
            Some(b'u') if hex4(rest, 2).is_some() => Ok(6),
            Some(b'u') if rest.len() < 6 && rest[2..].iter().all(u8::is_ascii_hexdigit) => {
                Err(self.end_of_input(at))
            }
            Some(b'u') => Err(invalid_escape(at, &rest[..rest.len().min(6)])),
            Some(_) => Err(invalid_escape(at, &rest[..2])),
        }
    }

    fn end_of_input(&self, at: usize) -> Error {
        Error::at(at, "unexpected end of JSON input")
    }

    /// The error for the character that is next, or for the end of the input.
    fn unexpected(&self, place: &str) -> Error {
        let rest = &self.bytes[self.at..];
        let Some(&first) = rest.first() else { return self.end_of_input(self.at) };
        let character = match utf8_width(rest) {
            0 => format!("'\\x{first:x}'"),
            width => match std::str::from_utf8(&rest[..width]).ok().and_then(|text| text.chars().next()) {
                Some(character) => {
                    String::from_utf8_lossy(&quote_rune(u64::from(character), false)).into_owned()
                }
                None => format!("'\\x{first:x}'"),
            },
        };
        Error::at(self.at, format!("invalid character {character} {place}"))
    }
}

/// go1.27 `jsonwire.NewInvalidEscapeSequenceError`.
fn invalid_escape(at: usize, what: &[u8]) -> Error {
    let text = String::from_utf8_lossy(what);
    let plain = text.chars().all(|c| !matches!(c, '`' | '\u{fffd}' | ' ') && is_print(c));
    let quoted = if plain { format!("`{text}`") } else { String::from_utf8_lossy(&quote(what)).into_owned() };
    Error::at(at, format!("invalid escape sequence {quoted} in string"))
}
