//! Arithmetic. Operands are anything and become numbers first; integers wrap around.
//!
//! *Source*: sprig 3.3.0 `numeric.go`, `functions.go`.

use gotemplate::{Call, Failure, Rest, RestOf};
use value::number::format_g;
use value::{List, Value};

use crate::cast::{to_float64, to_int64};
use crate::decimal::Decimal;
use crate::table::Table;

pub(crate) fn add(table: &mut Table) {
    table.family("math");
    table.pure("add", sum);
    table.pure("add1", add1);
    table.pure("sub", sub);
    table.pure("mul", mul);
    table.pure("div", div);
    table.pure("mod", modulo);
    table.pure("addf", addf);
    table.pure("add1f", add1f);
    table.pure("subf", subf);
    table.pure("mulf", mulf);
    table.pure("divf", divf);
    table.pure("max", max);
    table.alias("biggest", "max");
    table.pure("min", min);
    table.pure("maxf", maxf);
    table.pure("minf", minf);
    table.pure("ceil", ceil);
    table.pure("floor", floor);
    table.pure("round", round);
    table.pure("until", until);
    table.pure("untilStep", until_step);
    table.pure("seq", seq);
}

fn int64(number: i64) -> Value {
    Value::Int64(number)
}

fn sum(_: &mut Call<'_>, numbers: Rest) -> Value {
    int64(numbers.0.iter().map(to_int64).fold(0, i64::wrapping_add))
}

fn add1(_: &mut Call<'_>, number: Value) -> Value {
    int64(to_int64(&number).wrapping_add(1))
}

fn sub(_: &mut Call<'_>, a: Value, b: Value) -> Value {
    int64(to_int64(&a).wrapping_sub(to_int64(&b)))
}

fn mul(_: &mut Call<'_>, first: Value, rest: Rest) -> Value {
    int64(rest.0.iter().map(to_int64).fold(to_int64(&first), i64::wrapping_mul))
}

fn divisor(value: &Value) -> Result<i64, Failure> {
    match to_int64(value) {
        0 => Err(Failure::error("runtime error: integer divide by zero")),
        number => Ok(number),
    }
}

fn div(_: &mut Call<'_>, a: Value, b: Value) -> Result<Value, Failure> {
    Ok(int64(to_int64(&a).wrapping_div(divisor(&b)?)))
}

fn modulo(_: &mut Call<'_>, a: Value, b: Value) -> Result<Value, Failure> {
    Ok(int64(to_int64(&a).wrapping_rem(divisor(&b)?)))
}

type Operation = fn(Decimal, Decimal) -> Option<Decimal>;

fn decimals(call: &mut Call<'_>, first: f64, rest: &[Value], operation: Operation) -> Result<f64, Failure> {
    let mut result = decimal(first)?;
    for value in rest {
        call.charge(result.words())?;
        result = operation(result, decimal(to_float64(value))?)
            .ok_or_else(|| Failure::error("decimal division by 0"))?;
    }
    Ok(result.to_float())
}

fn decimal(number: f64) -> Result<Decimal, Failure> {
    Decimal::from_float(number)
        .ok_or_else(|| Failure::error(format!("Cannot create a Decimal from {}", format_g(number))))
}

fn addf(call: &mut Call<'_>, numbers: Rest) -> Result<f64, Failure> {
    decimals(call, 0.0, &numbers.0, |a, b| Some(a.add(b)))
}

fn add1f(call: &mut Call<'_>, number: Value) -> Result<f64, Failure> {
    decimals(call, to_float64(&number), &[Value::Int(1)], |a, b| Some(a.add(b)))
}

fn subf(call: &mut Call<'_>, first: Value, rest: Rest) -> Result<f64, Failure> {
    decimals(call, to_float64(&first), &rest.0, |a, b| Some(a.sub(b)))
}

