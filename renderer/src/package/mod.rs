//! `helm package`: the archive of a chart.
//!
//! The tar inside is Helm's byte for byte; the deflated bytes around it come from another compressor than Go's.
//!
//! Source: helm v4.3.1 `pkg/chart/v2/util/save.go`, `pkg/action/package.go`.

pub mod provenance;
mod tar;

use std::fmt::Write as _;
use std::io::Write;

use flate2::{Compression, GzBuilder};
use sha2::{Digest, Sha256};
use sprig::semver::Version;

use crate::Error;
use crate::chart::{Chart, File};
use crate::show::quote;
use tar::TarWriter;

/// The extra field of Helm's gzip header: a subfield `rr` of 40 bytes.
const GZIP_EXTRA: &[u8] = b"rr\x28\x00aHR0cHM6Ly95b3V0dS5iZS96OVV6MWljandyTQo=";

/// A packaged chart.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Package {
    /// `name-version.tgz`
    pub file_name: String,
    /// The bytes of the archive.
    pub bytes: Vec<u8>,
}

/// What `helm package` looks at before it makes an archive: the chart's version, and whether the declared charts are there.
///
/// # Errors
/// `chart-api-version`, `version-invalid`, `dependency-missing`, with Helm's sentences.
pub fn check(chart: &Chart) -> Result<(), Error> {
    if let Err(error) = Version::parse(&chart.metadata.version) {
        return Err(Error::new("version-invalid", error.to_string()));
    }
    match chart.missing_dependencies() {
        None => Ok(()),
        Some(why) => Err(Error::new("dependency-missing", why).at("Chart.yaml", None)),
    }
}

/// The archive of a chart and the charts in it, with the words of `helm package` around an error.
///
/// # Errors
/// As [`check`] and [`save`], the latter behind `failed to save: `.
pub fn package(chart: &Chart, now: i64) -> Result<Package, Error> {
    check(chart)?;
    save(chart, now).map_err(|error| error.within("failed to save: "))
}

/// The archive of a chart and the charts in it.
///
/// `now`, in nanoseconds since 1970, is the time of files of which nobody knows when they were changed.
///
/// Cost: linear in the files; the tar is not held beside the archive.
///
/// # Errors
/// `chart-metadata-invalid`, `chart-name-invalid`, `schema-invalid`, `chart-yaml-unwritable`, with Helm's sentences.
///
/// Source: `Save`.
pub fn save(chart: &Chart, now: i64) -> Result<Package, Error> {
    let mut chart = chart.clone();
    chart.metadata.validate().map_err(|error| error.within("chart validation: "))?;
    let file_name = format!("{}-{}.tgz", chart.name(), chart.metadata.version);
    let gzip = GzBuilder::new()
        .extra(GZIP_EXTRA)
        .comment("Helm")
        .mtime(0)
        .operating_system(255)
        .write(Vec::new(), Compression::default());
    let mut tar = TarWriter::new(gzip);
    write_chart(&mut tar, &chart, "", now)?;
    let unwritable = |error: std::io::Error| Error::new("package-unwritable", error.to_string());
    let bytes = tar.finish().and_then(|gzip| gzip.finish()).map_err(unwritable)?;
    Ok(Package { file_name, bytes })
}

/// Recurses over charts, whose nesting is bounded. Source: `writeTarContents`.
fn write_chart<W: Write>(tar: &mut TarWriter<W>, chart: &Chart, prefix: &str, now: i64) -> Result<(), Error> {
    let name = chart.name();
    if name.contains('/') || name.is_empty() {
        let message = format!("{} is not a valid chart name", quote(name));
        return Err(Error::new("chart-name-invalid", message));
    }
    let base = format!("{prefix}{name}");
    let unwritable = |error: String| Error::new("chart-yaml-unwritable", error);
    let mut write = |name: &str, data: &[u8], modified: Option<i64>| {
        tar.file(&format!("{base}/{name}"), data, modified.unwrap_or(now))
            .map_err(|error| Error::new("package-unwritable", error.to_string()))
    };
    let mut metadata = chart.metadata.clone();
    if metadata.api_version == "v1" {
        // They stand in requirements.yaml, which is among the files.
        metadata.dependencies = None;
    }
    let text = yaml::write(&metadata.to_yaml_value()).map_err(|error| unwritable(error.to_string()))?;
    write("Chart.yaml", text.as_bytes(), chart.modified)?;
    if let Some(lock) = chart.lock.as_ref().filter(|_| chart.metadata.api_version == "v2") {
        let text = yaml::write(&lock.to_yaml_value()).map_err(|error| unwritable(error.to_string()))?;
        write("Chart.lock", text.as_bytes(), lock.generated_nanoseconds())?;
    }
    for file in chart.raw.iter().filter(|file| &*file.name == "values.yaml") {
        write(&file.name, file.data.as_bytes(), file.modified)?;
    }
    if let Some(schema) = &chart.schema {
        let (value, error) = value::json::decode(&schema.data);
        // A number that no float holds is valid JSON all the same.
        if error.is_some() && value.is_nil() {
            let message = "invalid JSON in values.schema.json";
            return Err(Error::new("schema-invalid", message).at("values.schema.json", None));
        }
        write("values.schema.json", schema.data.as_bytes(), schema.modified)?;
    }
    for File { name, data, modified } in chart.templates.iter().chain(&chart.files) {
        write(name, data.as_bytes(), *modified)?;
    }
    for dependency in &chart.dependencies {
        write_chart(tar, dependency, &format!("{base}/charts/"), now)?;
    }
    Ok(())
}

/// SHA-256 in hexadecimal, as lock files, indexes and provenance files have it.
pub fn sha256(bytes: &[u8]) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        // Writing to a `String` does not fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// Gives every file of a chart and the charts in it the same time, as `SOURCE_DATE_EPOCH` asks.
///
/// Source: `Chart.StampModTimes`.
pub fn stamp(chart: &mut Chart, seconds: i64) {
    let time = Some(seconds.saturating_mul(1_000_000_000));
    chart.modified = time;
    if let Some(schema) = &mut chart.schema {
        schema.modified = time;
    }
    if let Some(lock) = &mut chart.lock {
        lock.stamp(seconds);
    }
    for file in chart.raw.iter_mut().chain(&mut chart.templates).chain(&mut chart.files) {
        file.modified = time;
    }
    for dependency in &mut chart.dependencies {
        stamp(dependency, seconds);
    }
}

/// Reads `SOURCE_DATE_EPOCH`.
///
/// # Errors
/// `source-date-epoch-invalid` with Helm's sentence.
pub fn source_date_epoch(text: &str) -> Result<i64, Error> {
    let invalid = |cause: String| {
        Error::new("source-date-epoch-invalid", format!("invalid SOURCE_DATE_EPOCH: {cause}"))
    };
    match value::number::parse_int(text.as_bytes(), 10) {
        Ok(seconds) if seconds < 0 => Err(invalid("must not be negative".to_owned())),
        Ok(seconds) => Ok(seconds),
        Err(error) => Err(invalid(format!("strconv.ParseInt: parsing {}: {}", quote(text), error.message()))),
    }
}

#[cfg(test)]
mod tests;
