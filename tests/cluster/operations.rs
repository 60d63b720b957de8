//! Releases that the bridge makes and Helm goes on with, and the other way round.

use std::time::Duration;

use serde_json::{Value, json};
use tests::kube::{Api, Dump, record};
use tests::scene::{World, key};
use tests::trial::Trial;

use crate::rendered::{apply, fail, path, statuses, succeed};
use crate::twin::timeless;

pub(crate) const TRIALS: &[Trial<World>] = &[
    Trial { name: "b1_the_bridge_writes_what_helm_writes", run: same_as_helm },
    Trial { name: "b4_nothing_is_left_after_turns", run: turns },
    Trial { name: "the_bridge_runs_hooks_as_helm_does", run: hooks },
    Trial { name: "a_failed_hook_ends_in_a_failed_revision", run: failed_hook },
    Trial { name: "a_failed_upgrade_goes_back", run: goes_back },
    Trial { name: "a_failed_install_is_taken_away", run: taken_away },
    Trial { name: "the_bridge_installs_definitions_notes_and_labels", run: whole },
    Trial { name: "the_history_is_kept_short", run: short_history },
    Trial { name: "an_uninstalled_release_keeps_its_history_when_asked", run: keeps_history },
    Trial { name: "tests_run_and_their_logs_come", run: tests_run },
    Trial { name: "an_object_of_nobody_is_not_taken", run: ownership },
    Trial { name: "a_field_of_another_manager_is_left_or_taken", run: conflicts },
    Trial { name: "a_request_that_comes_twice_runs_once", run: twice },
    Trial { name: "a_set_for_preview_is_refused", run: preview },
    Trial { name: "a_wait_can_be_cancelled", run: cancelled },
    Trial { name: "a_plan_that_no_longer_holds_stops_the_apply", run: stale },
    Trial { name: "orphans_of_a_failed_upgrade_are_found_and_deleted", run: orphans },
];

fn same_as_helm(world: &World, trial: &str) -> Result<(), String> {
    for (chart, sets) in [("plain", &["extra.a=1"][..]), ("whole", &[]), ("hooks", &[])] {
        let (ours, theirs) = (world.scene(trial)?, world.scene(&format!("{trial}_h"))?);
        let bridge = ours.bridge(&[])?;
        let path_to = ours.chart(chart);
        let body = apply(&ours.helm()?, "install", "web", &path_to, sets, json!({}))?;
        succeed(&bridge, &path(&ours, "web", "apply"), &body)?;
        let mut install = vec!["install", "web", &path_to, "--wait"];
        install.extend(sets.iter().flat_map(|set| ["--set", set]));
        theirs.helm()?.ok(&install)?;
        let differences = ours.dump()?.differences(&Dump::of_namespace(&theirs.api, &theirs.namespace)?);
        assert_eq!(differences, Vec::<String>::new(), "{chart}");
        let [our, their] = [&ours, &theirs].map(|scene| {
            record::record(&scene.api, &scene.namespace, "web", 1)
                .map(|record| timeless(record, &scene.namespace))
        });
        let (our, their) = (our?, their?);
        for (name, value) in their.as_object().into_iter().flatten() {
            assert_eq!(&our[name], value, "{chart}: {name}");
        }
        let kept =
            [&ours, &theirs].map(|scene| scene.helm().and_then(|helm| helm.ok(&["get", "manifest", "web"])));
        let [our, their] = kept;
        assert_eq!(our?, their?, "{chart}");
    }
    Ok(())
}

