//! What an enemy tries, on a real API server: the threats of the design that need one. The others stand in
//! `kube-proxy-bridge/tests`; each test's name begins with its threat.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use tests::fault::{Fault, Rule};
use tests::kube::{Api, record};
use tests::net::Request;
use tests::scene::{Bridge, Scene, World};
use tests::trial::Trial;

use crate::rendered::{apply, fail, path, statuses, succeed};

pub(crate) const TRIALS: &[Trial<World>] = &[
    Trial { name: "t6_a_chart_gets_no_secret_without_a_yes", run: lookups },
    Trial { name: "t7_a_forged_record_gives_its_author_no_rights", run: forged },
    Trial { name: "t7_a_record_of_another_release_is_refused", run: mismatched },
    Trial { name: "t9_a_namespace_is_created_by_the_rules", run: namespaces },
    Trial { name: "t18_what_others_wrote_steers_no_terminal", run: escapes },
    Trial { name: "t20_what_came_after_the_look_is_not_deleted", run: successors },
    Trial { name: "t20_a_plan_holds_only_as_long_as_the_cluster", run: plans },
    Trial { name: "t23_a_record_writes_no_file", run: files },
    Trial { name: "t24_a_schema_is_kept_and_never_read", run: schemas },
    Trial { name: "t25_the_chart_that_was_reviewed_is_the_one_that_is_applied", run: charts },
];

/// The value of a record's Secret.
fn stored(record: &Value) -> Result<String, String> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(record.to_string().as_bytes()).map_err(|error| error.to_string())?;
    let inner = STANDARD.encode(gzip.finish().map_err(|error| error.to_string())?);
    Ok(STANDARD.encode(inner))
}

fn secret(scene: &Scene<'_>, revision: u32) -> String {
    scene.path("v1", &format!("secrets/sh.helm.release.v1.web.v{revision}?fieldManager=somebody"))
}

fn under(scene: &Scene<'_>, rest: &str) -> String {
    format!("/v1/namespaces/{}/releases/web{rest}", scene.namespace)
}

/// A plan, or its refusal.
fn plan(
    bridge: &Bridge,
    scene: &Scene<'_>,
    kind: &str,
    subject: &Value,
) -> Result<Result<Value, (String, Value)>, String> {
    let mut subject = subject.clone();
    subject["kind"] = kind.into();
    let body = json!({ "namespace": scene.namespace, "release": "web", "subject": subject });
    Ok(bridge.try_post("/v1/plans", &body)?.map_err(|refusal| (refusal.code, refusal.problem)))
}

fn refused(answer: Result<Value, (String, Value)>) -> Result<(String, Value), String> {
    match answer {
        Ok(taken) => Err(format!("it was taken: {taken}")),
        Err(refusal) => Ok(refusal),
    }
}

fn lookups(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let audit = scene.scratch.path().join("audit.jsonl");
    let (helm, bridge) = (scene.helm()?, scene.bridge(&["--audit-log", &audit.to_string_lossy()])?);
    let db = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "db" }, "stringData": { "p": "hunter2-hunter2" } });
    scene.api.create(&scene.path("v1", "secrets"), &db)?;
    let item = |namespace: &str, name: &str, approved: bool| json!({ "apiVersion": "v1", "kind": "Secret", "namespace": namespace, "name": name, "approved": approved });
    let own = scene.namespace.as_str();
    // A list is denied whatever the page says of consent; one by name needs it, each time.
    let items = json!([item(own, "", true), item("", "", true), item(own, "db", false)]);
    let answer = bridge.post("/v1/lookup", &json!({ "chart": "evil", "items": items }))?;
    let outcomes: Vec<&Value> =
        answer["results"].as_array().into_iter().flatten().map(|result| &result["outcome"]).collect();
    assert_eq!(outcomes, ["denied", "denied", "consent-needed"]);
    assert!(!answer.to_string().contains("aHVudGVyMi"), "{answer}");
    let lines = || fs::read_to_string(&audit).map_err(|error| error.to_string());
    assert!(!lines()?.contains("lookup Secret"), "nothing was read");
    let yes = json!({ "chart": "evil", "session": answer["session"], "items": [item(own, "db", true)] });
    assert_eq!(bridge.post("/v1/lookup", &yes)?["results"][0]["outcome"], "found");
    assert_eq!(lines()?.matches("lookup Secret db").count(), 1);
    let again = json!({ "session": answer["session"], "items": [item(own, "db", false)] });
    assert_eq!(bridge.post("/v1/lookup", &again)?["results"][0]["outcome"], "consent-needed");
    // What was rendered without an answer it asked for is not applied: it may hold a new password.
    let mut body = apply(&helm, "install", "web", &scene.chart("many"), &["count=1"], json!({}))?;
    body["lookups"] = json!({ "denied": ["Secret/shop/db"] });
    assert_eq!(
        fail(&bridge, &path(&scene, "web", "apply"), &body)?.0["problem"]["code"],
        "lookup-denied-used"
    );
    Ok(())
}

