//! The cluster: the only place that knows kube-rs.
//!
//! kube-rs brings the connection: kubeconfig, credentials, TLS. Requests are built here, because what the bridge must see
//! (201 or 200, `Warning` headers, field conflicts) is lost in its typed calls, and its retries are off, because they
//! repeat what must not be repeated.
//!
//! A [`Connector`] is made once, for the context chosen at the start; a [`Cluster`] is one caller's view of it. Every
//! cache belongs to one identity.

mod call;
mod connector;
mod discovery;
mod error;
mod logs;
mod objects;
mod review;
mod schema;
mod watch;

pub use call::{Answer, Call, Observation, Observer, Verb};
pub use connector::{ConnectError, Connector, Credential, Options};
pub use discovery::Resource;
pub use error::Error;
pub use objects::{Applied, ApplyOptions, DeleteOptions, List, ListOptions, LogOptions, Patch};
pub use schema::{Part, SecretFields};
pub use watch::{SILENCE, WatchEvent, WatchOptions};

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, RwLock};

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use tokio::sync::Semaphore;

use discovery::Discovery;
use review::Reviews;
use schema::Schemas;

/// The field manager of every apply. Any other name makes the next `helm upgrade` fail with a conflict on each field
/// that it changes.
pub const FIELD_MANAGER: &str = "helm";

/// One caller's view of the cluster. Cheap to clone.
#[derive(Clone)]
pub struct Cluster(Arc<Inner>);

struct Inner {
    client: ::kube::Client,
    /// In passthrough mode: the caller's own.
    token: Option<SecretString>,
    identity: String,
    /// Calls in flight, of all identities.
    slots: Arc<Semaphore>,
    observer: Observer,
    discovery: RwLock<Option<Arc<Discovery>>>,
    /// Whether the API server's last word about the credential was good.
    accepted: AtomicBool,
    /// The user name that the API server knows the credential by, once it was asked.
    subject: OnceLock<String>,
    reviews: Reviews,
    schemas: Schemas,
    /// Writes to Secrets by this caller, so that what is kept of them is known to be old.
    secret_writes: AtomicU64,
    /// By how many seconds the cluster's clock was ahead of ours at its last answer.
    ahead_seconds: AtomicI64,
}

impl Cluster {
    /// Names the credential without telling it: what caches and operations are keyed by.
    #[must_use]
    pub fn identity(&self) -> &str {
        &self.0.identity
    }

    /// Whether the API server took the credential when it was last shown: it was answered, or refused for what it asked
    /// and not for who asked. False before the first call.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.0.accepted.load(Ordering::Relaxed)
    }

    /// The user name that the API server said, while it takes the credential.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.0.subject.get().map(String::as_str).filter(|_| self.is_accepted())
    }

    /// Keeps what the API server said. A credential is one user's for good.
    pub fn keep_subject(&self, name: &str) {
        // Who was faster said the same.
        let _ = self.0.subject.set(name.to_owned());
    }

    /// Takes note of what an answer's status says of the credential. Statuses that something in front of the API server
    /// gives, too, say nothing.
    fn judged(&self, status: u16) {
        match status {
            200..300 | 403 => self.0.accepted.store(true, Ordering::Relaxed),
            401 => self.0.accepted.store(false, Ordering::Relaxed),
            _ => {}
        }
    }

    /// How many Secrets this caller has written, or tried to, here.
    #[must_use]
    pub fn secret_writes(&self) -> u64 {
        self.0.secret_writes.load(Ordering::Relaxed)
    }

    /// The moment by the cluster's clock, as of its last answer. Ours may be wrong, and may jump; what the cluster has stamped
    /// is held against its own.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let ahead = SignedDuration::from_secs(self.0.ahead_seconds.load(Ordering::Relaxed));
        // Beyond the year 9999 there is no moment, and ours is as good as any.
        Timestamp::now().checked_add(ahead).unwrap_or_else(|_| Timestamp::now())
    }

    fn note_clock(&self, theirs: Timestamp) {
        let ahead = theirs.as_second() - Timestamp::now().as_second();
        // An answer says whole seconds, and takes a while to come.
        let ahead = if ahead.abs() <= CLOCK_TOLERANCE_SECONDS { 0 } else { ahead };
        self.0.ahead_seconds.store(ahead, Ordering::Relaxed);
    }
}

const CLOCK_TOLERANCE_SECONDS: i64 = 3;

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster").field("identity", &self.0.identity).finish_non_exhaustive()
    }
}
