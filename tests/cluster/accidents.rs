//! Accidents that no proxy plays: an account that is deleted, a namespace that goes away, a rule of the cluster that denies, a
//! clock that jumps. What the cluster says is what a real one says.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::chart_fixture::Scratch;
use tests::fault::{Fault, Rule};
use tests::kube::Api;
use tests::net::Request;
use tests::scene::{Bridge, Scene, World};
use tests::trial::Trial;

use crate::rendered::{APPLY, apply, fail, path, statuses, succeed};
use crate::settled::{one_deployed, settled};

pub(crate) const TRIALS: &[Trial<World>] = &[
    Trial { name: "f13_the_account_of_the_token_is_deleted_half_way", run: f13 },
    Trial { name: "f17_the_namespace_goes_away_half_way", run: f17 },
    Trial { name: "f18_a_rule_of_the_cluster_denies_an_object", run: f18 },
    Trial { name: "f22_the_clock_of_whoever_works_jumps", run: f22_writer },
    Trial { name: "f22_the_clock_of_whoever_looks_jumps", run: f22_reader },
];

fn f13(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, proxy) = (scene.helm()?, scene.proxy()?);
    let all = json!([{ "apiGroups": ["*"], "resources": ["*"], "verbs": ["*"] }]);
    let ann = scene.person("ann", &all)?;
    let mut bridge = scene.bridge_as(proxy.access(), &["--mode", "passthrough"])?;
    bridge.token = ann.token.clone();
    let mut body = apply(&helm, "install", "web", &scene.chart("many"), &["count=20"], json!({}))?;
    let mut subject = body.clone();
    subject["kind"] = "apply".into();
    let plan = json!({ "namespace": scene.namespace, "release": "web", "subject": subject });
    body["planId"] = bridge.post("/v1/plans", &plan)?["id"].clone();
    // Her account goes at the tenth object. The API server remembers good tokens for some seconds.
    let account = scene.path("v1", "serviceaccounts/ann");
    let expire = {
        let (api, hers, account) = (scene.api.clone(), Api::new(ann)?, account.clone());
        move || {
            let deadline = Instant::now() + Duration::from_secs(30);
            // A failure here shows as an operation that is never asked for a token.
            let _ = api.delete(&account);
            while hers.send(Request::new("GET", "/version")).is_ok_and(|answer| answer.status != 401)
                && Instant::now() < deadline
            {
                std::thread::sleep(Duration::from_millis(200));
            }
        }
    };
    proxy.add(Rule::new("PATCH", APPLY, Fault::Before(Arc::new(expire))).nth(10));
    let id = bridge.begin(&path(&scene, "web", "apply"), &body)?;
    let asked = bridge.until(&id, |event| event["type"] == "prompt")?;
    let prompt = asked.last().map(|event| event["id"].clone()).unwrap_or_default();
    assert!(asked.iter().any(|event| event["problem"]["code"] == "token-expired"), "{asked:?}");
    // The same person comes back with a fresh one.
    let accounts = scene.path("v1", "serviceaccounts");
    scene.api.create(&accounts, &json!({ "metadata": { "name": "ann" } }))?;
    let fresh = json!({ "spec": { "expirationSeconds": 7200 } });
    let fresh = scene.api.create(&format!("{account}/token"), &fresh)?;
    bridge.token = fresh["status"]["token"].as_str().map(str::to_owned);
    bridge
        .post(&format!("/v1/operations/{id}:decide"), &json!({ "prompt": prompt, "choice": "continue" }))?;
    bridge.follow(&id)?;
    let operation = bridge.get(&format!("/v1/operations/{id}"))?;
    assert_eq!(operation["state"], "done", "{operation}");
    assert_eq!(statuses(&helm, "web")?, ["deployed"]);
    let bridge = scene.bridge(&[])?;
    settled(&scene, &bridge, "web", "many", &["count=20"])
}

