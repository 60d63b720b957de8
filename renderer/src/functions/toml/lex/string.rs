//! The states inside a string of TOML.
//!
//! *Source*: github.com/BurntSushi/toml v1.6.0, `lex.go`.

use value::fmt::quote;

use super::{END, Kind, Lexer, State, is_break};

impl Lexer<'_> {
    pub(super) fn string(&mut self, state: State) -> Option<State> {
        match state {
            State::Str => match self.next() {
                END if self.at_end => self.fail("unexpected EOF; expected '\"'"),
                '\n' | '\r' => self.fail_on_previous_line("strings cannot contain newlines"),
                '\\' => self.push(State::Str, State::Escape),
                '"' => {
                    let kind = if std::mem::take(&mut self.escaped) { Kind::StrEscaped } else { Kind::Str };
                    self.end_of_string(kind, 1)
                }
                _ => Some(state),
            },
            State::RawString => match self.next() {
                END if self.at_end => self.fail("unexpected EOF; expected \"'\""),
                '\n' | '\r' => self.fail_on_previous_line("strings cannot contain newlines"),
                '\'' => self.end_of_string(Kind::RawString, 1),
                _ => Some(state),
            },
            State::MultilineString => match self.next() {
                END if self.at_end => self.fail("unexpected EOF; expected '\"\"\"'"),
                '\\' => Some(State::MultilineEscape),
                '"' => self.quotes('"', state),
                _ => Some(state),
            },
            State::MultilineRawString => match self.next() {
                END if self.at_end => self.fail("unexpected EOF; expected \"'''\""),
                '\'' => self.quotes('\'', state),
                _ => Some(state),
            },
            State::MultilineEscape => {
                if is_break(self.next()) {
                    return Some(State::MultilineString);
                }
                self.back();
                self.push(State::MultilineString, State::Escape)
            }
            _ => {
                self.escaped = true;
                match self.next() {
                    'e' | 'b' | 't' | 'n' | 'f' | 'r' | '"' | ' ' | '\t' | '\\' => self.stack.pop(),
                    'x' => self.hex_escape(2, "two hexadecimal digits after '\\x'"),
                    'u' => self.hex_escape(4, "four hexadecimal digits after '\\u'"),
                    'U' => self.hex_escape(8, "eight hexadecimal digits after '\\U'"),
                    other => {
                        let message = format!("invalid escape in string '\\{other}'");
                        if self.at_end { self.fail_on_previous_line(message) } else { self.fail(message) }
                    }
                }
            }
        }
    }

    /// A quote inside a string of several lines: two more may end it, but of five the first two belong to it.
    fn quotes(&mut self, quote: char, state: State) -> Option<State> {
        if !self.accept(quote) {
            return Some(state);
        }
        if !self.accept(quote) {
            self.back();
            return Some(state);
        }
        if self.peek() == quote {
            let five = self.current().ends_with(&quote.to_string().repeat(5));
            let raw = quote == '\'';
            if five && (raw || !self.current().ends_with("\\\"\"\"\"\"")) {
                return self.fail(if raw { "unexpected \"''''''\"" } else { "unexpected '\"\"\"\"\"\"'" });
            }
            self.back();
            self.back();
            return Some(state);
        }
        if quote == '"' {
            self.escaped = false;
            return self.end_of_string(Kind::MultilineString, 3);
        }
        self.end_of_string(Kind::RawMultilineString, 3)
    }

    /// Emits what stands in front of the quotes just read.
    fn end_of_string(&mut self, kind: Kind, quotes: usize) -> Option<State> {
        self.at -= quotes;
        self.emit(kind);
        self.at += quotes;
        self.start = self.at;
        self.stack.pop()
    }

    fn hex_escape(&mut self, digits: usize, wanted: &str) -> Option<State> {
        for _ in 0..digits {
            if !self.next().is_ascii_hexdigit() {
                let current = String::from_utf8_lossy(&quote(self.current().as_bytes())).into_owned();
                return self.fail(format!("expected {wanted}, but got {current} instead"));
            }
        }
        self.stack.pop()
    }
}
