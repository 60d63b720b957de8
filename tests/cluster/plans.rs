//! What the bridge says would happen, beside what is there and what Helm then does.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::scene::{Bridge, Helm, Scene, World};
use tests::trial::Trial;

pub(crate) const TRIALS: &[Trial<World>] = &[
    Trial { name: "plan_of_an_install_writes_nothing", run: install },
    Trial { name: "plan_of_an_upgrade_tells_every_change", run: upgrade },
    Trial { name: "plan_hides_secrets_and_compares_them", run: secrets },
    Trial { name: "plan_leaves_replicas_to_an_autoscaler", run: autoscaler },
    Trial { name: "plan_answers_an_edit_by_hand", run: edited },
    Trial { name: "plan_finds_a_renumbered_port", run: renumbered },
    Trial { name: "plan_proposes_to_recreate", run: immutable },
    Trial { name: "plan_of_a_client_side_release_is_what_helm_does", run: client_side },
    Trial { name: "plan_says_what_cannot_be_tried", run: unverifiable },
    Trial { name: "plan_knows_whose_an_object_is", run: owners },
    Trial { name: "plan_of_an_uninstall_and_a_rollback", run: back },
    Trial { name: "plan_names_what_a_person_may_not_do", run: forbidden },
    Trial { name: "plan_of_500_objects_in_time", run: many },
];

/// A chart in our folder: file names and texts.
fn chart(scene: &Scene<'_>, files: &[(&str, &str)]) -> Result<PathBuf, String> {
    let folder = scene.scratch.path().join("chart");
    // The chart of the step before.
    let _ = std::fs::remove_dir_all(&folder);
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        let parent = path.parent().ok_or("no folder")?;
        std::fs::create_dir_all(parent)
            .and_then(|()| std::fs::write(&path, text))
            .map_err(|error| error.to_string())
    };
    write("Chart.yaml", "apiVersion: v2\nname: c\nversion: 0.1.0\n")?;
    for (name, text) in files {
        write(&format!("templates/{name}"), text)?;
    }
    Ok(folder)
}

fn helm_installs(
    scene: &Scene<'_>,
    helm: &Helm,
    verb: &str,
    files: &[(&str, &str)],
    more: &[&str],
) -> Result<(), String> {
    let folder = chart(scene, files)?;
    let folder = folder.to_string_lossy();
    let args = [&[verb, "web", &folder], more].concat();
    helm.ok(&args).map(drop)
}

fn apply(files: &[(&str, &str)], options: &Value) -> Value {
    let documents: Vec<Value> = files
        .iter()
        .map(|(name, text)| json!({"source": format!("c/templates/{name}"), "yaml": text}))
        .collect();
    json!({
        "kind": "apply", "chart": {"metadata": {"apiVersion": "v2", "name": "c", "version": "0.1.0"}},
        "documents": documents, "world": "exact", "options": options,
    })
}

fn plan_of(bridge: &Bridge, scene: &Scene<'_>, subject: &Value) -> Result<Value, String> {
    bridge.post("/v1/plans", &json!({"namespace": scene.namespace, "release": "web", "subject": subject}))
}

/// Carries out what was planned, and gives how it ended: the problem's code, or nothing.
fn deploy(
    bridge: &Bridge,
    scene: &Scene<'_>,
    subject: &Value,
    plan: &Value,
) -> Result<Option<String>, String> {
    let mut body = subject.clone();
    body.as_object_mut().ok_or("the subject is no map")?.remove("kind");
    body["planId"] = plan["id"].clone();
    body["options"]["wait"] = json!("hook-only");
    let path = format!("/v1/namespaces/{}/releases/web:apply", scene.namespace);
    let (operation, _) = bridge.operate(&path, &body)?;
    match operation["state"].as_str() {
        Some("done") => Ok(None),
        _ => Ok(Some(operation["problem"]["code"].as_str().unwrap_or("no problem").to_owned())),
    }
}

/// `class Kind/name`, in the plan's order.
fn classes(plan: &Value) -> Vec<String> {
    objects(plan)
        .map(|object| {
            let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            format!("{} {}/{}", text("/class"), text("/object/kind"), text("/object/name"))
        })
        .collect()
}

