//! The live objects of a release and how they are: health, pods, the latest events.

use std::collections::BTreeMap;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;
use wire::{ObjectEvent, ObjectRef, PodStatus, Problem, ResourceStatus, Verdict};

use super::status;
use crate::documents::Item;
use crate::kube::{Cluster, Error, ListOptions};
use crate::object::Object;
use crate::redact::Redaction;

const AT_ONCE: usize = 8;
/// Of one object; a page of them is what a person reads.
const EVENTS: usize = 20;
const PODS: u32 = 100;

/// How the objects of a manifest are, in its order.
///
/// Cost: a call for each object, one more for the pods of a workload, one more for the events of what is not well.
///
/// # Errors
/// The calls'. What the caller may not see is `unknown`, and no error.
pub async fn health(
    cluster: &Cluster,
    items: &[Item],
    namespace: &str,
    hidden: &Redaction,
) -> Result<Vec<ResourceStatus>, Problem> {
    let all: Vec<_> = items.iter().map(|item| one(cluster, &item.object, namespace, hidden)).collect();
    Ok(stream::iter(all).buffered(AT_ONCE).try_collect().await?)
}

async fn one(
    cluster: &Cluster,
    document: &Object,
    namespace: &str,
    hidden: &Redaction,
) -> Result<ResourceStatus, Error> {
    let mut object = document.reference();
    let told = |object: ObjectRef, verdict, message: String| ResourceStatus {
        object,
        verdict,
        message,
        ready: None,
        desired: None,
        events: Vec::new(),
        pods: Vec::new(),
    };
    match cluster.resource(&object.api_version, &object.kind).await {
        Ok(resource) if resource.namespaced => {
            object.namespace.get_or_insert_with(|| namespace.to_owned());
        }
        Ok(_) => object.namespace = None,
        Err(error) if error.is_not_found() => return Ok(told(object, Verdict::NotFound, error.message)),
        Err(error) => return Err(error),
    }
    let live = match cluster.get(&object).await {
        Ok(Some(live)) => live,
        Ok(None) => return Ok(told(object, Verdict::NotFound, "Resource not found".to_owned())),
        Err(error) if error.is_forbidden() => return Ok(told(object, Verdict::Unknown, error.message)),
        Err(error) => return Err(error),
    };
    let pods = pods(cluster, &live).await?;
    let health = status::with_pods(&live, status::of(&live, true), &pods);
    let mut status = told(object, health.verdict, hidden.told(&health.message));
    (status.ready, status.desired) = (health.ready, health.desired);
    status.pods = pods.iter().map(|object| pod(object, hidden)).collect();
    if health.verdict != Verdict::Current {
        let mut about = vec![live.uid().to_owned()];
        about.extend(pods.iter().filter(|pod| !is_ready(pod)).take(3).map(|pod| pod.uid().to_owned()));
        status.events = events(cluster, live.namespace(), &about, hidden).await?;
    }
    Ok(status)
}

