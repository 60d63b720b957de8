//! From what was found out to what the page is told: counted, cut at its limits, secrets hidden.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use wire::{Class, Code, Counts, FieldChange, Impact, Plan, PlannedHook, PlannedObject, Problem};

use super::impact::{self, Subject};
use super::request::{Request, digest};
use super::view::Examined;
use crate::fieldpath::{Path, Step};
use crate::object::Object;
use crate::redact::{Redaction, Redactor};

/// How long a plan is kept.
pub(super) const LIFETIME: SignedDuration = SignedDuration::from_mins(10);
/// The fields of one object, in JSON.
pub(super) const OBJECT_LIMIT_BYTES: usize = 256 << 10;
/// The fields of a whole plan, in JSON.
pub(super) const PLAN_LIMIT_BYTES: usize = 32 << 20;

/// A plan, with what the bridge needs to look at it again. Holds secrets: only [`Prepared::plan`] leaves the process.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// As the page gets it, secrets hidden.
    pub plan: Plan,
    /// Hides what this plan's Secrets hold, in everything that is told of the operation.
    pub redaction: Redaction,
    pub(super) examined: Vec<Examined>,
}

impl Prepared {
    /// Why the plan cannot be carried out: the first object that stands in the way, and all of its kind.
    ///
    /// # Errors
    /// `conflict`, `merge-key-drift`, `ownership`, `immutable-field`, `invalid-object`, `forbidden`. What cannot be tried does
    /// not stand in the way: that is the person's risk, and the plan says so.
    pub fn refuse_unclean(&self) -> Result<(), Problem> {
        let in_the_way: Vec<&PlannedObject> =
            self.plan.objects.iter().filter(|object| object.stands_in_the_way()).collect();
        let Some(first) = in_the_way.first() else { return self.refuse_hooks() };
        let same: Vec<&&PlannedObject> =
            in_the_way.iter().filter(|object| object.class == first.class).collect();
        let mut problem = first.problem.clone().unwrap_or_else(|| {
            let fields: usize = same.iter().map(|object| object.conflicts.len()).sum();
            let detail = format!(
                "{fields} {} on {} {}",
                if fields == 1 { "field" } else { "fields" },
                same.len(),
                if same.len() == 1 { "object" } else { "objects" }
            );
            Problem::new(Code::Conflict, detail)
        });
        problem.objects = same.iter().map(|object| object.object.clone()).collect();
        problem.conflicts = same.iter().flat_map(|object| object.conflicts.iter().cloned()).collect();
        Err(problem)
    }

    fn refuse_hooks(&self) -> Result<(), Problem> {
        match self.plan.hooks.iter().find_map(|hook| Some((hook, hook.problem.clone()?))) {
            Some((hook, problem)) => Err(Problem { objects: vec![hook.object.clone()], ..problem }),
            None => Ok(()),
        }
    }

    /// About how many bytes it holds in memory.
    #[must_use]
    pub fn weight(&self) -> usize {
        let size = |value: &Option<Value>| value.as_ref().map_or(0, json_size);
        self.examined
            .iter()
            .map(|examined| 2048 + 3 * (size(&examined.live) + size(&examined.predicted)))
            .sum()
    }
}

