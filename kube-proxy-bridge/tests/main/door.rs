//! Who is let in: T1 to T5, T13, T15, T19, T21, T22.

use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::routing::{get, post};
use flate2::Compression;
use flate2::write::GzEncoder;
use kube_proxy_bridge::State;
use kube_proxy_bridge::auth::Caller;
use kube_proxy_bridge::config::Access;
use kube_proxy_bridge::http::body::Json;
use kube_proxy_bridge::http::error::Failure;
use kube_proxy_bridge::http::guard::PENALTY;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::harness::{Ask, Bridge, connector};

const RELEASE: &str = "/v1/namespaces/{namespace}/releases/{release}";

/// Routes of ours with handlers that only say that they were reached.
fn probes() -> Router<State> {
    let reached = || async { "reached" };
    Router::new()
        .route("/v1/releases", get(reached))
        .route("/v1/plans", post(|_: Caller, Json(body): Json<Value>| async move { body.to_string() }))
        .route("/v1/lookup", post(|Json(body): Json<Value>| async move { body.to_string() }))
        .route("/v1/operations/{id}", get(reached).post(reached))
        .route(RELEASE, get(reached).post(|_: Caller| async { "reached" }))
        .route("/v1/session", get(|| async { "reached" }))
        .route("/v1/unlisted", get(reached))
        .route("/readyz", get(|headers: HeaderMap| async move { format!("{headers:?}") }))
        .route("/livez", get(panics))
}

#[expect(clippy::panic, reason = "a handler that has a mistake")]
async fn panics() -> &'static str {
    panic!("canary-panic")
}

async fn probe() -> Bridge {
    Bridge::local().await.serving(probes())
}

#[tokio::test]
async fn t1_another_host_is_refused_on_every_path() {
    let bridge = probe().await;
    let token = bridge.sign_in_by_state();
    for path in ["/", "/v1/session", "/v1/releases", "/nothing", "/livez"] {
        let answer = bridge.send(Ask::get(path).header("host", "evil.test:8484").bearer(&token)).await;
        assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST, "{path}");
        assert_eq!(answer.problem(), "host-not-allowed");
    }
}

