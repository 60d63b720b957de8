//! The releases of the cluster: the list, the chosen one, its history, and what was asked about it.

use std::rc::Rc;

use wire::{
    Drift, Interrupted, Orphans, Plan, RecoverAction, ReleaseState, ReleaseSummary, ResourceStatus,
    RevisionDetail, RevisionDiff, RevisionSummary,
};

use crate::state::cluster::Fault;

/// The slice of the releases.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Releases {
    /// All that the caller sees; `None` until they were read.
    pub list: Option<Rc<Vec<ReleaseSummary>>>,
    /// Whether the cluster holds more than were read.
    pub has_more: bool,
    /// How many keep their records in ConfigMaps and are not shown; from 500 on nobody counts.
    pub in_config_maps: u32,
    /// When they were read, in milliseconds since 1970.
    pub read_ms: f64,
    /// Those that a bridge left in the middle of an operation, and that wait for a way out.
    pub interrupted: Rc<Vec<Interrupted>>,
    /// The namespace that is shown; empty: all.
    pub namespace: String,
    /// The chosen one.
    pub chosen: Option<Name>,
    /// Its state.
    pub state: Option<Rc<ReleaseState>>,
    /// Its revisions, the newest first.
    pub history: Option<Rc<Vec<RevisionSummary>>>,
    /// One or two revisions to look at.
    pub picked: Vec<u32>,
    /// What is shown below the history.
    pub below: Below,
    /// What the person is about to confirm.
    pub confirm: Option<Confirm>,
    /// What has been typed for it.
    pub typed: String,
    /// What went wrong last; it belongs to what is being confirmed, if anything is.
    pub fault: Option<Fault>,
    /// What is on its way, in a few words.
    pub busy: Option<&'static str>,
    /// Whether an operation is being started; one at a time is.
    pub is_starting: bool,
}

/// Namespace and name of a release.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
}

/// What is shown below the history.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Below {
    /// Two revisions side by side.
    Diff(Rc<RevisionDiff>),
    /// What differs on the cluster.
    Drift(Rc<Drift>),
    /// One revision: a section of it.
    Detail(Rc<RevisionDetail>, Section),
    /// Nothing.
    #[default]
    Nothing,
    /// What no manifest names.
    Orphans(Rc<Orphans>),
    /// What an uninstall would delete.
    Plan(Rc<Plan>),
    /// The health of every object.
    Resources(Rc<Vec<ResourceStatus>>),
}

/// A section of a revision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Section {
    /// Values merged with the chart's own.
    Computed,
    /// Hooks.
    Hooks,
    /// What was applied.
    #[default]
    Manifest,
    /// NOTES.txt.
    Notes,
    /// What the user gave.
    Values,
}

impl Section {
    /// In the order of the page.
    pub const ALL: [Section; 5] =
        [Section::Manifest, Section::Values, Section::Computed, Section::Notes, Section::Hooks];

    /// The word of the request.
    pub fn word(self) -> &'static str {
        match self {
            Section::Computed => "computed-values",
            Section::Hooks => "hooks",
            Section::Manifest => "manifest",
            Section::Notes => "notes",
            Section::Values => "values",
        }
    }

    /// What its button says.
    pub fn label(self) -> &'static str {
        match self {
            Section::Computed => "All values",
            Section::Hooks => "Hooks",
            Section::Manifest => "Manifest",
            Section::Notes => "Notes",
            Section::Values => "Values",
        }
    }
}

/// What needs the release's name before it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirm {
    /// Delete what nobody owns.
    Cleanup,
    /// A way out of an operation that was cut off.
    Recover(RecoverAction),
    /// Uninstall; whether the history stays.
    Uninstall(bool),
}

/// What can happen to the releases.
#[derive(Clone, Debug, PartialEq)]
pub enum ReleasesAction {
    /// Something was asked of the bridge.
    Busy(Option<&'static str>),
    /// Show one release, or none.
    Choose(Option<Name>),
    /// Ask for a confirmation, or not.
    Confirm(Option<Confirm>),
    /// The bridge refused.
    Fault(Option<Fault>),
    /// The history came.
    History(Name, Rc<ReleaseState>, Rc<Vec<RevisionSummary>>),
    /// These were left in the middle of an operation.
    Interrupted(Rc<Vec<Interrupted>>),
    /// The list came.
    List {
        /// The releases.
        items: Rc<Vec<ReleaseSummary>>,
        /// Whether there are more.
        has_more: bool,
        /// How many keep their records elsewhere.
        in_config_maps: u32,
        /// When they were read.
        now_ms: f64,
    },
    /// Show one namespace; empty: all.
    Namespace(String),
    /// Take a revision into the comparison, or out of it.
    Pick(u32),
    /// Show this below the history.
    Show(Below),
    /// An operation is being started, or not any more.
    Starting(bool),
    /// Something was typed.
    Type(String),
}

impl Releases {
    /// Releases of the namespace that is shown.
    pub fn shown(&self) -> Vec<&ReleaseSummary> {
        let is_shown =
            |release: &&ReleaseSummary| self.namespace.is_empty() || release.namespace == self.namespace;
        self.list.iter().flat_map(|list| list.iter()).filter(is_shown).collect()
    }

