//! Fields of an object before and after: path, old, new, and why.

use serde_json::Value;
use wire::{Cause, FieldChange, Owner};
use yew::prelude::*;

use crate::components::icon_as;

/// The table: `has_cause` adds a column that says why, `is_cut` says that there are more than these.
pub(crate) fn fields(fields: &[FieldChange], has_cause: bool, is_cut: bool) -> Html {
    let label = if has_cause { "Field, live, after, because" } else { "Field, before, after" };
    html! {
        <table class={classes!("fields", (!has_cause).then_some("fields-plain"))} aria-label={label}>
            <colgroup><col class="c-path" /><col class="c-value" /><col class="c-value" />if has_cause { <col /> }</colgroup>
            <tbody>
                { for fields.iter().map(|field| html! {
                    <tr class="field-row" key={field.path.clone()} data-path={field.path.clone()}>
                        <th scope="row">{ breakable(&field.path) }</th>
                        <td>if let Some(old) = &field.old { <del><span class="sign">{ "−" }</span>{ shown(old) }</del> }</td>
                        <td>if let Some(new) = &field.new { <ins><span class="sign">{ "+" }</span>{ shown(new) }</ins> }</td>
                        if has_cause {
                            <td class="cause">{ why(field) }</td>
                        }
                    </tr>
                }) }
                if is_cut {
                    <tr class="field-row"><th scope="row" colspan="4" class="quiet">{ "More fields change than the bridge lists." }</th></tr>
                }
            </tbody>
        </table>
    }
}

/// A value in one line; a hidden one with a lock.
fn shown(value: &Value) -> Html {
    let text = text_of(value);
    match text.strip_prefix('‹').and_then(|rest| rest.strip_suffix('›')) {
        Some(hidden) => html! { <>{ icon_as("lock", "i-small") }{ hidden.to_owned() }</> },
        None => html! { <span title={text.clone()}>{ text }</span> },
    }
}

/// As people write it: texts without quotes, everything else as JSON.
pub(crate) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A path that may break at its points.
pub(crate) fn breakable(path: &str) -> Html {
    let path = path.strip_prefix('.').unwrap_or(path);
    let mut pieces = path.split_inclusive('.');
    let first = pieces.next().unwrap_or_default().to_owned();
    html! { <>{ first }{ for pieces.map(|piece| html! { <><wbr />{ piece.to_owned() }</> }) }</> }
}

/// Why a field would change, in a few words.
fn why(field: &FieldChange) -> String {
    let owner = field.owner.as_ref().map_or("somebody", |owner: &Owner| owner.manager.as_str());
    match field.cause {
        Cause::Chart => "the chart or its values changed it".to_owned(),
        Cause::ChartOverDrift => format!("the chart changed it, and so did {owner} on the cluster"),
        Cause::DriftReverted => format!("would undo an edit by {owner}"),
        Cause::Mutated => "the cluster writes it differently than the chart".to_owned(),
        Cause::Removed => "the chart no longer sets it".to_owned(),
        Cause::Server => "a default of the cluster".to_owned(),
    }
}
