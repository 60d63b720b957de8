//! The store that owns every file's bytes, and the undo of every file action. State and editor hold names and replicas.
//!
//! Typing is not a step here: the editor undoes it itself. A step is a file that was made, renamed, deleted or
//! replaced by an import.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;

/// The bytes of a file: shared, so that an undo step costs nothing.
pub type Bytes = Rc<[u8]>;

/// Why a path cannot be used. `Display` is the sentence a person reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathError {
    /// `/etc/passwd`, `C:\x`.
    Absolute(String),
    /// Another file has this name, or lies below it, or above it.
    Taken(String),
    /// Nothing is left of it.
    Empty,
    /// `../x`.
    Outside(String),
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PathError::Absolute(path) => {
                write!(f, "`{path}` is an absolute path; a file needs a place inside the chart")
            }
            PathError::Empty => f.write_str("a file needs a name"),
            PathError::Outside(path) => write!(f, "`{path}` leads out of the chart by `..`"),
            PathError::Taken(path) => write!(f, "`{path}` exists already"),
        }
    }
}

/// The path inside the chart that a person or an archive meant: `/` between names, no `.`, nothing outside.
///
/// # Errors
/// [`PathError::Absolute`], [`PathError::Outside`], [`PathError::Empty`].
pub fn clean_path(path: &str) -> Result<String, PathError> {
    let slashed = path.trim().replace('\\', "/");
    let has_drive = slashed.as_bytes().get(1) == Some(&b':') && slashed.as_bytes()[0].is_ascii_alphabetic();
    if slashed.starts_with('/') || has_drive {
        return Err(PathError::Absolute(path.to_owned()));
    }
    let mut names = Vec::new();
    for name in slashed.split('/') {
        match name {
            "" | "." => {}
            ".." => return Err(PathError::Outside(path.to_owned())),
            name => names.push(name),
        }
    }
    if names.is_empty() { Err(PathError::Empty) } else { Ok(names.join("/")) }
}

/// What an action did, for those who hold replicas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// Written, with new bytes or a new name.
    pub put: BTreeSet<String>,
    /// Gone.
    pub removed: BTreeSet<String>,
    /// Old name to new name, where a file kept its bytes.
    pub renamed: Vec<(String, String)>,
}

/// How a step is undone.
#[derive(Clone, Debug)]
enum Undo {
    /// Give these paths the bytes they had; `None`: they did not exist.
    Restore(Vec<(String, Option<Bytes>)>),
    /// Put the whole chart back.
    Replace { files: BTreeMap<String, Bytes>, imported: BTreeMap<String, Bytes> },
    /// Rename back; what was typed since is kept.
    Rename(Vec<(String, String)>),
}

/// All files of the chart that is open.
#[derive(Clone, Debug, Default)]
pub struct Files {
    files: BTreeMap<String, Bytes>,
    imported: BTreeMap<String, Bytes>,
    undo: Vec<(String, Undo)>,
}

/// Steps that are kept. Bytes are shared, so this is a limit of sense, not of memory.
const UNDO_LIMIT: usize = 100;

impl Files {
    /// A chart that was kept from an earlier visit.
    pub fn restored(files: BTreeMap<String, Bytes>) -> Self {
        Files { imported: files.clone(), files, undo: Vec::new() }
    }

    /// The bytes of a file.
    pub fn bytes(&self, path: &str) -> Option<&Bytes> {
        self.files.get(path)
    }

