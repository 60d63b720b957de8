//! Faults between a client and the API server, on order.
//!
//! A [`Proxy`] stands on loopback before the API server. Each request is held against its [`Rule`]s; the first that fits
//! injects its [`Fault`], and everything else passes unchanged.

mod proxy;
mod rule;

pub use proxy::{Proxy, Seen};
pub use rule::{Fault, Rule};
