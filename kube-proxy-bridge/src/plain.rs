//! Text of others as people may read it: nothing in it steers a terminal or turns the reading direction.
//!
//! Logs, events, notes and the sentences of webhooks are written by whoever likes. The page shows them as text alone; but
//! people copy what they see into terminals, and a log that goes blank, or a name that reads backwards, hides something.

use std::borrow::Cow;

/// The text without escape sequences, without control characters but tab and line end, and without the marks that turn the
/// direction. A sequence that does not end hides at most the rest of its line.
///
/// Cost: one look at each byte; a copy only when something is left out.
#[must_use]
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.char_indices().any(|(at, c)| is_odd(text, at, c)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        rest = match c {
            '\u{1b}' => after_escape(after),
            '\u{9b}' => after_control(after),
            '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => after_string(after),
            _ => {
                if !is_odd(rest, 0, c) {
                    out.push(c);
                }
                after
            }
        };
    }
    Cow::Owned(out)
}

/// Whether the character at `at` is not shown.
fn is_odd(text: &str, at: usize, c: char) -> bool {
    match c {
        '\t' | '\n' => false,
        // Two characters end a line on some systems; alone it goes back to the start of the line and writes over it.
        '\r' => !text[at + 1..].starts_with('\n'),
        _ => c.is_control() || is_direction(c),
    }
}

/// Embeddings, overrides and isolates of the bidirectional algorithm.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// *Source*: ECMA-48, 5th edition, 5.3 to 5.6; the same three functions for the 7-bit and the 8-bit form.
fn after_escape(rest: &str) -> &str {
    match rest.as_bytes().first() {
        Some(b'[') => after_control(&rest[1..]),
        Some(b']' | b'P' | b'X' | b'^' | b'_') => after_string(&rest[1..]),
        Some(0x20..=0x7e) => {
            let end = rest.bytes().take_while(|byte| (0x20..=0x2f).contains(byte)).count();
            skip_one_of(&rest[end..], 0x30..=0x7e)
        }
        _ => rest,
    }
}

/// Parameters, intermediates, one final byte.
fn after_control(rest: &str) -> &str {
    let end = rest.bytes().take_while(|byte| (0x20..=0x3f).contains(byte)).count();
    skip_one_of(&rest[end..], 0x40..=0x7e)
}

fn skip_one_of(rest: &str, range: std::ops::RangeInclusive<u8>) -> &str {
    if rest.bytes().next().is_some_and(|byte| range.contains(&byte)) { &rest[1..] } else { rest }
}

/// Up to the string terminator or the bell that xterm takes for one; at most to the end of the line.
fn after_string(rest: &str) -> &str {
    match rest.find(['\u{7}', '\u{1b}', '\u{9c}', '\n']) {
        None => "",
        Some(at) => {
            let found = &rest[at..];
            match found.strip_prefix("\u{1b}\\").or_else(|| found.strip_prefix(['\u{7}', '\u{9c}'])) {
                Some(after) => after,
                None => found,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_left_out() {
        for (text, shown) in [
            ("plain \u{e9}\u{1f600}\ttext\r\n", "plain \u{e9}\u{1f600}\ttext\r\n"),
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("a\u{1b}[2J\u{1b}[Hb", "ab"),
            ("title \u{1b}]0;rm -rf\u{7}end", "title end"),
            ("link \u{1b}]8;;http://evil.test\u{1b}\\here\u{1b}]8;;\u{1b}\\", "link here"),
            ("clip \u{1b}]52;c;cm0gLXJm\u{7}", "clip "),
            ("\u{1b}P1$tx\u{1b}\\ok", "ok"),
            ("8 bit \u{9b}1mbold\u{9d}0;t\u{9c}ok", "8 bit boldok"),
            ("charset \u{1b}(0lqk\u{1b}c", "charset lqk"),
            ("good\rbad", "goodbad"),
            ("a\u{8}\u{8}b\u{7f}\u{0}c", "abc"),
            ("never ends \u{1b}]0;x\nnext line", "never ends \nnext line"),
            ("cut \u{1b}", "cut "),
            ("cut \u{1b}[", "cut "),
            ("cut \u{1b}[\u{e9}", "cut \u{e9}"),
            ("turned \u{202e}gpj.exe\u{202c}", "turned gpj.exe"),
            ("nested \u{1b}]0;a\u{1b}[31mb", "nested b"),
        ] {
            assert_eq!(plain(text), shown, "{text:?}");
        }
        assert!(matches!(plain("line\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn nothing_odd_is_ever_left() {
        // Numbers that look random and are the same on every machine.
        let mut state = 3_u64;
        let parts = [
            "\u{1b}", "[", "]", "0", ";", "m", "\u{7}", "\\", "\n", "\r", "\u{9b}", "\u{9c}", "\u{e9}", "P",
            "\u{202e}", " ",
        ];
        for _ in 0..2_000 {
            let text: String = (0..24)
                .map(|_| {
                    state =
                        state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    parts[usize::try_from(state >> 33).expect("31 bits") % parts.len()]
                })
                .collect();
            let shown = plain(&text).into_owned();
            assert!(
                !shown.chars().any(|c| (c.is_control() && !"\t\r\n".contains(c)) || is_direction(c)),
                "{text:?}"
            );
        }
    }
}
