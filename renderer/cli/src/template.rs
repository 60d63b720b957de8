//! `chartroom template`.
//!
//! Source: helm v4.3.1 `pkg/cmd/template.go`, `pkg/cmd/install.go`, `pkg/action/install.go`.

use std::collections::HashSet;
use std::fs;
use std::io::Read;
use std::path::Path;

use renderer::capabilities::{Capabilities, KubeVersion};
use renderer::chart::Chart;
use renderer::log::Level;
use renderer::release::manifest::{DocumentCache, Sorted, is_blank, trim_space};
use renderer::render::{
    self, Engine, Fuel, Mode, NOTES, OutputOptions, ParseCache, Release, Rendered, assemble, prepare,
    show_only,
};
use renderer::value::{Map, Text};
use renderer::values::{Sets, ValuesFile, user_values};
use renderer::{Log, functions};

use crate::flags::{self, Flag, GLOBAL, Given, Kind, VALUES, flag};
use crate::locate::{self, said_by_renderer};
use crate::tree::{errno_words, said};
use crate::world::Machine;
use crate::{Failure, print, tell};

const FLAGS: &[Flag] = &[
    flag("api-versions", Some('a'), Kind::List),
    flag("generate-name", Some('g'), Kind::Bool),
    flag("include-crds", None, Kind::Bool),
    flag("is-upgrade", None, Kind::Bool),
    flag("kube-version", None, Kind::Text),
    flag("name-template", None, Kind::Text),
    flag("no-hooks", None, Kind::Bool),
    flag("output-dir", None, Kind::Text),
    flag("release-name", None, Kind::Bool),
    flag("show-only", Some('s'), Kind::Texts),
    flag("skip-crds", None, Kind::Bool),
    flag("skip-schema-validation", None, Kind::Bool),
    flag("skip-tests", None, Kind::Bool),
];

/// Runs the command.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let given = flags::parse(&[GLOBAL, VALUES, FLAGS], arguments)?;
    let debug = given.is_on("debug") || std::env::var("HELM_DEBUG").is_ok_and(|on| on == "true" || on == "1");
    let mut log = Vec::new();
    let outcome = Run { given: &given, debug, log: &mut log }.run();
    tell(&mut log, debug);
    outcome
}

/// The namespace that a command works in.
pub(crate) fn namespace(given: &Given) -> String {
    match given.text("namespace") {
        "" => std::env::var("HELM_NAMESPACE")
            .ok()
            .filter(|name| !name.is_empty())
            .unwrap_or("default".to_owned()),
        name => name.to_owned(),
    }
}

/// The Kubernetes and its APIs that the flags describe.
pub(crate) fn capabilities(given: &Given) -> Result<Capabilities, Failure> {
    let mut capabilities = Capabilities::default();
    let version = given.text("kube-version");
    if !version.is_empty() {
        capabilities.kube_version =
            KubeVersion::parse(version).map_err(|why| format!("invalid kube version '{version}': {why}"))?;
    }
    capabilities.api_versions.extend(given.all("api-versions").iter().cloned());
    Ok(capabilities)
}

/// The values that the flags give.
pub(crate) fn values(given: &Given) -> Result<Map, Failure> {
    let mut files = Vec::new();
    for name in given.all("values") {
        let data = if name.trim() == "-" {
            let mut bytes = Vec::new();
            std::io::stdin().read_to_end(&mut bytes).map_err(|error| error.to_string())?;
            bytes
        } else {
            let path = Path::new(name);
            fs::File::open(path).map_err(|error| said("open", path, &error)).and_then(|mut file| {
                let mut bytes = Vec::new();
                file.read_to_end(&mut bytes).map_err(|error| said("read", path, &error))?;
                Ok(bytes)
            })?
        };
        files.push(ValuesFile { name: name.clone(), data: Text::from(data) });
    }
    let sets = Sets {
        json: given.all("set-json").to_vec(),
        typed: given.all("set").to_vec(),
        string: given.all("set-string").to_vec(),
        file: given.all("set-file").to_vec(),
        literal: given.all("set-literal").to_vec(),
    };
    let mut read = |path: &str| match fs::read(path) {
        Ok(bytes) => Ok(Text::from(bytes)),
        Err(error) => Err(format!("open {path}: {}", errno_words(&error))),
    };
    user_values(&files, &sets, &mut read).map_err(said_by_renderer)
}

struct Run<'a> {
    given: &'a Given,
    debug: bool,
    log: &'a mut Vec<Log>,
}

