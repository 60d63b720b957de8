//! The patterns of `.Files.Glob`: `*`, `**`, `?`, `[abc]`, `[a-z]`, `[!a]`, `{a,b}`, `\`.
//!
//! Source: github.com/gobwas/glob v0.2.3 with the separator `/`, its tolerance of an unclosed `{` included.

use std::iter::Peekable;
use std::str::Chars;

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(crate) struct Glob {
    states: Vec<State>,
    start: usize,
}

/// One step of the automaton; numbers are states that follow.
#[derive(Clone, Debug)]
enum State {
    Match,
    /// Takes one character.
    Take(Set, usize),
    /// Takes nothing.
    Split(Vec<usize>),
}

#[derive(Clone, Debug)]
enum Set {
    Char(char),
    List { chars: Vec<char>, not: bool },
    NoSeparator,
    Any,
    Range { low: char, high: char, not: bool },
}

impl Set {
    fn holds(&self, rune: char) -> bool {
        match self {
            Self::Char(own) => *own == rune,
            Self::List { chars, not } => chars.contains(&rune) != *not,
            Self::NoSeparator => rune != '/',
            Self::Any => true,
            Self::Range { low, high, not } => (*low..=*high).contains(&rune) != *not,
        }
    }
}

/// A piece of a pattern, before it becomes states.
enum Piece {
    One(Set),
    Many(Set),
    Open,
    Comma,
    Close,
}

impl Glob {
    /// Compiles a pattern; one that cannot be read matches everything, as in Helm.
    pub(crate) fn new(pattern: &str) -> Self {
        let pieces = pieces(pattern).unwrap_or_else(|| vec![Piece::Many(Set::Any)]);
        Self::assemble(pieces)
    }

    /// Whether the pattern matches the whole name. Cost: states × characters.
    pub(crate) fn matches(&self, name: &str) -> bool {
        let mut current = vec![false; self.states.len()];
        self.follow(self.start, &mut current);
        for rune in name.chars() {
            let mut next = vec![false; self.states.len()];
            for (at, state) in self.states.iter().enumerate() {
                if let (true, State::Take(set, to)) = (current[at], state)
                    && set.holds(rune)
                {
                    self.follow(*to, &mut next);
                }
            }
            current = next;
        }
        self.states.iter().zip(current).any(|(state, here)| here && matches!(state, State::Match))
    }

    fn follow(&self, from: usize, into: &mut [bool]) {
        let mut open = vec![from];
        while let Some(at) = open.pop() {
            if std::mem::replace(&mut into[at], true) {
                continue;
            }
            if let State::Split(to) = &self.states[at] {
                open.extend(to);
            }
        }
    }

    /// Builds the automaton from the end of the pattern to its start.
    fn assemble(pieces: Vec<Piece>) -> Self {
        let mut states = vec![State::Match];
        let mut next = 0;
        // For each open group: the state behind it, and the starts of its alternatives so far.
        let mut groups: Vec<(usize, Vec<usize>)> = Vec::new();
        let mut unclosed = unclosed_groups(&pieces);
        for _ in 0..unclosed {
            groups.push((next, Vec::new()));
        }
        for piece in pieces.into_iter().rev() {
            match piece {
                Piece::One(set) => {
                    states.push(State::Take(set, next));
                    next = states.len() - 1;
                }
                Piece::Many(set) => {
                    let split = states.len();
                    states.push(State::Split(vec![next, split + 1]));
                    states.push(State::Take(set, split));
                    next = split;
                }
                Piece::Close => groups.push((next, Vec::new())),
                Piece::Comma => {
                    if let Some((behind, starts)) = groups.last_mut() {
                        starts.push(next);
                        next = *behind;
                    }
                }
                Piece::Open => {
                    if let Some((_, mut starts)) = groups.pop() {
                        starts.push(next);
                        states.push(State::Split(starts));
                        next = states.len() - 1;
                        unclosed = unclosed.saturating_sub(1);
                    }
                }
            }
        }
        Self { states, start: next }
    }
}

fn unclosed_groups(pieces: &[Piece]) -> usize {
    pieces.iter().fold(0, |open, piece| match piece {
        Piece::Open => open + 1,
        Piece::Close => open - 1,
        _ => open,
    })
}

fn pieces(pattern: &str) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut open = 0_usize;
    let mut rest = pattern.chars().peekable();
    while let Some(rune) = rest.next() {
        match rune {
            '{' => {
                open += 1;
                pieces.push(Piece::Open);
            }
            ',' if open > 0 => pieces.push(Piece::Comma),
            '}' if open > 0 => {
                open -= 1;
                pieces.push(Piece::Close);
            }
            '[' => pieces.push(Piece::One(class(&mut rest)?)),
            '?' => pieces.push(Piece::One(Set::NoSeparator)),
            '*' => {
                let deep = rest.next_if_eq(&'*').is_some();
                pieces.push(Piece::Many(if deep { Set::Any } else { Set::NoSeparator }));
            }
            // An escape at the very end stands for nothing.
            '\\' => pieces.extend(rest.next().map(|rune| Piece::One(Set::Char(rune)))),
            _ => pieces.push(Piece::One(Set::Char(rune))),
        }
    }
    Some(pieces)
}

/// What stands behind `[`: `!` for its opposite, then `a-z` alone or a list of characters.
fn class(rest: &mut Peekable<Chars<'_>>) -> Option<Set> {
    let not = rest.next_if_eq(&'!').is_some();
    let mut ahead = rest.clone();
    let first = ahead.next()?;
    if ahead.next() == Some('-') {
        let high = ahead.next()?;
        if ahead.next()? != ']' || high < first {
            return None;
        }
        *rest = ahead;
        return Some(Set::Range { low: first, high, not });
    }
    let mut chars = Vec::new();
    loop {
        match rest.next()? {
            ']' if !chars.is_empty() => return Some(Set::List { chars, not }),
            ']' => return None,
            '\\' => chars.push(rest.next()?),
            rune => chars.push(rune),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_gobwas_matches_them() {
        let names = ["a.txt", "b.yaml", "conf/a.txt", "conf/sub/c.txt", "a", "[x]"];
        let rows: &[(&str, &[&str])] = &[
            ("*", &["a.txt", "b.yaml", "a", "[x]"]),
            ("**", &names),
            ("**.txt", &["a.txt", "conf/a.txt", "conf/sub/c.txt"]),
            ("conf/**/c.txt", &["conf/sub/c.txt"]),
            ("conf/*", &["conf/a.txt"]),
            ("?.txt", &["a.txt"]),
            ("[ab].*", &["a.txt", "b.yaml"]),
            ("[!a].*", &["b.yaml"]),
            ("[a-b].{txt,yaml}", &["a.txt", "b.yaml"]),
            ("{a,conf/{a,sub/c}}.txt", &["a.txt", "conf/a.txt", "conf/sub/c.txt"]),
            ("\\[x\\]", &["[x]"]),
            ("[a-z0-9].txt", &names),
            ("[", &names),
            ("{a,b", &["a"]),
            ("", &[]),
        ];
        for (pattern, expected) in rows {
            let glob = Glob::new(pattern);
            let matched: Vec<&str> = names.iter().copied().filter(|name| glob.matches(name)).collect();
            assert_eq!(matched, *expected, "{pattern}");
        }
    }
}
