//! An asynchronous piece of work that ends with its owner.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

/// Work that is dropped, at its next pause, when this guard is.
#[derive(Debug, Default)]
pub(crate) struct Task {
    is_dropped: Rc<Cell<bool>>,
    waker: Rc<RefCell<Option<Waker>>>,
}

impl Task {
    /// Starts the work.
    pub(crate) fn spawn(work: impl Future<Output = ()> + 'static) -> Self {
        let task = Task::default();
        let is_dropped = task.is_dropped.clone();
        let waker = task.waker.clone();
        let mut work: Pin<Box<dyn Future<Output = ()>>> = Box::pin(work);
        wasm_bindgen_futures::spawn_local(poll_fn(move |context| {
            if is_dropped.get() {
                return Poll::Ready(());
            }
            *waker.borrow_mut() = Some(context.waker().clone());
            work.as_mut().poll(context)
        }));
        task
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.is_dropped.set(true);
        if let Some(waker) = self.waker.borrow_mut().take() {
            waker.wake();
        }
    }
}
