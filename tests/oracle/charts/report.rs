//! The report: one line a case, in a file below the build directory; a later line about a case replaces an earlier one.
//!
//! `verdict ⇥ case's key ⇥ Helm's answer as a digest ⇥ our build as a digest ⇥ the case`. A run that is broken off loses nothing, and
//! the next one repeats only what was not equal. The key holds the chart's bytes, so a chart that changes is a new one.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::cases::Case;

/// What is known about a case.
pub(super) struct Entry {
    /// Helm's answer.
    pub(super) helms: String,
    /// Which of our builds was judged.
    pub(super) build: String,
    pub(super) is_random: bool,
    /// There is nothing to repeat.
    pub(super) is_done: bool,
}

/// The file, and what stood in it.
pub(super) struct Report {
    before: HashMap<String, Entry>,
    file: Mutex<File>,
}

/// Where the report lies.
pub(super) fn folder() -> PathBuf {
    tests::program::target_dir().join("oracle-charts")
}

impl Report {
    /// Opens it, or begins one.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn open(path: &Path) -> Result<Report, String> {
        let at = |err: std::io::Error| format!("{}: {err}", path.display());
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir).map_err(at)?;
        }
        let text = if path.is_file() { fs::read_to_string(path).map_err(at)? } else { String::new() };
        let mut before = HashMap::new();
        for line in text.lines() {
            // The last line of a run that was ended may be half of one.
            if let [verdict, key, helms, build, _] = line.split('\t').collect::<Vec<_>>()[..] {
                let is_random = verdict == "random";
                let is_done = is_random || verdict == "equal";
                let entry = Entry { helms: helms.to_owned(), build: build.to_owned(), is_random, is_done };
                before.insert(key.to_owned(), entry);
            }
        }
        let mut file = OpenOptions::new().create(true).append(true).open(path).map_err(at)?;
        if !text.is_empty() && !text.ends_with('\n') {
            writeln!(file).map_err(at)?;
        }
        Ok(Report { before, file: Mutex::new(file) })
    }

    /// What was known about a case before this run.
    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        self.before.get(key)
    }

    /// Whether a case was equal, as far as Helm equals itself.
    pub(super) fn is_done(&self, key: &str) -> bool {
        self.entry(key).is_some_and(|entry| entry.is_done)
    }

    /// Writes a line.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn add(&self, case: &Case, entry: &Entry, verdict: &str) -> Result<(), String> {
        let id = case.id().replace(['\t', '\n'], " ");
        let line = format!("{verdict}\t{}\t{}\t{}\t{id}\n", case.key, entry.helms, entry.build);
        let mut file = self.file.lock().map_err(|err| err.to_string())?;
        file.write_all(line.as_bytes()).map_err(|err| err.to_string())
    }
}
