//! The page's layout: the bar, three columns, the status line; keys and drops that belong to all of it.

use std::rc::Rc;

use gloo::events::{EventListener, EventListenerOptions};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::prelude::*;

use crate::components::separator::{Moved, Separator};
use crate::hooks::{Desk, use_desk};
use crate::panels::bar::Bar;
use crate::panels::deploy::deploy_panel;
use crate::panels::editor::EditorPanel;
use crate::panels::empty::{drop_hint, empty};
use crate::panels::files::FilesPanel;
use crate::panels::notices::notices;
use crate::panels::result::ResultPanel;
use crate::panels::status::status;
use crate::state::notices::NoticesAction;
use crate::state::panels::{EDITOR_PER_MILLE, FILES_PX, PanelsAction};
use crate::state::{Action, AppState, Pane};

/// Draws the page into the place that `index.html` keeps for it.
pub fn run() {
    let place = web_sys::window().and_then(|window| window.document()?.get_element_by_id("page"));
    match place {
        Some(place) => drop(yew::Renderer::<App>::with_root(place).render()),
        None => web_sys::console::error_1(&"index.html has no element `page`".into()),
    }
}

/// The whole page.
#[component]
pub fn App() -> Html {
    let (desk, state) = use_desk();
    use_page_events(&desk);
    use_sizes(&state);
    let title = crate::hooks::desk::title(&state);
    use_effect_with(title, |title| {
        if let Some(document) = web_sys::window().and_then(|window| window.document()) {
            document.set_title(title);
        }
    });
    // Until it is known what to show, the page is the one that `index.html` painted.
    let is_empty = state.files.paths.is_empty();
    let is_starting = is_empty && state.outcome.submitted == 0;
    html! {
        <ContextProvider<Desk> context={desk.clone()}>
            <div class="app" data-pane={state.panels.pane.id()}>
                <Bar files={state.files.clone()} environments={state.environments.clone()} outcome={state.outcome.clone()} deploy={state.deploy.clone()} cluster={state.cluster.clone()} />
                if state.deploy.is_open {
                    { deploy_panel(&desk, &state) }
                } else if is_empty && !is_starting {
                    { empty(&desk) }
                } else {
                    <Columns state={state.clone()} />
                }
                { status(&desk, &state, is_empty && !is_starting) }
                { notices(&desk, &state.notices) }
                if state.notices.is_dragging { { drop_hint() } }
            </div>
        </ContextProvider<Desk>>
    }
}

#[derive(PartialEq, Properties)]
struct ColumnsProps {
    state: Rc<AppState>,
}

/// Files, editor, result, and the rules between them; tabs of them in a narrow window.
#[component]
fn Columns(props: &ColumnsProps) -> Html {
    let desk = crate::panels::use_desk_context();
    let state = &props.state;
    let move_files = {
        let desk = desk.clone();
        Callback::from(move |moved| {
            let width = match moved {
                Moved::At(at, size) => (at * size) as u32,
                Moved::To(width) => width,
            };
            desk.panels(PanelsAction::FilesWidth(width));
        })
    };
    let move_editor = {
        let (desk, files_px) = (desk.clone(), f64::from(state.panels.files_px));
        Callback::from(move |moved| {
            // The editor's width is a share of what the files leave.
            let share = match moved {
                Moved::At(at, size) => ((at * size - files_px) / (size - files_px).max(1.0) * 1000.0) as u32,
                Moved::To(share) => share,
            };
            desk.panels(PanelsAction::EditorWidth(share));
        })
    };
    let chart = state.outcome.chart.as_ref().map_or("Chart", |chart| chart.name.as_str());
    html! {
        <>
            <div class="panes" role="tablist" aria-label="Panes">
                { for Pane::ALL.into_iter().map(|pane| {
                    let desk = desk.clone();
                    let onclick = Callback::from(move |_: MouseEvent| desk.panels(PanelsAction::ShowPane(pane)));
                    html! {
                        <button key={pane.id()} type="button" role="tab" class="pane-tab" data-pane={pane.id()} aria-controls={pane.id()}
                            aria-selected={(state.panels.pane == pane).to_string()} {onclick}>{ pane.label() }</button>
                    }
                }) }
            </div>
            <main class="work">
                <h1 class="sr-only">{ format!("{chart} in {}", state.environments.chosen().name) }</h1>
                <FilesPanel files={state.files.clone()} environments={state.environments.clone()} outcome={state.outcome.clone()} />
                <Separator label="Width of the files" value={state.panels.files_px} range={FILES_PX} step={16} on_move={move_files} />
                <EditorPanel files={state.files.clone()} cursor={state.cursor} />
                <Separator label="Width of the editor" value={state.panels.editor_per_mille} range={EDITOR_PER_MILLE} step={20} on_move={move_editor} />
                <ResultPanel outcome={state.outcome.clone()} panels={state.panels.clone()} cluster={state.cluster.clone()} releases={state.releases.clone()} signature={state.signature.clone()} files={state.files.clone()} />
            </main>
        </>
    }
}

