//! Pipelines: declarations, commands, operands. Parentheses open a pipeline on a stack.

use value::{QuickMap, Text, find_byte};

use super::{Parser, Stop};
use crate::ast::{Node, NodeId, Nodes};
use crate::literal::{character, complex_constant, number, quoted, unquote};
use crate::token::{Token, TokenKind};

/// Go's limit on nested parentheses.
const MAX_DEPTH: usize = 10_000;

/// The variables that are defined at the moment, besides `$`, which always is.
#[derive(Default)]
pub(super) struct Names {
    in_order: Vec<Text>,
    counts: QuickMap<Text, u32>,
}

impl Names {
    pub(super) fn len(&self) -> usize {
        self.in_order.len()
    }

    fn push(&mut self, name: Text) {
        *self.counts.entry(name.clone()).or_default() += 1;
        self.in_order.push(name);
    }

    pub(super) fn truncate(&mut self, len: usize) {
        for name in self.in_order.drain(len.min(self.in_order.len())..) {
            if let Some(count) = self.counts.get_mut(&name) {
                *count -= 1;
            }
        }
    }

    fn contains(&self, name: &[u8]) -> bool {
        name == b"$" || self.counts.get(name).is_some_and(|count| *count > 0)
    }
}

/// A pipeline that is still open.
struct Open<'c> {
    context: &'c str,
    /// The parenthesis or delimiter that opened it.
    opened_by: Token,
    /// What ends it.
    end: TokenKind,
    pos: u32,
    variables: Nodes,
    assigns: bool,
    /// Where its commands start in `Parser::operands`.
    commands: usize,
    /// Position of the command at hand and where its operands start.
    command: (u32, usize),
}

