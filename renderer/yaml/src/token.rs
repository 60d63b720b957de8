//! What the scanner hands to the parser.

/// A place in the text, in all the units that libyaml counts.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Mark {
    /// Byte offset.
    pub(crate) pos: u32,
    /// Characters from the start of the text.
    pub(crate) index: u32,
    /// Line, from 0. NEL, LS and PS end lines too.
    pub(crate) line: u32,
    /// Characters from the start of the line.
    pub(crate) column: u32,
}

/// Bytes of a token: a part of the text, or of the scanner's scratch where they had to be put together.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Slice {
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) in_scratch: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
    Folded,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum TokenKind {
    StreamStart,
    StreamEnd,
    VersionDirective { is_1_1: bool },
    TagDirective,
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias,
    Anchor,
    Tag,
    Scalar(Style),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) start: Mark,
    pub(crate) end: Mark,
    /// Scalar text, anchor name, tag handle.
    pub(crate) value: Slice,
    /// Tag suffix, prefix of a `%TAG` directive.
    pub(crate) suffix: Slice,
}

impl Token {
    pub(crate) fn new(kind: TokenKind, start: Mark, end: Mark) -> Self {
        Self { kind, start, end, value: Slice::default(), suffix: Slice::default() }
    }
}

/// A mistake in the text, before it becomes an [`crate::Error`].
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) text: &'static str,
    pub(crate) source: ProblemSource,
    pub(crate) context: Mark,
    pub(crate) mark: Mark,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ProblemSource {
    Reader,
    Scanner,
    Parser,
}

pub(crate) type Scan<T> = Result<T, Box<Problem>>;
