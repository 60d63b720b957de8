//! All that Sprig asks of the world, as questions that a function puts to the host of a run.
//!
//! A function fills a question and calls `Call::ask`; the host answers it in place, most simply by [`answer`] from its
//! [`Outside`]. Hosts that know nothing leave the question as it is.

use std::any::Any;

use gotemplate::{Call, Failure};

/// A point in time: seconds since the Unix epoch and nanoseconds after that second.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Timestamp {
    /// Seconds since 1970-01-01 00:00:00 UTC.
    pub seconds: i64,
    /// Nanoseconds, below 1,000,000,000.
    pub nanoseconds: u32,
}

/// What a time zone says about one moment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ZoneAt {
    /// Seconds east of UTC.
    pub offset_seconds: i32,
    /// The short name: `CET`, `CEST`, `+03`.
    pub abbreviation: String,
}

/// What time is it?
#[derive(Clone, Copy, Debug, Default)]
pub struct Now {
    /// The answer.
    pub answer: Option<Timestamp>,
}

/// Bytes that nobody can foresee.
#[derive(Clone, Debug, Default)]
pub struct Random {
    /// As many bytes as are wanted; the answer is written over them.
    pub bytes: Vec<u8>,
}

/// The first address of a host name.
#[derive(Clone, Debug, Default)]
pub struct ResolveHost {
    /// The name.
    pub name: String,
    /// The answer.
    pub answer: Option<String>,
}

/// How far a zone is from UTC at a moment.
#[derive(Clone, Debug, Default)]
pub struct ZoneOffset {
    /// A name of the tz database, or `Local`.
    pub zone: String,
    /// The moment, in seconds since the Unix epoch.
    pub at_seconds: i64,
    /// The answer; `None` where the zone is not known.
    pub answer: Option<ZoneAt>,
}

/// Something is about to begin that may take seconds. There is no answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Announce {
    /// What it is, as the object of a sentence: `an RSA key of 4096 bits`.
    pub what: &'static str,
}

/// The world as far as Sprig needs it.
pub trait Outside {
    /// The time.
    fn now(&mut self) -> Timestamp;

    /// Fills `bytes` with randomness.
    fn random(&mut self, bytes: &mut [u8]);

    /// The first address of `name`; Helm answers nothing unless `--enable-dns` was given.
    fn resolve_host(&mut self, name: &str) -> Option<String> {
        let _ = name;
        None
    }

    /// The offset of `zone` at a moment. The default knows no zone; then a function falls back to UTC, as Go does.
    fn zone(&mut self, zone: &str, at_seconds: i64) -> Option<ZoneAt> {
        let _ = (zone, at_seconds);
        None
    }

    /// Something is about to begin that may take seconds; see [`Announce`].
    fn announce(&mut self, what: &'static str) {
        let _ = what;
    }
}

/// Answers a question of this module from `outside`; gives `false` for any other.
pub fn answer(outside: &mut dyn Outside, question: &mut dyn Any) -> bool {
    if let Some(question) = question.downcast_mut::<Now>() {
        question.answer = Some(outside.now());
    } else if let Some(question) = question.downcast_mut::<Random>() {
        outside.random(&mut question.bytes);
    } else if let Some(question) = question.downcast_mut::<ResolveHost>() {
        question.answer = outside.resolve_host(&question.name);
    } else if let Some(question) = question.downcast_mut::<ZoneOffset>() {
        question.answer = outside.zone(&question.zone, question.at_seconds);
    } else if let Some(question) = question.downcast_mut::<Announce>() {
        outside.announce(question.what);
    } else {
        return false;
    }
    true
}

/// `count` random bytes, from the host of this call.
pub(crate) fn random(call: &mut Call<'_>, count: usize) -> Result<Vec<u8>, Failure> {
    let mut question = Random { bytes: vec![0; count] };
    if call.ask(&mut question) {
        Ok(question.bytes)
    } else {
        Err(Failure::error("this run has no source of randomness"))
    }
}
