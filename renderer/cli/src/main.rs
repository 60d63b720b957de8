//! `chartroom`: Helm's `template` and `lint` on the command line, to the byte.

mod flags;
mod lint;
mod locate;
mod template;
mod tree;
mod world;

use std::io::{self, Write};
use std::process::ExitCode;

use renderer::Log;
use renderer::log::Level;

/// How a command ended badly: the sentence behind `Error: `.
pub(crate) struct Failure(pub(crate) String);

impl<T: Into<String>> From<T> for Failure {
    fn from(message: T) -> Self {
        Self(message.into())
    }
}

const USAGE: &str = "\
chartroom renders Helm charts as helm v4.3.1 does.

Usage:
  chartroom template [NAME] CHART [flags]
  chartroom lint PATH... [flags]
  chartroom version

The flags are those of helm.
";

fn main() -> ExitCode {
    let arguments: Vec<String> =
        std::env::args_os().skip(1).map(|it| it.to_string_lossy().into_owned()).collect();
    let outcome = match arguments.split_first() {
        Some((command, rest)) => match command.as_str() {
            "template" => template::run(rest),
            "lint" => lint::run(rest),
            "version" => print(format!(
                "chartroom {}, as helm {}\n",
                env!("CARGO_PKG_VERSION"),
                renderer::HELM_VERSION
            )),
            "help" | "--help" | "-h" => print(USAGE),
            other => Err(Failure(format!(
                "unknown command \"{other}\" for \"chartroom\": it knows template, lint and version"
            ))),
        },
        None => print(USAGE),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(message)) => {
            // Nothing is left to tell anyone when stderr is gone.
            let _ = writeln!(io::stderr(), "Error: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Writes to stdout. A reader that went away is no error, as for any other filter.
pub(crate) fn print(bytes: impl AsRef<[u8]>) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes.as_ref()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure(error.to_string())),
        _ => Ok(()),
    }
}

/// Writes Helm's log lines to stderr.
pub(crate) fn tell(log: &mut Vec<Log>, debug: bool) {
    let mut err = io::stderr().lock();
    for line in log.drain(..) {
        if debug || line.level > Level::Debug {
            let _ = writeln!(err, "{line}");
        }
    }
}
