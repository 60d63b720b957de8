//! Below the history: two revisions side by side, one from the inside, drift, orphans, the health of objects.

use wire::{Class, ObjectRef, PlannedObject, ResourceStatus, RevisionDetail, Verdict};
use yew::prelude::*;

use crate::components::fields::fields;
use crate::components::{icon_as, icon_button};
use crate::hooks::Desk;
use crate::panels::deploy::{class_word, counted};
use crate::state::Releases;
use crate::state::releases::{Below, Confirm, ReleasesAction, Section};

/// Whatever was asked last.
pub(crate) fn below(desk: &Desk, releases: &Releases, may_write: bool) -> Html {
    let close = {
        let desk = desk.clone();
        Callback::from(move |()| desk.releases(ReleasesAction::Show(Below::Nothing)))
    };
    let head = |title: Html, note: String, tools: Html| {
        html! {
            <header class="section-head">{ title }<span class="push quiet">{ note }</span>{ tools }
                { icon_button("close", "Close", None, close.clone()) }</header>
        }
    };
    match &releases.below {
        Below::Nothing => Html::default(),
        Below::Diff(diff) => {
            let n: usize =
                diff.objects.iter().map(|object| object.fields.len()).sum::<usize>() + diff.values.len();
            let title = html! { <><h3>{ format!("Revision {}", diff.from.revision) }</h3>{ icon_as("arrow", "i-small") }<h3>{ diff.to.revision }</h3></> };
            html! {
                <section class="field-diff" data-testid="diff" aria-label="Difference of the revisions">
                    { head(title, format!("{} on {}", counted(n, "field"), counted(diff.objects.len(), "object")), Html::default()) }
                    if !diff.values.is_empty() {
                        <p class="field-heading">{ "Values" }</p>{ fields(&diff.values, false, false) }
                    }
                    { objects(&diff.objects, false) }
                    if n == 0 && diff.objects.is_empty() { <p class="quiet below-empty">{ "Both hold the same." }</p> }
                </section>
            }
        }
        Below::Drift(drift) => html! {
            <section class="field-diff" data-testid="drift-shown" aria-label="Drift">
                { head(html! { <h3>{ format!("Drift since revision {}", drift.revision) }</h3> }, counted(drift.objects.len(), "object"), Html::default()) }
                { objects(&drift.objects, true) }
                if drift.objects.is_empty() { <p class="quiet below-empty">{ "The cluster is as the release left it." }</p> }
            </section>
        },
        Below::Orphans(orphans) => {
            let all: Vec<&ObjectRef> = orphans.objects.iter().chain(&orphans.hooks).collect();
            let desk = desk.clone();
            let clean = Callback::from(move |_: MouseEvent| {
                desk.releases(ReleasesAction::Confirm(Some(Confirm::Cleanup)))
            });
            let tools = html! {
                if may_write && !all.is_empty() {
                    <button type="button" class="button button-small button-danger" data-testid="cleanup" onclick={clean}>{ "Delete them" }</button>
                }
            };
            html! {
                <section class="field-diff" data-testid="orphans-shown" aria-label="Orphans">
                    { head(html! { <h3>{ "Orphans" }</h3> }, counted(all.len(), "object"), tools) }
                    <ul class="orphans">{ for all.iter().map(|object| html! { <li><span class="kind">{ object.kind.clone() }</span>{ " " }{ object.name.clone() }</li> }) }</ul>
                    if all.is_empty() { <p class="quiet below-empty">{ "Every object of the release stands in its manifest." }</p> }
                </section>
            }
        }
        Below::Plan(plan) => html! {
            <section class="field-diff" data-testid="uninstall-plan" aria-label="Plan of the uninstall">
                { head(html! { <h3>{ "Plan of the uninstall" }</h3> }, format!("{} deleted", counted(plan.counts.delete as usize, "object")), Html::default()) }
                <ul class="orphans">
                    { for plan.objects.iter().map(|object| {
                        let word = class_word(object.class);
                        let tone = if object.class == Class::Delete { "" } else { "badge" };
                        html! {
                            <li key={object.object.to_string()} data-testid="planned" data-class={word} data-kind={object.object.kind.clone()} data-name={object.object.name.clone()}>
                                <span class="kind">{ object.object.kind.clone() }</span>{ " " }{ object.object.name.clone() }{ " " }
                                if !tone.is_empty() { <span class={tone}>{ word }</span> }
                                if let Some(problem) = &object.problem { <p class="tone-error">{ problem.detail.clone() }</p> }
                            </li>
                        }
                    }) }
                    { for plan.hooks.iter().map(|hook| html! {
                        <li><span class="kind">{ format!("Hook {}", hook.object.kind) }</span>{ " " }{ hook.object.name.clone() }{ " " }<span class="quiet">{ hook.events.join(", ") }</span></li>
                    }) }
                </ul>
                if plan.objects.is_empty() { <p class="quiet below-empty">{ "There is nothing left of it on the cluster." }</p> }
            </section>
        },
        Below::Resources(resources) => html! {
            <section class="field-diff" data-testid="resources-shown" aria-label="Objects">
                { head(html! { <h3>{ "Objects" }</h3> }, counted(resources.len(), "object"), Html::default()) }
                <table class="ready"><tbody>{ for resources.iter().map(resource) }</tbody></table>
            </section>
        },
        Below::Detail(detail, section) => html! {
            <section class="field-diff" data-testid="detail" data-section={section.word()} aria-label="Revision">
                { head(html! { <h3>{ format!("Revision {}", detail.summary.revision) }</h3> }, detail.summary.chart.clone(), Html::default()) }
                { sections(desk, detail, *section) }
            </section>
        },
    }
}

