//! Callers with tokens of their own: T14, T15, and what a refused token costs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use kube_proxy_bridge::State;
use kube_proxy_bridge::auth::Caller;
use kube_proxy_bridge::http::body::Json;
use kube_proxy_bridge::http::error::Failure;
use kube_proxy_bridge::operations::Start;
use secrecy::SecretString;
use serde_json::json;
use tokio::net::TcpListener;
use wire::{Counts, EventBody, OperationKind, OperationResult};

use crate::harness::{Ask, Bridge};

/// What reached the API server: its headers, request by request.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<Vec<HeaderMap>>>);

impl Seen {
    fn take(&self) -> Vec<HeaderMap> {
        std::mem::take(&mut *self.0.lock().expect("not poisoned"))
    }
}

/// Stands where an API server would: notes what comes, takes every token that does not start with `bad`.
pub(crate) async fn listener() -> (String, Seen) {
    let seen = Seen::default();
    let app = Router::new().fallback(answer).with_state(seen.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, app).await });
    (format!("http://{address}"), seen)
}

async fn answer(Shared(seen): Shared<Seen>, headers: HeaderMap) -> Response {
    let token =
        headers.get(header::AUTHORIZATION).map_or("", |value| value.to_str().expect("ASCII")).to_owned();
    seen.0.lock().expect("not poisoned").push(headers);
    let refuse = |code: u16, reason: &str| {
        let status = json!({
            "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason,
            "message": "canary-message of the API server",
        });
        (StatusCode::from_u16(code).expect("a status"), axum::Json(status)).into_response()
    };
    match token.strip_prefix("Bearer ") {
        Some(token) if token.starts_with("bad") => refuse(401, "Unauthorized"),
        Some(token) if token.starts_with("poor") => refuse(403, "Forbidden"),
        // The version, and who it is: one answer for both questions.
        Some(token) => axum::Json(json!({
            "major": "1", "minor": "36", "gitVersion": "v1.36.0",
            "status": { "userInfo": { "username": token.trim_end_matches("-token") } },
        }))
        .into_response(),
        None => refuse(401, "Unauthorized"),
    }
}

/// A bridge whose one route asks the cluster for its version, as the caller.
pub(crate) async fn asking(server: &str) -> Bridge {
    async fn version(Shared(state): Shared<State>, caller: Caller) -> Result<Json<String>, Failure> {
        Ok(Json(state.cluster(&caller)?.version().await?.version))
    }
    Bridge::passthrough(server).await.serving(Router::new().route("/v1/releases", get(version)))
}

#[tokio::test]
async fn t14_each_caller_reaches_the_cluster_as_oneself() {
    let (server, seen) = listener().await;
    let bridge = asking(&server).await;
    for token in ["alice-token", "bob-token", "alice-token"] {
        assert_eq!(bridge.send(Ask::get("/v1/releases").bearer(token)).await.status, StatusCode::OK);
        let last = seen.take().pop().expect("a request");
        assert_eq!(last.get(header::AUTHORIZATION).expect("a token"), &format!("Bearer {token}"));
    }
    // Without a token there is nobody whose rights or caches could be used.
    assert_eq!(bridge.send(Ask::get("/v1/releases")).await.problem(), "unauthenticated");
    assert_eq!(seen.take().len(), 0);
    let (alice, bob) = ("alice-token", "bob-token").into_callers();
    let view = |caller: &Caller| bridge.state.cluster(caller).expect("a cluster").identity().to_owned();
    assert_eq!(view(&alice), alice.identity());
    assert_ne!(view(&alice), view(&bob));
}

#[tokio::test]
async fn t14_operations_are_their_creators_alone() {
    let (server, _) = listener().await;
    let bridge = Bridge::passthrough(&server).await;
    let (alice, bob) = ("alice-token", "bob-token").into_callers();
    let start = |identity| Start {
        identity,
        subject: "",
        path: "/v1/namespaces/shop/releases/web:apply",
        key: "k",
        body: [0; 32],
        kind: OperationKind::Install,
        namespace: "shop",
        release: "web",
    };
    let handle = bridge
        .state
        .operations()
        .start(&start(alice.identity()), |handle| async move {
            handle.emit(EventBody::Done {
                result: OperationResult::Success,
                revision: 1,
                durations: BTreeMap::new(),
                counts: Counts::default(),
            });
        })
        .expect("started");
    let operations = bridge.state.operations();
    assert!(operations.find(handle.id(), alice.identity()).is_some());
    assert!(operations.find(handle.id(), bob.identity()).is_none());
    assert!(operations.list(bob.identity(), "", None).is_empty());
    for path in ["", "/events", ":cancel"] {
        let target = format!("/v1/operations/{}{path}", handle.id());
        let ask = if path == ":cancel" { Ask::post(&target, &json!({})) } else { Ask::get(&target) };
        assert_eq!(bridge.send(ask.bearer("bob-token")).await.problem(), "not-found", "{path}");
    }
}

