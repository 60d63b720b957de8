//! What charts look up on the cluster while they render, pinned so that rendering again gives the same.
//!
//! The page renders with what it knows, sends what was missing in one batch, and renders again. All answers of one session
//! stay as they were first read; [`Lookups::check`] tells, before anything is applied, whether they are still true.
//!
//! A chart is somebody else's code. Which kinds it may read is the policy's word; a Secret it gets by name alone, after the
//! person said yes to this one, and every such read is told to the caller for the audit log.
//!
//! *Source*: helm v4.3.1 `pkg/engine/lookup_func.go`. Other than Helm, a kind that its group does not have is an error here;
//! Helm asks for the empty resource then and gives the template a list of versions.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use wire::{Code, Lookup, LookupAnswer, LookupItem, LookupOutcome, LookupResult, ObjectRef, Problem};

use crate::hex::hex;
use crate::kube::{Cluster, Error, List, ListOptions};
use crate::object::Object;
use crate::policy::{LookupVerdict, Policy};

/// Items of a list; more are cut off.
const LIST_LIMIT: u32 = 500;
/// One object.
const OBJECT_LIMIT_BYTES: usize = 1 << 20;
/// Answers of one session: as many as a render may ask for.
const SESSION_LIMIT: usize = 256;
/// All answers of one session. A guess: ten times what the charts known to us read.
const SESSION_LIMIT_BYTES: usize = 16 << 20;
/// Sessions of one caller, and of all; beyond, the one unused for longest goes.
const SESSIONS_PER_CALLER: usize = 16;
const SESSIONS: usize = 64;
/// How long after its first answer a session may be applied.
const FRESH: Duration = Duration::from_secs(5 * 60);
const AT_ONCE: usize = 8;

/// All sessions. One caller never sees another's.
#[derive(Debug, Default)]
pub struct Lookups(Mutex<BTreeMap<Key, Session>>);

/// Identity and session.
type Key = (String, String);

#[derive(Debug)]
struct Session {
    started: Instant,
    used: Instant,
    as_of: Timestamp,
    bytes: usize,
    pinned: BTreeMap<LookupItem, Pinned>,
}

#[derive(Clone, Debug)]
struct Pinned {
    outcome: LookupOutcome,
    /// Which versions were read.
    mark: String,
    bytes: usize,
}

impl Lookups {
    /// Answers a batch, in the order asked; what the session has answered before is answered the same.
    ///
    /// `on_secret` is told of each Secret that is read. Cost: a call for each new item, eight at once.
    ///
    /// # Errors
    /// `lookup-stale` when there is no such session any more, `too-large` when it would hold too much; `internal` without
    /// randomness. What goes wrong with one item is that item's outcome.
    pub async fn answer(
        &self,
        cluster: &Cluster,
        policy: &Policy,
        request: &Lookup,
        on_secret: impl Fn(&LookupItem),
    ) -> Result<LookupAnswer, Problem> {
        let identity = cluster.identity();
        let id = match &request.session {
            Some(id) => id.clone(),
            None => new_id()?,
        };
        let key = (identity.to_owned(), id.clone());
        let known = match &request.session {
            Some(_) => self.pinned(&key).ok_or_else(gone)?,
            None => BTreeMap::new(),
        };
        // Consent is asked of each item: an answer that stands in the session is not given without.
        let is_withheld = |item: &LookupItem| {
            let verdict = policy.lookup(&item.api_version, &item.kind, &item.name);
            verdict == LookupVerdict::Consent && !item.approved
        };
        let mut fresh: Vec<&LookupItem> = request
            .items
            .iter()
            .filter(|item| !is_withheld(item) && !known.contains_key(&plain(item)))
            .collect();
        fresh.sort_unstable();
        fresh.dedup();
        if known.len() + fresh.len() > SESSION_LIMIT {
            return Err(Problem::new(
                Code::TooLarge,
                format!("one render may look up {SESSION_LIMIT} things; this one asks for more"),
            ));
        }
        let on_secret = &on_secret;
        let asked: Vec<_> = fresh
            .into_iter()
            .map(|item| async move {
                let pinned = read(cluster, policy, item).await;
                let is_read = matches!(pinned.outcome, LookupOutcome::Found { .. } | LookupOutcome::Absent);
                if item.kind == "Secret" && is_read {
                    on_secret(item);
                }
                (plain(item), pinned)
            })
            .collect();
        let read: BTreeMap<LookupItem, Pinned> =
            stream::iter(asked).buffer_unordered(AT_ONCE).collect().await;
        let results = request
            .items
            .iter()
            .map(|item| {
                let found = known.get(&plain(item)).or_else(|| read.get(&plain(item)));
                let outcome = match found {
                    Some(pinned) if !is_withheld(item) => pinned.outcome.clone(),
                    // Every other item is known or was read.
                    _ => LookupOutcome::ConsentNeeded,
                };
                LookupResult { item: item.clone(), outcome }
            })
            .collect();
        let as_of = self.pin(&key, read)?;
        Ok(LookupAnswer { session: id, as_of: as_of.to_string(), results })
    }

