//! From *Review* to the end of an operation: what is being asked, planned, decided and watched.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use wire::{
    ApplyOptions, Event, FieldChoice, ObjectConflicts, OnFailure, Operation, OperationKind, Plan,
    RevisionSummary, Status,
};

use crate::state::cluster::Fault;
use crate::state::decision::{ADOPT, Decision, can_be_decided, decisions};
use crate::state::operation::{Link, OperationView};
use crate::state::releases::Name;
use crate::worker::protocol::{Problem, Question, Revision};

/// The slice of the deploy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deploy {
    /// Whether it takes the place of the three columns.
    pub is_open: bool,
    /// What the review is about.
    pub subject: Subject,
    /// How far the review is.
    pub step: Step,
    /// What the person wants besides the documents.
    pub wishes: Wishes,
    /// Decisions by their key, as the word of the choice.
    pub choices: BTreeMap<String, &'static str>,
    /// Objects whose fields are folded away or shown against the default.
    pub turned: BTreeSet<String>,
    /// Whether the chart or the environment changed since the plan was made.
    pub is_stale: bool,
    /// The operation that is watched.
    pub operation: Option<Rc<OperationView>>,
}

/// How far the review is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Step {
    /// The person is asked whether the chart may read these Secrets.
    Asking(Vec<Question>),
    /// Not begun.
    #[default]
    Idle,
    /// It came to nothing.
    Failed(Stop),
    /// Something is on its way: what, in a few words.
    Busy(String),
    /// There is a plan.
    Planned(Rc<Planned>),
    /// The plan was sent to be carried out: it may have begun, and nobody takes that back.
    Starting,
}

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq)]
pub enum Stop {
    /// The bridge refused or did not answer.
    Fault(Fault),
    /// The chart does not render.
    Problem(Problem),
    /// Anything else, in a sentence.
    Sentence(String),
}

impl Stop {
    /// What happened.
    pub fn sentence(&self) -> String {
        match self {
            Stop::Fault(fault) => fault.sentence(),
            Stop::Problem(problem) => problem.message.clone(),
            Stop::Sentence(sentence) => sentence.clone(),
        }
    }
}

/// What would be done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Subject {
    /// Install or upgrade, with the chart that is open.
    #[default]
    Apply,
    /// Roll this release back to this revision.
    Rollback(Name, u32),
}

/// A plan, and what it was made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    /// What was decided on the way to it; it may be decided otherwise.
    pub decided: Vec<Decision>,
    /// The chart as it was rendered for it; a rollback renders nothing.
    pub revision: Option<Revision>,
    /// The options of the plan. Others need another plan.
    pub options: ApplyOptions,
    /// What the chart looked up, and when the first of it was read.
    pub read: Vec<String>,
    /// When the cluster was read for lookups (RFC 3339).
    pub as_of: Option<String>,
    /// Name and version of the chart of the last revision; `None`: there is none.
    pub before: Option<(String, String)>,
    /// Lookups that were refused and used all the same: what, why.
    pub denied: Vec<(String, String)>,
    /// When it came, in milliseconds since 1970.
    pub at_ms: f64,
}

/// What a person wants besides the documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wishes {
    /// Wait until every object is ready.
    pub waits: bool,
    /// Go back if it fails.
    pub rolls_back: bool,
    /// Create the namespace when it is missing.
    pub creates_namespace: bool,
}

impl Default for Wishes {
    fn default() -> Self {
        Wishes { waits: true, rolls_back: false, creates_namespace: false }
    }
}

