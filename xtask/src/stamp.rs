//! Hashes over inputs and outputs, so that what is up to date is not built again.

use std::fs;
use std::hash::{DefaultHasher, Hasher as _};
use std::io;
use std::path::{Path, PathBuf};

use crate::root::{root, tools_dir};

/// Folders that hold what tools made, never what people wrote.
const MADE_BY_TOOLS: [&str; 4] = ["node_modules", "target", ".git", "shots"];

/// The hash of a set of files and facts. It only has to notice a change, so 64 bits are plenty.
pub(crate) struct Inputs(DefaultHasher);

impl Inputs {
    pub(crate) fn new() -> Self {
        Self(DefaultHasher::new())
    }

    /// Adds a fact that is no file, such as a version.
    #[must_use]
    pub(crate) fn fact(mut self, text: &str) -> Self {
        self.write(text.as_bytes());
        self
    }

    /// Adds a file or a whole folder of the checkout, names and contents; `except` names paths below it to leave out.
    ///
    /// # Errors
    /// When something in it cannot be read. A path that does not exist is a fact like any other.
    pub(crate) fn path(mut self, path: &str, except: &[&str]) -> Result<Self, String> {
        let mut files = Vec::new();
        walk(&root().join(path), except, &mut files).map_err(|error| format!("{path}: {error}"))?;
        files.sort();
        for file in files {
            let bytes = fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
            let name = file.strip_prefix(root()).unwrap_or(&file);
            self.write(name.as_os_str().as_encoded_bytes());
            self.write(&bytes);
        }
        Ok(self)
    }

    pub(crate) fn hash(self) -> String {
        format!("{:016x}", self.0.finish())
    }

    fn write(&mut self, bytes: &[u8]) {
        // The length keeps `ab`, `c` and `a`, `bc` apart.
        self.0.write_usize(bytes.len());
        self.0.write(bytes);
    }
}

/// Whether `name` was last stamped with this hash.
pub(crate) fn matches(name: &str, hash: &str) -> bool {
    fs::read_to_string(file(name)).is_ok_and(|text| text.trim() == hash)
}

/// Remembers that `name` is up to date with this hash.
///
/// # Errors
/// When the stamp cannot be written.
pub(crate) fn set(name: &str, hash: &str) -> Result<(), String> {
    let file = file(name);
    let written = fs::create_dir_all(tools_dir().join("stamps")).and_then(|()| fs::write(&file, hash));
    written.map_err(|error| format!("{}: {error}", file.display()))
}

fn file(name: &str) -> PathBuf {
    tools_dir().join("stamps").join(name)
}

fn walk(path: &Path, except: &[&str], files: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut waiting = vec![path.to_owned()];
    while let Some(path) = waiting.pop() {
        let skipped = path.file_name().is_some_and(|name| MADE_BY_TOOLS.iter().any(|made| name == *made))
            || except.iter().any(|except| path.ends_with(except));
        if skipped {
            continue;
        }
        match fs::metadata(&path) {
            Ok(data) if data.is_dir() => {
                for entry in fs::read_dir(&path)? {
                    waiting.push(entry?.path());
                }
            }
            Ok(_) => files.push(path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
