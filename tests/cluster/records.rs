//! What the bridge reads of releases that Helm made, and of records that nobody should have made.

use std::io::Write as _;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use tests::kube::record;
use tests::scene::{Bridge, Scene, World};
use tests::trial::Trial;

use crate::rendered;

pub(crate) const TRIALS: &[Trial<World>] = &[
    Trial { name: "h1_the_bridge_shows_every_section_as_helm_does", run: sections },
    Trial { name: "h1_the_bridge_lists_releases_and_histories_as_helm_does", run: lists },
    Trial { name: "the_bridge_hides_secrets_unless_told_to_reveal_them", run: hides },
    Trial { name: "f23_broken_records_spoil_no_list", run: broken },
    Trial { name: "the_bridge_lists_two_hundred_releases_in_a_second", run: many },
    Trial { name: "the_bridge_tells_what_differs_between_revisions", run: differs },
    Trial { name: "the_bridge_tells_the_health_of_objects", run: health },
    Trial { name: "the_bridge_tells_drift_and_orphans", run: drift },
    Trial { name: "charts_look_up_what_the_policy_lets_them", run: lookup },
    Trial { name: "what_was_looked_up_must_still_be_so_at_the_apply", run: stale },
    Trial { name: "capabilities_are_those_helm_sees", run: capabilities },
    Trial { name: "namespaces_say_what_may_be_done_there", run: namespaces },
];

const SECTIONS: &str = "sections=values,computed-values,manifest,hooks,notes,metadata,chart";

fn path(scene: &Scene<'_>, release: &str, rest: &str) -> String {
    format!("/v1/namespaces/{}/releases/{release}{rest}", scene.namespace)
}

fn revision(scene: &Scene<'_>, bridge: &Bridge, release: &str, n: u32) -> Result<Value, String> {
    bridge.get(&path(scene, release, &format!("/revisions/{n}?{SECTIONS}&reveal=true")))
}

/// H1, the reading half: values, computed values, manifest, hooks, notes and metadata are Helm's to the byte.
fn sections(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge) = (scene.helm()?, scene.bridge(&[])?);
    helm.ok(&[
        "install",
        "whole",
        &scene.chart("whole"),
        "--labels",
        "team=blue",
        "--set",
        "size=4,deep.a=null,extra=1.5e3",
    ])?;
    helm.ok(&["install", "hooks", &scene.chart("hooks"), "--wait"])?;
    helm.ok(&[
        "upgrade",
        "hooks",
        &scene.chart("hooks"),
        "--wait",
        "--server-side=false",
        "--set-string",
        "x=007",
    ])?;
    helm.ok(&["rollback", "hooks", "1", "--wait"])?;
    helm.ok(&["install", "client", &scene.chart("plain"), "--server-side=false"])?;
    for (release, last) in [("whole", 1), ("hooks", 3), ("client", 1)] {
        for n in 1..=last {
            let shown = revision(&scene, &bridge, release, n)?;
            let number = n.to_string();
            let get = |what: &[&str]| helm.ok(&[&["get"], what, &[release, "--revision", &number]].concat());
            let json = |what: &[&str]| {
                helm.json(&[&["get"], what, &[release, "--revision", &number, "-o", "json"]].concat())
            };
            let about = format!("{release} {n}");
            let values = json(&["values"])?;
            let empty = json!({});
            assert_eq!(shown["values"], if values.is_null() { empty } else { values }, "{about}");
            assert_eq!(shown["computedValues"], json(&["values", "--all"])?, "{about}");
            assert_eq!(shown["manifest"].as_str().map(line), Some(get(&["manifest"])?), "{about}");
            let hooks = shown["hooks"].as_array().into_iter().flatten();
            let hooks: String = hooks
                .map(|hook| format!("---\n# Source: {}\n{}\n", text(&hook["path"]), text(&hook["manifest"])))
                .collect();
            assert_eq!(hooks, get(&["hooks"])?, "{about}");
            // `get notes` prints a headline and a line end around what the record has.
            let notes = get(&["notes"])?;
            assert!(notes.contains(text(&shown["notes"]).trim_end()), "{about}: {notes}");
            let metadata = json(&["metadata"])?;
            assert_eq!(metadata["chart"], shown["metadata"]["name"], "{about}");
            assert_eq!(metadata["version"], shown["metadata"]["version"], "{about}");
            assert_eq!(metadata["status"], shown["summary"]["status"], "{about}");
            assert_eq!(metadata["applyMethod"], shown["summary"]["applyMethod"], "{about}");
            let stored = record::record(&scene.api, &scene.namespace, release, n)?;
            assert_eq!(shown["metadata"], stored["chart"]["metadata"], "{about}");
        }
    }
    assert_eq!(revision(&scene, &bridge, "whole", 1)?["summary"]["labels"], json!({"team": "blue"}));
    assert_eq!(revision(&scene, &bridge, "hooks", 3)?["summary"]["rollbackRevision"], 1);
    Ok(())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// As `helm get` prints a text.
