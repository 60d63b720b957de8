//! The flags that each command knows.
//!
//! Source: helm v4.3.1 `pkg/cli/environment.go`, `pkg/cmd/flags.go` and a file for each command beside it; k8s.io/klog v2
//! `klog.go`.

/// What a flag takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// Nothing, or `=true` and its like.
    Bool,
    /// `client` or `server`; nothing counts as `unset`.
    DryRun,
    /// `1h5m`
    Duration,
    /// A number.
    Float,
    /// A whole number.
    Int,
    /// A comma-separated list; given twice, the lists are joined.
    List,
    /// `key=value`, several with commas.
    Pairs,
    /// The name of a plugin; there are none.
    PostRenderer,
    /// A text.
    Text,
    /// A text; every time it is given counts.
    Texts,
    /// A whole number that is not negative.
    Uint,
    /// How to wait for a cluster; nothing counts as `watcher`.
    Wait,
}

impl Kind {
    /// The value of a flag that is given without one; `None` where it takes the next argument.
    pub(crate) fn when_alone(self) -> Option<&'static str> {
        match self {
            Self::Bool => Some("true"),
            Self::DryRun => Some("unset"),
            Self::Wait => Some("watcher"),
            _ => None,
        }
    }
}

/// A flag.
pub(crate) struct Flag {
    pub(crate) name: &'static str,
    pub(crate) short: Option<char>,
    pub(crate) kind: Kind,
    /// What to use instead.
    pub(crate) deprecated: Option<&'static str>,
}

pub(crate) const fn flag(name: &'static str, kind: Kind) -> Flag {
    Flag { name, short: None, kind, deprecated: None }
}

pub(crate) const fn short(name: &'static str, short: char, kind: Kind) -> Flag {
    Flag { name, short: Some(short), kind, deprecated: None }
}

const fn old(name: &'static str, instead: &'static str) -> Flag {
    Flag { name, short: None, kind: Kind::Bool, deprecated: Some(instead) }
}

/// The flag that every command has last.
pub(crate) const HELP: Flag = short("help", 'h', Kind::Bool);

/// Flags of every command, those of Kubernetes' log among them, which change nothing here.
pub(crate) const GLOBAL: &[Flag] = &[
    flag("add-dir-header", Kind::Bool),
    flag("alsologtostderr", Kind::Bool),
    flag("burst-limit", Kind::Int),
    flag("color", Kind::Text),
    flag("colour", Kind::Text),
    flag("content-cache", Kind::Text),
    flag("debug", Kind::Bool),
    flag("kube-apiserver", Kind::Text),
    flag("kube-as-group", Kind::Texts),
    flag("kube-as-user", Kind::Text),
    flag("kube-ca-file", Kind::Text),
    flag("kube-context", Kind::Text),
    flag("kube-insecure-skip-tls-verify", Kind::Bool),
    flag("kube-tls-server-name", Kind::Text),
    flag("kube-token", Kind::Text),
    flag("kubeconfig", Kind::Text),
    flag("log-backtrace-at", Kind::Text),
    flag("log-dir", Kind::Text),
    flag("log-file", Kind::Text),
    flag("log-file-max-size", Kind::Int),
    flag("logtostderr", Kind::Bool),
    short("namespace", 'n', Kind::Text),
    flag("one-output", Kind::Bool),
    flag("qps", Kind::Float),
    flag("registry-config", Kind::Text),
    flag("repository-cache", Kind::Text),
    flag("repository-config", Kind::Text),
    flag("skip-headers", Kind::Bool),
    flag("skip-log-headers", Kind::Bool),
    flag("stderrthreshold", Kind::Text),
    short("v", 'v', Kind::Int),
    flag("vmodule", Kind::Text),
];

/// Flags that say where values come from.
pub(crate) const VALUES: &[Flag] = &[
    flag("set", Kind::Texts),
    flag("set-file", Kind::Texts),
    flag("set-json", Kind::Texts),
    flag("set-literal", Kind::Texts),
    flag("set-string", Kind::Texts),
    short("values", 'f', Kind::List),
];

