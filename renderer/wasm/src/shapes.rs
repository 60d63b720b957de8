//! The plain objects that cross to JavaScript. Renderer's own types have their counterparts here.

use renderer::problem::{Problem, Severity};
use renderer::session::SetKind;
use renderer::{Settings, Update};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const TYPESCRIPT: &str = r#"
/** What the command line of `helm template` would say. What is left out has Helm's default. */
export interface Options {
  releaseName?: string;
  namespace?: string;
  /** As `--kube-version`. */
  kubeVersion?: string;
  apiVersions?: string[];
  isUpgrade?: boolean;
  includeCrds?: boolean;
  /** Paths of values files of the workspace, weakest first; values.yaml itself is not among them. */
  valuesFiles?: string[];
  /** `--set` and its kin, in order. */
  set?: { kind: "typed" | "string" | "json" | "literal" | "file"; text: string }[];
}

export interface RenderResult {
  /** What `helm template` prints, byte for byte; with errors, what it would print without the files at fault. */
  manifests: Uint8Array;
  notes: Uint8Array | null;
  /** In the order of the manifests; `start` and `end` are bytes of `manifests`. */
  documents: { source: string; kind: string; name: string; isHook: boolean; start: number; end: number }[];
  problems: {
    severity: "error" | "warning" | "info";
    code: string;
    message: string;
    file: string | null;
    /** Bytes of the file. */
    range: { start: number; end: number } | null;
    /** Whether this is the error that Helm itself would print. */
    helmFirst: boolean;
    hint: string | null;
  }[];
  chart: { name: string; version: string; appVersion: string; description: string } | null;
}
"#;

/// `Options` of the TypeScript above.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Options {
    release_name: Option<String>,
    namespace: Option<String>,
    kube_version: Option<String>,
    api_versions: Vec<String>,
    is_upgrade: bool,
    include_crds: bool,
    values_files: Vec<String>,
    set: Vec<SetArgument>,
}

#[derive(Debug, Deserialize)]
struct SetArgument {
    kind: Kind,
    text: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    File,
    Json,
    Literal,
    String,
    Typed,
}

impl Options {
    /// The names of the fields as JavaScript spells them.
    pub(crate) const NAMES: [&str; 8] = [
        "releaseName",
        "namespace",
        "kubeVersion",
        "apiVersions",
        "isUpgrade",
        "includeCrds",
        "valuesFiles",
        "set",
    ];
}

impl From<Options> for Settings {
    fn from(options: Options) -> Self {
        let defaults = Settings::default();
        let kind = |kind| match kind {
            Kind::File => SetKind::File,
            Kind::Json => SetKind::Json,
            Kind::Literal => SetKind::Literal,
            Kind::String => SetKind::Str,
            Kind::Typed => SetKind::Typed,
        };
        Settings {
            release_name: options.release_name.unwrap_or(defaults.release_name),
            namespace: options.namespace.unwrap_or(defaults.namespace),
            kube_version: options.kube_version,
            api_versions: options.api_versions,
            is_upgrade: options.is_upgrade,
            include_crds: options.include_crds,
            values_files: options.values_files,
            set: options.set.into_iter().map(|argument| (kind(argument.kind), argument.text)).collect(),
            set_aside: Vec::new(),
        }
    }
}

/// `RenderResult` of the TypeScript above.
#[derive(Debug, Serialize)]
pub(crate) struct Result {
    manifests: Bytes,
    notes: Option<Bytes>,
    documents: Vec<Document>,
    problems: Vec<Finding>,
    chart: Option<Chart>,
}

/// Serde would make a list of numbers of a `Vec<u8>`.
#[derive(Debug)]
struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    source: String,
    kind: String,
    name: String,
    is_hook: bool,
    start: usize,
    end: usize,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding {
    severity: &'static str,
    code: &'static str,
    message: String,
    file: Option<String>,
    range: Option<Range>,
    helm_first: bool,
    hint: Option<String>,
}

#[derive(Debug, Serialize)]
struct Range {
    start: u32,
    end: u32,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Chart {
    name: String,
    version: String,
    app_version: String,
    description: String,
}

impl From<Update> for Result {
    fn from(update: Update) -> Self {
        let documents = update.documents.into_iter().map(|document| Document {
            source: document.source.to_string(),
            kind: document.kind,
            name: document.name,
            is_hook: document.is_hook,
            start: document.range.start,
            end: document.range.end,
        });
        let chart = update.chart.map(|chart| Chart {
            name: chart.name,
            version: chart.version,
            app_version: chart.app_version,
            description: chart.description,
        });
        Result {
            manifests: Bytes(update.manifests),
            notes: update.notes.map(Bytes),
            documents: documents.collect(),
            problems: update.problems.into_iter().map(Finding::from).collect(),
            chart,
        }
    }
}

impl From<Problem> for Finding {
    fn from(problem: Problem) -> Self {
        let severity = match problem.severity {
            Severity::Error => "error",
            Severity::Info => "info",
            Severity::Warning => "warning",
        };
        Finding {
            severity,
            code: problem.code,
            message: problem.message,
            file: problem.file,
            range: problem.range.map(|range| Range { start: range.start, end: range.end }),
            helm_first: problem.helm_first,
            hint: problem.hint,
        }
    }
}
