//! The machine that runs compiled templates: its frames are on the heap, and it never calls itself.
//!
//! Source: go1.27 `text/template/exec.go` and helm v4.3.1 `pkg/engine/engine.go`, `includeFun` and `tplFun`.

mod fault;
mod field;
mod looping;
mod nest;

use std::ops::Range;
use std::rc::Rc;

use source::Span;
use value::fmt::display_metered;
use value::{Kind, Map, MapType, Method, QuickMap, Text, TextBuilder, Value, compare};

use crate::Fuel;
use crate::ast::{Node, NodeId};
use crate::builtin::{self, struct_text};
use crate::call::{convert, literal_to};
use crate::code::{BuiltinSite, CallSite, Code, DYNAMIC, Op};
use crate::error::{Cause, ExecError};
use crate::func::{Body, Call, Failure, FuncMap};
use crate::host::{Host, Mark};
use crate::set::{ParsedFile, Template, TemplateSet};
use looping::Loop;
use nest::{Layer, Nest};

pub use nest::{TPL_SOURCE, without_no_value};

/// What an action prints for nil. Helm removes the text from finished files, and from what `tpl` gives.
pub(crate) const NO_VALUE: &str = "<no value>";

/// What is known about a value: the bits below, and above them the [`Mark`] of a host that listens.
pub(crate) type Flags = u32;

/// The value came out of an `interface {}`, and Go still sees that.
pub(crate) const INTERFACE: Flags = 1;
/// The value was reached through a pointer.
pub(crate) const ADDRESSABLE: Flags = 2;
/// The slot's variable has not been declared in this run.
const UNDECLARED: Flags = 4;
/// Where the mark begins.
const MARK_SHIFT: u32 = 8;
/// All bits of the mark.
const MARK: Flags = !0 << MARK_SHIFT;
/// What is left of the flags of a value that is taken out of its interface.
const TAKEN_OUT: Flags = ADDRESSABLE | MARK;

/// The mark among flags.
fn mark_of(flags: Flags) -> Mark {
    Mark(flags >> MARK_SHIFT)
}

/// The flags that hold a mark.
fn marked(mark: Mark) -> Flags {
    mark.0 << MARK_SHIFT
}

/// Finds a method of a `common.Values` map; names that are not exported are never asked for.
pub type Methods = fn(&Map, &str) -> Option<Method>;

/// Runs templates of a set, one after the other.
///
/// Shape: make one for a chart and its values; it remembers the texts that `tpl` has parsed.
pub struct Machine<'a> {
    set: &'a TemplateSet,
    funcs: &'a FuncMap,
    methods: Methods,
    tpl_files: QuickMap<Text, Rc<ParsedFile>>,
    /// Bytes of the texts in `tpl_files`.
    tpl_bytes: usize,
}

impl<'a> Machine<'a> {
    /// A machine for the templates of `set`, which were parsed with `funcs`.
    pub fn new(set: &'a TemplateSet, funcs: &'a FuncMap, methods: Methods) -> Self {
        Self { set, funcs, methods, tpl_files: QuickMap::default(), tpl_bytes: 0 }
    }

    /// Runs the template `name` with `data` as dot, and gives what it prints, every `<no value>` still in it.
    ///
    /// `host` only answers what functions ask; [`Self::execute_heard`] is for one that listens.
    ///
    /// # Errors
    /// The first failure, as Go words it.
    pub fn execute(
        &mut self,
        name: &Text,
        data: Value,
        host: &mut dyn Host,
        fuel: &mut Fuel,
    ) -> Result<Text, ExecError> {
        self.start::<false>(name, data, host, fuel)
    }

    /// As [`Self::execute`], with a host that hears every step.
    ///
    /// Two methods and not a question to the host: a program that calls the other one alone carries one machine.
    ///
    /// # Errors
    /// The first failure, as Go words it.
    pub fn execute_heard(
        &mut self,
        name: &Text,
        data: Value,
        host: &mut dyn Host,
        fuel: &mut Fuel,
    ) -> Result<Text, ExecError> {
        self.start::<true>(name, data, host, fuel)
    }

