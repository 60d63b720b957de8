//! The head of a manifest: all that Helm wants to know of a rendered document.

use value::{Map, Text, Value};

use crate::decode::Decoded;
use crate::error::Error;
use crate::read::decode;
use crate::shape::{Field, Shape, Struct};
use crate::skim::skim;

/// What Helm reads of every rendered document: `util.SimpleHead`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Head {
    /// `apiVersion`; empty if there is none.
    pub api_version: Text,
    /// `kind`; empty if there is none.
    pub kind: Text,
    /// `metadata`, if there is one.
    pub metadata: Option<Metadata>,
}

/// The `metadata` of a [`Head`].
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Metadata {
    /// `name`; empty if there is none.
    pub name: Text,
    /// `annotations` in the order of their keys; `None` if there are none, which is not the same as an empty map.
    pub annotations: Option<Vec<(Text, Text)>>,
}

static METADATA: Struct = Struct {
    go_name: r#"struct { Name string "json:\"name\""; Annotations map[string]string "json:\"annotations\"" }"#,
    fields: &[
        Field { name: "name", shape: Shape::Str },
        Field { name: "annotations", shape: Shape::Map(&Shape::Str) },
    ],
};

static SIMPLE_HEAD: Struct = Struct {
    go_name: "util.SimpleHead",
    fields: &[
        Field { name: "apiVersion", shape: Shape::Str },
        Field { name: "kind", shape: Shape::Str },
        Field { name: "metadata", shape: Shape::Pointer(&Shape::Struct(&METADATA)) },
    ],
};

/// The head of the first document of `document`.
///
/// # Errors
/// Exactly those of `sigs.k8s.io/yaml`'s `Unmarshal` of the whole document into `util.SimpleHead`.
///
/// Cost: one pass that builds no nodes for text as templates usually write it; what is unusual is read in full.
pub fn head(document: &[u8]) -> Result<Head, Error> {
    match skim(document) {
        Some(head) => Ok(head),
        None => decode_head(document),
    }
}

fn decode_head(document: &[u8]) -> Result<Head, Error> {
    let Decoded { value, error } = decode(document, Shape::Struct(&SIMPLE_HEAD), false);
    match (error, value) {
        (Some(error), _) => Err(error),
        (None, Value::Map(map)) => Ok(head_of(&map)),
        (None, _) => Ok(Head::default()),
    }
}

/// The value of `metadata` alone; `None` if it cannot be decoded.
pub(crate) fn metadata(text: &[u8]) -> Option<Metadata> {
    match decode(text, Shape::Struct(&METADATA), false) {
        Decoded { value: Value::Map(map), error: None } => Some(metadata_of(&map)),
        _ => None,
    }
}

fn head_of(map: &Map) -> Head {
    let metadata = match map.get("metadata") {
        Some(Value::Map(metadata)) => Some(metadata_of(&metadata)),
        _ => None,
    };
    Head { api_version: text_of(map, "apiVersion"), kind: text_of(map, "kind"), metadata }
}

fn metadata_of(map: &Map) -> Metadata {
    let annotations = match map.get("annotations") {
        Some(Value::Map(annotations)) if !annotations.is_nil() => {
            let entries = annotations.entries().into_iter();
            Some(entries.filter_map(|(key, value)| Some((key, value.as_text()?.clone()))).collect())
        }
        _ => None,
    };
    Metadata { name: text_of(map, "name"), annotations }
}

