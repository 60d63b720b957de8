//! The bridge when something breaks: each fault of the list, what must hold, and that a second try succeeds.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tests::fault::{Fault, Rule};
use tests::kube::record;
use tests::net::Request;
use tests::scene::{Bridge, Scene, World};
use tests::trial::Trial;

use crate::rendered::{APPLY, apply, fail, path, statuses, succeed};
use crate::settled::settled;

pub(crate) const TRIALS: &[Trial<World>] = &[
    Trial { name: "f2_what_is_sent_twice_changes_once", run: f2 },
    Trial { name: "f4_an_object_does_not_fit_its_schema", run: f4 },
    Trial { name: "f6_a_conflict_comes_between_plan_and_apply", run: f6 },
    Trial { name: "f7_a_quota_is_busy", run: f7 },
    Trial { name: "f8_a_kind_is_not_served_yet", run: f8 },
    Trial { name: "f9_somebody_else_creates_the_revision", run: f9 },
    Trial { name: "f10_the_last_word_is_refused_for_good", run: f10_for_good },
    Trial { name: "f11_the_bridge_is_killed_at_each_phase", run: f11 },
    Trial { name: "f12_helm_is_killed_and_the_bridge_offers_a_way_out", run: f12 },
    Trial { name: "f13_the_token_expires_half_way", run: f13 },
    Trial { name: "f13_a_fresh_token_is_the_same_persons", run: f13_subject },
    Trial { name: "f14_every_call_is_slow", run: f14 },
    Trial { name: "f14_one_call_hangs_and_the_heart_beats", run: f14_hangs },
    Trial { name: "f15_watches_end_and_are_forbidden", run: f15 },
    Trial { name: "f16_the_record_is_deleted_half_way", run: f16 },
    Trial { name: "f18_an_old_webhook_knows_no_dry_runs", run: f18 },
    Trial { name: "f19_a_record_is_too_large", run: f19 },
    Trial { name: "f20_a_reader_comes_back_where_it_was", run: f20 },
    Trial { name: "f21_the_bridge_stops_while_it_waits", run: f21 },
    Trial { name: "f21_the_bridge_stops_while_it_applies", run: f21_apply },
    Trial { name: "f24_two_bridges_and_helm_never_both_win", run: f24 },
];

fn through(scene: &Scene<'_>, proxy: &tests::fault::Proxy) -> Result<Bridge, String> {
    scene.bridge_as(proxy.access(), &["--heartbeat-seconds", "1"])
}

fn f2(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, proxy) = (scene.helm()?, scene.proxy()?);
    let bridge = through(&scene, &proxy)?;
    for n in 0..4 {
        let object = scene.path("v1", &format!("configmaps/web-{n}"));
        let target = format!(r"/configmaps/web-{n}\?fieldManager=helm");
        let version = Arc::new(Mutex::new(String::new()));
        let note = {
            let (api, object, version) = (scene.api.clone(), object.clone(), Arc::clone(&version));
            move || {
                let found = api.get(&object).map(|found| found["metadata"]["resourceVersion"].to_string());
                *version.lock().unwrap_or_else(PoisonError::into_inner) = found.unwrap_or_else(|why| why);
            }
        };
        proxy.clear();
        proxy.add(Rule::new("PATCH", &target, Fault::ResetAfter).nth(1));
        proxy.add(Rule::new("PATCH", &target, Fault::Before(Arc::new(note))).nth(2));
        let (verb, colour) = (if n == 0 { "install" } else { "upgrade" }, format!("colour=c{n}"));
        let body = apply(&helm, verb, "web", &scene.chart("many"), &["count=4", &colour], json!({}))?;
        let events = succeed(&bridge, &path(&scene, "web", "apply"), &body)?;
        let again = events.iter().filter(|event| event["attempt"] == 2);
        assert_eq!(again.count(), 1, "{events:?}");
        let before = version.lock().unwrap_or_else(PoisonError::into_inner).clone();
        assert_eq!(scene.api.get(&object)?["metadata"]["resourceVersion"].to_string(), before);
    }
    proxy.clear();
    settled(&scene, &bridge, "web", "many", &["count=3"])
}

