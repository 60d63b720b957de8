//! Tokens to trees. Recovers at `}}`, so that an editor sees all errors of a file; the first one is Go's own.
//!
//! Source: go1.27 `text/template/parse/parse.go`, with its look-ahead of three tokens: the line of an error is that of the
//! token lexed last. Blocks and parentheses are kept on stacks of our own, so no depth of nesting meets the stack.

mod pipeline;

use source::{SourceId, Span};
use value::Text;

use crate::ast::{Ast, Node, NodeId, Nodes};
use crate::builtin::Builtin;
use crate::error::ParseError;
use crate::func::FuncMap;
use crate::lexer::Lexer;
use crate::literal::{quoted, unquote};
use crate::token::{Token, TokenKind};
use pipeline::Names;

/// More errors than this help nobody.
const MAX_ERRORS: usize = 100;

/// What the parser made of a file.
pub(crate) struct Parsed {
    pub(crate) ast: Ast,
    /// The templates in the order in which they are complete; names are unique.
    pub(crate) trees: Vec<Tree>,
    /// The first is the one at which Go stops.
    pub(crate) errors: Vec<ParseError>,
}

/// One template of a file: the file itself, a `define` or a `block`.
pub(crate) struct Tree {
    pub(crate) name: Text,
    pub(crate) root: NodeId,
    /// Nothing but white space and comments: such a tree never replaces another.
    pub(crate) blank: bool,
    pub(crate) span: Span,
}

/// The action at hand cannot be read on; its error has been noted.
struct Stop;

/// A list of statements that is still open.
struct Block {
    kind: BlockKind,
    /// The action that opened it.
    open: Token,
    /// Where its statements start in `Parser::statements`.
    mark: usize,
    /// The list before `else`.
    then: Option<NodeId>,
    /// Whether it stands in an `else if` or `else with`, whose `end` closes the outer block too.
    chained: bool,
    names_len: usize,
}

enum BlockKind {
    /// `{{block}}`: a template of its own that is called where it stands.
    Block {
        name: Text,
        name_start: u32,
        pipe: Option<NodeId>,
        outer: Outer,
        line: u32,
    },
    Define {
        name: Text,
        outer: Outer,
    },
    If {
        pipe: Option<NodeId>,
    },
    Range {
        pipe: Option<NodeId>,
    },
    Top,
    With {
        pipe: Option<NodeId>,
    },
}

/// What a nested template does not see of the one around it.
struct Outer {
    names: Names,
    range_depth: u32,
    action_start: Option<u32>,
}

/// Parses `text`. Never fails: what cannot be read is in [`Parsed::errors`], and the trees hold the rest.
pub(crate) fn parse(name: &Text, source: SourceId, text: &Text, funcs: &FuncMap) -> Parsed {
    let bytes = text.as_bytes();
    let start = Token { kind: TokenKind::Eof, start: 0, end: 0 };
    let lexer = Lexer::new(bytes, funcs.get("break").is_none(), funcs.get("continue").is_none());
    let mut parser = Parser {
        lexer,
        bytes,
        name,
        source,
        funcs,
        ast: Ast::new(text.clone()),
        tokens: [start; 3],
        peeked: 0,
        names: Names::default(),
        action_start: None,
        range_depth: 0,
        statements: Vec::new(),
        operands: Vec::new(),
        blocks: Vec::new(),
        trees: Vec::new(),
        errors: Vec::new(),
    };
    parser.file();
    Parsed { ast: parser.ast, trees: parser.trees, errors: parser.errors }
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    bytes: &'a [u8],
    name: &'a Text,
    source: SourceId,
    funcs: &'a FuncMap,
    ast: Ast,
    tokens: [Token; 3],
    peeked: usize,
    names: Names,
    /// The left delimiter of the action at hand, as far as Go remembers it.
    action_start: Option<u32>,
    range_depth: u32,
    statements: Vec<NodeId>,
    operands: Vec<NodeId>,
    blocks: Vec<Block>,
    trees: Vec<Tree>,
    errors: Vec<ParseError>,
}

