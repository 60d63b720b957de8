//! Who hears what a run does, and whom a function can ask about the world.

use std::any::Any;

use source::Span;
use value::{List, Map, Text, Value};

/// What a listening host knows of a value at hand, by a number of its own below 2^24.
///
/// The machine carries marks along with values and asks the host for those of what functions make of them.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Mark(pub u32);

impl Mark {
    /// Nothing is known.
    pub const NONE: Self = Self(0);
    /// The largest there is room for.
    pub const MAX: u32 = (1 << 24) - 1;
}

/// A step in or out of a named template.
#[derive(Debug)]
pub enum Include<'a> {
    /// `include`, `template` or `tpl` at `call` starts the template `name`.
    Enter {
        /// The template's name; `gotpl` for the text of a `tpl`.
        name: &'a Text,
        /// The call in a file: an action for `template`, a command for the others. What the text of a `tpl` calls is called
        /// where that runs.
        call: Span,
        /// The call itself, which for the text of a `tpl` is no place in a file.
        at: Span,
        /// For a `tpl` the text that runs.
        text: Option<&'a Text>,
    },
    /// The template entered last has ended.
    Leave {
        /// What it has written, which is the answer of an `include` or `tpl`; a `template` writes where it is called.
        text: Option<&'a mut Text>,
    },
}

/// Hears what a run reads, writes, includes and emits. The defaults do nothing, and then listening costs nothing.
///
/// `render::Trace` implements it; the machine knows nothing of traces, and functions never look into it: they reach it
/// through [`crate::Call`].
pub trait Host {
    /// `answer` was found at `key` of `map`; `None` when the key is absent. `of` is the mark of the map, the result that of
    /// the answer.
    fn read(&mut self, map: &Map, key: &[u8], answer: Option<&Value>, of: Mark) -> Mark {
        let _ = (map, key, answer);
        of
    }

    /// A loop takes the element at `index` of `list`; as with [`Host::read`].
    fn element(&mut self, list: &List, index: usize, of: Mark) -> Mark {
        let _ = (list, index);
        of
    }

    /// `set`, `merge` and their like put `value` at `key` of `map`, or took the key away (`None`).
    fn write(&mut self, map: &Map, key: &[u8], value: Option<&Value>) {
        let _ = (map, key, value);
    }

    /// A named template starts or ends.
    fn include(&mut self, step: Include<'_>) {
        let _ = step;
    }

    /// The text or action at `at`, in the text of a `tpl` no place in a file, writes `text`, made of a value with this mark; gives it with its origins.
    fn emit(&mut self, at: Span, text: Text, mark: Mark) -> Text {
        let _ = (at, mark);
        text
    }

    /// The function `name` has given `answer`, which the host may give origins; the result is its mark.
    ///
    /// Shape: one mark for each of `args`.
    fn called(&mut self, name: &[u8], args: &[Value], marks: &[Mark], answer: &mut Value) -> Mark {
        let _ = (name, args, marks, answer);
        Mark::NONE
    }

    /// The statement at `at` (an `if`, `with` or `range`, whole) goes one way or the other because of `value`; `writes` says
    /// whether one of them can write anything. The result is a mark for [`Host::past`]: of each variable that is set on either
    /// way.
    fn decide(&mut self, at: Span, value: &Value, mark: Mark, writes: bool) -> Mark {
        let _ = (at, value, mark, writes);
        Mark::NONE
    }

    /// A variable is set at `at`, to a value with this mark; the result is the mark it keeps.
    fn assign(&mut self, at: Span, mark: Mark) -> Mark {
        let _ = at;
        mark
    }

    /// `and` or `or` went past `passed` and gave `result`, or a variable holds `result` because of what `passed` has decided;
    /// the result is the mark of that.
    fn past(&mut self, passed: Mark, result: Mark) -> Mark {
        let _ = passed;
        result
    }

    /// A function asks the world: `question` is a type that asker and host share (`sprig::outside`, `renderer::world`), and
    /// holds the answer afterwards. Gives `false` when this host does not know the question.
    fn ask(&mut self, question: &mut dyn Any) -> bool {
        let _ = question;
        false
    }
}

/// A host that hears nothing and knows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nobody;

impl Host for Nobody {}