fn f4(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, proxy) = (scene.helm()?, scene.proxy()?);
    let bridge = through(&scene, &proxy)?;
    let text =
        "failed to create typed patch object (x; /v1, Kind=ConfigMap): .x: field not declared in schema";
    proxy.add(Rule::new("PATCH", APPLY, Fault::status(500, "", text)));
    let body = apply(&helm, "install", "web", &scene.chart("many"), &["count=1"], json!({}))?;
    let (operation, _) = fail(&bridge, &path(&scene, "web", "apply"), &body)?;
    assert_eq!(operation["problem"]["code"], "invalid-object", "{operation}");
    assert_eq!(proxy.count("PATCH", APPLY), 1, "it is not tried again");
    assert_eq!(statuses(&helm, "web")?, ["failed"]);
    proxy.clear();
    settled(&scene, &bridge, "web", "many", &["count=1"])
}

fn f6(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, proxy) = (scene.helm()?, scene.proxy()?);
    let bridge = through(&scene, &proxy)?;
    let (to, chart) = (path(&scene, "web", "apply"), scene.chart("plain"));
    succeed(&bridge, &to, &apply(&helm, "install", "web", &chart, &[], json!({}))?)?;
    let (api, object) = (scene.api.clone(), scene.path("v1", "configmaps/web"));
    let taken = Arc::new(AtomicBool::new(false));
    let take = move || {
        if !taken.swap(true, Ordering::Relaxed) {
            let mine = json!({
                "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "web" }, "data": { "colour": "red" },
            });
            let request = Request::new("PATCH", &format!("{object}?fieldManager=somebody&force=true"))
                .header("Content-Type", "application/apply-patch+yaml")
                .body(mine.to_string());
            let _ = api.send(request);
        }
    };
    proxy.add(Rule::new("PATCH", APPLY, Fault::Before(Arc::new(take))).nth(1));
    proxy.forget();
    let body = apply(&helm, "upgrade", "web", &chart, &["colour=green", "replicas=2"], json!({}))?;
    let (operation, _) = fail(&bridge, &to, &body)?;
    assert_eq!(operation["problem"]["code"], "conflict", "{operation}");
    assert_eq!(proxy.count("PATCH", r"/deployments/web\?fieldManager"), 0, "nothing after it was sent");
    assert_eq!(statuses(&helm, "web")?, ["deployed", "failed"]);
    proxy.clear();
    // With what the other manager wants there is no conflict.
    settled(&scene, &bridge, "web", "plain", &["colour=red", "replicas=2"])
}

fn f7(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, proxy) = (scene.helm()?, scene.proxy()?);
    let bridge = through(&scene, &proxy)?;
    let text =
        "Operation cannot be fulfilled on resourcequotas \"q\": the object has been modified; try again";
    proxy.add(Rule::new("PATCH", APPLY, Fault::status(409, "Conflict", text)).first(3));
    let body = apply(&helm, "install", "web", &scene.chart("many"), &["count=1"], json!({}))?;
    succeed(&bridge, &path(&scene, "web", "apply"), &body)?;
    settled(&scene, &bridge, "web", "many", &["count=1"])
}

fn f8(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, proxy) = (scene.helm()?, scene.proxy()?);
    let bridge = through(&scene, &proxy)?;
    let unknown = Fault::status(404, "NotFound", "the server could not find the requested resource");
    proxy.add(Rule::new("PATCH", r"/widgets/[^?]*\?fieldManager=helm", unknown).first(3));
    let body = apply(&helm, "install", "app", &scene.chart("whole"), &[], json!({}))?;
    succeed(&bridge, &path(&scene, "app", "apply"), &body)?;
    assert_eq!(scene.api.get(&scene.path("chartroom.test/v1", "widgets/app"))?["spec"]["size"], 3);
    settled(&scene, &bridge, "app", "whole", &["size=4"])
}

