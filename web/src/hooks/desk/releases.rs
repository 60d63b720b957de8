//! What a person asks about releases, and does to them.

use std::rc::Rc;

use serde::Serialize;
use wasm_bindgen_futures::spawn_local;
use wire::{
    Cleanup, Drift, Operation, Operations, Orphans, Plan, PlanRequest, PlanSubject, Recover, ReleaseState,
    Releases, Resources, RevisionDetail, Revisions, TestRun, Uninstall,
};

use crate::hooks::Desk;
use crate::hooks::task::Task;
use crate::state::cluster::Fault;
use crate::state::deploy::DeployAction;
use crate::state::panels::PanelsAction;
use crate::state::releases::{Below, Confirm, Name, ReleasesAction, Section};
use crate::state::{Action, Pane, Tab};

/// Pages of the list that are read, of 200 releases each; the page says when there are more.
const PAGES: usize = 40;

impl Desk {
    /// Reads the list, and the chosen release once more.
    pub(crate) fn read_releases(&self) {
        let desk = self.clone();
        self.ask("Reading the releases", async move {
            let mut items = Vec::new();
            let mut next: Option<String> = None;
            let mut in_config_maps = 0;
            for _ in 0..PAGES {
                let path = match &next {
                    Some(next) => format!("/v1/releases?limit=200&continue={next}"),
                    None => "/v1/releases?limit=200".to_owned(),
                };
                let page: Releases = desk.0.line.bridge.get(&path).await?;
                items.extend(page.items);
                in_config_maps = page.in_config_maps.unwrap_or(in_config_maps);
                next = page.next;
                if next.is_none() {
                    break;
                }
            }
            desk.releases(ReleasesAction::List {
                items: Rc::new(items),
                has_more: next.is_some(),
                in_config_maps,
                now_ms: crate::hooks::now_ms(),
            });
            desk.learn_interrupted().await;
            match desk.state().releases.chosen.clone() {
                Some(name) => desk.read_history(name).await,
                None => Ok(()),
            }
        });
    }

    /// Reads which releases a bridge left in the middle. That is help: without an answer there is none.
    pub(super) async fn learn_interrupted(&self) {
        if let Ok(operations) = self.0.line.bridge.get::<Operations>("/v1/operations?active=true").await {
            self.releases(ReleasesAction::Interrupted(Rc::new(operations.interrupted)));
        }
    }

    /// Turns from the operation that is shown to its release, with this below its history.
    pub(crate) fn show_release(&self, below: Below) {
        let Some(view) = self.state().deploy.operation.clone() else { return };
        let Operation { namespace, release, .. } = view.operation.clone();
        self.deploy(DeployAction::Close);
        self.panels(PanelsAction::ShowTab(Tab::Releases));
        self.panels(PanelsAction::ShowPane(Pane::Result));
        self.releases(ReleasesAction::Choose(Some(Name { namespace, name: release })));
        self.releases(ReleasesAction::Show(below));
        self.read_releases();
    }

    /// Shows one release.
    pub(crate) fn choose_release(&self, name: Name) {
        self.releases(ReleasesAction::Choose(Some(name.clone())));
        let desk = self.clone();
        self.ask("Reading the history", async move { desk.read_history(name).await });
    }

    async fn read_history(&self, name: Name) -> Result<(), Fault> {
        let state: ReleaseState = self.0.line.bridge.get(&path(&name)).await?;
        let revisions: Revisions = self.0.line.bridge.get(&format!("{}/revisions", path(&name))).await?;
        self.releases(ReleasesAction::History(name, Rc::new(state), Rc::new(revisions.items)));
        Ok(())
    }

    /// Takes a revision into the comparison; two are compared at once.
    pub(crate) fn pick_revision(&self, revision: u32) {
        self.releases(ReleasesAction::Pick(revision));
        let Some((older, newer)) = self.state().releases.pair() else { return };
        self.show_below(
            "Comparing",
            move |name| format!("{}/revisions/{older}/diff/{newer}", path(name)),
            |diff| Below::Diff(Rc::new(diff)),
        );
    }

    /// Shows a section of a revision.
    pub(crate) fn show_revision(&self, revision: u32, section: Section) {
        self.show_below(
            "Reading the revision",
            move |name| format!("{}/revisions/{revision}?sections={}", path(name), section.word()),
            move |detail: RevisionDetail| Below::Detail(Rc::new(detail), section),
        );
    }

    /// Compares the release with the cluster.
    pub(crate) fn show_drift(&self) {
        let show = |drift: Drift| Below::Drift(Rc::new(drift));
        self.show_below("Comparing with the cluster", |name| format!("{}/drift", path(name)), show);
    }

