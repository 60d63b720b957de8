//! Regular expressions: RE2's language on the `regex` crate, with Go's sentences for what is no expression.
//!
//! *Source*: sprig 3.3.0 `regex.go`; go 1.27 `regexp/regexp.go`.

mod expand;
mod translate;

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::{Deref, Range};
use std::rc::Rc;

use gotemplate::{Call, Failure};
use regex::bytes::{Captures, Regex, RegexBuilder};
use value::fmt::quote;
use value::{Element, List, Text};

use crate::table::Table;
use crate::unicode;
use crate::weave::Weave;

pub(crate) fn add(table: &mut Table) {
    table.family("regex");
    table.pure("regexMatch", regex_match);
    table.pure("mustRegexMatch", must_match);
    table
        .pure("regexFind", |call: &mut Call<'_>, pattern: Text, text: Text| find(call, named, pattern, text));
    table.pure("mustRegexFind", |call: &mut Call<'_>, pattern: Text, text: Text| {
        find(call, plain, pattern, text)
    });
    table.pure("regexFindAll", |call: &mut Call<'_>, pattern: Text, text: Text, limit: i64| {
        find_all(call, named, pattern, text, limit)
    });
    table.pure("mustRegexFindAll", |call: &mut Call<'_>, pattern: Text, text: Text, limit: i64| {
        find_all(call, plain, pattern, text, limit)
    });
    table.pure("regexReplaceAll", |call: &mut Call<'_>, pattern: Text, text: Text, with: Text| {
        replace(call, named, pattern, text, with, false)
    });
    table.pure("mustRegexReplaceAll", |call: &mut Call<'_>, pattern: Text, text: Text, with: Text| {
        replace(call, plain, pattern, text, with, false)
    });
    table.pure("regexReplaceAllLiteral", |call: &mut Call<'_>, pattern: Text, text: Text, with: Text| {
        replace(call, named, pattern, text, with, true)
    });
    table.pure("mustRegexReplaceAllLiteral", |call: &mut Call<'_>, pattern: Text, text: Text, with: Text| {
        replace(call, plain, pattern, text, with, true)
    });
    table.pure("regexSplit", |call: &mut Call<'_>, pattern: Text, text: Text, limit: i64| {
        split(call, named, pattern, text, limit)
    });
    table.pure("mustRegexSplit", |call: &mut Call<'_>, pattern: Text, text: Text, limit: i64| {
        split(call, plain, pattern, text, limit)
    });
    table.pure("regexQuoteMeta", quote_meta);
}

/// How a bad pattern is spoken of: the `must` functions give the error, the others panic with the pattern in front.
type Wording = fn(&Text, Text) -> Failure;

fn plain(_: &Text, error: Text) -> Failure {
    Failure::error(error)
}

fn named(pattern: &Text, error: Text) -> Failure {
    let bytes = pattern.as_bytes();
    let raw = pattern.as_str().is_some_and(|text| {
        text.chars()
            .all(|rune| rune != '`' && rune != '\u{FEFF}' && (rune == '\t' || !rune.is_ascii_control()))
    });
    let shown = if raw { [b"`", bytes, b"`"].concat() } else { quote(bytes) };
    Failure::error([b"regexp: Compile(".as_slice(), &shown, b"): ", error.as_bytes()].concat())
}

/// A compiled expression and the names of its groups.
struct Pattern {
    regex: Regex,
    names: Vec<String>,
}

impl Deref for Pattern {
    type Target = Regex;

    fn deref(&self) -> &Regex {
        &self.regex
    }
}

thread_local! {
    /// Compiled patterns of this thread; charts use few of them, often in loops. It changes no answer.
    static COMPILED: RefCell<HashMap<Text, Rc<Pattern>>> = RefCell::default();
}

/// How many patterns are kept; a guess.
const KEPT: usize = 256;
/// How large a compiled pattern may become; RE2's own limits are met long before.
const SIZE_LIMIT_BYTES: usize = 64 << 20;

fn compile(
    call: &mut Call<'_>,
    wording: Wording,
    pattern: &Text,
    text: &Text,
) -> Result<Rc<Pattern>, Failure> {
    call.charge_text(text.len() as u128 + pattern.len() as u128)?;
    if let Some(known) = known(pattern) {
        return Ok(known);
    }
    call.charge(pattern.len() as u64 * 16)?;
    build(pattern).map_err(|error| wording(pattern, error))
}

fn known(pattern: &Text) -> Option<Rc<Pattern>> {
    COMPILED.with_borrow(|known| known.get(pattern).cloned())
}

/// Compiles a pattern and keeps it.
fn build(pattern: &Text) -> Result<Rc<Pattern>, Text> {
    let Some(whole) = pattern.as_str() else {
        return Err([b"error parsing regexp: invalid UTF-8: `", pattern.as_bytes(), b"`"].concat().into());
    };
    let translated = translate::translate(whole)?;
    let regex = RegexBuilder::new(&translated.pattern)
        .size_limit(SIZE_LIMIT_BYTES)
        .build()
        .map_err(|_| format!("error parsing regexp: expression too large: `{whole}`"))?;
    let regex = Rc::new(Pattern { regex, names: translated.names });
    COMPILED.with_borrow_mut(|known| {
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(pattern.clone().without_origin(), regex.clone());
    });
    Ok(regex)
}

