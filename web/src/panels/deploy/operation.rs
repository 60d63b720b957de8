//! An operation while it runs and when it has ended: steps, objects, hooks, questions.

use std::rc::Rc;

use wire::{
    HookPhase, Mode, ObjectRef, ObjectState, OpenPrompt, OperationKind, OperationResult, OperationState,
    Orphans, PromptChoice, Verdict,
};
use yew::prelude::*;

use crate::components::{icon, icon_as, prose};
use crate::hooks::{Desk, use_now};
use crate::panels::deploy::connect::SignIn;
use crate::panels::deploy::logs::Logs;
use crate::panels::deploy::{connect, counted, head};
use crate::state::ClusterState;
use crate::state::cluster::Stage;
use crate::state::operation::{Link, OperationView, Row};
use crate::state::releases::Below;
use crate::state::time::{instant, span};

/// The workspace.
pub(crate) fn operation_panel(desk: &Desk, cluster: &ClusterState, view: &Rc<OperationView>) -> Html {
    let is_over = view.is_over();
    let cancel = {
        let desk = desk.clone();
        Callback::from(move |_: MouseEvent| desk.cancel_operation())
    };
    let again = {
        let desk = desk.clone();
        Callback::from(move |_: MouseEvent| desk.watch(None))
    };
    let show_release = {
        let desk = desk.clone();
        Callback::from(move |_: MouseEvent| desk.show_release(Below::Nothing))
    };
    let (through, all) = view.progress();
    let facts = html! { <>
        <dt>{ "Namespace" }</dt><dd>{ view.operation.namespace.clone() }</dd>
        <dt>{ "Release" }</dt><dd>{ view.operation.release.clone() }</dd>
        if view.operation.revision > 0 { <dt>{ "Revision" }</dt><dd>{ view.operation.revision }</dd> }
        if let Some((_, status, bytes)) = view.record {
            <dt>{ "Record" }</dt><dd>{ format!("{}, {} kB", status.text(), bytes.div_ceil(1024)) }</dd>
        }
    </> };
    html! {
        <main class="workspace operation" data-testid="operation" data-state={view.word()} data-kind={view.operation.kind.text()} aria-label={title(view)}>
            { head(desk, title(view), if is_over { 3 } else { 2 }, html! { <>
                if is_over {
                    <span class="push"></span>
                    <button type="button" class="button button-small" data-testid="show-release" onclick={show_release}>{ "Show the release" }</button>
                    <button type="button" class="button button-small" data-testid="review-again" onclick={again}>{ "Review again" }</button>
                } else {
                    <span class="push quiet">{ "It goes on if you close this tab" }</span>
                    <button type="button" class="button button-small button-danger" data-testid="cancel" disabled={view.is_cancelling} onclick={cancel}>
                        { icon("stop") }{ if view.is_cancelling { "Stopping" } else { "Cancel" } }</button>
                }
            </> }) }
            <progress class="progress" aria-label="Objects ready" max={all.max(1).to_string()} value={if is_over && view.state == OperationState::Done { all.max(1) } else { through }.to_string()}></progress>
            <div class="workspace-body">
                <aside class="workspace-aside">
                    <section><h2>{ "Steps" }</h2><Steps view={view.clone()} /></section>
                    if cluster.stage() == Stage::Connected {
                        <section>
                            <h2>{ "Target" }</h2>
                            <dl class="facts">
                                if let Some(name) = cluster.name() { <dt>{ "Cluster" }</dt><dd>{ name.to_owned() }</dd> }
                                { facts }
                            </dl>
                        </section>
                    } else {
                        { connect(desk, cluster, facts) }
                    }
                    if !is_over {
                        <p class="aside-note">{ "Cancel ends what runs and marks the revision as failed; what was applied stays, unless you asked to roll back." }</p>
                    }
                </aside>
                <div class="workspace-main workspace-main-fixed">
                    { link_note(&view.link) }
                    if is_over { { end(view) }{ orphans(desk, &view.operation.orphans) } }
                    { for view.prompts.iter().map(|prompt| prompt_card(desk, cluster, view, prompt)) }
                    <div class="scroll operation-rows">{ rows(view) }</div>
                    <Logs view={view.clone()} />
                </div>
            </div>
        </main>
    }
}

