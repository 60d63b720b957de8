//! Every type that crosses between the page and the bridge: plain data and serde.
//!
//! A person connects ([`Session`]), reads what the cluster can do ([`Capabilities`], [`Lookup`]) and which releases it
//! holds ([`ReleaseSummary`]), asks for a [`Plan`] of one [`Apply`], starts an [`Operation`] and follows its [`Event`]s.
//! Whatever is refused is a [`Problem`].
//!
//! Fields are added and never change their meaning; a client ignores fields it does not know, the bridge refuses them.
//! With the feature `schema` every type describes itself, and the bridge serves the descriptions as OpenAPI 3.1.

mod cluster;
mod error;
mod event;
mod name;
mod operation;
mod plan;
mod release;
mod tagged;

pub use cluster::{
    Can, Capabilities, ClusterInfo, KubeVersion, Limits, Lookup, LookupAnswer, LookupItem, LookupOutcome,
    LookupResult, Mode, Namespace, Namespaces, Policy, Session, SessionExchange, SessionToken, TlsMode,
};
pub use error::{Code, KubernetesCause, KubernetesError, Problem};
pub use event::{Event, EventBody, ObjectState, PromptChoice};
pub use name::{check_namespace, check_release};
pub use operation::{
    Apply, ApplyMode, ApplyOptions, Cascade, ChartPart, ChartRecord, Cleanup, Conflicts, CrdPolicy, Decide,
    Document, FieldChoice, Findings, Interrupted, ObjectConflicts, OnFailure, OpenPrompt, Operation,
    OperationCreated, OperationKind, OperationResult, OperationState, Operations, Recover, RecoverAction,
    Rollback, TestRun, Uninstall, Wait, World,
};
pub use plan::{
    Cause, Class, ConflictKind, Counts, Decision, FieldChange, FieldConflict, Impact, ObjectRef, Owner,
    OwnerOperation, Plan, PlanEvent, PlanRequest, PlanSubject, PlannedChart, PlannedHook, PlannedObject,
    RecordSize,
};
pub use release::{
    Drift, Hook, HookPhase, HookRun, Lock, LockVerdict, LogLines, ObjectEvent, Orphans, PodStatus,
    ReleaseState, ReleaseSummary, Releases, ResourceStatus, Resources, RevisionDetail, RevisionDiff,
    RevisionSummary, Revisions, Status, Verdict,
};

pub use tagged::read;

/// The version of these types. It grows when an old client could misunderstand a new bridge.
pub const API_VERSION: u32 = 1;
