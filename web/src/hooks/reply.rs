//! One value that somebody else brings later.

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

struct Slot<T> {
    value: Option<T>,
    waker: Option<Waker>,
    is_closed: bool,
}

/// Brings the value. When it is dropped without, the other side hears that nothing will come.
pub(crate) struct Giver<T>(Rc<RefCell<Slot<T>>>);

impl<T> Giver<T> {
    /// Brings it.
    pub(crate) fn give(self, value: T) {
        self.0.borrow_mut().value = Some(value);
    }
}

impl<T> Drop for Giver<T> {
    fn drop(&mut self) {
        let waker = {
            let mut slot = self.0.borrow_mut();
            slot.is_closed = true;
            slot.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Both ends: the second completes with the value, or with nothing when nobody will bring one.
pub(crate) fn reply<T>() -> (Giver<T>, impl Future<Output = Option<T>>) {
    let slot = Rc::new(RefCell::new(Slot { value: None, waker: None, is_closed: false }));
    let giver = Giver(slot.clone());
    let wait = poll_fn(move |context| {
        let mut slot = slot.borrow_mut();
        match slot.value.take() {
            Some(value) => Poll::Ready(Some(value)),
            None if slot.is_closed => Poll::Ready(None),
            None => {
                slot.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    });
    (giver, wait)
}
