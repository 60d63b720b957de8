//! Rules over `Chart.yaml`.
//!
//! Source: helm v4.3.1 `pkg/chart/v2/lint/rules/chartfile.go`.

use sprig::semver::{Constraint, Version};
use value::{Text, Value};

use super::address::{is_email, is_request_url, is_url};
use super::{Found, Linter, Settings};
use crate::chart::Metadata;
use crate::chart::load::decode_for_lint;
use crate::problem::Severity::{Error, Info, Warning};
use crate::show::quote;

const PATH: &str = "Chart.yaml";

pub(super) fn check(linter: &mut Linter, chart_yaml: &Found, settings: &Settings<'_>) {
    let text = match chart_yaml {
        Found::Directory => {
            let what = "should be a file, not a directory".to_owned();
            linter.rule(Error, "chart-yaml-is-directory", PATH, Some(what));
            let why = format!("read {}: is a directory", settings.path(PATH));
            linter.rule(Error, "chart-yaml-invalid", PATH, Some(unparsable(&why)));
            return;
        }
        Found::File(Ok(text)) => text,
        Found::File(Err(why)) | Found::Missing(why) => {
            linter.rule(Error, "chart-yaml-invalid", PATH, Some(unparsable(why)));
            return;
        }
    };
    let metadata = match decode_for_lint(text, false) {
        Ok(metadata) => metadata,
        Err(why) => {
            linter.rule(Error, "chart-yaml-invalid", PATH, Some(unparsable(&why)));
            return;
        }
    };
    let strict = decode_for_lint(text, true).err();
    linter.rule(
        Warning,
        "chart-yaml-not-strict",
        PATH,
        strict.map(|why| format!("failed to strictly parse chart metadata file\n\t{why}")),
    );
    linter.rule(Error, "chart-name-invalid", PATH, name(&metadata));
    linter.rule(Error, "chart-api-version-invalid", PATH, api_version(&metadata));
    linter.rule(Error, "chart-version-not-a-string", PATH, not_a_string(text, "version"));
    linter.rule(Error, "chart-version-invalid", PATH, version(&metadata));
    linter.rule(Error, "chart-app-version-not-a-string", PATH, not_a_string(text, "appVersion"));
    linter.rule(Error, "chart-maintainer-invalid", PATH, maintainer(&metadata));
    linter.rule(Error, "chart-source-invalid", PATH, source(&metadata));
    linter.rule(
        Info,
        "chart-icon-missing",
        PATH,
        metadata.icon.is_empty().then(|| "icon is recommended".to_owned()),
    );
    linter.rule(Error, "chart-icon-invalid", PATH, icon(&metadata));
    linter.rule(Error, "chart-type-needs-v2", PATH, kind(&metadata));
    linter.rule(Error, "chart-dependencies-need-v2", PATH, dependencies(&metadata));
    linter.rule(Warning, "chart-version-not-strict", PATH, strict_version(&metadata));
}

fn unparsable(why: &str) -> String {
    format!("unable to parse YAML\n\t{why}")
}

fn name(metadata: &Metadata) -> Option<String> {
    let name = &metadata.name;
    if name.is_empty() {
        return Some("name is required".to_owned());
    }
    let invalid = name.contains('/') && name != "/";
    invalid.then(|| format!("chart name {} is invalid", quote(name)))
}

fn api_version(metadata: &Metadata) -> Option<String> {
    match metadata.api_version.as_str() {
        "" => Some("apiVersion is required. The value must be either \"v1\" or \"v2\"".to_owned()),
        "v1" | "v2" => None,
        other => {
            Some(format!("apiVersion '{other}' is not valid. The value must be either \"v1\" or \"v2\""))
        }
    }
}

/// Whether a field that should be a text is something else in YAML.
fn not_a_string(text: &Text, key: &str) -> Option<String> {
    // What does not read as a map was refused before.
    let value = yaml::read_map(text.as_bytes()).ok()?.get(key)?;
    match value {
        Value::Str(_) => None,
        other => Some(format!("{key} should be of type string but it's of type {}", other.type_name())),
    }
}

fn version(metadata: &Metadata) -> Option<String> {
    let text = &metadata.version;
    if text.is_empty() {
        return Some("version is required".to_owned());
    }
    let Ok(version) = Version::parse(text) else {
        return Some(format!("version '{text}' is not a valid SemVer"));
    };
    let range = Constraint::parse(">0.0.0-0").ok()?;
    let why = range.validate(&version).err()?.into_iter().next()?;
    Some(format!("version {why}"))
}

fn strict_version(metadata: &Metadata) -> Option<String> {
    let text = &metadata.version;
    Version::parse_strict(text).is_err().then(|| format!("version '{text}' is not a valid SemVerV2"))
}

fn maintainer(metadata: &Metadata) -> Option<String> {
    metadata.maintainers.iter().find_map(|maintainer| match maintainer {
        None => Some("a maintainer entry is empty".to_owned()),
        Some(one) if one.name.is_empty() => Some("each maintainer requires a name".to_owned()),
        Some(one) if !one.email.is_empty() && !is_email(&one.email) => {
            Some(format!("invalid email '{}' for maintainer '{}'", one.email, one.name))
        }
        Some(one) if !one.url.is_empty() && !is_url(&one.url) => {
            Some(format!("invalid url '{}' for maintainer '{}'", one.url, one.name))
        }
        Some(_) => None,
    })
}

fn source(metadata: &Metadata) -> Option<String> {
    let bad = metadata.sources.iter().find(|source| !is_request_url(source))?;
    Some(format!("invalid source URL '{bad}'"))
}

fn icon(metadata: &Metadata) -> Option<String> {
    let icon = &metadata.icon;
    (!icon.is_empty() && !is_request_url(icon)).then(|| format!("invalid icon URL '{icon}'"))
}

fn kind(metadata: &Metadata) -> Option<String> {
    let api = &metadata.api_version;
    (!metadata.kind.is_empty() && api != "v2")
        .then(|| format!("chart type is not valid in apiVersion '{api}'. It is valid in apiVersion 'v2'"))
}

fn dependencies(metadata: &Metadata) -> Option<String> {
    let api = &metadata.api_version;
    let some = metadata.dependencies.as_ref().is_some_and(|list| !list.is_empty());
    (some && api != "v2").then(|| {
        format!("dependencies are not valid in the Chart file with apiVersion '{api}'. They are valid in apiVersion 'v2'")
    })
}
