//! Who hears a run: nobody, or a [`Trace`] that records what each template read, wrote and emitted.
//!
//! Strings carry where they come from themselves ([`value::Origin`]): the action that wrote each byte, and the places in the
//! values that flowed into it. All other values have a mark on the machine's stack, which stands for two sets of places: what a
//! value was made of (*data*), and what decided that it is this one (*control*). Maps and lists are known by their address, so a
//! read through a variable, a `with` or a helper's argument still knows where it looked.

mod calls;
mod leaves;
mod nodes;
mod places;
mod sets;
mod silent;

use std::any::Any;
use std::collections::HashSet;
use std::ops::Range;
use std::rc::Rc;

use gotemplate::{Host, Include, Mark, TPL_SOURCE};
use source::{LineIndex, SourceId, Span};
use value::{List, Map, Origin, Piece, QuickMap, Text, TextBuilder, Value};

use super::scope::Template;
use crate::log::Log;
use crate::world::{self, World};
use nodes::Nodes;
pub use places::{Place, Root};
use sets::{Flow, Set, Sets};

/// Answers what functions ask, and listens to nothing.
pub(crate) struct Silent<'a> {
    pub(crate) world: &'a mut dyn World,
    pub(crate) log: &'a mut Vec<Log>,
}

impl Host for Silent<'_> {
    fn ask(&mut self, question: &mut dyn Any) -> bool {
        world::answer(self.world, self.log, question)
    }
}

/// Answers what functions ask, and records.
pub(crate) struct Recording<'a> {
    pub(crate) world: &'a mut dyn World,
    pub(crate) log: &'a mut Vec<Log>,
    pub(crate) trace: &'a mut Trace,
}

/// Whether a render is recorded.
///
/// The type decides, so that a program whose renders are all [`Unrecorded`] carries no recorder: the page is one.
pub trait Recorder {
    /// Where to record.
    fn trace(&mut self) -> Option<&mut Trace>;
}

/// Nothing is recorded.
#[derive(Clone, Copy, Debug)]
pub struct Unrecorded;

impl Recorder for Unrecorded {
    #[inline]
    fn trace(&mut self) -> Option<&mut Trace> {
        None
    }
}

impl Recorder for Option<&mut Trace> {
    fn trace(&mut self) -> Option<&mut Trace> {
        self.as_deref_mut()
    }
}

/// One look at a place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Read {
    /// Where.
    pub place: Place,
    /// Whether something was there.
    pub found: bool,
}

/// One change of a map that templates share.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Write {
    /// Where.
    pub place: Place,
    /// Whether the entry was taken away.
    pub removed: bool,
}

/// What one template did.
#[derive(Debug, Default)]
struct Run {
    template: Rc<str>,
    reads: Vec<(u32, bool)>,
    known: HashSet<(u32, bool)>,
    writes: Vec<(u32, bool)>,
}

/// An action or a text that writes: where, on which way, and decided by what.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
struct Site {
    span: Span,
    /// The innermost call, as a number of [`Trace::calls`].
    chain: u32,
    control: Set,
    /// Of a statement that wrote nothing: whether that would have been lines of its own.
    is_lines: bool,
}

/// A call of a named template.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
struct Link {
    /// The call around it.
    above: u32,
    name: Text,
    call: Span,
}

/// A template at work.
#[derive(Debug, Default)]
struct Frame {
    chain: u32,
    /// For a `tpl` the call in a file, which is where the text writes, and the text.
    tpl: Option<(Span, Text)>,
    /// What decided that it runs.
    base: Set,
    /// The statements around the place where it is.
    decisions: Vec<Decision>,
    /// How often it has written something.
    written: u32,
    /// The statements that have written nothing since.
    silent: Vec<Origin>,
}

/// A statement that has gone one way or the other.
#[derive(Clone, Copy, Debug)]
struct Decision {
    at: Span,
    /// What has decided that.
    by: Set,
    /// All that has decided so far.
    all: Set,
    /// What its frame had written before; `None` where it cannot write at all.
    written: Option<u32>,
}

