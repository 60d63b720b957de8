//! The one stateful type: a chart under edit, and what it renders to.
//!
//! A session is a replica. Whoever owns the files can throw it away and fill a new one at any time.

mod body;
mod submission;

use std::collections::BTreeMap;
use std::ops::Range;

use gotemplate::{Fuel, FuncMap};
use release::manifest::DocumentCache;
use value::{Map, Text};

use crate::capabilities::{Capabilities, KubeVersion};
use crate::chart::load::walk::{Files, walk};
use crate::chart::{Chart, File, Ignored, detect, load};
use crate::lint;
use crate::log::{Level, Log};
use crate::package::{Package, package};
use crate::problem::{Problem, Severity, place_of_line};
use crate::render::{
    self, Document, Engine, Fault, Mode, OutputOptions, ParseCache, Release, Rendered, Unrecorded, assemble,
    prepare,
};
use crate::values::{SchemaCache, Sets, ValuesFile, user_values};
use crate::world::{Asked, Heard, Kind, Preview, World};
use crate::{Error, functions};

pub use submission::{ChartRecord, Part, Submission, Turn};

/// What one template of a preview may spend before it is stopped. A guess: about a second of a browser's time, or 320 MB.
pub const PREVIEW_FUEL: u64 = 40_000_000;

/// A change of what a session holds.
#[derive(Clone, Debug)]
pub enum Change {
    /// Forgets every file.
    Clear,
    /// What a live cluster can do, in place of what Helm knows without one; `None`: no cluster.
    Cluster(Option<Capabilities>),
    /// Puts a file there, or another text into it.
    PutFile {
        /// Path below the chart's directory, with `/`.
        path: String,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Takes a file away.
    RemoveFile {
        /// Its path.
        path: String,
    },
    /// Other settings.
    Settings(Settings),
}

/// Which `--set` option an argument belongs to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SetKind {
    /// `--set-file`, whose file is one of the session's.
    File,
    /// `--set-json`
    Json,
    /// `--set-literal`
    Literal,
    /// `--set-string`
    Str,
    /// `--set`
    Typed,
}

/// What the command line of `helm template` would say.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Settings {
    /// Name of the release.
    pub release_name: String,
    /// Namespace.
    pub namespace: String,
    /// `--kube-version`
    pub kube_version: Option<String>,
    /// `--api-versions`
    pub api_versions: Vec<String>,
    /// `--is-upgrade`
    pub is_upgrade: bool,
    /// `--include-crds`
    pub include_crds: bool,
    /// `-f`: paths of values files among the session's files, weakest first.
    pub values_files: Vec<String>,
    /// `--set` and its kin.
    pub set: Vec<(SetKind, String)>,
    /// Paths of templates that are not to be run, because they never ended.
    pub set_aside: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            release_name: "release-name".to_owned(),
            namespace: "default".to_owned(),
            kube_version: None,
            api_versions: Vec::new(),
            is_upgrade: false,
            include_crds: false,
            values_files: Vec::new(),
            set: Vec::new(),
            set_aside: Vec::new(),
        }
    }
}

/// What the chart says of itself.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ChartSummary {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Version of the application; can be empty.
    pub app_version: String,
    /// One sentence; can be empty.
    pub description: String,
}

/// Why a template's file has no documents.
#[derive(Clone, Debug)]
pub struct Failed {
    /// `chart/templates/x.yaml`, as a `# Source:` line would name it.
    pub source: String,
    /// Path of the file in the session.
    pub path: String,
    /// Helm's sentence.
    pub message: String,
    /// Whether it was set aside instead of run.
    pub set_aside: bool,
}

/// What a session renders to.
#[derive(Clone, Debug, Default)]
pub struct Update {
    /// Exactly what `helm template` prints; where Helm would stop at an error, what it would print without the files at fault.
    pub manifests: Vec<u8>,
    /// The documents in `manifests`, in order.
    pub documents: Vec<Document>,
    /// Templates that gave no documents because of an error, by path.
    pub failed: Vec<Failed>,
    /// The notes of the root chart.
    pub notes: Option<Vec<u8>>,
    /// What is wrong: errors of the render first, in Helm's order, then findings of lint.
    pub problems: Vec<Problem>,
    /// What the chart says of itself; `None` while it cannot be loaded.
    pub chart: Option<ChartSummary>,
    /// Files that are not part of the chart, and the rule that keeps each out.
    pub ignored: Vec<Ignored>,
    /// Helm's log lines.
    pub log: Vec<Log>,
    /// How many templates were run.
    pub templates_run: usize,
    /// Whether the manifests are those of the real world.
    pub world: Kind,
    /// What the templates asked the world; lint does not count.
    pub asked: Asked,
}

