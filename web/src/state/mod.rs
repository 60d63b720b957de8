//! What the page shows, and the one pure function that changes it. No web types: everything here is tested natively.
//!
//! The bytes of files are not here (`crate::files`): state holds names, places and the last result.

use std::rc::Rc;

pub mod cluster;
pub mod decision;

pub mod deploy;

pub mod environments;

pub mod files;

pub mod notices;

pub mod operation;

pub mod panels;

pub mod releases;

pub mod result;

pub mod rounds;

pub mod signature;

pub mod time;

pub use cluster::ClusterState;
pub use deploy::Deploy;
pub use environments::{Environment, Environments};
pub use files::{FileList, Naming};
pub use notices::{Notice, Progress};
pub use panels::{Pane, Panels, Tab};
pub use releases::Releases;
pub use result::{Aside, Outcome, Output, Tile};
pub use signature::Signature;

use crate::worker::protocol::{Revision, Severity, Update, World};

/// The whole page. Slices are shared, so that a panel whose slice stayed is not drawn again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AppState {
    /// Names of files, open ones, the tree.
    pub files: Rc<FileList>,
    /// Environments and the chosen one.
    pub environments: Rc<Environments>,
    /// Tabs, widths, what is folded.
    pub panels: Rc<Panels>,
    /// The last render and what became of the newest.
    pub outcome: Rc<Outcome>,
    /// Who serves the page, and the cluster behind it.
    pub cluster: Rc<ClusterState>,
    /// Review and operation.
    pub deploy: Rc<Deploy>,
    /// Releases of the cluster.
    pub releases: Rc<Releases>,
    /// The signature of the chart.
    pub signature: Rc<Signature>,
    /// Sentences about actions, and long work.
    pub notices: Rc<notices::Notices>,
    /// Where the cursor of the editor is: line and column, from 1.
    pub cursor: (u32, u32),
    /// Whether all that was typed is in the browser's store.
    pub saved: Saved,
    /// Where the next render takes time and randomness from. It is not kept: a page begins as a preview.
    pub world: World,
}

/// How far the browser's store is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Saved {
    /// The store cannot be used (private window, no room): files live in this tab only.
    Never,
    /// Not yet; within a second.
    Soon,
    /// Everything.
    #[default]
    Yes,
}

/// All that can happen to the page.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// A chart was opened in place of the last one.
    Opened {
        /// Its files.
        paths: Vec<String>,
        /// The example it came from.
        example: Option<String>,
        /// The chart's name, for the release names.
        chart_name: String,
        /// The file name of the archive it came from.
        archive: Option<String>,
    },
    /// A chart was found in the store as it was left.
    Restored {
        /// Its files.
        paths: Vec<String>,
        /// Environments, as they were left.
        environments: Rc<Environments>,
        /// Open files, the active one, the example.
        files: Rc<FileList>,
    },
    /// Files came, went or changed their name.
    FilesChanged {
        /// All paths now.
        paths: Vec<String>,
        /// Old name, new name.
        renamed: Vec<(String, String)>,
        /// What undo would take back.
        undo_label: Option<String>,
    },
    /// Something was typed; says whether the file differs from what was imported. A template that was set aside may run
    /// again then: the edit may be what ends it.
    Edited {
        /// The file.
        path: String,
        /// Differs from the import.
        is_edited: bool,
    },
    /// To the slice of the cluster.
    Cluster(cluster::ClusterAction),
    /// To the slice of the deploy.
    Deploy(deploy::DeployAction),
    /// To the slice of the releases.
    Releases(releases::ReleasesAction),
    /// To the slice of the files.
    Files(files::FilesAction),
    /// To the slice of the environments.
    Environments(environments::EnvironmentsAction),
    /// To the slice of the panels.
    Panels(panels::PanelsAction),
    /// To the slice of the signature.
    Signature(signature::SignatureAction),
    /// To the slice of the notices.
    Notices(notices::NoticesAction),
    /// An edit has this number now, and a render of it is under way.
    Submitted(Revision),
    /// A render has run for more than 300 ms, this long; or a review has come to its end.
    Slow(Option<u32>, Option<String>),
    /// A render came back.
    Rendered(Rc<Update>, Rc<Output>),
    /// The worker gave no answer; a sentence says why.
    Failed(String),
    /// A template is not run from now on.
    SetAside(Aside),
    /// A template may run again.
    Again(String),
    /// The cursor moved.
    Cursor(u32, u32),
    /// How far the store is.
    Saved(Saved),
    /// Time and randomness come from there from now on.
    World(World),
}

