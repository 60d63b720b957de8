//! Go's `time.Duration`: nanoseconds with a text of their own.
//!
//! *Source*: go 1.27 `time/time.go`, `time/format.go`.

use std::any::Any;
use std::fmt;
use std::rc::Rc;

use value::{Kind, Method, Object, Text, Type, Value};

use super::parse::quoted;
use super::time::ZERO_SECONDS;
use crate::outside::Timestamp;

/// A length of time in nanoseconds.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Duration(pub i64);

const TYPE: Type = Type::Named("time.Duration");

impl Duration {
    /// One second.
    pub const SECOND: Self = Self(1_000_000_000);

    /// The template's value.
    pub fn into_value(self) -> Value {
        Rc::new(self).into()
    }

    /// From `earlier` to `later`; what does not fit is the nearest length that does.
    pub(crate) fn between(later: Timestamp, earlier: Timestamp) -> Self {
        // Go counts from the year 1 in 64 bits, so the last seconds of all stand before the first.
        let nanoseconds = |time: Timestamp| {
            let seconds = time.seconds.wrapping_sub(ZERO_SECONDS);
            i128::from(seconds) * 1_000_000_000 + i128::from(time.nanoseconds)
        };
        Self::nearest(nanoseconds(later) - nanoseconds(earlier))
    }

    fn nearest(nanoseconds: i128) -> Self {
        Self(nanoseconds.clamp(i64::MIN.into(), i64::MAX.into()) as i64)
    }

    /// To the nearest multiple, halves away from zero.
    pub fn round(self, multiple: Self) -> Self {
        if multiple.0 <= 0 {
            return self;
        }
        let (length, unit) = (i128::from(self.0), i128::from(multiple.0));
        let rest = (length % unit).abs();
        let down = length.abs() - rest;
        let rounded = if rest * 2 < unit { down } else { down + unit };
        Self::nearest(rounded * length.signum())
    }

    /// Toward zero to a multiple.
    pub fn truncate(self, multiple: Self) -> Self {
        if multiple.0 <= 0 { self } else { Self(self.0 - self.0 % multiple.0) }
    }

    /// In units of so many nanoseconds.
    pub fn in_units(self, unit: i64) -> f64 {
        (self.0 / unit) as f64 + (self.0 % unit) as f64 / unit as f64
    }

    fn give(self, give: impl Fn(Self) -> Value + 'static) -> Option<Method> {
        Some(Method { params: &[], call: Rc::new(move |_| Ok(give(self))) })
    }

    fn with(self, give: impl Fn(Self, Self) -> Self + 'static) -> Option<Method> {
        let call = move |arguments: &[Value]| {
            let other = arguments.first().and_then(Value::as_object::<Self>).copied().unwrap_or_default();
            Ok(give(self, other).into_value())
        };
        Some(Method { params: &[TYPE], call: Rc::new(call) })
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        let decimal = |number: u64, unit: u64, width: usize| {
            let (whole, rest) = (number / unit, number % unit);
            let fraction = format!(".{rest:0width$}");
            format!("{whole}{}", if rest == 0 { "" } else { fraction.trim_end_matches('0') })
        };
        match length {
            0 => f.write_str("0s"),
            1..1_000 => write!(f, "{sign}{length}ns"),
            1_000..1_000_000 => write!(f, "{sign}{}µs", decimal(length, 1_000, 3)),
            1_000_000..1_000_000_000 => write!(f, "{sign}{}ms", decimal(length, 1_000_000, 6)),
            _ => {
                let seconds = length / 1_000_000_000;
                let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
                f.write_str(sign)?;
                if hours > 0 {
                    write!(f, "{hours}h")?;
                }
                if seconds >= 60 {
                    write!(f, "{minutes}m")?;
                }
                write!(f, "{}s", decimal(length % 60_000_000_000, 1_000_000_000, 9))
            }
        }
    }
}

