//! Releases as their records tell them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{FieldChange, ObjectRef, PlannedObject, RecoverAction};

/// The status of a revision, Helm's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are Helm's own")]
pub enum Status {
    Deployed,
    Failed,
    PendingInstall,
    PendingRollback,
    PendingUpgrade,
    Superseded,
    Uninstalled,
    Uninstalling,
    /// Helm's `unknown`, and every word that Helm does not know.
    #[default]
    #[serde(other)]
    Unknown,
}

impl Status {
    /// As records and labels write it.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Deployed => "deployed",
            Self::Failed => "failed",
            Self::PendingInstall => "pending-install",
            Self::PendingRollback => "pending-rollback",
            Self::PendingUpgrade => "pending-upgrade",
            Self::Superseded => "superseded",
            Self::Uninstalled => "uninstalled",
            Self::Uninstalling => "uninstalling",
            Self::Unknown => "unknown",
        }
    }

    /// The status of this word.
    #[must_use]
    pub fn named(word: &str) -> Self {
        [
            Self::Deployed,
            Self::Failed,
            Self::PendingInstall,
            Self::PendingRollback,
            Self::PendingUpgrade,
            Self::Superseded,
            Self::Uninstalled,
            Self::Uninstalling,
        ]
        .into_iter()
        .find(|status| status.text() == word)
        .unwrap_or_default()
    }

    /// Whether an operation holds the release, or was cut off.
    #[must_use]
    pub const fn is_pending(self) -> bool {
        matches!(self, Self::PendingInstall | Self::PendingRollback | Self::PendingUpgrade)
    }
}

/// The answer to `GET /v1/releases`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Releases {
    /// By namespace and name.
    pub items: Vec<ReleaseSummary>,
    /// Goes into the next request when there are more.
    #[serde(rename = "continue", default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// How many releases there are whose records Helm keeps in ConfigMaps (`HELM_DRIVER=configmap`): they are not shown, and
    /// from 500 on not counted. On a first page; absent there, it is not known, because the caller may not list ConfigMaps.
    /// Releases in a database nobody can see from the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_config_maps: Option<u32>,
}

/// One release: its last revision.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReleaseSummary {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The last revision.
    #[cfg_attr(feature = "schema", schemars(flatten))]
    pub last: RevisionSummary,
}

/// One revision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RevisionSummary {
    /// From 1.
    pub revision: u32,
    /// Its status.
    pub status: Status,
    /// The chart's name.
    #[serde(default)]
    pub chart: String,
    /// The chart's version.
    #[serde(default)]
    pub chart_version: String,
    /// The version of what it installs.
    #[serde(default)]
    pub app_version: String,
    /// `Install complete`
    #[serde(default)]
    pub description: String,
    /// When it was last deployed (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated: Option<String>,
    /// The revision that a rollback copied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback_revision: Option<u32>,
    /// The user's labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// `ssa` or `csa`; empty: before Helm 4.
    #[serde(default)]
    pub apply_method: String,
    /// Why the record cannot be read; what is known then comes from its labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrupt: Option<String>,
    /// How the record names another release than its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mismatch: Option<String>,
    /// Who wrote the record last, as the cluster knows: `Helm`, `helm` (the bridge), `kubectl-edit`. Whoever may write Secrets
    /// may write records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writer: Option<String>,
}

/// The answer to `GET …/releases/{release}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReleaseState {
    /// Its last revision.
    pub release: ReleaseSummary,
    /// The revision that runs; 0 when none is marked so.
    pub deployed_revision: u32,
    /// Whether an operation holds it.
    pub lock: Lock,
    /// What is odd about its history, in sentences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub anomalies: Vec<String>,
}

/// Whether an operation holds a release.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Lock {
    /// Who, if anybody.
    pub verdict: LockVerdict,
    /// In words.
    #[serde(default)]
    pub message: String,
    /// The bridge's operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Since when (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// What `:recover` takes now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offers: Vec<RecoverAction>,
    /// What the person has to type for it; empty: nothing.
    #[serde(default)]
    pub confirm: String,
}

/// Who holds a release.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum LockVerdict {
    /// A bridge that stopped.
    Crashed,
    /// Helm, most likely at work.
    Foreign,
    /// Helm or another tool, and too long ago.
    ForeignStale,
    /// Nobody.
    #[default]
    Free,
    /// A bridge, at work.
    Running,
}

