//! Numbers out of anything.
//!
//! *Source*: sprig 3.3.0 `numeric.go`, `functions.go`.

use gotemplate::{Call, Failure};
use value::number::{NumberError, parse_int};
use value::{Text, Value};

use crate::cast::{show, to_float64, to_int64};
use crate::table::Table;

pub(crate) fn add(table: &mut Table) {
    table.family("conversions");
    table.pure("atoi", atoi);
    table.pure("int", int);
    table.pure("int64", int64);
    table.pure("float64", float64);
    table.pure("toDecimal", to_decimal);
}

/// `strconv.ParseInt` of base 10 with its error thrown away: out of range is the nearest number.
pub(crate) fn parse_or_nearest(text: &[u8]) -> i64 {
    match parse_int(text, 10) {
        Ok(number) => number,
        Err(NumberError::Range) if text.first() == Some(&b'-') => i64::MIN,
        Err(NumberError::Range) => i64::MAX,
        Err(_) => 0,
    }
}

fn atoi(_: &mut Call<'_>, text: Text) -> i64 {
    parse_or_nearest(text.as_bytes())
}

fn int(_: &mut Call<'_>, value: Value) -> i64 {
    to_int64(&value)
}

fn int64(_: &mut Call<'_>, value: Value) -> Value {
    Value::Int64(to_int64(&value))
}

fn float64(_: &mut Call<'_>, value: Value) -> f64 {
    to_float64(&value)
}

fn to_decimal(call: &mut Call<'_>, value: Value) -> Result<Value, Failure> {
    Ok(Value::Int64(parse_int(show(call, &value)?.as_bytes(), 8).unwrap_or(0)))
}