fn line(text: &str) -> String {
    format!("{text}\n")
}

fn lists(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge) = (scene.helm()?, scene.bridge(&[])?);
    helm.ok(&["install", "b", &scene.chart("plain"), "--labels", "team=blue"])?;
    helm.ok(&["upgrade", "b", &scene.chart("plain"), "--set", "colour=green", "--description", "a <b> & c"])?;
    helm.ok(&["install", "a", &scene.chart("plain")])?;
    helm.ok(&["uninstall", "a", "--keep-history"])?;
    helm.fails(&[
        "install",
        "c",
        &scene.chart("plain"),
        "--wait",
        "--timeout",
        "1s",
        "--set",
        "outcome=hang",
    ])?;
    let own = format!("/v1/releases?namespace={}", scene.namespace);
    let list = bridge.get(&own)?;
    let ours: Vec<Value> = list["items"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|item| {
            json!([
                item["name"],
                item["namespace"],
                item["revision"].to_string(),
                item["status"],
                format!("{}-{}", text(&item["chart"]), text(&item["chartVersion"])),
                item["appVersion"]
            ])
        })
        .collect();
    let theirs = helm.json(&["list", "-o", "json"])?;
    let theirs: Vec<Value> = theirs
        .as_array()
        .into_iter()
        .flatten()
        .map(|item| {
            json!([
                item["name"],
                item["namespace"],
                item["revision"],
                item["status"],
                item["chart"],
                item["app_version"]
            ])
        })
        .collect();
    assert_eq!(ours, theirs);
    for release in ["a", "b", "c"] {
        let ours = bridge.get(&path(&scene, release, "/revisions"))?;
        let mut ours: Vec<Value> = ours["items"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|item| {
                json!([
                    item["revision"],
                    item["status"],
                    format!("{}-{}", text(&item["chart"]), text(&item["chartVersion"])),
                    item["description"]
                ])
            })
            .collect();
        ours.reverse();
        let theirs = helm.json(&["history", release, "-o", "json"])?;
        let theirs: Vec<Value> = theirs
            .as_array()
            .into_iter()
            .flatten()
            .map(|item| json!([item["revision"], item["status"], item["chart"], item["description"]]))
            .collect();
        assert_eq!(ours, theirs, "{release}");
    }
    let names = |query: &str| -> Result<Vec<String>, String> {
        let list = bridge.get(&format!("{own}&{query}"))?;
        Ok(list["items"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|item| text(&item["name"]).to_owned())
            .collect())
    };
    assert_eq!(names("status=failed,uninstalled")?, ["a", "c"]);
    assert_eq!(names("selector=team%3Dblue")?, ["b"]);
    let first = bridge.get(&format!("{own}&limit=2"))?;
    assert_eq!(first["items"].as_array().map(Vec::len), Some(2));
    let next = text(&first["continue"]).replace('/', "%2F");
    assert_eq!(names(&format!("limit=2&continue={next}"))?, ["c"]);
    let state = bridge.get(&path(&scene, "b", ""))?;
    assert_eq!((&state["deployedRevision"], &state["lock"]["verdict"]), (&json!(2), &json!("free")));
    let missing = bridge.try_send(&bridge.request("GET", &path(&scene, "nobody", "")))?;
    assert_eq!(missing.err().map(|refusal| refusal.code).as_deref(), Some("not-found"));
    Ok(())
}