/// The answer to `GET …/revisions`: the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Revisions {
    /// The newest first.
    pub items: Vec<RevisionSummary>,
}

/// One revision, by the sections that were asked for; secrets hidden unless revealed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RevisionDetail {
    /// Which.
    pub summary: RevisionSummary,
    /// `values`: what the user gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Map<String, Value>>,
    /// `computed-values`: merged with the chart's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub computed_values: Option<Map<String, Value>>,
    /// `manifest`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<String>,
    /// `hooks`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hooks: Option<Vec<Hook>>,
    /// `notes`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// `metadata`: `Chart.yaml` as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Map<String, Value>>,
    /// `chart`: names and sizes of the files in the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chart: Option<BTreeMap<String, u64>>,
}

/// One hook of a revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Hook {
    /// The object's name.
    pub name: String,
    /// The object's kind.
    pub kind: String,
    /// The template.
    pub path: String,
    /// The document.
    pub manifest: String,
    /// `pre-install`
    pub events: Vec<String>,
    /// Lower runs earlier.
    pub weight: i64,
    /// `hook-succeeded`
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delete_policies: Vec<String>,
    /// How it last went.
    pub last_run: HookRun,
}

/// How a hook went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct HookRun {
    /// When it began (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<String>,
    /// When it ended (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed: Option<String>,
    /// How far it is.
    pub phase: HookPhase,
}

/// How far a hook is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[expect(missing_docs, reason = "the names are Helm's own")]
pub enum HookPhase {
    Failed,
    Running,
    Succeeded,
    /// Not run, or not known.
    #[default]
    #[serde(other)]
    Unknown,
}

/// The answer to `GET …/revisions/{a}/diff/{b}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RevisionDiff {
    /// The older side.
    pub from: RevisionSummary,
    /// The newer side.
    pub to: RevisionSummary,
    /// The user's values.
    pub values: Vec<FieldChange>,
    /// Objects that differ; unchanged ones are left out.
    pub objects: Vec<PlannedObject>,
}

/// The answer to `GET …/resources`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Resources {
    /// In the order of the manifest.
    pub items: Vec<ResourceStatus>,
}

/// The health of one object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ResourceStatus {
    /// Which.
    pub object: ObjectRef,
    /// Its health.
    pub verdict: Verdict,
    /// In words.
    pub message: String,
    /// Ready parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<u32>,
    /// Wanted parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desired: Option<u32>,
    /// Its latest events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<ObjectEvent>,
    /// Its pods.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pods: Vec<PodStatus>,
}

/// The health of an object, as kstatus tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is as it should be.
    Current,
    /// It will not get there.
    Failed,
    /// It is on its way.
    InProgress,
    /// There is none.
    NotFound,
    /// It is going away.
    Terminating,
    /// It cannot be told.
    Unknown,
}

/// A Kubernetes event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ObjectEvent {
    /// `Warning`, `Normal`
    pub kind: String,
    /// `FailedScheduling`
    pub reason: String,
    /// The sentence.
    pub message: String,
    /// How often.
    pub count: u32,
    /// When last (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
}

/// One pod of a workload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PodStatus {
    /// Its name.
    pub name: String,
    /// `Running`
    pub phase: String,
    /// Whether it is ready.
    pub ready: bool,
    /// Why it waits: `CrashLoopBackOff`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<String>,
    /// Restarts of its containers.
    pub restarts: u32,
}

/// One message of `GET …/logs`: lines of a container as they came, secrets hidden, without what steers terminals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LogLines {
    /// The pod.
    pub pod: String,
    /// The container.
    pub container: String,
    /// In order.
    pub lines: Vec<String>,
    /// Why there are none, or no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// The answer to `GET …/drift`: what an upgrade to the same revision would change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Drift {
    /// The revision that was compared.
    pub revision: u32,
    /// Objects that differ from it.
    pub objects: Vec<PlannedObject>,
}

/// The answer to `GET …/orphans`: live objects of the release that no manifest names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Orphans {
    /// Left by upgrades that failed.
    pub objects: Vec<ObjectRef>,
    /// Left by hooks.
    pub hooks: Vec<ObjectRef>,
}
