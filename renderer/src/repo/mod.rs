//! `helm repo index`: the index of a repository of charts, made, merged and written. Nothing is fetched.
//!
//! Source: helm v4.3.1 `pkg/repo/v1/index.go`, `internal/urlutil/urlutil.go`.

mod read;
mod write;

use std::collections::BTreeMap;

use sprig::path::clean_path;
use sprig::semver::{Constraint, Version};
use sprig::url;

use crate::Error;
use crate::chart::{Chart, Metadata};
use crate::log::{Level, Log};
use crate::package::sha256;

/// An index: charts by name, each with its versions.
#[derive(Clone, Debug)]
pub struct Index {
    /// `v1`
    pub api_version: String,
    /// When it was made, in RFC 3339.
    pub generated: String,
    /// The versions of each chart.
    pub entries: BTreeMap<String, Vec<Entry>>,
    /// Keys of the repository.
    pub public_keys: Vec<String>,
    /// What others have added.
    pub annotations: BTreeMap<String, String>,
    /// What ChartMuseum has added, as a JSON value.
    pub server_info: Option<value::Map>,
}

/// One version of a chart.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// `Chart.yaml`.
    pub metadata: Metadata,
    /// Where the archive is; `None` is a list that is not there.
    pub urls: Option<Vec<String>>,
    /// When it was added, in RFC 3339; empty when nobody said.
    pub created: String,
    /// Whether it is gone.
    pub removed: bool,
    /// SHA-256 of the archive, in hexadecimal.
    pub digest: String,
    /// Fields of the past, kept as they are: `checksum`, `engine`, `tillerVersion`, `url`.
    pub past: [String; 4],
}

impl Index {
    /// An index without charts.
    pub fn new(now: impl Into<String>) -> Self {
        Self {
            api_version: "v1".to_owned(),
            generated: now.into(),
            entries: BTreeMap::new(),
            public_keys: Vec::new(),
            annotations: BTreeMap::new(),
            server_info: None,
        }
    }

    /// Adds the chart of an archive, `path` being its path below the directory of the index.
    ///
    /// # Errors
    /// `chart-metadata-invalid` with Helm's sentence.
    ///
    /// Source: `IndexDirectory`, `MustAdd`.
    pub fn add(
        &mut self,
        chart: Chart,
        path: &str,
        base_url: &str,
        archive: &[u8],
        now: &str,
    ) -> Result<(), Error> {
        let (directory, file) = path.rsplit_once('/').unwrap_or(("", path));
        let mut metadata = chart.metadata;
        metadata.validate().map_err(|error| {
            error.within(format!("failed adding to {file} to index: validate failed for {file}: "))
        })?;
        let parent = join_url(base_url, directory);
        let address = if parent.is_empty() { file.to_owned() } else { join_url(&parent, file) };
        let entry = Entry {
            urls: Some(vec![address]),
            created: now.to_owned(),
            digest: sha256(archive),
            metadata,
            ..Entry::default()
        };
        self.entries.entry(entry.metadata.name.clone()).or_default().push(entry);
        Ok(())
    }

    /// Adds what another index has and this one has not.
    ///
    /// Source: `Merge`.
    pub fn merge(&mut self, other: Index, log: &mut Vec<Log>) {
        for entry in other.entries.into_values().flatten() {
            let name = entry.metadata.name.clone();
            let known = self.entries.get(&name).map_or(&[][..], Vec::as_slice);
            if !has(known, &name, &entry.metadata.version, log) {
                self.entries.entry(name).or_default().push(entry);
            }
        }
    }

    /// Sorts the versions of each chart, newest first.
    ///
    /// Source: `SortEntries`.
    pub fn sort(&mut self) {
        for entries in self.entries.values_mut() {
            entries.sort_by_cached_key(|entry| {
                std::cmp::Reverse(Version::parse(&entry.metadata.version).ok().map(Sorted))
            });
        }
    }
}

/// A version by its precedence.
struct Sorted(Version);

impl PartialEq for Sorted {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Sorted {}

impl PartialOrd for Sorted {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Sorted {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.compare(&other.0)
    }
}

/// Whether one of the entries is of this version, or of one that the version, read as a range, takes.
///
/// Source: `Has`, `Get`, `isVersionRange`.
fn has(entries: &[Entry], name: &str, wanted: &str, log: &mut Vec<Log>) -> bool {
    let text = if wanted.is_empty() { "*" } else { wanted };
    let Ok(range) = Constraint::parse(text) else { return false };
    if !wanted.is_empty() && entries.iter().any(|entry| entry.metadata.version == wanted) {
        return true;
    }
    let takes =
        |entry: &&Entry| Version::parse(&entry.metadata.version).is_ok_and(|version| range.check(&version));
    let Some(found) = entries.iter().find(takes) else { return false };
    let line = match wanted {
        "" => return true,
        _ if is_range(wanted) => Log::new(Level::Debug, "selected version matching constraint")
            .with("chart", name)
            .with("constraint", wanted),
        _ => Log::new(
            Level::Warn,
            "unable to find exact version requested; falling back to closest available version",
        )
        .with("chart", name)
        .with("requested", wanted),
    };
    log.push(line.with("selected", found.metadata.version.as_str()));
    true
}

fn is_range(version: &str) -> bool {
    let core = &version[..version.find(['-', '+']).unwrap_or(version.len())];
    version.contains(['^', '~', '<', '>', '=', '!', '*'])
        || version.contains("||")
        || version.contains(" - ")
        || core.contains(['x', 'X'])
}

/// A path below a base, which is a URL or a path.
///
/// Source: `URLJoin`.
fn join_url(base: &str, path: &str) -> String {
    match url::parse(base.as_bytes()) {
        Ok(mut parsed) => {
            parsed.path = join_path(&String::from_utf8_lossy(&parsed.path), path).into_bytes();
            String::from_utf8_lossy(&url::join(&parsed)).into_owned()
        }
        Err(_) => join_path(base, path),
    }
}

/// Go's `path.Join`.
fn join_path(front: &str, back: &str) -> String {
    let parts: Vec<&str> = [front, back].into_iter().filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { String::new() } else { clean_path(&parts.join("/")) }
}

#[cfg(test)]
mod tests;