impl Run<'_> {
    fn run(&mut self) -> Result<(), Failure> {
        if self.given.arguments.is_empty() {
            return Err(Failure(
                "\"helm template\" requires at least 1 argument\n\nUsage:  helm template [NAME] [CHART] [flags]".to_owned(),
            ));
        }
        let capabilities = capabilities(self.given)?;
        self.say("Original chart version", "version", "");
        let (name, reference) = self.name_and_chart()?;
        let path = locate::chart_path(&reference)?;
        self.say("Chart path", "path", &path.display().to_string());
        let user = values(self.given)?;
        let mut chart = locate::chart(&path, self.log)?;
        render::check_installable(&chart, self.log).map_err(said_by_renderer)?;
        render::check_release_name(&name, self.log).map_err(said_by_renderer)?;
        let skip_schema = self.given.is_on("skip-schema-validation");
        let values = prepare(&mut chart, &user, skip_schema, self.log).map_err(said_by_renderer)?;
        let release = Release::first(name, namespace(self.given), self.given.is_on("is-upgrade"));
        self.render(&chart, &values, &release, &capabilities)
    }

    fn name_and_chart(&self) -> Result<(String, String), Failure> {
        let given = self.given;
        match given.arguments.as_slice() {
            [chart] => {
                if !given.text("name-template").is_empty() {
                    return Err("--name-template is not in this build: give the name as an argument".into());
                }
                Ok(("release-name".to_owned(), chart.clone()))
            }
            [name, chart] => {
                if given.is_on("generate-name") {
                    return Err("cannot set --generate-name and also specify a name".into());
                }
                if !given.text("name-template").is_empty() {
                    return Err("cannot set --name-template and also specify a name".into());
                }
                Ok((name.clone(), chart.clone()))
            }
            [_, _, more @ ..] => Err(Failure(format!(
                "expected at most two arguments, unexpected arguments: {}",
                more.join(", ")
            ))),
            [] => unreachable!("the number of arguments was checked"),
        }
    }

    fn render(
        &mut self,
        chart: &Chart,
        values: &Map,
        release: &Release,
        capabilities: &Capabilities,
    ) -> Result<(), Failure> {
        render::check_kube_version(chart, capabilities)
            .map_err(|error| self.hinted(error.message(), None))?;
        let mut cache = ParseCache::default();
        let funcs = functions::table(Mode::Template);
        let mut engine = Engine {
            funcs: &funcs,
            cache: &mut cache,
            world: &mut Machine,
            log: self.log,
            fuel: Fuel::endless(),
            stop_at_first: true,
        };
        let rendered = engine.render(chart, values, release, capabilities, &mut |_| true);
        if let Some((_, fault)) = rendered.first_fault() {
            return Err(self.hinted(&fault.message(), None));
        }
        let (sorted, unreadable) = rendered.documents(&mut DocumentCache::default());
        for hook in &sorted.unknown_hooks {
            let line = Log::new(Level::Info, "skipping unknown hooks");
            self.log.push(line.with("hookTypes", hook.events.as_str()));
        }
        if let Some(error) = unreadable.first() {
            return Err(self.hinted(&error.to_string(), Some(&rendered)));
        }
        if self.given.text("output-dir").is_empty() {
            self.print(chart, &sorted)
        } else {
            self.write(chart, &sorted, release)
        }
    }

    /// An error after which a release object exists: Helm names a flag, or obeys it and shows what was rendered.
    fn hinted(&mut self, message: &str, rendered: Option<&Rendered>) -> Failure {
        if !self.debug {
            return Failure(format!("{message}\n\nUse --debug flag to render out invalid YAML"));
        }
        let mut raw = Vec::new();
        for file in rendered.iter().flat_map(|rendered| &rendered.files) {
            match &file.result {
                Some(Ok(text)) if !is_blank(text.as_bytes()) && !file.name.ends_with(NOTES) => {
                    raw.extend_from_slice(format!("---\n# Source: {}\n", file.name).as_bytes());
                    raw.extend_from_slice(text.as_bytes());
                    raw.push(b'\n');
                }
                _ => {}
            }
        }
        let mut out = trim_space(&raw).to_vec();
        out.push(b'\n');
        match print(out) {
            Ok(()) => Failure(message.to_owned()),
            Err(failure) => failure,
        }
    }

    fn print(&mut self, chart: &Chart, sorted: &Sorted) -> Result<(), Failure> {
        let output = assemble(chart, sorted, self.options());
        let patterns = self.given.all("show-only");
        // Log lines go out before the text, as Helm's do.
        tell(self.log, self.debug);
        match patterns {
            [] => print(output.text.as_bytes()),
            patterns => print(show_only(&output.text, patterns)?.as_bytes()),
        }
    }

    fn options(&self) -> OutputOptions {
        OutputOptions {
            include_crds: self.given.is_on("include-crds"),
            no_hooks: self.given.is_on("no-hooks"),
            skip_tests: self.given.is_on("skip-tests"),
        }
    }

    /// `--output-dir`: one file for each template, with all its documents.
    fn write(&mut self, chart: &Chart, sorted: &Sorted, release: &Release) -> Result<(), Failure> {
        let root = Path::new(self.given.text("output-dir"));
        let below = if self.given.is_on("release-name") { root.join(&release.name) } else { root.to_owned() };
        let options = self.options();
        let mut written = HashSet::new();
        let mut said = String::new();
        if options.include_crds {
            for crd in chart.crds() {
                append(root, &crd.full_name, &crd.file.data, &mut written, &mut said)?;
            }
        }
        for manifest in &sorted.manifests {
            append(&below, &manifest.path, &manifest.content, &mut written, &mut said)?;
        }
        for hook in
            sorted.hooks.iter().filter(|hook| !(options.no_hooks || options.skip_tests && hook.is_test()))
        {
            if below.join(&*hook.path).exists() {
                written.insert(hook.path.to_string());
            }
            append(&below, &hook.path, &hook.content, &mut written, &mut said)?;
        }
        tell(self.log, self.debug);
        print(format!("{said}\n"))
    }

    fn say(&mut self, message: &str, name: &'static str, value: &str) {
        self.log.push(Log::new(Level::Debug, message).with(name, value));
    }
}

/// Adds a document to a file, which is made anew where this run has not written it yet.
fn append(
    root: &Path,
    name: &str,
    content: &Text,
    written: &mut HashSet<String>,
    said_so_far: &mut String,
) -> Result<(), Failure> {
    let path = root.join(name);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|error| said("mkdir", parent, &error))?;
    }
    let mut bytes = if written.insert(name.to_owned()) {
        Vec::new()
    } else {
        fs::read(&path).map_err(|error| said("open", &path, &error))?
    };
    bytes.extend_from_slice(format!("---\n# Source: {name}\n").as_bytes());
    bytes.extend_from_slice(content.as_bytes());
    bytes.push(b'\n');
    fs::write(&path, bytes).map_err(|error| said("open", &path, &error))?;
    said_so_far.push_str(&format!("wrote {}\n", path.display()));
    Ok(())
}
