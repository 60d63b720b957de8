//! Text to numbers in the grammar of `strconv.ParseInt`, `ParseUint` and `ParseFloat`.

/// Why a text is not the number asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NumberError {
    /// It is a number, but too large; holds the sign of the limit that was passed.
    Range,
    /// It is no number.
    Syntax,
}

impl NumberError {
    /// As Go words it behind `parsing "x": `.
    pub fn message(self) -> &'static str {
        match self {
            Self::Range => "value out of range",
            Self::Syntax => "invalid syntax",
        }
    }
}

/// A signed integer in `base` (2 to 36, or 0: the base is read from the prefix and `_` may separate digits).
///
/// # Errors
/// [`NumberError`]; what Go gives besides a range error is the nearest limit, which the caller can name itself.
pub fn parse_int(text: &[u8], base: u32) -> Result<i64, NumberError> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let magnitude = parse_uint(digits, base)?;
    match (negative, magnitude) {
        (false, magnitude) => i64::try_from(magnitude).map_err(|_| NumberError::Range),
        (true, magnitude) if magnitude <= 1 << 63 => Ok((magnitude as i64).wrapping_neg()),
        (true, _) => Err(NumberError::Range),
    }
}

/// An unsigned integer in `base`, without a sign; see [`parse_int`].
///
/// # Errors
/// [`NumberError`].
pub fn parse_uint(text: &[u8], base: u32) -> Result<u64, NumberError> {
    if text.is_empty() {
        return Err(NumberError::Syntax);
    }
    let (radix, digits) = match (base, text) {
        (0, [b'0', b'x' | b'X', rest @ ..]) if !rest.is_empty() => (16, rest),
        (0, [b'0', b'b' | b'B', rest @ ..]) if !rest.is_empty() => (2, rest),
        (0, [b'0', b'o' | b'O', rest @ ..]) if !rest.is_empty() => (8, rest),
        (0, [b'0', rest @ ..]) => (8, rest),
        (0, _) => (10, text),
        (base, _) => (u64::from(base), text),
    };
    let mut number: u64 = 0;
    let mut overflow = false;
    for digit in digits {
        let digit = match digit {
            b'_' if base == 0 => continue,
            _ => match char::from(*digit).to_digit(36) {
                Some(digit) if u64::from(digit) < radix => u64::from(digit),
                _ => return Err(NumberError::Syntax),
            },
        };
        match number.checked_mul(radix).and_then(|number| number.checked_add(digit)) {
            Some(next) => number = next,
            None => overflow = true,
        }
        if overflow {
            // Go stops here, so a bad digit further on is not seen.
            return Err(NumberError::Range);
        }
    }
    if base == 0 && !underscores_fit(text) {
        return Err(NumberError::Syntax);
    }
    Ok(number)
}

/// A float: decimal or hexadecimal, `inf`, `infinity` and `nan` in any case, `_` between digits.
///
/// # Errors
/// [`NumberError`]; a range error stands for an infinity of the text's sign.
pub fn parse_float(text: &[u8]) -> Result<f64, NumberError> {
    let (negative, signed, rest) = match text {
        [b'-', rest @ ..] => (true, true, rest),
        [b'+', rest @ ..] => (false, true, rest),
        _ => (false, false, text),
    };
    let with_sign = |value: f64| if negative { -value } else { value };
    if rest.eq_ignore_ascii_case(b"inf") || rest.eq_ignore_ascii_case(b"infinity") {
        return Ok(with_sign(f64::INFINITY));
    }
    if rest.eq_ignore_ascii_case(b"nan") {
        return if signed { Err(NumberError::Syntax) } else { Ok(f64::NAN) };
    }
    let underscored = rest.contains(&b'_');
    if underscored && !underscores_fit(rest) {
        return Err(NumberError::Syntax);
    }
    let clean: Vec<u8> = rest.iter().copied().filter(|byte| *byte != b'_').collect();
    if let [b'0', b'x' | b'X', digits @ ..] = clean.as_slice() {
        return hexadecimal(digits).map(with_sign);
    }
    let plain = matches!(clean.first(), Some(b'0'..=b'9' | b'.'))
        && clean.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'))
        && clean.iter().any(u8::is_ascii_digit);
    let value = std::str::from_utf8(&clean).ok().filter(|_| plain).and_then(|text| text.parse::<f64>().ok());
    match value {
        None => Err(NumberError::Syntax),
        Some(value) if value.is_infinite() => Err(NumberError::Range),
        Some(value) => Ok(with_sign(value)),
    }
}

