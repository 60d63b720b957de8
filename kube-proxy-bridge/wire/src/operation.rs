//! What a person asks the bridge to do, and how far it is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{ObjectRef, Problem};

/// The body of `POST …/releases/{release}:apply`: install or upgrade.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Apply {
    /// Whether the release must exist.
    #[serde(default)]
    pub mode: ApplyMode,
    /// The last revision the caller saw; 0: none may exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_revision: Option<u32>,
    /// The plan that must still hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_id: Option<String>,
    /// What the record keeps of the chart.
    pub chart: ChartRecord,
    /// The user's values.
    #[serde(default)]
    pub config: Map<String, Value>,
    /// All rendered documents, hooks included, in the order in which they were rendered.
    pub documents: Vec<Document>,
    /// Files of `crds/`.
    #[serde(default)]
    pub crds: Vec<Document>,
    /// The rendered notes.
    #[serde(default)]
    pub notes: String,
    /// The clock and the randomness they were rendered with: only `exact` is taken.
    pub world: World,
    /// What the render learned from the cluster.
    #[serde(default)]
    pub lookups: Findings,
    /// How.
    #[serde(default)]
    pub options: ApplyOptions,
}

/// Whether a release must exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ApplyMode {
    /// Install what is not there, upgrade what is.
    #[default]
    Auto,
    /// It must not.
    Install,
    /// It must.
    Upgrade,
}

/// The clock and the randomness of a render.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum World {
    /// The real clock and cryptographic randomness.
    Exact,
    /// A fixed clock and a fixed seed: fit to look at, never to run.
    Preview,
}

/// What a render learned from the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Findings {
    /// The lookup session, when the chart looked anything up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// Lookups that were refused and that the render used as absent: `Secret/shop/db`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub denied: Vec<String>,
}

/// One document as it was rendered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Document {
    /// The template: `web/templates/deployment.yaml`.
    pub source: String,
    /// The text, without its `---` line.
    pub yaml: String,
}

/// What a release record keeps of a chart: the root chart alone, never its dependencies' files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChartRecord {
    /// `Chart.yaml` as JSON, Helm's names.
    pub metadata: Map<String, Value>,
    /// The chart's values after its dependencies were processed.
    #[serde(default)]
    pub values: Map<String, Value>,
    /// `values.schema.json`, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// `Chart.lock` as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<Value>,
    /// The root chart's templates.
    #[serde(default)]
    pub templates: Vec<ChartPart>,
    /// The root chart's other files, `crds/` included.
    #[serde(default)]
    pub files: Vec<ChartPart>,
    /// SHA-256 of the archive the chart came from, hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive_sha256: Option<String>,
}

/// One file of a chart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChartPart {
    /// Its path in the chart.
    pub name: String,
    /// Its bytes, base64.
    pub data: String,
}

/// How an install or upgrade runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ApplyOptions {
    /// Create the namespace when it is missing.
    pub create_namespace: bool,
    /// What to do with `crds/`.
    pub crds: CrdPolicy,
    /// What to wait for.
    pub wait: Wait,
    /// Whether a Job must be complete, and not just started.
    pub wait_for_jobs: bool,
    /// The longest each wait may take.
    pub step_timeout_seconds: u32,
    /// The longest the whole may take.
    pub deadline_seconds: u32,
    /// Run no hooks.
    pub no_hooks: bool,
    /// What a failure leads to.
    pub on_failure: OnFailure,
    /// Take over objects that exist and belong to nobody.
    pub take_ownership: bool,
    /// What is decided about fields of other managers.
    pub conflicts: Conflicts,
    /// Delete and create anew the objects whose immutable fields change.
    pub recreate: Vec<ObjectRef>,
    /// How many revisions to keep; 0: all.
    pub history_max: u32,
    /// The revision's description; Helm's own when empty.
    pub description: String,
    /// The release's labels; `null` removes one that the last revision had.
    pub labels: BTreeMap<String, Option<String>>,
    /// Leave files out of the record that no template reads.
    pub slim_record: bool,
    /// Delete what the chart no longer has.
    pub prune: bool,
}

impl Default for ApplyOptions {
    /// What `helm upgrade --install --wait` does, where it decides; the times are Helm's five minutes and three of them.
    fn default() -> Self {
        Self {
            create_namespace: false,
            crds: CrdPolicy::Install,
            wait: Wait::Watcher,
            wait_for_jobs: false,
            step_timeout_seconds: 300,
            deadline_seconds: 900,
            no_hooks: false,
            on_failure: OnFailure::Keep,
            take_ownership: false,
            conflicts: Conflicts::default(),
            recreate: Vec::new(),
            history_max: 10,
            description: String::new(),
            labels: BTreeMap::new(),
            slim_record: false,
            prune: true,
        }
    }
}

