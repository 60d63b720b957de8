//! What a deploy sends: the documents of one last render, and what a release record keeps of the chart.
//!
//! Source: helm v4.3.1 `pkg/action/install.go`, `pkg/release/v1/release.go`, `pkg/chart/v2/chart.go`.

use std::rc::Rc;

use value::json::{Style, encode};
use value::{Text, Value};

use super::{Session, Update};
use crate::capabilities::Capabilities;
use crate::chart::{Chart, File};
use crate::problem::{Problem, Severity};
use crate::render::{self, Engine, Release, Unrecorded};
use crate::{Error, Log};

/// Which revision a submission is to become.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Turn {
    /// Its number, from 1.
    pub revision: i64,
    /// Whether a release of this name is there.
    pub is_upgrade: bool,
}

/// A text and the file it belongs to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Part {
    /// `chart/templates/x.yaml`; of a chart's own file, its path in the chart.
    pub name: Rc<str>,
    /// The text.
    pub text: Text,
}

/// What a release record keeps of a chart: the root chart alone. Texts of values are JSON as Go writes it.
#[derive(Clone, Debug, Default)]
pub struct ChartRecord {
    /// `Chart.yaml`, as JSON; dependencies say whether they were enabled.
    pub metadata: Text,
    /// The default values after dependencies were processed, as JSON.
    pub values: Text,
    /// `Chart.lock`, as JSON.
    pub lock: Option<Text>,
    /// `values.schema.json`, as it is.
    pub schema: Option<Text>,
    /// The templates, in load order.
    pub templates: Vec<Part>,
    /// All other files but values, schema, lock and `Chart.yaml`, in load order.
    pub files: Vec<Part>,
}

/// One render, ready to be sent to a cluster.
#[derive(Clone, Debug, Default)]
pub struct Submission {
    /// What the record keeps of the chart.
    pub chart: ChartRecord,
    /// The user's values, as JSON.
    pub config: Text,
    /// Every document without its `---` and `# Source:` lines: manifests in install order, then hooks.
    pub documents: Vec<Part>,
    /// The files of `crds/`, those of dependencies included.
    pub crds: Vec<Part>,
    /// The notes of the root chart.
    pub notes: Text,
    /// Helm's log lines.
    pub log: Vec<Log>,
}

impl Session {
    /// Renders once more, all or nothing: the documents, and what the record of the release keeps.
    ///
    /// Shape: without `--kube-version` and `--api-versions`, which a deploy has not: `capabilities` are those of the cluster
    /// that it goes to, whatever [`Session::update`] shows. Nothing is linted.
    ///
    /// # Errors
    /// The one error at which Helm stops; a template that was set aside cannot be deployed either.
    pub fn submission(
        &mut self,
        turn: Turn,
        capabilities: &Capabilities,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Submission, Box<Problem>> {
        if let Some(path) = self.settings.set_aside.first() {
            return Err(Box::new(Problem {
                severity: Severity::Error,
                code: "template-set-aside",
                message: format!("{path} was set aside because it did not end: it cannot be deployed"),
                file: Some(path.clone()),
                range: None,
                helm_first: false,
                hint: Some("change the template, or run it again".to_owned()),
            }));
        }
        let mut log = Vec::new();
        let found = self.submit(turn, capabilities, &mut log, progress);
        let mut submission = found.map_err(|stop| match stop {
            Stop::Before(error) => Box::new(self.problem_of(&error)),
            Stop::Fault(problem) => problem,
        })?;
        submission.log = log;
        Ok(submission)
    }

    fn submit(
        &mut self,
        turn: Turn,
        capabilities: &Capabilities,
        log: &mut Vec<Log>,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Submission, Stop> {
        let mut loaded = Update::default();
        let mut chart = self.load(&mut loaded)?;
        log.append(&mut loaded.log);
        let user = self.user_values()?;
        let config = json(Value::Map(user.clone()))?;
        let values = self.prepare(&mut chart, &user, log)?;
        // Before any template runs: a template may change the maps it is given.
        let record = record(&chart)?;
        render::check_kube_version(&chart, capabilities)?;
        let release = Release {
            name: self.settings.release_name.clone(),
            namespace: self.settings.namespace.clone(),
            revision: turn.revision,
            is_install: !turn.is_upgrade,
            is_upgrade: turn.is_upgrade,
        };
        let mut engine = Engine {
            funcs: &self.funcs,
            cache: &mut self.parses,
            world: &mut *self.world,
            log,
            fuel: self.fuel,
            stop_at_first: true,
            trace: Unrecorded,
        };
        let mut watch = |path: &str| {
            progress(path);
            true
        };
        let rendered = engine.render(&chart, &values, &release, capabilities, &mut watch);
        if let Some((file, fault)) = rendered.first_fault() {
            let problem = self.problems_of(&rendered, file, fault, true).into_iter().next();
            return Err(Stop::Fault(Box::new(
                problem.unwrap_or_else(|| self.problem_of(&Error::new("template-syntax", fault.message()))),
            )));
        }
        let (sorted, unreadable) = rendered.documents(&mut self.documents);
        if let Some(error) = unreadable.first() {
            return Err(Stop::Before(Error::new("manifest-not-yaml", error.to_string())));
        }
        let manifests = sorted.manifests.iter().map(|manifest| (&manifest.path, &manifest.content));
        let hooks = sorted.hooks.iter().map(|hook| (&hook.path, &hook.content));
        Ok(Submission {
            chart: record,
            config,
            documents: manifests
                .chain(hooks)
                .map(|(path, content)| Part { name: path.clone(), text: content.clone() })
                .collect(),
            crds: chart
                .crds()
                .into_iter()
                .map(|crd| Part { name: crd.full_name.into(), text: crd.file.data.clone() })
                .collect(),
            notes: rendered.notes(&chart).cloned().unwrap_or_default(),
            log: Vec::new(),
        })
    }
}

/// Why there is nothing to send.
enum Stop {
    Before(Error),
    Fault(Box<Problem>),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Before(error)
    }
}

fn record(chart: &Chart) -> Result<ChartRecord, Error> {
    let parts = |files: &[File]| {
        files.iter().map(|file| Part { name: file.name.clone(), text: file.data.clone() }).collect()
    };
    Ok(ChartRecord {
        metadata: json(chart.metadata.to_yaml_value())?,
        values: json(Value::Map(chart.values.clone()))?,
        lock: chart.lock.as_ref().map(|lock| json(lock.to_yaml_value())).transpose()?,
        schema: chart.schema.as_ref().map(|file| file.data.clone()),
        templates: parts(&chart.templates),
        files: parts(&chart.files),
    })
}

fn json(value: Value) -> Result<Text, Error> {
    encode(&value, Style::COMPACT).map_err(|error| Error::new("record-not-json", error.message()))
}
