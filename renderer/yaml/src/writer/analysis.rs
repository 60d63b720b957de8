//! What a scalar's text allows: which styles it may be written in.
//!
//! *Source*: go.yaml.in/yaml/v2 v2.4.4, `emitterc.go` (`yaml_emitter_analyze_scalar`) and `yamlprivateh.go`; the same in v3 but for tabs.

use crate::resolve::{Resolved, resolve};

/// How a scalar is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
}

/// What one pass over the bytes of a text found; bits, so that the pass is a lookup and an `or` a byte.
#[derive(Clone, Copy)]
pub(crate) struct Traits(u8);

/// No letter, digit, `_`, `/`, `+`, or `.` or `-` behind the start: the text needs an [`Analysis`].
const UNUSUAL: u8 = 1;
const HIGH: u8 = 2;
const DELETE: u8 = 4;
const NEWLINE: u8 = 8;

const TRAITS: [u8; 256] = {
    let mut table = [UNUSUAL; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'0'..=b'9'
            | b'a'..=b'z'
            | b'A'..=b'Z'
            | b'_'
            | b'/'
            | b'+'
            | b'.'
            | b'-'
            | b'='
            | b'('
            | b')' => 0,
            b'\n' => UNUSUAL | NEWLINE,
            0x7f => UNUSUAL | DELETE,
            0x80.. => UNUSUAL | HIGH,
            _ => UNUSUAL,
        };
        byte += 1;
    }
    table
};

impl Traits {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut found = bytes.iter().fold(0, |found, &byte| found | TRAITS[usize::from(byte)]);
        if matches!(bytes, [b'-' | b'.', ..] | []) {
            found |= UNUSUAL;
        }
        Self(found)
    }

    /// Only characters that mean nothing to YAML.
    pub(crate) fn is_simple(self) -> bool {
        self.0 & UNUSUAL == 0
    }

    /// Some byte is not ASCII.
    pub(crate) fn is_wide(self) -> bool {
        self.0 & HIGH != 0
    }

    pub(crate) fn has_delete(self) -> bool {
        self.0 & DELETE != 0
    }

    pub(crate) fn has_newline(self) -> bool {
        self.0 & NEWLINE != 0
    }
}

/// The styles that a text allows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Analysis {
    /// There is a line break in it.
    pub(crate) multiline: bool,
    pub(crate) plain: bool,
    pub(crate) single_quoted: bool,
    pub(crate) literal: bool,
}

impl Analysis {
    /// Of a text whose [`Traits`] are simple.
    pub(crate) const SIMPLE: Self =
        Self { multiline: false, plain: true, single_quoted: true, literal: true };

    /// Of any UTF-8 text. A tab forbids literal style only when `tabs_are_special` (v2).
    pub(crate) fn of(text: &[u8], tabs_are_special: bool) -> Self {
        let Some(&first) = text.first() else {
            return Self { multiline: false, plain: true, single_quoted: true, literal: false };
        };
        let mut indicators = text.starts_with(b"---") || text.starts_with(b"...");
        let (mut breaks, mut tabs, mut special) = (false, false, false);
        let (mut break_space, mut space_break) = (false, false);
        let (mut previous_space, mut previous_break, mut previous_blank) = (false, false, true);
        let blank_at = |at: usize| matches!(text.get(at), None | Some(b' ' | b'\t'));

        indicators |= match first {
            b'#' | b',' | b'[' | b']' | b'{' | b'}' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"'
            | b'%' | b'@' | b'`' => true,
            b'?' | b'-' => blank_at(1),
            _ => false,
        };
        let mut at = 0;
        while at < text.len() {
            let byte = text[at];
            let width = if byte < 0x80 { 1 } else { width(byte) };
            match byte {
                b':' => indicators |= blank_at(at + 1),
                b'#' => indicators |= previous_blank,
                b'\t' => tabs = true,
                _ => special |= !is_printable(text, at),
            }
            let is_break = is_break(text, at);
            if byte == b' ' {
                break_space |= previous_break;
            } else if is_break {
                breaks = true;
                space_break |= previous_space;
            }
            previous_space = byte == b' ';
            previous_break = is_break;
            previous_blank = is_break || matches!(byte, b' ' | b'\t' | 0);
            at += width;
        }
        special |= tabs && tabs_are_special;
        // Behind the loop "previous" is the last character.
        let edges = first == b' ' || is_break(text, 0) || previous_space || previous_break;
        let single_quoted = !(break_space || space_break || tabs || special);
        Self {
            multiline: breaks,
            plain: !(edges || breaks || indicators) && single_quoted,
            single_quoted,
            literal: !(previous_space || space_break || special),
        }
    }

    /// The style in which a text is written that should have `wanted`.
    pub(crate) fn style(self, wanted: Style, simple_key: bool) -> Style {
        let mut style = wanted;
        if simple_key && self.multiline {
            style = Style::DoubleQuoted;
        }
        if style == Style::Plain && !self.plain {
            style = Style::SingleQuoted;
        }
        match style {
            Style::SingleQuoted if !self.single_quoted => Style::DoubleQuoted,
            Style::Literal if !self.literal || simple_key => Style::DoubleQuoted,
            _ => style,
        }
    }
}

/// Whether a reader would take the plain text for a string.
pub(crate) fn reads_as_text(text: &[u8]) -> bool {
    resolve(text) == Resolved::Str && !is_base_60(text)
}

/// Numbers of YAML 1.1 such as `1:30`: `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`.
fn is_base_60(text: &[u8]) -> bool {
    let unsigned = match text {
        [b'+' | b'-', rest @ ..] => rest,
        _ => text,
    };
    if !unsigned.first().is_some_and(u8::is_ascii_digit) {
        return false;
    }
    let (whole, fraction) = match unsigned.iter().position(|&byte| byte == b'.') {
        Some(point) => (&unsigned[..point], &unsigned[point + 1..]),
        None => (unsigned, &[][..]),
    };
    let is_digit = |byte: &u8| byte.is_ascii_digit() || *byte == b'_';
    let mut parts = whole.split(|&byte| byte == b':');
    let head = parts.next().unwrap_or_default();
    let mut tail = 0;
    fraction.iter().all(is_digit)
        && head.iter().all(is_digit)
        && parts.all(|part| {
            tail += 1;
            matches!(part, [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9'])
        })
        && tail > 0
}

/// Length of the character that starts with `first`, in UTF-8.
pub(crate) fn width(first: u8) -> usize {
    match first {
        0..0xc0 => 1,
        0xc0..0xe0 => 2,
        0xe0..0xf0 => 3,
        0xf0.. => 4,
    }
}

/// Whether the character at `at` may stand unescaped between double quotes; nothing beyond U+FFFF may.
pub(crate) fn is_printable(text: &[u8], at: usize) -> bool {
    let next = |ahead: usize| text.get(at + ahead).copied().unwrap_or(0);
    match text[at] {
        b'\n' | 0x20..=0x7e => true,
        0xc2 => next(1) >= 0xa0,
        0xc3..=0xec | 0xee => true,
        0xed => next(1) < 0xa0,
        0xef => !matches!((next(1), next(2)), (0xbb, 0xbf) | (0xbf, 0xbe | 0xbf)),
        _ => false,
    }
}

/// Whether a line break stands at `at`: CR, LF, NEL, LS or PS.
pub(crate) fn is_break(text: &[u8], at: usize) -> bool {
    match text[at] {
        b'\r' | b'\n' => true,
        0xc2 => text.get(at + 1) == Some(&0x85),
        0xe2 => matches!(text.get(at + 1..at + 3), Some([0x80, 0xa8 | 0xa9])),
        _ => false,
    }
}
