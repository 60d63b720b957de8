//! Go's layouts, which show how the reference time would be written: their elements, and a time written by them.
//!
//! *Source*: go 1.27 `time/format.go`, `nextStdChunk` and `appendFormat`.

use std::io::Write;

use value::calendar::{MONTHS, WEEKDAYS};

use super::time::Time;

/// One element of a layout.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Element {
    Day,
    DayPadded,
    DayZero,
    Fraction { digits: usize, nines: bool, separator: u8 },
    Hour,
    Hour12,
    Hour12Zero,
    LowerPm,
    Minute,
    MinuteZero,
    Month,
    MonthLong,
    MonthShort,
    MonthZero,
    Offset(Offset),
    Second,
    SecondZero,
    UpperPm,
    WeekdayLong,
    WeekdayShort,
    YearDayPadded,
    YearDayZero,
    YearLong,
    YearShort,
    ZoneName,
}

/// How an offset from UTC is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Offset {
    /// UTC is `Z`.
    pub(super) zulu: bool,
    pub(super) colon: bool,
    pub(super) minutes: bool,
    pub(super) seconds: bool,
}

impl Offset {
    /// Length without sign: `07:00:00` is 8.
    pub(super) fn digits_len(self) -> usize {
        2 + (usize::from(self.minutes) + usize::from(self.seconds)) * (2 + usize::from(self.colon))
    }
}

/// An element and how the layout writes it.
type Written<'a> = (Element, &'a [u8]);

/// The text before the first element, the element, and what follows.
pub(super) fn next(layout: &[u8]) -> (&[u8], Option<Written<'_>>, &[u8]) {
    for at in 0..layout.len() {
        if let Some((element, skip, len)) = element_at(&layout[at..]) {
            let start = at + skip;
            let end = start + len;
            return (&layout[..start], Some((element, &layout[start..end])), &layout[end..]);
        }
    }
    (layout, None, &[])
}

/// The element at the front: how many bytes before it are plain, and its length.
fn element_at(text: &[u8]) -> Option<(Element, usize, usize)> {
    use Element::*;
    let starts = |prefix: &str| text.starts_with(prefix.as_bytes());
    let found = |element, len| Some((element, 0, len));
    match text.first()? {
        b'J' if starts("January") => found(MonthLong, 7),
        b'J' if starts("Jan") && !lower_follows(text) => found(MonthShort, 3),
        b'M' if starts("Monday") => found(WeekdayLong, 6),
        b'M' if starts("Mon") && !lower_follows(text) => found(WeekdayShort, 3),
        b'M' if starts("MST") => found(ZoneName, 3),
        b'0' => match text.get(1)? {
            b'1' => found(MonthZero, 2),
            b'2' => found(DayZero, 2),
            b'3' => found(Hour12Zero, 2),
            b'4' => found(MinuteZero, 2),
            b'5' => found(SecondZero, 2),
            b'6' => found(YearShort, 2),
            b'0' if starts("002") => found(YearDayZero, 3),
            _ => None,
        },
        b'1' if starts("15") => found(Hour, 2),
        b'1' => found(Month, 1),
        b'2' if starts("2006") => found(YearLong, 4),
        b'2' => found(Day, 1),
        b'_' if starts("_2006") => Some((YearLong, 1, 4)),
        b'_' if starts("_2") => found(DayPadded, 2),
        b'_' if starts("__2") => found(YearDayPadded, 3),
        b'3' => found(Hour12, 1),
        b'4' => found(Minute, 1),
        b'5' => found(Second, 1),
        b'P' if starts("PM") => found(UpperPm, 2),
        b'p' if starts("pm") => found(LowerPm, 2),
        b'-' | b'Z' => {
            let zulu = text[0] == b'Z';
            let forms = [
                ("070000", false, true, true),
                ("07:00:00", true, true, true),
                ("0700", false, true, false),
                ("07:00", true, true, false),
                ("07", false, false, false),
            ];
            let (form, colon, minutes, seconds) =
                forms.into_iter().find(|(form, ..)| text[1..].starts_with(form.as_bytes()))?;
            found(Offset(self::Offset { zulu, colon, minutes, seconds }), form.len() + 1)
        }
        separator @ (b'.' | b',') => {
            let kind = *text.get(1).filter(|kind| matches!(kind, b'0' | b'9'))?;
            let digits = text[1..].iter().take_while(|&&byte| byte == kind).count();
            let ends = !text.get(1 + digits).is_some_and(u8::is_ascii_digit);
            let element = Fraction { digits, nines: kind == b'9', separator: *separator };
            if ends { found(element, digits + 1) } else { None }
        }
        _ => None,
    }
}

