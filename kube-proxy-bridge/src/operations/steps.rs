//! The steps between the lock and the last word, for install, upgrade and rollback alike: hooks, objects in install order,
//! what the chart no longer has, and the wait.
//!
//! Objects of one kind go together, at most eight at a time; the next kind waits for the last one's answers. After a
//! failure nothing new is sent. Every step may be done again: that is how an operation is resumed.
//!
//! Source: helm v4.3.1 `pkg/kube/client.go` (`update`, `patchResourceServerSide`, `upgradeClientSideFieldManager`), in
//! behaviour and in its sentences; the order of pruning and the bound are ours.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use futures::{StreamExt as _, stream};
use release::record::Record;
use serde_json::Value;
use tokio::time::sleep;
use wire::{
    ApplyOptions, Code, EventBody, ObjectRef, ObjectState, OperationKind, OperationState, Problem, Wait,
};

use super::attempt;
use super::conflict;
use super::context::{Broken, Context, Note, Stop};
use super::decide::{self, Settled};
use super::hooks;
use super::identity::identity;
use super::journal::Mark;
use super::keeper::Keeper;
use super::log::guard;
use super::managed;
use super::ownership;
use super::place::DEFINED_WITHIN;
use super::wait::{self, Awaited, Goal};
use crate::kube::{self, Applied, DeleteOptions, Patch};
use crate::object::Object;
use crate::policy::Policy;

/// Objects of one kind that are under way at a time.
const IN_FLIGHT: usize = 8;

/// An operation from the lock on.
#[derive(Debug)]
pub(super) struct Execution<'a> {
    pub(super) context: &'a Arc<Context>,
    pub(super) keeper: &'a Keeper,
    pub(super) policy: &'a Policy,
    pub(super) kind: OperationKind,
    /// What is sent, in install order: marked, and in its namespaces.
    pub(super) objects: &'a [Object],
    /// What the revision before had.
    pub(super) base: &'a [Object],
    pub(super) options: &'a ApplyOptions,
    /// Whether fields may be owned by Helm from before server-side apply.
    pub(super) migrates: bool,
    /// Whether a plan promised that there is no conflict.
    pub(super) planned: bool,
    /// What came to be, for the clean-up.
    pub(super) created: Mutex<Vec<Object>>,
}