fn objects(plan: &Value) -> impl Iterator<Item = &Value> {
    plan["objects"].as_array().into_iter().flatten()
}

fn object<'a>(plan: &'a Value, kind: &str, name: &str) -> Result<&'a Value, String> {
    objects(plan)
        .find(|object| object["object"]["kind"] == kind && object["object"]["name"] == name)
        .ok_or_else(|| format!("the plan has no {kind} {name}: {plan}"))
}

/// `cause path`, in the plan's order.
fn causes(object: &Value) -> Vec<String> {
    let fields = object["fields"].as_array().into_iter().flatten();
    fields
        .map(|field| {
            format!(
                "{} {}",
                field["cause"].as_str().unwrap_or_default(),
                field["path"].as_str().unwrap_or_default()
            )
        })
        .collect()
}

fn reference(scene: &Scene<'_>, version: &str, kind: &str, name: &str) -> Value {
    json!({"apiVersion": version, "kind": kind, "namespace": scene.namespace, "name": name})
}

fn choose(object: Value, field: &str, choice: &str) -> Value {
    json!({"conflicts": {"objects": [{"object": object, "fields": {field: choice}}]}})
}

fn deployment(image: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  replicas: 2\n  selector: {{matchLabels: {{app: web}}}}\n  \
         template:\n    metadata: {{labels: {{app: web}}}}\n    spec:\n      containers:\n      - name: web\n        image: {image}\n        \
         resources: {{requests: {{cpu: 0.1, memory: 1024Mi}}}}\n"
    )
}

fn config(name: &str, value: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{a: \"{value}\"}}\n")
}

const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  selector: {app: web}\n  ports: [{name: http, port: 80}]\n";

fn install(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let bridge = scene.bridge(&[])?;
    let hook = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: before, annotations: {helm.sh/hook: pre-install}}\n\
                spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: b}]}}}\n";
    let files = [("d.yaml", deployment("a:1")), ("s.yaml", SERVICE.to_owned()), ("h.yaml", hook.to_owned())];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let plan = plan_of(&bridge, &scene, &apply(&files, &json!({})))?;
    assert_eq!(classes(&plan), ["create Service/web", "create Deployment/web"]);
    assert_eq!(
        (&plan["clean"], &plan["nextRevision"], &plan["counts"]["create"]),
        (&json!(true), &json!(1), &json!(2))
    );
    assert_eq!(plan["hooks"][0]["object"]["name"], "before");
    assert!(plan["record"]["stored"].as_u64().is_some_and(|stored| stored > 0), "{plan}");
    assert_eq!(scene.dump()?.names(), Vec::<&str>::new());
    let id = plan["id"].as_str().unwrap_or_default();
    assert_eq!(bridge.get(&format!("/v1/plans/{id}"))?, plan);
    let preview = json!({"namespace": scene.namespace, "release": "web", "subject": {"kind": "apply",
        "chart": {"metadata": {}}, "documents": [], "world": "preview"}});
    let refusal = bridge.try_post("/v1/plans", &preview)?.err().ok_or("a preview was planned")?;
    assert_eq!(refusal.code, "preview-refused");
    Ok(())
}

