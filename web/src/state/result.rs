//! The last render, laid out for the page: lines, documents, and tiles where a template failed.

use std::rc::Rc;

use crate::worker::protocol::{
    Asked, ChartSummary, Document, Failed, Ignored, Problem, Revision, Severity, Update, World,
};

/// What the renderer wrote, with its lines counted once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// Exactly what `helm template` prints.
    pub manifests: Vec<u8>,
    /// NOTES.txt.
    pub notes: Option<String>,
    line_starts: Vec<u32>,
    /// The documents, in order.
    pub documents: Vec<Placed>,
}

/// A document and the lines that show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// As the worker sent it.
    pub document: Document,
    /// Names it among the others: source, kind, name, and a number when they repeat.
    pub key: String,
    /// First line below its `# Source:` line; from 0, counted in the whole output.
    pub first_line: usize,
    /// Lines below it.
    pub n_lines: usize,
}

impl Output {
    /// Counts the lines of a render. Linear in its bytes.
    pub fn new(manifests: Vec<u8>, notes: Option<String>, documents: &[Document]) -> Self {
        let mut line_starts = vec![0];
        line_starts.extend(
            manifests.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at as u32 + 1),
        );
        let mut output =
            Output { manifests, notes, line_starts, documents: Vec::with_capacity(documents.len()) };
        let mut seen = std::collections::HashMap::new();
        for document in documents {
            let mut key = format!("{}#{}/{}", document.source, document.kind, document.name);
            let repeats = seen.entry(key.clone()).or_insert(0_u32);
            *repeats += 1;
            if *repeats > 1 {
                key = format!("{key}#{repeats}");
            }
            let (first_line, n_lines) = output.body_lines(document);
            output.documents.push(Placed { document: document.clone(), key, first_line, n_lines });
        }
        output
    }

    /// The lines of a document without `---` and `# Source:`, which its heading shows, and without empty ones at its end.
    fn body_lines(&self, document: &Document) -> (usize, usize) {
        let mut first = self.line_at(document.start);
        let mut end = self.line_at(document.end.saturating_sub(1).max(document.start)) + 1;
        while first < end && (self.line(first) == b"---" || self.line(first).starts_with(b"# Source: ")) {
            let was_source = self.line(first).starts_with(b"# Source: ");
            first += 1;
            if was_source {
                break;
            }
        }
        while end > first && self.line(end - 1).iter().all(u8::is_ascii_whitespace) {
            end -= 1;
        }
        (first, end - first)
    }

    /// The line that holds a byte.
    fn line_at(&self, byte: u32) -> usize {
        self.line_starts.partition_point(|start| *start <= byte) - 1
    }

    /// A line without its end.
    pub fn line(&self, index: usize) -> &[u8] {
        let Some(start) = self.line_starts.get(index) else { return b"" };
        let end = self.line_starts.get(index + 1).map_or(self.manifests.len(), |next| *next as usize - 1);
        let line = &self.manifests[*start as usize..end.max(*start as usize)];
        line.strip_suffix(b"\r").unwrap_or(line)
    }

    /// How many lines there are.
    pub fn n_lines(&self) -> usize {
        // The last line start stands behind the last line break, where no line is.
        if self.manifests.last() == Some(&b'\n') {
            self.line_starts.len() - 1
        } else {
            self.line_starts.len()
        }
    }

    /// The bytes of the shown lines of a document.
    pub fn body(&self, placed: &Placed) -> &[u8] {
        let start = self.line_starts.get(placed.first_line).map_or(0, |start| *start as usize);
        let end = self
            .line_starts
            .get(placed.first_line + placed.n_lines)
            .map_or(self.manifests.len(), |at| *at as usize);
        &self.manifests[start.min(end)..end]
    }
}

/// What a failed template leaves in the place of its documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// As a `# Source:` line would say it; empty when nothing was rendered for a reason outside the templates.
    pub source: String,
    /// Helm's sentence.
    pub message: String,
    /// Its first error in the list of problems.
    pub problem: Option<usize>,
    /// Further errors of the same file.
    pub n_more: usize,
}

/// A row of the manifests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// The document of this index.
    Document(usize),
    /// The tile of this index.
    Tile(usize),
}

/// A template that is not run because it did not end, or took the worker with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aside {
    /// Inside the chart.
    pub path: String,
    /// What happened, as a sentence.
    pub sentence: String,
}

/// The slice of the result.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// The last render that came back.
    pub output: Rc<Output>,
    /// Documents and tiles in the order of the page.
    pub items: Rc<Vec<Item>>,
    /// Tiles, named by `items`.
    pub tiles: Rc<Vec<Tile>>,
    /// Helm's own first error first, then by severity.
    pub problems: Rc<Vec<Problem>>,
    /// Files that are no part of the chart.
    pub ignored: Rc<Vec<Ignored>>,
    /// What `Chart.yaml` says.
    pub chart: Option<ChartSummary>,
    /// The world of the shown render.
    pub world: World,
    /// What it was asked.
    pub asked: Asked,
    /// The revision that is shown.
    pub shown: Revision,
    /// The newest revision.
    pub submitted: Revision,
    /// Of the shown render.
    pub render_ms: f64,
    /// How long the newest render has run, once that is worth a word.
    pub slow_ms: Option<u32>,
    /// What it is busy with, where the worker has announced it: `an RSA key of 4096 bits`.
    pub slow_work: Option<String>,
    /// Why the newest revision has no answer.
    pub failure: Option<String>,
    /// Templates that are not run.
    pub aside: Vec<Aside>,
    /// Keys and sources in the order they were last shown.
    pub(crate) order: Rc<Vec<(String, String)>>,
}

