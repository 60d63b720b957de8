//! Starting operations, and asking about them.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::Router;
use axum::extract::{Request as HttpRequest, State as Shared};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use tokio::time::timeout;
use wire::{
    ApplyMode, Code, Decide, Mode, Operation, OperationCreated, OperationKind, Operations, Problem,
    PromptChoice,
};

use super::body::{Arguments, Json, parse, read};
use super::cluster::secret_read;
use super::error::Failure;
use super::guard::Peer;
use super::path::{IdPath, OperationVerb, ReleaseVerb};
use crate::State;
use crate::audit::Entry;
use crate::auth::Caller;
use crate::metrics::Place;
use crate::operations::{self, Environment, Handle, Request, Start, subject};
use crate::releases::lock::Patience;

/// How long a list of operations waits for what other bridges left.
const INTERRUPTED_WITHIN: Duration = Duration::from_secs(3);

/// The routes of this file.
pub fn routes() -> Router<State> {
    Router::new()
        .route("/v1/namespaces/{namespace}/releases/{release}", axum::routing::post(start))
        .route("/v1/operations", get(list))
        .route("/v1/operations/{id}", get(one).post(steer))
        .route("/v1/operations/{id}/record", get(record))
}

/// `POST /v1/namespaces/{namespace}/releases/{release}:{verb}`
pub async fn start(
    Shared(state): Shared<State>,
    caller: Caller,
    Extension(Peer(peer)): Extension<Peer>,
    path: ReleaseVerb,
    headers: HeaderMap,
    request: HttpRequest,
) -> Result<Response, Failure> {
    let key = idempotency_key(&headers)?;
    let uri_path = request.uri().path().to_owned();
    let bytes = read(request).await?;
    let (kind, asked) = asked(&path.verb, &bytes)?;
    if state.mode() == Mode::Passthrough && plan_id(&asked) == Some(None) {
        let sentence = "A bridge for several people asks for a plan first: `planId` is missing.";
        return Err(Failure::new(Code::InvalidRequest, sentence));
    }
    let cluster = state.cluster(&caller)?;
    let who = match state.mode() {
        Mode::Passthrough => subject(&cluster).await?,
        _ => String::new(),
    };
    // A retry finds its operation, whatever has changed since.
    let id = operations::Operations::id(operations::owner(caller.identity(), &who), &uri_path, &key);
    if let Request::Apply(apply) = &asked
        && let Some(session) = &apply.lookups.session
        && state.operations().find(&id, caller.identity()).is_none()
        && state.operations().find_for(&id, &who).is_none()
    {
        state.lookups().check(&cluster, session).await?;
    }
    let environment = Environment {
        cluster,
        policy: Arc::new(state.policy().clone()),
        redactor: state.redactor(Place::Event),
        plans: Arc::clone(state.plans()),
        metrics: state.metrics().clone(),
        audit: state.audit().clone(),
        mode: state.mode_word(),
        peer: peer.to_string(),
        actor: actor(&state, &who),
        heartbeat: state.settings().heartbeat,
        patience: Patience { bridge: state.settings().heartbeat_lost, helm: state.settings().stale_after },
    };
    let start = Start {
        identity: caller.identity(),
        subject: &who,
        key: &key,
        path: &uri_path,
        body: Sha256::digest(&bytes).into(),
        kind,
        namespace: &path.namespace,
        release: &path.release,
    };
    let is_new = state.operations().find(&id, caller.identity()).is_none();
    let queued = is_new.then(|| state.metrics().operation_queued(kind));
    let handle = state.operations().start(&start, move |handle| {
        drop(queued);
        operations::run(environment, handle, asked)
    })?;
    Ok(accepted(&handle))
}

