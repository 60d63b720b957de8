//! Who writes the record of a running operation: one task, so that status, heartbeat and journal never overtake each other.
//!
//! The record is the lock. Each write names the version that was read last; when another writer was faster, the record is
//! read again, and when it no longer says what we wrote, the operation ends without another word to the cluster.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use release::record::Record;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval, sleep};
use wire::{Code, EventBody, OperationState, Problem, Status};

use super::context::{Context, Stop};
use super::journal::{Journal, Mark};
use super::log::guard;
use crate::releases::{Head, INTERRUPTED, Store, annotation};

/// The annotation that keeps how the operation was asked for, so that it can be resumed.
pub(super) const OPTIONS: &str = "chartroom/options";
/// How long the last word of an operation is tried to be written.
const LAST_WORD: Duration = Duration::from_secs(120);

/// Writes the record of one operation.
#[derive(Debug)]
pub(super) struct Keeper {
    commands: mpsc::Sender<Command>,
    journal: Arc<Mutex<Journal>>,
    phase: Arc<Mutex<&'static str>>,
}

#[derive(Debug)]
enum Command {
    /// The record with its status.
    Write(Box<Record>, oneshot::Sender<Result<(), Failure>>),
    /// Heartbeat, phase and journal, now.
    Beat(oneshot::Sender<()>),
}

/// Why a record was not written.
#[derive(Debug)]
enum Failure {
    /// It may work later.
    Later(Box<Problem>),
    /// Somebody else has it.
    Hijacked(String),
}

struct Actor {
    context: Arc<Context>,
    /// The record's Secret as we read or wrote it last.
    head: Head,
    journal: Arc<Mutex<Journal>>,
    phase: Arc<Mutex<&'static str>>,
    /// Between two; `None` for a record that is no lock.
    heartbeat: Option<Duration>,
}

/// Names this process in records.
pub(super) fn instance() -> &'static str {
    static INSTANCE: OnceLock<String> = OnceLock::new();
    INSTANCE.get_or_init(|| {
        let mut bytes = [0_u8; 4];
        // Without randomness all bridges share a name, which is for people alone.
        let _ = getrandom::fill(&mut bytes);
        format!("bridge-{:08x}", u32::from_be_bytes(bytes))
    })
}

