//! The ways to read a document.
//!
//! *Source*: sigs.k8s.io/yaml v1.6.0 `yaml.go`, `Unmarshal` and `UnmarshalStrict`.

use value::{Map, Value};

use crate::check::check;
use crate::decode::{Decoded, decode_tree};
use crate::error::Error;
use crate::shape::Shape;
use crate::tree::Tree;

/// The first document of `text` as an `interface{}`: nil, bool, float64 (every number), string, `[]interface {}`,
/// `map[string]interface {}`.
///
/// Shape: strings are slices of one copy of the text. What stands behind the first document is not looked at.
///
/// # Errors
/// Helm's sentence: not YAML, a key that JSON does not have, an infinite number, too many levels.
pub fn read(text: &[u8]) -> Result<Value, Error> {
    let Decoded { value, error } = decode(text, Shape::Any, false);
    error.map_or(Ok(value), Err)
}

/// The first document of `text` as a `map[string]interface {}`; an empty or null document is an empty map.
///
/// # Errors
/// As [`read`], and `json: cannot unmarshal array into Go value of type map[string]interface {}` for what is not a map.
pub fn read_map(text: &[u8]) -> Result<Map, Error> {
    let Decoded { value, error } = decode(text, Shape::Map(&Shape::Any), false);
    match (error, value) {
        (Some(error), _) => Err(error),
        (None, Value::Map(map)) if !map.is_nil() => Ok(map),
        (None, _) => Ok(Map::new()),
    }
}

