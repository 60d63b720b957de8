//! Where things stand on the page: tabs, widths, what is folded.

use std::collections::BTreeSet;

use crate::worker::protocol::Severity;

/// The slice of the panels.
#[derive(Clone, Debug, PartialEq)]
pub struct Panels {
    /// The tab of the result.
    pub tab: Tab,
    /// The column that a narrow window shows.
    pub pane: Pane,
    /// Width of the files in pixels.
    pub files_px: u32,
    /// Width of the editor in per mille of what the files leave.
    pub editor_per_mille: u32,
    /// Height of the docked problems in per mille of the result.
    pub dock_per_mille: u32,
    /// Whether the problems show under the manifests.
    pub is_docked: bool,
    /// Whether they were ever docked by themselves.
    pub(crate) was_docked: bool,
    /// Documents that are folded, by their key.
    pub folded: BTreeSet<String>,
    /// What the manifests are filtered by.
    pub filter: String,
    /// Which problems the list shows.
    pub severity: Option<Severity>,
    /// The problem that F8 stands on.
    pub problem: Option<usize>,
}

impl Default for Panels {
    fn default() -> Self {
        Panels {
            tab: Tab::Manifests,
            pane: Pane::Result,
            files_px: 236,
            editor_per_mille: 495,
            dock_per_mille: 400,
            is_docked: false,
            was_docked: false,
            folded: BTreeSet::new(),
            filter: String::new(),
            severity: None,
            problem: None,
        }
    }
}

impl Panels {
    /// Forgets what belongs to one chart; sizes and the tab stay.
    pub(crate) fn start_over(&mut self) {
        self.folded.clear();
        self.filter.clear();
        self.problem = None;
        self.severity = None;
        self.is_docked = false;
        self.was_docked = false;
    }
}

/// A tab of the result. Those to come stand in the same list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    /// What `helm template` prints.
    Manifests,
    /// All that was found.
    Problems,
    /// NOTES.txt.
    Notes,
    /// What the cluster holds.
    Releases,
}

impl Tab {
    /// In the order of the page.
    pub const ALL: [Tab; 4] = [Tab::Manifests, Tab::Problems, Tab::Notes, Tab::Releases];

    /// `data-tab`.
    pub fn id(self) -> &'static str {
        match self {
            Tab::Manifests => "manifests",
            Tab::Problems => "problems",
            Tab::Notes => "notes",
            Tab::Releases => "releases",
        }
    }

    /// What the tab says.
    pub fn label(self) -> &'static str {
        match self {
            Tab::Manifests => "Manifests",
            Tab::Problems => "Problems",
            Tab::Notes => "Notes",
            Tab::Releases => "Releases",
        }
    }
}

/// A column of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pane {
    /// The tree and the layers.
    Files,
    /// The editor.
    Editor,
    /// The result.
    Result,
}

impl Pane {
    /// In the order of the page.
    pub const ALL: [Pane; 3] = [Pane::Files, Pane::Editor, Pane::Result];

    /// The word in ids and class names.
    pub fn id(self) -> &'static str {
        match self {
            Pane::Files => "files",
            Pane::Editor => "editor",
            Pane::Result => "result",
        }
    }

    /// What its tab says.
    pub fn label(self) -> &'static str {
        match self {
            Pane::Files => "Files",
            Pane::Editor => "Editor",
            Pane::Result => "Result",
        }
    }
}

/// What can happen to panels.
#[derive(Clone, Debug, PartialEq)]
pub enum PanelsAction {
    /// Show the problems under the manifests, or not.
    Dock(bool),
    /// Height of the docked problems.
    DockHeight(u32),
    /// Width of the editor.
    EditorWidth(u32),
    /// Width of the files.
    FilesWidth(u32),
    /// Filter the manifests.
    Filter(String),
    /// Fold or unfold one document.
    Fold(String),
    /// Fold exactly these.
    FoldAll(BTreeSet<String>),
    /// Show problems of one severity, or all.
    Severity(Option<Severity>),
    /// Stand on this problem.
    ShowProblem(usize),
    /// Show a column in a narrow window.
    ShowPane(Pane),
    /// Show a tab of the result.
    ShowTab(Tab),
}

/// Limits of the widths, as the separators tell them.
pub const FILES_PX: (u32, u32) = (160, 420);
/// See [`FILES_PX`].
pub const EDITOR_PER_MILLE: (u32, u32) = (200, 800);
/// See [`FILES_PX`].
pub const DOCK_PER_MILLE: (u32, u32) = (150, 800);

pub(crate) fn reduce(panels: &mut Panels, action: PanelsAction) {
    match action {
        PanelsAction::Dock(is_docked) => {
            panels.is_docked = is_docked;
            panels.was_docked = true;
            if is_docked && panels.tab == Tab::Problems {
                panels.tab = Tab::Manifests;
            }
        }
        PanelsAction::DockHeight(height) => {
            panels.dock_per_mille = height.clamp(DOCK_PER_MILLE.0, DOCK_PER_MILLE.1);
        }
        PanelsAction::EditorWidth(width) => {
            panels.editor_per_mille = width.clamp(EDITOR_PER_MILLE.0, EDITOR_PER_MILLE.1);
        }
        PanelsAction::FilesWidth(width) => panels.files_px = width.clamp(FILES_PX.0, FILES_PX.1),
        PanelsAction::Filter(filter) => panels.filter = filter,
        PanelsAction::Fold(key) => {
            if !panels.folded.remove(&key) {
                panels.folded.insert(key);
            }
        }
        PanelsAction::FoldAll(keys) => panels.folded = keys,
        PanelsAction::Severity(severity) => panels.severity = severity,
        PanelsAction::ShowProblem(index) => panels.problem = Some(index),
        PanelsAction::ShowPane(pane) => panels.pane = pane,
        PanelsAction::ShowTab(tab) => panels.tab = tab,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_stop_at_their_ends() {
        let mut panels = Panels::default();
        reduce(&mut panels, PanelsAction::FilesWidth(20));
        assert_eq!(panels.files_px, 160);
        reduce(&mut panels, PanelsAction::EditorWidth(2000));
        assert_eq!(panels.editor_per_mille, 800);
    }

    #[test]
    fn docking_from_the_tab_shows_the_manifests_above() {
        let mut panels = Panels { tab: Tab::Problems, ..Panels::default() };
        reduce(&mut panels, PanelsAction::Dock(true));
        assert_eq!(panels.tab, Tab::Manifests);
    }
}
