//! A command line read as Helm reads it: its flags, their types, and what is said about wrong ones.
//!
//! Source: github.com/spf13/pflag v1.0.10 `flag.go`, `string_slice.go`, `string_to_string.go`, `bool.go`; go 1.27
//! `encoding/csv`, `strconv`, `time`.

use std::collections::HashMap;

use renderer::value::fmt::quote;

use crate::Failure;
use crate::csv::record;
use crate::known::{Flag, HELP, Kind};

/// What stood on the command line.
#[derive(Debug, Default)]
pub(crate) struct Given {
    values: HashMap<&'static str, Vec<String>>,
    /// Arguments that are no flags, in order.
    pub(crate) arguments: Vec<String>,
    /// Lines that are said about flags that are on their way out.
    pub(crate) notices: Vec<String>,
    /// Whether help is asked for.
    pub(crate) help: bool,
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

    /// Whether the flag was given at all.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }
}

/// Reads a command line; flags and arguments may stand in any order, and all behind `--` are arguments. `warn` hears at once
/// what values are on their way out.
pub(crate) fn parse(
    known: &[&[Flag]],
    given: &[String],
    warn: &mut dyn FnMut(String),
) -> Result<Given, Failure> {
    let mut out = Given::default();
    out.read(known, given, false, warn)?;
    Ok(out)
}

/// What a command line says of the flags of every command, before it is known which command it is. Reading ends at the first that is
/// wrong.
///
/// Source: helm v4.3.1 `pkg/cmd/root.go`; pflag `flag.go`, `stripUnknownFlagValue`.
pub(crate) fn first_look(known: &[&[Flag]], given: &[String]) -> Given {
    let mut out = Given::default();
    // What is wrong is said when the command line is read in earnest.
    let _ = out.read(known, given, true, &mut |_| {});
    out
}

impl Given {
    fn read(
        &mut self,
        known: &[&[Flag]],
        given: &[String],
        skips_unknown: bool,
        warn: &mut dyn FnMut(String),
    ) -> Result<(), Failure> {
        let out = self;
        let mut rest = given.iter();
        let skip_value = |rest: &mut std::slice::Iter<'_, String>| {
            if rest.as_slice().first().is_some_and(|next| !next.starts_with('-')) {
                rest.next();
            }
        };
        while let Some(argument) = rest.next() {
            if argument == "--" {
                out.arguments.extend(rest.by_ref().cloned());
            } else if let Some(long) = argument.strip_prefix("--") {
                if long.starts_with(['-', '=']) {
                    return Err(Failure(format!("bad flag syntax: {argument}")));
                }
                let (name, value) = match long.split_once('=') {
                    Some((name, value)) => (name, Some(value.to_owned())),
                    None => (long, None),
                };
                let Some(flag) = known.iter().copied().flatten().find(|flag| flag.name == name) else {
                    if skips_unknown {
                        match value {
                            _ if name == "help" => return Ok(()),
                            None => skip_value(&mut rest),
                            Some(_) => {}
                        }
                        continue;
                    }
                    if name == "help" {
                        let value = value.unwrap_or_else(|| "true".to_owned());
                        out.help = out.take(&HELP, &value, warn).map(|()| out.is_on("help"))?;
                        continue;
                    }
                    return Err(Failure(format!("unknown flag: --{name}")));
                };
                let value = match (value, flag.kind.when_alone()) {
                    (Some(value), _) => value,
                    (None, Some(value)) => value.to_owned(),
                    (None, None) => {
                        rest.next().cloned().ok_or_else(|| format!("flag needs an argument: --{name}"))?
                    }
                };
                out.take(flag, &value, warn)?;
            } else if argument.len() > 1 && argument.starts_with('-') {
                let mut letters = &argument[1..];
                while let Some(letter) = letters.chars().next() {
                    let all = letters;
                    let Some(flag) = known.iter().copied().flatten().find(|flag| flag.short == Some(letter))
                    else {
                        letters = &letters[letter.len_utf8()..];
                        if skips_unknown {
                            if letter == 'h' {
                                return Ok(());
                            }
                            if letters.len() > 1 && letters.starts_with('=') {
                                break;
                            }
                            skip_value(&mut rest);
                            continue;
                        }
                        if letter == 'h' {
                            out.help = true;
                            continue;
                        }
                        return Err(Failure(format!("unknown shorthand flag: {letter:?} in -{all}")));
                    };
                    letters = &letters[letter.len_utf8()..];
                    if letters.len() > 1
                        && let Some(value) = letters.strip_prefix('=')
                    {
                        out.take(flag, value, warn)?;
                        break;
                    }
                    if let Some(value) = flag.kind.when_alone() {
                        out.take(flag, value, warn)?;
                        continue;
                    }
                    if !letters.is_empty() {
                        out.take(flag, letters, warn)?;
                        break;
                    }
                    let needs = || format!("flag needs an argument: {letter:?} in -{all}");
                    let value = rest.next().ok_or_else(needs)?;
                    out.take(flag, value, warn)?;
                }
            } else {
                out.arguments.push(argument.clone());
            }
        }
        Ok(())
    }

    fn take(&mut self, flag: &Flag, value: &str, warn: &mut dyn FnMut(String)) -> Result<(), Failure> {
        let items = items(flag.kind, value, warn).map_err(|why| {
            let value = String::from_utf8_lossy(&quote(value.as_bytes())).into_owned();
            Failure(format!("invalid argument {value} for \"{}\" flag: {why}", flag.shown()))
        })?;
        // `--colour` is another name of `--color`.
        let name = if flag.name == "colour" { "color" } else { flag.name };
        self.values.entry(name).or_default().extend(items);
        if let Some(instead) = flag.deprecated {
            self.notices.push(format!("Flag --{} has been deprecated, {instead}", flag.name));
        }
        Ok(())
    }
}

