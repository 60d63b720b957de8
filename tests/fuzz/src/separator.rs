//! How the parts of an input are told apart; those who read inputs and those who write them share this file.

/// What stands between two parts.
pub(crate) const SEPARATOR: &[u8] = b"\n====\n";
