//! Stories of a release that Helm and the bridge tell in turns; each is held beside the same story told by Helm alone.

use serde_json::Value;
use tests::scene::World;
use tests::trial::Trial;

use crate::twin::Hand::{Bridge, Helm};
use crate::twin::{self, Hand, RELEASE, Step};

pub(crate) const TRIALS: &[Trial<World>] = &[
    Trial { name: "h1_the_bridge_goes_on_with_hooks_and_labels", run: h1_hooks },
    Trial { name: "h1_the_bridge_goes_on_with_subcharts_crds_and_notes", run: h1_whole },
    Trial { name: "h1_the_bridge_goes_on_with_a_client_side_release", run: h1_client_side },
    Trial { name: "h1_they_take_turns_and_helm_begins", run: h1_turns },
    Trial { name: "b1_they_take_turns_and_the_bridge_begins", run: b1_turns },
    Trial { name: "b1_every_command_reads_what_the_bridge_did", run: b1_hooks },
    Trial { name: "b1_every_command_reads_subcharts_crds_and_notes", run: b1_whole },
    Trial { name: "b1_every_command_reads_workloads", run: b1_plain },
    Trial { name: "b2_fields_that_helm_changes_removes_and_adds", run: b2_fields },
    Trial { name: "b2_objects_that_helm_prunes", run: b2_prune },
    Trial { name: "b2_the_other_way_round", run: b2_other },
    Trial { name: "b3_rollbacks_to_each_others_revisions", run: b3 },
    Trial { name: "b4_helm_uninstalls_what_the_bridge_made", run: b4 },
    Trial { name: "b4_the_bridge_uninstalls_what_helm_made", run: b4_other },
    Trial { name: "b5_each_tests_what_the_other_made", run: b5 },
    Trial { name: "b7_values_are_reused_both_ways", run: b7 },
    Trial { name: "b8_a_failed_revision_is_taken_on_both_ways", run: b8 },
];

const HOOKS: &[Step] = &[
    Step::Install { chart: "hooks", sets: &[] },
    Step::Upgrade { chart: "hooks", sets: &[] },
    Step::UpgradeFails { chart: "hooks", sets: &["fail=pre-upgrade"] },
    Step::Upgrade { chart: "hooks", sets: &["fail=test"] },
    Step::TestFails,
    Step::Rollback(2),
    Step::Test,
    Step::Uninstall { keep_history: true },
];

const WHOLE: &[Step] = &[
    Step::Install { chart: "whole", sets: &[] },
    Step::Upgrade { chart: "whole", sets: &["size=4", "part.enabled=false"] },
    Step::Rollback(1),
    Step::Upgrade { chart: "whole", sets: &["size=5"] },
    Step::Uninstall { keep_history: false },
];

const PLAIN: &[Step] = &[
    Step::Install { chart: "plain", sets: &["extra.a=1", "extra.b=2"] },
    Step::Upgrade { chart: "plain", sets: &["colour=green", "replicas=2", "extra.a=1", "extra.c=3"] },
    Step::Rollback(1),
    Step::Upgrade { chart: "plain", sets: &["colour=red"] },
    Step::Uninstall { keep_history: true },
];

/// The first so many steps by one hand, the rest by the other.
fn then(steps: &[Step], first: Hand, n: usize, second: Hand) -> Vec<(Hand, Step)> {
    steps.iter().enumerate().map(|(at, step)| (if at < n { first } else { second }, *step)).collect()
}

/// One step each.
fn turns(steps: &[Step], first: Hand, second: Hand) -> Vec<(Hand, Step)> {
    steps.iter().zip([first, second].into_iter().cycle()).map(|(step, hand)| (hand, *step)).collect()
}

fn h1_hooks(world: &World, trial: &str) -> Result<(), String> {
    twin::play(world, trial, &then(HOOKS, Helm, 3, Bridge)).map(drop)
}

fn h1_whole(world: &World, trial: &str) -> Result<(), String> {
    twin::play(world, trial, &then(WHOLE, Helm, 3, Bridge)).map(drop)
}

fn h1_client_side(world: &World, trial: &str) -> Result<(), String> {
    let story = [
        (Helm, Step::InstallClientSide { chart: "plain", sets: &["extra.a=1"] }),
        (Bridge, Step::UpgradeOver { chart: "plain", sets: &["extra.b=2", "replicas=2"] }),
        (Helm, Step::Upgrade { chart: "plain", sets: &["colour=green"] }),
        (Bridge, Step::RollbackOver(1)),
        (Helm, Step::Upgrade { chart: "plain", sets: &["colour=red"] }),
    ];
    let side = twin::play(world, trial, &story)?;
    let object = side.scene.api.get(&side.scene.path("v1", &format!("configmaps/{RELEASE}")))?;
    assert_eq!((&object["data"]["a"], &object["data"]["b"]), (&Value::Null, &Value::Null), "both are gone");
    Ok(())
}

fn h1_turns(world: &World, trial: &str) -> Result<(), String> {
    for steps in [HOOKS, WHOLE, PLAIN] {
        twin::play(world, trial, &turns(steps, Helm, Bridge))?;
    }
    Ok(())
}

fn b1_turns(world: &World, trial: &str) -> Result<(), String> {
    for steps in [HOOKS, WHOLE, PLAIN] {
        twin::play(world, trial, &turns(steps, Bridge, Helm))?;
    }
    Ok(())
}

fn b1_hooks(world: &World, trial: &str) -> Result<(), String> {
    twin::play(world, trial, &then(HOOKS, Bridge, HOOKS.len(), Bridge)).map(drop)
}

