//! Runs in the worker: owns the renderer's session, applies what the page sends, answers with what was rendered.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::global;
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use crate::worker::engine::{Engine, Machine};
use crate::worker::post;
use crate::worker::protocol::{BUILD_ID, Change, Reply, Request, Update};

/// Listens to the page until it ends the worker.
pub fn run() {
    let scope: DedicatedWorkerGlobalScope = global().unchecked_into();
    let engine = Rc::new(RefCell::new(Engine::new(Browser { scope: scope.clone() })));
    let speaker = scope.clone();
    std::panic::set_hook(Box::new(move |panic| {
        // The page must hear it before the program ends itself: an `ErrorEvent` says only "unreachable".
        say(&speaker, &Reply::Panicked { text: panic.to_string() }, &[]);
        console_error_panic_hook::hook(panic);
    }));
    let speaker = scope.clone();
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        match post::unpack::<Request>(event.data()) {
            Ok((request, buffer)) => answer(&speaker, &mut engine.borrow_mut(), request, &buffer),
            // Only another build speaks otherwise; `Ready` has told the page which build this is.
            Err(error) => web_sys::console::warn_2(&"a message of another build".into(), &error),
        }
    });
    scope.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
    // The page posts nothing before this, because the loader sets the handler late.
    say(&scope, &Reply::Ready { build_id: BUILD_ID.to_owned() }, &[]);
}

/// The machine as a worker reaches it.
struct Browser {
    scope: DedicatedWorkerGlobalScope,
}

impl Machine for Browser {
    fn now_ms(&mut self) -> f64 {
        js_sys::Date::now()
    }

    fn random(&mut self, bytes: &mut [u8]) {
        // Every browser that runs WebAssembly has `crypto.getRandomValues`. Where it failed all the same, made-up values
        // must not pass for secrets: the panic's text reaches the page, and the template is set aside.
        getrandom::fill(bytes).expect("this browser gives no random values");
    }

    fn announce(&mut self, what: &str) {
        say(&self.scope, &Reply::Announced { what: what.to_owned() }, &[]);
    }
}

fn answer(scope: &DedicatedWorkerGlobalScope, engine: &mut Engine, request: Request, buffer: &[u8]) {
    let mut rest = buffer;
    for change in request.changes {
        match change {
            Change::Clear => engine.clear(),
            Change::Cluster(cluster) => engine.set_cluster(cluster),
            Change::PutFile { path, len } => {
                let (bytes, behind) = rest.split_at(rest.len().min(len as usize));
                rest = behind;
                engine.put_file(path, bytes.to_vec());
            }
            Change::RemoveFile { path } => engine.remove_file(path),
            Change::Settings(settings) => engine.set(settings),
        }
    }
    if request.wants_package {
        let (result, archive) = match engine.package(js_sys::Date::now()) {
            Ok((name, archive)) => (Ok(name), archive),
            Err(sentence) => (Err(sentence), Vec::new()),
        };
        say(scope, &Reply::Packaged { result }, &archive);
    }
    let mut report = |path: &str| say(scope, &Reply::Template { path: path.to_owned() }, &[]);
    if let Some(review) = request.review {
        let (mut reviewed, body) = engine.review(review, &mut report);
        reviewed.is_last = !request.wants_update;
        say(scope, &Reply::Reviewed(reviewed), &body);
    }
    if !request.wants_update {
        return;
    }
    let clock = scope.performance();
    let now = || clock.as_ref().map_or_else(js_sys::Date::now, web_sys::Performance::now);
    let start = now();
    let rendered = engine.render(&mut report);
    let render_ms = now() - start;
    let mut buffer = rendered.manifests;
    let manifests_len = buffer.len() as u32;
    let notes_len = rendered.notes.as_ref().map(|notes| notes.len() as u32);
    buffer.extend_from_slice(rendered.notes.as_deref().unwrap_or_default());
    let update = Update {
        revision: request.revision,
        render_ms,
        manifests_len,
        notes_len,
        documents: rendered.documents,
        problems: rendered.problems,
        failed: rendered.failed,
        ignored: rendered.ignored,
        chart: rendered.chart,
        world: rendered.world,
        asked: rendered.asked,
    };
    say(scope, &Reply::Updated(update), &buffer);
}

fn say(scope: &DedicatedWorkerGlobalScope, reply: &Reply, buffer: &[u8]) {
    let posted = post::pack(reply, buffer)
        .and_then(|(message, transfer)| scope.post_message_with_transfer(&message, &transfer));
    if let Err(error) = posted {
        web_sys::console::error_1(&error);
    }
}
