//! What the cluster has that a release's last revision did not set, and what the release left behind.

use std::collections::BTreeSet;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use release::record::Record;
use wire::{Class, Code, Drift, ObjectRef, Orphans, Problem, Status};

use super::identity::identity;
use super::inputs::Inputs;
use super::orphans;
use super::plan::make;
use crate::documents::{Item, read_stored};
use crate::kube::{Cluster, Error};
use crate::redact::Redactor;
use crate::releases::{Revision, Store};

const AT_ONCE: usize = 8;

/// What an upgrade to the deployed revision would change: every object that is not as it was left.
///
/// Cost: that of a plan.
///
/// # Errors
/// The plan's; `invalid-document` when the stored manifest cannot be read.
pub async fn drift(
    cluster: &Cluster,
    redactor: &Redactor,
    namespace: &str,
    release: &str,
) -> Result<Drift, Problem> {
    let inputs = Inputs::drift(cluster, namespace, release).await?;
    let request = inputs.request();
    let plan = make(cluster, &request, redactor).await?.plan;
    // What no manifest names is another report.
    let differs = |class: Class| !matches!(class, Class::Orphan | Class::Unchanged);
    let objects = plan.objects.into_iter().filter(|object| differs(object.class)).collect();
    Ok(Drift { revision: request.base_revision, objects })
}

/// The objects that the revisions of a release ever named, as far as is needed to look for what is left of them.
#[derive(Clone, Debug, Default)]
pub struct Footprint {
    kinds: BTreeSet<(String, String)>,
    namespaces: BTreeSet<String>,
    hooks: Vec<ObjectRef>,
}

impl Footprint {
    /// Adds a revision. What cannot be read in it is left out: it may be another tool's.
    pub fn add(&mut self, record: &Record) {
        for item in read_stored(&record.manifest).unwrap_or_default() {
            let object = item.object.reference();
            self.kinds.insert((object.api_version, object.kind));
            self.namespaces.extend(object.namespace);
        }
        for hook in &record.hooks {
            let items = read_stored(&hook.manifest).unwrap_or_default();
            let new = items.into_iter().map(|item| item.object.reference());
            let new: Vec<_> = new.filter(|object| !self.hooks.contains(object)).collect();
            self.hooks.extend(new);
        }
    }
}

/// What a release left behind: live objects that carry its marks and are in its last manifest no more, and hooks that are
/// still there.
///
/// Cost: the records; one list of metadata for each kind and namespace that any revision named, one call for each hook.
///
/// # Errors
/// `not-found` when there is no such release; the last record cannot be read; the calls'.
pub async fn orphans(cluster: &Cluster, namespace: &str, release: &str) -> Result<Orphans, Problem> {
    let mut footprint = Footprint::default();
    let mut last: Option<Revision> = None;
    let visit = |revision: Revision| {
        if let Ok(record) = revision.record() {
            footprint.add(record);
        }
        if last.as_ref().is_none_or(|last| last.head.revision < revision.head.revision) {
            last = Some(revision);
        }
    };
    Store::new(cluster, namespace).walk(release, visit).await?;
    let sentence = || format!("There is no release {release} in namespace {namespace}.");
    let last = last.ok_or_else(|| Problem::new(Code::NotFound, sentence()))?.into_record()?;
    let current = match Status::named(&last.info.status) {
        // Nothing of it should be there.
        Status::Uninstalled => Vec::new(),
        _ => read_stored(&last.manifest)?,
    };
    left_behind(cluster, namespace, release, footprint, &current).await
}

/// Live objects that carry the release's marks and stand in none of `current`, and hooks that are still there.
///
/// Cost: one list of metadata for each kind and namespace, one call for each hook.
///
/// # Errors
/// The cluster does not answer, or does not know the caller.
pub async fn left_behind(
    cluster: &Cluster,
    namespace: &str,
    release: &str,
    mut footprint: Footprint,
    current: &[Item],
) -> Result<Orphans, Problem> {
    footprint.namespaces.insert(namespace.to_owned());
    let places: Vec<_> =
        current.iter().map(|item| place(cluster, namespace, item.object.reference())).collect();
    let named: BTreeSet<_> = stream::iter(places)
        .buffered(AT_ONCE)
        .map_ok(|object| object.map(|object| identity(&object)))
        .try_collect::<Vec<_>>()
        .await?
        .into_iter()
        .flatten()
        .collect();
    let found = orphans::owned(cluster, &footprint.kinds, &footprint.namespaces, namespace, release).await?;
    let mut objects: Vec<ObjectRef> = Vec::new();
    for object in found.objects {
        // Two versions of one kind list the same objects.
        let is_known = objects.iter().any(|known| identity(known) == identity(&object));
        if !is_known && !named.contains(&identity(&object)) {
            objects.push(object);
        }
    }
    let hooks: Vec<_> = footprint
        .hooks
        .into_iter()
        .map(|hook| async move {
            let Some(hook) = place(cluster, namespace, hook).await? else { return Ok::<_, Error>(None) };
            match cluster.get(&hook).await {
                Ok(live) => Ok(live.map(|_| hook)),
                Err(error) if error.is_forbidden() => Ok(None),
                Err(error) => Err(error),
            }
        })
        .collect();
    let hooks: Vec<Option<ObjectRef>> = stream::iter(hooks).buffered(AT_ONCE).try_collect().await?;
    Ok(Orphans { objects, hooks: hooks.into_iter().flatten().collect() })
}

/// Where an object of the release is; `None` when its kind is not served any more.
///
/// # Errors
/// The call's.
pub async fn place(
    cluster: &Cluster,
    namespace: &str,
    mut object: ObjectRef,
) -> Result<Option<ObjectRef>, Error> {
    match cluster.resource(&object.api_version, &object.kind).await {
        Ok(resource) if resource.namespaced => {
            object.namespace.get_or_insert_with(|| namespace.to_owned());
            Ok(Some(object))
        }
        Ok(_) => Ok(Some(ObjectRef { namespace: None, ..object })),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}
