//! One operation while it runs and for an hour after: its events, how far it is, and the ways to stop or steer it.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::future::pending;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{mpsc, watch};
use wire::{
    Code, Decide, EventBody, ObjectRef, ObjectState, OpenPrompt, Operation, OperationKind, OperationResult,
    OperationState, Problem, PromptChoice,
};

use super::log::{EventLog, guard};
use crate::kube::Cluster;
use crate::redact::Hidden;

/// One operation, shared by the task that runs it and the requests that ask about it; a cheap clone.
#[derive(Clone, Debug)]
pub struct Handle(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    id: String,
    namespace: String,
    release: String,
    /// Who asked for it first, and who showed a fresh token since.
    identities: Mutex<Vec<String>>,
    identity: String,
    subject: String,
    created_at: Timestamp,
    log: EventLog,
    snapshot: Mutex<Snapshot>,
    cancelled_by: watch::Sender<Option<String>>,
    drain: watch::Receiver<Option<Instant>>,
    prompts: Mutex<BTreeMap<String, (OpenPrompt, mpsc::Sender<Answer>)>>,
    n_prompts: AtomicU64,
    /// A record that could not be written, for the person to keep.
    record: Mutex<Option<String>>,
    /// Hears every event; gone at the end.
    listener: Mutex<Option<Arc<dyn Listener>>>,
    /// What no event tells.
    hidden: Hidden,
}

/// What the events so far add up to.
#[derive(Debug)]
struct Snapshot {
    kind: OperationKind,
    state: OperationState,
    /// The furthest of the states on the way.
    furthest: OperationState,
    revision: u32,
    ended_at: Option<Timestamp>,
    objects: Vec<(ObjectRef, ObjectState)>,
    places: HashMap<ObjectRef, usize>,
    orphans: Vec<ObjectRef>,
    problem: Option<Box<Problem>>,
}

/// What a person decided.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The choice.
    pub choice: PromptChoice,
    /// The object it is about, where the prompt names several.
    pub object: Option<ObjectRef>,
    /// The cluster as the answering caller sees it: a fresh token comes in this way.
    pub cluster: Option<Cluster>,
}

/// A question that is open until this is dropped.
#[derive(Debug)]
pub struct Prompt {
    id: String,
    answers: mpsc::Receiver<Answer>,
    handle: Handle,
}

/// Why an operation stops before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Halt {
    /// A person asked for it: who.
    Cancelled(String),
    /// The bridge stops.
    Draining,
}

/// Hears every event of an operation, as the page is told it.
pub(super) trait Listener: std::fmt::Debug + Send + Sync {
    /// Takes note of an event.
    fn hear(&self, body: &EventBody);
}

/// What an operation is about.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub(super) id: String,
    pub(super) kind: OperationKind,
    pub(super) namespace: String,
    pub(super) release: String,
    pub(super) identity: String,
    pub(super) subject: String,
    pub(super) created_at: Timestamp,
}

impl Handle {
    pub(super) fn new(subject: Subject, log: EventLog, drain: watch::Receiver<Option<Instant>>) -> Self {
        Self(Arc::new(Inner {
            id: subject.id,
            namespace: subject.namespace,
            release: subject.release,
            identities: Mutex::new(vec![subject.identity.clone()]),
            identity: subject.identity,
            subject: subject.subject,
            created_at: subject.created_at,
            log,
            snapshot: Mutex::new(Snapshot {
                kind: subject.kind,
                state: OperationState::Queued,
                furthest: OperationState::Queued,
                revision: 0,
                ended_at: None,
                objects: Vec::new(),
                places: HashMap::new(),
                orphans: Vec::new(),
                problem: None,
            }),
            cancelled_by: watch::Sender::new(None),
            drain,
            prompts: Mutex::new(BTreeMap::new()),
            n_prompts: AtomicU64::new(0),
            record: Mutex::new(None),
            listener: Mutex::new(None),
            hidden: Hidden::default(),
        }))
    }