impl Outcome {
    /// `data-state`.
    pub fn state(&self) -> &'static str {
        if self.failure.is_some() {
            "failed"
        } else if self.submitted > self.shown {
            "rendering"
        } else {
            "idle"
        }
    }

    /// How many problems of a severity there are.
    pub fn count(&self, severity: Severity) -> usize {
        self.problems.iter().filter(|problem| problem.severity == severity).count()
    }

    /// The worst severity there is, of all files or of one.
    pub fn worst(&self, file: Option<&str>) -> Option<Severity> {
        self.problems
            .iter()
            .filter(|problem| file.is_none() || problem.file.as_deref() == file)
            .map(|p| p.severity)
            .min()
    }

    /// How many documents could not be made.
    pub fn n_failed(&self) -> usize {
        self.tiles.len()
    }

    pub(crate) fn submit(&mut self, revision: Revision) {
        self.submitted = revision;
        self.failure = None;
    }

    pub(crate) fn fail(&mut self, text: String) {
        self.failure = Some(text);
        self.slow_ms = None;
        self.slow_work = None;
    }

    pub(crate) fn set_aside(&mut self, aside: Aside) {
        self.aside.retain(|other| other.path != aside.path);
        self.aside.push(aside);
    }

    pub(crate) fn take(&mut self, update: &Update, output: Rc<Output>) {
        let mut problems = update.problems.clone();
        problems.sort_by_key(|problem| (!problem.helm_first, problem.severity));
        self.tiles = Rc::new(tiles(&problems, &update.failed, &output));
        if *self.ignored != update.ignored {
            self.ignored = Rc::new(update.ignored.clone());
        }
        let (items, order) = place(&output, &self.tiles, &self.order);
        self.items = Rc::new(items);
        self.order = Rc::new(order);
        self.problems = Rc::new(problems);
        self.output = output;
        if update.chart.is_some() {
            self.chart.clone_from(&update.chart);
        }
        self.world = update.world;
        self.asked = update.asked;
        self.shown = update.revision;
        self.render_ms = update.render_ms;
        self.slow_ms = None;
        self.slow_work = None;
        self.failure = None;
    }
}

/// One tile for each failed template; when nothing was rendered at all, one for the first error.
fn tiles(problems: &[Problem], failed: &[Failed], output: &Output) -> Vec<Tile> {
    let errors_of = |path: &str| {
        let of_file = problems.iter().enumerate();
        of_file
            .filter(|(_, problem)| {
                problem.severity == Severity::Error && problem.file.as_deref() == Some(path)
            })
            .map(|(index, _)| index)
            .collect::<Vec<_>>()
    };
    let mut tiles: Vec<Tile> = Vec::new();
    for failed in failed {
        if tiles.iter().any(|tile| tile.source == failed.source) {
            continue;
        }
        let errors = errors_of(&failed.path);
        tiles.push(Tile {
            source: failed.source.clone(),
            message: failed.message.clone(),
            problem: errors.first().copied(),
            n_more: errors.len().saturating_sub(1),
        });
    }
    if tiles.is_empty() && output.documents.is_empty() {
        let first = problems.iter().enumerate().find(|(_, problem)| problem.severity == Severity::Error);
        tiles.extend(first.map(|(index, problem)| Tile {
            source: String::new(),
            message: problem.message.clone(),
            problem: Some(index),
            n_more: 0,
        }));
    }
    tiles
}

