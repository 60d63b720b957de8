//! Times as Go reads and writes them in JSON: RFC 3339, up to nine digits of a second, the zone kept.
//!
//! *Source*: go1.27 `time/format_rfc3339.go`, `time.Time.MarshalJSON`, `Time.IsZero`.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use value::calendar::{DAY_SECONDS, Day, date_of, days_in, days_of};

/// A moment, in the text that Go writes for it. The default is Go's zero time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Time(String);

const ZERO: &str = "0001-01-01T00:00:00Z";
/// Seconds from Go's zero time to 1970.
const ZERO_SECONDS: i64 = -62_135_596_800;

impl Default for Time {
    fn default() -> Self {
        Self(ZERO.to_owned())
    }
}

impl Time {
    /// The time of an RFC 3339 text; `None` where Go's reader refuses it.
    ///
    /// More than nine digits of a second are cut, zeros at their end dropped, a zone of zero becomes `Z`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(Parts::parse(text)?.print())
    }

    /// The moment so many seconds and nanoseconds after 1970, in UTC; `None` outside the years 0 to 9999.
    #[must_use]
    pub fn at(seconds: i64, nanoseconds: u32) -> Option<Self> {
        let Day { year, month, day } = date_of(seconds.div_euclid(DAY_SECONDS));
        if !(0..=9999).contains(&year) {
            return None;
        }
        let rest = seconds.rem_euclid(DAY_SECONDS);
        let parts = Parts {
            year,
            month,
            day,
            hour: rest / 3600,
            minute: rest / 60 % 60,
            second: rest % 60,
            nanoseconds: nanoseconds.min(999_999_999),
            offset_minutes: 0,
        };
        Some(parts.print())
    }

    /// As JSON has it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whole seconds since 1970 and the nanoseconds after them.
    #[must_use]
    pub fn since_1970(&self) -> (i64, u32) {
        // The text was printed by `Parts`, so it reads back.
        Parts::parse(&self.0).map_or((ZERO_SECONDS, 0), |parts| parts.since_1970())
    }

    /// Whether it is Go's zero time, in whatever zone.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.0 == ZERO || self.since_1970() == (ZERO_SECONDS, 0)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a time"))
    }
}

/// A time of `info` or of a hook's run: `""` and `null` stand for none.
pub(super) fn optional<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Time>, D::Error> {
    let text: Option<String> = Option::deserialize(from)?;
    match text.filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => {
            let time = Time::parse(&text).ok_or_else(|| serde::de::Error::custom("not a time"))?;
            Ok(Some(time).filter(|time| !time.is_zero()))
        }
    }
}

/// A time that is left out when it is zero.
pub(super) fn nonzero<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Time>, D::Error> {
    let time: Option<Time> = Option::deserialize(from)?;
    Ok(time.filter(|time| !time.is_zero()))
}

struct Parts {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    nanoseconds: u32,
    offset_minutes: i64,
}

