//! Any text is parsed; templates and errors stand where the text is, errors in its order.
#![no_main]

use libfuzzer_sys::fuzz_target;
use renderer::functions::{self, Mode};
use renderer::gotemplate::{FuncMap, parse};
use renderer::source::SourceId;
use renderer::value::Text;

thread_local! {
    static FUNCS: FuncMap = functions::table(Mode::Template);
}

fuzz_target!(|input: &[u8]| {
    let text = Text::from(input);
    let (file, errors) = FUNCS.with(|funcs| parse(&Text::from("a"), SourceId::default(), &text, funcs));
    for template in file.templates() {
        let span = template.span();
        assert!(span.start <= span.end && span.end as usize <= input.len(), "{span:?}");
    }
    for error in &errors {
        assert!(error.span.end as usize <= input.len(), "{error}");
    }
});
