//! The records of one namespace: read, created, replaced, annotated, deleted.
//!
//! Every write names what it expects to meet: a create that nothing is there, a replace and a note the version that was
//! read, a delete the uid. A write whose answer was lost is followed by a look.
//!
//! *Source*: helm v4.3.1 `pkg/storage/driver/secrets.go`.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use release::record::{self, Encoded, Limits, Record, Sizes};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use wire::{Code, Problem};

use super::head::secret;
use super::{Body, Entry, Head, History, Revision};
use crate::kube::{Cluster, DeleteOptions, ListOptions, Patch};
use crate::object::Object;

/// Whole records in one answer: 1.4 MB each at most, and an answer holds 64.
const PAGE: u32 = 16;
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(200);

/// One caller's view of the records of one namespace.
#[derive(Clone, Debug)]
pub struct Store<'a> {
    cluster: &'a Cluster,
    namespace: &'a str,
    limits: Limits,
}

/// A record that was written.
#[derive(Clone, Debug)]
pub struct Written {
    /// Its Secret as it is now: goes into the next write.
    pub head: Head,
    /// How large it is.
    pub sizes: Sizes,
}

impl<'a> Store<'a> {
    /// The records of `namespace`, as the caller of `cluster` sees them.
    #[must_use]
    pub fn new(cluster: &'a Cluster, namespace: &'a str) -> Self {
        Self { cluster, namespace, limits: Limits::default() }
    }

    /// Every revision of a release, whole, one at a time and in no order.
    ///
    /// Cost: one call for 16 revisions; one record inflated at a time, off the threads that serve.
    ///
    /// # Errors
    /// The call's.
    pub async fn walk(&self, name: &str, mut visit: impl FnMut(Revision)) -> Result<(), Problem> {
        let mut options =
            ListOptions { labels: format!("name={name},owner=helm"), limit: PAGE, ..ListOptions::default() };
        loop {
            let page = self.cluster.list("v1", "Secret", Some(self.namespace), &options).await?;
            for item in page.items {
                match self.read(item).await? {
                    Some(revision) if revision.head.name == name => visit(revision),
                    _ => {}
                }
            }
            if page.next.is_none() {
                return Ok(());
            }
            options.next = page.next;
        }
    }

    /// The revisions of a release, without their bodies; empty when there is no such release.
    ///
    /// # Errors
    /// The call's.
    pub async fn history(&self, name: &str) -> Result<History, Problem> {
        let mut entries = Vec::new();
        self.walk(name, |revision| entries.push(Entry::of(&revision))).await?;
        Ok(History::new(name, entries))
    }

    /// One revision, whole; `None` when there is none.
    ///
    /// # Errors
    /// The call's.
    pub async fn get(&self, name: &str, revision: u32) -> Result<Option<Revision>, Problem> {
        match self.cluster.get(&secret(self.namespace, name, revision)).await? {
            Some(object) => self.read(object).await,
            None => Ok(None),
        }
    }

    /// One revision that must be there.
    ///
    /// # Errors
    /// `not-found`; the call's.
    pub async fn expect(&self, name: &str, revision: u32) -> Result<Revision, Problem> {
        self.get(name, revision).await?.ok_or_else(|| {
            Problem::new(
                Code::NotFound,
                format!("release {name} in namespace {} has no revision {revision}", self.namespace),
            )
        })
    }

    /// Creates the record of a new revision: the lock. Whoever finds it there has lost.
    ///
    /// `labels` are the user's, `annotations` the bridge's; among them the operation, by which our own record is known again
    /// when the answer was lost.
    ///
    /// # Errors
    /// `release-locked` when the revision exists, `release-too-large`, `record-write-failed` when it would not read back;
    /// the call's, the missing namespace's among them.
    pub async fn create(
        &self,
        record: &Record,
        labels: &BTreeMap<String, String>,
        annotations: &BTreeMap<String, String>,
    ) -> Result<Written, Problem> {
        let head = Head {
            namespace: self.namespace.to_owned(),
            name: record.name.clone(),
            revision: record.version,
            labels: labels.clone(),
            annotations: annotations.clone(),
            ..Head::default()
        };
        let encoded = encode(record).await?;
        let object = to_object(&head, record, &encoded, "createdAt");
        for attempt in 1.. {
            let error = match self.cluster.create(&object).await {
                Ok(created) => return written(&created, &encoded),
                Err(error) => error,
            };
            if !error.is_already_exists() && !error.is_transient() {
                return Err(error.into());
            }
            match self.cluster.get(&head.reference()).await? {
                Some(found) if is_same(&found, &object, &head) => return written(&found, &encoded),
                Some(_) => return Err(locked(&head)),
                None if attempt < TRIES => sleep(PAUSE * attempt).await,
                None => return Err(error.into()),
            }
        }
        unreachable!("the loop returns")
    }