fn hides(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge) = (scene.helm()?, scene.bridge(&[])?);
    helm.ok(&["install", "web", &scene.chart("plain"), "--set", "password=canary-4711-canary"])?;
    let stored = helm.ok(&["get", "manifest", "web"])?;
    let secret = scene.api.get(&scene.path("v1", "secrets/web"))?;
    let values: Vec<String> =
        secret["data"].as_object().into_iter().flatten().map(|(_, value)| text(value).to_owned()).collect();
    assert!(!values.is_empty(), "the chart has a Secret");
    let shown = bridge.get(&path(&scene, "web", &format!("/revisions/1?{SECTIONS}")))?.to_string();
    for value in &values {
        let plain = String::from_utf8_lossy(&STANDARD.decode(value).unwrap_or_default()).into_owned();
        assert!(stored.contains(value.as_str()) || stored.contains(&plain), "Helm shows it");
        assert!(!shown.contains(value.as_str()), "{value} is shown in {shown}");
        assert!(plain.len() < 8 || !shown.contains(&plain), "{plain} is shown in {shown}");
    }
    assert!(!shown.contains("canary-4711-canary"), "{shown}");
    assert!(shown.contains("‹hidden "), "{shown}");
    Ok(())
}

/// The Secret of a record, whatever it holds.
fn secret(name: &str, release: &str, revision: u32, stored: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "helm.sh/release.v1",
        "metadata": {"name": name, "labels": {"owner": "helm", "name": release, "status": "deployed", "version": revision.to_string()}},
        "data": {"release": STANDARD.encode(stored)},
    })
}

fn encoded(json: &[u8]) -> Result<String, String> {
    let mut writer = GzEncoder::new(Vec::new(), Compression::best());
    writer.write_all(json).map_err(|error| error.to_string())?;
    Ok(STANDARD.encode(writer.finish().map_err(|error| error.to_string())?))
}

