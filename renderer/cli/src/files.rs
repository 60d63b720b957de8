//! Files as Go's `os` and `path/filepath` see them, with their words for what goes wrong.
//!
//! Source: Go 1.27 `path/filepath/path.go`, `match.go`; `os/file.go`.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use renderer::chart::{BadPattern, rfc3339, try_match};

use crate::tree::said;

/// Go's `filepath.Base`.
pub(crate) fn base(path: &str) -> &str {
    match path.trim_end_matches('/') {
        "" if path.is_empty() => ".",
        "" => "/",
        path => path.rsplit('/').next().unwrap_or(path),
    }
}

/// Go's `filepath.Dir`.
pub(crate) fn directory(path: &str) -> String {
    clean(path.rfind('/').map_or("", |at| &path[..=at]))
}

/// Go's `filepath.Clean`.
pub(crate) fn clean(path: &str) -> String {
    renderer::sprig::path::clean_path(path)
}

/// Go's `filepath.Join` of two parts.
pub(crate) fn join(front: &str, back: &str) -> String {
    match (front, back) {
        ("", "") => String::new(),
        ("", part) | (part, "") => clean(part),
        _ => clean(&format!("{front}/{back}")),
    }
}

/// Go's `filepath.Abs`.
pub(crate) fn absolute(path: &str) -> Result<String, String> {
    if path.starts_with('/') {
        return Ok(clean(path));
    }
    let here =
        std::env::current_dir().map_err(|error| format!("getwd: {}", crate::tree::errno_words(&error)))?;
    Ok(join(&here.to_string_lossy(), path))
}

/// Makes a directory and those above it.
///
/// # Errors
/// Go's sentence, which names the first part that is no directory and cannot become one.
pub(crate) fn make_directories(path: &str) -> Result<(), String> {
    let mut made = String::new();
    for part in path.split_inclusive('/') {
        made.push_str(part);
        let name = if made == "/" { "/" } else { made.trim_end_matches('/') };
        match fs::metadata(name) {
            Ok(place) if place.is_dir() => continue,
            Ok(_) => return Err(format!("mkdir {name}: not a directory")),
            Err(_) => match fs::DirBuilder::new().mode(0o755).create(name) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                    return Err(said("mkdir", Path::new(name), &error));
                }
                _ => {}
            },
        }
    }
    Ok(())
}

/// Writes a file, making the directory that it lies in.
pub(crate) fn write(path: &str, bytes: &[u8]) -> Result<(), String> {
    make_directories(&directory(path))?;
    overwrite(path, bytes)
}

/// Writes a file whose directory is there.
pub(crate) fn overwrite(path: &str, bytes: &[u8]) -> Result<(), String> {
    fs::write(path, bytes).map_err(|error| said("open", Path::new(path), &error))
}

/// Reads a file.
pub(crate) fn read(path: &str) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| {
        let what = if error.kind() == ErrorKind::IsADirectory { "read" } else { "open" };
        said(what, Path::new(path), &error)
    })
}

/// What stands at a path, links followed.
pub(crate) fn stat(path: &str) -> Result<fs::Metadata, String> {
    fs::metadata(path).map_err(|error| said("stat", Path::new(path), &error))
}

/// Whether Go would say that nothing stands at the path.
pub(crate) fn is_missing(path: &str) -> bool {
    matches!(fs::metadata(path), Err(error) if error.kind() == ErrorKind::NotFound)
}

/// The names in a directory, sorted.
pub(crate) fn names(directory: &str) -> Result<Vec<String>, String> {
    let entries = fs::read_dir(directory).map_err(|error| said("open", Path::new(directory), &error))?;
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort_unstable();
    Ok(names)
}

/// Go's `filepath.Glob`: the paths that match, in the order of their names. What cannot be read matches nothing.
pub(crate) fn glob(pattern: &str) -> Result<Vec<String>, BadPattern> {
    try_match(pattern, "")?;
    if !has_meta(pattern) {
        return Ok(fs::symlink_metadata(pattern).map(|_| pattern.to_owned()).into_iter().collect());
    }
    let (front, last) = match pattern.rfind('/') {
        Some(0) => ("/", &pattern[1..]),
        Some(at) => (&pattern[..at], &pattern[at + 1..]),
        None => (".", pattern),
    };
    // A pattern is shortened at each step.
    let directories = if has_meta(front) { glob(front)? } else { vec![front.to_owned()] };
    let mut found = Vec::new();
    for directory in directories {
        for name in names(&directory).unwrap_or_default() {
            if try_match(last, &name)? {
                found.push(join(&directory, &name));
            }
        }
    }
    Ok(found)
}

fn has_meta(pattern: &str) -> bool {
    pattern.contains(['*', '?', '[', '\\'])
}

/// Nanoseconds since 1970; a clock before that year gives 0.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// The time as lock files and indexes have it.
pub(crate) fn timestamp() -> String {
    let now = now();
    // A rest below 1e9 is a `u32`.
    rfc3339(now / 1_000_000_000, (now % 1_000_000_000) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_apart_as_go_does() {
        for (path, last, front) in [
            ("", ".", "."),
            ("/", "/", "/"),
            ("a/b/", "b", "a/b"),
            ("a", "a", "."),
            ("/a", "a", "/"),
            ("./../a", "a", ".."),
        ] {
            assert_eq!((base(path), directory(path).as_str()), (last, front), "{path}");
        }
    }

    #[test]
    fn a_pattern_matches_names_in_order() {
        let here = env!("CARGO_MANIFEST_DIR");
        let found = glob(&format!("{here}/*/[lm][ao]*.rs")).unwrap();
        let names: Vec<&str> = found.iter().map(|path| base(path)).collect();
        assert_eq!(names, ["locate.rs", "main.rs"]);
        assert!(glob("a[").is_err());
    }
}
