//! The dry run of one object, and what its answer means: a prediction, conflicts, or a refusal.

use serde_json::Value;
use wire::{Class, Code, FieldChoice, Owner, Problem};

use super::decide::Settled;
use super::fields::Shape;
use super::managed::{HELM, Manager};
use super::view::{Context, Examined, Refusal};
use super::{conflict, fields, managed, normalise};
use crate::fieldpath::{Path, Step};
use crate::kube::{Applied, ApplyOptions, Error};
use crate::object::Object;

/// An object of the new manifest on its way through the dry run.
pub(super) struct Attempt<'a, 'b> {
    pub(super) context: &'b Context<'a>,
    pub(super) base: Option<Value>,
    pub(super) document: Value,
    pub(super) has_status: bool,
    pub(super) live: Option<Object>,
    pub(super) send: Object,
    pub(super) managers: Vec<Manager>,
    pub(super) settled: Settled,
}

impl Attempt<'_, '_> {
    pub(super) async fn run(self, mut examined: Examined) -> Result<Examined, Problem> {
        let dry = |force| ApplyOptions { dry_run: true, force };
        let cluster = self.context.cluster;
        let error = match cluster.apply(&self.send, dry(false)).await {
            Ok(applied) => return Ok(self.predicted(examined, applied)),
            Err(error) => error,
        };
        if !error.is_field_conflict() {
            return self.refused(examined, &error);
        }
        let live = self.live.as_ref().map(|live| Value::Object(live.as_map().clone())).unwrap_or_default();
        let mut conflicts = conflict::conflicts(&error.causes, &live, &self.document);
        if examined.action.client_side {
            // The step before the apply makes these Helm's own.
            conflicts.retain(|conflict| conflict.owner.manager != HELM);
        }
        let mut undecided = false;
        for mut conflict in conflicts {
            // The sentence leaves out the time of some writers; the object knows it.
            if conflict.owner.time.is_none() {
                conflict.owner.time = self.last_write(&conflict.owner);
            }
            let path = Path::find(&conflict.field, &self.document)
                .or_else(|| Path::find(&conflict.field, &live))
                .unwrap_or_default();
            undecided |= self.settled.choice(&conflict).is_none();
            examined.conflicts.push((conflict, path));
        }
        let mut examined = match cluster.apply(&self.send, dry(true)).await {
            Ok(applied) => self.predicted(examined, applied),
            Err(error) => return self.refused(examined, &error),
        };
        if undecided {
            examined.action.class = Class::Conflict;
        }
        Ok(examined)
    }

    fn last_write(&self, owner: &Owner) -> Option<String> {
        let same = self.managers.iter().map(|manager| &manager.owner).find(|known| {
            known.manager == owner.manager
                && known.operation == owner.operation
                && known.subresource == owner.subresource
        });
        same?.time.clone()
    }

    /// The server says what the object would be.
    fn predicted(&self, mut examined: Examined, applied: Applied) -> Examined {
        examined.warnings.extend(applied.warnings);
        let after = managed::managers(&applied.object);
        let mut predicted = normalise::live(&applied.object, self.has_status);
        let Some(live) = &self.live else {
            examined.action.class = Class::Create;
            examined.predicted = Some(predicted);
            return examined;
        };
        if examined.action.client_side {
            examined.approximate = true;
            if let (Some(upgraded), Some(base)) = (managed::upgraded(&self.managers), &self.base) {
                for path in managed::dropped(&upgraded, base, &self.document) {
                    path.remove(&mut predicted);
                }
            }
        }
        let shape = Shape::of(self.managers.iter().chain(&after));
        self.compare(&mut examined, live, predicted, &shape);
        examined
    }

    fn compare(&self, examined: &mut Examined, live: &Object, predicted: Value, shape: &Shape) {
        let live = normalise::live(live, self.has_status);
        let mut changes = fields::diff(&live, &predicted, shape);
        if examined.approximate {
            // The server would write a quantity in its own way.
            changes.retain(|change| match (&change.old, &change.new) {
                (Some(old), Some(new)) => !(fields::covers(old, new) && fields::covers(new, old)),
                _ => true,
            });
        }
        examined.action.class = if changes.is_empty() { Class::Unchanged } else { Class::Update };
        for change in &changes {
            let owner = managed::owner(&self.managers, &change.path);
            let base = self.base.as_ref().and_then(|base| change.path.of(base));
            let new = change.path.of(&self.document);
            let cause = fields::cause(base, new, change.old.as_ref(), change.new.as_ref(), owner);
            examined.causes.push((cause, owner.cloned()));
        }
        examined.changes = changes;
        examined.live = Some(live);
        examined.predicted = Some(predicted);
    }