/// `h.hhhp±d`, the exponent being required.
fn hexadecimal(text: &[u8]) -> Result<f64, NumberError> {
    let power = text.iter().position(|byte| matches!(byte, b'p' | b'P')).ok_or(NumberError::Syntax)?;
    let (mantissa_text, exponent_text) = (&text[..power], &text[power + 1..]);
    let (mut mantissa, mut exponent, mut sticky, mut seen, mut point) = (0_u64, 0_i64, false, false, false);
    for byte in mantissa_text {
        if *byte == b'.' && !point {
            point = true;
            continue;
        }
        let digit = char::from(*byte).to_digit(16).ok_or(NumberError::Syntax)?;
        seen = true;
        if mantissa >> 58 == 0 {
            mantissa = mantissa << 4 | u64::from(digit);
            exponent -= if point { 4 } else { 0 };
        } else {
            sticky |= digit != 0;
            exponent += if point { 0 } else { 4 };
        }
    }
    let (negative, digits) = match exponent_text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, exponent_text),
    };
    if !seen || digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(NumberError::Syntax);
    }
    let power = digits.iter().fold(0_i64, |power, digit| (power * 10 + i64::from(digit - b'0')).min(100_000));
    exponent += if negative { -power } else { power };
    if mantissa == 0 {
        return Ok(0.0);
    }
    // Below the smallest normal number bits fall off before the one rounding that `as f64` would do.
    let top = 63 - i64::from(mantissa.leading_zeros()) + exponent;
    let mut kept = mantissa;
    let lost = (-1074 - exponent).max(0);
    if top < -1022 && lost > 0 {
        if lost > 63 {
            return Ok(0.0);
        }
        let half = 1_u64 << (lost - 1);
        let below = kept & ((1 << lost) - 1);
        kept >>= lost;
        if below > half || (below == half && (sticky || kept & 1 == 1)) {
            kept += 1;
        }
        return Ok(f64::from_bits(kept));
    }
    if sticky {
        kept |= 1;
    }
    let value = kept as f64 * 2_f64.powi(exponent.clamp(-1000, 1100) as i32);
    let value = if exponent < -1000 { value * 2_f64.powi((exponent + 1000) as i32) } else { value };
    if value.is_infinite() { Err(NumberError::Range) } else { Ok(value) }
}

/// Whether every `_` stands between digits, or between a base prefix and a digit.
fn underscores_fit(text: &[u8]) -> bool {
    let (mut last, rest, hex) = match text {
        [b'0', b'b' | b'B' | b'o' | b'O', rest @ ..] => (b'0', rest, false),
        [b'0', b'x' | b'X', rest @ ..] => (b'0', rest, true),
        _ => (b'^', text, false),
    };
    for byte in rest {
        let digit = byte.is_ascii_digit() || hex && byte.is_ascii_hexdigit();
        if digit {
            last = b'0';
        } else if *byte == b'_' {
            if last != b'0' {
                return false;
            }
            last = b'_';
        } else {
            if last == b'_' {
                return false;
            }
            last = b'!';
        }
    }
    last != b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_read_as_go_reads_them() {
        let good = [
            ("1_0", 10.0),
            ("1_23.50_0_0e+1_2", 1.235e14),
            ("0x1p-2", 0.25),
            ("0x_1p4", 16.0),
            ("infinity", f64::INFINITY),
            ("-Inf", f64::NEG_INFINITY),
            (".5", 0.5),
            ("5.", 5.0),
            ("1e-400", 0.0),
            ("0x1p-1074", 5e-324),
        ];
        for (text, value) in good {
            assert_eq!(parse_float(text.as_bytes()), Ok(value), "{text}");
        }
        for text in ["+nan", "0x1", "1e", "_1", ".", "Infinit", "", "1e5.", "0x.p1", "1__0", "+-1", "e5"] {
            assert_eq!(parse_float(text.as_bytes()), Err(NumberError::Syntax), "{text}");
        }
        assert_eq!(parse_float(b"1e400"), Err(NumberError::Range));
    }

    #[test]
    fn integers_read_as_go_reads_them() {
        let good = [
            ("0x10", 16),
            ("010", 8),
            ("0b11", 3),
            ("-0o7", -7),
            ("1_000", 1000),
            ("0", 0),
            ("+5", 5),
            ("-9223372036854775808", i64::MIN),
        ];
        for (text, value) in good {
            assert_eq!(parse_int(text.as_bytes(), 0), Ok(value), "{text}");
        }
        for text in ["", "08", "1__0", "_1", "1_", "0x", " 5", "1e3", "5.5", "--1", "0x_"] {
            assert_eq!(parse_int(text.as_bytes(), 0), Err(NumberError::Syntax), "{text}");
        }
        assert_eq!(parse_int(b"9223372036854775808", 10), Err(NumberError::Range));
        assert_eq!(parse_int(b"1_000", 10), Err(NumberError::Syntax));
        assert_eq!(parse_uint(b"18446744073709551615", 10), Ok(u64::MAX));
    }
}
