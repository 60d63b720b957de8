//! What crosses the JavaScript edge: Rust types and, beside them, how TypeScript sees them.

use renderer::problem::Severity;
use renderer::session::{self, SetKind};
use renderer::{log, problem, world};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::place::{Range, Ruler};

#[wasm_bindgen(typescript_custom_section)]
const TYPESCRIPT: &str = r#"
/** The unit of `offset` and `column`: code units of JavaScript's strings, or bytes. */
export type Encoding = "utf16" | "utf8";

/** What the command line of `helm template` would say. Everything has a default. */
export interface Settings {
    /** Default: `release-name`. */
    releaseName?: string;
    /** Default: `default`. */
    namespace?: string;
    /** `--kube-version` */
    kubeVersion?: string | null;
    /** `--api-versions` */
    apiVersions?: string[];
    isUpgrade?: boolean;
    includeCrds?: boolean;
    /** `-f`: paths of files of the workspace, weakest first. */
    valuesFiles?: string[];
    /** `--set` and its kin, each kind in its order. */
    set?: { kind: "file" | "json" | "literal" | "string" | "typed"; argument: string }[];
    /** Paths of templates that are not run. */
    setAside?: string[];
}

/** What a chart renders to. */
export interface Rendered {
    /** What `helm template` prints; where Helm would stop at an error, what it would print without the files at fault. Bytes
     *  that are not UTF-8 read U+FFFD here; `manifestBytes` has them as they are. */
    manifests: string;
    documents: Document[];
    /** The notes of the root chart. */
    notes: string | null;
    /** Errors of the render in Helm's order, then what `helm lint` finds. */
    problems: Problem[];
    /** Templates that gave no documents. */
    failed: Failed[];
    /** `null` while the chart cannot be loaded. */
    chart: ChartSummary | null;
    /** Files that `.helmignore` keeps out. */
    ignored: { path: string; rule: string }[];
    /** `preview`: the time and random values are made up, and the same in every render. A workspace never sees the real ones. */
    world: "preview" | "exact";
    /** Whether the templates asked for the time, random values, addresses or objects of the cluster. */
    asked: { clock: boolean; random: boolean; names: boolean; cluster: boolean };
    /** Helm's log lines. */
    log: { level: "debug" | "info" | "warn" | "error"; line: string }[];
}

/** A document of the manifests. */
export interface Document {
    /** What its `# Source:` line says. */
    source: string;
    /** Empty when it has none. */
    kind: string;
    /** Empty when it has none. */
    name: string;
    isHook: boolean;
    /** In the manifests, the `---` line included. */
    range: Range;
}

/** Something that is wrong. */
export interface Problem {
    severity: "error" | "warning" | "info";
    /** Stable, in kebab case. */
    code: string;
    /** Helm's own sentence where Helm has one. */
    message: string;
    /** A path of the workspace. */
    file: string | null;
    /** In that file. */
    range: Range | null;
    /** Whether this is the error that Helm would print. */
    helmFirst: boolean;
    hint: string | null;
}

export interface Failed { source: string; path: string; message: string; setAside: boolean }
export interface ChartSummary { name: string; version: string; appVersion: string; description: string }
/** Lines and columns count from 0; `end` is behind the last that belongs to it. */
export interface Range { start: Place; end: Place }
export interface Place { offset: number; line: number; column: number }
"#;

/// The names of [`Settings`]: serde asks a JavaScript object for the names it knows, and never sees another.
pub(crate) const SETTINGS: &[&str] = &[
    "releaseName",
    "namespace",
    "kubeVersion",
    "apiVersions",
    "isUpgrade",
    "includeCrds",
    "valuesFiles",
    "set",
    "setAside",
];

