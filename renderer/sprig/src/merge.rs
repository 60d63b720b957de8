//! `merge` and `mergeOverwrite`: entries of later dicts go into the first, which changes in place.
//!
//! *Source*: mergo 1.0.1 `merge.go`, as sprig 3.3.0 `dict.go` calls it. Maps that only a source has are not copied: the
//! result holds the same map.

use std::vec::IntoIter;

use gotemplate::{Call, Failure, RestOf};
use value::{Map, MapType, Text, Value};

use crate::defaults::is_empty;
use crate::dicts::write;
use crate::table::Table;

pub(crate) fn add(table: &mut Table) {
    table.pure("merge", merge);
    table.alias("mustMerge", "merge");
    table.pure("mergeOverwrite", merge_overwrite);
    table.alias("mustMergeOverwrite", "mergeOverwrite");
}

fn merge(call: &mut Call<'_>, into: Map, from: RestOf<Map>) -> Result<Map, Failure> {
    all(call, into, &from.0, false)
}

fn merge_overwrite(call: &mut Call<'_>, into: Map, from: RestOf<Map>) -> Result<Map, Failure> {
    all(call, into, &from.0, true)
}

fn all(call: &mut Call<'_>, mut into: Map, from: &[Map], overwrite: bool) -> Result<Map, Failure> {
    for source in from {
        if into.is_nil() && !source.is_nil() {
            into = Map::new();
        }
        one(call, &into, source, overwrite)?;
    }
    Ok(into.retyped(MapType::Any))
}

/// A map being merged into, and what of its source is left.
struct Level {
    into: Map,
    from: MapType,
    left: IntoIter<(Text, Value)>,
    /// The entry whose nested maps the level above merges; it is settled when that is done.
    waits: Option<(Text, Value)>,
}

impl Level {
    fn new(call: &mut Call<'_>, into: Map, from: &Map) -> Result<Self, Failure> {
        call.charge(from.len() as u64 * 4 + 1)?;
        let entries = from.entries();
        for (key, value) in &entries {
            call.saw(from, key.as_bytes(), Some(value));
        }
        Ok(Self { into, from: from.map_type(), left: entries.into_iter(), waits: None })
    }

    /// Decides about an entry once the maps below it are merged.
    fn settle(&self, call: &mut Call<'_>, key: Text, new: Value, overwrite: bool) -> Result<(), Failure> {
        let old = self.into.get(&key);
        call.saw(&self.into, key.as_bytes(), old.as_ref());
        if let Some(old) = old.filter(|old| !is_empty(old)) {
            let both_maps = matches!((&new, &old), (Value::Map(_), Value::Map(_)));
            if both_maps || !overwrite {
                return Ok(());
            }
        }
        self.put(call, key, new)
    }

    fn put(&self, call: &mut Call<'_>, key: Text, value: Value) -> Result<(), Failure> {
        if self.into.map_type() == MapType::Str && self.from != MapType::Str {
            return Err(Failure::error(
                "reflect.Value.SetMapIndex: value of type interface {} is not assignable to type string",
            ));
        }
        write(call, &self.into, key, value)
    }
}

fn one(call: &mut Call<'_>, into: &Map, from: &Map, overwrite: bool) -> Result<(), Failure> {
    let mut levels = vec![Level::new(call, into.clone(), from)?];
    while let Some(level) = levels.last_mut() {
        if let Some((key, new)) = level.waits.take() {
            level.settle(call, key, new, overwrite)?;
        }
        let Some((key, new)) = level.left.next() else {
            levels.pop();
            continue;
        };
        match &new {
            Value::Nil if overwrite => level.put(call, key, new)?,
            Value::Nil => {}
            Value::Map(source) => {
                let below = match level.into.get(&key) {
                    Some(Value::Map(target)) if !target.is_nil() => Some(Level::new(call, target, source)?),
                    _ => None,
                };
                level.waits = Some((key, new));
                levels.extend(below);
            }
            _ => level.settle(call, key, new, overwrite)?,
        }
    }
    Ok(())
}
