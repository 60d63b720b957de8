//! What an operation would do, found out by the API server's own dry run before anything is written.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Apply, OperationKind, Problem, Rollback, Uninstall};

/// One object of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ObjectRef {
    /// `v1`, `apps/v1`
    pub api_version: String,
    /// `Deployment`
    pub kind: String,
    /// Absent for what belongs to no namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

impl ObjectRef {
    /// The API group; empty for the core group.
    #[must_use]
    pub fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }
}

impl std::fmt::Display for ObjectRef {
    /// `apps/Deployment/shop/web`; the form of [`crate::ObjectConflicts::object`] in messages.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let group = self.group();
        if !group.is_empty() {
            write!(f, "{group}/")?;
        }
        write!(f, "{}/", self.kind)?;
        if let Some(namespace) = &self.namespace {
            write!(f, "{namespace}/")?;
        }
        f.write_str(&self.name)
    }
}

/// The body of `POST /v1/plans`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanRequest {
    /// The release's namespace.
    pub namespace: String,
    /// The release's name.
    pub release: String,
    /// What would be done.
    pub subject: PlanSubject,
}

/// What would be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum PlanSubject {
    /// Install or upgrade.
    Apply(Box<Apply>),
    /// Roll back.
    Rollback(Rollback),
    /// Uninstall.
    Uninstall(Uninstall),
}

/// What an operation would do. Kept ten minutes for its creator; [`Apply::plan_id`] makes it binding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Names it.
    pub id: String,
    /// When it was made (RFC 3339).
    pub created_at: String,
    /// When it ends (RFC 3339).
    pub expires_at: String,
    /// What would run.
    pub operation: OperationKind,
    /// The release's namespace.
    pub namespace: String,
    /// The release's name.
    pub release: String,
    /// The last revision of the history; 0 when there is none.
    pub current_revision: u32,
    /// The revision that was compared with; 0 when there is none.
    pub base_revision: u32,
    /// The revision that would be written; 0 for an uninstall.
    pub next_revision: u32,
    /// SHA-256 of what was submitted, hex.
    pub digest: String,
    /// The chart it was rendered from; absent for an uninstall. An apply with another one is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chart: Option<PlannedChart>,
    /// How many of each class.
    pub counts: Counts,
    /// In the order in which they would be written.
    pub objects: Vec<PlannedObject>,
    /// In the order in which they would run.
    pub hooks: Vec<PlannedHook>,
    /// What a person would want to know first.
    pub impact: Vec<Impact>,
    /// How large the record would be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<RecordSize>,
    /// What the API server warned of (deprecated APIs and the like).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Whether it may be applied as it stands: no conflict, nothing invalid, nothing forbidden.
    pub clean: bool,
}

/// One message of `POST /v1/plans` for a caller that takes `text/event-stream`. The last one is a plan or a problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type")]
pub enum PlanEvent {
    /// Objects were looked at.
    #[serde(rename = "plan.progress")]
    Progress {
        /// So many.
        done: u32,
        /// Of so many.
        total: u32,
    },
    /// The plan.
    #[serde(rename = "plan.ready")]
    Ready {
        /// As the answer in JSON would be.
        plan: Box<Plan>,
    },
    /// There is none.
    #[serde(rename = "plan.failed")]
    Failed {
        /// Why.
        problem: Box<Problem>,
    },
}

impl PlanEvent {
    /// The type as it stands on the stream's `event:` line.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Progress { .. } => "plan.progress",
            Self::Ready { .. } => "plan.ready",
            Self::Failed { .. } => "plan.failed",
        }
    }
}

/// The chart of a plan, pinned.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PlannedChart {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its archive, hex. Of a chart that came from no archive, `contents:` and the hash of what the record keeps of
    /// it; of a revision that is gone back to and has no note of either, `revision:` and its number.
    pub digest: String,
}

/// How many objects of each class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "one per class, see Class")]
pub struct Counts {
    pub create: u32,
    pub update: u32,
    pub unchanged: u32,
    pub delete: u32,
    pub keep: u32,
    pub adopt: u32,
    pub conflict: u32,
    pub invalid: u32,
    pub unverifiable: u32,
    pub orphan: u32,
}

/// One object of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PlannedObject {
    /// Which.
    pub object: ObjectRef,
    /// What would happen to it.
    pub class: Class,
    /// The template it was rendered from: `web/templates/deployment.yaml`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// What would change, secrets hidden.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldChange>,
    /// Whether `fields` was cut at the bridge's limit.
    #[serde(default)]
    pub truncated: bool,
    /// Fields that another manager owns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<FieldConflict>,
    /// What is decided about its fields: now, or when an earlier revision was made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<Decision>,
    /// Why it cannot be applied, or could not be tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
    /// Whether deleting and creating it anew would help.
    #[serde(default)]
    pub recreate: bool,
    /// Whether the prediction was computed because the object is not under server-side apply yet.
    #[serde(default)]
    pub approximate: bool,
}

