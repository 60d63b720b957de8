//! What the page sends to deploy a chart, the same bytes; held beside what Helm records of the same chart.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::time::SystemTime;

use renderer::render::Fuel;
use renderer::session::{SetKind, Turn};
use renderer::sprig::outside::{Outside, Timestamp};
use renderer::world::{Kind, World as RenderWorld};
use renderer::{Change, Session, Settings};
use serde_json::Value;
use tests::kube::record;
use tests::scene::World;
use tests::trial::Trial;

pub(crate) const TRIALS: &[Trial<World>] =
    &[Trial { name: "the_page_sends_what_helm_records", run: same_as_helm }];

/// A chart to be deployed.
pub(crate) struct Submission<'a> {
    /// Its folder: [`tests::scene::Scene::chart`].
    pub(crate) chart: &'a str,
    pub(crate) release: &'a str,
    pub(crate) namespace: &'a str,
    /// The revision that it becomes; above 1 it is an upgrade.
    pub(crate) revision: u32,
    /// As after `--set`.
    pub(crate) sets: &'a [&'a str],
}

impl Submission<'_> {
    /// The body of `:apply` (`wire::Apply`), without options, plan and expectations: those are the caller's to add.
    pub(crate) fn body(&self) -> Result<Value, String> {
        let mut session = Session::in_world(Box::new(Machine), Fuel::limited(1_000_000_000));
        put_files(Path::new(self.chart), "", &mut session)?;
        session.apply(Change::Settings(Settings {
            release_name: self.release.to_owned(),
            namespace: self.namespace.to_owned(),
            set: self.sets.iter().map(|set| (SetKind::Typed, (*set).to_owned())).collect(),
            ..Settings::default()
        }));
        let turn = Turn { revision: i64::from(self.revision), is_upgrade: self.revision > 1 };
        let submission = session
            .submission(turn, &Default::default(), &mut |_| ())
            .map_err(|problem| problem.message.clone())?;
        serde_json::from_slice(&submission.body()).map_err(|error| error.to_string())
    }
}

fn put_files(folder: &Path, prefix: &str, session: &mut Session) -> Result<(), String> {
    let wrong = |error: std::io::Error| format!("{}: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        let name = format!("{prefix}{}", path.file_name().unwrap_or_default().to_string_lossy());
        if path.is_dir() {
            put_files(&path, &format!("{name}/"), session)?;
        } else {
            session.apply(Change::PutFile { path: name, bytes: fs::read(&path).map_err(wrong)? });
        }
    }
    Ok(())
}

/// Real time and real randomness, as *Review* has them.
struct Machine;

impl Outside for Machine {
    fn now(&mut self) -> Timestamp {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
        Timestamp { seconds, nanoseconds: since.subsec_nanos() }
    }

    fn random(&mut self, bytes: &mut [u8]) {
        let read = fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(bytes));
        read.expect("the operating system gives randomness");
    }
}

impl RenderWorld for Machine {
    fn kind(&self) -> Kind {
        Kind::Exact
    }
}

fn same_as_helm(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let helm = scene.helm()?;
    let cases: [(&str, &[&str]); 3] =
        [("plain", &["replicas=2", "extra.a=b"]), ("hooks", &["fail=test"]), ("whole", &["size=4"])];
    for (name, sets) in cases {
        let chart = scene.chart(name);
        let mut install = vec!["install", name, &chart];
        install.extend(sets.iter().flat_map(|set| ["--set", set]));
        helm.ok(&install)?;
        let theirs = record::record(&scene.api, &scene.namespace, name, 1)?;
        let submission =
            Submission { chart: &chart, release: name, namespace: &scene.namespace, revision: 1, sets };
        let ours = submission.body()?;
        for part in ["metadata", "values"] {
            assert_eq!(ours["chart"][part], theirs["chart"][part], "{name}: {part}");
        }
        let by_name = |files: &Value| {
            let files = files.as_array().cloned().unwrap_or_default();
            let mut files: Vec<_> =
                files.iter().map(|file| (file["name"].to_string(), file["data"].to_string())).collect();
            files.sort();
            files
        };
        for part in ["templates", "files"] {
            assert_eq!(by_name(&ours["chart"][part]), by_name(&theirs["chart"][part]), "{name}: {part}");
        }
        assert_eq!(ours["config"], theirs["config"], "{name}: the values");
        let notes = theirs["info"]["notes"].as_str().unwrap_or_default();
        assert_eq!(ours["notes"], notes, "{name}: the notes");
        let hooks = theirs["hooks"].as_array().cloned().unwrap_or_default();
        let manifest = theirs["manifest"].as_str().unwrap_or_default();
        let n_theirs = manifest.matches("# Source: ").count() + hooks.len();
        let ours = ours["documents"].as_array().cloned().unwrap_or_default();
        assert_eq!(ours.len(), n_theirs, "{name}: documents");
        for document in &ours {
            let (source, yaml) = (&document["source"], document["yaml"].as_str().unwrap_or_default());
            let in_manifest = manifest.contains(&format!(
                "# Source: {}\n{}",
                source.as_str().unwrap_or_default(),
                yaml.trim_end()
            ));
            let is_hook = hooks.iter().any(|hook| {
                hook["path"] == *source
                    && hook["manifest"].as_str().is_some_and(|text| text.trim() == yaml.trim())
            });
            assert!(in_manifest || is_hook, "{name}: Helm has no\n{yaml}");
        }
    }
    Ok(())
}
