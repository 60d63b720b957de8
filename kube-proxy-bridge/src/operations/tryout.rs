//! The dry run of every object, right before anything is written: what would fail half way fails here.
//!
//! A person who asked for a plan has seen all this; it is done again because the cluster may have moved since, and because
//! nobody has to ask for a plan.

use std::collections::HashSet;
use std::sync::Arc;

use futures::{StreamExt as _, stream};
use wire::{Code, Counts, EventBody, FieldChoice, ObjectState, OperationKind, Problem};

use super::conflict;
use super::context::{Broken, Context, Note, Stop};
use super::draft;
use super::managed;
use super::ownership;
use super::run::Prepared;
use crate::kube::{self, ApplyOptions};
use crate::object::Object;

/// Objects that are tried at a time.
const IN_FLIGHT: usize = 8;

/// What came of one object.
enum Tried {
    Create,
    Unchanged,
    Update,
    /// The cluster cannot say: its kind or its namespace comes with this operation, or a webhook takes no dry run.
    Unverifiable(String),
    Refused(Box<Problem>),
}

/// Tries all objects out.
///
/// # Errors
/// The first refusal's code, with every object that is refused; why the operation stops.
pub(super) async fn all(context: &Arc<Context>, prepared: &Prepared) -> Result<(), Stop> {
    let base: HashSet<_> = prepared.base.iter().map(|object| draft::identity(&object.reference())).collect();
    let one = |index: usize| {
        let base = &base;
        async move {
            context.checkpoint()?;
            Ok((index, tried(context, prepared, base, &prepared.objects[index]).await?))
        }
    };
    let results: Vec<Result<(usize, Tried), Stop>> =
        stream::iter(0..prepared.objects.len()).map(one).buffered(IN_FLIGHT).collect().await;
    let mut counts = Counts::default();
    let mut refused: Vec<Problem> = Vec::new();
    for result in results {
        let (index, tried) = result?;
        let reference = prepared.objects[index].reference();
        match tried {
            Tried::Create => counts.create += 1,
            Tried::Unchanged => counts.unchanged += 1,
            Tried::Update => counts.update += 1,
            Tried::Unverifiable(reason) => {
                counts.unverifiable += 1;
                context.warn(Some(&reference), vec![format!("not tried out: {reason}")]);
            }
            Tried::Refused(problem) => {
                let is_conflict = problem.code == Code::Conflict;
                let state = if is_conflict { ObjectState::Conflict } else { ObjectState::Failed };
                *(if is_conflict { &mut counts.conflict } else { &mut counts.invalid }) += 1;
                if is_conflict {
                    let conflicts = problem.conflicts.clone();
                    context.handle.emit(EventBody::Conflict { object: reference.clone(), conflicts });
                }
                let note = Note { problem: Some((*problem).clone()), ..Note::default() };
                context.object(&reference, index, state, note);
                refused.push(*problem);
            }
        }
    }
    context.handle.emit(EventBody::PlanSummary { counts });
    let mut refused = refused.into_iter();
    let Some(mut problem) = refused.next() else { return Ok(()) };
    for other in refused {
        problem.detail = format!("{}\n{}", problem.detail, other.detail);
        problem.objects.extend(other.objects);
        problem.conflicts.extend(other.conflicts);
    }
    Err(problem.into())
}

