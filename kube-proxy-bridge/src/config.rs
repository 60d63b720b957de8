//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

/// The text of `--help`.
pub const USAGE: &str = "\
Serves the Chartroom page on loopback.

Usage: kube-proxy-bridge [--port PORT] [--page FOLDER] [--open]

  --port PORT     listen on 127.0.0.1:PORT; 0 picks a free one (default 8484)
  --page FOLDER   the built page (default dist)
  --open          open the page in the browser of this desktop
  --help          print this
";

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Print [`USAGE`].
    Help,
    /// Serve the page.
    Serve(Config),
}

/// How to serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The port on 127.0.0.1; 0 lets the system choose. No other address can be asked for.
    pub port: u16,
    /// The folder that Trunk wrote.
    pub page: PathBuf,
    /// Whether to open the page in a browser.
    pub open: bool,
}

/// Reads the arguments after the program's name.
///
/// # Errors
/// A sentence that names the argument.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command, String> {
    let mut config = Config { port: 8484, page: PathBuf::from("dist"), open: false };
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("{} needs a value", arg.display()));
        match arg.to_str() {
            Some("--help" | "-h") => return Ok(Command::Help),
            Some("--port") => {
                let text = value()?;
                config.port = text
                    .to_str()
                    .and_then(|text| text.parse().ok())
                    .ok_or_else(|| format!("{} is not a port", text.display()))?;
            }
            Some("--open") => config.open = true,
            Some("--page") => config.page = PathBuf::from(value()?),
            _ => return Err(format!("unknown argument {}", arg.display())),
        }
    }
    Ok(Command::Serve(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(args: &[&str], expected: Result<Command, &str>) {
        assert_eq!(parse(args.iter().map(OsString::from)), expected.map_err(str::to_owned));
    }

    #[test]
    fn arguments_are_read_or_refused_by_name() {
        let serve = |port, page: &str, open| Ok(Command::Serve(Config { port, page: page.into(), open }));
        check(&[], serve(8484, "dist", false));
        check(&["--port", "0", "--page", "/tmp/x", "--open"], serve(0, "/tmp/x", true));
        check(&["--port", "1", "--help"], Ok(Command::Help));
        check(&["--port"], Err("--port needs a value"));
        check(&["--port", "65536"], Err("65536 is not a port"));
        check(&["--host", "0.0.0.0"], Err("unknown argument --host"));
    }
}