impl PlannedObject {
    /// Whether the plan cannot be carried out because of it.
    #[must_use]
    pub fn stands_in_the_way(&self) -> bool {
        match self.class {
            Class::Conflict | Class::Invalid | Class::Forbidden => true,
            Class::Adopt | Class::Foreign => self.problem.is_some(),
            _ => false,
        }
    }
}

/// What would happen to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// It exists, belongs to nobody, and would be taken over.
    Adopt,
    /// Another manager owns fields that the chart sets.
    Conflict,
    /// It would be created.
    Create,
    /// It would be deleted.
    Delete,
    /// The caller may not do it.
    Forbidden,
    /// It belongs to another release and would be left alone.
    Foreign,
    /// It would have been deleted, and is gone already.
    Gone,
    /// The API server refuses it.
    Invalid,
    /// Its policy says that it stays.
    Keep,
    /// Live and ours, and in no manifest: left by an upgrade that failed.
    Orphan,
    /// Nothing would change.
    Unchanged,
    /// It could not be tried.
    Unverifiable,
    /// It would change.
    Update,
}

/// One field that would change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FieldChange {
    /// As the API server writes paths: `.spec.containers[name="web"].image`.
    pub path: String,
    /// Live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<Value>,
    /// After.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<Value>,
    /// Why.
    pub cause: Cause,
    /// Who owns it now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
}

/// Why a field would change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The chart or its values changed.
    Chart,
    /// They changed, and somebody had changed it on the cluster, too.
    ChartOverDrift,
    /// Somebody changed it on the cluster; that would be undone.
    DriftReverted,
    /// A webhook or the API server writes another value than the chart's.
    Mutated,
    /// The chart no longer sets it.
    Removed,
    /// A default of the API server, or a webhook.
    Server,
}

/// Who owns a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Owner {
    /// `kubectl-edit`, `kube-controller-manager`
    pub manager: String,
    /// How it writes.
    pub operation: OwnerOperation,
    /// `scale`, `status`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subresource: Option<String>,
    /// When it last did (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
}

/// How a manager writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum OwnerOperation {
    /// Server-side apply.
    Apply,
    /// Anything else.
    Update,
}

/// A field that the chart sets and another manager owns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FieldConflict {
    /// `.spec.replicas`
    pub field: String,
    /// Who.
    pub owner: Owner,
    /// What is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<Value>,
    /// What the chart sets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chart: Option<Value>,
    /// What the owner is.
    pub kind: ConflictKind,
    /// What is offered, the best first.
    pub advice: Vec<crate::FieldChoice>,
}

/// What is decided about a field of another manager.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// `.spec.replicas`
    pub field: String,
    /// What is done.
    pub choice: crate::FieldChoice,
    /// Who else owns the field; absent when nobody does any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
    /// Whether it was decided for an earlier revision and holds until another choice is made.
    #[serde(default)]
    pub remembered: bool,
}

/// What kind of manager owns a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ConflictKind {
    /// An autoscaler, or whoever writes `scale`.
    Autoscaler,
    /// A controller of the cluster.
    Controller,
    /// Argo CD, Flux and the like: this object is deployed by another.
    Deployer,
    /// Helm before server-side apply.
    Helm,
    /// `kubectl` and other tools of people.
    Kubectl,
    /// Anybody else.
    Other,
}

/// One hook of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PlannedHook {
    /// What it creates.
    pub object: ObjectRef,
    /// When: `pre-install`.
    pub events: Vec<String>,
    /// Lower runs earlier.
    pub weight: i64,
    /// The template it was rendered from.
    pub source: String,
    /// Whether it differs from the base revision's.
    pub changed: bool,
    /// Why it cannot run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// Something a person would want to know before pressing the button.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Impact {
    /// Objects outside the namespace change for everybody.
    ClusterWide {
        /// Which.
        object: ObjectRef,
    },
    /// Stored data is deleted.
    DataDeleted {
        /// The claim.
        object: ObjectRef,
    },
    /// Other images run.
    Images {
        /// No longer used.
        removed: Vec<String>,
        /// New.
        added: Vec<String>,
    },
    /// Rights are given.
    RightsWidened {
        /// The role.
        object: ObjectRef,
        /// `verb resource` pairs that are new.
        added: Vec<String>,
    },
    /// Pods are replaced.
    Restarts {
        /// The workload.
        object: ObjectRef,
        /// How many pods.
        pods: u32,
    },
    /// A workload goes to no pods.
    ScaledToZero {
        /// The workload.
        object: ObjectRef,
    },
}

/// The size of the record that would be written, in bytes as stored, and what makes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RecordSize {
    /// As stored: gzip and base64.
    pub stored: u64,
    /// The limit for `stored`.
    pub limit: u64,
    /// Templates, in the JSON.
    pub templates: u64,
    /// Files that are not templates, in the JSON.
    pub files: u64,
    /// The manifest, in the JSON.
    pub manifest: u64,
    /// Values, in the JSON.
    pub values: u64,
    /// Hooks, in the JSON.
    pub hooks: u64,
}