    /// Whether what the session answered is still so.
    ///
    /// Cost: a call for each answer, eight at once.
    ///
    /// # Errors
    /// `lookup-stale` when the session is older than five minutes, is gone, or an object it read is another now; the calls'.
    pub async fn check(&self, cluster: &Cluster, session: &str) -> Result<(), Problem> {
        let key = (cluster.identity().to_owned(), session.to_owned());
        let pinned = self.pinned(&key).ok_or_else(gone)?;
        if self.started(&key).is_none_or(|started| started.elapsed() > FRESH) {
            return Err(Problem::new(
                Code::LookupStale,
                format!("what the chart looked up is older than {} minutes", FRESH.as_secs() / 60),
            ));
        }
        stream::iter(pinned)
            .map(Ok)
            .try_for_each_concurrent(AT_ONCE, |(item, pinned)| async move {
                if mark(cluster, &item).await? == pinned.mark {
                    return Ok(());
                }
                Err(Problem::new(
                    Code::LookupStale,
                    format!("{} has changed since the chart looked it up", name(&item)),
                ))
            })
            .await
    }

    /// A copy, so that no lock is held while the cluster is asked.
    fn pinned(&self, key: &Key) -> Option<BTreeMap<LookupItem, Pinned>> {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let session = sessions.get_mut(key)?;
        session.used = Instant::now();
        Some(session.pinned.clone())
    }

    fn started(&self, key: &Key) -> Option<Instant> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).map(|session| session.started)
    }

    /// Keeps what will not be asked again: objects and their absence, no refusal and no failure.
    fn pin(&self, key: &Key, read: BTreeMap<LookupItem, Pinned>) -> Result<Timestamp, Problem> {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !sessions.contains_key(key) {
            make_room(&mut sessions, &key.0);
        }
        let now = Instant::now();
        let session = sessions.entry(key.clone()).or_insert_with(|| Session {
            started: now,
            used: now,
            as_of: Timestamp::now(),
            bytes: 0,
            pinned: BTreeMap::new(),
        });
        for (item, pinned) in read {
            if !matches!(pinned.outcome, LookupOutcome::Found { .. } | LookupOutcome::Absent) {
                continue;
            }
            session.bytes += pinned.bytes;
            if session.bytes > SESSION_LIMIT_BYTES {
                return Err(Problem::new(
                    Code::TooLarge,
                    format!("what one render looks up may have {SESSION_LIMIT_BYTES} bytes; this is more"),
                ));
            }
            // Two batches at once may have read the same: the first answer stays.
            session.pinned.entry(item).or_insert(pinned);
        }
        Ok(session.as_of)
    }
}

fn make_room(sessions: &mut BTreeMap<Key, Session>, identity: &str) {
    let oldest = |sessions: &BTreeMap<Key, Session>, of: &dyn Fn(&Key) -> bool| {
        let own = sessions.iter().filter(|(key, _)| of(key));
        own.min_by_key(|(_, session)| session.used).map(|(key, _)| key.clone())
    };
    while sessions.keys().filter(|(owner, _)| owner == identity).count() >= SESSIONS_PER_CALLER {
        let Some(key) = oldest(sessions, &|(owner, _)| owner == identity) else { break };
        sessions.remove(&key);
    }
    while sessions.len() >= SESSIONS {
        let Some(key) = oldest(sessions, &|_| true) else { break };
        sessions.remove(&key);
    }
}

fn gone() -> Problem {
    Problem::new(Code::LookupStale, "the bridge no longer has what the chart looked up; render again")
}

fn new_id() -> Result<String, Problem> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| Problem::new(Code::Internal, "there is no randomness"))?;
    Ok(format!("lk_{}", hex(&bytes)))
}

/// The item without the person's consent: what the answer is kept under.
fn plain(item: &LookupItem) -> LookupItem {
    LookupItem { approved: false, ..item.clone() }
}

/// `Secret shop/db`
fn name(item: &LookupItem) -> String {
    let place: Vec<&str> =
        [item.namespace.as_str(), &item.name].into_iter().filter(|part| !part.is_empty()).collect();
    if place.is_empty() {
        format!("the list of {}", item.kind)
    } else {
        format!("{} {}", item.kind, place.join("/"))
    }
}

