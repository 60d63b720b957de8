//! Who hears what a run does, and whom a function can ask about the world.

use std::any::Any;

use source::Span;
use value::{Map, Origin, Text, Value};

/// A step in or out of a named template.
#[derive(Clone, Debug)]
pub enum Include<'a> {
    /// `include`, `template` or `tpl` at `call` starts the template `name`.
    Enter {
        /// The template's name; `gotpl` for the text of a `tpl`.
        name: &'a Text,
        /// The call: an action for `template`, a command for the others.
        call: Span,
    },
    /// The template entered last has ended, well or not.
    Leave,
}

/// Hears what a run reads, writes, includes and emits. The defaults do nothing, and then listening costs nothing.
///
/// `render::Trace` implements it; the machine knows nothing of traces, and functions never look into it: they reach it
/// through [`crate::Call`].
pub trait Host {
    /// Whether anyone wants `read`, `write`, `include` and `emit`; asked once at the start of a run.
    fn listens(&self) -> bool {
        false
    }

    /// `answer` was found at `key` of `map`; `None` when the key is absent.
    fn read(&mut self, map: &Map, key: &[u8], answer: Option<&Value>) {
        let _ = (map, key, answer);
    }

    /// `set`, `merge` and their like put `value` at `key` of `map`, or took the key away (`None`).
    fn write(&mut self, map: &Map, key: &[u8], value: Option<&Value>) {
        let _ = (map, key, value);
    }

    /// A named template starts or ends.
    fn include(&mut self, step: Include<'_>) {
        let _ = step;
    }

    /// The text or action at `at` is about to write; the origin given is put on every byte that has none yet.
    fn emit(&mut self, at: Span) -> Option<Origin> {
        let _ = at;
        None
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
