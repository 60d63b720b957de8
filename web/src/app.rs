//! The page's layout.

use yew::{Html, component, html};

/// The whole page.
#[component]
pub fn App() -> Html {
    html! { <main>{ "Chartroom" }</main> }
}
