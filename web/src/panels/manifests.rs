//! What `helm template` prints, in its order, with a tile where a template failed.

use std::rc::Rc;

use web_sys::{HtmlElement, HtmlInputElement};
use yew::prelude::*;

use crate::components::document::{Document, LINE_PX, source_line};
use crate::components::{icon, icon_as, icon_button};
use crate::hooks::Desk;
use crate::panels::use_desk_context;
use crate::state::panels::PanelsAction;
use crate::state::result::Item;
use crate::state::{Outcome, Output, Panels, Tile};
use crate::worker::protocol::Problem;

/// Lines kept above and below the view, so that a quick scroll does not outrun the page.
const MARGIN_PX: f64 = 600.0;

/// Props of [`Manifests`].
#[derive(PartialEq, Properties)]
pub(crate) struct ManifestsProps {
    pub(crate) outcome: Rc<Outcome>,
    pub(crate) panels: Rc<Panels>,
}

/// The tab.
#[component]
pub(crate) fn Manifests(props: &ManifestsProps) -> Html {
    let desk = use_desk_context();
    let (outcome, panels) = (&props.outcome, &props.panels);
    let output = &outcome.output;
    let scroller = use_node_ref();
    // For each item of the page: the lines of it that are in view.
    let windows = use_state(Vec::<(usize, usize)>::new);
    let items = {
        let (items, output, filter) = (outcome.items.clone(), output.clone(), panels.filter.clone());
        let tiles = outcome.tiles.clone();
        use_memo((items, output, tiles, filter), |(items, output, tiles, filter)| {
            filtered(items, output, tiles, filter)
        })
    };
    let look = {
        let (scroller, windows) = (scroller.clone(), windows.clone());
        Rc::new(move || {
            if let Some(scroller) = scroller.cast::<HtmlElement>() {
                let next = windows_in_view(&scroller);
                if next != *windows {
                    windows.set(next);
                }
            }
        })
    };
    {
        let look = look.clone();
        // Heights are set by the documents' own effects, which have run by now.
        use_effect_with((items.clone(), output.clone(), panels.clone()), move |_| look());
    }
    {
        let (look, scroller) = (look.clone(), scroller.clone());
        use_effect_with((), move |()| {
            let observer = scroller.cast::<HtmlElement>().and_then(|scroller| Watch::new(&scroller, look));
            move || drop(observer)
        });
    }
    let onscroll = {
        let look = look.clone();
        Callback::from(move |_: Event| look())
    };
    let on_fold = {
        let desk = desk.clone();
        Callback::from(move |key| desk.panels(PanelsAction::Fold(key)))
    };
    let are_all_folded = !output.documents.is_empty()
        && output.documents.iter().all(|placed| panels.folded.contains(&placed.key));
    let fold_all = {
        let (desk, output) = (desk.clone(), output.clone());
        Callback::from(move |()| {
            let keys = if are_all_folded {
                Vec::new()
            } else {
                output.documents.iter().map(|placed| placed.key.clone()).collect()
            };
            desk.panels(PanelsAction::FoldAll(keys.into_iter().collect()));
        })
    };
    let copy = {
        let desk = desk.clone();
        Callback::from(move |()| desk.copy_manifests())
    };
    let oninput = {
        let desk = desk.clone();
        Callback::from(move |event: InputEvent| {
            let input: HtmlInputElement = event.target_unchecked_into();
            desk.panels(PanelsAction::Filter(input.value()));
        })
    };
    let (n_documents, n_lines) =
        (output.documents.len(), if output.manifests.is_empty() { 0 } else { output.n_lines() });
    html! {
        <div class="manifests" role="tabpanel" aria-label="Manifests" data-testid="manifests">
            <div class="toolbar">
                <label class="filter">{ icon("filter") }<span class="sr-only">{ "Filter documents" }</span>
                    <input type="text" placeholder="Filter by kind, name or path" value={panels.filter.clone()} data-testid="filter" spellcheck="false" {oninput} /></label>
                <span class="toolbar-note">{ format!("{}, {}", count(n_documents, "document"), count(n_lines, "line")) }</span>
                <div class="tools">
                    { icon_button("fold", if are_all_folded { "Unfold all" } else { "Fold all" }, Some("fold-all"), fold_all) }
                    { icon_button("copy", "Copy as helm template prints it", Some("copy"), copy) }
                </div>
            </div>
            <div ref={scroller} class="documents" role="region" tabindex="0" aria-label="Rendered manifests" {onscroll}>
                { for items.iter().enumerate().map(|(place, item)| match item {
                    Item::Document(index) => {
                        let placed = &output.documents[*index];
                        let lines = windows.get(place).copied().unwrap_or((0, if place < 8 { 40 } else { 0 }));
                        html! {
                            <Document key={placed.key.clone()} output={output.clone()} index={*index} {lines}
                                is_folded={panels.folded.contains(&placed.key)} on_fold={on_fold.clone()} />
                        }
                    }
                    Item::Tile(index) => {
                        let tile = &outcome.tiles[*index];
                        let problem = tile.problem.and_then(|index| outcome.problems.get(index));
                        let place = problem.and_then(|problem| desk.place(problem));
                        error_tile(&desk, tile, problem, place)
                    }
                }) }
                if items.is_empty() {
                    <p class="documents-empty quiet">{ empty_sentence(outcome, panels) }</p>
                }
            </div>
        </div>
    }
}

