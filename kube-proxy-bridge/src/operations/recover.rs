//! Dealing with an operation that was cut off: going on where it stopped, going back, or giving up.
//!
//! A record that is pending is the lock of whoever wrote it. It is taken over by a note on it that names the version it was
//! read with, so of two who try one wins.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use release::record::Time;
use wire::{
    ApplyOptions, Code, Lock, LockVerdict, OperationKind, OperationResult, OperationState, Problem, Recover,
    RecoverAction, Status, Uninstall,
};

use super::carry;
use super::context::{Context, Stop};
use super::draft::{self, Prepared};
use super::gate;
use super::job::{Ended, Job, Outcome};
use super::journal::Journal;
use super::keeper::{self, Begun, Keeper, OPTIONS, options};
use super::ownership;
use super::place;
use super::prepare::{self, migrates, superseded};
use super::uninstall;
use crate::documents;
use crate::metrics::{FoundState, Trigger};
use crate::releases::{Entry, Head, History, Store, annotation, lock};

/// How an operation was asked for; of an uninstall what goes for a way back from it.
fn how(entry: &Entry) -> ApplyOptions {
    if entry.summary.status != Status::Uninstalling {
        return options(&entry.head);
    }
    let Ok(asked) = uninstall::asked(&entry.head) else { return ApplyOptions::default() };
    ApplyOptions {
        no_hooks: asked.no_hooks,
        step_timeout_seconds: asked.step_timeout_seconds,
        deadline_seconds: asked.step_timeout_seconds.saturating_mul(4),
        ..ApplyOptions::default()
    }
}

/// Goes on with an operation whose request came a second time: it wrote this record, in a process that is gone.
pub(super) async fn attach(job: &Job, context: &Arc<Context>, entry: &Entry) -> Outcome {
    let asked = job.handle.operation().kind;
    let outcome = attached(job, context, entry).await;
    match entry.summary.rollback_revision {
        // Its last revision is the way back from its own failure.
        Some(good) if asked != OperationKind::Rollback => went_back(outcome, good),
        _ => outcome,
    }
}

/// The outcome of an operation that failed and went back to a good revision.
fn went_back(outcome: Outcome, good: u32) -> Outcome {
    if outcome.result != OperationResult::Success {
        return outcome;
    }
    let detail = format!("the operation failed; revision {} went back to {good}", outcome.revision);
    let problem = Some(Problem::new(Code::NotReady, detail));
    Outcome { result: OperationResult::Failed, problem, ..outcome }
}

async fn attached(job: &Job, context: &Arc<Context>, entry: &Entry) -> Outcome {
    let revision = entry.head.revision;
    match entry.summary.status {
        Status::Deployed => Outcome::success(revision),
        Status::Failed => Outcome {
            result: OperationResult::Failed,
            revision,
            problem: Some(Problem::new(Code::NotReady, entry.summary.description.clone())),
        },
        _ => {
            let verdict = verdict(job, entry);
            if verdict.verdict != LockVerdict::Crashed {
                let mut problem = Problem::new(Code::ReleaseLocked, verdict.message);
                problem.operation = verdict.operation;
                return Outcome::refused(&problem.into());
            }
            match job.history(context).await {
                Ok(history) => resume(job, context, &history, entry).await,
                Err(stop) => Outcome::refused(&stop),
            }
        }
    }
}

pub(super) async fn recover(job: &Job, asked: Recover) -> Ended {
    job.handle.enter(OperationState::Validating, 0);
    let defaults = ApplyOptions::default();
    let context = job.context(&[], defaults.step_timeout_seconds, defaults.deadline_seconds);
    context.enter(OperationState::Validating, 0);
    let (history, entry) = match chosen(job, &context, &asked).await {
        Err(stop) => return (Outcome::refused(&stop), Some(context)),
        Ok(chosen) => chosen,
    };
    let (found, since) = (entry.summary.status, since(&entry));
    // The times are those of the operation that was cut off, from now on.
    let how = how(&entry);
    let context = context.again(how.step_timeout_seconds, how.deadline_seconds);
    let outcome = match asked.action {
        RecoverAction::Abandon => abandon(job, &context, &entry).await,
        RecoverAction::Resume => resume(job, &context, &history, &entry).await,
        RecoverAction::Rollback => {
            let back = go_back(job, &context, &history, &entry).await;
            job.environment.metrics.rollback(job.namespace(), Trigger::Recovery, back.result.into());
            back
        }
    };
    if outcome.result == OperationResult::Success {
        job.environment.metrics.recovery(job.namespace(), asked.action, found_state(found), since);
    }
    (outcome, Some(context))
}

