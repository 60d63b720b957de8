//! Where a path with symbolic links leads, and which step of it is missing.
//!
//! Source: go1.26 `path/filepath/symlink.go`.

use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::tree::{errno_words, said};

/// More links than this are taken for a circle.
const MOST_LINKS: usize = 255;

/// The path without links, or the sentence about the step that cannot be made.
pub(crate) fn resolved(path: &Path) -> Result<PathBuf, String> {
    let mut done = PathBuf::new();
    let mut rest = path.to_owned();
    let mut n_links = 0;
    loop {
        let mut steps = rest.components();
        let Some(step) = steps.next() else { return Ok(done) };
        let behind = steps.as_path().to_owned();
        match step {
            Component::Prefix(_) | Component::RootDir => done.push(step),
            Component::CurDir => {}
            Component::ParentDir => {
                done.pop();
            }
            Component::Normal(name) => {
                done.push(name);
                let place = fs::symlink_metadata(&done).map_err(|error| said("lstat", &done, &error))?;
                if place.is_symlink() {
                    n_links += 1;
                    if n_links > MOST_LINKS {
                        return Err("EvalSymlinks: too many links".to_owned());
                    }
                    let target = fs::read_link(&done).map_err(|error| said("readlink", &done, &error))?;
                    done.pop();
                    // An absolute target starts again from the root.
                    rest = target.join(behind);
                    continue;
                }
                if !place.is_dir() && !behind.as_os_str().is_empty() {
                    return Err(errno_words(&std::io::Error::from(std::io::ErrorKind::NotADirectory)));
                }
            }
        }
        rest = behind;
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn the_missing_step_is_named_without_dots() {
        let dir = std::env::temp_dir().join(format!("chartroom-links-{}", std::process::id()));
        let dir = fs::create_dir_all(&dir).and_then(|()| dir.canonicalize()).expect("a directory");
        fs::create_dir_all(dir.join("a/b")).expect("directories");
        for (target, name) in [("../../gone/x", "a/b/up"), ("b", "a/short"), ("round", "round")] {
            let _ = symlink(target, dir.join(name));
        }
        let missing = format!("lstat {}: no such file or directory", dir.join("gone").display());
        assert_eq!(resolved(&dir.join("a/b/up")), Err(missing));
        assert_eq!(resolved(&dir.join("a/short/../short")), Ok(dir.join("a/b")));
        assert_eq!(resolved(&dir.join("round")), Err("EvalSymlinks: too many links".to_owned()));
        fs::remove_dir_all(dir).expect("it goes away");
    }
}