async fn read(cluster: &Cluster, policy: &Policy, item: &LookupItem) -> Pinned {
    let outcome = |outcome| Pinned { outcome, mark: String::new(), bytes: 0 };
    let namespaced = match cluster.resource(&item.api_version, &item.kind).await {
        Ok(resource) => resource.namespaced,
        Err(error) => {
            return outcome(LookupOutcome::Failed { problem: Box::new(unknown(cluster, item, error).await) });
        }
    };
    let names_only = match policy.lookup(&item.api_version, &item.kind, &item.name) {
        LookupVerdict::Allowed => false,
        LookupVerdict::NamesOnly => true,
        LookupVerdict::Consent if item.approved => false,
        LookupVerdict::Consent => return outcome(LookupOutcome::ConsentNeeded),
        LookupVerdict::Denied(reason) => return outcome(LookupOutcome::Denied { reason: reason.to_owned() }),
    };
    match fetch(cluster, item, namespaced, names_only).await {
        Ok(pinned) => pinned,
        Err(error) => outcome(LookupOutcome::Failed { problem: Box::new(problem(&error)) }),
    }
}

async fn fetch(
    cluster: &Cluster,
    item: &LookupItem,
    namespaced: bool,
    names_only: bool,
) -> Result<Pinned, Error> {
    let absent = Pinned { outcome: LookupOutcome::Absent, mark: String::new(), bytes: 0 };
    let (object, mark, truncated) = if item.name.is_empty() {
        let list = list(cluster, item, names_only).await?;
        let truncated = list.next.is_some();
        let mark = mark_of_list(&list);
        (list_to_value(item, list), mark, truncated)
    } else {
        // Helm asks the cluster-wide path for an object that lives in a namespace, and nothing is there.
        if namespaced && item.namespace.is_empty() {
            return Ok(absent);
        }
        let Some(mut object) = cluster.get(&reference(item)).await? else { return Ok(absent) };
        let mark = mark_of(&object);
        if names_only {
            object = names_alone(&object);
        }
        (object.into_value(), mark, false)
    };
    let bytes = size(&object);
    let limit = if item.name.is_empty() { SESSION_LIMIT_BYTES } else { OBJECT_LIMIT_BYTES };
    if bytes > limit {
        let problem = Problem::new(
            Code::TooLarge,
            format!("{} has {bytes} bytes, and a chart may read {limit}", name(item)),
        );
        return Ok(Pinned { outcome: LookupOutcome::Failed { problem: Box::new(problem) }, ..absent });
    }
    Ok(Pinned { outcome: LookupOutcome::Found { object, truncated }, mark, bytes })
}

/// The versions of what would be read now.
async fn mark(cluster: &Cluster, item: &LookupItem) -> Result<String, Error> {
    let namespaced = cluster.resource(&item.api_version, &item.kind).await?.namespaced;
    if item.name.is_empty() {
        return Ok(mark_of_list(&list(cluster, item, true).await?));
    }
    if namespaced && item.namespace.is_empty() {
        return Ok(String::new());
    }
    Ok(cluster.get(&reference(item)).await?.map(|object| mark_of(&object)).unwrap_or_default())
}

async fn list(cluster: &Cluster, item: &LookupItem, metadata_only: bool) -> Result<List, Error> {
    let options = ListOptions { limit: LIST_LIMIT, metadata_only, ..ListOptions::default() };
    let namespace = (!item.namespace.is_empty()).then_some(item.namespace.as_str());
    let mut list = cluster.list(&item.api_version, &item.kind, namespace, &options).await?;
    if metadata_only {
        list.items = list.items.iter().map(names_alone).collect();
    }
    Ok(list)
}

fn mark_of(object: &Object) -> String {
    format!("{}/{}", object.uid(), object.resource_version())
}

fn mark_of_list(list: &List) -> String {
    let mut hash = Sha256::new();
    for object in &list.items {
        for part in [object.namespace(), object.name(), object.resource_version()] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
    }
    hex(&hash.finalize()[..16])
}

/// Name, labels and version: nodes tell much more.
fn names_alone(object: &Object) -> Object {
    let mut metadata = Map::new();
    for field in ["name", "namespace", "labels", "uid", "resourceVersion"] {
        if let Some(value) = object.pointer(&format!("/metadata/{field}")) {
            metadata.insert(field.to_owned(), value.clone());
        }
    }
    let value = json!({"apiVersion": object.api_version(), "kind": object.kind(), "metadata": metadata});
    // It was built as a map.
    Object::from_value(value).unwrap_or_default()
}

/// As the template gets it: a list that says what it is.
fn list_to_value(item: &LookupItem, list: List) -> Value {
    json!({
        "apiVersion": item.api_version,
        "kind": format!("{}List", item.kind),
        "metadata": {"resourceVersion": list.resource_version},
        "items": list.items.into_iter().map(Object::into_value).collect::<Vec<_>>(),
    })
}

