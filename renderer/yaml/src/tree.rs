//! Events to a tree of nodes, flat in one vector, with the place of every node.
//!
//! *Source*: go.yaml.in/yaml/v2 v2.4.4 `decode.go`, `parser`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use crate::error::{Error, Stage};
use crate::input::Input;
use crate::parser::{EventKind, Parser};
use crate::token::{Problem, ProblemSource, Slice, Style};

/// A node of a [`Tree`].
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct NodeId(pub(crate) u32);

/// What a node is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum NodeKind {
    /// Text, a number, null.
    Scalar,
    /// A map; its children are keys and values in turn.
    Mapping,
    /// A list.
    Sequence,
    /// A reference to another node.
    Alias,
}

#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) kind: NodeKind,
    /// For scalars: whether it may mean something else than text.
    pub(crate) implicit: bool,
    pub(crate) plain: bool,
    /// For scalars the text, for aliases the name.
    pub(crate) value: Slice,
    /// 0, or one more than a place in [`Tree::tags`].
    tag: u32,
    /// For aliases: the node meant.
    pub(crate) target: NodeId,
    /// One behind the last node of this subtree; the first child is the next node.
    pub(crate) next: u32,
    /// Line of the start, from 0.
    pub(crate) line: u32,
    start: u32,
    end: u32,
}

/// The first document of a text as nodes with places.
///
/// Shape: nodes stand in the order of the text, each followed by its subtree. No depth is bound to the stack.
#[derive(Debug)]
pub struct Tree<'t> {
    text: Cow<'t, [u8]>,
    scratch: Vec<u8>,
    pub(crate) nodes: Vec<Node>,
    tags: Vec<Box<[u8]>>,
    comments: Vec<Range<u32>>,
    /// Aliases, tags, merge keys or keys that are collections occur: decoding can fail.
    pub(crate) is_special: bool,
}

impl<'t> Tree<'t> {
    /// Reads the first document of `text`.
    ///
    /// # Errors
    /// go-yaml's sentence for text that is not YAML and for unknown anchors.
    pub(crate) fn parse(text: &'t [u8]) -> Result<Self, Error> {
        match Self::parse_as_far_as_possible(text, false) {
            (tree, None) => Ok(tree),
            (_, Some(error)) => Err(error),
        }
    }

    /// Reads the first document up to the first mistake. Nodes that were open there end there.
    pub(crate) fn parse_as_far_as_possible(text: &'t [u8], with_comments: bool) -> (Self, Option<Error>) {
        let input = Input::new(text);
        let mut parser = Parser::new(&input);
        if with_comments {
            parser.scanner.comments = Some(Vec::new());
        }
        let mut build = Build::default();
        let error = build.document(&mut parser).err();
        while !build.open.is_empty() {
            build.close(None);
        }
        let scratch = std::mem::take(&mut parser.scanner.scratch);
        let comments = parser.scanner.comments.take().unwrap_or_default();
        drop(parser);
        let tree = Tree {
            text: input.text,
            scratch,
            nodes: build.nodes,
            tags: build.tags,
            comments: comments.into_iter().map(|(start, end)| start..end).collect(),
            is_special: build.is_special,
        };
        (tree, error)
    }

    /// The outermost node; `None` for a text without a document.
    pub fn root(&self) -> Option<NodeId> {
        (!self.nodes.is_empty()).then_some(NodeId(0))
    }

    /// What the node is.
    pub fn kind(&self, id: NodeId) -> NodeKind {
        self.node(id).kind
    }

    /// The bytes from the first to the last character of the node, quotes and brackets included. A block ends with its
    /// last child.
    pub fn range(&self, id: NodeId) -> Range<u32> {
        let node = self.node(id);
        node.start..node.end
    }

    /// The text of a scalar with escapes and folding resolved, the name of an alias; empty for collections.
    pub fn text(&self, id: NodeId) -> &[u8] {
        self.bytes(self.node(id).value)
    }

    /// Whether a scalar is written without quotes, so that it may mean something else than text.
    pub fn is_plain(&self, id: NodeId) -> bool {
        self.node(id).plain
    }

    /// The tag in its long form, if there is one.
    pub fn tag(&self, id: NodeId) -> Option<&[u8]> {
        let tag = self.node(id).tag.checked_sub(1)?;
        self.tags.get(tag as usize).map(|tag| &**tag)
    }

    /// The node that an alias means.
    pub fn target(&self, id: NodeId) -> Option<NodeId> {
        let node = self.node(id);
        (node.kind == NodeKind::Alias).then_some(node.target)
    }

