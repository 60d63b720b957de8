//! The page's end of the worker: latest revision wins, one request in flight and one waiting, and a worker that hangs
//! or dies is started again.
//!
//! A worker cannot be interrupted, only ended. It reports before each template; when nothing comes for two seconds, the
//! template it reported last is named in [`Event::Hung`], and a fresh worker is given the whole chart.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use gloo::timers::callback::{Interval, Timeout};
use wasm_bindgen::prelude::*;
use web_sys::{ErrorEvent, MessageEvent, Worker};

use crate::worker::address::{self, text_of, trusted_worker};
use crate::worker::post;
use crate::worker::protocol::{BUILD_ID, Reply, Review, Reviewed, Revision, Update};
use crate::worker::queue::{Edit, Queue};

/// Longest silence inside one template.
const TEMPLATE_MS: f64 = 2_000.0;
/// Longest silence after something slow was announced.
const ANNOUNCED_MS: f64 = 60_000.0;
/// Longest silence elsewhere (reading values, sorting the output): generous, because nothing can be set aside there.
const OTHER_MS: f64 = 20_000.0;
/// A render is worth a word after this long.
const SLOW_MS: f64 = 300.0;
/// How often the silence is measured.
const TICK_MS: u32 = 100;
/// Starts without a `Ready` before giving up until the next edit.
const START_LIMIT: u32 = 3;

/// What the page hears.
pub(crate) enum Event {
    /// The worker died. The template it was in, if it was in one.
    Crashed { template: Option<String>, text: String },
    /// No report for too long. The template it was in, if it was in one.
    Hung { template: Option<String> },
    /// The server has another build than this page.
    OtherBuild,
    /// The archive that was asked for.
    Packaged(Result<(String, Vec<u8>), String>),
    /// A round of a review; its bytes are the body of what would be sent.
    Reviewed(Reviewed, Vec<u8>),
    /// A render has run for so many milliseconds; what it is busy with, if that was announced.
    Slow(u32, Option<String>),
    /// A render; its bytes are manifests, then notes.
    Updated(Rc<Update>, Vec<u8>),
}

struct Live {
    worker: Worker,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(ErrorEvent)>,
}

impl Drop for Live {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        // Works in the middle of an endless loop as well.
        self.worker.terminate();
    }
}

/// The request that the worker is at.
struct Flight {
    started: f64,
    last_report: f64,
    template: Option<String>,
    announced: Option<String>,
    _ticks: Interval,
}

struct Inner {
    live: RefCell<Option<Live>>,
    is_ready: Cell<bool>,
    failed_starts: Cell<u32>,
    queue: RefCell<Queue>,
    flight: RefCell<Option<Flight>>,
    panic_text: RefCell<Option<String>>,
    whole_chart: Box<dyn Fn() -> Vec<Edit>>,
    on_event: Box<dyn Fn(Event)>,
}

/// A handle; clones are the same client.
#[derive(Clone)]
pub(crate) struct Client(Rc<Inner>);

impl Client {
    /// Starts a worker. `whole_chart` gives everything that a fresh worker must know.
    pub(crate) fn new(whole_chart: Box<dyn Fn() -> Vec<Edit>>, on_event: Box<dyn Fn(Event)>) -> Self {
        let client = Client(Rc::new(Inner {
            live: RefCell::default(),
            is_ready: Cell::default(),
            failed_starts: Cell::default(),
            queue: RefCell::default(),
            flight: RefCell::default(),
            panic_text: RefCell::default(),
            whole_chart,
            on_event,
        }));
        client.start();
        client
    }

    /// Asks for a render of `revision`, which these edits lead to.
    pub(crate) fn submit(&self, revision: Revision, edits: Vec<Edit>) {
        self.0.queue.borrow_mut().push(revision, edits);
        self.wake();
    }

    /// Asks for the chart as `helm package` would write it.
    pub(crate) fn package(&self) {
        self.0.queue.borrow_mut().want_package();
        self.wake();
    }

    /// Asks for a round of a review.
    pub(crate) fn review(&self, review: Review) {
        self.0.queue.borrow_mut().want_review(review);
        self.wake();
    }

    /// Ends what runs and starts a worker that knows nothing; `revision` is rendered from the whole chart.
    pub(crate) fn start_over(&self, revision: Revision) {
        self.0.queue.borrow_mut().start_over(revision, (self.0.whole_chart)());
        self.start();
    }

    /// Ends what runs. The next edit starts a worker.
    pub(crate) fn stop(&self) {
        let inner = &self.0;
        inner.flight.borrow_mut().take();
        inner.live.borrow_mut().take();
        inner.is_ready.set(false);
    }

    fn wake(&self) {
        if self.0.live.borrow().is_none() {
            let revision = self.0.queue.borrow().revision();
            self.0.failed_starts.set(0);
            // A review that waits is asked of the fresh worker, behind the chart.
            let review = self.0.queue.borrow_mut().take_review();
            self.start_over(revision);
            if let Some(review) = review {
                self.0.queue.borrow_mut().want_review(review);
            }
        } else {
            self.pump();
        }
    }

