//! Releases as their records and the cluster tell them. Everything here reads.

use std::collections::{BTreeSet, HashMap};

use axum::extract::{Path, State as Shared};
use axum::routing::get;
use axum::{Extension, Router};
use release::record::Record;
use wire::{
    Code, ConflictKind, Drift, Mode, Orphans, Problem, ReleaseState, ReleaseSummary, Releases, Resources,
    RevisionDetail, RevisionDiff, Revisions, Status,
};

use super::body::{Arguments, Json};
use super::cluster::secret_read;
use super::error::Failure;
use super::guard::Peer;
use super::path::{self, ReleasePath};
use crate::State;
use crate::audit::Entry;
use crate::auth::Caller;
use crate::documents;
use crate::metrics::{Finding, Metrics, Place};
use crate::operations::drift;
use crate::operations::{compare, conflict, inputs, resources};
use crate::redact::Redactor;
use crate::releases::lock::{Patience, moment, verdict};
use crate::releases::show::{self, Section};
use crate::releases::{Filter, History, Revision, Store, list};

const RELEASE: &str = "/v1/namespaces/{namespace}/releases/{release}";
const SELECTOR_LIMIT: usize = 1024;

/// What stands between the names of a path.
type Segments = Path<HashMap<String, String>>;

/// The routes of releases that read.
pub fn routes() -> Router<State> {
    let under = |rest: &str| format!("{RELEASE}/{rest}");
    Router::new()
        .route("/v1/releases", get(releases))
        .route(RELEASE, get(release))
        .route(&under("revisions"), get(revisions))
        .route(&under("revisions/{revision}"), get(revision))
        .route(&under("revisions/{revision}/diff/{other}"), get(diff))
        .route(&under("resources"), get(live))
        .route(&under("drift"), get(drift))
        .route(&under("orphans"), get(orphans))
}

/// `GET /v1/releases`: by namespace and name, each with its last revision.
pub async fn releases(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    arguments: Arguments,
) -> Result<Json<Releases>, Failure> {
    let namespace = arguments.get("namespace");
    namespace.map_or(Ok(()), path::namespace)?;
    let selector = arguments.get("selector").unwrap_or_default();
    if selector.len() > SELECTOR_LIMIT {
        let sentence = format!("A selector has at most {SELECTOR_LIMIT} characters.");
        return Err(Failure::new(Code::InvalidRequest, sentence));
    }
    let words = arguments.get("status").into_iter().flat_map(|words| words.split(','));
    let status = words
        .map(|word| match Status::named(word) {
            Status::Unknown if word != "unknown" => {
                Err(Failure::new(Code::InvalidRequest, format!("`{word}` is no status.")))
            }
            status => Ok(status),
        })
        .collect::<Result<Vec<_>, _>>()?;
    let after = arguments.get("continue").map(|after| {
        let names = after
            .split_once('/')
            .filter(|(space, name)| path::namespace(space).is_ok() && path::release(name).is_ok());
        names.ok_or_else(|| {
            Failure::new(Code::InvalidRequest, "`continue` is not what the last page gave.")
        })?;
        Ok::<_, Failure>(after.to_owned())
    });
    let filter = Filter {
        namespace: namespace.map(str::to_owned),
        selector: selector.to_owned(),
        status,
        limit: arguments.number("limit")?.unwrap_or(0),
        after: after.transpose()?,
    };
    Ok(Json(list(&state.cluster(&caller)?, state.feeds(), &filter, &state.redactor(Place::Release)).await?))
}

/// `GET …/{release}`: the last revision, and who holds the release.
pub async fn release(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    path: ReleasePath,
) -> Result<Json<ReleaseState>, Failure> {
    let history = history(&state, &caller, &path).await?;
    // It is not empty: `history` refuses that.
    let last = history.current().ok_or_else(Failure::internal)?;
    let settings = state.settings();
    let patience = Patience { bridge: settings.heartbeat_lost, helm: settings.stale_after };
    Ok(Json(ReleaseState {
        release: ReleaseSummary { namespace: path.namespace, name: path.release, last: last.summary.clone() },
        deployed_revision: history.deployed().map_or(0, |entry| entry.head.revision),
        lock: verdict(last, &moment(state.cluster(&caller)?.now()), &patience),
        anomalies: history.anomalies(),
    }))
}

/// `GET …/revisions`: the newest first.
pub async fn revisions(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    path: ReleasePath,
) -> Result<Json<Revisions>, Failure> {
    let history = history(&state, &caller, &path).await?;
    Ok(Json(Revisions { items: history.entries().iter().map(|entry| entry.summary.clone()).collect() }))
}

