//! What a chart and a person may know of the cluster: capabilities, namespaces, lookups.

use std::collections::BTreeSet;

use axum::extract::State as Shared;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use wire::{Can, Code, Lookup, LookupAnswer, Namespace, Namespaces};

use super::body::Json;
use super::error::Failure;
use super::guard::Peer;
use super::page::names_tag;
use super::path;
use crate::State;
use crate::audit::Entry;
use crate::auth::Caller;
use crate::kube::{Cluster, Error, ListOptions};

/// Access reviews at once.
const AT_ONCE: usize = 8;
/// Longer than any name of a kind or a version.
const NAME_LIMIT: usize = 253;

/// `/v1/capabilities`, `/v1/namespaces`, `/v1/lookup`
pub fn routes() -> Router<State> {
    Router::new()
        .route("/v1/capabilities", get(capabilities))
        .route("/v1/namespaces", get(namespaces))
        .route("/v1/lookup", post(lookup))
}

/// `GET /v1/capabilities`: 304 when the page has them already.
pub async fn capabilities(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let found = state.cluster(&caller)?.capabilities().await?;
    let etag = format!("\"{}\"", found.etag);
    let mut response = if names_tag(&headers, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Json(found).into_response()
    };
    // Hexadecimal digits in quotes always are a header value.
    response.headers_mut().extend(HeaderValue::try_from(etag).map(|etag| (header::ETAG, etag)));
    Ok(response)
}

/// `GET /v1/namespaces`: all that are there, or those that may be tried when the caller must not list them.
pub async fn namespaces(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Namespaces>, Failure> {
    let cluster = state.cluster(&caller)?;
    let (names, complete) = match names(&cluster).await {
        Ok(names) => (names, true),
        Err(error) if error.is_forbidden() => (candidates(&state), false),
        Err(error) => return Err(error.into()),
    };
    // What is allowed everywhere needs no question for each.
    let everywhere = review(&cluster, "", Can::default()).await?;
    let items: Vec<Namespace> = stream::iter(names)
        .map(|name| {
            let (cluster, state) = (&cluster, &state);
            async move {
                let mut can = review(cluster, &name, everywhere).await?;
                if state.settings().read_only || state.policy().namespace(&name).is_err() {
                    can = Can { read: can.read, ..Can::default() };
                }
                Ok::<_, Error>(Namespace { name, can })
            }
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    // Of those that were tried, only what exists for the caller.
    let items = items.into_iter().filter(|item| complete || item.can != Can::default()).collect();
    Ok(Json(Namespaces { items, complete }))
}

async fn names(cluster: &Cluster) -> Result<BTreeSet<String>, Error> {
    let mut options = ListOptions { limit: 500, metadata_only: true, ..ListOptions::default() };
    let mut names = BTreeSet::new();
    loop {
        let page = cluster.list("v1", "Namespace", None, &options).await?;
        names.extend(page.items.iter().map(|namespace| namespace.name().to_owned()));
        if page.next.is_none() {
            return Ok(names);
        }
        options.next = page.next;
    }
}

/// The names that the command line and the kubeconfig give in full.
fn candidates(state: &State) -> BTreeSet<String> {
    let configured = state.settings().policy.namespaces.iter().cloned();
    let own = state.cluster_info().map(|info| info.namespace);
    configured.chain(own).filter(|name| path::namespace(name).is_ok()).collect()
}

/// What the caller may do to release records in a namespace; `known` is not asked again.
async fn review(cluster: &Cluster, namespace: &str, known: Can) -> Result<Can, Error> {
    let ask = async |known: bool, verb: &str| {
        if known { Ok(true) } else { cluster.can(verb, "", "secrets", namespace).await }
    };
    Ok(Can {
        install: ask(known.install, "create").await?,
        read: ask(known.read, "list").await?,
        uninstall: ask(known.uninstall, "delete").await?,
    })
}

/// `POST /v1/lookup`: what a render asked for, in one batch.
pub async fn lookup(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    peer: Peer,
    Json(request): Json<Lookup>,
) -> Result<Json<LookupAnswer>, Failure> {
    let most = state.settings().caps.lookup_batch;
    if request.items.len() > most {
        return Err(Failure::new(Code::TooLarge, format!("A batch has at most {most} items.")));
    }
    for item in &request.items {
        let texts = [&item.api_version, &item.kind, &item.namespace, &item.name];
        if item.kind.is_empty()
            || item.api_version.is_empty()
            || texts.iter().any(|text| text.len() > NAME_LIMIT)
        {
            return Err(Failure::new(
                Code::InvalidRequest,
                "An item needs `apiVersion` and `kind`, and no long names.",
            ));
        }
    }
    let cluster = state.cluster(&caller)?;
    let chart = request.chart.as_deref().unwrap_or_default();
    let answer = state
        .lookups()
        .answer(&cluster, state.policy(), &request, |item| {
            let what = format!("lookup Secret {}", item.name);
            state.audit().record(&secret_read(&state, &caller, &peer, what, &item.namespace, chart));
        })
        .await?;
    Ok(Json(answer))
}

/// The line of the audit log for a Secret that left the bridge: which, and on whose behalf.
pub(super) fn secret_read(
    state: &State,
    caller: &Caller,
    peer: &Peer,
    action: String,
    namespace: &str,
    chart: &str,
) -> Entry {
    Entry {
        namespace: namespace.to_owned(),
        chart: (!chart.is_empty()).then(|| (chart.to_owned(), String::new(), String::new())),
        result: "success".to_owned(),
        ..state.audit_entry(caller, *peer, &action)
    }
}
