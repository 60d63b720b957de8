//! Class `Workspace`: a session with a JavaScript face.

use std::collections::HashMap;

use js_sys::{Function, Object, Reflect, Uint8Array};
use renderer::{Change, Session};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsError, JsValue};

use crate::place::{Encoding, Ruler};
use crate::types::{Document, Problem, Rendered, SETTINGS, Settings};

/// A chart under edit: files and settings in, manifests and problems out.
#[wasm_bindgen]
pub struct Workspace {
    session: Session,
    encoding: Encoding,
    /// What was put there, for the places in it.
    files: HashMap<String, Vec<u8>>,
    manifests: Vec<u8>,
}

#[wasm_bindgen]
impl Workspace {
    /// An empty workspace. All places it gives count in `encoding`.
    ///
    /// # Errors
    /// When `encoding` is neither `utf16` nor `utf8`.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "Encoding")] encoding: &str,
    ) -> Result<Workspace, JsError> {
        let encoding = Encoding::named(encoding)
            .ok_or_else(|| JsError::new(&format!("encoding is `{encoding}`, expected `utf16` or `utf8`")))?;
        Ok(Self { session: Session::new(), encoding, files: HashMap::new(), manifests: Vec::new() })
    }

    /// Puts a file there, or another text into it. Paths are those below the chart's directory, with `/`.
    ///
    /// # Errors
    /// When `content` is neither a string nor a `Uint8Array`.
    #[wasm_bindgen(js_name = putFile)]
    pub fn put_file(
        &mut self,
        path: String,
        #[wasm_bindgen(unchecked_param_type = "string | Uint8Array")] content: JsValue,
    ) -> Result<(), JsError> {
        let bytes = match content.as_string() {
            Some(text) => text.into_bytes(),
            None => match content.dyn_ref::<Uint8Array>() {
                Some(bytes) => bytes.to_vec(),
                None => return Err(JsError::new("content is neither a string nor a Uint8Array")),
            },
        };
        self.files.insert(path.clone(), bytes.clone());
        self.session.apply(Change::PutFile { path, bytes });
        Ok(())
    }

    /// Takes a file away; nothing happens when it is not there.
    #[wasm_bindgen(js_name = removeFile)]
    pub fn remove_file(&mut self, path: String) {
        self.files.remove(&path);
        self.session.apply(Change::RemoveFile { path });
    }

    /// Takes all files away and leaves the settings.
    pub fn clear(&mut self) {
        self.files.clear();
        self.session.apply(Change::Clear);
    }

    /// Replaces the settings, all of them: what is not named has its default.
    ///
    /// # Errors
    /// When a name is not known or a type is not the one expected.
    pub fn settings(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Settings")] settings: JsValue,
    ) -> Result<(), JsError> {
        if let Some(object) = settings.dyn_ref::<Object>() {
            // Whoever misspells a name would otherwise get the default in silence.
            let names: Vec<String> =
                Object::keys(object).iter().filter_map(|name| name.as_string()).collect();
            if let Some(name) = names.iter().find(|name| !SETTINGS.contains(&name.as_str())) {
                return Err(JsError::new(&format!("unknown setting `{name}`")));
            }
        }
        let settings: Settings =
            serde_wasm_bindgen::from_value(settings).map_err(|error| JsError::new(&error.to_string()))?;
        self.session.apply(Change::Settings(settings.into()));
        Ok(())
    }

    /// Renders and lints what is there now. `progress` is called before each template with its path.
    ///
    /// # Errors
    /// None that a chart can cause: what is wrong with it stands in `problems`.
    #[wasm_bindgen(unchecked_return_type = "Rendered")]
    pub fn render(
        &mut self,
        #[wasm_bindgen(unchecked_optional_param_type = "(path: string) => void")] progress: Option<Function>,
    ) -> Result<JsValue, JsError> {
        let update = self.session.update(&mut |path| {
            if let Some(progress) = progress.as_ref().filter(|_| !path.is_empty()) {
                // Whoever watches and throws is not listened to; the render goes on.
                let _ = progress.call1(&JsValue::NULL, &JsValue::from_str(path));
            }
        });
        let mut manifests = Ruler::new(&update.manifests, self.encoding);
        let mut rulers: HashMap<&str, Ruler<'_>> = HashMap::new();
        let mut problems = Vec::with_capacity(update.problems.len());
        for problem in &update.problems {
            let file = problem.file.as_deref().and_then(|file| Some((file, self.files.get(file)?)));
            let range = file.zip(problem.range.clone()).map(|((name, text), bytes)| {
                rulers.entry(name).or_insert_with(|| Ruler::new(text, self.encoding)).range(bytes)
            });
            problems.push(Problem::new(problem, range));
        }
        let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let rendered = Rendered {
            manifests: lossy(&update.manifests),
            documents: update.documents.iter().map(|one| Document::new(one, &mut manifests)).collect(),
            notes: update.notes.as_deref().map(lossy),
            problems,
            failed: update.failed.iter().map(Into::into).collect(),
            chart: update.chart.as_ref().map(Into::into),
            ignored: update.ignored.iter().map(Into::into).collect(),
            world: update.world.name(),
            asked: update.asked.into(),
            log: update.log.iter().map(Into::into).collect(),
        };
        let plain = Serializer::json_compatible();
        let value = rendered.serialize(&plain).map_err(|error| JsError::new(&error.to_string()))?;
        self.manifests = update.manifests;
        Ok(value)
    }

    /// The manifests of the last render, byte for byte. In a workspace of `utf8`, offsets of documents count in it.
    #[wasm_bindgen(js_name = manifestBytes)]
    pub fn manifest_bytes(&self) -> Vec<u8> {
        self.manifests.clone()
    }

    /// What `helm package` would write: `name-version.tgz`, and its bytes. `modified_ms` since 1970 is the time of the
    /// files in it.
    ///
    /// # Errors
    /// Helm's sentence.
    #[wasm_bindgen(unchecked_return_type = "{ fileName: string; bytes: Uint8Array }")]
    pub fn package(&self, modified_ms: f64) -> Result<JsValue, JsError> {
        // A number of milliseconds that is out of range saturates, and the archive says so.
        let package = self
            .session
            .package((modified_ms * 1_000_000.0) as i64)
            .map_err(|error| JsError::new(error.message()))?;
        let object = Object::new();
        let bytes: JsValue = Uint8Array::from(package.bytes.as_slice()).into();
        for (name, value) in [("fileName", JsValue::from(package.file_name)), ("bytes", bytes)] {
            Reflect::set(&object, &JsValue::from_str(name), &value)
                .map_err(|_| JsError::new("an object without properties"))?;
        }
        Ok(object.into())
    }
}
