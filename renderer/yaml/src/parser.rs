//! Tokens to events: the grammar of YAML as a state machine.
//!
//! *Source*: go.yaml.in/yaml/v2 v2.4.4 `parserc.go`.

use crate::input::Input;
use crate::resolve::CORE;
use crate::scanner::Scanner;
use crate::token::{Mark, Problem, ProblemSource, Scan, Slice, Style, Token, TokenKind};

#[derive(Clone, Debug)]
pub(crate) enum EventKind {
    StreamStart,
    StreamEnd,
    DocumentStart,
    DocumentEnd,
    Alias,
    Scalar(Style),
    SequenceStart { block: bool },
    SequenceEnd,
    MappingStart { block: bool },
    MappingEnd,
}

#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) kind: EventKind,
    pub(crate) start: Mark,
    pub(crate) end: Mark,
    /// Name of the anchor, or of the alias.
    pub(crate) anchor: Option<Slice>,
    /// The tag in its long form.
    pub(crate) tag: Option<Box<[u8]>>,
    /// Text of a scalar.
    pub(crate) value: Slice,
    /// Whether a scalar without a tag may mean something else than text.
    pub(crate) implicit: bool,
}

impl Event {
    fn new(kind: EventKind, start: Mark, end: Mark) -> Self {
        Self { kind, start, end, anchor: None, tag: None, value: Slice::default(), implicit: false }
    }

    fn empty_scalar(mark: Mark) -> Self {
        Self { implicit: true, ..Self::new(EventKind::Scalar(Style::Plain), mark, mark) }
    }
}

#[derive(Clone, Copy, Debug)]
enum State {
    StreamStart,
    ImplicitDocumentStart,
    DocumentStart,
    DocumentContent,
    DocumentEnd,
    BlockNode,
    BlockSequenceEntry { first: bool },
    IndentlessSequenceEntry,
    BlockMappingKey { first: bool },
    BlockMappingValue,
    FlowSequenceEntry { first: bool },
    FlowSequenceEntryMappingKey,
    FlowSequenceEntryMappingValue,
    FlowSequenceEntryMappingEnd,
    FlowMappingKey { first: bool },
    FlowMappingValue { empty: bool },
    End,
}

pub(crate) struct Parser<'t> {
    pub(crate) scanner: Scanner<'t>,
    state: State,
    states: Vec<State>,
    /// Where the open collections start.
    marks: Vec<Mark>,
    /// Handles and prefixes of this document's tags.
    tag_directives: Vec<(Vec<u8>, Vec<u8>)>,
}

impl<'t> Parser<'t> {
    pub(crate) fn new(input: &'t Input<'_>) -> Self {
        Self {
            scanner: Scanner::new(input),
            state: State::StreamStart,
            states: Vec::new(),
            marks: Vec::new(),
            tag_directives: Vec::new(),
        }
    }

    /// The next event; behind the end of the stream, the end of the stream again.
    pub(crate) fn next(&mut self) -> Scan<Event> {
        match self.state {
            State::StreamStart => {
                let token = self.scanner.peek()?;
                self.state = State::ImplicitDocumentStart;
                self.scanner.skip_token();
                Ok(Event::new(EventKind::StreamStart, token.start, token.end))
            }
            State::ImplicitDocumentStart => self.document_start(true),
            State::DocumentStart => self.document_start(false),
            State::DocumentContent => self.document_content(),
            State::DocumentEnd => self.document_end(),
            State::BlockNode => self.node(true, false),
            State::BlockSequenceEntry { first } => self.block_sequence_entry(first),
            State::IndentlessSequenceEntry => self.indentless_sequence_entry(),
            State::BlockMappingKey { first } => self.block_mapping_key(first),
            State::BlockMappingValue => self.block_mapping_value(),
            State::FlowSequenceEntry { first } => self.flow_sequence_entry(first),
            State::FlowSequenceEntryMappingKey => self.flow_sequence_entry_mapping_key(),
            State::FlowSequenceEntryMappingValue => self.flow_sequence_entry_mapping_value(),
            State::FlowSequenceEntryMappingEnd => {
                let token = self.scanner.peek()?;
                self.state = State::FlowSequenceEntry { first: false };
                Ok(Event::new(EventKind::MappingEnd, token.start, token.start))
            }
            State::FlowMappingKey { first } => self.flow_mapping_key(first),
            State::FlowMappingValue { empty } => self.flow_mapping_value(empty),
            State::End => Ok(Event::new(EventKind::StreamEnd, self.scanner.mark, self.scanner.mark)),
        }
    }

