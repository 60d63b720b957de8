//! `--jsonpath`: kubectl's paths into values.
//!
//! Source: k8s.io/client-go v0.37.1 `util/jsonpath`; k8s.io/cli-runtime `pkg/printers/jsonpath.go`.

mod evaluate;
mod parse;

use value::Value;

use crate::Error;

/// The text that a path template makes of a value. What goes wrong while it is evaluated leaves no text, as in Helm.
///
/// # Errors
/// `jsonpath-invalid`: the template cannot be read.
pub(super) fn choose(template: &str, data: &Value) -> Result<Vec<u8>, Error> {
    let nodes = parse::parse(template, 0)
        .map_err(|why| Error::new("jsonpath-invalid", format!("error parsing jsonpath {template}: {why}")))?;
    Ok(evaluate::evaluate(&nodes, data))
}

/// A step of a path.
#[derive(Debug)]
enum Node {
    /// `[1:3]`, `[*]`
    Array([Bound; 3]),
    Bool(bool),
    /// `.name`
    Field(String),
    /// `[?(@.a == 1)]`
    Filter {
        left: Vec<Node>,
        right: Vec<Node>,
        operator: String,
    },
    Float(f64),
    /// `range`, `end`
    Identifier(String),
    Int(i64),
    /// What stands between braces.
    List(Vec<Node>),
    /// `..`
    Recursive,
    Text(String),
    /// `[0,2]`
    Union(Vec<Vec<Node>>),
    /// `.*`
    Wildcard,
}

/// The start, end or step of a slice.
#[derive(Clone, Copy, Debug, Default)]
struct Bound {
    value: i64,
    is_known: bool,
    /// Not written: one behind the start.
    is_derived: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the binary prints.
    #[test]
    fn paths_choose_among_values() {
        let values = crate::chart::load_values(
            &"{a: {b: [1, x, {c: true}], d: null}, l: [{k: p, v: 1.5}, {k: q, v: 2}]}".into(),
        );
        let values = Value::Map(values.unwrap());
        for (template, text) in [
            ("{.a.b[0]} and {.a.b[1]}", "1 and x"),
            ("{.a}", r#"{"b":[1,"x",{"c":true}],"d":null}"#),
            ("{.a.d}", "null"),
            ("{.nope}", ""),
            ("{.l[*].k}", "p q"),
            ("{.l[-1].k}{.l[0:2].v}", "q1.5 2"),
            ("{.l[0,1]['k']}", "p q"),
            (r#"{range .l[*]}{.k}={.v}{"\n"}{end}!"#, "p=1.5\nq=2\n!"),
            (r#"{.l[?(@.k=="q")].v}"#, "2"),
            ("{.l[?(@.v>1.7)].k}", "q"),
            ("{.l[?(@.v==2)].k}", ""),
            ("{..k}", "p q"),
            ("{.l[5]}", ""),
            ("plain", "plain"),
        ] {
            let got = choose(template, &values).unwrap();
            assert_eq!(String::from_utf8_lossy(&got), text, "{template}");
        }
        for (template, why) in [
            ("{.a", "unclosed action"),
            ("{!}", "unrecognized character in action: U+0021 '!'"),
            ("{.a\t}", "unrecognized character in action: U+0009"),
            ("{.a[x]}", "invalid array index x"),
            ("{.a[1}", "unterminated array"),
            ("{\"a}", "unterminated quoted string"),
            ("{....a}", "invalid multiple recursive descent"),
            ("{1.2.3}", "cannot parse number 1.2.3"),
            ("{.a[?(@.b)}", "unclosed array expect ]"),
        ] {
            let error = choose(template, &values).unwrap_err().to_string();
            assert_eq!(error, format!("error parsing jsonpath {template}: {why}"));
        }
    }
}