impl Execution<'_> {
    /// Everything from the hooks before to the hooks after.
    ///
    /// # Errors
    /// The first step's that fails. Nothing is recorded here.
    pub(super) async fn run(&self, record: &mut Record) -> Result<(), Stop> {
        let (before, after) = match self.kind {
            OperationKind::Install => ("pre-install", "post-install"),
            OperationKind::Rollback => ("pre-rollback", "post-rollback"),
            _ => ("pre-upgrade", "post-upgrade"),
        };
        self.hooks(record, before, OperationState::PreHooks).await?;
        self.enter(OperationState::Applying, record).await?;
        self.apply().await?;
        if self.options.prune {
            self.enter(OperationState::Pruning, record).await?;
            self.prune().await?;
        }
        if self.options.wait == Wait::Watcher {
            self.enter(OperationState::Waiting, record).await?;
            let awaited: Vec<Awaited> = self.objects.iter().enumerate().map(awaited).collect();
            let goal = Goal::Ready { jobs: self.options.wait_for_jobs };
            wait::wait(self.context, &awaited, goal, self.context.step_timeout).await?;
        }
        self.hooks(record, after, OperationState::PostHooks).await
    }

    async fn enter(&self, step: OperationState, record: &Record) -> Result<(), Stop> {
        self.context.checkpoint()?;
        self.context.enter(step, record.version);
        self.keeper.enter(step).await;
        self.context.checkpoint()
    }

    async fn hooks(&self, record: &mut Record, event: &str, step: OperationState) -> Result<(), Stop> {
        if self.options.no_hooks || hooks::due(&record.hooks, event).is_empty() {
            return Ok(());
        }
        let begun = self.keeper.begin(event);
        self.enter(step, record).await?;
        let phase = hooks::Phase {
            event,
            first: 0,
            wait_for_deletion: self.options.wait == Wait::Watcher,
            logs: false,
            begun: begun.as_ref(),
            policy: self.policy,
        };
        let prefix = match self.kind {
            OperationKind::Install => format!("failed {event}"),
            _ => format!("{event} hooks failed"),
        };
        hooks::run(self.context, self.keeper, record, phase)
            .await
            .map_err(|stop| hooks::failed(stop, &prefix))?;
        // Helm writes it with the next step that it records; who goes on after a crash must not run the last hook again.
        self.keeper.write(record).await
    }

    async fn apply(&self) -> Result<(), Stop> {
        for (index, object) in self.objects.iter().enumerate() {
            self.context.object(&object.reference(), index, ObjectState::Planned, Note::default());
        }
        let mut first = 0;
        for same in self.objects.chunk_by(|a, b| a.kind() == b.kind()) {
            let failures: Mutex<Vec<(usize, Stop)>> = Mutex::new(Vec::new());
            let start = first;
            let send = |at: usize| {
                let failures = &failures;
                async move {
                    let (index, object) = (start + at, &same[at]);
                    // After a failure nothing new is sent; what is under way comes to its end.
                    if !guard(failures).is_empty() || self.keeper.mark(index) == Mark::Done {
                        return;
                    }
                    let sent = match self.context.next().await {
                        Ok(()) => self.one(index, object).await,
                        Err(stop) => Err(stop),
                    };
                    if let Err(stop) = sent {
                        guard(failures).push((index, stop));
                    }
                }
            };
            stream::iter(0..same.len()).map(send).buffer_unordered(IN_FLIGHT).collect::<Vec<()>>().await;
            first += same.len();
            let mut failures = std::mem::take(&mut *guard(&failures));
            failures.sort_by_key(|(index, _)| *index);
            if !failures.is_empty() {
                return Err(joined(failures.into_iter().map(|(_, stop)| stop).collect()));
            }
        }
        Ok(())
    }

    /// Sends one object, with everything that has to happen before.
    async fn one(&self, index: usize, object: &Object) -> Result<(), Stop> {
        let context = self.context;
        let reference = object.reference();
        let started = Instant::now();
        self.keeper.note(index, Mark::Sent);
        context.object(&reference, index, ObjectState::Sending, Note::default());
        let sent = self.send(object, &reference).await;
        let took = started.elapsed();
        match sent {
            Ok((applied, before)) => {
                self.keeper.note(index, Mark::Done);
                let version = applied.object.resource_version().to_owned();
                let state = if applied.created {
                    context.count(|counts| counts.create += 1);
                    guard(&self.created).push(applied.object);
                    ObjectState::Created
                } else if before.as_deref() == Some(version.as_str()) {
                    context.count(|counts| counts.unchanged += 1);
                    ObjectState::Unchanged
                } else {
                    context.count(|counts| counts.update += 1);
                    ObjectState::Configured
                };
                context.warn(Some(&reference), applied.warnings);
                let note =
                    Note { took, attempt: applied.attempt, resource_version: Some(version), problem: None };
                context.object(&reference, index, state, note);
                Ok(())
            }
            Err(stop) => {
                let stop = self.refused(stop, object);
                self.keeper.note(index, Mark::Failed);
                let problem = stop.problem();
                let state = match problem.code {
                    Code::Conflict | Code::PlanStale => {
                        context.count(|counts| counts.conflict += 1);
                        ObjectState::Conflict
                    }
                    _ => {
                        context.count(|counts| counts.invalid += 1);
                        ObjectState::Failed
                    }
                };
                context.object(
                    &reference,
                    index,
                    state,
                    Note { took, problem: Some(problem), ..Note::default() },
                );
                Err(stop)
            }
        }
    }

    /// Applies an object by what was decided about it; with it comes the version that was there before, if that was read.
    async fn send(
        &self,
        object: &Object,
        reference: &ObjectRef,
    ) -> Result<(Applied, Option<String>), Broken> {
        let context = self.context;
        let choices = decide::choices(&self.options.conflicts, reference, None);
        let recreates = self.options.recreate.iter().any(|wanted| same(wanted, reference));
        let is_install = self.kind == OperationKind::Install && !self.options.take_ownership;
        let mut live = None;
        if !is_install || !choices.is_empty() || self.migrates {
            live = self.live(reference).await?;
        }
        if self.migrates
            && let Some(patch) = live.as_ref().and_then(managed::upgrade_patch)
        {
            live = Some(context.call(|cluster| patched(cluster, reference, &patch)).await?);
        }
        let mut object = object.clone();
        let settled = match live.as_ref() {
            None => Settled::default(),
            Some(found) => decide::settle(&mut object, found, &choices)
                .map_err(|problem| Broken::Stop(problem.into()))?,
        };
        if let Some(found) = live.as_ref()
            && let Some(patch) = managed::take_over_patch(found, &settled.taken())
        {
            live = Some(context.call(|cluster| patched(cluster, reference, &patch)).await?);
        }
        let mut before = live.as_ref().map(|live| live.resource_version().to_owned());
        let (mut force, mut removed) = (false, false);
        loop {
            let options = kube::ApplyOptions { dry_run: false, force };
            match self.applied(&object, options).await {
                // Forced only when nothing is in the way but what was decided on.
                Err(Broken::Kube(error))
                    if !force && error.is_field_conflict() && settled.may_force(&error.causes) =>
                {
                    force = true;
                }
                Err(Broken::Kube(error))
                    if recreates && !removed && attempt::would_recreate(&error, &reference.kind) =>
                {
                    if let Some(found) = self.live(reference).await? {
                        self.remove(reference, found.uid()).await?;
                    }
                    (force, removed, before) = (false, true, None);
                }
                other => return Ok((other?, before)),
            }
        }
    }

    /// Applies, and is patient with kinds and namespaces that are only just there.
    async fn applied(&self, object: &Object, options: kube::ApplyOptions) -> Result<Applied, Broken> {
        let started = Instant::now();
        loop {
            let applied =
                self.context.call(|cluster| async move { cluster.apply(object, options).await }).await;
            match applied {
                Err(Broken::Kube(error))
                    if error.is_no_such_resource() && started.elapsed() < DEFINED_WITHIN =>
                {
                    self.context.checkpoint().map_err(Broken::Stop)?;
                    self.context.cluster().refresh_discovery();
                    sleep(Duration::from_millis(500)).await;
                }
                other => return other,
            }
        }
    }

    async fn live(&self, reference: &ObjectRef) -> Result<Option<Object>, Broken> {
        let live = self.context.call(|cluster| async move { cluster.get(reference).await }).await?;
        self.context.learn(&live);
        Ok(live)
    }

    /// Deletes an object that is made anew, and waits until it is gone.
    async fn remove(&self, reference: &ObjectRef, uid: &str) -> Result<(), Broken> {
        let options = DeleteOptions { uid: Some(uid.to_owned()), ..DeleteOptions::default() };
        let options = &options;
        self.context.call(|cluster| async move { cluster.delete(reference, options).await }).await?;
        let gone = [Awaited { object: reference.clone(), index: 0 }];
        wait::wait(self.context, &gone, Goal::Gone, self.context.step_timeout).await.map_err(Broken::Stop)
    }

    /// The failure of an apply, with the object, in Helm's words, and the conflict told as an event.
    fn refused(&self, broken: Broken, object: &Object) -> Stop {
        let error = match broken {
            Broken::Stop(stop) => return stop,
            Broken::Kube(error) => error,
        };
        let reference = object.reference();
        let mut problem = error.problem();
        let what = format!(
            "{}/{} {}",
            reference.namespace.as_deref().unwrap_or(self.context.handle.namespace()),
            reference.name,
            group_version_kind(&reference)
        );
        let message = self.context.redaction.text(&error.message);
        problem.detail = if error.status == Some(409) {
            format!("conflict occurred while applying object {what}: {message}")
        } else {
            format!("server-side apply failed for object {what}: {message}")
        };
        problem.objects = vec![reference.clone()];
        self.context.redaction.problem(&mut problem);
        if error.is_field_conflict() {
            let document = object.clone().into_value();
            problem.conflicts = conflict::conflicts(&error.causes, &Value::Null, &document);
            for conflict in &mut problem.conflicts {
                self.context.redaction.conflict(&reference, &document, conflict);
            }
            let conflicts = problem.conflicts.clone();
            if self.planned {
                let Problem { detail, conflicts, objects, k8s, .. } = problem;
                problem = Problem { conflicts, objects, k8s, ..Problem::new(Code::PlanStale, detail) };
            }
            self.context.handle.emit(EventBody::Conflict { object: reference, conflicts });
        }
        problem.into()
    }

    /// Deletes what the revision before had and this one has not, the last kind first.
    async fn prune(&self) -> Result<(), Stop> {
        let kept: HashSet<_> = self.objects.iter().map(|object| identity(&object.reference())).collect();
        let surplus = self.base.iter().filter(|object| !kept.contains(&identity(&object.reference())));
        let mut failures = Vec::new();
        for (at, object) in surplus.rev().enumerate() {
            self.context.next().await?;
            let index = self.objects.len() + at;
            if let Err(stop) = self.prune_one(index, &object.reference()).await {
                failures.push(stop);
            }
        }
        if failures.is_empty() { Ok(()) } else { Err(joined(failures)) }
    }

    async fn prune_one(&self, index: usize, reference: &ObjectRef) -> Result<(), Stop> {
        let context = self.context;
        let Some(live) = self.live(reference).await.map_err(Stop::from)? else { return Ok(()) };
        // Helm looks at the object as it is, and at this one word.
        if ownership::policy(&live, false) == ownership::Policy::Keep {
            context.count(|counts| counts.keep += 1);
            context.object(reference, index, ObjectState::Kept, Note::default());
            return Ok(());
        }
        if !ownership::owns(&live, context.handle.namespace(), context.handle.release()) {
            context.object(reference, index, ObjectState::Skipped, Note::default());
            return Ok(());
        }
        let started = Instant::now();
        let options = DeleteOptions { uid: Some(live.uid().to_owned()), ..DeleteOptions::default() };
        let options = &options;
        let deleted = context.call(|cluster| async move { cluster.delete(reference, options).await }).await;
        let took = started.elapsed();
        match deleted {
            Ok(_) => {
                context.count(|counts| counts.delete += 1);
                context.object(reference, index, ObjectState::Deleted, Note { took, ..Note::default() });
                Ok(())
            }
            Err(Broken::Stop(stop)) => Err(stop),
            Err(Broken::Kube(error)) => {
                let mut problem = error.problem();
                problem.detail = format!(
                    "failed to delete resource namespace={}, name={}, kind={}: {}",
                    reference.namespace.as_deref().unwrap_or_default(),
                    reference.name,
                    reference.kind,
                    context.redaction.text(&error.message)
                );
                problem.objects = vec![reference.clone()];
                let note = Note { took, problem: Some(problem.clone()), ..Note::default() };
                context.object(reference, index, ObjectState::Failed, note);
                Err(problem.into())
            }
        }
    }

    /// Deletes what this attempt created, the last first. What cannot be deleted is told.
    pub(super) async fn clean_up(&self) {
        let created = std::mem::take(&mut *guard(&self.created));
        for object in created.iter().rev() {
            let reference = object.reference();
            let options = DeleteOptions { uid: Some(object.uid().to_owned()), ..DeleteOptions::default() };
            let cluster = self.context.cluster();
            match cluster.delete(&reference, &options).await {
                Ok(_) => self.context.object(&reference, 0, ObjectState::Deleted, Note::default()),
                Err(error) => {
                    let note = Note { problem: Some(error.problem()), ..Note::default() };
                    self.context.object(&reference, 0, ObjectState::Failed, note);
                }
            }
        }
    }
}

