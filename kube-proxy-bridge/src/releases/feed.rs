//! The heads of release records, kept fresh by a watch, so that a list that is looked at again and again costs one call.
//!
//! Everything here belongs to one identity: nobody sees what another caller's rights have read. A feed ends with its watch,
//! after a minute at the latest; then the next list asks the cluster anew, and with it whether the caller may still see this.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use tokio::time::timeout;
use wire::{Problem, RevisionSummary};

use super::Head;
use crate::kube::{Cluster, ListOptions, WatchEvent, WatchOptions};

/// A page of metadata.
const PAGE: u32 = 500;
/// A feed lives so long at most.
const LIFE: u32 = 60;
/// A feed that nobody asked for so long ends.
const IDLE: Duration = Duration::from_secs(30);
/// Feeds at once, of all callers; beyond, lists are asked for each time.
const FEEDS: usize = 64;
/// Summaries that are kept, of all callers.
const SUMMARIES: usize = 4096;

/// The feeds of all callers; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Feeds(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    feeds: BTreeMap<Key, Feed>,
    summaries: BTreeMap<Version, RevisionSummary>,
    /// Numbers feeds, so that one that ends does not take its successor along.
    last: u64,
}

/// Identity and namespace; all namespaces when there is none.
type Key = (String, Option<String>);
/// Identity, and uid and version of a Secret: what it says never changes.
type Version = (String, String, String);

#[derive(Debug)]
struct Feed {
    number: u64,
    used: Instant,
    /// How many records this caller had written when it began.
    writes: u64,
    /// By the Secret's uid.
    heads: BTreeMap<String, Head>,
}

impl Feeds {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing in here is left half done by a panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The heads of all records in a namespace, or in all.
    ///
    /// Cost: nothing while a feed lives; otherwise one call for 500 revisions.
    ///
    /// # Errors
    /// The calls'.
    pub async fn heads(&self, cluster: &Cluster, namespace: Option<&str>) -> Result<Vec<Head>, Problem> {
        let key = (cluster.identity().to_owned(), namespace.map(str::to_owned));
        let writes = cluster.secret_writes();
        if let Some(feed) = self.lock().feeds.get_mut(&key)
            // What the caller has just written is seen at once.
            && feed.writes == writes
        {
            feed.used = Instant::now();
            return Ok(feed.heads.values().cloned().collect());
        }
        let (heads, version) = all(cluster, namespace, "").await?;
        self.begin(cluster.clone(), key, writes, &heads, version);
        Ok(heads)
    }

    fn begin(&self, cluster: Cluster, key: Key, writes: u64, heads: &[Head], resource_version: String) {
        let number = {
            let mut inner = self.lock();
            if inner.feeds.len() >= FEEDS && !inner.feeds.contains_key(&key) {
                return;
            }
            inner.last += 1;
            let heads = heads.iter().map(|head| (head.uid.clone(), head.clone())).collect();
            let feed = Feed { number: inner.last, used: Instant::now(), writes, heads };
            inner.feeds.insert(key.clone(), feed);
            inner.last
        };
        let feeds = self.clone();
        tokio::spawn(async move {
            feeds.follow(&cluster, &key, number, resource_version).await;
            feeds.end(&key, number);
        });
    }

    fn end(&self, key: &Key, number: u64) {
        let mut inner = self.lock();
        if inner.feeds.get(key).is_some_and(|feed| feed.number == number) {
            inner.feeds.remove(key);
        }
    }

    /// Until the watch ends, for whatever reason, or nobody asks any more.
    async fn follow(&self, cluster: &Cluster, key: &Key, number: u64, resource_version: String) {
        let options = WatchOptions {
            labels: "owner=helm".to_owned(),
            resource_version,
            timeout_seconds: LIFE,
            metadata_only: true,
            ..WatchOptions::default()
        };
        let Ok(events) = cluster.watch("v1", "Secret", key.1.as_deref(), &options).await else { return };
        let mut events = pin!(events);
        loop {
            let event = match timeout(IDLE, events.next()).await {
                Ok(Some(Ok(event))) => Some(event),
                Ok(_) => return,
                Err(_) => None,
            };
            let mut inner = self.lock();
            let Some(feed) = inner.feeds.get_mut(key).filter(|feed| feed.number == number) else { return };
            if feed.used.elapsed() > IDLE {
                return;
            }
            match event {
                Some(WatchEvent::Added(object) | WatchEvent::Modified(object)) => {
                    feed.heads.extend(Head::of(&object).map(|head| (head.uid.clone(), head)));
                }
                Some(WatchEvent::Deleted(object)) => {
                    feed.heads.remove(object.uid());
                }
                Some(WatchEvent::Bookmark(_)) | None => {}
            }
        }
    }

