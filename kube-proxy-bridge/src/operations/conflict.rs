//! Fields that another manager owns: what the API server says of them, who the owner is, and what can be done.
//!
//! *Source*: apimachinery v0.37 `pkg/util/managedfields/internal/conflict.go`. The sentence is
//! `conflict with "<manager>"[ with subresource "<name>"][ using <version>[ at <time>]]`; `using` stands there exactly when
//! the owner writes by update and not by apply.

use serde_json::Value;
use wire::{ConflictKind, FieldChoice, FieldConflict, KubernetesCause, Owner, OwnerOperation};

use super::managed::HELM;
use crate::fieldpath::Path;

/// The conflicts that an apply of `document` met, with both values looked up.
///
/// Causes of another reason are passed over. A sentence that is not understood stands in the owner's place.
#[must_use]
pub fn conflicts(causes: &[KubernetesCause], live: &Value, document: &Value) -> Vec<FieldConflict> {
    let causes = causes.iter().filter(|cause| cause.reason == "FieldManagerConflict");
    causes
        .map(|cause| {
            // A conflict is never lost because its sentence has changed.
            let owner = owner(&cause.message).unwrap_or_else(|| Owner {
                manager: cause.message.clone(),
                operation: OwnerOperation::Apply,
                subresource: None,
                time: None,
            });
            let value = |object: &Value| Path::find(&cause.field, object)?.of(object).cloned();
            conflict(cause.field.clone(), owner, value(live), value(document))
        })
        .collect()
}

/// A conflict with what is thought of its owner.
#[must_use]
pub fn conflict(field: String, owner: Owner, live: Option<Value>, chart: Option<Value>) -> FieldConflict {
    let kind = kind(&owner);
    let mut advice = match kind {
        ConflictKind::Autoscaler | ConflictKind::Controller => vec![FieldChoice::Yield, FieldChoice::Force],
        ConflictKind::Kubectl => vec![FieldChoice::Force, FieldChoice::TakeOver, FieldChoice::Yield],
        // Two deployers of one object: no choice here ends that.
        ConflictKind::Deployer => Vec::new(),
        ConflictKind::Helm => vec![FieldChoice::Force],
        ConflictKind::Other => vec![FieldChoice::Yield, FieldChoice::Force, FieldChoice::TakeOver],
    };
    if owner.operation == OwnerOperation::Apply {
        advice.retain(|choice| *choice != FieldChoice::TakeOver);
    }
    FieldConflict { field, owner, live, chart, kind, advice }
}

/// The owner that a conflict's sentence names.
fn owner(message: &str) -> Option<Owner> {
    let (manager, mut rest) = quoted(message.strip_prefix("conflict with ")?)?;
    let mut subresource = None;
    if let Some(more) = rest.strip_prefix(" with subresource ") {
        let (name, after) = quoted(more)?;
        subresource = Some(name);
        rest = after;
    }
    let mut owner = Owner { manager, operation: OwnerOperation::Apply, subresource, time: None };
    if let Some(using) = rest.strip_prefix(" using ") {
        owner.operation = OwnerOperation::Update;
        owner.time = using.split_once(" at ").map(|(_, time)| time.to_owned());
    }
    Some(owner)
}

/// A text as Go quotes it, and what follows.
fn quoted(text: &str) -> Option<(String, &str)> {
    let body = text.strip_prefix('"')?;
    let mut escaped = false;
    let end = body.find(|c: char| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })?;
    let (inner, rest) = (&body[..end], &body[end + 1..]);
    // Go's other escapes (\a, \x1b) are shown as they are: a manager of that name is a curiosity.
    let read = serde_json::from_str(&text[..end + 2]).unwrap_or_else(|_| inner.to_owned());
    Some((read, rest))
}

