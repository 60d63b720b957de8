//! Answers recorded from Go's executor with Helm's `include` and `tpl`, and the limits.

use std::any::Any;
use std::rc::Rc;

use source::{SourceId, Span};
use value::{Kind, List, Map, MapType, Method, Object, Origin, Text, Type, Value};

use crate::func::{Body, Call, Func, FuncMap};
use crate::{Cause, ExecError, Failure, Fuel, Host, Include, Machine, Mark, Nobody, TemplateSet, parse};

#[derive(Debug)]
struct KubeVersion;

impl Object for KubeVersion {
    fn type_name(&self) -> &'static str {
        "common.KubeVersion"
    }
    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("Version", "v1.2.3-x".into()), ("normalizedVersion", "v1.2.3".into())]
    }
    fn display_addressable(&self) -> Option<Text> {
        Some("v1.2.3".into())
    }
    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().is::<Self>()
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[derive(Debug)]
struct Capabilities;

impl Object for Capabilities {
    fn type_name(&self) -> &'static str {
        "*common.Capabilities"
    }
    fn kind(&self) -> Kind {
        Kind::Ptr
    }
    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("KubeVersion", Value::from(Rc::new(KubeVersion)))]
    }
    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().is::<Self>()
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn methods(map: &Map, name: &str) -> Option<Method> {
    let map = map.clone();
    (name == "PathValue").then(|| Method {
        params: &[Type::Str],
        call: Rc::new(move |args| {
            let key = args[0].as_text().cloned().unwrap_or_default();
            map.get(&key).ok_or_else(|| "no such path".into())
        }),
    })
}

