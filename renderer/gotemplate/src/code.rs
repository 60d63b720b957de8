//! The flat code of a template, and the sites that its instructions name.

use std::rc::Rc;

use value::{Text, Type, Value};

use crate::ast::NodeId;
use crate::builtin::Builtin;
use crate::func::Func;

/// The slot of `$`.
pub(crate) const ROOT: u32 = 0;
/// The slot of dot outside of any `with` and `range`.
pub(crate) const DOT: u32 = 1;

/// In place of a node in [`Code::at`]: which node Go was at depends on the run, and the frame knows.
pub(crate) const DYNAMIC: NodeId = NodeId(u32::MAX);

/// One instruction. Numbers are slots of the frame, targets in the code, or sites in the tables of [`Code`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Op {
    /// Leaves the innermost loop for the target.
    Break(u32),
    /// Calls a function with the arguments on the stack.
    Call(u32),
    /// Calls one of Go's own functions.
    CallBuiltin(u32),
    /// Calls the method begun last.
    CallMethod(u32),
    /// Converts the value on top to a type.
    Check(u32),
    /// Pushes a constant.
    Const(u32),
    /// Fails with a message.
    Fail(u32),
    /// Replaces the value on top by one of its fields.
    Fields(u32),
    Jump(u32),
    /// Jumps if the variable of a slot has not been declared in this run.
    JumpUndeclared {
        slot: u32,
        target: u32,
    },
    /// Pops a value and jumps if it is false.
    JumpUnless(u32),
    /// Pushes the value of a slot.
    Load(u32),
    /// Checks that the template of a `template` action is there, before its argument is evaluated.
    Lookup(NodeId),
    /// Finds a method, or fails as Go does where it is none; its arguments follow.
    Method(u32),
    /// Converts the value on top to the type of that parameter of the method begun last.
    MethodArg(u32),
    /// Pushes a literal, converted to the type of that parameter of the method begun last.
    MethodLiteral(u32, NodeId),
    /// Steps to the next round of a loop, or out of it.
    Next(u32),
    /// Removes the value under the top.
    Nip,
    /// Pushes a nil, of type `interface {}` or of none at all.
    Nil {
        interface: bool,
    },
    /// Pushes a field of the value of a slot.
    Path(u32),
    /// Says that the value on top, if it is nil, is in an interface.
    NilInInterface,
    Pop,
    /// Pops a value and prints it.
    Print,
    /// Pops a value and starts a loop over it.
    Range(u32),
    Return,
    /// Says at which node Go is from here on, where it depends on the run.
    SetAt(NodeId),
    /// Keeps the value on top and jumps if it decides an `and` or `or`; pops it otherwise.
    ShortCircuit {
        or: bool,
        target: u32,
    },
    /// Copies the value on top to a slot.
    Store(u32),
    /// Forgets that the value on top came out of an `interface {}`.
    Strip,
    /// Pops the argument and runs the template looked up last; the node is the action.
    Template(NodeId),
    /// Prints literal text: these bytes of the file.
    Text {
        start: u32,
        end: u32,
    },
    /// Takes the declaration of a variable back.
    Undeclare(u32),
    /// Pops a value; makes it dot in a slot if it is true, and jumps otherwise.
    With {
        slot: u32,
        target: u32,
    },
}

/// A walk along field names.
#[derive(Debug)]
pub(crate) struct PathSite {
    /// Where a [`Op::Path`] starts.
    pub(crate) slot: u32,
    /// The names, in [`Code::fields`].
    pub(crate) first: u32,
    pub(crate) len: u32,
    /// Whether the result is taken out of its interface.
    pub(crate) strips: bool,
    /// The node at which Go is when a method on the way fails.
    pub(crate) node: NodeId,
}

/// The name of a field, as bytes of the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name {
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// Whether it can name a method: only exported ones can be called.
    pub(crate) exported: bool,
}

/// A call of a function.
#[derive(Debug)]
pub(crate) struct CallSite {
    pub(crate) func: Rc<Func>,
    /// Its name in the file.
    pub(crate) name: NodeId,
    /// Arguments, the one from the stage before included.
    pub(crate) args: u32,
    /// Whether the last argument comes from the stage before; it lies below the others then.
    pub(crate) staged: bool,
    /// What that argument is to be converted to.
    pub(crate) staged_type: Type,
    /// The node at which Go is when the function fails.
    pub(crate) node: NodeId,
}

/// A call of one of Go's own functions.
#[derive(Debug)]
pub(crate) struct BuiltinSite {
    pub(crate) builtin: Builtin,
    /// Its name in the file.
    pub(crate) name: NodeId,
    pub(crate) args: u32,
    pub(crate) staged: bool,
    pub(crate) staged_type: Type,
    pub(crate) node: NodeId,
    /// The source of the first argument, for `call`.
    pub(crate) callee: Option<NodeId>,
}

/// A call of a method, or of what Go takes for one until it looks.
#[derive(Debug)]
pub(crate) struct MethodSite {
    pub(crate) name: Name,
    /// Behind the call: where to go when there is nothing to call a method of.
    pub(crate) end: u32,
    pub(crate) args: u32,
    pub(crate) staged: bool,
    pub(crate) node: NodeId,
}

/// A loop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LoopSite {
    /// The statement.
    pub(crate) node: NodeId,
    pub(crate) dot: u32,
    pub(crate) key: Option<u32>,
    pub(crate) value: Option<u32>,
    /// Whether two variables are wanted.
    pub(crate) two: bool,
    /// Where to go when there is nothing to loop over.
    pub(crate) empty: u32,
    /// Where to go after the last round.
    pub(crate) end: u32,
}

/// The code of one template.
#[derive(Debug, Default)]
pub(crate) struct Code {
    pub(crate) ops: Vec<Op>,
    /// For every instruction the node at which Go is when it fails.
    pub(crate) at: Vec<NodeId>,
    pub(crate) slots: u32,
    /// A guess of how many bytes one run prints.
    pub(crate) room: usize,
    pub(crate) consts: Vec<Value>,
    pub(crate) types: Vec<Type>,
    pub(crate) messages: Vec<Text>,
    pub(crate) fields: Vec<Name>,
    pub(crate) paths: Vec<PathSite>,
    pub(crate) calls: Vec<CallSite>,
    pub(crate) builtins: Vec<BuiltinSite>,
    pub(crate) methods: Vec<MethodSite>,
    pub(crate) loops: Vec<LoopSite>,
}

impl Code {
    /// Code that prints nothing, of a text with errors.
    pub(crate) fn nothing() -> Self {
        Self { ops: vec![Op::Return], at: vec![NodeId(0)], slots: DOT + 1, ..Self::default() }
    }

    /// All that may run because of the statement that decides at `pc`: up to `target`, where it goes on otherwise, and what is
    /// done there instead.
    pub(crate) fn ways(&self, pc: usize, target: u32) -> &[Op] {
        let target = target as usize;
        let end = match self.ops[target - 1] {
            Op::Jump(over) if over as usize > target => over as usize,
            _ => target,
        };
        &self.ops[pc + 1..end]
    }
}
