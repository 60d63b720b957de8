//! A cluster that goes when its holder goes.
//!
//! `test-cluster hold` starts a plane, prints the path of its kubeconfig, and listens: `kill PART`, `restart PART`, each answered
//! by `ok` or a sentence. At the end of its input it kills everything. The system closes that input
//! when the holder ends, however it ends, so nothing is left behind after a crash.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::cluster::{Part, Plane};

/// The holder's end.
#[derive(Debug)]
pub struct Held {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    kubeconfig: PathBuf,
}

impl Held {
    /// Starts a cluster with the `test-cluster` program and the folder of the built programs.
    ///
    /// # Errors
    /// That it did not start; the reason stands in the output of this process.
    pub fn start(starter: &Path, programs: &Path) -> Result<Self, String> {
        let mut holder = Command::new(starter);
        holder.arg("hold").arg("--programs").arg(programs).stdin(Stdio::piped()).stdout(Stdio::piped());
        // A Ctrl-C must not kill it before it has killed the cluster.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut holder, 0);
        let mut child = holder.spawn().map_err(|error| format!("{}: {error}", starter.display()))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("the cluster has no pipes".to_owned());
        };
        let mut held =
            Self { child, input: Some(input), output: BufReader::new(output), kubeconfig: PathBuf::new() };
        held.kubeconfig = held.line()?.into();
        Ok(held)
    }

    /// The kubeconfig with all [`super::USERS`].
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Kills one part, as an accident would.
    ///
    /// # Errors
    /// When it does not run.
    pub fn kill(&mut self, part: Part) -> Result<(), String> {
        self.ask("kill", part)
    }

    /// Starts a killed part again, on its old port and data.
    ///
    /// # Errors
    /// A sentence, with the end of its log.
    pub fn restart(&mut self, part: Part) -> Result<(), String> {
        self.ask("restart", part)
    }

    fn ask(&mut self, what: &str, part: Part) -> Result<(), String> {
        let input = self.input.as_mut().ok_or("the cluster is gone")?;
        writeln!(input, "{what} {}", part.name()).map_err(|error| format!("the cluster: {error}"))?;
        match self.line()?.as_str() {
            "ok" => Ok(()),
            sentence => Err(sentence.to_owned()),
        }
    }

    fn line(&mut self) -> Result<String, String> {
        let mut line = String::new();
        self.output.read_line(&mut line).map_err(|error| format!("the cluster: {error}"))?;
        if line.is_empty() {
            return Err("the cluster ended".to_owned());
        }
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        drop(self.input.take());
        // It has nothing left to do but to end.
        let _ = self.child.wait();
    }
}

/// The other end: what `test-cluster hold` does once its plane runs.
pub fn listen(mut plane: Plane, input: impl std::io::BufRead, mut output: impl std::io::Write) {
    for line in input.lines() {
        let Ok(line) = line else { break };
        let answer = match line.split_once(' ').map(|(what, name)| (what, Part::of_name(name))) {
            Some(("kill", Some(part))) => plane.kill(part),
            Some(("restart", Some(part))) => plane.restart(part),
            _ => Err(format!("not understood: {line}")),
        };
        let answer = answer.map_or_else(|sentence| sentence.replace('\n', " "), |()| "ok".to_owned());
        if writeln!(output, "{answer}").and_then(|()| output.flush()).is_err() {
            break;
        }
    }
}
