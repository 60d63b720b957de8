//! Whole charts through the engine in wasm: the module that `engine.mjs` measures under Node.
//!
//! Built as the page's worker is (profile, allocator, wasm-opt), from the same renderer; only the door is another one.
//! `cargo xtask bench` builds and runs it.

use renderer::chart::{self, Chart};
use renderer::release::manifest::Sorted;
use renderer::value::Map;
use renderer::values::{Sets, ValuesFile, user_values};
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

#[path = "../../benches/engine/work.rs"]
mod work;

/// A chart and the user's values, between the phases that the clock tells apart.
#[wasm_bindgen]
pub struct Bench {
    archive: Vec<u8>,
    user: Map,
    chart: Option<Chart>,
    sorted: Option<Sorted>,
}

#[wasm_bindgen]
impl Bench {
    /// A chart's archive, and a values file or nothing.
    ///
    /// # Errors
    /// When the values cannot be read.
    #[wasm_bindgen(constructor)]
    pub fn new(archive: Vec<u8>, values: Option<String>) -> Result<Bench, JsError> {
        let files: Vec<ValuesFile> = values
            .map(|text| ValuesFile { name: "values.yaml".to_owned(), data: text.into_bytes().into() })
            .into_iter()
            .collect();
        let user = user_values(&files, &Sets::default(), &mut |path| Err(format!("{path} is not read")))
            .map_err(js)?;
        Ok(Self { archive, user, chart: None, sorted: None })
    }

    /// Outside of the clock: a new chart, and the last result goes.
    ///
    /// # Errors
    /// When it cannot be loaded.
    pub fn load(&mut self) -> Result<(), JsError> {
        self.sorted = None;
        self.chart = Some(chart::load_archive("bench", &self.archive, &mut Vec::new()).map_err(js)?);
        Ok(())
    }

    /// Inside of the clock.
    ///
    /// # Errors
    /// What Helm would say.
    pub fn render(&mut self) -> Result<(), JsError> {
        let mut chart = self.chart.take().ok_or_else(|| JsError::new("no chart was loaded"))?;
        self.sorted = Some(work::render(&mut chart, &self.user).map_err(js)?);
        self.chart = Some(chart);
        Ok(())
    }

    /// How many manifests, and their bytes.
    pub fn size(&self) -> Vec<usize> {
        let (manifests, bytes) = self.sorted.as_ref().map(work::size).unwrap_or_default();
        vec![manifests, bytes]
    }
}

fn js(error: renderer::Error) -> JsError {
    JsError::new(&error.to_string())
}
