//! How the bridge bears many: readers, objects, operations. What is measured is printed; what must hold is asserted.

use std::time::{Duration, Instant};

use serde_json::json;
use tests::scene::{Bridge, World};
use tests::trial::Trial;

use crate::rendered::{apply, path, succeed};

pub(crate) const TRIALS: &[Trial<World>] = &[
    Trial { name: "l1_sixty_four_readers", run: readers },
    Trial { name: "l2_ten_hundred_and_five_hundred_objects", run: objects },
    Trial { name: "l3_memory_after_many_operations", run: operations },
    Trial { name: "l4_size_and_start", run: nothing },
];

/// The most memory that the bridge may have, in kB.
const MEMORY: u64 = 150 << 10;

/// Memory of a process in kB: `VmRSS` now, `VmHWM` ever.
pub(crate) fn memory(bridge: &Bridge, field: &str) -> Result<u64, String> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", bridge.pid()))
        .map_err(|error| error.to_string())?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    let number = line.and_then(|rest| rest.trim().split(' ').next());
    number.and_then(|number| number.parse().ok()).ok_or_else(|| format!("the process tells no {field}"))
}

/// Eight streams are one caller's, 64 the bridge's: eight people with eight each.
fn readers(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let helm = scene.helm()?;
    let all = json!([{ "apiGroups": ["*"], "resources": ["*"], "verbs": ["*"] }]);
    let args = ["--mode", "passthrough", "--rate-plans", "1000"];
    let mut bridge = scene.bridge(&args)?;
    let before = memory(&bridge, "VmRSS")?;
    let mut operations = Vec::new();
    for n in 0..8 {
        bridge.token = scene.person(&format!("person-{n}"), &all)?.token;
        let release = format!("web{n}");
        let mut body = apply(&helm, "install", &release, &scene.chart("many"), &["count=30"], json!({}))?;
        let mut subject = body.clone();
        subject["kind"] = "apply".into();
        let plan = json!({ "namespace": scene.namespace, "release": release, "subject": subject });
        body["planId"] = bridge.post("/v1/plans", &plan)?["id"].clone();
        let id = bridge.begin(&path(&scene, &release, "apply"), &body)?;
        operations.push((bridge.token.clone(), id));
    }
    let mut open = Vec::new();
    for (token, id) in &operations {
        bridge.token.clone_from(token);
        for _ in 0..8 {
            open.push(bridge.events(id, 0)?);
        }
    }
    let (token, id) = operations.last().ok_or("no operation")?;
    bridge.token.clone_from(token);
    let refused = bridge.raw(&bridge.request("GET", &format!("/v1/operations/{id}/events?after=0")))?;
    assert_eq!(refused.json()["code"], "busy", "the 65th: {}", refused.text());
    let all: Vec<Result<Vec<u64>, String>> = std::thread::scope(|scope| {
        let read = |mut events: tests::net::sse::Events| {
            move || {
                let mut numbers = Vec::new();
                while let Some(event) =
                    events.next(Duration::from_secs(120)).map_err(|error| error.to_string())?
                {
                    numbers.push(tests::scene::data(&event)?["seq"].as_u64().unwrap_or_default());
                }
                Ok(numbers)
            }
        };
        let threads: Vec<_> = open.into_iter().map(|events| scope.spawn(read(events))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err("a panic".into()))).collect()
    });
    assert_eq!(all.len(), 64);
    for numbers in &all {
        let numbers = numbers.as_ref().map_err(Clone::clone)?;
        assert_eq!(*numbers, (1..=numbers.len() as u64).collect::<Vec<u64>>(), "no gap");
        assert!(numbers.len() > 60, "two events for each object: {}", numbers.len());
    }
    let peak = memory(&bridge, "VmHWM")?;
    println!("        64 readers: {before} kB before, {peak} kB at most");
    assert!(peak < MEMORY, "{peak} kB");
    Ok(())
}

