//! Kinds that the cluster serves no longer: where Helm stops, the bridge stops, and its plan says so before.

use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};
use tests::kube::Api;
use tests::scene::{Bridge, Scene, World};
use tests::trial::Trial;

use crate::rendered::{apply, fail, path, statuses, succeed};

pub(crate) const TRIALS: &[Trial<World>] = &[
    Trial { name: "an_upgrade_from_kinds_that_are_not_served_fails_as_in_helm", run: upgrade },
    Trial { name: "the_plan_of_an_uninstall_tells_of_kinds_that_are_not_served", run: uninstall },
];

/// A group of our own: definitions belong to the whole cluster.
fn group(scene: &Scene<'_>) -> String {
    format!("{}.test", scene.namespace)
}

/// Defines `Gadget` and `Widget`, or takes both away with everything that is of them.
fn define(scene: &Scene<'_>, is_served: bool) -> Result<(), String> {
    let (group, all) = (group(scene), "/apis/apiextensions.k8s.io/v1/customresourcedefinitions");
    for (kind, plural) in [("Gadget", "gadgets"), ("Widget", "widgets")] {
        let one = format!("{all}/{plural}.{group}");
        if !is_served {
            scene.api.delete(&one)?;
            let paths = [one.clone(), scene.path(&format!("{group}/v1"), plural)];
            // What goes and what comes is "initializing" for a moment.
            let gone =
                |api: &Api| Ok(paths.iter().all(|path| matches!(api.find(path), Ok(None))).then_some(()));
            scene.api.wait("the definition to be gone", Duration::from_secs(30), gone)?;
            continue;
        }
        let schema = json!({ "openAPIV3Schema": { "type": "object" } });
        let definition = json!({
            "metadata": { "name": format!("{plural}.{group}") },
            "spec": {
                "group": group, "scope": "Namespaced", "names": { "kind": kind, "plural": plural },
                "versions": [{ "name": "v1", "served": true, "storage": true, "schema": schema }],
            },
        });
        scene.api.create(all, &definition)?;
        let served =
            |api: &Api| Ok(api.find(&scene.path(&format!("{group}/v1"), plural)).unwrap_or_default());
        scene.api.wait("the kind to be served", Duration::from_secs(30), served)?;
    }
    // Discovery is a little behind.
    sleep(Duration::from_secs(2));
    Ok(())
}

/// A chart with a ConfigMap, and with `kinds=true` with an object of each of the two kinds; `policy` goes for both.
fn chart(scene: &Scene<'_>) -> Result<String, String> {
    let group = group(scene);
    std::fs::create_dir_all(scene.scratch.path().join("odd/templates")).map_err(|error| error.to_string())?;
    scene.file("odd/Chart.yaml", "apiVersion: v2\nname: odd\nversion: 0.1.0\n")?;
    scene.file("odd/values.yaml", "kinds: false\npolicy: \"\"\n")?;
    let gadget = |kind: &str| {
        // A policy that is no known word is another story.
        let policy =
            "{{ with .Values.policy }}\n  annotations: {helm.sh/resource-policy: {{ . }}}\n{{ end }}";
        format!("---\napiVersion: {group}/v1\nkind: {kind}\nmetadata:\n  name: mine{policy}\n")
    };
    let kinds =
        format!("{{{{ if .Values.kinds }}}}\n{}{}{{{{ end }}}}\n", gadget("Gadget"), gadget("Widget"));
    scene.file("odd/templates/kinds.yaml", &kinds)?;
    let config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: plain}\n";
    let file = scene.file("odd/templates/plain.yaml", config)?;
    let folder = file.parent().and_then(std::path::Path::parent).ok_or("no folder")?;
    Ok(folder.to_string_lossy().into_owned())
}

/// A plan's objects as `class Kind`, in their order, and all of it.
fn planned(bridge: &Bridge, scene: &Scene<'_>, subject: &Value) -> Result<(Vec<String>, Value), String> {
    let asked = json!({ "namespace": scene.namespace, "release": "web", "subject": subject });
    let plan = bridge.post("/v1/plans", &asked)?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let objects = plan["objects"].as_array().into_iter().flatten();
    let told = objects.map(|one| format!("{} {}", text(&one["class"]), text(&one["object"]["kind"])));
    Ok((told.collect(), plan))
}

