//! What containers and the cluster say during an operation.

use std::rc::Rc;

use web_sys::{Element, HtmlInputElement};
use yew::prelude::*;

use crate::panels::deploy::counted;
use crate::state::operation::OperationView;
use crate::state::time::clock;

/// Props of [`Logs`].
#[derive(PartialEq, Properties)]
pub(crate) struct LogsProps {
    pub(crate) view: Rc<OperationView>,
}

/// Logs of hooks and pods beside the events.
#[component]
pub(crate) fn Logs(props: &LogsProps) -> Html {
    let is_strict = use_state(|| false);
    let view = &props.view;
    // Both are cut at their oldest lines, so their length does not tell that something came.
    let (log, events) = (use_end_in_view(view.seq), use_end_in_view(view.seq));
    if view.logs.is_empty() && view.remarks.is_empty() {
        return Html::default();
    }
    let onchange = {
        let is_strict = is_strict.clone();
        Callback::from(move |event: Event| {
            is_strict.set(event.target_unchecked_into::<HtmlInputElement>().checked())
        })
    };
    html! {
        <div class={classes!("logs", (view.logs.is_empty() || view.remarks.is_empty()).then_some("logs-one"))}>
            if !view.logs.is_empty() {
                <section class="log" aria-label="Logs" data-testid="log">
                    <header class="section-head"><h3>{ "Logs" }</h3><span class="quiet">{ counted(view.logs.len(), "line") }</span></header>
                    <div ref={log} class="log-body" tabindex="0">
                        { for view.logs.iter().map(|line| html! { <p><time>{ clock(&line.time).to_owned() }</time><span class="who" title={line.who.clone()}>{ line.who.clone() }</span><span>{ line.text.clone() }</span></p> }) }
                    </div>
                </section>
            }
            if !view.remarks.is_empty() {
                <section class="log" aria-label="Events" aria-live="polite" data-testid="events">
                    <header class="section-head"><h3>{ "Events" }</h3><label class="check push"><input type="checkbox" checked={*is_strict} {onchange} />{ "Warnings only" }</label></header>
                    <div ref={events} class="log-body" tabindex="0">
                        { for view.remarks.iter().filter(|remark| remark.is_warning || !*is_strict).map(|remark| html! {
                            <p class={remark.is_warning.then_some("tone-warning")}><time>{ clock(&remark.time).to_owned() }</time><span class="who" title={remark.who.clone()}>{ remark.who.clone() }</span>
                                <span>{ remark.text.clone() }</span>if remark.count > 1 { <span class="badge">{ format!("×{}", remark.count) }</span> }</p>
                        }) }
                    </div>
                </section>
            }
        </div>
    }
}

/// Keeps the end of a list in view, unless the person scrolled away from it.
#[hook]
fn use_end_in_view(seq: u64) -> NodeRef {
    let place = use_node_ref();
    {
        let place = place.clone();
        use_effect_with(seq, move |_| {
            if let Some(body) = place.cast::<Element>() {
                let below = body.scroll_height() - body.scroll_top() - body.client_height();
                if below < 120 {
                    body.set_scroll_top(body.scroll_height());
                }
            }
        });
    }
    place
}
