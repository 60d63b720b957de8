//! Directives, anchors, aliases and tags.
//!
//! *Source*: go.yaml.in/yaml/v2 v2.4.4 `scannerc.go`, from `yaml_parser_scan_directive` to `yaml_parser_scan_uri_escapes`.

use crate::scanner::Scanner;
use crate::token::{Mark, Scan, Slice, Token, TokenKind};

impl Scanner<'_> {
    pub(crate) fn scan_directive(&mut self) -> Scan<Token> {
        let start = self.mark;
        self.skip();
        let name = self.scan_directive_name(start)?;
        let token = match self.bytes(name) {
            b"YAML" => {
                let is_1_1 = self.scan_version(start)? == (1, 1);
                Token::new(TokenKind::VersionDirective { is_1_1 }, start, self.mark)
            }
            b"TAG" => {
                let (value, suffix) = self.scan_tag_directive(start)?;
                Token { value, suffix, ..Token::new(TokenKind::TagDirective, start, self.mark) }
            }
            _ => return self.problem(start, "found unknown directive name"),
        };
        if !self.skip_rest_of_line()? {
            return self.problem(start, "did not find expected comment or line break");
        }
        Ok(token)
    }

    fn scan_word(&mut self) -> Scan<Slice> {
        self.need(1)?;
        let start = self.mark.pos;
        while is_alpha(self.byte(0)) {
            self.skip();
            self.need(1)?;
        }
        Ok(Slice { start, end: self.mark.pos, in_scratch: false })
    }

    fn scan_directive_name(&mut self, start: Mark) -> Scan<Slice> {
        let name = self.scan_word()?;
        if name.start == name.end {
            return self.problem(start, "could not find expected directive name");
        }
        if !self.is_blank_or_end(0) {
            return self.problem(start, "found unexpected non-alphabetical character");
        }
        Ok(name)
    }

    fn skip_blanks(&mut self) -> Scan<()> {
        self.need(1)?;
        while self.is_blank(0) {
            self.skip();
            self.need(1)?;
        }
        Ok(())
    }

    fn scan_version(&mut self, start: Mark) -> Scan<(u8, u8)> {
        self.skip_blanks()?;
        let major = self.scan_version_number(start)?;
        if self.byte(0) != b'.' {
            return self.problem(start, "did not find expected digit or '.' character");
        }
        self.skip();
        Ok((major, self.scan_version_number(start)?))
    }

    fn scan_version_number(&mut self, start: Mark) -> Scan<u8> {
        self.need(1)?;
        let mut value = 0;
        let mut length = 0;
        while self.byte(0).is_ascii_digit() {
            length += 1;
            if length > 2 {
                return self.problem(start, "found extremely long version number");
            }
            value = value * 10 + (self.byte(0) - b'0');
            self.skip();
            self.need(1)?;
        }
        if length == 0 {
            return self.problem(start, "did not find expected version number");
        }
        Ok(value)
    }

    fn scan_tag_directive(&mut self, start: Mark) -> Scan<(Slice, Slice)> {
        self.skip_blanks()?;
        let handle = self.scan_tag_handle(true, start)?;
        self.need(1)?;
        if !self.is_blank(0) {
            return self.problem(start, "did not find expected whitespace");
        }
        self.skip_blanks()?;
        let prefix = self.scan_tag_uri(None, start)?;
        self.need(1)?;
        if !self.is_blank_or_end(0) {
            return self.problem(start, "did not find expected whitespace or line break");
        }
        Ok((handle, prefix))
    }

    pub(crate) fn scan_anchor(&mut self, kind: TokenKind) -> Scan<Token> {
        let start = self.mark;
        self.skip();
        let value = self.scan_word()?;
        let ends = self.is_blank_or_end(0)
            || matches!(self.byte(0), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
        if value.start == value.end || !ends {
            return self.problem(start, "did not find expected alphabetic or numeric character");
        }
        Ok(Token { value, ..Token::new(kind, start, self.mark) })
    }

    pub(crate) fn scan_tag(&mut self) -> Scan<Token> {
        let start = self.mark;
        self.need(2)?;
        let (value, suffix);
        if self.byte(1) == b'<' {
            self.skip();
            self.skip();
            value = Slice::default();
            suffix = self.scan_tag_uri(None, start)?;
            if self.byte(0) != b'>' {
                return self.problem(start, "did not find the expected '>'");
            }
            self.skip();
        } else {
            let handle = self.scan_tag_handle(false, start)?;
            if handle.end - handle.start > 1 && self.bytes(handle).ends_with(b"!") {
                value = handle;
                suffix = self.scan_tag_uri(None, start)?;
            } else {
                // It was not a handle but the start of the tag itself.
                let rest = self.scan_tag_uri(Some(handle), start)?;
                let mark = Slice { end: handle.start + 1, ..handle };
                (value, suffix) =
                    if rest.start == rest.end { (Slice::default(), mark) } else { (mark, rest) };
            }
        }
        self.need(1)?;
        if !self.is_blank_or_end(0) {
            return self.problem(start, "did not find expected whitespace or line break");
        }
        Ok(Token { value, suffix, ..Token::new(TokenKind::Tag, start, self.mark) })
    }

    fn scan_tag_handle(&mut self, directive: bool, start: Mark) -> Scan<Slice> {
        self.need(1)?;
        if self.byte(0) != b'!' {
            return self.problem(start, "did not find expected '!'");
        }
        let from = self.mark.pos;
        self.skip();
        let word = self.scan_word()?;
        if self.byte(0) == b'!' {
            self.skip();
        } else if directive && word.start != word.end {
            return self.problem(start, "did not find expected '!'");
        }
        Ok(Slice { start: from, end: self.mark.pos, in_scratch: false })
    }

    /// The rest of a tag behind `head`, of which the `!` does not count.
    fn scan_tag_uri(&mut self, head: Option<Slice>, start: Mark) -> Scan<Slice> {
        let mut has_tag = head.is_some();
        let from = self.scratch.len() as u32;
        if let Some(head) = head {
            self.scratch.extend_from_slice(&self.text[head.start as usize + 1..head.end as usize]);
        }
        self.need(1)?;
        while is_uri(self.byte(0)) {
            if self.byte(0) == b'%' {
                self.scan_uri_escapes(start)?;
            } else {
                self.scratch.push(self.byte(0));
                self.skip();
            }
            self.need(1)?;
            has_tag = true;
        }
        if !has_tag {
            return self.problem(start, "did not find expected tag URI");
        }
        Ok(Slice { start: from, end: self.scratch.len() as u32, in_scratch: true })
    }

    /// One character written as `%XX` octets.
    fn scan_uri_escapes(&mut self, start: Mark) -> Scan<()> {
        let mut left = None;
        while left != Some(0) {
            self.need(3)?;
            let digits = (char::from(self.byte(1)).to_digit(16), char::from(self.byte(2)).to_digit(16));
            let (b'%', (Some(high), Some(low))) = (self.byte(0), digits) else {
                return self.problem(start, "did not find URI escaped octet");
            };
            let octet = (high << 4 | low) as u8;
            let width = match left {
                Some(left) if octet & 0xc0 == 0x80 => left,
                Some(_) => return self.problem(start, "found an incorrect trailing UTF-8 octet"),
                None => match octet {
                    0..=0x7f => 1,
                    0xc0..=0xdf => 2,
                    0xe0..=0xef => 3,
                    0xf0..=0xf7 => 4,
                    _ => return self.problem(start, "found an incorrect leading UTF-8 octet"),
                },
            };
            self.scratch.push(octet);
            for _ in 0..3 {
                self.skip();
            }
            left = Some(width - 1);
        }
        Ok(())
    }
}

fn is_alpha(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

fn is_uri(byte: u8) -> bool {
    is_alpha(byte)
        || matches!(
            byte,
            b';' | b'/'
                | b'?'
                | b':'
                | b'@'
                | b'&'
                | b'='
                | b'+'
                | b'$'
                | b','
                | b'.'
                | b'!'
                | b'~'
                | b'*'
                | b'\''
                | b'('
                | b')'
                | b'['
                | b']'
                | b'%'
        )
}