/// What to do with the files of `crds/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum CrdPolicy {
    /// Apply them at every install and upgrade.
    Apply,
    /// Apply them at the install, as Helm does.
    Install,
    /// Leave them.
    Skip,
}

/// What to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Wait {
    /// Hooks alone.
    HookOnly,
    /// Every object.
    Watcher,
}

/// What a failure leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum OnFailure {
    /// Delete what the failed attempt created.
    Cleanup,
    /// Leave everything as it is, to look at.
    Keep,
    /// Go back to the last good revision; uninstall when there is none.
    Rollback,
}

/// What a person decided about fields that other managers own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Conflicts {
    /// Per object; what is not named here stops the operation.
    #[serde(default)]
    pub objects: Vec<ObjectConflicts>,
    /// What was decided for an earlier revision and holds until another choice is made. The bridge knows it; what a request
    /// says here is not read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remembered: Vec<ObjectConflicts>,
}

/// What a person decided about one object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObjectConflicts {
    /// Which object.
    pub object: ObjectRef,
    /// By field, as the plan names them.
    pub fields: BTreeMap<String, FieldChoice>,
}

/// What to do about a field of another manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum FieldChoice {
    /// Set it and own it.
    Force,
    /// Take it from a manager that writes by update, then set it.
    TakeOver,
    /// Leave it to its owner.
    Yield,
}

/// The body of `POST …:rollback`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rollback {
    /// The revision to go back to; 0: the one before the last.
    #[serde(default)]
    pub to_revision: u32,
    /// The last revision the caller saw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_revision: Option<u32>,
    /// The plan that must still hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_id: Option<String>,
    /// Go on although a record names another release than its own.
    #[serde(default)]
    pub accept_mismatch: bool,
    /// How.
    #[serde(default)]
    pub options: ApplyOptions,
}

/// The body of `POST …:uninstall`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Uninstall {
    /// The last revision the caller saw.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_revision: Option<u32>,
    /// The plan that must still hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan_id: Option<String>,
    /// Keep the records and mark the release uninstalled.
    pub keep_history: bool,
    /// What happens to dependents.
    pub cascade: Cascade,
    /// Delete the objects that hooks left, too.
    pub delete_hooks: bool,
    /// Delete orphans, too.
    pub delete_orphans: bool,
    /// Wait until everything is gone.
    pub wait: bool,
    /// Run no hooks.
    pub no_hooks: bool,
    /// The longest each wait may take.
    pub step_timeout_seconds: u32,
    /// The revision's description; Helm's own when empty.
    pub description: String,
    /// Go on although a record names another release than its own.
    pub accept_mismatch: bool,
}

impl Default for Uninstall {
    /// What `helm uninstall` does.
    fn default() -> Self {
        Self {
            expected_revision: None,
            plan_id: None,
            keep_history: false,
            cascade: Cascade::Background,
            delete_hooks: false,
            delete_orphans: false,
            wait: false,
            no_hooks: false,
            step_timeout_seconds: 300,
            description: String::new(),
            accept_mismatch: false,
        }
    }
}

/// What happens to the dependents of a deleted object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Cascade {
    /// They are deleted afterwards.
    Background,
    /// They are deleted first.
    Foreground,
    /// They stay.
    Orphan,
}

/// The body of `POST …:test`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TestRun {
    /// `name=a,!name=b`, as Helm's `--filter`.
    pub filter: Vec<String>,
    /// Send the logs of the test pods.
    pub logs: bool,
    /// The longest each test may take.
    pub step_timeout_seconds: u32,
}

impl Default for TestRun {
    /// All tests, with logs, five minutes each.
    fn default() -> Self {
        Self { filter: Vec::new(), logs: true, step_timeout_seconds: 300 }
    }
}

/// The body of `POST …:recover`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Recover {
    /// Which way out.
    pub action: RecoverAction,
    /// `release/revision`, typed by the person when the record is not the bridge's own.
    #[serde(default)]
    pub confirm: String,
}

/// A way out of an operation that was cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RecoverAction {
    /// Mark it failed.
    Abandon,
    /// Go on where it stopped.
    Resume,
    /// Go back to the last good revision.
    Rollback,
}

/// The body of `POST …:cleanup`: delete orphans.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cleanup {
    /// Which.
    pub orphans: Vec<ObjectRef>,
    /// The release's name, typed by the person.
    pub confirm: String,
}

