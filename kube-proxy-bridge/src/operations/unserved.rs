//! Kinds that the cluster does not serve (any more): another version of them, and Helm's sentences where there is none.
//!
//! Source: helm v4.3.1 `pkg/action/{upgrade,rollback,uninstall}.go`, in its sentences.

use wire::{ObjectRef, Problem};

use crate::kube::{Error, Resource};
use crate::object::Object;

/// What cannot be built of the revision that is there, before the sentence that says why.
pub(super) const CURRENT: &str = "unable to build kubernetes objects from current release manifest";
/// The same when it is to be deleted.
pub(super) const DELETED: &str = "unable to build kubernetes objects for delete";

/// Another version of an object's kind among those that are served.
pub(super) fn another_version<'a>(served: &'a [Resource], object: &ObjectRef) -> Option<&'a Resource> {
    served.iter().find(|other| other.group == object.group() && other.kind == object.kind)
}

/// What Helm says of objects whose kinds are not served; `None` when there are none.
pub(super) fn unmapped(unserved: &[(Object, Error)]) -> Option<Problem> {
    let (_, first) = unserved.first()?;
    let sentences: Vec<String> = unserved.iter().map(|(object, _)| sentence(object)).collect();
    let detail = match sentences.as_slice() {
        [only] => only.clone(),
        several => format!("[{}]", several.join(", ")),
    };
    let objects = unserved.iter().map(|(object, _)| object.reference()).collect();
    Some(Problem { detail, objects, ..first.problem() })
}

fn sentence(object: &Object) -> String {
    format!(
        "resource mapping not found for name: \"{}\" namespace: \"{}\" from \"\": no matches for kind \"{}\" in \
         version \"{}\"\nensure CRDs are installed first",
        object.name(),
        object.namespace(),
        object.kind(),
        object.api_version()
    )
}
