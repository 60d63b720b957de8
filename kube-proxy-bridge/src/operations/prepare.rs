//! What is known of an operation before anything is written: what it starts from, its new record, and what it would send.
//!
//! Source: helm v4.3.1 `pkg/action/{install,upgrade,rollback}.go`, up to where each creates the release.

use std::collections::BTreeMap;
use std::sync::Arc;

use release::record::Record;
use wire::{
    Apply, ApplyMode, ApplyOptions, Code, CrdPolicy, EventBody, LockVerdict, OnFailure, OperationKind,
    OperationState, PlanSubject, Problem, Rollback, Status, Wait, World,
};

use super::context::{Context, Stop};
use super::decide;
use super::draft::{self, Found, Prepared};
use super::gate;
use super::job::Job;
use super::ownership;
use super::pin;
use super::place;
use crate::aside::aside;
use crate::documents;
use crate::object::Object;
use crate::releases::{Entry, History, annotation, lock, merge_labels};

/// The longest note on a record; all annotations of an object together have at most four times that.
const NOTE_LIMIT_BYTES: usize = 64 << 10;

/// Everything that can be known before the first write.
pub(super) async fn prepare(
    job: &Job,
    context: &Arc<Context>,
    apply: &Apply,
    set: documents::Set,
) -> Result<Found, Stop> {
    for (source, events) in &set.dropped {
        let message =
            format!("{source}: no such hook event: {events}; the document is left out, as Helm does");
        job.handle.emit(EventBody::Warning { object: None, message });
    }
    let history = job.history(context).await?;
    if let Some(entry) = own(job, &history) {
        return Ok(Found::Attached(Box::new(entry.clone())));
    }
    history.expect(apply.expected_revision)?;
    // An install of a name that is in use hears that, whoever works on it.
    if let Some(last) = history.current().filter(|_| apply.mode != ApplyMode::Install) {
        refuse_held(job, last)?;
    }
    let (kind, base) = history.start(apply.mode)?;
    job.handle.set_kind(kind);
    let revision = history.current_revision() + 1;
    context.enter(OperationState::Validating, revision);
    let previous = match base {
        None => None,
        Some(entry) => {
            let found = job.revision(context, entry.head.revision).await?;
            found.refuse_mismatch(false)?;
            Some(found.into_record()?)
        }
    };
    let first = previous.as_ref().filter(|_| kind == OperationKind::Upgrade);
    let first_deployed = first.and_then(|record| record.info.first_deployed.clone());
    let mut record = draft::record(job.release(), job.namespace(), revision, apply, &set, first_deployed)?;
    if kind == OperationKind::Upgrade {
        record.info.status = Status::PendingUpgrade.text().to_owned();
        record.info.description = "Preparing upgrade".to_owned();
    }
    gate::refuse_too_large(&record)?;
    let last = history.current().map(|entry| entry.head.labels.clone()).unwrap_or_default();
    let labels = merge_labels(&last, &apply.options.labels)?;
    let mut options = apply.options.clone();
    options.conflicts = decide::with_remembered(&apply.options.conflicts, &history);
    if options.on_failure == OnFailure::Rollback {
        options.wait = Wait::Watcher;
    }
    let objects: Vec<Object> = set.items.iter().map(|item| item.object.clone()).collect();
    let crds = match apply.options.crds {
        CrdPolicy::Apply => aside(|| documents::read_crds(&apply.crds))?,
        CrdPolicy::Install if kind == OperationKind::Install => aside(|| documents::read_crds(&apply.crds))?,
        CrdPolicy::Install | CrdPolicy::Skip => Vec::new(),
    };
    let definitions: Vec<&Object> = crds.iter().map(|item| &item.object).collect();
    let mut objects = place::place(context, objects, &definitions).await?.all()?;
    for object in &mut objects {
        ownership::mark(object, job.namespace(), job.release());
    }
    let base_objects = match &previous {
        Some(record) => place::base(context, record, &definitions).await?,
        None => Vec::new(),
    };
    let migrates = migrates(kind, &options, previous.as_ref());
    let prepared = Prepared {
        kind,
        record,
        labels,
        notes: notes(&options, apply.chart.archive_sha256.as_deref()),
        crds,
        objects,
        base: base_objects,
        previous: superseded(&history, base),
        options,
        migrates,
        planned: apply.plan_id.is_some(),
    };
    gate::try_out(job, context, &prepared, &PlanSubject::Apply(Box::new(apply.clone()))).await?;
    Ok(Found::New(Box::new(prepared)))
}