fn forged(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge, many) = (scene.helm()?, scene.bridge(&[])?, scene.chart("many"));
    helm.ok(&["install", "web", &many, "--set", "count=1"])?;
    helm.ok(&["upgrade", "web", &many, "--set", "count=1,colour=green"])?;
    // A tenant who may write Secrets here, and nothing else anywhere.
    let rules = json!([{ "apiGroups": [""], "resources": ["secrets"], "verbs": ["*"] }]);
    let tenant = Api::new(scene.person("tenant", &rules)?)?;
    let own = &scene.namespace;
    let binding = format!(
        "---\n# Source: many/templates/a.yaml\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata:\n  \
         name: {own}-owned\nroleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}}\n\
         subjects:\n- {{kind: ServiceAccount, name: tenant, namespace: {own}}}\n"
    );
    let planted = format!(
        "---\n# Source: many/templates/b.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {own}-planted\n  \
         namespace: kube-system\ndata: {{a: b}}\n"
    );
    let forge = |manifest: &str| -> Result<(), String> {
        let mut body = record::record(&scene.api, own, "web", 1)?;
        body["manifest"] = manifest.into();
        tenant.merge(&secret(&scene, 1), &json!({ "data": { "release": stored(&body)? } })).map(drop)
    };
    let nothing_came = || -> Result<(), String> {
        let planted = format!("/api/v1/namespaces/kube-system/configmaps/{own}-planted");
        assert!(scene.api.find(&planted)?.is_none(), "the object in kube-system");
        let owned = format!("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/{own}-owned");
        assert!(scene.api.find(&owned)?.is_none(), "the binding");
        assert_eq!(statuses(&helm, "web")?, ["superseded", "deployed"], "no revision was written");
        Ok(())
    };
    let back = json!({ "toRevision": 1 });
    // One person's bridge: the cluster's own namespaces are closed.
    forge(&format!("{binding}{planted}"))?;
    let (operation, _) = fail(&bridge, &path(&scene, "web", "rollback"), &back)?;
    assert_eq!(
        (&operation["problem"]["code"], &operation["problem"]["rule"]),
        (&json!("policy-denied"), &json!("namespace-denied")),
        "{operation}"
    );
    let (code, problem) = refused(plan(&bridge, &scene, "rollback", &back)?)?;
    assert_eq!((code.as_str(), &problem["rule"]), ("policy-denied", &json!("namespace-denied")), "{problem}");
    nothing_came()?;
    // A bridge that many share: nothing of the whole cluster either, and no rollback that was not planned.
    let mut shared = scene.bridge(&["--mode", "passthrough"])?;
    shared.token.clone_from(&scene.api.access.token);
    forge(&binding)?;
    let bare = shared.try_post(&path(&scene, "web", "rollback"), &back)?.err().ok_or("it was taken")?;
    assert_eq!(bare.code, "invalid-request", "{}", bare.problem);
    let (code, problem) = refused(plan(&shared, &scene, "rollback", &back)?)?;
    assert_eq!((code.as_str(), &problem["rule"]), ("policy-denied", &json!("cluster-role")), "{problem}");
    nothing_came()?;
    // And the history shows that it was not Helm who wrote it last.
    let history = bridge.get(&under(&scene, "/revisions"))?;
    let writers: Vec<&Value> =
        history["items"].as_array().into_iter().flatten().map(|revision| &revision["writer"]).collect();
    assert_eq!(writers[1], "somebody", "{history}");
    assert_ne!(writers[0], writers[1], "{history}");
    Ok(())
}

