//! Puts indicators and scalars into one buffer, with line breaks, indents and folding where go-yaml has them.
//!
//! *Source*: go.yaml.in/yaml/v2 v2.4.4, `emitterc.go`.

use value::{Text, TextBuilder};

use super::analysis::{Style, is_break, is_printable, width};

/// Position and output. What is copied from a text keeps its origin.
pub(crate) struct Emitter {
    pub(crate) out: TextBuilder,
    /// In characters, from 0.
    column: usize,
    /// The indent of the open container; −1 outside of all.
    pub(crate) indent: i32,
    /// The last character was a space or an indicator that needs none behind it.
    whitespace: bool,
    /// Only indentation stands on this line so far, indicators like `-` included.
    pub(crate) indention: bool,
    /// Lines are folded at the first space behind this column.
    best_width: usize,
}

impl Emitter {
    /// `best_width`: lines are folded at the first space behind this column.
    pub(crate) fn new(best_width: usize) -> Self {
        Self { out: TextBuilder::new(), column: 0, indent: -1, whitespace: true, indention: true, best_width }
    }

    /// Goes to the indent of the open container, on a new line unless only indentation stands on this one.
    pub(crate) fn write_indent(&mut self) {
        let indent = self.indent.max(0) as usize;
        if !self.indention || self.column > indent || (self.column == indent && !self.whitespace) {
            self.put_break();
        }
        self.pad(indent);
        self.whitespace = true;
        self.indention = true;
    }

    fn pad(&mut self, to: usize) {
        const SPACES: &[u8; 64] = &[b' '; 64];
        while self.column < to {
            let width = (to - self.column).min(SPACES.len());
            self.out.push_bytes(&SPACES[..width]);
            self.column += width;
        }
    }

    fn put_break(&mut self) {
        self.out.push_bytes(b"\n");
        self.column = 0;
    }

    /// Writes `-`, `?`, `:` and the like: behind a space when it needs one, and then part of the indentation or not.
    pub(crate) fn indicator(&mut self, indicator: &[u8], needs_space: bool, is_indention: bool) {
        if needs_space && !self.whitespace {
            self.put(b" ");
        }
        self.put(indicator);
        self.whitespace = false;
        self.indention &= is_indention;
    }

    fn put(&mut self, ascii: &[u8]) {
        self.out.push_bytes(ascii);
        self.column += ascii.len();
    }

    /// Writes ASCII text as a plain scalar: numbers, `null`, a time.
    pub(crate) fn word(&mut self, word: &[u8]) {
        self.space_before();
        self.put(word);
        self.whitespace = false;
        self.indention = false;
    }

    fn space_before(&mut self) {
        if !self.whitespace {
            self.put(b" ");
        }
    }

    /// Writes a tag such as `!!binary`.
    pub(crate) fn tag(&mut self, tag: &[u8]) {
        self.word(tag);
    }

    /// Writes `text` in `style`, inside the open container; `fold`: long lines may be broken, which no simple key allows.
    pub(crate) fn scalar(&mut self, text: &Text, style: Style, fold: bool) {
        let outer = self.indent;
        self.indent = if outer < 0 { 2 } else { outer + 2 };
        match style {
            Style::Plain => {
                self.space_before();
                self.run_of_lines(text, fold, false);
            }
            Style::SingleQuoted => {
                self.indicator(b"'", true, false);
                self.run_of_lines(text, fold, true);
                self.indicator(b"'", false, false);
            }
            Style::DoubleQuoted => {
                self.indicator(b"\"", true, false);
                self.double_quoted(text, fold);
                self.indicator(b"\"", false, false);
            }
            Style::Literal => self.literal(text.as_bytes(), text),
        }
        if style != Style::Literal {
            self.whitespace = false;
            self.indention = false;
        }
        self.indent = outer;
    }

