//! *Review*: what a deploy would change on the live cluster, impact first.

use std::rc::Rc;

use web_sys::HtmlInputElement;
use wire::{Class, Impact, PlannedChart, PlannedObject};
use yew::prelude::*;

use crate::components::fields::fields as field_table;
use crate::components::{icon, icon_as, prose};
use crate::hooks::{Desk, use_now};
use crate::panels::deploy::decide::{Consent, decisions_made};
use crate::panels::deploy::{connect, counted, head, step_of};
use crate::panels::use_desk_context;
use crate::state::cluster::Stage;
use crate::state::deploy::{DeployAction, Planned, Step, Stop, Subject, Wishes, blockers};
use crate::state::time::span;
use crate::state::{ClusterState, Deploy, Environments, Outcome};

/// Props of [`ReviewPanel`].
#[derive(PartialEq, Properties)]
pub(crate) struct ReviewPanelProps {
    pub(crate) cluster: Rc<ClusterState>,
    pub(crate) deploy: Rc<Deploy>,
    pub(crate) environments: Rc<Environments>,
    pub(crate) outcome: Rc<Outcome>,
}

/// Groups of a plan: class, sign or icon, heading, tone.
const GROUPS: [(&[Class], &str, &str, &str); 8] = [
    (&[Class::Forbidden, Class::Invalid, Class::Conflict], "!", "Cannot be applied as it is", "tone-error"),
    (&[Class::Create], "+", "Created", "tone-added"),
    (&[Class::Update], "~", "Changed", "tone-changed"),
    (&[Class::Adopt], "~", "Taken over", "tone-changed"),
    (&[Class::Delete], "−", "Deleted", "tone-removed"),
    (&[Class::Unverifiable], "?", "Could not be tried", "tone-warning"),
    (&[Class::Keep, Class::Foreign, Class::Orphan, Class::Gone], "·", "Left alone", "quiet"),
    (&[Class::Unchanged], "=", "Unchanged", "quiet"),
];

/// As many reasons against a deploy are shown at once.
const FIRST_REASONS: usize = 3;

/// The workspace.
#[component]
pub(crate) fn ReviewPanel(props: &ReviewPanelProps) -> Html {
    let desk = use_desk_context();
    let ReviewPanelProps { cluster, deploy, environments, outcome } = props;
    let stage = cluster.stage();
    let environment = environments.chosen();
    let chart =
        outcome.chart.as_ref().map_or(String::new(), |chart| format!("{} {}", chart.name, chart.version));
    let planned = deploy.planned();
    let title = match &deploy.subject {
        Subject::Apply => format!("Deploy {chart}"),
        Subject::Rollback(name, to) => format!("Roll back {} to revision {to}", name.name),
    };
    let (namespace, release) = match (&deploy.subject, planned) {
        (Subject::Rollback(name, _), _) => (&name.namespace, &name.name),
        (Subject::Apply, Some(planned)) => (&planned.plan.namespace, &planned.plan.release),
        (Subject::Apply, None) => (&environment.namespace, &environment.release_name),
    };
    let is_idle = matches!(deploy.step, Step::Idle);
    {
        // Whoever opens the review wants one: it begins by itself as soon as there is a cluster.
        let (desk, subject) = (desk.clone(), deploy.subject.clone());
        use_effect_with((stage, is_idle), move |(stage, is_idle)| {
            if *stage == Stage::Connected && *is_idle {
                desk.review(subject);
            }
        });
    }
    let again = {
        let (desk, subject) = (desk.clone(), deploy.subject.clone());
        Callback::from(move |_: MouseEvent| desk.review(subject.clone()))
    };
    let facts = html! { <>
        <dt>{ "Namespace" }</dt><dd>{ namespace.clone() }</dd>
        <dt>{ "Release" }</dt><dd>{ release.clone() }</dd>
        if let Some(planned) = planned {
            if let Some(chart) = &planned.plan.chart {
                <dt>{ "Chart" }</dt><dd data-testid="plan-chart" title={chart.digest.clone()}>{ chart_change(planned.before.as_ref(), chart) }</dd>
            }
            <dt>{ "Revision" }</dt>
            <dd data-testid="revision">{ if planned.plan.current_revision == 0 { "new".to_owned() } else { planned.plan.current_revision.to_string() } }
                { " " }{ icon_as("arrow", "i-small") }{ " " }{ planned.plan.next_revision }</dd>
        }
        if deploy.subject == Subject::Apply {
            <dt>{ "Environment" }</dt><dd>{ environment.name.clone() }</dd>
        }
    </> };
    html! {
        <main class="workspace review" data-testid="review" data-state={word(&deploy.step)} aria-label="Review of the deploy">
            { head(&desk, title, step_of(stage), html! { <>
                if let Some(planned) = planned { <span class="push quiet"><Age at_ms={planned.at_ms} /></span> }
                if stage == Stage::Connected && !matches!(deploy.step, Step::Asking(_) | Step::Busy(_) | Step::Starting) {
                    <button type="button" class={classes!("button", "button-small", planned.is_none().then_some("push"))} data-testid="plan-again" onclick={again}>
                        { icon("rollback") }{ "Plan again" }</button>
                }
            </> }) }
            <div class="workspace-body">
                <aside class="workspace-aside">
                    { connect(&desk, cluster, facts) }
                    if let Some(planned) = planned { { plan_list(planned) } }
                    if stage == Stage::Connected { { wish_list(&desk, deploy.wishes) } }
                </aside>
                <div class="workspace-main">{ body(&desk, props) }</div>
            </div>
            if let Some(planned) = planned {
                { foot(&desk, cluster, deploy, planned) }
            }
        </main>
    }
}