    fn start<const LISTENS: bool>(
        &mut self,
        name: &Text,
        data: Value,
        host: &mut dyn Host,
        fuel: &mut Fuel,
    ) -> Result<Text, ExecError> {
        let Some(template) = self.set.get(name.as_bytes()).cloned() else {
            let cause = Cause::MissingTemplate(name.clone());
            return Err(ExecError { steps: Vec::new(), cause, trace: Vec::new() });
        };
        let mut run = Run::<LISTENS> {
            machine: self,
            host,
            fuel,
            values: Vec::with_capacity(64),
            flags: Vec::with_capacity(64),
            frames: Vec::new(),
            outs: vec![TextBuilder::with_capacity(template.span.len() as usize)],
            loops: Vec::new(),
            looked_up: Vec::new(),
            methods: Vec::new(),
            passed: Vec::new(),
            layers: Vec::new(),
            includes: QuickMap::default(),
        };
        let span = template.span;
        let done = run.enter(template, (data, 0), Nest::Root, 0, 0, (span, span)).and_then(|()| run.run());
        match done {
            Ok(()) => Ok(run.outs.pop().unwrap_or_default().finish()),
            Err(trouble) => Err(run.fault(*trouble)),
        }
    }
}

/// Why the machine stops.
enum Trouble {
    /// A function or method failed, or what it was to run: the node to name, the function's name, and the cause.
    Called(NodeId, Text, Cause),
    /// What `errorf` says at the node at hand.
    Evaluation(Text),
    OutOfFuel,
}

/// Boxed, so that what goes well passes in registers.
type Stop = Box<Trouble>;

impl From<Text> for Stop {
    fn from(message: Text) -> Self {
        Box::new(Trouble::Evaluation(message))
    }
}

impl From<String> for Stop {
    fn from(message: String) -> Self {
        Box::new(Trouble::Evaluation(message.into()))
    }
}

impl Trouble {
    /// A function or method at `node` has failed.
    fn called(node: NodeId, name: Text, failure: Failure) -> Stop {
        let cause = match failure {
            Failure::Error(message) => Cause::Function(message),
            Failure::Fail(message) => Cause::Fail(message),
            Failure::OutOfFuel => return Self::out_of_fuel(),
        };
        Box::new(Self::Called(node, name, cause))
    }

    fn out_of_fuel() -> Stop {
        Box::new(Self::OutOfFuel)
    }
}

/// A template that runs.
struct Frame {
    template: Rc<Template>,
    /// The next instruction; while another frame is above, the one behind the call.
    pc: usize,
    /// Where its slots start.
    base: usize,
    nest: Nest,
    /// How many `template` actions lie between this and the last `include`, `tpl` or the start.
    depth: u32,
    /// The number of layers of `tpl` definitions that it sees.
    layer: u32,
    /// Where Go is, where that depends on the run.
    at: NodeId,
    /// The call in a file that led here; what a text of `tpl` prints is printed there.
    call: Span,
}

/// A run. There are two machines, one for a host that listens and one that has no instruction for it.
struct Run<'r, 'a, const LISTENS: bool> {
    machine: &'r mut Machine<'a>,
    host: &'r mut dyn Host,
    fuel: &'r mut Fuel,
    /// The slots of all frames, each followed by its operands.
    values: Vec<Value>,
    /// What is known about each of `values`.
    flags: Vec<Flags>,
    frames: Vec<Frame>,
    outs: Vec<TextBuilder>,
    loops: Vec<Loop>,
    looked_up: Vec<Rc<Template>>,
    /// Methods begun, and the marks of their receivers.
    methods: Vec<(Method, Flags)>,
    /// What `and` and `or` went past, for a host that listens: how many frames there are, where the result will be, the mark.
    passed: Vec<(usize, usize, Mark)>,
    layers: Vec<Layer>,
    includes: QuickMap<Text, u32>,
}

