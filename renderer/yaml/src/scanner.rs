//! Text to tokens: indentation, simple keys, indicators.
//!
//! The order of all checks is libyaml's, because it decides which mistake is named. What tokens consist of is
//! scanned in `scalar.rs` and `property.rs`.
//!
//! *Source*: go.yaml.in/yaml/v2 v2.4.4 `scannerc.go`.

use std::collections::VecDeque;

use crate::input::{Feed, Input};
use crate::token::{Mark, Problem, ProblemSource, Scan, Slice, Token, TokenKind};

const MAX_DEPTH: usize = 10_000;
const TOO_DEEP: &str = "exceeded max depth of 10000";
/// A `:` further from the start of its key than this does not make it a key.
const SIMPLE_KEY_CHARACTERS: u32 = 1024;

/// Classes of bytes; a byte can be in several.
pub(crate) const BREAK_OR_END: u8 = 1;
pub(crate) const BLANK: u8 = 2;
pub(crate) const FLOW: u8 = 4;
pub(crate) const COLON: u8 = 8;
pub(crate) const SINGLE: u8 = 16;
pub(crate) const DOUBLE: u8 = 32;

pub(crate) static CLASS: [u8; 256] = {
    let mut class = [0; 256];
    class[b'\r' as usize] = BREAK_OR_END;
    class[b'\n' as usize] = BREAK_OR_END;
    class[0] = BREAK_OR_END;
    // First bytes of NEL, LS and PS, and of other characters.
    class[0xc2] = BREAK_OR_END;
    class[0xe2] = BREAK_OR_END;
    class[b' ' as usize] = BLANK;
    class[b'\t' as usize] = BLANK;
    class[b',' as usize] = FLOW;
    class[b'?' as usize] = FLOW;
    class[b'[' as usize] = FLOW;
    class[b']' as usize] = FLOW;
    class[b'{' as usize] = FLOW;
    class[b'}' as usize] = FLOW;
    class[b':' as usize] = COLON;
    class[b'\'' as usize] = SINGLE;
    class[b'"' as usize] = DOUBLE;
    class[b'\\' as usize] = DOUBLE;
    class
};

#[derive(Clone, Copy, Debug, Default)]
struct SimpleKey {
    possible: bool,
    required: bool,
    token_number: u64,
    mark: Mark,
}

pub(crate) struct Scanner<'t> {
    pub(crate) text: &'t [u8],
    /// Text that had to be put together: folded lines, escapes.
    pub(crate) scratch: Vec<u8>,
    feed: Option<Feed>,
    pub(crate) mark: Mark,
    pub(crate) flow_level: usize,
    /// Column of the current block; -1 outside.
    pub(crate) indent: i64,
    pub(crate) simple_key_allowed: bool,
    started: bool,
    indents: Vec<i64>,
    simple_keys: Vec<SimpleKey>,
    /// Token number and place in `simple_keys`, numbers ascending.
    keys_by_token: Vec<(u64, usize)>,
    tokens: VecDeque<Token>,
    tokens_parsed: u64,
    token_available: bool,
    /// Byte ranges of comments, when somebody wants them.
    pub(crate) comments: Option<Vec<(u32, u32)>>,
}

impl<'t> Scanner<'t> {
    pub(crate) fn new(input: &'t Input<'_>) -> Self {
        Self {
            text: &input.text,
            scratch: Vec::new(),
            feed: input.feed.clone(),
            mark: Mark { pos: input.start as u32, ..Mark::default() },
            flow_level: 0,
            indent: -1,
            simple_key_allowed: true,
            started: false,
            indents: Vec::new(),
            simple_keys: vec![SimpleKey::default()],
            keys_by_token: Vec::new(),
            tokens: VecDeque::new(),
            tokens_parsed: 0,
            token_available: false,
            comments: None,
        }
    }

    /// The bytes of a token.
    pub(crate) fn bytes(&self, slice: Slice) -> &[u8] {
        let buffer = if slice.in_scratch { &self.scratch } else { self.text };
        &buffer[slice.start as usize..slice.end as usize]
    }

    /// The next token, which stays in the queue.
    pub(crate) fn peek(&mut self) -> Scan<Token> {
        if !self.token_available {
            self.fetch_more_tokens()?;
        }
        // `fetch_more_tokens` ends with a token in the queue or an error; past the end of the stream nobody peeks.
        Ok(self.tokens.front().copied().unwrap_or(Token::new(TokenKind::StreamEnd, self.mark, self.mark)))
    }