/// Plan and apply beside what Helm needs for the same upgrade, one after the other on the same server. Never a verdict: who
/// measures runs this trial alone, with the release build.
fn objects(world: &World, trial: &str) -> Result<(), String> {
    let mut lines = String::new();
    for n in [10, 100, 500] {
        let scene = world.scene(trial)?;
        let args = ["--rate-plans", "1000", "--rate-reads", "1000"];
        let (helm, bridge) = (scene.helm()?, scene.bridge(&args)?);
        let (many, count) = (scene.chart("many"), format!("count={n}"));
        let hook_only = || json!({ "wait": "hook-only" });
        for release in ["ours", "helms"] {
            let body = apply(&helm, "install", release, &many, &[&count], hook_only())?;
            succeed(&bridge, &path(&scene, release, "apply"), &body)?;
        }
        let (mut plans, mut applies, mut helms) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..3 {
            let colour = format!("colour=c{round}");
            let mut body = apply(&helm, "upgrade", "ours", &many, &[&count, &colour], hook_only())?;
            let mut subject = body.clone();
            subject["kind"] = "apply".into();
            let subject = json!({ "namespace": scene.namespace, "release": "ours", "subject": subject });
            let start = Instant::now();
            body["planId"] = bridge.post("/v1/plans", &subject)?["id"].clone();
            plans.push(start.elapsed());
            let start = Instant::now();
            succeed(&bridge, &path(&scene, "ours", "apply"), &body)?;
            applies.push(start.elapsed());
            let start = Instant::now();
            helm.ok(&["upgrade", "helms", &many, "--set", &count, "--set", &colour])?;
            helms.push(start.elapsed());
        }
        let best = |times: &[Duration]| times.iter().min().map_or(0.0, Duration::as_secs_f64);
        lines += &format!(
            "        {n:>4} objects: plan {:.2} s, apply {:.2} s; helm upgrade {:.2} s (best of 3)\n",
            best(&plans),
            best(&applies),
            best(&helms)
        );
    }
    print!("{lines}");
    Ok(())
}

/// As many upgrades as `CHARTROOM_TEST_OPERATIONS` says, else few.
fn operations(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let n: u32 =
        std::env::var("CHARTROOM_TEST_OPERATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(30);
    let (helm, bridge) = (scene.helm()?, scene.bridge(&[])?);
    let (to, many) = (path(&scene, "web", "apply"), scene.chart("many"));
    let start = memory(&bridge, "VmRSS")?;
    let mut line = format!("        memory: {start} kB at the start");
    succeed(&bridge, &to, &apply(&helm, "install", "web", &many, &["count=10"], json!({}))?)?;
    // Rendered once: which revision it is matters to no object of this chart.
    let bodies = [
        apply(&helm, "upgrade", "web", &many, &["count=10", "colour=red"], json!({ "wait": "hook-only" }))?,
        apply(&helm, "upgrade", "web", &many, &["count=10", "colour=blue"], json!({ "wait": "hook-only" }))?,
    ];
    for done in 2..=n {
        succeed(&bridge, &to, &bodies[done as usize % 2])?;
        if done == n / 10 || done == n {
            line += &format!(", {} kB after {done} operations", memory(&bridge, "VmRSS")?);
        }
    }
    let peak = memory(&bridge, "VmHWM")?;
    println!("{line}; {peak} kB at most");
    assert!(peak < MEMORY, "{peak} kB");
    Ok(())
}

/// What the bridge is before it has done anything.
fn nothing(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let size = std::fs::metadata(world.bridge()?).map_err(|error| error.to_string())?.len();
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        let bridge = scene.bridge(&[])?;
        best = best.min(start.elapsed());
        drop(bridge);
    }
    let idle = memory(&scene.bridge(&[])?, "VmRSS")?;
    println!("        the program: {size} bytes; signed in {best:?} after its start (best of 5), {idle} kB");
    assert!(idle < MEMORY, "{idle} kB");
    Ok(())
}
