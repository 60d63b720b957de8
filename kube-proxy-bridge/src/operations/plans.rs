//! Plans that were made, kept ten minutes for who made them.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use wire::{Code, Problem};

use super::report::{LIFETIME, Prepared};

/// The plans of one caller.
const PER_CALLER: usize = 8;
/// All plans.
const MOST: usize = 64;
/// All plans, in bytes.
const WEIGHT: usize = 64 << 20;
/// Plans that one caller makes at the same time.
const AT_ONCE: usize = 2;

/// The kept plans of all callers.
#[derive(Debug, Default)]
pub struct Plans(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// The oldest first.
    kept: VecDeque<Kept>,
    making: HashMap<String, usize>,
}

#[derive(Debug)]
struct Kept {
    identity: String,
    at: Instant,
    weight: usize,
    prepared: Arc<Prepared>,
}

/// A place to make a plan in; given back when it is dropped.
#[derive(Debug)]
pub struct Making {
    plans: Arc<Plans>,
    identity: String,
}

impl Drop for Making {
    fn drop(&mut self) {
        let mut inner = self.plans.lock();
        if let Some(count) = inner.making.get_mut(&self.identity) {
            *count -= 1;
            if *count == 0 {
                inner.making.remove(&self.identity);
            }
        }
    }
}

impl Plans {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing in here is left half done by a panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place to make a plan in.
    ///
    /// # Errors
    /// `busy` when the caller makes as many as one may.
    pub fn begin(self: &Arc<Self>, identity: &str) -> Result<Making, Problem> {
        let mut inner = self.lock();
        let count = inner.making.entry(identity.to_owned()).or_default();
        if *count >= AT_ONCE {
            return Err(Problem::new(Code::Busy, format!("{AT_ONCE} plans are being made already")));
        }
        *count += 1;
        Ok(Making { plans: self.clone(), identity: identity.to_owned() })
    }

    /// Keeps a plan under a name that nobody guesses; the oldest make room.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub fn keep(&self, identity: &str, mut prepared: Prepared) -> Result<Arc<Prepared>, getrandom::Error> {
        let mut bytes = [0_u8; 16];
        getrandom::fill(&mut bytes)?;
        prepared.plan.id = format!("pl_{:032x}", u128::from_be_bytes(bytes));
        let weight = prepared.weight();
        let prepared = Arc::new(prepared);
        let mut inner = self.lock();
        inner.expire(Instant::now());
        while inner.kept.iter().filter(|kept| kept.identity == identity).count() >= PER_CALLER {
            let Some(oldest) = inner.kept.iter().position(|kept| kept.identity == identity) else { break };
            inner.kept.remove(oldest);
        }
        let total = |inner: &Inner| inner.kept.iter().map(|kept| kept.weight).sum::<usize>();
        while inner.kept.len() >= MOST || (!inner.kept.is_empty() && total(&inner) + weight > WEIGHT) {
            inner.kept.pop_front();
        }
        inner.kept.push_back(Kept {
            identity: identity.to_owned(),
            at: Instant::now(),
            weight,
            prepared: prepared.clone(),
        });
        Ok(prepared)
    }

    /// The plan of this name that this caller made.
    ///
    /// # Errors
    /// `plan-stale` when there is none, or no longer.
    pub fn get(&self, identity: &str, id: &str) -> Result<Arc<Prepared>, Problem> {
        let mut inner = self.lock();
        inner.expire(Instant::now());
        let found = inner.kept.iter().find(|kept| kept.identity == identity && kept.prepared.plan.id == id);
        found.map(|kept| kept.prepared.clone()).ok_or_else(|| {
            Problem::new(
                Code::PlanStale,
                "there is no such plan, or it is older than ten minutes; review it again",
            )
        })
    }
}

impl Inner {
    fn expire(&mut self, now: Instant) {
        let lifetime = Duration::try_from(LIFETIME).unwrap_or_default();
        while self.kept.front().is_some_and(|kept| now.duration_since(kept.at) >= lifetime) {
            self.kept.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::report;
    use crate::redact::Redactor;

    fn prepared() -> Prepared {
        report::tests::nothing(&Redactor::new().expect("randomness"))
    }

    #[test]
    fn a_plan_is_its_makers_alone() {
        let plans = Plans::default();
        let kept = plans.keep("a", prepared()).expect("randomness");
        let id = &kept.plan.id;
        assert!(id.starts_with("pl_") && id.len() == 35, "{id}");
        assert_eq!(plans.get("a", id).expect("kept").plan, kept.plan);
        for (identity, id) in [("b", id.as_str()), ("a", "pl_0"), ("", id)] {
            assert_eq!(plans.get(identity, id).expect_err("not theirs").code, Code::PlanStale);
        }
    }

    #[test]
    fn the_oldest_make_room() {
        let plans = Plans::default();
        let first = plans.keep("a", prepared()).expect("randomness").plan.id.clone();
        let other = plans.keep("b", prepared()).expect("randomness").plan.id.clone();
        let ids: Vec<String> = (0..PER_CALLER)
            .map(|_| plans.keep("a", prepared()).expect("randomness").plan.id.clone())
            .collect();
        assert!(plans.get("a", &first).is_err());
        assert!(ids.iter().all(|id| plans.get("a", id).is_ok()) && plans.get("b", &other).is_ok());
        for caller in 0..MOST {
            plans.keep(&format!("c{caller}"), prepared()).expect("randomness");
        }
        assert!(plans.get("b", &other).is_err());
        assert_eq!(plans.lock().kept.len(), MOST);
    }

    #[test]
    fn plans_end_after_ten_minutes() {
        let plans = Plans::default();
        let id = plans.keep("a", prepared()).expect("randomness").plan.id.clone();
        let mut inner = plans.lock();
        inner.expire(Instant::now() + Duration::from_secs(599));
        assert_eq!(inner.kept.len(), 1);
        inner.expire(Instant::now() + Duration::from_secs(601));
        drop(inner);
        assert!(plans.get("a", &id).is_err());
    }

    #[test]
    fn two_plans_are_made_at_once() {
        let plans = Arc::new(Plans::default());
        let one = plans.begin("a").expect("free");
        let two = plans.begin("a").expect("free");
        assert_eq!(plans.begin("a").expect_err("full").code, Code::Busy);
        assert!(plans.begin("b").is_ok());
        drop(one);
        assert!(plans.begin("a").is_ok());
        drop(two);
        assert!(plans.lock().making.is_empty());
    }
}