    /// Takes the token that was peeked.
    pub(crate) fn skip_token(&mut self) {
        self.token_available = false;
        self.tokens_parsed += 1;
        self.tokens.pop_front();
    }

    // ---- characters ----

    /// The byte `ahead` of the current one; 0 at the end, which no text contains.
    pub(crate) fn byte(&self, ahead: usize) -> u8 {
        self.text.get(self.mark.pos as usize + ahead).copied().unwrap_or(0)
    }

    /// Makes sure of `count` characters, which is where libyaml notices bad ones.
    pub(crate) fn need(&mut self, count: usize) -> Scan<()> {
        let Some(feed) = &mut self.feed else { return Ok(()) };
        feed.need(self.text, self.mark.pos as usize, count).map_err(|text| {
            let (context, mark) = (Mark::default(), Mark { pos: self.mark.pos, ..Mark::default() });
            Box::new(Problem { text, source: ProblemSource::Reader, context, mark })
        })
    }

    pub(crate) fn is_blank(&self, ahead: usize) -> bool {
        CLASS[usize::from(self.byte(ahead))] & BLANK != 0
    }

    pub(crate) fn is_break(&self, ahead: usize) -> bool {
        self.byte(ahead) != 0 && self.is_break_or_end(ahead)
    }

    pub(crate) fn is_break_or_end(&self, ahead: usize) -> bool {
        let byte = self.byte(ahead);
        if CLASS[usize::from(byte)] & BREAK_OR_END == 0 {
            return false;
        }
        match byte {
            0xc2 => self.byte(ahead + 1) == 0x85,
            0xe2 => self.byte(ahead + 1) == 0x80 && matches!(self.byte(ahead + 2), 0xa8 | 0xa9),
            _ => true,
        }
    }

    pub(crate) fn is_blank_or_end(&self, ahead: usize) -> bool {
        self.is_blank(ahead) || self.is_break_or_end(ahead)
    }

    /// `---` or `...` and then a blank or the end, at the start of a line.
    pub(crate) fn is_document_indicator(&self) -> bool {
        self.mark.column == 0
            && matches!((self.byte(0), self.byte(1), self.byte(2)), (b'-', b'-', b'-') | (b'.', b'.', b'.'))
            && self.is_blank_or_end(3)
    }

    /// One character on.
    pub(crate) fn skip(&mut self) {
        self.mark.pos += width(self.byte(0));
        self.mark.index += 1;
        self.mark.column += 1;
    }

    /// Over the characters up to the next byte of a class in `stop`, or the end of the line.
    ///
    /// `ahead` is how many characters libyaml makes sure of after each one.
    pub(crate) fn skip_until(&mut self, stop: u8, ahead: usize) -> Scan<()> {
        loop {
            if self.feed.is_none() {
                let rest = &self.text[self.mark.pos as usize..];
                let plain = rest
                    .iter()
                    .take_while(|byte| {
                        CLASS[usize::from(**byte)] & (stop | BREAK_OR_END) == 0 && **byte < 0x80
                    })
                    .count() as u32;
                self.mark.pos += plain;
                self.mark.index += plain;
                self.mark.column += plain;
            }
            if CLASS[usize::from(self.byte(0))] & stop != 0 || self.is_break_or_end(0) {
                return Ok(());
            }
            self.skip();
            self.need(ahead)?;
        }
    }

    /// Over a line break, if there is one.
    pub(crate) fn skip_line(&mut self) {
        if self.is_break(0) {
            let (bytes, characters) = match (self.byte(0), self.byte(1)) {
                (b'\r', b'\n') => (2, 2),
                (byte, _) => (width(byte), 1),
            };
            self.mark.pos += bytes;
            self.mark.index += characters;
            self.mark.column = 0;
            self.mark.line += 1;
        }
    }

    /// Over a line break, which is added to `breaks`: as a line feed, but LS and PS as they are.
    pub(crate) fn read_line(&mut self, breaks: &mut Vec<u8>) {
        if self.is_break(0) {
            match self.byte(0) {
                0xe2 => breaks.extend_from_slice(&[0xe2, 0x80, self.byte(2)]),
                _ => breaks.push(b'\n'),
            }
            // libyaml counts one character for CR LF here, and two in `skip_line`.
            let index = self.mark.index + 1;
            self.skip_line();
            self.mark.index = index;
        }
    }

