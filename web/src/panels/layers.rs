//! The stack of the chosen environment, numbered: the higher number wins.

use yew::prelude::*;

use crate::hooks::Desk;
use crate::state::panels::PanelsAction;
use crate::state::{Environments, FileList, Pane};

/// The list under the tree.
pub(crate) fn layers(desk: &Desk, files: &FileList, environments: &Environments) -> Html {
    let chosen = environments.chosen();
    let defaults = files.paths.iter().find(|path| *path == "values.yaml");
    let layers: Vec<(&String, &str)> = defaults
        .map(|path| (path, "defaults"))
        .into_iter()
        .chain(chosen.values_files.iter().map(|path| (path, "")))
        .collect();
    html! {
        <div class="layers">
            <div class="layers-head"><h3>{ format!("Layers of {}", chosen.name) }</h3></div>
            <ol class="layer-list">
                { for layers.iter().enumerate().map(|(index, (path, note))| {
                    let (desk, opens) = (desk.clone(), (*path).clone());
                    let onclick = Callback::from(move |_: MouseEvent| {
                        desk.open_file(&opens);
                        desk.panels(PanelsAction::ShowPane(Pane::Editor));
                    });
                    html! {
                        <li key={(*path).clone()}>
                            <button type="button" class="layer" data-testid="layer" data-source={(*path).clone()} title={format!("Open {path}")} {onclick}>
                                <span class="rank">{ index + 1 }</span><span class="name">{ (*path).clone() }</span>
                                if !note.is_empty() { <span class="layer-note">{ *note }</span> }
                            </button>
                        </li>
                    }
                }) }
            </ol>
            if layers.len() > 1 {
                <p class="layers-foot">{ "The higher number wins." }</p>
            } else if layers.is_empty() {
                <p class="layers-foot">{ "This chart has no values." }</p>
            }
        </div>
    }
}
