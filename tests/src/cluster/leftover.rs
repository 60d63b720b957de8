//! A cluster that was left running: what its pid files say.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::cluster::program::{Part, pid_file};

/// Whether all programs of the cluster in this folder run.
#[must_use]
pub fn running(folder: &Path) -> bool {
    Part::ALL.into_iter().all(|part| pid(folder, part).is_some())
}

/// Kills what runs of the cluster in this folder, and removes the folder. Gives the number of programs that ran.
///
/// # Errors
/// A program that does not end, or the folder that stays.
pub fn down(folder: &Path) -> Result<usize, String> {
    let mut n_killed = 0;
    for part in Part::ALL.into_iter().rev() {
        let Some(pid) = pid(folder, part) else { continue };
        shell(&format!("kill -9 {pid}"))
            .then_some(())
            .ok_or_else(|| format!("{} (process {pid}) cannot be killed", part.name()))?;
        n_killed += 1;
    }
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    Ok(n_killed)
}

/// The process of this part, if it is still ours: after a restart of the machine the number is somebody else's.
fn pid(folder: &Path, part: Part) -> Option<u32> {
    let pid: u32 = fs::read_to_string(pid_file(folder, part)).ok()?.trim().parse().ok()?;
    let folder = folder.canonicalize().ok()?;
    let ours = match fs::read_link(format!("/proc/{pid}/cwd")) {
        Ok(cwd) => cwd == folder,
        // Without /proc, the name has to do.
        Err(_) if !Path::new("/proc/self").exists() => {
            let name = if part == Part::Etcd { "server" } else { part.name() };
            shell(&format!("ps -p {pid} -o comm= | grep -q {name}"))
        }
        Err(_) => false,
    };
    ours.then_some(pid)
}

/// Killing by number is the shell's: Rust's library has it for children alone.
fn shell(command: &str) -> bool {
    let status = Command::new("sh").args(["-c", command]).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
