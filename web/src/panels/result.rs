//! The third column: what the render gave, by tabs.

use std::rc::Rc;

use yew::prelude::*;

use crate::components::separator::{Moved, Run, Separator};
use crate::components::tabs::{TabItem, Tabs};
use crate::components::{icon, icon_button, prose};
use crate::panels::manifests::Manifests;
use crate::panels::problems::problems;
use crate::panels::releases::ReleasesPanel;
use crate::panels::signature::signature_note;
use crate::panels::use_desk_context;
use crate::state::panels::{DOCK_PER_MILLE, PanelsAction};
use crate::state::{ClusterState, FileList, Outcome, Panels, Releases, Signature, Tab};

/// Props of [`ResultPanel`].
#[derive(PartialEq, Properties)]
pub(crate) struct ResultPanelProps {
    pub(crate) outcome: Rc<Outcome>,
    pub(crate) panels: Rc<Panels>,
    pub(crate) cluster: Rc<ClusterState>,
    pub(crate) releases: Rc<Releases>,
    pub(crate) signature: Rc<Signature>,
    pub(crate) files: Rc<FileList>,
}

/// The third column.
#[component]
pub(crate) fn ResultPanel(props: &ResultPanelProps) -> Html {
    let desk = use_desk_context();
    let (outcome, panels) = (&props.outcome, &props.panels);
    let items = Tab::ALL
        .iter()
        .map(|tab| TabItem {
            id: tab.id().into(),
            title: None,
            has_test_id: true,
            content: html! {
                <>{ tab.label() }
                if let (Tab::Problems, Some(worst)) = (tab, outcome.worst(None)) {
                    <span class={format!("count count-{}", worst.word())}>{ outcome.problems.len() }</span>
                } else if let (Tab::Releases, n @ 1..) = (tab, props.releases.interrupted.len()) {
                    <span class="count count-warning" title="Left in the middle of an operation">{ n }</span>
                }</>
            },
        })
        .collect::<Vec<_>>();
    let on_choose = {
        let desk = desk.clone();
        Callback::from(move |id: AttrValue| {
            if let Some(tab) = Tab::ALL.into_iter().find(|tab| id == tab.id()) {
                desk.panels(PanelsAction::ShowTab(tab));
            }
        })
    };
    let is_docked = panels.is_docked && panels.tab == Tab::Manifests && !outcome.problems.is_empty();
    let on_move = {
        let desk = desk.clone();
        Callback::from(move |moved| {
            let height = match moved {
                Moved::At(at, _) => ((1.0 - at) * 1000.0) as u32,
                Moved::To(height) => height,
            };
            desk.panels(PanelsAction::DockHeight(height));
        })
    };
    let again = |path: &str| {
        let (desk, path) = (desk.clone(), path.to_owned());
        Callback::from(move |_: MouseEvent| desk.again(&path))
    };
    let is_slow = outcome.slow_ms.is_some();
    html! {
        <section class={classes!("pane", "result", is_slow.then_some("is-slow"), outcome.failure.is_some().then_some("is-stale"))} id="result" aria-label="Result">
            <div class="pane-head pane-tabs">
                <Tabs label="Result" class="tabs" tab_class="tab" {items} chosen={AttrValue::from(panels.tab.id())} {on_choose} />
                if let Some(sentence) = &outcome.failure {
                    <span class="badge badge-warning push" title={sentence.clone()}>{ format!("revision {}", outcome.shown) }</span>
                }
            </div>
            if is_slow { <div class="progress-line"></div> }
            { signature_note(&desk, &props.signature, &props.files) }
            { for outcome.aside.iter().map(|aside| html! {
                <div key={aside.path.clone()} class="stop-notice" role="alert" data-testid="stop-notice" data-path={aside.path.clone()}>
                    { icon("stop") }
                    <p>{ prose(&aside.sentence) }</p>
                    <button type="button" class="button button-small" data-testid="again" onclick={again(&aside.path)}>{ "Run it again" }</button>
                </div>
            }) }
            if panels.tab == Tab::Manifests {
                <Manifests outcome={outcome.clone()} panels={panels.clone()} />
            }
            if is_docked {
                <Separator label="Height of the problems" run={Run::Across} value={panels.dock_per_mille} range={DOCK_PER_MILLE} step={40} {on_move} />
            }
            if is_docked || panels.tab == Tab::Problems {
                { problems(&desk, outcome, panels, is_docked) }
            }
            if panels.tab == Tab::Notes {
                { notes(outcome.output.notes.as_ref()) }
            }
            if panels.tab == Tab::Releases {
                <ReleasesPanel cluster={props.cluster.clone()} releases={props.releases.clone()} />
            }
            if panels.tab == Tab::Manifests && !is_docked && !outcome.problems.is_empty() {
                <div class="dock-edge">
                    { icon_button("dock", "Show the problems under the manifests", None, {
                        let desk = desk.clone();
                        Callback::from(move |()| desk.panels(PanelsAction::Dock(true)))
                    }) }
                </div>
            }
        </section>
    }
}

/// NOTES.txt as it was rendered.
fn notes(notes: Option<&String>) -> Html {
    html! {
        <div class="notes scroll" role="tabpanel" aria-label="Notes" data-testid="notes" tabindex="0">
            if let Some(notes) = notes {
                <pre>{ notes.clone() }</pre>
            } else {
                <p class="notes-empty quiet">{ "No notes: this chart has no templates/NOTES.txt, or it was not rendered." }</p>
            }
        </div>
    }
}
