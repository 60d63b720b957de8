//! T17: nothing that is secret reaches the log, the metrics or the audit log; and no token comes back in an answer.

use std::time::Instant;

use axum::Router;
use axum::extract::State as Shared;
use axum::http::Method;
use axum::routing::{get, post};
use kube_proxy_bridge::audit::Audit;
use kube_proxy_bridge::auth::Caller;
use kube_proxy_bridge::config::{Access, LogLevel};
use kube_proxy_bridge::http::body::Json;
use kube_proxy_bridge::http::error::Failure;
use kube_proxy_bridge::http::guard::Peer;
use kube_proxy_bridge::{State, telemetry};
use secrecy::ExposeSecret as _;
use serde_json::json;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::harness::{Ask, Bridge, Shared as Bytes};
use crate::tokens;

#[expect(clippy::panic, reason = "a handler that has a mistake")]
async fn panics() -> &'static str {
    panic!("canary-panic")
}

/// Routes that meet the requests below, and audit what changes something.
fn routes() -> Router<State> {
    async fn apply(
        Shared(state): Shared<State>,
        caller: Caller,
        peer: Peer,
        Json(body): Json<wire::Apply>,
    ) -> Result<Json<usize>, Failure> {
        let mut entry = state.audit_entry(&caller, peer, "apply");
        entry.result = "started".to_owned();
        state.audit().record(&entry);
        state.cluster(&caller)?.version().await?;
        Ok(Json(body.documents.len()))
    }
    Router::new()
        .route("/v1/namespaces/{namespace}/releases/{release}", get(panics).post(apply))
        .route("/v1/lookup", post(|Json(_): Json<wire::Lookup>| async { "" }))
        .route("/v1/releases", get(|| async { "" }))
        .route("/v1/session", get(|| async { "" }))
}

#[tokio::test]
async fn t17_a_canary_put_anywhere_comes_out_nowhere() {
    let (log, audit) = (Bytes::default(), Bytes::default());
    let subscriber = tracing_subscriber::registry().with(telemetry::Lines::new(LogLevel::Debug, log.clone()));
    let _default = tracing::subscriber::set_default(subscriber);
    let (server, _) = tokens::listener().await;
    let to_buffer = |setup: &mut kube_proxy_bridge::Setup| setup.audit = Audit::to(Box::new(audit.clone()));
    let bridge = Bridge::with(Access::Passthrough, &server, to_buffer).await.serving(routes());
    let apply = json!({
        "chart": { "metadata": { "name": "canary-chart" }, "values": { "password": "canary-value" } },
        "config": { "token": "canary-config" },
        "documents": [{ "source": "a.yaml", "yaml": "kind: Secret\nstringData: {a: canary-document}" }],
        "notes": "canary-notes",
        "world": "exact",
    });
    let target = "/v1/namespaces/shop/releases/web:apply";
    let mut answers = Vec::new();
    for ask in [
        Ask::post(target, &apply).bearer("good-canary-token"),
        // The API server's sentence is for the caller alone.
        Ask::post(target, &apply).bearer("poor-canary-token"),
        Ask::post(target, &apply).bearer("bad-canary-token"),
        Ask::post(target, &json!({ "canary-field": "canary-text" })).bearer("good-canary-token"),
        Ask::post("/v1/lookup", &json!({ "items": "canary-type" })).bearer("good-canary-token"),
        Ask::get("/v1/namespaces/shop/releases/web").bearer("good-canary-token"),
        Ask::get("/v1/releases?selector=canary-query").bearer("good-canary-token"),
        Ask::get("/v1/releases?canary-name=1").bearer("good-canary-token"),
        Ask::get("/canary-path"),
        Ask::get("/v1/canary%2fpath"),
        Ask::get("/v1/session").header("host", "canary-host.test"),
        Ask::get("/v1/session").header("origin", "http://canary-origin.test"),
        Ask::get("/v1/session").header("authorization", "Basic canary-basic"),
        Ask::get("/v1/session")
            .header("x-forwarded-user", "canary-user")
            .header("user-agent", "canary-agent"),
        Ask::new(Method::from_bytes(b"CANARY-METHOD").expect("a method"), "/v1/session"),
    ] {
        answers.push(bridge.send(ask).await);
    }
    let told = answers[1].body.contains("canary-message");
    assert!(told, "the person sees why: {}", answers[1].body);
    for answer in &answers {
        assert!(!answer.body.contains("canary-token"), "{}", answer.body);
    }
    let (log, audit, metrics) = (log.text(), audit.text(), bridge.state.metrics().text());
    for (name, text) in [("log", &log), ("audit log", &audit), ("metrics", &metrics)] {
        assert!(!text.to_ascii_lowercase().contains("canary"), "{name}: {text}");
    }
    // They were not silent, though.
    assert_eq!(
        log.lines().filter(|line| line.contains("\"request\"") && line.contains("\"ms\"")).count(),
        15,
        "{log}"
    );
    assert!(log.contains("\"reason\":\"Forbidden\"") && log.contains("\"code\":\"unknown-field\""), "{log}");
    assert_eq!(Audit::verify(&audit), Ok(3));
    assert!(audit.contains("\"action\":\"apply\"") && audit.contains("\"subject\":\"token-"), "{audit}");
}

#[tokio::test]
async fn t17_codes_and_session_tokens_are_never_logged() {
    let log = Bytes::default();
    let subscriber = tracing_subscriber::registry().with(telemetry::Lines::new(LogLevel::Debug, log.clone()));
    let _default = tracing::subscriber::set_default(subscriber);
    let bridge = Bridge::local().await;
    let code = bridge.state.codes().issue(Instant::now()).expect("randomness");
    let token =
        bridge.exchange(code.expose_secret()).await.json()["token"].as_str().expect("a token").to_owned();
    bridge.exchange(code.expose_secret()).await;
    bridge.send(Ask::get("/v1/session").bearer(&token)).await;
    bridge.send(Ask::get("/v1/session").bearer(&token[1..])).await;
    let log = log.text();
    assert!(log.contains("session:exchange"), "{log}");
    for secret in [code.expose_secret(), &token, &token[1..]] {
        assert!(!log.contains(secret), "{log}");
    }
    assert!(!log.contains("canary-kubeconfig-token"), "{log}");
    assert!(!format!("{:?} {:?}", bridge.state, Caller::passthrough(token.clone().into())).contains(&token));
}