fn problems(plan: &Value) -> Vec<&str> {
    let objects = plan["objects"].as_array().into_iter().flatten();
    objects.filter_map(|one| one["problem"]["detail"].as_str()).collect()
}

fn upgrade(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge, chart) = (scene.helm()?, scene.bridge(&[])?, chart(&scene)?);
    define(&scene, true)?;
    helm.ok(&["install", "web", &chart, "--set", "kinds=true"])?;
    let without = apply(&helm, "upgrade", "web", &chart, &["kinds=false"], json!({}))?;
    define(&scene, false)?;
    let said = helm.fails(&["upgrade", "web", &chart, "--set", "kinds=false"])?;
    assert_eq!(statuses(&helm, "web")?, ["deployed"], "Helm writes nothing before");
    let (operation, _) = fail(&bridge, &path(&scene, "web", "apply"), &without)?;
    let detail = operation["problem"]["detail"].as_str().ok_or("no problem")?;
    assert_eq!(said.trim_end(), format!("Error: UPGRADE FAILED: {detail}"));
    assert_eq!(statuses(&helm, "web")?, ["deployed"]);
    let mut subject = without.clone();
    subject["kind"] = "apply".into();
    let (objects, plan) = planned(&bridge, &scene, &subject)?;
    assert_eq!(plan["clean"], false, "{plan}");
    assert_eq!(objects, ["unchanged ConfigMap", "invalid Widget", "invalid Gadget"], "{plan}");
    for problem in problems(&plan) {
        let start =
            "unable to build kubernetes objects from current release manifest: resource mapping not found";
        assert!(problem.starts_with(start), "{problem}");
    }
    // Once the kinds are served again, it works.
    define(&scene, true)?;
    succeed(&bridge, &path(&scene, "web", "apply"), &without)?;
    assert_eq!(statuses(&helm, "web")?, ["superseded", "deployed"]);
    define(&scene, false)
}

fn uninstall(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge, chart) = (scene.helm()?, scene.bridge(&[])?, chart(&scene)?);
    define(&scene, true)?;
    helm.ok(&["install", "web", &chart, "--set", "kinds=true"])?;
    define(&scene, false)?;
    let asked = json!({ "kind": "uninstall" });
    let (objects, plan) = planned(&bridge, &scene, &asked)?;
    let told: Vec<&str> = objects.iter().map(String::as_str).collect();
    assert_eq!(plan["clean"], false, "{plan}");
    assert!(told.contains(&"invalid Gadget") && told.contains(&"invalid Widget"), "{told:?}");
    assert!(told.contains(&"delete ConfigMap"), "{told:?}");
    for problem in problems(&plan) {
        assert!(problem.starts_with("unable to build kubernetes objects for delete: "), "{problem}");
    }
    // What the plan says is what happens, with it and without.
    let planned_body = json!({ "planId": plan["id"] });
    for body in [planned_body, json!({})] {
        let (operation, _) = fail(&bridge, &path(&scene, "web", "uninstall"), &body)?;
        let detail = operation["problem"]["detail"].as_str().unwrap_or_default();
        assert!(detail.starts_with("unable to build kubernetes objects for delete: "), "{operation}");
        assert_eq!(statuses(&helm, "web")?, ["deployed"]);
    }
    // Helm says the same, and only here: its dry run sees nothing. It must not remember what was served: then it would find
    // no object, and take that for done.
    let helm = scene.helm()?;
    helm.ok(&["uninstall", "web", "--dry-run"])?;
    helm.fails(&["uninstall", "web"])?;
    assert_eq!(statuses(&helm, "web")?, ["uninstalling"]);
    // What is to be kept is not asked for, whatever its kind.
    define(&scene, true)?;
    helm.ok(&["uninstall", "web"])?;
    helm.ok(&["install", "web", &chart, "--set", "kinds=true,policy=keep"])?;
    define(&scene, false)?;
    let (objects, plan) = planned(&bridge, &scene, &asked)?;
    assert_eq!(plan["clean"], true, "{plan}");
    let told: Vec<&str> = objects.iter().map(String::as_str).collect();
    assert!(told.contains(&"keep Gadget") && told.contains(&"keep Widget"), "{told:?}");
    succeed(&bridge, &path(&scene, "web", "uninstall"), &json!({ "planId": plan["id"] }))?;
    assert_eq!(scene.dump()?.names(), Vec::<&str>::new());
    Ok(())
}