/// `GET …/revisions/{revision}`: the sections that were asked for. A record that cannot be read has its summary alone.
pub async fn revision(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    peer: Peer,
    path: ReleasePath,
    segments: Segments,
    arguments: Arguments,
) -> Result<Json<RevisionDetail>, Failure> {
    let names = arguments.get("sections").into_iter().flat_map(|names| names.split(','));
    let sections = names
        .map(|name| {
            Section::named(name).ok_or_else(|| {
                Failure::new(Code::InvalidRequest, format!("`{name}` is no section of a revision."))
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    let reveals = arguments.is_set("reveal");
    if reveals && state.mode() != Mode::Local {
        let sentence = "This bridge serves several people and reveals no secrets.";
        return Err(Failure::new(Code::PolicyDenied, sentence));
    }
    let found = one(&state, &caller, &path, number(&segments, "revision")?).await?;
    if reveals {
        let line = secret_read(&state, &caller, &peer, "reveal".to_owned(), &path.namespace, "");
        let revision = Some(found.head.revision);
        state.audit().record(&Entry { release: path.release.clone(), revision_before: revision, ..line });
    }
    let summary = found.summary();
    let Ok(record) = found.into_record() else {
        return Ok(Json(RevisionDetail { summary, ..RevisionDetail::default() }));
    };
    let redactor = match reveals {
        true => None,
        false => Some(knowing(&state, &caller, &[&record]).await?),
    };
    // A large manifest takes a while to read, which other requests need not wait for.
    let work = move || show::detail(summary, &record, &sections, redactor.as_ref());
    Ok(Json(tokio::task::spawn_blocking(work).await.map_err(|_| Failure::internal())?))
}

/// `GET …/revisions/{revision}/diff/{other}`: what differs from the first to the second.
pub async fn diff(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    path: ReleasePath,
    segments: Segments,
) -> Result<Json<RevisionDiff>, Failure> {
    let old = one(&state, &caller, &path, number(&segments, "revision")?).await?;
    let new = one(&state, &caller, &path, number(&segments, "other")?).await?;
    let known: Vec<&Record> =
        [&old, &new].into_iter().filter_map(|revision| revision.record().ok()).collect();
    let redactor = knowing(&state, &caller, &known).await?;
    let work = move || {
        let (from, to) = (show::summary(&old, &redactor), show::summary(&new, &redactor));
        let (old, new) = (old.into_record()?, new.into_record()?);
        let mut hidden = show::secrets(&old, &redactor);
        hidden.merge(&show::secrets(&new, &redactor));
        let (values, objects) = compare::revisions(&old, &new, &path.namespace, &hidden)?;
        Ok::<_, Problem>(RevisionDiff { from, to, values, objects })
    };
    Ok(Json(tokio::task::spawn_blocking(work).await.map_err(|_| Failure::internal())??))
}

/// `GET …/resources`: the objects of the last revision and how they are.
pub async fn live(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    path: ReleasePath,
) -> Result<Json<Resources>, Failure> {
    let cluster = state.cluster(&caller)?;
    let revision = history(&state, &caller, &path).await?.current_revision();
    let record = one(&state, &caller, &path, revision).await?.into_record()?;
    let redactor = knowing(&state, &caller, &[&record]).await?;
    let work = move || {
        let hidden = show::secrets(&record, &redactor);
        documents::read_stored(&record.manifest).map(|items| (items, hidden))
    };
    let (items, hidden) = tokio::task::spawn_blocking(work).await.map_err(|_| Failure::internal())??;
    Ok(Json(Resources { items: resources::health(&cluster, &items, &path.namespace, &hidden).await? }))
}

/// `GET …/drift`: what the cluster has that the deployed revision did not set.
pub async fn drift(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    path: ReleasePath,
) -> Result<Json<Drift>, Failure> {
    let cluster = state.cluster(&caller)?;
    // It is as much work as a plan, and takes a plan's place.
    let _place = state.plans().begin(caller.identity())?;
    let found =
        drift::drift(&cluster, &state.redactor(Place::Release), &path.namespace, &path.release).await?;
    count_drift(state.metrics(), &found);
    Ok(Json(found))
}

/// `GET …/orphans`: what the release left behind.
pub async fn orphans(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    path: ReleasePath,
) -> Result<Json<Orphans>, Failure> {
    let cluster = state.cluster(&caller)?;
    let found = drift::orphans(&cluster, &path.namespace, &path.release).await?;
    state.metrics().orphans_detected(found.objects.len() as u64);
    Ok(Json(found))
}

/// The redactor that knows what the custom kinds of these records call secret.
async fn knowing(state: &State, caller: &Caller, records: &[&Record]) -> Result<Redactor, Failure> {
    let kinds: BTreeSet<_> = records.iter().flat_map(|record| inputs::custom_kinds(record)).collect();
    let fields = state.cluster(caller)?.secret_fields(&kinds).await;
    Ok(state.redactor(Place::Release).with_fields(fields))
}

fn count_drift(metrics: &Metrics, drift: &Drift) {
    let finding = if drift.objects.is_empty() { Finding::Clean } else { Finding::Changes };
    metrics.drift_check(finding, u32::try_from(drift.objects.len()).unwrap_or(u32::MAX));
    for object in &drift.objects {
        let by_field = object.fields.iter().find_map(|field| field.owner.as_ref());
        let owner = object.conflicts.first().map(|conflict| &conflict.owner).or(by_field);
        metrics.drift_detected(owner.map_or(ConflictKind::Other, conflict::kind));
    }
}

fn no_release(path: &ReleasePath) -> Failure {
    let sentence = format!("There is no release {} in namespace {}.", path.release, path.namespace);
    Failure::new(Code::NotFound, sentence)
}

/// The history of a release that must be there.
async fn history(state: &State, caller: &Caller, path: &ReleasePath) -> Result<History, Failure> {
    let cluster = state.cluster(caller)?;
    let mut entries = Vec::new();
    let visit = |revision: Revision| entries.push(show::entry(&revision, &state.redactor(Place::Release)));
    Store::new(&cluster, &path.namespace).walk(&path.release, visit).await?;
    if entries.is_empty() {
        return Err(no_release(path));
    }
    Ok(History::new(&path.release, entries))
}

async fn one(state: &State, caller: &Caller, path: &ReleasePath, revision: u32) -> Result<Revision, Failure> {
    let cluster = state.cluster(caller)?;
    Ok(Store::new(&cluster, &path.namespace).expect(&path.release, revision).await?)
}

fn number(segments: &Segments, name: &str) -> Result<u32, Failure> {
    let text = segments.get(name).map(String::as_str).unwrap_or_default();
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    let number = is_plain.then(|| text.parse().ok()).flatten();
    number.ok_or_else(|| Failure::new(Code::InvalidRequest, "A revision is a number from 1 on."))
}