/// Whether the elements of a map of that type are in interfaces.
pub(crate) fn element_flags(of: MapType) -> Flags {
    match of {
        MapType::Any | MapType::Values => INTERFACE,
        MapType::Bytes | MapType::Str => 0,
    }
}

/// Where the machine goes on after an instruction.
enum Flow {
    /// A frame came or went.
    Frame,
    Jump(u32),
    Next,
}

impl<const LISTENS: bool> Run<'_, '_, LISTENS> {
    fn push(&mut self, value: Value, flags: Flags) {
        self.values.push(value);
        self.flags.push(flags);
    }

    fn pop(&mut self) -> (Value, Flags) {
        // The compiler pushes what it pops.
        (self.values.pop().unwrap_or_default(), self.flags.pop().unwrap_or_default())
    }

    fn set(&mut self, slot: usize, value: Value, flags: Flags) {
        self.values[slot] = value;
        self.flags[slot] = flags;
    }

    fn truncate(&mut self, len: usize) {
        self.values.truncate(len);
        self.flags.truncate(len);
    }

    fn run(&mut self) -> Result<(), Stop> {
        while let Some(frame) = self.frames.last() {
            let (template, base, mut pc) = (frame.template.clone(), frame.base, frame.pc);
            let code = template.code(self.machine.funcs);
            loop {
                let op = code.ops[pc];
                match self
                    .fuel
                    .charge(1)
                    .map_err(|_| Trouble::out_of_fuel())
                    .and_then(|()| self.step(op, &template, code, base, pc))
                {
                    Ok(Flow::Next) => pc += 1,
                    Ok(Flow::Jump(target)) => pc = target as usize,
                    Ok(Flow::Frame) => break,
                    Err(trouble) => {
                        self.save(pc);
                        return Err(trouble);
                    }
                }
            }
        }
        Ok(())
    }

    /// Remembers in the frame that the instruction at `pc` is at work.
    fn save(&mut self, pc: usize) {
        if let Some(frame) = self.frames.last_mut() {
            frame.pc = pc + 1;
        }
    }

