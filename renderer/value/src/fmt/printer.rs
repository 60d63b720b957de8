//! Prints one value under one verb with its flags.

use super::Meter;
use super::quote::{can_backquote, is_print, quote_rune, quote_with};
use crate::number::format_float;
use crate::{Kind, List, Map, Object, Text, TextBuilder, Value};

/// What stood between `%` and the verb.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flags {
    pub(super) plus: bool,
    pub(super) minus: bool,
    pub(super) sharp: bool,
    pub(super) space: bool,
    pub(super) zero: bool,
    /// `%+v`, `%#v`: the flags mean something else there.
    pub(super) plus_v: bool,
    pub(super) sharp_v: bool,
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
}

/// What is still to print of a value that holds others; a stack instead of recursion.
enum Step {
    Close(u8),
    Raw(&'static str),
    Key(Text),
    Value(Value),
}

/// The output and the state of one formatting call.
pub(super) struct Printer<'a> {
    pub(super) flags: Flags,
    out: TextBuilder,
    meter: Meter<'a>,
    paid: usize,
    stopped: bool,
    /// Inside `%!verb(…)`: methods are not asked any more.
    erroring: bool,
}

const PAY_AHEAD: usize = 4096;

impl<'a> Printer<'a> {
    pub(super) fn new(meter: Meter<'a>) -> Self {
        Self {
            flags: Flags::default(),
            out: TextBuilder::new(),
            meter,
            paid: 0,
            stopped: false,
            erroring: false,
        }
    }

    /// The text, unless the meter said stop.
    pub(super) fn finish(self) -> Option<Text> {
        let rest = self.out.len().saturating_sub(self.paid);
        if self.stopped || (rest > 0 && !(self.meter)(rest)) {
            return None;
        }
        Some(self.out.finish())
    }

    pub(super) fn stopped(&self) -> bool {
        self.stopped
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) {
        if self.grow(bytes.len()) {
            self.out.push_bytes(bytes);
        }
    }

    pub(super) fn text(&mut self, text: &Text) {
        if self.grow(text.len()) {
            self.out.push(text);
        }
    }

    /// Pays for what comes, in larger steps than single tokens.
    fn grow(&mut self, bytes: usize) -> bool {
        if self.stopped {
            return false;
        }
        let after = self.out.len() + bytes;
        if after > self.paid + PAY_AHEAD {
            let due = after - self.paid;
            if !(self.meter)(due) {
                self.stopped = true;
                return false;
            }
            self.paid = after;
        }
        true
    }

    /// One operand, as `printArg` does.
    pub(super) fn arg(&mut self, value: &Value, verb: char) {
        match value {
            Value::Nil => match verb {
                'T' | 'v' => self.pad(b"<nil>"),
                _ => self.bad_verb(None, verb),
            },
            _ if verb == 'T' => {
                let text = self.truncated(&Text::from(value.type_name()));
                self.pad_text(&text);
            }
            _ if verb == 'p' => self.pointer(value, verb),
            Value::Bytes(bytes) => self.byte_slice(bytes, verb, "[]byte"),
            _ => self.tree(value, verb),
        }
    }

    /// A value and all it holds.
    fn tree(&mut self, value: &Value, verb: char) {
        if self.leaf(value, verb, true) {
            return;
        }
        let mut steps: Vec<Step> = Vec::new();
        self.open(value, &mut steps);
        while let Some(step) = steps.pop() {
            if self.stopped {
                return;
            }
            match step {
                Step::Close(byte) => self.raw(&[byte]),
                Step::Raw(text) => self.raw(text.as_bytes()),
                Step::Key(key) => {
                    self.string(&key, verb);
                    self.raw(b":");
                }
                Step::Value(value) => {
                    if !self.leaf(&value, verb, false) {
                        self.open(&value, &mut steps);
                    }
                }
            }
        }
    }

    /// Prints a value that holds no others; `false` if it does.
    fn leaf(&mut self, value: &Value, verb: char, top: bool) -> bool {
        match value {
            Value::Nil => {
                // A nil interface in a container prints the same under every verb.
                self.raw(if self.flags.sharp_v { b"interface {}(nil)" } else { b"<nil>" });
            }
            Value::Bool(truth) => match verb {
                't' | 'v' => self.pad(if *truth { b"true" } else { b"false" }),
                _ => self.bad_verb(Some(value), verb),
            },
            Value::Int(number) | Value::Int64(number) => self.integer(value, *number as u64, true, verb),
            Value::Uint8(number) => self.integer(value, u64::from(*number), false, verb),
            Value::Uint64(number) => self.integer(value, *number, false, verb),
            Value::Float64(number) => self.float(value, *number, verb),
            Value::Complex(parts) => self.complex(value, parts.0, parts.1, verb),
            Value::Str(text) => self.string_or_bad(value, text, verb),
            Value::Bytes(bytes) => match verb {
                's' | 'q' | 'x' | 'X' => self.byte_slice(bytes, verb, "[]uint8"),
                _ => return false,
            },
            Value::List(_) | Value::Map(_) => return false,
            Value::Object(object) => return self.object_leaf(value, object.as_ref(), verb, top),
        }
        true
    }

