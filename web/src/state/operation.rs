//! One operation of the bridge as its events tell it.

use wire::{
    Counts, Event, EventBody, FieldConflict, HookPhase, ObjectRef, ObjectState, OpenPrompt, Operation,
    OperationResult, OperationState, Problem, Status, Verdict,
};

/// Lines of logs that are kept; the oldest go first.
const LOG_LINES: usize = 2_000;
/// Kubernetes events and warnings that are kept.
const REMARKS: usize = 500;

/// An operation and all that is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct OperationView {
    /// What it is, as it was when this page first heard of it.
    pub operation: Operation,
    /// Where it is.
    pub state: OperationState,
    /// The number of the last event.
    pub seq: u64,
    /// When that was (RFC 3339).
    pub time: String,
    /// The states it went through, and when it came to each.
    pub steps: Vec<(OperationState, String)>,
    /// Every object, in the order of writing.
    pub rows: Vec<Row>,
    /// Every hook, in the order of running.
    pub hooks: Vec<HookRow>,
    /// Lines of containers.
    pub logs: Vec<LogLine>,
    /// What the cluster says meanwhile.
    pub remarks: Vec<Remark>,
    /// Questions that wait for an answer.
    pub prompts: Vec<OpenPrompt>,
    /// Those whose answer is on its way.
    pub answering: Vec<String>,
    /// What went wrong.
    pub problems: Vec<Problem>,
    /// The record as it was last written: revision, status, bytes of 1 MiB.
    pub record: Option<(u32, Status, u64)>,
    /// How it ended.
    pub end: Option<(OperationResult, Counts)>,
    /// Whether events come in.
    pub link: Link,
    /// Whether the person asked to stop it.
    pub is_cancelling: bool,
}

/// Whether events come in.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Link {
    /// Not now; this page tries again.
    Broken,
    /// They do.
    #[default]
    Live,
    /// Not any more: why.
    Lost(String),
}

/// One object.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Which.
    pub object: ObjectRef,
    /// How far it is.
    pub state: ObjectState,
    /// Its health, once it is waited for.
    pub verdict: Option<Verdict>,
    /// In words.
    pub says: String,
    /// Ready parts of wanted ones.
    pub ready: Option<(u32, u32)>,
    /// Milliseconds of the call.
    pub ms: u64,
    /// What was done to it: created, configured, unchanged, deleted.
    pub done: Option<ObjectState>,
}

/// One hook.
#[derive(Clone, Debug, PartialEq)]
pub struct HookRow {
    /// Which.
    pub object: ObjectRef,
    /// `pre-install`
    pub event: String,
    /// How far it is.
    pub phase: HookPhase,
    /// What its object says.
    pub says: String,
    /// Milliseconds.
    pub ms: u64,
}

/// A line of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When the bridge sent it.
    pub time: String,
    /// Pod and container.
    pub who: String,
    /// The line.
    pub text: String,
}

/// What the cluster says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// When.
    pub time: String,
    /// About which object.
    pub who: String,
    /// The sentence.
    pub text: String,
    /// How often.
    pub count: u32,
    /// Whether it is a warning.
    pub is_warning: bool,
}

impl OperationView {
    /// What an operation is known to be before its first event.
    pub fn new(operation: Operation) -> Self {
        let rows = operation.objects.iter().map(|(object, state)| Row::new(object.clone(), *state)).collect();
        OperationView {
            state: operation.state,
            seq: 0,
            time: operation.ended_at.as_ref().unwrap_or(&operation.created_at).clone(),
            steps: Vec::new(),
            rows,
            hooks: Vec::new(),
            logs: Vec::new(),
            remarks: Vec::new(),
            prompts: operation.prompts.clone(),
            answering: Vec::new(),
            problems: operation.problem.iter().map(|problem| (**problem).clone()).collect(),
            record: None,
            end: None,
            link: Link::Live,
            is_cancelling: false,
            operation,
        }
    }

    /// Takes what the bridge says of the operation as a whole, when its events are gone.
    pub fn catch_up(&mut self, operation: Operation) {
        let seq = operation.last_event;
        let known = std::mem::replace(self, OperationView::new(operation));
        self.steps = known.steps;
        self.hooks = known.hooks;
        self.logs = known.logs;
        self.remarks = known.remarks;
        self.is_cancelling = known.is_cancelling;
        self.seq = seq;
    }

