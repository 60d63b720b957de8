//! A sentence of ours, whose names stand in backticks, with the names set as code.

use yew::prelude::*;

/// Props of [`Sentence`].
#[derive(PartialEq, Properties)]
pub(crate) struct SentenceProps {
    pub(crate) text: AttrValue,
}

/// The sentence.
#[component]
pub(crate) fn Sentence(props: &SentenceProps) -> Html {
    // Every second piece stands between two backticks; one without its partner is text.
    let pieces: Vec<&str> = props.text.split('`').collect();
    let is_paired = pieces.len() % 2 == 1;
    if !is_paired {
        return html! { { props.text.clone() } };
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
