//! What is inside the clock, the same natively and in wasm (`renderer/wasm/benches/engine.rs`).
//!
//! Dependencies switched and values coalesced (checked against the schemas, where there are any), the table of functions
//! made, every template parsed and run, documents split, their heads read, all sorted. It starts from a chart that was just
//! loaded, and keeps nothing for the next iteration.

use renderer::capabilities::Capabilities;
use renderer::chart::Chart;
use renderer::release::manifest::{DocumentCache, Sorted};
use renderer::render::{Engine, Fuel, Mode, ParseCache, Release, Unrecorded, prepare};
use renderer::sprig::outside::Timestamp;
use renderer::value::Map;
use renderer::values::SchemaCache;
use renderer::world::Preview;
use renderer::{Error, functions};

/// One render; a function of its own, so that a profiler can tell it apart.
///
/// # Errors
/// What Helm would say.
#[inline(never)]
pub(crate) fn render(chart: &mut Chart, user: &Map) -> Result<Sorted, Error> {
    let mut log = Vec::new();
    let values = prepare(chart, user, Some(&mut SchemaCache::default()), &mut log)?;
    let funcs = functions::table(Mode::Template);
    let mut engine = Engine {
        funcs: &funcs,
        cache: &mut ParseCache::default(),
        world: &mut Preview::new(Timestamp::default(), 1),
        log: &mut log,
        fuel: Fuel::endless(),
        stop_at_first: true,
        trace: Unrecorded,
    };
    let release = Release::first("bench", "default", false);
    let rendered = engine.render(chart, &values, &release, &Capabilities::default(), &mut |_| true);
    if let Some((file, fault)) = rendered.first_fault() {
        return Err(Error::new("bench", format!("{}: {}", file.name, fault.message())));
    }
    let (sorted, errors) = rendered.documents(&mut DocumentCache::default());
    match errors.first() {
        Some(error) => Err(Error::new("bench", error.to_string())),
        None => Ok(sorted),
    }
}

/// How many manifests, hooks among them, and the bytes of those that are no hooks: equal to Helm's, or the times mean
/// nothing.
pub(crate) fn size(sorted: &Sorted) -> (usize, usize) {
    let manifests = sorted.hooks.len() + sorted.manifests.len();
    (manifests, sorted.manifests.iter().map(|manifest| manifest.content.len()).sum())
}
