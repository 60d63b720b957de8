//! Any value as a text or a number, the way Sprig's loosely typed functions take their operands.
//!
//! *Source*: cast 1.7.0 `caste.go`; sprig 3.3.0 `strings.go`, `strval` and `strslice`.

use gotemplate::{Call, Failure};
use value::fmt::display_metered;
use value::number::{parse_float, parse_int};
use value::{Text, Value};

/// `%v` of a value, its fuel paid while it grows.
pub(crate) fn show(call: &mut Call<'_>, value: &Value) -> Result<Text, Failure> {
    let mut outcome = Ok(());
    let text = display_metered(value, &mut |bytes| {
        outcome = call.charge_text(bytes as u128);
        outcome.is_ok()
    });
    outcome?;
    text.ok_or(Failure::OutOfFuel)
}

/// A value as text: strings and bytes as they are, all else as `%v`.
pub(crate) fn strval(call: &mut Call<'_>, value: &Value) -> Result<Text, Failure> {
    match value {
        Value::Str(text) | Value::Bytes(text) => Ok(text.clone()),
        Value::Object(object) => match object.display() {
            Some(text) => Ok(text),
            None => show(call, value),
        },
        _ => show(call, value),
    }
}

/// The texts of a list without its nils; anything else is a list of itself.
pub(crate) fn strings(call: &mut Call<'_>, value: &Value) -> Result<Vec<Text>, Failure> {
    match value.underlying() {
        Value::Nil => Ok(Vec::new()),
        Value::List(list) => {
            call.charge(list.len() as u64)?;
            list.iter().filter(|item| !item.is_nil()).map(|item| strval(call, item)).collect()
        }
        Value::Bytes(bytes) => {
            call.charge(bytes.len() as u64)?;
            Ok(bytes.as_bytes().iter().map(|byte| Text::derived(byte.to_string(), &[&bytes])).collect())
        }
        _ => Ok(vec![strval(call, value)?]),
    }
}

/// `cast.ToInt64`: 0 for what is no number.
pub(crate) fn to_int64(value: &Value) -> i64 {
    match value {
        Value::Int(number) | Value::Int64(number) => *number,
        Value::Uint8(number) => i64::from(*number),
        Value::Uint64(number) => *number as i64,
        Value::Float64(number) => truncated(*number),
        Value::Bool(truth) => i64::from(*truth),
        Value::Str(text) => parse_int(without_zero_fraction(text.as_bytes()), 0).unwrap_or(0),
        Value::Object(object) if is_calendar(object.type_name()) => {
            object.underlying().map_or(0, |plain| to_int64(&plain))
        }
        _ => 0,
    }
}

/// `cast.ToFloat64`: 0 for what is no number.
pub(crate) fn to_float64(value: &Value) -> f64 {
    match value {
        Value::Float64(number) => *number,
        Value::Uint64(number) => *number as f64,
        Value::Str(text) => parse_float(text.as_bytes()).unwrap_or(0.0),
        other => to_int64(other) as f64,
    }
}

/// The named integers that cast knows; a `time.Duration` is none of them.
fn is_calendar(type_name: &str) -> bool {
    matches!(type_name, "time.Month" | "time.Weekday")
}

/// A float as int64, as amd64 converts it: what does not fit is the smallest number.
pub(crate) fn truncated(number: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&number) { number as i64 } else { i64::MIN }
}

/// `5.00` is 5, `5.` is not.
fn without_zero_fraction(text: &[u8]) -> &[u8] {
    let digits = text.iter().rev().take_while(|&&byte| byte == b'0').count();
    let end = text.len() - digits;
    if digits > 0 && end > 0 && text[end - 1] == b'.' { &text[..end - 1] } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_as_go_literals() {
        let read = |text: &str| to_int64(&text.into());
        assert_eq!(["0x10", "010", "0b11", "5.0", "1_000"].map(read), [16, 8, 3, 5, 1000]);
        assert_eq!(["5.5", " 5", "1e3", "", "5.", "9223372036854775808"].map(read), [0; 6]);
    }

    #[test]
    fn floats_beyond_int64_are_the_smallest_number() {
        assert_eq!([1e30, f64::NAN, -1e30, 1.9, -1.9].map(truncated), [i64::MIN, i64::MIN, i64::MIN, 1, -1]);
    }
}
