//! Who writes the record of a running operation: one task, so that status, heartbeat and journal never overtake each other.
//!
//! The record is the lock. Each write names the version that was read last; when another writer was faster, the record is
//! read again, and when it no longer says what we wrote, the operation ends without another word to the cluster.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use release::record::{Hook, Record, Time};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use wire::{ApplyOptions, Code, EventBody, OperationState, Problem, Status};

use super::context::{Context, Stop};
use super::draft;
use super::job::Environment;
use super::journal::{Journal, Mark};
use super::log::guard;
use super::pulse::{Command, Failure, LAST_WORD, Pulse, beat, lost};
use crate::releases::{Head, INTERRUPTED, Store, annotation};

/// The annotation that keeps how the operation was asked for, so that it can be resumed.
pub(super) const OPTIONS: &str = "chartroom/options";
/// The longest annotation that options make; more conflicts than that are decided on anew.
const OPTIONS_LIMIT_BYTES: usize = 64 << 10;
/// How long is tried to say that an operation is laid down.
const PARTING: Duration = Duration::from_secs(20);

/// Writes the record of one operation.
#[derive(Debug)]
pub(super) struct Keeper {
    context: Arc<Context>,
    commands: mpsc::Sender<Command>,
    journal: Arc<Mutex<Journal>>,
    phase: Arc<Mutex<&'static str>>,
    hooks: Arc<Mutex<Option<Begun>>>,
}

/// The event whose hooks began last, and when: what of them has run since, has run for this event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Begun {
    pub(super) event: String,
    pub(super) at: Time,
}

