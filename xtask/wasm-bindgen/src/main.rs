//! The `wasm-bindgen` command, cut down to the options that Trunk passes.
//!
//! The real command's lock file names crates that not every mirror carries, and its other downloads come from outside
//! Cargo's registry. This one is pinned by a `Cargo.lock` of our own.

use std::error::Error;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<(), Box<dyn Error>> {
    let mut bindgen = Bindgen::new();
    // The command's defaults, which are not the library's: `init()` knows its .wasm file, and there are declarations.
    bindgen.omit_default_module_path(false).typescript(true);
    let mut out_dir = None;
    for arg in std::env::args().skip(1) {
        let (name, value) = arg.split_once('=').unwrap_or((&arg, ""));
        match (name, value) {
            ("--version" | "-V", _) => {
                println!("wasm-bindgen {}", env!("CARGO_PKG_VERSION"));
                return Ok(());
            }
            ("--target", "bundler") => drop(bindgen.bundler(true)?),
            ("--target", "no-modules") => drop(bindgen.no_modules(true)?),
            ("--target", "nodejs") => drop(bindgen.nodejs(true)?),
            ("--target", "web") => drop(bindgen.web(true)?),
            ("--out-dir", dir) => out_dir = Some(dir.to_owned()),
            ("--out-name", name) => drop(bindgen.out_name(name)),
            ("--no-typescript", _) => drop(bindgen.typescript(false)),
            ("--keep-debug", _) => drop(bindgen.keep_debug(true)),
            ("--no-demangle", _) => drop(bindgen.demangle(false)),
            // Accepted for Trunk's sake: the library decides both from the module itself.
            ("--reference-types" | "--weak-refs", _) => {}
            (path, _) if !path.starts_with('-') => drop(bindgen.input_path(path)),
            _ => return Err(format!("unknown option `{arg}`").into()),
        }
    }
    bindgen.generate(out_dir.ok_or("`--out-dir` is missing")?)?;
    Ok(())
}