/// What can happen to the deploy.
#[derive(Clone, Debug, PartialEq)]
pub enum DeployAction {
    /// The person asked to stop the operation; or that request failed.
    Cancelling(bool),
    /// What the bridge says of the operation as a whole.
    CaughtUp(Operation),
    /// A review of this begins. What was decided for another does not hold for it.
    Begin(Subject),
    /// A decision: its key, the word of the choice.
    Choose(String, &'static str),
    /// Back to the columns.
    Close,
    /// The bridge answers, with what happened in the operation since, which may be nothing.
    Heard(Vec<Event>),
    /// Events come in, or not.
    Link(Link),
    /// Take the place of the columns.
    Open,
    /// A prompt was answered.
    Prompted(String),
    /// The answer to a prompt is on its way; or that request failed.
    Prompting(String, bool),
    /// The review moved on.
    Step(Step),
    /// Show or hide the fields of an object.
    Turn(String),
    /// Watch this operation, or none.
    Watch(Option<Operation>),
    /// Other wishes.
    Wish(Wishes),
}

/// What no decision helps against, in sentences.
pub fn blockers(planned: &Planned) -> Vec<String> {
    let mut found: Vec<String> = planned
        .denied
        .iter()
        .map(|(what, why)| format!("The chart looked up `{what}` and got nothing: {why}. Deploying this could replace what it keeps."))
        .collect();
    let plan = &planned.plan;
    for object in &plan.objects {
        if object.stands_in_the_way() && !can_be_decided(plan, object) {
            let why =
                object.problem.as_ref().map_or("it cannot be applied", |problem| problem.detail.as_str());
            found.push(format!("{} `{}`: {why}", object.object.kind, object.object.name));
        }
    }
    for hook in &plan.hooks {
        if let Some(problem) = &hook.problem {
            found.push(format!("Hook {} `{}`: {}", hook.object.kind, hook.object.name, problem.detail));
        }
    }
    if let Some(record) = plan.record.filter(|record| record.limit > 0 && record.stored > record.limit) {
        found.push(format!(
            "The record of the release would take {} kB; the cluster stores {} kB. Files of the chart take {} kB of it.",
            record.stored / 1024,
            record.limit / 1024,
            record.files / 1024
        ));
    }
    found
}

impl Deploy {
    /// The plan on the page.
    pub fn planned(&self) -> Option<&Rc<Planned>> {
        match &self.step {
            Step::Planned(planned) => Some(planned),
            _ => None,
        }
    }

    /// The word of a decision: chosen now, or for an earlier revision.
    pub fn chosen(&self, decision: &Decision) -> Option<&'static str> {
        self.choices.get(&decision.key).copied().or(decision.remembered)
    }

    /// Decisions that are still open.
    pub fn open_decisions(&self) -> Vec<Decision> {
        let Some(planned) = self.planned() else { return Vec::new() };
        let is_open = |decision: &Decision| {
            let chosen = self.chosen(decision);
            !decision.options.iter().any(|option| chosen == Some(option.word))
        };
        planned.decisions().into_iter().filter(is_open).collect()
    }

    /// Whether everything is decided, but otherwise than in the plan: then the bridge wants to look again.
    pub fn needs_plan(&self) -> bool {
        let Some(planned) = self.planned() else { return false };
        !self.is_stale && self.open_decisions().is_empty() && !is_same(&planned.options, &self.options())
    }

    /// Whether the plan may be carried out as it stands.
    pub fn is_ready(&self) -> bool {
        let Some(planned) = self.planned() else { return false };
        !self.is_stale
            && planned.plan.clean
            && self.open_decisions().is_empty()
            && is_same(&planned.options, &self.options())
            && blockers(planned).is_empty()
    }

