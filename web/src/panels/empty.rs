//! What shows while no chart is open, and what hangs over the page while files are dragged.

use yew::prelude::*;

use crate::examples::EXAMPLES;
use crate::hooks::Desk;
use crate::panels::files::chooser;

/// The invitation.
pub(crate) fn empty(desk: &Desk) -> Html {
    html! {
        <main class="workspace empty" aria-label="Open a chart">
            <div class="drop">
                { soundings() }
                <svg class="drop-mark" aria-hidden="true"><use href="#mark" /></svg>
                <h1>{ "Open a chart" }</h1>
                <p>{ "Drop a chart as .tgz or .zip, a folder, or single files. It stays in this tab." }</p>
                <div class="drop-actions">
                    { chooser(desk, "upload", "Open a chart (.tgz, .zip) or files", "upload", Some("Open files")) }
                    { chooser(desk, "folder", "Open a folder", "upload-folder", Some("Open a folder")) }
                    { for EXAMPLES.iter().map(|example| {
                        let desk = desk.clone();
                        let onclick = Callback::from(move |_: MouseEvent| desk.open_example(example.id));
                        html! { <button key={example.id} type="button" class="button" data-testid="example" data-id={example.id} {onclick}>{ example.id }</button> }
                    }) }
                </div>
            </div>
        </main>
    }
}

/// Says where dragged files would go.
pub(crate) fn drop_hint() -> Html {
    html! {
        <div class="drop-hint" aria-hidden="true">
            <div class="drop is-over">
                { soundings() }
                <svg class="drop-mark" aria-hidden="true"><use href="#mark" /></svg>
                <h1>{ "Drop to open" }</h1>
                <p>{ "A chart as .tgz or .zip, a folder, or single files. It stays in this tab." }</p>
            </div>
        </div>
    }
}

/// The depth lines of a sea chart: the page's one ornament.
fn soundings() -> Html {
    html! {
        <svg class="soundings" viewBox="0 0 1400 760" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
            <path d="M404 384c-22-148 92-268 262-280 196-14 346 92 352 252 6 164-140 284-330 290-168 6-264-124-284-262z" />
            <path d="M300 404C262 196 412 40 640 22c262-20 470 118 482 330 12 220-186 384-440 388-222 4-346-142-382-336z" />
            <path d="M186 430C128 150 316-56 606-82c338-30 620 150 634 430 14 288-240 498-562 502-278 4-438-186-492-420z" />
            <path d="M60 460C-20 96 214-160 572-192c416-38 766 178 782 536 16 368-300 626-694 630C322 978 124 744 60 460z" />
        </svg>
    }
}
