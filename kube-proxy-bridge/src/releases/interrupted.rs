//! Releases whose last operation was cut off: found at the start of a bridge and whenever somebody asks.

use std::collections::BTreeMap;

use release::record::Time;
use wire::{Interrupted, LockVerdict, Problem, RevisionSummary, Status};

use super::lock::{Patience, moment, verdict};
use super::{Entry, Head, newest_heads};
use crate::kube::Cluster;

/// The releases in these namespaces (`None`: in all) that a bridge began to work on and left, by namespace and name.
///
/// Only metadata is read: the status is that of the label, which the bridge writes together with the record.
///
/// Cost: one call for 500 revisions of each namespace.
///
/// # Errors
/// The calls'.
pub async fn interrupted(
    cluster: &Cluster,
    namespaces: Option<&[String]>,
    patience: &Patience,
) -> Result<Vec<Interrupted>, Problem> {
    let mut heads: BTreeMap<(String, String), Head> = BTreeMap::new();
    match namespaces {
        None => heads = newest_heads(cluster, None, "").await?,
        Some(namespaces) => {
            for namespace in namespaces {
                heads.extend(newest_heads(cluster, Some(namespace), "").await?);
            }
        }
    }
    let now = moment(cluster.now());
    Ok(heads.into_values().filter_map(|head| left(head, patience, &now)).collect())
}

/// A head as what is left of an operation; `None` when nothing is, or when somebody is at work.
fn left(head: Head, patience: &Patience, now: &Time) -> Option<Interrupted> {
    let status = head.status();
    if !(status.is_pending() || status == Status::Uninstalling) {
        return None;
    }
    let revision = head.revision;
    let entry = Entry { summary: RevisionSummary { revision, status, ..RevisionSummary::default() }, head };
    let lock = verdict(&entry, now, patience);
    let Head { namespace, name: release, .. } = entry.head;
    (lock.verdict == LockVerdict::Crashed).then_some(Interrupted {
        namespace,
        release,
        revision,
        status,
        lock,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::releases::annotation;

    #[test]
    fn what_a_bridge_left_is_told_from_what_is_under_way() {
        let now = Time::parse("2026-11-21T12:00:00Z").expect("a time");
        let head = |status: &str, beat: Option<&str>| {
            let mut head =
                Head { namespace: "shop".to_owned(), name: "web".to_owned(), revision: 4, ..Head::default() };
            head.labels.insert("status".to_owned(), status.to_owned());
            if let Some(beat) = beat {
                head.annotations.insert(annotation::OPERATION.to_owned(), "op_1".to_owned());
                head.annotations.insert(annotation::HEARTBEAT.to_owned(), beat.to_owned());
            }
            head
        };
        let (old, fresh) = (Some("2026-11-21T11:00:00Z"), Some("2026-11-21T11:59:55Z"));
        for (status, beat, is_left) in [
            ("pending-upgrade", old, true),
            ("uninstalling", old, true),
            ("pending-upgrade", fresh, false),
            ("deployed", old, false),
            ("failed", old, false),
            // Helm's own is told where its release is looked at; nothing says that it has stopped.
            ("pending-install", None, false),
        ] {
            let found = left(head(status, beat), &Patience::default(), &now);
            assert_eq!(found.is_some(), is_left, "{status} {beat:?}");
            if let Some(found) = found {
                assert_eq!((found.revision, found.lock.offers.len()), (4, 3));
            }
        }
    }
}
