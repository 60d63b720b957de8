//! What the API server, or the way to it, says when a call fails.

use std::fmt;

use serde::Deserialize;
use wire::{Code, KubernetesCause, KubernetesError, Problem};

use crate::plain::plain;

/// A call that failed.
#[derive(Clone, Debug)]
pub struct Error {
    /// The HTTP status; `None` when there was no answer.
    pub status: Option<u16>,
    /// `Conflict`, `NotFound`; empty when the answer names none.
    pub reason: String,
    /// The sentence.
    pub message: String,
    /// One per field.
    pub causes: Vec<KubernetesCause>,
    /// What was tried: `patch deployments shop/web`.
    pub call: String,
    /// Seconds to wait, when the answer says so.
    pub retry_after_seconds: Option<u64>,
}

/// The parts of the API server's `Status` that we read.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    reason: Option<String>,
    message: Option<String>,
    details: Option<Details>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Details {
    causes: Option<Vec<Cause>>,
    retry_after_seconds: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Cause {
    reason: Option<String>,
    message: Option<String>,
    field: Option<String>,
}

impl Error {
    /// There was no answer.
    pub(super) fn unreachable(call: &str, message: impl fmt::Display) -> Self {
        Self {
            status: None,
            reason: String::new(),
            message: message.to_string(),
            causes: Vec::new(),
            call: call.to_owned(),
            retry_after_seconds: None,
        }
    }

    /// The answer was not what it should be.
    pub(super) fn unreadable(call: &str, message: impl fmt::Display) -> Self {
        Self { status: Some(502), ..Self::unreachable(call, message) }
    }

    /// The answer is an error of this status.
    pub(super) fn answered(call: &str, status: u16, body: &[u8], retry_after_seconds: Option<u64>) -> Self {
        let read: Status = serde_json::from_slice(body).unwrap_or_default();
        let details = read.details.unwrap_or_default();
        let message = read.message.unwrap_or_else(|| {
            // Not a Status: a proxy on the way, or text. Short, because it is shown.
            String::from_utf8_lossy(&body[..body.len().min(300)]).trim().to_owned()
        });
        Self {
            status: Some(status),
            reason: read.reason.unwrap_or_default(),
            message,
            causes: details
                .causes
                .unwrap_or_default()
                .into_iter()
                .map(|cause| KubernetesCause {
                    reason: cause.reason.unwrap_or_default(),
                    message: cause.message.unwrap_or_default(),
                    field: cause.field.unwrap_or_default(),
                })
                .collect(),
            call: call.to_owned(),
            retry_after_seconds: retry_after_seconds.or(details.retry_after_seconds),
        }
    }

    /// There is no such object, or no such resource.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.status == Some(404)
    }

    /// The server does not know the path itself: the kind is not served (any more).
    #[must_use]
    pub fn is_no_such_resource(&self) -> bool {
        self.is_not_found()
            && (self.reason != "NotFound"
                || self.message == "the server could not find the requested resource")
    }

    /// The namespace is missing.
    #[must_use]
    pub fn is_missing_namespace(&self) -> bool {
        self.is_not_found() && self.message.starts_with("namespaces \"")
    }

    /// Something is in the way: a version, a field manager, a quota.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.status == Some(409) && self.reason != "AlreadyExists"
    }

    /// Another manager owns fields.
    #[must_use]
    pub fn is_field_conflict(&self) -> bool {
        self.status == Some(409) && self.causes.iter().any(|cause| cause.reason == "FieldManagerConflict")
    }

    /// The object exists.
    #[must_use]
    pub fn is_already_exists(&self) -> bool {
        self.status == Some(409) && self.reason == "AlreadyExists"
    }

    /// A quota was updated at the same moment: the one conflict that passes by itself.
    #[must_use]
    pub fn is_quota_race(&self) -> bool {
        self.status == Some(409)
            && self.message.contains("resourcequotas")
            && self.message.contains("object has been modified")
    }

    /// The object does not fit its schema. The server says 500 without a reason, and it will say so for ever.
    #[must_use]
    pub fn is_schema_error(&self) -> bool {
        self.message.starts_with("failed to create typed patch object")
            || self.message.starts_with("failed to create manager for existing fields")
            || (self.status == Some(400) && self.message.contains("strict decoding error"))
    }

    /// The caller's credential is not, or no longer, accepted.
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        self.status == Some(401)
    }

    /// The caller may not do this.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        self.status == Some(403)
    }

    /// Whether the same call may succeed in a moment: no answer, 429, 503, 504, other 5xx, the quota race.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self.status {
            None => true,
            Some(429) => true,
            Some(500..) => !self.is_schema_error(),
            _ => self.is_quota_race(),
        }
    }

    /// The code that goes with it.
    #[must_use]
    pub fn code(&self) -> Code {
        match self.status {
            None => Code::ClusterUnreachable,
            Some(401) => Code::Unauthenticated,
            Some(403) if self.message.contains("being terminated") => Code::InvalidObject,
            Some(403) => Code::Forbidden,
            Some(404) => Code::NotFound,
            Some(409) if self.is_field_conflict() => Code::Conflict,
            Some(409) => Code::RevisionMismatch,
            Some(422) if self.is_immutable() => Code::ImmutableField,
            Some(400 | 405..=428) => Code::InvalidObject,
            Some(429) => Code::ClusterThrottled,
            Some(_) if self.is_schema_error() => Code::InvalidObject,
            Some(503) => Code::ClusterThrottled,
            Some(_) => Code::ClusterUnreachable,
        }
    }

    /// A field that cannot change was changed.
    ///
    /// *Source*: kubernetes v1.36 `pkg/apis/*/validation`, whose sentences differ from kind to kind.
    #[must_use]
    pub fn is_immutable(&self) -> bool {
        const SENTENCES: [&str; 7] = [
            "immutable",
            "may not change once set",
            "updates to statefulset spec",
            "cannot change roleRef",
            "can not be less than",
            "may not be changed",
            "primary clusterIP can not be unset",
        ];
        self.status == Some(422) && SENTENCES.iter().any(|part| self.message.contains(part))
    }

    /// As the page is told. The message is the API server's: hide what is secret before it leaves the bridge.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let mut problem = Problem::new(self.code(), format!("{}: {}", self.call, plain(&self.message)));
        problem.retryable = self.is_transient();
        problem.k8s = self.status.map(|status| KubernetesError {
            status,
            reason: self.reason.clone(),
            causes: self.causes.iter().map(told).collect(),
        });
        problem
    }
}

