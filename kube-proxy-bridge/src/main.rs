//! Reads the command line, connects, listens, serves until it is told to stop.

use std::io::{self, BufRead as _, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use kube_proxy_bridge::audit::Audit;
use kube_proxy_bridge::config::{self, Command, Config, TlsSource};
use kube_proxy_bridge::http::page::Page;
use kube_proxy_bridge::http::serve::{Listener, serve};
use kube_proxy_bridge::http::tls::Tls;
use kube_proxy_bridge::kube::{Connector, Options};
use kube_proxy_bridge::metrics::Metrics;
use kube_proxy_bridge::{Setup, State, app, desktop, metrics_app, observer, telemetry};
use secrecy::ExposeSecret as _;
use tokio::net::TcpListener;
use tracing_subscriber::layer::SubscriberExt as _;
use wire::{Mode, TlsMode};

/// Where a pod finds the namespace it runs in.
const OWN_NAMESPACE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

#[tokio::main]
async fn main() -> ExitCode {
    let config = match config::parse(std::env::args_os().skip(1)) {
        Ok(Command::Serve(config)) => *config,
        Ok(Command::Help) => {
            // A closed pipe is the reader's decision.
            let _ = io::stdout().write_all(config::USAGE.as_bytes());
            return ExitCode::SUCCESS;
        }
        Err(sentence) => {
            eprintln!("kube-proxy-bridge: {sentence}\n\n{}", config::USAGE);
            return ExitCode::from(2);
        }
    };
    let lines = telemetry::Lines::new(config.log_level, io::stderr());
    let subscriber = tracing_subscriber::registry().with(lines);
    // It is the first and only one of this process.
    let _ = tracing::subscriber::set_global_default(subscriber);
    telemetry::log_panics();
    match run(config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("kube-proxy-bridge: {sentence}");
            ExitCode::FAILURE
        }
    }
}

async fn run(config: Config) -> Result<(), String> {
    let Config {
        listen,
        page,
        open,
        tls,
        unix_socket,
        mut allow_hosts,
        allow_origins,
        metrics_listen,
        metrics_namespace_label,
        cluster,
        audit_log,
        ..
    } = config;
    let mut settings = config.settings;
    settings.policy.own_namespace = std::fs::read_to_string(OWN_NAMESPACE)
        .ok()
        .map(|text| text.trim().to_owned())
        .filter(|name| !name.is_empty());
    let page = Page::load(&page).map_err(|error| format!("{}: {error}", page.display()))?;
    let mut fingerprint = None;
    let tls = match tls {
        None => None,
        Some(TlsSource::Files(files)) => Some(Tls::load(files)?),
        Some(TlsSource::SelfSigned) => {
            let (tls, print) = Tls::self_signed(names(listen, &allow_hosts))?;
            fingerprint = Some(print);
            Some(tls)
        }
    };
    if let Some(folder) = &settings.state_dir {
        make_private(folder).map_err(|error| format!("--state-dir {}: {error}", folder.display()))?;
    }
    let metrics = if metrics_namespace_label { Metrics::by_namespace() } else { Metrics::new() };
    let connector = match cluster {
        None => None,
        Some(cluster) => {
            let options = Options {
                kubeconfig: cluster.kubeconfig,
                context: cluster.context,
                allow_insecure: cluster.allow_insecure,
            };
            Some(
                Connector::new(&options, observer(metrics.clone()))
                    .await
                    .map_err(|error| error.to_string())?,
            )
        }
    };
    let audit = match audit_log {
        None => Audit::to_stderr(),
        Some(path) => {
            Audit::to_file(&path).map_err(|error| format!("--audit-log {}: {error}", path.display()))?
        }
    };
    let (listener, address) = match &unix_socket {
        None => {
            let listener = TcpListener::bind(listen)
                .await
                .map_err(|error| format!("cannot listen on {listen} (--port chooses another): {error}"))?;
            let address = listener.local_addr().map_err(|error| error.to_string())?;
            (Listener::Tcp(listener), address)
        }
        Some(path) => {
            // Clients have to name something, and this is what curl's manual does.
            allow_hosts.push("localhost".to_owned());
            (open_socket(path)?, listen)
        }
    };
    let about = connector.as_ref().map(|connector| connector.info().clone());
    let drain_timeout = settings.drain_timeout;
    let state = State::new(Setup {
        page,
        address,
        tls: tls.is_some(),
        allow_hosts,
        allow_origins,
        connector,
        settings,
        metrics,
        audit,
    })?;
    let metrics_listener = match metrics_listen {
        None => None,
        Some(wanted) => Some(
            TcpListener::bind(wanted).await.map_err(|error| format!("cannot listen on {wanted}: {error}"))?,
        ),
    };

    let scheme = if tls.is_some() { "https" } else { "http" };
    let url = format!("{scheme}://{address}/");
    // Programs that start the bridge read its address from this line, and the code from the next but one.
    match &unix_socket {
        None => say(&format!("Chartroom is at {url}")),
        Some(path) => say(&format!("Chartroom is at the socket {}, as http://localhost/", path.display())),
    }
    if let Some(fingerprint) = fingerprint {
        say(&format!("Its certificate is its own, SHA-256 {fingerprint}"));
    }
    if let Some(about) = about {
        let user = match state.mode() {
            Mode::Passthrough => "whoever calls".to_owned(),
            _ => about.user,
        };
        let checked = match about.tls {
            TlsMode::Verified => "certificate checked",
            TlsMode::Insecure => "CERTIFICATE NOT CHECKED",
            TlsMode::Plaintext => "NOT ENCRYPTED",
        };
        say(&format!(
            "Cluster {} at {}, context {}, as {user}, {checked}",
            about.name, about.server, about.context
        ));
        tracing::info!(event = "started", cluster = about.name, context = about.context, %address);
        tokio::spawn(state.clone().watch_cluster());
        tokio::spawn(state.clone().tell_interrupted());
    }
    let mut start = url.clone();
    if state.mode() == Mode::Local {
        start = launch_url(&state, &url)?;
        say(&format!("Sign in within a minute: {start} (Enter prints another)"));
        say_on_enter(state.clone(), url);
    }
    if open {
        desktop::open(&start);
    }
    if let Some(listener) = metrics_listener {
        let app = metrics_app(state.clone());
        tokio::spawn(serve(Listener::Tcp(listener), app, None, state.stopping(), drain_timeout));
    }
    if let Some(tls) = tls.clone() {
        tokio::spawn(tls.watch());
    }
    tokio::spawn(stop_on_signal(state.clone()));

    // Streams end themselves when the drain begins, so what is left then is short.
    let served = serve(listener, app(state.clone()), tls, state.stopping(), drain_timeout);
    served.await.map_err(|error| error.to_string())?;
    if let Some(path) = &unix_socket {
        // The next start replaces it, should it stay.
        let _ = std::fs::remove_file(path);
    }
    // The listener is closed; operations may still be on their way to a place where they can stop.
    state.drain().await;
    tracing::info!(event = "stopped");
    Ok(())
}

