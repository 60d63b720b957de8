//! Lengths of time: `mustToDuration` and its kin.
//!
//! Source: helm v4.3.1 `pkg/engine/funcs.go`, `asDuration`.

use gotemplate::{Call, Failure, FuncMap};
use release::manifest::trim_space;
use sprig::dates::{Duration, parse_duration};
use value::Value;
use value::number::{format_g, parse_float};

use crate::show::quote;

const NANOSECONDS: i64 = 1;
const MICROSECOND: i64 = 1_000 * NANOSECONDS;
const MILLISECOND: i64 = 1_000 * MICROSECOND;
const SECOND: i64 = 1_000 * MILLISECOND;

pub(super) fn add(funcs: &mut FuncMap) {
    funcs.add("mustToDuration", must_to_duration);
    funcs.add("durationRoundTo", round_to);
    funcs.add("durationTruncateTo", truncate_to);
    for (name, unit) in [
        ("durationNanoseconds", NANOSECONDS),
        ("durationMicroseconds", MICROSECOND),
        ("durationMilliseconds", MILLISECOND),
    ] {
        funcs.add(name, move |_: &mut Call<'_>, value: Value| Value::Int64(or_zero(&value).0 / unit));
    }
    funcs.add("durationSeconds", |_: &mut Call<'_>, value: Value| or_zero(&value).in_units(SECOND));
    funcs.add("durationMinutes", |_: &mut Call<'_>, value: Value| or_zero(&value).in_units(60 * SECOND));
    funcs.add("durationHours", |_: &mut Call<'_>, value: Value| hours(&value));
    // Days are hours divided, as in Helm: the quotient of two roundings.
    funcs.add("durationDays", |_: &mut Call<'_>, value: Value| hours(&value) / 24.0);
    funcs.add("durationWeeks", |_: &mut Call<'_>, value: Value| hours(&value) / 24.0 / 7.0);
}

fn must_to_duration(_: &mut Call<'_>, value: Value) -> Result<Value, Failure> {
    read(&value).map(Duration::into_value).map_err(Failure::error)
}

fn round_to(_: &mut Call<'_>, value: Value, multiple: Value) -> Value {
    to_multiple(&value, &multiple, Duration::round)
}

fn truncate_to(_: &mut Call<'_>, value: Value, multiple: Value) -> Value {
    to_multiple(&value, &multiple, Duration::truncate)
}

/// What is no length counts as none; what is no multiple changes nothing.
fn to_multiple(value: &Value, multiple: &Value, to: fn(Duration, Duration) -> Duration) -> Value {
    let length = match (read(value), read(multiple)) {
        (Ok(length), Ok(multiple)) => to(length, multiple),
        (length, _) => length.unwrap_or_default(),
    };
    length.into_value()
}

fn hours(value: &Value) -> f64 {
    or_zero(value).in_units(3600 * SECOND)
}

fn or_zero(value: &Value) -> Duration {
    read(value).unwrap_or_default()
}

fn read(value: &Value) -> Result<Duration, String> {
    if let Some(duration) = value.as_object::<Duration>() {
        return Ok(*duration);
    }
    if let Value::Str(text) = value {
        let trimmed = trim_space(text.as_bytes());
        if trimmed.is_empty() {
            return Err("empty duration".to_owned());
        }
        if let Ok(duration) = parse_duration(trimmed) {
            return Ok(duration);
        }
        return match parse_float(trimmed) {
            Ok(seconds) => of_float(seconds),
            Err(_) => Err(format!("could not parse duration {}", quote(text.as_bytes()))),
        };
    }
    match value.underlying() {
        Value::Nil => Err("invalid duration".to_owned()),
        Value::Int(seconds) | Value::Int64(seconds) => of_seconds(i128::from(seconds)),
        Value::Uint8(seconds) => of_seconds(i128::from(seconds)),
        Value::Uint64(seconds) => of_seconds(i128::from(seconds)),
        Value::Float64(seconds) => of_float(seconds),
        _ => Err(format!("unsupported duration type {}", value.type_name())),
    }
}

fn of_seconds(seconds: i128) -> Result<Duration, String> {
    let limits = i128::from(i64::MIN / SECOND)..=i128::from(i64::MAX / SECOND);
    if !limits.contains(&seconds) {
        return Err(format!("duration seconds overflow: {seconds}"));
    }
    Ok(Duration(seconds as i64 * SECOND))
}

fn of_float(seconds: f64) -> Result<Duration, String> {
    if !seconds.is_finite() {
        return Err(format!("invalid duration seconds: {}", format_g(seconds)));
    }
    let limit = i64::MAX as f64 / SECOND as f64;
    if seconds > limit || seconds < i64::MIN as f64 / SECOND as f64 {
        return Err(format!("duration seconds overflow: {}", format_g(seconds)));
    }
    // What is one too large at the very edge becomes the largest length, where Go's result is the machine's choice.
    Ok(Duration((seconds * SECOND as f64) as i64))
}
