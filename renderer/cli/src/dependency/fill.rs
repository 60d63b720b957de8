//! Filling `charts/` from directories that the declarations name. Repositories elsewhere are refused: nothing is fetched.
//!
//! Source: helm v4.3.1 `pkg/downloader/manager.go`, `internal/resolver/resolver.go`.

use std::{fs, process};

use renderer::Log;
use renderer::chart::{Chart, Dependency, Lock};
use renderer::dependency::{
    check_lock, digest, locked, no_repositories, no_versions, range, takes, unmatched,
};
use renderer::package::{sha256, stamp};
use renderer::sprig::semver::Version;
use renderer::sprig::url::{self, parse_request_uri};
use renderer::value::fmt::quote;
use renderer::yaml;

use crate::files::{self, absolute, join, make_directories, names, timestamp};
use crate::locate::{self, said_by_renderer};
use crate::tree::said;
use crate::{Failure, package, print};

/// The chart whose dependencies are managed.
pub(super) struct ChartsDirectory<'a> {
    /// Its directory.
    pub(super) path: &'a str,
    /// The time of every packed file, in seconds since 1970.
    pub(super) epoch: Option<i64>,
    pub(super) debug: bool,
    /// Whether to print nothing.
    pub(super) is_quiet: bool,
    /// Where indexes lie, when repositories are not to be asked for new ones.
    pub(super) cache: Option<String>,
    pub(super) log: &'a mut Vec<Log>,
}

/// How the address of a registry begins.
const OCI: &str = "oci://";

/// Whether Helm looks for the chart in the index of a repository.
fn has_index(entry: &Dependency) -> bool {
    let address = entry.repository.as_str();
    !address.is_empty() && !address.starts_with("file://") && !address.starts_with(OCI)
}

/// A list as it stands in a chart or a lock file, nulls included.
type List = Vec<Option<Dependency>>;

