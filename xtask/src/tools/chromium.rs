//! A Chromium for the browser tests.

use std::path::PathBuf;

use crate::process::{command, find, output, run};
use crate::report::step;

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
    let is_root = output(command("id").arg("-u")).is_ok_and(|id| id == "0");
    if !is_root || find(&["apt-get"]).is_none() {
        return Err(format!("there is no Chromium on PATH: {wanted}"));
    }
    step("installing Debian's chromium (133 MB)", || {
        let apt = |args: &[&str]| run(command("apt-get").args(args).env("DEBIAN_FRONTEND", "noninteractive"));
        apt(&["update", "-qq"])?;
        apt(&["install", "-y", "-qq", "--no-install-recommends", "chromium"])
    })?;
    find(&NAMES).ok_or_else(|| format!("Debian's chromium is installed and not on PATH: {wanted}"))
}
