//! A chart in memory: what Helm's loader makes of its files.
//!
//! Files become a [`Chart`] in [`load()`]; a directory is walked by [`load::walk::walk`], an archive is read by
//! [`archive::expand`].
//!
//! Source: helm v4.3.1 `pkg/chart/v2`.

pub mod archive;
mod crds;
mod dependency;
pub mod ignore;
pub mod load;
mod lock;
mod metadata;
mod pattern;

use std::rc::Rc;

use value::{Map, Text};

pub use crds::Crd;
pub use dependency::{Dependency, is_compatible_range};
pub use load::walk::Ignored;
pub use load::{detect, load, load_archive, load_archive_directly, load_values};
pub(crate) use load::{merge_maps, shapes};
pub use lock::{Lock, rfc3339};
pub(crate) use lock::{canonical as canonical_time, seconds as time_seconds};
pub use metadata::{Maintainer, Metadata};
pub use pattern::{BadPattern, pattern_matches, try_match};

/// Charts nest at most this deep. A limit of ours: Helm has none, and no public chart is known to nest deeper than 5. It
/// keeps every walk over charts within a small stack.
pub const MAX_CHART_DEPTH: usize = 64;

/// The most bytes that the files of one chart may have together, 100 MiB. Source: `archive.MaxDecompressedChartSize`.
pub const MAX_CHART_BYTES: u64 = 104_857_600;

/// One file of a chart; cheap to clone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct File {
    /// Path below the chart's directory, with `/`.
    pub name: Rc<str>,
    /// The bytes, without a byte order mark.
    pub data: Text,
    /// When it was changed last, in nanoseconds since 1970; `package` writes it.
    pub modified: Option<i64>,
}

impl File {
    /// A file of which nobody knows when it was changed.
    pub fn new(name: impl Into<Rc<str>>, data: impl Into<Text>) -> Self {
        Self { name: name.into(), data: data.into(), modified: None }
    }
}

/// A chart: metadata, default values, templates, and the charts inside it.
///
/// Shape: `values` is never changed in place; whoever wants other values puts another map there. A clone shares texts and
/// values.
#[derive(Clone, Debug, Default)]
pub struct Chart {
    /// `Chart.yaml`.
    pub metadata: Metadata,
    /// `Chart.lock` (or `requirements.lock`).
    pub lock: Option<Lock>,
    /// Every file as it was loaded, those of subcharts included, in load order.
    pub raw: Vec<File>,
    /// The files under `templates/`, in load order.
    pub templates: Vec<File>,
    /// The default values.
    pub values: Map,
    /// `values.schema.json`.
    pub schema: Option<File>,
    /// What `.Files` shows, in load order.
    pub files: Vec<File>,
    /// Where it lies in its parent's `charts/`: a directory, or the name of an archive; empty for a root chart.
    pub directory: String,
    /// When `Chart.yaml` was changed last, in nanoseconds since 1970.
    pub modified: Option<i64>,
    /// The charts in `charts/`; after [`process_dependencies`](crate::values::process_dependencies) the enabled ones,
    /// under their aliases.
    pub dependencies: Vec<Chart>,
}

impl Chart {
    /// The name in the metadata; after an alias was applied, the alias.
    pub fn name(&self) -> &str {
        &self.metadata.name
    }

    /// Whether the chart only offers helpers.
    pub fn is_library(&self) -> bool {
        self.metadata.kind.eq_ignore_ascii_case("library")
    }

    /// What Helm says of declared charts that are not there, compared by name; `None` when all are.
    ///
    /// Source: helm v4.3.1 `pkg/action/dependency.go`, `CheckDependencies`.
    pub fn missing_dependencies(&self) -> Option<String> {
        let here = |name: &str| self.dependencies.iter().any(|dependency| dependency.name() == name);
        let missing: Vec<&str> =
            self.metadata.declared().map(|wanted| wanted.name.as_str()).filter(|name| !here(name)).collect();
        let list = missing.join(", ");
        (!missing.is_empty())
            .then(|| format!("found in Chart.yaml, but missing in charts/ directory: {list}"))
    }

    /// The file of this name as it was loaded.
    pub fn raw_file(&self, name: &str) -> Option<&File> {
        self.raw.iter().find(|file| &*file.name == name)
    }

    /// This chart and all charts below it, parents first, in the order of their dependencies.
    pub fn walk(&self) -> Vec<Visit<'_>> {
        let mut visits = Vec::new();
        let root =
            Visit { chart: self, full_path: self.name().to_owned(), path: self.name().to_owned(), depth: 0 };
        let mut waiting = vec![root];
        while let Some(visit) = waiting.pop() {
            waiting.extend(visit.chart.dependencies.iter().rev().map(|chart| visit.below(chart)));
            visits.push(visit);
        }
        visits
    }
}

/// A chart and where it hangs below the root chart.
#[derive(Clone, Debug)]
pub struct Visit<'a> {
    /// The chart.
    pub chart: &'a Chart,
    /// `root/charts/sub`: the front of template paths.
    pub full_path: String,
    /// `root.sub`: the front of paths in values.
    pub path: String,
    /// 0 for the root.
    pub depth: usize,
}

impl<'a> Visit<'a> {
    /// A direct dependency as seen from here.
    fn below(&self, chart: &'a Chart) -> Self {
        Self {
            chart,
            full_path: format!("{}/charts/{}", self.full_path, chart.name()),
            path: format!("{}.{}", self.path, chart.name()),
            depth: self.depth + 1,
        }
    }

    /// Whether this is the root chart.
    pub fn is_root(&self) -> bool {
        self.depth == 0
    }
}
