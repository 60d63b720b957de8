//! What a person would want to know before pressing the button: restarts, lost data, other images, wider rights.

use std::collections::BTreeSet;

use serde_json::Value;
use wire::{Class, Impact, ObjectRef};

use super::fields::Change;

/// At most so many new rights of one role are listed.
const RIGHTS_LIMIT: usize = 100;

/// One object of a plan, as far as its impact goes.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Which.
    pub object: &'a ObjectRef,
    /// What happens to it.
    pub class: Class,
    /// Live.
    pub live: Option<&'a Value>,
    /// After.
    pub predicted: Option<&'a Value>,
    /// What changes.
    pub changes: &'a [Change],
    /// Whether it is deleted first.
    pub recreate: bool,
}

/// Everything worth saying of these objects: object by object, images last.
#[must_use]
pub fn of(subjects: &[Subject<'_>]) -> Vec<Impact> {
    let mut impact = Vec::new();
    let (mut before, mut after) = (BTreeSet::new(), BTreeSet::new());
    for subject in subjects {
        each(subject, &mut impact);
        let (live, predicted) = match subject.class {
            Class::Delete => (subject.live, None),
            Class::Create => (None, subject.predicted),
            Class::Update | Class::Adopt | Class::Conflict | Class::Unchanged => {
                (subject.live, subject.predicted)
            }
            _ => (None, None),
        };
        images(live, &mut before);
        images(predicted, &mut after);
    }
    let removed: Vec<String> = before.difference(&after).cloned().collect();
    let added: Vec<String> = after.difference(&before).cloned().collect();
    if !removed.is_empty() || !added.is_empty() {
        impact.push(Impact::Images { removed, added });
    }
    impact
}

fn each(subject: &Subject<'_>, impact: &mut Vec<Impact>) {
    let writes = matches!(subject.class, Class::Create | Class::Update | Class::Adopt | Class::Conflict);
    let deletes = subject.class == Class::Delete || subject.recreate;
    if !writes && !deletes {
        return;
    }
    let object = || subject.object.clone();
    let kind = subject.object.kind.as_str();
    if deletes
        && matches!(
            kind,
            "PersistentVolumeClaim" | "PersistentVolume" | "Namespace" | "CustomResourceDefinition"
        )
    {
        impact.push(Impact::DataDeleted { object: object() });
    }
    if subject.object.namespace.is_none()
        && (deletes || subject.class == Class::Create || !subject.changes.is_empty())
    {
        impact.push(Impact::ClusterWide { object: object() });
    }
    if matches!(kind, "Role" | "ClusterRole") && writes {
        let old = subject.live.map(rights).unwrap_or_default();
        let new = subject.predicted.map(rights).unwrap_or_default();
        let added: Vec<String> = new.difference(&old).take(RIGHTS_LIMIT).cloned().collect();
        if !added.is_empty() {
            impact.push(Impact::RightsWidened { object: object(), added });
        }
    }
    let Some(live) = subject.live else { return };
    let template_changes = subject.changes.iter().any(|change| {
        let path = change.path.to_string();
        path == ".spec" || path == ".spec.template" || path.starts_with(".spec.template.")
    });
    if writes && (template_changes || subject.recreate) && restarts(kind, live) {
        let pods = match kind {
            "DaemonSet" => live.pointer("/status/desiredNumberScheduled"),
            _ => live.pointer("/status/replicas").or_else(|| live.pointer("/spec/replicas")),
        };
        let pods = pods.and_then(Value::as_u64).and_then(|pods| u32::try_from(pods).ok()).unwrap_or(0);
        if pods > 0 {
            impact.push(Impact::Restarts { object: object(), pods });
        }
    }
    let replicas = |value: &Value| value.pointer("/spec/replicas").and_then(Value::as_u64);
    let had = replicas(live).is_some_and(|replicas| replicas > 0);
    if writes && had && subject.predicted.and_then(replicas) == Some(0) {
        impact.push(Impact::ScaledToZero { object: object() });
    }
}

/// Whether a changed pod template replaces the pods of this workload by itself.
fn restarts(kind: &str, live: &Value) -> bool {
    let text = |pointer: &str| live.pointer(pointer).and_then(Value::as_str);
    match kind {
        "Deployment" => live.pointer("/spec/paused").and_then(Value::as_bool) != Some(true),
        "StatefulSet" | "DaemonSet" => text("/spec/updateStrategy/type") != Some("OnDelete"),
        _ => false,
    }
}

/// The images of a workload's pods, wherever its pod template is.
fn images(object: Option<&Value>, found: &mut BTreeSet<String>) {
    let Some(object) = object else { return };
    for spec in ["/spec", "/spec/template/spec", "/spec/jobTemplate/spec/template/spec"] {
        let Some(spec) = object.pointer(spec) else { continue };
        for list in ["containers", "initContainers"] {
            let containers = spec.get(list).and_then(Value::as_array).into_iter().flatten();
            found.extend(
                containers.filter_map(|container| container.get("image")?.as_str()).map(str::to_owned),
            );
        }
    }
}

/// What a role allows, as `verb resource` and `verb resource.group`.
fn rights(role: &Value) -> BTreeSet<String> {
    let mut rights = BTreeSet::new();
    let texts = |rule: &Value, name: &str| -> Vec<String> {
        let list = rule.get(name).and_then(Value::as_array).into_iter().flatten();
        list.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    for rule in role.get("rules").and_then(Value::as_array).into_iter().flatten() {
        let groups = texts(rule, "apiGroups");
        let names = texts(rule, "resourceNames");
        let only = if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) };
        for verb in texts(rule, "verbs") {
            for resource in texts(rule, "resources") {
                for group in &groups {
                    let dot = if group.is_empty() { "" } else { "." };
                    rights.insert(format!("{verb} {resource}{dot}{group}{only}"));
                }
            }
            for url in texts(rule, "nonResourceURLs") {
                rights.insert(format!("{verb} {url}"));
            }
        }
    }
    rights
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::operations::fields::{Shape, diff};

    fn reference(kind: &str, namespace: Option<&str>) -> ObjectRef {
        ObjectRef {
            api_version: "v1".to_owned(),
            kind: kind.to_owned(),
            namespace: namespace.map(str::to_owned),
            name: "x".to_owned(),
        }
    }

    fn one(
        kind: &str,
        namespace: Option<&str>,
        class: Class,
        live: Option<Value>,
        after: Option<Value>,
    ) -> Vec<Impact> {
        let object = reference(kind, namespace);
        let changes = match (&live, &after) {
            (Some(live), Some(after)) => diff(live, after, &Shape::default()),
            _ => Vec::new(),
        };
        of(&[Subject {
            object: &object,
            class,
            live: live.as_ref(),
            predicted: after.as_ref(),
            changes: &changes,
            recreate: false,
        }])
    }

    fn workload(image: &str, replicas: u32) -> Value {
        json!({"spec": {"replicas": replicas, "template": {"spec": {"containers": [{"name": "a", "image": image}]}}},
            "status": {"replicas": 3, "desiredNumberScheduled": 5}})
    }

    #[test]
    fn a_new_image_restarts_the_pods() {
        let images = Impact::Images { removed: vec!["a:1".to_owned()], added: vec!["a:2".to_owned()] };
        for (kind, pods) in [("Deployment", 3), ("StatefulSet", 3), ("DaemonSet", 5)] {
            let object = reference(kind, Some("n"));
            let found =
                one(kind, Some("n"), Class::Update, Some(workload("a:1", 3)), Some(workload("a:2", 3)));
            assert_eq!(found, [Impact::Restarts { object, pods }, images.clone()]);
        }
        let mut by_hand = workload("a:1", 3);
        by_hand["spec"]["updateStrategy"] = json!({"type": "OnDelete"});
        let found = one("StatefulSet", Some("n"), Class::Update, Some(by_hand), Some(workload("a:2", 3)));
        assert_eq!(found, [images]);
        let mut scaled =
            one("Deployment", Some("n"), Class::Update, Some(workload("a:1", 3)), Some(workload("a:1", 0)));
        assert_eq!(scaled.pop(), Some(Impact::ScaledToZero { object: reference("Deployment", Some("n")) }));
        assert_eq!(scaled, []);
    }

    #[test]
    fn data_rights_and_the_cluster() {
        let claim = reference("PersistentVolumeClaim", Some("n"));
        assert_eq!(
            one("PersistentVolumeClaim", Some("n"), Class::Delete, Some(json!({})), None),
            [Impact::DataDeleted { object: claim }]
        );
        assert_eq!(one("PersistentVolumeClaim", Some("n"), Class::Keep, Some(json!({})), None), []);
        let role = |verbs: &[&str]| json!({"rules": [{"apiGroups": ["", "apps"], "resources": ["pods"], "verbs": verbs}]});
        assert_eq!(
            one("ClusterRole", None, Class::Update, Some(role(&["get"])), Some(role(&["get", "delete"]))),
            [
                Impact::ClusterWide { object: reference("ClusterRole", None) },
                Impact::RightsWidened {
                    object: reference("ClusterRole", None),
                    added: vec!["delete pods".to_owned(), "delete pods.apps".to_owned()],
                },
            ]
        );
        assert_eq!(
            one("ClusterRole", None, Class::Unchanged, Some(role(&["get"])), Some(role(&["get"]))),
            []
        );
        assert_eq!(
            one("Role", Some("n"), Class::Update, Some(role(&["get", "list"])), Some(role(&["get"]))),
            []
        );
    }
}