fn f9(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, proxy) = (scene.helm()?, scene.proxy()?);
    let bridge = through(&scene, &proxy)?;
    let (api, secrets) = (scene.api.clone(), scene.path("v1", "secrets"));
    let other = move || {
        let _ = api.create(&secrets, &json!({ "metadata": { "name": "sh.helm.release.v1.web.v1" } }));
    };
    proxy.add(Rule::new("POST", "/secrets", Fault::Before(Arc::new(other))).nth(1));
    let body = apply(&helm, "install", "web", &scene.chart("many"), &["count=1"], json!({}))?;
    let (operation, _) = fail(&bridge, &path(&scene, "web", "apply"), &body)?;
    assert_eq!(operation["problem"]["code"], "release-locked", "{operation}");
    assert_eq!(proxy.count("PATCH", APPLY), 0, "nothing was applied");
    scene.api.delete(&scene.path("v1", "secrets/sh.helm.release.v1.web.v1"))?;
    settled(&scene, &bridge, "web", "many", &["count=1"])
}

fn f10_for_good(world: &World, trial: &str) -> Result<(), String> {
    use base64::Engine as _;
    let scene = world.scene(trial)?;
    let (helm, proxy) = (scene.helm()?, scene.proxy()?);
    let bridge = through(&scene, &proxy)?;
    proxy.add(Rule::new("PUT", "/secrets/", Fault::status(403, "Forbidden", "never")));
    let body = apply(&helm, "install", "web", &scene.chart("many"), &["count=1"], json!({}))?;
    let (operation, _) = fail(&bridge, &path(&scene, "web", "apply"), &body)?;
    assert_eq!(operation["state"], "degraded", "{operation}");
    let id = operation["id"].as_str().unwrap_or_default();
    let kept = bridge.raw(&bridge.request("GET", &format!("/v1/operations/{id}/record")))?.text();
    let data = base64::engine::general_purpose::STANDARD.encode(kept);
    let record =
        record::decode(&json!({ "data": { "release": data } })).ok_or("what is offered is no record")?;
    assert_eq!(record["info"]["status"], "deployed");
    assert_eq!(statuses(&helm, "web")?, ["pending-install"]);
    proxy.clear();
    let recover = path(&scene, "web", "recover");
    scene.api.wait("the silence", Duration::from_secs(30), |_| {
        let (operation, _) = bridge.operate(&recover, &json!({ "action": "resume" }))?;
        Ok((operation["state"] == "done").then_some(()))
    })?;
    assert_eq!(statuses(&helm, "web")?, ["deployed"]);
    settled(&scene, &bridge, "web", "many", &["count=1"])
}

/// Follows an operation until an event of this kind, then kills the bridge, and lets another go on.
fn f11(world: &World, trial: &str) -> Result<(), String> {
    for state in ["locking", "pre-hooks", "applying", "waiting", "post-hooks", "recording"] {
        let scene = world.scene(trial)?;
        let (helm, chart) = (scene.helm()?, scene.chart("hooks"));
        let args = ["--heartbeat-seconds", "1"];
        let bridge = scene.bridge(&args)?;
        let to = path(&scene, "app", "apply");
        succeed(&bridge, &to, &apply(&helm, "install", "app", &chart, &[], json!({}))?)?;
        let body = apply(&helm, "upgrade", "app", &chart, &[], json!({}))?;
        let id = bridge.post(&to, &body)?["operation"]["id"].as_str().unwrap_or_default().to_owned();
        let mut events = bridge.events(&id, 0)?;
        while let Some(event) = events.next(Duration::from_secs(60)).map_err(|error| error.to_string())? {
            let event = tests::scene::data(&event)?;
            if event["type"] == "op.state" && event["state"] == state {
                break;
            }
        }
        drop(events);
        drop(bridge.kill()?);
        let bridge = scene.bridge(&args)?;
        if statuses(&helm, "app")?.last().is_some_and(|status| status.starts_with("pending")) {
            let recover = path(&scene, "app", "recover");
            scene.api.wait("the other bridge", Duration::from_secs(30), |_| {
                let (operation, _) = bridge.operate(&recover, &json!({ "action": "resume" }))?;
                let held = operation["problem"]["code"] == "release-locked";
                if held || operation["state"] == "done" {
                    Ok((!held).then_some(()))
                } else {
                    Err(operation.to_string())
                }
            })?;
        } else if statuses(&helm, "app")?.len() == 1 {
            succeed(&bridge, &to, &body)?;
        }
        assert_eq!(statuses(&helm, "app")?, ["superseded", "deployed"], "killed at {state}");
        assert_eq!(scene.api.get(&scene.path("v1", "configmaps/app"))?["data"]["revision"], "2");
        settled(&scene, &bridge, "app", "hooks", &[])?;
    }
    Ok(())
}

