//! Corners where Helm and the bridge must agree: long histories, large records, dates, and records of another driver.

use std::path::PathBuf;

use regex::Regex;
use serde_json::{Value, json};
use tests::kube::record;
use tests::scene::{Scene, World};
use tests::trial::Trial;

use crate::rendered::{apply, path, statuses, succeed};
use crate::settled::{one_deployed, settled};

pub(crate) const TRIALS: &[Trial<World>] = &[
    Trial { name: "b6_helm_shortens_a_history_of_the_bridge", run: b6 },
    Trial { name: "b6_the_bridge_shortens_a_history_of_helm", run: b6_other },
    Trial { name: "b9_a_record_of_900_kilobytes", run: b9 },
    Trial { name: "b9_a_record_of_900_kilobytes_by_helm", run: b9_other },
    Trial { name: "b10_dates_and_the_apply_method", run: b10 },
    Trial { name: "h1_the_bridge_tells_of_records_that_it_does_not_show", run: other_driver },
];

fn numbers(scene: &Scene<'_>) -> Result<Vec<u64>, String> {
    let history = scene.helm()?.json(&["history", "web", "-o", "json", "--max", "100"])?;
    Ok(history.as_array().into_iter().flatten().filter_map(|entry| entry["revision"].as_u64()).collect())
}

fn b6(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge) = (scene.helm()?, scene.bridge(&[])?);
    let (to, many) = (path(&scene, "web", "apply"), scene.chart("many"));
    for n in 0..12 {
        let (verb, colour) = (if n == 0 { "install" } else { "upgrade" }, format!("colour=c{n}"));
        let options = json!({ "historyMax": 0 });
        succeed(&bridge, &to, &apply(&helm, verb, "web", &many, &["count=1", &colour], options)?)?;
    }
    assert_eq!(numbers(&scene)?, (1..=12).collect::<Vec<u64>>());
    helm.ok(&["upgrade", "web", &many])?;
    assert_eq!(numbers(&scene)?, (4..=13).collect::<Vec<u64>>(), "ten are Helm's default");
    helm.ok(&["upgrade", "web", &many, "--history-max", "5"])?;
    assert_eq!(numbers(&scene)?, (10..=14).collect::<Vec<u64>>());
    helm.ok(&["rollback", "web", "11"])?;
    settled(&scene, &bridge, "web", "many", &["count=1"])
}

fn b6_other(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge) = (scene.helm()?, scene.bridge(&[])?);
    let (to, many) = (path(&scene, "web", "apply"), scene.chart("many"));
    helm.ok(&["install", "web", &many, "--set", "count=1"])?;
    for _ in 0..11 {
        helm.ok(&["upgrade", "web", &many, "--set", "count=1", "--history-max", "0"])?;
    }
    assert_eq!(numbers(&scene)?, (1..=12).collect::<Vec<u64>>());
    succeed(&bridge, &to, &apply(&helm, "upgrade", "web", &many, &["count=2"], json!({}))?)?;
    assert_eq!(numbers(&scene)?, (4..=13).collect::<Vec<u64>>(), "the same default");
    let options = json!({ "historyMax": 5 });
    succeed(&bridge, &to, &apply(&helm, "upgrade", "web", &many, &["count=2"], options)?)?;
    assert_eq!(numbers(&scene)?, (10..=14).collect::<Vec<u64>>());
    succeed(&bridge, &path(&scene, "web", "rollback"), &json!({ "toRevision": 11 }))?;
    one_deployed(&scene, "web")
}

/// The chart `many` with a file that does not compress, which fills a record to 900 KB.
fn large(scene: &Scene<'_>) -> Result<PathBuf, String> {
    let wrong = |error: std::io::Error| error.to_string();
    let (from, to) = (PathBuf::from(scene.chart("many")), scene.scratch.path().join("large"));
    std::fs::create_dir_all(to.join("templates")).map_err(wrong)?;
    for file in ["Chart.yaml", "values.yaml", "templates/many.yaml"] {
        std::fs::copy(from.join(file), to.join(file)).map_err(wrong)?;
    }
    // An arithmetic that runs through all of it.
    let mut state = 1_u64;
    let noise: Vec<u8> = (0..675_000)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state.to_be_bytes()[0]
        })
        .collect();
    std::fs::write(to.join("noise.bin"), noise).map_err(wrong)?;
    Ok(to)
}

/// The bytes that a Secret holds of the record.
fn stored(scene: &Scene<'_>, revision: u32) -> Result<usize, String> {
    let name = format!("secrets/sh.helm.release.v1.web.v{revision}");
    let secret = scene.api.get(&scene.path("v1", &name))?;
    Ok(secret["data"]["release"].as_str().map_or(0, str::len) / 4 * 3)
}

fn b9(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge) = (scene.helm()?, scene.bridge(&[])?);
    let large = large(&scene)?;
    let (to, large) = (path(&scene, "web", "apply"), large.to_string_lossy());
    succeed(&bridge, &to, &apply(&helm, "install", "web", &large, &["count=1"], json!({}))?)?;
    let size = stored(&scene, 1)?;
    assert!((850_000..1 << 20).contains(&size), "{size} bytes");
    for args in [&["get", "all", "web"][..], &["status", "web"], &["history", "web"], &["list"]] {
        helm.ok(args)?;
    }
    helm.ok(&["upgrade", "web", &large, "--set", "count=2"])?;
    helm.ok(&["rollback", "web", "1"])?;
    succeed(&bridge, &path(&scene, "web", "rollback"), &json!({ "toRevision": 2 }))?;
    one_deployed(&scene, "web")?;
    helm.ok(&["uninstall", "web"]).map(drop)
}