    /// Takes an event. One that came before changes nothing.
    pub fn hear(&mut self, event: Event) {
        if event.seq <= self.seq {
            return;
        }
        let Event { seq, t, body } = event;
        self.seq = seq;
        match body {
            EventBody::State { state, revision, .. } => {
                self.state = state;
                if revision > 0 {
                    self.operation.revision = revision;
                }
                // What is tried out twice is one step to look at.
                if self.steps.last().is_none_or(|(last, _)| *last != state) {
                    self.steps.push((state, t.clone()));
                }
            }
            EventBody::Object { object, index, state, ms, problem, .. } => {
                let at = self.place(&object, Some(index as usize));
                let row = &mut self.rows[at];
                row.state = state;
                row.ms += ms;
                if matches!(
                    state,
                    ObjectState::Created
                        | ObjectState::Configured
                        | ObjectState::Unchanged
                        | ObjectState::Deleted
                ) {
                    row.done = Some(state);
                }
                if let Some(problem) = problem {
                    row.says = problem.detail.clone();
                }
            }
            EventBody::Status { object, verdict, message, ready, desired } => {
                // A hook has a row of its own.
                if let Some(hook) = self.hooks.iter_mut().rev().find(|hook| hook.object == object) {
                    hook.says = message;
                    self.time = t;
                    return;
                }
                let at = self.place(&object, None);
                let row = &mut self.rows[at];
                row.verdict = Some(verdict);
                row.says = message;
                row.ready = ready.zip(desired);
            }
            EventBody::ObjectEvent { object, kind, reason, message, count } => {
                let is_warning = kind == "Warning";
                self.remark(Remark {
                    time: t.clone(),
                    who: object.name,
                    text: if message.is_empty() { reason } else { message },
                    count,
                    is_warning,
                });
            }
            EventBody::Conflict { object, conflicts } => {
                let at = self.place(&object, None);
                self.rows[at].state = ObjectState::Conflict;
                self.rows[at].says = conflict_sentence(&conflicts);
            }
            EventBody::Warning { object, message } => {
                let who = object.map(|object| object.name).unwrap_or_default();
                self.remark(Remark { time: t.clone(), who, text: message, count: 1, is_warning: true });
            }
            EventBody::Hook { object, event, phase, ms, .. } => {
                let known = self.hooks.iter_mut().find(|hook| hook.object == object && hook.event == event);
                match known {
                    Some(hook) => (hook.phase, hook.ms) = (phase, ms),
                    None => self.hooks.push(HookRow { object, event, phase, says: String::new(), ms }),
                }
            }
            EventBody::Log { object, container, lines } => {
                let who = format!("{}/{container}", object.name);
                self.logs.extend(lines.into_iter().map(|text| LogLine {
                    time: t.clone(),
                    who: who.clone(),
                    text,
                }));
                trim(&mut self.logs, LOG_LINES);
            }
            // Of those before the page came, the operation itself says which are still open.
            EventBody::Prompt { .. } if seq <= self.operation.last_event => {}
            EventBody::Prompt { id, question, choices, objects, .. } => {
                self.prompts.retain(|prompt| prompt.id != id);
                self.prompts.push(OpenPrompt { id, question, choices, objects });
            }
            EventBody::Record { revision, status, bytes } => {
                self.record = Some((revision, status, bytes));
                self.operation.revision = revision;
            }
            EventBody::Problem { problem, .. } => self.problems.push(*problem),
            EventBody::Done { result, revision, counts, .. } => {
                if revision > 0 {
                    self.operation.revision = revision;
                }
                self.state = match result {
                    OperationResult::Success => OperationState::Done,
                    OperationResult::Failed => OperationState::Failed,
                    OperationResult::Cancelled => OperationState::Cancelled,
                    OperationResult::Degraded => OperationState::Degraded,
                    OperationResult::Interrupted => OperationState::Interrupted,
                };
                self.prompts.clear();
                self.end = Some((result, counts));
            }
            EventBody::Orphans { objects } => self.operation.orphans = objects,
            EventBody::PlanSummary { .. } | EventBody::Draining { .. } => {}
        }
        self.time = t;
    }

    /// Whether nothing more will come.
    pub fn is_over(&self) -> bool {
        self.end.is_some() || self.state.is_terminal()
    }