fn objects(list: &[PlannedObject], has_cause: bool) -> Html {
    list.iter()
        .map(|object| {
            let word = class_word(object.class);
            html! {
                <div key={object.object.to_string()} data-testid="changed-object" data-kind={object.object.kind.clone()} data-name={object.object.name.clone()}>
                    <p class="field-heading">{ format!("{} {}", object.object.kind, object.object.name) }if word != "update" { { " " }<span class="badge">{ word }</span> }</p>
                    if !object.fields.is_empty() { { fields(&object.fields, has_cause, object.truncated) } }
                    if let Some(problem) = &object.problem { <p class="resource-problem tone-error">{ problem.detail.clone() }</p> }
                </div>
            }
        })
        .collect()
}

fn resource(resource: &ResourceStatus) -> Html {
    let (class, word) = match resource.verdict {
        Verdict::Current => ("is-ready", "current"),
        Verdict::Failed => ("tone-error", "failed"),
        Verdict::InProgress => ("", "in progress"),
        Verdict::NotFound => ("tone-error", "missing"),
        Verdict::Terminating => ("", "terminating"),
        Verdict::Unknown => ("", "unknown"),
    };
    let waiting: Vec<String> = resource
        .pods
        .iter()
        .filter_map(|pod| pod.waiting.as_ref().map(|waiting| format!("{}: {waiting}", pod.name)))
        .chain(
            resource.events.iter().filter(|event| event.kind == "Warning").map(|event| event.message.clone()),
        )
        .collect();
    html! {
        <tr key={resource.object.to_string()} class={(resource.verdict == Verdict::Failed).then_some("is-trouble")} data-testid="resource" data-verdict={word}>
            <th scope="row"><span class="kind">{ resource.object.kind.clone() }</span><span class="name">{ resource.object.name.clone() }</span></th>
            <td {class}>if class == "is-ready" { { icon_as("check", "i-small") } }{ word }</td>
            <td>if let Some((ready, desired)) = resource.ready.zip(resource.desired) { { format!("{ready} of {desired}") } }</td>
            <td>{ if waiting.is_empty() { resource.message.clone() } else { waiting.join("; ") } }</td>
        </tr>
    }
}

/// The parts of a revision, one at a time.
fn sections(desk: &Desk, detail: &RevisionDetail, section: Section) -> Html {
    let revision = detail.summary.revision;
    let json = |map: &Option<serde_json::Map<String, serde_json::Value>>| {
        map.as_ref().and_then(|map| serde_json::to_string_pretty(map).ok()).unwrap_or_default()
    };
    let text = match section {
        Section::Computed => json(&detail.computed_values),
        Section::Values => json(&detail.values),
        Section::Manifest => detail.manifest.clone().unwrap_or_default(),
        Section::Notes => detail.notes.clone().unwrap_or_default(),
        Section::Hooks => {
            let hooks = detail.hooks.iter().flatten();
            hooks
                .map(|hook| {
                    format!("---\n# Source: {}\n# {}\n{}\n", hook.path, hook.events.join(", "), hook.manifest)
                })
                .collect()
        }
    };
    html! {
        <>
            <div class="segments section-segments" role="group" aria-label="Section">
                { for Section::ALL.into_iter().map(|other| {
                    let desk = desk.clone();
                    let onclick = Callback::from(move |_: MouseEvent| desk.show_revision(revision, other));
                    html! { <button type="button" key={other.word()} aria-pressed={(other == section).to_string()} data-testid="section" data-section={other.word()} {onclick}>{ other.label() }</button> }
                }) }
            </div>
            <pre class="detail-text" tabindex="0">{ if text.trim().is_empty() { "(empty)".to_owned() } else { text } }</pre>
        </>
    }
}
