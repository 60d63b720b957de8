//! What the bridge counts, in Prometheus' words. No label ever holds the name of a release, an object or a person.
//!
//! Every label is a word of a closed set: an enum here or in `wire`, or a row of a table. The one exception is asked for:
//! counters of what happened to a release can name its namespace, and only so many.

mod process;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use prometheus_client::encoding::{
    EncodeLabel as _, EncodeLabelSet, EncodeLabelValue, LabelSetEncoder, LabelValueEncoder, text,
};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use wire::{Code, ConflictKind, FieldChoice, OperationKind, OperationResult, OperationState, RecoverAction};

/// Seconds: from the fastest operation to one with many waits.
const OPERATION_BUCKETS: [f64; 11] = [1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0];
/// Seconds: calls, plans, waits for a turn.
const CALL_BUCKETS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0];
/// Bytes: from a small record to the limit.
const RECORD_BUCKETS: [f64; 9] =
    [4096.0, 8192.0, 16384.0, 32768.0, 65536.0, 131_072.0, 262_144.0, 524_288.0, 1_048_576.0];

/// Releases that failed and are remembered; others are not measured.
const FAILURES: usize = 4096;
/// Namespaces that counters name; all that come after are counted under [`OTHERS`].
const NAMESPACES: usize = 100;
/// No namespace can be called so.
const OTHERS: &str = "(others)";

/// All metrics; cheap to clone.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    operations: Family<Of<OperationLabels>, Counter>,
    operation_seconds: Durations<KindResult>,
    phase_seconds: Durations<KindPhase>,
    in_progress: Family<KindLabel, Gauge>,
    queued: Family<KindLabel, Gauge>,
    queue_wait: Histogram,
    objects: Family<ActionLabel, Counter>,
    rollbacks: Family<Of<TriggerResult>, Counter>,
    hooks: Family<EventResult, Counter>,
    hook_seconds: Durations<EventResult>,
    plans: Family<ResultLabel, Counter>,
    plan_seconds: Durations<ResultLabel>,
    conflicts: Family<ConflictLabels, Counter>,
    drift_checks: Family<ResultLabel, Counter>,
    drift_detected: Family<OwnerLabel, Counter>,
    drifted_objects: Gauge,
    orphans: Counter,
    recoveries: Family<Of<RecoveryLabels>, Counter>,
    recovery_seconds: Durations<RecoveryLabels>,
    record_bytes: Histogram,
    record_failures: Family<ReasonLabel, Counter>,
    time_to_ready: Durations<ClassLabel>,
    calls: Family<CallLabels, Counter>,
    call_seconds: Durations<CallLabels>,
    retries: Family<VerbLabel, Counter>,
    watch_restarts: Family<ReasonLabel, Counter>,
    auth_failures: Family<ReasonLabel, Counter>,
    policy_denied: Family<RuleLabel, Counter>,
    rate_limited: Family<RouteLabel, Counter>,
    streams: Gauge,
    streams_dropped: Counter,
    redactions: Family<WhereLabel, Counter>,
    /// Releases whose last operation failed, by namespace and name, and since when. Names are no labels.
    failures: Mutex<BTreeMap<(String, String), Instant>>,
    /// The namespaces that counters name by now; `None` when they name none.
    namespaces: Option<Mutex<BTreeSet<Arc<str>>>>,
}

type Durations<L> = Family<L, Histogram, fn() -> Histogram>;

/// A word of a closed set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Word(&'static str);

impl EncodeLabelValue for Word {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), fmt::Error> {
        EncodeLabelValue::encode(&self.0, encoder)
    }
}

/// Labels of something that happened to a release, and its namespace where counters name those.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Of<L> {
    labels: L,
    namespace: Option<Arc<str>>,
}

impl<L: EncodeLabelSet> EncodeLabelSet for Of<L> {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> Result<(), fmt::Error> {
        self.labels.encode(encoder)?;
        match &self.namespace {
            Some(namespace) => ("namespace", namespace.as_ref()).encode(encoder.encode_label()),
            None => Ok(()),
        }
    }
}

macro_rules! labels {
    ($($name:ident { $($field:ident),+ })+) => {
        $(#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
        struct $name { $($field: Word),+ })+
    };
}

