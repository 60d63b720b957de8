//! Go's `time.Time`: a moment in a zone, with the methods that templates can call.
//!
//! *Source*: go 1.27 `time/time.go`. `Date`, `Clock`, `ISOWeek` and `Zone` give several results, which templates cannot take.

use std::any::Any;
use std::rc::Rc;

use value::calendar::{DAY_SECONDS, Day, MONTHS, WEEKDAYS, date_of, days_of};
use value::{Kind, Method, Object, Text, Type, Value};

use super::duration::Duration;
use super::layout;
use crate::outside::Timestamp;

/// The zone of a time, as it is at that moment.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Zone {
    /// `UTC`
    #[default]
    Utc,
    /// Any other.
    Offset {
        /// Whether it is the machine's own, `time.Local`.
        local: bool,
        /// The short name; empty where only the offset is known.
        name: Rc<str>,
        /// Seconds east of UTC.
        seconds: i32,
    },
}

impl Zone {
    /// A zone that is not UTC itself.
    pub fn named(local: bool, name: &str, offset_seconds: i32) -> Self {
        Self::Offset { local, name: name.into(), seconds: offset_seconds }
    }

    fn offset_seconds(&self) -> i64 {
        match self {
            Self::Utc => 0,
            Self::Offset { seconds, .. } => i64::from(*seconds),
        }
    }
}

/// A moment in a zone. The default is Go's zero time, the first second of the year 1.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Time {
    moment: Timestamp,
    zone: Zone,
}

/// Seconds from the first of January of the year 1 to 1970.
pub(super) const ZERO_SECONDS: i64 = -62_135_596_800;
/// Seconds from Go's absolute zero, the first of March of the year -292,277,022,400, to 1970.
const UNIX_TO_ABSOLUTE: i64 = 9_223_372_028_741_760_000;
const TIME: Type = Type::Named("time.Time");
const DURATION: Type = Type::Named("time.Duration");

impl Default for Time {
    fn default() -> Self {
        Self::new(ZERO_SECONDS, 0, Zone::Utc)
    }
}

impl Time {
    /// The moment `seconds` and `nanoseconds` after 1970 began in UTC.
    pub fn new(seconds: i64, nanoseconds: u32, zone: Zone) -> Self {
        Self { moment: Timestamp { seconds, nanoseconds }, zone }
    }

    /// The moment at which a clock in `zone` shows this date (year, month and day, both from 1) and second of the day.
    pub fn written(
        (year, month, day): (i64, i64, i64),
        second_of_day: i64,
        nanoseconds: u32,
        zone: Zone,
    ) -> Self {
        let seconds = days_of(Day { year, month, day }) * DAY_SECONDS + second_of_day;
        Self::new(seconds - zone.offset_seconds(), nanoseconds, zone)
    }

    /// The template's value.
    pub fn into_value(self) -> Value {
        Rc::new(self).into()
    }

    /// The moment without its zone.
    pub fn timestamp(&self) -> Timestamp {
        self.moment
    }

    /// The time written as a layout shows.
    pub fn format(&self, layout: &[u8]) -> Vec<u8> {
        layout::format(self, layout)
    }

    /// Later by a duration.
    pub fn add(&self, by: Duration) -> Self {
        self.shifted(i128::from(by.0))
    }

    fn shifted(&self, nanoseconds: i128) -> Self {
        let sum = self.nanoseconds() + nanoseconds;
        let seconds = sum.div_euclid(1_000_000_000).clamp(i64::MIN.into(), i64::MAX.into()) as i64;
        Self::new(seconds, sum.rem_euclid(1_000_000_000) as u32, self.zone.clone())
    }

    fn nanoseconds(&self) -> i128 {
        i128::from(self.moment.seconds) * 1_000_000_000 + i128::from(self.moment.nanoseconds)
    }

