//! What an operation would do: every object tried by the API server's own dry run, before anything is written.
//!
//! The planner of an install and an upgrade, of a rollback, an uninstall and of the drift report are one: the base manifest
//! and the new one differ. Cost: two calls for each object, three for one with a conflict, eight in flight; one call for each
//! kind to find orphans.

use std::collections::{BTreeSet, HashSet};

use futures::{StreamExt, TryStreamExt};
use wire::{Class, Code, ObjectRef, OperationKind, PlannedChart, PlannedHook, Problem};

use super::examine::{examine, examine_hook, examine_old};
use super::identity::{Identity, identity};
use super::report::{Prepared, report};
use super::request::{Progress, Request, digest};
use super::view::{Context, Examined, Seen};
use super::{order, orphans};
use crate::documents::{HookItem, Item};
use crate::kube::Cluster;
use crate::object::Object;
use crate::policy::{self, Policy};
use crate::redact::Redactor;

const IN_FLIGHT: usize = 8;
/// Looks at one object and tells that it was.
async fn counted<T>(progress: Option<&Progress>, look: impl Future<Output = T>) -> T {
    let looked = look.await;
    if let Some(progress) = progress {
        progress.step();
    }
    looked
}

/// Makes a plan. Writes nothing.
///
/// # Errors
/// The cluster does not answer or does not know the caller. What stands in one object's way is in the plan.
pub async fn make(
    cluster: &Cluster,
    request: &Request<'_>,
    redactor: &Redactor,
) -> Result<Prepared, Problem> {
    let mut context = Context::new(cluster, request);
    context.read_base().await?;
    let context = &context;
    let progress = request.progress;
    if let Some(progress) = progress {
        progress.begin(request.new.len());
    }
    let new = request.new.iter().map(|item| counted(progress, examine(context, item))).collect();
    let new = in_flight(new).await?;
    let named: HashSet<_> = new.iter().map(|examined| identity(&examined.action.object)).collect();
    let mut old = Vec::new();
    let is_uninstall = request.operation == OperationKind::Uninstall;
    for item in request.base {
        let reference = context.place_old(&item.object).await.map(|(reference, _)| reference);
        let reference = reference.unwrap_or_else(|_| item.object.reference());
        if !named.contains(&identity(&reference)) {
            old.push((reference, item));
        }
    }
    if is_uninstall {
        old.sort_by(|a, b| order::uninstall_rank(&a.0).cmp(&order::uninstall_rank(&b.0)));
    } else {
        old.reverse();
    }
    let old = in_flight(old.into_iter().map(|(_, item)| examine_old(context, item, is_uninstall)).collect())
        .await?;
    let mut examined = new;
    examined.extend(old);
    let hooks = hooks(context).await?;
    let mut warnings = request.warnings.to_vec();
    if request.orphans {
        let found = orphans_of(context, &examined).await?;
        warnings.extend(found.warnings);
        examined.extend(found.objects.into_iter().map(Examined::orphan));
    }
    let redactor = knowing(cluster, request, redactor).await;
    Ok(report(request, &redactor, examined, hooks, warnings))
}

/// The redactor that knows what the custom kinds of a plan call secret.
async fn knowing(cluster: &Cluster, request: &Request<'_>, redactor: &Redactor) -> Redactor {
    let items = request.new.iter().chain(request.base).map(|item| &item.object);
    let hooks = request.hooks.iter().chain(request.base_hooks).map(|hook| &hook.object);
    let kinds = order::custom_kinds(items.chain(hooks));
    redactor.with_fields(cluster.secret_fields(&kinds).await)
}

/// Asks the policy about everything that a plan would look at or try: a dry run is sent, too.
///
/// # Errors
/// `policy-denied`; discovery failed.
pub async fn refuse_denied(cluster: &Cluster, request: &Request<'_>, policy: &Policy) -> Result<(), Problem> {
    let items = request.new.iter().chain(request.base).chain(request.crds).map(|item| &item.object);
    let hooks = if request.options.no_hooks { &[] } else { request.hooks };
    let mut objects = Vec::new();
    for object in items.chain(hooks.iter().map(|hook| &hook.object)) {
        let namespaced = match cluster.resource(object.api_version(), object.kind()).await {
            Ok(resource) => resource.namespaced,
            // It cannot be sent anywhere yet. The operation asks again when it can.
            Err(error) if error.is_not_found() => continue,
            Err(error) => return Err(error.problem()),
        };
        let mut object = object.clone();
        if namespaced && object.namespace().is_empty() {
            object.set_metadata("namespace", request.namespace);
        }
        objects.push((object, namespaced));
    }
    if request.options.create_namespace {
        objects.push((new_namespace(request.namespace), false));
    }
    let subjects: Vec<policy::Subject<'_>> = objects
        .iter()
        .map(|(object, namespaced)| policy::Subject { object, namespaced: *namespaced })
        .collect();
    policy.check(&subjects, request.namespace)
}

