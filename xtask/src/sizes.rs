//! `cargo xtask sizes`: what a visitor downloads.

use std::fs;
use std::path::Path;

use crate::page::build_page;
use crate::report::line;
use crate::root::dist;

struct Row {
    name: String,
    raw: u64,
    gzip: u64,
    brotli: u64,
}

pub(crate) fn run() -> Result<(), String> {
    build_page()?;
    let rows = rows(&dist()).map_err(|error| format!("dist: {error}"))?;
    let total = rows.iter().fold(Row { name: "all".into(), raw: 0, gzip: 0, brotli: 0 }, |sum, row| Row {
        name: sum.name,
        raw: sum.raw + row.raw,
        gzip: sum.gzip + row.gzip,
        brotli: sum.brotli + row.brotli,
    });
    line(&format!("{:<40} {:>11} {:>11} {:>11}", "bytes", "raw", "gzip", "brotli"));
    for row in rows.iter().chain([&total]) {
        line(&format!("{:<40} {:>11} {:>11} {:>11}", row.name, row.raw, row.gzip, row.brotli));
    }
    Ok(())
}

/// Every file of the page with its encodings, the largest first. A file without an encoding is sent as it is.
fn rows(folder: &Path) -> std::io::Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(&inner)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
            if name.ends_with(".br") || name.ends_with(".gz") {
                continue;
            }
            let raw = path.metadata()?.len();
            let encoded = |suffix: &str| {
                folder.join(format!("{name}{suffix}")).metadata().map_or(raw, |data| data.len())
            };
            rows.push(Row { raw, gzip: encoded(".gz"), brotli: encoded(".br"), name });
        }
    }
    rows.sort_by(|a, b| b.brotli.cmp(&a.brotli).then_with(|| a.name.cmp(&b.name)));
    Ok(rows)
}
