//! How well an object is, told from the object alone: kstatus, as Helm's `--wait` asks it.
//!
//! *Source*: fluxcd/cli-utils v1.2.2 `pkg/kstatus/status/{generic,core}.go`, which helm v4.3.1 links, and Helm's own reading of
//! Jobs in `internal/statusreaders`. Messages are theirs, so that a person finds them on the web. One thing differs on
//! purpose: an `observedGeneration` that is a string is read as its number (Argo Rollouts writes one; Helm waits for ever).

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use wire::Verdict;

use crate::object::Object;

/// How long a pod may be without a node before it counts as failed.
const SCHEDULE_WINDOW: SignedDuration = SignedDuration::from_secs(15);

/// The health of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// What is to be thought of it.
    pub verdict: Verdict,
    /// In words.
    pub message: String,
    /// Ready parts, for kinds that have parts.
    pub ready: Option<u32>,
    /// Wanted parts.
    pub desired: Option<u32>,
}

/// The health of a live object, now.
///
/// With `wait_for_jobs` a Job is current when it is complete, otherwise as soon as it has started.
/// Cost: a look at a dozen fields, nothing cloned but the message.
#[must_use]
pub fn of(object: &Object, wait_for_jobs: bool) -> Health {
    at(object, wait_for_jobs, Timestamp::now())
}

/// The health of a workload whose pods are known as well: one that is on its way and has a pod that failed has failed.
///
/// Helm looks at the pods of StatefulSets and ReplicaSets, not at those of Deployments; neither does this.
/// Pods that are going away, or wait for a node, do not count.
#[must_use]
pub fn with_pods(object: &Object, mut health: Health, pods: &[Object]) -> Health {
    let looks_at_pods = matches!(object.kind(), "StatefulSet" | "ReplicaSet");
    if health.verdict != Verdict::InProgress || !looks_at_pods {
        return health;
    }
    let failed = pods.iter().filter(|pod| {
        let unscheduled = condition(pod, "PodScheduled")
            .is_some_and(|c| c.status == "False" && c.reason == "Unschedulable");
        !unscheduled && of(pod, false).verdict == Verdict::Failed
    });
    let failed = failed.count();
    if failed > 0 {
        health.verdict = Verdict::Failed;
        health.message = format!("{failed} pods have failed");
    }
    health
}

/// Whether a wait passes over the object: a Deployment that is paused.
#[must_use]
pub fn is_skipped(object: &Object) -> bool {
    object.kind() == "Deployment" && object.pointer("/spec/paused").and_then(Value::as_bool).unwrap_or(false)
}

fn at(object: &Object, wait_for_jobs: bool, now: Timestamp) -> Health {
    let kind = object.kind();
    let group = object.api_version().split_once('/').map_or("", |(group, _)| group);
    let (ready, desired) = parts(object, group, kind);
    let (verdict, message) = match generic(object, kind) {
        Some(found) => found,
        None => match (group, kind) {
            ("", "Secret" | "ConfigMap") | ("batch", "CronJob") => {
                (Verdict::Current, "Resource is always ready".to_owned())
            }
            ("", "Service") => service(object),
            ("", "Pod") => pod(object, now),
            ("", "PersistentVolumeClaim") => claim(object),
            ("apps", "StatefulSet") => stateful_set(object),
            ("apps" | "extensions", "DaemonSet") => daemon_set(object),
            ("apps" | "extensions", "Deployment") => deployment(object),
            ("apps" | "extensions", "ReplicaSet") => replica_set(object),
            ("policy", "PodDisruptionBudget") => {
                (Verdict::Current, "AllowedDisruptions has been computed.".to_owned())
            }
            ("batch", "Job") => job(object, wait_for_jobs),
            ("apiextensions.k8s.io", "CustomResourceDefinition") => definition(object),
            _ => other(object),
        },
    };
    Health { verdict, message, ready, desired }
}

type Judged = (Verdict, String);

fn in_progress(message: impl Into<String>) -> Judged {
    (Verdict::InProgress, message.into())
}

