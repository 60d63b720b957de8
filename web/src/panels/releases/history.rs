//! The revisions of a release: compare, look inside, roll back.

use wire::Status;
use yew::prelude::*;

use crate::hooks::Desk;
use crate::panels::releases::{dot, stranger};
use crate::state::Releases;
use crate::state::deploy::Subject;
use crate::state::releases::{Name, Section};
use crate::state::time::{instant, span};

/// The table, once the revisions came.
pub(crate) fn history(desk: &Desk, releases: &Releases, name: &Name, may_write: bool, now: f64) -> Html {
    let Some(revisions) = &releases.history else { return Html::default() };
    let deployed = releases.state.as_ref().map_or(0, |state| state.deployed_revision);
    html! {
        <table class="history" data-testid="history" aria-label={format!("History of {}", name.name)}>
            <thead><tr><th scope="col"><span class="sr-only">{ "Compare" }</span></th><th scope="col">{ "Revision" }</th><th scope="col">{ "State" }</th><th scope="col">{ "Chart" }</th>
                <th scope="col">{ "When" }</th><th scope="col">{ "What" }</th><th scope="col"><span class="sr-only">{ "Action" }</span></th></tr></thead>
            <tbody>
                { for revisions.iter().map(|revision| {
                    let number = revision.revision;
                    let is_picked = releases.picked.contains(&number);
                    let pick = {
                        let desk = desk.clone();
                        Callback::from(move |_: Event| desk.pick_revision(number))
                    };
                    let show = {
                        let desk = desk.clone();
                        Callback::from(move |_: MouseEvent| desk.show_revision(number, Section::default()))
                    };
                    let roll_back = {
                        let (desk, name) = (desk.clone(), name.clone());
                        Callback::from(move |_: MouseEvent| desk.review(Subject::Rollback(name.clone(), number)))
                    };
                    let when = revision.updated.as_deref().and_then(instant).map(|then| span(now - then)).unwrap_or_default();
                    let is_failed = revision.status == Status::Failed;
                    let may_return = matches!(revision.status, Status::Superseded | Status::Deployed) && number != deployed && revision.corrupt.is_none();
                    let what = revision.corrupt.clone().or_else(|| revision.mismatch.clone()).unwrap_or_else(|| revision.description.clone());
                    html! {
                        <tr key={number} class={is_picked.then_some("is-picked")} data-testid="revision" data-revision={number.to_string()} data-status={revision.status.text()}>
                            <td><input type="checkbox" checked={is_picked} onchange={pick} aria-label={format!("Compare revision {number}")} /></td>
                            <th scope="row"><button type="button" class="text-button" data-testid="show-revision" onclick={show} title="Show what it holds">{ number }</button></th>
                            <td class={is_failed.then_some("tone-error")}><span class={dot(revision.status)}></span>{ revision.status.text() }</td>
                            <td>{ revision.chart_version.clone() }</td><td>{ when }</td><td title={what.clone()}>if let Some(writer) = stranger(revision) { <span class="badge badge-warning" title="Who wrote this record last">{ format!("by {writer}") }</span>{ " " } }{ what }</td>
                            <td>if number == deployed { <span class="quiet">{ "current" }</span> } else if may_return && may_write {
                                <button type="button" class="text-button" data-testid="rollback" onclick={roll_back}>{ "Roll back" }</button> }</td>
                        </tr>
                    }
                }) }
            </tbody>
        </table>
    }
}