/// How long ago the last sign of the operation was that was cut off.
fn since(entry: &Entry) -> Duration {
    let beat = entry.head.annotations.get(annotation::HEARTBEAT).and_then(|text| Time::parse(text));
    let last = beat.or_else(|| entry.head.written().cloned());
    last.map_or(Duration::ZERO, |last| lock::age(&last, &draft::now()))
}

fn found_state(status: Status) -> FoundState {
    match status {
        Status::PendingInstall => FoundState::PendingInstall,
        Status::PendingUpgrade => FoundState::PendingUpgrade,
        Status::PendingRollback => FoundState::PendingRollback,
        Status::Uninstalling => FoundState::Uninstalling,
        _ => FoundState::Other,
    }
}

fn verdict(job: &Job, entry: &Entry) -> Lock {
    lock::verdict(entry, &lock::moment(job.environment.cluster.now()), &job.environment.patience)
}

async fn chosen(job: &Job, context: &Context, asked: &Recover) -> Result<(History, Entry), Stop> {
    let history = job.history(context).await?;
    let Some(entry) = history.current().cloned() else {
        return Err(Stop::failed(Code::NotFound, format!("release: not found: {}", job.release())));
    };
    let verdict = verdict(job, &entry);
    if !verdict.offers.contains(&asked.action) {
        let detail = match verdict.message.as_str() {
            "" => format!("revision {} is finished; there is nothing to recover", entry.head.revision),
            message => message.to_owned(),
        };
        let mut problem = Problem::new(Code::ReleaseLocked, detail);
        problem.operation = verdict.operation;
        return Err(problem.into());
    }
    if !verdict.confirm.is_empty() && asked.confirm != verdict.confirm {
        let detail = format!("type {} to confirm: {}", verdict.confirm, verdict.message);
        return Err(Stop::failed(Code::InvalidRequest, detail));
    }
    Ok((history, entry))
}

/// Puts our name on a record that somebody left.
async fn take_over(job: &Job, context: &Arc<Context>, head: &Head) -> Result<Head, Stop> {
    let how = head.annotations.get(OPTIONS).cloned().unwrap_or_default();
    let changes = keeper::annotations(job.handle.id(), &how);
    let changes: Vec<(&str, Option<&str>)> =
        changes.iter().map(|(name, value)| (name.as_str(), Some(value.as_str()))).collect();
    let changes = &changes;
    context
        .ask(|cluster| async move { Store::new(&cluster, job.namespace()).annotate(head, changes).await })
        .await
}

/// Marks the revision failed, as Helm would have.
async fn abandon(job: &Job, context: &Arc<Context>, entry: &Entry) -> Outcome {
    let marked = async {
        let number = entry.head.revision;
        context.enter(OperationState::Recording, number);
        let head = take_over(job, context, &entry.head).await?;
        let mut record = job.revision(context, number).await?.into_record()?;
        let was = std::mem::replace(&mut record.info.status, Status::Failed.text().to_owned());
        record.info.description = format!("Abandoned by {} (was {was})", job.environment.actor);
        record.info.deleted = None;
        let keeper = Keeper::quiet(context, head);
        keeper.finish(context, &record).await?;
        Ok(number)
    };
    match marked.await {
        Ok(number) => Outcome::success(number),
        Err(stop) => Outcome::refused(&stop),
    }
}

/// Marks the revision failed and goes back to the last good one; a first install is taken away. Whether that may be is
/// known before anything is written.
async fn go_back(job: &Job, context: &Arc<Context>, history: &History, entry: &Entry) -> Outcome {
    let how = how(entry);
    // What was being uninstalled was good itself.
    let good = match entry.summary.status {
        Status::Uninstalling => Some(entry.head.revision),
        _ => history.last_good(entry.head.revision).map(|good| good.head.revision),
    };
    let way = match good {
        Some(good) => {
            let prepared = prepare::back_to(job, context, history, good, how).await;
            prepared.map(|prepared| Way::Back(Box::new(prepared)))
        }
        None => away(job, context, entry, &how).await,
    };
    let way = match way {
        Ok(way) => way,
        Err(stop) => return Outcome::refused(&stop),
    };
    let abandoned = abandon(job, context, entry).await;
    if abandoned.result != OperationResult::Success {
        return abandoned;
    }
    match (job.history(context).await, way) {
        (Err(stop), _) => Outcome::refused(&stop),
        (Ok(history), Way::Back(prepared)) => carry::locked(job, context, *prepared, &history).await,
        (Ok(history), Way::Away(asked)) => uninstall::all(job, context, &asked, &history).await,
    }
}

