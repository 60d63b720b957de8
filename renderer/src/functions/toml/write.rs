//! Values as TOML text.
//!
//! *Source*: github.com/BurntSushi/toml v1.6.0, `encode.go`.

use sprig::dates::Time;
use value::number::{format_g, push_int};
use value::{List, Text, TextBuilder, Value};

use super::Error;
use super::moment::{DATE_ZONE, DATETIME_ZONE, TIME_ZONE};

/// How deep values may nest; Go has no limit and dies of a map that holds itself.
const MAX_DEPTH: usize = 10_000;

/// How deep tables may nest: each header repeats the whole path, so the text grows with the square of this.
const MAX_TABLES: usize = 1_000;

const NIL_ELEMENT: &str = "toml: cannot encode array with nil element";

/// The TOML text of `value`.
///
/// Shape: of a map first the plain keys, then tables and arrays of tables, each in the order of their bytes; nil entries are
/// left out. Strings keep the origin of their pieces. Cost: linear in the text, but for table headers, which repeat the path.
///
/// # Errors
/// `toml: cannot encode array with nil element`; a list of tables at the top; complex numbers; [`Error::panics`] for nil itself.
pub(crate) fn write(value: &Value) -> Result<Text, Error> {
    let mut writer = Writer { out: TextBuilder::new(), path: Vec::new(), steps: Vec::new() };
    writer.root(value)?;
    while let Some(step) = writer.steps.pop() {
        writer.step(step)?;
        if writer.path.len() > MAX_TABLES {
            return Err(Error::new("toml: exceeded max depth"));
        }
    }
    Ok(writer.out.finish())
}

/// The text of a time that was read without an offset.
fn local_form(value: &Value) -> Option<Vec<u8>> {
    let time = value.as_object::<Time>()?;
    let layout: &[u8] = match time.zone_name() {
        DATE_ZONE => b"2006-01-02",
        DATETIME_ZONE => b"2006-01-02T15:04:05.999999999",
        TIME_ZONE => b"15:04:05.999999999",
        _ => return None,
    };
    Some(time.format(layout))
}

struct Writer {
    out: TextBuilder,
    /// The keys that lead to where the writer is.
    path: Vec<Text>,
    /// What is still to be written, the next step last.
    steps: Vec<Step>,
}

enum Step {
    /// Text between elements.
    Between(&'static str),
    /// A value behind `=` or inside an array, and how many containers it is in.
    Element(Value, usize),
    /// A key of a table with its value.
    Entry(Text, Value),
    /// A key of an inline table with its value, and how many containers that is in.
    InlineEntry(Text, Value, usize),
    /// The end of an entry: back to the table around it.
    Leave,
    /// A line feed, unless nothing was written yet.
    Newline,
    /// One table of an array of tables.
    TableOfArray(Value),
}

/// What a value is to TOML, as far as the layout depends on it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Class {
    ArrayOfTables,
    Nil,
    Plain,
    Table,
}

/// The entries of a map or the fields of a struct.
struct Entries {
    /// Name, value, and whether a comma follows in an inline table.
    entries: Vec<(Text, Value, bool)>,
}

impl Writer {
    fn root(&mut self, value: &Value) -> Result<(), Error> {
        let value = resolved(value);
        match &value {
            Value::Nil => return Err(Error::panic("reflect: call of reflect.Value.Type on zero Value")),
            Value::Complex(_) => return Err(Error::new("unsupported type for key '': complex128")),
            _ => {}
        }
        match class(&value)? {
            Class::ArrayOfTables => Err(Error::new("toml: top-level values must be Go maps or structs")),
            Class::Table => self.contents(&value),
            Class::Nil if matches!(value, Value::Map(_)) => Ok(()),
            Class::Nil | Class::Plain => {
                self.steps.push(Step::Element(value, 0));
                Ok(())
            }
        }
    }

    fn step(&mut self, step: Step) -> Result<(), Error> {
        match step {
            Step::Between(text) => self.out.push_bytes(text.as_bytes()),
            Step::Element(value, depth) => self.element(&value, depth)?,
            Step::Entry(name, value) => {
                self.path.push(name);
                self.steps.push(Step::Leave);
                self.entry(value)?;
            }
            Step::InlineEntry(name, value, depth) => {
                push_key(&mut self.out, &name);
                self.out.push_bytes(b" = ");
                self.element(&value, depth)?;
            }
            Step::Leave => {
                self.path.pop();
            }
            Step::Newline => self.newline(),
            Step::TableOfArray(table) => {
                self.newline();
                self.header(b"[[", b"]]");
                self.contents(&table)?;
            }
        }
        Ok(())
    }

