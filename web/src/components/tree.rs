//! A tree of files as flat rows with a level each, one tab stop, and the keys that trees have.

use web_sys::{HtmlElement, HtmlInputElement};
use yew::prelude::*;

use crate::components::{icon, icon_as, icon_button};

/// One row.
#[derive(Clone, PartialEq)]
pub(crate) struct Row {
    /// The whole path; names the row.
    pub(crate) path: AttrValue,
    /// What the row says.
    pub(crate) name: AttrValue,
    /// From 1.
    pub(crate) level: usize,
    /// `None` for a file, else whether the folder is open.
    pub(crate) is_open: Option<bool>,
    pub(crate) icon: &'static str,
    /// A number with the colour of the worst problem.
    pub(crate) count: Option<(usize, &'static str)>,
    /// Why the row is grey, and the word for it.
    pub(crate) off: Option<(AttrValue, AttrValue)>,
    /// Differs from what was imported.
    pub(crate) is_edited: bool,
    /// Stands in the editor.
    pub(crate) is_current: bool,
}

/// A row that is being named: the row it stands for, or the end of the tree.
#[derive(Clone, PartialEq)]
pub(crate) struct NameField {
    pub(crate) replaces: Option<AttrValue>,
    pub(crate) start: AttrValue,
    pub(crate) error: Option<AttrValue>,
}

/// What a person does to a row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TreeEvent {
    Delete(AttrValue),
    Open(AttrValue),
    Rename(AttrValue),
    Select(AttrValue),
    Toggle(AttrValue),
}

/// Props of [`Tree`].
#[derive(PartialEq, Properties)]
pub(crate) struct TreeProps {
    pub(crate) label: AttrValue,
    pub(crate) rows: Vec<Row>,
    pub(crate) selected: Option<AttrValue>,
    pub(crate) naming: Option<NameField>,
    pub(crate) on_event: Callback<TreeEvent>,
    pub(crate) on_name: Callback<String>,
    pub(crate) on_stop_naming: Callback<()>,
}

/// The tree.
#[component]
pub(crate) fn Tree(props: &TreeProps) -> Html {
    let list = use_node_ref();
    let has_focus = use_mut_ref(|| false);
    {
        let (list, has_focus) = (list.clone(), has_focus.clone());
        // The focus follows the selection while it is in the tree.
        use_effect_with((props.selected.clone(), props.naming.is_some()), move |(_, is_naming)| {
            let row = list
                .cast::<HtmlElement>()
                .and_then(|list| list.query_selector("[aria-selected=true]").ok().flatten());
            if let Some(row) = row {
                let options = web_sys::ScrollIntoViewOptions::new();
                options.set_block(web_sys::ScrollLogicalPosition::Nearest);
                row.scroll_into_view_with_scroll_into_view_options(&options);
                if *has_focus.borrow() && !is_naming {
                    let row: HtmlElement = wasm_bindgen::JsCast::unchecked_into(row);
                    let _ = row.focus();
                }
            }
        });
    }
    let onkeydown = {
        let (rows, selected, on_event) = (props.rows.clone(), props.selected.clone(), props.on_event.clone());
        Callback::from(move |event: KeyboardEvent| {
            if event.ctrl_key() || event.meta_key() || event.alt_key() {
                return;
            }
            let at = rows.iter().position(|row| Some(&row.path) == selected.as_ref());
            let row = at.and_then(|at| rows.get(at));
            let step = |to: usize| rows.get(to).map(|row| TreeEvent::Select(row.path.clone()));
            let next = match (event.key().as_str(), at, row) {
                ("ArrowDown", Some(at), _) => step(at + 1),
                ("ArrowDown", None, _) | ("Home", _, _) => step(0),
                ("ArrowUp", Some(at), _) if at > 0 => step(at - 1),
                ("End", _, _) => step(rows.len().saturating_sub(1)),
                ("ArrowRight", Some(at), Some(row)) => match row.is_open {
                    Some(false) => Some(TreeEvent::Toggle(row.path.clone())),
                    Some(true) => step(at + 1),
                    None => None,
                },
                ("ArrowLeft", Some(at), Some(row)) => match row.is_open {
                    Some(true) => Some(TreeEvent::Toggle(row.path.clone())),
                    _ => rows[..at]
                        .iter()
                        .rev()
                        .find(|above| above.level < row.level)
                        .map(|above| TreeEvent::Select(above.path.clone())),
                },
                ("Enter" | " ", _, Some(row)) => Some(match row.is_open {
                    Some(_) => TreeEvent::Toggle(row.path.clone()),
                    None => TreeEvent::Open(row.path.clone()),
                }),
                ("F2", _, Some(row)) => Some(TreeEvent::Rename(row.path.clone())),
                ("Delete", _, Some(row)) => Some(TreeEvent::Delete(row.path.clone())),
                _ => None,
            };
            if let Some(next) = next {
                event.prevent_default();
                on_event.emit(next);
            }
        })
    };
    let onfocusin = {
        let has_focus = has_focus.clone();
        Callback::from(move |_: FocusEvent| *has_focus.borrow_mut() = true)
    };
    let onfocusout = Callback::from(move |_: FocusEvent| *has_focus.borrow_mut() = false);
    let name_field = |naming: &NameField| {
        html! { <NameInput key="naming" naming={naming.clone()} on_name={props.on_name.clone()} on_stop={props.on_stop_naming.clone()} /> }
    };
    let is_selected_shown = props.rows.iter().any(|row| Some(&row.path) == props.selected.as_ref());
    html! {
        <div ref={list} class="tree" role="tree" aria-label={props.label.clone()} {onkeydown} {onfocusin} {onfocusout}>
            { for props.rows.iter().enumerate().map(|(index, row)| match &props.naming {
                Some(naming) if naming.replaces.as_ref() == Some(&row.path) => name_field(naming),
                _ => {
                    let is_selected = props.selected.as_ref() == Some(&row.path);
                    let is_stop = is_selected || (!is_selected_shown && index == 0);
                    tree_row(row, is_selected, is_stop, &props.on_event)
                }
            }) }
            if let Some(naming) = props.naming.as_ref().filter(|naming| naming.replaces.is_none()) {
                { name_field(naming) }
            }
        </div>
    }
}