    fn object_leaf(&mut self, value: &Value, object: &dyn Object, verb: char, top: bool) -> bool {
        if !self.erroring
            && !self.flags.sharp_v
            && matches!(verb, 'v' | 's' | 'x' | 'X' | 'q')
            && let Some(text) = object.display()
        {
            self.string(&text, verb);
            return true;
        }
        match object.underlying() {
            Some(Value::Int64(number) | Value::Int(number)) => self.integer(value, number as u64, true, verb),
            Some(Value::Float64(number)) => self.float(value, number, verb),
            Some(Value::Str(text)) => self.string_or_bad(value, &text, verb),
            _ if object.kind() == Kind::Ptr && !top => self.pointer(value, verb),
            _ => return false,
        }
        true
    }

    /// Writes the opening of a container and queues what it holds.
    fn open(&mut self, value: &Value, steps: &mut Vec<Step>) {
        let sharp = self.flags.sharp_v;
        let separator = if sharp { ", " } else { " " };
        match value {
            Value::List(list) => {
                if sharp {
                    self.raw(value.type_name().as_bytes());
                    if list.is_nil() {
                        return self.raw(b"(nil)");
                    }
                }
                self.raw(if sharp { b"{" } else { b"[" });
                queue_list(list, separator, if sharp { b'}' } else { b']' }, steps);
            }
            Value::Bytes(bytes) => {
                if sharp {
                    self.raw(b"[]uint8");
                }
                self.raw(if sharp { b"{" } else { b"[" });
                let items = bytes.as_bytes().iter().map(|byte| Value::Uint8(*byte)).collect();
                queue_list(&List::new(items), separator, if sharp { b'}' } else { b']' }, steps);
            }
            Value::Map(map) => {
                if sharp {
                    self.raw(value.type_name().as_bytes());
                    if map.is_nil() {
                        return self.raw(b"(nil)");
                    }
                }
                self.raw(if sharp { b"{" } else { b"map[" });
                queue_map(map, separator, if sharp { b'}' } else { b']' }, steps);
            }
            Value::Object(object) => match object.underlying() {
                Some(inner @ (Value::Map(_) | Value::List(_) | Value::Bytes(_))) if !sharp => {
                    self.open(&inner, steps);
                }
                _ => self.open_struct(object.as_ref(), separator, steps),
            },
            _ => {}
        }
    }

    fn open_struct(&mut self, object: &dyn Object, separator: &'static str, steps: &mut Vec<Step>) {
        let pointer = object.kind() == Kind::Ptr;
        if pointer {
            self.raw(b"&");
        }
        if self.flags.sharp_v {
            self.raw(object.type_name().trim_start_matches('*').as_bytes());
        }
        self.raw(b"{");
        steps.push(Step::Close(b'}'));
        for (at, (name, value)) in object.fields().into_iter().enumerate().rev() {
            steps.push(Step::Value(value));
            if self.flags.plus_v || self.flags.sharp_v {
                steps.push(Step::Raw(":"));
                steps.push(Step::Raw(name));
            }
            if at > 0 {
                steps.push(Step::Raw(separator));
            }
        }
    }

    fn byte_slice(&mut self, bytes: &Text, verb: char, type_name: &'static str) {
        match verb {
            'v' | 'd' => {
                let sharp = self.flags.sharp_v;
                if sharp {
                    self.raw(type_name.as_bytes());
                }
                self.raw(if sharp { b"{" } else { b"[" });
                for (at, byte) in bytes.as_bytes().iter().enumerate() {
                    if self.stopped {
                        return;
                    }
                    if at > 0 {
                        self.raw(if sharp { b", " } else { b" " });
                    }
                    if sharp {
                        self.hex_0x(u64::from(*byte));
                    } else {
                        self.digits(u64::from(*byte), 10, false, verb);
                    }
                }
                self.raw(if sharp { b"}" } else { b"]" });
            }
            's' => {
                let text = self.truncated(bytes);
                self.pad_text(&text);
            }
            'x' | 'X' => self.hex_string(bytes, verb == 'X'),
            'q' => self.quoted(bytes),
            _ => {
                let items = bytes.as_bytes().iter().map(|byte| Value::Uint8(*byte)).collect();
                self.tree(&Value::List(List::new(items)), verb);
            }
        }
    }

