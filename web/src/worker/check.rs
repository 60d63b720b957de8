//! The page's end of the program that checks signatures (`web/checker`): it is loaded for one check and ended after it.

use std::cell::RefCell;
use std::rc::Rc;

use gloo::timers::callback::Timeout;
use js_sys::{Array, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{ErrorEvent, MessageEvent, Response, Worker};

use crate::worker::address::{CHECKER, CHECKER_CODE, text_of, trusted_worker};

/// From the start of the program to its first word, on a slow line.
const LOAD_MS: u32 = 60_000;

/// Fetches the program, so that a failure is told at once: a worker that cannot fetch its code says nothing at all. What was
/// fetched is in the browser's cache when the worker asks for it.
///
/// # Errors
/// Why it could not be fetched.
pub(crate) async fn fetch_program() -> Result<(), String> {
    let unreachable =
        |_| "the program that checks it could not be fetched, because the bridge does not answer".to_owned();
    // A page has a window.
    let Some(window) = web_sys::window() else { return Ok(()) };
    let answer = JsFuture::from(window.fetch_with_str(CHECKER_CODE)).await.map_err(unreachable)?;
    let answer: Response = answer.unchecked_into();
    if !answer.ok() {
        return Err(format!("the program that checks it could not be fetched (status {})", answer.status()));
    }
    // Only a body that was read to its end is kept.
    let body = answer.array_buffer().map_err(|error| text_of(&error))?;
    JsFuture::from(body).await.map(drop).map_err(unreachable)
}

/// How a check ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// With what `helm verify` prints.
    Right(String),
    /// With the error of `helm verify`.
    Wrong(String),
    /// Without an answer; why.
    Lost(String),
}

/// A file with its name.
pub(crate) type Named<'a> = (&'a str, &'a [u8]);

/// A check under way. Dropped, it ends.
pub(crate) struct Checking {
    worker: Worker,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(ErrorEvent)>,
}

impl Drop for Checking {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

impl Checking {
    /// Loads the program and asks it. `on_end` is called once, never while this runs.
    ///
    /// # Errors
    /// A sentence when the browser starts no program.
    pub(crate) fn start(
        archive: Named<'_>,
        provenance: &[u8],
        keyring: Named<'_>,
        on_end: impl FnOnce(Ended) + 'static,
    ) -> Result<Self, String> {
        let worker = trusted_worker(CHECKER).map_err(|error| text_of(&error))?;
        // `from` copies into buffers of JavaScript's own, which are given away.
        let bytes = |bytes: &[u8]| JsValue::from(Uint8Array::from(bytes).buffer());
        let (archived, signed, keys) = (bytes(archive.1), bytes(provenance), bytes(keyring.1));
        let transfer = Array::of3(&archived, &signed, &keys);
        let request = Array::of5(&archive.0.into(), &archived, &signed, &keyring.0.into(), &keys);

        let on_end = Rc::new(RefCell::new(Some(on_end)));
        let end = move |ended| {
            let on_end = on_end.borrow_mut().take();
            if let Some(on_end) = on_end {
                on_end(ended);
            }
        };
        // A program that cannot be fetched in all its parts says nothing at all.
        let late = end.clone();
        let mut limit = Some(Timeout::new(LOAD_MS, move || {
            late(Ended::Lost("it was not loaded within a minute".to_owned()));
        }));
        let (speaker, answer) = (worker.clone(), end.clone());
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let said: Array = event.data().unchecked_into();
            let text = said.get(1).as_string().unwrap_or_default();
            match said.get(0).as_string().as_deref() {
                Some("ready") => {
                    drop(limit.take());
                    if let Err(error) = speaker.post_message_with_transfer(&request, &transfer) {
                        answer(Ended::Lost(text_of(&error)));
                    }
                }
                Some("right") => answer(Ended::Right(text)),
                Some("wrong") => answer(Ended::Wrong(text)),
                _ => answer(Ended::Lost(text)),
            }
        });
        let on_error = Closure::<dyn FnMut(ErrorEvent)>::new(move |event: ErrorEvent| {
            event.prevent_default();
            // A script that was not fetched is a plain event, without a message.
            let message = Reflect::get(&event, &"message".into()).ok().and_then(|text| text.as_string());
            end(Ended::Lost(message.unwrap_or_else(|| "it could not be loaded".to_owned())));
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        Ok(Checking { worker, _on_message: on_message, _on_error: on_error })
    }
}
