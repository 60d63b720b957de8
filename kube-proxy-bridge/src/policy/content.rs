//! Which rules an object is about, by its kind and by what it says.

use serde_json::Value;

use super::rule::Rule;
use crate::object::Object;

const RBAC: &str = "rbac.authorization.k8s.io";
const RECORD_PREFIX: &str = "sh.helm.release.v1.";

/// Whether Helm would read it as a release record, from either of the stores it has in the cluster.
pub(super) fn is_helm_record(group: &str, object: &Object) -> bool {
    if !group.is_empty() || !matches!(object.kind(), "Secret" | "ConfigMap") {
        return false;
    }
    object.name().starts_with(RECORD_PREFIX)
        || object.metadata("generateName").starts_with(RECORD_PREFIX)
        || object.label("owner") == Some("helm")
        || object.pointer("/type").and_then(Value::as_str) == Some("helm.sh/release.v1")
}

/// Every rule an object is about, those of its kind first.
pub(super) fn rules(group: &str, object: &Object) -> Vec<Rule> {
    let mut rules = Vec::new();
    match (group, object.kind()) {
        (RBAC, "ClusterRole" | "ClusterRoleBinding") => rules.push(Rule::ClusterRole),
        (
            "admissionregistration.k8s.io",
            "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration",
        ) => rules.push(Rule::Webhook),
        ("admissionregistration.k8s.io", _) => rules.push(Rule::AdmissionPolicy),
        ("apiregistration.k8s.io", _) => rules.push(Rule::ApiService),
        ("apiextensions.k8s.io", _) => rules.push(Rule::CustomResourceDefinition),
        ("", "Node") => rules.push(Rule::Node),
        ("scheduling.k8s.io", "PriorityClass") => rules.push(Rule::PriorityClass),
        ("certificates.k8s.io", _) => rules.push(Rule::CertificateSigningRequest),
        _ => {}
    }
    if group == RBAC && (gives_all(object) || binds_all(object)) {
        rules.push(Rule::RoleEscalation);
    }
    if group.is_empty() && object.kind() == "Namespace" && has_pod_security_labels(object) {
        rules.push(Rule::PodSecurityLabels);
    }
    let is_secret = group.is_empty() && object.kind() == "Secret";
    if is_secret
        && object.pointer("/type").and_then(Value::as_str) == Some("kubernetes.io/service-account-token")
    {
        rules.push(Rule::ServiceAccountToken);
    }
    if pod_spec(group, object).is_some_and(reaches_node) {
        rules.push(Rule::PrivilegedPods);
    }
    rules
}

/// A role that gives everything, or lets its holder take everything.
fn gives_all(object: &Object) -> bool {
    if object.pointer("/aggregationRule").is_some_and(|rule| !rule.is_null()) {
        return true;
    }
    items(object.pointer("/rules")).any(|rule| {
        let holds = |field: &str, words: &[&str]| texts(rule.get(field)).any(|text| words.contains(&text));
        holds("verbs", &["*", "escalate", "bind", "impersonate"]) || holds("resources", &["*", "*/*"])
    })
}

/// A binding to a role of the cluster's own, or of groups that everybody is in.
fn binds_all(object: &Object) -> bool {
    let role = object.pointer("/roleRef/name").and_then(Value::as_str).unwrap_or_default();
    let to_all = items(object.pointer("/subjects")).any(|subject| {
        let text = |field: &str| subject.get(field).and_then(Value::as_str).unwrap_or_default();
        text("kind") != "ServiceAccount" && text("name").starts_with("system:")
    });
    role == "cluster-admin" || role.starts_with("system:") || to_all
}

fn has_pod_security_labels(object: &Object) -> bool {
    let labels = object.pointer("/metadata/labels").and_then(Value::as_object);
    labels.is_some_and(|labels| labels.keys().any(|name| name.starts_with("pod-security.kubernetes.io/")))
}

/// The pods of a workload.
fn pod_spec<'a>(group: &str, object: &'a Object) -> Option<&'a Value> {
    object.pointer(match (group, object.kind()) {
        ("", "Pod") => "/spec",
        ("", "PodTemplate") => "/template/spec",
        ("", "ReplicationController")
        | ("apps", "DaemonSet" | "Deployment" | "ReplicaSet" | "StatefulSet")
        | ("batch", "Job") => "/spec/template/spec",
        ("batch", "CronJob") => "/spec/jobTemplate/spec/template/spec",
        _ => return None,
    })
}

fn reaches_node(spec: &Value) -> bool {
    let is_true = |value: Option<&Value>| value.and_then(Value::as_bool) == Some(true);
    let of_node = ["hostNetwork", "hostPID", "hostIPC"].iter().any(|field| is_true(spec.get(field)));
    let files =
        items(spec.get("volumes")).any(|volume| volume.get("hostPath").is_some_and(|path| !path.is_null()));
    let privileged = ["containers", "initContainers", "ephemeralContainers"]
        .iter()
        .flat_map(|field| items(spec.get(field)))
        .any(|container| is_true(container.pointer("/securityContext/privileged")));
    of_node || files || privileged
}

fn items(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    items(value).filter_map(Value::as_str)
}
