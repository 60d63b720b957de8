//! Icons of the sprite in `www/index.html`, and the button that shows nothing else.

use yew::prelude::*;

/// Props of [`Icon`].
#[derive(PartialEq, Properties)]
pub(crate) struct IconProps {
    /// The symbol's id without `i-`.
    pub(crate) name: &'static str,
    #[prop_or_default]
    pub(crate) class: Classes,
}

/// A drawing that screen readers pass over.
#[component]
pub(crate) fn Icon(props: &IconProps) -> Html {
    html! {
        <svg class={classes!("i", props.class.clone())} aria-hidden="true"><use href={format!("#i-{}", props.name)} /></svg>
    }
}

/// Props of [`IconButton`].
#[derive(PartialEq, Properties)]
pub(crate) struct IconButtonProps {
    pub(crate) icon: &'static str,
    /// For screen readers, and the tooltip.
    pub(crate) label: AttrValue,
    pub(crate) on_press: Callback<()>,
    #[prop_or_default]
    pub(crate) test_id: Option<&'static str>,
    #[prop_or_default]
    pub(crate) disabled: bool,
    #[prop_or_default]
    pub(crate) class: Classes,
}

/// A button with an icon, a label and a tooltip.
#[component]
pub(crate) fn IconButton(props: &IconButtonProps) -> Html {
    let on_press = props.on_press.clone();
    let onclick = Callback::from(move |event: MouseEvent| {
        // A button in a row is not the row.
        event.stop_propagation();
        on_press.emit(());
    });
    html! {
        <button type="button" class={classes!("icon-button", props.class.clone())} aria-label={props.label.clone()}
            title={props.label.clone()} data-testid={props.test_id} disabled={props.disabled} {onclick}>
            <Icon name={props.icon} />
        </button>
    }
}
