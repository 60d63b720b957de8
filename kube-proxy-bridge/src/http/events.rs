//! `GET /v1/operations/{id}/events`: the log of an operation as server-sent events.
//!
//! A stream is a cursor over the log. It says something every fifteen seconds; a reader that takes nothing for half a
//! minute is left, and may come back with `Last-Event-ID`. The operation does not notice either way.

use std::time::Duration;

use axum::Router;
use axum::extract::State as Shared;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use wire::{Code, Event, EventBody, Problem};

use super::body::{Arguments, server_sent};
use super::error::Failure;
use super::operations::find;
use super::path::IdPath;
use crate::State;
use crate::auth::Caller;
use crate::metrics::{Counted, Metrics};
use crate::operations::{Handle, Operations, Place};

const KEEP_ALIVE: Duration = Duration::from_secs(15);
const WRITE_STALL: Duration = Duration::from_secs(30);
/// Batches on their way to the reader.
const AHEAD: usize = 4;

/// The routes of this file.
pub fn routes() -> Router<State> {
    Router::new().route("/v1/operations/{id}/events", get(events))
}

/// `GET /v1/operations/{id}/events`
pub async fn events(
    Shared(state): Shared<State>,
    caller: Caller,
    IdPath(id): IdPath,
    headers: HeaderMap,
    arguments: Arguments,
) -> Result<Response, Failure> {
    let operations = state.operations();
    let handle = find(&state, &caller, &id).await?;
    let resumed = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let after = match (arguments.number("after")?, resumed.map(str::parse::<u64>)) {
        (Some(after), _) | (None, Some(Ok(after))) => after,
        (None, None) => 0,
        (None, Some(Err(_))) => {
            return Err(Failure::new(Code::InvalidRequest, "`Last-Event-ID` is not a number."));
        }
    };
    if let Err(expired) = handle.log().read(after) {
        let mut problem = Problem::new(
            Code::CursorExpired,
            format!("the oldest event is {}; /v1/operations/{id} tells where it stands", expired.first),
        );
        problem.operation = Some(id);
        return Err(problem.into());
    }
    let place = operations.streams().open(caller.identity())?;
    let (sender, receiver) = mpsc::channel(AHEAD);
    let metrics = state.metrics().clone();
    let open = metrics.stream_open();
    let task = Feed { handle, operations: operations.clone(), sender, place, metrics, open };
    tokio::spawn(task.run(after));
    Ok(server_sent(receiver))
}

/// Brings the log to one reader.
struct Feed {
    handle: Handle,
    operations: Operations,
    sender: mpsc::Sender<Bytes>,
    place: Place,
    metrics: Metrics,
    open: Counted,
}

impl Feed {
    async fn run(self, mut cursor: u64) {
        let log = self.handle.log();
        loop {
            // A reader that fell behind the ring starts over with the snapshot.
            let Ok(batch) = log.read(cursor) else {
                self.metrics.stream_dropped();
                break;
            };
            cursor = batch.last;
            if !batch.frames.is_empty() && !self.send(batch.frames.concat().into()).await {
                break;
            }
            if batch.ended {
                break;
            }
            tokio::select! {
                () = log.wait(cursor) => {}
                () = sleep(KEEP_ALIVE) => if !self.send(Bytes::from_static(b": ka\n\n")).await { break },
                () = self.operations.draining() => {
                    self.send(draining(cursor)).await;
                    break;
                }
                () = self.sender.closed() => break,
            }
        }
        drop((self.place, self.open));
    }

    /// Whether the reader took it in time.
    async fn send(&self, bytes: Bytes) -> bool {
        let sent = timeout(WRITE_STALL, self.sender.send(bytes)).await;
        if sent.is_err() {
            self.metrics.stream_dropped();
        }
        matches!(sent, Ok(Ok(())))
    }
}

/// Not an entry of the log, so it has no id: a reader comes back where it was.
fn draining(seq: u64) -> Bytes {
    let body = EventBody::Draining { retry_after_ms: 1_000 };
    let name = body.name();
    let event = Event { seq, t: Timestamp::now().to_string(), body };
    let json = serde_json::to_string(&event).unwrap_or_default();
    Bytes::from(format!("event: {name}\ndata: {json}\n\n"))
}
