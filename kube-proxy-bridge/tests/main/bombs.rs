//! T16: what is small and becomes large, deep or endless when it is read.

use std::io::Write as _;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use kube_proxy_bridge::config::Access;
use kube_proxy_bridge::documents;
use kube_proxy_bridge::object::Object;
use kube_proxy_bridge::releases::{Body, Revision};
use release::record::Limits;
use serde_json::{Value, json};
use wire::{Code, Document};

use crate::harness::{Ask, Bridge};
use crate::tokens;

/// Far more than any of this takes on a machine that is busy; a bomb takes minutes, or all memory.
const PATIENCE: Duration = Duration::from_secs(60);

fn gzip(parts: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    for part in parts {
        encoder.write_all(&part).expect("in memory");
    }
    encoder.finish().expect("in memory")
}

/// A Secret whose key `release` holds `stored`, which Helm writes as base64 of gzip.
fn secret(stored: &str) -> Object {
    Object::from_value(json!({
        "metadata": { "name": "sh.helm.release.v1.web.v1", "namespace": "shop", "labels": { "owner": "helm" } },
        "data": { "release": STANDARD.encode(stored) },
    }))
    .expect("a map")
}

#[test]
fn t16_records_that_explode_are_given_up() {
    let zeros = |n: usize, byte: u8| gzip((0..n).map(move |_| vec![byte; 1 << 20]));
    let twice = gzip([zeros(64, b' ')].into_iter());
    let record = |fields: Value| gzip([fields.to_string().into_bytes()].into_iter());
    let info = || json!({ "status": "deployed" });
    let nested = |open: &str, n: usize| gzip([open.repeat(n).into_bytes()].into_iter());
    let many = |n: usize| format!("[{}]", vec!["{}"; n].join(","));
    for (what, stored) in [
        ("a gzip of spaces", STANDARD.encode(zeros(64, b' '))),
        ("a gzip of digits", STANDARD.encode(zeros(64, b'9'))),
        ("a gzip in a gzip", STANDARD.encode(twice)),
        ("a gzip that is cut", STANDARD.encode(&zeros(4, b'x')[..100])),
        ("lists in lists", STANDARD.encode(nested("[", 1 << 22))),
        ("maps in maps", STANDARD.encode(nested("{\"a\":", 1 << 20))),
        ("a list of a million hooks", STANDARD.encode(gzip(
            [format!("{{\"name\":\"web\",\"info\":{{}},\"hooks\":{}}}", many(1_000_000)).into_bytes()].into_iter(),
        ))),
        ("a text that does not end", STANDARD.encode(gzip([b"{\"manifest\":\"".to_vec()].into_iter().chain((0..40).map(|_| vec![b'x'; 1 << 20]))))),
        ("a revision beyond all numbers", STANDARD.encode(record(json!({ "name": "web", "info": info(), "version": 1e300 })))),
        ("a revision below all numbers", STANDARD.encode(record(json!({ "name": "web", "info": info(), "version": -1 })))),
        ("a time beyond all times", STANDARD.encode(record(json!({ "name": "web", "info": { "status": "deployed", "last_deployed": "999999999-01-01T00:00:00Z" } })))),
        ("base64 without an end", "A".repeat(3 << 20)),
        ("base64 that is none", "=".repeat(1 << 20)),
    ] {
        let started = Instant::now();
        let found = Revision::read(&secret(&stored), &Limits::default()).expect("an entry");
        assert!(matches!(found.body, Body::Corrupt(_)), "{what}");
        assert!(started.elapsed() < PATIENCE, "{what}: {:?}", started.elapsed());
    }
}

#[test]
fn t16_revisions_that_leave_no_room_for_the_next_are_no_records() {
    for (revision, is_record) in [
        ("1", true),
        ("2147483647", true),
        ("2147483648", false),
        ("4294967295", false),
        ("99999999999999999999", false),
    ] {
        let mut secret = secret("x");
        secret.set_metadata("name", &format!("sh.helm.release.v1.web.v{revision}"));
        assert_eq!(Revision::read(&secret, &Limits::default()).is_some(), is_record, "{revision}");
    }
}

