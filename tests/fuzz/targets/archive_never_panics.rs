//! Any archive is a chart or is refused: as it comes, and as the tar in a gzip that is whole.
#![no_main]

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use libfuzzer_sys::fuzz_target;
use renderer::chart::load::{load_archive, load_archive_directly};

fuzz_target!(|input: &[u8]| {
    drop(load_archive("c.tgz", input, &mut Vec::new()));
    let mut gzip = GzEncoder::new(Vec::new(), Compression::none());
    gzip.write_all(input).expect("memory takes everything");
    let archive = gzip.finish().expect("memory takes everything");
    drop(load_archive_directly("c.tgz", &archive, &mut Vec::new()));
});
