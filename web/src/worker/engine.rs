//! The renderer as the worker sees it: turns its types into those of the protocol, and nothing else.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use renderer::capabilities::{Capabilities, KubeVersion};
use renderer::render::Fuel;
use renderer::session::{Change, PREVIEW_FUEL, Session, Settings as SessionSettings, Turn};
use renderer::sprig::outside::{Outside, Timestamp};
use renderer::world::{Found, Kind, Lookup, Preview, World};
use renderer::{problem, render};

use crate::worker::lookups::Lookups;
use crate::worker::protocol::{
    self, Asked, ChartSummary, Cluster, Document, Failed, Ignored, Problem, Review, Reviewed, Settings,
    Severity,
};

/// One render, in the protocol's types.
#[derive(Debug, Default)]
pub(crate) struct Rendered {
    pub(crate) manifests: Vec<u8>,
    pub(crate) notes: Option<Vec<u8>>,
    pub(crate) documents: Vec<Document>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) failed: Vec<Failed>,
    pub(crate) ignored: Vec<Ignored>,
    pub(crate) chart: Option<ChartSummary>,
    pub(crate) world: protocol::World,
    pub(crate) asked: Asked,
}

/// What the worker can ask of the machine.
pub(crate) trait Machine {
    /// Milliseconds since 1970.
    fn now_ms(&mut self) -> f64;
    /// Fills the bytes with what nobody can foresee.
    fn random(&mut self, bytes: &mut [u8]);
    /// Something that may take seconds is about to begin.
    fn announce(&mut self, what: &str);
}

/// The world of the worker: a preview, or the machine's where the person wants that.
struct Desk<M> {
    preview: Preview,
    machine: M,
    kind: Rc<Cell<Kind>>,
    lookups: Rc<RefCell<Lookups>>,
}

impl<M: Machine> Outside for Desk<M> {
    fn now(&mut self) -> Timestamp {
        match self.kind.get() {
            Kind::Exact => {
                let ms = self.machine.now_ms() as i64;
                Timestamp {
                    seconds: ms.div_euclid(1000),
                    nanoseconds: ms.rem_euclid(1000) as u32 * 1_000_000,
                }
            }
            Kind::Preview => self.preview.now(),
        }
    }

    fn random(&mut self, bytes: &mut [u8]) {
        match self.kind.get() {
            Kind::Exact => self.machine.random(bytes),
            Kind::Preview => self.preview.random(bytes),
        }
    }

    fn announce(&mut self, what: &'static str) {
        self.machine.announce(what);
    }
}

impl<M: Machine> World for Desk<M> {
    fn kind(&self) -> Kind {
        self.kind.get()
    }

    fn begin(&mut self, template: &str) {
        self.preview.begin(template);
    }

    fn lookup(&mut self, question: &Lookup) -> Found {
        self.lookups.borrow_mut().find(question)
    }
}

/// The chart as the worker holds it.
pub(crate) struct Engine {
    session: Session,
    kind: Rc<Cell<Kind>>,
    lookups: Rc<RefCell<Lookups>>,
}

impl Engine {
    /// An engine without a chart, on this machine.
    pub(crate) fn new(machine: impl Machine + 'static) -> Self {
        let kind = Rc::new(Cell::new(Kind::Preview));
        let lookups = Rc::new(RefCell::new(Lookups::default()));
        let world =
            Desk { preview: Preview::default(), machine, kind: kind.clone(), lookups: lookups.clone() };
        Self { session: Session::in_world(Box::new(world), Fuel::limited(PREVIEW_FUEL)), kind, lookups }
    }

    pub(crate) fn clear(&mut self) {
        self.session.apply(Change::Clear);
    }

    pub(crate) fn put_file(&mut self, path: String, bytes: Vec<u8>) {
        self.session.apply(Change::PutFile { path, bytes });
    }

    pub(crate) fn remove_file(&mut self, path: String) {
        self.session.apply(Change::RemoveFile { path });
    }

