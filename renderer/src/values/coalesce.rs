//! How the values of a chart and its subcharts come together, and which log lines that writes.
//!
//! Maps are changed in place and shared as Helm shares them, because what one chart sees of another depends on it (nested
//! globals are one map for parent and child). Walks over values keep a stack of their own; walks over charts are bounded by
//! [`MAX_CHART_DEPTH`](crate::chart::MAX_CHART_DEPTH). Where Go walks a map in random order, keys come in their order here.
//!
//! Source: helm v4.3.1 `pkg/chart/common/util/coalesce.go`, `internal/copystructure`.

use std::fmt::Write;

use crate::show::quote;
use value::{List, Map, Text, Value};

use crate::Error;
use crate::chart::Chart;
use crate::log::{Level, Log};
use crate::show::{bad_verb, plain};

/// The key of the values that every chart sees.
const GLOBAL: &str = "global";

/// Whether nulls stay ([`Nulls::Keep`], Helm's "merge") or delete keys ([`Nulls::Drop`], "coalesce").
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Nulls {
    /// A null in a stronger layer takes the key away.
    Drop,
    /// Nulls are values like others.
    Keep,
}

/// The values of `chart` and its subcharts under those of the user, for rendering.
///
/// A stronger layer wins leaf by leaf; a list replaces a list whole. Subcharts see their own table and a copy of `global`.
///
/// Shape: the result is a new map; neither `user` nor the charts' own values are changed.
///
/// Cost: linear in the number of leaves of all layers.
///
/// # Errors
/// `values-type-mismatch` when the table of a subchart is not a table.
///
/// Source: `CoalesceValues`.
pub fn coalesce(chart: &Chart, user: &Map, log: &mut Vec<Log>) -> Result<Map, Error> {
    merge_layers(chart, user, Nulls::Drop, log)
}

/// As [`coalesce`], with nulls kept when asked. Source: `CoalesceValues`, `MergeValues`.
pub fn merge_layers(chart: &Chart, user: &Map, nulls: Nulls, log: &mut Vec<Log>) -> Result<Map, Error> {
    let values = deep_copy(user);
    coalesce_chart(chart, &values, "", nulls, log)?;
    Ok(values)
}

/// `user` over `defaults`, without a chart and without nulls: what `helm lint` checks against a schema.
///
/// Source: `CoalesceTables`.
pub(crate) fn coalesce_plain(user: &Map, defaults: &Map, log: &mut Vec<Log>) -> Map {
    let values = Map::new();
    for layer in [user, defaults] {
        coalesce_tables(&values, &deep_copy(layer), "", Nulls::Drop, log);
    }
    values
}

/// Merges `source` into `target`, which wins; both are changed. Source: `MergeTables`.
pub(super) fn merge_tables(target: &Map, source: &Map, log: &mut Vec<Log>) {
    coalesce_tables(target, source, "", Nulls::Keep, log);
}

/// Recurses over charts, whose nesting is bounded.
fn coalesce_chart(
    chart: &Chart,
    values: &Map,
    prefix: &str,
    nulls: Nulls,
    log: &mut Vec<Log>,
) -> Result<(), Error> {
    let path = join(prefix, chart.name());
    coalesce_defaults(chart, values, &path, nulls, log);
    for dependency in &chart.dependencies {
        let name = dependency.name();
        let table = match values.get(name) {
            None => {
                let table = Map::new();
                values.insert(name, table.clone());
                table
            }
            Some(Value::Map(table)) => table,
            Some(other) => {
                let message = format!("type mismatch on {name}: {}", bad_verb(&other, 't'));
                return Err(Error::new("values-type-mismatch", message));
            }
        };
        coalesce_globals(&table, values, &path, log);
        coalesce_chart(dependency, &table, &path, nulls, log)?;
    }
    Ok(())
}

