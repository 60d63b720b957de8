//! H2: every state in which a release is stuck, made by a real accident, with every way out; then Helm goes on.

use std::process::Child;
use std::time::Duration;

use serde_json::{Value, json};
use tests::fault::{Fault, Rule};
use tests::scene::{Bridge, Scene, World};
use tests::trial::Trial;

use crate::rendered::{apply, fail, path, statuses, succeed};
use crate::settled::{revisions, settled};

pub(crate) const TRIALS: &[Trial<World>] = &[
    Trial {
        name: "h2_an_install_of_helm_is_stuck",
        run: |world, trial| of_helm(world, trial, &PENDING_INSTALL),
    },
    Trial {
        name: "h2_an_upgrade_of_helm_is_stuck",
        run: |world, trial| of_helm(world, trial, &PENDING_UPGRADE),
    },
    Trial {
        name: "h2_a_rollback_of_helm_is_stuck",
        run: |world, trial| of_helm(world, trial, &PENDING_ROLLBACK),
    },
    Trial {
        name: "h2_an_uninstall_of_helm_is_stuck",
        run: |world, trial| of_helm(world, trial, &UNINSTALLING),
    },
    Trial { name: "h2_a_rollback_of_helm_failed_and_nothing_is_deployed", run: none_deployed },
    Trial {
        name: "h2_an_install_of_the_bridge_is_stuck",
        run: |world, trial| of_bridge(world, trial, &PENDING_INSTALL),
    },
    Trial {
        name: "h2_an_upgrade_of_the_bridge_is_stuck",
        run: |world, trial| of_bridge(world, trial, &PENDING_UPGRADE),
    },
    Trial {
        name: "h2_a_rollback_of_the_bridge_is_stuck",
        run: |world, trial| of_bridge(world, trial, &PENDING_ROLLBACK),
    },
    Trial {
        name: "h2_an_uninstall_of_the_bridge_is_stuck",
        run: |world, trial| of_bridge(world, trial, &UNINSTALLING),
    },
    Trial { name: "h2_another_must_confirm_what_helm_left", run: confirmed },
];

const RELEASE: &str = "app";

/// One way to be stuck.
struct State {
    status: &'static str,
    chart: &'static str,
    /// The values of revisions 1 and 2, where there are such.
    before: &'static [&'static str],
    /// What Helm is doing when it is killed, or fails half way.
    helm: &'static [&'static str],
    /// Whether that ends by itself, in a failure that leaves the release stuck.
    ends: bool,
    /// What the bridge is doing when it is killed.
    verb: &'static str,
    set: &'static str,
}

const PENDING_INSTALL: State = State {
    status: "pending-install",
    chart: "plain",
    before: &[],
    helm: &["install", RELEASE, "CHART", "--wait", "--set", "outcome=hang"],
    ends: false,
    verb: "apply",
    set: "delay=4s",
};

const PENDING_UPGRADE: State = State {
    status: "pending-upgrade",
    chart: "plain",
    before: &["colour=red"],
    helm: &["upgrade", RELEASE, "CHART", "--wait", "--set", "outcome=hang"],
    ends: false,
    verb: "apply",
    set: "delay=4s",
};

const PENDING_ROLLBACK: State = State {
    status: "pending-rollback",
    chart: "hooks",
    // A failing hook leaves Helm's rollback pending, without any accident; a slow one gives time for one.
    before: &["fail=pre-rollback,delay=4s", "fail="],
    helm: &["rollback", RELEASE, "1"],
    ends: true,
    verb: "rollback",
    set: "",
};

const UNINSTALLING: State = State {
    status: "uninstalling",
    chart: "hooks",
    before: &["fail=pre-delete,delay=4s"],
    helm: &["uninstall", RELEASE],
    ends: true,
    verb: "uninstall",
    set: "",
};

/// Releases with this history, by Helm.
fn begin(scene: &Scene<'_>, state: &State, before: &[&str]) -> Result<(), String> {
    let (helm, chart) = (scene.helm()?, scene.chart(state.chart));
    for (n, set) in before.iter().enumerate() {
        let verb = if n == 0 { "install" } else { "upgrade" };
        helm.ok(&[verb, RELEASE, &chart, "--no-hooks", "--set", set])?;
    }
    Ok(())
}

