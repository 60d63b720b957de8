//! Templates within templates: `template`, `include` and `tpl` push a frame, and `Return` takes it away.

use std::rc::Rc;

use source::{SourceId, Span};
use value::{QuickMap, Text, TextBuilder, Value, find_byte};

use super::{Flags, Flow, Frame, MARK, NO_VALUE, Run, Stop, Trouble, UNDECLARED};
use crate::ast::NodeId;
use crate::code::{CallSite, DOT, DYNAMIC};
use crate::error::Cause;
use crate::host::Include;
use crate::set::{ParsedFile, Template, parse};

/// The source of the texts that `tpl` runs: no file.
pub const TPL_SOURCE: SourceId = SourceId(u32::MAX);

/// The name that Helm gives to the text of a `tpl`.
const TPL_NAME: &str = "gotpl";

/// Go's limit on `template` actions within each other.
const MAX_TEMPLATES: u32 = 100_000;
/// Helm's limit on how often one name is being included at a time.
const MAX_INCLUDES: u32 = 1000;
/// Where Helm would use up all its stack and die; far beyond any chart that ends.
const MAX_TPL: usize = 10_000;
/// Frames and values at a time, so that includes and templates that take turns cannot use up the memory either.
const MAX_FRAMES: usize = 1 << 20;
const MAX_VALUES: usize = 1 << 23;
/// Texts of `tpl` are parsed once, as long as they are fewer bytes than this.
const MAX_TPL_BYTES: usize = 1 << 22;

/// How a frame came about.
pub(super) enum Nest {
    Include,
    Root,
    Template,
    /// Holds the text.
    Tpl(Text),
}

/// What the text of one `tpl` defines.
pub(super) struct Layer {
    /// The text itself, under Helm's name for it.
    own: Rc<Template>,
    defines: QuickMap<Text, Rc<Template>>,
    /// The nearest layer below that defines something, as a count of layers.
    below: u32,
}

impl<const LISTENS: bool> Run<'_, '_, LISTENS> {
    /// The template of that name, seen from a frame that sees `layer` layers.
    fn find(&self, mut layer: u32, name: &Text) -> Option<&Rc<Template>> {
        if let Some(top) = self.layer(layer)
            && *name == TPL_NAME
        {
            return Some(&top.own);
        }
        while let Some(at) = self.layer(layer) {
            if let Some(found) = at.defines.get(name) {
                return Some(found);
            }
            layer = at.below;
        }
        self.machine.set.get(name.as_bytes())
    }

    fn layer(&self, layer: u32) -> Option<&Layer> {
        self.layers.get((layer as usize).checked_sub(1)?)
    }

    /// Pushes a frame. `call` is the action that leads there, in a file and as it is.
    pub(super) fn enter(
        &mut self,
        template: Rc<Template>,
        (data, flags): (Value, Flags),
        nest: Nest,
        depth: u32,
        layer: u32,
        (call, at): (Span, Span),
    ) -> Result<(), Stop> {
        let slots = template.code(self.machine.funcs).slots as usize;
        self.fuel.charge(slots as u64).map_err(|_| Trouble::out_of_fuel())?;
        let base = self.values.len();
        if self.frames.len() >= MAX_FRAMES || base + slots > MAX_VALUES {
            return Err(format!("more than {MAX_FRAMES} templates are nested").into());
        }
        self.values.resize(base + slots, Value::Nil);
        self.flags.resize(base + slots, UNDECLARED);
        self.set(base, data.clone(), flags & MARK);
        self.set(base + DOT as usize, data, flags & MARK);
        if LISTENS && !matches!(nest, Nest::Root) {
            let text = match &nest {
                Nest::Tpl(text) => Some(text),
                _ => None,
            };
            self.host.include(Include::Enter { name: &template.name, call, at, text });
        }
        self.frames.push(Frame { template, pc: 0, base, nest, depth, layer, at: DYNAMIC, call });
        Ok(())
    }

