//! The machine that the command runs on.

use std::time::{SystemTime, UNIX_EPOCH};

use renderer::sprig::outside::{Outside, Timestamp};
use renderer::world::World;

/// Real time and real randomness; no names are resolved and no cluster is asked, as in `helm template`.
pub(crate) struct Machine;

impl Outside for Machine {
    fn now(&mut self) -> Timestamp {
        // A clock before 1970 gives 1970.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp {
            seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
            nanoseconds: since.subsec_nanos(),
        }
    }

    fn random(&mut self, bytes: &mut [u8]) {
        // A machine without randomness must not hand out keys that can be guessed.
        getrandom::fill(bytes).expect("the operating system gives randomness");
    }
}

impl World for Machine {}
