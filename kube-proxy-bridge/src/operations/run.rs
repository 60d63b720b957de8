//! An operation from its request to its last event: what is asked for, tried out, locked, carried out and recorded.
//!
//! `validating → crds → namespace → locking → pre-hooks → applying → pruning → waiting → post-hooks → recording`: nothing is
//! written before everything was tried, and from the lock on every way out ends in a last status of the record, but one:
//! a bridge that stops leaves it pending, with a journal, for another to go on.
//!
//! Source: helm v4.3.1 `pkg/action/{install,upgrade,rollback}.go` for the order of writes, the base revision and the
//! sentences in records.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use release::record::{self, Record};
use tokio::time::{sleep, timeout};
use wire::{
    Apply, ApplyOptions, Cleanup, Code, Counts, EventBody, ObjectState, OnFailure, OperationKind,
    OperationResult, OperationState, PlanSubject, Problem, Recover, Rollback, Status, TestRun, Uninstall,
    Wait,
};

use super::context::{Context, LONGEST, Note, Stop};
use super::drift;
use super::gate;
use super::handle::{Halt, Handle};
use super::instruments::Instruments;
use super::journal::Journal;
use super::keeper::{self, Keeper};
use super::plan;
use super::prepare::{Found, Prepared, refuse_preview};
use super::steps::Execution;
use super::wait::{self, Awaited, Goal};
use super::{recover, test, uninstall};
use crate::aside::aside;
use crate::documents::{self, Item};
use crate::kube;
use crate::metrics::Trigger;
use crate::object::Object;
use crate::releases::{Body, History, Revision, Store};

/// How long a definition may take to be accepted.
const ESTABLISHED_WITHIN: Duration = Duration::from_secs(60);
/// How long the look for orphans may keep an operation that is done.
const SWEEP_WITHIN: Duration = Duration::from_secs(10);
/// How long the next pause is at which an earlier revision is left as it is: half a minute in all.
const SUPERSEDED_WITHIN: Duration = Duration::from_secs(30);

/// What is asked for.
#[derive(Clone, Debug)]
pub enum Request {
    /// Install or upgrade.
    Apply(Box<Apply>),
    /// Delete orphans.
    Cleanup(Cleanup),
    /// Deal with an operation that was cut off.
    Recover(Recover),
    /// Go back.
    Rollback(Box<Rollback>),
    /// Run the tests.
    Test(TestRun),
    /// Delete everything.
    Uninstall(Uninstall),
}

/// How an operation ended, and the revision it wrote; 0 when none.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) result: OperationResult,
    pub(super) revision: u32,
    pub(super) problem: Option<Problem>,
}

impl Outcome {
    pub(super) fn success(revision: u32) -> Self {
        Self { result: OperationResult::Success, revision, problem: None }
    }

    /// The outcome of a stop before anything was written.
    pub(super) fn refused(stop: &Stop) -> Self {
        let result = match stop {
            Stop::Halted(Halt::Cancelled(_)) => OperationResult::Cancelled,
            _ => OperationResult::Failed,
        };
        Self { result, revision: 0, problem: Some(stop.problem()) }
    }
}

/// Carries out a request, and ends its log.
pub async fn run(environment: gate::Environment, handle: Handle, request: Request) {
    handle.measure(Instruments::new(&environment, &handle, &request));
    let job = Job { environment, handle: handle.clone() };
    // Records are written to the release's namespace, whatever else is.
    let (outcome, tally) = match gate::check_objects(&job, &[]) {
        Err(problem) => (Outcome::refused(&problem.into()), None),
        Ok(()) => job.request(request).await,
    };
    if let Some(mut problem) = outcome.problem {
        problem.operation = Some(handle.id().to_owned());
        handle.emit(EventBody::Problem { problem: Box::new(problem), terminal: true });
    }
    let (counts, durations) =
        tally.map_or_else(|| (Counts::default(), Default::default()), |context| context.tally());
    handle.emit(EventBody::Done { result: outcome.result, revision: outcome.revision, durations, counts });
}

/// What an operation ended with, and the context that counted it.
pub(super) type Ended = (Outcome, Option<Arc<Context>>);

/// One operation's request and surroundings.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) environment: gate::Environment,
    pub(super) handle: Handle,
}

impl Job {
    pub(super) fn namespace(&self) -> &str {
        self.handle.namespace()
    }

