//! Reads a time that is written as a layout shows.
//!
//! *Source*: go 1.27 `time/format.go`, `parse`.

use value::Text;
use value::calendar::{DAY_SECONDS, Day, MONTHS, WEEKDAYS, days_before, days_in, days_of, is_leap};

use super::layout::{self, Element, Offset};
use super::time::{Time, Zone};

/// Why an element cannot be read.
enum Fault {
    Bad,
    /// It can, but means nothing: `month`.
    Range(&'static str),
}

type Read<T> = Result<T, Fault>;

/// What is read so far.
#[derive(Default)]
struct Parts<'a> {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanosecond: u32,
    pm: Option<bool>,
    utc: bool,
    offset: Option<i32>,
    zone_name: Option<&'a [u8]>,
}

/// The time that `text` means; `local` says what the machine's own zone is at a moment.
///
/// # Errors
/// Go's sentence.
pub(super) fn parse(layout: &[u8], text: &[u8], local: &mut dyn FnMut(i64) -> Zone) -> Result<Time, Text> {
    let mismatch = |element: &[u8], rest: &[u8]| -> Text {
        [
            b"parsing time ".as_slice(),
            &quoted(text),
            b" as ",
            &quoted(layout),
            b": cannot parse ",
            &quoted(rest),
            b" as ",
            &quoted(element),
        ]
        .concat()
        .into()
    };
    let fault =
        |what: &[u8]| -> Text { [b"parsing time ".as_slice(), &quoted(text), b": ", what].concat().into() };
    let mut parts = Parts::default();
    let (mut pattern, mut rest) = (layout, text);
    loop {
        let (before, element, after) = layout::next(pattern);
        rest = skip(rest, before).map_err(|left| mismatch(before, left))?;
        let Some((element, written)) = element else { break };
        let start = rest;
        match parts.read(element, &mut rest, after) {
            Ok(()) => pattern = after,
            Err(Fault::Bad) => return Err(mismatch(written, start)),
            Err(Fault::Range(what)) => return Err(fault(format!("{what} out of range").as_bytes())),
        }
    }
    if !rest.is_empty() {
        return Err(fault(&[b"extra text: ".as_slice(), &quoted(rest)].concat()));
    }
    parts.finish(local).map_err(|what| fault(what.as_bytes()))
}