/// The page after an action.
pub fn reduce(state: &AppState, action: Action) -> AppState {
    let mut next = state.clone();
    match action {
        Action::Opened { paths, example, chart_name, archive } => {
            next.environments = Rc::new(Environments::detect(&paths, &chart_name));
            next.files = Rc::new(FileList::opened(paths, example, &next.environments));
            next.outcome = Rc::new(Outcome { submitted: state.outcome.submitted, ..Outcome::default() });
            Rc::make_mut(&mut next.panels).start_over();
            Rc::make_mut(&mut next.signature).open(archive);
        }
        Action::Restored { paths, environments, files } => {
            next.environments = environments;
            next.files = Rc::new(FileList { paths, ..Rc::unwrap_or_clone(files) }.without_the_missing());
        }
        Action::FilesChanged { paths, renamed, undo_label } => {
            let files = Rc::make_mut(&mut next.files);
            files.change(paths, &renamed);
            files.undo_label = undo_label;
            let environments = Rc::make_mut(&mut next.environments);
            environments.follow(&next.files.paths, &renamed);
            let exists = |aside: &Aside| next.files.paths.contains(&aside.path);
            if !next.outcome.aside.iter().all(exists) {
                Rc::make_mut(&mut next.outcome).aside.retain(exists);
            }
        }
        Action::Edited { path, is_edited } => {
            release(&mut next.outcome, &path);
            if next.files.edited.contains(&path) != is_edited {
                let files = Rc::make_mut(&mut next.files);
                if is_edited {
                    files.edited.insert(path);
                } else {
                    files.edited.remove(&path);
                }
            }
        }
        Action::Cluster(action) => {
            cluster::reduce(Rc::make_mut(&mut next.cluster), action);
            let (who, before) = (next.cluster.who(), state.cluster.who());
            if who != before {
                next.releases = Rc::default();
            }
            // A bridge that does not answer for a moment takes no plan away.
            let is_another = who.is_some() && before.is_some() && who != before;
            if is_another || next.cluster.stage() == cluster::Stage::SignedOut {
                deploy::forget(Rc::make_mut(&mut next.deploy));
            }
        }
        Action::Deploy(action) => {
            deploy::reduce(Rc::make_mut(&mut next.deploy), action);
            age(&mut next);
        }
        Action::Releases(action) => releases::reduce(Rc::make_mut(&mut next.releases), action),
        Action::Files(action) => files::reduce(Rc::make_mut(&mut next.files), action),
        Action::Environments(action) => environments::reduce(Rc::make_mut(&mut next.environments), action),
        Action::Panels(action) => panels::reduce(Rc::make_mut(&mut next.panels), action),
        Action::Signature(action) => signature::reduce(Rc::make_mut(&mut next.signature), action),
        Action::Notices(action) => notices::reduce(Rc::make_mut(&mut next.notices), action),
        Action::Submitted(revision) => {
            Rc::make_mut(&mut next.outcome).submit(revision);
            age(&mut next);
        }
        Action::Slow(ms, announced) => {
            let outcome = Rc::make_mut(&mut next.outcome);
            outcome.slow_ms = ms;
            outcome.slow_work = announced;
        }
        Action::Rendered(update, output) => {
            let has_tile = !update.problems.is_empty();
            Rc::make_mut(&mut next.outcome).take(&update, output);
            let has_error = next.outcome.count(Severity::Error) > 0;
            if has_tile && has_error && !state.panels.was_docked {
                // The first error shows where the list is; whoever closes it is not shown it again.
                let panels = Rc::make_mut(&mut next.panels);
                panels.is_docked = true;
                panels.was_docked = true;
            }
        }
        Action::Failed(text) => Rc::make_mut(&mut next.outcome).fail(text),
        Action::SetAside(aside) => Rc::make_mut(&mut next.outcome).set_aside(aside),
        Action::Again(path) => release(&mut next.outcome, &path),
        Action::Cursor(line, column) => next.cursor = (line, column),
        Action::Saved(saved) => next.saved = saved,
        Action::World(world) => next.world = world,
    }
    next
}