#[tokio::test]
async fn t2_pages_of_other_origins_are_refused_even_with_a_token() {
    let bridge = probe().await;
    let token = bridge.sign_in_by_state();
    let plan = || Ask::post("/v1/plans", &json!({})).bearer(&token);
    for (name, value) in [
        ("origin", "http://evil.test"),
        ("origin", "null"),
        ("origin", "http://127.0.0.1:9999"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        for ask in [plan(), Ask::get("/v1/releases").bearer(&token)] {
            let answer = bridge.send(ask.header(name, value)).await;
            assert_eq!(answer.problem(), "origin-not-allowed", "{name}: {value}");
            assert!(!answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
        }
    }
    let ours = plan().header("origin", "http://127.0.0.1:8484").header("sec-fetch-site", "same-origin");
    assert_eq!(bridge.send(ours).await.status, StatusCode::OK);
    // The page itself may be linked to.
    let link = Ask::get("/").header("sec-fetch-site", "cross-site").header("sec-fetch-mode", "navigate");
    assert_eq!(bridge.send(link).await.status, StatusCode::OK);
}

#[tokio::test]
async fn t2_what_a_form_can_send_is_refused() {
    let bridge = probe().await;
    let token = bridge.sign_in_by_state();
    let ask = |content_type: &str, x_bridge: bool| {
        let ask = Ask::new(Method::POST, "/v1/plans")
            .bearer(&token)
            .header("content-type", content_type)
            .body("{}");
        if x_bridge { ask.header("x-bridge", "1") } else { ask }
    };
    for (content_type, x_bridge, taken) in [
        ("text/plain", true, false),
        ("application/x-www-form-urlencoded", true, false),
        ("multipart/form-data; boundary=x", true, false),
        ("text/plain; application/json", true, false),
        ("application/json", false, false),
        ("application/json", true, true),
        ("application/json; charset=utf-8", true, true),
    ] {
        let answer = bridge.send(ask(content_type, x_bridge)).await;
        assert_eq!(answer.status == StatusCode::OK, taken, "{content_type} {x_bridge}: {}", answer.body);
    }
    let twice = ask("application/json", true).header("content-type", "text/plain");
    assert_eq!(bridge.send(twice).await.problem(), "invalid-request");
    // A cookie is no credential.
    let cookie =
        Ask::get("/v1/releases").header("cookie", &format!("token={token}; authorization=Bearer {token}"));
    assert_eq!(bridge.send(cookie).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn t2_a_configured_origin_gets_exactly_its_own_name() {
    let origin = "https://charts.example.org";
    let bridge = Bridge::with(Access::Local, "http://127.0.0.1:1", |setup| {
        setup.allow_origins = vec![origin.to_owned()];
    })
    .await
    .serving(probes());
    let token = bridge.sign_in_by_state();
    let preflight = |origin: &str| {
        Ask::new(Method::OPTIONS, "/v1/plans")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,x-bridge")
    };
    let answer = bridge.send(preflight(origin)).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(answer.header("access-control-allow-origin"), origin);
    assert_eq!(answer.header("access-control-allow-methods"), "GET, POST");
    assert!(answer.header("access-control-allow-headers").contains("authorization"));
    assert!(!answer.headers.contains_key("access-control-allow-credentials"));
    assert_eq!(answer.header(header::VARY), "Origin");
    let foreign = bridge.send(preflight("https://evil.test")).await;
    assert_eq!(foreign.problem(), "origin-not-allowed");
    assert!(!foreign.headers.contains_key("access-control-allow-origin"));
    let call = Ask::get("/v1/releases")
        .bearer(&token)
        .header("origin", origin)
        .header("sec-fetch-site", "cross-site");
    let answer = bridge.send(call).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("access-control-allow-origin"), origin);
    // A refusal is readable for the page that may ask.
    let refused = bridge.send(Ask::get("/v1/releases").header("origin", origin)).await;
    assert_eq!(refused.problem(), "unauthenticated");
    assert_eq!(refused.header("access-control-allow-origin"), origin);
    // Without the flag there is nothing of the kind.
    let plain = probe().await.send(Ask::get("/v1/session").header("origin", "http://127.0.0.1:8484")).await;
    assert!(plain.headers.keys().all(|name| !name.as_str().starts_with("access-control-")));
}

#[tokio::test]
async fn t3_nothing_but_the_session_is_told_without_a_token() {
    let bridge = Bridge::local().await.serving(probes());
    for ask in [
        Ask::get("/v1/releases"),
        Ask::get("/v1/namespaces/a/releases/b"),
        Ask::post("/v1/plans", &json!({})),
        Ask::post("/v1/namespaces/a/releases/b:apply", &json!({})),
        Ask::get("/v1/releases").bearer("guess"),
        Ask::get("/v1/releases").header("authorization", "Basic YTpi"),
    ] {
        let answer = bridge.send(ask).await;
        assert_eq!(answer.problem(), "unauthenticated");
        assert_eq!(answer.header(header::WWW_AUTHENTICATE), "Bearer");
    }
    let session = Bridge::local().await.send(Ask::get("/v1/session")).await.json();
    assert_eq!((&session["mode"], &session["signedIn"]), (&json!("local"), &json!(false)));
    assert_eq!(session.get("cluster").or(session.get("policy")).or(session.get("limits")), None);
}

#[tokio::test]
async fn t4_a_launch_code_is_good_once_and_for_a_minute() {
    let bridge = Bridge::local().await;
    let code = bridge.state.codes().issue(Instant::now()).expect("randomness");
    let answer = bridge.exchange(code.expose_secret()).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
    assert_eq!(answer.json()["idleSeconds"], 43_200);
    assert_eq!(bridge.exchange(code.expose_secret()).await.problem(), "unauthenticated");
    let old = Instant::now().checked_sub(Duration::from_secs(61)).expect("the machine runs for a minute");
    let late = bridge.state.codes().issue(old).expect("randomness");
    assert_eq!(bridge.exchange(late.expose_secret()).await.problem(), "unauthenticated");
    // The token opens what the code does not.
    let token = answer.json()["token"].as_str().expect("a token").to_owned();
    let session = bridge.send(Ask::get("/v1/session").bearer(&token)).await.json();
    assert_eq!(session["signedIn"], true);
    assert_eq!(session["cluster"]["context"], "here");
    assert_eq!(session["policy"]["deniedNamespaces"], json!(["kube-*"]));
    assert_eq!(session["limits"]["bodyBytes"], 16 << 20);
    assert_eq!(
        bridge.send(Ask::get("/v1/session").bearer(code.expose_secret())).await.problem(),
        "unauthenticated"
    );
}

#[tokio::test]
async fn t4_a_session_ends_when_it_is_idle_and_with_the_process() {
    let brief =
        |setup: &mut kube_proxy_bridge::Setup| setup.settings.idle_timeout = Duration::from_millis(40);
    let bridge = Bridge::with(Access::Local, "http://127.0.0.1:1", brief).await;
    let token = bridge.sign_in().await;
    assert_eq!(bridge.send(Ask::get("/v1/session").bearer(&token)).await.status, StatusCode::OK);
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert_eq!(bridge.send(Ask::get("/v1/session").bearer(&token)).await.problem(), "unauthenticated");
    let token = bridge.sign_in().await;
    let restarted = Bridge::local().await;
    assert_eq!(restarted.send(Ask::get("/v1/session").bearer(&token)).await.problem(), "unauthenticated");
}

#[tokio::test]
async fn t5_a_peer_that_guesses_is_slowed_down_and_nobody_else() {
    let bridge = probe().await;
    let token = bridge.sign_in_by_state();
    for idx in 0..10 {
        let answer = bridge.send(Ask::get("/v1/releases").bearer(&format!("guess-{idx}"))).await;
        assert_eq!(answer.problem(), "unauthenticated", "{idx}");
    }
    let answer = bridge.send(Ask::get("/v1/releases").bearer("guess")).await;
    assert_eq!(answer.problem(), "rate-limited");
    let wait: u64 = answer.header(header::RETRY_AFTER).parse().expect("seconds");
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(bridge.send(Ask::get("/v1/releases").bearer(&token)).await.status, StatusCode::OK);
    let text = bridge.state.metrics().text();
    assert!(text.contains("kpb_auth_failures_total{reason=\"session\"} 11"), "{text}");
    // Codes are guesses, too, and peers are told apart.
    let codes = Bridge::local().await;
    for _ in 0..10 {
        assert_eq!(codes.exchange("guess").await.problem(), "unauthenticated");
    }
    assert_eq!(codes.exchange("guess").await.problem(), "rate-limited");
    let elsewhere = SocketAddr::new(IpAddr::from([10, 0, 0, 9]), 1);
    let other =
        Ask::post("/v1/session:exchange", &json!({"code": "guess"})).extension(ConnectInfo(elsewhere));
    assert_eq!(codes.send(other).await.problem(), "unauthenticated");
}

#[tokio::test]
async fn t5_who_guessed_too_often_is_answered_late() {
    let bridge = probe().await;
    let guess = || Ask::get("/v1/releases").bearer("guess");
    for _ in 0..10 {
        bridge.send(guess()).await;
    }
    let started = Instant::now();
    let answer = bridge.send(guess()).await;
    assert_eq!(answer.problem(), "rate-limited");
    assert!(!answer.header(header::RETRY_AFTER).is_empty());
    assert!(started.elapsed() >= PENALTY, "{:?}", started.elapsed());
    // Many at once wait together, and those that are more than the bridge keeps waiting are answered at once.
    let started = Instant::now();
    let all = futures::future::join_all((0..200).map(|_| bridge.send(guess()))).await;
    assert!(all.iter().all(|answer| answer.status == StatusCode::TOO_MANY_REQUESTS));
    assert!(started.elapsed() < 100 * PENALTY, "{:?}", started.elapsed());
}

#[tokio::test]
async fn t5_two_authorization_headers_are_one_too_many() {
    let bridge = probe().await;
    let token = bridge.sign_in_by_state();
    for second in [token.as_str(), "other"] {
        let answer = bridge.send(Ask::get("/v1/releases").bearer(&token).bearer(second)).await;
        assert_eq!(answer.problem(), "unauthenticated");
    }
}

#[tokio::test]
async fn t13_paths_that_could_be_read_in_two_ways_are_refused() {
    let bridge = probe().await;
    let token = bridge.sign_in_by_state();
    for path in [
        "/v1/namespaces/a%2fb/releases/c",
        "/v1/namespaces/a/releases/b%2F..%2Fc",
        "/v1/namespaces/%2e%2e/releases/b",
        "/v1/namespaces/../releases/b",
        "/v1/namespaces/./releases/b",
        "/v1/namespaces//releases/b",
        "/v1//releases",
        "/v1/releases/",
        "/v1/namespaces/a%00/releases/b",
        "/v1/namespaces/a%5cb/releases/b",
        "/v1/namespaces/a/releases/b%3Aapply",
        "/%2e%2e/Cargo.toml",
        "/..%2fCargo.toml",
        "//etc/passwd",
        "/examples/../../Cargo.toml",
    ] {
        let answer = bridge.send(Ask::get(path).bearer(&token)).await;
        assert_eq!(answer.problem(), "invalid-request", "{path}");
    }
}

#[tokio::test]
async fn t13_names_in_paths_and_queries_are_checked() {
    let bridge = Bridge::local().await.serving(
        Router::new().route(
            RELEASE,
            get(|path: kube_proxy_bridge::http::path::ReleasePath| async move { format!("{path:?}") })
                .post(|path: kube_proxy_bridge::http::path::ReleaseVerb| async move { format!("{path:?}") }),
        ),
    );
    let token = bridge.sign_in_by_state();
    let get = |path: &str| Ask::get(path).bearer(&token);
    assert_eq!(bridge.send(get("/v1/namespaces/a/releases/b.c")).await.status, StatusCode::OK);
    for path in [
        "/v1/namespaces/A/releases/b",
        "/v1/namespaces/a.b/releases/b",
        "/v1/namespaces/a/releases/b_c",
        "/v1/namespaces/a/releases/b:c",
        "/v1/namespaces/a/releases/..b",
    ] {
        assert_eq!(bridge.send(get(path)).await.problem(), "invalid-name", "{path}");
    }
    assert_eq!(bridge.send(get("/v1/namespaces/a/releases/b?x=1")).await.problem(), "unknown-field");
    let post = |path: &str| Ask::post(path, &json!({})).bearer(&token);
    let answer = bridge.send(post("/v1/namespaces/a/releases/b:rollback")).await;
    assert!(answer.body.contains("verb: \"rollback\""), "{}", answer.body);
    assert_eq!(bridge.send(post("/v1/namespaces/a/releases/b")).await.problem(), "not-found");
    assert_eq!(bridge.send(post("/v1/namespaces/a/releases/b:exec")).await.problem(), "not-found");
    assert_eq!(bridge.send(post("/v1/namespaces/a/releases/B:apply")).await.problem(), "invalid-name");
}

#[tokio::test]
async fn t15_headers_that_impersonate_never_arrive() {
    let bridge = probe().await;
    let token = bridge.sign_in_by_state();
    let ask = Ask::get("/readyz")
        .bearer(&token)
        .header("impersonate-user", "canary")
        .header("Impersonate-Group", "canary")
        .header("impersonate-extra-scopes", "canary")
        .header("x-remote-user", "canary")
        .header("x-remote-group", "canary")
        .header("x-forwarded-user", "canary")
        .header("x-other", "kept");
    let answer = bridge.send(ask).await;
    assert!(!answer.body.contains("canary"), "{}", answer.body);
    // Nor does the token, once it has been read.
    assert!(!answer.body.contains("authorization"), "{}", answer.body);
    assert!(answer.body.contains("kept"));
}

#[tokio::test]
async fn t19_every_answer_forbids_frames_and_openers() {
    let bridge = probe().await;
    let token = bridge.sign_in_by_state();
    for ask in [
        Ask::get("/"),
        Ask::get("/nothing"),
        Ask::get("/v1/releases"),
        Ask::get("/v1/releases").bearer(&token),
        Ask::get("/livez"),
        Ask::new(Method::PUT, "/v1/releases").bearer(&token),
        Ask::get("/").header("host", "evil.test"),
    ] {
        let answer = bridge.send(ask).await;
        let policy = answer.header(header::CONTENT_SECURITY_POLICY);
        assert!(
            policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"),
            "{policy}"
        );
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("x-request-id").len(), 16);
    }
}

#[tokio::test]
async fn t21_a_caller_gets_a_rate_for_each_kind_of_request() {
    let bridge = probe().await;
    let token = bridge.sign_in_by_state();
    let mut taken = [0; 3];
    for _ in 0..150 {
        let read = bridge.send(Ask::get("/v1/releases").bearer(&token)).await;
        taken[0] += usize::from(read.status == StatusCode::OK);
    }
    for _ in 0..15 {
        let plan = bridge.send(Ask::post("/v1/plans", &json!({})).bearer(&token)).await;
        taken[1] += usize::from(plan.status == StatusCode::OK);
        let apply =
            bridge.send(Ask::post("/v1/namespaces/a/releases/b:apply", &json!({})).bearer(&token)).await;
        taken[2] += usize::from(apply.status == StatusCode::OK);
    }
    // The machine may be slow: what trickles in meanwhile is the rate, never more.
    assert!((100..150).contains(&taken[0]), "{taken:?}");
    assert!((4..15).contains(&taken[1]), "{taken:?}");
    assert!((10..12).contains(&taken[2]), "{taken:?}");
    let text = bridge.state.metrics().text();
    assert!(text.contains("kpb_rate_limited_total{route=\"/v1/plans\"}"), "{text}");
}

#[tokio::test]
async fn t21_bodies_have_limits_compressed_or_not() {
    let small = |setup: &mut kube_proxy_bridge::Setup| {
        setup.settings.caps.body_bytes = 100;
        setup.settings.caps.large_body_bytes = 1000;
        setup.settings.caps.inflated_body_bytes = 2000;
        setup.settings.rates.plans_per_second = 1e6;
    };
    let bridge = Bridge::with(Access::Local, "http://127.0.0.1:1", small).await.serving(probes());
    let token = bridge.sign_in_by_state();
    let text = |size: usize| json!({ "a": "x".repeat(size) });
    let post = |path: &str, body: &Value| Ask::post(path, body).bearer(&token);
    assert_eq!(bridge.send(post("/v1/lookup", &text(50))).await.status, StatusCode::OK);
    assert_eq!(bridge.send(post("/v1/lookup", &text(150))).await.problem(), "too-large");
    assert_eq!(bridge.send(post("/v1/plans", &text(900))).await.status, StatusCode::OK);
    assert_eq!(bridge.send(post("/v1/plans", &text(1100))).await.problem(), "too-large");
    let gzip = |path: &str, size: usize| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text(size).to_string().as_bytes()).expect("in memory");
        post(path, &json!(null)).header("content-encoding", "gzip").body(encoder.finish().expect("in memory"))
    };
    let answer = bridge.send(gzip("/v1/plans", 1900)).await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::OK, 1908));
    // A megabyte of one letter fits into a kilobyte.
    assert_eq!(bridge.send(gzip("/v1/plans", 800_000)).await.problem(), "too-large");
    assert_eq!(bridge.send(gzip("/v1/lookup", 10)).await.problem(), "invalid-request");
    let odd = post("/v1/plans", &json!({})).header("content-encoding", "gzip");
    assert_eq!(bridge.send(odd).await.problem(), "invalid-request");
    let odd = post("/v1/plans", &json!({})).header("content-encoding", "br");
    assert_eq!(bridge.send(odd).await.problem(), "invalid-request");
    let told = post("/v1/plans", &json!({})).header("content-length", "99999999999");
    assert_eq!(bridge.send(told).await.problem(), "too-large");
}