fn f12(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, plain) = (scene.helm()?, scene.chart("plain"));
    helm.ok(&["install", "web", &plain, "--wait"])?;
    let mut upgrade = helm.start(&["upgrade", "web", &plain, "--wait", "--set", "outcome=hang"])?;
    scene.api.wait("helm at work", Duration::from_secs(30), |_| {
        let all = statuses(&helm, "web")?;
        Ok((all.last().map(String::as_str) == Some("pending-upgrade")).then_some(()))
    })?;
    upgrade.kill().and_then(|()| upgrade.wait()).map_err(|error| error.to_string())?;
    let careful = scene.bridge(&[])?;
    let recover = path(&scene, "web", "recover");
    let asked = json!({ "action": "rollback", "confirm": "web/2" });
    let (operation, _) = fail(&careful, &recover, &asked)?;
    assert_eq!(operation["problem"]["code"], "release-locked", "helm may be at work: {operation}");
    let bridge = scene.bridge(&["--stale-after", "0"])?;
    succeed(&bridge, &recover, &asked)?;
    assert_eq!(statuses(&helm, "web")?, ["superseded", "failed", "deployed"]);
    settled(&scene, &bridge, "web", "plain", &[])
}

fn f13(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, proxy) = (scene.helm()?, scene.proxy()?);
    let bridge = through(&scene, &proxy)?;
    proxy.add(Rule::new("PATCH", APPLY, Fault::status(401, "Unauthorized", "Unauthorized")).first(1));
    let body = apply(&helm, "install", "web", &scene.chart("many"), &["count=3"], json!({}))?;
    let to = path(&scene, "web", "apply");
    let id = bridge.post(&to, &body)?["operation"]["id"].as_str().unwrap_or_default().to_owned();
    let mut events = bridge.events(&id, 0)?;
    let mut asked = false;
    while let Some(event) = events.next(Duration::from_secs(60)).map_err(|error| error.to_string())? {
        let event = tests::scene::data(&event)?;
        if event["type"] == "prompt" {
            asked = true;
            let answer = json!({ "prompt": event["id"], "choice": "continue" });
            bridge.post(&format!("/v1/operations/{id}:decide"), &answer)?;
        }
    }
    assert!(asked, "a fresh token was asked for");
    assert_eq!(statuses(&helm, "web")?, ["deployed"]);
    settled(&scene, &bridge, "web", "many", &["count=3"])
}

fn f13_subject(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, proxy) = (scene.helm()?, scene.proxy()?);
    let all = json!([{ "apiGroups": ["*"], "resources": ["*"], "verbs": ["*"] }]);
    let (ann, bob) = (scene.person("ann", &all)?, scene.person("bob", &all)?);
    let asked = json!({ "spec": { "expirationSeconds": 7100 } });
    let fresh = scene.api.create(&scene.path("v1", "serviceaccounts/ann/token"), &asked)?;
    let mut bridge = scene.bridge_as(proxy.access(), &["--mode", "passthrough"])?;
    bridge.token = ann.token.clone();
    let mut body = apply(&helm, "install", "web", &scene.chart("many"), &["count=2"], json!({}))?;
    let mut subject = body.clone();
    subject["kind"] = "apply".into();
    let plan = json!({ "namespace": scene.namespace, "release": "web", "subject": subject });
    let missing = bridge.try_post(&path(&scene, "web", "apply"), &body)?.expect_err("a plan is wanted");
    assert_eq!(missing.code, "invalid-request");
    body["planId"] = bridge.post("/v1/plans", &plan)?["id"].clone();
    proxy.add(Rule::new("PATCH", APPLY, Fault::status(401, "Unauthorized", "Unauthorized")).first(2));
    let id = bridge.post(&path(&scene, "web", "apply"), &body)?["operation"]["id"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let mut events = bridge.events(&id, 0)?;
    let mut refused = None;
    while let Some(event) = events.next(Duration::from_secs(60)).map_err(|error| error.to_string())? {
        let event = tests::scene::data(&event)?;
        if event["type"] == "prompt" {
            let answer = json!({ "prompt": event["id"], "choice": "continue" });
            let decide = format!("/v1/operations/{id}:decide");
            bridge.token = bob.token.clone();
            refused = bridge.try_post(&decide, &answer)?.err().map(|refusal| refusal.code);
            bridge.token = fresh["status"]["token"].as_str().map(str::to_owned);
            bridge.post(&decide, &answer)?;
        }
    }
    assert_eq!(refused.as_deref(), Some("not-found"), "another person's token");
    assert_eq!(bridge.get(&format!("/v1/operations/{id}"))?["state"], "done", "the fresh token sees it, too");
    assert_eq!(statuses(&helm, "web")?, ["deployed"]);
    Ok(())
}

