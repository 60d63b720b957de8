//! `chartroom lint`.
//!
//! Source: helm v4.3.1 `pkg/cmd/lint.go`, `pkg/action/lint.go`.

use std::path::{Path, PathBuf};
use std::{fs, io};

use renderer::capabilities::KubeVersion;
use renderer::chart::load::walk::Files;
use renderer::lint::{Settings, Tools, lint};
use renderer::problem::Severity;
use renderer::render::{Fuel, Mode, ParseCache};
use renderer::value::Map;
use renderer::{Log, chart, functions};

use crate::flags::{self, Flag, GLOBAL, Given, Kind, VALUES, flag};
use crate::template::{namespace, values};
use crate::tree::{Disk, said};
use crate::world::Machine;
use crate::{Failure, print, tell};

const FLAGS: &[Flag] = &[
    flag("kube-version", None, Kind::Text),
    flag("quiet", None, Kind::Bool),
    flag("skip-schema-validation", None, Kind::Bool),
    flag("strict", None, Kind::Bool),
    flag("with-subcharts", None, Kind::Bool),
];

/// Runs the command.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let given = flags::parse(&[GLOBAL, VALUES, FLAGS], arguments)?;
    if given.arguments.is_empty() {
        return Err("\"helm lint\" requires at least 1 argument\n\nUsage:  helm lint PATH [flags]".into());
    }
    let version = match given.text("kube-version") {
        "" => None,
        text => {
            Some(KubeVersion::parse(text).map_err(|why| format!("invalid kube version '{text}': {why}"))?)
        }
    };
    let mut paths = given.arguments.clone();
    if given.is_on("with-subcharts") {
        for path in &given.arguments {
            subcharts(&Path::new(path).join("charts"), &mut paths);
        }
    }
    let user = values(&given)?;
    let mut out = String::new();
    let (mut failed, mut loud) = (0, 0);
    for path in &paths {
        let outcome = one(path, &given, &user, version.as_ref());
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
    user: &Map,
    version: Option<&KubeVersion>,
) -> Result<Vec<renderer::lint::Message>, String> {
    let namespace = namespace(given);
    let skip_schema = given.is_on("skip-schema-validation");
    let mut log = Vec::new();
    let run = |root: &str, log: &mut Vec<Log>, disk: Option<&Disk>, files: Option<&Files>| {
        let settings = Settings { root, user, namespace: &namespace, kube_version: version, skip_schema };
        let funcs = functions::table(Mode::Lint);
        let mut tools = Tools {
            funcs: &funcs,
            cache: &mut ParseCache::default(),
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
        let bytes = fs::read(path)
            .map_err(|error| format!("unable to open tarball: {}", said("open", Path::new(path), &error)))?;
        let files =
            chart::archive::expand(&bytes).map_err(|error| format!("unable to extract tarball: {error}"))?;
        let root = Path::new(path).file_stem().unwrap_or_default().to_string_lossy().into_owned();
        run(&root, &mut log, None, Some(&Files::new(files)))
    } else {
        let directory = Path::new(path);
        let chart_yaml = directory.join("Chart.yaml");
        fs::metadata(&chart_yaml).map_err(|error| {
            format!("unable to check Chart.yaml file in chart: {}", said("stat", &chart_yaml, &error))
        })?;
        let root = absolute(directory).map_err(|error| error.to_string())?;
        run(&root.to_string_lossy(), &mut log, Some(&Disk::new(directory)), None)
    };
    tell(&mut log, given.is_on("debug"));
    Ok(messages)
}

fn absolute(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    // Go cleans `.` and `..` away; the file system does not have to be asked.
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => {
                clean.pop();
            }
            part => clean.push(part),
        }
    }
    Ok(clean)
}

/// Every directory with a `Chart.yaml` and every archive below `directory`, in the order of a walk.
fn subcharts(directory: &Path, found: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let shown = path.to_string_lossy().into_owned();
        if path.is_dir() {
            subcharts(&path, found);
        } else if path.file_name().is_some_and(|name| name == "Chart.yaml") {
            found.push(directory.to_string_lossy().into_owned());
        } else if shown.ends_with(".tgz") || shown.ends_with(".tar.gz") {
            found.push(shown);
        }
    }
}
