//! The door: every request passes here before a route sees it, and every answer on its way out.
//!
//! [`enter`] runs before routing: request id, headers that only a proxy may set, host, path, origin. [`gate`] runs when
//! the route is known: who calls, how often, with which body, for how long. What has no row in [`routes`] stays closed.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{ConnectInfo, FromRequestParts, MatchedPath, Request, State as Shared};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use wire::{Code, Mode};

use super::body::{Arguments, Limit};
use super::error::{Failure, Refused};
use super::routes::{self, Door, Found, Route, Size};
use crate::State;
use crate::auth::Caller;
use crate::auth::bearer::{self, Bearer};
use crate::auth::origin::Asked;
use crate::auth::rate::Class;
use crate::hex::hex;
use crate::telemetry;

const X_BRIDGE: HeaderName = HeaderName::from_static("x-bridge");
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// How long a page of a configured origin may rely on what it may send.
const PREFLIGHT_SECONDS: HeaderValue = HeaderValue::from_static("600");

/// The address at the other end; loopback when there is no connection, as in tests.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// How late a peer is answered that failed to sign in too often.
pub const PENALTY: Duration = Duration::from_millis(500);
/// Answers that are late at the same time; more are given at once.
static LATE: Semaphore = Semaphore::const_new(64);

/// An answer that comes late.
#[derive(Clone, Copy, Debug)]
struct Slowed;

/// The route of an answer, for log and metrics.
#[derive(Clone, Copy, Debug)]
struct Routed(&'static str);

/// Takes every request in and lets every answer out.
pub async fn enter(Shared(state): Shared<State>, mut request: Request, next: Next) -> Response {
    let id = new_id();
    telemetry::within(id.clone(), async {
        let started = Instant::now();
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let peer = Peer(peer.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |ConnectInfo(address)| address.ip()));
        request.extensions_mut().insert(peer);
        let method = request.method().clone();
        let (mut response, asked) = match admit(&state, &mut request) {
            Ok(Asked::Configured(origin)) if method == Method::OPTIONS => {
                (preflight(request.headers()), Asked::Configured(origin))
            }
            Ok(asked) => (next.run(request).await, asked),
            Err(failure) => (failure.into_response(), Asked::Foreign),
        };
        state.headers().apply(response.headers_mut());
        if let Asked::Configured(origin) = asked {
            let headers = response.headers_mut();
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.append(header::VARY, HeaderValue::from_static("Origin"));
            let exposed = HeaderValue::from_static("etag, location, retry-after, x-request-id");
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        }
        // Hexadecimal digits always are a header value.
        response.headers_mut().extend(HeaderValue::try_from(&*id).map(|id| (X_REQUEST_ID, id)));
        note(&state, &method, peer, &response, started.elapsed());
        response
    })
    .await
}

/// What every request must be before anything looks at where it goes.
fn admit(state: &State, request: &mut Request) -> Result<Asked, Failure> {
    if !state.hosts().admit(request.version(), request.headers(), request.uri()) {
        let sentence = format!("This bridge answers only to {}.", state.hosts().list());
        return Err(Failure::new(Code::HostNotAllowed, sentence));
    }
    strip(request.headers_mut());
    let path = request.uri().path();
    check_path(path)?;
    if !is_api(path) {
        // The page's files are public, and a link on another site may lead to them.
        return Ok(Asked::Ours);
    }
    match state.origins().asked(request.headers(), state.hosts(), state.scheme()) {
        Asked::Foreign => {
            state.auth_failed("origin");
            let sentence =
                "Pages of other origins may call only when the bridge was started with --allow-origin.";
            Err(Failure::new(Code::OriginNotAllowed, sentence))
        }
        asked => Ok(asked),
    }
}

/// Whether the path belongs to the interface and not to the page.
#[must_use]
pub fn is_api(path: &str) -> bool {
    path == "/v1" || path.starts_with("/v1/") || matches!(path, "/livez" | "/readyz" | "/metrics")
}

/// Refuses paths that two readers could read in two ways. Names of Kubernetes need no escapes.
fn check_path(path: &str) -> Result<(), Failure> {
    let segments = || path.split('/').skip(1);
    let unclear = path.bytes().any(|byte| matches!(byte, b'%' | b'\\') || byte.is_ascii_control())
        || segments().any(|segment| matches!(segment, "." | ".."))
        || (path.len() > 1 && segments().any(str::is_empty));
    if unclear {
        return Err(Failure::new(
            Code::InvalidRequest,
            "The path has an escape, an empty segment or a dot segment.",
        ));
    }
    Ok(())
}

/// Removes what only a proxy in front of an API server may say.
fn strip(headers: &mut HeaderMap) {
    let forged = |name: &str| {
        name.starts_with("impersonate-") || name.starts_with("x-remote-") || name == "x-forwarded-user"
    };
    let names: Vec<HeaderName> = headers.keys().filter(|name| forged(name.as_str())).cloned().collect();
    for name in names {
        headers.remove(name);
    }
}

