//! The rules of the house as tests: which package may import which, what enters where, and lists that must agree.
//!
//! The tables below are the rules themselves. A change to one is a decision, argued in its commit.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Package, its folder, and what it may import of ours. Nothing imports `tests` or `xtask`.
const ARROWS: &[(&str, &str, &[&str])] = &[
    ("source", "renderer/source", &[]),
    ("value", "renderer/value", &[]),
    ("wire", "kube-proxy-bridge/wire", &[]),
    ("gotemplate", "renderer/gotemplate", &["source", "value"]),
    ("yaml", "renderer/yaml", &["source", "value"]),
    ("sprig", "renderer/sprig", &["value", "gotemplate"]),
    ("release", "renderer/release", &["source", "value", "yaml"]),
    ("renderer", "renderer", &["source", "value", "gotemplate", "yaml", "sprig", "release"]),
    ("provenance", "renderer/provenance", &[]),
    ("renderer-cli", "renderer/cli", &["renderer", "provenance"]),
    ("renderer-wasm", "renderer/wasm", &["renderer"]),
    ("kube-proxy-bridge", "kube-proxy-bridge", &["wire", "release"]),
    ("web", "web", &["wire", "renderer", "release"]),
    ("checker", "web/checker", &["renderer", "provenance"]),
    ("xtask", "xtask", &[]),
];

/// Where crates of others may enter. A crate that is not named here is free.
const ENTRANCES: &[(&str, &[&str])] = &[
    ("axum", &["kube-proxy-bridge"]),
    ("boon", &["renderer"]),
    ("console_error_panic_hook", &["web", "renderer-wasm"]),
    ("flate2", &["renderer", "release", "web", "kube-proxy-bridge"]),
    ("gloo", &["web"]),
    ("js-sys", &["web", "checker", "renderer-wasm"]),
    ("kube", &["kube-proxy-bridge"]),
    ("pgp", &["provenance"]),
    ("regex", &["sprig"]),
    ("serde-wasm-bindgen", &["web", "renderer-wasm"]),
    ("tar", &["renderer", "web"]),
    ("tokio", &["kube-proxy-bridge"]),
    ("wasm-bindgen", &["web", "checker", "renderer-wasm"]),
    ("web-sys", &["web", "checker"]),
    ("schemars", &["wire", "kube-proxy-bridge"]),
    ("yew", &["web"]),
    ("zip", &["web"]),
];

/// Packages that import no crate of others but these.
const BARE: &[(&str, &[&str])] =
    &[("source", &["serde"]), ("value", &["serde"]), ("wire", &["serde", "serde_json", "schemars"])];

/// Packages that read no clock, file, environment, network or entropy (`clippy.toml`).
const PURE: &[&str] =
    &["source", "value", "gotemplate", "yaml", "sprig", "release", "renderer", "provenance"];

/// The modules of a package in layers: a module may name those of earlier layers and of its own.
const LAYERS: &[(&str, &[&[&str]])] = &[
    (
        "renderer",
        &[
            &["error", "log", "problem", "show", "world"],
            &["chart"],
            &["values"],
            &["capabilities"],
            &["functions"],
            &["render"],
            &["source_map"],
            &["lint", "environments", "package", "repo", "create", "inspect", "dependency"],
            &["session"],
        ],
    ),
    (
        "web",
        &[
            &["state", "examples", "worker::protocol"],
            &["files"],
            &["worker", "editor", "persist", "bridge"],
            &["hooks"],
            &["components"],
            &["panels"],
            &["app"],
        ],
    ),
    (
        "kube-proxy-bridge",
        &[
            &[
                "aside",
                "config",
                "desktop",
                "fieldpath",
                "hex",
                "object",
                "metrics",
                "telemetry",
                "audit",
                "plain",
            ],
            &["documents", "policy"],
            &["kube"],
            &["redact"],
            &["lookup", "releases"],
            &["operations"],
            &["auth"],
            &["http"],
        ],
    ),
];

/// The only places whose types are written and read by serde.
const SERDE: &[&str] = &[
    "kube-proxy-bridge/wire/src/",
    // What the API server writes.
    "kube-proxy-bridge/src/kube/",
    "web/src/worker/protocol",
    // What the JavaScript editor is told.
    "web/src/editor/model",
    "web/src/persist/",
    "renderer/release/src/record",
    "renderer/cli/src/",
    "renderer/wasm/src/",
];

#[test]
fn packages_import_only_along_the_arrows() {
    let ours: BTreeSet<&str> = ARROWS.iter().map(|(name, ..)| *name).chain(["tests"]).collect();
    let mut wrong = Vec::new();
    for (package, folder, allowed) in ARROWS {
        for dependency in dependencies(folder) {
            if ours.contains(dependency.as_str()) && !allowed.contains(&dependency.as_str()) {
                wrong.push(format!("{package} must not import {dependency}"));
            }
        }
    }
    none(&wrong);
}