fn upgrade(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge) = (scene.helm()?, scene.bridge(&[])?);
    let (first, conf, gone) = (deployment("a:1"), config("conf", "1"), config("gone", "1"));
    let kept = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kept, annotations: {helm.sh/resource-policy: keep}}\n";
    let all =
        [("d.yaml", &*first), ("c.yaml", &*conf), ("g.yaml", &*gone), ("k.yaml", kept), ("s.yaml", SERVICE)];
    helm_installs(&scene, &helm, "install", &all, &[])?;
    let same = plan_of(&bridge, &scene, &apply(&all, &json!({})))?;
    assert_eq!(same["counts"]["unchanged"], 5, "{same}");
    let (second, changed) = (deployment("a:2"), config("conf", "2"));
    let new = config("new", "1");
    let next = [("d.yaml", &*second), ("c.yaml", &*changed), ("n.yaml", &*new), ("s.yaml", SERVICE)];
    let plan = plan_of(&bridge, &scene, &apply(&next, &json!({})))?;
    assert_eq!(
        classes(&plan),
        [
            "update ConfigMap/conf",
            "create ConfigMap/new",
            "unchanged Service/web",
            "update Deployment/web",
            "keep ConfigMap/kept",
            "delete ConfigMap/gone",
        ]
    );
    assert_eq!(causes(object(&plan, "ConfigMap", "conf")?), ["chart .data.a"]);
    let web = object(&plan, "Deployment", "web")?;
    assert_eq!(causes(web), [r#"chart .spec.template.spec.containers[name="web"].image"#]);
    let impact = plan["impact"].to_string();
    assert!(impact.contains("restarts") && impact.contains("a:2"), "{impact}");
    // What was predicted is what Helm makes of it.
    helm_installs(&scene, &helm, "upgrade", &next, &[])?;
    let after = plan_of(&bridge, &scene, &apply(&next, &json!({})))?;
    assert_eq!(after["counts"]["unchanged"], 4, "{after}");
    // Left behind, and found again.
    let orphan = json!({"metadata": {"name": "left", "labels": {"app.kubernetes.io/managed-by": "Helm"}, "annotations":
        {"meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": scene.namespace}}});
    scene.api.create(&scene.path("v1", "configmaps"), &orphan)?;
    let plan = plan_of(&bridge, &scene, &apply(&next, &json!({})))?;
    object(&plan, "ConfigMap", "left")?;
    assert_eq!(plan["counts"]["orphan"], 2, "the kept one is in no manifest any more, either: {plan}");
    Ok(())
}

fn secrets(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge) = (scene.helm()?, scene.bridge(&[])?);
    let secret = |value: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData: {{key: {value}, user: bob}}\n"
        )
    };
    let (one, two) = (secret("correct-horse-battery"), secret("staple-horse-battery"));
    helm_installs(&scene, &helm, "install", &[("s.yaml", &one)], &[])?;
    let same = plan_of(&bridge, &scene, &apply(&[("s.yaml", &one)], &json!({})))?;
    assert_eq!(classes(&same), ["unchanged Secret/s"]);
    let leak = config("leak", "url=https://u:staple-horse-battery@db");
    let plan = plan_of(&bridge, &scene, &apply(&[("s.yaml", &two), ("l.yaml", &leak)], &json!({})))?;
    assert_eq!(causes(object(&plan, "Secret", "s")?), ["chart .data.key"]);
    let text = plan.to_string();
    for value in
        ["correct-horse", "staple-horse", "Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5", "c3RhcGxlLWhvcnNlLWJhdHRlcnk"]
    {
        assert!(!text.contains(value), "{value} in {text}");
    }
    assert!(text.contains("‹hidden ") && text.contains("https://u:‹hidden "), "{text}");
    assert!(!bridge.log().contains("horse"));
    Ok(())
}

/// Sets replicas as an autoscaler does: through the subresource.
fn scale(scene: &Scene<'_>, replicas: u32) -> Result<(), String> {
    let patch = json!({"spec": {"replicas": replicas}});
    let path = scene.path("apps/v1", "deployments/web/scale?fieldManager=kube-controller-manager");
    scene.api.merge(&path, &patch).map(drop)
}

