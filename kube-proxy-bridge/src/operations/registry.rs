//! All operations of this process: who may start one, what a repeated request gets, and who may see it.
//!
//! An operation runs in a task of the server's own, so a closed browser does not end it. It is named by its idempotency
//! key and its caller, so a repeated request finds it, also after a crash: the same name stands in the release's record.

use std::collections::HashMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::sync::{oneshot, watch};
use uuid::Uuid;
use wire::{Code, Counts, EventBody, Operation, OperationKind, OperationResult, OperationState, Problem};

use super::handle::{Handle, Subject, owner};
use super::log::{self, EventLog, guard};
use super::queue::{Limits, Queue, Refusal, Ticket};
use super::streams::Streams;
use crate::hex::hex;

/// How long the events of an ended operation are kept.
const EVENTS_KEPT: SignedDuration = SignedDuration::from_hours(1);
/// How long an idempotency key is known, and with it what became of its operation.
const KEYS_KEPT: SignedDuration = SignedDuration::from_hours(24);
/// The event text of ended operations that is kept at most, whatever their age; a guess at what a laptop does not notice.
const ENDED_BYTES: usize = 64 << 20;
/// Under which operation names are derived from keys.
const NAMES: Uuid = Uuid::from_u128(0x6f1b_7a0e_3c54_4d5b_9d1e_2b6a_8f40_c7d3);

/// All operations of this process; a cheap clone.
#[derive(Clone, Debug)]
pub struct Operations(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    limits: Limits,
    state_dir: Option<PathBuf>,
    drain: watch::Sender<Option<Instant>>,
    idle: watch::Sender<usize>,
    streams: Streams,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    /// In the order in which they were asked for.
    entries: Vec<Entry>,
    by_id: HashMap<String, usize>,
    queue: Queue,
    turns: HashMap<String, oneshot::Sender<()>>,
}

#[derive(Debug)]
struct Entry {
    handle: Handle,
    body: [u8; 32],
    shrunk: bool,
    /// Whether an earlier process ran it.
    restored: bool,
}

/// A request that starts an operation.
#[derive(Clone, Debug)]
pub struct Start<'a> {
    /// Who asks.
    pub identity: &'a str,
    /// Who the cluster takes them for; empty when there is one person alone.
    pub subject: &'a str,
    /// The `Idempotency-Key`.
    pub key: &'a str,
    /// The path it was sent to.
    pub path: &'a str,
    /// SHA-256 of its body.
    pub body: [u8; 32],
    /// What it asks for.
    pub kind: OperationKind,
    /// The release's namespace.
    pub namespace: &'a str,
    /// The release's name.
    pub release: &'a str,
}

