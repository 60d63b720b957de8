//! The custom resource definitions that a chart carries in `crds/`.
//!
//! Source: helm v4.3.1 `pkg/chart/v2/chart.go`, `CRDObjects`.

use super::{Chart, File};

/// One file of custom resource definitions.
#[derive(Clone, Debug)]
pub struct Crd<'a> {
    /// Name with the path of its chart: `root/charts/sub/crds/x.yaml`.
    pub full_name: String,
    /// The file.
    pub file: &'a File,
}

impl Chart {
    /// The definitions of this chart, then those of its dependencies.
    pub fn crds(&self) -> Vec<Crd<'_>> {
        let mut crds = Vec::new();
        for visit in self.walk() {
            let own = visit.chart.files.iter().filter(|file| is_crd(&file.name));
            crds.extend(
                own.map(|file| Crd { full_name: format!("{}/{}", visit.full_path, file.name), file }),
            );
        }
        crds
    }
}

fn is_crd(name: &str) -> bool {
    let extension =
        name.rsplit('/').next().and_then(|base| base.rsplit_once('.')).map_or("", |(_, tail)| tail);
    name.starts_with("crds/") && ["yaml", "yml", "json"].iter().any(|it| extension.eq_ignore_ascii_case(it))
}
