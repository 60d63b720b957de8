//! Watching an operation: its events from the first to the last, over broken connections and reloads.

use wire::{Code, Decide, Event, ObjectRef, Operation, PromptChoice};

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
        self.deploy(DeployAction::Watch(operation));
        let desk = self.clone();
        self.0.line.following.replace(id.map(|id| Task::spawn(async move { desk.follow(&id).await })));
    }

    /// Goes on with the operation that this tab watched before a reload.
    pub(super) async fn watch_again(&self) {
        if self.state().deploy.operation.is_some() {
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
            let ended = self
                .0
                .line
                .bridge
                .follow(&path, &mut |data| {
                    // An event of a newer bridge is passed over.
                    if let Ok(event) = wire::read::<Event>(&data) {
                        has_heard = true;
                        self.deploy(DeployAction::Heard(event));
                    }
                    !self.is_operation_over()
                })
                .await;
            if self.is_operation_over() {
                self.after_operation();
                return;
            }
            if has_heard {
                wait_ms = RETRY_MS.0;
            }
            match ended.as_ref().err().and_then(Fault::code) {
                Some(Code::CursorExpired) => {
                    match self.0.line.bridge.get::<Operation>(&format!("/v1/operations/{id}")).await {
                        Ok(operation) => self.deploy(DeployAction::CaughtUp(operation)),
                        Err(fault) => return self.lose(&fault),
                    }
                    if self.is_operation_over() {
                        self.after_operation();
                        return;
                    }
                    continue;
                }
                Some(Code::NotFound | Code::Unauthenticated | Code::Forbidden) => {
                    if let Err(fault) = &ended {
                        self.lose(fault);
                    }
                    return;
                }
                _ => {}
            }
            self.deploy(DeployAction::Link(Link::Broken));
            crate::hooks::sleep(wait_ms).await;
            wait_ms = (wait_ms * 2).min(RETRY_MS.1);
        }
    }

    /// Asks the bridge to stop the operation.
    pub(crate) fn cancel_operation(&self) {
        let Some(view) = self.state().deploy.operation.clone() else { return };
        self.deploy(DeployAction::Cancelling);
        let desk = self.clone();
        let path = format!("/v1/operations/{}:cancel", view.operation.id);
        self.0.line.asking.replace(Some(Task::spawn(async move {
            let answer = desk.0.line.bridge.post_text::<serde::de::IgnoredAny>(&path, "{}", None).await;
            desk.tell(answer);
        })));
    }

    /// Answers a prompt.
    pub(crate) fn answer_prompt(&self, prompt: &str, choice: PromptChoice, object: Option<ObjectRef>) {
        let Some(view) = self.state().deploy.operation.clone() else { return };
        self.deploy(DeployAction::Prompted(prompt.to_owned()));
        let desk = self.clone();
        let path = format!("/v1/operations/{}:decide", view.operation.id);
        let decide = Decide { prompt: prompt.to_owned(), choice, object };
        self.0.line.asking.replace(Some(Task::spawn(async move {
            let answer = desk.0.line.bridge.post::<serde::de::IgnoredAny>(&path, &decide, None).await;
            desk.tell(answer);
        })));
    }

    fn is_operation_over(&self) -> bool {
        self.state().deploy.operation.as_ref().is_none_or(|view| view.is_over())
    }

    fn lose(&self, fault: &Fault) {
        self.deploy(DeployAction::Link(Link::Lost(fault.sentence())));
    }

    /// The cluster is another one now.
    fn after_operation(&self) {
        if self.state().releases.list.is_some() {
            self.read_releases();
        }
    }

    fn tell<T>(&self, answer: Result<T, Fault>) {
        if let Err(fault) = answer {
            self.say(crate::worker::protocol::Severity::Error, fault.sentence());
        }
    }
}