fn b9_other(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge) = (scene.helm()?, scene.bridge(&[])?);
    let large = large(&scene)?;
    let large = large.to_string_lossy();
    helm.ok(&["install", "web", &large, "--set", "count=1"])?;
    let size = stored(&scene, 1)?;
    assert!((850_000..1 << 20).contains(&size), "{size} bytes");
    let at = format!("/v1/namespaces/{}/releases/web/revisions/1?sections=chart,manifest", scene.namespace);
    let shown = bridge.get(&at)?;
    let manifest = shown["manifest"].as_str().map(|text| format!("{text}\n"));
    assert_eq!(manifest, Some(helm.ok(&["get", "manifest", "web"])?));
    let to = path(&scene, "web", "apply");
    succeed(&bridge, &to, &apply(&helm, "upgrade", "web", &large, &["count=2"], json!({}))?)?;
    succeed(&bridge, &path(&scene, "web", "rollback"), &json!({ "toRevision": 1 }))?;
    assert_eq!(statuses(&helm, "web")?, ["superseded", "superseded", "deployed"]);
    let files = |revision| {
        record::record(&scene.api, &scene.namespace, "web", revision)
            .map(|record| record["chart"]["files"].clone())
    };
    assert_eq!(files(3)?, files(1)?, "the file came through");
    succeed(&bridge, &path(&scene, "web", "uninstall"), &json!({})).map(drop)
}

/// A text with every digit a nought, and every fraction of a second gone.
fn shape(text: &str) -> String {
    let fraction = Regex::new(r"\.[0-9]+").map(|fraction| fraction.replace_all(text, "").into_owned());
    let text = fraction.unwrap_or_else(|_| text.to_owned());
    text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect()
}

fn b10(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge) = (scene.helm()?, scene.bridge(&[])?);
    let many = scene.chart("many");
    for (verb, release) in [("install", "ours"), ("upgrade", "ours")] {
        let body = apply(&helm, verb, release, &many, &["count=1"], json!({}))?;
        succeed(&bridge, &path(&scene, release, "apply"), &body)?;
    }
    helm.ok(&["install", "helms", &many, "--set", "count=1"])?;
    helm.ok(&["upgrade", "helms", &many, "--set", "count=1"])?;
    let metadata = |release: &str| helm.ok(&["get", "metadata", release]);
    let method = |text: &str| {
        text.lines().find(|line| line.starts_with("APPLY_METHOD:")).unwrap_or_default().to_owned()
    };
    assert_eq!(method(&metadata("ours")?), "APPLY_METHOD: server-side apply");
    assert_eq!(method(&metadata("ours")?), method(&metadata("helms")?));
    let date = |release: &str, args: &[&str], field: &str| -> Result<String, String> {
        let value = helm.json(&[args, &[release, "-o", "json"]].concat())?;
        let value = if value.is_array() { value[1].clone() } else { value };
        Ok(value[field].as_str().unwrap_or_default().to_owned())
    };
    for (args, field) in [(&["get", "metadata"][..], "deployedAt"), (&["history"][..], "updated")] {
        let (ours, helms) = (date("ours", args, field)?, date("helms", args, field)?);
        assert_eq!(shape(&ours), shape(&helms), "{args:?}");
        // Helm's came a moment later, also over midnight.
        assert!(ours.get(..10).is_some() && ours.get(..10) <= helms.get(..10), "{ours} {helms}");
    }
    let list = helm.json(&["list", "-o", "json"])?;
    assert_eq!(
        shape(list[0]["updated"].as_str().unwrap_or_default()),
        shape(list[1]["updated"].as_str().unwrap_or_default())
    );
    // The first deployment stays, the last one moves on.
    let times = |release: &str, revision: u32| -> Result<[Value; 2], String> {
        let info = record::record(&scene.api, &scene.namespace, release, revision)?["info"].clone();
        Ok(["first_deployed", "last_deployed"].map(|field| info[field].clone()))
    };
    let ([first, last], [first_then, last_then]) = (times("ours", 2)?, times("ours", 1)?);
    assert_eq!(first, first_then);
    assert!(last.as_str() > last_then.as_str(), "{last} {last_then}");
    assert_eq!(shape(&first.to_string()), shape(&times("helms", 2)?[0].to_string()));
    Ok(())
}

fn other_driver(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let bridge = scene.bridge(&[])?;
    let own = format!("/v1/releases?namespace={}", scene.namespace);
    assert_eq!(bridge.get(&own)?["inConfigMaps"], 0);
    let helm = scene.helm()?.with_driver("configmap");
    let many = scene.chart("many");
    helm.ok(&["install", "a", &many, "--set", "count=1"])?;
    helm.ok(&["upgrade", "a", &many, "--set", "count=2"])?;
    helm.ok(&["install", "b", &many, "--set", "count=1"])?;
    scene.helm()?.ok(&["install", "c", &many, "--set", "count=1"])?;
    let list = bridge.get(&own)?;
    let names: Vec<&Value> =
        list["items"].as_array().into_iter().flatten().map(|item| &item["name"]).collect();
    assert_eq!(names, ["c"]);
    assert_eq!(list["inConfigMaps"], 2, "releases, not records");
    // Whoever may not look is told nothing, and gets the list all the same.
    let rules = json!([{ "apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"] }]);
    let reader = scene.person("reader", &rules)?;
    let bridge = scene.bridge_as(&reader, &[])?;
    let list = bridge.get(&own)?;
    assert_eq!((&list["items"][0]["name"], list.get("inConfigMaps")), (&json!("c"), None));
    Ok(())
}