/// The chart of the last revision and the one of the plan, where they differ.
fn chart_change(before: Option<&(String, String)>, chart: &PlannedChart) -> Html {
    let named = |name: &str, version: &str| format!("{name} {version}");
    let after = named(&chart.name, &chart.version);
    match before {
        Some((name, version)) if *name == chart.name && *version != chart.version => {
            html! { <>{ named(name, version) }{ " " }{ icon_as("arrow", "i-small") }{ " " }{ chart.version.clone() }</> }
        }
        Some((name, version)) if *name != chart.name => {
            html! { <>{ named(name, version) }{ " " }{ icon_as("arrow", "i-small") }{ " " }{ after }</> }
        }
        _ => html! { { after } },
    }
}

/// `data-state` of the review.
fn word(step: &Step) -> &'static str {
    match step {
        Step::Asking(_) => "asking",
        Step::Busy(_) | Step::Starting => "busy",
        Step::Failed(_) => "failed",
        Step::Idle => "idle",
        Step::Planned(_) => "planned",
    }
}

fn body(desk: &Desk, props: &ReviewPanelProps) -> Html {
    let chart = props.outcome.chart.as_ref().map_or(String::new(), |chart| chart.name.clone());
    match &props.deploy.step {
        Step::Idle => html! {
            if props.cluster.stage() != Stage::Connected {
                <div class="review-empty">
                    <p>{ "A deploy needs a cluster. When there is one, everything that would change shows here before anything is written." }</p>
                </div>
            }
        },
        Step::Busy(what) => busy(what, Some(desk)),
        Step::Starting => busy("Starting", None),
        Step::Asking(questions) => html! { <Consent questions={questions.clone()} {chart} /> },
        Step::Failed(stop) => failed(desk, stop),
        Step::Planned(planned) => plan_body(desk, planned, &props.deploy),
    }
}

/// With a way to stop it, where it can be stopped.
fn busy(what: &str, desk: Option<&Desk>) -> Html {
    let stop = desk.cloned().map(|desk| Callback::from(move |_: MouseEvent| desk.stop_review()));
    html! {
        <p class="review-busy" role="status"><span class="spinner"></span>{ what.to_owned() }
            if let Some(stop) = stop { <button type="button" class="text-button" data-testid="stop-review" onclick={stop}>{ "Stop" }</button> }</p>
    }
}

fn failed(desk: &Desk, stop: &Stop) -> Html {
    let objects = match stop {
        Stop::Fault(crate::state::cluster::Fault::Refused(problem)) => problem.objects.clone(),
        _ => Vec::new(),
    };
    let (code, file) = match stop {
        Stop::Fault(fault) => (fault.code().map(|code| code.text().to_owned()), None),
        Stop::Problem(problem) => (Some(problem.code.clone()), problem.file.clone()),
        Stop::Sentence(_) => (None, None),
    };
    let open = file.clone().map(|file| {
        let desk = desk.clone();
        Callback::from(move |_: MouseEvent| {
            desk.deploy(DeployAction::Close);
            desk.open_file(&file);
        })
    });
    html! {
        <article class="decision is-bad" role="alert" data-testid="review-failed" data-code={code}>
            <header>{ icon_as("error", "tone-error") }<h3>{ "There is no plan" }</h3></header>
            <p class="sentence">{ prose(&stop.sentence()) }</p>
            if !objects.is_empty() {
                <ul class="consent-list">{ for objects.iter().map(|object| html! { <li><code>{ object.to_string() }</code></li> }) }</ul>
            }
            if let (Some(file), Some(open)) = (file, open) {
                <p><button type="button" class="text-button" onclick={open}>{ format!("Open {file}") }</button></p>
            }
        </article>
    }
}

