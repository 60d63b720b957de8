//! What is counted and written down of an operation: metrics and the audit log, from the events that the page sees.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use wire::{Code, EventBody, HookPhase, ObjectRef, ObjectState, OperationResult, OperationState};

use super::gate::Environment;
use super::handle::Handle;
use super::log::guard;
use super::order;
use super::run::Request;
use crate::audit::{Audit, Entry};
use crate::metrics::{Action, Counted, Finding, KindClass, Metrics, Outcome, Resolution, Trigger};

/// Listens to one operation.
pub(super) struct Instruments {
    metrics: Metrics,
    audit: Audit,
    handle: Handle,
    entry: Entry,
    forced: u32,
    started: Instant,
    now: Mutex<Now>,
}

struct Now {
    state: OperationState,
    since: Instant,
    running: Option<Counted>,
    code: Option<Code>,
}

impl Instruments {
    /// Begins: the audit log learns that it started.
    pub(super) fn new(environment: &Environment, handle: &Handle, request: &Request) -> Self {
        let (plan, chart) = match request {
            Request::Apply(apply) => {
                let text = |name: &str| {
                    let value = apply.chart.metadata.get(name).and_then(|value| value.as_str());
                    value.unwrap_or_default().to_owned()
                };
                let digest = apply.chart.archive_sha256.clone().unwrap_or_default();
                (apply.plan_id.clone(), Some((text("name"), text("version"), digest)))
            }
            Request::Rollback(rollback) => (rollback.plan_id.clone(), None),
            Request::Uninstall(uninstall) => (uninstall.plan_id.clone(), None),
            Request::Cleanup(_) | Request::Recover(_) | Request::Test(_) => (None, None),
        };
        let conflicts = match request {
            Request::Apply(apply) => apply.options.conflicts.objects.len(),
            Request::Rollback(rollback) => rollback.options.conflicts.objects.len(),
            _ => 0,
        };
        let entry = Entry {
            mode: environment.mode,
            caller: handle.identity().to_owned(),
            peer: environment.peer.clone(),
            action: word(handle),
            namespace: handle.namespace().to_owned(),
            release: handle.release().to_owned(),
            operation: Some(handle.id().to_owned()),
            plan,
            chart,
            ..Entry::default()
        };
        environment.audit.record(&Entry { result: "started".to_owned(), ..entry.clone() });
        let started = Instant::now();
        let running = Some(environment.metrics.operation_running(handle.kind()));
        Self {
            metrics: environment.metrics.clone(),
            audit: environment.audit.clone(),
            handle: handle.clone(),
            entry,
            forced: u32::try_from(conflicts).unwrap_or(u32::MAX),
            started,
            now: Mutex::new(Now { state: OperationState::Queued, since: started, running, code: None }),
        }
    }

    /// Takes note of an event.
    pub(super) fn see(&self, body: &EventBody) {
        match body {
            EventBody::State { state, .. } => {
                let mut now = guard(&self.now);
                if now.state != *state {
                    self.metrics.operation_phase(self.handle.kind(), now.state, now.since.elapsed());
                    now.state = *state;
                    now.since = Instant::now();
                }
            }
            EventBody::Object { object, state, .. } => self.object(object, *state),
            EventBody::Hook { event, phase, ms, .. } => {
                let finding = match phase {
                    HookPhase::Succeeded => Finding::Success,
                    HookPhase::Failed => Finding::Failed,
                    HookPhase::Running | HookPhase::Unknown => return,
                };
                self.metrics.hook(event, finding, Duration::from_millis(*ms));
            }
            EventBody::Conflict { conflicts, .. } => {
                for conflict in conflicts {
                    self.metrics.conflict(conflict.kind, Resolution::Abort);
                }
            }
            EventBody::Record { bytes, .. } => {
                self.metrics.record_written(usize::try_from(*bytes).unwrap_or(usize::MAX));
            }
            EventBody::Problem { problem, terminal: false } if problem.code != Code::TokenExpired => {
                self.metrics.record_write_failed(problem.code);
            }
            EventBody::Problem { problem, terminal: true } => guard(&self.now).code = Some(problem.code),
            EventBody::Done { result, revision, counts, .. } => {
                let mut now = guard(&self.now);
                now.running = None;
                let outcome = match result {
                    OperationResult::Failed if *revision == 0 => Outcome::Rejected,
                    result => Outcome::from(*result),
                };
                let (kind, took) = (self.handle.kind(), self.started.elapsed());
                self.metrics.operation_phase(kind, now.state, now.since.elapsed());
                self.metrics.operation_ended(kind, outcome, now.code, took);
                if kind == wire::OperationKind::Rollback {
                    self.metrics.rollback(Trigger::User, outcome);
                }
                self.audit.record(&Entry {
                    action: word(&self.handle),
                    revision_after: Some(*revision).filter(|revision| *revision != 0),
                    objects: Some([counts.create, counts.update, counts.delete, self.forced, counts.adopt]),
                    result: match now.code {
                        Some(code) => code.text().to_owned(),
                        None => "success".to_owned(),
                    },
                    duration: Some(took),
                    ..self.entry.clone()
                });
            }
            _ => {}
        }
    }

    fn object(&self, object: &ObjectRef, state: ObjectState) {
        let action = match state {
            ObjectState::Created => Action::Create,
            ObjectState::Configured => Action::Update,
            ObjectState::Unchanged => Action::Unchanged,
            ObjectState::Deleted => Action::Delete,
            ObjectState::Kept => Action::Keep,
            ObjectState::Skipped => Action::Skip,
            ObjectState::Conflict => Action::Conflict,
            ObjectState::Failed => Action::Invalid,
            ObjectState::Ready => {
                let since = guard(&self.now).since;
                return self.metrics.ready(class(object), since.elapsed());
            }
            ObjectState::Planned | ObjectState::Sending | ObjectState::Waiting => return,
        };
        self.metrics.object(action);
    }
}

impl std::fmt::Debug for Instruments {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Instruments").field("handle", &self.handle.id()).finish_non_exhaustive()
    }
}

fn class(object: &ObjectRef) -> KindClass {
    match object.kind.as_str() {
        "DaemonSet" | "Deployment" | "Pod" | "ReplicaSet" | "StatefulSet" => KindClass::Workload,
        "Job" => KindClass::Job,
        _ if order::is_custom(object) => KindClass::CustomResource,
        _ => KindClass::Other,
    }
}

/// `install`
fn word(handle: &Handle) -> String {
    let kind = serde_json::to_value(handle.kind()).ok();
    kind.as_ref().and_then(|kind| kind.as_str()).unwrap_or_default().to_owned()
}
