//! `chartroom package`.
//!
//! Source: helm v4.3.1 `pkg/cmd/package.go`, `pkg/action/package.go`, `pkg/cmd/source_date_epoch.go`.

use std::{env, fs};

use renderer::Log;
use renderer::chart::Chart;
use renderer::package::{self, Package, source_date_epoch, stamp};

use crate::files::{self, absolute, directory, join, make_directories};
use crate::flags::Given;
use crate::locate::{self, said_by_renderer};
use crate::sign::Passphrase;
use crate::{Failure, dependency, print, settings, sign, tell, tls};

/// Runs the command.
pub(crate) fn run(given: &Given) -> Result<(), Failure> {
    if given.arguments.is_empty() {
        return Err("need at least one argument, the path to the chart".into());
    }
    let epoch = epoch()?;
    if given.is_on("sign") {
        if given.text("key").is_empty() {
            return Err("--key is required for signing a package".into());
        }
        if sign::keyring(given).is_empty() {
            return Err("--keyring is required for signing a package".into());
        }
    }
    tls::check(given)?;
    let mut passphrase = Passphrase::of(given);
    for argument in &given.arguments {
        let path = absolute(argument)?;
        files::stat(argument)?;
        let mut log = Vec::new();
        let outcome = one(&path, given, epoch, &mut passphrase, &mut log);
        tell(&mut log, settings::is_debug(given));
        print(format!("Successfully packaged chart and saved it to: {}\n", outcome?))?;
    }
    Ok(())
}

/// What `SOURCE_DATE_EPOCH` says, in seconds since 1970.
pub(crate) fn epoch() -> Result<Option<i64>, Failure> {
    match env::var("SOURCE_DATE_EPOCH") {
        Ok(text) if !text.is_empty() => source_date_epoch(&text).map(Some).map_err(said_by_renderer),
        _ => Ok(None),
    }
}

/// Packs one chart and gives the path of the archive.
fn one(
    path: &str,
    given: &Given,
    epoch: Option<i64>,
    passphrase: &mut Passphrase,
    log: &mut Vec<Log>,
) -> Result<String, Failure> {
    if given.is_on("dependency-update") {
        dependency::update_quietly(path, epoch, log)?;
    }
    let mut chart = locate::packed_directory(path, log)?;
    let version = given.text("version");
    if !version.is_empty() {
        chart.metadata.version = version.to_owned();
    }
    let app_version = given.text("app-version");
    if let Some(epoch) = epoch {
        stamp(&mut chart, epoch);
    }
    package::check(&chart).map_err(said_by_renderer)?;
    if !app_version.is_empty() {
        chart.metadata.app_version = app_version.to_owned();
    }
    let destination = match given.text("destination") {
        "." => absolute(".")?,
        "" if !given.has("destination") => absolute(".")?,
        destination => destination.to_owned(),
    };
    let saved = save(&chart, &destination).map_err(|Failure(why)| format!("failed to save: {why}"))?;
    if given.is_on("sign") {
        sign::sign(&saved, given, passphrase, log)?;
    }
    Ok(saved)
}

/// Writes the archive of a chart into a directory and gives its path.
pub(crate) fn save(chart: &Chart, destination: &str) -> Result<String, Failure> {
    match package::save(chart, files::now()) {
        Ok(package) => store(&package, destination),
        Err(error) => {
            let name = format!("{}-{}.tgz", chart.name(), chart.metadata.version);
            if error.code() != "chart-metadata-invalid" {
                // Helm finds out while it writes, and takes away what it has written.
                store(&Package { file_name: name.clone(), bytes: Vec::new() }, destination)?;
                let _ = fs::remove_file(join(destination, &name));
            }
            Err(said_by_renderer(error))
        }
    }
}

/// Writes an archive into a directory, which is made when it is missing, and gives its path.
pub(crate) fn store(package: &Package, destination: &str) -> Result<String, Failure> {
    let path = join(destination, &package.file_name);
    let beside = directory(&path);
    match files::stat(&beside) {
        Ok(place) if !place.is_dir() => return Err(Failure(format!("is not a directory: {beside}"))),
        Ok(_) => {}
        Err(_) if files::is_missing(&beside) => make_directories(&beside)?,
        Err(why) => return Err(Failure(format!("stat {beside}: {why}"))),
    }
    files::overwrite(&path, &package.bytes)?;
    Ok(path)
}
