//! A bridge without a port, and requests to it.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use kube_proxy_bridge::config::Access;
use kube_proxy_bridge::http::page::Page;
use kube_proxy_bridge::kube::{ConnectError, Connector, Options};
use kube_proxy_bridge::metrics::Metrics;
use kube_proxy_bridge::{Setup, State, app, guarded, observer};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

pub(crate) const INDEX: &str = "<!doctype html><script type=\"module\">alert('Hello, world.');</script>";

/// A bridge and its state.
pub(crate) struct Bridge {
    pub(crate) state: State,
    pub(crate) app: Router,
}

/// What came back.
pub(crate) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

/// A request to be.
pub(crate) struct Ask(axum::http::request::Builder, Body, bool);

impl Bridge {
    /// One that only serves the page.
    pub(crate) fn page() -> Self {
        Self::of(Setup::page_only(page(), address()))
    }

    /// One with a cluster that does not answer.
    pub(crate) async fn local() -> Self {
        Self::with(Access::Local, "http://127.0.0.1:1", |_| {}).await
    }

    /// One whose callers bring their tokens to the cluster at `server`.
    pub(crate) async fn passthrough(server: &str) -> Self {
        Self::with(Access::Passthrough, server, |_| {}).await
    }

    /// One with the cluster at `server` and what `change` does to it.
    pub(crate) async fn with(access: Access, server: &str, change: impl FnOnce(&mut Setup)) -> Self {
        let mut setup = Setup::page_only(page(), address());
        setup.settings.access = access;
        setup.settings.policy.shared = access == Access::Passthrough;
        setup.connector = Some(connector(server, true).await.expect("a connector"));
        change(&mut setup);
        Self::of(setup)
    }

    fn of(setup: Setup) -> Self {
        let state = State::new(setup).expect("a state");
        Self { app: app(state.clone()), state }
    }

    /// The same bridge with `routes` in place of its own.
    pub(crate) fn serving(mut self, routes: Router<State>) -> Self {
        self.app = guarded(routes, self.state.clone());
        self
    }

    pub(crate) async fn send(&self, Ask(mut request, body, has_host): Ask) -> Answer {
        if !has_host {
            request = request.header(header::HOST, "127.0.0.1:8484");
        }
        let request = request.body(body).expect("a request");
        let response = self.app.clone().oneshot(request).await.expect("infallible");
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("a body");
        let body = String::from_utf8(body.to_vec()).expect("UTF-8");
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Signs in with a fresh code and gives the session's token.
    pub(crate) async fn sign_in(&self) -> String {
        let code = self.state.codes().issue(Instant::now()).expect("randomness");
        let answer = self.exchange(code.expose_secret()).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.json()["token"].as_str().expect("a token").to_owned()
    }

    /// The same for a bridge that serves other routes.
    pub(crate) fn sign_in_by_state(&self) -> String {
        self.state.sessions().open(Instant::now()).expect("randomness").expose_secret().to_owned()
    }

    pub(crate) async fn exchange(&self, code: &str) -> Answer {
        self.send(Ask::post("/v1/session:exchange", &json!({ "code": code }))).await
    }
}

impl Ask {
    pub(crate) fn new(method: Method, target: &str) -> Self {
        Self(Request::builder().method(method).uri(target), Body::empty(), false)
    }

    pub(crate) fn get(target: &str) -> Self {
        Self::new(Method::GET, target)
    }

    /// As the page sends it.
    pub(crate) fn post(target: &str, body: &Value) -> Self {
        Self::new(Method::POST, target)
            .header("x-bridge", "1")
            .header("content-type", "application/json")
            .body(body.to_string())
    }

    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        let has_host = self.2 || name.eq_ignore_ascii_case("host");
        Self(self.0.header(name, value), self.1, has_host)
    }

    pub(crate) fn extension(self, extension: impl Clone + Send + Sync + 'static) -> Self {
        Self(self.0.extension(extension), self.1, self.2)
    }

    pub(crate) fn without_host(self) -> Self {
        Self(self.0, self.1, true)
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn body(self, body: impl Into<Body>) -> Self {
        Self(self.0, body.into(), self.2)
    }
}

impl Answer {
    #[track_caller]
    pub(crate) fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("ASCII"))
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// The code of the problem that this is.
    #[track_caller]
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.header(header::CONTENT_TYPE), "application/problem+json", "{}", self.body);
        assert_eq!(self.header(header::CACHE_CONTROL), "no-store");
        let problem: wire::Problem = serde_json::from_str(&self.body).expect("a problem");
        assert_eq!(problem.status, self.status.as_u16());
        assert_eq!(problem.request_id.as_deref(), Some(self.header("x-request-id")));
        problem.code.text().to_owned()
    }
}

pub(crate) fn address() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8484))
}

pub(crate) fn page() -> Page {
    let files = [
        ("index.html", INDEX),
        ("app-0123456789abcdef.js", "plain"),
        ("app-0123456789abcdef.js.br", "brotli"),
        ("app-0123456789abcdef.js.gz", "gzip"),
        ("worker_bg.wasm", "wasm"),
        ("archive.gz", "a file of its own"),
        ("examples/starter.json", "{}"),
    ];
    let files = files.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()));
    Page::from_files(BTreeMap::from(files))
}

/// A folder of this test's own; the system's temporary folder is cleaned by others.
pub(crate) fn folder() -> PathBuf {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let name = format!("kpb-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// A connector to `server` by a kubeconfig of its own.
pub(crate) async fn connector(server: &str, allow_insecure: bool) -> Result<Connector, ConnectError> {
    let folder = folder();
    let path = folder.join("kubeconfig");
    let kubeconfig = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{ "name": "toy", "cluster": { "server": server } }],
        "users": [{ "name": "me", "user": { "token": "canary-kubeconfig-token" } }],
        "contexts": [{ "name": "here", "context": { "cluster": "toy", "user": "me" } }],
        "current-context": "here",
    });
    std::fs::write(&path, kubeconfig.to_string()).expect("written");
    let options = Options { kubeconfig: Some(path), context: None, allow_insecure };
    let connector = Connector::new(&options, observer(Metrics::new())).await;
    std::fs::remove_dir_all(folder).expect("removed");
    connector
}

/// Bytes that several writers and a test share.
#[derive(Clone, Default)]
pub(crate) struct Shared(pub(crate) Arc<Mutex<Vec<u8>>>);

impl Shared {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("not poisoned").clone()).expect("UTF-8")
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("not poisoned").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