impl Object for Duration {
    fn type_name(&self) -> &'static str {
        "time.Duration"
    }

    fn kind(&self) -> Kind {
        Kind::Int64
    }

    fn display(&self) -> Option<Text> {
        Some(self.to_string().into())
    }

    fn underlying(&self) -> Option<Value> {
        Some(Value::Int64(self.0))
    }

    fn json(&self) -> Option<Value> {
        self.underlying()
    }

    fn method(&self, name: &str) -> Option<Method> {
        match name {
            "String" => self.give(|length| length.to_string().into()),
            "Nanoseconds" => self.give(|length| Value::Int64(length.0)),
            "Microseconds" => self.give(|length| Value::Int64(length.0 / 1_000)),
            "Milliseconds" => self.give(|length| Value::Int64(length.0 / 1_000_000)),
            "Seconds" => self.give(|length| length.in_units(1_000_000_000).into()),
            "Minutes" => self.give(|length| length.in_units(60_000_000_000).into()),
            "Hours" => self.give(|length| length.in_units(3_600_000_000_000).into()),
            "Abs" => self.give(|length| Self(length.0.saturating_abs()).into_value()),
            "Round" => self.with(Self::round),
            "Truncate" => self.with(Self::truncate),
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

/// Reads `1h15m30.5s`.
///
/// # Errors
/// Go's sentence: `time: invalid duration "x"`.
pub fn parse_duration(text: &[u8]) -> Result<Duration, Text> {
    const LIMIT: u64 = 1 << 63;
    let fault = |what: &str| Text::from([b"time: ", what.as_bytes(), b" ", &quoted(text)].concat());
    let invalid = || fault("invalid duration");
    let (negative, mut rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if rest == b"0" {
        return Ok(Duration(0));
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut sum = 0_u64;
    while !rest.is_empty() {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (whole, after) = rest.split_at(digits);
        let fraction = match after {
            [b'.', after @ ..] => &after[..after.iter().take_while(|byte| byte.is_ascii_digit()).count()],
            _ => &[],
        };
        if whole.is_empty() && fraction.is_empty() {
            return Err(invalid());
        }
        let after = if after.first() == Some(&b'.') { &after[1 + fraction.len()..] } else { after };
        let whole = whole
            .iter()
            .try_fold(0_u64, |number, byte| number.checked_mul(10)?.checked_add(u64::from(byte - b'0')))
            .filter(|&number| number <= LIMIT)
            .ok_or_else(invalid)?;
        let unit_len = after.iter().take_while(|&&byte| byte != b'.' && !byte.is_ascii_digit()).count();
        let (unit, next) = after.split_at(unit_len);
        let unit = match unit {
            b"" => return Err(fault("missing unit in duration")),
            b"ns" => 1,
            b"us" | b"\xC2\xB5s" | b"\xCE\xBCs" => 1_000,
            b"ms" => 1_000_000,
            b"s" => 1_000_000_000,
            b"m" => 60_000_000_000,
            b"h" => 3_600_000_000_000,
            unknown => {
                let unknown = String::from_utf8_lossy(&quoted(unknown)).into_owned();
                return Err(fault(&format!("unknown unit {unknown} in duration")));
            }
        };
        let mut part = whole.checked_mul(unit).filter(|&part| part <= LIMIT).ok_or_else(invalid)?;
        if !fraction.is_empty() {
            let (number, scale) = leading_fraction(fraction);
            part += (number as f64 * (unit as f64 / scale)) as u64;
        }
        sum = sum.checked_add(part).filter(|&sum| sum <= LIMIT).ok_or_else(invalid)?;
        rest = next;
    }
    if negative {
        Ok(Duration((sum as i64).wrapping_neg()))
    } else {
        i64::try_from(sum).map(Duration).map_err(|_| invalid())
    }
}

/// The digits as a number and the power of ten they are over; digits that no longer fit are dropped.
fn leading_fraction(digits: &[u8]) -> (u64, f64) {
    let (mut number, mut scale) = (0_u64, 1.0);
    for byte in digits {
        if number > ((1 << 63) - 1) / 10 {
            break;
        }
        let longer = number * 10 + u64::from(byte - b'0');
        if longer > 1 << 63 {
            break;
        }
        (number, scale) = (longer, scale * 10.0);
    }
    (number, scale)
}
