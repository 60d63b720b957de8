//! Chartroom's bridge and the real Helm on a real Kubernetes.
//!
//! `cargo xtask cluster test [PART OF A NAME…]` builds what is needed, starts a cluster and runs the trials whose names hold one of
//! the parts. By hand: `CHARTROOM_TEST_KUBECONFIG=… HELM=… BRIDGE=… cargo test -p tests --test cluster [-- PART…]`.

#![expect(clippy::print_stdout, reason = "a test binary reports to its terminal")]

mod accidents;
mod attacks;
mod breaks;
mod bridge;
mod corners;
mod counted;
mod faults;
mod helm;
mod hidden;
mod load;
mod mended;
mod operations;
mod plans;
mod ready;
mod records;
mod rendered;
mod rows;
mod settled;
mod steps;
mod stuck;
mod submission;
mod turns;
mod twin;
mod unserved;

use std::process::ExitCode;
use std::thread;

use tests::scene::World;
use tests::trial::{self, Trial};

/// All trials, in the order of the files.
const TRIALS: &[&[Trial<World>]] = &[
    ready::TRIALS,
    helm::TRIALS,
    faults::TRIALS,
    submission::TRIALS,
    bridge::TRIALS,
    plans::TRIALS,
    operations::TRIALS,
    breaks::TRIALS,
    hidden::TRIALS,
    mended::TRIALS,
    records::TRIALS,
    attacks::TRIALS,
    turns::TRIALS,
    unserved::TRIALS,
    corners::TRIALS,
    counted::TRIALS,
    stuck::TRIALS,
    steps::TRIALS,
    accidents::TRIALS,
    load::TRIALS,
    rows::TRIALS,
];

fn main() -> ExitCode {
    match run() {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(sentence) => {
            println!("cluster: {sentence}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the chosen trials and gives the number of those that failed.
fn run() -> Result<usize, String> {
    let parts: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let wanted = |trial: &&Trial<World>| {
        parts.is_empty() || parts.iter().any(|part| trial.name.contains(part.as_str()))
    };
    let trials: Vec<&Trial<World>> = TRIALS.iter().copied().flatten().filter(wanted).collect();
    if trials.is_empty() {
        return Err("no trial has such a name".to_owned());
    }
    let world = World::from_environment()?;
    // They wait for the cluster more than they compute.
    let n_threads = thread::available_parallelism().map_or(4, |n| n.get() * 3).min(12);
    let outcomes = trial::run(&world, &trials, n_threads, |line| println!("{line}"));
    let n_failed = outcomes.iter().filter(|outcome| !outcome.passed).count();
    print!("\n{}", rows::table(&outcomes));
    println!("{} passed, {n_failed} failed", outcomes.len() - n_failed);
    Ok(n_failed)
}
