//! Work spread over a few threads, its results in the order of its inputs.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Runs `work` on every input, on as many threads as the machine runs at once, and at most eight.
pub fn map<In: Sync, Out: Send>(inputs: &[In], work: impl Fn(&In) -> Out + Sync) -> Vec<Out> {
    let next = AtomicUsize::new(0);
    let results: Vec<Mutex<Option<Out>>> = inputs.iter().map(|_| Mutex::new(None)).collect();
    // Starting a process waits more than it computes, so there is one thread more than processors.
    let n_threads = thread::available_parallelism().map_or(2, |n| n.get() + 1).min(8);
    thread::scope(|scope| {
        for _ in 0..n_threads {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(input) = inputs.get(index) else { break };
                    let result = work(input);
                    if let Ok(mut slot) = results[index].lock() {
                        *slot = Some(result);
                    }
                }
            });
        }
    });
    results.into_iter().filter_map(|slot| slot.into_inner().ok().flatten()).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn results_keep_the_order_of_the_inputs() {
        let inputs: Vec<usize> = (0..100).collect();
        assert_eq!(super::map(&inputs, |n| n * 2), (0..100).map(|n| n * 2).collect::<Vec<_>>());
    }
}
