//! One release made twice: by Helm alone, and by Helm and the bridge in turns. After each step everything that can be seen of
//! the two must be equal: the objects with the owners of their fields, the records with their labels, and what every
//! command of Helm that reads prints.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Value, json};
use tests::kube::{Dump, record};
use tests::scene::{Bridge, Helm, Scene, World};

use crate::rendered::{self, path, succeed};

/// The release of every story.
pub(crate) const RELEASE: &str = "app";

/// Who carries out a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hand {
    Bridge,
    Helm,
}

/// What is done to the release.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    Install {
        chart: &'static str,
        sets: &'static [&'static str],
    },
    /// As Helm 3 did it, which only Helm can.
    InstallClientSide {
        chart: &'static str,
        sets: &'static [&'static str],
    },
    Rollback(u32),
    /// To a revision that was applied client-side, which Helm would do again unless told otherwise.
    RollbackOver(u32),
    Test,
    TestFails,
    Uninstall {
        keep_history: bool,
    },
    Upgrade {
        chart: &'static str,
        sets: &'static [&'static str],
    },
    UpgradeFails {
        chart: &'static str,
        sets: &'static [&'static str],
    },
    UpgradeReusing {
        chart: &'static str,
        sets: &'static [&'static str],
    },
    /// From client-side to server-side apply.
    UpgradeOver {
        chart: &'static str,
        sets: &'static [&'static str],
    },
}

/// One of the two: a namespace with both tools in it.
pub(crate) struct Side<'w> {
    pub(crate) scene: Scene<'w>,
    pub(crate) helm: Helm,
    pub(crate) bridge: Bridge,
}

impl<'w> Side<'w> {
    pub(crate) fn new(world: &'w World, trial: &str) -> Result<Self, String> {
        let scene = world.scene(trial)?;
        let (helm, bridge) = (scene.helm()?, scene.bridge(&[])?);
        Ok(Self { scene, helm, bridge })
    }

    /// Carries out one step, which must succeed, or fail where it says so.
    pub(crate) fn act(&self, hand: Hand, step: Step) -> Result<(), String> {
        match hand {
            Hand::Bridge => self.by_bridge(step),
            Hand::Helm => self.by_helm(step),
        }
        .map_err(|why| format!("{step:?} by {hand:?}: {why}"))
    }

