//! What is packaged can be loaded again, and its header is Helm's.

use super::*;
use crate::chart::archive::expand;
use crate::chart::load;
use crate::create::create;

fn chart() -> Chart {
    let mut files = create("foo").unwrap();
    files.push(File::new("crds/ü.yaml", "a: 1\n"));
    files.push(File::new(format!("d/{}/{}", "x".repeat(80), "y".repeat(90)), "z"));
    files.push(File::new("charts/sub/Chart.yaml", "apiVersion: v2\nname: sub\nversion: 1.0.0\n"));
    load(files, &mut Vec::new()).unwrap()
}

#[test]
fn a_package_loads_as_the_same_chart() {
    let package = package(&chart(), 1_500_000_000_700_000_000).unwrap();
    assert_eq!(package.file_name, "foo-0.1.0.tgz");
    assert_eq!(package.bytes[..10], [0x1f, 0x8b, 8, 0x14, 0, 0, 0, 0, 0, 255]);
    let files = expand(&package.bytes).unwrap();
    assert_eq!(&*files[0].name, "Chart.yaml");
    assert_eq!(files[0].modified, Some(1_500_000_001_000_000_000));
    let again = load(files, &mut Vec::new()).unwrap();
    let files = |chart: &Chart| {
        let files = chart.files.iter().chain(&chart.templates);
        files.map(|file| (file.name.clone(), file.data.clone())).collect::<Vec<_>>()
    };
    assert_eq!(files(&again), files(&chart()));
    assert_eq!(again.dependencies[0].name(), "sub");
}

#[test]
fn a_schema_that_is_no_json_is_refused() {
    let mut chart = chart();
    chart.schema = Some(File::new("values.schema.json", "{"));
    let error = package(&chart, 0).unwrap_err();
    assert_eq!(error.to_string(), "failed to save: invalid JSON in values.schema.json");
}

#[test]
fn source_date_epoch_is_read_as_helm_does() {
    assert_eq!(source_date_epoch("17").unwrap(), 17);
    let message = |text: &str| source_date_epoch(text).unwrap_err().to_string();
    assert_eq!(message("x"), "invalid SOURCE_DATE_EPOCH: strconv.ParseInt: parsing \"x\": invalid syntax");
    assert_eq!(message("-1"), "invalid SOURCE_DATE_EPOCH: must not be negative");
}
