//! What the editor bundle (`www/editor`) offers, as it is.

use wasm_bindgen::prelude::*;
use web_sys::HtmlElement;

#[wasm_bindgen(raw_module = "./editor.js")]
extern "C" {
    pub(crate) type JsEditor;

    #[wasm_bindgen(js_name = createEditor)]
    pub(crate) fn create_editor(
        host: &HtmlElement,
        on_edit: &Closure<dyn Fn(String, String)>,
        on_cursor: &Closure<dyn Fn(u32, u32)>,
    ) -> JsEditor;

    #[wasm_bindgen(method)]
    pub(crate) fn open(this: &JsEditor, path: &str, text: &str, language: &str);

    #[wasm_bindgen(method)]
    pub(crate) fn forget(this: &JsEditor, path: &str);

    #[wasm_bindgen(method, js_name = forgetAll)]
    pub(crate) fn forget_all(this: &JsEditor);

    #[wasm_bindgen(method, js_name = setMarks)]
    pub(crate) fn set_marks(this: &JsEditor, path: &str, marks: &JsValue);

    #[wasm_bindgen(method, js_name = clearMarks)]
    pub(crate) fn clear_marks(this: &JsEditor);

    #[wasm_bindgen(method)]
    pub(crate) fn reveal(this: &JsEditor, from: u32, to: u32);

    #[wasm_bindgen(method)]
    pub(crate) fn destroy(this: &JsEditor);
}
