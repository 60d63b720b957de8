//! Times and durations.
//!
//! A zone of the tz database is a question to the host of the run (`outside::ZoneOffset`); unanswered it is UTC, as an unknown
//! zone is for Go. What `now` gives has no reading of a monotonic clock, which Go prints behind it.
//!
//! *Source*: sprig 3.3.0 `date.go`; go 1.27 `time`.

mod duration;
mod layout;
mod parse;
mod time;

use gotemplate::{Arg, Call, Failure};
use value::{Text, Type, Value};

pub use duration::{Duration, parse_duration};
pub use time::{Time, Zone};

use crate::convert::parse_or_nearest;
use crate::outside::{self, Timestamp};
use crate::table::{Asks, Table};

pub(crate) fn add(table: &mut Table) {
    table.family("dates");
    table.put("now", Asks::Clock, now);
    table.put("ago", Asks::Clock, ago);
    table.put("date", Asks::Clock, date);
    table.put("dateInZone", Asks::Clock, date_in_zone);
    table.alias("date_in_zone", "dateInZone");
    table.put("htmlDate", Asks::Clock, html_date);
    table.put("htmlDateInZone", Asks::Clock, html_date_in_zone);
    table.pure("dateModify", date_modify);
    table.alias("date_modify", "dateModify");
    table.pure("mustDateModify", must_date_modify);
    table.alias("must_date_modify", "mustDateModify");
    table.pure("toDate", to_date);
    table.pure("mustToDate", must_to_date);
    table.pure("unixEpoch", unix_epoch);
    table.pure("duration", duration);
    table.put("durationRound", Asks::Clock, duration_round);
}

impl Arg for Time {
    const TYPE: Type = Type::Named("time.Time");

    fn from_value(value: &Value) -> Self {
        value.as_object::<Self>().cloned().unwrap_or_default()
    }
}

const LOCAL: &str = "Local";
const HTML: &str = "2006-01-02";

fn now(call: &mut Call<'_>) -> Result<Value, Failure> {
    Ok(read_clock(call)?.into_value())
}

fn read_clock(call: &mut Call<'_>) -> Result<Time, Failure> {
    let mut question = outside::Now::default();
    call.ask(&mut question);
    let now = question.answer.ok_or_else(|| Failure::error("this run has no clock"))?;
    Ok(at(call, now, LOCAL))
}

/// A moment in a zone; in UTC when nobody knows the zone.
fn at(call: &mut Call<'_>, moment: Timestamp, zone: &str) -> Time {
    Time::new(moment.seconds, moment.nanoseconds, load_zone(call, zone, moment.seconds))
}

fn load_zone(call: &mut Call<'_>, zone: &str, at_seconds: i64) -> Zone {
    if matches!(zone, "" | "UTC") {
        return Zone::Utc;
    }
    let mut question = outside::ZoneOffset { zone: zone.to_owned(), at_seconds, answer: None };
    call.ask(&mut question);
    match question.answer {
        Some(known) => Zone::named(zone == LOCAL, &known.abbreviation, known.offset_seconds),
        None if zone == LOCAL => Zone::named(true, "UTC", 0),
        None => Zone::Utc,
    }
}

/// The moment that a value means: a time, or seconds since 1970; anything else is now.
fn moment(call: &mut Call<'_>, value: &Value) -> Result<Timestamp, Failure> {
    match value {
        Value::Int(seconds) | Value::Int64(seconds) => Ok(Timestamp { seconds: *seconds, nanoseconds: 0 }),
        other => match other.as_object::<Time>() {
            Some(time) => Ok(time.timestamp()),
            None => Ok(read_clock(call)?.timestamp()),
        },
    }
}

fn format(call: &mut Call<'_>, layout: &Text, value: &Value, zone: &str) -> Result<Text, Failure> {
    let moment = moment(call, value)?;
    let time = at(call, moment, zone);
    // An element of a layout is at most nine bytes long, "September" for "Jan…".
    call.charge_text(layout.len() as u128 * 9)?;
    Ok(Text::derived(time.format(layout.as_bytes()), &[layout]))
}

fn date(call: &mut Call<'_>, layout: Text, value: Value) -> Result<Text, Failure> {
    format(call, &layout, &value, LOCAL)
}

fn date_in_zone(call: &mut Call<'_>, layout: Text, value: Value, zone: Text) -> Result<Text, Failure> {
    format(call, &layout, &value, &zone.to_string_lossy())
}

fn html_date(call: &mut Call<'_>, value: Value) -> Result<Text, Failure> {
    format(call, &HTML.into(), &value, LOCAL)
}

fn html_date_in_zone(call: &mut Call<'_>, value: Value, zone: Text) -> Result<Text, Failure> {
    format(call, &HTML.into(), &value, &zone.to_string_lossy())
}

fn date_modify(_: &mut Call<'_>, by: Text, time: Time) -> Value {
    match parse_duration(by.as_bytes()) {
        Ok(by) => time.add(by).into_value(),
        Err(_) => time.into_value(),
    }
}

fn must_date_modify(_: &mut Call<'_>, by: Text, time: Time) -> Result<Value, Failure> {
    Ok(time.add(parse_duration(by.as_bytes()).map_err(Failure::Error)?).into_value())
}

fn to_date(call: &mut Call<'_>, layout: Text, text: Text) -> Value {
    parsed(call, &layout, &text).unwrap_or_default().into_value()
}

fn must_to_date(call: &mut Call<'_>, layout: Text, text: Text) -> Result<Value, Failure> {
    Ok(parsed(call, &layout, &text).map_err(Failure::Error)?.into_value())
}

fn parsed(call: &mut Call<'_>, layout: &Text, text: &Text) -> Result<Time, Text> {
    parse::parse(layout.as_bytes(), text.as_bytes(), &mut |seconds| load_zone(call, LOCAL, seconds))
}

fn unix_epoch(_: &mut Call<'_>, time: Time) -> String {
    time.timestamp().seconds.to_string()
}

fn ago(call: &mut Call<'_>, value: Value) -> Result<String, Failure> {
    let then = moment(call, &value)?;
    let now = read_clock(call)?.timestamp();
    Ok(Duration::between(now, then).round(Duration::SECOND).to_string())
}

fn duration(_: &mut Call<'_>, value: Value) -> String {
    let seconds = match &value {
        Value::Str(text) => parse_or_nearest(text.as_bytes()),
        Value::Int64(seconds) => *seconds,
        _ => 0,
    };
    Duration(seconds.wrapping_mul(Duration::SECOND.0)).to_string()
}

fn duration_round(call: &mut Call<'_>, value: Value) -> Result<String, Failure> {
    let duration = match &value {
        Value::Str(text) => parse_duration(text.as_bytes()).unwrap_or_default(),
        Value::Int64(nanoseconds) => Duration(*nanoseconds),
        other => match other.as_object::<Time>() {
            Some(time) => Duration::between(read_clock(call)?.timestamp(), time.timestamp()),
            None => Duration::default(),
        },
    };
    const HOUR: u64 = 3_600_000_000_000;
    let units = [
        ("y", HOUR * 24 * 365),
        ("mo", HOUR * 24 * 30),
        ("d", HOUR * 24),
        ("h", HOUR),
        ("m", HOUR / 60),
        ("s", HOUR / 3600),
    ];
    let length = duration.0.unsigned_abs();
    // Strictly greater: an hour is 60m, and a second nothing at all.
    let unit = units.iter().find(|(_, unit)| length > *unit);
    Ok(unit.map_or_else(|| "0s".to_owned(), |(name, unit)| format!("{}{name}", length / unit)))
}