fn mismatched(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge, many) = (scene.helm()?, scene.bridge(&[])?, scene.chart("many"));
    helm.ok(&["install", "web", &many, "--set", "count=1"])?;
    helm.ok(&["upgrade", "web", &many, "--set", "count=1,colour=green"])?;
    let good = record::record(&scene.api, &scene.namespace, "web", 1)?;
    for (field, value) in
        [("name", json!("other")), ("namespace", json!("kube-system")), ("version", json!(2))]
    {
        let mut body = good.clone();
        body[field] = value;
        scene.api.merge(&secret(&scene, 1), &json!({ "data": { "release": stored(&body)? } }))?;
        let history = bridge.get(&under(&scene, "/revisions"))?;
        assert!(history["items"][1]["mismatch"].is_string(), "{field}: {history}");
        let back = json!({ "toRevision": 1 });
        let (operation, _) = fail(&bridge, &path(&scene, "web", "rollback"), &back)?;
        assert_eq!(operation["problem"]["code"], "record-mismatch", "{field}: {operation}");
        let (code, problem) = refused(plan(&bridge, &scene, "rollback", &back)?)?;
        assert_eq!(code, "record-mismatch", "{field}: {problem}");
    }
    // Accepted, the Secret says which release it is, and that is where its objects go.
    let back = json!({ "toRevision": 1, "acceptMismatch": true });
    succeed(&bridge, &path(&scene, "web", "rollback"), &back)?;
    let last = record::record(&scene.api, &scene.namespace, "web", 3)?;
    assert_eq!(
        (&last["name"], &last["namespace"], &last["version"], &last["info"]["rollback_revision"]),
        (&json!("web"), &json!(scene.namespace), &json!(3), &json!(1))
    );
    helm.ok(&["upgrade", "web", &many, "--set", "count=1"]).map(drop)
}

fn namespaces(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let helm = scene.helm()?;
    let options = json!({ "createNamespace": true, "wait": "hook-only" });
    let body = apply(&helm, "install", "web", &scene.chart("many"), &["count=1"], options)?;
    let new = format!("{}-new", scene.namespace);
    let to = format!("/v1/namespaces/{new}/releases/web:apply");
    let plan = |bridge: &Bridge| -> Result<String, String> {
        let mut subject = body.clone();
        subject["kind"] = "apply".into();
        let asked = json!({ "namespace": new, "release": "web", "subject": subject });
        Ok(bridge.try_post("/v1/plans", &asked)?.err().map_or_else(String::new, |refusal| {
            format!("{} {}", refusal.code, refusal.problem["rule"].as_str().unwrap_or_default())
        }))
    };
    let applied = |bridge: &Bridge| -> Result<String, String> {
        let (operation, _) = bridge.operate(&to, &body)?;
        let problem = &operation["problem"];
        let text = |name: &str| problem[name].as_str().unwrap_or_default();
        Ok(if problem.is_null() { String::new() } else { format!("{} {}", text("code"), text("rule")) })
    };
    let mut shared = scene.bridge(&["--mode", "passthrough"])?;
    shared.token.clone_from(&scene.api.access.token);
    assert_eq!(plan(&shared)?, "policy-denied cluster-scoped");
    for (args, rule) in [
        (&["--deny-kind", "cluster-scoped"][..], "policy-denied cluster-scoped"),
        (&["--deny-kind", "Namespace"], "policy-denied kind-denied"),
        (&["--namespace", &scene.namespace], "policy-denied namespace-not-listed"),
    ] {
        let bridge = scene.bridge(args)?;
        assert_eq!((plan(&bridge)?.as_str(), applied(&bridge)?.as_str()), (rule, rule), "{args:?}");
        assert!(scene.api.find(&format!("/api/v1/namespaces/{new}"))?.is_none(), "{args:?}");
    }
    let args = ["--deny-kind", "cluster-scoped", "--allow-kind", "Namespace", "--namespace", &new];
    let bridge = scene.bridge(&args)?;
    assert_eq!((plan(&bridge)?.as_str(), applied(&bridge)?.as_str()), ("", ""));
    let labels = scene.api.get(&format!("/api/v1/namespaces/{new}"))?["metadata"]["labels"].clone();
    scene.api.delete(&format!("/api/v1/namespaces/{new}"))?;
    assert_eq!(labels["name"], *new, "the label that Helm gives it");
    Ok(())
}