/// The plan as the page gets it, and what the bridge keeps of it.
pub(super) fn report(
    request: &Request<'_>,
    redactor: &Redactor,
    examined: Vec<Examined>,
    hooks: Vec<PlannedHook>,
    warnings: Vec<String>,
) -> Prepared {
    let hook_secrets = request.hooks.iter().map(|hook| &hook.object);
    let base_secrets = request.base.iter().chain(request.new).map(|item| &item.object);
    let secrets: Vec<&Object> = examined
        .iter()
        .flat_map(|examined| &examined.secrets)
        .chain(hook_secrets)
        .chain(base_secrets)
        .collect();
    let redaction = redactor.known(secrets);
    let impact = impact_of(&examined, &redaction);
    let mut room = PLAN_LIMIT_BYTES;
    let mut counts = Counts::default();
    let mut objects = Vec::with_capacity(examined.len());
    let mut said: Vec<String> = warnings;
    for examined in &examined {
        count(&mut counts, examined.action.class);
        said.extend(examined.warnings.iter().cloned());
        objects.push(planned(examined, &redaction, &mut room));
    }
    let mut seen = HashSet::new();
    said.retain(|warning| seen.insert(warning.clone()));
    let mut hooks = hooks;
    for problem in hooks.iter_mut().filter_map(|hook| hook.problem.as_mut()) {
        redaction.problem(problem);
    }
    let now = Timestamp::now();
    let clean = !objects.iter().any(PlannedObject::stands_in_the_way)
        && hooks.iter().all(|hook| hook.problem.is_none());
    let plan = Plan {
        id: String::new(),
        created_at: moment(now),
        expires_at: moment(now.saturating_add(LIFETIME).unwrap_or(now)),
        operation: request.operation,
        namespace: request.namespace.to_owned(),
        release: request.release.to_owned(),
        current_revision: request.current_revision,
        base_revision: request.base_revision,
        next_revision: request.next_revision,
        digest: digest(request),
        chart: request.chart.cloned(),
        counts,
        objects,
        hooks,
        impact,
        record: request.record,
        warnings: said.iter().map(|warning| redaction.told(warning)).collect(),
        clean,
    };
    Prepared { plan, redaction, examined }
}

/// RFC 3339, whole seconds.
fn moment(time: Timestamp) -> String {
    Timestamp::from_second(time.as_second()).unwrap_or(time).to_string()
}

fn impact_of(examined: &[Examined], redaction: &Redaction) -> Vec<Impact> {
    let subjects: Vec<Subject<'_>> = examined
        .iter()
        .map(|examined| Subject {
            object: &examined.action.object,
            class: examined.action.class,
            live: examined.live.as_ref(),
            predicted: examined.predicted.as_ref(),
            changes: &examined.changes,
            recreate: examined.action.recreate,
        })
        .collect();
    let mut impact = impact::of(&subjects);
    for impact in &mut impact {
        if let Impact::Images { removed, added } = impact {
            for image in removed.iter_mut().chain(added) {
                *image = redaction.text(image);
            }
        }
    }
    impact
}

fn count(counts: &mut Counts, class: Class) {
    let counter = match class {
        Class::Create => &mut counts.create,
        Class::Update => &mut counts.update,
        Class::Unchanged => &mut counts.unchanged,
        Class::Delete => &mut counts.delete,
        Class::Keep | Class::Foreign | Class::Gone => &mut counts.keep,
        Class::Adopt => &mut counts.adopt,
        Class::Conflict => &mut counts.conflict,
        Class::Invalid | Class::Forbidden => &mut counts.invalid,
        Class::Unverifiable => &mut counts.unverifiable,
        Class::Orphan => &mut counts.orphan,
    };
    *counter += 1;
}

