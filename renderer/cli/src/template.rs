//! `chartroom template`.
//!
//! Source: helm v4.3.1 `pkg/cmd/template.go`, `pkg/cmd/install.go`, `pkg/action/install.go`.

use std::collections::HashSet;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::rc::Rc;

use renderer::capabilities::{Capabilities, KubeVersion};
use renderer::chart::Chart;
use renderer::log::Level;
use renderer::release::manifest::{DocumentCache, Sorted, is_blank, trim_space};
use renderer::render::{
    self, Engine, Fuel, Mode, NOTES, OutputOptions, ParseCache, Release, Rendered, Trace, assemble, prepare,
    show_only,
};
use renderer::value::fmt::quote;
use renderer::value::{Map, Text};
use renderer::values::origin::Layers;
use renderer::values::{SchemaCache, Sets, ValuesFile, check_file_name, deep_copy, user_values};
use renderer::{Log, functions};

use crate::explain::{Answers, Question};
use crate::flags::{self, Given};
use crate::locate::{self, clean, said_by_renderer};
use crate::tree::said;
use crate::world::Machine;
use crate::{Failure, dependency, name_template, package, print, settings, tell, tls};

/// Runs the command.
pub(crate) fn run(given: &Given) -> Result<(), Failure> {
    render_and(given, None)
}

/// Renders as `template` does, and prints, or explains instead.
pub(crate) fn render_and(given: &Given, explain: Option<&Question>) -> Result<(), Failure> {
    let debug = settings::is_debug(given);
    let mut log = Vec::new();
    let outcome = Run { given, debug, log: &mut log, explain }.run();
    tell(&mut log, debug);
    outcome
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
    Ok(layers(given)?.0)
}

/// The values that the flags give, together and each by itself.
fn layers(given: &Given) -> Result<(Map, Vec<ValuesFile>, Sets), Failure> {
    let mut files = Vec::new();
    // Helm reads and parses file by file: what is wrong with an earlier one is said before a later one is opened.
    let mut unreadable = None;
    for name in given.all("values") {
        match named_file(name) {
            Ok(bytes) => files.push(ValuesFile { name: name.clone(), data: Text::from(bytes) }),
            Err(why) => {
                unreadable = Some(why);
                break;
            }
        }
    }
    if let Some(why) = unreadable {
        user_values(&files, &Sets::default(), &mut |_| Ok(Text::new())).map_err(said_by_renderer)?;
        return Err(Failure(why));
    }
    let sets = Sets {
        json: given.all("set-json").to_vec(),
        typed: given.all("set").to_vec(),
        string: given.all("set-string").to_vec(),
        file: given.all("set-file").to_vec(),
        literal: given.all("set-literal").to_vec(),
    };
    let values = user_values(&files, &sets, &mut |path| named_file(path).map(Text::from));
    Ok((values.map_err(said_by_renderer)?, files, sets))
}

/// The bytes of a file that a flag names; `-` is stdin.
fn named_file(name: &str) -> Result<Vec<u8>, String> {
    if name.trim() == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        return Ok(bytes);
    }
    check_file_name(name)?;
    if ["http://", "https://", "oci://"].iter().any(|scheme| name.starts_with(scheme)) {
        return Err(format!("{name} is remote, and chartroom does not fetch"));
    }
    let path = Path::new(name);
    let mut file = fs::File::open(path).map_err(|error| said("open", path, &error))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(|error| said("read", path, &error))?;
    Ok(bytes)
}

/// What the values are made of.
struct Told<'a> {
    chart: &'a Chart,
    values: &'a Map,
    files: &'a [ValuesFile],
    sets: &'a Sets,
}

struct Run<'a> {
    given: &'a Given,
    debug: bool,
    log: &'a mut Vec<Log>,
    /// What is asked instead of the manifests.
    explain: Option<&'a Question>,
}