/// Texts that would clear a screen, set a title or a clipboard, link elsewhere, write over a line, read backwards, or run.
const HOSTILE: &str = "start \u{1b}[2J\u{1b}[31m\u{1b}]0;owned\u{7}\u{1b}]8;;http://evil.test\u{1b}\\here\u{1b}]52;c;cm0=\u{7} \u{9b}1m \
    a\u{8}b \u{202e}txt.exe <script>alert(1)</script><img src=x onerror=alert(1)> [x](javascript:alert(1)) end";

/// Every text of an answer that a terminal or a reader would stumble over.
fn odd(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            let is_odd =
                |c: char| (c.is_control() && !"\n\t".contains(c)) || ('\u{202a}'..='\u{202e}').contains(&c);
            if text.chars().any(is_odd) {
                found.push(text.clone());
            }
        }
        Value::Array(items) => items.iter().for_each(|item| odd(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| odd(field, found)),
        _ => {}
    }
}

fn escapes(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, proxy) = (scene.helm()?, scene.proxy()?);
    let bridge = scene.bridge_as(proxy.access(), &[])?;
    let options = json!({ "wait": "hook-only", "description": HOSTILE });
    let mut body = apply(&helm, "install", "web", &scene.chart("plain"), &["outcome=hang"], options)?;
    body["notes"] = HOSTILE.into();
    body["chart"]["metadata"]["appVersion"] = HOSTILE.into();
    succeed(&bridge, &path(&scene, "web", "apply"), &body)?;
    let web = scene.api.get(&scene.path("apps/v1", "deployments/web"))?;
    let event = json!({
        "apiVersion": "v1", "kind": "Event", "metadata": { "name": "web.1" }, "type": "Warning", "reason": "Evil",
        "message": HOSTILE, "involvedObject": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "web",
        "namespace": scene.namespace, "uid": web["metadata"]["uid"] },
    });
    scene.api.create(&scene.path("v1", "events"), &event)?;
    scene.api.wait("a pod", Duration::from_secs(30), |api| {
        let pods = api.get(&scene.path("v1", "pods"))?;
        Ok(pods["items"].as_array().is_some_and(|pods| !pods.is_empty()).then_some(()))
    })?;
    let log = Fault::Answer { status: 200, headers: Vec::new(), body: format!("{HOSTILE}\n{HOSTILE}\n") };
    proxy.add(Rule::new("GET", r"/pods/[^/]+/log\?", log));
    let (ends, shown) = ("end", "<script>alert(1)</script>");
    let mut answers = vec![
        bridge.get(&under(&scene, "/resources"))?,
        bridge.get(&under(&scene, "/revisions"))?,
        bridge.get(&under(&scene, "/revisions/1?sections=notes"))?,
        bridge.get(&under(&scene, "/revisions/1?sections=notes&reveal=true"))?,
        bridge.get(&format!("/v1/releases?namespace={}", scene.namespace))?,
        bridge.get(&under(&scene, ""))?,
    ];
    for (at, answer) in answers.iter().enumerate() {
        let text = answer.to_string();
        // Shown as it is: as text, which is all that the page makes of it.
        assert!(text.contains(shown) && text.contains(ends), "{at}: {text}");
    }
    let logs = bridge.raw(&bridge.request("GET", &under(&scene, "/logs?object=Deployment/web")))?;
    let lines: Vec<Value> = logs
        .text()
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|json| serde_json::from_str(json).map_err(|error| error.to_string()))
        .collect::<Result<_, _>>()?;
    assert!(
        lines.iter().any(|lines| lines["lines"][1].as_str().is_some_and(|line| line.contains(shown))),
        "{lines:?}"
    );
    answers.extend(lines);
    // What the API server says in a refusal, too.
    let sentence = format!("admission webhook \"x\" denied the request: {HOSTILE}");
    proxy.add(Rule::new("PATCH", r"/configmaps/web\?", Fault::status(403, "Forbidden", &sentence)));
    let body = apply(&helm, "upgrade", "web", &scene.chart("plain"), &["colour=green"], json!({}))?;
    let (operation, events) = fail(&bridge, &path(&scene, "web", "apply"), &body)?;
    assert!(
        operation["problem"]["detail"].as_str().is_some_and(|detail| detail.contains(shown)),
        "{operation}"
    );
    answers.push(operation);
    answers.extend(events);
    let mut found = Vec::new();
    answers.iter().for_each(|answer| odd(answer, &mut found));
    assert_eq!(found, Vec::<String>::new());
    // No browser takes it for anything but JSON.
    let response = bridge.raw(&bridge.request("GET", &under(&scene, "/revisions/1?sections=notes")))?;
    assert_eq!(response.header("content-type"), "application/json");
    assert_eq!(response.header("x-content-type-options"), "nosniff");
    Ok(())
}

