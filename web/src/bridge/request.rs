//! One request and its answer: `fetch` with a token, problems read as such, abort on drop.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Reflect, Uint8Array};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, Headers, ReadableStreamDefaultReader, RequestInit, Response};
use wire::Problem;

use crate::bridge::stream::Events;
use crate::state::cluster::Fault;

/// The bridge that serves this page; clones are the same one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bridge(Rc<RefCell<Option<String>>>);

/// Ends a request that nobody waits for any more.
struct Abort(AbortController);

impl Drop for Abort {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Bridge {
    /// From now on requests carry this token.
    pub(crate) fn set_token(&self, token: Option<String>) {
        *self.0.borrow_mut() = token;
    }

    /// Whether requests carry a token.
    pub(crate) fn has_token(&self) -> bool {
        self.0.borrow().is_some()
    }

    /// Reads.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Fault> {
        read(&self.text("GET", path, None, None).await?)
    }

    /// Asks for something to be done. `key` makes a second try of the same request harmless.
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        key: Option<&str>,
    ) -> Result<T, Fault> {
        let body = serde_json::to_string(body).map_err(|error| Fault::Odd(error.to_string()))?;
        self.post_text(path, &body, key).await
    }

    /// As [`Bridge::post`], with a body that is written already.
    pub(crate) async fn post_text<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &str,
        key: Option<&str>,
    ) -> Result<T, Fault> {
        read(&self.text("POST", path, Some(body), key).await?)
    }

    /// Reads an event stream to its end; `hear` is given nothing when it opens, then the data of the events as they come
    /// in, and says whether to go on.
    pub(crate) async fn follow(
        &self,
        path: &str,
        hear: &mut dyn FnMut(Vec<String>) -> bool,
    ) -> Result<(), Fault> {
        let (response, _abort) = self.send("GET", path, None, None).await?;
        let Some(body) = response.body() else { return Ok(()) };
        hear(Vec::new());
        let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
        let mut events = Events::default();
        loop {
            let chunk = JsFuture::from(reader.read()).await.map_err(|_| Fault::Unreachable)?;
            if Reflect::get(&chunk, &"done".into()).is_ok_and(|done| done.is_truthy()) {
                return Ok(());
            }
            let bytes = Reflect::get(&chunk, &"value".into()).map_err(|_| Fault::Unreachable)?;
            if !hear(events.push(&Uint8Array::new(&bytes).to_vec())) {
                return Ok(());
            }
        }
    }

    async fn text(
        &self,
        method: &str,
        path: &str,
        body: Option<&str>,
        key: Option<&str>,
    ) -> Result<String, Fault> {
        let (response, _abort) = self.send(method, path, body, key).await?;
        text_of(&response).await
    }

    /// Sends a request and gives the answer if it is a good one.
    async fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<&str>,
        key: Option<&str>,
    ) -> Result<(Response, Abort), Fault> {
        let (promise, abort) =
            self.prepare(method, path, body, key).map_err(|error| Fault::Odd(format!("{error:?}")))?;
        let response: Response =
            JsFuture::from(promise).await.map_err(|_| Fault::Unreachable)?.unchecked_into();
        if response.ok() {
            return Ok((response, abort));
        }
        let status = response.status();
        let text = text_of(&response).await.unwrap_or_default();
        Err(match wire::read::<Problem>(&text) {
            Ok(problem) => Fault::Refused(Box::new(problem)),
            Err(_) => Fault::NoBridge(status),
        })
    }

    fn prepare(
        &self,
        method: &str,
        path: &str,
        body: Option<&str>,
        key: Option<&str>,
    ) -> Result<(js_sys::Promise, Abort), JsValue> {
        let window = web_sys::window().ok_or(JsValue::NULL)?;
        let headers = Headers::new()?;
        headers.set("X-Bridge", "1")?;
        if let Some(token) = &*self.0.borrow() {
            headers.set("Authorization", &format!("Bearer {token}"))?;
        }
        if let Some(key) = key {
            headers.set("Idempotency-Key", key)?;
        }
        let abort = Abort(AbortController::new()?);
        let init = RequestInit::new();
        init.set_method(method);
        init.set_signal(Some(&abort.0.signal()));
        if let Some(body) = body {
            headers.set("Content-Type", "application/json")?;
            init.set_body(&body.into());
        }
        init.set_headers(&headers);
        Ok((window.fetch_with_str_and_init(path, &init), abort))
    }
}

async fn text_of(response: &Response) -> Result<String, Fault> {
    let text = response.text().map_err(|_| Fault::Unreachable)?;
    let text = JsFuture::from(text).await.map_err(|_| Fault::Unreachable)?;
    Ok(text.as_string().unwrap_or_default())
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    // A server that answers every address with the page is no bridge.
    if text.trim_start().starts_with('<') {
        return Err(Fault::NoBridge(200));
    }
    wire::read(if text.is_empty() { "null" } else { text }).map_err(|error| Fault::Odd(error.to_string()))
}
