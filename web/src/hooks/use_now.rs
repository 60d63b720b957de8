//! A clock for what ages on the page.

use gloo::timers::callback::Interval;
use yew::prelude::*;

/// Milliseconds since 1970; the caller is drawn again every second.
#[hook]
pub(crate) fn use_now() -> f64 {
    let now = use_state(crate::hooks::now_ms);
    {
        let now = now.setter();
        use_effect_with((), move |()| {
            let ticks = Interval::new(1_000, move || now.set(crate::hooks::now_ms()));
            move || drop(ticks)
        });
    }
    *now
}