impl Operations {
    /// No operations; with a folder, those of earlier processes whose events are still in it.
    #[must_use]
    pub fn new(limits: Limits, state_dir: Option<&Path>) -> Self {
        let folder = state_dir.map(|dir| dir.join("operations"));
        let folder = folder.filter(|folder| match std::fs::create_dir_all(folder) {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(event = "state-dir-unusable", reason = %error.kind());
                false
            }
        });
        let operations = Self(Arc::new(Shared {
            limits,
            drain: watch::Sender::new(None),
            idle: watch::Sender::new(0),
            streams: Streams::new(limits.streams, limits.streams_per_identity),
            table: Mutex::default(),
            state_dir: folder,
        }));
        operations.restore();
        operations
    }

    /// The name of the operation that this key of `owner` stands for.
    #[must_use]
    pub fn id(owner: &str, path: &str, key: &str) -> String {
        let name = format!("{owner}\0{path}\0{key}");
        format!("op_{}", Uuid::new_v5(&NAMES, name.as_bytes()).simple())
    }

    /// Starts an operation in its own task, or gives the one that the same key started before.
    ///
    /// `run` gets its turn when the limits allow; it must end with [`EventBody::Done`]. When it panics or forgets, that
    /// is added.
    ///
    /// # Errors
    /// `idempotency-mismatch` when the key came with another body, `release-locked` when an operation of this process
    /// has the release, `busy` when too many wait, `draining` at the end.
    pub fn start<R, F>(&self, start: &Start<'_>, run: R) -> Result<Handle, Problem>
    where
        R: FnOnce(Handle) -> F + Send + 'static,
        F: Future<Output = ()> + Send,
    {
        self.sweep(Timestamp::now());
        let id = Self::id(owner(start.identity, start.subject), start.path, start.key);
        let mut table = guard(&self.0.table);
        if let Some(at) = table.by_id.get(&id).copied() {
            let entry = &table.entries[at];
            if entry.body != start.body {
                return Err(Problem::new(
                    Code::IdempotencyMismatch,
                    "the same key came with another body before",
                ));
            }
            // What an earlier process laid down is taken up again: the record says where it stopped.
            if !entry.restored || entry.handle.state() != OperationState::Interrupted {
                // The same person, maybe with a fresh token.
                entry.handle.admit(start.identity);
                return Ok(entry.handle.clone());
            }
            if self.0.drain.borrow().is_none() {
                self.0.remove_spool(&id);
                table.entries.remove(at);
                table.index();
            }
        }
        if self.0.drain.borrow().is_some() {
            return Err(Problem::new(Code::Draining, "the bridge takes no new operations"));
        }
        let ticket = Ticket {
            id: id.clone(),
            namespace: start.namespace.to_owned(),
            release: start.release.to_owned(),
            identity: owner(start.identity, start.subject).to_owned(),
        };
        table.let_go();
        table.queue.enter(ticket, &self.0.limits).map_err(|refusal| match refusal {
            Refusal::Full => Problem::new(Code::Busy, "too many operations are waiting"),
            Refusal::Held(holder) => {
                let mut problem = Problem::new(
                    Code::ReleaseLocked,
                    format!("an operation of this bridge holds release {}", start.release),
                );
                // Another caller's operation is nobody else's business.
                let own =
                    |at: &usize| table.entries[*at].handle.owner() == owner(start.identity, start.subject);
                problem.operation = table.by_id.get(&holder).filter(|at| own(at)).map(|_| holder.clone());
                problem
            }
        })?;
        let subject = Subject {
            id: id.clone(),
            kind: start.kind,
            namespace: start.namespace.to_owned(),
            release: start.release.to_owned(),
            identity: start.identity.to_owned(),
            subject: start.subject.to_owned(),
            created_at: Timestamp::now(),
        };
        let log = EventLog::new(self.0.spool(&subject, &start.body));
        let handle = Handle::new(subject, log, self.0.drain.subscribe());
        let at = table.entries.len();
        table.entries.push(Entry {
            handle: handle.clone(),
            body: start.body,
            shrunk: false,
            restored: false,
        });
        table.by_id.insert(id.clone(), at);
        let (turn, admitted) = oneshot::channel();
        table.turns.insert(id, turn);
        self.0.admit(&mut table);
        drop(table);

        handle.enter(OperationState::Queued, 0);
        let task = Task { shared: self.0.clone(), handle: handle.clone() };
        tokio::spawn(async move {
            tokio::select! {
                turn = admitted => if turn.is_err() { return },
                halt = task.handle.halted() => {
                    tracing::info!(event = "stopped-before-its-turn", operation = task.handle.id(), reason = ?halt);
                    task.end(OperationResult::Cancelled);
                    return;
                }
            }
            let run = AssertUnwindSafe(run(task.handle.clone())).catch_unwind();
            if run.await.is_err() {
                let problem = Problem::new(Code::Internal, "the operation ended by a mistake in the bridge");
                task.handle.emit(EventBody::Problem { problem: Box::new(problem), terminal: true });
            }
            task.end(OperationResult::Failed);
        });
        Ok(handle)
    }

    /// The operation of this name, for its creator.
    #[must_use]
    pub fn find(&self, id: &str, identity: &str) -> Option<Handle> {
        let table = guard(&self.0.table);
        let entry = &table.entries[*table.by_id.get(id)?];
        entry.handle.is_of(identity).then(|| entry.handle.clone())
    }

    /// The operation of this name, for the person who started it, whatever token they have now.
    #[must_use]
    pub fn find_for(&self, id: &str, subject: &str) -> Option<Handle> {
        let table = guard(&self.0.table);
        let entry = &table.entries[*table.by_id.get(id)?];
        (!subject.is_empty() && entry.handle.subject() == subject).then(|| entry.handle.clone())
    }

    /// The places for event streams.
    #[must_use]
    pub fn streams(&self) -> &Streams {
        &self.0.streams
    }

    /// The operations of a caller, and of the person that the caller is, the newest first.
    #[must_use]
    pub fn list(&self, identity: &str, subject: &str, active: Option<bool>) -> Vec<Operation> {
        let handles: Vec<Handle> = {
            let table = guard(&self.0.table);
            let own = table.entries.iter().rev().map(|entry| &entry.handle);
            let is_theirs = |handle: &&Handle| {
                handle.is_of(identity) || (!subject.is_empty() && handle.subject() == subject)
            };
            own.filter(is_theirs).cloned().collect()
        };
        let wanted = |handle: &&Handle| active.is_none_or(|active| handle.ended_at().is_none() == active);
        handles.iter().filter(wanted).map(Handle::summary).collect()
    }

    /// Whether the bridge takes no more operations. Cancel-safe.
    pub async fn draining(&self) {
        let mut drain = self.0.drain.subscribe();
        // The sender lives in `self`.
        let _ = drain.wait_for(Option::is_some).await;
    }

    /// Takes no more operations and lets those that run have `time` to come to an end, or to a place where another
    /// process can go on; completes when all have.
    pub async fn drain(&self, time: Duration) {
        self.0.drain.send_if_modified(|until| {
            let first = until.is_none();
            if first {
                *until = Some(Instant::now() + time);
            }
            first
        });
        let mut idle = self.0.idle.subscribe();
        // A call that is under way may take a little longer than the drain.
        let _ =
            tokio::time::timeout(time + Duration::from_secs(5), idle.wait_for(|active| *active == 0)).await;
    }

    /// Forgets what is old.
    fn sweep(&self, now: Timestamp) {
        let mut table = guard(&self.0.table);
        let age = |entry: &Entry| entry.handle.ended_at().map(|ended| now.duration_since(ended));
        let mut bytes = 0;
        for entry in table.entries.iter_mut().rev().filter(|entry| !entry.shrunk) {
            let Some(age) = age(entry) else { continue };
            bytes += entry.handle.log().bytes();
            if age >= EVENTS_KEPT || bytes > ENDED_BYTES {
                entry.handle.shrink();
                entry.shrunk = true;
                self.0.shorten_spool(entry.handle.id());
            }
        }
        let is_old = |entry: &Entry| age(entry).is_some_and(|age| age >= KEYS_KEPT);
        for entry in table.entries.iter().filter(|entry| is_old(entry)) {
            self.0.remove_spool(entry.handle.id());
        }
        table.entries.retain(|entry| !is_old(entry));
        table.index();
    }

    /// Reads the spools of earlier processes. What cannot be read is left alone.
    fn restore(&self) {
        let Some(folder) = &self.0.state_dir else { return };
        let Ok(files) = std::fs::read_dir(folder) else { return };
        let mut paths: Vec<PathBuf> = files.flatten().map(|file| file.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
        let mut entries: Vec<(Timestamp, Entry)> = paths.iter().filter_map(|path| restored(path)).collect();
        entries.sort_by_key(|(created_at, _)| *created_at);
        let mut table = guard(&self.0.table);
        table.entries.extend(entries.into_iter().map(|(_, entry)| entry));
        table.index();
        drop(table);
        self.sweep(Timestamp::now());
    }
}

impl Table {
    /// Writes down anew where each entry is.
    fn index(&mut self) {
        let places = self.entries.iter().enumerate();
        self.by_id = places.map(|(at, entry)| (entry.handle.id().to_owned(), at)).collect();
    }

    /// Frees the places of operations that have said their last word: whoever heard it may ask for the next at once, while
    /// their tasks are still on the way out.
    fn let_go(&mut self) {
        let Self { entries, by_id, queue, .. } = self;
        queue.retain(|id| by_id.get(id).is_some_and(|at| entries[*at].handle.ended_at().is_none()));
    }
}

/// The task of one operation. Dropping it, whatever way, gives its place to the next.
struct Task {
    shared: Arc<Shared>,
    handle: Handle,
}

impl Task {
    /// Adds the end, unless there is one.
    fn end(&self, result: OperationResult) {
        if self.handle.ended_at().is_none() {
            let revision = self.handle.operation().revision;
            let durations = Default::default();
            self.handle.emit(EventBody::Done { result, revision, durations, counts: Counts::default() });
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.end(OperationResult::Interrupted);
        let mut table = guard(&self.shared.table);
        table.queue.leave(self.handle.id());
        table.turns.remove(self.handle.id());
        self.shared.admit(&mut table);
    }
}

impl Shared {
    fn admit(&self, table: &mut Table) {
        for id in table.queue.admit(&self.limits) {
            if let Some(turn) = table.turns.remove(&id) {
                // A task that gave up waiting leaves the queue by itself.
                let _ = turn.send(());
            }
        }
        let (running, waiting) = table.queue.len();
        self.idle.send_replace(running + waiting);
    }

    fn spool(&self, subject: &Subject, body: &[u8; 32]) -> Option<std::fs::File> {
        let path = self.state_dir.as_ref()?.join(format!("{}.jsonl", subject.id));
        let header = serde_json::json!({
            "id": subject.id, "kind": subject.kind, "namespace": subject.namespace, "release": subject.release,
            "identity": subject.identity, "subject": subject.subject, "createdAt": subject.created_at.to_string(),
            "body": hex(body),
        });
        match log::spool(&path, &header.to_string()) {
            Ok(file) => Some(file),
            Err(error) => {
                tracing::warn!(event = "spool-not-opened", reason = %error.kind());
                None
            }
        }
    }

    /// Keeps of a spool what the key's owner is still told.
    fn shorten_spool(&self, id: &str) {
        if let Some(folder) = &self.state_dir
            && let Err(error) = log::shorten(&folder.join(format!("{id}.jsonl")))
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(event = "spool-not-shortened", reason = %error.kind());
            self.remove_spool(id);
        }
    }

    fn remove_spool(&self, id: &str) {
        if let Some(folder) = &self.state_dir {
            // It may never have been written.
            let _ = std::fs::remove_file(folder.join(format!("{id}.jsonl")));
        }
    }
}

/// The operation whose events are in this file.
fn restored(path: &Path) -> Option<(Timestamp, Entry)> {
    let (header, log, bodies) = log::restore(path).ok()?;
    let header: Value = serde_json::from_str(&header).ok()?;
    let text = |name: &str| header.get(name).and_then(Value::as_str).map(str::to_owned);
    let created_at: Timestamp = text("createdAt")?.parse().ok()?;
    let written = std::fs::metadata(path).ok()?.modified().ok()?;
    let subject = Subject {
        id: text("id")?,
        kind: serde_json::from_value(header.get("kind")?.clone()).ok()?,
        namespace: text("namespace")?,
        release: text("release")?,
        identity: text("identity")?,
        subject: text("subject").unwrap_or_default(),
        created_at,
    };
    let ended_at = Timestamp::try_from(written).unwrap_or(created_at);
    let body = unhex(&text("body")?)?;
    let handle = Handle::restored(subject, log, &bodies, ended_at);
    Some((created_at, Entry { handle, body, shrunk: false, restored: true }))
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn start<'a>(key: &'a str, release: &'a str, body: u8) -> Start<'a> {
        Start {
            identity: "me",
            subject: "",
            key,
            path: "/v1/x",
            body: [body; 32],
            kind: OperationKind::Install,
            namespace: "shop",
            release,
        }
    }

    /// How many operations run, and how many wait for their turn.
    fn load(operations: &Operations) -> (usize, usize) {
        guard(&operations.0.table).queue.len()
    }

    async fn ended(handle: &Handle) {
        while handle.ended_at().is_none() {
            handle.log().wait(handle.log().last()).await;
        }
    }

    #[tokio::test]
    async fn a_repeated_request_gets_the_first_operation() {
        let operations = Operations::new(Limits::default(), None);
        let runs = Arc::new(AtomicUsize::new(0));
        let counted = runs.clone();
        let run = move |_| async move {
            counted.fetch_add(1, Ordering::Relaxed);
        };
        let first = operations.start(&start("k", "web", 1), run.clone()).unwrap();
        let again = operations.start(&start("k", "web", 1), run.clone()).unwrap();
        assert_eq!(first.id(), again.id());
        let other = operations.start(&start("k", "web", 2), run.clone()).unwrap_err();
        assert_eq!(other.code, Code::IdempotencyMismatch);
        ended(&first).await;
        assert_eq!(operations.start(&start("k", "web", 1), run).unwrap().state(), OperationState::Failed);
        assert_eq!(runs.load(Ordering::Relaxed), 1);
        assert!(operations.find(first.id(), "me").is_some());
        assert!(operations.find(first.id(), "you").is_none());
        assert_eq!(operations.list("me", "", Some(false)).len(), 1);
        assert!(operations.list("you", "", None).is_empty());
    }

    #[tokio::test]
    async fn a_person_with_a_fresh_token_finds_the_operation_of_the_old_one() {
        let operations = Operations::new(Limits::default(), None);
        let with = |identity: &'static str, subject: &'static str| Start {
            identity,
            subject,
            ..start("k", "web", 1)
        };
        let (go, gone) = oneshot::channel::<()>();
        let first = operations
            .start(&with("token-1", "ann"), |_| async move {
                let _ = gone.await;
            })
            .unwrap();
        assert_eq!(operations.list("token-2", "ann", None).len(), 1);
        assert!(operations.list("token-3", "bob", None).is_empty());
        assert!(operations.find(first.id(), "token-2").is_none());
        let again = operations.start(&with("token-2", "ann"), |_| async {}).unwrap();
        assert_eq!(again.id(), first.id());
        assert!(operations.find(first.id(), "token-2").is_some());
        // Another person's same key is another operation, of a release that is held.
        let other = operations.start(&with("token-3", "bob"), |_| async {}).unwrap_err();
        assert_eq!((other.code, other.operation), (Code::ReleaseLocked, None));
        go.send(()).unwrap();
        ended(&first).await;
    }

    #[tokio::test]
    async fn who_heard_the_last_word_may_ask_for_the_next() {
        let operations = Operations::new(Limits::default(), None);
        let (go, gone) = oneshot::channel::<()>();
        let said = |handle: Handle| async move {
            let (durations, counts) = Default::default();
            handle.emit(EventBody::Done { result: OperationResult::Success, revision: 1, durations, counts });
            let _ = gone.await;
        };
        let first = operations.start(&start("a", "web", 1), said).unwrap();
        ended(&first).await;
        let second = operations.start(&start("b", "web", 1), |_| async {}).unwrap();
        ended(&second).await;
        go.send(()).unwrap();
    }

    #[tokio::test]
    async fn a_release_has_one_operation_and_a_panic_gives_it_free() {
        let operations = Operations::new(Limits::default(), None);
        let (go, gone) = oneshot::channel::<()>();
        let first = operations
            .start(&start("a", "web", 1), |_| async move {
                let _ = gone.await;
                panic!("as this test wants");
            })
            .unwrap();
        let locked = operations.start(&start("b", "web", 1), |_| async {}).unwrap_err();
        assert_eq!(locked.code, Code::ReleaseLocked);
        assert_eq!(locked.operation.as_deref(), Some(first.id()));
        go.send(()).unwrap();
        ended(&first).await;
        assert_eq!(first.operation().problem.unwrap().code, Code::Internal);
        while load(&operations) != (0, 0) {
            tokio::task::yield_now().await;
        }
        operations.start(&start("b", "web", 1), |_| async {}).unwrap();
    }

    #[tokio::test]
    async fn a_drain_refuses_the_new_and_waits_for_the_old() {
        let operations = Operations::new(Limits::default(), None);
        let handle = operations
            .start(&start("a", "web", 1), |handle| async move {
                handle.halted().await;
            })
            .unwrap();
        operations.drain(Duration::from_millis(10)).await;
        assert_eq!(load(&operations), (0, 0));
        assert!(handle.ended_at().is_some());
        assert_eq!(operations.start(&start("b", "x", 1), |_| async {}).unwrap_err().code, Code::Draining);
        assert_eq!(operations.start(&start("a", "web", 1), |_| async {}).unwrap().id(), handle.id());
    }

    #[tokio::test]
    async fn what_was_cut_off_is_found_again_as_interrupted() {
        let folder = std::env::temp_dir().join(format!("kpb-operations-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let operations = Operations::new(Limits::default(), Some(&folder));
        let running = operations
            .start(&start("a", "web", 1), |handle| async move {
                handle.enter(OperationState::Applying, 4);
                std::future::pending().await
            })
            .unwrap();
        while running.state() != OperationState::Applying {
            tokio::task::yield_now().await;
        }
        let later = Operations::new(Limits::default(), Some(&folder));
        let found = later.find(running.id(), "me").unwrap();
        assert_eq!(found.state(), OperationState::Interrupted);
        assert_eq!(found.operation().revision, 4);
        assert_eq!(found.log().read(0).unwrap().frames.len(), 2);
        assert!(later.list("me", "", Some(true)).is_empty());
        // The same request takes it up again, another does not.
        let other = later.start(&start("a", "web", 2), |_| async {}).unwrap_err();
        assert_eq!(other.code, Code::IdempotencyMismatch);
        let again = later
            .start(&start("a", "web", 1), |handle| async move {
                let (durations, counts) = (Default::default(), Counts::default());
                let result = OperationResult::Success;
                handle.emit(EventBody::Done { result, revision: 4, durations, counts });
            })
            .unwrap();
        ended(&again).await;
        assert_eq!((again.id(), again.state()), (running.id(), OperationState::Done));
        // Its key outlives its events, also in the next process.
        later.sweep(Timestamp::now() + EVENTS_KEPT);
        let last = Operations::new(Limits::default(), Some(&folder));
        let known = last.start(&start("a", "web", 1), |_| async {}).unwrap();
        assert_eq!((known.state(), known.operation().revision), (OperationState::Done, 4));
        last.sweep(Timestamp::now() + KEYS_KEPT);
        assert!(last.find(running.id(), "me").is_none());
        assert!(Operations::new(Limits::default(), Some(&folder)).list("me", "", None).is_empty());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
