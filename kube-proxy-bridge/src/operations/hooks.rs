//! Running the hooks of an event: one after the other, by weight and name, each awaited and written to the record.
//!
//! Source: helm v4.3.1 `pkg/action/hooks.go`, in behaviour and in its sentences.

use std::sync::Arc;
use std::time::Instant;

use release::record::{Hook, HookRun, Record};
use serde_json::Value;
use tokio::time::sleep;
use wire::{Code, EventBody, HookPhase, ObjectRef, Problem};

use super::context::{Context, Stop};
use super::draft;
use super::explain;
use super::gate;
use super::keeper::{Begun, Keeper};
use super::place::{self, DEFINED_WITHIN};
use super::wait::{self, Awaited, Goal};
use crate::kube::{ApplyOptions, DeleteOptions, LogOptions};
use crate::object::Object;
use crate::policy::Policy;

const BEFORE_CREATION: &str = "before-hook-creation";
const SUCCEEDED: &str = "hook-succeeded";
const FAILED: &str = "hook-failed";

/// The hooks of an event, as places in `hooks`, in the order in which they run.
pub(super) fn due(hooks: &[Hook], event: &str) -> Vec<usize> {
    // An event that is named twice runs the hook twice, in Helm too.
    let mut due: Vec<usize> = hooks
        .iter()
        .enumerate()
        .flat_map(|(place, hook)| hook.events.iter().filter(|known| *known == event).map(move |_| place))
        .collect();
    due.sort_by(|a, b| {
        let (a, b) = (&hooks[*a], &hooks[*b]);
        a.weight.cmp(&b.weight).then_with(|| a.name.as_bytes().cmp(b.name.as_bytes()))
    });
    due
}

/// How hooks are run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Phase<'a> {
    /// `pre-install`
    pub(super) event: &'a str,
    /// The place of the first hook that may run; the test of a filter leaves out those before it.
    pub(super) first: usize,
    /// Whether a deleted hook is awaited to be gone, as Helm does when it waits for objects.
    pub(super) wait_for_deletion: bool,
    /// Whether the logs of all containers of test pods are sent, whatever the policy.
    pub(super) logs: bool,
    /// When the operation is resumed: since when hooks that have run are passed over.
    pub(super) begun: Option<&'a Begun>,
    /// Asked about each hook right before it is sent or deleted: only then may its kind be served.
    pub(super) policy: &'a Policy,
}

/// Runs the hooks of an event and keeps the record in step: each is written as running before it is sent.
///
/// # Errors
/// The first hook's that fails, with Helm's sentence; earlier ones are cleaned up by their policies first.
pub(super) async fn run(
    context: &Arc<Context>,
    keeper: &Keeper,
    record: &mut Record,
    phase: Phase<'_>,
) -> Result<(), Stop> {
    let mut due = due(&record.hooks, phase.event);
    due.retain(|place| *place >= phase.first);
    let mut finished = 0;
    let mut failure = None;
    for (at, place) in due.iter().enumerate() {
        if phase.begun.is_some_and(|begun| begun.is_done(phase.event, &record.hooks[*place])) {
            finished = at + 1;
            continue;
        }
        context.next().await?;
        context.handle.checkpoint_before_hook()?;
        match one(context, keeper, record, *place, phase).await {
            Ok(()) => finished = at + 1,
            Err(stop) => {
                failure = Some((at, stop));
                break;
            }
        }
    }
    let Some((at, stop)) = failure else {
        for place in due.iter().rev() {
            let hook = &record.hooks[*place];
            if hook.output_log_policies.iter().any(|policy| policy == SUCCEEDED) || phase.logs {
                logs(context, hook, phase).await;
            }
            delete(context, hook, SUCCEEDED, phase).await?;
        }
        return Ok(());
    };
    if matches!(stop, Stop::Failed(_) | Stop::Deadline) && record.hooks[due[at]].last_run.phase == "Failed" {
        // Whatever the clean-up meets, the hook's failure is what is told.
        let _ = delete(context, &record.hooks[due[at]], FAILED, phase).await;
        for place in &due[..finished] {
            if delete(context, &record.hooks[*place], SUCCEEDED, phase).await.is_err() {
                break;
            }
        }
    }
    Err(stop)
}

