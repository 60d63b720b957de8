//! Debian's packages, where we may install them.

use crate::process::{command, find, output, run};
use crate::report::step;

/// Whether this is a Debian and we are root.
pub(super) fn can_install() -> bool {
    find(&["apt-get"]).is_some() && output(command("id").arg("-u")).is_ok_and(|id| id == "0")
}

/// Installs a package; `size` is for the person who waits.
///
/// # Errors
/// When apt-get fails.
pub(super) fn install(package: &str, size: &str) -> Result<(), String> {
    step(&format!("installing Debian's {package} ({size})"), || {
        let apt = |args: &[&str]| run(command("apt-get").args(args).env("DEBIAN_FRONTEND", "noninteractive"));
        apt(&["update", "-qq"])?;
        apt(&["install", "-y", "-qq", "--no-install-recommends", package])
    })
}