async fn patched(
    cluster: kube::Cluster,
    reference: &ObjectRef,
    patch: &Value,
) -> Result<Object, kube::Error> {
    cluster.patch(reference, Patch::Json, patch).await
}

fn awaited((index, object): (usize, &Object)) -> Awaited {
    Awaited { object: object.reference(), index }
}

/// Whether two references mean one object, whatever version they name.
fn same(a: &ObjectRef, b: &ObjectRef) -> bool {
    identity(a) == identity(b)
}

/// `apps/v1, Kind=Deployment`, as Go prints it; `/v1, Kind=ConfigMap` for the core group.
fn group_version_kind(reference: &ObjectRef) -> String {
    let slash = if reference.api_version.contains('/') { "" } else { "/" };
    format!("{slash}{}, Kind={}", reference.api_version, reference.kind)
}

/// Several failures as one: the first that is more than a failure, or all sentences as Helm joins them.
fn joined(mut stops: Vec<Stop>) -> Stop {
    if let Some(at) = stops.iter().position(|stop| !matches!(stop, Stop::Failed(_))) {
        return stops.swap_remove(at);
    }
    let sentences: Vec<String> = stops.iter().map(Stop::words).collect();
    let mut problems = stops.iter().map(Stop::problem);
    let Some(mut problem) = problems.next() else { return Stop::Deadline };
    for other in problems {
        problem.objects.extend(other.objects);
        problem.conflicts.extend(other.conflicts);
    }
    problem.detail = sentences.join(" && ");
    problem.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_joined_as_helm_joins_them() {
        let both = joined(vec![Stop::failed(Code::Conflict, "a"), Stop::failed(Code::InvalidObject, "b")]);
        assert_eq!(both.words(), "a && b");
        assert_eq!(both.problem().code, Code::Conflict);
        assert!(matches!(joined(vec![Stop::failed(Code::Conflict, "a"), Stop::Deadline]), Stop::Deadline));
    }

    #[test]
    fn kinds_are_named_as_go_names_them() {
        let reference = |api_version: &str| ObjectRef {
            api_version: api_version.into(),
            kind: "X".into(),
            namespace: None,
            name: "a".into(),
        };
        assert_eq!(group_version_kind(&reference("v1")), "/v1, Kind=X");
        assert_eq!(group_version_kind(&reference("apps/v1")), "apps/v1, Kind=X");
    }
}