impl Parser<'_> {
    fn file(&mut self) {
        self.blocks.push(self.block(BlockKind::Top, self.tokens[0]));
        loop {
            match self.statement() {
                Ok(true) => {}
                Ok(false) => break,
                Err(Stop) => {
                    if self.errors.len() >= MAX_ERRORS || self.tokens[0].kind == TokenKind::Eof {
                        break;
                    }
                    self.peeked = 0;
                    self.action_start = None;
                    self.operands.clear();
                    self.lexer.leave_action();
                }
            }
        }
        // Blocks that are still open have been complained about; what they hold is not lost for an outline.
        while self.blocks.len() > 1 {
            self.close();
        }
        let root = self.finish_list(0);
        self.add_tree(
            self.name.clone(),
            root,
            Token { start: 0, end: self.bytes.len() as u32, ..self.tokens[0] },
        );
    }

    // Tokens

    fn next(&mut self) -> Token {
        if self.peeked > 0 {
            self.peeked -= 1;
        } else {
            self.tokens[0] = self.lexer.token();
        }
        self.tokens[self.peeked]
    }

    fn backup(&mut self) {
        self.peeked += 1;
    }

    /// Backs up over `token` and the one behind it, which is in its place already.
    fn backup2(&mut self, token: Token) {
        self.tokens[1] = token;
        self.peeked = 2;
    }

    fn backup3(&mut self, before: Token, token: Token) {
        self.tokens[1] = token;
        self.tokens[2] = before;
        self.peeked = 3;
    }

    fn peek(&mut self) -> Token {
        if self.peeked == 0 {
            self.peeked = 1;
            self.tokens[0] = self.lexer.token();
        }
        self.tokens[self.peeked - 1]
    }

    fn next_non_space(&mut self) -> Token {
        loop {
            let token = self.next();
            if token.kind != TokenKind::Space {
                return token;
            }
        }
    }

    fn peek_non_space(&mut self) -> Token {
        let token = self.next_non_space();
        self.backup();
        token
    }

    fn bytes_of(&self, token: Token) -> &[u8] {
        &self.bytes[token.start as usize..token.end as usize]
    }

    /// The token as Go prints it in errors.
    fn printed(&self, token: Token) -> String {
        let bytes = self.bytes_of(token);
        match token.kind {
            TokenKind::Eof => "EOF".into(),
            TokenKind::Error => self.lexer.error().into(),
            kind if kind.is_keyword() => format!("<{}>", String::from_utf8_lossy(bytes)),
            _ if bytes.len() > 10 => {
                let mut end = 0;
                for _ in 0..10 {
                    end += crate::unicode::decode(&bytes[end..]).1;
                }
                format!("{}...", quoted(&bytes[..end]))
            }
            _ => quoted(bytes),
        }
    }

    // Errors

    fn line(&self, offset: u32) -> u32 {
        1 + self.bytes[..offset as usize].iter().filter(|byte| **byte == b'\n').count() as u32
    }

    fn note(&mut self, at: Token, message: impl Into<String>) {
        if self.errors.len() < MAX_ERRORS {
            let span = Span::new(self.source, at.start, at.end);
            let line = self.line(self.tokens[0].start);
            self.errors.push(ParseError { name: self.name.clone(), line, message: message.into(), span });
        }
    }

    fn fail<T>(&mut self, at: Token, message: impl Into<String>) -> Result<T, Stop> {
        self.note(at, message);
        Err(Stop)
    }

    fn unexpected<T>(&mut self, token: Token, context: &str) -> Result<T, Stop> {
        let printed = self.printed(token);
        if token.kind != TokenKind::Error {
            return self.fail(token, format!("unexpected {printed} in {context}"));
        }
        let mut message = printed;
        if let Some(start) = self.action_start {
            let line = self.line(start);
            if line != self.line(token.start) {
                let name = self.name.to_string_lossy();
                // Go avoids "action in action".
                let what = if message.ends_with(" action") { "" } else { " in action" };
                message = format!("{message}{what} started at {name}:{line}");
            }
        }
        self.fail(token, message)
    }

    fn expect(&mut self, kind: TokenKind, context: &str) -> Result<Token, Stop> {
        let token = self.next_non_space();
        if token.kind == kind { Ok(token) } else { self.unexpected(token, context) }
    }

    // Statements

    fn block(&self, kind: BlockKind, open: Token) -> Block {
        let (mark, names_len) = (self.statements.len(), self.names.len());
        Block { kind, open, mark, then: None, chained: false, names_len }
    }

    fn is_top(&self) -> bool {
        self.blocks.len() == 1
    }

    /// Reads one statement; `false` at the end of the file.
    fn statement(&mut self) -> Result<bool, Stop> {
        if self.is_top() {
            match self.peek().kind {
                TokenKind::Eof => return Ok(false),
                TokenKind::LeftDelim => {
                    let delim = self.next();
                    if self.next_non_space().kind == TokenKind::Define {
                        self.define(delim)?;
                        return Ok(true);
                    }
                    self.backup2(delim);
                }
                _ => {}
            }
        } else if self.peek_non_space().kind == TokenKind::Eof {
            let open = self.blocks.last().map_or(self.tokens[0], |block| block.open);
            return self.fail(open, "unexpected EOF");
        }
        let token = self.next_non_space();
        match token.kind {
            TokenKind::Text => {
                let node = self.ast.add(Node::Text, token.start, token.start, token.end);
                self.statements.push(node);
            }
            TokenKind::LeftDelim => {
                self.action_start = Some(token.start);
                self.action(token)?;
            }
            _ => return self.unexpected(token, "input"),
        }
        Ok(true)
    }

    fn action(&mut self, delim: Token) -> Result<(), Stop> {
        let token = self.next_non_space();
        match token.kind {
            TokenKind::Block => return self.block_control(delim),
            TokenKind::Break | TokenKind::Continue => self.loop_control(delim, token)?,
            TokenKind::Else => return self.else_control(token),
            TokenKind::End => return self.end_control(token),
            TokenKind::If | TokenKind::Range | TokenKind::With => {
                return self.control(delim, token.kind, false);
            }
            TokenKind::Template => self.template_control(delim)?,
            _ => {
                self.backup();
                let start = self.peek().start;
                let (pipe, end) = self.pipeline("command", delim)?;
                self.push_statement(Node::Action { pipe }, start, delim.start, end);
            }
        }
        self.action_start = None;
        Ok(())
    }

    fn push_statement(&mut self, node: Node, pos: u32, start: u32, end: u32) {
        let id = self.ast.add(node, pos, start, end);
        self.statements.push(id);
    }

    fn loop_control(&mut self, delim: Token, keyword: Token) -> Result<(), Stop> {
        let (node, name) = match keyword.kind {
            TokenKind::Break => (Node::Break, "{{break}}"),
            _ => (Node::Continue, "{{continue}}"),
        };
        let end = self.expect(TokenKind::RightDelim, name)?;
        if self.range_depth == 0 {
            self.note(keyword, format!("{name} outside {{{{range}}}}"));
        } else {
            self.push_statement(node, keyword.start, delim.start, end.end);
        }
        Ok(())
    }

    fn control(&mut self, delim: Token, keyword: TokenKind, chained: bool) -> Result<(), Stop> {
        let names_len = self.names.len();
        let context = match keyword {
            TokenKind::If => "if",
            TokenKind::Range => "range",
            _ => "with",
        };
        let read = self.pipeline(context, delim);
        let pipe = read.as_ref().ok().map(|(pipe, _)| *pipe);
        let open = Token { end: read.as_ref().map_or(delim.end, |(_, end)| *end), ..delim };
        let kind = match keyword {
            TokenKind::If => BlockKind::If { pipe },
            TokenKind::Range => BlockKind::Range { pipe },
            _ => BlockKind::With { pipe },
        };
        self.range_depth += u32::from(keyword == TokenKind::Range);
        // The block is open even where its pipeline cannot be read: its `end` will come.
        let block = self.block(kind, open);
        self.blocks.push(Block { chained, names_len, ..block });
        read.map(|_| ())
    }

    fn else_control(&mut self, keyword: Token) -> Result<(), Stop> {
        let next = self.peek_non_space();
        let goes_on = matches!(next.kind, TokenKind::If | TokenKind::With);
        let end = if goes_on { next } else { self.expect(TokenKind::RightDelim, "else")? };
        self.action_start = None;
        // There is always the block of the file.
        let Some(block) = self.blocks.last_mut() else { return Ok(()) };
        let whole = Token { end: end.end, ..keyword };
        let message = match block.kind {
            BlockKind::Top => "unexpected {{else}}",
            BlockKind::Define { .. } => "unexpected {{else}} in define clause",
            BlockKind::Block { .. } => "unexpected {{else}} in block clause",
            _ if block.then.is_some() => "expected end; found {{else}}",
            _ => "",
        };
        if !message.is_empty() {
            let line = match block.kind {
                // Go speaks of the tree around the block, which has not read on since.
                BlockKind::Block { line, .. } => Some(line),
                _ => None,
            };
            self.note(whole, message);
            if let (Some(line), Some(error)) = (line, self.errors.last_mut()) {
                error.line = line;
            }
            return Err(Stop);
        }
        let chains = match block.kind {
            BlockKind::If { .. } => next.kind == TokenKind::If,
            BlockKind::With { .. } => next.kind == TokenKind::With,
            BlockKind::Range { .. } => {
                self.range_depth -= 1;
                false
            }
            _ => false,
        };
        let mark = block.mark;
        let then = self.finish_list(mark);
        if let Some(block) = self.blocks.last_mut() {
            block.then = Some(then);
        }
        if goes_on && chains {
            self.next();
            return self.control(keyword, next.kind, true);
        }
        Ok(())
    }

    fn end_control(&mut self, keyword: Token) -> Result<(), Stop> {
        let end = self.expect(TokenKind::RightDelim, "end")?;
        self.action_start = None;
        if self.is_top() {
            return self.fail(Token { end: end.end, ..keyword }, "unexpected {{end}}");
        }
        while self.close() {}
        self.action_start = None;
        Ok(())
    }

    /// Closes the innermost block; gives `true` when the one around it ends with it.
    fn close(&mut self) -> bool {
        let Some(block) = self.blocks.pop() else { return false };
        // Before the names around a `define` come back, of which none ends with it.
        self.names.truncate(block.names_len);
        let list = self.finish_list(block.mark);
        let (list, else_list) = match block.then {
            Some(then) => (then, Some(list)),
            None => (list, None),
        };
        let end = self.tokens[0].end;
        let (start, opened) = (block.open.start, block.then.is_none());
        // Before a nested template gives back the names of the one around it.
        self.names.truncate(block.names_len);
        let statement = match block.kind {
            BlockKind::Top => None,
            BlockKind::Define { name, outer } => {
                self.add_tree(name, list, Token { end, ..block.open });
                self.restore(outer);
                None
            }
            BlockKind::Block { name, name_start, pipe, outer, .. } => {
                self.add_tree(name.clone(), list, Token { end, ..block.open });
                self.restore(outer);
                let name = self.ast.add_string(name);
                Some((Node::Template { name, pipe }, name_start))
            }
            BlockKind::If { pipe } => pipe.map(|pipe| (Node::If { pipe, list, else_list }, start)),
            BlockKind::Range { pipe } => {
                self.range_depth -= u32::from(opened);
                pipe.map(|pipe| (Node::Range { pipe, list, else_list }, start))
            }
            BlockKind::With { pipe } => pipe.map(|pipe| (Node::With { pipe, list, else_list }, start)),
        };
        // What a statement governs lies in its span; a `block` is a call at its head.
        let covered = match statement {
            Some((Node::Template { .. }, _)) | None => block.open.end,
            Some(_) => end,
        };
        if let Some((node, pos)) = statement {
            self.push_statement(node, pos, start, covered);
        }
        block.chained
    }

    fn finish_list(&mut self, mark: usize) -> NodeId {
        let items = if self.statements.len() == mark {
            Nodes::default()
        } else {
            self.ast.add_children(self.statements.drain(mark..))
        };
        self.ast.add(Node::List { items }, 0, 0, 0)
    }

    // Templates

    /// Starts a template within this file, which sees nothing of what is around it.
    fn nest(&mut self) -> Outer {
        Outer {
            names: std::mem::take(&mut self.names),
            range_depth: std::mem::take(&mut self.range_depth),
            action_start: self.action_start.take(),
        }
    }

    fn restore(&mut self, outer: Outer) {
        self.names = outer.names;
        self.range_depth = outer.range_depth;
        self.action_start = outer.action_start;
    }

    fn define(&mut self, delim: Token) -> Result<(), Stop> {
        const CONTEXT: &str = "define clause";
        let outer = self.nest();
        let token = self.next_non_space();
        let name = self.template_name(token, CONTEXT);
        let end = match &name {
            Ok(_) => self.expect(TokenKind::RightDelim, CONTEXT),
            Err(Stop) => Err(Stop),
        };
        let open = Token { end: end.as_ref().map_or(delim.end, |end| end.end), ..delim };
        let block = self.block(BlockKind::Define { name: name.unwrap_or_default(), outer }, open);
        self.blocks.push(block);
        end.map(|_| ())
    }

    fn block_control(&mut self, delim: Token) -> Result<(), Stop> {
        const CONTEXT: &str = "block clause";
        let token = self.next_non_space();
        let name = self.template_name(token, CONTEXT);
        let read = match &name {
            Ok(_) => self.pipeline(CONTEXT, delim),
            Err(Stop) => Err(Stop),
        };
        let open = Token { end: read.as_ref().map_or(delim.end, |(_, end)| *end), ..delim };
        let pipe = read.as_ref().ok().map(|(pipe, _)| *pipe);
        let outer = self.nest();
        let name = name.unwrap_or_default();
        let line = self.line(self.tokens[0].start);
        let block = self.block(BlockKind::Block { name, name_start: token.start, pipe, outer, line }, open);
        self.blocks.push(block);
        read.map(|_| ())
    }

    fn template_control(&mut self, delim: Token) -> Result<(), Stop> {
        const CONTEXT: &str = "template clause";
        let token = self.next_non_space();
        let name = self.template_name(token, CONTEXT)?;
        let next = self.next_non_space();
        let (pipe, end) = if next.kind == TokenKind::RightDelim {
            (None, next.end)
        } else {
            self.backup();
            let (pipe, end) = self.pipeline(CONTEXT, delim)?;
            (Some(pipe), end)
        };
        let name = self.ast.add_string(name);
        self.push_statement(Node::Template { name, pipe }, token.start, delim.start, end);
        Ok(())
    }

    fn template_name(&mut self, token: Token, context: &str) -> Result<Text, Stop> {
        if !matches!(token.kind, TokenKind::String | TokenKind::RawString) {
            return self.unexpected(token, context);
        }
        match unquote(self.bytes_of(token)) {
            Some(name) => Ok(name.into()),
            None => self.fail(token, "invalid syntax"),
        }
    }

    fn add_tree(&mut self, name: Text, root: NodeId, at: Token) {
        let blank = self.is_blank(root);
        let span = Span::new(self.source, at.start, at.end);
        let tree = Tree { name, root, blank, span };
        match self.trees.iter().position(|other| other.name == tree.name) {
            None => self.trees.push(tree),
            Some(index) if self.trees[index].blank => self.trees[index] = tree,
            Some(_) if blank => {}
            Some(_) => {
                let name = quoted(tree.name.as_bytes());
                self.note(at, format!("template: multiple definition of template {name}"));
            }
        }
    }

    fn is_blank(&self, root: NodeId) -> bool {
        let Node::List { items } = self.ast.node(root) else { return false };
        self.ast.nodes(items).iter().all(|item| match self.ast.node(*item) {
            Node::Text => {
                let text = self.ast.source(*item);
                let space =
                    text.iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == 0x0b).count();
                // Space beyond ASCII is rare, and only then is there more to look at.
                match text.get(space) {
                    None => true,
                    Some(first) if first.is_ascii() => false,
                    Some(_) => std::str::from_utf8(text).is_ok_and(|text| text.trim().is_empty()),
                }
            }
            _ => false,
        })
    }

    fn has_function(&self, name: &[u8]) -> bool {
        self.funcs.find(name).is_some() || Builtin::of(name).is_some()
    }
}

#[cfg(test)]
mod tests;
