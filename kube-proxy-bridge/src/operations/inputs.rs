//! What a plan is made from: the base revision's record, and what is asked for.

use std::collections::BTreeSet;

use release::record::{self, Record};
use wire::{
    Apply, ApplyOptions, Code, Conflicts, CrdPolicy, ObjectRef, OperationKind, PlanSubject, PlannedChart,
    Problem, RecordSize, Rollback, Uninstall, World,
};

use super::decide;
use super::draft;
use super::order;
use super::pin;
use super::request::Request;
use crate::aside::aside;
use crate::documents::{self, HookItem, Item};
use crate::kube::Cluster;
use crate::releases::{Body, Entry, History, Store, annotation, record_size, refuse_too_large};

/// A [`Request`] that owns what it names.
#[derive(Clone, Debug)]
pub struct Inputs {
    operation: OperationKind,
    namespace: String,
    release: String,
    current_revision: u32,
    base_revision: u32,
    next_revision: u32,
    base: Vec<Item>,
    base_hooks: Vec<HookItem>,
    new: Vec<Item>,
    hooks: Vec<HookItem>,
    crds: Vec<Item>,
    options: ApplyOptions,
    uninstall: Option<Uninstall>,
    chart: Option<PlannedChart>,
    contents: String,
    kinds: Vec<(String, String)>,
    warnings: Vec<String>,
    record: Option<RecordSize>,
}

impl Inputs {
    /// What a plan of `subject` is made from. Reads the release's records, writes nothing.
    ///
    /// Cost: one call for sixteen revisions, and one for each of the one or two that count; one record in memory at a time.
    ///
    /// # Errors
    /// Documents that cannot be read, a set rendered for preview, a release that is not, is held by another operation or has
    /// moved on, a record that cannot be read or would not fit; the calls'.
    pub async fn of(
        cluster: &Cluster,
        namespace: &str,
        release: &str,
        subject: &PlanSubject,
    ) -> Result<Self, Problem> {
        let past = Past::read(cluster, namespace, release).await?;
        match subject {
            PlanSubject::Apply(apply) => Self::apply(&past, namespace, release, apply).await,
            PlanSubject::Rollback(rollback) => Self::rollback(&past, namespace, release, rollback).await,
            PlanSubject::Uninstall(uninstall) => Self::uninstall(&past, namespace, release, uninstall).await,
        }
    }

    /// What the drift report of the deployed revision is made from: it is compared with itself.
    ///
    /// # Errors
    /// As [`Inputs::of`].
    pub async fn drift(cluster: &Cluster, namespace: &str, release: &str) -> Result<Self, Problem> {
        let past = Past::read(cluster, namespace, release).await?;
        let entry = past.history.deployed().or_else(|| past.history.current());
        let revision = entry.ok_or_else(|| not_found(release))?.head.revision;
        let mut inputs = Self::empty(OperationKind::Upgrade, namespace, release, &past);
        inputs.set_base(revision, &past.record(revision, true).await?)?;
        inputs.new.clone_from(&inputs.base);
        inputs.options.no_hooks = true;
        // What was left to another on purpose is no drift.
        inputs.options.conflicts = decide::with_remembered(&Conflicts::default(), &past.history);
        Ok(inputs)
    }