/// Flags of commands that fetch a chart, which change nothing here but `verify`, `keyring` and `repo`.
pub(crate) const CHART_PATH: &[Flag] = &[
    flag("ca-file", Kind::Text),
    flag("cert-file", Kind::Text),
    flag("insecure-skip-tls-verify", Kind::Bool),
    flag("key-file", Kind::Text),
    flag("keyring", Kind::Text),
    flag("pass-credentials", Kind::Bool),
    flag("password", Kind::Text),
    flag("plain-http", Kind::Bool),
    flag("repo", Kind::Text),
    flag("username", Kind::Text),
    flag("verify", Kind::Bool),
    flag("version", Kind::Text),
];

/// Flags of commands that fetch from a repository.
pub(crate) const FETCH: &[Flag] = &[
    flag("ca-file", Kind::Text),
    flag("cert-file", Kind::Text),
    flag("insecure-skip-tls-verify", Kind::Bool),
    flag("key-file", Kind::Text),
    flag("password", Kind::Text),
    flag("plain-http", Kind::Bool),
    flag("username", Kind::Text),
];

const NO_EFFECT: &str = "this flag has no effect for 'helm template' and will be removed in Helm 5";

/// Flags of `template`, those among them that speak to a cluster, which change nothing here.
pub(crate) const TEMPLATE: &[Flag] = &[
    short("api-versions", 'a', Kind::List),
    old("atomic", "use --rollback-on-failure instead"),
    flag("create-namespace", Kind::Bool),
    flag("dependency-update", Kind::Bool),
    flag("description", Kind::Text),
    flag("devel", Kind::Bool),
    flag("disable-openapi-validation", Kind::Bool),
    flag("dry-run", Kind::DryRun),
    flag("enable-dns", Kind::Bool),
    old("force", "use --force-replace instead"),
    flag("force-conflicts", Kind::Bool),
    flag("force-replace", Kind::Bool),
    short("generate-name", 'g', Kind::Bool),
    old("hide-notes", NO_EFFECT),
    flag("include-crds", Kind::Bool),
    flag("is-upgrade", Kind::Bool),
    flag("kube-version", Kind::Text),
    short("labels", 'l', Kind::Pairs),
    flag("name-template", Kind::Text),
    flag("no-hooks", Kind::Bool),
    flag("output-dir", Kind::Text),
    flag("post-renderer", Kind::PostRenderer),
    flag("post-renderer-args", Kind::Texts),
    flag("release-name", Kind::Bool),
    old("render-subchart-notes", NO_EFFECT),
    flag("replace", Kind::Bool),
    flag("rollback-on-failure", Kind::Bool),
    flag("server-side", Kind::Bool),
    short("show-only", 's', Kind::Texts),
    flag("skip-crds", Kind::Bool),
    flag("skip-schema-validation", Kind::Bool),
    flag("skip-tests", Kind::Bool),
    flag("take-ownership", Kind::Bool),
    flag("timeout", Kind::Duration),
    old("validate", "use '--dry-run=server' instead"),
    flag("wait", Kind::Wait),
    flag("wait-for-jobs", Kind::Bool),
];

/// Flags of `template` that exclude each other, in Helm's order of looking.
pub(crate) const TEMPLATE_EXCLUSIVE: &[&[&str]] =
    &[&["force", "force-conflicts"], &["force-replace", "force-conflicts"], &["validate", "dry-run"]];

/// Flags of `explain`, beside those of `template`.
pub(crate) const EXPLAIN: &[Flag] =
    &[flag("field", Kind::Texts), flag("line", Kind::Texts), flag("manifest", Kind::Bool)];

/// Flags of `lint`.
pub(crate) const LINT: &[Flag] = &[
    flag("kube-version", Kind::Text),
    flag("quiet", Kind::Bool),
    flag("skip-schema-validation", Kind::Bool),
    flag("strict", Kind::Bool),
    flag("with-subcharts", Kind::Bool),
];
