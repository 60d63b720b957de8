//! TOML text to items: keys, values, brackets.
//!
//! *Source*: github.com/BurntSushi/toml v1.6.0, `lex.go`, whose states these are.

mod number;
mod string;

use std::ops::Range;

use value::fmt::{quote, quote_rune};
use value::unicode::is_letter;

/// What an item is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    ArrayEnd,
    ArrayStart,
    ArrayTableEnd,
    ArrayTableStart,
    Bool,
    CommentStart,
    Datetime,
    Eof,
    Float,
    InlineTableEnd,
    InlineTableStart,
    Integer,
    KeyEnd,
    KeyStart,
    MultilineString,
    RawMultilineString,
    RawString,
    Str,
    /// A string with escapes in it.
    StrEscaped,
    TableEnd,
    TableStart,
    Text,
}

/// One item: its kind, where its text is, and the line on which it ends.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) kind: Kind,
    pub(super) range: Range<usize>,
    pub(super) line: i64,
}

/// What stopped the lexer. It is due when all items in front of it are used up.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) message: String,
    pub(super) line: i64,
}

/// All items of a text up to its end or to the first problem; `cut`: the byte behind it, which is not UTF-8.
pub(super) fn lex(input: &str, cut: Option<u8>) -> (Vec<Item>, Option<Problem>) {
    let mut lexer = Lexer {
        input,
        cut,
        start: 0,
        at: 0,
        line: 1,
        at_end: false,
        escaped: false,
        stack: Vec::new(),
        items: Vec::new(),
        problem: None,
    };
    let mut state = State::Top;
    while let Some(next) = lexer.step(state) {
        if lexer.problem.is_some() {
            break;
        }
        state = next;
    }
    (lexer.items, lexer.problem)
}

#[derive(Clone, Copy, Debug)]
enum State {
    ArrayTableEnd,
    ArrayValue,
    ArrayValueEnd,
    BareName,
    Binary,
    Comment,
    Datetime,
    Decimal,
    DecimalStart,
    Escape,
    Float,
    Hexadecimal,
    InlineTableValue,
    InlineTableValueEnd,
    KeyEnd,
    KeyNameStart,
    KeyStart,
    MultilineEscape,
    MultilineRawString,
    MultilineString,
    NumberOrDate,
    NumberOrDateStart,
    NumberWithBase,
    Octal,
    QuotedName,
    RawString,
    Str,
    TableEnd,
    TableNameEnd,
    TableNameStart,
    TableStart,
    Top,
    TopEnd,
    Value,
}

/// What stands for the end of the text, as in Go; a NUL in the text is an error of its own.
const END: char = '\0';

struct Lexer<'a> {
    input: &'a str,
    cut: Option<u8>,
    /// Where the next item starts.
    start: usize,
    at: usize,
    line: i64,
    /// The end was read, and can be put back.
    at_end: bool,
    /// The string that is being read has an escape.
    escaped: bool,
    /// Where to go on when a value, a name or a comment is done.
    stack: Vec<State>,
    items: Vec<Item>,
    problem: Option<Problem>,
}

