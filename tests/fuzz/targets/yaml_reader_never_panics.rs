//! Any bytes are YAML or an error with a place in them; the nodes an editor is shown stand where the text is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use renderer::yaml::{documents, head, nodes, read, read_map};

fuzz_target!(|input: &[u8]| {
    // Places in UTF-16 are those of the same text in UTF-8.
    let end = match input {
        [0xfe, 0xff, ..] | [0xff, 0xfe, ..] => input.len() * 2,
        _ => input.len(),
    };
    let within = |offset: Option<u32>| offset.is_none_or(|offset| offset as usize <= end);
    if let Err(error) = read(input) {
        assert!(within(error.offset()), "{error}");
    }
    drop(read_map(input));
    drop(head(input));
    for document in documents(input) {
        drop(document);
    }
    let (tree, errors) = nodes(input);
    assert!(errors.iter().all(|error| within(error.offset())), "{errors:?}");
    let mut pending: Vec<_> = tree.root().into_iter().collect();
    while let Some(node) = pending.pop() {
        let range = tree.range(node);
        assert!(range.start <= range.end && range.end as usize <= end, "{range:?}");
        pending.extend(tree.children(node));
    }
});