fn autoscaler(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge) = (scene.helm()?, scene.bridge(&[])?);
    let (first, second) = (deployment("a:1"), deployment("a:2"));
    helm_installs(&scene, &helm, "install", &[("d.yaml", &first)], &[])?;
    scale(&scene, 5)?;
    let plan = plan_of(&bridge, &scene, &apply(&[("d.yaml", &second)], &json!({})))?;
    assert_eq!((classes(&plan), &plan["clean"]), (vec!["conflict Deployment/web".to_owned()], &json!(false)));
    let conflict = &object(&plan, "Deployment", "web")?["conflicts"][0];
    assert_eq!(
        (&conflict["field"], &conflict["live"], &conflict["chart"], &conflict["kind"], &conflict["advice"]),
        (&json!(".spec.replicas"), &json!(5), &json!(2), &json!("autoscaler"), &json!(["yield", "force"]))
    );
    assert_eq!(conflict["owner"]["subresource"], "scale");
    let web = reference(&scene, "apps/v1", "Deployment", "web");
    let options = choose(web.clone(), ".spec.replicas", "yield");
    let plan = plan_of(&bridge, &scene, &apply(&[("d.yaml", &second)], &options))?;
    assert_eq!((classes(&plan), &plan["clean"]), (vec!["update Deployment/web".to_owned()], &json!(true)));
    assert_eq!(
        causes(object(&plan, "Deployment", "web")?),
        [r#"chart .spec.template.spec.containers[name="web"].image"#]
    );
    // The plan is old when somebody scales again: nothing else would happen, so it holds.
    scale(&scene, 6)?;
    assert_eq!(deploy(&bridge, &scene, &apply(&[("d.yaml", &second)], &options), &plan)?, None);
    let live = scene.api.get(&scene.path("apps/v1", "deployments/web"))?;
    assert_eq!(live["spec"]["replicas"], 6);
    assert_eq!(live["spec"]["template"]["spec"]["containers"][0]["image"], "a:2");
    let second = deployment("a:3");
    // What nobody else owns cannot be left to anybody.
    let image = r#".spec.template.spec.containers[name="web"].image"#;
    let plan = plan_of(&bridge, &scene, &apply(&[("d.yaml", &second)], &choose(web, image, "yield")))?;
    assert_eq!(object(&plan, "Deployment", "web")?["problem"]["code"], "invalid-request");
    Ok(())
}

fn edited(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge) = (scene.helm()?, scene.bridge(&[])?);
    let (conf, next) = (config("conf", "1"), config("conf", "2"));
    helm_installs(&scene, &helm, "install", &[("c.yaml", &conf)], &[])?;
    let path = scene.path("v1", "configmaps/conf?fieldManager=kubectl-edit");
    scene.api.merge(&path, &json!({"data": {"a": "9"}}))?;
    let same = plan_of(&bridge, &scene, &apply(&[("c.yaml", &conf)], &json!({})))?;
    assert_eq!(classes(&same), ["conflict ConfigMap/conf"]);
    let found = object(&same, "ConfigMap", "conf")?;
    assert_eq!(causes(found), ["drift-reverted .data.a"]);
    assert_eq!(found["conflicts"][0]["advice"], json!(["force", "take-over", "yield"]));
    let map = reference(&scene, "v1", "ConfigMap", "conf");
    for choice in ["force", "take-over"] {
        let options = choose(map.clone(), ".data.a", choice);
        let plan = plan_of(&bridge, &scene, &apply(&[("c.yaml", &next)], &options))?;
        assert_eq!(
            (classes(&plan), &plan["clean"]),
            (vec!["update ConfigMap/conf".to_owned()], &json!(true))
        );
        assert_eq!(causes(object(&plan, "ConfigMap", "conf")?), ["chart-over-drift .data.a"]);
    }
    let yielded =
        plan_of(&bridge, &scene, &apply(&[("c.yaml", &next)], &choose(map.clone(), ".data.a", "yield")))?;
    assert_eq!(classes(&yielded), ["unchanged ConfigMap/conf"]);
    // Another set than the planned one, and a manager that came later.
    let subject = apply(&[("c.yaml", &next)], &choose(map, ".data.a", "take-over"));
    let plan = plan_of(&bridge, &scene, &subject)?;
    let other = apply(&[("c.yaml", &conf)], &json!({}));
    assert_eq!(deploy(&bridge, &scene, &other, &plan)?.as_deref(), Some("plan-stale"));
    scene.api.merge(&scene.path("v1", "configmaps/conf?fieldManager=k9s"), &json!({"data": {"a": "10"}}))?;
    assert_eq!(deploy(&bridge, &scene, &subject, &plan)?.as_deref(), Some("plan-stale"));
    let plan = plan_of(&bridge, &scene, &subject)?;
    assert_eq!(deploy(&bridge, &scene, &subject, &plan)?, None);
    assert_eq!(scene.api.get(&scene.path("v1", "configmaps/conf"))?["data"]["a"], "2");
    helm_installs(&scene, &helm, "upgrade", &[("c.yaml", &conf)], &[])?;
    Ok(())
}

