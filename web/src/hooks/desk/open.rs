//! What the desk opens: kept work, examples, uploads.

use std::collections::BTreeMap;

use web_sys::{DataTransfer, FileList as ChosenFiles};

use crate::examples::{EXAMPLES, Example, FIRST};
use crate::files::{Bytes, Files, text};
use crate::hooks::Desk;
use crate::hooks::task::Task;
use crate::persist::intake::{self, Given, Upload};
use crate::state::notices::NoticesAction;
use crate::state::{Action, Progress};
use crate::worker::protocol::Severity;
use crate::worker::queue::Edit;

impl Desk {
    /// What this tab shows first: its own work after a reload, the example that the link names, the newest work that no
    /// other tab holds, else the first example.
    pub(super) fn find_work(&self) {
        let desk = self.clone();
        wasm_bindgen_futures::spawn_local(async move {
            let linked = example_of_link();
            let found = desk.claim_work(linked.is_none()).await;
            match found {
                Some(found)
                    if linked.is_none_or(|example| found.record.example.as_deref() == Some(example.id)) =>
                {
                    let (environments, files) = (found.record.environments(), found.record.file_list());
                    *desk.0.files.borrow_mut() = Files::restored(found.files);
                    let paths = desk.0.files.borrow().paths();
                    desk.send(Action::Restored {
                        paths,
                        environments: environments.into(),
                        files: files.into(),
                    });
                    desk.render_all();
                    desk.keep_record();
                }
                _ => {
                    if let Some(example) =
                        linked.or_else(|| Example::find(FIRST)).or_else(|| EXAMPLES.first())
                    {
                        desk.open_example(example.id);
                    }
                }
            }
        });
    }

    /// Opens an example in place of the chart.
    pub(crate) fn open_example(&self, id: &str) {
        let Some(example) = Example::find(id) else { return };
        let files =
            example.files.iter().map(|(path, bytes)| ((*path).to_owned(), Bytes::from(*bytes))).collect();
        self.replace(format!("open {id}"), files, Some(id.to_owned()));
    }

    /// The link in the address bar names an example.
    pub(crate) fn follow_link(&self) {
        if let Some(code) = crate::bridge::token::take_launch_code() {
            return self.sign_in_with_code(code);
        }
        if let Some(example) = example_of_link()
            && self.state().files.example.as_deref() != Some(example.id)
        {
            self.open_example(example.id);
        }
    }

    /// Opens files that were chosen.
    pub(crate) fn upload(&self, list: &ChosenFiles) {
        let given = intake::of_list(list);
        self.take_in(async move { Ok(given) });
    }

    /// Opens what was dropped, into a folder if it is single files.
    pub(crate) fn drop_files(&self, transfer: &DataTransfer) {
        let (entries, files) = intake::entries_of(transfer);
        self.take_in(async move {
            if entries.is_empty() {
                return Ok(files);
            }
            intake::walk(entries)
                .await
                .map_err(|error| format!("the browser could not read what was dropped: {error:?}"))
        });
    }

    /// Ends the upload under way.
    pub(crate) fn cancel_upload(&self) {
        self.0.is_upload_stopped.set(true);
    }

    fn take_in(&self, given: impl Future<Output = Result<Vec<Given>, String>> + 'static) {
        let desk = self.clone();
        self.0.is_upload_stopped.set(false);
        let is_stopped = self.0.is_upload_stopped.clone();
        let task = Task::spawn(async move {
            let tell = |label: &str, done, total| {
                let progress = Progress { label: label.to_owned(), done, total };
                desk.send(Action::Notices(NoticesAction::Progress(Some(progress))));
            };
            let wants_keys = desk.state().signature.signed().is_some();
            let taken = match given.await {
                Ok(given) if given.is_empty() => return,
                Ok(given) => intake::read(given, wants_keys, &tell, &|| is_stopped.get()).await,
                Err(sentence) => Err(sentence),
            };
            desk.send(Action::Notices(NoticesAction::Progress(None)));
            let (upload, signing) = match taken {
                Ok(taken) => taken,
                // The chart that was open has not been touched.
                Err(sentence) => return desk.say(Severity::Error, sentence),
            };
            match upload {
                Some(Upload::Chart(name, files)) => desk.replace(format!("open {name}"), files, None),
                Some(Upload::Packaged(name, bytes, files)) => {
                    desk.hold_archive(bytes, &files);
                    desk.0.files.borrow_mut().replace(&format!("open {name}"), files);
                    desk.after_replace(None, Some(name));
                }
                Some(Upload::Files(files)) => desk.add(files),
                None => {}
            }
            desk.take_signing(signing);
        });
        *self.0.upload.borrow_mut() = Some(task);
    }

