//! From an argument to a chart.
//!
//! Source: helm v4.3.1 `pkg/action/install.go`, `LocateChart`; `pkg/chart/loader/load.go`.

use std::fs;
use std::path::{Path, PathBuf};

use renderer::Log;
use renderer::chart::load::walk::walk;
use renderer::chart::{Chart, detect, load, load_archive};
use renderer::value::Text;

use crate::Failure;
use crate::tree::{Disk, said};

/// The absolute path that a chart argument names.
pub(crate) fn chart_path(argument: &str) -> Result<PathBuf, Failure> {
    let name = argument.trim();
    let path = Path::new(name);
    if fs::metadata(path).is_ok() {
        return std::path::absolute(path).map_err(|error| Failure(error.to_string()));
    }
    if path.is_absolute() || name.starts_with('.') {
        return Err(Failure(format!("path {name:?} not found")));
    }
    if name.contains("://") {
        return Err(Failure(format!(
            "{name} is a remote chart, and chartroom does not fetch: pull it with helm and give the path"
        )));
    }
    match name.split_once('/') {
        None => Err(Failure(format!(
            "non-absolute URLs should be in form of repo_name/path_to_chart, got: {name}"
        ))),
        Some((repository, _)) => Err(Failure(format!("repo {repository} not found"))),
    }
}

/// Loads the chart in a directory or an archive.
pub(crate) fn chart(path: &Path, log: &mut Vec<Log>) -> Result<Chart, Failure> {
    let shown = path.display().to_string();
    if path.is_dir() {
        let chart_yaml = path.join("Chart.yaml");
        let text = fs::read(&chart_yaml).map_err(|error| {
            format!(
                "unable to detect chart at {}: {}",
                chart_yaml.display(),
                said("open", &chart_yaml, &error)
            )
        })?;
        detect(&Text::from(text)).map_err(said_by_renderer)?;
        let walked = walk(&shown, &Disk::new(path), log).map_err(said_by_renderer)?;
        return load(walked.files, log).map_err(said_by_renderer);
    }
    let bytes = fs::read(path).map_err(|error| said("open", path, &error))?;
    load_archive(&shown, &bytes, log).map_err(said_by_renderer)
}

pub(crate) fn said_by_renderer(error: renderer::Error) -> Failure {
    Failure(error.message().to_owned())
}