fn f17(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, proxy) = (scene.helm()?, scene.proxy()?);
    let bridge = scene.bridge_as(proxy.access(), &["--heartbeat-seconds", "1"])?;
    let body = apply(&helm, "install", "web", &scene.chart("many"), &["count=12"], json!({}))?;
    // Something in it takes its time to go, so the namespace does.
    let held = json!({ "metadata": { "name": "held", "finalizers": ["chartroom.test/held"] } });
    scene.api.create(&scene.path("v1", "configmaps"), &held)?;
    let namespace = format!("/api/v1/namespaces/{}", scene.namespace);
    let end = {
        let (api, namespace) = (scene.api.clone(), namespace.clone());
        move || {
            // What comes of it shows in the operation.
            let _ = api.delete(&namespace);
            let _ = api.wait("its end", Duration::from_secs(10), |api| {
                Ok((api.get(&namespace)?["status"]["phase"] == "Terminating").then_some(()))
            });
        }
    };
    proxy.add(Rule::new("PATCH", APPLY, Fault::Before(Arc::new(end))).nth(1));
    let (operation, events) = fail(&bridge, &path(&scene, "web", "apply"), &body)?;
    assert!(operation.to_string().contains("being terminated"), "{operation}\n{events:?}");
    proxy.clear();
    let free = json!([{ "op": "remove", "path": "/metadata/finalizers" }]);
    let free = Request::new("PATCH", &scene.path("v1", "configmaps/held"))
        .header("Content-Type", "application/json-patch+json")
        .body(free.to_string());
    scene.api.send(free)?;
    scene.api.wait("the namespace to be gone", Duration::from_secs(60), |api| {
        Ok(api.find(&namespace)?.is_none().then_some(()))
    })?;
    scene.create_again()?;
    settled(&scene, &bridge, "web", "many", &["count=3"])
}

/// What stands on the whole cluster goes with this.
struct Standing<'s> {
    api: &'s Api,
    paths: Vec<String>,
}

impl Drop for Standing<'_> {
    fn drop(&mut self) {
        for path in &self.paths {
            // The cluster is thrown away anyway.
            let _ = self.api.delete(path);
        }
    }
}

fn f18(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, proxy) = (scene.helm()?, scene.proxy()?);
    let bridge = scene.bridge_as(proxy.access(), &[])?;
    let group = "/apis/admissionregistration.k8s.io/v1";
    let (policies, bindings) = (
        format!("{group}/validatingadmissionpolicies"),
        format!("{group}/validatingadmissionpolicybindings"),
    );
    let name = scene.namespace.as_str();
    let rule = json!({ "apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["configmaps"] });
    scene.api.create(
        &policies,
        &json!({
            "metadata": { "name": name },
            "spec": {
                "failurePolicy": "Fail",
                "matchConstraints": { "resourceRules": [rule] },
                "validations": [{ "expression": "object.metadata.name != 'web-1'", "message": "not this one" }],
            },
        }),
    )?;
    let _standing =
        Standing { api: &scene.api, paths: vec![format!("{bindings}/{name}"), format!("{policies}/{name}")] };
    let here = json!({ "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": name } } });
    scene.api.create(
        &bindings,
        &json!({
            "metadata": { "name": name },
            "spec": { "policyName": name, "validationActions": ["Deny"], "matchResources": here },
        }),
    )?;
    let probe = format!("{}?dryRun=All", scene.path("v1", "configmaps"));
    scene.api.wait("the rule", Duration::from_secs(60), |api| {
        let answer =
            api.send(Request::new("POST", &probe).json(&json!({ "metadata": { "name": "web-1" } })))?;
        Ok((answer.status == 422 || answer.status == 403).then_some(()))
    })?;
    let to = path(&scene, "web", "apply");
    let body = apply(&helm, "install", "web", &scene.chart("many"), &["count=3"], json!({}))?;
    let mut subject = body.clone();
    subject["kind"] = "apply".into();
    let plan = json!({ "namespace": name, "release": "web", "subject": subject });
    let plan = bridge.post("/v1/plans", &plan)?;
    let denied: Vec<&Value> = plan["objects"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|object| object.to_string().contains("not this one"))
        .collect();
    assert_eq!(denied.len(), 1, "the plan shows it: {plan}");
    let (operation, _) = fail(&bridge, &to, &body)?;
    assert!(operation["problem"].to_string().contains("not this one"), "{operation}");
    assert_eq!(proxy.count("PATCH", APPLY), 0, "nothing was applied");
    assert_eq!(crate::settled::revisions(&scene, "web")?, [], "nothing was recorded");
    // A set that the rule lets pass.
    succeed(&bridge, &to, &apply(&helm, "install", "web", &scene.chart("many"), &["count=1"], json!({}))?)?;
    settled(&scene, &bridge, "web", "many", &["count=1"])
}

