//! Which bytes of YAML and JSON belong to which value: `toYaml` keeps leaf by leaf where its bytes come from, and `fromYaml`
//! finds it again.

use std::ops::Range;
use std::rc::Rc;

use gotemplate::Mark;
use value::{Origin, Piece, Text, Value};
use yaml::{NodeId, NodeKind, Tree};

use super::Trace;
use super::sets::Flow;

impl Trace {
    /// `text`, which is the YAML or JSON of `value`, with the places of all leaves on their bytes, keys included.
    pub(super) fn spread(&mut self, value: &Value, flow: Flow, text: &Text) -> Text {
        self.note_subtree(value);
        if !matches!(value, Value::List(_) | Value::Map(_)) {
            return text.clone().filled(self.sets.origins(flow.data));
        }
        let (tree, _) = yaml::nodes(text.as_bytes());
        let Some(root) = tree.root() else { return text.clone() };
        let mut ranges: Vec<(Range<u32>, Rc<[Origin]>)> = Vec::new();
        let mut waiting = vec![(value.clone(), root, flow)];
        while let Some((value, node, flow)) = waiting.pop() {
            let mut leaf = |this: &mut Self, from: u32, node: NodeId, value: &Value, flow: Flow| {
                let mark = this.sets.mark(flow);
                let flow = this.made_of(value, mark);
                ranges.push((from..tree.range(node).end, this.sets.origins_of(flow)));
            };
            match (&value, tree.kind(node)) {
                (Value::Map(map), NodeKind::Mapping) => {
                    // In the order of their bytes.
                    let entries = map.entries();
                    for (key, inner) in tree.entries(node) {
                        let name = tree.text(key);
                        let at = entries.binary_search_by(|(known, _)| known.as_bytes().cmp(name));
                        let Some((known, found)) = at.ok().and_then(|at| entries.get(at)) else { continue };
                        leaf(self, tree.range(key).start, key, &Value::Str(known.clone()), Flow::default());
                        let flow = self.entry_flow(map, name, Some(found), flow);
                        if tree.kind(inner) == NodeKind::Scalar || is_empty(&tree, inner) {
                            leaf(self, tree.range(inner).start, inner, found, flow);
                        } else {
                            waiting.push((found.clone(), inner, flow));
                        }
                    }
                }
                (Value::List(list), NodeKind::Sequence) => {
                    for (index, inner) in tree.children(node).enumerate() {
                        let Some(found) = list.get(index) else { break };
                        let flow = self.item_flow(list, index, flow);
                        if tree.kind(inner) == NodeKind::Scalar || is_empty(&tree, inner) {
                            leaf(self, tree.range(inner).start, inner, found, flow);
                        } else {
                            waiting.push((found.clone(), inner, flow));
                        }
                    }
                }
                _ => leaf(self, tree.range(node).start, node, &value, flow),
            }
        }
        let len = text.len() as u32;
        ranges.sort_by_key(|(range, _)| range.start);
        let mut end = 0;
        ranges.retain_mut(|(range, _)| {
            range.start = range.start.max(end);
            range.end = range.end.min(len);
            end = end.max(range.end);
            range.start < range.end
        });
        text.clone().with_sources(&ranges)
    }

    /// Remembers of each leaf of `value`, which was read from `text`, what its bytes there come from.
    pub(super) fn gather(&mut self, text: &Text, value: &Value) {
        if !text.has_origin() {
            return;
        }
        let (tree, _) = yaml::nodes(text.as_bytes());
        let Some(root) = tree.root() else { return };
        let mut waiting = vec![(value.clone(), root)];
        // Aliases can make a text mean far more than it holds: each node is gone through once.
        let mut left = text.len();
        while let Some((value, node)) = waiting.pop() {
            match (&value, tree.kind(node)) {
                (Value::Map(map), NodeKind::Mapping) => {
                    for (key, inner) in tree.entries(node) {
                        let name = Text::from(tree.text(key));
                        let Some(found) = map.get(&name) else { continue };
                        let mark = self.mark_of_node(&tree, inner, text);
                        self.nodes.set_entry(map, name.as_bytes(), mark);
                        if let Some(next) = left.checked_sub(1) {
                            left = next;
                            waiting.push((found, tree.target(inner).unwrap_or(inner)));
                        }
                    }
                }
                (Value::List(list), NodeKind::Sequence) => {
                    let mut marks = Vec::with_capacity(list.len());
                    for (index, inner) in tree.children(node).enumerate() {
                        let Some(found) = list.get(index) else { break };
                        let mark = self.mark_of_node(&tree, inner, text);
                        marks.push(mark);
                        if let Some(next) = left.checked_sub(1) {
                            left = next;
                            waiting.push((found.clone(), tree.target(inner).unwrap_or(inner)));
                        }
                    }
                    if marks.len() == list.len() {
                        self.nodes.set_items(list, marks);
                    }
                }
                _ => {}
            }
        }
    }

    /// What the bytes of a node come from.
    fn mark_of_node(&mut self, tree: &Tree<'_>, node: NodeId, text: &Text) -> Mark {
        let range = tree.range(tree.target(node).unwrap_or(node));
        let pieces: Vec<Piece<'_>> =
            text.touching(range.clone()).filter(|piece| self.concerns(piece, &range)).collect();
        let origins = || pieces.iter().flat_map(|piece| piece.from.iter().copied());
        let data = self.sets.of_reads(origins());
        let decided = self.sets.of_decided(origins());
        let by = self.sets_of_writers(origins());
        let control = self.sets.union(decided, by);
        self.sets.mark(Flow { data, control })
    }
}

/// `[]` and `{}`.
fn is_empty(tree: &Tree<'_>, node: NodeId) -> bool {
    tree.children(node).next().is_none()
}
