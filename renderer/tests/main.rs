//! What this package promises to the hosts around it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod compatibility;
mod session;
mod trace;