    /// The options of the request: wishes, and what was decided in this review.
    pub fn options(&self) -> ApplyOptions {
        let Wishes { waits, rolls_back, creates_namespace } = self.wishes;
        let mut options = ApplyOptions {
            create_namespace: creates_namespace,
            wait: if waits { wire::Wait::Watcher } else { wire::Wait::HookOnly },
            on_failure: if rolls_back { OnFailure::Rollback } else { OnFailure::Keep },
            ..ApplyOptions::default()
        };
        for decision in self.planned().map(|planned| planned.decisions()).unwrap_or_default() {
            let choice = match self.choices.get(&decision.key).copied() {
                Some("force") => FieldChoice::Force,
                Some("take-over") => FieldChoice::TakeOver,
                Some("yield") => FieldChoice::Yield,
                Some("recreate") => {
                    if !options.recreate.contains(&decision.object) {
                        options.recreate.push(decision.object);
                    }
                    continue;
                }
                Some(ADOPT) => {
                    options.take_ownership = true;
                    continue;
                }
                _ => continue,
            };
            let Some(field) = decision.field else { continue };
            let objects = &mut options.conflicts.objects;
            let at = objects.iter().position(|known| known.object == decision.object).unwrap_or_else(|| {
                objects.push(ObjectConflicts { object: decision.object, fields: BTreeMap::new() });
                objects.len() - 1
            });
            objects[at].fields.insert(field, choice);
        }
        options
    }
}

impl Planned {
    /// All that was or has to be decided, in the order in which it came up.
    pub fn decisions(&self) -> Vec<Decision> {
        let mut all = self.decided.clone();
        let is_new = |new: &Decision| self.decided.iter().all(|known| known.key != new.key);
        all.extend(decisions(&self.plan).into_iter().filter(is_new));
        all
    }
}

/// What templates are told of a release whose last revision this is: the number they become, and whether it is an upgrade.
///
/// Source: helm v4.3.1 `pkg/cmd/upgrade.go`: with `--install`, what was uninstalled and left its history is installed anew, and
/// `pkg/action/install.go` renders that as revision 1, whatever number the record gets.
pub fn turn(last: Option<&RevisionSummary>) -> (u32, bool) {
    match last {
        Some(last) if last.status != Status::Uninstalled => (last.revision + 1, true),
        _ => (1, false),
    }
}

/// Whether two sets of options send the same to the cluster; how long to wait does not matter.
fn is_same(one: &ApplyOptions, other: &ApplyOptions) -> bool {
    one.create_namespace == other.create_namespace
        && one.take_ownership == other.take_ownership
        && one.conflicts == other.conflicts
        && one.recreate == other.recreate
}

/// What was planned or watched for one is not another's. Where the person looks stays, and so do the wishes.
pub(crate) fn forget(deploy: &mut Deploy) {
    let Deploy { is_open, wishes, .. } = *deploy;
    *deploy = Deploy { is_open, wishes, ..Deploy::default() };
}

