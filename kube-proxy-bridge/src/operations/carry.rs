//! From the lock to the last word: the record written as pending, the steps, and the record as they ended, whichever way.
//!
//! From the lock on every way out ends in a last status of the record, but one: a bridge that stops leaves it pending, with
//! a journal, for another to go on.
//!
//! Source: helm v4.3.1 `pkg/action/{install,upgrade,rollback}.go` for the order of writes and the sentences in records.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use release::record::Record;
use tokio::time::{sleep, timeout};
use wire::{
    Code, EventBody, OnFailure, OperationKind, OperationResult, OperationState, Status, Uninstall, Wait,
};

use super::context::{Context, Stop};
use super::draft::Prepared;
use super::drift;
use super::handle::Halt;
use super::job::{Job, Outcome};
use super::journal::Journal;
use super::keeper::{self, Keeper};
use super::prepare;
use super::steps::Execution;
use super::uninstall;
use crate::metrics::Trigger;
use crate::releases::{History, Store};

/// How long the look for orphans may keep an operation that is done.
const SWEEP_WITHIN: Duration = Duration::from_secs(10);
/// How long the next pause is at which an earlier revision is left as it is: half a minute in all.
const SUPERSEDED_WITHIN: Duration = Duration::from_secs(30);

/// Takes the lock, carries out and records.
pub(super) async fn locked(
    job: &Job,
    context: &Arc<Context>,
    prepared: Prepared,
    history: &History,
) -> Outcome {
    match lock(job, context, &prepared, history).await {
        Err(stop) => Outcome::refused(&stop),
        Ok(keeper) => carry_out(job, context, prepared, &keeper).await,
    }
}

async fn lock(
    job: &Job,
    context: &Arc<Context>,
    prepared: &Prepared,
    history: &History,
) -> Result<Keeper, Stop> {
    let Prepared { record, labels, options, .. } = prepared;
    context.enter(OperationState::Locking, record.version);
    context.checkpoint()?;
    if prepared.kind != OperationKind::Install {
        let max = options.history_max;
        context
            .ask(|cluster| async move { Store::new(&cluster, job.namespace()).trim(history, max).await })
            .await?;
    }
    let how = keeper::options_to_text(options);
    let mut annotations = keeper::annotations(job.handle.id(), &how);
    annotations.extend(prepared.notes.clone());
    let annotations = &annotations;
    let written = context
        .ask(|cluster| async move {
            Store::new(&cluster, job.namespace()).create(record, labels, annotations).await
        })
        .await?;
    job.handle.emit(EventBody::Record {
        revision: record.version,
        status: Status::named(&record.info.status),
        bytes: written.sizes.stored,
    });
    Ok(Keeper::new(context, written.head, Journal::planned(prepared.objects.len()), &job.environment))
}

/// Everything after the lock. Whatever happens, the record gets its last status, or this is resumable.
pub(super) async fn carry_out(
    job: &Job,
    context: &Arc<Context>,
    prepared: Prepared,
    keeper: &Keeper,
) -> Outcome {
    let mut record = prepared.record.clone();
    let execution = Execution {
        context,
        keeper,
        policy: &job.environment.policy,
        kind: prepared.kind,
        objects: &prepared.objects,
        base: &prepared.base,
        options: &prepared.options,
        migrates: prepared.migrates,
        planned: prepared.planned,
        created: Mutex::new(Vec::new()),
    };
    let ran = execution.run(&mut record).await;
    let stop = match ran {
        Ok(()) => return succeed(job, context, &prepared, keeper, record).await,
        Err(stop) => stop,
    };
    let outcome = fail(job, context, &prepared, keeper, record, &stop).await;
    if outcome.result != OperationResult::Failed || matches!(stop, Stop::Hijacked(_)) {
        return outcome;
    }
    match prepared.options.on_failure {
        OnFailure::Keep => outcome,
        OnFailure::Cleanup => {
            execution.clean_up().await;
            outcome
        }
        OnFailure::Rollback => go_back(job, context, &prepared, outcome).await,
    }
}

async fn succeed(
    job: &Job,
    context: &Arc<Context>,
    prepared: &Prepared,
    keeper: &Keeper,
    mut record: Record,
) -> Outcome {
    context.enter(OperationState::Recording, record.version);
    keeper.enter(OperationState::Recording).await;
    for number in &prepared.previous {
        if let Err(stop) = surely_superseded(job, context, *number).await {
            let problem = Box::new(stop.problem());
            job.handle.emit(EventBody::Problem { problem, terminal: false });
        }
    }
    record.info.status = Status::Deployed.text().to_owned();
    record.info.description = match prepared.kind {
        _ if !prepared.options.description.is_empty() => prepared.options.description.clone(),
        OperationKind::Install => "Install complete".to_owned(),
        OperationKind::Rollback => record.info.description,
        _ => "Upgrade complete".to_owned(),
    };
    match keeper.finish(context, &record).await {
        Ok(()) => {
            sweep(job, context).await;
            Outcome::success(record.version)
        }
        Err(stop) => job.degraded(&record, &stop),
    }
}

