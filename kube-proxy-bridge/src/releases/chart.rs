//! From what the page sends to what a record keeps.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use release::record::{Bytes, Chart, File, Lock, MAX_STORED, Sizes, Time, metadata_from_json};
use serde::Deserialize;
use wire::{ChartPart, ChartRecord, Code, Problem, RecordSize};

/// The chart as a record keeps it, every list written out as Helm does.
///
/// # Errors
/// `invalid-request` when `Chart.yaml` or `Chart.lock` is not one, has no name or version, or when data is not base64.
pub fn chart_to_record(chart: &ChartRecord, slim: bool) -> Result<Chart, Problem> {
    let wrong = |what: String| Problem::new(Code::InvalidRequest, what);
    let metadata =
        metadata_from_json(&chart.metadata).map_err(|error| wrong(format!("chart.metadata: {error}")))?;
    // Over a record without them Helm's `list` says MISSING, and `get metadata` panics.
    for (name, value) in [("name", &metadata.name), ("version", &metadata.version)] {
        if value.is_empty() {
            return Err(wrong(format!("chart.metadata has no `{name}`")));
        }
    }
    let lock = match &chart.lock {
        None | Some(serde_json::Value::Null) => None,
        Some(lock) => Some(
            Lock::deserialize(lock)
                .map_err(|_| wrong("chart.lock has another shape than Chart.lock".to_owned()))?,
        ),
    };
    let bytes = |what: &str, data: &str| {
        STANDARD.decode(data).map(Bytes).map_err(|_| wrong(format!("{what} is not base64")))
    };
    let files = |parts: &[ChartPart]| {
        parts
            .iter()
            .map(|part| {
                let data = bytes(&part.name, &part.data)?;
                Ok(File { name: part.name.clone(), data: Some(data), modified: None })
            })
            .collect::<Result<Vec<_>, Problem>>()
    };
    let mut record = Chart {
        metadata: Some(metadata),
        lock,
        // Go writes a list without entries as `null`.
        templates: Some(files(&chart.templates)?).filter(|files| !files.is_empty()),
        values: Some(chart.values.clone()),
        schema: chart.schema.as_deref().map(|schema| bytes("chart.schema", schema)).transpose()?,
        schema_modified: Time::default(),
        files: Some(files(&chart.files)?).filter(|files| !files.is_empty()),
        modified: None,
    };
    if slim {
        record.slim();
    }
    Ok(record)
}

/// The sizes as the page sees them.
#[must_use]
pub fn record_size(sizes: &Sizes) -> RecordSize {
    RecordSize {
        stored: sizes.stored,
        limit: MAX_STORED as u64,
        templates: sizes.templates,
        files: sizes.files,
        manifest: sizes.manifest,
        values: sizes.values,
        hooks: sizes.hooks,
    }
}
