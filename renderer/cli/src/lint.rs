//! `chartroom lint`.
//!
//! Source: helm v4.3.1 `pkg/cmd/lint.go`, `pkg/action/lint.go`.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use renderer::capabilities::KubeVersion;
use renderer::chart::load::walk::Files;
use renderer::lint::{Settings, Tools, directory_of_archive, lint};
use renderer::problem::Severity;
use renderer::render::{Fuel, Mode, ParseCache};
use renderer::value::Map;
use renderer::values::SchemaCache;
use renderer::{Log, chart, functions};

use crate::files::join;
use crate::flags::Given;
use crate::locate::absolute;
use crate::template::values;
use crate::tree::{Disk, said};
use crate::world::Machine;
use crate::{Failure, print, settings, tell};

/// Runs the command.
pub(crate) fn run(given: &Given) -> Result<(), Failure> {
    let version = match given.text("kube-version") {
        "" => None,
        text => {
            Some(KubeVersion::parse(text).map_err(|why| format!("invalid kube version '{text}': {why}"))?)
        }
    };
    let mut paths = given.arguments.clone();
    if given.is_on("with-subcharts") {
        for path in &given.arguments {
            subcharts(Path::new(&join(path, "charts")), &mut paths);
        }
    }
    let namespace = settings::namespace(given);
    let user = values(given)?;
    let mut out = String::new();
    let (mut failed, mut loud) = (0, 0);
    for path in &paths {
        let outcome = one(path, given, &namespace, &user, version.as_ref());
        let report = Report::of(outcome, given.is_on("strict"));
        loud += usize::from(report.is_loud);
        failed += usize::from(report.has_failed);
        let quiet = given.is_on("quiet");
        if quiet && !report.is_loud {
            continue;
        }
        out.push_str(&format!("==> Linting {path}\n"));
        for (severity, line) in &report.lines {
            if !quiet || *severity > Severity::Info {
                out.push_str(line);
                out.push('\n');
            }
        }
        out.push('\n');
    }
    print(&out)?;
    let summary = format!("{} chart(s) linted, {failed} chart(s) failed", paths.len());
    if failed > 0 {
        return Err(Failure(summary));
    }
    if !given.is_on("quiet") || loud > 0 {
        print(format!("{summary}\n"))?;
    }
    Ok(())
}

/// What is printed about one chart.
struct Report {
    lines: Vec<(Severity, String)>,
    /// Whether there is anything graver than information.
    is_loud: bool,
    has_failed: bool,
}

impl Report {
    fn of(outcome: Result<Vec<renderer::lint::Message>, String>, strict: bool) -> Self {
        match outcome {
            Err(why) => Self {
                lines: vec![(Severity::Error, format!("Error {why}"))],
                is_loud: true,
                has_failed: true,
            },
            Ok(messages) => {
                let tolerance = if strict { Severity::Warning } else { Severity::Error };
                Self {
                    is_loud: messages.iter().any(|message| message.severity > Severity::Info),
                    has_failed: messages.iter().any(|message| message.severity >= tolerance),
                    lines: messages.iter().map(|message| (message.severity, message.to_string())).collect(),
                }
            }
        }
    }
}

/// The findings for one path, or why it cannot be linted.
fn one(
    path: &str,
    given: &Given,
    namespace: &str,
    user: &Map,
    version: Option<&KubeVersion>,
) -> Result<Vec<renderer::lint::Message>, String> {
    let skip_schema = given.is_on("skip-schema-validation");
    let mut log = Vec::new();
    let run = |root: &str, log: &mut Vec<Log>, disk: Option<&Disk>, files: Option<&Files>| {
        let settings = Settings { root, user, namespace, kube_version: version, skip_schema };
        let funcs = functions::table(Mode::Lint);
        let mut tools = Tools {
            funcs: &funcs,
            cache: &mut ParseCache::default(),
            schemas: &mut SchemaCache::default(),
            world: &mut Machine,
            log,
            fuel: Fuel::endless(),
            watch: &mut |_| true,
        };
        match (disk, files) {
            (Some(disk), _) => lint(disk, &settings, &mut tools),
            (None, Some(files)) => lint(files, &settings, &mut tools),
            (None, None) => Vec::new(),
        }
    };
    let messages = if path.ends_with(".tgz") || path.ends_with(".tar.gz") {
        let unopened = |error| format!("unable to open tarball: {}", said("open", Path::new(path), &error));
        let mut file = fs::File::open(path).map_err(unopened)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|error| {
            format!("unable to extract tarball: {}", said("read", Path::new(path), &error))
        })?;
        let unextracted = |why: String| format!("unable to extract tarball: {why}");
        let files =
            chart::archive::expand(&bytes).map_err(|error| unextracted(error.message().to_owned()))?;
        // Helm unpacks into a directory with a random name, and shows it.
        let root = format!("/{}", directory_of_archive(&files).map_err(unextracted)?);
        run(&root, &mut log, None, Some(&Files::new(files)))
    } else {
        let chart_yaml = PathBuf::from(join(path, "Chart.yaml"));
        fs::metadata(&chart_yaml).map_err(|error| {
            format!("unable to check Chart.yaml file in chart: {}", said("stat", &chart_yaml, &error))
        })?;
        let root = absolute(Path::new(path)).map_err(|error| error.to_string())?;
        run(&root.to_string_lossy(), &mut log, Some(&Disk::new(&root)), None)
    };
    tell(&mut log, settings::is_debug(given));
    Ok(messages)
}

/// Every directory with a `Chart.yaml` and every archive below `directory`, in the order of a walk, which follows no links.
fn subcharts(directory: &Path, found: &mut Vec<String>) {
    let is_directory = |path: &Path| fs::symlink_metadata(path).is_ok_and(|place| place.is_dir());
    let children = |path: &Path| {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.sort_by(|a, b| b.cmp(a));
        paths
    };
    let mut waiting = if is_directory(directory) { children(directory) } else { Vec::new() };
    while let Some(path) = waiting.pop() {
        let shown = path.to_string_lossy();
        if path.file_name().is_some_and(|name| name == "Chart.yaml") {
            found.extend(path.parent().map(|parent| parent.to_string_lossy().into_owned()));
        } else if shown.ends_with(".tgz") || shown.ends_with(".tar.gz") {
            found.push(shown.into_owned());
        }
        if is_directory(&path) {
            waiting.extend(children(&path));
        }
    }
}
