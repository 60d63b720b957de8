//! The way in: the launch code of the page's address, and the token of this tab.

use wasm_bindgen::JsValue;
use web_sys::Storage;

const KEY: &str = "chartroom-session";
const OPERATION: &str = "chartroom-operation";

/// The launch code of the address, which is taken out of it at once: it must not stay in a history or a screenshot.
pub(crate) fn take_launch_code() -> Option<String> {
    let window = web_sys::window()?;
    let location = window.location();
    let hash = location.hash().ok()?;
    let code = hash.strip_prefix("#code=")?.to_owned();
    let path = location.pathname().unwrap_or_default();
    let search = location.search().unwrap_or_default();
    let history = window.history().ok()?;
    history.replace_state_with_url(&JsValue::NULL, "", Some(&format!("{path}{search}"))).ok()?;
    (!code.is_empty()).then_some(code)
}

/// The token of this tab, which a reload keeps and another tab does not see.
pub(crate) fn kept() -> Option<String> {
    storage()?.get_item(KEY).ok()?
}

/// Keeps the token of this tab, or forgets it.
pub(crate) fn keep(token: Option<&str>) {
    write(KEY, token);
}

/// The operation that this tab watches.
pub(crate) fn watched_operation() -> Option<String> {
    storage()?.get_item(OPERATION).ok()?
}

/// Remembers the operation that this tab watches, or forgets it.
pub(crate) fn watch_operation(id: Option<&str>) {
    write(OPERATION, id);
}

fn write(key: &str, value: Option<&str>) {
    let Some(storage) = storage() else { return };
    // A tab without a store signs in again after a reload.
    let _ = match value {
        Some(value) => storage.set_item(key, value),
        None => storage.remove_item(key),
    };
}

fn storage() -> Option<Storage> {
    web_sys::window()?.session_storage().ok()?
}
