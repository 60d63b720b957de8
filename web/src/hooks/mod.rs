//! Where state, files, worker, editor, bridge and store meet.

pub(crate) mod desk;

pub(crate) mod reply;

pub(crate) mod task;

pub(crate) mod use_desk;

pub(crate) mod use_now;

pub(crate) use desk::Desk;

pub(crate) use use_desk::use_desk;

pub(crate) use use_now::use_now;

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> f64 {
    js_sys::Date::now()
}

/// Waits.
pub(crate) async fn sleep(ms: u32) {
    gloo::timers::future::TimeoutFuture::new(ms).await;
}
