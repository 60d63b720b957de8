//! A chart made of a few files, and the command that is run beside it.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

/// Files and a command: all that a program is given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Fixture {
    /// Path → bytes. A path lies in the chart `c`; one that begins with `/` lies beside the chart.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Commands of the same program that come first; what they print does not count, what they write is part of the beginning.
    pub before: Vec<Vec<String>>,
    /// The words after the program's name: `template x c`.
    pub command: Vec<String>,
    /// Variables of the environment.
    pub environment: BTreeMap<String, String>,
}

/// The `Chart.yaml` of a case that brings none.
pub const CHART_YAML: &str = "apiVersion: v2\nname: c\nversion: 0.1.0\n";

/// When the files of a fixture were written: archives keep it.
const WRITTEN: Duration = Duration::from_secs(1_600_000_000);

impl Fixture {
    /// A copy of the chart in `dir`, which lies beside the (empty) chart `c` under its own name.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn of_chart(dir: &Path, command: Vec<String>) -> io::Result<Fixture> {
        let top = dir.parent().unwrap_or(dir);
        let mut files = BTreeMap::new();
        let mut pending = vec![dir.to_path_buf()];
        while let Some(next) = pending.pop() {
            for entry in fs::read_dir(&next)? {
                let path = entry?.path();
                if path.is_dir() {
                    pending.push(path);
                } else {
                    let name = path.strip_prefix(top).unwrap_or(&path).to_string_lossy().into_owned();
                    files.insert(format!("/{name}"), fs::read(&path)?);
                }
            }
        }
        Ok(Fixture { files, command, ..Fixture::default() })
    }

    /// Writes the files below `dir`.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write(&self, dir: &Path) -> io::Result<()> {
        if !self.files.contains_key("Chart.yaml") {
            put(&dir.join("c/Chart.yaml"), CHART_YAML.as_bytes())?;
        }
        for (path, content) in &self.files {
            let target = match path.strip_prefix('/') {
                Some(beside) => dir.join(beside),
                None => dir.join("c").join(path),
            };
            put(&target, content)?;
        }
        Ok(())
    }

    /// Whether the command may write files.
    #[must_use]
    pub fn writes(&self) -> bool {
        let verb = self.command.first().map_or("", String::as_str);
        let is_asked_to = |word: &String| word.starts_with("--output-dir") || word == "--dependency-update";
        !matches!(verb, "lint" | "show" | "template" | "verify" | "version")
            || self.command.iter().any(is_asked_to)
    }

    /// A key for caches: equal fixtures have equal keys.
    #[must_use]
    pub fn key(&self, salt: &str) -> String {
        let half = |seed: u64| {
            let mut hasher = DefaultHasher::new();
            (seed, salt, self).hash(&mut hasher);
            hasher.finish()
        };
        format!("{:016x}{:016x}", half(1), half(2))
    }
}

fn put(path: &Path, content: &[u8]) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, content)?;
    fs::File::options().append(true).open(path)?.set_modified(UNIX_EPOCH + WRITTEN)
}

/// A directory that goes away with its value.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// A new directory below the build directory, `name` making it one of its kind.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn new(name: &str) -> io::Result<Scratch> {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("chartroom-{name}-{}-{count}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Scratch(path.canonicalize()?))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A directory that stays behind is no failure of a test.
        let _ = fs::remove_dir_all(&self.0);
    }
}
