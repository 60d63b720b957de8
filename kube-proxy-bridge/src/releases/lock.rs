//! Whether somebody works on a release, told from its last revision.
//!
//! A pending record is a lock. Who holds it is told from the heartbeat that a bridge writes on its own records every ten
//! seconds; Helm writes none, so there only its age can tell. Both are told by the clock of the cluster, which stamps every
//! write: those of the bridges may be wrong or jump, and neither takes a release from somebody who is at work nor holds one
//! for somebody who is gone.

use std::time::Duration;

use jiff::Timestamp;
use release::record::Time;
use wire::{Lock, LockVerdict, RecoverAction, Status};

use super::{Entry, INTERRUPTED, annotation};

/// When silence means that somebody is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// After a bridge's last heartbeat.
    pub bridge: Duration,
    /// After Helm's last write: longer than its longest plausible timeout.
    pub helm: Duration,
}

impl Default for Patience {
    /// Six missed heartbeats; three times Helm's default timeout.
    fn default() -> Self {
        Self { bridge: Duration::from_secs(60), helm: Duration::from_secs(15 * 60) }
    }
}

/// The moment by our own clock, as records have it.
#[must_use]
pub fn now() -> Time {
    moment(Timestamp::now())
}

/// Who holds the release whose last revision this is, at the moment `now` by the cluster's clock.
///
/// A heartbeat from the future counts as fresh: waiting is the harmless error.
#[must_use]
pub fn verdict(last: &Entry, now: &Time, patience: &Patience) -> Lock {
    let Entry { head, summary } = last;
    if summary.corrupt.is_some() || !(summary.status.is_pending() || summary.status == Status::Uninstalling) {
        return Lock::default();
    }
    let heartbeat = head.annotations.get(annotation::HEARTBEAT).and_then(|text| Time::parse(text));
    let operation = head.operation().map(str::to_owned);
    let status = summary.status.text();
    let revision = head.revision;
    if operation.is_some() || heartbeat.is_some() {
        let since = head.beat.clone().or(heartbeat).or_else(|| head.written().cloned());
        let instance = head.annotations.get(annotation::INSTANCE).map_or("a bridge", String::as_str);
        let is_interrupted =
            head.annotations.get(annotation::PHASE).is_some_and(|phase| phase == INTERRUPTED);
        let is_fresh = since.as_ref().is_some_and(|since| age(since, now) < patience.bridge);
        if is_fresh && !is_interrupted {
            return Lock {
                verdict: LockVerdict::Running,
                message: format!("revision {revision} is {status}: {instance} is at work"),
                operation,
                since: since.as_ref().map(Time::to_string),
                ..Lock::default()
            };
        }
        return Lock {
            verdict: LockVerdict::Crashed,
            message: if is_interrupted {
                format!("revision {revision} is {status}: {instance} was stopped and laid it down")
            } else {
                format!(
                    "revision {revision} is {status}: {instance} gave no sign for {}",
                    ago(since.as_ref(), now)
                )
            },
            operation,
            since: since.as_ref().map(Time::to_string),
            offers: vec![RecoverAction::Resume, RecoverAction::Rollback, RecoverAction::Abandon],
            confirm: String::new(),
        };
    }
    let written = head.written();
    let manager = head.writer.as_ref().map(|writer| writer.manager.as_str()).filter(|name| !name.is_empty());
    let who = manager.unwrap_or("another tool");
    let since = written.map(Time::to_string);
    // Without a time nobody can say that it is old.
    if written.is_some_and(|written| age(written, now) >= patience.helm) {
        return Lock {
            verdict: LockVerdict::ForeignStale,
            message: format!(
                "revision {revision} is {status} since {}: {who} wrote it and most likely crashed",
                ago(written, now)
            ),
            operation: None,
            since,
            offers: vec![RecoverAction::Rollback, RecoverAction::Abandon],
            confirm: format!("{}/{revision}", head.name),
        };
    }
    Lock {
        verdict: LockVerdict::Foreign,
        message: format!(
            "revision {revision} is {status}: {who} wrote it {} ago and is probably at work",
            ago(written, now)
        ),
        operation: None,
        since,
        ..Lock::default()
    }
}

/// A moment as records have it.
#[must_use]
pub fn moment(now: Timestamp) -> Time {
    // Clocks stand between the years 0 and 9999.
    Time::at(now.as_second(), now.subsec_nanosecond().unsigned_abs()).unwrap_or_default()
}

/// How long `since` was before `now`; nothing when it comes after.
#[must_use]
pub fn age(since: &Time, now: &Time) -> Duration {
    let ((since, since_nanoseconds), (now, now_nanoseconds)) = (since.since_1970(), now.since_1970());
    let nanoseconds =
        i128::from(now - since) * 1_000_000_000 + i128::from(now_nanoseconds) - i128::from(since_nanoseconds);
    u64::try_from(nanoseconds.max(0)).map_or(Duration::MAX, Duration::from_nanos)
}

fn ago(since: Option<&Time>, now: &Time) -> String {
    let Some(since) = since else { return "an unknown time".to_owned() };
    match age(since, now).as_secs() {
        seconds @ ..120 => format!("{seconds} s"),
        seconds @ ..7200 => format!("{} min", seconds / 60),
        seconds @ ..172_800 => format!("{} h", seconds / 3600),
        seconds => format!("{} days", seconds / 86_400),
    }
}
