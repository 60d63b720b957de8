//! Who did what: one JSON line for every request that changes something, chained by hashes so that a gap shows.
//!
//! A line holds names and counts, never a value or a manifest. It is a file of its own (or standard error), and no rate
//! limit applies to it.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::telemetry;

/// The hash before the first line.
const START: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The audit log; cheap to clone.
#[derive(Clone)]
pub struct Audit(Arc<Mutex<Chain>>);

struct Chain {
    out: Box<dyn Write + Send>,
    seq: u64,
    previous: String,
    failing: bool,
}

/// One thing that somebody did. What is not known is left out of the line.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// `local`, `passthrough`
    pub mode: &'static str,
    /// The caller's identity, which is a hash.
    pub caller: String,
    /// The address at the other end.
    pub peer: String,
    /// `install`, `rollback`, `cancel`, `reveal`
    pub action: String,
    /// Where.
    pub namespace: String,
    /// Which release.
    pub release: String,
    /// The last revision before.
    pub revision_before: Option<u32>,
    /// The revision that was written.
    pub revision_after: Option<u32>,
    /// The operation.
    pub operation: Option<String>,
    /// The plan it followed.
    pub plan: Option<String>,
    /// Name, version and digest of the chart.
    pub chart: Option<(String, String, String)>,
    /// How many objects: created, updated, deleted, forced, adopted.
    pub objects: Option<[u32; 5]>,
    /// The rule that decided, when the policy refused.
    pub rule: Option<String>,
    /// `started`, `success`, `cancelled`, `interrupted`, the code of the problem that ended it, or `failed`.
    pub result: String,
    /// How long it took.
    pub duration: Option<Duration>,
}

/// What is wrong with a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The line, from 1.
    pub line: usize,
}

impl Audit {
    /// Lines go to standard error.
    #[must_use]
    pub fn to_stderr() -> Self {
        Self::to(Box::new(io::stderr()))
    }

    /// Lines go to `out`, the first with sequence number 1.
    #[must_use]
    pub fn to(out: Box<dyn Write + Send>) -> Self {
        Self(Arc::new(Mutex::new(Chain { out, seq: 0, previous: START.to_owned(), failing: false })))
    }

    /// Lines go to the end of the file at `path`, which only its owner may read, and continue its chain.
    ///
    /// # Errors
    /// When the file cannot be opened or its last line is none of ours.
    pub fn to_file(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.create(true).append(true).read(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let file = options.open(path)?;
        let last = last_line(&file)?;
        let mut chain = Chain { out: Box::new(file), seq: 0, previous: START.to_owned(), failing: false };
        if let Some(line) = last {
            let wrong =
                || io::Error::new(io::ErrorKind::InvalidData, "its last line is no line of an audit log");
            let value: Value = serde_json::from_str(&line).map_err(|_| wrong())?;
            chain.seq = value["seq"].as_u64().ok_or_else(wrong)?;
            chain.previous = hash(&line);
        }
        Ok(Self(Arc::new(Mutex::new(chain))))
    }

    /// Writes a line. A line that cannot be written is noted in the log, and [`Audit::is_failing`] tells it until one
    /// can be written again.
    pub fn record(&self, entry: &Entry) {
        let mut chain = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut line = chain.line(entry);
        let hash = hash(&line);
        line.push('\n');
        match chain.out.write_all(line.as_bytes()).and_then(|()| chain.out.flush()) {
            Ok(()) => {
                chain.seq += 1;
                chain.previous = hash;
                chain.failing = false;
            }
            Err(_) => {
                chain.failing = true;
                tracing::error!(event = "audit-not-written", operation = entry.operation.as_deref());
            }
        }
    }

    /// Whether the last line could not be written.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).failing
    }

    /// Checks a whole log: the numbers are dense and every line names the hash of the one before.
    ///
    /// # Errors
    /// The first line that does not follow.
    pub fn verify(log: &str) -> Result<u64, Broken> {
        let (mut seq, mut previous) = (0, START.to_owned());
        for (idx, line) in log.lines().enumerate() {
            let value: Value = serde_json::from_str(line).unwrap_or_default();
            if value["seq"].as_u64() != Some(seq + 1) || value["prevHash"].as_str() != Some(&previous) {
                return Err(Broken { line: idx + 1 });
            }
            seq += 1;
            previous = hash(line);
        }
        Ok(seq)
    }
}

