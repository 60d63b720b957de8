//! Go's shell patterns.
//!
//! Source: Go 1.27 `path/filepath/match.go`, `Match`.

/// Whether the shell pattern matches the whole name; one that cannot be read matches nothing.
pub fn pattern_matches(pattern: &str, name: &str) -> bool {
    Pattern::parse(pattern).is_some_and(|pattern| pattern.matches(name))
}

/// The pattern is wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BadPattern;

impl BadPattern {
    /// Go's words.
    pub const WORDS: &str = "syntax error in pattern";
}

/// Whether the shell pattern matches the whole name, as far as Go looks.
///
/// # Errors
/// A part of the pattern is wrong that Go had to look at to tell; a name that differs before it is no match, and no error.
pub fn try_match(pattern: &str, name: &str) -> Result<bool, BadPattern> {
    if let Some(pattern) = Pattern::parse(pattern) {
        return Ok(pattern.matches(name));
    }
    let (mut pattern, mut name) = (pattern.as_bytes(), name.as_bytes());
    'pattern: while !pattern.is_empty() {
        let (is_starred, chunk, rest) = first_chunk(pattern);
        pattern = rest;
        if is_starred && chunk.is_empty() {
            return Ok(!name.contains(&b'/'));
        }
        if let Some(left) = begins_with(chunk, name)?
            && (left.is_empty() || !pattern.is_empty())
        {
            name = left;
            continue;
        }
        if is_starred {
            let end = name.iter().position(|byte| *byte == b'/').unwrap_or(name.len());
            for skipped in 1..=end {
                if let Some(left) = begins_with(chunk, &name[skipped..])?
                    && (left.is_empty() || !pattern.is_empty())
                {
                    name = left;
                    continue 'pattern;
                }
            }
        }
        return Ok(false);
    }
    Ok(name.is_empty())
}

/// The part up to the next star, whether stars stand before it, and what follows. Source: `scanChunk`.
fn first_chunk(pattern: &[u8]) -> (bool, &[u8], &[u8]) {
    let n_stars = pattern.iter().take_while(|byte| **byte == b'*').count();
    let chunk = &pattern[n_stars..];
    let mut is_inside = false;
    let mut at = 0;
    while at < chunk.len() {
        match chunk[at] {
            b'\\' => at += 1,
            b'[' => is_inside = true,
            b']' => is_inside = false,
            b'*' if !is_inside => break,
            _ => {}
        }
        at += 1;
    }
    let at = at.min(chunk.len());
    (n_stars > 0, &chunk[..at], &chunk[at..])
}

/// What of the name is left behind the chunk; `None` when it begins with something else. Source: `matchChunk`.
fn begins_with<'a>(mut chunk: &[u8], mut name: &'a [u8]) -> Result<Option<&'a [u8]>, BadPattern> {
    let mut has_failed = false;
    while let [first, rest @ ..] = chunk {
        has_failed |= name.is_empty();
        chunk = rest;
        match first {
            b'[' => {
                let mut rune = '\0';
                if !has_failed {
                    let length;
                    (rune, length) = first_rune(name);
                    name = &name[length..];
                }
                let is_negated = chunk.first() == Some(&b'^');
                chunk = &chunk[usize::from(is_negated)..];
                let (mut is_in, mut n_ranges) = (false, 0);
                loop {
                    if chunk.first() == Some(&b']') && n_ranges > 0 {
                        chunk = &chunk[1..];
                        break;
                    }
                    let low = class_rune(&mut chunk)?;
                    let mut high = low;
                    if chunk.first() == Some(&b'-') {
                        chunk = &chunk[1..];
                        high = class_rune(&mut chunk)?;
                    }
                    is_in |= (low..=high).contains(&rune);
                    n_ranges += 1;
                }
                has_failed |= is_in == is_negated;
            }
            b'?' => {
                if !has_failed {
                    has_failed = name[0] == b'/';
                    name = &name[first_rune(name).1..];
                }
            }
            first => {
                let mut wanted = *first;
                if wanted == b'\\' {
                    let (escaped, rest) = chunk.split_first().ok_or(BadPattern)?;
                    wanted = *escaped;
                    chunk = rest;
                }
                if !has_failed {
                    has_failed = wanted != name[0];
                    name = &name[1..];
                }
            }
        }
    }
    Ok((!has_failed).then_some(name))
}

/// One character of a class, taken off the front; none may stand last. Source: `getEsc`.
fn class_rune(chunk: &mut &[u8]) -> Result<char, BadPattern> {
    if matches!(chunk.first(), None | Some(b'-' | b']')) {
        return Err(BadPattern);
    }
    if chunk[0] == b'\\' {
        *chunk = &chunk[1..];
    }
    let (rune, length) = first_rune(chunk);
    *chunk = chunk.get(length..).filter(|rest| !rest.is_empty()).ok_or(BadPattern)?;
    Ok(rune)
}

