//! `chartroom version`: what this is, and which Helm it is like.

use renderer::HELM_VERSION;
use renderer::capabilities::{helm_build, helm_short};
use renderer::gotemplate::{Fuel, Host, Machine, TemplateSet, parse};
use renderer::source::SourceId;
use renderer::value::Text;

use crate::flags::Given;
use crate::{Failure, print};

/// Runs the command. Whoever asks with `--template` or `--short` is a program that wants to know how a Helm behaves.
pub(crate) fn run(given: &Given) -> Result<(), Failure> {
    let template = given.text("template");
    if !template.is_empty() {
        return print(filled(template)?);
    }
    if given.is_on("short") {
        return print(format!("{}\n", helm_short()));
    }
    print(format!("chartroom {}, as helm {HELM_VERSION}\n", env!("CARGO_PKG_VERSION")))
}

struct Nobody;

impl Host for Nobody {}

fn filled(template: &str) -> Result<Text, Failure> {
    let funcs = renderer::gotemplate::FuncMap::default();
    let name = Text::from("_");
    let (file, errors) = parse(&name, SourceId(0), &Text::from(template), &funcs);
    if let Some(error) = errors.first() {
        return Err(Failure(error.to_string()));
    }
    let mut set = TemplateSet::new();
    set.add(&file);
    let mut machine = Machine::new(&set, &funcs, |_, _| None);
    machine
        .execute(&name, helm_build(), &mut Nobody, &mut Fuel::endless())
        .map_err(|error| Failure(error.to_string()))
}
