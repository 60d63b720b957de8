//! Install, upgrade, rollback, uninstall and test: planned, run, watched and taken up again.

pub mod conflict;
pub mod fields;
pub mod managed;
pub mod normalise;
pub mod status;
