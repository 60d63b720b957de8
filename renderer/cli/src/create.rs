//! `chartroom create`.
//!
//! Source: helm v4.3.1 `pkg/cmd/create.go`, `pkg/chart/v2/util/create.go`, `save.go`.

use std::env;

use renderer::create::{Saved, create, create_from};

use crate::files::{self, absolute, base, directory, join, make_directories};
use crate::flags::Given;
use crate::locate::{self, said_by_renderer};
use crate::{Failure, package, print, settings, tell};

/// Runs the command.
pub(crate) fn run(given: &Given) -> Result<(), Failure> {
    let path = given.arguments[0].as_str();
    print(format!("Creating {path}\n"))?;
    let version = given.text("chart-api-version");
    match version {
        "" | "v2" => {}
        "v3" => {
            const SWITCH: &str = "HELM_EXPERIMENTAL_CHART_V3";
            if env::var(SWITCH).is_ok_and(|text| !text.is_empty()) {
                return Err(
                    "charts of apiVersion v3 are not in this build: they are an experiment in helm".into()
                );
            }
            return Err(Failure(format!(
                "this feature has been marked as experimental and is not enabled by default. Please set {SWITCH}=1 in \
                 your environment to use this feature"
            )));
        }
        _ => {
            return Err(Failure(format!("unsupported chart API version: {version} (supported: v2, v3)")));
        }
    }
    match given.text("starter") {
        "" => scaffold(base(path), &directory(path)),
        starter => from_starter(starter, base(path), &directory(path), given),
    }
}

fn scaffold(name: &str, beside: &str) -> Result<(), Failure> {
    let scaffold = create(name).map_err(said_by_renderer)?;
    let beside = absolute(beside)?;
    if !files::stat(&beside)?.is_dir() {
        return Err(Failure(format!("no such directory {beside}")));
    }
    let root = join(&beside, name);
    refuse_file(&root)?;
    for file in scaffold {
        let path = join(&root, &file.name);
        if files::stat(&path).is_ok() {
            print(format!("WARNING: File {path:?} already exists. Overwriting.\n"))?;
        }
        files::write(&path, file.data.as_bytes())?;
    }
    Ok(make_directories(&join(&root, "charts"))?)
}

fn from_starter(starter: &str, name: &str, beside: &str, given: &Given) -> Result<(), Failure> {
    let path = if starter.starts_with('/') {
        starter.to_owned()
    } else {
        join(&settings::data_home(), &format!("starters/{starter}"))
    };
    let mut log = Vec::new();
    let loaded = locate::directly(&path, &mut log);
    tell(&mut log, settings::is_debug(given));
    let chart = loaded.map_err(|Failure(why)| format!("could not load {path}: {why}"))?;
    let Saved { files, packages, error } =
        create_from(name, chart, files::now()).map_err(said_by_renderer)?;
    let root = join(beside, name);
    refuse_file(&root)?;
    make_directories(&root)?;
    for file in files {
        files::write(&join(&root, &file.name), file.data.as_bytes())?;
    }
    for saved in packages {
        package::store(&saved, &join(&root, "charts"))?;
    }
    match error {
        None => Ok(()),
        Some(error) => {
            if error.code() != "chart-metadata-invalid" {
                // Helm finds out while it writes an archive, which it takes away again.
                make_directories(&join(&root, "charts"))?;
            }
            Err(said_by_renderer(error))
        }
    }
}

fn refuse_file(path: &str) -> Result<(), Failure> {
    match files::stat(path) {
        Ok(place) if !place.is_dir() => {
            Err(Failure(format!("file {path} already exists and is not a directory")))
        }
        _ => Ok(()),
    }
}
