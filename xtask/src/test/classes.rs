//! The classes of tests: what each needs and how it runs (`tests/README.md` says what goes where).

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::cluster::Cluster;
use crate::page::{build_bridge, build_page};
use crate::process::{cargo, command, listen, run};
use crate::root::{dist, root, target_dir};
use crate::test::count::Count;
use crate::test::fuzz::fuzz;
use crate::tools;

/// A class of tests.
pub(crate) struct Class {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    /// Counts what passed and failed.
    ///
    /// # Errors
    /// Why the class could not run, and what to install.
    pub(crate) run: fn(&[String]) -> Result<Count, String>,
}

/// All of them, the quick ones first.
pub(crate) const CLASSES: [Class; 10] = [
    Class { name: "fmt", what: "the code is formatted", run: fmt },
    Class { name: "clippy", what: "no warnings, on this machine and for wasm32", run: clippy },
    Class { name: "unit", what: "tests beside the code, and the rules of the house", run: unit },
    Class { name: "suite", what: "the cases in tests/suite", run: suite },
    Class {
        name: "explain",
        what: "what is recorded of a render is true, and changes nothing",
        run: explain,
    },
    Class { name: "oracle", what: "the same cases and the charts, beside the real Helm", run: oracle },
    Class { name: "fuzz", what: "properties that hold for any input, for a bounded time", run: fuzz },
    Class { name: "wasm", what: "the renderer for JavaScript users, under Node", run: wasm },
    Class { name: "cluster", what: "the bridge and the real Helm on a real Kubernetes", run: cluster },
    Class { name: "browser", what: "what a visitor does, in Chromium", run: browser },
];

fn fmt(_: &[String]) -> Result<Count, String> {
    let all = run(cargo().args(["fmt", "--all", "--check"])).is_ok();
    let others = ["xtask/wasm-bindgen/Cargo.toml", "tests/fuzz/Cargo.toml"]
        .map(|manifest| run(cargo().args(["fmt", "--check", "--manifest-path", manifest])).is_ok());
    Ok(Count::one(all && others == [true, true]))
}

fn clippy(_: &[String]) -> Result<Count, String> {
    tools::wasm_target()?;
    let deny = ["--", "-D", "warnings"];
    let here = cargo().args(["clippy", "--locked", "--workspace", "--all-targets"]).args(deny).status();
    let wasm = cargo()
        .args([
            "clippy",
            "--locked",
            "-p",
            "web",
            "-p",
            "checker",
            "-p",
            "renderer-wasm",
            "--target",
            tools::WASM,
        ])
        .args(deny)
        .status();
    let mut count = Count::default();
    for status in [here, wasm] {
        count += Count::one(status.map_err(|error| format!("cargo clippy: {error}"))?.success());
    }
    Ok(count)
}

fn unit(args: &[String]) -> Result<Count, String> {
    let mut count = rust(
        cargo().args(["test", "--locked", "--no-fail-fast", "--workspace", "--exclude", "tests"]).args(args),
    )?;
    count += rust(cargo().args(["test", "--locked", "-p", "tests", "--lib", "--test", "tidy"]))?;
    Ok(count)
}

fn suite(args: &[String]) -> Result<Count, String> {
    rust(cargo().args(["test", "--locked", "-p", "tests", "--test", "suite", "--"]).args(args))
}

fn explain(args: &[String]) -> Result<Count, String> {
    rust(cargo().args(["test", "--locked", "-p", "tests", "--test", "explain", "--"]).args(args))
}

fn oracle(args: &[String]) -> Result<Count, String> {
    let helm = tools::helm()?;
    let mut args = args.to_vec();
    let mut build = vec!["test", "--locked", "-p", "tests", "--test", "oracle"];
    if let Some(at) = args.iter().position(|arg| arg == "--charts") {
        // Thousands of renders are worth the build.
        build.push("--release");
        if let Some(folder) = args.get_mut(at + 1) {
            let whole = fs::canonicalize(&*folder).map_err(|error| format!("{folder}: {error}"))?;
            *folder = whole.to_string_lossy().into_owned();
        }
    }
    rust(cargo().args(build).arg("--").args(args).env("HELM", helm))
}

fn wasm(_: &[String]) -> Result<Count, String> {
    tools::node()?;
    tools::wasm_target()?;
    let wasm_bindgen = tools::wasm_bindgen()?;
    let out = target_dir().join("wasm-api");
    let build = ["build", "--locked", "-p", "renderer-wasm", "--target", tools::WASM];
    if run(cargo().args(build)).is_err() {
        return Ok(Count::one(false));
    }
    let module = target_dir().join(tools::WASM).join("debug/renderer_wasm.wasm");
    run(command(wasm_bindgen)
        .args(["--target=nodejs", "--out-name=renderer_wasm"])
        .arg(format!("--out-dir={}", out.display()))
        .arg(module))?;
    node_tests("renderer/wasm/tests", &[], |node| node.env("RENDERER_WASM", out.join("renderer_wasm.js")))
}

/// The arguments choose cases by parts of their names.
fn cluster(args: &[String]) -> Result<Count, String> {
    let helm = tools::helm()?;
    let bridge = build_bridge()?;
    let cluster = Cluster::for_a_run()?;
    let mut test = cargo();
    test.args(["test", "--locked", "-p", "tests", "--test", "cluster", "--"]).args(args);
    rust(cluster.prepare(&mut test).env("HELM", helm).env("BRIDGE", bridge))
}

/// The arguments choose files by parts of their names.
fn browser(args: &[String]) -> Result<Count, String> {
    tools::node()?;
    let chromium = tools::chromium()?;
    let helm = tools::helm()?;
    tools::packages("tests/browser")?;
    build_page()?;
    let bridge = build_bridge()?;
    let cluster = Cluster::for_a_run()?;
    node_tests("tests/browser", args, |node| {
        cluster
            .prepare(node)
            .env("CHROME", &chromium)
            .env("HELM", &helm)
            .env("BRIDGE", &bridge)
            .env("PAGE", dist())
    })
}

/// Runs a `cargo test` and counts.
fn rust(cargo: &mut Command) -> Result<Count, String> {
    let mut count = Count::default();
    let status = listen(cargo, |line| count.hear_rust(line))?;
    Ok(count.of_run(status))
}

/// Runs the `*.test.mjs` of a folder, one after the other: a browser on two processors is company enough.
fn node_tests(
    folder: &str,
    parts: &[String],
    prepare: impl FnOnce(&mut Command) -> &mut Command,
) -> Result<Count, String> {
    let entries = fs::read_dir(root().join(folder)).map_err(|error| format!("{folder}: {error}"))?;
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| {
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.ends_with(".test.mjs")
            && (parts.is_empty() || parts.iter().any(|part| name.contains(part.as_str())))
    });
    files.sort();
    if files.is_empty() {
        return Err(format!("no test in {folder} fits"));
    }
    let mut count = Count::default();
    let mut node = command("node");
    node.args(["--test", "--test-concurrency=1", "--test-reporter=spec"]).args(files);
    let status = listen(prepare(&mut node), |line| count.hear_node(line))?;
    Ok(count.of_run(status))
}
