//! Whose an object is: Helm's three marks.
//!
//! *Source*: helm v4.3.1 `pkg/action/validate.go`, whose sentences people search for.

use wire::ObjectRef;

use crate::object::Object;

const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
const HELM: &str = "Helm";
const RELEASE_NAME: &str = "meta.helm.sh/release-name";
const RELEASE_NAMESPACE: &str = "meta.helm.sh/release-namespace";

/// The selector of everything that any release of Helm's owns.
pub const SELECTOR: &str = "app.kubernetes.io/managed-by=Helm";

/// Marks an object as the release's. Hooks, files of `crds/` and the created namespace carry no marks.
pub fn mark(object: &mut Object, namespace: &str, release: &str) {
    object.set_label(MANAGED_BY, HELM);
    object.set_annotation(RELEASE_NAME, release);
    object.set_annotation(RELEASE_NAMESPACE, namespace);
}

/// Whether a live object is the release's.
#[must_use]
pub fn owns(object: &Object, namespace: &str, release: &str) -> bool {
    faults(object, namespace, release).is_empty()
}

/// Whether a live object is marked as another release's.
#[must_use]
pub fn is_anothers(object: &Object, namespace: &str, release: &str) -> bool {
    let differs = |name: &str, ours: &str| object.annotation(name).is_some_and(|found| found != ours);
    object.label(MANAGED_BY) == Some(HELM)
        && (differs(RELEASE_NAME, release) || differs(RELEASE_NAMESPACE, namespace))
}

/// Helm's sentence for an object that exists and is not the release's.
#[must_use]
pub fn refusal(reference: &ObjectRef, object: &Object, namespace: &str, release: &str) -> String {
    format!(
        "{} \"{}\" in namespace \"{}\" exists and cannot be imported into the current release: invalid ownership \
         metadata; {}",
        reference.kind,
        reference.name,
        reference.namespace.as_deref().unwrap_or_default(),
        faults(object, namespace, release).join("; ")
    )
}

fn faults(object: &Object, namespace: &str, release: &str) -> Vec<String> {
    let check = |what: &str, name: &str, found: Option<&str>, wanted: &str| match found {
        None => Some(format!("{what} validation error: missing key \"{name}\": must be set to \"{wanted}\"")),
        Some(found) if found == wanted => None,
        Some(found) => Some(format!(
            "{what} validation error: key \"{name}\" must equal \"{wanted}\": current value is \"{found}\""
        )),
    };
    [
        check("label", MANAGED_BY, object.label(MANAGED_BY), HELM),
        check("annotation", RELEASE_NAME, object.annotation(RELEASE_NAME), release),
        check("annotation", RELEASE_NAMESPACE, object.annotation(RELEASE_NAMESPACE), namespace),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// `helm.sh/resource-policy`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// `keep`
    Keep,
    /// None is written.
    Delete,
    /// A word that means nothing. Helm's uninstall leaves such an object without a word; here it is deleted, with one.
    Unknown,
}

/// The policy of an object. An upgrade asks the live one and wants the exact word; an uninstall asks the stored one and is
/// lenient, as Helm.
#[must_use]
pub fn policy(object: &Object, is_lenient: bool) -> Policy {
    match object.annotation("helm.sh/resource-policy") {
        None => Policy::Delete,
        Some("keep") => Policy::Keep,
        Some(word) if is_lenient && word.trim().eq_ignore_ascii_case("keep") => Policy::Keep,
        Some(_) => Policy::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(label: Option<&str>, name: Option<&str>, namespace: Option<&str>) -> Object {
        let mut object =
            Object::from_value(json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}}))
                .expect("a map");
        if let Some(label) = label {
            object.set_label(MANAGED_BY, label);
        }
        for (key, value) in [(RELEASE_NAME, name), (RELEASE_NAMESPACE, namespace)] {
            if let Some(value) = value {
                object.set_annotation(key, value);
            }
        }
        object
    }

    #[test]
    fn all_three_marks_make_an_owner() {
        let mut fresh = object(None, None, None);
        mark(&mut fresh, "shop", "web");
        assert!(
            owns(&fresh, "shop", "web") && !owns(&fresh, "shop", "other") && !owns(&fresh, "prod", "web")
        );
        for (object, anothers) in [
            (object(None, None, None), false),
            (object(Some("Helm"), Some("web"), None), false),
            (object(Some("Helm"), Some("other"), Some("shop")), true),
            (object(Some("Kustomize"), Some("other"), Some("shop")), false),
        ] {
            assert!(!owns(&object, "shop", "web"));
            assert_eq!(is_anothers(&object, "shop", "web"), anothers);
        }
    }

    #[test]
    fn the_refusal_is_helms() {
        let mut reference = object(None, None, None).reference();
        reference.namespace = Some("shop".to_owned());
        assert_eq!(
            refusal(&reference, &object(Some("Helm"), Some("other"), None), "shop", "web"),
            "Service \"web\" in namespace \"shop\" exists and cannot be imported into the current release: invalid \
             ownership metadata; annotation validation error: key \"meta.helm.sh/release-name\" must equal \"web\": current \
             value is \"other\"; annotation validation error: missing key \"meta.helm.sh/release-namespace\": must be set \
             to \"shop\""
        );
    }

    #[test]
    fn policies_are_read_in_two_ways() {
        let with = |word: &str| {
            let mut object = object(None, None, None);
            object.set_annotation("helm.sh/resource-policy", word);
            object
        };
        for (word, strict, lenient) in [
            ("keep", Policy::Keep, Policy::Keep),
            (" Keep ", Policy::Unknown, Policy::Keep),
            ("delete", Policy::Unknown, Policy::Unknown),
        ] {
            assert_eq!((policy(&with(word), false), policy(&with(word), true)), (strict, lenient), "{word}");
        }
        assert_eq!(policy(&object(None, None, None), true), Policy::Delete);
    }
}