/// What the templates of one render read, wrote and emitted.
///
/// Shape: make one for each render. The texts that come out of the render name it: their pieces hold [`Origin`]s that only this
/// trace resolves ([`Trace::site`], [`Trace::place`]).
#[derive(Debug, Default)]
pub struct Trace {
    sets: Sets,
    nodes: Nodes,
    sites: Vec<Site>,
    site_ids: QuickMap<Site, u32>,
    links: Vec<Link>,
    link_ids: QuickMap<Link, u32>,
    frames: Vec<Frame>,
    /// What the function at work has looked at, by key: the maps by address, and what is known of the answers.
    seen: QuickMap<Text, Vec<(usize, Flow)>>,
    runs: Vec<Run>,
    files: Vec<TracedFile>,
}

/// A template file, as spans speak of it.
#[derive(Debug)]
pub(crate) struct TracedFile {
    pub(crate) name: Rc<str>,
    pub(crate) path: Rc<str>,
    pub(crate) lines: LineIndex,
    text: Text,
}

impl Trace {
    /// An empty trace.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives every value that the templates will see its place.
    pub(crate) fn open(&mut self, templates: &[Template], values: &Map) {
        let root = self.sets.places.root(Root::Values);
        self.lay(values, root);
        self.files = templates
            .iter()
            .map(|template| TracedFile {
                name: template.name.clone(),
                path: template.path.clone(),
                lines: LineIndex::new(template.text.as_bytes()),
                text: template.text.clone(),
            })
            .collect();
        for template in templates {
            let context = &template.context;
            if self.nodes.place_of(context.address()).is_some() {
                continue;
            }
            let chart = template.base_path.strip_suffix("/templates").unwrap_or(&template.base_path);
            let root = self.sets.places.root(Root::Context(chart.into()));
            self.nodes.put(&Value::Map(context.clone()), root);
            for key in ["Chart", "Release"] {
                if let Some(Value::Map(map)) = context.get(key) {
                    let place = self.sets.places.entry(root, key.as_bytes());
                    self.lay(&map, place);
                }
            }
        }
    }

    /// A template starts.
    pub(crate) fn begin(&mut self, template: &Rc<str>) {
        self.frames = vec![Frame::default()];
        self.forget_seen();
        self.runs.push(Run { template: template.clone(), ..Run::default() });
    }

    /// A template has ended with `text`.
    pub(crate) fn end(&mut self, text: &mut Text) {
        self.include(Include::Leave { text: Some(text) });
    }

    /// Forgets what only a run needs: the values themselves.
    pub(crate) fn close(&mut self) {
        self.nodes = Nodes::default();
        self.frames.clear();
        self.forget_seen();
    }

    /// No function is at work.
    fn forget_seen(&mut self) {
        // Clearing a table costs its size, and one function can have looked at very much.
        if self.seen.len() > 64 {
            self.seen = QuickMap::default();
        } else {
            self.seen.clear();
        }
    }

    // What was recorded

    /// The names of the templates that ran, in order.
    pub fn templates(&self) -> impl Iterator<Item = &Rc<str>> {
        self.runs.iter().map(|run| &run.template)
    }

    /// What a template looked at, each place once, in order. A place that a subtree was printed or copied from stands for all of it.
    pub fn reads(&self, template: &str) -> Vec<Read> {
        let runs = self.runs.iter().filter(|run| *run.template == *template);
        runs.flat_map(|run| &run.reads)
            .map(|(place, found)| Read { place: self.sets.places.place(*place), found: *found })
            .collect()
    }

    /// What a template changed of what it shares with the others, in order.
    pub fn writes(&self, template: &str) -> Vec<Write> {
        let runs = self.runs.iter().filter(|run| *run.template == *template);
        runs.flat_map(|run| &run.writes)
            .map(|(place, removed)| Write { place: self.sets.places.place(*place), removed: *removed })
            .collect()
    }

    /// The place that an origin of what was read or has decided stands for.
    pub fn place(&self, origin: Origin) -> Place {
        self.sets.places.place(origin.number())
    }

    /// What an origin of a writer stands for: the span in a template's file, and the calls around it, innermost first.
    pub fn site(&self, writer: Origin) -> Option<(Span, Vec<(&Text, Span)>)> {
        let site = self.sites.get(writer.number() as usize)?;
        let mut chain = Vec::new();
        let mut at = site.chain;
        while let Some(link) = (at as usize).checked_sub(1).and_then(|index| self.links.get(index)) {
            chain.push((&link.name, link.call));
            at = link.above;
        }
        Some((site.span, chain))
    }

