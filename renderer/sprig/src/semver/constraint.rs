//! Ranges of versions: `>=1.2 <2 || ^3.0.0-0`.
//!
//! The original reads them with regular expressions. Those are deterministic (no part can begin where another can go on),
//! so plain scanning gives the same.
//!
//! Source: Masterminds/semver v3.5.0 `constraints.go`.

use std::cmp::Ordering;

use super::{SemverError, Version, compare_pre};

/// The longest range that is read. Source: `MaxConstraintLen`.
const MAX_BYTES: usize = 512;

/// The most alternatives of a range. Source: `MaxConstraintGroups`.
const MAX_GROUPS: usize = 32;

/// A range of versions: alternatives, of each of which all parts must hold.
#[derive(Clone, Debug)]
pub struct Constraint {
    groups: Vec<Group>,
}

#[derive(Clone, Debug)]
struct Group {
    parts: Vec<Part>,
    /// Whether some part names a pre-release; else pre-releases are outside whatever the parts say.
    has_pre: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Operator {
    Caret,
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
    NotEqual,
    Tilde,
    TildeOrEqual,
}

/// One comparison.
#[derive(Clone, Debug)]
struct Part {
    operator: Operator,
    /// The version with zeros for what is left open.
    version: Version,
    /// The version as written, without the operator.
    original: String,
    /// Whether anything is left open; then whether the second or the third number is the first one left open.
    dirty: bool,
    minor_dirty: bool,
    patch_dirty: bool,
}

impl Constraint {
    /// Reads a range.
    ///
    /// # Errors
    /// With the words of `semver.NewConstraint`.
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Self, SemverError> {
        let text = text.as_ref();
        if text.len() > MAX_BYTES {
            return Err(SemverError::new(format!("constraint string is too long (max {MAX_BYTES} bytes)")));
        }
        let Ok(text) = std::str::from_utf8(text) else {
            return Err(not_text(text));
        };
        let text = rewrite_hyphens(text);
        if text.split("||").count() > MAX_GROUPS {
            return Err(SemverError::new(format!("too many constraint groups (max {MAX_GROUPS})")));
        }
        let groups = text.split("||").map(parse_group).collect::<Result<_, _>>()?;
        Ok(Self { groups })
    }

    /// Whether `version` lies in the range.
    pub fn check(&self, version: &Version) -> bool {
        self.groups.iter().any(|group| {
            let allowed = version.pre.is_empty() || group.has_pre;
            allowed && group.parts.iter().all(|part| part.holds(version).is_ok())
        })
    }

    /// Whether `version` lies in the range, and if not, why: the sentences of all parts that do not hold.
    ///
    /// # Errors
    /// With the words of `Constraints.Validate`.
    pub fn validate(&self, version: &Version) -> Result<(), Vec<String>> {
        let mut reasons = Vec::new();
        let mut told = false;
        for group in &self.groups {
            let before = reasons.len();
            if !version.pre.is_empty() && !group.has_pre {
                if !told {
                    let version = quote(version.to_string());
                    reasons.push(format!(
                        "{version} is a prerelease version and the constraint is only looking for release versions"
                    ));
                    told = true;
                }
                continue;
            }
            reasons.extend(
                group
                    .parts
                    .iter()
                    .filter_map(|part| part.holds(version).err().map(|why| part.reason(why, version))),
            );
            if reasons.len() == before {
                return Ok(());
            }
        }
        Err(reasons)
    }
}

/// Why a part does not hold: the words between the version and the range.
type Why = (&'static str, &'static str);

impl Part {
    fn reason(&self, (words, tail): Why, version: &Version) -> String {
        format!("{} {words} {}{tail}", quote(version.to_string()), quote(&self.original))
    }

    /// Whether the part holds, pre-releases being allowed. The branches are those of the original, oddities included.
    fn holds(&self, v: &Version) -> Result<(), Why> {
        match self.operator {
            Operator::Caret => self.caret(v),
            Operator::Greater => self.greater(v),
            Operator::GreaterEqual => ensure(v.compare(&self.version).is_ge(), "is less than"),
            Operator::Less => ensure(v.compare(&self.version).is_lt(), "is greater than or equal to"),
            Operator::LessEqual => self.less_equal(v),
            Operator::NotEqual => self.not_equal(v),
            Operator::Tilde => self.tilde(v),
            Operator::TildeOrEqual if self.dirty => self.tilde(v),
            Operator::TildeOrEqual => ensure(v.compare(&self.version).is_eq(), "is not equal to"),
        }
    }

    fn not_equal(&self, v: &Version) -> Result<(), Why> {
        let c = &self.version;
        if self.dirty {
            if c.major != v.major || (c.minor != v.minor && !self.minor_dirty) {
                return Ok(());
            }
            if self.minor_dirty {
                return Err(("is equal to", ""));
            }
            if c.patch != v.patch && !self.patch_dirty {
                return Ok(());
            }
            if self.patch_dirty {
                return ensure(compare_pre(&v.pre, &c.pre) != Ordering::Equal, "is equal to");
            }
        }
        ensure(v.compare(c) != Ordering::Equal, "is equal to")
    }

