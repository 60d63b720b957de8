//! The programs of a control plane, their arguments, and how they end.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The parts of a control plane, in the order of their start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Keeps the data.
    Etcd,
    /// Everyone talks to it.
    ApiServer,
    /// Deployments, jobs, garbage, namespaces.
    Controllers,
    /// Gives pods a node.
    Scheduler,
    /// kwok, in the place of a kubelet.
    Kubelet,
}

impl Part {
    /// All of them, in the order of their start.
    pub const ALL: [Part; 5] =
        [Part::Etcd, Part::ApiServer, Part::Controllers, Part::Scheduler, Part::Kubelet];

    /// Its name in logs and pid files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Part::Etcd => "etcd",
            Part::ApiServer => "kube-apiserver",
            Part::Controllers => "kube-controller-manager",
            Part::Scheduler => "kube-scheduler",
            Part::Kubelet => "kwok",
        }
    }

    /// The part of this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.name() == name)
    }

    /// The file of the program; Go names it after the last folder of its package.
    fn program(self) -> &'static str {
        if self == Part::Etcd { "server" } else { self.name() }
    }

    /// The arguments. All paths are in the folder of the cluster, which the program is started in.
    fn arguments(self, ports: Ports) -> Vec<String> {
        let Ports { etcd, etcd_peer, api, kubelet } = ports;
        let own = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        match self {
            Part::Etcd => own(&format!(
                "--data-dir etcd --unsafe-no-fsync --log-level warn
                 --listen-client-urls http://127.0.0.1:{etcd} --advertise-client-urls http://127.0.0.1:{etcd}
                 --listen-peer-urls http://127.0.0.1:{etcd_peer}
                 --initial-advertise-peer-urls http://127.0.0.1:{etcd_peer}
                 --initial-cluster default=http://127.0.0.1:{etcd_peer}"
            )),
            Part::ApiServer => own(&format!(
                "--etcd-servers=http://127.0.0.1:{etcd} --bind-address=127.0.0.1 --secure-port={api}
                 --tls-cert-file=server.crt --tls-private-key-file=server.key --client-ca-file=ca.crt
                 --token-auth-file=tokens.csv --authorization-mode=RBAC --allow-privileged
                 --service-account-issuer=https://kubernetes.default.svc
                 --service-account-key-file=accounts.pub --service-account-signing-key-file=accounts.key
                 --service-cluster-ip-range=10.0.0.0/16"
            )),
            // Without a port of its own, and as quick as a test with hundreds of objects needs it; patient with
            // the node, whose heartbeats come late on a loaded machine.
            Part::Controllers => own("--kubeconfig=kubeconfig --leader-elect=false --secure-port=0
                 --kube-api-qps=500 --kube-api-burst=1000 --node-monitor-grace-period=10m
                 --service-account-private-key-file=accounts.key --root-ca-file=ca.crt"),
            Part::Scheduler => own("--kubeconfig=kubeconfig --leader-elect=false --secure-port=0
                 --kube-api-qps=500 --kube-api-burst=1000"),
            Part::Kubelet => own(&format!(
                "--kubeconfig=kubeconfig --config=stages.yaml --manage-all-nodes=true
                 --server-address=127.0.0.1:{kubelet} --node-ip=127.0.0.1 --node-port={kubelet}
                 --tls-cert-file=server.crt --tls-private-key-file=server.key"
            )),
        }
    }
}

/// Where the programs listen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ports {
    pub(super) etcd: u16,
    pub(super) etcd_peer: u16,
    pub(super) api: u16,
    pub(super) kubelet: u16,
}

/// Why a cluster did not start.
#[derive(Debug)]
pub(super) enum Failure {
    /// Somebody else was quicker to listen on a port: choose others.
    PortTaken,
    /// Anything else, as a sentence.
    Other(String),
}

impl From<String> for Failure {
    fn from(sentence: String) -> Self {
        Failure::Other(sentence)
    }
}

/// Starts the part; its output goes to `NAME.log`, its pid to `NAME.pid`.
///
/// # Errors
/// A sentence.
pub(super) fn start(part: Part, programs: &Path, folder: &Path, ports: Ports) -> Result<Child, String> {
    let log = log_file(folder, part);
    let wrong = |error: std::io::Error| format!("{}: {error}", part.name());
    let out = File::options().create(true).append(true).open(&log).map_err(wrong)?;
    let mut command = Command::new(programs.join("bin").join(part.program()));
    command
        .args(part.arguments(ports))
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .stdin(Stdio::null())
        .stdout(out.try_clone().map_err(wrong)?)
        .stderr(out);
    // A Ctrl-C is for whoever asked for the cluster, who ends it in the right order.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let child = command.spawn().map_err(wrong)?;
    fs::write(pid_file(folder, part), child.id().to_string()).map_err(wrong)?;
    Ok(child)
}

/// Whether the program still runs.
///
/// # Errors
/// Why it ended: the end of its log.
pub(super) fn check(part: Part, child: &mut Child, folder: &Path) -> Result<(), Failure> {
    let Ok(Some(status)) = child.try_wait() else { return Ok(()) };
    let log = fs::read_to_string(log_file(folder, part)).unwrap_or_default();
    if log.contains("address already in use") {
        return Err(Failure::PortTaken);
    }
    let lines: Vec<&str> = log.lines().collect();
    let last = lines[lines.len().saturating_sub(10)..].join("\n  ");
    Err(Failure::Other(format!("{} ended ({status}); the end of its log:\n  {last}", part.name())))
}

/// Kills the program and waits until it is gone. A plain request to end is not enough: an API server that has lost its
/// etcd waits for ever.
///
/// # Errors
/// Those of the system; a program that has ended already is none.
pub(super) fn kill(child: &mut Child) -> std::io::Result<()> {
    match child.kill() {
        Err(error) if error.kind() != ErrorKind::InvalidInput => return Err(error),
        _ => {}
    }
    child.wait().map(drop)
}

pub(super) fn pid_file(folder: &Path, part: Part) -> PathBuf {
    folder.join(format!("{}.pid", part.name()))
}

pub(super) fn log_file(folder: &Path, part: Part) -> PathBuf {
    folder.join(format!("{}.log", part.name()))
}
