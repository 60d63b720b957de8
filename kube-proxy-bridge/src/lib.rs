//! kube-proxy-bridge serves the page and, when a cluster is named, carries what a person deploys to it.
//!
//! A request passes `http::guard::enter` (is it meant for us, from a page that may ask?), the router, and
//! `http::guard::gate` (who calls, how often, how much?). Routes parse and encode; what they call stands in `releases`
//! and `operations`, which reach the cluster through `kube` alone. The page is read once at the start and served from
//! memory, so no request ever names a path on disk.

pub mod aside;
pub mod audit;
pub mod auth;
pub mod config;
pub mod desktop;
pub mod documents;
pub mod fieldpath;
pub mod hex;
pub mod http;
pub mod kube;
pub mod lookup;
pub mod metrics;
pub mod object;
pub mod operations;
pub mod plain;
pub mod policy;
pub mod redact;
pub mod releases;
pub mod telemetry;

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse as _;
use tokio::sync::watch;
use tokio::time::sleep;
use tower_http::catch_panic::CatchPanicLayer;
use wire::{ClusterInfo, Code, Interrupted, Mode, Problem};

use crate::audit::{Audit, Entry};
use crate::auth::Caller;
use crate::auth::host::Hosts;
use crate::auth::launch::Codes;
use crate::auth::origin::Origins;
use crate::auth::rate::{Failures, Known, Limiter};
use crate::auth::session::Sessions;
use crate::config::{Access, Settings};
use crate::http::error::Failure;
use crate::http::guard::Peer;
use crate::http::headers::SecurityHeaders;
use crate::http::page::Page;
use crate::kube::{Cluster, Connector, Credential, Observer};
use crate::lookup::Lookups;
use crate::metrics::{Metrics, Place};
use crate::operations::Operations;
use crate::operations::plans::Plans;
use crate::policy::Policy;
use crate::redact::Redactor;
use crate::releases::Feeds;
use crate::releases::lock::Patience;

/// Everything the routes share; cheap to clone.
#[derive(Clone)]
pub struct State(Arc<Inner>);

/// What a [`State`] is made of.
#[derive(Debug)]
pub struct Setup {
    /// The page.
    pub page: Page,
    /// Where the bridge listens.
    pub address: SocketAddr,
    /// Whether it speaks TLS there.
    pub tls: bool,
    /// Names that are ours besides the address.
    pub allow_hosts: Vec<String>,
    /// Origins whose pages may call.
    pub allow_origins: Vec<String>,
    /// The cluster; none when the bridge only serves the page.
    pub connector: Option<Connector>,
    /// Numbers and switches.
    pub settings: Settings,
    /// What is counted.
    pub metrics: Metrics,
    /// Who did what.
    pub audit: Audit,
}

struct Inner {
    page: Page,
    hosts: Hosts,
    origins: Origins,
    headers: SecurityHeaders,
    scheme: &'static str,
    connector: Option<Connector>,
    reached: RwLock<Reached>,
    settings: Settings,
    policy: Policy,
    redactor: Redactor,
    lookups: Lookups,
    feeds: Feeds,
    plans: Arc<Plans>,
    operations: Operations,
    metrics: Metrics,
    audit: Audit,
    codes: Codes,
    sessions: Sessions,
    limiter: Limiter,
    failures: Failures,
    known: Known,
    draining: watch::Sender<bool>,
}

/// When the cluster last answered, and what was wrong since.
#[derive(Debug, Default)]
struct Reached {
    at: Option<Instant>,
    problem: Option<String>,
}

impl Reached {
    /// Within the last half minute: three times in ten seconds it was asked.
    fn lately(&self) -> bool {
        self.at.is_some_and(|at| at.elapsed() < Duration::from_secs(30))
    }
}

/// One thing that must be so for the bridge to do its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// A word.
    pub name: &'static str,
    /// Whether it is so.
    pub passes: bool,
    /// Whether the bridge is not ready without it.
    pub required: bool,
}

impl Setup {
    /// A bridge that only serves `page` at `address`.
    #[must_use]
    pub fn page_only(page: Page, address: SocketAddr) -> Self {
        Self {
            page,
            address,
            tls: false,
            allow_hosts: Vec::new(),
            allow_origins: Vec::new(),
            connector: None,
            settings: Settings::default(),
            metrics: Metrics::new(),
            audit: Audit::to_stderr(),
        }
    }
}

