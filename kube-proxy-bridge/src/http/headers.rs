//! The security headers of every answer, refusals included.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// The header set, made once for the page that is served.
#[derive(Debug)]
pub struct SecurityHeaders(Vec<(HeaderName, HeaderValue)>);

impl SecurityHeaders {
    /// The headers for a page whose first document is `index_html`.
    ///
    /// Every inline script in it is allowed by its hash and nothing else inline is. No `trusted-types` list: the page
    /// names its one policy itself, and the requirement alone already closes the sinks.
    ///
    /// Strict-Transport-Security belongs to TLS alone.
    #[must_use]
    pub fn for_page(index_html: &str, tls: bool) -> Self {
        let hashes: String = inline_scripts(index_html)
            // A browser sees every line end as LF, whatever the checkout wrote.
            .map(|script| {
                format!(" 'sha256-{}'", STANDARD.encode(Sha256::digest(script.replace("\r\n", "\n"))))
            })
            .collect();
        let policy = format!(
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{hashes}; style-src 'self'; \
             img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
        );
        let mut headers = vec![
            (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
            (
                HeaderName::from_static("cross-origin-resource-policy"),
                HeaderValue::from_static("same-origin"),
            ),
            (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
            (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
            (
                HeaderName::from_static("permissions-policy"),
                HeaderValue::from_static("camera=(), microphone=(), geolocation=(), clipboard-read=()"),
            ),
        ];
        if tls {
            headers.push((header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000")));
        }
        // The policy is ASCII without control characters, so it always is a header value.
        headers.extend(HeaderValue::try_from(policy).map(|policy| (header::CONTENT_SECURITY_POLICY, policy)));
        Self(headers)
    }

    /// Puts the set on an answer.
    pub fn apply(&self, answer: &mut HeaderMap) {
        for (name, value) in &self.0 {
            answer.insert(name, value.clone());
        }
    }
}

/// The text between each `<script …>` without `src` and its `</script>`, as the browser hashes it.
///
/// Enough HTML for documents that the build wrote: a script it misses is refused by the browser, never let through.
fn inline_scripts(html: &str) -> impl Iterator<Item = &str> {
    html.split("<script").skip(1).filter_map(|rest| {
        let (attributes, rest) = rest.split_once('>')?;
        let (text, _) = rest.split_once("</script>")?;
        let external = attributes.split_ascii_whitespace().any(|attribute| attribute.starts_with("src="));
        (!external).then_some(text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_scripts_are_found_and_external_ones_are_not() {
        let html = "<head><script type=\"module\">\nlet a = 1 > 0;\n</script><script src=\"b.js\"></script>\
                    <script>c</script></head>";
        assert_eq!(inline_scripts(html).collect::<Vec<_>>(), ["\nlet a = 1 > 0;\n", "c"]);
    }

    #[test]
    fn the_policy_names_the_hash_of_the_inline_script() {
        let headers = SecurityHeaders::for_page("<script>alert('Hello, world.');</script>", false);
        let policy = &headers.0.last().expect("there are headers").1;
        // The hash is the example of the CSP specification.
        let hash = "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='";
        assert!(policy.to_str().expect("ASCII").contains(hash), "{policy:?}");
    }
}
