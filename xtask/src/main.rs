//! The README's commands. `cargo xtask` prints what there is.

mod bench;
mod cluster;
mod process;
mod report;
mod root;
mod stamp;
mod tools;

mod page;

mod serve;
mod sizes;
mod test;

use std::process::ExitCode;

const USAGE: &str = "\
Usage: cargo xtask COMMAND

  serve [--port PORT] [--no-open] [--with-cluster] [-- OPTION…]
                                    install what is missing, build the page, serve it on loopback; with a
                                    throw-away Kubernetes to deploy to; options behind -- go to the bridge
  test [CLASS…]                     run all tests, or only these classes:
                                    fmt clippy unit suite explain oracle fuzz wasm cluster browser
  suite | explain | oracle | browser [ARG…]
                                    one class; the arguments go to its runner (oracle --update)
  oracle --charts DIR [--repo NAME] [--again]
                                    real charts beside Helm, in many ways each; can be resumed
  fuzz [--seconds N] [TARGET…]      properties that hold for any input; N seconds for each target
  cluster [up|down]                 a real Kubernetes on loopback, built once; prints its kubeconfig
  cluster test [PART OF A NAME…]    the class `cluster`, on a cluster that is gone afterwards
  bench [--peer FOLDER] [--native] [--rounds N] [--slowest N] [PATH…]
                                    charts through our engine, native and wasm, beside Helm's own
                                    (FOLDER: a Go program around it); the slowest when there are many
  sizes                             what a visitor downloads: raw, gzip, Brotli
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = args.split_first().map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
    let result = match command {
        "serve" => serve::run(rest),
        "test" => test::run(rest),
        "suite" | "explain" | "oracle" | "fuzz" | "browser" => test::run_class(command, rest),
        "cluster" => match rest.split_first() {
            Some((what, parts)) if what == "test" => test::run_class("cluster", parts),
            _ => cluster::run(rest),
        },
        "bench" => bench::run(rest),
        "sizes" => sizes::run(),
        "" | "help" | "--help" | "-h" => {
            report::line(USAGE.trim_end());
            Ok(())
        }
        other => Err(format!("there is no command `{other}`\n\n{USAGE}")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            report::problem(&sentence);
            ExitCode::FAILURE
        }
    }
}
