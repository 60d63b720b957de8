//! What the page and the render worker say to each other: plain data, nothing of the renderer's own.
//!
//! Bytes do not travel inside these types. A message is a head (one of these) and one buffer that is transferred, not
//! copied; the head says how many bytes of it belong to whom, in order.

use serde::{Deserialize, Serialize};

/// A hash of the sources of this build. Page and worker compare it: they are two files and may come from two builds.
pub const BUILD_ID: &str = env!("CHARTROOM_BUILD");

/// The number of an edit. The page counts up by one with every change that can alter the output.
pub type Revision = u64;

/// Page to worker: apply the changes in order, render, answer with [`Reply::Updated`] of the same revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Comes back in the answer.
    pub revision: Revision,
    /// In order; the buffer holds the bytes of all [`Change::PutFile`] one after the other.
    pub changes: Vec<Change>,
    /// Answer with [`Reply::Packaged`] before rendering.
    pub wants_package: bool,
    /// Answer with [`Reply::Reviewed`] before rendering.
    pub review: Option<Review>,
    /// Whether to render and to answer with [`Reply::Updated`]; without it the review is the last answer.
    pub wants_update: bool,
}

/// One round of the render that a deploy sends: the real clock, real randomness, what the cluster says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Names the review. Rounds of one review add to each other's answers.
    pub id: u64,
    /// The revision that the release would get.
    pub revision: u32,
    /// Whether the release exists.
    pub is_upgrade: bool,
    /// What the cluster that it goes to can do.
    pub cluster: Cluster,
    /// What the last round asked and the cluster answered since.
    pub answers: Vec<Answered>,
}

/// The arguments of one `lookup`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Question {
    /// `v1`, `apps/v1`.
    pub api_version: String,
    /// `ConfigMap`.
    pub kind: String,
    /// Empty: none, or all.
    pub namespace: String,
    /// Empty: a list.
    pub name: String,
}

/// A `lookup` and what it finds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// What was asked.
    pub question: Question,
    /// What it finds.
    pub answer: Answer,
}

/// What a `lookup` finds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// The template that asks stops with this sentence.
    Failed(String),
    /// There is none, or it may not be read.
    Nothing,
    /// An object or a list, as JSON.
    Objects(String),
}

/// What a round of a review gave. The buffer is the body of the submission, when there is one: JSON of `wire::Apply` without
/// what the person decides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reviewed {
    /// Of the review.
    pub id: u64,
    /// Every `lookup` of this round, sorted; those without an answer were given nothing.
    pub asked: Vec<Question>,
    /// The error at which Helm would stop; then there is no body.
    pub problem: Option<Problem>,
    /// Whether no [`Reply::Updated`] follows.
    pub is_last: bool,
}

/// What a live cluster can do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cluster {
    /// `.Capabilities.KubeVersion`: whole, major, minor.
    pub version: (String, String, String),
    /// `.Capabilities.APIVersions`.
    pub api_versions: Vec<String>,
}

/// One step from the worker's copy of the chart to the page's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// Forget all files. What follows is the whole chart.
    Clear,
    /// Render for this cluster, or for none.
    Cluster(Option<Cluster>),
    /// Write a file; its bytes are the next `len` of the buffer.
    PutFile {
        /// Inside the chart, with `/`.
        path: String,
        /// In bytes.
        len: u32,
    },
    /// Remove a file.
    RemoveFile {
        /// Inside the chart, with `/`.
        path: String,
    },
    /// Render with these settings from now on.
    Settings(Settings),
}

/// What a render is asked for, besides the files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// `.Release.Name`.
    pub release_name: String,
    /// `.Release.Namespace`.
    pub namespace: String,
    /// As `--kube-version` takes it; `None` for Helm's default.
    pub kube_version: Option<String>,
    /// Values files inside the chart, weakest first; `values.yaml` itself is not among them.
    pub values_files: Vec<String>,
    /// Templates that are not run.
    pub set_aside: Vec<String>,
    /// Where time and randomness come from.
    pub world: World,
}