#[test]
fn t16_documents_that_explode_are_refused() {
    let document = |yaml: String| Document { source: "c/templates/a.yaml".to_owned(), yaml };
    // Ten levels of ten aliases each.
    let mut aliases = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
    for level in 1..10 {
        let before = format!("*a{}", level - 1);
        aliases.push_str(&format!("a{level}: &a{level} [{}]\n", vec![before; 10].join(",")));
    }
    let object = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
    for (what, yaml, code) in [
        ("aliases of aliases", format!("{object}{aliases}"), Code::InvalidDocument),
        ("a list of itself", format!("{object}a: &a [*a]\n"), Code::InvalidDocument),
        ("lists in lists", format!("{object}a: {}", "[".repeat(200_000)), Code::InvalidDocument),
        ("maps in maps", format!("{object}a: {}", "{a: ".repeat(100_000)), Code::InvalidDocument),
        (
            "blocks in blocks",
            format!("{object}a:\n{}", (1..1_500).map(|n| " ".repeat(n) + "a:\n").collect::<String>()),
            Code::InvalidDocument,
        ),
        ("a long one", format!("{object}data: {{a: {}}}", "x".repeat(2 << 20)), Code::TooLarge),
    ] {
        let started = Instant::now();
        let refused = documents::read(&[document(yaml)]).expect_err(what);
        assert_eq!(refused.code, code, "{what}: {}", refused.detail);
        assert!(started.elapsed() < PATIENCE, "{what}: {:?}", started.elapsed());
    }
    let many: Vec<Document> = (0..5_001).map(|_| document("a: 1".to_owned())).collect();
    assert_eq!(documents::read(&many).expect_err("too many").code, Code::TooManyDocuments);
}

#[tokio::test]
async fn t16_requests_that_explode_are_refused() {
    let (server, _) = tokens::listener().await;
    let unlimited = |setup: &mut kube_proxy_bridge::Setup| {
        setup.settings.rates.plans_per_second = 1e6;
        setup.settings.rates.operations_per_minute = 1e6;
    };
    let bridge = Bridge::with(Access::Local, &server, unlimited).await;
    let token = bridge.sign_in().await;
    let plan = |body: String| Ask::post("/v1/plans", &json!(null)).bearer(&token).body(body);
    let around = |inside: &str| {
        format!(
            "{{\"namespace\":\"shop\",\"release\":\"web\",\"subject\":{{\"kind\":\"apply\",\"world\":\"exact\",\"documents\":[],\"chart\":{{\"metadata\":{{}},\"values\":{inside}}}}}}}"
        )
    };
    for (what, body) in [
        ("lists in lists", around(&"[".repeat(1 << 20))),
        ("maps in maps", around(&"{\"a\":".repeat(1 << 20))),
        ("a number beyond all numbers", around(&format!("{{\"a\":{}}}", "9".repeat(1 << 20)))),
        ("rubbish", "\0".repeat(1 << 20)),
    ] {
        let started = Instant::now();
        let answer = bridge.send(plan(body)).await;
        assert!(
            answer.status.is_client_error() || answer.status == StatusCode::BAD_GATEWAY,
            "{what}: {} {}",
            answer.status,
            answer.body
        );
        assert!(answer.body.len() < 4096, "{what}: an answer of {} bytes", answer.body.len());
        assert!(started.elapsed() < PATIENCE, "{what}");
    }
    let rollback = |field: &str, value: &str| {
        Ask::post("/v1/namespaces/shop/releases/web:rollback", &json!(null))
            .bearer(&token)
            .header("idempotency-key", "k")
            .body(format!("{{\"{field}\":{value}}}"))
    };
    for (field, value) in [
        ("toRevision", "4294967296"),
        ("toRevision", "-1"),
        ("toRevision", "1e9"),
        ("expectedRevision", "99999999999999999999"),
    ] {
        assert_eq!(bridge.send(rollback(field, value)).await.problem(), "invalid-request", "{field} {value}");
    }
    // As often as it inflates, it is stopped at the same place.
    let bomb = gzip((0..200).map(|_| vec![b' '; 1 << 20]));
    let answer = bridge.send(plan(String::new()).header("content-encoding", "gzip").body(bomb)).await;
    assert_eq!(answer.problem(), "too-large");
    let many: Vec<Value> = (0..10_000)
        .map(|n| json!({"apiVersion": "v1", "kind": "ConfigMap", "name": n.to_string()}))
        .collect();
    let lookup = Ask::post("/v1/lookup", &json!({ "items": many })).bearer(&token);
    assert!(bridge.send(lookup).await.status.is_client_error());
}
