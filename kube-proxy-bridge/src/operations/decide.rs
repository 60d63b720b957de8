//! What a person decided about fields of other managers, and what follows from it for one object: which fields are left out
//! of what is sent, which are taken over before, and which conflicts an apply may go over.
//!
//! The planner and the run ask the same functions, so that what was shown is what is done. Decisions are remembered on the
//! release's record; what was remembered gives way to what is decided now, and to a cluster in which it has no object any more.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use wire::{
    Code, Conflicts, Decision, FieldChoice, FieldConflict, KubernetesCause, ObjectConflicts, ObjectRef,
    Owner, OwnerOperation, Problem,
};

use super::conflict;
use super::identity::identity;
use super::managed::{self, HELM};
use crate::fieldpath::Path;
use crate::object::Object;
use crate::releases::{History, annotation};

/// What is decided about one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    choice: FieldChoice,
    remembered: bool,
}

/// What is decided about one object, by field.
pub(super) type Choices<'a> = BTreeMap<&'a str, Choice>;

/// What follows for one object.
#[derive(Clone, Debug, Default)]
pub(super) struct Settled {
    /// Fields that are set whoever owns them.
    forced: BTreeSet<String>,
    /// Fields that Helm takes from managers that write by update.
    taken: Vec<(String, Owner, Path)>,
    /// All of it, for the plan.
    pub(super) decisions: Vec<Decision>,
}

/// What is decided now, and what was decided for the newest revision that tells it.
pub(super) fn with_remembered(conflicts: &Conflicts, history: &History) -> Conflicts {
    let noted =
        history.entries().iter().find_map(|entry| entry.head.annotations.get(annotation::FIELD_POLICY));
    // A note that somebody else wrote is no decision.
    let noted: Conflicts = noted.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let mut remembered = Vec::new();
    for object in noted.objects {
        let known = choices(conflicts, &object.object, None);
        let mut fields = object.fields;
        fields.retain(|field, _| !known.contains_key(field.as_str()));
        if !fields.is_empty() {
            remembered.push(ObjectConflicts { object: object.object, fields });
        }
    }
    Conflicts { objects: conflicts.objects.clone(), remembered }
}

/// The note for the next revision: everything that holds from now on. `None` when nothing does.
pub(super) fn to_note(conflicts: &Conflicts) -> Option<String> {
    let objects: Vec<ObjectConflicts> = conflicts
        .objects
        .iter()
        .chain(&conflicts.remembered)
        .filter(|object| !object.fields.is_empty())
        .cloned()
        .collect();
    if objects.is_empty() {
        return None;
    }
    serde_json::to_string(&Conflicts { objects, remembered: Vec::new() }).ok()
}

/// What is decided about this object. Where a decision names no namespace, it is `namespace`.
pub(super) fn choices<'a>(
    conflicts: &'a Conflicts,
    object: &ObjectRef,
    namespace: Option<&str>,
) -> Choices<'a> {
    let wanted = identity(object);
    let of = |decided: &'a [ObjectConflicts], remembered: bool| {
        let own = decided.iter().filter(|decided| {
            let mut named = decided.object.clone();
            if named.namespace.is_none() {
                named.namespace = namespace.map(str::to_owned).or_else(|| object.namespace.clone());
            }
            identity(&named) == wanted
        });
        own.flat_map(|decided| &decided.fields)
            .map(move |(field, choice)| (field.as_str(), Choice { choice: *choice, remembered }))
            .collect::<Vec<_>>()
    };
    // What is decided now comes later, and stays.
    of(&conflicts.remembered, true).into_iter().chain(of(&conflicts.objects, false)).collect()
}

