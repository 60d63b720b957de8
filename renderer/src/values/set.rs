//! The little language of `--set`, `--set-string`, `--set-file`, `--set-json` and `--set-literal`.
//!
//! A left-to-right scanner that writes into the values as it goes. Names may nest as deep as an argument is long, so the
//! nesting is a stack of our own. The branches are those of the original, oddities included: they are what users know.
//!
//! Source: helm v4.3.1 `pkg/strvals/parser.go`, `literal_parser.go`.

use value::json::decode_prefix;
use value::number::parse_int;
use value::{Map, Text, Value};

use crate::show::{quote, quote_rune};

/// The highest index of a list. Source: `MaxIndex`.
const MAX_INDEX: i64 = 65_536;

/// The most dots in a name. Source: `MaxNestedNameLevel`.
const MAX_NAME_LEVELS: u32 = 30;

/// Gives the content of a file that `--set-file` names, or the sentence that says why not.
pub type ReadFile<'a> = &'a mut dyn FnMut(&str) -> Result<Text, String>;

/// What the values of an argument are.
pub(super) enum Mode<'a> {
    /// `--set-file`: the content of a file.
    File(ReadFile<'a>),
    /// `--set-json`: a JSON value.
    Json,
    /// `--set-literal`: all that follows, as a string.
    Literal,
    /// `--set-string`: a string.
    Str,
    /// `--set`: true, false, null, a whole number, or a string.
    Typed,
}

/// Writes what `argument` says into `values`.
///
/// # Errors
/// Helm's sentence without its prefix. What came before the mistake has been written by then.
pub(super) fn assign(argument: &str, values: &Map, mode: Mode<'_>) -> Result<(), String> {
    let mut parser = Parser { text: argument, at: 0, mode };
    loop {
        match parser.assignment(values) {
            Ok(()) => {}
            Err(Stop::End) => return Ok(()),
            Err(Stop::Failed(message)) => return Err(message),
        }
    }
}

/// Why the scanner stops: the end of the argument, which may be no mistake, or a mistake.
enum Stop {
    End,
    Failed(String),
}

type Step<T> = Result<T, Stop>;

/// What waits for the part of a name that is being read.
enum Frame {
    /// A map inside `outer`, reached by a dot.
    Inner { outer: Map, key: String, inner: Map },
    /// A list that stands at `key`.
    Named { outer: Map, key: String },
    /// A list inside a list; `existed` when one stood there before.
    InList { list: Vec<Value>, index: i64, existed: bool },
    /// A map inside a list.
    MapInList { list: Vec<Value>, index: i64, inner: Map },
}

/// What is read next, or what has been read.
enum State {
    Key { map: Map, level: u32 },
    Item { list: Vec<Value>, index: i64, level: u32 },
    KeyDone(Step<()>),
    ItemDone(Vec<Value>, Step<()>),
}

struct Parser<'t, 'm> {
    text: &'t str,
    at: usize,
    mode: Mode<'m>,
}

impl Parser<'_, '_> {
    /// Reads one name and its value.
    fn assignment(&mut self, values: &Map) -> Step<()> {
        let mut frames: Vec<Frame> = Vec::new();
        let mut state = State::Key { map: values.clone(), level: 0 };
        loop {
            state = match state {
                State::Key { map, level } => self.key(map, level, &mut frames),
                State::Item { list, index, level } => self.item(list, index, level, &mut frames),
                State::KeyDone(result) => match frames.pop() {
                    None => return result,
                    Some(frame) => after_key(frame, result),
                },
                State::ItemDone(list, result) => match frames.pop() {
                    None => return result,
                    Some(frame) => after_item(frame, list, result),
                },
            };
        }
    }

    fn key(&mut self, map: Map, level: u32, frames: &mut Vec<Frame>) -> State {
        let stops: &[char] =
            if matches!(self.mode, Mode::Literal) { &['=', '[', '.'] } else { &['=', '[', ',', '.'] };
        let (key, last) = self.until(stops);
        match last {
            None if key.is_empty() => State::KeyDone(Err(Stop::End)),
            None => State::KeyDone(failed(format!("key {} has no value", quote(&key)))),
            Some('[') => {
                let index = match self.index() {
                    Ok(index) => index,
                    Err(stop) => return State::KeyDone(Err(stop)),
                };
                let list = match map.get(&key) {
                    None => Vec::new(),
                    Some(Value::List(list)) => list.to_vec(),
                    Some(other) => return State::KeyDone(failed(not_a(&other, "[]interface {}"))),
                };
                frames.push(Frame::Named { outer: map, key });
                State::Item { list, index, level }
            }
            Some('.') => {
                if level >= MAX_NAME_LEVELS {
                    return State::KeyDone(failed(format!(
                        "value name nested level is greater than maximum supported nested level of {MAX_NAME_LEVELS}"
                    )));
                }
                let inner = match map.get(&key) {
                    None => Map::new(),
                    Some(Value::Map(inner)) => inner,
                    Some(other) => return State::KeyDone(failed(not_a(&other, "map[string]interface {}"))),
                };
                frames.push(Frame::Inner { outer: map, key, inner: inner.clone() });
                State::Key { map: inner, level: level + 1 }
            }
            Some(',') => {
                set(&map, key.clone(), "");
                State::KeyDone(failed(format!("key {} has no value (cannot end with ,)", quote(&key))))
            }
            Some(_) => State::KeyDone(self.key_value(&map, key)),
        }
    }

