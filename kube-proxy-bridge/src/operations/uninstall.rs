//! Deleting a release: its hooks before, its objects with custom resources first, its hooks after, its records last.
//!
//! Other than Helm, a wait that fails keeps the history, so that what is stuck still belongs to a release, and custom
//! resources go and are gone before the workloads that clear their finalizers.
//!
//! Source: helm v4.3.1 `pkg/action/uninstall.go`, `pkg/action/resource_policy.go`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use futures::{StreamExt as _, stream};
use release::record::Record;
use wire::{
    Cascade, Class, Cleanup, Code, ObjectRef, ObjectState, OperationResult, OperationState, PlanSubject,
    Problem, Status, Uninstall,
};

use super::context::{Broken, Context, Note, Stop};
use super::draft;
use super::gate;
use super::handle::Halt;
use super::hooks;
use super::identity::identity;
use super::inputs::Inputs;
use super::job::{Ended, Job, Outcome};
use super::journal::Journal;
use super::keeper::{self, Begun, Keeper, OPTIONS};
use super::order;
use super::ownership;
use super::place;
use super::plan;
use super::prepare::refuse_held;
use super::unserved::DELETED;
use super::wait::{self, Awaited, Goal};
use crate::kube::DeleteOptions;
use crate::object::Object;
use crate::releases::{Head, History, Store};

/// Objects of one kind that are under way at a time.
const IN_FLIGHT: usize = 8;

pub(super) async fn uninstall(job: &Job, asked: Uninstall) -> Ended {
    job.handle.enter(OperationState::Validating, 0);
    let context = job.context(&[], asked.step_timeout_seconds, asked.step_timeout_seconds.saturating_mul(4));
    context.enter(OperationState::Validating, 0);
    let outcome = match checked(job, &context, &asked).await {
        Ok(history) => all(job, &context, &asked, &history).await,
        Err(stop) => Outcome::refused(&stop),
    };
    (outcome, Some(context))
}

async fn checked(job: &Job, context: &Arc<Context>, asked: &Uninstall) -> Result<History, Stop> {
    let history = job.history(context).await?;
    let Some(last) = history.current() else {
        let detail = format!("uninstall: Release not loaded: {0}: release: not found", job.release());
        return Err(Stop::failed(Code::NotFound, detail));
    };
    history.expect(asked.expected_revision)?;
    refuse_held(job, last)?;
    if let Some(difference) = last.summary.mismatch.clone().filter(|_| !asked.accept_mismatch) {
        return Err(Stop::failed(Code::RecordMismatch, difference));
    }
    if asked.plan_id.is_some() {
        gate::planned(job, context, &PlanSubject::Uninstall(asked.clone())).await?;
    }
    Ok(history)
}

/// How an uninstall was asked for, as the record keeps it.
fn asked_to_text(asked: &Uninstall) -> String {
    // The plan is of this process, and what was expected was found.
    let kept = Uninstall { plan_id: None, expected_revision: None, ..asked.clone() };
    serde_json::to_string(&kept).unwrap_or_default()
}

/// How the uninstall of this record was asked for. Nothing is guessed: what must stay could be deleted.
pub(super) fn asked(head: &Head) -> Result<Uninstall, Stop> {
    let text = head.annotations.get(OPTIONS).map_or("", String::as_str);
    serde_json::from_str(text).map_err(|_| {
        let detail = format!(
            "how revision {} was to be uninstalled is not known; uninstall the release again",
            head.revision
        );
        Stop::failed(Code::RecordCorrupt, detail)
    })
}

/// Deletes the release of this history.
pub(super) async fn all(job: &Job, context: &Arc<Context>, asked: &Uninstall, history: &History) -> Outcome {
    from(job, context, asked, history, None).await
}

/// Goes on with an uninstall that was cut off, after the hooks that have run.
pub(super) async fn resume(job: &Job, context: &Arc<Context>, history: &History, head: &Head) -> Outcome {
    match asked(head) {
        Ok(asked) => from(job, context, &asked, history, Begun::of(head)).await,
        Err(stop) => Outcome::refused(&stop),
    }
}

