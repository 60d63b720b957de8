//! Refusals and failures as `application/problem+json` (RFC 9457).

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};
use wire::{Code, Problem};

use crate::hex::hex;
use crate::policy::Rule;
use crate::{kube, telemetry};

/// What a route answers when it cannot do what was asked.
///
/// `?` makes it of a [`Problem`] and of every error that knows its problem.
#[derive(Debug)]
pub struct Failure(pub Box<Problem>);

/// Why a request was refused, left in the answer's extensions for log and metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The problem's code.
    pub code: Code,
    /// The rule of the policy.
    pub rule: Option<Rule>,
}

impl Failure {
    /// A failure of this code.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self(Box::new(Problem::new(code, detail)))
    }

    /// The bridge's own mistake: what it was stays inside.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(Code::Internal, "The log says more, under the request's id.")
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem))
    }
}

impl From<kube::Error> for Failure {
    /// The person sees the API server's sentence; the log gets its reason and a hash that tells equal ones.
    fn from(error: kube::Error) -> Self {
        let hash = hex(&Sha256::digest(error.message.as_bytes())[..4]);
        let is_word = error.reason.len() <= 40 && error.reason.bytes().all(|byte| byte.is_ascii_alphabetic());
        let reason = if is_word { error.reason.as_str() } else { "other" };
        tracing::info!(event = "cluster-refused", status = error.status, reason, hash);
        Self::from(error.problem())
    }
}

impl From<Box<Problem>> for Failure {
    fn from(problem: Box<Problem>) -> Self {
        Self(problem)
    }
}

impl IntoResponse for Failure {
    /// Names the request; says when to come again where that may help.
    fn into_response(mut self) -> Response {
        if self.0.request_id.is_none() {
            self.0.request_id = telemetry::request_id().map(|id| id.to_string());
        }
        // A problem is plain data: it always is JSON.
        let body = serde_json::to_vec(&self.0).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() =
            StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match self.0.code {
            Code::Unauthenticated | Code::TokenExpired => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Code::Busy | Code::RateLimited | Code::Draining | Code::ClusterThrottled => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            _ => {}
        }
        let rule = self.0.rule.as_deref().and_then(Rule::of_id);
        response.extensions_mut().insert(Refused { code: self.0.code, rule });
        response
    }
}