    #[inline(always)]
    fn step(
        &mut self,
        op: Op,
        template: &Rc<Template>,
        code: &Code,
        base: usize,
        pc: usize,
    ) -> Result<Flow, Stop> {
        match op {
            Op::Text { start, end } => {
                let range = start as usize..end as usize;
                self.write(&template.ast.text, range, template, code.at[pc], 0)?;
            }
            Op::Path(site) => {
                let site = &code.paths[site as usize];
                let slot = base + site.slot as usize;
                let (value, flags) = self.walk(None, slot, site, &template.ast, code)?;
                self.push(value, flags);
            }
            Op::Print => {
                let (value, flags) = self.pop();
                self.print(value, flags, template, code.at[pc])?;
            }
            Op::Load(slot) => {
                let slot = base + slot as usize;
                self.push(self.values[slot].clone(), self.flags[slot]);
            }
            Op::JumpUndeclared { slot, target } => {
                if self.flags[base + slot as usize] & UNDECLARED != 0 {
                    return Ok(Flow::Jump(target));
                }
            }
            Op::Const(value) => self.push(code.consts[value as usize].clone(), 0),
            Op::Call(site) => return self.call(template, &code.calls[site as usize], pc),
            Op::CallBuiltin(site) => self.call_builtin(template, &code.builtins[site as usize])?,
            Op::Jump(target) => return Ok(Flow::Jump(target)),
            Op::JumpUnless(target) => {
                let (value, flags) = self.pop();
                if LISTENS {
                    let ways = code.ways(pc, target);
                    self.decide(self.span_of(template, code.at[pc]), &value, flags, ways, base);
                }
                if !compare::truth(&value) {
                    return Ok(Flow::Jump(target));
                }
            }
            Op::ShortCircuit { or, target } => {
                let decides = self.values.last().is_some_and(compare::truth) == or;
                if decides {
                    if code.at[pc] != DYNAMIC {
                        self.set_at(code.at[pc]);
                    }
                    return Ok(Flow::Jump(target));
                }
                let (_, flags) = self.pop();
                if LISTENS {
                    self.passed.push((self.frames.len(), self.values.len(), mark_of(flags)));
                }
            }
            Op::SetAt(node) => self.set_at(node),
            Op::Strip => {
                if let Some(flags) = self.flags.last_mut() {
                    *flags &= TAKEN_OUT;
                }
                if LISTENS && !self.passed.is_empty() {
                    self.settle_passed();
                }
            }
            Op::Store(slot) => {
                let slot = base + slot as usize;
                if let (Some(value), Some(flags)) = (self.values.last().cloned(), self.flags.last().copied())
                {
                    self.values[slot] = value;
                    self.flags[slot] = flags;
                    if LISTENS {
                        let at = self.span_here(template, code.at[pc]);
                        let mark = self.host.assign(at, mark_of(flags));
                        self.flags[slot] = flags & !MARK | marked(mark);
                    }
                }
            }
            Op::With { slot, target } => {
                let (value, flags) = self.pop();
                if LISTENS {
                    let ways = code.ways(pc, target);
                    self.decide(self.span_of(template, code.at[pc]), &value, flags, ways, base);
                }
                if !compare::truth(&value) {
                    return Ok(Flow::Jump(target));
                }
                self.set(base + slot as usize, value, flags);
            }
            Op::Check(of) => {
                let (value, flags) = self.pop();
                let value = convert(code.types[of as usize], value, flags & INTERFACE != 0)?;
                self.push(value, flags & MARK);
            }
            Op::Range(site) => {
                let site = &code.loops[site as usize];
                let ways = if LISTENS { code.ways(pc, site.end.max(site.empty)) } else { &[] };
                if !self.start_loop(site, template, ways, base)? {
                    return Ok(Flow::Jump(site.empty));
                }
            }
            Op::Next(site) => {
                let site = &code.loops[site as usize];
                if !self.next_round(site, base) {
                    return Ok(Flow::Jump(site.end));
                }
            }
            Op::Break(target) => {
                self.loops.pop();
                return Ok(Flow::Jump(target));
            }
            Op::Lookup(node) => {
                if let Node::Template { name, .. } = template.ast.node(node) {
                    self.look_up(template.ast.string(name))?;
                }
            }
            Op::Template(node) => return self.enter_template(template, node, pc),
            Op::Return => return Ok(self.leave()),
            Op::Pop => {
                self.pop();
            }
            Op::Nip => {
                let top = self.pop();
                self.pop();
                self.push(top.0, top.1);
            }
            Op::Nil { interface } => self.push(Value::Nil, if interface { INTERFACE } else { 0 }),
            Op::NilInInterface => {
                if let (Some(Value::Nil), Some(flags)) = (self.values.last(), self.flags.last_mut()) {
                    *flags |= INTERFACE;
                }
            }
            Op::Undeclare(slot) => self.set(base + slot as usize, Value::Nil, UNDECLARED),
            Op::Fields(site) => {
                let (value, flags) = self.pop();
                let (value, flags) =
                    self.walk(Some((value, flags)), 0, &code.paths[site as usize], &template.ast, code)?;
                self.push(value, flags);
            }
            Op::Method(site) => return self.begin_method(&code.methods[site as usize], &template.ast),
            Op::MethodArg(index) => {
                let (value, flags) = self.pop();
                let of = self.method_param(index);
                let value = convert(of, value, flags & INTERFACE != 0)?;
                self.push(value, flags & MARK);
            }
            Op::MethodLiteral(index, node) => {
                let of = self.method_param(index);
                let value = literal_to(of, &template.ast, node)?;
                self.push(value, 0);
            }
            Op::CallMethod(site) => self.call_method(&code.methods[site as usize], &template.ast)?,
            Op::Fail(message) => return Err(code.messages[message as usize].clone().into()),
        }
        Ok(Flow::Next)
    }