    pub(crate) fn file(&self, source: SourceId) -> Option<&TracedFile> {
        self.files.get(source.0 as usize)
    }

    /// Whether a piece has to do with the bytes in `range`, which it touches: what has written nothing stands at the end of
    /// one field and the start of another, and belongs to neither where it would have been lines of its own.
    pub(crate) fn concerns(&self, piece: &Piece<'_>, range: &Range<u32>) -> bool {
        if !piece.is_empty() || range.start < piece.range.start && piece.range.start < range.end {
            return true;
        }
        let is_lines =
            |origin: &Origin| self.sites.get(origin.number() as usize).is_some_and(|site| site.is_lines);
        !piece.from.iter().any(|origin| origin.is_writer() && is_lines(origin))
    }

    /// What decided that a writer writes, as origins of what was read.
    pub fn control(&self, writer: Origin) -> &[Origin] {
        match self.sites.get(writer.number() as usize) {
            Some(site) => self.sets.origins(site.control),
            None => &[],
        }
    }

    // While a template runs

    /// What has decided, all in all, that the machine is at `at`; the statements that are over are left.
    fn decided_at(&mut self, at: Span) -> Set {
        self.leave_statements(|statement| !statement.contains(at));
        self.decided()
    }

    /// Leaves the innermost statements as long as they are `over`. Those that have written nothing are remembered: what is
    /// written next stands behind what they have not written.
    fn leave_statements(&mut self, over: impl Fn(Span) -> bool) {
        let Some(frame) = self.frames.last_mut() else { return };
        let left = frame.decisions.iter().rposition(|decision| !over(decision.at)).map_or(0, |last| last + 1);
        if left == frame.decisions.len() {
            return;
        }
        let (chain, written) = (frame.chain, frame.written);
        let over: Vec<Decision> = frame.decisions.drain(left..).collect();
        for decision in over.into_iter().rev() {
            if decision.written != Some(written) || decision.by == Set::EMPTY {
                continue;
            }
            let is_lines = self.source_at(decision.at).is_some_and(|text| silent::is_lines(text.as_bytes()));
            let span = self.tpl_at(decision.at).map_or(decision.at, |(call, _)| *call);
            let statement = self.writer(Site { span, chain, control: decision.by, is_lines });
            if let Some(frame) = self.frames.last_mut()
                && frame.silent.last() != Some(&statement)
            {
                frame.silent.push(statement);
            }
        }
    }

    /// The statements that have written nothing since the last text, as such.
    fn take_silent(&mut self) -> Option<Text> {
        let frame = self.frames.last_mut()?;
        (!frame.silent.is_empty()).then(|| silent::text(&std::mem::take(&mut frame.silent)))
    }

    /// The text of a template, or of a `tpl`, at `at`.
    fn source_at(&self, at: Span) -> Option<Text> {
        match self.tpl_at(at) {
            Some((_, text)) => Some(cut(text, at)),
            None => self.file(at.source).map(|file| cut(&file.text, at)),
        }
    }

    /// What has decided, as far as it is known without a place.
    fn decided(&self) -> Set {
        let Some(frame) = self.frames.last() else { return Set::EMPTY };
        frame.decisions.last().map_or(frame.base, |decision| decision.all)
    }

    /// The call and the text of the `tpl` in which `at` is.
    fn tpl_at(&self, at: Span) -> Option<&(Span, Text)> {
        // What the text defines runs in frames of its own.
        let mut frames = self.frames.iter().rev();
        (at.source == TPL_SOURCE).then(|| frames.find_map(|frame| frame.tpl.as_ref()))?
    }

    /// What the part of a `tpl`'s text at `at` comes from; nothing for a file.
    fn code_at(&mut self, at: Span) -> Set {
        match self.tpl_at(at).map(|(_, text)| cut(text, at)) {
            Some(part) => self.sets.of_reads(part.origins()),
            None => Set::EMPTY,
        }
    }

