//! Waiting until objects are ready, or gone: lists and watches, polls where watching is forbidden, and says meanwhile why
//! it takes so long.
//!
//! Each kind in each namespace is followed by a task of its own; what it sees goes to one board. A watch that ends, for
//! whatever reason, is followed by a new list, so nothing is missed. A failed object does not end the wait for the others,
//! as in Helm.
//!
//! Source: helm v4.3.1 `pkg/kube/statuswait.go` (`statusObserver`, `wait`, `waitForDelete`) for what ends a wait, and its words.

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use futures::future::BoxFuture;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until};
use wire::{Code, EventBody, ObjectRef, ObjectState, Problem, PromptChoice, Verdict};

use super::context::{Broken, Context, Note, Stop};
use super::explain::{Explained, Explainer};
use super::handle::{Answer, Prompt};
use super::status::{self, Health};
use crate::kube::{self, ListOptions, WatchEvent, WatchOptions};
use crate::metrics::Restart;
use crate::object::Object;

/// Between two looks where watching is forbidden.
const POLL: Duration = Duration::from_secs(5);
/// After a watch that ended, before the next list.
const PAUSE: Duration = Duration::from_secs(1);
/// Before the first explanation, and between two.
const EXPLAIN: Duration = Duration::from_secs(10);
/// Before a person is asked whether to go on without what is not ready.
const ASK_AFTER: Duration = Duration::from_secs(60);

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    /// That nothing is left.
    Gone,
    /// That a hook has ended: Jobs and Pods; everything else is done at once.
    HookDone,
    /// That everything is as it should be.
    Ready {
        /// A Job counts when it is complete, not when it has started.
        jobs: bool,
    },
}

/// One object to wait for, and its place in the order of writing.
#[derive(Clone, Debug)]
pub(super) struct Awaited {
    pub(super) object: ObjectRef,
    pub(super) index: usize,
}

/// Waits for all of them.
///
/// Cancel safety: dropping the future ends the tasks that follow the objects.
///
/// # Errors
/// `not-ready` with Helm's sentence per object, when some failed or the time is over; why the operation stops.
pub(super) async fn wait(
    context: &Arc<Context>,
    awaited: &[Awaited],
    goal: Goal,
    time: Duration,
) -> Result<(), Stop> {
    if awaited.is_empty() {
        return Ok(());
    }
    let (sender, mut seen) = mpsc::channel(64);
    let mut followers = JoinSet::new();
    for (scope, names) in scopes(awaited) {
        followers.spawn(follow(context.clone(), scope, names, sender.clone()));
    }
    drop(sender);
    let mut board = Board::new(awaited, goal);
    let started = Instant::now();
    let end = started + time;
    let ask_at = started + ASK_AFTER.min(time / 2);
    let mut explainer = Explainer::default();
    let mut explain_at = started + EXPLAIN;
    let mut explaining: Option<BoxFuture<'_, Explained>> = None;
    let mut prompt = None;
    while !board.is_over() {
        tokio::select! {
            Some(seen) = seen.recv() => {
                let (object, found) = seen?;
                board.look(context, &object, found);
            }
            () = sleep_until(end.into()) => break,
            stop = context.stopped() => return Err(stop),
            () = sleep_until(explain_at.into()), if explaining.is_none() && goal != Goal::Gone => {
                let late = board.late();
                let mut own = std::mem::take(&mut explainer);
                let context = context.clone();
                explaining = Some(Box::pin(async move {
                    let failed = own.explain(&context, &late).await;
                    Explained { explainer: own, failed }
                }));
            }
            explained = under_way(explaining.as_mut()) => {
                explaining = None;
                explainer = explained.explainer;
                explain_at = Instant::now() + EXPLAIN;
                for (object, health) in explained.failed {
                    board.note(context, &object, health);
                }
            }
            () = sleep_until(ask_at.into()), if prompt.is_none() && matches!(goal, Goal::Ready { .. }) => {
                let choices = [PromptChoice::Wait, PromptChoice::TreatAsReady, PromptChoice::Fail];
                let left = end.saturating_duration_since(Instant::now());
                prompt = Some(context.handle.ask(&board.question(), &choices, board.late_references(), left));
            }
            answer = answered(prompt.as_mut()) => {
                match answer.choice {
                    PromptChoice::TreatAsReady => board.waive(context, answer.object.as_ref()),
                    PromptChoice::Fail => return Err(board.verdict(false).err().unwrap_or(Stop::Deadline)),
                    PromptChoice::Continue | PromptChoice::Wait => {}
                }
            }
        }
    }
    board.verdict(!board.is_over())
}