fn turns(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge, plain) = (scene.helm()?, scene.bridge(&[])?, scene.chart("plain"));
    let to = path(&scene, "web", "apply");
    succeed(&bridge, &to, &apply(&helm, "install", "web", &plain, &["extra.a=1,extra.b=2"], json!({}))?)?;
    helm.ok(&["status", "web"])?;
    helm.ok(&["get", "all", "web"])?;
    helm.ok(&["upgrade", "web", &plain, "--wait", "--set", "extra.a=1"])?;
    let data = || scene.api.get(&scene.path("v1", "configmaps/web")).map(|object| object["data"].clone());
    assert_eq!(data()?["b"], Value::Null, "a key that Helm removed is gone, so it was owned by helm");
    succeed(&bridge, &to, &apply(&helm, "upgrade", "web", &plain, &["extra.c=3"], json!({}))?)?;
    assert_eq!((&data()?["a"], &data()?["c"]), (&Value::Null, &"3".into()));
    helm.ok(&["rollback", "web", "1", "--wait"])?;
    assert_eq!(data()?["b"], "2");
    succeed(&bridge, &path(&scene, "web", "rollback"), &json!({ "toRevision": 3 }))?;
    assert_eq!(data()?["c"], "3");
    let all = ["superseded", "superseded", "superseded", "superseded", "deployed"];
    assert_eq!(statuses(&helm, "web")?, all);
    helm.ok(&["upgrade", "web", &plain, "--reuse-values", "--wait"])?;
    helm.ok(&["uninstall", "web", "--wait"])?;
    assert_eq!(scene.dump()?.names(), Vec::<&str>::new());
    succeed(&bridge, &to, &apply(&helm, "install", "web", &plain, &[], json!({}))?)?;
    succeed(&bridge, &path(&scene, "web", "uninstall"), &json!({ "wait": true }))?;
    assert_eq!(scene.dump()?.names(), Vec::<&str>::new());
    assert_eq!(record::records(&scene.api, &scene.namespace)?.len(), 0);
    Ok(())
}

fn hooks(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge, chart) = (scene.helm()?, scene.bridge(&[])?, scene.chart("hooks"));
    let to = path(&scene, "app", "apply");
    let events = succeed(&bridge, &to, &apply(&helm, "install", "app", &chart, &[], json!({}))?)?;
    let ran: Vec<&str> = events
        .iter()
        .filter(|event| event["type"] == "hook.state" && event["phase"] == "Succeeded")
        .filter_map(|event| event["object"]["name"].as_str())
        .collect();
    assert_eq!(ran, ["app-pre-install-first", "app-pre-install-second", "app-post-install"]);
    let lines = events.iter().find(|event| event["type"] == "log").ok_or("no log by policy")?;
    assert_eq!(lines["lines"][0], "hello from the hook");
    let jobs = || -> Result<Vec<String>, String> {
        let list = scene.api.get(&scene.path("batch/v1", "jobs"))?;
        let names = list["items"].as_array().into_iter().flatten();
        Ok(names.filter_map(|job| job["metadata"]["name"].as_str().map(str::to_owned)).collect())
    };
    // What Helm leaves after the same install.
    assert_eq!(jobs()?, ["app-post-install", "app-pre-install-second"]);
    succeed(&bridge, &to, &apply(&helm, "upgrade", "app", &chart, &[], json!({}))?)?;
    succeed(&bridge, &path(&scene, "app", "rollback"), &json!({ "toRevision": 1 }))?;
    succeed(&bridge, &path(&scene, "app", "uninstall"), &json!({ "deleteHooks": true }))?;
    let left = jobs()?;
    assert_eq!(left, ["app-post-delete"], "the last to run comes after the rest was deleted");
    Ok(())
}

fn failed_hook(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge, chart) = (scene.helm()?, scene.bridge(&[])?, scene.chart("hooks"));
    let to = path(&scene, "app", "apply");
    succeed(&bridge, &to, &apply(&helm, "install", "app", &chart, &[], json!({}))?)?;
    let body = apply(&helm, "upgrade", "app", &chart, &["fail=pre-upgrade"], json!({}))?;
    let (operation, events) = fail(&bridge, &to, &body)?;
    assert_eq!(operation["problem"]["code"], "not-ready", "{operation}");
    assert!(events.iter().any(|event| event["type"] == "log"), "the log of the hook that failed");
    assert_eq!(statuses(&helm, "app")?, ["deployed", "failed"]);
    // Other than Helm's, a rollback whose hook fails does not stay pending.
    let body = apply(&helm, "upgrade", "app", &chart, &["fail=pre-rollback"], json!({}))?;
    succeed(&bridge, &to, &body)?;
    succeed(&bridge, &to, &apply(&helm, "upgrade", "app", &chart, &[], json!({}))?)?;
    fail(&bridge, &path(&scene, "app", "rollback"), &json!({ "toRevision": 3 }))?;
    let all = statuses(&helm, "app")?;
    assert_eq!(all.last().map(String::as_str), Some("failed"));
    assert!(all.iter().any(|status| status == "deployed"), "{all:?}");
    helm.ok(&["upgrade", "app", &chart, "--wait"]).map(drop)
}

