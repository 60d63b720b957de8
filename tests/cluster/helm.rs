//! The real Helm on the cluster: what it does there is what the bridge is held beside.

use std::time::{Duration, Instant};

use tests::kube::record;
use tests::scene::World;
use tests::trial::Trial;

pub(crate) const TRIALS: &[Trial<World>] = &[
    Trial { name: "helm_installs_and_waits", run: installs },
    Trial { name: "helm_gives_up_on_pods_that_hang", run: hangs },
    Trial { name: "helm_takes_back_an_upgrade_that_fails", run: takes_back },
    Trial { name: "helm_waits_for_slow_pods", run: slow },
    Trial { name: "helm_runs_hooks_of_every_event", run: hooks },
    Trial { name: "helm_test_prints_the_log", run: test_logs },
    Trial { name: "helm_stops_at_a_conflict", run: conflict },
    Trial { name: "helm_installs_crds_subcharts_notes_and_labels", run: whole },
];

fn installs(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let helm = scene.helm()?;
    helm.ok(&["install", "web", &scene.chart("plain"), "--wait", "--timeout", "60s"])?;
    let list = helm.json(&["list", "-o", "json"])?;
    assert_eq!((&list[0]["name"], &list[0]["status"]), (&"web".into(), &"deployed".into()));
    let deployment = scene.api.get(&scene.path("apps/v1", "deployments/web"))?;
    assert_eq!(deployment["status"]["readyReplicas"], 1);
    let record = record::record(&scene.api, &scene.namespace, "web", 1)?;
    assert_eq!((&record["name"], &record["info"]["status"]), (&"web".into(), &"deployed".into()));
    helm.ok(&["uninstall", "web", "--wait"])?;
    assert_eq!(scene.dump()?.names(), Vec::<&str>::new());
    Ok(())
}

fn hangs(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let helm = scene.helm()?;
    let install =
        ["install", "web", &scene.chart("plain"), "--wait", "--timeout", "2s", "--set", "outcome=hang"];
    let complaint = helm.fails(&install)?;
    assert!(complaint.contains("deadline") || complaint.contains("not ready"), "{complaint}");
    let list = helm.json(&["list", "-o", "json"])?;
    assert_eq!(list[0]["status"], "failed");
    Ok(())
}

fn takes_back(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, plain) = (scene.helm()?, scene.chart("plain"));
    helm.ok(&["install", "web", &plain, "--wait"])?;
    let first = scene.dump()?;
    let upgrade = ["upgrade", "web", &plain, "--wait", "--timeout", "2s", "--rollback-on-failure"];
    helm.fails(&[&upgrade[..], &["--set", "outcome=crash,replicas=2"]].concat())?;
    let history = helm.json(&["history", "web", "-o", "json"])?;
    let status = |n: usize| history[n]["status"].as_str().unwrap_or_default().to_owned();
    assert_eq!([status(0), status(1), status(2)], ["superseded", "failed", "deployed"]);
    let differences = scene.dump()?.differences(&first);
    let spec = differences.iter().find(|line| !line.contains(".metadata."));
    assert_eq!(spec, None, "{differences:?}");
    Ok(())
}

fn slow(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let start = Instant::now();
    scene.helm()?.ok(&["install", "web", &scene.chart("plain"), "--wait", "--set", "delay=2s"])?;
    let took = start.elapsed();
    assert!(took > Duration::from_secs(2), "the pod was ready after {took:?}");
    Ok(())
}

fn hooks(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, chart) = (scene.helm()?, scene.chart("hooks"));
    let install = helm.ok(&["install", "app", &chart, "--wait"])?;
    // `hook-succeeded` and `before-hook-creation` leave what they should.
    let jobs = |scene: &tests::scene::Scene<'_>| -> Result<Vec<String>, String> {
        let list = scene.api.get(&scene.path("batch/v1", "jobs"))?;
        let names = list["items"].as_array().into_iter().flatten();
        Ok(names.filter_map(|job| job["metadata"]["name"].as_str().map(str::to_owned)).collect())
    };
    assert_eq!(jobs(&scene)?, ["app-post-install", "app-pre-install-second"], "{install}");
    helm.ok(&["upgrade", "app", &chart, "--wait"])?;
    helm.ok(&["rollback", "app", "1", "--wait"])?;
    let all = ["app-post-install", "app-post-rollback", "app-post-upgrade", "app-pre-install-second"];
    let expected: Vec<String> =
        all.iter().chain(&["app-pre-rollback", "app-pre-upgrade"]).map(|name| (*name).to_owned()).collect();
    assert_eq!(jobs(&scene)?, expected);
    let failed =
        helm.fails(&["upgrade", "app", &chart, "--wait", "--set", "fail=pre-upgrade", "--timeout", "20s"])?;
    assert!(failed.contains("pre-upgrade"), "{failed}");
    helm.ok(&["uninstall", "app", "--wait"])?;
    let left = jobs(&scene)?;
    assert!(
        left.contains(&"app-post-delete".to_owned()) && left.contains(&"app-pre-delete".to_owned()),
        "{left:?}"
    );
    Ok(())
}

fn test_logs(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let helm = scene.helm()?;
    helm.ok(&["install", "app", &scene.chart("hooks"), "--wait"])?;
    let said = helm.ok(&["test", "app", "--logs"])?;
    assert!(said.contains("Phase:          Succeeded") || said.contains("Succeeded"), "{said}");
    assert!(said.contains("hello from the hook"), "{said}");
    helm.ok(&["upgrade", "app", &scene.chart("hooks"), "--wait", "--set", "fail=test"])?;
    helm.fails(&["test", "app"])?;
    Ok(())
}

fn conflict(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, plain) = (scene.helm()?, scene.chart("plain"));
    helm.ok(&["install", "web", &plain])?;
    let mine = serde_json::json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "web" }, "data": { "colour": "red" },
    });
    let path = scene.path("v1", "configmaps/web");
    scene.api.send(
        tests::net::Request::new("PATCH", &format!("{path}?fieldManager=somebody&force=true"))
            .header("Content-Type", "application/apply-patch+yaml")
            .body(mine.to_string()),
    )?;
    let complaint = helm.fails(&["upgrade", "web", &plain, "--set", "colour=green"])?;
    assert!(complaint.contains("conflict") && complaint.contains("somebody"), "{complaint}");
    Ok(())
}

fn whole(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, whole) = (scene.helm()?, scene.chart("whole"));
    let said = helm.ok(&["install", "app", &whole, "--wait", "--labels", "team=blue"])?;
    assert!(said.contains("Widgets of app are ready."), "{said}");
    let widget = scene.api.get(&scene.path("chartroom.test/v1", "widgets/app"))?;
    assert_eq!(widget["spec"]["size"], 3);
    scene.api.get(&scene.path("v1", "configmaps/app-part"))?;
    let secret = scene.api.get(&scene.path("v1", "secrets/sh.helm.release.v1.app.v1"))?;
    assert_eq!(secret["metadata"]["labels"]["team"], "blue");
    Ok(())
}
