//! `chartroom explain`: what made a line or a field of the output. Helm has no such command.

use std::fmt::Write;
use std::ops::Range;
use std::rc::Rc;

use renderer::render::{Document, Output, Rendered, Root, Trace};
use renderer::source_map::{Claim, Explanation, SourceMap, claims};
use renderer::value::fmt::display;
use renderer::value::{Map, Text, ValuePath};
use renderer::values::origin::Layers;

use crate::flags::Given;
use crate::{Failure, print, template};

/// The longest value that is shown whole, in characters.
const SHOWN: usize = 60;

/// What is asked.
pub(crate) enum Question {
    /// The manifests as `template` prints them, out of a render that records: a check of the recorder itself.
    Manifest(Vec<String>),
    /// What made these.
    Origin(Vec<Subject>),
}

/// A part of the output.
pub(crate) enum Subject {
    /// An entry of the documents that have it.
    Field {
        /// `KIND/NAME`, where one document is meant.
        document: Option<String>,
        path: ValuePath,
    },
    /// Lines of a rendered file, or of all that is printed.
    Lines { file: Option<String>, first: u32, last: u32 },
}

/// All that answers are made of.
pub(crate) struct Answers<'a> {
    pub(crate) rendered: &'a Rendered,
    /// What `template` prints.
    pub(crate) output: Output,
    pub(crate) trace: Rc<Trace>,
    /// What the templates saw first.
    pub(crate) values: &'a Map,
    pub(crate) layers: Layers<'a>,
}

/// Runs the command.
pub(crate) fn run(given: &Given) -> Result<(), Failure> {
    if given.arguments.is_empty() {
        return Err("a chart is needed: chartroom explain [NAME] CHART --line [FILE:]LINE".into());
    }
    if given.is_on("manifest") {
        return template::render_and(given, Some(&Question::Manifest(given.all("show-only").to_vec())));
    }
    let fields = given.all("field").iter().map(|text| read_field(text));
    let subjects: Result<Vec<Subject>, Failure> =
        given.all("line").iter().map(|text| read_lines(text)).chain(fields).collect();
    match subjects? {
        subjects if subjects.is_empty() => {
            Err("of what? --line [FILE:]LINE[-LINE] or --field [KIND/NAME:]PATH".into())
        }
        subjects => template::render_and(given, Some(&Question::Origin(subjects))),
    }
}

/// `[FILE:]LINE[-LINE]`
fn read_lines(text: &str) -> Result<Subject, Failure> {
    let (file, lines) = match text.rsplit_once(':') {
        Some((file, lines)) => (Some(file.to_owned()), lines),
        None => (None, text),
    };
    let (first, last) = lines.split_once('-').unwrap_or((lines, lines));
    match (first.parse(), last.parse()) {
        (Ok(first), Ok(last)) if 0 < first && first <= last => Ok(Subject::Lines { file, first, last }),
        _ => Err(Failure(format!("--line {text}: lines are numbers from 1"))),
    }
}

/// `[KIND/NAME:]PATH`
fn read_field(text: &str) -> Result<Subject, Failure> {
    // A quoted key of the path can hold a colon too.
    let (document, path) = match text.split_once(':') {
        Some((document, path)) if !document.contains('[') => (Some(document.to_owned()), path),
        _ => (None, text),
    };
    match ValuePath::parse(path) {
        Some(path) if !path.0.is_empty() => Ok(Subject::Field { document, path }),
        _ => Err(Failure(format!("--field {text}: a path looks like spec.ports[0].name or data[\"a.b\"]"))),
    }
}

impl Question {
    /// Answers on stdout.
    pub(crate) fn answer(&self, answers: &Answers<'_>) -> Result<(), Failure> {
        match self {
            Self::Manifest(patterns) => {
                answers.check_attributed()?;
                match &patterns[..] {
                    [] => print(answers.output.text.as_bytes()),
                    patterns => {
                        print(renderer::render::show_only(&answers.output.text, patterns)?.as_bytes())
                    }
                }
            }
            Self::Origin(subjects) => {
                let mut said = String::new();
                for subject in subjects {
                    match subject {
                        Subject::Field { document, path } => {
                            answers.explain_field(&mut said, document.as_deref(), path)?;
                        }
                        Subject::Lines { file, first, last } => {
                            answers.explain_lines(&mut said, file.as_deref(), *first..=*last)?;
                        }
                    }
                }
                print(said)
            }
        }
    }
}

