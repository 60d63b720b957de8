//! Whether a tree can be decoded: aliases, merges, tags, keys; in strict mode, keys that occur twice.
//!
//! Goes through the tree as go-yaml decodes it, aliases expanded, but builds nothing. Only trees with aliases, tags,
//! merges or odd keys need it; most have none.
//!
//! *Source*: go.yaml.in/yaml/v2 v2.4.4 `decode.go`, `decoder`.

use std::collections::HashSet;

use crate::entries::follow;
use crate::error::{Error, Stage};
use crate::go_syntax::go_syntax;
use crate::scalar_value::{Scalar, scalar};
use crate::tree::{NodeId, NodeKind, Tree};

/// One step of decoding that is still to do.
enum Step {
    Node { id: NodeId, merged: bool },
    EndAlias(NodeId),
    EndMapping,
    Merge(NodeId),
    MergeItem(NodeId),
    RefuseCollection(NodeId),
    Set { key: NodeId, value: NodeId },
}

/// A key as Go compares it in a `map[interface{}]interface{}`.
#[derive(Eq, Hash, PartialEq)]
enum Key {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(u64),
    Str(Vec<u8>),
}

/// Goes through the whole tree.
///
/// # Errors
/// go-yaml's sentence. In strict mode, one sentence for all keys that are set twice.
pub(crate) fn check(tree: &Tree<'_>, strict: bool) -> Result<(), Error> {
    if !tree.is_special && !strict {
        return Ok(());
    }
    let Some(root) = tree.root() else { return Ok(()) };
    let mut budget = Budget::default();
    // The document is a node of its own.
    budget.spend()?;
    let mut open_aliases = HashSet::new();
    let mut maps: Vec<HashSet<Key>> = Vec::new();
    let mut twice = Vec::new();
    let mut steps = vec![Step::Node { id: root, merged: false }];
    while let Some(step) = steps.pop() {
        match step {
            Step::Node { id, merged } => {
                budget.spend()?;
                match tree.kind(id) {
                    NodeKind::Scalar => {
                        scalar(tree, id).map_err(|error| error.with_offset(tree.range(id).start))?;
                    }
                    NodeKind::Alias => {
                        if !open_aliases.insert(id) {
                            let name = String::from_utf8_lossy(tree.text(id));
                            return fail(tree, id, format!("anchor '{name}' value contains itself"));
                        }
                        budget.alias_depth += 1;
                        steps.push(Step::EndAlias(id));
                        steps.push(Step::Node { id: tree.node(id).target, merged });
                    }
                    NodeKind::Sequence => {
                        let first = steps.len();
                        steps.extend(tree.children(id).map(|id| Step::Node { id, merged: false }));
                        steps[first..].reverse();
                    }
                    NodeKind::Mapping => {
                        if !merged {
                            maps.push(HashSet::new());
                            steps.push(Step::EndMapping);
                        }
                        let first = steps.len();
                        for (key, value) in tree.entries(id) {
                            if tree.is_merge(key) {
                                steps.push(Step::Merge(value));
                                continue;
                            }
                            steps.push(Step::Node { id: key, merged: false });
                            if tree.kind(follow(tree, key)) != NodeKind::Scalar {
                                steps.push(Step::RefuseCollection(key));
                            }
                            steps.push(Step::Node { id: value, merged: false });
                            if strict {
                                steps.push(Step::Set { key, value });
                            }
                        }
                        steps[first..].reverse();
                    }
                }
            }
            Step::EndAlias(id) => {
                budget.alias_depth -= 1;
                open_aliases.remove(&id);
            }
            Step::EndMapping => {
                maps.pop();
            }
            Step::Merge(value) => match tree.kind(value) {
                NodeKind::Sequence => {
                    // From the last to the first, as earlier ones take precedence: the first lies deepest.
                    steps.extend(tree.children(value).map(Step::MergeItem));
                }
                _ => steps.push(Step::MergeItem(value)),
            },
            Step::MergeItem(id) => {
                if tree.kind(follow(tree, id)) != NodeKind::Mapping {
                    let problem = "map merge requires map or sequence of maps as the value";
                    return fail(tree, id, problem.into());
                }
                steps.push(Step::Node { id, merged: true });
            }
            Step::RefuseCollection(key) => {
                return fail(tree, key, format!("invalid map key: {}", go_syntax(tree, key)));
            }
            Step::Set { key, value } => {
                let Ok(found) = scalar(tree, follow(tree, key)) else { continue };
                let is_nan = matches!(found, Scalar::Float(number) if number.is_nan());
                let is_new = maps.last_mut().is_none_or(|map| map.insert(comparable(&found)));
                if !is_new && !is_nan {
                    let line = tree.node(value).line + 1;
                    let key = go_syntax(tree, key);
                    twice.push((value, format!("line {line}: key {key} already set in map")));
                }
            }
        }
    }
    match twice.first() {
        None => Ok(()),
        Some((first, _)) => {
            let offset = tree.range(*first).start;
            let lines: Vec<String> = twice.into_iter().map(|(_, line)| line).collect();
            let problem = format!("unmarshal errors:\n  {}", lines.join("\n  "));
            Err(Error::new(Stage::Yaml, problem).with_offset(offset))
        }
    }
}

fn fail(tree: &Tree<'_>, at: NodeId, problem: String) -> Result<(), Error> {
    Err(Error::new(Stage::Yaml, problem).with_offset(tree.range(at).start))
}

fn comparable(key: &Scalar<'_>) -> Key {
    match key {
        Scalar::Null => Key::Null,
        Scalar::Bool(value) => Key::Bool(*value),
        Scalar::Int(value) => Key::Int(*value),
        Scalar::Uint(value) => Key::Uint(*value),
        // Go compares numbers, for which both zeros are one.
        Scalar::Float(value) => Key::Float((*value + 0.0).to_bits()),
        Scalar::Str(text) => Key::Str(text.to_vec()),
        Scalar::Binary(bytes) => Key::Str(bytes.clone()),
    }
}

/// Counts decoding steps against documents that blow up through aliases.
#[derive(Default)]
struct Budget {
    decoded: u64,
    by_alias: u64,
    alias_depth: u32,
}

impl Budget {
    fn spend(&mut self) -> Result<(), Error> {
        self.decoded += 1;
        if self.alias_depth > 0 {
            self.by_alias += 1;
        }
        let share = self.by_alias as f64 / self.decoded as f64;
        if self.by_alias > 100 && self.decoded > 1000 && share > allowed_share(self.decoded) {
            return Err(Error::new(Stage::Yaml, "document contains excessive aliasing"));
        }
        Ok(())
    }
}

/// How much of the decoding may be done again for aliases: 99 % of small documents, 10 % of very large ones.
fn allowed_share(decoded: u64) -> f64 {
    const LOW: f64 = 400_000.0;
    const HIGH: f64 = 4_000_000.0;
    let decoded = decoded as f64;
    if decoded <= LOW {
        0.99
    } else if decoded >= HIGH {
        0.10
    } else {
        0.99 - 0.89 * ((decoded - LOW) / (HIGH - LOW))
    }
}