struct Actor {
    context: Arc<Context>,
    /// The record's Secret as we read or wrote it last.
    head: Head,
    journal: Arc<Mutex<Journal>>,
    phase: Arc<Mutex<&'static str>>,
    hooks: Arc<Mutex<Option<Begun>>>,
    /// Between two; `None` for a record that is no lock.
    heartbeat: Option<Duration>,
    /// When the last heartbeat that came through was sent.
    last: Arc<Mutex<Timestamp>>,
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

/// How an operation was asked for, as the record keeps it.
pub(super) fn options_to_text(options: &ApplyOptions) -> String {
    let text = serde_json::to_string(options).unwrap_or_default();
    if text.len() <= OPTIONS_LIMIT_BYTES {
        return text;
    }
    let less = ApplyOptions { conflicts: Default::default(), recreate: Vec::new(), ..options.clone() };
    serde_json::to_string(&less).unwrap_or_default()
}

/// How the operation of this record was asked for; the defaults where that cannot be read.
pub(super) fn options(head: &Head) -> ApplyOptions {
    head.annotations.get(OPTIONS).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

impl Keeper {
    /// Keeps a record that is ours: it was just created, or taken over.
    pub(super) fn new(
        context: &Arc<Context>,
        head: Head,
        journal: Journal,
        environment: &Environment,
    ) -> Self {
        let last = Arc::new(Mutex::new(Timestamp::now()));
        let keeper = Self::start(context, head, journal, Some(environment.heartbeat), last.clone());
        let commands = keeper.commands.downgrade();
        context.hold(Pulse::new(commands, last, environment.patience.bridge));
        keeper
    }

    /// Keeps a record that is no lock: no heartbeat, no journal, only what is written.
    pub(super) fn quiet(context: &Arc<Context>, head: Head) -> Self {
        Self::start(context, head, Journal::default(), None, Arc::default())
    }

    fn start(
        context: &Arc<Context>,
        head: Head,
        journal: Journal,
        heartbeat: Option<Duration>,
        last: Arc<Mutex<Timestamp>>,
    ) -> Self {
        let (commands, inbox) = mpsc::channel(4);
        let journal = Arc::new(Mutex::new(journal));
        let phase = Arc::new(Mutex::new(OperationState::Locking.text()));
        let hooks = Arc::default();
        let actor = Actor {
            context: context.clone(),
            head,
            journal: journal.clone(),
            phase: phase.clone(),
            hooks: Arc::clone(&hooks),
            heartbeat,
            last,
        };
        // Ends when the last sender is dropped, which this value holds.
        tokio::spawn(actor.run(inbox));
        Self { context: context.clone(), commands, journal, phase, hooks }
    }

    /// Notes how far an object is; written with the next heartbeat.
    pub(super) fn note(&self, index: usize, mark: Mark) {
        guard(&self.journal).note(index, mark);
    }

    /// How far an object is.
    pub(super) fn mark(&self, index: usize) -> Mark {
        guard(&self.journal).mark(index)
    }

    /// Takes over what the process before noted of hooks.
    pub(super) fn resume(&self, begun: Option<Begun>) {
        *guard(&self.hooks) = begun;
    }

    /// Notes that the hooks of this event begin; written with the next heartbeat. When they have begun before, that is told,
    /// and stays.
    pub(super) fn begin(&self, event: &str) -> Option<Begun> {
        let mut hooks = guard(&self.hooks);
        // `post-delete` comes after `pre-delete`, and not after what an upgrade noted before.
        let is_before = |begun: &Begun| match (begun.event.strip_prefix("post-"), event.strip_prefix("pre-"))
        {
            (Some(after), Some(before)) => after == before,
            _ => false,
        };
        if let Some(begun) = &*hooks
            && (begun.event == event || is_before(begun))
        {
            return Some(begun.clone());
        }
        *hooks = Some(Begun { event: event.to_owned(), at: draft::now() });
        None
    }

    /// Notes the step, and writes it with the journal, so that another process could go on from here. An operation that is
    /// stopped does not wait for that.
    pub(super) async fn enter(&self, step: OperationState) {
        *guard(&self.phase) = step.text();
        tokio::select! {
            // What does not come through now may come through with the next beat.
            _ = beat(&self.commands) => {}
            _ = self.context.stopped() => {}
        }
    }

    /// Says that this process lays the operation down; who goes on waits a minute longer when that does not come through.
    pub(super) async fn interrupted(&self) {
        *guard(&self.phase) = INTERRUPTED;
        let _ = timeout(PARTING, beat(&self.commands)).await;
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
        let (reply, done) = oneshot::channel();
        let command = Command::Write(Box::new(record.clone()), reply);
        self.commands.send(command).await.map_err(|_| lost())?;
        done.await.map_err(|_| lost())?
    }
}

impl Begun {
    /// `pre-install 2026-11-21T10:00:00Z`
    fn text(&self) -> String {
        format!("{} {}", self.event, self.at)
    }

    /// What the process before noted on a record.
    pub(super) fn of(head: &Head) -> Option<Self> {
        head.annotations.get(annotation::HOOKS).and_then(|text| Self::read(text))
    }

    /// What [`Self::text`] made.
    fn read(text: &str) -> Option<Self> {
        let (event, at) = text.split_once(' ')?;
        Some(Self { event: event.to_owned(), at: Time::parse(at)? })
    }

    /// Whether a hook of `event` has run to its end, and not for an earlier revision or an earlier event.
    pub(super) fn is_done(&self, event: &str, hook: &Hook) -> bool {
        if self.event != event {
            return true;
        }
        let run = &hook.last_run;
        let since = run.started_at.as_ref().is_some_and(|at| at.since_1970() >= self.at.since_1970());
        run.phase == "Succeeded" && since
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
                        // Whoever asked may be gone.
                        let _ = reply.send(self.beat().await);
                    }
                },
                _ = ticks.tick() => {
                    // One that is lost is asked for before the next object, see `Pulse`.
                    let _ = self.beat().await;
                }
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

    async fn beat(&mut self) -> Result<(), Failure> {
        if self.heartbeat.is_none() {
            return Ok(());
        }
        let sent = Timestamp::now();
        let now = sent.to_string();
        let journal = guard(&self.journal).text();
        let phase = *guard(&self.phase);
        let hooks = guard(&self.hooks).as_ref().map(Begun::text);
        let changes = [
            (annotation::OPERATION, Some(self.context.handle.id())),
            (annotation::INSTANCE, Some(instance())),
            (annotation::HEARTBEAT, Some(now.as_str())),
            (annotation::PHASE, Some(phase)),
            (annotation::JOURNAL, Some(journal.as_str())),
            (annotation::HOOKS, hooks.as_deref()),
        ];
        let cluster = self.context.cluster();
        let store = Store::new(&cluster, &self.head.namespace);
        match store.annotate(&self.head, &changes).await.map_err(failure) {
            Ok(head) => {
                self.head = head;
                *guard(&self.last) = sent;
                Ok(())
            }
            Err(failure) => {
                if let Failure::Hijacked(detail) = &failure {
                    self.context.hijack(detail);
                }
                Err(failure)
            }
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

#[cfg(test)]
mod tests {
    use release::record::HookRun;

    use super::*;

    #[test]
    fn a_hook_has_run_when_it_ran_for_this_revision_and_this_event() {
        let time = |text: &str| Time::parse(text).unwrap();
        let begun = Begun { event: "post-install".to_owned(), at: time("2026-11-21T10:00:00.5Z") };
        assert_eq!(Begun::read(&begun.text()), Some(begun.clone()));
        assert_eq!(Begun::read("post-install"), None);
        let hook = |phase: &str, started: &str| Hook {
            last_run: HookRun {
                started_at: Some(time(started)),
                phase: phase.to_owned(),
                ..HookRun::default()
            },
            ..Hook::default()
        };
        let done = |phase, started| begun.is_done("post-install", &hook(phase, started));
        assert!(done("Succeeded", "2026-11-21T10:00:00.5Z"));
        assert!(!done("Running", "2026-11-21T10:00:01Z"));
        assert!(!done("Succeeded", "2026-11-21T10:00:00.4Z"), "for another event, or copied by a rollback");
        assert!(!begun.is_done("post-install", &Hook::default()));
        // Those before it are over.
        assert!(begun.is_done("pre-install", &Hook::default()));
    }

    #[test]
    fn options_come_back_and_those_that_cannot_be_read_are_the_defaults() {
        let mut wanted = ApplyOptions { prune: false, history_max: 3, ..ApplyOptions::default() };
        let head = |text: String| Head {
            annotations: BTreeMap::from([(OPTIONS.to_owned(), text)]),
            ..Head::default()
        };
        assert_eq!(options(&head(options_to_text(&wanted))), wanted);
        assert_eq!(options(&head("{".to_owned())), ApplyOptions::default());
        wanted.description = "x".repeat(10);
        assert_eq!(options(&head(options_to_text(&wanted))).description.len(), 10);
    }
}
