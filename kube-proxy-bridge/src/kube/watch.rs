//! Changes of objects as they happen.
//!
//! A watch is one long answer, a JSON object a line. It ends whenever the server, or something on the way, likes: the
//! caller lists again and goes on. `wait` does that, and polls where watching is forbidden.

use std::time::Duration;

use futures::{Stream, StreamExt as _, stream};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::timeout;

use super::call::{Call, Verb};
use super::objects::{locate, push_query};
use super::{Cluster, Error};
use crate::object::Object;

const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
/// One object as a line of an answer: no object that etcd stores is larger.
const LINE_LIMIT_BYTES: usize = 8 << 20;
/// Longer than the server lets a watch last.
const IDLE: Duration = Duration::from_secs(330);
/// What is said of a watch that was silent for longer.
pub const SILENCE: &str = "nothing came for 330 seconds";
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// Which changes.
#[derive(Clone, Debug, Default)]
pub struct WatchOptions {
    /// A label selector.
    pub labels: String,
    /// A field selector.
    pub fields: String,
    /// From where on: a list's `resource_version`.
    pub resource_version: String,
    /// After so many seconds the server ends it; 290 when 0.
    pub timeout_seconds: u32,
    /// Only `metadata` of each.
    pub metadata_only: bool,
}

/// A change.
#[derive(Clone, Debug)]
pub enum WatchEvent {
    /// The object is new, or new to the selector.
    Added(Object),
    /// Nothing happened up to this version.
    Bookmark(String),
    /// The object is gone, or no longer selected.
    Deleted(Object),
    /// The object changed.
    Modified(Object),
}

#[derive(Deserialize)]
struct Line {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    object: Value,
}

impl Cluster {
    /// The changes of a kind's objects from `options.resource_version` on. The stream ends when the answer does, after
    /// an error at the latest; [`Error::status`] 410 asks for a new list.
    ///
    /// A watch holds no slot of the calls in flight.
    ///
    /// # Errors
    /// When the server refuses: 403 without the right to watch.
    pub async fn watch(
        &self,
        api_version: &str,
        kind: &str,
        namespace: Option<&str>,
        options: &WatchOptions,
    ) -> Result<impl Stream<Item = Result<WatchEvent, Error>> + Send + use<>, Error> {
        let resource = self.resource(api_version, kind).await?;
        let (mut target, about) = locate(&resource, namespace, None)?;
        let seconds = if options.timeout_seconds == 0 { 290 } else { options.timeout_seconds }.to_string();
        push_query(
            &mut target,
            &[
                ("watch", "true"),
                ("allowWatchBookmarks", "true"),
                ("timeoutSeconds", &seconds),
                ("resourceVersion", &options.resource_version),
                ("labelSelector", &options.labels),
                ("fieldSelector", &options.fields),
            ],
        );
        let name = format!("watch {about}");
        let accept = options.metadata_only.then_some(METADATA);
        let call = Call { accept, ..Call::read(Verb::Watch, target, about) };
        let body = self.opened(&call, &name, ANSWER_WITHIN).await?;
        let state = Lines { body, buffer: Vec::new(), searched: 0, name, ended: false };
        Ok(stream::unfold(state, |mut lines| async move {
            let item = lines.next().await?;
            lines.ended = item.is_err();
            Some((item, lines))
        }))
    }
}

struct Lines<S> {
    body: S,
    buffer: Vec<u8>,
    /// Up to here there is no line end.
    searched: usize,
    name: String,
    ended: bool,
}

impl<S, E> Lines<S>
where
    S: Stream<Item = Result<bytes::Bytes, E>> + Unpin,
    E: std::fmt::Display,
{
    async fn next(&mut self) -> Option<Result<WatchEvent, Error>> {
        if self.ended {
            return None;
        }
        loop {
            if let Some(offset) = self.buffer[self.searched..].iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=self.searched + offset).collect();
                self.searched = 0;
                match read_line(&self.name, &line) {
                    Some(item) => return Some(item),
                    None => continue,
                }
            }
            self.searched = self.buffer.len();
            if self.buffer.len() > LINE_LIMIT_BYTES {
                return Some(Err(Error::unreadable(&self.name, "an object is larger than 8 MiB")));
            }
            match timeout(IDLE, self.body.next()).await {
                Err(_) => return Some(Err(Error::unreachable(&self.name, SILENCE))),
                Ok(None) => return None,
                Ok(Some(Err(error))) => {
                    return Some(Err(Error::unreachable(
                        &self.name,
                        format_args!("the watch broke off: {error}"),
                    )));
                }
                Ok(Some(Ok(bytes))) => self.buffer.extend_from_slice(&bytes),
            }
        }
    }
}

/// One line; `None` for kinds of events that we do not know.
fn read_line(name: &str, line: &[u8]) -> Option<Result<WatchEvent, Error>> {
    let line: Line = match serde_json::from_slice(line) {
        Ok(line) => line,
        Err(error) => return Some(Err(Error::unreadable(name, error))),
    };
    if line.kind == "ERROR" {
        let status =
            line.object.get("code").and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok());
        let body = line.object.to_string();
        return Some(Err(Error::answered(name, status.unwrap_or(500), body.as_bytes(), None)));
    }
    let object = Object::from_value(line.object)?;
    Some(Ok(match line.kind.as_str() {
        "ADDED" => WatchEvent::Added(object),
        "BOOKMARK" => WatchEvent::Bookmark(object.resource_version().to_owned()),
        "DELETED" => WatchEvent::Deleted(object),
        "MODIFIED" => WatchEvent::Modified(object),
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[tokio::test]
    async fn lines_are_put_together_from_pieces() {
        let pieces = [
            "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Pod\"}}\n{\"type\":\"BOOK",
            "MARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"7\"}}}\n",
            "{\"type\":\"ERROR\",\"object\":{\"code\":410,\"message\":\"too old\"}}\nrest",
        ];
        let body = stream::iter(pieces.map(|piece| Ok::<_, String>(Bytes::from(piece))));
        let mut lines =
            Lines { body, buffer: Vec::new(), searched: 0, name: "watch".to_owned(), ended: false };
        assert!(matches!(lines.next().await, Some(Ok(WatchEvent::Added(pod))) if pod.kind() == "Pod"));
        assert!(matches!(lines.next().await, Some(Ok(WatchEvent::Bookmark(version))) if version == "7"));
        let error = lines.next().await.expect("an item").expect_err("an error");
        assert_eq!((error.status, error.message.as_str()), (Some(410), "too old"));
    }
}
