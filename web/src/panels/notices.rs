//! Sentences about what was done, and long work with its progress and a way out.

use web_sys::HtmlElement;
use yew::prelude::*;

use crate::components::{icon_as, icon_button, prose};
use crate::hooks::Desk;
use crate::panels::use_desk_context;
use crate::state::Action;
use crate::state::notices::{Notices as State, NoticesAction, Progress};

/// The stack at the foot of the page.
pub(crate) fn notices(desk: &Desk, notices: &State) -> Html {
    let reload = Callback::from(|_: MouseEvent| {
        if let Some(window) = web_sys::window() {
            // A page that cannot be loaded again stays as it is.
            let _ = window.location().reload();
        }
    });
    html! {
        <div class="notices" aria-live="polite">
            if let Some(progress) = &notices.progress {
                <ProgressNotice progress={progress.clone()} />
            }
            { for notices.list.iter().map(|notice| {
                let severity = notice.severity.word();
                let (desk, id) = (desk.clone(), notice.id);
                let close = Callback::from(move |()| desk.send(Action::Notices(NoticesAction::Close(id))));
                html! {
                    <div key={notice.id} class={format!("notice notice-{severity}")} role="status" data-testid="notice" data-severity={severity}>
                        { icon_as(severity, &format!("tone-{severity}")) }
                        <p>{ prose(&notice.text) }</p>
                        if notice.offers_reload {
                            <button type="button" class="button button-small" onclick={reload.clone()}>{ "Load again" }</button>
                        }
                        { icon_button("close", "Close", None, close) }
                    </div>
                }
            }) }
        </div>
    }
}

#[derive(PartialEq, Properties)]
struct ProgressNoticeProps {
    progress: Progress,
}

#[component]
fn ProgressNotice(props: &ProgressNoticeProps) -> Html {
    let desk = use_desk_context();
    let bar = use_node_ref();
    let progress = &props.progress;
    {
        let bar = bar.clone();
        use_effect_with((progress.done, progress.total), move |(done, total)| {
            if let Some(bar) = bar.cast::<HtmlElement>() {
                let share = if *total == 0 { 100.0 } else { *done as f64 / *total as f64 * 100.0 };
                let _ = bar.style().set_property("width", &format!("{share:.1}%"));
            }
        });
    }
    let cancel = Callback::from(move |_: MouseEvent| desk.cancel_upload());
    let mib = |bytes: u64| format!("{:.1} MB", bytes as f64 / 1_000_000.0);
    let numbers = if progress.total == 0 {
        mib(progress.done)
    } else {
        format!("{} of {}", mib(progress.done), mib(progress.total))
    };
    html! {
        <div class="notice" data-testid="progress">
            <span class="spinner"></span>
            <p>{ format!("{}, {numbers}", progress.label) }</p>
            <button type="button" class="button button-small" data-testid="cancel-upload" onclick={cancel}>{ "Cancel" }</button>
            <span class="notice-bar" ref={bar}></span>
        </div>
    }
}