/// A chart under edit.
pub struct Session {
    files: BTreeMap<String, Text>,
    settings: Settings,
    cluster: Option<Capabilities>,
    funcs: FuncMap,
    lint_funcs: FuncMap,
    parses: ParseCache,
    lint_parses: ParseCache,
    schemas: SchemaCache,
    documents: DocumentCache,
    world: Box<dyn World>,
    fuel: Fuel,
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

impl Session {
    /// An empty session in a [`Preview`].
    pub fn new() -> Self {
        Self::in_world(Box::new(Preview::default()), Fuel::limited(PREVIEW_FUEL))
    }

    /// An empty session in another world, with `fuel` for each template.
    pub fn in_world(world: Box<dyn World>, fuel: Fuel) -> Self {
        Self {
            files: BTreeMap::new(),
            settings: Settings::default(),
            cluster: None,
            funcs: functions::table(Mode::Template),
            lint_funcs: functions::table(Mode::Lint),
            parses: ParseCache::default(),
            lint_parses: ParseCache::default(),
            schemas: SchemaCache::default(),
            documents: DocumentCache::default(),
            world,
            fuel,
        }
    }

    /// Renders in another world from now on.
    pub fn set_world(&mut self, world: Box<dyn World>) {
        self.world = world;
    }

    /// Takes a change; nothing is rendered before [`Session::update`].
    pub fn apply(&mut self, change: Change) {
        match change {
            Change::Clear => self.files.clear(),
            Change::Cluster(cluster) => self.cluster = cluster,
            Change::PutFile { path, bytes } => {
                self.files.insert(path, Text::from(bytes));
            }
            Change::RemoveFile { path } => {
                self.files.remove(&path);
            }
            Change::Settings(settings) => self.settings = settings,
        }
    }

    /// Renders what is there now. `progress` is called before each template with its path, for the render and again for
    /// lint, and with nothing between the two.
    ///
    /// Cost: what changed is parsed and read again, every template is run.
    pub fn update(&mut self, progress: &mut dyn FnMut(&str)) -> Update {
        let mut update = Update { world: self.world.kind(), ..Update::default() };
        if let Err(error) = self.render(&mut update, progress) {
            let problem = self.problem_of(&error);
            update.problems.insert(0, problem);
        }
        // What comes between two templates is nobody's fault.
        progress("");
        let findings = self.lint(&update.problems, progress);
        update.problems.extend(findings);
        update
    }

    /// What `helm package` would write of what is there now. `now`: see [`package`](crate::package::package).
    ///
    /// # Errors
    /// Those of loading and of [`package`](crate::package::package).
    pub fn package(&self, now: i64) -> Result<Package, Error> {
        package(&self.load(&mut Update::default())?, now)
    }

    fn render(&mut self, update: &mut Update, progress: &mut dyn FnMut(&str)) -> Result<(), Error> {
        let mut chart = self.load(update)?;
        update.chart = Some(ChartSummary {
            name: chart.name().to_owned(),
            version: chart.metadata.version.clone(),
            app_version: chart.metadata.app_version.clone(),
            description: chart.metadata.description.clone(),
        });
        let user = self.user_values()?;
        let values = self.prepare(&mut chart, &user, &mut update.log)?;
        let capabilities = self.capabilities()?;
        render::check_kube_version(&chart, &capabilities)?;
        let settings = &self.settings;
        let release =
            Release::first(settings.release_name.as_str(), settings.namespace.as_str(), settings.is_upgrade);
        let mut world = Heard { world: &mut *self.world, asked: Asked::default() };
        let mut engine = Engine {
            funcs: &self.funcs,
            cache: &mut self.parses,
            world: &mut world,
            log: &mut update.log,
            fuel: self.fuel,
            stop_at_first: false,
            trace: Unrecorded,
        };
        let mut watch = |path: &str| {
            if settings.set_aside.iter().any(|aside| aside == path) {
                return false;
            }
            update.templates_run += 1;
            progress(path);
            true
        };
        let rendered = engine.render(&chart, &values, &release, &capabilities, &mut watch);
        update.asked = world.asked;
        self.show(&chart, &rendered, update);
        Ok(())
    }

