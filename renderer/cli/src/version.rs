//! `chartroom version`: what this is, and which Helm it is like.

use renderer::HELM_VERSION;
use renderer::capabilities::{helm_build, helm_short};
use renderer::gotemplate::{FuncMap, Nobody};

use crate::flags::Given;
use crate::snippet::printed;
use crate::{Failure, print};

/// Runs the command. Whoever asks with `--template` or `--short` is a program that wants to know how a Helm behaves.
pub(crate) fn run(given: &Given) -> Result<(), Failure> {
    let template = given.text("template");
    if !template.is_empty() {
        return print(printed(&mut Nobody, "_", template, &FuncMap::default(), helm_build())?);
    }
    if given.is_on("short") {
        return print(format!("{}\n", helm_short()));
    }
    print(format!("chartroom {}, as helm {HELM_VERSION}\n", env!("CARGO_PKG_VERSION")))
}
