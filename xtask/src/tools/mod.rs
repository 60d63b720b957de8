//! What a build or a test needs, installed once.
//!
//! Everything comes from the registries of Cargo, npm, PyPI or Debian, or from rustup; nothing else is asked. What is
//! installed stays in `.tools`, so removing that folder undoes it.

mod chromium;
mod cpp;
mod debian;
mod go;
mod helm;
mod node;
mod pypi;
mod trunk;
mod wasm_bindgen;
mod wasm_target;

use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::process;
use crate::root::tools_dir;

pub(crate) use chromium::chromium;
pub(crate) use cpp::cpp;
pub(crate) use go::go;
pub(crate) use helm::helm;
pub(crate) use node::{node, packages};
pub(crate) use trunk::trunk;
pub(crate) use wasm_bindgen::wasm_bindgen;
pub(crate) use wasm_target::{WASM, wasm_target};

/// Where `cargo install --root .tools` puts programs.
pub(crate) fn bin() -> PathBuf {
    tools_dir().join("bin")
}

/// Runs a `cargo install` into `.tools`, in a build folder of its own that goes away when it is done.
fn cargo_install(name: &str, install: &mut Command) -> Result<PathBuf, String> {
    let build = tools_dir().join("build").join(name);
    // Kept on failure: the next try goes on where this one stopped.
    process::run(install.arg("--root").arg(tools_dir()).arg("--force").env("CARGO_TARGET_DIR", &build))?;
    fs::remove_dir_all(&build).map_err(|error| format!("{}: {error}", build.display()))?;
    Ok(bin().join(format!("{name}{EXE_SUFFIX}")))
}
