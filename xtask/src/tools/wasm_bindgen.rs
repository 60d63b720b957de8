//! The `wasm-bindgen` command that Trunk calls: `xtask/wasm-bindgen`.

use std::path::PathBuf;

use crate::process::cargo;
use crate::report::step;
use crate::stamp::{self, Inputs};
use crate::tools::{bin, cargo_install};

const SOURCE: &str = "xtask/wasm-bindgen";

/// Builds it when its sources have changed, and gives the program.
///
/// # Errors
/// When it does not build.
pub(crate) fn wasm_bindgen() -> Result<PathBuf, String> {
    let hash = Inputs::new().path(SOURCE, &[])?.hash();
    let program = bin().join("wasm-bindgen");
    if program.is_file() && stamp::matches("wasm-bindgen", &hash) {
        return Ok(program);
    }
    let program = step("building the wasm-bindgen command (once, about 2 minutes)", || {
        // The dev profile: Cargo.toml there says why.
        cargo_install("wasm-bindgen", cargo().args(["install", "--locked", "--debug", "--path", SOURCE]))
    })?;
    stamp::set("wasm-bindgen", &hash)?;
    Ok(program)
}
