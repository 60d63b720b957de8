//! What happens during an operation: an append-only log, streamed as server-sent events.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Counts, FieldConflict, HookPhase, ObjectRef, OperationResult, OperationState, Problem, Status, Verdict,
};

/// One entry of the log. On the stream, `id` is [`Event::seq`], `event` the body's type, `data` the whole as JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Event {
    /// Its number, from 1 without gaps.
    pub seq: u64,
    /// When (RFC 3339).
    pub t: String,
    /// What.
    #[cfg_attr(feature = "schema", schemars(flatten))]
    pub body: EventBody,
}

/// What happened. Read and written as a part of [`Event`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(tag = "type"))]
#[serde(rename_all_fields = "camelCase")]
pub enum EventBody {
    /// The operation moved on.
    #[serde(rename = "op.state")]
    State {
        /// Where it is.
        state: OperationState,
        /// Where it was.
        previous: Option<OperationState>,
        /// The revision it writes.
        revision: u32,
    },
    /// The dry run is done.
    #[serde(rename = "plan.summary")]
    PlanSummary {
        /// How many objects of each class.
        counts: Counts,
    },
    /// An object moved on.
    #[serde(rename = "object.state")]
    Object {
        /// Which.
        object: ObjectRef,
        /// Its place in the order of writing, from 0.
        index: u32,
        /// Where it is.
        state: ObjectState,
        /// How long the call took.
        ms: u64,
        /// Which try.
        attempt: u32,
        /// The version that the API server gave it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resource_version: Option<String>,
        /// Why it failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        problem: Option<Box<Problem>>,
    },
    /// What the wait sees.
    #[serde(rename = "object.status")]
    Status {
        /// Which.
        object: ObjectRef,
        /// Its health.
        verdict: Verdict,
        /// In words.
        message: String,
        /// Ready parts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ready: Option<u32>,
        /// Wanted parts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        desired: Option<u32>,
    },
    /// A Kubernetes event of an object or its pods.
    #[serde(rename = "object.event")]
    ObjectEvent {
        /// Of which object of the release.
        object: ObjectRef,
        /// `Warning`, `Normal`
        kind: String,
        /// `FailedScheduling`
        reason: String,
        /// The sentence.
        message: String,
        /// How often.
        count: u32,
    },
    /// Another manager owns fields.
    #[serde(rename = "object.conflict")]
    Conflict {
        /// Which.
        object: ObjectRef,
        /// Its fields.
        conflicts: Vec<FieldConflict>,
    },
    /// The API server warns.
    #[serde(rename = "api.warning")]
    Warning {
        /// About which object.
        object: Option<ObjectRef>,
        /// The sentence.
        message: String,
    },
    /// A hook moved on.
    #[serde(rename = "hook.state")]
    Hook {
        /// Which.
        object: ObjectRef,
        /// `pre-install`
        event: String,
        /// Its weight.
        weight: i64,
        /// Where it is.
        phase: HookPhase,
        /// How long it took.
        ms: u64,
    },
    /// Lines of a container.
    #[serde(rename = "log")]
    Log {
        /// The pod.
        object: ObjectRef,
        /// The container.
        container: String,
        /// The last lines.
        lines: Vec<String>,
    },
    /// A person has to decide.
    #[serde(rename = "prompt")]
    Prompt {
        /// Names it.
        id: String,
        /// The question.
        question: String,
        /// The answers.
        choices: Vec<PromptChoice>,
        /// The objects it is about.
        objects: Vec<ObjectRef>,
        /// When it is too late (RFC 3339).
        deadline: String,
    },
    /// The record was written.
    #[serde(rename = "record.state")]
    Record {
        /// Which revision.
        revision: u32,
        /// The status in it.
        status: Status,
        /// Its size as stored, of 1 MiB.
        bytes: u64,
    },
    /// Live objects of the release were found that no manifest names. Nothing deletes them unasked.
    #[serde(rename = "release.orphans")]
    Orphans {
        /// Which.
        objects: Vec<ObjectRef>,
    },
    /// Something went wrong; the operation may go on.
    #[serde(rename = "op.problem")]
    Problem {
        /// What.
        problem: Box<Problem>,
        /// Whether the operation ends.
        terminal: bool,
    },
    /// The end. Nothing follows.
    #[serde(rename = "op.done")]
    Done {
        /// How.
        result: OperationResult,
        /// The revision written; 0 when none.
        revision: u32,
        /// Milliseconds by step.
        durations: BTreeMap<String, u64>,
        /// Objects by what was done to them.
        counts: Counts,
    },
    /// The bridge is stopping: connect again.
    #[serde(rename = "server.draining")]
    Draining {
        /// Milliseconds to wait before.
        retry_after_ms: u64,
    },
}

impl EventBody {
    /// The type as it stands on the stream's `event:` line.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::State { .. } => "op.state",
            Self::PlanSummary { .. } => "plan.summary",
            Self::Object { .. } => "object.state",
            Self::Status { .. } => "object.status",
            Self::ObjectEvent { .. } => "object.event",
            Self::Conflict { .. } => "object.conflict",
            Self::Warning { .. } => "api.warning",
            Self::Hook { .. } => "hook.state",
            Self::Log { .. } => "log",
            Self::Prompt { .. } => "prompt",
            Self::Record { .. } => "record.state",
            Self::Orphans { .. } => "release.orphans",
            Self::Problem { .. } => "op.problem",
            Self::Done { .. } => "op.done",
            Self::Draining { .. } => "server.draining",
        }
    }
}

/// How far an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum ObjectState {
    Planned,
    Sending,
    Created,
    Configured,
    Unchanged,
    Waiting,
    Ready,
    Failed,
    Skipped,
    Deleted,
    Kept,
    Conflict,
}

/// An answer to a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum PromptChoice {
    /// A fresh token came with this request.
    Continue,
    /// Give up.
    Fail,
    /// Wait on.
    Wait,
    /// Take the object as ready.
    TreatAsReady,
}