/// What a certificate of its own is good for.
fn names(listen: SocketAddr, more: &[String]) -> Vec<String> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    if !listen.ip().is_unspecified() {
        names.push(listen.ip().to_string());
    }
    let without_port = |name: &String| match name.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() => name.to_owned(),
        _ => name.clone(),
    };
    names.extend(more.iter().map(without_port));
    names.dedup();
    names
}

#[cfg(unix)]
fn open_socket(path: &Path) -> Result<Listener, String> {
    Listener::unix(path).map_err(|error| format!("--unix-socket {}: {error}", path.display()))
}

#[cfg(not(unix))]
fn open_socket(_: &Path) -> Result<Listener, String> {
    Err("--unix-socket: this system has none".to_owned())
}

/// The first signal begins a drain, the second ends the process.
async fn stop_on_signal(state: State) {
    let Ok(mut signals) = Signals::new() else { return };
    let signal = signals.next().await;
    tracing::info!(event = "stopping", signal);
    let drain = state.drain();
    tokio::select! {
        () = drain => {
            signals.next().await;
        }
        _ = signals.next() => {}
    }
    tracing::warn!(event = "stopped-at-once");
    std::process::exit(130);
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "interrupt",
            _ = self.terminate.recv() => "terminate",
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> &'static str {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        "interrupt"
    }
}

/// The address with a fresh code in its fragment, which a browser sends to nobody.
fn launch_url(state: &State, url: &str) -> Result<String, String> {
    let code =
        state.codes().issue(Instant::now()).map_err(|_| "the system gives no randomness".to_owned())?;
    Ok(format!("{url}#code={}", code.expose_secret()))
}

/// Prints a fresh code for each line of standard input, until it ends.
fn say_on_enter(state: State, url: String) {
    // A thread, because reading a terminal cannot be given up; it ends with the process.
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            let (Ok(_), Ok(start)) = (line, launch_url(&state, &url)) else { return };
            say(&format!("Sign in within a minute: {start}"));
        }
    });
}

/// A line for the person at the terminal. Nobody has to listen.
fn say(line: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// A folder that its owner alone may look into.
fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(folder)
}