/// The answer to a browser that asks what a page of a configured origin may send.
fn preflight(headers: &HeaderMap) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    if headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
        let answer = response.headers_mut();
        answer.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
        let allowed =
            "authorization, content-encoding, content-type, idempotency-key, last-event-id, x-bridge";
        answer.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(allowed));
        answer.insert(header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_SECONDS);
    }
    response
}

/// Lets a routed request through to its handler.
pub async fn gate(
    Shared(state): Shared<State>,
    matched: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    // What the router did not match goes to the page, which has its own answers.
    let Some(matched) = matched else { return next.run(request).await };
    let route = match routes::find(matched.as_str(), request.method(), request.uri().path()) {
        Found::Route(route) => route,
        Found::NoVerb => return Failure::new(Code::NotFound, "There is no such verb.").into_response(),
        Found::OtherMethod(allowed) => {
            let sentence = format!("{} is not answered here.", request.method());
            let failure = Failure::new(Code::MethodNotAllowed, sentence);
            return ([(header::ALLOW, allowed)], failure).into_response();
        }
        Found::Unlisted => return Failure::new(Code::NotFound, "There is no such route.").into_response(),
    };
    let mut response = match pass(&state, route, request, next).await {
        Ok(response) | Err(response) => response,
    };
    response.extensions_mut().insert(Routed(route.path));
    if response.extensions().get::<Slowed>().is_some()
        // Those who guess must not fill the bridge with answers that wait.
        && let Ok(_place) = LATE.try_acquire()
    {
        sleep(PENALTY).await;
    }
    response
}

/// Checks in the order of cost, then runs the handler.
async fn pass(
    state: &State,
    route: &'static Route,
    mut request: Request,
    next: Next,
) -> Result<Response, Response> {
    let peer = request.extensions().get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.0);
    let now = Instant::now();
    check_form(route, &request).map_err(IntoResponse::into_response)?;
    if route.door == Door::Caller && state.mode() == Mode::None {
        let sentence = "This bridge was started without a cluster and only serves the page.";
        return Err(Failure::new(Code::NotFound, sentence).into_response());
    }
    let caller = identify(state, route, request.headers(), peer, now)?;
    // From here on nothing needs the header, so nothing can pass it on.
    request.headers_mut().remove(header::AUTHORIZATION);
    let payer = caller.as_ref().map_or_else(|| format!("peer {peer}"), |caller| caller.identity().to_owned());
    if let Err(wait) = state.limiter().take(&payer, route.class, now) {
        state.rate_limited(route.path);
        return Err(too_often("You ask more often than this bridge answers.", wait));
    }
    if route.class == Class::Operation {
        if state.settings().read_only {
            let sentence = "It was started with --read-only.";
            return Err(Failure::new(Code::ReadOnly, sentence).into_response());
        }
        // Running operations may still be steered.
        if state.draining() && !route.path.starts_with("/v1/operations/") {
            return Err(Failure::new(Code::Draining, "Ask again; another one may answer.").into_response());
        }
    }
    let caps = &state.settings().caps;
    request.extensions_mut().insert(match route.size {
        Size::None => Limit::default(),
        Size::Small => Limit { bytes: caps.body_bytes, inflated: 0 },
        Size::Large => Limit { bytes: caps.large_body_bytes, inflated: caps.inflated_body_bytes },
    });
    let passed = caller.clone();
    if let Some(caller) = caller {
        request.extensions_mut().insert(caller);
    }
    let Ok(response) = timeout(Duration::from_secs(route.seconds), next.run(request)).await else {
        let sentence = format!("There was no answer within {} seconds.", route.seconds);
        return Err(Failure::new(Code::Deadline, sentence).into_response());
    };
    if let (Mode::Passthrough, Some(caller)) = (state.mode(), passed) {
        // Only the cluster knows whether a token is good. An answer of ours says nothing: many routes ask nobody.
        if response.status() == StatusCode::UNAUTHORIZED {
            state.known().forget(caller.identity());
            refused_token(state, peer, now);
        } else if state.accepts(&caller) {
            state.known().remember(caller.identity(), now);
        }
    }
    Ok(response)
}

/// The cluster does not take a token: somebody may be guessing.
pub fn refused_token(state: &State, peer: IpAddr, now: Instant) {
    state.auth_failed("token");
    // How long the peer has to wait is said when it comes again.
    let _ = state.failures().note(peer, now);
}