fn b1_whole(world: &World, trial: &str) -> Result<(), String> {
    twin::play(world, trial, &then(WHOLE, Bridge, WHOLE.len(), Bridge)).map(drop)
}

fn b1_plain(world: &World, trial: &str) -> Result<(), String> {
    twin::play(world, trial, &then(PLAIN, Bridge, PLAIN.len(), Bridge)).map(drop)
}

fn b2_fields(world: &World, trial: &str) -> Result<(), String> {
    let side = twin::play(world, trial, &then(&PLAIN[..2], Bridge, 1, Helm))?;
    let object = side.scene.api.get(&side.scene.path("v1", &format!("configmaps/{RELEASE}")))?;
    let data = &object["data"];
    assert_eq!((&data["b"], &data["c"], &data["colour"]), (&Value::Null, &"3".into(), &"green".into()));
    Ok(())
}

const FEWER: &[Step] = &[
    Step::Install { chart: "many", sets: &["count=3"] },
    Step::Upgrade { chart: "many", sets: &["count=1"] },
    Step::Upgrade { chart: "many", sets: &["count=2"] },
];

fn b2_prune(world: &World, trial: &str) -> Result<(), String> {
    let side = twin::play(world, trial, &then(FEWER, Bridge, 1, Helm))?;
    assert_eq!(side.scene.dump()?.names(), ["v1/ConfigMap/app-0", "v1/ConfigMap/app-1"]);
    Ok(())
}

fn b2_other(world: &World, trial: &str) -> Result<(), String> {
    twin::play(world, trial, &then(&PLAIN[..2], Helm, 1, Bridge))?;
    twin::play(world, trial, &then(FEWER, Helm, 1, Bridge)).map(drop)
}

fn b3(world: &World, trial: &str) -> Result<(), String> {
    let steps = [
        PLAIN[0],
        PLAIN[1],
        Step::Rollback(1),
        Step::Rollback(2),
        Step::Rollback(3),
        Step::Upgrade { chart: "plain", sets: &[] },
    ];
    twin::play(world, trial, &then(&steps, Bridge, 2, Helm))?;
    twin::play(world, trial, &turns(&steps, Helm, Bridge))?;
    twin::play(world, trial, &turns(&steps, Bridge, Helm)).map(drop)
}

fn b4(world: &World, trial: &str) -> Result<(), String> {
    for chart in ["plain", "whole", "many"] {
        let story =
            [(Bridge, Step::Install { chart, sets: &[] }), (Helm, Step::Uninstall { keep_history: false })];
        let side = twin::play(world, trial, &story)?;
        assert_eq!(side.scene.dump()?.names(), Vec::<&str>::new(), "{chart}");
    }
    Ok(())
}

fn b4_other(world: &World, trial: &str) -> Result<(), String> {
    for chart in ["plain", "whole", "many"] {
        let story =
            [(Helm, Step::Install { chart, sets: &[] }), (Bridge, Step::Uninstall { keep_history: false })];
        let side = twin::play(world, trial, &story)?;
        assert_eq!(side.scene.dump()?.names(), Vec::<&str>::new(), "{chart}");
    }
    Ok(())
}

fn b5(world: &World, trial: &str) -> Result<(), String> {
    let steps = [
        Step::Install { chart: "hooks", sets: &[] },
        Step::Test,
        Step::Upgrade { chart: "hooks", sets: &["fail=test"] },
        Step::TestFails,
    ];
    let side = twin::play(world, trial, &turns(&steps, Bridge, Helm))?;
    twin::play(world, trial, &turns(&steps, Helm, Bridge))?;
    side.act(Bridge, Step::Upgrade { chart: "hooks", sets: &["fail="] })?;
    let said = side.helm.ok(&["test", RELEASE, "--logs"])?;
    assert!(said.contains("Succeeded") && said.contains("hello from the hook"), "{said}");
    Ok(())
}

fn b7(world: &World, trial: &str) -> Result<(), String> {
    let steps = [
        Step::Install { chart: "plain", sets: &["extra.a=1", "replicas=2"] },
        Step::UpgradeReusing { chart: "plain", sets: &["extra.b=2"] },
        Step::UpgradeReusing { chart: "plain", sets: &["colour=green"] },
    ];
    let side = twin::play(world, trial, &turns(&steps, Bridge, Helm))?;
    let values = side.helm.json(&["get", "values", RELEASE, "-o", "json"])?;
    let expected = serde_json::json!({ "colour": "green", "extra": { "a": 1, "b": 2 }, "replicas": 2 });
    assert_eq!(values, expected);
    twin::play(world, trial, &turns(&steps, Helm, Bridge)).map(drop)
}

fn b8(world: &World, trial: &str) -> Result<(), String> {
    let steps = [
        Step::Install { chart: "hooks", sets: &[] },
        Step::UpgradeFails { chart: "hooks", sets: &["fail=post-upgrade"] },
        Step::Upgrade { chart: "hooks", sets: &[] },
    ];
    twin::play(world, trial, &then(&steps, Bridge, 2, Helm))?;
    twin::play(world, trial, &then(&steps, Helm, 2, Bridge))?;
    let steps = [
        Step::Install { chart: "plain", sets: &[] },
        Step::UpgradeFails { chart: "plain", sets: &["outcome=hang"] },
        Step::Upgrade { chart: "plain", sets: &["colour=green"] },
    ];
    twin::play(world, trial, &then(&steps, Bridge, 2, Helm))?;
    twin::play(world, trial, &then(&steps, Helm, 2, Bridge)).map(drop)
}