/// Lets Helm get stuck.
fn stick(scene: &Scene<'_>, state: &State) -> Result<(), String> {
    begin(scene, state, state.before)?;
    let (helm, chart) = (scene.helm()?, scene.chart(state.chart));
    let args: Vec<&str> = state.helm.iter().map(|arg| if *arg == "CHART" { &*chart } else { *arg }).collect();
    if state.ends {
        helm.fails(&args)?;
    } else {
        let child: Child = helm.start(&args)?;
        let mut killed = Killed(child);
        scene.api.wait("Helm at work", Duration::from_secs(30), |_| {
            Ok(revisions(scene, RELEASE)?.last().is_some_and(|(_, last)| last == state.status).then_some(()))
        })?;
        killed.now()?;
    }
    let all = revisions(scene, RELEASE)?;
    assert_eq!(all.last().map(|(_, status)| status.as_str()), Some(state.status), "{all:?}");
    Ok(())
}

/// A child that does not outlive the trial.
struct Killed(Child);

impl Killed {
    fn now(&mut self) -> Result<(), String> {
        self.0.kill().and_then(|()| self.0.wait()).map(drop).map_err(|error| error.to_string())
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        // What has ended already is what we want.
        let _ = self.now();
    }
}

/// Rollback and abandon; there is no journal to resume from.
fn of_helm(world: &World, trial: &str, state: &State) -> Result<(), String> {
    for action in ["rollback", "abandon"] {
        let scene = world.scene(trial)?;
        stick(&scene, state)?;
        // Whatever is older than no time at all counts as abandoned.
        let bridge = scene.bridge(&["--stale-after", "0"])?;
        let at = format!("/v1/namespaces/{}/releases/{RELEASE}", scene.namespace);
        let lock = bridge.get(&at)?["lock"].clone();
        assert_eq!(
            (&lock["verdict"], &lock["offers"]),
            (&json!("foreign-stale"), &json!(["rollback", "abandon"]))
        );
        let number = revisions(&scene, RELEASE)?.len();
        assert_eq!(lock["confirm"], format!("{RELEASE}/{number}"));
        recovered(&scene, &bridge, state, action, &lock["confirm"])
            .map_err(|why| format!("{action}: {why}"))?;
    }
    Ok(())
}

/// Takes this way out, and looks at what came of it: Helm goes on.
fn recovered(
    scene: &Scene<'_>,
    bridge: &Bridge,
    state: &State,
    action: &str,
    confirm: &Value,
) -> Result<(), String> {
    let asked = json!({ "action": action, "confirm": confirm });
    succeed(bridge, &path(scene, RELEASE, "recover"), &asked)?;
    let all = revisions(scene, RELEASE)?;
    let last = all.last().map(|(_, status)| status.as_str());
    let is_install = state.status == "pending-install";
    let expected = match action {
        "abandon" => Some("failed"),
        // A first install is taken away, and an uninstall that goes on leaves nothing.
        "rollback" if is_install => None,
        "resume" if state.status == "uninstalling" => None,
        _ => Some("deployed"),
    };
    assert_eq!(last, expected, "{all:?}");
    let helm = scene.helm()?;
    let chart = scene.chart(state.chart);
    if expected.is_none() {
        assert_eq!(helm.json(&["list", "-o", "json"])?, json!([]));
        let dump = scene.dump()?;
        let left: Vec<&str> =
            dump.names().into_iter().filter(|name| !name.starts_with("batch/v1/Job/")).collect();
        assert_eq!(left, Vec::<&str>::new(), "all but hooks is gone");
        helm.ok(&["install", RELEASE, &chart, "--wait"])?;
    } else {
        for args in [&["status", RELEASE][..], &["get", "all", RELEASE], &["history", RELEASE]] {
            helm.ok(args)?;
        }
        helm.ok(&["upgrade", RELEASE, &chart, "--wait", "--reset-values"])?;
    }
    settled(scene, bridge, RELEASE, state.chart, &[])
}