pub(super) fn planned(examined: &Examined, redaction: &Redaction, room: &mut usize) -> PlannedObject {
    let object = &examined.action.object;
    let mut fields = Vec::new();
    let mut truncated = false;
    let mut left = OBJECT_LIMIT_BYTES.min(*room);
    let mut add = |path: &Path, mut change: FieldChange| {
        redaction.change(object, path, &mut change);
        let size = 64
            + change.path.len()
            + [&change.old, &change.new].into_iter().flatten().map(json_size).sum::<usize>();
        if size > left {
            truncated = true;
            return;
        }
        left -= size;
        *room -= size;
        fields.push(change);
    };
    if examined.action.class == Class::Create {
        for (path, value) in parts(examined.predicted.as_ref()) {
            let change = FieldChange {
                path: path.to_string(),
                old: None,
                new: Some(value.clone()),
                cause: wire::Cause::Chart,
                owner: None,
            };
            add(&path, change);
        }
    }
    for (change, (cause, owner)) in examined.changes.iter().zip(&examined.causes) {
        let told = FieldChange {
            path: change.path.to_string(),
            old: change.old.clone(),
            new: change.new.clone(),
            cause: *cause,
            owner: owner.clone(),
        };
        add(&change.path, told);
    }
    let conflicts = examined.conflicts.iter().map(|(conflict, path)| {
        let mut conflict = conflict.clone();
        redaction.conflict(object, path, &mut conflict);
        conflict
    });
    let mut problem = examined.problem.clone();
    if let Some(problem) = &mut problem {
        redaction.problem(problem);
    }
    PlannedObject {
        object: object.clone(),
        class: examined.action.class,
        source: (!examined.action.source.is_empty()).then(|| examined.action.source.clone()),
        conflicts: conflicts.collect(),
        decisions: examined.decisions.clone(),
        fields,
        truncated,
        problem,
        recreate: examined.propose_recreate,
        approximate: examined.approximate,
    }
}

/// The parts of an object that is created, without what names it.
fn parts(object: Option<&Value>) -> Vec<(Path, &Value)> {
    let map = object.and_then(Value::as_object);
    map.into_iter()
        .flatten()
        .filter(|(name, _)| !matches!(name.as_str(), "apiVersion" | "kind" | "metadata"))
        .map(|(name, value)| (Path(vec![Step::Field(name.clone())]), value))
        .collect()
}

/// How many bytes a value is in JSON, without writing them anywhere.
pub(super) fn json_size(value: &Value) -> usize {
    struct Counter(usize);

    impl std::io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    let mut counter = Counter(0);
    // Writing a value into a counter does not fail.
    let _ = serde_json::to_writer(&mut counter, value);
    counter.0
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use wire::ApplyOptions;

    use super::*;
    use crate::operations::request::tests::{item, request};

    /// A plan of nothing.
    pub(in super::super) fn nothing(redactor: &Redactor) -> Prepared {
        report(&request(&[], &ApplyOptions::default()), redactor, Vec::new(), Vec::new(), Vec::new())
    }

    pub(in super::super) fn examined(class: Class) -> Examined {
        let mut examined = Examined::orphan(item("1").object.reference());
        examined.action.class = class;
        examined
    }

    fn told(classes: &[Class]) -> Prepared {
        let redactor = Redactor::new().expect("randomness");
        let examined = classes.iter().map(|class| examined(*class)).collect();
        report(&request(&[], &ApplyOptions::default()), &redactor, examined, Vec::new(), Vec::new())
    }

    #[test]
    fn what_stands_in_the_way_is_told() {
        let fine = [
            Class::Create,
            Class::Update,
            Class::Delete,
            Class::Keep,
            Class::Orphan,
            Class::Unverifiable,
            Class::Foreign,
        ];
        assert!(told(&fine).plan.clean && told(&fine).refuse_unclean().is_ok());
        for class in [Class::Conflict, Class::Invalid, Class::Forbidden] {
            let prepared = told(&[Class::Update, class, class]);
            assert!(!prepared.plan.clean);
            assert_eq!(prepared.refuse_unclean().expect_err("in the way").objects.len(), 2);
        }
    }

    #[test]
    fn an_object_is_cut_at_its_limit() {
        let mut large = examined(Class::Create);
        large.predicted = Some(json!({"data": {"a": "x".repeat(OBJECT_LIMIT_BYTES)}, "spec": {"b": 1}}));
        let redaction = Redactor::new().expect("randomness").known([]);
        let told = planned(&large, &redaction, &mut { PLAN_LIMIT_BYTES });
        assert!(told.truncated);
        assert_eq!(told.fields.iter().map(|field| field.path.as_str()).collect::<Vec<_>>(), [".spec"]);
    }
}
