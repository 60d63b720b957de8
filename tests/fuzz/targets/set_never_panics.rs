//! Any argument of `--set` and its kin sets something or is refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use renderer::value::Text;
use renderer::values::{Sets, ValuesFile, user_values};

fuzz_target!(|input: &[u8]| {
    let Some((kind, argument)) = input.split_first() else { return };
    let mut sets = Sets::default();
    let kinds = [&mut sets.typed, &mut sets.string, &mut sets.json, &mut sets.literal, &mut sets.file];
    // Each line is one argument more, of the same kind.
    kinds
        .into_iter()
        .nth(usize::from(*kind) % 5)
        .expect("one of five")
        .extend(String::from_utf8_lossy(argument).lines().map(str::to_owned));
    let below = ValuesFile { name: "v.yaml".to_owned(), data: Text::from("a: {b: [1, {c: 2}]}\nd: text\n") };
    drop(user_values(&[below], &sets, &mut |path| match path {
        "" => Err("open : no such file or directory".to_owned()),
        path => Ok(Text::from(path)),
    }));
});
