//! From bytes of the output back to what made them: the line of the template, the calls on the way, the values.
//!
//! *Data* are the places that a value was made of: change one, and the text changes. *Control* are those that decided that this
//! text stands there at all, or that it is this one of several: conditions, loops, values that stand in front of a default.

use std::fmt;
use std::ops::Range;
use std::rc::Rc;

use source::{LineIndex, Span};
use value::{Map, Origin, Text, Value, ValuePath};

use crate::render::{Place, Root, Trace};
use crate::values::origin::{Layers, Supplied, node_at, value_at};

/// A place in a file of the chart.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Spot {
    /// The template's name: `chart/templates/x.yaml`.
    pub template: Rc<str>,
    /// Where its file stands below the root chart's directory.
    pub path: Rc<str>,
    /// The bytes in the file.
    pub range: Range<u32>,
    /// The line, from 1.
    pub line: u32,
    /// The column in bytes, from 1.
    pub column: u32,
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.path, self.line, self.column)
    }
}

/// An action or a text of a template that wrote, and how the run came there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Writer {
    /// The action.
    pub at: Spot,
    /// The calls of named templates around it, the innermost first: the name and where it is called.
    pub calls: Vec<(String, Spot)>,
}

/// What is known of a stretch of the output.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Explanation {
    /// The stretch.
    pub range: Range<u32>,
    /// Who wrote it; several where a function made one text of many. Empty where no template did: Helm's own `# Source:` lines,
    /// and the files of `crds/`.
    pub writers: Vec<Writer>,
    /// The values that it was made of, each once, by the order in which they were met.
    pub data: Vec<Place>,
    /// The values that decided about it and are not among `data`.
    pub control: Vec<Place>,
}

/// A value that an explanation speaks of.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Where it stands.
    pub place: Place,
    /// What stood there before any template ran; `None` for what is absent, and for places outside the values.
    pub value: Option<Value>,
    /// Who put it there.
    pub supplied: Option<Supplied>,
}

/// The values at `places`, and who supplied each.
///
/// Shape: `values` are those that the templates saw, before they changed them.
pub fn claims(places: &[Place], values: &Map, layers: &Layers<'_>) -> Vec<Claim> {
    let claim = |place: &Place| {
        let value = match place.root {
            Root::Values if !place.is_name => value_at(values, &place.path),
            _ => None,
        };
        let supplied = value.as_ref().and_then(|value| layers.find(&place.path, value));
        Claim { place: place.clone(), value, supplied }
    };
    places.iter().map(claim).collect()
}

/// A text with its explanations.
///
/// Shape: of a text that a traced render made ([`crate::render::Engine::trace`]), a file's or the whole output.
///
/// Cost: a question is a binary search and the making of its answer.
#[derive(Debug)]
pub struct SourceMap {
    text: Text,
    trace: Rc<Trace>,
}

impl SourceMap {
    /// The map of `text`, whose origins `trace` resolves.
    pub fn new(text: Text, trace: Rc<Trace>) -> Self {
        Self { text, trace }
    }

    /// The text.
    pub fn text(&self) -> &Text {
        &self.text
    }

    /// What made the byte at `offset`, and the stretch around it that was made in the same way.
    pub fn at(&self, offset: u32) -> Option<Explanation> {
        let piece = self.text.touching(offset..offset.saturating_add(1)).find(|piece| !piece.is_empty())?;
        Some(self.explain(piece.range, piece.from))
    }

    /// The stretches that touch `range`, in order. An empty one tells of what has written nothing there and could have.
    pub fn within(&self, range: Range<u32>) -> Vec<Explanation> {
        let pieces = self.text.touching(range.clone());
        let pieces = pieces.filter(|piece| self.trace.concerns(piece, &range));
        pieces.map(|piece| self.explain(piece.range, piece.from)).collect()
    }

    /// The bytes of a line without its line feed; lines count from 1.
    pub fn line(&self, line: u32) -> Option<Range<u32>> {
        let lines = LineIndex::new(self.text.as_bytes());
        let line = line.checked_sub(1).filter(|line| *line < lines.line_count())?;
        Some(lines.line_start(line)..lines.line_end(line))
    }

    /// The bytes of the entry at `path` in the YAML document that stands at `document`, its key included.
    pub fn field(&self, document: Range<u32>, path: &ValuePath) -> Option<Range<u32>> {
        let bytes = self.text.as_bytes().get(document.start as usize..document.end as usize)?;
        let (tree, _) = yaml::nodes(bytes);
        let (start, node) = node_at(&tree, &path.0)?;
        Some(document.start + start..document.start + tree.range(node).end)
    }

    /// The stretches that a place flowed into, or what stands below it or around it.
    ///
    /// Cost: one look at each piece.
    pub fn reached_by(&self, place: &Place) -> Vec<Range<u32>> {
        let related = |read: Origin| {
            let other = self.trace.place(read);
            let (a, b) = (&place.path.0, &other.path.0);
            place.root == other.root && (a.starts_with(b) || b.starts_with(a))
        };
        let pieces = self.text.pieces().filter(|piece| !piece.is_empty());
        let hit = pieces.filter(|piece| piece.from.iter().any(|from| from.is_read() && related(*from)));
        hit.map(|piece| piece.range).collect()
    }

    /// How many bytes a template has written, and how many there are.
    pub fn attributed(&self) -> (usize, usize) {
        let written =
            self.text.pieces().filter(|piece| piece.from.first().is_some_and(|from| from.is_writer()));
        (written.map(|piece| piece.len() as usize).sum(), self.text.len())
    }

    fn explain(&self, range: Range<u32>, from: &[Origin]) -> Explanation {
        let mut explanation = Explanation { range, ..Explanation::default() };
        let mut control: Vec<Origin> = Vec::new();
        let mut data: Vec<Origin> = Vec::new();
        for origin in from {
            if origin.is_read() {
                data.push(*origin);
                continue;
            }
            if origin.is_decided() {
                control.push(Origin::read(origin.number()));
                continue;
            }
            control.extend(self.trace.control(*origin));
            let Some((span, chain)) = self.trace.site(*origin) else { continue };
            let Some(at) = self.spot(span) else { continue };
            let calls =
                chain.into_iter().filter_map(|(name, call)| Some((name.to_string(), self.spot(call)?)));
            explanation.writers.push(Writer { at, calls: calls.collect() });
        }
        control.sort_unstable();
        control.dedup();
        control.retain(|origin| !data.contains(origin));
        explanation.data = data.into_iter().map(|origin| self.trace.place(origin)).collect();
        explanation.control = control.into_iter().map(|origin| self.trace.place(origin)).collect();
        explanation
    }

    /// The place of a span; `None` for one that is in no file.
    fn spot(&self, span: Span) -> Option<Spot> {
        let file = self.trace.file(span.source)?;
        let place = file.lines.byte_to_line_column(span.start);
        Some(Spot {
            template: file.name.clone(),
            path: file.path.clone(),
            range: span.start..span.end,
            line: place.line + 1,
            column: place.column + 1,
        })
    }
}
