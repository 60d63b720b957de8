//! The client of the bridge that serves this page: requests, problems, event streams.
//!
//! Every request goes to the page's own origin with a bearer token; nothing is ever kept in a cookie. A request whose future
//! is dropped is aborted.

mod request;

pub(crate) mod stream;

pub(crate) mod token;

pub(crate) use request::Bridge;
