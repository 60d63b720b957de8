//! The order of kinds in which Helm installs.
//!
//! Source: helm v4.3.1 `pkg/release/v1/util/kind_sorter.go`.

use std::collections::HashMap;

/// Kinds in install order; all others come after, by name.
pub const INSTALL_ORDER: [&str; 38] = [
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// Sorts by kind in [`INSTALL_ORDER`], keeping the order within a kind.
pub fn by_kind<T>(documents: &mut [T], kind: impl Fn(&T) -> &[u8]) {
    let ranks: HashMap<&[u8], usize> =
        INSTALL_ORDER.iter().enumerate().map(|(rank, kind)| (kind.as_bytes(), rank)).collect();
    documents.sort_by(|a, b| {
        let (a, b) = (kind(a), kind(b));
        match (ranks.get(a), ranks.get(b)) {
            (Some(a), Some(b)) => a.cmp(b),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (None, None) => a.cmp(b),
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_kinds_come_last_by_name_and_the_sort_is_stable() {
        let mut kinds = ["Zebra/1", "Service/1", "/1", "Namespace/1", "Alpha/1", "Service/2", "/2"];
        by_kind(&mut kinds, |kind| kind.split('/').next().unwrap_or_default().as_bytes());
        assert_eq!(kinds, ["Namespace/1", "Service/1", "Service/2", "/1", "/2", "Alpha/1", "Zebra/1"]);
    }
}