/// Looks for what earlier revisions left, and tells it. What cannot be looked for is left for another time: the
/// operation has succeeded.
async fn sweep(job: &Job, context: &Context) {
    let cluster = context.cluster();
    let sweep = drift::orphans(&cluster, job.namespace(), job.release());
    match timeout(SWEEP_WITHIN, sweep).await {
        Ok(Ok(found)) if !found.objects.is_empty() => {
            job.handle.emit(EventBody::Orphans { objects: found.objects });
        }
        Ok(Ok(_)) => {}
        Ok(Err(_)) | Err(_) => {
            tracing::info!(event = "orphans-not-looked-for", operation = job.handle.id())
        }
    }
}

/// Gives the record its last status.
async fn fail(
    job: &Job,
    context: &Arc<Context>,
    prepared: &Prepared,
    keeper: &Keeper,
    mut record: Record,
    stop: &Stop,
) -> Outcome {
    let revision = record.version;
    let ended = |result| Outcome { result, revision, problem: Some(stop.problem()) };
    let result = match stop {
        Stop::Hijacked(_) => return ended(OperationResult::Failed),
        Stop::Halted(Halt::Draining) => {
            keeper.interrupted().await;
            return ended(OperationResult::Interrupted);
        }
        Stop::Halted(Halt::Cancelled(_)) => OperationResult::Cancelled,
        Stop::Deadline | Stop::Failed(_) => OperationResult::Failed,
    };
    record.info.status = Status::Failed.text().to_owned();
    record.info.description = match (stop, prepared.kind) {
        (Stop::Halted(Halt::Cancelled(by)), _) => format!("Cancelled by {by}"),
        (_, OperationKind::Install) => format!("Release \"{}\" failed: {}", job.release(), stop.words()),
        (_, OperationKind::Rollback) if stop.problem().code == Code::NotReady => {
            format!("Release \"{}\" failed: {}", job.release(), stop.words())
        }
        (_, OperationKind::Rollback) => {
            format!("Rollback \"{}\" failed: {}", job.release(), stop.words())
        }
        _ => format!("Upgrade \"{}\" failed: {}", job.release(), stop.words()),
    };
    match keeper.finish(context, &record).await {
        Ok(()) => ended(result),
        Err(other) => job.degraded(&record, &other),
    }
}

/// Goes back after a failure: to the last good revision, or to nothing.
async fn go_back(job: &Job, context: &Arc<Context>, prepared: &Prepared, failed: Outcome) -> Outcome {
    let history = match job.history(context).await {
        Ok(history) => history,
        Err(stop) => return Outcome { problem: Some(stop.problem()), ..failed },
    };
    let fresh = context.again(prepared.options.step_timeout_seconds, prepared.options.deadline_seconds);
    if prepared.kind == OperationKind::Install {
        let asked = Uninstall {
            no_hooks: prepared.options.no_hooks,
            wait: prepared.options.wait == Wait::Watcher,
            step_timeout_seconds: prepared.options.step_timeout_seconds,
            ..Uninstall::default()
        };
        let removed = uninstall::all(job, &fresh, &asked, &history).await;
        job.environment.metrics.rollback(job.namespace(), Trigger::OnFailure, removed.result.into());
        return match removed.result {
            OperationResult::Success => failed,
            _ => removed,
        };
    }
    let Some(good) = history.last_good(failed.revision) else { return failed };
    let how = prepared.options.clone();
    let back = match prepare::back_to(job, &fresh, &history, good.head.revision, how).await {
        Ok(back) => Box::pin(locked(job, &fresh, back, &history)).await,
        Err(stop) => Outcome::refused(&stop),
    };
    job.environment.metrics.rollback(job.namespace(), Trigger::OnFailure, back.result.into());
    // The operation failed, whatever came of the way back; which revision runs now is told.
    match back.result {
        OperationResult::Success => Outcome { revision: back.revision, ..failed },
        _ => Outcome { problem: back.problem, ..failed },
    }
}

/// The same, again and again for a while: two revisions that are called deployed confuse everybody.
async fn surely_superseded(job: &Job, context: &Context, number: u32) -> Result<(), Stop> {
    let mut pause = Duration::from_millis(500);
    loop {
        match job.supersede(context, number).await {
            Err(Stop::Failed(problem)) if pause < SUPERSEDED_WITHIN => {
                job.handle.emit(EventBody::Problem { problem, terminal: false });
            }
            // It is somebody else's now.
            Err(Stop::Hijacked(_)) => return Ok(()),
            other => return other,
        }
        sleep(pause).await;
        pause *= 2;
    }
}
