//! Answers of helm v4.3.1 and of github.com/BurntSushi/toml v1.6.0.

use value::{Element, List, Origin};

use super::moment::{Moment, MomentKind};
use super::read::read;
use super::write::write;
use super::*;

fn toml(value: &Value) -> String {
    match write(value) {
        Ok(text) => text.to_string(),
        Err(error) => format!("E {}", error.message),
    }
}

fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Map(entries.into_iter().collect())
}

fn list<const N: usize>(items: [Value; N]) -> Value {
    Value::from(items.to_vec())
}

/// What a text means, as JSON; the moments in it as text.
fn parsed(text: &str) -> String {
    let time = |moment: Moment| Ok(Value::from(format!("{moment:?}")));
    match read(&Text::from(text), &time) {
        Ok(map) => match value::json::encode(&Value::Map(map), value::json::Style::RAW) {
            Ok(text) => text.to_string(),
            Err(error) => format!("E {error}"),
        },
        Err(error) => error.message,
    }
}

#[test]
fn plain_keys_come_before_tables_and_tables_are_indented() {
    let value = map([
        ("c", map([("d", 1.0.into()), ("f", map([("g", true.into())]))])),
        ("b", list([map([("x", 1.into())]), map([("x", 2.into()), ("y", map([]))])])),
        ("a", "s".into()),
        ("n", Value::Nil),
    ]);
    assert_eq!(
        toml(&value),
        "a = \"s\"\n\n[[b]]\n  x = 1\n\n[[b]]\n  x = 2\n  [b.y]\n\n[c]\n  d = 1.0\n  [c.f]\n    g = true\n"
    );
}

#[test]
fn lists_that_are_not_all_tables_are_inline() {
    let mixed = list([1.into(), map([("b", 2.into()), ("n", Value::Nil), ("a", list(["x".into()]))])]);
    assert_eq!(toml(&map([("k", mixed)])), "k = [1, {a = [\"x\"], b = 2, }]\n");
    assert_eq!(toml(&map([("k", list([list([map([("a", 1.into())])])]))])), "k = [[{a = 1}]]\n");
    assert_eq!(toml(&map([("k", list([])), ("m", map([]))])), "k = []\n\n[m]\n");
}

#[test]
fn floats_always_look_like_floats() {
    for (number, text) in [
        (1.0, "1.0"),
        (1e6, "1e+06"),
        (0.5, "0.5"),
        (f64::INFINITY, "inf"),
        (f64::NEG_INFINITY, "-inf"),
        (f64::NAN, "nan"),
    ] {
        assert_eq!(toml(&number.into()), text);
    }
}

#[test]
fn strings_and_keys_are_escaped() {
    let value = map([("é \"", "a\"\\\u{8}\t\n\u{c}\r\u{1}\u{7f}é".into()), ("", 1.into())]);
    assert_eq!(toml(&value), "\"\" = 1\n\"é \\\"\" = \"a\\\"\\\\\\b\\t\\n\\f\\r\\u0001\\u007fé\"\n");
}

#[test]
fn roots_that_are_no_maps() {
    assert_eq!(toml(&list([1.into(), 2.into()])), "[1, 2]");
    assert_eq!(toml(&"x".into()), "\"x\"");
    assert_eq!(toml(&Value::Bytes(Text::from("hi"))), "[104, 105]");
    assert_eq!(toml(&list([map([])])), "E toml: top-level values must be Go maps or structs");
    assert_eq!(toml(&list([1.into(), list([Value::Nil])])), "E toml: cannot encode array with nil element");
    assert!(write(&Value::Nil).is_err_and(|error| error.panics));
}

#[test]
fn a_map_that_holds_itself_is_an_error() {
    let map = Map::new();
    map.insert("self", Value::Map(map.clone()));
    assert_eq!(toml(&Value::Map(map.clone())), "E toml: exceeded max depth");
    map.insert("self", list([1.into(), Value::Map(map.clone())]));
    assert_eq!(toml(&Value::Map(map.clone())), "E toml: exceeded max depth");
    map.remove("self");
}

#[test]
fn what_is_copied_keeps_its_origin() {
    let value = map([("k", Value::Str(Text::from("ab").with_origin(Origin(1))))]);
    let text = write(&value).unwrap_or_default();
    let lengths: Vec<_> = text.pieces().map(|p| (p.len(), p.from.len())).collect();
    assert_eq!(lengths, [(5, 0), (2, 1), (2, 0)]);
}

#[test]
fn tables_of_all_kinds_are_read() {
    let text = "a.b = 1 # c\n\"q k\" = 'r\\'\n[t]\nx = [1, 2.5, \"s\", {y = true, z.w = inf_,}]\n";
    assert_eq!(
        parsed(text),
        "toml: line 4 (last key \"t.x.w\"): expected a comma or an inline table terminator '}', but got '_' instead"
    );
    assert_eq!(
        parsed(
            "a.b = 1 # c\n\"q k\" = 'r\\'\n[t]\nx = [1, 2.5,\n \"s\", {y = true, z.w = 0x1F,}]\n[[l.m]]\nn=1\n[[l.m]]\n[l.m.o]\np='x'\n"
        ),
        r#"{"a":{"b":1},"l":{"m":[{"n":1},{"o":{"p":"x"}}]},"q k":"r\\","t":{"x":[1,2.5,"s",{"y":true,"z":{"w":31}}]}}"#
    );
    assert_eq!(
        parsed("a=\"\\u00e9\\x41\\e\"\nb=\"\"\"\nx\\\n   y\"\"\"\"\"\nc='''\n'a'''''\n"),
        "{\"a\":\"éA\\u001b\",\"b\":\"xy\\\"\\\"\",\"c\":\"'a''\"}"
    );
}