impl State {
    /// The state of a bridge as `setup` says.
    ///
    /// The inline scripts of `index.html` are hashed here, once, for the Content-Security-Policy.
    ///
    /// # Errors
    /// A sentence: a word of the policy that is none, or a system without randomness.
    pub fn new(setup: Setup) -> Result<Self, String> {
        let (scheme, default_port) = if setup.tls { ("https", 443) } else { ("http", 80) };
        let settings = setup.settings;
        let caps = &settings.caps;
        let limits = operations::Limits {
            per_namespace: caps.operations_per_namespace,
            per_identity: caps.operations_per_caller,
            per_process: caps.operations,
            queued: caps.operations_queued,
            streams: caps.streams,
            streams_per_identity: caps.streams_per_caller,
        };
        Ok(Self(Arc::new(Inner {
            hosts: Hosts::new(setup.address, default_port, &setup.allow_hosts),
            origins: Origins::new(&setup.allow_origins),
            headers: SecurityHeaders::for_page(setup.page.index().unwrap_or_default(), setup.tls),
            page: setup.page,
            scheme,
            connector: setup.connector,
            reached: RwLock::default(),
            policy: Policy::new(&settings.policy)?,
            plans: Arc::default(),
            redactor: Redactor::new().map_err(|_| "the system gives no randomness".to_owned())?,
            lookups: Lookups::default(),
            feeds: Feeds::default(),
            operations: Operations::new(limits, settings.state_dir.as_deref()),
            metrics: setup.metrics,
            audit: setup.audit,
            codes: Codes::default(),
            sessions: Sessions::new(settings.idle_timeout),
            limiter: Limiter::new(settings.rates),
            failures: Failures::new(settings.rates.failures_per_minute),
            known: Known::default(),
            settings,
            draining: watch::Sender::new(false),
        })))
    }