    /// Takes the frame on top away and gives its result to the one below.
    pub(super) fn leave(&mut self) -> Flow {
        let Some(frame) = self.frames.pop() else { return Flow::Frame };
        self.truncate(frame.base);
        match frame.nest {
            Nest::Root => {}
            Nest::Template => {
                if LISTENS {
                    self.host.include(Include::Leave { text: None });
                }
            }
            Nest::Include => {
                if let Some(active) = self.includes.get_mut(&frame.template.name) {
                    *active -= 1;
                }
                let text = self.answer();
                self.push(Value::Str(text), 0);
            }
            Nest::Tpl(_) => {
                self.layers.pop();
                let text = self.answer();
                self.push(Value::Str(without_no_value(text)), 0);
            }
        }
        Flow::Frame
    }

    /// What an `include` or `tpl` has written.
    fn answer(&mut self) -> Text {
        let mut text = self.outs.pop().unwrap_or_default().finish();
        if LISTENS {
            self.host.include(Include::Leave { text: Some(&mut text) });
        }
        text
    }

    /// The place of a call for the host and for traces: in a file, wherever the text of a `tpl` calls, and as it is.
    fn call_span(&self, template: &Template, node: NodeId) -> (Span, Span) {
        let at = self.span_of(template, node);
        match self.frames.last() {
            Some(frame) if template.span.source == TPL_SOURCE => (frame.call, at),
            _ => (at, at),
        }
    }

    // The `template` action

    /// Finds a template before its argument is evaluated.
    pub(super) fn look_up(&mut self, name: &Text) -> Result<(), Stop> {
        let (layer, depth) = self.frames.last().map(|frame| (frame.layer, frame.depth)).unwrap_or_default();
        let Some(template) = self.find(layer, name).cloned() else {
            return Err(format!("template {} not defined", crate::literal::quoted(name.as_bytes())).into());
        };
        if depth == MAX_TEMPLATES {
            return Err(format!("exceeded maximum template depth ({MAX_TEMPLATES})").into());
        }
        self.looked_up.push(template);
        Ok(())
    }

    pub(super) fn enter_template(
        &mut self,
        template: &Rc<Template>,
        node: NodeId,
        pc: usize,
    ) -> Result<Flow, Stop> {
        let data = self.pop();
        let Some(called) = self.looked_up.pop() else { return Ok(Flow::Next) };
        self.save(pc);
        let (layer, depth) = self.frames.last().map(|frame| (frame.layer, frame.depth)).unwrap_or_default();
        let call = self.call_span(template, node);
        self.enter(called, data, Nest::Template, depth + 1, layer, call)?;
        Ok(Flow::Frame)
    }

    // Helm's functions

    fn name_and_data(&mut self) -> (Text, Flags, (Value, Flags)) {
        let data = self.pop();
        let (name, flags) = self.pop();
        (name.as_text().cloned().unwrap_or_default(), flags, data)
    }

    pub(super) fn include(&mut self, template: &Rc<Template>, site: &CallSite) -> Result<Flow, Stop> {
        let (name, _, data) = self.name_and_data();
        let called = |cause| Box::new(Trouble::Called(site.node, template.ast.source_text(site.name), cause));
        match self.includes.get_mut(&name) {
            Some(active) if *active > MAX_INCLUDES => {
                let mut message = b"rendering template has a nested reference name: ".to_vec();
                message.extend_from_slice(name.as_bytes());
                message.extend_from_slice(b": unable to execute template");
                return Err(called(Cause::Function(message.into())));
            }
            Some(active) => *active += 1,
            None => {
                self.includes.insert(name.clone(), 1);
            }
        }
        let layer = self.frames.last().map(|frame| frame.layer).unwrap_or_default();
        let Some(found) = self.find(layer, &name).cloned() else {
            return Err(called(Cause::MissingTemplate(name)));
        };
        let call = self.call_span(template, site.node);
        let room = found.code(self.machine.funcs).room;
        self.enter(found, data, Nest::Include, 0, layer, call)?;
        self.outs.push(TextBuilder::with_capacity(room));
        Ok(Flow::Frame)
    }