    pub(super) fn release(&self) -> &str {
        self.handle.release()
    }

    async fn request(&self, request: Request) -> Ended {
        match request {
            Request::Apply(apply) => self.apply(*apply).await,
            Request::Cleanup(cleanup) => uninstall::cleanup(self, cleanup).await,
            Request::Recover(asked) => recover::recover(self, asked).await,
            Request::Rollback(rollback) => self.rollback(*rollback).await,
            Request::Test(asked) => test::test(self, asked).await,
            Request::Uninstall(asked) => uninstall::uninstall(self, asked).await,
        }
    }

    /// A context in which these objects' secrets are not shown.
    pub(super) fn context(
        &self,
        secrets: &[Object],
        step_seconds: u32,
        deadline_seconds: u32,
    ) -> Arc<Context> {
        let seconds = |seconds: u32| Duration::from_secs(u64::from(seconds.max(1))).min(LONGEST);
        let context = Context::new(
            self.handle.clone(),
            self.environment.cluster.clone(),
            self.environment.redactor.clone(),
            self.environment.metrics.clone(),
            seconds(step_seconds),
            seconds(deadline_seconds),
        );
        context.learn(secrets);
        context
    }

    pub(super) async fn history(&self, context: &Context) -> Result<History, Stop> {
        context
            .ask(
                |cluster| async move { Store::new(&cluster, self.namespace()).history(self.release()).await },
            )
            .await
    }

    /// A revision; what its Secrets hold is hidden from now on.
    pub(super) async fn revision(&self, context: &Context, number: u32) -> Result<Revision, Stop> {
        let revision = context
            .ask(|cluster| async move {
                Store::new(&cluster, self.namespace()).expect(self.release(), number).await
            })
            .await?;
        if let Body::Record(record) = &revision.body {
            context.learn_record(record);
        }
        Ok(revision)
    }

    async fn apply(&self, apply: Apply) -> Ended {
        self.handle.enter(OperationState::Validating, 0);
        let read = || {
            refuse_preview(&apply)?;
            documents::read(&apply.documents)
        };
        let set = match aside(read) {
            Ok(read) => read,
            Err(problem) => return (Outcome::refused(&problem.into()), None),
        };
        let options = &apply.options;
        let context = self.context(&[], options.step_timeout_seconds, options.deadline_seconds);
        context.learn(set.items.iter().map(|item| &item.object));
        context.learn(set.hooks.iter().map(|hook| &hook.object));
        context.enter(OperationState::Validating, 0);
        let outcome = match self.prepare(&context, &apply, set).await {
            Err(stop) => Outcome::refused(&stop),
            Ok(Found::Attached(entry)) => recover::attach(self, &context, &entry).await,
            Ok(Found::New(prepared)) => match self.before(&context, &prepared).await {
                Err(stop) => Outcome::refused(&stop),
                Ok(history) => self.locked(&context, *prepared, &history).await,
            },
        };
        (outcome, Some(context))
    }

    async fn rollback(&self, rollback: Rollback) -> Ended {
        self.handle.enter(OperationState::Validating, 0);
        let options = &rollback.options;
        let context = self.context(&[], options.step_timeout_seconds, options.deadline_seconds);
        context.enter(OperationState::Validating, 0);
        let outcome = match self.prepare_rollback(&context, &rollback).await {
            Err(stop) => Outcome::refused(&stop),
            Ok(Found::Attached(entry)) => recover::attach(self, &context, &entry).await,
            Ok(Found::New(prepared)) => match self.history(&context).await {
                Err(stop) => Outcome::refused(&stop),
                Ok(history) => self.locked(&context, *prepared, &history).await,
            },
        };
        (outcome, Some(context))
    }