#[tokio::test]
async fn t22_a_cluster_nobody_vouches_for_is_refused_and_no_request_chooses_another() {
    let refused = connector("http://127.0.0.1:1", false).await.expect_err("refused");
    assert!(refused.to_string().contains("--allow-insecure-cluster"), "{refused}");
    assert!(!refused.to_string().contains("canary"), "{refused}");
    let bridge = Bridge::local().await;
    let token = bridge.sign_in().await;
    let ask = Ask::get("/v1/session").bearer(&token).header("x-kubecontext", "other");
    assert_eq!(bridge.send(ask).await.json()["cluster"]["context"], "here");
    let ask = Ask::get("/v1/session?context=other").bearer(&token);
    assert_eq!(bridge.send(ask).await.problem(), "unknown-field");
}

#[tokio::test]
async fn a_bridge_that_only_reads_or_stops_takes_no_operations() {
    let read_only = |setup: &mut kube_proxy_bridge::Setup| setup.settings.read_only = true;
    let bridge = Bridge::with(Access::Local, "http://127.0.0.1:1", read_only).await.serving(probes());
    let token = bridge.sign_in_by_state();
    let apply = || Ask::post("/v1/namespaces/a/releases/b:apply", &json!({})).bearer(&token);
    assert_eq!(bridge.send(apply()).await.problem(), "read-only");
    assert_eq!(bridge.send(Ask::post("/v1/plans", &json!({})).bearer(&token)).await.status, StatusCode::OK);
    let bridge = probe().await;
    let token = bridge.sign_in_by_state();
    bridge.state.drain().await;
    let answer = bridge.send(Ask::post("/v1/namespaces/a/releases/b:apply", &json!({})).bearer(&token)).await;
    assert_eq!(answer.problem(), "draining");
    assert_eq!(answer.header(header::RETRY_AFTER), "1");
    let cancel = Ask::post("/v1/operations/op_1:cancel", &json!({})).bearer(&token);
    assert_eq!(bridge.send(cancel).await.status, StatusCode::OK);
    assert_eq!(bridge.send(Ask::get("/v1/releases").bearer(&token)).await.status, StatusCode::OK);
    let real = Bridge::local().await;
    real.state.drain().await;
    let ready = real.send(Ask::get("/readyz?verbose")).await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(ready.body.starts_with("[-] serving failed\n[-] cluster failed\n"), "{}", ready.body);
}

#[tokio::test]
async fn what_has_no_row_stays_closed_and_other_methods_are_named() {
    let bridge = probe().await;
    let token = bridge.sign_in_by_state();
    assert_eq!(bridge.send(Ask::get("/v1/unlisted").bearer(&token)).await.problem(), "not-found");
    let answer = bridge.send(Ask::new(Method::DELETE, "/v1/namespaces/a/releases/b").bearer(&token)).await;
    assert_eq!(answer.problem(), "method-not-allowed");
    assert_eq!(answer.header(header::ALLOW), "GET, HEAD, POST");
}

#[tokio::test]
async fn a_panic_is_one_requests_misfortune() {
    let bridge = probe().await;
    let answer = bridge.send(Ask::get("/livez")).await;
    assert_eq!(answer.problem(), "internal");
    assert!(!answer.body.contains("canary"), "{}", answer.body);
    assert_eq!(bridge.send(Ask::get("/v1/session")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_failure_of_ours_is_a_problem_with_the_requests_id() {
    let routes = Router::new().route("/livez", get(|| async { Failure::internal() }));
    let answer = Bridge::page().serving(routes).send(Ask::get("/livez")).await;
    assert_eq!(answer.problem(), "internal");
}
