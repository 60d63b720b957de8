//! The order of keys: natural, so that `b9` stands before `b10`.
//!
//! *Source*: go.yaml.in/yaml/v2 v2.4.4 and v3 v3.0.5, `sorter.go`.

use std::cmp::Ordering;

use value::Text;
use value::unicode::{is_digit, is_letter};

/// Whose rules hold where two texts differ at a letter and something else.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Natural {
    /// go-yaml v2: what is no letter comes first.
    V2,
    /// go-yaml v3: the same, but behind a digit the letter comes first.
    V3,
}

/// A character as the comparison sees it; most keys are ASCII and need no decoding.
trait Rune: Copy + Eq {
    fn code(self) -> i64;
    fn is_letter(self) -> bool;
    fn is_digit(self) -> bool;
}

impl Rune for u8 {
    fn code(self) -> i64 {
        i64::from(self)
    }

    fn is_letter(self) -> bool {
        self.is_ascii_alphabetic()
    }

    fn is_digit(self) -> bool {
        self.is_ascii_digit()
    }
}

impl Rune for char {
    fn code(self) -> i64 {
        i64::from(u32::from(self))
    }

    fn is_letter(self) -> bool {
        is_letter(self)
    }

    fn is_digit(self) -> bool {
        is_digit(self)
    }
}

/// Compares two keys. Not transitive for some odd keys (`1a`, `01`, `0b`), in Go as here.
pub(crate) fn natural(a: &[u8], b: &[u8], rules: Natural) -> Ordering {
    if a.is_ascii() && b.is_ascii() { compare(a, b, rules) } else { compare(&runes(a), &runes(b), rules) }
}

fn runes(bytes: &[u8]) -> Vec<char> {
    let mut runes = Vec::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        runes.extend(chunk.valid().chars());
        runes.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    runes
}

fn compare<R: Rune>(a: &[R], b: &[R], rules: Natural) -> Ordering {
    let Some(at) = a.iter().zip(b).position(|(a, b)| a != b) else { return a.len().cmp(&b.len()) };
    let (x, y) = (a[at], b[at]);
    match (x.is_letter(), y.is_letter()) {
        (true, true) => return x.code().cmp(&y.code()),
        (false, false) => {}
        (x_is_letter, _) => {
            let behind_digit = rules == Natural::V3 && at > 0 && a[at - 1].is_digit();
            return if x_is_letter == behind_digit { Ordering::Less } else { Ordering::Greater };
        }
    }
    // A zero inside a number counts as a digit of it; one that leads a number does not.
    let zero = i64::from(b'0');
    let inside = (x.code() == zero || y.code() == zero)
        && a[..at].iter().rev().take_while(|rune| rune.is_digit()).any(|rune| rune.code() != zero);
    let number = |runes: &[R]| {
        let digits = runes[at..].iter().take_while(|rune| rune.is_digit());
        let value = digits
            .clone()
            .fold(i64::from(inside), |value, digit| value.wrapping_mul(10).wrapping_add(digit.code() - zero));
        (value, digits.count())
    };
    number(a).cmp(&number(b)).then(x.code().cmp(&y.code()))
}

/// Sorts entries by key. Never panics, whatever the order does; nothing but one pass where the keys are in order already.
pub(crate) fn sort<V>(entries: &mut Vec<(Text, V)>, from: usize, rules: Natural) {
    let follows = |a: &Text, b: &Text| natural(a.as_bytes(), b.as_bytes(), rules) == Ordering::Greater;
    let part = &mut entries[from..];
    if part.windows(2).all(|pair| !follows(&pair[0].0, &pair[1].0)) {
        return;
    }
    if part.len() <= 16 {
        for end in 1..part.len() {
            let mut at = end;
            while at > 0 && follows(&part[at - 1].0, &part[at].0) {
                part.swap(at - 1, at);
                at -= 1;
            }
        }
        return;
    }
    // `sort_by` may panic on an order that is not transitive, hence a merge of our own.
    let mut ordered: Vec<Option<(Text, V)>> = entries.drain(from..).map(Some).collect();
    let mut width = 1;
    while width < ordered.len() {
        let mut next = Vec::with_capacity(ordered.len());
        for start in (0..ordered.len()).step_by(2 * width) {
            let middle = (start + width).min(ordered.len());
            let end = (start + 2 * width).min(ordered.len());
            let (mut left, mut right) = (start, middle);
            while left < middle || right < end {
                let take_right = right < end
                    && (left == middle
                        || matches!((&ordered[left], &ordered[right]), (Some(l), Some(r)) if follows(&l.0, &r.0)));
                let from = if take_right { &mut right } else { &mut left };
                next.push(ordered[*from].take());
                *from += 1;
            }
        }
        ordered = next;
        width *= 2;
    }
    entries.extend(ordered.into_iter().flatten());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(keys: &[&str], rules: Natural) -> Vec<String> {
        let mut entries: Vec<(Text, ())> = keys.iter().map(|key| (Text::from(*key), ())).collect();
        sort(&mut entries, 0, rules);
        entries.iter().map(|(key, ())| key.to_string()).collect()
    }

    #[test]
    fn keys_stand_in_natural_order() {
        let expected = ["", "_x", "1", "2", "10", "B", "a", "a-b", "a.b", "aB", "ab", "b9", "b10", "é"];
        let mut bytewise = expected;
        bytewise.sort_unstable();
        assert_eq!(sorted(&bytewise, Natural::V2), expected);
    }

    #[test]
    fn leading_zeros_do_not_count_inner_ones_do() {
        assert_eq!(sorted(&["a01", "a1", "a001"], Natural::V2), ["a1", "a01", "a001"]);
        assert_eq!(sorted(&["a102", "a11", "a10"], Natural::V2), ["a10", "a11", "a102"]);
    }

    #[test]
    fn behind_a_digit_v3_puts_the_letter_first() {
        assert_eq!(sorted(&["a1-", "a1b"], Natural::V2), ["a1-", "a1b"]);
        assert_eq!(sorted(&["a1-", "a1b"], Natural::V3), ["a1b", "a1-"]);
        assert_eq!(sorted(&["a-", "ab"], Natural::V3), ["a-", "ab"]);
    }

    #[test]
    fn long_lists_of_keys_are_merged() {
        let keys: Vec<String> = (0..500).rev().map(|n| format!("k{n}")).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let expected: Vec<String> = (0..500).map(|n| format!("k{n}")).collect();
        assert_eq!(sorted(&keys, Natural::V2), expected);
        let odd: Vec<String> = (0..300).map(|n| format!("{}{}", ["1a", "01", "0b"][n % 3], n)).collect();
        let odd: Vec<&str> = odd.iter().map(String::as_str).collect();
        assert_eq!(sorted(&odd, Natural::V2).len(), 300);
    }
}
