//! Each fault that the proxy injects, seen by a plain client.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tests::fault::{Fault, Proxy, Rule};
use tests::kube::Api;
use tests::net::Request;
use tests::net::http::is_timeout;
use tests::scene::World;
use tests::trial::Trial;

pub(crate) const TRIALS: &[Trial<World>] = &[
    Trial { name: "the_proxy_passes_everything_on", run: passes },
    Trial { name: "the_proxy_resets_before_the_request", run: resets_before },
    Trial { name: "the_proxy_resets_when_the_server_has_answered", run: resets_after },
    Trial { name: "the_proxy_answers_itself", run: answers },
    Trial { name: "the_proxy_delays_and_hangs", run: delays },
    Trial { name: "the_proxy_closes_watches", run: closes_watches },
    Trial { name: "the_proxy_calls_before_and_after", run: calls },
    Trial { name: "helm_works_through_the_proxy", run: helm },
];

fn passes(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let path = scene.path("v1", "configmaps");
    for proxy in [Proxy::start(&scene.api.access)?, Proxy::start_plain(&scene.api.access)?] {
        let api = Api::new(proxy.access().clone())?;
        api.create(&path, &json!({ "metadata": { "name": "a" }, "data": { "x": "1" } }))?;
        assert_eq!(api.get(&format!("{path}/a"))?, scene.api.get(&format!("{path}/a"))?);
        api.delete(&format!("{path}/a"))?;
        // A long answer comes in chunks.
        assert_eq!(api.get("/openapi/v2")?["swagger"], "2.0");
        assert_eq!(proxy.count("*", "configmaps"), 3);
        assert_eq!(proxy.seen()[0].status, 201);
    }
    Ok(())
}

fn resets_before(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (proxy, path) = (scene.proxy()?, scene.path("v1", "configmaps"));
    proxy.add(Rule::new("POST", "/configmaps$", Fault::ResetBefore).nth(2));
    let api = Api::new(proxy.access().clone())?;
    api.create(&path, &json!({ "metadata": { "name": "one" } }))?;
    let error = api.create(&path, &json!({ "metadata": { "name": "two" } })).expect_err("a reset");
    assert!(error.to_lowercase().contains("reset") || error.contains("closed"), "{error}");
    assert_eq!(scene.api.find(&format!("{path}/two"))?, None);
    api.create(&path, &json!({ "metadata": { "name": "two" } }))?;
    assert_eq!(proxy.seen()[1].fault, Some("reset-before"));
    Ok(())
}

fn resets_after(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (proxy, path) = (scene.proxy()?, scene.path("v1", "configmaps"));
    proxy.add(Rule::new("POST", "/configmaps$", Fault::ResetAfter).first(1));
    let api = Api::new(proxy.access().clone())?;
    let error = api.create(&path, &json!({ "metadata": { "name": "one" } })).expect_err("a reset");
    assert!(error.to_lowercase().contains("reset") || error.contains("closed"), "{error}");
    assert!(scene.api.find(&format!("{path}/one"))?.is_some(), "the server did not hear the request");
    assert_eq!(proxy.seen()[0].status, 201);
    Ok(())
}

fn answers(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (proxy, path) = (scene.proxy()?, scene.path("v1", "configmaps"));
    let slow_down = Fault::status(429, "TooManyRequests", "slow down").with_header("Retry-After", "2");
    proxy.add(Rule::new("*", "/configmaps", slow_down).first(2));
    let api = Api::new(proxy.access().clone())?;
    for _ in 0..2 {
        let response = api.send(Request::new("GET", &path))?;
        assert_eq!((response.status, response.header("retry-after")), (429, "2"));
        assert_eq!(response.json()["reason"], "TooManyRequests");
    }
    assert_eq!(api.send(Request::new("GET", &path))?.status, 200);
    // Rules can change while the proxy runs.
    proxy.add(Rule::new("GET", "/configmaps", Fault::answer(418, &json!({}))));
    assert_eq!(api.send(Request::new("GET", &path))?.status, 418);
    proxy.clear();
    assert_eq!(api.send(Request::new("GET", &path))?.status, 200);
    Ok(())
}

