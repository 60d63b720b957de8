//! Rendering, away from the page: what is said (`protocol`), what waits (`queue`), how it travels (`post`), and who
//! speaks on either side (`host` over `engine` in the worker, `client` on the page). Signatures are checked by another
//! program (`web/checker`), which the page loads when it needs it (`check`).

pub mod protocol;

pub mod queue;

pub(crate) mod post;

pub(crate) mod engine;

mod lookups;

pub mod host;

pub(crate) mod address;

pub(crate) mod client;

pub(crate) mod check;
