//! What once was wrong on a real cluster: what is asked before something is written, and how an operation goes on.

use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};
use tests::fault::{Fault, Rule};
use tests::kube::record;
use tests::scene::{Bridge, Scene, World, data, key};
use tests::trial::Trial;

use crate::rendered::{apply, fail, path, statuses, succeed};

pub(crate) const TRIALS: &[Trial<World>] = &[
    Trial { name: "what_the_policy_denies_leaves_no_trace", run: denied },
    Trial { name: "a_way_back_is_asked_about_too", run: denied_back },
    Trial { name: "a_record_may_name_no_namespace_and_an_old_version", run: old_record },
    Trial { name: "hooks_may_be_of_kinds_that_the_chart_defines", run: own_kinds },
    Trial { name: "an_operation_goes_on_where_it_stopped", run: goes_on },
    Trial { name: "an_uninstall_goes_on_as_it_was_asked_for", run: uninstalls_on },
    Trial { name: "nothing_is_sent_without_a_heartbeat", run: heartbeat },
    Trial { name: "a_refused_token_ends_a_wait", run: refused_token },
    Trial { name: "an_uninstall_takes_orphans_along", run: orphans },
];

pub(crate) const QUICK: [&str; 2] = ["--heartbeat-seconds", "1"];

fn secret(scene: &Scene<'_>, release: &str, revision: u32) -> Result<Value, String> {
    scene.api.get(&scene.path("v1", &format!("secrets/sh.helm.release.v1.{release}.v{revision}")))
}

/// Starts an operation and follows it until this step; its id.
pub(crate) fn until(
    bridge: &Bridge,
    to: &str,
    body: &Value,
    key: &str,
    step: &str,
) -> Result<String, String> {
    let request = bridge.request("POST", to).header("Idempotency-Key", key).json(body);
    let created = bridge.try_send(&request)??;
    let id = created["operation"]["id"].as_str().ok_or("no operation")?.to_owned();
    let mut events = bridge.events(&id, 0)?;
    while let Some(event) = events.next(Duration::from_secs(60)).map_err(|error| error.to_string())? {
        let event = data(&event)?;
        if event["type"] == "op.state" && event["state"] == step {
            return Ok(id);
        }
    }
    Err(format!("it never came to {step}: {}", bridge.get(&format!("/v1/operations/{id}"))?))
}

/// The silence after which another bridge may go on: six heartbeats.
pub(crate) fn silence() {
    sleep(Duration::from_secs(8));
}

fn denied(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    scene.helm()?.ok(&["install", "app", &scene.chart("hooks")])?;
    let before = secret(&scene, "app", 1)?;
    let refused = |args: &[&str], verb: &str, body: &Value| {
        let bridge = scene.bridge(args)?;
        let (operation, _) = fail(&bridge, &path(&scene, "app", verb), body)?;
        assert_eq!(operation["problem"]["code"], "policy-denied", "{verb}: {operation}");
        assert_eq!(secret(&scene, "app", 1)?, before, "{verb}: the record was written");
        Ok::<_, String>(())
    };
    // One test of several hooks, and it may not run.
    refused(&["--deny-kind", "Pod"], "test", &json!({ "filter": ["name=app-test"] }))?;
    refused(&["--deny-kind", "ConfigMap"], "uninstall", &json!({}))?;
    // Hooks of other events are deleted, too, when that is asked for.
    refused(&["--deny-kind", "Pod"], "uninstall", &json!({ "noHooks": true, "deleteHooks": true }))?;
    let namespace = ["--deny-namespace", scene.namespace.as_str()];
    for (verb, body) in [("test", json!({})), ("uninstall", json!({})), ("rollback", json!({}))] {
        refused(&namespace, verb, &body)?;
    }
    refused(&namespace, "recover", &json!({ "action": "abandon" }))?;
    // And without a rule it runs, and the other hooks stay.
    let bridge = scene.bridge(&[])?;
    succeed(&bridge, &path(&scene, "app", "test"), &json!({ "filter": ["name=app-test"] }))?;
    let record = record::record(&scene.api, &scene.namespace, "app", 1)?;
    assert_eq!(record["hooks"].as_array().map(Vec::len), Some(10));
    Ok(())
}