/// What ends an operation that was given up.
enum Way {
    Away(Uninstall),
    Back(Box<Prepared>),
}

async fn away(job: &Job, context: &Arc<Context>, entry: &Entry, how: &ApplyOptions) -> Result<Way, Stop> {
    let asked = Uninstall { no_hooks: how.no_hooks, ..Uninstall::default() };
    let record = job.revision(context, entry.head.revision).await?.into_record()?;
    uninstall::allowed(job, context, &asked, &record).await?;
    Ok(Way::Away(asked))
}

/// Goes on from the first object that is not known to be written.
async fn resume(job: &Job, context: &Arc<Context>, history: &History, entry: &Entry) -> Outcome {
    if entry.summary.status == Status::Uninstalling {
        return uninstall::resume(job, context, history, &entry.head).await;
    }
    match prepared(job, context, history, entry).await {
        Err(stop) => Outcome::refused(&stop),
        Ok((prepared, keeper)) => carry::carry_out(job, context, prepared, &keeper).await,
    }
}

async fn prepared(
    job: &Job,
    context: &Arc<Context>,
    history: &History,
    entry: &Entry,
) -> Result<(Prepared, Keeper), Stop> {
    let number = entry.head.revision;
    let kind = match entry.summary.status {
        Status::PendingInstall => OperationKind::Install,
        Status::PendingRollback => OperationKind::Rollback,
        _ => OperationKind::Upgrade,
    };
    job.handle.set_kind(kind);
    context.enter(OperationState::Validating, number);
    let found = job.revision(context, number).await?;
    found.refuse_mismatch(false)?;
    let journal = found.head.annotations.get(annotation::JOURNAL).cloned().unwrap_or_default();
    let begun = Begun::of(&found.head);
    let record = found.into_record()?;
    let earlier = History::new(
        job.release(),
        history.entries().iter().filter(|known| known.head.revision != number).cloned().collect(),
    );
    let (base, previous) = match kind {
        OperationKind::Install => {
            (None, earlier.current().map(|entry| entry.head.revision).into_iter().collect())
        }
        OperationKind::Rollback => (
            earlier.current().map(|entry| entry.head.revision),
            earlier.all_deployed().map(|entry| entry.head.revision).collect(),
        ),
        _ => {
            let base = earlier.base()?;
            (Some(base.head.revision), superseded(&earlier, Some(base)))
        }
    };
    let options = options(&entry.head);
    let base = match base {
        None => None,
        Some(base) => Some(job.revision(context, base).await?.into_record()?),
    };
    let migrates = migrates(kind, &options, base.as_ref());
    let base = match &base {
        None => Vec::new(),
        // A kind that is served no longer went with its definition, which this very operation deleted: otherwise it would
        // not have begun.
        Some(base) => place::stored(context, base, &[]).await?.objects,
    };
    let objects = documents::read_stored(&record.manifest)?.into_iter().map(|item| item.object).collect();
    let mut objects = place::place(context, objects, &[]).await?.all()?;
    for object in &mut objects {
        ownership::mark(object, job.namespace(), job.release());
    }
    let prepared = Prepared {
        kind,
        labels: entry.head.user_labels(),
        notes: BTreeMap::new(),
        crds: Vec::new(),
        objects,
        base,
        previous,
        options,
        migrates,
        planned: false,
        record,
    };
    gate::check(job, context, &prepared).await?;
    let journal = Journal::read(&journal, prepared.objects.len());
    let head = take_over(job, context, &entry.head).await?;
    let keeper = Keeper::new(context, head, journal, &job.environment);
    keeper.resume(begun);
    Ok((prepared, keeper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_again_for_what_failed_hears_that_it_failed() {
        let back = went_back(Outcome::success(3), 1);
        assert_eq!((back.result, back.revision), (OperationResult::Failed, 3));
        assert_eq!(back.problem.unwrap().detail, "the operation failed; revision 3 went back to 1");
    }

    #[test]
    fn an_uninstall_is_not_resumed_by_guess() {
        let head = |text: &str| Head {
            annotations: BTreeMap::from([(OPTIONS.to_owned(), text.to_owned())]),
            ..Head::default()
        };
        let asked = uninstall::asked(&head("{\"keepHistory\":true,\"cascade\":\"orphan\"}")).unwrap();
        assert!(asked.keep_history && asked.cascade == wire::Cascade::Orphan);
        assert!(uninstall::asked(&head("")).is_err());
        assert!(uninstall::asked(&Head::default()).is_err());
    }
}
