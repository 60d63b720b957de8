//! `chartroom verify`.
//!
//! Source: helm v4.3.1 `pkg/cmd/verify.go`, `pkg/action/verify.go`; `pkg/downloader/chart_downloader.go`, `VerifyChart`.

use renderer::package::provenance::check;

use crate::files::{self, base};
use crate::flags::Given;
use crate::locate::said_by_renderer;
use crate::{Failure, print, sign};

/// Runs the command.
pub(crate) fn run(given: &Given) -> Result<(), Failure> {
    print(chart(&given.arguments[0], &sign::keyring(given))?)
}

/// What is known of the signature of the archive at `path`, as lines; an error when it is not right.
pub(crate) fn chart(path: &str, keyring: &str) -> Result<String, Failure> {
    if files::stat(path)?.is_dir() {
        return Err("unpacked charts cannot be verified".into());
    }
    provenance::check_archive_name(base(path)).map_err(said)?;
    let provenance_file = format!("{path}.prov");
    files::stat(&provenance_file)
        .map_err(|why| format!("could not load provenance file {provenance_file}: {why}"))?;
    let keys = sign::read_keyring(keyring).map_err(|why| said(provenance::keyring_not_loaded(why)))?;
    let archive = files::read(path).map_err(|why| format!("failed to read chart archive: {why}"))?;
    let text =
        files::read(&provenance_file).map_err(|why| format!("failed to read provenance file: {why}"))?;
    let signed = provenance::verify(&text, &keys, files::now() / 1_000_000_000).map_err(said)?;
    let sum = check(&signed.text, &archive, base(path)).map_err(said_by_renderer)?;
    Ok(signed.report(&sum))
}

fn said(error: provenance::Error) -> Failure {
    Failure(error.to_string())
}
