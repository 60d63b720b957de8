//! Floats to text in the forms of `strconv.FormatFloat`.

/// Significant decimal digits without trailing zeros: the value is 0.d1d2d3… × 10^point.
struct Digits {
    digits: Vec<u8>,
    point: i32,
}

/// `%g` with the fewest digits that read back as the same `float64`: what `%v` prints.
pub fn format_g(value: f64) -> String {
    format_float(value, b'g', None)
}

/// `%g` with the fewest digits that read back as the same `float32`.
pub fn format_g32(value: f32) -> String {
    match special(f64::from(value)) {
        Some(text) => text.to_owned(),
        None => {
            let mut out = String::new();
            general(
                &mut out,
                value.is_sign_negative(),
                &digits_of(&format!("{:e}", value.abs())),
                None,
                b'e',
            );
            out
        }
    }
}

/// `value` in the form `verb` (one of `e E f g G x X b`); no `precision` asks for the fewest digits that read back as the same number.
///
/// Cost: linear in the digits asked for.
pub fn format_float(value: f64, verb: u8, precision: Option<usize>) -> String {
    if let Some(text) = special(value) {
        return text.to_owned();
    }
    let negative = value.is_sign_negative();
    let magnitude = value.abs();
    let mut out = String::new();
    match verb {
        b'b' => binary(&mut out, negative, magnitude),
        b'x' | b'X' => {
            hexadecimal(&mut out, negative, magnitude, precision);
            if verb == b'X' {
                out.make_ascii_uppercase();
            }
        }
        b'e' | b'E' => {
            let digits = match precision {
                None => shortest(magnitude),
                Some(precision) => digits_of(&format!("{magnitude:.*e}", precision.min(MOST_DIGITS))),
            };
            let precision = precision.unwrap_or(digits.digits.len().saturating_sub(1));
            scientific(&mut out, negative, &digits, precision, verb);
        }
        b'f' => {
            let digits = match precision {
                None => shortest(magnitude),
                Some(precision) => digits_of_plain(&format!("{magnitude:.*}", precision.min(MOST_DIGITS))),
            };
            let precision = precision.unwrap_or((digits.digits.len() as i32 - digits.point).max(0) as usize);
            plain(&mut out, negative, &digits, precision);
        }
        _ => {
            let digits = match precision {
                None => shortest(magnitude),
                Some(precision) => {
                    digits_of(&format!("{magnitude:.*e}", precision.clamp(1, MOST_DIGITS) - 1))
                }
            };
            general(
                &mut out,
                negative,
                &digits,
                precision.map(|precision| precision.max(1)),
                if verb == b'G' { b'E' } else { b'e' },
            );
        }
    }
    out
}

/// No float64 has more decimal digits than this behind its first one; what is asked beyond is zeros.
const MOST_DIGITS: usize = 1100;

fn special(value: f64) -> Option<&'static str> {
    match value {
        _ if value.is_nan() => Some("NaN"),
        f64::INFINITY => Some("+Inf"),
        f64::NEG_INFINITY => Some("-Inf"),
        _ => None,
    }
}

/// The fewest digits that read back as `magnitude`.
///
/// Where two texts of that length are equally near, Go takes the one with the even digit, the standard library the larger.
fn shortest(magnitude: f64) -> Digits {
    let mut digits = digits_of(&format!("{magnitude:e}"));
    let count = digits.digits.len();
    // Such numbers end in a 5 one digit further on; with fewer digits than these the nearest text is never that far away.
    if (15..=17).contains(&count) && !digits.digits[count - 1].is_multiple_of(2) {
        let mut exact = digits_of(&format!("{magnitude:.60e}"));
        if exact.digits.len() == count + 1 && exact.digits[count] == b'5' {
            exact.digits.pop();
            let lower = String::from_utf8_lossy(&exact.digits);
            let reads_back = format!("0.{lower}e{}", exact.point).parse() == Ok(magnitude);
            if reads_back && exact.digits[count - 1].is_multiple_of(2) {
                digits = exact;
            }
        }
    }
    digits
}

/// Reads `d.ddde±x`.
fn digits_of(text: &str) -> Digits {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let mut digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).collect();
    let exponent: i32 = exponent.parse().unwrap_or_default();
    trim(&mut digits);
    let point = if digits.is_empty() { 0 } else { exponent + 1 };
    Digits { digits, point }
}

