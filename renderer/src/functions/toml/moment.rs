//! The dates and times of TOML.
//!
//! *Source*: github.com/BurntSushi/toml v1.6.0, `parse.go` (`valueDatetime`); go1.27 `time.ParseInLocation`.

use sprig::dates::{Time, Zone};
use value::Value;

/// The zones of what has no offset. Source: BurntSushi/toml v1.6.0 `internal/tz.go`.
pub(super) const DATE_ZONE: &str = "date-local";
pub(super) const DATETIME_ZONE: &str = "datetime-local";
pub(super) const TIME_ZONE: &str = "time-local";

/// What a date or time of TOML says; what it does not say is zero, and year, month and day are those of Go's `time.Parse`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Moment {
    /// 0 in a time without a date.
    pub(crate) year: u16,
    /// 1 to 12.
    pub(crate) month: u8,
    /// 1 to 31.
    pub(crate) day: u8,
    /// 0 to 23.
    pub(crate) hour: u8,
    /// 0 to 59.
    pub(crate) minute: u8,
    /// 0 to 59.
    pub(crate) second: u8,
    /// Fraction of the second.
    pub(crate) nanosecond: u32,
    /// How it was written.
    pub(crate) kind: MomentKind,
}

/// Which of TOML's four types a moment is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum MomentKind {
    /// A date alone.
    LocalDate,
    /// Date and time without an offset.
    LocalDatetime,
    /// A time alone.
    LocalTime,
    /// Date and time at this many seconds east of UTC.
    Offset(i32),
}

impl Moment {
    /// Go's value of it: what has no offset stands in a zone whose name says how it was written.
    pub(super) fn into_value(self) -> Value {
        let zone = match self.kind {
            MomentKind::LocalDate => Zone::named(false, DATE_ZONE, 0),
            MomentKind::LocalDatetime => Zone::named(false, DATETIME_ZONE, 0),
            MomentKind::LocalTime => Zone::named(false, TIME_ZONE, 0),
            MomentKind::Offset(0) => Zone::Utc,
            MomentKind::Offset(seconds) => Zone::named(false, "", seconds),
        };
        let date = (i64::from(self.year), i64::from(self.month), i64::from(self.day));
        let second = i64::from(self.hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second);
        Time::written(date, second, self.nanosecond, zone).into_value()
    }

    /// Reads `2006-01-02T15:04:05.999Z`, with parts left out as TOML allows it. `None`: it is no such thing.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut rest = text.as_bytes();
        let mut moment = Self {
            year: 0,
            month: 1,
            day: 1,
            hour: 0,
            minute: 0,
            second: 0,
            nanosecond: 0,
            kind: MomentKind::LocalTime,
        };
        if rest.get(4) == Some(&b'-') {
            moment.year = number(&mut rest, 4, 9999)?;
            expect(&mut rest, b'-')?;
            moment.month = u8::try_from(number(&mut rest, 2, 12)?).ok().filter(|month| *month > 0)?;
            expect(&mut rest, b'-')?;
            moment.day = u8::try_from(number(&mut rest, 2, 31)?).ok().filter(|day| *day > 0)?;
            if moment.day > days(moment.year, moment.month) {
                return None;
            }
            moment.kind = MomentKind::LocalDate;
            if rest.is_empty() {
                return Some(moment);
            }
            expect(&mut rest, b'T')?;
            moment.kind = MomentKind::LocalDatetime;
        }
        moment.hour = u8::try_from(number(&mut rest, 2, 23)?).ok()?;
        expect(&mut rest, b':')?;
        moment.minute = u8::try_from(number(&mut rest, 2, 59)?).ok()?;
        if expect(&mut rest, b':').is_some() {
            moment.second = u8::try_from(number(&mut rest, 2, 59)?).ok()?;
            if expect(&mut rest, b'.').is_some() {
                moment.nanosecond = fraction(&mut rest)?;
            }
        }
        if moment.kind == MomentKind::LocalDatetime && !rest.is_empty() {
            moment.kind = MomentKind::Offset(offset(&mut rest)?);
        }
        rest.is_empty().then_some(moment)
    }
}

fn expect(rest: &mut &[u8], wanted: u8) -> Option<()> {
    let (first, behind) = rest.split_first()?;
    if *first != wanted {
        return None;
    }
    *rest = behind;
    Some(())
}

fn number(rest: &mut &[u8], digits: usize, most: u16) -> Option<u16> {
    let (number, behind) = rest.split_at_checked(digits)?;
    let value = number.iter().try_fold(0_u16, |value, digit| {
        digit.is_ascii_digit().then(|| value * 10 + u16::from(digit - b'0'))
    })?;
    *rest = behind;
    (value <= most).then_some(value)
}

/// Nanoseconds; digits beyond the ninth are dropped.
fn fraction(rest: &mut &[u8]) -> Option<u32> {
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, behind) = rest.split_at_checked(digits)?;
    *rest = behind;
    if number.is_empty() {
        return None;
    }
    Some((0..9).fold(0, |value, at| value * 10 + number.get(at).map_or(0, |digit| u32::from(digit - b'0'))))
}

fn offset(rest: &mut &[u8]) -> Option<i32> {
    if expect(rest, b'Z').is_some() {
        return Some(0);
    }
    let sign = if expect(rest, b'-').is_some() {
        -1
    } else {
        expect(rest, b'+')?;
        1
    };
    let hours = number(rest, 2, 24)?;
    expect(rest, b':')?;
    let minutes = number(rest, 2, 60)?;
    Some(sign * (i32::from(hours) * 60 + i32::from(minutes)) * 60)
}

fn days(year: u16, month: u8) -> u8 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
