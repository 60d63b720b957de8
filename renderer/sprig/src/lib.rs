//! Sprig 3.3.0, the function library of Helm's templates, without what Helm itself replaces or removes.
//!
//! [`table`] says of each name its family and what it asks of the world; [`funcs`] is the same as the machine's map. One file
//! holds one family. A function sees converted arguments only, charges fuel before it makes anything of a size that a
//! chart chooses, and reaches the world through [`outside`].

#![warn(clippy::disallowed_methods)]

pub mod address;
pub mod outside;
pub mod regex;
pub mod semver;
mod table;
pub mod url;

mod cast;
mod convert;
mod crypto;
pub mod dates;
mod decimal;
mod defaults;
mod dicts;
mod encoding;
mod flow;
mod hashes;
mod json;
mod lists;
mod math;
mod merge;
mod network;
pub mod path;
mod random;
mod reflect;
mod strings;
mod unicode;
mod versions;
mod weave;

pub use table::{Asks, Entry, Table, funcs, table};
