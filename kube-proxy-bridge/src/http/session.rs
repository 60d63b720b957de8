//! What the page may ask about the bridge that serves it.

use axum::Json;
use axum::http::{HeaderName, header};
use wire::{API_VERSION, Session};

/// `GET /v1/session`: the versions of the bridge.
pub async fn session() -> ([(HeaderName, &'static str); 1], Json<Session>) {
    let session = Session {
        api_version: API_VERSION,
        bridge_version: env!("CARGO_PKG_VERSION").to_owned(),
        mode: wire::Mode::None,
        signed_in: false,
        read_only: false,
        cluster: None,
        limits: None,
        policy: None,
    };
    ([(header::CACHE_CONTROL, "no-store")], Json(session))
}
