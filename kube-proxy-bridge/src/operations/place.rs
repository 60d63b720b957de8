//! Objects where they go: in the namespace of the release or their own, or in none, as the cluster serves their kinds.

use std::time::Duration;

use release::record::Record;
use serde_json::Value;

use super::context::{Broken, Context, Stop};
use super::draft::settle;
use super::unserved::{CURRENT, another_version, unmapped};
use crate::documents;
use crate::kube;
use crate::object::Object;

/// How long a kind that was just defined may take to be served.
pub(super) const DEFINED_WITHIN: Duration = Duration::from_secs(10);

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
    /// Helm's sentence about those whose kind is not served.
    pub(super) fn all(self) -> Result<Vec<Object>, Stop> {
        match unmapped(&self.unserved) {
            Some(problem) => Err(problem.into()),
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

/// The objects of a record's manifest, where they go. One whose version is served no longer is found by another version
/// of its kind; a kind that one of `definitions` defines need not be served yet.
pub(super) async fn stored(
    context: &Context,
    record: &Record,
    definitions: &[&Object],
) -> Result<Placed, Stop> {
    let items = documents::read_stored(&record.manifest)?;
    let objects = items.into_iter().map(|item| item.object).collect();
    let mut placed = place(context, objects, definitions).await?;
    if placed.unserved.is_empty() {
        return Ok(placed);
    }
    let served =
        context.call(|cluster| async move { cluster.resources().await }).await.map_err(Stop::from)?;
    for (mut object, error) in std::mem::take(&mut placed.unserved) {
        match another_version(&served, &object.reference()) {
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

/// The objects of the revision before: what they have and the new one has not is deleted. `definitions` are sent before
/// that, and what they define has no objects yet.
///
/// # Errors
/// Helm's sentence when the cluster serves one of their kinds in no version: what is of it could not be deleted, and no
/// later revision would know of it.
pub(super) async fn base(
    context: &Context,
    record: &Record,
    definitions: &[&Object],
) -> Result<Vec<Object>, Stop> {
    let objects = stored(context, record, definitions).await?.all();
    objects.map_err(|stop| stop.behind(CURRENT))
}
