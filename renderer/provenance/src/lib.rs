//! OpenPGP as Helm uses it: keyrings, clear-signed texts, their signatures.
//!
//! A provenance file is a text with a signature around it; what the text says is the work of `renderer::package`. A crate of its
//! own, because the cryptography in it is large and only what signs or verifies needs it: the page loads it with the first signature
//! that it checks. Nothing here reads a file or a clock.
//!
//! Source: helm v4.3.1 `pkg/provenance`, over github.com/ProtonMail/go-crypto v1.4.1 `openpgp`, whose errors are worded here.

#![warn(clippy::disallowed_methods)]

mod armor;
mod cleartext;
mod error;
mod hash;
mod keybox;
mod keyring;
mod packets;
mod report;
mod signer;
mod verify;

pub use error::Error;
pub use keyring::{Entity, Keyring};
pub use report::{check_archive_name, keyring_not_loaded};
pub use signer::Signer;
pub use verify::{Signed, verify};

#[cfg(test)]
mod tests;
