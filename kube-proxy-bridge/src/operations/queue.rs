//! Whose turn it is: how many operations run at once, per process, namespace and caller, and how many may wait.

use std::collections::VecDeque;

/// How many operations are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Running in one namespace.
    pub per_namespace: usize,
    /// Running for one caller.
    pub per_identity: usize,
    /// Running at all.
    pub per_process: usize,
    /// Waiting.
    pub queued: usize,
    /// Event streams of all callers.
    pub streams: usize,
    /// Event streams of one caller.
    pub streams_per_identity: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            per_namespace: 4,
            per_identity: 4,
            per_process: 16,
            queued: 64,
            streams: 64,
            streams_per_identity: 8,
        }
    }
}

/// One operation as the queue sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    pub(super) id: String,
    pub(super) namespace: String,
    pub(super) release: String,
    pub(super) identity: String,
}

/// The operations that run and those that wait, oldest first. One release has at most one of them.
#[derive(Debug, Default)]
pub(super) struct Queue {
    running: Vec<Ticket>,
    waiting: VecDeque<Ticket>,
}

/// Why an operation is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// As many wait as may.
    Full,
    /// This one has the release.
    Held(String),
}

impl Queue {
    /// Puts an operation at the end.
    pub(super) fn enter(&mut self, ticket: Ticket, limits: &Limits) -> Result<(), Refusal> {
        let same = |held: &&Ticket| held.namespace == ticket.namespace && held.release == ticket.release;
        if let Some(held) = self.running.iter().chain(&self.waiting).find(same) {
            return Err(Refusal::Held(held.id.clone()));
        }
        if self.waiting.len() >= limits.queued {
            return Err(Refusal::Full);
        }
        self.waiting.push_back(ticket);
        Ok(())
    }

    /// Takes out whoever may run now, and gives their ids. A caller or namespace at its limit does not hold up the others.
    pub(super) fn admit(&mut self, limits: &Limits) -> Vec<String> {
        let mut admitted = Vec::new();
        let mut at = 0;
        while at < self.waiting.len() && self.running.len() < limits.per_process {
            let ticket = &self.waiting[at];
            let in_namespace = self.running.iter().filter(|held| held.namespace == ticket.namespace).count();
            let of_identity = self.running.iter().filter(|held| held.identity == ticket.identity).count();
            if in_namespace >= limits.per_namespace || of_identity >= limits.per_identity {
                at += 1;
                continue;
            }
            if let Some(ticket) = self.waiting.remove(at) {
                admitted.push(ticket.id.clone());
                self.running.push(ticket);
            }
        }
        admitted
    }

    /// Forgets an operation that ended, or gave up waiting.
    pub(super) fn leave(&mut self, id: &str) {
        self.retain(|held| held != id);
    }

    /// Forgets all but those whose id is to be kept.
    pub(super) fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.running.retain(|held| keep(&held.id));
        self.waiting.retain(|held| keep(&held.id));
    }

    /// How many run and how many wait.
    pub(super) fn len(&self) -> (usize, usize) {
        (self.running.len(), self.waiting.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(id: &str, namespace: &str, release: &str, identity: &str) -> Ticket {
        let own = str::to_owned;
        Ticket { id: own(id), namespace: own(namespace), release: own(release), identity: own(identity) }
    }

    #[test]
    fn one_operation_per_release_even_while_it_waits() {
        let mut queue = Queue::default();
        queue.enter(ticket("a", "shop", "web", "me"), &Limits::default()).unwrap();
        let again = ticket("b", "shop", "web", "you");
        assert_eq!(queue.enter(again.clone(), &Limits::default()), Err(Refusal::Held("a".into())));
        queue.admit(&Limits::default());
        assert_eq!(queue.enter(again.clone(), &Limits::default()), Err(Refusal::Held("a".into())));
        queue.leave("a");
        assert_eq!(queue.enter(again, &Limits::default()), Ok(()));
    }

    #[test]
    fn who_is_at_a_limit_does_not_hold_up_the_others() {
        let limits =
            Limits { per_namespace: 1, per_identity: 2, per_process: 3, queued: 4, ..Limits::default() };
        let mut queue = Queue::default();
        queue.enter(ticket("a", "shop", "1", "me"), &limits).unwrap();
        queue.enter(ticket("b", "shop", "2", "me"), &limits).unwrap();
        queue.enter(ticket("c", "blog", "3", "me"), &limits).unwrap();
        queue.enter(ticket("d", "wiki", "4", "me"), &limits).unwrap();
        assert_eq!(queue.enter(ticket("e", "mail", "5", "you"), &limits), Err(Refusal::Full));
        assert_eq!(queue.admit(&limits), ["a", "c"]);
        queue.enter(ticket("e", "mail", "5", "you"), &limits).unwrap();
        assert_eq!(queue.admit(&limits), ["e"]);
        assert_eq!(queue.len(), (3, 2));
        queue.leave("a");
        assert_eq!(queue.admit(&limits), ["b"]);
    }
}
