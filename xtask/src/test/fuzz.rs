//! `cargo xtask fuzz`: the programs in `tests/fuzz`, steered by the coverage of what they run.

use std::fs;
use std::path::{Path, PathBuf};

use crate::process::{cargo, command, output, run};
use crate::report::{line, step};
use crate::root::{root, target_dir};
use crate::test::count::Count;
use crate::tools;

/// What the compiler adds for libFuzzer: counters at the edges, and the operands of comparisons.
const COVERAGE: &str = "-Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares \
    -Ccodegen-units=1";

/// A target of the class ends after so many inputs, or after so many seconds on a slow machine.
const BOUNDED: [&str; 2] = ["-runs=20000", "-max_total_time=15"];

/// The same inputs in every run; one that takes 20 seconds hangs; and a page has no more memory than this either.
const ALWAYS: [&str; 4] = ["-seed=1", "-timeout=20", "-rss_limit_mb=2048", "-max_len=4096"];

/// Runs the named targets, or all; each is a test. `--seconds N` is the time of each; without it they are bounded.
///
/// # Errors
/// What cannot be built, or that no target has such a name.
pub(super) fn fuzz(args: &[String]) -> Result<Count, String> {
    let (time, names) = match args {
        [option, seconds, names @ ..] if option == "--seconds" => {
            let seconds: u32 = seconds.parse().map_err(|_| format!("--seconds {seconds}: not a number"))?;
            (Some(format!("-max_total_time={seconds}")), names)
        }
        names => (None, names),
    };
    let limits = time.as_deref().map_or(BOUNDED.to_vec(), |time| vec![time]);
    let targets = targets(names)?;
    tools::cpp()?;
    let folder = target_dir().join("fuzz");
    let programs = step("building the fuzz targets", || build(&folder))?;
    run(cargo()
        .args(["run", "--quiet", "--locked", "-p", "tests", "--example", "seeds", "--"])
        .arg(folder.join("seeds")))?;
    let mut count = Count::default();
    for target in targets {
        line(&format!("{target} …"));
        count += Count::one(hunt(&target, &programs, &folder, &limits)?);
    }
    Ok(count)
}

/// The names of all targets, or of those that were asked for.
fn targets(names: &[String]) -> Result<Vec<String>, String> {
    let place = "tests/fuzz/targets";
    let entries = fs::read_dir(root().join(place)).map_err(|error| format!("{place}: {error}"))?;
    let mut targets: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.path().file_stem()?.to_str().map(str::to_owned))
        .filter(|target| names.is_empty() || names.contains(target))
        .collect();
    targets.sort();
    if targets.is_empty() {
        return Err(format!("no target in {place} has such a name"));
    }
    Ok(targets)
}

/// The folder of the programs.
fn build(folder: &Path) -> Result<PathBuf, String> {
    let about = output(command("rustc").arg("-vV"))?;
    let host = about.lines().find_map(|line| line.strip_prefix("host: ")).ok_or("rustc -vV names no host")?;
    // With `--target` the flags are for the programs alone, not for what runs while they are built.
    run(cargo()
        .args(["build", "--locked", "--release", "--bins", "--manifest-path", "tests/fuzz/Cargo.toml"])
        .args(["--target", host])
        .arg("--target-dir")
        .arg(folder)
        .env("RUSTFLAGS", COVERAGE))?;
    Ok(folder.join(host).join("release"))
}

/// Whether the property held for every input that was tried.
fn hunt(target: &str, programs: &Path, folder: &Path, limits: &[&str]) -> Result<bool, String> {
    let corpus = folder.join("corpus").join(target);
    fs::create_dir_all(&corpus).map_err(|error| format!("{}: {error}", corpus.display()))?;
    let program = programs.join(target);
    let found = format!("{}/found-{target}-", folder.display());
    let log = folder.join(format!("{target}.log"));
    let log_file = fs::File::create(&log).map_err(|error| format!("{}: {error}", log.display()))?;
    let mut libfuzzer = command(&program);
    libfuzzer
        .args(limits)
        .args(ALWAYS)
        .arg(format!("-dict={}", folder.join("seeds/words").display()))
        .arg(format!("-artifact_prefix={found}"))
        // What is found goes into the first folder, and is tried first the next time.
        .arg(corpus)
        .arg(folder.join("seeds").join(target))
        .stderr(log_file);
    let holds = run(&mut libfuzzer).is_ok();
    let log = fs::read_to_string(&log).map_err(|error| format!("{}: {error}", log.display()))?;
    if holds {
        // `DONE   cov: 812 ft: 2456 corp: 401/22Kb lim: 128 exec/s: 1333 rss: 61Mb`
        line(log.lines().rev().find(|line| line.contains("DONE")).unwrap_or_default());
    } else {
        line(&log);
        line(&format!("the input is in {found}…; again: {} FILE", program.display()));
    }
    Ok(holds)
}
