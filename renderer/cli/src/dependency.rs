//! `chartroom dependency`: what is declared and what is there, and how `charts/` is filled from directories.
//!
//! Source: helm v4.3.1 `pkg/cmd/dependency.go`, `dependency_build.go`, `dependency_update.go`, `pkg/action/dependency.go`.

mod fill;

use std::fs;

use renderer::Log;
use renderer::chart::{Chart, Dependency};
use renderer::dependency::{fit, table, unpacked_status};
use renderer::sprig::semver::Version;

use crate::files::{self, base, clean, glob, join};
use crate::flags::Given;
use crate::{Failure, locate, package, print, settings, tell, tls};

use fill::ChartsDirectory;

/// Runs `dependency build`.
pub(crate) fn build(given: &Given) -> Result<(), Failure> {
    manage(given, |charts| charts.build())
}

/// Runs `dependency update`.
pub(crate) fn update(given: &Given) -> Result<(), Failure> {
    manage(given, |charts| charts.update())
}

/// What `package --dependency-update` does: nothing of it is printed.
pub(crate) fn update_quietly(path: &str, epoch: Option<i64>, log: &mut Vec<Log>) -> Result<(), Failure> {
    ChartsDirectory { path, epoch, debug: false, is_quiet: true, cache: None, log }.update()
}

/// What `template --dependency-update` does.
pub(crate) fn update_beside(
    path: &str,
    epoch: Option<i64>,
    debug: bool,
    log: &mut Vec<Log>,
) -> Result<(), Failure> {
    ChartsDirectory { path, epoch, debug, is_quiet: false, cache: None, log }.update()
}

fn manage(
    given: &Given,
    run: impl FnOnce(&mut ChartsDirectory<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let path = chart_path(given);
    let debug = settings::is_debug(given);
    let mut log = Vec::new();
    let epoch = package::epoch()?;
    tls::check(given)?;
    let mut charts = ChartsDirectory {
        path: &path,
        epoch,
        debug,
        is_quiet: false,
        cache: given.is_on("skip-refresh").then(|| settings::repository_cache(given)),
        log: &mut log,
    };
    let outcome = run(&mut charts);
    tell(&mut log, debug);
    outcome
}

fn chart_path(given: &Given) -> String {
    given.arguments.first().map_or_else(|| ".".to_owned(), |path| clean(path))
}

/// Runs `dependency list`.
pub(crate) fn list(given: &Given) -> Result<(), Failure> {
    let path = chart_path(given);
    let debug = settings::is_debug(given);
    let mut log = Vec::new();
    let loaded = locate::directly(&path, &mut log);
    tell(&mut log, debug);
    let chart = loaded?;
    if chart.metadata.dependencies.is_none() {
        return print(format!("WARNING: no dependencies at {}\n", join(&path, "charts")));
    }
    let mut rows = vec![["NAME", "VERSION", "REPOSITORY", "STATUS"]];
    for wanted in chart.metadata.declared() {
        let status = status(&path, wanted, &chart, &mut log);
        rows.push([&wanted.name, &wanted.version, &wanted.repository, status]);
    }
    // The flag was read as a number.
    let width =
        if given.has("max-col-width") { given.text("max-col-width").parse().unwrap_or(80) } else { 80 };
    let mut out = table(&rows, width);
    out.push_str("\n\n");
    for place in glob(&join(&path, "charts/*")).unwrap_or_default() {
        match files::stat(&place) {
            // Helm says this and then stops on a place that is not there.
            Err(why) => out.push_str(&format!("Warning: {why}\n")),
            Ok(found) if !found.is_dir() && !place.ends_with(".tgz") => {}
            Ok(_) => match locate::directly(&place, &mut log) {
                Err(_) => out.push_str(&format!("WARNING: {place:?} is not a chart.\n")),
                Ok(inner) if chart.metadata.declared().all(|wanted| wanted.name != inner.name()) => {
                    out.push_str(&format!("WARNING: {place:?} is not in Chart.yaml.\n"));
                }
                Ok(_) => {}
            },
        }
    }
    tell(&mut log, debug);
    print(out)
}

/// How a declared dependency stands. Archives are looked at first, by their names.
fn status(path: &str, wanted: &Dependency, parent: &Chart, log: &mut Vec<Log>) -> &'static str {
    let Ok(archives) = glob(&join(path, &format!("charts/{}-*.tgz", wanted.name))) else {
        return "bad pattern";
    };
    let is_exact = |archive: &&String| {
        let name = base(archive);
        let name = name.strip_suffix(".tgz").unwrap_or(name);
        let version = name.strip_prefix(&format!("{}-", wanted.name)).unwrap_or(name);
        Version::parse_strict(version).is_ok()
    };
    let candidates: Vec<&String> = match archives.len() {
        1 => archives.iter().collect(),
        _ => archives.iter().filter(is_exact).collect(),
    };
    match candidates[..] {
        [] => unpacked_status(parent, wanted),
        [archive] if fs::metadata(archive).is_err() => unpacked_status(parent, wanted),
        [archive] => match locate::directly(archive, log) {
            Err(_) => "corrupt",
            Ok(chart) if chart.name() != wanted.name => "misnamed",
            Ok(chart) => fit(&chart, wanted),
        },
        _ => "too many matches",
    }
}
