//! Trunk, which builds the page.

use std::path::PathBuf;

use crate::process::{cargo, command, output, processors};
use crate::report::step;
use crate::tools::{bin, cargo_install};

/// 0.22 wants a newer compiler than ours.
const VERSION: &str = "0.21.14";

/// A Trunk of the wanted version: on `PATH`, in `.tools`, or installed now.
///
/// # Errors
/// When it does not install.
pub(crate) fn trunk() -> Result<PathBuf, String> {
    let ours = bin().join("trunk");
    for candidate in [PathBuf::from("trunk"), ours] {
        let version = output(command(&candidate).arg("--version"));
        if version.is_ok_and(|text| text == format!("trunk {VERSION}")) {
            return Ok(candidate);
        }
    }
    // Measured: 471 processor seconds.
    let minutes = (8 / processors()).max(1);
    step(
        &format!(
            "installing trunk {VERSION} from crates.io (once, about {} to {} minutes)",
            minutes,
            2 * minutes
        ),
        || {
            cargo_install(
                "trunk",
                // Without default features it has no TLS and cannot download tools by itself, which is what we want. Its own
                // profile asks for fat LTO; without optimisation it installs in half the time and builds a page as fast.
                cargo()
                    .args(["install", "trunk", "--locked", "--version", VERSION, "--no-default-features"])
                    .env("CARGO_PROFILE_RELEASE_LTO", "off")
                    .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
                    .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
            )
        },
    )
}