    /// The request that borrows from this.
    #[must_use]
    pub fn request(&self) -> Request<'_> {
        Request {
            operation: self.operation,
            namespace: &self.namespace,
            release: &self.release,
            current_revision: self.current_revision,
            base_revision: self.base_revision,
            next_revision: self.next_revision,
            base: &self.base,
            base_hooks: &self.base_hooks,
            new: &self.new,
            hooks: &self.hooks,
            crds: &self.crds,
            options: &self.options,
            uninstall: self.uninstall.as_ref(),
            chart: self.chart.as_ref(),
            contents: &self.contents,
            orphans: true,
            kinds: &self.kinds,
            warnings: &self.warnings,
            record: self.record,
            progress: None,
        }
    }

    fn empty(operation: OperationKind, namespace: &str, release: &str, past: &Past<'_>) -> Self {
        Self {
            operation,
            namespace: namespace.to_owned(),
            release: release.to_owned(),
            current_revision: past.history.current_revision(),
            base_revision: 0,
            next_revision: past.history.current_revision() + 1,
            base: Vec::new(),
            base_hooks: Vec::new(),
            new: Vec::new(),
            hooks: Vec::new(),
            crds: Vec::new(),
            options: ApplyOptions::default(),
            uninstall: None,
            chart: None,
            contents: String::new(),
            kinds: past.kinds.iter().cloned().collect(),
            warnings: Vec::new(),
            record: None,
        }
    }

    fn set_base(&mut self, revision: u32, record: &Record) -> Result<(), Problem> {
        self.base_revision = revision;
        (self.base, self.base_hooks) = aside(|| read(record))?;
        Ok(())
    }

    async fn apply(past: &Past<'_>, namespace: &str, release: &str, apply: &Apply) -> Result<Self, Problem> {
        if apply.world != World::Exact {
            return Err(Problem::new(
                Code::PreviewRefused,
                "render the chart once more with the real clock and real randomness, and plan that",
            ));
        }
        pin::refuse_odd_digest(&apply.chart)?;
        past.history.expect(apply.expected_revision)?;
        let (operation, base) = past.history.start(apply.mode)?;
        let base = base.map(|entry| entry.head.revision);
        let mut inputs = Self::empty(operation, namespace, release, past);
        if let Some(revision) = base {
            inputs.set_base(revision, &past.record(revision, false).await?)?;
        }
        inputs.options = apply.options.clone();
        inputs.options.conflicts = decide::with_remembered(&apply.options.conflicts, &past.history);
        (inputs.chart, inputs.contents) = aside(|| (Some(pin::pin(&apply.chart)), pin::contents(apply)));
        // The namespace is created by an install alone.
        inputs.options.create_namespace &= operation == OperationKind::Install;
        aside(|| inputs.set_new(apply))?;
        Ok(inputs)
    }

    fn set_new(&mut self, apply: &Apply) -> Result<(), Problem> {
        let installs = self.operation == OperationKind::Install;
        let set = documents::read(&apply.documents)?;
        if apply.options.crds == CrdPolicy::Apply || (installs && apply.options.crds == CrdPolicy::Install) {
            self.crds = documents::read_crds(&apply.crds)?;
        }
        let record = draft::record(&self.release, &self.namespace, self.next_revision, apply, &set, None)?;
        let encoded = record::encode(&record);
        refuse_too_large(&encoded)?;
        self.record = Some(record_size(&encoded.sizes));
        self.warnings = set
            .dropped
            .iter()
            .map(|(source, events)| {
                format!("{source}: no such hook event: {events}; the document is left out, as Helm does")
            })
            .collect();
        (self.new, self.hooks) = (set.items, set.hooks);
        Ok(())
    }

    async fn rollback(
        past: &Past<'_>,
        namespace: &str,
        release: &str,
        rollback: &Rollback,
    ) -> Result<Self, Problem> {
        past.history.expect(rollback.expected_revision)?;
        let (last, target) = past.history.way_back(rollback.to_revision)?;
        let (last, number) = (last.head.revision, target.head.revision);
        let mut inputs = Self::empty(OperationKind::Rollback, namespace, release, past);
        inputs.set_base(last, &past.record(last, rollback.accept_mismatch).await?)?;
        let target = past.record(number, rollback.accept_mismatch).await?;
        (inputs.new, inputs.hooks) = aside(|| read(&target))?;
        inputs.options = rollback.options.clone();
        // Only an install creates its namespace.
        inputs.options.create_namespace = false;
        inputs.options.conflicts = decide::with_remembered(&rollback.options.conflicts, &past.history);
        inputs.chart = past.chart(number, &target);
        Ok(inputs)
    }

    async fn uninstall(
        past: &Past<'_>,
        namespace: &str,
        release: &str,
        uninstall: &Uninstall,
    ) -> Result<Self, Problem> {
        past.history.expect(uninstall.expected_revision)?;
        let last = past.history.current().ok_or_else(|| not_found(release))?.head.revision;
        let mut inputs = Self::empty(OperationKind::Uninstall, namespace, release, past);
        inputs.next_revision = 0;
        inputs.set_base(last, &past.record(last, uninstall.accept_mismatch).await?)?;
        inputs.hooks.clone_from(&inputs.base_hooks);
        inputs.options.no_hooks = uninstall.no_hooks;
        inputs.uninstall = Some(uninstall.clone());
        Ok(inputs)
    }
}

/// The objects and the hooks of a record.
fn read(record: &Record) -> Result<(Vec<Item>, Vec<HookItem>), Problem> {
    Ok((documents::read_stored(&record.manifest)?, stored_hooks(record)?))
}

fn not_found(release: &str) -> Problem {
    Problem::new(Code::NotFound, format!("release: not found: {release}"))
}

