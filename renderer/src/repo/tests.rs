//! Indexes as Helm writes them.

use super::*;
use crate::chart::load;
use crate::create::create;
use value::Text;

const NOW: &str = "2026-01-02T03:04:05.5Z";

fn chart(version: &str) -> Chart {
    let mut chart = load(create("foo").unwrap(), &mut Vec::new()).unwrap();
    chart.metadata.version = version.to_owned();
    chart
}

fn index(versions: &[&str]) -> Index {
    let mut index = Index::new(NOW);
    for version in versions {
        index.add(chart(version), &format!("foo-{version}.tgz"), "", b"x", NOW).unwrap();
    }
    index
}

#[test]
fn addresses_are_joined_as_urls() {
    for (base, path, joined) in [
        ("", "", ""),
        ("", "sub dir", "sub%20dir"),
        ("https://h", "", "https://h"),
        ("https://h/a/", "b/c.tgz", "https://h/a/b/c.tgz"),
        ("https://h", "c.tgz", "https://h/c.tgz"),
        ("../x//y", "c", "../x/y/c"),
        (":x", "c", ":x/c"),
    ] {
        assert_eq!(join_url(base, path), joined, "{base} {path}");
    }
}

#[test]
fn an_index_is_read_as_it_was_written() {
    let mut first = index(&["1.0.0", "1.10.0", "1.9.0"]);
    first.sort();
    let versions: Vec<&str> = first.entries["foo"].iter().map(|it| it.metadata.version.as_str()).collect();
    assert_eq!(versions, ["1.10.0", "1.9.0", "1.0.0"]);
    let yaml = first.to_yaml().unwrap();
    let again = Index::read(&yaml, "index.yaml", &mut Vec::new()).unwrap();
    assert_eq!(again.to_yaml().unwrap(), yaml);
    let json = Text::from(first.to_json());
    assert!(json.as_bytes().starts_with(b"{\n  \"apiVersion\": \"v1\",\n  \"generated\""));
    let again = Index::read(&json, "index.json", &mut Vec::new()).unwrap();
    assert_eq!(again.to_yaml().unwrap(), yaml);
}

#[test]
fn what_is_there_already_is_not_merged() {
    let mut log = Vec::new();
    let mut local = index(&["1.0.0+local"]);
    local.merge(index(&["1.0.0", "2.0.0"]), &mut log);
    assert_eq!(local.entries["foo"].len(), 2);
    assert!(log[0].to_string().contains("requested=1.0.0 selected=1.0.0+local"));
}

#[test]
fn an_index_that_is_none_is_refused() {
    for (text, why) in [
        ("", "empty index.yaml file"),
        ("entries: {}", "no API version specified"),
        ("{}", "no API version specified"),
        (
            "apiVersion: v1\nnope: 1",
            "error unmarshaling JSON: while decoding JSON: json: unknown field \"nope\"",
        ),
    ] {
        let error = Index::read(&text.into(), "i", &mut Vec::new()).unwrap_err();
        assert_eq!(error.to_string(), format!("error loading i: {why}"), "{text}");
    }
    let text = "apiVersion: v1\nentries: {a: [null, {name: a}, {name: a, version: 1.0.0}]}";
    let mut log = Vec::new();
    assert_eq!(Index::read(&text.into(), "i", &mut log).unwrap().entries["a"].len(), 1);
    assert_eq!(log.len(), 2);
}