fn renumbered(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge) = (scene.helm()?, scene.bridge(&[])?);
    helm_installs(&scene, &helm, "install", &[("s.yaml", SERVICE)], &[])?;
    let ports =
        json!({"spec": {"ports": [{"name": "http", "port": 8080, "protocol": "TCP", "targetPort": 80}]}});
    scene.api.merge(&scene.path("v1", "services/web?fieldManager=kubectl-edit"), &ports)?;
    let plan = plan_of(&bridge, &scene, &apply(&[("s.yaml", SERVICE)], &json!({})))?;
    let web = object(&plan, "Service", "web")?;
    assert_eq!((&web["class"], &web["problem"]["code"]), (&json!("conflict"), &json!("merge-key-drift")));
    let field = web["conflicts"][0]["field"].as_str().unwrap_or_default();
    assert_eq!(field, r#".spec.ports[port=8080,protocol="TCP"]"#);
    let options = choose(reference(&scene, "v1", "Service", "web"), field, "take-over");
    let subject = apply(&[("s.yaml", SERVICE)], &options);
    let plan = plan_of(&bridge, &scene, &subject)?;
    let web = object(&plan, "Service", "web")?;
    assert_eq!(
        (&plan["clean"], &web["class"], &web["approximate"]),
        (&json!(true), &json!("update"), &json!(true))
    );
    assert_eq!(
        causes(web),
        [
            r#"drift-reverted .spec.ports[port=8080,protocol="TCP"]"#,
            r#"drift-reverted .spec.ports[port=80,protocol="TCP"]"#,
        ]
    );
    assert_eq!(deploy(&bridge, &scene, &subject, &plan)?, None);
    let ports = &scene.api.get(&scene.path("v1", "services/web"))?["spec"]["ports"];
    assert_eq!((ports.as_array().map(Vec::len), &ports[0]["port"]), (Some(1), &json!(80)));
    Ok(())
}

fn immutable(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge) = (scene.helm()?, scene.bridge(&[])?);
    let first = deployment("a:1");
    helm_installs(&scene, &helm, "install", &[("d.yaml", &first)], &[])?;
    let other = first.replace("app: web", "app: other");
    let plan = plan_of(&bridge, &scene, &apply(&[("d.yaml", &other)], &json!({})))?;
    let web = object(&plan, "Deployment", "web")?;
    assert_eq!(
        (&web["class"], &web["problem"]["code"], &web["recreate"]),
        (&json!("invalid"), &json!("immutable-field"), &json!(true))
    );
    let options = json!({"recreate": [reference(&scene, "apps/v1", "Deployment", "web")]});
    let subject = apply(&[("d.yaml", &other)], &options);
    let plan = plan_of(&bridge, &scene, &subject)?;
    let web = object(&plan, "Deployment", "web")?;
    assert_eq!((&plan["clean"], &web["class"]), (&json!(true), &json!("update")));
    assert!(causes(web).contains(&"chart .spec.selector.matchLabels.app".to_owned()), "{web}");
    assert_eq!(deploy(&bridge, &scene, &subject, &plan)?, None);
    let live = scene.api.get(&scene.path("apps/v1", "deployments/web"))?;
    assert_eq!(live["spec"]["selector"]["matchLabels"]["app"], "other");
    let unknown = format!("{first}  bogus: 1\n");
    let plan = plan_of(&bridge, &scene, &apply(&[("d.yaml", &unknown)], &json!({})))?;
    assert_eq!(object(&plan, "Deployment", "web")?["problem"]["code"], "invalid-object");
    Ok(())
}

