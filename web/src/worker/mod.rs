//! Rendering, away from the page: what is said (`protocol`), what waits (`queue`), how it travels (`post`), and who
//! speaks on either side (`host` over `engine` in the worker, `client` on the page).

pub mod protocol;

pub mod queue;

pub(crate) mod post;

pub(crate) mod engine;

mod lookups;

pub mod host;

pub(crate) mod client;
