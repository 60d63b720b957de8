//! The four programs: Helm's engine and ours, natively and in wasm under Node.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::bench::charts::Chart;
use crate::process::{cargo, command, output, run};
use crate::report::step;
use crate::root::{root, target_dir};
use crate::tools;

/// A program that takes `-n ITERATIONS CHART.tgz [VALUES.yaml]` and prints one JSON object.
pub(super) struct Engine {
    pub(super) name: &'static str,
    program: Vec<OsString>,
}

/// What an engine said of a chart.
pub(super) struct Measured {
    pub(super) min: Duration,
    pub(super) median: Duration,
    /// Manifests and their bytes.
    pub(super) size: (u64, u64),
}

/// Helm's and ours, native and then wasm; without a peer only ours.
///
/// # Errors
/// When something is missing or does not build.
pub(super) fn build(peer: Option<&Path>, native_only: bool) -> Result<Vec<Engine>, String> {
    let folder = target_dir().join("bench");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut engines = Vec::new();
    if let Some(peer) = peer {
        engines.push(Engine { name: "helm", program: vec![helm(peer, &folder, false)?.into()] });
    }
    engines.push(Engine { name: "ours", program: vec![native()?, "--json".into()] });
    if native_only {
        return Ok(engines);
    }
    tools::node()?;
    if let Some(peer) = peer {
        let runner = PathBuf::from(output(command("go").args(["env", "GOROOT"]))?);
        engines.push(Engine {
            name: "helm wasm",
            program: vec![
                "node".into(),
                "--stack-size=8192".into(),
                runner.join("lib/wasm/wasm_exec_node.js").into(),
                helm(peer, &folder, true)?.into(),
            ],
        });
    }
    let module = wasm(&folder)?;
    let runner = root().join("renderer/wasm/benches/engine.mjs");
    engines.push(Engine { name: "ours wasm", program: vec!["node".into(), runner.into(), module.into()] });
    Ok(engines)
}

impl Engine {
    /// Renders the chart `iterations` times in a process of its own.
    ///
    /// # Errors
    /// The engine's sentence, when it does not render it.
    pub(super) fn measure(&self, chart: &Chart, iterations: usize) -> Result<Measured, String> {
        let mut command = Command::new(&self.program[0]);
        command.args(&self.program[1..]).arg("-n").arg(iterations.to_string()).arg(&chart.archive);
        let output = command
            .args(&chart.values)
            .output()
            .map_err(|error| format!("{}: {error}", self.program[0].display()))?;
        if !output.status.success() {
            let errors = String::from_utf8_lossy(&output.stderr);
            return Err(errors.trim().lines().last().unwrap_or("it failed without a word").to_owned());
        }
        let json = String::from_utf8_lossy(&output.stdout);
        let number =
            |name| number(&json, name).ok_or_else(|| format!("`{name}` is missing in {}", json.trim()));
        Ok(Measured {
            min: Duration::from_nanos(number("min_ns")?),
            median: Duration::from_nanos(number("median_ns")?),
            size: (number("manifests")?, number("bytes")?),
        })
    }
}

/// A number of a flat JSON object.
fn number(json: &str, name: &str) -> Option<u64> {
    let (_, rest) = json.split_once(&format!("\"{name}\":"))?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

fn helm(peer: &Path, folder: &Path, wasm: bool) -> Result<PathBuf, String> {
    let program = folder.join(if wasm { "helm-engine.wasm" } else { "helm-engine" });
    let mut go = command("go");
    go.current_dir(peer).args(["build", "-o"]).arg(&program).arg(".");
    if wasm {
        go.env("GOOS", "js").env("GOARCH", "wasm");
    }
    step(&format!("building Helm's engine{}", if wasm { " for wasm" } else { "" }), || run(&mut go))?;
    Ok(program)
}

fn native() -> Result<OsString, String> {
    step("building ours", || {
        let build = ["bench", "--locked", "-p", "renderer", "--bench", "engine", "--no-run"];
        let said = output(cargo().args(build).arg("--message-format=json"))?;
        // The last artifact is the bench; Cargo gives its file a name with a hash in it.
        let (_, rest) = said.rsplit_once("\"executable\":\"").ok_or("cargo has built no bench")?;
        let (path, _) = rest.split_once('"').ok_or("cargo has built no bench")?;
        Ok(path.replace("\\\\", "\\").into())
    })
}

/// Built as Trunk builds the page's worker (`www/index.html`).
fn wasm(folder: &Path) -> Result<PathBuf, String> {
    tools::wasm_target()?;
    let wasm_bindgen = tools::wasm_bindgen()?;
    tools::packages("www/editor")?;
    step("building ours for wasm", || {
        let build = ["build", "--quiet", "--locked", "-p", "renderer-wasm", "--example", "engine"];
        run(cargo().args(build).args(["--profile", "wasm-release", "--target", tools::WASM]))?;
        let built = target_dir().join(tools::WASM).join("wasm-release/examples/engine.wasm");
        run(command(&wasm_bindgen)
            .args(["--target=nodejs", "--out-name=engine"])
            .arg(format!("--out-dir={}", folder.display()))
            .arg(built))?;
        let module = folder.join("engine_bg.wasm");
        run(command(root().join("www/editor/node_modules/.bin/wasm-opt"))
            .args(["-Os", "-o"])
            .args([&module, &module]))?;
        Ok(folder.join("engine.js"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_a_flat_object() {
        let json = r#"{"bytes":633955,"min_ns":12,"n":}"#;
        assert_eq!([number(json, "bytes"), number(json, "min_ns")], [Some(633_955), Some(12)]);
        assert_eq!([number(json, "n"), number(json, "median_ns")], [None, None]);
    }
}