fn client_side(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge) = (scene.helm()?, scene.bridge(&[])?);
    let first = deployment("a:1").replace(
        "        image: a:1\n",
        "        image: a:1\n        env: [{name: A, value: x}, {name: B, value: z}]\n",
    );
    let (old, new) = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {a: \"1\", b: \"2\"}\n",
        config("conf", "2"),
    );
    helm_installs(
        &scene,
        &helm,
        "install",
        &[("d.yaml", &first), ("c.yaml", old)],
        &["--server-side=false"],
    )?;
    let second = deployment("a:2")
        .replace("        image: a:2\n", "        image: a:2\n        env: [{name: A, value: x}]\n");
    let files = [("d.yaml", second.as_str()), ("c.yaml", new.as_str())];
    let plan = plan_of(&bridge, &scene, &apply(&files, &json!({})))?;
    let (conf, web) = (object(&plan, "ConfigMap", "conf")?, object(&plan, "Deployment", "web")?);
    assert_eq!(
        (&plan["clean"], &conf["approximate"], &web["approximate"]),
        (&json!(true), &json!(true), &json!(true))
    );
    assert_eq!(causes(conf), ["chart .data.a", "removed .data.b"]);
    assert_eq!(
        causes(web),
        [
            r#"removed .spec.template.spec.containers[name="web"].env[name="B"]"#,
            r#"chart .spec.template.spec.containers[name="web"].image"#,
        ]
    );
    // And this is what happens.
    helm_installs(&scene, &helm, "upgrade", &files, &["--server-side=true"])?;
    let live = scene.api.get(&scene.path("v1", "configmaps/conf"))?;
    assert_eq!(live["data"], json!({"a": "2"}));
    let live = scene.api.get(&scene.path("apps/v1", "deployments/web"))?;
    assert_eq!(
        live["spec"]["template"]["spec"]["containers"][0]["env"],
        json!([{"name": "A", "value": "x"}])
    );
    let after = plan_of(&bridge, &scene, &apply(&files, &json!({})))?;
    assert_eq!(after["counts"]["unchanged"], 2, "{after}");
    assert_eq!(object(&after, "Deployment", "web")?["approximate"], false);
    Ok(())
}

fn unverifiable(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let bridge = scene.bridge(&[])?;
    let group = format!("{}.example.com", scene.namespace);
    let widget = format!("apiVersion: {group}/v1\nkind: Widget\nmetadata: {{name: a}}\n");
    let crd = format!(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {{name: widgets.{group}}}\nspec: {{group: {group}, \
         scope: Namespaced, names: {{kind: Widget, plural: widgets}}, versions: [{{name: v1, served: true, storage: true, schema: \
         {{openAPIV3Schema: {{type: object}}}}}}]}}\n"
    );
    let conf = config("conf", "1");
    let files = [("w.yaml", widget.as_str()), ("c.yaml", conf.as_str())];
    let plan = plan_of(&bridge, &scene, &apply(&files, &json!({})))?;
    assert_eq!(object(&plan, "Widget", "a")?["problem"]["code"], "unknown-kind");
    let mut subject = apply(&files, &json!({}));
    subject["crds"] = json!([{"source": "c/crds/w.yaml", "yaml": crd}]);
    let plan = plan_of(&bridge, &scene, &subject)?;
    assert_eq!(classes(&plan), ["create ConfigMap/conf", "unverifiable Widget/a"]);
    // A namespace that is not there, and one that this creates.
    let missing = json!({"namespace": format!("{}-none", scene.namespace), "release": "web", "subject": apply(&files[1..], &json!({}))});
    assert_eq!(classes(&bridge.post("/v1/plans", &missing)?), ["invalid ConfigMap/conf"]);
    let mut created = missing;
    created["subject"]["options"] = json!({"createNamespace": true});
    assert_eq!(classes(&bridge.post("/v1/plans", &created)?), ["unverifiable ConfigMap/conf"]);
    Ok(())
}