    /// The characters of a plain or single-quoted scalar.
    fn run_of_lines(&mut self, text: &Text, fold: bool, quoted: bool) {
        let bytes = text.as_bytes();
        // Each character may be a quote, which is written twice.
        let fits = self.column + bytes.len() * (1 + usize::from(quoted)) <= self.best_width;
        let is_plain_run =
            |byte: u8| byte != b' ' && byte != b'\'' && !matches!(byte, b'\r' | b'\n' | 0xc2 | 0xe2);
        let mut after_space = false;
        let mut after_break = false;
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if byte == b' ' {
                let next_is_space = bytes.get(at + 1) == Some(&b' ');
                let inside = !quoted || (at > 0 && at + 1 < bytes.len());
                if fold && !fits && !after_space && self.column > self.best_width && inside && !next_is_space
                {
                    self.write_indent();
                } else {
                    self.copy(text, at, at + 1, 1);
                }
                after_space = true;
                at += 1;
            } else if is_break(bytes, at) {
                if !after_break && byte == b'\n' {
                    self.put_break();
                }
                at += self.copy_break(text, at);
                after_break = true;
            } else {
                if after_break {
                    self.write_indent();
                }
                if quoted && byte == b'\'' {
                    self.put(b"'");
                }
                // As far as nothing can happen; the first byte may be a quote or half of a break's look-alike.
                let mut end = at + width(byte);
                while let Some(&next) = bytes.get(end) {
                    let runs_on = is_plain_run(next) || (next == b' ' && fits);
                    if !runs_on {
                        break;
                    }
                    end += 1;
                }
                self.copy(text, at, end, characters(&bytes[at..end]));
                self.indention = false;
                after_space = false;
                after_break = false;
                at = end;
            }
        }
    }

    fn double_quoted(&mut self, text: &Text, fold: bool) {
        let bytes = text.as_bytes();
        // A byte order mark in front makes go-yaml escape everything behind it.
        let escape_all = bytes.starts_with("\u{feff}".as_bytes());
        let needs_escape = |at: usize| {
            escape_all || matches!(bytes[at], b'"' | b'\\') || !is_printable(bytes, at) || is_break(bytes, at)
        };
        let mut after_space = false;
        let mut at = 0;
        while at < bytes.len() {
            if needs_escape(at) {
                let width = width(bytes[at]).min(bytes.len() - at);
                let start = self.out.len();
                self.escape(&bytes[at..at + width]);
                self.out.derive_from(start, text);
                after_space = false;
                at += width;
            } else if bytes[at] == b' ' {
                if fold && !after_space && self.column > self.best_width && at > 0 && at + 1 < bytes.len() {
                    self.write_indent();
                    if bytes[at + 1] == b' ' {
                        self.put(b"\\");
                    }
                } else {
                    self.copy(text, at, at + 1, 1);
                }
                after_space = true;
                at += 1;
            } else {
                let mut end = at + width(bytes[at]);
                while end < bytes.len() && bytes[end] != b' ' && !needs_escape(end) {
                    end += width(bytes[end]);
                }
                let end = end.min(bytes.len());
                self.copy(text, at, end, characters(&bytes[at..end]));
                after_space = false;
                at = end;
            }
        }
    }

    fn escape(&mut self, character: &[u8]) {
        let lead = u32::from(character[0]);
        let code = match character.len() {
            1 => lead,
            2 => lead & 0x1f,
            3 => lead & 0x0f,
            _ => lead & 0x07,
        };
        let code = character[1..].iter().fold(code, |code, &byte| code << 6 | u32::from(byte & 0x3f));
        let short = match code {
            0 => b'0',
            0x07 => b'a',
            0x08 => b'b',
            0x09 => b't',
            0x0a => b'n',
            0x0b => b'v',
            0x0c => b'f',
            0x0d => b'r',
            0x1b => b'e',
            0x22 => b'"',
            0x5c => b'\\',
            0x85 => b'N',
            0xa0 => b'_',
            0x2028 => b'L',
            0x2029 => b'P',
            _ => {
                let (letter, digits) = match code {
                    0..=0xff => (b'x', 2),
                    0x100..=0xffff => (b'u', 4),
                    0x1_0000.. => (b'U', 8),
                };
                self.put(&[b'\\', letter]);
                for place in (0..digits).rev() {
                    self.put(&[b"0123456789ABCDEF"[(code >> (4 * place) & 15) as usize]]);
                }
                return;
            }
        };
        self.put(&[b'\\', short]);
    }

    fn literal(&mut self, bytes: &[u8], text: &Text) {
        self.indicator(b"|", true, false);
        if let Some(first) = bytes.first()
            && (*first == b' ' || is_break(bytes, 0))
        {
            self.indicator(b"2", false, false);
        }
        if let Some(chomping) = chomping(bytes) {
            self.indicator(chomping, false, false);
        }
        self.put_break();
        self.indention = true;
        self.whitespace = true;
        let mut after_break = true;
        let mut at = 0;
        while at < bytes.len() {
            if is_break(bytes, at) {
                at += self.copy_break(text, at);
                after_break = true;
                continue;
            }
            if after_break {
                self.write_indent();
            }
            let mut end = at + 1;
            while end < bytes.len()
                && !(matches!(bytes[end], b'\n' | b'\r' | 0xc2 | 0xe2) && is_break(bytes, end))
            {
                end += 1;
            }
            self.copy(text, at, end, 0);
            self.indention = false;
            after_break = false;
            // The column is asked for at the next line break at the earliest, and there only whether it is 0.
            self.column += end - at;
            at = end;
        }
    }

    /// Copies a part of a text that is `characters` wide.
    fn copy(&mut self, text: &Text, from: usize, to: usize, characters: usize) {
        self.out.push_slice(text, from..to);
        self.column += characters;
    }

    /// Copies the line break at `at` and gives its length.
    fn copy_break(&mut self, text: &Text, at: usize) -> usize {
        let bytes = text.as_bytes();
        let width = if bytes[at] == b'\n' { 1 } else { width(bytes[at]).min(bytes.len() - at) };
        self.copy(text, at, at + width, 0);
        self.column = 0;
        self.indention = true;
        width
    }
}

fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte & 0xc0 != 0x80).count()
}

/// The indicator that says what becomes of the line breaks at the end of a literal.
fn chomping(bytes: &[u8]) -> Option<&'static [u8]> {
    // Where the character that ends before `end` starts.
    let before = |end: usize| (0..end).rev().find(|&at| bytes[at] & 0xc0 != 0x80);
    let last = before(bytes.len())?;
    if !is_break(bytes, last) {
        return Some(b"-");
    }
    match before(last) {
        Some(previous) if !is_break(bytes, previous) => None,
        _ => Some(b"+"),
    }
}
