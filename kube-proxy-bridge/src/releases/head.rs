//! What a Secret says of the record in it, without the record.

use std::collections::BTreeMap;

use release::record::Time;
use serde_json::Value;
use wire::{ObjectRef, Status};

use super::{annotation, labels};
use crate::object::Object;

const PREFIX: &str = "sh.helm.release.v1.";
/// The highest revision. No release gets there; a name that was made up may.
const LAST: u32 = i32::MAX as u32;

/// Labels, annotations and versions of one record's Secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The Secret's namespace.
    pub namespace: String,
    /// The release, from the Secret's name.
    pub name: String,
    /// The revision, from the Secret's name.
    pub revision: u32,
    /// The Secret's uid.
    pub uid: String,
    /// The Secret's version when it was read.
    pub resource_version: String,
    /// All labels, Helm's own included.
    pub labels: BTreeMap<String, String>,
    /// All annotations.
    pub annotations: BTreeMap<String, String>,
    /// When the Secret was created.
    pub created: Option<Time>,
    /// Who wrote it last.
    pub writer: Option<Writer>,
    /// When the bridge's heartbeat was written, by the cluster's clock.
    pub beat: Option<Time>,
}

/// Who wrote a Secret last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Writer {
    /// Its field manager: `Helm`, `helm`, `kubectl-edit`.
    pub manager: String,
    /// When.
    pub time: Option<Time>,
}

impl Head {
    /// The head of a Secret; `None` when its name is not that of a record.
    #[must_use]
    pub fn of(secret: &Object) -> Option<Self> {
        let (name, revision) = parse_name(secret.name())?;
        let metadata = secret.as_map().get("metadata")?;
        Some(Self {
            namespace: secret.namespace().to_owned(),
            name: name.to_owned(),
            revision,
            uid: secret.uid().to_owned(),
            resource_version: secret.resource_version().to_owned(),
            labels: texts(metadata.get("labels")),
            annotations: texts(metadata.get("annotations")),
            created: Time::parse(secret.metadata("creationTimestamp")),
            writer: last_writer(metadata.get("managedFields")),
            beat: beat(metadata.get("managedFields")),
        })
    }

    /// The Secret's name.
    #[must_use]
    pub fn secret_name(&self) -> String {
        secret_name(&self.name, self.revision)
    }

    /// The Secret.
    #[must_use]
    pub fn reference(&self) -> ObjectRef {
        secret(&self.namespace, &self.name, self.revision)
    }

    /// The status of the label. The record inside may say another.
    #[must_use]
    pub fn status(&self) -> Status {
        self.labels.get("status").map(|word| Status::named(word)).unwrap_or_default()
    }

    /// The user's labels, without Helm's own.
    #[must_use]
    pub fn user_labels(&self) -> BTreeMap<String, String> {
        labels::user(&self.labels)
    }

    /// The bridge's operation that wrote it.
    #[must_use]
    pub fn operation(&self) -> Option<&str> {
        self.annotations.get(annotation::OPERATION).map(String::as_str)
    }

    /// When it was last written; as far as the Secret tells.
    #[must_use]
    pub fn written(&self) -> Option<&Time> {
        self.writer.as_ref().and_then(|writer| writer.time.as_ref()).or(self.created.as_ref())
    }
}

/// The Secret of a revision.
pub(super) fn secret(namespace: &str, name: &str, revision: u32) -> ObjectRef {
    ObjectRef {
        api_version: "v1".to_owned(),
        kind: "Secret".to_owned(),
        namespace: Some(namespace.to_owned()),
        name: secret_name(name, revision),
    }
}

fn secret_name(name: &str, revision: u32) -> String {
    format!("{PREFIX}{name}.v{revision}")
}

/// Release and revision of a Secret's name.
fn parse_name(name: &str) -> Option<(&str, u32)> {
    let (release, digits) = name.strip_prefix(PREFIX)?.rsplit_once(".v")?;
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    let revision: u32 = is_plain.then(|| digits.parse().ok())??;
    // One more must still be a number: the next revision is made of it.
    (!release.is_empty() && (1..=LAST).contains(&revision)).then_some((release, revision))
}

fn texts(map: Option<&Value>) -> BTreeMap<String, String> {
    let entries = map.and_then(Value::as_object).into_iter().flatten();
    entries.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

fn last_writer(managed_fields: Option<&Value>) -> Option<Writer> {
    let entries = managed_fields?.as_array()?.iter().map(|entry| {
        let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
        Writer { manager: text("manager").to_owned(), time: Time::parse(text("time")) }
    });
    entries.max_by_key(|writer| writer.time.as_ref().map(Time::since_1970))
}

/// The API server stamps each manager's fields when it changes one of them, and every heartbeat does.
fn beat(managed_fields: Option<&Value>) -> Option<Time> {
    let key = format!("f:{}", annotation::HEARTBEAT);
    let signs = |entry: &&Value| {
        let annotations = entry.pointer("/fieldsV1/f:metadata/f:annotations");
        annotations.is_some_and(|annotations| annotations.get(&key).is_some())
    };
    let entry = managed_fields?.as_array()?.iter().find(signs)?;
    Time::parse(entry.get("time")?.as_str()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_records_are_told_from_others() {
        assert_eq!(parse_name("sh.helm.release.v1.web.v3"), Some(("web", 3)));
        assert_eq!(parse_name("sh.helm.release.v1.a.v2.v10"), Some(("a.v2", 10)));
        for name in [
            "web",
            "sh.helm.release.v1.web",
            "sh.helm.release.v1.web.v0",
            "sh.helm.release.v1.web.v01",
            "sh.helm.release.v1.web.v+1",
            "sh.helm.release.v1.web.v",
            "sh.helm.release.v1.web.v4294967296",
            "sh.helm.release.v1.web.v4294967295",
            "sh.helm.release.v1.web.v2147483648",
            "sh.helm.release.v1..v1",
        ] {
            assert_eq!(parse_name(name), None, "{name}");
        }
    }

    #[test]
    fn the_last_writer_is_the_one_with_the_latest_time() {
        let managed = serde_json::json!([
            {"manager": "Helm", "time": "2026-11-21T10:00:00Z"},
            {"manager": "kubectl-edit", "time": "2026-11-21T10:00:01Z"},
            {"manager": "old", "time": "2026-11-21T09:00:00Z"},
        ]);
        assert_eq!(last_writer(Some(&managed)).map(|writer| writer.manager).as_deref(), Some("kubectl-edit"));
        assert_eq!(last_writer(None), None);
    }

    #[test]
    fn the_heart_beats_by_the_clusters_clock() {
        let managed = serde_json::json!([
            {"manager": "kubectl-edit", "time": "2026-11-21T10:00:01Z", "fieldsV1": {"f:data": {}}},
            {
                "manager": "helm", "time": "2026-11-21T10:00:00Z",
                "fieldsV1": {"f:metadata": {"f:annotations": {"f:chartroom/heartbeat": {}}}},
            },
        ]);
        assert_eq!(beat(Some(&managed)), Time::parse("2026-11-21T10:00:00Z"));
        assert_eq!(beat(Some(&serde_json::json!([]))), None);
    }
}
