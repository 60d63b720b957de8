//! *Deploy*: takes the place of the columns; first the review, then the operation.

mod connect;

mod decide;

mod logs;

mod operation;

mod review;

pub(crate) use connect::connect;
pub(crate) use operation::progress_text;
pub(crate) use review::class_word;

use yew::prelude::*;

use crate::components::{icon, icon_as};
use crate::hooks::Desk;
use crate::panels::deploy::operation::operation_panel;
use crate::panels::deploy::review::ReviewPanel;
use crate::state::AppState;
use crate::state::cluster::Stage;
use crate::state::deploy::DeployAction;

/// The workspace.
pub(crate) fn deploy_panel(desk: &Desk, state: &AppState) -> Html {
    let AppState { cluster, deploy, environments, outcome, .. } = state;
    match &deploy.operation {
        Some(view) => operation_panel(desk, cluster, view),
        None => html! {
            <ReviewPanel cluster={cluster.clone()} deploy={deploy.clone()} environments={environments.clone()} outcome={outcome.clone()} />
        },
    }
}

/// The line over a workspace: the way back, what this is, how far it is (0 connect, 1 review, 2 deploy), and what stands at
/// its end.
pub(super) fn head(desk: &Desk, title: String, step: usize, end: Html) -> Html {
    let desk = desk.clone();
    let back = Callback::from(move |_: MouseEvent| desk.deploy(DeployAction::Close));
    html! {
        <header class="workspace-head">
            <button type="button" class="text-button" data-testid="back" onclick={back}>{ icon("back") }{ "Editor" }</button>
            <h1>{ title }</h1>
            <ol class="steps">
                { for ["Connect", "Review", "Deploy"].into_iter().enumerate().map(|(index, label)| html! {
                    <li key={label} class={(index < step).then_some("is-done")} aria-current={(index == step).then_some("step")}>
                        if index < step { { icon_as("check", "i-small") } }{ label }
                    </li>
                }) }
            </ol>
            { end }
        </header>
    }
}

/// The number of the step that a cluster allows.
pub(super) fn step_of(stage: Stage) -> usize {
    usize::from(stage == Stage::Connected)
}

/// `3 objects`.
pub(crate) fn counted(n: usize, word: &str) -> String {
    format!("{n} {word}{}", if n == 1 { "" } else { "s" })
}
