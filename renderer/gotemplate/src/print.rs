//! Nodes as Go prints them in errors: normalised, with the original spelling of literals.
//!
//! Source: go1.27 `text/template/parse/node.go`, the `writeTo` methods.

use crate::ast::{Ast, Node, NodeId};
use value::fmt::quote;

enum Piece {
    /// What stands behind the term of a chain.
    Fields(NodeId),
    Node(NodeId),
    Str(&'static str),
}

/// The source of an expression or a `template` action. Statements with a body never come into an error.
pub(crate) fn print(ast: &Ast, id: NodeId) -> Vec<u8> {
    let mut printed = Vec::new();
    let mut left = vec![Piece::Node(id)];
    while let Some(piece) = left.pop() {
        let id = match piece {
            Piece::Node(id) => id,
            Piece::Fields(id) => {
                let entry = ast.entry(id);
                printed.extend_from_slice(&ast.text.as_bytes()[entry.pos as usize..entry.end as usize]);
                continue;
            }
            Piece::Str(text) => {
                printed.extend_from_slice(text.as_bytes());
                continue;
            }
        };
        // What follows is pushed in reading order and turned round, because the stack gives the last first.
        let before = left.len();
        match ast.node(id) {
            Node::Action { pipe } => left.extend([Piece::Str("{{"), Piece::Node(pipe), Piece::Str("}}")]),
            Node::Chain { term } => {
                push_operand(ast, term, &mut left);
                left.push(Piece::Fields(id));
            }
            Node::Command { args } => {
                for (index, arg) in ast.nodes(args).iter().enumerate() {
                    if index > 0 {
                        left.push(Piece::Str(" "));
                    }
                    push_operand(ast, *arg, &mut left);
                }
            }
            Node::Pipe { variables, assigns, commands } => {
                for (index, variable) in ast.nodes(variables).iter().enumerate() {
                    if index > 0 {
                        left.push(Piece::Str(", "));
                    }
                    left.push(Piece::Node(*variable));
                }
                if variables.len > 0 {
                    left.push(Piece::Str(if assigns { " = " } else { " := " }));
                }
                for (index, command) in ast.nodes(commands).iter().enumerate() {
                    if index > 0 {
                        left.push(Piece::Str(" | "));
                    }
                    left.push(Piece::Node(*command));
                }
            }
            Node::Template { name, pipe } => {
                printed.extend_from_slice(b"{{template ");
                printed.extend_from_slice(&quote(ast.string(name).as_bytes()));
                if let Some(pipe) = pipe {
                    left.extend([Piece::Str(" "), Piece::Node(pipe)]);
                }
                left.push(Piece::Str("}}"));
            }
            _ => printed.extend_from_slice(ast.source(id)),
        }
        left[before..].reverse();
    }
    printed
}

fn push_operand(ast: &Ast, id: NodeId, left: &mut Vec<Piece>) {
    match ast.node(id) {
        Node::Pipe { .. } => left.extend([Piece::Str("("), Piece::Node(id), Piece::Str(")")]),
        _ => left.push(Piece::Node(id)),
    }
}