    /// What must be typed before the confirmed deed is done; empty: nothing.
    pub fn must_type(&self) -> String {
        let name = || self.chosen.as_ref().map(|chosen| chosen.name.clone()).unwrap_or_default();
        match self.confirm {
            None => String::new(),
            Some(Confirm::Cleanup | Confirm::Uninstall(_)) => name(),
            Some(Confirm::Recover(_)) => {
                self.state.as_ref().map(|state| state.lock.confirm.clone()).unwrap_or_default()
            }
        }
    }

    /// Whether it has been typed. Nothing is uninstalled before its plan was shown.
    pub fn is_confirmed(&self) -> bool {
        let is_shown = match self.confirm {
            None => false,
            Some(Confirm::Uninstall(_)) => matches!(self.below, Below::Plan(_)),
            Some(Confirm::Cleanup | Confirm::Recover(_)) => true,
        };
        is_shown && self.typed.trim() == self.must_type()
    }

    /// The two revisions to compare, the older first.
    pub fn pair(&self) -> Option<(u32, u32)> {
        match self.picked[..] {
            [a, b] => Some((a.min(b), a.max(b))),
            _ => None,
        }
    }
}

pub(crate) fn reduce(releases: &mut Releases, action: ReleasesAction) {
    match action {
        ReleasesAction::Busy(busy) => releases.busy = busy,
        ReleasesAction::Choose(chosen) => {
            if releases.chosen != chosen {
                releases.state = None;
                releases.history = None;
                releases.picked.clear();
                releases.below = Below::Nothing;
                releases.confirm = None;
            }
            releases.chosen = chosen;
        }
        // What was sent waits for its answer.
        ReleasesAction::Confirm(_) | ReleasesAction::Type(_) if releases.is_starting => {}
        ReleasesAction::Confirm(confirm) => {
            let is_uninstall = |confirm| matches!(confirm, Some(Confirm::Uninstall(_)));
            let was = is_uninstall(releases.confirm);
            if !is_uninstall(confirm) && matches!(releases.below, Below::Plan(_)) {
                releases.below = Below::Nothing;
            }
            // Another wish about the same uninstall keeps what was typed.
            if !(was && is_uninstall(confirm)) {
                releases.typed.clear();
            }
            releases.confirm = confirm;
            releases.fault = None;
        }
        ReleasesAction::Fault(fault) => releases.fault = fault,
        ReleasesAction::History(name, state, history) => {
            // An answer about a release that is no longer shown is late.
            if releases.chosen.as_ref() == Some(&name) {
                releases.state = Some(state);
                releases.picked.retain(|picked| history.iter().any(|revision| revision.revision == *picked));
                releases.history = Some(history);
            }
        }
        ReleasesAction::Interrupted(interrupted) => releases.interrupted = interrupted,
        ReleasesAction::List { items, has_more, in_config_maps, now_ms } => {
            let is_there = |name: &Name| {
                items.iter().any(|release| release.name == name.name && release.namespace == name.namespace)
            };
            if !has_more && releases.chosen.as_ref().is_some_and(|chosen| !is_there(chosen)) {
                reduce(releases, ReleasesAction::Choose(None));
            }
            releases.list = Some(items);
            releases.has_more = has_more;
            releases.in_config_maps = in_config_maps;
            releases.read_ms = now_ms;
        }
        ReleasesAction::Namespace(namespace) => releases.namespace = namespace,
        ReleasesAction::Pick(revision) => {
            if let Some(at) = releases.picked.iter().position(|picked| *picked == revision) {
                releases.picked.remove(at);
            } else {
                if releases.picked.len() == 2 {
                    releases.picked.remove(0);
                }
                releases.picked.push(revision);
            }
            if matches!(releases.below, Below::Diff(_)) {
                releases.below = Below::Nothing;
            }
        }
        ReleasesAction::Show(below) => {
            // Without its plan an uninstall is asked anew.
            if matches!(releases.confirm, Some(Confirm::Uninstall(_))) && !matches!(below, Below::Plan(_)) {
                releases.confirm = None;
            }
            releases.below = below;
        }
        ReleasesAction::Starting(is_starting) => releases.is_starting = is_starting,
        ReleasesAction::Type(typed) => releases.typed = typed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(namespace: &str, name: &str) -> ReleaseSummary {
        ReleaseSummary { namespace: namespace.into(), name: name.into(), last: RevisionSummary::default() }
    }

    fn name(name: &str) -> Name {
        Name { namespace: "shop".into(), name: name.into() }
    }

    #[test]
    fn a_release_that_is_gone_is_no_longer_chosen() {
        let mut releases = Releases::default();
        let list = Rc::new(vec![release("shop", "a"), release("other", "a"), release("shop", "b")]);
        let listed =
            |items, has_more| ReleasesAction::List { items, has_more, in_config_maps: 0, now_ms: 1.0 };
        reduce(&mut releases, listed(list, false));
        reduce(&mut releases, ReleasesAction::Choose(Some(name("a"))));
        reduce(&mut releases, ReleasesAction::Namespace("shop".into()));
        assert_eq!(releases.shown().len(), 2);
        let other = Rc::new(vec![release("other", "a")]);
        reduce(&mut releases, listed(other.clone(), true));
        assert_eq!(releases.chosen, Some(name("a")), "it may be among those that were not read");
        reduce(&mut releases, listed(other, false));
        assert_eq!(releases.chosen, None);
    }

    #[test]
    fn two_revisions_are_compared_and_a_third_takes_the_place_of_the_first() {
        let mut releases = Releases::default();
        for revision in [3, 1, 2] {
            reduce(&mut releases, ReleasesAction::Pick(revision));
        }
        assert_eq!(releases.pair(), Some((1, 2)));
        reduce(&mut releases, ReleasesAction::Pick(1));
        assert_eq!(releases.pair(), None);
    }

    const PLAN: &str = r#"{"id":"pl_1","createdAt":"2026-11-20T09:41:00Z","expiresAt":"2026-11-20T09:51:00Z",
        "operation":"uninstall","namespace":"shop","release":"web","currentRevision":1,"baseRevision":1,"nextRevision":0,
        "digest":"","counts":{"create":0,"update":0,"unchanged":0,"delete":0,"keep":0,"adopt":0,"conflict":0,"invalid":0,
        "unverifiable":0,"orphan":0},"objects":[],"hooks":[],"impact":[],"clean":false}"#;

    #[test]
    fn an_uninstall_shows_its_plan_and_is_confirmed_by_its_name() {
        let mut releases = Releases::default();
        reduce(&mut releases, ReleasesAction::Choose(Some(name("web"))));
        reduce(&mut releases, ReleasesAction::Confirm(Some(Confirm::Uninstall(false))));
        reduce(&mut releases, ReleasesAction::Type("web ".into()));
        assert!(!releases.is_confirmed(), "what it deletes is not known yet");
        let plan = Rc::new(serde_json::from_str(PLAN).expect("a plan"));
        reduce(&mut releases, ReleasesAction::Show(Below::Plan(plan)));
        assert!(releases.is_confirmed());
        reduce(&mut releases, ReleasesAction::Confirm(Some(Confirm::Uninstall(true))));
        assert!(releases.is_confirmed(), "the history is another question");
        reduce(&mut releases, ReleasesAction::Type("we".into()));
        assert!(!releases.is_confirmed());
        reduce(&mut releases, ReleasesAction::Show(Below::Nothing));
        assert!(releases.confirm.is_none());
        reduce(&mut releases, ReleasesAction::Confirm(Some(Confirm::Uninstall(true))));
        assert!(releases.typed.is_empty());
        reduce(&mut releases, ReleasesAction::Choose(Some(name("other"))));
        assert!(releases.confirm.is_none());
    }

    #[test]
    fn what_was_sent_waits_for_its_answer_and_a_refusal_stays_until_something_else_is_asked() {
        let mut releases = Releases::default();
        reduce(&mut releases, ReleasesAction::Choose(Some(name("web"))));
        reduce(&mut releases, ReleasesAction::Confirm(Some(Confirm::Cleanup)));
        reduce(&mut releases, ReleasesAction::Type("web".into()));
        reduce(&mut releases, ReleasesAction::Starting(true));
        reduce(&mut releases, ReleasesAction::Confirm(None));
        reduce(&mut releases, ReleasesAction::Type("we".into()));
        assert_eq!((releases.confirm, &*releases.typed), (Some(Confirm::Cleanup), "web"));
        reduce(&mut releases, ReleasesAction::Starting(false));
        reduce(&mut releases, ReleasesAction::Fault(Some(Fault::Unreachable)));
        assert!(releases.confirm.is_some() && releases.fault.is_some());
        reduce(&mut releases, ReleasesAction::Confirm(None));
        assert!(releases.confirm.is_none() && releases.fault.is_none());
    }
}
