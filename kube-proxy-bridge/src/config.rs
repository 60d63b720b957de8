//! The command line.

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// The text of `--help`.
pub const USAGE: &str = "\
Serves the Chartroom page and, when a cluster is named, deploys to it.

Usage: kube-proxy-bridge [OPTIONS]

The page
  --page FOLDER             the built page (default dist)
  --open                    open the page in the browser of this desktop
  --strict                  the page keeps its session in memory alone: a reload signs out

Where to listen
  --port PORT               listen on 127.0.0.1:PORT; 0 picks a free one (default 8484)
  --listen ADDR:PORT        listen there; an address that others reach needs TLS
  --tls-cert FILE           certificate chain, PEM; read again when it changes
  --tls-key FILE            its private key, PEM
  --tls-self-signed         a certificate of its own, made at the start; its SHA-256 is printed, to be
                            compared with what the browser shows
  --unix-socket FILE        listen on this socket, which its owner alone may open, and on no port
  --i-know-this-is-plaintext
                            listen in public without TLS, behind something that adds it
  --allow-host NAME[:PORT]  answer to this name, too (repeatable)
  --allow-origin ORIGIN     pages of this origin may call, https://host[:port] (repeatable);
                            behind a proxy that adds TLS, also the bridge's own
  --metrics-listen ADDR:PORT
                            serve /metrics, /livez and /readyz there
  --metrics-namespace-label count operations, rollbacks and recoveries by namespace, too

The cluster; without one of the first three the bridge only serves the page
  --cluster                 the current context of the kubeconfig
  --kubeconfig FILE         that kubeconfig
  --context NAME            that context of it
  --mode local|passthrough  whose rights are used: the kubeconfig's, or those of the Kubernetes
                            token that each caller sends (default local)
  --read-only               refuse every operation
  --allow-insecure-cluster  accept a cluster whose certificate is not checked

