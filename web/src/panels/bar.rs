//! The bar: the chart, the examples, the environments, the release.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlInputElement, Node};
use yew::prelude::*;

use crate::components::field::field;
use crate::components::{icon, icon_as, icon_button};
use crate::examples::EXAMPLES;
use crate::panels::use_desk_context;
use crate::state::deploy::DeployAction;
use crate::state::environments::EnvironmentsAction;
use crate::state::{ClusterState, Deploy, Environments, FileList, Outcome};
use crate::worker::protocol::Severity;

/// Props of [`Bar`].
#[derive(PartialEq, Properties)]
pub(crate) struct BarProps {
    pub(crate) files: Rc<FileList>,
    pub(crate) environments: Rc<Environments>,
    pub(crate) outcome: Rc<Outcome>,
    pub(crate) deploy: Rc<Deploy>,
    pub(crate) cluster: Rc<ClusterState>,
}

/// The bar.
#[component]
pub(crate) fn Bar(props: &BarProps) -> Html {
    let desk = use_desk_context();
    let chosen = props.environments.chosen();
    let has_fault = props.outcome.count(Severity::Error) > 0;
    let set = |action: fn(String) -> EnvironmentsAction| {
        let desk = desk.clone();
        Callback::from(move |value: String| desk.environments(action(value)))
    };
    // What nobody typed is the cluster's, where renders are for one.
    let live = props.cluster.capabilities.as_ref().filter(|_| props.cluster.is_used);
    let kube = live.map_or("Helm's", |live| live.kube_version.version.trim_start_matches('v'));
    let is_live = live.is_some() && chosen.kube_version.is_empty();
    let (kube_label, kube_note) = match is_live {
        true => ("Kubernetes version; the cluster's, as long as none is typed", Some("cluster's")),
        false => ("Kubernetes version", None),
    };
    let is_deploying = props.deploy.is_open;
    let is_running = props.deploy.operation.as_ref().is_some_and(|view| !view.is_over());
    let open_deploy = {
        let desk = desk.clone();
        Callback::from(move |_: MouseEvent| {
            if is_deploying {
                desk.deploy(DeployAction::Close);
            } else {
                desk.open_deploy();
            }
        })
    };
    html! {
        <header class="bar">
            <span class="brand"><svg class="mark" aria-hidden="true"><use href="#mark" /></svg><span>{ "Chartroom" }</span></span>
            <ChartMenu files={props.files.clone()} outcome={props.outcome.clone()} />
            if !props.files.paths.is_empty() {
                <div class="environments" role="group" aria-label="Environments">
                    { for props.environments.list().iter().enumerate().map(|(index, environment)| {
                        let is_chosen = index == props.environments.chosen_index();
                        let desk = desk.clone();
                        let onclick = Callback::from(move |_: MouseEvent| desk.environments(EnvironmentsAction::Choose(index)));
                        html! {
                            <button key={environment.name.clone()} type="button" class="chip" data-testid="environment"
                                data-name={environment.name.clone()} aria-pressed={is_chosen.to_string()} {onclick}>
                                { environment.name.clone() }
                                if is_chosen && has_fault {
                                    <span class="chip-fault" title={format!("{} does not render as a whole", environment.name)}></span>
                                }
                            </button>
                        }
                    }) }
                    <NewEnvironment />
                </div>
                <div class="target" role="group" aria-label="Release">
                    { field("release", "Release name", "release-name", &chosen.release_name, "", None, set(EnvironmentsAction::ReleaseName)) }
                    { field("namespace", "Namespace", "namespace", &chosen.namespace, "", None, set(EnvironmentsAction::Namespace)) }
                    { field("kube", kube_label, "kube-version", &chosen.kube_version, kube, kube_note, set(EnvironmentsAction::KubeVersion)) }
                </div>
                <div class="bar-actions">
                    <button type="button" class="button button-primary" id="open-deploy" aria-pressed={is_deploying.to_string()} onclick={open_deploy}>
                        { icon("deploy") }<span class="label">{ if is_running { "Deploying" } else { "Deploy" } }</span></button>
                </div>
            }
        </header>
    }
}

#[derive(PartialEq, Properties)]
struct ChartMenuProps {
    files: Rc<FileList>,
    outcome: Rc<Outcome>,
}

