//! What must hold before anything is written: policy, size, places, ownership, and a dry run of every object.

use std::collections::HashSet;
use std::sync::Arc;

use release::record::{self, Hook, Record};
use wire::{EventBody, OperationKind, PlanSubject, Problem};

use super::conflict;
use super::context::{Context, Stop};
use super::draft::{self, Prepared};
use super::identity::identity;
use super::inputs::Inputs;
use super::job::Job;
use super::place;
use super::plan;
use super::request::Request;
use crate::object::Object;
use crate::policy::{self, Policy};
use crate::releases::refuse_too_large as refuse_encoded;

/// Refuses a record that no cluster stores, before anything is written.
pub(super) fn refuse_too_large(record: &Record) -> Result<(), Problem> {
    refuse_encoded(&record::encode(record))
}

/// Asks the policy about objects that are in their places, where cluster-scoped ones have no namespace and all others have
/// one.
pub(super) fn allow(policy: &Policy, objects: &[Object], namespace: &str) -> Result<(), Problem> {
    let subjects: Vec<policy::Subject<'_>> = objects
        .iter()
        .map(|object| policy::Subject { object, namespaced: !object.namespace().is_empty() })
        .collect();
    policy.check(&subjects, namespace)
}

/// [`allow`] for an operation.
pub(super) fn check_objects(job: &Job, objects: &[Object]) -> Result<(), Problem> {
    allow(&job.environment.policy, objects, job.namespace())
}

/// Asks the policy about the hooks of these events. `definitions` come before they run; a kind that is not served even then
/// is asked about when its hook runs.
pub(super) async fn check_hooks(
    job: &Job,
    context: &Context,
    hooks: &[Hook],
    events: &[&str],
    definitions: &[&Object],
) -> Result<(), Stop> {
    let mut objects = Vec::new();
    let runs = |hook: &&Hook| hook.events.iter().any(|event| events.contains(&event.as_str()));
    for hook in hooks.iter().filter(runs) {
        objects.extend(place::place(context, draft::objects_of(hook)?, definitions).await?.objects);
    }
    Ok(check_objects(job, &objects)?)
}

/// Asks the policy about everything that an install, upgrade or rollback would send.
pub(super) async fn check(job: &Job, context: &Context, prepared: &Prepared) -> Result<(), Stop> {
    let crds: Vec<Object> = prepared.crds.iter().map(|item| item.object.clone()).collect();
    check_objects(job, &crds)?;
    check_objects(job, &prepared.objects)?;
    if prepared.options.create_namespace && prepared.kind == OperationKind::Install {
        check_objects(job, &[plan::new_namespace(job.namespace())])?;
    }
    if prepared.options.prune {
        // What a forged record names must not be deleted either.
        let kept: HashSet<_> = prepared.objects.iter().map(|object| identity(&object.reference())).collect();
        let surplus = |object: &&Object| !kept.contains(&identity(&object.reference()));
        let surplus: Vec<Object> = prepared.base.iter().filter(surplus).cloned().collect();
        check_objects(job, &surplus)?;
    }
    if prepared.options.no_hooks {
        return Ok(());
    }
    let events: &[&str] = match prepared.kind {
        OperationKind::Install => &["pre-install", "post-install"],
        OperationKind::Rollback => &["pre-rollback", "post-rollback"],
        _ => &["pre-upgrade", "post-upgrade"],
    };
    let definitions: Vec<&Object> = crds.iter().chain(&prepared.objects).collect();
    check_hooks(job, context, &prepared.record.hooks, events, &definitions).await
}

/// Tries everything out: policy, then the plan that was made before, looked at again, or one made now. Nothing is written.
///
/// # Errors
/// `policy-denied`, `plan-stale`, what stands in the way of the first object; why the operation stops.
pub(super) async fn try_out(
    job: &Job,
    context: &Arc<Context>,
    prepared: &Prepared,
    subject: &PlanSubject,
) -> Result<(), Stop> {
    check(job, context, prepared).await?;
    planned(job, context, subject).await
}

/// Makes sure that what would happen now is what a person agreed to, or at least that nothing stands in its way.
pub(super) async fn planned(job: &Job, context: &Arc<Context>, subject: &PlanSubject) -> Result<(), Stop> {
    let (namespace, release) = (job.namespace(), job.release());
    let plan_id = match subject {
        PlanSubject::Apply(apply) => apply.plan_id.as_deref(),
        PlanSubject::Rollback(rollback) => rollback.plan_id.as_deref(),
        PlanSubject::Uninstall(uninstall) => uninstall.plan_id.as_deref(),
    };
    let kept = match plan_id {
        Some(id) => Some(job.environment.plans.get(job.handle.owner(), id)?),
        None => None,
    };
    let (kept, redactor) = (kept.as_deref(), &job.environment.redactor);
    let plan = context
        .ask(|cluster| async move {
            let inputs = Inputs::of(&cluster, namespace, release, subject).await?;
            match kept {
                Some(kept) => plan::confirm(&cluster, kept, &inputs.request(), redactor).await,
                // What nobody looks at is not looked for.
                None => {
                    let request = Request { orphans: false, ..inputs.request() };
                    plan::make(&cluster, &request, redactor).await
                }
            }
        })
        .await?;
    context.redaction.learn(&plan.redaction);
    context.warn(None, plan.plan.warnings.clone());
    for object in &plan.plan.objects {
        let settled = |field: &str| object.decisions.iter().any(|decision| decision.field == field);
        let open: Vec<_> =
            object.conflicts.iter().filter(|conflict| !settled(&conflict.field)).cloned().collect();
        if !open.is_empty() {
            context.handle.emit(EventBody::Conflict { object: object.object.clone(), conflicts: open });
        }
    }
    context.handle.emit(EventBody::PlanSummary { counts: plan.plan.counts });
    plan.refuse_unclean()?;
    // They are about to take effect.
    for decision in plan.plan.objects.iter().flat_map(|object| &object.decisions) {
        if let Some(owner) = &decision.owner {
            job.environment.metrics.conflict(conflict::kind(owner), decision.choice.into());
        }
    }
    Ok(())
}