    /// Whether it came past trying everything out.
    pub fn has_written(&self) -> bool {
        let is_behind = |state: OperationState| state > OperationState::Validating && !state.is_terminal();
        is_behind(self.operation.furthest) || self.steps.iter().any(|(state, _)| is_behind(*state))
    }

    /// `data-state`: `running`, or how it ended.
    pub fn word(&self) -> &'static str {
        match self.state {
            OperationState::Done => "success",
            OperationState::Failed => "failed",
            OperationState::Cancelled => "cancelled",
            OperationState::Degraded => "degraded",
            OperationState::Interrupted => "interrupted",
            _ => "running",
        }
    }

    /// Objects that are through, of all.
    pub fn progress(&self) -> (usize, usize) {
        let through = self.rows.iter().filter(|row| row.is_through(self.is_over())).count();
        (through, self.rows.len())
    }

    fn place(&mut self, object: &ObjectRef, index: Option<usize>) -> usize {
        if let Some(at) = self.rows.iter().position(|row| row.object == *object) {
            return at;
        }
        let at = index.unwrap_or(self.rows.len()).min(self.rows.len());
        self.rows.insert(at, Row::new(object.clone(), ObjectState::Planned));
        at
    }

    fn remark(&mut self, remark: Remark) {
        let same =
            self.remarks.iter_mut().rev().find(|known| known.who == remark.who && known.text == remark.text);
        match same {
            Some(known) => {
                known.count = known.count.max(remark.count);
                known.time = remark.time;
            }
            None => self.remarks.push(remark),
        }
        trim(&mut self.remarks, REMARKS);
    }
}

impl Row {
    fn new(object: ObjectRef, state: ObjectState) -> Self {
        Row { object, state, verdict: None, says: String::new(), ready: None, ms: 0, done: None }
    }

    /// Whether it needs nothing more; `is_over`: nothing more will happen.
    pub fn is_through(&self, is_over: bool) -> bool {
        match self.state {
            ObjectState::Ready | ObjectState::Deleted | ObjectState::Kept | ObjectState::Skipped => true,
            ObjectState::Created | ObjectState::Configured | ObjectState::Unchanged => {
                self.verdict.is_none_or(|verdict| verdict == Verdict::Current)
                    && (is_over || self.verdict.is_some())
            }
            _ => false,
        }
    }

    /// Whether a person should look.
    pub fn is_trouble(&self) -> bool {
        matches!(self.state, ObjectState::Failed | ObjectState::Conflict)
            || self.verdict == Some(Verdict::Failed)
    }
}

/// Who owns what, in a sentence.
pub fn conflict_sentence(conflicts: &[FieldConflict]) -> String {
    match conflicts {
        [] => String::new(),
        [one] => format!("{} belongs to {}", one.field, one.owner.manager),
        [one, rest @ ..] => {
            format!(
                "{} belongs to {}, and {} more fields to others",
                one.field,
                one.owner.manager,
                rest.len()
            )
        }
    }
}