pub(crate) fn reduce(deploy: &mut Deploy, action: DeployAction) {
    let watched = |deploy: &mut Deploy, change: &dyn Fn(&mut OperationView)| {
        if let Some(view) = &mut deploy.operation {
            change(Rc::make_mut(view));
        }
    };
    match action {
        DeployAction::Begin(subject) => {
            deploy.subject = subject;
            deploy.step = Step::Idle;
            deploy.choices.clear();
        }
        DeployAction::Cancelling(is) => watched(deploy, &|view| view.is_cancelling = is),
        DeployAction::CaughtUp(operation) => watched(deploy, &|view| view.catch_up(operation.clone())),
        DeployAction::Choose(key, word) => drop(deploy.choices.insert(key, word)),
        DeployAction::Close => deploy.is_open = false,
        DeployAction::Heard(events) => {
            // Nothing new is also what keeps the connection alive: a copy is not worth it.
            let is_news = |view: &&mut Rc<OperationView>| !events.is_empty() || view.link != Link::Live;
            if let Some(view) = deploy.operation.as_mut().filter(is_news) {
                let view = Rc::make_mut(view);
                view.link = Link::Live;
                for event in events {
                    view.hear(event);
                }
            }
        }
        DeployAction::Link(link) => watched(deploy, &|view| view.link = link.clone()),
        DeployAction::Open => deploy.is_open = true,
        DeployAction::Prompted(id) => watched(deploy, &|view| view.prompts.retain(|prompt| prompt.id != id)),
        DeployAction::Prompting(id, is_sent) => watched(deploy, &|view| {
            view.answering.retain(|known| *known != id);
            if is_sent {
                view.answering.push(id.clone());
            }
        }),
        DeployAction::Step(step) => {
            if matches!(step, Step::Planned(_)) {
                deploy.turned.clear();
            }
            deploy.step = step;
        }
        DeployAction::Turn(key) => {
            if !deploy.turned.remove(&key) {
                deploy.turned.insert(key);
            }
        }
        DeployAction::Watch(operation) => {
            if let Some(operation) = &operation {
                deploy.is_open = true;
                // What was planned is being done: another deploy needs another plan.
                deploy.step = Step::Idle;
                if operation.kind != OperationKind::Rollback {
                    deploy.subject = Subject::Apply;
                }
            }
            deploy.operation = operation.map(|operation| Rc::new(OperationView::new(operation)));
        }
        DeployAction::Wish(wishes) => deploy.wishes = wishes,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use wire::PlannedObject;

    use super::*;

    pub(crate) fn planned(objects: &str) -> Planned {
        let plan = format!(
            r#"{{"id":"pl_1","createdAt":"2026-11-20T09:41:00Z","expiresAt":"2026-11-20T09:51:00Z","operation":"upgrade",
                "namespace":"shop","release":"web","currentRevision":1,"baseRevision":1,"nextRevision":2,"digest":"",
                "counts":{{"create":0,"update":0,"unchanged":0,"delete":0,"keep":0,"adopt":0,"conflict":0,"invalid":0,
                "unverifiable":0,"orphan":0}},"objects":[{objects}],"hooks":[],"impact":[],"clean":false}}"#
        );
        let mut plan: Plan = serde_json::from_str(&plan).expect("a plan");
        // As the bridge says it.
        plan.clean = !plan.objects.iter().any(PlannedObject::stands_in_the_way);
        Planned {
            plan,
            decided: Vec::new(),
            revision: Some(1),
            options: ApplyOptions::default(),
            read: Vec::new(),
            as_of: None,
            before: None,
            denied: Vec::new(),
            at_ms: 0.0,
        }
    }

    fn deploy(planned: Planned) -> Deploy {
        let mut deploy = Deploy::default();
        reduce(&mut deploy, DeployAction::Step(Step::Planned(Rc::new(planned))));
        deploy
    }

    const CONFLICT: &str = r#"{"object":{"apiVersion":"apps/v1","kind":"Deployment","namespace":"shop","name":"web"},
        "class":"conflict","conflicts":[{"field":".spec.replicas","owner":{"manager":"kube-controller-manager",
        "operation":"update","subresource":"scale"},"live":7,"chart":2,"kind":"autoscaler","advice":["yield","force"]}]}"#;
    const IMMUTABLE: &str = r#"{"object":{"apiVersion":"batch/v1","kind":"Job","namespace":"shop","name":"once"},
        "class":"invalid","recreate":true}"#;
    const ADOPTED: &str = r#"{"object":{"apiVersion":"v1","kind":"Service","namespace":"shop","name":"web"},"class":"adopt",
        "problem":{"type":"","title":"","status":409,"code":"ownership","retryable":false,"detail":"no release"}}"#;
    const FOREIGN: &str = r#"{"object":{"apiVersion":"v1","kind":"Secret","namespace":"shop","name":"db"},"class":"foreign",
        "problem":{"type":"","title":"","status":409,"code":"ownership","retryable":false,"detail":"belongs to `blog`"}}"#;
    /// A field that was to be left to another, whom it does not belong to.
    const UNYIELDED: &str = r#"{"object":{"apiVersion":"apps/v1","kind":"Deployment","namespace":"shop","name":"web"},
        "class":"conflict","problem":{"type":"","title":"","status":400,"code":"invalid-request","retryable":false,"detail":"nobody else"}}"#;
    const FORBIDDEN: &str = r#"{"object":{"apiVersion":"v1","kind":"Node","name":"n"},"class":"forbidden"}"#;

    #[test]
    fn every_decision_must_be_made_before_a_deploy() {
        let mut deploy = deploy(planned(&[CONFLICT, IMMUTABLE, ADOPTED].join(",")));
        let open = deploy.open_decisions();
        assert_eq!(
            open.iter().map(|it| it.badge).collect::<Vec<_>>(),
            ["conflict", "immutable", "exists already"]
        );
        assert!(!deploy.is_ready());
        for (decision, word) in open.into_iter().zip(["yield", "recreate", "adopt"]) {
            reduce(&mut deploy, DeployAction::Choose(decision.key, word));
        }
        assert!(deploy.needs_plan() && !deploy.is_ready(), "the bridge looks again at what was decided");
        let options = deploy.options();
        assert_eq!(options.conflicts.objects[0].fields[".spec.replicas"], FieldChoice::Yield);
        assert_eq!(options.recreate[0].name, "once");
        assert!(options.take_ownership);
        let decided = deploy.planned().expect("a plan").decisions();
        let again = Planned { options: options.clone(), decided, ..planned("") };
        reduce(&mut deploy, DeployAction::Step(Step::Planned(Rc::new(again))));
        assert!(deploy.is_ready() && deploy.options() == options, "what was decided stays decided");
        let key = deploy.planned().expect("a plan").decisions()[0].key.clone();
        reduce(&mut deploy, DeployAction::Choose(key, "force"));
        assert!(deploy.needs_plan() && !deploy.is_ready(), "and may be decided otherwise");
        assert_eq!(deploy.options().conflicts.objects[0].fields[".spec.replicas"], FieldChoice::Force);
    }

    #[test]
    fn a_decision_holds_for_the_review_it_was_made_in() {
        let mut deploy = deploy(planned(ADOPTED));
        reduce(&mut deploy, DeployAction::Choose(ADOPT.to_owned(), ADOPT));
        assert!(deploy.options().take_ownership);
        reduce(&mut deploy, DeployAction::Begin(Subject::Apply));
        reduce(&mut deploy, DeployAction::Step(Step::Planned(Rc::new(planned(ADOPTED)))));
        assert!(!deploy.needs_plan() && !deploy.options().take_ownership);
        assert_eq!(deploy.open_decisions().len(), 1);
    }

    #[test]
    fn what_was_decided_before_holds_until_another_word_is_chosen() {
        let web = r#"{"object":{"apiVersion":"apps/v1","kind":"Deployment","namespace":"shop","name":"web"},
            "class":"unchanged","decisions":[{"field":".spec.replicas","choice":"yield","remembered":true,
            "owner":{"manager":"hpa","operation":"update"}}]}"#;
        let mut deploy = deploy(planned(web));
        let told = deploy.planned().expect("a plan").decisions();
        assert_eq!((told[0].badge, told[0].sentence.as_str()), ("remembered", "was left to `hpa`."));
        assert_eq!(told[0].options.iter().map(|option| option.word).collect::<Vec<_>>(), ["yield", "force"]);
        assert!(deploy.is_ready() && deploy.options().conflicts.objects.is_empty(), "the bridge knows it");
        reduce(&mut deploy, DeployAction::Choose(told[0].key.clone(), "force"));
        assert!(deploy.needs_plan());
        assert_eq!(deploy.options().conflicts.objects[0].fields[".spec.replicas"], FieldChoice::Force);
    }

    #[test]
    fn nothing_is_taken_over_while_something_of_another_release_would_go_along() {
        let deploy = deploy(planned(&[ADOPTED, FOREIGN].join(",")));
        assert!(deploy.open_decisions().is_empty() && !deploy.is_ready());
        let found = blockers(deploy.planned().expect("a plan"));
        assert_eq!(found, ["Service `web`: no release", "Secret `db`: belongs to `blog`"]);
    }

    #[test]
    fn what_stands_in_the_way_without_a_decision_is_told_and_not_deployed() {
        for object in [FOREIGN, FORBIDDEN, UNYIELDED] {
            let deploy = deploy(planned(object));
            assert!(deploy.open_decisions().is_empty() && !deploy.is_ready(), "{object}");
            assert_eq!(blockers(deploy.planned().expect("a plan")).len(), 1, "{object}");
        }
        let mut unclean = planned("");
        unclean.plan.clean = false;
        assert!(!deploy(unclean).is_ready(), "the bridge knows more than this page");
    }

    #[test]
    fn a_release_that_left_only_its_history_is_rendered_as_an_install() {
        let last = |status| RevisionSummary { revision: 3, status, ..RevisionSummary::default() };
        assert_eq!(turn(None), (1, false));
        assert_eq!(turn(Some(&last(Status::Uninstalled))), (1, false));
        for status in [Status::Deployed, Status::Failed, Status::Superseded, Status::Uninstalling] {
            assert_eq!(turn(Some(&last(status))), (4, true), "{status:?}");
        }
    }

    #[test]
    fn what_is_forbidden_or_was_rendered_without_a_lookup_is_never_deployed() {
        assert!(deploy(planned("")).is_ready());
        assert!(!deploy(planned(FORBIDDEN)).is_ready());
        let denied = Planned { denied: vec![("Secret/shop/db".into(), "no".into())], ..planned("") };
        assert!(!deploy(denied).is_ready());
    }

    fn watching(kind: &str) -> Deploy {
        let json = format!(
            r#"{{"id":"op_1","type":"{kind}","namespace":"shop","release":"web","revision":2,"state":"waiting","createdAt":"",
                "events":"","lastEvent":0,"prompts":[{{"id":"p1","question":"","choices":["wait"],"objects":[]}}]}}"#
        );
        let operation = serde_json::from_str(&json).expect("an operation");
        let subject = Subject::Rollback(Name::default(), 1);
        let mut deploy = Deploy { subject, step: Step::Starting, ..deploy(planned("")) };
        reduce(&mut deploy, DeployAction::Watch(Some(operation)));
        deploy
    }

    #[test]
    fn what_could_not_be_sent_may_be_sent_again() {
        let mut deploy = watching("upgrade");
        let view = |deploy: &Deploy| deploy.operation.clone().expect("it is watched");
        for is_sent in [true, false] {
            reduce(&mut deploy, DeployAction::Cancelling(is_sent));
            reduce(&mut deploy, DeployAction::Prompting("p1".into(), is_sent));
            assert_eq!(
                (view(&deploy).is_cancelling, view(&deploy).answering.len()),
                (is_sent, is_sent.into())
            );
            assert_eq!(view(&deploy).prompts.len(), 1, "a question stays until it is answered");
        }
        reduce(&mut deploy, DeployAction::Prompted("p1".into()));
        assert!(view(&deploy).prompts.is_empty());
        reduce(&mut deploy, DeployAction::Link(Link::Broken));
        reduce(&mut deploy, DeployAction::Heard(Vec::new()));
        assert_eq!(view(&deploy).link, Link::Live, "the bridge answers, though it has nothing to say");
    }

    #[test]
    fn after_an_operation_the_review_is_about_the_chart_unless_that_was_a_rollback() {
        assert_eq!(watching("uninstall").subject, Subject::Apply);
        let deploy = watching("rollback");
        assert_eq!((&deploy.subject, &deploy.step), (&Subject::Rollback(Name::default(), 1), &Step::Idle));
    }

    #[test]
    fn wishes_become_options() {
        let mut deploy = deploy(planned(""));
        let wishes = Wishes { waits: false, rolls_back: true, creates_namespace: true };
        reduce(&mut deploy, DeployAction::Wish(wishes));
        let options = deploy.options();
        assert_eq!(options.wait, wire::Wait::HookOnly);
        assert_eq!(options.on_failure, OnFailure::Rollback);
        assert!(options.create_namespace && !options.take_ownership);
    }
}