fn title(view: &OperationView) -> String {
    let OperationView { operation, .. } = view;
    let (release, revision) = (&operation.release, operation.revision);
    let is_over = view.is_over();
    match operation.kind {
        OperationKind::Install | OperationKind::Upgrade if is_over => {
            format!("{release}, revision {revision}")
        }
        OperationKind::Install | OperationKind::Upgrade => format!("Deploying revision {revision}"),
        OperationKind::Rollback if is_over => format!("Rollback of {release}, revision {revision}"),
        OperationKind::Rollback => format!("Rolling back {release}"),
        OperationKind::Uninstall if is_over => format!("Uninstall of {release}"),
        OperationKind::Uninstall => format!("Uninstalling {release}"),
        OperationKind::Test => format!("Tests of {release}"),
        OperationKind::Recover => format!("Recovery of {release}"),
        OperationKind::Cleanup => format!("Orphans of {release}"),
    }
}

fn link_note(link: &Link) -> Html {
    match link {
        Link::Live => Html::default(),
        Link::Broken => html! {
            <div class="note note-warning" role="status"><span class="spinner"></span><p>{ "The bridge does not answer; this page tries again. The operation does not need this page." }</p></div>
        },
        Link::Lost(sentence) => html! {
            <div class="note note-error" role="alert">{ icon("error") }<p>{ prose(sentence) }</p></div>
        },
    }
}

#[derive(PartialEq, Properties)]
struct ViewProps {
    view: Rc<OperationView>,
}

/// The states it went through, the one it is in, and those that surely follow.
#[component]
fn Steps(props: &ViewProps) -> Html {
    let now = use_now();
    let view = &props.view;
    let mut steps: Vec<(OperationState, Option<f64>)> = Vec::new();
    let visited: Vec<&(OperationState, String)> =
        view.steps.iter().filter(|(state, _)| !state.is_terminal()).collect();
    for (index, (state, since)) in visited.iter().enumerate() {
        let end = match visited.get(index + 1) {
            Some((_, next)) => instant(next),
            None if view.is_over() => instant(&view.time),
            None => Some(now),
        };
        steps.push((*state, instant(since).zip(end).map(|(since, end)| end - since)));
    }
    let current = view.steps.last().map(|(state, _)| *state).filter(|_| !view.is_over());
    let rest: &[OperationState] = match view.operation.kind {
        _ if view.is_over() => &[],
        OperationKind::Install | OperationKind::Upgrade | OperationKind::Rollback => {
            &[OperationState::Applying, OperationState::Waiting, OperationState::Recording]
        }
        OperationKind::Uninstall => &[OperationState::Deleting, OperationState::Recording],
        _ => &[OperationState::Recording],
    };
    let coming = rest.iter().filter(|state| current.is_none_or(|current| **state > current));
    html! {
        <ol class="phases">
            { for steps.iter().map(|(state, ms)| {
                let is_now = Some(*state) == current;
                html! {
                    <li class={if is_now { "is-now" } else { "is-done" }} aria-current={is_now.then_some("step")}>
                        <span class="phase-name">{ step_name(*state) }</span>
                        <span class="phase-time">{ ms.map(span).unwrap_or_default() }</span>
                    </li>
                }
            }) }
            { for coming.map(|state| html! { <li><span class="phase-name">{ step_name(*state) }</span></li> }) }
        </ol>
    }
}

fn step_name(state: OperationState) -> &'static str {
    match state {
        OperationState::Queued => "Wait for a turn",
        OperationState::Validating => "Try everything out",
        OperationState::Crds => "Apply definitions",
        OperationState::Namespace => "Create the namespace",
        OperationState::Locking => "Write the record",
        OperationState::PreHooks => "Run hooks before",
        OperationState::Applying => "Send the objects",
        OperationState::Pruning => "Delete what is gone",
        OperationState::Deleting => "Delete the objects",
        OperationState::Waiting => "Wait until ready",
        OperationState::PostHooks => "Run hooks after",
        OperationState::Recording => "Write the result",
        OperationState::Done
        | OperationState::Failed
        | OperationState::Cancelled
        | OperationState::Degraded
        | OperationState::Interrupted => "End",
    }
}

