//! Trees to flat code: variables become slots, fields and literals are resolved once, and each instruction knows at which node
//! Go would be, since that is the node that an error names.
//!
//! The walk is a stack of tasks that run in the order of evaluation, so no depth of nesting meets the stack.
//!
//! Source: go1.27 `text/template/exec.go`; comments name the functions there.

mod expression;

use value::{QuickMap, Text, Type};

use crate::ast::{Ast, Node, NodeId, Nodes};
use crate::code::{Code, DOT, LoopSite, Op, ROOT};
use crate::func::FuncMap;

/// Compiles the tree at `root`.
pub(crate) fn compile(ast: &Ast, root: NodeId, funcs: &FuncMap) -> Code {
    let mut compiler = Compiler {
        ast,
        funcs,
        code: Code { slots: DOT + 1, ..Code::default() },
        at: root,
        tasks: vec![Task::Statement(root)],
        scope: Vec::new(),
        by_name: QuickMap::default(),
        next_slot: DOT + 1,
        dot: DOT,
        loops: Vec::new(),
        short_circuits: Vec::new(),
        shorting: 0,
    };
    compiler.scope.push(Variable { name: Text::new(), slot: ROOT, unsure: false, shadows: None });
    while let Some(task) = compiler.tasks.pop() {
        compiler.run(task);
    }
    compiler.emit(Op::Return);
    compiler.code
}

/// What an argument is to be.
#[derive(Clone, Copy)]
enum Want {
    /// A parameter of a method, known when the method is.
    Method(u32),
    /// A parameter of a type.
    Type(Type),
    /// A `reflect.Value`: anything, as it is.
    Value,
}

/// A step of the walk.
enum Task {
    Arg {
        node: NodeId,
        want: Want,
    },
    Check(Want),
    /// The fields of a chain; its term is on the stack.
    Chain {
        node: NodeId,
        args: Nodes,
        staged: bool,
        strips: bool,
    },
    Command {
        node: NodeId,
        staged: bool,
    },
    Declare(NodeId),
    Emit(Op),
    /// Behind the first list of an `if` or `with`.
    Else {
        patch: usize,
        base: Mark,
        inner: Mark,
        dot: u32,
        else_list: Option<NodeId>,
    },
    /// Behind the body of a loop.
    ElseOfLoop {
        site: u32,
        base: Mark,
        inner: Mark,
        dot: u32,
        else_list: Option<NodeId>,
    },
    /// Behind a whole `if` or `with`.
    End {
        patch: usize,
        base: Mark,
    },
    EndLoop {
        site: u32,
        breaks: Vec<usize>,
        base: Mark,
    },
    EndShortCircuit {
        mark: usize,
        staged: bool,
    },
    /// Behind the pipeline of an `if`, a `with` or a `range`.
    If {
        node: NodeId,
        base: Mark,
    },
    Pipe(NodeId),
    /// Prints the value of an action.
    Print(NodeId),
    Range {
        node: NodeId,
        base: Mark,
    },
    ShortCircuit {
        or: bool,
    },
    Statement(NodeId),
    Statements(Nodes),
    With {
        node: NodeId,
        base: Mark,
    },
}

/// How many variables and slots there are at some point.
#[derive(Clone, Copy)]
struct Mark {
    scope: usize,
    slot: u32,
}

/// A variable in scope.
struct Variable {
    name: Text,
    slot: u32,
    /// Declared where `and` or `or` may not come by.
    unsure: bool,
    /// The variable of the same name before this one.
    shadows: Option<usize>,
}

/// A jump out of an `and` or `or`.
struct Short {
    jump: usize,
    at: NodeId,
    /// How many variables are in scope there; those declared behind it are not declared where it jumps.
    scope: usize,
}

/// A loop that is being compiled.
struct OpenLoop {
    head: u32,
    breaks: Vec<usize>,
}

struct Compiler<'a> {
    ast: &'a Ast,
    funcs: &'a FuncMap,
    code: Code,
    /// The node at which Go is: `state.node`.
    at: NodeId,
    tasks: Vec<Task>,
    /// The variables in scope at run time, which are not those that the parser lets pass.
    /// The first is `$` itself.
    scope: Vec<Variable>,
    /// The last variable of each name.
    by_name: QuickMap<Text, usize>,
    next_slot: u32,
    dot: u32,
    loops: Vec<OpenLoop>,
    /// Jumps out of `and` and `or` that wait for their target.
    short_circuits: Vec<Short>,
    shorting: u32,
}

