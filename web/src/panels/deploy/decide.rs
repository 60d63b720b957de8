//! What only a person decides: fields of others, objects that must be made anew, Secrets that a chart asks for.

use yew::prelude::*;

use crate::components::fields::breakable;
use crate::components::{icon, icon_as, prose};
use crate::hooks::Desk;
use crate::panels::deploy::counted;
use crate::panels::use_desk_context;
use crate::state::Deploy;
use crate::state::decision::Decision;
use crate::state::rounds::describe;
use crate::worker::protocol::Question;

/// All decisions of the plan, made ones included, and those that were made for an earlier revision.
pub(crate) fn decisions_made(desk: &Desk, deploy: &Deploy) -> Html {
    let Some(planned) = deploy.planned() else { return Html::default() };
    let (before, now): (Vec<Decision>, Vec<Decision>) =
        planned.decisions().into_iter().partition(|decision| decision.remembered.is_some());
    html! {
        <>
            { group(desk, deploy, "group-decide", icon_as("warning", "tone-warning"), "Needs a decision", &now) }
            { group(desk, deploy, "group-decided", icon("check"), "Decided before", &before) }
        </>
    }
}

fn group(
    desk: &Desk,
    deploy: &Deploy,
    id: &'static str,
    sign: Html,
    title: &'static str,
    all: &[Decision],
) -> Html {
    if all.is_empty() {
        return Html::default();
    }
    html! {
        <section class="group" {id}>
            <h2 class="group-head">{ sign }{ title }<span class="total">{ all.len() }</span></h2>
            { for all.iter().map(|decision| card(desk, decision, deploy.chosen(decision))) }
        </section>
    }
}

fn card(desk: &Desk, decision: &Decision, chosen: Option<&'static str>) -> Html {
    let tone = match decision.badge {
        "conflict" => Some("badge-warning"),
        "remembered" => None,
        _ => Some("badge-error"),
    };
    html! {
        <article class="decision" key={decision.key.clone()} data-testid="decision" data-key={decision.key.clone()}>
            <header><h3><span class="kind">{ decision.object.kind.clone() }</span>{ " " }{ decision.object.name.clone() }</h3>
                <span class={classes!("badge", tone)}>{ decision.badge }</span></header>
            <p>if let Some(field) = &decision.field { <code>{ breakable(field) }</code>{ " " } } else { { "It " } }
                { prose(&decision.sentence) }</p>
            <fieldset class="choices">
                <legend class="sr-only">{ decision.field.clone().unwrap_or_else(|| decision.object.name.clone()) }</legend>
                { for decision.options.iter().map(|option| {
                    let (desk, key, word) = (desk.clone(), decision.key.clone(), option.word);
                    let onchange = Callback::from(move |_: Event| desk.choose(&key, word));
                    html! {
                        <label class="choice" key={option.word} data-testid="choice" data-word={option.word}>
                            <input type="radio" name={decision.key.clone()} checked={chosen == Some(option.word)} {onchange} />
                            <span class="choice-title">{ option.title }if let Some(value) = &option.value { <code>{ value.clone() }</code> }</span>
                            <span class="choice-note">{ option.note }</span>
                        </label>
                    }
                }) }
            </fieldset>
        </article>
    }
}

/// Props of [`Consent`].
#[derive(PartialEq, Properties)]
pub(crate) struct ConsentProps {
    pub(crate) questions: Vec<Question>,
    pub(crate) chart: AttrValue,
}

/// Asks whether the chart may read Secrets.
#[component]
pub(crate) fn Consent(props: &ConsentProps) -> Html {
    let desk = use_desk_context();
    let place = use_node_ref();
    {
        let place = place.clone();
        use_effect_with((), move |()| {
            if let Some(place) = place.cast::<web_sys::HtmlElement>() {
                let _ = place.focus();
            }
        });
    }
    let answer = |may_read: bool| {
        let desk = desk.clone();
        Callback::from(move |_: MouseEvent| desk.consent(may_read))
    };
    html! {
        <article ref={place} class="decision" role="alertdialog" aria-labelledby="consent-title" aria-describedby="consent-note" tabindex="-1" data-testid="consent">
            <header><h3 id="consent-title">{ format!("Chart {} asks to read {}", props.chart, counted(props.questions.len(), "Secret")) }</h3>
                <span class="badge badge-warning">{ "lookup" }</span></header>
            <ul class="consent-list">{ for props.questions.iter().map(|question| html! { <li key={describe(question)}><code>{ describe(question) }</code></li> }) }</ul>
            <p id="consent-note">{ "A template can print what it reads anywhere. Charts read their own Secrets to keep a generated password: without \
                it the chart would make a new one, so a deploy is refused then." }</p>
            <div class="consent-answers">
                <button type="button" class="button button-primary" data-testid="consent-allow" onclick={answer(true)}>{ "Let it read" }</button>
                <button type="button" class="button" data-testid="consent-deny" onclick={answer(false)}>{ "Do not" }</button>
            </div>
        </article>
    }
}
