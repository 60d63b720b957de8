//! Signing in, and what a caller may know about the bridge.

use std::time::Instant;

use axum::Router;
use axum::extract::State as Shared;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use release::record;
use secrecy::ExposeSecret as _;
use wire::{API_VERSION, ClusterInfo, Code, Limits, Mode, Session, SessionExchange, SessionToken};

use super::body::Json;
use super::error::Failure;
use super::guard::{Peer, refused_token, slowed};
use crate::State;
use crate::auth::Caller;
use crate::documents::{DOCUMENT_LIMIT, DOCUMENT_LIMIT_BYTES};
use crate::operations::LONGEST;

/// `/v1/session` and `/v1/session:exchange`
pub fn routes() -> Router<State> {
    Router::new().route("/v1/session", get(session)).route("/v1/session:exchange", post(exchange))
}

/// `GET /v1/session`: versions and mode for everybody, the rest for callers.
///
/// Cost: in `passthrough` mode two calls when the cluster has not seen the caller's token yet.
pub async fn session(
    Shared(state): Shared<State>,
    peer: Peer,
    caller: Option<axum::Extension<Caller>>,
) -> Result<Json<Session>, Failure> {
    let mut signed_in = false;
    let mut cluster = None;
    if let Some(axum::Extension(caller)) = caller {
        signed_in = is_signed_in(&state, peer, &caller).await?;
        if signed_in {
            cluster = cluster_of(&state, &caller).await;
        }
    }
    let caps = &state.settings().caps;
    Ok(Json(Session {
        api_version: API_VERSION,
        bridge_version: env!("CARGO_PKG_VERSION").to_owned(),
        mode: state.mode(),
        signed_in,
        read_only: state.settings().read_only,
        strict: state.settings().strict,
        cluster,
        limits: signed_in.then(|| Limits {
            body_bytes: caps.large_body_bytes as u64,
            document_bytes: DOCUMENT_LIMIT_BYTES as u64,
            documents: u32::try_from(DOCUMENT_LIMIT).unwrap_or(u32::MAX),
            record_bytes: record::MAX_STORED as u64,
            lookup_batch: u32::try_from(caps.lookup_batch).unwrap_or(u32::MAX),
            deadline_seconds: u32::try_from(LONGEST.as_secs()).unwrap_or(u32::MAX),
        }),
        policy: signed_in.then(|| state.policy().summary()),
    }))
}

/// The cluster, and whom it takes the caller for.
async fn cluster_of(state: &State, caller: &Caller) -> Option<ClusterInfo> {
    let mut info = state.cluster_info()?;
    // An old cluster does not say.
    let person = state.person(caller).await.unwrap_or_default();
    if !person.is_empty() {
        info.user = person;
    }
    Some(info)
}

/// Whether the caller is somebody: in `passthrough` mode a token is any word until the cluster has taken it.
///
/// # Errors
/// The cluster could not be asked, and nobody knows.
async fn is_signed_in(state: &State, peer: Peer, caller: &Caller) -> Result<bool, Failure> {
    if state.mode() != Mode::Passthrough || state.accepts(caller) {
        return Ok(true);
    }
    match state.cluster(caller)?.version().await {
        Err(error) if error.is_unauthorized() => {
            refused_token(state, peer.0, Instant::now());
            Ok(false)
        }
        Err(error) if !state.accepts(caller) => Err(error.into()),
        _ => Ok(state.accepts(caller)),
    }
}

/// `POST /v1/session:exchange`: a launch code for a session token.
pub async fn exchange(
    Shared(state): Shared<State>,
    peer: Peer,
    Json(body): Json<SessionExchange>,
) -> Result<Json<SessionToken>, Response> {
    if state.mode() != Mode::Local {
        let sentence = "This bridge gives out no sessions.";
        return Err(Failure::new(Code::NotFound, sentence).into_response());
    }
    let now = Instant::now();
    if !state.codes().redeem(&body.code, now) {
        state.auth_failed("code");
        return Err(match state.failures().note(peer.0, now) {
            Ok(()) => {
                let sentence =
                    "The code was used, or is older than a minute. Press Enter in the bridge's terminal.";
                Failure::new(Code::Unauthenticated, sentence).into_response()
            }
            Err(wait) => slowed(wait),
        });
    }
    let token = state.sessions().open(now).map_err(|_| Failure::internal().into_response())?;
    let idle_seconds = u32::try_from(state.sessions().idle().as_secs()).unwrap_or(u32::MAX);
    Ok(Json(SessionToken { token: token.expose_secret().to_owned(), idle_seconds }))
}