pub(super) async fn prepare_rollback(
    job: &Job,
    context: &Arc<Context>,
    rollback: &Rollback,
) -> Result<Found, Stop> {
    let history = job.history(context).await?;
    if let Some(entry) = own(job, &history) {
        return Ok(Found::Attached(Box::new(entry.clone())));
    }
    history.expect(rollback.expected_revision)?;
    if let Some(last) = history.current() {
        refuse_held(job, last)?;
    }
    let prepared = rolled_back(job, context, &history, rollback).await?;
    gate::try_out(job, context, &prepared, &PlanSubject::Rollback(rollback.clone())).await?;
    Ok(Found::New(Box::new(prepared)))
}

/// The way back to a good revision from an operation that failed or is given up, tried out: what was stored may be another's.
/// `how` are the options of that operation.
///
/// # Errors
/// Those of a rollback before anything is written.
pub(super) async fn back_to(
    job: &Job,
    context: &Arc<Context>,
    history: &History,
    to_revision: u32,
    how: ApplyOptions,
) -> Result<Prepared, Stop> {
    // What was to be made anew was so for the sake of the revision that is given up.
    let options =
        ApplyOptions { on_failure: OnFailure::Keep, description: String::new(), recreate: Vec::new(), ..how };
    let rollback =
        Rollback { to_revision, expected_revision: None, plan_id: None, accept_mismatch: false, options };
    let prepared = rolled_back(job, context, history, &rollback).await?;
    gate::try_out(job, context, &prepared, &PlanSubject::Rollback(rollback)).await?;
    Ok(prepared)
}

/// The revision that a rollback would write.
async fn rolled_back(
    job: &Job,
    context: &Arc<Context>,
    history: &History,
    rollback: &Rollback,
) -> Result<Prepared, Stop> {
    let (last, target) = history.way_back(rollback.to_revision)?;
    let target = job.revision(context, target.head.revision).await?;
    target.refuse_mismatch(rollback.accept_mismatch)?;
    let labels = target.head.user_labels();
    let archive = target.head.annotations.get(annotation::ARCHIVE).cloned();
    let target_number = target.head.revision;
    let target = target.into_record()?;
    let last = job.revision(context, last.head.revision).await?;
    last.refuse_mismatch(rollback.accept_mismatch)?;
    let last = last.into_record()?;
    let mut record = draft::rolled_back(&target, &last, &rollback.options.description);
    // Of a record that names another release, and was accepted, the Secret tells which one it is.
    record.name = job.release().to_owned();
    record.namespace = job.namespace().to_owned();
    record.version = history.current_revision() + 1;
    record.info.rollback_revision = target_number;
    gate::refuse_too_large(&record)?;
    let objects = documents::read_stored(&record.manifest)?.into_iter().map(|item| item.object).collect();
    let mut objects = place::place(context, objects, &[]).await?.all()?;
    for object in &mut objects {
        ownership::mark(object, job.namespace(), job.release());
    }
    let base = place::base(context, &last, &[]).await?;
    let mut options = rollback.options.clone();
    options.conflicts = decide::with_remembered(&rollback.options.conflicts, history);
    if options.on_failure == OnFailure::Rollback {
        // There is nothing better to go back to than what is gone back to.
        options.on_failure = OnFailure::Keep;
        options.wait = Wait::Watcher;
    }
    Ok(Prepared {
        kind: OperationKind::Rollback,
        record,
        labels,
        notes: notes(&options, archive.as_deref()),
        crds: Vec::new(),
        objects,
        base,
        previous: history.all_deployed().map(|entry| entry.head.revision).collect(),
        options,
        migrates: migrates(OperationKind::Rollback, &rollback.options, Some(&last)),
        planned: rollback.plan_id.is_some(),
    })
}

