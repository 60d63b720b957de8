//! Builds what is served: the page by Trunk, compressed ahead of time, and the bridge.

use std::env::consts::EXE_SUFFIX;
use std::path::PathBuf;

use crate::process::{cargo, command, output, path_with, run};
use crate::report::{line, step};
use crate::root::{dist, root, target_dir};
use crate::stamp::{self, Inputs};
use crate::tools;

/// Builds the page in release unless it is there already, made from the same inputs.
///
/// # Errors
/// What is missing, or which step failed.
pub(crate) fn build_page() -> Result<(), String> {
    let inputs = inputs()?;
    if dist().join("index.html").is_file() && stamp::matches("page", &format!("{inputs} {}", outputs()?)) {
        line("· the page is up to date");
        return Ok(());
    }
    tools::node()?;
    tools::wasm_target()?;
    let trunk = tools::trunk()?;
    tools::wasm_bindgen()?;
    tools::packages("www/editor")?;
    // Trunk passes `--offline` on to Cargo below, so that it never goes looking for tools on its own.
    step("fetching the crates of the page", || {
        run(cargo().args(["fetch", "--locked", "--quiet", "--target", tools::WASM]))
    })?;
    step("building the page with trunk, in release", || {
        let path = path_with(&[tools::bin(), root().join("www/editor/node_modules/.bin")])?;
        run(command(&trunk)
            .args(["--quiet", "build", "--release"])
            .env("PATH", path)
            .env("TRUNK_BUILD_OFFLINE", "true")
            .env("TRUNK_SKIP_VERSION_CHECK", "true")
            .env("NO_COLOR", "true"))
    })?;
    step("compressing the page, gzip and Brotli", || {
        run(command("node").arg("xtask/precompress.mjs").arg(dist()))
    })?;
    stamp::set("page", &format!("{inputs} {}", outputs()?))
}

/// Builds the bridge in release and gives the program. Cargo knows when there is nothing to do.
///
/// # Errors
/// When it does not build.
pub(crate) fn build_bridge() -> Result<PathBuf, String> {
    step("building the bridge, in release", || {
        run(cargo().args(["build", "--quiet", "--locked", "--release", "-p", "kube-proxy-bridge"]))
    })?;
    Ok(target_dir().join("release").join(format!("kube-proxy-bridge{EXE_SUFFIX}")))
}

/// The hash of everything that the page is made from, tools included.
fn inputs() -> Result<String, String> {
    let mut inputs = Inputs::new().fact(&output(command("rustc").arg("--version"))?);
    for path in [
        "Cargo.toml",
        "Cargo.lock",
        "Trunk.toml",
        ".cargo",
        "web",
        "renderer",
        "kube-proxy-bridge/wire",
        "xtask/wasm-bindgen",
        "xtask/precompress.mjs",
    ] {
        inputs = inputs.path(path, &[])?;
    }
    Ok(inputs.path("www", &["editor/dist", "picture.png"])?.hash())
}

/// The hash of what was built, which `trunk serve` or a curious person may have changed.
fn outputs() -> Result<String, String> {
    Ok(Inputs::new().path("dist", &[])?.hash())
}
