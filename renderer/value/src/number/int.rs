//! Whole numbers to text.

/// Appends the decimal digits of `value`; takes every `int64` and every `uint64`.
pub fn push_int(out: &mut Vec<u8>, value: i128) {
    let mut digits = [0_u8; 20];
    let mut start = digits.len();
    let mut rest = value.unsigned_abs() as u64;
    loop {
        start -= 1;
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&digits[start..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_of_both_kinds_of_integers_are_printed_whole() {
        for value in [0, 7, -10, i128::from(i64::MIN), i128::from(i64::MAX), i128::from(u64::MAX)] {
            let mut out = Vec::new();
            push_int(&mut out, value);
            assert_eq!(out, value.to_string().into_bytes());
        }
    }
}
