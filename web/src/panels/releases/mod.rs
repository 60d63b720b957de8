//! *Releases*: what the cluster holds, the chosen one with its history, and what can be done with it.

mod below;

mod confirm;

mod history;

use std::rc::Rc;

use web_sys::HtmlSelectElement;
use wire::{LockVerdict, ReleaseSummary, RevisionSummary, Status};
use yew::prelude::*;

use crate::components::{icon, icon_button, prose};
use crate::hooks::{Desk, use_now};
use crate::panels::deploy::{connect, counted};
use crate::panels::releases::below::below;
use crate::panels::releases::confirm::ConfirmPanel;
use crate::panels::releases::history::history;
use crate::panels::use_desk_context;
use crate::state::cluster::Stage;
use crate::state::releases::{Confirm, Name, ReleasesAction};
use crate::state::time::{ago, span};
use crate::state::{ClusterState, Releases};

/// Props of [`ReleasesPanel`].
#[derive(PartialEq, Properties)]
pub(crate) struct ReleasesPanelProps {
    pub(crate) cluster: Rc<ClusterState>,
    pub(crate) releases: Rc<Releases>,
}

/// The tab.
#[component]
pub(crate) fn ReleasesPanel(props: &ReleasesPanelProps) -> Html {
    let desk = use_desk_context();
    let ReleasesPanelProps { cluster, releases } = props;
    let stage = cluster.stage();
    {
        let desk = desk.clone();
        use_effect_with((stage, releases.list.is_some()), move |(stage, is_read)| {
            if *stage == Stage::Connected && !is_read {
                desk.read_releases();
            }
        });
    }
    if stage != Stage::Connected {
        return html! {
            <div class="releases" role="tabpanel" aria-label="Releases" data-testid="releases" data-state={stage.word()}>
                <div class="releases-empty">{ connect(&desk, cluster, Html::default()) }</div>
            </div>
        };
    }
    let namespaces: std::collections::BTreeSet<&str> =
        releases.list.iter().flat_map(|list| list.iter()).map(|release| release.namespace.as_str()).collect();
    let choose_namespace = {
        let desk = desk.clone();
        Callback::from(move |event: Event| {
            let value = event.target_unchecked_into::<HtmlSelectElement>().value();
            desk.releases(ReleasesAction::Namespace(value));
        })
    };
    let read = {
        let desk = desk.clone();
        Callback::from(move |()| desk.read_releases())
    };
    let busy = releases.busy.or(releases.is_starting.then_some("Starting"));
    let state = if busy.is_some() { "busy" } else { "idle" };
    html! {
        <div class="releases" role="tabpanel" aria-label="Releases" data-testid="releases" data-state={state}>
            <div class="toolbar">
                <span class="field">{ icon("cluster") }<span class="field-value">{ cluster.name().unwrap_or_default().to_owned() }</span></span>
                <label class="field"><span class="field-name">{ "namespace" }</span>
                    <select class="field-select" data-testid="release-namespace" onchange={choose_namespace}>
                        <option value="" selected={releases.namespace.is_empty()}>{ "all" }</option>
                        { for namespaces.iter().map(|namespace| html! {
                            <option key={*namespace} value={(*namespace).to_owned()} selected={releases.namespace == *namespace}>{ *namespace }</option> }) }
                    </select></label>
                if let Some(busy) = busy {
                    <span class="toolbar-note"><span class="spinner"></span>{ " " }{ busy }</span>
                } else if releases.list.is_some() {
                    <span class="toolbar-note"><ReadAgo at_ms={releases.read_ms} /></span>
                }
                <div class="tools">{ icon_button("rollback", "Read again", Some("read-releases"), read) }</div>
            </div>
            if let Some(fault) = releases.fault.as_ref().filter(|_| releases.confirm.is_none()) {
                <div class="note note-error" role="alert" data-testid="releases-fault">{ icon("error") }<p>{ prose(&fault.sentence()) }</p></div>
            }
            { for interrupted(&desk, releases) }
            <div class="release-split">
                { list(&desk, releases) }
                { detail(&desk, cluster, releases) }
            </div>
        </div>
    }
}