/// What this future gives; never, without one.
async fn under_way<T>(future: Option<&mut BoxFuture<'_, T>>) -> T {
    match future {
        Some(future) => future.await,
        None => pending().await,
    }
}

/// The answer to this question; never, without one.
async fn answered(prompt: Option<&mut Prompt>) -> Answer {
    match prompt {
        Some(prompt) => prompt.answer().await,
        None => pending().await,
    }
}

/// A kind in a namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Scope {
    api_version: String,
    kind: String,
    namespace: Option<String>,
}

fn scopes(awaited: &[Awaited]) -> BTreeMap<Scope, BTreeSet<String>> {
    let mut scopes: BTreeMap<Scope, BTreeSet<String>> = BTreeMap::new();
    for Awaited { object, .. } in awaited {
        let scope = Scope {
            api_version: object.api_version.clone(),
            kind: object.kind.clone(),
            namespace: object.namespace.clone(),
        };
        scopes.entry(scope).or_default().insert(object.name.clone());
    }
    scopes
}

/// What a follower saw of an object: `None` when there is none. Or why nobody can look any longer: a person refused a fresh
/// token.
type Seen = Result<(ObjectRef, Option<Object>), Stop>;

/// Tells all that happens to some objects of a kind, until nobody listens.
async fn follow(context: Arc<Context>, scope: Scope, names: BTreeSet<String>, out: mpsc::Sender<Seen>) {
    if let Err(stop) = followed(&context, scope, names, &out).await {
        // When nobody listens, nobody waits.
        let _ = out.send(Err(stop)).await;
    }
}