    /// Over blanks and a comment, to the end of the line; gives whether that is where we are.
    pub(crate) fn skip_rest_of_line(&mut self) -> Scan<bool> {
        self.need(1)?;
        while self.is_blank(0) {
            self.skip();
            self.need(1)?;
        }
        self.skip_comment()?;
        if !self.is_break_or_end(0) {
            return Ok(false);
        }
        if self.is_break(0) {
            self.need(2)?;
            self.skip_line();
        }
        Ok(true)
    }

    fn skip_comment(&mut self) -> Scan<()> {
        if self.byte(0) == b'#' {
            let start = self.mark.pos;
            self.skip_until(0, 1)?;
            if let Some(comments) = &mut self.comments {
                comments.push((start, self.mark.pos));
            }
        }
        Ok(())
    }

    pub(crate) fn problem<T>(&self, context: Mark, text: &'static str) -> Scan<T> {
        Err(Box::new(Problem { text, source: ProblemSource::Scanner, context, mark: self.mark }))
    }

    // ---- the queue ----

    fn fetch_more_tokens(&mut self) -> Scan<()> {
        // The head may turn out to be a key, and then other tokens go in front of it.
        while self.tokens.is_empty() || self.head_may_be_key()? {
            self.fetch_next_token()?;
        }
        self.token_available = true;
        Ok(())
    }

    fn head_may_be_key(&mut self) -> Scan<bool> {
        match self.keys_by_token.binary_search_by_key(&self.tokens_parsed, |(number, _)| *number) {
            Ok(found) => self.is_valid_key(self.keys_by_token[found].1),
            Err(_) => Ok(false),
        }
    }

    /// Puts a token in front of token `number`, or at the end when that one is already taken.
    fn insert_token(&mut self, number: u64, token: Token) {
        match number.checked_sub(self.tokens_parsed) {
            Some(at) if at < self.tokens.len() as u64 => self.tokens.insert(at as usize, token),
            _ => self.tokens.push_back(token),
        }
    }

    fn fetch_next_token(&mut self) -> Scan<()> {
        self.need(1)?;
        if !self.started {
            self.started = true;
            self.tokens.push_back(Token::new(TokenKind::StreamStart, self.mark, self.mark));
            return Ok(());
        }
        self.scan_to_next_token()?;
        self.unroll_indent(i64::from(self.mark.column));
        self.need(4)?;
        let byte = self.byte(0);
        if byte == 0 {
            return self.fetch_stream_end();
        }
        if self.mark.column == 0 && byte == b'%' {
            return self.fetch_directive();
        }
        if self.is_document_indicator() {
            let start = byte == b'-';
            return self.fetch_document_indicator(match start {
                true => TokenKind::DocumentStart,
                false => TokenKind::DocumentEnd,
            });
        }
        let in_flow = self.flow_level > 0;
        match byte {
            b'[' => self.fetch_flow_start(TokenKind::FlowSequenceStart),
            b'{' => self.fetch_flow_start(TokenKind::FlowMappingStart),
            b']' => self.fetch_flow_end(TokenKind::FlowSequenceEnd),
            b'}' => self.fetch_flow_end(TokenKind::FlowMappingEnd),
            b',' => self.fetch_flow_entry(),
            b'-' if self.is_blank_or_end(1) => self.fetch_block_entry(),
            b'?' if in_flow || self.is_blank_or_end(1) => self.fetch_key(),
            b':' if in_flow || self.is_blank_or_end(1) => self.fetch_value(),
            b'*' => self.fetch_property(|scanner| scanner.scan_anchor(TokenKind::Alias)),
            b'&' => self.fetch_property(|scanner| scanner.scan_anchor(TokenKind::Anchor)),
            b'!' => self.fetch_property(Self::scan_tag),
            b'|' if !in_flow => self.fetch_block_scalar(true),
            b'>' if !in_flow => self.fetch_block_scalar(false),
            b'\'' => self.fetch_property(|scanner| scanner.scan_flow_scalar(true)),
            b'"' => self.fetch_property(|scanner| scanner.scan_flow_scalar(false)),
            // What is left of `-`, `?` and `:` stands before something that is not blank.
            b'#' | b'|' | b'>' | b'%' | b'@' | b'`' | b'\t' => {
                self.problem(self.mark, "found character that cannot start any token")
            }
            _ => self.fetch_property(Self::scan_plain_scalar),
        }
    }

