//! The renderer for JavaScript users: class `Workspace`, a chart under edit that renders as `helm template` and `helm lint` do.
//!
//! ```js
//! const workspace = new Workspace("utf16");    // places count as JavaScript's strings do
//! workspace.putFile("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n");
//! workspace.putFile("templates/a.yaml", "kind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\n");
//! workspace.settings({ releaseName: "demo" });
//! const { manifests, problems } = workspace.render();
//! ```
//!
//! Everything is synchronous and reads nothing but what it was given: no clock, no files, no network. The types beside
//! the Rust ones in [`types`] are what a TypeScript user sees.

mod place;
mod types;
mod workspace;

pub use workspace::Workspace;

use wasm_bindgen::prelude::wasm_bindgen;

/// Runs when the module is loaded: a panic shows its text in the console instead of `unreachable`.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}

/// The version of Helm that this build does as, such as `v4.3.1`.
#[wasm_bindgen(js_name = helmVersion)]
pub fn helm_version() -> String {
    renderer::HELM_VERSION.to_owned()
}