async fn followed(
    context: &Context,
    scope: Scope,
    names: BTreeSet<String>,
    out: &mpsc::Sender<Seen>,
) -> Result<(), Stop> {
    let reference = |name: &str| ObjectRef {
        api_version: scope.api_version.clone(),
        kind: scope.kind.clone(),
        namespace: scope.namespace.clone(),
        name: name.to_owned(),
    };
    // One name is selected by the server; several are cheaper as a whole than one by one.
    let fields = match names.first() {
        Some(name) if names.len() == 1 => format!("metadata.name={name}"),
        _ => String::new(),
    };
    loop {
        let options = ListOptions { fields: fields.clone(), ..ListOptions::default() };
        let (scope, options) = (&scope, &options);
        let listed = context
            .call(|cluster| async move {
                cluster.list(&scope.api_version, &scope.kind, scope.namespace.as_deref(), options).await
            })
            .await;
        let list = match listed {
            Ok(list) => list,
            Err(Broken::Stop(stop)) => return Err(stop),
            Err(Broken::Kube(error)) => {
                if error.is_no_such_resource() {
                    // A kind that has just come may not be served yet, or not be known here yet.
                    context.cluster().refresh_discovery();
                }
                // Without the right to list, each object is read by its name.
                for name in &names {
                    let object = reference(name);
                    let wanted = &object;
                    let read = context.call(|cluster| async move { cluster.get(wanted).await }).await;
                    match read {
                        Ok(found) => {
                            if out.send(Ok((object, found))).await.is_err() {
                                return Ok(());
                            }
                        }
                        Err(Broken::Stop(stop)) => return Err(stop),
                        Err(Broken::Kube(_)) => {}
                    }
                }
                sleep(POLL).await;
                continue;
            }
        };
        let mut missing = names.clone();
        for object in list.items {
            if missing.remove(object.name())
                && out.send(Ok((reference(object.name()), Some(object)))).await.is_err()
            {
                return Ok(());
            }
        }
        for name in &missing {
            if out.send(Ok((reference(name), None))).await.is_err() {
                return Ok(());
            }
        }
        let options = WatchOptions {
            fields: fields.clone(),
            resource_version: list.resource_version,
            ..WatchOptions::default()
        };
        let cluster = context.cluster();
        let watch = cluster.watch(&scope.api_version, &scope.kind, scope.namespace.as_deref(), &options);
        let stream = match watch.await {
            Ok(stream) => stream,
            Err(error) => {
                // Forbidden, or not possible now: the list is the poll.
                context.metrics.watch_restarted(restart(&error));
                sleep(POLL).await;
                continue;
            }
        };
        let mut stream = std::pin::pin!(stream);
        let reason = loop {
            let event = match stream.next().await {
                Some(Ok(event)) => event,
                Some(Err(error)) => break restart(&error),
                None => break Restart::Closed,
            };
            let (object, is_there) = match event {
                WatchEvent::Added(object) | WatchEvent::Modified(object) => (object, true),
                WatchEvent::Deleted(object) => (object, false),
                WatchEvent::Bookmark(_) => continue,
            };
            if !names.contains(object.name()) {
                continue;
            }
            let seen = Ok((reference(object.name()), is_there.then_some(object)));
            if out.send(seen).await.is_err() {
                return Ok(());
            }
        };
        context.metrics.watch_restarted(reason);
        sleep(PAUSE).await;
    }
}

/// Why a watch has to begin anew.
fn restart(error: &kube::Error) -> Restart {
    match error.status {
        Some(410) => Restart::Expired,
        Some(403) => Restart::Forbidden,
        None if error.message.contains(kube::SILENCE) => Restart::Idle,
        _ => Restart::Failed,
    }
}

/// What is known of all objects.
#[derive(Debug)]
struct Board {
    goal: Goal,
    places: BTreeMap<ObjectRef, Place>,
}

#[derive(Debug)]
struct Place {
    index: usize,
    health: Option<Health>,
    object: Option<Object>,
    waived: bool,
}

impl Board {
    fn new(awaited: &[Awaited], goal: Goal) -> Self {
        let place = |awaited: &Awaited| {
            let place = Place { index: awaited.index, health: None, object: None, waived: false };
            (awaited.object.clone(), place)
        };
        Self { goal, places: awaited.iter().map(place).collect() }
    }

    fn look(&mut self, context: &Context, object: &ObjectRef, found: Option<Object>) {
        let health = health(self.goal, found.as_ref());
        if let Some(place) = self.places.get_mut(object) {
            place.object = found;
        }
        self.note(context, object, health);
    }

    fn note(&mut self, context: &Context, object: &ObjectRef, health: Health) {
        let goal = self.goal;
        let Some(place) = self.places.get_mut(object) else { return };
        if place.health.as_ref() == Some(&health) {
            return;
        }
        let before = place.health.as_ref().map(|health| health.verdict);
        if goal != Goal::Gone {
            context.handle.emit(EventBody::Status {
                object: object.clone(),
                verdict: health.verdict,
                message: context.redaction.told(&health.message),
                ready: health.ready,
                desired: health.desired,
            });
        }
        let verdict = health.verdict;
        place.health = Some(health);
        if before == Some(verdict) {
            return;
        }
        let state = match (goal, verdict) {
            // Who deletes tells it; hooks are told as hooks.
            (Goal::Gone | Goal::HookDone, _) => return,
            (Goal::Ready { .. }, Verdict::Current) => ObjectState::Ready,
            (Goal::Ready { .. }, Verdict::Failed) => ObjectState::Failed,
            (Goal::Ready { .. }, _) => ObjectState::Waiting,
        };
        context.object(object, place.index, state, Note::default());
    }