    pub(crate) fn set(&mut self, settings: Settings) {
        let Settings { release_name, namespace, kube_version, values_files, set_aside, world } = settings;
        self.kind.set(match world {
            protocol::World::Exact => Kind::Exact,
            protocol::World::Preview => Kind::Preview,
        });
        self.session.apply(Change::Settings(SessionSettings {
            release_name,
            namespace,
            kube_version,
            values_files,
            set_aside,
            ..SessionSettings::default()
        }));
    }

    /// What the cluster can do from now on; `None`: what Helm knows without one.
    pub(crate) fn set_cluster(&mut self, cluster: Option<Cluster>) {
        self.session.apply(Change::Cluster(cluster.map(capabilities)));
    }

    /// One round of the render that a deploy sends: in the real world, and with what the cluster answered so far.
    pub(crate) fn review(&mut self, review: Review, progress: &mut dyn FnMut(&str)) -> (Reviewed, Vec<u8>) {
        self.lookups.borrow_mut().begin(review.id, review.answers);
        let before = self.kind.replace(Kind::Exact);
        let turn = Turn { revision: i64::from(review.revision), is_upgrade: review.is_upgrade };
        let result = self.session.submission(turn, &capabilities(review.cluster), progress);
        self.kind.set(before);
        progress("");
        let asked = self.lookups.borrow_mut().end();
        let (problem, body) = match result {
            Ok(submission) => (None, submission.body()),
            Err(found) => (Some(self::problem(*found)), Vec::new()),
        };
        (Reviewed { id: review.id, asked, problem, is_last: true }, body)
    }

    /// What `helm package` would write, and the name it would give it. `now_ms` since 1970.
    ///
    /// # Errors
    /// Helm's sentence.
    pub(crate) fn package(&self, now_ms: f64) -> Result<(String, Vec<u8>), String> {
        let package = self.session.package((now_ms * 1_000_000.0) as i64);
        package.map(|package| (package.file_name, package.bytes)).map_err(|error| error.to_string())
    }

    pub(crate) fn render(&mut self, progress: &mut dyn FnMut(&str)) -> Rendered {
        let update = self.session.update(progress);
        // Templates that were set aside by the page are told by the page.
        let failed = update.failed.into_iter().filter(|failed| !failed.set_aside);
        Rendered {
            manifests: update.manifests,
            notes: update.notes,
            documents: update.documents.into_iter().map(document).collect(),
            problems: update.problems.into_iter().map(problem).collect(),
            failed: failed
                .map(|failed| Failed { source: failed.source, path: failed.path, message: failed.message })
                .collect(),
            ignored: update
                .ignored
                .into_iter()
                .map(|ignored| Ignored { path: ignored.path, pattern: ignored.rule })
                .collect(),
            chart: update.chart.map(|chart| ChartSummary {
                name: chart.name,
                version: chart.version,
                app_version: Some(chart.app_version).filter(|version| !version.is_empty()),
                description: Some(chart.description).filter(|description| !description.is_empty()),
            }),
            world: match update.world {
                Kind::Exact => protocol::World::Exact,
                Kind::Preview => protocol::World::Preview,
            },
            asked: Asked {
                clock: update.asked.clock,
                cluster: update.asked.cluster,
                names: update.asked.names,
                random: update.asked.random,
            },
        }
    }
}

fn capabilities(cluster: Cluster) -> Capabilities {
    let Cluster { version: (version, major, minor), api_versions } = cluster;
    Capabilities { kube_version: KubeVersion::live(version, major, minor), api_versions }
}

fn document(document: render::Document) -> Document {
    Document {
        source: document.source.to_string(),
        kind: document.kind,
        name: document.name,
        start: document.range.start as u32,
        end: document.range.end as u32,
        is_hook: document.is_hook,
    }
}

