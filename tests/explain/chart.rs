//! Charts in memory, rendered with a recorder or with a value changed.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use renderer::capabilities::Capabilities;
use renderer::chart::{self, Chart, File};
use renderer::functions;
use renderer::render::{Engine, Fuel, Mode, ParseCache, Release, Rendered, Trace, prepare};
use renderer::sprig::outside::Timestamp;
use renderer::value::{Map, Text};
use renderer::values::deep_copy;
use renderer::world::Preview;
use tests::program;

/// The charts of `www/examples`.
pub(crate) fn examples() -> Result<Vec<PathBuf>, String> {
    let root = program::root().join("www/examples");
    let names = names_in(&root)?;
    Ok(names
        .into_iter()
        .map(|name| root.join(name))
        .filter(|path| path.join("Chart.yaml").exists())
        .collect())
}

/// A chart with its values, ready to be rendered again and again.
pub(crate) struct Subject {
    chart: Chart,
    /// All templates by their paths.
    templates: HashMap<String, Text>,
    /// What templates see; every render gets a copy.
    pub(crate) values: Map,
    funcs: renderer::gotemplate::FuncMap,
    parses: ParseCache,
}

impl Subject {
    pub(crate) fn load(path: &Path) -> Result<Self, String> {
        let mut files = Vec::new();
        collect(path, "", &mut files)?;
        let mut log = Vec::new();
        let mut chart = chart::load(files, &mut log).map_err(|error| error.message().to_owned())?;
        let values = prepare(&mut chart, &Map::new(), None, &mut log);
        let values = values.map_err(|error| error.message().to_owned())?;
        let mut templates = HashMap::new();
        templates_of(&chart, "", &mut templates);
        Ok(Self {
            chart,
            templates,
            values,
            funcs: functions::table(Mode::Template),
            parses: ParseCache::default(),
        })
    }

    /// The bytes of a template of the chart or of one below it.
    pub(crate) fn template(&self, path: &str) -> Option<&[u8]> {
        self.templates.get(path).map(Text::as_bytes)
    }

    /// Renders a copy of `values`; into a trace, if there is one.
    pub(crate) fn render(&mut self, values: &Map, trace: Option<&mut Trace>) -> Rendered {
        // Fixed time and seeded randomness: nothing but the values changes from one render to the next.
        let mut world = Preview::new(Timestamp::default(), 1);
        let mut engine = Engine {
            funcs: &self.funcs,
            cache: &mut self.parses,
            world: &mut world,
            log: &mut Vec::new(),
            fuel: Fuel::limited(200_000_000),
            stop_at_first: false,
            trace,
        };
        let (values, capabilities) = (deep_copy(values), Capabilities::default());
        let release = Release::first("demo", "default", false);
        engine.render(&self.chart, &values, &release, &capabilities, &mut |_| true)
    }

    /// Renders the values as they are, recorded.
    pub(crate) fn recorded(&mut self) -> (Rendered, Rc<Trace>) {
        let (values, mut trace) = (self.values.clone(), Trace::new());
        let rendered = self.render(&values, Some(&mut trace));
        (rendered, Rc::new(trace))
    }
}

fn templates_of(chart: &Chart, directory: &str, found: &mut HashMap<String, Text>) {
    found.extend(chart.templates.iter().map(|file| (format!("{directory}{}", file.name), file.data.clone())));
    for child in &chart.dependencies {
        templates_of(child, &format!("{directory}charts/{}/", child.directory), found);
    }
}

fn collect(directory: &Path, prefix: &str, files: &mut Vec<File>) -> Result<(), String> {
    for name in names_in(directory)? {
        let (path, inner) = (directory.join(&name), format!("{prefix}{name}"));
        if path.is_dir() {
            collect(&path, &format!("{inner}/"), files)?;
        } else {
            let bytes = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            files.push(File::new(inner.as_str(), bytes));
        }
    }
    Ok(())
}

fn names_in(directory: &Path) -> Result<Vec<String>, String> {
    let entries = fs::read_dir(directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.retain(|name| !name.starts_with('.'));
    names.sort_unstable();
    Ok(names)
}
