//! What every step of an operation needs: the events, the cluster as the caller sees it now, and the time that is left.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::{StreamExt as _, stream};
use jiff::Timestamp;
use release::record::Record;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;
use wire::{Code, Counts, EventBody, ObjectRef, ObjectState, OperationState, Problem, PromptChoice};

use super::draft;
use super::handle::{Halt, Handle};
use super::log::guard;
use super::pulse::{Failure, LAST_WORD, Pulse};
use crate::aside::aside;
use crate::documents;
use crate::kube::{self, Cluster};
use crate::metrics::Metrics;
use crate::object::Object;
use crate::redact::{Hidden, Redactor, is_secret};
use crate::releases::show;

/// The longest an operation may take, whatever it asks for.
pub const LONGEST: Duration = Duration::from_secs(7_200);
/// Secrets that are read at a time.
const IN_FLIGHT: usize = 8;
/// How long an operation waits for a fresh token.
const FRESH_TOKEN: Duration = Duration::from_secs(300);

/// Why a step did not come to its end.
#[derive(Clone, Debug)]
pub(super) enum Stop {
    /// The whole took longer than it may.
    Deadline,
    /// It failed.
    Failed(Box<Problem>),
    /// A person or the bridge stops it.
    Halted(Halt),
    /// Somebody else wrote the record: nothing more may be written.
    Hijacked(String),
}

impl Stop {
    /// It failed, for this reason.
    pub(super) fn failed(code: Code, detail: impl Into<String>) -> Self {
        Self::Failed(Box::new(Problem::new(code, detail)))
    }

    /// As the page is told.
    pub(super) fn problem(&self) -> Problem {
        match self {
            Self::Deadline => Problem::new(Code::Deadline, "the time for the whole operation is over"),
            Self::Failed(problem) => (**problem).clone(),
            Self::Halted(Halt::Cancelled(by)) => {
                Problem::new(Code::InvalidRequest, format!("cancelled by {by}"))
            }
            Self::Halted(Halt::Draining) => {
                Problem::new(Code::Draining, "the bridge stops; this can be resumed")
            }
            Self::Hijacked(detail) => Problem::new(Code::RecordHijacked, detail.clone()),
        }
    }

    /// The same failure, with words before its sentence.
    pub(super) fn behind(self, words: &str) -> Self {
        match self {
            Self::Failed(mut problem) => {
                problem.detail = format!("{words}: {}", problem.detail);
                Self::Failed(problem)
            }
            other => other,
        }
    }

    /// The sentence for the record's description, behind Helm's `Upgrade "web" failed: `.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Deadline => "context deadline exceeded".to_owned(),
            Self::Failed(problem) => problem.detail.clone(),
            _ => self.problem().detail,
        }
    }
}

impl From<Halt> for Stop {
    fn from(halt: Halt) -> Self {
        Self::Halted(halt)
    }
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Failed(Box::new(problem))
    }
}

/// Why a call gave nothing.
#[derive(Debug)]
pub(super) enum Broken {
    /// The API server's answer, or its absence.
    Kube(kube::Error),
    /// The operation ends.
    Stop(Stop),
}

impl From<Broken> for Stop {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Kube(error) => error.problem().into(),
            Broken::Stop(stop) => stop,
        }
    }
}

/// What every step of an operation needs.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) handle: Handle,
    /// What must not be shown: the same that no event of `handle` tells.
    pub(super) redaction: Hidden,
    redactor: Redactor,
    pub(super) metrics: Metrics,
    /// The longest each wait may take.
    pub(super) step_timeout: Duration,
    deadline: Instant,
    cluster: Mutex<(u64, Cluster)>,
    /// Held while a person is asked for a fresh token, so that one question is asked and not eight.
    asking: Semaphore,
    hijacked: watch::Sender<Option<String>>,
    /// Of the record that is this operation's lock.
    pulse: Mutex<Option<Pulse>>,
    tally: Mutex<Tally>,
}

#[derive(Debug)]
struct Tally {
    counts: Counts,
    durations: BTreeMap<String, u64>,
    step: OperationState,
    since: Instant,
}

impl Context {
    pub(super) fn new(
        handle: Handle,
        cluster: Cluster,
        redactor: Redactor,
        metrics: Metrics,
        step_timeout: Duration,
        deadline: Duration,
    ) -> Arc<Self> {
        let now = Instant::now();
        Arc::new(Self {
            redaction: handle.hidden().clone(),
            handle,
            redactor,
            metrics,
            step_timeout,
            deadline: now + deadline,
            cluster: Mutex::new((0, cluster)),
            asking: Semaphore::new(1),
            hijacked: watch::Sender::new(None),
            pulse: Mutex::new(None),
            tally: Mutex::new(Tally {
                counts: Counts::default(),
                durations: BTreeMap::new(),
                step: OperationState::Queued,
                since: now,
            }),
        })
    }

