use std::io::{Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};

use super::*;

const HELM_MADE: [(&str, &str); 4] = [
    ("full.v1", include_str!("fixtures/full.v1.b64")),
    ("full.v3", include_str!("fixtures/full.v3.b64")),
    ("packed.v1", include_str!("fixtures/packed.v1.b64")),
    ("plain.v1", include_str!("fixtures/plain.v1.b64")),
];

fn read(stored: &str) -> Result<Record, Error> {
    decode(stored.as_bytes(), &Limits::default())
}

fn gunzip(stored: &str) -> String {
    let mut json = String::new();
    GzDecoder::new(&STANDARD.decode(stored).expect("base64")[..]).read_to_string(&mut json).expect("gzip");
    json
}

fn stored(json: &[u8]) -> String {
    let mut writer = GzEncoder::new(Vec::new(), Compression::best());
    writer.write_all(json).expect("a Vec");
    STANDARD.encode(writer.finish().expect("a Vec"))
}

fn read_json(json: &Value) -> Result<Record, Error> {
    read(&stored(json.to_string().as_bytes()))
}

/// The least that Helm needs.
fn least() -> Value {
    json!({
        "name": "web",
        "info": {"status": "deployed", "last_deployed": "2026-11-21T19:03:21Z"},
        "chart": {"metadata": {"name": "web", "version": "0.1.0"}},
        "manifest": "",
        "version": 1,
        "namespace": "shop",
    })
}

fn with(path: &str, value: Value) -> Value {
    let mut record = least();
    *record.pointer_mut(path).expect(path) = value;
    record
}

#[test]
fn what_helm_wrote_is_written_again_byte_for_byte() {
    for (name, text) in HELM_MADE {
        let record = read(text).expect(name);
        let (json, _) = encode::to_json(&record);
        assert_eq!(String::from_utf8(json).expect("UTF-8"), gunzip(text), "{name}");
        let again = encode(&record);
        assert_eq!(read(&again.stored).expect(name), record, "{name}");
        assert!(again.fits(), "{name}");
        let (ours, theirs) = (again.stored.len() as f64, text.len() as f64);
        assert!(ours < theirs * 1.02, "{name}: {ours} bytes where Helm needs {theirs}");
    }
}

#[test]
fn the_fields_of_a_helm_made_record_are_found() {
    let record = read(HELM_MADE[1].1).expect("a record");
    assert_eq!((record.name.as_str(), record.version, record.namespace.as_str()), ("full", 3, "records-fix"));
    assert_eq!((record.info.status.as_str(), record.info.rollback_revision), ("deployed", 1));
    assert_eq!(record.apply_method, "ssa");
    assert_eq!(record.config["user"]["deep"], json!([1, 2.5, {"x": "<&>"}]));
    let chart = record.chart.expect("a chart");
    let metadata = chart.metadata.expect("metadata");
    assert_eq!((metadata.version.as_str(), metadata.app_version.as_str()), ("1.2.3+build.5", "1.0"));
    assert!(metadata.dependencies[0].enabled);
    assert_eq!(chart.templates.expect("templates").len(), 4);
    let hook = &record.hooks[0];
    assert_eq!((hook.weight, hook.last_run.phase.as_str()), (-5, "Succeeded"));
    assert_eq!(hook.output_log_policies, ["hook-failed"]);
    assert_eq!(read(HELM_MADE[2].1).expect("a record").info.status, "uninstalled");
}

#[test]
fn the_sizes_say_what_makes_a_record_large() {
    let record = read(HELM_MADE[3].1).expect("a record");
    let Encoded { stored, sizes } = encode(&record);
    assert_eq!(sizes.stored, stored.len() as u64);
    assert_eq!(sizes.json, gunzip(HELM_MADE[3].1).len() as u64);
    let parts = sizes.templates + sizes.files + sizes.manifest + sizes.values + sizes.hooks;
    assert!(parts < sizes.json && parts * 10 > sizes.json * 9, "{sizes:?}");
}

#[test]
fn the_least_record_is_read_and_its_lists_are_written_as_null() {
    let record = read_json(&least()).expect("a record");
    let (json, _) = encode::to_json(&record);
    assert_eq!(
        String::from_utf8(json).expect("UTF-8"),
        concat!(
            r#"{"name":"web","info":{"last_deployed":"2026-11-21T19:03:21Z","status":"deployed"},"#,
            r#""chart":{"metadata":{"name":"web","version":"0.1.0"},"lock":null,"templates":null,"values":null,"#,
            r#""schema":null,"schemamodtime":"0001-01-01T00:00:00Z","files":null},"version":1,"namespace":"shop"}"#
        )
    );
}