    /// Writes the value of the key that the path ends in.
    fn entry(&mut self, value: Value) -> Result<(), Error> {
        match class(&value)? {
            Class::Nil => {}
            Class::Plain => {
                self.indent();
                if let Some(name) = self.path.last() {
                    push_key(&mut self.out, name);
                }
                self.out.push_bytes(b" = ");
                self.steps.push(Step::Newline);
                self.steps.push(Step::Element(value, 0));
            }
            Class::Table => {
                if self.path.len() == 1 {
                    self.newline();
                }
                self.header(b"[", b"]");
                self.contents(&value)?;
            }
            Class::ArrayOfTables => {
                if let Value::List(list) = &value {
                    self.steps.extend(list.iter().rev().map(|item| Step::TableOfArray(resolved(item))));
                }
            }
        }
        Ok(())
    }

    /// Queues the entries of a table, the plain ones first.
    fn contents(&mut self, table: &Value) -> Result<(), Error> {
        let entries = Entries::of(table)?.entries;
        self.steps.extend(entries.into_iter().rev().map(|(name, value, _)| Step::Entry(name, value)));
        Ok(())
    }

    fn header(&mut self, open: &[u8], close: &[u8]) {
        self.indent();
        self.out.push_bytes(open);
        for (at, name) in self.path.iter().enumerate() {
            if at > 0 {
                self.out.push_bytes(b".");
            }
            push_key(&mut self.out, name);
        }
        self.out.push_bytes(close);
        self.newline();
    }

    fn indent(&mut self) {
        for _ in 1..self.path.len() {
            self.out.push_bytes(b"  ");
        }
    }

    fn newline(&mut self) {
        if !self.out.is_empty() {
            self.out.push_bytes(b"\n");
        }
    }

    /// Writes a scalar; of a container the opening, and queues the rest.
    fn element(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        if depth > MAX_DEPTH {
            return Err(Error::new("toml: exceeded max depth"));
        }
        match value {
            Value::Nil => return Err(Error::new(NIL_ELEMENT)),
            Value::Bool(true) => self.out.push_bytes(b"true"),
            Value::Bool(false) => self.out.push_bytes(b"false"),
            Value::Int(number) | Value::Int64(number) => self.integer(i128::from(*number)),
            Value::Uint8(number) => self.integer(i128::from(*number)),
            Value::Uint64(number) => self.integer(i128::from(*number)),
            Value::Float64(number) => self.out.push_bytes(float(*number).as_bytes()),
            Value::Complex(_) => return Err(Error::new("unsupported type: complex128")),
            Value::Str(text) => push_quoted(&mut self.out, text),
            Value::Bytes(bytes) => {
                let start = self.out.len();
                let numbers: Vec<String> = bytes.as_bytes().iter().map(u8::to_string).collect();
                self.out.push_bytes(format!("[{}]", numbers.join(", ")).as_bytes());
                self.out.derive_from(start, bytes);
            }
            Value::List(list) => {
                self.out.push_bytes(b"[");
                self.steps.push(Step::Between("]"));
                for (at, item) in list.iter().enumerate().rev() {
                    if at + 1 < list.len() {
                        self.steps.push(Step::Between(", "));
                    }
                    self.steps.push(Step::Element(resolved(item), depth + 1));
                }
            }
            Value::Map(_) => self.inline_table(value, depth)?,
            Value::Object(object) => match object.type_name() {
                "time.Time" if local_form(value).is_some() => {
                    self.out.push_bytes(&local_form(value).unwrap_or_default());
                }
                "time.Time" | "time.Duration" | "*semver.Version" => {
                    let bare = object.type_name() == "time.Time";
                    let json = if bare { object.json() } else { None };
                    match (json, object.display()) {
                        (Some(Value::Str(time)), _) => self.out.push(&time),
                        (_, Some(text)) => push_quoted(&mut self.out, &text),
                        _ => self.inline_table(value, depth)?,
                    }
                }
                _ => self.inline_table(value, depth)?,
            },
        }
        Ok(())
    }

    fn inline_table(&mut self, table: &Value, depth: usize) -> Result<(), Error> {
        self.out.push_bytes(b"{");
        self.steps.push(Step::Between("}"));
        for (name, value, comma) in Entries::of(table)?.entries.into_iter().rev() {
            if comma {
                self.steps.push(Step::Between(", "));
            }
            self.steps.push(Step::InlineEntry(name, value, depth + 1));
        }
        Ok(())
    }

    fn integer(&mut self, number: i128) {
        let mut digits = Vec::with_capacity(20);
        push_int(&mut digits, number);
        self.out.push_bytes(&digits);
    }
}