fn trim<T>(list: &mut Vec<T>, most: usize) {
    let too_many = list.len().saturating_sub(most);
    list.drain(..too_many);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view() -> OperationView {
        let operation = serde_json::from_str(
            r#"{"id":"op_1","type":"upgrade","namespace":"shop","release":"web","revision":0,"state":"queued",
                "createdAt":"2026-11-20T09:41:00Z","events":"/v1/operations/op_1/events","lastEvent":0}"#,
        );
        OperationView::new(operation.expect("an operation"))
    }

    fn hear(view: &mut OperationView, json: &str) {
        view.hear(serde_json::from_str(json).expect("an event"));
    }

    const WEB: &str = r#"{"apiVersion":"apps/v1","kind":"Deployment","namespace":"shop","name":"web"}"#;

    #[test]
    fn an_operation_is_told_by_its_events_from_start_to_end() {
        let mut view = view();
        let events = [
            r#"{"seq":1,"t":"2026-11-20T09:41:00Z","type":"op.state","state":"applying","previous":"queued","revision":8}"#.to_owned(),
            format!(r#"{{"seq":2,"t":"2026-11-20T09:41:01Z","type":"object.state","object":{WEB},"index":0,"state":"configured","ms":20,"attempt":1}}"#),
            format!(r#"{{"seq":3,"t":"2026-11-20T09:41:02Z","type":"object.status","object":{WEB},"verdict":"in-progress","message":"1 of 2","ready":1,"desired":2}}"#),
        ];
        for event in &events {
            hear(&mut view, event);
        }
        assert_eq!((view.operation.revision, view.word(), view.progress()), (8, "running", (0, 1)));
        assert!(view.has_written());
        assert_eq!(view.rows[0].ready, Some((1, 2)));
        // After a reconnection the bridge may send what was heard already.
        hear(&mut view, &events[1]);
        assert_eq!(view.rows[0].ms, 20);
        hear(
            &mut view,
            &format!(
                r#"{{"seq":4,"t":"2026-11-20T09:41:09Z","type":"object.state","object":{WEB},"index":0,"state":"ready","ms":0,"attempt":1}}"#
            ),
        );
        hear(
            &mut view,
            r#"{"seq":5,"t":"2026-11-20T09:41:10Z","type":"op.done","result":"success","revision":8,"durations":{},
            "counts":{"create":0,"update":1,"unchanged":0,"delete":0,"keep":0,"adopt":0,"conflict":0,"invalid":0,"unverifiable":0,"orphan":0}}"#,
        );
        assert_eq!((view.word(), view.progress(), view.is_over()), ("success", (1, 1), true));
        assert_eq!(view.rows[0].done, Some(ObjectState::Configured));
    }

    #[test]
    fn whoever_missed_the_events_is_told_how_far_it_came_and_what_it_asks() {
        let caught_up = |state: &str| {
            let json = format!(
                r#"{{"id":"op_1","type":"upgrade","namespace":"shop","release":"web","revision":2,"state":"{state}",
                    "createdAt":"2026-11-20T09:41:00Z","events":"","lastEvent":9,"furthest":"pre-hooks",
                    "prompts":[{{"id":"p1","question":"Wait?","choices":["wait"],"objects":[]}}]}}"#
            );
            let mut view = view();
            view.is_cancelling = true;
            view.link = Link::Broken;
            view.catch_up(serde_json::from_str(&json).expect("an operation"));
            view
        };
        let view = caught_up("failed");
        assert!(view.is_over() && view.has_written() && view.is_cancelling);
        assert_eq!((view.seq, view.link, view.prompts.len()), (9, Link::Live, 1));
        // After a crash of the bridge its log has no end; the operation as a whole has.
        assert_eq!(
            (caught_up("interrupted").word(), caught_up("interrupted").is_over()),
            ("interrupted", true)
        );
        assert!(!self::view().has_written());
    }

    #[test]
    fn the_same_remark_is_counted_and_a_prompt_is_shown_once() {
        let mut view = view();
        for (seq, count) in [(1, 1), (2, 4)] {
            hear(
                &mut view,
                &format!(
                    r#"{{"seq":{seq},"t":"2026-11-20T09:41:0{seq}Z","type":"object.event","object":{WEB},"kind":"Warning","reason":"Unhealthy","message":"503","count":{count}}}"#
                ),
            );
        }
        assert_eq!((view.remarks.len(), view.remarks[0].count), (1, 4));
        for seq in [3, 4] {
            hear(
                &mut view,
                &format!(
                    r#"{{"seq":{seq},"t":"2026-11-20T09:41:05Z","type":"prompt","id":"p1","question":"Wait?","choices":["wait","fail"],"objects":[],"deadline":"2026-11-20T09:46:05Z"}}"#
                ),
            );
        }
        assert_eq!(view.prompts.len(), 1);
        let mut late = self::view();
        late.operation.last_event = 9;
        let asked = r#"{"seq":3,"t":"","type":"prompt","id":"p1","question":"Wait?","choices":["wait"],"objects":[],"deadline":""}"#;
        hear(&mut late, asked);
        assert!(late.prompts.is_empty(), "it was answered before this page came");
    }

    #[test]
    fn logs_keep_their_newest_lines() {
        let mut view = view();
        let lines = serde_json::to_string(&vec!["x"; LOG_LINES]).expect("lines");
        for seq in [1, 2] {
            hear(
                &mut view,
                &format!(
                    r#"{{"seq":{seq},"t":"t{seq}","type":"log","object":{WEB},"container":"c","lines":{lines}}}"#
                ),
            );
        }
        assert_eq!((view.logs.len(), view.logs[0].time.as_str()), (LOG_LINES, "t2"));
    }
}