    /// The server refuses the object.
    fn refused(&self, mut examined: Examined, error: &Error) -> Result<Examined, Problem> {
        let object = examined.action.object.clone();
        let refusal = self.context.refusal(&object, error)?;
        let class = match refusal {
            Refusal::Unverifiable(reason) => {
                let problem = Problem::new(Code::Unverifiable, format!("{object} cannot be tried: {reason}"));
                return Ok(examined.refused(Class::Unverifiable, problem));
            }
            Refusal::Forbidden => Class::Forbidden,
            Refusal::Invalid => Class::Invalid,
        };
        let mut problem = error.problem();
        if error.status == Some(403) && class == Class::Invalid {
            problem = Problem { k8s: problem.k8s, ..Problem::new(Code::InvalidObject, problem.detail) };
        }
        let Some(live) = &self.live else { return Ok(examined.refused(class, problem)) };
        if error.status == Some(422) {
            let drifted = self.drifted(live);
            if !drifted.is_empty() && error.message.contains("Duplicate value") {
                return Ok(self.merge_key_drift(examined, live, drifted, &problem));
            }
            if error.is_immutable() {
                problem = Problem { k8s: problem.k8s, ..Problem::new(Code::ImmutableField, problem.detail) };
                examined.propose_recreate = would_recreate(error, &object.kind);
                if examined.propose_recreate && self.context.may_recreate(&object) {
                    let shape = Shape::of(&self.managers);
                    let predicted =
                        fields::overlay(&normalise::live(live, self.has_status), &self.document, &shape);
                    examined.approximate = true;
                    self.compare(&mut examined, live, predicted, &shape);
                    examined.action.class = Class::Update;
                    examined.action.recreate = true;
                    return Ok(examined);
                }
            }
        }
        Ok(examined.refused(class, problem))
    }

    /// Items of live lists that have the name of one of the document's and another key, and that others own: the Service
    /// port that somebody renumbered by hand. An apply would add ours beside it, and the server refuses two of one name.
    fn drifted(&self, live: &Object) -> Vec<(Path, Owner, Value, Value)> {
        let mut found = Vec::new();
        let live = Value::Object(live.as_map().clone());
        for manager in self.managers.iter().filter(|manager| manager.owner.manager != HELM) {
            renamed(&manager.fields, &Path::default(), &mut |path: &Path| {
                let Some((_, list)) = path.0.split_last() else { return };
                let (Some(item), None) = (path.of(&live), path.of(&self.document)) else { return };
                let Some(name) = item.get("name") else { return };
                let ours = Path(list.to_vec()).of(&self.document).and_then(Value::as_array);
                let ours = ours.into_iter().flatten().find(|ours| ours.get("name") == Some(name));
                if let Some(ours) = ours {
                    found.push((path.clone(), manager.owner.clone(), item.clone(), ours.clone()));
                }
            });
        }
        found
    }

    fn merge_key_drift(
        &self,
        mut examined: Examined,
        live: &Object,
        drifted: Vec<(Path, Owner, Value, Value)>,
        refusal: &Problem,
    ) -> Examined {
        let mut cleaned = normalise::live(live, self.has_status);
        let mut undecided = false;
        for (path, owner, item, ours) in drifted {
            let mut conflict = conflict::conflict(path.to_string(), owner, Some(item), Some(ours));
            conflict.advice.retain(|choice| *choice == FieldChoice::TakeOver);
            match self.settled.choice(&conflict) {
                Some(FieldChoice::TakeOver) if conflict.advice.contains(&FieldChoice::TakeOver) => {
                    path.remove(&mut cleaned);
                }
                _ => undecided = true,
            }
            examined.conflicts.push((conflict, path));
        }
        if undecided {
            let detail = format!(
                "{}: somebody gave an entry of a list another key, and the chart's own entry would stand beside it: {}",
                examined.action.object, refusal.detail
            );
            return examined.refused(Class::Conflict, Problem::new(Code::MergeKeyDrift, detail));
        }
        let shape = Shape::of(&self.managers);
        let predicted = fields::overlay(&cleaned, &self.document, &shape);
        examined.approximate = true;
        self.compare(&mut examined, live, predicted, &shape);
        examined
    }
}

/// The items of lists by key that a manager owns.
fn renamed(set: &managed::FieldSet, path: &Path, visit: &mut impl FnMut(&Path)) {
    for (step, child) in set.children() {
        let path = path.then(step.clone());
        if matches!(step, Step::Key(_)) {
            visit(&path);
        }
        renamed(child, &path, &mut *visit);
    }
}

/// Kinds with fields that cannot change, of which another object of the same name can be made.
const RECREATABLE: [&str; 10] = [
    "ClusterRoleBinding",
    "ConfigMap",
    "DaemonSet",
    "Deployment",
    "Job",
    "PersistentVolumeClaim",
    "RoleBinding",
    "Secret",
    "Service",
    "StatefulSet",
];

/// Whether another object of the same name would be taken where a change of this one is refused.
pub(super) fn would_recreate(error: &Error, kind: &str) -> bool {
    error.is_immutable() && RECREATABLE.contains(&kind)
}
