//! Live objects of a release that no manifest names: left by upgrades that failed, or by hooks.

use std::collections::BTreeSet;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use wire::{ObjectRef, Problem};

use super::ownership;
use crate::kube::{Cluster, ListOptions};

/// Lists that are under way at a time.
const IN_FLIGHT: usize = 8;
const PAGE: u32 = 500;

/// What was found, and what could not be looked for.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Marked as the release's, and made by no other object.
    pub objects: Vec<ObjectRef>,
    /// Sentences about kinds that the caller may not list.
    pub warnings: Vec<String>,
}

/// Every live object of these kinds that carries the release's marks.
///
/// `namespaces` are looked through for kinds that live in namespaces. Objects with an owner are the cluster's own doing.
/// Cost: one list of metadata for each kind and namespace, in pages.
///
/// # Errors
/// The cluster does not answer, or does not know the caller.
pub async fn owned(
    cluster: &Cluster,
    kinds: &BTreeSet<(String, String)>,
    namespaces: &BTreeSet<String>,
    namespace: &str,
    release: &str,
) -> Result<Found, Problem> {
    let mut places = Vec::new();
    for (api_version, kind) in kinds {
        match cluster.resource(api_version, kind).await {
            Ok(resource)
                if !resource.verbs.is_empty() && !resource.verbs.iter().any(|verb| verb == "list") => {}
            Ok(resource) if resource.namespaced => {
                places.extend(namespaces.iter().map(|place| (api_version, kind, Some(place.as_str()))));
            }
            Ok(_) => places.push((api_version, kind, None)),
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error.problem()),
        }
    }
    let lists = places
        .into_iter()
        .map(|(api_version, kind, place)| list(cluster, api_version, kind, place, namespace, release));
    let mut found = Found::default();
    let lists: Vec<_> = lists.collect();
    for list in stream::iter(lists).buffered(IN_FLIGHT).try_collect::<Vec<_>>().await? {
        found.objects.extend(list.objects);
        found.warnings.extend(list.warnings);
    }
    Ok(found)
}

async fn list(
    cluster: &Cluster,
    api_version: &str,
    kind: &str,
    place: Option<&str>,
    namespace: &str,
    release: &str,
) -> Result<Found, Problem> {
    let mut found = Found::default();
    let mut options = ListOptions {
        labels: ownership::SELECTOR.to_owned(),
        limit: PAGE,
        metadata_only: true,
        ..ListOptions::default()
    };
    loop {
        let page = match cluster.list(api_version, kind, place, &options).await {
            Ok(page) => page,
            Err(error) if error.is_forbidden() || error.is_not_found() => {
                found.warnings.push(format!("orphans were not looked for: {}", error.message));
                return Ok(found);
            }
            Err(error) => return Err(error.problem()),
        };
        let ours = page.items.iter().filter(|object| {
            ownership::owns(object, namespace, release)
                && object.pointer("/metadata/ownerReferences/0").is_none()
                && object.metadata("deletionTimestamp").is_empty()
        });
        found.objects.extend(ours.map(crate::object::Object::reference));
        match page.next {
            Some(next) => options.next = Some(next),
            None => return Ok(found),
        }
    }
}