/// A plan is of one revision of the chart: what was edited meanwhile or since makes it stale.
fn age(next: &mut AppState) {
    let of = next.deploy.planned().and_then(|planned| planned.revision);
    let is_stale = of.is_some_and(|revision| revision != next.outcome.submitted);
    if next.deploy.is_stale != is_stale {
        Rc::make_mut(&mut next.deploy).is_stale = is_stale;
    }
}

/// Lets a template run that was set aside.
fn release(outcome: &mut Rc<Outcome>, path: &str) {
    if outcome.aside.iter().any(|aside| aside.path == path) {
        Rc::make_mut(outcome).aside.retain(|aside| aside.path != path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(paths: &[&str]) -> AppState {
        reduce(
            &AppState::default(),
            Action::Opened {
                paths: paths.iter().map(|path| (*path).to_owned()).collect(),
                example: None,
                chart_name: "shop".into(),
                archive: None,
            },
        )
    }

    #[test]
    fn an_opened_chart_has_its_environments_and_one_file_open() {
        let state =
            opened(&["Chart.yaml", "templates/a.yaml", "values-dev.yaml", "values-prod.yaml", "values.yaml"]);
        assert_eq!(state.environments.names(), ["dev", "prod"]);
        assert_eq!(state.files.active.as_deref(), Some("templates/a.yaml"));
        assert_eq!(state.environments.chosen().release_name, "shop");
    }

    #[test]
    fn releases_that_were_read_for_one_are_not_shown_to_another() {
        let session = |user: &str| {
            let json = cluster::tests::SIGNED_IN.replace("\"admin\"", &format!("\"{user}\""));
            Action::Cluster(cluster::ClusterAction::Session(cluster::tests::session(&json)))
        };
        let list = releases::ReleasesAction::List {
            items: Rc::default(),
            has_more: false,
            in_config_maps: 0,
            now_ms: 1.0,
        };
        let state = reduce(&AppState::default(), session("ann"));
        let state = reduce(&reduce(&state, Action::Releases(list)), session("ann"));
        assert!(state.releases.list.is_some());
        assert!(reduce(&state, session("bob")).releases.list.is_none());
        let shut = cluster::ClusterAction::Shut(cluster::Fault::Unreachable);
        assert!(reduce(&state, Action::Cluster(shut)).releases.list.is_none());
    }

    #[test]
    fn a_plan_is_not_shown_to_another_and_not_after_signing_out() {
        let session =
            |json: String| Action::Cluster(cluster::ClusterAction::Session(cluster::tests::session(&json)));
        let known =
            |user: &str| session(cluster::tests::SIGNED_IN.replace("\"admin\"", &format!("\"{user}\"")));
        let stranger = || session(cluster::tests::SIGNED_IN.replace("true,\"cluster\"", "false,\"cluster\""));
        let away = || Action::Cluster(cluster::ClusterAction::Shut(cluster::Fault::Unreachable));
        let planned = deploy::tests::planned("");
        let step = deploy::DeployAction::Step(deploy::Step::Planned(Rc::new(planned)));
        let state = reduce(&reduce(&AppState::default(), known("ann")), Action::Deploy(step));
        let is_shown = |state: &AppState| state.deploy.planned().is_some();
        assert!(is_shown(&reduce(&state, known("ann"))));
        assert!(is_shown(&reduce(&reduce(&state, away()), known("ann"))), "the bridge was away");
        assert!(!is_shown(&reduce(&state, known("bob"))));
        assert!(!is_shown(&reduce(&state, stranger())));
    }

    #[test]
    fn a_plan_of_another_revision_than_the_newest_is_stale() {
        let planned = |revision| {
            let planned = deploy::Planned { revision, ..deploy::tests::planned("") };
            Action::Deploy(deploy::DeployAction::Step(deploy::Step::Planned(Rc::new(planned))))
        };
        let state = reduce(&opened(&["Chart.yaml"]), Action::Submitted(3));
        let state = reduce(&state, planned(Some(3)));
        assert!(state.deploy.is_ready());
        let edited = reduce(&state, Action::Submitted(4));
        assert!(edited.deploy.is_stale && !edited.deploy.is_ready());
        let late = reduce(&edited, planned(Some(3)));
        assert!(late.deploy.is_stale, "the edit came while the plan was made");
        let back = reduce(&late, planned(None));
        assert!(!back.deploy.is_stale, "a rollback is not made of the chart");
    }

    #[test]
    fn slices_that_an_action_does_not_touch_stay_shared() {
        let state = opened(&["Chart.yaml"]);
        let next = reduce(&state, Action::Submitted(3));
        assert!(Rc::ptr_eq(&state.files, &next.files));
        assert!(Rc::ptr_eq(&state.panels, &next.panels));
        assert!(!Rc::ptr_eq(&state.outcome, &next.outcome));
    }

    #[test]
    fn a_renamed_values_file_stays_in_its_layer_and_its_tab() {
        let state = opened(&["Chart.yaml", "values-dev.yaml", "values.yaml"]);
        let state = reduce(&state, Action::Files(files::FilesAction::Open("values-dev.yaml".into())));
        let state = reduce(
            &state,
            Action::FilesChanged {
                paths: vec!["Chart.yaml".into(), "values-development.yaml".into(), "values.yaml".into()],
                renamed: vec![("values-dev.yaml".into(), "values-development.yaml".into())],
                undo_label: Some("rename values-dev.yaml".into()),
            },
        );
        assert_eq!(state.environments.chosen().values_files, ["values-development.yaml"]);
        assert_eq!(state.files.active.as_deref(), Some("values-development.yaml"));
    }

    #[test]
    fn a_template_that_was_set_aside_may_run_again_once_it_is_edited() {
        let aside = |path: &str| Action::SetAside(Aside { path: path.into(), sentence: "no end".into() });
        let state =
            reduce(&reduce(&AppState::default(), aside("templates/a.yaml")), aside("templates/b.yaml"));
        let state = reduce(&state, Action::Edited { path: "templates/a.yaml".into(), is_edited: true });
        let left: Vec<_> = state.outcome.aside.iter().map(|aside| aside.path.as_str()).collect();
        assert_eq!(left, ["templates/b.yaml"]);
    }

    #[test]
    fn a_review_that_took_long_leaves_nothing_running() {
        let state = reduce(&AppState::default(), Action::Slow(Some(400), Some("a key".into())));
        assert_eq!(state.outcome.slow_ms, Some(400));
        let state = reduce(&state, Action::Slow(None, None));
        assert_eq!((state.outcome.slow_ms, &state.outcome.slow_work), (None, &None));
    }

    #[test]
    fn the_list_of_problems_docks_once_and_stays_closed_after_that() {
        let problem = crate::worker::protocol::Problem {
            severity: Severity::Error,
            code: "execution".into(),
            message: "no".into(),
            file: None,
            range: None,
            helm_first: true,
            hint: None,
        };
        let update = Rc::new(Update { problems: vec![problem], ..Update::default() });
        let output = Rc::new(Output::default());
        let state = reduce(&AppState::default(), Action::Rendered(update.clone(), output.clone()));
        assert!(state.panels.is_docked);
        let state = reduce(&state, Action::Panels(panels::PanelsAction::Dock(false)));
        let state = reduce(&state, Action::Rendered(update, output));
        assert!(!state.panels.is_docked);
    }
}