/// Kills the bridge while it works, and takes each way out with another one.
fn of_bridge(world: &World, trial: &str, state: &State) -> Result<(), String> {
    let one = |action: &str| -> Result<(), String> {
        let scene = world.scene(&format!("{trial}_{action}"))?;
        // A hook that fails would fail for whoever resumes, too.
        let before: Vec<String> = state
            .before
            .iter()
            .map(|set| set.split(',').filter(|set| !set.starts_with("fail=p")).collect::<Vec<_>>().join(","))
            .collect();
        begin(&scene, state, &before.iter().map(String::as_str).collect::<Vec<_>>())?;
        let args = ["--heartbeat-seconds", "1"];
        let bridge = scene.bridge(&args)?;
        let (helm, chart) = (scene.helm()?, scene.chart(state.chart));
        let body = match state.verb {
            "apply" => {
                let verb = if before.is_empty() { "install" } else { "upgrade" };
                apply(&helm, verb, RELEASE, &chart, &[state.set], json!({}))?
            }
            "rollback" => json!({ "toRevision": 1 }),
            _ => json!({}),
        };
        let id = bridge.begin(&path(&scene, RELEASE, state.verb), &body)?;
        bridge.until(&id, |event| {
            event["type"] == "op.state" && (event["state"] == "waiting" || event["state"] == "pre-hooks")
        })?;
        drop(bridge.kill()?);
        let all = revisions(&scene, RELEASE)?;
        assert_eq!(all.last().map(|(_, status)| status.as_str()), Some(state.status), "{all:?}");
        let bridge = scene.bridge(&args)?;
        let at = format!("/v1/namespaces/{}/releases/{RELEASE}", scene.namespace);
        scene.api.wait("the silence", Duration::from_secs(30), |_| {
            Ok((bridge.get(&at)?["lock"]["verdict"] == "crashed").then_some(()))
        })?;
        recovered(&scene, &bridge, state, action, &json!("")).map_err(|why| format!("{action}: {why}"))
    };
    let results: Vec<Result<(), String>> = std::thread::scope(|scope| {
        let one = &one;
        let threads = ["resume", "rollback", "abandon"].map(|action| scope.spawn(move || one(action)));
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| Err(said(&*panic)))).collect()
    });
    results.into_iter().collect()
}

/// What a panic said.
pub(crate) fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned()
}

/// Helm's rollback failed at an object: the revision before is superseded, and none is deployed.
fn none_deployed(world: &World, trial: &str) -> Result<(), String> {
    for way in ["rollback", "apply"] {
        let scene = world.scene(trial)?;
        let (helm, plain) = (scene.helm()?, scene.chart("plain"));
        helm.ok(&["install", RELEASE, &plain])?;
        helm.ok(&["upgrade", RELEASE, &plain, "--set", "colour=green"])?;
        let proxy = scene.proxy()?;
        let broken = Fault::status(422, "Invalid", "broken on purpose");
        proxy.add(Rule::new("PATCH", "/configmaps/app", broken));
        scene.helm_as(proxy.access(), &scene.namespace)?.fails(&["rollback", RELEASE, "1"])?;
        assert_eq!(statuses(&helm, RELEASE)?, ["superseded", "superseded", "failed"]);
        let bridge = scene.bridge(&[])?;
        let at = format!("/v1/namespaces/{}/releases/{RELEASE}", scene.namespace);
        let state = bridge.get(&at)?;
        assert_eq!((&state["lock"]["verdict"], &state["deployedRevision"]), (&json!("free"), &json!(0)));
        let body = match way {
            "rollback" => json!({ "toRevision": 2 }),
            _ => apply(&helm, "upgrade", RELEASE, &plain, &["colour=red"], json!({}))?,
        };
        succeed(&bridge, &path(&scene, RELEASE, way), &body)?;
        // An upgrade calls what it starts from superseded, also when that is the failed one; Helm does the same.
        let third = if way == "apply" { "superseded" } else { "failed" };
        assert_eq!(statuses(&helm, RELEASE)?, ["superseded", "superseded", third, "deployed"]);
        helm.ok(&["upgrade", RELEASE, &plain, "--wait", "--reset-values"])?;
        settled(&scene, &bridge, RELEASE, "plain", &[])?;
    }
    Ok(())
}

fn confirmed(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    stick(&scene, &PENDING_UPGRADE)?;
    let recover = path(&scene, RELEASE, "recover");
    let careful = scene.bridge(&[])?;
    let (operation, _) = fail(&careful, &recover, &json!({ "action": "abandon", "confirm": "app/2" }))?;
    assert_eq!(operation["problem"]["code"], "release-locked", "Helm may be at work: {operation}");
    let bridge = scene.bridge(&["--stale-after", "0"])?;
    let (operation, _) = fail(&bridge, &recover, &json!({ "action": "abandon" }))?;
    assert_eq!(operation["problem"]["code"], "invalid-request", "it must be confirmed: {operation}");
    let (operation, _) = fail(&bridge, &recover, &json!({ "action": "resume", "confirm": "app/2" }))?;
    assert_eq!(operation["problem"]["code"], "release-locked", "there is no journal: {operation}");
    succeed(&bridge, &recover, &json!({ "action": "abandon", "confirm": "app/2" }))?;
    settled(&scene, &bridge, RELEASE, "plain", &[])
}