/// The chart's own defaults under `values`. Source: `coalesceValues`.
fn coalesce_defaults(chart: &Chart, values: &Map, path: &str, nulls: Nulls, log: &mut Vec<Log>) {
    let defaults = deep_copy(&chart.values);
    for (key, default) in defaults.entries() {
        match values.get(&key) {
            None => {
                if nulls == Nulls::Drop {
                    match &default {
                        Value::Nil => continue,
                        Value::Map(table) => drop_nulls(table),
                        _ => {}
                    }
                }
                values.insert(key, default);
            }
            Some(Value::Nil) if nulls == Nulls::Drop => {
                values.remove(&key);
            }
            Some(Value::Map(target)) => match default {
                Value::Map(source) => {
                    let is_subchart =
                        chart.dependencies.iter().any(|chart| chart.name().as_bytes() == key.as_bytes());
                    let nulls = if is_subchart { Nulls::Keep } else { nulls };
                    if nulls == Nulls::Drop {
                        drop_nulls(&source);
                    }
                    coalesce_tables(&target, &source, &join(path, &key.to_string_lossy()), nulls, log);
                }
                Value::Nil => {}
                _ => info(log, format!("warning: skipped value for {path}.{key}: Not a table.")),
            },
            Some(_) => {}
        }
    }
}

/// Puts the globals of a chart into the table of its subchart. Source: `coalesceGlobals`.
fn coalesce_globals(table: &Map, parent: &Map, path: &str, log: &mut Vec<Log>) {
    let target = match table.get(GLOBAL) {
        None => Map::new(),
        Some(Value::Map(globals)) => globals,
        Some(_) => {
            return info(
                log,
                "warning: skipping globals because destination global is not a table.".to_owned(),
            );
        }
    };
    let source = match parent.get(GLOBAL) {
        None => Map::new(),
        Some(Value::Map(globals)) => globals,
        Some(_) => {
            return info(log, "warning: skipping globals because source global is not a table.".to_owned());
        }
    };
    for (key, value) in source.entries() {
        match (value, target.get(&key)) {
            // Shallow on purpose: what is nested in it stays one map for parent and child.
            (Value::Map(globals), None) => {
                target.insert(key, globals.shallow_copy());
            }
            (Value::Map(globals), Some(Value::Map(existing))) => {
                let merged = globals.shallow_copy();
                coalesce_tables(&merged, &existing, &join(path, &key.to_string_lossy()), Nulls::Keep, log);
                target.insert(key, merged);
            }
            (Value::Map(_), Some(_)) => {
                let key = quote(key.as_bytes());
                info(log, format!("Conflict: cannot merge map onto non-map for {key}. Skipping."));
            }
            (_, Some(Value::Map(_))) => info(log, format!("key {key} is table. Skipping")),
            (value, _) => {
                target.insert(key, value);
            }
        }
    }
    table.insert(GLOBAL, target);
}

/// A pair of tables that is being merged: what is left of the source, in the order of its keys.
struct Pair {
    target: Map,
    entries: std::vec::IntoIter<(Text, Value, bool)>,
    /// Length of the path up to and with this table.
    path: usize,
}

impl Pair {
    /// Marks which keys of the source held something, then gives it the nulls of the target. Source: the head of
    /// `coalesceTablesFullKey`.
    fn new(target: Map, source: &Map, path: usize) -> Self {
        let nulls: Vec<Text> =
            target.borrow().iter().filter(|(_, value)| value.is_nil()).map(|(key, _)| key.clone()).collect();
        let mut entries: Vec<(Text, Value, bool)> = Vec::with_capacity(source.len() + nulls.len());
        if nulls.is_empty() {
            entries.extend(
                source.borrow().iter().map(|(key, value)| (key.clone(), value.clone(), !value.is_nil())),
            );
        } else {
            let mut held: Vec<bool> = Vec::with_capacity(nulls.len());
            for key in &nulls {
                let before = source.insert(key.clone(), Value::Nil);
                held.push(before.is_some_and(|value| !value.is_nil()));
            }
            let mut next = 0;
            for (key, value) in source.borrow().iter() {
                let nulled = nulls.get(next) == Some(key);
                let had = if nulled { held[next] } else { !value.is_nil() };
                next += usize::from(nulled);
                entries.push((key.clone(), value.clone(), had));
            }
        }
        Self { target, entries: entries.into_iter(), path }
    }
}