fn delays(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (proxy, path) = (scene.proxy()?, scene.path("v1", "configmaps"));
    proxy.add(Rule::new("GET", "/configmaps$", Fault::Delay(Duration::from_millis(700))));
    proxy.add(Rule::new("GET", "/secrets$", Fault::Hang));
    let api = Api::new(proxy.access().clone())?;
    let start = Instant::now();
    api.get(&path)?;
    assert!(start.elapsed() > Duration::from_millis(700), "{:?}", start.elapsed());
    // Another connection is not held up by one that hangs.
    let hanging = std::thread::spawn({
        let (api, path) = (api.clone(), scene.path("v1", "secrets"));
        move || api.get(&path)
    });
    scene.api.wait("the request", Duration::from_secs(10), |_| {
        Ok((proxy.count("GET", "/secrets$") == 1).then_some(()))
    })?;
    api.get("/version")?;
    assert!(!hanging.is_finished(), "a request that hangs was answered");
    drop(proxy);
    assert!(hanging.join().is_ok_and(|answer| answer.is_err()), "a request that hangs was answered");
    Ok(())
}

fn closes_watches(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (proxy, path) = (scene.proxy()?, scene.path("v1", "configmaps"));
    proxy.add(Rule::new("GET", "watch=(1|true)", Fault::CloseAfter(Duration::from_secs(1))));
    let api = Api::new(proxy.access().clone())?;
    let mut watch = api.open(Request::new("GET", &format!("{path}?watch=1&timeoutSeconds=60")))?;
    assert_eq!(watch.status(), 200);
    scene.api.create(&path, &json!({ "metadata": { "name": "seen" } }))?;
    let start = Instant::now();
    let mut text = String::new();
    let cut = loop {
        match watch.piece(Duration::from_secs(10)) {
            Ok(Some(piece)) => text.push_str(&String::from_utf8_lossy(&piece)),
            Ok(None) => break false,
            Err(error) => break !is_timeout(&error),
        }
    };
    assert!(text.contains(r#""type":"ADDED""#) && text.contains("seen"), "{text}");
    assert!(cut && start.elapsed() < Duration::from_secs(8), "the watch was not cut: {:?}", start.elapsed());
    Ok(())
}

fn calls(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (proxy, path) = (scene.proxy()?, scene.path("v1", "configmaps"));
    let n_there = Arc::new(AtomicUsize::new(9));
    let count = |n_there: &Arc<AtomicUsize>| {
        let (api, path, n_there) = (scene.api.clone(), format!("{path}/a"), Arc::clone(n_there));
        Arc::new(move || {
            let n = api.find(&path).map_or(7, |found| usize::from(found.is_some()));
            n_there.store(n, Ordering::Relaxed);
        })
    };
    let api = Api::new(proxy.access().clone())?;
    proxy.add(Rule::new("POST", "/configmaps$", Fault::Before(count(&n_there))));
    api.create(&path, &json!({ "metadata": { "name": "a" } }))?;
    assert_eq!(n_there.load(Ordering::Relaxed), 0, "before the request nothing is there");
    proxy.clear();
    scene.api.delete(&format!("{path}/a"))?;
    proxy.add(Rule::new("POST", "/configmaps$", Fault::After(count(&n_there))));
    api.create(&path, &json!({ "metadata": { "name": "a" } }))?;
    assert_eq!(n_there.load(Ordering::Relaxed), 1, "after the request it is there");
    Ok(())
}

fn helm(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let proxy = scene.proxy()?;
    let helm = scene.helm_as(proxy.access(), &scene.namespace)?;
    helm.ok(&["install", "web", &scene.chart("plain"), "--wait", "--timeout", "60s"])?;
    assert!(proxy.count("PATCH", "/deployments/web") > 0, "{:?}", proxy.seen());
    proxy.add(Rule::new(
        "PATCH",
        "/configmaps/web",
        Fault::status(500, "InternalError", "broken on purpose"),
    ));
    let complaint = helm.fails(&["upgrade", "web", &scene.chart("plain"), "--set", "colour=red"])?;
    assert!(complaint.contains("broken on purpose"), "{complaint}");
    Ok(())
}