/// `is_stop`: the row that Tab comes to.
fn tree_row(row: &Row, is_selected: bool, is_stop: bool, on_event: &Callback<TreeEvent>) -> Html {
    let emit = |event: fn(AttrValue) -> TreeEvent| {
        let (on_event, path) = (on_event.clone(), row.path.clone());
        Callback::from(move |()| on_event.emit(event(path.clone())))
    };
    let press = emit(if row.is_open.is_some() { TreeEvent::Toggle } else { TreeEvent::Open });
    let onclick = Callback::from(move |_: MouseEvent| press.emit(()));
    let ondblclick = {
        let rename = emit(TreeEvent::Rename);
        Callback::from(move |_: MouseEvent| rename.emit(()))
    };
    html! {
        <div key={row.path.to_string()} role="treeitem" aria-level={row.level.to_string()} aria-expanded={row.is_open.map(|is_open| is_open.to_string())}
            aria-selected={is_selected.to_string()} class={classes!("node", format!("level-{}", row.level.min(8)), row.is_current.then_some("is-current"), row.off.is_some().then_some("is-off"))}
            title={row.off.as_ref().map(|(sentence, _)| sentence.clone())}
            data-testid="file" data-path={row.path.clone()} tabindex={if is_stop { "0" } else { "-1" }} {onclick} {ondblclick}>
            if let Some(is_open) = row.is_open {
                { icon_as(if is_open { "down" } else { "right" }, "twist") }
            } else {
                { icon(row.icon) }
            }
            <span class="name">{ row.name.clone() }</span>
            if is_selected {
                <span class="node-tools">
                    { icon_button("rename", &format!("Rename {} (F2)", row.name), Some("file-rename"), emit(TreeEvent::Rename)) }
                    { icon_button("trash", &format!("Delete {} (Delete)", row.name), Some("file-delete"), emit(TreeEvent::Delete)) }
                </span>
            }
            if let Some((_, word)) = &row.off {
                <span class="node-note">{ word.clone() }</span>
            }
            if row.is_edited {
                <span class="edited" title="Edited since it was opened"></span>
            }
            if let Some((count, severity)) = row.count {
                <span class={format!("count count-{severity}")} title={format!("{count} problems, the worst is of severity {severity}")}>{ count }</span>
            }
        </div>
    }
}

#[derive(PartialEq, Properties)]
struct NameInputProps {
    naming: NameField,
    on_name: Callback<String>,
    on_stop: Callback<()>,
}

#[component]
fn NameInput(props: &NameInputProps) -> Html {
    let field = use_node_ref();
    {
        let field = field.clone();
        use_effect_with(props.naming.start.clone(), move |start| {
            if let Some(field) = field.cast::<HtmlInputElement>() {
                field.set_value(start);
                let _ = field.focus();
                // The last name without its ending is what most people change.
                let from = start.rfind('/').map_or(0, |at| at + 1);
                let to = start[from..].rfind('.').filter(|at| *at > 0).map_or(start.len(), |at| from + at);
                let utf16 = |byte: usize| start[..byte].encode_utf16().count() as u32;
                let _ = field.set_selection_range(utf16(from), utf16(to));
            }
        });
    }
    let onkeydown = {
        let (on_name, on_stop) = (props.on_name.clone(), props.on_stop.clone());
        Callback::from(move |event: KeyboardEvent| {
            event.stop_propagation();
            match event.key().as_str() {
                "Enter" => {
                    let input: HtmlInputElement = event.target_unchecked_into();
                    on_name.emit(input.value());
                }
                "Escape" => on_stop.emit(()),
                _ => {}
            }
        })
    };
    let label = if props.naming.replaces.is_some() {
        "New name, with folders"
    } else {
        "Name of the new file, with folders"
    };
    html! {
        <div class="naming" role="none">
            <input ref={field} class="text-input" type="text" aria-label={label} placeholder="templates/name.yaml" data-testid="file-name"
                aria-invalid={props.naming.error.is_some().to_string()} spellcheck="false" autocomplete="off" {onkeydown} />
            if let Some(error) = &props.naming.error {
                <p class="tone-error" role="alert">{ error.clone() }</p>
            } else {
                <p class="quiet">{ "Enter keeps it, Escape does not" }</p>
            }
        </div>
    }
}
