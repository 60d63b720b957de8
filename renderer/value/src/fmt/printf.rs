//! `fmt.Sprintf`: the grammar of format strings.

use super::Meter;
use super::printer::{Flags, Printer};
use crate::{Text, Value};

/// Formats `args` by `format`; wrong use shows in the text (`%!d(string=a)`), as Go does it. `None` when the meter said stop.
///
/// Text that passes through `%s` and `%v`, and the text of the format itself, keep their origins.
pub fn sprintf(format: &Text, args: &[Value], meter: Meter<'_>) -> Option<Text> {
    let mut run = Run {
        format,
        bytes: format.as_bytes(),
        at: 0,
        args,
        next: 0,
        reordered: false,
        good: true,
        after_index: false,
        printer: Printer::new(meter),
    };
    run.all();
    run.printer.finish()
}

struct Run<'a> {
    format: &'a Text,
    bytes: &'a [u8],
    at: usize,
    args: &'a [Value],
    next: usize,
    reordered: bool,
    good: bool,
    after_index: bool,
    printer: Printer<'a>,
}

impl Run<'_> {
    fn all(&mut self) {
        while self.at < self.bytes.len() && !self.printer.stopped() {
            self.good = true;
            let from = self.at;
            let verb = self.bytes[from..].iter().position(|byte| *byte == b'%');
            self.at = verb.map_or(self.bytes.len(), |offset| from + offset);
            if self.at > from {
                self.printer.text(&self.format.slice(from..self.at));
            }
            if verb.is_none() {
                break;
            }
            self.at += 1;
            self.printer.flags = Flags::default();
            if !self.directive() {
                break;
            }
        }
        if !self.reordered && self.next < self.args.len() {
            self.extra();
        }
    }

    /// What stands behind one `%`; `false` when the format ends in the middle of it.
    fn directive(&mut self) -> bool {
        while let Some(byte) = self.byte() {
            match byte {
                b'#' => self.printer.flags.sharp = true,
                b'0' => self.printer.flags.zero = true,
                b'+' => self.printer.flags.plus = true,
                b'-' => self.printer.flags.minus = true,
                b' ' => self.printer.flags.space = true,
                b'a'..=b'z' if self.next < self.args.len() => {
                    self.at += 1;
                    self.print(char::from(byte));
                    return true;
                }
                _ => break,
            }
            self.at += 1;
        }
        self.after_index = self.index();
        self.width();
        self.precision();
        if !self.after_index {
            self.after_index = self.index();
        }
        let Some(verb) = self.rune() else {
            self.printer.raw(b"%!(NOVERB)");
            return false;
        };
        if verb == '%' {
            self.printer.raw(b"%");
        } else if !self.good {
            self.complain(verb, "(BADINDEX)");
        } else if self.next >= self.args.len() {
            self.complain(verb, "(MISSING)");
        } else {
            self.print(verb);
        }
        true
    }

    fn print(&mut self, verb: char) {
        // `%w` wraps errors, which templates cannot do: it prints as a bad verb.
        if verb == 'v' {
            let flags = &mut self.printer.flags;
            flags.sharp_v = std::mem::take(&mut flags.sharp);
            flags.plus_v = std::mem::take(&mut flags.plus);
        }
        let args = self.args;
        self.printer.arg(&args[self.next], verb);
        self.next += 1;
    }

    fn complain(&mut self, verb: char, what: &str) {
        self.printer.raw(format!("%!{verb}{what}").as_bytes());
    }

    fn extra(&mut self) {
        self.printer.flags = Flags::default();
        self.printer.raw(b"%!(EXTRA ");
        let args = self.args;
        for (at, arg) in args[self.next..].iter().enumerate() {
            if at > 0 {
                self.printer.raw(b", ");
            }
            if !arg.is_nil() {
                self.printer.raw(arg.type_name().as_bytes());
                self.printer.raw(b"=");
            }
            self.printer.arg(arg, 'v');
        }
        self.printer.raw(b")");
    }

    fn width(&mut self) {
        if self.byte() == Some(b'*') {
            self.at += 1;
            match self.int_arg() {
                Some(width) => {
                    self.printer.flags.width = Some(width.unsigned_abs() as usize);
                    if width < 0 {
                        self.printer.flags.minus = true;
                        self.printer.flags.zero = false;
                    }
                }
                None => self.printer.raw(b"%!(BADWIDTH)"),
            }
            self.after_index = false;
        } else {
            let width = self.number();
            self.printer.flags.width = width;
            if self.after_index && width.is_some() {
                self.good = false;
            }
        }
    }

    fn precision(&mut self) {
        // A point at the very end is the verb.
        if self.byte() != Some(b'.') || self.at + 1 >= self.bytes.len() {
            return;
        }
        self.at += 1;
        if self.after_index {
            self.good = false;
        }
        self.after_index = self.index();
        if self.byte() == Some(b'*') {
            self.at += 1;
            let precision = self.int_arg().and_then(|precision| usize::try_from(precision).ok());
            self.printer.flags.precision = precision;
            if precision.is_none() {
                self.printer.raw(b"%!(BADPREC)");
            }
            self.after_index = false;
        } else {
            self.printer.flags.precision = Some(self.number().unwrap_or(0));
        }
    }

    /// `[n]`: which argument is next. Gives whether an index was read.
    fn index(&mut self) -> bool {
        if self.byte() != Some(b'[') {
            return false;
        }
        self.reordered = true;
        let rest = &self.bytes[self.at..];
        let close = rest.iter().position(|byte| *byte == b']').filter(|_| rest.len() >= 3);
        let Some(close) = close else {
            self.at += 1;
            self.good = false;
            return false;
        };
        let digits = &rest[1..close];
        let number = small_number(digits).filter(|_| !digits.is_empty());
        self.at += close + 1;
        match number {
            Some(number) if number >= 1 && number <= self.args.len() => {
                self.next = number - 1;
                true
            }
            _ => {
                self.good = false;
                number.is_some()
            }
        }
    }

    fn number(&mut self) -> Option<usize> {
        let rest = &self.bytes[self.at..];
        let len = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if len == 0 {
            return None;
        }
        match small_number(&rest[..len]) {
            Some(number) => {
                self.at += len;
                Some(number)
            }
            None => {
                // Go gives up on the whole format at a number this long.
                self.at = self.bytes.len();
                None
            }
        }
    }

    fn int_arg(&mut self) -> Option<i64> {
        let arg = self.args.get(self.next)?;
        self.next += 1;
        let number = match arg.underlying() {
            Value::Int(number) | Value::Int64(number) => number,
            Value::Uint8(number) => i64::from(number),
            Value::Uint64(number) => i64::try_from(number).ok()?,
            _ => return None,
        };
        (-1_000_000..=1_000_000).contains(&number).then_some(number)
    }

    fn byte(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn rune(&mut self) -> Option<char> {
        let rest = self.bytes.get(self.at..).filter(|rest| !rest.is_empty())?;
        let chunk = rest.utf8_chunks().next()?;
        let rune = chunk.valid().chars().next();
        self.at += rune.map_or(1, char::len_utf8);
        Some(rune.unwrap_or(char::REPLACEMENT_CHARACTER))
    }
}

/// A number as Go reads widths: `None` once it has passed a million before its last digit, or for what is no digit.
fn small_number(digits: &[u8]) -> Option<usize> {
    let mut number = 0_usize;
    for digit in digits {
        if number > 1_000_000 || !digit.is_ascii_digit() {
            return None;
        }
        number = number * 10 + usize::from(digit - b'0');
    }
    Some(number)
}
