//! Everything in a namespace, with what differs from run to run taken out.
//!
//! What helm and the bridge leave behind can be held side by side: the same chart in two namespaces gives equal dumps,
//! the owners of fields included.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::kube::Api;

/// Field managers that belong to the cluster; when they write is no business of who deploys.
const OF_THE_CLUSTER: [&str; 4] = ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok"];

/// Kinds that the cluster writes by itself.
const KINDS_OF_THE_CLUSTER: [&str; 6] =
    ["ControllerRevision", "EndpointSlice", "Endpoints", "Event", "Lease", "PodMetrics"];

/// The objects by `group/version/Kind/name`; [`Dump::of_namespace`] says what is in it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Dump(pub BTreeMap<String, Value>);

impl Dump {
    /// The objects of a namespace that somebody deployed, without release records, and without what controllers made of
    /// them; each without status, uid, times, versions and the name of the namespace. The owners of fields stay, but for the
    /// cluster's own.
    ///
    /// # Errors
    /// What the API server said instead.
    pub fn of_namespace(api: &Api, namespace: &str) -> Result<Self, String> {
        let mut objects = BTreeMap::new();
        for collection in collections(api)? {
            // A kind that another story defined may go between the two questions, and its objects with it.
            let list = api.find(&collection.in_namespace(namespace))?.unwrap_or_default();
            for object in list["items"].as_array().into_iter().flatten() {
                if collection.is_deployed(object) {
                    // What stands in a list does not say what it is.
                    let mut object = object.clone();
                    object["apiVersion"] = collection.version.as_str().into();
                    object["kind"] = collection.kind.as_str().into();
                    let name = object["metadata"]["name"].as_str().unwrap_or_default();
                    let key = format!("{}/{}/{name}", collection.version, collection.kind);
                    objects.insert(key, normal(&object, namespace));
                }
            }
        }
        Ok(Self(objects))
    }

    /// The names alone.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    /// Where the two differ, one line each; empty when they do not.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut lines = Vec::new();
        for (key, value) in &self.0 {
            match other.0.get(key) {
                None => lines.push(format!("{key}: only in the first")),
                Some(theirs) => differences(key, value, theirs, &mut lines),
            }
        }
        let missing = other.0.keys().filter(|key| !self.0.contains_key(*key));
        lines.extend(missing.map(|key| format!("{key}: only in the second")));
        lines
    }
}

/// The object as [`Dump::of_namespace`] has it.
#[must_use]
pub fn normal(object: &Value, namespace: &str) -> Value {
    let mut object = object.clone();
    let uid = object["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
    }
    // Assigned by the cluster, one after the other.
    if object["kind"] == "Service"
        && let Some(spec) = object["spec"].as_object_mut()
        && spec.get("clusterIP").is_some_and(|ip| ip != "None")
    {
        spec.remove("clusterIP");
        spec.remove("clusterIPs");
        for port in spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(port) = port.as_object_mut() {
                port.remove("nodePort");
            }
        }
    }
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for name in ["uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "selfLink"] {
            metadata.remove(name);
        }
        if let Some(Value::Array(owners)) = metadata.get_mut("managedFields") {
            owners.retain(|entry| {
                !OF_THE_CLUSTER.iter().any(|manager| entry["manager"] == *manager)
                    && entry["subresource"] != "status"
            });
            for entry in owners.iter_mut() {
                if let Some(entry) = entry.as_object_mut() {
                    entry.remove("time");
                }
            }
            // Their order is that of their times.
            owners.sort_by_key(Value::to_string);
        }
    }
    replace(&mut object, &[(namespace, "<namespace>"), (&uid, "<uid>")]);
    object
}

