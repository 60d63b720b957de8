//! What happened during one operation: an append-only log that any number of readers follow by a cursor.
//!
//! Numbers are dense from 1. The newest 10,000 events or 8 MiB are kept, whichever is less; a reader that asks for older
//! ones is told so and takes the snapshot instead. With a folder for state every event also goes to a file of JSON lines,
//! from which the log is read again after a restart.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::watch;
use wire::{Event, EventBody};

/// The events that are kept at most.
pub const MAX_EVENTS: usize = 10_000;
/// The bytes of event text that are kept at most.
pub const MAX_BYTES: usize = 8 << 20;
/// The events that one read returns at most.
const BATCH: usize = 256;

/// Locks without failing: what the mutexes here guard is whole after every single write.
pub(super) fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The log of one operation.
#[derive(Debug)]
pub struct EventLog {
    ring: Mutex<Ring>,
    grown: watch::Sender<Mark>,
}

/// How far a log reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Mark {
    last: u64,
    ended: bool,
}

#[derive(Debug, Default)]
struct Ring {
    /// Each as it goes on the stream.
    frames: VecDeque<Bytes>,
    /// The number of the first of them.
    first: u64,
    bytes: usize,
    ended: bool,
    spool: Option<File>,
}

/// Some events in order, and whether there will be more.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// As they go on the stream, each with its `id:`, `event:` and `data:` line.
    pub frames: Vec<Bytes>,
    /// The number of the last of them; the cursor for the next read.
    pub last: u64,
    /// Whether nothing follows.
    pub ended: bool,
}

/// The log no longer reaches back to the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expired {
    /// The oldest event that is still there.
    pub first: u64,
}

impl Default for EventLog {
    fn default() -> Self {
        Self::new(None)
    }
}

impl EventLog {
    /// An empty log, written to `spool` too when there is one.
    #[must_use]
    pub fn new(spool: Option<File>) -> Self {
        Self {
            ring: Mutex::new(Ring { first: 1, spool, ..Ring::default() }),
            grown: watch::Sender::new(Mark::default()),
        }
    }

    /// Appends an event and gives its number; after the end nothing is appended, and the last number is given.
    ///
    /// Cost: one serialisation; with a spool also one short write to a local file. A spool that fails is given up.
    pub fn append(&self, body: EventBody) -> u64 {
        self.append_at(body, Timestamp::now().to_string())
    }

    fn append_at(&self, body: EventBody, t: String) -> u64 {
        let mut ring = guard(&self.ring);
        let seq = ring.next();
        if ring.ended {
            return seq - 1;
        }
        let ends = matches!(body, EventBody::Done { .. });
        let event = Event { seq, t, body };
        // Events are strings, numbers and maps with string keys, which always serialise.
        let json = serde_json::to_string(&event).unwrap_or_default();
        if let Some(spool) = &mut ring.spool {
            let line = format!("{json}\n");
            if spool.write_all(line.as_bytes()).is_err() {
                tracing::warn!(event = "spool-given-up");
                ring.spool = None;
            }
        }
        ring.push(Bytes::from(format!("id: {seq}\nevent: {}\ndata: {json}\n\n", event.body.name())));
        ring.ended = ends;
        drop(ring);
        self.grown.send_replace(Mark { last: seq, ended: ends });
        seq
    }

    /// Says that nothing follows, where no [`EventBody::Done`] was appended.
    pub fn close(&self) {
        let mut ring = guard(&self.ring);
        ring.ended = true;
        let last = ring.next() - 1;
        drop(ring);
        self.grown.send_replace(Mark { last, ended: true });
    }

    /// Drops all events; readers with an older cursor are told so.
    pub fn forget(&self) {
        let mut ring = guard(&self.ring);
        ring.first = ring.next();
        ring.frames = VecDeque::new();
        ring.bytes = 0;
        ring.spool = None;
    }

    /// The bytes of text it holds.
    #[must_use]
    pub fn bytes(&self) -> usize {
        guard(&self.ring).bytes
    }

    /// The number of the last event; 0 when there is none.
    #[must_use]
    pub fn last(&self) -> u64 {
        guard(&self.ring).next() - 1
    }

    /// The events after `after`, up to 256 of them.
    ///
    /// # Errors
    /// [`Expired`] when events right after the cursor have been dropped.
    pub fn read(&self, after: u64) -> Result<Batch, Expired> {
        let ring = guard(&self.ring);
        if after.saturating_add(1) < ring.first {
            return Err(Expired { first: ring.first });
        }
        let end = ring.next() - 1;
        // A cursor beyond the end comes from another log; it waits for what follows.
        let skip = usize::try_from(after.min(end) + 1 - ring.first).unwrap_or(usize::MAX);
        let frames: Vec<Bytes> = ring.frames.iter().skip(skip).take(BATCH).cloned().collect();
        let last = after.min(end) + frames.len() as u64;
        Ok(Batch { ended: ring.ended && last == end, last, frames })
    }

    /// Completes when there is something after `after`, or the end. Cancel-safe.
    pub async fn wait(&self, after: u64) {
        let mut grown = self.grown.subscribe();
        // The sender lives in `self`, so this cannot fail while we are borrowed.
        let _ = grown.wait_for(|mark| mark.last > after || mark.ended).await;
    }
}

impl Ring {
    fn next(&self) -> u64 {
        self.first + self.frames.len() as u64
    }

    fn push(&mut self, frame: Bytes) {
        self.bytes += frame.len();
        self.frames.push_back(frame);
        // The newest stays, whatever its size.
        while self.frames.len() > 1 && (self.frames.len() > MAX_EVENTS || self.bytes > MAX_BYTES) {
            if let Some(oldest) = self.frames.pop_front() {
                self.bytes -= oldest.len();
                self.first += 1;
            }
        }
    }
}