    /// Takes the peeked token and peeks the one behind it.
    fn advance(&mut self) -> Scan<Token> {
        self.scanner.skip_token();
        self.scanner.peek()
    }

    fn pop_state(&mut self) {
        // Every state that pops was pushed by the state around it; the outermost is the document's end.
        self.state = self.states.pop().unwrap_or(State::End);
    }

    /// Starts a collection on its first token, and gives the token behind it.
    fn enter(&mut self, first: bool) -> Scan<Token> {
        let token = self.scanner.peek()?;
        if !first {
            return Ok(token);
        }
        self.marks.push(token.start);
        self.advance()
    }

    fn leave(&mut self, kind: EventKind, token: Token) -> Event {
        self.pop_state();
        self.marks.pop();
        self.scanner.skip_token();
        Event::new(kind, token.start, token.end)
    }

    fn node_then(&mut self, then: State, block: bool, indentless_sequence: bool) -> Scan<Event> {
        self.states.push(then);
        self.node(block, indentless_sequence)
    }

    fn empty_then(&mut self, then: State, mark: Mark) -> Event {
        self.state = then;
        Event::empty_scalar(mark)
    }

    fn problem<T>(text: &'static str, mark: Mark, context: Mark) -> Scan<T> {
        Err(Box::new(Problem { text, source: ProblemSource::Parser, context, mark }))
    }

    fn problem_in_collection<T>(&mut self, text: &'static str, mark: Mark) -> Scan<T> {
        let context = self.marks.pop().unwrap_or_default();
        Self::problem(text, mark, context)
    }

    // ---- documents ----

    fn document_start(&mut self, implicit: bool) -> Scan<Event> {
        let mut token = self.scanner.peek()?;
        if !implicit {
            while token.kind == TokenKind::DocumentEnd {
                token = self.advance()?;
            }
        }
        let start = token.start;
        match token.kind {
            TokenKind::StreamEnd => {
                self.state = State::End;
                self.scanner.skip_token();
                return Ok(Event::new(EventKind::StreamEnd, token.start, token.end));
            }
            TokenKind::VersionDirective { .. } | TokenKind::TagDirective | TokenKind::DocumentStart => {}
            _ if implicit => {
                self.directives()?;
                self.states.push(State::DocumentEnd);
                self.state = State::BlockNode;
                return Ok(Event::new(EventKind::DocumentStart, token.start, token.end));
            }
            _ => {}
        }
        let token = self.directives()?;
        if token.kind != TokenKind::DocumentStart {
            return Self::problem("did not find expected <document start>", token.start, Mark::default());
        }
        self.states.push(State::DocumentEnd);
        self.state = State::DocumentContent;
        self.scanner.skip_token();
        Ok(Event::new(EventKind::DocumentStart, start, token.end))
    }

    fn document_content(&mut self) -> Scan<Event> {
        let token = self.scanner.peek()?;
        match token.kind {
            TokenKind::VersionDirective { .. }
            | TokenKind::TagDirective
            | TokenKind::DocumentStart
            | TokenKind::DocumentEnd
            | TokenKind::StreamEnd => {
                self.pop_state();
                Ok(Event::empty_scalar(token.start))
            }
            _ => self.node(true, false),
        }
    }

    fn document_end(&mut self) -> Scan<Event> {
        let token = self.scanner.peek()?;
        let mut end = token.start;
        if token.kind == TokenKind::DocumentEnd {
            end = token.end;
            self.scanner.skip_token();
        }
        self.tag_directives.clear();
        self.state = State::DocumentStart;
        Ok(Event::new(EventKind::DocumentEnd, token.start, end))
    }

    /// Takes the directives; gives the token behind them.
    fn directives(&mut self) -> Scan<Token> {
        let mut token = self.scanner.peek()?;
        let mut has_version = false;
        loop {
            match token.kind {
                TokenKind::VersionDirective { is_1_1 } => {
                    if has_version {
                        return Self::problem(
                            "found duplicate %YAML directive",
                            token.start,
                            Mark::default(),
                        );
                    }
                    if !is_1_1 {
                        return Self::problem(
                            "found incompatible YAML document",
                            token.start,
                            Mark::default(),
                        );
                    }
                    has_version = true;
                }
                TokenKind::TagDirective => {
                    let handle = self.scanner.bytes(token.value).to_vec();
                    if self.tag_directives.iter().any(|(known, _)| *known == handle) {
                        return Self::problem("found duplicate %TAG directive", token.start, Mark::default());
                    }
                    let prefix = self.scanner.bytes(token.suffix).to_vec();
                    self.tag_directives.push((handle, prefix));
                }
                _ => break,
            }
            token = self.advance()?;
        }
        Ok(token)
    }

