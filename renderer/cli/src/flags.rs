//! Flags as Helm reads them.
//!
//! Source: github.com/spf13/pflag v1.0.10 `flag.go`, `string_slice.go`, `bool.go`.

use std::collections::HashMap;

use crate::Failure;

/// What a flag takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// Nothing, or `=true` and its like.
    Bool,
    /// A comma-separated list; given twice, the lists are joined.
    List,
    /// A text.
    Text,
    /// A text; every time it is given counts.
    Texts,
}

/// A flag that a command knows.
pub(crate) struct Flag {
    pub(crate) name: &'static str,
    pub(crate) short: Option<char>,
    pub(crate) kind: Kind,
}

/// Declares a flag.
pub(crate) const fn flag(name: &'static str, short: Option<char>, kind: Kind) -> Flag {
    Flag { name, short, kind }
}

/// Flags of every command.
pub(crate) const GLOBAL: &[Flag] = &[
    flag("burst-limit", None, Kind::Text),
    flag("color", None, Kind::Text),
    flag("colour", None, Kind::Text),
    flag("content-cache", None, Kind::Text),
    flag("debug", None, Kind::Bool),
    flag("kube-apiserver", None, Kind::Text),
    flag("kube-as-group", None, Kind::Texts),
    flag("kube-as-user", None, Kind::Text),
    flag("kube-ca-file", None, Kind::Text),
    flag("kube-context", None, Kind::Text),
    flag("kube-insecure-skip-tls-verify", None, Kind::Bool),
    flag("kube-tls-server-name", None, Kind::Text),
    flag("kube-token", None, Kind::Text),
    flag("kubeconfig", None, Kind::Text),
    flag("namespace", Some('n'), Kind::Text),
    flag("qps", None, Kind::Text),
    flag("registry-config", None, Kind::Text),
    flag("repository-cache", None, Kind::Text),
    flag("repository-config", None, Kind::Text),
];

/// Flags that say where values come from.
pub(crate) const VALUES: &[Flag] = &[
    flag("set", None, Kind::Texts),
    flag("set-file", None, Kind::Texts),
    flag("set-json", None, Kind::Texts),
    flag("set-literal", None, Kind::Texts),
    flag("set-string", None, Kind::Texts),
    flag("values", Some('f'), Kind::List),
];

/// What stood on the command line.
#[derive(Debug, Default)]
pub(crate) struct Given {
    values: HashMap<&'static str, Vec<String>>,
    /// Arguments that are no flags, in order.
    pub(crate) arguments: Vec<String>,
}

impl Given {
    /// Whether a switch is on.
    pub(crate) fn is_on(&self, name: &str) -> bool {
        self.text(name) == "true"
    }

    /// The text given last; empty when the flag was not given.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.all(name).last().map_or("", String::as_str)
    }

    /// Every text given.
    pub(crate) fn all(&self, name: &str) -> &[String] {
        self.values.get(name).map_or(&[], Vec::as_slice)
    }
}