    /// Looks for what no manifest names.
    pub(crate) fn show_orphans(&self) {
        let show = |orphans: Orphans| Below::Orphans(Rc::new(orphans));
        self.show_below("Looking for orphans", |name| format!("{}/orphans", path(name)), show);
    }

    /// Shows the health of every object.
    pub(crate) fn show_resources(&self) {
        let show = |resources: Resources| Below::Resources(Rc::new(resources.items));
        self.show_below("Reading the objects", |name| format!("{}/resources", path(name)), show);
    }

    fn show_below<T: serde::de::DeserializeOwned>(
        &self,
        busy: &'static str,
        path: impl Fn(&Name) -> String + 'static,
        show: impl Fn(T) -> Below + 'static,
    ) {
        let Some(name) = self.state().releases.chosen.clone() else { return };
        let desk = self.clone();
        self.ask(busy, async move {
            let found: T = desk.0.line.bridge.get(&path(&name)).await?;
            if desk.state().releases.chosen.as_ref() == Some(&name) {
                desk.releases(ReleasesAction::Show(show(found)));
            }
            Ok(())
        });
    }

    /// Shows what an uninstall would delete, and asks whether to do it.
    pub(crate) fn ask_uninstall(&self) {
        let Some(name) = self.state().releases.chosen.clone() else { return };
        self.releases(ReleasesAction::Confirm(Some(Confirm::Uninstall(false))));
        let desk = self.clone();
        self.ask("Planning the uninstall", async move {
            let Name { namespace, name: release } = name.clone();
            let subject = PlanSubject::Uninstall(Uninstall::default());
            let request = PlanRequest { namespace, release, subject };
            let plan: Plan = desk.0.line.bridge.post("/v1/plans", &request, None).await?;
            let state = desk.state();
            // The person may have turned to something else.
            if state.releases.chosen == Some(name)
                && matches!(state.releases.confirm, Some(Confirm::Uninstall(_)))
            {
                desk.releases(ReleasesAction::Show(Below::Plan(Rc::new(plan))));
            }
            Ok(())
        });
    }

    /// Runs the release's tests.
    pub(crate) fn run_tests(&self) {
        self.operate("test", &TestRun::default());
    }

    /// Does what was confirmed.
    pub(crate) fn confirmed(&self) {
        let state = self.state();
        let releases = &state.releases;
        if !releases.is_confirmed() {
            return;
        }
        let typed = releases.typed.trim().to_owned();
        match releases.confirm {
            Some(Confirm::Uninstall(keep_history)) => {
                let Below::Plan(plan) = &releases.below else { return };
                let body = Uninstall {
                    keep_history,
                    expected_revision: Some(plan.current_revision),
                    plan_id: Some(plan.id.clone()),
                    ..Uninstall::default()
                };
                self.operate("uninstall", &body);
            }
            Some(Confirm::Recover(action)) => self.operate("recover", &Recover { action, confirm: typed }),
            Some(Confirm::Cleanup) => {
                let Below::Orphans(found) = &releases.below else { return };
                let orphans = found.objects.iter().chain(&found.hooks).cloned().collect();
                self.operate("cleanup", &Cleanup { orphans, confirm: typed });
            }
            None => {}
        }
    }

    /// Starts an operation on the chosen release and watches it. What was confirmed stays open until the bridge has answered.
    fn operate(&self, verb: &str, body: &impl Serialize) {
        let Some(name) = self.state().releases.chosen.clone() else { return };
        let Ok(body) = serde_json::to_string(body) else { return };
        if self.state().releases.is_starting {
            return;
        }
        self.releases(ReleasesAction::Starting(true));
        let (desk, path) = (self.clone(), format!("{}:{verb}", path(&name)));
        spawn_local(async move {
            let fault = desk.begin_operation(&path, &body).await.err();
            desk.releases(ReleasesAction::Starting(false));
            if fault.is_none() {
                desk.releases(ReleasesAction::Confirm(None));
            }
            desk.show_fault(fault);
        });
    }

    /// Reads, in place of what is being read. What changes something never goes this way.
    fn ask(&self, busy: &'static str, work: impl Future<Output = Result<(), Fault>> + 'static) {
        self.releases(ReleasesAction::Busy(Some(busy)));
        let desk = self.clone();
        self.0.line.asking.replace(Some(Task::spawn(async move {
            let fault = work.await.err();
            desk.releases(ReleasesAction::Busy(None));
            desk.show_fault(fault);
        })));
    }

    fn show_fault(&self, fault: Option<Fault>) {
        if let Some(fault) = &fault {
            self.heed(fault);
        }
        self.releases(ReleasesAction::Fault(fault));
    }

    pub(crate) fn releases(&self, action: ReleasesAction) {
        self.send(Action::Releases(action));
    }
}

fn path(name: &Name) -> String {
    format!("/v1/namespaces/{}/releases/{}", name.namespace, name.name)
}