fn reference(item: &LookupItem) -> ObjectRef {
    ObjectRef {
        api_version: item.api_version.clone(),
        kind: item.kind.clone(),
        namespace: (!item.namespace.is_empty()).then(|| item.namespace.clone()),
        name: item.name.clone(),
    }
}

fn size(value: &Value) -> usize {
    serde_json::to_vec(value).map_or(usize::MAX, |text| text.len())
}

/// The error of a kind that is not served, in Helm's words where Helm has some.
async fn unknown(cluster: &Cluster, item: &LookupItem, error: Error) -> Problem {
    if !error.is_not_found() {
        return problem(&error);
    }
    let (group, version) = item.api_version.split_once('/').unwrap_or(("", &item.api_version));
    match cluster.serves(&item.api_version).await {
        Ok(false) => Problem::new(
            Code::UnknownKind,
            format!(
                "unable to get apiresource from unstructured: {group}/{version}, Kind={}: \
                 the server could not find the requested resource",
                item.kind
            ),
        ),
        Ok(true) => Problem::new(
            Code::UnknownKind,
            format!(
                "{} has no kind {}. Helm would give the template a list of versions here",
                item.api_version, item.kind
            ),
        ),
        Err(error) => problem(&error),
    }
}

/// The API server's own sentence: Helm prints it as it is.
fn problem(error: &Error) -> Problem {
    Problem { detail: error.message.clone(), ..error.problem() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(name: &str) -> LookupItem {
        LookupItem {
            api_version: "v1".to_owned(),
            kind: "ConfigMap".to_owned(),
            namespace: "shop".to_owned(),
            name: name.to_owned(),
            approved: true,
        }
    }

    fn found(text: &str, bytes: usize) -> Pinned {
        Pinned {
            outcome: LookupOutcome::Found { object: Value::from(text), truncated: false },
            mark: text.to_owned(),
            bytes,
        }
    }

    fn key(owner: &str, session: usize) -> Key {
        (owner.to_owned(), format!("lk_{session}"))
    }

    #[test]
    fn the_first_answer_stays_and_refusals_are_not_kept() {
        let lookups = Lookups::default();
        let first = lookups.pin(&key("a", 1), [(plain(&item("x")), found("one", 3))].into()).expect("room");
        let denied = Pinned { outcome: LookupOutcome::ConsentNeeded, mark: String::new(), bytes: 0 };
        let again = [(plain(&item("x")), found("two", 3)), (plain(&item("y")), denied)];
        assert_eq!(lookups.pin(&key("a", 1), again.into()).expect("room"), first);
        let pinned = lookups.pinned(&key("a", 1)).expect("a session");
        assert_eq!(pinned.len(), 1);
        assert_eq!(pinned[&plain(&item("x"))].mark, "one");
        assert!(lookups.pinned(&key("b", 1)).is_none(), "another's session");
    }

    #[test]
    fn sessions_and_their_answers_are_bounded() {
        let lookups = Lookups::default();
        for session in 0..40 {
            lookups.pin(&key("a", session), BTreeMap::new()).expect("room");
        }
        assert!(lookups.pinned(&key("a", 23)).is_none());
        assert!(lookups.pinned(&key("a", 24)).is_some());
        for owner in 0..100 {
            lookups.pin(&key(&format!("owner{owner}"), 1), BTreeMap::new()).expect("room");
        }
        assert_eq!(lookups.0.lock().expect("no panic").len(), SESSIONS);
        let problem = lookups
            .pin(&key("a", 99), [(plain(&item("x")), found("one", SESSION_LIMIT_BYTES + 1))].into())
            .expect_err("too much");
        assert_eq!(problem.code, Code::TooLarge);
    }

    #[test]
    fn a_list_has_another_mark_when_one_of_its_objects_has_another_version() {
        let list = |version: &str| List {
            items: Object::from_value(json!({"metadata": {"name": "a", "resourceVersion": version}}))
                .into_iter()
                .collect(),
            ..List::default()
        };
        assert_eq!(mark_of_list(&list("1")), mark_of_list(&list("1")));
        assert_ne!(mark_of_list(&list("1")), mark_of_list(&list("2")));
        assert_ne!(mark_of_list(&list("1")), mark_of_list(&List::default()));
    }

    #[test]
    fn of_a_node_names_and_labels_are_given() {
        let node = Object::from_value(json!({
            "apiVersion": "v1", "kind": "Node", "metadata": {"name": "n", "labels": {"a": "b"}, "annotations": {"c": "d"}},
            "status": {"addresses": []}
        }))
        .expect("a map");
        assert_eq!(
            names_alone(&node).into_value(),
            json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n", "labels": {"a": "b"}}})
        );
    }
}
