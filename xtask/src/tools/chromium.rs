//! A Chromium for the browser tests.

use std::path::PathBuf;

use crate::process::{command, find, output};
use crate::tools::debian;

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/// `CHROME`, else the one on `PATH`, else Debian's package when we may install it.
///
/// # Errors
/// A sentence that says what to install.
pub(crate) fn chromium() -> Result<PathBuf, String> {
    if let Some(path) = std::env::var_os("CHROME") {
        let path = PathBuf::from(path);
        return match output(command(&path).arg("--version")) {
            Ok(_) => Ok(path),
            Err(error) => Err(format!("CHROME does not run: {error}")),
        };
    }
    if let Some(path) = find(&NAMES) {
        return Ok(path);
    }
    let wanted = "install chromium, or name a Chromium or Chrome in CHROME";
    if !debian::can_install() {
        return Err(format!("there is no Chromium on PATH: {wanted}"));
    }
    debian::install("chromium", "133 MB")?;
    find(&NAMES).ok_or_else(|| format!("Debian's chromium is installed and not on PATH: {wanted}"))
}
