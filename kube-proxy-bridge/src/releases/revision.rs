//! One revision as it was read: its Secret's head and the record, or why there is none.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use release::record::{self, Limits, Record, Time};
use wire::{Code, Problem, RevisionSummary, Status};

use super::Head;
use crate::object::Object;
use crate::plain::plain;

/// One revision, whole.
#[derive(Clone, Debug)]
pub struct Revision {
    /// The Secret.
    pub head: Head,
    /// What it holds.
    pub body: Body,
}

/// What a Secret holds.
#[derive(Clone, Debug)]
pub enum Body {
    /// Nothing that can be read, and why.
    Corrupt(String),
    /// The record.
    Record(Box<Record>),
}

impl Revision {
    /// Reads a Secret; `None` when its name is not that of a record.
    ///
    /// Cost: bounded by `limits`, whatever the Secret holds.
    #[must_use]
    pub fn read(secret: &Object, limits: &Limits) -> Option<Self> {
        let head = Head::of(secret)?;
        let body = match read_body(secret, limits) {
            Ok(record) => Body::Record(Box::new(record)),
            Err(reason) => Body::Corrupt(reason),
        };
        Some(Self { head, body })
    }

    /// The record.
    ///
    /// # Errors
    /// `record-corrupt` with the reason.
    pub fn record(&self) -> Result<&Record, Problem> {
        match &self.body {
            Body::Record(record) => Ok(record),
            Body::Corrupt(reason) => Err(Problem::new(
                Code::RecordCorrupt,
                format!("revision {} of {}: {reason}", self.head.revision, self.head.name),
            )),
        }
    }

    /// The record, to keep.
    ///
    /// # Errors
    /// As [`Revision::record`].
    pub fn into_record(self) -> Result<Record, Problem> {
        match self.body {
            Body::Record(record) => Ok(*record),
            Body::Corrupt(_) => self.record().cloned(),
        }
    }

    /// How the record names another release than its Secret does.
    #[must_use]
    pub fn mismatch(&self) -> Option<String> {
        match &self.body {
            Body::Record(record) => mismatch(&self.head, record),
            Body::Corrupt(_) => None,
        }
    }

    /// Refuses a record that names another release than its Secret does, unless that was accepted.
    ///
    /// # Errors
    /// `record-mismatch` with what differs.
    pub fn refuse_mismatch(&self, accepted: bool) -> Result<(), Problem> {
        match self.mismatch() {
            Some(difference) if !accepted => Err(Problem::new(Code::RecordMismatch, difference)),
            _ => Ok(()),
        }
    }

    /// As the page sees it.
    #[must_use]
    pub fn summary(&self) -> RevisionSummary {
        summary(&self.head, &self.body)
    }
}

fn read_body(secret: &Object, limits: &Limits) -> Result<Record, String> {
    let data = secret.pointer("/data/release").and_then(serde_json::Value::as_str);
    let data = data.ok_or("the Secret has no key `release`")?;
    let stored = STANDARD.decode(data).map_err(|_| "the Secret's data is not base64")?;
    record::decode(&stored, limits).map_err(|error| error.to_string())
}

fn mismatch(head: &Head, record: &Record) -> Option<String> {
    let revision = record.version.to_string();
    let own = head.revision.to_string();
    let pairs = [
        ("name", record.name.as_str(), head.name.as_str()),
        ("namespace", &record.namespace, &head.namespace),
        ("revision", &revision, &own),
    ];
    let wrong: Vec<String> = pairs
        .into_iter()
        // Helm's least record has no namespace; then nothing is claimed.
        .filter(|(what, inside, outside)| inside != outside && !(*what == "namespace" && inside.is_empty()))
        .map(|(what, inside, outside)| {
            format!("its {what} is \"{}\" in the record and \"{outside}\" on the Secret", plain(inside))
        })
        .collect();
    (!wrong.is_empty()).then(|| wrong.join("; "))
}

/// A revision as the page sees it; of a record that cannot be read only what the Secret tells.
#[must_use]
pub fn summary(head: &Head, body: &Body) -> RevisionSummary {
    let base = RevisionSummary {
        revision: head.revision,
        status: head.status(),
        labels: head.user_labels(),
        writer: head
            .writer
            .as_ref()
            .map(|writer| plain(&writer.manager).into_owned())
            .filter(|name| !name.is_empty()),
        ..RevisionSummary::default()
    };
    let record = match body {
        Body::Corrupt(reason) => return RevisionSummary { corrupt: Some(reason.clone()), ..base },
        Body::Record(record) => record,
    };
    let metadata = record.chart.as_ref().and_then(|chart| chart.metadata.clone()).unwrap_or_default();
    let told = |text: &str| plain(text).into_owned();
    RevisionSummary {
        status: Status::named(&record.info.status),
        chart: told(&metadata.name),
        chart_version: told(&metadata.version),
        app_version: told(&metadata.app_version),
        description: told(&record.info.description),
        updated: record.info.last_deployed.as_ref().map(Time::to_string),
        rollback_revision: Some(record.info.rollback_revision).filter(|revision| *revision != 0),
        apply_method: told(&record.apply_method),
        mismatch: mismatch(head, record),
        ..base
    }
}
