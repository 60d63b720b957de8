//! What Helm checks before it renders.
//!
//! Source: helm v4.3.1 `pkg/cmd/install.go`, `checkIfInstallable`; `pkg/action/dependency.go`, `CheckDependencies`;
//! `pkg/chart/v2/util/validate_name.go`.

use crate::Error;
use crate::capabilities::Capabilities;
use crate::chart::{Chart, is_compatible_range};
use crate::log::{Level, Log};
use crate::show::quote;

/// Whether the chart can be installed at all: no library, every declared dependency there, and of a version that Helm
/// installs, which is not all that it loads. Warns of deprecation.
///
/// # Errors
/// Those of [`check_kind`], [`check_dependencies`] and [`check_api_version`], looked for in this order.
pub fn check_installable(chart: &Chart, log: &mut Vec<Log>) -> Result<(), Error> {
    check_kind(chart, log)?;
    check_dependencies(chart)?;
    check_api_version(chart)
}

/// Whether the chart is no library. Warns of deprecation.
///
/// # Errors
/// `chart-is-library` with Helm's sentence.
pub fn check_kind(chart: &Chart, log: &mut Vec<Log>) -> Result<(), Error> {
    let kind = chart.metadata.kind.as_str();
    if !matches!(kind, "" | "application") {
        let message = format!("{kind} charts are not installable");
        return Err(Error::new("chart-is-library", message).at("Chart.yaml", None));
    }
    if chart.metadata.deprecated {
        log.push(Log::new(Level::Warn, "this chart is deprecated"));
    }
    Ok(())
}

/// Whether every declared dependency is there.
///
/// # Errors
/// `dependency-missing` with Helm's sentence.
pub fn check_dependencies(chart: &Chart) -> Result<(), Error> {
    let Some(missing) = chart.missing_dependencies() else { return Ok(()) };
    let message = format!(
        "an error occurred while checking for chart dependencies. You may need to run 'helm dependency build' to fetch \
         missing dependencies: {missing}"
    );
    Err(Error::new("dependency-missing", message).at("Chart.yaml", None))
}

/// Whether the chart is of a version that Helm installs.
///
/// # Errors
/// `chart-api-version` with Helm's sentence.
pub fn check_api_version(chart: &Chart) -> Result<(), Error> {
    if chart.metadata.api_version == "v3" {
        return Err(Error::new("chart-api-version", "invalid chart apiVersion").at("Chart.yaml", None));
    }
    Ok(())
}

const NAME_PATTERN: &str = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
const NAME_LIMIT_BYTES: usize = 53;

/// Whether a release may have this name.
///
/// # Errors
/// `release-name-invalid` with Helm's sentence, which stands in the log as well.
pub fn check_release_name(name: &str, log: &mut Vec<Log>) -> Result<(), Error> {
    let why = if name.is_empty() {
        "no name provided".to_owned()
    } else if name.len() > NAME_LIMIT_BYTES || !name.split('.').all(is_label) {
        format!(
            "invalid release name, must match regex {NAME_PATTERN} and the length must not be longer than {NAME_LIMIT_BYTES}"
        )
    } else {
        return Ok(());
    };
    let why = format!("release name {}: {why}", quote(name));
    const FAILED: &str = "release name check failed";
    log.push(Log::new(Level::Error, FAILED).with("error", why.as_str()));
    Err(Error::new("release-name-invalid", format!("{FAILED}: {why}")))
}

/// Lower case letters and digits, with `-` inside.
fn is_label(label: &str) -> bool {
    let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let ends = |byte: Option<&u8>| byte.is_some_and(|byte| alphanumeric(*byte));
    let bytes = label.as_bytes();
    ends(bytes.first()) && ends(bytes.last()) && bytes.iter().all(|byte| alphanumeric(*byte) || *byte == b'-')
}

/// Whether the chart accepts this Kubernetes.
///
/// # Errors
/// `kube-version-incompatible` with Helm's sentence.
pub fn check_kube_version(chart: &Chart, capabilities: &Capabilities) -> Result<(), Error> {
    let wanted = &chart.metadata.kube_version;
    let version = &capabilities.kube_version;
    if wanted.is_empty() || is_compatible_range(wanted, version.text()) {
        return Ok(());
    }
    let message = format!(
        "chart requires kubeVersion: {wanted} which is incompatible with Kubernetes {}",
        version.version
    );
    Err(Error::new("kube-version-incompatible", message).at("Chart.yaml", None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_releases_are_labels_joined_by_points() {
        for good in ["a", "a-b.c0", &"x".repeat(53)] {
            assert!(check_release_name(good, &mut Vec::new()).is_ok(), "{good}");
        }
        for bad in ["", "A", "a_b", "-a", "a-", "a..b", "a.", &"x".repeat(54)] {
            assert!(check_release_name(bad, &mut Vec::new()).is_err(), "{bad}");
        }
    }
}
