//! TOML text as values: tables, arrays, and who may define what twice.
//!
//! *Source*: github.com/BurntSushi/toml v1.6.0, `parse.go`.

use std::collections::{BTreeMap, BTreeSet};

use value::fmt::quote;
use value::number::{NumberError, parse_float, parse_int};
use value::{Element, List, Map, Text, Value};

use super::Error;
use super::lex::{Item, Kind, Problem, lex};
use super::moment::Moment;
use super::write::dotted;

/// The tables of a TOML text: whole numbers are `int64`, arrays of tables `[]map[string]interface {}`.
///
/// `time` makes the value of a date or a time. Cost: linear, but for the paths of tables, which are compared as text.
///
/// # Errors
/// The library's sentence, `toml: line 1 (last key "a"): …`.
pub(crate) fn read(text: &Text, time: &dyn Fn(Moment) -> Result<Value, Error>) -> Result<Map, Error> {
    let bytes = match text.as_bytes() {
        [0xff, 0xfe, rest @ ..] | [0xfe, 0xff, rest @ ..] | [0xef, 0xbb, 0xbf, rest @ ..] => rest,
        whole => whole,
    };
    if bytes.iter().take(6).any(|&byte| byte == 0) {
        let message = "files cannot contain NULL bytes; probably using UTF-16; TOML files must be UTF-8";
        return Err(Error::new(format!("toml: line 1: {message}")));
    }
    let (valid, cut) = match std::str::from_utf8(bytes) {
        Ok(valid) => (valid, None),
        Err(error) => {
            let end = error.valid_up_to();
            (std::str::from_utf8(&bytes[..end]).unwrap_or_default(), bytes.get(end).copied())
        }
    };
    let (items, problem) = lex(valid, cut);
    let reader = Reader {
        text: valid,
        items: items.into_iter(),
        problem,
        time,
        nodes: vec![Node::Table(BTreeMap::new())],
        context: Vec::new(),
        current: Text::new(),
        line: 0,
        implicit: BTreeSet::new(),
        arrays: BTreeSet::new(),
    };
    reader.document()
}

/// A table, or what a key holds. Nodes refer to later ones only.
enum Node {
    Table(BTreeMap<Text, usize>),
    Tables(Vec<usize>),
    Value(Value),
}

struct Reader<'a> {
    text: &'a str,
    items: std::vec::IntoIter<Item>,
    problem: Option<Problem>,
    time: &'a dyn Fn(Moment) -> Result<Value, Error>,
    nodes: Vec<Node>,
    /// The keys of the table in scope.
    context: Vec<Text>,
    /// The last part of the key that is being read.
    current: Text,
    /// The line of the last key or table name.
    line: i64,
    /// Tables that only exist because something inside them does, dotted.
    implicit: BTreeSet<Text>,
    /// Keys that hold an array, dotted.
    arrays: BTreeSet<Text>,
}

/// An array or an inline table that is being read.
enum Frame {
    Array(Vec<Value>),
    Inline {
        table: Map,
        outer_context: Vec<Text>,
        outer_key: Text,
        context: Vec<Text>,
        /// The parts in front of the last one of the key that is being read.
        parents: Vec<Text>,
    },
}

