//! A record as the text that is stored, and what makes it large.
//!
//! *Source*: helm v4.3.1 `pkg/storage/driver/util.go`, `encodeRelease`.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::{Compression, GzBuilder};

use super::json::Members;
use super::{Chart, Record};

/// What a Secret holds at most; the API server counts the base64 text.
pub const MAX_STORED: usize = 1 << 20;

/// A record, ready to be stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encoded {
    /// The value of the Secret's key `release` (in the Secret's own JSON it is base64 once more).
    pub stored: String,
    /// What makes it large.
    pub sizes: Sizes,
}

impl Encoded {
    /// Whether a cluster stores it.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.stored.len() <= MAX_STORED
    }
}

/// Sizes in bytes: `stored` as stored, the rest as they stand in the JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// gzip and base64 of it all.
    pub stored: u64,
    /// The whole JSON.
    pub json: u64,
    /// The chart's templates.
    pub templates: u64,
    /// The chart's other files.
    pub files: u64,
    /// The manifest.
    pub manifest: u64,
    /// The user's values, the chart's and the schema.
    pub values: u64,
    /// The hooks.
    pub hooks: u64,
}

/// The record as text, whatever its size; [`Encoded::fits`] tells whether it may be stored.
///
/// Cost: one pass for the JSON and one for gzip, both held in memory.
#[must_use]
pub fn encode(record: &Record) -> Encoded {
    let (json, mut sizes) = to_json(record);
    let gzip = compress(&json);
    let stored = STANDARD.encode(gzip);
    sizes.stored = stored.len() as u64;
    Encoded { stored, sizes }
}

/// The JSON, as Go writes it.
pub(super) fn to_json(record: &Record) -> (Vec<u8>, Sizes) {
    let mut sizes = Sizes::default();
    let mut json = Vec::with_capacity(record.manifest.len() * 2 + 4096);
    let mut members = Members::open(&mut json);
    if !record.name.is_empty() {
        members.put("name", &record.name);
    }
    members.put("info", &record.info);
    if let Some(chart) = &record.chart {
        members.put_with("chart", |out| put_chart(chart, out, &mut sizes));
    }
    if !record.config.is_empty() {
        sizes.values += members.put("config", &record.config);
    }
    if !record.manifest.is_empty() {
        sizes.manifest = members.put("manifest", &record.manifest);
    }
    if !record.hooks.is_empty() {
        sizes.hooks = members.put("hooks", &record.hooks);
    }
    if record.version != 0 {
        members.put("version", &record.version);
    }
    if !record.namespace.is_empty() {
        members.put("namespace", &record.namespace);
    }
    if !record.apply_method.is_empty() {
        members.put("apply_method", &record.apply_method);
    }
    members.close();
    sizes.json = json.len() as u64;
    (json, sizes)
}

fn put_chart(chart: &Chart, out: &mut Vec<u8>, sizes: &mut Sizes) {
    let mut members = Members::open(out);
    members.put("metadata", &chart.metadata);
    members.put("lock", &chart.lock);
    sizes.templates = members.put("templates", &chart.templates);
    sizes.values += members.put("values", &chart.values);
    sizes.values += members.put("schema", &chart.schema);
    members.put("schemamodtime", &chart.schema_modified);
    sizes.files = members.put("files", &chart.files);
    if let Some(modified) = &chart.modified {
        members.put("modtime", modified);
    }
    members.close();
}

/// gzip at Go's best level, with the header that Go writes: no time, no name, no system.
fn compress(json: &[u8]) -> Vec<u8> {
    const UNKNOWN_SYSTEM: u8 = 255;
    let out = Vec::with_capacity(json.len() / 4 + 64);
    let mut writer = GzBuilder::new().operating_system(UNKNOWN_SYSTEM).write(out, Compression::best());
    // Writing into a Vec cannot fail; were it to, the text would not decode, and who stores a record decodes it first.
    let _ = writer.write_all(json);
    writer.finish().unwrap_or_default()
}
