//! Answers recorded from helm v4.3.1 (`toJson`, `toPrettyJson`, `toRawJson`, `fromJson`) and from Go's own `json.Marshal`.

use super::*;
use crate::{Element, List, Map, MapType, Origin, Text, Value};

fn encoded(value: impl Into<Value>, style: Style) -> String {
    match encode(&value.into(), style) {
        Ok(text) => text.to_string(),
        Err(error) => format!("E {error}"),
    }
}

fn decoded(text: &str) -> (String, Option<String>) {
    let (value, error) = decode(&Text::from(text));
    (encoded(value, Style::RAW), error.map(|error| error.to_string()))
}

fn failure(text: &[u8]) -> String {
    let (value, error) = decode(&Text::from(text));
    assert!(value.is_nil());
    error.map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn floats_are_written_without_an_exponent_up_to_1e21() {
    for (number, text) in [
        (0.0, "0"),
        (-0.0, "-0"),
        (1e6, "1000000"),
        (-2.5, "-2.5"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (-1.5e300, "-1.5e+300"),
        (1e-6, "0.000001"),
        (1e-7, "1e-7"),
        (1.25e-10, "1.25e-10"),
        (9007199254740993.0, "9007199254740992"),
        (123456789.125, "123456789.125"),
        (5e-324, "5e-324"),
        (0.1 + 0.2, "0.30000000000000004"),
        (f64::NAN, "E json: unsupported value: NaN"),
        (f64::INFINITY, "E json: unsupported value: +Inf"),
        (f64::NEG_INFINITY, "E json: unsupported value: -Inf"),
    ] {
        assert_eq!(encoded(number, Style::COMPACT), text);
    }
}

#[test]
fn integers_keep_all_their_digits() {
    assert_eq!(encoded(Value::Int64(i64::MIN), Style::COMPACT), "-9223372036854775808");
    assert_eq!(encoded(Value::Uint64(u64::MAX), Style::COMPACT), "18446744073709551615");
    assert_eq!(encoded(Value::Uint8(7), Style::COMPACT), "7");
}

#[test]
fn strings_are_escaped_for_html_and_javascript() {
    let text = "\"\\/\u{8}\u{c}\n\r\t\u{1}\u{1f}\u{7f}\u{85}<&>\u{2028}\u{2029}\u{feff}é😀";
    assert_eq!(
        encoded(text, Style::COMPACT),
        "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\u{7f}\u{85}\\u003c\\u0026\\u003e\\u2028\\u2029\u{feff}é😀\""
    );
    assert_eq!(encoded("<&>\u{2028}", Style::RAW), "\"<&>\\u2028\"");
}

#[test]
fn bytes_that_are_no_utf_8_become_one_replacement_each() {
    let text = Text::from(&b"a\xff\xe2\x80b\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80"[..]);
    let expected = format!("\"a{0}{0}{0}b{0}{0}{0}{0}{0}{0}{0}{0}{0}\"", '\u{fffd}');
    assert_eq!(encoded(text, Style::COMPACT), expected);
}

#[test]
fn keys_are_sorted_by_bytes_and_nil_containers_are_null() {
    let map: Map = [
        ("b", Value::from(vec![])),
        ("a10", Value::List(List::nil(Element::Any))),
        ("a2", Value::Map(Map::nil(MapType::Any))),
        ("Z", Value::Map(Map::new())),
        ("bytes", Value::Bytes(Text::from("hello"))),
    ]
    .into_iter()
    .collect();
    assert_eq!(encoded(map, Style::COMPACT), r#"{"Z":{},"a10":null,"a2":null,"b":[],"bytes":"aGVsbG8="}"#);
}

#[test]
fn the_pretty_form_keeps_empty_containers_on_one_line() {
    let map: Map = [
        ("a", Value::from(vec![Value::Int(1), Value::from(vec![]), Value::Map(Map::new())])),
        ("b", Value::Map([("c", Value::Nil)].into_iter().collect())),
    ]
    .into_iter()
    .collect();
    assert_eq!(
        encoded(map, Style::PRETTY),
        "{\n  \"a\": [\n    1,\n    [],\n    {}\n  ],\n  \"b\": {\n    \"c\": null\n  }\n}"
    );
}

#[test]
fn depth_ends_in_gos_sentence_and_so_does_a_cycle() {
    let nested = |levels: usize| (0..levels).fold(Value::Int(1), |value, _| Value::from(vec![value]));
    assert!(encode(&nested(10_000), Style::COMPACT).is_ok());
    assert_eq!(encoded(nested(10_001), Style::COMPACT), "E exceeded max depth");
    let map = Map::new();
    map.insert("list", Value::from(vec![Value::Map(map.clone())]));
    assert_eq!(
        encoded(Value::Map(map.clone()), Style::COMPACT),
        "E json: unsupported value: encountered a cycle via map[string]interface {}"
    );
    map.remove("list");
    assert_eq!(decoded(&"[".repeat(10_001)).1.as_deref(), Some("exceeded max depth"));
    let deep = "[".repeat(10_000) + &"]".repeat(10_000);
    assert_eq!(decoded(&deep), (deep, None));
}

#[test]
fn what_is_escaped_keeps_its_origin_and_is_changed() {
    let text = Text::from("a<b").with_origin(Origin(3));
    let Ok(text) = encode(&Value::from(vec![Value::Str(text)]), Style::COMPACT) else { panic!("no text") };
    let lengths: Vec<_> = text.pieces().map(|p| (p.len(), p.from.len())).collect();
    assert_eq!(
        (text, lengths),
        (Text::from("[\"a\\u003cb\"]"), vec![(2, 0), (1, 1), (6, 2), (1, 1), (2, 0)])
    );
}

#[test]
fn texts_become_values_and_the_last_of_equal_names_wins() {
    assert_eq!(
        decoded(" {\"b\" : [1, 2.5e1, -0,true,false , null, {} ,[ ]],\"a\":1,\"a\":\"x\"}\r\n\t").0,
        r#"{"a":"x","b":[1,25,-0,true,false,null,{},[]]}"#
    );
    assert_eq!(
        decoded(r#""\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00|\ud800|\ud800\u0041|\ud83d\ud83d\ude00|\ude00""#).0,
        "\"\\\"\\\\/\\b\\f\\n\\r\\té😀|\u{fffd}|\u{fffd}A|\u{fffd}😀|\u{fffd}\""
    );
    let (value, error) = decode(&Text::from(&b"\"\xff\x7f\""[..]));
    assert_eq!((value.as_text(), error), (Some(&Text::from("\u{fffd}\u{7f}")), None));
}

#[test]
fn a_plain_string_shares_the_bytes_it_was_read_from() {
    let text = Text::from(r#"["abc"]"#);
    let (list, _) = decode_list(&text);
    assert!(list[0].as_text().is_some_and(|item| item.shares_buffer_with(&text)));
}

#[test]
fn a_number_out_of_range_counts_as_zero_and_is_the_first_error() {
    for (text, value, error) in [
        (
            r#"{"a":1e400,"b":2}"#,
            r#"{"a":0,"b":2}"#,
            "json: cannot unmarshal number 1e400 into Go struct field .a of type float64",
        ),
        (
            r#"{"a":[1,1e400,2],"c":1e999}"#,
            r#"{"a":[1,0,2],"c":0}"#,
            "json: cannot unmarshal number 1e400 into .a.1 of type float64",
        ),
        ("-1e400", "0", "json: cannot unmarshal number -1e400 into Go value of type float64"),
    ] {
        assert_eq!(decoded(text), (value.to_owned(), Some(error.to_owned())));
    }
    assert_eq!(decoded("0.0000000000000000000000000000000000000000001e-400"), ("0".to_owned(), None));
}

#[test]
fn the_destination_decides_what_a_text_may_be() {
    assert!(matches!(decode_map(&Text::from("null")), (map, None) if map.is_nil()));
    assert!(matches!(decode_list(&Text::from("null")), (list, None) if list.is_nil()));
    for (text, found) in [("[]", "array"), ("true", "bool"), ("1e400", "number"), ("\"x\"", "string")] {
        let (map, error) = decode_map(&Text::from(text));
        let expected =
            format!("json: cannot unmarshal {found} into Go value of type map[string]interface {{}}");
        assert_eq!(error.map(|error| error.to_string()), Some(expected));
        assert!(map.is_empty() && !map.is_nil());
    }
    assert_eq!(
        decode_list(&Text::from("{}")).1.map(|error| error.to_string()).as_deref(),
        Some("json: cannot unmarshal object into Go value of type []interface {}")
    );
    assert_eq!(decode_map(&Text::from("{")).1.map(|error| error.offset()), Some(Some(1)));
}

#[test]
fn unfinished_texts_all_end_alike() {
    for text in [
        "",
        " ",
        "-",
        "1.",
        "1e",
        "1e+",
        "nul",
        "\"abc",
        "[",
        "{",
        "[1,2",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1,",
        "\"\\",
        "\"\\u",
        "\"\\u12",
        "\"\\ud83d",
        "\"\\ud83d\\",
        "\"\\ud83d\\u",
    ] {
        assert_eq!(failure(text.as_bytes()), "unexpected end of JSON input", "{text}");
    }
}

#[test]
fn wrong_characters_are_named_with_their_place() {
    for (text, character, place) in [
        ("{\"a\":1,\"b\":tru}", "}", "in literal true (expecting 'e')"),
        ("tRue", "R", "in literal true (expecting 'r')"),
        ("fals,", ",", "in literal false (expecting 'e')"),
        ("nan", "a", "in literal null (expecting 'u')"),
        ("{\"a\":1} x", "x", "after top-level value"),
        ("01", "1", "after top-level value"),
        ("{\"a\" 1}", "1", "after object key"),
        ("{1:2}", "1", "looking for beginning of object key string"),
        ("{\"a\":1,}", "}", "looking for beginning of object key string"),
        ("{\"a\":1 \"b\"}", "\"", "after object key:value pair"),
        ("{\"a\":1]", "]", "after object key:value pair"),
        ("[1 2]", "2", "after array element"),
        ("[1}", "}", "after array element"),
        ("[1,]", "]", "looking for beginning of value"),
        ("+1", "+", "looking for beginning of value"),
        (".5", ".", "looking for beginning of value"),
        ("'a'", "\\'", "looking for beginning of value"),
        ("é", "é", "looking for beginning of value"),
        ("\u{feff}{}", "\\ufeff", "looking for beginning of value"),
        ("[1\0]", "\\x00", "after array element"),
        ("-a", "a", "in numeric literal"),
        ("1.a", "a", "in numeric literal"),
        ("1ea", "a", "in numeric literal"),
        ("\"a\n\"", "\\n", "in string"),
        ("\"\u{1}\"", "\\x01", "in string"),
    ] {
        assert_eq!(failure(text.as_bytes()), format!("invalid character '{character}' {place}"), "{text}");
    }
    assert_eq!(failure(b"\xff"), r"invalid character '\xff' looking for beginning of value");
}

#[test]
fn wrong_escapes_are_quoted() {
    for (text, what) in [
        (r#""\q""#, r"`\q`"),
        (r#""\x41""#, r"`\x`"),
        (r#""\u12x4""#, r"`\u12x4`"),
        (r#""\u12é4""#, r"`\u12é`"),
        (r#""\ud83d\u00zz""#, r"`\u00zz`"),
        (r#""\ud83d\q""#, r"`\q`"),
        ("\"\\\n\"", r#""\\\n""#),
    ] {
        assert_eq!(failure(text.as_bytes()), format!("invalid escape sequence {what} in string"), "{text}");
    }
}
