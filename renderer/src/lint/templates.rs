//! Rules over `templates/` and what they render to.
//!
//! Source: helm v4.3.1 `pkg/chart/v2/lint/rules/template.go`.

use release::manifest::{is_blank, trim_space};
use value::{Text, Value};
use yaml::{Field, Shape, Struct};

use super::objects::{Object, objects};
use super::{Found, Linter, Loaded, Settings, Tools, deprecations, look, names};
use crate::capabilities::Capabilities;
use crate::chart::load::walk::Tree;
use crate::problem::Severity;
use crate::render::{Engine, Release, Unrecorded};
use crate::show::quote;
use crate::values::{coalesce, process_dependencies, validate};

const PATH: &str = "templates/";

pub(super) fn check(
    linter: &mut Linter,
    tree: &impl Tree,
    loaded: &Loaded,
    settings: &Settings<'_>,
    tools: &mut Tools<'_>,
) {
    match look(tree, "templates") {
        Found::Missing(_) => {
            let what = "directory does not exist".to_owned();
            linter.rule(Severity::Warning, "templates-missing", PATH, Some(what));
            return;
        }
        Found::File(_) => {
            linter.rule(
                Severity::Error,
                "templates-not-a-directory",
                PATH,
                Some("not a directory".to_owned()),
            );
            return;
        }
        Found::Directory => {}
    }
    let mut chart = match loaded.chart(tools.log) {
        Ok(chart) => chart.clone(),
        Err(error) => {
            linter.rule(Severity::Error, "chart-not-loadable", PATH, Some(error.message().to_owned()));
            return;
        }
    };
    // Helm passes over the rest in silence when values cannot be put together.
    if process_dependencies(&mut chart, settings.user, tools.log).is_err() {
        return;
    }
    let Ok(own) = coalesce(&chart, settings.user, tools.log) else { return };
    let Ok(values) = coalesce(&chart, &own, tools.log) else { return };
    if !settings.skip_schema
        && let Err(error) = validate(&chart, &values, tools.schemas, tools.log)
    {
        linter.rule(Severity::Error, "values-against-schema", PATH, Some(error.message().to_owned()));
        return;
    }
    let mut capabilities = Capabilities::default();
    if let Some(version) = settings.kube_version {
        capabilities.kube_version = version.clone();
    }
    let mut engine = Engine {
        funcs: tools.funcs,
        cache: tools.cache,
        world: tools.world,
        log: tools.log,
        fuel: tools.fuel,
        stop_at_first: true,
        trace: Unrecorded,
    };
    let release = Release::lint(settings.namespace);
    let rendered = engine.render(&chart, &values, &release, &capabilities, tools.watch);
    if let Some((_, fault)) = rendered.first_fault() {
        linter.rule(Severity::Error, "template-fails", PATH, Some(fault.message()));
        return;
    }
    for template in &chart.templates {
        let name = &*template.name;
        let extension = extension(name);
        let known = matches!(extension, ".yaml" | ".yml" | ".tpl" | ".txt");
        let what = || {
            format!("file extension '{extension}' not valid. Valid extensions are .yaml, .yml, .tpl, or .txt")
        };
        linter.rule(Severity::Error, "template-extension", name, (!known).then(what));
        if !matches!(extension.to_lowercase().as_str(), ".yaml" | ".yml") {
            continue;
        }
        let full_name = format!("{}/{name}", chart.name());
        let file = rendered.files.iter().find(|file| *file.name == *full_name);
        let Some(Ok(text)) = file.and_then(|file| file.result.as_ref()) else { continue };
        if !is_blank(text.as_bytes()) && !check_text(linter, name, text, &capabilities) {
            return;
        }
    }
}