    fn scan_to_next_token(&mut self) -> Scan<()> {
        loop {
            self.need(1)?;
            if self.mark.column == 0
                && self.feed.as_ref().is_some_and(|feed| feed.starts_with_mark(self.text))
                && self.byte(0) != 0
            {
                self.skip();
            }
            self.need(1)?;
            // A tab is a blank, but not where it would be indentation.
            while self.byte(0) == b' '
                || self.byte(0) == b'\t' && (self.flow_level > 0 || !self.simple_key_allowed)
            {
                self.skip();
                self.need(1)?;
            }
            self.skip_comment()?;
            if !self.is_break(0) {
                return Ok(());
            }
            self.need(2)?;
            self.skip_line();
            if self.flow_level == 0 {
                self.simple_key_allowed = true;
            }
        }
    }

    // ---- simple keys ----

    fn is_valid_key(&mut self, place: usize) -> Scan<bool> {
        let key = self.simple_keys[place];
        if !key.possible {
            return Ok(false);
        }
        if key.mark.line < self.mark.line || key.mark.index + SIMPLE_KEY_CHARACTERS < self.mark.index {
            if key.required {
                return self.problem(key.mark, "could not find expected ':'");
            }
            self.simple_keys[place].possible = false;
            return Ok(false);
        }
        Ok(true)
    }

    /// Notes that a key may start here.
    fn save_simple_key(&mut self) -> Scan<()> {
        if self.simple_key_allowed {
            let key = SimpleKey {
                possible: true,
                required: self.flow_level == 0 && self.indent == i64::from(self.mark.column),
                token_number: self.next_token_number(),
                mark: self.mark,
            };
            self.remove_simple_key()?;
            let place = self.simple_keys.len() - 1;
            self.simple_keys[place] = key;
            // Tokens that are taken are not asked for again.
            if self.keys_by_token.last().is_some_and(|(number, _)| *number < self.tokens_parsed) {
                self.keys_by_token.clear();
            }
            match self.keys_by_token.last_mut() {
                Some(last) if last.0 == key.token_number => last.1 = place,
                _ => self.keys_by_token.push((key.token_number, place)),
            }
        }
        Ok(())
    }

    fn remove_simple_key(&mut self) -> Scan<()> {
        // There is one for the block context that is never popped.
        let place = self.simple_keys.len() - 1;
        let key = self.simple_keys[place];
        if key.possible {
            if key.required {
                return self.problem(key.mark, "could not find expected ':'");
            }
            self.simple_keys[place].possible = false;
            self.forget_key(key.token_number);
        }
        Ok(())
    }

    fn forget_key(&mut self, token_number: u64) {
        if let Ok(found) = self.keys_by_token.binary_search_by_key(&token_number, |(number, _)| *number) {
            self.keys_by_token.remove(found);
        }
    }

    fn next_token_number(&self) -> u64 {
        self.tokens_parsed + self.tokens.len() as u64
    }

    // ---- indentation ----

    /// Opens a block at `column` if it is deeper than the current one; its token goes in front of token `number`.
    fn roll_indent(&mut self, column: u32, number: u64, kind: TokenKind, mark: Mark) -> Scan<()> {
        if self.flow_level > 0 || self.indent >= i64::from(column) {
            return Ok(());
        }
        self.indents.push(self.indent);
        self.indent = i64::from(column);
        if self.indents.len() > MAX_DEPTH {
            let key = self.simple_keys[self.simple_keys.len() - 1];
            return self.problem(key.mark, TOO_DEEP);
        }
        self.insert_token(number, Token::new(kind, mark, mark));
        Ok(())
    }

