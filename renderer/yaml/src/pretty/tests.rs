//! Answers recorded from helm v4.3.1's `toYamlPretty`.

use value::{Element, MapType};

use super::*;

fn pretty(value: impl Into<Value>) -> String {
    match write_pretty(&value.into()) {
        Ok(text) => text.to_string(),
        Err(error) => format!("E {error}"),
    }
}

fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Map(entries.into_iter().collect())
}

fn list<const N: usize>(items: [Value; N]) -> Value {
    Value::from(items.to_vec())
}

#[test]
fn lists_in_maps_are_indented() {
    let value = map([
        (
            "l",
            list([1.into(), list([2.into(), 3.into()]), map([("a", 1.into()), ("b", list([true.into()]))])]),
        ),
        ("e", map([])),
    ]);
    assert_eq!(pretty(value), "e: {}\nl:\n  - 1\n  - - 2\n    - 3\n  - a: 1\n    b:\n      - true\n");
}

#[test]
fn nil_containers_are_empty_ones() {
    assert_eq!(pretty(Value::Map(Map::nil(MapType::Any))), "{}\n");
    assert_eq!(pretty(Value::List(List::nil(Element::Any))), "[]\n");
    assert_eq!(pretty(Value::Nil), "null\n");
}

#[test]
fn floats_are_printed_as_go_prints_them() {
    for (number, text) in [
        (1e6, "1e+06"),
        (999999.0, "999999"),
        (0.5, "0.5"),
        (-0.0, "-0"),
        (f64::NAN, ".nan"),
        (f64::INFINITY, ".inf"),
        (f64::NEG_INFINITY, "-.inf"),
    ] {
        assert_eq!(pretty(number), format!("{text}\n"));
    }
}

#[test]
fn strings_are_quoted_by_the_rules_of_v3() {
    for word in
        ["y", "No", "on", "OFF", "true", "null", "", "017", "0o7", "0o-7", "1:30", "2001-01-01", "1_000"]
    {
        assert_eq!(pretty(word), format!("\"{word}\"\n"));
    }
    for word in ["=", "<<", "yEs", "0o9", "1:60"] {
        assert_eq!(pretty(word), format!("{word}\n"));
    }
    for (text, quoted) in [
        ("a\u{7f}b", "\"a\\x7Fb\""),
        ("a\u{85}b", "\"a\\Nb\""),
        ("a\tb", "\"a\\tb\""),
        ("a\n\tb", "|-\n  a\n  \tb"),
        ("😀", "\"\\U0001F600\""),
        ("\u{feff}a", "\"\\uFEFF\\x61\""),
    ] {
        assert_eq!(pretty(text), format!("{quoted}\n"));
    }
}

#[test]
fn long_lines_stay_whole() {
    let words = ["word"; 40].join(" ");
    assert_eq!(pretty(words.as_str()), format!("{words}\n"));
}

#[test]
fn what_is_no_utf_8_is_binary() {
    assert_eq!(pretty(Text::from(&b"\xff\xfe"[..])), "!!binary //4=\n");
    let long = Text::from(vec![0xff_u8; 60]);
    let value = Value::Map([(Text::from("k"), Value::Str(long))].into_iter().collect());
    let line = "/".repeat(70);
    assert_eq!(pretty(value), format!("k: !!binary |\n  {line}\n  {}\n", "/".repeat(10)));
    assert_eq!(pretty(Value::Bytes(Text::from("hi"))), "- 104\n- 105\n");
}

#[test]
fn a_map_that_holds_itself_is_an_error() {
    let map = Map::new();
    map.insert("self", Value::Map(map.clone()));
    assert_eq!(pretty(map.clone()), "E exceeded max depth");
    map.remove("self");
}