/// The rules over one rendered file; `false` when a document is no YAML, at which Helm stops.
fn check_text(linter: &mut Linter, path: &str, text: &Text, capabilities: &Capabilities) -> bool {
    linter.rule(Severity::Warning, "document-indented", path, indented(text));
    for object in objects(text) {
        let object = match object {
            Ok(Some(object)) => object,
            Ok(None) => continue,
            Err(why) => {
                let what = format!("unable to parse YAML: {why}");
                return linter.rule(Severity::Error, "document-not-yaml", path, Some(what));
            }
        };
        linter.rule(Severity::Warning, "object-name", path, bad_name(&object));
        let deprecated = deprecations::message(&object.api_version, &object.kind, &capabilities.kube_version);
        linter.rule(Severity::Warning, "deprecated-api", path, deprecated);
        linter.rule(Severity::Error, "selector-missing", path, no_selector(&object, text));
        linter.rule(Severity::Error, "list-annotation-ignored", path, list_annotation(&object, text));
    }
    true
}

fn extension(name: &str) -> &str {
    let base = name.rsplit('/').next().unwrap_or_default();
    base.rfind('.').map_or("", |at| &base[at..])
}

/// Lines longer than this are not looked at by Go's `bufio.Scanner`.
const MAX_LINE_BYTES: usize = 64 * 1024 - 1;

/// Whether the first line that is not blank is indented.
fn indented(text: &Text) -> Option<String> {
    for line in text.as_bytes().split(|byte| *byte == b'\n') {
        if line.len() > MAX_LINE_BYTES {
            return Some("bufio.Scanner: token too long".to_owned());
        }
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if trim_space(line).is_empty() {
            continue;
        }
        if !line.starts_with(b" ") && !line.starts_with(b"\t") {
            return None;
        }
        let line = String::from_utf8_lossy(&value::fmt::quote(line)).into_owned();
        return Some(format!(
            "document starts with an illegal indent: {line}, which may cause parsing problems"
        ));
    }
    None
}

fn bad_name(object: &Object) -> Option<String> {
    let name = quote(&object.name);
    let faults: Vec<String> = names::faults(&object.kind, &object.name)
        .into_iter()
        .map(|fault| format!("metadata.name: Invalid value: {name}: {fault}"))
        .collect();
    let list = match faults.as_slice() {
        [] => return None,
        [one] => one.clone(),
        many => format!("[{}]", many.join(", ")),
    };
    Some(format!("object name does not conform to Kubernetes naming requirements: {name}: {list}"))
}

fn no_selector(object: &Object, text: &Text) -> Option<String> {
    let kind = object.kind.as_str();
    if !matches!(kind, "Deployment" | "ReplicaSet" | "DaemonSet" | "StatefulSet") {
        return None;
    }
    let has = |word: &[u8]| text.as_bytes().windows(word.len()).any(|window| window == word);
    if has(b"matchLabels") || has(b"matchExpressions") {
        return None;
    }
    let name = quote(&object.name);
    Some(format!("a {kind} must contain matchLabels or matchExpressions, and {name} does not"))
}

fn list_annotation(object: &Object, text: &Text) -> Option<String> {
    if object.kind != "List" {
        return None;
    }
    // Helm reads the whole file again, of which the first document counts.
    let decoded = yaml::decode(text.as_bytes(), Shape::Struct(&LIST), false);
    if let Some(error) = decoded.error {
        return Some(format!("unable to parse YAML: {}", error.message()));
    }
    let items = decoded.value.as_map()?.get("Items")?;
    let kept = |item: &Value| {
        let annotations = item.as_map()?.get("Metadata")?.as_map()?.get("Annotations")?;
        annotations.as_map()?.get("helm.sh/resource-policy")
    };
    let found = items.as_list()?.iter().any(|item| kept(item).is_some());
    found.then(|| "annotation 'helm.sh/resource-policy' within List objects are ignored".to_owned())
}

static LIST: Struct = Struct {
    go_name: "struct { Items []struct { Metadata struct { Annotations map[string]string } } }",
    fields: &[Field { name: "Items", shape: Shape::List(&Shape::Struct(&ITEM)) }],
};

static ITEM: Struct = Struct {
    go_name: "struct { Metadata struct { Annotations map[string]string } }",
    fields: &[Field { name: "Metadata", shape: Shape::Struct(&ITEM_METADATA) }],
};

static ITEM_METADATA: Struct = Struct {
    go_name: "struct { Annotations map[string]string }",
    fields: &[Field { name: "Annotations", shape: Shape::Map(&Shape::Str) }],
};
