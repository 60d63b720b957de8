//! The revisions of a release: compare, look inside, roll back.

use std::rc::Rc;

use wire::{RevisionSummary, Status};
use yew::prelude::*;

use crate::panels::releases::dot;
use crate::panels::use_desk_context;
use crate::state::releases::{Name, Section};
use crate::state::time::{instant, span};

/// Props of [`History`].
#[derive(PartialEq, Properties)]
pub(crate) struct HistoryProps {
    pub(crate) name: Name,
    pub(crate) history: Rc<Vec<RevisionSummary>>,
    pub(crate) picked: Vec<u32>,
    /// The revision that runs.
    pub(crate) deployed: u32,
    pub(crate) may_write: bool,
    pub(crate) now: f64,
}

/// The table.
#[component]
pub(crate) fn History(props: &HistoryProps) -> Html {
    let desk = use_desk_context();
    html! {
        <table class="history" data-testid="history" aria-label={format!("History of {}", props.name.name)}>
            <thead><tr><th scope="col"><span class="sr-only">{ "Compare" }</span></th><th scope="col">{ "Revision" }</th><th scope="col">{ "State" }</th><th scope="col">{ "Chart" }</th>
                <th scope="col">{ "When" }</th><th scope="col">{ "What" }</th><th scope="col"><span class="sr-only">{ "Action" }</span></th></tr></thead>
            <tbody>
                { for props.history.iter().map(|revision| {
                    let number = revision.revision;
                    let is_picked = props.picked.contains(&number);
                    let pick = {
                        let desk = desk.clone();
                        Callback::from(move |_: Event| desk.pick_revision(number))
                    };
                    let show = {
                        let desk = desk.clone();
                        Callback::from(move |_: MouseEvent| desk.show_revision(number, Section::default()))
                    };
                    let roll_back = {
                        let (desk, name) = (desk.clone(), props.name.clone());
                        Callback::from(move |_: MouseEvent| desk.review_rollback(name.clone(), number))
                    };
                    let when = revision.updated.as_deref().and_then(instant).map(|then| span(props.now - then)).unwrap_or_default();
                    let is_failed = revision.status == Status::Failed;
                    let may_return = matches!(revision.status, Status::Superseded | Status::Deployed) && number != props.deployed && revision.corrupt.is_none();
                    let what = revision.corrupt.clone().or_else(|| revision.mismatch.clone()).unwrap_or_else(|| revision.description.clone());
                    html! {
                        <tr key={number} class={is_picked.then_some("is-picked")} data-testid="revision" data-revision={number.to_string()} data-status={revision.status.text()}>
                            <td><input type="checkbox" checked={is_picked} onchange={pick} aria-label={format!("Compare revision {number}")} /></td>
                            <th scope="row"><button type="button" class="text-button" data-testid="show-revision" onclick={show} title="Show what it holds">{ number }</button></th>
                            <td class={is_failed.then_some("tone-error")}><span class={dot(revision.status)}></span>{ revision.status.text() }</td>
                            <td>{ revision.chart_version.clone() }</td><td>{ when }</td><td title={what.clone()}>{ what }</td>
                            <td>if number == props.deployed { <span class="quiet">{ "current" }</span> } else if may_return && props.may_write {
                                <button type="button" class="text-button" data-testid="rollback" onclick={roll_back}>{ "Roll back" }</button> }</td>
                        </tr>
                    }
                }) }
            </tbody>
        </table>
    }
}