async fn tried(
    context: &Arc<Context>,
    prepared: &Prepared,
    base: &HashSet<(String, String, Option<String>, String)>,
    object: &Object,
) -> Result<Tried, Stop> {
    let reference = object.reference();
    let read = context.call(|cluster| {
        let reference = &reference;
        async move { cluster.get(reference).await }
    });
    let live = match read.await {
        Ok(live) => live,
        Err(Broken::Stop(stop)) => return Err(stop),
        Err(Broken::Kube(error)) => return Ok(refused(context, object, &error)),
    };
    let is_rollback = prepared.kind == OperationKind::Rollback;
    if let Some(live) = &live
        && !is_rollback
        && !prepared.options.take_ownership
        && !base.contains(&draft::identity(&reference))
        && !ownership::owns(live, &prepared.record.namespace, &prepared.record.name)
    {
        let detail = ownership::refusal(&reference, live, &prepared.record.namespace, &prepared.record.name);
        let mut problem = Problem::new(Code::Ownership, detail);
        problem.objects = vec![reference];
        return Ok(Tried::Refused(Box::new(problem)));
    }
    let options = ApplyOptions { dry_run: true, force: false };
    let applied = context.call(|cluster| async move { cluster.apply(object, options).await }).await;
    let error = match applied {
        Ok(applied) => {
            context.warn(Some(&reference), applied.warnings);
            let unchanged = live.is_some_and(|live| is_same(&live, &applied.object));
            return Ok(match applied.created {
                true => Tried::Create,
                false if unchanged => Tried::Unchanged,
                false => Tried::Update,
            });
        }
        Err(Broken::Stop(stop)) => return Err(stop),
        Err(Broken::Kube(error)) => error,
    };
    let recreates =
        prepared.options.recreate.iter().any(|wanted| draft::identity(wanted) == draft::identity(&reference));
    Ok(if error.is_no_such_resource() {
        // What no definition of this chart gives was refused when it was placed.
        Tried::Unverifiable("its kind comes with this chart".to_owned())
    } else if error.is_missing_namespace() && prepared.options.create_namespace {
        Tried::Unverifiable("its namespace comes with this operation".to_owned())
    } else if error.status == Some(400) && error.message.contains("does not support dry run") {
        Tried::Unverifiable(context.redaction.text(&error.message))
    } else if recreates && !error.is_forbidden() {
        Tried::Update
    } else if error.is_field_conflict() {
        conflicting(context, prepared, object, live.as_ref(), &error)
    } else {
        refused(context, object, &error)
    })
}

/// Whether nothing but what each write leaves behind differs.
fn is_same(live: &Object, after: &Object) -> bool {
    if live.resource_version() == after.resource_version() && !after.resource_version().is_empty() {
        return live.as_map().get("spec") == after.as_map().get("spec")
            && live.as_map().get("data") == after.as_map().get("data")
            && live.pointer("/metadata/labels") == after.pointer("/metadata/labels")
            && live.pointer("/metadata/annotations") == after.pointer("/metadata/annotations");
    }
    false
}

/// A conflict: none when it is with Helm from before server-side apply, or decided on.
fn conflicting(
    context: &Context,
    prepared: &Prepared,
    object: &Object,
    live: Option<&Object>,
    error: &kube::Error,
) -> Tried {
    let reference = object.reference();
    let live = live.map(|live| live.clone().into_value()).unwrap_or_default();
    let document = object.clone().into_value();
    let found = conflict::conflicts(&error.causes, &live, &document);
    let decided = prepared
        .options
        .conflicts
        .objects
        .iter()
        .find(|decided| draft::identity(&decided.object) == draft::identity(&reference));
    let is_open = |conflict: &wire::FieldConflict| {
        let is_helms = prepared.migrates && conflict.owner.manager == managed::HELM;
        let choice = decided.and_then(|decided| decided.fields.get(&conflict.field));
        !is_helms && !matches!(choice, Some(FieldChoice::Force | FieldChoice::TakeOver | FieldChoice::Yield))
    };
    let open: Vec<wire::FieldConflict> = found.iter().filter(|conflict| is_open(conflict)).cloned().collect();
    if open.is_empty() && !found.is_empty() {
        return Tried::Update;
    }
    let mut problem = problem(object, error);
    problem.code = Code::Conflict;
    problem.conflicts = open;
    context.redaction.problem(&mut problem);
    Tried::Refused(Box::new(problem))
}

fn refused(context: &Context, object: &Object, error: &kube::Error) -> Tried {
    let mut problem = problem(object, error);
    context.redaction.problem(&mut problem);
    Tried::Refused(Box::new(problem))
}

fn problem(object: &Object, error: &kube::Error) -> Problem {
    let reference = object.reference();
    let mut problem = error.problem();
    problem.detail = format!("{reference}: {}", error.message);
    problem.objects = vec![reference];
    problem
}