    // ---- nodes ----

    fn node(&mut self, block: bool, indentless_sequence: bool) -> Scan<Event> {
        let mut token = self.scanner.peek()?;
        if token.kind == TokenKind::Alias {
            self.pop_state();
            self.scanner.skip_token();
            let alias = Event::new(EventKind::Alias, token.start, token.end);
            return Ok(Event { anchor: Some(token.value), ..alias });
        }
        let start = token.start;
        let mut end = token.start;
        let mut anchor = None;
        let mut tag_token = None;
        // An anchor and a tag, each once, in any order.
        loop {
            match token.kind {
                TokenKind::Anchor if anchor.is_none() => anchor = Some(token.value),
                TokenKind::Tag if tag_token.is_none() => tag_token = Some(token),
                _ => break,
            }
            end = token.end;
            token = self.advance()?;
        }
        let tag = match tag_token {
            Some(token) => Some(self.long_tag(token, start)?),
            None => None,
        };
        let is_bang = tag.as_deref() == Some(b"!");
        let has_properties = anchor.is_some() || tag.is_some();
        let mut event = Event { anchor, tag, ..Event::new(EventKind::StreamEnd, start, token.end) };
        (event.kind, self.state) = match token.kind {
            TokenKind::BlockEntry if indentless_sequence => {
                (EventKind::SequenceStart { block: true }, State::IndentlessSequenceEntry)
            }
            TokenKind::Scalar(style) => {
                event.implicit = is_bang || event.tag.is_none() && style == Style::Plain;
                event.value = token.value;
                event.kind = EventKind::Scalar(style);
                self.pop_state();
                self.scanner.skip_token();
                return Ok(event);
            }
            TokenKind::FlowSequenceStart => {
                (EventKind::SequenceStart { block: false }, State::FlowSequenceEntry { first: true })
            }
            TokenKind::FlowMappingStart => {
                (EventKind::MappingStart { block: false }, State::FlowMappingKey { first: true })
            }
            TokenKind::BlockSequenceStart if block => {
                (EventKind::SequenceStart { block: true }, State::BlockSequenceEntry { first: true })
            }
            TokenKind::BlockMappingStart if block => {
                (EventKind::MappingStart { block: true }, State::BlockMappingKey { first: true })
            }
            _ if has_properties => {
                event.implicit = event.tag.is_none();
                event.kind = EventKind::Scalar(Style::Plain);
                event.end = end;
                self.pop_state();
                return Ok(event);
            }
            _ => return Self::problem("did not find expected node content", token.start, start),
        };
        Ok(event)
    }

    fn long_tag(&self, token: Token, start: Mark) -> Scan<Box<[u8]>> {
        let (handle, suffix) = (self.scanner.bytes(token.value), self.scanner.bytes(token.suffix));
        let prefix = match self.tag_directives.iter().find(|(known, _)| known == handle) {
            Some((_, prefix)) => prefix.as_slice(),
            None => match handle {
                b"" => &b""[..],
                b"!" => b"!",
                b"!!" => CORE,
                _ => return Self::problem("found undefined tag handle", token.start, start),
            },
        };
        Ok([prefix, suffix].concat().into())
    }

    // ---- block collections ----

    fn block_sequence_entry(&mut self, first: bool) -> Scan<Event> {
        let token = self.enter(first)?;
        match token.kind {
            TokenKind::BlockEntry => {
                let then = State::BlockSequenceEntry { first: false };
                match self.advance()?.kind {
                    TokenKind::BlockEntry | TokenKind::BlockEnd => Ok(self.empty_then(then, token.end)),
                    _ => self.node_then(then, true, false),
                }
            }
            TokenKind::BlockEnd => Ok(self.leave(EventKind::SequenceEnd, token)),
            _ => self.problem_in_collection("did not find expected '-' indicator", token.start),
        }
    }