fn denied_back(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, proxy) = (scene.helm()?, scene.proxy()?);
    helm.ok(&["install", "web", &scene.chart("plain")])?;
    let bridge = scene.bridge_as(proxy.access(), &["--deny-kind", "Service"])?;
    proxy.add(Rule::new("PATCH", r"/configmaps/web-1\?fieldManager", Fault::status(422, "Invalid", "no")));
    let options = json!({ "onFailure": "rollback", "prune": false });
    let body = apply(&helm, "upgrade", "web", &scene.chart("many"), &["count=2"], options)?;
    let (operation, _) = fail(&bridge, &path(&scene, "web", "apply"), &body)?;
    assert_eq!(operation["problem"]["code"], "policy-denied", "{operation}");
    assert_eq!(statuses(&helm, "web")?, ["deployed", "failed"]);
    Ok(())
}

/// Writes another record in place of the one that is there.
fn rewrite(scene: &Scene<'_>, release: &str, change: impl Fn(&mut Value)) -> Result<(), String> {
    use std::io::Write as _;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let mut body = record::record(&scene.api, &scene.namespace, release, 1)?;
    change(&mut body);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(body.to_string().as_bytes()).map_err(|error| error.to_string())?;
    let text = STANDARD.encode(gzip.finish().map_err(|error| error.to_string())?);
    let secret = scene.path("v1", &format!("secrets/sh.helm.release.v1.{release}.v1"));
    scene.api.merge(&secret, &json!({ "data": { "release": STANDARD.encode(text) } })).map(drop)
}

fn old_record(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge) = (scene.helm()?, scene.bridge(&[])?);
    helm.ok(&["install", "web", &scene.chart("many"), "--set", "count=1"])?;
    let budgets = scene.path("policy/v1", "poddisruptionbudgets");
    let budget = json!({
        "metadata": {
            "name": "web", "labels": { "app.kubernetes.io/managed-by": "Helm" },
            "annotations": {
                "meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": scene.namespace,
            },
        },
        "spec": { "minAvailable": 1, "selector": { "matchLabels": { "app": "web" } } },
    });
    scene.api.create(&budgets, &budget)?;
    let add = |document: &'static str| {
        move |record: &mut Value| {
            let manifest = record["manifest"].as_str().unwrap_or_default();
            record["manifest"] = format!("{manifest}---\n# Source: many/templates/x.yaml\n{document}").into();
        }
    };
    let manifest = record::record(&scene.api, &scene.namespace, "web", 1)?["manifest"].clone();
    // Helm stops here, too, only later.
    let uninstall = path(&scene, "web", "uninstall");
    rewrite(&scene, "web", add("apiVersion: gone.test/v1\nkind: Widget\nmetadata: {name: web}\n"))?;
    let (operation, _) = fail(&bridge, &uninstall, &json!({}))?;
    let detail = operation["problem"]["detail"].as_str().unwrap_or_default();
    assert!(detail.starts_with("unable to build kubernetes objects for delete: "), "{operation}");
    assert_eq!(statuses(&helm, "web")?, ["deployed"]);
    rewrite(&scene, "web", |record| record["manifest"] = manifest.clone())?;
    rewrite(
        &scene,
        "web",
        add("apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: web}\n"),
    )?;
    rewrite(&scene, "web", |record| {
        if let Some(record) = record.as_object_mut() {
            record.remove("namespace");
        }
    })?;
    succeed(&bridge, &uninstall, &json!({ "wait": true }))?;
    assert_eq!(scene.api.find(&format!("{budgets}/web"))?, None);
    assert_eq!(scene.api.find(&scene.path("v1", "configmaps/web-0"))?, None);
    assert_eq!(scene.dump()?.names(), Vec::<&str>::new());
    Ok(())
}

/// A chart whose template defines a kind, and whose hook is of that kind.
fn gadgets(scene: &Scene<'_>) -> Result<String, String> {
    let group = format!("{}.test", scene.namespace);
    let templates = scene.scratch.path().join("gadgets/templates");
    std::fs::create_dir_all(templates).map_err(|error| error.to_string())?;
    scene.file("gadgets/Chart.yaml", "apiVersion: v2\nname: gadgets\nversion: 0.1.0\n")?;
    scene.file("gadgets/values.yaml", "size: 1\n")?;
    let definition = format!(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {{name: gadgets.{group}}}\n\
         spec:\n  group: {group}\n  scope: Namespaced\n  names: {{kind: Gadget, plural: gadgets, singular: gadget}}\n  \
         versions:\n  - name: v1\n    served: true\n    storage: true\n    schema:\n      openAPIV3Schema: {{type: object}}\n"
    );
    scene.file("gadgets/templates/definition.yaml", &definition)?;
    let hook = format!(
        "apiVersion: {group}/v1\nkind: Gadget\nmetadata:\n  name: mine\n  annotations: {{helm.sh/hook: post-install}}\n"
    );
    let path = scene.file("gadgets/templates/hook.yaml", &hook)?;
    let folder = path.parent().and_then(std::path::Path::parent).ok_or("no folder")?;
    Ok(folder.to_string_lossy().into_owned())
}