impl Answers<'_> {
    /// Fails where a byte of a rendered file, or of what is printed of it, has no writer.
    fn check_attributed(&self) -> Result<(), Failure> {
        let files = self.rendered.files.iter().filter_map(|file| match &file.result {
            Some(Ok(text)) => Some((&file.name, text.clone())),
            _ => None,
        });
        // The files of `crds/`, which have no kind here, are printed as they are; the last line feed is Helm's.
        let printed = self.output.documents.iter().filter(|document| !document.kind.is_empty());
        let printed = printed.map(|document| {
            let end = document.body.max(document.range.end - 1);
            (&document.source, self.output.text.slice(document.body..end))
        });
        for (name, text) in files.chain(printed) {
            let (written, all) = self.map(&text).attributed();
            if written != all {
                return Err(Failure(format!("{name}: nobody has written {} of {all} bytes", all - written)));
            }
        }
        Ok(())
    }

    fn map(&self, text: &Text) -> SourceMap {
        SourceMap::new(text.clone(), self.trace.clone())
    }

    fn explain_lines(
        &self,
        said: &mut String,
        file: Option<&str>,
        lines: std::ops::RangeInclusive<u32>,
    ) -> Result<(), Failure> {
        let (name, text) = match file {
            Some(file) => self.file(file)?,
            None => ("the output", &self.output.text),
        };
        let map = self.map(text);
        for line in lines {
            let range = map.line(line).ok_or_else(|| Failure(format!("{name} has no line {line}")))?;
            // Writing into a `String` cannot fail.
            let _ = writeln!(said, "{name}:{line}");
            self.explain(said, &map, range);
        }
        Ok(())
    }

    /// A rendered file by its name or path.
    fn file(&self, wanted: &str) -> Result<(&str, &Text), Failure> {
        let found = self.rendered.files.iter().find(|file| *file.name == *wanted || *file.path == *wanted);
        match found.map(|file| (file, &file.result)) {
            Some((file, Some(Ok(text)))) => Ok((&file.name, text)),
            Some((file, _)) => Err(Failure(format!("{} writes nothing by itself", file.name))),
            None => Err(Failure(format!("the chart has no template {wanted}"))),
        }
    }

    fn explain_field(
        &self,
        said: &mut String,
        document: Option<&str>,
        path: &ValuePath,
    ) -> Result<(), Failure> {
        let map = self.map(&self.output.text);
        let name_of = |document: &Document| format!("{}/{}", document.kind, document.name);
        let wanted = |found: &&Document| document.is_none_or(|wanted| name_of(found) == wanted);
        let mut found = false;
        for document in self.output.documents.iter().filter(wanted) {
            // A text is shorter than 4 GiB.
            let range = document.body as u32..document.range.end as u32;
            if let Some(field) = map.field(range, path) {
                found = true;
                let _ = writeln!(said, "{} {path}, {}", name_of(document), document.source);
                self.explain(said, &map, field);
            }
        }
        match (found, document) {
            (true, _) => Ok(()),
            (false, Some(document)) => Err(Failure(format!("no {document} with a {path} is printed"))),
            (false, None) => Err(Failure(format!("nothing that is printed has a {path}"))),
        }
    }

    fn explain(&self, said: &mut String, map: &SourceMap, range: Range<u32>) {
        let shown = |range: Range<u32>| {
            String::from_utf8_lossy(&map.text().as_bytes()[range.start as usize..range.end as usize])
        };
        for line in shown(range.clone()).trim_end().lines() {
            let _ = writeln!(said, "  {line}");
        }
        said.push('\n');
        for mut part in map.within(range.clone()) {
            part.range = part.range.start.max(range.start)..part.range.end.min(range.end);
            let text = shown(part.range.clone());
            if text.trim().is_empty() && !text.is_empty() {
                continue;
            }
            let _ = writeln!(said, "  {text:?}");
            self.explain_part(said, &part);
        }
        said.push('\n');
    }

    fn explain_part(&self, said: &mut String, part: &Explanation) {
        if part.writers.is_empty() {
            said.push_str("    written by no template\n");
        }
        for writer in &part.writers {
            let _ = writeln!(said, "    written at {}", writer.at);
            for (name, at) in &writer.calls {
                let _ = writeln!(said, "      in `{name}`, called at {at}");
            }
        }
        for claim in claims(&part.data, self.values, &self.layers) {
            let _ = writeln!(said, "    made of {}", shown(&claim));
        }
        for claim in claims(&part.control, self.values, &self.layers) {
            let _ = writeln!(said, "    because of {}", shown(&claim));
        }
    }
}

fn shown(claim: &Claim) -> String {
    let mut text = claim.place.to_string();
    match &claim.value {
        Some(value) => {
            let whole = display(value).to_string();
            let cut: String = whole.chars().take(SHOWN).collect();
            let dots = if cut.len() < whole.len() { "…" } else { "" };
            let _ = write!(text, " = {cut:?}{dots}");
        }
        None if claim.place.root == Root::Values && !claim.place.is_name => {
            text.push_str(", which is not set")
        }
        None => {}
    }
    if let Some(supplied) = &claim.supplied {
        let _ = write!(text, ", from {supplied}");
    }
    text
}
