//! The revisions of one release, and which of them counts for what.
//!
//! *Source*: helm v4.3.1 `pkg/storage/storage.go` (`removeLeastRecent`, `Deployed`, `Last`), `pkg/action/upgrade.go`.

use std::collections::BTreeSet;

use wire::{ApplyMode, Code, OperationKind, Problem, RevisionSummary, Status};

use super::{Head, Revision};

/// One revision, without its body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// The Secret.
    pub head: Head,
    /// What the record says; where it cannot be read, what the Secret says.
    pub summary: RevisionSummary,
}

impl Entry {
    /// The entry of a revision.
    #[must_use]
    pub fn of(revision: &Revision) -> Self {
        Self { head: revision.head.clone(), summary: revision.summary() }
    }

    fn is_readable(&self) -> bool {
        self.summary.corrupt.is_none()
    }
}

/// The revisions of one release, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    name: String,
    entries: Vec<Entry>,
}

impl History {
    /// The history of the release `name`, from its entries in any order.
    #[must_use]
    pub fn new(name: &str, mut entries: Vec<Entry>) -> Self {
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.head.revision));
        Self { name: name.to_owned(), entries }
    }

    /// The newest first.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Whether there is no such release.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The revision of this number.
    #[must_use]
    pub fn entry(&self, revision: u32) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.head.revision == revision)
    }

    /// The last revision, readable or not.
    #[must_use]
    pub fn current(&self) -> Option<&Entry> {
        self.entries.first()
    }

    /// The number of the last revision; 0 when there is none.
    #[must_use]
    pub fn current_revision(&self) -> u32 {
        self.current().map_or(0, |entry| entry.head.revision)
    }

    /// The newest revision whose record says that it is deployed. Labels are not asked: they may say otherwise.
    #[must_use]
    pub fn deployed(&self) -> Option<&Entry> {
        self.all_deployed().next()
    }

    /// Every revision whose record says that it is deployed. A rollback marks all of them superseded.
    pub fn all_deployed(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.is_readable() && entry.summary.status == Status::Deployed)
    }

    /// The revision an upgrade compares with: the deployed one, else a last one that is failed or superseded.
    ///
    /// # Errors
    /// `release-locked` when the last one is pending, `record-corrupt` when it cannot be read, `not-found` with Helm's
    /// sentence when there is nothing to upgrade.
    pub fn base(&self) -> Result<&Entry, Problem> {
        let none = || Problem::new(Code::NotFound, format!("\"{}\" has no deployed releases", self.name));
        let last = self.current().ok_or_else(none)?;
        if let Some(reason) = &last.summary.corrupt {
            let revision = last.head.revision;
            return Err(Problem::new(
                Code::RecordCorrupt,
                format!("revision {revision} of {}: {reason}", self.name),
            ));
        }
        if last.summary.status.is_pending() {
            return Err(Problem::new(
                Code::ReleaseLocked,
                "another operation (install/upgrade/rollback) is in progress",
            ));
        }
        match self.deployed() {
            Some(entry) => Ok(entry),
            None if matches!(last.summary.status, Status::Failed | Status::Superseded) => Ok(last),
            None => Err(none()),
        }
    }

    /// Refuses when the last revision is another than whoever asks has seen.
    ///
    /// # Errors
    /// `revision-mismatch`.
    pub fn expect(&self, expected: Option<u32>) -> Result<(), Problem> {
        let current = self.current_revision();
        match expected {
            Some(expected) if expected != current => {
                let detail = format!("the last revision is {current}, not {expected}");
                Err(Problem::new(Code::RevisionMismatch, detail))
            }
            _ => Ok(()),
        }
    }

    /// Whether what is asked for is an install or an upgrade, and the revision that it starts from.
    ///
    /// # Errors
    /// `name-in-use` for an install where something is, `not-found` for an upgrade where nothing is; those of [`Self::base`].
    pub fn start(&self, mode: ApplyMode) -> Result<(OperationKind, Option<&Entry>), Problem> {
        let Some(last) = self.current() else {
            if mode == ApplyMode::Upgrade {
                let detail = format!("\"{}\" has no deployed releases", self.name);
                return Err(Problem::new(Code::NotFound, detail));
            }
            return Ok((OperationKind::Install, None));
        };
        if mode == ApplyMode::Install {
            return Err(Problem::new(Code::NameInUse, "cannot reuse a name that is still in use"));
        }
        if mode == ApplyMode::Auto && last.summary.status == Status::Uninstalled {
            return Ok((OperationKind::Install, Some(last)));
        }
        Ok((OperationKind::Upgrade, Some(self.base()?)))
    }

    /// The last revision, and the one that a rollback goes to: the one that is named, for 0 the one before the last.
    ///
    /// # Errors
    /// `not-found` with Helm's sentence: no such release, or no such revision.
    pub fn way_back(&self, to: u32) -> Result<(&Entry, &Entry), Problem> {
        let none = || Problem::new(Code::NotFound, format!("release: not found: {}", self.name));
        let last = self.current().ok_or_else(none)?;
        let to = if to == 0 { last.head.revision.saturating_sub(1) } else { to };
        let none = || Problem::new(Code::NotFound, format!("release has no {to} version"));
        Ok((last, self.entry(to).ok_or_else(none)?))
    }

    /// The revision that a rollback after a failure goes to: the newest deployed or superseded one before `failed`.
    #[must_use]
    pub fn last_good(&self, failed: u32) -> Option<&Entry> {
        self.entries.iter().find(|entry| {
            entry.head.revision < failed
                && entry.is_readable()
                && matches!(entry.summary.status, Status::Deployed | Status::Superseded)
        })
    }

    /// The records to delete, the oldest first, so that with one more there are at most `most`; 0: keep all.
    ///
    /// The deployed one stays. What cannot be read is neither counted nor deleted, as in Helm, which does not see it.
    #[must_use]
    pub fn surplus(&self, most: u32) -> Vec<&Entry> {
        let Some(most) = most.checked_sub(1) else { return Vec::new() };
        let readable: Vec<&Entry> = self.entries.iter().rev().filter(|entry| entry.is_readable()).collect();
        let excess = readable.len().saturating_sub(most as usize);
        let deployed = self.deployed().map(|entry| entry.head.revision);
        readable.into_iter().filter(|entry| Some(entry.head.revision) != deployed).take(excess).collect()
    }

    /// What is odd, in sentences.
    #[must_use]
    pub fn anomalies(&self) -> Vec<String> {
        let mut found = Vec::new();
        let deployed: BTreeSet<u32> = self.all_deployed().map(|entry| entry.head.revision).collect();
        if deployed.len() > 1 {
            let list = deployed.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
            found.push(format!("revisions {list} are all marked deployed; the highest counts"));
        }
        for Entry { head, summary } in &self.entries {
            if let Some(reason) = &summary.corrupt {
                found.push(format!("revision {} cannot be read: {reason}", head.revision));
                continue;
            }
            if let Some(difference) = &summary.mismatch {
                found.push(format!("revision {} names another release: {difference}", head.revision));
            }
            if head.labels.contains_key("status") && head.status() != summary.status {
                found.push(format!(
                    "revision {} is {} in its record and {} in its label",
                    head.revision,
                    summary.status.text(),
                    head.status().text()
                ));
            }
        }
        found
    }
}
