//! One operation's request, what it works with, and how it ends: what every step is given.

use std::sync::Arc;
use std::time::Duration;

use release::record::{self, Record};
use wire::{Apply, Cleanup, Code, OperationResult, Problem, Recover, Rollback, Status, TestRun, Uninstall};

use super::context::{Context, LONGEST, Stop};
use super::handle::{Halt, Handle};
use super::plans::Plans;
use crate::audit::Audit;
use crate::kube::Cluster;
use crate::metrics::Metrics;
use crate::object::Object;
use crate::policy::Policy;
use crate::redact::Redactor;
use crate::releases::lock::Patience;
use crate::releases::{Body, History, Revision, Store};

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

/// What an operation works with.
#[derive(Clone, Debug)]
pub struct Environment {
    /// The cluster as the caller sees it.
    pub cluster: Cluster,
    /// What may be sent.
    pub policy: Arc<Policy>,
    /// Hides what is secret.
    pub redactor: Redactor,
    /// Plans that were made.
    pub plans: Arc<Plans>,
    /// Counts.
    pub metrics: Metrics,
    /// Writes down.
    pub audit: Audit,
    /// How the caller signed in, for the audit log.
    pub mode: &'static str,
    /// Where the caller is, for the audit log.
    pub peer: String,
    /// Who does it, for records and events that people read.
    pub actor: String,
    /// How often a running operation signs its record.
    pub heartbeat: Duration,
    /// When silence means that somebody is gone.
    pub patience: Patience,
}

/// What an operation ended with, and the context that counted it.
pub(super) type Ended = (Outcome, Option<Arc<Context>>);

/// One operation's request and surroundings.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) environment: Environment,
    pub(super) handle: Handle,
}

impl Job {
    pub(super) fn namespace(&self) -> &str {
        self.handle.namespace()
    }

    pub(super) fn release(&self) -> &str {
        self.handle.release()
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
