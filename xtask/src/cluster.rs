//! `cargo xtask cluster`: a real control plane on loopback, built from Go modules by name.
//!
//! This file builds the programs and says who owns a cluster; `tests/src/cluster` knows how one is started.

use std::env::consts::EXE_SUFFIX;
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::process::{cargo, command, output, run as run_program};
use crate::report::{line, step};
use crate::root::{root, target_dir};
use crate::stamp::Inputs;
use crate::tools;

/// A cluster that somebody has, instead of one that is built here.
const GIVEN: &str = "CHARTROOM_TEST_KUBECONFIG";

/// The Go module whose tools are the programs.
const MODULE: &str = "tests/cluster";

/// How a node becomes ready; leases keep it alive, so kwok's stage of heartbeats is not needed.
const NODE_STAGE: &str = "node/fast/node-initialize.yaml";

/// `up` (also without a word) starts the cluster of this checkout and leaves it running; `down` ends it.
///
/// # Errors
/// What is missing, or why it does not start.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let up = match words.as_slice() {
        [] | ["up"] => true,
        ["down"] => false,
        _ => return Err("`cluster` takes `up`, `down` or `test`".to_owned()),
    };
    let mut starter = command(starter()?);
    if up {
        starter.arg("up").arg("--programs").arg(programs()?);
    } else {
        starter.arg("down");
    }
    // The starter has said why.
    run_program(starter.arg("--dir").arg(folder().join("run"))).map_err(|_| "no cluster".to_owned())
}

/// Starts the cluster of this checkout, as `cluster up` does; its kubeconfig.
///
/// # Errors
/// As [`run`].
pub(crate) fn up() -> Result<PathBuf, String> {
    run(&["up".to_owned()])?;
    Ok(folder().join("run/kubeconfig"))
}

/// A cluster for one run of the tests.
pub(crate) struct Cluster {
    variables: Vec<(&'static str, OsString)>,
    /// Holds the cluster for as long as its standard input is open. When this process ends, in whatever way, the
    /// system closes that, and the cluster goes.
    holder: Option<Child>,
}

impl Cluster {
    /// The one in `CHARTROOM_TEST_KUBECONFIG`, else one of our own, started now.
    ///
    /// # Errors
    /// What is missing, or why it does not start.
    pub(crate) fn for_a_run() -> Result<Self, String> {
        if std::env::var_os(GIVEN).is_some() {
            return Ok(Self { variables: Vec::new(), holder: None });
        }
        let programs = programs()?;
        let starter = starter()?;
        let mut holder = command(&starter);
        holder.arg("hold").arg("--programs").arg(&programs).stdin(Stdio::piped()).stdout(Stdio::piped());
        // A Ctrl-C must not kill it: it ends the cluster when its input ends.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut holder, 0);
        let mut child = holder.spawn().map_err(|error| format!("{}: {error}", starter.display()))?;
        let mut kubeconfig = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut kubeconfig).map_err(|error| error.to_string())?;
        }
        let kubeconfig = kubeconfig.trim();
        if kubeconfig.is_empty() {
            let _ = child.wait();
            return Err("the cluster of the tests did not start; the reason stands above".to_owned());
        }
        let variables = vec![
            (GIVEN, kubeconfig.into()),
            // For the tests that break a cluster of their own.
            ("CHARTROOM_TEST_PROGRAMS", programs.into()),
            ("CHARTROOM_TEST_STARTER", starter.into()),
        ];
        Ok(Self { variables, holder: Some(child) })
    }

    /// Tells a test program where the cluster is.
    pub(crate) fn prepare<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.envs(self.variables.iter().map(|(name, value)| (name, value)))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(mut child) = self.holder.take() {
            drop(child.stdin.take());
            let _ = child.wait();
        }
    }
}

fn folder() -> PathBuf {
    target_dir().join("cluster")
}

/// The program in the `tests` package that starts a cluster and ends it.
fn starter() -> Result<PathBuf, String> {
    run_program(cargo().args(["build", "--quiet", "--locked", "-p", "tests", "--bin", "test-cluster"]))?;
    Ok(target_dir().join("debug").join(format!("test-cluster{EXE_SUFFIX}")))
}

