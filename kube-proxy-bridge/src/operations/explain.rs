//! Why an object is not ready: its Kubernetes events, those of its pods, and the last lines of the containers that fail.
//!
//! Everything is looked up again each round, and told once. Each round is bounded: five objects, three pods of each.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::sync::Arc;

use serde_json::Value;
use wire::{EventBody, ObjectRef, Verdict};

use super::context::Context;
use super::resources;
use super::status::{self, Health};
use crate::kube::{ListOptions, LogOptions};
use crate::object::Object;

const OBJECTS: usize = 5;
const PODS: usize = 3;
const LINES: u32 = 20;
/// What was told is remembered up to this many things; a wait that finds more starts over.
const REMEMBERED: usize = 4_096;

/// Remembers what was told.
#[derive(Debug, Default)]
pub(super) struct Explainer {
    told: HashSet<u64>,
}

/// A round that is over.
#[derive(Debug)]
pub(super) struct Explained {
    pub(super) explainer: Explainer,
    /// Workloads that turned out to have failed because of their pods.
    pub(super) failed: Vec<(ObjectRef, Health)>,
}

impl Explainer {
    /// Tells what is new about objects that are late, and which of them have failed because of their pods. What cannot be
    /// read is passed over: this is help, not the operation.
    pub(super) async fn explain(
        &mut self,
        context: &Arc<Context>,
        late: &[(ObjectRef, Option<Object>)],
    ) -> Vec<(ObjectRef, Health)> {
        let mut failed = Vec::new();
        for (reference, object) in late.iter().take(OBJECTS) {
            self.events(context, reference, reference).await;
            let Some(object) = object else { continue };
            let pods = pods(context, object).await;
            let health = status::with_pods(object, status::of(object, false), &pods);
            if health.verdict == Verdict::Failed {
                failed.push((reference.clone(), health));
            }
            let unwell =
                pods.iter().filter(|pod| !matches!(status::of(pod, false).verdict, Verdict::Current));
            for pod in unwell.take(PODS) {
                let own = pod_reference(pod);
                if own != *reference {
                    self.events(context, reference, &own).await;
                }
                self.logs(context, pod, &own).await;
            }
        }
        failed
    }

    /// The events of `about`, told of `reference`.
    async fn events(&mut self, context: &Arc<Context>, reference: &ObjectRef, about: &ObjectRef) {
        let fields = format!("involvedObject.kind={},involvedObject.name={}", about.kind, about.name);
        let options = ListOptions { fields, limit: 50, ..ListOptions::default() };
        // Events of what has no namespace are in `default`.
        let namespace = about.namespace.as_deref().unwrap_or("default");
        let Ok(list) = context.cluster().list("v1", "Event", Some(namespace), &options).await else { return };
        for event in list.items {
            let text = |name: &str| event.as_map().get(name).and_then(Value::as_str).unwrap_or_default();
            let (kind, reason, message) = (text("type"), text("reason"), text("message"));
            if !self.is_new(&(about, kind, reason, message)) {
                continue;
            }
            let count = event.as_map().get("count").and_then(Value::as_u64).unwrap_or(1);
            context.handle.emit(EventBody::ObjectEvent {
                object: reference.clone(),
                kind: context.redaction.told(kind),
                reason: context.redaction.told(reason),
                message: context.redaction.told(message),
                count: u32::try_from(count).unwrap_or(u32::MAX),
            });
        }
    }

    /// The last lines of a pod's containers that have ended or cannot go on.
    async fn logs(&mut self, context: &Arc<Context>, pod: &Object, reference: &ObjectRef) {
        for (container, previous) in failing(pod) {
            let options = LogOptions { tail_lines: LINES, previous, ..LogOptions::default() };
            let read = context.cluster().logs(pod.namespace(), pod.name(), &container, options).await;
            let Ok(text) = read else { continue };
            if text.is_empty() || !self.is_new(&(reference, &container, &text)) {
                continue;
            }
            let lines = text.lines().map(|line| context.redaction.told(line)).collect();
            context.handle.emit(EventBody::Log { object: reference.clone(), container, lines });
        }
    }

    fn is_new(&mut self, what: &impl Hash) -> bool {
        let mut hasher = DefaultHasher::new();
        what.hash(&mut hasher);
        if self.told.len() >= REMEMBERED {
            self.told.clear();
        }
        self.told.insert(hasher.finish())
    }
}

/// The pods of a workload: itself, or what its selector finds; none when they cannot be read.
pub(super) async fn pods(context: &Context, object: &Object) -> Vec<Object> {
    resources::pods(&context.cluster(), object).await.unwrap_or_default()
}

/// Containers that ended badly, and whether their last words are those of the run before.
fn failing(pod: &Object) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    for list in ["/status/initContainerStatuses", "/status/containerStatuses"] {
        for status in pod.pointer(list).and_then(Value::as_array).into_iter().flatten() {
            let Some(name) = status.get("name").and_then(Value::as_str) else { continue };
            let ended = |state: &str| {
                status
                    .pointer(&format!("/{state}/terminated/exitCode"))
                    .and_then(Value::as_i64)
                    .is_some_and(|code| code != 0)
            };
            if ended("state") {
                found.push((name.to_owned(), false));
            } else if ended("lastState") {
                found.push((name.to_owned(), true));
            }
        }
    }
    found
}

fn pod_reference(pod: &Object) -> ObjectRef {
    ObjectRef { api_version: "v1".to_owned(), kind: "Pod".to_owned(), ..pod.reference() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn last_words_are_those_of_the_run_that_ended() {
        let pod = Object::from_value(json!({"status": {
            "initContainerStatuses": [{"name": "init", "state": {"terminated": {"exitCode": 0}}}],
            "containerStatuses": [
                {"name": "web", "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                 "lastState": {"terminated": {"exitCode": 1}}},
                {"name": "side", "state": {"terminated": {"exitCode": 2}}},
                {"name": "well", "state": {"running": {}}},
            ],
        }}));
        assert_eq!(failing(&pod.unwrap()), [("web".to_owned(), true), ("side".to_owned(), false)]);
    }

    #[test]
    fn the_same_is_told_once() {
        let mut explainer = Explainer::default();
        assert!(explainer.is_new(&("a", "b")));
        assert!(!explainer.is_new(&("a", "b")));
        assert!(explainer.is_new(&("a", "c")));
    }
}
