//! The JavaScript editor: the only code that knows it.

pub(crate) mod bridge;

pub(crate) mod markers;

pub(crate) mod model;
