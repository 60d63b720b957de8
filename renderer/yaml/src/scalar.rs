//! Scalars: plain, quoted and block text, with folding and escapes.
//!
//! A scalar on one line is a slice of the text; only what has to be put together goes to the scratch.
//!
//! *Source*: go.yaml.in/yaml/v2 v2.4.4 `scannerc.go`, from `yaml_parser_scan_block_scalar` on.

use crate::scanner::{BLANK, COLON, DOUBLE, FLOW, SINGLE, Scanner};
use crate::token::{Mark, Scan, Slice, Style, Token, TokenKind};

/// A scalar in the making: one run of the text until the first joint, then bytes at the end of the scratch.
#[derive(Clone, Copy, Debug)]
struct Build {
    run: Slice,
    empty: bool,
}

impl Build {
    fn new() -> Self {
        Self { run: Slice::default(), empty: true }
    }
}

/// Breaks between two lines of a scalar.
#[derive(Default)]
struct Breaks {
    leading: Vec<u8>,
    trailing: Vec<u8>,
}

impl Scanner<'_> {
    fn put_run(&mut self, build: &mut Build, start: u32, end: u32) {
        if start == end {
            return;
        }
        if build.empty {
            *build = Build { run: Slice { start, end, in_scratch: false }, empty: false };
        } else if !build.run.in_scratch && build.run.end == start {
            build.run.end = end;
        } else {
            self.move_to_scratch(build);
            self.scratch.extend_from_slice(&self.text[start as usize..end as usize]);
            build.run.end = self.scratch.len() as u32;
        }
    }

    fn put_bytes(&mut self, build: &mut Build, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.move_to_scratch(build);
        self.scratch.extend_from_slice(bytes);
        build.run.end = self.scratch.len() as u32;
    }

    fn move_to_scratch(&mut self, build: &mut Build) {
        if !build.run.in_scratch {
            let start = self.scratch.len() as u32;
            if !build.empty {
                let run = build.run.start as usize..build.run.end as usize;
                self.scratch.extend_from_slice(&self.text[run]);
            }
            let end = self.scratch.len() as u32;
            *build = Build { run: Slice { start, end, in_scratch: true }, empty: false };
        }
    }

    /// What line breaks become: one becomes a space, more lose the first one.
    fn put_folded(&mut self, build: &mut Build, breaks: &mut Breaks) {
        if breaks.leading.first() == Some(&b'\n') {
            if breaks.trailing.is_empty() {
                self.put_bytes(build, b" ");
            }
        } else {
            self.put_bytes(build, &breaks.leading);
        }
        self.put_bytes(build, &breaks.trailing);
        breaks.leading.clear();
        breaks.trailing.clear();
    }

    fn scalar(&self, build: Build, style: Style, start: Mark, end: Mark) -> Token {
        Token { value: build.run, ..Token::new(TokenKind::Scalar(style), start, end) }
    }

    // ---- block scalars ----

    pub(crate) fn scan_block_scalar(&mut self, literal: bool) -> Scan<Token> {
        let start = self.mark;
        self.skip();
        self.need(1)?;
        let mut chomping = 0;
        let mut increment = 0;
        if self.scan_chomping(&mut chomping) {
            self.need(1)?;
            self.scan_increment(&mut increment, start)?;
        } else if self.scan_increment(&mut increment, start)? {
            self.need(1)?;
            self.scan_chomping(&mut chomping);
        }
        if !self.skip_rest_of_line()? {
            return self.problem(start, "did not find expected comment or line break");
        }

        let mut end = self.mark;
        let mut indent = match increment {
            0 => 0,
            _ => self.indent.max(0) + increment,
        };
        let mut build = Build::new();
        let mut breaks = Breaks::default();
        self.scan_block_breaks(&mut indent, &mut breaks.trailing, start, &mut end)?;
        self.need(1)?;
        let mut leading_blank = false;
        while i64::from(self.mark.column) == indent && self.byte(0) != 0 {
            // A folded line break becomes a space unless the line before or after starts with a blank.
            let trailing_blank = self.is_blank(0);
            if !literal && !leading_blank && !trailing_blank && breaks.leading.first() == Some(&b'\n') {
                if breaks.trailing.is_empty() {
                    self.put_bytes(&mut build, b" ");
                }
            } else {
                self.put_bytes(&mut build, &breaks.leading);
            }
            breaks.leading.clear();
            self.put_bytes(&mut build, &breaks.trailing);
            breaks.trailing.clear();
            leading_blank = self.is_blank(0);
            let line = self.mark.pos;
            self.skip_until(0, 1)?;
            self.put_run(&mut build, line, self.mark.pos);
            self.need(2)?;
            self.read_line(&mut breaks.leading);
            self.scan_block_breaks(&mut indent, &mut breaks.trailing, start, &mut end)?;
        }
        if chomping != -1 {
            self.put_bytes(&mut build, &breaks.leading);
        }
        if chomping == 1 {
            self.put_bytes(&mut build, &breaks.trailing);
        }
        let style = if literal { Style::Literal } else { Style::Folded };
        Ok(self.scalar(build, style, start, end))
    }

    fn scan_chomping(&mut self, chomping: &mut i8) -> bool {
        *chomping = match self.byte(0) {
            b'+' => 1,
            b'-' => -1,
            _ => return false,
        };
        self.skip();
        true
    }

    fn scan_increment(&mut self, increment: &mut i64, start: Mark) -> Scan<bool> {
        let digit = self.byte(0);
        if !digit.is_ascii_digit() {
            return Ok(false);
        }
        if digit == b'0' {
            return self.problem(start, "found an indentation indicator equal to 0");
        }
        *increment = i64::from(digit - b'0');
        self.skip();
        Ok(true)
    }

    /// Over indentation and empty lines; finds the indentation if it is not known yet (0).
    fn scan_block_breaks(
        &mut self,
        indent: &mut i64,
        breaks: &mut Vec<u8>,
        start: Mark,
        end: &mut Mark,
    ) -> Scan<()> {
        *end = self.mark;
        let mut deepest = 0;
        loop {
            self.need(1)?;
            while (*indent == 0 || i64::from(self.mark.column) < *indent) && self.byte(0) == b' ' {
                self.skip();
                self.need(1)?;
            }
            deepest = deepest.max(i64::from(self.mark.column));
            if (*indent == 0 || i64::from(self.mark.column) < *indent) && self.byte(0) == b'\t' {
                return self.problem(start, "found a tab character where an indentation space is expected");
            }
            if !self.is_break(0) {
                break;
            }
            self.need(2)?;
            self.read_line(breaks);
            *end = self.mark;
        }
        if *indent == 0 {
            *indent = deepest.max(self.indent + 1).max(1);
        }
        Ok(())
    }

    // ---- quoted scalars ----

    pub(crate) fn scan_flow_scalar(&mut self, single: bool) -> Scan<Token> {
        let start = self.mark;
        self.skip();
        let quote = if single { b'\'' } else { b'"' };
        let mut build = Build::new();
        let mut breaks = Breaks::default();
        loop {
            self.need(4)?;
            if self.is_document_indicator() {
                return self.problem(start, "found unexpected document indicator");
            }
            if self.byte(0) == 0 {
                return self.problem(start, "found unexpected end of stream");
            }
            let mut leading_blanks = self.scan_quoted_word(&mut build, single, start)?;
            self.need(1)?;
            if self.byte(0) == quote {
                break;
            }
            let blanks = self.mark.pos;
            let mut blanks_end = blanks;
            while self.is_blank(0) || self.is_break(0) {
                if self.is_blank(0) {
                    self.skip();
                    if !leading_blanks {
                        blanks_end = self.mark.pos;
                    }
                } else {
                    self.need(2)?;
                    if leading_blanks {
                        self.read_line(&mut breaks.trailing);
                    } else {
                        self.read_line(&mut breaks.leading);
                        leading_blanks = true;
                    }
                }
                self.need(1)?;
            }
            if leading_blanks {
                self.put_folded(&mut build, &mut breaks);
            } else {
                self.put_run(&mut build, blanks, blanks_end);
            }
        }
        self.skip();
        let style = if single { Style::SingleQuoted } else { Style::DoubleQuoted };
        Ok(self.scalar(build, style, start, self.mark))
    }

    /// Up to a blank, a break or the closing quote; gives whether it ended with an escaped line break.
    fn scan_quoted_word(&mut self, build: &mut Build, single: bool, start: Mark) -> Scan<bool> {
        loop {
            let run = self.mark.pos;
            self.skip_until(BLANK | if single { SINGLE } else { DOUBLE }, 2)?;
            self.put_run(build, run, self.mark.pos);
            match self.byte(0) {
                b'\'' if single && self.byte(1) == b'\'' => {
                    // The first quote of a pair is a part of the text.
                    let quote = self.mark.pos;
                    self.skip();
                    self.put_run(build, quote, self.mark.pos);
                    self.skip();
                }
                b'\\' if !single && self.is_break(1) => {
                    self.need(3)?;
                    self.skip();
                    self.skip_line();
                    return Ok(true);
                }
                b'\\' if !single => self.scan_escape(build, start)?,
                _ => return Ok(false),
            }
            self.need(2)?;
        }
    }

    fn scan_escape(&mut self, build: &mut Build, start: Mark) -> Scan<()> {
        let (bytes, digits): (&[u8], usize) = match self.byte(1) {
            b'0' => (b"\0", 0),
            b'a' => (b"\x07", 0),
            b'b' => (b"\x08", 0),
            b't' | b'\t' => (b"\t", 0),
            b'n' => (b"\n", 0),
            b'v' => (b"\x0b", 0),
            b'f' => (b"\x0c", 0),
            b'r' => (b"\r", 0),
            b'e' => (b"\x1b", 0),
            b' ' => (b" ", 0),
            b'"' => (b"\"", 0),
            b'\'' => (b"'", 0),
            b'\\' => (b"\\", 0),
            b'N' => ("\u{85}".as_bytes(), 0),
            b'_' => ("\u{a0}".as_bytes(), 0),
            b'L' => ("\u{2028}".as_bytes(), 0),
            b'P' => ("\u{2029}".as_bytes(), 0),
            b'x' => (b"", 2),
            b'u' => (b"", 4),
            b'U' => (b"", 8),
            _ => return self.problem(start, "found unknown escape character"),
        };
        self.skip();
        self.skip();
        self.put_bytes(build, bytes);
        if digits == 0 {
            return Ok(());
        }
        self.need(digits)?;
        let mut value = 0_u32;
        for at in 0..digits {
            let Some(digit) = char::from(self.byte(at)).to_digit(16) else {
                return self.problem(start, "did not find expected hexdecimal number");
            };
            value = value << 4 | digit;
        }
        let Some(character) = char::from_u32(value) else {
            return self.problem(start, "found invalid Unicode character escape code");
        };
        self.put_bytes(build, character.encode_utf8(&mut [0; 4]).as_bytes());
        for _ in 0..digits {
            self.skip();
        }
        Ok(())
    }

    // ---- plain scalars ----

    pub(crate) fn scan_plain_scalar(&mut self) -> Scan<Token> {
        let start = self.mark;
        let mut end = self.mark;
        let indent = self.indent + 1;
        let stop = if self.flow_level > 0 { BLANK | COLON | FLOW } else { BLANK | COLON };
        let mut build = Build::new();
        let mut breaks = Breaks::default();
        let mut leading_blanks = false;
        // Blanks that belong to the text if more of it follows on the line.
        let mut blanks = (0, 0);
        loop {
            self.need(4)?;
            if self.is_document_indicator() || self.byte(0) == b'#' {
                break;
            }
            loop {
                let run = self.mark.pos;
                self.skip_until(stop, 2)?;
                let at_colon = self.byte(0) == b':' && !self.is_blank_or_end(1);
                if at_colon {
                    self.skip();
                    self.need(2)?;
                }
                if self.mark.pos > run {
                    if leading_blanks {
                        self.put_folded(&mut build, &mut breaks);
                        leading_blanks = false;
                    } else {
                        self.put_run(&mut build, blanks.0, blanks.1);
                    }
                    blanks = (0, 0);
                    self.put_run(&mut build, run, self.mark.pos);
                    end = self.mark;
                }
                if !at_colon {
                    break;
                }
            }
            if !(self.is_blank(0) || self.is_break(0)) {
                break;
            }
            self.need(1)?;
            while self.is_blank(0) || self.is_break(0) {
                if self.is_blank(0) {
                    if leading_blanks && i64::from(self.mark.column) < indent && self.byte(0) == b'\t' {
                        return self.problem(start, "found a tab character that violates indentation");
                    }
                    let blank = self.mark.pos;
                    self.skip();
                    if !leading_blanks {
                        blanks = (if blanks.1 == blank { blanks.0 } else { blank }, self.mark.pos);
                    }
                } else {
                    self.need(2)?;
                    if leading_blanks {
                        self.read_line(&mut breaks.trailing);
                    } else {
                        blanks = (0, 0);
                        self.read_line(&mut breaks.leading);
                        leading_blanks = true;
                    }
                }
                self.need(1)?;
            }
            if self.flow_level == 0 && i64::from(self.mark.column) < indent {
                break;
            }
        }
        if leading_blanks {
            self.simple_key_allowed = true;
        }
        Ok(self.scalar(build, Style::Plain, start, end))
    }
}
