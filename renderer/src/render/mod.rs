//! From a chart and values to rendered files: `pkg/engine`, and the part of `pkg/action` around it.
//!
//! Source: helm v4.3.1 `pkg/engine/engine.go`, `pkg/action/install.go`, `pkg/chart/common/util/values.go`.

mod checks;
mod error;
mod output;
mod scope;
mod trace;

use std::collections::HashMap;
use std::rc::Rc;

use gotemplate::{ExecError, FuncMap, Machine, ParseError, ParsedFile, TemplateSet, without_no_value};
use release::manifest::{self, DocumentCache, Sorted};
use source::{SourceId, Span};
use value::{Map, Text};

use crate::capabilities::Capabilities;
use crate::chart::Chart;
use crate::functions::values;
use crate::log::{Level, Log};
use crate::values::{SchemaCache, coalesce, process_dependencies, validate};
use crate::world::World;
use crate::{Error, functions};

pub use checks::{
    check_api_version, check_dependencies, check_installable, check_kind, check_kube_version,
    check_release_name,
};
pub use functions::Mode;
pub use gotemplate::Fuel;
pub use output::{Document, Output, OutputOptions, assemble, show_only};
pub use trace::{Place, Read, Recorder, Root, Trace, Unrecorded, Write};

/// What a template learns of the release: `.Release`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Release {
    /// Name.
    pub name: String,
    /// Namespace.
    pub namespace: String,
    /// Number of the revision: 1 when installing, 0 when linting.
    pub revision: i64,
    /// Whether this is an installation.
    pub is_install: bool,
    /// Whether this is an upgrade.
    pub is_upgrade: bool,
}

impl Release {
    /// A first revision.
    pub fn first(name: impl Into<String>, namespace: impl Into<String>, is_upgrade: bool) -> Self {
        Self {
            name: name.into(),
            namespace: namespace.into(),
            revision: 1,
            is_install: !is_upgrade,
            is_upgrade,
        }
    }

    /// The release of `helm lint`.
    pub fn lint(namespace: impl Into<String>) -> Self {
        Self {
            name: "test-release".to_owned(),
            namespace: namespace.into(),
            revision: 0,
            is_install: false,
            is_upgrade: false,
        }
    }

    fn to_map(&self) -> Map {
        let map = Map::new();
        map.insert("Name", self.name.as_str());
        map.insert("Namespace", self.namespace.as_str());
        map.insert("IsUpgrade", self.is_upgrade);
        map.insert("IsInstall", self.is_install);
        map.insert("Revision", self.revision);
        map.insert("Service", "Helm");
        map
    }
}

/// The end of a name of files whose text is notes, not manifests.
pub const NOTES: &str = "NOTES.txt";

/// Makes the values that templates see: dependencies switched and renamed (in `chart`), imports taken, defaults under the
/// user's values, everything checked against the schemas; without a cache for those, nothing is checked.
///
/// # Errors
/// Helm's sentence.
pub fn prepare(
    chart: &mut Chart,
    user: &Map,
    schemas: Option<&mut SchemaCache>,
    log: &mut Vec<Log>,
) -> Result<Map, Error> {
    if let Err(error) = process_dependencies(chart, user, log) {
        const FAILED: &str = "chart dependencies processing failed";
        log.push(Log::new(Level::Error, FAILED).with("error", error.message()));
        return Err(error.within(format_args!("{FAILED}: ")));
    }
    let values = coalesce(chart, user, log)?;
    if let Some(schemas) = schemas {
        validate(chart, &values, schemas, log)?;
    }
    Ok(values)
}

/// Why a file gave no text.
#[derive(Clone, Debug)]
pub enum Fault {
    /// It is no template; all errors in it, Go's own first.
    Syntax(Vec<ParseError>),
    /// It failed while it ran.
    Run(Box<ExecError>),
}

impl Fault {
    /// Helm's sentence, of one or many lines.
    pub fn message(&self) -> String {
        match self {
            Self::Syntax(errors) => errors.first().map(error::parse_message).unwrap_or_default(),
            Self::Run(error) => error::exec_message(error),
        }
    }

    /// Whether the budget was spent, which is a limit of ours.
    pub fn is_out_of_fuel(&self) -> bool {
        matches!(self, Self::Run(error) if error.cause == gotemplate::Cause::OutOfFuel)
    }

    /// The innermost place.
    pub fn span(&self) -> Option<Span> {
        match self {
            Self::Syntax(errors) => errors.first().map(|error| error.span),
            Self::Run(error) => error.span(),
        }
    }
}

/// One template file after a run.
#[derive(Clone, Debug)]
pub struct File {
    /// `chart/charts/sub/templates/x.yaml`.
    pub name: Rc<str>,
    /// Where the file stands below the root chart's directory.
    pub path: Rc<str>,
    /// Its source, as spans name it: the place in [`Rendered::files`].
    pub source: SourceId,
    /// The text; `None` for partials, which are not run, and for files that were set aside.
    pub result: Option<Result<Text, Fault>>,
}

/// All template files after a run, in the order in which Helm runs them.
#[derive(Clone, Debug, Default)]
pub struct Rendered {
    /// The files.
    pub files: Vec<File>,
}

impl Rendered {
    /// The error at which Helm stops: the first file that is no template, else the first that fails.
    pub fn first_fault(&self) -> Option<(&File, &Fault)> {
        let faults = || {
            self.files.iter().filter_map(|file| match &file.result {
                Some(Err(fault)) => Some((file, fault)),
                _ => None,
            })
        };
        faults().find(|(_, fault)| matches!(fault, Fault::Syntax(_))).or_else(|| faults().next())
    }

