//! Helm v4.3.1's client side, pure: charts, values, packages. It reads no clock, files, environment or entropy.

#![warn(clippy::disallowed_methods)]

pub mod chart;
pub mod create;
pub mod error;
pub mod log;
pub mod package;
mod show;
pub mod values;

pub use error::Error;
pub use log::Log;