/// The namespace of a release as Helm creates it.
pub(super) fn new_namespace(name: &str) -> Object {
    let namespace = serde_json::json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": {"name": name}},
    });
    // It was built as a map above.
    Object::from_value(namespace).unwrap_or_default()
}

/// Looks again at a plan that a person approved: the same set, and nothing that moved since makes another plan of it.
///
/// Cost: one call for each object, and a new dry run for each that changed.
///
/// # Errors
/// `plan-stale` with the objects whose class or conflicts are others now; those of [`make`].
pub async fn confirm(
    cluster: &Cluster,
    kept: &Prepared,
    request: &Request<'_>,
    redactor: &Redactor,
) -> Result<Prepared, Problem> {
    let plan = &kept.plan;
    if plan.chart.as_ref() != request.chart {
        let told = |chart: Option<&PlannedChart>| match chart {
            None => "none".to_owned(),
            Some(chart) => format!("{} {} ({})", chart.name, chart.version, chart.digest),
        };
        let detail = format!(
            "the chart is {}, and the one that was reviewed is {}",
            told(request.chart),
            told(plan.chart.as_ref())
        );
        return Err(stale(&detail, Vec::new()));
    }
    if plan.digest != digest(request) {
        return Err(stale("the manifests or the options are others than those of the plan", Vec::new()));
    }
    if plan.current_revision != request.current_revision || plan.base_revision != request.base_revision {
        let detail = format!(
            "the plan was made after revision {}, and the last one is {}",
            plan.current_revision, request.current_revision
        );
        return Err(stale(&detail, Vec::new()));
    }
    let mut context = Context::new(cluster, request);
    context.read_base().await?;
    let context = &context;
    let is_uninstall = request.operation == OperationKind::Uninstall;
    let again = kept.examined.iter().map(|before| look_again(context, before, is_uninstall)).collect();
    let again = in_flight(again).await?;
    let moved: Vec<ObjectRef> = kept
        .examined
        .iter()
        .zip(&again)
        .filter(|(before, after)| !same_outcome(before, after))
        .map(|(before, _)| before.action.object.clone())
        .collect();
    if !moved.is_empty() {
        let names: Vec<String> = moved.iter().take(5).map(ToString::to_string).collect();
        return Err(stale(&format!("something else would happen to {} now", names.join(", ")), moved));
    }
    let redactor = &knowing(cluster, request, redactor).await;
    let mut prepared = report(request, redactor, again, kept.plan.hooks.clone(), kept.plan.warnings.clone());
    prepared.plan.id.clone_from(&plan.id);
    prepared.plan.created_at.clone_from(&plan.created_at);
    prepared.plan.expires_at.clone_from(&plan.expires_at);
    Ok(prepared)
}

/// The object as it was looked at before, when it has not moved; otherwise looked at anew.
async fn look_again(
    context: &Context<'_>,
    before: &Examined,
    is_uninstall: bool,
) -> Result<Examined, Problem> {
    if before.action.class == Class::Orphan {
        return Ok(before.clone());
    }
    let wanted = identity(&before.action.object);
    if let Some(item) = find(context, context.request.new, &wanted).await {
        let seen = context.cluster.get(&before.action.object).await.map(|live| live.as_ref().map(Seen::of));
        let is_same = seen.is_ok_and(|seen| seen == before.action.seen);
        return if is_same { Ok(before.clone()) } else { examine(context, item).await };
    }
    match find(context, context.request.base, &wanted).await {
        Some(item) => examine_old(context, item, is_uninstall).await,
        None => Ok(before.clone()),
    }
}

/// Eight at a time, in the order given. The futures are made before: a closure inside the stream is not general enough for
/// a handler that moves between threads.
pub(super) async fn in_flight<T>(
    futures: Vec<impl Future<Output = Result<T, Problem>>>,
) -> Result<Vec<T>, Problem> {
    futures::stream::iter(futures).buffered(IN_FLIGHT).try_collect().await
}

