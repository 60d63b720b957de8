//! The renderer as the worker sees it: turns its types into those of the protocol, and nothing else.

use std::collections::BTreeMap;

use crate::worker::protocol::{ChartSummary, Document, Failed, Ignored, Problem, Settings, Severity};

/// One render, in the protocol's types.
#[derive(Debug, Default)]
pub(crate) struct Rendered {
    pub(crate) manifests: Vec<u8>,
    pub(crate) notes: Option<Vec<u8>>,
    pub(crate) documents: Vec<Document>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) failed: Vec<Failed>,
    pub(crate) ignored: Vec<Ignored>,
    pub(crate) chart: Option<ChartSummary>,
}

/// The chart as the worker holds it.
#[derive(Debug, Default)]
pub(crate) struct Engine {
    files: BTreeMap<String, Vec<u8>>,
    settings: Settings,
}

impl Engine {
    pub(crate) fn clear(&mut self) {
        self.files.clear();
    }

    pub(crate) fn put_file(&mut self, path: String, bytes: Vec<u8>) {
        self.files.insert(path, bytes);
    }

    pub(crate) fn remove_file(&mut self, path: String) {
        self.files.remove(&path);
    }

    pub(crate) fn set(&mut self, settings: Settings) {
        self.settings = settings;
    }

    pub(crate) fn package(&self) -> Result<(String, Vec<u8>), String> {
        Err("the renderer is not in this build, so it cannot write a `.tgz`".to_owned())
    }

    pub(crate) fn render(&mut self, _progress: &mut dyn FnMut(&str)) -> Rendered {
        let problem = Problem {
            severity: Severity::Error,
            code: "no-renderer".to_owned(),
            message: "the renderer is not in this build".to_owned(),
            file: None,
            range: None,
            helm_first: true,
            hint: None,
        };
        Rendered { problems: vec![problem], ..Rendered::default() }
    }
}