fn successors(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, proxy, many) = (scene.helm()?, scene.proxy()?, scene.chart("many"));
    let bridge = scene.bridge_as(proxy.access(), &[])?;
    let to = path(&scene, "web", "apply");
    succeed(&bridge, &to, &apply(&helm, "install", "web", &many, &["count=2"], json!({}))?)?;
    // Between the look at an object and its deletion somebody puts another of the same name there.
    let replace = |name: &'static str| {
        let (api, collection) = (scene.api.clone(), scene.path("v1", "configmaps"));
        let deleted = Arc::new(AtomicUsize::new(0));
        Fault::Before(Arc::new(move || {
            if deleted.fetch_add(1, Ordering::Relaxed) > 0 {
                return;
            }
            let anothers = json!({ "metadata": { "name": name }, "data": { "whose": "another's" } });
            let done =
                api.delete(&format!("{collection}/{name}")).and_then(|()| api.create(&collection, &anothers));
            assert!(done.is_ok(), "{done:?}");
        }))
    };
    let whose = |name: &str| -> Result<Value, String> {
        Ok(scene.api.get(&scene.path("v1", &format!("configmaps/{name}")))?["data"]["whose"].clone())
    };
    proxy.add(Rule::new("DELETE", "/configmaps/web-1", replace("web-1")));
    fail(&bridge, &to, &apply(&helm, "upgrade", "web", &many, &["count=1"], json!({}))?)?;
    assert_eq!(whose("web-1")?, "another's", "the prune took what was not ours");
    proxy.clear();
    proxy.add(Rule::new("DELETE", "/configmaps/web-0", replace("web-0")));
    fail(&bridge, &path(&scene, "web", "uninstall"), &json!({}))?;
    assert_eq!(whose("web-0")?, "another's", "the uninstall took what was not ours");
    Ok(())
}

fn plans(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge, many) = (scene.helm()?, scene.bridge(&[])?, scene.chart("many"));
    let to = path(&scene, "web", "apply");
    succeed(&bridge, &to, &apply(&helm, "install", "web", &many, &["count=1"], json!({}))?)?;
    let planned = |sets: &[&str]| -> Result<Value, String> {
        let mut body = apply(&helm, "upgrade", "web", &many, sets, json!({}))?;
        let made =
            plan(&bridge, &scene, "apply", &body)?.map_err(|(code, problem)| format!("{code} {problem}"))?;
        body["planId"] = made["id"].clone();
        Ok(body)
    };
    // Somebody takes a field.
    let body = planned(&["count=1", "colour=green"])?;
    let object = scene.path("v1", "configmaps/web-0");
    let mine = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "web-0" }, "data": { "colour": "red" } });
    scene.api.send(
        Request::new("PATCH", &format!("{object}?fieldManager=somebody&force=true"))
            .header("Content-Type", "application/apply-patch+yaml")
            .body(mine.to_string()),
    )?;
    assert_eq!(fail(&bridge, &to, &body)?.0["problem"]["code"], "plan-stale");
    assert_eq!(scene.api.get(&object)?["data"]["colour"], "red");
    // Somebody puts an object where one would have been created.
    let body = planned(&["count=2", "colour=red"])?;
    scene.api.create(&scene.path("v1", "configmaps"), &json!({ "metadata": { "name": "web-1" } }))?;
    assert_eq!(fail(&bridge, &to, &body)?.0["problem"]["code"], "plan-stale");
    // Somebody deploys.
    scene.api.delete(&scene.path("v1", "configmaps/web-1"))?;
    let body = planned(&["count=2", "colour=red"])?;
    helm.ok(&["upgrade", "web", &many, "--set", "count=1,colour=red"])?;
    assert_eq!(fail(&bridge, &to, &body)?.0["problem"]["code"], "plan-stale");
    // Another set than the one that was reviewed, and a plan of nobody's.
    let mut other = planned(&["count=2", "colour=red"])?;
    other["documents"][0]["yaml"] =
        other["documents"][0]["yaml"].as_str().unwrap_or_default().replace("red", "blue").into();
    assert_eq!(fail(&bridge, &to, &other)?.0["problem"]["code"], "plan-stale");
    other["planId"] = "pl_00000000000000000000000000000000".into();
    assert_eq!(fail(&bridge, &to, &other)?.0["problem"]["code"], "plan-stale");
    assert_eq!(statuses(&helm, "web")?, ["superseded", "deployed"], "nothing was written");
    let body = planned(&["count=2", "colour=red"])?;
    succeed(&bridge, &to, &body).map(drop)
}

