//! How sure an operation is that its record is still its own, and how it asks for a sign of life to be written.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use release::record::Record;
use tokio::sync::{mpsc, oneshot};
use wire::{Code, Problem};

use super::log::guard;

/// How long the last word of an operation is tried to be written.
pub(super) const LAST_WORD: Duration = Duration::from_secs(120);

/// How sure it is that the record is still ours: after a silence another bridge may take it over.
#[derive(Clone, Debug)]
pub(super) struct Pulse {
    commands: mpsc::WeakSender<Command>,
    last: Arc<Mutex<Timestamp>>,
    patience: Duration,
}

/// What the writer of a record is asked for.
#[derive(Debug)]
pub(super) enum Command {
    /// The record with its status.
    Write(Box<Record>, oneshot::Sender<Result<(), Failure>>),
    /// Heartbeat, phase and journal, now.
    Beat(oneshot::Sender<Result<(), Failure>>),
}

/// Why a record was not written.
#[derive(Debug)]
pub(super) enum Failure {
    /// It may work later.
    Later(Box<Problem>),
    /// Somebody else has it.
    Hijacked(String),
}

impl Pulse {
    pub(super) fn new(
        commands: mpsc::WeakSender<Command>,
        last: Arc<Mutex<Timestamp>>,
        patience: Duration,
    ) -> Self {
        Self { commands, last, patience }
    }

    /// Whether the last heartbeat is so old that somebody may soon take the record over, or has, for all we know.
    pub(super) fn is_old(&self, now: Timestamp) -> bool {
        // The clock of the day, which others judge it by: it goes on while a computer sleeps.
        now.duration_since(*guard(&self.last)).unsigned_abs() >= self.patience / 2
    }

    /// Has a heartbeat written, now; `None` when the keeper is gone, as it is when the operation has ended.
    pub(super) async fn beat(&self) -> Option<Result<(), Failure>> {
        Some(beat(&self.commands.upgrade()?).await)
    }
}

/// Has heartbeat, phase and journal written, now.
pub(super) async fn beat(commands: &mpsc::Sender<Command>) -> Result<(), Failure> {
    let (reply, done) = oneshot::channel();
    commands.send(Command::Beat(reply)).await.map_err(|_| lost())?;
    done.await.map_err(|_| lost())?
}

pub(super) fn lost() -> Failure {
    Failure::Later(Box::new(Problem::new(Code::Internal, "the record's writer is gone")))
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn a_heartbeat_is_old_before_others_take_over_and_when_the_clock_was_set() {
        let (commands, _inbox) = mpsc::channel(1);
        let now = Timestamp::now();
        let pulse = Pulse {
            commands: commands.downgrade(),
            last: Arc::new(Mutex::new(now)),
            patience: Duration::from_secs(60),
        };
        let after = |seconds| pulse.is_old(now + SignedDuration::from_secs(seconds));
        assert!(!after(0) && !after(29));
        assert!(after(30) && after(3_600) && after(-3_600));
    }
}
