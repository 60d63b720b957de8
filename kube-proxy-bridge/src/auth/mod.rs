//! Who may call.

pub mod host;
