//! Whatever a template, its values and its Chart.yaml say, the page shows manifests or problems.
#![no_main]

use fuzz::{CHART_YAML, Parts, TEMPLATE, preview};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let parts = Parts::of(input);
    preview(&[
        ("Chart.yaml", parts.chart.unwrap_or(CHART_YAML)),
        ("values.yaml", parts.values),
        (TEMPLATE, parts.template),
        ("templates/NOTES.txt", b"{{ .Values | toJson }}"),
        ("files/text", parts.values),
    ]);
});