async fn one(
    context: &Arc<Context>,
    keeper: &Keeper,
    record: &mut Record,
    place: usize,
    phase: Phase<'_>,
) -> Result<(), Stop> {
    let hook = &mut record.hooks[place];
    if hook.delete_policies.is_empty() {
        hook.delete_policies.push(BEFORE_CREATION.to_owned());
    }
    let hook = &record.hooks[place];
    delete(context, hook, BEFORE_CREATION, phase).await?;
    let objects = objects(context, hook, phase).await?;
    let references: Vec<ObjectRef> = objects.iter().map(Object::reference).collect();

    record.hooks[place].last_run =
        HookRun { started_at: Some(draft::now()), phase: "Running".to_owned(), ..HookRun::default() };
    let started = Instant::now();
    tell(context, record, place, phase, HookPhase::Running, started);
    // Helm goes on when this fails; the record's last word is what counts.
    keeper.write(record).await?;
    // Should the rest not come to an end, this is what is true.
    record.hooks[place].last_run.phase = "Unknown".to_owned();

    for object in &objects {
        let options = ApplyOptions { dry_run: false, force: false };
        match context.call(|cluster| async move { cluster.apply(object, options).await }).await {
            Ok(applied) => context.warn(Some(&object.reference()), applied.warnings),
            Err(broken) => {
                let run = &mut record.hooks[place].last_run;
                run.completed_at = Some(draft::now());
                run.phase = "Failed".to_owned();
                tell(context, record, place, phase, HookPhase::Failed, started);
                let mut stop = Stop::from(broken);
                if let Stop::Failed(problem) = &mut stop {
                    let path = &record.hooks[place].path;
                    problem.detail =
                        format!("warning: Hook {} {path} failed: {}", phase.event, problem.detail);
                }
                return Err(stop);
            }
        }
    }
    let awaited: Vec<Awaited> =
        references.iter().map(|object| Awaited { object: object.clone(), index: place }).collect();
    let ended = wait::wait(context, &awaited, Goal::HookDone, context.step_timeout).await;
    let run = &mut record.hooks[place].last_run;
    run.completed_at = Some(draft::now());
    if let Err(stop) = ended {
        if matches!(stop, Stop::Failed(_) | Stop::Deadline) {
            run.phase = "Failed".to_owned();
            tell(context, record, place, phase, HookPhase::Failed, started);
            let hook = &record.hooks[place];
            if hook.output_log_policies.iter().any(|policy| policy == FAILED) || phase.logs {
                logs(context, hook, phase).await;
            }
        }
        return Err(stop);
    }
    run.phase = "Succeeded".to_owned();
    tell(context, record, place, phase, HookPhase::Succeeded, started);
    Ok(())
}

fn tell(
    context: &Context,
    record: &Record,
    place: usize,
    phase: Phase<'_>,
    state: HookPhase,
    since: Instant,
) {
    let hook = &record.hooks[place];
    let mut object = reference(hook);
    if object.namespace.is_none() {
        object.namespace = Some(context.handle.namespace().to_owned());
    }
    context.handle.emit(EventBody::Hook {
        object,
        event: phase.event.to_owned(),
        weight: hook.weight,
        phase: state,
        ms: u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX),
    });
}

/// Which object a hook creates, as its document says.
fn reference(hook: &Hook) -> ObjectRef {
    let objects = draft::objects_of(hook).unwrap_or_default();
    objects.first().map(Object::reference).unwrap_or_else(|| ObjectRef {
        api_version: String::new(),
        kind: hook.kind.clone(),
        namespace: None,
        name: hook.name.clone(),
    })
}

/// The objects of a hook, in the namespaces where they go, and allowed. Waits for a kind that the release itself may just
/// have defined.
async fn objects(context: &Arc<Context>, hook: &Hook, phase: Phase<'_>) -> Result<Vec<Object>, Stop> {
    let unbuilt = |mut problem: Problem| {
        problem.detail = format!(
            "unable to build kubernetes object for {} hook {}: {}",
            phase.event, hook.path, problem.detail
        );
        problem
    };
    let objects = draft::objects_of(hook).map_err(unbuilt)?;
    let started = Instant::now();
    let placed = loop {
        let placed = place::place(context, objects.clone(), &[]).await?;
        if placed.unserved.is_empty() || started.elapsed() >= DEFINED_WITHIN {
            break placed;
        }
        context.checkpoint()?;
        sleep(DEFINED_WITHIN / 20).await;
        context.cluster().refresh_discovery();
    };
    let objects = placed.all().map_err(|stop| match stop {
        Stop::Failed(problem) => Stop::from(unbuilt(*problem)),
        other => other,
    })?;
    gate::allow(phase.policy, &objects, context.handle.namespace())?;
    Ok(objects)
}

