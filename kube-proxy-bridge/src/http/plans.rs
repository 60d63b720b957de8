//! Plans: made, and looked at again.

use axum::extract::State as Shared;
use axum::routing::{get, post};
use axum::{Extension, Router};
use wire::{Plan, PlanRequest};

use super::body::Json;
use super::error::Failure;
use super::path::{self, IdPath};
use crate::State;
use crate::auth::Caller;
use crate::operations::inputs::Inputs;
use crate::operations::owner;
use crate::operations::plan;

/// The routes of plans.
pub fn routes() -> Router<State> {
    Router::new().route("/v1/plans", post(make)).route("/v1/plans/{id}", get(again))
}

/// `POST /v1/plans`: what would happen, tried out by the API server. Writes nothing.
pub async fn make(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    Json(request): Json<PlanRequest>,
) -> Result<Json<Plan>, Failure> {
    path::namespace(&request.namespace)?;
    path::release(&request.release)?;
    let cluster = state.cluster(&caller)?;
    // A plan is the person's, and still theirs after their token was renewed.
    let person = state.person(&caller).await?;
    let _place = state.plans().begin(caller.identity())?;
    let inputs = Inputs::of(&cluster, &request.namespace, &request.release, &request.subject).await?;
    plan::refuse_denied(&cluster, &inputs.request(), state.policy()).await?;
    let prepared = plan::make(&cluster, &inputs.request(), state.redactor()).await?;
    let kept =
        state.plans().keep(owner(caller.identity(), &person), prepared).map_err(|_| Failure::internal())?;
    Ok(Json(kept.plan.clone()))
}

/// `GET /v1/plans/{id}`: a plan that the caller made less than ten minutes ago.
pub async fn again(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    IdPath(id): IdPath,
) -> Result<Json<Plan>, Failure> {
    let person = state.person(&caller).await?;
    Ok(Json(state.plans().get(owner(caller.identity(), &person), &id)?.plan.clone()))
}