/// The body of `POST /v1/operations/{id}:decide`: the answer to a prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Decide {
    /// The prompt.
    pub prompt: String,
    /// One of its choices.
    pub choice: crate::PromptChoice,
    /// The object it is about, where the prompt names several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectRef>,
}

/// The answer to a request that started an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OperationCreated {
    /// How far it is: at its start, or further when the idempotency key was used before.
    pub operation: Operation,
}

/// The answer to `GET /v1/operations`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Operations {
    /// The newest first.
    pub items: Vec<Operation>,
    /// Releases whose last operation was cut off, here or in another bridge, and that wait for a way out. Told to the one
    /// person of `local` mode.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub interrupted: Vec<Interrupted>,
}

/// A release whose last operation was cut off: `:recover` takes what its lock offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Interrupted {
    /// The release's namespace.
    pub namespace: String,
    /// The release's name.
    pub release: String,
    /// The revision that it was writing.
    pub revision: u32,
    /// The status that it left.
    pub status: crate::Status,
    /// Who held it, since when, and the ways out.
    pub lock: crate::Lock,
}

/// One operation and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    /// Names it.
    pub id: String,
    /// What it does.
    #[serde(rename = "type")]
    pub kind: OperationKind,
    /// The release's namespace.
    pub namespace: String,
    /// The release's name.
    pub release: String,
    /// The revision it writes; 0 when it writes none.
    pub revision: u32,
    /// Where it is.
    pub state: OperationState,
    /// When it was asked for (RFC 3339).
    pub created_at: String,
    /// When it ended (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    /// Where its events are.
    pub events: String,
    /// The number of its last event.
    pub last_event: u64,
    /// Every object and how far it is, for a client that missed the events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<(ObjectRef, crate::ObjectState)>,
    /// The furthest step that it came to: from [`OperationState::Crds`] on, something was written.
    #[serde(default)]
    pub furthest: OperationState,
    /// Questions that wait for an answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prompts: Vec<OpenPrompt>,
    /// Live objects of the release that no manifest names, found after a success. Nothing deletes them unasked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub orphans: Vec<ObjectRef>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Box<Problem>>,
}

/// A question that waits for an answer, as [`crate::EventBody::Prompt`] put it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OpenPrompt {
    /// Names it.
    pub id: String,
    /// The question.
    pub question: String,
    /// The answers that it takes.
    pub choices: Vec<crate::PromptChoice>,
    /// What it is about.
    pub objects: Vec<ObjectRef>,
}

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum OperationKind {
    Cleanup,
    Install,
    Recover,
    Rollback,
    Test,
    Uninstall,
    Upgrade,
}

/// Where an operation is, in the order of the steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum OperationState {
    /// Waiting for its turn.
    #[default]
    Queued,
    /// Trying everything out; nothing is written.
    Validating,
    /// Applying `crds/`; before the record, as Helm does.
    Crds,
    /// Creating the namespace.
    Namespace,
    /// Writing the record that locks the release.
    Locking,
    /// Running hooks that come before.
    PreHooks,
    /// Applying objects.
    Applying,
    /// Deleting what the chart no longer has.
    Pruning,
    /// Deleting everything.
    Deleting,
    /// Waiting until objects are ready.
    Waiting,
    /// Running hooks that come after.
    PostHooks,
    /// Writing the record's last status.
    Recording,
    /// Done.
    Done,
    /// Failed, and recorded as failed.
    Failed,
    /// Stopped by a person, and recorded as failed.
    Cancelled,
    /// Everything was done but the record could not be written.
    Degraded,
    /// The bridge stopped; it can be resumed.
    Interrupted,
}

impl OperationKind {
    /// As it stands in JSON.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Cleanup => "cleanup",
            Self::Install => "install",
            Self::Recover => "recover",
            Self::Rollback => "rollback",
            Self::Test => "test",
            Self::Uninstall => "uninstall",
            Self::Upgrade => "upgrade",
        }
    }
}

impl OperationState {
    /// As it stands in JSON.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Validating => "validating",
            Self::Crds => "crds",
            Self::Namespace => "namespace",
            Self::Locking => "locking",
            Self::PreHooks => "pre-hooks",
            Self::Applying => "applying",
            Self::Pruning => "pruning",
            Self::Deleting => "deleting",
            Self::Waiting => "waiting",
            Self::PostHooks => "post-hooks",
            Self::Recording => "recording",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Degraded => "degraded",
            Self::Interrupted => "interrupted",
        }
    }

    /// Whether it has ended.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled | Self::Degraded | Self::Interrupted)
    }
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names of the terminal states")]
pub enum OperationResult {
    Success,
    Failed,
    Cancelled,
    Degraded,
    Interrupted,
}
