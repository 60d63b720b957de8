//! From files to a chart: which file is what, and how subcharts are unpacked.
//!
//! Source: helm v4.3.1 `pkg/chart/loader/load.go`, `pkg/chart/v2/loader/load.go`, `archive.go`.

mod decode;
pub mod walk;

use std::collections::BTreeMap;
use std::rc::Rc;

use value::{Map, Text};

use super::{Chart, File, MAX_CHART_DEPTH, Metadata, archive};
use crate::Error;
use crate::log::{Level, Log};

use decode::{decode_api_version, decode_lock, decode_metadata};
pub(crate) use decode::{decode_for_lint, merge_maps};

/// The shapes of what stands in lists of a `Chart.yaml` that is part of something else.
pub(crate) mod shapes {
    pub(crate) use super::decode::{VERBATIM_DEPENDENCY_POINTER, VERBATIM_MAINTAINER_POINTER};
}

/// Whether a loader takes the `apiVersion` of this `Chart.yaml`: the first look of `template`, `package` and `install`.
///
/// Helm loads `v3` with another loader only to say afterwards, by [`render::check_installable`] or when it packages, that it
/// is invalid.
///
/// [`render::check_installable`]: crate::render::check_installable
///
/// # Errors
/// `chart-yaml-invalid`, `chart-version-unsupported`.
pub fn detect(chart_yaml: &Text) -> Result<(), Error> {
    match decode_api_version(chart_yaml)?.as_str() {
        "" | "v1" | "v2" | "v3" => Ok(()),
        _ => Err(Error::new("chart-version-unsupported", "unsupported chart version").at("Chart.yaml", None)),
    }
}

/// Loads an archive as `template`, `package` and `install` do: the cause of an unreadable archive stays hidden.
///
/// # Errors
/// Those of [`detect`], [`archive::ensure`] and [`load`]; `archive-unreadable`, `chart-yaml-missing`.
pub fn load_archive(name: &str, bytes: &[u8], log: &mut Vec<Log>) -> Result<Chart, Error> {
    archive::ensure(name, bytes)?;
    let files = archive::expand(bytes).map_err(|error| {
        if archive::is_header_error(&error) {
            named_header_error(name, &error)
        } else {
            Error::new("archive-unreadable", "unable to load chart archive")
        }
    })?;
    let Some(chart_yaml) = files.iter().find(|file| &*file.name == "Chart.yaml") else {
        let message = "unable to detect chart version, no Chart.yaml found";
        return Err(Error::new("chart-yaml-missing", message));
    };
    detect(&chart_yaml.data)?;
    load(files, log)
}

/// Loads an archive as `show`, `lint` and `dependency` do: any `apiVersion`, and the cause of an error is told.
///
/// # Errors
/// Those of [`archive::ensure`], [`archive::expand`] and [`load`].
pub fn load_archive_directly(name: &str, bytes: &[u8], log: &mut Vec<Log>) -> Result<Chart, Error> {
    archive::ensure(name, bytes)?;
    let files = archive::expand(bytes).map_err(|error| {
        if archive::is_header_error(&error) { named_header_error(name, &error) } else { error }
    })?;
    load(files, log)
}

fn named_header_error(name: &str, error: &Error) -> Error {
    let message = format!("file '{name}' does not appear to be a valid chart file (details: {error})");
    Error::new("archive-unreadable", message)
}

/// Makes a chart of its files, in their order; log lines are appended to `log`.
///
/// Shape: names are relative to the chart; files of subcharts stand under `charts/`, as files or in archives. Subcharts
/// come in the order of their names, where Helm's order is random.
///
/// # Errors
/// The first one that Helm would meet, with its sentence. `charts-too-deep` is a limit of ours.
///
/// Source: `LoadFiles`.
pub fn load(files: Vec<File>, log: &mut Vec<Log>) -> Result<Chart, Error> {
    load_at(files, 0, log)
}

