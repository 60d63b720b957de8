//! The charts in a folder: directories with a `Chart.yaml`, and archives, but not what lies in another chart's `charts/`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A chart to try.
pub(super) struct Chart {
    /// The folder directly below the one that was named; `.` for a chart that lies there itself.
    pub(super) repository: String,
    /// A directory or an archive.
    pub(super) path: PathBuf,
    /// From the folder that was named, with `/`.
    pub(super) name: String,
}

/// Finds them, ordered by path. A folder that a link leads to a second time is looked at once.
///
/// # Errors
/// A folder that cannot be read.
pub(super) fn charts(dir: &Path) -> Result<Vec<Chart>, String> {
    let (mut charts, mut seen) = (Vec::new(), BTreeSet::new());
    let mut pending = vec![dir.to_owned()];
    while let Some(folder) = pending.pop() {
        let at = |err| format!("{}: {err}", folder.display());
        if !seen.insert(folder.canonicalize().map_err(at)?) {
            continue;
        }
        let is_chart = folder.join("Chart.yaml").is_file();
        if is_chart {
            charts.push(chart(dir, &folder));
        }
        for entry in fs::read_dir(&folder).map_err(at)? {
            let path = entry.map_err(at)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                if !(is_chart && name == "charts") && name != ".git" && name != "node_modules" {
                    pending.push(path);
                }
            } else if name.ends_with(".tgz") {
                charts.push(chart(dir, &path));
            }
        }
    }
    charts.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(charts)
}

fn chart(dir: &Path, path: &Path) -> Chart {
    let name = path.strip_prefix(dir).unwrap_or(path).to_string_lossy().replace('\\', "/");
    let repository = name.split_once('/').map_or(".", |(first, _)| first).to_owned();
    Chart { repository, path: path.to_owned(), name }
}