/// F23. Helm is kept out of this namespace's lists: it panics over some of these and swells over others.
fn broken(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge) = (scene.helm()?, scene.bridge(&[])?);
    helm.ok(&["install", "good", &scene.chart("plain")])?;
    let good = record::record(&scene.api, &scene.namespace, "good", 1)?;
    let stranger = encoded(good.to_string().as_bytes())?;
    // 300 MB of spaces in 400 KB.
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..300 {
        bomb.write_all(&[b' '; 1 << 20]).map_err(|error| error.to_string())?;
    }
    let bomb = STANDARD.encode(bomb.finish().map_err(|error| error.to_string())?);
    let mut without_info = good.clone();
    without_info.as_object_mut().and_then(|record| record.remove("info"));
    let collection = scene.path("v1", "secrets");
    for (release, stored) in [
        ("bomb", bomb),
        ("deep", encoded("[".repeat(1 << 20).as_bytes())?),
        ("rubbish", "not base64!".to_owned()),
        ("short", encoded(b"{\"name\":")?),
        ("silent", encoded(without_info.to_string().as_bytes())?),
        ("stranger", stranger),
    ] {
        let name = format!("sh.helm.release.v1.{release}.v1");
        scene.api.create(&collection, &secret(&name, release, 1, &stored))?;
    }
    let before = peak_kilobytes(bridge.pid())?;
    let start = Instant::now();
    let list = bridge.get(&format!("/v1/releases?namespace={}", scene.namespace))?;
    let (took, grown) = (start.elapsed(), peak_kilobytes(bridge.pid())? - before);
    let items: Vec<&Value> = list["items"].as_array().into_iter().flatten().collect();
    let names: Vec<&str> = items.iter().map(|item| text(&item["name"])).collect();
    assert_eq!(names, ["bomb", "deep", "good", "rubbish", "short", "silent", "stranger"]);
    let reason = |n: usize| text(&items[n]["corrupt"]).to_owned();
    assert_eq!(reason(0), "the record inflates to more than 33554432 bytes");
    assert_eq!(reason(1), "the record's JSON nests deeper than 128");
    assert_eq!(reason(3), "the stored record is not base64");
    assert_eq!(reason(4), "the record's JSON ends early");
    assert_eq!(reason(5), "the record has no `info`");
    assert_eq!((reason(2).as_str(), &items[2]["status"]), ("", &json!("deployed")));
    assert_eq!(
        text(&items[6]["mismatch"]),
        "its name is \"good\" in the record and \"stranger\" on the Secret"
    );
    assert!(took < Duration::from_secs(5), "it took {took:?}");
    assert!(grown < 150 << 10, "the bridge grew by {grown} kB");
    println!("        broken records: listed in {took:?}, the bridge grew by {grown} kB");
    let state = bridge.get(&path(&scene, "bomb", ""))?;
    assert!(text(&state["anomalies"][0]).contains("cannot be read"), "{state}");
    let detail = bridge.get(&path(&scene, "bomb", &format!("/revisions/1?{SECTIONS}")))?;
    assert!(detail["manifest"].is_null() && detail["summary"]["corrupt"].is_string(), "{detail}");
    Ok(())
}

/// The most memory the process ever had.
fn peak_kilobytes(pid: u32) -> Result<u64, String> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).map_err(|error| error.to_string())?;
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.trim().split(' ').next());
    peak.and_then(|number| number.parse().ok()).ok_or_else(|| "the process tells no peak".to_owned())
}

fn many(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge) = (scene.helm()?, scene.bridge(&[])?);
    helm.ok(&["install", "first", &scene.chart("plain")])?;
    let model = record::record(&scene.api, &scene.namespace, "first", 1)?;
    let collection = scene.path("v1", "secrets");
    for n in 0..200 {
        let release = format!("app-{n:03}");
        for revision in 1..=10 {
            let mut record = model.clone();
            record["name"] = json!(release);
            record["version"] = json!(revision);
            record["info"]["status"] = json!(if revision == 10 { "deployed" } else { "superseded" });
            let mut secret = secret(
                &format!("sh.helm.release.v1.{release}.v{revision}"),
                &release,
                revision,
                &encoded(record.to_string().as_bytes())?,
            );
            secret["metadata"]["labels"]["status"] = record["info"]["status"].clone();
            scene.api.create(&collection, &secret)?;
        }
    }
    let own = format!("/v1/releases?namespace={}", scene.namespace);
    let time = |query: &str| -> Result<(Duration, usize), String> {
        let start = Instant::now();
        let list = bridge.get(&format!("{own}{query}"))?;
        Ok((start.elapsed(), list["items"].as_array().map_or(0, Vec::len)))
    };
    let (cold, n) = time("")?;
    assert_eq!(n, 201);
    let (warm, _) = time("")?;
    let (page, n) = time("&limit=50")?;
    assert_eq!(n, 50);
    let start = Instant::now();
    helm.ok(&["list", "-m", "1000", "-q"])?;
    let helms = start.elapsed();
    println!(
        "        200 releases x 10 revisions: {cold:?} the first time, {warm:?} the second, {page:?} a page of 50; helm list {helms:?}"
    );
    assert!(warm < Duration::from_secs(3), "it took {warm:?}");
    Ok(())
}