    /// Puts single files into the chart, in the folder that is selected.
    fn add(&self, files: Vec<(String, Bytes)>) {
        let folder = match &self.state().files.selected {
            Some(folder) if !self.state().files.paths.contains(folder) => format!("{folder}/"),
            _ => String::new(),
        };
        let files: Vec<_> =
            files.into_iter().map(|(path, bytes)| (format!("{folder}{path}"), bytes)).collect();
        let first = files.first().map(|(path, _)| path.clone());
        let touched = self.0.files.borrow_mut().add(files);
        self.after_files(&touched);
        if let Some(path) = first {
            self.open_file(&path);
        }
    }

    fn replace(&self, label: String, files: BTreeMap<String, Bytes>, example: Option<String>) {
        self.0.files.borrow_mut().replace(&label, files);
        self.after_replace(example, None);
    }

    /// Another chart lies in the store of files; it came from this example or this archive.
    pub(super) fn after_replace(&self, example: Option<String>, archive: Option<String>) {
        let (paths, chart_name, undo_label) = {
            let files = self.0.files.borrow();
            let name = files
                .bytes("Chart.yaml")
                .and_then(|bytes| text(bytes))
                .and_then(chart_name)
                .unwrap_or_default();
            (files.paths(), name, files.undo_label().map(str::to_owned))
        };
        if let Some(editor) = &*self.0.editor.borrow() {
            editor.forget_all();
        }
        write_link(example.as_deref());
        self.send(Action::Notices(NoticesAction::Clear));
        self.send(Action::Opened { paths: paths.clone(), example, chart_name, archive });
        self.send(Action::FilesChanged { paths, renamed: Vec::new(), undo_label });
        self.render_all();
        self.keep_all();
        // A signature may have come before its chart.
        self.check_signature();
    }

    fn render_all(&self) {
        let edits: Vec<Edit> = self.whole_chart();
        self.submit(edits);
    }
}

/// `name` of a `Chart.yaml`, well enough for a first release name; the renderer reads it properly.
fn chart_name(chart_yaml: &str) -> Option<String> {
    let value = chart_yaml.lines().find_map(|line| line.strip_prefix("name:"))?;
    let value = value.split(" #").next().unwrap_or(value).trim().trim_matches(['"', '\'']);
    (!value.is_empty()).then(|| value.to_owned())
}

/// The example that `#example/<id>` names.
fn example_of_link() -> Option<&'static Example> {
    let hash = web_sys::window()?.location().hash().ok()?;
    Example::find(hash.strip_prefix("#example/")?)
}

/// Makes the address bar say which example this is, without a step in the history.
fn write_link(example: Option<&str>) {
    let Some(window) = web_sys::window() else { return };
    let hash = example.map(|id| format!("#example/{id}")).unwrap_or_default();
    let location = window.location();
    if location.hash().ok().as_deref() == Some(&hash) {
        return;
    }
    let path = location.pathname().unwrap_or_default();
    let search = location.search().unwrap_or_default();
    if let Ok(history) = window.history() {
        // A page that may not write its own address still works.
        let _ = history.replace_state_with_url(
            &wasm_bindgen::JsValue::NULL,
            "",
            Some(&format!("{path}{search}{hash}")),
        );
    }
}

/// Used by the tests of the page's title and by the bar: the name of the chart that is open.
pub(crate) fn title(state: &crate::state::AppState) -> String {
    let chart = state.outcome.chart.as_ref().map_or("", |chart| chart.name.as_str());
    match chart {
        "" => "Chartroom".to_owned(),
        name => format!("{name} · {} · Chartroom", state.environments.chosen().name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_release_name_is_read_off_the_chart() {
        assert_eq!(chart_name("apiVersion: v2\nname: shop # ours\n").as_deref(), Some("shop"));
        assert_eq!(chart_name("name: \"a-b\"").as_deref(), Some("a-b"));
        assert_eq!(chart_name("dependencies:\n- name: redis\n"), None);
        assert_eq!(chart_name("name:\n"), None);
    }
}
