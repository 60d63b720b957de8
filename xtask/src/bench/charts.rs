//! The charts to measure, each as an archive: both engines are given the same bytes.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::process::{command, run};
use crate::root::target_dir;

/// A chart's archive, and the values file that stood behind it among the arguments.
pub(super) struct Chart {
    pub(super) name: String,
    pub(super) archive: PathBuf,
    pub(super) values: Option<PathBuf>,
}

/// The charts that these paths name: archives, chart folders, and folders that hold either, two levels deep. A
/// `*.yaml` behind a chart is its values file. A chart's folder is archived as it is.
///
/// # Errors
/// When a path cannot be read or packed, or there is no chart at all.
pub(super) fn find(paths: &[PathBuf]) -> Result<Vec<Chart>, String> {
    let mut charts = Vec::new();
    let mut seen = HashSet::new();
    for path in paths {
        if path.extension().is_some_and(|extension| extension == "yaml") {
            let chart: &mut Chart = charts.last_mut().ok_or("a values file stands behind its chart")?;
            chart.values = Some(path.clone());
        } else {
            look(path, 2, &mut seen, &mut charts)?;
        }
    }
    if charts.is_empty() { Err("there is no chart in these folders".to_owned()) } else { Ok(charts) }
}

fn look(path: &Path, depth: u32, seen: &mut HashSet<String>, charts: &mut Vec<Chart>) -> Result<(), String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if name.ends_with(".tgz") {
        let name = name.trim_end_matches(".tgz").to_owned();
        if seen.insert(name.clone()) {
            charts.push(Chart { name, archive: path.to_owned(), values: None });
        }
    } else if path.join("Chart.yaml").is_file() {
        // Repositories that were fetched twice have the same charts.
        if seen.insert(name.clone()) {
            charts.push(Chart { archive: pack(path, &name)?, name, values: None });
        }
    } else if path.is_dir() {
        let entries = fs::read_dir(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut inner: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        inner.sort_unstable();
        for path in inner.iter().filter(|_| depth > 0) {
            look(path, depth - 1, seen, charts)?;
        }
    }
    Ok(())
}

fn pack(chart: &Path, name: &str) -> Result<PathBuf, String> {
    let folder = target_dir().join("bench/charts");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let archive = folder.join(format!("{name}.tgz"));
    let parent = chart.parent().unwrap_or(chart);
    run(command("tar").arg("-czhf").arg(&archive).arg("-C").arg(parent).arg(name))?;
    Ok(archive)
}
