//! The text that `helm template` prints, and where each document stands in it.
//!
//! Source: helm v4.3.1 `pkg/action/action.go`, `renderResources`; `pkg/cmd/template.go`.

use std::ops::Range;
use std::rc::Rc;

use release::manifest::{Head, Sorted, split, trim_space};
use value::{Text, TextBuilder};

use crate::chart::{Chart, pattern_matches};

/// What to print besides the manifests.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct OutputOptions {
    /// `--include-crds`
    pub include_crds: bool,
    /// `--no-hooks`
    pub no_hooks: bool,
    /// `--skip-tests`
    pub skip_tests: bool,
}

/// One document of the output.
#[derive(Clone, Debug)]
pub struct Document {
    /// What stands behind `# Source: `.
    pub source: Rc<str>,
    /// `kind`; empty when the document has none, and for files of `crds/`.
    pub kind: String,
    /// `metadata.name`; empty when the document has none, and for files of `crds/`.
    pub name: String,
    /// Where it stands in the text, its `---` and `# Source:` lines included.
    pub range: Range<usize>,
    /// Where the document itself starts.
    pub body: usize,
    /// Whether it is a hook.
    pub is_hook: bool,
}

/// The printed text.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// What goes to stdout, with origins where they were recorded.
    pub text: Text,
    /// The documents in it, in order.
    pub documents: Vec<Document>,
}

/// Prints definitions, manifests and hooks, in this order. Cost: one copy of the text.
pub fn assemble(chart: &Chart, sorted: &Sorted, options: OutputOptions) -> Output {
    let mut pages = Pages::default();
    if options.include_crds {
        for crd in chart.crds() {
            pages.add(&crd.full_name.into(), &crd.file.data, &Head::default(), false);
        }
    }
    for manifest in &sorted.manifests {
        pages.add(&manifest.path, &manifest.content, &manifest.head, false);
    }
    pages.trim_end();
    if !options.no_hooks {
        for hook in sorted.hooks.iter().filter(|hook| !(options.skip_tests && hook.is_test())) {
            pages.add(&hook.path, &hook.content, &hook.head, true);
        }
    }
    Output { text: pages.text.finish(), documents: pages.documents }
}

#[derive(Default)]
struct Pages {
    text: TextBuilder,
    documents: Vec<Document>,
}

impl Pages {
    fn add(&mut self, source: &Rc<str>, content: &Text, head: &Head, is_hook: bool) {
        let start = self.text.len();
        self.text.push_bytes(b"---\n# Source: ");
        self.text.push_bytes(source.as_bytes());
        self.text.push_bytes(b"\n");
        let body = self.text.len();
        self.text.push(content);
        self.text.push_bytes(b"\n");
        self.documents.push(Document {
            source: source.clone(),
            kind: head.kind.to_string_lossy().into_owned(),
            name: head.name.to_string_lossy().into_owned(),
            range: start..self.text.len(),
            body,
            is_hook,
        });
    }

    /// Helm trims the manifests as a whole and ends them with one line feed; hooks come after that.
    fn trim_end(&mut self) {
        let text = std::mem::take(&mut self.text).finish();
        let len = trim_space(text.as_bytes()).len();
        self.text.push(&text.slice(0..len));
        self.text.push_bytes(b"\n");
        if let Some(last) = self.documents.last_mut() {
            last.range.end = self.text.len();
            last.body = last.body.min(self.text.len());
        }
    }
}

/// `--show-only`: the documents whose path below the root chart matches one of `patterns`, in the order of the patterns.
///
/// # Errors
/// The first pattern that matches nothing.
pub fn show_only(output: &Text, patterns: &[String]) -> Result<Text, String> {
    let documents = split(output);
    let mut shown = TextBuilder::new();
    for pattern in patterns {
        let mut missing = true;
        for document in &documents {
            let Some(path) = source_path(document.as_bytes()) else { continue };
            if !pattern_matches(pattern, &path) {
                continue;
            }
            missing = false;
            shown.push_bytes(b"---\n");
            shown.push(document);
            shown.push_bytes(b"\n");
        }
        if missing {
            return Err(format!("could not find template {pattern} in chart"));
        }
    }
    Ok(shown.finish())
}

/// The path behind the first `# Source: `, without the root chart's name: `# Source: [^/]+/(.+)`.
fn source_path(document: &[u8]) -> Option<String> {
    const MARK: &[u8] = b"# Source: ";
    let mut rest = document;
    loop {
        let at = rest.windows(MARK.len()).position(|window| window == MARK)?;
        rest = &rest[at + MARK.len()..];
        // `[^/]+` may run over line ends, `.+` may not.
        let slash = rest.iter().position(|byte| *byte == b'/');
        let Some(slash) = slash.filter(|slash| *slash > 0) else { continue };
        let path = rest[slash + 1..].split(|byte| *byte == b'\n').next().unwrap_or_default();
        if !path.is_empty() {
            return Some(String::from_utf8_lossy(path).into_owned());
        }
    }
}
