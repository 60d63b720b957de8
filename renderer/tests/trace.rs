//! What a recorded render knows: who wrote which byte, what was read for it, and what templates changed.

use std::rc::Rc;

use renderer::capabilities::Capabilities;
use renderer::chart::{File, load};
use renderer::render::{Engine, Fuel, Mode, ParseCache, Release, Rendered, Trace, prepare};
use renderer::source_map::{Explanation, SourceMap};
use renderer::value::Map;
use renderer::world::Preview;
use renderer::{functions, value::Text};

/// Renders a chart of these templates, and records.
fn traced(templates: &[(&str, &str)], values: &str) -> (Rendered, Rc<Trace>) {
    let mut files = vec![
        File::new("Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n"),
        File::new("values.yaml", values),
    ];
    files.extend(templates.iter().map(|(name, text)| File::new(format!("templates/{name}"), *text)));
    let mut log = Vec::new();
    let mut chart = load(files, &mut log).unwrap();
    let values = prepare(&mut chart, &Map::new(), None, &mut log).unwrap();
    let funcs = functions::table(Mode::Template);
    let mut trace = Trace::new();
    let mut engine = Engine {
        funcs: &funcs,
        cache: &mut ParseCache::default(),
        world: &mut Preview::default(),
        log: &mut log,
        fuel: Fuel::endless(),
        stop_at_first: false,
        trace: Some(&mut trace),
    };
    let (release, capabilities) = (Release::first("r", "default", false), Capabilities::default());
    let rendered = engine.render(&chart, &values, &release, &capabilities, &mut |_| true);
    (rendered, Rc::new(trace))
}

fn text_of(rendered: &Rendered, name: &str) -> Text {
    let file = rendered.files.iter().find(|file| *file.path == *format!("templates/{name}")).unwrap();
    file.result.clone().unwrap().unwrap()
}

/// The map of the template `a`, with the helpers of `_h`.
fn map_of(text: &str, helpers: &str, values: &str) -> SourceMap {
    let (rendered, trace) = traced(&[("a", text), ("_h", helpers)], values);
    let map = SourceMap::new(text_of(&rendered, "a"), trace);
    assert_eq!(map.attributed().0, map.text().len(), "{text}");
    map
}

/// `line:column` of each writer, with the calls around it, then `=` what it was made of, `?` what decided.
fn shown(part: &Explanation) -> String {
    let mut shown = Vec::new();
    for writer in &part.writers {
        let file = writer.at.path.trim_start_matches("templates/");
        let mut said = format!("{file}:{}:{}", writer.at.line, writer.at.column);
        for (name, at) in &writer.calls {
            said += &format!("<{name}@{}:{}", at.line, at.column);
        }
        shown.push(said);
    }
    shown.extend(part.data.iter().map(|place| format!("={place}")));
    shown.extend(part.control.iter().map(|place| format!("?{place}")));
    shown.join(" ")
}

/// What is known of the first place where `part` stands.
fn about(map: &SourceMap, part: &str) -> String {
    let text = map.text().to_string();
    let at = text.find(part).unwrap_or_else(|| panic!("{part:?} is not in {text:?}"));
    let mut said: Vec<String> = map.within(at as u32..(at + part.len()) as u32).iter().map(shown).collect();
    said.dedup();
    said.join(" | ")
}

