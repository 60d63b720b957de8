//! How often one caller may ask, and how often one peer may fail to sign in.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::config::Rates;

/// Callers and peers that are remembered; those who asked least lately are forgotten first.
const LIMIT: usize = 4096;

/// The window in which failures count.
const WINDOW: Duration = Duration::from_secs(60);

/// What a request costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Something is read.
    Read,
    /// A plan is made.
    Plan,
    /// An operation is started or steered.
    Operation,
}

/// The token buckets of all callers.
#[derive(Debug)]
pub struct Limiter {
    rates: Rates,
    callers: Mutex<BTreeMap<String, Buckets>>,
}

#[derive(Debug)]
struct Buckets {
    used: Instant,
    /// Tokens and when they were counted, by class.
    levels: [(f64, Instant); 3],
}

impl Limiter {
    /// With these rates, and every bucket full.
    #[must_use]
    pub fn new(rates: Rates) -> Self {
        Self { rates, callers: Mutex::default() }
    }

    /// Takes a token of `identity`.
    ///
    /// # Errors
    /// How long to wait until there is one.
    pub fn take(&self, identity: &str, class: Class, now: Instant) -> Result<(), Duration> {
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        if !callers.contains_key(identity) {
            forget(&mut callers, |buckets| buckets.used);
            let levels = [Class::Read, Class::Plan, Class::Operation].map(|class| (self.shape(class).1, now));
            callers.insert(identity.to_owned(), Buckets { used: now, levels });
        }
        // It was just put in when it was not there.
        let Some(buckets) = callers.get_mut(identity) else { return Ok(()) };
        buckets.used = now;
        let (per_second, burst) = self.shape(class);
        let (tokens, counted) = &mut buckets.levels[class as usize];
        let gained = now.duration_since(*counted).as_secs_f64() * per_second;
        *tokens = (*tokens + gained).min(burst);
        *counted = now;
        if *tokens >= 1.0 {
            *tokens -= 1.0;
            return Ok(());
        }
        Err(Duration::from_secs_f64((1.0 - *tokens) / per_second))
    }

    /// Tokens a second, and how many a bucket holds.
    fn shape(&self, class: Class) -> (f64, f64) {
        let (per_second, burst) = match class {
            Class::Read => (self.rates.reads_per_second, self.rates.reads_per_second * 2.0),
            Class::Plan => (self.rates.plans_per_second, self.rates.plans_per_second * 2.0),
            Class::Operation => (self.rates.operations_per_minute / 60.0, self.rates.operations_per_minute),
        };
        (per_second, burst.max(1.0))
    }
}

/// Sign-ins that were refused, by peer.
#[derive(Debug)]
pub struct Failures {
    limit: u32,
    peers: Mutex<BTreeMap<IpAddr, (Instant, u32)>>,
}

impl Failures {
    /// None yet; a peer may fail `per_minute` times.
    #[must_use]
    pub fn new(per_minute: u32) -> Self {
        Self { limit: per_minute, peers: Mutex::default() }
    }

    /// Notes a failure of `peer`.
    ///
    /// # Errors
    /// How long the peer has to wait, when this one was too many.
    pub fn note(&self, peer: IpAddr, now: Instant) -> Result<(), Duration> {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        if !peers.contains_key(&peer) {
            forget(&mut peers, |(since, _)| *since);
        }
        let (since, count) = peers.entry(peer).or_insert((now, 0));
        let age = now.duration_since(*since);
        if age >= WINDOW {
            (*since, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        if *count > self.limit { Err(WINDOW.saturating_sub(now.duration_since(*since))) } else { Ok(()) }
    }

    /// How long `peer` has to wait because it failed too often; none when it has not.
    #[must_use]
    pub fn blocked(&self, peer: IpAddr, now: Instant) -> Option<Duration> {
        let peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, count) = peers.get(&peer)?;
        let left = WINDOW.checked_sub(now.duration_since(*since))?;
        (*count >= self.limit && !left.is_zero()).then_some(left)
    }
}

/// Callers of `passthrough` mode whose token the cluster took lately. They are heard even when their peer, which may be
/// a proxy that many share, has failed too often.
#[derive(Debug, Default)]
pub struct Known(Mutex<BTreeMap<String, Instant>>);

impl Known {
    /// The cluster took the token of `identity`.
    pub fn remember(&self, identity: &str, now: Instant) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.contains_key(identity) {
            forget(&mut known, |used| *used);
        }
        known.insert(identity.to_owned(), now);
    }

