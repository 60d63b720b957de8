//! The bridge's own log: JSON lines with a fixed set of fields, and the id of the request that is under way.
//!
//! What may be logged is a list, not a habit: a field that is not in [`FIELDS`] is dropped, the text of a message is
//! dropped (it could hold anything), and events of other crates are dropped, because they print URLs, headers and
//! bodies. So an event names itself: `tracing::info!(event = "operation-started", operation = id)`.

use std::fmt::{self, Write as _};
use std::future::Future;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use crate::config::LogLevel;

/// The fields that reach the log. None of them ever holds a value of a chart, a token or a sentence of the API server.
pub const FIELDS: &[&str] = &[
    "event",
    "request",
    "method",
    "route",
    "status",
    "code",
    "ms",
    "peer",
    "caller",
    "mode",
    "namespace",
    "release",
    "revision",
    "operation",
    "plan",
    "kind",
    "verb",
    "reason",
    "hash",
    "attempt",
    "phase",
    "state",
    "count",
    "bytes",
    "context",
    "cluster",
    "address",
    "rule",
    "at",
    "hook",
    "result",
    "signal",
];

/// The longest text of one field; names of Kubernetes have 253 characters.
const TEXT_LIMIT: usize = 256;

tokio::task_local! {
    static REQUEST: Arc<str>;
}

/// Runs `future` as the work of the request `id`.
pub async fn within<T>(id: Arc<str>, future: impl Future<Output = T>) -> T {
    REQUEST.scope(id, future).await
}

/// The id of the request whose work this is.
#[must_use]
pub fn request_id() -> Option<Arc<str>> {
    REQUEST.try_with(Arc::clone).ok()
}

/// Writes events as lines to `Out`.
pub struct Lines<Out> {
    level: Level,
    out: Mutex<Out>,
}

impl<Out: Write> Lines<Out> {
    /// Events of `level` and above go to `out`, one `write` each.
    #[must_use]
    pub fn new(level: LogLevel, out: Out) -> Self {
        let level = match level {
            LogLevel::Error => Level::ERROR,
            LogLevel::Warn => Level::WARN,
            LogLevel::Info => Level::INFO,
            LogLevel::Debug => Level::DEBUG,
        };
        Self { level, out: Mutex::new(out) }
    }

    fn takes(&self, metadata: &Metadata<'_>) -> bool {
        let target = metadata.target();
        let ours = target.strip_prefix("kube_proxy_bridge");
        ours.is_some_and(|rest| rest.is_empty() || rest.starts_with("::")) && *metadata.level() <= self.level
    }
}

impl<S: Subscriber, Out: Write + Send + 'static> Layer<S> for Lines<Out> {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.takes(metadata)
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if !self.takes(event.metadata()) {
            return;
        }
        let mut fields = Fields(Map::new());
        let metadata = event.metadata();
        fields.0.insert("ts".to_owned(), Value::from(Timestamp::now().to_string()));
        fields.0.insert("level".to_owned(), Value::from(metadata.level().as_str().to_ascii_lowercase()));
        if let Some(id) = request_id() {
            fields.0.insert("request".to_owned(), Value::from(&*id));
        }
        event.record(&mut fields);
        if !fields.0.contains_key("event") {
            // An event without a name is still found in the source.
            let place =
                format!("{}:{}", metadata.file().unwrap_or_default(), metadata.line().unwrap_or_default());
            fields.0.insert("at".to_owned(), Value::from(place));
        }
        let mut line = Value::Object(fields.0).to_string();
        line.push('\n');
        // A log that cannot be written is nobody's request's fault.
        let _ = self.out.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes());
    }
}

/// The fields of one event that may be written.
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        if FIELDS.contains(&field.name()) {
            self.0.insert(field.name().to_owned(), value.into());
        }
    }
}

impl Visit for Fields {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let cut = value.floor_char_boundary(TEXT_LIMIT);
        self.put(field, &value[..cut]);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if FIELDS.contains(&field.name()) {
            let mut text = String::new();
            let _ = write!(text, "{value:?}");
            self.record_str(field, &text);
        }
    }

    fn record_error(&mut self, _: &Field, _: &(dyn std::error::Error + 'static)) {
        // The sentence of an error may quote what it failed on.
    }
}

/// Notes where a panic happened, and not what it said.
pub fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let at = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(event = "panic", at);
    }));
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("not poisoned").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(level: LogLevel, work: impl FnOnce()) -> String {
        let out = Shared::default();
        let subscriber = tracing_subscriber::registry().with(Lines::new(level, out.clone()));
        tracing::subscriber::with_default(subscriber, work);
        String::from_utf8(out.0.lock().expect("not poisoned").clone()).expect("UTF-8")
    }

    #[test]
    fn only_listed_fields_are_written() {
        let log = logged(LogLevel::Info, || {
            let error = std::io::Error::other("canary-3");
            tracing::info!(
                event = "tried",
                status = 200,
                token = "canary-1",
                "a message with {}",
                "canary-2"
            );
            tracing::warn!(event = "failed", error = &error as &dyn std::error::Error, body = ?"canary-4");
        });
        assert!(!log.contains("canary"), "{log}");
        let line: Value = serde_json::from_str(log.lines().next().expect("a line")).expect("JSON");
        assert_eq!(
            (&line["event"], &line["status"], &line["level"]),
            (&"tried".into(), &200.into(), &"info".into())
        );
    }

    #[test]
    fn other_crates_and_lower_levels_are_silent() {
        let log = logged(LogLevel::Info, || {
            tracing::error!(target: "kube_client::client", event = "x");
            tracing::error!(target: "kube_proxy_bridge_evil", event = "x");
            tracing::debug!(event = "x");
        });
        assert_eq!(log, "");
        assert!(logged(LogLevel::Debug, || tracing::debug!(event = "x")).contains("\"x\""));
    }

    #[test]
    fn long_texts_are_cut_and_an_event_without_a_name_says_where_it_is() {
        let log = logged(LogLevel::Info, || tracing::info!(reason = "ä".repeat(300)));
        let line: Value = serde_json::from_str(&log).expect("JSON");
        assert_eq!(line["reason"].as_str().map(str::len), Some(256));
        assert!(line["at"].as_str().expect("a place").contains("telemetry.rs:"), "{line}");
    }

    #[tokio::test]
    async fn the_request_is_known_to_what_it_awaits() {
        assert_eq!(request_id(), None);
        let seen = within("r1".into(), async { request_id() }).await;
        assert_eq!(seen.as_deref(), Some("r1"));
    }
}
