//! Checks the cases in this directory against the `chartroom` command.
//!
//! `cargo test -p tests --test suite [-- TEXT…]` runs the cases whose id contains one of the texts.

#![expect(clippy::print_stdout, reason = "a test binary reports to its terminal")]

use std::process::ExitCode;

use tests::case_file::{self, Check};
use tests::{Program, known, pool, program};

fn main() -> ExitCode {
    match suite() {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(err) => {
            println!("suite: {err}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the cases and gives the number of those that failed.
fn suite() -> Result<usize, String> {
    let filters: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let files = case_file::read_all(&program::root().join("tests/suite"))?;
    let wanted = |check: &&Check| {
        filters.is_empty() || filters.iter().any(|filter| check.id.contains(filter.as_str()))
    };
    let checks: Vec<&Check> = files.iter().flat_map(|file| &file.checks).filter(wanted).collect();
    let known = known::read(&known::path())?;
    let ours = Program::chartroom()?;
    let verdicts = pool::map(&checks, |check| verdict(&ours, check, &known));
    let (mut n_failed, mut n_known) = (0, 0);
    for (check, verdict) in checks.iter().zip(&verdicts) {
        match verdict {
            Verdict::Passed => {}
            Verdict::Known => n_known += 1,
            Verdict::Failed(mismatch) => {
                n_failed += 1;
                println!("FAILED {} (line {})\n{mismatch}", check.id, check.line);
            }
        }
    }
    if n_known > 0 {
        println!("{n_known} differ as tests/oracle/known.toml says");
    }
    println!("{} passed, {n_failed} failed", checks.len() - n_failed - n_known);
    Ok(n_failed)
}

enum Verdict {
    Failed(String),
    Known,
    Passed,
}

fn verdict(ours: &Program, check: &Check, known: &[known::Known]) -> Verdict {
    let run = match ours.run(&check.fixture) {
        Ok(run) => run,
        Err(err) => return Verdict::Failed(format!("{err}\n")),
    };
    match check.mismatch(&run) {
        None => Verdict::Passed,
        Some(_) if known.iter().any(|known| known.covers(&check.id, &run)) => Verdict::Known,
        Some(mismatch) => Verdict::Failed(mismatch),
    }
}
