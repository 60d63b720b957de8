//! `cargo xtask serve`: a page that runs, from nothing; with a cluster to deploy to when asked.

use std::process::Command;
use std::time::Instant;

use crate::cluster;
use crate::page::{build_bridge, build_page};
use crate::process::command;
use crate::report::{line, seconds};
use crate::root::dist;

pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let mut port = "8484";
    let mut open = true;
    let mut with_cluster = false;
    let mut passed_on: &[String] = &[];
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--port" => port = args.next().ok_or("--port needs a number")?,
            "--no-open" => open = false,
            "--with-cluster" => with_cluster = true,
            "--" => {
                passed_on = args.as_slice();
                break;
            }
            other => {
                return Err(format!(
                    "`serve` has no option `{other}`; it has --port PORT, --no-open and --with-cluster, and what \
                     stands behind `--` goes to the bridge"
                ));
            }
        }
    }
    let start = Instant::now();
    build_page()?;
    let bridge = build_bridge()?;
    let kubeconfig = if with_cluster { Some(cluster::up()?) } else { None };
    line(&format!("· ready after {}; Ctrl-C stops it", seconds(start.elapsed())));
    let mut command = command(bridge);
    command.args(["--port", port, "--page"]).arg(dist());
    if open {
        command.arg("--open");
    }
    if let Some(kubeconfig) = kubeconfig {
        command.arg("--kubeconfig").arg(kubeconfig);
    }
    command.args(passed_on);
    become_program(command)
}

/// The bridge takes our place, so that a signal to this command reaches it.
#[cfg(unix)]
fn become_program(mut command: Command) -> Result<(), String> {
    use std::os::unix::process::CommandExt as _;
    Err(format!("the bridge cannot be started: {}", command.exec()))
}

#[cfg(not(unix))]
fn become_program(mut command: Command) -> Result<(), String> {
    crate::process::run(&mut command)
}
