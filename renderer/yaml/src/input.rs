//! The bytes of a document: encoding, allowed characters, and *when* a bad one is noticed.
//!
//! libyaml reads its input in blocks of 512 bytes and checks a block as a whole when the scanner asks for a character
//! of it. So whether a bad character or an earlier mistake is reported depends on block borders; [`Feed`] keeps count of them.
//!
//! *Source*: go.yaml.in/yaml/v2 v2.4.4 `readerc.go`.

use std::borrow::Cow;

const BLOCK: usize = 512;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A document's text as UTF-8.
pub(crate) struct Input<'t> {
    pub(crate) text: Cow<'t, [u8]>,
    /// Where the text starts: behind a byte order mark.
    pub(crate) start: usize,
    /// Only for texts in which block borders can be seen.
    pub(crate) feed: Option<Feed>,
}

/// The blocks that libyaml would have loaded.
#[derive(Clone, Debug)]
pub(crate) struct Feed {
    /// Ends of the blocks, in order.
    ends: Vec<u32>,
    next: usize,
    loaded: u32,
    /// Where the buffer started when it was last filled.
    base: u32,
    /// What happens when one more block is asked for; nothing happens at the end of the text.
    failure: Option<&'static str>,
}

impl<'t> Input<'t> {
    pub(crate) fn new(text: &'t [u8]) -> Self {
        if u32::try_from(text.len()).is_err() {
            let feed = Feed::of(&[], 0, Some((0, "document is larger than 4 GiB")));
            return Self { text: Cow::Borrowed(&[]), start: 0, feed: Some(feed) };
        }
        match text {
            [0xff, 0xfe, ..] => return utf16(&text[2..], u16::from_le_bytes),
            [0xfe, 0xff, ..] => return utf16(&text[2..], u16::from_be_bytes),
            _ => {}
        }
        let start = if text.starts_with(BYTE_ORDER_MARK) { 3 } else { 0 };
        let checked = check(&text[start..]);
        let feed = (checked.failure.is_some() || checked.has_mark).then(|| {
            let failure = checked.failure.map(|(at, problem)| (at + start, problem));
            Feed::of(text, start, failure)
        });
        Self { text: Cow::Borrowed(text), start, feed }
    }
}

/// What one pass over a text finds.
pub(crate) struct Checked {
    pub(crate) failure: Option<(usize, &'static str)>,
    /// A byte order mark stands somewhere inside.
    pub(crate) has_mark: bool,
    /// Lines end in other ways than by a line feed.
    pub(crate) has_odd_break: bool,
}

/// Finds the first character that YAML does not allow.
pub(crate) fn check(text: &[u8]) -> Checked {
    const BLOCK: usize = 64;
    let mut checked = Checked { failure: None, has_mark: false, has_odd_break: false };
    let mut at = 0;
    while at < text.len() {
        // Printable ASCII and line feeds, a block at a time; written so that it compiles to vector instructions.
        if let Some(block) = text.get(at..at + BLOCK)
            && block
                .iter()
                .fold(true, |plain, byte| plain & (matches!(*byte, 0x20..=0x7e) | (*byte == b'\n')))
        {
            at += BLOCK;
            continue;
        }
        let end = (at + BLOCK).min(text.len());
        while at < end {
            match text[at] {
                0x20..=0x7e | b'\t' | b'\n' => at += 1,
                b'\r' => {
                    checked.has_odd_break = true;
                    at += 1;
                }
                0..=0x7f => {
                    checked.failure = Some((at, CONTROL));
                    return checked;
                }
                _ => match character(&text[at..]) {
                    Ok((value, width)) if is_allowed(value) => {
                        checked.has_mark |= value == 0xfeff;
                        checked.has_odd_break |= matches!(value, 0x85 | 0x2028 | 0x2029);
                        at += width;
                    }
                    Ok(_) => {
                        checked.failure = Some((at, CONTROL));
                        return checked;
                    }
                    Err(problem) => {
                        checked.failure = Some((at, problem));
                        return checked;
                    }
                },
            }
        }
    }
    checked
}

const CONTROL: &str = "control characters are not allowed";
const INCOMPLETE: &str = "incomplete UTF-8 octet sequence";

fn is_allowed(value: u32) -> bool {
    matches!(value, 0x09 | 0x0a | 0x0d | 0x20..=0x7e | 0x85 | 0xa0..=0xd7ff | 0xe000..=0xfffd | 0x1_0000..=0x10_ffff)
}

/// The character at the start of `text` and its width.
fn character(text: &[u8]) -> Result<(u32, usize), &'static str> {
    let first = text[0];
    let (width, mut value) = match first {
        0..=0x7f => (1, u32::from(first)),
        0xc0..=0xdf => (2, u32::from(first & 0x1f)),
        0xe0..=0xef => (3, u32::from(first & 0x0f)),
        0xf0..=0xf7 => (4, u32::from(first & 0x07)),
        _ => return Err("invalid leading UTF-8 octet"),
    };
    let Some(rest) = text.get(1..width) else { return Err(INCOMPLETE) };
    for octet in rest {
        if octet & 0xc0 != 0x80 {
            return Err("invalid trailing UTF-8 octet");
        }
        value = value << 6 | u32::from(octet & 0x3f);
    }
    match (width, value) {
        (2, 0..0x80) | (3, 0..0x800) | (4, 0..0x1_0000) => Err("invalid length of a UTF-8 sequence"),
        (_, 0xd800..=0xdfff | 0x11_0000..) => Err("invalid Unicode character"),
        _ => Ok((value, width)),
    }
}