    /// Takes an object, or all that are late, as ready.
    fn waive(&mut self, context: &Context, only: Option<&ObjectRef>) {
        let goal = self.goal;
        for (object, place) in &mut self.places {
            if !place.is_done(goal) && only.is_none_or(|only| only == object) {
                place.waived = true;
                context.object(object, place.index, ObjectState::Skipped, Note::default());
            }
        }
    }

    /// Whether there is nothing more to wait for: each object is where it should be, or has failed.
    fn is_over(&self) -> bool {
        self.places.values().all(|place| place.is_done(self.goal) || place.is_failed(self.goal))
    }

    fn late(&self) -> Vec<(ObjectRef, Option<Object>)> {
        let late = self.places.iter().filter(|(_, place)| !place.is_done(self.goal));
        late.map(|(object, place)| (object.clone(), place.object.clone())).collect()
    }

    fn late_references(&self) -> Vec<ObjectRef> {
        self.late().into_iter().map(|(object, _)| object).collect()
    }

    fn question(&self) -> String {
        let late = self.late_references();
        let ready = self.places.len() - late.len();
        match late.as_slice() {
            [one] => format!("{ready} objects are ready, {one} is not. Go on without it?"),
            _ => format!("{ready} objects are ready, {} are not. Go on without them?", late.len()),
        }
    }

    fn verdict(&self, timed_out: bool) -> Result<(), Stop> {
        let late: Vec<(&ObjectRef, &Place)> =
            self.places.iter().filter(|(_, place)| !place.is_done(self.goal)).collect();
        if late.is_empty() {
            return Ok(());
        }
        let mut sentences: Vec<String> = late
            .iter()
            .map(|(object, place)| {
                let ending = if self.goal == Goal::Gone { "still exists" } else { "not ready" };
                let (verdict, message) = match &place.health {
                    Some(health) => (word(health.verdict), health.message.as_str()),
                    None => (word(Verdict::Unknown), ""),
                };
                let namespace = object.namespace.as_deref().unwrap_or_default();
                format!(
                    "resource {}/{namespace}/{} {ending}. status: {verdict}, message: {message}",
                    object.kind, object.name
                )
            })
            .collect();
        if timed_out {
            sentences.push("context deadline exceeded".to_owned());
        }
        let mut problem = Problem::new(Code::NotReady, sentences.join("\n"));
        problem.objects = late.into_iter().map(|(object, _)| object.clone()).collect();
        Err(problem.into())
    }
}

impl Place {
    fn is_done(&self, goal: Goal) -> bool {
        let wanted = if goal == Goal::Gone { Verdict::NotFound } else { Verdict::Current };
        self.waived || self.health.as_ref().is_some_and(|health| health.verdict == wanted)
    }

    fn is_failed(&self, goal: Goal) -> bool {
        goal != Goal::Gone && self.health.as_ref().is_some_and(|health| health.verdict == Verdict::Failed)
    }
}

/// How an object is, for this goal.
fn health(goal: Goal, object: Option<&Object>) -> Health {
    let told =
        |verdict, message: &str| Health { verdict, message: message.to_owned(), ready: None, desired: None };
    let Some(object) = object else { return told(Verdict::NotFound, "Resource not found") };
    let hook_pod = goal == Goal::HookDone && object.api_version() == "v1" && object.kind() == "Pod";
    let hook_job = goal == Goal::HookDone && object.api_version() == "batch/v1" && object.kind() == "Job";
    match goal {
        // Helm's own reading of a hook's pod: only its end counts.
        _ if hook_pod => match object.pointer("/status/phase").and_then(|phase| phase.as_str()) {
            Some("Succeeded") => told(Verdict::Current, &format!("pod {} succeeded", object.name())),
            Some("Failed") => told(Verdict::Failed, &format!("pod {} failed", object.name())),
            _ => told(Verdict::InProgress, "Pod in progress"),
        },
        _ if hook_job => status::of(object, true),
        Goal::HookDone => told(Verdict::Current, "Resource is current"),
        Goal::Gone => {
            let health = status::of(object, false);
            // What is asked is only whether it is there.
            if health.verdict == Verdict::NotFound { told(Verdict::Unknown, "") } else { health }
        }
        Goal::Ready { .. } if status::is_skipped(object) => told(Verdict::Current, "Deployment is paused"),
        Goal::Ready { jobs } => status::of(object, jobs),
    }
}

