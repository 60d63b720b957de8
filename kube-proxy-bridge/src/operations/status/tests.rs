//! Recorded shapes of objects and what is thought of them.

use serde_json::json;

use super::*;

const NOW: &str = "2026-11-21T12:00:00Z";

#[track_caller]
fn check(mut object: Value, kind: &str, wait_for_jobs: bool, verdict: Verdict, message: &str) -> Health {
    let (version, kind) = kind.rsplit_once('/').expect("a version and a kind");
    object["apiVersion"] = json!(version);
    object["kind"] = json!(kind);
    let object = Object::from_value(object).expect("a map");
    let health = at(&object, wait_for_jobs, NOW.parse().expect("a time"));
    assert_eq!((health.verdict, health.message.as_str()), (verdict, message), "{object:?}");
    health
}

#[test]
fn what_holds_for_every_kind_comes_first() {
    use Verdict::{Current, Failed, InProgress, Terminating};
    let cr = "example.com/v1/Widget";
    check(json!({}), cr, false, Current, "Resource is current");
    check(
        json!({"metadata": {"deletionTimestamp": NOW}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}}),
        cr,
        false,
        Terminating,
        "Resource scheduled for deletion",
    );
    check(
        json!({"metadata": {"generation": 3}, "status": {"observedGeneration": 2}}),
        cr,
        false,
        InProgress,
        "Widget generation is 3, but latest observed generation is 2",
    );
    check(
        json!({"metadata": {"generation": 3}, "status": {"observedGeneration": "3"}}),
        cr,
        false,
        Current,
        "Resource is current",
    );
    check(
        json!({"metadata": {"generation": 4}, "status": {"observedGeneration": "3"}}),
        cr,
        false,
        InProgress,
        "Widget generation is 4, but latest observed generation is 3",
    );
    let with = |kind: &str, status: &str| json!({"status": {"conditions": [{"type": kind, "status": status, "message": "why"}]}});
    check(with("Reconciling", "True"), cr, false, InProgress, "why");
    check(with("Reconciling", "False"), cr, false, Current, "Resource is current");
    check(with("Stalled", "True"), cr, false, Failed, "why");
    check(with("Ready", "True"), cr, false, Current, "Resource is Ready");
    check(with("Ready", "False"), cr, false, InProgress, "why");
    check(with("Ready", "Unknown"), cr, false, InProgress, "why");
    check(with("Healthy", "False"), cr, false, Current, "Resource is current");
}

fn workload(replicas: i64, status: Value) -> Value {
    json!({"metadata": {"generation": 1}, "spec": {"replicas": replicas, "progressDeadlineSeconds": 600}, "status": status})
}

#[test]
fn deployments() {
    use Verdict::{Current, Failed, InProgress};
    let kind = "apps/v1/Deployment";
    let status = |replicas: i64, updated: i64, ready: i64, available: i64, reason: &str, is: &str| {
        json!({
            "observedGeneration": 1, "replicas": replicas, "updatedReplicas": updated, "readyReplicas": ready,
            "availableReplicas": available,
            "conditions": [{"type": "Progressing", "status": "True", "reason": reason}, {"type": "Available", "status": is}],
        })
    };
    let done = "NewReplicaSetAvailable";
    for (status, verdict, message) in [
        (json!({}), InProgress, "Replicas: 0/2"),
        (status(2, 1, 2, 2, done, "True"), InProgress, "Updated: 1/2"),
        (status(3, 2, 2, 2, done, "True"), InProgress, "Pending termination: 1"),
        (status(2, 2, 2, 1, done, "True"), InProgress, "Available: 1/2"),
        (status(2, 2, 1, 2, done, "True"), InProgress, "Ready: 1/2"),
        (status(2, 2, 2, 2, "ReplicaSetUpdated", "True"), InProgress, "ReplicaSet not Available"),
        (status(2, 2, 2, 2, done, "False"), InProgress, "Deployment not Available"),
        (status(2, 2, 2, 2, done, "True"), Current, "Deployment is available. Replicas: 2"),
        (status(2, 1, 1, 1, "ProgressDeadlineExceeded", "True"), Failed, "Progress deadline exceeded"),
    ] {
        let health = check(workload(2, status), kind, false, verdict, message);
        assert_eq!(health.desired, Some(2));
    }
    let mut unlimited = workload(2, status(2, 2, 2, 2, "ReplicaSetUpdated", "True"));
    unlimited["spec"]["progressDeadlineSeconds"] = json!(i32::MAX);
    let health = check(unlimited, kind, false, Current, "Deployment is available. Replicas: 2");
    assert_eq!((health.ready, health.desired), (Some(2), Some(2)));
}