    /// Closes the blocks that are deeper than `column`.
    fn unroll_indent(&mut self, column: i64) {
        if self.flow_level > 0 {
            return;
        }
        while self.indent > column {
            self.tokens.push_back(Token::new(TokenKind::BlockEnd, self.mark, self.mark));
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    // ---- one function for each kind of token ----

    fn fetch_stream_end(&mut self) -> Scan<()> {
        if self.mark.column != 0 {
            self.mark.column = 0;
            self.mark.line += 1;
        }
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        self.tokens.push_back(Token::new(TokenKind::StreamEnd, self.mark, self.mark));
        Ok(())
    }

    fn fetch_directive(&mut self) -> Scan<()> {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let token = self.scan_directive()?;
        self.tokens.push_back(token);
        Ok(())
    }

    fn fetch_document_indicator(&mut self, kind: TokenKind) -> Scan<()> {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        self.push_indicator(kind, 3);
        Ok(())
    }

    fn push_indicator(&mut self, kind: TokenKind, characters: usize) {
        let start = self.mark;
        for _ in 0..characters {
            self.skip();
        }
        self.tokens.push_back(Token::new(kind, start, self.mark));
    }

    fn fetch_flow_start(&mut self, kind: TokenKind) -> Scan<()> {
        self.save_simple_key()?;
        // Its token number is the bracket's own, so that closing an empty collection forgets the bracket's key too.
        let (token_number, mark) = (self.next_token_number(), self.mark);
        self.simple_keys.push(SimpleKey { possible: false, required: false, token_number, mark });
        self.flow_level += 1;
        if self.flow_level > MAX_DEPTH {
            return self.problem(mark, TOO_DEEP);
        }
        self.simple_key_allowed = true;
        self.push_indicator(kind, 1);
        Ok(())
    }

    fn fetch_flow_end(&mut self, kind: TokenKind) -> Scan<()> {
        self.remove_simple_key()?;
        if self.flow_level > 0 {
            self.flow_level -= 1;
            if let Some(key) = self.simple_keys.pop() {
                self.forget_key(key.token_number);
            }
        }
        self.simple_key_allowed = false;
        self.push_indicator(kind, 1);
        Ok(())
    }

    fn fetch_flow_entry(&mut self) -> Scan<()> {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.push_indicator(TokenKind::FlowEntry, 1);
        Ok(())
    }

    fn fetch_block_entry(&mut self) -> Scan<()> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return self.problem(self.mark, "block sequence entries are not allowed in this context");
            }
            self.roll_indent(self.mark.column, u64::MAX, TokenKind::BlockSequenceStart, self.mark)?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.push_indicator(TokenKind::BlockEntry, 1);
        Ok(())
    }

    fn fetch_key(&mut self) -> Scan<()> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return self.problem(self.mark, "mapping keys are not allowed in this context");
            }
            self.roll_indent(self.mark.column, u64::MAX, TokenKind::BlockMappingStart, self.mark)?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = self.flow_level == 0;
        self.push_indicator(TokenKind::Key, 1);
        Ok(())
    }

    fn fetch_value(&mut self) -> Scan<()> {
        let place = self.simple_keys.len() - 1;
        if self.is_valid_key(place)? {
            let key = self.simple_keys[place];
            self.insert_token(key.token_number, Token::new(TokenKind::Key, key.mark, key.mark));
            let start = TokenKind::BlockMappingStart;
            self.roll_indent(key.mark.column, key.token_number, start, key.mark)?;
            self.simple_keys[place].possible = false;
            self.forget_key(key.token_number);
            self.simple_key_allowed = false;
        } else {
            if self.flow_level == 0 {
                if !self.simple_key_allowed {
                    return self.problem(self.mark, "mapping values are not allowed in this context");
                }
                self.roll_indent(self.mark.column, u64::MAX, TokenKind::BlockMappingStart, self.mark)?;
            }
            self.simple_key_allowed = self.flow_level == 0;
        }
        self.push_indicator(TokenKind::Value, 1);
        Ok(())
    }

    /// Anything that can be a key itself: anchors, aliases, tags, quoted and plain scalars.
    fn fetch_property(&mut self, scan: impl FnOnce(&mut Self) -> Scan<Token>) -> Scan<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let token = scan(self)?;
        self.tokens.push_back(token);
        Ok(())
    }

    fn fetch_block_scalar(&mut self, literal: bool) -> Scan<()> {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        let token = self.scan_block_scalar(literal)?;
        self.tokens.push_back(token);
        Ok(())
    }
}

/// Bytes of the character that starts with `byte`.
pub(crate) fn width(byte: u8) -> u32 {
    match byte {
        0..=0xbf => 1,
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf7 => 4,
        0xf8..=0xff => 1,
    }
}
