//! Where things are.

use std::path::PathBuf;

/// The root of the checkout that this command was started in.
pub(crate) fn root() -> PathBuf {
    // Cargo says at run time where the package is; the path it was compiled at serves a binary started by hand.
    let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let mut root = PathBuf::from(package);
    root.pop();
    root
}

/// What the commands install and remember; git ignores it.
pub(crate) fn tools_dir() -> PathBuf {
    root().join(".tools")
}

/// The page that Trunk writes.
pub(crate) fn dist() -> PathBuf {
    root().join("dist")
}

/// Where Cargo builds.
pub(crate) fn target_dir() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}