/// Merges `source` into `target`, which wins. Source: `coalesceTablesFullKey`.
fn coalesce_tables(target: &Map, source: &Map, prefix: &str, nulls: Nulls, log: &mut Vec<Log>) {
    // One buffer for the path, cut back when a table is done: a path of its own for each of many nested tables would make
    // the walk quadratic in depth.
    let mut path = prefix.to_owned();
    let mut waiting = vec![Pair::new(target.clone(), source, path.len())];
    while let Some(pair) = waiting.last_mut() {
        path.truncate(pair.path);
        let Some((key, value, held)) = pair.entries.next() else {
            waiting.pop();
            continue;
        };
        let existing = pair.target.get(&key);
        match (existing, value) {
            (None, value) => {
                pair.target.insert(key, value);
            }
            (Some(Value::Nil), _) if nulls == Nulls::Drop && held => {
                pair.target.remove(&key);
            }
            (Some(Value::Map(target)), Value::Map(source)) => {
                push(&mut path, &key);
                let len = path.len();
                waiting.push(Pair::new(target, &source, len));
            }
            (Some(_), value @ Value::Map(_)) => {
                push(&mut path, &key);
                let value = plain(&value);
                info(log, format!("warning: cannot overwrite table with non table for {path} ({value})"));
            }
            (Some(Value::Map(_)), value) if !value.is_nil() => {
                push(&mut path, &key);
                let value = plain(&value);
                info(
                    log,
                    format!("warning: destination for {path} is a table. Ignoring non-table value ({value})"),
                );
            }
            _ => {}
        }
    }
}

/// Takes nulls away from a table and the tables in it, not from lists. Source: `cleanNilValues`.
fn drop_nulls(table: &Map) {
    let mut waiting = vec![table.clone()];
    while let Some(table) = waiting.pop() {
        let mut nulls = Vec::new();
        for (key, value) in table.borrow().iter() {
            match value {
                Value::Nil => nulls.push(key.clone()),
                Value::Map(inner) => waiting.push(inner.clone()),
                _ => {}
            }
        }
        for key in nulls {
            table.remove(key);
        }
    }
}

/// A copy that shares no map with the original. Lists never change, so one without maps inside stays shared.
///
/// Source: `copystructure.Copy`.
pub fn deep_copy(map: &Map) -> Map {
    enum Open {
        Map { copy: Map, left: std::vec::IntoIter<(Text, Value)>, key: Text },
        List { copy: Vec<Value>, list: List },
    }
    let start = |map: &Map| Open::Map {
        copy: Map::with_type(map.map_type()),
        left: map.entries().into_iter(),
        key: Text::new(),
    };
    let mut open = vec![start(map)];
    let mut finished: Option<Value> = None;
    loop {
        let Some(top) = open.last_mut() else {
            // The stack empties only when the outermost map is finished, below.
            return Map::new();
        };
        let next = match top {
            Open::Map { copy, left, key } => {
                if let Some(value) = finished.take() {
                    copy.insert(std::mem::take(key), value);
                }
                let mut next = None;
                for (name, value) in left.by_ref() {
                    if needs_copy(&value) {
                        *key = name;
                        next = Some(value);
                        break;
                    }
                    copy.insert(name, value);
                }
                next
            }
            Open::List { copy, list } => {
                copy.extend(finished.take());
                let mut next = None;
                for value in &list[copy.len()..] {
                    if needs_copy(value) {
                        next = Some(value.clone());
                        break;
                    }
                    copy.push(value.clone());
                }
                next
            }
        };
        match next {
            Some(Value::Map(map)) => open.push(start(&map)),
            Some(Value::List(list)) => open.push(Open::List { copy: Vec::with_capacity(list.len()), list }),
            // `needs_copy` picks maps and lists alone.
            Some(value) => finished = Some(value),
            None => match open.pop() {
                Some(Open::Map { copy, .. }) if open.is_empty() => return copy,
                Some(Open::Map { copy, .. }) => finished = Some(Value::Map(copy)),
                Some(Open::List { copy, list }) => {
                    finished = Some(Value::List(List::typed(list.element(), copy)))
                }
                None => {}
            },
        }
    }
}

fn needs_copy(value: &Value) -> bool {
    match value {
        Value::Map(map) => !map.is_nil(),
        Value::List(list) => list.iter().any(|item| matches!(item, Value::Map(_) | Value::List(_))),
        _ => false,
    }
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

fn push(path: &mut String, key: &Text) {
    if !path.is_empty() {
        path.push('.');
    }
    // Writing into a `String` cannot fail.
    let _ = write!(path, "{key}");
}

fn info(log: &mut Vec<Log>, message: String) {
    log.push(Log::new(Level::Info, message));
}
