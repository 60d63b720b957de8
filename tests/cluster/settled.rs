//! What must hold after every fault: nothing hangs without a way out, nothing is lost, and a second try succeeds.

use std::time::Duration;

use serde_json::{Value, json};
use tests::kube::record;
use tests::scene::{Bridge, Scene};

use crate::rendered::{apply_with, path, statuses, succeed};

/// How long a release may look held by somebody who is gone.
const SILENCE: Duration = Duration::from_secs(60);

/// Holds the release against all three, by this bridge and by Helm, with a chart for the second try. No fault may be in
/// the way any more.
///
/// # Errors
/// What does not hold.
pub(crate) fn settled(
    scene: &Scene<'_>,
    bridge: &Bridge,
    release: &str,
    chart: &str,
    sets: &[&str],
) -> Result<(), String> {
    way_out(scene, bridge, release)?;
    nothing_lost(scene, release)?;
    let helm = scene.helm()?;
    let chart = scene.chart(chart);
    let verb = if revisions(scene, release)?.is_empty() { "install" } else { "upgrade" };
    // Values of a try that failed are not taken over.
    let fresh: &[&str] = if verb == "install" { &[] } else { &["--reset-values"] };
    let body = apply_with(&helm, verb, release, &chart, sets, fresh, json!({}))?;
    succeed(bridge, &path(scene, release, "apply"), &body).map_err(|why| format!("the second try: {why}"))?;
    one_deployed(scene, release)?;
    nothing_lost(scene, release)?;
    let mut upgrade = vec!["upgrade", release, &chart, "--reset-values"];
    upgrade.extend(sets.iter().flat_map(|set| ["--set", set]));
    helm.ok(&upgrade).map_err(|why| format!("Helm after the second try: {why}"))?;
    one_deployed(scene, release)
}

/// A release that looks held offers something to everybody, sooner or later, and that works.
pub(crate) fn way_out(scene: &Scene<'_>, bridge: &Bridge, release: &str) -> Result<(), String> {
    let all = revisions(scene, release)?;
    let Some((_, status)) = all.last() else { return Ok(()) };
    if !is_held(status) {
        return Ok(());
    }
    let at = format!("/v1/namespaces/{}/releases/{release}", scene.namespace);
    let lock = scene.api.wait(&format!("a way out of {all:?}"), SILENCE, |_| {
        let lock = bridge.get(&at)?["lock"].clone();
        Ok(lock["offers"].as_array().is_some_and(|offers| !offers.is_empty()).then_some(lock))
    })?;
    let asked =
        json!({ "action": lock["offers"][0], "confirm": lock["confirm"].as_str().unwrap_or_default() });
    succeed(bridge, &path(scene, release, "recover"), &asked).map_err(|why| format!("{asked}: {why}"))?;
    let after = revisions(scene, release)?;
    match after.last() {
        Some((_, status)) if is_held(status) => Err(format!("{asked} left {after:?}")),
        _ => Ok(()),
    }
}

/// Every object of the deployed revision is there; but what a later revision dropped may be pruned, also when that one
/// failed afterwards, at a hook: Helm does the same.
pub(crate) fn nothing_lost(scene: &Scene<'_>, release: &str) -> Result<(), String> {
    let records = record::records(&scene.api, &scene.namespace)?;
    let ours = || records.iter().map(|(_, record, _)| record).filter(|record| record["name"] == *release);
    let number = |record: &&Value| record["version"].as_u64();
    let deployed = ours().filter(|record| record["info"]["status"] == "deployed").max_by_key(number);
    let (Some(deployed), Some(last)) = (deployed, ours().max_by_key(number)) else { return Ok(()) };
    let wanted = objects(last)?;
    let dump = scene.dump()?;
    let there = dump.names();
    let lost: Vec<String> = objects(deployed)?
        .into_iter()
        .filter(|key| wanted.contains(key) && !there.contains(&key.as_str()))
        .collect();
    if lost.is_empty() {
        Ok(())
    } else {
        Err(format!("{lost:?} of revision {} are lost; there is {there:?}", deployed["version"]))
    }
}

/// The objects of a record as a dump names them.
fn objects(record: &Value) -> Result<Vec<String>, String> {
    let mut keys = Vec::new();
    for document in record["manifest"].as_str().unwrap_or_default().split("\n---\n") {
        let object: Value = serde_yaml::from_str(document).map_err(|error| error.to_string())?;
        let Some(name) = object["metadata"]["name"].as_str() else { continue };
        let text = |field: &str| object[field].as_str().unwrap_or_default().to_owned();
        keys.push(format!("{}/{}/{name}", text("apiVersion"), text("kind")));
    }
    Ok(keys)
}

/// The last revision is deployed, and no other is.
pub(crate) fn one_deployed(scene: &Scene<'_>, release: &str) -> Result<(), String> {
    let all = statuses(&scene.helm()?, release)?;
    let n_deployed = all.iter().filter(|status| *status == "deployed").count();
    if n_deployed == 1 && all.last().is_some_and(|status| status == "deployed") {
        Ok(())
    } else {
        Err(format!("not the last and only deployed one: {all:?}"))
    }
}

fn is_held(status: &str) -> bool {
    status.starts_with("pending-") || status == "uninstalling"
}

/// The revisions of a release with their statuses, in order.
pub(crate) fn revisions(scene: &Scene<'_>, release: &str) -> Result<Vec<(u64, String)>, String> {
    let records = record::records(&scene.api, &scene.namespace)?;
    let mut all: Vec<(u64, String)> = records
        .iter()
        .filter(|(_, record, _)| record["name"] == *release)
        .map(|(_, record, _)| {
            let status = record["info"]["status"].as_str().unwrap_or_default();
            (record["version"].as_u64().unwrap_or_default(), status.to_owned())
        })
        .collect();
    all.sort_unstable();
    Ok(all)
}