/// Reads `ddd.ddd`.
fn digits_of_plain(text: &str) -> Digits {
    let whole = text.find('.').unwrap_or(text.len());
    let mut digits: Vec<u8> = text.bytes().filter(u8::is_ascii_digit).collect();
    let leading = digits.iter().take_while(|digit| **digit == b'0').count();
    digits.drain(..leading);
    trim(&mut digits);
    let point = if digits.is_empty() { 0 } else { whole as i32 - leading as i32 };
    Digits { digits, point }
}

fn trim(digits: &mut Vec<u8>) {
    while digits.last() == Some(&b'0') {
        digits.pop();
    }
}

fn general(out: &mut String, negative: bool, digits: &Digits, precision: Option<usize>, exponent: u8) {
    let count = digits.digits.len();
    // The shortest form switches at 10^6, whatever the number of digits is.
    let limit = match precision {
        None => 6,
        Some(precision) if precision > count && count as i32 >= digits.point => count as i32,
        Some(precision) => precision as i32,
    };
    let at = digits.point - 1;
    if at < -4 || at >= limit {
        let most = precision.unwrap_or(count).min(count);
        scientific(out, negative, digits, most.saturating_sub(1), exponent);
    } else {
        plain(out, negative, digits, (count as i32 - digits.point).max(0) as usize);
    }
}

fn scientific(out: &mut String, negative: bool, digits: &Digits, precision: usize, exponent: u8) {
    sign(out, negative);
    out.push(digits.digits.first().map_or('0', |digit| char::from(*digit)));
    if precision > 0 {
        out.push('.');
        let rest = digits.digits.get(1..).unwrap_or_default();
        let rest = &rest[..rest.len().min(precision)];
        out.extend(rest.iter().map(|digit| char::from(*digit)));
        zeros(out, precision - rest.len());
    }
    let at = if digits.digits.is_empty() { 0 } else { digits.point - 1 };
    out.push(char::from(exponent));
    signed_exponent(out, at);
}

fn plain(out: &mut String, negative: bool, digits: &Digits, precision: usize) {
    sign(out, negative);
    let point = digits.point;
    if point > 0 {
        let whole = digits.digits.len().min(point as usize);
        out.extend(digits.digits[..whole].iter().map(|digit| char::from(*digit)));
        zeros(out, point as usize - whole);
    } else {
        out.push('0');
    }
    if precision > 0 {
        out.push('.');
        let leading = if point < 0 { point.unsigned_abs() as usize } else { 0 }.min(precision);
        zeros(out, leading);
        let rest = digits.digits.get(point.max(0) as usize..).unwrap_or_default();
        let rest = &rest[..rest.len().min(precision - leading)];
        out.extend(rest.iter().map(|digit| char::from(*digit)));
        zeros(out, precision - leading - rest.len());
    }
}