#[test]
fn numbers_have_gos_types() {
    let Ok(map) = read(&Text::from("a=1\nb=1.0\nc=[[]]\n[[d]]\n"), &|_| Ok(Value::Nil)) else {
        panic!("not read")
    };
    let kinds: Vec<_> = map.entries().iter().map(|(_, value)| value.type_name()).collect();
    assert_eq!(kinds, ["int64", "float64", "[]interface {}", "[]map[string]interface {}"]);
    assert!(matches!(map.get("d"), Some(Value::List(list)) if list.element() == Element::Map));
    assert!(matches!(map.get("c"), Some(Value::List(list)) if !List::is_nil(&list)));
}

#[test]
fn dates_and_times_are_read() {
    let moment = |text| Moment::parse(text);
    let offset = moment("1979-05-27T00:32:00.5-07:00");
    assert!(offset.is_some_and(|m| m.kind == MomentKind::Offset(-25_200) && m.nanosecond == 500_000_000));
    assert!(moment("1979-05-27").is_some_and(|m| m.kind == MomentKind::LocalDate && m.day == 27));
    assert!(
        moment("1979-05-27T07:32").is_some_and(|m| m.kind == MomentKind::LocalDatetime && m.minute == 32)
    );
    assert!(moment("07:32:01").is_some_and(|m| m.kind == MomentKind::LocalTime && m.second == 1));
    for wrong in [
        "1979-13-27",
        "1979-02-29",
        "25:00:00",
        "7:32:00",
        "1979-05-27T",
        "07:32:00Z",
        "1979-05-27T07:32:00.",
    ] {
        assert_eq!(moment(wrong), None);
    }
    assert_eq!(parsed("a = 1979-13-27"), "toml: line 1 (last key \"a\"): invalid datetime: \"1979-13-27\"");
}

#[test]
fn errors_name_the_line_and_the_last_key() {
    for (text, error) in [
        ("a = ", "line 1 (last key \"a\"): unexpected EOF; expected value"),
        ("a = 1\na = 2", "line 2 (last key \"a\"): Key 'a' has already been defined."),
        ("a = 1\n[a]", "line 2: Key 'a' has already been defined."),
        ("a = 1\n[a.b]", "line 2: Key 'a' was already created as a hash."),
        ("[a]\n[[a]]", "line 2: Key 'a' was already created and cannot be used as an array."),
        ("a = 01", "line 1 (last key \"a\"): Invalid integer \"01\": cannot have leading zeroes"),
        ("a = 9223372036854775808", "line 1 (last key \"a\"): 9223372036854775808 is out of range for int64"),
        (
            "a = 1.",
            "line 1 (last key \"a\"): Invalid float \"1.\": '.' must be followed by one or more digits",
        ),
        ("a = \"\\q\"", "line 1 (last key \"a\"): invalid escape in string '\\q'"),
        ("a = \"x\ny\"", "line 1 (last key \"a\"): strings cannot contain newlines"),
        ("a = {b = [1], b.c = 2}", "line 1 (last key \"a.b.c\"): \"a.b\" is not a table"),
        ("a b", "line 1: expected '.' or '=', but got 'b' instead"),
        ("= 1", "line 1: unexpected '=': key name appears blank"),
        ("[]", "line 1: unexpected end of table name (table names cannot be empty)"),
        ("a = @", "line 1 (last key \"a\"): expected value but found '@' instead"),
        ("a = foo", "line 1 (last key \"a\"): expected value but found \"foo\" instead"),
        (
            "a = 1 b",
            "line 1: expected a top-level item to end with a newline, comment, or EOF, but got 'b' instead",
        ),
        ("a = \u{1}", "line 1 (last key \"a\"): TOML files cannot contain control characters: '0x01'"),
        ("\0", "line 1: files cannot contain NULL bytes; probably using UTF-16; TOML files must be UTF-8"),
    ] {
        assert_eq!(parsed(text), format!("toml: {error}"), "{text:?}");
    }
    let broken = read(&Text::from(&b"a = 1\n\xff"[..]), &|_| Ok(Value::Nil));
    assert_eq!(
        broken.map_err(|error| error.message).err().as_deref(),
        Some("toml: line 2: invalid UTF-8 byte: 0xff")
    );
}

#[test]
fn deep_texts_need_no_stack() {
    let text = format!("a = {}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(read(&Text::from(text), &|_| Ok(Value::Nil)).is_ok());
    let text = format!("a = {}", "{a=".repeat(300));
    assert!(read(&Text::from(text), &|_| Ok(Value::Nil)).is_err());
}