/// Whether a text has a part that Go's `regexp` finds with this pattern, for rules of Helm's own that are patterns.
///
/// # Errors
/// Go's sentence for what is no pattern.
pub fn is_match(pattern: &str, text: &str) -> Result<bool, String> {
    let pattern = Text::from(pattern);
    let regex = match known(&pattern) {
        Some(regex) => regex,
        None => build(&pattern).map_err(|error| error.to_string_lossy().into_owned())?,
    };
    Ok(regex.is_match(text.as_bytes()))
}

fn regex_match(call: &mut Call<'_>, pattern: Text, text: Text) -> Result<bool, Failure> {
    match compile(call, plain, &pattern, &text) {
        Ok(regex) => Ok(regex.is_match(text.as_bytes())),
        Err(Failure::Error(_)) => Ok(false),
        Err(other) => Err(other),
    }
}

fn must_match(call: &mut Call<'_>, pattern: Text, text: Text) -> Result<bool, Failure> {
    Ok(compile(call, plain, &pattern, &text)?.is_match(text.as_bytes()))
}

fn find(call: &mut Call<'_>, wording: Wording, pattern: Text, text: Text) -> Result<Text, Failure> {
    let regex = compile(call, wording, &pattern, &text)?;
    Ok(regex.find(text.as_bytes()).map_or_else(Text::new, |found| text.slice(found.range())))
}

fn find_all(
    call: &mut Call<'_>,
    wording: Wording,
    pattern: Text,
    text: Text,
    limit: i64,
) -> Result<List, Failure> {
    let regex = compile(call, wording, &pattern, &text)?;
    let found = matches(&regex, text.as_bytes(), limit);
    call.charge(found.len() as u64 * 4)?;
    if found.is_empty() {
        return Ok(List::nil(Element::Str));
    }
    Ok(List::strings(found.into_iter().map(|range| text.slice(range))))
}

/// All matches as Go finds them: an empty one right behind another does not count. Negative `limit` is no limit.
fn matches(regex: &Pattern, bytes: &[u8], limit: i64) -> Vec<Range<usize>> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut found = Vec::new();
    let mut at = 0;
    let mut previous_end = None;
    while found.len() < limit && at <= bytes.len() {
        let Some(range) = regex.find_at(bytes, at).map(|found| found.range()) else { break };
        let mut counts = true;
        if range.end == at {
            counts = previous_end != Some(range.start);
            at += unicode::decode(&bytes[at..]).1.max(1);
        } else {
            at = range.end;
        }
        previous_end = Some(range.end);
        if counts {
            found.push(range);
        }
    }
    found
}

fn replace(
    call: &mut Call<'_>,
    wording: Wording,
    pattern: Text,
    text: Text,
    with: Text,
    literal: bool,
) -> Result<Text, Failure> {
    let regex = compile(call, wording, &pattern, &text)?;
    let bytes = text.as_bytes();
    let mut weave = Weave::new(&text, bytes.len());
    let (mut at, mut last_end) = (0, 0);
    while at <= bytes.len() {
        let Some(found) = regex.captures_at(bytes, at) else { break };
        let range = whole(&found);
        weave.copy_to(range.start.max(last_end));
        if range.end > last_end || range.start == 0 {
            call.charge_text(with.len() as u128)?;
            if literal {
                weave.put_text(&with);
            } else {
                let expanded = expand::expand(with.as_bytes(), &regex.names, &found);
                call.charge_text(expanded.len() as u128)?;
                weave.put_text(&Text::derived(expanded, &[&with, &text]));
            }
        }
        last_end = range.end;
        weave.skip_to(range.end);
        let width = unicode::decode(&bytes[at..]).1;
        at = (at + width.max(1)).max(range.end);
    }
    Ok(weave.finish())
}

fn whole(found: &Captures<'_>) -> Range<usize> {
    found.get(0).map_or(0..0, |found| found.range())
}

fn split(
    call: &mut Call<'_>,
    wording: Wording,
    pattern: Text,
    text: Text,
    limit: i64,
) -> Result<List, Failure> {
    let regex = compile(call, wording, &pattern, &text)?;
    if limit == 0 {
        return Ok(List::nil(Element::Str));
    }
    let bytes = text.as_bytes();
    if !pattern.is_empty() && bytes.is_empty() {
        return Ok(List::strings([Text::new()]));
    }
    let found = matches(&regex, bytes, limit);
    call.charge(found.len() as u64 * 4)?;
    let (mut start, mut end) = (0, 0);
    let mut parts: Vec<Text> = Vec::with_capacity(found.len() + 1);
    for range in found {
        if limit > 0 && parts.len() as i64 == limit - 1 {
            break;
        }
        end = range.start;
        if range.end != 0 {
            parts.push(text.slice(start..end));
        }
        start = range.end;
    }
    if end != bytes.len() {
        parts.push(text.slice(start..bytes.len()));
    }
    Ok(List::strings(parts))
}

fn quote_meta(call: &mut Call<'_>, text: Text) -> Result<Text, Failure> {
    call.charge_text(text.len() as u128 * 2)?;
    let mut quoted = Vec::with_capacity(text.len());
    for &byte in text.as_bytes() {
        if br"\.+*?()|[]{}^$".contains(&byte) {
            quoted.push(b'\\');
        }
        quoted.push(byte);
    }
    Ok(Text::derived(quoted, &[&text]))
}