async fn from(
    job: &Job,
    context: &Arc<Context>,
    asked: &Uninstall,
    history: &History,
    begun: Option<Begun>,
) -> Outcome {
    let Some(last) = history.current() else { return Outcome::success(0) };
    let number = last.head.revision;
    if last.summary.status == Status::Uninstalled {
        if asked.keep_history {
            let detail = format!("the release named \"{}\" is already deleted", job.release());
            return Outcome::refused(&Stop::failed(Code::NotFound, detail));
        }
        return match purge(job, context, history).await {
            Ok(()) => Outcome::success(number),
            Err(stop) => Outcome::refused(&stop),
        };
    }
    let (keeper, mut record, objects) = match begin(job, context, asked, number).await {
        Ok(begun) => begun,
        Err(stop) => return Outcome::refused(&stop),
    };
    keeper.resume(begun);
    match carry_out(job, context, asked, history, &keeper, &mut record, objects).await {
        Ok(()) => Outcome::success(number),
        Err(stop) => {
            let ended = |result| Outcome { result, revision: number, problem: Some(stop.problem()) };
            match &stop {
                Stop::Hijacked(_) => return ended(OperationResult::Failed),
                Stop::Halted(Halt::Draining) => {
                    keeper.interrupted().await;
                    return ended(OperationResult::Interrupted);
                }
                _ => {}
            }
            // It stays `uninstalling`, which Helm and we take up again by another uninstall; the reason stands with it.
            record.info.description = match &stop {
                Stop::Halted(Halt::Cancelled(by)) => format!("Cancelled by {by}"),
                _ => format!("Uninstall \"{}\" failed: {}", job.release(), stop.words()),
            };
            if let Err(other) = keeper.finish(context, &record).await {
                return job.degraded(&record, &other);
            }
            keeper.interrupted().await;
            ended(match stop {
                Stop::Halted(_) => OperationResult::Cancelled,
                _ => OperationResult::Failed,
            })
        }
    }
}

/// The objects that an uninstall deletes, when it may delete all of them and run its hooks.
///
/// What was stored may have been written by anybody, so all of it is looked at before anything is written.
pub(super) async fn allowed(
    job: &Job,
    context: &Arc<Context>,
    asked: &Uninstall,
    record: &Record,
) -> Result<Vec<Object>, Stop> {
    let mut placed = place::stored(context, record, &[]).await?;
    // What is kept is not asked for, whatever its kind.
    placed.unserved.retain(|(object, _)| ownership::policy(object, true) != ownership::Policy::Keep);
    // Of all else it is not known whether it is gone, and without the record nobody would find it.
    let objects = placed.all().map_err(|stop| stop.behind(DELETED))?;
    gate::check_objects(job, &objects)?;
    if asked.delete_hooks {
        for hook in &record.hooks {
            let objects = place::place(context, draft::objects_of(hook)?, &[]).await?;
            gate::check_objects(job, &objects.all().map_err(|stop| stop.behind(DELETED))?)?;
        }
    } else if !asked.no_hooks {
        gate::check_hooks(job, context, &record.hooks, &["pre-delete", "post-delete"], &[]).await?;
    }
    Ok(objects)
}

/// Live objects that carry the release's marks and are in no manifest, when all of them may be deleted.
async fn left_behind(job: &Job, context: &Arc<Context>, asked: &Uninstall) -> Result<Vec<Object>, Stop> {
    let (namespace, release) = (job.namespace(), job.release());
    let redactor = &job.environment.redactor;
    let subject = &PlanSubject::Uninstall(asked.clone());
    let plan = context
        .ask(|cluster| async move {
            let inputs = Inputs::of(&cluster, namespace, release, subject).await?;
            plan::make(&cluster, &inputs.request(), redactor).await
        })
        .await?;
    let mut objects = Vec::new();
    for orphan in plan.plan.objects.iter().filter(|object| object.class == Class::Orphan) {
        let reference = &orphan.object;
        let live = context.call(|cluster| async move { cluster.get(reference).await }).await;
        objects.extend(live.map_err(Stop::from)?);
    }
    gate::check_objects(job, &objects)?;
    Ok(objects)
}

/// Marks the last revision as being uninstalled: the lock.
async fn begin(
    job: &Job,
    context: &Arc<Context>,
    asked: &Uninstall,
    number: u32,
) -> Result<(Keeper, Record, Vec<Object>), Stop> {
    let revision = job.revision(context, number).await?;
    let head = revision.head.clone();
    let mut record = revision.into_record()?;
    let mut objects = allowed(job, context, asked, &record).await?;
    if asked.delete_orphans {
        objects.extend(left_behind(job, context, asked).await?);
    }
    context.enter(OperationState::Locking, number);
    let changes = keeper::annotations(job.handle.id(), &asked_to_text(asked));
    let changes: Vec<(&str, Option<&str>)> =
        changes.iter().map(|(name, value)| (name.as_str(), Some(value.as_str()))).collect();
    let (head, changes) = (&head, &changes);
    let head = context
        .ask(|cluster| async move { Store::new(&cluster, job.namespace()).annotate(head, changes).await })
        .await?;
    record.info.status = Status::Uninstalling.text().to_owned();
    record.info.deleted = Some(draft::now());
    record.info.description = "Deletion in progress (or silently failed)".to_owned();
    let keeper = Keeper::new(context, head, Journal::planned(0), &job.environment);
    keeper.finish(context, &record).await?;
    Ok((keeper, record, objects))
}