impl<'a> Parts<'a> {
    /// Takes one element from the front of `rest`; `after` is what the layout shows behind it.
    fn read(&mut self, element: Element, rest: &mut &'a [u8], after: &[u8]) -> Read<()> {
        let within = |number: i64, from: i64, to: i64, what| {
            if (from..=to).contains(&number) { Ok(number) } else { Err(Fault::Range(what)) }
        };
        match element {
            Element::YearShort => {
                let year = whole_number(take(rest, 2)?)?;
                self.year = year + if year >= 69 { 1900 } else { 2000 };
            }
            Element::YearLong => {
                if !rest.first().is_some_and(u8::is_ascii_digit) {
                    return Err(Fault::Bad);
                }
                self.year = whole_number(take(rest, 4)?)?;
            }
            Element::MonthShort => self.month = Some(lookup(rest, &MONTHS, 3)? + 1),
            Element::MonthLong => self.month = Some(lookup(rest, &MONTHS, usize::MAX)? + 1),
            Element::Month | Element::MonthZero => {
                let month = number(rest, element == Element::MonthZero)?;
                self.month = Some(within(month, 1, 12, "month")?);
            }
            Element::WeekdayShort => drop(lookup(rest, &WEEKDAYS, 3)?),
            Element::WeekdayLong => drop(lookup(rest, &WEEKDAYS, usize::MAX)?),
            Element::Day | Element::DayPadded | Element::DayZero => {
                if element == Element::DayPadded && rest.starts_with(b" ") {
                    *rest = &rest[1..];
                }
                self.day = Some(number(rest, element == Element::DayZero)?);
            }
            Element::YearDayPadded | Element::YearDayZero => {
                let fixed = element == Element::YearDayZero;
                for _ in 0..2 {
                    if !fixed && rest.starts_with(b" ") {
                        *rest = &rest[1..];
                    }
                }
                let digits = rest.iter().take(3).take_while(|byte| byte.is_ascii_digit()).count();
                if digits == 0 || fixed && digits != 3 {
                    return Err(Fault::Bad);
                }
                self.year_day = Some(whole_number(take(rest, digits)?)?);
            }
            Element::Hour => self.hour = within(number(rest, false)?, 0, 23, "hour")?,
            Element::Hour12 | Element::Hour12Zero => {
                self.hour = within(number(rest, element == Element::Hour12Zero)?, 0, 12, "hour")?;
            }
            Element::Minute | Element::MinuteZero => {
                self.minute = within(number(rest, element == Element::MinuteZero)?, 0, 59, "minute")?;
            }
            Element::Second | Element::SecondZero => {
                let second = number(rest, element == Element::SecondZero)?;
                self.second = within(second, 0, 59, "second")?;
                // A fraction may follow that the layout does not show.
                let shown = matches!(layout::next(after).1, Some((Element::Fraction { .. }, _)));
                if !shown && let Some(digits) = fraction_len(rest) {
                    self.nanosecond = nanoseconds(take(rest, 1 + digits)?)?;
                }
            }
            Element::UpperPm | Element::LowerPm => {
                let upper = element == Element::UpperPm;
                self.pm = match take(rest, 2)? {
                    b"PM" if upper => Some(true),
                    b"AM" if upper => Some(false),
                    b"pm" if !upper => Some(true),
                    b"am" if !upper => Some(false),
                    _ => return Err(Fault::Bad),
                };
            }
            Element::Offset(form) => {
                if form.zulu && rest.starts_with(b"Z") {
                    *rest = &rest[1..];
                    self.utc = true;
                } else {
                    self.offset = Some(offset(rest, form)?);
                }
            }
            Element::ZoneName => {
                if rest.starts_with(b"UTC") {
                    *rest = &rest[3..];
                    self.utc = true;
                } else {
                    let len = zone_name_len(rest).ok_or(Fault::Bad)?;
                    self.zone_name = Some(take(rest, len)?);
                }
            }
            Element::Fraction { digits, nines: false, .. } => {
                self.nanosecond = nanoseconds(take(rest, 1 + digits)?)?;
            }
            Element::Fraction { .. } => {
                if let Some(digits) = fraction_len(rest) {
                    self.nanosecond = nanoseconds(take(rest, 1 + digits)?)?;
                }
            }
        }
        Ok(())
    }

