//! Which pages may call: our own, and those of configured origins.

use axum::http::{HeaderMap, HeaderValue, header};

use super::host::Hosts;

/// The origins whose pages may call besides our own.
#[derive(Debug, Default)]
pub struct Origins(Vec<String>);

/// What the headers say about the page that asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// No browser, or our own page.
    Ours,
    /// A page of a configured origin: the answer must name it.
    Configured(HeaderValue),
    /// A page of another origin.
    Foreign,
}

impl Origins {
    /// Of these, as browsers write them.
    #[must_use]
    pub fn new(origins: &[String]) -> Self {
        Self(origins.to_vec())
    }

    /// Who asks, by `Origin` and `Sec-Fetch-Site`. `scheme` is what we speak.
    ///
    /// A browser sends `Sec-Fetch-Site` always and `Origin` with everything but plain navigation; a page can forge
    /// neither. Two of one of them, or one that is no text, is foreign.
    #[must_use]
    pub fn asked(&self, headers: &HeaderMap, hosts: &Hosts, scheme: &str) -> Asked {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let (origin, second) = (origins.next(), origins.next());
        if second.is_some() {
            return Asked::Foreign;
        }
        if let Some(origin) = origin {
            let Ok(text) = origin.to_str() else { return Asked::Foreign };
            if self.0.iter().any(|allowed| allowed == text) {
                return Asked::Configured(origin.clone());
            }
            let own = text.strip_prefix(scheme).and_then(|rest| rest.strip_prefix("://"));
            if !own.is_some_and(|host| hosts.knows(host.as_bytes())) {
                return Asked::Foreign;
            }
        }
        let mut sites = headers.get_all("sec-fetch-site").iter();
        match (sites.next().map(HeaderValue::as_bytes), sites.next()) {
            (None | Some(b"same-origin" | b"none"), None) => Asked::Ours,
            _ => Asked::Foreign,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(headers: &[(&'static str, &str)]) -> Asked {
        let hosts = Hosts::new(([127, 0, 0, 1], 8484).into(), 80, &[]);
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().expect("a value"));
        }
        Origins::new(&["https://charts.example.org".to_owned()]).asked(&map, &hosts, "http")
    }

    #[test]
    fn our_own_page_and_programs_are_told_from_other_pages() {
        for ours in [
            &[][..],
            &[("sec-fetch-site", "same-origin")],
            &[("sec-fetch-site", "none")],
            &[("origin", "http://localhost:8484"), ("sec-fetch-site", "same-origin")],
            &[("origin", "http://127.0.0.1:8484")],
        ] {
            assert_eq!(asked(ours), Asked::Ours, "{ours:?}");
        }
        for foreign in [
            &[("origin", "http://evil.test")][..],
            &[("origin", "null")],
            &[("origin", "https://localhost:8484")],
            &[("origin", "http://localhost")],
            &[("origin", "http://localhost:8484.evil.test")],
            &[("origin", "https://charts.example.org.evil.test")],
            &[("origin", "http://charts.example.org")],
            &[("origin", "http://localhost:8484"), ("origin", "http://evil.test")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("origin", "http://localhost:8484"), ("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "none"), ("sec-fetch-site", "cross-site")],
        ] {
            assert_eq!(asked(foreign), Asked::Foreign, "{foreign:?}");
        }
    }

    #[test]
    fn a_configured_origin_is_named_in_the_answer() {
        let configured = asked(&[("origin", "https://charts.example.org"), ("sec-fetch-site", "cross-site")]);
        assert_eq!(configured, Asked::Configured(HeaderValue::from_static("https://charts.example.org")));
    }
}
