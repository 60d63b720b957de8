//! Tests that run at once and are counted: a name, a function, a sentence when it fails.

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

/// A test. A panic is a failure as well, so `assert_eq!` does its work.
pub struct Trial<Context: ?Sized> {
    /// A sentence with underscores, unique in its program.
    pub name: &'static str,
    /// What is tried.
    pub run: fn(&Context, &str) -> Result<(), String>,
}

/// How a trial ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// The trial's name.
    pub name: &'static str,
    /// Whether it passed.
    pub passed: bool,
    /// How long it took.
    pub seconds: f64,
}

thread_local! {
    /// Whether this thread runs trials; the panics of others are none of ours.
    static IS_TRIAL: Cell<bool> = const { Cell::new(false) };
    /// What a panic on this thread said.
    static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Runs the trials on so many threads, hands a line for each to `tell` when it is there, and gives how they ended, in no order.
pub fn run<Context: Sync + ?Sized>(
    context: &Context,
    trials: &[&Trial<Context>],
    n_threads: usize,
    tell: impl Fn(&str) + Sync,
) -> Vec<Outcome> {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !IS_TRIAL.get() {
            return before(info);
        }
        let place = info.location().map(|place| format!("{}:{}: ", place.file(), place.line()));
        let said = info.payload_as_str().unwrap_or("a panic");
        PANIC.with_borrow_mut(|panic| *panic = format!("{}{said}", place.unwrap_or_default()));
    }));
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..n_threads.clamp(1, trials.len().max(1)) {
            scope.spawn(|| {
                IS_TRIAL.set(true);
                while let Some(trial) = trials.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let start = Instant::now();
                    let outcome = panic::catch_unwind(AssertUnwindSafe(|| (trial.run)(context, trial.name)))
                        .unwrap_or_else(|_| Err(PANIC.take()));
                    let took = start.elapsed().as_secs_f64();
                    let passed = outcome.is_ok();
                    let line = match outcome {
                        Ok(()) => format!("ok      {} ({took:.1} s)", trial.name),
                        Err(why) => format!("FAILED  {} ({took:.1} s)\n{}", trial.name, indented(&why)),
                    };
                    // Held while telling, so that lines do not mix.
                    let mut outcomes = outcomes.lock().unwrap_or_else(PoisonError::into_inner);
                    outcomes.push(Outcome { name: trial.name, passed, seconds: took });
                    tell(&line);
                }
            });
        }
    });
    drop(panic::take_hook());
    outcomes.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("        {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_and_sentences_are_failures() {
        let good = Trial {
            name: "good",
            run: |n: &usize, _: &str| if *n == 4 { Ok(()) } else { Err("n".to_owned()) },
        };
        let bad = Trial { name: "bad", run: |_: &usize, _: &str| Err("a sentence".to_owned()) };
        let worse = Trial {
            name: "worse",
            run: |n: &usize, name: &str| {
                assert_eq!(*n, 5, "in {name}");
                Ok(())
            },
        };
        let told = Mutex::new(Vec::new());
        let outcomes = run(&4, &[&good, &bad, &worse, &good], 2, |line| {
            told.lock().expect("no panic while telling").push(line.to_owned());
        });
        let passed = outcomes.iter().filter(|outcome| outcome.passed);
        assert_eq!((passed.count(), outcomes.len()), (2, 4));
        let told = told.into_inner().expect("no panic while telling").join("\n");
        assert!(told.contains("a sentence") && told.contains("in worse"), "{told}");
    }
}
