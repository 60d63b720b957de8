//! Rules over the charts in `charts/` and their declarations.
//!
//! Source: helm v4.3.1 `pkg/chart/v2/lint/rules/dependencies.go`.

use super::Linter;
use crate::Error;
use crate::chart::Chart;
use crate::problem::Severity;

pub(super) fn check(linter: &mut Linter, loaded: &Result<Chart, Error>, root: &str) {
    let chart = match loaded {
        Ok(chart) => chart,
        Err(error) => {
            let what = format!("unable to load chart\n\t{}", error.message());
            linter.rule(Severity::Error, "chart-not-loadable", "", Some(what));
            return;
        }
    };
    let declared: Vec<&str> = chart.metadata.declared().map(|dependency| dependency.name.as_str()).collect();
    let present: Vec<&str> = chart.dependencies.iter().map(Chart::name).collect();
    let missing = |wanted: &[&str], there: &[&str], what: &str| {
        let missing: Vec<&str> = wanted.iter().copied().filter(|name| !there.contains(name)).collect();
        (!missing.is_empty()).then(|| format!("{what} is missing these dependencies: {}", missing.join(",")))
    };
    // Two dependencies of one name do not load, so Helm's rule against them never speaks.
    linter.rule(
        Severity::Error,
        "dependency-undeclared",
        root,
        missing(&present, &declared, "chart metadata"),
    );
    linter.rule(
        Severity::Warning,
        "dependency-not-in-charts",
        root,
        missing(&declared, &present, "chart directory"),
    );
}
