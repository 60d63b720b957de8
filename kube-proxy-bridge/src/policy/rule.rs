//! The rules by name.

/// Why something may not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// It is a release record: a chart that writes one forges a release.
    HelmRecord,
    /// Its kind was denied at the start.
    KindDenied,
    /// Its namespace is not among those that were listed.
    NamespaceNotListed,
    /// Its namespace is denied.
    NamespaceDenied,
    /// It belongs to no namespace and so concerns everybody.
    ClusterScoped,
    /// A ClusterRole or ClusterRoleBinding.
    ClusterRole,
    /// A role that can give more rights than it has, or a binding to one.
    RoleEscalation,
    /// A webhook that sees or changes what others send.
    Webhook,
    /// A policy that admits or changes what others send.
    AdmissionPolicy,
    /// An extension of the API server.
    ApiService,
    /// A CustomResourceDefinition.
    CustomResourceDefinition,
    /// A Node.
    Node,
    /// A PriorityClass.
    PriorityClass,
    /// A request for a certificate, that is, for an identity.
    CertificateSigningRequest,
    /// Labels that weaken what a namespace enforces on pods.
    PodSecurityLabels,
    /// A Secret that the cluster fills with the token of a service account.
    ServiceAccountToken,
    /// Pods that reach their node: privileged, its network, its processes, its files.
    PrivilegedPods,
}

impl Rule {
    /// Every rule.
    pub const ALL: &[Self] = &[
        Self::HelmRecord,
        Self::KindDenied,
        Self::NamespaceNotListed,
        Self::NamespaceDenied,
        Self::ClusterScoped,
        Self::ClusterRole,
        Self::RoleEscalation,
        Self::Webhook,
        Self::AdmissionPolicy,
        Self::ApiService,
        Self::CustomResourceDefinition,
        Self::Node,
        Self::PriorityClass,
        Self::CertificateSigningRequest,
        Self::PodSecurityLabels,
        Self::ServiceAccountToken,
        Self::PrivilegedPods,
    ];

    /// Its name, in refusals and on the command line.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::HelmRecord => "helm-record",
            Self::KindDenied => "kind-denied",
            Self::NamespaceNotListed => "namespace-not-listed",
            Self::NamespaceDenied => "namespace-denied",
            Self::ClusterScoped => "cluster-scoped",
            Self::ClusterRole => "cluster-role",
            Self::RoleEscalation => "role-escalation",
            Self::Webhook => "webhook",
            Self::AdmissionPolicy => "admission-policy",
            Self::ApiService => "api-service",
            Self::CustomResourceDefinition => "custom-resource-definition",
            Self::Node => "node",
            Self::PriorityClass => "priority-class",
            Self::CertificateSigningRequest => "certificate-signing-request",
            Self::PodSecurityLabels => "pod-security-labels",
            Self::ServiceAccountToken => "service-account-token",
            Self::PrivilegedPods => "privileged-pods",
        }
    }

    /// What it says.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::HelmRecord => "charts may not write release records",
            Self::KindDenied => "this kind was denied when the bridge was started",
            Self::NamespaceNotListed => "this namespace is not among those that may be written to",
            Self::NamespaceDenied => "this namespace may not be written to",
            Self::ClusterScoped => "what belongs to no namespace concerns everybody",
            Self::ClusterRole => "roles of the whole cluster are denied",
            Self::RoleEscalation => "roles with wildcards, escalate, bind or impersonate are denied",
            Self::Webhook => "webhooks see what others send",
            Self::AdmissionPolicy => "admission policies decide about what others send",
            Self::ApiService => "extensions of the API server are denied",
            Self::CustomResourceDefinition => "definitions of kinds are denied",
            Self::Node => "nodes are denied",
            Self::PriorityClass => "priority classes are denied",
            Self::CertificateSigningRequest => "requests for certificates are denied",
            Self::PodSecurityLabels => "labels of pod security are denied",
            Self::ServiceAccountToken => "tokens of service accounts are denied",
            Self::PrivilegedPods => "pods that reach their node are denied",
        }
    }

    /// The rule of this name.
    #[must_use]
    pub fn of_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| rule.id() == id)
    }

    /// The rule of this name, where a person may switch it.
    #[must_use]
    pub fn named(id: &str) -> Option<Self> {
        let fixed = [Self::KindDenied, Self::NamespaceNotListed, Self::NamespaceDenied];
        Self::of_id(id).filter(|rule| !fixed.contains(rule))
    }

    /// Whether it is in force whoever uses the bridge.
    pub(super) const fn always(self) -> bool {
        matches!(self, Self::HelmRecord)
    }

    /// Whether it is in force when many people share the bridge. Privileged pods are the business of the cluster's own
    /// pod security, so that rule is there for those who want it twice.
    pub(super) const fn when_shared(self) -> bool {
        !matches!(
            self,
            Self::PrivilegedPods | Self::KindDenied | Self::NamespaceDenied | Self::NamespaceNotListed
        )
    }

    /// Whether it is about a kind as such, and not about what an object of it says.
    pub(super) const fn is_of_kind(self) -> bool {
        matches!(
            self,
            Self::ClusterRole
                | Self::Webhook
                | Self::AdmissionPolicy
                | Self::ApiService
                | Self::CustomResourceDefinition
                | Self::Node
                | Self::PriorityClass
                | Self::CertificateSigningRequest
        )
    }
}