/// Recurses over charts, at most [`MAX_CHART_DEPTH`] deep.
fn load_at(files: Vec<File>, depth: usize, log: &mut Vec<Log>) -> Result<Chart, Error> {
    if depth > MAX_CHART_DEPTH {
        let message = format!("charts are nested more than {MAX_CHART_DEPTH} deep");
        return Err(Error::new("charts-too-deep", message));
    }
    let mut chart = Chart::default();
    let mut metadata: Option<Metadata> = None;
    for file in files.iter().filter(|file| &*file.name == "Chart.yaml") {
        let metadata = metadata.get_or_insert_default();
        decode_metadata(metadata, file)?;
        if metadata.api_version.is_empty() {
            metadata.api_version = "v1".to_owned();
        }
        chart.modified = file.modified;
    }
    let mut subcharts: BTreeMap<String, Vec<File>> = BTreeMap::new();
    for file in &files {
        match &*file.name {
            "Chart.yaml" => {}
            "Chart.lock" => chart.lock = decode_lock(file)?,
            "values.yaml" => {
                chart.values = load_values(&file.data).map_err(|error| {
                    let line = error.line();
                    error.within("cannot load values.yaml: ").at("values.yaml", line)
                })?;
            }
            "values.schema.json" => chart.schema = Some(file.clone()),
            "requirements.yaml" => {
                let metadata = metadata.get_or_insert_default();
                if metadata.api_version != "v1" {
                    log.push(Log::new(
                        Level::Info,
                        "Warning: Dependencies are handled in Chart.yaml since apiVersion \"v2\". We recommend migrating dependencies to Chart.yaml.",
                    ));
                }
                decode_metadata(metadata, file)?;
                if metadata.api_version == "v1" {
                    chart.files.push(file.clone());
                }
            }
            "requirements.lock" => {
                chart.lock = decode_lock(file)?;
                let metadata = metadata.get_or_insert_default();
                if metadata.api_version == "v1" {
                    chart.files.push(file.clone());
                } else {
                    log.push(Log::new(
                        Level::Info,
                        "Warning: Dependency locking is handled in Chart.lock since apiVersion \"v2\". We recommend migrating to Chart.lock.",
                    ));
                }
            }
            name if name.starts_with("templates/") => chart.templates.push(file.clone()),
            name => match name.strip_prefix("charts/") {
                // Only the last dot of the last part counts, as in Go's `filepath.Ext`.
                Some(_) if name.ends_with(".prov") => chart.files.push(file.clone()),
                Some(inner) => {
                    let group = inner.split('/').next().unwrap_or_default();
                    subcharts
                        .entry(group.to_owned())
                        .or_default()
                        .push(File { name: inner.into(), ..file.clone() });
                }
                None => chart.files.push(file.clone()),
            },
        }
    }
    let Some(mut metadata) = metadata else {
        return Err(Error::new("chart-yaml-missing", "Chart.yaml file is missing"));
    };
    metadata.validate()?;
    chart.metadata = metadata;
    for (group, files) in subcharts {
        if group.starts_with(['_', '.']) {
            continue;
        }
        let subchart = unpack(&group, files, chart.name(), depth, log)?;
        chart.dependencies.push(subchart);
    }
    chart.raw = files;
    Ok(chart)
}

fn unpack(
    group: &str,
    files: Vec<File>,
    parent: &str,
    depth: usize,
    log: &mut Vec<Log>,
) -> Result<Chart, Error> {
    let directory = format!("charts/{group}");
    let loaded = if group.ends_with(".tgz") {
        // A group has at least the file that made it.
        let file = &files[0];
        if &*file.name != group {
            let message =
                format!("error unpacking subchart tar in {parent}: expected {group}, got {}", file.name);
            return Err(Error::new("subchart-invalid", message).at(format!("charts/{}", file.name), None));
        }
        archive::expand(file.data.as_bytes()).and_then(|files| load_at(files, depth + 1, log))
    } else {
        let inner = files.into_iter().filter_map(|file| {
            let name: Rc<str> = file.name.split_once('/')?.1.into();
            Some(File { name, ..file })
        });
        load_at(inner.collect(), depth + 1, log)
    };
    let loaded = loaded.map(|chart| Chart { directory: group.to_owned(), ..chart });
    loaded.map_err(|error| {
        let error = error.within(format!("error unpacking subchart {group} in {parent}: "));
        if error.file().is_some() { error.below(&directory) } else { error.at(&directory, None) }
    })
}

/// Reads a values file: YAML documents, the later ones merged over the earlier ones.
///
/// Shape: nulls are kept; no two places of the result share a map.
///
/// # Errors
/// `values-invalid` with Helm's sentence, without the name of the file.
///
/// Source: `LoadValues`.
pub fn load_values(text: &Text) -> Result<Map, Error> {
    decode::values(text)
}