fn own_kinds(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge) = (scene.helm()?, scene.bridge(&[])?);
    let chart = gadgets(&scene)?;
    let mine = scene.path(&format!("{}.test/v1", scene.namespace), "gadgets/mine");
    helm.ok(&["install", "web", &chart, "--wait"])?;
    scene.api.get(&mine)?;
    helm.ok(&["uninstall", "web", "--wait"])?;
    succeed(
        &bridge,
        &path(&scene, "web", "apply"),
        &apply(&helm, "install", "web", &chart, &[], json!({}))?,
    )?;
    scene.api.get(&mine)?;
    succeed(&bridge, &path(&scene, "web", "uninstall"), &json!({ "wait": true })).map(drop)
}

fn goes_on(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, proxy, chart) = (scene.helm()?, scene.proxy()?, scene.chart("hooks"));
    let bridge = scene.bridge_as(proxy.access(), &QUICK)?;
    let to = path(&scene, "app", "apply");
    succeed(&bridge, &to, &apply(&helm, "install", "app", &chart, &[], json!({}))?)?;
    let body = apply(&helm, "upgrade", "app", &chart, &[], json!({}))?;
    // It is killed while it applies: the hooks before have run.
    proxy.add(Rule::new("PATCH", r"/configmaps/app\?fieldManager=helm", Fault::Hang));
    let key = key();
    let id = until(&bridge, &to, &body, &key, "applying")?;
    let job = || scene.api.get(&scene.path("batch/v1", "jobs/app-pre-upgrade"));
    let ran = job()?["metadata"]["uid"].clone();
    let home = bridge.kill()?;
    proxy.clear();
    // Another bridge holds off while the first may be at it, and what is uninstalled by one is held for all.
    let program = world.bridge()?;
    let again = Bridge::start_in(home, &program, &scene.api.access, &QUICK)?;
    let found = again.get(&format!("/v1/operations/{id}"))?;
    assert_eq!(found["state"], "interrupted", "{found}");
    silence();
    // The same request goes on with it; with another body it is refused.
    let send =
        |body: &Value| again.try_send(&again.request("POST", &to).header("Idempotency-Key", &key).json(body));
    let mut other = body.clone();
    other["notes"] = "other".into();
    assert_eq!(send(&other)?.expect_err("another body").code, "idempotency-mismatch");
    assert_eq!(send(&body)??["operation"]["id"], id.as_str());
    again.follow(&id)?;
    let ended = again.get(&format!("/v1/operations/{id}"))?;
    assert_eq!((&ended["state"], &ended["revision"]), (&json!("done"), &json!(2)), "{ended}");
    assert_eq!(job()?["metadata"]["uid"], ran, "the hook ran a second time");
    let record = record::record(&scene.api, &scene.namespace, "app", 2)?;
    let hooks = record["hooks"].as_array().into_iter().flatten();
    let mut ran: Vec<&str> = hooks
        .filter(|hook| hook["last_run"]["phase"] == "Succeeded")
        .filter_map(|hook| hook["events"][0].as_str())
        .collect();
    ran.sort_unstable();
    assert_eq!(ran, ["post-upgrade", "pre-upgrade"]);
    Ok(())
}

fn uninstalls_on(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, proxy, chart) = (scene.helm()?, scene.proxy()?, scene.chart("hooks"));
    let bridge = scene.bridge_as(proxy.access(), &QUICK)?;
    succeed(
        &bridge,
        &path(&scene, "app", "apply"),
        &apply(&helm, "install", "app", &chart, &[], json!({}))?,
    )?;
    let asked = json!({ "keepHistory": true, "noHooks": true, "description": "for the winter" });
    proxy.add(Rule::new("DELETE", "/configmaps/app", Fault::Hang));
    until(&bridge, &path(&scene, "app", "uninstall"), &asked, &key(), "deleting")?;
    // While one uninstalls, another bridge goes not back past it.
    let other = scene.bridge(&QUICK)?;
    for (verb, body) in [("rollback", json!({ "toRevision": 1 })), ("uninstall", json!({}))] {
        let (operation, _) = fail(&other, &path(&scene, "app", verb), &body)?;
        assert_eq!(operation["problem"]["code"], "release-locked", "{verb}: {operation}");
    }
    drop(bridge.kill()?);
    proxy.clear();
    silence();
    succeed(&other, &path(&scene, "app", "recover"), &json!({ "action": "resume" }))?;
    assert_eq!(statuses(&helm, "app")?, ["uninstalled"]);
    let record = record::record(&scene.api, &scene.namespace, "app", 1)?;
    assert_eq!(record["info"]["description"], "for the winter");
    assert_eq!(scene.api.find(&scene.path("v1", "configmaps/app"))?, None);
    Ok(())
}

