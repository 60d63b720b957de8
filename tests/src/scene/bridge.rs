//! A bridge of one's own, and a small client of its API.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::chart_fixture::Scratch;
use crate::kube::Access;
use crate::net::sse::{Event, Events};
use crate::net::{Endpoint, Request, Response};
use serde_json::{Value, json};

/// How long an event may be awaited.
const PATIENCE: Duration = Duration::from_secs(120);

/// A bridge that runs; dropping it kills it.
pub struct Bridge {
    child: Child,
    home: Scratch,
    /// Where it listens.
    pub endpoint: Endpoint,
    /// The session token, or the Kubernetes token of `passthrough` mode. Nothing before [`Bridge::sign_in`].
    pub token: Option<String>,
    /// The one-time code of the address that it printed.
    pub code: Option<String>,
}

/// An answer that is a problem.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The `code` of the problem.
    pub code: String,
    /// All of it.
    pub problem: Value,
}

impl From<Refusal> for String {
    fn from(refusal: Refusal) -> Self {
        format!("{} {}: {}", refusal.status, refusal.code, refusal.problem)
    }
}

impl Bridge {
    /// Starts one for this access, with these arguments besides, and signs in unless it wants a Kubernetes token.
    ///
    /// # Errors
    /// What it said when it did not start.
    pub fn start(program: &Path, access: &Access, args: &[&str]) -> Result<Self, String> {
        let home = Scratch::new("bridge").map_err(|error| error.to_string())?;
        Self::start_in(home, program, access, args)
    }

    /// The same with the folder of one that is gone: its state is found again.
    ///
    /// # Errors
    /// What it said when it did not start.
    pub fn start_in(home: Scratch, program: &Path, access: &Access, args: &[&str]) -> Result<Self, String> {
        Self::start_with(home, program, access, args, &[])
    }

    /// The same with these variables in its environment, which has nothing else but `HOME`.
    ///
    /// # Errors
    /// What it said when it did not start.
    pub fn start_with(
        home: Scratch,
        program: &Path,
        access: &Access,
        args: &[&str],
        variables: &[(&str, &str)],
    ) -> Result<Self, String> {
        let wrong = |error: std::io::Error| format!("the bridge: {error}");
        let page = home.path().join("page");
        fs::create_dir_all(&page).map_err(wrong)?;
        fs::write(page.join("index.html"), "<!doctype html><title>Chartroom</title>").map_err(wrong)?;
        let kubeconfig = home.path().join("kubeconfig");
        access.write(&kubeconfig, "default")?;
        let log =
            fs::File::options().create(true).append(true).open(home.path().join("log")).map_err(wrong)?;
        let mut child = Command::new(program)
            .args(["--port", "0", "--page"])
            .arg(&page)
            .arg("--kubeconfig")
            .arg(&kubeconfig)
            .arg("--state-dir")
            .arg(home.path().join("state"))
            // Trials ask faster than people do.
            .args(["--rate-plans", "50", "--rate-operations", "1000"])
            .args(args)
            .env_clear()
            .env("HOME", home.path())
            .envs(variables.iter().copied())
            .current_dir(home.path())
            // Enter in its terminal asks for a fresh code.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .map_err(wrong)?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("the bridge has no output")?).lines();
        // The first address has no code; who signs in with one waits for the second.
        let has_code = !args.contains(&"passthrough");
        let address = loop {
            let Some(Ok(line)) = lines.next() else {
                let log = fs::read_to_string(home.path().join("log")).unwrap_or_default();
                return Err(format!("the bridge ended without an address:\n{log}"));
            };
            if let Some((_, address)) = line.split_once("http://")
                && address.contains("#code=") == has_code
            {
                break address.split_whitespace().next().unwrap_or_default().to_owned();
            }
        };
        // What it prints later must find a reader.
        std::thread::spawn(move || lines.for_each(drop));
        let (place, code) = address.split_once('/').unwrap_or((&address, ""));
        let code = code.split_once('=').map(|(_, code)| code.to_owned());
        let mut bridge = Self { child, home, endpoint: Endpoint::plain(place), token: None, code };
        if bridge.code.is_some() {
            bridge.sign_in()?;
        }
        Ok(bridge)
    }

    /// Exchanges the code for a session token.
    ///
    /// # Errors
    /// When there is no code, or it is refused.
    pub fn sign_in(&mut self) -> Result<(), String> {
        let code = self.code.take().ok_or("the bridge printed no code, or it was used")?;
        let answer = self.post("/v1/session:exchange", &json!({ "code": code }))?;
        self.token = answer["token"].as_str().map(str::to_owned);
        Ok(())
    }

    /// Sends any request as it is: for those that the guard must refuse.
    ///
    /// # Errors
    /// When there was no answer.
    pub fn raw(&self, request: &Request) -> Result<Response, String> {
        self.endpoint.send(request).map_err(|error| format!("{} {}: {error}", request.method, request.target))
    }

    /// A request with what every request has: the token, and the header that no form can send.
    #[must_use]
    pub fn request(&self, method: &str, path: &str) -> Request {
        let request = Request::new(method, path).header("X-Bridge", "1");
        match &self.token {
            Some(token) => request.header("Authorization", &format!("Bearer {token}")),
            None => request,
        }
    }