#[test]
fn every_package_has_its_place_in_the_table() {
    let manifest = read("Cargo.toml");
    let members =
        manifest.split_once("members = [").and_then(|(_, rest)| rest.split_once(']')).expect("members").0;
    let members: BTreeSet<&str> = members.split('"').skip(1).step_by(2).collect();
    let table: BTreeSet<&str> = ARROWS.iter().map(|(_, folder, _)| *folder).chain(["tests"]).collect();
    assert_eq!(members, table);
    for folder in members {
        let manifest = read(&format!("{folder}/Cargo.toml"));
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{folder} must take the lints of the workspace"
        );
    }
}

#[test]
fn crates_of_others_enter_at_one_place() {
    let mut wrong = Vec::new();
    for (package, folder, _) in ARROWS {
        for dependency in dependencies(folder) {
            let entrance = ENTRANCES.iter().find(|(name, _)| *name == dependency);
            if entrance.is_some_and(|(_, places)| !places.contains(package)) {
                wrong.push(format!("{package} must not import {dependency}"));
            }
            let is_ours = ARROWS.iter().any(|(name, ..)| *name == dependency);
            let bare = BARE.iter().find(|(bare, _)| bare == package);
            if let Some((_, may)) = bare.filter(|(_, may)| !is_ours && !may.contains(&dependency.as_str())) {
                wrong.push(format!(
                    "{package} must not import {dependency}: it has {} at most",
                    may.join(", ")
                ));
            }
        }
    }
    none(&wrong);
}

#[test]
fn the_schema_validator_stays_in_one_module() {
    let elsewhere = sources().into_iter().filter(|file| {
        file.path.starts_with("renderer/src/")
            && !file.path.starts_with("renderer/src/values/schema")
            && file.code.contains("boon::")
    });
    none(&elsewhere.map(|file| format!("{} names boon", file.path)).collect::<Vec<_>>());
}

