//! Splitting, joining and sorting.
//!
//! *Source*: sprig 3.3.0 `strings.go`, `list.go`; go 1.27 `strings.Split`.

use gotemplate::{Call, Failure};
use value::{Element, List, Map, MapType, Text, TextBuilder, Value};

use super::Made;
use crate::cast::{strings, strval};
use crate::table::Table;
use crate::unicode;

pub(super) fn add(table: &mut Table) {
    table.pure("split", split);
    table.pure("splitn", splitn);
    table.pure("splitList", split_list);
    table.pure("join", join);
    table.pure("sortAlpha", sort_alpha);
    table.pure("toStrings", to_strings);
}

fn split(call: &mut Call<'_>, separator: Text, text: Text) -> Result<Map, Failure> {
    Ok(numbered(parts(call, &text, &separator, usize::MAX)?))
}

fn splitn(call: &mut Call<'_>, separator: Text, count: i64, text: Text) -> Result<Map, Failure> {
    Ok(numbered(parts(call, &text, &separator, usize::try_from(count).unwrap_or(usize::MAX))?))
}

fn split_list(call: &mut Call<'_>, separator: Text, text: Text) -> Result<List, Failure> {
    Ok(List::strings(parts(call, &text, &separator, usize::MAX)?))
}

/// The parts of `text` between separators, at most `limit`; between all runes when the separator is empty.
fn parts(call: &mut Call<'_>, text: &Text, separator: &Text, limit: usize) -> Result<Vec<Text>, Failure> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    let bytes = text.as_bytes();
    let mut ends: Vec<(usize, usize)> = if separator.is_empty() {
        let mut at = 0;
        let ends = unicode::runes(bytes).map(|(_, width)| {
            at += width;
            (at, at)
        });
        // The last rune ends the text, not a part before another.
        let mut ends: Vec<_> = ends.collect();
        if ends.pop().is_none() {
            return Ok(Vec::new());
        }
        ends
    } else {
        memchr::memmem::find_iter(bytes, separator.as_bytes()).map(|at| (at, at + separator.len())).collect()
    };
    ends.truncate(limit - 1);
    call.charge(ends.len() as u64 * 4 + 1)?;
    let mut start = 0;
    let mut parts = Vec::with_capacity(ends.len() + 1);
    for (end, next) in ends {
        parts.push(text.slice(start..end));
        start = next;
    }
    parts.push(text.slice(start..bytes.len()));
    Ok(parts)
}

fn numbered(parts: Vec<Text>) -> Map {
    let map = Map::with_type(MapType::Str);
    for (index, part) in parts.into_iter().enumerate() {
        map.insert(format!("_{index}"), part);
    }
    map
}

fn join(call: &mut Call<'_>, separator: Text, list: Value) -> Made {
    let texts = strings(call, &list)?;
    let size: u128 = texts.iter().map(|text| text.len() as u128).sum::<u128>()
        + separator.len() as u128 * texts.len() as u128;
    call.charge_text(size)?;
    let mut made = TextBuilder::with_capacity(size as usize);
    for (index, text) in texts.iter().enumerate() {
        if index > 0 {
            made.push(&separator);
        }
        made.push(text);
    }
    Ok(made.finish())
}

fn sort_alpha(call: &mut Call<'_>, list: Value) -> Result<List, Failure> {
    let value = list.underlying();
    if !matches!(value, Value::List(_) | Value::Bytes(_)) {
        return Ok(List::strings([strval(call, &list)?]));
    }
    let mut texts = strings(call, &list)?;
    call.charge(texts.len() as u64 * 4)?;
    texts.sort();
    Ok(List::strings(texts))
}

fn to_strings(call: &mut Call<'_>, list: Value) -> Result<List, Failure> {
    if let Value::List(list) = &list
        && list.element() == Element::Str
    {
        return Ok(list.clone());
    }
    let texts = strings(call, &list)?;
    call.charge(texts.len() as u64)?;
    Ok(List::strings(texts))
}
