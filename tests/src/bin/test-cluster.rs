//! Starts the control plane of the tests and ends it; `cargo xtask cluster` calls it.

#![expect(clippy::print_stdout, reason = "a command line tool")]

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use tests::cluster::{self, KUBECONFIG, Plane, USERS};
use tests::kube::{Access, Api};

const USAGE: &str = "\
Usage: test-cluster up --programs FOLDER --dir FOLDER
       test-cluster down --dir FOLDER
       test-cluster hold --programs FOLDER";

fn main() -> ExitCode {
    match run(std::env::args().skip(1).collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("cluster: {sentence}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: Vec<String>) -> Result<(), String> {
    let mut args = args.into_iter();
    let command = args.next().ok_or(USAGE)?;
    let (mut programs, mut dir) = (None, None);
    while let (Some(option), Some(value)) = (args.next(), args.next()) {
        match option.as_str() {
            "--programs" => programs = Some(PathBuf::from(value)),
            "--dir" => dir = Some(PathBuf::from(value)),
            _ => return Err(USAGE.to_owned()),
        }
    }
    match (command.as_str(), programs, dir) {
        ("up", Some(programs), Some(dir)) => up(&programs, &dir),
        ("down", None, Some(dir)) => {
            let n_killed = cluster::down(&dir)?;
            println!("{}", if n_killed == 0 { "no cluster was running" } else { "the cluster is gone" });
            Ok(())
        }
        ("hold", Some(programs), None) => hold(&programs),
        _ => Err(USAGE.to_owned()),
    }
}

fn up(programs: &std::path::Path, dir: &std::path::Path) -> Result<(), String> {
    let start = Instant::now();
    let kubeconfig = dir.join(KUBECONFIG);
    let took = if cluster::running(dir) {
        "it was running already".to_owned()
    } else {
        // What is left of one that broke down.
        cluster::down(dir)?;
        Plane::start(programs, dir)?.detach();
        format!("after {:.1} s", start.elapsed().as_secs_f64())
    };
    let access = Access::read(&kubeconfig)?;
    let server = access.server.clone();
    let version = Api::new(access)?.get("/version")?;
    println!(
        "Kubernetes {} is ready at {server}, {took}",
        version["gitVersion"].as_str().unwrap_or_default()
    );
    println!("  export KUBECONFIG={}", kubeconfig.display());
    println!("  its contexts are users: {}", USERS.join(", "));
    println!("It has one pretend node; pods do what their annotation chartroom.test/outcome says.");
    println!("Nothing on it is kept: `cargo xtask cluster down` ends it.");
    Ok(())
}

fn hold(programs: &std::path::Path) -> Result<(), String> {
    let dir = std::env::temp_dir().join(format!("chartroom-cluster-{}", std::process::id()));
    let plane = Plane::start(programs, &dir)?;
    println!("{}", plane.kubeconfig().display());
    io::stdout().flush().map_err(|error| error.to_string())?;
    cluster::listen(plane, io::stdin().lock(), io::stdout());
    fs::remove_dir_all(&dir).map_err(|error| format!("{}: {error}", dir.display()))
}