/// Deletes a hook when its policies say so, and waits until it is gone where Helm does. Definitions are never deleted:
/// with them would go everything that they define.
async fn delete(context: &Arc<Context>, hook: &Hook, policy: &str, phase: Phase<'_>) -> Result<(), Stop> {
    if hook.kind == "CustomResourceDefinition" || !hook.delete_policies.iter().any(|known| known == policy) {
        return Ok(());
    }
    let objects = objects(context, hook, phase).await?;
    let mut gone = Vec::new();
    for object in &objects {
        let reference = object.reference();
        let found = context.call(|cluster| {
            let reference = &reference;
            async move { cluster.get(reference).await }
        });
        let Some(live) = found.await.map_err(Stop::from)? else { continue };
        let options = DeleteOptions { uid: Some(live.uid().to_owned()), ..DeleteOptions::default() };
        let deleted = context.call(|cluster| {
            let (reference, options) = (&reference, &options);
            async move { cluster.delete(reference, options).await }
        });
        deleted.await.map_err(Stop::from)?;
        gone.push(Awaited { object: reference, index: 0 });
    }
    // Helm's default strategy does not wait here, and then its next apply may meet what is still going away. Before the
    // creation of the same name that is a race that nobody wants to win.
    if phase.wait_for_deletion || policy == BEFORE_CREATION {
        wait::wait(context, &gone, Goal::Gone, context.step_timeout).await?;
    }
    Ok(())
}

/// Sends the logs of a hook's containers. What cannot be read is passed over.
async fn logs(context: &Arc<Context>, hook: &Hook, phase: Phase<'_>) {
    let Ok(objects) = objects(context, hook, phase).await else { return };
    for object in &objects {
        if !matches!(object.kind(), "Job" | "Pod") {
            continue;
        }
        let found = context.call(|cluster| {
            let reference = object.reference();
            async move { cluster.get(&reference).await }
        });
        let Ok(Some(live)) = found.await else { continue };
        for pod in explain::pods(context, &live).await {
            for container in containers(&pod, phase.logs) {
                let read = context
                    .cluster()
                    .logs(pod.namespace(), pod.name(), &container, LogOptions::default())
                    .await;
                let Ok(text) = read else { continue };
                let lines = text.lines().map(|line| context.redaction.told(line)).collect();
                let object = ObjectRef { api_version: "v1".into(), kind: "Pod".into(), ..pod.reference() };
                context.handle.emit(EventBody::Log { object, container, lines });
            }
        }
    }
}

/// The names of a pod's containers; for tests also those that ran before.
fn containers(pod: &Object, with_init: bool) -> Vec<String> {
    let lists: &[&str] =
        if with_init { &["/spec/initContainers", "/spec/containers"] } else { &["/spec/containers"] };
    let mut names = Vec::new();
    for list in lists {
        for container in pod.pointer(list).and_then(Value::as_array).into_iter().flatten() {
            names.extend(container.get("name").and_then(Value::as_str).map(str::to_owned));
        }
    }
    names
}

/// The failure of hooks, as the operation's failure.
pub(super) fn failed(stop: Stop, prefix: &str) -> Stop {
    match stop {
        Stop::Failed(mut problem) => {
            problem.detail = format!("{prefix}: {}", problem.detail);
            Stop::Failed(problem)
        }
        Stop::Deadline => Stop::failed(Code::Deadline, format!("{prefix}: context deadline exceeded")),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hook(name: &str, weight: i64, events: &[&str]) -> Hook {
        Hook {
            name: name.to_owned(),
            weight,
            events: events.iter().map(|event| (*event).to_owned()).collect(),
            ..Hook::default()
        }
    }

    #[test]
    fn hooks_run_by_weight_then_name_and_else_as_they_stand() {
        let hooks = [
            hook("b", 0, &["pre-install"]),
            hook("a", 0, &["pre-install", "pre-upgrade"]),
            hook("z", -5, &["pre-install"]),
            hook("c", 9, &["post-install"]),
            hook("B", 0, &["pre-install"]),
        ];
        assert_eq!(due(&hooks, "pre-install"), [2, 4, 1, 0]);
        assert_eq!(due(&hooks, "pre-upgrade"), [1]);
        assert!(due(&hooks, "pre-delete").is_empty());
    }
}