fn f14(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, proxy) = (scene.helm()?, scene.proxy()?);
    let bridge = through(&scene, &proxy)?;
    let (to, many) = (path(&scene, "web", "apply"), scene.chart("many"));
    succeed(&bridge, &to, &apply(&helm, "install", "web", &many, &["count=1"], json!({}))?)?;
    proxy.add(Rule::new("PATCH", APPLY, Fault::Delay(Duration::from_secs(4))));
    let body = apply(&helm, "upgrade", "web", &many, &["count=2"], json!({ "deadlineSeconds": 2 }))?;
    let (operation, _) = fail(&bridge, &to, &body)?;
    assert_eq!(operation["problem"]["code"], "deadline", "{operation}");
    assert_eq!(statuses(&helm, "web")?, ["deployed", "failed"]);
    proxy.clear();
    settled(&scene, &bridge, "web", "many", &["count=2"])
}

/// Every write takes two seconds, and one of them for ever: the heartbeat goes on, and the one is sent again.
fn f14_hangs(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, proxy) = (scene.helm()?, scene.proxy()?);
    let bridge = through(&scene, &proxy)?;
    proxy.add(Rule::new("PATCH", APPLY, Fault::Hang).nth(1));
    proxy.add(Rule::writes(Fault::Delay(Duration::from_secs(2))));
    let body = apply(&helm, "install", "web", &scene.chart("many"), &["count=2"], json!({}))?;
    let id = bridge.begin(&path(&scene, "web", "apply"), &body)?;
    bridge.until(&id, |event| event["type"] == "object.state" && event["state"] == "sending")?;
    let secret = scene.path("v1", "secrets/sh.helm.release.v1.web.v1");
    let beat = || -> Result<Value, String> {
        Ok(scene.api.get(&secret)?["metadata"]["annotations"]["chartroom/heartbeat"].clone())
    };
    for _ in 0..3 {
        let before = beat()?;
        scene
            .api
            .wait("another heartbeat", Duration::from_secs(20), |_| Ok((beat()? != before).then_some(())))?;
    }
    let events = bridge.follow(&id)?;
    let operation = bridge.get(&format!("/v1/operations/{id}"))?;
    assert_eq!(operation["state"], "done", "{operation}");
    assert!(events.iter().any(|event| event["attempt"] == 2), "what hung was sent again: {events:?}");
    proxy.clear();
    settled(&scene, &bridge, "web", "many", &["count=2"])
}

fn f15(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, proxy) = (scene.helm()?, scene.proxy()?);
    let bridge = through(&scene, &proxy)?;
    let (to, plain) = (path(&scene, "web", "apply"), scene.chart("plain"));
    proxy.add(Rule::new("GET", "watch=true", Fault::CloseAfter(Duration::from_millis(300))).first(4));
    proxy.add(Rule::new("GET", "watch=true", Fault::status(410, "Expired", "too old")).only(5..=6));
    let sets = &["delay=3s"];
    succeed(&bridge, &to, &apply(&helm, "install", "web", &plain, sets, json!({}))?)?;
    proxy.clear();
    proxy.add(Rule::new("GET", "watch=true", Fault::status(403, "Forbidden", "no watching")));
    let sets = &["delay=2s", "colour=green"];
    succeed(&bridge, &to, &apply(&helm, "upgrade", "web", &plain, sets, json!({}))?)?;
    proxy.add(Rule::new("GET", r"/deployments\?", Fault::status(403, "Forbidden", "no listing")));
    let sets = &["delay=1s", "colour=red"];
    succeed(&bridge, &to, &apply(&helm, "upgrade", "web", &plain, sets, json!({}))?)?;
    proxy.clear();
    settled(&scene, &bridge, "web", "plain", &[])
}