impl Reader<'_> {
    fn document(mut self) -> Result<Map, Error> {
        loop {
            let item = self.next()?;
            match item.kind {
                Kind::Eof => break,
                Kind::CommentStart => {
                    self.next()?;
                }
                Kind::TableStart | Kind::ArrayTableStart => {
                    let key = self.key_parts()?;
                    self.add_context(&key, item.kind == Kind::ArrayTableStart)?;
                    let path =
                        if self.context.is_empty() { dotted(&[Text::new()]) } else { dotted(&self.context) };
                    self.arrays.remove(&path);
                }
                _ => self.pair()?,
            }
        }
        Ok(self.finish())
    }

    /// Makes values of the nodes, the later ones first.
    fn finish(self) -> Map {
        let mut done: Vec<Value> = vec![Value::Nil; self.nodes.len()];
        for (at, node) in self.nodes.into_iter().enumerate().rev() {
            done[at] = match node {
                Node::Value(value) => value,
                Node::Table(entries) => {
                    let entries =
                        entries.into_iter().map(|(key, node)| (key, std::mem::take(&mut done[node])));
                    Value::Map(entries.collect())
                }
                Node::Tables(tables) => {
                    let tables = tables.into_iter().map(|node| std::mem::take(&mut done[node])).collect();
                    Value::List(List::typed(Element::Map, tables))
                }
            };
        }
        match done.swap_remove(0) {
            Value::Map(map) => map,
            _ => Map::new(),
        }
    }

    fn next(&mut self) -> Result<Item, Error> {
        if let Some(item) = self.items.next() {
            return Ok(item);
        }
        let problem = self.problem.take();
        let (line, message) = match &problem {
            Some(problem) => (problem.line, problem.message.as_str()),
            None => (self.line, "unexpected EOF"),
        };
        Err(self.error(line, message))
    }

    /// The error with the key that was read last.
    fn error(&self, line: i64, message: &str) -> Error {
        let mut key = self.context.clone();
        // The last part stands as it is, the others in their dotted form.
        let last = if self.current.is_empty() {
            dotted(&key)
        } else if key.is_empty() {
            self.current.clone()
        } else {
            key.push(Text::new());
            let mut path = dotted(&key).as_bytes().to_vec();
            path.truncate(path.len() - 2);
            path.extend_from_slice(self.current.as_bytes());
            Text::from(path)
        };
        if last.is_empty() {
            return Error::new(format!("toml: line {line}: {message}"));
        }
        let last = quote(last.as_bytes());
        Error::new(format!("toml: line {line} (last key {}): {message}", String::from_utf8_lossy(&last)))
    }

    fn text_of(&self, item: &Item) -> &str {
        &self.text[item.range.clone()]
    }

    /// The parts of a key up to `=` or of a table's name up to its brackets.
    fn key_parts(&mut self) -> Result<Vec<Text>, Error> {
        let mut item = self.next()?;
        self.line = item.line;
        let mut parts = Vec::new();
        while !matches!(item.kind, Kind::KeyEnd | Kind::TableEnd | Kind::ArrayTableEnd | Kind::Eof) {
            parts.push(Text::from(self.string(&item)?));
            item = self.next()?;
        }
        Ok(parts)
    }

    /// Takes the key of a pair into scope and gives the parts in front of its last one.
    fn open_key(&mut self) -> Result<Vec<Text>, Error> {
        let mut parents = self.key_parts()?;
        self.current = parents.pop().unwrap_or_default();
        for part in &parents {
            let mut context = self.context.clone();
            context.push(part.clone());
            self.implicit.insert(dotted(&context));
            self.add_context(&context, false)?;
        }
        Ok(parents)
    }

    fn pair(&mut self) -> Result<(), Error> {
        let outer = self.context.clone();
        self.open_key()?;
        let item = self.next()?;
        let value = self.value(item)?;
        self.store(value)?;
        self.context = outer;
        self.current = Text::new();
        Ok(())
    }

    /// Puts the value of the current key into the table in scope.
    fn store(&mut self, value: Value) -> Result<(), Error> {
        let is_array = matches!(value, Value::List(_));
        let key = self.current.clone();
        self.set(&key, Node::Value(value))?;
        self.note_type(is_array);
        Ok(())
    }

    fn note_type(&mut self, is_array: bool) {
        let mut path = self.context.clone();
        if !self.current.is_empty() || path.is_empty() {
            path.push(self.current.clone());
        }
        let path = dotted(&path);
        if is_array {
            self.arrays.insert(path);
        } else {
            self.arrays.remove(&path);
        }
    }

    /// Reads the value that starts with `item`, nested ones without recursion.
    fn value(&mut self, item: Item) -> Result<Value, Error> {
        let mut frames: Vec<Frame> = Vec::new();
        let mut next = item;
        loop {
            let mut done = match next.kind {
                Kind::ArrayStart => {
                    self.note_type(true);
                    frames.push(Frame::Array(Vec::new()));
                    None
                }
                Kind::InlineTableStart => {
                    let in_array = matches!(frames.last(), Some(Frame::Array(_)));
                    frames.push(self.begin_inline(in_array)?);
                    None
                }
                _ => Some(self.scalar(&next)?),
            };
            // Closes what ends here, until another value begins.
            next = loop {
                let Some(frame) = frames.pop() else { return Ok(done.unwrap_or_default()) };
                match self.advance(frame, done.take())? {
                    Advance::Done(value) => done = Some(value),
                    Advance::Value(frame, item) => {
                        frames.push(frame);
                        break item;
                    }
                }
            };
        }
    }

    /// Takes a finished value into its container and goes to the next one.
    fn advance(&mut self, frame: Frame, done: Option<Value>) -> Result<Advance, Error> {
        match frame {
            Frame::Array(mut items) => {
                items.extend(done);
                loop {
                    let item = self.next()?;
                    match item.kind {
                        Kind::CommentStart => {
                            self.next()?;
                        }
                        Kind::ArrayEnd => return Ok(Advance::Done(Value::from(items))),
                        _ => return Ok(Advance::Value(Frame::Array(items), item)),
                    }
                }
            }
            Frame::Inline { table, outer_context, outer_key, context, parents } => {
                if let Some(value) = done {
                    self.store(value.clone())?;
                    let mut inner = table.clone();
                    for part in &parents {
                        let deeper = match inner.get(part) {
                            None => {
                                let deeper = Map::new();
                                inner.insert(part.clone(), Value::Map(deeper.clone()));
                                deeper
                            }
                            Some(Value::Map(deeper)) => deeper,
                            Some(_) => {
                                let context = quote(dotted(&self.context).as_bytes());
                                let message = format!("{} is not a table", String::from_utf8_lossy(&context));
                                return Err(self.error(self.line, &message));
                            }
                        };
                        inner = deeper;
                    }
                    inner.insert(self.current.clone(), value);
                    self.context = context.clone();
                }
                loop {
                    let item = self.next()?;
                    match item.kind {
                        Kind::CommentStart => {
                            self.next()?;
                        }
                        Kind::InlineTableEnd => {
                            self.context = outer_context;
                            self.current = outer_key;
                            return Ok(Advance::Done(Value::Map(table)));
                        }
                        _ => {
                            let parents = self.open_key()?;
                            let item = self.next()?;
                            let frame = Frame::Inline { table, outer_context, outer_key, context, parents };
                            return Ok(Advance::Value(frame, item));
                        }
                    }
                }
            }
        }
    }

    fn begin_inline(&mut self, in_array: bool) -> Result<Frame, Error> {
        let outer_context = self.context.clone();
        let outer_key = std::mem::take(&mut self.current);
        let mut context = outer_context.clone();
        context.push(outer_key.clone());
        self.context = context.clone();
        self.implicit.insert(dotted(&context));
        self.add_context(&context, in_array)?;
        Ok(Frame::Inline { table: Map::new(), outer_context, outer_key, context, parents: Vec::new() })
    }

    /// Makes the table at `key` the one in scope, and the tables around it where there are none.
    fn add_context(&mut self, key: &[Text], array: bool) -> Result<(), Error> {
        let Some((last, parents)) = key.split_last() else { return Ok(()) };
        let mut table = 0;
        for (at, part) in parents.iter().enumerate() {
            let path = &key[..=at];
            let node = match self.entry(table, part) {
                Some(node) => node,
                None => {
                    self.implicit.insert(dotted(path));
                    self.insert(table, part, Node::Table(BTreeMap::new()))
                }
            };
            table = match self.table_at(node) {
                Some(table) => table,
                None => {
                    let message = format!("Key '{}' was already created as a hash.", dotted(path));
                    return Err(self.error(self.line, &message));
                }
            };
        }
        self.context = parents.to_vec();
        if array {
            let node = match self.entry(table, last) {
                Some(node) => node,
                None => self.insert(table, last, Node::Tables(Vec::new())),
            };
            let new = self.nodes.len();
            match &mut self.nodes[node] {
                Node::Tables(tables) => tables.push(new),
                _ => {
                    let key = dotted(key);
                    let message = format!("Key '{key}' was already created and cannot be used as an array.");
                    return Err(self.error(self.line, &message));
                }
            }
            self.nodes.push(Node::Table(BTreeMap::new()));
        } else {
            self.set(last, Node::Table(BTreeMap::new()))?;
        }
        self.context.push(last.clone());
        Ok(())
    }

    fn entry(&self, table: usize, key: &Text) -> Option<usize> {
        match &self.nodes[table] {
            Node::Table(entries) => entries.get(key).copied(),
            _ => None,
        }
    }

    fn insert(&mut self, table: usize, key: &Text, node: Node) -> usize {
        let new = self.nodes.len();
        self.nodes.push(node);
        if let Node::Table(entries) = &mut self.nodes[table] {
            entries.insert(key.clone(), new);
        }
        new
    }

    /// The table that a node is, or the last one of its array.
    fn table_at(&self, node: usize) -> Option<usize> {
        match &self.nodes[node] {
            Node::Table(_) => Some(node),
            Node::Tables(tables) => tables.last().copied(),
            Node::Value(_) => None,
        }
    }

    /// Defines `key` in the table in scope, once; tables that were only implied may be defined once more.
    fn set(&mut self, key: &Text, value: Node) -> Result<(), Error> {
        let mut table = 0;
        for at in 0..self.context.len() {
            let found = self.entry(table, &self.context[at]).and_then(|node| self.table_at(node));
            match found {
                Some(inner) => table = inner,
                None => return Err(self.defined(&self.context[..=at])),
            }
        }
        let mut path = self.context.clone();
        path.push(key.clone());
        if self.entry(table, key).is_some() {
            let dotted_path = dotted(&path);
            if !self.implicit.remove(&dotted_path) {
                return Err(self.defined(&path));
            }
            if !self.arrays.contains(&dotted_path) {
                return Ok(());
            }
        }
        self.insert(table, key, value);
        Ok(())
    }

    fn defined(&self, path: &[Text]) -> Error {
        self.error(self.line, &format!("Key '{}' has already been defined.", dotted(path)))
    }

    fn string(&self, item: &Item) -> Result<String, Error> {
        let text = self.text_of(item);
        match item.kind {
            Kind::StrEscaped => self.unescape(item, text),
            Kind::MultilineString => self.unescape(item, &without_escaped_breaks(without_first_break(text))),
            Kind::RawMultilineString => Ok(without_first_break(text).to_owned()),
            _ => Ok(text.to_owned()),
        }
    }

    fn scalar(&self, item: &Item) -> Result<Value, Error> {
        let text = self.text_of(item);
        // Go's parser gives the length of the item where it means the line, but prints the line all the same.
        let fail = |message: String| Err(self.error(item.line, &message));
        let in_quotes = || String::from_utf8_lossy(&quote(text.as_bytes())).into_owned();
        match item.kind {
            Kind::Bool => Ok(Value::Bool(text == "true")),
            Kind::Integer => {
                if !underscores_are_inside(text) {
                    return fail(format!(
                        "Invalid integer {}: underscores must be surrounded by digits",
                        in_quotes()
                    ));
                }
                if has_leading_zero(text) {
                    return fail(format!("Invalid integer {}: cannot have leading zeroes", in_quotes()));
                }
                match parse_int(text.as_bytes(), 0) {
                    Ok(number) => Ok(Value::Int64(number)),
                    Err(NumberError::Range) => fail(format!("{text} is out of range for int64")),
                    Err(NumberError::Syntax) => {
                        fail(format!("BUG: Expected integer value, but got '{text}'.\n\n"))
                    }
                }
            }
            Kind::Float => {
                let parts: Vec<&str> = text.split(['.', 'e', 'E']).filter(|part| !part.is_empty()).collect();
                if !parts.iter().all(|part| underscores_are_inside(part)) {
                    return fail(format!(
                        "Invalid float {}: underscores must be surrounded by digits",
                        in_quotes()
                    ));
                }
                if parts.first().is_some_and(|part| has_leading_zero(part)) {
                    return fail(format!("Invalid float {}: cannot have leading zeroes", in_quotes()));
                }
                if text.split('.').skip(1).any(|part| !part.starts_with(|c: char| c.is_ascii_digit())) {
                    let message =
                        format!("Invalid float {}: '.' must be followed by one or more digits", in_quotes());
                    return fail(message);
                }
                let digits = text.replace('_', "");
                match digits.as_str() {
                    "+nan" => return Ok(Value::Float64(f64::NAN)),
                    "-nan" => return Ok(Value::Float64(-f64::NAN)),
                    _ => {}
                }
                match parse_float(digits.as_bytes()) {
                    Ok(number) => Ok(Value::Float64(number)),
                    Err(NumberError::Range) => fail(format!("{text} is out of range for float64")),
                    Err(NumberError::Syntax) => fail(format!("Invalid float value: {}", in_quotes())),
                }
            }
            Kind::Datetime => {
                let text: String = text
                    .chars()
                    .map(|character| match character {
                        'z' => 'Z',
                        't' | ' ' => 'T',
                        other => other,
                    })
                    .collect();
                match Moment::parse(&text) {
                    Some(moment) => (self.time)(moment),
                    None => {
                        let text = String::from_utf8_lossy(&quote(text.as_bytes())).into_owned();
                        fail(format!("invalid datetime: {text}"))
                    }
                }
            }
            _ => Ok(Value::Str(Text::from(self.string(item)?))),
        }
    }

    fn unescape(&self, item: &Item, text: &str) -> Result<String, Error> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('\\') {
            out.push_str(&rest[..at]);
            let escape = rest[at + 1..].chars().next().unwrap_or('\\');
            let digits = match escape {
                'x' => 2,
                'u' => 4,
                'U' => 8,
                _ => 0,
            };
            // The lexer has seen the escape and its digits.
            rest = rest.get(at + 1 + escape.len_utf8()..).unwrap_or_default();
            match escape {
                'b' => out.push('\u{8}'),
                't' => out.push('\t'),
                'n' => out.push('\n'),
                'f' => out.push('\u{c}'),
                'r' => out.push('\r'),
                'e' => out.push('\u{1b}'),
                ' ' | '\t' => return Err(self.error(item.line, &format!("invalid escape: '\\{escape}'"))),
                'x' | 'u' | 'U' => {
                    let (code, behind) = rest.split_at_checked(digits).unwrap_or((rest, ""));
                    let character = u32::from_str_radix(code, 16).ok().and_then(char::from_u32);
                    let Some(character) = character else {
                        let message = format!("Escaped character '\\u{code}' is not valid UTF-8.");
                        return Err(self.error(item.line, &message));
                    };
                    out.push(character);
                    rest = behind;
                }
                other => out.push(other),
            }
        }
        out.push_str(rest);
        Ok(out)
    }
}