#[test]
fn stateful_sets() {
    use Verdict::{Current, InProgress};
    let kind = "apps/v1/StatefulSet";
    let status = |replicas: i64, ready: i64, current: i64, updated: i64, revision: &str| {
        json!({
            "replicas": replicas, "readyReplicas": ready, "currentReplicas": current, "updatedReplicas": updated,
            "currentRevision": "a", "updateRevision": revision,
        })
    };
    for (status, verdict, message) in [
        (json!({}), InProgress, "Replicas: 0/3"),
        (status(3, 2, 3, 3, "a"), InProgress, "Ready: 2/3"),
        (status(4, 3, 3, 3, "a"), InProgress, "Pending termination: 1"),
        (status(3, 3, 2, 3, "a"), InProgress, "current: 2/3"),
        (status(3, 3, 3, 3, "b"), InProgress, "Waiting for updated revision to match current"),
        (status(3, 3, 3, 3, "a"), Current, "All replicas scheduled as expected. Replicas: 3"),
    ] {
        check(workload(3, status), kind, false, verdict, message);
    }
    let mut partitioned = workload(3, status(3, 3, 2, 1, "b"));
    partitioned["spec"]["updateStrategy"] = json!({"rollingUpdate": {"partition": 2}});
    check(partitioned.clone(), kind, false, Current, "Partition rollout complete. updated: 1");
    partitioned["spec"]["updateStrategy"] = json!({"rollingUpdate": {"partition": 1}});
    check(partitioned, kind, false, InProgress, "updated: 1/2");
    let mut by_hand = workload(3, json!({}));
    by_hand["spec"]["updateStrategy"] = json!({"type": "OnDelete"});
    check(by_hand, kind, false, Current, "StatefulSet is using the ondelete update strategy");
}

#[test]
fn daemon_sets() {
    use Verdict::{Current, InProgress};
    let kind = "apps/v1/DaemonSet";
    let status = |current: i64, updated: i64, available: i64, ready: i64| {
        json!({"metadata": {"generation": 1}, "status": {
            "observedGeneration": 1, "desiredNumberScheduled": 2, "currentNumberScheduled": current,
            "updatedNumberScheduled": updated, "numberAvailable": available, "numberReady": ready,
        }})
    };
    for (object, verdict, message) in [
        (json!({}), InProgress, "DaemonSet metadata.generation not found"),
        (json!({"metadata": {"generation": 1}}), InProgress, "DaemonSet status.observedGeneration not found"),
        (
            json!({"metadata": {"generation": 1}, "status": {"observedGeneration": 1}}),
            InProgress,
            "Missing .status.desiredNumberScheduled",
        ),
        (status(1, 2, 2, 2), InProgress, "Current: 1/2"),
        (status(2, 1, 2, 2), InProgress, "Updated: 1/2"),
        (status(2, 2, 1, 2), InProgress, "Available: 1/2"),
        (status(2, 2, 2, 1), InProgress, "Ready: 1/2"),
        (status(2, 2, 2, 2), Current, "All replicas scheduled as expected. Replicas: 2"),
    ] {
        check(object, kind, false, verdict, message);
    }
}

#[test]
fn replica_sets() {
    use Verdict::{Current, InProgress};
    let kind = "apps/v1/ReplicaSet";
    let status = |replicas: i64, labelled: i64, available: i64, ready: i64| {
        json!({
            "replicas": replicas, "fullyLabeledReplicas": labelled, "availableReplicas": available,
            "readyReplicas": ready,
        })
    };
    for (status, verdict, message) in [
        (json!({}), InProgress, "Labelled: 0/2"),
        (status(2, 2, 1, 2), InProgress, "Available: 1/2"),
        (status(2, 2, 2, 1), InProgress, "Ready: 1/2"),
        (status(3, 2, 2, 2), InProgress, "Pending termination: 1"),
        (status(2, 2, 2, 2), Current, "ReplicaSet is available. Replicas: 2"),
        (
            json!({"conditions": [{"type": "ReplicaFailure", "status": "True"}]}),
            InProgress,
            "Replica Failure condition. Check Pods",
        ),
    ] {
        check(workload(2, status), kind, false, verdict, message);
    }
}

