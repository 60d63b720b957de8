//! Who serves this page, which cluster stands behind it, and what a chart may learn of it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Problem;

/// The answer to `GET /v1/session`. A caller who is not signed in sees the versions and the mode alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// The bridge's [`crate::API_VERSION`].
    pub api_version: u32,
    /// The bridge's own version, for people.
    pub bridge_version: String,
    /// How callers sign in.
    #[serde(default)]
    pub mode: Mode,
    /// Whether this caller is signed in.
    #[serde(default)]
    pub signed_in: bool,
    /// Whether every operation is refused.
    #[serde(default)]
    pub read_only: bool,
    /// Whether the page must keep its session token in memory alone.
    #[serde(default)]
    pub strict: bool,
    /// The cluster; absent until signed in, and when the bridge was started without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ClusterInfo>,
    /// What the bridge takes at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
    /// What the bridge refuses to send, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
}

/// How callers prove who they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// A launch code, exchanged for a session token; the cluster sees the kubeconfig's user.
    Local,
    /// The bridge has no cluster: it only serves the page.
    #[default]
    None,
    /// The caller's own Kubernetes token, in every request.
    Passthrough,
}

/// The cluster that the bridge was started for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ClusterInfo {
    /// The kubeconfig's name of it.
    pub name: String,
    /// The kubeconfig's context.
    pub context: String,
    /// The user the cluster sees: as the kubeconfig names it, in passthrough mode as the cluster names whom the token belongs to;
    /// empty when it does not say.
    pub user: String,
    /// The namespace a release goes to when nobody names one.
    pub namespace: String,
    /// Host and port of the API server.
    pub server: String,
    /// Whether the API server's certificate is checked.
    pub tls: TlsMode,
    /// Whether it answered lately.
    pub reachable: bool,
    /// Why it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// How the connection to the API server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum TlsMode {
    /// Encrypted, certificate not checked (`insecure-skip-tls-verify`).
    Insecure,
    /// Not encrypted.
    Plaintext,
    /// Encrypted and checked.
    Verified,
}

/// What the bridge takes at most. Sizes in bytes, times in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// The body of an apply or a plan.
    pub body_bytes: u64,
    /// One document.
    pub document_bytes: u64,
    /// Documents of one release.
    pub documents: u32,
    /// The stored record of a release, encoded.
    pub record_bytes: u64,
    /// Items of one lookup batch.
    pub lookup_batch: u32,
    /// The longest deadline of an operation.
    pub deadline_seconds: u32,
}

/// What the bridge refuses to send whoever asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    /// Namespaces that may be written to; empty: all that are not denied.
    pub namespaces: Vec<String>,
    /// Namespaces that are never written to, `*` at the end matches any rest.
    pub denied_namespaces: Vec<String>,
    /// `group/Kind` that are never sent.
    pub denied_kinds: Vec<String>,
    /// Kinds that `lookup` may read without asking.
    pub lookup_kinds: Vec<String>,
}

/// The body of `POST /v1/session:exchange`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SessionExchange {
    /// The one-time code of the launch address.
    pub code: String,
}

/// What a launch code buys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SessionToken {
    /// Goes into `Authorization: Bearer`.
    pub token: String,
    /// Seconds without a request after which it ends.
    pub idle_seconds: u32,
}

/// What `.Capabilities` holds on this cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Capabilities {
    /// `.Capabilities.KubeVersion`
    pub kube_version: KubeVersion,
    /// `.Capabilities.APIVersions`: every `group/version` and every `group/version/Kind`, sorted.
    pub api_versions: Vec<String>,
    /// The version of Helm that the bridge stands for.
    pub helm_version: String,
    /// Changes whenever the rest does.
    pub etag: String,
}

/// The version of the API server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct KubeVersion {
    /// Whole: `v1.36.3`.
    pub version: String,
    /// `1`
    pub major: String,
    /// `36`, or `36+`.
    pub minor: String,
}

/// The answer to `GET /v1/namespaces`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Namespaces {
    /// By name.
    pub items: Vec<Namespace>,
    /// Whether these are all; otherwise the caller may not list namespaces and sees those that were tried.
    pub complete: bool,
}

/// One namespace and what the caller may do there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Namespace {
    /// Its name.
    pub name: String,
    /// What the caller may do there.
    pub can: Can,
}

/// What a caller may do in a namespace: access reviews on release records, and the bridge's policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Can {
    /// Install and upgrade.
    pub install: bool,
    /// See releases.
    pub read: bool,
    /// Uninstall.
    pub uninstall: bool,
}

/// The body of `POST /v1/lookup`: one batch of what a render asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Lookup {
    /// The session whose answers stay as they were; absent in the first batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The chart that asks, for the audit log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chart: Option<String>,
    /// What it asks for.
    pub items: Vec<LookupItem>,
}

/// The arguments of one `lookup`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LookupItem {
    /// `v1`, `apps/v1`
    pub api_version: String,
    /// `ConfigMap`
    pub kind: String,
    /// Empty: cluster-scoped, or all namespaces.
    #[serde(default)]
    pub namespace: String,
    /// Empty: a list.
    #[serde(default)]
    pub name: String,
    /// Whether the person approved that this chart reads this Secret. Without meaning for other kinds.
    #[serde(default)]
    pub approved: bool,
}

/// The answer to a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LookupAnswer {
    /// Names the answers: goes into the next batch and into the plan.
    pub session: String,
    /// When the first of them was read (RFC 3339).
    pub as_of: String,
    /// One per item, in the order asked.
    pub results: Vec<LookupResult>,
}

/// The answer to one `lookup`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LookupResult {
    /// What was asked.
    pub item: LookupItem,
    /// What came of it.
    #[cfg_attr(feature = "schema", schemars(flatten))]
    pub outcome: LookupOutcome,
}

/// What came of one `lookup`. Read and written as a part of [`LookupResult`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(tag = "outcome"))]
#[serde(rename_all = "kebab-case")]
pub enum LookupOutcome {
    /// There is none: the template gets an empty map.
    Absent,
    /// A Secret by name that the person has not approved yet.
    ConsentNeeded,
    /// The bridge's policy forbids it; what is rendered without it must not be applied.
    Denied {
        /// Which rule.
        reason: String,
    },
    /// What the template gets: an object, or a list with `items`.
    Found {
        /// As the API server gave it.
        object: Value,
        /// Whether a list was cut at the bridge's limit.
        #[serde(default)]
        truncated: bool,
    },
    /// Helm would stop rendering here.
    Failed {
        /// What went wrong; `detail` is Helm's sentence.
        problem: Box<Problem>,
    },
}