/// What holds for every kind, or `None` when that does not decide.
fn generic(object: &Object, kind: &str) -> Option<Judged> {
    if text(object, "/metadata/deletionTimestamp").is_some_and(|time| !time.is_empty()) {
        return Some((Verdict::Terminating, "Resource scheduled for deletion".to_owned()));
    }
    let generation = object.pointer("/metadata/generation").and_then(lenient);
    let observed = object.pointer("/status/observedGeneration").and_then(lenient);
    if let (Some(generation), Some(observed)) = (generation, observed)
        && generation != observed
    {
        return Some(in_progress(format!(
            "{kind} generation is {generation}, but latest observed generation is {observed}"
        )));
    }
    for condition in conditions(object) {
        match (condition.kind, condition.status) {
            ("Reconciling", "True") => return Some(in_progress(condition.message)),
            ("Stalled", "True") => return Some((Verdict::Failed, condition.message.to_owned())),
            _ => {}
        }
    }
    None
}

fn other(object: &Object) -> Judged {
    match condition(object, "Ready") {
        Some(ready) if ready.status == "True" => (Verdict::Current, "Resource is Ready".to_owned()),
        Some(ready) if matches!(ready.status, "False" | "Unknown") => in_progress(ready.message),
        _ => (Verdict::Current, "Resource is current".to_owned()),
    }
}

fn deployment(object: &Object) -> Judged {
    // Without a deadline the controller never says that it progresses.
    let deadline = number(object, "/spec/progressDeadlineSeconds");
    let mut progressing = deadline.is_none_or(|seconds| seconds == i64::from(i32::MAX));
    let mut available = false;
    for condition in conditions(object) {
        match condition.kind {
            "Progressing" if condition.reason == "ProgressDeadlineExceeded" => {
                return (Verdict::Failed, "Progress deadline exceeded".to_owned());
            }
            "Progressing" if condition.status == "True" => {
                progressing |= condition.reason == "NewReplicaSetAvailable";
            }
            "Available" => available |= condition.status == "True",
            _ => {}
        }
    }
    let wanted = number(object, "/spec/replicas").unwrap_or(1);
    let [replicas, updated, ready, free] =
        ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas"].map(|name| count(object, name));
    if wanted > replicas {
        in_progress(format!("Replicas: {replicas}/{wanted}"))
    } else if wanted > updated {
        in_progress(format!("Updated: {updated}/{wanted}"))
    } else if replicas > wanted {
        in_progress(format!("Pending termination: {}", replicas - wanted))
    } else if updated > free {
        in_progress(format!("Available: {free}/{updated}"))
    } else if wanted > ready {
        in_progress(format!("Ready: {ready}/{wanted}"))
    } else if !progressing {
        in_progress("ReplicaSet not Available")
    } else if !available {
        in_progress("Deployment not Available")
    } else {
        (Verdict::Current, format!("Deployment is available. Replicas: {replicas}"))
    }
}

fn stateful_set(object: &Object) -> Judged {
    if text(object, "/spec/updateStrategy/type") == Some("OnDelete") {
        return (Verdict::Current, "StatefulSet is using the ondelete update strategy".to_owned());
    }
    let wanted = number(object, "/spec/replicas").unwrap_or(1);
    let [replicas, ready, current, updated] =
        ["replicas", "readyReplicas", "currentReplicas", "updatedReplicas"].map(|name| count(object, name));
    if wanted > replicas {
        return in_progress(format!("Replicas: {replicas}/{wanted}"));
    } else if wanted > ready {
        return in_progress(format!("Ready: {ready}/{wanted}"));
    } else if replicas > wanted {
        return in_progress(format!("Pending termination: {}", replicas - wanted));
    }
    // The API server defaults the partition to 0, so this is the usual way.
    if let Some(partition) = number(object, "/spec/updateStrategy/rollingUpdate/partition") {
        let wanted = wanted.saturating_sub(partition);
        return if updated < wanted {
            in_progress(format!("updated: {updated}/{wanted}"))
        } else {
            (Verdict::Current, format!("Partition rollout complete. updated: {updated}"))
        };
    }
    if wanted > current {
        return in_progress(format!("current: {current}/{wanted}"));
    }
    if text(object, "/status/currentRevision") != text(object, "/status/updateRevision") {
        return in_progress("Waiting for updated revision to match current");
    }
    (Verdict::Current, format!("All replicas scheduled as expected. Replicas: {replicas}"))
}