/// The last revision, when this very operation wrote it: the request was sent before, to a bridge that is gone.
fn own<'h>(job: &Job, history: &'h History) -> Option<&'h Entry> {
    history.current().filter(|entry| entry.head.operation() == Some(job.handle.id()))
}

/// Whether fields may be owned by Helm from before server-side apply, and are moved over: Helm looks for them in every rollback
/// and when it takes objects over.
pub(super) fn migrates(kind: OperationKind, options: &ApplyOptions, base: Option<&Record>) -> bool {
    kind == OperationKind::Rollback
        || options.take_ownership
        || base.is_some_and(|record| record.apply_method != "ssa")
}

/// What an upgrade replaces: the base, and what else is still called deployed because that could not be corrected before.
pub(super) fn superseded(history: &History, base: Option<&Entry>) -> Vec<u32> {
    let mut numbers: Vec<u32> = base.map(|entry| entry.head.revision).into_iter().collect();
    let others =
        history.all_deployed().map(|entry| entry.head.revision).filter(|other| !numbers.contains(other));
    let others: Vec<u32> = others.collect();
    numbers.extend(others);
    numbers
}

/// Where the chart came from, and what is decided about fields of other managers.
fn notes(options: &ApplyOptions, archive: Option<&str>) -> BTreeMap<String, String> {
    let decided = decide::to_note(&options.conflicts).filter(|text| text.len() <= NOTE_LIMIT_BYTES);
    let notes = [(annotation::ARCHIVE, archive.map(str::to_owned)), (annotation::FIELD_POLICY, decided)];
    notes.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// Refuses what was rendered to be looked at, or without something that the chart asked for.
pub(super) fn refuse_preview(apply: &Apply) -> Result<(), Problem> {
    pin::refuse_odd_digest(&apply.chart)?;
    if apply.world == World::Preview {
        return Err(Problem::new(Code::PreviewRefused, "render again with the real clock and randomness"));
    }
    if let Some(first) = apply.lookups.denied.first() {
        let detail =
            format!("the chart asked for {first} and was refused; what it made of that may be wrong");
        return Err(Problem::new(Code::LookupDeniedUsed, detail));
    }
    Ok(())
}

/// Refuses a release that somebody works on.
pub(super) fn refuse_held(job: &Job, last: &Entry) -> Result<(), Stop> {
    let verdict =
        lock::verdict(last, &lock::moment(job.environment.cluster.now()), &job.environment.patience);
    // An uninstall that nobody is at any longer is nobody's lock: another one takes it up, as Helm's does.
    let is_held = match last.summary.status {
        Status::Uninstalling => verdict.verdict == LockVerdict::Running,
        status => status.is_pending(),
    };
    if !is_held {
        return Ok(());
    }
    let detail = format!("another operation (install/upgrade/rollback) is in progress: {}", verdict.message);
    let mut problem = Problem::new(Code::ReleaseLocked, detail);
    problem.operation = verdict.operation;
    Err(problem.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_move_over_with_a_rollback_a_take_over_and_a_client_side_base() {
        let (mine, taken) =
            (ApplyOptions::default(), ApplyOptions { take_ownership: true, ..ApplyOptions::default() });
        let [old, new] =
            ["", "ssa"].map(|method| Record { apply_method: method.to_owned(), ..Record::default() });
        assert!(!migrates(OperationKind::Upgrade, &mine, Some(&new)));
        assert!(!migrates(OperationKind::Install, &mine, None));
        assert!(migrates(OperationKind::Upgrade, &mine, Some(&old)));
        assert!(migrates(OperationKind::Install, &taken, None));
        assert!(migrates(OperationKind::Rollback, &mine, Some(&new)));
    }
}
