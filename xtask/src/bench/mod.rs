//! `cargo xtask bench`: our engine beside Helm's, natively and in wasm, on charts that the caller names.
//!
//! Each chart is rendered in process many times, by one program after the other and round after round, so that whatever else
//! the machine does meets all of them. Of each the minimum counts. What is inside the clock is said in
//! `renderer/benches/engine`; a chart's line has no ratio unless manifests and bytes were equal.

mod arguments;
mod charts;
mod engines;

use std::time::Duration;

use crate::bench::arguments::Arguments;
use crate::bench::charts::Chart;
use crate::bench::engines::{Engine, Measured};
use crate::report::{line, problem};

/// How long one program may be busy with one chart in one round; less than three iterations it never does.
const BUSY: Duration = Duration::from_secs(2);

pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let arguments = Arguments::read(args)?;
    let mut charts = charts::find(&arguments.paths)?;
    let engines = engines::build(arguments.peer.as_deref(), arguments.native_only)?;
    if charts.len() > arguments.slowest {
        charts = slowest(charts, &engines[0], arguments.slowest);
    }
    line(&heading(&engines));
    for chart in &charts {
        match rounds(chart, &engines, arguments.rounds) {
            Ok(measured) => line(&row(&chart.name, &measured)),
            Err(sentence) => line(&format!("{:<32} {sentence}", chart.name)),
        }
    }
    Ok(())
}

/// The charts over which an engine takes longest. Those that it does not render are named and left out.
fn slowest(charts: Vec<Chart>, engine: &Engine, count: usize) -> Vec<Chart> {
    line(&format!("· the {count} slowest of {} charts for {} …", charts.len(), engine.name));
    let mut timed = Vec::with_capacity(charts.len());
    for chart in charts {
        match engine.measure(&chart, 3) {
            Ok(measured) => timed.push((measured.min, chart)),
            Err(sentence) => problem(&format!("{}: {sentence}", chart.name)),
        }
    }
    timed.sort_by_key(|(min, _)| std::cmp::Reverse(*min));
    timed.into_iter().take(count).map(|(_, chart)| chart).collect()
}

/// What every engine needed for a chart, the engines taking turns.
fn rounds(chart: &Chart, engines: &[Engine], rounds: usize) -> Result<Vec<Measured>, String> {
    let mut best: Vec<Measured> = Vec::with_capacity(engines.len());
    for engine in engines {
        best.push(engine.measure(chart, 1).map_err(|sentence| format!("{}: {sentence}", engine.name))?);
    }
    for _ in 0..rounds {
        for (engine, best) in engines.iter().zip(&mut best) {
            // A first run is slower than later ones, so this is a few iterations less than would fit.
            let fits = BUSY.as_nanos() / best.min.as_nanos().max(1);
            let measured = engine.measure(chart, fits.clamp(3, 500) as usize)?;
            best.min = best.min.min(measured.min);
            best.median = best.median.min(measured.median);
        }
    }
    Ok(best)
}

fn heading(engines: &[Engine]) -> String {
    let mut text = format!("{:<32}", "ms: minimum (median)");
    for pair in engines.chunks(2) {
        for engine in pair {
            text += &format!(" {:>20}", engine.name);
        }
        if let [_, _] = pair {
            text += &format!(" {:>15}", "ratio");
        }
    }
    text + "  manifests"
}

fn row(name: &str, measured: &[Measured]) -> String {
    let mut text = format!("{name:<32}");
    for pair in measured.chunks(2) {
        for one in pair {
            let cell = format!("{:.2} ({:.2})", ms(one.min), ms(one.median));
            text += &format!(" {cell:>20}");
        }
        if let [helm, ours] = pair {
            let ratio = |helm: Duration, ours: Duration| helm.as_secs_f64() / ours.as_secs_f64();
            let cell = format!("{:.1} ({:.1})", ratio(helm.min, ours.min), ratio(helm.median, ours.median));
            text += &format!(" {:>15}", if helm.size == ours.size { cell } else { "different".to_owned() });
        }
    }
    let (manifests, bytes) = measured.last().map_or((0, 0), |one| one.size);
    format!("{text}  {manifests} in {bytes} bytes")
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
