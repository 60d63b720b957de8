//! One object of a plan: read, tried by the API server's own dry run, and compared.

use wire::{Class, Code, ObjectRef, Problem};

use super::attempt::Attempt;
use super::decide::{self, Settled};
use super::identity::identity;
use super::ownership::Policy;
use super::unserved::{CURRENT, DELETED, unmapped};
use super::view::{Context, Examined, Refusal};
use super::{managed, normalise, ownership};
use crate::documents::{HookItem, Item};
use crate::kube::{ApplyOptions, Error};

/// Looks at an object of the new manifest: two calls, three when a field is another's.
///
/// # Errors
/// The cluster does not answer, or does not know the caller: then the whole plan ends.
pub(super) async fn examine(context: &Context<'_>, item: &Item) -> Result<Examined, Problem> {
    let (reference, resource) = match context.place(&item.object).await {
        Ok(place) => place,
        Err(error) if error.is_not_found() => return Ok(unknown_kind(context, item, &error)),
        Err(error) => return Err(error.problem()),
    };
    let mut examined = Examined::new(reference.clone(), &item.source, Class::Unchanged);
    let live = match context.cluster.get(&reference).await {
        Ok(live) => live,
        Err(error) if error.is_forbidden() => {
            return Ok(examined.refused(Class::Forbidden, error.problem()));
        }
        Err(error) => return Err(error.problem()),
    };
    let mut send = item.object.clone();
    if let Some(namespace) = &reference.namespace {
        send.set_metadata("namespace", namespace);
    }
    ownership::mark(&mut send, context.request.namespace, context.request.release);
    examined.keep_secret(&send);
    let mut adopts = false;
    if let Some(live) = &live {
        examined.saw(live);
        let ours = ownership::owns(live, context.request.namespace, context.request.release);
        adopts = !ours && !context.base.contains_key(&identity(&reference));
    }
    if adopts
        && !context.request.options.take_ownership
        && let Some(live) = &live
    {
        let (namespace, release) = (context.request.namespace, context.request.release);
        let class =
            if ownership::is_anothers(live, namespace, release) { Class::Foreign } else { Class::Adopt };
        let sentence = ownership::refusal(&reference, live, namespace, release);
        return Ok(examined.refused(class, Problem::new(Code::Ownership, sentence)));
    }
    let managers = live.as_ref().map(managed::managers).unwrap_or_default();
    let settled = match &live {
        None => Settled::default(),
        Some(live) => match decide::settle(&mut send, live, &context.choices(&reference)) {
            Ok(settled) => settled,
            Err(problem) => return Ok(examined.refused(Class::Conflict, problem)),
        },
    };
    examined.decisions.clone_from(&settled.decisions);
    examined.action.client_side = managed::is_client_side(&managers);
    let attempt = Attempt {
        context,
        base: context.base.get(&identity(&reference)).map(|item| normalise::document(&item.object)),
        document: normalise::document(&send),
        has_status: resource.subresources.iter().any(|name| name == "status"),
        live,
        send,
        managers,
        settled,
    };
    let mut examined = attempt.run(examined).await?;
    if adopts && matches!(examined.action.class, Class::Update | Class::Unchanged) {
        examined.action.class = Class::Adopt;
    }
    Ok(examined)
}

fn unknown_kind(context: &Context<'_>, item: &Item, error: &Error) -> Examined {
    let mut reference = item.object.reference();
    let brought = context
        .brought
        .iter()
        .find(|(group, kind, _)| *group == reference.group() && *kind == reference.kind);
    let class = match brought {
        Some((_, _, namespaced)) => {
            if *namespaced && reference.namespace.is_none() {
                reference.namespace = Some(context.request.namespace.to_owned());
            }
            Class::Unverifiable
        }
        None => Class::Invalid,
    };
    let examined = Examined::new(reference, &item.source, class);
    let problem = match class {
        Class::Unverifiable => Problem::new(
            Code::Unverifiable,
            format!("{}: its kind is defined by this very operation", error.message),
        ),
        _ => Problem::new(Code::UnknownKind, format!("{}; ensure CRDs are installed first", error.message)),
    };
    examined.refused(class, problem)
}