/// What was cut off; of the chosen release its own note tells it.
fn interrupted(desk: &Desk, releases: &Releases) -> Vec<Html> {
    let left = releases.interrupted.iter().filter_map(|left| {
        let name = Name { namespace: left.namespace.clone(), name: left.release.clone() };
        (releases.chosen.as_ref() != Some(&name)).then_some((left, name))
    });
    left.map(|(left, name)| {
        let sentence = format!("`{}` in `{}` was left in the middle: {}.", name.name, name.namespace, left.lock.message);
        let (desk, key) = (desk.clone(), format!("{}/{}", name.namespace, name.name));
        let onclick = Callback::from(move |_: MouseEvent| desk.choose_release(name.clone()));
        html! {
            <div {key} class="note note-warning" role="status" data-testid="interrupted" data-name={left.release.clone()}>
                { icon("warning") }<p>{ prose(&sentence) }</p>
                <button type="button" class="button button-small" data-testid="see-interrupted" {onclick}>{ "Ways out" }</button>
            </div>
        }
    })
    .collect()
}

#[derive(PartialEq, Properties)]
struct ReadAgoProps {
    at_ms: f64,
}

#[component]
fn ReadAgo(props: &ReadAgoProps) -> Html {
    let age = (use_now() - props.at_ms).max(0.0);
    html! { { if age < 2_000.0 { "read just now".to_owned() } else { format!("read {} ago", span((age / 1_000.0).floor() * 1_000.0)) } } }
}

fn name_of(release: &ReleaseSummary) -> Name {
    Name { namespace: release.namespace.clone(), name: release.name.clone() }
}

/// A list with one tab stop.
fn list(desk: &Desk, releases: &Releases) -> Html {
    let shown: Vec<Name> = releases.shown().into_iter().map(name_of).collect();
    let onkeydown = {
        let (desk, shown, chosen) = (desk.clone(), shown.clone(), releases.chosen.clone());
        Callback::from(move |event: KeyboardEvent| {
            let at = shown.iter().position(|name| Some(name) == chosen.as_ref());
            let next = match (event.key().as_str(), at) {
                ("ArrowDown", Some(at)) => at + 1,
                ("ArrowUp", Some(at)) => at.saturating_sub(1),
                ("Home", _) | ("ArrowDown" | "Enter", None) => 0,
                ("End", _) => shown.len().saturating_sub(1),
                _ => return,
            };
            event.prevent_default();
            if let Some(name) = shown.get(next) {
                desk.choose_release(name.clone());
            }
        })
    };
    html! {
        <div class="release-list">
            <ul role="listbox" aria-label="Releases" tabindex="0" {onkeydown}>
                { for releases.shown().into_iter().map(|release| {
                    let name = name_of(release);
                    let is_chosen = releases.chosen.as_ref() == Some(&name);
                    let onclick = {
                        let (desk, name) = (desk.clone(), name.clone());
                        Callback::from(move |_: MouseEvent| desk.choose_release(name.clone()))
                    };
                    let status = release.last.status;
                    html! {
                        <li key={format!("{}/{}", name.namespace, name.name)} role="option" aria-selected={is_chosen.to_string()} data-testid="release"
                            data-namespace={name.namespace.clone()} data-name={name.name.clone()} data-status={status.text()} {onclick}>
                            <span class={dot(status)}></span><span class="release-name">{ name.name.clone() }</span><span class="revision">{ release.last.revision }</span>
                            <span class="release-chart">if releases.namespace.is_empty() { { format!("{} ", name.namespace) } }{ format!("{} {}", release.last.chart, release.last.chart_version) }</span>
                            if status != Status::Deployed { <span class={classes!("release-state", (status == Status::Failed).then_some("tone-error"))}>{ status.text() }</span> }
                        </li>
                    }
                }) }
            </ul>
            if releases.has_more {
                <p class="quiet release-none">{ format!("The cluster holds more; these are the first {}.", releases.list.as_ref().map_or(0, |list| list.len())) }</p>
            } else if shown.is_empty() && releases.list.is_some() {
                <p class="quiet release-none">{ "There is no release here. Deploy one." }</p>
            }
            if releases.in_config_maps > 0 {
                <p class="quiet release-none" data-testid="in-config-maps">{ in_config_maps(releases.in_config_maps) }</p>
            }
        </div>
    }
}

fn in_config_maps(n: u32) -> String {
    let more = if n < 500 { "" } else { " or more" };
    format!("Not shown: {}{more} whose records are in ConfigMaps.", counted(n as usize, "release"))
}