labels! {
    OperationLabels { r#type, result, reason }
    KindResult { r#type, result }
    KindPhase { r#type, phase }
    KindLabel { r#type }
    ActionLabel { action }
    TriggerResult { trigger, result }
    EventResult { event, result }
    ResultLabel { result }
    ConflictLabels { owner_class, resolution }
    OwnerLabel { owner_class }
    RecoveryLabels { action, found_state }
    ReasonLabel { reason }
    ClassLabel { kind_class }
    CallLabels { verb, code, dry_run }
    VerbLabel { verb }
    RuleLabel { rule }
    RouteLabel { route }
    WhereLabel { r#where }
}

macro_rules! words {
    ($($(#[doc = $doc:literal])+ $name:ident { $($variant:ident = $text:literal),+ $(,)? })+) => {
        $($(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "the words say it")]
        pub enum $name { $($variant),+ }

        impl $name {
            const fn word(self) -> Word { Word(match self { $(Self::$variant => $text),+ }) }
        })+
    };
}

words! {
    /// What came of an operation.
    Outcome {
        Success = "success", Failed = "failed", Cancelled = "cancelled", Degraded = "degraded",
        Interrupted = "interrupted", Rejected = "rejected",
    }
    /// What happened to an object.
    Action {
        Create = "create", Update = "update", Unchanged = "unchanged", Delete = "delete", Keep = "keep", Skip = "skip",
        Conflict = "conflict", Invalid = "invalid",
    }
    /// Why a rollback ran.
    Trigger { User = "user", OnFailure = "on-failure", Recovery = "recovery" }
    /// What came of a plan, a hook or a check.
    Finding {
        Success = "success", Failed = "failed", Clean = "clean", Changes = "changes", Conflicts = "conflicts",
        Invalid = "invalid",
    }
    /// What kind of object became ready.
    KindClass { Workload = "workload", Job = "job", CustomResource = "cr", Other = "other" }
    /// Where values were hidden.
    Place { Plan = "plan", Event = "event", Problem = "problem", Release = "release", Log = "log" }
    /// Why a watch began anew.
    Restart { Expired = "expired", Closed = "closed", Idle = "idle", Failed = "failed", Forbidden = "forbidden" }
    /// What a recovery found.
    FoundState {
        PendingInstall = "pending-install", PendingUpgrade = "pending-upgrade", PendingRollback = "pending-rollback",
        Uninstalling = "uninstalling", Other = "other",
    }
    /// How a conflict was settled.
    Resolution { Yield = "yield", Force = "force", TakeOver = "takeover", Abort = "abort" }
}

impl From<OperationResult> for Outcome {
    fn from(result: OperationResult) -> Self {
        match result {
            OperationResult::Success => Self::Success,
            OperationResult::Failed => Self::Failed,
            OperationResult::Cancelled => Self::Cancelled,
            OperationResult::Degraded => Self::Degraded,
            OperationResult::Interrupted => Self::Interrupted,
        }
    }
}

impl From<FieldChoice> for Resolution {
    fn from(choice: FieldChoice) -> Self {
        match choice {
            FieldChoice::Force => Self::Force,
            FieldChoice::TakeOver => Self::TakeOver,
            FieldChoice::Yield => Self::Yield,
        }
    }
}

/// Counts one in a gauge until it is dropped.
#[derive(Debug)]
pub struct Counted(Gauge);

impl Counted {
    fn new(gauge: Gauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Counts values that are hidden; cheap to clone.
#[derive(Clone, Debug)]
pub struct Hits(Counter);

impl Hits {
    /// One more.
    pub fn one(&self) {
        self.0.inc();
    }
}

/// An operation that waits for its turn; dropping it ends the wait.
#[derive(Debug)]
pub struct Queued {
    _counted: Counted,
    since: Instant,
    wait: Histogram,
}

impl Drop for Queued {
    fn drop(&mut self) {
        self.wait.observe(self.since.elapsed().as_secs_f64());
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// All at zero.
    #[must_use]
    pub fn new() -> Self {
        Self::with(None)
    }

    /// The same; operations, rollbacks and recoveries are counted by namespace, too.
    #[must_use]
    pub fn by_namespace() -> Self {
        Self::with(Some(Mutex::default()))
    }

    fn with(namespaces: Option<Mutex<BTreeSet<Arc<str>>>>) -> Self {
        let mut root = Registry::default();
        process::register(&mut root);
        let kpb = root.sub_registry_with_prefix("kpb");
        let long = || -> Histogram { Histogram::new(OPERATION_BUCKETS) };
        let short = || -> Histogram { Histogram::new(CALL_BUCKETS) };
        let queue_wait = Histogram::new(OPERATION_BUCKETS);
        let record_bytes = Histogram::new(RECORD_BUCKETS);
        kpb.register(
            "build",
            "The version of this bridge",
            Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]),
        );
        // A family is shared by its clones.
        macro_rules! family {
            ($name:literal, $help:literal) => {{
                let family = Family::default();
                kpb.register($name, $help, family.clone());
                family
            }};
            ($name:literal, $help:literal, $buckets:ident) => {{
                let family = Family::new_with_constructor($buckets as fn() -> Histogram);
                kpb.register($name, $help, family.clone());
                family
            }};
        }
        macro_rules! single {
            ($name:literal, $help:literal, $metric:expr) => {{
                let metric = $metric;
                kpb.register($name, $help, metric.clone());
                metric
            }};
        }
        let inner = Inner {
            operations: family!("operations", "Operations that ended"),
            operation_seconds: family!("operation_duration_seconds", "How long operations ran", long),
            phase_seconds: family!("operation_phase_duration_seconds", "How long their phases took", long),
            in_progress: family!("operations_in_progress", "Operations that run"),
            queued: family!("operation_queue_length", "Operations that wait"),
            queue_wait: single!("operation_queue_wait_seconds", "How long operations waited", queue_wait),
            objects: family!("objects", "Objects, by what happened to them"),
            rollbacks: family!("rollbacks", "Rollbacks, by what began them"),
            hooks: family!("hooks", "Hooks that ran"),
            hook_seconds: family!("hook_duration_seconds", "How long hooks ran", long),
            plans: family!("plans", "Plans, by what they found"),
            plan_seconds: family!("plan_duration_seconds", "How long plans took", short),
            conflicts: family!("conflicts", "Fields of other managers, by how it was settled"),
            drift_checks: family!("drift_checks", "Comparisons of a release with the cluster"),
            drift_detected: family!("drift_detected", "Objects that others changed, by who did"),
            drifted_objects: single!(
                "drifted_objects",
                "Objects that differ, in the last check",
                Gauge::default()
            ),
            orphans: single!("orphans_detected", "Objects that releases left behind", Counter::default()),
            recoveries: family!("recoveries", "Operations brought to an end after they were cut off"),
            recovery_seconds: family!(
                "recovery_duration_seconds",
                "From a failure to the next success",
                long
            ),
            record_bytes: single!("record_bytes", "Sizes of stored records", record_bytes),
            record_failures: family!("record_write_failures", "Records that could not be written"),
            time_to_ready: family!("time_to_ready_seconds", "How long objects took to become ready", long),
            calls: family!("k8s_requests", "Calls to the API server"),
            call_seconds: family!("k8s_request_duration_seconds", "How long they took", short),
            retries: family!("k8s_retries", "Calls that were repeated"),
            watch_restarts: family!("watch_restarts", "Watches that began anew"),
            auth_failures: family!("auth_failures", "Callers that were refused"),
            policy_denied: family!("policy_denied", "Objects that the policy refused"),
            rate_limited: family!("rate_limited", "Requests that came too often"),
            streams: single!("sse_streams", "Event streams that are open", Gauge::default()),
            streams_dropped: single!(
                "sse_dropped",
                "Event streams whose reader was too slow",
                Counter::default()
            ),
            redactions: family!("redactions", "Values that were hidden"),
            failures: Mutex::default(),
            namespaces,
            registry: root,
        };
        Self(Arc::new(inner))
    }

    /// Everything as text, as Prometheus reads it.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a String does not fail.
        let _ = text::encode(&mut text, &self.0.registry);
        text
    }

    /// These labels, of something that happened to a release in `namespace`.
    fn of<L>(&self, namespace: &str, labels: L) -> Of<L> {
        let namespace = self.0.namespaces.as_ref().map(|known| {
            let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(found) = known.get(namespace) {
                return Arc::clone(found);
            }
            if known.len() >= NAMESPACES {
                return Arc::from(OTHERS);
            }
            let new: Arc<str> = Arc::from(namespace);
            known.insert(Arc::clone(&new));
            new
        });
        Of { labels, namespace }
    }

    /// An operation ended, or was refused before it began.
    pub fn operation_ended(
        &self,
        namespace: &str,
        kind: OperationKind,
        outcome: Outcome,
        reason: Option<Code>,
        duration: Duration,
    ) {
        let (r#type, result) = (Word(kind.text()), outcome.word());
        let reason = Word(reason.map_or("", Code::text));
        let labels = self.of(namespace, OperationLabels { r#type, result, reason });
        self.0.operations.get_or_create(&labels).inc();
        self.0
            .operation_seconds
            .get_or_create(&KindResult { r#type, result })
            .observe(duration.as_secs_f64());
    }

    /// An operation left a state.
    pub fn operation_phase(&self, kind: OperationKind, phase: OperationState, duration: Duration) {
        let labels = KindPhase { r#type: Word(kind.text()), phase: Word(phase.text()) };
        self.0.phase_seconds.get_or_create(&labels).observe(duration.as_secs_f64());
    }

    /// An operation runs as long as the answer lives.
    #[must_use]
    pub fn operation_running(&self, kind: OperationKind) -> Counted {
        Counted::new(self.0.in_progress.get_or_create(&KindLabel { r#type: Word(kind.text()) }).clone())
    }

    /// An operation waits as long as the answer lives.
    #[must_use]
    pub fn operation_queued(&self, kind: OperationKind) -> Queued {
        let gauge = self.0.queued.get_or_create(&KindLabel { r#type: Word(kind.text()) }).clone();
        Queued { _counted: Counted::new(gauge), since: Instant::now(), wait: self.0.queue_wait.clone() }
    }

    /// Something happened to an object.
    pub fn object(&self, action: Action) {
        self.0.objects.get_or_create(&ActionLabel { action: action.word() }).inc();
    }

    /// A rollback ended.
    pub fn rollback(&self, namespace: &str, trigger: Trigger, outcome: Outcome) {
        let labels = TriggerResult { trigger: trigger.word(), result: outcome.word() };
        self.0.rollbacks.get_or_create(&self.of(namespace, labels)).inc();
    }

    /// A hook of `event` (`pre-install`, …) ended.
    pub fn hook(&self, event: &str, result: Finding, duration: Duration) {
        let labels = EventResult { event: hook_word(event), result: result.word() };
        self.0.hooks.get_or_create(&labels).inc();
        self.0.hook_seconds.get_or_create(&labels).observe(duration.as_secs_f64());
    }

    /// A plan was made.
    pub fn plan(&self, result: Finding, duration: Duration) {
        let labels = ResultLabel { result: result.word() };
        self.0.plans.get_or_create(&labels).inc();
        self.0.plan_seconds.get_or_create(&labels).observe(duration.as_secs_f64());
    }

    /// A field of another manager was in the way.
    pub fn conflict(&self, owner: ConflictKind, resolution: Resolution) {
        let labels = ConflictLabels { owner_class: owner_word(owner), resolution: resolution.word() };
        self.0.conflicts.get_or_create(&labels).inc();
    }

    /// A release was compared with the cluster: `drifted` objects differ.
    pub fn drift_check(&self, result: Finding, drifted: u32) {
        self.0.drift_checks.get_or_create(&ResultLabel { result: result.word() }).inc();
        self.0.drifted_objects.set(i64::from(drifted));
    }

    /// Somebody changed an object of a release.
    pub fn drift_detected(&self, owner: ConflictKind) {
        self.0.drift_detected.get_or_create(&OwnerLabel { owner_class: owner_word(owner) }).inc();
    }

    /// Objects were found that a release left behind.
    pub fn orphans_detected(&self, count: u64) {
        self.0.orphans.inc_by(count);
    }

    /// An operation that was cut off came to an end.
    pub fn recovery(&self, namespace: &str, action: RecoverAction, found: FoundState, duration: Duration) {
        let action = Word(match action {
            RecoverAction::Abandon => "abandon",
            RecoverAction::Resume => "resume",
            RecoverAction::Rollback => "rollback",
        });
        let labels = RecoveryLabels { action, found_state: found.word() };
        self.0.recovery_seconds.get_or_create(&labels).observe(duration.as_secs_f64());
        self.0.recoveries.get_or_create(&self.of(namespace, labels)).inc();
    }

    /// A record of this size was stored.
    #[expect(clippy::cast_precision_loss, reason = "records have at most a million bytes")]
    pub fn record_written(&self, bytes: usize) {
        self.0.record_bytes.observe(bytes as f64);
    }

    /// A record could not be written.
    pub fn record_write_failed(&self, reason: Code) {
        self.0.record_failures.get_or_create(&ReasonLabel { reason: Word(reason.text()) }).inc();
    }

    /// An object became ready.
    pub fn ready(&self, class: KindClass, duration: Duration) {
        let labels = ClassLabel { kind_class: class.word() };
        self.0.time_to_ready.get_or_create(&labels).observe(duration.as_secs_f64());
    }

    /// The API server answered, or did not (`class` 0).
    pub fn kubernetes_call(
        &self,
        verb: &'static str,
        class: u16,
        dry_run: bool,
        duration: Duration,
        retried: bool,
    ) {
        let code = Word(match class {
            2 => "2xx",
            3 => "3xx",
            4 => "4xx",
            5 => "5xx",
            _ => "none",
        });
        let labels =
            CallLabels { verb: Word(verb), code, dry_run: Word(if dry_run { "true" } else { "false" }) };
        self.0.calls.get_or_create(&labels).inc();
        self.0.call_seconds.get_or_create(&labels).observe(duration.as_secs_f64());
        if retried {
            self.0.retries.get_or_create(&VerbLabel { verb: Word(verb) }).inc();
        }
    }

    /// A watch began anew.
    pub fn watch_restarted(&self, reason: Restart) {
        self.0.watch_restarts.get_or_create(&ReasonLabel { reason: reason.word() }).inc();
    }

    /// A caller was refused; `reason` is a word of ours.
    pub fn auth_failed(&self, reason: &'static str) {
        self.0.auth_failures.get_or_create(&ReasonLabel { reason: Word(reason) }).inc();
    }

    /// The policy refused something; `rule` is its id.
    pub fn policy_denied(&self, rule: &'static str) {
        self.0.policy_denied.get_or_create(&RuleLabel { rule: Word(rule) }).inc();
    }

    /// A caller came too often; `route` is a row of the table of routes.
    pub fn rate_limited(&self, route: &'static str) {
        self.0.rate_limited.get_or_create(&RouteLabel { route: Word(route) }).inc();
    }

    /// An event stream is open as long as the answer lives.
    #[must_use]
    pub fn stream_open(&self) -> Counted {
        Counted::new(self.0.streams.clone())
    }

    /// A reader of an event stream was too slow.
    pub fn stream_dropped(&self) {
        self.0.streams_dropped.inc();
    }

    /// Counts values that are hidden in this place.
    #[must_use]
    pub fn hits(&self, place: Place) -> Hits {
        Hits(self.0.redactions.get_or_create(&WhereLabel { r#where: place.word() }).clone())
    }

    /// An operation of a release ended: well, or not. From a failure to the next success it took time to recover.
    pub fn release_ended(&self, namespace: &str, release: &str, kind: OperationKind, success: bool) {
        let key = (namespace.to_owned(), release.to_owned());
        let mut failures = self.0.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if !success {
            if failures.len() < FAILURES {
                failures.entry(key).or_insert_with(Instant::now);
            }
            return;
        }
        let Some(since) = failures.remove(&key) else { return };
        let labels = RecoveryLabels { action: Word(kind.text()), found_state: Word("failed") };
        self.0.recovery_seconds.get_or_create(&labels).observe(since.elapsed().as_secs_f64());
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

const fn owner_word(owner: ConflictKind) -> Word {
    Word(match owner {
        ConflictKind::Autoscaler => "autoscaler",
        ConflictKind::Controller => "controller",
        ConflictKind::Deployer => "deployer",
        ConflictKind::Helm => "helm",
        ConflictKind::Kubectl => "kubectl",
        ConflictKind::Other => "other",
    })
}

/// Helm's nine events; a chart cannot add a tenth.
fn hook_word(event: &str) -> Word {
    const EVENTS: [&str; 9] = [
        "pre-install",
        "post-install",
        "pre-delete",
        "post-delete",
        "pre-upgrade",
        "post-upgrade",
        "pre-rollback",
        "post-rollback",
        "test",
    ];
    Word(EVENTS.into_iter().find(|known| *known == event).unwrap_or("other"))
}

#[cfg(test)]
mod tests;
