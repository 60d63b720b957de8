//! A sentence of ours, whose names stand in backticks, with the names set as code.

use yew::prelude::*;

/// The sentence.
pub(crate) fn prose(text: &str) -> Html {
    // Every second piece stands between two backticks; one without its partner is text.
    let pieces: Vec<&str> = text.split('`').collect();
    let is_paired = pieces.len() % 2 == 1;
    if !is_paired {
        return html! { { text.to_owned() } };
    }
    let show = |(index, piece): (usize, &&str)| {
        let piece = (*piece).to_owned();
        if index % 2 == 1 {
            html! { <code>{ piece }</code> }
        } else {
            html! { { piece } }
        }
    };
    pieces.iter().enumerate().map(show).collect()
}