/// Decides about `object`, which is about to be sent onto `live`; what is left to others is taken out of it.
///
/// # Errors
/// `invalid-request`: a field is to be left to another, and nobody but Helm owns it. Left out it would fall back to its
/// default. What was only remembered is passed over then.
pub(super) fn settle(object: &mut Object, live: &Object, choices: &Choices<'_>) -> Result<Settled, Problem> {
    let mut settled = Settled::default();
    if choices.is_empty() {
        return Ok(settled);
    }
    let managers = managed::managers(live);
    let live = Value::Object(live.as_map().clone());
    let mut value = std::mem::take(object).into_value();
    let mut refused = None;
    for (field, Choice { choice, remembered }) in choices {
        // An entry that somebody renumbered by hand is in the live list alone.
        let in_document = Path::find(field, &value);
        let Some(path) = in_document.clone().or_else(|| Path::find(field, &live)) else { continue };
        let mut others = managers
            .iter()
            .filter(|manager| manager.owner.manager != HELM && manager.fields.touches(&path))
            .map(|manager| &manager.owner);
        let owner = others.clone().next().cloned();
        match choice {
            FieldChoice::Force => {
                settled.forced.insert((*field).to_owned());
            }
            FieldChoice::TakeOver => {
                let before = settled.taken.len();
                let writers = others.by_ref().filter(|owner| owner.operation == OwnerOperation::Update);
                settled.taken.extend(writers.map(|owner| ((*field).to_owned(), owner.clone(), path.clone())));
                if settled.taken.len() == before {
                    continue;
                }
            }
            FieldChoice::Yield if in_document.is_none() => continue,
            FieldChoice::Yield if owner.is_some() => {
                path.remove(&mut value);
            }
            FieldChoice::Yield if *remembered => continue,
            FieldChoice::Yield => {
                refused = Some(Problem::new(
                    Code::InvalidRequest,
                    format!(
                        "{field} cannot be left to another: nobody but Helm owns it, and it would fall back to its default"
                    ),
                ));
            }
        }
        settled.decisions.push(Decision {
            field: (*field).to_owned(),
            choice: *choice,
            owner,
            remembered: *remembered,
        });
    }
    // It was an object, and fields below its root were removed.
    *object = Object::from_value(value).unwrap_or_default();
    refused.map_or(Ok(settled), Err)
}

impl Settled {
    /// How this conflict was settled before it came; `None`: a person has to decide.
    pub(super) fn choice(&self, conflict: &FieldConflict) -> Option<FieldChoice> {
        if self.forced.contains(&conflict.field) {
            return Some(FieldChoice::Force);
        }
        let same = |owner: &Owner| {
            owner.manager == conflict.owner.manager
                && owner.operation == conflict.owner.operation
                && owner.subresource == conflict.owner.subresource
        };
        let taken = self.taken.iter().any(|(field, owner, _)| *field == conflict.field && same(owner));
        taken.then_some(FieldChoice::TakeOver)
    }

    /// Whether an apply that met these may be sent with force: each of them was decided so, and nothing else is in the way.
    pub(super) fn may_force(&self, causes: &[KubernetesCause]) -> bool {
        let conflicts = conflict::conflicts(causes, &Value::Null, &Value::Null);
        !conflicts.is_empty()
            && conflicts.iter().all(|conflict| self.choice(conflict) == Some(FieldChoice::Force))
    }

