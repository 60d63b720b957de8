//! A small field in a row: a name, and a value that is taken over while it is typed.

use web_sys::HtmlInputElement;
use yew::prelude::*;

/// Props of [`Field`].
#[derive(PartialEq, Properties)]
pub(crate) struct FieldProps {
    /// What stands before the value.
    pub(crate) name: &'static str,
    /// For screen readers.
    pub(crate) label: &'static str,
    pub(crate) value: AttrValue,
    #[prop_or_default]
    pub(crate) placeholder: AttrValue,
    /// Where a value comes from that was not typed.
    #[prop_or_default]
    pub(crate) note: Option<&'static str>,
    pub(crate) test_id: &'static str,
    pub(crate) on_input: Callback<String>,
}

/// A labelled text field.
#[component]
pub(crate) fn Field(props: &FieldProps) -> Html {
    let on_input = props.on_input.clone();
    let oninput = Callback::from(move |event: InputEvent| {
        let input: HtmlInputElement = event.target_unchecked_into();
        on_input.emit(input.value().trim().to_owned());
    });
    // Wide enough for its text: a field that grows with it needs no box.
    let length = props.value.len().max(props.placeholder.len()).clamp(4, 22);
    html! {
        <label class="field">
            <span class="field-name">{ props.name }</span>
            <input class="field-value field-input" type="text" size={length.to_string()} value={props.value.clone()}
                placeholder={props.placeholder.clone()} aria-label={props.label} data-testid={props.test_id} spellcheck="false"
                autocomplete="off" {oninput} />
            if let Some(note) = props.note { <span class="field-note">{ note }</span> }
        </label>
    }
}
