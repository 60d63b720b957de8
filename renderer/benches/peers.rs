//! One 200-line template without `include` through our engine and through gtmpl 0.7.1, and the ratio of the two.
//!
//! `cargo bench -p renderer --bench peers`. gtmpl cannot be the engine (`renderer/DESIGN.md`); it is the peer that Rust has.

#![expect(clippy::print_stdout, reason = "a bench reports to its terminal")]

use std::collections::HashMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use gotemplate::{Fuel, FuncMap, Machine, Nobody, TemplateSet, parse};
use source::SourceId;
use value::{Map, Text, Value};

const TEMPLATE: &str = include_str!("peers.tpl");

/// How many objects the template makes, and how many variables each has.
const N_SERVICES: usize = 12;
const N_VARIABLES: usize = 8;

fn main() {
    let funcs = FuncMap::new();
    let (data, peer_data) = (ours(), gtmpl_value::Value::from(peers()));

    let text = render_ours(&compile(&funcs), &funcs, &data);
    let mut peer = gtmpl::Template::default();
    peer.parse(TEMPLATE).expect("gtmpl reads the template");
    let context = gtmpl::Context::from(peer_data);
    let peer_text = peer.render(&context).expect("gtmpl runs the template");
    // gtmpl prints `%q` without its quotes and runs the `else` of a `range` every time, so the template has neither.
    assert!(text == peer_text, "the two must do the same work");
    println!("{} lines in, {} bytes out", TEMPLATE.lines().count(), text.len());

    let parse_ours = best(|| drop(black_box(compile(&funcs))));
    let parse_peer = best(|| {
        let mut template = gtmpl::Template::default();
        template.parse(black_box(TEMPLATE)).expect("gtmpl reads the template");
        drop(black_box(template));
    });
    report("parse", parse_ours, parse_peer);

    let set = compile(&funcs);
    let run_ours = best(|| drop(black_box(render_ours(&set, &funcs, &data))));
    let run_peer = best(|| drop(black_box(peer.render(&context))));
    report("run", run_ours, run_peer);
    report("both", parse_ours + run_ours, parse_peer + run_peer);
}

fn report(what: &str, ours: Duration, peer: Duration) {
    let ratio = peer.as_secs_f64() / ours.as_secs_f64();
    println!("{what:>6}: ours {:>9.1?}, gtmpl {:>9.1?}, ratio {ratio:.1}", ours, peer);
}

/// The best time of one call; the best and not the mean, because other work on the machine only ever adds.
fn best(mut work: impl FnMut()) -> Duration {
    let mut best = Duration::MAX;
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(2) {
        let start = Instant::now();
        work();
        best = best.min(start.elapsed());
    }
    best
}

fn compile(funcs: &FuncMap) -> TemplateSet {
    let (file, errors) = parse(&Text::from("peers.tpl"), SourceId(0), &Text::from(TEMPLATE), funcs);
    assert!(errors.is_empty(), "{errors:?}");
    let mut set = TemplateSet::new();
    set.add(&file);
    set
}

fn render_ours(set: &TemplateSet, funcs: &FuncMap, data: &Value) -> String {
    let mut machine = Machine::new(set, funcs, |_, _| None);
    let text = machine.execute(&Text::from("peers.tpl"), data.clone(), &mut Nobody, &mut Fuel::endless());
    String::from_utf8_lossy(text.expect("our engine runs the template").as_bytes()).into_owned()
}

const KINDS: [&str; 4] = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"];

fn ours() -> Value {
    let text = |text: String| Value::from(Text::from(text));
    let map = |pairs: Vec<(&str, Value)>| Value::Map(pairs.into_iter().collect::<Map>());
    let variable = |index: usize| {
        map(vec![("key", text(format!("KEY_{index}"))), ("value", text(format!("value {index}")))])
    };
    let service = |index: usize| {
        map(vec![
            ("name", text(format!("service-{index}"))),
            ("kind", text(KINDS[index % KINDS.len()].to_owned())),
            ("replicas", Value::Int(index as i64)),
            ("autoscaling", Value::Bool(index.is_multiple_of(3))),
            ("image", text("registry.example.com/app".to_owned())),
            ("tag", text(if index.is_multiple_of(2) { format!("1.{index}") } else { String::new() })),
            ("annotations", (0..index % 3).map(variable).collect::<Vec<_>>().into()),
            ("env", (0..N_VARIABLES).map(variable).collect::<Vec<_>>().into()),
            ("ports", vec![map(vec![("name", text("http".to_owned())), ("port", Value::Int(8080))])].into()),
        ])
    };
    map(vec![
        ("release", text("demo".to_owned())),
        ("chart", text("peers".to_owned())),
        ("services", (0..N_SERVICES).map(service).collect::<Vec<_>>().into()),
    ])
}

fn peers() -> HashMap<String, gtmpl_value::Value> {
    type Peer = gtmpl_value::Value;
    let map = |pairs: Vec<(&str, Peer)>| -> HashMap<String, Peer> {
        pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    };
    let variable = |index: usize| {
        Peer::from(map(vec![
            ("key", format!("KEY_{index}").into()),
            ("value", format!("value {index}").into()),
        ]))
    };
    let service = |index: usize| {
        Peer::from(map(vec![
            ("name", format!("service-{index}").into()),
            ("kind", KINDS[index % KINDS.len()].into()),
            ("replicas", (index as i64).into()),
            ("autoscaling", (index.is_multiple_of(3)).into()),
            ("image", "registry.example.com/app".into()),
            ("tag", if index.is_multiple_of(2) { format!("1.{index}") } else { String::new() }.into()),
            ("annotations", Peer::Array((0..index % 3).map(variable).collect())),
            ("env", Peer::Array((0..N_VARIABLES).map(variable).collect())),
            (
                "ports",
                Peer::Array(vec![Peer::from(map(vec![("name", "http".into()), ("port", 8080i64.into())]))]),
            ),
        ]))
    };
    map(vec![
        ("release", "demo".into()),
        ("chart", "peers".into()),
        ("services", Peer::Array((0..N_SERVICES).map(service).collect())),
    ])
}
