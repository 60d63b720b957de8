//! The open files and the editor.

use std::rc::Rc;

use web_sys::HtmlElement;
use yew::prelude::*;

use crate::components::tabs::{TabItem, Tabs};
use crate::editor::model::language_label;
use crate::files::file_name;
use crate::hooks::desk::Content;
use crate::panels::use_desk_context;
use crate::state::FileList;

/// Props of [`EditorPanel`].
#[derive(PartialEq, Properties)]
pub(crate) struct EditorPanelProps {
    pub(crate) files: Rc<FileList>,
    pub(crate) cursor: (u32, u32),
}

/// The second column.
#[component]
pub(crate) fn EditorPanel(props: &EditorPanelProps) -> Html {
    let desk = use_desk_context();
    let host = use_node_ref();
    {
        let (desk, host) = (desk.clone(), host.clone());
        use_effect_with((), move |()| {
            if let Some(host) = host.cast::<HtmlElement>() {
                desk.mount_editor(&host);
            }
            move || desk.unmount_editor()
        });
    }
    let files = &props.files;
    let items = files
        .open
        .iter()
        .map(|path| {
            let is_edited = files.edited.contains(path);
            // Two files of one name are told apart by their folder.
            let is_twin = files.open.iter().any(|other| other != path && file_name(other) == file_name(path));
            let folder = path.rsplit_once('/').map(|(folder, _)| folder.to_owned()).filter(|_| is_twin);
            TabItem {
                id: path.clone().into(),
                title: Some(path.clone().into()),
                has_test_id: false,
                content: html! {
                    <><span>{ file_name(path).to_owned() }</span>
                    if let Some(folder) = folder { <span class="quiet">{ folder }</span> }
                    if is_edited { <span class="edited" title="Edited since it was opened"></span> }</>
                },
            }
        })
        .collect::<Vec<_>>();
    let on_choose = {
        let desk = desk.clone();
        Callback::from(move |path: AttrValue| desk.open_file(&path))
    };
    let on_close = {
        let desk = desk.clone();
        Callback::from(move |path: AttrValue| desk.close_file(&path))
    };
    let content = files.active.as_deref().map(|path| (path, desk.content(path)));
    let is_shown = matches!(content, Some((_, Content::Text)));
    html! {
        <section class="pane editor" id="editor" data-testid="editor" aria-label="Editor">
            <div class="pane-head pane-tabs">
                <Tabs label="Open files" class="tabs" tab_class="file-tab" {items} chosen={files.active.clone().map(AttrValue::from)} {on_choose} {on_close} />
            </div>
            <div class="editor-body">
                <div ref={host} class={classes!("editor-host", (!is_shown).then_some("is-hidden"))} data-path={files.active.clone()}></div>
                if let Some((path, Content::Binary(n_bytes))) = content {
                    <div class="editor-note"><p>{ format!("{} is not text ({n_bytes} bytes). It is kept and rendered as it is.", file_name(path)) }</p></div>
                } else if content.is_none() {
                    <div class="editor-note"><p>{ "Choose a file to edit it." }</p></div>
                }
            </div>
            <div class="pane-foot">
                if let Some((path, Content::Text)) = content {
                    <span>{ format!("Ln {}, Col {}", props.cursor.0.max(1), props.cursor.1.max(1)) }</span>
                    <span class="foot-optional">{ language_label(path) }</span>
                }
                <span class="push"><kbd>{ "Esc" }</kbd>{ " then " }<kbd>{ "Tab" }</kbd>{ " leaves the editor" }</span>
            </div>
        </section>
    }
}