impl Feed {
    /// The blocks of a UTF-8 text whose first bad character is `failure`.
    fn of(text: &[u8], start: usize, failure: Option<(usize, &'static str)>) -> Self {
        let bad = failure.map_or(text.len(), |(at, _)| at);
        // The bad character is looked at once as many bytes are there as its first one announces.
        let width = text.get(bad).map_or(0, |byte| crate::scanner::width(*byte)) as usize;
        let mut ends = Vec::new();
        let mut border = BLOCK;
        loop {
            let mut end = border.min(text.len());
            if failure.is_some() && bad < end {
                if bad + width > end {
                    ends.push(bad as u32);
                }
                break;
            }
            // A character that crosses the border belongs to the next block.
            while end < bad && end > start && text[end] & 0xc0 == 0x80 {
                end -= 1;
            }
            ends.push(end as u32);
            if end == text.len() {
                break;
            }
            border = end + BLOCK;
        }
        let at = start as u32;
        Self { ends, next: 0, loaded: at, base: at, failure: failure.map(|(_, problem)| problem) }
    }

    /// Loads until `count` characters are there from `position` on, or the text ends.
    pub(crate) fn need(&mut self, text: &[u8], position: usize, count: usize) -> Result<(), &'static str> {
        let unread = |loaded: u32| {
            let loaded = text.get(position..loaded as usize).unwrap_or_default();
            loaded.iter().filter(|byte| **byte & 0xc0 != 0x80).take(count).count()
        };
        if unread(self.loaded) >= count {
            return Ok(());
        }
        self.base = position as u32;
        while unread(self.loaded) < count {
            match (self.ends.get(self.next), self.failure) {
                (Some(end), _) => {
                    self.loaded = *end;
                    self.next += 1;
                }
                (None, Some(problem)) => return Err(problem),
                (None, None) => return Ok(()),
            }
        }
        Ok(())
    }

    /// Whether libyaml's buffer starts with a byte order mark. It looks there at the start of *every* line, and skips a
    /// character when it finds one.
    pub(crate) fn starts_with_mark(&self, text: &[u8]) -> bool {
        text[self.base as usize..].starts_with(BYTE_ORDER_MARK)
    }
}