fn problem(problem: problem::Problem) -> Problem {
    Problem {
        severity: match problem.severity {
            problem::Severity::Error => Severity::Error,
            problem::Severity::Warning => Severity::Warning,
            problem::Severity::Info => Severity::Info,
        },
        code: problem.code.to_owned(),
        message: problem.message,
        file: problem.file,
        range: problem.range.map(|range| (range.start, range.end)),
        helm_first: problem.helm_first,
        hint: problem.hint,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use renderer::value::json::decode_map;

    use super::*;

    struct Still;

    impl Machine for Still {
        fn now_ms(&mut self) -> f64 {
            0.0
        }

        fn random(&mut self, bytes: &mut [u8]) {
            bytes.fill(7);
        }

        fn announce(&mut self, _what: &str) {}
    }

    #[test]
    fn a_review_is_rendered_for_the_cluster_it_names_whatever_the_preview_is_for() {
        let mut engine = Engine::new(Still);
        engine.put_file("Chart.yaml".into(), b"apiVersion: v2\nname: c\nversion: 1.0.0\n".to_vec());
        let template = "{{ if .Capabilities.APIVersions.Has \"example.com/v1\" }}kind: Thing{{ end }}\n";
        engine.put_file("templates/a.yaml".into(), template.as_bytes().to_vec());
        let cluster = Cluster {
            version: ("v1.36.0".into(), "1".into(), "36".into()),
            api_versions: vec!["v1".into(), "example.com/v1".into()],
        };
        let mut sent = |preview: Option<Cluster>, cluster: &Cluster| {
            engine.set_cluster(preview);
            let review = Review { id: 1, revision: 1, cluster: cluster.clone(), ..Review::default() };
            let (reviewed, body) = engine.review(review, &mut |_| {});
            assert_eq!(reviewed.problem, None);
            let shown = engine.render(&mut |_| {}).documents.len();
            (String::from_utf8(body).expect("a text").contains("kind: Thing"), shown)
        };
        assert_eq!(sent(None, &cluster), (true, 0));
        assert_eq!(sent(Some(cluster), &Cluster::default()), (false, 1));
    }

    #[test]
    fn the_body_is_an_apply_that_the_bridge_understands() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../www/examples/taskflow-api");
        let mut session = Session::new();
        let mut waiting = vec![folder.clone()];
        while let Some(directory) = waiting.pop() {
            for entry in fs::read_dir(&directory).expect("the example") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    waiting.push(path);
                } else {
                    let name = path.strip_prefix(&folder).expect("below").to_string_lossy().into_owned();
                    session.apply(Change::PutFile { path: name, bytes: fs::read(&path).expect("a file") });
                }
            }
        }
        session.apply(Change::PutFile {
            path: "crds/thing.yaml".to_owned(),
            bytes: b"kind: CustomResourceDefinition\nmetadata: {name: \"<things>\"}\n".to_vec(),
        });
        let settings = SessionSettings { release_name: "shop".to_owned(), ..SessionSettings::default() };
        session.apply(Change::Settings(settings));
        let turn = Turn { revision: 1, is_upgrade: false };
        let submission = session.submission(turn, &Default::default(), &mut |_| {}).expect("it renders");
        let body = submission.body();
        let apply: wire::Apply = serde_json::from_slice(&body).expect("an apply");
        assert_eq!(apply.world, wire::World::Exact);
        // The page puts the digest of an archive there.
        assert!(body.starts_with(b"{\"world\":\"exact\",\"chart\":{\"metadata\":"));
        assert_eq!(apply.chart.metadata["name"], "taskflow-api");
        assert_eq!(apply.documents.len(), submission.documents.len());
        assert_eq!(apply.documents[0].yaml, submission.documents[0].text.to_string_lossy());
        assert_eq!(apply.crds[0].source, "taskflow-api/crds/thing.yaml");
        assert!(apply.crds[0].yaml.contains("<things>"));
        assert!(apply.chart.files.iter().any(|file| file.name == "crds/thing.yaml"));
        assert!(apply.notes.starts_with("TaskFlow"));
        let (values, error) = decode_map(&submission.chart.values);
        assert!(error.is_none() && values.len() == apply.chart.values.len());
    }
}