/// An object that was to be changed and needs no change any more, or the other way round, is no surprise to anybody.
fn same_outcome(before: &Examined, after: &Examined) -> bool {
    let settle = |class| if class == Class::Unchanged { Class::Update } else { class };
    let ((a, a_conflicts), (b, b_conflicts)) = (before.verdict(), after.verdict());
    let is_same = settle(a) == settle(b) || (a, b) == (Class::Delete, Class::Gone);
    is_same && a_conflicts == b_conflicts
}

async fn find<'a>(context: &Context<'_>, items: &'a [Item], wanted: &Identity) -> Option<&'a Item> {
    for item in items.iter().filter(|item| item.object.name() == wanted.3 && item.object.kind() == wanted.1) {
        let reference = context.place_old(&item.object).await.map(|(reference, _)| reference);
        if identity(&reference.unwrap_or_else(|_| item.object.reference())) == *wanted {
            return Some(item);
        }
    }
    None
}

fn stale(detail: &str, objects: Vec<ObjectRef>) -> Problem {
    Problem { objects, ..Problem::new(Code::PlanStale, format!("{detail}; review it again")) }
}

async fn orphans_of(context: &Context<'_>, examined: &[Examined]) -> Result<orphans::Found, Problem> {
    let request = context.request;
    let mut known: HashSet<_> = examined.iter().map(|examined| identity(&examined.action.object)).collect();
    known.extend(context.base_identities().cloned());
    let mut kinds: BTreeSet<(String, String)> = request.kinds.iter().cloned().collect();
    let mut namespaces = BTreeSet::from([request.namespace.to_owned()]);
    for examined in examined {
        let object = &examined.action.object;
        kinds.insert((object.api_version.clone(), object.kind.clone()));
        namespaces.extend(object.namespace.clone());
    }
    let mut found =
        orphans::owned(context.cluster, &kinds, &namespaces, request.namespace, request.release).await?;
    found.objects.retain(|object| !known.contains(&identity(object)));
    Ok(found)
}

/// The events that an operation runs, in their order.
fn events(operation: OperationKind) -> &'static [&'static str] {
    match operation {
        OperationKind::Install => &["pre-install", "post-install"],
        OperationKind::Upgrade => &["pre-upgrade", "post-upgrade"],
        OperationKind::Rollback => &["pre-rollback", "post-rollback"],
        OperationKind::Uninstall => &["pre-delete", "post-delete"],
        _ => &[],
    }
}

async fn hooks(context: &Context<'_>) -> Result<Vec<PlannedHook>, Problem> {
    let request = context.request;
    if request.options.no_hooks {
        return Ok(Vec::new());
    }
    let mut runs: Vec<(usize, &HookItem)> = Vec::new();
    for (phase, event) in events(request.operation).iter().enumerate() {
        let mut these: Vec<&HookItem> =
            request.hooks.iter().filter(|hook| hook.events.iter().any(|known| known == event)).collect();
        these.sort_by(|a, b| (a.weight, a.object.name()).cmp(&(b.weight, b.object.name())));
        runs.extend(these.into_iter().map(|hook| (phase, hook)));
    }
    // A hook of both phases is shown once, where it first runs.
    let mut shown: Vec<&HookItem> = Vec::new();
    for (_, hook) in runs {
        if !shown.iter().any(|known| std::ptr::eq(*known, hook)) {
            shown.push(hook);
        }
    }
    in_flight(shown.into_iter().map(|hook| planned_hook(context, hook)).collect()).await
}

async fn planned_hook(context: &Context<'_>, hook: &HookItem) -> Result<PlannedHook, Problem> {
    let (object, problem) = examine_hook(context, hook).await?;
    let before =
        context.request.base_hooks.iter().find(|known| {
            known.object.kind() == hook.object.kind() && known.object.name() == hook.object.name()
        });
    Ok(PlannedHook {
        object,
        events: hook.events.clone(),
        weight: hook.weight,
        source: hook.source.clone(),
        changed: before.is_none_or(|before| before.object != hook.object),
        problem,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::report::tests::examined;

    #[test]
    fn a_plan_holds_while_nothing_else_would_happen() {
        for (before, after, same) in [
            (Class::Update, Class::Update, true),
            (Class::Update, Class::Unchanged, true),
            (Class::Create, Class::Update, false),
            (Class::Update, Class::Conflict, false),
            (Class::Delete, Class::Gone, true),
            (Class::Delete, Class::Foreign, false),
        ] {
            assert_eq!(same_outcome(&examined(before), &examined(after)), same, "{before:?} {after:?}");
        }
    }
}
