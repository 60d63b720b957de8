//! Who serves this page, which cluster stands behind it, and the way in.

use web_sys::HtmlInputElement;
use wire::{Mode, TlsMode};
use yew::prelude::*;

use crate::components::{icon, prose};
use crate::hooks::Desk;
use crate::panels::use_desk_context;
use crate::state::ClusterState;
use crate::state::cluster::{Door, Stage};

/// The section; `facts` of the target stand with those of the cluster.
pub(crate) fn connect(desk: &Desk, cluster: &ClusterState, facts: Html) -> Html {
    let stage = cluster.stage();
    let again = {
        let desk = desk.clone();
        Callback::from(move |_: MouseEvent| desk.connect())
    };
    let sign_out = {
        let desk = desk.clone();
        Callback::from(move |_: MouseEvent| desk.sign_out())
    };
    let on_use = {
        let desk = desk.clone();
        Callback::from(move |event: Event| {
            desk.use_cluster(event.target_unchecked_into::<HtmlInputElement>().checked());
        })
    };
    html! {
        <section data-testid="connect" data-state={stage.word()}>
            <h2>{ "Target" }</h2>
            <dl class="facts">
                if let Some(info) = cluster.session().and_then(|session| session.cluster.as_ref()) {
                    <dt>{ "Cluster" }</dt>
                    <dd>{ cluster.name().unwrap_or_default().to_owned() }
                        if let Some(capabilities) = &cluster.capabilities {
                            { " " }<span class="quiet">{ capabilities.kube_version.version.trim_start_matches('v').to_owned() }</span>
                        }
                    </dd>
                    if !info.user.is_empty() { <dt>{ "Signed in" }</dt><dd>{ info.user.clone() }</dd> }
                    if info.tls != TlsMode::Verified {
                        <dt>{ "TLS" }</dt><dd class="tone-warning">{ if info.tls == TlsMode::Plaintext { "not encrypted" } else { "certificate not checked" } }</dd>
                    }
                }
                { facts }
            </dl>
            { sentence(cluster) }
            if stage == Stage::SignedOut { <SignIn mode={cluster.session().map(|session| session.mode).unwrap_or_default()} /> }
            if stage == Stage::Connected {
                <label class="check"><input type="checkbox" data-testid="use-cluster" checked={cluster.is_used} onchange={on_use} />
                    { "Render for this cluster" }</label>
                <button type="button" class="text-button" onclick={sign_out}>{ "Sign out" }</button>
            } else if stage != Stage::Asking && stage != Stage::SignedOut {
                <button type="button" class="button button-small" data-testid="connect-again" onclick={again}>
                    { icon("rollback") }{ if stage == Stage::Unasked { "Connect" } else { "Try again" } }</button>
            }
        </section>
    }
}

/// One sentence that says where the person stands and what to do.
fn sentence(cluster: &ClusterState) -> Html {
    let (is_bad, text) = match (&cluster.door, cluster.stage()) {
        (_, Stage::Asking) => {
            return html! { <p class="connect-note"><span class="spinner"></span>{ " Asking who serves this page" }</p> };
        }
        (Door::Shut(fault), _) => (true, fault.sentence()),
        (Door::Bridge(session), Stage::NoCluster) => (
            true,
            match session.cluster.as_ref() {
                Some(info) => info.problem.clone().unwrap_or_else(|| {
                    format!("The bridge does not reach the cluster at {}.", info.server)
                }),
                None => "The bridge that serves this page has no cluster. Start it with `--cluster` for the context \
                         that `kubectl` uses."
                    .to_owned(),
            },
        ),
        (Door::Bridge(session), Stage::SignedOut) => {
            let text = match (session.mode == Mode::Passthrough, cluster.is_refused) {
                (true, true) => "The cluster does not know this token, or no longer. It was forgotten: sign in with another.",
                (true, false) => "This bridge uses your own Kubernetes token. It stays in the memory of this tab.",
                (false, true) => {
                    "Your session has ended. Press Enter in the bridge's terminal and open the address that it prints."
                }
                (false, false) => {
                    "A bridge serves this page, but does not know you. Press Enter in its terminal and open the address that \
                     it prints."
                }
            };
            (cluster.is_refused, text.to_owned())
        }
        (Door::Bridge(session), _) if session.read_only => {
            (false, "This bridge only reads: plans and releases, no deploys.".to_owned())
        }
        (Door::Unasked, _) => (
            false,
            "Nothing has left this tab. *Connect* asks the server of this page whether it deploys.".replace('*', "`"),
        ),
        _ => return Html::default(),
    };
    html! { <p class={classes!("connect-note", is_bad.then_some("tone-warning"))}>{ prose(&text) }</p> }
}

/// Props of [`SignIn`].
#[derive(PartialEq, Properties)]
pub(super) struct SignInProps {
    pub(super) mode: Mode,
}

/// A field for the token, or for a launch code that was copied.
#[component]
pub(super) fn SignIn(props: &SignInProps) -> Html {
    let desk = use_desk_context();
    let field = use_node_ref();
    let is_token = props.mode == Mode::Passthrough;
    let onsubmit = {
        let field = field.clone();
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let Some(input) = field.cast::<HtmlInputElement>() else { return };
            let text = input.value().trim().to_owned();
            input.set_value("");
            if text.is_empty() {
            } else if is_token {
                desk.sign_in_with_token(text);
            } else {
                // Either the code, or the whole address that the terminal shows.
                desk.sign_in_with_code(text.rsplit("#code=").next().unwrap_or(&text).to_owned());
            }
        })
    };
    let label = if is_token { "Kubernetes token" } else { "Launch code or address" };
    html! {
        <form class="sign-in" {onsubmit}>
            <label class="sign-in-label"><span>{ label }</span>
                <input ref={field} class="text-input" type="password" autocomplete="off" spellcheck="false" data-testid="token" /></label>
            <button type="submit" class="button button-small" data-testid="sign-in">{ "Sign in" }</button>
        </form>
    }
}