/// A writer of records that is neither Helm nor a bridge. Whoever may write Secrets may write records.
pub(super) fn stranger(revision: &RevisionSummary) -> Option<String> {
    revision.writer.clone().filter(|writer| !matches!(&**writer, "Helm" | "helm"))
}

/// The dot of a status.
pub(super) fn dot(status: Status) -> &'static str {
    match status {
        Status::Deployed => "dot dot-ok",
        Status::Failed => "dot dot-error",
        status if status.is_pending() || status == Status::Uninstalling => "dot dot-busy",
        _ => "dot",
    }
}

/// The chosen release.
fn detail(desk: &Desk, cluster: &ClusterState, releases: &Rc<Releases>) -> Html {
    let now = crate::hooks::now_ms();
    let Some(chosen) = &releases.chosen else {
        return html! { <div class="release-detail"><p class="quiet release-none">{ "Choose a release to see its history." }</p></div> };
    };
    let press = |what: fn(&Desk)| {
        let desk = desk.clone();
        Callback::from(move |_: MouseEvent| what(&desk))
    };
    let may_write = cluster.may_write();
    let last = releases.state.as_ref().map(|state| &state.release.last);
    html! {
        <div class="release-detail">
            <header class="release-head">
                <div><h3>{ chosen.name.clone() }</h3>
                    if let Some(last) = last {
                        <p class="quiet" data-testid="release-facts">{ format!("Revision {}, {}{}{}", last.revision, last.status.text(),
                            last.updated.as_ref().map(|updated| format!(", {}", ago(updated, now))).unwrap_or_default(),
                            last.writer.as_ref().map(|writer| format!(", record by {}", if writer == "helm" { "the bridge" } else { writer })).unwrap_or_default()) }</p>
                    }
                </div>
                <div class="tools">
                    <button type="button" class="button button-small" data-testid="resources" onclick={press(|desk| desk.show_resources())}>{ "Objects" }</button>
                    <button type="button" class="button button-small" data-testid="drift" onclick={press(|desk| desk.show_drift())}>{ "Drift" }</button>
                    <button type="button" class="button button-small" data-testid="orphans" onclick={press(|desk| desk.show_orphans())}>{ "Orphans" }</button>
                    if may_write {
                        <button type="button" class="button button-small" data-testid="run-tests" onclick={press(|desk| desk.run_tests())}>{ icon("play") }{ "Run tests" }</button>
                        <button type="button" class="button button-small button-danger" data-testid="uninstall" onclick={press(|desk| desk.ask_uninstall())}>{ icon("trash") }{ "Uninstall" }</button>
                    }
                </div>
            </header>
            { lock_note(desk, releases, may_write) }
            { for releases.state.iter().flat_map(|state| state.anomalies.iter()).map(|anomaly| html! {
                <div class="note note-warning">{ icon("warning") }<p>{ anomaly.clone() }</p></div>
            }) }
            // Not before there is something: what an empty component stands between, Yew puts in another order.
            if releases.confirm.is_some() { <ConfirmPanel releases={releases.clone()} /> }
            { history(desk, releases, chosen, may_write, now) }
            { below(desk, releases, may_write) }
        </div>
    }
}

/// Who holds the release, and the ways out that are offered.
fn lock_note(desk: &Desk, releases: &Releases, may_write: bool) -> Html {
    let Some(lock) = releases.state.as_ref().map(|state| &state.lock) else { return Html::default() };
    if lock.verdict == LockVerdict::Free {
        return Html::default();
    }
    html! {
        <div class="note note-warning" role="status" data-testid="lock" data-verdict={verdict_word(lock.verdict)}>
            { icon("lock") }<p>{ lock.message.clone() }</p>
            if may_write {
                { for lock.offers.iter().map(|action| {
                    let (desk, action) = (desk.clone(), *action);
                    let onclick = Callback::from(move |_: MouseEvent| desk.releases(ReleasesAction::Confirm(Some(Confirm::Recover(action)))));
                    html! { <button type="button" class="button button-small" data-testid="recover" data-action={confirm::recover_word(action)} {onclick}>{ confirm::recover_label(action) }</button> }
                }) }
            }
        </div>
    }
}

fn verdict_word(verdict: LockVerdict) -> &'static str {
    match verdict {
        LockVerdict::Crashed => "crashed",
        LockVerdict::Foreign => "foreign",
        LockVerdict::ForeignStale => "foreign-stale",
        LockVerdict::Free => "free",
        LockVerdict::Running => "running",
    }
}