    /// To a multiple of a duration since the zero time.
    fn to_multiple(&self, of: Duration, round: bool) -> Self {
        if of.0 <= 0 {
            return self.clone();
        }
        let unit = i128::from(of.0);
        let rest = (self.nanoseconds() - i128::from(ZERO_SECONDS) * 1_000_000_000).rem_euclid(unit);
        self.shifted(if round && rest * 2 >= unit { unit - rest } else { -rest })
    }

    pub(super) fn offset_seconds(&self) -> i64 {
        self.zone.offset_seconds()
    }

    /// The short name of its zone; empty where only the offset is known.
    pub fn zone_name(&self) -> &str {
        match &self.zone {
            Zone::Utc => "UTC",
            Zone::Offset { name, .. } => name,
        }
    }

    /// Go counts from its earliest year in 64 bits without a sign: what lies before is the end of time.
    fn local_seconds(&self) -> i128 {
        let seconds = self.moment.seconds.wrapping_add(self.offset_seconds());
        i128::from(seconds.wrapping_add(UNIX_TO_ABSOLUTE) as u64) - i128::from(UNIX_TO_ABSOLUTE)
    }

    fn days(&self) -> i64 {
        // 64 bits of seconds are fewer days.
        self.local_seconds().div_euclid(DAY_SECONDS.into()) as i64
    }

    pub(super) fn second_of_day(&self) -> i64 {
        self.local_seconds().rem_euclid(DAY_SECONDS.into()) as i64
    }

    pub(super) fn date(&self) -> Day {
        date_of(self.days())
    }

    /// From 0 for Sunday.
    pub(super) fn weekday(&self) -> i64 {
        (self.days() + 4).rem_euclid(7)
    }

    /// From 1.
    pub(super) fn year_day(&self) -> i64 {
        self.days() - days_of(Day { year: self.date().year, month: 1, day: 1 }) + 1
    }

    fn add_date(&self, years: i64, months: i64, days: i64) -> Self {
        let Day { year, month, day } = self.date();
        let date = Day {
            year: year.wrapping_add(years),
            month: month.wrapping_add(months),
            day: day.wrapping_add(days),
        };
        let moved = days_of(date).wrapping_sub(self.days());
        let seconds = self.moment.seconds.wrapping_add(moved.wrapping_mul(DAY_SECONDS));
        Self::new(seconds, self.moment.nanoseconds, self.zone.clone())
    }

    fn give(&self, give: impl Fn(&Self) -> Value + 'static) -> Option<Method> {
        let time = self.clone();
        Some(Method { params: &[], call: Rc::new(move |_| Ok(give(&time))) })
    }

    fn with(
        &self,
        params: &'static [Type],
        give: impl Fn(&Self, &[Value]) -> Value + 'static,
    ) -> Option<Method> {
        let time = self.clone();
        Some(Method { params, call: Rc::new(move |arguments| Ok(give(&time, arguments))) })
    }

    fn against(&self, give: impl Fn(&Self, &Self) -> Value + 'static) -> Option<Method> {
        self.with(&[TIME], move |time, arguments| {
            let zero = Self::default();
            give(time, arguments.first().and_then(Value::as_object::<Self>).unwrap_or(&zero))
        })
    }

    fn by(&self, give: impl Fn(&Self, Duration) -> Self + 'static) -> Option<Method> {
        self.with(&[DURATION], move |time, arguments| {
            let by = arguments.first().and_then(Value::as_object::<Duration>).copied().unwrap_or_default();
            give(time, by).into_value()
        })
    }
}

