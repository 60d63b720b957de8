//! A new revision before it is written: its record, and its objects where they go.
//!
//! Source: helm v4.3.1 `pkg/action/{install,upgrade,rollback}.go`.

use release::record::{Hook, HookRun, Info, Record, Time};
use serde_json::Value;
use wire::{Apply, Problem, Status};

use super::context::{Broken, Context, Stop};
pub(super) use super::examine::identity;
use crate::documents::{self, Item, Set};
use crate::kube;
use crate::object::Object;
use crate::releases::chart_to_record;
pub(super) use crate::releases::lock::now;

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

/// Puts objects where they go: into the release's namespace what names none, into none what has none. A kind that `crds`
/// defines need not be served yet.
pub(super) async fn place(
    context: &Context,
    objects: &mut [Object],
    crds: &[Item],
    namespace: &str,
) -> Result<(), Stop> {
    for object in objects {
        let (api_version, kind) = (object.api_version().to_owned(), object.kind().to_owned());
        let resource = context
            .call(|cluster| {
                let (api_version, kind) = (&api_version, &kind);
                async move { cluster.resource(api_version, kind).await }
            })
            .await;
        let namespaced = match resource {
            Ok(resource) => resource.namespaced,
            Err(Broken::Kube(error)) if error.is_not_found() => {
                defined(crds, object).ok_or_else(|| unknown_kind(object, &error))?
            }
            Err(other) => return Err(other.into()),
        };
        settle(object, namespaced, namespace);
    }
    Ok(())
}

/// Whether the kind that a chart's own definition gives lives in namespaces; `None` when none defines it.
fn defined(crds: &[Item], object: &Object) -> Option<bool> {
    let reference = object.reference();
    let text = |item: &Item, pointer: &str| {
        item.object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let own = crds.iter().find(|item| {
        text(item, "/spec/group") == reference.group() && text(item, "/spec/names/kind") == reference.kind
    });
    own.map(|item| text(item, "/spec/scope") == "Namespaced")
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

/// The refusal of a kind that the cluster does not serve, in Helm's words.
pub(super) fn unknown_kind(object: &Object, error: &kube::Error) -> Stop {
    let detail = format!(
        "resource mapping not found for name: \"{}\" namespace: \"{}\" from \"\": no matches for kind \"{}\" in \
         version \"{}\"\nensure CRDs are installed first",
        object.name(),
        object.namespace(),
        object.kind(),
        object.api_version()
    );
    let mut problem = Problem { detail, ..error.problem() };
    problem.objects = vec![object.reference()];
    problem.into()
}

/// The objects of a record's manifest, where they go.
pub(super) async fn stored(context: &Context, record: &Record) -> Result<Vec<Object>, Stop> {
    let items = documents::read_stored(&record.manifest)?;
    let mut objects: Vec<Object> = items.into_iter().map(|item: Item| item.object).collect();
    for object in &mut objects {
        let (api_version, kind) = (object.api_version().to_owned(), object.kind().to_owned());
        let resource = context
            .call(|cluster| {
                let (api_version, kind) = (&api_version, &kind);
                async move { cluster.resource(api_version, kind).await }
            })
            .await;
        match resource {
            Ok(resource) => settle(object, resource.namespaced, &record.namespace),
            // The cluster serves it no longer, so there is nothing to delete either.
            Err(Broken::Kube(error)) if error.is_not_found() => {}
            Err(other) => return Err(other.into()),
        }
    }
    Ok(objects)
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
