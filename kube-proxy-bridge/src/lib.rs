//! kube-proxy-bridge serves the page on loopback. It deploys nothing yet.
//!
//! A request passes `auth::host` (is it meant for us?), then the router, and leaves through `http::headers`, which puts
//! the same security headers on every answer. The page is read once at the start and served from memory, so no request
//! ever names a path on disk.

pub mod auth;
pub mod config;
pub mod desktop;
pub mod documents;
pub mod http;
pub mod kube;
pub mod object;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::auth::host::Hosts;
use crate::http::headers::SecurityHeaders;
use crate::http::page::Page;

/// Everything the routes share; cheap to clone.
#[derive(Clone, Debug)]
pub struct State {
    page: Arc<Page>,
    hosts: Arc<Hosts>,
    headers: Arc<SecurityHeaders>,
}

impl State {
    /// The state of a bridge that serves `page` and listens on `address`.
    ///
    /// The inline scripts of `index.html` are hashed here, once, for the Content-Security-Policy.
    #[must_use]
    pub fn new(page: Page, address: SocketAddr) -> Self {
        let headers = SecurityHeaders::for_page(page.index().unwrap_or_default());
        Self {
            page: Arc::new(page),
            hosts: Arc::new(Hosts::loopback(address.port())),
            headers: Arc::new(headers),
        }
    }
}

/// The whole service as a router, so that tests call it without a port.
pub fn app(state: State) -> Router {
    Router::new()
        .route("/livez", get(http::health::live))
        .route("/v1/session", get(http::session::session))
        .fallback(http::page::serve)
        .with_state(state.clone())
        // The last layer runs first: security headers go on refusals too.
        .layer(axum::middleware::from_fn(http::methods::only_reads))
        .layer(axum::middleware::from_fn_with_state(state.clone(), auth::host::check))
        .layer(axum::middleware::from_fn_with_state(state, http::headers::apply))
}