    /// The summary of this version of a record, when it was read before by the same caller.
    #[must_use]
    pub fn summary(&self, identity: &str, head: &Head) -> Option<RevisionSummary> {
        self.lock().summaries.get(&version(identity, head)).cloned()
    }

    /// Keeps a summary.
    pub fn keep(&self, identity: &str, head: &Head, summary: &RevisionSummary) {
        let mut inner = self.lock();
        if inner.summaries.len() >= SUMMARIES {
            inner.summaries.clear();
        }
        inner.summaries.insert(version(identity, head), summary.clone());
    }
}

fn version(identity: &str, head: &Head) -> Version {
    (identity.to_owned(), head.uid.clone(), head.resource_version.clone())
}

/// All heads, and the version of the list. By `owner=helm` alone, as Helm looks: the Secret's type is not asked for.
pub(super) async fn all(
    cluster: &Cluster,
    namespace: Option<&str>,
    selector: &str,
) -> Result<(Vec<Head>, String), Problem> {
    let labels = if selector.is_empty() { "owner=helm".to_owned() } else { format!("owner=helm,{selector}") };
    let mut options = ListOptions { labels, limit: PAGE, metadata_only: true, ..ListOptions::default() };
    let mut heads = Vec::new();
    loop {
        let page = cluster.list("v1", "Secret", namespace, &options).await?;
        heads.extend(page.items.iter().filter_map(Head::of));
        if page.next.is_none() {
            return Ok((heads, page.resource_version));
        }
        options.next = page.next;
    }
}

/// The newest of each release, by namespace and name.
#[must_use]
pub(super) fn newest(heads: Vec<Head>) -> BTreeMap<(String, String), Head> {
    let mut newest: BTreeMap<(String, String), Head> = BTreeMap::new();
    for head in heads {
        let key = (head.namespace.clone(), head.name.clone());
        if newest.get(&key).is_none_or(|known| known.revision < head.revision) {
            newest.insert(key, head);
        }
    }
    newest
}

/// The uids of these heads.
#[must_use]
pub(super) fn uids(heads: Vec<Head>) -> BTreeSet<String> {
    heads.into_iter().map(|head| head.uid).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_caller_read_is_nobody_elses() {
        let feeds = Feeds::default();
        let head = Head { uid: "u".to_owned(), resource_version: "7".to_owned(), ..Head::default() };
        let summary = RevisionSummary { revision: 3, ..RevisionSummary::default() };
        feeds.keep("alice", &head, &summary);
        assert_eq!(feeds.summary("alice", &head), Some(summary));
        assert_eq!(feeds.summary("bob", &head), None);
        let newer = Head { resource_version: "8".to_owned(), ..head };
        assert_eq!(feeds.summary("alice", &newer), None, "another version is another record");
    }

    #[test]
    fn a_feed_that_ended_does_not_take_its_successor_along() {
        let feeds = Feeds::default();
        let key = ("alice".to_owned(), None);
        let feed = |number| Feed { number, used: Instant::now(), writes: 0, heads: BTreeMap::new() };
        feeds.lock().feeds.insert(key.clone(), feed(2));
        feeds.end(&key, 1);
        assert!(feeds.lock().feeds.contains_key(&key));
        feeds.end(&key, 2);
        assert!(feeds.lock().feeds.is_empty());
    }

    #[test]
    fn summaries_are_bounded() {
        let feeds = Feeds::default();
        for n in 0..=SUMMARIES {
            let head = Head { uid: n.to_string(), ..Head::default() };
            feeds.keep("a", &head, &RevisionSummary::default());
        }
        assert!(feeds.lock().summaries.len() <= SUMMARIES);
    }
}