/// The cluster gives every pod a volume with a name by chance: `kube-api-access-x7k2p`.
fn without_chance(text: &str) -> String {
    const NAME: &str = "kube-api-access-";
    match text.split_once(NAME) {
        Some((before, after)) => format!("{before}{NAME}{}", after.get(5..).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Replaces texts wherever they stand, in keys too.
fn replace(value: &mut Value, pairs: &[(&str, &str)]) {
    let of_text = |text: &str| {
        let pairs = pairs.iter().filter(|(old, _)| !old.is_empty());
        pairs.fold(without_chance(text), |text, (old, new)| text.replace(old, new))
    };
    match value {
        Value::String(text) => *text = of_text(text),
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, pairs)),
        Value::Object(fields) => {
            let renamed = std::mem::take(fields).into_iter().map(|(key, mut value)| {
                replace(&mut value, pairs);
                (of_text(&key), value)
            });
            *fields = renamed.collect::<Map<_, _>>();
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn differences(path: &str, first: &Value, second: &Value, lines: &mut Vec<String>) {
    match (first, second) {
        (Value::Object(ours), Value::Object(theirs)) => {
            for (key, value) in ours {
                differences(&format!("{path}.{key}"), value, theirs.get(key).unwrap_or(&Value::Null), lines);
            }
            for (key, value) in theirs.iter().filter(|(key, _)| !ours.contains_key(*key)) {
                differences(&format!("{path}.{key}"), &Value::Null, value, lines);
            }
        }
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
            for (index, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                differences(&format!("{path}[{index}]"), ours, theirs, lines);
            }
        }
        (first, second) if first != second => lines.push(format!("{path}: {first} / {second}")),
        _ => {}
    }
}

/// A kind of objects that live in namespaces.
struct Collection {
    /// `apps/v1`.
    version: String,
    kind: String,
    plural: String,
}

impl Collection {
    fn in_namespace(&self, namespace: &str) -> String {
        let root = if self.version.contains('/') { "/apis" } else { "/api" };
        format!("{root}/{}/namespaces/{namespace}/{}", self.version, self.plural)
    }

    /// Whether a person's tool made it.
    fn is_deployed(&self, object: &Value) -> bool {
        let metadata = &object["metadata"];
        let is_owned = metadata["ownerReferences"].as_array().is_some_and(|owners| !owners.is_empty());
        let is_record = self.kind == "Secret" && object["type"] == "helm.sh/release.v1";
        let is_usual = (self.kind == "ServiceAccount" && metadata["name"] == "default")
            || (self.kind == "ConfigMap" && metadata["name"] == "kube-root-ca.crt");
        !is_owned && !is_record && !is_usual
    }
}

/// What can be listed in a namespace, each kind in the version that its group prefers.
fn collections(api: &Api) -> Result<Vec<Collection>, String> {
    let groups = api.get("/apis")?;
    let preferred = groups["groups"].as_array().into_iter().flatten();
    let versions =
        preferred.filter_map(|group| group["preferredVersion"]["groupVersion"].as_str().map(str::to_owned));
    let mut collections = Vec::new();
    for version in std::iter::once("v1".to_owned()).chain(versions) {
        let root = if version.contains('/') { "/apis" } else { "/api" };
        // A group that an extension serves may be away.
        let Ok(list) = api.get(&format!("{root}/{version}")) else { continue };
        for resource in list["resources"].as_array().into_iter().flatten() {
            let plural = resource["name"].as_str().unwrap_or_default();
            let kind = resource["kind"].as_str().unwrap_or_default();
            let can_list =
                resource["verbs"].as_array().is_some_and(|verbs| verbs.iter().any(|verb| verb == "list"));
            if resource["namespaced"] == true
                && can_list
                && !plural.contains('/')
                && !KINDS_OF_THE_CLUSTER.contains(&kind)
            {
                collections.push(Collection {
                    version: version.clone(),
                    kind: kind.to_owned(),
                    plural: plural.to_owned(),
                });
            }
        }
    }
    Ok(collections)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_differs_from_run_to_run_is_taken_out() {
        let object = json!({
            "kind": "Job",
            "metadata": {
                "name": "a", "namespace": "shop", "uid": "1-2", "resourceVersion": "7",
                "labels": { "batch.kubernetes.io/controller-uid": "1-2" },
                "managedFields": [
                    { "manager": "kube-controller-manager", "time": "t" },
                    { "manager": "helm", "operation": "Apply", "time": "t" },
                ],
            },
            "status": { "succeeded": 1 },
        });
        let expected = json!({
            "kind": "Job",
            "metadata": {
                "name": "a", "namespace": "<namespace>",
                "labels": { "batch.kubernetes.io/controller-uid": "<uid>" },
                "managedFields": [{ "manager": "helm", "operation": "Apply" }],
            },
        });
        assert_eq!(normal(&object, "shop"), expected);
    }

    #[test]
    fn differences_say_where() {
        let dump = |value| Dump([("v1/ConfigMap/a".to_owned(), value)].into());
        let first = dump(json!({ "data": { "x": "1", "y": [1, 2] } }));
        let second = dump(json!({ "data": { "y": [1, 3], "z": "4" } }));
        assert_eq!(first.differences(&first), Vec::<String>::new());
        let expected = [
            "v1/ConfigMap/a.data.x: \"1\" / null",
            "v1/ConfigMap/a.data.y[1]: 2 / 3",
            "v1/ConfigMap/a.data.z: null / \"4\"",
        ];
        assert_eq!(first.differences(&second), expected);
    }
}
