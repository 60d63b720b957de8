//! Drops deep values without recursion, so that the depth of a chart's data never meets the stack.

use std::cell::RefCell;

use crate::Value;

thread_local! {
    /// The values waiting to be dropped while some container of this thread is being dropped.
    static WAITING: RefCell<Option<Vec<Value>>> = const { RefCell::new(None) };
}

/// Drops `values`; what they hold is queued and dropped by the outermost call.
pub(crate) fn bury(values: impl Iterator<Item = Value>) {
    let mut deep = values.filter(Value::is_container).peekable();
    if deep.peek().is_none() {
        return;
    }
    // At thread exit the queue may be gone already; then plain drops have to do.
    let _ = WAITING.try_with(|waiting| {
        if let Some(queue) = waiting.borrow_mut().as_mut() {
            queue.extend(deep);
            return;
        }
        *waiting.borrow_mut() = Some(deep.collect());
        loop {
            let next = waiting.borrow_mut().as_mut().and_then(Vec::pop);
            match next {
                Some(value) => drop(value),
                None => break,
            }
        }
        *waiting.borrow_mut() = None;
    });
}
