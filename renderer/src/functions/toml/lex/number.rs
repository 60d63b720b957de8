//! The states inside a number or a date of TOML.
//!
//! *Source*: github.com/BurntSushi/toml v1.6.0, `lex.go`.

use super::{Kind, Lexer, State, quoted};

impl Lexer<'_> {
    pub(super) fn number(&mut self, state: State) -> Option<State> {
        let character = self.next();
        let digit = character.is_ascii_digit();
        match state {
            State::NumberOrDateStart => {
                Some(if character == '0' { State::NumberWithBase } else { State::NumberOrDate })
            }
            State::NumberOrDate => match character {
                _ if digit => Some(state),
                '-' | ':' => Some(State::Datetime),
                '_' => Some(State::Decimal),
                '.' | 'e' | 'E' => Some(State::Float),
                _ => self.emit_before(Kind::Integer),
            },
            State::NumberWithBase => match character {
                _ if digit => Some(State::NumberOrDate),
                '_' => Some(State::Decimal),
                '.' | 'e' | 'E' => Some(State::Float),
                'b' => self.digits_of_base(|c| matches!(c, '0' | '1'), "a binary", State::Binary),
                'o' => self.digits_of_base(|c| matches!(c, '0'..='7'), "an octal", State::Octal),
                'x' => self.digits_of_base(|c| c.is_ascii_hexdigit(), "a hexadecimal", State::Hexadecimal),
                _ => self.emit_before(Kind::Integer),
            },
            State::Datetime => match character {
                _ if digit => Some(state),
                '-' | ':' | 'T' | 't' | ' ' | '.' | 'Z' | 'z' | '+' => Some(state),
                _ => {
                    self.back();
                    let end = self.start + self.current().trim_end_matches(' ').len();
                    self.emit_range(Kind::Datetime, self.start..end);
                    self.stack.pop()
                }
            },
            State::Hexadecimal if character.is_ascii_hexdigit() || character == '_' => Some(state),
            State::Octal if matches!(character, '0'..='7' | '_') => Some(state),
            State::Binary if matches!(character, '0' | '1' | '_') => Some(state),
            State::Decimal => match character {
                _ if digit || character == '_' => Some(state),
                '.' | 'e' | 'E' => Some(State::Float),
                _ => self.emit_before(Kind::Integer),
            },
            State::Float => match character {
                _ if digit => Some(state),
                '_' | '.' | '-' | '+' | 'e' | 'E' => Some(state),
                _ => self.emit_before(Kind::Float),
            },
            State::DecimalStart => self.signed(character),
            _ => self.emit_before(Kind::Integer),
        }
    }

    fn digits_of_base(&mut self, is_digit: impl Fn(char) -> bool, what: &str, then: State) -> Option<State> {
        let next = self.peek();
        if !is_digit(next) {
            let current = self.current().to_owned();
            return self.fail(format!("not {what} number: '{current}{next}'"));
        }
        Some(then)
    }

    fn signed(&mut self, character: char) -> Option<State> {
        match character {
            'i' | 'n' => {
                let rest = if character == 'i' { ['n', 'f'] } else { ['a', 'n'] };
                if !rest.iter().all(|&wanted| self.accept(wanted)) {
                    let current = self.current().to_owned();
                    return self.fail(format!("invalid float: '{current}'"));
                }
                self.emit(Kind::Float);
                return self.stack.pop();
            }
            '0' => {
                let next = self.peek();
                if matches!(next, 'b' | 'o' | 'x') {
                    let current = self.current().to_owned();
                    return self.fail(format!("cannot use sign with non-decimal numbers: '{current}{next}'"));
                }
            }
            '.' => return self.fail("floats must start with a digit, not '.'"),
            _ => {}
        }
        if character.is_ascii_digit() {
            return Some(State::Decimal);
        }
        self.fail(format!("expected a digit but got {}", quoted(character)))
    }
}
