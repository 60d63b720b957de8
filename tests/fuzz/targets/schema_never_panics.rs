//! Any schema judges any values, or is refused.
#![no_main]

use fuzz::{CHART_YAML, Parts, preview};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Parts { template: schema, values, .. } = Parts::of(input);
    preview(&[("Chart.yaml", CHART_YAML), ("values.yaml", values), ("values.schema.json", schema)]);
});