fn differs(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge) = (scene.helm()?, scene.bridge(&[])?);
    helm.ok(&["install", "web", &scene.chart("plain"), "--set", "colour=red"])?;
    helm.ok(&["upgrade", "web", &scene.chart("plain"), "--set", "colour=green,replicas=2"])?;
    let diff = bridge.get(&path(&scene, "web", "/revisions/1/diff/2"))?;
    let paths: Vec<&str> =
        diff["values"].as_array().into_iter().flatten().map(|change| text(&change["path"])).collect();
    assert_eq!(paths, [".colour", ".replicas"]);
    let objects = diff["objects"].as_array().cloned().unwrap_or_default();
    let has = |kind: &str, field: &str| {
        objects.iter().any(|object| {
            object["object"]["kind"] == kind
                && object["fields"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .any(|change| text(&change["path"]) == field)
        })
    };
    assert!(has("Deployment", ".spec.replicas") && has("ConfigMap", ".data.colour"), "{objects:?}");
    let same = bridge.get(&path(&scene, "web", "/revisions/2/diff/2"))?;
    assert_eq!((&same["values"], &same["objects"]), (&json!([]), &json!([])));
    Ok(())
}

fn health(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge) = (scene.helm()?, scene.bridge(&[])?);
    helm.ok(&["install", "web", &scene.chart("plain"), "--wait"])?;
    helm.ok(&["install", "sick", &scene.chart("plain"), "--set", "outcome=crash"])?;
    let of = |release: &str, kind: &str| -> Result<Value, String> {
        let all = bridge.get(&path(&scene, release, "/resources"))?;
        let found = all["items"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|item| item["object"]["kind"] == kind)
            .cloned();
        found.ok_or_else(|| format!("no {kind} in {all}"))
    };
    let well = of("web", "Deployment")?;
    assert_eq!(
        (&well["verdict"], &well["ready"], &well["pods"][0]["ready"]),
        (&json!("current"), &json!(1), &json!(true))
    );
    assert_eq!(of("web", "ConfigMap")?["verdict"], "current");
    let sick = scene.api.wait("a pod that crashes", Duration::from_secs(20), |_| {
        let sick = of("sick", "Deployment")?;
        Ok((sick["pods"][0]["waiting"].is_string() || sick["pods"][0]["phase"] == "Failed").then_some(sick))
    })?;
    assert_ne!(sick["verdict"], "current", "{sick}");
    scene.api.delete(&scene.path("v1", "configmaps/web"))?;
    assert_eq!(of("web", "ConfigMap")?["verdict"], "not-found");
    Ok(())
}

fn drift(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge) = (scene.helm()?, scene.bridge(&[])?);
    helm.ok(&["install", "web", &scene.chart("plain"), "--wait"])?;
    assert_eq!(bridge.get(&path(&scene, "web", "/drift"))?["objects"], json!([]));
    let config = scene.path("v1", "configmaps/web");
    scene.api.merge(&config, &json!({"data": {"colour": "mauve"}}))?;
    let found = bridge.get(&path(&scene, "web", "/drift"))?;
    let objects = found["objects"].as_array().cloned().unwrap_or_default();
    assert_eq!(objects.len(), 1, "{found}");
    assert_eq!(objects[0]["object"]["kind"], "ConfigMap");
    let left = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "left",
        "labels": {"app.kubernetes.io/managed-by": "Helm"},
        "annotations": {"meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": scene.namespace}}});
    scene.api.create(&scene.path("v1", "configmaps"), &left)?;
    let orphans = bridge.get(&path(&scene, "web", "/orphans"))?;
    let names: Vec<&str> =
        orphans["objects"].as_array().into_iter().flatten().map(|object| text(&object["name"])).collect();
    assert_eq!(names, ["left"]);
    Ok(())
}