/// Every file below a folder, by its path.
fn tree(folder: &Path) -> BTreeSet<PathBuf> {
    let (mut found, mut open) = (BTreeSet::new(), vec![folder.to_owned()]);
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                open.push(entry.path());
            } else {
                found.insert(entry.path());
            }
        }
    }
    found
}

fn files(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge) = (scene.helm()?, scene.bridge(&[])?);
    let home = fs::read_link(format!("/proc/{}/cwd", bridge.pid())).map_err(|error| error.to_string())?;
    let outside = scene.scratch.path().join("outside");
    let before = tree(&home);
    let mut body = apply(&helm, "install", "web", &scene.chart("many"), &["count=1"], json!({}))?;
    let absolute = outside.join("absolute").to_string_lossy().into_owned();
    let names = [
        "../escaped",
        "../../../../../../tmp/escaped",
        &absolute,
        "a/../../escaped",
        "..\\escaped",
        "state/x",
        "log/../x",
    ];
    let parts: Vec<Value> = names.iter().map(|name| json!({ "name": name, "data": "ZXZpbA==" })).collect();
    body["chart"]["files"] = parts.clone().into();
    body["chart"]["templates"] = parts.into();
    body["documents"][0]["source"] = "../../../escaped.yaml".into();
    succeed(&bridge, &path(&scene, "web", "apply"), &body)?;
    succeed(&bridge, &path(&scene, "web", "apply"), &body)?;
    let sections = "values,computed-values,manifest,hooks,notes,metadata,chart";
    let shown = bridge.get(&under(&scene, &format!("/revisions/1?sections={sections}&reveal=true")))?;
    assert_eq!(shown["chart"].as_object().map(serde_json::Map::len), Some(names.len()), "{shown}");
    bridge.get(&under(&scene, "/revisions/1/diff/2"))?;
    bridge.get(&under(&scene, "/drift"))?;
    succeed(&bridge, &path(&scene, "web", "rollback"), &json!({ "toRevision": 1 }))?;
    succeed(&bridge, &path(&scene, "web", "test"), &json!({}))?;
    succeed(&bridge, &path(&scene, "web", "uninstall"), &json!({}))?;
    let new: Vec<String> = tree(&home)
        .difference(&before)
        .filter_map(|path| path.strip_prefix(&home).ok())
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    let ours = |name: &String| name.starts_with("state/operations/op_") && name.ends_with(".jsonl");
    let others: Vec<&String> =
        new.iter().filter(|name| !ours(name) && *name != "state/audit.jsonl").collect();
    assert_eq!(others, Vec::<&String>::new());
    assert!(!outside.exists() && !Path::new("/tmp/escaped").exists());
    assert!(!home.parent().is_some_and(|parent| parent.join("escaped").exists()));
    Ok(())
}

