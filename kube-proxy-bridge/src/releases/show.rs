//! Revisions as people see them: by sections, secrets hidden.
//!
//! What is secret is known from where it stands and from the Secrets of the same revision. A document in which something is
//! hidden is written anew from its object, because inside a text one cannot be sure to have found every form.

use std::collections::BTreeMap;

use release::manifest;
use release::record::{Hook, HookRun, Record, Time};
use serde_json::{Map, Value};
use wire::{HookPhase, RevisionDetail, RevisionSummary};

use super::values::coalesce;
use super::{Body, Entry, Revision};
use crate::documents;
use crate::object::Object;
use crate::plain::plain;
use crate::redact::{Redaction, Redactor};

const UNREADABLE: &str =
    "# A document that cannot be read as YAML is not shown: nobody knows what is secret in it.\n";

/// A part of a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "see RevisionDetail")]
pub enum Section {
    Chart,
    ComputedValues,
    Hooks,
    Manifest,
    Metadata,
    Notes,
    Values,
}

impl Section {
    /// The section of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "chart" => Self::Chart,
            "computed-values" => Self::ComputedValues,
            "hooks" => Self::Hooks,
            "manifest" => Self::Manifest,
            "metadata" => Self::Metadata,
            "notes" => Self::Notes,
            "values" => Self::Values,
            _ => return None,
        })
    }
}

/// What is secret in a revision: the values of all Secrets in its manifest and hooks.
///
/// Cost: one reading of the manifest.
#[must_use]
pub fn secrets(record: &Record, redactor: &Redactor) -> Redaction {
    redactor.known(&objects(record))
}

/// The objects of a revision, as far as they can be read.
fn objects(record: &Record) -> Vec<Object> {
    let texts = split(&record.manifest);
    let hooks = record.hooks.iter().map(|hook| hook.manifest.as_str());
    let all = texts.iter().map(String::as_str).chain(hooks);
    all.flat_map(|text| documents::objects(text, "").unwrap_or_default()).collect()
}

fn split(text: &str) -> Vec<String> {
    manifest::split(&text.into()).iter().map(|document| document.to_string_lossy().into_owned()).collect()
}

/// A revision for lists, what is secret in its description hidden.
#[must_use]
pub fn summary(revision: &Revision, redactor: &Redactor) -> RevisionSummary {
    let mut summary = revision.summary();
    if let Body::Record(record) = &revision.body
        && !is_plain(&record.info.description)
    {
        summary.description = secrets(record, redactor).told(&summary.description);
    }
    summary
}

/// An entry of a history, what is secret in its description hidden.
#[must_use]
pub fn entry(revision: &Revision, redactor: &Redactor) -> Entry {
    Entry { head: revision.head.clone(), summary: summary(revision, redactor) }
}

