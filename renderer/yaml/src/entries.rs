//! The entries that a mapping has in the end: merges applied, the last of equal keys kept, sorted as JSON sorts them.

use std::borrow::Cow;

use crate::scalar_value::{Scalar, scalar};
use crate::tree::{NodeId, NodeKind, Tree};

/// The key of an entry and its value.
pub(crate) struct Entry<'a> {
    pub(crate) key: Scalar<'a>,
    /// The node of the key, an alias followed.
    pub(crate) key_node: NodeId,
    /// `None` for keys that have no JSON.
    pub(crate) name: Option<Cow<'a, [u8]>>,
    pub(crate) value: NodeId,
}

/// The entries of a mapping of a tree that `check` has passed.
///
/// Keys that only collide as text (`1` and `"1"`) have a random winner in Go; here it is the later one.
pub(crate) fn entries<'a>(tree: &'a Tree<'_>, id: NodeId) -> Vec<Entry<'a>> {
    let mut entries = Vec::new();
    // Mappings that are being read, innermost last; `None` at the end means that all pairs are taken.
    let mut open = vec![tree.entries(id)];
    while let Some(pairs) = open.last_mut() {
        let Some((key, value)) = pairs.next() else {
            open.pop();
            continue;
        };
        if tree.is_special && tree.is_merge(key) {
            let source = follow(tree, value);
            match tree.kind(source) {
                // Pushed in order, so that the last one is read first and earlier ones win.
                NodeKind::Sequence => {
                    open.extend(tree.children(source).map(|item| tree.entries(follow(tree, item))));
                }
                _ => open.push(tree.entries(source)),
            }
            continue;
        }
        // What is not a scalar or does not fit its tag was refused before.
        let key_node = follow(tree, key);
        let Ok(key) = scalar(tree, key_node) else { continue };
        let name = key.json_key();
        entries.push(Entry { key, key_node, name, value });
    }
    let is_sorted = entries.is_sorted_by(|a, b| a.name < b.name);
    if !is_sorted {
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        // `dedup_by` keeps the first of each group, so look from the end.
        entries.reverse();
        entries.dedup_by(|a, b| a.name == b.name && (a.name.is_some() || a.key == b.key));
        entries.reverse();
    }
    entries
}

/// The node that is meant: an alias is its target.
pub(crate) fn follow(tree: &Tree<'_>, id: NodeId) -> NodeId {
    let node = tree.node(id);
    if node.kind == NodeKind::Alias { node.target } else { id }
}
