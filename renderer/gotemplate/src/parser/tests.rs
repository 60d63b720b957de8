//! Answers recorded from Go's parser.

use source::SourceId;
use value::Text;

use crate::func::{Call, FuncMap};

fn errors(text: &str) -> Vec<String> {
    let mut funcs = FuncMap::new();
    funcs.add("upper", |_: &mut Call<'_>, text: Text| text);
    let parsed = super::parse(&"t".into(), SourceId(0), &text.into(), &funcs);
    parsed.errors.iter().map(ToString::to_string).collect()
}

#[test]
fn the_first_error_is_gos() {
    for (text, want) in [
        ("{{ .Values.foo-bar }}", "template: t:1: bad character U+002D '-'"),
        ("{{ foo\n bar }}", "template: t:1: function \"foo\" not defined"),
        ("{{ upper\n\"x\"\nfoo }}", "template: t:3: function \"foo\" not defined"),
        ("{{ 08 }}", "template: t:1: integer overflow: \"08\""),
        ("{{ 1_ }}", "template: t:1: illegal number syntax: \"1_\""),
        ("{{ .l.0 }}", "template: t:1: unexpected \".0\" in operand"),
        ("{{ /* x */ }}", "template: t:1: unexpected \"/\" in command"),
        ("{{ upper\n \"abc\n }}", "template: t:2: unterminated quoted string in action started at t:1"),
        ("{{ upper\n", "template: t:2: unclosed action started at t:1"),
        (
            "{{ if .a }}\n{{ define \"x\" }}{{ end }}{{ end }}",
            "template: t:2: unexpected <define> in command",
        ),
        ("{{ .a | 1 }}", "template: t:1: non executable command in pipeline stage 2"),
        ("{{ break }}", "template: t:1: {{break}} outside {{range}}"),
        ("{{ $x }}", "template: t:1: undefined variable \"$x\""),
        ("{{ true.x }}", "template: t:1: unexpected . after term \"true\""),
        ("{{ with .a }}{{ else if .b }}{{ end }}", "template: t:1: unexpected <if> in input"),
        ("{{ range $a, 1 }}", "template: t:1: range can only initialize variables"),
        ("{{ block \"b\" . }}\n{{ else }}", "template: t:1: unexpected {{else}} in block clause"),
        ("{{ \"a long string\" \"b\" @ }}", "template: t:1: unexpected \"@\" in operand"),
        ("{{ template \"a long string\" \"b\" | }}{{ (", "template: t:1: unclosed action"),
        (
            "{{define \"a\"}}1{{end}}{{define \"a\"}}2{{end}}",
            "template: t:1: template: multiple definition of template \"a\"",
        ),
    ] {
        assert_eq!(errors(text).first().map(String::as_str), Some(want), "{text}");
    }
}

#[test]
fn an_editor_sees_all_errors() {
    let text = "{{ foo }}\n{{ if . | }}\n{{ .a-b }}\n{{ end }}\n{{ $x }}{{ end }}\n";
    assert_eq!(
        errors(text),
        [
            "template: t:1: function \"foo\" not defined",
            "template: t:3: bad character U+002D '-'",
            "template: t:5: undefined variable \"$x\"",
            "template: t:5: unexpected {{end}}",
        ]
    );
    // The unfinished action ends where the next one starts.
    assert_eq!(errors("{{ if .a\n{{ bar }}{{ end }}").len(), 2);
}

#[test]
fn a_blank_definition_neither_clashes_nor_replaces() {
    assert!(errors("{{define \"a\"}}1{{end}}{{define \"a\"}} {{/* c */}}{{end}}").is_empty());
    assert!(errors("{{define \"t\"}}1{{end}} \n").is_empty());
}

#[test]
fn a_definition_takes_no_variable_along() {
    assert!(errors("{{$a := 1}}{{define \"d\"}}{{$b := 1}}{{end}}{{$a}}").is_empty());
    assert!(errors("{{$a := 1}}{{block \"d\" .}}{{$b := 1}}{{end}}{{$a}}").is_empty());
    assert_eq!(errors("{{define \"d\"}}{{$b := 1}}{{end}}{{$b}}").len(), 1);
}

#[test]
fn nesting_needs_no_stack() {
    let deep = std::thread::Builder::new().stack_size(512 * 1024).spawn(|| {
        let ifs = "{{if .}}".repeat(100_000) + &"{{end}}".repeat(100_000);
        assert!(errors(&ifs).is_empty());
        let chain = "{{if .}}".to_owned() + &"{{else if .}}".repeat(100_000) + "{{end}}";
        assert!(errors(&chain).is_empty());
        let parens = "{{".to_owned() + &"(".repeat(10_000) + "1" + &")".repeat(10_000) + "}}";
        assert!(errors(&parens).is_empty());
        let too_deep = "{{".to_owned() + &"(".repeat(100_000) + "1" + &")".repeat(100_000) + "}}";
        assert_eq!(errors(&too_deep), ["template: t:1: max expression depth exceeded"]);
    });
    deep.unwrap().join().unwrap();
}