impl std::fmt::Debug for Audit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Audit").finish_non_exhaustive()
    }
}

impl Chain {
    fn line(&self, entry: &Entry) -> String {
        let mut line = Map::new();
        let mut put = |name: &str, value: Value| {
            if !matches!(&value, Value::Null) && value != "" {
                line.insert(name.to_owned(), value);
            }
        };
        put("ts", json!(Timestamp::now().to_string()));
        put("seq", json!(self.seq + 1));
        put("requestId", json!(telemetry::request_id().as_deref()));
        put("actor", json!({ "mode": entry.mode, "subject": entry.caller, "peer": entry.peer }));
        put("action", json!(entry.action));
        put("namespace", json!(entry.namespace));
        put("release", json!(entry.release));
        put("revisionBefore", json!(entry.revision_before));
        put("revisionAfter", json!(entry.revision_after));
        put("operationId", json!(entry.operation));
        put("planId", json!(entry.plan));
        if let Some((name, version, digest)) = &entry.chart {
            put("chart", json!({ "name": name, "version": version, "digest": digest }));
        }
        if let Some([create, update, delete, forced, adopted]) = entry.objects {
            let counts = json!({
                "create": create, "update": update, "delete": delete, "forced": forced, "adopted": adopted,
            });
            put("objects", counts);
        }
        let verdict = if entry.rule.is_some() { "denied" } else { "allowed" };
        put("policy", json!({ "ruleId": entry.rule, "verdict": verdict }));
        put("result", json!(entry.result));
        put(
            "durationMs",
            json!(entry.duration.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX))),
        );
        put("prevHash", json!(self.previous));
        Value::Object(line).to_string()
    }
}

fn hash(line: &str) -> String {
    let digest = Sha256::digest(line.as_bytes());
    digest.iter().fold(String::with_capacity(64), |mut text, byte| {
        text.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
        text.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
        text
    })
}

fn last_line(file: &File) -> io::Result<Option<String>> {
    let mut last = None;
    for line in BufReader::new(file).lines() {
        let line = line?;
        if !line.is_empty() {
            last = Some(line);
        }
    }
    Ok(last)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn entry(action: &str) -> Entry {
        Entry {
            mode: "local",
            caller: "kubeconfig".to_owned(),
            action: action.to_owned(),
            release: "web".to_owned(),
            revision_after: Some(3),
            objects: Some([1, 2, 0, 0, 0]),
            result: "success".to_owned(),
            duration: Some(Duration::from_millis(1500)),
            ..Entry::default()
        }
    }

    #[test]
    fn a_log_is_a_chain_that_goes_on_after_a_restart() {
        let folder = std::env::temp_dir().join(format!("kpb-audit-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join("audit.jsonl");
        for action in ["install", "upgrade"] {
            let audit = Audit::to_file(&path).expect("opened");
            audit.record(&entry(action));
            audit.record(&entry("rollback"));
            assert!(!audit.is_failing());
        }
        let log = fs::read_to_string(&path).expect("read");
        assert_eq!(Audit::verify(&log), Ok(4));
        let line: Value = serde_json::from_str(log.lines().next().expect("a line")).expect("JSON");
        assert_eq!(line["actor"]["subject"], "kubeconfig");
        assert_eq!(line["objects"]["update"], 2);
        assert_eq!(line["policy"]["verdict"], "allowed");
        assert_eq!(line["durationMs"], 1500);
        assert_eq!(line.get("planId"), None);
        let lines: Vec<&str> = log.lines().collect();
        assert_eq!(Audit::verify(&lines[1..].join("\n")), Err(Broken { line: 1 }));
        assert_eq!(Audit::verify(&[lines[0], lines[2]].join("\n")), Err(Broken { line: 2 }));
        let changed = log.replacen("web", "wob", 1);
        assert_eq!(Audit::verify(&changed), Err(Broken { line: 2 }));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        }
        fs::write(&path, "not ours\n").expect("written");
        assert!(Audit::to_file(&path).is_err());
        fs::remove_dir_all(folder).expect("removed");
    }

    #[test]
    fn a_line_that_cannot_be_written_is_noticed() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::Error::other("full"))
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let audit = Audit::to(Box::new(Full));
        audit.record(&entry("install"));
        assert!(audit.is_failing());
    }
}
