//! What a plain scalar means: go-yaml's table of YAML 1.1 types.
//!
//! *Source*: go.yaml.in/yaml/v2 v2.4.4 `resolve.go`; go1.27 `strconv` and `time.Parse` for what it calls.

use std::borrow::Cow;

use value::number::{parse_float, parse_int, parse_uint};

/// The meaning of a scalar that has no tag or one of the tags of YAML's core.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Resolved {
    /// `~`, `null`, nothing.
    Null,
    /// `yes`, `off`, `true`.
    Bool(bool),
    /// A number that fits `int64`.
    Int(i64),
    /// A number that only fits `uint64`.
    Uint(u64),
    /// Any other number, `.inf` and `.nan` included.
    Float(f64),
    /// Looks like a date; stays text for whoever reads into `interface{}`, but is quoted when written.
    Timestamp,
    /// Text.
    Str,
}

impl Resolved {
    /// The tag in its short form, as error texts print it.
    pub(crate) fn short_tag(self) -> &'static str {
        match self {
            Self::Null => "!!null",
            Self::Bool(_) => "!!bool",
            Self::Int(_) | Self::Uint(_) => "!!int",
            Self::Float(_) => "!!float",
            Self::Timestamp => "!!timestamp",
            Self::Str => "!!str",
        }
    }
}

/// The meaning of a plain scalar without a tag.
pub fn resolve(text: &[u8]) -> Resolved {
    resolve_as(text, true)
}

/// The prefix of YAML's own tags; `!!int` is short for it and `int`.
pub(crate) const CORE: &[u8] = b"tag:yaml.org,2002:";

/// The meaning of a scalar that carries the tag `tag` (in its long form). `None`: the tag is not one that resolves.
///
/// # Errors
/// go-yaml's sentence, without `yaml: `, when text and tag do not fit.
pub fn resolve_tagged(tag: &[u8], text: &[u8]) -> Result<Option<Resolved>, String> {
    let Some(name) = tag.strip_prefix(CORE) else { return Ok(None) };
    let found = match name {
        b"str" => return Ok(Some(Resolved::Str)),
        b"timestamp" => resolve_as(text, true),
        b"bool" | b"int" | b"float" | b"null" => resolve_as(text, false),
        _ => return Ok(None),
    };
    match (name, found) {
        (b"bool", Resolved::Bool(_))
        | (b"int", Resolved::Int(_) | Resolved::Uint(_))
        | (b"float", Resolved::Float(_))
        | (b"null", Resolved::Null)
        | (b"timestamp", Resolved::Timestamp) => Ok(Some(found)),
        (b"float", Resolved::Int(number)) => Ok(Some(Resolved::Float(number as f64))),
        _ => {
            let (text, name) = (String::from_utf8_lossy(text), String::from_utf8_lossy(name));
            Err(format!("cannot decode {} `{text}` as a !!{name}", found.short_tag()))
        }
    }
}

fn resolve_as(text: &[u8], with_timestamps: bool) -> Resolved {
    match text.first() {
        None => Resolved::Null,
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~') => word(text),
        Some(b'.') => match text {
            b".nan" | b".NaN" | b".NAN" => Resolved::Float(f64::NAN),
            b".inf" | b".Inf" | b".INF" => Resolved::Float(f64::INFINITY),
            _ => parse_float(text).map_or(Resolved::Str, Resolved::Float),
        },
        Some(b'0'..=b'9' | b'+' | b'-') => number(text, with_timestamps),
        Some(_) => Resolved::Str,
    }
}

fn word(text: &[u8]) -> Resolved {
    match text {
        b"y" | b"Y" | b"yes" | b"Yes" | b"YES" | b"true" | b"True" | b"TRUE" | b"on" | b"On" | b"ON" => {
            Resolved::Bool(true)
        }
        b"n" | b"N" | b"no" | b"No" | b"NO" | b"false" | b"False" | b"FALSE" | b"off" | b"Off" | b"OFF" => {
            Resolved::Bool(false)
        }
        b"~" | b"null" | b"Null" | b"NULL" => Resolved::Null,
        _ => Resolved::Str,
    }
}