    fn by_helm(&self, step: Step) -> Result<(), String> {
        let helm = &self.helm;
        let with = |verb: &'static str, chart: &str, sets: &[&'static str], more: &[&'static str]| {
            let mut args = vec![verb.to_owned(), RELEASE.to_owned(), self.scene.chart(chart)];
            args.extend(sets.iter().flat_map(|set| ["--set".to_owned(), (*set).to_owned()]));
            args.extend(more.iter().map(|arg| (*arg).to_owned()));
            args
        };
        let run = |args: Vec<String>| helm.ok(&args.iter().map(String::as_str).collect::<Vec<_>>()).map(drop);
        let patient = ["--wait", "--timeout", "120s"];
        match step {
            Step::Install { chart, sets } => {
                run(with("install", chart, sets, &[&patient[..], &["--labels", "team=blue"]].concat()))
            }
            Step::InstallClientSide { chart, sets } => run(with(
                "install",
                chart,
                sets,
                &[&patient[..], &["--labels", "team=blue", "--server-side=false"]].concat(),
            )),
            Step::Rollback(to) => helm.ok(&["rollback", RELEASE, &to.to_string(), "--wait"]).map(drop),
            Step::RollbackOver(to) => {
                helm.ok(&["rollback", RELEASE, &to.to_string(), "--wait", "--server-side=true"]).map(drop)
            }
            Step::Test => helm.ok(&["test", RELEASE]).map(drop),
            Step::TestFails => helm.fails(&["test", RELEASE]).map(drop),
            Step::Uninstall { keep_history: true } => {
                helm.ok(&["uninstall", RELEASE, "--wait", "--keep-history"]).map(drop)
            }
            Step::Uninstall { keep_history: false } => helm.ok(&["uninstall", RELEASE, "--wait"]).map(drop),
            Step::Upgrade { chart, sets } => run(with("upgrade", chart, sets, &patient)),
            Step::UpgradeFails { chart, sets } => {
                let args = with("upgrade", chart, sets, &["--wait", "--timeout", "3s"]);
                helm.fails(&args.iter().map(String::as_str).collect::<Vec<_>>()).map(drop)
            }
            Step::UpgradeReusing { chart, sets } => {
                run(with("upgrade", chart, sets, &[&patient[..], &["--reuse-values"]].concat()))
            }
            Step::UpgradeOver { chart, sets } => {
                run(with("upgrade", chart, sets, &[&patient[..], &["--server-side=true"]].concat()))
            }
        }
    }

    fn by_bridge(&self, step: Step) -> Result<(), String> {
        let Self { scene, helm, bridge } = self;
        let to = |verb: &str| path(scene, RELEASE, verb);
        let body = |verb: &str, chart: &str, sets: &[&str], more: &[&str], options: Value| {
            rendered::apply_with(helm, verb, RELEASE, &scene.chart(chart), sets, more, options)
        };
        match step {
            Step::Install { chart, sets } => {
                let options = json!({ "labels": { "team": "blue" } });
                succeed(bridge, &to("apply"), &body("install", chart, sets, &[], options)?)?;
            }
            Step::InstallClientSide { .. } => return Err("it applies server-side alone".to_owned()),
            Step::Rollback(revision) | Step::RollbackOver(revision) => {
                succeed(bridge, &to("rollback"), &json!({ "toRevision": revision }))?;
            }
            Step::Test => drop(succeed(bridge, &to("test"), &json!({}))?),
            Step::TestFails => drop(rendered::fail(bridge, &to("test"), &json!({}))?),
            Step::Uninstall { keep_history } => {
                let asked = json!({ "keepHistory": keep_history, "wait": true });
                succeed(bridge, &to("uninstall"), &asked)?;
            }
            Step::Upgrade { chart, sets } | Step::UpgradeOver { chart, sets } => {
                succeed(bridge, &to("apply"), &body("upgrade", chart, sets, &[], json!({}))?)?;
            }
            Step::UpgradeFails { chart, sets } => {
                let options = json!({ "stepTimeoutSeconds": 3 });
                rendered::fail(bridge, &to("apply"), &body("upgrade", chart, sets, &[], options)?)?;
            }
            Step::UpgradeReusing { chart, sets } => {
                let more = ["--reuse-values"];
                succeed(bridge, &to("apply"), &body("upgrade", chart, sets, &more, json!({}))?)?;
            }
        }
        Ok(())
    }

    /// Everything that can be seen of the release; what commands say of earlier revisions only when asked for.
    pub(crate) fn look(&self, earlier: bool) -> Result<Look, String> {
        let namespace = &self.scene.namespace;
        let mut seen = BTreeMap::new();
        let mut revisions = Vec::new();
        for (name, record, secret) in record::records(&self.scene.api, namespace)? {
            revisions.push(record["version"].as_u64().unwrap_or_default());
            seen.insert(format!("record {name}"), timeless(record, namespace));
            seen.insert(
                format!("labels {name}"),
                plain(&secret["metadata"]["labels"].to_string(), namespace).into(),
            );
        }
        if let Some(last) = revisions.iter().copied().max() {
            revisions.retain(|revision| earlier || *revision == last);
            for (command, said) in self.read(&revisions)? {
                seen.insert(command, said.into());
            }
        }
        Ok(Look { dump: self.scene.dump()?, seen })
    }

    /// What Helm prints of the release, by the command; none may fail.
    pub(crate) fn read(&self, revisions: &[u64]) -> Result<Vec<(String, String)>, String> {
        let revisions: Vec<String> = revisions.iter().map(u64::to_string).collect();
        let mut commands: Vec<Vec<&str>> =
            vec![vec!["list", "-o", "json"], vec!["history", RELEASE, "-o", "json"], vec!["status", RELEASE]];
        let of_one: [&[&str]; 7] =
            [&["all"], &["hooks"], &["manifest"], &["metadata"], &["notes"], &["values"], &["values", "-a"]];
        for what in of_one {
            commands.push([&["get"], what, &[RELEASE]].concat());
            for revision in &revisions {
                commands.push([&["get"], what, &[RELEASE, "--revision", revision]].concat());
            }
        }
        let mut all = Vec::new();
        for command in commands {
            let said = self.helm.ok(&command)?;
            let said = if command[0] == "status" { without_resources(&said) } else { said };
            all.push((format!("helm {}", command.join(" ")), plain(&said, &self.scene.namespace)));
        }
        Ok(all)
    }
}

