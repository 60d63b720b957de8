//! A session is a replica of a chart under edit: what it shows is what a fresh render would show.

use std::fs;
use std::path::{Path, PathBuf};

use renderer::session::SetKind;
use renderer::{Change, Session, Settings, Update};

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../www/examples")
}

/// Every file below a directory, with its path from there.
fn files(root: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut waiting = vec![root.to_owned()];
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
                found.push((name, fs::read(&path).unwrap()));
            }
        }
    }
    found
}

fn open(name: &str) -> Session {
    let mut session = Session::new();
    for (path, bytes) in files(&examples().join(name)) {
        session.apply(Change::PutFile { path, bytes });
    }
    session
}

fn update(session: &mut Session) -> Update {
    session.update(&mut |_| {})
}

fn put(session: &mut Session, path: &str, text: &str) {
    session.apply(Change::PutFile { path: path.to_owned(), bytes: text.as_bytes().to_vec() });
}

fn chart(templates: &[(&str, &str)]) -> Session {
    let mut session = Session::new();
    put(&mut session, "Chart.yaml", "apiVersion: v2\nname: c\nversion: 0.1.0\n");
    put(&mut session, "values.yaml", "word: hello\n");
    for (path, text) in templates {
        put(&mut session, path, text);
    }
    session
}

#[test]
fn every_example_renders_without_an_error_in_every_environment() {
    let mut charts = 0;
    for entry in fs::read_dir(examples()).unwrap() {
        let path = entry.unwrap().path();
        if !path.join("Chart.yaml").exists() {
            continue;
        }
        charts += 1;
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let mut session = open(&name);
        let mut environments: Vec<String> = files(&path)
            .into_iter()
            .map(|(file, _)| file)
            .filter(|file| file.starts_with("values-"))
            .collect();
        environments.sort();
        for file in environments {
            session.apply(Change::Settings(Settings {
                values_files: vec![file.clone()],
                ..Settings::default()
            }));
            let update = update(&mut session);
            let errors: Vec<_> = update
                .problems
                .iter()
                .filter(|problem| problem.severity == renderer::problem::Severity::Error)
                .collect();
            assert!(errors.is_empty(), "{name} {file}: {errors:?}");
            assert!(!update.documents.is_empty(), "{name} {file}");
        }
    }
    assert_eq!(charts, 5);
}

#[test]
fn the_documents_cover_the_text_from_its_start_to_its_end() {
    let mut session = open("taskflow-api");
    session.apply(Change::Settings(Settings {
        values_files: vec!["values-dev.yaml".to_owned()],
        ..Settings::default()
    }));
    let update = update(&mut session);
    let mut end = 0;
    for document in &update.documents {
        assert_eq!(document.range.start, end, "{}", document.source);
        assert!(update.manifests[document.range.clone()].starts_with(b"---\n# Source: "));
        end = document.range.end;
    }
    assert_eq!(end, update.manifests.len());
}

#[test]
fn an_edited_session_shows_what_a_fresh_one_shows() {
    let mut edited = chart(&[
        ("templates/a.yaml", "a: {{ .Values.word }}\n"),
        ("templates/_h.tpl", "{{ define \"h\" }}1{{ end }}"),
    ]);
    let edits = [
        ("values.yaml", "word: bye\n"),
        ("templates/a.yaml", "a: {{ include \"h\" . }}\n"),
        ("templates/_h.tpl", "{{ define \"h\" }}2{{ end }}"),
        ("templates/b.yaml", "b: {{ .Release.Name }}\n"),
    ];
    let mut all: Vec<(&str, &str)> = Vec::new();
    for (path, text) in edits {
        put(&mut edited, path, text);
        all.push((path, text));
        let mut fresh = chart(&[
            ("templates/a.yaml", "a: {{ .Values.word }}\n"),
            ("templates/_h.tpl", "{{ define \"h\" }}1{{ end }}"),
        ]);
        for (path, text) in &all {
            put(&mut fresh, path, text);
        }
        assert_eq!(update(&mut edited).manifests, update(&mut fresh).manifests, "after {path}");
    }
}