/// What happened, and what to do now.
fn end(view: &OperationView) -> Html {
    let what = match view.operation.kind {
        OperationKind::Test => "The tests",
        OperationKind::Uninstall => "The uninstall",
        OperationKind::Rollback => "The rollback",
        OperationKind::Recover => "The recovery",
        OperationKind::Cleanup => "The cleanup",
        OperationKind::Install | OperationKind::Upgrade => "The deploy",
    };
    let result = view.end.map(|(result, _)| result).unwrap_or(match view.state {
        OperationState::Done => OperationResult::Success,
        OperationState::Cancelled => OperationResult::Cancelled,
        OperationState::Degraded => OperationResult::Degraded,
        OperationState::Interrupted => OperationResult::Interrupted,
        _ => OperationResult::Failed,
    });
    let counts = view.end.map(|(_, counts)| counts).unwrap_or_default();
    let done: Vec<String> = [
        (counts.create, "created"),
        (counts.update, "changed"),
        (counts.unchanged, "unchanged"),
        (counts.delete, "deleted"),
    ]
    .into_iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, word)| format!("{n} {word}"))
    .collect();
    let (tone, drawing, sentence) = match result {
        OperationResult::Success => {
            let done = if done.is_empty() { String::new() } else { format!(" {}.", done.join(", ")) };
            ("note-ok", "check", format!("{what} went well.{done}"))
        }
        OperationResult::Failed if !view.has_written() => (
            "note-error",
            "error",
            format!("{what} was refused before anything was written. The reason stands below."),
        ),
        OperationResult::Failed => (
            "note-error",
            "error",
            format!(
                "{what} failed, and the release says so. Nothing is locked: mend the cause and review again, or roll back in Releases."
            ),
        ),
        OperationResult::Cancelled => (
            "note-warning",
            "stop",
            format!("{what} was stopped. Review again to go on, or roll back in Releases."),
        ),
        OperationResult::Degraded => (
            "note-warning",
            "warning",
            format!("{what} did everything, but its record could not be written. Releases shows a way out."),
        ),
        OperationResult::Interrupted => (
            "note-warning",
            "warning",
            "The bridge stopped before the end. Releases offers to resume, to roll back or to abandon it."
                .to_owned(),
        ),
    };
    html! {
        <>
            <div class={classes!("note", tone)} role="status" data-testid="end">{ icon(drawing) }<p>{ sentence }</p></div>
            { for view.problems.iter().map(|problem| html! {
                <div class="note note-error" role="alert" data-testid="operation-problem" data-code={problem.code.text()}>{ icon("error") }
                    <p>{ format!("{}: {}", problem.title, problem.detail) }</p></div>
            }) }
        </>
    }
}

/// What earlier revisions left on the cluster. It is deleted in Releases, or not at all.
fn orphans(desk: &Desk, objects: &[ObjectRef]) -> Html {
    if objects.is_empty() {
        return Html::default();
    }
    let names: Vec<String> =
        objects.iter().map(|object| format!("`{} {}`", object.kind, object.name)).collect();
    let sentence = format!(
        "{} of earlier revisions stayed, and no manifest names them: {}. Nothing deletes them unasked.",
        counted(objects.len(), "object"),
        names.join(", ")
    );
    let (desk, found) = (desk.clone(), Rc::new(Orphans { objects: objects.to_vec(), hooks: Vec::new() }));
    let show = Callback::from(move |_: MouseEvent| desk.show_release(Below::Orphans(found.clone())));
    html! {
        <div class="note note-warning" role="status" data-testid="operation-orphans">
            { icon("warning") }
            <p>{ prose(&sentence) }</p>
            <button type="button" class="button button-small" data-testid="see-orphans" onclick={show}>{ "Look at them" }</button>
        </div>
    }
}

/// A question of the operation.
fn prompt_card(desk: &Desk, cluster: &ClusterState, view: &OperationView, prompt: &OpenPrompt) -> Html {
    let OpenPrompt { id, question, choices, objects } = prompt;
    let is_sent = view.answering.contains(id);
    // To go on is offered where the token has expired: there the next one is typed.
    let mode = cluster.session().map(|session| session.mode);
    let wants_token = mode == Some(Mode::Passthrough) && choices.contains(&PromptChoice::Continue);
    html! {
        <div class="note note-warning" key={id.clone()} role="alertdialog" aria-label={question.clone()} data-testid="prompt">
            { icon("warning") }
            <p>{ question.clone() }{ for objects.iter().map(|object| html! { <>{ " " }<code>{ format!("{} {}", object.kind, object.name) }</code></> }) }</p>
            if wants_token { <SignIn mode={Mode::Passthrough} /> }
            { for choices.iter().map(|choice| {
                let (desk, id, choice) = (desk.clone(), id.clone(), *choice);
                let onclick = Callback::from(move |_: MouseEvent| desk.answer_prompt(&id, choice));
                let label = match choice {
                    PromptChoice::Continue => "Go on",
                    PromptChoice::Fail => "Give up",
                    PromptChoice::TreatAsReady => "Take it as ready",
                    PromptChoice::Wait => "Wait on",
                };
                html! { <button type="button" class="button button-small" key={label} disabled={is_sent} {onclick}>{ label }</button> }
            }) }
        </div>
    }
}

