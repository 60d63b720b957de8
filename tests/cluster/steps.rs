//! Faults that come at every step of an operation, one after the other: at each write that it makes, whatever that writes.
//!
//! The chart `steps` has a hook before and after, objects of two kinds and one with another name each time; so an upgrade
//! writes a lock, heartbeats, hooks, objects, a deletion, and the last words of two records. Each round counts them anew and
//! puts the fault one further, until there is no such write any more.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tests::fault::{Fault, Proxy, Rule};
use tests::kube::Dump;
use tests::scene::{Bridge, Scene, World};
use tests::trial::Trial;

use crate::rendered::{apply, fail, path, statuses, succeed};
use crate::settled::{nothing_lost, one_deployed, revisions, settled, way_out};
use crate::stuck::said;

pub(crate) const TRIALS: &[Trial<World>] = &[
    Trial {
        name: "f1_connections_are_reset_before_each_write",
        run: |world, trial| each(world, trial, |_| Fault::ResetBefore, 1),
    },
    Trial {
        name: "f2_the_answer_of_each_write_is_lost",
        run: |world, trial| each(world, trial, |_| Fault::ResetAfter, 1),
    },
    Trial { name: "f3_each_write_is_asked_to_wait", run: |world, trial| each(world, trial, |_| busy(), 1) },
    Trial {
        name: "f5_the_cluster_fails_three_times_at_each_write",
        run: |world, trial| each(world, trial, down, 3),
    },
    Trial { name: "f5_the_cluster_fails_for_good_at_each_object_and_hook", run: for_good },
    Trial {
        name: "f10_each_record_write_is_forbidden",
        run: |world, trial| records(world, trial, 403, "Forbidden"),
    },
    Trial {
        name: "f10_each_record_write_meets_another",
        run: |world, trial| records(world, trial, 409, "Conflict"),
    },
    Trial {
        name: "f10_each_record_write_fails",
        run: |world, trial| records(world, trial, 500, "InternalError"),
    },
    Trial { name: "f10_the_last_word_is_never_answered", run: unanswered },
    Trial {
        name: "f11_the_bridge_is_killed_before_each_write",
        run: |world, trial| killed(world, trial, Moment::Before),
    },
    Trial {
        name: "f11_the_bridge_is_killed_after_each_write",
        run: |world, trial| killed(world, trial, Moment::After),
    },
];

const RELEASE: &str = "app";
const ARGS: [&str; 2] = ["--heartbeat-seconds", "1"];

fn busy() -> Fault {
    Fault::status(429, "TooManyRequests", "slow down").with_header("Retry-After", "1")
}

/// Alternately what every server says that is overloaded, and what one says that is broken.
fn down(k: usize) -> Fault {
    if k.is_multiple_of(2) {
        Fault::status(500, "InternalError", "broken on purpose")
    } else {
        Fault::status(503, "ServiceUnavailable", "broken on purpose")
    }
}

/// The values of a round: every object changes, one comes and one goes.
fn sets(k: usize) -> [String; 2] {
    [format!("colour=c{k}"), format!("more={}", if k.is_multiple_of(2) { "even" } else { "odd" })]
}

fn upgrade(scene: &Scene<'_>, k: usize) -> Result<Value, String> {
    let sets = sets(k);
    let sets: Vec<&str> = sets.iter().map(String::as_str).collect();
    apply(&scene.helm()?, "upgrade", RELEASE, &scene.chart("steps"), &sets, json!({ "historyMax": 3 }))
}

fn install(scene: &Scene<'_>, bridge: &Bridge) -> Result<(), String> {
    let body = apply(&scene.helm()?, "install", RELEASE, &scene.chart("steps"), &[], json!({}))?;
    succeed(bridge, &path(scene, RELEASE, "apply"), &body).map(drop)
}

/// The write that met the fault.
fn hit(proxy: &Proxy) -> Option<String> {
    let seen = proxy.seen();
    seen.iter().find(|seen| seen.fault.is_some()).map(|seen| format!("{} {}", seen.method, seen.target))
}