    /// Numbers and switches.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// What may be sent to the cluster.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.0.policy
    }

    /// Plans that were made.
    #[must_use]
    pub fn plans(&self) -> &Arc<Plans> {
        &self.0.plans
    }

    /// Hides values of secrets in `place`, and in problems that are told there; its tags hold as long as the process.
    #[must_use]
    pub fn redactor(&self, place: Place) -> Redactor {
        let hits = |place| self.0.metrics.hits(place);
        self.0.redactor.counted(hits(place), hits(Place::Problem))
    }

    /// What charts looked up, by session.
    #[must_use]
    pub fn lookups(&self) -> &Lookups {
        &self.0.lookups
    }

    /// What is known of release records, by caller.
    #[must_use]
    pub fn feeds(&self) -> &Feeds {
        &self.0.feeds
    }

    /// Everything that runs or ran lately.
    #[must_use]
    pub fn operations(&self) -> &Operations {
        &self.0.operations
    }

    /// What is counted.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// Who did what.
    #[must_use]
    pub fn audit(&self) -> &Audit {
        &self.0.audit
    }

    /// How callers sign in.
    #[must_use]
    pub fn mode(&self) -> Mode {
        match (&self.0.connector, self.0.settings.access) {
            (None, _) => Mode::None,
            (Some(_), Access::Local) => Mode::Local,
            (Some(_), Access::Passthrough) => Mode::Passthrough,
        }
    }

    /// The caller's view of the cluster.
    ///
    /// # Errors
    /// When the bridge was started without one.
    pub fn cluster(&self, caller: &Caller) -> Result<Cluster, Problem> {
        let connector = self.0.connector.as_ref().ok_or_else(|| {
            Problem::new(
                Code::NotFound,
                "This bridge was started without a cluster and only serves the page.",
            )
        })?;
        Ok(connector.cluster(caller.credential()))
    }

    /// The person that the cluster knows this caller as; empty when there is one person alone.
    ///
    /// Cost: one call for each token.
    ///
    /// # Errors
    /// Those of [`operations::known_subject`].
    async fn person(&self, caller: &Caller) -> Result<String, Problem> {
        match self.mode() {
            Mode::Passthrough => operations::known_subject(&self.cluster(caller)?).await,
            Mode::Local | Mode::None => Ok(String::new()),
        }
    }

    /// Whether the cluster took this caller's token when it was last shown.
    fn accepts(&self, caller: &Caller) -> bool {
        self.0.connector.as_ref().is_some_and(|connector| connector.accepts(caller.identity()))
    }

    /// The cluster and whether it answered lately; none when the bridge only serves the page. In `passthrough` mode it names no
    /// user: the kubeconfig's is not the caller.
    #[must_use]
    pub fn cluster_info(&self) -> Option<ClusterInfo> {
        let connector = self.0.connector.as_ref()?;
        let reached = self.0.reached.read().unwrap_or_else(PoisonError::into_inner);
        let mut info = connector.info().clone();
        if self.mode() == Mode::Passthrough {
            info.user.clear();
        }
        info.reachable = reached.lately();
        info.problem = if info.reachable { None } else { reached.problem.clone() };
        Some(info)
    }

    /// Launch codes.
    #[must_use]
    pub fn codes(&self) -> &Codes {
        &self.0.codes
    }

    /// Sessions of `local` mode.
    #[must_use]
    pub fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    /// Whether the bridge is stopping: nothing new begins.
    #[must_use]
    pub fn draining(&self) -> bool {
        *self.0.draining.borrow()
    }

    /// Changes once, when the bridge begins to stop. Streams watch it and end.
    #[must_use]
    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.0.draining.subscribe()
    }

    /// Begins to stop: nothing new is taken, and streams end. Completes when every running operation has come to an end
    /// or to a place where another process can go on, at the latest a little after the drain timeout.
    pub async fn drain(&self) {
        self.0.draining.send_replace(true);
        self.0.operations.drain(self.0.settings.drain_timeout).await;
    }

    /// What must be so for new requests to be served.
    #[must_use]
    pub fn readiness(&self) -> Vec<Check> {
        let mut checks = vec![Check { name: "serving", passes: !self.draining(), required: true }];
        if self.0.connector.is_some() {
            let passes = self.0.reached.read().unwrap_or_else(PoisonError::into_inner).lately();
            // One person sees that the cluster is gone and wants to know why; many people go elsewhere.
            let required = self.0.settings.access == Access::Passthrough;
            checks.push(Check { name: "cluster", passes, required });
        }
        checks.push(Check { name: "audit-log", passes: !self.0.audit.is_failing(), required: true });
        if let Some(folder) = &self.0.settings.state_dir {
            let writable = std::fs::metadata(folder)
                .is_ok_and(|found| found.is_dir() && !found.permissions().readonly());
            checks.push(Check { name: "state-dir", passes: writable, required: true });
        }
        checks
    }

    /// Asks the cluster every ten seconds whether it is there, for ever; nothing else does, so that probes cost nothing.
    pub async fn watch_cluster(self) {
        let Some(connector) = &self.0.connector else { return };
        // In `passthrough` mode the bridge itself is nobody.
        let cluster = connector.cluster(match self.0.settings.access {
            Access::Local => &Credential::Kubeconfig,
            Access::Passthrough => &Credential::Anonymous,
        });
        loop {
            let answer = cluster.version().await;
            {
                let mut reached = self.0.reached.write().unwrap_or_else(PoisonError::into_inner);
                match answer {
                    // Whoever refuses us is there.
                    Err(error) if !error.is_unauthorized() && !error.is_forbidden() => {
                        reached.problem = Some(error.problem().title);
                    }
                    _ => *reached = Reached { at: Some(Instant::now()), problem: None },
                }
            }
            sleep(Duration::from_secs(10)).await;
        }
    }

    /// Releases whose last operation a bridge began and left, in the namespaces that may be written to: told to the one person
    /// of `local` mode. Where many share the bridge, it has no rights of its own to look with, and what others left is not
    /// everybody's business.
    ///
    /// # Errors
    /// The calls'.
    pub async fn interrupted(&self) -> Result<Vec<Interrupted>, Problem> {
        let Some(connector) = self.0.connector.as_ref().filter(|_| self.0.settings.access == Access::Local)
        else {
            return Ok(Vec::new());
        };
        let settings = &self.0.settings;
        let patience = Patience { bridge: settings.heartbeat_lost, helm: settings.stale_after };
        let listed = &settings.policy.namespaces;
        // A pattern can only be looked for everywhere.
        let named = !listed.is_empty() && !listed.iter().any(|name| name.contains('*'));
        let cluster = connector.cluster(&Credential::Kubeconfig);
        let found = releases::interrupted(&cluster, named.then_some(listed.as_slice()), &patience).await?;
        let may = |found: &Interrupted| self.0.policy.namespace(&found.namespace).is_ok();
        Ok(found.into_iter().filter(may).collect())
    }

    /// Writes to the log what was cut off before this bridge started. Nothing is taken up by itself: a person decides.
    pub async fn tell_interrupted(self) {
        match self.interrupted().await {
            Ok(found) => {
                for Interrupted { namespace, release, revision, status, lock } in &found {
                    let (state, operation) = (status.text(), lock.operation.as_deref().unwrap_or_default());
                    tracing::warn!(
                        event = "interrupted-operation",
                        namespace,
                        release,
                        revision,
                        state,
                        operation
                    );
                }
                tracing::info!(event = "looked-for-interrupted-operations", count = found.len());
            }
            Err(problem) => {
                tracing::info!(event = "interrupted-operations-not-looked-for", code = problem.code.text());
            }
        }
    }

    fn page(&self) -> &Page {
        &self.0.page
    }

    fn hosts(&self) -> &Hosts {
        &self.0.hosts
    }

    fn origins(&self) -> &Origins {
        &self.0.origins
    }

    fn headers(&self) -> &SecurityHeaders {
        &self.0.headers
    }

    fn scheme(&self) -> &'static str {
        self.0.scheme
    }

    fn limiter(&self) -> &Limiter {
        &self.0.limiter
    }

    fn failures(&self) -> &Failures {
        &self.0.failures
    }

    fn known(&self) -> &Known {
        &self.0.known
    }

    /// How callers sign in, in the audit log's word.
    fn mode_word(&self) -> &'static str {
        match self.mode() {
            Mode::Passthrough => "passthrough",
            Mode::Local | Mode::None => "local",
        }
    }

    /// The start of a line for the audit log.
    #[must_use]
    pub fn audit_entry(&self, caller: &Caller, peer: Peer, action: &str) -> Entry {
        Entry {
            mode: self.mode_word(),
            caller: caller.identity().to_owned(),
            peer: peer.0.to_string(),
            action: action.to_owned(),
            ..Entry::default()
        }
    }

    fn auth_failed(&self, reason: &'static str) {
        self.0.metrics.auth_failed(reason);
        tracing::info!(event = "sign-in-refused", reason);
    }

    fn rate_limited(&self, route: &'static str) {
        self.0.metrics.rate_limited(route);
        tracing::info!(event = "rate-limited", route);
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("mode", &self.mode()).finish_non_exhaustive()
    }
}

