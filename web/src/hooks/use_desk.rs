//! Gives the desk to the page, and the page the state.

use std::rc::Rc;

use yew::prelude::*;

use crate::hooks::Desk;
use crate::state::AppState;

/// The desk, made once, and the state it is in. The caller is drawn again with every change.
#[hook]
pub(crate) fn use_desk() -> (Desk, Rc<AppState>) {
    let desk = use_memo((), |()| Desk::new());
    let state = use_state(|| desk.state());
    {
        let state = state.setter();
        let desk = (*desk).clone();
        use_effect_with((), move |()| {
            desk.listen(Callback::from(move |next| state.set(next)));
            desk.start();
        });
    }
    ((*desk).clone(), (*state).clone())
}
