//! The last line: what was rendered, how long it took, what is wrong, what is kept.

use yew::prelude::*;

use crate::components::icon_as;
use crate::hooks::Desk;
use crate::panels::manifests::count;
use crate::state::cluster::Stage;
use crate::state::panels::PanelsAction;
use crate::state::{AppState, ClusterState, Deploy, Outcome, Pane, Saved, Tab};
use crate::worker::protocol::{Asked, Severity, World};

/// The line.
pub(crate) fn status(desk: &Desk, state: &AppState, is_empty: bool) -> Html {
    let outcome = &state.outcome;
    let show_problems = {
        let desk = desk.clone();
        Callback::from(move |_: MouseEvent| {
            desk.panels(PanelsAction::ShowTab(Tab::Problems));
            desk.panels(PanelsAction::ShowPane(Pane::Result));
        })
    };
    let cancel = {
        let desk = desk.clone();
        Callback::from(move |_: MouseEvent| desk.cancel_render())
    };
    let choose_world = {
        let desk = desk.clone();
        Callback::from(move |world| desk.choose_world(world))
    };
    let (n_errors, n_warnings) = (outcome.count(Severity::Error), outcome.count(Severity::Warning));
    let found: Vec<String> =
        [(n_errors, "error"), (n_warnings, "warning"), (outcome.count(Severity::Info), "note")]
            .into_iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, word)| count(n, word))
            .collect();
    html! {
        <div class="status" data-testid="status" data-revision={outcome.shown.to_string()} data-state={outcome.state()}
            data-render-ms={format!("{:.1}", outcome.render_ms)} role="status">
            if is_empty {
                <span class="status-item">{ "No chart open" }</span>
            } else {
                { what_happened(outcome, cancel) }
                <span class="status-item status-optional">{ format!("Revision {}", outcome.shown) }</span>
                if !found.is_empty() {
                    <button type="button" class="status-item status-link" onclick={show_problems}>{ found.join(", ") }</button>
                }
            }
            if !is_empty {
                { world_switch(state.world, outcome.asked, choose_world) }
            }
            <span class="status-item status-optional push" data-testid="saved" data-state={saved_word(state.saved)}>{ saved_sentence(state.saved) }</span>
            { operation_link(desk, &state.deploy) }
            { reach(&state.cluster) }
        </div>
    }
}

/// What has left this tab.
fn reach(cluster: &ClusterState) -> Html {
    match cluster.name().filter(|_| cluster.stage() == Stage::Connected) {
        Some(name) => {
            html! { <span class="status-item">{ icon_as("cluster", "i-small") }{ format!("Connected to {name}") }</span> }
        }
        None if cluster.has_sent => {
            html! { <span class="status-item">{ icon_as("cluster", "i-small") }{ "Not connected" }</span> }
        }
        None => {
            html! { <span class="status-item">{ icon_as("lock", "i-small") }{ "Nothing sent" }</span> }
        }
    }
}

/// The way back to an operation that runs.
fn operation_link(desk: &Desk, deploy: &Deploy) -> Html {
    let Some(view) = deploy.operation.as_ref().filter(|view| !view.is_over() && !deploy.is_open) else {
        return Html::default();
    };
    let desk = desk.clone();
    let onclick = Callback::from(move |_: MouseEvent| desk.open_deploy());
    html! {
        <button type="button" class="status-item status-link" data-testid="operation-link" {onclick}><span class="spinner"></span>
            { format!("Deploying: {}", crate::panels::deploy::progress_text(view)) }</button>
    }
}

fn what_happened(outcome: &Outcome, cancel: Callback<MouseEvent>) -> Html {
    if let Some(sentence) = &outcome.failure {
        return html! { <span class="status-item status-long" title={sentence.clone()}><span class="dot dot-error"></span>{ sentence.clone() }</span> };
    }
    if let Some(ms) = outcome.slow_ms {
        let doing = match &outcome.slow_work {
            Some(what) => format!("Making {what}, {ms} ms"),
            None => format!("Rendering, {ms} ms"),
        };
        return html! {
            <span class="status-item"><span class="spinner"></span>{ doing }
                <button type="button" class="text-button" data-testid="cancel-render" onclick={cancel}>{ "Cancel" }</button></span>
        };
    }
    if outcome.shown == 0 {
        return html! { <span class="status-item"><span class="dot"></span>{ "Starting the renderer" }</span> };
    }
    let n_documents = outcome.output.documents.len();
    let time = if outcome.render_ms < 10.0 {
        format!("{:.1} ms", outcome.render_ms)
    } else {
        format!("{:.0} ms", outcome.render_ms)
    };
    let (dot, failed) = match outcome.n_failed() {
        0 if outcome.count(Severity::Error) == 0 => ("dot dot-ok", String::new()),
        0 => ("dot dot-error", String::new()),
        n_failed => ("dot dot-error", format!(", {n_failed} failed")),
    };
    html! {
        <span class="status-item">
            <span class={dot}></span>
            <span>
                <span class="status-optional">{ "Rendered " }</span>{ count(n_documents, "document") }
                <span class="status-optional">{ format!(" in {time}") }</span>{ failed }
            </span>
        </span>
    }
}

/// Shown when the result depends on the world, and until the person is back in the preview.
fn world_switch(world: World, asked: Asked, choose: Callback<World>) -> Html {
    let what = match (asked.clock, asked.random) {
        (true, true) => "time and random values",
        (true, false) => "time",
        (false, true) => "random values",
        (false, false) if world == World::Exact => "time and random values",
        (false, false) => return Html::default(),
    };
    let (word, says, title, other) = match world {
        World::Preview => (
            "Preview",
            format!(": made-up {what}"),
            format!(
                "In this result {what} are made up, the same in every render. Press to take the real ones, as Helm does."
            ),
            World::Exact,
        ),
        World::Exact => (
            "Exact",
            format!(": real {what}"),
            format!(
                "In this result {what} are real and change with every render. Press to make them stand still."
            ),
            World::Preview,
        ),
    };
    let onclick = Callback::from(move |_: MouseEvent| choose.emit(other));
    html! {
        <button type="button" class="status-item status-link" data-testid="world" data-world={world.word()}
            aria-pressed={(world == World::Exact).to_string()} {title} {onclick}>
            <span>{ word }<span class="status-optional">{ says }</span></span>
        </button>
    }
}

fn saved_word(saved: Saved) -> &'static str {
    match saved {
        Saved::Never => "never",
        Saved::Soon => "soon",
        Saved::Yes => "yes",
    }
}

fn saved_sentence(saved: Saved) -> &'static str {
    match saved {
        Saved::Never => "Not kept: this browser has no store for the page",
        Saved::Soon => "Saving",
        Saved::Yes => "Saved",
    }
}
