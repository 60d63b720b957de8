//! T23: the bridge writes what it must and nothing that a chart or a record names.

use std::fs;
use std::path::{Path, PathBuf};

/// The places of the bridge that touch files, and what they may do there. A new one is a decision.
const WRITERS: &[(&str, &[&str])] = &[
    // The audit log.
    ("audit.rs", &["OpenOptions"]),
    // The socket, by its path of the command line.
    ("http/serve.rs", &["set_permissions", "fs::rename", "remove_dir_all", "DirBuilder"]),
    // The state folder itself, and the socket at the end.
    ("main.rs", &["DirBuilder", "remove_file"]),
    // Events of operations, in files that are called after operations: the bridge makes those names. An old one is shortened.
    ("operations/log.rs", &["OpenOptions", "fs::rename", "remove_file"]),
    ("operations/registry.rs", &["create_dir_all", "remove_file"]),
];

/// Everything of the standard library and of tokio that changes a file system.
const WORDS: &[&str] = &[
    "OpenOptions",
    "File::create",
    "File::options",
    "fs::write",
    "fs::copy",
    "hard_link",
    "symlink(",
    "create_dir",
    "create_dir_all",
    "DirBuilder",
    "fs::rename",
    "remove_file",
    "remove_dir",
    "remove_dir_all",
    "set_permissions",
    "set_len",
    "tempfile",
    "tokio::fs",
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The code of a file without its tests and its comments.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("readable");
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn t23_no_module_that_reads_records_or_charts_can_write_a_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 80, "these are all: {}", files.len());
    let mut wrong = Vec::new();
    for file in files {
        let name = file.strip_prefix(&root).expect("below").to_string_lossy().into_owned();
        if name.ends_with("tests.rs") {
            continue;
        }
        let allowed = WRITERS.iter().find(|(known, _)| *known == name).map_or(&[][..], |(_, words)| words);
        let code = code(&file);
        for word in WORDS.iter().filter(|word| code.contains(**word)) {
            if !allowed.iter().any(|known| known.contains(word) || word.contains(known)) {
                wrong.push(format!("{name}: {word}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}