fn in_group<'a>(planned: &'a Planned, classes: &[Class]) -> Vec<&'a PlannedObject> {
    planned.plan.objects.iter().filter(|object| classes.contains(&object.class)).collect()
}

fn plan_list(planned: &Planned) -> Html {
    let decisions = planned.decisions();
    let n_before = decisions.iter().filter(|decision| decision.remembered.is_some()).count();
    let n_decisions = decisions.len() - n_before;
    let n_hooks = planned.plan.hooks.len();
    html! {
        <section>
            <h2>{ "Plan" }</h2>
            <ul class="plan-list">
                if n_decisions > 0 {
                    <li class="needs"><a href="#group-decide">{ icon("warning") }{ "Needs a decision" }<span class="total">{ n_decisions }</span></a></li>
                }
                if n_before > 0 {
                    <li><a href="#group-decided">{ icon("check") }{ "Decided before" }<span class="total">{ n_before }</span></a></li>
                }
                { for GROUPS.iter().enumerate().filter_map(|(index, (classes, sign, label, tone))| {
                    let n = in_group(planned, classes).len();
                    (n > 0).then(|| html! {
                        <li key={*label}><a href={format!("#group-{index}")}><span class={classes!("sign", *tone)}>{ *sign }</span>{ *label }<span class="total">{ n }</span></a></li>
                    })
                }) }
                if n_hooks > 0 {
                    <li><a href="#group-hooks">{ icon_as("play", "i-small") }{ "Hooks" }<span class="total">{ n_hooks }</span></a></li>
                }
            </ul>
            if let Some(record) = planned.plan.record {
                <p class="aside-note">{ format!("The record takes {} of {} kB.", record.stored.div_ceil(1024), record.limit / 1024) }</p>
            }
            if !planned.read.is_empty() {
                <details class="aside-note"><summary>{ format!("{} read from the cluster", counted(planned.read.len(), "object")) }
                    if let Some(as_of) = &planned.as_of { { format!(" at {}", crate::state::time::clock(as_of)) } }</summary>
                    <ul>{ for planned.read.iter().map(|read| html! { <li><code>{ read.clone() }</code></li> }) }</ul></details>
            }
        </section>
    }
}

fn wish_list(desk: &Desk, wishes: Wishes) -> Html {
    let on = |change: fn(&mut Wishes, bool)| {
        let desk = desk.clone();
        Callback::from(move |event: Event| {
            let mut wishes = wishes;
            change(&mut wishes, event.target_unchecked_into::<HtmlInputElement>().checked());
            desk.wish(wishes);
        })
    };
    html! {
        <section>
            <h2>{ "Then" }</h2>
            <label class="check"><input type="checkbox" data-testid="wish-wait" checked={wishes.waits} onchange={on(|wishes, is_on| wishes.waits = is_on)} />
                { "Wait until ready, 5 min at most" }</label>
            <label class="check"><input type="checkbox" data-testid="wish-rollback" checked={wishes.rolls_back} onchange={on(|wishes, is_on| wishes.rolls_back = is_on)} />
                { "Roll back if it fails" }</label>
            <label class="check"><input type="checkbox" data-testid="wish-namespace" checked={wishes.creates_namespace} onchange={on(|wishes, is_on| wishes.creates_namespace = is_on)} />
                { "Create the namespace" }</label>
        </section>
    }
}