#[test]
fn pods() {
    use Verdict::{Current, Failed, InProgress, Unknown};
    let running = |ready: &str, reason: &str| {
        json!({"status": {
            "phase": "Running", "conditions": [{"type": "Ready", "status": ready}],
            "containerStatuses": [{"name": "web", "state": {"waiting": {"reason": reason}}}],
        }})
    };
    let waiting = |created: &str| {
        json!({"metadata": {"creationTimestamp": created}, "status": {"phase": "Pending", "conditions": [
            {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"},
        ]}})
    };
    for (object, verdict, message) in [
        (json!({}), InProgress, "Pod phase not available"),
        (json!({"status": {"phase": "Pending"}}), InProgress, "Pod is in the Pending phase"),
        (waiting("2026-11-21T11:59:50Z"), InProgress, "Pod has not been scheduled"),
        (waiting("2026-11-21T11:59:40Z"), Failed, "Pod could not be scheduled"),
        (running("True", ""), Current, "Pod is Ready"),
        (running("False", ""), InProgress, "Pod is running but is not Ready"),
        (running("False", "CrashLoopBackOff"), Failed, "Containers in CrashLoop state: web"),
        (json!({"status": {"phase": "Succeeded"}}), Current, "Pod has completed successfully"),
        (json!({"status": {"phase": "Failed"}}), Current, "Pod has completed, but not successfully"),
        (json!({"status": {"phase": "Odd"}}), Unknown, "unknown phase Odd"),
    ] {
        check(object, "v1/Pod", false, verdict, message);
    }
}

#[test]
fn jobs_are_waited_for_in_two_ways() {
    use Verdict::{Current, Failed, InProgress};
    let ended = |kind: &str| {
        json!({"spec": {"completions": 2}, "status": {
            "startTime": NOW, "succeeded": 1, "failed": 7, "conditions": [{"type": kind, "status": "True"}],
        }})
    };
    let started = json!({"status": {"startTime": NOW, "active": 1}});
    for (object, now, complete) in [
        (json!({}), (InProgress, "Job not started"), (InProgress, "Job in progress")),
        (
            started,
            (Current, "Job in progress. success:0, active: 1, failed: 0"),
            (InProgress, "Job in progress"),
        ),
        (
            ended("Complete"),
            (Current, "Job Completed. succeeded: 1/2"),
            (Current, "Job Completed. succeeded: 1/2"),
        ),
        (ended("Failed"), (Failed, "Job Failed. failed: 7/2"), (Failed, "Job Failed. failed: 7/2")),
        (
            json!({"status": {"conditions": [{"type": "Suspended", "status": "True"}]}}),
            (Current, "Job is suspended"),
            (InProgress, "Job in progress"),
        ),
    ] {
        check(object.clone(), "batch/v1/Job", false, now.0, now.1);
        check(object, "batch/v1/Job", true, complete.0, complete.1);
    }
}

#[test]
fn everything_else_built_in() {
    use Verdict::{Current, Failed, InProgress};
    let crd = "apiextensions.k8s.io/v1/CustomResourceDefinition";
    let with = |kind: &str, status: &str, reason: &str| json!({"status": {"conditions": [{"type": kind, "status": status, "reason": reason, "message": "why"}]}});
    for (object, kind, verdict, message) in [
        (json!({}), "v1/Secret", Current, "Resource is always ready"),
        (json!({}), "v1/ConfigMap", Current, "Resource is always ready"),
        (json!({}), "batch/v1/CronJob", Current, "Resource is always ready"),
        (json!({}), "policy/v1/PodDisruptionBudget", Current, "AllowedDisruptions has been computed."),
        (
            json!({"metadata": {"generation": 2}, "status": {"observedGeneration": 1}}),
            "policy/v1/PodDisruptionBudget",
            InProgress,
            "PodDisruptionBudget generation is 2, but latest observed generation is 1",
        ),
        (json!({}), "v1/PersistentVolumeClaim", InProgress, "PVC is not Bound. phase: unknown"),
        (json!({"status": {"phase": "Bound"}}), "v1/PersistentVolumeClaim", Current, "PVC is Bound"),
        (json!({}), "v1/Service", Current, "Service is ready"),
        (
            json!({"spec": {"type": "LoadBalancer"}}),
            "v1/Service",
            InProgress,
            "ClusterIP not set. Service type: LoadBalancer",
        ),
        (
            json!({"spec": {"type": "LoadBalancer", "clusterIP": "10.0.0.9"}}),
            "v1/Service",
            Current,
            "Service is ready",
        ),
        (json!({}), crd, InProgress, "Install in progress"),
        (with("Established", "True", ""), crd, Current, "CRD is established"),
        (with("Established", "False", "Installing"), crd, InProgress, "Install in progress"),
        (with("Established", "False", "Broken"), crd, Failed, "why"),
        (with("NamesAccepted", "False", "Taken"), crd, Failed, "why"),
    ] {
        check(object, kind, false, verdict, message);
    }
}

#[test]
fn a_failed_pod_fails_a_set_that_is_on_its_way() {
    let set = |kind: &str| {
        Object::from_value(json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "a"}, "spec": {"replicas": 1}})).expect("a map")
    };
    let pod = |extra: Value| {
        Object::from_value(json!({"apiVersion": "v1", "kind": "Pod", "metadata": extra, "status": {
            "phase": "Running",
            "containerStatuses": [{"name": "a", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}],
        }}))
        .expect("a map")
    };
    let judge = |kind: &str, pods: &[Object]| with_pods(&set(kind), of(&set(kind), false), pods).verdict;
    assert_eq!(judge("StatefulSet", &[pod(json!({}))]), Verdict::Failed);
    assert_eq!(judge("StatefulSet", &[pod(json!({"deletionTimestamp": NOW}))]), Verdict::InProgress);
    assert_eq!(judge("Deployment", &[pod(json!({}))]), Verdict::InProgress);
}