/// Trouble first, then what is waited for, then the rest in the order of writing.
fn rows(view: &OperationView) -> Html {
    let is_over = view.is_over();
    let mut rows: Vec<&Row> = view.rows.iter().collect();
    rows.sort_by_key(|row| (!row.is_trouble(), row.is_through(is_over)));
    html! {
        <table class="ready" aria-label="Objects">
            <thead><tr><th scope="col">{ "Object" }</th><th scope="col">{ "State" }</th><th scope="col">{ "Ready" }</th><th scope="col">{ "Says" }</th><th scope="col" class="num">{ "Time" }</th></tr></thead>
            <tbody>
                { for view.hooks.iter().map(|hook| {
                    let (class, word) = match hook.phase {
                        HookPhase::Succeeded => ("is-ready", "succeeded"),
                        HookPhase::Failed => ("tone-error", "failed"),
                        HookPhase::Running => ("is-busy", "running"),
                        HookPhase::Unknown => ("", "waiting"),
                    };
                    html! {
                        <tr key={format!("hook {} {}", hook.object, hook.event)} data-testid="hook" data-state={word}
                            class={(hook.phase == HookPhase::Failed).then_some("is-trouble")}>
                            <th scope="row"><span class="kind">{ format!("Hook {}", hook.object.kind) }</span><span class="name">{ hook.object.name.clone() }</span></th>
                            <td {class}>{ mark(class) }{ word }</td><td></td><td>{ hook.event.clone() }{ if hook.phase == HookPhase::Succeeded || hook.says.is_empty() { String::new() } else { format!(": {}", hook.says) } }</td><td class="num">{ span(hook.ms as f64) }</td>
                        </tr>
                    }
                }) }
                { for rows.into_iter().map(|row| {
                    let (class, word) = state_of(row, is_over);
                    html! {
                        <tr key={row.object.to_string()} class={row.is_trouble().then_some("is-trouble")} data-testid="operation-object"
                            data-kind={row.object.kind.clone()} data-name={row.object.name.clone()} data-state={word}>
                            <th scope="row"><span class="kind">{ row.object.kind.clone() }</span><span class="name">{ row.object.name.clone() }</span></th>
                            <td {class}>{ mark(class) }{ word }</td>
                            <td>if let Some((ready, desired)) = row.ready {
                                <progress class="meter" max={desired.max(1).to_string()} value={ready.to_string()} aria-hidden="true"></progress>{ format!("{ready} of {desired}") } }</td>
                            <td class={row.is_trouble().then_some("tone-warning")}>{ says(row) }</td>
                            <td class="num">if row.ms > 0 { { span(row.ms as f64) } }</td>
                        </tr>
                    }
                }) }
            </tbody>
        </table>
    }
}

fn mark(class: &str) -> Html {
    match class {
        "is-ready" => icon_as("check", "i-small"),
        "is-busy" => html! { <span class="spinner"></span> },
        _ => Html::default(),
    }
}

fn state_of(row: &Row, is_over: bool) -> (&'static str, &'static str) {
    if row.is_trouble() {
        return ("tone-error", if row.state == ObjectState::Conflict { "conflict" } else { "failed" });
    }
    match row.state {
        ObjectState::Deleted => ("is-ready", "deleted"),
        ObjectState::Kept => ("is-ready", "kept"),
        ObjectState::Skipped => ("", "skipped"),
        ObjectState::Planned => ("", "planned"),
        _ if row.is_through(is_over) => ("is-ready", "ready"),
        ObjectState::Sending if !is_over => ("is-busy", "sending"),
        _ if is_over => ("", "not ready"),
        _ => ("is-busy", "waiting"),
    }
}

fn says(row: &Row) -> String {
    let done = match row.done {
        Some(ObjectState::Created) => "created",
        Some(ObjectState::Configured) => "changed",
        Some(ObjectState::Unchanged) => "unchanged",
        Some(ObjectState::Deleted) => "deleted",
        _ => "",
    };
    let is_settled = row.verdict.is_none_or(|verdict| verdict == Verdict::Current) && !row.is_trouble();
    match (done, row.says.as_str()) {
        (done, "") => done.to_owned(),
        (done, _) if is_settled && !done.is_empty() => done.to_owned(),
        (_, says) => says.to_owned(),
    }
}

/// `2 of 3 objects`, for the status line.
pub(crate) fn progress_text(view: &OperationView) -> String {
    let (through, all) = view.progress();
    format!("{through} of {}", counted(all, "object"))
}