impl Compiler<'_> {
    fn emit(&mut self, op: Op) -> usize {
        self.code.ops.push(op);
        self.code.at.push(self.at);
        self.code.ops.len() - 1
    }

    fn here(&self) -> u32 {
        self.code.ops.len() as u32
    }

    fn fail(&mut self, message: impl Into<Text>) {
        self.code.messages.push(message.into());
        self.emit(Op::Fail(self.code.messages.len() as u32 - 1));
    }

    fn later(&mut self, task: Task) {
        self.tasks.push(task);
    }

    fn patch(&mut self, at: usize) {
        let here = self.here();
        match &mut self.code.ops[at] {
            Op::Jump(target)
            | Op::JumpUnless(target)
            | Op::Break(target)
            | Op::JumpUndeclared { target, .. }
            | Op::ShortCircuit { target, .. }
            | Op::With { target, .. } => *target = here,
            other => debug_assert!(false, "{other:?} has no target"),
        }
    }

    // Scope

    fn slot(&mut self) -> u32 {
        let slot = self.next_slot;
        self.next_slot += 1;
        self.code.slots = self.code.slots.max(self.next_slot);
        slot
    }

    fn declare(&mut self, name: Text, slot: u32) {
        let root = (name == "$").then_some(0);
        let shadows = self.by_name.insert(name.clone(), self.scope.len()).or(root);
        self.scope.push(Variable { name, slot, unsure: self.shorting > 0, shadows });
    }

    fn resolve(&self, name: &[u8]) -> Option<&Variable> {
        match self.by_name.get(name) {
            Some(index) => self.scope.get(*index),
            None if name == b"$" => self.scope.first(),
            None => None,
        }
    }

    fn mark(&self) -> Mark {
        Mark { scope: self.scope.len(), slot: self.next_slot }
    }

    /// Forgets what was declared since the mark.
    fn leave(&mut self, mark: Mark) {
        for variable in self.scope.drain(mark.scope..).rev() {
            match variable.shadows {
                Some(index) => self.by_name.insert(variable.name, index),
                None => self.by_name.remove(&variable.name),
            };
        }
        self.next_slot = mark.slot;
    }

    fn run(&mut self, task: Task) {
        match task {
            Task::Arg { node, want } => self.arg(node, want),
            Task::Chain { node, args, staged, strips } => self.chain_fields(node, args, staged, strips),
            Task::Check(want) => self.check(want),
            Task::Command { node, staged } => self.command(node, staged),
            Task::Declare(pipe) => self.declarations(pipe),
            Task::Else { patch, base, inner, dot, else_list } => {
                self.dot = dot;
                let patch = match else_list {
                    None => patch,
                    Some(_) => {
                        let over = self.emit(Op::Jump(0));
                        self.patch(patch);
                        over
                    }
                };
                // What the pipeline declared is there in the `else`; what the first list declared is not.
                self.leave(inner);
                self.later(Task::End { patch, base });
                self.tasks.extend(else_list.map(Task::Statement));
            }
            Task::ElseOfLoop { site, base, inner, dot, else_list } => {
                self.dot = dot;
                let breaks = match self.loops.pop() {
                    Some(open) => {
                        self.emit(Op::Jump(open.head));
                        open.breaks
                    }
                    None => Vec::new(),
                };
                self.code.loops[site as usize].empty = self.here();
                self.leave(inner);
                self.later(Task::EndLoop { site, breaks, base });
                self.tasks.extend(else_list.map(Task::Statement));
            }
            Task::Emit(op) => {
                self.emit(op);
                if let Op::CallMethod(site) = op {
                    self.code.methods[site as usize].end = self.here();
                }
            }
            Task::End { patch, base } => {
                self.patch(patch);
                self.leave(base);
            }
            Task::EndLoop { site, breaks, base } => {
                self.code.loops[site as usize].end = self.here();
                for jump in breaks {
                    self.patch(jump);
                }
                self.leave(base);
            }
            Task::EndShortCircuit { mark, staged } => self.end_short_circuit(mark, staged),
            Task::If { node, base } => {
                if let Node::If { list, else_list, .. } = self.ast.node(node) {
                    let (inner, dot) = (self.mark(), self.dot);
                    // No jump fails, and a host is told which statement decides.
                    self.at = node;
                    let patch = self.emit(Op::JumpUnless(0));
                    self.later(Task::Else { patch, base, inner, dot, else_list });
                    self.later(Task::Statement(list));
                }
            }
            Task::Pipe(node) => self.pipe(node),
            Task::Print(node) => {
                self.at = node;
                self.emit(Op::Print);
            }
            Task::Range { node, base } => self.range(node, base),
            Task::ShortCircuit { or } => {
                let jump = self.emit(Op::ShortCircuit { or, target: 0 });
                self.short_circuits.push(Short { jump, at: self.at, scope: self.scope.len() });
            }
            Task::Statement(node) => self.statement(node),
            Task::Statements(items) => {
                if items.len > 0 {
                    let first = self.ast.nodes(items)[0];
                    self.later(Task::Statements(Nodes { start: items.start + 1, len: items.len - 1 }));
                    self.later(Task::Statement(first));
                }
            }
            Task::With { node, base } => {
                if let Node::With { list, else_list, .. } = self.ast.node(node) {
                    let (inner, dot) = (self.mark(), self.dot);
                    self.dot = self.slot();
                    self.at = node;
                    let patch = self.emit(Op::With { slot: self.dot, target: 0 });
                    self.later(Task::Else { patch, base, inner, dot, else_list });
                    self.later(Task::Statement(list));
                }
            }
        }
    }

    // Statements: `state.walk`

    fn statement(&mut self, node: NodeId) {
        self.at = node;
        match self.ast.node(node) {
            Node::Action { pipe } => {
                let Node::Pipe { variables, .. } = self.ast.node(pipe) else { return };
                // Printing is done at the action, of which the host asks the span.
                self.later(if variables.len == 0 { Task::Print(node) } else { Task::Emit(Op::Pop) });
                self.later(Task::Pipe(pipe));
            }
            Node::Break => {
                let jump = self.emit(Op::Break(0));
                if let Some(open) = self.loops.last_mut() {
                    open.breaks.push(jump);
                }
            }
            Node::Continue => {
                if let Some(open) = self.loops.last() {
                    let head = open.head;
                    self.emit(Op::Jump(head));
                }
            }
            Node::If { pipe, .. } => {
                let base = self.mark();
                self.later(Task::If { node, base });
                self.later(Task::Pipe(pipe));
            }
            Node::List { items } => self.later(Task::Statements(items)),
            Node::Range { pipe, .. } => {
                let base = self.mark();
                self.later(Task::Range { node, base });
                self.later(Task::Pipe(pipe));
            }
            Node::Template { pipe, .. } => {
                self.emit(Op::Lookup(node));
                match pipe {
                    Some(pipe) => {
                        self.later(Task::Emit(Op::Template(node)));
                        self.later(Task::Pipe(pipe));
                    }
                    None => {
                        self.emit(Op::Nil { interface: false });
                        self.emit(Op::Template(node));
                    }
                }
            }
            Node::Text => {
                let entry = self.ast.entry(node);
                self.code.room += (entry.end - entry.start) as usize + 16;
                self.emit(Op::Text { start: entry.start, end: entry.end });
            }
            Node::With { pipe, .. } => {
                let base = self.mark();
                self.later(Task::With { node, base });
                self.later(Task::Pipe(pipe));
            }
            // The parser puts nothing else into a list.
            _ => {}
        }
    }

    /// `walkRange`: the value is on the stack.
    fn range(&mut self, node: NodeId, base: Mark) {
        let Node::Range { pipe, list, else_list } = self.ast.node(node) else { return };
        let Node::Pipe { variables, .. } = self.ast.node(pipe) else { return };
        let (inner, dot) = (self.mark(), self.dot);
        let slot = |variable: NodeId| self.resolve(self.ast.source(variable)).map(|found| found.slot);
        let (key, value) = match *self.ast.nodes(variables) {
            [key, value] => (slot(key), slot(value)),
            [value] => (None, slot(value)),
            _ => (None, None),
        };
        self.dot = self.slot();
        let two = variables.len > 1;
        self.code.loops.push(LoopSite { node, dot: self.dot, key, value, two, empty: 0, end: 0 });
        let site = self.code.loops.len() as u32 - 1;
        self.emit(Op::Range(site));
        let head = self.here();
        self.emit(Op::Next(site));
        self.loops.push(OpenLoop { head, breaks: Vec::new() });
        self.later(Task::ElseOfLoop { site, base, inner, dot, else_list });
        self.later(Task::Statement(list));
    }
}