/// Whether a description is one of Helm's own, in which nothing can be secret.
fn is_plain(description: &str) -> bool {
    const HELMS: [&str; 8] = [
        "",
        "Install complete",
        "Upgrade complete",
        "Initial install underway",
        "Preparing upgrade",
        "Deletion in progress (or silently failed)",
        "Uninstallation complete",
        "Dry run complete",
    ];
    let rollback = description.strip_prefix("Rollback to ");
    HELMS.contains(&description)
        || rollback.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The sections of a record that were asked for; without a redactor nothing is hidden.
///
/// Cost: one reading of the manifest when something is to be hidden in it.
#[must_use]
pub fn detail(
    mut summary: RevisionSummary,
    record: &Record,
    sections: &[Section],
    redactor: Option<&Redactor>,
) -> RevisionDetail {
    let hidden = redactor.map(|redactor| secrets(record, redactor));
    let hidden = hidden.as_ref();
    // Revealed or not: what people read steers no terminal.
    let text = |text: &str| hidden.map_or_else(|| plain(text).into_owned(), |hidden| hidden.told(text));
    let documents = |text: &str| hidden.map_or_else(|| text.to_owned(), |hidden| manifest(text, hidden));
    let values = |values: &Map<String, Value>| match hidden {
        None => values.clone(),
        Some(hidden) => match hidden.value(&Value::Object(values.clone())) {
            Value::Object(values) => values,
            _ => Map::new(),
        },
    };
    let wants = |section: Section| sections.contains(&section);
    let chart = record.chart.as_ref();
    summary.description = text(&summary.description);
    RevisionDetail {
        summary,
        values: wants(Section::Values).then(|| values(&record.config)),
        computed_values: wants(Section::ComputedValues).then(|| {
            let defaults = chart.and_then(|chart| chart.values.clone()).unwrap_or_default();
            values(&coalesce(&record.config, &defaults))
        }),
        manifest: wants(Section::Manifest).then(|| documents(&record.manifest)),
        hooks: wants(Section::Hooks)
            .then(|| record.hooks.iter().map(|hook| show_hook(hook, &documents)).collect()),
        notes: wants(Section::Notes).then(|| text(&record.info.notes)),
        metadata: wants(Section::Metadata).then(|| {
            match serde_json::to_value(chart.and_then(|chart| chart.metadata.as_ref())) {
                Ok(Value::Object(metadata)) => metadata,
                _ => Map::new(),
            }
        }),
        chart: wants(Section::Chart).then(|| sizes(record)),
    }
}

fn show_hook(hook: &Hook, documents: &dyn Fn(&str) -> String) -> wire::Hook {
    wire::Hook {
        name: hook.name.clone(),
        kind: hook.kind.clone(),
        path: hook.path.clone(),
        manifest: documents(&hook.manifest),
        events: hook.events.clone(),
        weight: hook.weight,
        delete_policies: hook.delete_policies.clone(),
        last_run: run(&hook.last_run),
    }
}

/// How a hook went, as the page sees it.
#[must_use]
pub fn run(run: &HookRun) -> wire::HookRun {
    wire::HookRun {
        started: run.started_at.as_ref().map(Time::to_string),
        completed: run.completed_at.as_ref().map(Time::to_string),
        phase: match run.phase.as_str() {
            "Running" => HookPhase::Running,
            "Succeeded" => HookPhase::Succeeded,
            "Failed" => HookPhase::Failed,
            _ => HookPhase::Unknown,
        },
    }
}

fn sizes(record: &Record) -> BTreeMap<String, u64> {
    let chart = record.chart.as_ref();
    let templates = chart.and_then(|chart| chart.templates.as_deref()).unwrap_or_default();
    let files = chart.and_then(|chart| chart.files.as_deref()).unwrap_or_default();
    let all = templates.iter().chain(files);
    all.map(|file| (file.name.clone(), file.data.as_ref().map_or(0, |data| data.0.len() as u64))).collect()
}

/// A manifest with what is secret hidden. One in which nothing is stays as it is, byte for byte.
fn manifest(text: &str, hidden: &Redaction) -> String {
    let documents = split(text);
    let shown: Vec<Option<String>> =
        documents.iter().map(|document| document_without_secrets(document, hidden)).collect();
    if shown.iter().all(Option::is_none) {
        return text.to_owned();
    }
    let has_separators = text.starts_with("---");
    let mut out = String::with_capacity(text.len());
    for (document, shown) in documents.iter().zip(shown) {
        if has_separators || !out.is_empty() {
            out.push_str("---\n");
        }
        out.push_str(shown.as_deref().unwrap_or(document));
        if !out.ends_with('\n') {
            out.push('\n');
        }
    }
    out
}

/// The document written anew, or `None` when nothing in it is secret.
fn document_without_secrets(text: &str, hidden: &Redaction) -> Option<String> {
    let Ok(objects) = documents::objects(text, "") else { return Some(UNREADABLE.to_owned()) };
    let mut shown = Vec::new();
    let mut is_changed = false;
    for object in objects {
        let mut without = object.clone();
        hidden.object(&mut without);
        is_changed |= without != object;
        shown.push(without.into_value().to_string());
    }
    if !is_changed {
        // Comments may still quote a value.
        let without = hidden.text(text);
        return (without != text).then_some(without);
    }
    let source = text.lines().find(|line| line.starts_with("# Source: "));
    let mut out = source.map(|line| format!("{line}\n")).unwrap_or_default();
    for (index, json) in shown.iter().enumerate() {
        if index > 0 {
            out.push_str("---\n");
        }
        // JSON is YAML, should the writer refuse.
        out.push_str(&manifest::to_yaml(json).unwrap_or_else(|| json.clone()));
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use release::record::Info;

    use super::*;

    const MANIFEST: &str = "---\n# Source: web/templates/a.yaml\nkind: Secret\napiVersion: v1\nmetadata:\n  name: a\ndata:\n  \
        pin: MTIzNA==\n  key: aHVudGVyMi1odW50ZXIy\n---\n# Source: web/templates/b.yaml\n# a comment\napiVersion: v1\n\
        kind: ConfigMap\nmetadata:\n  name: b\ndata:\n  x: \"1\"\n";

    fn record(manifest: &str) -> Record {
        let mut record = Record { manifest: manifest.to_owned(), ..Record::default() };
        record.info = Info {
            notes: "the key is hunter2-hunter2".to_owned(),
            description: "failed: hunter2-hunter2".to_owned(),
            ..Info::default()
        };
        record.config.insert("password".to_owned(), Value::from("x"));
        record.config.insert("replicas".to_owned(), Value::from(2));
        record
    }

    fn all(record: &Record, redactor: Option<&Redactor>) -> RevisionDetail {
        let sections = ["chart", "computed-values", "hooks", "manifest", "metadata", "notes", "values"]
            .map(|name| Section::named(name).expect(name));
        detail(
            RevisionSummary { description: record.info.description.clone(), ..RevisionSummary::default() },
            record,
            &sections,
            redactor,
        )
    }

    #[test]
    fn secrets_are_hidden_in_every_section() {
        let redactor = Redactor::new().expect("randomness");
        let shown = all(&record(MANIFEST), Some(&redactor));
        let text = serde_json::to_string(&shown).expect("JSON");
        for secret in ["hunter2", "aHVudGVy", "MTIzNA", "1234"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        let manifest = shown.manifest.expect("a manifest");
        assert!(
            manifest
                .starts_with("---\n# Source: web/templates/a.yaml\napiVersion: v1\ndata:\n  key: ‹hidden "),
            "{manifest}"
        );
        assert!(
            manifest.contains("---\n# Source: web/templates/b.yaml\n# a comment\napiVersion: v1\n"),
            "{manifest}"
        );
        let values = shown.values.expect("values");
        assert_eq!(values["replicas"], 2);
        assert_ne!(values["password"], "x");
    }

    #[test]
    fn revealed_sections_and_plain_manifests_are_as_the_record_has_them() {
        assert_eq!(all(&record(MANIFEST), None).manifest.as_deref(), Some(MANIFEST));
        let redactor = Redactor::new().expect("randomness");
        let plain = &MANIFEST[MANIFEST.rfind("---").expect("a mark")..];
        assert_eq!(all(&record(plain), Some(&redactor)).manifest.as_deref(), Some(plain));
        let broken = "---\nkind: Secret\ndata: {a: [b\n";
        assert_eq!(all(&record(broken), Some(&redactor)).manifest, Some(format!("---\n{UNREADABLE}")));
    }

    #[test]
    fn sections_that_were_not_asked_for_are_absent() {
        let shown = detail(RevisionSummary::default(), &record(MANIFEST), &[Section::Notes], None);
        assert!(shown.notes.is_some() && shown.manifest.is_none() && shown.values.is_none());
    }
}