    /// The cluster refused it.
    pub fn forget(&self, identity: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(identity);
    }

    /// Whether the last word about `identity` was good.
    #[must_use]
    pub fn contains(&self, identity: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(identity)
    }
}

/// Drops the half that was used least lately when the map is full, so that dropping stays rare.
fn forget<K: Ord + Clone, V>(map: &mut BTreeMap<K, V>, used: impl Fn(&V) -> Instant) {
    if map.len() < LIMIT {
        return;
    }
    let mut times: Vec<Instant> = map.values().map(&used).collect();
    times.sort_unstable();
    let middle = times[times.len() / 2];
    map.retain(|_, value| used(value) > middle);
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// How many of `n` requests at once pass.
    fn passing(limiter: &Limiter, identity: &str, class: Class, n: usize, now: Instant) -> usize {
        (0..n).filter(|_| limiter.take(identity, class, now).is_ok()).count()
    }

    #[test]
    fn a_caller_may_burst_and_then_gets_the_rate() {
        let limiter = Limiter::new(Rates::default());
        let start = Instant::now();
        assert_eq!(passing(&limiter, "a", Class::Read, 200, start), 100);
        assert_eq!(passing(&limiter, "a", Class::Read, 200, start + SECOND), 50);
        assert_eq!(passing(&limiter, "a", Class::Plan, 200, start), 4);
        assert_eq!(passing(&limiter, "a", Class::Plan, 200, start + SECOND), 2);
        assert_eq!(passing(&limiter, "a", Class::Operation, 200, start), 10);
        assert_eq!(passing(&limiter, "a", Class::Operation, 200, start + 6 * SECOND), 1);
        let wait = limiter.take("a", Class::Operation, start + 6 * SECOND).expect_err("empty");
        assert!(wait > 5 * SECOND && wait <= 6 * SECOND, "{wait:?}");
    }

    #[test]
    fn one_caller_does_not_use_up_what_another_has() {
        let limiter = Limiter::new(Rates::default());
        let start = Instant::now();
        assert_eq!(passing(&limiter, "a", Class::Operation, 20, start), 10);
        assert_eq!(passing(&limiter, "b", Class::Operation, 20, start), 10);
    }

    #[test]
    fn memory_is_bounded_whoever_asks() {
        let limiter = Limiter::new(Rates::default());
        let failures = Failures::new(10);
        let start = Instant::now();
        for idx in 0..2 * LIMIT {
            let now = start + Duration::from_millis(idx as u64);
            let _ = limiter.take(&idx.to_string(), Class::Read, now);
            let peer = u32::try_from(idx).expect("small").to_be_bytes();
            let _ = failures.note(IpAddr::from(peer), now);
        }
        assert!(limiter.callers.lock().expect("not poisoned").len() <= LIMIT);
        assert!(failures.peers.lock().expect("not poisoned").len() <= LIMIT);
    }

    #[test]
    fn a_peer_may_fail_ten_times_a_minute() {
        let failures = Failures::new(10);
        let start = Instant::now();
        let peer = IpAddr::from([127, 0, 0, 1]);
        for _ in 0..10 {
            assert_eq!(failures.blocked(peer, start), None);
            assert_eq!(failures.note(peer, start), Ok(()));
        }
        assert_eq!(failures.note(peer, start + SECOND), Err(59 * SECOND));
        assert_eq!(failures.blocked(peer, start + SECOND), Some(59 * SECOND));
        assert_eq!(failures.blocked(IpAddr::from([127, 0, 0, 2]), start), None);
        assert_eq!(failures.blocked(peer, start + 60 * SECOND), None);
        assert_eq!(failures.note(peer, start + 60 * SECOND), Ok(()));
    }
}