    fn key_value(&mut self, map: &Map, key: String) -> Step<()> {
        match self.value()? {
            Found::Value(value) => {
                set(map, key, value);
                Ok(())
            }
            Found::Nothing => {
                set(map, key, "");
                Err(Stop::End)
            }
        }
    }

    fn item(&mut self, mut list: Vec<Value>, index: i64, level: u32, frames: &mut Vec<Frame>) -> State {
        if index < 0 {
            return State::ItemDone(list, failed(format!("negative {index} index not allowed")));
        }
        let (rest, last) = self.until(&['[', '.', '=']);
        if !rest.is_empty() {
            let runes: Vec<String> = rest.chars().map(quote_rune).collect();
            let message = format!("unexpected data at end of array index: [{}]", runes.join(" "));
            return State::ItemDone(list, failed(message));
        }
        let existing = usize::try_from(index).ok().filter(|at| *at < list.len());
        match last {
            None => State::ItemDone(list, Err(Stop::End)),
            Some('[') => {
                let next = match self.index() {
                    Ok(next) => next,
                    Err(stop) => return State::ItemDone(list, Err(stop)),
                };
                let (inner, existed) = match existing.map(|at| &list[at]) {
                    None | Some(Value::Nil) => (Vec::new(), false),
                    Some(Value::List(inner)) => (inner.to_vec(), true),
                    Some(other) => {
                        let message = not_a(other, "[]interface {}");
                        return State::ItemDone(list, failed(message));
                    }
                };
                frames.push(Frame::InList { list, index, existed });
                State::Item { list: inner, index: next, level }
            }
            Some('.') => {
                let inner = match existing.map(|at| &mut list[at]) {
                    None => Map::new(),
                    Some(Value::Map(inner)) => inner.clone(),
                    Some(other) => {
                        let inner = Map::new();
                        *other = Value::Map(inner.clone());
                        inner
                    }
                };
                frames.push(Frame::MapInList { list, index, inner: inner.clone() });
                State::Key { map: inner, level }
            }
            Some(_) => match self.value() {
                Ok(found) => {
                    let value = match found {
                        Found::Value(value) => value,
                        Found::Nothing => Value::from(""),
                    };
                    let result = set_index(&mut list, index, value);
                    State::ItemDone(list, result)
                }
                Err(stop) => State::ItemDone(list, Err(stop)),
            },
        }
    }

    /// Reads what stands behind `=`.
    fn value(&mut self) -> Step<Found> {
        match self.mode {
            Mode::Json => return self.json_value().map(Found::Value),
            Mode::Literal => {
                let rest = &self.text[self.at..];
                self.at = self.text.len();
                return Ok(Found::Value(Value::from(rest)));
            }
            _ => {}
        }
        match self.peek() {
            None => Ok(Found::Nothing),
            Some('{') => {
                self.at += 1;
                self.list().map(Found::Value)
            }
            Some(_) => {
                let (text, _) = self.until(&[',']);
                self.convert(text).map(Found::Value)
            }
        }
    }

    fn list(&mut self) -> Step<Value> {
        let mut items = Vec::new();
        loop {
            let (text, last) = self.until(&[',', '}']);
            match last {
                None => return failed("list must terminate with '}'".to_owned()),
                Some(last) => {
                    if last == '}' && self.peek() == Some(',') {
                        self.at += 1;
                    }
                    items.push(self.convert(text)?);
                    if last == '}' {
                        return Ok(Value::from(items));
                    }
                }
            }
        }
    }

    fn json_value(&mut self) -> Step<Value> {
        if self.skip_blank() {
            return Ok(Value::Nil);
        }
        let rest = Text::from(&self.text[self.at..]);
        let (value, len) = decode_prefix(&rest).map_err(|error| Stop::Failed(error.message().to_owned()))?;
        self.at += len;
        self.skip_blank();
        Ok(value)
    }

    /// Skips white space and one comma; whether nothing but that was left of this value.
    fn skip_blank(&mut self) -> bool {
        while let Some(c) = self.peek() {
            if c != ',' && !c.is_whitespace() {
                return false;
            }
            self.at += c.len_utf8();
            if c == ',' {
                return true;
            }
        }
        true
    }