fn goes_back(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge, plain) = (scene.helm()?, scene.bridge(&[])?, scene.chart("plain"));
    let to = path(&scene, "web", "apply");
    succeed(&bridge, &to, &apply(&helm, "install", "web", &plain, &[], json!({}))?)?;
    let options = json!({ "onFailure": "rollback", "stepTimeoutSeconds": 3 });
    let body = apply(&helm, "upgrade", "web", &plain, &["outcome=crash", "replicas=2"], options)?;
    let (operation, _) = fail(&bridge, &to, &body)?;
    assert_eq!(operation["revision"], 3, "{operation}");
    assert_eq!(statuses(&helm, "web")?, ["superseded", "failed", "deployed"]);
    let deployment = scene.api.get(&scene.path("apps/v1", "deployments/web"))?;
    assert_eq!(deployment["spec"]["replicas"], 1);
    Ok(())
}

/// Helm's `--rollback-on-failure` of an install is an uninstall without a history, and leaves nothing: no object, and no
/// record that would know who asked. So it is here, and who sends the same request again, to a bridge that does not have the
/// operation's events, installs again, as who calls Helm again does. Nothing is there twice: nothing was left.
fn taken_away(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, plain, key) = (scene.helm()?, scene.chart("plain"), key());
    let nothing_is_left = || {
        assert_eq!(record::records(&scene.api, &scene.namespace)?.len(), 0);
        // What is owned by an object goes a little later.
        let gone = |_: &Api| Ok(scene.dump()?.names().is_empty().then_some(()));
        scene.api.wait("all objects to be gone", Duration::from_secs(30), gone)
    };
    let call =
        ["install", "web", &plain, "--set", "outcome=hang", "--rollback-on-failure", "--timeout", "3s"];
    helm.fails(&call)?;
    nothing_is_left()?;
    let options = json!({ "onFailure": "rollback", "stepTimeoutSeconds": 3 });
    let body = apply(&helm, "install", "web", &plain, &["outcome=hang"], options)?;
    let to = path(&scene, "web", "apply");
    for _ in 0..2 {
        let bridge = scene.bridge(&[])?;
        let request = bridge.request("POST", &to).header("Idempotency-Key", &key).json(&body);
        let started = bridge.try_send(&request)??;
        let id = started["operation"]["id"].as_str().ok_or("no operation")?;
        let events = bridge.follow(id)?;
        assert!(events.iter().any(|event| event["type"] == "record.state"), "it installs: {events:?}");
        let ended = bridge.get(&format!("/v1/operations/{id}"))?;
        assert_eq!((&ended["state"], &ended["problem"]["code"]), (&json!("failed"), &json!("not-ready")));
        nothing_is_left()?;
    }
    helm.ok(&["install", "web", &plain, "--wait"]).map(drop)
}

fn whole(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge) = (scene.helm()?, scene.bridge(&[])?);
    let options = json!({ "labels": { "team": "blue" } });
    let body = apply(&helm, "install", "app", &scene.chart("whole"), &[], options)?;
    succeed(&bridge, &path(&scene, "app", "apply"), &body)?;
    assert!(helm.ok(&["get", "notes", "app"])?.contains("Widgets of app are ready."));
    assert_eq!(scene.api.get(&scene.path("chartroom.test/v1", "widgets/app"))?["spec"]["size"], 3);
    assert_eq!(helm.json(&["list", "-l", "team=blue", "-o", "json"])?[0]["name"], "app");
    let options = json!({ "labels": { "team": null } });
    let body = apply(&helm, "upgrade", "app", &scene.chart("whole"), &["size=4"], options)?;
    succeed(&bridge, &path(&scene, "app", "apply"), &body)?;
    assert_eq!(helm.json(&["list", "-l", "team=blue", "-o", "json"])?, json!([]));
    Ok(())
}