    /// What Helm checks before it looks at the cluster, and the values that templates see.
    fn prepare(&mut self, chart: &mut Chart, user: &Map, log: &mut Vec<Log>) -> Result<Map, Error> {
        render::check_installable(chart, log)?;
        render::check_release_name(&self.settings.release_name, log)?;
        prepare(chart, user, Some(&mut self.schemas), log)
    }

    /// Documents, notes and problems of a run.
    fn show(&mut self, chart: &Chart, rendered: &Rendered, update: &mut Update) {
        let first = rendered.first_fault().map(|(file, _)| file.name.clone());
        for file in &rendered.files {
            match &file.result {
                Some(Err(fault)) => {
                    let is_first = first.as_ref() == Some(&file.name);
                    update.problems.extend(self.problems_of(rendered, file, fault, is_first));
                    let failed = Failed {
                        source: file.name.to_string(),
                        path: file.path.to_string(),
                        message: fault.message(),
                        set_aside: false,
                    };
                    update.failed.push(failed);
                }
                None if self.settings.set_aside.iter().any(|aside| **aside == *file.path) => {
                    update.failed.push(Failed {
                        source: file.name.to_string(),
                        path: file.path.to_string(),
                        message: "this template did not end and was set aside".to_owned(),
                        set_aside: true,
                    });
                }
                _ => {}
            }
        }
        update.notes = rendered.notes(chart).map(|text| text.as_bytes().to_vec());
        let (sorted, unreadable) = rendered.documents(&mut self.documents);
        for hook in &sorted.unknown_hooks {
            update.log.push(
                Log::new(Level::Info, "skipping unknown hooks").with("hookTypes", hook.events.as_str()),
            );
        }
        for (at, error) in unreadable.iter().enumerate() {
            let path = rendered
                .files
                .iter()
                .find(|file| file.name == error.path)
                .map_or_else(String::new, |file| file.path.to_string());
            update.problems.push(Problem {
                severity: Severity::Error,
                code: "manifest-not-yaml",
                message: error.to_string(),
                file: Some(path.clone()),
                range: None,
                helm_first: at == 0 && first.is_none(),
                hint: Some(
                    "look at the rendered text: indentation and quotes are the usual causes".to_owned(),
                ),
            });
            update.failed.push(Failed {
                source: error.path.to_string(),
                path,
                message: error.to_string(),
                set_aside: false,
            });
        }
        update.failed.sort_by(|a, b| a.source.cmp(&b.source));
        let options = OutputOptions { include_crds: self.settings.include_crds, ..OutputOptions::default() };
        let output = assemble(chart, &sorted, options);
        update.manifests = output.text.as_bytes().to_vec();
        update.documents = output.documents;
    }

    fn load(&self, update: &mut Update) -> Result<Chart, Error> {
        let tree = self.tree();
        let Some(chart_yaml) = self.files.get("Chart.yaml") else {
            return Err(Error::new("chart-yaml-missing", "Chart.yaml file is missing").at("Chart.yaml", None));
        };
        detect(chart_yaml)?;
        let walked = walk("", &tree, &mut update.log)?;
        update.ignored = walked.ignored;
        load(walked.files, &mut update.log)
    }

    fn user_values(&self) -> Result<Map, Error> {
        let mut files = Vec::new();
        for path in &self.settings.values_files {
            let Some(text) = self.files.get(path) else {
                let message = format!("open {path}: no such file or directory");
                return Err(Error::new("values-file-missing", message).at(path.as_str(), None));
            };
            files.push(ValuesFile { name: path.clone(), data: text.clone() });
        }
        let mut sets = Sets::default();
        for (kind, argument) in &self.settings.set {
            let list = match kind {
                SetKind::File => &mut sets.file,
                SetKind::Json => &mut sets.json,
                SetKind::Literal => &mut sets.literal,
                SetKind::Str => &mut sets.string,
                SetKind::Typed => &mut sets.typed,
            };
            list.push(argument.clone());
        }
        let mut read = |path: &str| match self.files.get(path) {
            Some(text) => Ok(text.clone()),
            None => Err(format!("open {path}: no such file or directory")),
        };
        user_values(&files, &sets, &mut read)
    }