    /// All files by path.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Bytes)> {
        self.files.iter()
    }

    /// All paths in order.
    pub fn paths(&self) -> Vec<String> {
        self.files.keys().cloned().collect()
    }

    /// Whether no chart is open.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Whether a file differs from what was imported.
    pub fn is_edited(&self, path: &str) -> bool {
        self.files.get(path) != self.imported.get(path)
    }

    /// The label of the step that [`Files::undo`] would take back.
    pub fn undo_label(&self) -> Option<&str> {
        self.undo.last().map(|(label, _)| label.as_str())
    }

    /// Takes over what was typed. Not a step.
    pub fn write(&mut self, path: &str, bytes: Bytes) {
        self.files.insert(path.to_owned(), bytes);
    }

    /// Makes an empty file.
    ///
    /// # Errors
    /// Those of [`clean_path`], and [`PathError::Taken`].
    pub fn create(&mut self, path: &str, bytes: Bytes) -> Result<(String, Touched), PathError> {
        let path = clean_path(path)?;
        self.check_free(&path, None)?;
        self.remember(format!("new {}", file_name(&path)), Undo::Restore(vec![(path.clone(), None)]));
        self.files.insert(path.clone(), bytes);
        let mut touched = Touched::default();
        touched.put.insert(path.clone());
        Ok((path, touched))
    }

    /// Renames a file or a folder; the new name may lie in another folder.
    ///
    /// # Errors
    /// Those of [`clean_path`], and [`PathError::Taken`].
    pub fn rename(&mut self, from: &str, to: &str) -> Result<Touched, PathError> {
        let to = clean_path(to)?;
        if from == to {
            return Ok(Touched::default());
        }
        if to.starts_with(&format!("{from}/")) {
            return Err(PathError::Taken(to));
        }
        self.check_free(&to, Some(from))?;
        let renamed: Vec<(String, String)> = self
            .below(from)
            .into_iter()
            .map(|old| (old.clone(), format!("{to}{}", &old[from.len()..])))
            .collect();
        self.remember(
            format!("rename {}", file_name(from)),
            Undo::Rename(renamed.iter().map(|(old, new)| (new.clone(), old.clone())).collect()),
        );
        Ok(self.apply_renames(renamed))
    }

    /// Deletes a file, or a folder with all that lies below it.
    pub fn delete(&mut self, path: &str) -> Touched {
        let gone = self.below(path);
        let before = gone.iter().map(|path| (path.clone(), self.files.remove(path))).collect();
        self.remember(format!("delete {}", file_name(path)), Undo::Restore(before));
        Touched { removed: gone.into_iter().collect(), ..Touched::default() }
    }

    /// Puts files beside the ones that are there; those of the same name are replaced.
    pub fn add(&mut self, files: Vec<(String, Bytes)>) -> Touched {
        let before = files.iter().map(|(path, _)| (path.clone(), self.files.get(path).cloned())).collect();
        let label = match files.as_slice() {
            [(path, _)] => format!("add {}", file_name(path)),
            files => format!("add {} files", files.len()),
        };
        self.remember(label, Undo::Restore(before));
        let mut touched = Touched::default();
        for (path, bytes) in files {
            touched.put.insert(path.clone());
            self.imported.insert(path.clone(), bytes.clone());
            self.files.insert(path, bytes);
        }
        touched
    }

    /// Opens another chart in place of this one.
    pub fn replace(&mut self, label: &str, files: BTreeMap<String, Bytes>) {
        let undo = Undo::Replace {
            imported: std::mem::replace(&mut self.imported, files.clone()),
            files: std::mem::replace(&mut self.files, files),
        };
        if let Undo::Replace { files, .. } = &undo
            && files.is_empty()
        {
            return;
        }
        self.remember(label.to_owned(), undo);
    }

    /// Takes the last step back. `None` when there is none; the flag says whether the whole chart was put back.
    pub fn undo(&mut self) -> Option<(String, Touched, bool)> {
        let (label, undo) = self.undo.pop()?;
        Some(match undo {
            Undo::Restore(before) => {
                let mut touched = Touched::default();
                for (path, bytes) in before {
                    match bytes {
                        Some(bytes) => {
                            self.files.insert(path.clone(), bytes);
                            touched.put.insert(path);
                        }
                        None => {
                            self.files.remove(&path);
                            touched.removed.insert(path);
                        }
                    }
                }
                (label, touched, false)
            }
            Undo::Replace { files, imported } => {
                let removed = self.files.keys().filter(|path| !files.contains_key(*path)).cloned().collect();
                let put = files.keys().cloned().collect();
                (self.files, self.imported) = (files, imported);
                (label, Touched { put, removed, renamed: Vec::new() }, true)
            }
            Undo::Rename(pairs) => {
                // A file that was deleted since cannot go back; one that came to the old name since stays.
                let pairs = pairs
                    .into_iter()
                    .filter(|(from, to)| self.files.contains_key(from) && !self.files.contains_key(to))
                    .collect();
                (label, self.apply_renames(pairs), false)
            }
        })
    }

    fn apply_renames(&mut self, pairs: Vec<(String, String)>) -> Touched {
        let mut touched = Touched::default();
        for (from, to) in &pairs {
            if let Some(bytes) = self.files.remove(from) {
                self.files.insert(to.clone(), bytes);
                touched.removed.insert(from.clone());
                touched.put.insert(to.clone());
            }
            if let Some(bytes) = self.imported.remove(from) {
                self.imported.insert(to.clone(), bytes);
            }
        }
        touched.renamed = pairs;
        touched
    }

    /// The file at this path, or all files below it.
    fn below(&self, path: &str) -> Vec<String> {
        let folder = format!("{path}/");
        self.files.keys().filter(|key| *key == path || key.starts_with(&folder)).cloned().collect()
    }

    /// A name is free when no file has it, none lies below it, and no part of it is a file.
    fn check_free(&self, path: &str, except: Option<&str>) -> Result<(), PathError> {
        let folder = format!("{path}/");
        let moves =
            |key: &str| except.is_some_and(|from| key == from || key.starts_with(&format!("{from}/")));
        let taken = self.files.keys().find(|key| {
            !moves(key) && (*key == path || key.starts_with(&folder) || path.starts_with(&format!("{key}/")))
        });
        match taken {
            Some(key) if path.starts_with(&format!("{key}/")) => Err(PathError::Taken(key.clone())),
            Some(_) => Err(PathError::Taken(path.to_owned())),
            None => Ok(()),
        }
    }

    fn remember(&mut self, label: String, undo: Undo) {
        if self.undo.len() == UNDO_LIMIT {
            self.undo.remove(0);
        }
        self.undo.push((label, undo));
    }
}

