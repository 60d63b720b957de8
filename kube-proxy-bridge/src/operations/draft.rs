//! A new revision before it is written: its record, and its objects where they go.
//!
//! Source: helm v4.3.1 `pkg/action/{install,upgrade,rollback}.go`.

use release::record::{Hook, HookRun, Info, Record, Time};
use serde_json::Value;
use wire::{Apply, Problem, Status};

use super::context::{Broken, Context, Stop};
pub(super) use super::examine::identity;
use crate::documents::{self, Set};
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

/// Objects in their places, and those whose kind the cluster does not serve.
#[derive(Debug, Default)]
pub(super) struct Placed {
    /// A cluster-scoped one has no namespace, every other has one.
    pub(super) objects: Vec<Object>,
    pub(super) unserved: Vec<(Object, kube::Error)>,
}

impl Placed {
    /// The objects, when all are in their places.
    ///
    /// # Errors
    /// Helm's sentence about the first whose kind is not served.
    pub(super) fn all(self) -> Result<Vec<Object>, Stop> {
        match self.unserved.first() {
            Some((object, error)) => Err(unknown_kind(object, error)),
            None => Ok(self.objects),
        }
    }
}

/// Puts objects where they go: into the release's namespace what names none, into none what has none. A kind that one of
/// `definitions` defines need not be served yet.
pub(super) async fn place(
    context: &Context,
    objects: Vec<Object>,
    definitions: &[&Object],
) -> Result<Placed, Stop> {
    let mut placed = Placed::default();
    for mut object in objects {
        let (api_version, kind) = (object.api_version().to_owned(), object.kind().to_owned());
        let resource = context
            .call(|cluster| {
                let (api_version, kind) = (&api_version, &kind);
                async move { cluster.resource(api_version, kind).await }
            })
            .await;
        let namespaced = match resource {
            Ok(resource) => resource.namespaced,
            Err(Broken::Kube(error)) if error.is_not_found() => match defined(definitions, &object) {
                Some(namespaced) => namespaced,
                None => {
                    placed.unserved.push((object, error));
                    continue;
                }
            },
            Err(other) => return Err(other.into()),
        };
        settle(&mut object, namespaced, context.handle.namespace());
        placed.objects.push(object);
    }
    Ok(placed)
}

/// Whether the kind that one of these definitions gives lives in namespaces; `None` when none defines it.
fn defined(definitions: &[&Object], object: &Object) -> Option<bool> {
    let reference = object.reference();
    let text = |object: &Object, pointer: &str| {
        object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let own =
        definitions.iter().filter(|object| object.kind() == "CustomResourceDefinition").find(|object| {
            text(object, "/spec/group") == reference.group()
                && text(object, "/spec/names/kind") == reference.kind
        });
    own.map(|object| text(object, "/spec/scope") == "Namespaced")
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

/// The objects of a record's manifest, where they go. One whose version is served no longer is found by another version
/// of its kind.
pub(super) async fn stored(context: &Context, record: &Record) -> Result<Placed, Stop> {
    let items = documents::read_stored(&record.manifest)?;
    let mut placed = place(context, items.into_iter().map(|item| item.object).collect(), &[]).await?;
    if placed.unserved.is_empty() {
        return Ok(placed);
    }
    let served =
        context.call(|cluster| async move { cluster.resources().await }).await.map_err(Stop::from)?;
    for (mut object, error) in std::mem::take(&mut placed.unserved) {
        let reference = object.reference();
        match served.iter().find(|other| other.group == reference.group() && other.kind == reference.kind) {
            Some(other) => {
                object.as_map_mut().insert("apiVersion".to_owned(), other.api_version().into());
                settle(&mut object, other.namespaced, context.handle.namespace());
                placed.objects.push(object);
            }
            None => placed.unserved.push((object, error)),
        }
    }
    Ok(placed)
}

/// The objects of the revision before: what they have and the new one has not is deleted. Those of a kind that the cluster
/// serves in no version are left where they are, and told.
pub(super) async fn base(context: &Context, record: &Record) -> Result<Vec<Object>, Stop> {
    let placed = stored(context, record).await?;
    for (object, error) in placed.unserved {
        let message = format!("it is left as it is: {}", error.message);
        context.warn(Some(&object.reference()), vec![message]);
    }
    Ok(placed.objects)
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