    /// The children of a collection in order; of a mapping, keys and values in turn.
    pub fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let end = self.node(id).next;
        let mut at = id.0 + 1;
        std::iter::from_fn(move || {
            let child = (at < end).then_some(NodeId(at))?;
            at = self.node(child).next;
            Some(child)
        })
    }

    /// The keys and values of a mapping. A key whose value is not there yet is left out.
    pub fn entries(&self, id: NodeId) -> impl Iterator<Item = (NodeId, NodeId)> + '_ {
        let mut children = self.children(id);
        std::iter::from_fn(move || Some((children.next()?, children.next()?)))
    }

    /// The comments in order, `#` included, as far as they were asked for.
    pub fn comments(&self) -> &[Range<u32>] {
        &self.comments
    }

    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    pub(crate) fn bytes(&self, slice: Slice) -> &[u8] {
        let buffer: &[u8] = if slice.in_scratch { &self.scratch } else { &self.text };
        &buffer[slice.start as usize..slice.end as usize]
    }

    /// The two buffers that slices speak of.
    pub(crate) fn buffers(&self) -> (&[u8], &[u8]) {
        (&self.text, &self.scratch)
    }

    /// Whether a key merges its value into the map.
    pub(crate) fn is_merge(&self, id: NodeId) -> bool {
        let node = self.node(id);
        node.kind == NodeKind::Scalar
            && self.bytes(node.value) == b"<<"
            && (node.implicit || self.tag(id) == Some(b"tag:yaml.org,2002:merge"))
    }
}

#[derive(Default)]
struct Build {
    nodes: Vec<Node>,
    tags: Vec<Box<[u8]>>,
    open: Vec<Open>,
    anchors: HashMap<Box<[u8]>, NodeId>,
    is_special: bool,
}

struct Open {
    id: NodeId,
    /// Ends with its last child, not with a bracket.
    block: bool,
    children: u32,
    last_end: u32,
}

impl Build {
    fn document(&mut self, parser: &mut Parser<'_>) -> Result<(), Error> {
        let next = |parser: &mut Parser<'_>| parser.next().map_err(|problem| syntax_error(&problem));
        next(parser)?;
        if !matches!(next(parser)?.kind, EventKind::DocumentStart) {
            return Ok(());
        }
        loop {
            let event = next(parser)?;
            let kind = match event.kind {
                EventKind::Scalar(_) => NodeKind::Scalar,
                EventKind::Alias => NodeKind::Alias,
                EventKind::SequenceStart { .. } => NodeKind::Sequence,
                EventKind::MappingStart { .. } => NodeKind::Mapping,
                EventKind::SequenceEnd | EventKind::MappingEnd => {
                    self.close(Some(event.end.pos));
                    if self.open.is_empty() {
                        break;
                    }
                    continue;
                }
                // The grammar gives one node between a document's start and its end.
                EventKind::StreamStart
                | EventKind::StreamEnd
                | EventKind::DocumentStart
                | EventKind::DocumentEnd => {
                    break;
                }
            };
            let id = NodeId(self.nodes.len() as u32);
            let mut node = Node {
                kind,
                implicit: event.implicit,
                plain: matches!(event.kind, EventKind::Scalar(Style::Plain)),
                value: event.value,
                tag: 0,
                target: id,
                next: id.0 + 1,
                line: event.start.line,
                start: event.start.pos,
                end: event.end.pos,
            };
            if let Some(tag) = event.tag {
                self.tags.push(tag);
                node.tag = self.tags.len() as u32;
                self.is_special = true;
            }
            if let Some(name) = event.anchor {
                let bytes = parser.scanner.bytes(name);
                if kind == NodeKind::Alias {
                    node.value = name;
                    node.target = *self.anchors.get(bytes).ok_or_else(|| {
                        let name = String::from_utf8_lossy(bytes);
                        let problem = format!("unknown anchor '{name}' referenced");
                        Error::new(Stage::Yaml, problem).with_offset(event.start.pos)
                    })?;
                    self.is_special = true;
                } else {
                    self.anchors.insert(bytes.into(), id);
                }
            }
            let is_key = self.open.last().is_some_and(|open| {
                self.nodes[open.id.0 as usize].kind == NodeKind::Mapping && open.children.is_multiple_of(2)
            });
            if is_key && (kind != NodeKind::Scalar || parser.scanner.bytes(node.value) == b"<<") {
                self.is_special = true;
            }
            if let Some(open) = self.open.last_mut() {
                open.children += 1;
                open.last_end = node.end;
            }
            let block = match event.kind {
                EventKind::SequenceStart { block } | EventKind::MappingStart { block } => Some(block),
                _ => None,
            };
            let last_end = node.end;
            self.nodes.push(node);
            match block {
                Some(block) => self.open.push(Open { id, block, children: 0, last_end }),
                None if self.open.is_empty() => break,
                None => {}
            }
        }
        next(parser)?;
        Ok(())
    }

    /// Closes the innermost collection, which a bracket at `end` ends if it is not a block.
    fn close(&mut self, end: Option<u32>) {
        let Some(open) = self.open.pop() else { return };
        let next = self.nodes.len() as u32;
        let node = &mut self.nodes[open.id.0 as usize];
        node.next = next;
        node.end = match end {
            Some(end) if !open.block => end,
            _ => open.last_end,
        };
        let end = node.end;
        if let Some(parent) = self.open.last_mut() {
            parent.last_end = end;
        }
    }
}

/// go-yaml's sentence for a mistake. The line is that of the mistake; parser errors are one short, and a first line
/// is not named, because 0 stands for "not known".
fn syntax_error(problem: &Problem) -> Error {
    let line = match (problem.mark.line, problem.context.line) {
        (0, 0) => None,
        (0, context) => Some(context),
        (line, _) if problem.source == ProblemSource::Scanner => Some(line + 1),
        (line, _) => Some(line),
    };
    Error::new(Stage::Yaml, problem.text).with_line(line).with_offset(problem.mark.pos)
}
