//! Which kinds the cluster serves, and where.
//!
//! *Source*: client-go v0.37 `discovery/aggregated_discovery.go`; helm v4.3.1 `pkg/action/action.go`, `GetVersionSet`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use wire::{Capabilities, KubeVersion};

use super::call::{Call, Verb};
use super::{Cluster, Error};
use crate::hex::hex;

const FRESH: Duration = Duration::from_secs(60);
/// A kind that is not there is asked for again, but not in a loop.
const RECENT: Duration = Duration::from_millis(500);
const AGGREGATED: &str =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
/// The version of Helm that the bridge stands for.
const HELM_VERSION: &str = "v4.3.1";

/// Where the objects of a kind are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// The API group; empty for the core group.
    pub group: String,
    /// `v1`
    pub version: String,
    /// `Deployment`
    pub kind: String,
    /// `deployments`
    pub plural: String,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// `get`, `list`, `patch`
    pub verbs: Vec<String>,
    /// `status`, `scale`
    pub subresources: Vec<String>,
}

impl Resource {
    /// `apps/v1`, `v1`
    #[must_use]
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }
}

/// All that is served.
#[derive(Debug)]
pub(super) struct Discovery {
    read_at: Instant,
    by_kind: BTreeMap<(String, String), Resource>,
    /// `.Capabilities.APIVersions`
    names: BTreeSet<String>,
}

#[derive(Deserialize)]
struct GroupList {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    items: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    metadata: Option<Name>,
    #[serde(default)]
    versions: Vec<Version>,
}