What may be deployed
  --namespace NAME          only there; `*` at the end matches any rest (repeatable). kube-* is
                            denied unless a name is given here in full
  --deny-namespace NAME     never there (repeatable)
  --deny-kind KIND          never this: Kind, group/Kind, group/* or a rule's name (repeatable)
  --allow-kind KIND         lift a denial that is there by default (repeatable)
  --lookup-kind KIND        charts may look this up without asking (repeatable)

Traces of what was done
  --state-dir FOLDER        keep the audit log and event logs there
  --audit-log FILE          the audit log (default FOLDER/audit.jsonl, else standard error)
  --log-level LEVEL         error, warn, info or debug (default info)

Times and limits
  --drain-timeout SECONDS   what running operations get at a stop (default 25)
  --heartbeat-seconds N     how often a running operation signs its record (default 10)
  --stale-after SECONDS     the age at which another's unfinished record counts as abandoned
                            (default 900)
  --idle-timeout SECONDS    after which a session ends (default 43200)
  --rate-reads N            reads a second of one caller; twice as many at once (default 50)
  --rate-plans N            plans a second of one caller (default 2)
  --rate-operations N       operations a minute of one caller (default 10)

  --help                    print this
";

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Print [`USAGE`].
    Help,
    /// Serve.
    Serve(Box<Config>),
}

/// How to serve.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Where to listen; port 0 lets the system choose. Public only with TLS, or when the person insists.
    pub listen: SocketAddr,
    /// The folder that Trunk wrote.
    pub page: PathBuf,
    /// Whether to open the page in a browser.
    pub open: bool,
    /// Where the certificate comes from; plain text when there is none.
    pub tls: Option<TlsSource>,
    /// Listen here instead of a port.
    pub unix_socket: Option<PathBuf>,
    /// Names that are ours besides the address.
    pub allow_hosts: Vec<String>,
    /// Origins whose pages may call.
    pub allow_origins: Vec<String>,
    /// Where metrics are served, if at all.
    pub metrics_listen: Option<SocketAddr>,
    /// Whether counters name the namespaces of releases.
    pub metrics_namespace_label: bool,
    /// Which cluster, if any.
    pub cluster: Option<ClusterConfig>,
    /// Where the audit log goes; standard error when there is no file.
    pub audit_log: Option<PathBuf>,
    /// The least important event that is logged.
    pub log_level: LogLevel,
    /// What the rest of the bridge asks.
    pub settings: Settings,
}

/// Where the certificate comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsSource {
    /// From these files.
    Files(TlsFiles),
    /// Made at the start, and signed by nobody.
    SelfSigned,
}

/// Certificate and key, both PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The chain, leaf first.
    pub cert: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// Which cluster, and whose rights.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterConfig {
    /// The kubeconfig; the usual places when absent.
    pub kubeconfig: Option<PathBuf>,
    /// The context; the current one when absent. No request can choose it.
    pub context: Option<String>,
    /// Whether a cluster without a checked certificate is accepted.
    pub allow_insecure: bool,
}

/// How callers prove who they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// A launch code and a session; the cluster sees the kubeconfig's user.
    #[default]
    Local,
    /// The caller's own Kubernetes token; many people share the bridge.
    Passthrough,
}

/// The least important event that is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the usual four")]
pub enum LogLevel {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
}

/// Numbers and switches that routes and operations ask for.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// How callers prove who they are.
    pub access: Access,
    /// Whether every operation is refused.
    pub read_only: bool,
    /// Whether the page must keep its session in memory alone.
    pub strict: bool,
    /// Where event logs are kept, if at all.
    pub state_dir: Option<PathBuf>,
    /// What running operations get at a stop.
    pub drain_timeout: Duration,
    /// How often a running operation signs its record.
    pub heartbeat: Duration,
    /// The age of the last signature at which our own record counts as crashed: six signatures.
    pub heartbeat_lost: Duration,
    /// The age at which another's pending record counts as abandoned.
    pub stale_after: Duration,
    /// After which a session without requests ends.
    pub idle_timeout: Duration,
    /// Requests of one caller.
    pub rates: Rates,
    /// How much at once.
    pub caps: Caps,
    /// What may be deployed.
    pub policy: PolicyConfig,
}

/// How often one caller may ask.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Reads a second; twice as many at once.
    pub reads_per_second: f64,
    /// Plans a second; twice as many at once.
    pub plans_per_second: f64,
    /// Operations a minute; all of them at once.
    pub operations_per_minute: f64,
    /// Refused sign-ins a minute of one peer.
    pub failures_per_minute: u32,
}

/// How much at once, and how large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Operations that run, of the whole bridge.
    pub operations: usize,
    /// Operations that run in one namespace.
    pub operations_per_namespace: usize,
    /// Operations that run for one caller.
    pub operations_per_caller: usize,
    /// Operations that wait.
    pub operations_queued: usize,
    /// Event streams of the whole bridge.
    pub streams: usize,
    /// Event streams of one caller.
    pub streams_per_caller: usize,
    /// The body of an apply or a plan.
    pub large_body_bytes: usize,
    /// The same, inflated.
    pub inflated_body_bytes: usize,
    /// Any other body.
    pub body_bytes: usize,
    /// Items of one lookup batch.
    pub lookup_batch: usize,
}

/// What may be deployed, as the command line says it; [`crate::policy`] reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyConfig {
    /// Whether many people share the bridge: what concerns the whole cluster is denied unless allowed.
    pub shared: bool,
    /// Namespaces that may be written to; empty: all that are not denied.
    pub namespaces: Vec<String>,
    /// Namespaces that may not.
    pub deny_namespaces: Vec<String>,
    /// The namespace that the bridge itself runs in.
    pub own_namespace: Option<String>,
    /// Kinds and rules that are denied.
    pub deny_kinds: Vec<String>,
    /// Kinds and rules that are allowed although they are denied by default.
    pub allow_kinds: Vec<String>,
    /// Kinds that `lookup` may read besides the usual ones.
    pub lookup_kinds: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8484)),
            page: PathBuf::from("dist"),
            open: false,
            tls: None,
            unix_socket: None,
            allow_hosts: Vec::new(),
            allow_origins: Vec::new(),
            metrics_listen: None,
            metrics_namespace_label: false,
            cluster: None,
            audit_log: None,
            log_level: LogLevel::default(),
            settings: Settings::default(),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            access: Access::Local,
            read_only: false,
            strict: false,
            state_dir: None,
            drain_timeout: Duration::from_secs(25),
            heartbeat: Duration::from_secs(10),
            heartbeat_lost: Duration::from_secs(60),
            stale_after: Duration::from_secs(900),
            idle_timeout: Duration::from_secs(12 * 3600),
            rates: Rates::default(),
            caps: Caps::default(),
            policy: PolicyConfig::default(),
        }
    }
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            reads_per_second: 50.0,
            plans_per_second: 2.0,
            operations_per_minute: 10.0,
            failures_per_minute: 10,
        }
    }
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            operations: 16,
            operations_per_namespace: 4,
            operations_per_caller: 4,
            operations_queued: 64,
            streams: 64,
            streams_per_caller: 8,
            large_body_bytes: 16 << 20,
            inflated_body_bytes: 24 << 20,
            body_bytes: 1 << 20,
            lookup_batch: 64,
        }
    }
}

/// Reads the arguments after the program's name.
///
/// # Errors
/// A sentence that names the argument.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command, String> {
    let mut config = Config::default();
    let mut cluster = ClusterConfig::default();
    let mut wants_cluster = false;
    let mut mode = None;
    let (mut cert, mut key, mut self_signed, mut plaintext) = (None, None, false, false);
    let mut has_port = false;
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("{} needs a value", arg.display()));
        let settings = &mut config.settings;
        match arg.to_str() {
            Some("--help" | "-h") => return Ok(Command::Help),
            Some("--page") => config.page = PathBuf::from(value()?),
            Some("--open") => config.open = true,
            Some("--strict") => settings.strict = true,
            Some("--port") => {
                has_port = true;
                let port = number(&value()?, "a port")?;
                config.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            }
            Some("--listen") => {
                has_port = true;
                config.listen = number(&value()?, "an address and a port")?;
            }
            Some("--unix-socket") => config.unix_socket = Some(PathBuf::from(value()?)),
            Some("--tls-self-signed") => self_signed = true,
            Some("--tls-cert") => cert = Some(PathBuf::from(value()?)),
            Some("--tls-key") => key = Some(PathBuf::from(value()?)),
            Some("--i-know-this-is-plaintext") => plaintext = true,
            Some("--allow-host") => config.allow_hosts.push(host(&value()?)?),
            Some("--allow-origin") => config.allow_origins.push(origin(&value()?)?),
            Some("--metrics-listen") => {
                config.metrics_listen = Some(number(&value()?, "an address and a port")?);
            }
            Some("--metrics-namespace-label") => config.metrics_namespace_label = true,
            Some("--cluster") => wants_cluster = true,
            Some("--kubeconfig") => cluster.kubeconfig = Some(PathBuf::from(value()?)),
            Some("--context") => cluster.context = Some(text(&value()?)?),
            Some("--mode") => {
                mode = Some(match value()?.to_str() {
                    Some("local") => Access::Local,
                    Some("passthrough") => Access::Passthrough,
                    _ => return Err("--mode is local or passthrough".to_owned()),
                });
            }
            Some("--read-only") => settings.read_only = true,
            Some("--allow-insecure-cluster") => cluster.allow_insecure = true,
            Some("--namespace") => settings.policy.namespaces.push(text(&value()?)?),
            Some("--deny-namespace") => settings.policy.deny_namespaces.push(text(&value()?)?),
            Some("--deny-kind") => settings.policy.deny_kinds.push(text(&value()?)?),
            Some("--allow-kind") => settings.policy.allow_kinds.push(text(&value()?)?),
            Some("--lookup-kind") => settings.policy.lookup_kinds.push(text(&value()?)?),
            Some("--state-dir") => settings.state_dir = Some(PathBuf::from(value()?)),
            Some("--audit-log") => config.audit_log = Some(PathBuf::from(value()?)),
            Some("--log-level") => {
                config.log_level = match value()?.to_str() {
                    Some("error") => LogLevel::Error,
                    Some("warn") => LogLevel::Warn,
                    Some("info") => LogLevel::Info,
                    Some("debug") => LogLevel::Debug,
                    _ => return Err("--log-level is error, warn, info or debug".to_owned()),
                };
            }
            Some("--drain-timeout") => settings.drain_timeout = seconds(&value()?)?,
            Some("--heartbeat-seconds") => {
                settings.heartbeat = positive(seconds(&value()?)?, "--heartbeat-seconds")?;
                settings.heartbeat_lost = settings.heartbeat * 6;
            }
            Some("--stale-after") => settings.stale_after = seconds(&value()?)?,
            Some("--idle-timeout") => {
                settings.idle_timeout = positive(seconds(&value()?)?, "--idle-timeout")?
            }
            Some("--rate-reads") => settings.rates.reads_per_second = rate(&value()?)?,
            Some("--rate-plans") => settings.rates.plans_per_second = rate(&value()?)?,
            Some("--rate-operations") => settings.rates.operations_per_minute = rate(&value()?)?,
            _ => return Err(format!("unknown argument {}", arg.display())),
        }
    }
    config.tls = match (cert, key, self_signed) {
        (Some(cert), Some(key), false) => Some(TlsSource::Files(TlsFiles { cert, key })),
        (None, None, true) => Some(TlsSource::SelfSigned),
        (None, None, false) => None,
        (Some(_), Some(_), true) => return Err("--tls-self-signed needs no --tls-cert".to_owned()),
        _ => return Err("--tls-cert and --tls-key belong together".to_owned()),
    };
    if config.unix_socket.is_some() {
        if has_port || config.tls.is_some() || config.open {
            return Err(
                "--unix-socket is instead of a port: no --port, --listen, --tls-… and --open with it"
                    .to_owned(),
            );
        }
        // As which its clients call it: nobody else can be connected to it.
        config.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 80));
    }
    if !config.listen.ip().is_loopback() && config.tls.is_none() && !plaintext {
        return Err(format!(
            "{} is reachable by others: give --tls-cert and --tls-key or --tls-self-signed, or say --i-know-this-is-plaintext",
            config.listen
        ));
    }
    if wants_cluster || cluster.kubeconfig.is_some() || cluster.context.is_some() {
        config.settings.access = mode.unwrap_or_default();
        config.settings.policy.shared = config.settings.access == Access::Passthrough;
        config.cluster = Some(cluster);
    } else if mode.is_some() {
        return Err("--mode needs a cluster: --cluster, --kubeconfig or --context".to_owned());
    }
    if config.audit_log.is_none() {
        config.audit_log = config.settings.state_dir.as_ref().map(|folder| folder.join("audit.jsonl"));
    }
    Ok(Command::Serve(Box::new(config)))
}

fn text(value: &OsString) -> Result<String, String> {
    match value.to_str() {
        Some(text) if !text.is_empty() => Ok(text.to_owned()),
        _ => Err(format!("{:?} is not a name", value.display())),
    }
}

fn number<T: std::str::FromStr>(value: &OsString, what: &str) -> Result<T, String> {
    let parsed = value.to_str().and_then(|text| text.parse().ok());
    parsed.ok_or_else(|| format!("{} is not {what}", value.display()))
}

fn seconds(value: &OsString) -> Result<Duration, String> {
    number::<u32>(value, "a number of seconds").map(|seconds| Duration::from_secs(seconds.into()))
}

fn positive(time: Duration, flag: &str) -> Result<Duration, String> {
    if time.is_zero() { Err(format!("{flag} must not be 0")) } else { Ok(time) }
}

fn rate(value: &OsString) -> Result<f64, String> {
    let rate: f64 = number(value, "a rate")?;
    // NaN and the infinities are no rates either.
    if rate > 0.0 && rate <= 1e6 { Ok(rate) } else { Err(format!("{} is not a rate", value.display())) }
}

/// A name as it stands in `Host`: no scheme, no path, no user.
fn host(value: &OsString) -> Result<String, String> {
    let text = text(value)?;
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte));
    if plain { Ok(text.to_ascii_lowercase()) } else { Err(format!("{text} is not a host name")) }
}

/// An origin as browsers write it: scheme, host, and the port when it is not the scheme's own.
fn origin(value: &OsString) -> Result<String, String> {
    let text = text(value)?;
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let plain = |rest: &str| {
        !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte))
    };
    match rest {
        Some(rest) if plain(rest) => Ok(text.to_ascii_lowercase()),
        _ => Err(format!("{text} is not an origin such as https://charts.example.org")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(args: &[&str]) -> Result<Config, String> {
        match parse(args.iter().map(OsString::from))? {
            Command::Serve(config) => Ok(*config),
            Command::Help => Err("help".to_owned()),
        }
    }

    #[track_caller]
    fn refused(args: &[&str], sentence: &str) {
        assert_eq!(config(args).expect_err("refused"), sentence);
    }

    #[test]
    fn without_arguments_the_page_alone_is_served_on_loopback() {
        let config = config(&[]).expect("nothing wrong");
        assert_eq!(config, Config::default());
        assert_eq!(config.listen.to_string(), "127.0.0.1:8484");
        assert_eq!(config.cluster, None);
    }

    #[test]
    fn arguments_are_read_or_refused_by_name() {
        let read = config(&["--port", "0", "--page", "/tmp/x", "--open"]).expect("good");
        assert_eq!((read.listen.port(), read.page, read.open), (0, "/tmp/x".into(), true));
        refused(&["--port", "1", "--help"], "help");
        refused(&["--port"], "--port needs a value");
        refused(&["--port", "65536"], "65536 is not a port");
        refused(&["--host", "0.0.0.0"], "unknown argument --host");
        refused(&["--heartbeat-seconds", "0"], "--heartbeat-seconds must not be 0");
        refused(&["--rate-reads", "NaN"], "NaN is not a rate");
        refused(&["--rate-plans", "0"], "0 is not a rate");
        refused(&["--allow-host", "http://a"], "http://a is not a host name");
        refused(&["--allow-origin", "*"], "* is not an origin such as https://charts.example.org");
        refused(&["--allow-origin", "null"], "null is not an origin such as https://charts.example.org");
        refused(
            &["--allow-origin", "https://"],
            "https:// is not an origin such as https://charts.example.org",
        );
    }

    #[test]
    fn a_public_address_needs_tls_or_an_explicit_word() {
        let sentence = |address: &str| {
            format!(
                "{address} is reachable by others: give --tls-cert and --tls-key or --tls-self-signed, or say --i-know-this-is-plaintext"
            )
        };
        for address in ["0.0.0.0:8484", "[::]:8484", "192.168.1.7:443"] {
            refused(&["--listen", address], &sentence(address));
            assert!(config(&["--listen", address, "--i-know-this-is-plaintext"]).is_ok());
            assert!(config(&["--listen", address, "--tls-cert", "a", "--tls-key", "b"]).is_ok());
            assert!(config(&["--listen", address, "--tls-self-signed"]).is_ok());
        }
        assert!(config(&["--listen", "[::1]:8484"]).is_ok());
        refused(&["--tls-cert", "a"], "--tls-cert and --tls-key belong together");
        refused(&["--tls-key", "a", "--tls-self-signed"], "--tls-cert and --tls-key belong together");
        refused(
            &["--tls-cert", "a", "--tls-key", "b", "--tls-self-signed"],
            "--tls-self-signed needs no --tls-cert",
        );
        let socket = config(&["--unix-socket", "s"]).expect("good");
        assert_eq!((socket.unix_socket, socket.listen.port()), (Some("s".into()), 80));
        for more in [&["--port", "1"][..], &["--listen", "[::1]:1"], &["--tls-self-signed"], &["--open"]] {
            let sentence =
                "--unix-socket is instead of a port: no --port, --listen, --tls-… and --open with it";
            refused(&[&["--unix-socket", "s"], more].concat(), sentence);
        }
        refused(&["--listen", "localhost:8484"], "localhost:8484 is not an address and a port");
    }

    #[test]
    fn a_cluster_comes_only_when_it_is_asked_for() {
        for args in [&["--cluster"][..], &["--kubeconfig", "k"], &["--context", "c"]] {
            let config = config(args).expect("good");
            assert!(config.cluster.is_some(), "{args:?}");
            assert!(!config.settings.policy.shared);
        }
        refused(&["--mode", "local"], "--mode needs a cluster: --cluster, --kubeconfig or --context");
        refused(&["--cluster", "--mode", "oidc"], "--mode is local or passthrough");
        let shared = config(&["--cluster", "--mode", "passthrough"]).expect("good").settings;
        assert_eq!(shared.access, Access::Passthrough);
        assert!(shared.policy.shared);
    }

    #[test]
    fn the_audit_log_lies_in_the_state_folder_unless_it_is_named() {
        assert_eq!(config(&[]).expect("good").audit_log, None);
        let inside = config(&["--state-dir", "s"]).expect("good").audit_log;
        assert_eq!(inside, Some("s/audit.jsonl".into()));
        let named = config(&["--audit-log", "a", "--state-dir", "s"]).expect("good").audit_log;
        assert_eq!(named, Some("a".into()));
    }
}
