//! The real Helm on a cluster, with a home of its own.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::chart_fixture::Scratch;
use crate::kube::Access;

/// Helm, somebody, and a namespace.
pub struct Helm {
    program: PathBuf,
    namespace: String,
    home: Scratch,
    driver: Option<&'static str>,
}

/// What a command printed.
#[derive(Debug)]
pub struct Run {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// The exit code; -1 after a signal.
    pub code: i32,
}

impl Helm {
    /// Helm as this person, `namespace` being the one of commands that name none.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn new(program: PathBuf, access: &Access, namespace: &str) -> Result<Self, String> {
        let home = Scratch::new("helm").map_err(|error| error.to_string())?;
        access.write(&home.path().join("kubeconfig"), namespace)?;
        Ok(Self { program, namespace: namespace.to_owned(), home, driver: None })
    }

    /// The same with its records elsewhere: `configmap`.
    #[must_use]
    pub fn with_driver(mut self, driver: &'static str) -> Self {
        self.driver = Some(driver);
        self
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn run(&self, args: &[&str]) -> Result<Run, String> {
        let output = self.command(args).output().map_err(|error| format!("helm: {error}"))?;
        Ok(Run {
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            code: output.status.code().unwrap_or(-1),
        })
    }

    /// What it printed; a failure is one of the trial.
    ///
    /// # Errors
    /// What it said before it failed.
    pub fn ok(&self, args: &[&str]) -> Result<String, String> {
        let run = self.run(args)?;
        if run.code == 0 {
            return Ok(run.stdout);
        }
        Err(format!("helm {}: exit {}\n{}{}", args.join(" "), run.code, run.stdout, run.stderr))
    }

    /// What it complained of; a success is a failure of the trial.
    ///
    /// # Errors
    /// What it printed instead of failing.
    pub fn fails(&self, args: &[&str]) -> Result<String, String> {
        let run = self.run(args)?;
        if run.code != 0 {
            return Ok(run.stderr);
        }
        Err(format!("helm {} should have failed\n{}", args.join(" "), run.stdout))
    }

    /// What it printed, as JSON: add `-o json` yourself.
    ///
    /// # Errors
    /// What it said before it failed.
    pub fn json(&self, args: &[&str]) -> Result<serde_json::Value, String> {
        let text = self.ok(args)?;
        serde_json::from_str(&text).map_err(|error| format!("helm {}: {error}\n{text}", args.join(" ")))
    }

    /// Starts it and goes on; `kill` on the child is an accident in the middle.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(&self, args: &[&str]) -> Result<Child, String> {
        let mut command = self.command(args);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().map_err(|error| format!("helm: {error}"))
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        let home = self.home.path();
        command
            .args(args)
            .current_dir(home)
            .env_clear()
            .env("HOME", home)
            .env("TZ", "UTC")
            .env("KUBECONFIG", home.join("kubeconfig"))
            .env("HELM_NAMESPACE", &self.namespace)
            .env("HELM_CACHE_HOME", home.join("cache"))
            .env("HELM_CONFIG_HOME", home.join("config"))
            .env("HELM_DATA_HOME", home.join("data"))
            .stdin(Stdio::null());
        if let Some(driver) = self.driver {
            command.env("HELM_DRIVER", driver);
        }
        command
    }
}
