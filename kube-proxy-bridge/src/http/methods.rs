//! The methods the bridge knows: it deploys nothing, so reading is all there is.

use axum::extract::Request;
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Answers 405 to everything but GET and HEAD.
pub async fn only_reads(request: Request, next: Next) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return next.run(request).await;
    }
    let sentence = format!("{} is not answered here: this bridge only serves the page.\n", request.method());
    (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")], sentence).into_response()
}