    /// What is written before the record: definitions and the namespace.
    async fn before(&self, context: &Arc<Context>, prepared: &Prepared) -> Result<History, Stop> {
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
            let object = &plan::new_namespace(self.namespace());
            let options = kube::ApplyOptions { dry_run: false, force: false };
            let applied = context.call(|cluster| async move { cluster.apply(object, options).await }).await;
            context.warn(Some(&object.reference()), applied.map_err(Stop::from)?.warnings);
        }
        self.history(context).await
    }

    /// Takes the lock, carries out and records.
    pub(super) async fn locked(
        &self,
        context: &Arc<Context>,
        prepared: Prepared,
        history: &History,
    ) -> Outcome {
        match self.lock(context, &prepared, history).await {
            Err(stop) => Outcome::refused(&stop),
            Ok(keeper) => self.carry_out(context, prepared, &keeper).await,
        }
    }

    async fn lock(
        &self,
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
                .ask(|cluster| async move { Store::new(&cluster, self.namespace()).trim(history, max).await })
                .await?;
        }
        let how = recover::options_to_text(options);
        let mut annotations = keeper::annotations(self.handle.id(), &how);
        annotations.extend(prepared.notes.clone());
        let annotations = &annotations;
        let written = context
            .ask(|cluster| async move {
                Store::new(&cluster, self.namespace()).create(record, labels, annotations).await
            })
            .await?;
        self.handle.emit(EventBody::Record {
            revision: record.version,
            status: Status::named(&record.info.status),
            bytes: written.sizes.stored,
        });
        Ok(Keeper::new(context, written.head, Journal::planned(prepared.objects.len()), &self.environment))
    }

    /// Everything after the lock. Whatever happens, the record gets its last status, or this is resumable.
    pub(super) async fn carry_out(
        &self,
        context: &Arc<Context>,
        prepared: Prepared,
        keeper: &Keeper,
    ) -> Outcome {
        let mut record = prepared.record.clone();
        let execution = Execution {
            context,
            keeper,
            policy: &self.environment.policy,
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
            Ok(()) => return self.succeed(context, &prepared, keeper, record).await,
            Err(stop) => stop,
        };
        let outcome = self.fail(context, &prepared, keeper, record, &stop).await;
        if outcome.result != OperationResult::Failed || matches!(stop, Stop::Hijacked(_)) {
            return outcome;
        }
        match prepared.options.on_failure {
            OnFailure::Keep => outcome,
            OnFailure::Cleanup => {
                execution.clean_up().await;
                outcome
            }
            OnFailure::Rollback => self.go_back(context, &prepared, outcome).await,
        }
    }

    async fn succeed(
        &self,
        context: &Arc<Context>,
        prepared: &Prepared,
        keeper: &Keeper,
        mut record: Record,
    ) -> Outcome {
        context.enter(OperationState::Recording, record.version);
        keeper.enter(OperationState::Recording).await;
        for number in &prepared.previous {
            if let Err(stop) = self.surely_superseded(context, *number).await {
                let problem = Box::new(stop.problem());
                self.handle.emit(EventBody::Problem { problem, terminal: false });
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
                self.sweep(context).await;
                Outcome::success(record.version)
            }
            Err(stop) => self.degraded(&record, &stop),
        }
    }

    /// Looks for what earlier revisions left, and tells it. What cannot be looked for is left for another time: the
    /// operation has succeeded.
    async fn sweep(&self, context: &Context) {
        let cluster = context.cluster();
        let sweep = drift::orphans(&cluster, self.namespace(), self.release());
        match timeout(SWEEP_WITHIN, sweep).await {
            Ok(Ok(found)) if !found.objects.is_empty() => {
                self.handle.emit(EventBody::Orphans { objects: found.objects });
            }
            Ok(Ok(_)) => {}
            Ok(Err(_)) | Err(_) => {
                tracing::info!(event = "orphans-not-looked-for", operation = self.handle.id())
            }
        }
    }

    /// Gives the record its last status.
    async fn fail(
        &self,
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
            (_, OperationKind::Install) => format!("Release \"{}\" failed: {}", self.release(), stop.words()),
            (_, OperationKind::Rollback) if stop.problem().code == Code::NotReady => {
                format!("Release \"{}\" failed: {}", self.release(), stop.words())
            }
            (_, OperationKind::Rollback) => {
                format!("Rollback \"{}\" failed: {}", self.release(), stop.words())
            }
            _ => format!("Upgrade \"{}\" failed: {}", self.release(), stop.words()),
        };
        match keeper.finish(context, &record).await {
            Ok(()) => ended(result),
            Err(other) => self.degraded(&record, &other),
        }
    }

    /// The record could not be written: what it should say is kept for the person.
    pub(super) fn degraded(&self, record: &Record, stop: &Stop) -> Outcome {
        if matches!(stop, Stop::Hijacked(_)) {
            let problem = Some(stop.problem());
            return Outcome { result: OperationResult::Failed, revision: record.version, problem };
        }
        self.handle.keep_record(record::encode(record).stored);
        let detail = format!(
            "revision {} is {} but its record could not be written: {}. The record can be fetched from this operation",
            record.version,
            record.info.status,
            stop.words()
        );
        let problem = Some(Problem::new(Code::RecordWriteFailed, detail));
        Outcome { result: OperationResult::Degraded, revision: record.version, problem }
    }

    /// Goes back after a failure: to the last good revision, or to nothing.
    async fn go_back(&self, context: &Arc<Context>, prepared: &Prepared, failed: Outcome) -> Outcome {
        let history = match self.history(context).await {
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
            let removed = uninstall::all(self, &fresh, &asked, &history).await;
            self.environment.metrics.rollback(Trigger::OnFailure, removed.result.into());
            return match removed.result {
                OperationResult::Success => failed,
                _ => removed,
            };
        }
        let Some(good) = history.last_good(failed.revision) else { return failed };
        let rollback = Rollback {
            to_revision: good.head.revision,
            expected_revision: None,
            plan_id: None,
            accept_mismatch: false,
            options: ApplyOptions {
                on_failure: OnFailure::Keep,
                description: String::new(),
                conflicts: prepared.options.conflicts.clone(),
                recreate: Vec::new(),
                ..prepared.options.clone()
            },
        };
        // What was stored may be another's, and is tried like everything else.
        let tried = async {
            let back = self.rolled_back(&fresh, &history, &rollback).await?;
            let subject = PlanSubject::Rollback(rollback.clone());
            gate::try_out(self, &fresh, &back, &subject).await.map(|()| back)
        };
        let back = match tried.await {
            Ok(back) => Box::pin(self.locked(&fresh, back, &history)).await,
            Err(stop) => Outcome::refused(&stop),
        };
        self.environment.metrics.rollback(Trigger::OnFailure, back.result.into());
        // The operation failed, whatever came of the way back; which revision runs now is told.
        match back.result {
            OperationResult::Success => Outcome { revision: back.revision, ..failed },
            _ => Outcome { problem: back.problem, ..failed },
        }
    }

    /// The same, again and again for a while: two revisions that are called deployed confuse everybody.
    async fn surely_superseded(&self, context: &Context, number: u32) -> Result<(), Stop> {
        let mut pause = Duration::from_millis(500);
        loop {
            match self.supersede(context, number).await {
                Err(Stop::Failed(problem)) if pause < SUPERSEDED_WITHIN => {
                    self.handle.emit(EventBody::Problem { problem, terminal: false });
                }
                // It is somebody else's now.
                Err(Stop::Hijacked(_)) => return Ok(()),
                other => return other,
            }
            sleep(pause).await;
            pause *= 2;
        }
    }

    /// Marks an earlier revision as superseded.
    pub(super) async fn supersede(&self, context: &Context, number: u32) -> Result<(), Stop> {
        context
            .ask(|cluster| async move {
                let store = Store::new(&cluster, self.namespace());
                let Some(revision) = store.get(self.release(), number).await? else { return Ok(()) };
                let head = revision.head.clone();
                let mut record = revision.into_record()?;
                if record.info.status == Status::Superseded.text() {
                    return Ok(());
                }
                record.info.status = Status::Superseded.text().to_owned();
                store.update(&record, &head).await.map(|_| ())
            })
            .await
    }
}

/// Applies one definition and waits until it is accepted.
async fn define(context: &Arc<Context>, index: usize, item: &Item) -> Result<(), Stop> {
    let reference = item.object.reference();
    context.object(&reference, index, ObjectState::Sending, Note::default());
    let object = &item.object;
    let options = kube::ApplyOptions { dry_run: false, force: false };
    let applied = context.call(|cluster| async move { cluster.apply(object, options).await }).await;
    let failed = |stop: Stop| match stop {
        Stop::Failed(mut problem) => {
            problem.detail = format!("failed to install CRD {}: {}", item.source, problem.detail);
            Stop::Failed(problem)
        }
        other => other,
    };
    let applied = applied.map_err(|broken| failed(broken.into()))?;
    context.warn(Some(&reference), applied.warnings);
    let state = if applied.created { ObjectState::Created } else { ObjectState::Configured };
    context.object(&reference, index, state, Note { attempt: applied.attempt, ..Note::default() });
    let awaited = [Awaited { object: reference, index }];
    wait::wait(context, &awaited, Goal::Ready { jobs: false }, ESTABLISHED_WITHIN).await.map_err(failed)
}
