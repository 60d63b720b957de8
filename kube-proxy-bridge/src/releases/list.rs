//! The releases of a namespace, or of all: heads first, then the newest record of each.
//!
//! A list of whole records is megabytes, of which nearly all is thrown away; and one bomb among them would be everybody's.
//! So the Secrets' metadata comes first, and of each release on the page one record.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt as _, TryStreamExt as _, join, stream};
use wire::{Problem, ReleaseSummary, Releases, Status};

use super::{Body, Feeds, Head, Store, feed, show, summary};
use crate::kube::{Cluster, ListOptions};
use crate::redact::Redactor;

const PAGE: u32 = 500;
const AT_ONCE: usize = 8;

/// Which releases.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of this namespace; `None`: of all.
    pub namespace: Option<String>,
    /// A label selector, held against the newest revision of each release as `helm list -l` does.
    pub selector: String,
    /// Only of these statuses, as the newest revision's label has it; empty: all.
    pub status: Vec<Status>,
    /// At most so many at once; 0: all.
    pub limit: usize,
    /// [`Releases::next`] of the page before.
    pub after: Option<String>,
}

/// Releases by namespace and name, each with its last revision.
///
/// Cost: one call for 500 revisions (twice with a selector), one for each release that is given; nothing for what `feeds` have;
/// one for the other driver.
///
/// # Errors
/// The calls'.
pub async fn list(
    cluster: &Cluster,
    feeds: &Feeds,
    filter: &Filter,
    redactor: &Redactor,
) -> Result<Releases, Problem> {
    let namespace = filter.namespace.as_deref();
    let (heads, in_config_maps) = join!(feeds.heads(cluster, namespace), async {
        if filter.after.is_none() { in_config_maps(cluster, namespace).await } else { None }
    });
    let mut heads = feed::newest(heads?);
    if !filter.selector.is_empty() {
        // The server knows selectors; which revision is the newest it does not.
        let selected = feed::uids(feed::all(cluster, namespace, &filter.selector).await?.0);
        heads.retain(|_, head| selected.contains(&head.uid));
    }
    if !filter.status.is_empty() {
        heads.retain(|_, head| filter.status.contains(&head.status()));
    }
    let after = filter.after.as_deref().and_then(|after| after.split_once('/'));
    let mut rest: Vec<Head> = heads
        .into_iter()
        .filter(|((namespace, name), _)| {
            after.is_none_or(|after| (namespace.as_str(), name.as_str()) > after)
        })
        .map(|(_, head)| head)
        .collect();
    let mut next = None;
    if filter.limit > 0 && rest.len() > filter.limit {
        rest.truncate(filter.limit);
        next = rest.last().map(|head| format!("{}/{}", head.namespace, head.name));
    }
    let items = stream::iter(rest.into_iter().map(|head| newest(cluster, feeds, head, redactor)))
        .buffered(AT_ONCE)
        .try_filter_map(|item| async { Ok(item) })
        .try_collect()
        .await?;
    Ok(Releases { items, next, in_config_maps })
}

/// The releases of Helm's other driver: their number alone, from the names of one page.
///
/// *Source*: helm v4.3.1 `pkg/storage/driver/cfgmaps.go`.
async fn in_config_maps(cluster: &Cluster, namespace: Option<&str>) -> Option<u32> {
    let options = ListOptions {
        labels: "owner=helm".to_owned(),
        limit: PAGE,
        metadata_only: true,
        ..ListOptions::default()
    };
    // Whoever may not list them is told that it is not known.
    let page = cluster.list("v1", "ConfigMap", namespace, &options).await.ok()?;
    let heads = page.items.iter().filter_map(Head::of);
    let releases: BTreeSet<(String, String)> = heads.map(|head| (head.namespace, head.name)).collect();
    u32::try_from(releases.len()).ok()
}

/// The head of the newest revision of each release, by namespace and name.
///
/// # Errors
/// The calls'.
pub async fn newest_heads(
    cluster: &Cluster,
    namespace: Option<&str>,
    selector: &str,
) -> Result<BTreeMap<(String, String), Head>, Problem> {
    Ok(feed::newest(feed::all(cluster, namespace, selector).await?.0))
}

/// A release whose record may be read no more, or not by this caller, is told from its head.
async fn newest(
    cluster: &Cluster,
    feeds: &Feeds,
    head: Head,
    redactor: &Redactor,
) -> Result<Option<ReleaseSummary>, Problem> {
    if let Some(last) = feeds.summary(cluster.identity(), &head) {
        return Ok(Some(ReleaseSummary { namespace: head.namespace, name: head.name, last }));
    }
    let last = match Store::new(cluster, &head.namespace).get(&head.name, head.revision).await {
        Ok(Some(revision)) => {
            let last = show::summary(&revision, redactor);
            feeds.keep(cluster.identity(), &revision.head, &last);
            last
        }
        Ok(None) => return Ok(None),
        Err(problem) if problem.status == 403 => summary(&head, &Body::Corrupt(problem.detail)),
        Err(problem) => return Err(problem),
    };
    Ok(Some(ReleaseSummary { namespace: head.namespace, name: head.name, last }))
}