/// The first rune and its length; a byte that begins none counts as one.
fn first_rune(bytes: &[u8]) -> (char, usize) {
    let text = bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    text.chars().next().map_or(('\u{fffd}', 1), |rune| (rune, rune.len_utf8()))
}

/// A shell pattern: `*` and `?` stop at `/`, `[a-z]`, `[^a-z]`, `\x`.
#[derive(Clone, Debug)]
pub(super) struct Pattern(Vec<Token>);

#[derive(Clone, Debug)]
enum Token {
    Any,
    Class { ranges: Vec<(char, char)>, negated: bool },
    Char(char),
    Star,
}

impl Pattern {
    /// `None`: not well formed.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut tokens = Vec::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            tokens.push(match c {
                '*' => Token::Star,
                '?' => Token::Any,
                '\\' => Token::Char(chars.next()?),
                '[' => {
                    let negated = chars.next_if_eq(&'^').is_some();
                    let mut ranges = Vec::new();
                    loop {
                        if !ranges.is_empty() && chars.next_if_eq(&']').is_some() {
                            break;
                        }
                        let low = class_char(&mut chars)?;
                        let high =
                            if chars.next_if_eq(&'-').is_some() { class_char(&mut chars)? } else { low };
                        ranges.push((low, high));
                    }
                    Token::Class { ranges, negated }
                }
                c => Token::Char(c),
            });
        }
        Some(Self(tokens))
    }

    /// Whether the whole of `name` matches. A star takes as little as possible, and only the last star met is tried again:
    /// stars stop at `/`, so what an earlier one could take the last one can take, too.
    pub(super) fn matches(&self, name: &str) -> bool {
        let mut token = 0;
        let mut rest = name.chars();
        let mut retry: Option<(usize, std::str::Chars<'_>)> = None;
        loop {
            let here = rest.clone();
            match self.0.get(token) {
                None if here.as_str().is_empty() => return true,
                Some(Token::Star) => {
                    retry = Some((token, here));
                    token += 1;
                    continue;
                }
                Some(one) if rest.next().is_some_and(|c| one.takes(c)) => {
                    token += 1;
                    continue;
                }
                _ => {}
            }
            let Some((star, from)) = &mut retry else { return false };
            match from.next() {
                None | Some('/') => return false,
                Some(_) => {
                    token = *star + 1;
                    rest = from.clone();
                }
            }
        }
    }
}

impl Token {
    fn takes(&self, c: char) -> bool {
        match self {
            Self::Any => c != '/',
            Self::Char(wanted) => c == *wanted,
            Self::Class { ranges, negated } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated
            }
            Self::Star => false,
        }
    }
}

/// One character of a class; none may stand last. Source: `getEsc`.
fn class_char(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<char> {
    let c = match chars.next()? {
        '-' | ']' => return None,
        '\\' => chars.next()?,
        c => c,
    };
    chars.peek().map(|_| c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_the_shell_does() {
        for (pattern, name, matches) in [
            ("*.txt", "a.txt", true),
            ("*.txt", "d/a.txt", false),
            ("*/a.txt", "d/a.txt", true),
            ("*/a.txt", "d/e/a.txt", false),
            ("a*b*c", "axxbyybc", true),
            ("a*b*c", "axxbyyb", false),
            ("[^a-c]x", "dx", true),
            ("[^a-c]x", "bx", false),
            ("[a]", "/", false),
            ("[.-0]", "/", true),
            ("a?c", "a/c", false),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("*", "", true),
            ("", "", true),
            ("a*", "a/b", false),
            ("é?", "éß", true),
        ] {
            assert_eq!(Pattern::parse(pattern).unwrap().matches(name), matches, "{pattern} {name}");
        }
        for bad in ["[", "[]", "[a", "[a-]", "[-a]", "\\", "[\\", "[]a]"] {
            assert!(Pattern::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn go_looks_only_as_far_as_it_must() {
        for (pattern, name, outcome) in [
            ("a*[", "b", Ok(false)),
            ("a*[", "abc", Err(BadPattern)),
            ("[a", "", Err(BadPattern)),
            ("![a-c]*/b/a[b", "abc", Ok(false)),
            ("x/[]a]", "y", Err(BadPattern)),
            ("*/[a", "abc", Err(BadPattern)),
            ("b*\\", "abc", Ok(false)),
            ("a\\", "b", Err(BadPattern)),
        ] {
            assert_eq!(try_match(pattern, name), outcome, "{pattern} {name}");
        }
    }
}
