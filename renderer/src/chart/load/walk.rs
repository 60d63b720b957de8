//! The walk over a chart's directory: order, `.helmignore`, links, limits. Whoever holds the files only answers questions.
//!
//! Source: helm v4.3.1 `pkg/chart/v2/loader/directory.go`, `internal/sympath/walk.go`, `archive/budget.go`.

use std::collections::{BTreeMap, BTreeSet};

use super::super::archive::without_mark;
use super::super::ignore::{HELMIGNORE, Rules};
use super::super::{File, MAX_CHART_BYTES};
use crate::Error;
use crate::log::{Level, Log};

/// What stands at a path, links followed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A regular file of so many bytes.
    File(u64),
    /// A device, a socket, a pipe.
    Irregular,
}

/// A place in a directory tree.
#[derive(Clone, Debug)]
pub struct Place {
    /// What stands there.
    pub kind: Kind,
    /// Where a link leads in the end, absolute; `None` when the place is no link.
    pub link: Option<String>,
    /// When it was changed last, in nanoseconds since 1970.
    pub modified: Option<i64>,
}

/// A directory tree. Paths are relative to the chart's directory, with `/`, and empty for that directory itself. Errors are
/// sentences as Go words them: `open /x: permission denied`.
pub trait Tree {
    /// The names in a directory, in any order.
    fn names(&self, directory: &str) -> Result<Vec<String>, String>;

    /// What stands at a path. For a link that leads nowhere, the sentence is that of the last step: `lstat /nope: no such
    /// file or directory`; [`Look::Broken`] marks it as a link.
    fn look(&self, path: &str) -> Look;

    /// The bytes of a file, at most `limit` of them.
    fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, String>;
}

/// The answer to [`Tree::look`].
#[derive(Clone, Debug)]
pub enum Look {
    /// A link that cannot be followed, and why.
    Broken(String),
    /// Nothing can be said about the path, and why.
    Failed(String),
    /// There it is.
    Found(Place),
}

/// A file or directory that is not part of the chart.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ignored {
    /// Its path.
    pub path: String,
    /// The rule that keeps it out, as written.
    pub rule: String,
}

/// What a walk found.
#[derive(Clone, Debug, Default)]
pub struct Walked {
    /// The files of the chart, in Helm's order.
    pub files: Vec<File>,
    /// What `.helmignore` and the built-in rule kept out; of a directory only itself.
    pub ignored: Vec<Ignored>,
}

/// Collects the files of the chart in a directory.
///
/// `root` is its absolute path; it stands in sentences and log lines only.
///
/// # Errors
/// Those of `.helmignore`; `chart-directory-unreadable`; `chart-too-large`.
pub fn walk(root: &str, tree: &impl Tree, log: &mut Vec<Log>) -> Result<Walked, Error> {
    let unreadable = |message: String| Error::new("chart-directory-unreadable", message);
    let absolute = |path: &str| {
        if path.is_empty() { root.to_owned() } else { format!("{}/{path}", root.trim_end_matches('/')) }
    };
    let rules = match tree.look(HELMIGNORE) {
        Look::Found(_) => Rules::parse(&tree.read(HELMIGNORE, MAX_CHART_BYTES).map_err(unreadable)?)?,
        Look::Broken(_) | Look::Failed(_) => Rules::built_in(),
    };
    let mut walked = Walked::default();
    let mut left = MAX_CHART_BYTES;
    let mut waiting = sorted(tree.names("").map_err(unreadable)?, "");
    while let Some(path) = waiting.pop() {
        let place = match tree.look(&path) {
            Look::Found(place) => place,
            Look::Failed(why) => return Err(unreadable(why)),
            Look::Broken(why) => {
                return Err(unreadable(format!("error evaluating symlink {}: {why}", absolute(&path))));
            }
        };
        if let Some(resolved) = place.link {
            let message = "found symbolic link in path. Contents of linked file included and used";
            let line =
                Log::new(Level::Info, message).with("path", absolute(&path)).with("resolved", resolved);
            log.push(line);
        }
        let is_directory = place.kind == Kind::Directory;
        if let Some(rule) = rules.ignored_by(&path, is_directory, log) {
            let rule = rule.to_owned();
            walked.ignored.push(Ignored { path, rule });
            continue;
        }
        let size = match place.kind {
            Kind::Directory => {
                waiting.extend(sorted(tree.names(&path).map_err(unreadable)?, &path));
                continue;
            }
            Kind::Irregular => {
                let path = absolute(&path);
                let message = format!("cannot load irregular file {path} as it has file mode type bits set");
                return Err(unreadable(message));
            }
            Kind::File(size) => size,
        };
        let too_large = || {
            let message = format!(
                "error reading {path}: chart exceeds maximum decompressed size of {MAX_CHART_BYTES} bytes"
            );
            Error::new("chart-too-large", message).at(path.as_str(), None)
        };
        if size > left {
            return Err(too_large());
        }
        let data =
            tree.read(&path, left + 1).map_err(|why| unreadable(format!("error reading {path}: {why}")))?;
        left = left.checked_sub(data.len() as u64).ok_or_else(too_large)?;
        walked.files.push(File { name: path.into(), data: without_mark(data), modified: place.modified });
    }
    Ok(walked)
}

/// The paths in a directory, last one first, so that the first one is popped first.
fn sorted(mut names: Vec<String>, directory: &str) -> Vec<String> {
    names.sort_unstable_by(|a, b| b.cmp(a));
    if directory.is_empty() {
        return names;
    }
    names.iter().map(|name| format!("{directory}/{name}")).collect()
}

/// A tree that is in memory already: what was dropped on a page or read from a zip.
#[derive(Clone, Debug, Default)]
pub struct Files {
    files: BTreeMap<String, File>,
    directories: BTreeMap<String, BTreeSet<String>>,
}

impl Files {
    /// The tree of these files; where a path comes twice the last one wins.
    pub fn new(files: impl IntoIterator<Item = File>) -> Self {
        let mut tree = Self::default();
        for file in files {
            let mut path = &*file.name;
            loop {
                let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
                let new = tree.directories.entry(directory.to_owned()).or_default().insert(name.to_owned());
                if directory.is_empty() || !new {
                    break;
                }
                path = directory;
            }
            tree.files.insert(file.name.to_string(), file);
        }
        tree
    }
}

impl Tree for Files {
    fn names(&self, directory: &str) -> Result<Vec<String>, String> {
        Ok(self.directories.get(directory).into_iter().flatten().cloned().collect())
    }

    fn look(&self, path: &str) -> Look {
        let (kind, modified) = match self.files.get(path) {
            Some(file) => (Kind::File(file.data.len() as u64), file.modified),
            None if self.directories.contains_key(path) => (Kind::Directory, None),
            None => return Look::Failed(format!("lstat {path}: no such file or directory")),
        };
        Look::Found(Place { kind, link: None, modified })
    }

    fn read(&self, path: &str, _limit: u64) -> Result<Vec<u8>, String> {
        let file = self.files.get(path).ok_or_else(|| format!("open {path}: no such file or directory"))?;
        Ok(file.data.as_bytes().to_vec())
    }
}