/// The texts that a value of this kind adds.
fn items(kind: Kind, value: &str, warn: &mut dyn FnMut(String)) -> Result<Vec<String>, String> {
    let one = |text: &str| Ok(vec![text.to_owned()]);
    let unread = |function: &str| {
        let value = String::from_utf8_lossy(&quote(value.as_bytes())).into_owned();
        Err(format!("strconv.{function}: parsing {value}: invalid syntax"))
    };
    match kind {
        Kind::Bool => match truth(value) {
            Some(truth) => one(&truth.to_string()),
            None => unread("ParseBool"),
        },
        Kind::DryRun | Kind::Text | Kind::Texts => one(value),
        Kind::Duration => check_duration(value).and_then(|()| one(value)),
        Kind::Float => match is_float(value) {
            true => one(value),
            false => unread("ParseFloat"),
        },
        Kind::Int => match integer(value) {
            Some(Ok(number)) if i64::try_from(number).is_ok() => one(&number.to_string()),
            Some(_) => Err(format!("strconv.ParseInt: parsing {value:?}: value out of range")),
            None => unread("ParseInt"),
        },
        Kind::Uint => match integer(value).filter(|_| !value.starts_with(['+', '-'])) {
            Some(Ok(number)) if u64::try_from(number).is_ok() => one(&number.to_string()),
            Some(_) => Err(format!("strconv.ParseUint: parsing {value:?}: value out of range")),
            None => unread("ParseUint"),
        },
        Kind::List if value.is_empty() => Ok(Vec::new()),
        Kind::List => record(value),
        Kind::Pairs => pairs(value).map(|()| vec![value.to_owned()]),
        Kind::PostRenderer if value.is_empty() => one(value),
        Kind::PostRenderer => Err(format!("plugin: {{Name:{value} Type:postrenderer/v1}} not found")),
        Kind::Wait => {
            match value {
                "hookOnly" | "legacy" | "watcher" => {}
                "true" => warn(
                    "--wait=true is deprecated (boolean value) and can be replaced with --wait=watcher"
                        .to_owned(),
                ),
                "false" => warn(
                    "--wait=false is deprecated (boolean value) and can be replaced with --wait=hookOnly"
                        .to_owned(),
                ),
                _ => {
                    let value = String::from_utf8_lossy(&quote(value.as_bytes())).into_owned();
                    return Err(format!(
                        "invalid wait input {value}. Valid inputs are watcher, hookOnly, and legacy"
                    ));
                }
            }
            one(value)
        }
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

/// Go's `strconv.ParseBool`.
pub(crate) fn truth(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// An integer in Go's notations: `12`, `-0x1f`, `0b1`, `0o7`, `07`, `1_000`. `None` when it is none; too large a one is an error.
///
/// Source: Go 1.27 `strconv/atoi.go`, `ParseInt` with base 0, `underscoreOK`.
fn integer(text: &str) -> Option<Result<i128, ()>> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let lower = digits.to_ascii_lowercase();
    let (base, rest) = match lower.get(..2) {
        Some("0x") => (16, &digits[2..]),
        Some("0b") => (2, &digits[2..]),
        Some("0o") => (8, &digits[2..]),
        _ if digits.len() > 1 && digits.starts_with('0') => (8, &digits[1..]),
        _ => (10, digits),
    };
    // A lone underscore may stand between digits and behind a prefix, which a leading zero is too.
    let bare = if base == 10 { rest } else { rest.strip_prefix('_').unwrap_or(rest) };
    if bare.is_empty() || bare.starts_with('_') || bare.ends_with('_') || bare.contains("__") {
        return None;
    }
    let mut number = Ok(0_i128);
    for rune in bare.chars().filter(|rune| *rune != '_') {
        let digit = rune.to_digit(base)?;
        // One more than the longest number that any flag takes.
        number = number
            .map(|number: i128| number * i128::from(base) + i128::from(digit))
            .and_then(|number| if number > 1 << 65 { Err(()) } else { Ok(number) });
    }
    Some(if text.starts_with('-') { number.map(|number| -number) } else { number })
}

/// Whether Go reads a float: `1.5`, `1e3`, `1_0`, `0x1p-2`, `inf`. The number itself is of no use here.
///
/// Source: Go 1.27 `strconv/atof.go`, `readFloat`; `atoi.go`, `underscoreOK`.
fn is_float(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text).to_ascii_lowercase();
    if matches!(digits.as_str(), "inf" | "infinity" | "nan") {
        return digits != "nan" || digits.len() == text.len();
    }
    let (is_hex, digits) = match digits.strip_prefix("0x") {
        Some(rest) => (true, rest),
        None => (false, digits.as_str()),
    };
    let is_digit = |byte: u8| if is_hex { byte.is_ascii_hexdigit() } else { byte.is_ascii_digit() };
    let bytes = digits.as_bytes();
    // An underscore stands between digits, or behind the prefix.
    let is_apart = |at: usize| {
        let before = at.checked_sub(1).map_or(is_hex, |at| is_digit(bytes[at]));
        bytes[at] != b'_' || before && bytes.get(at + 1).is_some_and(|byte| is_digit(*byte))
    };
    if !(0..bytes.len()).all(is_apart) {
        return false;
    }
    let plain = digits.replace('_', "");
    let (mantissa, exponent) = match plain.split_once(if is_hex { 'p' } else { 'e' }) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (plain.as_str(), None),
    };
    let bare = mantissa.replacen('.', "", 1);
    let is_exponent = |text: &str| {
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    !bare.is_empty() && bare.bytes().all(is_digit) && exponent.map_or(!is_hex, is_exponent)
}

/// `key=value`, or several with commas between them.
fn pairs(value: &str) -> Result<(), String> {
    let pairs = match value.matches('=').count() {
        0 | 1 => vec![value.to_owned()],
        _ => record(value)?,
    };
    match pairs.iter().find(|pair| !pair.contains('=')) {
        Some(pair) => Err(format!("{pair} must be formatted as key=value")),
        None => Ok(()),
    }
}

/// Whether Go's `time.ParseDuration` reads it: numbers with units, `1h2.5m`, or `0`.
fn check_duration(text: &str) -> Result<(), String> {
    let shown = String::from_utf8_lossy(&quote(text.as_bytes())).into_owned();
    let invalid = || format!("time: invalid duration {shown}");
    let mut rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    if rest == "0" {
        return Ok(());
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut nanoseconds = 0.0;
    while !rest.is_empty() {
        let whole = rest.trim_start_matches(|rune: char| rune.is_ascii_digit());
        let after = match whole.strip_prefix('.') {
            Some(fraction) => fraction.trim_start_matches(|rune: char| rune.is_ascii_digit()),
            None => whole,
        };
        let number = &rest[..rest.len() - after.len()];
        if !number.contains(|rune: char| rune.is_ascii_digit()) {
            return Err(invalid());
        }
        let end = after.find(|rune: char| rune.is_ascii_digit() || rune == '.').unwrap_or(after.len());
        let unit = match &after[..end] {
            "" => return Err(format!("time: missing unit in duration {shown}")),
            "ns" => 1.0,
            "us" | "µs" | "μs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 60e9,
            "h" => 3600e9,
            unit => return Err(format!("time: unknown unit {unit:?} in duration {shown}")),
        };
        // Digits with at most one point are a number.
        nanoseconds += number.parse::<f64>().unwrap_or_default() * unit;
        rest = &after[end..];
    }
    if nanoseconds >= 9.3e18 { Err(invalid()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::known::{CHART_PATH, GLOBAL, LINT, TEMPLATE, VALUES};

    fn read(line: &[&str]) -> Result<Given, String> {
        let given: Vec<String> = line.iter().map(|it| (*it).to_owned()).collect();
        parse(&[GLOBAL, VALUES, CHART_PATH, TEMPLATE, LINT], &given, &mut |_| {}).map_err(|failure| failure.0)
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
        for (line, said) in [
            (&["--foo"][..], "unknown flag: --foo"),
            (&["--=x"], "bad flag syntax: --=x"),
            (&["--set"], "flag needs an argument: --set"),
            (&["-gx"], "unknown shorthand flag: 'x' in -x"),
            (&["-gn"], "flag needs an argument: 'n' in -n"),
            (
                &["--debug=maybe"],
                "invalid argument \"maybe\" for \"--debug\" flag: strconv.ParseBool: parsing \"maybe\": invalid syntax",
            ),
            (
                &["--timeout", "5"],
                "invalid argument \"5\" for \"--timeout\" flag: time: missing unit in duration \"5\"",
            ),
            (&["-l", "a=1,b"], ""),
            (
                &["-l", "a=1,b=2,c"],
                "invalid argument \"a=1,b=2,c\" for \"-l, --labels\" flag: c must be formatted as key=value",
            ),
        ] {
            assert_eq!(read(line).err().unwrap_or_default(), said, "{line:?}");
        }
    }

    #[test]
    fn integers_are_written_as_in_go() {
        for (text, number) in [
            ("0x1F", 31),
            ("-0b11", -3),
            ("0o17", 15),
            ("017", 15),
            ("1_000", 1000),
            ("0_7", 7),
            ("+5", 5),
            ("0", 0),
        ] {
            assert_eq!(integer(text), Some(Ok(number)), "{text}");
        }
        for text in ["", "x", "08", "1__0", "_1", "1_", "0x", "0x_", "--1", "1.5"] {
            assert_eq!(integer(text), None, "{text}");
        }
        assert_eq!(integer("99999999999999999999999999999999999999999999"), Some(Err(())));
    }

    #[test]
    fn floats_are_written_as_in_go() {
        for text in
            ["1", "-1.5", ".5", "5.", "1e3", "1E-3", "1_0", "0x1p2", "0x_1.8P-1", "inf", "+Infinity", "NaN"]
        {
            assert!(is_float(text), "{text}");
        }
        for text in ["", ".", "x", "1e", "0x1", "1__0", "_1", "1_", "--1", "1e1.5", "-nan", "0xp1"] {
            assert!(!is_float(text), "{text}");
        }
    }

    #[test]
    fn colours_are_seen_before_the_command_is_known() {
        let look = |line: &[&str]| {
            let line: Vec<String> = line.iter().map(|it| (*it).to_owned()).collect();
            first_look(&[GLOBAL], &line).text("color").to_owned()
        };
        assert_eq!(look(&["foo", "--nope", "x", "-zq", "--color", "y"]), "y");
        assert_eq!(look(&["--color=a", "--qps=x", "--color=b"]), "a");
        assert_eq!(look(&["-h", "--color=a"]), "");
    }

    #[test]
    fn durations_are_numbers_with_units() {
        for good in ["0", "-0", "1h2.5m", ".5s", "1.µs"] {
            assert!(check_duration(good).is_ok(), "{good}");
        }
        for bad in ["", "5", "1x", ".s", "1.2.3s", "s", "-", "9999999h"] {
            assert!(check_duration(bad).is_err(), "{bad}");
        }
    }
}
