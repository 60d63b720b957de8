//! The programs under test: Helm, and ours, run on a fixture with nothing of the machine around them.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::chart_fixture::{Fixture, Scratch};
use crate::written::{report, snapshot};

/// What a program printed. The scratch directory's path reads `<dir>` in both texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Run {
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
    /// What the command wrote ([`crate::written`]); empty for one that only prints.
    pub written: String,
    /// The exit code; -1 when it was ended by a signal, -2 when it was stopped after [`Program::TIME_LIMIT`].
    pub code: i32,
}

/// A program to run.
#[derive(Debug, Clone)]
pub struct Program {
    /// The executable.
    pub path: PathBuf,
    /// `v4.3.1` for Helm; empty for ours, whose answers are never cached.
    pub version: String,
    /// Where answers are kept from run to run.
    pub cache: Option<PathBuf>,
}

impl Program {
    /// How long one command may take. Helm needs about two seconds for the deepest recursion it allows.
    pub const TIME_LIMIT: Duration = Duration::from_secs(180);

    /// The real Helm: `HELM`, else the first `helm` on `PATH`. Its version must begin with `v4.3.`
    ///
    /// # Errors
    /// What was looked for, and what was found instead.
    pub fn helm() -> Result<Program, String> {
        let path = match std::env::var_os("HELM") {
            Some(path) => PathBuf::from(path),
            None => on_path("helm").ok_or("no helm: set HELM, or put helm v4.3 on PATH")?,
        };
        let output = Command::new(&path)
            .args(["version", "--template", "{{.Version}}"])
            .output()
            .map_err(|err| format!("{}: {err}", path.display()))?;
        let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        if !version.starts_with("v4.3.") {
            return Err(format!(
                "{} is helm `{version}`, and v4.3 is the one to compare with",
                path.display()
            ));
        }
        let path = path.canonicalize().map_err(|err| format!("{}: {err}", path.display()))?;
        Ok(Program { path, version, cache: Some(target_dir().join("helm-answers-2")) })
    }

    /// Ours: `CHARTROOM`, else the `chartroom` of this build, which is brought up to date first.
    ///
    /// # Errors
    /// That of the build.
    pub fn chartroom() -> Result<Program, String> {
        let program = |path| Program { path, version: String::new(), cache: None };
        if let Some(path) = std::env::var_os("CHARTROOM") {
            return Ok(program(PathBuf::from(path)));
        }
        let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let status = Command::new(cargo)
            .args(["build", "--quiet", "--package", "renderer-cli", "--profile", profile])
            .current_dir(root())
            .status()
            .map_err(|err| format!("cargo build: {err}"))?;
        if !status.success() {
            return Err("the chartroom command does not build".to_owned());
        }
        let built = std::env::current_exe().map_err(|err| err.to_string())?;
        let path = built.ancestors().nth(2).map(|dir| dir.join("chartroom")).filter(|path| path.exists());
        path.map(program).ok_or_else(|| format!("no chartroom beside {}", built.display()))
    }

    /// Runs the fixture's command in a directory that holds its files.
    ///
    /// # Errors
    /// Those of the file system; whatever the program itself does is a [`Run`].
    pub fn run(&self, fixture: &Fixture) -> io::Result<Run> {
        let cached = self.cache.as_ref().map(|dir| dir.join(fixture.key(&self.version)));
        if let Some(run) = cached.as_deref().and_then(load) {
            return Ok(run);
        }
        let scratch = Scratch::new("case")?;
        fixture.write(scratch.path())?;
        for command in &fixture.before {
            self.execute(command, fixture, scratch.path())?;
        }
        let before = if fixture.writes() { snapshot(scratch.path())? } else { BTreeMap::new() };
        let mut run = self.execute(&fixture.command, fixture, scratch.path())?;
        if fixture.writes() {
            run.written = report(&before, &snapshot(scratch.path())?, scratch.path());
        }
        if let Some(path) = cached
            && run.code >= 0
        {
            store(&path, &run)?;
        }
        Ok(run)
    }