/// Reads a command line; flags and arguments may stand in any order, and all behind `--` are arguments.
pub(crate) fn parse(known: &[&[Flag]], given: &[String]) -> Result<Given, Failure> {
    let flags = || known.iter().flat_map(|flags| flags.iter());
    let mut out = Given::default();
    let mut rest = given.iter();
    while let Some(argument) = rest.next() {
        if argument == "--" {
            out.arguments.extend(rest.by_ref().cloned());
        } else if let Some(long) = argument.strip_prefix("--") {
            let (name, value) = match long.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (long, None),
            };
            let flag =
                flags().find(|flag| flag.name == name).ok_or_else(|| format!("unknown flag: --{name}"))?;
            let value = match value {
                Some(value) => value,
                None if flag.kind == Kind::Bool => "true".to_owned(),
                None => rest.next().cloned().ok_or_else(|| format!("flag needs an argument: --{name}"))?,
            };
            out.take(flag, value)?;
        } else if argument.len() > 1 && argument.starts_with('-') {
            let letters = &argument[1..];
            let mut at = 0;
            while let Some(letter) = letters[at..].chars().next() {
                at += letter.len_utf8();
                let flag = flags()
                    .find(|flag| flag.short == Some(letter))
                    .ok_or_else(|| format!("unknown shorthand flag: '{letter}' in -{letters}"))?;
                let behind = &letters[at..];
                let value = if let Some(value) = behind.strip_prefix('=') {
                    value.to_owned()
                } else if flag.kind == Kind::Bool {
                    out.take(flag, "true".to_owned())?;
                    continue;
                } else if !behind.is_empty() {
                    behind.to_owned()
                } else {
                    rest.next()
                        .cloned()
                        .ok_or_else(|| format!("flag needs an argument: '{letter}' in -{letters}"))?
                };
                out.take(flag, value)?;
                break;
            }
        } else {
            out.arguments.push(argument.clone());
        }
    }
    Ok(out)
}

impl Given {
    fn take(&mut self, flag: &Flag, value: String) -> Result<(), Failure> {
        let all = self.values.entry(flag.name).or_default();
        match flag.kind {
            Kind::Bool => match truth(&value) {
                Some(truth) => all.push(truth.to_string()),
                None => {
                    return Err(Failure(format!(
                        "invalid argument {value:?} for \"{}\" flag: strconv.ParseBool: parsing {value:?}: invalid syntax",
                        flag.shown()
                    )));
                }
            },
            Kind::List => all.extend(comma_separated(&value)),
            Kind::Text | Kind::Texts => all.push(value),
        }
        Ok(())
    }
}

impl Flag {
    fn shown(&self) -> String {
        match self.short {
            Some(short) => format!("-{short}, --{}", self.name),
            None => format!("--{}", self.name),
        }
    }
}

fn truth(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// One line of comma-separated values; a quoted one may hold commas.
fn comma_separated(line: &str) -> Vec<String> {
    let mut items = Vec::new();
    let mut item = String::new();
    let mut quoted = false;
    let mut runes = line.chars().peekable();
    while let Some(rune) = runes.next() {
        match rune {
            '"' if quoted && runes.next_if_eq(&'"').is_some() => item.push('"'),
            '"' if quoted => quoted = false,
            '"' if item.is_empty() => quoted = true,
            ',' if !quoted => items.push(std::mem::take(&mut item)),
            _ => item.push(rune),
        }
    }
    if !line.is_empty() {
        items.push(item);
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &[&str]) -> Result<Given, String> {
        let given: Vec<String> = line.iter().map(|it| (*it).to_owned()).collect();
        parse(&[GLOBAL, VALUES], &given).map_err(|failure| failure.0)
    }

    #[test]
    fn flags_and_arguments_mix() {
        let given =
            read(&["a", "-nprod", "--set", "x=1,y=2", "-f", "a,\"b,c\"", "--debug", "b", "--", "--c"])
                .unwrap();
        assert_eq!(given.arguments, ["a", "b", "--c"]);
        assert_eq!((given.text("namespace"), given.is_on("debug")), ("prod", true));
        assert_eq!(given.all("set"), ["x=1,y=2"]);
        assert_eq!(given.all("values"), ["a", "b,c"]);
    }

    #[test]
    fn a_flag_that_is_wrong_is_named() {
        assert_eq!(read(&["--foo"]).unwrap_err(), "unknown flag: --foo");
        assert_eq!(read(&["--set"]).unwrap_err(), "flag needs an argument: --set");
        assert_eq!(read(&["-xn"]).unwrap_err(), "unknown shorthand flag: 'x' in -xn");
        assert_eq!(
            read(&["--debug=maybe"]).unwrap_err(),
            "invalid argument \"maybe\" for \"--debug\" flag: strconv.ParseBool: parsing \"maybe\": invalid syntax"
        );
    }
}