/// Puts each tile where the documents of its template last stood, and new ones at the top.
fn place(output: &Output, tiles: &[Tile], last: &[(String, String)]) -> (Vec<Item>, Vec<(String, String)>) {
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); output.documents.len() + 1];
    for (index, tile) in tiles.iter().enumerate() {
        let stood = last.iter().position(|(_, source)| *source == tile.source).unwrap_or(0);
        let at = last[..stood]
            .iter()
            .rev()
            .find_map(|(key, _)| output.documents.iter().position(|placed| placed.key == *key))
            .map_or(0, |document| document + 1);
        before[at].push(index);
    }
    let mut items = Vec::with_capacity(output.documents.len() + tiles.len());
    let mut order = Vec::with_capacity(items.capacity());
    for (at, waiting) in before.iter().enumerate() {
        for index in waiting {
            items.push(Item::Tile(*index));
            order.push((String::new(), tiles[*index].source.clone()));
        }
        if let Some(placed) = output.documents.get(at) {
            items.push(Item::Document(at));
            order.push((placed.key.clone(), placed.document.source.clone()));
        }
    }
    (items, order)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(parts: &[(&str, &str)]) -> (Vec<u8>, Vec<Document>) {
        let mut manifests = Vec::new();
        let mut documents = Vec::new();
        for (source, body) in parts {
            let start = manifests.len() as u32;
            manifests.extend_from_slice(format!("---\n# Source: {source}\n{body}\n").as_bytes());
            documents.push(Document {
                source: (*source).to_owned(),
                kind: "ConfigMap".into(),
                name: "x".into(),
                start,
                end: manifests.len() as u32,
                is_hook: false,
            });
        }
        (manifests, documents)
    }

    fn output(parts: &[(&str, &str)]) -> Rc<Output> {
        let (manifests, documents) = render(parts);
        Rc::new(Output::new(manifests, None, &documents))
    }

    fn error(file: &str) -> Problem {
        Problem {
            severity: Severity::Error,
            code: "x".into(),
            message: "no".into(),
            file: Some(file.to_owned()),
            range: None,
            helm_first: false,
            hint: None,
        }
    }

    /// A render in which these templates failed.
    fn update(failed: &[&str]) -> Update {
        let fail = |path: &&str| Failed {
            source: format!("c/{path}"),
            path: (*path).to_owned(),
            message: "no".into(),
        };
        Update {
            problems: failed.iter().map(|path| error(path)).collect(),
            failed: failed.iter().map(fail).collect(),
            ..Update::default()
        }
    }

    #[test]
    fn the_heading_takes_the_separator_and_the_source_line() {
        let output = output(&[
            ("c/templates/a.yaml", "a: 1\nb: 2"),
            ("c/templates/b.yaml", "# Source: not me\nc: 3\n"),
        ]);
        assert_eq!((output.documents[0].first_line, output.documents[0].n_lines), (2, 2));
        assert_eq!(output.line(3), b"b: 2");
        let second = &output.documents[1];
        assert_eq!((second.first_line, second.n_lines), (6, 2));
        assert_eq!(output.line(second.first_line), b"# Source: not me");
        assert_eq!(output.n_lines(), 9);
        assert_eq!(output.body(second), b"# Source: not me\nc: 3\n");
    }

    #[test]
    fn documents_of_one_name_have_keys_of_their_own() {
        let output = output(&[("c/templates/a.yaml", "a: 1"), ("c/templates/a.yaml", "a: 2")]);
        assert_ne!(output.documents[0].key, output.documents[1].key);
    }

    #[test]
    fn a_failed_template_keeps_its_place() {
        let mut outcome = Outcome::default();
        let all =
            [("c/templates/a.yaml", "a: 1"), ("c/templates/b.yaml", "b: 1"), ("c/templates/d.yaml", "d: 1")];
        outcome.take(&update(&[]), output(&all));
        outcome.take(&update(&["templates/b.yaml"]), output(&[all[0], all[2]]));
        assert_eq!(*outcome.items, [Item::Document(0), Item::Tile(0), Item::Document(1)]);
        // Also while it stays broken, and beside another one that breaks.
        outcome.take(&update(&["templates/b.yaml", "templates/d.yaml"]), output(&[all[0]]));
        assert_eq!(*outcome.items, [Item::Document(0), Item::Tile(0), Item::Tile(1)]);
    }

    #[test]
    fn a_template_that_never_rendered_fails_at_the_top() {
        let mut outcome = Outcome::default();
        outcome.take(&update(&["templates/new.yaml"]), output(&[("c/templates/a.yaml", "a: 1")]));
        assert_eq!(*outcome.items, [Item::Tile(0), Item::Document(0)]);
    }

    #[test]
    fn findings_in_a_template_that_rendered_make_no_tile() {
        let mut outcome = Outcome::default();
        let lint = Update { problems: vec![error("templates/a.yaml")], ..Update::default() };
        outcome.take(&lint, output(&[("c/templates/a.yaml", "a: 1")]));
        assert_eq!(*outcome.items, [Item::Document(0)]);
        assert_eq!(outcome.worst(Some("templates/a.yaml")), Some(Severity::Error));
    }

    #[test]
    fn an_error_before_all_templates_is_one_tile() {
        let mut outcome = Outcome::default();
        outcome.take(
            &Update { problems: vec![error("values.yaml"), error("Chart.yaml")], ..Update::default() },
            output(&[]),
        );
        assert_eq!(*outcome.items, [Item::Tile(0)]);
        assert_eq!(outcome.tiles[0].problem, Some(0));
    }

    #[test]
    fn the_state_is_rendering_until_the_newest_revision_is_shown() {
        let mut outcome = Outcome::default();
        outcome.submit(2);
        assert_eq!(outcome.state(), "rendering");
        outcome.fail("the worker stopped".into());
        assert_eq!(outcome.state(), "failed");
        outcome.submit(3);
        outcome.take(&Update { revision: 3, ..update(&[]) }, Rc::default());
        assert_eq!(outcome.state(), "idle");
    }
}
