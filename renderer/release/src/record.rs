//! The record of one revision, as Helm keeps it in a Secret: its fields, their JSON, and the text that is stored.
//!
//! [`encode`] gives JSON, gzip and base64 with the size of each part; [`decode`] reads what Helm reads, within [`Limits`].
//! A record that Helm wrote, read and written again, holds the same JSON, byte for byte; of others fields that Helm does not know
//! are lost, as in Helm.
//!
//! *Source*: helm v4.3.1 `pkg/release/v1/{release,info,hook}.go`, `pkg/chart/v2/{chart,metadata,dependency}.go`,
//! `pkg/chart/common/file.go`, `pkg/storage/driver/util.go`.

mod bytes;
mod decode;
mod encode;
mod json;
mod lenient;
mod slim;
mod time;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use bytes::Bytes;
pub use decode::{Error, Limits, decode, metadata_from_json, verify};
pub use encode::{Encoded, MAX_STORED, Sizes, encode};
pub use time::Time;

use lenient::{list, list_or_null, or_default};

/// One revision of a release. Labels are not part of it: they stand on the Secret.
#[derive(Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Record {
    /// The release.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// Status and times. Helm panics over a record without it, so such a record is not read.
    pub info: Info,
    /// The chart, without its dependencies.
    pub chart: Option<Chart>,
    /// The user's values; left out when empty.
    #[serde(deserialize_with = "or_default")]
    pub config: Map<String, Value>,
    /// All documents that are no hooks, in install order, each behind `---` and `# Source:`.
    #[serde(deserialize_with = "or_default")]
    pub manifest: String,
    /// The hooks.
    #[serde(deserialize_with = "list")]
    pub hooks: Vec<Hook>,
    /// The revision, from 1.
    #[serde(deserialize_with = "or_default")]
    pub version: u32,
    /// Where the release lives. Helm trusts it more than the Secret's own namespace.
    #[serde(deserialize_with = "or_default")]
    pub namespace: String,
    /// `ssa` or `csa`; empty before Helm 4, which means `csa`.
    #[serde(deserialize_with = "or_default")]
    pub apply_method: String,
}

impl fmt::Debug for Record {
    /// Which one it is: values and manifests hold secrets, and nobody logs those by accident.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, namespace, version, info, .. } = self;
        write!(f, "Record({namespace}/{name} v{version}, {})", info.status)
    }
}

/// Status and times of a revision.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Info {
    /// When revision 1 was made.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "time::optional")]
    pub first_deployed: Option<Time>,
    /// When this revision was made.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "time::optional")]
    pub last_deployed: Option<Time>,
    /// When the release was uninstalled.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "time::optional")]
    pub deleted: Option<Time>,
    /// `Install complete`
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "or_default")]
    pub description: String,
    /// Helm's word; one that Helm does not know is kept.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "or_default")]
    pub status: String,
    /// The revision that a rollback copied; 0: this is none.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "or_default")]
    pub rollback_revision: u32,
    /// The rendered `NOTES.txt`.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "or_default")]
    pub notes: String,
}

/// What a record keeps of a chart.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Chart {
    /// `Chart.yaml`
    pub metadata: Option<Metadata>,
    /// `Chart.lock`
    pub lock: Option<Lock>,
    /// The root chart's templates.
    #[serde(deserialize_with = "list_or_null")]
    pub templates: Option<Vec<File>>,
    /// The chart's values, its dependencies' defaults under their keys.
    pub values: Option<Map<String, Value>>,
    /// `values.schema.json`
    pub schema: Option<Bytes>,
    /// When the schema was changed; written also when it is zero.
    #[serde(rename = "schemamodtime", deserialize_with = "or_default")]
    pub schema_modified: Time,
    /// The root chart's other files, `crds/` included.
    #[serde(deserialize_with = "list_or_null")]
    pub files: Option<Vec<File>>,
    /// When `Chart.yaml` was changed.
    #[serde(rename = "modtime", deserialize_with = "time::nonzero")]
    pub modified: Option<Time>,
}