#[derive(Deserialize)]
struct Name {
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct Version {
    version: String,
    #[serde(default)]
    resources: Vec<Served>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Served {
    resource: String,
    response_kind: Option<ResponseKind>,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    verbs: Vec<String>,
    #[serde(default)]
    subresources: Vec<Subresource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Subresource {
    subresource: String,
    response_kind: Option<ResponseKind>,
}

#[derive(Deserialize)]
struct ResponseKind {
    #[serde(default)]
    kind: String,
}

/// What a server without aggregated discovery says of one version.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceList {
    group_version: String,
    #[serde(default)]
    resources: Vec<PlainResource>,
}

#[derive(Deserialize)]
struct PlainResource {
    name: String,
    kind: String,
    #[serde(default)]
    namespaced: bool,
    #[serde(default)]
    verbs: Vec<String>,
}

#[derive(Deserialize)]
struct PlainGroups {
    #[serde(default)]
    groups: Vec<PlainGroup>,
}

#[derive(Deserialize)]
struct PlainGroup {
    #[serde(default)]
    versions: Vec<PlainVersion>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PlainVersion {
    group_version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VersionInfo {
    #[serde(default)]
    git_version: String,
    #[serde(default)]
    major: String,
    #[serde(default)]
    minor: String,
}

impl Discovery {
    fn new() -> Self {
        Self { read_at: Instant::now(), by_kind: BTreeMap::new(), names: BTreeSet::new() }
    }

    fn add_groups(&mut self, groups: Vec<Group>) {
        for group in groups {
            let name = group.metadata.map(|metadata| metadata.name).unwrap_or_default();
            for version in group.versions {
                let api_version = if name.is_empty() {
                    version.version.clone()
                } else {
                    format!("{name}/{}", version.version)
                };
                self.names.insert(api_version.clone());
                for served in version.resources {
                    let kind = served.response_kind.map(|kind| kind.kind).unwrap_or_default();
                    for part in &served.subresources {
                        // client-go takes the parent's kind where a part names none.
                        let part_kind = match &part.response_kind {
                            Some(part) if !part.kind.is_empty() => &part.kind,
                            Some(_) => &kind,
                            None => continue,
                        };
                        self.names.insert(format!("{api_version}/{part_kind}"));
                    }
                    if kind.is_empty() {
                        continue;
                    }
                    self.names.insert(format!("{api_version}/{kind}"));
                    let resource = Resource {
                        group: name.clone(),
                        version: version.version.clone(),
                        kind: kind.clone(),
                        plural: served.resource,
                        namespaced: served.scope == "Namespaced",
                        verbs: served.verbs,
                        subresources: served.subresources.into_iter().map(|part| part.subresource).collect(),
                    };
                    self.by_kind.insert((api_version.clone(), kind), resource);
                }
            }
        }
    }

    fn add_list(&mut self, list: ResourceList) {
        let api_version = list.group_version;
        self.names.insert(api_version.clone());
        let (group, version) = api_version.split_once('/').unwrap_or(("", &api_version));
        let mut parts: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for resource in list.resources {
            self.names.insert(format!("{api_version}/{}", resource.kind));
            if let Some((parent, part)) = resource.name.split_once('/') {
                parts.entry(parent.to_owned()).or_default().push(part.to_owned());
                continue;
            }
            let found = Resource {
                group: group.to_owned(),
                version: version.to_owned(),
                kind: resource.kind.clone(),
                plural: resource.name,
                namespaced: resource.namespaced,
                verbs: resource.verbs,
                subresources: Vec::new(),
            };
            self.by_kind.insert((api_version.clone(), resource.kind), found);
        }
        for resource in
            self.by_kind.values_mut().filter(|known| known.group == group && known.version == version)
        {
            if let Some(parts) = parts.remove(&resource.plural) {
                resource.subresources = parts;
            }
        }
    }
}

impl Cluster {
    /// The version of the API server.
    ///
    /// # Errors
    /// The call's.
    pub async fn version(&self) -> Result<KubeVersion, Error> {
        let call = Call::read(Verb::Get, "/version".to_owned(), "the server's version".to_owned());
        let answer = self.send(call).await?;
        let info: VersionInfo = serde_json::from_slice(&answer.body)
            .map_err(|error| Error::unreadable("get the server's version", error))?;
        Ok(KubeVersion { version: info.git_version, major: info.major, minor: info.minor })
    }

    /// What `.Capabilities` holds on this cluster for this caller.
    ///
    /// Cost: three calls, two of them kept for a minute.
    ///
    /// # Errors
    /// The calls'.
    pub async fn capabilities(&self) -> Result<Capabilities, Error> {
        let (kube_version, discovery) = (self.version().await?, self.discovery(FRESH).await?);
        let api_versions: Vec<String> = discovery.names.iter().cloned().collect();
        let mut hash = Sha256::new();
        for text in
            [&kube_version.version, &kube_version.major, &kube_version.minor].into_iter().chain(&api_versions)
        {
            hash.update(text.as_bytes());
            hash.update([0]);
        }
        let etag = hex(&hash.finalize()[..16]);
        Ok(Capabilities { kube_version, api_versions, helm_version: HELM_VERSION.to_owned(), etag })
    }

    /// Where the objects of a kind are found. A kind that is not known is looked for anew before it is given up.
    ///
    /// # Errors
    /// Status 404, reason `NoMatch` and Kubernetes' sentence when it is not served; the call's.
    pub async fn resource(&self, api_version: &str, kind: &str) -> Result<Resource, Error> {
        let key = (api_version.to_owned(), kind.to_owned());
        let known = self.discovery(FRESH).await?;
        if let Some(resource) = known.by_kind.get(&key) {
            return Ok(resource.clone());
        }
        if let Some(resource) = self.discovery(RECENT).await?.by_kind.get(&key) {
            return Ok(resource.clone());
        }
        Err(Error {
            status: Some(404),
            reason: "NoMatch".to_owned(),
            message: format!("no matches for kind \"{kind}\" in version \"{api_version}\""),
            causes: Vec::new(),
            call: format!("find {kind}"),
            retry_after_seconds: None,
        })
    }

    /// Whether any kind of this `group/version` is served.
    ///
    /// # Errors
    /// The call's.
    pub async fn serves(&self, api_version: &str) -> Result<bool, Error> {
        Ok(self.discovery(FRESH).await?.names.contains(api_version))
    }

    /// Every kind that is served, the preferred and the other versions.
    ///
    /// # Errors
    /// The call's.
    pub async fn resources(&self) -> Result<Vec<Resource>, Error> {
        Ok(self.discovery(FRESH).await?.by_kind.values().cloned().collect())
    }

    /// Forgets what is served: after a CRD or an APIService was written.
    pub fn refresh_discovery(&self) {
        *self.0.discovery.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    async fn discovery(&self, max_age: Duration) -> Result<Arc<Discovery>, Error> {
        let known = self.0.discovery.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known
            && known.read_at.elapsed() < max_age
        {
            return Ok(known);
        }
        let read = Arc::new(self.discover().await?);
        *self.0.discovery.write().unwrap_or_else(PoisonError::into_inner) = Some(read.clone());
        Ok(read)
    }

    async fn discover(&self) -> Result<Discovery, Error> {
        let mut discovery = Discovery::new();
        for root in ["/api", "/apis"] {
            let about = format!("the kinds of {root}");
            let call =
                Call { accept: Some(AGGREGATED), ..Call::read(Verb::Get, root.to_owned(), about.clone()) };
            let answer = self.send(call).await?;
            let list: GroupList =
                serde_json::from_slice(&answer.body).map_err(|error| Error::unreadable(&about, error))?;
            if list.kind == "APIGroupDiscoveryList" {
                discovery.add_groups(list.items);
                continue;
            }
            let versions = if root == "/api" {
                vec!["/api/v1".to_owned()]
            } else {
                let groups: PlainGroups =
                    serde_json::from_slice(&answer.body).map_err(|error| Error::unreadable(&about, error))?;
                let versions = groups.groups.into_iter().flat_map(|group| group.versions);
                versions.map(|version| format!("/apis/{}", version.group_version)).collect()
            };
            for path in versions {
                let about = format!("the kinds of {path}");
                match self.send(Call::read(Verb::Get, path, about.clone())).await {
                    Ok(answer) => {
                        let list = serde_json::from_slice(&answer.body)
                            .map_err(|error| Error::unreadable(&about, error))?;
                        discovery.add_list(list);
                    }
                    // The server behind one group is down: Helm goes on with the others.
                    Err(error) if error.status.is_some_and(|status| status >= 500 || status == 404) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(discovery)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_resources_are_capabilities_and_no_resources() {
        let text = r#"{"kind":"APIGroupDiscoveryList","items":[{"metadata":{"name":"apps"},"versions":[{"version":"v1",
            "resources":[{"resource":"deployments","responseKind":{"group":"","version":"","kind":"Deployment"},
            "scope":"Namespaced","verbs":["get","patch"],"subresources":[
            {"subresource":"scale","responseKind":{"group":"autoscaling","version":"v1","kind":"Scale"}},
            {"subresource":"status","responseKind":{"kind":""}}]}]}]}]}"#;
        let list: GroupList = serde_json::from_str(text).expect("a list");
        let mut discovery = Discovery::new();
        discovery.add_groups(list.items);
        let names: Vec<_> = discovery.names.iter().map(String::as_str).collect();
        assert_eq!(names, ["apps/v1", "apps/v1/Deployment", "apps/v1/Scale"]);
        let found = &discovery.by_kind[&("apps/v1".to_owned(), "Deployment".to_owned())];
        assert_eq!((found.plural.as_str(), found.namespaced), ("deployments", true));
        assert_eq!(found.subresources, ["scale", "status"]);
    }

    #[test]
    fn a_server_without_aggregated_discovery_is_understood() {
        let text = r#"{"groupVersion":"v1","resources":[{"name":"pods","kind":"Pod","namespaced":true,"verbs":["get"]},
            {"name":"pods/log","kind":"Pod","namespaced":true,"verbs":["get"]}]}"#;
        let mut discovery = Discovery::new();
        discovery.add_list(serde_json::from_str(text).expect("a list"));
        let found = &discovery.by_kind[&("v1".to_owned(), "Pod".to_owned())];
        assert_eq!((found.api_version().as_str(), &found.subresources[..]), ("v1", &["log".to_owned()][..]));
        assert!(discovery.names.contains("v1/Pod"));
    }
}
