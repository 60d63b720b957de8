//! Rust's standard library for wasm32.

use std::path::Path;

use crate::process::{command, find, output, run};
use crate::report::step;

/// The target of the page and its worker.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// Makes sure that the compiler in use can build for [`WASM`].
///
/// # Errors
/// When it cannot and there is no rustup to ask.
pub(crate) fn wasm_target() -> Result<(), String> {
    let sysroot = output(command("rustc").args(["--print", "sysroot"]))?;
    if Path::new(&sysroot).join("lib/rustlib").join(WASM).is_dir() {
        return Ok(());
    }
    if find(&["rustup", "rustup.exe"]).is_none() {
        return Err(format!(
            "rustc has no standard library for {WASM}, and there is no rustup on PATH to add it"
        ));
    }
    step(&format!("adding {WASM} with rustup"), || run(command("rustup").args(["target", "add", WASM])))
}