impl Run<'_> {
    fn run(&mut self) -> Result<(), Failure> {
        let capabilities = capabilities(self.given)?;
        tls::check(self.given)?;
        let asks_cluster = self.asks_cluster()?;
        self.say("Original chart version", Some(("version", self.given.text("version"))));
        if self.given.is_on("devel") && self.given.text("version").is_empty() {
            self.say("setting version to >0.0.0-0", None);
        }
        let (name, reference) = self.name_and_chart()?;
        let path = locate::chart_path(&reference, self.given, self.log)?;
        self.say("Chart path", Some(("path", &path.display().to_string())));
        let (user, files, sets) = layers(self.given)?;
        let mut chart = locate::chart(&path, self.log)?;
        render::check_kind(&chart, self.log).map_err(said_by_renderer)?;
        if chart.metadata.declared().next().is_some() {
            self.find_dependencies(&mut chart, &path)?;
        }
        render::check_api_version(&chart).map_err(said_by_renderer)?;
        if asks_cluster {
            return Err("--dry-run=server asks a cluster, and chartroom asks none: leave it out".into());
        }
        render::check_release_name(&name, self.log).map_err(said_by_renderer)?;
        let mut schemas = SchemaCache::default();
        let schemas = (!self.given.is_on("skip-schema-validation")).then_some(&mut schemas);
        let values = prepare(&mut chart, &user, schemas, self.log).map_err(said_by_renderer)?;
        let namespace = settings::namespace(self.given);
        let release = Release::first(name, namespace, self.given.is_on("is-upgrade"));
        let told = Told { chart: &chart, values: &values, files: &files, sets: &sets };
        self.render(&told, &release, &capabilities)
    }

    /// Looks whether the declared charts are there, and brings them when that is asked for.
    fn find_dependencies(&mut self, chart: &mut Chart, path: &Path) -> Result<(), Failure> {
        // Helm reads the variable before it knows whether it needs it.
        let epoch = package::epoch()?;
        if !self.given.is_on("dependency-update") || chart.missing_dependencies().is_none() {
            return render::check_dependencies(chart).map_err(said_by_renderer);
        }
        dependency::update_beside(&path.to_string_lossy(), epoch, self.debug, self.log)?;
        *chart = locate::chart(path, self.log)
            .map_err(|Failure(why)| format!("failed reloading chart after repo update: {why}"))?;
        Ok(())
    }

    /// Whether the flags ask for a cluster's opinion.
    ///
    /// Source: helm v4.3.1 `pkg/cmd/helpers.go`, `cmdGetDryRunFlagStrategy`.
    fn asks_cluster(&mut self) -> Result<bool, Failure> {
        let mode = self.given.text("dry-run");
        let wrong = |wanted: &str| {
            let mode = String::from_utf8_lossy(&quote(mode.as_bytes())).into_owned();
            Failure(format!("invalid dry-run value ({mode}). Must be {wanted}"))
        };
        let mut old = |line: String| self.log.push(Log::new(Level::Warn, line));
        let server = match mode {
            "" if !self.given.has("dry-run") => false,
            "client" => false,
            "server" => true,
            "none" => return Err(wrong("\"server\" or \"client\"")),
            "unset" => {
                old("--dry-run is deprecated and should be replaced with '--dry-run=client'".to_owned());
                false
            }
            _ => match flags::truth(mode) {
                None => return Err(wrong("\"none\", \"server\", or \"client\"")),
                Some(false) => return Err(wrong("\"server\" or \"client\"")),
                Some(true) => {
                    old(format!(
                        "boolean '--dry-run={mode}' flag is deprecated and must be replaced with '--dry-run=client'"
                    ));
                    false
                }
            },
        };
        Ok(server || self.given.is_on("validate"))
    }

    fn name_and_chart(&self) -> Result<(String, String), Failure> {
        let given = self.given;
        let template = given.text("name-template");
        match given.arguments.as_slice() {
            [] => Err("no chart is named".into()),
            [chart] if template.is_empty() => Ok(("release-name".to_owned(), chart.clone())),
            [chart] => Ok((name_template::release_name(template)?, chart.clone())),
            [_, _] if given.is_on("generate-name") => {
                Err("cannot set --generate-name and also specify a name".into())
            }
            [_, _] if !template.is_empty() => {
                Err("cannot set --name-template and also specify a name".into())
            }
            [name, chart] => Ok((name.clone(), chart.clone())),
            [_, _, more @ ..] => Err(Failure(format!(
                "expected at most two arguments, unexpected arguments: {}",
                more.join(", ")
            ))),
        }
    }

    fn render(
        &mut self,
        told: &Told<'_>,
        release: &Release,
        capabilities: &Capabilities,
    ) -> Result<(), Failure> {
        let (chart, values) = (told.chart, told.values);
        render::check_kube_version(chart, capabilities)
            .map_err(|error| self.hinted(error.message(), None))?;
        let mut cache = ParseCache::default();
        let funcs = functions::table(Mode::Template);
        let mut trace = Trace::new();
        // Templates change the values.
        let before = self.explain.map(|_| deep_copy(values));
        let mut engine = Engine {
            funcs: &funcs,
            cache: &mut cache,
            world: &mut Machine,
            log: self.log,
            fuel: Fuel::endless(),
            stop_at_first: true,
            trace: before.as_ref().map(|_| &mut trace),
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
        if let (Some(question), Some(before)) = (self.explain, &before) {
            let output = assemble(chart, &sorted, self.options());
            tell(self.log, self.debug);
            return question.answer(&Answers {
                rendered: &rendered,
                output,
                trace: Rc::new(trace),
                values: before,
                layers: Layers::new(chart, told.files, told.sets),
            });
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
        tell(self.log, self.debug);
        let shown = match self.given.all("show-only") {
            [] => Some(Text::from(out)),
            // What cannot be shown is taken to be too broken, and the first error is told.
            patterns => show_only(&Text::from(out), patterns).ok(),
        };
        match shown.map_or(Ok(()), |shown| print(shown.as_bytes())) {
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
        let root = self.given.text("output-dir").to_owned();
        let below = match self.given.is_on("release-name") {
            true => clean(&format!("{root}/{}", release.name)).display().to_string(),
            false => root.clone(),
        };
        let options = self.options();
        tell(self.log, self.debug);
        let mut written = HashSet::new();
        let crds = if options.include_crds { chart.crds() } else { Vec::new() };
        let crds = crds.iter().map(|crd| (&root, crd.full_name.as_str(), &crd.file.data));
        let manifests = sorted.manifests.iter().map(|one| (&below, &*one.path, &one.content));
        for (directory, name, content) in crds.chain(manifests) {
            let is_new = written.insert(name.to_owned());
            append(directory, name, content, is_new).map_err(|Failure(why)| self.hinted(&why, None))?;
        }
        let wanted = |is_test| !(options.no_hooks || options.skip_tests && is_test);
        for hook in sorted.hooks.iter().filter(|hook| wanted(hook.is_test())) {
            if clean(&format!("{below}/{}", hook.path)).exists() {
                written.insert(hook.path.to_string());
            }
            append(&below, &hook.path, &hook.content, !written.contains(&*hook.path))?;
        }
        match self.given.all("show-only") {
            [] => print("\n"),
            // Nothing is left to show: all went into files.
            patterns => print(show_only(&Text::from("\n"), patterns)?.as_bytes()),
        }
    }

    fn say(&mut self, message: &str, attribute: Option<(&'static str, &str)>) {
        let line = Log::new(Level::Debug, message);
        self.log.push(match attribute {
            Some((name, value)) => line.with(name, value),
            None => line,
        });
    }
}

/// Adds a document to a file, which is made anew where `is_new`, and says so.
///
/// Source: helm v4.3.1 `pkg/action/action.go`, `writeToFile`: the directory is named in its shortest form, the file is not.
fn append(directory: &str, name: &str, content: &Text, is_new: bool) -> Result<(), Failure> {
    let file = format!("{directory}/{name}");
    let path = Path::new(&file);
    let parent = clean(&file).parent().map(Path::to_path_buf).unwrap_or_default();
    match fs::metadata(&parent) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(said("stat", &parent, &error).into()),
        _ => fs::create_dir_all(&parent).map_err(|error| said("mkdir", &parent, &error))?,
    }
    let mut options = fs::OpenOptions::new();
    let options = if is_new { options.write(true).create(true).truncate(true) } else { options.append(true) };
    let mut open = options.open(path).map_err(|error| said("open", path, &error))?;
    let mut bytes = format!("---\n# Source: {name}\n").into_bytes();
    bytes.extend_from_slice(content.as_bytes());
    bytes.push(b'\n');
    open.write_all(&bytes).map_err(|error| said("write", path, &error))?;
    print(format!("wrote {file}\n"))
}