/// A text in UTF-16, as UTF-8 up to the first bad character.
fn utf16(text: &[u8], unit: fn([u8; 2]) -> u16) -> Input<'static> {
    let mut out = Vec::with_capacity(text.len());
    let mut ends = Vec::new();
    let mut failure = None;
    let mut at = 0;
    let unit_at = |at: usize| text.get(at..at + 2).map(|pair| unit([pair[0], pair[1]]));
    // The byte order mark was part of the first block.
    let mut border = BLOCK - 2;
    while at < text.len() {
        let low = unit_at(at + 2);
        let width = if unit_at(at).is_some_and(|high| high & 0xfc00 == 0xd800) { 4 } else { 2 };
        if at + width > border && border < text.len() {
            ends.push(out.len() as u32);
            border = at + BLOCK;
        }
        let value = match (unit_at(at), low) {
            (None, _) => Err("incomplete UTF-16 character"),
            (Some(0xdc00..=0xdfff), _) => Err("unexpected low surrogate area"),
            (Some(0xd800..=0xdbff), None) => Err("incomplete UTF-16 surrogate pair"),
            (Some(high @ 0xd800..=0xdbff), Some(low @ 0xdc00..=0xdfff)) => {
                Ok(0x1_0000 + (u32::from(high & 0x3ff) << 10) + u32::from(low & 0x3ff))
            }
            (Some(0xd800..=0xdbff), Some(_)) => Err("expected low surrogate area"),
            (Some(value), _) => Ok(u32::from(value)),
        };
        match value.map(|value| char::from_u32(value).filter(|_| is_allowed(value))) {
            Ok(Some(c)) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            Ok(None) => failure = Some(CONTROL),
            Err(problem) => failure = Some(problem),
        }
        if failure.is_some() {
            break;
        }
        at += width;
    }
    // Cut characters are noticed one step after the block that they stand in, once the text is known to end.
    if failure.is_none() || failure.is_some_and(|problem| problem.starts_with("incomplete")) {
        ends.push(out.len() as u32);
    }
    let feed = Feed { ends, next: 0, loaded: 0, base: 0, failure };
    Input { text: Cow::Owned(out), start: 0, feed: Some(feed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clean_text_needs_no_feed() {
        assert!(Input::new("a: é\t😀\r\n\u{85}\u{fffd}".as_bytes()).feed.is_none());
        let marked = Input::new(b"\xef\xbb\xbfa: 1");
        assert!(marked.feed.is_none() && marked.start == 3);
    }

    #[test]
    fn bad_characters_are_named() {
        let failure = |text: &[u8]| Input::new(text).feed.and_then(|feed| feed.failure);
        for control in ["a\u{7f}", "\u{80}", "a\u{0}", "\u{fffe}", "\u{1b}"] {
            assert_eq!(failure(control.as_bytes()), Some(CONTROL), "{control:?}");
        }
        assert_eq!(failure(b"a\xff"), Some("invalid leading UTF-8 octet"));
        assert_eq!(failure(b"a\xc3("), Some("invalid trailing UTF-8 octet"));
        assert_eq!(failure(b"a\xc3"), Some(INCOMPLETE));
        assert_eq!(failure(b"\xc0\x80"), Some("invalid length of a UTF-8 sequence"));
        assert_eq!(failure(b"\xed\xa0\x80"), Some("invalid Unicode character"));
    }

    #[test]
    fn a_block_is_checked_when_its_first_character_is_asked_for() {
        let mut text = vec![b'a'; 600];
        text[520] = 1;
        let mut feed = Input::new(&text).feed.expect("the text is bad");
        assert_eq!(feed.need(&text, 0, 1), Ok(()));
        assert_eq!(feed.need(&text, 511, 1), Ok(()));
        assert_eq!(feed.need(&text, 511, 2), Err(CONTROL));
    }

    #[test]
    fn a_bad_character_across_a_border_waits_for_the_next_block() {
        let mut text = vec![b'a'; 600];
        text[511] = 0xc3;
        let mut feed = Input::new(&text).feed.expect("the text is bad");
        assert_eq!(feed.need(&text, 0, 511), Ok(()));
        assert_eq!(feed.need(&text, 0, 512), Err("invalid trailing UTF-8 octet"));
    }

    #[test]
    fn utf16_becomes_utf8() {
        let input = Input::new(b"\xff\xfea\0=\xd8\x00\xde");
        assert_eq!(input.text, "a😀".as_bytes());
        let cut = Input::new(b"\xfe\xff\0a\0");
        assert_eq!(cut.feed.and_then(|feed| feed.failure), Some("incomplete UTF-16 character"));
    }
}
