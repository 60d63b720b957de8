//! HTTP/1.1 as the tests need it: every byte of a request chosen by hand, answers read as they come, faults in between.

pub mod client;
pub mod http;
pub mod sse;
pub mod tls;

pub use client::{Endpoint, Request, Response, Streaming};
