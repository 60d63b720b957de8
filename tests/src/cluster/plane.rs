//! A control plane: its files, its programs, the moment it is ready.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use rcgen::KeyPair;

use crate::cluster::program::{self, Failure, Part, Ports};
use crate::cluster::{ports, settle};
use crate::kube::kubeconfig::{write_contexts, write_private};
use crate::kube::{Access, Api};
use crate::net::Request;
use crate::net::tls::Certificates;

/// The file in the folder of a cluster that everyone signs in with.
pub const KUBECONFIG: &str = "kubeconfig";

/// The users: the contexts of the kubeconfig. `admin` may do everything and is the current one, `viewer` may see
/// everything but Secrets, `team` may do everything in the namespace `team`, `nobody` nothing.
pub const USERS: [&str; 4] = ["admin", "viewer", "team", "nobody"];

/// How long a start may take on a loaded machine; 3 seconds are usual.
const PATIENCE: Duration = Duration::from_secs(120);

/// A control plane that runs; dropping it kills it.
#[derive(Debug)]
pub struct Plane {
    folder: PathBuf,
    programs: PathBuf,
    ports: Ports,
    children: BTreeMap<Part, Child>,
}

impl Plane {
    /// Starts one in `folder`, which is emptied first, from the programs that `cargo xtask cluster` has built.
    ///
    /// # Errors
    /// A sentence, with the end of the log of the program that failed.
    pub fn start(programs: &Path, folder: &Path) -> Result<Self, String> {
        for _ in 0..5 {
            let wrong = |error: std::io::Error| format!("{}: {error}", folder.display());
            if folder.exists() {
                fs::remove_dir_all(folder).map_err(wrong)?;
            }
            fs::create_dir_all(folder).map_err(wrong)?;
            let [etcd, etcd_peer, api, kubelet] = ports::choose()?;
            let mut plane = Self {
                folder: folder.canonicalize().map_err(wrong)?,
                programs: programs.to_owned(),
                ports: Ports { etcd, etcd_peer, api, kubelet },
                children: BTreeMap::new(),
            };
            plane.write_files()?;
            match plane.launch() {
                Ok(()) => return Ok(plane),
                Err(Failure::PortTaken) => {}
                Err(Failure::Other(sentence)) => return Err(sentence),
            }
        }
        Err("five times, somebody else took a port of the cluster before it listened".to_owned())
    }

