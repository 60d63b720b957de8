//! The files of the chart as a tree, and what can be done with them.

use std::rc::Rc;

use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::components::tree::{NameField, Row, Tree, TreeEvent};
use crate::components::{icon, icon_button};
use crate::files::file_name;
use crate::hooks::Desk;
use crate::panels::layers::layers;
use crate::panels::use_desk_context;
use crate::state::files::FilesAction;
use crate::state::panels::PanelsAction;
use crate::state::{Action, Environments, FileList, Outcome, Pane};

/// Props of [`FilesPanel`].
#[derive(PartialEq, Properties)]
pub(crate) struct FilesPanelProps {
    pub(crate) files: Rc<FileList>,
    pub(crate) environments: Rc<Environments>,
    pub(crate) outcome: Rc<Outcome>,
}

/// The first column.
#[component]
pub(crate) fn FilesPanel(props: &FilesPanelProps) -> Html {
    let desk = use_desk_context();
    let rows = {
        let (files, outcome) = (props.files.clone(), props.outcome.clone());
        use_memo((files, outcome.problems.clone(), outcome.ignored.clone()), move |(files, ..)| {
            rows(files, &outcome)
        })
    };
    let command = |run: fn(&Desk)| {
        let desk = desk.clone();
        Callback::from(move |()| run(&desk))
    };
    let on_event = {
        let desk = desk.clone();
        Callback::from(move |event: TreeEvent| match event {
            TreeEvent::Delete(path) => desk.delete(&path),
            TreeEvent::Open(path) => {
                desk.open_file(&path);
                desk.panels(PanelsAction::ShowPane(Pane::Editor));
            }
            TreeEvent::Rename(path) => desk.send(Action::Files(FilesAction::Rename(path.to_string()))),
            TreeEvent::Select(path) => desk.send(Action::Files(FilesAction::Select(path.to_string()))),
            TreeEvent::Toggle(path) => desk.send(Action::Files(FilesAction::Toggle(path.to_string()))),
        })
    };
    let on_name = {
        let desk = desk.clone();
        Callback::from(move |name: String| desk.take_name(&name))
    };
    let naming = props.files.naming.as_ref().map(|naming| NameField {
        replaces: naming.renames.clone().map(AttrValue::from),
        start: naming.start.clone().into(),
        error: naming.error.clone().map(AttrValue::from),
    });
    let chart = props.outcome.chart.as_ref().map_or("chart", |chart| chart.name.as_str());
    let undo_label = props.files.undo_label.as_ref().map(|label| format!("Undo: {label}"));
    let undo = undo_label.is_some().then(|| command(|desk| desk.undo()));
    let undo_label = undo_label.as_deref().unwrap_or("Nothing to undo");
    html! {
        <section class="pane files" id="files" data-testid="files" aria-label="Files">
            <div class="pane-head">
                <h2>{ "Files" }</h2>
                <div class="tools">
                    { icon_button("plus", "New file", Some("file-new"), command(|desk| desk.send(Action::Files(FilesAction::StartNew)))) }
                    { icon_button("undo", undo_label, Some("file-undo"), undo) }
                    { chooser(&desk, "upload", "Open a chart (.tgz with its .prov, .zip) or add files", "upload", None) }
                    { chooser(&desk, "folder", "Open a folder", "upload-folder", None) }
                    { icon_button("package", &format!("Export {chart} as .tgz, as helm package writes it"), Some("export-tgz"), command(|desk| desk.export_tgz())) }
                    { icon_button("download", &format!("Export all files of {chart} as .zip"), Some("export-zip"), command(|desk| desk.export_zip())) }
                </div>
            </div>
            <Tree label={chart.to_owned()} rows={(*rows).clone()} selected={props.files.selected.clone().map(AttrValue::from)} {naming} {on_event} {on_name}
                on_stop_naming={command(|desk| desk.send(Action::Files(FilesAction::StopNaming)))} />
            { layers(&desk, &props.files, &props.environments) }
        </section>
    }
}

/// A button that is a file input: pressed, the system asks for files, or for a folder where the icon is one. With a word it is
/// a button with that word instead of an icon with a tooltip.
pub(crate) fn chooser(
    desk: &Desk,
    name: &'static str,
    label: &'static str,
    test_id: &'static str,
    word: Option<&'static str>,
) -> Html {
    let desk = desk.clone();
    let onchange = Callback::from(move |event: Event| {
        let input: HtmlInputElement = event.target_unchecked_into();
        if let Some(list) = input.files() {
            desk.upload(&list);
        }
        // The same file may be chosen again.
        input.set_value("");
    });
    let class = if word.is_some() { "button" } else { "icon-button" };
    html! {
        <label {class} title={label}>
            { icon(name) }
            if let Some(word) = word { { word } } else { <span class="sr-only">{ label }</span> }
            <input class="sr-only" type="file" data-testid={test_id} multiple=true webkitdirectory={name == "folder"} {onchange} />
        </label>
    }
}

