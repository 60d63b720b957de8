//! Kubernetes APIs that are on their way out.
//!
//! Source: helm v4.3.1 `pkg/chart/v2/lint/rules/deprecations.go`; the lifecycle marks of k8s.io/api v0.37.1.

use crate::capabilities::KubeVersion;

/// One row: API version, kinds, minor version of Kubernetes 1 that deprecates, minor version that removes (0: none yet), and
/// what to use instead: nothing (``), the same kind in another API version (`apps/v1`), or a kind (`apps/v1 Scale`).
type Row = (&'static str, &'static str, u32, u32, &'static str);

/// Rows of which each kind has a `…List` twin.
const WITH_LISTS: &[Row] = &[
    ("v1", "ComponentStatus", 19, 0, ""),
    ("v1", "Endpoints", 33, 0, "discovery.k8s.io/v1 EndpointSlice"),
    (ADMISSION_ALPHA, "MutatingAdmissionPolicy MutatingAdmissionPolicyBinding", 35, 38, ""),
    (ADMISSION_ALPHA, "ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding", 29, 32, ""),
    (ADMISSION_BETA, "MutatingAdmissionPolicy MutatingAdmissionPolicyBinding", 37, 40, ADMISSION),
    (ADMISSION_BETA, "ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding", 31, 34, ""),
    (ADMISSION_BETA, "MutatingWebhookConfiguration ValidatingWebhookConfiguration", 16, 22, ADMISSION),
    ("apps/v1beta1", "ControllerRevision Deployment StatefulSet", 8, 16, "apps/v1"),
    ("apps/v1beta2", "ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet", 9, 16, "apps/v1"),
    ("batch/v1beta1", "CronJob", 21, 25, "batch/v1"),
    ("certificates.k8s.io/v1alpha1", "ClusterTrustBundle", 34, 37, ""),
    ("certificates.k8s.io/v1beta1", "CertificateSigningRequest", 19, 22, "certificates.k8s.io/v1"),
    (
        "certificates.k8s.io/v1beta1",
        "ClusterTrustBundle PodCertificateRequest",
        37,
        40,
        "certificates.k8s.io/v1",
    ),
    ("coordination.k8s.io/v1alpha2", "LeaseCandidate", 35, 38, ""),
    ("coordination.k8s.io/v1beta1", "Lease", 19, 22, "coordination.k8s.io/v1"),
    ("coordination.k8s.io/v1beta1", "LeaseCandidate", 36, 39, ""),
    ("discovery.k8s.io/v1beta1", "EndpointSlice", 21, 25, "discovery.k8s.io/v1"),
    ("events.k8s.io/v1beta1", "Event", 22, 25, ""),
    ("extensions/v1beta1", "DaemonSet Deployment ReplicaSet", 8, 16, "apps/v1"),
    ("extensions/v1beta1", "Ingress", 14, 22, "networking.k8s.io/v1"),
    ("extensions/v1beta1", "NetworkPolicy", 9, 16, "networking.k8s.io/v1"),
    (FLOW_BETA_1, "FlowSchema PriorityLevelConfiguration", 23, 26, FLOW_BETA_3),
    (FLOW_BETA_2, "FlowSchema PriorityLevelConfiguration", 26, 29, FLOW_BETA_3),
    (FLOW_BETA_3, "FlowSchema PriorityLevelConfiguration", 29, 32, "flowcontrol.apiserver.k8s.io/v1"),
    ("networking.k8s.io/v1beta1", "IPAddress ServiceCIDR", 34, 37, ""),
    ("networking.k8s.io/v1beta1", "Ingress", 19, 22, "networking.k8s.io/v1"),
    ("networking.k8s.io/v1beta1", "IngressClass", 19, 22, "networking.k8s.io/v1 IngressClassList"),
    ("node.k8s.io/v1beta1", "RuntimeClass", 22, 25, ""),
    ("policy/v1beta1", "PodDisruptionBudget", 21, 25, "policy/v1"),
    (RBAC_BETA, "ClusterRole ClusterRoleBinding Role RoleBinding", 17, 22, "rbac.authorization.k8s.io/v1"),
    ("resource.k8s.io/v1alpha3", "DeviceTaintRule", 36, 39, ""),
    ("resource.k8s.io/v1alpha3", "ResourcePoolStatusRequest", 39, 42, ""),
    ("resource.k8s.io/v1beta1", RESOURCES, 35, 38, ""),
    ("resource.k8s.io/v1beta2", RESOURCES, 36, 39, ""),
    ("resource.k8s.io/v1beta2", "DeviceTaintRule", 39, 42, ""),
    ("lifecycle.k8s.io/v1alpha1", "Eviction EvictionRequest", 40, 43, ""),
    ("scheduling.k8s.io/v1beta1", "PodGroup Workload", 40, 43, ""),
    ("scheduling.k8s.io/v1beta1", "PriorityClass", 14, 22, "scheduling.k8s.io/v1"),
    ("storage.k8s.io/v1alpha1", "CSIStorageCapacity", 21, 24, "storage.k8s.io/v1beta1"),
    ("storage.k8s.io/v1alpha1", "VolumeAttachment", 21, 24, "storage.k8s.io/v1"),
    ("storage.k8s.io/v1alpha1", "VolumeAttributesClass", 32, 35, "storage.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", "CSIDriver", 19, 22, "storage.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", "CSINode", 17, 22, "storage.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", "CSIStorageCapacity", 24, 27, "storage.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", "StorageClass", 19, 22, "storage.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", "VolumeAttachment", 19, 22, "storage.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", "VolumeAttributesClass", 34, 37, "storage.k8s.io/v1"),
    ("storagemigration.k8s.io/v1beta1", "StorageVersionMigration", 37, 40, "storagemigration.k8s.io/v1"),
];

/// Rows whose kinds have no list.
const WITHOUT_LISTS: &[Row] = &[
    ("apps/v1beta1", "DeploymentRollback", 8, 16, "apps/v1"),
    ("apps/v1beta1", "Scale", 8, 16, "autoscaling/v1"),
    ("apps/v1beta2", "Scale", 9, 16, "autoscaling/v1"),
    ("authentication.k8s.io/v1alpha1", "SelfSubjectReview", 29, 32, ""),
    ("authentication.k8s.io/v1beta1", "SelfSubjectReview", 30, 33, ""),
    ("authentication.k8s.io/v1beta1", "TokenReview", 19, 22, "authentication.k8s.io/v1"),
    (
        "authorization.k8s.io/v1beta1",
        "LocalSubjectAccessReview SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview",
        19,
        22,
        "authorization.k8s.io/v1",
    ),
    ("extensions/v1beta1", "DeploymentRollback", 8, 16, ""),
    ("extensions/v1beta1", "Scale", 2, 16, ""),
    ("policy/v1beta1", "Eviction", 22, 25, ""),
];

const ADMISSION: &str = "admissionregistration.k8s.io/v1";
const ADMISSION_ALPHA: &str = "admissionregistration.k8s.io/v1alpha1";
const ADMISSION_BETA: &str = "admissionregistration.k8s.io/v1beta1";
const FLOW_BETA_1: &str = "flowcontrol.apiserver.k8s.io/v1beta1";
const FLOW_BETA_2: &str = "flowcontrol.apiserver.k8s.io/v1beta2";
const FLOW_BETA_3: &str = "flowcontrol.apiserver.k8s.io/v1beta3";
const RBAC_BETA: &str = "rbac.authorization.k8s.io/v1beta1";
const RESOURCES: &str = "DeviceClass ResourceClaim ResourceClaimTemplate ResourceSlice";

/// The warning about this API, if the Kubernetes at hand has deprecated it.
///
/// Whether it is removed does not change the warning, and the removal is told before it comes.
pub(super) fn message(api_version: &str, kind: &str, kubernetes: &KubeVersion) -> Option<String> {
    let version = |text: &str| text.parse::<u32>().ok();
    let (major, minor) = (version(&kubernetes.major)?, version(&kubernetes.minor)?);
    let (row, is_list) = find(api_version, kind)?;
    let (_, _, deprecated, removed, instead) = *row;
    if (major, minor) < (1, deprecated) {
        return None;
    }
    let mut message = format!("{api_version} {kind} is deprecated in v1.{deprecated}+");
    if removed > 0 {
        message.push_str(&format!(", unavailable in v1.{removed}+"));
    }
    if !instead.is_empty() {
        // The lists of two kinds name their items as replacement.
        let shown = match kind {
            "EndpointSliceList" => "EndpointSlice",
            "CSINodeList" => "CSINode",
            _ => kind,
        };
        match instead.split_once(' ') {
            Some((group, other)) if is_list && !other.ends_with("List") => {
                message.push_str(&format!("; use {group} {other}List"));
            }
            Some(_) => message.push_str(&format!("; use {instead}")),
            None => message.push_str(&format!("; use {instead} {shown}")),
        }
    }
    Some(message)
}

fn find(api_version: &str, kind: &str) -> Option<(&'static Row, bool)> {
    let named = |row: &&Row, kind: &str| row.0 == api_version && row.1.split(' ').any(|known| known == kind);
    let plain = WITH_LISTS.iter().chain(WITHOUT_LISTS).find(|row| named(row, kind));
    let list =
        || WITH_LISTS.iter().find(|row| kind.strip_suffix("List").is_some_and(|item| named(row, item)));
    plain.map(|row| (row, false)).or_else(|| list().map(|row| (row, true)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_warning_names_what_to_use() {
        let now = KubeVersion::default();
        let said = |api, kind| message(api, kind, &now).unwrap_or_default();
        assert_eq!(
            said("policy/v1beta1", "PodDisruptionBudget"),
            "policy/v1beta1 PodDisruptionBudget is deprecated in v1.21+, unavailable in v1.25+; use policy/v1 PodDisruptionBudget"
        );
        assert_eq!(said("v1", "ComponentStatus"), "v1 ComponentStatus is deprecated in v1.19+");
        assert_eq!(
            said("networking.k8s.io/v1beta1", "IngressClass"),
            "networking.k8s.io/v1beta1 IngressClass is deprecated in v1.19+, unavailable in v1.22+; use \
             networking.k8s.io/v1 IngressClassList"
        );
        assert_eq!(said("apps/v1", "Deployment"), "");
        assert_eq!(said("lifecycle.k8s.io/v1alpha1", "EvictionRequest"), "");
        let old = KubeVersion::parse("1.20").unwrap();
        assert_eq!(message("policy/v1beta1", "PodDisruptionBudget", &old), None);
    }
}