/// What a manager is, told by its name.
#[must_use]
pub fn kind(owner: &Owner) -> ConflictKind {
    let name = owner.manager.to_ascii_lowercase();
    let is = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    if name.starts_with("kubectl") || is(&["mozilla", "k9s", "lens", "headlamp", "dashboard"]) {
        ConflictKind::Kubectl
    } else if owner.subresource.as_deref() == Some("scale") || is(&["autoscal", "keda", "vpa-"]) {
        ConflictKind::Autoscaler
    } else if owner.manager == HELM {
        ConflictKind::Helm
    } else if is(&["argocd", "argo-cd", "flux", "helm-controller", "kustomize-controller", "fleet"])
        || name.starts_with("pulumi")
        || name.starts_with("terraform")
    {
        ConflictKind::Deployer
    } else if is(&["controller", "operator"]) || name == "manager" || name.starts_with("kube-") {
        ConflictKind::Controller
    } else {
        ConflictKind::Other
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn cause(message: &str, field: &str) -> KubernetesCause {
        KubernetesCause {
            reason: "FieldManagerConflict".to_owned(),
            message: message.to_owned(),
            field: field.to_owned(),
        }
    }

    #[test]
    fn every_form_of_the_sentence_is_read() {
        use OwnerOperation::{Apply, Update};
        let time = Some("2026-11-20T09:12:03Z");
        for (message, manager, operation, subresource, at) in [
            (r#"conflict with "kubectl""#, "kubectl", Apply, None, None),
            (r#"conflict with "a" with subresource "status""#, "a", Apply, Some("status"), None),
            (r#"conflict with "a" using apps/v1"#, "a", Update, None, None),
            (
                r#"conflict with "kubectl-edit" using v1 at 2026-11-20T09:12:03Z"#,
                "kubectl-edit",
                Update,
                None,
                time,
            ),
            (
                r#"conflict with "kube-controller-manager" with subresource "scale" using apps/v1 at 2026-11-20T09:12:03Z"#,
                "kube-controller-manager",
                Update,
                Some("scale"),
                time,
            ),
            (r#"conflict with "a \" using v1" using v2"#, "a \" using v1", Update, None, None),
            (r#"conflict with "a\\""#, "a\\", Apply, None, None),
        ] {
            let owner = owner(message).unwrap_or_else(|| panic!("{message}"));
            assert_eq!(
                (
                    owner.manager.as_str(),
                    owner.operation,
                    owner.subresource.as_deref(),
                    owner.time.as_deref()
                ),
                (manager, operation, subresource, at)
            );
        }
        for message in ["", "conflict with", "conflict with a", "conflict with \"a", "Conflict with \"a\""] {
            assert_eq!(owner(message), None, "{message}");
        }
    }

    #[test]
    fn values_are_looked_up_and_advice_follows_from_the_name() {
        let live = json!({"spec": {"replicas": 7, "containers": [{"name": "web", "image": "b"}]}});
        let chart = json!({"spec": {"replicas": 2, "containers": [{"name": "web", "image": "a"}]}});
        let found = conflicts(
            &[
                cause(
                    r#"conflict with "kube-controller-manager" with subresource "scale" using apps/v1"#,
                    ".spec.replicas",
                ),
                cause(
                    r#"conflict with "kubectl-edit" using apps/v1"#,
                    r#".spec.containers[name="web"].image"#,
                ),
                KubernetesCause { reason: "Other".to_owned(), ..cause("conflict with \"x\"", ".a") },
            ],
            &live,
            &chart,
        );
        assert_eq!(found.len(), 2);
        assert_eq!((&found[0].live, &found[0].chart), (&Some(json!(7)), &Some(json!(2))));
        assert_eq!(found[0].kind, ConflictKind::Autoscaler);
        assert_eq!(found[0].advice, [FieldChoice::Yield, FieldChoice::Force]);
        assert_eq!((&found[1].live, &found[1].chart), (&Some(json!("b")), &Some(json!("a"))));
        assert_eq!(found[1].advice, [FieldChoice::Force, FieldChoice::TakeOver, FieldChoice::Yield]);
    }

    #[test]
    fn managers_are_known_by_their_names() {
        use ConflictKind::{Autoscaler, Controller, Deployer, Helm, Kubectl, Other};
        for (name, expected) in [
            ("helm", Helm),
            ("kubectl-client-side-apply", Kubectl),
            ("kubectl-scale", Kubectl),
            ("Mozilla", Kubectl),
            ("k9s", Kubectl),
            ("argocd-controller", Deployer),
            ("flux-client-side-apply", Deployer),
            ("kubectl", Kubectl),
            ("helm-controller", Deployer),
            ("kustomize-controller", Deployer),
            ("kube-controller-manager", Controller),
            ("cert-manager-certificates-controller", Controller),
            ("keda-operator", Autoscaler),
            ("my-script", Other),
        ] {
            let owner = Owner {
                manager: name.to_owned(),
                operation: OwnerOperation::Apply,
                subresource: None,
                time: None,
            };
            assert_eq!(kind(&owner), expected, "{name}");
            let advice = conflict(String::new(), owner, None, None).advice;
            assert!(
                !advice.contains(&FieldChoice::TakeOver),
                "{name}: nothing is taken from one who applies"
            );
        }
    }
}
