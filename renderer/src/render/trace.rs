//! The host of a run.

use std::any::Any;

use gotemplate::Host;

use crate::log::Log;
use crate::world::{self, World};

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