#[test]
fn plain_json_from_before_compression_is_read() {
    let record = read(&STANDARD.encode(least().to_string())).expect("a record");
    assert_eq!(record.name, "web");
}

#[test]
fn null_and_unknown_fields_are_forgiven() {
    let mut record = least();
    for field in ["config", "hooks", "manifest", "apply_method"] {
        record[field] = Value::Null;
    }
    record["novel"] = json!({"a": [1]});
    record["info"]["first_deployed"] = json!("");
    record["info"]["deleted"] = Value::Null;
    record["chart"]["templates"] = json!([null, {"name": "a", "data": null}, {"name": "b", "data": ""}]);
    let record = read_json(&record).expect("a record");
    assert_eq!(record.info.first_deployed, None);
    let (json, _) = encode::to_json(&record);
    let json = String::from_utf8(json).expect("UTF-8");
    assert!(json.contains(r#""templates":[{"name":"a","data":null},{"name":"b","data":""}]"#), "{json}");
    assert!(!json.contains("novel"), "Helm loses it, too");
}

#[test]
fn an_unknown_status_is_kept() {
    let record = read_json(&with("/info/status", json!("odd"))).expect("a record");
    assert_eq!(record.info.status, "odd");
}

#[test]
fn a_record_without_a_chart_is_read_and_stays_without() {
    let mut record = least();
    record.as_object_mut().expect("a map").remove("chart");
    let record = read_json(&record).expect("a record");
    assert_eq!(record.chart, None);
    assert!(!String::from_utf8_lossy(&encode::to_json(&record).0).contains("chart"));
}

#[test]
fn what_helm_cannot_read_is_an_error_that_quotes_nothing() {
    let mut without_info = least();
    without_info.as_object_mut().expect("a map").remove("info");
    for (what, record, reason) in [
        ("no info", without_info, "the record has no `info`"),
        ("null info", with("/info", Value::Null), "the record has no `info`"),
        (
            "a time",
            with("/info/last_deployed", json!("hunter2")),
            "a field of the record has another type than Helm's",
        ),
        ("a name", with("/name", json!(["hunter2"])), "a field of the record has another type than Helm's"),
        ("a version", with("/version", json!(-1)), "a field of the record has another type than Helm's"),
        ("a list", json!(["hunter2"]), "the record's JSON is no object"),
    ] {
        assert_eq!(read_json(&record).expect_err(what).to_string(), reason, "{what}");
    }
    for (what, text, reason) in [
        ("no base64", "hunter2!".to_owned(), "the stored record is not base64"),
        ("nothing", String::new(), "the record's JSON ends early"),
        ("no JSON", STANDARD.encode("hunter2"), "the record is not JSON (line 1, column 1)"),
        ("cut", stored(&least().to_string().as_bytes()[..40]), "the record's JSON ends early"),
        (
            "cut gzip",
            {
                let gzip = STANDARD.decode(stored(least().to_string().as_bytes())).expect("base64");
                STANDARD.encode(&gzip[..gzip.len() - 9])
            },
            "the stored record is not gzip throughout",
        ),
    ] {
        assert_eq!(read(&text).expect_err(what).to_string(), reason, "{what}");
    }
}

#[test]
fn bombs_are_given_up_at_the_limit() {
    let mut long = least();
    long["manifest"] = Value::from("a".repeat(40 << 20));
    let bomb = stored(long.to_string().as_bytes());
    assert!(bomb.len() < 100_000, "a bomb is small: {}", bomb.len());
    assert_eq!(
        read(&bomb).expect_err("a bomb").to_string(),
        "the record inflates to more than 200 times its size"
    );
    let limits = Limits { ratio: usize::MAX, ..Limits::default() };
    assert_eq!(
        decode(bomb.as_bytes(), &limits).expect_err("a bomb").to_string(),
        "the record inflates to more than 33554432 bytes"
    );
    // gzip streams one behind another are one text, and count as one.
    let zeros = vec![b' '; 1 << 20];
    let one = STANDARD.decode(stored(&zeros)).expect("base64");
    assert!(read(&STANDARD.encode(one.repeat(64))).expect_err("a bomb").to_string().contains("inflates"));
    let large = "A".repeat(MAX_STORED + 4);
    assert!(
        read(&large).expect_err("too large").to_string().starts_with("the stored record has 1048580 bytes")
    );
}

#[test]
fn depth_is_limited_and_brackets_in_strings_do_not_count() {
    let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    let deep = least()
        .to_string()
        .replace("\"manifest\"", &format!("\"config\":{{\"a\":{}}},\"manifest\"", nested(200)));
    assert_eq!(
        read(&stored(deep.as_bytes())).expect_err("deep").to_string(),
        "the record's JSON nests deeper than 128"
    );
    let deep = STANDARD.encode("[".repeat(600_000));
    assert!(read(&deep).expect_err("deep").to_string().contains("deeper"));
    let record = read_json(&with("/manifest", json!(nested(500) + "\\\"["))).expect("a record");
    assert_eq!(record.manifest.len(), 1003);
}

#[test]
fn the_number_of_values_is_limited_whatever_their_size() {
    let many = |n: usize| format!("[{}]", vec!["{}"; n].join(","));
    // Padded with what does not compress, so that the ratio says nothing.
    let mut state = 1_u64;
    let noise: String = (0..300_000)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b'!' + 2 + (state >> 58) as u8 % 55)
        })
        .collect();
    let with = |n: usize| {
        let padded = with("/manifest", json!(noise)).to_string();
        stored(padded.replacen('{', &format!("{{\"hooks\":{},", many(n)), 1).as_bytes())
    };
    assert_eq!(read(&with(1_000)).expect("a record").hooks.len(), 1_000);
    for n in [600_000, 8_000_000] {
        let reason = read(&with(n)).expect_err("a bomb").to_string();
        assert_eq!(reason, "the record's JSON has more than 500000 values", "{n}");
    }
}

