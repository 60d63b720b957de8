//! The log of a container as it is written.

use std::time::Duration;

use futures::{Stream, StreamExt as _, stream};

use super::call::{Call, Verb};
use super::objects::{push_query, segment};
use super::{Cluster, Error};

const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// A longer line is told in pieces.
const LINE_LIMIT_BYTES: usize = 64 << 10;

impl Cluster {
    /// The last `tail` lines of a container; with `follow` those that come after, until the container ends. Lines that came
    /// together are given together.
    ///
    /// It holds no slot of the calls in flight. Dropping the stream ends the call.
    ///
    /// # Errors
    /// When the server refuses: the pod is gone, or its container has not started. A log that breaks off ends the stream.
    pub async fn log_lines(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
        tail: u32,
        follow: bool,
    ) -> Result<impl Stream<Item = Vec<String>> + Send + use<>, Error> {
        let mut target = format!("/api/v1/namespaces/{}/pods/{}/log", segment(namespace)?, segment(pod)?);
        let tail = tail.to_string();
        let follow = if follow { "true" } else { "" };
        push_query(&mut target, &[("container", container), ("tailLines", &tail), ("follow", follow)]);
        let about = format!("the log of pod {namespace}/{pod}");
        let call = Call { accept: Some("*/*"), ..Call::read(Verb::Get, target, about) };
        let name = format!("get {}", call.about);
        let body = self.opened(&call, &name, ANSWER_WITHIN).await?;
        Ok(stream::unfold((body, Lines::default()), |(mut body, mut lines)| async move {
            loop {
                if lines.ended {
                    return None;
                }
                let found = match body.next().await {
                    Some(Ok(bytes)) => lines.take(&bytes),
                    Some(Err(_)) | None => lines.rest()?,
                };
                if !found.is_empty() {
                    return Some((found, (body, lines)));
                }
            }
        }))
    }
}

/// Puts lines together from pieces.
#[derive(Debug, Default)]
struct Lines {
    buffer: Vec<u8>,
    ended: bool,
}

impl Lines {
    /// The lines that are whole now.
    fn take(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            match piece.strip_suffix(b"\n") {
                Some(end) => {
                    self.buffer.extend_from_slice(end);
                    lines.push(self.line());
                }
                None => self.buffer.extend_from_slice(piece),
            }
            while self.buffer.len() > LINE_LIMIT_BYTES {
                let rest = self.buffer.split_off(LINE_LIMIT_BYTES);
                lines.push(self.line());
                self.buffer = rest;
            }
        }
        lines
    }

    /// What is left at the end; `None` when that was asked before.
    fn rest(&mut self) -> Option<Vec<String>> {
        if std::mem::replace(&mut self.ended, true) || self.buffer.is_empty() {
            return None;
        }
        Some(vec![self.line()])
    }

    fn line(&mut self) -> String {
        let bytes = std::mem::take(&mut self.buffer);
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(&bytes);
        String::from_utf8_lossy(bytes).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_put_together_and_long_ones_are_cut() {
        let mut lines = Lines::default();
        assert_eq!(lines.take(b"a\r\nb"), ["a"]);
        assert_eq!(lines.take(b"c\n\nd"), ["bc", ""]);
        assert_eq!(lines.rest(), Some(vec!["d".to_owned()]));
        assert_eq!(lines.rest(), None);
        let mut lines = Lines::default();
        let cut = lines.take(&vec![b'x'; 2 * LINE_LIMIT_BYTES + 5]);
        assert_eq!(cut.iter().map(String::len).collect::<Vec<_>>(), [LINE_LIMIT_BYTES; 2]);
        assert_eq!(lines.rest().map(|rest| rest[0].len()), Some(5));
    }
}
