//! What the bridge counts, at the end of a story: the metrics of a listener of their own.

use std::net::TcpListener;
use std::time::Duration;

use serde_json::json;
use tests::fault::{Fault, Rule};
use tests::kube::Access;
use tests::net::{Endpoint, Request};
use tests::scene::{Bridge, Scene, World, key};
use tests::trial::Trial;

use crate::mended::{QUICK, silence, until};
use crate::rendered::{apply, fail, path, statuses, succeed};

pub(crate) const TRIALS: &[Trial<World>] = &[
    Trial { name: "metrics_tell_what_began_a_rollback", run: rollbacks },
    Trial { name: "metrics_tell_of_recoveries", run: recoveries },
    Trial { name: "metrics_tell_why_watches_began_anew", run: watches },
];

/// A place for metrics that was free just now.
fn listener() -> Result<String, String> {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    free.map(|address| address.to_string()).map_err(|error| error.to_string())
}

/// A bridge, and where its metrics are.
fn metered(scene: &Scene<'_>, access: &Access, more: &[&str]) -> Result<(Bridge, Endpoint), String> {
    let address = listener()?;
    let args = [&["--metrics-listen", &address], more, &QUICK].concat();
    Ok((scene.bridge_as(access, &args)?, Endpoint::plain(&address)))
}

/// What stands behind a metric with its labels; 0 when it was never counted.
fn count(metrics: &Endpoint, metric: &str) -> Result<u64, String> {
    let text = metrics.send(&Request::new("GET", "/metrics")).map_err(|error| error.to_string())?.text();
    let line = text.lines().find_map(|line| line.strip_prefix(metric)?.strip_prefix(' '));
    line.map_or(Ok(0), |number| number.parse().map_err(|_| format!("{metric} {number}")))
}

fn rollbacks(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, plain) = (scene.helm()?, scene.chart("plain"));
    let (bridge, metrics) = metered(&scene, &scene.api.access, &["--metrics-namespace-label"])?;
    let to = path(&scene, "web", "apply");
    succeed(&bridge, &to, &apply(&helm, "install", "web", &plain, &[], json!({}))?)?;
    let options = json!({ "onFailure": "rollback", "stepTimeoutSeconds": 3 });
    fail(&bridge, &to, &apply(&helm, "upgrade", "web", &plain, &["outcome=crash"], options)?)?;
    succeed(&bridge, &path(&scene, "web", "rollback"), &json!({ "toRevision": 1 }))?;
    for trigger in ["on-failure", "user"] {
        let labels = format!("trigger=\"{trigger}\",result=\"success\",namespace=\"{}\"", scene.namespace);
        assert_eq!(count(&metrics, &format!("kpb_rollbacks_total{{{labels}}}"))?, 1, "{trigger}");
    }
    let labels = format!("type=\"install\",result=\"success\",reason=\"\",namespace=\"{}\"", scene.namespace);
    assert_eq!(count(&metrics, &format!("kpb_operations_total{{{labels}}}"))?, 1);
    Ok(())
}

fn recoveries(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, proxy, chart) = (scene.helm()?, scene.proxy()?, scene.chart("many"));
    let first = scene.bridge_as(proxy.access(), &QUICK)?;
    let to = |release: &str, verb: &str| path(&scene, release, verb);
    let ways = ["resume", "rollback", "abandon"];
    for release in ways {
        succeed(&first, &to(release, "apply"), &apply(&helm, "install", release, &chart, &[], json!({}))?)?;
    }
    // All three are cut off at an object.
    proxy.add(Rule::new("PATCH", r"/configmaps/[^?]*\?fieldManager=helm", Fault::Hang));
    for release in ways {
        let body = apply(&helm, "upgrade", release, &chart, &["colour=red"], json!({}))?;
        until(&first, &to(release, "apply"), &body, &key(), "applying")?;
    }
    drop(first);
    proxy.clear();
    silence();
    let (second, metrics) = metered(&scene, &scene.api.access, &[])?;
    for way in ways {
        succeed(&second, &to(way, "recover"), &json!({ "action": way }))?;
        let labels = format!("{{action=\"{way}\",found_state=\"pending-upgrade\"}}");
        assert_eq!(count(&metrics, &format!("kpb_recoveries_total{labels}"))?, 1, "{way}");
        assert_eq!(count(&metrics, &format!("kpb_recovery_duration_seconds_count{labels}"))?, 1, "{way}");
    }
    let back = "kpb_rollbacks_total{trigger=\"recovery\",result=\"success\"}";
    assert_eq!(count(&metrics, back)?, 1);
    assert_eq!(statuses(&helm, "resume")?, ["superseded", "deployed"]);
    assert_eq!(statuses(&helm, "rollback")?, ["superseded", "failed", "deployed"]);
    assert_eq!(statuses(&helm, "abandon")?, ["deployed", "failed"]);
    Ok(())
}

fn watches(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, proxy, plain) = (scene.helm()?, scene.proxy()?, scene.chart("plain"));
    let (bridge, metrics) = metered(&scene, proxy.access(), &[])?;
    let restarts =
        |reason: &str| count(&metrics, &format!("kpb_watch_restarts_total{{reason=\"{reason}\"}}"));
    let to = path(&scene, "web", "apply");
    let wait = |verb: &str, sets: &[&str]| {
        let body = apply(&helm, verb, "web", &plain, sets, json!({}))?;
        succeed(&bridge, &to, &body)
    };
    proxy.add(Rule::new("GET", "watch=true", Fault::CloseAfter(Duration::from_millis(300))).nth(1));
    proxy.add(Rule::new("GET", "watch=true", Fault::status(410, "Expired", "too old")).nth(2));
    wait("install", &["delay=3s"])?;
    assert!(restarts("closed")? + restarts("failed")? >= 1, "a watch was closed");
    assert!(restarts("expired")? >= 1, "a watch was too old");
    assert_eq!(restarts("forbidden")?, 0);
    proxy.clear();
    proxy.add(Rule::new("GET", "watch=true", Fault::status(403, "Forbidden", "no watching")));
    wait("upgrade", &["delay=1s", "colour=green"])?;
    assert!(restarts("forbidden")? >= 1, "watching was forbidden");
    Ok(())
}
