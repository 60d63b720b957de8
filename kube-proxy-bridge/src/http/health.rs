//! Whether the bridge is alive, and whether it can do its work.

use axum::Router;
use axum::extract::State as Shared;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::body::Arguments;
use crate::State;

/// `/livez` and `/readyz`
pub fn routes() -> Router<State> {
    Router::new().route("/livez", get(live)).route("/readyz", get(ready))
}

/// `GET /livez`: the event loop answers.
pub async fn live() -> impl IntoResponse {
    ([(header::CACHE_CONTROL, "no-store")], "ok\n")
}

/// `GET /readyz`: every check that matters for new requests; with `?verbose` one line for each.
pub async fn ready(Shared(state): Shared<State>, arguments: Arguments) -> Response {
    let checks = state.readiness();
    let ready = checks.iter().all(|check| check.passes || !check.required);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let text = if arguments.is_set("verbose") {
        checks.iter().fold(String::new(), |text, check| {
            let mark = if check.passes { "[+]" } else { "[-]" };
            format!("{text}{mark} {} {}\n", check.name, if check.passes { "ok" } else { "failed" })
        })
    } else {
        if ready { "ok\n" } else { "not ready\n" }.to_owned()
    };
    (status, [(header::CACHE_CONTROL, "no-store")], text).into_response()
}

/// `GET /metrics`, on its own listener alone.
pub async fn metrics(Shared(state): Shared<State>) -> impl IntoResponse {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], state.metrics().text())
}
