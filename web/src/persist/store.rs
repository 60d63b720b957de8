//! The browser's store: one record and the files of each tab's work in IndexedDB, and the lock that keeps tabs apart.
//!
//! A tab owns one workspace, named in its session storage and held by a Web Lock for as long as the tab lives, so that
//! two tabs never write the same one.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    IdbDatabase, IdbKeyRange, IdbObjectStore, IdbOpenDbRequest, IdbRequest, IdbTransaction,
    IdbTransactionMode,
};

use crate::files::Bytes;

const DATABASE: &str = "chartroom";
const DATABASE_VERSION: u32 = 1;
/// Workspace id → record as JSON.
const RECORDS: &str = "records";
/// `<workspace id>/<path>` → bytes.
const FILES: &str = "files";
/// Where a tab remembers its workspace over a reload.
const SESSION_KEY: &str = "chartroom.workspace";

/// The open database.
#[derive(Clone)]
pub(crate) struct Store(IdbDatabase);

/// What has changed since the last save.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Forget all files first.
    pub(crate) is_whole: bool,
    pub(crate) put: Vec<(String, Bytes)>,
    pub(crate) removed: Vec<String>,
}

impl Store {
    pub(crate) async fn open() -> Result<Store, JsValue> {
        let window = web_sys::window().ok_or("no window")?;
        let factory = window.indexed_db()?.ok_or("no IndexedDB")?;
        let request: IdbOpenDbRequest = factory.open_with_u32(DATABASE, DATABASE_VERSION)?;
        let upgrading = request.clone();
        let on_upgrade = Closure::once_into_js(move || -> Result<(), JsValue> {
            let database: IdbDatabase = upgrading.result()?.dyn_into()?;
            database.create_object_store(RECORDS)?;
            database.create_object_store(FILES)?;
            Ok(())
        });
        request.set_onupgradeneeded(Some(on_upgrade.unchecked_ref()));
        Ok(Store(done(&request).await?.dyn_into()?))
    }

    /// All records, by workspace.
    pub(crate) async fn records(&self) -> Result<Vec<(String, String)>, JsValue> {
        let (_, stores) = self.transaction(IdbTransactionMode::Readonly)?;
        let keys = stores.records.get_all_keys()?;
        let values = stores.records.get_all()?;
        let (keys, values) = (Array::from(&done(&keys).await?), Array::from(&done(&values).await?));
        Ok(keys
            .iter()
            .zip(values.iter())
            .filter_map(|(key, value)| Some((key.as_string()?, value.as_string()?)))
            .collect())
    }

    /// The files of a workspace.
    pub(crate) async fn files(&self, workspace: &str) -> Result<BTreeMap<String, Bytes>, JsValue> {
        let (_, stores) = self.transaction(IdbTransactionMode::Readonly)?;
        let range = range_of(workspace)?;
        let keys = stores.files.get_all_keys_with_key(&range)?;
        let values = stores.files.get_all_with_key(&range)?;
        let (keys, values) = (Array::from(&done(&keys).await?), Array::from(&done(&values).await?));
        let prefix = workspace.len() + 1;
        Ok(keys
            .iter()
            .zip(values.iter())
            .filter_map(|(key, value)| {
                let path = key.as_string()?.get(prefix..)?.to_owned();
                Some((path, Bytes::from(value.dyn_into::<Uint8Array>().ok()?.to_vec())))
            })
            .collect())
    }

    /// Writes a record and what changed in one transaction: a crash leaves the state before or after, never between.
    pub(crate) async fn save(&self, workspace: &str, record: &str, changes: Changes) -> Result<(), JsValue> {
        let (transaction, stores) = self.transaction(IdbTransactionMode::Readwrite)?;
        if changes.is_whole {
            stores.files.delete(range_of(workspace)?.as_ref())?;
        }
        for path in changes.removed {
            stores.files.delete(&JsValue::from_str(&format!("{workspace}/{path}")))?;
        }
        for (path, bytes) in changes.put {
            let key = JsValue::from_str(&format!("{workspace}/{path}"));
            stores.files.put_with_key(&Uint8Array::from(&*bytes), &key)?;
        }
        stores.records.put_with_key(&JsValue::from_str(record), &JsValue::from_str(workspace))?;
        committed(&transaction).await
    }

