//! `chartroom show`.
//!
//! Source: helm v4.3.1 `pkg/cmd/show.go`, `pkg/action/show.go`.

use renderer::Log;
use renderer::inspect::{self, Part};
use renderer::log::Level;

use crate::flags::Given;
use crate::locate::{self, said_by_renderer};
use crate::{Failure, print, settings, tell, tls};

pub(crate) fn all(given: &Given) -> Result<(), Failure> {
    show(given, Part::All)
}

pub(crate) fn chart(given: &Given) -> Result<(), Failure> {
    show(given, Part::Chart)
}

pub(crate) fn crds(given: &Given) -> Result<(), Failure> {
    show(given, Part::Crds)
}

pub(crate) fn readme(given: &Given) -> Result<(), Failure> {
    show(given, Part::Readme)
}

pub(crate) fn values(given: &Given) -> Result<(), Failure> {
    show(given, Part::Values)
}

fn show(given: &Given, part: Part) -> Result<(), Failure> {
    tls::check(given)?;
    let debug = settings::is_debug(given);
    let mut log =
        vec![Log::new(Level::Debug, "original chart version").with("version", given.text("version"))];
    if given.is_on("devel") && given.text("version").is_empty() {
        log.push(Log::new(Level::Debug, "setting version to >0.0.0-0"));
    }
    let located = locate::chart_path(&given.arguments[0], given, &mut log);
    let loaded = located.and_then(|path| locate::directly(&path.to_string_lossy(), &mut log));
    tell(&mut log, debug);
    print(inspect::show(&loaded?, part, given.text("jsonpath")).map_err(said_by_renderer)?)
}