    fn string_or_bad(&mut self, value: &Value, text: &Text, verb: char) {
        match verb {
            'v' | 's' | 'x' | 'X' | 'q' => self.string(text, verb),
            _ => self.bad_verb(Some(value), verb),
        }
    }

    fn string(&mut self, text: &Text, verb: char) {
        match verb {
            'v' if self.flags.sharp_v => self.quoted(text),
            'v' | 's' => {
                let text = self.truncated(text);
                self.pad_text(&text);
            }
            'x' | 'X' => self.hex_string(text, verb == 'X'),
            'q' => self.quoted(text),
            _ => self.bad_verb(Some(&Value::Str(text.clone())), verb),
        }
    }

    fn quoted(&mut self, text: &Text) {
        let text = self.truncated(text);
        if !self.grow(text.len()) {
            return;
        }
        let quoted = if self.flags.sharp && can_backquote(text.as_bytes()) {
            let mut raw = vec![b'`'];
            raw.extend_from_slice(text.as_bytes());
            raw.push(b'`');
            raw
        } else {
            quote_with(text.as_bytes(), self.flags.plus)
        };
        self.pad_text(&Text::derived(quoted, &[&text]));
    }

    /// The first `precision` characters.
    fn truncated(&self, text: &Text) -> Text {
        let Some(precision) = self.flags.precision else { return text.clone() };
        let mut end = 0;
        let bytes = text.as_bytes();
        for _ in 0..precision {
            if end >= bytes.len() {
                return text.clone();
            }
            end += rune_len(&bytes[end..]);
        }
        text.slice(0..end)
    }

    fn hex_string(&mut self, text: &Text, upper: bool) {
        let bytes = text.as_bytes();
        let bytes = &bytes[..self.flags.precision.unwrap_or(bytes.len()).min(bytes.len())];
        if !self.grow(bytes.len() * 5) {
            return;
        }
        let prefix = if upper { "0X" } else { "0x" };
        let mut out = String::with_capacity(bytes.len() * 2);
        for (at, byte) in bytes.iter().enumerate() {
            if at > 0 && self.flags.space {
                out.push(' ');
            }
            if self.flags.sharp && (at == 0 || self.flags.space) {
                out.push_str(prefix);
            }
            out.push_str(&if upper { format!("{byte:02X}") } else { format!("{byte:02x}") });
        }
        self.pad_text(&Text::derived(out, &[text]));
    }

    fn integer(&mut self, value: &Value, number: u64, signed: bool, verb: char) {
        match verb {
            'v' if self.flags.sharp_v && !signed => self.hex_0x(number),
            'v' | 'd' => self.digits(number, 10, signed, verb),
            'b' => self.digits(number, 2, signed, verb),
            'o' | 'O' => self.digits(number, 8, signed, verb),
            'x' | 'X' => self.digits(number, 16, signed, verb),
            'c' => {
                let rune = u32::try_from(number).ok().and_then(char::from_u32);
                let rune = rune.unwrap_or(char::REPLACEMENT_CHARACTER);
                self.pad(rune.encode_utf8(&mut [0; 4]).as_bytes());
            }
            'q' => self.pad(&quote_rune(number, self.flags.plus)),
            'U' => self.unicode(number),
            _ => self.bad_verb(Some(value), verb),
        }
    }

    fn hex_0x(&mut self, number: u64) {
        let sharp = std::mem::replace(&mut self.flags.sharp, true);
        self.digits(number, 16, false, 'v');
        self.flags.sharp = sharp;
    }

