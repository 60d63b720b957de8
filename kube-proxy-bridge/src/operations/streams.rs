//! How many event streams are open: a bound for all, and one for each caller.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use wire::{Code, Problem};

use super::log::guard;

const IN_ALL: usize = 64;
const PER_IDENTITY: usize = 8;

/// Counts open streams; a cheap clone.
#[derive(Clone, Debug, Default)]
pub struct Streams(Arc<Mutex<BTreeMap<String, usize>>>);

/// A place for one stream, given back when dropped.
#[derive(Debug)]
pub struct Place {
    streams: Streams,
    identity: String,
}

impl Streams {
    /// Takes a place.
    ///
    /// # Errors
    /// `busy` when there is none left.
    pub fn open(&self, identity: &str) -> Result<Place, Problem> {
        let mut counts = guard(&self.0);
        let own = counts.get(identity).copied().unwrap_or_default();
        if own >= PER_IDENTITY || counts.values().sum::<usize>() >= IN_ALL {
            return Err(Problem::new(Code::Busy, "too many event streams are open"));
        }
        counts.insert(identity.to_owned(), own + 1);
        Ok(Place { streams: self.clone(), identity: identity.to_owned() })
    }

    /// How many are open.
    #[must_use]
    pub fn len(&self) -> usize {
        guard(&self.0).values().sum()
    }

    /// Whether none is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = guard(&self.streams.0);
        if let Some(count) = counts.get_mut(&self.identity) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.identity);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_caller_does_not_take_the_places_of_all() {
        let streams = Streams::default();
        let mut places: Vec<Place> = (0..PER_IDENTITY).map(|_| streams.open("me").unwrap()).collect();
        assert_eq!(streams.open("me").unwrap_err().code, Code::Busy);
        places.push(streams.open("you").unwrap());
        assert_eq!(streams.len(), PER_IDENTITY + 1);
        places.clear();
        assert!(streams.is_empty());
        streams.open("me").unwrap();
    }
}
