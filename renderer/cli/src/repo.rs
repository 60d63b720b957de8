//! `chartroom repo index`.
//!
//! Source: helm v4.3.1 `pkg/cmd/repo_index.go`, `pkg/repo/v1/index.go`, `IndexDirectory`; `internal/fileutil/fileutil.go`.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::{fs, process};

use renderer::Log;
use renderer::repo::Index;
use renderer::value::Text;

use crate::files::{self, absolute, glob, join, timestamp};
use crate::flags::Given;
use crate::locate::{self, said_by_renderer};
use crate::tree::{errno_words, said};
use crate::{Failure, settings, tell};

/// Runs the command.
pub(crate) fn index(given: &Given) -> Result<(), Failure> {
    let directory = absolute(&given.arguments[0])?;
    let mut log = Vec::new();
    let outcome = make(&directory, given, &mut log);
    tell(&mut log, settings::is_debug(given));
    outcome
}

fn make(directory: &str, given: &Given, log: &mut Vec<Log>) -> Result<(), Failure> {
    let mut index = of_directory(directory, given.text("url"), log)?;
    let merged = given.text("merge");
    if !merged.is_empty() {
        let other = if files::is_missing(merged) {
            let empty = Index::new(timestamp());
            // As in Helm, it is no matter when it cannot be written.
            let _ = write(&empty, merged, given);
            empty
        } else {
            let read = files::read(merged)
                .map_err(Failure)
                .and_then(|bytes| Index::read(&Text::from(bytes), merged, log).map_err(said_by_renderer));
            read.map_err(|Failure(why)| format!("merge failed: {why}"))?
        };
        index.merge(other, log);
    }
    index.sort();
    write(&index, &join(directory, "index.yaml"), given)
}

/// The index of the archives in a directory and in those one level below. What is no chart is left out.
fn of_directory(directory: &str, url: &str, log: &mut Vec<Log>) -> Result<Index, Failure> {
    let mut index = Index::new(timestamp());
    let archives = |pattern: &str| {
        glob(&join(directory, pattern)).map_err(|_| Failure("syntax error in pattern".to_owned()))
    };
    let mut paths = archives("*.tgz")?;
    paths.extend(archives("*/*.tgz")?);
    for path in paths {
        let Ok(chart) = locate::directly(&path, log) else { continue };
        let bytes = files::read(&path)?;
        let below = path.strip_prefix(directory).unwrap_or(&path).trim_start_matches('/');
        index.add(chart, below, url, &bytes, &timestamp()).map_err(said_by_renderer)?;
    }
    Ok(index)
}

/// Writes beside the place and moves it there, so that nobody reads half an index.
fn write(index: &Index, path: &str, given: &Given) -> Result<(), Failure> {
    let text = if given.is_on("json") {
        index.to_json().into_bytes()
    } else {
        index.to_yaml().map_err(said_by_renderer)?.as_bytes().to_vec()
    };
    let half = format!("{path}{}", process::id());
    fs::write(&half, text).map_err(|error| said("open", Path::new(&half), &error))?;
    fs::set_permissions(&half, fs::Permissions::from_mode(0o644))
        .map_err(|error| said("chmod", Path::new(&half), &error))?;
    fs::rename(&half, path).map_err(|error| {
        // Go looks for itself before it asks the system. The half stays, as in Helm.
        let words = match fs::symlink_metadata(path) {
            Ok(place) if place.is_dir() => "file exists".to_owned(),
            _ => errno_words(&error),
        };
        Failure(format!("link error: cannot rename {half} to {path}: rename {half} {path}: {words}"))
    })
}
