//! Holds the recorder to its word: recording changes no byte, every byte has a writer, and what is said to flow into a field does.
//!
//! `cargo test -p tests --test explain` takes the cases of the suite and the charts of `www/examples`;
//! `-- --charts DIR… [-n SCALARS]` tries the last part on charts of anybody's.

#![expect(clippy::print_stdout, reason = "a test binary reports to its terminal")]

mod change;
mod chart;
mod sample;

use std::path::PathBuf;
use std::process::ExitCode;

use tests::case_file::{self, Check};
use tests::{Program, Run, pool, program};

/// How many scalars of all charts together are tried where nobody says otherwise.
const SCALARS: usize = 200;

fn main() -> ExitCode {
    match tests_of(std::env::args().skip(1).collect()) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(why) => {
            println!("explain: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Gives the number of tests that failed.
fn tests_of(args: Vec<String>) -> Result<usize, String> {
    let mut charts: Vec<PathBuf> = Vec::new();
    let (mut scalars, mut given) = (SCALARS, false);
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--charts" => given = true,
            "-n" => {
                let count = args.next().and_then(|count| count.parse().ok());
                scalars = count.ok_or("-n takes a number")?;
            }
            path if given => charts.push(path.into()),
            _ => {}
        }
    }
    if given {
        return experiment(&charts, scalars);
    }
    let failed = suite()?;
    Ok(failed + experiment(&chart::examples()?, scalars)?)
}

/// The cases of the suite that render, with and without recording.
fn suite() -> Result<usize, String> {
    let files = case_file::read_all(&program::root().join("tests/suite"))?;
    let checks: Vec<&Check> =
        files.iter().flat_map(|file| &file.checks).filter(|check| renders(check)).collect();
    let ours = Program::chartroom()?;
    let differences = pool::map(&checks, |check| difference(&ours, check));
    let mut failed = 0;
    for (check, difference) in checks.iter().zip(&differences) {
        if let Some(difference) = difference {
            failed += 1;
            println!("FAILED {}: {difference}", check.id);
        }
    }
    println!(
        "{} passed, {failed} failed: the same with recording, and every byte has a writer",
        checks.len() - failed
    );
    Ok(failed)
}

/// Whether the case prints manifests: `explain` writes no files, and says in its own words that no chart is named.
fn renders(check: &Check) -> bool {
    let command = &check.fixture.command;
    let others = ["--output-dir", "-h", "--help", "--post-renderer"];
    let prints = command.iter().all(|word| !others.iter().any(|other| word.starts_with(other)));
    command.first().is_some_and(|verb| verb == "template") && command.len() > 1 && prints
}

fn difference(ours: &Program, check: &Check) -> Option<String> {
    let mut recorded = check.fixture.clone();
    recorded.command[0] = "explain".to_owned();
    recorded.command.insert(1, "--manifest".to_owned());
    let runs = || -> std::io::Result<(Run, Run)> { Ok((ours.run(&check.fixture)?, ours.run(&recorded)?)) };
    match runs() {
        Err(why) => Some(why.to_string()),
        Ok((plain, recorded)) if plain == recorded => None,
        Ok((plain, recorded)) => {
            // Randomness differs from run to run anyway.
            let again = ours.run(&check.fixture).ok()?;
            (again == plain).then(|| {
                let said = String::from_utf8_lossy(&recorded.stderr);
                format!(
                    "with recording something else is printed; {}",
                    said.lines().next().unwrap_or_default()
                )
            })
        }
    }
}

/// Samples scalars of all charts, changes values, and counts.
fn experiment(charts: &[PathBuf], scalars: usize) -> Result<usize, String> {
    let (mut sum, mut left_out) = (sample::Tally::default(), 0);
    for (index, path) in charts.iter().enumerate() {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // What one chart cannot give, the next ones are asked for.
        let share = (scalars - sum.scalars.min(scalars)) / (charts.len() - index);
        match sample::try_chart(path, share) {
            Ok(tally) => {
                println!("{name}: {tally}");
                sum += tally;
            }
            Err(why) => {
                println!("{name}: not rendered: {why}");
                left_out += 1;
            }
        }
    }
    println!("all but {left_out} of {} charts: {sum}", charts.len());
    if left_out == charts.len() {
        return Err("no chart was rendered".to_owned());
    }
    let failed = sum.wrong();
    println!("{} passed, {failed} failed", sum.right());
    Ok(failed)
}
