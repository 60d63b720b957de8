//! Launch codes: a person who sees the terminal signs in with one, once, within a minute.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use secrecy::SecretString;

use super::{Print, secret};

/// How long a code can be used.
pub const LIFETIME: Duration = Duration::from_secs(60);

/// Codes that are valid at once: a person pressed Enter several times.
const LIMIT: usize = 8;

/// The codes that were given out and not used yet.
#[derive(Debug, Default)]
pub struct Codes(Mutex<Vec<(Print, Instant)>>);

impl Codes {
    /// A fresh code. The oldest ends when there are too many.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn issue(&self, now: Instant) -> Result<SecretString, getrandom::Error> {
        use secrecy::ExposeSecret as _;
        let code = secret()?;
        let mut codes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        codes.retain(|(_, issued)| now.duration_since(*issued) < LIFETIME);
        if codes.len() >= LIMIT {
            codes.remove(0);
        }
        codes.push((Print::of(code.expose_secret()), now));
        Ok(code)
    }

    /// Whether `code` may sign in now; it never may again.
    pub fn redeem(&self, code: &str, now: Instant) -> bool {
        let print = Print::of(code);
        let mut codes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        codes.retain(|(_, issued)| now.duration_since(*issued) < LIFETIME);
        let before = codes.len();
        codes.retain(|(known, _)| !known.matches(&print));
        codes.len() < before
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_code_signs_in_once_and_within_a_minute() {
        let codes = Codes::default();
        let start = Instant::now();
        let code = codes.issue(start).expect("randomness");
        assert!(!codes.redeem("", start) && !codes.redeem("guess", start));
        assert!(codes.redeem(code.expose_secret(), start + Duration::from_secs(59)));
        assert!(!codes.redeem(code.expose_secret(), start + Duration::from_secs(59)));
        let late = codes.issue(start).expect("randomness");
        assert!(!codes.redeem(late.expose_secret(), start + LIFETIME));
    }

    #[test]
    fn only_the_newest_codes_are_kept() {
        let codes = Codes::default();
        let start = Instant::now();
        let issued: Vec<_> = (0..=LIMIT).map(|_| codes.issue(start).expect("randomness")).collect();
        assert!(!codes.redeem(issued[0].expose_secret(), start));
        assert!(codes.redeem(issued[1].expose_secret(), start));
        assert!(codes.redeem(issued[LIMIT].expose_secret(), start));
    }
}
