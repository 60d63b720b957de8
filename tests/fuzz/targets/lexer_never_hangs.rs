//! Any text inside of an action is read to its end, and so is any text with other actions around it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use renderer::gotemplate::{FuncMap, parse};
use renderer::source::SourceId;
use renderer::value::Text;

fuzz_target!(|input: &[u8]| {
    for (before, after) in [("{{", "}}"), ("a{{- ", " -}}\n"), ("{{if", "}}{{end}}"), ("{{/*", "")] {
        let text = Text::from([before.as_bytes(), input, after.as_bytes()].concat());
        drop(parse(&Text::from("a"), SourceId::default(), &text, &FuncMap::default()));
    }
});
