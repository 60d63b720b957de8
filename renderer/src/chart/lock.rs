//! `Chart.lock`: which versions the declared dependencies stood for.
//!
//! Source: helm v4.3.1 `pkg/chart/v2/dependency.go`, `Lock`.

use value::calendar::{DAY_SECONDS, Day, date_of, days_in, days_of};
use value::{Map, Value};

use super::Dependency;
use crate::show::quote;

/// The lock file of a chart.
#[derive(Clone, Debug, Default)]
pub struct Lock {
    /// When it was written: RFC 3339, as in the file; empty when the file does not say.
    pub generated: String,
    /// Digest of the declared and the locked dependencies.
    pub digest: String,
    /// The locked dependencies; a `None` is a null in the list. `None` for the whole when the file has no such field.
    pub dependencies: Option<Vec<Option<Dependency>>>,
}

impl Lock {
    /// When it was written, in nanoseconds since 1970; `None` when the file does not say.
    pub(crate) fn generated_nanoseconds(&self) -> Option<i64> {
        let seconds = seconds(&self.generated).ok()?;
        let digits =
            self.generated.split('.').nth(1).unwrap_or_default().bytes().take_while(u8::is_ascii_digit);
        // Nine digits, zeros where there are fewer.
        let fraction = digits
            .chain(std::iter::repeat(b'0'))
            .take(9)
            .fold(0, |fraction, digit| fraction * 10 + i64::from(digit - b'0'));
        Some(seconds.saturating_mul(1_000_000_000).saturating_add(fraction))
    }

    /// Sets the time, in seconds since 1970.
    pub(crate) fn stamp(&mut self, seconds: i64) {
        self.generated = rfc3339(seconds, 0);
    }

    /// The value that the file is written from.
    pub fn to_yaml_value(&self) -> Value {
        let generated = if self.generated.is_empty() {
            "0001-01-01T00:00:00Z".to_owned()
        } else {
            canonical(&self.generated)
        };
        let dependencies = self.dependencies.as_ref().map_or(Value::Nil, |dependencies| {
            let entries =
                dependencies.iter().map(|entry| entry.as_ref().map_or(Value::Nil, Dependency::to_yaml_value));
            Value::from(entries.collect::<Vec<_>>())
        });
        Value::Map(Map::from_iter([
            ("generated", Value::from(generated)),
            ("digest", Value::from(self.digest.as_str())),
            ("dependencies", dependencies),
        ]))
    }
}

/// A time as Go writes back what it read: no zeros at the end of a fraction, at most nine digits of it, `Z` for no offset.
pub(crate) fn canonical(text: &str) -> String {
    let at = text.find('.').unwrap_or(text.len()).min(19).min(text.len());
    let (date, rest) = text.split_at(at);
    let (fraction, zone) = match rest.strip_prefix('.') {
        None => ("", rest),
        Some(rest) => rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())),
    };
    let fraction = fraction[..fraction.len().min(9)].trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    let zone = if matches!(zone, "+00:00" | "-00:00") { "Z" } else { zone };
    format!("{date}{point}{fraction}{zone}")
}

/// A time in RFC 3339, in UTC, without zeros at the end of its fraction.
pub fn rfc3339(seconds: i64, nanoseconds: u32) -> String {
    let (days, second) = (seconds.div_euclid(DAY_SECONDS), seconds.rem_euclid(DAY_SECONDS));
    let Day { year, month, day } = date_of(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    canonical(&format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{nanoseconds:09}Z"))
}

/// Seconds since 1970 of a time in RFC 3339, or what is wrong with it, in Go's words behind `parsing time `.
///
/// Source: Go 1.27 `time/format.go`, `time/format_rfc3339.go`.
pub(crate) fn seconds(text: &str) -> Result<i64, String> {
    let bytes = text.as_bytes();
    let wrong = |at: usize, piece: &str| {
        let rest = quote(text.get(at..).unwrap_or_default());
        format!("{} as \"2006-01-02T15:04:05Z07:00\": cannot parse {rest} as \"{piece}\"", quote(text))
    };
    let number = |at: usize, len: usize, piece: &str| {
        let digits = bytes.get(at..at + len).filter(|part| part.iter().all(u8::is_ascii_digit));
        let digits = digits.ok_or_else(|| wrong(at, piece))?;
        Ok::<i64, String>(digits.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0')))
    };
    let mark = |at: usize, wanted: &str| {
        if bytes.get(at).copied() == wanted.bytes().next() { Ok(()) } else { Err(wrong(at, wanted)) }
    };
    let range = |number: i64, allowed: std::ops::RangeInclusive<i64>, name: &str| {
        if allowed.contains(&number) { Ok(()) } else { Err(format!("{}: {name} out of range", quote(text))) }
    };
    let year = number(0, 4, "2006")?;
    mark(4, "-")?;
    let month = number(5, 2, "01")?;
    range(month, 1..=12, "month")?;
    mark(7, "-")?;
    let day = number(8, 2, "02")?;
    mark(10, "T")?;
    let hour = number(11, 2, "15")?;
    range(hour, 0..=23, "hour")?;
    mark(13, ":")?;
    let minute = number(14, 2, "04")?;
    range(minute, 0..=59, "minute")?;
    mark(16, ":")?;
    let second = number(17, 2, "05")?;
    range(second, 0..=59, "second")?;
    let mut at = 19;
    if bytes.get(at) == Some(&b'.') {
        let digits = bytes[at + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        at += if digits == 0 { 0 } else { 1 + digits };
    }
    let zone = || wrong(at, "Z07:00");
    let offset = match bytes.get(at) {
        Some(b'Z') => 0,
        Some(sign @ (b'+' | b'-')) => {
            let part = |from: usize| number(from, 2, "").map_err(|_| zone());
            mark(at + 3, ":").map_err(|_| zone())?;
            let offset = part(at + 1)? * 3600 + part(at + 4)? * 60;
            if *sign == b'-' { -offset } else { offset }
        }
        _ => return Err(zone()),
    };
    let end = if bytes[at] == b'Z' { at + 1 } else { at + 6 };
    if end < bytes.len() {
        let rest = quote(text.get(end..).unwrap_or_default());
        return Err(format!("{}: extra text: {rest}", quote(text)));
    }
    range(day, 1..=days_in(month, year), "day")?;
    Ok(days_of(Day { year, month, day }) * DAY_SECONDS + hour * 3600 + minute * 60 + second - offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written_as_go_does() {
        assert_eq!(seconds("2000-02-29T12:30:01.5+01:00"), Ok(951_823_801));
        let lock = Lock { generated: "1970-01-01T00:00:01.25Z".to_owned(), ..Lock::default() };
        assert_eq!(lock.generated_nanoseconds(), Some(1_250_000_000));
        assert_eq!(rfc3339(951_823_801, 0), "2000-02-29T11:30:01Z");
        assert_eq!(canonical("2000-02-29T12:30:01.5000+00:00"), "2000-02-29T12:30:01.5Z");
        assert_eq!(canonical("2000-02-29T12:30:01.000Z"), "2000-02-29T12:30:01Z");
        for (text, wrong) in [
            ("2020-13-01T00:00:00Z", "\"2020-13-01T00:00:00Z\": month out of range"),
            ("2021-02-29T00:00:00Z", "\"2021-02-29T00:00:00Z\": day out of range"),
            ("2020-12-01", "\"2020-12-01\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"\" as \"T\""),
            ("x", "\"x\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"x\" as \"2006\""),
        ] {
            assert_eq!(seconds(text), Err(wrong.to_owned()));
        }
    }
}