/// The first document of `text` decoded into the Go type `shape`.
///
/// Keys find their fields whatever their case; numbers and booleans become text where a string is wanted, floats with
/// the precision of a float32. `strict` refuses keys that are set twice and fields that a struct does not have.
pub fn decode(text: &[u8], shape: Shape, strict: bool) -> Decoded {
    let tree = match Tree::parse(text) {
        Ok(tree) => tree,
        Err(error) => return Decoded { value: Value::Nil, error: Some(error) },
    };
    match check(&tree, strict) {
        Ok(()) => decode_tree(&tree, shape, strict),
        Err(error) => Decoded { value: Value::Nil, error: Some(error) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::{Field, Struct};

    #[track_caller]
    fn check_value(text: &str, expected: &str) {
        let found = read(text.as_bytes()).map(|value| format!("{value:?}"));
        assert_eq!(found, Ok(expected.into()), "{text:?}");
    }

    #[track_caller]
    fn check_error(text: impl AsRef<[u8]>, sentence: &str) {
        let text = text.as_ref();
        let found = read(text).map_err(|error| error.cause());
        assert_eq!(
            found.map(|value| format!("{value:?}")),
            Err(sentence.into()),
            "{:?}",
            text.escape_ascii().to_string()
        );
    }

    #[test]
    fn every_number_is_a_float64() {
        check_value(
            "[1, 0x10, 017, 1_000, 1.5, 18446744073709551615]",
            "[1.0, 16.0, 15.0, 1000.0, 1.5, 1.8446744073709552e19]",
        );
        check_value("[-0, -0.0]", "[0.0, -0.0]");
    }

    #[test]
    fn keys_become_text() {
        check_value("{y: 1, 010: 2, 1.5: 3, .inf: 4}", r#"{".inf": 4.0, "1.5": 3.0, "8": 2.0, "true": 1.0}"#);
        check_value("123456789.123: a", r#"{"1.2345679e+08": "a"}"#);
        check_error("~: 1", "unsupported map key of type: %!s(<nil>), key: <nil>, value: 1");
        check_error(
            "18446744073709551615: {a: [~, x]}",
            "unsupported map key of type: uint64, key: 0xffffffffffffffff, value: \
             map[interface {}]interface {}{\"a\":[]interface {}{interface {}(nil), \"x\"}}",
        );
        check_error("[a]: 1", "yaml: invalid map key: []interface {}{\"a\"}");
        check_error("{a: 1}: 1", "yaml: invalid map key: map[interface {}]interface {}{\"a\":1}");
    }

    #[test]
    fn the_last_of_equal_keys_counts() {
        check_value("a: 1\na: 2", r#"{"a": 2.0}"#);
        // What it replaces is not even looked at.
        check_value("a: .nan\na: 2", r#"{"a": 2.0}"#);
    }

    #[test]
    fn merges_apply_where_they_stand() {
        let map = "x: &x {a: 1, b: 2}\n";
        check_value(
            &format!("{map}z: {{<<: *x, a: 9}}"),
            r#"{"x": {"a": 1.0, "b": 2.0}, "z": {"a": 9.0, "b": 2.0}}"#,
        );
        check_value(
            &format!("{map}z: {{a: 9, <<: *x}}"),
            r#"{"x": {"a": 1.0, "b": 2.0}, "z": {"a": 1.0, "b": 2.0}}"#,
        );
        check_value("<<: [{a: 1}, {a: 2, b: 3}]", r#"{"a": 1.0, "b": 3.0}"#);
        check_error("<<: 1", "yaml: map merge requires map or sequence of maps as the value");
    }

    #[test]
    fn only_the_first_document_counts() {
        check_value("a: 1\n...\n@", r#"{"a": 1.0}"#);
        check_value("--- \"a\"\nb: 1", r#""a""#);
        check_value("", "Nil");
        check_value("# c", "Nil");
    }

    #[test]
    fn lines_are_named_as_go_names_them() {
        check_error("a: b: c", "yaml: mapping values are not allowed in this context");
        check_error("x:\na: b: c", "yaml: line 2: mapping values are not allowed in this context");
        check_error("a:\n  b: 1\n c: 2", "yaml: line 2: did not find expected key");
        check_error("a:\n- b\n- c: [\n", "yaml: line 3: did not find expected node content");
        check_error("a: \"x", "yaml: found unexpected end of stream");
        check_error("a:\n\tb: 1", "yaml: line 2: found character that cannot start any token");
        check_error("a: 1\n\tb: 1", "yaml: line 2: found a tab character that violates indentation");
        check_error("x: 1\ny: *z", "yaml: unknown anchor 'z' referenced");
        check_error("x: 1\ny: &y [*y]", "yaml: anchor 'y' value contains itself");
        check_error(b"x: 1\ny: \x07", "yaml: control characters are not allowed");
        check_error("a: .nan", "json: unsupported value: NaN");
    }

    #[test]
    fn errors_point_at_their_place() {
        let at = |text: &str| read(text.as_bytes()).err().and_then(|error| error.offset());
        assert_eq!(at("x:\na: b: c"), Some(7));
        assert_eq!(at("a: {b: !!int x}"), Some(7));
        assert_eq!(at("x: 1\ny: *z"), Some(8));
    }

    #[test]
    fn bombs_are_refused() {
        let mut text = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for level in 1..9 {
            let item = format!("*a{},", level - 1);
            text.push_str(&format!("a{level}: &a{level} [{}]\n", item.repeat(10)));
        }
        check_error(text, "yaml: document contains excessive aliasing");
    }

    #[test]
    fn depth_has_go_s_limits_and_needs_no_stack() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(read(nested(10_000).as_bytes()).is_ok());
        check_error(nested(10_001), "yaml: exceeded max depth of 10000");
        check_error(format!("a: {}", nested(10_000)), "exceeded max depth");
        assert!(read("- ".repeat(10_000).as_bytes()).is_ok());
        check_error(format!("x:\n{}", "- ".repeat(10_001)), "yaml: line 2: exceeded max depth of 10000");
    }

    #[test]
    fn a_map_is_wanted() {
        assert!(read_map(b"").is_ok_and(|map| map.is_empty()));
        assert!(read_map(b"~").is_ok_and(|map| map.is_empty()));
        assert_eq!(
            read_map(b"[1]").map_err(|error| error.message()).err().as_deref(),
            Some(
                "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type \
                map[string]interface {}"
            )
        );
    }

    static MAINTAINER: Struct =
        Struct { go_name: "v2.Maintainer", fields: &[Field { name: "name", shape: Shape::Str }] };
    static POINTER: Shape = Shape::Pointer(&Shape::Struct(&MAINTAINER));
    static METADATA: Struct = Struct {
        go_name: "v2.Metadata",
        fields: &[
            Field { name: "version", shape: Shape::Str },
            Field { name: "keywords", shape: Shape::List(&Shape::Str) },
            Field { name: "maintainers", shape: Shape::List(&POINTER) },
            Field { name: "deprecated", shape: Shape::Bool },
            Field { name: "size", shape: Shape::Int("int") },
        ],
    };

    #[test]
    fn structs_take_what_fits_and_name_what_does_not() {
        let decode = |text: &str| decode(text.as_bytes(), Shape::Struct(&METADATA), true);
        let decoded = decode(
            "VERSION: 1.20\nkeywords: [1, yes, ~]\nsize: 1e3\ndeprecated: ~\nmaintainers: [{name: 5}]",
        );
        assert_eq!(decoded.error, None);
        let expected = r#"{"keywords": ["1", "true", ""], "maintainers": [{"name": "5"}], "size": 1000, "version": "1.2"}"#;
        assert_eq!(format!("{:?}", decoded.value), expected);
        let sentence = |text: &str| decode(text).error.map(|error| error.cause()).unwrap_or_default();
        assert_eq!(
            sentence("maintainers: [x]"),
            "json: cannot unmarshal string into .maintainers.0 of type v2.Maintainer"
        );
        assert_eq!(
            sentence("size: 1.5\nversion: []"),
            "json: cannot unmarshal number 1.5 into Go struct field .size of type int"
        );
        assert_eq!(sentence("foo: 1"), "json: unknown field \"foo\"");
        assert_eq!(
            sentence("version: 1\nsize: 1\nversion: 2"),
            "yaml: unmarshal errors:\n  line 3: key \"version\" already set in map"
        );
    }
}