fn short_history(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge, plain) = (scene.helm()?, scene.bridge(&[])?, scene.chart("many"));
    let to = path(&scene, "web", "apply");
    let options = json!({ "historyMax": 3 });
    succeed(&bridge, &to, &apply(&helm, "install", "web", &plain, &["count=1"], options.clone())?)?;
    for _ in 0..4 {
        succeed(&bridge, &to, &apply(&helm, "upgrade", "web", &plain, &["count=1"], options.clone())?)?;
    }
    let history = helm.json(&["history", "web", "-o", "json"])?;
    let revisions: Vec<&Value> =
        history.as_array().into_iter().flatten().map(|entry| &entry["revision"]).collect();
    assert_eq!(revisions, [3, 4, 5]);
    Ok(())
}

fn keeps_history(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge, plain) = (scene.helm()?, scene.bridge(&[])?, scene.chart("many"));
    let to = path(&scene, "web", "apply");
    succeed(&bridge, &to, &apply(&helm, "install", "web", &plain, &["count=1"], json!({}))?)?;
    succeed(&bridge, &path(&scene, "web", "uninstall"), &json!({ "keepHistory": true }))?;
    assert_eq!(statuses(&helm, "web")?, ["uninstalled"]);
    assert_eq!(scene.dump()?.names(), Vec::<&str>::new());
    helm.ok(&["rollback", "web", "1", "--wait"])?;
    assert_eq!(statuses(&helm, "web")?, ["uninstalled", "deployed"]);
    Ok(())
}

fn tests_run(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge, chart) = (scene.helm()?, scene.bridge(&[])?, scene.chart("hooks"));
    let to = path(&scene, "app", "apply");
    succeed(&bridge, &to, &apply(&helm, "install", "app", &chart, &[], json!({}))?)?;
    let events = succeed(&bridge, &path(&scene, "app", "test"), &json!({}))?;
    let log = events.iter().find(|event| event["type"] == "log").ok_or("no log")?;
    assert_eq!(log["lines"][0], "hello from the hook");
    assert!(helm.ok(&["status", "app"])?.contains("Succeeded"));
    let body = apply(&helm, "upgrade", "app", &chart, &["fail=test"], json!({}))?;
    succeed(&bridge, &to, &body)?;
    fail(&bridge, &path(&scene, "app", "test"), &json!({}))?;
    assert_eq!(statuses(&helm, "app")?, ["superseded", "deployed"]);
    Ok(())
}

fn ownership(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge, plain) = (scene.helm()?, scene.bridge(&[])?, scene.chart("plain"));
    scene.api.create(&scene.path("v1", "configmaps"), &json!({ "metadata": { "name": "web" } }))?;
    let to = path(&scene, "web", "apply");
    let (operation, _) = fail(&bridge, &to, &apply(&helm, "install", "web", &plain, &[], json!({}))?)?;
    assert_eq!(operation["problem"]["code"], "ownership", "{operation}");
    assert_eq!(record::records(&scene.api, &scene.namespace)?.len(), 0, "nothing was written");
    let body = apply(&helm, "install", "web", &plain, &[], json!({ "takeOwnership": true }))?;
    succeed(&bridge, &to, &body)?;
    helm.ok(&["upgrade", "web", &plain]).map(drop)
}

