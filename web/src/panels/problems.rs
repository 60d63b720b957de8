//! All that was found, as a list: in its own tab, or docked under the manifests.

use yew::prelude::*;

use crate::components::{icon_as, icon_button};
use crate::hooks::Desk;
use crate::state::panels::PanelsAction;
use crate::state::{Outcome, Panels, Tab};
use crate::worker::protocol::{Problem, Severity};

/// The list.
pub(crate) fn problems(desk: &Desk, outcome: &Outcome, panels: &Panels, is_docked: bool) -> Html {
    let choices = [
        (None, "All", outcome.problems.len()),
        (Some(Severity::Error), "Errors", outcome.count(Severity::Error)),
        (Some(Severity::Warning), "Warnings", outcome.count(Severity::Warning)),
        (Some(Severity::Info), "Notes", outcome.count(Severity::Info)),
    ];
    let dock = {
        let desk = desk.clone();
        Callback::from(move |()| {
            desk.panels(PanelsAction::Dock(!is_docked));
            if is_docked {
                desk.panels(PanelsAction::ShowTab(Tab::Problems));
            }
        })
    };
    let close = {
        let desk = desk.clone();
        Callback::from(move |()| desk.panels(PanelsAction::Dock(false)))
    };
    let shown = outcome
        .problems
        .iter()
        .enumerate()
        .filter(|(_, problem)| panels.severity.is_none_or(|wanted| problem.severity == wanted));
    html! {
        <section class={classes!("problems", is_docked.then_some("is-docked"))} data-testid="problems" aria-label="Problems">
            <div class="toolbar">
                <h3>{ "Problems" }</h3>
                <div class="segments" role="group" aria-label="Severity">
                    { for choices.into_iter().filter(|(severity, _, n)| severity.is_none() || *n > 0).map(|(severity, label, n)| {
                        let desk = desk.clone();
                        let onclick = Callback::from(move |_: MouseEvent| desk.panels(PanelsAction::Severity(severity)));
                        html! {
                            <button key={label} type="button" aria-pressed={(panels.severity == severity).to_string()} {onclick}>{ label }{ " " }<span>{ n }</span></button>
                        }
                    }) }
                </div>
                <div class="tools">
                    { icon_button("dock", if is_docked { "Show as a tab" } else { "Show under the manifests" }, None, dock) }
                    if is_docked {
                        { icon_button("close", "Close the list", None, close) }
                    }
                </div>
            </div>
            <ol class="problem-list">
                { for shown.map(|(index, problem)| problem_row(desk, index, problem, panels.problem == Some(index))) }
            </ol>
            if outcome.problems.is_empty() {
                <p class="problems-empty quiet">{ "No problems were found." }</p>
            }
        </section>
    }
}

fn problem_row(desk: &Desk, index: usize, problem: &Problem, is_current: bool) -> Html {
    let onclick = {
        let desk = desk.clone();
        Callback::from(move |_: MouseEvent| desk.show_problem(index))
    };
    let onkeydown = {
        let desk = desk.clone();
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Enter" {
                desk.show_problem(index);
            }
        })
    };
    let severity = problem.severity.word();
    html! {
        <li key={index} class={classes!("problem", is_current.then_some("is-current"))} data-testid="problem" data-severity={severity}
            data-code={problem.code.clone()} data-file={problem.file.clone()} tabindex="0" aria-current={is_current.then_some("true")} {onclick} {onkeydown}>
            { icon_as(severity, &format!("tone-{severity}")) }
            <div class="problem-text">
                <p class="sentence"><span class="sr-only">{ format!("{severity}: ") }</span>{ problem.message.clone() }</p>
                if let Some(hint) = &problem.hint { <p class="hint">{ hint.clone() }</p> }
                <p class="place">
                    if let Some(place) = desk.place(problem) { <span class="link">{ place }</span> }
                    <span class="code-name">{ problem.code.clone() }</span>
                    if problem.helm_first { <span class="badge">{ "Helm's own error" }</span> }
                </p>
            </div>
        </li>
    }
}