/// The pods that a workload selects; a Pod is its own.
///
/// # Errors
/// The call's. Pods that the caller may not see are not there.
pub async fn pods(cluster: &Cluster, workload: &Object) -> Result<Vec<Object>, Error> {
    if workload.kind() == "Pod" && workload.api_version() == "v1" {
        return Ok(vec![workload.clone()]);
    }
    if !matches!(workload.kind(), "DaemonSet" | "Deployment" | "Job" | "ReplicaSet" | "StatefulSet") {
        return Ok(Vec::new());
    }
    let Some(labels) = workload.pointer("/spec/selector").and_then(selector) else { return Ok(Vec::new()) };
    let options = ListOptions { labels, limit: PODS, ..ListOptions::default() };
    match cluster.list("v1", "Pod", Some(workload.namespace()), &options).await {
        Ok(list) => Ok(list.items),
        Err(error) if error.is_forbidden() => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// A label selector as a query writes it; `None` when it would select everything, or is of a shape we do not know.
fn selector(selector: &Value) -> Option<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let mut parts = Vec::new();
    for (name, value) in selector.get("matchLabels").and_then(Value::as_object).into_iter().flatten() {
        parts.push(format!("{name}={}", text(value)?));
    }
    for expression in selector.get("matchExpressions").and_then(Value::as_array).into_iter().flatten() {
        let key = expression.get("key").and_then(text)?;
        let values = || -> Option<String> {
            let values = expression.get("values")?.as_array()?;
            Some(values.iter().map(text).collect::<Option<Vec<_>>>()?.join(","))
        };
        parts.push(match expression.get("operator").and_then(Value::as_str)? {
            "Exists" => key,
            "DoesNotExist" => format!("!{key}"),
            "In" => format!("{key} in ({})", values()?),
            "NotIn" => format!("{key} notin ({})", values()?),
            _ => return None,
        });
    }
    (!parts.is_empty()).then(|| parts.join(","))
}

fn pod(pod: &Object, hidden: &Redaction) -> PodStatus {
    let containers = pod.pointer("/status/containerStatuses").and_then(Value::as_array);
    let init = pod.pointer("/status/initContainerStatuses").and_then(Value::as_array);
    let mut all = init.into_iter().flatten().chain(containers.into_iter().flatten());
    let restarts = all.clone().filter_map(|status| status.get("restartCount")?.as_u64()).sum::<u64>();
    PodStatus {
        name: pod.name().to_owned(),
        phase: hidden.told(pod.pointer("/status/phase").and_then(Value::as_str).unwrap_or_default()),
        ready: is_ready(pod),
        waiting: all.find_map(|status| Some(hidden.told(status.pointer("/state/waiting/reason")?.as_str()?))),
        restarts: u32::try_from(restarts).unwrap_or(u32::MAX),
    }
}

fn is_ready(pod: &Object) -> bool {
    let conditions = pod.pointer("/status/conditions").and_then(Value::as_array).into_iter().flatten();
    let mut ready = conditions.filter(|condition| condition.get("type").is_some_and(|name| name == "Ready"));
    ready.any(|condition| condition.get("status").is_some_and(|status| status == "True"))
}

/// The latest events of these objects, the newest first; those that say the same are one.
async fn events(
    cluster: &Cluster,
    namespace: &str,
    uids: &[String],
    hidden: &Redaction,
) -> Result<Vec<ObjectEvent>, Error> {
    // Events of what lives in no namespace are kept in this one.
    let namespace = if namespace.is_empty() { "default" } else { namespace };
    let mut found: BTreeMap<(String, String, String), ObjectEvent> = BTreeMap::new();
    for uid in uids {
        let options =
            ListOptions { fields: format!("involvedObject.uid={uid}"), limit: 100, ..ListOptions::default() };
        let list = match cluster.list("v1", "Event", Some(namespace), &options).await {
            Ok(list) => list,
            Err(error) if error.is_forbidden() => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        for event in list.items.iter().map(|object| event(object, hidden)) {
            let key = (event.kind.clone(), event.reason.clone(), event.message.clone());
            let known = found.entry(key).or_insert_with(|| ObjectEvent { count: 0, ..event.clone() });
            known.count = known.count.saturating_add(event.count);
            if known.last < event.last {
                known.last = event.last;
            }
        }
    }
    let mut events: Vec<ObjectEvent> = found.into_values().collect();
    events.sort_by(|a, b| b.last.cmp(&a.last));
    events.truncate(EVENTS);
    Ok(events)
}

fn event(event: &Object, hidden: &Redaction) -> ObjectEvent {
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let count = event.pointer("/series/count").or_else(|| event.pointer("/count")).and_then(Value::as_u64);
    let times = ["/series/lastObservedTime", "/lastTimestamp", "/eventTime", "/metadata/creationTimestamp"];
    ObjectEvent {
        kind: hidden.told(text("/type")),
        reason: hidden.told(text("/reason")),
        message: hidden.told(text("/message")),
        count: u32::try_from(count.unwrap_or(1)).unwrap_or(u32::MAX).max(1),
        last: times.into_iter().map(text).find(|time| !time.is_empty()).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::redact::Redactor;

    #[test]
    fn selectors_are_written_as_queries_and_an_empty_one_selects_nothing() {
        assert_eq!(
            selector(&json!({"matchLabels": {"app": "web"}, "matchExpressions": [
                {"key": "tier", "operator": "In", "values": ["a", "b"]}, {"key": "old", "operator": "DoesNotExist"}]}))
            .as_deref(),
            Some("app=web,tier in (a,b),!old")
        );
        assert_eq!(selector(&json!({})), None);
        assert_eq!(selector(&json!({"matchExpressions": [{"key": "a", "operator": "New"}]})), None);
    }

    #[test]
    fn a_pod_that_crashes_tells_why_it_waits() {
        let object = Object::from_value(json!({"metadata": {"name": "web-1"}, "status": {"phase": "Running",
            "conditions": [{"type": "Ready", "status": "False"}], "containerStatuses": [
            {"restartCount": 3, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}, {"restartCount": 1, "state": {}}]}}))
        .expect("a map");
        let told = pod(&object, &Redactor::new().expect("randomness").known([]));
        assert_eq!(
            (told.ready, told.restarts, told.waiting.as_deref()),
            (false, 4, Some("CrashLoopBackOff"))
        );
    }

    #[test]
    fn an_event_has_the_latest_of_its_times_and_no_secret() {
        let secret = Object::from_value(
            json!({"apiVersion": "v1", "kind": "Secret", "stringData": {"a": "hunter2-hunter2"}}),
        )
        .expect("a map");
        let hidden = Redactor::new().expect("randomness").known([&secret]);
        let object = Object::from_value(
            json!({"type": "Warning", "reason": "Failed", "message": "no hunter2-hunter2 here",
            "eventTime": "2026-11-21T10:00:00Z", "metadata": {"creationTimestamp": "2026-11-21T09:00:00Z"}}),
        )
        .expect("a map");
        let told = event(&object, &hidden);
        assert_eq!((told.count, told.last.as_deref()), (1, Some("2026-11-21T10:00:00Z")));
        assert!(!told.message.contains("hunter2"));
    }
}
