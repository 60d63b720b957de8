//! Which `Host` a request may name: the loopback names with our port, exactly.
//!
//! This is the defence against DNS rebinding: a page of another origin can make its own name resolve to 127.0.0.1, but
//! its requests still carry that name.

use axum::extract::{Request, State as Shared};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::State;

/// The values of `Host` that are ours.
#[derive(Debug)]
pub struct Hosts(Vec<String>);

impl Hosts {
    /// `127.0.0.1`, `[::1]` and `localhost` with `port`; without it as well when it is 80, which clients leave out.
    #[must_use]
    pub fn loopback(port: u16) -> Self {
        let names = ["127.0.0.1", "[::1]", "localhost"];
        let mut allowed: Vec<String> = names.iter().map(|name| format!("{name}:{port}")).collect();
        if port == 80 {
            allowed.extend(names.map(str::to_owned));
        }
        Self(allowed)
    }

    /// Whether a request with these headers and this target is meant for us.
    ///
    /// There must be exactly one `Host`, and a target in absolute form must agree: servers in front of us could route
    /// by the one and we by the other.
    #[must_use]
    pub fn admit(&self, headers: &HeaderMap, target: &Uri) -> bool {
        let mut hosts = headers.get_all(header::HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
        self.knows(host.as_bytes())
            && target.authority().is_none_or(|authority| self.knows(authority.as_str().as_bytes()))
    }

    fn knows(&self, host: &[u8]) -> bool {
        self.0.iter().any(|allowed| allowed.as_bytes().eq_ignore_ascii_case(host))
    }
}

/// Answers 421 to a request that names a host other than ours, before anything else looks at it.
pub async fn check(Shared(state): Shared<State>, request: Request, next: Next) -> Response {
    if state.hosts.admit(request.headers(), request.uri()) {
        return next.run(request).await;
    }
    let sentence = format!("This bridge answers only to {}.\n", state.hosts.0.join(", "));
    (StatusCode::MISDIRECTED_REQUEST, sentence).into_response()
}
