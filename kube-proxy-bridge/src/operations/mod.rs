//! Install, upgrade, rollback, uninstall and test: planned, run, watched and taken up again.

pub mod conflict;
mod examine;
pub mod fields;
pub mod handle;
pub mod impact;
pub mod journal;
pub mod log;
pub mod managed;
pub mod normalise;
pub mod order;
pub mod orphans;
pub mod ownership;
pub mod plan;
pub mod plans;
mod queue;
pub mod registry;
pub mod status;

pub use handle::{Answer, Halt, Handle};
pub use queue::Limits;
pub use registry::{Operations, Start};
