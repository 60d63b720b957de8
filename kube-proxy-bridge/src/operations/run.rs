//! An operation from its request to its last event: what is asked for, tried out, and carried out.
//!
//! `validating → crds → namespace → locking → pre-hooks → applying → pruning → waiting → post-hooks → recording`: nothing is
//! written before everything was tried.

use std::sync::Arc;
use std::time::Duration;

use wire::{Apply, Counts, EventBody, ObjectState, OperationKind, OperationState, Rollback};

use super::context::{Context, Note, Stop};
use super::draft::{Found, Prepared};
use super::handle::Handle;
use super::instruments::Instruments;
use super::job::{Ended, Environment, Job, Outcome, Request};
use super::plan;
use super::prepare::{self, refuse_preview};
use super::wait::{self, Awaited, Goal};
use super::{carry, gate, recover, test, uninstall};
use crate::aside::aside;
use crate::documents::{self, Item};
use crate::kube;
use crate::releases::History;

/// How long a definition may take to be accepted.
const ESTABLISHED_WITHIN: Duration = Duration::from_secs(60);

/// Carries out a request, and ends its log.
pub async fn run(environment: Environment, handle: Handle, request: Request) {
    handle.listen(Arc::new(Instruments::new(&environment, &handle, &request)));
    let job = Job { environment, handle: handle.clone() };
    // Records are written to the release's namespace, whatever else is.
    let (outcome, tally) = match gate::check_objects(&job, &[]) {
        Err(problem) => (Outcome::refused(&problem.into()), None),
        Ok(()) => carry_out(&job, request).await,
    };
    if let Some(mut problem) = outcome.problem {
        problem.operation = Some(handle.id().to_owned());
        handle.emit(EventBody::Problem { problem: Box::new(problem), terminal: true });
    }
    let (counts, durations) =
        tally.map_or_else(|| (Counts::default(), Default::default()), |context| context.tally());
    handle.emit(EventBody::Done { result: outcome.result, revision: outcome.revision, durations, counts });
}

async fn carry_out(job: &Job, request: Request) -> Ended {
    match request {
        Request::Apply(asked) => apply(job, *asked).await,
        Request::Cleanup(asked) => uninstall::cleanup(job, asked).await,
        Request::Recover(asked) => recover::recover(job, asked).await,
        Request::Rollback(asked) => rollback(job, *asked).await,
        Request::Test(asked) => test::test(job, asked).await,
        Request::Uninstall(asked) => uninstall::uninstall(job, asked).await,
    }
}

async fn apply(job: &Job, apply: Apply) -> Ended {
    job.handle.enter(OperationState::Validating, 0);
    let read = || {
        refuse_preview(&apply)?;
        documents::read(&apply.documents)
    };
    let set = match aside(read) {
        Ok(read) => read,
        Err(problem) => return (Outcome::refused(&problem.into()), None),
    };
    let options = &apply.options;
    let context = job.context(&[], options.step_timeout_seconds, options.deadline_seconds);
    context.learn(set.items.iter().map(|item| &item.object));
    context.learn(set.hooks.iter().map(|hook| &hook.object));
    context.enter(OperationState::Validating, 0);
    let outcome = match prepare::prepare(job, &context, &apply, set).await {
        Err(stop) => Outcome::refused(&stop),
        Ok(Found::Attached(entry)) => recover::attach(job, &context, &entry).await,
        Ok(Found::New(prepared)) => match before(job, &context, &prepared).await {
            Err(stop) => Outcome::refused(&stop),
            Ok(history) => carry::locked(job, &context, *prepared, &history).await,
        },
    };
    (outcome, Some(context))
}

async fn rollback(job: &Job, rollback: Rollback) -> Ended {
    job.handle.enter(OperationState::Validating, 0);
    let options = &rollback.options;
    let context = job.context(&[], options.step_timeout_seconds, options.deadline_seconds);
    context.enter(OperationState::Validating, 0);
    let outcome = match prepare::prepare_rollback(job, &context, &rollback).await {
        Err(stop) => Outcome::refused(&stop),
        Ok(Found::Attached(entry)) => recover::attach(job, &context, &entry).await,
        Ok(Found::New(prepared)) => match job.history(&context).await {
            Err(stop) => Outcome::refused(&stop),
            Ok(history) => carry::locked(job, &context, *prepared, &history).await,
        },
    };
    (outcome, Some(context))
}

/// What is written before the record: definitions and the namespace.
async fn before(job: &Job, context: &Arc<Context>, prepared: &Prepared) -> Result<History, Stop> {
    if !prepared.crds.is_empty() {
        context.enter(OperationState::Crds, prepared.record.version);
        for (index, item) in prepared.crds.iter().enumerate() {
            context.checkpoint()?;
            define(context, index, item).await?;
        }
        context.cluster().refresh_discovery();
    }
    if prepared.options.create_namespace && prepared.kind == OperationKind::Install {
        context.enter(OperationState::Namespace, prepared.record.version);
        let object = &plan::new_namespace(job.namespace());
        let options = kube::ApplyOptions { dry_run: false, force: false };
        let applied = context.call(|cluster| async move { cluster.apply(object, options).await }).await;
        context.warn(Some(&object.reference()), applied.map_err(Stop::from)?.warnings);
    }
    job.history(context).await
}

/// Applies one definition and waits until it is accepted.
async fn define(context: &Arc<Context>, index: usize, item: &Item) -> Result<(), Stop> {
    let reference = item.object.reference();
    context.object(&reference, index, ObjectState::Sending, Note::default());
    let object = &item.object;
    let options = kube::ApplyOptions { dry_run: false, force: false };
    let applied = context.call(|cluster| async move { cluster.apply(object, options).await }).await;
    let failed = |stop: Stop| stop.behind(&format!("failed to install CRD {}", item.source));
    let applied = applied.map_err(|broken| failed(broken.into()))?;
    context.warn(Some(&reference), applied.warnings);
    let state = if applied.created { ObjectState::Created } else { ObjectState::Configured };
    context.object(&reference, index, state, Note { attempt: applied.attempt, ..Note::default() });
    let awaited = [Awaited { object: reference, index }];
    wait::wait(context, &awaited, Goal::Ready { jobs: false }, ESTABLISHED_WITHIN).await.map_err(failed)
}
