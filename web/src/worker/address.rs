//! The page's programs that run beside it, and how a browser lets the page start them.

use std::cell::RefCell;

use js_sys::{Object, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{Worker, WorkerOptions, WorkerType};

/// Renders. It lies beside the page; Trunk writes it under this name.
pub(crate) const RENDERER: &str = "./worker_loader.js";
/// Checks signatures; loaded when there is one to check.
pub(crate) const CHECKER: &str = "./checker_loader.js";
/// The larger part of [`CHECKER`]; it loads that itself.
pub(crate) const CHECKER_CODE: &str = "./checker_bg.wasm";

#[wasm_bindgen]
extern "C" {
    /// `Worker`, whose address may be a `TrustedScriptURL`, which web-sys does not know.
    #[wasm_bindgen(extends = Worker, js_name = Worker)]
    type AddressedWorker;
    #[wasm_bindgen(constructor, js_class = "Worker", catch)]
    fn new(address: &JsValue, options: &WorkerOptions) -> Result<AddressedWorker, JsValue>;

    #[wasm_bindgen(js_namespace = trustedTypes, js_name = createPolicy, catch)]
    fn create_policy(name: &str, rules: &Object) -> Result<JsValue, JsValue>;

    type Policy;
    #[wasm_bindgen(method, js_name = createScriptURL, catch)]
    fn create_script_url(this: &Policy, url: &str) -> Result<JsValue, JsValue>;
}

thread_local! {
    static POLICY: RefCell<Option<JsValue>> = const { RefCell::new(None) };
}

/// One of the two programs, started; its address comes from the page's one Trusted Types policy, where the browser has such
/// policies.
pub(crate) fn trusted_worker(program: &str) -> Result<Worker, JsValue> {
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    let address = if Reflect::has(&js_sys::global(), &"trustedTypes".into())? {
        let policy = POLICY.with_borrow(Clone::clone);
        let policy = match policy {
            Some(policy) => policy,
            None => {
                let rules = Object::new();
                // The addresses this page makes scripts of; all others are refused.
                let rule = Closure::<dyn Fn(String) -> Result<String, JsValue>>::new(|url: String| {
                    if url == RENDERER || url == CHECKER {
                        Ok(url)
                    } else {
                        Err(js_sys::Error::new("no script of this page").into())
                    }
                });
                Reflect::set(&rules, &"createScriptURL".into(), &rule.into_js_value())?;
                let policy = create_policy("chartroom", &rules)?;
                POLICY.set(Some(policy.clone()));
                policy
            }
        };
        policy.unchecked_into::<Policy>().create_script_url(program)?
    } else {
        JsValue::from_str(program)
    };
    AddressedWorker::new(&address, &options).map(Worker::from)
}

/// What an error of JavaScript says.
pub(crate) fn text_of(error: &JsValue) -> String {
    error
        .dyn_ref::<js_sys::Error>()
        .map_or_else(|| format!("{error:?}"), |error| String::from(error.message()))
}
