//! The error of this crate: the sentence that Helm prints.

use std::fmt;

/// What went wrong, in the words of Helm and of its OpenPGP library.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Error {
    message: String,
    /// Whether a keyring goes on behind it with the next key.
    is_skipped: bool,
}

impl Error {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), is_skipped: false }
    }

    /// Data that are not well formed.
    pub(crate) fn structural(message: impl fmt::Display) -> Self {
        Self { message: format!("openpgp: invalid data: {message}"), is_skipped: true }
    }

    /// Data that nobody reads.
    pub(crate) fn unsupported(message: impl fmt::Display) -> Self {
        Self { message: format!("openpgp: unsupported feature: {message}"), is_skipped: true }
    }

    /// A signature that is not that of its data.
    pub(crate) fn signature(message: impl fmt::Display) -> Self {
        Self::new(format!("openpgp: invalid signature: {message}"))
    }

    pub(crate) fn is_skipped(&self) -> bool {
        self.is_skipped
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