/// kstatus' word.
const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Current => "Current",
        Verdict::Failed => "Failed",
        Verdict::InProgress => "InProgress",
        Verdict::NotFound => "NotFound",
        Verdict::Terminating => "Terminating",
        Verdict::Unknown => "Unknown",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn awaited(kind: &str, name: &str) -> Awaited {
        let object = ObjectRef {
            api_version: "v1".into(),
            kind: kind.into(),
            namespace: Some("shop".into()),
            name: name.into(),
        };
        Awaited { object, index: 0 }
    }

    fn told(verdict: Verdict) -> Option<Health> {
        Some(Health { verdict, message: "m".into(), ready: None, desired: None })
    }

    #[test]
    fn a_failed_object_does_not_end_the_wait_for_the_others() {
        let objects = [awaited("Pod", "a"), awaited("Pod", "b")];
        let mut board = Board::new(&objects, Goal::Ready { jobs: false });
        assert!(!board.is_over());
        board.places.get_mut(&objects[0].object).unwrap().health = told(Verdict::Failed);
        assert!(!board.is_over());
        board.places.get_mut(&objects[1].object).unwrap().health = told(Verdict::Current);
        assert!(board.is_over());
        let stop = board.verdict(false).unwrap_err();
        assert_eq!(stop.words(), "resource Pod/shop/a not ready. status: Failed, message: m");
        board.places.get_mut(&objects[0].object).unwrap().waived = true;
        assert!(board.verdict(false).is_ok());
    }

    #[test]
    fn time_that_is_over_is_said_as_helm_says_it() {
        let objects = [awaited("ConfigMap", "a")];
        let mut board = Board::new(&objects, Goal::Gone);
        board.places.get_mut(&objects[0].object).unwrap().health = told(Verdict::Terminating);
        let words = board.verdict(true).unwrap_err().words();
        assert_eq!(
            words,
            "resource ConfigMap/shop/a still exists. status: Terminating, message: m\ncontext deadline exceeded"
        );
    }

    #[test]
    fn of_a_hook_only_jobs_and_pods_count() {
        let object = |value| Object::from_value(value).unwrap();
        let verdict = |value| health(Goal::HookDone, Some(&object(value))).verdict;
        assert_eq!(verdict(json!({"apiVersion": "v1", "kind": "ConfigMap"})), Verdict::Current);
        let pod = |phase: &str| json!({"apiVersion": "v1", "kind": "Pod", "status": {"phase": phase}});
        assert_eq!(verdict(pod("Running")), Verdict::InProgress);
        assert_eq!(verdict(pod("Succeeded")), Verdict::Current);
        assert_eq!(verdict(pod("Failed")), Verdict::Failed);
        assert_eq!(verdict(json!({"apiVersion": "batch/v1", "kind": "Job"})), Verdict::InProgress);
    }

    #[test]
    fn objects_are_followed_by_kind_and_namespace() {
        let found = scopes(&[awaited("Pod", "a"), awaited("Pod", "b"), awaited("Service", "a")]);
        assert_eq!(found.len(), 2);
        assert_eq!(found.values().map(BTreeSet::len).collect::<Vec<_>>(), [2, 1]);
    }
}
