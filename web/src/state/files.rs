//! Names of files: the tree, the open tabs, the row that is being named.

use std::collections::BTreeSet;

use crate::state::environments::Environments;

/// The slice of the files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileList {
    /// All paths in order.
    pub paths: Vec<String>,
    /// Files that differ from what was imported.
    pub edited: BTreeSet<String>,
    /// Tabs of the editor, in their order.
    pub open: Vec<String>,
    /// The file in the editor.
    pub active: Option<String>,
    /// The row of the tree that buttons act on: a file or a folder.
    pub selected: Option<String>,
    /// Folders that are closed.
    pub closed: BTreeSet<String>,
    /// The row that is being named.
    pub naming: Option<Naming>,
    /// What undo would take back.
    pub undo_label: Option<String>,
    /// The example that this chart came from.
    pub example: Option<String>,
}

/// A name being typed into the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Naming {
    /// What is renamed; `None` for a new file.
    pub renames: Option<String>,
    /// What the field starts with.
    pub start: String,
    /// Why the last attempt was refused.
    pub error: Option<String>,
}

/// What can happen to names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FilesAction {
    /// Close a tab.
    Close(String),
    /// A name was refused.
    NameRefused(String),
    /// Show a file in the editor.
    Open(String),
    /// Start to rename a row.
    Rename(String),
    /// Mark a row of the tree.
    Select(String),
    /// Start to name a new file beside the selected row.
    StartNew,
    /// No name after all.
    StopNaming,
    /// Open or close a folder.
    Toggle(String),
}

impl FileList {
    /// A chart that was just opened: the first template that makes objects is shown.
    pub fn opened(paths: Vec<String>, example: Option<String>, environments: &Environments) -> Self {
        let first = ["templates/deployment.yaml", "templates/statefulset.yaml"]
            .iter()
            .find(|path| paths.iter().any(|other| other == *path))
            .map(|path| (*path).to_owned())
            .or_else(|| {
                paths.iter().find(|path| path.starts_with("templates/") && path.ends_with(".yaml")).cloned()
            })
            .or_else(|| paths.iter().find(|path| *path == "values.yaml").cloned())
            .or_else(|| paths.first().cloned());
        let mut open: Vec<String> = first.iter().cloned().collect();
        let values =
            environments.chosen().values_files.first().cloned().unwrap_or_else(|| "values.yaml".to_owned());
        if paths.contains(&values) && !open.contains(&values) {
            open.push(values);
        }
        let mut list =
            FileList { selected: first.clone(), active: first, open, example, ..FileList::default() };
        // Subcharts start closed: their files are seldom the ones a person came for.
        list.closed = paths.iter().filter_map(|path| subchart(path)).collect();
        list.paths = paths;
        list
    }

    /// Drops names that no file has.
    pub(crate) fn without_the_missing(mut self) -> Self {
        let paths = std::mem::take(&mut self.paths);
        self.change(paths, &[]);
        self
    }

    pub(crate) fn change(&mut self, paths: Vec<String>, renamed: &[(String, String)]) {
        let follow = |path: &String| {
            renamed.iter().find(|(from, _)| from == path).map_or_else(|| path.clone(), |(_, to)| to.clone())
        };
        self.open = self.open.iter().map(follow).collect();
        self.active = self.active.as_ref().map(follow);
        self.edited = self.edited.iter().map(follow).collect();
        if let Some(selected) = &self.selected {
            // A folder has no entry of its own: its files say where it went.
            let moved = renamed.iter().find_map(|(from, to)| {
                let rest = from.strip_prefix(selected.as_str())?;
                if !rest.is_empty() && !rest.starts_with('/') {
                    return None;
                }
                to.strip_suffix(rest).map(str::to_owned)
            });
            self.selected = moved.or_else(|| self.selected.clone());
        }
        let position =
            self.active.as_ref().and_then(|active| self.open.iter().position(|path| path == active));
        self.open.retain(|path| paths.binary_search(path).is_ok());
        self.edited.retain(|path| paths.binary_search(path).is_ok());
        if self.active.as_ref().is_some_and(|path| paths.binary_search(path).is_err()) {
            let nearest = position.unwrap_or(0).min(self.open.len().saturating_sub(1));
            self.active = self.open.get(nearest).cloned();
        }
        if let Some(selected) = &self.selected {
            let folder = format!("{selected}/");
            if !paths.iter().any(|path| path == selected || path.starts_with(&folder)) {
                self.selected = self.active.clone();
            }
        }
        self.paths = paths;
        self.naming = None;
    }

