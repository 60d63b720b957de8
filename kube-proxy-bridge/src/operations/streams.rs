//! How many event streams are open: a bound for all, and one for each caller.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use wire::{Code, Problem};

use super::log::guard;

/// Counts open streams; a cheap clone.
#[derive(Clone, Debug)]
pub struct Streams {
    in_all: usize,
    per_identity: usize,
    counts: Arc<Mutex<BTreeMap<String, usize>>>,
}

/// A place for one stream, given back when dropped.
#[derive(Debug)]
pub struct Place {
    streams: Streams,
    identity: String,
}

impl Streams {
    /// None open, and at most so many at once.
    #[must_use]
    pub fn new(in_all: usize, per_identity: usize) -> Self {
        Self { in_all, per_identity, counts: Arc::default() }
    }

    /// Takes a place.
    ///
    /// # Errors
    /// `busy` when there is none left.
    pub fn open(&self, identity: &str) -> Result<Place, Problem> {
        let mut counts = guard(&self.counts);
        let own = counts.get(identity).copied().unwrap_or_default();
        if own >= self.per_identity || counts.values().sum::<usize>() >= self.in_all {
            return Err(Problem::new(Code::Busy, "too many event streams are open"));
        }
        counts.insert(identity.to_owned(), own + 1);
        Ok(Place { streams: self.clone(), identity: identity.to_owned() })
    }

    /// How many are open.
    #[must_use]
    pub fn len(&self) -> usize {
        guard(&self.counts).values().sum()
    }

    /// Whether none is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = guard(&self.streams.counts);
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
        let streams = Streams::new(4, 2);
        let mut places: Vec<Place> = (0..2).map(|_| streams.open("me").unwrap()).collect();
        assert_eq!(streams.open("me").unwrap_err().code, Code::Busy);
        places.push(streams.open("you").unwrap());
        assert_eq!(streams.len(), 3);
        places.clear();
        assert!(streams.is_empty());
        streams.open("me").unwrap();
    }
}
