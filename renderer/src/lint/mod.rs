//! `helm lint`: what a person should look at before a chart is used.
//!
//! Each file holds the rules of one of Helm's, in the order in which Helm runs them.
//!
//! Source: helm v4.3.1 `pkg/chart/v2/lint`.

mod address;
mod chartfile;
mod crds;
mod dependencies;
mod deprecations;
mod names;
mod objects;
mod templates;
mod values;

use std::fmt;

use gotemplate::{Fuel, FuncMap};
use value::{Map, Text};

use crate::capabilities::KubeVersion;
use crate::chart::load::decode_for_lint;
use crate::chart::load::walk::{Kind, Look, Tree, walk};
use crate::chart::{Chart, File, load};
use crate::log::Log;
use crate::problem::Severity;
use crate::render::ParseCache;
use crate::show::quote;
use crate::values::SchemaCache;
use crate::world::World;
use crate::{Error, chart};

/// One finding.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Message {
    /// How grave it is.
    pub severity: Severity,
    /// What it is about, as Helm names it: `Chart.yaml`, `templates/`, a path, or nothing.
    pub path: String,
    /// The rule, stable and in kebab case.
    pub code: &'static str,
    /// The sentence.
    pub text: String,
}

impl fmt::Display for Message {
    /// `[WARNING] templates/x.yaml: …`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Info => "INFO",
            Severity::Warning => "WARNING",
            Severity::Error => "ERROR",
        };
        write!(f, "[{severity}] {}: {}", self.path, self.text)
    }
}

/// What a lint is told.
#[derive(Clone, Debug)]
pub struct Settings<'a> {
    /// The chart's directory; it stands in sentences only.
    pub root: &'a str,
    /// The user's values.
    pub user: &'a Map,
    /// Namespace.
    pub namespace: &'a str,
    /// `--kube-version`
    pub kube_version: Option<&'a KubeVersion>,
    /// `--skip-schema-validation`
    pub skip_schema: bool,
}

impl Settings<'_> {
    /// The absolute path of a file of the chart.
    fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.root.trim_end_matches('/'))
    }
}

/// What a lint works with.
pub struct Tools<'a> {
    /// The functions of `functions::table(Mode::Lint)`.
    pub funcs: &'a FuncMap,
    /// Parsed files of earlier lints.
    pub cache: &'a mut ParseCache,
    /// Schemas of earlier checks.
    pub schemas: &'a mut SchemaCache,
    /// The world.
    pub world: &'a mut dyn World,
    /// Log lines, in Helm's order.
    pub log: &'a mut Vec<Log>,
    /// What one template may spend.
    pub fuel: Fuel,
    /// Asked before each template, with its path, whether to run it.
    pub watch: &'a mut dyn FnMut(&str) -> bool,
}

/// Runs every rule of Helm over the chart in `tree`.
///
/// Shape: messages in the order in which Helm prints them.
///
/// Cost: the chart is loaded once and rendered once.
pub fn lint(tree: &impl Tree, settings: &Settings<'_>, tools: &mut Tools<'_>) -> Vec<Message> {
    let mut linter = Linter { messages: Vec::new() };
    let chart_yaml = look(tree, "Chart.yaml");
    chartfile::check(&mut linter, &chart_yaml, settings);
    values::check(&mut linter, tree, settings, tools);
    let loaded = Loaded::new(tree, settings.root);
    templates::check(&mut linter, tree, &loaded, settings, tools);
    dependencies::check(&mut linter, loaded.chart(tools.log), settings.root);
    crds::check(&mut linter, tree, &loaded, tools.log);
    linter.messages
}

/// The name that a chart's archive gives its directory when `helm lint` unpacks it.
///
/// # Errors
/// Helm's sentence for an archive that it does not unpack.
///
/// Source: helm v4.3.1 `pkg/chart/v2/util/expand.go`, `Expand`.
pub fn directory_of_archive(files: &[File]) -> Result<String, String> {
    let mut name = String::new();
    for file in files.iter().filter(|file| &*file.name == "Chart.yaml") {
        let metadata = decode_for_lint(&file.data, false);
        name = metadata.map_err(|why| format!("cannot load Chart.yaml: {why}"))?.name;
    }
    match name.as_str() {
        "" => Err("chart name not specified".to_owned()),
        "." | ".." => Err(format!("chart name {} is not allowed", quote(&name))),
        _ if name.contains('/') => {
            Err(format!("chart name {} must not contain path separators", quote(&name)))
        }
        _ => Ok(name),
    }
}

/// The chart, and what the log says each time that it is loaded: Helm loads it once for each group of rules.
struct Loaded {
    chart: Result<Chart, Error>,
    log: Vec<Log>,
}

impl Loaded {
    fn new(tree: &impl Tree, root: &str) -> Self {
        let mut log = Vec::new();
        Self { chart: load_directly(tree, root, &mut log), log }
    }

    fn chart(&self, log: &mut Vec<Log>) -> &Result<Chart, Error> {
        log.extend_from_slice(&self.log);
        &self.chart
    }
}

/// Loads the chart of a directory as `lint` and `show` do: any `apiVersion`.
///
/// # Errors
/// Those of the walk and the loader.
fn load_directly(tree: &impl Tree, root: &str, log: &mut Vec<Log>) -> Result<Chart, Error> {
    let walked = walk(root, tree, log)?;
    load(walked.files, log)
}

/// What stands at a path of the chart's directory.
enum Found {
    Directory,
    File(Result<Text, String>),
    /// Nothing, or nothing that can be looked at, and why.
    Missing(String),
}

fn look(tree: &impl Tree, path: &str) -> Found {
    match tree.look(path) {
        Look::Found(place) if place.kind == Kind::Directory => Found::Directory,
        Look::Found(_) => Found::File(tree.read(path, chart::MAX_CHART_BYTES).map(Text::from)),
        Look::Broken(why) | Look::Failed(why) => Found::Missing(why),
    }
}

struct Linter {
    messages: Vec<Message>,
}

impl Linter {
    /// Notes what a rule found; gives whether it found nothing.
    fn rule(&mut self, severity: Severity, code: &'static str, path: &str, found: Option<String>) -> bool {
        let fine = found.is_none();
        self.messages.extend(found.map(|text| Message { severity, path: path.to_owned(), code, text }));
        fine
    }
}