impl ChartsDirectory<'_> {
    /// Fills `charts/` with what the lock file says; without one, as [`ChartsDirectory::update`].
    pub(super) fn build(&mut self) -> Result<(), Failure> {
        let chart = self.load()?;
        let Some(lock) = &chart.lock else { return self.update() };
        let declared = chart.metadata.dependencies.clone().unwrap_or_default();
        self.check_repositories(&declared)?;
        check_lock(&chart, lock, self.log).map_err(said_by_renderer)?;
        let locked = lock.dependencies.clone().unwrap_or_default();
        let unknown: Vec<&str> = locked
            .iter()
            .flatten()
            .filter(|entry| has_index(entry))
            .map(|entry| entry.repository.as_str())
            .collect();
        if !unknown.is_empty() {
            let list = unknown.join(", ");
            return Err(Failure(format!(
                "no repository definition for {list}. Please add the missing repos via 'helm repo add'"
            )));
        }
        self.refuse_remote(&locked)?;
        self.save(&mut locked.into_iter().flatten().collect::<Vec<_>>())
    }

    /// Finds the versions that the declarations ask for, fills `charts/`, and writes the lock file when it changes.
    pub(super) fn update(&mut self) -> Result<(), Failure> {
        let chart = self.load()?;
        let Some(declared) = &chart.metadata.dependencies else { return Ok(()) };
        self.check_repositories(declared)?;
        self.refresh(declared)?;
        let mut found = self.resolve(declared)?;
        self.refuse_remote(declared)?;
        self.save(&mut found)?;
        let found: List = found.into_iter().map(Some).collect();
        let digest = digest(Some(declared), Some(&found));
        if chart.lock.as_ref().is_some_and(|lock| lock.digest == digest) {
            return Ok(());
        }
        let lock = Lock { generated: timestamp(), digest, dependencies: Some(found) };
        self.write_lock(&lock, chart.metadata.api_version == "v1")
    }

    fn load(&mut self) -> Result<Chart, Failure> {
        let place = files::stat(self.path).map_err(|why| format!("could not find {}: {why}", self.path))?;
        if !place.is_dir() {
            return Err("only unpacked charts can be updated".into());
        }
        locate::directory_directly(self.path, self.log)
    }

    /// Source: `resolveRepoNames`, for a Helm that knows no repositories.
    fn check_repositories(&mut self, dependencies: &List) -> Result<(), Failure> {
        let mut missing = Vec::new();
        for Dependency { repository, .. } in dependencies.iter().flatten() {
            if repository.starts_with("file://") {
                self.local_path(repository)?;
                if self.debug {
                    self.print(format!("Repository from local path: {repository}\n"))?;
                }
            } else if !repository.is_empty()
                && !repository.starts_with(OCI)
                && parse_request_uri(repository.as_bytes()).is_err()
            {
                missing.push(repository.as_str());
            }
        }
        if missing.is_empty() { Ok(()) } else { Err(said_by_renderer(no_repositories(&missing))) }
    }

    /// Where Helm would begin to fetch.
    fn refuse_remote(&self, dependencies: &List) -> Result<(), Failure> {
        let is_remote =
            |entry: &&Dependency| !entry.repository.is_empty() && !entry.repository.starts_with("file://");
        match dependencies.iter().flatten().find(is_remote) {
            None => Ok(()),
            Some(Dependency { name, repository, .. }) => Err(Failure(format!(
                "the repository {repository} of {name} is remote, and chartroom does not fetch: run 'helm dependency \
                 update', or give a file:// address"
            ))),
        }
    }

    /// Where Helm asks repositories for their indexes. Source: `ensureMissingRepos`, `NewChartRepository`.
    fn refresh(&self, declared: &List) -> Result<(), Failure> {
        let asked: Vec<&Dependency> = declared.iter().flatten().filter(|entry| has_index(entry)).collect();
        if self.cache.is_some() || asked.is_empty() {
            return Ok(());
        }
        for Dependency { repository, .. } in &asked {
            let why = match url::parse(repository.as_bytes()) {
                Ok(address) if matches!(&address.scheme[..], b"http" | b"https" | b"oci") => continue,
                Ok(address) => {
                    let scheme = String::from_utf8_lossy(&address.scheme);
                    format!("could not find protocol handler for: {scheme}")
                }
                Err(_) => format!("invalid chart URL format: {repository}"),
            };
            self.print("Getting updates for unmanaged Helm repositories...\n".to_owned())?;
            return Err(Failure(why));
        }
        self.refuse_remote(declared)
    }

    /// What is said where Helm would look into an index that it has, and there is none.
    fn missing_index(&self, wanted: &Dependency) -> Option<Failure> {
        let cache = self.cache.as_ref().filter(|_| has_index(wanted))?;
        let name = format!("helm-manager-{}", sha256(wanted.repository.as_bytes()));
        let why = files::read(&join(cache, &format!("{name}-index.yaml"))).err()?;
        Some(Failure(format!("no cached repository for {name} found. (try 'helm repo update'): {why}")))
    }

    /// The entries of the new lock file. Source: `Resolve`.
    fn resolve(&mut self, declared: &List) -> Result<Vec<Dependency>, Failure> {
        let mut found = Vec::new();
        let mut without = Vec::new();
        for wanted in declared.iter().flatten() {
            let shown = String::from_utf8_lossy(&quote(wanted.name.as_bytes())).into_owned();
            let range = range(wanted, &shown).map_err(said_by_renderer)?;
            if wanted.repository.is_empty() {
                self.local_path(&join("charts", &wanted.name))?;
                found.push(locked(wanted, &wanted.version));
                continue;
            }
            if !wanted.repository.starts_with("file://") {
                if let Some(failure) = self.missing_index(wanted) {
                    return Err(failure);
                }
                // Of a registry that is asked for one version nothing is known yet, and others may fail first.
                let is_known = wanted.repository.starts_with(OCI) && Version::parse(&wanted.version).is_ok();
                if !is_known {
                    self.refuse_remote(declared)?;
                }
                found.push(locked(wanted, &wanted.version));
                continue;
            }
            let path = self.local_path(&wanted.repository)?;
            let chart = locate::directory_directly(&path, self.log)?;
            if takes(&range, &chart).map_err(said_by_renderer)? {
                found.push(locked(wanted, &chart.metadata.version));
            } else {
                without.push(unmatched(wanted));
            }
        }
        if without.is_empty() { Ok(found) } else { Err(said_by_renderer(no_versions(&without))) }
    }

    /// Packs every dependency beside the chart, then moves the archives into `charts/`. Source: `downloadAll`.
    fn save(&mut self, dependencies: &mut [Dependency]) -> Result<(), Failure> {
        let charts = join(self.path, "charts");
        match files::stat(&charts) {
            Ok(place) if !place.is_dir() => return Err(Failure(format!("{charts:?} is not a directory"))),
            Ok(_) => {}
            Err(_) if files::is_missing(&charts) => make_directories(&charts)?,
            Err(why) => {
                return Err(Failure(format!("unable to retrieve file info for '{charts}': {why}")));
            }
        }
        let beside = join(self.path, &format!("tmpcharts-{}", process::id()));
        make_directories(&beside)?;
        let outcome = self.pack(dependencies, &beside, &charts);
        // What cannot be taken away stays, as in Helm.
        let _ = fs::remove_dir_all(&beside);
        outcome
    }

    fn pack(&mut self, dependencies: &mut [Dependency], beside: &str, charts: &str) -> Result<(), Failure> {
        self.print(format!("Saving {} charts\n", dependencies.len()))?;
        for wanted in &mut *dependencies {
            let name = &wanted.name;
            let unsaved = if wanted.repository.is_empty() {
                self.print(format!(
                    "Dependency {name} did not declare a repository. Assuming it exists in the charts directory\n"
                ))?;
                self.check_unpacked(wanted, charts)?
            } else {
                if self.debug {
                    self.print(format!("Archiving {name} from repo {}\n", wanted.repository))?;
                }
                match self.archive(wanted, beside) {
                    Ok(version) => {
                        wanted.version = version;
                        None
                    }
                    Err(Failure(why)) => Some(why),
                }
            };
            if let Some(why) = unsaved {
                self.print(format!("Save error occurred:  {why}\n"))?;
                return Err(Failure(why));
            }
        }
        self.move_archives(dependencies, beside, charts)
    }

    /// Whether a chart in `charts/` is of the version that is asked for; the sentence when it is not.
    fn check_unpacked(&mut self, wanted: &Dependency, charts: &str) -> Result<Option<String>, Failure> {
        let Dependency { name, version, .. } = wanted;
        let path = join(charts, name);
        let chart = locate::directory_directly(&path, self.log)
            .map_err(|Failure(why)| format!("unable to load chart '{path}': {why}"))?;
        let range = range(wanted, name).map_err(said_by_renderer)?;
        let fits = takes(&range, &chart)
            .map_err(|error| format!("invalid version {version} for dependency {name}: {error}"))?;
        let own = &chart.metadata.version;
        Ok((!fits)
            .then(|| format!("dependency {name} at version {own} does not satisfy the constraint {version}")))
    }

    /// Packs the chart of a directory and gives its version. Source: `tarFromLocalDir`.
    fn archive(&mut self, wanted: &Dependency, beside: &str) -> Result<String, Failure> {
        let path = self.local_path(&wanted.repository)?;
        let mut chart = locate::directory_directly(&path, self.log)?;
        if let Some(epoch) = self.epoch {
            stamp(&mut chart, epoch);
        }
        let range = range(wanted, &wanted.name).map_err(said_by_renderer)?;
        if !takes(&range, &chart).map_err(said_by_renderer)? {
            return Err(Failure(format!("can't get a valid version for dependency {}", wanted.name)));
        }
        package::save(&chart, beside)?;
        Ok(chart.metadata.version)
    }

    /// Source: `safeMoveDeps`.
    fn move_archives(
        &mut self,
        dependencies: &[Dependency],
        beside: &str,
        charts: &str,
    ) -> Result<(), Failure> {
        let new = names(beside)?;
        let old = names(charts)?;
        let is_file = |directory: &str, name: &str| {
            fs::symlink_metadata(join(directory, name)).is_ok_and(|place| !place.is_dir())
        };
        for name in new.iter().filter(|name| is_file(beside, name)) {
            let from = join(beside, name);
            if let Err(Failure(why)) = locate::file_directly(&from, self.log) {
                self.print(format!("Could not verify {from} for moving: {why} (Skipping)"))?;
                continue;
            }
            let to = join(charts, name);
            if let Err(error) = fs::rename(&from, &to) {
                let why = format!("rename {from} {to}: {}", crate::tree::errno_words(&error));
                self.print(format!("Unable to move {from} to charts dir {why} (Skipping)"))?;
            }
        }
        self.print("Deleting outdated charts\n".to_owned())?;
        for name in old.iter().filter(|name| !new.contains(name) && is_file(charts, name)) {
            let path = join(charts, name);
            let chart = match locate::file_directly(&path, self.log) {
                Ok(chart) => chart,
                Err(Failure(why)) => {
                    self.print(format!("Could not verify {path} for deletion: {why} (Skipping)\n"))?;
                    continue;
                }
            };
            let is_local = |entry: &Dependency| entry.repository.is_empty() && entry.name == chart.name();
            if dependencies.iter().any(is_local) {
                continue;
            }
            if let Err(error) = fs::remove_file(&path) {
                let why = said("remove", path.as_ref(), &error);
                self.print(format!("Could not delete {path}: {why} (Skipping)"))?;
            }
        }
        Ok(())
    }

    fn write_lock(&self, lock: &Lock, is_v1: bool) -> Result<(), Failure> {
        let name = if is_v1 { "requirements.lock" } else { "Chart.lock" };
        let path = join(self.path, name);
        if let Ok(target) = fs::read_link(&path) {
            return Err(Failure(format!("the {name} file is a symlink to {target:?}")));
        }
        let text = yaml::write(&lock.to_yaml_value()).map_err(|error| error.to_string())?;
        Ok(files::overwrite(&path, text.as_bytes())?)
    }

    /// The directory that a `file://` address names. Source: `GetLocalPath`.
    fn local_path(&self, address: &str) -> Result<String, Failure> {
        let path = address.strip_prefix("file://").unwrap_or(address);
        let path = if path.starts_with('/') { absolute(path)? } else { join(self.path, path) };
        if files::is_missing(&path) {
            return Err(Failure(format!("directory {path} not found")));
        }
        files::stat(&path)?;
        Ok(path)
    }

    fn print(&self, text: String) -> Result<(), Failure> {
        if self.is_quiet { Ok(()) } else { print(text) }
    }
}
