//! `Chart.lock`: which versions the declared dependencies stood for.
//!
//! Source: helm v4.3.1 `pkg/chart/v2/dependency.go`, `Lock`.

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
    /// The value that the file is written from.
    pub fn to_yaml_value(&self) -> Value {
        let generated = if self.generated.is_empty() { "0001-01-01T00:00:00Z" } else { &self.generated };
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

/// Seconds since 1970 of a time in RFC 3339, or what is wrong with it, in Go's words behind `parsing time `.
///
/// Source: Go 1.27 `time/format_rfc3339.go`.
pub(super) fn seconds(text: &str) -> Result<i64, String> {
    let wrong = || {
        let text = quote(text);
        format!("{text} as \"2006-01-02T15:04:05Z07:00\": cannot parse {text} as \"2006\"")
    };
    let bytes = text.as_bytes();
    let number = |from: usize, len: usize, range: std::ops::RangeInclusive<i64>| {
        let digits = bytes
            .get(from..from + len)
            .filter(|part| part.iter().all(u8::is_ascii_digit))
            .ok_or_else(wrong)?;
        let number = digits.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0'));
        if range.contains(&number) { Ok(number) } else { Err(wrong()) }
    };
    let mark = |at: usize, wanted: u8| if bytes.get(at) == Some(&wanted) { Ok(()) } else { Err(wrong()) };
    let (year, month, day) = (number(0, 4, 0..=9999)?, number(5, 2, 1..=12)?, number(8, 2, 1..=31)?);
    let (hour, minute, second) = (number(11, 2, 0..=23)?, number(14, 2, 0..=59)?, number(17, 2, 0..=59)?);
    for (at, wanted) in [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')] {
        mark(at, wanted)?;
    }
    let mut at = 19;
    if bytes.get(at) == Some(&b'.') {
        let digits = bytes[at + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return Err(wrong());
        }
        at += 1 + digits;
    }
    let offset = match bytes.get(at) {
        Some(b'Z') if bytes.len() == at + 1 => 0,
        Some(sign @ (b'+' | b'-')) if bytes.len() == at + 6 => {
            mark(at + 3, b':')?;
            let offset = number(at + 1, 2, 0..=24)? * 3600 + number(at + 4, 2, 0..=60)? * 60;
            if *sign == b'-' { -offset } else { offset }
        }
        _ => return Err(wrong()),
    };
    // Days since 1970 of a day of the Gregorian calendar, counted in years that begin in March.
    let (years, months) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, year_of_era) = (years.div_euclid(400), years.rem_euclid(400));
    let day_of_year = (153 * months + 2) / 5 + day - 1;
    let days =
        era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468;
    Ok(days * 86_400 + hour * 3600 + minute * 60 + second - offset)
}
