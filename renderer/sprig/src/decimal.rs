//! Decimal numbers of any size, as far as `addf` and its family need them.
//!
//! *Source*: shopspring/decimal 1.4.0: `NewFromFloat`, `Add`, `Sub`, `Mul`, `Div`, `Float64`.

use num_bigint::{BigInt, Sign};

/// `value` · 10^`exponent`
#[derive(Clone, Debug)]
pub(crate) struct Decimal {
    value: BigInt,
    exponent: i64,
}

/// Digits after the point that a division gives.
const DIVISION_PRECISION: i64 = 16;

impl Decimal {
    /// The shortest decimal that reads back as `number`; `None` for infinities and NaN.
    pub(crate) fn from_float(number: f64) -> Option<Self> {
        if !number.is_finite() {
            return None;
        }
        let text = format!("{number:e}");
        let (mantissa, exponent) = text.split_once('e')?;
        let fraction = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        let digits: String = mantissa.chars().filter(|&digit| digit != '.').collect();
        Some(Self {
            value: digits.parse().ok()?,
            exponent: exponent.parse::<i64>().ok()? - i64::try_from(fraction).ok()?,
        })
    }

    /// The nearest float.
    pub(crate) fn to_float(&self) -> f64 {
        format!("{}e{}", self.value, self.exponent).parse().unwrap_or(f64::NAN)
    }

    /// A measure of how much work the next operation is.
    pub(crate) fn words(&self) -> u64 {
        self.value.bits() / 64 + 1
    }

    pub(crate) fn add(self, other: Self) -> Self {
        let (a, b, exponent) = aligned(self, other);
        Self { value: a + b, exponent }
    }

    pub(crate) fn sub(self, other: Self) -> Self {
        let (a, b, exponent) = aligned(self, other);
        Self { value: a - b, exponent }
    }

    pub(crate) fn mul(self, other: Self) -> Self {
        Self { value: self.value * other.value, exponent: self.exponent + other.exponent }
    }

    /// Rounded half away from zero at [`DIVISION_PRECISION`]; `None` when `other` is zero.
    pub(crate) fn div(self, other: Self) -> Option<Self> {
        if other.value.sign() == Sign::NoSign {
            return None;
        }
        let negative = (self.value.sign() == Sign::Minus) != (other.value.sign() == Sign::Minus);
        let shift = self.exponent - other.exponent + DIVISION_PRECISION;
        let (above, below) = if shift < 0 {
            (self.value, other.value * power_of_ten(-shift))
        } else {
            (self.value * power_of_ten(shift), other.value)
        };
        let mut quotient = &above / &below;
        let rest = &above - &quotient * &below;
        if (rest.magnitude() << 1_u8) >= *below.magnitude() {
            quotient += if negative { -1 } else { 1 };
        }
        Some(Self { value: quotient, exponent: -DIVISION_PRECISION })
    }
}

fn aligned(a: Decimal, b: Decimal) -> (BigInt, BigInt, i64) {
    let exponent = a.exponent.min(b.exponent);
    let scaled = |number: Decimal| {
        if number.exponent == exponent {
            number.value
        } else {
            number.value * power_of_ten(number.exponent - exponent)
        }
    };
    (scaled(a), scaled(b), exponent)
}

/// Callers pass differences of exponents of floats, hence no more than some thousand.
fn power_of_ten(exponent: i64) -> BigInt {
    BigInt::from(10).pow(u32::try_from(exponent).unwrap_or(0))
}