#[tokio::test]
async fn t15_only_the_token_goes_on_to_the_cluster() {
    let (server, seen) = listener().await;
    let bridge = asking(&server).await;
    let ask = Ask::get("/v1/releases")
        .bearer("alice-token")
        .header("impersonate-user", "system:admin")
        .header("impersonate-group", "system:masters")
        .header("x-remote-user", "system:admin")
        .header("cookie", "canary=1")
        .header("x-anything", "canary");
    assert_eq!(bridge.send(ask).await.status, StatusCode::OK);
    for headers in seen.take() {
        let text = format!("{headers:?}");
        assert!(!text.contains("canary") && !text.contains("system:"), "{text}");
    }
}

#[tokio::test]
async fn t5_tokens_that_the_cluster_refuses_count_against_the_peer_and_not_against_others() {
    let (server, seen) = listener().await;
    let bridge = asking(&server).await;
    let ask = |token: &str| Ask::get("/v1/releases").bearer(token);
    assert_eq!(bridge.send(ask("alice-token")).await.status, StatusCode::OK);
    for idx in 0..10 {
        assert_eq!(bridge.send(ask(&format!("bad-{idx}"))).await.status, StatusCode::UNAUTHORIZED, "{idx}");
    }
    seen.take();
    assert_eq!(bridge.send(ask("bad-10")).await.problem(), "rate-limited");
    // A stranger from the same address waits; whom the cluster took a moment ago does not.
    assert_eq!(bridge.send(ask("carol-token")).await.problem(), "rate-limited");
    assert_eq!(seen.take().len(), 0);
    assert_eq!(bridge.send(ask("alice-token")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn t5_a_made_up_token_is_no_caller() {
    let (server, seen) = listener().await;
    let bridge = Bridge::passthrough(&server).await;
    let session = |token: &'static str| bridge.send(Ask::get("/v1/session").bearer(token));
    let told = session("bad-token").await.json();
    assert_eq!(told["signedIn"], json!(false));
    for name in ["cluster", "limits", "policy"] {
        assert!(told.get(name).is_none(), "{told}");
    }
    // Whom the cluster knows is asked about once, and is told who that is: not the kubeconfig's user.
    for asks in [true, false] {
        seen.take();
        let told = session("alice-token").await.json();
        assert_eq!((&told["signedIn"], &told["cluster"]["user"]), (&json!(true), &json!("alice")));
        assert_eq!(!seen.take().is_empty(), asks);
    }
    let told = session("poor-token").await.json();
    assert_eq!((&told["signedIn"], &told["cluster"]["user"]), (&json!(true), &json!("")));
    let list = |token: &'static str| bridge.send(Ask::get("/v1/operations").bearer(token));
    assert_eq!(list("bad-token").await.problem(), "unauthenticated");
    // The answers are ours, and say nothing about the token: they open no way past the limit.
    for _ in 0..8 {
        assert_eq!(session("bad-token").await.status, StatusCode::OK);
    }
    assert_eq!(session("bad-token").await.problem(), "rate-limited");
    assert_eq!(session("carol-token").await.problem(), "rate-limited");
    assert_eq!(list("alice-token").await.status, StatusCode::OK);
}

#[tokio::test]
async fn no_sessions_are_given_out_where_callers_bring_tokens() {
    let (server, _) = listener().await;
    let bridge = Bridge::passthrough(&server).await;
    assert_eq!(bridge.exchange("code").await.problem(), "not-found");
    let session = bridge.send(Ask::get("/v1/session").bearer("alice-token")).await.json();
    assert_eq!((&session["mode"], &session["signedIn"]), (&json!("passthrough"), &json!(true)));
    let denied = session["policy"]["deniedKinds"].as_array().expect("a list");
    assert!(denied.contains(&json!("cluster-scoped")), "{denied:?}");
}

trait IntoCallers {
    fn into_callers(self) -> (Caller, Caller);
}

impl IntoCallers for (&str, &str) {
    fn into_callers(self) -> (Caller, Caller) {
        let caller = |token: &str| Caller::passthrough(SecretString::from(token));
        (caller(self.0), caller(self.1))
    }
}