    /// What Helm takes over before the apply.
    pub(super) fn taken(&self) -> Vec<(Owner, Path)> {
        self.taken.iter().map(|(_, owner, path)| (owner.clone(), path.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::releases::{Entry, Head};

    fn reference() -> ObjectRef {
        ObjectRef {
            api_version: "apps/v1".to_owned(),
            kind: "Deployment".to_owned(),
            namespace: Some("shop".to_owned()),
            name: "web".to_owned(),
        }
    }

    fn decided(fields: &[(&str, FieldChoice)]) -> Conflicts {
        let fields = fields.iter().map(|(field, choice)| ((*field).to_owned(), *choice)).collect();
        Conflicts { objects: vec![ObjectConflicts { object: reference(), fields }], remembered: Vec::new() }
    }

    fn document() -> Object {
        Object::from_value(json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
            "spec": {"replicas": 2, "paused": true, "minReadySeconds": 3}}))
        .expect("a map")
    }

    fn live() -> Object {
        let entry = |manager: &str, operation: &str, field: &str| {
            json!({"manager": manager, "operation": operation, "apiVersion": "apps/v1", "fieldsType": "FieldsV1",
                "fieldsV1": {"f:spec": {field: {}}}})
        };
        Object::from_value(json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web", "managedFields": [
                entry("helm", "Apply", "f:replicas"), entry("helm", "Apply", "f:minReadySeconds"),
                entry("hpa", "Update", "f:replicas"), entry("k9s", "Update", "f:replicas"), entry("argo", "Apply", "f:paused"),
            ]},
            "spec": {"replicas": 5, "paused": false, "minReadySeconds": 3}}))
        .expect("a map")
    }

    fn settled(conflicts: &Conflicts) -> Result<(Value, Settled), Problem> {
        let mut object = document();
        let settled = settle(&mut object, &live(), &choices(conflicts, &reference(), None))?;
        Ok((object.into_value(), settled))
    }

    fn cause(field: &str, sentence: &str) -> KubernetesCause {
        KubernetesCause {
            reason: "FieldManagerConflict".to_owned(),
            message: sentence.to_owned(),
            field: field.to_owned(),
        }
    }

    #[test]
    fn a_field_of_another_is_left_out_and_what_nobody_else_owns_is_not() {
        let (sent, settled_here) =
            settled(&decided(&[(".spec.replicas", FieldChoice::Yield)])).expect("settled");
        assert_eq!(sent["spec"], json!({"paused": true, "minReadySeconds": 3}));
        assert_eq!(settled_here.decisions[0].owner.as_ref().map(|owner| owner.manager.as_str()), Some("hpa"));
        let refused =
            settled(&decided(&[(".spec.minReadySeconds", FieldChoice::Yield)])).expect_err("refused");
        assert_eq!(refused.code, Code::InvalidRequest);
        // Remembered from a time when somebody else owned it, it does not stand in the way.
        let Conflicts { objects, .. } = decided(&[(".spec.minReadySeconds", FieldChoice::Yield)]);
        let (sent, settled) =
            settled(&Conflicts { objects: Vec::new(), remembered: objects }).expect("passed over");
        assert_eq!((sent, settled.decisions.len()), (document().into_value(), 0));
    }

    #[test]
    fn force_goes_over_what_was_decided_and_nothing_else() {
        let (_, settled) = settled(&decided(&[(".spec.paused", FieldChoice::Force)])).expect("settled");
        let (paused, replicas) = (
            cause(".spec.paused", r#"conflict with "argo""#),
            cause(".spec.replicas", r#"conflict with "hpa" using v1"#),
        );
        assert!(settled.may_force(std::slice::from_ref(&paused)));
        assert!(!settled.may_force(&[paused, replicas]));
        assert!(!settled.may_force(&[]));
    }

    #[test]
    fn every_manager_that_updates_gives_a_field_away_and_one_that_applies_does_not() {
        let (_, taken) = settled(&decided(&[(".spec.replicas", FieldChoice::TakeOver)])).expect("settled");
        let names: Vec<String> = taken.taken().into_iter().map(|(owner, _)| owner.manager).collect();
        assert_eq!(names, ["hpa", "k9s"]);
        assert!(!taken.may_force(&[cause(".spec.replicas", r#"conflict with "hpa" using apps/v1"#)]));
        let (_, none) = settled(&decided(&[(".spec.paused", FieldChoice::TakeOver)])).expect("settled");
        assert!(none.taken().is_empty());
        let conflict = &conflict::conflicts(
            &[cause(".spec.paused", r#"conflict with "argo""#)],
            &Value::Null,
            &Value::Null,
        )[0];
        assert_eq!(none.choice(conflict), None, "the planner asks a person, and the run does not go over it");
    }

    #[test]
    fn what_was_decided_comes_back_until_something_else_is_decided() {
        let first = decided(&[(".spec.replicas", FieldChoice::Yield), (".spec.paused", FieldChoice::Force)]);
        let head = Head {
            revision: 3,
            annotations: BTreeMap::from([(
                annotation::FIELD_POLICY.to_owned(),
                to_note(&first).expect("a note"),
            )]),
            ..Head::default()
        };
        let newer = Entry { head: Head { revision: 4, ..Head::default() }, ..Entry::default() };
        let history = History::new("web", vec![Entry { head, ..Entry::default() }, newer]);
        let merged = with_remembered(&decided(&[(".spec.replicas", FieldChoice::Force)]), &history);
        let choices = choices(&merged, &reference(), None);
        assert_eq!(choices[".spec.replicas"], Choice { choice: FieldChoice::Force, remembered: false });
        assert_eq!(choices[".spec.paused"], Choice { choice: FieldChoice::Force, remembered: true });
        // And goes on to the next revision.
        let again = to_note(&merged).expect("a note");
        assert_eq!(again.matches("force").count(), 2, "{again}");
        assert_eq!(to_note(&Conflicts::default()), None);
    }
}