#[test]
fn one_failing_template_hides_no_other() {
    let mut session = chart(&[
        ("templates/a.yaml", "a: {{ .Values.x.y }}\n"),
        ("templates/b.yaml", "b: {{ .Values.word }}\n"),
    ]);
    let update = update(&mut session);
    assert_eq!(
        update.manifests,
        b"---\n# Source: c/templates/b.yaml\nb: hello\n\n".strip_suffix(b"\n").unwrap()
    );
    assert_eq!(update.failed.len(), 1);
    let first = &update.problems[0];
    assert!(first.helm_first);
    assert_eq!((first.file.as_deref(), first.range.clone()), (Some("templates/a.yaml"), Some(6..17)));
}

#[test]
fn a_helper_that_is_being_typed_keeps_its_last_good_form_for_the_others() {
    let helper = "{{ define \"h\" }}1{{ end }}";
    let mut session =
        chart(&[("templates/a.yaml", "a: {{ include \"h\" . }}\n"), ("templates/_h.tpl", helper)]);
    let before = update(&mut session).manifests;
    put(&mut session, "templates/_h.tpl", "{{ define \"h\" }}1{{ end }}{{ if ");
    let after = update(&mut session);
    assert_eq!(after.manifests, before);
    assert!(after.problems.iter().any(|problem| problem.code == "template-syntax" && problem.helm_first));
}

#[test]
fn a_template_set_aside_is_not_run_and_says_so() {
    let mut session =
        chart(&[("templates/a.yaml", "a: 1\n"), ("templates/b.yaml", "b: {{ .Values.word }}\n")]);
    session.apply(Change::Settings(Settings {
        set_aside: vec!["templates/a.yaml".to_owned()],
        ..Settings::default()
    }));
    let mut run = Vec::new();
    let update = session.update(&mut |path| run.push(path.to_owned()));
    // Once for the render and once for lint; nothing is told between the two.
    assert_eq!(run, ["templates/b.yaml", "", "templates/b.yaml"]);
    assert!(update.failed[0].set_aside);
}

#[test]
fn work_without_end_is_stopped_with_a_sentence() {
    let mut session = chart(&[
        ("templates/a.yaml", "{{ range until 100000000 }}x{{ end }}"),
        ("templates/b.yaml", "b: 1\n"),
    ]);
    let update = update(&mut session);
    assert_eq!(update.problems[0].code, "template-too-costly");
    assert_eq!(update.documents.len(), 1);
}

#[test]
fn what_is_no_chart_is_a_problem_and_no_panic() {
    let mut session = Session::new();
    assert_eq!(update(&mut session).problems[0].message, "Chart.yaml file is missing");
    put(&mut session, "Chart.yaml", ":\n\t- {");
    assert!(update(&mut session).problems[0].message.starts_with("cannot load Chart.yaml: "));
    let mut session = chart(&[("templates/a.yaml", "a: 1\n")]);
    put(&mut session, "values.yaml", "a: [\n");
    let broken = update(&mut session);
    assert_eq!(broken.problems[0].file.as_deref(), Some("values.yaml"));
    session.apply(Change::PutFile {
        path: "templates/b.bin".to_owned(),
        bytes: vec![0xff, 0xfe, 0x00, 0x7b, 0x7b],
    });
    put(&mut session, "values.yaml", "");
    assert!(!update(&mut session).problems.is_empty());
}

#[test]
fn set_arguments_win_over_values_files() {
    let mut session = chart(&[("templates/a.yaml", "a: {{ .Values.word }}\n")]);
    put(&mut session, "values-x.yaml", "word: file\n");
    session.apply(Change::Settings(Settings {
        values_files: vec!["values-x.yaml".to_owned()],
        set: vec![(SetKind::Typed, "word=set".to_owned())],
        ..Settings::default()
    }));
    assert_eq!(update(&mut session).manifests, b"---\n# Source: c/templates/a.yaml\na: set\n");
}

/// A submission of `taskflow-api` for development.
fn submission(session: &mut Session) -> renderer::session::Submission {
    let turn = renderer::session::Turn { revision: 1, is_upgrade: false };
    session.submission(turn, &Default::default(), &mut |_| {}).unwrap()
}