fn mulf(call: &mut Call<'_>, first: Value, rest: Rest) -> Result<f64, Failure> {
    decimals(call, to_float64(&first), &rest.0, |a, b| Some(a.mul(b)))
}

fn divf(call: &mut Call<'_>, first: Value, rest: Rest) -> Result<f64, Failure> {
    decimals(call, to_float64(&first), &rest.0, Decimal::div)
}

fn max(_: &mut Call<'_>, first: Value, rest: Rest) -> Value {
    int64(rest.0.iter().map(to_int64).fold(to_int64(&first), i64::max))
}

fn min(_: &mut Call<'_>, first: Value, rest: Rest) -> Value {
    int64(rest.0.iter().map(to_int64).fold(to_int64(&first), i64::min))
}

fn maxf(_: &mut Call<'_>, first: Value, rest: Rest) -> f64 {
    rest.0.iter().map(to_float64).fold(to_float64(&first), |a, b| extreme(a, b, f64::INFINITY))
}

fn minf(_: &mut Call<'_>, first: Value, rest: Rest) -> f64 {
    -rest.0.iter().map(to_float64).fold(-to_float64(&first), |a, b| extreme(a, -b, f64::INFINITY))
}

/// `math.Max`: infinity wins over NaN, NaN over all else, and 0 over -0.
fn extreme(a: f64, b: f64, infinity: f64) -> f64 {
    if a == infinity || b == infinity {
        infinity
    } else if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if a == b && a.is_sign_negative() {
        b
    } else if a >= b {
        a
    } else {
        b
    }
}

fn ceil(_: &mut Call<'_>, number: Value) -> f64 {
    to_float64(&number).ceil()
}

fn floor(_: &mut Call<'_>, number: Value) -> f64 {
    to_float64(&number).floor()
}

fn round(_: &mut Call<'_>, number: Value, places: i64, round_on: RestOf<f64>) -> f64 {
    let round_on = round_on.0.first().copied().unwrap_or(0.5);
    let power = 10_f64.powf(places as f64);
    let digits = power * to_float64(&number);
    // The fraction of a negative number is negative, so these are always rounded down.
    let rounded = if digits.fract() >= round_on { digits.ceil() } else { digits.floor() };
    rounded / power
}

fn until(call: &mut Call<'_>, count: i64) -> Result<List, Failure> {
    Ok(List::ints(steps(call, 0, count, if count < 0 { -1 } else { 1 })?))
}

fn until_step(call: &mut Call<'_>, start: i64, stop: i64, step: i64) -> Result<List, Failure> {
    Ok(List::ints(steps(call, start, stop, step)?))
}

/// From `start` on, before `stop`, after the fuel for all of them; none when `step` leads away.
fn steps(
    call: &mut Call<'_>,
    start: i64,
    stop: i64,
    step: i64,
) -> Result<impl Iterator<Item = i64> + use<>, Failure> {
    let distance = (i128::from(stop) - i128::from(start)).unsigned_abs();
    let leads = if stop < start { step < 0 } else { step > 0 };
    let count = if leads { distance.div_ceil(u128::from(step.unsigned_abs())) } else { 0 };
    // A value takes four words.
    call.charge(u64::try_from(count).unwrap_or(u64::MAX).saturating_mul(4))?;
    Ok((0..count).map(move |index| (i128::from(start) + index as i128 * i128::from(step)) as i64))
}

fn seq(call: &mut Call<'_>, numbers: RestOf<i64>) -> Result<String, Failure> {
    let (start, step, end) = match *numbers.0 {
        [end] => (1, if end < 1 { -1 } else { 1 }, end),
        [start, end] => (start, if end < start { -1 } else { 1 }, end),
        [start, step, end] if end >= start || step <= 0 => (start, step, end),
        _ => return Ok(String::new()),
    };
    let stop = end.wrapping_add(if end < start { -1 } else { 1 });
    let mut text = String::new();
    for number in steps(call, start, stop, step)? {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&number.to_string());
    }
    Ok(text)
}