impl Parser<'_> {
    /// Reads a pipeline up to `}}`; gives it and where the delimiter ends.
    pub(super) fn pipeline(&mut self, context: &str, delim: Token) -> Result<(NodeId, u32), Stop> {
        let mut open: Vec<Open<'_>> = Vec::new();
        let mut at = self.start_pipeline(context, delim, TokenKind::RightDelim)?;
        loop {
            let token = self.next_non_space();
            // The operand that is complete, when a parenthesis has just been closed.
            let mut operand = None;
            if token.kind == at.end {
                let pipe = self.finish_pipeline(&at, token)?;
                match open.pop() {
                    None => return Ok((pipe, token.end)),
                    Some(outer) => at = outer,
                }
                operand = Some(pipe);
            } else if starts_operand(token.kind) {
                self.backup();
                at.command = (self.peek_non_space().start, self.operands.len());
            } else {
                return self.unexpected(token, at.context);
            }
            // Operands up to the end of the command, or up to a parenthesis, which suspends it.
            loop {
                let term = match operand.take() {
                    Some(pipe) => Some(pipe),
                    None => {
                        self.peek_non_space();
                        let token = self.next_non_space();
                        if token.kind == TokenKind::LeftParen {
                            if open.len() >= MAX_DEPTH {
                                return self.fail(token, "max expression depth exceeded");
                            }
                            let inner =
                                self.start_pipeline("parenthesized pipeline", token, TokenKind::RightParen)?;
                            open.push(std::mem::replace(&mut at, inner));
                            break;
                        }
                        self.term(token)?
                    }
                };
                if let Some(term) = term {
                    let operand = self.fields(term)?;
                    self.operands.push(operand);
                }
                let token = self.next();
                match token.kind {
                    TokenKind::Space => continue,
                    TokenKind::RightDelim | TokenKind::RightParen => self.backup(),
                    TokenKind::Pipe => {}
                    _ => return self.unexpected(token, "operand"),
                }
                self.finish_command(at.command, token)?;
                break;
            }
        }
    }

    fn start_pipeline<'c>(
        &mut self,
        context: &'c str,
        opened_by: Token,
        end: TokenKind,
    ) -> Result<Open<'c>, Stop> {
        let pos = self.peek_non_space().start;
        let (variables, assigns) = self.declarations(context)?;
        let commands = self.operands.len();
        Ok(Open { context, opened_by, end, pos, variables, assigns, commands, command: (pos, commands) })
    }

    fn declarations(&mut self, context: &str) -> Result<(Nodes, bool), Stop> {
        let mut variables: Vec<NodeId> = Vec::new();
        let mut assigns = false;
        loop {
            let variable = self.peek_non_space();
            if variable.kind != TokenKind::Variable {
                break;
            }
            self.next();
            let after = self.peek();
            let next = self.peek_non_space();
            let declares = matches!(next.kind, TokenKind::Assign | TokenKind::Declare);
            let is_comma = next.kind == TokenKind::Char && self.bytes_of(next) == b",";
            if !declares && !is_comma {
                if after.kind == TokenKind::Space {
                    self.backup3(variable, after);
                } else {
                    self.backup2(variable);
                }
                break;
            }
            self.next_non_space();
            variables.push(self.leaf(Node::Variable, variable));
            let name = self.text_of(variable);
            self.names.push(name);
            if declares {
                assigns = next.kind == TokenKind::Assign;
                break;
            }
            if context == "range" && variables.len() < 2 {
                let third = self.peek_non_space();
                match third.kind {
                    TokenKind::Variable | TokenKind::RightDelim | TokenKind::RightParen => continue,
                    _ => return self.fail(third, "range can only initialize variables"),
                }
            }
            return self.fail(next, format!("too many declarations in {context}"));
        }
        Ok((self.ast.add_children(variables.into_iter()), assigns))
    }

    fn finish_pipeline(&mut self, at: &Open<'_>, end: Token) -> Result<NodeId, Stop> {
        if self.operands.len() == at.commands {
            let whole = Token { end: end.end, ..at.opened_by };
            return self.fail(whole, format!("missing value for {}", at.context));
        }
        for stage in 1..self.operands.len() - at.commands {
            let command = self.operands[at.commands + stage];
            let Node::Command { args } = self.ast.node(command) else { continue };
            let first = self.ast.nodes(args)[0];
            if matches!(
                self.ast.node(first),
                Node::Bool(_) | Node::Dot | Node::Nil | Node::Number(_) | Node::String(_)
            ) {
                let entry = self.ast.entry(first);
                let place = Token { start: entry.start, end: entry.end, ..end };
                return self.fail(place, format!("non executable command in pipeline stage {}", stage + 1));
            }
        }
        let commands = self.ast.add_children(self.operands.drain(at.commands..));
        let node = Node::Pipe { variables: at.variables, assigns: at.assigns, commands };
        Ok(self.ast.add(node, at.pos, at.pos, end.start))
    }

    fn finish_command(&mut self, (pos, mark): (u32, usize), next: Token) -> Result<(), Stop> {
        if self.operands.len() == mark {
            return self.fail(next, "empty command");
        }
        let args = self.ast.add_children(self.operands.drain(mark..));
        let end = self.ast.nodes(args).last().map_or(pos, |last| self.ast.entry(*last).end);
        let command = self.ast.add(Node::Command { args }, pos, pos, end);
        self.operands.push(command);
        Ok(())
    }

    fn leaf(&mut self, node: Node, token: Token) -> NodeId {
        self.ast.add(node, token.start, token.start, token.end)
    }

    fn text_of(&self, token: Token) -> Text {
        self.ast.text.slice(token.start as usize..token.end as usize)
    }

    /// A term that is one token; `None`, and nothing taken, where the token is none.
    fn term(&mut self, token: Token) -> Result<Option<NodeId>, Stop> {
        let bytes = &self.bytes[token.start as usize..token.end as usize];
        let node = match token.kind {
            TokenKind::Identifier => {
                if !self.has_function(bytes) {
                    self.note(token, format!("function {} not defined", quoted(bytes)));
                }
                Node::Identifier
            }
            TokenKind::Dot => Node::Dot,
            TokenKind::Nil => Node::Nil,
            TokenKind::Variable => {
                if !self.names.contains(bytes) {
                    self.note(token, format!("undefined variable {}", quoted(bytes)));
                }
                Node::Variable
            }
            TokenKind::Field => Node::Field,
            TokenKind::Bool => Node::Bool(bytes == b"true"),
            TokenKind::CharConstant | TokenKind::Complex | TokenKind::Number => {
                let read = match token.kind {
                    TokenKind::CharConstant => character(bytes),
                    TokenKind::Complex => complex_constant(bytes),
                    _ => number(bytes),
                };
                let number = read.unwrap_or_else(|message| {
                    self.note(token, message);
                    Default::default()
                });
                self.ast.add_number(number)
            }
            // Most strings stand in the file as they are.
            TokenKind::String | TokenKind::RawString if is_plain(token.kind, &bytes[1..bytes.len() - 1]) => {
                let text = self.ast.text.slice(token.start as usize + 1..token.end as usize - 1);
                Node::String(self.ast.add_string(text))
            }
            TokenKind::String | TokenKind::RawString => {
                let text = unquote(bytes).unwrap_or_else(|| {
                    self.note(token, "invalid syntax");
                    Vec::new()
                });
                Node::String(self.ast.add_string(text.into()))
            }
            _ => {
                self.backup();
                return Ok(None);
            }
        };
        Ok(Some(self.leaf(node, token)))
    }

    /// The operand of a term: the term, or with the fields that follow it without a space.
    fn fields(&mut self, term: NodeId) -> Result<NodeId, Stop> {
        let first = self.peek();
        if first.kind != TokenKind::Field {
            return Ok(term);
        }
        let mut last = first;
        while self.peek().kind == TokenKind::Field {
            last = self.next();
        }
        let start = self.ast.entry(term).start;
        let node = match self.ast.node(term) {
            Node::Field => Node::Field,
            Node::Variable => Node::Variable,
            Node::Bool(_) | Node::String(_) | Node::Number(_) | Node::Nil | Node::Dot => {
                let printed = quoted(self.ast.source(term));
                return self.fail(first, format!("unexpected . after term {printed}"));
            }
            _ => Node::Chain { term },
        };
        Ok(self.ast.add(node, first.start, start, last.end))
    }
}

fn starts_operand(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Bool
            | TokenKind::CharConstant
            | TokenKind::Complex
            | TokenKind::Dot
            | TokenKind::Field
            | TokenKind::Identifier
            | TokenKind::Number
            | TokenKind::Nil
            | TokenKind::RawString
            | TokenKind::String
            | TokenKind::Variable
            | TokenKind::LeftParen
    )
}

/// Whether what stands between the quotes is the string itself.
fn is_plain(kind: TokenKind, text: &[u8]) -> bool {
    match kind {
        // Go drops carriage returns.
        TokenKind::RawString => find_byte(text, b'\r').is_none(),
        _ => text.is_ascii() && find_byte(text, b'\\').is_none(),
    }
}
