//! *Deploy*: takes the place of the columns; first the review, then the operation.

mod connect;

mod decide;

mod logs;

mod operation;

mod review;

pub(crate) use connect::Connect;
pub(crate) use operation::progress_text;
pub(crate) use review::class_word;

use std::rc::Rc;

use yew::prelude::*;

use crate::components::Icon;
use crate::hooks::Desk;
use crate::panels::deploy::operation::OperationPanel;
use crate::panels::deploy::review::ReviewPanel;
use crate::state::cluster::Stage;
use crate::state::deploy::DeployAction;
use crate::state::{ClusterState, Deploy, Environments, Outcome};

/// Props of [`DeployPanel`].
#[derive(PartialEq, Properties)]
pub(crate) struct DeployPanelProps {
    pub(crate) cluster: Rc<ClusterState>,
    pub(crate) deploy: Rc<Deploy>,
    pub(crate) environments: Rc<Environments>,
    pub(crate) outcome: Rc<Outcome>,
}

/// The workspace.
#[component]
pub(crate) fn DeployPanel(props: &DeployPanelProps) -> Html {
    let DeployPanelProps { cluster, deploy, environments, outcome } = props;
    match &deploy.operation {
        Some(view) => html! { <OperationPanel cluster={cluster.clone()} view={view.clone()} /> },
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
            <button type="button" class="text-button" data-testid="back" onclick={back}><Icon name="back" />{ "Editor" }</button>
            <h1>{ title }</h1>
            <ol class="steps">
                { for ["Connect", "Review", "Deploy"].into_iter().enumerate().map(|(index, label)| html! {
                    <li key={label} class={(index < step).then_some("is-done")} aria-current={(index == step).then_some("step")}>
                        if index < step { <Icon name="check" class="i-small" /> }{ label }
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