    fn finish(mut self, local: &mut dyn FnMut(i64) -> Zone) -> Result<Time, &'static str> {
        match self.pm {
            Some(true) if self.hour < 12 => self.hour += 12,
            Some(false) if self.hour == 12 => self.hour = 0,
            _ => {}
        }
        let (month, day) = self.month_and_day()?;
        if day < 1 || day > days_in(month, self.year) {
            return Err("day out of range");
        }
        let days = days_of(Day { year: self.year, month, day });
        let wall = days * DAY_SECONDS + self.hour * 3600 + self.minute * 60 + self.second;
        let offset_of = |zone: &Zone| match zone {
            Zone::Utc => 0,
            Zone::Offset { seconds, .. } => i64::from(*seconds),
        };
        let (seconds, zone) = if self.utc {
            (wall, Zone::Utc)
        } else if let Some(offset) = self.offset {
            let seconds = wall - i64::from(offset);
            let here = local(seconds);
            let same_name = self.zone_name.is_none_or(|name| name_of(&here).as_bytes() == name);
            if offset_of(&here) == i64::from(offset) && same_name {
                (seconds, here)
            } else {
                (seconds, Zone::named(false, &lossy(self.zone_name), offset))
            }
        } else if let Some(name) = self.zone_name {
            let here = local(wall);
            if name_of(&here).as_bytes() == name {
                (wall - offset_of(&here), here)
            } else {
                // An abbreviation says nothing of the offset, but for `GMT+3`.
                let hours = name.strip_prefix(b"GMT").and_then(|hours| whole_number(hours).ok()).unwrap_or(0);
                (wall - hours * 3600, Zone::named(false, &lossy(Some(name)), (hours * 3600) as i32))
            }
        } else {
            // The offset at the wall clock's time read as UTC is off by at most one change of it.
            let guess = wall - offset_of(&local(wall));
            let seconds = wall - offset_of(&local(guess));
            (seconds, local(seconds))
        };
        Ok(Time::new(seconds, self.nanosecond, zone))
    }

    fn month_and_day(&self) -> Result<(i64, i64), &'static str> {
        let Some(mut year_day) = self.year_day else {
            return Ok((self.month.unwrap_or(1), self.day.unwrap_or(1)));
        };
        let mut found = None;
        if is_leap(self.year) {
            if year_day == 31 + 29 {
                found = Some((2, 29));
            } else if year_day > 31 + 29 {
                year_day -= 1;
            }
        }
        if !(1..=365).contains(&year_day) {
            return Err("day-of-year out of range");
        }
        let (month, day) = found.unwrap_or_else(|| {
            let guess = (year_day - 1) / 31 + 1;
            let month = if days_before(guess + 1) < year_day { guess + 1 } else { guess };
            (month, year_day - days_before(month))
        });
        if self.month.is_some_and(|given| given != month) {
            return Err("day-of-year does not match month");
        }
        if self.day.is_some_and(|given| given != day) {
            return Err("day-of-year does not match day");
        }
        Ok((month, day))
    }
}

fn name_of(zone: &Zone) -> &str {
    match zone {
        Zone::Utc => "UTC",
        Zone::Offset { name, .. } => name,
    }
}

fn lossy(name: Option<&[u8]>) -> String {
    String::from_utf8_lossy(name.unwrap_or_default()).into_owned()
}

/// Passes the plain text of a layout; a run of spaces there is any run of spaces, also none at the end. The error is what
/// is left where they part.
fn skip<'a>(mut text: &'a [u8], mut plain: &[u8]) -> Result<&'a [u8], &'a [u8]> {
    while let Some((&first, after)) = plain.split_first() {
        if first == b' ' {
            if text.first().is_some_and(|&byte| byte != b' ') {
                return Err(text);
            }
            plain = without_spaces(plain);
            text = without_spaces(text);
            continue;
        }
        match text.split_first() {
            Some((&byte, rest)) if byte == first => (text, plain) = (rest, after),
            _ => return Err(text),
        }
    }
    Ok(text)
}

fn without_spaces(text: &[u8]) -> &[u8] {
    &text[text.iter().take_while(|&&byte| byte == b' ').count()..]
}

fn take<'a>(rest: &mut &'a [u8], len: usize) -> Read<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(len).ok_or(Fault::Bad)?;
    *rest = left;
    Ok(taken)
}

/// One or two digits; two when `fixed`.
fn number(rest: &mut &[u8], fixed: bool) -> Read<i64> {
    match rest.iter().take(2).take_while(|byte| byte.is_ascii_digit()).count() {
        0 => Err(Fault::Bad),
        1 if fixed => Err(Fault::Bad),
        digits => whole_number(take(rest, digits)?),
    }
}

/// Digits with an optional sign.
fn whole_number(text: &[u8]) -> Read<i64> {
    value::number::parse_int(text, 10).map_err(|_| Fault::Bad)
}