    fn greater(&self, v: &Version) -> Result<(), Why> {
        let c = &self.version;
        let holds = if !self.dirty {
            v.compare(c).is_gt()
        } else if v.major != c.major {
            v.major > c.major
        } else if self.minor_dirty {
            false
        } else if self.patch_dirty {
            v.minor > c.minor
        } else {
            v.compare(c).is_gt()
        };
        ensure(holds, "is less than or equal to")
    }

    fn less_equal(&self, v: &Version) -> Result<(), Why> {
        let c = &self.version;
        let holds = if self.dirty {
            v.major < c.major || (v.major == c.major && (v.minor <= c.minor || self.minor_dirty))
        } else {
            v.compare(c).is_le()
        };
        ensure(holds, "is greater than")
    }

    fn tilde(&self, v: &Version) -> Result<(), Why> {
        let c = &self.version;
        ensure(v.compare(c).is_ge(), "is less than")?;
        // `~0.0.0` takes every version, and so does a bare `*`, which is 0.0.0.
        if (c.major, c.minor, c.patch) == (0, 0, 0) && !self.minor_dirty && !self.patch_dirty {
            return Ok(());
        }
        ensure(v.major == c.major, "does not have same major version as")?;
        ensure(v.minor == c.minor || self.minor_dirty, "does not have same major and minor version as")
    }

