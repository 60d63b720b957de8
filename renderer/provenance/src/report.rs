//! What `helm verify` says around a signature: the command and the page say it alike.
//!
//! Source: helm v4.3.1 `pkg/action/verify.go`; `pkg/downloader/chart_downloader.go`, `VerifyChart`.

use std::fmt;

use crate::{Error, Signed};

/// Whether a file can be a packaged chart, by its name.
///
/// # Errors
/// It does not end in `.tgz`, in letters of either case.
pub fn check_archive_name(name: &str) -> Result<(), Error> {
    match name.rsplit_once('.') {
        Some((_, tail)) if tail.eq_ignore_ascii_case("tgz") => Ok(()),
        _ => Err(Error::new("chart must be a tgz file")),
    }
}

/// The sentence for a keyring that cannot be used, for whatever reason.
pub fn keyring_not_loaded(why: impl fmt::Display) -> Error {
    Error::new(format!("failed to load keyring: {why}"))
}

impl Signed<'_> {
    /// Who signed, with which key, and the digest of the archive, each on a line.
    pub fn report(&self, sum: &str) -> String {
        let mut out = String::new();
        for name in self.by.names() {
            out.push_str(&format!("Signed by: {name}\n"));
        }
        out.push_str(&format!("Using Key With Fingerprint: {}\n", self.by.fingerprint()));
        out.push_str(&format!("Chart Hash Verified: {sum}\n"));
        out
    }
}