    /// Where its files are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The kubeconfig with all [`USERS`].
    #[must_use]
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.join(KUBECONFIG)
    }

    /// `https://127.0.0.1:PORT`.
    #[must_use]
    pub fn server(&self) -> String {
        format!("https://127.0.0.1:{}", self.ports.api)
    }

    /// Lets it run when this process has ended; its pid files say what to kill.
    pub fn detach(mut self) {
        self.children.clear();
    }

    /// Kills one part, as an accident would.
    ///
    /// # Errors
    /// When it does not run.
    pub fn kill(&mut self, part: Part) -> Result<(), String> {
        let mut child = self.children.remove(&part).ok_or_else(|| format!("{} does not run", part.name()))?;
        program::kill(&mut child).map_err(|error| format!("{}: {error}", part.name()))
    }

    /// Starts a killed part again, on its old port and data. The API server is ready when this returns, if it runs.
    ///
    /// # Errors
    /// A sentence, with the end of its log.
    pub fn restart(&mut self, part: Part) -> Result<(), String> {
        self.spawn(part)?;
        let ready = match part {
            Part::Etcd | Part::ApiServer if self.children.contains_key(&Part::ApiServer) => {
                self.until_ready()
            }
            _ => Ok(()),
        };
        ready.map_err(|failure| match failure {
            Failure::PortTaken => format!("the port of {} is taken", part.name()),
            Failure::Other(sentence) => sentence,
        })
    }

    fn spawn(&mut self, part: Part) -> Result<(), String> {
        let child = program::start(part, &self.programs, &self.folder, self.ports)?;
        self.children.insert(part, child);
        Ok(())
    }

    fn launch(&mut self) -> Result<(), Failure> {
        self.spawn(Part::Etcd)?;
        self.spawn(Part::ApiServer)?;
        self.until_ready()?;
        for part in [Part::Controllers, Part::Scheduler, Part::Kubelet] {
            self.spawn(part)?;
        }
        let api = self.api()?;
        settle::introduce(&api)?;
        self.until(|| settle::is_settled(&api))
    }

    /// Waits until the API server says that it is ready.
    fn until_ready(&mut self) -> Result<(), Failure> {
        let api = self.api()?;
        // Before it listens there is no answer, and that is no failure.
        self.until(|| {
            Ok(api.send(Request::new("GET", "/readyz")).is_ok_and(|response| response.status == 200))
        })
    }

    fn until(&mut self, mut done: impl FnMut() -> Result<bool, String>) -> Result<(), Failure> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            for (part, child) in &mut self.children {
                program::check(*part, child, &self.folder)?;
            }
            if done()? {
                return Ok(());
            }
            if Instant::now() > deadline {
                let logs = self.folder.display();
                return Err(format!("the cluster was not ready in {PATIENCE:?}; its logs: {logs}").into());
            }
            thread::sleep(Duration::from_millis(30));
        }
    }

    fn api(&self) -> Result<Api, String> {
        Api::new(Access::read(&self.kubeconfig())?)
    }

    fn write_files(&self) -> Result<(), String> {
        let write = |name: &str, text: &str| {
            write_private(&self.folder.join(name), text).map_err(|error| format!("{name}: {error}"))
        };
        let certificates = Certificates::new()?;
        write("ca.crt", &certificates.ca)?;
        write("server.crt", &certificates.certificate)?;
        write("server.key", &certificates.key)?;
        let accounts = KeyPair::generate().map_err(|error| format!("a key: {error}"))?;
        write("accounts.key", &accounts.serialize_pem())?;
        write("accounts.pub", &accounts.public_key_pem())?;
        let mut tokens = String::new();
        let mut users = Vec::new();
        for user in USERS {
            // The numbers of a key are as good as any at being known to nobody.
            let secret = KeyPair::generate().map_err(|error| format!("a token: {error}"))?;
            let token: String =
                secret.public_key_raw()[1..33].iter().map(|byte| format!("{byte:02x}")).collect();
            let groups = if user == "admin" { "system:masters" } else { "" };
            tokens.push_str(&format!("{token},{user},{user},\"{groups}\"\n"));
            let access = Access { server: self.server(), ca: certificates.ca.clone(), ..Access::default() };
            users.push((user, access.with_token(&token)));
        }
        write("tokens.csv", &tokens)?;
        let contexts: Vec<_> = users
            .iter()
            .map(|(user, access)| (*user, if *user == "team" { "team" } else { "default" }, access))
            .collect();
        write_contexts(&self.kubeconfig(), "chartroom-test", &contexts)?;
        write("stages.yaml", &self.stages()?)?;
        write("pod.log", &settle::pod_log())
    }

    /// What the pretend kubelet does, in one file; every pod's log is `pod.log`.
    fn stages(&self) -> Result<String, String> {
        let folder = self.programs.join("stages");
        let wrong = |error: std::io::Error| format!("{}: {error}", folder.display());
        let entries = fs::read_dir(&folder).map_err(wrong)?;
        let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        files.sort();
        let mut texts = Vec::new();
        for file in files {
            texts.push(fs::read_to_string(file).map_err(wrong)?);
        }
        let log = self.folder.join("pod.log");
        Ok(texts.join("\n---\n").replace("POD_LOG", &log.to_string_lossy()))
    }
}

impl Drop for Plane {
    fn drop(&mut self) {
        // From the last to the first, so that nobody misses what it talks to.
        while let Some((_, mut child)) = self.children.pop_last() {
            // What is gone already is what we want.
            let _ = program::kill(&mut child);
        }
    }
}