fn funcs() -> FuncMap {
    let mut funcs = FuncMap::new();
    funcs.add("upper", |_: &mut Call<'_>, text: Text| text.to_string_lossy().to_uppercase());
    funcs.add("list", |_: &mut Call<'_>, items: crate::Rest| items.0);
    funcs.add("fail", |_: &mut Call<'_>, text: Text| -> Result<Text, Failure> { Err(Failure::Fail(text)) });
    for (name, body) in [("include", Body::Include), ("tpl", Body::Tpl)] {
        funcs.insert(name, Func { params: vec![Type::Str, Type::Any], variadic: None, body });
    }
    funcs
}

fn data() -> Value {
    let values = Map::from_iter([("s", Value::from("str")), ("n", Value::Nil), ("f", Value::Float64(1.5))])
        .retyped(MapType::Values);
    values.insert("l", vec![Value::Int(1), "a".into(), Value::Nil]);
    values.insert("m", Map::from_iter([("x", Value::Int(1)), ("w", Value::Int(2))]));
    values.insert("strings", List::strings(["p", "q"]));
    let root = Map::with_type(MapType::Values);
    root.insert("Values", values);
    root.insert("Cap", Value::from(Rc::new(Capabilities)));
    root.into()
}

fn run_with(text: &str, host: &mut dyn Host, fuel: &mut Fuel) -> Result<Text, ExecError> {
    with_machine(text, |machine| machine.execute(&"t".into(), data(), host, fuel))
}

fn heard(text: &str, ears: &mut Ears) -> Result<Text, ExecError> {
    with_machine(text, |machine| machine.execute_heard(&"t".into(), data(), ears, &mut Fuel::endless()))
}

fn with_machine<T>(text: &str, run: impl FnOnce(&mut Machine<'_>) -> T) -> T {
    let funcs = funcs();
    let (file, errors) = parse(&"t".into(), SourceId(0), &text.into(), &funcs);
    assert_eq!(errors, [], "{text}");
    let mut set = TemplateSet::new();
    set.add(&file);
    run(&mut Machine::new(&set, &funcs, methods))
}

fn run(text: &str) -> String {
    match run_with(text, &mut Nobody, &mut Fuel::endless()) {
        Ok(text) => text.to_string(),
        Err(error) => format!("E {error}"),
    }
}

#[test]
fn templates_print_what_go_prints() {
    for (text, want) in [
        ("{{ .Values.n }}{{ .Values.zz }}", "<no value><no value>"),
        ("{{ range $i, $e := .Values.l }}{{ $i }}={{ $e }} {{ end }}", "0=1 1=a 2=<no value> "),
        ("{{ range .Values.m }}{{ . }}{{ else }}no{{ end }}", "21"),
        ("{{ range 3 }}{{ if eq . 1 }}{{ continue }}{{ end }}{{ . }}{{ end }}", "02"),
        ("{{ range $k, $v := .Values.m }}{{ $k }}{{ break }}{{ end }}", "w"),
        ("{{ range .Values.zz }}x{{ else }}no{{ end }}", "no"),
        ("{{ with .Values.zz }}x{{ else with .Values.s }}{{ . }}{{ end }}", "str"),
        ("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ $x := 3 }}{{ $x }}{{ end }}{{ $x }}", "32"),
        ("{{ define \"a\" }}[{{ . }}]{{ end }}{{ include \"a\" 1 | upper }}{{ template \"a\" 2 }}", "[1][2]"),
        ("{{ block \"b\" .Values.s }}<{{ . }}>{{ end }}", "<str>"),
        ("{{ or .Values.n \"d\" }}{{ and 1 0 2 }}{{ 0 | or .Values.n }}", "d00"),
        ("{{ or .Values.n ($w := 4) }}{{ $w }}", "44"),
        ("{{ (.Values.zz).a.b }}{{ $x := .Values.zz }}{{ $x.y }}", "<no value><no value>"),
        ("{{ .Cap.KubeVersion }} {{ print .Cap.KubeVersion }}", "v1.2.3 {v1.2.3-x v1.2.3}"),
        ("{{ .Values.PathValue \"s\" }}{{ \"f\" | .Values.PathValue }}", "str1.5"),
        ("{{ tpl \"{{ .Values.s }}{{ .Values.n }}\" . }}", "str"),
        (
            "{{ define \"h\" }}1{{ end }}{{ tpl \"{{define \\\"h\\\"}}2{{end}}{{include \\\"h\\\" .}}\" . }}{{ include \"h\" . }}",
            "21",
        ),
        ("{{ print 1 2 \"a\" nil true }}{{ len .Values.s }}{{ index .Values.l 1 }}", "1 2a<nil> true3a"),
        (
            "{{ html \"<a&'\\\">\" }}{{ js \"<'\\n\" }}{{ urlquery \"a b/é\" }}",
            "&lt;a&amp;&#39;&#34;&gt;\\u003C\\'\\u000Aa+b%2F%C3%A9",
        ),
        ("{{ 'a' }} {{ 0x1F }} {{ 1e3 }} {{ 1+2i }} {{ 3.0 }}", "97 31 1000 (1+2i) 3"),
    ] {
        assert_eq!(run(text), want, "{text}");
    }
}

#[test]
fn errors_are_gos_to_the_byte() {
    for (text, want) in [
        (
            "{{ .Values.a.b }}",
            "template: t:1:10: executing \"t\" at <.Values.a.b>: nil pointer evaluating interface {}.b",
        ),
        (
            "{{ .Values.s.b }}",
            "template: t:1:10: executing \"t\" at <.Values.s.b>: can't evaluate field b in type interface {}",
        ),
        (
            "{{ $x := .Values.s }}\n {{ $x.b }}",
            "template: t:2:6: executing \"t\" at <$x.b>: can't evaluate field b in type string",
        ),
        (
            "{{ upper .Values.f }}",
            "template: t:1:16: executing \"t\" at <.Values.f>: wrong type for value; expected string; got float64",
        ),
        (
            "{{ .Values.n | upper }}",
            "template: t:1:15: executing \"t\" at <upper>: invalid value; expected string",
        ),
        (
            "{{ upper .Values.n }}",
            "template: t:1:16: executing \"t\" at <.Values.n>: wrong type for value; expected string; got interface {}",
        ),
        ("{{ upper 1 }}", "template: t:1:9: executing \"t\" at <1>: expected string; found 1"),
        ("{{ upper nil }}", "template: t:1:9: executing \"t\" at <nil>: cannot assign nil to string"),
        (
            "{{ upper }}",
            "template: t:1:3: executing \"t\" at <upper>: wrong number of args for upper: want 1 got 0",
        ),
        (
            "{{ index .Values \"a\" \"b\" }}",
            "template: t:1:3: executing \"t\" at <index .Values \"a\" \"b\">: error calling index: index of nil pointer",
        ),
        (
            "{{ (index .Values \"s\").x.y }}",
            "template: t:1:18: executing \"t\" at <\"s\">: can't evaluate field x in type string",
        ),
        (
            "{{ template \"no\" . }}",
            "template: t:1:12: executing \"t\" at <{{template \"no\" .}}>: template \"no\" not defined",
        ),
        (
            "{{ include \"no\" . }}",
            "template: t:1:3: executing \"t\" at <include \"no\" .>: error calling include: template: no template \"no\" associated with template \"gotpl\"",
        ),
        (
            "{{ range .Values.s }}{{ end }}",
            "template: t:1:16: executing \"t\" at <.Values.s>: range can't iterate over str",
        ),
        (
            "{{ range $a, $b := 3 }}{{ end }}",
            "template: t:1:19: executing \"t\" at <3>: can't use 3 to iterate over more than one variable",
        ),
        ("{{ nil }}", "template: t:1:3: executing \"t\" at <nil>: nil is not a command"),
        ("{{ $q = 1 }}", "template: t:1:8: executing \"t\" at <1>: undefined variable: $q"),
        (
            "{{ .Values.s 1 }}",
            "template: t:1:10: executing \"t\" at <.Values.s>: s is not a method but has arguments",
        ),
        (
            "{{ .Cap.Foo }}",
            "template: t:1:7: executing \"t\" at <.Cap.Foo>: can't evaluate field Foo in type interface {}",
        ),
        (
            "{{ .Cap.KubeVersion.normalizedVersion }}",
            "template: t:1:7: executing \"t\" at <.Cap.KubeVersion.normalizedVersion>: normalizedVersion is an unexported field of struct type common.KubeVersion",
        ),
        (
            "{{ .Values.PathValue \"q\" }}",
            "template: t:1:10: executing \"t\" at <.Values.PathValue>: error calling PathValue: no such path",
        ),
        (
            "{{ len (or .Values.zz .Values.f) }}",
            "template: t:1:3: executing \"t\" at <len (or .Values.zz .Values.f)>: error calling len: len of type float64",
        ),
        (
            "{{ eq .Values.f 1 }}",
            "template: t:1:3: executing \"t\" at <eq .Values.f 1>: error calling eq: incompatible types for comparison: float64 and int",
        ),
        (
            "{{ 9223372036854775808 }}",
            "template: t:1:3: executing \"t\" at <9223372036854775808>: 9223372036854775808 overflows int",
        ),
        (
            "{{ upper (or .Values.f .Values.s) }}",
            "template: t:1:20: executing \"t\" at <.Values.f>: wrong type for value; expected string; got float64",
        ),
        (
            "{{ tpl \"{{ .x.y }}\" . }}",
            "template: t:1:3: executing \"t\" at <tpl \"{{ .x.y }}\" .>: error calling tpl: error during tpl function execution for \"{{ .x.y }}\": template: gotpl:1:5: executing \"gotpl\" at <.x.y>: nil pointer evaluating interface {}.y",
        ),
        (
            "{{ tpl \"{{ foo }}\" . }}",
            "template: t:1:3: executing \"t\" at <tpl \"{{ foo }}\" .>: error calling tpl: cannot parse template \"{{ foo }}\": template: gotpl:1: function \"foo\" not defined",
        ),
        (
            "{{ define \"a\" }}\n{{ .x.y }}{{ end }}{{ include \"a\" . }}",
            "template: t:2:22: executing \"t\" at <include \"a\" .>: error calling include: template: t:2:5: executing \"a\" at <.x.y>: nil pointer evaluating interface {}.y",
        ),
    ] {
        assert_eq!(run(text), format!("E {want}"), "{text}");
    }
}

#[test]
fn an_error_carries_its_structure() {
    let text = "{{ define \"a\" }}{{ fail \"no: way\" }}{{ end }}{{ define \"b\" }}{{ template \"a\" }}{{ end }}{{ include \"b\" . }}";
    let error = run_with(text, &mut Nobody, &mut Fuel::endless()).unwrap_err();
    assert_eq!(error.cause, Cause::Fail("no: way".into()));
    let at: Vec<_> = error.steps.iter().map(|step| (step.place.column, step.function.clone())).collect();
    assert_eq!(at, [(91, Some("include".into())), (19, Some("fail".into()))]);
    let way: Vec<_> = error.trace.iter().map(|point| point.what.as_str()).collect();
    assert_eq!(way, ["template `a`", "include `b`"]);
}

#[test]
fn limits_have_a_sentence_and_need_no_stack() {
    let deep = std::thread::Builder::new().stack_size(512 * 1024).spawn(|| {
        let includes = run("{{ define \"h\" }}{{ include \"h\" . }}{{ end }}{{ include \"h\" . }}");
        assert!(includes.ends_with(
            "error calling include: rendering template has a nested reference name: h: unable to execute template"
        ));
        assert_eq!(includes.matches("error calling include: ").count(), 1002);
        assert_eq!(
            run("{{ define \"h\" }}{{ template \"h\" . }}{{ end }}{{ template \"h\" . }}"),
            "E template: t:1:28: executing \"h\" at <{{template \"h\" .}}>: exceeded maximum template depth (100000)"
        );
        let tpl = run("{{ define \"h\" }}{{ tpl \"{{ include \\\"x\\\" . }}\" . }}{{ end }}{{ tpl \"{{ tpl .Values.s . }}\" . }}");
        assert_eq!(tpl, "str");
        let own = run("{{ $d := list 0 }}{{ tpl \"{{ template \\\"gotpl\\\" . }}\" . }}");
        assert!(own.contains("exceeded maximum template depth (100000)"), "{own}");
        let ifs = "{{if .}}".repeat(100_000) + "x" + &"{{end}}".repeat(100_000);
        assert_eq!(run(&ifs), "x");
        let withs = "{{with .}}".repeat(50_000) + "x" + &"{{end}}".repeat(50_000);
        assert_eq!(run(&withs), "x");
        let parens = "{{".to_owned() + &"(".repeat(10_000) + ".Values.a.b" + &")".repeat(10_000) + "}}";
        assert!(run(&parens).contains("nil pointer evaluating interface {}.b"));
        let ors = "{{".to_owned() + &"or (".repeat(9_000) + "1" + &")".repeat(9_000) + "}}";
        assert_eq!(run(&ors), "1");
    });
    deep.unwrap().join().unwrap();
}

#[test]
fn a_text_that_runs_itself_ends() {
    let mut funcs = funcs();
    funcs.add("me", |_: &mut Call<'_>| "{{ tpl me . }}");
    let (file, _) = parse(&"t".into(), SourceId(0), &"{{ tpl me . }}".into(), &funcs);
    let mut set = TemplateSet::new();
    set.add(&file);
    let mut machine = Machine::new(&set, &funcs, methods);
    let error = machine.execute(&"t".into(), data(), &mut Nobody, &mut Fuel::endless()).unwrap_err();
    assert!(error.message().contains("`tpl` is nested more than 10000 deep"), "{}", error.message());
    drop(error);
}

#[test]
fn fuel_ends_a_loop_that_would_not() {
    let error =
        run_with("{{ range 9000000000 }}{{ end }}", &mut Nobody, &mut Fuel::limited(10_000)).unwrap_err();
    assert_eq!(error.cause, Cause::OutOfFuel);
}

#[derive(Default)]
struct Ears {
    reads: Vec<String>,
    emits: Vec<(u32, u32, u32)>,
    decisions: Vec<(u32, u32, u32)>,
    calls: Vec<String>,
    depth: usize,
    deepest: usize,
}

impl Host for Ears {
    fn read(&mut self, _: &Map, key: &[u8], answer: Option<&Value>, _: Mark) -> Mark {
        self.reads.push(format!("{}={}", String::from_utf8_lossy(key), answer.is_some()));
        Mark(self.reads.len() as u32)
    }
    fn emit(&mut self, at: Span, text: Text, mark: Mark) -> Text {
        self.emits.push((at.start, at.end, mark.0));
        text.written(Origin(self.emits.len() as u32), &[], &[], &[])
    }
    fn decide(&mut self, at: Span, _: &Value, mark: Mark, _: bool) -> Mark {
        self.decisions.push((at.start, at.end, mark.0));
        Mark(mark.0 * 1000)
    }
    fn called(&mut self, name: &[u8], _: &[Value], marks: &[Mark], _: &mut Value) -> Mark {
        let marks: Vec<u32> = marks.iter().map(|mark| mark.0).collect();
        self.calls.push(format!("{} {marks:?}", String::from_utf8_lossy(name)));
        Mark(100)
    }
    fn past(&mut self, passed: Mark, result: Mark) -> Mark {
        Mark(passed.0 * 10 + result.0)
    }
    fn include(&mut self, step: Include<'_>) {
        match step {
            Include::Enter { .. } => self.depth += 1,
            Include::Leave { .. } => self.depth -= 1,
        }
        self.deepest = self.deepest.max(self.depth);
    }
}

#[test]
fn a_host_hears_reads_includes_and_who_wrote_what() {
    let mut ears = Ears::default();
    let text =
        "{{ define \"a\" }}in{{ end }}x{{ .Values.q }}{{ include \"a\" . }}{{ tpl \"{{ .Values.s }}\" . }}";
    let out = heard(text, &mut ears).unwrap();
    assert_eq!(out, "x<no value>instr");
    assert_eq!(ears.reads, ["Values=true", "q=false", "Values=true", "s=true"]);
    // The text of the define is its own writer; that of a `tpl` has places of its own.
    assert_eq!(ears.emits, [(27, 28, 0), (28, 43, 2), (16, 18, 0), (43, 62, 0), (0, 15, 4), (62, 91, 0)]);
    assert_eq!((ears.depth, ears.deepest), (0, 1));
    let from: Vec<_> = out.pieces().map(|piece| (piece.len(), piece.from[0].0)).collect();
    assert_eq!(from, [(1, 1), (10, 2), (2, 3), (3, 5)]);
}

#[test]
fn marks_go_with_values_and_decisions_name_the_whole_statement() {
    let text = "{{ if or .Values.a .Values.s }}x{{ end }}{{ $x := .Values.s | print }}{{ $x }}";
    let mut ears = Ears::default();
    heard(text, &mut ears).unwrap();
    // `.Values.a` is the second read, `.Values.s` the fourth.
    assert_eq!(ears.decisions, [(0, 41, 24)]);
    assert_eq!(ears.calls, ["print [6]"]);
    // Behind an `or` the place depends on the run.
    let text = "{{ $x := or .Values.a .Values.s }}{{ if true }}{{ $x = and $x .Values.n }}{{ end }}";
    heard(text, &mut Ears::default()).unwrap();
    assert_eq!(ears.emits, [(31, 32, 0), (70, 78, 100)]);
}