/// Looks at an object that the new manifest no longer has: one call.
///
/// # Errors
/// As [`examine`].
pub(super) async fn examine_old(
    context: &Context<'_>,
    item: &Item,
    is_uninstall: bool,
) -> Result<Examined, Problem> {
    let (reference, resource) = match context.place_old(&item.object).await {
        Ok(place) => place,
        Err(error) if error.is_not_found() => return Ok(unserved(context, item, error, is_uninstall)),
        Err(error) => return Err(error.problem()),
    };
    let mut examined = Examined::new(reference.clone(), &item.source, Class::Delete);
    let live = match context.cluster.get(&reference).await {
        Ok(Some(live)) => live,
        Ok(None) => {
            examined.action.class = Class::Gone;
            return Ok(examined);
        }
        Err(error) if error.is_forbidden() => {
            return Ok(examined.refused(Class::Forbidden, error.problem()));
        }
        Err(error) => return Err(error.problem()),
    };
    examined.saw(&live);
    let policy = ownership::policy(if is_uninstall { &item.object } else { &live }, is_uninstall);
    if policy == Policy::Unknown {
        examined.warnings.push(format!(
            "{reference}: helm.sh/resource-policy says something else than keep, and is passed over"
        ));
    }
    examined.action.class = if policy == Policy::Keep || !(is_uninstall || context.request.options.prune) {
        Class::Keep
    } else if ownership::owns(&live, context.request.namespace, context.request.release) {
        Class::Delete
    } else {
        Class::Foreign
    };
    let has_status = resource.subresources.iter().any(|name| name == "status");
    examined.live = Some(normalise::live(&live, has_status));
    Ok(examined)
}

/// An object of the base manifest whose kind is served in no version: the operation would fail on it, as Helm's does.
fn unserved(context: &Context<'_>, item: &Item, error: Error, is_uninstall: bool) -> Examined {
    let reference = item.object.reference();
    let class = if is_uninstall && ownership::policy(&item.object, true) == Policy::Keep {
        Class::Keep
    } else if context.is_defined_first(&reference) {
        Class::Gone
    } else {
        Class::Invalid
    };
    let examined = Examined::new(reference, &item.source, class);
    match unmapped(&[(item.object.clone(), error)]).filter(|_| class == Class::Invalid) {
        Some(mut problem) => {
            let words = if is_uninstall { DELETED } else { CURRENT };
            problem.detail = format!("{words}: {}", problem.detail);
            examined.refused(class, problem)
        }
        None => examined,
    }
}

/// Tries a hook: whether it fits its schema, and whether the caller may create it. What lives in its place is
/// deleted before it runs, so nothing else matters.
///
/// # Errors
/// As [`examine`].
pub(super) async fn examine_hook(
    context: &Context<'_>,
    hook: &HookItem,
) -> Result<(ObjectRef, Option<Problem>), Problem> {
    let reference = match context.place(&hook.object).await {
        Ok((reference, _)) => reference,
        Err(error) if error.is_not_found() => {
            let reference = hook.object.reference();
            let is_brought = context
                .brought
                .iter()
                .any(|(group, kind, _)| *group == reference.group() && *kind == reference.kind);
            let problem = (!is_brought).then(|| Problem::new(Code::UnknownKind, error.message.clone()));
            return Ok((reference, problem));
        }
        Err(error) => return Err(error.problem()),
    };
    let mut send = hook.object.clone();
    if let Some(namespace) = &reference.namespace {
        send.set_metadata("namespace", namespace);
    }
    let error = match context.cluster.apply(&send, ApplyOptions { dry_run: true, force: true }).await {
        Ok(_) => return Ok((reference, None)),
        Err(error) => error,
    };
    let matters = match context.refusal(&reference, &error)? {
        Refusal::Unverifiable(_) => false,
        Refusal::Forbidden => true,
        Refusal::Invalid => !error.is_immutable(),
    };
    Ok((reference, matters.then(|| error.problem())))
}