/// Widths and heights that a person chose reach the style sheet as custom properties, through the CSSOM.
#[hook]
fn use_sizes(state: &AppState) {
    let sizes = (state.panels.files_px, state.panels.editor_per_mille, state.panels.dock_per_mille);
    use_effect_with(sizes, |(files_px, editor, dock)| {
        let root = web_sys::window()
            .and_then(|window| window.document()?.document_element())
            .and_then(|root| root.dyn_into::<HtmlElement>().ok());
        if let Some(root) = root {
            let style = root.style();
            // A size that cannot be set leaves the style sheet's own.
            let _ = style.set_property("--files-width", &format!("{files_px}px"));
            let _ = style.set_property("--editor-share", &format!("{}", f64::from(*editor) / 1000.0));
            let _ = style.set_property("--dock-height", &format!("{}%", f64::from(*dock) / 10.0));
        }
    });
}

/// Keys, drops and farewells that no panel owns.
#[hook]
fn use_page_events(desk: &Desk) {
    let desk = desk.clone();
    use_effect_with((), move |()| {
        let listeners = web_sys::window().map(|window| listeners(&window, &desk));
        move || drop(listeners)
    });
}

fn listeners(window: &web_sys::Window, desk: &Desk) -> Vec<EventListener> {
    let active = EventListenerOptions::enable_prevent_default();
    let on = |name: &'static str, run: fn(&Desk, &web_sys::Event)| {
        let desk = desk.clone();
        EventListener::new_with_options(window, name, active, move |event| run(&desk, event))
    };
    vec![
        on("keydown", |desk, event| {
            let event: &KeyboardEvent = event.unchecked_ref();
            if event.key() == "F8" {
                event.prevent_default();
                desk.step_problem(!event.shift_key());
            }
        }),
        on("dragover", |desk, event| {
            let event: &DragEvent = event.unchecked_ref();
            if brings_files(event) {
                event.prevent_default();
                if !desk.state().notices.is_dragging {
                    desk.send(Action::Notices(NoticesAction::Drag(true)));
                }
            }
        }),
        on("dragleave", |desk, event| {
            let event: &DragEvent = event.unchecked_ref();
            // Without a related target the pointer has left the window, not one element for another.
            if event.related_target().is_none() && desk.state().notices.is_dragging {
                desk.send(Action::Notices(NoticesAction::Drag(false)));
            }
        }),
        on("drop", |desk, event| {
            let event: &DragEvent = event.unchecked_ref();
            if !brings_files(event) {
                return;
            }
            event.prevent_default();
            desk.send(Action::Notices(NoticesAction::Drag(false)));
            if let Some(transfer) = event.data_transfer() {
                desk.drop_files(&transfer);
            }
        }),
        on("hashchange", |desk, _| desk.follow_link()),
        on("pagehide", |desk, _| desk.write_now()),
        on("visibilitychange", |desk, _| desk.write_now()),
    ]
}

fn brings_files(event: &DragEvent) -> bool {
    event.data_transfer().is_some_and(|transfer| transfer.types().includes(&"Files".into(), 0))
}