    fn caret(&self, v: &Version) -> Result<(), Why> {
        let c = &self.version;
        ensure(v.compare(c).is_ge(), "is less than")?;
        if c.major > 0 || self.minor_dirty {
            return ensure(v.major == c.major, "does not have same major version as");
        }
        ensure(v.major == 0, "does not have same major version as")?;
        if c.minor > 0 || self.patch_dirty {
            return if v.minor == c.minor {
                Ok(())
            } else {
                Err((
                    "does not have same minor version as",
                    ". Expected minor versions to match when constraint major version is 0",
                ))
            };
        }
        ensure(v.minor == 0, "does not have same minor version as")?;
        if c.patch == v.patch {
            Ok(())
        } else {
            Err((
                "does not equal",
                ". Expect version and constraint to equal when major and minor versions are 0",
            ))
        }
    }
}

fn ensure(holds: bool, words: &'static str) -> Result<(), Why> {
    if holds { Ok(()) } else { Err((words, "")) }
}

/// The pieces of a version as written; absent ones are empty.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pieces<'a> {
    pub(super) numbers: [&'a str; 3],
    pub(super) pre: &'a str,
    pub(super) metadata: &'a str,
}

/// Scans `v?N(.N)?(.N)?(-pre)?(+meta)?` at byte `at`, as much as there is; gives the pieces and where they end.
pub(super) fn scan_version(text: &str, at: usize, numeric: fn(u8) -> bool) -> Option<(Pieces<'_>, usize)> {
    let bytes = text.as_bytes();
    let run = |from: usize, of: fn(u8) -> bool| {
        from + bytes.get(from..).unwrap_or_default().iter().take_while(|byte| of(**byte)).count()
    };
    let mut pieces = Pieces::default();
    let mut from = if bytes.get(at) == Some(&b'v') { at + 1 } else { at };
    let mut end = run(from, numeric);
    if end == from {
        return None;
    }
    pieces.numbers[0] = &text[from..end];
    for number in &mut pieces.numbers[1..] {
        if bytes.get(end) != Some(&b'.') {
            break;
        }
        from = end + 1;
        let next = run(from, numeric);
        if next == from {
            break;
        }
        *number = &text[from..next];
        end = next;
    }
    for (mark, piece) in [(b'-', &mut pieces.pre), (b'+', &mut pieces.metadata)] {
        if bytes.get(end) != Some(&mark) {
            continue;
        }
        from = end + 1;
        let mut next = run(from, is_identifier_byte);
        if next == from {
            continue;
        }
        while bytes.get(next) == Some(&b'.') {
            let after = run(next + 1, is_identifier_byte);
            if after == next + 1 {
                break;
            }
            next = after;
        }
        *piece = &text[from..next];
        end = next;
    }
    Some((pieces, end))
}

fn is_identifier_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

/// What stands for a number in a range. The bar is in the original's character class, where it was meant as "or".
fn is_open_number(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'x' | b'X' | b'*' | b'|')
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

fn skip_space(text: &str, at: usize) -> usize {
    at + text.as_bytes().get(at..).unwrap_or_default().iter().take_while(|byte| is_space(**byte)).count()
}

fn is_wildcard(number: &str) -> bool {
    matches!(number, "x" | "X" | "*")
}

fn parse_group(text: &str) -> Result<Group, SemverError> {
    let improper = || improper(text.as_bytes());
    let mut parts = Vec::new();
    let mut at = skip_space(text, 0);
    // Shape first, as the original checks the whole group before it looks at one part.
    let mut found = Vec::new();
    loop {
        let (operator, after) = scan_operator(text, at);
        let start = skip_space(text, after);
        let (pieces, end) = scan_version(text, start, is_open_number).ok_or_else(improper)?;
        found.push((operator, &text[start..end], pieces));
        at = skip_space(text, end);
        if at == text.len() {
            break;
        }
        if text.as_bytes()[at] == b',' {
            at = skip_space(text, at + 1);
        } else if at == end {
            return Err(improper());
        }
    }
    for (operator, original, pieces) in found {
        parts.push(Part::new(operator, original, pieces)?);
    }
    let has_pre = parts.iter().any(|part| !part.version.pre.is_empty());
    Ok(Group { parts, has_pre })
}

impl Part {
    fn new(operator: Operator, original: &str, pieces: Pieces<'_>) -> Result<Self, SemverError> {
        let open = |number: &str| number.is_empty() || is_wildcard(number);
        let [major, minor, patch] = pieces.numbers;
        let pre = if pieces.pre.is_empty() { String::new() } else { format!("-{}", pieces.pre) };
        let (mut dirty, mut minor_dirty, mut patch_dirty) = (true, false, false);
        let version = if open(major) {
            format!("0.0.0{pre}")
        } else if open(minor) {
            minor_dirty = true;
            format!("{major}.0.0{pre}")
        } else if open(patch) {
            patch_dirty = true;
            format!("{major}.{minor}.0{pre}")
        } else {
            dirty = false;
            original.to_owned()
        };
        let version = Version::parse(&version).map_err(|_| SemverError::new("constraint parser error"))?;
        Ok(Self { operator, version, original: original.to_owned(), dirty, minor_dirty, patch_dirty })
    }
}

/// The operator at byte `at` and where it ends. No operator is one too.
fn scan_operator(text: &str, at: usize) -> (Operator, usize) {
    const OPERATORS: [(&str, Operator); 11] = [
        ("!=", Operator::NotEqual),
        (">=", Operator::GreaterEqual),
        ("=>", Operator::GreaterEqual),
        ("<=", Operator::LessEqual),
        ("=<", Operator::LessEqual),
        ("~>", Operator::Tilde),
        ("=", Operator::TildeOrEqual),
        (">", Operator::Greater),
        ("<", Operator::Less),
        ("~", Operator::Tilde),
        ("^", Operator::Caret),
    ];
    let rest = text.get(at..).unwrap_or_default();
    OPERATORS
        .iter()
        .find(|(sign, _)| rest.starts_with(sign))
        .map_or((Operator::TildeOrEqual, at), |(sign, operator)| (*operator, at + sign.len()))
}

/// Turns `A - B` into `>= A, <= B `, by text: where the same range stands twice, the first is replaced twice.
fn rewrite_hyphens(text: &str) -> String {
    let mut out = text.to_owned();
    let mut at = 0;
    while at < text.len() {
        match scan_hyphen_range(text, at) {
            Some((from, to, end)) => {
                out = out.replacen(&text[at..end], &format!(">= {from}, <= {to} "), 1);
                at = end;
            }
            None => at += text[at..].chars().next().map_or(1, char::len_utf8),
        }
    }
    out
}

fn scan_hyphen_range(text: &str, at: usize) -> Option<(&str, &str, usize)> {
    let first = skip_space(text, at);
    let (_, first_end) = scan_version(text, first, is_open_number)?;
    let hyphen = skip_space(text, first_end);
    if hyphen == first_end || text.as_bytes().get(hyphen) != Some(&b'-') {
        return None;
    }
    let second = skip_space(text, hyphen + 1);
    if second == hyphen + 1 {
        return None;
    }
    let (_, second_end) = scan_version(text, second, is_open_number)?;
    Some((&text[first..first_end], &text[second..second_end], skip_space(text, second_end)))
}

/// The first alternative that is wrong, of bytes that are not all UTF-8: no part of a range can hold those.
fn not_text(range: &[u8]) -> SemverError {
    let mut rest = Some(range);
    while let Some(from) = rest {
        let bars = from.windows(2).position(|pair| pair == b"||");
        let group = &from[..bars.unwrap_or(from.len())];
        match std::str::from_utf8(group).map(|group| parse_group(&rewrite_hyphens(group))) {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => return error,
            Err(_) => return improper(group),
        }
        rest = bars.map(|at| &from[at + 2..]);
    }
    improper(range)
}

fn improper(group: &[u8]) -> SemverError {
    SemverError::new(format!("improper constraint: {}", quote(group)))
}

/// `%q`, which escapes what is not UTF-8.
fn quote(text: impl AsRef<[u8]>) -> String {
    String::from_utf8_lossy(&value::fmt::quote(text.as_ref())).into_owned()
}