/// The folder of the programs, built when the modules have changed: `bin`, and `stages` for the pretend kubelet.
fn programs() -> Result<PathBuf, String> {
    let inputs = Inputs::new()
        .path("tests/cluster/go.mod", &[])?
        .path("tests/cluster/go.sum", &[])?
        .path("tests/cluster/stages.yaml", &[])?
        .fact(NODE_STAGE);
    let done = folder().join(inputs.hash());
    if done.is_dir() {
        return Ok(done);
    }
    let go = tools::go()?;
    let part = folder().join("part");
    let wrong = |error: std::io::Error| format!("{}: {error}", part.display());
    // What a build that was broken off left may be of other modules.
    if part.exists() {
        fs::remove_dir_all(&part).map_err(wrong)?;
    }
    fs::create_dir_all(part.join("stages")).map_err(wrong)?;
    step("building etcd, Kubernetes and kwok from Go modules (the first time about 5 minutes)", || {
        build(&go, &part)
    })?;
    copy_stages(&go, &part.join("stages"))?;
    // Programs of earlier modules would only fill the disk.
    for entry in fs::read_dir(folder()).map_err(wrong)?.flatten() {
        if entry.path() != part && entry.path().join("bin/kwok").is_file() {
            fs::remove_dir_all(entry.path()).map_err(wrong)?;
        }
    }
    // Its name appears when everything is in it.
    fs::rename(&part, &done).map_err(wrong)?;
    Ok(done)
}

/// Go in the folder of the module, with nothing of the person's own settings that would change what is built.
fn go_command(go: &Path) -> Command {
    let mut command = Command::new(go);
    command.current_dir(root().join(MODULE)).env("CGO_ENABLED", "0").env("GOWORK", "off");
    // Distributions switch this off; the module may ask for a newer Go than theirs.
    command.env("GOTOOLCHAIN", "auto").env_remove("GOOS").env_remove("GOARCH").env_remove("GOFLAGS");
    command
}

fn build(go: &Path, part: &Path) -> Result<(), String> {
    let module = fs::read_to_string(root().join(MODULE).join("go.mod")).map_err(|error| error.to_string())?;
    let version = module
        .lines()
        .find_map(|line| line.trim().strip_prefix("k8s.io/kubernetes ")?.split(' ').next())
        .ok_or("tests/cluster/go.mod names no version of k8s.io/kubernetes")?;
    let mut numbers = version.trim_start_matches('v').split('.');
    let (major, minor) = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
    let package = "k8s.io/component-base/version";
    // Without these the server calls itself v0.0.0, which satisfies no chart's `kubeVersion`.
    let flags = format!(
        "-s -w -X {package}.gitVersion={version} -X {package}.gitMajor={major} -X {package}.gitMinor={minor} \
         -X {package}.gitTreeState=clean"
    );
    let mut install = go_command(go);
    install.args(["install", "-trimpath", "-ldflags", &flags, "tool"]).env("GOBIN", part.join("bin"));
    let said = install.stdout(Stdio::null()).stderr(Stdio::piped()).output();
    let said = said.map_err(|error| format!("{}: {error}", go.display()))?;
    if said.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&said.stderr);
    // The hundreds of `go: downloading …` are no reason.
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("go: downloading ")).collect();
    for text in &lines[lines.len().saturating_sub(20)..] {
        line(&format!("  {text}"));
    }
    Err("the programs of the cluster do not build; Go's reasons stand above".to_owned())
}

/// Puts the stages of nodes and volumes that kwok brings beside ours, so that a start needs no Go.
fn copy_stages(go: &Path, to: &Path) -> Result<(), String> {
    let module = output(go_command(go).args(["list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kwok"]))?;
    let stages = Path::new(&module).join("kustomize/stage");
    let mut files = vec![stages.join(NODE_STAGE), root().join(MODULE).join("stages.yaml")];
    let volumes = stages.join("volume/fast");
    let entries = fs::read_dir(&volumes).map_err(|error| format!("{}: {error}", volumes.display()))?;
    files.extend(entries.flatten().map(|entry| entry.path()).filter(|file| {
        file.extension().is_some_and(|extension| extension == "yaml")
            && file.file_name().is_none_or(|name| name != "kustomization.yaml")
    }));
    for file in files {
        // Written, not copied: what the module cache holds is read-only.
        let text = fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let copy = to.join(file.file_name().unwrap_or_default());
        fs::write(&copy, text).map_err(|error| format!("{}: {error}", copy.display()))?;
    }
    Ok(())
}
