//! In which order objects go.
//!
//! *Source*: helm v4.3.1 `pkg/release/v1/util/kind_sorter.go`, `UninstallOrder`. Two things are better on purpose: what an
//! upgrade prunes goes in the reverse of the install order, and custom resources go before everything else, while the
//! operator that clears their finalizers still runs.

use std::collections::BTreeSet;

use wire::ObjectRef;

use crate::object::Object;

const UNINSTALL_ORDER: [&str; 38] = [
    "ValidatingWebhookConfiguration",
    "MutatingWebhookConfiguration",
    "APIService",
    "Ingress",
    "IngressClass",
    "Service",
    "CronJob",
    "Job",
    "StatefulSet",
    "HorizontalPodAutoscaler",
    "Deployment",
    "ReplicaSet",
    "ReplicationController",
    "Pod",
    "DaemonSet",
    "RoleBindingList",
    "RoleBinding",
    "RoleList",
    "Role",
    "ClusterRoleBindingList",
    "ClusterRoleBinding",
    "ClusterRoleList",
    "ClusterRole",
    "CustomResourceDefinition",
    "PersistentVolumeClaim",
    "PersistentVolume",
    "StorageClass",
    "ConfigMap",
    "SecretList",
    "Secret",
    "ServiceAccount",
    "PodDisruptionBudget",
    "PodSecurityPolicy",
    "LimitRange",
    "ResourceQuota",
    "NetworkPolicy",
    "Namespace",
    "PriorityClass",
];

/// The groups that the API server itself serves.
const BUILT_IN: [&str; 24] = [
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "extensions",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
    "storagemigration.k8s.io",
];

/// Whether the kind comes from a definition or an extension server.
#[must_use]
pub fn is_custom(object: &ObjectRef) -> bool {
    BUILT_IN.binary_search(&object.group()).is_err()
}

/// The custom kinds among these objects, by `apiVersion` and `kind`.
#[must_use]
pub fn custom_kinds<'a>(objects: impl Iterator<Item = &'a Object>) -> BTreeSet<(String, String)> {
    let custom = objects.filter(|object| is_custom(&object.reference()));
    custom.map(|object| (object.api_version().to_owned(), object.kind().to_owned())).collect()
}

/// Where an object stands in an uninstall; sort by it, stably.
///
/// Kinds of the API server that Helm's list does not name come after all others, by name, as Helm has them.
#[must_use]
pub fn uninstall_rank(object: &ObjectRef) -> (usize, &str) {
    if is_custom(object) {
        return (0, "");
    }
    match UNINSTALL_ORDER.iter().position(|kind| *kind == object.kind) {
        Some(at) => (at + 1, ""),
        None => (UNINSTALL_ORDER.len() + 1, &object.kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(api_version: &str, kind: &str) -> ObjectRef {
        ObjectRef {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            namespace: None,
            name: String::new(),
        }
    }

    #[test]
    fn custom_resources_go_first_and_unknown_kinds_last() {
        assert!(BUILT_IN.is_sorted());
        let mut objects = [
            object("v1", "Namespace"),
            object("coordination.k8s.io/v1", "Lease"),
            object("apps/v1", "Deployment"),
            object("example.com/v1", "Widget"),
            object("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
            object("v1", "Endpoints"),
            object("v1", "Service"),
        ];
        objects.sort_by(|a, b| uninstall_rank(a).cmp(&uninstall_rank(b)));
        let kinds: Vec<&str> = objects.iter().map(|object| object.kind.as_str()).collect();
        let expected = [
            "Widget",
            "Service",
            "Deployment",
            "CustomResourceDefinition",
            "Namespace",
            "Endpoints",
            "Lease",
        ];
        assert_eq!(kinds, expected);
    }
}