/// A fault that passes, at each write: the operation succeeds all the same.
fn each(world: &World, trial: &str, fault: fn(usize) -> Fault, times: usize) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let proxy = scene.proxy()?;
    let bridge = scene.bridge_as(proxy.access(), &[])?;
    install(&scene, &bridge)?;
    let mut hits = Vec::new();
    for k in 1.. {
        let body = upgrade(&scene, k)?;
        proxy.clear();
        proxy.forget();
        proxy.add(Rule::writes(fault(k)).only(k..=k + times - 1));
        let events = succeed(&bridge, &path(&scene, RELEASE, "apply"), &body)
            .map_err(|why| format!("write {k}, {:?}: {why}", hit(&proxy)))?;
        one_deployed(&scene, RELEASE).map_err(|why| format!("write {k}, {:?}: {why}", hit(&proxy)))?;
        nothing_lost(&scene, RELEASE)?;
        match hit(&proxy) {
            None => break,
            Some(write) => {
                // What was sent again says so, once.
                if times == 1
                    && write.starts_with("PATCH")
                    && (write.contains("/configmaps/") || write.contains("/services/"))
                {
                    let again = events.iter().filter(|event| {
                        event["type"] == "object.state" && event["attempt"] == 2 && event["problem"].is_null()
                    });
                    assert_eq!(again.count(), 1, "{write}: {events:?}");
                }
                hits.push(write);
            }
        }
    }
    covers_all(&hits)?;
    proxy.clear();
    settled(&scene, &bridge, RELEASE, "steps", &[])
}

/// Whether the rounds met every kind of write that there is.
fn covers_all(hits: &[String]) -> Result<(), String> {
    let kinds = [
        "POST /api/v1/namespaces/",
        "PUT /api/v1/namespaces/",
        "/jobs/app-pre",
        "/jobs/app-post",
        "PATCH /api/v1/namespaces/",
        "/configmaps/app-",
        "/services/app",
        "DELETE /api/v1/",
    ];
    match kinds.iter().find(|kind| !hits.iter().any(|hit| hit.contains(**kind))) {
        Some(kind) => Err(format!("no round met `{kind}`: {hits:#?}")),
        None => Ok(()),
    }
}

/// A fault that stays, at each object, deletion and hook: the revision fails, and the next try succeeds.
fn for_good(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let proxy = scene.proxy()?;
    let bridge = scene.bridge_as(proxy.access(), &[])?;
    install(&scene, &bridge)?;
    let steps = [
        ("PATCH", "/jobs/app-pre"),
        ("PATCH", "/configmaps/app-a"),
        ("PATCH", "/configmaps/app-b"),
        ("PATCH", "/services/app"),
        ("DELETE", "/configmaps/app-even"),
        ("PATCH", "/jobs/app-post"),
    ];
    for (n, (method, target)) in steps.into_iter().enumerate() {
        let body = upgrade(&scene, 2 * n + 1)?;
        proxy.add(Rule::new(method, target, down(n)).without("dryRun=All"));
        let before = revisions(&scene, RELEASE)?.last().map(|(number, _)| *number);
        fail(&bridge, &path(&scene, RELEASE, "apply"), &body)?;
        let all = revisions(&scene, RELEASE)?;
        let last = all.last().map(|(number, status)| (*number, status.as_str()));
        assert_eq!(last, before.map(|number| (number + 1, "failed")), "{method} {target}: {all:?}");
        proxy.clear();
        settled(&scene, &bridge, RELEASE, "steps", &[]).map_err(|why| format!("{method} {target}: {why}"))?;
    }
    Ok(())
}

/// Three refusals of each record write in turn; nothing of it is the end.
fn records(world: &World, trial: &str, status: u16, reason: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let proxy = scene.proxy()?;
    let bridge = scene.bridge_as(proxy.access(), &[])?;
    install(&scene, &bridge)?;
    for k in 1.. {
        let body = upgrade(&scene, k)?;
        proxy.clear();
        proxy.forget();
        let refusal = Fault::status(status, reason, "broken on purpose");
        proxy.add(Rule::new("PUT", "/secrets/sh.helm", refusal).only(k..=k + 2));
        succeed(&bridge, &path(&scene, RELEASE, "apply"), &body)
            .map_err(|why| format!("write {k}: {why}"))?;
        one_deployed(&scene, RELEASE).map_err(|why| format!("write {k}: {why}"))?;
        nothing_lost(&scene, RELEASE)?;
        if hit(&proxy).is_none() {
            // Two hooks, the revision before, the last word.
            assert!(k > 4, "there were only {} record writes", k - 1);
            break;
        }
    }
    proxy.clear();
    settled(&scene, &bridge, RELEASE, "steps", &[])
}