    /// The folder that a new file would be made in, with a `/` at its end, or nothing.
    pub fn folder_of_selection(&self) -> String {
        match &self.selected {
            Some(path) if self.paths.contains(path) => {
                path.rfind('/').map_or_else(String::new, |slash| path[..=slash].to_owned())
            }
            Some(folder) => format!("{folder}/"),
            None => String::new(),
        }
    }
}

/// `charts/redis` of `charts/redis/values.yaml`.
fn subchart(path: &str) -> Option<String> {
    let rest = path.strip_prefix("charts/")?;
    let (name, _) = rest.split_once('/')?;
    Some(format!("charts/{name}"))
}

pub(crate) fn reduce(files: &mut FileList, action: FilesAction) {
    match action {
        FilesAction::Close(path) => {
            let Some(position) = files.open.iter().position(|open| *open == path) else { return };
            files.open.remove(position);
            if files.active.as_deref() == Some(&path) {
                files.active = files.open.get(position.min(files.open.len().saturating_sub(1))).cloned();
                files.selected = files.active.clone();
            }
        }
        FilesAction::NameRefused(sentence) => {
            if let Some(naming) = &mut files.naming {
                naming.error = Some(sentence);
            }
        }
        FilesAction::Open(path) => {
            if files.paths.binary_search(&path).is_err() {
                return;
            }
            if !files.open.contains(&path) {
                files.open.push(path.clone());
            }
            // The tree shows where the file is.
            let mut folder = path.as_str();
            while let Some(slash) = folder.rfind('/') {
                folder = &folder[..slash];
                files.closed.remove(folder);
            }
            files.selected = Some(path.clone());
            files.active = Some(path);
        }
        FilesAction::Rename(path) => {
            files.naming = Some(Naming { start: path.clone(), renames: Some(path), error: None });
        }
        FilesAction::Select(path) => files.selected = Some(path),
        FilesAction::StartNew => {
            files.naming = Some(Naming { renames: None, start: files.folder_of_selection(), error: None });
        }
        FilesAction::StopNaming => files.naming = None,
        FilesAction::Toggle(folder) => {
            if !files.closed.remove(&folder) {
                files.closed.insert(folder.clone());
            }
            files.selected = Some(folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(paths: &[&str]) -> FileList {
        let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        FileList::opened(paths, None, &Environments::default())
    }

    #[test]
    fn closing_the_active_tab_shows_its_neighbour() {
        let mut files = list(&["a", "b", "c"]);
        for path in ["b", "c"] {
            reduce(&mut files, FilesAction::Open(path.into()));
        }
        reduce(&mut files, FilesAction::Open("b".into()));
        reduce(&mut files, FilesAction::Close("b".into()));
        assert_eq!(
            (files.open.as_slice(), files.active.as_deref()),
            (&["a".into(), "c".into()][..], Some("c"))
        );
        reduce(&mut files, FilesAction::Close("c".into()));
        reduce(&mut files, FilesAction::Close("a".into()));
        assert_eq!(files.active, None);
    }

    #[test]
    fn a_deleted_file_leaves_its_tab() {
        let mut files = list(&["a", "b"]);
        reduce(&mut files, FilesAction::Open("b".into()));
        files.change(vec!["a".into()], &[]);
        assert_eq!(files.active.as_deref(), Some("a"));
        assert_eq!(files.open, ["a"]);
    }

    #[test]
    fn a_new_file_starts_in_the_folder_of_the_selected_row() {
        let mut files = list(&["Chart.yaml", "templates/a.yaml"]);
        assert_eq!(files.folder_of_selection(), "templates/");
        reduce(&mut files, FilesAction::Toggle("templates".into()));
        assert_eq!(files.folder_of_selection(), "templates/");
        reduce(&mut files, FilesAction::Select("Chart.yaml".into()));
        assert_eq!(files.folder_of_selection(), "");
    }

    #[test]
    fn opening_a_file_opens_its_folders() {
        let mut files = list(&["charts/redis/templates/a.yaml", "values.yaml"]);
        assert!(files.closed.contains("charts/redis"));
        reduce(&mut files, FilesAction::Open("charts/redis/templates/a.yaml".into()));
        assert!(files.closed.is_empty());
    }

    #[test]
    fn a_file_that_does_not_exist_is_not_opened() {
        let mut files = list(&["a"]);
        reduce(&mut files, FilesAction::Open("nowhere".into()));
        assert_eq!(files.active.as_deref(), Some("a"));
    }
}