/// The name of the chart; pressed, the examples.
#[component]
fn ChartMenu(props: &ChartMenuProps) -> Html {
    let desk = use_desk_context();
    let is_open = use_state(|| false);
    let menu = use_node_ref();
    {
        let menu = menu.clone();
        use_effect_with(*is_open, move |is_open| {
            if let (true, Some(menu)) = (*is_open, menu.cast::<HtmlElement>()) {
                focus_item(&menu, ".menu-item[aria-checked=true], .menu-item");
            }
        });
    }
    let toggle = {
        let is_open = is_open.clone();
        Callback::from(move |_: MouseEvent| is_open.set(!*is_open))
    };
    let onfocusout = {
        let is_open = is_open.clone();
        Callback::from(move |event: FocusEvent| {
            let inside = event
                .current_target()
                .and_then(|target| target.dyn_into::<Node>().ok())
                .is_some_and(|menu| {
                    menu.contains(
                        event.related_target().and_then(|target| target.dyn_into::<Node>().ok()).as_ref(),
                    )
                });
            if !inside {
                is_open.set(false);
            }
        })
    };
    let onkeydown = {
        let (is_open, menu) = (is_open.clone(), menu.clone());
        Callback::from(move |event: KeyboardEvent| {
            let Some(menu) = menu.cast::<HtmlElement>() else { return };
            match event.key().as_str() {
                "Escape" => {
                    is_open.set(false);
                    if let Some(button) = menu.parent_element() {
                        focus_item(&button, "button");
                    }
                }
                "ArrowDown" => focus_item(
                    &menu,
                    ".menu-item:focus + .menu-item, .menu-item:not(:focus ~ .menu-item):first-child:not(:focus)",
                ),
                "ArrowUp" => focus_item(&menu, ".menu-item:has(+ .menu-item:focus)"),
                _ => return,
            }
            event.prevent_default();
        })
    };
    let chart = props.outcome.chart.as_ref().filter(|_| !props.files.paths.is_empty());
    html! {
        <div class="menu-place" {onfocusout}>
            <button type="button" class="field field-chart" data-testid="chart" aria-haspopup="menu" aria-expanded={is_open.to_string()} onclick={toggle}
                title="Open an example">
                if let Some(chart) = chart {
                    <span class="field-value">{ chart.name.clone() }</span><span class="field-note">{ chart.version.clone() }</span>
                } else {
                    <span class="field-note">{ if props.files.paths.is_empty() { "No chart open" } else { "Chart" } }</span>
                }
                { icon_as("down", "i-small") }
            </button>
            if *is_open {
                <div ref={menu} class="menu" role="menu" aria-label="Examples" {onkeydown}>
                    { for EXAMPLES.iter().map(|example| {
                        let is_current = props.files.example.as_deref() == Some(example.id);
                        let (desk, is_open) = (desk.clone(), is_open.clone());
                        let onclick = Callback::from(move |_: MouseEvent| {
                            is_open.set(false);
                            desk.open_example(example.id);
                        });
                        html! {
                            <button key={example.id} type="button" class="menu-item" role="menuitemradio" aria-checked={is_current.to_string()}
                                data-testid="example" data-id={example.id} {onclick}>
                                <span class="menu-name">{ example.id }</span><span class="menu-note">{ example.lesson() }</span>
                            </button>
                        }
                    }) }
                </div>
            }
        </div>
    }
}

fn focus_item(inside: &web_sys::Element, selector: &str) {
    if let Ok(Some(item)) = inside.query_selector(selector) {
        let _ = item.unchecked_into::<HtmlElement>().focus();
    }
}

/// A plus, and the field it turns into.
#[component]
fn NewEnvironment() -> Html {
    let desk = use_desk_context();
    let is_open = use_state(|| false);
    let error = use_state(|| None::<String>);
    let field = use_node_ref();
    {
        let field = field.clone();
        use_effect_with(*is_open, move |is_open| {
            if let (true, Some(field)) = (*is_open, field.cast::<HtmlElement>()) {
                let _ = field.focus();
            }
        });
    }
    let close = {
        let (is_open, error) = (is_open.clone(), error.clone());
        move || {
            is_open.set(false);
            error.set(None);
        }
    };
    if !*is_open {
        let on_press = Callback::from(move |()| is_open.set(true));
        return icon_button("plus", "New environment", Some("environment-new"), on_press);
    }
    let onkeydown = {
        let (close, error) = (close.clone(), error.clone());
        Callback::from(move |event: KeyboardEvent| match event.key().as_str() {
            "Enter" => {
                let input: HtmlInputElement = event.target_unchecked_into();
                match desk.new_environment(input.value().trim()) {
                    Ok(()) => close(),
                    Err(sentence) => error.set(Some(sentence)),
                }
            }
            "Escape" => close(),
            _ => {}
        })
    };
    let onblur = Callback::from(move |_: FocusEvent| close());
    html! {
        <span class="menu-place">
            <input ref={field} class="text-input chip-input" type="text" size="10" placeholder="name" aria-label="Name of the new environment"
                data-testid="environment-name" aria-invalid={error.is_some().to_string()} spellcheck="false" autocomplete="off" {onkeydown} {onblur} />
            if let Some(error) = &*error {
                <span class="menu menu-message tone-error" role="alert">{ error.clone() }</span>
            }
        </span>
    }
}