fn lookup(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let audit = scene.scratch.path().join("audit.jsonl");
    let bridge = scene.bridge(&["--audit-log", &audit.to_string_lossy()])?;
    let namespace = scene.namespace.as_str();
    let config = |name: &str, colour: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"colour": colour}});
    scene.api.create(&scene.path("v1", "configmaps"), &config("one", "red"))?;
    scene.api.create(&scene.path("v1", "secrets"), &json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "data": {"p": "aHVudGVyMg=="}}))?;
    let item = |api_version: &str, kind: &str, namespace: &str, name: &str| json!({"apiVersion": api_version, "kind": kind, "namespace": namespace, "name": name});
    let mut approved = item("v1", "Secret", namespace, "db");
    approved["approved"] = json!(true);
    let items = json!([
        item("v1", "ConfigMap", namespace, "one"),
        item("v1", "ConfigMap", namespace, "none"),
        item("v1", "ConfigMap", "", "one"),
        item("v1", "ConfigMap", namespace, ""),
        item("v1", "Namespace", "ignored", namespace),
        item("v1", "Secret", namespace, "db"),
        item("v1", "Secret", namespace, ""),
        item("v1", "Pod", namespace, ""),
        item("nosuch.example.com/v1", "Thing", "", ""),
        item("v1", "Thing", "", ""),
        item("v1", "Node", "", ""),
        approved,
    ]);
    let answer = bridge.post("/v1/lookup", &json!({"chart": "web", "items": items}))?;
    let outcomes: Vec<&str> =
        answer["results"].as_array().into_iter().flatten().map(|result| text(&result["outcome"])).collect();
    assert_eq!(
        outcomes,
        [
            "found",
            "absent",
            "absent",
            "found",
            "found",
            "consent-needed",
            "denied",
            "denied",
            "failed",
            "failed",
            "found",
            "found"
        ]
    );
    let result = |n: usize| &answer["results"][n];
    assert_eq!(result(0)["object"]["data"]["colour"], "red");
    assert_eq!(result(3)["object"]["kind"], "ConfigMapList");
    assert_eq!(result(4)["object"]["metadata"]["name"], *namespace);
    assert_eq!(
        text(&result(8)["problem"]["detail"]),
        "unable to get apiresource from unstructured: nosuch.example.com/v1, Kind=Thing: \
         the server could not find the requested resource"
    );
    assert!(result(10)["object"]["items"][0]["status"].is_null(), "a node tells its name and labels alone");
    assert_eq!(result(11)["object"]["data"]["p"], "aHVudGVyMg==");
    let audit = std::fs::read_to_string(&audit).map_err(|error| error.to_string())?;
    assert_eq!(audit.matches("lookup Secret db").count(), 1, "{audit}");
    // What was answered stays, whatever happens on the cluster.
    scene.api.merge(&scene.path("v1", "configmaps/one"), &json!({"data": {"colour": "green"}}))?;
    let again = json!({"session": answer["session"], "items": [item("v1", "ConfigMap", namespace, "one")]});
    let again = bridge.post("/v1/lookup", &again)?;
    assert_eq!(again["results"][0]["object"]["data"]["colour"], "red");
    assert_eq!(again["asOf"], answer["asOf"]);
    let strange = bridge.try_post("/v1/lookup", &json!({"session": "lk_0", "items": []}))?;
    assert_eq!(strange.err().map(|refusal| refusal.code).as_deref(), Some("lookup-stale"));
    let many: Vec<Value> = (0..65).map(|n| item("v1", "ConfigMap", namespace, &n.to_string())).collect();
    let refused = bridge.try_post("/v1/lookup", &json!({"items": many}))?;
    assert_eq!(refused.err().map(|refusal| refusal.code).as_deref(), Some("too-large"));
    Ok(())
}