/// Settings as JavaScript writes them.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Settings {
    release_name: Option<String>,
    namespace: Option<String>,
    kube_version: Option<String>,
    api_versions: Vec<String>,
    is_upgrade: bool,
    include_crds: bool,
    values_files: Vec<String>,
    set: Vec<Assignment>,
    set_aside: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Assignment {
    kind: Kind,
    argument: String,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Kind {
    File,
    Json,
    Literal,
    String,
    Typed,
}

impl From<Settings> for session::Settings {
    fn from(given: Settings) -> Self {
        let default = Self::default();
        Self {
            release_name: given.release_name.unwrap_or(default.release_name),
            namespace: given.namespace.unwrap_or(default.namespace),
            kube_version: given.kube_version,
            api_versions: given.api_versions,
            is_upgrade: given.is_upgrade,
            include_crds: given.include_crds,
            values_files: given.values_files,
            set: given.set.into_iter().map(|one| (one.kind.into(), one.argument)).collect(),
            set_aside: given.set_aside,
        }
    }
}

impl From<Kind> for SetKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::File => Self::File,
            Kind::Json => Self::Json,
            Kind::Literal => Self::Literal,
            Kind::String => Self::Str,
            Kind::Typed => Self::Typed,
        }
    }
}

/// A render as JavaScript sees it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rendered<'a> {
    pub(crate) manifests: String,
    pub(crate) documents: Vec<Document<'a>>,
    pub(crate) notes: Option<String>,
    pub(crate) problems: Vec<Problem<'a>>,
    pub(crate) failed: Vec<Failed<'a>>,
    pub(crate) chart: Option<ChartSummary<'a>>,
    pub(crate) ignored: Vec<Ignored<'a>>,
    pub(crate) world: &'static str,
    pub(crate) asked: Asked,
    pub(crate) log: Vec<LogLine>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Asked {
    clock: bool,
    random: bool,
    names: bool,
    cluster: bool,
}

impl From<world::Asked> for Asked {
    fn from(asked: world::Asked) -> Self {
        let world::Asked { clock, cluster, names, random } = asked;
        Self { clock, random, names, cluster }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Document<'a> {
    source: &'a str,
    kind: &'a str,
    name: &'a str,
    is_hook: bool,
    range: Range,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Problem<'a> {
    severity: &'static str,
    code: &'a str,
    message: &'a str,
    file: Option<&'a str>,
    range: Option<Range>,
    helm_first: bool,
    hint: Option<&'a str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Failed<'a> {
    source: &'a str,
    path: &'a str,
    message: &'a str,
    set_aside: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChartSummary<'a> {
    name: &'a str,
    version: &'a str,
    app_version: &'a str,
    description: &'a str,
}

#[derive(Debug, Serialize)]
pub(crate) struct Ignored<'a> {
    path: &'a str,
    rule: &'a str,
}

#[derive(Debug, Serialize)]
pub(crate) struct LogLine {
    level: &'static str,
    line: String,
}

impl<'a> Document<'a> {
    pub(crate) fn new(document: &'a renderer::render::Document, ruler: &mut Ruler<'_>) -> Self {
        let range = document.range.start as u32..document.range.end as u32;
        Self {
            source: &document.source,
            kind: &document.kind,
            name: &document.name,
            is_hook: document.is_hook,
            range: ruler.range(range),
        }
    }
}

impl<'a> Problem<'a> {
    /// `range`: the problem's own, in the units of the caller.
    pub(crate) fn new(problem: &'a problem::Problem, range: Option<Range>) -> Self {
        Self {
            severity: match problem.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Info => "info",
            },
            code: problem.code,
            message: &problem.message,
            file: problem.file.as_deref(),
            range,
            helm_first: problem.helm_first,
            hint: problem.hint.as_deref(),
        }
    }
}

impl<'a> From<&'a session::Failed> for Failed<'a> {
    fn from(failed: &'a session::Failed) -> Self {
        Self {
            source: &failed.source,
            path: &failed.path,
            message: &failed.message,
            set_aside: failed.set_aside,
        }
    }
}

impl<'a> From<&'a session::ChartSummary> for ChartSummary<'a> {
    fn from(chart: &'a session::ChartSummary) -> Self {
        Self {
            name: &chart.name,
            version: &chart.version,
            app_version: &chart.app_version,
            description: &chart.description,
        }
    }
}

impl<'a> From<&'a renderer::chart::Ignored> for Ignored<'a> {
    fn from(ignored: &'a renderer::chart::Ignored) -> Self {
        Self { path: &ignored.path, rule: &ignored.rule }
    }
}

impl From<&log::Log> for LogLine {
    fn from(log: &log::Log) -> Self {
        let level = match log.level {
            log::Level::Debug => "debug",
            log::Level::Info => "info",
            log::Level::Warn => "warn",
            log::Level::Error => "error",
        };
        Self { level, line: log.to_string() }
    }
}
