//! What is counted and written down of an operation: metrics and the audit log, from the events that the page sees.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use wire::{
    Code, EventBody, FieldChoice, HookPhase, ObjectConflicts, ObjectRef, ObjectState, OperationResult,
    OperationState,
};

use super::handle::{Handle, Listener};
use super::job::{Environment, Request};
use super::log::guard;
use super::order;
use super::pin;
use crate::audit::{Audit, Entry};
use crate::metrics::{Action, Counted, Finding, KindClass, Metrics, Outcome, Resolution, Trigger};
use crate::policy::Rule;

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
    rule: Option<Rule>,
}

impl Instruments {
    /// Begins: the audit log learns that it started.
    pub(super) fn new(environment: &Environment, handle: &Handle, request: &Request) -> Self {
        let (plan, chart) = match request {
            Request::Apply(apply) => {
                let chart = pin::pin(&apply.chart);
                (apply.plan_id.clone(), Some((chart.name, chart.version, chart.digest)))
            }
            Request::Rollback(rollback) => (rollback.plan_id.clone(), None),
            Request::Uninstall(uninstall) => (uninstall.plan_id.clone(), None),
            Request::Cleanup(_) | Request::Recover(_) | Request::Test(_) => (None, None),
        };
        let decided: &[ObjectConflicts] = match request {
            Request::Apply(apply) => &apply.options.conflicts.objects,
            Request::Rollback(rollback) => &rollback.options.conflicts.objects,
            _ => &[],
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
            forced: forced(decided),
            started,
            now: Mutex::new(Now {
                state: OperationState::Queued,
                since: started,
                running,
                code: None,
                rule: None,
            }),
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

impl Listener for Instruments {
    fn hear(&self, body: &EventBody) {
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
            EventBody::Problem { problem, terminal: true } => {
                let rule = problem.rule.as_deref().and_then(Rule::of_id);
                if let Some(rule) = rule {
                    self.metrics.policy_denied(rule.id());
                }
                let mut now = guard(&self.now);
                now.code = Some(problem.code);
                now.rule = rule;
            }
            EventBody::Orphans { objects } => self.metrics.orphans_detected(objects.len() as u64),
            EventBody::Done { result, revision, counts, .. } => {
                let mut now = guard(&self.now);
                now.running = None;
                let outcome = match result {
                    OperationResult::Failed if *revision == 0 => Outcome::Rejected,
                    result => Outcome::from(*result),
                };
                let (kind, took) = (self.handle.kind(), self.started.elapsed());
                self.metrics.operation_phase(kind, now.state, now.since.elapsed());
                let (namespace, release) = (self.handle.namespace(), self.handle.release());
                self.metrics.operation_ended(namespace, kind, outcome, now.code, took);
                self.metrics.release_ended(namespace, release, kind, *result == OperationResult::Success);
                if kind == wire::OperationKind::Rollback {
                    self.metrics.rollback(namespace, Trigger::User, outcome);
                }
                self.audit.record(&Entry {
                    action: word(&self.handle),
                    revision_after: Some(*revision).filter(|revision| *revision != 0),
                    objects: Some([counts.create, counts.update, counts.delete, self.forced, counts.adopt]),
                    rule: now.rule.map(|rule| rule.id().to_owned()),
                    result: result_word(*result, now.code).to_owned(),
                    duration: Some(took),
                    ..self.entry.clone()
                });
            }
            _ => {}
        }
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

/// On how many objects a field of another manager is set, as a person decided.
fn forced(decided: &[ObjectConflicts]) -> u32 {
    let takes = |one: &&ObjectConflicts| {
        one.fields.values().any(|choice| matches!(choice, FieldChoice::Force | FieldChoice::TakeOver))
    };
    u32::try_from(decided.iter().filter(takes).count()).unwrap_or(u32::MAX)
}

/// How an operation ended, for the audit log: what stopped it where something did.
fn result_word(result: OperationResult, code: Option<Code>) -> &'static str {
    match (result, code) {
        (OperationResult::Success, _) => "success",
        (OperationResult::Cancelled, _) => "cancelled",
        (OperationResult::Interrupted, _) => "interrupted",
        (OperationResult::Degraded | OperationResult::Failed, Some(code)) => code.text(),
        (OperationResult::Degraded, None) => "degraded",
        (OperationResult::Failed, None) => "failed",
    }
}

/// `install`
fn word(handle: &Handle) -> String {
    let kind = serde_json::to_value(handle.kind()).ok();
    kind.as_ref().and_then(|kind| kind.as_str()).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn the_audit_log_tells_how_an_operation_ended_and_not_how_it_might_have() {
        for (result, code, word) in [
            (OperationResult::Success, None, "success"),
            // A person's cancelling is told to the page as a problem, and is none.
            (OperationResult::Cancelled, Some(Code::InvalidRequest), "cancelled"),
            // The task was dropped before anything was told.
            (OperationResult::Interrupted, None, "interrupted"),
            (OperationResult::Failed, Some(Code::PolicyDenied), "policy-denied"),
            (OperationResult::Failed, None, "failed"),
            (OperationResult::Degraded, Some(Code::RecordWriteFailed), "record-write-failed"),
        ] {
            assert_eq!(result_word(result, code), word);
        }
    }

    #[test]
    fn a_field_that_was_yielded_is_not_forced() {
        let decided = |choices: &[FieldChoice]| ObjectConflicts {
            object: ObjectRef {
                api_version: "v1".to_owned(),
                kind: "Service".to_owned(),
                namespace: None,
                name: "a".to_owned(),
            },
            fields: choices
                .iter()
                .enumerate()
                .map(|(at, choice)| (at.to_string(), *choice))
                .collect::<BTreeMap<_, _>>(),
        };
        let all = [
            decided(&[FieldChoice::Yield]),
            decided(&[FieldChoice::Yield, FieldChoice::Force]),
            decided(&[FieldChoice::TakeOver]),
            decided(&[]),
        ];
        assert_eq!(forced(&all), 2);
    }
}