fn empty_sentence(outcome: &Outcome, panels: &Panels) -> &'static str {
    if !panels.filter.is_empty() && !outcome.items.is_empty() {
        "No document matches the filter."
    } else if outcome.shown == 0 {
        "Rendering the chart for the first time."
    } else {
        "The templates of this chart print nothing with these values."
    }
}

/// `1 document`, `2 documents`.
pub(crate) fn count(n: usize, word: &str) -> String {
    if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") }
}

fn filtered(items: &[Item], output: &Output, tiles: &[Tile], filter: &str) -> Vec<Item> {
    let wanted = filter.trim().to_lowercase();
    let matches = |item: &&Item| match item {
        Item::Document(index) => {
            let document = &output.documents[*index].document;
            [&document.source, &document.kind, &document.name]
                .iter()
                .any(|text| text.to_lowercase().contains(&wanted))
        }
        Item::Tile(index) => tiles[*index].source.to_lowercase().contains(&wanted),
    };
    items.iter().filter(matches).copied().collect()
}

/// The lines of each child that lie in the view, with a margin.
fn windows_in_view(scroller: &HtmlElement) -> Vec<(usize, usize)> {
    let top = f64::from(scroller.scroll_top()) - MARGIN_PX;
    let bottom = f64::from(scroller.scroll_top() + scroller.client_height()) + MARGIN_PX;
    let children = scroller.children();
    let n_children = children.length();
    let child = |index: u32| children.item(index).map(wasm_bindgen::JsCast::unchecked_into::<HtmlElement>);
    let end_of =
        |index| child(index).map_or(0.0, |child| f64::from(child.offset_top() + child.offset_height()));
    // Children stand one below the other, so the first one in view is found by halving.
    let (mut low, mut high) = (0, n_children);
    while low < high {
        let middle = u32::midpoint(low, high);
        if end_of(middle) < top {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    let mut windows = vec![(0, 0); n_children as usize];
    for index in low..n_children {
        let Some(child) = child(index) else { break };
        let start = f64::from(child.offset_top());
        if start > bottom {
            break;
        }
        // The heading takes about a line and a half; the margin swallows the rest.
        let first = ((top - start) / LINE_PX - 1.0).max(0.0) as usize;
        let last = ((bottom - start) / LINE_PX).max(0.0) as usize;
        // Steps of ten lines: a scroll by one line changes nothing.
        windows[index as usize] = (first / 10 * 10, last.div_ceil(10) * 10);
    }
    windows
}

/// Looks again when the scroller changes its size.
struct Watch {
    observer: web_sys::ResizeObserver,
    _on_resize: wasm_bindgen::closure::Closure<dyn FnMut()>,
}

impl Watch {
    fn new(element: &HtmlElement, look: Rc<impl Fn() + 'static>) -> Option<Self> {
        use wasm_bindgen::JsCast;
        let on_resize = wasm_bindgen::closure::Closure::<dyn FnMut()>::new(move || look());
        let observer = web_sys::ResizeObserver::new(on_resize.as_ref().unchecked_ref()).ok()?;
        observer.observe(element);
        Some(Watch { observer, _on_resize: on_resize })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

/// What a failed template leaves.
fn error_tile(desk: &Desk, tile: &Tile, problem: Option<&Problem>, place: Option<String>) -> Html {
    let onclick = {
        let (desk, index) = (desk.clone(), tile.problem);
        Callback::from(move |_: MouseEvent| {
            if let Some(index) = index {
                desk.show_problem(index);
            }
        })
    };
    html! {
        <section key={format!("tile {}", tile.source)} class="document is-failed" data-testid="failed" data-source={tile.source.clone()}>
            if !tile.source.is_empty() {
                <h3 class="source"><span class="source-still">{ source_line(&tile.source) }</span>
                    <span class="badge badge-error">{ icon_as("error", "i-small") }{ "failed" }</span></h3>
            }
            <div class="tile" role="group" aria-label="Template error">
                <p class="tile-sentence">{ icon("error") }<span>{ tile.message.clone() }</span></p>
                <dl class="tile-facts">
                    if let Some(place) = place {
                        <dt>{ "At" }</dt><dd><button type="button" class="link" {onclick}>{ place }</button></dd>
                    }
                    if let Some(hint) = problem.and_then(|problem| problem.hint.clone()) {
                        <dt>{ "Hint" }</dt><dd>{ hint }</dd>
                    }
                    if tile.n_more > 0 {
                        <dt>{ "Also" }</dt><dd>{ format!("{} in this file", count(tile.n_more, "further error")) }</dd>
                    }
                    if problem.is_some_and(|problem| problem.helm_first) {
                        <dt>{ "Helm" }</dt><dd>{ "prints this error and nothing else" }</dd>
                    }
                </dl>
            </div>
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_their_plural() {
        assert_eq!(count(1, "line"), "1 line");
        assert_eq!(count(0, "line"), "0 lines");
    }
}