    fn convert(&mut self, text: String) -> Step<Value> {
        match &mut self.mode {
            Mode::File(read) => read(&text).map(Value::Str).map_err(Stop::Failed),
            Mode::Typed => Ok(typed(text)),
            Mode::Json | Mode::Literal | Mode::Str => Ok(Value::from(text)),
        }
    }

    fn index(&mut self) -> Step<i64> {
        let (text, last) = self.until(&[']']);
        if last.is_none() {
            return Err(Stop::End);
        }
        parse_int(text.as_bytes(), 10).map_err(|error| {
            let text = quote(&text);
            Stop::Failed(format!("error parsing index: strconv.Atoi: parsing {text}: {}", error.message()))
        })
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    /// Reads up to one of `stops` and past it. `\x` is the plain character x, but for literals; a lone `\` at the end is
    /// dropped.
    fn until(&mut self, stops: &[char]) -> (String, Option<char>) {
        let mut read = String::new();
        let escapes = !matches!(self.mode, Mode::Literal);
        let mut chars = self.text[self.at..].char_indices();
        while let Some((_, c)) = chars.next() {
            if stops.contains(&c) {
                self.at = self.text.len() - chars.as_str().len();
                return (read, Some(c));
            }
            if c == '\\' && escapes {
                read.extend(chars.next().map(|(_, escaped)| escaped));
            } else {
                read.push(c);
            }
        }
        self.at = self.text.len();
        (read, None)
    }
}

/// What stood behind `=`.
enum Found {
    Value(Value),
    /// The end of the argument.
    Nothing,
}

fn after_key(frame: Frame, result: Step<()>) -> State {
    match frame {
        Frame::Inner { outer, key, inner } => {
            if result.is_ok() && inner.is_empty() {
                return State::KeyDone(failed(format!("key map {} has no value", quote(&key))));
            }
            if !inner.is_empty() {
                set(&outer, key, inner);
            }
            State::KeyDone(result)
        }
        Frame::MapInList { mut list, index, inner } => {
            let result = result.and_then(|()| set_index(&mut list, index, Value::Map(inner)));
            State::ItemDone(list, result)
        }
        // A list answers with `State::ItemDone`.
        Frame::Named { .. } | Frame::InList { .. } => State::KeyDone(result),
    }
}

fn after_item(frame: Frame, inner: Vec<Value>, result: Step<()>) -> State {
    match frame {
        Frame::Named { outer, key } => {
            set(&outer, key, Value::from(inner));
            State::KeyDone(result)
        }
        Frame::InList { mut list, index, existed } => {
            // The original changes a list in place, also when the rest of the name fails.
            let result = match result {
                Ok(()) => set_index(&mut list, index, Value::from(inner)),
                Err(stop) if existed => {
                    let _ = set_index(&mut list, index, Value::from(inner));
                    Err(stop)
                }
                Err(stop) => Err(stop),
            };
            State::ItemDone(list, result)
        }
        // A map answers with `State::KeyDone`.
        Frame::Inner { .. } | Frame::MapInList { .. } => State::ItemDone(inner, result),
    }
}

/// Empty names are dropped.
fn set(map: &Map, key: String, value: impl Into<Value>) {
    if !key.is_empty() {
        map.insert(key, value);
    }
}

fn set_index(list: &mut Vec<Value>, index: i64, value: Value) -> Step<()> {
    if index > MAX_INDEX {
        return failed(format!("index of {index} is greater than maximum supported index of {MAX_INDEX}"));
    }
    // Not negative: `item` has rejected that.
    let at = usize::try_from(index).unwrap_or_default();
    if list.len() <= at {
        list.resize(at + 1, Value::Nil);
    }
    list[at] = value;
    Ok(())
}

fn failed<T>(message: String) -> Step<T> {
    Err(Stop::Failed(message))
}

/// The panic of a failed type assertion, as the original catches it.
fn not_a(value: &Value, wanted: &str) -> String {
    let is = if value.is_nil() { "nil" } else { value.type_name() };
    format!("unable to parse key: interface conversion: interface {{}} is {is}, not {wanted}")
}

/// Source: `typedVal`.
fn typed(text: String) -> Value {
    // Go folds the long s, too; the other folds of these letters are ASCII.
    let folded = |word: &str| {
        text.chars().count() == word.len()
            && text
                .chars()
                .zip(word.chars())
                .all(|(c, w)| c.to_ascii_lowercase() == w || (c == 'ſ' && w == 's'))
    };
    if folded("true") {
        return Value::from(true);
    }
    if folded("false") {
        return Value::from(false);
    }
    if folded("null") {
        return Value::Nil;
    }
    if text == "0" {
        return Value::Int64(0);
    }
    match parse_int(text.as_bytes(), 10) {
        Ok(number) if !text.starts_with('0') => Value::Int64(number),
        _ => Value::Str(Text::from(text)),
    }
}