    /// An operation of an earlier process, from its events. One without an end was interrupted.
    pub(super) fn restored(
        subject: Subject,
        log: EventLog,
        bodies: &[EventBody],
        ended_at: Timestamp,
    ) -> Self {
        let handle = Self::new(subject, log, watch::Sender::new(None).subscribe());
        for body in bodies {
            guard(&handle.0.snapshot).fold(body);
        }
        let mut snapshot = guard(&handle.0.snapshot);
        if !snapshot.state.is_terminal() {
            snapshot.state = OperationState::Interrupted;
        }
        snapshot.ended_at = Some(ended_at);
        drop(snapshot);
        handle.0.log.close();
        handle
    }

    /// Names it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// The release's namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.0.namespace
    }

    /// The release's name.
    #[must_use]
    pub fn release(&self) -> &str {
        &self.0.release
    }

    /// Who asked for it.
    #[must_use]
    pub fn identity(&self) -> &str {
        &self.0.identity
    }

    /// Who the cluster takes them for; empty when there is one person alone.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// Whose it is: the person where the cluster knows persons, else the caller.
    #[must_use]
    pub fn owner(&self) -> &str {
        owner(&self.0.identity, &self.0.subject)
    }

    /// Whether it is this caller's.
    #[must_use]
    pub fn is_of(&self, identity: &str) -> bool {
        guard(&self.0.identities).iter().any(|known| known == identity)
    }

    /// Makes it this caller's, too: the same person with a fresh token.
    pub fn admit(&self, identity: &str) {
        let mut identities = guard(&self.0.identities);
        if identities.iter().all(|known| known != identity) {
            identities.push(identity.to_owned());
        }
    }

    /// What it does.
    #[must_use]
    pub fn kind(&self) -> OperationKind {
        guard(&self.0.snapshot).kind
    }

    /// Where it is.
    #[must_use]
    pub fn state(&self) -> OperationState {
        guard(&self.0.snapshot).state
    }

    /// Its events.
    #[must_use]
    pub fn log(&self) -> &EventLog {
        &self.0.log
    }

    /// When it ended.
    #[must_use]
    pub(super) fn ended_at(&self) -> Option<Timestamp> {
        guard(&self.0.snapshot).ended_at
    }

    /// Says whether it turned out to be an install or an upgrade.
    pub fn set_kind(&self, kind: OperationKind) {
        guard(&self.0.snapshot).kind = kind;
    }

    /// What no event tells; whoever meets a secret adds it here.
    #[must_use]
    pub(super) fn hidden(&self) -> &Hidden {
        &self.0.hidden
    }

    /// Appends an event, without the secrets that are known by now, and keeps the snapshot in step with it.
    pub fn emit(&self, mut body: EventBody) {
        self.0.hidden.event(&mut body);
        guard(&self.0.snapshot).fold(&body);
        // The end drops the listener, which holds this handle.
        let is_end = matches!(body, EventBody::Done { .. });
        let listener = if is_end { guard(&self.0.listener).take() } else { guard(&self.0.listener).clone() };
        if let Some(listener) = listener {
            listener.hear(&body);
        }
        self.0.log.append(body);
    }

    /// Lets `listener` hear every event from now on.
    pub(super) fn listen(&self, listener: Arc<dyn Listener>) {
        *guard(&self.0.listener) = Some(listener);
    }

    /// Moves on to another step, or learns the revision; what is known already is not told again.
    pub fn enter(&self, state: OperationState, revision: u32) {
        let (before, known) = {
            let snapshot = guard(&self.0.snapshot);
            (snapshot.state, snapshot.revision)
        };
        let previous = Some(before).filter(|previous| *previous != state);
        if previous.is_some() || known != revision || self.0.log.last() == 0 {
            self.emit(EventBody::State { state, previous, revision });
        }
    }

    /// Everything at one glance.
    #[must_use]
    pub fn operation(&self) -> Operation {
        let snapshot = guard(&self.0.snapshot);
        Operation {
            id: self.0.id.clone(),
            kind: snapshot.kind,
            namespace: self.0.namespace.clone(),
            release: self.0.release.clone(),
            revision: snapshot.revision,
            state: snapshot.state,
            created_at: self.0.created_at.to_string(),
            ended_at: snapshot.ended_at.map(|at| at.to_string()),
            events: format!("/v1/operations/{}/events", self.0.id),
            last_event: self.0.log.last(),
            objects: snapshot.objects.clone(),
            furthest: snapshot.furthest,
            prompts: guard(&self.0.prompts).values().map(|(prompt, _)| prompt.clone()).collect(),
            orphans: snapshot.orphans.clone(),
            problem: snapshot.problem.clone(),
        }
    }

    /// The same without its objects, for lists.
    #[must_use]
    pub fn summary(&self) -> Operation {
        Operation { objects: Vec::new(), orphans: Vec::new(), ..self.operation() }
    }

    /// Asks it to stop before the next object. Asking again changes nothing.
    pub fn cancel(&self, by: &str) {
        self.0.cancelled_by.send_if_modified(|known| {
            let first = known.is_none();
            if first {
                *known = Some(by.to_owned());
            }
            first
        });
    }

    /// Whether it has to stop now: a person asked, or the bridge drains and its time is up.
    ///
    /// # Errors
    /// Why.
    pub fn checkpoint(&self) -> Result<(), Halt> {
        if let Some(by) = &*self.0.cancelled_by.borrow() {
            return Err(Halt::Cancelled(by.clone()));
        }
        match *self.0.drain.borrow() {
            Some(until) if until <= Instant::now() => Err(Halt::Draining),
            _ => Ok(()),
        }
    }

    /// Like [`Self::checkpoint`], for what cannot be broken off half way, such as a hook: the beginning of a drain is
    /// reason enough.
    ///
    /// # Errors
    /// Why.
    pub fn checkpoint_before_hook(&self) -> Result<(), Halt> {
        self.checkpoint()?;
        if self.0.drain.borrow().is_some() { Err(Halt::Draining) } else { Ok(()) }
    }

    /// Completes when [`Self::checkpoint`] would fail. Cancel-safe.
    pub async fn halted(&self) -> Halt {
        let mut cancelled = self.0.cancelled_by.subscribe();
        let mut drain = self.0.drain.clone();
        let by_person = async {
            match cancelled.wait_for(Option::is_some).await.ok().and_then(|by| by.clone()) {
                Some(by) => Halt::Cancelled(by),
                None => pending().await,
            }
        };
        let by_drain = async {
            let until = drain.wait_for(Option::is_some).await.ok().and_then(|until| *until);
            match until {
                Some(until) => tokio::time::sleep_until(until.into()).await,
                // The registry is gone, and nobody drains any more.
                None => pending().await,
            }
        };
        tokio::select! {
            halt = by_person => halt,
            () = by_drain => Halt::Draining,
        }
    }

    /// Puts a question to whoever watches, open until the returned value is dropped.
    pub fn ask(
        &self,
        question: &str,
        choices: &[PromptChoice],
        objects: Vec<ObjectRef>,
        time: Duration,
    ) -> Prompt {
        let id = format!("p{}", self.0.n_prompts.fetch_add(1, Ordering::Relaxed) + 1);
        let (sender, answers) = mpsc::channel(8);
        let prompt = OpenPrompt {
            id: id.clone(),
            question: question.to_owned(),
            choices: choices.to_vec(),
            objects: objects.clone(),
        };
        guard(&self.0.prompts).insert(id.clone(), (prompt, sender));
        let deadline = Timestamp::now()
            .checked_add(SignedDuration::try_from(time).unwrap_or(SignedDuration::ZERO))
            .unwrap_or(Timestamp::MAX);
        self.emit(EventBody::Prompt {
            id: id.clone(),
            question: question.to_owned(),
            choices: choices.to_vec(),
            objects,
            deadline: deadline.to_string(),
        });
        Prompt { id, answers, handle: self.clone() }
    }

    /// Answers a question.
    ///
    /// # Errors
    /// `not-found` when it is not open (any more), `invalid-request` for a choice that it does not offer.
    pub fn decide(&self, decision: Decide, cluster: Option<Cluster>) -> Result<(), Problem> {
        let prompts = guard(&self.0.prompts);
        let Some((prompt, answers)) = prompts.get(&decision.prompt) else {
            return Err(Problem::new(Code::NotFound, "this question is not open (any more)"));
        };
        if !prompt.choices.contains(&decision.choice) {
            return Err(Problem::new(Code::InvalidRequest, "this question does not offer that choice"));
        }
        let answer = Answer { choice: decision.choice, object: decision.object, cluster };
        answers
            .try_send(answer)
            .map_err(|_| Problem::new(Code::Busy, "this question has answers that are not yet read"))
    }

    /// Keeps a record that could not be written.
    pub(super) fn keep_record(&self, stored: String) {
        *guard(&self.0.record) = Some(stored);
    }

    /// The record that could not be written: the value of the Secret's key `release`.
    #[must_use]
    pub fn kept_record(&self) -> Option<String> {
        guard(&self.0.record).clone()
    }

    /// Drops what only watchers of the events need; the result stays.
    pub(super) fn shrink(&self) {
        let mut snapshot = guard(&self.0.snapshot);
        snapshot.objects = Vec::new();
        snapshot.places = HashMap::new();
        drop(snapshot);
        self.0.log.forget();
    }
}

