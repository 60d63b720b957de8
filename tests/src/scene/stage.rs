//! One trial's place in the cluster.

use std::cell::Cell;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::chart_fixture::Scratch;
use crate::fault::Proxy;
use crate::kube::{Access, Api, Dump};
use crate::program;
use serde_json::{Value, json};

use crate::scene::{Bridge, Helm, World};

/// A namespace that goes at the end, and a folder.
pub struct Scene<'w> {
    /// What all trials share.
    pub world: &'w World,
    /// The administrator.
    pub api: Api,
    /// Ours alone.
    pub namespace: String,
    /// A folder that goes at the end.
    pub scratch: Scratch,
    n_others: Cell<usize>,
}

impl<'w> Scene<'w> {
    /// A new namespace for the trial of this name.
    ///
    /// # Errors
    /// What the API server said instead.
    pub fn new(world: &'w World, trial: &str) -> Result<Self, String> {
        Self::in_cluster(world, world.api.clone(), trial)
    }

    /// The same on another cluster than everybody's.
    ///
    /// # Errors
    /// What the API server said instead.
    pub fn in_cluster(world: &'w World, api: Api, trial: &str) -> Result<Self, String> {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let name: String = trial.replace('_', "-").chars().take(45).collect();
        let namespace = format!("{}-{:06x}", name.trim_end_matches('-'), since.subsec_micros());
        let scratch = Scratch::new("scene").map_err(|error| error.to_string())?;
        let scene = Self { world, api, namespace, scratch, n_others: Cell::new(0) };
        scene.create_namespace(&scene.namespace)?;
        Ok(scene)
    }

    /// One more namespace, which goes at the end, too.
    ///
    /// # Errors
    /// What the API server said instead.
    pub fn another_namespace(&self) -> Result<String, String> {
        let n = self.n_others.get() + 1;
        self.n_others.set(n);
        let name = self.other(n);
        self.create_namespace(&name)?;
        Ok(name)
    }

    fn other(&self, n: usize) -> String {
        format!("{}-{n}", self.namespace)
    }

    fn create_namespace(&self, name: &str) -> Result<(), String> {
        let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
        self.api.create("/api/v1/namespaces", &namespace)?;
        // A pod that comes before its account is refused, and tried again much later.
        self.api.wait("the namespace's account", Duration::from_secs(30), |api| {
            api.find(&format!("/api/v1/namespaces/{name}/serviceaccounts/default"))
        })?;
        Ok(())
    }

    /// Our namespace anew, when it is gone.
    ///
    /// # Errors
    /// What the API server said instead.
    pub fn create_again(&self) -> Result<(), String> {
        self.create_namespace(&self.namespace)
    }

    /// A chart of `tests/charts`.
    #[must_use]
    pub fn chart(&self, name: &str) -> String {
        program::root().join("tests/charts").join(name).to_string_lossy().into_owned()
    }

    /// Helm as the administrator, in our namespace.
    ///
    /// # Errors
    /// When there is no Helm.
    pub fn helm(&self) -> Result<Helm, String> {
        self.helm_as(&self.api.access, &self.namespace)
    }

    /// Helm as anybody, anywhere; also through a proxy.
    ///
    /// # Errors
    /// When there is no Helm.
    pub fn helm_as(&self, access: &Access, namespace: &str) -> Result<Helm, String> {
        Helm::new(self.world.helm()?, access, namespace)
    }

    /// The bridge with the administrator's rights.
    ///
    /// # Errors
    /// What it said when it did not start.
    pub fn bridge(&self, args: &[&str]) -> Result<Bridge, String> {
        self.bridge_as(&self.api.access, args)
    }

    /// The bridge with anybody's rights, also through a proxy.
    ///
    /// # Errors
    /// What it said when it did not start.
    pub fn bridge_as(&self, access: &Access, args: &[&str]) -> Result<Bridge, String> {
        Bridge::start(&self.world.bridge()?, access, args)
    }

    /// A proxy before the API server, for faults.
    ///
    /// # Errors
    /// When it cannot listen.
    pub fn proxy(&self) -> Result<Proxy, String> {
        Proxy::start(&self.api.access)
    }

    /// Everything that is deployed in our namespace.
    ///
    /// # Errors
    /// What the API server said instead.
    pub fn dump(&self) -> Result<Dump, String> {
        Dump::of_namespace(&self.api, &self.namespace)
    }

    /// The path of objects of this kind in our namespace: `path("apps/v1", "deployments/web")`.
    #[must_use]
    pub fn path(&self, version: &str, rest: &str) -> String {
        let root = if version.contains('/') { "/apis" } else { "/api" };
        format!("{root}/{version}/namespaces/{}/{rest}", self.namespace)
    }

    /// A person with these rules (RBAC's) in our namespace and none elsewhere. An account, so it exists on any cluster.
    ///
    /// # Errors
    /// What the API server said instead.
    pub fn person(&self, name: &str, rules: &Value) -> Result<Access, String> {
        let group = "rbac.authorization.k8s.io";
        let rbac = format!("{group}/v1");
        self.api.create(&self.path("v1", "serviceaccounts"), &json!({ "metadata": { "name": name } }))?;
        let role = json!({ "metadata": { "name": name }, "rules": rules });
        self.api.create(&self.path(&rbac, "roles"), &role)?;
        let subject = json!({ "kind": "ServiceAccount", "name": name, "namespace": self.namespace });
        let binding = json!({
            "metadata": { "name": name },
            "roleRef": { "apiGroup": group, "kind": "Role", "name": name },
            "subjects": [subject],
        });
        self.api.create(&self.path(&rbac, "rolebindings"), &binding)?;
        let asked = json!({ "spec": { "expirationSeconds": 7200 } });
        let token = self.api.create(&self.path("v1", &format!("serviceaccounts/{name}/token")), &asked)?;
        let token = token["status"]["token"].as_str().ok_or("the API server gave no token")?;
        Ok(self.api.access.with_token(token))
    }

    /// A file in our folder.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn file(&self, name: &str, text: &str) -> Result<PathBuf, String> {
        let path = self.scratch.path().join(name);
        std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path)
    }
}

impl Drop for Scene<'_> {
    fn drop(&mut self) {
        // They go by themselves, and a cluster that is broken by now goes as a whole.
        for n in 1..=self.n_others.get() {
            let _ = self.api.delete(&format!("/api/v1/namespaces/{}", self.other(n)));
        }
        let _ = self.api.delete(&format!("/api/v1/namespaces/{}", self.namespace));
    }
}