    fn capabilities(&self) -> Result<Capabilities, Error> {
        let mut capabilities = self.cluster.clone().unwrap_or_default();
        if let Some(version) = self.settings.kube_version.as_ref().filter(|version| !version.is_empty()) {
            capabilities.kube_version = KubeVersion::parse(version).map_err(|why| {
                Error::new("kube-version-invalid", format!("invalid kube version '{version}': {why}"))
            })?;
        }
        capabilities.api_versions.extend(self.settings.api_versions.iter().cloned());
        Ok(capabilities)
    }

    /// The findings of `helm lint` that the render has not told already.
    fn lint(&mut self, told: &[Problem], progress: &mut dyn FnMut(&str)) -> Vec<Problem> {
        let Ok(user) = self.user_values() else { return Vec::new() };
        let tree = self.tree();
        let capabilities = self.capabilities().unwrap_or_default();
        let settings = lint::Settings {
            root: "",
            user: &user,
            namespace: &self.settings.namespace,
            kube_version: Some(&capabilities.kube_version),
            skip_schema: false,
        };
        let mut tools = lint::Tools {
            funcs: &self.lint_funcs,
            cache: &mut self.lint_parses,
            schemas: &mut self.schemas,
            world: &mut *self.world,
            log: &mut Vec::new(),
            fuel: self.fuel,
            watch: &mut |path| {
                let runs = !self.settings.set_aside.iter().any(|aside| aside == path);
                if runs {
                    progress(path);
                }
                runs
            },
        };
        let messages = lint::lint(&tree, &settings, &mut tools);
        let is_known = |path: &str| self.files.contains_key(path);
        messages
            .into_iter()
            .filter(|message| !told.iter().any(|problem| problem.says(&message.text)))
            .map(|message| Problem {
                severity: message.severity,
                code: message.code,
                file: is_known(&message.path).then_some(message.path),
                message: message.text,
                range: None,
                helm_first: false,
                hint: None,
            })
            .collect()
    }

    fn tree(&self) -> Files {
        Files::new(self.files.iter().map(|(path, text)| File::new(path.as_str(), text.clone())))
    }

    /// A problem of an error before any template ran.
    fn problem_of(&self, error: &Error) -> Problem {
        let range = match (error.file(), error.line()) {
            (Some(file), Some(line)) => {
                self.files.get(file).and_then(|text| place_of_line(text.as_bytes(), line))
            }
            _ => None,
        };
        Problem {
            severity: Severity::Error,
            code: error.code(),
            message: error.message().to_owned(),
            file: error.file().map(str::to_owned),
            range,
            helm_first: true,
            hint: None,
        }
    }

    fn problems_of(
        &self,
        rendered: &Rendered,
        file: &render::File,
        fault: &Fault,
        is_first: bool,
    ) -> Vec<Problem> {
        let problem = |code, message, file: &render::File, range, helm_first| Problem {
            severity: Severity::Error,
            code,
            message,
            file: Some(file.path.to_string()),
            range,
            helm_first,
            hint: None,
        };
        let of = |start: u32, end: u32| -> Option<Range<u32>> { Some(start..end) };
        match fault {
            Fault::Syntax(errors) => errors
                .iter()
                .enumerate()
                .map(|(at, error)| {
                    let range = of(error.span.start, error.span.end);
                    let message = if at == 0 { fault.message() } else { error.message.clone() };
                    problem("template-syntax", message, file, range, is_first && at == 0)
                })
                .collect(),
            Fault::Run(error) => {
                let code = if fault.is_out_of_fuel() { "template-too-costly" } else { "template-execution" };
                let span = error.span();
                // The text of a `tpl` is no file: then the error is shown where the file calls it.
                let own = |span: &source::Span| rendered.files.iter().find(|file| file.source == span.source);
                let place = span.as_ref().and_then(own).unwrap_or(file);
                let range = span.filter(|span| span.source == place.source);
                let range = range.and_then(|span| of(span.start, span.end));
                vec![problem(code, fault.message(), place, range, is_first)]
            }
        }
    }
}