/// Opens the spool of an operation: its file is readable by its owner alone and begins with `header`.
///
/// # Errors
/// Those of the file system.
pub fn spool(path: &Path, header: &str) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    if file.metadata()?.len() == 0 {
        file.write_all(format!("{header}\n").as_bytes())?;
    }
    Ok(file)
}

/// Reads a spool: its header, and its log with every event that is whole. A line cut off by a crash ends it.
///
/// # Errors
/// Those of the file system; a file without a header.
pub fn restore(path: &Path) -> io::Result<(String, EventLog, Vec<EventBody>)> {
    let mut lines = BufReader::new(File::open(path)?).lines();
    let header = lines.next().ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))??;
    let log = EventLog::new(None);
    let mut bodies = Vec::new();
    for line in lines {
        let Ok(event) = serde_json::from_str::<Event>(&line?) else { break };
        bodies.push(event.body.clone());
        log.append_at(event.body, event.t);
    }
    Ok((header, log, bodies))
}

/// Leaves of a spool its header and how the operation ended. The file keeps its time.
///
/// # Errors
/// Those of the file system.
pub fn shorten(path: &Path) -> io::Result<()> {
    let file = File::open(path)?;
    let written = file.metadata()?.modified()?;
    let mut lines = BufReader::new(file).lines();
    let mut kept = lines.next().ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))??;
    for line in lines {
        let line = line?;
        let body = serde_json::from_str::<Event>(&line).map(|event| event.body);
        if matches!(body, Ok(EventBody::Problem { terminal: true, .. } | EventBody::Done { .. })) {
            kept.push('\n');
            kept.push_str(&line);
        }
    }
    let beside = path.with_extension("short");
    // One that a crash left would be continued.
    match std::fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    spool(&beside, &kept)?.set_modified(written)?;
    std::fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use wire::{Counts, OperationResult};

    use super::*;

    fn warning(message: &str) -> EventBody {
        EventBody::Warning { object: None, message: message.to_owned() }
    }

    fn done() -> EventBody {
        EventBody::Done {
            result: OperationResult::Success,
            revision: 1,
            durations: Default::default(),
            counts: Counts::default(),
        }
    }

    #[test]
    fn a_cursor_reads_on_where_it_stood() {
        let log = EventLog::default();
        for n in 1..=600 {
            assert_eq!(log.append(warning("x")), n);
        }
        let (mut cursor, mut seen) = (0, 0);
        loop {
            let batch = log.read(cursor).unwrap();
            if batch.frames.is_empty() {
                break;
            }
            seen += batch.frames.len();
            cursor = batch.last;
        }
        assert_eq!((seen, cursor), (600, 600));
        let frame = log.read(599).unwrap().frames.remove(0);
        let text = std::str::from_utf8(&frame).unwrap();
        let data = text.strip_prefix("id: 600\nevent: api.warning\ndata: ").unwrap();
        let event: wire::Event = serde_json::from_str(data.strip_suffix("\n\n").unwrap()).unwrap();
        assert_eq!((event.seq, event.body), (600, warning("x")));
    }

    #[test]
    fn the_ring_is_bounded_in_events_and_in_bytes() {
        let log = EventLog::default();
        for _ in 0..MAX_EVENTS + 5 {
            log.append(warning("x"));
        }
        assert_eq!(log.read(4).unwrap_err(), Expired { first: 6 });
        assert_eq!(log.read(5).unwrap().frames.len(), BATCH);
        let large = "y".repeat(MAX_BYTES / 2);
        for _ in 0..3 {
            log.append(warning(&large));
        }
        let last = log.last();
        assert_eq!(log.read(0).unwrap_err(), Expired { first: last });
        assert_eq!(log.read(last - 1).unwrap().frames.len(), 1);
    }

    #[test]
    fn nothing_follows_the_end() {
        let log = EventLog::default();
        log.append(warning("x"));
        log.append(done());
        assert_eq!(log.append(warning("late")), 2);
        let batch = log.read(0).unwrap();
        assert!(batch.ended);
        assert_eq!(batch.frames.len(), 2);
        assert!(log.read(9).unwrap().ended);
    }

    #[tokio::test]
    async fn a_reader_waits_for_the_next_event_and_for_the_end() {
        let log = Arc::new(EventLog::default());
        let reader = tokio::spawn({
            let log = log.clone();
            async move {
                let (mut cursor, mut frames) = (0, 0);
                loop {
                    log.wait(cursor).await;
                    let batch = log.read(cursor).unwrap();
                    cursor = batch.last;
                    frames += batch.frames.len();
                    if batch.ended {
                        return frames;
                    }
                }
            }
        });
        for _ in 0..50 {
            log.append(warning("x"));
            tokio::task::yield_now().await;
        }
        log.append(done());
        assert_eq!(reader.await.unwrap(), 51);
    }

    #[test]
    fn a_spool_brings_the_log_back_without_the_line_that_was_cut_off() {
        let path = std::env::temp_dir().join(format!("kpb-spool-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let log = EventLog::new(Some(spool(&path, "{\"id\":\"op_1\"}").unwrap()));
        log.append(warning("one"));
        log.append(warning("two"));
        drop(log);
        let mut text = std::fs::read_to_string(&path).unwrap();
        text.push_str("{\"seq\":3,\"t\":\"20");
        std::fs::write(&path, text).unwrap();
        let (header, log, bodies) = restore(&path).unwrap();
        assert_eq!(header, "{\"id\":\"op_1\"}");
        assert_eq!(bodies, [warning("one"), warning("two")]);
        assert_eq!(log.read(0).unwrap().frames.len(), 2);
        std::fs::remove_file(&path).unwrap();
    }
}