#[test]
fn of_two_equal_names_the_last_wins() {
    let text = least().to_string().replacen('{', "{\"name\":\"other\",", 1);
    assert_eq!(read(&stored(text.as_bytes())).expect("a record").name, "web");
}

#[test]
fn floats_survive_to_the_last_digit() {
    for number in
        ["0.1", "1.7976931348623157e+308", "5e-324", "2.2250738585072014e-308", "9007199254740993.5", "2.0"]
    {
        let mut record = least();
        record["config"] = serde_json::from_str(&format!("{{\"n\":{number}}}")).expect("JSON");
        let record = read_json(&record).expect("a record");
        let encoded = encode(&record);
        assert_eq!(verify(&record, &encoded), Ok(()));
        let back = read(&encoded.stored).expect("a record").config["n"].as_f64().expect("a number");
        assert_eq!(back, number.parse::<f64>().expect("a float"), "{number}");
    }
}

#[test]
fn a_text_of_another_record_is_found_out() {
    let record = read_json(&least()).expect("a record");
    let mut other = record.clone();
    other.config.insert("password".to_owned(), json!("hunter2"));
    let error = verify(&record, &encode(&other)).expect_err("another record");
    assert_eq!(error.to_string(), "the encoded record does not read back as it was");
    assert_eq!(format!("{other:?}"), "Record(shop/web v1, deployed)");
}

#[test]
fn chart_yaml_comes_in_helms_order_without_what_helm_does_not_know() {
    let Value::Object(fields) =
        json!({"version": "1", "name": "web", "novel": 1, "dependencies": [{"name": "db", "enabled": true}]})
    else {
        panic!("a map")
    };
    let metadata = metadata_from_json(&fields).expect("metadata");
    let mut out = Vec::new();
    json::push(&mut out, &metadata);
    assert_eq!(
        String::from_utf8(out).expect("UTF-8"),
        r#"{"name":"web","version":"1","dependencies":[{"name":"db","repository":"","enabled":true}]}"#
    );
    let mut wrong = Map::new();
    wrong.insert("name".to_owned(), json!({"secret": 1}));
    assert!(metadata_from_json(&wrong).is_err());
}

#[test]
fn a_slim_chart_keeps_crds_and_what_templates_name() {
    let mut record = read(HELM_MADE[1].1).expect("a record");
    let chart = record.chart.as_mut().expect("a chart");
    chart.slim();
    let names: Vec<&str> = chart.files.iter().flatten().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["crds/gadget.yaml", "files/a.txt", "files/empty.txt"]);
}
