//! `helm dependency`: what stands in `charts/` for what is declared, and the digest of a lock file.
//!
//! Which files are read and written in which order is the command's work; here are the decisions.
//!
//! Source: helm v4.3.1 `pkg/action/dependency.go`, `internal/resolver/resolver.go`, `pkg/downloader/manager.go`.

mod digest;
mod table;

use sprig::semver::{Constraint, Version};

use crate::Error;
use crate::chart::{Chart, Dependency, Lock};
use crate::log::{Level, Log};
use crate::show::quote;

pub use digest::{digest, helm_2_digest};
pub use table::table;

/// What `helm dependency list` says of a chart that is there, or `ok` where it fits the declaration.
pub fn fit(chart: &Chart, wanted: &Dependency) -> &'static str {
    if chart.metadata.version == wanted.version {
        return "ok";
    }
    match (Constraint::parse(&wanted.version), Version::parse(&chart.metadata.version)) {
        (Ok(range), Ok(version)) if range.check(&version) => "ok",
        (Ok(_), Ok(_)) => "wrong version",
        _ => "invalid version",
    }
}

/// The status of a dependency that is no archive: that of the last chart of its name.
pub fn unpacked_status(parent: &Chart, wanted: &Dependency) -> &'static str {
    let named = parent.dependencies.iter().rev().find(|chart| chart.name() == wanted.name);
    match named.map(|chart| fit(chart, wanted)) {
        None => "missing",
        Some("ok") => "unpacked",
        Some(other) => other,
    }
}

/// Reads the range of versions that a dependency declares.
///
/// # Errors
/// `dependency-range-invalid` with the name as `shown`: resolving quotes it, saving does not.
pub fn range(wanted: &Dependency, shown: &str) -> Result<Constraint, Error> {
    Constraint::parse(&wanted.version).map_err(|error| {
        let message = format!("dependency {shown} has an invalid version/constraint format: {error}");
        Error::new("dependency-range-invalid", message)
    })
}

/// Whether a chart that lies in a directory is one that the range takes.
///
/// # Errors
/// `version-invalid` with Helm's sentence.
pub fn takes(range: &Constraint, chart: &Chart) -> Result<bool, Error> {
    let version = Version::parse(&chart.metadata.version)
        .map_err(|error| Error::new("version-invalid", error.to_string()))?;
    Ok(range.check(&version))
}

/// The entry of a lock file for a dependency: the version that was found, and none of the rest.
pub fn locked(wanted: &Dependency, version: &str) -> Dependency {
    Dependency {
        name: wanted.name.clone(),
        version: version.to_owned(),
        repository: wanted.repository.clone(),
        ..Dependency::default()
    }
}

/// One line of those that [`no_versions`] lists.
pub fn unmatched(wanted: &Dependency) -> String {
    let Dependency { name, repository, version, .. } = wanted;
    format!("{} (repository {}, version {})", quote(name), quote(repository), quote(version))
}

/// Says that no version was found for some dependencies.
pub fn no_versions(unmatched: &[String]) -> Error {
    let message = format!(
        "can't get a valid version for {} subchart(s): {}. Make sure a matching chart version exists in the repo, or \
         change the version constraint in Chart.yaml",
        unmatched.len(),
        unmatched.join(", ")
    );
    Error::new("dependency-version-missing", message)
}

/// Says that names in `repository` stand for no repository that is known.
pub fn no_repositories(missing: &[&str]) -> Error {
    let list = missing.join(", ");
    let mut message = format!("no repository definition for {list}. Please add them via 'helm repo add'");
    let is_bare = |name: &&str| !name.contains("//") && !name.starts_with('@') && !name.starts_with("alias:");
    if missing.iter().any(is_bare) {
        message.push_str(
            "\nNote that repositories must be URLs or aliases. For example, to refer to the \"example\"\nrepository, use \
             \"https://charts.example.com/\" or \"@example\" instead of\n\"example\". Don't forget to add the repo, too \
             ('helm repo add').",
        );
    }
    Error::new("repository-unknown", message)
}

/// Whether the lock file is that of the declared dependencies; the log says when the digest of Helm 2 is looked for.
///
/// # Errors
/// `lock-outdated` with Helm's sentence.
pub fn check_lock(chart: &Chart, lock: &Lock, log: &mut Vec<Log>) -> Result<(), Error> {
    let declared = chart.metadata.dependencies.as_deref();
    if digest(declared, lock.dependencies.as_deref()) == lock.digest {
        return Ok(());
    }
    let outdated = |message: &str| Err(Error::new("lock-outdated", message));
    if chart.metadata.api_version != "v1" {
        return outdated(
            "the lock file (Chart.lock) is out of sync with the dependencies file (Chart.yaml). Please update the \
             dependencies with 'helm dependency update'",
        );
    }
    let warning = "warning: a valid Helm v3 hash was not found. Checking against Helm v2 hash...";
    log.push(Log::new(Level::Info, warning));
    if helm_2_digest(declared) == lock.digest {
        return Ok(());
    }
    outdated(
        "the lock file (requirements.lock) is out of sync with the dependencies file (requirements.yaml). Please update \
         the dependencies",
    )
}

#[cfg(test)]
mod tests;