/// The last name of a path.
pub fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The text of a file, unless it is binary: not UTF-8, or with a NUL in it.
pub fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| !text.as_bytes().contains(&0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Bytes {
        Rc::from(text.as_bytes())
    }

    fn chart(paths: &[&str]) -> Files {
        Files::restored(paths.iter().map(|path| ((*path).to_owned(), bytes(path))).collect())
    }

    #[test]
    fn paths_that_leave_the_chart_are_refused_with_a_sentence() {
        assert_eq!(clean_path("a/./b\\c.yaml").unwrap(), "a/b/c.yaml");
        assert_eq!(clean_path("../x").unwrap_err().to_string(), "`../x` leads out of the chart by `..`");
        assert!(matches!(clean_path("a/../../x"), Err(PathError::Outside(_))));
        assert!(matches!(clean_path("/etc/passwd"), Err(PathError::Absolute(_))));
        assert!(matches!(clean_path("C:\\x"), Err(PathError::Absolute(_))));
        assert!(matches!(clean_path(" ./ "), Err(PathError::Empty)));
    }

    #[test]
    fn a_new_file_may_not_hide_another() {
        let mut files = chart(&["templates/a.yaml"]);
        assert!(matches!(files.create("templates/a.yaml", bytes("")), Err(PathError::Taken(_))));
        assert!(matches!(files.create("templates", bytes("")), Err(PathError::Taken(_))));
        assert!(matches!(files.create("templates/a.yaml/b", bytes("")), Err(PathError::Taken(_))));
        assert_eq!(files.create("templates/b.yaml", bytes("")).unwrap().0, "templates/b.yaml");
        assert_eq!(files.undo_label(), Some("new b.yaml"));
        assert_eq!(files.undo().unwrap().1.removed, BTreeSet::from(["templates/b.yaml".to_owned()]));
        assert_eq!(files.paths(), ["templates/a.yaml"]);
    }

    #[test]
    fn a_folder_is_renamed_whole_and_back_with_what_was_typed_since() {
        let mut files = chart(&["old/a", "old/b/c", "older"]);
        let touched = files.rename("old", "new").unwrap();
        assert_eq!(files.paths(), ["new/a", "new/b/c", "older"]);
        assert_eq!(touched.renamed.len(), 2);
        files.write("new/a", bytes("typed"));
        files.undo().unwrap();
        assert_eq!(files.paths(), ["old/a", "old/b/c", "older"]);
        assert_eq!(&**files.bytes("old/a").unwrap(), b"typed");
    }

    #[test]
    fn a_folder_cannot_move_into_itself() {
        let mut files = chart(&["a/x"]);
        assert!(matches!(files.rename("a", "a/b"), Err(PathError::Taken(_))));
        assert_eq!(files.paths(), ["a/x"]);
    }

    #[test]
    fn a_deleted_folder_comes_back() {
        let mut files = chart(&["charts/redis/Chart.yaml", "charts/redis/values.yaml", "values.yaml"]);
        assert_eq!(files.delete("charts/redis").removed.len(), 2);
        assert_eq!(files.paths(), ["values.yaml"]);
        assert_eq!(files.undo_label(), Some("delete redis"));
        assert_eq!(files.undo().unwrap().1.put.len(), 2);
        assert_eq!(&**files.bytes("charts/redis/values.yaml").unwrap(), b"charts/redis/values.yaml");
    }

    #[test]
    fn an_import_can_be_taken_back_with_all_edits() {
        let mut files = chart(&["Chart.yaml"]);
        files.write("Chart.yaml", bytes("edited"));
        assert!(files.is_edited("Chart.yaml"));
        files.replace("open other.tgz", BTreeMap::from([("x".to_owned(), bytes("y"))]));
        assert!(!files.is_edited("x"));
        let (_, touched, whole) = files.undo().unwrap();
        assert!(whole);
        assert_eq!(touched.removed, BTreeSet::from(["x".to_owned()]));
        assert_eq!(&**files.bytes("Chart.yaml").unwrap(), b"edited");
        assert!(files.is_edited("Chart.yaml"));
    }

    #[test]
    fn added_files_replace_those_of_the_same_name() {
        let mut files = chart(&["values.yaml"]);
        files.add(vec![("values.yaml".into(), bytes("new")), ("b".into(), bytes("b"))]);
        assert_eq!(files.undo_label(), Some("add 2 files"));
        files.undo();
        assert_eq!(files.paths(), ["values.yaml"]);
        assert_eq!(&**files.bytes("values.yaml").unwrap(), b"values.yaml");
    }

    #[test]
    fn text_is_utf8_without_nul() {
        assert_eq!(text("ü".as_bytes()), Some("ü"));
        assert_eq!(text(b"a\0b"), None);
        assert_eq!(text(&[0xff]), None);
    }
}
