//! A small field in a row: a name, and a value that is taken over while it is typed.

use web_sys::HtmlInputElement;
use yew::prelude::*;

/// A text field behind its name; `label` is for screen readers, `note` says where a value comes from that was not typed.
pub(crate) fn field(
    name: &'static str,
    label: &'static str,
    test_id: &'static str,
    value: &str,
    placeholder: &str,
    note: Option<&'static str>,
    on_input: Callback<String>,
) -> Html {
    let oninput = Callback::from(move |event: InputEvent| {
        let input: HtmlInputElement = event.target_unchecked_into();
        on_input.emit(input.value().trim().to_owned());
    });
    // Wide enough for its text: a field that grows with it needs no box.
    let length = value.len().max(placeholder.len()).clamp(4, 22);
    html! {
        <label class="field">
            <span class="field-name">{ name }</span>
            <input class="field-value field-input" type="text" size={length.to_string()} value={value.to_owned()}
                placeholder={placeholder.to_owned()} aria-label={label} data-testid={test_id} spellcheck="false"
                autocomplete="off" {oninput} />
            if let Some(note) = note { <span class="field-note">{ note }</span> }
        </label>
    }
}