    /// Forgets a workspace.
    pub(crate) async fn remove(&self, workspace: &str) -> Result<(), JsValue> {
        let (transaction, stores) = self.transaction(IdbTransactionMode::Readwrite)?;
        stores.files.delete(range_of(workspace)?.as_ref())?;
        stores.records.delete(&JsValue::from_str(workspace))?;
        committed(&transaction).await
    }

    fn transaction(&self, mode: IdbTransactionMode) -> Result<(IdbTransaction, Stores), JsValue> {
        let names = Array::of2(&RECORDS.into(), &FILES.into());
        let transaction = self.0.transaction_with_str_sequence_and_mode(&names, mode)?;
        let stores =
            Stores { records: transaction.object_store(RECORDS)?, files: transaction.object_store(FILES)? };
        Ok((transaction, stores))
    }
}

struct Stores {
    records: IdbObjectStore,
    files: IdbObjectStore,
}

/// All keys that start with `<workspace>/`: `0` is the character behind `/`.
fn range_of(workspace: &str) -> Result<IdbKeyRange, JsValue> {
    let (low, high) = (format!("{workspace}/"), format!("{workspace}0"));
    IdbKeyRange::bound_with_lower_open_and_upper_open(&low.into(), &high.into(), false, true)
}

/// The result of a request.
async fn done(request: &IdbRequest) -> Result<JsValue, JsValue> {
    let promise = Promise::new(&mut |resolve: Function, reject: Function| {
        let succeeded = request.clone();
        let on_success = Closure::once_into_js(move || {
            resolve.call1(&JsValue::NULL, &succeeded.result().unwrap_or_default())
        });
        request.set_onsuccess(Some(on_success.unchecked_ref()));
        request.set_onerror(Some(&reject));
    });
    JsFuture::from(promise).await
}

async fn committed(transaction: &IdbTransaction) -> Result<(), JsValue> {
    let promise = Promise::new(&mut |resolve: Function, reject: Function| {
        transaction.set_oncomplete(Some(&resolve));
        transaction.set_onerror(Some(&reject));
        transaction.set_onabort(Some(&reject));
    });
    JsFuture::from(promise).await.map(drop)
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["navigator", "locks"], js_name = request, catch)]
    fn request_lock(name: &str, options: &Object, on_granted: &Function) -> Result<Promise, JsValue>;
}

/// Takes a workspace for this tab until the tab ends. `None`: this browser has no locks.
pub(crate) async fn claim(workspace: &str) -> Option<bool> {
    let options = Object::new();
    Reflect::set(&options, &"ifAvailable".into(), &JsValue::TRUE).ok()?;
    let answered: Rc<RefCell<Option<Function>>> = Rc::default();
    let asked = answered.clone();
    let answer = Promise::new(&mut |resolve, _| *asked.borrow_mut() = Some(resolve));
    let on_granted = Closure::once_into_js(move |lock: JsValue| -> JsValue {
        let is_granted = !lock.is_null() && !lock.is_undefined();
        if let Some(resolve) = answered.borrow_mut().take() {
            // A promise's own function does not throw.
            let _ = resolve.call1(&JsValue::NULL, &JsValue::from_bool(is_granted));
        }
        // A lock is held for as long as this promise is open: for ever.
        if is_granted { Promise::new(&mut |_, _| {}).into() } else { JsValue::UNDEFINED }
    });
    // The promise ends with the lock, that is, with the tab.
    drop(request_lock(&format!("chartroom/{workspace}"), &options, on_granted.unchecked_ref()).ok()?);
    JsFuture::from(answer).await.ok()?.as_bool()
}

/// The workspace this tab had before a reload.
pub(crate) fn remembered() -> Option<String> {
    web_sys::window()?.session_storage().ok()??.get_item(SESSION_KEY).ok()?
}

/// Remembers the workspace of this tab over a reload.
pub(crate) fn remember(workspace: &str) {
    if let Some(Ok(Some(storage))) = web_sys::window().map(|window| window.session_storage()) {
        // Full or forbidden: then a reload finds its work by being the newest.
        let _ = storage.set_item(SESSION_KEY, workspace);
    }
}

/// A name for a workspace that no other has.
pub(crate) fn fresh_name() -> String {
    format!("{:.0}-{:08x}", js_sys::Date::now(), (js_sys::Math::random() * f64::from(u32::MAX)) as u32)
}