fn f16(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, proxy) = (scene.helm()?, scene.proxy()?);
    let bridge = through(&scene, &proxy)?;
    let (api, secret) = (scene.api.clone(), scene.path("v1", "secrets/sh.helm.release.v1.web.v1"));
    let delete = move || drop(api.delete(&secret));
    proxy.add(Rule::new("PATCH", APPLY, Fault::Before(Arc::new(delete))).nth(1));
    let body = apply(&helm, "install", "web", &scene.chart("many"), &["count=2"], json!({}))?;
    let (operation, _) = fail(&bridge, &path(&scene, "web", "apply"), &body)?;
    assert_eq!(operation["problem"]["code"], "record-hijacked", "{operation}");
    assert_eq!(record::records(&scene.api, &scene.namespace)?.len(), 0, "it does not come back");
    proxy.clear();
    settled(&scene, &bridge, "web", "many", &["count=2"])
}

/// No webhook of today's API says so: `v1` demands one that can be asked for a dry run.
fn f18(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, proxy) = (scene.helm()?, scene.proxy()?);
    let bridge = through(&scene, &proxy)?;
    let body = apply(&helm, "install", "web", &scene.chart("many"), &["count=2"], json!({}))?;
    let text = "admission webhook \"old.test\" does not support dry run";
    proxy.add(Rule::new("PATCH", r"/configmaps/web-1\?dryRun=All", Fault::status(400, "BadRequest", text)));
    let events = succeed(&bridge, &path(&scene, "web", "apply"), &body)?;
    let summary = events.iter().find(|event| event["type"] == "plan.summary").ok_or("no summary")?;
    assert_eq!(summary["counts"]["unverifiable"], 1, "{summary}");
    proxy.clear();
    settled(&scene, &bridge, "web", "many", &["count=2"])
}

fn f19(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge) = (scene.helm()?, scene.bridge(&[])?);
    let mut body = apply(&helm, "install", "web", &scene.chart("many"), &["count=1"], json!({}))?;
    // Base64 of what does not compress: an arithmetic that runs through all of it.
    let mut state = 1_u64;
    let noise: String = (0..1_600_000)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(
                b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[(state >> 58) as usize],
            )
        })
        .collect();
    body["chart"]["files"] = json!([{ "name": "noise", "data": noise }]);
    let (operation, _) = fail(&bridge, &path(&scene, "web", "apply"), &body)?;
    assert_eq!(operation["problem"]["code"], "release-too-large", "{operation}");
    assert_eq!(scene.dump()?.names(), Vec::<&str>::new(), "nothing was written");
    body["options"]["slimRecord"] = true.into();
    succeed(&bridge, &path(&scene, "web", "apply"), &body)?;
    settled(&scene, &bridge, "web", "many", &["count=1"])
}

fn f20(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge) = (scene.helm()?, scene.bridge(&[])?);
    let body = apply(&helm, "install", "web", &scene.chart("many"), &["count=20"], json!({}))?;
    let to = path(&scene, "web", "apply");
    let id = bridge.post(&to, &body)?["operation"]["id"].as_str().unwrap_or_default().to_owned();
    let mut numbers = Vec::new();
    // One event a connection, as a reader on a very bad line.
    for _ in 0..12 {
        let after = numbers.last().copied().unwrap_or(0);
        let mut events = bridge.events(&id, after)?;
        let Some(event) = events.next(Duration::from_secs(60)).map_err(|error| error.to_string())? else {
            break;
        };
        numbers.push(tests::scene::data(&event)?["seq"].as_u64().unwrap_or_default());
    }
    let rest = bridge.follow(&id)?;
    assert_eq!(numbers, (1..=12).collect::<Vec<u64>>());
    let all: Vec<u64> = rest.iter().filter_map(|event| event["seq"].as_u64()).collect();
    assert_eq!(all, (1..=all.len() as u64).collect::<Vec<u64>>());
    assert_eq!(rest.last().map(|event| &event["type"]), Some(&"op.done".into()));
    settled(&scene, &bridge, "web", "many", &["count=3"])
}