impl Object for Time {
    fn type_name(&self) -> &'static str {
        "time.Time"
    }

    fn display(&self) -> Option<Text> {
        Some(self.format(b"2006-01-02 15:04:05.999999999 -0700 MST").into())
    }

    /// Their values cannot be reached; Go packs the same moment in other ways.
    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("wall", Value::Uint64(self.moment.nanoseconds.into())),
            ("ext", Value::Int64(self.moment.seconds.wrapping_sub(ZERO_SECONDS))),
            ("loc", Value::Nil),
        ]
    }

    fn json(&self) -> Option<Value> {
        Some(Text::from(self.format(b"2006-01-02T15:04:05.999999999Z07:00")).into())
    }

    fn method(&self, name: &str) -> Option<Method> {
        let seconds = |time: &Self| time.second_of_day();
        match name {
            "Add" => self.by(Self::add),
            "AddDate" => self.with(&[Type::Int, Type::Int, Type::Int], |time, arguments| match arguments {
                [Value::Int(years), Value::Int(months), Value::Int(days)] => {
                    time.add_date(*years, *months, *days).into_value()
                }
                _ => time.clone().into_value(),
            }),
            "After" => self.against(|time, other| Value::Bool(time.moment > other.moment)),
            "Before" => self.against(|time, other| Value::Bool(time.moment < other.moment)),
            "Compare" => self.against(|time, other| Value::Int(time.moment.cmp(&other.moment) as i64)),
            "Day" => self.give(|time| Value::Int(time.date().day)),
            "Equal" => self.against(|time, other| Value::Bool(time.moment == other.moment)),
            "Format" => self.with(&[Type::Str], |time, arguments| match arguments {
                [Value::Str(layout)] => Text::derived(time.format(layout.as_bytes()), &[layout]).into(),
                _ => Value::Nil,
            }),
            "Hour" => self.give(move |time| Value::Int(seconds(time) / 3600)),
            "IsDST" => self.give(|_| Value::Bool(false)),
            "IsZero" => self.give(|time| Value::Bool(time.moment == Self::default().moment)),
            "Minute" => self.give(move |time| Value::Int(seconds(time) / 60 % 60)),
            "Month" => self.give(|time| Named::month(time.date().month)),
            "Nanosecond" => self.give(|time| Value::Int(time.moment.nanoseconds.into())),
            "Round" => self.by(|time, of| time.to_multiple(of, true)),
            "Second" => self.give(move |time| Value::Int(seconds(time) % 60)),
            "String" => self.give(|time| time.display().unwrap_or_default().into()),
            "Sub" => self.against(|time, other| Duration::between(time.moment, other.moment).into_value()),
            "Truncate" => self.by(|time, of| time.to_multiple(of, false)),
            "UTC" => self.give(|time| Self { zone: Zone::Utc, ..time.clone() }.into_value()),
            "Unix" => self.give(|time| Value::Int64(time.moment.seconds)),
            "UnixMicro" => self.give(|time| Value::Int64((time.nanoseconds() / 1_000) as i64)),
            "UnixMilli" => self.give(|time| Value::Int64((time.nanoseconds() / 1_000_000) as i64)),
            "UnixNano" => self.give(|time| Value::Int64(time.nanoseconds() as i64)),
            "Weekday" => self.give(|time| Named::weekday(time.weekday())),
            "Year" => self.give(|time| Value::Int(time.date().year)),
            "YearDay" => self.give(|time| Value::Int(time.year_day())),
            _ => None,
        }
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref() == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A `time.Month` or a `time.Weekday`: a number with a name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Named {
    type_name: &'static str,
    name: &'static str,
    number: i64,
}

impl Named {
    fn month(number: i64) -> Value {
        let name = MONTHS[(number - 1) as usize];
        Rc::new(Self { type_name: "time.Month", name, number }).into()
    }

    fn weekday(number: i64) -> Value {
        let name = WEEKDAYS[number as usize];
        Rc::new(Self { type_name: "time.Weekday", name, number }).into()
    }
}

impl Object for Named {
    fn type_name(&self) -> &'static str {
        self.type_name
    }

    fn kind(&self) -> Kind {
        Kind::Int
    }

    fn display(&self) -> Option<Text> {
        Some(self.name.into())
    }

    fn underlying(&self) -> Option<Value> {
        Some(Value::Int(self.number))
    }

    fn json(&self) -> Option<Value> {
        self.underlying()
    }

    fn method(&self, name: &str) -> Option<Method> {
        let text = self.name;
        (name == "String").then(|| Method { params: &[], call: Rc::new(move |_| Ok(text.into())) })
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref() == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
