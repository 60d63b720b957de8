//! Reads one JSON value off the front of a text, for `--set-json`, whose values stand one behind another.
//!
//! Nesting is a stack of our own. Helm never shows what was wrong, so neither does this.
//!
//! Source: Go 1.27 `encoding/json`, `Decoder.Decode` into an `any`.

use std::fmt;

use value::number::parse_float;
use value::{Map, Text, Value};

/// The deepest nesting that Go reads.
const MAX_DEPTH: usize = 10_000;

/// The text is not JSON.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct NotJson;

impl fmt::Display for NotJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("invalid JSON")
    }
}

/// A container that is being read.
enum Open {
    List(Vec<Value>),
    Map(Map, Text),
}

/// The first value of `text` and where it ends.
pub(super) fn read_one(text: &[u8]) -> Result<(Value, usize), NotJson> {
    let mut reader = Reader { text, at: 0 };
    let mut open: Vec<Open> = Vec::new();
    loop {
        reader.skip_space();
        let mut value = match reader.peek().ok_or(NotJson)? {
            b'{' => {
                reader.at += 1;
                reader.skip_space();
                if reader.eat(b'}') {
                    Value::Map(Map::new())
                } else {
                    let key = reader.key()?;
                    open.push(Open::Map(Map::new(), key));
                    if open.len() > MAX_DEPTH {
                        return Err(NotJson);
                    }
                    continue;
                }
            }
            b'[' => {
                reader.at += 1;
                reader.skip_space();
                if reader.eat(b']') {
                    Value::from(Vec::new())
                } else {
                    open.push(Open::List(Vec::new()));
                    if open.len() > MAX_DEPTH {
                        return Err(NotJson);
                    }
                    continue;
                }
            }
            b'"' => Value::Str(reader.string()?),
            b't' => reader.word(b"true", Value::from(true))?,
            b'f' => reader.word(b"false", Value::from(false))?,
            b'n' => reader.word(b"null", Value::Nil)?,
            _ => reader.number()?,
        };
        // Closes what ends behind the value.
        loop {
            match open.pop() {
                None => return Ok((value, reader.at)),
                Some(Open::List(mut items)) => {
                    items.push(value);
                    reader.skip_space();
                    if reader.eat(b',') {
                        open.push(Open::List(items));
                        break;
                    }
                    if !reader.eat(b']') {
                        return Err(NotJson);
                    }
                    value = Value::from(items);
                }
                Some(Open::Map(map, key)) => {
                    map.insert(key, value);
                    reader.skip_space();
                    if reader.eat(b',') {
                        reader.skip_space();
                        let key = reader.key()?;
                        open.push(Open::Map(map, key));
                        break;
                    }
                    if !reader.eat(b'}') {
                        return Err(NotJson);
                    }
                    value = Value::Map(map);
                }
            }
        }
    }
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let eaten = self.peek() == Some(byte);
        self.at += usize::from(eaten);
        eaten
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn key(&mut self) -> Result<Text, NotJson> {
        let key = self.string()?;
        self.skip_space();
        if self.eat(b':') { Ok(key) } else { Err(NotJson) }
    }

    fn word(&mut self, word: &[u8], value: Value) -> Result<Value, NotJson> {
        if !self.text[self.at..].starts_with(word) {
            return Err(NotJson);
        }
        self.at += word.len();
        Ok(value)
    }

    fn number(&mut self) -> Result<Value, NotJson> {
        let start = self.at;
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            if !self.eat(b'+') {
                self.eat(b'-');
            }
            self.digits()?;
        }
        parse_float(&self.text[start..self.at]).map(Value::from).map_err(|_| NotJson)
    }

    fn digits(&mut self) -> Result<(), NotJson> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start { Err(NotJson) } else { Ok(()) }
    }

    fn string(&mut self) -> Result<Text, NotJson> {
        if !self.eat(b'"') {
            return Err(NotJson);
        }
        let mut read: Vec<u8> = Vec::new();
        loop {
            let byte = self.peek().ok_or(NotJson)?;
            self.at += 1;
            match byte {
                b'"' => break,
                b'\\' => {
                    let c = self.escape()?;
                    read.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                }
                0..0x20 => return Err(NotJson),
                byte => read.push(byte),
            }
        }
        let text = String::from_utf8(read)
            .unwrap_or_else(|bad| String::from_utf8_lossy(bad.as_bytes()).into_owned());
        Ok(Text::from(text))
    }

    fn escape(&mut self) -> Result<char, NotJson> {
        let byte = self.peek().ok_or(NotJson)?;
        self.at += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => byte as char,
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.hex()?;
                if !(0xd800..0xdc00).contains(&first) {
                    return Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                // A pair makes one character; half a pair becomes the replacement character.
                let mark = self.at;
                if self.eat(b'\\') && self.eat(b'u') {
                    let second = self.hex()?;
                    if (0xdc00..0xe000).contains(&second) {
                        let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                        return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                    }
                }
                self.at = mark;
                char::REPLACEMENT_CHARACTER
            }
            _ => return Err(NotJson),
        })
    }

    fn hex(&mut self) -> Result<u32, NotJson> {
        let digits = self.text.get(self.at..self.at + 4).ok_or(NotJson)?;
        self.at += 4;
        digits.iter().try_fold(0, |code, digit| {
            (*digit as char).to_digit(16).map(|digit| code * 16 + digit).ok_or(NotJson)
        })
    }
}