/// What was seen of one side.
pub(crate) struct Look {
    pub(crate) dump: Dump,
    /// Records, labels and what commands printed, by name.
    seen: BTreeMap<String, Value>,
}

impl Look {
    /// Where the two differ, one line each.
    pub(crate) fn differences(&self, other: &Self) -> Vec<String> {
        let ours = Dump(self.seen.clone());
        let mut lines = self.dump.differences(&other.dump);
        lines.extend(ours.differences(&Dump(other.seen.clone())));
        lines
    }
}

/// Plays a story twice, once by these hands and once by Helm alone, and holds the two side by side after each step.
pub(crate) fn play<'w>(world: &'w World, trial: &str, story: &[(Hand, Step)]) -> Result<Side<'w>, String> {
    let (ours, theirs) = (Side::new(world, trial)?, Side::new(world, &format!("h_{trial}"))?);
    for (n, (hand, step)) in story.iter().enumerate() {
        ours.act(*hand, *step)?;
        theirs.act(Hand::Helm, *step)?;
        // The last step may leave nothing to ask about.
        let earlier = n + 2 >= story.len();
        let differences = ours.look(earlier)?.differences(&theirs.look(earlier)?);
        if !differences.is_empty() {
            let played: Vec<String> =
                story[..=n].iter().map(|(hand, step)| format!("{hand:?} {step:?}")).collect();
            return Err(format!("ours / Helm's, after {}:\n{}", played.join(", "), differences.join("\n")));
        }
    }
    Ok(ours)
}

/// The resources of a status have ages and the names of pods.
fn without_resources(text: &str) -> String {
    let mut is_inside = false;
    let mut kept = String::new();
    for line in text.lines() {
        if line.starts_with("RESOURCES:") {
            is_inside = true;
        } else if line.starts_with("TEST SUITE:") || line.starts_with("NOTES:") {
            is_inside = false;
        }
        if !is_inside {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// A text without times, and with one name for the namespace.
fn plain(text: &str, namespace: &str) -> String {
    static TIMES: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        let days = "(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} +[0-9]+ [0-9:]{8} [0-9]{4}";
        [
            (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( ?(Z|[+-]\d\d:?\d\d))?( UTC)?", "TIME"),
            (days, "TIME"),
            (r#"(createdAt|modifiedAt)("?[=:] ?"?)\d+"#, "$1${2}STAMP"),
        ]
        .into_iter()
        .filter_map(|(pattern, put)| Some((Regex::new(pattern).ok()?, put)))
        .collect()
    });
    let text = text.replace(namespace, "NAMESPACE");
    TIMES.iter().fold(text, |text, (pattern, put)| pattern.replace_all(&text, *put).into_owned())
}

/// A record without times, which differ, and with one name for the namespace.
pub(crate) fn timeless(record: Value, namespace: &str) -> Value {
    const TIMES: [&str; 7] = [
        "completed_at",
        "deleted",
        "first_deployed",
        "last_deployed",
        "modtime",
        "schemamodtime",
        "started_at",
    ];
    match record {
        Value::String(text) => text.replace(namespace, "NAMESPACE").into(),
        Value::Array(items) => items.into_iter().map(|item| timeless(item, namespace)).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(name, _)| !TIMES.contains(&name.as_str()))
            .map(|(name, value)| (name, timeless(value, namespace)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other,
    }
}