    /// Replaces a record that this process created or read: status, hooks, description. `head` is what was read or written last;
    /// its annotations go along, as they are there.
    ///
    /// Cancel safety: a dropped call may still be carried out; the next write then meets another version and looks.
    ///
    /// # Errors
    /// `record-hijacked` when somebody else wrote it, `release-too-large`, `record-write-failed`; the call's.
    pub async fn update(&self, record: &Record, head: &Head) -> Result<Written, Problem> {
        let encoded = encode(record).await?;
        let mut head = head.clone();
        for attempt in 1.. {
            let object = to_object(&head, record, &encoded, "modifiedAt");
            let error = match self.cluster.replace(&object).await {
                Ok(replaced) => return written(&replaced, &encoded),
                Err(error) => error,
            };
            if !error.is_conflict() && !error.is_transient() && !error.is_not_found() {
                return Err(error.into());
            }
            let Some(found) = self.cluster.get(&head.reference()).await? else {
                return Err(Problem::new(Code::RecordHijacked, format!("{} was deleted", describe(&head))));
            };
            if is_same(&found, &object, &head) {
                return written(&found, &encoded);
            }
            head.resource_version = self.still_ours(found, &head).await?.resource_version;
            if attempt >= TRIES {
                return Err(error.into());
            }
            sleep(PAUSE * attempt).await;
        }
        unreachable!("the loop returns")
    }

    /// Sets annotations of a record (`None` removes one): journal, heartbeat, phase. The record itself is not sent.
    ///
    /// # Errors
    /// `record-hijacked` when somebody else wrote the record since `head`; the call's.
    pub async fn annotate(&self, head: &Head, changes: &[(&str, Option<&str>)]) -> Result<Head, Problem> {
        let mut resource_version = head.resource_version.clone();
        for attempt in 1.. {
            let annotations: serde_json::Map<String, Value> =
                changes.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
            let patch =
                json!({"metadata": {"resourceVersion": resource_version, "annotations": annotations}});
            let error = match self.cluster.patch(&head.reference(), Patch::Merge, &patch).await {
                Ok(patched) => return head_of(&patched),
                Err(error) => error,
            };
            // With a version in it, the patch cannot be carried out twice.
            if attempt >= TRIES || !error.is_conflict() && !error.is_transient() {
                return Err(error.into());
            }
            let Some(found) = self.cluster.get(&head.reference()).await? else {
                return Err(Problem::new(Code::RecordHijacked, format!("{} was deleted", describe(head))));
            };
            resource_version = self.still_ours(found, head).await?.resource_version;
            sleep(PAUSE * attempt).await;
        }
        unreachable!("the loop returns")
    }