fn f21(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, plain) = (scene.helm()?, scene.chart("plain"));
    let args = ["--heartbeat-seconds", "1", "--drain-timeout", "1"];
    let mut bridge = scene.bridge(&args)?;
    let body = apply(&helm, "install", "web", &plain, &["delay=8s"], json!({}))?;
    let to = path(&scene, "web", "apply");
    let id = bridge.post(&to, &body)?["operation"]["id"].as_str().unwrap_or_default().to_owned();
    let mut events = bridge.events(&id, 0)?;
    let mut draining = false;
    while let Some(event) = events.next(Duration::from_secs(60)).map_err(|error| error.to_string())? {
        let event = tests::scene::data(&event)?;
        if event["state"] == "waiting" && event["type"] == "op.state" {
            bridge.terminate()?;
        }
        draining |= event["type"] == "server.draining";
    }
    assert!(draining, "streams are told");
    bridge.wait(Duration::from_secs(20))?;
    assert_eq!(statuses(&helm, "web")?, ["pending-install"]);
    let bridge = scene.bridge(&args)?;
    succeed(&bridge, &path(&scene, "web", "recover"), &json!({ "action": "resume" }))?;
    assert_eq!(statuses(&helm, "web")?, ["deployed"]);
    settled(&scene, &bridge, "web", "plain", &[])
}

fn f21_apply(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, proxy) = (scene.helm()?, scene.proxy()?);
    let args = ["--heartbeat-seconds", "1", "--drain-timeout", "1"];
    // Each in turn gets no further than to its object; what is under way comes to its end.
    for n in [0, 3, 9] {
        proxy.clear();
        proxy.add(Rule::new("PATCH", APPLY, Fault::Delay(Duration::from_secs(2))));
        let mut bridge = scene.bridge_as(proxy.access(), &args)?;
        let (release, count) = (format!("web{n}"), "count=12");
        let body = apply(&helm, "install", &release, &scene.chart("many"), &[count], json!({}))?;
        let id = bridge.begin(&path(&scene, &release, "apply"), &body)?;
        bridge.until(&id, |event| {
            event["type"] == "object.state" && event["index"] == n && event["state"] == "sending"
        })?;
        bridge.terminate()?;
        bridge.wait(Duration::from_secs(20))?;
        proxy.clear();
        assert_eq!(statuses(&helm, &release)?, ["pending-install"], "{n}");
        let bridge = scene.bridge(&args)?;
        succeed(&bridge, &path(&scene, &release, "recover"), &json!({ "action": "resume" }))?;
        assert_eq!(statuses(&helm, &release)?, ["deployed"], "{n}");
        settled(&scene, &bridge, &release, "many", &[count])?;
    }
    Ok(())
}

fn f24(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, many) = (scene.helm()?, scene.chart("many"));
    let bridges = [scene.bridge(&[])?, scene.bridge(&[])?];
    helm.ok(&["install", "web", &many, "--set", "count=3"])?;
    let to = path(&scene, "web", "apply");
    for round in 0..4 {
        let colour = format!("colour=c{round}");
        let body = apply(&helm, "upgrade", "web", &many, &["count=3", &colour], json!({ "historyMax": 0 }))?;
        let before = statuses(&helm, "web")?.len();
        let mut other = helm.start(&["upgrade", "web", &many, "--set", "count=3", "--history-max", "0"])?;
        let results: Vec<Result<(Value, Vec<Value>), String>> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                bridges.iter().map(|bridge| scope.spawn(|| bridge.operate(&to, &body))).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|_| Err("panicked".into())))
                .collect()
        });
        let helms = other.wait().map_err(|error| error.to_string())?.success();
        let mut won = usize::from(helms);
        for result in results {
            won += usize::from(result?.0["state"] == "done");
        }
        let all = statuses(&helm, "web")?;
        assert_eq!(all.len() - before, won, "round {round}: one revision for each that won: {all:?}");
        assert_eq!(all.iter().filter(|status| *status == "deployed").count(), 1, "{all:?}");
        assert!(won >= 1, "nobody won");
        let history = helm.json(&["history", "web", "-o", "json"])?;
        let numbers: Vec<u64> =
            history.as_array().into_iter().flatten().filter_map(|entry| entry["revision"].as_u64()).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    }
    settled(&scene, &bridges[0], "web", "many", &["count=3"])
}
