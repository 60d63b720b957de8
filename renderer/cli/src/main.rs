//! `chartroom`: Helm's commands that need no cluster and no network, to the byte.

mod create;
mod csv;
mod dependency;
mod explain;
mod files;
mod flags;
mod help;
mod known;
mod kubeconfig;
mod links;
mod lint;
mod locate;
mod name_template;
mod package;
mod repo;
mod settings;
mod show;
mod sign;
mod snippet;
mod template;
mod tls;
mod tree;
mod verbs;
mod verify;
mod version;
mod world;

use std::io::{self, Write};
use std::process::ExitCode;

use renderer::Log;
use renderer::log::Level;

use crate::flags::Given;
use crate::known::{Flag, GLOBAL, TEMPLATE_EXCLUSIVE};
use crate::verbs::{Does, VERBS};

/// How a command ended badly: the sentence behind `Error: `.
pub(crate) struct Failure(pub(crate) String);

impl<T: Into<String>> From<T> for Failure {
    fn from(message: T) -> Self {
        Self(message.into())
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> =
        std::env::args_os().skip(1).map(|it| it.to_string_lossy().into_owned()).collect();
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(message)) => {
            // Nothing is left to tell anyone when stderr is gone.
            let _ = writeln!(io::stderr(), "{message}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a command line. The failure is all that goes to stderr behind the log.
fn run(mut arguments: Vec<String>) -> Result<(), Failure> {
    let error = |Failure(message)| Failure(format!("Error: {message}"));
    if let Some(mode) = settings::wrong_color(&flags::first_look(&[GLOBAL], &arguments)) {
        let why = format!("invalid color mode {mode:?}: must be one of: never, auto, always");
        return Err(Failure(Log::new(Level::Warn, "command failed").with("error", why).to_string()));
    }
    let mut verbs = VERBS;
    let mut names: Vec<&str> = Vec::new();
    let verb = loop {
        let Some(at) = command_at(&arguments) else { break None };
        let name = arguments[at].as_str();
        let Some(verb) = verbs.iter().find(|verb| verb.names.contains(&name)) else {
            if names.is_empty() && name == "help" {
                arguments.remove(at);
                let given = flags::parse(&[GLOBAL], &arguments, &mut |_| {}).map_err(error)?;
                return print(help::page(given.arguments.iter().map(String::as_str))).map_err(error);
            }
            if !names.is_empty() {
                break None;
            }
            let known: Vec<&str> = VERBS.iter().map(|verb| verb.names[0]).collect();
            let why = format!("unknown command {name:?} for \"chartroom\": it knows {}", known.join(", "));
            return Err(error(Failure(why)));
        };
        names.push(verb.names[0]);
        arguments.remove(at);
        match &verb.does {
            Does::Group(inner) => verbs = inner,
            Does::Run { usage, arity, flags, run } => break Some((usage, arity, flags, run)),
        }
    };
    let mut warn = |line: String| tell(&mut vec![Log::new(Level::Warn, line)], false);
    let Some((usage, arity, flags, command)) = verb else {
        flags::parse(&[GLOBAL], &arguments, &mut warn).map_err(error)?;
        return print(help::page(names)).map_err(error);
    };
    let known: Vec<&[Flag]> = std::iter::once(GLOBAL).chain(flags.iter().copied()).collect();
    let given = flags::parse(&known, &arguments, &mut warn).map_err(error)?;
    for notice in &given.notices {
        // As above: nobody listens.
        let _ = writeln!(io::stderr(), "{notice}");
    }
    if given.help {
        return print(help::page(names)).map_err(error);
    }
    if let Some(driver) = settings::wrong_driver() {
        return Err(Failure(Log::new(Level::Info, format!("unknown driver {driver:?}")).to_string()));
    }
    if let Some(complaint) = arity.complaint(given.arguments.len()) {
        let (name, arguments) = usage;
        let space = if arguments.is_empty() { "" } else { " " };
        let why = format!("\"helm {name}\" {complaint}\n\nUsage:  helm {name}{space}{arguments} [flags]");
        return Err(error(Failure(why)));
    }
    if let Some(why) = excluded(&given) {
        return Err(error(Failure(why)));
    }
    command(&given).map_err(error)
}

/// Where the name of the command stands: flags of every command may stand before it.
///
/// Source: github.com/spf13/cobra v1.10.2 `command.go`, `stripFlags`.
fn command_at(arguments: &[String]) -> Option<usize> {
    let takes_next = |argument: &str| {
        let known = |found: &dyn Fn(&&Flag) -> bool| GLOBAL.iter().find(found);
        let flag = match argument.strip_prefix("--") {
            Some(name) => known(&|flag| flag.name == name),
            None if argument.len() == 2 => known(&|flag| flag.short == argument.chars().nth(1)),
            None => return false,
        };
        !argument.contains('=') && flag.is_none_or(|flag| flag.kind.when_alone().is_none())
    };
    let mut at = 0;
    while let Some(argument) = arguments.get(at) {
        match argument.as_str() {
            "--" | "--help" | "-h" => return None,
            argument if !argument.starts_with('-') => return Some(at),
            argument if takes_next(argument) => at += 2,
            _ => at += 1,
        }
    }
    None
}

/// What is said of flags that exclude each other.
fn excluded(given: &Given) -> Option<String> {
    TEMPLATE_EXCLUSIVE.iter().find_map(|group| {
        let mut set: Vec<&str> = group.iter().copied().filter(|name| given.has(name)).collect();
        set.sort_unstable();
        (set.len() > 1).then(|| {
            format!(
                "if any flags in the group [{}] are set none of the others can be; [{}] were all set",
                group.join(" "),
                set.join(" ")
            )
        })
    })
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