#[test]
fn modules_name_only_what_stands_left_of_them() {
    let sources = sources();
    let mut wrong = Vec::new();
    for (package, layers) in LAYERS {
        let folder = ARROWS.iter().find(|(name, ..)| name == package).expect("in the table").1;
        let root = format!("{folder}/src/");
        let rank = |module: &str| layers.iter().position(|layer| layer.contains(&module));
        for file in sources.iter().filter(|file| file.path.starts_with(&root)) {
            let inner = file.path.trim_start_matches(&root).trim_end_matches(".rs").replace('/', "::");
            let top = inner.split("::").next().unwrap_or_default();
            if matches!(top, "lib" | "main" | "bin") {
                continue;
            }
            // A layer may name a module inside a module: worker::protocol stands before worker.
            let two = inner.splitn(3, "::").take(2).collect::<Vec<_>>().join("::");
            let Some(own) = rank(&two).or_else(|| rank(top)) else {
                wrong.push(format!("{}: `{top}` has no place in the table", file.path));
                continue;
            };
            for path in file.code.split("crate::").skip(1) {
                let names: Vec<&str> = path.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
                let first = names.first().copied().unwrap_or_default();
                let second = format!("{first}::{}", names.get(2).copied().unwrap_or_default());
                let Some(other) = rank(&second).or_else(|| rank(first)) else { continue };
                if other > own && first != top {
                    wrong.push(format!("{}: `{top}` must not name `{first}`", file.path));
                }
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    none(&wrong);
}

#[test]
fn only_edges_are_written_and_read_by_serde() {
    let derives = |file: &Source| {
        file.code.split("derive(").skip(1).any(|rest| {
            let list = rest.split(')').next().unwrap_or_default();
            list.contains("Serialize") || list.contains("Deserialize")
        })
    };
    let wrong = sources().into_iter().filter(|file| {
        !SERDE.iter().any(|place| file.path.starts_with(place))
            && !file.path.starts_with("tests/")
            && derives(file)
    });
    none(&wrong.map(|file| format!("{} derives Serialize or Deserialize", file.path)).collect::<Vec<_>>());
}

#[test]
fn only_the_editor_module_knows_the_javascript_editor() {
    let wrong = sources().into_iter().filter(|file| {
        file.path.starts_with("web/")
            && !file.path.starts_with("web/src/editor/")
            && file.code.contains("editor.js")
    });
    none(&wrong.map(|file| format!("{} names editor.js", file.path)).collect::<Vec<_>>());
}

#[test]
fn pure_packages_ask_clippy_to_watch_them() {
    for package in PURE {
        let folder = ARROWS.iter().find(|(name, ..)| name == package).expect("in the table").1;
        let lib = read(&format!("{folder}/src/lib.rs"));
        assert!(lib.contains("#![warn(clippy::disallowed_methods)]"), "{folder}/src/lib.rs lacks the line");
    }
}

#[test]
fn every_file_says_first_what_lives_in_it() {
    let silent = sources().into_iter().filter(|file| !file.first_line.starts_with("//! "));
    none(&silent.map(|file| format!("{} has no //! sentence at its top", file.path)).collect::<Vec<_>>());
}

#[test]
fn exceptions_to_lints_are_expected_and_give_a_reason() {
    // In two halves, or this file would name it.
    let bare = ["#[allow", "#![allow"].map(|start| format!("{start}("));
    let wrong =
        sources().into_iter().filter(|file| bare.iter().any(|bare| file.code.contains(bare.as_str())));
    none(
        &wrong
            .map(|file| format!("{} allows a lint; expect it, with a reason", file.path))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn the_versions_of_wasm_bindgen_agree() {
    let version = "0.2.130";
    assert!(read("Cargo.toml").contains(&format!("wasm-bindgen = \"={version}\"")));
    assert!(read("Trunk.toml").contains(&format!("wasm_bindgen = \"{version}\"")));
    let tool = read("xtask/wasm-bindgen/Cargo.toml");
    assert!(tool.contains(&format!("version = \"{version}\"")));
    assert!(tool.contains(&format!("wasm-bindgen-cli-support = \"={version}\"")));
}

#[test]
fn every_known_difference_from_helm_is_told_to_the_reader() {
    let ids = read("tests/oracle/known.toml");
    let ids: BTreeSet<&str> =
        ids.lines().filter_map(|line| line.strip_prefix("id = \"")?.strip_suffix('"')).collect();
    let page = read("renderer/COMPATIBILITY.md");
    let mut untold: Vec<String> = ids
        .iter()
        .filter(|id| !page.contains(&format!("`{id}`")))
        .map(|id| format!("{id} is not in COMPATIBILITY.md"))
        .collect();
    // In the page an entry begins with its id in backticks, as an item of a list or a cell of a table.
    let told = page
        .lines()
        .filter_map(|line| line.strip_prefix("- `").or_else(|| line.strip_prefix("| `"))?.split('`').next());
    let functions = functions_not_in_this_build(&page);
    untold.extend(
        told.filter(|id| !ids.contains(id) && !functions.contains(id))
            .map(|id| format!("{id} is not in known.toml")),
    );
    none(&untold);
}

/// The names under the heading of functions that are not in this build; no oracle case can be about them.
fn functions_not_in_this_build(page: &str) -> BTreeSet<&str> {
    let section = page.split("\n## ").find(|section| section.to_lowercase().starts_with("functions"));
    section.unwrap_or_default().split('`').skip(1).step_by(2).collect()
}

/// The names under `[dependencies]`, plain and by target; tests may use what they like.
fn dependencies(folder: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut in_dependencies = false;
    for line in read(&format!("{folder}/Cargo.toml")).lines() {
        if let Some(section) = line.strip_prefix('[') {
            let section = section.split(']').next().unwrap_or_default();
            in_dependencies = section == "dependencies"
                || section.ends_with(".dependencies") && section.starts_with("target.");
            if let Some(name) = section.strip_prefix("dependencies.") {
                names.insert(name.to_owned());
            }
        } else if in_dependencies && !line.starts_with('#') {
            let name: String =
                line.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect();
            if !name.is_empty() {
                names.insert(name);
            }
        }
    }
    names
}

/// A Rust file: its code without comments and without its tests.
struct Source {
    /// From the root of the checkout, with `/`.
    path: String,
    first_line: String,
    code: String,
}

fn sources() -> Vec<Source> {
    let mut files = BTreeMap::new();
    for folder in ["renderer", "web", "kube-proxy-bridge", "xtask", "tests"] {
        collect(&root().join(folder), &mut files);
    }
    let sources = files.into_iter().filter(|(path, _)| !path.ends_with("/tests.rs"));
    sources
        .map(|(path, text)| {
            let first_line = text.lines().next().unwrap_or_default().to_owned();
            Source { path, first_line, code: without_comments_and_tests(&text) }
        })
        .collect()
}

fn without_comments_and_tests(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line == "#[cfg(test)]" {
            // Tests in the file stand at its end; tests in a file of their own are one line here.
            match lines.peek() {
                Some(next) if next.ends_with(';') => drop(lines.next()),
                _ => break,
            }
        } else if !line.trim_start().starts_with("//") {
            code.push_str(line);
            code.push('\n');
        }
    }
    code
}

fn collect(folder: &Path, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).expect("a folder of the checkout") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            if path.file_name().is_none_or(|name| name != "node_modules" && name != "target") {
                collect(&path, files);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name =
                path.strip_prefix(root()).expect("below the root").to_string_lossy().replace('\\', "/");
            files.insert(name, fs::read_to_string(&path).expect("UTF-8"));
        }
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package is in a checkout").to_owned()
}

#[track_caller]
fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}
