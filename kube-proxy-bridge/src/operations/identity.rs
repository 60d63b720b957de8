//! Which object one is, whatever version of its API names it.

use wire::ObjectRef;

/// What identifies an object across versions of its API.
pub(super) type Identity = (String, String, Option<String>, String);

/// Whose objects are one: group, kind, place and name.
pub(super) fn identity(object: &ObjectRef) -> Identity {
    (object.group().to_owned(), object.kind.clone(), object.namespace.clone(), object.name.clone())
}