    /// Runs a command in a directory that is there; nothing is kept.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn run_in(&self, command: &[String], dir: &Path) -> io::Result<Run> {
        self.execute(command, &Fixture::default(), dir)
    }

    /// The same, with a directory of its own for what the program keeps.
    ///
    /// # Errors
    /// Those of starting it.
    pub fn run_at_home(&self, command: &[String], dir: &Path, home: &Path) -> io::Result<Run> {
        let home = ("HOME".to_owned(), home.to_string_lossy().into_owned());
        let fixture = Fixture { environment: [home].into(), ..Fixture::default() };
        self.execute(command, &fixture, dir)
    }

    fn execute(&self, command: &[String], fixture: &Fixture, dir: &Path) -> io::Result<Run> {
        let started = Instant::now();
        let mut child = Command::new(&self.path)
            .args(command)
            .current_dir(dir)
            .env_clear()
            .env("HOME", dir)
            .env("TZ", "UTC")
            // Archives have the times of their files otherwise, which nobody knows.
            .env("SOURCE_DATE_EPOCH", "1700000000")
            .envs(&fixture.environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let stdout = drain(child.stdout.take());
        let stderr = drain(child.stderr.take());
        let mut pause = Duration::from_micros(300);
        let code = loop {
            if let Some(status) = child.try_wait()? {
                break status.code().unwrap_or(-1);
            }
            if started.elapsed() > Self::TIME_LIMIT {
                child.kill()?;
                child.wait()?;
                break -2;
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(20));
        };
        let join = |reader: thread::JoinHandle<Vec<u8>>| reader.join().unwrap_or_default();
        let dir = dir.as_os_str().as_encoded_bytes();
        Ok(Run {
            stdout: replace(&join(stdout), dir, b"<dir>"),
            stderr: replace(&join(stderr), dir, b"<dir>"),
            written: String::new(),
            code,
        })
    }
}

/// The root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// Where Cargo builds, seen from the test that runs.
#[must_use]
pub fn target_dir() -> PathBuf {
    let built = std::env::current_exe().unwrap_or_default();
    // target/debug/deps/oracle-…
    built.ancestors().nth(3).map_or_else(|| root().join("target"), Path::to_path_buf)
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file())
}

fn drain(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What was read before a broken pipe is still what the program said.
            let _ = pipe.read_to_end(&mut bytes);
        }
        bytes
    })
}

fn replace(text: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.windows(old.len()).position(|window| window == old) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(new);
        rest = &rest[at + old.len()..];
    }
    out.extend_from_slice(rest);
    out
}

/// A cache entry: code and the lengths of stdout and stderr on the first line, then all texts.
fn store(path: &Path, run: &Run) -> io::Result<()> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir)?;
    }
    let mut bytes = format!("{} {} {}\n", run.code, run.stdout.len(), run.stderr.len()).into_bytes();
    bytes.extend_from_slice(&run.stdout);
    bytes.extend_from_slice(&run.stderr);
    bytes.extend_from_slice(run.written.as_bytes());
    // Another thread may write the same answer: a rename keeps a reader from seeing half of it.
    let half = path.with_extension(format!("{:?}", thread::current().id()).replace(['(', ')'], ""));
    fs::write(&half, bytes)?;
    fs::rename(half, path)
}

fn load(path: &Path) -> Option<Run> {
    let bytes = fs::read(path).ok()?;
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let mut head = std::str::from_utf8(&bytes[..end]).ok()?.split(' ');
    let code = head.next()?.parse().ok()?;
    let (stdout, rest) = bytes[end + 1..].split_at_checked(head.next()?.parse().ok()?)?;
    let (stderr, written) = rest.split_at_checked(head.next()?.parse().ok()?)?;
    let written = std::str::from_utf8(written).ok()?.to_owned();
    Some(Run { stdout: stdout.to_vec(), stderr: stderr.to_vec(), written, code })
}