fn owners(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge) = (scene.helm()?, scene.bridge(&[])?);
    let conf = config("conf", "1");
    helm.ok(&["install", "other", &chart(&scene, &[("c.yaml", &conf)])?.to_string_lossy()])?;
    let loose = json!({"metadata": {"name": "loose"}, "data": {"a": "1"}});
    scene.api.create(&scene.path("v1", "configmaps"), &loose)?;
    let mine = config("loose", "1");
    let files = [("c.yaml", conf.as_str()), ("l.yaml", mine.as_str())];
    let plan = plan_of(&bridge, &scene, &apply(&files, &json!({})))?;
    assert_eq!(
        (classes(&plan), &plan["clean"]),
        (vec!["foreign ConfigMap/conf".to_owned(), "adopt ConfigMap/loose".to_owned()], &json!(false))
    );
    let folder = chart(&scene, &[("l.yaml", &mine)])?;
    let sentence = helm.fails(&["install", "web", &folder.to_string_lossy()])?;
    let ours = object(&plan, "ConfigMap", "loose")?["problem"]["detail"].as_str().unwrap_or_default();
    assert!(sentence.contains(ours), "Helm: {sentence}\nthe bridge: {ours}");
    let plan = plan_of(&bridge, &scene, &apply(&files[1..], &json!({"takeOwnership": true})))?;
    assert_eq!((classes(&plan), &plan["clean"]), (vec!["adopt ConfigMap/loose".to_owned()], &json!(true)));
    Ok(())
}

fn back(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge) = (scene.helm()?, scene.bridge(&[])?);
    let (first, second, conf, new) =
        (deployment("a:1"), deployment("a:2"), config("conf", "1"), config("new", "1"));
    helm_installs(&scene, &helm, "install", &[("d.yaml", &first), ("c.yaml", &conf)], &[])?;
    helm_installs(&scene, &helm, "upgrade", &[("d.yaml", &second), ("n.yaml", &new)], &[])?;
    let plan = plan_of(&bridge, &scene, &json!({"kind": "rollback", "toRevision": 1}))?;
    assert_eq!(classes(&plan), ["create ConfigMap/conf", "update Deployment/web", "delete ConfigMap/new"]);
    assert_eq!((&plan["baseRevision"], &plan["nextRevision"]), (&json!(2), &json!(3)));
    let plan = plan_of(&bridge, &scene, &json!({"kind": "uninstall"}))?;
    assert_eq!(
        (classes(&plan), &plan["nextRevision"]),
        (vec!["delete Deployment/web".to_owned(), "delete ConfigMap/new".to_owned()], &json!(0))
    );
    let refusal = bridge.try_post(
        "/v1/plans",
        &json!({"namespace": scene.namespace, "release": "none", "subject": {"kind": "uninstall"}}),
    )?;
    assert_eq!(refusal.err().map(|refusal| refusal.code), Some("not-found".to_owned()));
    Ok(())
}

fn forbidden(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let rules = json!([
        {"apiGroups": [""], "resources": ["secrets", "configmaps"], "verbs": ["get", "list", "create", "patch"]},
        {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"]},
    ]);
    let person = scene.person("reader", &rules)?;
    let bridge = scene.bridge_as(&person, &[])?;
    let (web, conf) = (deployment("a:1"), config("conf", "1"));
    let plan = plan_of(
        &bridge,
        &scene,
        &apply(&[("d.yaml", &web), ("c.yaml", &conf), ("s.yaml", SERVICE)], &json!({})),
    )?;
    assert_eq!(
        classes(&plan),
        ["create ConfigMap/conf", "forbidden Service/web", "forbidden Deployment/web"]
    );
    let detail = object(&plan, "Deployment", "web")?["problem"]["detail"].as_str().unwrap_or_default();
    assert!(detail.contains("cannot patch resource \"deployments\""), "{detail}");
    Ok(())
}

fn many(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let bridge = scene.bridge(&[])?;
    for count in [10, 100, 500] {
        let maps: Vec<(String, String)> =
            (0..count).map(|n| (format!("c{n}.yaml"), config(&format!("conf-{n}"), "1"))).collect();
        let files: Vec<(&str, &str)> =
            maps.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let start = Instant::now();
        let plan = plan_of(&bridge, &scene, &apply(&files, &json!({})))?;
        let took = start.elapsed();
        println!("a plan of {count} new objects: {} ms", took.as_millis());
        assert_eq!(plan["counts"]["create"], count);
        // Generous: the machine has other things to do.
        assert!(took < Duration::from_secs(60), "{took:?}");
    }
    Ok(())
}