/// The last word gets no answer for a minute; it is said again.
fn unanswered(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let proxy = scene.proxy()?;
    let bridge = scene.bridge_as(proxy.access(), &ARGS)?;
    proxy.add(Rule::new("PUT", "/secrets/sh.helm", Fault::Hang).nth(1));
    let chart = scene.chart("many");
    let body = apply(&scene.helm()?, "install", RELEASE, &chart, &["count=2"], json!({}))?;
    succeed(&bridge, &path(&scene, RELEASE, "apply"), &body)?;
    assert_eq!(statuses(&scene.helm()?, RELEASE)?, ["deployed"]);
    proxy.clear();
    settled(&scene, &bridge, RELEASE, "many", &["count=3"])
}

#[derive(Clone, Copy, PartialEq)]
enum Moment {
    After,
    Before,
}

/// `kill -9` at each write: before the API server hears of it, or after it has carried it out. Another bridge resumes, and
/// what is there then is what an undisturbed upgrade leaves.
fn killed(world: &World, trial: &str, moment: Moment) -> Result<(), String> {
    let undisturbed = {
        let scene = world.scene(trial)?;
        let bridge = scene.bridge(&ARGS)?;
        install(&scene, &bridge)?;
        succeed(&bridge, &path(&scene, RELEASE, "apply"), &upgrade(&scene, 1)?)?;
        scene.dump()?
    };
    let next = AtomicUsize::new(1);
    let hits = std::sync::Mutex::new(BTreeSet::new());
    let lane = || -> Result<(), String> {
        loop {
            let k = next.fetch_add(1, Ordering::Relaxed);
            match killed_at(world, &format!("{trial}_{k}"), k, moment, &undisturbed) {
                Ok(None) => return Ok(()),
                Ok(Some(write)) => {
                    hits.lock().map_err(|error| error.to_string())?.insert(write);
                }
                Err(why) => return Err(format!("write {k}: {why}")),
            }
        }
    };
    let results: Vec<Result<(), String>> = std::thread::scope(|scope| {
        let lanes = [(); 3].map(|()| scope.spawn(lane));
        lanes.into_iter().map(|lane| lane.join().unwrap_or_else(|panic| Err(said(&*panic)))).collect()
    });
    results.into_iter().collect::<Result<(), String>>()?;
    let hits = hits.into_inner().map_err(|error| error.to_string())?;
    covers_all(&hits.into_iter().collect::<Vec<_>>())
}

/// The write at which it was killed; `None` when there are fewer.
fn killed_at(
    world: &World,
    trial: &str,
    k: usize,
    moment: Moment,
    undisturbed: &Dump,
) -> Result<Option<String>, String> {
    let scene = world.scene(trial)?;
    let proxy = scene.proxy()?;
    let mut bridge = scene.bridge_as(proxy.access(), &ARGS)?;
    install(&scene, &bridge)?;
    let body = upgrade(&scene, 1)?;
    let to = path(&scene, RELEASE, "apply");
    proxy.forget();
    let fault = match moment {
        Moment::Before => Fault::Hang,
        Moment::After => {
            let pid = bridge.pid().to_string();
            // If it is gone already, so much the better.
            Fault::After(Arc::new(move || drop(Command::new("kill").args(["-9", &pid]).status())))
        }
    };
    proxy.add(Rule::writes(fault).nth(k));
    let id = bridge.begin(&to, &body)?;
    let write = scene.api.wait("the write or the end", Duration::from_secs(120), |_| {
        if let Some(write) = hit(&proxy) {
            return Ok(Some(Some(write)));
        }
        match bridge.get(&format!("/v1/operations/{id}")) {
            Ok(operation) => Ok((operation["state"] == "done").then_some(None)),
            // It was killed since we looked.
            Err(_) if hit(&proxy).is_some() => Ok(None),
            Err(why) => Err(why),
        }
    })?;
    let Some(write) = write else { return Ok(None) };
    if moment == Moment::After {
        bridge.wait(Duration::from_secs(20))?;
    }
    drop(bridge.kill());
    drop(proxy);
    let bridge = scene.bridge(&ARGS)?;
    way_out(&scene, &bridge, RELEASE).map_err(|why| format!("{write}: {why}"))?;
    if revisions(&scene, RELEASE)?.len() == 1 {
        // It had not begun: there is no trace of it.
        succeed(&bridge, &to, &body)?;
    }
    let all = revisions(&scene, RELEASE)?;
    let expected = [(1, "superseded".to_owned()), (2, "deployed".to_owned())];
    assert_eq!(all, expected, "killed at {write}");
    let differences = scene.dump()?.differences(undisturbed);
    assert_eq!(differences, Vec::<String>::new(), "killed at {write}");
    settled(&scene, &bridge, RELEASE, "steps", &[]).map_err(|why| format!("{write}: {why}"))?;
    Ok(Some(write))
}