    fn indentless_sequence_entry(&mut self) -> Scan<Event> {
        let token = self.scanner.peek()?;
        if token.kind == TokenKind::BlockEntry {
            return match self.advance()?.kind {
                TokenKind::BlockEntry | TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => {
                    Ok(self.empty_then(State::IndentlessSequenceEntry, token.end))
                }
                _ => self.node_then(State::IndentlessSequenceEntry, true, false),
            };
        }
        self.pop_state();
        Ok(Event::new(EventKind::SequenceEnd, token.start, token.start))
    }

    fn block_mapping_key(&mut self, first: bool) -> Scan<Event> {
        let token = self.enter(first)?;
        match token.kind {
            TokenKind::Key => match self.advance()?.kind {
                TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => {
                    Ok(self.empty_then(State::BlockMappingValue, token.end))
                }
                _ => self.node_then(State::BlockMappingValue, true, true),
            },
            TokenKind::BlockEnd => Ok(self.leave(EventKind::MappingEnd, token)),
            _ => self.problem_in_collection("did not find expected key", token.start),
        }
    }

    fn block_mapping_value(&mut self) -> Scan<Event> {
        let token = self.scanner.peek()?;
        let then = State::BlockMappingKey { first: false };
        if token.kind != TokenKind::Value {
            return Ok(self.empty_then(then, token.start));
        }
        match self.advance()?.kind {
            TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => Ok(self.empty_then(then, token.end)),
            _ => self.node_then(then, true, true),
        }
    }

    // ---- flow collections ----

    fn flow_sequence_entry(&mut self, first: bool) -> Scan<Event> {
        let mut token = self.enter(first)?;
        if token.kind != TokenKind::FlowSequenceEnd {
            if !first {
                if token.kind != TokenKind::FlowEntry {
                    return self.problem_in_collection("did not find expected ',' or ']'", token.start);
                }
                token = self.advance()?;
            }
            if token.kind == TokenKind::Key {
                self.state = State::FlowSequenceEntryMappingKey;
                self.scanner.skip_token();
                let start = EventKind::MappingStart { block: false };
                return Ok(Event::new(start, token.start, token.end));
            }
            if token.kind != TokenKind::FlowSequenceEnd {
                return self.node_then(State::FlowSequenceEntry { first: false }, false, false);
            }
        }
        Ok(self.leave(EventKind::SequenceEnd, token))
    }

    fn flow_sequence_entry_mapping_key(&mut self) -> Scan<Event> {
        let token = self.scanner.peek()?;
        match token.kind {
            TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowSequenceEnd => {
                // libyaml takes the token here, whatever it is.
                self.scanner.skip_token();
                Ok(self.empty_then(State::FlowSequenceEntryMappingValue, token.end))
            }
            _ => self.node_then(State::FlowSequenceEntryMappingValue, false, false),
        }
    }

    fn flow_sequence_entry_mapping_value(&mut self) -> Scan<Event> {
        let token = self.scanner.peek()?;
        let then = State::FlowSequenceEntryMappingEnd;
        if token.kind == TokenKind::Value {
            match self.advance()?.kind {
                TokenKind::FlowEntry | TokenKind::FlowSequenceEnd => {}
                _ => return self.node_then(then, false, false),
            }
        }
        Ok(self.empty_then(then, token.start))
    }

    fn flow_mapping_key(&mut self, first: bool) -> Scan<Event> {
        let mut token = self.enter(first)?;
        if token.kind != TokenKind::FlowMappingEnd {
            if !first {
                if token.kind != TokenKind::FlowEntry {
                    return self.problem_in_collection("did not find expected ',' or '}'", token.start);
                }
                token = self.advance()?;
            }
            if token.kind == TokenKind::Key {
                token = self.advance()?;
                let then = State::FlowMappingValue { empty: false };
                return match token.kind {
                    TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowMappingEnd => {
                        Ok(self.empty_then(then, token.start))
                    }
                    _ => self.node_then(then, false, false),
                };
            }
            if token.kind != TokenKind::FlowMappingEnd {
                return self.node_then(State::FlowMappingValue { empty: true }, false, false);
            }
        }
        Ok(self.leave(EventKind::MappingEnd, token))
    }

    fn flow_mapping_value(&mut self, empty: bool) -> Scan<Event> {
        let mut token = self.scanner.peek()?;
        let then = State::FlowMappingKey { first: false };
        if !empty && token.kind == TokenKind::Value {
            token = self.advance()?;
            match token.kind {
                TokenKind::FlowEntry | TokenKind::FlowMappingEnd => {}
                _ => return self.node_then(then, false, false),
            }
        }
        Ok(self.empty_then(then, token.start))
    }
}