    fn link(&mut self, link: Link) -> u32 {
        if let Some(known) = self.link_ids.get(&link) {
            return *known;
        }
        self.links.push(link.clone());
        let number = self.links.len() as u32;
        self.link_ids.insert(link, number);
        number
    }

    fn writer(&mut self, site: Site) -> Origin {
        let next = self.sites.len() as u32;
        let number = *self.site_ids.entry(site).or_insert(next);
        if number == next {
            self.sites.push(site);
        }
        Origin(number)
    }

    fn note_read(&mut self, place: u32, found: bool) {
        if let Some(run) = self.runs.last_mut()
            && run.known.insert((place, found))
        {
            run.reads.push((place, found));
        }
    }

    fn read(&mut self, map: &Map, key: &[u8], answer: Option<&Value>, of: Mark) -> Mark {
        if let Some(place) = self.nodes.place_of(map.address()) {
            let place = self.sets.places.entry(place, key);
            self.note_read(place, answer.is_some());
        }
        let of = self.sets.flow(of);
        let flow = self.entry_flow(map, key, answer, of);
        let seen = (map.address(), flow);
        match self.seen.get_mut(key) {
            Some(others) => others.push(seen),
            None => {
                self.seen.insert(key.into(), vec![seen]);
            }
        }
        self.sets.mark(flow)
    }

    fn write(&mut self, map: &Map, key: &[u8], value: Option<&Value>) {
        let place = self.nodes.place_of(map.address());
        if let Some(place) = self.nodes.shared_place_of(map.address()) {
            let place = self.sets.places.entry(place, key);
            if let Some(run) = self.runs.last_mut() {
                run.writes.push((place, value.is_none()));
            }
        }
        let Some(value) = value else { return self.nodes.forget(map.address(), key) };
        // `merge` looks at an entry before it puts it elsewhere.
        let seen = self.seen.get(key).map(Vec::as_slice).unwrap_or_default();
        let found = seen.iter().rev().find(|(from, _)| *from != map.address());
        let mut flow = found.map_or(Flow::default(), |(_, flow)| *flow);
        if self.own_flow(value).is_some() {
            flow.data = Set::EMPTY;
        }
        flow.control = self.sets.union(flow.control, self.decided());
        if place.is_some() || flow != Flow::default() {
            let mark = self.sets.mark(flow);
            self.nodes.set_entry(map, key, mark);
        }
    }

    fn include(&mut self, step: Include<'_>) {
        match step {
            Include::Enter { name, call, at, text } => {
                let base = self.decided_at(at);
                // A text that runs decides all that it includes.
                let code = self.code_at(at);
                let base = self.sets.union(base, code);
                let above = self.frames.last().map_or(0, |frame| frame.chain);
                let chain = self.link(Link { above, name: name.clone(), call });
                let tpl = text.map(|text| (call, text.clone()));
                self.frames.push(Frame { chain, tpl, base, ..Frame::default() });
            }
            Include::Leave { text } => {
                self.leave_statements(|_| true);
                let Some(frame) = self.frames.pop() else { return };
                match (text, self.frames.last_mut()) {
                    (Some(text), _) => silent::append(text, &frame.silent),
                    (None, Some(above)) => {
                        above.written += frame.written;
                        above.silent.extend(frame.silent);
                    }
                    (None, None) => {}
                }
            }
        }
    }

    fn emit(&mut self, at: Span, text: Text, mark: Mark) -> Text {
        self.forget_seen();
        let decided = self.decided_at(at);
        if text.is_empty() && mark == Mark::NONE && !text.has_origin() {
            return text;
        }
        let written = self.written(at, text, mark, decided);
        let before = self.take_silent();
        if let Some(frame) = self.frames.last_mut() {
            frame.written += u32::from(!written.is_empty());
        }
        match before {
            None => written,
            Some(before) => silent::joined(&before, &written),
        }
    }

