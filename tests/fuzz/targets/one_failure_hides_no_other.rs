//! What one template prints is there however another fails.
#![no_main]

use fuzz::{CHART_YAML, Parts, TEMPLATE, preview};
use libfuzzer_sys::fuzz_target;

const OTHER: &str = "templates/other.yaml";
const SIGN: &[u8] = b"sign: \"of life\"";

fuzz_target!(|input: &[u8]| {
    let parts = Parts::of(input);
    // A template may replace another by its name; that is no failure.
    if parts.template.windows(6).any(|word| word == b"define" || word == b"{block" || word == b" block") {
        return;
    }
    let update = preview(&[("Chart.yaml", CHART_YAML), (TEMPLATE, parts.template), (OTHER, SIGN)]);
    assert!(
        update.manifests.windows(SIGN.len()).any(|window| window == SIGN),
        "{}",
        String::from_utf8_lossy(&update.manifests)
    );
});