/// The annotations of a record that this operation works on.
pub(super) fn annotations(operation: &str, options: &str) -> BTreeMap<String, String> {
    [
        (annotation::OPERATION, operation.to_owned()),
        (annotation::INSTANCE, instance().to_owned()),
        (annotation::HEARTBEAT, Timestamp::now().to_string()),
        (annotation::PHASE, OperationState::Locking.text().to_owned()),
        (OPTIONS, options.to_owned()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

impl Keeper {
    /// Keeps a record that is ours: it was just created, or taken over.
    pub(super) fn new(context: &Arc<Context>, head: Head, journal: Journal, heartbeat: Duration) -> Self {
        Self::start(context, head, journal, Some(heartbeat))
    }

    /// Keeps a record that is no lock: no heartbeat, no journal, only what is written.
    pub(super) fn quiet(context: &Arc<Context>, head: Head) -> Self {
        Self::start(context, head, Journal::default(), None)
    }

    fn start(context: &Arc<Context>, head: Head, journal: Journal, heartbeat: Option<Duration>) -> Self {
        let (commands, inbox) = mpsc::channel(4);
        let journal = Arc::new(Mutex::new(journal));
        let phase = Arc::new(Mutex::new(OperationState::Locking.text()));
        let actor = Actor {
            context: context.clone(),
            head,
            journal: journal.clone(),
            phase: phase.clone(),
            heartbeat,
        };
        // Ends when the last sender is dropped, which this value holds.
        tokio::spawn(actor.run(inbox));
        Self { commands, journal, phase }
    }

    /// Notes how far an object is; written with the next heartbeat.
    pub(super) fn note(&self, index: usize, mark: Mark) {
        guard(&self.journal).note(index, mark);
    }

    /// How far an object is.
    pub(super) fn mark(&self, index: usize) -> Mark {
        guard(&self.journal).mark(index)
    }

    /// Notes the step, and writes it with the journal, so that another process could go on from here.
    pub(super) async fn enter(&self, step: OperationState) {
        *guard(&self.phase) = step.text();
        self.beat().await;
    }

    /// Says that this process lays the operation down.
    pub(super) async fn interrupted(&self) {
        *guard(&self.phase) = INTERRUPTED;
        self.beat().await;
    }

    async fn beat(&self) {
        let (reply, done) = oneshot::channel();
        // The task ends with this value alone, and answers every command.
        if self.commands.send(Command::Beat(reply)).await.is_ok() {
            let _ = done.await;
        }
    }

    /// Writes the record once. A failure that may pass is told and otherwise passed over: what counts is the last word.
    pub(super) async fn write(&self, record: &Record) -> Result<(), Stop> {
        match self.attempt(record).await {
            Ok(()) | Err(Failure::Later(_)) => Ok(()),
            Err(Failure::Hijacked(detail)) => Err(Stop::Hijacked(detail)),
        }
    }

    /// Writes the record's last word, for two minutes if need be.
    pub(super) async fn finish(&self, context: &Context, record: &Record) -> Result<(), Stop> {
        let started = Instant::now();
        let mut pause = Duration::from_millis(500);
        loop {
            let age = context.age();
            match self.attempt(record).await {
                Ok(()) => return Ok(()),
                Err(Failure::Hijacked(detail)) => return Err(Stop::Hijacked(detail)),
                Err(Failure::Later(problem)) if problem.code == Code::Unauthenticated => {
                    context.refresh(age, &problem.detail).await?;
                    continue;
                }
                Err(Failure::Later(problem)) => {
                    if started.elapsed() + pause > LAST_WORD {
                        return Err(Stop::Failed(problem));
                    }
                    context.handle.emit(EventBody::Problem { problem, terminal: false });
                }
            }
            sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(15));
        }
    }

    async fn attempt(&self, record: &Record) -> Result<(), Failure> {
        let lost = || Failure::Later(Box::new(Problem::new(Code::Internal, "the record's writer is gone")));
        let (reply, done) = oneshot::channel();
        let command = Command::Write(Box::new(record.clone()), reply);
        self.commands.send(command).await.map_err(|_| lost())?;
        done.await.map_err(|_| lost())?
    }
}

impl Actor {
    async fn run(mut self, mut inbox: mpsc::Receiver<Command>) {
        // Without heartbeats the ticks do nothing.
        let mut ticks = interval(self.heartbeat.unwrap_or(Duration::from_secs(3_600)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The first tick is now, and the record is fresh.
        ticks.tick().await;
        loop {
            tokio::select! {
                command = inbox.recv() => match command {
                    None => return,
                    Some(Command::Write(record, reply)) => {
                        let written = self.write(&record).await;
                        if let Err(Failure::Hijacked(detail)) = &written {
                            self.context.hijack(detail);
                        }
                        // Whoever asked may be gone.
                        let _ = reply.send(written);
                    }
                    Some(Command::Beat(reply)) => {
                        self.beat().await;
                        let _ = reply.send(());
                    }
                },
                _ = ticks.tick() => self.beat().await,
            }
        }
    }

    async fn write(&mut self, record: &Record) -> Result<(), Failure> {
        let cluster = self.context.cluster();
        let store = Store::new(&cluster, &self.head.namespace);
        let written = store.update(record, &self.head).await.map_err(failure)?;
        self.head = written.head;
        self.context.handle.emit(EventBody::Record {
            revision: record.version,
            status: Status::named(&record.info.status),
            bytes: written.sizes.stored,
        });
        Ok(())
    }

    async fn beat(&mut self) {
        if self.heartbeat.is_none() {
            return;
        }
        let now = Timestamp::now().to_string();
        let journal = guard(&self.journal).text();
        let phase = *guard(&self.phase);
        let changes = [
            (annotation::OPERATION, Some(self.context.handle.id())),
            (annotation::INSTANCE, Some(instance())),
            (annotation::HEARTBEAT, Some(now.as_str())),
            (annotation::PHASE, Some(phase)),
            (annotation::JOURNAL, Some(journal.as_str())),
        ];
        let cluster = self.context.cluster();
        let store = Store::new(&cluster, &self.head.namespace);
        match store.annotate(&self.head, &changes).await.map_err(failure) {
            Ok(head) => self.head = head,
            Err(Failure::Hijacked(detail)) => self.context.hijack(&detail),
            // The next beat may come through; after a minute without one the record looks crashed, and then it is.
            Err(Failure::Later(_)) => {}
        }
    }
}

fn failure(problem: Problem) -> Failure {
    if problem.code == Code::RecordHijacked {
        Failure::Hijacked(problem.detail)
    } else {
        Failure::Later(Box::new(problem))
    }
}
