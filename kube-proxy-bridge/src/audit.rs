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

use crate::hex::hex;
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
    /// Whether the log ends in the middle of a line, or of what might be one.
    torn: bool,
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
        Self(Arc::new(Mutex::new(Chain::new(out))))
    }

    /// Lines go to the end of the file at `path`, which only its owner may read, and continue its chain. What a power cut
    /// left of a line stays where it is; the chain goes on after the last whole one.
    ///
    /// # Errors
    /// When the file cannot be opened, or has lines and none of them is ours.
    pub fn to_file(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.create(true).append(true).read(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let file = options.open(path)?;
        let end = end_of(&file)?;
        let mut chain = Chain::new(Box::new(file));
        match end.last {
            Some((seq, hash)) => (chain.seq, chain.previous) = (seq, hash),
            None if end.is_foreign => {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "it has no line of an audit log"));
            }
            None => {}
        }
        chain.torn = end.is_torn;
        if end.is_torn {
            tracing::warn!(event = "audit-line-torn", after = chain.seq);
        }
        Ok(Self(Arc::new(Mutex::new(chain))))
    }

    /// Writes a line. A line that cannot be written is noted in the log, and [`Audit::is_failing`] tells it until one
    /// can be written again.
    pub fn record(&self, entry: &Entry) {
        let mut chain = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        chain.failing = chain.append(entry).is_err();
        if chain.failing {
            tracing::error!(event = "audit-not-written", operation = entry.operation.as_deref());
        }
    }

    /// Whether the last line could not be written.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).failing
    }

    /// Checks a whole log: the numbers are dense and every line names the hash of the one before. What is left of a line
    /// that was cut off is passed over: had it been whole, the next one would name it.
    ///
    /// # Errors
    /// The first line that does not follow.
    pub fn verify(log: &str) -> Result<u64, Broken> {
        let (mut seq, mut previous) = (0, START.to_owned());
        for (idx, line) in log.lines().enumerate() {
            let Ok(value) = serde_json::from_str::<Value>(line) else { continue };
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
    fn new(out: Box<dyn Write + Send>) -> Self {
        Self { out, seq: 0, previous: START.to_owned(), failing: false, torn: false }
    }

    /// Appends a line. The chain goes on from it once all of it but the line feed is written, whatever came of that.
    fn append(&mut self, entry: &Entry) -> io::Result<()> {
        if self.torn {
            self.out.write_all(b"\n")?;
            self.torn = false;
        }
        let line = self.line(entry);
        let hash = hash(&line);
        let text = format!("{line}\n");
        let mut rest = text.as_bytes();
        let ended = loop {
            match self.out.write(rest) {
                Ok(0) => break Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => rest = &rest[n..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
            if rest.is_empty() {
                break Ok(());
            }
        };
        self.torn = !rest.is_empty() && rest.len() < text.len();
        if rest.len() <= 1 {
            self.seq += 1;
            self.previous = hash;
        }
        ended.and_then(|()| self.out.flush())
    }

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
    hex(&Sha256::digest(line.as_bytes()))
}

/// How a log ends.
#[derive(Default)]
struct End {
    /// The number and the hash of the last whole line of ours.
    last: Option<(u64, String)>,
    /// Whether there is a whole line that is none of ours.
    is_foreign: bool,
    /// Whether no line feed ends it.
    is_torn: bool,
}

fn end_of(file: &File) -> io::Result<End> {
    let mut end = End::default();
    let mut reader = BufReader::new(file);
    let mut bytes = Vec::new();
    while reader.read_until(b'\n', &mut bytes)? > 0 {
        end.is_torn = bytes.last() != Some(&b'\n');
        let line = String::from_utf8_lossy(&bytes);
        let line = line.trim_end_matches(['\n', '\r']);
        let value: Value = serde_json::from_str(line).unwrap_or_default();
        match value["seq"].as_u64() {
            Some(seq) if value["prevHash"].is_string() => end.last = Some((seq, hash(line))),
            _ => end.is_foreign |= !line.is_empty() && !end.is_torn,
        }
        bytes.clear();
    }
    Ok(end)
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
    fn the_chain_goes_on_after_a_power_cut() {
        let path = std::env::temp_dir().join(format!("kpb-audit-torn-{}", std::process::id()));
        let whole = |path: &Path| fs::read_to_string(path).expect("read");
        let audit = Audit::to_file(&path).expect("opened");
        audit.record(&entry("install"));
        audit.record(&entry("upgrade"));
        drop(audit);
        let two = whole(&path);
        // In the middle of a character of the second line, at its line feed, and in the middle of the first line of all.
        for (text, kept) in [(&two[..two.len() - 9], 1), (&two[..two.len() - 1], 2), (&two[..20], 0)] {
            let mut bytes = text.as_bytes().to_vec();
            if kept == 1 {
                bytes.push(0xe2);
            }
            fs::write(&path, bytes).expect("written");
            for n in 1..3 {
                let audit = Audit::to_file(&path).expect("opened");
                audit.record(&entry("rollback"));
                let log = String::from_utf8_lossy(&fs::read(&path).expect("read")).into_owned();
                assert_eq!(Audit::verify(&log), Ok(kept + n), "{log}");
            }
        }
        fs::remove_file(path).expect("removed");
    }

    #[test]
    fn the_chain_goes_on_after_a_full_disk() {
        type Cut = fn(usize) -> usize;
        /// Takes as much of one write as `cut` says, and then is full for a moment.
        #[derive(Clone, Default)]
        struct Disk(Arc<Mutex<Inner>>);
        #[derive(Default)]
        struct Inner {
            bytes: Vec<u8>,
            cut: Option<Cut>,
            is_full: bool,
        }
        impl Write for Disk {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                let mut disk = self.0.lock().expect("not poisoned");
                let taken = disk.cut.take().map(|cut| cut(bytes.len()));
                if std::mem::take(&mut disk.is_full) || taken == Some(0) {
                    return Err(io::Error::other("full"));
                }
                disk.is_full = taken.is_some();
                let taken = taken.unwrap_or(bytes.len());
                disk.bytes.extend_from_slice(&bytes[..taken]);
                Ok(taken)
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        // Nothing of the line, half of it, all but the line feed.
        let cuts: [(Cut, u64); 3] = [(|_| 0, 2), (|length| length / 2, 2), (|length| length - 1, 3)];
        for (cut, lines) in cuts {
            let disk = Disk::default();
            let audit = Audit::to(Box::new(disk.clone()));
            audit.record(&entry("install"));
            disk.0.lock().expect("not poisoned").cut = Some(cut);
            audit.record(&entry("upgrade"));
            assert!(audit.is_failing());
            audit.record(&entry("upgrade"));
            assert!(!audit.is_failing());
            let log = String::from_utf8(disk.0.lock().expect("not poisoned").bytes.clone()).expect("UTF-8");
            assert_eq!(Audit::verify(&log), Ok(lines), "{log}");
        }
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
