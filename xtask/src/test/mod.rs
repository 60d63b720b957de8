//! `cargo xtask test`: every class of tests, counted, with a table at the end.

mod classes;
mod count;
mod fuzz;

use std::time::{Duration, Instant};

use crate::report::{line, seconds};
use crate::test::classes::{CLASSES, Class};
use crate::test::count::Count;

/// What became of one class.
struct Outcome {
    class: &'static Class,
    result: Result<Count, String>,
    time: Duration,
}

/// Runs the named classes, or all, in the order of [`CLASSES`]. A failure stops nothing: the table shows everything.
pub(crate) fn run(names: &[String]) -> Result<(), String> {
    if let Some(name) = names.iter().find(|name| CLASSES.iter().all(|class| class.name != name.as_str())) {
        let known: Vec<_> = CLASSES.iter().map(|class| class.name).collect();
        return Err(format!("there is no class of tests `{name}`; there are {}", known.join(", ")));
    }
    let chosen =
        CLASSES.iter().filter(|class| names.is_empty() || names.iter().any(|name| name == class.name));
    finish(chosen.map(|class| measure(class, &[])).collect())
}

/// Runs one class and hands the arguments to its runner.
pub(crate) fn run_class(name: &str, args: &[String]) -> Result<(), String> {
    finish(CLASSES.iter().filter(|class| class.name == name).map(|class| measure(class, args)).collect())
}

fn measure(class: &'static Class, args: &[String]) -> Outcome {
    line(&format!("\n━━ {}: {}", class.name, class.what));
    let start = Instant::now();
    let result = (class.run)(args);
    Outcome { class, result, time: start.elapsed() }
}

/// Prints the table, and the sums as the very last line.
fn finish(outcomes: Vec<Outcome>) -> Result<(), String> {
    let mut sum = Count::default();
    let mut time = Duration::ZERO;
    line(&format!("\n{:<10} {:>7} {:>7} {:>13}", "class", "passed", "failed", "time"));
    for outcome in &outcomes {
        let count = match &outcome.result {
            Ok(count) => *count,
            // A class that could not run has not passed.
            Err(_) => Count { passed: 0, failed: 1 },
        };
        let row = format!("{:>7} {:>7} {:>13}", count.passed, count.failed, seconds(outcome.time));
        line(&format!("{:<10} {row}", outcome.class.name));
        if let Err(sentence) = &outcome.result {
            line(&format!("{:<10}   could not run: {sentence}", ""));
        }
        sum += count;
        time += outcome.time;
    }
    line(&format!("{:<10} {:>7} {:>7} {:>13}", "all", sum.passed, sum.failed, seconds(time)));
    line(&format!("\n{} passed, {} failed", sum.passed, sum.failed));
    // The table has said it all; the exit code says it to machines.
    if sum.failed > 0 {
        std::process::exit(1);
    }
    Ok(())
}