fn conflicts(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge, plain) = (scene.helm()?, scene.bridge(&[])?, scene.chart("plain"));
    let to = path(&scene, "web", "apply");
    succeed(&bridge, &to, &apply(&helm, "install", "web", &plain, &[], json!({}))?)?;
    let mine = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "web" }, "data": { "colour": "red" },
    });
    let object = scene.path("v1", "configmaps/web");
    scene.api.send(
        tests::net::Request::new("PATCH", &format!("{object}?fieldManager=somebody&force=true"))
            .header("Content-Type", "application/apply-patch+yaml")
            .body(mine.to_string()),
    )?;
    let sets = &["colour=green", "replicas=2"];
    let (operation, _) = fail(&bridge, &to, &apply(&helm, "upgrade", "web", &plain, sets, json!({}))?)?;
    assert_eq!(operation["problem"]["code"], "conflict", "{operation}");
    assert_eq!(operation["problem"]["conflicts"][0]["owner"]["manager"], "somebody");
    assert_eq!(statuses(&helm, "web")?, ["deployed"], "found before anything was written");
    let reference =
        json!({ "apiVersion": "v1", "kind": "ConfigMap", "namespace": scene.namespace, "name": "web" });
    let decide = |choice: &str| json!({ "conflicts": { "objects": [{ "object": reference, "fields": { ".data.colour": choice } }] } });
    succeed(&bridge, &to, &apply(&helm, "upgrade", "web", &plain, sets, decide("yield"))?)?;
    assert_eq!(scene.api.get(&object)?["data"]["colour"], "red");
    succeed(&bridge, &to, &apply(&helm, "upgrade", "web", &plain, sets, decide("force"))?)?;
    assert_eq!(scene.api.get(&object)?["data"]["colour"], "green");
    Ok(())
}

fn twice(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge, plain) = (scene.helm()?, scene.bridge(&[])?, scene.chart("many"));
    let body = apply(&helm, "install", "web", &plain, &["count=1"], json!({}))?;
    let request = |body: &Value| {
        let path = path(&scene, "web", "apply");
        bridge.try_send(&bridge.request("POST", &path).header("Idempotency-Key", "the-same").json(body))
    };
    let first = request(&body)??;
    let again = request(&body)??;
    assert_eq!(first["operation"]["id"], again["operation"]["id"]);
    bridge.follow(first["operation"]["id"].as_str().unwrap_or_default())?;
    assert_eq!(statuses(&helm, "web")?, ["deployed"]);
    let other = apply(&helm, "upgrade", "web", &plain, &["count=2"], json!({}))?;
    let refusal = request(&other)?.expect_err("another body");
    assert_eq!(refusal.code, "idempotency-mismatch");
    Ok(())
}

fn preview(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge, plain) = (scene.helm()?, scene.bridge(&[])?, scene.chart("many"));
    let to = path(&scene, "web", "apply");
    let mut body = apply(&helm, "install", "web", &plain, &["count=1"], json!({}))?;
    body["world"] = "preview".into();
    assert_eq!(fail(&bridge, &to, &body)?.0["problem"]["code"], "preview-refused");
    body["world"] = "exact".into();
    body["lookups"] = json!({ "denied": ["Secret/shop/db"] });
    assert_eq!(fail(&bridge, &to, &body)?.0["problem"]["code"], "lookup-denied-used");
    assert_eq!(record::records(&scene.api, &scene.namespace)?.len(), 0);
    Ok(())
}

fn cancelled(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge, plain) = (scene.helm()?, scene.bridge(&[])?, scene.chart("plain"));
    let to = path(&scene, "web", "apply");
    let body = apply(&helm, "install", "web", &plain, &["outcome=hang"], json!({}))?;
    let id = bridge.post(&to, &body)?["operation"]["id"].as_str().unwrap_or_default().to_owned();
    scene.api.wait("the wait", std::time::Duration::from_secs(30), |_| {
        let operation = bridge.get(&format!("/v1/operations/{id}"))?;
        Ok((operation["state"] == "waiting").then_some(()))
    })?;
    bridge.post(&format!("/v1/operations/{id}:cancel"), &json!({}))?;
    bridge.follow(&id)?;
    assert_eq!(bridge.get(&format!("/v1/operations/{id}"))?["state"], "cancelled");
    let history = helm.json(&["history", "web", "-o", "json"])?;
    assert!(
        history[0]["description"].as_str().is_some_and(|text| text.starts_with("Cancelled by ")),
        "{history}"
    );
    Ok(())
}

