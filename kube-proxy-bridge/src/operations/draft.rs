//! A new revision before it is written: its record, and what it would send.
//!
//! Source: helm v4.3.1 `pkg/action/{install,upgrade,rollback}.go`.

use std::collections::BTreeMap;

use release::record::{Hook, HookRun, Info, Record, Time};
use serde_json::Value;
use wire::{Apply, ApplyOptions, OperationKind, Problem, Status};

use crate::documents::{self, Item, Set};
use crate::object::Object;
pub(super) use crate::releases::lock::now;
use crate::releases::{Entry, chart_to_record};

/// What is known before anything is written.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) kind: OperationKind,
    pub(super) record: Record,
    pub(super) labels: BTreeMap<String, String>,
    /// What is noted on the record's Secret besides how far the operation is.
    pub(super) notes: BTreeMap<String, String>,
    /// Definitions that are sent before.
    pub(super) crds: Vec<Item>,
    pub(super) objects: Vec<Object>,
    pub(super) base: Vec<Object>,
    /// What is marked superseded at the end.
    pub(super) previous: Vec<u32>,
    pub(super) options: ApplyOptions,
    pub(super) migrates: bool,
    pub(super) planned: bool,
}

/// What a look at the history found.
pub(super) enum Found {
    /// This operation has begun before, in another process.
    Attached(Box<Entry>),
    New(Box<Prepared>),
}

/// What an install or upgrade would write, status pending.
///
/// # Errors
/// Those of [`chart_to_record`].
pub(super) fn record(
    release: &str,
    namespace: &str,
    revision: u32,
    apply: &Apply,
    set: &Set,
    first_deployed: Option<Time>,
) -> Result<Record, Problem> {
    let is_install = first_deployed.is_none();
    let at = now();
    let (status, description) = if is_install {
        (Status::PendingInstall, "Initial install underway")
    } else {
        (Status::PendingUpgrade, "Preparing upgrade")
    };
    Ok(Record {
        name: release.to_owned(),
        namespace: namespace.to_owned(),
        version: revision,
        info: Info {
            first_deployed: Some(first_deployed.unwrap_or_else(|| at.clone())),
            last_deployed: Some(at),
            deleted: None,
            description: description.to_owned(),
            status: status.text().to_owned(),
            rollback_revision: 0,
            notes: apply.notes.clone(),
        },
        chart: Some(chart_to_record(&apply.chart, apply.options.slim_record)?),
        config: apply.config.clone(),
        manifest: set.manifest.clone(),
        hooks: hooks(set),
        apply_method: "ssa".to_owned(),
    })
}

/// What a rollback to `target` would write, status pending.
pub(super) fn rolled_back(target: &Record, last: &Record, description: &str) -> Record {
    let description = if description.is_empty() {
        format!("Rollback to {}", target.version)
    } else {
        description.chars().take(256).collect()
    };
    Record {
        name: last.name.clone(),
        namespace: last.namespace.clone(),
        version: last.version.saturating_add(1),
        info: Info {
            first_deployed: last.info.first_deployed.clone(),
            last_deployed: Some(now()),
            deleted: None,
            description,
            status: Status::PendingRollback.text().to_owned(),
            rollback_revision: target.version,
            notes: target.info.notes.clone(),
        },
        chart: target.chart.clone(),
        config: target.config.clone(),
        manifest: target.manifest.clone(),
        hooks: target.hooks.clone(),
        // A release of client-side apply moves over with its first operation here.
        apply_method: "ssa".to_owned(),
    }
}

/// The hooks of a render, one per document.
pub(super) fn hooks(set: &Set) -> Vec<Hook> {
    let mut hooks: Vec<Hook> = Vec::with_capacity(set.hooks.len());
    for (at, item) in set.hooks.iter().enumerate() {
        // A list is one document, and one hook, with several objects.
        let same = at.checked_sub(1).map(|before| &set.hooks[before]);
        if same.is_some_and(|same| same.source == item.source && same.text == item.text) {
            continue;
        }
        hooks.push(Hook {
            name: item.object.name().to_owned(),
            kind: item.object.kind().to_owned(),
            path: item.source.clone(),
            manifest: item.text.clone(),
            events: item.events.clone(),
            last_run: HookRun::default(),
            weight: item.weight,
            delete_policies: item.delete_policies.clone(),
            output_log_policies: item.output_log_policies.clone(),
        });
    }
    hooks
}

/// The objects of a hook's document.
pub(super) fn objects_of(hook: &Hook) -> Result<Vec<Object>, Problem> {
    documents::objects(&hook.manifest, &hook.path)
}

/// Puts one object where it goes.
pub(super) fn settle(object: &mut Object, namespaced: bool, namespace: &str) {
    if !namespaced {
        if let Some(Value::Object(metadata)) = object.as_map_mut().get_mut("metadata") {
            metadata.remove("namespace");
        }
    } else if object.namespace().is_empty() {
        object.set_metadata("namespace", namespace);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn objects_go_where_their_kind_lives() {
        let mut object = Object::from_value(json!({"metadata": {"name": "a"}})).unwrap();
        settle(&mut object, true, "shop");
        assert_eq!(object.namespace(), "shop");
        settle(&mut object, true, "other");
        assert_eq!(object.namespace(), "shop");
        settle(&mut object, false, "other");
        assert_eq!(object.reference().namespace, None);
    }
}
