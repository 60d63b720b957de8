//! What all trials share, from the environment.

use std::path::PathBuf;

use crate::cluster::Held;
use crate::kube::{Access, Api};

use crate::scene::Scene;

/// The cluster and the programs.
pub struct World {
    /// The cluster's administrator.
    pub api: Api,
    /// Where that is written.
    pub kubeconfig: PathBuf,
    helm: Option<PathBuf>,
    bridge: Option<PathBuf>,
    programs: Option<PathBuf>,
    starter: Option<PathBuf>,
}

impl World {
    /// What `cargo xtask cluster test` says. Never the kubeconfig of the person who runs it.
    ///
    /// # Errors
    /// A sentence that says what to set.
    pub fn from_environment() -> Result<Self, String> {
        let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
        let kubeconfig = variable("CHARTROOM_TEST_KUBECONFIG").ok_or(
            "there is no cluster: run `cargo xtask cluster test`, which starts one, \
             or name a kubeconfig in CHARTROOM_TEST_KUBECONFIG",
        )?;
        Ok(Self {
            api: Api::new(Access::read(&kubeconfig)?)?,
            kubeconfig,
            helm: variable("HELM"),
            bridge: variable("BRIDGE"),
            programs: variable("CHARTROOM_TEST_PROGRAMS"),
            starter: variable("CHARTROOM_TEST_STARTER"),
        })
    }

    /// A namespace for the trial of this name.
    ///
    /// # Errors
    /// What the API server said instead.
    pub fn scene(&self, trial: &str) -> Result<Scene<'_>, String> {
        Scene::new(self, trial)
    }

    /// The real Helm.
    ///
    /// # Errors
    /// When nobody has named it.
    pub fn helm(&self) -> Result<PathBuf, String> {
        self.helm.clone().ok_or_else(|| "name the real helm v4.3 in HELM".to_owned())
    }

    /// The bridge under test.
    ///
    /// # Errors
    /// When nobody has named it.
    pub fn bridge(&self) -> Result<PathBuf, String> {
        self.bridge.clone().ok_or_else(|| "name the kube-proxy-bridge program in BRIDGE".to_owned())
    }

    /// A cluster that nobody else is on, for trials that break it. Three seconds and 600 MB.
    ///
    /// # Errors
    /// When there are no programs, or why it did not start.
    pub fn cluster_to_break(&self) -> Result<Held, String> {
        let (Some(starter), Some(programs)) = (&self.starter, &self.programs) else {
            return Err("this trial breaks a cluster, and starts one of its own for it: run `cargo xtask cluster test` \
                        without CHARTROOM_TEST_KUBECONFIG"
                .to_owned());
        };
        Held::start(starter, programs)
    }
}