fn stale(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge) = (scene.helm()?, scene.bridge(&[])?);
    let collection = scene.path("v1", "configmaps");
    let config =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}, "data": {"a": "1"}});
    scene.api.create(&collection, &config)?;
    let item = |name: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "namespace": scene.namespace, "name": name});
    let ask = json!({"items": [item("one"), item("none"), item("")]});
    let session = || -> Result<Value, String> { Ok(bridge.post("/v1/lookup", &ask)?["session"].clone()) };
    let before = session()?;
    scene.api.merge(&scene.path("v1", "configmaps/one"), &json!({"data": {"a": "2"}}))?;
    let mut body =
        rendered::apply(&helm, "install", "web", &scene.chart("plain"), &[], json!({"wait": "hook-only"}))?;
    body["lookups"] = json!({"session": before});
    let path = rendered::path(&scene, "web", "apply");
    let refused = bridge.try_post(&path, &body)?.err().ok_or("a stale answer was taken")?;
    assert_eq!(refused.code, "lookup-stale", "{}", refused.problem);
    body["lookups"] = json!({"session": session()?});
    bridge.operate(&path, &body)?;
    assert_eq!(helm.json(&["list", "-o", "json"])?[0]["status"], "deployed");
    Ok(())
}

fn capabilities(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge) = (scene.helm()?, scene.bridge(&[])?);
    let chart = scene.scratch.path().join("caps");
    let write = |name: &str, text: &str| {
        let file = chart.join(name);
        std::fs::create_dir_all(file.parent().unwrap_or(&chart))
            .and_then(|()| std::fs::write(&file, text))
            .map_err(|error| error.to_string())
    };
    write("Chart.yaml", "apiVersion: v2\nname: caps\nversion: 1.0.0\n")?;
    write(
        "templates/a.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: caps}\ndata:\n  json: {{ dict \"v\" .Capabilities.KubeVersion.Version \"a\" .Capabilities.APIVersions | toJson | quote }}\n",
    )?;
    let text =
        helm.ok(&["install", "caps", &chart.to_string_lossy(), "--dry-run=server", "--hide-secret"])?;
    let line = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("json: "))
        .ok_or("the chart printed nothing")?;
    let json: String = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let theirs: Value = serde_json::from_str(&json).map_err(|error| error.to_string())?;
    let ours = bridge.get("/v1/capabilities")?;
    assert_eq!(ours["kubeVersion"]["version"], theirs["v"]);
    let sorted = |value: &Value| {
        let mut all: Vec<String> = value
            .as_array()
            .into_iter()
            .flatten()
            .map(|name| name.as_str().unwrap_or_default().to_owned())
            .collect();
        all.sort();
        all.dedup();
        all
    };
    // Other trials install CRDs at the same time.
    let stable = |names: Vec<String>| -> Vec<String> {
        names.into_iter().filter(|name| !name.contains("chartroom.test")).collect()
    };
    assert_eq!(stable(sorted(&ours["apiVersions"])), stable(sorted(&theirs["a"])));
    let etag = format!("\"{}\"", ours["etag"].as_str().unwrap_or_default());
    let response = bridge.raw(&bridge.request("GET", "/v1/capabilities").header("If-None-Match", &etag))?;
    assert!(response.status == 304 || response.status == 200, "{}", response.status);
    Ok(())
}

fn namespaces(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let bridge = scene.bridge(&["--deny-namespace", &scene.namespace])?;
    let other = scene.another_namespace()?;
    let all = bridge.get("/v1/namespaces")?;
    let can = |name: &str| {
        all["items"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|item| item["name"] == *name)
            .map(|item| item["can"].clone())
    };
    assert_eq!(all["complete"], true);
    assert_eq!(can(&other), Some(json!({"install": true, "read": true, "uninstall": true})));
    assert_eq!(can(&scene.namespace), Some(json!({"install": false, "read": true, "uninstall": false})));
    assert_eq!(can("kube-system"), Some(json!({"install": false, "read": true, "uninstall": false})));
    Ok(())
}