#[test]
fn a_byte_names_its_action_and_its_values_through_every_pipeline() {
    let values =
        "name: web\nport: 80\nlist: [one, two]\ntext: 'x{{ .Values.name }}y'\nmap: {k: v, in: {m: deep}}\n";
    let mut wrong = Vec::new();
    for (text, part, want) in [
        ("text {{ .Values.name }} text", "web", "a:1:6 =.Values.name"),
        ("text {{ .Values.name }} text", "text ", "a:1:1"),
        ("{{ .Values.port }}", "80", "a:1:1 =.Values.port"),
        ("{{ .Values.name | upper | quote }}", "WEB", "a:1:1 =.Values.name"),
        ("{{ printf \"%s-%d\" .Values.name .Values.port }}", "web", "a:1:1 =.Values.name"),
        ("{{ printf \"%s-%d\" .Values.name .Values.port }}", "80", "a:1:1 =.Values.port"),
        ("{{ .Values.list | join \",\" }}", "two", "a:1:1 =.Values.list[1] ?.Values.list"),
        ("{{ range .Values.list }}{{ . }};{{ end }}", "two", "a:1:25 =.Values.list[1] ?.Values.list"),
        ("{{ .Values.nothing | default .Values.name }}", "web", "a:1:1 =.Values.name ?.Values.nothing"),
        (
            "{{ ternary .Values.name \"b\" (eq 80 (int .Values.port)) }}",
            "web",
            "a:1:1 =.Values.name ?.Values.port",
        ),
        ("{{ if .Values.port }}\nx: y\n{{ end }}", "x: y", "a:2:1 ?.Values.port"),
        ("{{ with .Values.map }}{{ .k }}{{ end }}", "v", "a:1:23 =.Values.map.k ?.Values.map"),
        ("{{ toYaml .Values.map }}", "deep", "a:1:1 =.Values.map.in.m"),
        ("{{ toYaml .Values.map | nindent 2 }}", "deep", "a:1:1 =.Values.map.in.m"),
        ("{{ toJson .Values.map }}", "deep", "a:1:1 =.Values.map.in.m"),
        ("{{ (toYaml .Values.map | fromYaml).in.m }}", "deep", "a:1:1 =.Values.map.in.m"),
        ("{{ (dict \"q\" .Values.map).q.k }}", "v", "a:1:1 =.Values.map.k"),
        ("{{ (merge (dict) .Values.map).in.m }}", "deep", "a:1:1 =.Values.map.in.m"),
        ("{{ (deepCopy .Values.map).in.m }}", "deep", "a:1:1 =.Values.map.in.m"),
        ("{{ get .Values.map \"k\" }}", "v", "a:1:1 =.Values.map.k"),
        ("{{ dig \"in\" \"m\" \"none\" .Values.map }}", "deep", "a:1:1 =.Values.map.in.m"),
        ("{{ index .Values.list 1 }}", "two", "a:1:1 =.Values.list[1]"),
        ("{{ $x := .Values.name }}\n{{ $x }}", "web", "a:2:1 =.Values.name"),
        ("{{ .Release.Name }}", "r", "a:1:1 =.Release.Name"),
        (
            "{{ range $k, $v := .Values.map.in }}{{ $k }}{{ end }}",
            "m",
            "a:1:37 =.Values.map.in.m (its name) ?.Values.map.in",
        ),
    ] {
        let said = about(&map_of(text, "", values), part);
        if said != want {
            wrong.push(format!("{text}: {said}, not {want}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_byte_written_in_a_helper_names_the_calls() {
    let helpers = "{{ define \"one\" }}app: {{ include \"two\" . }}\nz: 1{{ end }}\n\
                   {{ define \"two\" }}{{ .Values.name | trunc 2 }}{{ end }}";
    let values = "name: web\ntext: 'x{{ .Values.name }}y'\n";
    let mut wrong = Vec::new();
    for (text, part, want) in [
        ("a:\n  {{- include \"one\" . | nindent 2 }}", "app: ", "_h:1:19<one@2:7"),
        ("a:\n  {{- include \"one\" . | nindent 2 }}", "we", "_h:3:19<two@1:27<one@2:7 =.Values.name"),
        ("a:\n  {{- include \"one\" . | nindent 2 }}", "z: 1", "_h:2:1<one@2:7"),
        ("{{ template \"two\" . }}", "we", "_h:3:19<two@1:1 =.Values.name"),
        ("{{ regexReplaceAll \"e\" (include \"two\" .) \"-\" }}", "w", "_h:3:19<two@1:25 =.Values.name"),
        ("{{ include \"two\" . | sha256sum }}", "e", "_h:3:19<two@1:4 a:1:1 =.Values.name"),
        ("{{ printf \"%s!\" (include \"two\" .) | trim }}", "we", "_h:3:19<two@1:18 =.Values.name"),
        ("{{ tpl .Values.text . }}", "web", "a:1:4<gotpl@1:4 =.Values.name =.Values.text"),
        ("{{ tpl .Values.text . }}", "x", "a:1:4<gotpl@1:4 =.Values.text"),
    ] {
        let said = about(&map_of(text, helpers, values), part);
        if said != want {
            wrong.push(format!("{text}: {said}, not {want}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_writes_nothing_is_named_where_it_stands() {
    let values = "out: false\nempty: ''\nname: web\ntext: \"x{{ if .Values.out }}y{{ end }}z\"\n";
    let helpers = "{{ define \"suffix\" }}{{ if .Values.out }}-x{{ end }}{{ end }}";
    let mut wrong = Vec::new();
    for (text, part, want) in [
        ("a: {{ .Values.empty }}b\n", "b", "a:1:4 =.Values.empty | a:1:23"),
        ("a: {{ .Values.nothing }}b\n", "b", "a:1:4 =.Values.nothing | a:1:25"),
        ("a: b{{ if .Values.out }}-x{{ end }}\n", "b", "a:1:1 | a:1:5 ?.Values.out"),
        ("a: b{{ if .Values.out }}-x{{ end }}", "b", "a:1:1 | a:1:5 ?.Values.out"),
        ("a: b{{ range .Values.none }}-x{{ end }}c\n", "bc", "a:1:1 | a:1:5 ?.Values.none | a:1:40"),
        ("a: b{{ include \"suffix\" . }}\n", "b", "a:1:1 | _h:1:22<suffix@1:8 ?.Values.out"),
        ("a: b{{ template \"suffix\" . }}\n", "b", "a:1:1 | _h:1:22<suffix@1:5 ?.Values.out"),
        (
            "a: {{ tpl .Values.text . }}\n",
            "xz",
            "a:1:7<gotpl@1:7 =.Values.text | a:1:7<gotpl@1:7 ?.Values.out ?.Values.text | a:1:7<gotpl@1:7 =.Values.text",
        ),
        ("a: {{ .Values.empty | quote }}", "\"\"", "a:1:4 | a:1:4 =.Values.empty | a:1:4"),
        // Lines of their own are no part of those beside them.
        ("a: b\n{{- if .Values.out }}\nc: d\n{{- end }}\ne: f", "b", "a:1:1"),
        ("a: b\n{{- if .Values.out }}\nc: d\n{{- end }}\ne: f", "e: f", "a:5:1"),
        (
            "a: |\n  b\n  {{- if .Values.out }}\n  c\n  {{- end }}\n  d",
            "b\n  d",
            "a:2:1 | a:3:3 ?.Values.out | a:5:13 | a:6:1",
        ),
        // What only sets variables could write nothing.
        ("a: b{{ if .Values.out }}{{ $x := 1 }}{{ end }}", "b", "a:1:1"),
    ] {
        let said = about(&map_of(text, helpers, values), part);
        if said != want {
            wrong.push(format!("{text}: {said}, not {want}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_has_decided_about_a_text_decides_what_is_made_of_it() {
    let helpers = "{{ define \"mode\" }}{{ if .Values.up }}x{{ else }}y{{ end }}{{ end }}\
                   {{ define \"conf\" }}{{ dict \"k\" (include \"mode\" .) \"l\" .Values.name | toYaml }}{{ end }}\
                   {{ define \"nothing\" }}{{ if .Values.down }}x{{ end }}{{ end }}";
    let mut wrong = Vec::new();
    for (text, part, want) in [
        ("{{ if eq (include \"mode\" .) \"x\" }}1{{ end }}", "1", "a:1:35 ?.Values.up"),
        ("{{ if not (include \"nothing\" .) }}1{{ end }}", "1", "a:1:35 ?.Values.down"),
        ("{{ include \"nothing\" . | default \"none\" }}", "none", "a:1:1 ?.Values.down"),
        ("{{ (include \"conf\" . | fromYaml).k }}", "x", "a:1:1 ?.Values.up"),
        ("{{ (include \"conf\" . | fromYaml).l }}", "web", "a:1:1 =.Values.name"),
        (
            "{{ if (include \"conf\" . | fromYaml).none }}{{ else }}1{{ end }}",
            "1",
            "a:1:54 ?.Values.name ?.Values.up",
        ),
        ("{{ toYaml (include \"conf\" . | fromYaml) }}", "web", "a:1:1 =.Values.name"),
        // A text shows who wrote it.
        ("{{ include \"mode\" . | nindent 2 }}", "x", "_h:1:39<mode@1:4 ?.Values.up"),
        ("{{ include \"conf\" . | nindent 2 }}", "web", "_h:1:88<conf@1:4 =.Values.name"),
    ] {
        let said = about(&map_of(text, helpers, "up: true\ndown: false\nname: web\n"), part);
        if said != want {
            wrong.push(format!("{text}: {said}, not {want}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn text_that_a_loop_repeats_is_one_stretch() {
    let map = map_of("{{ range until 3 }}x{{ end }}", "", "");
    assert_eq!(map.at(1).unwrap().range, 0..3);
    assert_eq!(about(&map, "xxx"), "a:1:20");
}

#[test]
fn a_variable_depends_on_what_might_have_set_it() {
    for (text, want) in [
        ("{{ $x := 1 }}{{ if .Values.on }}{{ $x = 2 }}{{ end }}{{ $x }}", "a:1:54 ?.Values.on"),
        ("{{ $x := 1 }}{{ if .Values.off }}{{ $x = 2 }}{{ end }}{{ $x }}", "a:1:55 ?.Values.off"),
        ("{{ $x := 1 }}{{ if .Values.on }}{{ else }}{{ $x = 2 }}{{ end }}{{ $x }}", "a:1:64 ?.Values.on"),
        ("{{ $x := 1 }}{{ range .Values.none }}{{ $x = 2 }}{{ end }}{{ $x }}", "a:1:59 ?.Values.none"),
        ("{{ $x := 1 }}{{ if .Values.on }}{{ $y := 2 }}{{ end }}{{ $x }}", "a:1:55"),
    ] {
        let map = map_of(text, "", "on: true\noff: false\nnone: []\n");
        assert_eq!(about(&map, &map.text().to_string()), want, "{text}");
    }
}

#[test]
fn writes_name_what_templates_changed_of_what_they_share() {
    let values = "a: {x: 1, deep: {v: 1}}\nb: {x: 2, z: 3, deep: {v: 2, w: 4}}\n";
    for (text, want) in [
        ("{{ $_ := set .Values.a \"x\" 5 }}", &[".Values.a.x"][..]),
        ("{{ $_ := set .Values \"new\" 5 }}", &[".Values.new"]),
        ("{{ $_ := unset .Values.a \"x\" }}", &["-.Values.a.x"]),
        ("{{ $_ := merge .Values.a .Values.b }}", &[".Values.a.deep.w", ".Values.a.z"]),
        (
            "{{ $_ := mergeOverwrite .Values.a .Values.b }}",
            &[".Values.a.deep.v", ".Values.a.deep.w", ".Values.a.x", ".Values.a.z"],
        ),
        ("{{ with .Values.a }}{{ $_ := set .deep \"v\" 9 }}{{ end }}", &[".Values.a.deep.v"]),
        // What a template makes for itself it shares with nobody.
        ("{{ $d := dict \"x\" 1 }}{{ $_ := set $d \"x\" 2 }}{{ $_ := merge $d .Values.a }}", &[]),
        ("{{ $_ := set (deepCopy .Values.a) \"x\" 2 }}{{ .Values.a.x }}", &[]),
    ] {
        let (_, trace) = traced(&[("a", text)], values);
        let writes = trace.writes("c/templates/a").into_iter();
        let mut shown: Vec<String> =
            writes.map(|write| format!("{}{}", if write.removed { "-" } else { "" }, write.place)).collect();
        shown.sort();
        assert_eq!(shown, want, "{text}");
    }
}

#[test]
fn what_a_template_put_there_is_made_of_what_it_put() {
    let values = "a: {x: 1}\nb: {x: 2, z: three}\n";
    for (text, want) in [
        ("{{ $_ := set .Values.a \"n\" .Values.b.z }}{{ .Values.a.n }}", "a:1:42 =.Values.b.z"),
        ("{{ $_ := merge .Values.a .Values.b }}{{ .Values.a.z }}", "a:1:38 =.Values.b.z"),
    ] {
        assert_eq!(about(&map_of(text, "", values), "three"), want, "{text}");
    }
}

#[test]
fn reads_name_each_place_once_and_what_is_absent() {
    let text = "{{ .Values.a.b }}{{ .Values.a.b }}{{ .Values.none }}{{ toYaml .Values.m }}";
    let (_, trace) = traced(&[("a", text)], "a: {b: 1}\nm: {k: 1}\n");
    let reads: Vec<String> =
        trace.reads("c/templates/a").iter().map(|read| format!("{}={}", read.place, read.found)).collect();
    let want = [".Values=true", ".Values.a=true", ".Values.a.b=true", ".Values.none=false", ".Values.m=true"];
    assert_eq!(reads, want);
}

#[test]
fn a_loop_that_gathers_everything_stays_small() {
    let values = format!("list:\n{}", "- {v: a}\n".repeat(3_000));
    let text = "{{ $all := list }}{{ range .Values.list }}{{ $all = append $all .v }}{{ end }}\
                {{ $all | len }} {{ range .Values.list }}{{ if .v }}{{ .v }}{{ end }}{{ end }}";
    let map = map_of(text, "", &values);
    assert_eq!(map.text().len(), 3_005);
    let part = map.at(0).unwrap();
    assert_eq!(part.data[0].to_string(), ".Values.list");
    assert!(part.data.len() <= 256);
}

#[test]
fn depth_meets_no_stack() {
    let small = std::thread::Builder::new().stack_size(512 << 10);
    let run = || {
        // As deep as a values file may be.
        let depth = 2_000;
        let values = format!("deep: {}x{}\n", "{a: ".repeat(depth), "}".repeat(depth));
        let helpers =
            "{{ define \"down\" }}{{ if . }}{{ include \"down\" (rest .) }}{{ else }}end{{ end }}{{ end }}";
        let text = "{{ include \"down\" (untilStep 0 900 1) }}{{ $c := deepCopy .Values.deep }}{{ toJson $c | len }}";
        let map = map_of(text, helpers, &values);
        assert_eq!(map.text().to_string(), format!("end{}", depth * 6 + 3));
        let part = map.at(0).unwrap();
        assert_eq!(part.writers[0].calls.len(), 901);
    };
    small.spawn(run).unwrap().join().unwrap();
}
