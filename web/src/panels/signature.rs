//! The signature of the chart that is open, as a note over the result: what is missing to check it, or what `helm verify`
//! says of it.

use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::components::{icon, icon_button, prose};
use crate::hooks::Desk;
use crate::state::signature::{Stage, Verdict};
use crate::state::{FileList, Signature};

/// Nothing, as long as there is no provenance file.
pub(crate) fn signature_note(desk: &Desk, signature: &Signature, files: &FileList) -> Html {
    let Some(signed) = signature.signed() else { return Html::default() };
    let (state, tone, drawing) = match signature.stage() {
        Stage::None => return Html::default(),
        Stage::NoArchive => ("no-archive", "note-warning", "warning"),
        Stage::OtherArchive(_) => ("other-archive", "note-warning", "warning"),
        Stage::NoKeys => ("no-keys", "note-quiet", "lock"),
        Stage::Ready(Verdict::None | Verdict::Checking) => ("checking", "note-quiet", ""),
        Stage::Ready(Verdict::Right(_)) => ("right", "note-ok", "check"),
        Stage::Ready(Verdict::Wrong(_)) => ("wrong", "note-error", "error"),
        Stage::Ready(Verdict::Lost(_)) => ("lost", "note-warning", "warning"),
    };
    let keyring = signature.keyring.as_deref().unwrap_or_default();
    let said = |sentence: String| html! { <p>{ prose(&sentence) }</p> };
    let text = match signature.stage() {
        Stage::None => Html::default(),
        Stage::NoArchive => said(format!(
            "`{signed}.prov` is the signature of the archive `{signed}`, whose bytes this tab does not have. Open `{signed}` to check it."
        )),
        Stage::OtherArchive(archive) => said(format!(
            "`{signed}.prov` is the signature of `{signed}`, and `{archive}` is open. Open `{signed}`, or the `.prov` of `{archive}`."
        )),
        Stage::NoKeys => said(format!(
            "`{signed}` is signed. To check the signature, choose the public key of who signed it: a keyring (`pubring.gpg`, `pubring.kbx`) or what `gpg --export` wrote. It stays in this tab."
        )),
        Stage::Ready(Verdict::None | Verdict::Checking) => {
            said(format!("Checking the signature of `{signed}`"))
        }
        Stage::Ready(Verdict::Right(report)) => {
            let n_edited = files.edited.len();
            html! {
                <div class="note-text">
                    <pre class="signature-report" data-testid="signature-report">{ report.trim_end().to_owned() }</pre>
                    if n_edited > 0 {
                        <p class="quiet">{ "This is about the archive as it was opened; the chart was edited since." }</p>
                    }
                </div>
            }
        }
        Stage::Ready(Verdict::Wrong(sentence)) => html! {
            <div class="note-text">
                <p data-testid="signature-error">{ sentence.clone() }</p>
                <p class="quiet">{ prose(&format!("This is the error of `helm verify` with `{keyring}`. The chart is open all the same; do not trust it for its signature.")) }</p>
            </div>
        },
        Stage::Ready(Verdict::Lost(why)) => said(format!("The signature was not checked: {why}.")),
    };
    let wants_keys = matches!(signature.stage(), Stage::NoKeys | Stage::Ready(_)) && state != "checking";
    let is_first = state == "no-keys";
    let close = {
        let desk = desk.clone();
        Callback::from(move |()| desk.close_signature())
    };
    let again = {
        let desk = desk.clone();
        Callback::from(move |_: MouseEvent| desk.check_signature())
    };
    html! {
        <div class={classes!("note", tone)} role="status" data-testid="signature" data-state={state}>
            if drawing.is_empty() { <span class="spinner"></span> } else { { icon(drawing) } }
            { text }
            if state == "lost" {
                <button type="button" class="button button-small" data-testid="check-again" onclick={again}>{ "Try again" }</button>
            }
            if wants_keys { { keyring_button(desk, is_first, keyring) } }
            { icon_button("close", "Put the signature away", None, close) }
        </div>
    }
}

/// Asks the system for a keyring.
fn keyring_button(desk: &Desk, is_first: bool, keyring: &str) -> Html {
    let desk = desk.clone();
    let onchange = Callback::from(move |event: Event| {
        let input: HtmlInputElement = event.target_unchecked_into();
        if let Some(list) = input.files() {
            desk.choose_keyring(&list);
        }
        // The same file may be chosen again.
        input.set_value("");
    });
    let title = match is_first {
        true => "Choose a keyring".to_owned(),
        false => format!("Checked with {keyring}; choose another keyring"),
    };
    html! {
        <label class="button button-small" {title}>
            { if is_first { "Choose keys" } else { "Other keys" } }
            <input class="sr-only" type="file" data-testid="keyring" {onchange} />
        </label>
    }
}