fn stale(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge, plain) = (scene.helm()?, scene.bridge(&[])?, scene.chart("plain"));
    let to = path(&scene, "web", "apply");
    succeed(&bridge, &to, &apply(&helm, "install", "web", &plain, &[], json!({ "wait": "hook-only" }))?)?;
    let mut body = apply(&helm, "upgrade", "web", &plain, &["colour=green"], json!({ "wait": "hook-only" }))?;
    let plan = |body: &Value| {
        let mut subject = body.clone();
        subject["kind"] = "apply".into();
        bridge
            .post("/v1/plans", &json!({ "namespace": scene.namespace, "release": "web", "subject": subject }))
    };
    body["planId"] = plan(&body)?["id"].clone();
    let object = scene.path("v1", "configmaps/web");
    let mine = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "web" }, "data": { "colour": "red" },
    });
    scene.api.send(
        tests::net::Request::new("PATCH", &format!("{object}?fieldManager=somebody&force=true"))
            .header("Content-Type", "application/apply-patch+yaml")
            .body(mine.to_string()),
    )?;
    let (operation, _) = fail(&bridge, &to, &body)?;
    assert_eq!(operation["problem"]["code"], "plan-stale", "{operation}");
    assert_eq!(statuses(&helm, "web")?, ["deployed"], "nothing was written");
    // Another set than the one that was planned.
    let other = apply(&helm, "upgrade", "web", &plain, &["replicas=2"], json!({ "wait": "hook-only" }))?;
    let id = plan(&other)?["id"].clone();
    let mut changed =
        apply(&helm, "upgrade", "web", &plain, &["replicas=3"], json!({ "wait": "hook-only" }))?;
    changed["planId"] = id;
    assert_eq!(fail(&bridge, &to, &changed)?.0["problem"]["code"], "plan-stale");
    Ok(())
}

fn orphans(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, proxy, many) = (scene.helm()?, scene.proxy()?, scene.chart("many"));
    let bridge = scene.bridge_as(proxy.access(), &[])?;
    let to = path(&scene, "web", "apply");
    succeed(&bridge, &to, &apply(&helm, "install", "web", &many, &["count=1"], json!({}))?)?;
    let refused = tests::fault::Fault::status(422, "Invalid", "no");
    proxy.add(tests::fault::Rule::new("PATCH", r"/configmaps/web-2\?fieldManager", refused));
    fail(&bridge, &to, &apply(&helm, "upgrade", "web", &many, &["count=3"], json!({}))?)?;
    proxy.clear();
    succeed(&bridge, &to, &apply(&helm, "upgrade", "web", &many, &["count=1"], json!({}))?)?;
    let left = scene.path("v1", "configmaps/web-1");
    assert!(scene.api.find(&left)?.is_some(), "Helm would leave it for ever, too");
    let base = format!("/v1/namespaces/{}/releases/web", scene.namespace);
    let found = bridge.get(&format!("{base}/orphans"))?["objects"].clone();
    assert_eq!(found[0]["name"], "web-1", "{found}");
    let cleanup = path(&scene, "web", "cleanup");
    let own =
        json!([{ "apiVersion": "v1", "kind": "ConfigMap", "namespace": scene.namespace, "name": "web-0" }]);
    let (operation, _) = fail(&bridge, &cleanup, &json!({ "orphans": own, "confirm": "web" }))?;
    assert_eq!(operation["problem"]["code"], "invalid-request", "{operation}");
    succeed(&bridge, &cleanup, &json!({ "orphans": found, "confirm": "web" }))?;
    assert!(scene.api.find(&left)?.is_none());
    helm.ok(&["upgrade", "web", &many, "--set", "count=2"]).map(drop)
}