impl Entries {
    /// The entries that are not nil, plain ones first. The commas are those of Go, which counts the nil ones too.
    fn of(table: &Value) -> Result<Self, Error> {
        let (named, is_struct) = match table {
            Value::Map(map) => (map.entries(), false),
            Value::Object(object) => {
                let fields = object.fields().into_iter();
                (fields.map(|(name, value)| (Text::from(name), value)).collect(), true)
            }
            _ => (Vec::new(), false),
        };
        let mut plain = Vec::new();
        let mut tables = Vec::new();
        for (place, (name, value)) in named.into_iter().enumerate() {
            if is_struct && !name.as_bytes().first().is_some_and(u8::is_ascii_uppercase) {
                continue;
            }
            let value = resolved(&value);
            let class = class(&value)?;
            let group =
                if matches!(class, Class::Table | Class::ArrayOfTables) { &mut tables } else { &mut plain };
            group.push((place, name, value, class));
        }
        let (plain_count, table_count) = (plain.len(), tables.len());
        let total = plain_count + table_count;
        let groups = [(plain, plain_count, table_count > 0), (tables, table_count, false)];
        let mut entries = Vec::with_capacity(total);
        for (group, count, more) in groups {
            for (at, (place, name, value, class)) in group.into_iter().enumerate() {
                let comma = if is_struct { place + 1 != total } else { more || at + 1 != count };
                if class != Class::Nil {
                    entries.push((name, value, comma));
                }
            }
        }
        Ok(Self { entries })
    }
}

/// The plain value under a named one that TOML has no form of its own for.
fn resolved(value: &Value) -> Value {
    match value {
        Value::Object(object)
            if !matches!(object.type_name(), "time.Time" | "time.Duration" | "*semver.Version") =>
        {
            value.underlying()
        }
        _ => value.clone(),
    }
}

/// How a value is laid out.
///
/// # Errors
/// Nil anywhere in a list or in the lists inside it, and complex numbers.
fn class(value: &Value) -> Result<Class, Error> {
    match value {
        Value::Nil => Ok(Class::Nil),
        Value::Complex(_) => Err(Error::new("unsupported type: complex128")),
        Value::List(list) if list.is_nil() => Ok(Class::Nil),
        Value::List(list) => class_of_list(list),
        Value::Map(map) if map.is_nil() => Ok(Class::Nil),
        Value::Map(_) => Ok(Class::Table),
        Value::Object(object) => match object.type_name() {
            "time.Time" | "time.Duration" | "*semver.Version" => Ok(Class::Plain),
            _ => Ok(Class::Table),
        },
        _ => Ok(Class::Plain),
    }
}

fn class_of_list(list: &List) -> Result<Class, Error> {
    let mut all_tables = !list.is_empty();
    // The lists that are still to be looked through, and whether it is the outer one.
    let mut lists = vec![(list.clone(), true)];
    while let Some((list, outer)) = lists.pop() {
        for item in list.iter() {
            let item = resolved(item);
            let is_table = match &item {
                Value::List(deeper) if !deeper.is_nil() => {
                    lists.push((deeper.clone(), false));
                    false
                }
                Value::List(_) => return Err(Error::new(NIL_ELEMENT)),
                other => match class(other)? {
                    Class::Nil => return Err(Error::new(NIL_ELEMENT)),
                    class => class == Class::Table,
                },
            };
            all_tables &= is_table || !outer;
        }
    }
    Ok(if all_tables { Class::ArrayOfTables } else { Class::Plain })
}

/// `%g` with a fraction where there is no exponent.
fn float(number: f64) -> String {
    if number.is_nan() {
        return if number.is_sign_negative() { "-nan" } else { "nan" }.to_owned();
    }
    if number.is_infinite() {
        return if number < 0.0 { "-inf" } else { "inf" }.to_owned();
    }
    let mut text = format_g(number);
    if !text.contains(['e', '.']) {
        text.push_str(".0");
    }
    text
}

/// Appends a key, in quotes unless it is bare.
pub(super) fn push_key(out: &mut TextBuilder, key: &Text) {
    let is_bare = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !key.is_empty() && key.as_bytes().iter().all(is_bare) {
        out.push(key);
    } else {
        push_quoted(out, key);
    }
}

/// Appends a basic string; bytes that are not UTF-8 stay.
fn push_quoted(out: &mut TextBuilder, text: &Text) {
    let bytes = text.as_bytes();
    out.push_bytes(b"\"");
    let mut run = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        let escape = match byte {
            b'"' => "\\\"".to_owned(),
            b'\\' => "\\\\".to_owned(),
            0x08 => "\\b".to_owned(),
            b'\t' => "\\t".to_owned(),
            b'\n' => "\\n".to_owned(),
            0x0c => "\\f".to_owned(),
            b'\r' => "\\r".to_owned(),
            0..0x20 | 0x7f => format!("\\u{byte:04x}"),
            _ => continue,
        };
        out.push_slice(text, run..at);
        let start = out.len();
        out.push_bytes(escape.as_bytes());
        out.derive_from(start, text);
        run = at + 1;
    }
    out.push_slice(text, run..bytes.len());
    out.push_bytes(b"\"");
}

/// The dotted form of a path of keys, as headers and error texts have it.
pub(super) fn dotted(path: &[Text]) -> Text {
    let mut out = TextBuilder::new();
    for (at, name) in path.iter().enumerate() {
        if at > 0 {
            out.push_bytes(b".");
        }
        push_key(&mut out, name);
    }
    out.finish()
}
