//! Which `Host` a request may name: the loopback names with our port, the address itself, and names that were configured.
//!
//! This is the defence against DNS rebinding: a page of another origin can make its own name resolve to 127.0.0.1, but
//! its requests still carry that name.

use std::net::SocketAddr;

use axum::http::{HeaderMap, Uri, Version, header};

/// The values of `Host` that are ours.
#[derive(Debug)]
pub struct Hosts(Vec<String>);

impl Hosts {
    /// The names of a bridge that listens on `address`, and `more` that was configured.
    ///
    /// `127.0.0.1`, `[::1]` and `localhost` with the port, and the address when it is another; without the port as well
    /// when it is `default_port`, which clients leave out. A configured name without a port stands for both forms.
    #[must_use]
    pub fn new(address: SocketAddr, default_port: u16, more: &[String]) -> Self {
        let port = address.port();
        let mut names = vec!["127.0.0.1".to_owned(), "[::1]".to_owned(), "localhost".to_owned()];
        if !address.ip().is_loopback() && !address.ip().is_unspecified() {
            names.push(match address {
                SocketAddr::V4(address) => address.ip().to_string(),
                SocketAddr::V6(address) => format!("[{}]", address.ip()),
            });
        }
        let mut allowed: Vec<String> = names.iter().map(|name| format!("{name}:{port}")).collect();
        if port == default_port {
            allowed.extend(names);
        }
        for name in more {
            allowed.push(name.clone());
            let has_port = name.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
            if !has_port {
                allowed.push(format!("{name}:{port}"));
            }
        }
        Self(allowed)
    }

    /// Whether a request with these headers and this target is meant for us.
    ///
    /// HTTP/1 has exactly one `Host`, and a target in absolute form must agree: servers in front of us could route by
    /// the one and we by the other. HTTP/2 has `:authority`, which the target holds, and at most one `Host` that agrees.
    #[must_use]
    pub fn admit(&self, version: Version, headers: &HeaderMap, target: &Uri) -> bool {
        let mut hosts = headers.get_all(header::HOST).iter();
        let (host, second) = (hosts.next(), hosts.next());
        let authority = target.authority();
        let named = host.is_some() || (version == Version::HTTP_2 && authority.is_some());
        named
            && second.is_none()
            && host.is_none_or(|host| self.knows(host.as_bytes()))
            && authority.is_none_or(|authority| self.knows(authority.as_str().as_bytes()))
    }

    /// Whether `host`, as it stands in a header, is one of them.
    #[must_use]
    pub fn knows(&self, host: &[u8]) -> bool {
        self.0.iter().any(|allowed| allowed.as_bytes().eq_ignore_ascii_case(host))
    }

    /// For the sentence that refuses another.
    #[must_use]
    pub fn list(&self) -> String {
        self.0.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(address: &str, more: &[&str]) -> Hosts {
        let more: Vec<String> = more.iter().map(|&name| name.to_owned()).collect();
        Hosts::new(address.parse().expect("an address"), 80, &more)
    }

    #[test]
    fn names_are_ours_with_the_port_and_without_it_when_clients_leave_it_out() {
        let usual = hosts("127.0.0.1:8484", &[]);
        for name in ["127.0.0.1:8484", "LOCALHOST:8484", "[::1]:8484"] {
            assert!(usual.knows(name.as_bytes()), "{name}");
        }
        for name in ["localhost", "0.0.0.0:8484", "evil.test:8484", "localhost:8484 "] {
            assert!(!usual.knows(name.as_bytes()), "{name}");
        }
        assert!(hosts("127.0.0.1:80", &[]).knows(b"localhost"));
    }

    #[test]
    fn configured_names_and_the_public_address_are_ours() {
        let public = hosts("192.168.1.7:8443", &["charts.example.org", "proxy.example.org:443"]);
        for name in
            ["192.168.1.7:8443", "charts.example.org", "charts.example.org:8443", "proxy.example.org:443"]
        {
            assert!(public.knows(name.as_bytes()), "{name}");
        }
        assert!(!public.knows(b"proxy.example.org"));
        assert!(!hosts("0.0.0.0:8443", &[]).knows(b"0.0.0.0:8443"));
    }

    #[test]
    fn the_authority_of_http_2_is_checked_like_a_host() {
        let usual = hosts("127.0.0.1:8484", &[]);
        let admit = |version, host: Option<&str>, target: &str| {
            let mut headers = HeaderMap::new();
            if let Some(host) = host {
                headers.insert(header::HOST, host.parse().expect("a value"));
            }
            usual.admit(version, &headers, &target.parse().expect("a target"))
        };
        assert!(admit(Version::HTTP_2, None, "http://localhost:8484/"));
        assert!(!admit(Version::HTTP_2, None, "http://evil.test:8484/"));
        assert!(!admit(Version::HTTP_2, Some("evil.test"), "http://localhost:8484/"));
        assert!(!admit(Version::HTTP_2, None, "/"));
        assert!(!admit(Version::HTTP_11, None, "http://localhost:8484/"));
        assert!(admit(Version::HTTP_11, Some("localhost:8484"), "/"));
    }
}