#[test]
fn a_submission_holds_what_a_release_record_keeps() {
    let mut session = open("taskflow-api");
    session.apply(Change::Settings(Settings {
        release_name: "shop".to_owned(),
        values_files: vec!["values-dev.yaml".to_owned()],
        ..Settings::default()
    }));
    let submission = submission(&mut session);
    let chart = &submission.chart;
    let names = |parts: &[renderer::session::Part]| -> Vec<String> {
        parts.iter().map(|part| part.name.to_string()).collect()
    };
    // As `helm install` of the same chart stores them: of the root chart alone, without values, schema and Chart.yaml.
    let mut files = names(&chart.files);
    files.sort();
    assert_eq!(files, ["README.md", "values-dev.yaml", "values-production.yaml", "values-staging.yaml"]);
    assert_eq!(chart.templates.len(), 11);
    assert!(names(&chart.templates).iter().all(|name| name.starts_with("templates/")));
    assert!(chart.schema.is_some() && chart.lock.is_none());
    let text = |text: &renderer::value::Text| text.to_string_lossy().into_owned();
    let metadata = text(&chart.metadata);
    assert!(metadata.contains(r#""condition":"redis.enabled","enabled":true"#), "{metadata}");
    // Defaults of an enabled dependency stand below its name.
    let values = text(&chart.values);
    assert!(values.contains(r#""redis":{"enabled":true,"global":{},"image":"redis""#), "{values}");
    assert_eq!(
        text(&submission.config),
        r#"{"config":{"LOG_LEVEL":"debug","NODE_ENV":"development"},"secrets":{"JWT_SECRET":"not-a-secret"}}"#
    );
    assert!(text(&submission.notes).starts_with("TaskFlow 1.0.0, revision 1 of shop."));
    let shown = update(&mut session);
    assert_eq!(submission.documents.len(), shown.documents.len());
    for (document, shown_at) in submission.documents.iter().zip(&shown.documents) {
        assert_eq!(*document.name, *shown_at.source);
        let page = String::from_utf8_lossy(&shown.manifests[shown_at.range.clone()]).into_owned();
        let sent = format!("---\n# Source: {}\n{}\n", document.name, text(&document.text));
        assert_eq!(sent.trim_end(), page.trim_end());
    }
}

#[test]
fn a_submission_is_all_or_nothing() {
    let mut session =
        chart(&[("templates/a.yaml", "kind: A\n"), ("templates/b.yaml", "{{ fail \"not today\" }}\n")]);
    let turn = renderer::session::Turn { revision: 3, is_upgrade: true };
    let problem = session.submission(turn, &Default::default(), &mut |_| {}).unwrap_err();
    assert!(problem.message.contains("not today"), "{}", problem.message);
    assert_eq!(problem.file.as_deref(), Some("templates/b.yaml"));
    put(&mut session, "templates/b.yaml", "kind: B\nn: {{ .Release.Revision }}{{ .Release.IsUpgrade }}\n");
    let submission = session.submission(turn, &Default::default(), &mut |_| {}).unwrap();
    assert!(submission.documents[1].text.to_string_lossy().contains("n: 3true"));
    session.apply(Change::Settings(Settings {
        set_aside: vec!["templates/a.yaml".to_owned()],
        ..Settings::default()
    }));
    assert_eq!(
        session.submission(turn, &Default::default(), &mut |_| {}).unwrap_err().code,
        "template-set-aside"
    );
}

#[test]
fn a_live_cluster_takes_the_place_of_what_helm_knows_without_one() {
    use renderer::capabilities::{Capabilities, KubeVersion};
    let template = "v: {{ .Capabilities.KubeVersion }} {{ .Capabilities.KubeVersion.Minor }}\n\
                    has: {{ .Capabilities.APIVersions.Has \"example.com/v1/Thing\" }} {{ .Capabilities.APIVersions.Has \"apps/v1\" }}\n";
    let mut session = chart(&[("templates/a.yaml", template)]);
    let cluster = Capabilities {
        kube_version: KubeVersion::live("v1.33.4-gke.1", "1", "33+"),
        api_versions: vec!["v1".to_owned(), "example.com/v1/Thing".to_owned()],
    };
    session.apply(Change::Cluster(Some(cluster)));
    let text = String::from_utf8(update(&mut session).manifests).unwrap();
    assert!(text.contains("v: v1.33.4-gke.1 33+\nhas: true false"), "{text}");
    session.apply(Change::Cluster(None));
    let text = String::from_utf8(update(&mut session).manifests).unwrap();
    assert!(text.contains("v: v1.37.0 37\nhas: false true"), "{text}");
}
