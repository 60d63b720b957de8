//! Watching an operation: its events from the first to the last, over broken connections and reloads.

use wasm_bindgen_futures::spawn_local;
use wire::{Code, Decide, Event, Operation, OperationCreated, PromptChoice};

use crate::bridge::token;
use crate::hooks::Desk;
use crate::hooks::task::Task;
use crate::state::cluster::Fault;
use crate::state::deploy::DeployAction;
use crate::state::operation::Link;

/// From one try to the next, in milliseconds: at first and at most.
const RETRY_MS: (u32, u32) = (500, 5_000);

impl Desk {
    /// Watches an operation from its first event, or none. A reload goes on with it.
    pub(crate) fn watch(&self, operation: Option<Operation>) {
        token::watch_operation(operation.as_ref().map(|operation| operation.id.as_str()));
        let id = operation.as_ref().map(|operation| operation.id.clone());
        if id.is_some() {
            self.0.line.reviewing.take();
        }
        self.deploy(DeployAction::Watch(operation));
        let desk = self.clone();
        self.0.line.following.replace(id.map(|id| Task::spawn(async move { desk.follow(&id).await })));
    }

    /// Goes on with the operation that was lost to this tab, or that it watched before a reload.
    pub(super) async fn watch_again(&self) {
        if let Some(view) = self.state().deploy.operation.clone() {
            if matches!(view.link, Link::Lost(_)) {
                let desk = self.clone();
                self.0.line.following.replace(Some(Task::spawn(async move {
                    // Who is lost at once again does not ask without a pause.
                    crate::hooks::sleep(RETRY_MS.0).await;
                    desk.follow(&view.operation.id).await;
                })));
            }
            return;
        }
        let Some(id) = token::watched_operation() else { return };
        match self.0.line.bridge.get::<Operation>(&format!("/v1/operations/{id}")).await {
            Ok(operation) => self.watch(Some(operation)),
            Err(Fault::Unreachable) => {}
            // It is gone: the bridge was started anew, or has forgotten it.
            Err(_) => token::watch_operation(None),
        }
    }

    async fn follow(&self, id: &str) {
        let mut wait_ms = RETRY_MS.0;
        loop {
            let Some(view) = self.state().deploy.operation.clone() else { return };
            let path = format!("/v1/operations/{id}/events?after={}", view.seq);
            let mut has_heard = false;
            let mut hear = |data: Vec<String>| {
                // An event of a newer bridge is passed over.
                let events: Vec<Event> = data.iter().filter_map(|data| wire::read(data).ok()).collect();
                has_heard |= !events.is_empty();
                self.deploy(DeployAction::Heard(events));
                !self.is_operation_over()
            };
            let mut ended = self.0.line.bridge.follow(&path, &mut hear).await;
            let is_behind = ended.as_ref().is_err_and(|fault| fault.code() == Some(Code::CursorExpired));
            if !self.is_operation_over() && (ended.is_ok() || is_behind) {
                // Its events are gone, or end without an end because the bridge did: the whole says where it stands.
                match self.0.line.bridge.get::<Operation>(&format!("/v1/operations/{id}")).await {
                    Ok(operation) if is_behind || operation.state.is_terminal() => {
                        self.deploy(DeployAction::CaughtUp(operation));
                        if !self.is_operation_over() {
                            continue;
                        }
                    }
                    Ok(_) => {}
                    Err(fault) => ended = Err(fault),
                }
            }
            if self.is_operation_over() {
                if self.state().releases.list.is_some() {
                    // The cluster is another one now.
                    self.read_releases();
                }
                return;
            }
            if has_heard {
                wait_ms = RETRY_MS.0;
            }
            if let Err(fault) = ended
                && let Some(Code::NotFound | Code::Unauthenticated | Code::Forbidden) = fault.code()
            {
                self.deploy(DeployAction::Link(Link::Lost(fault.sentence())));
                return self.heed(&fault);
            }
            self.deploy(DeployAction::Link(Link::Broken));
            crate::hooks::sleep(wait_ms).await;
            wait_ms = (wait_ms * 2).min(RETRY_MS.1);
        }
    }

    /// Starts an operation. Whoever calls it must not be ended: the operation may have begun as soon as this is sent.
    pub(super) async fn begin_operation(&self, path: &str, body: &str) -> Result<(), Fault> {
        let (bridge, key) = (&self.0.line.bridge, key());
        let mut created = bridge.post_text::<OperationCreated>(path, body, Some(&key)).await;
        if created == Err(Fault::Unreachable) {
            // Whether the first request arrived or not: with the same key nothing is done twice.
            crate::hooks::sleep(1_000).await;
            created = bridge.post_text(path, body, Some(&key)).await;
        }
        self.watch(Some(created?.operation));
        Ok(())
    }

    /// Asks the bridge to stop the operation.
    pub(crate) fn cancel_operation(&self) {
        self.deploy(DeployAction::Cancelling(true));
        self.tell("cancel", "{}".to_owned(), |desk, is_done| {
            if !is_done {
                desk.deploy(DeployAction::Cancelling(false));
            }
        });
    }

    /// Answers a prompt.
    pub(crate) fn answer_prompt(&self, prompt: &str, choice: PromptChoice) {
        let prompt = prompt.to_owned();
        self.deploy(DeployAction::Prompting(prompt.clone(), true));
        let decide = Decide { prompt: prompt.clone(), choice, object: None };
        // Two words always have a JSON form.
        let body = serde_json::to_string(&decide).unwrap_or_default();
        self.tell("decide", body, move |desk, is_done| {
            if !is_done {
                return desk.deploy(DeployAction::Prompting(prompt, false));
            }
            desk.deploy(DeployAction::Prompted(prompt));
            // A fresh token is let in with its first answer.
            spawn_local(async move { desk.watch_again().await });
        });
    }

    /// Says something to the watched operation. Each request is its own: none ends another.
    fn tell(&self, verb: &str, body: String, then: impl FnOnce(Desk, bool) + 'static) {
        let Some(view) = self.state().deploy.operation.clone() else { return };
        let (desk, path) = (self.clone(), format!("/v1/operations/{}:{verb}", view.operation.id));
        spawn_local(async move {
            let answer = desk.0.line.bridge.post_text::<serde::de::IgnoredAny>(&path, &body, None).await;
            if let Err(fault) = &answer {
                desk.say(crate::worker::protocol::Severity::Error, fault.sentence());
                desk.heed(fault);
            }
            then(desk, answer.is_ok());
        });
    }

    fn is_operation_over(&self) -> bool {
        self.state().deploy.operation.as_ref().is_none_or(|view| view.is_over())
    }

    /// Whoever is not known any more is asked to sign in.
    pub(super) fn heed(&self, fault: &Fault) {
        if fault.code() == Some(Code::Unauthenticated) && self.0.line.bridge.has_token() {
            self.connect();
        }
    }
}

/// 128 bits that nobody used before.
fn key() -> String {
    let mut bytes = [0; 16];
    // A browser that gives no random values has no worker that renders either.
    if getrandom::fill(&mut bytes).is_err() {
        return format!("{:x}", crate::hooks::now_ms() as u64);
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