    /// The text of the root chart's notes.
    pub fn notes(&self, chart: &Chart) -> Option<&Text> {
        let name = format!("{}/templates/{NOTES}", chart.name());
        let file = self.files.iter().find(|file| *file.name == *name)?;
        file.result.as_ref()?.as_ref().ok()
    }

    /// The documents of all files that are manifests, sorted, and those that cannot be read.
    pub fn documents(&self, cache: &mut DocumentCache) -> (Sorted, Vec<manifest::ParseError>) {
        let mut files = Vec::new();
        for file in &self.files {
            if let Some(Ok(text)) = &file.result
                && !file.name.ends_with(NOTES)
            {
                files.push((file.name.clone(), cache.documents(&file.name, text)));
            }
        }
        cache.keep_only(&files.iter().map(|(name, _)| &**name).collect());
        manifest::sort(&files)
    }
}

/// Parsed files by name, kept as long as their text is the same.
#[derive(Debug, Default)]
pub struct ParseCache {
    by_name: HashMap<Rc<str>, Parsed>,
}

#[derive(Clone, Debug)]
struct Parsed {
    text: Text,
    source: SourceId,
    errors: Rc<Vec<ParseError>>,
    /// The file when it last had no errors: who edits a helper wants to see the rest go on meanwhile.
    good: Option<Rc<ParsedFile>>,
}

impl ParseCache {
    fn parse(&mut self, template: &scope::Template, source: SourceId, funcs: &FuncMap) -> Parsed {
        if let Some(known) = self.by_name.get(&template.name)
            && known.text == template.text
            && known.source == source
        {
            return known.clone();
        }
        let name = Text::from(&*template.name);
        let (file, errors) = gotemplate::parse(&name, source, &template.text, funcs);
        let good = if errors.is_empty() {
            Some(file)
        } else {
            self.by_name.get(&template.name).and_then(|known| known.good.clone())
        };
        let parsed = Parsed { text: template.text.clone(), source, errors: Rc::new(errors), good };
        self.by_name.insert(template.name.clone(), parsed.clone());
        parsed
    }
}

/// What a render needs besides the chart.
pub struct Engine<'a, R = Unrecorded> {
    /// The functions, by [`functions::table`].
    pub funcs: &'a FuncMap,
    /// Parsed files of earlier renders.
    pub cache: &'a mut ParseCache,
    /// The world.
    pub world: &'a mut dyn World,
    /// Log lines, in Helm's order.
    pub log: &'a mut Vec<Log>,
    /// What one template may spend.
    pub fuel: Fuel,
    /// Whether to stop at the first error, as Helm does, or to run everything.
    pub stop_at_first: bool,
    /// A new trace, if the render is to be recorded: the same bytes, whose origins it resolves. About twice the cost, and a map
    /// that a template makes lives as long as the render.
    pub trace: R,
}

impl<R: Recorder> Engine<'_, R> {
    /// Renders every template of `chart`; `watch` is called before each with its path, and runs it only if it says so.
    ///
    /// Shape: `values` are what [`prepare`] made. Templates change them, so they serve one render.
    ///
    /// Cost: one parse of each file that the cache does not know, one run of each file that is no partial.
    pub fn render(
        &mut self,
        chart: &Chart,
        values: &Map,
        release: &Release,
        capabilities: &Capabilities,
        watch: &mut dyn FnMut(&str) -> bool,
    ) -> Rendered {
        let templates = scope::templates(chart, values, release, capabilities);
        if let Some(trace) = self.trace.trace() {
            trace.open(&templates, values);
        }
        let files = self.run_all(&templates, watch);
        if let Some(trace) = self.trace.trace() {
            trace.close();
        }
        Rendered { files }
    }

    fn run_all(&mut self, templates: &[scope::Template], watch: &mut dyn FnMut(&str) -> bool) -> Vec<File> {
        let mut set = TemplateSet::new();
        let mut files = Vec::with_capacity(templates.len());
        for (index, template) in templates.iter().enumerate() {
            let source = SourceId(index as u32);
            let parsed = self.cache.parse(template, source, self.funcs);
            let fault = (!parsed.errors.is_empty()).then(|| Fault::Syntax(parsed.errors.to_vec()));
            let failed = fault.is_some();
            if let Some(file) = parsed.good.filter(|_| !(failed && self.stop_at_first)) {
                set.add(&file);
            }
            files.push(File {
                name: template.name.clone(),
                path: template.path.clone(),
                source,
                result: fault.map(Err),
            });
            if failed && self.stop_at_first {
                return files;
            }
        }
        let mut machine = Machine::new(&set, self.funcs, values::method);
        for (template, file) in templates.iter().zip(&mut files) {
            if template.is_partial() || file.result.is_some() || !watch(&template.path) {
                continue;
            }
            let result = self.run(template, &mut machine);
            let failed = result.is_err();
            file.result = Some(result);
            if failed && self.stop_at_first {
                break;
            }
        }
        files
    }

    fn run(&mut self, template: &scope::Template, machine: &mut Machine<'_>) -> Result<Text, Fault> {
        self.world.begin(&template.name);
        let (world, log) = (&mut *self.world, &mut *self.log);
        let (name, dot, mut fuel) = (Text::from(&*template.name), template.dot(), self.fuel);
        let result = match self.trace.trace() {
            None => machine.execute(&name, dot, &mut trace::Silent { world, log }, &mut fuel),
            Some(trace) => {
                trace.begin(&template.name);
                let mut recording = trace::Recording { world, log, trace };
                let mut result = machine.execute_heard(&name, dot, &mut recording, &mut fuel);
                if let Ok(text) = &mut result {
                    trace.end(text);
                }
                result
            }
        };
        Ok(without_no_value(result.map_err(|error| Fault::Run(Box::new(error)))?))
    }
}