async fn carry_out(
    job: &Job,
    context: &Arc<Context>,
    asked: &Uninstall,
    history: &History,
    keeper: &Keeper,
    record: &mut Record,
    mut objects: Vec<Object>,
) -> Result<(), Stop> {
    let number = history.current_revision();
    if !asked.no_hooks {
        // Their logs may tell what the cluster holds, which nothing has read yet.
        context.learn_live(record).await;
    }
    if !asked.no_hooks && !hooks::due(&record.hooks, "pre-delete").is_empty() {
        hooks_of(job, context, asked, keeper, record, "pre-delete", OperationState::PreHooks).await?;
    }
    context.checkpoint()?;
    context.enter(OperationState::Deleting, number);
    keeper.enter(OperationState::Deleting).await;
    let gone = delete(context, &mut objects, asked.cascade).await?;
    if asked.delete_hooks {
        leftovers(context, record).await?;
    }
    if asked.wait {
        context.enter(OperationState::Waiting, number);
        keeper.enter(OperationState::Waiting).await;
        wait::wait(context, &gone, Goal::Gone, context.step_timeout).await?;
    }
    if !asked.no_hooks && !hooks::due(&record.hooks, "post-delete").is_empty() {
        hooks_of(job, context, asked, keeper, record, "post-delete", OperationState::PostHooks).await?;
    }
    context.enter(OperationState::Recording, number);
    record.info.status = Status::Uninstalled.text().to_owned();
    record.info.description = match asked.description.as_str() {
        "" => "Uninstallation complete".to_owned(),
        description => description.to_owned(),
    };
    if asked.keep_history {
        keeper.finish(context, record).await?;
        for entry in history.all_deployed().filter(|entry| entry.head.revision != number) {
            job.supersede(context, entry.head.revision).await?;
        }
        return Ok(());
    }
    purge(job, context, history).await
}

async fn hooks_of(
    job: &Job,
    context: &Arc<Context>,
    asked: &Uninstall,
    keeper: &Keeper,
    record: &mut Record,
    event: &str,
    step: OperationState,
) -> Result<(), Stop> {
    let begun = keeper.begin(event);
    context.enter(step, record.version);
    keeper.enter(step).await;
    let phase = hooks::Phase {
        event,
        first: 0,
        wait_for_deletion: asked.wait,
        logs: false,
        begun: begun.as_ref(),
        policy: &job.environment.policy,
    };
    hooks::run(context, keeper, record, phase).await?;
    keeper.write(record).await
}

/// Deletes all records, the oldest first, so that what is left is the newest.
async fn purge(job: &Job, context: &Context, history: &History) -> Result<(), Stop> {
    for entry in history.entries().iter().rev() {
        let head = &entry.head;
        context
            .ask(|cluster| async move { Store::new(&cluster, job.namespace()).delete(head).await })
            .await?;
    }
    Ok(())
}

/// Deletes the release's objects in the order of deletion; gives those that were there.
async fn delete(
    context: &Arc<Context>,
    objects: &mut [Object],
    cascade: Cascade,
) -> Result<Vec<Awaited>, Stop> {
    let places: HashMap<ObjectRef, usize> =
        objects.iter().enumerate().map(|(index, object)| (object.reference(), index)).collect();
    objects.sort_by_cached_key(|object| {
        let reference = object.reference();
        let (rank, kind) = order::uninstall_rank(&reference);
        (rank, kind.to_owned())
    });
    let mut gone = Vec::new();
    for same in objects.chunk_by(|a, b| a.kind() == b.kind()) {
        context.next().await?;
        let one = |at: usize| {
            let places = &places;
            async move {
                let object = &same[at];
                let reference = object.reference();
                let index = places.get(&reference).copied().unwrap_or_default();
                delete_one(context, object, &reference, index, cascade).await
            }
        };
        let ended: Vec<Result<Option<Awaited>, Stop>> =
            stream::iter(0..same.len()).map(one).buffer_unordered(IN_FLIGHT).collect().await;
        let mut deleted = Vec::new();
        for result in ended {
            deleted.extend(result?);
        }
        // Their controllers are still there, and are needed.
        if same.first().is_some_and(|object| order::is_custom(&object.reference())) {
            wait::wait(context, &deleted, Goal::Gone, context.step_timeout).await?;
        }
        gone.extend(deleted);
    }
    Ok(gone)
}

