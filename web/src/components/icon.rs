//! Icons of the sprite in `www/index.html`, and the button that shows nothing else.
//!
//! Plain functions and no components: what has no state of its own needs none, and a component costs kilobytes of the page's
//! program.

use yew::prelude::*;

/// A drawing that screen readers pass over: the symbol's id without `i-`.
pub(crate) fn icon(name: &str) -> Html {
    drawing(name, "i".to_owned())
}

/// The same with a class of its own.
pub(crate) fn icon_as(name: &str, class: &str) -> Html {
    drawing(name, format!("i {class}"))
}

fn drawing(name: &str, class: String) -> Html {
    html! { <svg {class} aria-hidden="true"><use href={format!("#i-{name}")} /></svg> }
}

/// A button with an icon and a label for screen readers, which is the tooltip, too. With nothing to call it is disabled.
pub(crate) fn icon_button(
    name: &str,
    label: &str,
    test_id: Option<&'static str>,
    on_press: impl Into<Option<Callback<()>>>,
) -> Html {
    let (label, on_press) = (AttrValue::from(label.to_owned()), on_press.into());
    let disabled = on_press.is_none();
    let onclick = on_press.map(|on_press| {
        Callback::from(move |event: MouseEvent| {
            // A button in a row is not the row.
            event.stop_propagation();
            on_press.emit(());
        })
    });
    html! {
        <button type="button" class="icon-button" aria-label={label.clone()} title={label} data-testid={test_id} {disabled} {onclick}>
            { icon(name) }
        </button>
    }
}
