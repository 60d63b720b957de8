//! The desk: holds the state and everything that is not state (bytes, worker, editor, store), and keeps them in step.
//!
//! Every command of the page is a method here. It changes the files, tells the worker, marks the store as behind, and
//! sends an action to the reducer.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use yew::Callback;

use crate::editor::markers::{line_and_column, utf16_range};
use crate::editor::model::Editor;
use crate::files::{Bytes, Files, Touched, text};
use crate::hooks::desk::connect::Line;
use crate::hooks::desk::keep::Keeper;
use crate::hooks::desk::signature::Held;
use crate::hooks::task::Task;
use crate::state::environments::EnvironmentsAction;
use crate::state::files::FilesAction;
use crate::state::notices::NoticesAction;
use crate::state::panels::PanelsAction;
use crate::state::{Action, AppState, Aside, Output, Pane, reduce};
use crate::worker::client::{Client, Event};
use crate::worker::protocol::{Problem, Revision, Severity, Update, World};
use crate::worker::queue::Edit;

mod connect;
mod export;
mod keep;
mod open;
mod operation;
mod releases;
mod review;
mod signature;

pub(crate) use open::title;

/// A handle; clones are the same desk.
#[derive(Clone)]
pub(crate) struct Desk(Rc<Inner>);

impl PartialEq for Desk {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

struct Inner {
    state: RefCell<Rc<AppState>>,
    listener: RefCell<Option<Callback<Rc<AppState>>>>,
    files: RefCell<Files>,
    revision: Cell<Revision>,
    client: RefCell<Option<Client>>,
    editor: RefCell<Option<Editor>>,
    keeper: Keeper,
    /// The bridge, and what goes on with it.
    line: Line,
    /// The upload under way; another one takes its place.
    upload: RefCell<Option<Task>>,
    is_upload_stopped: Rc<Cell<bool>>,
    /// What a signature is checked with.
    held: Held,
}

/// What the editor has to say about a file that it does not show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Binary(usize),
    Text,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Desk(Rc::new(Inner {
            state: RefCell::default(),
            listener: RefCell::default(),
            files: RefCell::default(),
            revision: Cell::new(0),
            client: RefCell::default(),
            editor: RefCell::default(),
            keeper: Keeper::default(),
            line: Line::default(),
            upload: RefCell::default(),
            is_upload_stopped: Rc::default(),
            held: Held::default(),
        }))
    }

    /// Starts the worker and finds what to show.
    pub(crate) fn start(&self) {
        let weak = Rc::downgrade(&self.0);
        let whole_chart =
            Box::new(move || weak.upgrade().map(|inner| Desk(inner).whole_chart()).unwrap_or_default());
        let weak = Rc::downgrade(&self.0);
        let on_event = Box::new(move |event| {
            if let Some(inner) = weak.upgrade() {
                Desk(inner).hear(event);
            }
        });
        *self.0.client.borrow_mut() = Some(Client::new(whole_chart, on_event));
        self.find_bridge();
        self.find_work();
    }

    /// Who is drawn when the state changes.
    pub(crate) fn listen(&self, listener: Callback<Rc<AppState>>) {
        *self.0.listener.borrow_mut() = Some(listener);
    }

    pub(crate) fn state(&self) -> Rc<AppState> {
        self.0.state.borrow().clone()
    }

    /// Reduces an action and brings the editor after it.
    pub(crate) fn send(&self, action: Action) {
        let next = Rc::new(reduce(&self.state(), action));
        *self.0.state.borrow_mut() = next.clone();
        self.show_active();
        let listener = self.0.listener.borrow().clone();
        if let Some(listener) = listener {
            listener.emit(next);
        }
    }

    pub(crate) fn panels(&self, action: PanelsAction) {
        self.send(Action::Panels(action));
    }

    pub(crate) fn say(&self, severity: Severity, text: String) {
        self.send(Action::Notices(NoticesAction::Say { severity, text, offers_reload: false }));
    }

    // ---- files

    pub(crate) fn open_file(&self, path: &str) {
        self.send(Action::Files(FilesAction::Open(path.to_owned())));
        self.keep_record();
    }

    pub(crate) fn close_file(&self, path: &str) {
        self.send(Action::Files(FilesAction::Close(path.to_owned())));
        self.keep_record();
    }

    /// Takes the name that was typed into the tree.
    pub(crate) fn take_name(&self, name: &str) {
        let Some(naming) = self.state().files.naming.clone() else { return };
        let done = match &naming.renames {
            Some(from) => self.0.files.borrow_mut().rename(from, name).map(|touched| (None, touched)),
            None => self
                .0
                .files
                .borrow_mut()
                .create(name, Bytes::from(Vec::new()))
                .map(|(path, touched)| (Some(path), touched)),
        };
        match done {
            Ok((opens, touched)) => {
                self.after_files(&touched);
                self.send(Action::Files(FilesAction::StopNaming));
                if let Some(path) = opens {
                    self.open_file(&path);
                    self.panels(PanelsAction::ShowPane(Pane::Editor));
                }
            }
            Err(error) => self.send(Action::Files(FilesAction::NameRefused(error.to_string()))),
        }
    }

    pub(crate) fn delete(&self, path: &str) {
        let touched = self.0.files.borrow_mut().delete(path);
        self.after_files(&touched);
    }

    pub(crate) fn undo(&self) {
        let Some((_, touched, is_whole)) = self.0.files.borrow_mut().undo() else { return };
        if is_whole {
            self.after_replace(None, None);
        } else {
            self.after_files(&touched);
        }
    }

    /// What was typed into the editor.
    fn take_edit(&self, path: &str, content: String) {
        let bytes = Bytes::from(content.into_bytes());
        let is_edited = {
            let mut files = self.0.files.borrow_mut();
            if files.bytes(path).is_none() {
                return;
            }
            files.write(path, bytes.clone());
            files.is_edited(path)
        };
        // First the action: it lets a template run again that was set aside, and the request says which ones may not.
        self.send(Action::Edited { path: path.to_owned(), is_edited });
        self.submit(vec![Edit::Put(path.to_owned(), bytes)]);
        self.keep_file(path);
    }

    /// Files came, went or moved.
    fn after_files(&self, touched: &Touched) {
        let (edits, paths, undo_label) = {
            let files = self.0.files.borrow();
            let removed = touched.removed.iter().map(|path| Edit::Remove(path.clone()));
            let put = touched
                .put
                .iter()
                .filter_map(|path| Some(Edit::Put(path.clone(), files.bytes(path)?.clone())));
            (removed.chain(put).collect::<Vec<_>>(), files.paths(), files.undo_label().map(str::to_owned))
        };
        if let Some(editor) = &*self.0.editor.borrow() {
            for path in touched.removed.iter().chain(&touched.put) {
                editor.forget(path);
            }
        }
        self.send(Action::FilesChanged { paths, renamed: touched.renamed.clone(), undo_label });
        self.submit(edits);
        self.keep_touched(touched);
    }

    // ---- environments

    pub(crate) fn environments(&self, action: EnvironmentsAction) {
        self.send(Action::Environments(action));
        self.submit(Vec::new());
        self.keep_record();
    }

    /// Makes an environment and its values file.
    ///
    /// # Errors
    /// A sentence when the name cannot be one.
    pub(crate) fn new_environment(&self, name: &str) -> Result<(), String> {
        let path = self.state().environments.path_for(name)?;
        let content = format!("# Values of {name}: they win over values.yaml.\n");
        let created = self.0.files.borrow_mut().create(&path, Bytes::from(content.into_bytes()));
        let (path, touched) = created.map_err(|error| error.to_string())?;
        self.after_files(&touched);
        self.environments(EnvironmentsAction::New { name: name.to_owned(), values_file: path.clone() });
        self.open_file(&path);
        Ok(())
    }

    // ---- rendering

    /// Counts an edit and asks for a render. The settings always go along: they are few.
    fn submit(&self, mut edits: Vec<Edit>) {
        let revision = self.0.revision.get() + 1;
        self.0.revision.set(revision);
        self.send(Action::Submitted(revision));
        edits.push(self.settings());
        self.with_client(|client| client.submit(revision, edits));
    }

    fn with_client(&self, use_it: impl FnOnce(&Client)) {
        let client = self.0.client.borrow().clone();
        if let Some(client) = client {
            use_it(&client);
        }
    }

    fn settings(&self) -> Edit {
        let state = self.state();
        let aside = state.outcome.aside.iter().map(|aside| aside.path.clone()).collect();
        Edit::Settings(state.environments.settings(aside, state.world))
    }

    /// Takes time and randomness from there from now on.
    pub(crate) fn choose_world(&self, world: World) {
        self.send(Action::World(world));
        self.submit(Vec::new());
    }

    /// Everything that a fresh worker must know.
    fn whole_chart(&self) -> Vec<Edit> {
        let files = self.0.files.borrow();
        let puts = files.iter().map(|(path, bytes)| Edit::Put(path.clone(), bytes.clone()));
        [Edit::Clear].into_iter().chain(puts).chain([self.cluster_edit(), self.settings()]).collect()
    }

    /// Runs a template that was set aside.
    pub(crate) fn again(&self, path: &str) {
        self.send(Action::Again(path.to_owned()));
        self.submit(Vec::new());
    }

    /// Ends a render that takes too long for the person.
    pub(crate) fn cancel_render(&self) {
        self.0.line.round.take();
        self.with_client(Client::stop);
        self.send(Action::Failed("You stopped the render; the next edit starts another".to_owned()));
    }

    fn hear(&self, event: Event) {
        if matches!(event, Event::Hung { .. } | Event::Crashed { .. } | Event::OtherBuild) {
            // Whoever waits for a round of a review hears that none will come.
            self.0.line.round.take();
        }
        match event {
            Event::Updated(update, buffer) => self.show(update, buffer),
            Event::Slow(ms, announced) => self.send(Action::Slow(Some(ms), announced)),
            Event::Packaged(result) => self.save_package(result),
            Event::Reviewed(reviewed, body) => {
                if reviewed.is_last {
                    // No update follows that would say so.
                    self.send(Action::Slow(None, None));
                }
                self.take_round(reviewed, body);
            }
            Event::Hung { template: Some(path) } => {
                let sentence = format!(
                    "`{path}` ran for 2 seconds without coming to an end. It was stopped and set aside; all others are rendered."
                );
                self.set_aside(path, sentence);
            }
            Event::Hung { template: None } => {
                self.send(Action::Failed(
                    "The renderer gave no answer for 20 seconds and was stopped".to_owned(),
                ));
            }
            Event::Crashed { template: Some(path), text } => {
                let sentence = format!(
                    "`{path}` ended the renderer ({text}). It was set aside; all others are rendered."
                );
                self.set_aside(path, sentence);
            }
            Event::Crashed { template: None, text } => {
                self.send(Action::Failed(format!(
                    "The renderer stopped: {text}. The next edit starts it again"
                )));
            }
            Event::OtherBuild => {
                self.send(Action::Failed("The renderer is of another build than this page".to_owned()));
                self.send(Action::Notices(NoticesAction::Say {
                    severity: Severity::Warning,
                    text: "Chartroom was updated. Load the page again; your files are kept.".to_owned(),
                    offers_reload: true,
                }));
            }
        }
    }

    fn set_aside(&self, path: String, sentence: String) {
        self.send(Action::SetAside(Aside { path, sentence }));
        let revision = self.0.revision.get() + 1;
        self.0.revision.set(revision);
        self.send(Action::Submitted(revision));
        self.with_client(|client| client.start_over(revision));
    }

    fn show(&self, update: Rc<Update>, mut buffer: Vec<u8>) {
        let notes = buffer.split_off((update.manifests_len as usize).min(buffer.len()));
        let notes = update.notes_len.map(|_| String::from_utf8_lossy(&notes).into_owned());
        let output = Rc::new(Output::new(buffer, notes, &update.documents));
        self.send(Action::Rendered(update, output));
        if let Some(editor) = &*self.0.editor.borrow() {
            editor.clear_marks();
        }
        self.mark_open_files();
    }

    // ---- editor

    /// Makes the editor in an element of the page.
    pub(crate) fn mount_editor(&self, host: &web_sys::HtmlElement) {
        let (edits, cursor) = (Rc::downgrade(&self.0), Rc::downgrade(&self.0));
        let editor = Editor::new(
            host,
            move |path, content| {
                if let Some(inner) = edits.upgrade() {
                    Desk(inner).take_edit(&path, content);
                }
            },
            move |line, column| {
                let Some(inner) = cursor.upgrade() else { return };
                // The editor also speaks while the desk makes it show a file.
                gloo::timers::callback::Timeout::new(0, move || {
                    Desk(inner).send(Action::Cursor(line, column))
                })
                .forget();
            },
        );
        *self.0.editor.borrow_mut() = Some(editor);
        self.show_active();
    }

    pub(crate) fn unmount_editor(&self) {
        self.0.editor.borrow_mut().take();
    }

    /// Whether the editor can show a file.
    pub(crate) fn content(&self, path: &str) -> Content {
        match self.0.files.borrow().bytes(path) {
            Some(bytes) if text(bytes).is_none() => Content::Binary(bytes.len()),
            _ => Content::Text,
        }
    }

    fn show_active(&self) {
        let state = self.state();
        let editor = self.0.editor.borrow();
        let (Some(editor), Some(path)) = (&*editor, &state.files.active) else { return };
        if let Some(content) = self.0.files.borrow().bytes(path).and_then(|bytes| text(bytes)) {
            editor.open(path, content);
        }
    }

    fn mark_open_files(&self) {
        let state = self.state();
        let (editor, files) = (self.0.editor.borrow(), self.0.files.borrow());
        let Some(editor) = &*editor else { return };
        let named: std::collections::BTreeSet<&str> =
            state.outcome.problems.iter().filter_map(|problem| problem.file.as_deref()).collect();
        for path in named {
            if let Some(content) = files.bytes(path).and_then(|bytes| text(bytes)) {
                let own =
                    state.outcome.problems.iter().filter(|problem| problem.file.as_deref() == Some(path));
                editor.mark(path, content, own);
            }
        }
    }

    /// `templates/a.yaml:12:17`, as far as it is known.
    pub(crate) fn place(&self, problem: &Problem) -> Option<String> {
        let path = problem.file.as_deref()?;
        let files = self.0.files.borrow();
        let at = problem.range.zip(files.bytes(path).and_then(|bytes| text(bytes)));
        Some(match at {
            Some(((start, _), content)) => {
                let (line, column) = line_and_column(content, start as usize);
                format!("{path}:{line}:{column}")
            }
            None => path.to_owned(),
        })
    }

    /// Stands on a problem and shows its place in the editor.
    pub(crate) fn show_problem(&self, index: usize) {
        let Some(problem) = self.state().outcome.problems.get(index).cloned() else { return };
        self.panels(PanelsAction::ShowProblem(index));
        let Some(path) = &problem.file else { return };
        self.open_file(path);
        if self.state().files.active.as_ref() != Some(path) {
            return;
        }
        self.panels(PanelsAction::ShowPane(Pane::Editor));
        let range = self
            .0
            .files
            .borrow()
            .bytes(path)
            .and_then(|bytes| text(bytes))
            .and_then(|content| utf16_range(content, &problem));
        if let (Some((from, to)), Some(editor)) = (range, &*self.0.editor.borrow()) {
            editor.reveal(from, to);
        }
    }

    /// F8 and Shift-F8.
    pub(crate) fn step_problem(&self, is_forward: bool) {
        let state = self.state();
        let n_problems = state.outcome.problems.len();
        if n_problems == 0 {
            return;
        }
        let next = match (state.panels.problem, is_forward) {
            (Some(index), true) => (index + 1) % n_problems,
            (Some(index), false) => (index + n_problems - 1) % n_problems,
            (None, true) => 0,
            (None, false) => n_problems - 1,
        };
        self.show_problem(next);
    }
}