/// `GET /v1/operations`
pub async fn list(
    Shared(state): Shared<State>,
    caller: Caller,
    arguments: Arguments,
) -> Result<Json<Operations>, Failure> {
    let active = match arguments.get("active") {
        None => None,
        Some("true" | "1") => Some(true),
        Some("false" | "0") => Some(false),
        Some(_) => return Err(Failure::new(Code::InvalidRequest, "`active` is true or false.")),
    };
    let person = person(&state, &caller).await?;
    // Help, and no reason to withhold what is known here.
    let interrupted = match active {
        Some(false) => Vec::new(),
        _ => match timeout(INTERRUPTED_WITHIN, state.interrupted()).await {
            Ok(Ok(found)) => found,
            Ok(Err(_)) | Err(_) => Vec::new(),
        },
    };
    Ok(Json(Operations { items: state.operations().list(caller.identity(), &person, active), interrupted }))
}

/// `GET /v1/operations/{id}`
pub async fn one(
    Shared(state): Shared<State>,
    caller: Caller,
    IdPath(id): IdPath,
) -> Result<Json<Operation>, Failure> {
    let handle = find(&state, &caller, &id).await?;
    Ok(Json(handle.operation()))
}

/// `GET /v1/operations/{id}/record`: the record that could not be written, as a Secret's key `release` holds it.
///
/// It is the only copy, so a bridge for several people gives it, too: to who started the operation, secrets and all, and
/// with a line in the audit log.
pub async fn record(
    Shared(state): Shared<State>,
    caller: Caller,
    peer: Peer,
    IdPath(id): IdPath,
) -> Result<Response, Failure> {
    let handle = find(&state, &caller, &id).await?;
    let Some(stored) = handle.kept_record() else {
        return Err(Failure::new(Code::NotFound, "The record of this operation was written."));
    };
    let line = secret_read(&state, &caller, &peer, "reveal-record".to_owned(), handle.namespace(), "");
    state.audit().record(&Entry {
        release: handle.release().to_owned(),
        operation: Some(handle.id().to_owned()),
        revision_after: Some(handle.operation().revision).filter(|revision| *revision != 0),
        ..line
    });
    let mut response = stored.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// `POST /v1/operations/{id}:{verb}`
pub async fn steer(
    Shared(state): Shared<State>,
    caller: Caller,
    peer: Peer,
    path: OperationVerb,
    request: HttpRequest,
) -> Result<Response, Failure> {
    let operations = state.operations();
    let note = |handle: &Handle| {
        state.audit().record(&Entry {
            namespace: handle.namespace().to_owned(),
            release: handle.release().to_owned(),
            operation: Some(handle.id().to_owned()),
            result: "success".to_owned(),
            ..state.audit_entry(&caller, peer, &path.verb)
        });
    };
    match path.verb.as_str() {
        "cancel" => {
            let handle = find(&state, &caller, &path.id).await?;
            handle.cancel(&actor(&state, handle.subject()));
            note(&handle);
            Ok(accepted(&handle))
        }
        "decide" => {
            let decision: Decide = parse(&read(request).await?)?;
            let cluster = state.cluster(&caller)?;
            let handle = match operations.find(&path.id, caller.identity()) {
                Some(handle) => handle,
                // A fresh token is another identity: it counts when the cluster takes it for the same person.
                None if decision.choice == PromptChoice::Continue && state.mode() == Mode::Passthrough => {
                    let who = subject(&cluster).await?;
                    let found = operations.find_for(&path.id, &who).ok_or_else(|| unknown(&path.id))?;
                    found.admit(caller.identity());
                    found
                }
                None => return Err(unknown(&path.id)),
            };
            handle.decide(decision, Some(cluster))?;
            note(&handle);
            Ok(accepted(&handle))
        }
        verb => Err(Failure::new(Code::MethodNotAllowed, format!("An operation has no verb `{verb}`."))),
    }
}

/// A caller's operation, or one that the same person started with an earlier token.
pub(super) async fn find(state: &State, caller: &Caller, id: &str) -> Result<Handle, Failure> {
    let operations = state.operations();
    if let Some(found) = operations.find(id, caller.identity()) {
        return Ok(found);
    }
    let found = operations.find_for(id, &person(state, caller).await?).ok_or_else(|| unknown(id))?;
    found.admit(caller.identity());
    Ok(found)
}

/// The person that the caller is; nobody when the cluster takes the token and does not say.
async fn person(state: &State, caller: &Caller) -> Result<String, Failure> {
    match state.person(caller).await {
        Err(problem) if !state.accepts(caller) => Err(problem.into()),
        found => Ok(found.unwrap_or_default()),
    }
}

/// There is no such operation, or not for this caller.
fn unknown(id: &str) -> Failure {
    Failure::new(Code::NotFound, format!("There is no operation {id} of yours."))
}

/// Who does it, for records and events that people read.
fn actor(state: &State, subject: &str) -> String {
    match subject {
        "" => state.cluster_info().map(|info| info.user).filter(|user| !user.is_empty()),
        subject => Some(subject.to_owned()),
    }
    .unwrap_or_else(|| "the bridge's user".to_owned())
}

fn accepted(handle: &Handle) -> Response {
    let mut response = Json(OperationCreated { operation: handle.operation() }).into_response();
    *response.status_mut() = StatusCode::ACCEPTED;
    // An id is letters and digits.
    if let Ok(location) = HeaderValue::try_from(format!("/v1/operations/{}", handle.id())) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// What a verb and its body ask for.
fn asked(verb: &str, body: &Bytes) -> Result<(OperationKind, Request), Failure> {
    Ok(match verb {
        "apply" => {
            let apply: wire::Apply = parse(body)?;
            // Which of the two it is turns out when the history is read.
            let kind = match apply.mode {
                ApplyMode::Install => OperationKind::Install,
                ApplyMode::Auto | ApplyMode::Upgrade => OperationKind::Upgrade,
            };
            (kind, Request::Apply(Box::new(apply)))
        }
        "cleanup" => (OperationKind::Cleanup, Request::Cleanup(parse(body)?)),
        "recover" => (OperationKind::Recover, Request::Recover(parse(body)?)),
        "rollback" => (OperationKind::Rollback, Request::Rollback(Box::new(parse(body)?))),
        "test" => (OperationKind::Test, Request::Test(parse(body)?)),
        "uninstall" => (OperationKind::Uninstall, Request::Uninstall(parse(body)?)),
        verb => {
            return Err(Failure::new(Code::MethodNotAllowed, format!("A release has no verb `{verb}`.")));
        }
    })
}

/// The plan that goes with a request; `None` for those that take none.
fn plan_id(asked: &Request) -> Option<Option<&str>> {
    match asked {
        Request::Apply(apply) => Some(apply.plan_id.as_deref()),
        Request::Rollback(rollback) => Some(rollback.plan_id.as_deref()),
        Request::Uninstall(uninstall) => Some(uninstall.plan_id.as_deref()),
        Request::Cleanup(_) | Request::Recover(_) | Request::Test(_) => None,
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<String, Problem> {
    let key = headers.get("idempotency-key").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if key.is_empty() || key.len() > 128 || key.bytes().any(|byte| !byte.is_ascii_graphic()) {
        let sentence = "`Idempotency-Key` is missing: 1 to 128 characters, a new one for each operation";
        return Err(Problem::new(Code::InvalidRequest, sentence));
    }
    Ok(key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verb_decides_how_the_body_is_read() {
        let read = |verb: &str, body: &'static str| {
            asked(verb, &Bytes::from_static(body.as_bytes()))
                .map(|(kind, _)| kind)
                .map_err(|failure| failure.0.code)
        };
        assert_eq!(read("uninstall", "{}"), Ok(OperationKind::Uninstall));
        assert_eq!(read("rollback", "{\"toRevision\":2}"), Ok(OperationKind::Rollback));
        assert_eq!(read("rollback", "{\"more\":2}"), Err(Code::UnknownField));
        assert_eq!(read("apply", "{}"), Err(Code::InvalidRequest));
        assert_eq!(read("dance", "{}"), Err(Code::MethodNotAllowed));
    }

    #[test]
    fn a_key_is_one_word() {
        let key = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("idempotency-key", HeaderValue::from_static(value));
            idempotency_key(&headers).is_ok()
        };
        assert!(key("5f3c-1"));
        assert!(!key("") && !key("a b"));
        assert!(idempotency_key(&HeaderMap::new()).is_err());
    }
}
