//! Requests to an API server, in JSON.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::kube::Access;
use crate::net::{Endpoint, Request, Response, Streaming};

/// An API server and who we are there.
#[derive(Debug, Clone)]
pub struct Api {
    /// Where it is.
    pub access: Access,
    endpoint: Endpoint,
}

impl Api {
    /// Connects with nobody yet.
    ///
    /// # Errors
    /// An access that cannot be used.
    pub fn new(access: Access) -> Result<Self, String> {
        let endpoint = access.endpoint()?;
        Ok(Self { access, endpoint })
    }

    /// Sends any request, signed in, and gives any answer.
    ///
    /// # Errors
    /// When there was no answer.
    pub fn send(&self, request: Request) -> Result<Response, String> {
        let what = format!("{} {}", request.method, request.target);
        self.endpoint.send(&self.signed(request)).map_err(|error| format!("{what}: {error}"))
    }

    /// Begins to read an answer, which may be a watch.
    ///
    /// # Errors
    /// When there was no answer.
    pub fn open(&self, request: Request) -> Result<Streaming, String> {
        let what = format!("{} {}", request.method, request.target);
        self.endpoint.open(&self.signed(request)).map_err(|error| format!("{what}: {error}"))
    }

    /// The object or list at this path.
    ///
    /// # Errors
    /// What the API server said instead.
    pub fn get(&self, path: &str) -> Result<Value, String> {
        self.call(Request::new("GET", path))
    }

    /// The object at this path; nothing when there is none.
    ///
    /// # Errors
    /// What the API server said instead.
    pub fn find(&self, path: &str) -> Result<Option<Value>, String> {
        let response = self.send(Request::new("GET", path))?;
        if response.status == 404 { Ok(None) } else { said(&response, path).map(Some) }
    }

    /// Creates the object in the collection at this path.
    ///
    /// # Errors
    /// What the API server said instead.
    pub fn create(&self, path: &str, object: &Value) -> Result<Value, String> {
        self.call(Request::new("POST", path).json(object))
    }

    /// Puts the object in the place of the one at this path.
    ///
    /// # Errors
    /// What the API server said instead.
    pub fn replace(&self, path: &str, object: &Value) -> Result<Value, String> {
        self.call(Request::new("PUT", path).json(object))
    }

    /// Merges this into the object at this path (RFC 7396).
    ///
    /// # Errors
    /// What the API server said instead.
    pub fn merge(&self, path: &str, patch: &Value) -> Result<Value, String> {
        let request = Request::new("PATCH", path).header("Content-Type", "application/merge-patch+json");
        self.call(request.body(patch.to_string()))
    }

    /// Applies the object server-side as this field manager.
    ///
    /// # Errors
    /// What the API server said instead.
    pub fn apply(&self, path: &str, manager: &str, object: &Value) -> Result<Value, String> {
        let request = Request::new("PATCH", &format!("{path}?fieldManager={manager}"))
            .header("Content-Type", "application/apply-patch+yaml");
        self.call(request.body(object.to_string()))
    }

    /// Deletes the object at this path; one that is gone already is fine.
    ///
    /// # Errors
    /// What the API server said instead.
    pub fn delete(&self, path: &str) -> Result<(), String> {
        let response = self.send(Request::new("DELETE", path))?;
        if response.status == 404 { Ok(()) } else { said(&response, path).map(drop) }
    }

    /// Asks again and again until `seen` gives something.
    ///
    /// # Errors
    /// `what` did not come in time, or a question failed.
    pub fn wait<T>(
        &self,
        what: &str,
        patience: Duration,
        mut seen: impl FnMut(&Self) -> Result<Option<T>, String>,
    ) -> Result<T, String> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(found) = seen(self)? {
                return Ok(found);
            }
            if Instant::now() > deadline {
                return Err(format!("{what}: not within {} s", patience.as_secs()));
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn call(&self, request: Request) -> Result<Value, String> {
        let what = format!("{} {}", request.method, request.target);
        said(&self.send(request)?, &what)
    }

    fn signed(&self, request: Request) -> Request {
        match &self.access.token {
            Some(token) => request.header("Authorization", &format!("Bearer {token}")),
            None => request,
        }
    }
}

fn said(response: &Response, what: &str) -> Result<Value, String> {
    if (200..300).contains(&response.status) {
        return Ok(response.json());
    }
    let status = response.json();
    let message = status["message"].as_str().map_or_else(|| response.text(), str::to_owned);
    Err(format!("{what}: {} {message}", response.status))
}
