//! Server-sent events, read while they come.

use std::io;
use std::time::{Duration, Instant};

use crate::net::Streaming;
use crate::net::http::is_timeout;

/// One event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Event {
    /// The `id:` field; empty when there is none.
    pub id: String,
    /// The `event:` field; empty when there is none.
    pub name: String,
    /// The `data:` lines.
    pub data: String,
}

/// A stream of events.
#[derive(Debug)]
pub struct Events {
    stream: Streaming,
    text: Text,
}

impl Events {
    /// Reads the body of this answer.
    #[must_use]
    pub fn new(stream: Streaming) -> Self {
        Self { stream, text: Text::default() }
    }

    /// The answer's status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.stream.status()
    }

    /// The next event; nothing at the end of the stream. Comments are passed over.
    ///
    /// # Errors
    /// Those of the connection, and a time-out when no event came for so long.
    pub fn next(&mut self, patience: Duration) -> io::Result<Option<Event>> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(event) = self.text.take() {
                return Ok(Some(event));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            match self.stream.piece(left) {
                Ok(Some(piece)) => self.text.add(&piece),
                Ok(None) => return Ok(None),
                Err(error) if is_timeout(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// What has come and not yet been used.
#[derive(Debug, Default)]
struct Text(Vec<u8>);

impl Text {
    fn add(&mut self, piece: &[u8]) {
        self.0.extend_from_slice(piece);
    }

    /// The first whole event.
    fn take(&mut self) -> Option<Event> {
        loop {
            let end = self.0.windows(2).position(|pair| pair == b"\n\n")?;
            let block: Vec<u8> = self.0.drain(..end + 2).collect();
            let block = String::from_utf8_lossy(&block);
            let mut event = Event::default();
            let mut data = Vec::new();
            for line in block.lines() {
                let (field, value) = line.split_once(':').unwrap_or((line, ""));
                let value = value.strip_prefix(' ').unwrap_or(value);
                match field {
                    "id" => event.id = value.to_owned(),
                    "event" => event.name = value.to_owned(),
                    "data" => data.push(value),
                    _ => {}
                }
            }
            event.data = data.join("\n");
            if event != Event::default() {
                return Some(event);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_found_in_crumbs() {
        let mut text = Text::default();
        text.add(b": ka\n\nid: 1\nevent: op.state\nda");
        assert_eq!(text.take(), None);
        text.add(b"ta: {\ndata: }\n\nid: 2\n");
        let event = Event { id: "1".to_owned(), name: "op.state".to_owned(), data: "{\n}".to_owned() };
        assert_eq!(text.take(), Some(event));
        assert_eq!(text.take(), None);
    }
}