/// A clock of one's own: a file of seconds that are added to the real time, for a program that is started with it.
struct Clock {
    library: PathBuf,
    file: PathBuf,
    // Goes at the end, with both.
    _scratch: Scratch,
}

/// Stands before the C library's function. It reads the file at each call, so that the clock jumps while the program runs.
const CLOCK: &str = r#"
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t which, struct timespec *now) {
    int failed = (int)syscall(SYS_clock_gettime, which, now);
    const char *path = getenv("CLOCK_FILE");
    if (failed || which != CLOCK_REALTIME || !path) return failed;
    int file = open(path, O_RDONLY);
    if (file < 0) return 0;
    char text[32] = {0};
    if (read(file, text, sizeof text - 1) > 0) now->tv_sec += atol(text);
    close(file);
    return 0;
}
"#;

impl Clock {
    /// The compiler is the one that links Rust's programs.
    fn new() -> Result<Self, String> {
        let wrong = |error: std::io::Error| error.to_string();
        let scratch = Scratch::new("clock").map_err(wrong)?;
        let (source, library) = (scratch.path().join("clock.c"), scratch.path().join("clock.so"));
        std::fs::write(&source, CLOCK).map_err(wrong)?;
        let mut cc = Command::new("cc");
        cc.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(&source);
        let said = cc.output().map_err(|error| format!("cc: {error}"))?;
        if !said.status.success() {
            return Err(format!("cc: {}", String::from_utf8_lossy(&said.stderr)));
        }
        let clock = Self { library, file: scratch.path().join("seconds"), _scratch: scratch };
        clock.jump(0)?;
        Ok(clock)
    }

    fn jump(&self, seconds: i64) -> Result<(), String> {
        // Put in place at once, so that nobody reads half a number.
        let new = self.file.with_extension("new");
        std::fs::write(&new, seconds.to_string())
            .and_then(|()| std::fs::rename(&new, &self.file))
            .map_err(|error| error.to_string())
    }

    /// A bridge with this clock.
    fn bridge(&self, scene: &Scene<'_>) -> Result<Bridge, String> {
        let home = Scratch::new("bridge").map_err(|error| error.to_string())?;
        let variables = [
            ("LD_PRELOAD", self.library.to_str().ok_or("a path of odd letters")?),
            ("CLOCK_FILE", self.file.to_str().ok_or("a path of odd letters")?),
        ];
        Bridge::start_with(home, &scene.world.bridge()?, &scene.api.access, &ARGS, &variables)
    }
}

const ARGS: [&str; 2] = ["--heartbeat-seconds", "1"];

fn verdict(scene: &Scene<'_>, bridge: &Bridge) -> Result<String, String> {
    let at = format!("/v1/namespaces/{}/releases/web", scene.namespace);
    Ok(bridge.get(&at)?["lock"]["verdict"].as_str().unwrap_or_default().to_owned())
}