    /// The answer in JSON; a refusal is a failure of the trial.
    ///
    /// # Errors
    /// A refusal, or no answer.
    pub fn get(&self, path: &str) -> Result<Value, String> {
        Ok(self.try_send(&self.request("GET", path))??)
    }

    /// The same, with a body and a fresh idempotency key.
    ///
    /// # Errors
    /// A refusal, or no answer.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value, String> {
        Ok(self.try_post(path, body)??)
    }

    /// Posts; the refusal is the caller's to judge.
    ///
    /// # Errors
    /// When there was no answer.
    pub fn try_post(&self, path: &str, body: &Value) -> Result<Result<Value, Refusal>, String> {
        self.try_send(&self.request("POST", path).header("Idempotency-Key", &key()).json(body))
    }

    /// Sends; the refusal is the caller's to judge.
    ///
    /// # Errors
    /// When there was no answer.
    pub fn try_send(&self, request: &Request) -> Result<Result<Value, Refusal>, String> {
        let response = self.raw(request)?;
        if (200..300).contains(&response.status) {
            return Ok(Ok(response.json()));
        }
        let problem = response.json();
        let code = problem["code"].as_str().unwrap_or_default().to_owned();
        Ok(Err(Refusal { status: response.status, code, problem }))
    }

    /// Starts an operation and follows it to its end: the operation as it is then, and all of its events.
    ///
    /// # Errors
    /// A refusal, or events that break off.
    pub fn operate(&self, path: &str, body: &Value) -> Result<(Value, Vec<Value>), String> {
        let created = self.post(path, body)?;
        let id = created["operation"]["id"].as_str().ok_or("no operation was created")?.to_owned();
        let events = self.follow(&id)?;
        Ok((self.get(&format!("/v1/operations/{id}"))?, events))
    }

    /// All events of an operation, until its end.
    ///
    /// # Errors
    /// Events that break off.
    pub fn follow(&self, operation: &str) -> Result<Vec<Value>, String> {
        let mut events = self.events(operation, 0)?;
        let mut all = Vec::new();
        while let Some(event) = events.next(PATIENCE).map_err(|error| format!("the events: {error}"))? {
            all.push(data(&event)?);
        }
        Ok(all)
    }

    /// The events of an operation after this one.
    ///
    /// # Errors
    /// A refusal, or no answer.
    pub fn events(&self, operation: &str, after: u64) -> Result<Events, String> {
        let request = self.request("GET", &format!("/v1/operations/{operation}/events?after={after}"));
        let stream = self.endpoint.open(&request).map_err(|error| format!("the events: {error}"))?;
        let events = Events::new(stream);
        if events.status() == 200 { Ok(events) } else { Err(format!("the events: {}", events.status())) }
    }

    /// Creates an operation; its id.
    ///
    /// # Errors
    /// A refusal, or no answer.
    pub fn begin(&self, path: &str, body: &Value) -> Result<String, String> {
        let created = self.post(path, body)?;
        created["operation"]["id"].as_str().map(str::to_owned).ok_or_else(|| "no operation".to_owned())
    }

    /// Waits for an event of an operation; it and those before it.
    ///
    /// # Errors
    /// When the operation ended without one.
    pub fn until(&self, operation: &str, meant: impl Fn(&Value) -> bool) -> Result<Vec<Value>, String> {
        let mut events = self.events(operation, 0)?;
        let mut all = Vec::new();
        while let Some(event) = events.next(PATIENCE).map_err(|error| format!("the events: {error}"))? {
            let event = data(&event)?;
            let is_meant = meant(&event);
            all.push(event);
            if is_meant {
                return Ok(all);
            }
        }
        Err(format!("the operation ended without that event: {all:?}"))
    }

    /// Everything that it has logged.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.home.path().join("log")).unwrap_or_default()
    }

    /// The number of its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as an accident would (SIGKILL). Gives its folder, for one that comes after it.
    ///
    /// # Errors
    /// Those of the system.
    pub fn kill(mut self) -> Result<Scratch, String> {
        self.child.kill().and_then(|()| self.child.wait()).map_err(|error| format!("the bridge: {error}"))?;
        let home = Scratch::new("bridge-gone").map_err(|error| error.to_string())?;
        Ok(std::mem::replace(&mut self.home, home))
    }

    /// Asks it to end (SIGTERM).
    ///
    /// # Errors
    /// Those of the system.
    pub fn terminate(&self) -> Result<(), String> {
        let status = Command::new("sh").args(["-c", &format!("kill -TERM {}", self.pid())]).status();
        status.map(drop).map_err(|error| error.to_string())
    }

    /// Waits until it has ended by itself.
    ///
    /// # Errors
    /// When it did not end in time.
    pub fn wait(&mut self, patience: Duration) -> Result<i32, String> {
        let deadline = std::time::Instant::now() + patience;
        while std::time::Instant::now() < deadline {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Ok(status.code().unwrap_or(-1));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err("the bridge did not end".to_owned())
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        // What has ended already is what we want.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The data of an event, which is JSON.
///
/// # Errors
/// When it is not.
pub fn data(event: &Event) -> Result<Value, String> {
    serde_json::from_str(&event.data).map_err(|error| format!("the event {}: {error}", event.data))
}

/// A fresh key for an operation.
#[must_use]
pub fn key() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("{}-{}-trial", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}