/// Where time and randomness come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum World {
    /// From this machine: every render has others.
    Exact,
    /// They are made up, the same in every render, so that nothing flickers while a person types.
    #[default]
    Preview,
}

impl World {
    /// The word of `data-world`.
    pub fn word(self) -> &'static str {
        match self {
            World::Exact => "exact",
            World::Preview => "preview",
        }
    }
}

/// What the templates asked the world, besides the input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The time.
    pub clock: bool,
    /// Objects of the cluster; the page knows none.
    pub cluster: bool,
    /// Addresses of hosts; the page knows none.
    pub names: bool,
    /// Random values.
    pub random: bool,
}

/// Worker to page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    /// Something that may take seconds is about to begin inside the template reported last: the making of a key.
    Announced {
        /// The object of a sentence: `an RSA key of 4096 bits`.
        what: String,
    },
    /// What `helm package` would write, in the buffer, or why it cannot be written.
    Packaged {
        /// `name-version.tgz`.
        result: Result<String, String>,
    },
    /// The panic's text; the worker is lost.
    Panicked {
        /// What the panic hook was given.
        text: String,
    },
    /// The worker is loaded and listens.
    Ready {
        /// Its [`BUILD_ID`].
        build_id: String,
    },
    /// A template is about to run.
    Template {
        /// Its path inside the chart.
        path: String,
    },
    /// The answer to a [`Review`].
    Reviewed(Reviewed),
    /// The answer to a [`Request`].
    Updated(Update),
}

/// One render. The buffer holds the manifests, then the notes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Update {
    /// Of the request.
    pub revision: Revision,
    /// Time of the render itself in milliseconds, without the way there and back.
    pub render_ms: f64,
    /// Bytes of the manifests.
    pub manifests_len: u32,
    /// Bytes of the notes, when the chart has some.
    pub notes_len: Option<u32>,
    /// In the order of the manifests.
    pub documents: Vec<Document>,
    /// In the order in which they were found.
    pub problems: Vec<Problem>,
    /// Templates that gave no documents because of an error.
    pub failed: Vec<Failed>,
    /// Files that are no part of the chart.
    pub ignored: Vec<Ignored>,
    /// What `Chart.yaml` says, when it can be read.
    pub chart: Option<ChartSummary>,
    /// The world of this render.
    pub world: World,
    /// What it was asked.
    pub asked: Asked,
}

/// One YAML document of the manifests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// What `# Source:` says.
    pub source: String,
    /// `kind`, empty when there is none.
    pub kind: String,
    /// `metadata.name`, empty when there is none.
    pub name: String,
    /// First byte in the manifests.
    pub start: u32,
    /// Behind the last byte in the manifests.
    pub end: u32,
    /// Whether it is a hook.
    pub is_hook: bool,
}

/// A template without documents because of an error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// What a `# Source:` line would say.
    pub source: String,
    /// Inside the chart.
    pub path: String,
    /// Helm's sentence.
    pub message: String,
}

/// A file that `.helmignore` keeps out of the chart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ignored {
    /// Inside the chart.
    pub path: String,
    /// The pattern that keeps it out.
    pub pattern: String,
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Severity {
    /// Helm would refuse.
    Error,
    /// Helm would warn, or should.
    Warning,
    /// Good to know.
    Info,
}

impl Severity {
    /// The word used in class names and `data-severity`.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        }
    }
}

/// Something the person should see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// How bad.
    pub severity: Severity,
    /// A word in kebab case.
    pub code: String,
    /// The sentence; Helm's own where Helm has one.
    pub message: String,
    /// Where, inside the chart.
    pub file: Option<String>,
    /// Where in the file, in bytes.
    pub range: Option<(u32, u32)>,
    /// Whether this is the one error that Helm itself would print.
    pub helm_first: bool,
    /// What to do about it.
    pub hint: Option<String>,
}

/// What `Chart.yaml` says about the chart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChartSummary {
    /// `name`.
    pub name: String,
    /// `version`.
    pub version: String,
    /// `appVersion`.
    pub app_version: Option<String>,
    /// `description`.
    pub description: Option<String>,
}