    fn written(&mut self, at: Span, text: Text, mark: Mark, decided: Set) -> Text {
        let flow = self.sets.flow(mark);
        let control = self.sets.union(decided, flow.control);
        let span = self.tpl_at(at).map_or(at, |(call, _)| *call);
        // A literal brings along what it comes from; an action is told what to do by its own text.
        let is_literal = self.tpl_at(at).is_some_and(|(_, code)| cut(code, at).as_bytes() == text.as_bytes());
        let code = if is_literal { Set::EMPTY } else { self.code_at(at) };
        let chain = self.frames.last().map_or(0, |frame| frame.chain);
        let site = Site { span, chain, control, is_lines: false };
        let is_text =
            self.file(at.source).is_some_and(|file| cut(&file.text, at).as_bytes() == text.as_bytes());
        if is_text {
            return self.emit_lines(&text, site);
        }
        let writer = self.writer(site);
        let by = self.sets.origins(flow.control).iter().map(|read| Origin::decided(read.number()));
        let by: Vec<Origin> = by.collect();
        text.written(writer, self.sets.origins(flow.data), self.sets.origins(code), &by)
    }

    /// The text of a file writes line by line, so that each names its own.
    fn emit_lines(&mut self, text: &Text, site: Site) -> Text {
        let mut written = TextBuilder::with_capacity(text.len());
        let mut start = site.span.start;
        for line in text.as_bytes().split_inclusive(|byte| *byte == b'\n') {
            let end = start + line.len() as u32;
            let writer = self.writer(Site { span: Span { start, end, ..site.span }, ..site });
            let from: Rc<[Origin]> = Rc::new([writer]);
            written.push_from(line, &from);
            start = end;
        }
        written.finish()
    }

    fn decide(&mut self, at: Span, value: &Value, mark: Mark, writes: bool) -> Mark {
        let flow = self.whole(value, mark);
        // In a loop the same statement can be the one before, too.
        self.leave_statements(|statement| statement == at || !statement.contains(at));
        let code = self.code_at(at);
        let by = self.sets.union(flow.data, flow.control);
        let by = self.sets.union(by, code);
        let all = self.sets.union(self.decided(), by);
        if let Some(frame) = self.frames.last_mut() {
            frame.decisions.push(Decision { at, by, all, written: writes.then_some(frame.written) });
        }
        self.sets.mark(Flow { data: Set::EMPTY, control: by })
    }

    fn assign(&mut self, at: Span, mark: Mark) -> Mark {
        let decided = self.decided_at(at);
        let mut flow = self.sets.flow(mark);
        flow.control = self.sets.union(flow.control, decided);
        self.sets.mark(flow)
    }

    fn past(&mut self, passed: Mark, result: Mark) -> Mark {
        let flow = self.sets.governed(self.sets.flow(result), self.sets.flow(passed));
        self.sets.mark(flow)
    }
}

/// The part of a text at `at`; empty where there is no such part.
fn cut(text: &Text, at: Span) -> Text {
    let (start, end) = (at.start as usize, at.end as usize);
    if start <= end && end <= text.len() { text.slice(start..end) } else { Text::new() }
}

impl Host for Recording<'_> {
    fn read(&mut self, map: &Map, key: &[u8], answer: Option<&Value>, of: Mark) -> Mark {
        self.trace.read(map, key, answer, of)
    }

    fn element(&mut self, list: &List, index: usize, of: Mark) -> Mark {
        let of = self.trace.sets.flow(of);
        let flow = self.trace.item_flow(list, index, of);
        self.trace.sets.mark(flow)
    }

    fn write(&mut self, map: &Map, key: &[u8], value: Option<&Value>) {
        self.trace.write(map, key, value);
    }

    fn include(&mut self, step: Include<'_>) {
        self.trace.include(step);
    }

    fn emit(&mut self, at: Span, text: Text, mark: Mark) -> Text {
        self.trace.emit(at, text, mark)
    }

    fn called(&mut self, name: &[u8], args: &[Value], marks: &[Mark], answer: &mut Value) -> Mark {
        self.trace.called(name, args, marks, answer)
    }

    fn decide(&mut self, at: Span, value: &Value, mark: Mark, writes: bool) -> Mark {
        self.trace.decide(at, value, mark, writes)
    }

    fn assign(&mut self, at: Span, mark: Mark) -> Mark {
        self.trace.assign(at, mark)
    }

    fn past(&mut self, passed: Mark, result: Mark) -> Mark {
        self.trace.past(passed, result)
    }

    fn ask(&mut self, question: &mut dyn Any) -> bool {
        world::answer(self.world, self.log, question)
    }
}