/// What another bridge says for so long.
fn keeps_saying(scene: &Scene<'_>, bridge: &Bridge, expected: &str, time: Duration) -> Result<(), String> {
    let start = Instant::now();
    while start.elapsed() < time {
        let said = verdict(scene, bridge)?;
        if said != expected {
            return Err(format!("{said} after {:?}, not {expected}", start.elapsed()));
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}

fn f22_writer(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, plain) = (scene.helm()?, scene.chart("plain"));
    let clock = Clock::new()?;
    let (odd, other) = (clock.bridge(&scene)?, scene.bridge(&ARGS)?);
    let to = path(&scene, "web", "apply");
    let body = apply(&helm, "install", "web", &plain, &["delay=12s"], json!({}))?;
    let id = odd.begin(&to, &body)?;
    odd.until(&id, |event| event["type"] == "op.state" && event["state"] == "waiting")?;
    let secret = scene.path("v1", "secrets/sh.helm.release.v1.web.v1");
    let beat = || -> Result<Value, String> {
        Ok(scene.api.get(&secret)?["metadata"]["annotations"]["chartroom/heartbeat"].clone())
    };
    for seconds in [-3600, 3600] {
        let before = beat()?;
        clock.jump(seconds)?;
        scene.api.wait("a heartbeat of the new time", Duration::from_secs(10), |_| {
            Ok((beat()?.as_str().map(|text| text.get(..13).map(str::to_owned))
                != before.as_str().map(|text| text.get(..13).map(str::to_owned)))
            .then_some(()))
        })?;
        keeps_saying(&scene, &other, "running", Duration::from_secs(2))
            .map_err(|why| format!("{seconds} s: {why}"))?;
        let (operation, _) = fail(&other, &path(&scene, "web", "recover"), &json!({ "action": "resume" }))?;
        assert_eq!(operation["problem"]["code"], "release-locked", "{operation}");
    }
    odd.follow(&id)?;
    one_deployed(&scene, "web")?;
    // A heartbeat from the future is no excuse for silence.
    let body = apply(&helm, "upgrade", "web", &plain, &["delay=30s", "colour=green"], json!({}))?;
    let id = odd.begin(&to, &body)?;
    odd.until(&id, |event| event["type"] == "op.state" && event["state"] == "waiting")?;
    drop(odd.kill()?);
    scene.api.wait("the silence to be noticed", Duration::from_secs(30), |_| {
        Ok((verdict(&scene, &other)? == "crashed").then_some(()))
    })?;
    let asked = json!({ "action": "rollback" });
    succeed(&other, &path(&scene, "web", "recover"), &asked)?;
    settled(&scene, &other, "web", "plain", &[])
}

fn f22_reader(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, plain) = (scene.helm()?, scene.chart("plain"));
    let clock = Clock::new()?;
    let (odd, working) = (clock.bridge(&scene)?, scene.bridge(&ARGS)?);
    let body = apply(&helm, "install", "web", &plain, &["delay=12s"], json!({}))?;
    let id = working.begin(&path(&scene, "web", "apply"), &body)?;
    working.until(&id, |event| event["type"] == "op.state" && event["state"] == "waiting")?;
    for seconds in [-3600, 3600] {
        clock.jump(seconds)?;
        keeps_saying(&scene, &odd, "running", Duration::from_secs(2))
            .map_err(|why| format!("{seconds} s: {why}"))?;
    }
    drop(working.kill()?);
    clock.jump(-3600)?;
    scene.api.wait("the silence to be noticed", Duration::from_secs(30), |_| {
        Ok((verdict(&scene, &odd)? == "crashed").then_some(()))
    })?;
    // Its own operations keep their times, whatever the clock does.
    let asked = json!({ "action": "resume" });
    let id = odd.begin(&path(&scene, "web", "recover"), &asked)?;
    clock.jump(3600)?;
    odd.follow(&id)?;
    one_deployed(&scene, "web")?;
    clock.jump(0)?;
    settled(&scene, &odd, "web", "plain", &[])
}