    pub(super) fn tpl(&mut self, template: &Rc<Template>, site: &CallSite) -> Result<Flow, Stop> {
        let (text, flags, data) = self.name_and_data();
        let called = |cause| Box::new(Trouble::Called(site.node, template.ast.source_text(site.name), cause));
        self.fuel.charge(text.len() as u64).map_err(|_| Trouble::out_of_fuel())?;
        // Text without actions stands for itself.
        if crate::lexer::find(text.as_bytes(), b"{{").is_none() {
            self.push(Value::Str(without_no_value(text)), flags & MARK);
            return Ok(Flow::Next);
        }
        if self.layers.len() >= MAX_TPL {
            let message = format!("`tpl` is nested more than {MAX_TPL} deep");
            return Err(called(Cause::Function(message.into())));
        }
        let file = self.parse_tpl(&text).map_err(called)?;
        // A file always has a template of its own name.
        let Some(own) = file.own().cloned() else { return Ok(Flow::Frame) };
        let layer = self.frames.last().map(|frame| frame.layer).unwrap_or_default();
        let below = match self.layer(layer) {
            Some(top) if top.defines.is_empty() => top.below,
            _ => layer,
        };
        let defines = file
            .templates()
            .iter()
            .filter(|other| *other.name() != TPL_NAME)
            .filter(|other| !other.is_blank() || self.find(layer, other.name()).is_none())
            .map(|other| (other.name().clone(), other.clone()))
            .collect();
        let call = self.call_span(template, site.node);
        // Frames are left in the opposite order, so the new layer is on top as long as its frame is.
        self.layers.push(Layer { own: own.clone(), defines, below });
        let layer = self.layers.len() as u32;
        let room = own.code(self.machine.funcs).room;
        self.enter(own, data, Nest::Tpl(text), 0, layer, call)?;
        self.outs.push(TextBuilder::with_capacity(room));
        Ok(Flow::Frame)
    }

    fn parse_tpl(&mut self, text: &Text) -> Result<Rc<ParsedFile>, Cause> {
        // The pieces of a text are in the literals of its file, so only texts without an origin can share one.
        let shares = !text.has_origin();
        if shares && let Some(file) = self.machine.tpl_files.get(text) {
            return Ok(file.clone());
        }
        let (file, mut errors) = parse(&TPL_NAME.into(), TPL_SOURCE, text, self.machine.funcs);
        if !errors.is_empty() {
            return Err(Cause::TplSyntax { text: text.clone(), error: errors.swap_remove(0).into() });
        }
        if shares && self.machine.tpl_bytes + text.len() <= MAX_TPL_BYTES {
            self.machine.tpl_bytes += text.len();
            self.machine.tpl_files.insert(text.clone(), file.clone());
        }
        Ok(file)
    }
}

/// The text without every `<no value>`, which Helm deletes from each finished file and from what `tpl` gives.
pub fn without_no_value(text: Text) -> Text {
    let pattern = NO_VALUE.as_bytes();
    let find = |from: usize| {
        let bytes = text.as_bytes();
        let mut at = from;
        while let Some(found) = find_byte(&bytes[at..], b'<') {
            at += found;
            if bytes[at..].starts_with(pattern) {
                return Some(at);
            }
            at += 1;
        }
        None
    };
    let Some(mut at) = find(0) else { return text };
    let mut kept = TextBuilder::with_capacity(text.len());
    let mut from = 0;
    loop {
        kept.push_slice(&text, from..at);
        from = at + pattern.len();
        kept.push_nothing(&text, at..from);
        match find(from) {
            Some(next) => at = next,
            None => break,
        }
    }
    kept.push_slice(&text, from..text.len());
    kept.finish()
}