/// The place in `names` of the one at the front, of which `len` letters count; case does not matter.
fn lookup(rest: &mut &[u8], names: &[&str], len: usize) -> Read<i64> {
    for (index, name) in names.iter().enumerate() {
        let name = &name.as_bytes()[..len.min(name.len())];
        if rest.get(..name.len()).is_some_and(|text| text.eq_ignore_ascii_case(name)) {
            *rest = &rest[name.len()..];
            return Ok(index as i64);
        }
    }
    Err(Fault::Bad)
}

/// Number of digits behind a separator at the front, if there are any.
fn fraction_len(rest: &[u8]) -> Option<usize> {
    let digits = rest.strip_prefix(b".").or_else(|| rest.strip_prefix(b","))?;
    Some(digits.iter().take_while(|byte| byte.is_ascii_digit()).count()).filter(|&len| len > 0)
}

/// A fraction with its separator; digits beyond the ninth are dropped.
fn nanoseconds(fraction: &[u8]) -> Read<u32> {
    let [b'.' | b',', digits @ ..] = fraction else { return Err(Fault::Bad) };
    let digits = &digits[..digits.len().min(9)];
    let number = whole_number(digits)?;
    let number = u32::try_from(number).map_err(|_| Fault::Range("fractional second"))?;
    Ok(number * 10_u32.pow(9 - digits.len() as u32))
}

fn offset(rest: &mut &[u8], form: Offset) -> Read<i32> {
    let text = take(rest, 1 + form.digits_len())?;
    let step = 2 + usize::from(form.colon);
    let mut numbers = [0_i64; 3];
    let count = 1 + usize::from(form.minutes) + usize::from(form.seconds);
    for (index, number_at) in numbers.iter_mut().take(count).enumerate() {
        let at = 1 + index * step;
        if index > 0 && form.colon && text[at - 1] != b':' {
            return Err(Fault::Bad);
        }
        *number_at = number(&mut &text[at..at + 2], true)?;
    }
    let [hours, minutes, seconds] = numbers;
    // Some write offsets of 24 hours or 60 minutes.
    for (number, most, what) in [
        (hours, 24, "time zone offset hour"),
        (minutes, 60, "time zone offset minute"),
        (seconds, 60, "time zone offset second"),
    ] {
        if number > most {
            return Err(Fault::Range(what));
        }
    }
    let total = ((hours * 60 + minutes) * 60 + seconds) as i32;
    match text[0] {
        b'+' => Ok(total),
        b'-' => Ok(-total),
        _ => Err(Fault::Bad),
    }
}

/// Length of what looks like the abbreviation of a zone.
fn zone_name_len(text: &[u8]) -> Option<usize> {
    if text.len() < 3 {
        return None;
    }
    if text.starts_with(b"ChST") || text.starts_with(b"MeST") {
        return Some(4);
    }
    if let Some(after) = text.strip_prefix(b"GMT") {
        return Some(3 + signed_offset_len(after));
    }
    if matches!(text[0], b'+' | b'-') {
        return Some(signed_offset_len(text)).filter(|&len| len > 0);
    }
    match text.iter().take(6).take_while(|byte| byte.is_ascii_uppercase()).count() {
        5 if text[4] == b'T' => Some(5),
        4 if text[3] == b'T' || text.starts_with(b"WITA") => Some(4),
        3 => Some(3),
        _ => None,
    }
}

/// Length of `+3`, `-08`; 0 when it is none or beyond 23 hours.
fn signed_offset_len(text: &[u8]) -> usize {
    let [b'+' | b'-', digits @ ..] = text else { return 0 };
    let len = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    match value::number::parse_int(&digits[..len], 10) {
        Ok(0..=23) => 1 + len,
        _ => 0,
    }
}

/// The quotes of package `time`: what is not plain ASCII is written byte by byte.
pub(super) fn quoted(text: &[u8]) -> Vec<u8> {
    let mut out = vec![b'"'];
    for &byte in text {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', byte]),
            b' '..=b'\x7F' => out.push(byte),
            _ => out.extend_from_slice(format!("\\x{byte:02x}").as_bytes()),
        }
    }
    out.push(b'"');
    out
}