fn lower_follows(text: &[u8]) -> bool {
    text.get(3).is_some_and(u8::is_ascii_lowercase)
}

/// Writes `time` as the layout shows.
pub(super) fn format(time: &Time, layout: &[u8]) -> Vec<u8> {
    let date = time.date();
    let clock = time.second_of_day();
    let (hour, minute, second) = (clock / 3600, clock / 60 % 60, clock % 60);
    let hour12 = if hour % 12 == 0 { 12 } else { hour % 12 };
    let month = MONTHS[(date.month - 1) as usize];
    let weekday = WEEKDAYS[time.weekday() as usize];
    let mut out = Vec::with_capacity(layout.len() + 10);
    let mut rest = layout;
    loop {
        let (before, element, after) = next(rest);
        out.extend_from_slice(before);
        let Some((element, _)) = element else { return out };
        rest = after;
        match element {
            Element::Day => pad(&mut out, date.day, 0),
            Element::DayPadded => spaced(&mut out, date.day, 2),
            Element::DayZero => pad(&mut out, date.day, 2),
            Element::Fraction { digits, nines, separator } => {
                fraction(&mut out, time.timestamp().nanoseconds, digits, nines, separator);
            }
            Element::Hour => pad(&mut out, hour, 2),
            Element::Hour12 => pad(&mut out, hour12, 0),
            Element::Hour12Zero => pad(&mut out, hour12, 2),
            Element::LowerPm => out.extend_from_slice(if hour >= 12 { b"pm" } else { b"am" }),
            Element::Minute => pad(&mut out, minute, 0),
            Element::MinuteZero => pad(&mut out, minute, 2),
            Element::Month => pad(&mut out, date.month, 0),
            Element::MonthLong => out.extend_from_slice(month.as_bytes()),
            Element::MonthShort => out.extend_from_slice(&month.as_bytes()[..3]),
            Element::MonthZero => pad(&mut out, date.month, 2),
            Element::Offset(form) => offset(&mut out, time.offset_seconds(), form),
            Element::Second => pad(&mut out, second, 0),
            Element::SecondZero => pad(&mut out, second, 2),
            Element::UpperPm => out.extend_from_slice(if hour >= 12 { b"PM" } else { b"AM" }),
            Element::WeekdayLong => out.extend_from_slice(weekday.as_bytes()),
            Element::WeekdayShort => out.extend_from_slice(&weekday.as_bytes()[..3]),
            Element::YearDayPadded => spaced(&mut out, time.year_day(), 3),
            Element::YearDayZero => pad(&mut out, time.year_day(), 3),
            Element::YearLong => pad(&mut out, date.year, 4),
            Element::YearShort => pad(&mut out, date.year.abs() % 100, 2),
            Element::ZoneName => match time.zone_name() {
                "" => offset(
                    &mut out,
                    time.offset_seconds(),
                    Offset { zulu: false, colon: false, minutes: true, seconds: false },
                ),
                name => out.extend_from_slice(name.as_bytes()),
            },
        }
    }
}

/// Digits with leading zeros; the sign does not count.
fn pad(out: &mut Vec<u8>, number: i64, width: usize) {
    let sign = if number < 0 { "-" } else { "" };
    // Writing to a vector cannot fail.
    let _ = write!(out, "{sign}{:0width$}", number.unsigned_abs());
}

fn spaced(out: &mut Vec<u8>, number: i64, width: usize) {
    let _ = write!(out, "{number:width$}");
}

fn offset(out: &mut Vec<u8>, seconds: i64, form: Offset) {
    if form.zulu && seconds == 0 {
        out.push(b'Z');
        return;
    }
    let minutes = seconds / 60;
    out.push(if minutes < 0 { b'-' } else { b'+' });
    let colon = |out: &mut Vec<u8>| out.extend(form.colon.then_some(b':'));
    pad(out, minutes.abs() / 60, 2);
    if form.minutes {
        colon(out);
        pad(out, minutes.abs() % 60, 2);
    }
    if form.seconds {
        colon(out);
        let seconds = if minutes < 0 { -seconds } else { seconds };
        pad(out, seconds % 60, 2);
    }
}

fn fraction(out: &mut Vec<u8>, nanoseconds: u32, digits: usize, nines: bool, separator: u8) {
    if nines && nanoseconds == 0 {
        return;
    }
    let text = format!("{nanoseconds:09}");
    let mut text = &text[..digits.min(9)];
    if nines {
        text = text.trim_end_matches('0');
    }
    if !text.is_empty() {
        out.push(separator);
        out.extend_from_slice(text.as_bytes());
    }
}