    fn start(&self) {
        self.stop();
        let worker = match trusted_worker(address::RENDERER) {
            Ok(worker) => worker,
            Err(error) => {
                let text = format!("the worker could not be started: {}", text_of(&error));
                (self.0.on_event)(Event::Crashed { template: None, text });
                return;
            }
        };
        let weak = Rc::downgrade(&self.0);
        let on_message = Closure::new(move |event: MessageEvent| {
            if let Some(client) = upgrade(&weak) {
                client.hear(event.data());
            }
        });
        let weak = Rc::downgrade(&self.0);
        let on_error = Closure::new(move |event: ErrorEvent| {
            event.prevent_default();
            let text = event.message();
            let weak = weak.clone();
            // This closure is dropped with the worker, so that must not happen while it runs.
            Timeout::new(0, move || {
                if let Some(client) = upgrade(&weak) {
                    client.lose(text);
                }
            })
            .forget();
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        *self.0.live.borrow_mut() = Some(Live { worker, _on_message: on_message, _on_error: on_error });
    }

    fn hear(&self, message: JsValue) {
        let inner = &self.0;
        let (reply, buffer) = match post::unpack::<Reply>(message) {
            Ok(heard) => heard,
            Err(_) => return (inner.on_event)(Event::OtherBuild),
        };
        match reply {
            Reply::Ready { build_id } => {
                if build_id != BUILD_ID {
                    self.stop();
                    return (inner.on_event)(Event::OtherBuild);
                }
                inner.failed_starts.set(0);
                inner.is_ready.set(true);
                self.pump();
            }
            Reply::Announced { what } => {
                if let Some(flight) = inner.flight.borrow_mut().as_mut() {
                    flight.last_report = now();
                    flight.announced = Some(what);
                }
            }
            Reply::Template { path } => {
                if let Some(flight) = inner.flight.borrow_mut().as_mut() {
                    flight.last_report = now();
                    flight.announced = None;
                    flight.template = (!path.is_empty()).then_some(path);
                }
            }
            Reply::Panicked { text } => *inner.panic_text.borrow_mut() = Some(text),
            Reply::Packaged { result } => {
                (inner.on_event)(Event::Packaged(result.map(|name| (name, buffer))))
            }
            Reply::Reviewed(reviewed) => {
                if reviewed.is_last {
                    inner.flight.borrow_mut().take();
                    self.pump();
                }
                (inner.on_event)(Event::Reviewed(reviewed, buffer));
            }
            Reply::Updated(update) => {
                inner.flight.borrow_mut().take();
                self.pump();
                // An answer is shown even when a newer request has gone out: it is newer than what is on the page.
                (inner.on_event)(Event::Updated(Rc::new(update), buffer));
            }
        }
    }

    fn pump(&self) {
        let inner = &self.0;
        if !inner.is_ready.get() || inner.flight.borrow().is_some() || !inner.queue.borrow().is_waiting() {
            return;
        }
        let Some((request, buffer)) = inner.queue.borrow_mut().take() else { return };
        let posted =
            post::pack(&request, &buffer).and_then(|(message, transfer)| match &*inner.live.borrow() {
                Some(live) => live.worker.post_message_with_transfer(&message, &transfer),
                None => Ok(()),
            });
        if let Err(error) = posted {
            return self.lose(text_of(&error));
        }
        let weak = Rc::downgrade(inner);
        let ticks = Interval::new(TICK_MS, move || {
            if let Some(client) = upgrade(&weak) {
                client.tick();
            }
        });
        *inner.flight.borrow_mut() = Some(Flight {
            started: now(),
            last_report: now(),
            template: None,
            announced: None,
            _ticks: ticks,
        });
    }

    fn tick(&self) {
        let (ran_for, silent_for, template, announced) = match &*self.0.flight.borrow() {
            Some(flight) => (
                now() - flight.started,
                now() - flight.last_report,
                flight.template.clone(),
                flight.announced.clone(),
            ),
            None => return,
        };
        let limit = match (&announced, &template) {
            (Some(_), _) => ANNOUNCED_MS,
            (None, Some(_)) => TEMPLATE_MS,
            (None, None) => OTHER_MS,
        };
        if silent_for > limit {
            // The page itself may have been busy: reports that wait in its own queue are heard first.
            let weak = Rc::downgrade(&self.0);
            Timeout::new(0, move || {
                let Some(client) = upgrade(&weak) else { return };
                let silent = client
                    .0
                    .flight
                    .borrow()
                    .as_ref()
                    .is_some_and(|flight| now() - flight.last_report > limit);
                if silent {
                    client.stop();
                    (client.0.on_event)(Event::Hung { template });
                }
            })
            .forget();
        } else if ran_for > SLOW_MS {
            (self.0.on_event)(Event::Slow(ran_for as u32, announced));
        }
    }

    /// The worker is gone.
    fn lose(&self, text: String) {
        let inner = &self.0;
        if inner.live.borrow().is_none() {
            return;
        }
        let template = inner.flight.borrow_mut().take().and_then(|flight| flight.template);
        let text = inner.panic_text.borrow_mut().take().unwrap_or(text);
        let was_ready = inner.is_ready.get();
        self.stop();
        if !was_ready {
            inner.failed_starts.set(inner.failed_starts.get() + 1);
            if inner.failed_starts.get() < START_LIMIT {
                return self.start();
            }
        }
        (inner.on_event)(Event::Crashed { template, text });
    }
}

fn upgrade(weak: &Weak<Inner>) -> Option<Client> {
    weak.upgrade().map(Client)
}

fn now() -> f64 {
    // A page has a clock; without one, silence is never measured.
    web_sys::window().and_then(|window| window.performance()).map_or(0.0, |performance| performance.now())
}