fn text_of(map: &Map, name: &str) -> Text {
    match map.get(name) {
        Some(Value::Str(text)) => text,
        _ => Text::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pieces of manifests, and of what skimming has to refuse.
    const LINES: &[&str] = &[
        "apiVersion: v1",
        "kind: Pod",
        "Kind: x",
        "metadata:",
        "metadata: {}",
        "name: a",
        "name: 5",
        "name: \"q\"",
        "annotations:",
        "a/b: \"true\"",
        "a/b: 1",
        "x: y z",
        "spec:",
        "- a",
        "-",
        "- k: v",
        "- - x",
        "- |",
        "b: |",
        "c: >-",
        "d: [a, \"b\", {c: d}]",
        "e: {f: g, \"h\": [1, 2]}",
        "i: {a: }",
        "j: {a:b}",
        "text of a block",
        "# comment",
        "",
        "   ",
        "k: \"multi",
        "line\"",
        "l: 'it''s'",
        "m: 'open",
        "close' # c",
        "n: .inf",
        "~: x",
        "null: x",
        "y: n",
        "18446744073709551615: x",
        "o: a: b",
        "p: a #b",
        "q: a#b",
        "r: a:b",
        "s : t",
        "\"u v\": w",
        "'x': y",
        "<<: {a: b}",
        "&a b: c",
        "*a",
        "!t x",
        "t: !!str 5",
        "? k",
        ": v",
        "---",
        "...",
        "%YAML 1.1",
        "@",
        "tab\t: x",
        "\tx: y",
        "z: a\tb",
        "{a: b}",
        "[a]: b",
        "aa: \"\\n\\x41\"",
        "bb: \"\\q\"",
        "cc: \"x\" y",
        "dd: - e",
        "ee: |2",
        "ff: |\t",
        "gg: >+ # c",
        "hh: 'a': b",
        "ii: {a, b}",
        "jj: [a, , b]",
        "kk: [a",
        "b]",
        "metadata: ~",
        "annotations: ~",
        "kind: [x]",
        "- ? a",
        "-- x",
        "kind: yes",
        "name: ~",
        "a/b: |",
        "ll: [- a]",
        "mm: [.nan]",
        "nn: {.inf: a}",
        "oo: -.Inf",
        "pp: |-",
        "- \"a",
        "\"qq",
        "rr: []",
        "labels: {a: b}",
        "é: ü",
        "kind: é",
        "\u{17f}pec: x",
        "metadata: {name: x}",
        "metadata: {\"annotations\":{\"a/b\":\"c\\n\"},\"name\":\"x\"}",
        "metadata: {\"annotations\":{\"a/b\":1}}",
        "uu: {\"a\":-1,\"b\":[\"\\u0041\",null,1e5],\"c\":{}}",
        "ss:\n",
        "tt: |\n\n",
        "- |\n   x\n  y",
    ];

    /// A small generator, so that a failure can be repeated.
    struct Random(u64);

    impl Random {
        fn below(&mut self, limit: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) as usize % limit
        }
    }

    fn manifest(random: &mut Random) -> String {
        let mut text = String::new();
        let mut indent = 0;
        for _ in 0..=random.below(9) {
            indent = match random.below(8) {
                0..=2 => indent,
                3 | 4 => indent + 2,
                5 => indent + 1,
                6 => indent - indent.min(2),
                _ => 0,
            };
            text.push_str(&" ".repeat(indent));
            text.push_str(LINES[random.below(LINES.len())]);
            if random.below(12) > 0 {
                text.push('\n');
            }
        }
        text
    }

    #[test]
    fn skimming_agrees_with_the_full_reader() {
        let mut random = Random(7);
        let mut skimmed = 0;
        for _ in 0..40_000 {
            let text = manifest(&mut random);
            if let Some(head) = skim(text.as_bytes()) {
                skimmed += 1;
                assert_eq!(Ok(head), decode_head(text.as_bytes()), "{text:?}");
            }
        }
        assert!(skimmed > 1_000, "only {skimmed} texts were skimmed");
    }

    /// Pieces of flow collections.
    const PIECES: &[&str] = &[
        "{",
        "{",
        "}",
        "}",
        "[",
        "]",
        ",",
        ",",
        ":",
        ": ",
        " ",
        "-",
        "- ",
        "?",
        "#",
        "a",
        "\"b\"",
        "'c'",
        "-1",
        "-x",
        "1e5",
        "\"\\n\"",
        "\"\\u0041\"",
        "\"\\ud801\"",
        "\"\\uDBFFx\"",
        "\"\\/\"",
        "\"\\\"\"",
        "\"name\":",
        "\"annotations\":{",
        "\"x/y\":\"z\"",
        "name: ",
        "\"k\":",
        "\"k\": ",
        "k: ",
        "'k':",
        "k:",
        "null",
        ".inf",
        "é",
        "&a ",
        "*a",
        "!!str ",
    ];

    #[test]
    fn skimming_of_flow_collections_agrees_with_the_full_reader() {
        let mut random = Random(11);
        let mut skimmed = 0;
        for _ in 0..200_000 {
            let key = ["metadata: {", "spec: {", "a: [", "kind: {"][random.below(4)];
            let middle: String = (0..random.below(7)).map(|_| PIECES[random.below(PIECES.len())]).collect();
            let end = ["}", "}", "]", "}}"][random.below(4)];
            let text = format!("{key}{middle}{end}\nkind: Pod\n");
            if let Some(head) = skim(text.as_bytes()) {
                skimmed += 1;
                assert_eq!(Ok(head), decode_head(text.as_bytes()), "{text:?}");
            }
        }
        assert!(skimmed > 2_000, "only {skimmed} texts were skimmed");
    }

    #[test]
    fn the_text_of_usual_manifests_is_skimmed() {
        let text = "# Source: x\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  annotations:\n    b: \"2\"\n    \
            a/c: x\n    b: z\n  labels: {a: b}\nspec:\n  template:\n    spec:\n      containers:\n      - name: web\n        \
            image: \"nginx:1.27\"\n        args: [\"-c\", \"x y\"]\n        command:\n          - sh\n          - -c\n          \
            - |\n            echo a: b\n\n            exit\n      volumes: []\n      description: words that\n        go on\n  \
            replicas: 2 # two\n";
        let head = skim(text.as_bytes()).expect("nothing in this text is unusual");
        assert_eq!((&head.api_version, &head.kind), (&"apps/v1".into(), &"Deployment".into()));
        let metadata = head.metadata.clone().expect("there is metadata");
        assert_eq!(metadata.name, "web");
        assert_eq!(metadata.annotations, Some(vec![("a/c".into(), "x".into()), ("b".into(), "z".into())]));
        assert_eq!(Ok(head), decode_head(text.as_bytes()));
    }

    #[track_caller]
    fn check_error(text: &str, sentence: &str) {
        assert_eq!(head(text.as_bytes()).map_err(|error| error.message()), Err(sentence.into()), "{text:?}");
    }

    #[test]
    fn what_does_not_fit_is_named_in_gos_words() {
        let decoding = "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal";
        check_error("- a", &format!("{decoding} array into Go value of type util.SimpleHead"));
        check_error(
            "metadata: {annotations: {a/b: {}}}",
            &format!("{decoding} object into Go struct field .metadata.annotations.a~1b of type string"),
        );
        check_error(
            "metadata: {annotations: {\"12\": []}}",
            &format!("{decoding} array into .metadata.annotations.12 of type string"),
        );
        check_error(
            "metadata: 1",
            &format!(
                "{decoding} number into Go struct field .metadata of type struct {{ Name string \"json:\\\"name\\\"\"; \
             Annotations map[string]string \"json:\\\"annotations\\\"\" }}"
            ),
        );
        check_error("a: .inf\nb: .nan", "error converting YAML to JSON: json: unsupported value: +Inf");
        check_error(
            "a: 1\nb: c: d",
            "error converting YAML to JSON: yaml: line 2: mapping values are not allowed in this context",
        );
    }

    #[test]
    fn scalars_become_text() {
        let head = head(b"apiVersion: 1.10\nKIND: yes\nmetadata: {name: 1e6, annotations: {a: ~, 1: .inf}}")
            .expect("it fits");
        assert_eq!((&head.api_version, &head.kind), (&"1.1".into(), &"true".into()));
        let metadata = head.metadata.expect("there is metadata");
        assert_eq!(metadata.name, "1e+06");
        assert_eq!(metadata.annotations, Some(vec![("1".into(), "+Inf".into()), ("a".into(), Text::new())]));
    }
}
