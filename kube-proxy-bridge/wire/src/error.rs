//! What the bridge says when it refuses or fails: RFC 9457.

use serde::{Deserialize, Serialize};

use crate::{FieldConflict, ObjectRef};

/// An `application/problem+json` body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// `urn:kpb:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// What happened, the same sentence for each code.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// This time: what, where, what to do.
    pub detail: String,
    /// For programs.
    pub code: Code,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// The operation it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Finds it in the bridge's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The rule of the bridge's policy that forbids it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// What the API server said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub k8s: Option<KubernetesError>,
    /// The objects it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<ObjectRef>,
    /// Fields that another manager owns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<FieldConflict>,
}

/// The API server's `Status`, shortened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct KubernetesError {
    /// The HTTP status.
    pub status: u16,
    /// `Conflict`, `Invalid`; empty when there is none.
    pub reason: String,
    /// One per field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<KubernetesCause>,
}

/// One `details.causes` entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct KubernetesCause {
    /// `FieldManagerConflict`, `FieldValueInvalid`
    pub reason: String,
    /// The sentence.
    pub message: String,
    /// The field.
    pub field: String,
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal, $status:literal, $retryable:literal, $title:literal;)+) => {
        /// What went wrong, for programs.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(rename_all = "kebab-case")]
        pub enum Code { $($(#[doc = $doc])+ $name,)+ }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// As it stands in JSON.
            #[must_use]
            pub const fn text(self) -> &'static str { match self { $(Self::$name => $text,)+ } }

            /// The HTTP status that goes with it.
            #[must_use]
            pub const fn status(self) -> u16 { match self { $(Self::$name => $status,)+ } }

            /// Whether the same request may succeed later.
            #[must_use]
            pub const fn retryable(self) -> bool { match self { $(Self::$name => $retryable,)+ } }

            /// The sentence of the code.
            #[must_use]
            pub const fn title(self) -> &'static str { match self { $(Self::$name => $title,)+ } }
        }
    };
}

codes! {
    /// Too much at once.
    Busy = "busy", 429, true, "The bridge has as many operations as it takes";
    /// The API server does not answer.
    ClusterUnreachable = "cluster-unreachable", 502, true, "The cluster does not answer";
    /// The API server asks to slow down.
    ClusterThrottled = "cluster-throttled", 503, true, "The cluster asks to slow down";
    /// Another manager owns fields that the chart sets.
    Conflict = "conflict", 409, false, "Another manager owns fields this chart sets";
    /// The event log no longer reaches back that far.
    CursorExpired = "cursor-expired", 409, false, "The event log no longer reaches back that far";
    /// The operation took longer than it may.
    Deadline = "deadline", 504, true, "The operation took longer than it may";
    /// The bridge is stopping.
    Draining = "draining", 503, true, "The bridge is stopping";
    /// Two documents are the same object.
    DuplicateObject = "duplicate-object", 400, false, "Two documents are the same object";
    /// The caller's Kubernetes rights do not allow it.
    Forbidden = "forbidden", 403, false, "The cluster does not allow this";
    /// The `Host` is not ours.
    HostNotAllowed = "host-not-allowed", 421, false, "This bridge does not answer to that name";
    /// The same idempotency key came with another body.
    IdempotencyMismatch = "idempotency-mismatch", 422, false, "This idempotency key was used for another request";
    /// A field cannot change.
    ImmutableField = "immutable-field", 422, false, "A field of a live object cannot change";
    /// Something inside the bridge went wrong.
    Internal = "internal", 500, false, "The bridge made a mistake";
    /// A document is not a Kubernetes object.
    InvalidDocument = "invalid-document", 400, false, "A document is not a Kubernetes object";
    /// A name is not one.
    InvalidName = "invalid-name", 400, false, "That is not a valid name";
    /// The API server refuses the object.
    InvalidObject = "invalid-object", 422, false, "The cluster refuses an object";
    /// The request is not understood.
    InvalidRequest = "invalid-request", 400, false, "The request is not understood";
    /// A lookup that was refused was used.
    LookupDeniedUsed = "lookup-denied-used", 409, false, "The manifests were rendered without a lookup the chart asked for";
    /// What a lookup read has changed.
    LookupStale = "lookup-stale", 409, false, "What the chart looked up has changed";
    /// A list's key changed under another manager.
    MergeKeyDrift = "merge-key-drift", 409, false, "An entry of a list was renumbered by another manager";
    /// An install of a name that is in use.
    NameInUse = "name-in-use", 409, false, "A release of this name exists";
    /// There is no such thing.
    NotFound = "not-found", 404, false, "There is no such thing";
    /// Objects did not become ready.
    NotReady = "not-ready", 504, false, "Objects did not become ready in time";
    /// The method is not answered here.
    MethodNotAllowed = "method-not-allowed", 405, false, "This method is not answered here";
    /// A page of another origin asks.
    OriginNotAllowed = "origin-not-allowed", 403, false, "Pages of that origin may not call this bridge";
    /// An object exists and belongs to another.
    Ownership = "ownership", 409, false, "An object exists and does not belong to this release";
    /// The plan is no longer what would happen.
    PlanStale = "plan-stale", 409, false, "The cluster has changed since the plan";
    /// The bridge's policy forbids it.
    PolicyDenied = "policy-denied", 403, false, "The bridge's policy does not allow this";
    /// A set of documents rendered with the preview's clock and randomness.
    PreviewRefused = "preview-refused", 422, false, "These manifests were rendered for preview";
    /// Too many requests.
    RateLimited = "rate-limited", 429, true, "Too many requests";
    /// Every operation is refused.
    ReadOnly = "read-only", 403, false, "This bridge only reads";
    /// Somebody else wrote the record.
    RecordHijacked = "record-hijacked", 409, false, "Somebody else wrote this release's record";
    /// The record's name is not the object's.
    RecordMismatch = "record-mismatch", 409, false, "A release record names another release than its own";
    /// The record could not be written.
    RecordWriteFailed = "record-write-failed", 502, true, "The release's record could not be written";
    /// A release record is unreadable.
    RecordCorrupt = "record-corrupt", 422, false, "A release record cannot be read";
    /// Another operation holds the release.
    ReleaseLocked = "release-locked", 409, false, "Another operation holds this release";
    /// The record exceeds what the cluster stores.
    ReleaseTooLarge = "release-too-large", 413, false, "The release's record exceeds what the cluster stores";
    /// The history has moved.
    RevisionMismatch = "revision-mismatch", 409, false, "The release has moved on";
    /// The caller's token ended during the run.
    TokenExpired = "token-expired", 401, true, "The token has expired";
    /// The body is too large.
    TooLarge = "too-large", 413, false, "The request is too large";
    /// Too many documents.
    TooManyDocuments = "too-many-documents", 413, false, "A release of so many documents is not taken";
    /// Nobody we know.
    Unauthenticated = "unauthenticated", 401, false, "Sign in first";
    /// The request holds a field we do not know.
    UnknownField = "unknown-field", 400, false, "The request has a field that is not known";
    /// A lookup of a kind that the cluster has not.
    UnknownKind = "unknown-kind", 422, false, "The cluster has no such kind";
    /// The object could not be tried before applying it.
    Unverifiable = "unverifiable", 422, false, "An object cannot be tried before it is applied";
}

impl Problem {
    /// A problem of this code.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:kpb:problem:{}", code.text()),
            title: code.title().to_owned(),
            status: code.status(),
            detail: detail.into(),
            code,
            retryable: code.retryable(),
            operation: None,
            request_id: None,
            rule: None,
            k8s: None,
            objects: Vec::new(),
            conflicts: Vec::new(),
        }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.title, self.detail)
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_code_is_its_json() {
        for code in Code::ALL {
            assert_eq!(serde_json::to_value(code).expect("a string"), code.text());
        }
    }
}
