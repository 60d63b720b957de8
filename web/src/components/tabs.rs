//! A row of tabs with one tab stop: arrow keys walk, Home and End jump, Delete closes where that is allowed.

use web_sys::{Element, HtmlElement};
use yew::prelude::*;

use wasm_bindgen::JsCast;

use crate::components::icon;

/// One tab.
#[derive(Clone, PartialEq)]
pub(crate) struct TabItem {
    /// Names it.
    pub(crate) id: AttrValue,
    pub(crate) content: Html,
    pub(crate) title: Option<AttrValue>,
    /// `data-testid` and `data-tab`, for tabs that tests ask for.
    pub(crate) has_test_id: bool,
}

/// Props of [`Tabs`].
#[derive(PartialEq, Properties)]
pub(crate) struct TabsProps {
    pub(crate) label: &'static str,
    pub(crate) class: &'static str,
    pub(crate) tab_class: &'static str,
    pub(crate) items: Vec<TabItem>,
    pub(crate) chosen: Option<AttrValue>,
    pub(crate) on_choose: Callback<AttrValue>,
    #[prop_or_default]
    pub(crate) on_close: Option<Callback<AttrValue>>,
}

/// The row.
#[component]
pub(crate) fn Tabs(props: &TabsProps) -> Html {
    let row = use_node_ref();
    {
        let row = row.clone();
        // A tab chosen elsewhere comes into view.
        use_effect_with(props.chosen.clone(), move |_| {
            let chosen = row
                .cast::<Element>()
                .and_then(|row| row.query_selector("[aria-selected=true]").ok().flatten());
            if let (Some(row), Some(tab)) =
                (row.cast::<HtmlElement>(), chosen.and_then(|tab| tab.dyn_into::<HtmlElement>().ok()))
            {
                let (left, right) = (
                    tab.offset_left() - row.offset_left(),
                    tab.offset_left() - row.offset_left() + tab.offset_width(),
                );
                if left < row.scroll_left() {
                    row.set_scroll_left(left);
                } else if right > row.scroll_left() + row.client_width() {
                    row.set_scroll_left(right - row.client_width());
                }
            }
        });
    }
    let onkeydown = {
        let items: Vec<AttrValue> = props.items.iter().map(|item| item.id.clone()).collect();
        let (chosen, on_choose, on_close) =
            (props.chosen.clone(), props.on_choose.clone(), props.on_close.clone());
        Callback::from(move |event: KeyboardEvent| {
            let at = items.iter().position(|id| Some(id) == chosen.as_ref()).unwrap_or(0);
            let last = items.len().saturating_sub(1);
            let next = match event.key().as_str() {
                "ArrowRight" => {
                    if at == last {
                        0
                    } else {
                        at + 1
                    }
                }
                "ArrowLeft" => {
                    if at == 0 {
                        last
                    } else {
                        at - 1
                    }
                }
                "Home" => 0,
                "End" => last,
                "Delete" => {
                    if let (Some(on_close), Some(id)) = (&on_close, items.get(at)) {
                        on_close.emit(id.clone());
                    }
                    return;
                }
                _ => return,
            };
            event.prevent_default();
            if let Some(id) = items.get(next) {
                on_choose.emit(id.clone());
            }
            let row: Element = event
                .current_target()
                .map(JsCast::unchecked_into)
                .unwrap_or_else(|| event.target_unchecked_into());
            if let Some(tab) = row.children().item(next as u32) {
                let _ = tab.unchecked_into::<HtmlElement>().focus();
            }
        })
    };
    html! {
        <div ref={row} class={props.class} role="tablist" aria-label={props.label} {onkeydown}>
            { for props.items.iter().map(|item| {
                let is_chosen = props.chosen.as_ref() == Some(&item.id);
                let onclick = {
                    let (on_choose, id) = (props.on_choose.clone(), item.id.clone());
                    Callback::from(move |_: MouseEvent| on_choose.emit(id.clone()))
                };
                // The middle button closes, as in browsers.
                let onauxclick = props.on_close.clone().map(|on_close| {
                    let id = item.id.clone();
                    Callback::from(move |event: MouseEvent| if event.button() == 1 { on_close.emit(id.clone()) })
                });
                html! {
                    <div key={item.id.to_string()} class={props.tab_class} role="tab" aria-selected={is_chosen.to_string()}
                        tabindex={if is_chosen { "0" } else { "-1" }} title={item.title.clone()}
                        data-testid={item.has_test_id.then_some("tab")} data-tab={item.has_test_id.then(|| item.id.clone())}
                        {onclick} {onauxclick}>
                        { item.content.clone() }
                        if let Some(on_close) = &props.on_close {
                            { close_mark(&item.id, on_close) }
                        }
                    </div>
                }
            }) }
        </div>
    }
}

/// For pointers only: with keys, Delete closes the tab.
fn close_mark(id: &AttrValue, on_close: &Callback<AttrValue>) -> Html {
    let (on_close, id) = (on_close.clone(), id.clone());
    let onclick = Callback::from(move |event: MouseEvent| {
        event.stop_propagation();
        on_close.emit(id.clone());
    });
    html! {
        <span class="tab-close" aria-hidden="true" title="Close" {onclick}>{ icon("close") }</span>
    }
}