fn heartbeat(world: &World, trial: &str) -> Result<(), String> {
    const APPLY: &str = r"/configmaps/[^?]*\?fieldManager=helm&fieldValidation";
    let scene = world.scene(trial)?;
    let (helm, proxy) = (scene.helm()?, scene.proxy()?);
    let bridge = scene.bridge_as(proxy.access(), &QUICK)?;
    let body = apply(&helm, "install", "web", &scene.chart("many"), &["count=48"], json!({}))?;
    proxy.add(Rule::new("PATCH", "/secrets/sh.helm", Fault::status(403, "Forbidden", "no longer")));
    proxy.add(Rule::new("PATCH", APPLY, Fault::Delay(Duration::from_secs(1))));
    let to = path(&scene, "web", "apply");
    let id = bridge.post(&to, &body)?["operation"]["id"].as_str().unwrap_or_default().to_owned();
    // Half of the silence after which another goes on, and what was under way.
    sleep(Duration::from_secs(8));
    let sent = proxy.count("PATCH", APPLY);
    sleep(Duration::from_secs(3));
    assert_eq!(proxy.count("PATCH", APPLY), sent, "objects are sent without a heartbeat");
    assert!(sent < 48, "{sent} objects were sent");
    proxy.clear();
    bridge.follow(&id)?;
    assert_eq!(bridge.get(&format!("/v1/operations/{id}"))?["state"], "done");
    assert_eq!(statuses(&helm, "web")?, ["deployed"]);
    Ok(())
}

fn refused_token(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, proxy) = (scene.helm()?, scene.proxy()?);
    let bridge = scene.bridge_as(proxy.access(), &QUICK)?;
    let options = json!({ "wait": "watcher", "stepTimeoutSeconds": 100 });
    let body = apply(&helm, "install", "web", &scene.chart("plain"), &["outcome=hang"], options)?;
    let expired = Fault::status(401, "Unauthorized", "Unauthorized");
    proxy.add(Rule::new("GET", "/services?.*fieldSelector", expired));
    let id = bridge.post(&path(&scene, "web", "apply"), &body)?["operation"]["id"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let mut events = bridge.events(&id, 0)?;
    while let Some(event) = events.next(Duration::from_secs(30)).map_err(|error| error.to_string())? {
        let event = data(&event)?;
        let text = event["question"].as_str().unwrap_or_default();
        if event["type"] == "prompt" && text.contains("token") {
            proxy.clear();
            let answer = json!({ "prompt": event["id"], "choice": "fail" });
            bridge.post(&format!("/v1/operations/{id}:decide"), &answer)?;
        }
    }
    let ended = bridge.get(&format!("/v1/operations/{id}"))?;
    assert_eq!(ended["problem"]["code"], "token-expired", "{ended}");
    assert_eq!(statuses(&helm, "web")?, ["failed"]);
    Ok(())
}

fn orphans(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge) = (scene.helm()?, scene.bridge(&[])?);
    helm.ok(&["install", "web", &scene.chart("many"), "--set", "count=1"])?;
    let marked = json!({
        "metadata": {
            "name": "left", "labels": { "app.kubernetes.io/managed-by": "Helm" },
            "annotations": {
                "meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": scene.namespace,
            },
        },
    });
    let configs = scene.path("v1", "configmaps");
    scene.api.create(&configs, &marked)?;
    // A plan for the one is none for the other.
    let subject = json!({ "kind": "uninstall" });
    let plan = json!({ "namespace": scene.namespace, "release": "web", "subject": subject });
    let id = bridge.post("/v1/plans", &plan)?["id"].clone();
    let uninstall = path(&scene, "web", "uninstall");
    let (operation, _) = fail(&bridge, &uninstall, &json!({ "planId": id, "deleteOrphans": true }))?;
    assert_eq!(operation["problem"]["code"], "plan-stale", "{operation}");
    succeed(&bridge, &uninstall, &json!({ "deleteOrphans": true }))?;
    assert_eq!(scene.api.find(&format!("{configs}/left"))?, None);
    Ok(())
}