/// A release's records: what each is, and which kinds they name. Their bodies, of up to 32 MiB each, are not kept.
struct Past<'a> {
    store: Store<'a>,
    release: &'a str,
    history: History,
    kinds: BTreeSet<(String, String)>,
}

impl<'a> Past<'a> {
    async fn read(cluster: &'a Cluster, namespace: &'a str, release: &'a str) -> Result<Self, Problem> {
        let (mut entries, mut kinds) = (Vec::new(), BTreeSet::new());
        let store = Store::new(cluster, namespace);
        store
            .walk(release, |revision| {
                entries.push(Entry::of(&revision));
                if let Body::Record(record) = &revision.body {
                    kinds_of(&record.manifest, &mut kinds);
                }
            })
            .await?;
        Ok(Self { store, release, history: History::new(release, entries), kinds })
    }

    /// The record of a revision. One that names another release is no record of this one, unless that was accepted.
    async fn record(&self, revision: u32, accept_mismatch: bool) -> Result<Record, Problem> {
        let found = self.store.expect(self.release, revision).await?;
        found.refuse_mismatch(accept_mismatch)?;
        found.into_record()
    }

    /// The chart of a revision, with the digest that was noted when it was deployed.
    fn chart(&self, revision: u32, record: &Record) -> Option<PlannedChart> {
        let metadata = record.chart.as_ref().and_then(|chart| chart.metadata.as_ref())?;
        let entry = self.history.entry(revision);
        let noted = entry.and_then(|entry| entry.head.annotations.get(annotation::ARCHIVE).cloned());
        Some(PlannedChart {
            name: metadata.name.clone(),
            version: metadata.version.clone(),
            digest: noted.unwrap_or_else(|| format!("revision:{revision}")),
        })
    }
}

/// The custom kinds of a record, by `apiVersion` and `kind`.
#[must_use]
pub fn custom_kinds(record: &Record) -> BTreeSet<(String, String)> {
    let mut kinds = BTreeSet::new();
    for text in record.hooks.iter().map(|hook| &hook.manifest).chain([&record.manifest]) {
        kinds_of(text, &mut kinds);
    }
    kinds.retain(|(api_version, kind)| {
        let (api_version, kind) = (api_version.clone(), kind.clone());
        order::is_custom(&ObjectRef { api_version, kind, namespace: None, name: String::new() })
    });
    kinds
}

/// The kinds of a manifest, by the lines at the left margin that name them: enough to know what to look for.
fn kinds_of(manifest: &str, kinds: &mut BTreeSet<(String, String)>) {
    let value = |line: &str, name: &str| {
        let value = line.strip_prefix(name)?.split('#').next()?.trim().trim_matches(['"', '\'']);
        (!value.is_empty()).then(|| value.to_owned())
    };
    let (mut api_version, mut kind) = (None, None);
    for line in manifest.lines().chain(["---"]) {
        if line.starts_with("---") {
            if let (Some(api_version), Some(kind)) = (api_version.take(), kind.take()) {
                kinds.insert((api_version, kind));
            }
        } else if let Some(found) = value(line, "apiVersion:") {
            api_version = Some(found);
        } else if let Some(found) = value(line, "kind:") {
            kind = Some(found);
        }
    }
}

/// The hooks of a record, read.
///
/// # Errors
/// `invalid-document`: the record was written by hand, or is damaged.
pub fn stored_hooks(record: &Record) -> Result<Vec<HookItem>, Problem> {
    let mut hooks = Vec::new();
    for hook in &record.hooks {
        for object in documents::objects(&hook.manifest, &hook.path)? {
            hooks.push(HookItem {
                object,
                source: hook.path.clone(),
                text: hook.manifest.clone(),
                events: hook.events.clone(),
                weight: hook.weight,
                delete_policies: hook.delete_policies.clone(),
                output_log_policies: hook.output_log_policies.clone(),
            });
        }
    }
    Ok(hooks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_found_without_reading_the_documents() {
        let mut kinds = BTreeSet::new();
        let manifest = "---\n# Source: a\napiVersion: v1\nkind: \"Service\"\nspec:\n  kind: Inner\n---\nkind: Deployment # x\napiVersion: apps/v1\n---\nkind: Alone\n";
        kinds_of(manifest, &mut kinds);
        let found: Vec<String> =
            kinds.into_iter().map(|(version, kind)| format!("{version} {kind}")).collect();
        assert_eq!(found, ["apps/v1 Deployment", "v1 Service"]);
    }
}
