//! A submission as the bridge is told it: the JSON of a `wire::Apply` without what the person decides.
//!
//! The text is written here once and never read again by the page: what is planned and what is applied are the same bytes.

use renderer::session::{Part, Submission};
use renderer::value::json::{Style, base64, encode};
use renderer::value::{Text, Value};

/// The fields `chart`, `config`, `documents`, `crds`, `notes` and `world`, as one object.
pub(crate) fn body(submission: &Submission) -> Vec<u8> {
    let chart = &submission.chart;
    let mut out = Vec::with_capacity(64 * 1024);
    out.extend_from_slice(b"{\"world\":\"exact\",\"chart\":{\"metadata\":");
    out.extend_from_slice(chart.metadata.as_bytes());
    out.extend_from_slice(b",\"values\":");
    out.extend_from_slice(chart.values.as_bytes());
    if let Some(lock) = &chart.lock {
        out.extend_from_slice(b",\"lock\":");
        out.extend_from_slice(lock.as_bytes());
    }
    if let Some(schema) = &chart.schema {
        out.extend_from_slice(b",\"schema\":\"");
        out.extend_from_slice(&base64(schema.as_bytes()));
        out.push(b'"');
    }
    list(&mut out, "templates", &chart.templates, "name", |out, part| data(out, &part.text));
    list(&mut out, "files", &chart.files, "name", |out, part| data(out, &part.text));
    out.extend_from_slice(b"},\"config\":");
    out.extend_from_slice(submission.config.as_bytes());
    list(&mut out, "documents", &submission.documents, "source", |out, part| yaml(out, &part.text));
    list(&mut out, "crds", &submission.crds, "source", |out, part| yaml(out, &part.text));
    out.extend_from_slice(b",\"notes\":");
    quoted(&mut out, &submission.notes);
    out.push(b'}');
    out
}

fn list(out: &mut Vec<u8>, field: &str, parts: &[Part], name: &str, content: fn(&mut Vec<u8>, &Part)) {
    out.extend_from_slice(format!(",\"{field}\":[").as_bytes());
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(format!("{{\"{name}\":").as_bytes());
        quoted(out, &Text::from(&*part.name));
        content(out, part);
        out.push(b'}');
    }
    out.push(b']');
}

fn data(out: &mut Vec<u8>, text: &Text) {
    out.extend_from_slice(b",\"data\":\"");
    out.extend_from_slice(&base64(text.as_bytes()));
    out.push(b'"');
}

fn yaml(out: &mut Vec<u8>, text: &Text) {
    out.extend_from_slice(b",\"yaml\":");
    quoted(out, text);
}

fn quoted(out: &mut Vec<u8>, text: &Text) {
    // A text always has a JSON form.
    let json = encode(&Value::Str(text.clone()), Style::RAW).unwrap_or_default();
    out.extend_from_slice(json.as_bytes());
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use renderer::session::{Change, Session, Settings, Turn};
    use renderer::value::json::decode_map;

    use super::*;

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
        session.apply(Change::Settings(Settings { release_name: "shop".to_owned(), ..Settings::default() }));
        let turn = Turn { revision: 1, is_upgrade: false };
        let submission = session.submission(turn, &Default::default(), &mut |_| {}).expect("it renders");
        let body = body(&submission);
        let apply: wire::Apply = serde_json::from_slice(&body).expect("an apply");
        assert_eq!(apply.world, wire::World::Exact);
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