    fn set_at(&mut self, node: NodeId) {
        if let Some(frame) = self.frames.last_mut() {
            frame.at = node;
        }
    }

    // Output

    /// Prints the part of a text in `range`, which lies inside it.
    fn write(
        &mut self,
        text: &Text,
        range: Range<usize>,
        template: &Template,
        node: NodeId,
        flags: Flags,
    ) -> Result<(), Stop> {
        self.fuel.charge(range.len() as u64 / 8).map_err(|_| Trouble::out_of_fuel())?;
        let traced = LISTENS
            .then(|| self.host.emit(self.span_of(template, node), text.slice(range.clone()), mark_of(flags)));
        if let Some(out) = self.outs.last_mut() {
            match traced {
                Some(text) => out.push(&text),
                None => out.push_slice(text, range),
            }
        }
        Ok(())
    }

    /// Prints a number where nobody asks who wrote it.
    fn write_int(&mut self, number: i64) -> Result<(), Stop> {
        self.fuel.charge(1).map_err(|_| Trouble::out_of_fuel())?;
        let mut digits = [0; 20];
        let mut start = digits.len();
        let mut left = number.unsigned_abs();
        loop {
            start -= 1;
            digits[start] = b'0' + (left % 10) as u8;
            left /= 10;
            if left == 0 {
                break;
            }
        }
        if number < 0 {
            start -= 1;
            digits[start] = b'-';
        }
        if let Some(out) = self.outs.last_mut() {
            out.push_bytes(&digits[start..]);
        }
        Ok(())
    }

    fn write_whole(
        &mut self,
        text: &Text,
        template: &Template,
        node: NodeId,
        flags: Flags,
    ) -> Result<(), Stop> {
        self.write(text, 0..text.len(), template, node, flags)
    }

    /// `printValue`
    fn print(&mut self, value: Value, flags: Flags, template: &Template, node: NodeId) -> Result<(), Stop> {
        let addressed = match &value {
            Value::Str(text) => return self.write_whole(text, template, node, flags),
            Value::Nil => return self.write_whole(&NO_VALUE.into(), template, node, flags),
            Value::Int(number) | Value::Int64(number) if !LISTENS => {
                return self.write_int(*number);
            }
            Value::Object(object) if object.kind() == Kind::Ptr => {
                Some(object.display().unwrap_or_else(|| struct_text(&object.fields())))
            }
            Value::Object(object) if flags & ADDRESSABLE != 0 => object.display_addressable(),
            _ => None,
        };
        let text = match addressed {
            Some(text) => text,
            None => display_metered(&value, &mut |bytes| self.fuel.charge(bytes as u64 / 8).is_ok())
                .ok_or_else(Trouble::out_of_fuel)?,
        };
        self.write_whole(&text, template, node, flags)
    }

    // Calls

    /// Brings the argument of the stage before, which lies below the others, to its place, and converts it.
    fn place_staged(&mut self, args: usize, of: value::Type) -> Result<(), Stop> {
        let first = self.values.len() - args;
        self.values[first..].rotate_left(1);
        self.flags[first..].rotate_left(1);
        let (value, flags) = self.pop();
        let value = convert(of, value, false)?;
        self.push(value, flags);
        Ok(())
    }

