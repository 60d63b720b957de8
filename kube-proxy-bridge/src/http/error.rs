//! Refusals and failures as `application/problem+json` (RFC 9457).

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use wire::{Code, Problem};

use crate::telemetry;

/// What a route answers when it cannot do what was asked.
///
/// `?` makes it of a [`Problem`] and of every error that knows its problem.
#[derive(Debug)]
pub struct Failure(pub Box<Problem>);

/// The code of a refused request, left in the answer's extensions for log and metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused(pub Code);

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

impl From<crate::kube::Error> for Failure {
    fn from(error: crate::kube::Error) -> Self {
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
        response.extensions_mut().insert(Refused(self.0.code));
        response
    }
}
