//! The tree of a template file: one flat table of nodes, so that no depth of nesting meets the stack.

use value::Text;

use crate::literal::Number;

/// A node by its number in [`Ast`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct NodeId(pub(crate) u32);

/// A run of [`Ast::children`].
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Nodes {
    pub(crate) start: u32,
    pub(crate) len: u32,
}

/// What a node is. Source: go1.27 `text/template/parse/node.go`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Node {
    Action {
        pipe: NodeId,
    },
    Bool(bool),
    Break,
    /// A term other than a field or a variable, followed by fields, which start at the node's position.
    Chain {
        term: NodeId,
    },
    Command {
        args: Nodes,
    },
    Continue,
    Dot,
    Field,
    Identifier,
    If {
        pipe: NodeId,
        list: NodeId,
        else_list: Option<NodeId>,
    },
    List {
        items: Nodes,
    },
    Nil,
    /// By its place in [`Ast::number`].
    Number(u32),
    Pipe {
        variables: Nodes,
        assigns: bool,
        commands: Nodes,
    },
    Range {
        pipe: NodeId,
        list: NodeId,
        else_list: Option<NodeId>,
    },
    /// By its place in [`Ast::string`].
    String(u32),
    Template {
        /// By its place in [`Ast::string`].
        name: u32,
        pipe: Option<NodeId>,
    },
    Text,
    Variable,
    With {
        pipe: NodeId,
        list: NodeId,
        else_list: Option<NodeId>,
    },
}

/// A node, where Go says it stands, and the bytes it covers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) node: Node,
    /// Go's position, of which error locations are made: that of the second part of a multi-part field, for one.
    pub(crate) pos: u32,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// All nodes of one file.
#[derive(Debug)]
pub(crate) struct Ast {
    pub(crate) text: Text,
    entries: Vec<Entry>,
    children: Vec<NodeId>,
    /// Kept apart, for most nodes have neither and all take the room of the largest.
    strings: Vec<Text>,
    numbers: Vec<Number>,
}

impl Ast {
    pub(crate) fn new(text: Text) -> Self {
        // A guess: an action every eighty bytes, five nodes each.
        let room = text.len() / 16;
        Self {
            text,
            entries: Vec::with_capacity(room),
            children: Vec::with_capacity(room),
            strings: Vec::new(),
            numbers: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, node: Node, pos: u32, start: u32, end: u32) -> NodeId {
        self.entries.push(Entry { node, pos, start, end });
        NodeId(self.entries.len() as u32 - 1)
    }

    pub(crate) fn add_children(&mut self, nodes: impl Iterator<Item = NodeId>) -> Nodes {
        let start = self.children.len() as u32;
        self.children.extend(nodes);
        Nodes { start, len: self.children.len() as u32 - start }
    }

    /// Keeps the text of a [`Node::String`] or the name of a [`Node::Template`].
    pub(crate) fn add_string(&mut self, text: Text) -> u32 {
        self.strings.push(text);
        self.strings.len() as u32 - 1
    }

    pub(crate) fn add_number(&mut self, number: Number) -> Node {
        self.numbers.push(number);
        Node::Number(self.numbers.len() as u32 - 1)
    }

    pub(crate) fn string(&self, index: u32) -> &Text {
        &self.strings[index as usize]
    }

    pub(crate) fn number(&self, index: u32) -> &Number {
        &self.numbers[index as usize]
    }

    pub(crate) fn entry(&self, id: NodeId) -> Entry {
        self.entries[id.0 as usize]
    }

    pub(crate) fn node(&self, id: NodeId) -> Node {
        self.entries[id.0 as usize].node
    }

    pub(crate) fn nodes(&self, nodes: Nodes) -> &[NodeId] {
        &self.children[nodes.start as usize..(nodes.start + nodes.len) as usize]
    }

    /// The bytes that a node covers.
    pub(crate) fn source(&self, id: NodeId) -> &[u8] {
        let entry = self.entry(id);
        &self.text.as_bytes()[entry.start as usize..entry.end as usize]
    }

    /// The text that a node covers, as nobody's own words.
    pub(crate) fn source_text(&self, id: NodeId) -> Text {
        let entry = self.entry(id);
        self.text.slice(entry.start as usize..entry.end as usize).without_origin()
    }

    /// The names of a field, a variable (its own name first) or the fields of a chain.
    pub(crate) fn names(&self, id: NodeId) -> impl Iterator<Item = &[u8]> {
        let entry = self.entry(id);
        let from = match entry.node {
            Node::Chain { .. } => entry.pos + 1,
            Node::Field => entry.start + 1,
            _ => entry.start,
        };
        self.text.as_bytes()[from as usize..entry.end as usize].split(|byte| *byte == b'.')
    }
}
