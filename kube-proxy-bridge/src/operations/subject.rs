//! Who the cluster takes a caller for: a fresh token must be the same person's as the one that expired.

use wire::{Code, Problem};

use crate::kube::Cluster;

/// The user name that the cluster knows this caller by.
///
/// # Errors
/// The call's; `unauthenticated` when the cluster does not say.
pub async fn subject(cluster: &Cluster) -> Result<String, Problem> {
    let name = cluster.username().await?.ok_or_else(|| {
        Problem::new(Code::Unauthenticated, "the cluster does not say who this token belongs to")
    })?;
    cluster.keep_subject(&name);
    Ok(name)
}

/// The same, from memory when the cluster was asked before and has not refused the token since.
///
/// # Errors
/// As [`subject`].
pub async fn known_subject(cluster: &Cluster) -> Result<String, Problem> {
    match cluster.subject() {
        Some(name) => Ok(name.to_owned()),
        None => subject(cluster).await,
    }
}