enum Advance {
    /// The container is complete.
    Done(Value),
    /// The container goes on with the value that starts here.
    Value(Frame, Item),
}

fn without_first_break(text: &str) -> &str {
    text.strip_prefix('\n').or_else(|| text.strip_prefix("\r\n")).unwrap_or(text)
}

/// Drops a backslash at the end of a line with all space up to the next character.
fn without_escaped_breaks(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let behind = &rest[at + 1..];
        let next = behind.trim_start_matches([' ', '\t', '\r', '\n']);
        let space = &behind[..behind.len() - next.len()];
        if space.contains('\n') {
            out.push_str(&rest[..at]);
            rest = next;
        } else {
            // An escaped backslash is no line's end, whatever follows it.
            let keep = at + if behind.starts_with('\\') { 2 } else { 1 };
            out.push_str(&rest[..keep]);
            rest = &rest[keep..];
        }
    }
    out.push_str(rest);
    out
}

fn has_leading_zero(number: &str) -> bool {
    match number.as_bytes() {
        [b'0', next, ..] => !matches!(next, b'b' | b'o' | b'x'),
        [b'+' | b'-', b'0', _, ..] => true,
        _ => false,
    }
}

fn underscores_are_inside(number: &str) -> bool {
    if matches!(number, "nan" | "+nan" | "-nan" | "inf" | "-inf" | "+inf") {
        return true;
    }
    let mut accept = false;
    for character in number.chars() {
        if character == '_' && !accept {
            return false;
        }
        accept = character.is_ascii_hexdigit();
    }
    accept
}