/// Tells `metrics` of every answer of the API server.
#[must_use]
pub fn observer(metrics: Metrics) -> Observer {
    Arc::new(move |seen| {
        metrics.kubernetes_call(seen.verb.text(), seen.class, seen.dry_run, seen.duration, seen.retried);
    })
}

/// The whole service as a router, so that tests call it without a port.
pub fn app(state: State) -> Router {
    let routes = Router::new()
        .merge(http::health::routes())
        .merge(http::session::routes())
        .merge(http::openapi::routes())
        .merge(http::events::routes())
        .merge(http::operations::routes())
        .merge(http::plans::routes())
        .merge(http::cluster::routes())
        .merge(http::logs::routes())
        .merge(http::releases::routes());
    guarded(routes, state)
}

/// `routes` behind the door, and the page beside them.
pub fn guarded(routes: Router<State>, state: State) -> Router {
    let broken = || CatchPanicLayer::custom(|_| Failure::internal().into_response());
    routes
        // The last layer runs first.
        .layer(broken())
        .layer(from_fn_with_state(state.clone(), http::guard::gate))
        .fallback(http::page::serve)
        .layer(broken())
        .layer(from_fn_with_state(state.clone(), http::guard::enter))
        .with_state(state)
}

/// What is served on the listener of `--metrics-listen`: metrics and health, for machines of the same network.
pub fn metrics_app(state: State) -> Router {
    Router::new()
        .route("/metrics", axum::routing::get(http::health::metrics))
        .merge(http::health::routes())
        .with_state(state)
}
