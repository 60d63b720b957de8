//! Plans: made, and looked at again.

use std::time::{Duration, Instant};

use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use wire::{Counts, Plan, PlanEvent, PlanRequest, Problem};

use super::body::{Json, server_sent};
use super::error::Failure;
use super::path::{self, IdPath};
use crate::State;
use crate::auth::Caller;
use crate::metrics::{Finding, Place};
use crate::operations::inputs::Inputs;
use crate::operations::owner;
use crate::operations::plan;
use crate::operations::request::{Progress, Request};

const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// The longest a plan may take, as the table of routes says for an answer in one piece.
const LONGEST: Duration = Duration::from_secs(120);
/// Between two words about the progress.
const PACE: Duration = Duration::from_millis(200);

/// The routes of plans.
pub fn routes() -> Router<State> {
    Router::new().route("/v1/plans", post(make)).route("/v1/plans/{id}", get(again))
}

/// `POST /v1/plans`: what would happen, tried out by the API server. Writes nothing. A caller that takes `text/event-stream`
/// hears meanwhile how far it is.
pub async fn make(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Json(request): Json<PlanRequest>,
) -> Result<Response, Failure> {
    path::namespace(&request.namespace)?;
    path::release(&request.release)?;
    if !wants_events(&headers) {
        return Ok(Json(made(&state, &caller, &request, None).await?).into_response());
    }
    let place = state.operations().streams().open(caller.identity())?;
    let open = state.metrics().stream_open();
    let (sender, receiver) = mpsc::channel(4);
    tokio::spawn(async move {
        tell(&state, &caller, &request, &sender).await;
        drop((place, open));
    });
    Ok(server_sent(receiver))
}

fn wants_events(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|list| list.split(',')).any(|kind| {
        kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/event-stream"))
    })
}

async fn made(
    state: &State,
    caller: &Caller,
    request: &PlanRequest,
    progress: Option<&Progress>,
) -> Result<Plan, Problem> {
    let cluster = state.cluster(caller)?;
    let started = Instant::now();
    // A plan is the person's, and still theirs after their token was renewed.
    let person = state.person(caller).await?;
    let _place = state.plans().begin(caller.identity())?;
    let inputs = Inputs::of(&cluster, &request.namespace, &request.release, &request.subject).await?;
    let asked = Request { progress, ..inputs.request() };
    plan::refuse_denied(&cluster, &asked, state.policy()).await?;
    let prepared = plan::make(&cluster, &asked, &state.redactor(Place::Plan)).await?;
    state.metrics().plan(finding(&prepared.plan), started.elapsed());
    let owner = owner(caller.identity(), &person);
    let kept = state.plans().keep(owner, prepared).map_err(|_| *Failure::internal().0)?;
    Ok(kept.plan.clone())
}

/// Makes a plan and tells how far it is, until it is made or nobody listens.
async fn tell(state: &State, caller: &Caller, request: &PlanRequest, sender: &mpsc::Sender<Bytes>) {
    let progress = Progress::default();
    let mut seen = progress.subscribe();
    let mut making = std::pin::pin!(timeout(LONGEST, made(state, caller, request, Some(&progress))));
    let last = loop {
        let bytes = tokio::select! {
            made = making.as_mut() => break made,
            // The sender lives in `progress`.
            _ = seen.changed() => {
                let (done, total) = *seen.borrow_and_update();
                frame(&PlanEvent::Progress { done, total })
            }
            () = sleep(KEEP_ALIVE) => Bytes::from_static(b": ka\n\n"),
            () = sender.closed() => return,
        };
        if sender.send(bytes).await.is_err() {
            return;
        }
        tokio::select! {
            made = making.as_mut() => break made,
            () = sleep(PACE) => {}
        }
    };
    let event = match last {
        Ok(Ok(plan)) => PlanEvent::Ready { plan: Box::new(plan) },
        Ok(Err(problem)) => PlanEvent::Failed { problem: Box::new(problem) },
        Err(_) => {
            let sentence = format!("There was no plan within {} seconds.", LONGEST.as_secs());
            PlanEvent::Failed { problem: Box::new(Problem::new(wire::Code::Deadline, sentence)) }
        }
    };
    // Whoever asked may be gone.
    let _ = sender.send(frame(&event)).await;
}

fn frame(event: &PlanEvent) -> Bytes {
    let json = serde_json::to_string(event).unwrap_or_default();
    Bytes::from(format!("event: {}\ndata: {json}\n\n", event.name()))
}

fn finding(plan: &Plan) -> Finding {
    let Counts { create, update, delete, adopt, conflict, .. } = plan.counts;
    match plan.clean {
        false if conflict > 0 => Finding::Conflicts,
        false => Finding::Invalid,
        true if create + update + delete + adopt > 0 => Finding::Changes,
        true => Finding::Clean,
    }
}

/// `GET /v1/plans/{id}`: a plan that the caller made less than ten minutes ago; 410 when there is none, or no longer.
pub async fn again(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    IdPath(id): IdPath,
) -> Result<Json<Plan>, Failure> {
    let person = state.person(&caller).await?;
    match state.plans().get(owner(caller.identity(), &person), &id) {
        Ok(kept) => Ok(Json(kept.plan.clone())),
        Err(problem) => Err(Problem { status: StatusCode::GONE.as_u16(), ..problem }.into()),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn events_are_sent_to_whoever_takes_them() {
        let wants = |accept: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            wants_events(&headers)
        };
        assert!(wants("text/event-stream") && wants("application/json, Text/Event-Stream;q=0.9"));
        assert!(!wants("application/json") && !wants("*/*") && !wants_events(&HeaderMap::new()));
    }
}