    /// The same with the time for another operation: the way back after a failure, or on after a crash.
    pub(super) fn again(&self, step_seconds: u32, deadline_seconds: u32) -> Arc<Self> {
        let seconds = |seconds: u32| Duration::from_secs(u64::from(seconds.max(1))).min(LONGEST);
        let (handle, redactor) = (self.handle.clone(), self.redactor.clone());
        let (step, deadline) = (seconds(step_seconds), seconds(deadline_seconds));
        let context = Self::new(handle, self.cluster(), redactor, self.metrics.clone(), step, deadline);
        *guard(&context.cluster) = guard(&self.cluster).clone();
        context
    }

    /// Hides from now on what these objects' Secrets hold.
    pub(super) fn learn<'a>(&self, objects: impl IntoIterator<Item = &'a Object>) {
        let mut secrets = objects.into_iter().filter(|object| is_secret(object)).peekable();
        if secrets.peek().is_some() {
            self.redaction.learn(&self.redactor.known(secrets));
        }
    }

    /// Hides from now on what a revision's Secrets hold, those of its hooks included.
    pub(super) fn learn_record(&self, record: &Record) {
        self.redaction.learn(&aside(|| show::secrets(record, &self.redactor)));
    }

    /// Hides from now on what a revision's Secrets hold in the cluster, which may be another thing than what its manifest
    /// says. One that cannot be read is passed over.
    ///
    /// Cost: one call for each Secret, eight in flight.
    pub(super) async fn learn_live(&self, record: &Record) {
        let items = documents::read_stored(&record.manifest).unwrap_or_default();
        let hooks = record.hooks.iter().flat_map(|hook| draft::objects_of(hook).unwrap_or_default());
        let all = items.into_iter().map(|item| item.object).chain(hooks);
        let reads = all.filter(is_secret).map(|mut object| async move {
            draft::settle(&mut object, true, self.handle.namespace());
            let reference = &object.reference();
            let live = self.call(|cluster| async move { cluster.get(reference).await }).await;
            self.learn(&live.ok().flatten());
        });
        let reads: Vec<_> = reads.collect();
        stream::iter(reads).buffer_unordered(IN_FLIGHT).collect::<Vec<()>>().await;
    }

    /// The cluster with the freshest token.
    pub(super) fn cluster(&self) -> Cluster {
        guard(&self.cluster).1.clone()
    }

    /// Moves on to another step and counts the time of the last.
    pub(super) fn enter(&self, step: OperationState, revision: u32) {
        let mut tally = guard(&self.tally);
        tally.turn(step);
        drop(tally);
        self.handle.enter(step, revision);
    }

    /// Objects by what was done to them, and milliseconds by step.
    pub(super) fn tally(&self) -> (Counts, BTreeMap<String, u64>) {
        let mut tally = guard(&self.tally);
        let step = tally.step;
        tally.turn(step);
        (tally.counts, tally.durations.clone())
    }

    pub(super) fn count(&self, add: impl FnOnce(&mut Counts)) {
        add(&mut guard(&self.tally).counts);
    }

    /// Says that nothing more may be written.
    pub(super) fn hijack(&self, detail: &str) {
        self.hijacked.send_replace(Some(detail.to_owned()));
    }

    /// Takes note of the lock that everything from here on is done under.
    pub(super) fn hold(&self, pulse: Pulse) {
        *guard(&self.pulse) = Some(pulse);
    }

    /// Whether to go on with the next object: nobody stops the operation, and its record is its own.
    pub(super) async fn next(&self) -> Result<(), Stop> {
        self.checkpoint()?;
        let pulse = guard(&self.pulse).clone();
        match pulse {
            Some(pulse) => self.assure(&pulse).await,
            None => Ok(()),
        }
    }

    /// Completes when the record is known to be ours: at once after a recent heartbeat, else with the next one.
    ///
    /// # Errors
    /// Somebody else has the record, it could not be written for two minutes, or the operation stops.
    async fn assure(&self, pulse: &Pulse) -> Result<(), Stop> {
        let started = Instant::now();
        while pulse.is_old(Timestamp::now()) {
            let age = self.age();
            let beaten = tokio::select! {
                beaten = pulse.beat() => beaten,
                stop = self.stopped() => return Err(stop),
            };
            match beaten {
                None | Some(Ok(())) => return Ok(()),
                Some(Err(Failure::Hijacked(detail))) => return Err(Stop::Hijacked(detail)),
                Some(Err(Failure::Later(problem))) if problem.code == Code::Unauthenticated => {
                    self.refresh(age, &problem.detail).await?;
                }
                Some(Err(Failure::Later(problem))) if started.elapsed() > LAST_WORD => {
                    let detail = format!("nothing more is sent without the record: {}", problem.detail);
                    return Err(Stop::failed(Code::RecordWriteFailed, detail));
                }
                Some(Err(Failure::Later(_))) => tokio::select! {
                    () = tokio::time::sleep(Duration::from_secs(1)) => {}
                    stop = self.stopped() => return Err(stop),
                },
            }
        }
        Ok(())
    }

    /// Whether to go on.
    pub(super) fn checkpoint(&self) -> Result<(), Stop> {
        if let Some(detail) = &*self.hijacked.borrow() {
            return Err(Stop::Hijacked(detail.clone()));
        }
        self.handle.checkpoint()?;
        if self.deadline <= Instant::now() { Err(Stop::Deadline) } else { Ok(()) }
    }

    /// Completes when [`Self::checkpoint`] would fail. Cancel-safe.
    pub(super) async fn stopped(&self) -> Stop {
        let mut hijacked = self.hijacked.subscribe();
        tokio::select! {
            halt = self.handle.halted() => Stop::Halted(halt),
            () = tokio::time::sleep_until(self.deadline.into()) => Stop::Deadline,
            found = hijacked.wait_for(Option::is_some) => {
                Stop::Hijacked(found.ok().and_then(|found| found.clone()).unwrap_or_default())
            }
        }
    }

    /// Calls the cluster. When the token has expired, a person is asked for a fresh one and the call is made again.
    pub(super) async fn call<T, C, F>(&self, call: C) -> Result<T, Broken>
    where
        C: Fn(Cluster) -> F,
        F: Future<Output = Result<T, kube::Error>>,
    {
        loop {
            let (age, cluster) = guard(&self.cluster).clone();
            match call(cluster).await {
                Err(error) if error.is_unauthorized() => {
                    self.refresh(age, &error.message).await.map_err(Broken::Stop)?;
                    // While a person was asked, another may have taken over.
                    self.next().await.map_err(Broken::Stop)?;
                }
                answer => return answer.map_err(Broken::Kube),
            }
        }
    }

    /// The same for what answers with a problem.
    pub(super) async fn ask<T, C, F>(&self, call: C) -> Result<T, Stop>
    where
        C: Fn(Cluster) -> F,
        F: Future<Output = Result<T, Problem>>,
    {
        loop {
            let (age, cluster) = guard(&self.cluster).clone();
            match call(cluster).await {
                Err(problem) if problem.code == Code::Unauthenticated => {
                    self.refresh(age, &problem.detail).await?;
                    self.next().await?;
                }
                Err(problem) if problem.code == Code::RecordHijacked => {
                    return Err(Stop::Hijacked(problem.detail));
                }
                answer => return answer.map_err(Stop::from),
            }
        }
    }

    /// How many fresh tokens have come.
    pub(super) fn age(&self) -> u64 {
        guard(&self.cluster).0
    }

    /// Asks for a fresh token, unless one has come since the call was made.
    pub(super) async fn refresh(&self, age: u64, message: &str) -> Result<(), Stop> {
        // Closed never: it lives in `self`.
        let _asking = self.asking.acquire().await.map_err(|_| Stop::Deadline)?;
        if guard(&self.cluster).0 != age {
            return Ok(());
        }
        let mut problem = Problem::new(Code::TokenExpired, message);
        problem.operation = Some(self.handle.id().to_owned());
        self.handle.emit(EventBody::Problem { problem: Box::new(problem.clone()), terminal: false });
        let choices = [PromptChoice::Continue, PromptChoice::Fail];
        let question = "The token has expired. Sign in again as the same user to go on.";
        let mut prompt = self.handle.ask(question, &choices, Vec::new(), FRESH_TOKEN);
        let answer = tokio::select! {
            answer = timeout(FRESH_TOKEN, prompt.answer()) => answer,
            stop = self.stopped() => return Err(stop),
        };
        match answer {
            Ok(answer) if answer.choice == PromptChoice::Continue => {
                let mut held = guard(&self.cluster);
                held.0 += 1;
                if let Some(cluster) = answer.cluster {
                    held.1 = cluster;
                }
                Ok(())
            }
            _ => Err(problem.into()),
        }
    }

    /// Tells how far an object is.
    pub(super) fn object(&self, object: &ObjectRef, index: usize, state: ObjectState, note: Note) {
        self.handle.emit(EventBody::Object {
            object: object.clone(),
            index: u32::try_from(index).unwrap_or(u32::MAX),
            state,
            ms: u64::try_from(note.took.as_millis()).unwrap_or(u64::MAX),
            attempt: note.attempt.max(1),
            resource_version: note.resource_version,
            problem: note.problem.map(Box::new),
        });
    }

    /// Tells what the API server warns of, about an object.
    pub(super) fn warn(&self, object: Option<&ObjectRef>, warnings: Vec<String>) {
        for warning in warnings {
            let message = self.redaction.told(&warning);
            self.handle.emit(EventBody::Warning { object: object.cloned(), message });
        }
    }
}

/// What goes with an object's state.
#[derive(Debug, Default)]
pub(super) struct Note {
    pub(super) took: Duration,
    pub(super) attempt: u32,
    pub(super) resource_version: Option<String>,
    pub(super) problem: Option<Problem>,
}

impl Tally {
    fn turn(&mut self, step: OperationState) {
        let ms = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        let name = serde_json::to_value(self.step).ok();
        let name = name.as_ref().and_then(|name| name.as_str()).unwrap_or_default().to_owned();
        *self.durations.entry(name).or_default() += ms;
        self.step = step;
        self.since = Instant::now();
    }
}
