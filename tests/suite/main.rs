//! Checks the cases in this directory against the `chartroom` command.
//!
//! `cargo test -p tests --test suite [-- TEXT…]` runs the cases whose id contains one of the texts.

#![expect(clippy::print_stdout, reason = "a test binary reports to its terminal")]

use std::process::ExitCode;

use tests::case_file::{self, Check};
use tests::{Program, pool, program};

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
    let ours = Program::chartroom()?;
    let verdicts = pool::map(&checks, |check| match ours.run(&check.fixture) {
        Ok(run) => check.mismatch(&run),
        Err(err) => Some(format!("{err}\n")),
    });
    let mut n_failed = 0;
    for (check, verdict) in checks.iter().zip(&verdicts) {
        if let Some(mismatch) = verdict {
            n_failed += 1;
            println!("FAILED {} (line {})\n{mismatch}", check.id, check.line);
        }
    }
    println!("{} passed, {n_failed} failed", checks.len() - n_failed);
    Ok(n_failed)
}
