//! The desk's way to the browser's store: what changed is written within a second, in one transaction.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use gloo::timers::callback::Timeout;

use crate::files::{Bytes, Touched};
use crate::hooks::Desk;
use crate::persist::record::Record;
use crate::persist::store::{self, Changes, Store};
use crate::state::{Action, Saved};

/// From a change to its writing. With the writing itself it stays well under a second.
const DELAY_MS: u32 = 250;
/// Workspaces that are kept; the oldest ones that no tab holds are forgotten.
const KEPT: usize = 12;

/// What is behind, and where it goes.
#[derive(Default)]
pub(super) struct Keeper {
    store: RefCell<Option<Store>>,
    workspace: RefCell<String>,
    dirty: RefCell<BTreeSet<String>>,
    is_whole: Cell<bool>,
    is_writing: Cell<bool>,
    timer: RefCell<Option<Timeout>>,
}

/// Work that was found in the store.
pub(super) struct Found {
    pub(super) record: Record,
    pub(super) files: BTreeMap<String, Bytes>,
}

impl Desk {
    pub(super) fn keep_file(&self, path: &str) {
        self.0.keeper.dirty.borrow_mut().insert(path.to_owned());
        self.keep_record();
    }

    pub(super) fn keep_touched(&self, touched: &Touched) {
        self.0.keeper.dirty.borrow_mut().extend(touched.put.iter().chain(&touched.removed).cloned());
        self.keep_record();
    }

    pub(super) fn keep_all(&self) {
        self.0.keeper.is_whole.set(true);
        self.keep_record();
    }

    /// Writes soon.
    pub(super) fn keep_record(&self) {
        if self.state().saved == Saved::Never {
            return;
        }
        self.send(Action::Saved(Saved::Soon));
        let keeper = &self.0.keeper;
        if keeper.timer.borrow().is_some() {
            return;
        }
        let desk = self.clone();
        *keeper.timer.borrow_mut() = Some(Timeout::new(DELAY_MS, move || {
            // A timer that has fired cannot be cancelled by being dropped, so it may be dropped here.
            if let Some(timer) = desk.0.keeper.timer.borrow_mut().take() {
                timer.forget();
            }
            desk.write_now();
        }));
    }

    /// Writes what is behind. Also called when the page is about to be hidden or left.
    pub(crate) fn write_now(&self) {
        let keeper = &self.0.keeper;
        if keeper.is_writing.get() {
            // The writer looks again when it is done.
            return;
        }
        let Some(store) = keeper.store.borrow().clone() else { return };
        let changes = {
            let files = self.0.files.borrow();
            let dirty = keeper.dirty.take();
            let is_whole = keeper.is_whole.take();
            let paths = if is_whole { files.paths() } else { dirty.iter().cloned().collect() };
            let (present, missing): (Vec<_>, Vec<_>) =
                paths.into_iter().partition(|path| files.bytes(path).is_some());
            let put = present
                .into_iter()
                .filter_map(|path| Some((path.clone(), files.bytes(&path)?.clone())))
                .collect();
            Changes { is_whole, put, removed: missing }
        };
        let state = self.state();
        let record = Record::new(js_sys::Date::now(), &state.files, &state.environments).to_json();
        let workspace = keeper.workspace.borrow().clone();
        keeper.is_writing.set(true);
        let desk = self.clone();
        wasm_bindgen_futures::spawn_local(async move {
            let saved = store.save(&workspace, &record, changes).await;
            let keeper = &desk.0.keeper;
            keeper.is_writing.set(false);
            if let Err(error) = saved {
                web_sys::console::warn_2(&"the browser's store refused:".into(), &error);
                desk.send(Action::Saved(Saved::Never));
            } else if keeper.dirty.borrow().is_empty()
                && !keeper.is_whole.get()
                && keeper.timer.borrow().is_none()
            {
                desk.send(Action::Saved(Saved::Yes));
            } else {
                desk.keep_record();
            }
        });
    }

    /// Opens the store and takes the work that is this tab's: what it had before a reload, else, when `may_adopt`, the
    /// newest that no other tab holds.
    pub(super) async fn claim_work(&self, may_adopt: bool) -> Option<Found> {
        let store = match Store::open().await {
            Ok(store) => store,
            Err(error) => {
                web_sys::console::warn_2(&"the browser's store cannot be used:".into(), &error);
                self.send(Action::Saved(Saved::Never));
                return None;
            }
        };
        *self.0.keeper.store.borrow_mut() = Some(store.clone());
        let mut records = store.records().await.unwrap_or_default();
        records.sort_unstable_by(|(_, a), (_, b)| saved_at(b).total_cmp(&saved_at(a)));

        let mut source = None;
        let mut own = None;
        if let Some(remembered) = store::remembered() {
            // Without locks, a tab that was duplicated cannot be told from one that was loaded again.
            if store::claim(&remembered).await.unwrap_or(true) {
                own = Some(remembered.clone());
            }
            // A duplicated tab goes on with a copy.
            source = Some(remembered);
        } else if may_adopt {
            for (workspace, _) in &records {
                if store::claim(workspace).await == Some(true) {
                    own = Some(workspace.clone());
                    source = own.clone();
                    break;
                }
            }
        }
        let is_copy = own != source;
        let workspace = match own {
            Some(workspace) => workspace,
            None => {
                let workspace = store::fresh_name();
                store::claim(&workspace).await;
                workspace
            }
        };
        store::remember(&workspace);
        *self.0.keeper.workspace.borrow_mut() = workspace.clone();
        self.forget_old(&store, &records, &workspace).await;

        let source = source?;
        let (_, json) = records.iter().find(|(id, _)| *id == source)?;
        let record = match Record::from_json(json) {
            Ok(record) => record,
            Err(error) => {
                web_sys::console::warn_1(&format!("a kept workspace was left alone: {error:?}").into());
                // It is not ours to overwrite: a newer page may still read it.
                let fresh = store::fresh_name();
                store::claim(&fresh).await;
                store::remember(&fresh);
                *self.0.keeper.workspace.borrow_mut() = fresh;
                return None;
            }
        };
        let files = store.files(&source).await.ok().filter(|files| !files.is_empty())?;
        if is_copy {
            self.0.keeper.is_whole.set(true);
        }
        Some(Found { record, files })
    }

    async fn forget_old(&self, store: &Store, records: &[(String, String)], own: &str) {
        for (workspace, _) in records.iter().skip(KEPT).filter(|(workspace, _)| workspace != own) {
            // Claimed for good, but it is gone: nobody will ask for it.
            if store::claim(workspace).await == Some(true)
                && let Err(error) = store.remove(workspace).await
            {
                web_sys::console::warn_2(&"an old workspace stays:".into(), &error);
            }
        }
    }
}

fn saved_at(json: &str) -> f64 {
    Record::from_json(json).map_or(0.0, |record| record.saved_at)
}