fn schemas(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge) = (scene.helm()?, scene.bridge(&[])?);
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    let port = listener.local_addr().map_err(|error| error.to_string())?.port();
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    // Ends with the process.
    thread::spawn(move || {
        for _ in listener.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    let at = |path: &str| format!("http://127.0.0.1:{port}/{path}");
    let schema = json!({
        "$schema": at("meta"), "$id": at("id"), "$ref": at("whole"),
        "properties": { "count": { "$ref": "file:///etc/passwd" }, "colour": { "type": "integer", "pattern": "(a+)+$" } },
        "allOf": [{ "$ref": at("part") }, { "$dynamicRef": at("dynamic") }], "required": ["nothing"],
    });
    let mut body = apply(&helm, "install", "web", &scene.chart("many"), &["count=1"], json!({}))?;
    body["chart"]["schema"] = STANDARD.encode(schema.to_string()).into();
    let made =
        plan(&bridge, &scene, "apply", &body)?.map_err(|(code, problem)| format!("{code} {problem}"))?;
    body["planId"] = made["id"].clone();
    // The values break it; whoever evaluated it would refuse them.
    succeed(&bridge, &path(&scene, "web", "apply"), &body)?;
    succeed(&bridge, &path(&scene, "web", "rollback"), &json!({ "toRevision": 1 }))?;
    let kept = record::record(&scene.api, &scene.namespace, "web", 2)?;
    assert_eq!(kept["chart"]["schema"], body["chart"]["schema"], "it is kept as it came");
    assert_eq!(asked.load(Ordering::SeqCst), 0, "the bridge asked for a schema");
    Ok(())
}

fn charts(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let audit = scene.scratch.path().join("audit.jsonl");
    let (helm, bridge) = (scene.helm()?, scene.bridge(&["--audit-log", &audit.to_string_lossy()])?);
    let to = path(&scene, "web", "apply");
    let mut body = apply(&helm, "install", "web", &scene.chart("many"), &["count=1"], json!({}))?;
    let digest = "ab".repeat(32);
    body["chart"]["archiveSha256"] = digest.clone().into();
    let made =
        plan(&bridge, &scene, "apply", &body)?.map_err(|(code, problem)| format!("{code} {problem}"))?;
    let metadata = &body["chart"]["metadata"];
    let shown = json!({ "name": metadata["name"], "version": metadata["version"], "digest": digest });
    assert_eq!(made["chart"], shown, "the plan shows which chart it is of");
    body["planId"] = made["id"].clone();
    // The tag was moved: the same documents, from another chart.
    for change in [
        ("/chart/archiveSha256", json!("cd".repeat(32))),
        ("/chart/metadata/version", json!("9.9.9")),
        ("/chart/values", json!({ "other": true })),
        ("/config", json!({ "other": true })),
    ] {
        let mut other = body.clone();
        *other.pointer_mut(change.0).ok_or("no such field")? = change.1;
        let (operation, _) = fail(&bridge, &to, &other)?;
        assert_eq!(operation["problem"]["code"], "plan-stale", "{}: {operation}", change.0);
    }
    assert_eq!(record::records(&scene.api, &scene.namespace)?.len(), 0, "nothing was written");
    succeed(&bridge, &to, &body)?;
    let noted = scene.api.get(&scene.path("v1", "secrets/sh.helm.release.v1.web.v1"))?;
    assert_eq!(noted["metadata"]["annotations"]["chartroom/archive"], *digest);
    let audit = fs::read_to_string(&audit).map_err(|error| error.to_string())?;
    let lines: Vec<Value> = audit.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let done = lines.iter().find(|line| line["result"] == "success").ok_or("no line of the success")?;
    assert_eq!((&done["chart"], &done["planId"]), (&shown, &body["planId"]));
    // What is gone back to has the same note, and its plan shows it.
    succeed(&bridge, &to, &apply(&helm, "upgrade", "web", &scene.chart("many"), &["count=1"], json!({}))?)?;
    let back = plan(&bridge, &scene, "rollback", &json!({ "toRevision": 1 }))?;
    assert_eq!(back.map_err(|(code, problem)| format!("{code} {problem}"))?["chart"]["digest"], *digest);
    // What is no digest goes nowhere.
    body["chart"]["archiveSha256"] = "\u{1b}[31m".into();
    body["planId"] = Value::Null;
    assert_eq!(fail(&bridge, &to, &body)?.0["problem"]["code"], "invalid-request");
    Ok(())
}