/// The rows of the tree: files and the folders above them, closed ones without what is in them.
fn rows(files: &FileList, outcome: &Outcome) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut folders: Vec<&str> = Vec::new();
    // Folders stand before files of their level, each in order.
    let mut paths: Vec<&String> = files.paths.iter().collect();
    paths.sort_unstable_by(|a, b| tree_order(a, b));
    for path in paths {
        let mut parents: Vec<&str> = path.match_indices('/').map(|(at, _)| &path[..at]).collect();
        let same = folders.iter().zip(&parents).take_while(|(a, b)| a == b).count();
        let mut is_hidden = parents[..same].iter().any(|folder| files.closed.contains(*folder));
        for (depth, folder) in parents.iter().enumerate().skip(same) {
            if is_hidden {
                break;
            }
            let is_open = !files.closed.contains(*folder);
            rows.push(Row {
                path: (*folder).to_owned().into(),
                name: file_name(folder).to_owned().into(),
                level: depth + 1,
                is_open: Some(is_open),
                icon: "folder",
                off: None,
                count: if is_open { None } else { count_below(folder, outcome) },
                is_edited: false,
                is_current: false,
            });
            is_hidden = !is_open;
        }
        if !is_hidden {
            rows.push(Row {
                name: file_name(path).to_owned().into(),
                level: parents.len() + 1,
                is_open: None,
                icon: icon_of(path),
                off: outcome.ignored.iter().find(|ignored| ignored.path == *path).map(|ignored| {
                    let sentence = format!("Ignored by the pattern {} in .helmignore", ignored.pattern);
                    (sentence.into(), ignored.pattern.clone().into())
                }),
                count: count(outcome, |file| file == path.as_str()),
                is_edited: files.edited.contains(path.as_str()),
                is_current: files.active.as_ref() == Some(path),
                path: path.clone().into(),
            });
        }
        folders.clear();
        folders.append(&mut parents);
    }
    rows
}

/// `Chart.yaml` first, then the values, then folders, then files, each in order.
fn tree_order(a: &str, b: &str) -> std::cmp::Ordering {
    let rank = |name: &str, is_folder: bool| match name {
        "Chart.yaml" if !is_folder => 0,
        "values.yaml" if !is_folder => 1,
        "values.schema.json" if !is_folder => 2,
        name if !is_folder && name.starts_with("values-") => 3,
        _ if is_folder => 4,
        _ => 5,
    };
    let (mut a_rest, mut b_rest) = (a, b);
    loop {
        let (a_name, a_next) = split(a_rest);
        let (b_name, b_next) = split(b_rest);
        let order = rank(a_name, a_next.is_some())
            .cmp(&rank(b_name, b_next.is_some()))
            .then_with(|| a_name.cmp(b_name));
        match (order, a_next, b_next) {
            (std::cmp::Ordering::Equal, Some(a_next), Some(b_next)) => (a_rest, b_rest) = (a_next, b_next),
            (order, _, _) => return order,
        }
    }
}

fn split(path: &str) -> (&str, Option<&str>) {
    path.split_once('/').map_or((path, None), |(name, rest)| (name, Some(rest)))
}

fn count_below(folder: &str, outcome: &Outcome) -> Option<(usize, &'static str)> {
    let prefix = format!("{folder}/");
    count(outcome, |file| file.starts_with(&prefix))
}

fn count(outcome: &Outcome, is_meant: impl Fn(&str) -> bool) -> Option<(usize, &'static str)> {
    let meant = outcome.problems.iter().filter(|problem| problem.file.as_deref().is_some_and(&is_meant));
    let severities: Vec<_> = meant.map(|problem| problem.severity).collect();
    Some((severities.len(), severities.iter().min()?.word()))
}

fn icon_of(path: &str) -> &'static str {
    let name = file_name(path);
    let is_template = path.split('/').any(|part| part == "templates");
    match name {
        "Chart.yaml" => "chart",
        _ if is_template && !name.ends_with(".txt") => "template",
        _ if name == "values.yaml"
            || name.starts_with("values-")
            || path.starts_with("environments/")
            || path.starts_with("values/") =>
        {
            "values"
        }
        "README.md" => "book",
        _ => "file",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(paths: &[&str], closed: &[&str]) -> Vec<String> {
        let files = FileList {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
            closed: closed.iter().map(|path| (*path).to_owned()).collect(),
            ..FileList::default()
        };
        rows(&files, &Outcome::default())
            .iter()
            .map(|row| format!("{}{}", " ".repeat(row.level - 1), row.name))
            .collect()
    }

    #[test]
    fn folders_stand_above_their_files_and_the_chart_above_all() {
        let paths = [
            "Chart.yaml",
            "README.md",
            "charts/redis/Chart.yaml",
            "templates/a.yaml",
            "values-dev.yaml",
            "values.yaml",
        ];
        assert_eq!(
            shown(&paths, &[]),
            [
                "Chart.yaml",
                "values.yaml",
                "values-dev.yaml",
                "charts",
                " redis",
                "  Chart.yaml",
                "templates",
                " a.yaml",
                "README.md"
            ]
        );
    }

    #[test]
    fn a_closed_folder_hides_all_that_is_below_it() {
        let paths = ["charts/a/Chart.yaml", "charts/a/templates/x", "charts/b/Chart.yaml", "z"];
        assert_eq!(shown(&paths, &["charts/a"]), ["charts", " a", " b", "  Chart.yaml", "z"]);
        assert_eq!(shown(&paths, &["charts"]), ["charts", "z"]);
    }
}