fn daemon_set(object: &Object) -> Judged {
    for path in ["/metadata/generation", "/status/observedGeneration"] {
        if object.pointer(path).and_then(lenient).is_none() {
            return in_progress(format!("DaemonSet {} not found", path[1..].replace('/', ".")));
        }
    }
    let Some(wanted) = number(object, "/status/desiredNumberScheduled") else {
        return in_progress("Missing .status.desiredNumberScheduled");
    };
    for (name, label) in [
        ("currentNumberScheduled", "Current"),
        ("updatedNumberScheduled", "Updated"),
        ("numberAvailable", "Available"),
        ("numberReady", "Ready"),
    ] {
        let have = count(object, name);
        if wanted > have {
            return in_progress(format!("{label}: {have}/{wanted}"));
        }
    }
    (Verdict::Current, format!("All replicas scheduled as expected. Replicas: {wanted}"))
}

fn replica_set(object: &Object) -> Judged {
    if condition(object, "ReplicaFailure").is_some_and(|failure| failure.status == "True") {
        return in_progress("Replica Failure condition. Check Pods");
    }
    let wanted = number(object, "/spec/replicas").unwrap_or(1);
    for (name, label) in
        [("fullyLabeledReplicas", "Labelled"), ("availableReplicas", "Available"), ("readyReplicas", "Ready")]
    {
        let have = count(object, name);
        if wanted > have {
            return in_progress(format!("{label}: {have}/{wanted}"));
        }
    }
    let replicas = count(object, "replicas");
    if replicas > wanted {
        return in_progress(format!("Pending termination: {}", replicas - wanted));
    }
    (Verdict::Current, format!("ReplicaSet is available. Replicas: {replicas}"))
}

fn pod(object: &Object, now: Timestamp) -> Judged {
    match text(object, "/status/phase").unwrap_or_default() {
        "Succeeded" => (Verdict::Current, "Pod has completed successfully".to_owned()),
        "Failed" => (Verdict::Current, "Pod has completed, but not successfully".to_owned()),
        "Running" => {
            if condition(object, "Ready").is_some_and(|ready| ready.status == "True") {
                return (Verdict::Current, "Pod is Ready".to_owned());
            }
            let looping = crash_looping(object);
            if looping.is_empty() {
                in_progress("Pod is running but is not Ready")
            } else {
                (Verdict::Failed, format!("Containers in CrashLoop state: {}", looping.join(",")))
            }
        }
        "Pending" => {
            let unschedulable = condition(object, "PodScheduled")
                .is_some_and(|c| c.status == "False" && c.reason == "Unschedulable");
            if !unschedulable {
                return in_progress("Pod is in the Pending phase");
            }
            let created: Option<Timestamp> =
                text(object, "/metadata/creationTimestamp").and_then(|time| time.parse().ok());
            match created {
                Some(created) if now.duration_since(created) < SCHEDULE_WINDOW => {
                    in_progress("Pod has not been scheduled")
                }
                _ => (Verdict::Failed, "Pod could not be scheduled".to_owned()),
            }
        }
        "" => in_progress("Pod phase not available"),
        phase => (Verdict::Unknown, format!("unknown phase {phase}")),
    }
}

fn crash_looping(pod: &Object) -> Vec<&str> {
    let containers = pod.pointer("/status/containerStatuses").and_then(Value::as_array);
    containers
        .into_iter()
        .flatten()
        .filter(|container| {
            container.pointer("/state/waiting/reason").and_then(Value::as_str) == Some("CrashLoopBackOff")
        })
        .filter_map(|container| container.get("name")?.as_str())
        .collect()
}

