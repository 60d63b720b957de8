//! Failures: the frames of a run that stopped, as the structure of Go's sentence.

use source::{Span, TracePoint};

use super::nest::Nest;
use super::{Frame, Run, Trouble};
use crate::ast::NodeId;
use crate::code::{DYNAMIC, Op};
use crate::error::{Cause, ExecError, Place, Step};
use crate::print::print;
use crate::set::Template;

/// Of a longer way only so many calls are kept at each end.
const TRACE_END: usize = 50;

impl<const LISTENS: bool> Run<'_, '_, LISTENS> {
    /// The span of a node of a template's file.
    pub(super) fn span_of(&self, template: &Template, node: NodeId) -> Span {
        let entry = template.ast.entry(node);
        Span::new(template.span.source, entry.start, entry.end)
    }

    /// The error of a run that stopped; its frames still say how.
    pub(super) fn fault(&self, trouble: Trouble) -> ExecError {
        let mut steps = Vec::new();
        let mut trace = Vec::new();
        for pair in self.frames.windows(2) {
            let (frame, inner) = (&pair[0], &pair[1]);
            let what = match &inner.nest {
                Nest::Include => format!("include `{}`", inner.template.name),
                Nest::Root => continue,
                Nest::Template => format!("template `{}`", inner.template.name),
                Nest::Tpl(_) => "tpl".into(),
            };
            trace.push(TracePoint { span: inner.call, what });
            if let Op::Call(site) = self.instruction(frame).0 {
                let site = &frame.template.code(self.machine.funcs).calls[site as usize];
                let tpl = match &inner.nest {
                    Nest::Tpl(text) => Some(text.clone()),
                    _ => None,
                };
                let place = self.place(frame, site.node);
                steps.push(Step { place, function: Some(frame.template.ast.source_text(site.name)), tpl });
            }
        }
        let (node, function, cause) = match trouble {
            Trouble::Called(node, name, cause) => (Some(node), Some(name), cause),
            Trouble::Evaluation(message) => (None, None, Cause::Evaluation(message)),
            Trouble::OutOfFuel => (None, None, Cause::OutOfFuel),
        };
        if let Some(frame) = self.frames.last() {
            let place = self.place(frame, node.unwrap_or(self.instruction(frame).1));
            steps.push(Step { place, function, tpl: None });
        }
        trace.reverse();
        if trace.len() > 2 * TRACE_END {
            trace.drain(TRACE_END..trace.len() - TRACE_END);
        }
        ExecError { steps, cause, trace }
    }

    fn place(&self, frame: &Frame, node: NodeId) -> Place {
        let template = &frame.template;
        let pos = template.ast.entry(node).pos as usize;
        let before = &template.ast.text.as_bytes()[..pos];
        let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count() as u32;
        Place {
            file: template.file.clone(),
            line,
            column: (pos - line_start) as u32,
            executing: template.name.clone(),
            context: print(&template.ast, node).into(),
            span: self.span_of(template, node),
        }
    }

    /// The instruction at work in a frame, and the node at which Go is there.
    fn instruction(&self, frame: &Frame) -> (Op, NodeId) {
        let code = frame.template.code(self.machine.funcs);
        let pc = frame.pc.saturating_sub(1);
        let at = code.at[pc];
        (code.ops[pc], if at == DYNAMIC { frame.at } else { at })
    }
}