/// Under whose name something is kept: the person's, whose tokens change, or the caller's where there is one person alone.
#[must_use]
pub fn owner<'a>(identity: &'a str, subject: &'a str) -> &'a str {
    if subject.is_empty() { identity } else { subject }
}

impl Prompt {
    /// The next answer. Cancel-safe.
    pub async fn answer(&mut self) -> Answer {
        match self.answers.recv().await {
            Some(answer) => answer,
            // The sender is dropped with this value alone.
            None => pending().await,
        }
    }
}

impl Drop for Prompt {
    fn drop(&mut self) {
        guard(&self.handle.0.prompts).remove(&self.id);
    }
}

impl Snapshot {
    fn fold(&mut self, body: &EventBody) {
        match body {
            EventBody::State { state, revision, .. } => {
                self.state = *state;
                if !state.is_terminal() {
                    self.furthest = self.furthest.max(*state);
                }
                self.revision = *revision;
            }
            EventBody::Object { object, state, .. } => match self.places.get(object) {
                Some(place) => self.objects[*place].1 = *state,
                None => {
                    self.places.insert(object.clone(), self.objects.len());
                    self.objects.push((object.clone(), *state));
                }
            },
            EventBody::Orphans { objects } => self.orphans.clone_from(objects),
            EventBody::Problem { problem, terminal: true } => self.problem = Some(problem.clone()),
            EventBody::Done { result, revision, .. } => {
                self.revision = *revision;
                self.ended_at = Some(Timestamp::now());
                self.state = match result {
                    OperationResult::Success => OperationState::Done,
                    OperationResult::Failed => OperationState::Failed,
                    OperationResult::Cancelled => OperationState::Cancelled,
                    OperationResult::Degraded => OperationState::Degraded,
                    OperationResult::Interrupted => OperationState::Interrupted,
                };
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handle() -> (Handle, watch::Sender<Option<Instant>>) {
        let drain = watch::Sender::new(None);
        let subject = Subject {
            id: "op_1".into(),
            kind: OperationKind::Install,
            namespace: "shop".into(),
            release: "web".into(),
            identity: "me".into(),
            subject: String::new(),
            created_at: Timestamp::UNIX_EPOCH,
        };
        (Handle::new(subject, EventLog::default(), drain.subscribe()), drain)
    }

    fn object(name: &str) -> ObjectRef {
        ObjectRef {
            api_version: "v1".into(),
            kind: "ConfigMap".into(),
            namespace: Some("shop".into()),
            name: name.into(),
        }
    }

    fn state(name: &str, state: ObjectState) -> EventBody {
        EventBody::Object {
            object: object(name),
            index: 0,
            state,
            ms: 0,
            attempt: 1,
            resource_version: None,
            problem: None,
        }
    }

    #[test]
    fn the_snapshot_is_what_the_events_add_up_to() {
        let (handle, _drain) = handle();
        handle.enter(OperationState::Applying, 3);
        handle.emit(state("b", ObjectState::Sending));
        handle.emit(state("a", ObjectState::Sending));
        handle.emit(state("b", ObjectState::Created));
        let operation = handle.operation();
        handle.emit(EventBody::State { state: OperationState::Failed, previous: None, revision: 3 });
        assert_eq!(handle.operation().furthest, OperationState::Applying);
        assert_eq!(operation.state, OperationState::Applying);
        assert_eq!((operation.revision, operation.last_event), (3, 4));
        assert_eq!(
            operation.objects,
            [(object("b"), ObjectState::Created), (object("a"), ObjectState::Sending)]
        );
        assert!(handle.summary().objects.is_empty());
    }

    #[test]
    fn a_secret_is_in_no_event_from_the_moment_it_is_known() {
        let (handle, _drain) = handle();
        let secret = serde_json::json!({
            "apiVersion": "v1", "kind": "Secret", "stringData": {"key": "hunter2-hunter2"},
        });
        let secret = crate::object::Object::from_value(secret).unwrap();
        let redactor = crate::redact::Redactor::new().unwrap();
        handle.hidden().learn(&redactor.known([]));
        handle.hidden().learn(&redactor.known([&secret]));
        let problem = || Box::new(Problem::new(Code::InvalidObject, "not hunter2-hunter2"));
        handle.emit(EventBody::Log {
            object: object("a"),
            container: "c".into(),
            lines: vec!["the key is hunter2-hunter2".into(), "aHVudGVyMi1odW50ZXIy".into()],
        });
        handle.emit(EventBody::Warning { object: None, message: "hunter2-hunter2".into() });
        handle.emit(EventBody::Object {
            object: object("a"),
            index: 0,
            state: ObjectState::Failed,
            ms: 0,
            attempt: 1,
            resource_version: None,
            problem: Some(problem()),
        });
        handle.emit(EventBody::Problem { problem: problem(), terminal: true });
        let frames = handle.log().read(0).unwrap().frames;
        assert_eq!(frames.len(), 4);
        for frame in frames {
            let text = String::from_utf8(frame.to_vec()).unwrap();
            assert!(text.contains("‹hidden "), "{text}");
            assert!(!text.contains("hunter2") && !text.contains("aHVudGVy"), "{text}");
        }
        assert!(!handle.operation().problem.unwrap().detail.contains("hunter2"));
    }

    #[tokio::test]
    async fn a_question_takes_only_what_it_offers_and_only_while_it_is_open() {
        let (handle, _drain) = handle();
        let choices = [PromptChoice::Wait, PromptChoice::TreatAsReady];
        let mut prompt = handle.ask("go on?", &choices, vec![object("a")], Duration::from_secs(9));
        let told = handle.operation().prompts;
        assert_eq!(
            (told[0].id.as_str(), told[0].objects.len()),
            ("p1", 1),
            "whoever missed the event is told"
        );
        let decide = |choice| Decide { prompt: "p1".into(), choice, object: None };
        let refused = handle.decide(decide(PromptChoice::Continue), None).unwrap_err();
        assert_eq!(refused.code, Code::InvalidRequest);
        handle.decide(decide(PromptChoice::TreatAsReady), None).unwrap();
        assert_eq!(prompt.answer().await.choice, PromptChoice::TreatAsReady);
        drop(prompt);
        assert!(handle.operation().prompts.is_empty());
        assert_eq!(handle.decide(decide(PromptChoice::Wait), None).unwrap_err().code, Code::NotFound);
    }

    #[tokio::test]
    async fn the_first_to_cancel_is_named() {
        let (handle, _drain) = handle();
        assert_eq!(handle.checkpoint(), Ok(()));
        handle.cancel("ann");
        handle.cancel("bob");
        assert_eq!(handle.checkpoint(), Err(Halt::Cancelled("ann".into())));
        assert_eq!(handle.halted().await, Halt::Cancelled("ann".into()));
    }

    #[tokio::test]
    async fn a_drain_stops_hooks_at_once_and_objects_when_its_time_is_up() {
        let (handle, drain) = handle();
        drain.send_replace(Some(Instant::now() + Duration::from_millis(20)));
        assert_eq!(handle.checkpoint(), Ok(()));
        assert_eq!(handle.checkpoint_before_hook(), Err(Halt::Draining));
        std::thread::sleep(Duration::from_millis(25));
        assert_eq!(handle.checkpoint(), Err(Halt::Draining));
        assert_eq!(handle.halted().await, Halt::Draining);
    }
}