/// `Chart.yaml`, every field left out when empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are Chart.yaml's own")]
pub struct Metadata {
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "or_default")]
    pub name: String,
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "or_default")]
    pub home: String,
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "or_default")]
    pub sources: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "or_default")]
    pub version: String,
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "or_default")]
    pub description: String,
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "or_default")]
    pub keywords: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "list")]
    pub maintainers: Vec<Maintainer>,
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "or_default")]
    pub icon: String,
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "or_default")]
    pub api_version: String,
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "or_default")]
    pub condition: String,
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "or_default")]
    pub tags: String,
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "or_default")]
    pub app_version: String,
    #[serde(skip_serializing_if = "is_false", deserialize_with = "or_default")]
    pub deprecated: bool,
    #[serde(skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "or_default")]
    pub annotations: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "or_default")]
    pub kube_version: String,
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "list")]
    pub dependencies: Vec<Dependency>,
    #[serde(rename = "type", skip_serializing_if = "String::is_empty", deserialize_with = "or_default")]
    pub chart_type: String,
}

/// One maintainer of a chart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the names are Chart.yaml's own")]
pub struct Maintainer {
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "or_default")]
    pub name: String,
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "or_default")]
    pub email: String,
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "or_default")]
    pub url: String,
}

/// One dependency of a chart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the names are Chart.yaml's own")]
pub struct Dependency {
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "or_default")]
    pub version: String,
    #[serde(deserialize_with = "or_default")]
    pub repository: String,
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "or_default")]
    pub condition: String,
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "or_default")]
    pub tags: Vec<String>,
    /// As it was evaluated for this revision.
    #[serde(skip_serializing_if = "is_false", deserialize_with = "or_default")]
    pub enabled: bool,
    #[serde(
        rename = "import-values",
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "or_default"
    )]
    pub import_values: Vec<Value>,
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "or_default")]
    pub alias: String,
}

/// `Chart.lock`, every field always written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the names are Chart.lock's own")]
pub struct Lock {
    #[serde(deserialize_with = "or_default")]
    pub generated: Time,
    #[serde(deserialize_with = "or_default")]
    pub digest: String,
    #[serde(deserialize_with = "list_or_null")]
    pub dependencies: Option<Vec<Dependency>>,
}

/// One file of a chart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct File {
    /// Its path in the chart.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// Its bytes. An empty file is `null` when it came from an archive and `""` when from a folder.
    pub data: Option<Bytes>,
    /// When it was changed.
    #[serde(rename = "modtime", skip_serializing_if = "Option::is_none", deserialize_with = "time::nonzero")]
    pub modified: Option<Time>,
}

/// One hook and how it last went.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hook {
    /// The object's name.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "or_default")]
    pub name: String,
    /// The object's kind.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "or_default")]
    pub kind: String,
    /// The template: `web/templates/job.yaml`.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "or_default")]
    pub path: String,
    /// The document.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "or_default")]
    pub manifest: String,
    /// `pre-install`
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "or_default")]
    pub events: Vec<String>,
    /// How it last went; always written.
    #[serde(deserialize_with = "or_default")]
    pub last_run: HookRun,
    /// Lower runs earlier.
    #[serde(skip_serializing_if = "is_zero_weight", deserialize_with = "or_default")]
    pub weight: i64,
    /// `hook-succeeded`
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "or_default")]
    pub delete_policies: Vec<String>,
    /// `hook-failed`
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "or_default")]
    pub output_log_policies: Vec<String>,
}

/// How a hook last went.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HookRun {
    /// When it began.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "time::optional")]
    pub started_at: Option<Time>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "time::optional")]
    pub completed_at: Option<Time>,
    /// `Running`, `Succeeded`, `Failed`, `Unknown`; empty when it never ran.
    #[serde(deserialize_with = "or_default")]
    pub phase: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn is_zero_weight(number: &i64) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests;
