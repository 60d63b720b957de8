//! The machine that the command runs on.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::tz::TimeZone;
use renderer::sprig::outside::{Outside, Timestamp, ZoneAt};
use renderer::world::{Kind, World};

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

    /// From the machine's tz database, where Go looks as well; `Local` is what `TZ` or `/etc/localtime` says.
    fn zone(&mut self, zone: &str, at_seconds: i64) -> Option<ZoneAt> {
        let zone = match zone {
            "Local" => TimeZone::system(),
            // To Go a zone is a file, so its name is written one way only.
            name => TimeZone::get(name).ok().filter(|zone| zone.iana_name() == Some(name))?,
        };
        let info = zone.to_offset_info(jiff::Timestamp::from_second(at_seconds).ok()?);
        Some(ZoneAt { offset_seconds: info.offset().seconds(), abbreviation: info.abbreviation().to_owned() })
    }
}

impl World for Machine {
    fn kind(&self) -> Kind {
        Kind::Exact
    }
}