impl Lexer<'_> {
    fn next(&mut self) -> char {
        let Some(character) = self.input[self.at..].chars().next() else {
            if let Some(byte) = self.cut {
                self.fail_on(self.line, format!("invalid UTF-8 byte: 0x{byte:02x}"));
                return char::REPLACEMENT_CHARACTER;
            }
            self.at_end = true;
            return END;
        };
        self.line += i64::from(character == '\n');
        let lone_return = character == '\r' && !self.input[self.at + 1..].starts_with('\n');
        let control = matches!(character, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}');
        if control || lone_return {
            let code = character as u32;
            self.fail_on(self.line, format!("TOML files cannot contain control characters: '0x{code:02x}'"));
        }
        self.at += character.len_utf8();
        character
    }

    fn back(&mut self) {
        if self.at_end {
            self.at_end = false;
            return;
        }
        if let Some(character) = self.input[..self.at].chars().next_back() {
            self.at -= character.len_utf8();
            self.line -= i64::from(character == '\n');
        }
    }

    fn peek(&mut self) -> char {
        let character = self.next();
        self.back();
        character
    }

    fn accept(&mut self, wanted: char) -> bool {
        if self.next() == wanted {
            return true;
        }
        self.back();
        false
    }

    fn skip_space(&mut self) {
        while is_space(self.next()) {}
        self.back();
        self.start = self.at;
    }

    fn current(&self) -> &str {
        &self.input[self.start..self.at]
    }

    fn emit(&mut self, kind: Kind) {
        self.emit_range(kind, self.start..self.at);
    }

    fn emit_range(&mut self, kind: Kind, range: Range<usize>) {
        // Behind a problem nothing counts.
        if self.problem.is_none() {
            self.items.push(Item { kind, range, line: self.line });
        }
        self.start = self.at;
    }

    fn fail_on(&mut self, line: i64, message: String) {
        if self.problem.is_none() {
            self.problem = Some(Problem { message, line });
        }
    }

    /// Go's `errorf`: at the end of the text the line is the last one with something on it.
    fn fail(&mut self, message: impl Into<String>) -> Option<State> {
        let behind_break = self.at_end && self.input[..self.at].ends_with('\n');
        self.fail_on(self.line - i64::from(behind_break), message.into());
        None
    }

    /// Go's `errorPrevLine`, for line feeds that were read already.
    fn fail_on_previous_line(&mut self, message: impl Into<String>) -> Option<State> {
        self.fail_on(self.line - 1, message.into());
        None
    }

    /// Go on with `state` behind what was read.
    fn skip_to(&mut self, state: State) -> Option<State> {
        self.start = self.at;
        Some(state)
    }

    /// Emits what was read but its last character, and goes back to who waits for it.
    fn emit_before(&mut self, kind: Kind) -> Option<State> {
        self.back();
        self.emit(kind);
        self.stack.pop()
    }

    fn push(&mut self, then: State, now: State) -> Option<State> {
        self.stack.push(then);
        Some(now)
    }

    fn comment(&mut self, then: State) -> Option<State> {
        self.start = self.at;
        self.emit(Kind::CommentStart);
        self.push(then, State::Comment)
    }

    fn step(&mut self, state: State) -> Option<State> {
        match state {
            State::Top => match self.next() {
                character if is_space(character) || is_break(character) => self.skip_to(State::Top),
                '#' => self.comment(State::Top),
                '[' => Some(State::TableStart),
                END if self.at_end => {
                    self.emit(Kind::Eof);
                    None
                }
                _ => {
                    self.back();
                    self.push(State::TopEnd, State::KeyStart)
                }
            },
            State::TopEnd => match self.next() {
                '#' => self.comment(State::Top),
                character if is_space(character) => Some(State::TopEnd),
                character if is_break(character) => self.skip_to(State::Top),
                END if self.at_end => {
                    self.emit(Kind::Eof);
                    None
                }
                other => self.fail(format!(
                    "expected a top-level item to end with a newline, comment, or EOF, but got {} instead",
                    quoted(other)
                )),
            },
            State::Comment => match self.next() {
                character if is_break(character) || character == END => self.emit_before(Kind::Text),
                _ => Some(State::Comment),
            },
            State::TableStart
            | State::TableEnd
            | State::ArrayTableEnd
            | State::TableNameStart
            | State::TableNameEnd => self.table(state),
            State::BareName | State::QuotedName | State::KeyStart | State::KeyNameStart | State::KeyEnd => {
                self.key(state)
            }
            State::Value
            | State::ArrayValue
            | State::ArrayValueEnd
            | State::InlineTableValue
            | State::InlineTableValueEnd => self.value(state),
            State::Str
            | State::RawString
            | State::MultilineString
            | State::MultilineRawString
            | State::MultilineEscape
            | State::Escape => self.string(state),
            _ => self.number(state),
        }
    }

    fn table(&mut self, state: State) -> Option<State> {
        match state {
            State::TableStart => {
                if self.peek() == '[' {
                    self.next();
                    self.emit(Kind::ArrayTableStart);
                    self.push(State::ArrayTableEnd, State::TableNameStart)
                } else {
                    self.emit(Kind::TableStart);
                    self.push(State::TableEnd, State::TableNameStart)
                }
            }
            State::TableEnd => {
                self.emit(Kind::TableEnd);
                Some(State::TopEnd)
            }
            State::ArrayTableEnd => match self.next() {
                ']' => {
                    self.emit(Kind::ArrayTableEnd);
                    Some(State::TopEnd)
                }
                other => self.fail(format!(
                    "expected end of table array name delimiter ']', but got {} instead",
                    quoted(other)
                )),
            },
            State::TableNameStart => {
                self.skip_space();
                match self.peek() {
                    ']' | END => self.fail("unexpected end of table name (table names cannot be empty)"),
                    '.' => self.fail("unexpected table separator (table names cannot be empty)"),
                    '"' | '\'' => self.push(State::TableNameEnd, State::QuotedName),
                    _ => self.push(State::TableNameEnd, State::BareName),
                }
            }
            _ => {
                self.skip_space();
                match self.next() {
                    '.' => self.skip_to(State::TableNameStart),
                    ']' => self.stack.pop(),
                    other => self.fail(format!(
                        "expected '.' or ']' to end table name, but got {} instead",
                        quoted(other)
                    )),
                }
            }
        }
    }

    fn key(&mut self, state: State) -> Option<State> {
        match state {
            State::BareName => {
                while is_bare(self.next()) {}
                self.emit_before(Kind::Text)
            }
            State::QuotedName => {
                let quote = self.next();
                self.skip_to(if quote == '"' { State::Str } else { State::RawString })
            }
            State::KeyStart => {
                self.skip_space();
                match self.peek() {
                    '=' | END => self.fail("unexpected '=': key name appears blank"),
                    '.' => self.fail("unexpected '.': keys cannot start with a '.'"),
                    _ => {
                        self.emit(Kind::KeyStart);
                        Some(State::KeyNameStart)
                    }
                }
            }
            State::KeyNameStart => {
                self.skip_space();
                match self.peek() {
                    '=' | END => self.fail("unexpected '='"),
                    '.' => self.fail("unexpected '.'"),
                    '"' | '\'' => self.push(State::KeyEnd, State::QuotedName),
                    _ => self.push(State::KeyEnd, State::BareName),
                }
            }
            _ => {
                self.skip_space();
                match self.next() {
                    END if self.at_end => self.fail("unexpected EOF; expected key separator '='"),
                    '.' => self.skip_to(State::KeyNameStart),
                    '=' => {
                        self.emit(Kind::KeyEnd);
                        self.skip_to(State::Value)
                    }
                    other => {
                        let message = format!("expected '.' or '=', but got {} instead", quoted(other));
                        if other == '\n' { self.fail_on_previous_line(message) } else { self.fail(message) }
                    }
                }
            }
        }
    }

    fn value(&mut self, state: State) -> Option<State> {
        let character = self.next();
        match state {
            State::Value => self.plain_value(character),
            State::ArrayValue => match character {
                character if is_space(character) || is_break(character) => self.skip_to(state),
                '#' => self.comment(state),
                ',' => self.fail("unexpected comma"),
                ']' => self.close(Kind::ArrayEnd),
                _ => {
                    self.back();
                    self.push(State::ArrayValueEnd, State::Value)
                }
            },
            State::ArrayValueEnd => match character {
                character if is_space(character) || is_break(character) => self.skip_to(state),
                '#' => self.comment(state),
                ',' => self.skip_to(State::ArrayValue),
                ']' => self.close(Kind::ArrayEnd),
                other => {
                    let other = self.or_end(other);
                    self.fail(format!("expected a comma (',') or array terminator (']'), but got {other}"))
                }
            },
            State::InlineTableValue => match character {
                character if is_space(character) || is_break(character) => self.skip_to(state),
                '#' => self.comment(state),
                ',' => self.fail("unexpected comma"),
                '}' => self.close(Kind::InlineTableEnd),
                _ => {
                    self.back();
                    self.push(State::InlineTableValueEnd, State::KeyStart)
                }
            },
            _ => match character {
                character if is_space(character) || is_break(character) => self.skip_to(state),
                '#' => self.comment(state),
                ',' => {
                    self.skip_space();
                    Some(if self.peek() == '}' { state } else { State::InlineTableValue })
                }
                '}' => self.close(Kind::InlineTableEnd),
                other => {
                    let other = self.or_end(other);
                    self.fail(format!(
                        "expected a comma or an inline table terminator '}}', but got {other} instead"
                    ))
                }
            },
        }
    }

    fn or_end(&self, character: char) -> String {
        if self.at_end { "end of file".to_owned() } else { format!("'{character}'") }
    }

    fn close(&mut self, kind: Kind) -> Option<State> {
        self.start = self.at;
        self.emit(kind);
        self.stack.pop()
    }

    fn plain_value(&mut self, character: char) -> Option<State> {
        match character {
            ' ' | '\t' => return self.skip_to(State::Value),
            '0'..='9' => {
                self.back();
                return Some(State::NumberOrDateStart);
            }
            '[' => {
                self.start = self.at;
                self.emit(Kind::ArrayStart);
                return Some(State::ArrayValue);
            }
            '{' => {
                self.start = self.at;
                self.emit(Kind::InlineTableStart);
                return Some(State::InlineTableValue);
            }
            '"' | '\'' => {
                let (one_line, more) = if character == '"' {
                    (State::Str, State::MultilineString)
                } else {
                    (State::RawString, State::MultilineRawString)
                };
                if self.accept(character) {
                    if self.accept(character) {
                        return self.skip_to(more);
                    }
                    self.back();
                }
                return self.skip_to(one_line);
            }
            '.' => return self.fail("floats must start with a digit, not '.'"),
            // As lax as Go: the reader checks what was let through.
            'i' | 'n' if (self.accept('n') && self.accept('f')) || (self.accept('a') && self.accept('n')) => {
                self.emit(Kind::Float);
                return self.stack.pop();
            }
            '-' | '+' => return Some(State::DecimalStart),
            _ => {}
        }
        if is_letter(character) {
            self.back();
            return self.boolean();
        }
        match character {
            END if self.at_end => self.fail("unexpected EOF; expected value"),
            '\n' => self.fail_on_previous_line("expected value but found '\\n' instead"),
            other => self.fail(format!("expected value but found {} instead", quoted(other))),
        }
    }

    fn boolean(&mut self) -> Option<State> {
        let from = self.at;
        while is_letter(self.next()) {}
        self.back();
        let word = &self.input[from..self.at];
        if matches!(word, "true" | "false") {
            self.emit(Kind::Bool);
            return self.stack.pop();
        }
        let word = String::from_utf8_lossy(&quote(word.as_bytes())).into_owned();
        self.fail(format!("expected value but found {word} instead"))
    }
}

fn quoted(character: char) -> String {
    String::from_utf8_lossy(&quote_rune(u64::from(character), false)).into_owned()
}

fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t')
}

fn is_break(character: char) -> bool {
    matches!(character, '\n' | '\r')
}

fn is_bare(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-')
}
