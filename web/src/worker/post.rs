//! Turns a head and its buffer into one `postMessage` and back: `[head, ArrayBuffer]`, the buffer transferred.

use js_sys::{Array, Uint8Array};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};

/// The message and the list of what it transfers.
///
/// # Errors
/// When the head cannot be written as a JavaScript value.
pub(crate) fn pack<T: Serialize>(head: &T, buffer: &[u8]) -> Result<(Array, Array), JsValue> {
    let head = head.serialize(&serde_wasm_bindgen::Serializer::json_compatible())?;
    // `from` copies into a buffer of JavaScript's own: the memory of a wasm program cannot be given away.
    let buffer = Uint8Array::from(buffer).buffer();
    Ok((Array::of2(&head, &buffer), Array::of1(&buffer)))
}

/// The head and the bytes of a message.
///
/// # Errors
/// When the message was not made by [`pack`] of the same type, as after a change of builds.
pub(crate) fn unpack<T: DeserializeOwned>(message: JsValue) -> Result<(T, Vec<u8>), JsValue> {
    let pair: Array = message.dyn_into()?;
    let head = serde_wasm_bindgen::from_value(pair.get(0))?;
    Ok((head, Uint8Array::new(&pair.get(1)).to_vec()))
}
