//! The editor as the page uses it: which file it shows, what is marked, and the edits that come back.

use serde::Serialize;
use wasm_bindgen::prelude::*;
use web_sys::HtmlElement;

use crate::editor::bridge::{JsEditor, create_editor};
use crate::editor::markers::utf16_range;
use crate::worker::protocol::Problem;

/// An editor in the page. It goes with this value.
pub(crate) struct Editor {
    js: JsEditor,
    _on_edit: Closure<dyn Fn(String, String)>,
    _on_cursor: Closure<dyn Fn(u32, u32)>,
}

impl Drop for Editor {
    fn drop(&mut self) {
        self.js.destroy();
    }
}

#[derive(Serialize)]
struct Mark<'a> {
    from: u32,
    to: u32,
    severity: &'static str,
    message: &'a str,
}

impl Editor {
    /// Makes an editor in the shadow root of `host`. `on_edit(path, text)`, `on_cursor(line, column)`.
    pub(crate) fn new(
        host: &HtmlElement,
        on_edit: impl Fn(String, String) + 'static,
        on_cursor: impl Fn(u32, u32) + 'static,
    ) -> Self {
        let on_edit = Closure::new(on_edit);
        let on_cursor = Closure::new(on_cursor);
        Editor { js: create_editor(host, &on_edit, &on_cursor), _on_edit: on_edit, _on_cursor: on_cursor }
    }

    /// Shows a file; `text` counts only the first time it is shown since it was forgotten.
    pub(crate) fn open(&self, path: &str, text: &str) {
        self.js.open(path, text, language(path));
    }

    /// The file's text came from elsewhere: the next [`Editor::open`] takes it.
    pub(crate) fn forget(&self, path: &str) {
        self.js.forget(path);
    }

    /// Another chart was opened.
    pub(crate) fn forget_all(&self) {
        self.js.forget_all();
    }

    /// Underlines the problems of one file.
    pub(crate) fn mark<'a>(&self, path: &str, text: &str, problems: impl Iterator<Item = &'a Problem>) {
        let marks: Vec<Mark<'_>> = problems
            .filter_map(|problem| {
                let (from, to) = utf16_range(text, problem)?;
                Some(Mark { from, to, severity: problem.severity.word(), message: &problem.message })
            })
            .collect();
        if let Ok(marks) = marks.serialize(&serde_wasm_bindgen::Serializer::json_compatible()) {
            self.js.set_marks(path, &marks);
        }
    }

    /// Takes all underlines away.
    pub(crate) fn clear_marks(&self) {
        self.js.clear_marks();
    }

    /// Selects a range of the file in view, in UTF-16 units, and takes the focus there.
    pub(crate) fn reveal(&self, from: u32, to: u32) {
        self.js.reveal(from, to);
    }
}

/// How a file is coloured.
fn language(path: &str) -> &'static str {
    let name = crate::files::file_name(path);
    let end = name.rsplit_once('.').map_or("", |(_, end)| end);
    match end {
        "yaml" | "yml" | "lock" => "yaml",
        "json" => "json",
        "tpl" | "txt" => "template",
        _ => "text",
    }
}

/// What the foot of the editor says about a file.
pub(crate) fn language_label(path: &str) -> &'static str {
    let in_templates = path.split('/').any(|part| part == "templates");
    match (language(path), in_templates) {
        ("yaml", true) => "YAML with template actions",
        ("yaml", false) => "YAML",
        ("json", _) => "JSON",
        ("template", true) => "Text with template actions",
        _ => "Text",
    }
}
