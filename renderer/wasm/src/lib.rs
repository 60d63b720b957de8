//! The renderer for JavaScript users: a chart under edit, as class `Workspace`.
//!
//! ```js
//! const workspace = new Workspace();
//! workspace.putFile("Chart.yaml", "apiVersion: v2\nname: web\nversion: 0.1.0\n");
//! workspace.configure({ releaseName: "web", valuesFiles: ["values-dev.yaml"] });
//! const { manifests, problems } = workspace.render();
//! ```
//!
//! The types on this edge are written in [`shapes`], in Rust and in TypeScript side by side.

mod shapes;

use renderer::{Change, Session};
use serde::Serialize as _;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::prelude::*;

use crate::shapes::{Options, Result as RenderResult};

/// A chart under edit. It renders as `helm template` does, and shows every problem instead of stopping at the first.
#[wasm_bindgen]
pub struct Workspace {
    session: Session,
}

#[wasm_bindgen]
impl Workspace {
    /// A workspace without files.
    #[wasm_bindgen(constructor)]
    #[expect(clippy::new_without_default, reason = "JavaScript has no Default")]
    pub fn new() -> Workspace {
        console_error_panic_hook::set_once();
        Workspace { session: Session::new() }
    }

    /// Writes a file of the chart: text or bytes, its path from the chart's root, with `/`.
    #[wasm_bindgen(js_name = putFile)]
    pub fn put_file(
        &mut self,
        path: String,
        #[wasm_bindgen(unchecked_param_type = "string | Uint8Array")] content: &JsValue,
    ) -> Result<(), JsError> {
        let bytes = match (content.as_string(), content.dyn_ref::<js_sys::Uint8Array>()) {
            (Some(text), _) => text.into_bytes(),
            (None, Some(bytes)) => bytes.to_vec(),
            (None, None) => {
                return Err(JsError::new("putFile: the content must be a string or a Uint8Array"));
            }
        };
        self.session.apply(Change::PutFile { path, bytes });
        Ok(())
    }

    /// Removes a file; one that does not exist is no error.
    #[wasm_bindgen(js_name = removeFile)]
    pub fn remove_file(&mut self, path: String) {
        self.session.apply(Change::RemoveFile { path });
    }

    /// Forgets all files. The options stay.
    pub fn clear(&mut self) {
        self.session.apply(Change::Clear);
    }

    /// Says how to render from now on; what is left out has Helm's default. An unknown option is an error.
    pub fn configure(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Options")] options: JsValue,
    ) -> Result<(), JsError> {
        // serde_wasm_bindgen asks for the fields it knows and never sees the others.
        let names = options.dyn_ref::<js_sys::Object>().map(js_sys::Object::keys).unwrap_or_default();
        let names = names.iter().filter_map(|name| name.as_string());
        if let Some(unknown) = names.into_iter().find(|name| !Options::NAMES.contains(&name.as_str())) {
            return Err(JsError::new(&format!("configure: there is no option `{unknown}`")));
        }
        let options: Options = serde_wasm_bindgen::from_value(options)
            .map_err(|error| JsError::new(&format!("configure: {error}")))?;
        self.session.apply(Change::Settings(options.into()));
        Ok(())
    }

    /// Renders what is there now.
    #[wasm_bindgen(unchecked_return_type = "RenderResult")]
    pub fn render(&mut self) -> Result<JsValue, JsError> {
        let update = self.session.update(&mut |_| {});
        // Bytes become a Uint8Array, and what is missing is `null` rather than left out.
        let serializer = Serializer::json_compatible().serialize_bytes_as_arrays(false);
        RenderResult::from(update).serialize(&serializer).map_err(JsError::from)
    }
}

/// The Helm version whose behaviour this build reproduces, such as `v4.3.1`.
#[wasm_bindgen(js_name = helmVersion)]
pub fn helm_version() -> String {
    renderer::HELM_VERSION.to_owned()
}
