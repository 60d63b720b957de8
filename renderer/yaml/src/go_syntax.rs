//! Decoded nodes as Go's `%#v` prints them; some error texts contain it.
//!
//! *Source*: go1.27 `fmt`, `internal/fmtsort`.

use std::fmt::Write;

use value::fmt::quote;
use value::number::format_g;

use crate::entries::{entries, follow};
use crate::scalar_value::{Scalar, scalar};
use crate::tree::{NodeId, NodeKind, Tree};

/// The node as Go prints the value that it is decoded into.
pub(crate) fn go_syntax(tree: &Tree<'_>, id: NodeId) -> String {
    enum Part<'a> {
        Node { id: NodeId, nested: bool },
        Key(Scalar<'a>),
        Text(&'static str),
    }
    let mut out = String::new();
    let mut parts = vec![Part::Node { id, nested: false }];
    while let Some(part) = parts.pop() {
        let (id, nested) = match part {
            Part::Node { id, nested } => (follow(tree, id), nested),
            Part::Key(key) => {
                write_scalar(&mut out, &key, true);
                continue;
            }
            Part::Text(text) => {
                out.push_str(text);
                continue;
            }
        };
        match tree.kind(id) {
            // An alias never means an alias.
            NodeKind::Scalar | NodeKind::Alias => {
                if let Ok(scalar) = scalar(tree, id) {
                    write_scalar(&mut out, &scalar, nested);
                }
            }
            NodeKind::Sequence => {
                out.push_str("[]interface {}{");
                parts.push(Part::Text("}"));
                let first = parts.len();
                for (at, child) in tree.children(id).enumerate() {
                    if at > 0 {
                        parts.push(Part::Text(", "));
                    }
                    parts.push(Part::Node { id: child, nested: true });
                }
                parts[first..].reverse();
            }
            NodeKind::Mapping => {
                out.push_str("map[interface {}]interface {}{");
                parts.push(Part::Text("}"));
                let mut entries = entries(tree, id);
                entries.sort_by(|a, b| order(&a.key).cmp(&order(&b.key)).then_with(|| a.name.cmp(&b.name)));
                let first = parts.len();
                for (at, entry) in entries.into_iter().enumerate() {
                    if at > 0 {
                        parts.push(Part::Text(", "));
                    }
                    parts.push(Part::Key(entry.key));
                    parts.push(Part::Text(":"));
                    parts.push(Part::Node { id: entry.value, nested: true });
                }
                parts[first..].reverse();
            }
        }
    }
    out
}

/// Keys of several types: nil first; Go orders the others by where their types lie in memory, we by name. Numbers of
/// one type go by value.
fn order(key: &Scalar<'_>) -> (u8, i64) {
    match key {
        Scalar::Null => (0, 0),
        Scalar::Bool(value) => (1, i64::from(*value)),
        // The bits of floats order like the numbers, once negative ones are turned around.
        Scalar::Float(value) => {
            let bits = value.to_bits().cast_signed();
            (2, bits ^ (((bits >> 63).cast_unsigned() >> 1).cast_signed()))
        }
        Scalar::Int(value) => (3, *value),
        Scalar::Str(_) | Scalar::Binary(_) => (4, 0),
        Scalar::Uint(_) => (5, 0),
    }
}

/// A scalar; `nested` in an interface, where Go names the type of a nil.
pub(crate) fn write_scalar(out: &mut String, scalar: &Scalar<'_>, nested: bool) {
    let written = match scalar {
        Scalar::Null => out.write_str(if nested { "interface {}(nil)" } else { "<nil>" }),
        Scalar::Bool(value) => write!(out, "{value}"),
        Scalar::Int(value) => write!(out, "{value}"),
        Scalar::Uint(value) => write!(out, "{value:#x}"),
        Scalar::Float(value) => out.write_str(&format_g(*value)),
        Scalar::Str(text) => out.write_str(&String::from_utf8_lossy(&quote(text))),
        Scalar::Binary(bytes) => out.write_str(&String::from_utf8_lossy(&quote(bytes))),
    };
    debug_assert!(written.is_ok(), "a String takes everything");
}
