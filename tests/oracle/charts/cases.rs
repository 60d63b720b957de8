//! The ways in which one chart is run: as it is, with its `ci` values, with every switch turned, with odd flags, linted.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use value::Value;

use super::find::Chart;

/// One run to compare.
pub(super) struct Case {
    pub(super) repository: String,
    /// The chart's path, which tells it from the others.
    pub(super) chart: PathBuf,
    name: String,
    /// Where the programs run: beside the chart.
    pub(super) dir: PathBuf,
    pub(super) command: Vec<String>,
    /// The chart's bytes, the command, and which Helm.
    pub(super) key: String,
}

impl Case {
    /// How a person, a filter and `known.toml` name it.
    pub(super) fn id(&self) -> String {
        format!("charts › {} › {}", self.name, self.command.join(" "))
    }
}

/// Flags that a chart may look at.
const FLAGS: [&[&str]; 4] = [
    &["--include-crds"],
    &["--kube-version", "1.19.0"],
    &["--kube-version", "1.25.0", "-n", "other"],
    &["--is-upgrade"],
];

/// All cases of a chart. Archives are unpacked below `scratch` to be looked into; `salt` says which Helm is asked.
///
/// # Errors
/// Those of the file system.
pub(super) fn of(chart: &Chart, scratch: &Path, salt: &str) -> Result<Vec<Case>, String> {
    let at = |err: std::io::Error| format!("{}: {err}", chart.path.display());
    let digest = digest(&chart.path).map_err(at)?;
    let name = chart.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let dir = chart.path.parent().unwrap_or(&chart.path).to_owned();
    let (inside, prefix) = if chart.path.is_dir() {
        (chart.path.clone(), name.clone())
    } else {
        let inside = unpacked(&chart.path, &scratch.join("unpacked").join(&digest)).map_err(at)?;
        let prefix = inside.to_string_lossy().into_owned();
        (inside, prefix)
    };
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let mut commands = vec![words(&["template", "rel", &name]), words(&["lint", &name])];
    for flags in FLAGS {
        commands.push([&words(&["template", "rel", &name])[..], &words(flags)].concat());
    }
    for file in ci_files(&inside) {
        commands.push(words(&["template", "rel", &name, "-f", &format!("{prefix}/{file}")]));
    }
    for flip in flips(&fs::read(inside.join("values.yaml")).unwrap_or_default()) {
        commands.push(words(&["template", "rel", &name, "--set", &flip]));
    }
    let case = |command: Vec<String>| Case {
        repository: chart.repository.clone(),
        chart: chart.path.clone(),
        name: chart.name.clone(),
        dir: dir.clone(),
        key: hash(&(salt, &digest, &command)),
        command,
    };
    Ok(commands.into_iter().map(case).collect())
}

/// `ci/*.yaml`, as chart-testing knows them, and the values files that lie beside `values.yaml`.
fn ci_files(chart: &Path) -> Vec<String> {
    let yaml = |folder: &Path| -> Vec<String> {
        let entries = fs::read_dir(folder).into_iter().flatten();
        let names = entries.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()));
        names.filter(|name| name.ends_with(".yaml") || name.ends_with(".yml")).collect()
    };
    let mut files: Vec<String> = yaml(&chart.join("ci")).iter().map(|name| format!("ci/{name}")).collect();
    let beside = yaml(chart);
    files.extend(beside.into_iter().filter(|name| name.contains("values") && name != "values.yaml"));
    files.sort();
    files
}

/// Every `enabled` of the values turned, as `--set` wants it.
fn flips(values: &[u8]) -> Vec<String> {
    let Ok(map) = yaml::read_map(values) else { return Vec::new() };
    let mut flips = Vec::new();
    let mut pending = vec![(String::new(), map)];
    while let Some((path, map)) = pending.pop() {
        for (key, value) in map.entries() {
            let key = key.to_string();
            let path = format!("{path}{}", escaped(&key));
            match value {
                Value::Bool(is_on) if key == "enabled" => flips.push(format!("{path}={}", !is_on)),
                Value::Map(map) => pending.push((format!("{path}."), map)),
                _ => {}
            }
        }
    }
    flips.sort();
    flips
}

/// A key as a name in `--set`.
fn escaped(key: &str) -> String {
    key.chars().flat_map(|c| r".,[]=\".contains(c).then_some('\\').into_iter().chain([c])).collect()
}

/// A number for the bytes of a file, or of all files of a folder with their names.
fn digest(path: &Path) -> std::io::Result<String> {
    let mut files = BTreeMap::new();
    let mut pending = vec![path.to_owned()];
    while let Some(next) = pending.pop() {
        if next.is_dir() {
            for entry in fs::read_dir(&next)? {
                pending.push(entry?.path());
            }
        } else {
            // A link to nothing is part of the chart too.
            let content = fs::read(&next).unwrap_or_default();
            files.insert(next.strip_prefix(path).unwrap_or(&next).to_owned(), hash(&content));
        }
    }
    Ok(hash(&files))
}

/// 128 bits, as text.
pub(super) fn hash(of: &impl Hash) -> String {
    let half = |seed: u64| {
        let mut hasher = DefaultHasher::new();
        (seed, of).hash(&mut hasher);
        hasher.finish()
    };
    format!("{:016x}{:016x}", half(1), half(2))
}

/// The chart in an archive, unpacked once. What is no archive gives an empty folder: both programs will say so.
fn unpacked(archive: &Path, to: &Path) -> std::io::Result<PathBuf> {
    if !to.is_dir() {
        fs::create_dir_all(to)?;
        let mut tar = Command::new("tar");
        tar.arg("-xzf").arg(archive).arg("-C").arg(to).stderr(Stdio::null()).status()?;
    }
    let chart = fs::read_dir(to)?.filter_map(|entry| Some(entry.ok()?.path()));
    Ok(chart.into_iter().find(|path| path.join("Chart.yaml").is_file()).unwrap_or_else(|| to.to_owned()))
}
