//! Sessions of `local` mode: what a launch code buys. In memory alone; a restart ends them all.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret as _, SecretString};

use super::{Print, secret};

/// Sessions at once; the one that was idle longest makes room.
const LIMIT: usize = 64;

/// The sessions that are alive.
#[derive(Debug)]
pub struct Sessions {
    idle: Duration,
    alive: Mutex<Vec<Session>>,
}

#[derive(Debug)]
struct Session {
    print: Print,
    used: Instant,
}

impl Sessions {
    /// None yet; each ends `idle` after its last request.
    #[must_use]
    pub fn new(idle: Duration) -> Self {
        Self { idle, alive: Mutex::default() }
    }

    /// After which a session ends.
    #[must_use]
    pub fn idle(&self) -> Duration {
        self.idle
    }

    /// A new session's token.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn open(&self, now: Instant) -> Result<SecretString, getrandom::Error> {
        let token = secret()?;
        let mut alive = self.alive.lock().unwrap_or_else(PoisonError::into_inner);
        self.expire(&mut alive, now);
        if alive.len() >= LIMIT
            && let Some(oldest) = alive.iter().enumerate().min_by_key(|(_, session)| session.used)
        {
            let idx = oldest.0;
            alive.remove(idx);
        }
        alive.push(Session { print: Print::of(token.expose_secret()), used: now });
        Ok(token)
    }

    /// Whether `token` is of a session that is alive; it then counts as used now.
    ///
    /// Cost: one comparison with every session, whether it matches or not.
    pub fn admit(&self, token: &SecretString, now: Instant) -> bool {
        let print = Print::of(token.expose_secret());
        let mut alive = self.alive.lock().unwrap_or_else(PoisonError::into_inner);
        self.expire(&mut alive, now);
        let mut found = false;
        for session in alive.iter_mut() {
            if session.print.matches(&print) {
                session.used = now;
                found = true;
            }
        }
        found
    }

    fn expire(&self, alive: &mut Vec<Session>, now: Instant) {
        alive.retain(|session| now.duration_since(session.used) < self.idle);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn a_session_lives_as_long_as_it_is_used() {
        let sessions = Sessions::new(12 * HOUR);
        let start = Instant::now();
        let token = sessions.open(start).expect("randomness");
        assert!(!sessions.admit(&SecretString::from("guess"), start));
        assert!(sessions.admit(&token, start + 11 * HOUR));
        assert!(sessions.admit(&token, start + 22 * HOUR));
        assert!(!sessions.admit(&token, start + 34 * HOUR));
        assert!(!sessions.admit(&token, start + 34 * HOUR));
    }

    #[test]
    fn the_session_that_was_idle_longest_makes_room() {
        let sessions = Sessions::new(HOUR);
        let start = Instant::now();
        let first = sessions.open(start).expect("randomness");
        let second = sessions.open(start + Duration::from_secs(1)).expect("randomness");
        assert!(sessions.admit(&first, start + Duration::from_secs(2)));
        for _ in 2..=LIMIT {
            sessions.open(start + Duration::from_secs(3)).expect("randomness");
        }
        assert!(sessions.admit(&first, start + Duration::from_secs(4)));
        assert!(!sessions.admit(&second, start + Duration::from_secs(4)));
    }
}
