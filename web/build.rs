//! Writes two things into the page: a build id that page and worker compare, and the example charts.

use std::collections::hash_map::DefaultHasher;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(std::env::var("OUT_DIR")?);

    // The id is a hash of every source that either program is made of, so that two builds of the same text agree.
    let mut hasher = DefaultHasher::new();
    for directory in ["src", "../renderer"] {
        for path in files_below(&root.join(directory))? {
            let is_source =
                path.extension().is_some_and(|extension| extension == "rs" || extension == "toml");
            if is_source {
                fs::read(&path)?.hash(&mut hasher);
            }
        }
        println!("cargo::rerun-if-changed={}", root.join(directory).display());
    }
    println!("cargo::rustc-env=CHARTROOM_BUILD={:016x}", hasher.finish());

    let examples = root.join("../www/examples");
    println!("cargo::rerun-if-changed={}", examples.display());
    fs::write(out.join("examples.rs"), example_table(&examples)?)?;
    Ok(())
}

/// The Rust source of `EXAMPLES`: one entry for each folder that holds a chart, its files embedded as bytes.
fn example_table(examples: &Path) -> Result<String, Box<dyn Error>> {
    let mut table =
        String::from("/// Every chart of `www/examples`.\npub static EXAMPLES: &[Example] = &[\n");
    let mut directories: Vec<PathBuf> = Vec::new();
    if examples.is_dir() {
        for entry in fs::read_dir(examples)? {
            directories.push(entry?.path());
        }
    }
    directories.sort();
    for directory in directories {
        if !directory.join("Chart.yaml").is_file() {
            continue;
        }
        let id = directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
        writeln!(table, "    Example {{ id: {id:?}, files: &[")?;
        for path in files_below(&directory)? {
            let name = path.strip_prefix(&directory)?.to_string_lossy().replace('\\', "/");
            let full = path.canonicalize()?;
            writeln!(table, "        ({name:?}, include_bytes!({:?})),", full.display().to_string())?;
        }
        table.push_str("    ] },\n");
    }
    table.push_str("];\n");
    Ok(table)
}

/// All files below a directory in a steady order; build folders are left out.
fn files_below(directory: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut found = Vec::new();
    let mut waiting = vec![directory.to_path_buf()];
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(&directory)? {
            let path = entry?.path();
            if path.is_dir() {
                if path.file_name().is_some_and(|name| name != "target") {
                    waiting.push(path);
                }
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
