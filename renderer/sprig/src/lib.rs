//! The Sprig function library.

#![warn(clippy::disallowed_methods)]

pub mod semver;
