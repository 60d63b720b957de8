//! Answers recorded from helm v4.3.1's `toYaml` and `mustToYaml`.

use value::{Element, MapType, Origin};

use value::Map;

use super::*;

fn yaml(value: impl Into<Value>) -> String {
    match write(&value.into()) {
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
fn strings_that_would_read_as_something_else_are_double_quoted() {
    let words = "true Yes on y n off ~ null Null 1 -1 +1 1_000 017 08 0x1F 0b1 0o7 1e3 .5 5. 1.0 .inf .nan 2001-01-01 2001-1-1 \
                 1:30 12:30:45.5";
    for word in words.split(' ').chain([""]) {
        assert_eq!(yaml(word), format!("\"{word}\"\n"));
    }
}

#[test]
fn strings_that_only_look_like_something_else_are_plain() {
    let words = "yEs tRue nULL 0x 0xg 0b2 0o9 _1 1e . 1.2.3 inf nan NaN 1:60 2001-13-01 2001-01 1e400 1,000 = << 0x1p-2 .e1 -- -a ?a \
                 :a a:b a#b a} a,b it's a\"b a\\b";
    for word in words.split(' ') {
        assert_eq!(yaml(word), format!("{word}\n"));
    }
}

#[test]
fn strings_with_indicators_are_single_quoted() {
    let words = [
        "- a", "-", "? a", ":", "a:", "a: b", "a #b", "#a", "@a", "*a", "{a", "[a", ",a", "\"a", " a", "a ",
        "...", "---a",
    ];
    for word in words {
        assert_eq!(yaml(word), format!("'{word}'\n"));
    }
    assert_eq!(yaml("'a"), "'''a'\n");
}

#[test]
fn texts_of_several_lines_are_literal_where_that_can_be_read_back() {
    for (text, block) in [
        ("a\nb", "|-\n  a\n  b\n"),
        ("a\nb\n", "|\n  a\n  b\n"),
        ("a\nb\n\n", "|+\n  a\n  b\n\n"),
        ("\na", "|2-\n\n  a\n"),
        ("\n", "|2+\n\n"),
        (" a\nb", "|2-\n   a\n  b\n"),
        ("a \nb", "\"a \\nb\"\n"),
        ("a\n  ", "\"a\\n  \"\n"),
        ("a\n\tb", "\"a\\n\\tb\"\n"),
    ] {
        assert_eq!(yaml(text), block);
    }
    assert_eq!(
        yaml(map([("k", "a\n\nb\n".into()), ("l", list(["c\nd".into()]))])),
        "k: |\n  a\n\n  b\nl:\n- |-\n  c\n  d\n"
    );
}

#[test]
fn characters_beyond_the_plain_ones() {
    for (text, quoted) in [
        ("😀", "\"\\U0001F600\""),
        ("\u{feff}a", "\"\\uFEFF\\x61\""),
        ("a\u{feff}", "\"a\\uFEFF\""),
        ("a\u{85}b", "a b"),
        ("\u{85}", "' '"),
        ("a \u{85} \u{85}\u{85}b", "|-\n  a\n\n  b"),
        ("a\u{2028}b", "'a\u{2028}  b'"),
        ("a\tb", "\"a\\tb\""),
        ("\0\u{7}\u{8}\u{b}\u{c}\r\u{1b}\u{1}", "\"\\0\\a\\b\\v\\f\\r\\e\\x01\""),
        ("é\u{a0}中", "é\u{a0}中"),
    ] {
        assert_eq!(yaml(text), format!("{quoted}\n"));
    }
    assert_eq!(yaml(Text::from(&b"a\xff"[..])), "a\u{fffd}\n");
}

#[test]
fn what_the_reader_refuses_is_its_error() {
    for text in ["\u{7f}", "a\u{80}", "\u{9f}", "\u{fffe}", "\u{ffff}"] {
        assert_eq!(yaml(text), "E yaml: control characters are not allowed");
    }
    assert_eq!(yaml("a\u{85}--- b"), "E yaml: line 2: found unexpected document indicator");
    assert_eq!(yaml(map([("a\u{85}b", Value::Nil)])), "E yaml: line 1: did not find expected ',' or '}'");
    let key = |length| map([("k".repeat(length).as_str(), Value::Nil)]);
    assert!(write(&key(1022)).is_ok());
    assert_eq!(yaml(key(1023)), "E yaml: did not find expected ',' or '}'");
    // Of an ampersand JSON makes six characters.
    assert!(write(&map([("&".repeat(170).as_str(), Value::Nil)])).is_ok());
    assert_eq!(
        yaml(map([("&".repeat(171).as_str(), Value::Nil)])),
        "E yaml: did not find expected ',' or '}'"
    );
}

#[test]
fn errors_of_json_come_before_those_of_yaml() {
    let value = list(["\u{7f}".into(), f64::INFINITY.into()]);
    assert_eq!(yaml(value), "E error marshaling into JSON: json: unsupported value: +Inf");
    // 512 bytes are decoded at a time, so a control character can be met before the key in front of it.
    let both = |padding: usize| {
        map([("k".repeat(1100).as_str(), " ".repeat(padding).as_str().into()), ("l", "\u{7f}".into())])
    };
    assert_eq!(yaml(both(10)), "E yaml: control characters are not allowed");
    assert_eq!(yaml(both(1000)), "E yaml: did not find expected ',' or '}'");
}

#[test]
fn numbers_are_read_back_from_their_json_text() {
    for (number, text) in [
        (1e6, "1000000"),
        (1.5e10, "15000000000"),
        (1e19, "10000000000000000000"),
        (-1e19, "-1e+19"),
        (1e20, "1e+20"),
        (123456789.125, "1.23456789125e+08"),
        (0.000001, "1e-06"),
        (-0.0, "0"),
        (1e100, "1e+100"),
        (9007199254740993.0, "9007199254740992"),
        (-2.5, "-2.5"),
    ] {
        assert_eq!(yaml(number), format!("{text}\n"));
    }
    assert_eq!(yaml(Value::Uint64(u64::MAX)), "18446744073709551615\n");
    assert_eq!(yaml(Value::Int64(i64::MIN)), "-9223372036854775808\n");
}

#[test]
fn containers_are_blocks_and_lists_stand_at_their_key() {
    let value = map([
        (
            "l",
            list([1.into(), list([2.into(), list([]), 3.into()]), map([("a", 1.into()), ("b", 2.into())])]),
        ),
        ("m", map([("n", list([Value::Nil, true.into()]))])),
        ("e", map([])),
        ("nil", Value::Map(Map::nil(MapType::Any))),
        ("s", Value::List(List::strings(["x"]))),
        ("z", Value::List(List::nil(Element::Str))),
    ]);
    assert_eq!(
        yaml(value),
        "e: {}\nl:\n- 1\n- - 2\n  - []\n  - 3\n- a: 1\n  b: 2\nm:\n  \"n\":\n  - null\n  - true\nnil: null\ns:\n- x\nz: null\n"
    );
    assert_eq!(yaml(list([list([map([("a", list([1.into()]))])])])), "- - a:\n    - 1\n");
    assert_eq!(yaml(Value::Bytes(Text::from("hello"))), "aGVsbG8=\n");
    assert_eq!(yaml(map([])), "{}\n");
}

#[test]
fn long_keys_and_keys_of_several_lines_are_explicit() {
    let long = "k".repeat(129);
    assert_eq!(yaml(map([(&long[1..], 1.into())])), format!("{}: 1\n", &long[1..]));
    assert_eq!(yaml(map([(&long, list([1.into()]))])), format!("? {long}\n: - 1\n"));
    assert_eq!(yaml(map([("a\nb", map([("c", 1.into())]))])), "? |-\n  a\n  b\n: c: 1\n");
    assert_eq!(yaml(map([("a\u{2028}b ", 1.into())])), "? 'a\u{2028}  b '\n: 1\n");
}

#[test]
fn lines_are_folded_at_the_first_space_behind_column_80() {
    let words = ["word"; 20].join(" ");
    assert_eq!(yaml(words.as_str()), format!("{}\n  {}\n", ["word"; 17].join(" "), ["word"; 3].join(" ")));
    let key = map([("key", words.as_str().into())]);
    assert_eq!(yaml(key), format!("key: {}\n  {}\n", ["word"; 16].join(" "), ["word"; 4].join(" ")));
    assert_eq!(yaml(format!("{} b", "a".repeat(100))), format!("{}\n  b\n", "a".repeat(100)));
    assert_eq!(yaml(format!("{}  b", "a".repeat(100))), format!("{}  b\n", "a".repeat(100)));
    assert_eq!(yaml(format!("\t{} b", "a".repeat(80))), format!("\"\\t{}\n  b\"\n", "a".repeat(80)));
    assert_eq!(yaml(format!("\t{}  b", "a".repeat(80))), format!("\"\\t{}\n  \\ b\"\n", "a".repeat(80)));
    assert_eq!(yaml(format!("'{} b", "é".repeat(80))), format!("'''{}\n  b'\n", "é".repeat(80)));
}

#[test]
fn keys_made_equal_by_repair_keep_the_last_value() {
    let broken: value::Map = [(&b"a\xfe"[..], 1_i64), (b"a\xff", 2), (b"b", 3)]
        .into_iter()
        .map(|(key, value)| (Text::from(key), Value::Int(value)))
        .collect();
    assert_eq!(yaml(broken), "a\u{fffd}: 2\nb: 3\n");
}

#[test]
fn depth_and_cycles_end_in_a_sentence() {
    let nested = |levels: usize| (0..levels).fold(Value::Int(1), |value, _| Value::from(vec![value]));
    assert!(write(&nested(10_000)).is_ok());
    assert_eq!(yaml(nested(10_001)), "E error marshaling into JSON: exceeded max depth");
    let map = value::Map::new();
    map.insert("self", Value::Map(map.clone()));
    let cycle = "E error marshaling into JSON: json: unsupported value: encountered a cycle via map[string]interface {}";
    assert_eq!(yaml(map.clone()), cycle);
    map.remove("self");
}

#[test]
fn pieces_of_strings_and_keys_keep_their_origin() {
    let from = |text: &str, origin| Value::Str(Text::from(text).with_origin(Origin(origin)));
    let value =
        map([("a", from("plain", 1)), ("b", from("it's:", 2)), ("c", from("x\ny", 3)), ("d", from("\t", 4))]);
    let Ok(text) = write(&value) else { panic!("not written") };
    let mut found = Vec::new();
    for piece in text.pieces() {
        let part = text.slice(piece.range.start as usize..piece.range.end as usize).to_string();
        found.extend(piece.from.iter().map(|origin| (part.clone(), origin.0)));
    }
    let changed = Origin::CHANGED.0;
    let expected = [("plain", 1), ("it", 2), ("'s:", 2), ("x\n", 3), ("y", 3), ("\\t", 4), ("\\t", changed)];
    assert_eq!(found, expected.map(|(part, origin)| (part.to_owned(), origin)));
}
