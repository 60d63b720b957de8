//! A rule between two panes that a pointer or the arrow keys move.

use web_sys::{Element, HtmlElement};
use yew::prelude::*;

/// Which way the rule runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Run {
    /// Under the pane it resizes: moves up and down.
    Across,
    /// Beside the pane it resizes: moves left and right.
    Down,
}

/// Where a person put the rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Moved {
    /// To this place of the pointer: 0 to 1 inside the parent, which has so many pixels.
    At(f64, f64),
    /// To this value, by a key.
    To(u32),
}

/// Props of [`Separator`].
#[derive(PartialEq, Properties)]
pub(crate) struct SeparatorProps {
    pub(crate) label: &'static str,
    #[prop_or(Run::Down)]
    pub(crate) run: Run,
    pub(crate) value: u32,
    pub(crate) range: (u32, u32),
    /// How far an arrow key moves it.
    pub(crate) step: u32,
    pub(crate) on_move: Callback<Moved>,
}

/// The rule.
#[component]
pub(crate) fn Separator(props: &SeparatorProps) -> Html {
    let is_held = use_mut_ref(|| false);
    let onpointerdown = {
        let is_held = is_held.clone();
        Callback::from(move |event: PointerEvent| {
            event.prevent_default();
            *is_held.borrow_mut() = true;
            let target: HtmlElement = event.target_unchecked_into();
            // Without the capture the rule follows only while the pointer is on it.
            let _ = target.set_pointer_capture(event.pointer_id());
            let _ = target.focus();
        })
    };
    let onpointerup = {
        let is_held = is_held.clone();
        Callback::from(move |_: PointerEvent| *is_held.borrow_mut() = false)
    };
    let onpointermove = {
        let (run, on_move) = (props.run, props.on_move.clone());
        Callback::from(move |event: PointerEvent| {
            if !*is_held.borrow() {
                return;
            }
            let target: Element = event.target_unchecked_into();
            let Some(parent) = target.parent_element() else { return };
            let around = parent.get_bounding_client_rect();
            let (at, size) = match run {
                Run::Down => (f64::from(event.client_x()) - around.left(), around.width()),
                Run::Across => (f64::from(event.client_y()) - around.top(), around.height()),
            };
            on_move.emit(Moved::At((at / size.max(1.0)).clamp(0.0, 1.0), size));
        })
    };
    let onkeydown = {
        let (run, value, step, range) = (props.run, props.value, props.step, props.range);
        let on_move = props.on_move.clone();
        Callback::from(move |event: KeyboardEvent| {
            let next = match (event.key().as_str(), run) {
                ("ArrowLeft", Run::Down) | ("ArrowDown", Run::Across) => value.saturating_sub(step),
                ("ArrowRight", Run::Down) | ("ArrowUp", Run::Across) => value + step,
                ("Home", _) => range.0,
                ("End", _) => range.1,
                _ => return,
            };
            event.prevent_default();
            on_move.emit(Moved::To(next));
        })
    };
    let (orientation, class) = match props.run {
        Run::Down => ("vertical", "separator"),
        Run::Across => ("horizontal", "separator separator-row"),
    };
    html! {
        <div {class} role="separator" tabindex="0" aria-orientation={orientation} aria-label={props.label}
            aria-valuemin={props.range.0.to_string()} aria-valuemax={props.range.1.to_string()}
            aria-valuenow={props.value.to_string()} {onpointerdown} {onpointerup} {onpointermove} {onkeydown} />
    }
}
