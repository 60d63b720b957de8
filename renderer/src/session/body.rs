//! A submission as the bridge is told it: the JSON of an apply without what a person decides.
//!
//! The text is written here once and never read again by the page: what is planned and what is applied are the same bytes.

use value::json::{Style, base64, encode};
use value::{Text, Value};

use super::submission::{Part, Submission};

impl Submission {
    /// The fields `chart`, `config`, `documents`, `crds`, `notes` and `world` of `wire::Apply`, as one JSON object.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        let chart = &self.chart;
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
        out.extend_from_slice(self.config.as_bytes());
        list(&mut out, "documents", &self.documents, "source", |out, part| yaml(out, &part.text));
        list(&mut out, "crds", &self.crds, "source", |out, part| yaml(out, &part.text));
        out.extend_from_slice(b",\"notes\":");
        quoted(&mut out, &self.notes);
        out.push(b'}');
        out
    }
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