    /// Deletes a record, this very one; whether it was still there.
    ///
    /// # Errors
    /// `record-hijacked` when another stands in its place; the call's.
    pub async fn delete(&self, head: &Head) -> Result<bool, Problem> {
        let options = DeleteOptions {
            uid: (!head.uid.is_empty()).then(|| head.uid.clone()),
            ..DeleteOptions::default()
        };
        match self.cluster.delete(&head.reference(), &options).await {
            Ok(existed) => Ok(existed),
            Err(error) if error.is_conflict() => {
                Err(Problem::new(Code::RecordHijacked, format!("{} is another now", describe(head))))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes what a history of at most `most` revisions has no room for once one more is there; how many those were.
    ///
    /// # Errors
    /// The first call's that fails, after all were tried.
    pub async fn trim(&self, history: &History, most: u32) -> Result<usize, Problem> {
        let mut deleted = 0;
        let mut failed = None;
        for entry in history.surplus(most) {
            match self.delete(&entry.head).await {
                Ok(_) => deleted += 1,
                Err(problem) => failed = failed.or(Some(problem)),
            }
        }
        failed.map_or(Ok(deleted), Err)
    }

    /// The record as it is now, if it still is the one that `head` tells of: same status, same operation.
    async fn still_ours(&self, found: Object, head: &Head) -> Result<Head, Problem> {
        let hijacked = |what: String| {
            Problem::new(Code::RecordHijacked, format!("somebody else wrote {}: {what}", describe(head)))
        };
        let Some(Revision { head: now, body }) = self.read(found).await? else {
            return Err(hijacked("it is no record any more".to_owned()));
        };
        if now.uid != head.uid {
            return Err(hijacked("it was deleted and created anew".to_owned()));
        }
        if now.operation() != head.operation() {
            return Err(hijacked("the bridge's notes on it are gone".to_owned()));
        }
        let status = match &body {
            Body::Record(record) => record.info.status.clone(),
            Body::Corrupt(reason) => return Err(hijacked(reason.clone())),
        };
        let expected = head.labels.get("status").cloned().unwrap_or_default();
        if status != expected {
            return Err(hijacked(format!("it is {status} and was {expected}")));
        }
        Ok(now)
    }

    async fn read(&self, object: Object) -> Result<Option<Revision>, Problem> {
        let limits = self.limits;
        spawn_blocking(move || Revision::read(&object, &limits)).await.map_err(|_| broken())
    }
}

fn describe(head: &Head) -> String {
    format!("the record {}/{}", head.namespace, head.secret_name())
}

fn locked(head: &Head) -> Problem {
    Problem::new(
        Code::ReleaseLocked,
        format!("revision {} of {} was created by somebody else a moment ago", head.revision, head.name),
    )
}

fn broken() -> Problem {
    Problem::new(Code::Internal, "a record could not be worked on")
}

/// Encodes and reads back, off the threads that serve.
async fn encode(record: &Record) -> Result<Encoded, Problem> {
    let record = record.clone();
    let encoded = spawn_blocking(move || {
        let encoded = record::encode(&record);
        record::verify(&record, &encoded).map(|()| encoded)
    })
    .await
    .map_err(|_| broken())?
    .map_err(|error| {
        Problem::new(Code::RecordWriteFailed, format!("the record would not read back: {error}"))
    })?;
    refuse_too_large(&encoded)?;
    Ok(encoded)
}

/// Refuses a record that no cluster stores.
///
/// # Errors
/// `release-too-large`, and what makes it so.
pub fn refuse_too_large(encoded: &Encoded) -> Result<(), Problem> {
    if encoded.fits() {
        return Ok(());
    }
    let Sizes { stored, templates, files, manifest, values, hooks, .. } = encoded.sizes;
    Err(Problem::new(
        Code::ReleaseTooLarge,
        format!(
            "the record would have {stored} bytes, and a Secret holds {}; before compression the templates have {templates}, \
             other files {files}, the manifest {manifest}, values {values}, hooks {hooks}. `slimRecord` leaves out files that \
             no template reads",
            record::MAX_STORED
        ),
    ))
}

/// The Secret of a record, with labels as Helm writes them.
fn to_object(head: &Head, record: &Record, encoded: &Encoded, moment: &str) -> Object {
    let mut labels = head.user_labels();
    let version = record.version.to_string();
    let now = Timestamp::now().as_second().to_string();
    for (name, value) in [
        (moment, now.as_str()),
        ("name", &record.name),
        ("owner", "helm"),
        ("status", &record.info.status),
        ("version", &version),
    ] {
        labels.insert(name.to_owned(), value.to_owned());
    }
    let mut metadata = json!({"name": head.secret_name(), "namespace": head.namespace, "labels": labels});
    if !head.annotations.is_empty() {
        metadata["annotations"] = json!(head.annotations);
    }
    if !head.resource_version.is_empty() {
        metadata["resourceVersion"] = json!(head.resource_version);
        metadata["uid"] = json!(head.uid);
    }
    let secret = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata,
        "type": "helm.sh/release.v1",
        "data": {"release": STANDARD.encode(&encoded.stored)},
    });
    // It was built as a map above.
    Object::from_value(secret).unwrap_or_default()
}

/// Whether what was found is what was sent: the answer was lost, the write was not.
fn is_same(found: &Object, sent: &Object, head: &Head) -> bool {
    let operation = Head::of(found).and_then(|found| found.operation().map(str::to_owned));
    operation.as_deref() == head.operation()
        && found.pointer("/data/release") == sent.pointer("/data/release")
}

fn written(object: &Object, encoded: &Encoded) -> Result<Written, Problem> {
    Ok(Written { head: head_of(object)?, sizes: encoded.sizes })
}

fn head_of(object: &Object) -> Result<Head, Problem> {
    Head::of(object).ok_or_else(|| {
        Problem::new(Code::RecordWriteFailed, "the cluster answered with something that is no record")
    })
}
