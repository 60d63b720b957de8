//! Whole charts through the engine, cold: what Helm's own engine does between a loaded chart and sorted manifests.
//!
//! `cargo bench -p renderer --bench engine -- [-n ITERATIONS] [--json] [CHART [VALUES.yaml ...]] ...`
//!
//! A chart is a `.tgz` or a directory; without any, the charts of `www/examples` are taken. `work.rs` says what is inside the
//! clock. Outside of it the chart is loaded, afresh for every iteration. No cache is kept from one iteration to the next.
//!
//! Each line has the minimum and the median of the iterations in nanoseconds, the number of manifests (hooks among them) and
//! the bytes of those that are no hooks, as a table or, with `--json`, as an object. `cargo xtask bench` puts Helm's own
//! engine beside it, a few lines of Go with the same phases in the same clock: `util.ProcessDependencies`,
//! `ToRenderValues`, `engine.Render`, notes taken out, `util.SortManifests`, with a chart from `loader.LoadArchive` for each
//! iteration. Manifests and bytes must be equal on both sides, and both must be run one right after the other on the same
//! idle machine.

#![expect(clippy::print_stdout, reason = "a bench reports to its terminal")]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{env, fs, process};

use renderer::Error;
use renderer::chart::{self, Chart, File};
use renderer::values::{Sets, ValuesFile, user_values};

mod work;

/// What was measured of a chart.
struct Line {
    min: u128,
    median: u128,
    manifests: usize,
    bytes: usize,
}

fn main() {
    let mut iterations: usize = 50;
    let mut json = false;
    let mut jobs: Vec<(PathBuf, Vec<PathBuf>)> = Vec::new();
    // Cargo adds `--bench`.
    let mut arguments = env::args().skip(1).filter(|argument| argument != "--bench");
    while let Some(argument) = arguments.next() {
        if argument == "-n" {
            let count: Option<usize> = arguments.next().and_then(|count| count.parse().ok());
            iterations = count.expect("-n takes a number").max(1);
        } else if argument == "--json" {
            json = true;
        } else if is_values(&argument) {
            let (_, values) = jobs.last_mut().expect("a values file stands behind its chart");
            values.push(argument.into());
        } else {
            jobs.push((argument.into(), Vec::new()));
        }
    }
    if jobs.is_empty() {
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../www/examples");
        jobs = names_in(&examples).into_iter().map(|name| (examples.join(name), Vec::new())).collect();
    }
    for (path, values) in jobs {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match measure(&path, &values, iterations) {
            Ok(Line { min, median, manifests, bytes }) if json => {
                println!(r#"{{"min_ns":{min},"median_ns":{median},"manifests":{manifests},"bytes":{bytes}}}"#)
            }
            Ok(Line { min, median, manifests, bytes }) => println!(
                "{name:<40} min {min:>11} ns  median {median:>11} ns  {manifests:>4} manifests  {bytes:>8} bytes"
            ),
            Err(error) if json => {
                eprintln!("{name}: {error}");
                process::exit(1);
            }
            Err(error) => println!("{name:<40} {error}"),
        }
    }
}

fn is_values(argument: &str) -> bool {
    argument.ends_with(".yaml") || argument.ends_with(".yml")
}

fn measure(path: &Path, values: &[PathBuf], iterations: usize) -> Result<Line, Error> {
    let load = loader(path);
    let files: Vec<ValuesFile> = values
        .iter()
        .map(|file| ValuesFile { name: file.display().to_string(), data: read(file).into() })
        .collect();
    let user = user_values(&files, &Sets::default(), &mut |path| Err(format!("{path} is not read")))?;
    let mut times: Vec<Duration> = Vec::with_capacity(iterations);
    let (mut manifests, mut bytes) = (0, 0);
    for _ in 0..iterations {
        let mut chart = load()?;
        let start = Instant::now();
        let sorted = work::render(&mut chart, &user)?;
        times.push(start.elapsed());
        (manifests, bytes) = work::size(&sorted);
        drop(black_box(sorted));
    }
    times.sort_unstable();
    let (min, median) = (times[0].as_nanos(), times[times.len() / 2].as_nanos());
    Ok(Line { min, median, manifests, bytes })
}

/// Gives a new chart each time it is called.
fn loader(path: &Path) -> Box<dyn Fn() -> Result<Chart, Error>> {
    let name = path.display().to_string();
    if path.is_dir() {
        let mut files = Vec::new();
        collect(path, "", &mut files);
        return Box::new(move || {
            let files = files.iter().map(|(name, bytes)| File::new(name.as_str(), bytes.clone()));
            chart::load(files.collect(), &mut Vec::new())
        });
    }
    let archive = read(path);
    Box::new(move || chart::load_archive(&name, &archive, &mut Vec::new()))
}

/// The files of a chart's directory but the hidden ones; its `.helmignore` is not asked.
fn collect(directory: &Path, prefix: &str, files: &mut Vec<(String, Vec<u8>)>) {
    for name in names_in(directory) {
        let path = directory.join(&name);
        let inner = format!("{prefix}{name}");
        if path.is_dir() {
            collect(&path, &format!("{inner}/"), files);
        } else {
            files.push((inner, read(&path)));
        }
    }
}

fn names_in(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.retain(|name| !name.starts_with('.'));
    names.sort_unstable();
    names
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
