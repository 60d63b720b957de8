//! The page: its files, their encodings, the headers of every answer.

use axum::http::{Method, StatusCode, header};
use kube_proxy_bridge::http::page::Page;

use crate::harness::{Answer, Ask, Bridge, INDEX};

async fn send(method: Method, target: &str, headers: &[(&str, &str)]) -> Answer {
    let ask = headers
        .iter()
        .fold(Ask::new(method, target).without_host(), |ask, (name, value)| ask.header(name, value));
    Bridge::page().send(ask).await
}

async fn get(path: &str, headers: &[(&str, &str)]) -> Answer {
    let ask = headers.iter().fold(Ask::get(path), |ask, (name, value)| ask.header(name, value));
    Bridge::page().send(ask).await
}

#[tokio::test]
async fn the_page_is_served_with_the_exact_header_set() {
    let answer = get("/", &[]).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.body, INDEX);
    assert_eq!(answer.header(header::CONTENT_TYPE), "text/html; charset=utf-8");
    assert_eq!(
        answer.header(header::CONTENT_SECURITY_POLICY),
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval' \
         'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='; style-src 'self'; img-src 'self' data:; \
         font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    );
    assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin");
    assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    assert_eq!(
        answer.header("permissions-policy"),
        "camera=(), microphone=(), geolocation=(), clipboard-read=()"
    );
    assert!(!answer.headers.contains_key("strict-transport-security"));
    assert!(!answer.headers.contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn a_foreign_host_is_misdirected_and_still_gets_the_headers() {
    for host in [
        "evil.test",
        "evil.test:8484",
        "localhost",
        "localhost:80",
        "127.0.0.1:8484.evil.test",
        "127.0.0.1:08484",
        "localhost.:8484",
        "user@localhost:8484",
        "",
    ] {
        for path in ["/", "/livez", "/v1/session", "/nothing"] {
            let answer = send(Method::GET, path, &[("host", host)]).await;
            assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST, "{host} {path}");
            assert!(answer.body.contains("This bridge answers only to 127.0.0.1:8484"), "{}", answer.body);
            assert!(answer.headers.contains_key(header::CONTENT_SECURITY_POLICY));
        }
    }
    assert_eq!(send(Method::GET, "/", &[]).await.status, StatusCode::MISDIRECTED_REQUEST);
    let twice = [("host", "localhost:8484"), ("host", "evil.test")];
    assert_eq!(send(Method::GET, "/", &twice).await.status, StatusCode::MISDIRECTED_REQUEST);
    let absolute = send(Method::GET, "http://evil.test/", &[("host", "localhost:8484")]).await;
    assert_eq!(absolute.status, StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn the_loopback_names_are_ours() {
    for host in ["127.0.0.1:8484", "localhost:8484", "LocalHost:8484", "[::1]:8484"] {
        assert_eq!(send(Method::GET, "/livez", &[("host", host)]).await.status, StatusCode::OK, "{host}");
    }
}

#[tokio::test]
async fn a_page_without_a_cluster_answers_reads_alone() {
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS, Method::TRACE] {
        for path in ["/", "/index.html", "/livez", "/v1/session", "/nothing"] {
            let answer = send(method.clone(), path, &[("host", "localhost:8484")]).await;
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            assert_eq!(answer.header(header::ALLOW), "GET, HEAD");
            assert_eq!(answer.header(header::CONTENT_TYPE), "application/problem+json");
        }
    }
}

#[tokio::test]
async fn head_has_the_headers_of_get_and_no_body() {
    let answer = send(Method::HEAD, "/worker_bg.wasm", &[("host", "localhost:8484")]).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/wasm");
    assert_eq!(answer.body, "");
}

#[tokio::test]
async fn the_smallest_encoding_that_the_client_takes_is_sent() {
    let path = "/app-0123456789abcdef.js";
    let mut tags = Vec::new();
    for (accept, coding, body) in [
        ("gzip, deflate, br, zstd", "br", "brotli"),
        ("gzip", "gzip", "gzip"),
        ("br;q=0, gzip", "gzip", "gzip"),
        ("identity", "", "plain"),
    ] {
        let answer = get(path, &[("accept-encoding", accept)]).await;
        assert_eq!(answer.header(header::CONTENT_ENCODING), coding, "{accept}");
        assert_eq!(answer.body, body);
        assert_eq!(answer.header(header::VARY), "Accept-Encoding");
        assert_eq!(answer.header(header::CONTENT_TYPE), "text/javascript; charset=utf-8");
        tags.push(answer.header(header::ETAG).to_owned());
    }
    tags.dedup();
    assert_eq!(tags.len(), 3, "one tag for each encoding");
    assert_eq!(get("/app-0123456789abcdef.js.br", &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(get("/archive.gz", &[]).await.body, "a file of its own");
}

#[tokio::test]
async fn hashed_names_are_kept_for_ever_and_others_are_asked_for_again() {
    let hashed = get("/app-0123456789abcdef.js", &[]).await;
    assert_eq!(hashed.header(header::CACHE_CONTROL), "public, max-age=31536000, immutable");
    for path in ["/", "/worker_bg.wasm", "/examples/starter.json"] {
        let first = get(path, &[]).await;
        assert_eq!(first.header(header::CACHE_CONTROL), "no-cache");
        let tag = first.header(header::ETAG).to_owned();
        let again = get(path, &[("if-none-match", &tag)]).await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{path}");
        assert_eq!(again.body, "");
        assert_eq!(again.header(header::ETAG), tag);
        assert_eq!(get(path, &[("if-none-match", "\"other\"")]).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn paths_outside_the_page_do_not_exist() {
    for path in [
        "/etc/passwd",
        "/examples",
        "/v1/nothing",
        "/v1",
        "/metrics",
        "/livez/x",
        "/app-0123456789abcdef.js.br",
    ] {
        let answer = get(path, &[]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.problem(), "not-found", "{path}");
    }
}

#[tokio::test]
async fn the_session_names_the_versions() {
    let answer = get("/v1/session", &[]).await;
    assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
    let session: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
    assert_eq!(session["apiVersion"], 1);
    assert_eq!(session["bridgeVersion"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn a_folder_without_a_page_is_refused_with_its_name() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let error = Page::load(&folder).expect_err("there is no page");
    assert!(error.to_string().contains("has no index.html"), "{error}");
}
