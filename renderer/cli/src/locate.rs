//! From an argument to a chart.
//!
//! Source: helm v4.3.1 `pkg/action/install.go`, `LocateChart`; `pkg/chart/loader/load.go`, `pkg/chart/v2/loader/load.go`.

use std::path::{Component, Path, PathBuf};
use std::{fs, io};

use renderer::Log;
use renderer::chart::load::walk::walk;
use renderer::chart::{Chart, detect, load, load_archive, load_archive_directly};
use renderer::log::Level;
use renderer::value::Text;

use crate::flags::Given;
use crate::tree::{Disk, said};
use crate::{Failure, files, sign, verify};

/// The absolute path that a chart argument names.
pub(crate) fn chart_path(argument: &str, given: &Given, log: &mut Vec<Log>) -> Result<PathBuf, Failure> {
    let name = argument.trim();
    let path = Path::new(name);
    if !given.text("repo").is_empty() {
        return Err(
            "--repo names a repository, and chartroom does not fetch: pull the chart with helm".into()
        );
    }
    if fs::metadata(path).is_ok() {
        let path = absolute(path).map_err(|error| Failure(error.to_string()))?;
        if given.is_on("verify") {
            verify::chart(&path.to_string_lossy(), &sign::keyring(given))?;
        }
        return Ok(path);
    }
    if path.is_absolute() || name.starts_with('.') {
        return Err(Failure(format!("path {name:?} not found")));
    }
    if name.contains("://") {
        return Err(Failure(format!(
            "{name} is a remote chart, and chartroom does not fetch: pull it with helm and give the path"
        )));
    }
    log.push(Log::new(Level::Debug, "set up default downloader cache"));
    match name.split_once('/') {
        None => Err(Failure(format!(
            "non-absolute URLs should be in form of repo_name/path_to_chart, got: {name}"
        ))),
        Some((repository, _)) => Err(Failure(format!("repo {repository} not found"))),
    }
}

/// An absolute path in its shortest form.
pub(crate) fn absolute(path: &Path) -> io::Result<PathBuf> {
    Ok(clean(&std::path::absolute(path)?.to_string_lossy()))
}

/// A path as Go's `filepath.Join` leaves it: without doubled slashes and without `.` and `..` where they can go.
pub(crate) fn clean(path: &str) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in Path::new(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(clean.components().next_back(), Some(Component::Normal(_))) => {
                clean.pop();
            }
            Component::ParentDir if clean.is_absolute() => {}
            part => clean.push(part),
        }
    }
    clean
}

/// Loads the chart in a directory or an archive as `template` does, with a first look at its `apiVersion`.
pub(crate) fn chart(path: &Path, log: &mut Vec<Log>) -> Result<Chart, Failure> {
    let shown = path.display().to_string();
    if path.is_dir() {
        return detected_directory(&shown, log);
    }
    let bytes = fs::read(path).map_err(|error| said("open", path, &error))?;
    load_archive(&shown, &bytes, log).map_err(said_by_renderer)
}

fn detected_directory(path: &str, log: &mut Vec<Log>) -> Result<Chart, Failure> {
    let chart_yaml = files::join(path, "Chart.yaml");
    let text =
        files::read(&chart_yaml).map_err(|why| format!("unable to detect chart at {chart_yaml}: {why}"))?;
    detect(&Text::from(text)).map_err(said_by_renderer)?;
    directory_directly(path, log)
}

/// Loads the chart in a directory to pack it.
pub(crate) fn packed_directory(path: &str, log: &mut Vec<Log>) -> Result<Chart, Failure> {
    let chart = detected_directory(path, log)?;
    if chart.metadata.api_version == "v3" {
        return Err("invalid chart apiVersion".into());
    }
    Ok(chart)
}

/// Loads the chart in a directory or an archive as `show` and `dependency` do: any `apiVersion`.
pub(crate) fn directly(path: &str, log: &mut Vec<Log>) -> Result<Chart, Failure> {
    if files::stat(path)?.is_dir() { directory_directly(path, log) } else { file_directly(path, log) }
}

/// Loads the chart in a directory.
pub(crate) fn directory_directly(path: &str, log: &mut Vec<Log>) -> Result<Chart, Failure> {
    let root = files::absolute(path)?;
    if fs::metadata(&root).is_ok_and(|place| !place.is_dir()) {
        // Helm's walk over a file finds nothing.
        return load(Vec::new(), log).map_err(said_by_renderer);
    }
    let walked = walk(&root, &Disk::new(Path::new(&root)), log).map_err(said_by_renderer)?;
    load(walked.files, log).map_err(said_by_renderer)
}

/// Loads the chart in an archive.
pub(crate) fn file_directly(path: &str, log: &mut Vec<Log>) -> Result<Chart, Failure> {
    if files::stat(path)?.is_dir() {
        return Err("cannot load a directory".into());
    }
    load_archive_directly(path, &files::read(path)?, log).map_err(said_by_renderer)
}

pub(crate) fn said_by_renderer(error: renderer::Error) -> Failure {
    Failure(error.message().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_as_text() {
        for (path, cleaned) in [
            ("./c/charts", "c/charts"),
            ("c//charts/", "c/charts"),
            ("../c/../x", "../x"),
            ("/../x", "/x"),
            ("../../c", "../../c"),
        ] {
            assert_eq!(clean(path), Path::new(cleaned), "{path}");
        }
    }
}
