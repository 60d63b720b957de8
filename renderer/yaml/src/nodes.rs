//! A document as the editor wants it: all that can be read, with places, and what is wrong.

use crate::check::check;
use crate::error::Error;
use crate::tree::Tree;

/// The nodes of the first document of `text`, as far as it can be read, and what go-yaml says against it.
///
/// At most one error is of the text itself, and then the tree ends there. Without one, keys that are set twice are
/// named (go-yaml only minds them in strict mode), or the first alias, merge or tag that cannot be decoded.
pub fn nodes(text: &[u8]) -> (Tree<'_>, Vec<Error>) {
    let (tree, error) = Tree::parse_as_far_as_possible(text, true);
    let errors = match error {
        Some(error) => vec![error],
        None => check(&tree, true).err().into_iter().collect(),
    };
    (tree, errors)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::{NodeId, NodeKind};

    fn slice<'t>(text: &'t str, tree: &Tree<'_>, id: NodeId) -> &'t str {
        let range = tree.range(id);
        &text[range.start as usize..range.end as usize]
    }

    #[test]
    fn nodes_know_their_places() {
        let text = "# top\na: \"x y\" # side\nb:\n  - 1\n  - {c: d}\n\ne: f\n";
        let (tree, errors) = nodes(text.as_bytes());
        assert!(errors.is_empty());
        let root = tree.root().expect("there is a document");
        assert_eq!(tree.kind(root), NodeKind::Mapping);
        let found: Vec<_> = tree
            .entries(root)
            .map(|(key, value)| (slice(text, &tree, key), slice(text, &tree, value)))
            .collect();
        assert_eq!(found, [("a", "\"x y\""), ("b", "- 1\n  - {c: d}"), ("e", "f")]);
        let comments: Vec<_> =
            tree.comments().iter().map(|at| &text[at.start as usize..at.end as usize]).collect();
        assert_eq!(comments, ["# top", "# side"]);
    }

    #[test]
    fn a_broken_text_gives_the_nodes_before_the_break() {
        let text = "a: 1\nb: {c: 2, d: [3\ne: 4\n";
        let (tree, errors) = nodes(text.as_bytes());
        assert_eq!(errors.len(), 1);
        let root = tree.root().expect("there is a document");
        let keys: Vec<_> = tree.entries(root).map(|(key, _)| slice(text, &tree, key)).collect();
        assert_eq!(keys, ["a", "b"]);
    }

    #[test]
    fn keys_that_are_set_twice_are_named() {
        let (_, errors) = nodes(b"a: 1\nb: 2\na: 3\n");
        let [error] = &errors[..] else { panic!("one error, not {errors:?}") };
        assert_eq!(error.cause(), "yaml: unmarshal errors:\n  line 3: key \"a\" already set in map");
        assert_eq!(error.offset(), Some(13));
    }
}
