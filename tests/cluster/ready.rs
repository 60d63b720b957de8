//! The cluster itself: what every other trial rests on.

use std::time::Duration;

use serde_json::json;
use tests::cluster::Part;
use tests::kube::{Access, Api, Dump};
use tests::net::Request;
use tests::scene::World;
use tests::trial::Trial;

pub(crate) const TRIALS: &[Trial<World>] = &[
    Trial { name: "the_cluster_is_the_kubernetes_of_the_recipe", run: version },
    Trial { name: "a_person_may_do_what_their_rules_say", run: person },
    Trial { name: "a_dump_holds_what_was_deployed_and_nothing_else", run: dump },
    Trial { name: "an_api_server_that_was_killed_comes_back_with_its_data", run: killed },
];

fn version(world: &World, _: &str) -> Result<(), String> {
    let version = world.api.get("/version")?;
    assert_eq!(version["gitVersion"], "v1.36.3");
    assert_eq!((&version["major"], &version["minor"]), (&json!("1"), &json!("36")));
    assert_eq!(world.api.send(Request::new("GET", "/readyz"))?.text(), "ok");
    Ok(())
}

fn person(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let rules = json!([{ "apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list"] }]);
    let person = Api::new(scene.person("reader", &rules)?)?;
    person.get(&scene.path("v1", "configmaps"))?;
    let secrets = person.send(Request::new("GET", &scene.path("v1", "secrets")))?;
    assert_eq!(secrets.status, 403);
    let elsewhere = person.send(Request::new("GET", "/api/v1/namespaces/default/configmaps"))?;
    assert_eq!(elsewhere.status, 403);
    let stranger = Api::new(scene.api.access.with_token("unknown"))?;
    assert_eq!(stranger.send(Request::new("GET", "/version"))?.status, 401);
    Ok(())
}

fn dump(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let helm = scene.helm()?;
    let empty = scene.dump()?;
    assert_eq!(empty.names(), Vec::<&str>::new());
    let plain = scene.chart("plain");
    helm.ok(&["install", "web", &plain, "--wait"])?;
    let first = scene.dump()?;
    let names = ["apps/v1/Deployment/web", "v1/ConfigMap/web", "v1/Secret/web", "v1/Service/web"];
    assert_eq!(first.names(), names);
    let owner = &first.0["v1/ConfigMap/web"]["metadata"]["managedFields"][0];
    assert_eq!((&owner["manager"], &owner["operation"]), (&json!("helm"), &json!("Apply")));
    // The same chart elsewhere leaves the same.
    let other = scene.another_namespace()?;
    scene.helm_as(&scene.api.access, &other)?.ok(&["install", "web", &plain, "--wait"])?;
    let second = Dump::of_namespace(&scene.api, &other)?;
    assert_eq!(first.differences(&second), Vec::<String>::new());
    // And a change shows.
    helm.ok(&["upgrade", "web", &plain, "--set", "replicas=3"])?;
    let differences = scene.dump()?.differences(&first).join("\n");
    assert!(differences.contains("apps/v1/Deployment/web.spec.replicas: 3 / 1"), "{differences}");
    Ok(())
}

fn killed(world: &World, _: &str) -> Result<(), String> {
    let mut cluster = world.cluster_to_break()?;
    let api = Api::new(Access::read(cluster.kubeconfig())?)?;
    let path = "/api/v1/namespaces/default/configmaps";
    api.create(path, &json!({ "metadata": { "name": "kept" }, "data": { "a": "1" } }))?;
    cluster.kill(Part::ApiServer)?;
    assert!(api.get(path).is_err(), "a killed API server answers");
    cluster.kill(Part::Etcd)?;
    cluster.restart(Part::Etcd)?;
    cluster.restart(Part::ApiServer)?;
    let kept = api.wait("the answer", Duration::from_secs(30), |api| api.find(&format!("{path}/kept")))?;
    assert_eq!(kept["data"]["a"], "1");
    Ok(())
}