fn job(object: &Object, wait_for_jobs: bool) -> Judged {
    let completions =
        number(object, "/spec/completions").or_else(|| number(object, "/spec/parallelism")).unwrap_or(1);
    let [succeeded, active, failed] = ["succeeded", "active", "failed"].map(|name| count(object, name));
    for condition in conditions(object).filter(|condition| condition.status == "True") {
        match condition.kind {
            "Complete" => {
                return (Verdict::Current, format!("Job Completed. succeeded: {succeeded}/{completions}"));
            }
            "Failed" => return (Verdict::Failed, format!("Job Failed. failed: {failed}/{completions}")),
            _ => {}
        }
    }
    if wait_for_jobs {
        return in_progress("Job in progress");
    }
    if text(object, "/status/startTime").unwrap_or_default().is_empty() {
        // A Job that was created suspended never starts by itself.
        return match condition(object, "Suspended") {
            Some(suspended) if suspended.status == "True" => {
                (Verdict::Current, "Job is suspended".to_owned())
            }
            _ => in_progress("Job not started"),
        };
    }
    let message = format!("Job in progress. success:{succeeded}, active: {active}, failed: {failed}");
    (Verdict::Current, message)
}

fn claim(object: &Object) -> Judged {
    match text(object, "/status/phase").unwrap_or("unknown") {
        "Bound" => (Verdict::Current, "PVC is Bound".to_owned()),
        phase => in_progress(format!("PVC is not Bound. phase: {phase}")),
    }
}

fn service(object: &Object) -> Judged {
    let balanced = text(object, "/spec/type") == Some("LoadBalancer");
    if balanced && text(object, "/spec/clusterIP").unwrap_or_default().is_empty() {
        return in_progress("ClusterIP not set. Service type: LoadBalancer");
    }
    (Verdict::Current, "Service is ready".to_owned())
}

fn definition(object: &Object) -> Judged {
    for condition in conditions(object) {
        match (condition.kind, condition.status) {
            ("NamesAccepted", "False") => return (Verdict::Failed, condition.message.to_owned()),
            ("Established", "False") if condition.reason != "Installing" => {
                return (Verdict::Failed, condition.message.to_owned());
            }
            ("Established", "True") => return (Verdict::Current, "CRD is established".to_owned()),
            _ => {}
        }
    }
    in_progress("Install in progress")
}

/// How many parts are ready, and how many are wanted: pods of workloads, completions of Jobs.
fn parts(object: &Object, group: &str, kind: &str) -> (Option<u32>, Option<u32>) {
    let (ready, desired) = match (group, kind) {
        ("apps" | "extensions", "Deployment" | "StatefulSet" | "ReplicaSet") => {
            (count(object, "readyReplicas"), number(object, "/spec/replicas").unwrap_or(1))
        }
        ("apps" | "extensions", "DaemonSet") => {
            (count(object, "numberReady"), count(object, "desiredNumberScheduled"))
        }
        ("batch", "Job") => {
            let wanted = number(object, "/spec/completions").or_else(|| number(object, "/spec/parallelism"));
            (count(object, "succeeded"), wanted.unwrap_or(1))
        }
        _ => return (None, None),
    };
    (u32::try_from(ready).ok(), u32::try_from(desired).ok())
}

fn member<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

struct Condition<'a> {
    kind: &'a str,
    status: &'a str,
    reason: &'a str,
    message: &'a str,
}

fn conditions(object: &Object) -> impl Iterator<Item = Condition<'_>> {
    let list = object.pointer("/status/conditions").and_then(Value::as_array);
    list.into_iter().flatten().map(|condition| Condition {
        kind: member(condition, "type"),
        status: member(condition, "status"),
        reason: member(condition, "reason"),
        message: member(condition, "message"),
    })
}

fn condition<'a>(object: &'a Object, kind: &str) -> Option<Condition<'a>> {
    conditions(object).find(|condition| condition.kind == kind)
}

fn text<'a>(object: &'a Object, pointer: &str) -> Option<&'a str> {
    object.pointer(pointer).and_then(Value::as_str)
}

fn number(object: &Object, pointer: &str) -> Option<i64> {
    object.pointer(pointer).and_then(Value::as_i64)
}

/// A count of `status`, 0 when it is absent.
fn count(object: &Object, name: &str) -> i64 {
    object.pointer("/status").and_then(|status| status.get(name)?.as_i64()).unwrap_or(0)
}

/// A number, or a string that is one.
fn lenient(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests;