fn plan_body(desk: &Desk, planned: &Planned, deploy: &Deploy) -> Html {
    let plan = &planned.plan;
    let stopped = blockers(planned);
    let reason = |sentence: &String| {
        html! {
            <div class="note note-error" role="alert" data-testid="blocker">{ icon("error") }<p>{ prose(sentence) }</p></div>
        }
    };
    // One cause often stops every object: a few reasons tell it, and no wall of them hides the plan.
    let (first, more) = stopped.split_at(stopped.len().min(FIRST_REASONS));
    html! {
        <>
            if !stopped.is_empty() {
                <section class="group">
                    { for first.iter().map(reason) }
                    if !more.is_empty() {
                        <details class="more"><summary>{ format!("And {} more", more.len()) }</summary>{ for more.iter().map(reason) }</details>
                    }
                </section>
            }
            if !plan.impact.is_empty() || !plan.warnings.is_empty() {
                <section class="group impact" data-testid="impact">
                    <h2 class="group-head">{ icon("info") }{ "Good to know first" }</h2>
                    <ul class="impact-list">
                        { for plan.impact.iter().map(impact) }
                        { for plan.warnings.iter().map(|warning| html! { <li class="tone-warning">{ warning.clone() }</li> }) }
                    </ul>
                </section>
            }
            { decisions_made(desk, deploy) }
            { for GROUPS.iter().enumerate().map(|(index, (classes, sign, label, tone))| {
                let objects = in_group(planned, classes);
                if objects.is_empty() {
                    return Html::default();
                }
                html! {
                    <section class="group" key={*label} id={format!("group-{index}")}>
                        <h2 class="group-head"><span class={classes!("sign", *tone)}>{ *sign }</span>{ *label }<span class="total">{ objects.len() }</span></h2>
                        <ul class="resources">
                            { for objects.into_iter().map(|object| {
                                let key = object.object.to_string();
                                let is_turned = deploy.turned.contains(&key);
                                resource(desk, key, object, is_turned)
                            }) }
                        </ul>
                    </section>
                }
            }) }
            if !plan.hooks.is_empty() {
                <section class="group" id="group-hooks">
                    <h2 class="group-head">{ icon("play") }{ "Hooks" }<span class="total">{ plan.hooks.len() }</span></h2>
                    <ul class="resources">
                        { for plan.hooks.iter().map(|hook| html! {
                            <li class="resource resource-plain"><span class="kind">{ hook.object.kind.clone() }</span><span class="name">{ hook.object.name.clone() }</span>
                                <span class="resource-note">{ hook.events.join(", ") }{ if hook.changed { ", changed" } else { "" } }</span></li>
                        }) }
                    </ul>
                </section>
            }
            if plan.objects.is_empty() && plan.hooks.is_empty() {
                <p class="quiet">{ "The chart renders no objects." }</p>
            }
        </>
    }
}

/// One object; its fields fold away.
fn resource(desk: &Desk, key: String, planned: &PlannedObject, is_turned: bool) -> Html {
    let PlannedObject { object, class, source, fields, truncated, problem, approximate, .. } = planned;
    let has_more = !fields.is_empty() || problem.is_some();
    // Changed fields are what a review is for; what is new as a whole is read in the manifests.
    let is_open = has_more && (is_turned != (*class != Class::Create));
    let note = match (class, fields.len()) {
        _ if *approximate => "predicted".to_owned(),
        (Class::Delete, _) => "no longer in the chart".to_owned(),
        (Class::Keep, _) => "stays: its policy says so".to_owned(),
        (Class::Foreign, _) => "belongs to another release".to_owned(),
        (Class::Orphan, _) => "left by an upgrade that failed".to_owned(),
        (Class::Gone, _) => "gone already".to_owned(),
        (Class::Update, n) => counted(n, "field"),
        _ => source.clone().unwrap_or_default(),
    };
    let turn = {
        let (desk, key) = (desk.clone(), key.clone());
        Callback::from(move |_: MouseEvent| desk.deploy(DeployAction::Turn(key.clone())))
    };
    let elsewhere = object.namespace.clone().unwrap_or_default();
    html! {
        <li class="resource" {key} data-testid="planned" data-class={class_word(*class)} data-kind={object.kind.clone()} data-name={object.name.clone()} data-namespace={elsewhere}>
            <button type="button" aria-expanded={is_open.to_string()} disabled={!has_more} onclick={turn}>
                { icon_as(if is_open { "down" } else { "right" }, "twist") }
                <span class="kind">{ object.kind.clone() }</span><span class="name">{ object.name.clone() }</span></button>
            <span class="resource-note">{ note }</span>
            if is_open {
                if let Some(problem) = problem { <p class="resource-problem tone-error">{ problem.detail.clone() }</p> }
                if !fields.is_empty() { { field_table(fields, true, *truncated) } }
            }
        </li>
    }
}

