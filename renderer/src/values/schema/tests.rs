//! Reports recorded from helm v4.3.1.

use value::Text;

use super::Compiled;
use crate::chart::load_values;

fn report(schema: &str, values: &str) -> String {
    let values = load_values(&Text::from(values)).unwrap();
    Compiled::new(&Text::from(schema)).validate(&values).err().unwrap_or_default()
}

#[test]
fn words_are_helms() {
    for (schema, values, expected) in [
        (r#"{"properties":{"a":{"type":"string"}}}"#, "a: 1", "- at '/a': got number, want string\n"),
        (r#"{"required":["x","y"]}"#, "a: 1", "- at '': missing properties 'x', 'y'\n"),
        (
            r#"{"properties":{"a":{"minimum":1234567}}}"#,
            "a: 1234.5678",
            "- at '/a': minimum: got 1,234.5678, want 1.234567×10⁰⁶\n",
        ),
        (
            r#"{"properties":{"a":{"enum":["x",1,null]}}}"#,
            "a: 2",
            "- at '/a': value must be one of 'x', 1, <nil>\n",
        ),
        (
            r#"{"properties":{"a/b":{"pattern":"^[a-z]+$"}}}"#,
            "a/b: AB",
            "- at '/a~1b': 'AB' does not match pattern '^[a-z]+$'\n",
        ),
        (
            r#"{"additionalProperties":false}"#,
            "c: 1\nb: 2",
            "- at '': additional properties 'b', 'c' not allowed\n",
        ),
    ] {
        assert_eq!(report(schema, values), expected, "{schema}");
    }
}

#[test]
fn a_schema_that_is_no_json_is_named_as_go_does() {
    for (schema, expected) in [
        ("", "EOF"),
        ("{", "unexpected EOF"),
        ("{} x", "invalid character after top-level value"),
        (
            r##"{"$ref":"#/$defs/nope"}"##,
            "json-pointer in \"file:///values.schema.json#/$defs/nope\" not found",
        ),
        (
            r#"{"$ref":"./other.json"}"#,
            "failing loading \"file:///other.json\": open /other.json: no such file or directory",
        ),
    ] {
        assert_eq!(report(schema, "a: 1"), expected, "{schema}");
    }
}

#[test]
fn a_keyword_with_one_cause_has_its_line() {
    for (schema, values, expected) in [
        (
            r#"{"properties":{"a":{"allOf":[{"properties":{"b":{"anyOf":[{"type":"string"}]}}},{"minimum":0}]}}}"#,
            "a: {b: 1}",
            "- at '/a': 'allOf' failed\n  - at '/a/b': 'anyOf' failed\n    - at '/a/b': got number, want string\n",
        ),
        (
            r#"{"$schema":"http://json-schema.org/draft-07/schema","properties":{"a":{"format":"email","minLength":30}}}"#,
            "a: x",
            "- at '/a': 'x' is not valid email: missing @\n",
        ),
    ] {
        assert_eq!(report(schema, values), expected, "{schema}");
    }
    let expected = "\"file:///values.schema.json#\" is not valid against metaschema: jsonschema validation failed with \
                    'https://json-schema.org/draft/2020-12/schema#'\n- at '': 'allOf' failed\n  \
                    - at '/properties': got array, want object";
    assert_eq!(report(r#"{"properties":[]}"#, "a: 1"), expected);
}