    fn call(&mut self, template: &Rc<Template>, site: &CallSite, pc: usize) -> Result<Flow, Stop> {
        let args = site.args as usize;
        if site.staged {
            self.place_staged(args, site.staged_type)?;
        }
        match &site.func.body {
            Body::Plain(body) => {
                let first = self.values.len() - args;
                let mut call = Call::new(&mut *self.host, &mut *self.fuel, LISTENS);
                let mut answer = body(&mut call, &self.values[first..]).map_err(|failure| {
                    Trouble::called(site.node, template.ast.source_text(site.name), failure)
                })?;
                let mark = self.hear_call(template, site.name, first, &mut answer);
                self.truncate(first);
                self.push(answer, mark);
                Ok(Flow::Next)
            }
            Body::Include => {
                self.save(pc);
                self.include(template, site)
            }
            Body::Tpl => {
                self.save(pc);
                self.tpl(template, site)
            }
        }
    }

    fn call_builtin(&mut self, template: &Template, site: &BuiltinSite) -> Result<(), Stop> {
        let args = site.args as usize;
        if site.staged {
            self.place_staged(args, site.staged_type)?;
        }
        let first = self.values.len() - args;
        let mut call = Call::new(&mut *self.host, &mut *self.fuel, LISTENS);
        let (values, flags) = (&self.values[first..], &self.flags[first..]);
        let callee = || match (site.callee, &values[0]) {
            (Some(node), _) => crate::print::print(&template.ast, node).into(),
            // `final.String()` of a reflect.Value
            (None, Value::Str(text)) => text.clone(),
            (None, other) => format!("<{} Value>", other.type_name()).into(),
        };
        let (mut value, flags) = builtin::call(site.builtin, &mut call, values, flags, callee)
            .map_err(|failure| Trouble::called(site.node, template.ast.source_text(site.name), failure))?;
        let mark = self.hear_call(template, site.name, first, &mut value);
        self.truncate(first);
        // A pipeline takes the result out of its interface.
        self.push(value, flags & ADDRESSABLE | mark);
        Ok(())
    }

    // For a host that listens

    /// Tells of a function that has answered; its arguments are still on the stack, from `first` on. Gives the mark as flags.
    #[inline]
    fn hear_call(&mut self, template: &Template, name: NodeId, first: usize, answer: &mut Value) -> Flags {
        if !LISTENS {
            return 0;
        }
        let marks: Vec<Mark> = self.flags[first..].iter().map(|flags| mark_of(*flags)).collect();
        marked(self.host.called(template.ast.source(name), &self.values[first..], &marks, answer))
    }

    /// Tells of a decision. A variable depends on it even where the way that sets it is not taken.
    #[cold]
    fn decide(&mut self, at: Span, value: &Value, flags: Flags, ways: &[Op], base: usize) {
        let writes = |op: &Op| matches!(op, Op::Text { .. } | Op::Print | Op::Template(_) | Op::Break(_));
        let by = self.host.decide(at, value, mark_of(flags), ways.iter().any(writes));
        if by == Mark::NONE {
            return;
        }
        for op in ways {
            if let Op::Store(slot) = op {
                let slot = base + *slot as usize;
                let flags = self.flags[slot];
                if flags & UNDECLARED == 0 {
                    self.flags[slot] = flags & !MARK | marked(self.host.past(by, mark_of(flags)));
                }
            }
        }
    }

    /// The span of the node at which Go is, where that may depend on the run.
    #[cold]
    fn span_here(&self, template: &Template, node: NodeId) -> Span {
        let known = if node == DYNAMIC { self.frames.last().map_or(DYNAMIC, |frame| frame.at) } else { node };
        if known == DYNAMIC { template.span } else { self.span_of(template, known) }
    }

    /// The value on top may be the result of an `and` or `or` that went past others.
    #[cold]
    fn settle_passed(&mut self) {
        let top = self.values.len() - 1;
        while let Some((frames, slot, passed)) = self.passed.last().copied()
            && frames == self.frames.len()
            && slot >= top
        {
            self.passed.pop();
            if let Some(flags) = self.flags.last_mut() {
                *flags = *flags & !MARK | marked(self.host.past(passed, mark_of(*flags)));
            }
        }
    }
}

#[cfg(test)]
mod tests;