/// What a request of this route must look like: names in its query, and for POST what no form of another page can send.
fn check_form(route: &Route, request: &Request) -> Result<(), Failure> {
    let arguments = Arguments::parse(request.uri().query().unwrap_or_default())?;
    if let Some(unknown) = arguments.names().find(|name| !route.query.contains(name)) {
        return Err(Failure::new(
            Code::UnknownField,
            format!("The query has `{unknown}`, which is not known here."),
        ));
    }
    if route.method == routes::Method::Get {
        return Ok(());
    }
    if !request.headers().contains_key(X_BRIDGE) {
        return Err(Failure::new(Code::InvalidRequest, "POST needs the header `X-Bridge: 1`."));
    }
    let mut types = request.headers().get_all(header::CONTENT_TYPE).iter();
    let is_json = |value: &HeaderValue| {
        let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
        essence.trim().eq_ignore_ascii_case("application/json")
    };
    match (types.next(), types.next()) {
        (Some(value), None) if is_json(value) => Ok(()),
        _ => Err(Failure::new(Code::InvalidRequest, "POST needs `Content-Type: application/json`.")),
    }
}

/// Who calls. `None` on an open door.
fn identify(
    state: &State,
    route: &Route,
    headers: &HeaderMap,
    peer: IpAddr,
    now: Instant,
) -> Result<Option<Caller>, Response> {
    let refuse = |reason: &'static str, sentence: &str| {
        state.auth_failed(reason);
        match state.failures().note(peer, now) {
            Ok(()) => Failure::new(Code::Unauthenticated, sentence).into_response(),
            Err(wait) => slowed(wait),
        }
    };
    let token = match bearer::read(headers) {
        Bearer::Token(token) => Some(token),
        Bearer::Absent => None,
        Bearer::Malformed => {
            return Err(refuse("malformed", "There must be one Authorization header: a bearer token."));
        }
    };
    match (state.mode(), token) {
        (Mode::Local, Some(token)) => {
            if state.sessions().admit(&token, now) {
                return Ok(Some(Caller::local()));
            }
            Err(refuse(
                "session",
                "The session has ended. Press Enter in the bridge's terminal for a new code.",
            ))
        }
        (Mode::Passthrough, Some(token)) => {
            let caller = Caller::passthrough(token);
            match state.failures().blocked(peer, now) {
                Some(wait) if !state.known().contains(caller.identity()) => Err(slowed(wait)),
                _ => Ok(Some(caller)),
            }
        }
        (Mode::None, _) | (_, None) if route.door == Door::Open => Ok(None),
        (Mode::Passthrough, _) => {
            // Nothing was guessed, so nothing counts as a failure.
            state.auth_failed("absent");
            let sentence = "Send your Kubernetes token as a bearer token.";
            Err(Failure::new(Code::Unauthenticated, sentence).into_response())
        }
        _ => {
            state.auth_failed("absent");
            let sentence =
                "Open the address that the bridge printed, or press Enter in its terminal for a new one.";
            Err(Failure::new(Code::Unauthenticated, sentence).into_response())
        }
    }
}

/// 429, with the time to wait.
pub fn too_often(sentence: &str, wait: Duration) -> Response {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let mut response = Failure::new(Code::RateLimited, sentence).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    response
}

/// 429 for a peer that failed to sign in too often: [`gate`] answers late, so that guessing is slow even for one who does not
/// wait.
pub fn slowed(wait: Duration) -> Response {
    let mut response = too_often("There were too many refused sign-ins from your address.", wait);
    response.extensions_mut().insert(Slowed);
    response
}

/// One line for every request of the interface; the page's files only when asked for.
fn note(state: &State, method: &Method, peer: Peer, response: &Response, elapsed: Duration) {
    let status = response.status().as_u16();
    let refused = response.extensions().get::<Refused>();
    if let Some(rule) = refused.and_then(|refused| refused.rule) {
        state.metrics().policy_denied(rule.id());
    }
    let code = refused.map_or("", |refused| refused.code.text());
    let ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    // A method can be any word, and a word of a client's is not for the log.
    let known = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    let method = if known.contains(method) { method.as_str() } else { "other" };
    match response.extensions().get::<Routed>() {
        Some(Routed(route)) => {
            tracing::info!(event = "request", method, route, status, code, ms, peer = %peer.0);
        }
        None if code.is_empty() => tracing::debug!(event = "page", method, status, ms, peer = %peer.0),
        None => tracing::info!(event = "refused", method, status, code, ms, peer = %peer.0),
    }
}

/// 64 random bits; all zeros when there is no randomness, because an id is no secret.
fn new_id() -> Arc<str> {
    let mut bytes = [0; 8];
    let _ = getrandom::fill(&mut bytes);
    Arc::from(hex(&bytes))
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| Failure::new(Code::Unauthenticated, "This needs a caller."))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Peer {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().copied().unwrap_or(Self(IpAddr::V4(Ipv4Addr::LOCALHOST))))
    }
}