    fn digits(&mut self, number: u64, base: u64, signed: bool, verb: char) {
        let flags = self.flags;
        let negative = signed && (number as i64) < 0;
        let mut rest = if negative { number.wrapping_neg() } else { number };
        let mut least = 0;
        if let Some(precision) = flags.precision {
            least = precision;
            if precision == 0 && rest == 0 {
                let width = flags.width.unwrap_or(0);
                return self.fill(b' ', width);
            }
        } else if let (true, false, Some(width)) = (flags.zero, flags.minus, flags.width) {
            least = width.saturating_sub(usize::from(negative || flags.plus || flags.space));
        }
        if !self.grow(least) {
            return;
        }
        let table: &[u8; 16] = if verb == 'X' { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
        // Built from the right; reversed at the end.
        let mut out = Vec::with_capacity(least.max(24) + 4);
        loop {
            out.push(table[(rest % base) as usize]);
            rest /= base;
            if rest == 0 {
                break;
            }
        }
        while out.len() < least {
            out.push(b'0');
        }
        if flags.sharp {
            match base {
                2 => out.extend_from_slice(b"b0"),
                8 if out.last() != Some(&b'0') => out.push(b'0'),
                16 => out.extend_from_slice(if verb == 'X' { b"X0" } else { b"x0" }),
                _ => {}
            }
        }
        if verb == 'O' {
            out.extend_from_slice(b"o0");
        }
        if negative {
            out.push(b'-');
        } else if flags.plus {
            out.push(b'+');
        } else if flags.space {
            out.push(b' ');
        }
        out.reverse();
        self.pad_blank(&out);
    }

    fn unicode(&mut self, number: u64) {
        let digits = self.flags.precision.unwrap_or(4).max(4);
        if !self.grow(digits) {
            return;
        }
        let mut out = format!("U+{number:0digits$X}");
        if self.flags.sharp
            && let Some(rune) =
                u32::try_from(number).ok().and_then(char::from_u32).filter(|rune| is_print(*rune))
        {
            out.push_str(&format!(" '{rune}'"));
        }
        self.pad_blank(out.as_bytes());
    }

    fn float(&mut self, value: &Value, number: f64, verb: char) {
        let (form, default) = match verb {
            'v' => (b'g', None),
            'b' | 'g' | 'G' | 'x' | 'X' => (verb as u8, None),
            'f' | 'e' | 'E' => (verb as u8, Some(6)),
            'F' => (b'f', Some(6)),
            _ => return self.bad_verb(Some(value), verb),
        };
        let flags = self.flags;
        let precision = flags.precision.or(default);
        if !self.grow(precision.unwrap_or(0)) {
            return;
        }
        let plain = format_float(number, form, precision);
        let (mut sign, mut rest) = match plain.strip_prefix(['-', '+']) {
            Some(rest) => (plain.as_bytes()[0], rest.to_owned()),
            None => (b'+', plain),
        };
        if flags.space && sign == b'+' && !flags.plus {
            sign = b' ';
        }
        if rest.starts_with(['I', 'N']) {
            // No zeros before what does not look like a number, and a sign before NaN only on demand.
            let with_sign = !(rest.starts_with('N') && !flags.space && !flags.plus)
                && (flags.plus || sign != b'+' || rest.starts_with('I'));
            let mut out = if with_sign { vec![sign] } else { Vec::new() };
            out.extend_from_slice(rest.as_bytes());
            return self.pad_blank(&out);
        }
        if flags.sharp && form != b'b' {
            rest = with_point(&rest, form, precision);
        }
        if flags.plus || sign != b'+' {
            if let (true, false, Some(width)) = (flags.zero, flags.minus, flags.width)
                && width > rest.len() + 1
            {
                self.raw(&[sign]);
                self.fill(b'0', width - rest.len() - 1);
                return self.raw(rest.as_bytes());
            }
            let mut out = vec![sign];
            out.extend_from_slice(rest.as_bytes());
            return self.pad(&out);
        }
        self.pad(rest.as_bytes());
    }

    fn complex(&mut self, value: &Value, real: f64, imaginary: f64, verb: char) {
        if !matches!(verb, 'v' | 'b' | 'g' | 'G' | 'x' | 'X' | 'f' | 'F' | 'e' | 'E') {
            return self.bad_verb(Some(value), verb);
        }
        self.raw(b"(");
        self.float(value, real, verb);
        let plus = std::mem::replace(&mut self.flags.plus, true);
        self.float(value, imaginary, verb);
        self.flags.plus = plus;
        self.raw(b"i)");
    }

    /// `%p`, and pointers inside containers. Addresses differ from run to run in Go; here they tell maps apart, no more.
    fn pointer(&mut self, value: &Value, verb: char) {
        let address = match value {
            Value::Map(map) if map.is_nil() => 0,
            Value::Map(map) => map.address(),
            Value::List(list) => list.as_ptr().addr(),
            Value::Object(object) if object.kind() == Kind::Ptr => {
                std::ptr::from_ref(object.as_ref()).cast::<u8>().addr()
            }
            _ => return self.bad_verb(Some(value), verb),
        };
        match verb {
            'v' | 'p' => {
                let sharp = self.flags.sharp;
                self.flags.sharp = !sharp;
                self.digits(address as u64, 16, false, 'v');
                self.flags.sharp = sharp;
            }
            'b' | 'o' | 'd' | 'x' | 'X' => self.integer(value, address as u64, false, verb),
            _ => self.bad_verb(Some(value), verb),
        }
    }

    /// `%!verb(type=value)`, or `%!verb(<nil>)`.
    fn bad_verb(&mut self, value: Option<&Value>, verb: char) {
        let outer = std::mem::replace(&mut self.erroring, true);
        self.raw(b"%!");
        self.raw(verb.encode_utf8(&mut [0; 4]).as_bytes());
        self.raw(b"(");
        match value {
            None => self.raw(b"<nil>"),
            // An error inside an error cannot be: every value prints under `v`.
            Some(value) => {
                self.raw(value.type_name().as_bytes());
                self.raw(b"=");
                self.arg(value, 'v');
            }
        }
        self.raw(b")");
        self.erroring = outer;
    }

    fn pad(&mut self, bytes: &[u8]) {
        self.pad_text(&Text::from(bytes));
    }

    /// Like [`Printer::pad`], with spaces even under the flag `0`.
    fn pad_blank(&mut self, bytes: &[u8]) {
        let zero = std::mem::replace(&mut self.flags.zero, false);
        self.pad(bytes);
        self.flags.zero = zero;
    }

    fn pad_text(&mut self, text: &Text) {
        let Some(width) = self.flags.width else { return self.text(text) };
        let blank = width.saturating_sub(rune_count(text.as_bytes()));
        if self.flags.minus {
            self.text(text);
            self.fill(b' ', blank);
        } else {
            self.fill(if self.flags.zero { b'0' } else { b' ' }, blank);
            self.text(text);
        }
    }

    fn fill(&mut self, byte: u8, count: usize) {
        if count > 0 && self.grow(count) {
            self.out.push_bytes(&vec![byte; count]);
        }
    }
}

fn queue_list(list: &List, separator: &'static str, close: u8, steps: &mut Vec<Step>) {
    steps.push(Step::Close(close));
    for (at, item) in list.iter().enumerate().rev() {
        steps.push(Step::Value(item.clone()));
        if at > 0 {
            steps.push(Step::Raw(separator));
        }
    }
}

fn queue_map(map: &Map, separator: &'static str, close: u8, steps: &mut Vec<Step>) {
    steps.push(Step::Close(close));
    let entries = map.borrow();
    let last = entries.len().saturating_sub(1);
    for (at, (key, value)) in entries.iter().rev().enumerate() {
        steps.push(Step::Value(value.clone()));
        steps.push(Step::Key(key.clone()));
        if at < last {
            steps.push(Step::Raw(separator));
        }
    }
}

/// `%#g` and its like: always a point, and the zeros that `%g` takes away.
fn with_point(number: &str, form: u8, precision: Option<usize>) -> String {
    let mut digits = match form {
        b'g' | b'G' | b'x' => precision.map_or(6, |precision| precision as i64),
        _ => 0,
    };
    let tail_at = number.find(|letter: char| match letter {
        'p' | 'P' => true,
        'e' | 'E' => !matches!(form, b'x' | b'X'),
        _ => false,
    });
    let (number, tail) = number.split_at(tail_at.unwrap_or(number.len()));
    let (mut point, mut nonzero) = (false, false);
    for byte in number.bytes() {
        if byte == b'.' {
            point = true;
            continue;
        }
        nonzero |= byte != b'0';
        digits -= i64::from(nonzero);
    }
    let mut out = number.to_owned();
    if !point {
        digits -= i64::from(number == "0");
        out.push('.');
    }
    out.extend(std::iter::repeat_n('0', digits.max(0) as usize));
    out.push_str(tail);
    out
}

/// Length of the first character; a byte that is not UTF-8 is one.
fn rune_len(bytes: &[u8]) -> usize {
    let head = &bytes[..bytes.len().min(4)];
    match std::str::from_utf8(head) {
        Ok(text) => text.chars().next().map_or(1, char::len_utf8),
        Err(error) => match std::str::from_utf8(&head[..error.valid_up_to()]) {
            Ok(text) => text.chars().next().map_or(1, char::len_utf8),
            Err(_) => 1,
        },
    }
}

fn rune_count(bytes: &[u8]) -> usize {
    bytes.utf8_chunks().map(|chunk| chunk.valid().chars().count() + chunk.invalid().len()).sum()
}