impl Parts {
    fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let number = |from: usize, to: usize, low: i64, high: i64| {
            let digits = bytes.get(from..to)?;
            let number = digits.iter().try_fold(0_i64, |number, digit| {
                digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0'))
            })?;
            (low..=high).contains(&number).then_some(number)
        };
        let sign = |at: usize, byte: u8| (bytes.get(at) == Some(&byte)).then_some(());
        let year = number(0, 4, 0, 9999)?;
        sign(4, b'-')?;
        let month = number(5, 7, 1, 12)?;
        sign(7, b'-')?;
        let day = number(8, 10, 1, days_in(month, year))?;
        sign(10, b'T')?;
        let hour = number(11, 13, 0, 23)?;
        sign(13, b':')?;
        let minute = number(14, 16, 0, 59)?;
        sign(16, b':')?;
        let second = number(17, 19, 0, 59)?;
        let mut at = 19;
        let mut nanoseconds = 0;
        if bytes.get(at) == Some(&b'.') && bytes.get(at + 1).is_some_and(u8::is_ascii_digit) {
            at += 1;
            let digits = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            for place in 0..9 {
                let digit = if place < digits { u32::from(bytes[at + place] - b'0') } else { 0 };
                nanoseconds = nanoseconds * 10 + digit;
            }
            at += digits;
        }
        let offset_minutes = match bytes.get(at..)? {
            b"Z" => 0,
            [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
                let minutes = number(at + 1, at + 3, 0, 23)? * 60 + number(at + 4, at + 6, 0, 59)?;
                if *sign == b'-' { -minutes } else { minutes }
            }
            _ => return None,
        };
        Some(Self { year, month, day, hour, minute, second, nanoseconds, offset_minutes })
    }

    fn since_1970(&self) -> (i64, u32) {
        let days = days_of(Day { year: self.year, month: self.month, day: self.day });
        let seconds = days * DAY_SECONDS + self.hour * 3600 + self.minute * 60 + self.second;
        (seconds - self.offset_minutes * 60, self.nanoseconds)
    }

    fn print(&self) -> Time {
        let Self { year, month, day, hour, minute, second, .. } = self;
        let mut text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
        if self.nanoseconds != 0 {
            let digits = format!("{:09}", self.nanoseconds);
            text.push('.');
            text.push_str(digits.trim_end_matches('0'));
        }
        if self.offset_minutes == 0 {
            text.push('Z');
        } else {
            let sign = if self.offset_minutes < 0 { '-' } else { '+' };
            let minutes = self.offset_minutes.abs();
            text.push_str(&format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60));
        }
        Time(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_and_written_as_go_does() {
        for (text, printed) in [
            ("2026-11-21T19:03:21Z", "2026-11-21T19:03:21Z"),
            ("2026-11-21T19:03:21.120000000Z", "2026-11-21T19:03:21.12Z"),
            ("2026-11-21T19:03:21.1234567891Z", "2026-11-21T19:03:21.123456789Z"),
            ("2026-11-21T19:03:21.5+02:00", "2026-11-21T19:03:21.5+02:00"),
            ("2026-11-21T19:03:21-00:00", "2026-11-21T19:03:21Z"),
            ("2024-02-29T00:00:00-05:30", "2024-02-29T00:00:00-05:30"),
        ] {
            assert_eq!(Time::parse(text).expect(text).as_str(), printed);
        }
        for text in [
            "",
            "2026-11-21",
            "2026-11-21t19:03:21Z",
            "2026-11-21T19:03:21",
            "2026-11-21T19:03:21,5Z",
            "2026-11-21T19:03:21.Z",
            "2026-11-21T24:00:00Z",
            "2026-11-21T19:03:60Z",
            "2026-02-29T00:00:00Z",
            "2026-11-21T19:03:21+24:00",
            "2026-11-21T19:03:21Z ",
            "yesterday",
        ] {
            assert_eq!(Time::parse(text), None, "{text}");
        }
    }

    #[test]
    fn zero_is_a_moment_and_not_a_text() {
        assert!(Time::default().is_zero());
        assert!(Time::parse("0001-01-01T01:00:00+01:00").expect("a time").is_zero());
        assert!(Time::parse("0000-12-31T23:00:00-01:00").expect("a time").is_zero());
        assert!(!Time::parse("0001-01-01T00:00:00.1Z").expect("a time").is_zero());
    }

    #[test]
    fn seconds_go_both_ways() {
        for text in [
            "1970-01-01T00:00:00Z",
            "0000-03-01T00:00:00Z",
            "9999-12-31T23:59:59.000000001Z",
            "2024-02-29T12:34:56Z",
        ] {
            let (seconds, nanoseconds) = Time::parse(text).expect(text).since_1970();
            assert_eq!(Time::at(seconds, nanoseconds).expect(text).as_str(), text);
        }
        assert_eq!(Time::parse("2026-11-21T19:03:21Z").expect("a time").since_1970(), (1_795_287_801, 0));
        assert_eq!(Time::at(i64::MAX, 0), None);
    }
}
