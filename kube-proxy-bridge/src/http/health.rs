//! Whether the bridge is alive.

/// `GET /livez`: the event loop answers.
pub async fn live() -> &'static str {
    "ok\n"
}
