//! What waits for the worker: one request in flight, one waiting, and the waiting one takes in all that comes.
//!
//! The worker's copy of the chart must not miss a change, so only *renders* are skipped: the changes of skipped
//! revisions are folded into the request that waits.

use std::rc::Rc;

use crate::worker::protocol::{Change, Cluster, Request, Review, Revision, Settings};

/// A change that still holds its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Forget all files.
    Clear,
    /// Render for this cluster, or for none.
    Cluster(Option<Rc<Cluster>>),
    /// Write a file.
    Put(String, Rc<[u8]>),
    /// Remove a file.
    Remove(String),
    /// Render with these settings.
    Settings(Settings),
}

/// The request that waits.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    revision: Revision,
    waiting: Vec<Edit>,
    is_waiting: bool,
    wants_package: bool,
    wants_update: bool,
    review: Option<Review>,
}

impl Queue {
    /// Takes in the edits that lead to `revision`.
    pub(crate) fn push(&mut self, revision: Revision, edits: Vec<Edit>) {
        self.revision = revision;
        self.is_waiting = true;
        self.wants_update = true;
        for edit in edits {
            match &edit {
                Edit::Clear => {
                    self.waiting.retain(|waiting| matches!(waiting, Edit::Settings(_) | Edit::Cluster(_)));
                }
                Edit::Cluster(_) => self.waiting.retain(|waiting| !matches!(waiting, Edit::Cluster(_))),
                Edit::Put(path, _) | Edit::Remove(path) => self.waiting.retain(|waiting| match waiting {
                    Edit::Put(other, _) | Edit::Remove(other) => other != path,
                    Edit::Clear | Edit::Cluster(_) | Edit::Settings(_) => true,
                }),
                Edit::Settings(_) => self.waiting.retain(|waiting| !matches!(waiting, Edit::Settings(_))),
            }
            self.waiting.push(edit);
        }
    }

    /// Asks for the chart as `helm package` would write it, with the next request.
    pub(crate) fn want_package(&mut self) {
        self.wants_package = true;
        self.wants_update = true;
        self.is_waiting = true;
    }

    /// Asks for a round of a review, with the next request; the one that waited is forgotten.
    pub(crate) fn want_review(&mut self, review: Review) {
        self.review = Some(review);
        self.is_waiting = true;
    }

    /// Takes back the review that waits.
    pub(crate) fn take_review(&mut self) -> Option<Review> {
        self.review.take()
    }

    /// Drops what waits and asks for a render of a whole chart, for a worker that knows nothing.
    pub(crate) fn start_over(&mut self, revision: Revision, edits: Vec<Edit>) {
        self.waiting.clear();
        self.review = None;
        self.push(revision, edits);
    }

    /// Whether a request waits.
    pub(crate) fn is_waiting(&self) -> bool {
        self.is_waiting
    }

    /// The newest revision that was pushed.
    pub(crate) fn revision(&self) -> Revision {
        self.revision
    }

    /// Takes the waiting request, with the bytes of its files one after the other.
    pub(crate) fn take(&mut self) -> Option<(Request, Vec<u8>)> {
        if !std::mem::take(&mut self.is_waiting) {
            return None;
        }
        let edits = std::mem::take(&mut self.waiting);
        let total =
            edits.iter().map(|edit| if let Edit::Put(_, bytes) = edit { bytes.len() } else { 0 }).sum();
        let mut buffer = Vec::with_capacity(total);
        let changes = edits
            .into_iter()
            .map(|edit| match edit {
                Edit::Clear => Change::Clear,
                Edit::Cluster(cluster) => Change::Cluster(cluster.map(Rc::unwrap_or_clone)),
                Edit::Put(path, bytes) => {
                    buffer.extend_from_slice(&bytes);
                    // Uploads are limited to 100 MiB, so the length of one file fits.
                    Change::PutFile { path, len: u32::try_from(bytes.len()).unwrap_or(u32::MAX) }
                }
                Edit::Remove(path) => Change::RemoveFile { path },
                Edit::Settings(settings) => Change::Settings(settings),
            })
            .collect();
        let request = Request {
            revision: self.revision,
            changes,
            wants_package: std::mem::take(&mut self.wants_package),
            review: self.review.take(),
            wants_update: std::mem::take(&mut self.wants_update),
        };
        Some((request, buffer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(path: &str, text: &str) -> Edit {
        Edit::Put(path.into(), Rc::from(text.as_bytes()))
    }

    #[test]
    fn the_waiting_request_takes_in_later_edits_and_keeps_the_newest_bytes() {
        let mut queue = Queue::default();
        queue.push(1, vec![put("a", "one"), put("b", "b")]);
        queue.push(2, vec![put("a", "two!")]);
        let (request, buffer) = queue.take().unwrap();
        assert_eq!(request.revision, 2);
        assert_eq!(
            request.changes,
            [Change::PutFile { path: "b".into(), len: 1 }, Change::PutFile { path: "a".into(), len: 4 }]
        );
        assert_eq!(buffer, b"btwo!");
        assert_eq!(queue.take(), None);
    }

    #[test]
    fn a_removal_after_a_write_is_a_removal_and_a_write_after_it_a_write() {
        let mut queue = Queue::default();
        queue.push(1, vec![put("a", "x"), Edit::Remove("a".into())]);
        assert_eq!(queue.take().unwrap().0.changes, [Change::RemoveFile { path: "a".into() }]);
        queue.push(2, vec![Edit::Remove("a".into()), put("a", "x")]);
        assert_eq!(queue.take().unwrap().0.changes, [Change::PutFile { path: "a".into(), len: 1 }]);
    }

    #[test]
    fn clear_drops_what_was_written_before_but_keeps_the_settings() {
        let mut queue = Queue::default();
        let settings = Settings { release_name: "demo".into(), ..Settings::default() };
        queue.push(1, vec![put("a", "x"), Edit::Settings(settings.clone())]);
        queue.push(2, vec![Edit::Clear, put("b", "y")]);
        assert_eq!(
            queue.take().unwrap().0.changes,
            [Change::Settings(settings), Change::Clear, Change::PutFile { path: "b".into(), len: 1 }]
        );
    }

    #[test]
    fn a_request_may_hold_no_change() {
        let mut queue = Queue::default();
        queue.push(5, vec![]);
        assert!(queue.is_waiting());
        let request = queue.take().unwrap().0;
        assert_eq!((request.revision, request.changes, request.wants_update), (5, vec![], true));
        assert!(!queue.is_waiting());
    }

    #[test]
    fn a_review_alone_asks_for_no_update() {
        let mut queue = Queue::default();
        queue.push(1, vec![]);
        queue.take();
        queue.want_review(Review { id: 7, ..Review::default() });
        let request = queue.take().unwrap().0;
        assert_eq!(request.review.map(|review| review.id), Some(7));
        assert!(!request.wants_update);
        queue.want_review(Review::default());
        queue.push(2, vec![]);
        assert!(queue.take().unwrap().0.wants_update);
    }

    #[test]
    fn a_fresh_worker_is_told_the_cluster_once() {
        let mut queue = Queue::default();
        queue.push(1, vec![Edit::Cluster(None), Edit::Clear, Edit::Cluster(Some(Rc::default()))]);
        let (request, _) = queue.take().unwrap();
        assert_eq!(request.changes, [Change::Clear, Change::Cluster(Some(Cluster::default()))]);
    }
}