/// Deletes one object if it is there, is this release's, and need not be kept.
async fn delete_one(
    context: &Context,
    object: &Object,
    reference: &ObjectRef,
    index: usize,
    cascade: Cascade,
) -> Result<Option<Awaited>, Stop> {
    match ownership::policy(object, true) {
        ownership::Policy::Delete => {}
        ownership::Policy::Keep => {
            context.count(|counts| counts.keep += 1);
            context.object(reference, index, ObjectState::Kept, Note::default());
            return Ok(None);
        }
        ownership::Policy::Unknown => {
            let message = "its helm.sh/resource-policy is no word that is known, so it is deleted".to_owned();
            context.warn(Some(reference), vec![message]);
        }
    }
    let skipped = |detail: String| {
        let problem = Some(Problem::new(Code::Ownership, detail));
        context.object(reference, index, ObjectState::Skipped, Note { problem, ..Note::default() });
        Ok(None)
    };
    let live = match context.call(|cluster| async move { cluster.get(reference).await }).await {
        Ok(None) => return Ok(None),
        Ok(Some(live)) => {
            context.learn([&live]);
            live
        }
        Err(Broken::Stop(stop)) => return Err(stop),
        Err(Broken::Kube(error)) => {
            return skipped(format!(
                "it was not deleted because its ownership could not be verified: {}",
                context.redaction.text(&error.message)
            ));
        }
    };
    if !ownership::owns(&live, context.handle.namespace(), context.handle.release()) {
        return skipped("it was not deleted because it is not owned by this release".to_owned());
    }
    let started = Instant::now();
    let options = DeleteOptions { cascade, uid: Some(live.uid().to_owned()), dry_run: false };
    let options = &options;
    let deleted = context.call(|cluster| async move { cluster.delete(reference, options).await }).await;
    let took = started.elapsed();
    match deleted {
        Ok(_) => {
            context.count(|counts| counts.delete += 1);
            context.object(reference, index, ObjectState::Deleted, Note { took, ..Note::default() });
            Ok(Some(Awaited { object: reference.clone(), index }))
        }
        Err(broken) => {
            let stop = Stop::from(broken);
            let note = Note { took, problem: Some(stop.problem()), ..Note::default() };
            context.object(reference, index, ObjectState::Failed, note);
            Err(stop)
        }
    }
}

/// Deletes what hooks left. They carry no mark, so the record is what says that they are ours.
async fn leftovers(context: &Arc<Context>, record: &Record) -> Result<(), Stop> {
    for hook in record.hooks.iter().filter(|hook| hook.kind != "CustomResourceDefinition") {
        let objects = place::place(context, draft::objects_of(hook)?, &[]).await?.all()?;
        for object in &objects {
            let reference = &object.reference();
            let live = context.call(|cluster| async move { cluster.get(reference).await }).await;
            let Some(live) = live.map_err(Stop::from)? else { continue };
            let options = &DeleteOptions { uid: Some(live.uid().to_owned()), ..DeleteOptions::default() };
            let deleted =
                context.call(|cluster| async move { cluster.delete(reference, options).await }).await;
            deleted.map_err(Stop::from)?;
            context.object(reference, 0, ObjectState::Deleted, Note::default());
        }
    }
    Ok(())
}

/// Deletes orphans: live objects that carry this release's marks and are in no manifest.
pub(super) async fn cleanup(job: &Job, asked: Cleanup) -> Ended {
    job.handle.enter(OperationState::Validating, 0);
    let context = job.context(&[], 300, 900);
    let outcome = match orphans(job, &context, &asked).await {
        Ok(revision) => Outcome::success(revision),
        Err(stop) => Outcome::refused(&stop),
    };
    (outcome, Some(context))
}

async fn orphans(job: &Job, context: &Arc<Context>, asked: &Cleanup) -> Result<u32, Stop> {
    context.enter(OperationState::Validating, 0);
    if asked.confirm != job.release() {
        let detail = format!("type the release's name to confirm: {}", job.release());
        return Err(Stop::failed(Code::InvalidRequest, detail));
    }
    let history = job.history(context).await?;
    let Some(last) = history.current() else {
        return Err(Stop::failed(Code::NotFound, format!("release: not found: {}", job.release())));
    };
    refuse_held(job, last)?;
    let number = last.head.revision;
    let mut named: Vec<_> = Vec::new();
    for kept in [Some(number), history.deployed().map(|entry| entry.head.revision)].into_iter().flatten() {
        let record = job.revision(context, kept).await?.into_record()?;
        let objects = place::stored(context, &record, &[]).await?.objects;
        named.extend(objects.iter().map(|object| identity(&object.reference())));
    }
    let mut objects = Vec::new();
    for reference in &asked.orphans {
        if named.contains(&identity(reference)) {
            let detail = format!("{reference} belongs to the release's manifest");
            return Err(Stop::failed(Code::InvalidRequest, detail));
        }
        let live = context.call(|cluster| async move { cluster.get(reference).await }).await;
        objects.extend(live.map_err(Stop::from)?);
    }
    gate::check_objects(job, &objects)?;
    context.enter(OperationState::Deleting, number);
    delete(context, &mut objects, Cascade::Background).await?;
    Ok(number)
}
