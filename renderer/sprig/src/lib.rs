//! The Sprig function library.

#![warn(clippy::disallowed_methods)]

pub mod quote;
pub mod semver;
