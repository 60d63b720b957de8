//! Pipelines, commands and arguments: `evalPipeline` and what it calls.

use value::{Type, Value};

use super::{Compiler, Task, Want};
use crate::ast::{Node, NodeId, Nodes};
use crate::builtin::Builtin;
use crate::call::{literal_to, untyped};
use crate::code::{BuiltinSite, CallSite, DYNAMIC, MethodSite, Name, Op, PathSite};

impl Compiler<'_> {
    /// `evalPipeline`: leaves one value, out of its interface.
    pub(super) fn pipe(&mut self, node: NodeId) {
        self.at = node;
        let Node::Pipe { variables, commands, .. } = self.ast.node(node) else { return };
        if variables.len > 0 {
            self.later(Task::Declare(node));
        }
        for (stage, command) in self.ast.nodes(commands).iter().enumerate().rev() {
            self.tasks.push(Task::Command { node: *command, staged: stage > 0 });
        }
    }

    pub(super) fn declarations(&mut self, pipe: NodeId) {
        let Node::Pipe { variables, assigns, .. } = self.ast.node(pipe) else { return };
        for variable in self.ast.nodes(variables) {
            if assigns {
                self.with_variable(self.ast.source(*variable), Op::Store);
            } else {
                let slot = self.slot();
                self.declare(self.ast.source_text(*variable), slot);
                self.emit(Op::Store(slot));
            }
        }
    }

    /// `varValue`
    fn load(&mut self, name: &[u8]) {
        self.with_variable(name, Op::Load);
    }

    /// `varValue`, `setVar`: does something with the slot of the variable declared last under that name, which only the run may know.
    fn with_variable(&mut self, name: &[u8], op: fn(u32) -> Op) {
        let mut found = self.resolve(name).map(|found| (found.slot, found.unsure, found.shadows));
        let mut done = Vec::new();
        let mut sure = false;
        while let Some((slot, unsure, shadows)) = found {
            if !unsure {
                self.emit(op(slot));
                sure = true;
                break;
            }
            found = shadows.map(|index| {
                let before = &self.scope[index];
                (before.slot, before.unsure, before.shadows)
            });
            let next = self.emit(Op::JumpUndeclared { slot, target: 0 });
            self.emit(op(slot));
            done.push(self.emit(Op::Jump(0)));
            self.patch(next);
        }
        if !sure {
            let mut message = b"undefined variable: ".to_vec();
            message.extend_from_slice(name);
            self.fail(message);
        }
        for jump in done {
            self.patch(jump);
        }
    }

    fn constant(&mut self, value: Value) {
        self.code.consts.push(value);
        self.emit(Op::Const(self.code.consts.len() as u32 - 1));
    }

    /// `evalCommand`: with `staged`, the value of the stage before is on the stack.
    pub(super) fn command(&mut self, command: NodeId, staged: bool) {
        let Node::Command { args } = self.ast.node(command) else { return };
        let first = self.ast.nodes(args)[0];
        let rest = Nodes { start: args.start + 1, len: args.len - 1 };
        let with_args = rest.len > 0 || staged;
        match self.ast.node(first) {
            Node::Field => {
                self.at = first;
                self.fields(first, Some(self.dot), rest, staged, true);
                return;
            }
            Node::Chain { .. } => return self.chain(first, rest, staged, true),
            Node::Identifier => return self.function(first, command, rest, staged),
            Node::Pipe { .. } => {
                if with_args {
                    self.not_a_function(first);
                }
                return self.later(Task::Pipe(first));
            }
            Node::Variable => return self.variable(first, rest, staged, true),
            _ => {}
        }
        self.at = first;
        if with_args {
            return self.not_a_function(first);
        }
        match self.ast.node(first) {
            Node::Dot => {
                self.emit(Op::Load(self.dot));
                self.emit(Op::Strip);
            }
            Node::Nil => self.fail("nil is not a command"),
            _ => match untyped(self.ast, first) {
                Ok(value) => self.constant(value),
                Err(message) => self.fail(message),
            },
        }
    }

    fn not_a_function(&mut self, first: NodeId) {
        let mut message = b"can't give argument to non-function ".to_vec();
        message.extend(crate::print::print(self.ast, first));
        self.fail(message);
    }

    /// `evalVariableNode`
    fn variable(&mut self, node: NodeId, args: Nodes, staged: bool, strips: bool) {
        self.at = node;
        let name = self.ast.names(node).next().unwrap_or_default();
        if self.ast.names(node).nth(1).is_none() {
            self.load(name);
            if args.len > 0 || staged {
                self.not_a_function(node);
            }
            if strips {
                self.emit(Op::Strip);
            }
            return;
        }
        match self.resolve(name) {
            Some(found) if !found.unsure => {
                let slot = found.slot;
                self.fields(node, Some(slot), args, staged, strips);
            }
            _ => {
                self.load(name);
                self.fields(node, None, args, staged, strips);
            }
        }
    }

    /// `evalChainNode`
    fn chain(&mut self, node: NodeId, args: Nodes, staged: bool, strips: bool) {
        self.at = node;
        let Node::Chain { term } = self.ast.node(node) else { return };
        self.later(Task::Chain { node, args, staged, strips });
        self.later(Task::Arg { node: term, want: Want::Value });
    }

    pub(super) fn chain_fields(&mut self, node: NodeId, args: Nodes, staged: bool, strips: bool) {
        self.fields(node, None, args, staged, strips);
    }

    /// `evalFieldChain`: from a slot, or from the value on the stack.
    fn fields(&mut self, node: NodeId, slot: Option<u32>, args: Nodes, staged: bool, strips: bool) {
        let entry = self.ast.entry(node);
        let text = self.ast.text.as_bytes();
        // Behind the dot of the first field.
        let mut from = match entry.node {
            Node::Chain { .. } => entry.pos + 1,
            Node::Field => entry.start + 1,
            _ => entry.start + self.ast.names(node).next().map_or(0, <[u8]>::len) as u32 + 1,
        };
        let first = self.code.fields.len() as u32;
        while from < entry.end {
            let rest = &text[from as usize..entry.end as usize];
            let len = rest.iter().position(|byte| *byte == b'.').unwrap_or(rest.len()) as u32;
            let exported = is_exported(&rest[..len as usize]);
            self.code.fields.push(Name { start: from, end: from + len, exported });
            from += len + 1;
        }
        let method = if args.len > 0 || staged { self.code.fields.pop() } else { None };
        let len = self.code.fields.len() as u32 - first;
        match slot {
            Some(slot) if len == 0 => {
                self.emit(Op::Load(slot));
            }
            None if len == 0 => {}
            _ => {
                let strips = strips && method.is_none();
                self.code.paths.push(PathSite { slot: slot.unwrap_or_default(), first, len, strips, node });
                let site = self.code.paths.len() as u32 - 1;
                self.emit(if slot.is_some() { Op::Path(site) } else { Op::Fields(site) });
            }
        }
        let Some(name) = method else { return };
        let site = self.code.methods.len() as u32;
        let n_args = args.len + u32::from(staged);
        self.code.methods.push(MethodSite { name, end: 0, args: n_args, staged, node });
        self.emit(Op::Method(site));
        self.later(Task::Emit(Op::CallMethod(site)));
        for (index, arg) in self.ast.nodes(args).iter().enumerate().rev() {
            self.tasks.push(Task::Arg { node: *arg, want: Want::Method(index as u32) });
        }
    }

    /// `evalFunction` and `evalCall`
    fn function(&mut self, identifier: NodeId, node: NodeId, args: Nodes, staged: bool) {
        self.at = identifier;
        let name = self.ast.source(identifier);
        let shown = || String::from_utf8_lossy(name);
        let count = args.len + u32::from(staged);
        let known = self.funcs.find(name);
        let (params, variadic): (&[Type], Option<Type>) = match known {
            Some(func) => (&func.params, func.variadic),
            None => match Builtin::of(name) {
                Some(builtin) => builtin.params(),
                None => {
                    return self.fail(format!("{} is not a defined function", crate::literal::quoted(name)));
                }
            },
        };
        let fixed = params.len() as u32;
        if variadic.is_some() && count < fixed {
            return self.fail(format!(
                "wrong number of args for {}: want at least {fixed} got {}",
                shown(),
                args.len
            ));
        }
        if variadic.is_none() && count != fixed {
            return self.fail(format!("wrong number of args for {}: want {fixed} got {count}", shown()));
        }
        let want = |index: u32| params.get(index as usize).copied().or(variadic).unwrap_or(Type::Any);
        let staged_type = if staged { want(count - 1) } else { Type::Any };
        match known {
            Some(func) => {
                let site =
                    CallSite { func: func.clone(), name: identifier, args: count, staged, staged_type, node };
                self.code.calls.push(site);
                self.later(Task::Emit(Op::Call(self.code.calls.len() as u32 - 1)));
            }
            None => {
                let Some(builtin) = Builtin::of(name) else { return };
                if matches!(builtin, Builtin::And | Builtin::Or) {
                    return self.and_or(builtin == Builtin::Or, args, staged);
                }
                let callee = self.ast.nodes(args).first().copied();
                let site =
                    BuiltinSite { builtin, name: identifier, args: count, staged, staged_type, node, callee };
                self.code.builtins.push(site);
                self.later(Task::Emit(Op::CallBuiltin(self.code.builtins.len() as u32 - 1)));
                if builtin.takes_values() {
                    return self.args(args, |_| Want::Value);
                }
            }
        }
        self.args(args, |index| Want::Type(want(index as u32)));
    }

    fn args(&mut self, args: Nodes, want: impl Fn(usize) -> Want) {
        for (index, arg) in self.ast.nodes(args).iter().enumerate().rev() {
            self.tasks.push(Task::Arg { node: *arg, want: want(index) });
        }
    }

    /// The value that decides, or the last one, is the result. A staged value lies below.
    fn and_or(&mut self, or: bool, args: Nodes, staged: bool) {
        self.shorting += 1;
        self.later(Task::EndShortCircuit { mark: self.short_circuits.len(), staged });
        for (index, arg) in self.ast.nodes(args).iter().enumerate().rev() {
            if staged || index as u32 + 1 < args.len {
                self.tasks.push(Task::ShortCircuit { or });
            }
            self.tasks.push(Task::Arg { node: *arg, want: Want::Value });
        }
    }

    pub(super) fn end_short_circuit(&mut self, mark: usize, staged: bool) {
        self.shorting -= 1;
        let jumps = self.short_circuits.split_off(mark);
        if jumps.iter().any(|short| short.at != self.at) || self.at == DYNAMIC {
            // The jumps tell the frame by themselves.
            if self.at != DYNAMIC {
                self.emit(Op::SetAt(self.at));
            }
            self.at = DYNAMIC;
        }
        let declared: Vec<u32> = match jumps.first() {
            Some(first) => self.scope[first.scope..].iter().map(|variable| variable.slot).collect(),
            None => Vec::new(),
        };
        let lands = staged && !jumps.is_empty() || !declared.is_empty();
        let over = lands.then(|| self.emit(Op::Jump(0)));
        // Each jump lands before what takes back the declarations behind it.
        let mut taken = jumps.first().map_or(0, |first| first.scope);
        for short in jumps {
            while taken < short.scope {
                self.undeclare(taken);
                taken += 1;
            }
            self.patch(short.jump);
        }
        if !declared.is_empty() {
            while taken < self.scope.len() {
                self.undeclare(taken);
                taken += 1;
            }
        }
        if lands && staged {
            self.emit(Op::Nip);
        }
        if let Some(over) = over {
            self.patch(over);
        }
        self.emit(Op::Strip);
    }

    fn undeclare(&mut self, variable: usize) {
        let slot = self.scope[variable].slot;
        self.emit(Op::Undeclare(slot));
    }

    /// `evalArg`
    pub(super) fn arg(&mut self, node: NodeId, want: Want) {
        self.at = node;
        let none = Nodes::default();
        match self.ast.node(node) {
            Node::Dot => {
                self.emit(Op::Load(self.dot));
                self.check(want);
            }
            Node::Nil => match want {
                Want::Value => {
                    self.emit(Op::Nil { interface: false });
                }
                Want::Method(index) => {
                    self.emit(Op::MethodLiteral(index, node));
                }
                Want::Type(of) => match literal_to(of, self.ast, node) {
                    Ok(value) => self.constant(value),
                    Err(message) => self.fail(message),
                },
            },
            Node::Field => {
                self.fields(node, Some(self.dot), none, false, false);
                self.check(want);
            }
            Node::Variable => {
                self.variable(node, none, false, false);
                self.check(want);
            }
            Node::Pipe { .. } => {
                self.later(Task::Check(want));
                self.later(Task::Pipe(node));
            }
            Node::Identifier => {
                self.later(Task::Check(want));
                // Only a function that gives an `interface {}` can give nil.
                self.later(Task::Emit(Op::NilInInterface));
                self.function(node, node, none, false);
            }
            Node::Chain { .. } => {
                self.later(Task::Check(want));
                self.chain(node, none, false, false);
            }
            _ => {
                let read = match want {
                    Want::Method(index) => {
                        self.emit(Op::MethodLiteral(index, node));
                        return;
                    }
                    Want::Type(of) => literal_to(of, self.ast, node),
                    Want::Value => untyped(self.ast, node),
                };
                match read {
                    Ok(value) => self.constant(value),
                    Err(message) => self.fail(message),
                }
            }
        }
    }

    /// `validateType`
    pub(super) fn check(&mut self, want: Want) {
        match want {
            Want::Value | Want::Type(Type::Any) => {}
            Want::Method(index) => {
                self.emit(Op::MethodArg(index));
            }
            Want::Type(of) => {
                self.code.types.push(of);
                self.emit(Op::Check(self.code.types.len() as u32 - 1));
            }
        }
    }
}

/// Whether a name starts with an upper case letter, which in Go makes it visible.
fn is_exported(name: &[u8]) -> bool {
    match name.first() {
        Some(first) if first.is_ascii() => first.is_ascii_uppercase(),
        _ => crate::unicode::decode(name).0.is_uppercase(),
    }
}