/// `data-class`.
pub(crate) fn class_word(class: Class) -> &'static str {
    match class {
        Class::Adopt => "adopt",
        Class::Conflict => "conflict",
        Class::Create => "create",
        Class::Delete => "delete",
        Class::Forbidden => "forbidden",
        Class::Foreign => "foreign",
        Class::Gone => "gone",
        Class::Invalid => "invalid",
        Class::Keep => "keep",
        Class::Orphan => "orphan",
        Class::Unchanged => "unchanged",
        Class::Unverifiable => "unverifiable",
        Class::Update => "update",
    }
}

fn impact(impact: &Impact) -> Html {
    let about = |object: &wire::ObjectRef| format!("{} {}", object.kind, object.name);
    let (tone, text) = match impact {
        Impact::ClusterWide { object } => {
            ("tone-warning", format!("{} changes for everybody on the cluster.", about(object)))
        }
        Impact::DataDeleted { object } => {
            ("tone-error", format!("{} is deleted, and what is stored in it.", about(object)))
        }
        Impact::Images { removed, added } => {
            ("", format!("Images: {} instead of {}.", list(added, "none"), list(removed, "none")))
        }
        Impact::RightsWidened { object, added } => {
            ("tone-warning", format!("{} gives new rights: {}.", about(object), list(added, "none")))
        }
        Impact::Restarts { object, pods } => {
            ("", format!("{} of {} restart.", counted(*pods as usize, "pod"), about(object)))
        }
        Impact::ScaledToZero { object } => ("tone-warning", format!("{} goes to no pods.", about(object))),
    };
    html! { <li class={tone}>{ text }</li> }
}

fn list(items: &[String], none: &str) -> String {
    if items.is_empty() { none.to_owned() } else { items.join(", ") }
}

/// The one button, and what it waits for.
fn foot(desk: &Desk, cluster: &ClusterState, deploy: &Deploy, planned: &Planned) -> Html {
    let desk = desk.clone();
    let open = deploy.open_decisions();
    let is_ready = deploy.is_ready() && cluster.may_write();
    let (loud, quiet) = if !cluster.may_write() {
        ("This bridge only reads.".to_owned(), String::new())
    } else if deploy.is_stale {
        ("The chart changed since.".to_owned(), "Plan again to deploy what it is now.".to_owned())
    } else if !blockers(planned).is_empty() {
        ("This cannot be deployed.".to_owned(), "The reasons stand at the top.".to_owned())
    } else if let [first, rest @ ..] = open.as_slice() {
        let about = first.field.clone().unwrap_or_else(|| first.badge.to_owned());
        (
            format!("{} left.", counted(rest.len() + 1, "decision")),
            format!("{about} of {} {}.", first.object.kind, first.object.name),
        )
    } else if !deploy.is_ready() {
        ("This plan does not hold.".to_owned(), "Plan again.".to_owned())
    } else {
        let counts = planned.plan.counts;
        let n = counts.create + counts.update + counts.delete + counts.adopt + counts.conflict;
        let said = if n == 0 {
            "Nothing would change on the cluster.".to_owned()
        } else {
            format!("{} would change.", counted(n as usize, "object"))
        };
        (said, "These exact bytes are sent.".to_owned())
    };
    let label = match &deploy.subject {
        Subject::Apply => format!("Deploy revision {}", planned.plan.next_revision),
        Subject::Rollback(_, to) => format!("Roll back to {to} as revision {}", planned.plan.next_revision),
    };
    let onclick = Callback::from(move |_: MouseEvent| desk.deploy_now());
    html! {
        <footer class="workspace-foot">
            <p id="deploy-why"><strong>{ loud }</strong>{ " " }<span class="quiet">{ quiet }</span></p>
            <button type="button" class="button button-primary push" data-testid="deploy" aria-disabled={(!is_ready).to_string()} aria-describedby="deploy-why" {onclick}>{ label }</button>
        </footer>
    }
}

#[derive(PartialEq, Properties)]
struct AgeProps {
    at_ms: f64,
}

/// How old the plan is. It holds for ten minutes.
#[component]
fn Age(props: &AgeProps) -> Html {
    let now = use_now();
    let age = now - props.at_ms;
    let left = 600_000.0 - age;
    html! {
        if left > 0.0 {
            { format!("Planned {} ago, holds for {}", span(age.max(0.0).floor()), span(left)) }
        } else {
            { "This plan is too old to be carried out" }
        }
    }
}
