//! What is done only after its name was typed.

use std::rc::Rc;

use web_sys::{HtmlElement, HtmlInputElement};
use wire::RecoverAction;
use yew::prelude::*;

use crate::components::{icon, icon_as, prose};
use crate::panels::use_desk_context;
use crate::state::Releases;
use crate::state::releases::{Confirm, ReleasesAction};

/// Props of [`ConfirmPanel`].
#[derive(PartialEq, Properties)]
pub(crate) struct ConfirmPanelProps {
    pub(crate) releases: Rc<Releases>,
}

/// The question, in its place.
#[component]
pub(crate) fn ConfirmPanel(props: &ConfirmPanelProps) -> Html {
    let desk = use_desk_context();
    let field = use_node_ref();
    let releases = &props.releases;
    {
        let field = field.clone();
        use_effect_with(releases.confirm.is_some(), move |is_open| {
            if let (true, Some(field)) = (*is_open, field.cast::<HtmlElement>()) {
                let _ = field.focus();
            }
        });
    }
    let Some(confirm) = releases.confirm else { return Html::default() };
    let name = releases.chosen.as_ref().map(|chosen| chosen.name.clone()).unwrap_or_default();
    let (title, note, verb) = match confirm {
        Confirm::Uninstall(_) => {
            ("Uninstall", "What is listed below is deleted, and the history with it.", "Uninstall")
        }
        Confirm::Cleanup => ("Delete the orphans of", "The objects listed below are deleted.", "Delete"),
        Confirm::Recover(action @ RecoverAction::Abandon) => (
            "Abandon the operation on",
            "The revision is marked as failed; objects stay as they are.",
            recover_label(action),
        ),
        Confirm::Recover(action @ RecoverAction::Resume) => {
            ("Resume the operation on", "It goes on where it stopped.", recover_label(action))
        }
        Confirm::Recover(action @ RecoverAction::Rollback) => {
            ("Roll back", "The last good revision is put back.", recover_label(action))
        }
    };
    let must_type = releases.must_type();
    let oninput = {
        let desk = desk.clone();
        Callback::from(move |event: InputEvent| {
            desk.releases(ReleasesAction::Type(event.target_unchecked_into::<HtmlInputElement>().value()));
        })
    };
    let onsubmit = {
        let desk = desk.clone();
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            desk.confirmed();
        })
    };
    let close = {
        let desk = desk.clone();
        Callback::from(move |_: MouseEvent| desk.releases(ReleasesAction::Confirm(None)))
    };
    let onkeydown = {
        let desk = desk.clone();
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Escape" {
                desk.releases(ReleasesAction::Confirm(None));
            }
        })
    };
    let is_sent = releases.is_starting;
    let keep = {
        let desk = desk.clone();
        Callback::from(move |event: Event| {
            let keeps = event.target_unchecked_into::<HtmlInputElement>().checked();
            desk.releases(ReleasesAction::Confirm(Some(Confirm::Uninstall(keeps))));
        })
    };
    html! {
        <form class="decision confirm" data-testid="confirm" data-state={if is_sent { "sent" } else { "open" }} aria-label={format!("{title} {name}")} {onsubmit} {onkeydown}>
            <header>{ icon_as("warning", "tone-warning") }<h3>{ format!("{title} {name}?") }</h3></header>
            <p>{ note }</p>
            if let Confirm::Uninstall(keeps) = confirm {
                <label class="check"><input type="checkbox" checked={keeps} disabled={is_sent} onchange={keep} data-testid="keep-history" />{ "Keep the history" }</label>
            }
            <div class="confirm-row">
                if !must_type.is_empty() {
                    <label class="confirm-type"><span>{ "Type " }<code>{ must_type }</code></span>
                        <input ref={field} class="text-input" type="text" autocomplete="off" spellcheck="false" data-testid="confirm-name" value={releases.typed.clone()} disabled={is_sent} {oninput} /></label>
                }
                <button type="submit" class="button button-danger" data-testid="confirm-do" disabled={is_sent || !releases.is_confirmed()}>
                    if is_sent { <span class="spinner"></span> }{ verb }</button>
                <button type="button" class="button button-quiet" disabled={is_sent} onclick={close}>{ "Leave it" }</button>
            </div>
            if let Some(fault) = releases.fault.as_ref().filter(|_| !is_sent) {
                <div class="note note-error" role="alert" data-testid="refused" data-code={fault.code().map(|code| code.text())}>{ icon("error") }
                    <p>{ prose(&fault.sentence()) }</p>
                </div>
            }
        </form>
    }
}

/// What its button says.
pub(super) fn recover_label(action: RecoverAction) -> &'static str {
    match action {
        RecoverAction::Abandon => "Abandon",
        RecoverAction::Resume => "Resume",
        RecoverAction::Rollback => "Roll back",
    }
}

/// `data-action`.
pub(super) fn recover_word(action: RecoverAction) -> &'static str {
    match action {
        RecoverAction::Abandon => "abandon",
        RecoverAction::Resume => "resume",
        RecoverAction::Rollback => "rollback",
    }
}
