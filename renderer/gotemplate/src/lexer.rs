//! Bytes to tokens. Never fails: what is no token is a [`TokenKind::Error`], after which the parser says where to go on.
//!
//! Source: go1.27 `text/template/parse/lex.go`, state by state, with the delimiters `{{` and `}}`.

use value::find_byte;

use crate::token::{Token, TokenKind};
use crate::unicode::{decode, is_alphanumeric, is_print};

pub(crate) struct Lexer<'a> {
    input: &'a [u8],
    pos: usize,
    inside_action: bool,
    paren_depth: i32,
    /// The sentence of the last error token; while it is there, nothing but the end follows.
    error: Option<String>,
    error_start: usize,
    /// `break` and `continue` are words like any other where functions have these names.
    break_is_keyword: bool,
    continue_is_keyword: bool,
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(input: &'a [u8], break_is_keyword: bool, continue_is_keyword: bool) -> Self {
        Self {
            input,
            pos: 0,
            inside_action: false,
            paren_depth: 0,
            error: None,
            error_start: 0,
            break_is_keyword,
            continue_is_keyword,
        }
    }

    /// The sentence of the last error token.
    pub(crate) fn error(&self) -> &str {
        self.error.as_deref().unwrap_or_default()
    }

    /// Leaves the action in which something went wrong: goes on behind its `}}`, or at the next `{{` if that comes first.
    pub(crate) fn leave_action(&mut self) {
        let from = match self.error.take() {
            Some(_) => self.error_start,
            // The culprit may be the first brace of the next action.
            None if self.inside_action && self.input[self.pos - 1] == b'{' => self.pos - 1,
            None if self.inside_action => self.pos,
            None => return,
        };
        self.inside_action = false;
        let pair = self.input[from..].windows(2).position(|pair| pair == b"}}" || pair == b"{{");
        self.pos = match pair {
            None => self.input.len(),
            Some(at) if self.input[from + at] == b'{' => from + at,
            Some(at) => from + at + 2,
        };
    }

    /// The next token; [`TokenKind::Eof`] for ever at the end.
    pub(crate) fn token(&mut self) -> Token {
        if self.error.is_some() {
            return self.make(TokenKind::Eof, self.input.len(), self.input.len());
        }
        if self.inside_action { self.inside() } else { self.text() }
    }

    fn make(&self, kind: TokenKind, start: usize, end: usize) -> Token {
        Token { kind, start: start as u32, end: end as u32 }
    }

    fn emit(&mut self, kind: TokenKind, start: usize, end: usize) -> Token {
        self.pos = end;
        self.make(kind, start, end)
    }

    fn fail(&mut self, start: usize, message: impl Into<String>) -> Token {
        let end = self.pos.max(start);
        self.error = Some(message.into());
        self.error_start = start;
        self.make(TokenKind::Error, start, end)
    }

    fn at(&self, pos: usize) -> Option<u8> {
        self.input.get(pos).copied()
    }

    fn starts_with(&self, pos: usize, prefix: &[u8]) -> bool {
        self.input.get(pos..).is_some_and(|rest| rest.starts_with(prefix))
    }

    fn text(&mut self) -> Token {
        loop {
            let start = self.pos;
            let Some(found) = find(&self.input[start..], b"{{") else {
                let end = self.input.len();
                let kind = if end > start { TokenKind::Text } else { TokenKind::Eof };
                return self.emit(kind, start, end);
            };
            let delim = start + found;
            let trims = self.has_left_trim(delim + 2);
            if found > 0 {
                let mut end = delim;
                if trims {
                    while end > start && is_space(self.input[end - 1]) {
                        end -= 1;
                    }
                }
                self.pos = delim;
                if end > start {
                    return self.make(TokenKind::Text, start, end);
                }
            }
            let after = delim + 2 + if trims { 2 } else { 0 };
            if !self.starts_with(after, b"/*") {
                self.inside_action = true;
                self.paren_depth = 0;
                self.pos = after;
                return self.make(TokenKind::LeftDelim, delim, delim + 2);
            }
            if let Err(error) = self.comment(after) {
                return error;
            }
        }
    }

    /// Skips a comment; the parser never sees it.
    fn comment(&mut self, start: usize) -> Result<(), Token> {
        self.pos = start + 2;
        let Some(length) = find(&self.input[self.pos..], b"*/") else {
            self.pos = self.input.len();
            return Err(self.fail(start, "unclosed comment"));
        };
        self.pos += length + 2;
        match self.right_delim_at(self.pos) {
            None => Err(self.fail(start, "comment ends before closing delimiter")),
            Some(trims) => {
                self.pos += if trims { 4 } else { 2 };
                if trims {
                    self.skip_spaces();
                }
                Ok(())
            }
        }
    }

    fn has_left_trim(&self, pos: usize) -> bool {
        self.at(pos) == Some(b'-') && self.at(pos + 1).is_some_and(is_space)
    }

    /// Whether a right delimiter stands at `pos`, and then whether it trims.
    fn right_delim_at(&self, pos: usize) -> Option<bool> {
        if self.at(pos).is_some_and(is_space) && self.starts_with(pos + 1, b"-}}") {
            Some(true)
        } else if self.starts_with(pos, b"}}") {
            Some(false)
        } else {
            None
        }
    }

    fn skip_spaces(&mut self) {
        while self.at(self.pos).is_some_and(is_space) {
            self.pos += 1;
        }
    }

    fn inside(&mut self) -> Token {
        let start = self.pos;
        if let Some(trims) = self.right_delim_at(start) {
            if self.paren_depth != 0 {
                return self.fail(start, "unclosed left paren");
            }
            let delim = start + if trims { 2 } else { 0 };
            self.pos = delim + 2;
            if trims {
                self.skip_spaces();
            }
            self.inside_action = false;
            return self.make(TokenKind::RightDelim, delim, delim + 2);
        }
        let Some(first) = self.at(start) else { return self.fail(start, "unclosed action") };
        match first {
            b' ' | b'\t' | b'\r' | b'\n' => self.space(start),
            b'=' => self.emit(TokenKind::Assign, start, start + 1),
            b':' if self.at(start + 1) == Some(b'=') => self.emit(TokenKind::Declare, start, start + 2),
            b':' => {
                self.pos = (start + 2).min(self.input.len());
                self.fail(start, "expected :=")
            }
            b'|' => self.emit(TokenKind::Pipe, start, start + 1),
            b'"' => self.quoted(start, b'"', TokenKind::String, "unterminated quoted string"),
            b'\'' => self.quoted(start, b'\'', TokenKind::CharConstant, "unterminated character constant"),
            b'`' => match find_byte(&self.input[start + 1..], b'`') {
                Some(length) => self.emit(TokenKind::RawString, start, start + length + 2),
                None => {
                    self.pos = self.input.len();
                    self.fail(start, "unterminated raw quoted string")
                }
            },
            b'$' => self.field_or_variable(start, TokenKind::Variable),
            b'.' if self.at(start + 1).is_some_and(|next| !next.is_ascii_digit()) => {
                self.field_or_variable(start, TokenKind::Field)
            }
            b'.' | b'+' | b'-' | b'0'..=b'9' => self.number(start),
            b'(' => {
                self.paren_depth += 1;
                self.emit(TokenKind::LeftParen, start, start + 1)
            }
            b')' => {
                self.paren_depth -= 1;
                if self.paren_depth < 0 {
                    self.pos = start + 1;
                    return self.fail(start, "unexpected right paren");
                }
                self.emit(TokenKind::RightParen, start, start + 1)
            }
            _ => {
                let (c, width) = decode(&self.input[start..]);
                if is_alphanumeric(c) {
                    self.identifier(start)
                } else if c.is_ascii() && is_print(c) {
                    self.emit(TokenKind::Char, start, start + 1)
                } else {
                    self.pos = start + width;
                    self.fail(start, format!("unrecognized character in action: {}", code_point(c)))
                }
            }
        }
    }

    fn space(&mut self, start: usize) -> Token {
        self.skip_spaces();
        let mut end = self.pos;
        // The last space belongs to a trimming right delimiter.
        if self.right_delim_at(end - 1) == Some(true) {
            end -= 1;
        }
        self.emit(TokenKind::Space, start, end)
    }

    fn word_end(&self, mut pos: usize) -> usize {
        loop {
            let rest = &self.input[pos..];
            let plain = rest.iter().position(|byte| !WORD[usize::from(*byte)]).unwrap_or(rest.len());
            pos += plain;
            match rest.get(plain) {
                Some(byte) if !byte.is_ascii() => {
                    let (c, width) = decode(&rest[plain..]);
                    if !is_alphanumeric(c) {
                        return pos;
                    }
                    pos += width;
                }
                _ => return pos,
            }
        }
    }

    fn is_terminator(&self, pos: usize) -> bool {
        match self.at(pos) {
            None | Some(b' ' | b'\t' | b'\r' | b'\n' | b'.' | b',' | b'|' | b':' | b')' | b'(') => true,
            Some(_) => self.starts_with(pos, b"}}"),
        }
    }

    fn bad_character(&mut self, start: usize) -> Token {
        let (c, width) = decode(&self.input[self.pos..]);
        self.pos += width;
        self.fail(start, format!("bad character {}", code_point(c)))
    }

    fn identifier(&mut self, start: usize) -> Token {
        self.pos = self.word_end(start);
        if !self.is_terminator(self.pos) {
            return self.bad_character(start);
        }
        let word = &self.input[start..self.pos];
        let kind = match TokenKind::keyword(word) {
            Some(TokenKind::Break) if !self.break_is_keyword => TokenKind::Identifier,
            Some(TokenKind::Continue) if !self.continue_is_keyword => TokenKind::Identifier,
            Some(keyword) => keyword,
            None if word == b"true" || word == b"false" => TokenKind::Bool,
            None => TokenKind::Identifier,
        };
        self.make(kind, start, self.pos)
    }

    fn field_or_variable(&mut self, start: usize, kind: TokenKind) -> Token {
        self.pos = start + 1;
        if self.is_terminator(self.pos) {
            let kind = if kind == TokenKind::Variable { kind } else { TokenKind::Dot };
            return self.make(kind, start, start + 1);
        }
        self.pos = self.word_end(self.pos);
        if !self.is_terminator(self.pos) {
            return self.bad_character(start);
        }
        self.make(kind, start, self.pos)
    }

    fn quoted(&mut self, start: usize, quote: u8, kind: TokenKind, unterminated: &str) -> Token {
        let mut pos = start + 1;
        loop {
            match self.at(pos) {
                Some(b'\\') if !matches!(self.at(pos + 1), None | Some(b'\n')) => {
                    pos += 1 + decode(&self.input[pos + 1..]).1;
                }
                None | Some(b'\n' | b'\\') => {
                    self.pos = pos.min(self.input.len());
                    return self.fail(start, unterminated);
                }
                Some(byte) if byte == quote => return self.emit(kind, start, pos + 1),
                Some(_) => pos += 1,
            }
        }
    }

    fn number(&mut self, start: usize) -> Token {
        if !self.scan_number() {
            return self.bad_number(start);
        }
        if matches!(self.at(self.pos), Some(b'+' | b'-')) {
            if !self.scan_number() || self.input[self.pos - 1] != b'i' {
                return self.bad_number(start);
            }
            return self.make(TokenKind::Complex, start, self.pos);
        }
        self.make(TokenKind::Number, start, self.pos)
    }

    fn bad_number(&mut self, start: usize) -> Token {
        let text = crate::literal::quoted(&self.input[start..self.pos]);
        self.fail(start, format!("bad number syntax: {text}"))
    }

    fn accept(&mut self, valid: &[u8]) -> bool {
        let accepted = self.at(self.pos).is_some_and(|byte| valid.contains(&byte));
        self.pos += usize::from(accepted);
        accepted
    }

    fn accept_run(&mut self, valid: &[u8]) {
        while self.accept(valid) {}
    }

    /// Takes what looks like a number; the parser checks it. Gives `false` when letters follow.
    fn scan_number(&mut self) -> bool {
        const DECIMAL: &[u8] = b"0123456789_";
        const HEX: &[u8] = b"0123456789abcdefABCDEF_";
        self.accept(b"+-");
        let mut digits = DECIMAL;
        if self.accept(b"0") {
            if self.accept(b"xX") {
                digits = HEX;
            } else if self.accept(b"oO") {
                digits = b"01234567_";
            } else if self.accept(b"bB") {
                digits = b"01_";
            }
        }
        self.accept_run(digits);
        if self.accept(b".") {
            self.accept_run(digits);
        }
        let exponent: &[u8] = match digits.len() {
            11 => b"eE",
            23 => b"pP",
            _ => b"",
        };
        if self.accept(exponent) {
            self.accept(b"+-");
            self.accept_run(DECIMAL);
        }
        self.accept(b"i");
        if self.pos < self.input.len() {
            let (c, width) = decode(&self.input[self.pos..]);
            if is_alphanumeric(c) {
                self.pos += width;
                return false;
            }
        }
        true
    }
}

/// Where a pair of bytes first stands.
pub(crate) fn find(text: &[u8], pair: &[u8; 2]) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = find_byte(&text[from..], pair[0]) {
        if text.get(from + at + 1) == Some(&pair[1]) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

/// The bytes of ASCII that words are made of.
const WORD: [bool; 256] = {
    let mut word = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        word[byte] = (byte as u8).is_ascii_alphanumeric() || byte as u8 == b'_';
        byte += 1;
    }
    word
};

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// The character as `%#U` prints it.
fn code_point(c: char) -> String {
    if is_print(c) { format!("U+{:04X} '{c}'", c as u32) } else { format!("U+{:04X}", c as u32) }
}