fn number(text: &[u8], with_timestamps: bool) -> Resolved {
    match text {
        b"+.inf" | b"+.Inf" | b"+.INF" => return Resolved::Float(f64::INFINITY),
        b"-.inf" | b"-.Inf" | b"-.INF" => return Resolved::Float(f64::NEG_INFINITY),
        _ => {}
    }
    if with_timestamps && is_timestamp(text) {
        return Resolved::Timestamp;
    }
    let plain: Cow<'_, [u8]> = if text.contains(&b'_') {
        text.iter().copied().filter(|byte| *byte != b'_').collect::<Vec<u8>>().into()
    } else {
        text.into()
    };
    if let Ok(number) = parse_int(&plain, 0) {
        return Resolved::Int(number);
    }
    if let Ok(number) = parse_uint(&plain, 0) {
        return Resolved::Uint(number);
    }
    if is_yaml_float(&plain)
        && let Ok(number) = parse_float(&plain)
    {
        return Resolved::Float(number);
    }
    // What base 0 did not take already: a sign behind the prefix.
    if let Some(digits) = plain.strip_prefix(b"0b") {
        if let Ok(number) = parse_int(digits, 2) {
            return Resolved::Int(number);
        }
        if let Ok(number) = parse_uint(digits, 2) {
            return Resolved::Uint(number);
        }
    } else if let Some(digits) = plain.strip_prefix(b"-0b")
        && let Ok(number) = parse_int(&[b"-", digits].concat(), 2)
    {
        return Resolved::Int(number);
    }
    Resolved::Str
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`
fn is_yaml_float(text: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut rest = text;
    if let [b'-' | b'+', tail @ ..] = rest {
        rest = tail;
    }
    let whole = digits(rest);
    rest = &rest[whole..];
    if let [b'.', tail @ ..] = rest {
        let fraction = digits(tail);
        if whole == 0 && fraction == 0 {
            return false;
        }
        rest = &tail[fraction..];
    } else if whole == 0 {
        return false;
    }
    if let [b'e' | b'E', tail @ ..] = rest {
        let tail = match tail {
            [b'-' | b'+', tail @ ..] => tail,
            _ => tail,
        };
        let exponent = digits(tail);
        if exponent == 0 {
            return false;
        }
        rest = &tail[exponent..];
    }
    rest.is_empty()
}

/// Whether one of go-yaml's four layouts takes the text: a date, or a date with a time.
fn is_timestamp(text: &[u8]) -> bool {
    let year = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    year == 4 && text.get(4) == Some(&b'-') && date_and_time(text).is_some()
}

fn date_and_time(text: &[u8]) -> Option<()> {
    // Four digits, so this cannot fail.
    let year = text[..4].iter().fold(0_u32, |year, digit| year * 10 + u32::from(digit - b'0'));
    let (month, rest) = one_or_two_digits(&text[5..])?;
    let rest = rest.strip_prefix(b"-")?;
    let (day, rest) = one_or_two_digits(rest)?;
    let days = match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if day < 1 || day > days {
        return None;
    }
    match rest {
        [] => Some(()),
        [b'T' | b't', rest @ ..] => zone(time_of_day(rest)?),
        [b' ', ..] => {
            let blanks = rest.iter().take_while(|byte| **byte == b' ').count();
            time_of_day(&rest[blanks..])?.is_empty().then_some(())
        }
        _ => None,
    }
}

/// `15:4:5.999999999`; gives what follows.
fn time_of_day(text: &[u8]) -> Option<&[u8]> {
    let (hour, rest) = one_or_two_digits(text)?;
    let (minute, rest) = one_or_two_digits(rest.strip_prefix(b":")?)?;
    let (second, rest) = one_or_two_digits(rest.strip_prefix(b":")?)?;
    if hour >= 24 || minute >= 60 || second >= 60 {
        return None;
    }
    match rest {
        [b'.' | b',', b'0'..=b'9', ..] => {
            Some(&rest[1 + rest[1..].iter().take_while(|byte| byte.is_ascii_digit()).count()..])
        }
        _ => Some(rest),
    }
}

/// `Z07:00`, to the end.
fn zone(text: &[u8]) -> Option<()> {
    let two = |tens: u8, ones: u8| {
        (tens.is_ascii_digit() && ones.is_ascii_digit())
            .then(|| u32::from(tens - b'0') * 10 + u32::from(ones - b'0'))
    };
    match *text {
        [b'Z'] => Some(()),
        // Some people do write offsets of 24 hours or 60 minutes, says Go.
        [b'+' | b'-', h1, h2, b':', m1, m2] => (two(h1, h2)? <= 24 && two(m1, m2)? <= 60).then_some(()),
        _ => None,
    }
}

fn one_or_two_digits(text: &[u8]) -> Option<(u32, &[u8])> {
    match text {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9', rest @ ..] => {
            Some((u32::from(tens - b'0') * 10 + u32::from(ones - b'0'), rest))
        }
        [ones @ b'0'..=b'9', rest @ ..] => Some((u32::from(ones - b'0'), rest)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(texts: &str, expected: Resolved) {
        for text in texts.split('|') {
            assert_eq!(resolve(text.as_bytes()), expected, "{text:?}");
        }
    }

    #[test]
    fn words_of_yaml_1_1() {
        check("y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON", Resolved::Bool(true));
        check("n|N|no|No|NO|false|False|FALSE|off|Off|OFF", Resolved::Bool(false));
        check("|~|null|Null|NULL", Resolved::Null);
        check("yEs|tRue|nULL|_1|<<|=|inf|nan|NaN|.|..|.e1|._5|.5_|true |-|+|--1", Resolved::Str);
    }

    #[test]
    fn numbers() {
        check("1|+1|0x1|01|0o1|0b1|1_|0X1|0B1|0O1|0b+1", Resolved::Int(1));
        check("0755|493|0x1ED|0o755|4_9_3", Resolved::Int(493));
        check("-9223372036854775808|-0x8000000000000000", Resolved::Int(i64::MIN));
        check("-0b101|-5", Resolved::Int(-5));
        check("18446744073709551615|0xffffffffffffffff", Resolved::Uint(u64::MAX));
        check("08|8.|8.0|+8e0|0_8", Resolved::Float(8.0));
        check(".5|5e-1|0.5|+.5|.5_0|5E-1", Resolved::Float(0.5));
        check("100000000000000000000|1e20", Resolved::Float(1e20));
        check(".inf|+.INF", Resolved::Float(f64::INFINITY));
        check("0x|0xg|0b2|0o9|1e|1.2.3|1e400|-1e400|1,000|0x1p-2|1:30|12:30:45.5|1e+|+-1", Resolved::Str);
        assert!(matches!(resolve(b".NaN"), Resolved::Float(nan) if nan.is_nan()));
    }

    #[test]
    fn dates() {
        check("2001-01-01|2001-1-1|2000-2-29|2001-1-1 1:2:3|2001-1-1   01:02:03.5", Resolved::Timestamp);
        check("2001-01-01T1:2:3Z|2001-01-01t01:02:03,25+24:60|0000-1-1", Resolved::Timestamp);
        check("2001-13-01|2001-01|2001-2-29|1900-2-29|2001-1-0|2001-01-01T1:2:3", Resolved::Str);
        check("2001-1-1 1:2|2001-1-1 24:0:0|2001-1-1T1:2:3+2:00|2001-1-1 1:2:3 |2001-1-1x", Resolved::Str);
        check("20010-1-1|201-1-1", Resolved::Str);
    }

    #[test]
    fn tags_and_texts_have_to_fit() {
        let tagged =
            |tag: &str, text: &str| resolve_tagged(&[CORE, tag.as_bytes()].concat(), text.as_bytes());
        assert_eq!(tagged("str", "5"), Ok(Some(Resolved::Str)));
        assert_eq!(tagged("float", "5"), Ok(Some(Resolved::Float(5.0))));
        assert_eq!(tagged("timestamp", "2001-1-1"), Ok(Some(Resolved::Timestamp)));
        assert_eq!(tagged("binary", "x"), Ok(None));
        assert_eq!(tagged("int", "x"), Err("cannot decode !!str `x` as a !!int".into()));
        assert_eq!(tagged("int", "2001-1-1"), Err("cannot decode !!str `2001-1-1` as a !!int".into()));
        assert_eq!(tagged("timestamp", ""), Err("cannot decode !!null `` as a !!timestamp".into()));
        let large = "18446744073709551615";
        assert_eq!(tagged("float", large), Err(format!("cannot decode !!int `{large}` as a !!float")));
    }
}