/// A cause as a person reads it.
fn told(cause: &KubernetesCause) -> KubernetesCause {
    let text = |text: &str| plain(text).into_owned();
    KubernetesCause { reason: text(&cause.reason), message: text(&cause.message), field: cause.field.clone() }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.call, self.message)
    }
}

impl std::error::Error for Error {}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        error.problem()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read_and_its_class_is_told() {
        let body = br#"{"kind":"Status","reason":"Conflict","message":"Apply failed with 1 conflict","details":{"causes":
            [{"reason":"FieldManagerConflict","message":"conflict with \"kubectl\" using v1","field":".data.a"}]}}"#;
        let error = Error::answered("patch configmaps shop/a", 409, body, None);
        assert!(error.is_field_conflict() && !error.is_already_exists() && !error.is_transient());
        assert_eq!(error.code(), Code::Conflict);
        assert_eq!(error.causes[0].field, ".data.a");
    }

    #[test]
    fn a_schema_error_is_not_tried_again_though_it_is_a_500() {
        let body = br#"{"message":"failed to create typed patch object (shop/a; /v1, Kind=ConfigMap): .x: field not declared in schema"}"#;
        let error = Error::answered("patch", 500, body, None);
        assert!(!error.is_transient());
        assert_eq!(error.code(), Code::InvalidObject);
        assert!(Error::answered("patch", 500, b"{}", None).is_transient());
        assert!(Error::unreachable("patch", "reset").is_transient());
    }

    #[test]
    fn a_field_that_cannot_change_is_told_by_its_sentence_in_a_422_alone() {
        let body = br#"{"message":"Service \"a\" is invalid: spec.clusterIP: may not change once set"}"#;
        assert_eq!(Error::answered("patch", 422, body, None).code(), Code::ImmutableField);
        assert!(!Error::answered("patch", 500, body, None).is_immutable());
        assert_eq!(Error::answered("patch", 422, b"{}", None).code(), Code::InvalidObject);
    }

    #[test]
    fn text_instead_of_a_status_is_shown_shortened() {
        let error = Error::answered("get", 502, "x".repeat(1000).as_bytes(), None);
        assert_eq!(error.message.len(), 300);
    }
}