fn hexadecimal(out: &mut String, negative: bool, magnitude: f64, precision: Option<usize>) {
    let (mut mantissa, mut exponent) = parts(magnitude);
    if mantissa == 0 {
        exponent = 0;
    }
    // The leading digit is brought to bit 60, so that every digit behind it is a nibble.
    if mantissa != 0 {
        let shift = mantissa.leading_zeros() as i32 - 3;
        mantissa <<= shift;
        exponent -= shift;
        exponent += 60;
    }
    if let Some(precision) = precision.filter(|precision| *precision < 15) {
        let shift = precision as u32 * 4;
        let extra = (mantissa << shift) & ((1 << 60) - 1);
        mantissa >>= 60 - shift;
        if extra | (mantissa & 1) > 1 << 59 {
            mantissa += 1;
        }
        mantissa <<= 60 - shift;
        if mantissa & (1 << 61) != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    sign(out, negative);
    out.push_str(if mantissa == 0 { "0x0" } else { "0x1" });
    let mut fraction: Vec<u8> = Vec::new();
    // The leading 1 leaves at the top.
    let mut rest = mantissa << 4;
    while rest != 0 {
        fraction.push(b"0123456789abcdef"[(rest >> 60) as usize & 15]);
        rest <<= 4;
    }
    let wanted = precision.unwrap_or(fraction.len());
    if wanted > 0 {
        out.push('.');
        fraction.truncate(wanted);
        out.extend(fraction.iter().map(|digit| char::from(*digit)));
        zeros(out, wanted - fraction.len());
    }
    out.push('p');
    signed_exponent(out, exponent);
}

fn binary(out: &mut String, negative: bool, magnitude: f64) {
    let (mantissa, exponent) = parts(magnitude);
    sign(out, negative);
    out.push_str(&mantissa.to_string());
    out.push('p');
    out.push_str(&format!("{exponent:+}"));
}

/// Mantissa and exponent with value = mantissa × 2^exponent.
fn parts(magnitude: f64) -> (u64, i32) {
    let bits = magnitude.to_bits();
    let exponent = (bits >> 52) as i32 & 0x7ff;
    let fraction = bits & ((1 << 52) - 1);
    match exponent {
        0 => (fraction, -1074),
        _ => (fraction | 1 << 52, exponent - 1075),
    }
}

fn sign(out: &mut String, negative: bool) {
    if negative {
        out.push('-');
    }
}

fn zeros(out: &mut String, count: usize) {
    out.extend(std::iter::repeat_n('0', count));
}

fn signed_exponent(out: &mut String, exponent: i32) {
    out.push(if exponent < 0 { '-' } else { '+' });
    out.push_str(&format!("{:02}", exponent.unsigned_abs()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_prints_as_go_prints_it() {
        let rows: &[(f64, &str)] = &[
            (0.0, "0 0.000000e+00 0.000000 0 0 0x0p+00 0p-1074 0 0x0.000p+00"),
            (1.5, "1.5 1.500000e+00 1.500000 1.5 2 0x1.8p+00 6755399441055744p-52 1.5 0x1.800p+00"),
            (
                1e21,
                "1e+21 1.000000e+21 1000000000000000000000.000000 1e+21 1000000000000000000000 0x1.b1ae4d6e2ef5p+69 7629394531250000p+17 1E+21 0x1.b1bp+69",
            ),
            (
                1e-7,
                "1e-07 1.000000e-07 0.000000 1e-07 0 0x1.ad7f29abcaf48p-24 7555786372591432p-76 1E-07 0x1.ad8p-24",
            ),
            (
                123456789.125,
                "1.23456789125e+08 1.234568e+08 123456789.125000 1.23e+08 123456789 0x1.d6f34548p+26 8285044871266304p-26 1.23456789125E+08 0x1.d6fp+26",
            ),
            (-2.5, "-2.5 -2.500000e+00 -2.500000 -2.5 -2 -0x1.4p+01 -5629499534213120p-51 -2.5 -0x1.400p+01"),
            (5e-324, "5e-324 4.940656e-324 0.000000 4.94e-324 0 0x1p-1074 1p-1074 5E-324 0x1.000p-1074"),
            (
                999999.0,
                "999999 9.999990e+05 999999.000000 1e+06 999999 0x1.e847ep+19 8589926002065408p-33 999999 0x1.e84p+19",
            ),
            (
                100000.5,
                "100000.5 1.000005e+05 100000.500000 1e+05 100000 0x1.86a08p+16 6871982033338368p-36 100000.5 0x1.86ap+16",
            ),
        ];
        for (value, expected) in rows {
            let forms = [
                format_g(*value),
                format_float(*value, b'e', Some(6)),
                format_float(*value, b'f', Some(6)),
                format_float(*value, b'g', Some(3)),
                format_float(*value, b'f', Some(0)),
                format_float(*value, b'x', None),
                format_float(*value, b'b', None),
                format_float(*value, b'G', None),
                format_float(*value, b'x', Some(3)),
            ];
            assert_eq!(forms.join(" "), *expected);
        }
    }

    #[test]
    fn of_two_texts_equally_near_the_even_one_is_taken() {
        for (value, text) in [
            ("1702592907622937.25", "1.7025929076229372e+15"),
            ("1702592907622937.75", "1.7025929076229378e+15"),
            ("-1179538192163899.25", "-1.1795381921638992e+15"),
            ("175949043212599.625", "1.7594904321259962e+14"),
        ] {
            assert_eq!(value.parse().map(format_g).as_deref(), Ok(text));
        }
    }

    #[test]
    fn a_float32_has_its_own_shortest_form() {
        assert_eq!(format_g32(1.1), "1.1");
        assert_eq!(format_g32(1234567.9), "1.2345679e+06");
    }
}
