//! Which dependencies are on, under which name, and what their parents take over from their values.
//!
//! Source: helm v4.3.1 `pkg/chart/v2/util/dependencies.go`; `pkg/chart/common/values.go`.

use std::collections::HashSet;

use value::{Map, MapType, Text, Value};

use super::coalesce::{Nulls, deep_copy, merge_layers, merge_tables};
use crate::Error;
use crate::chart::{Chart, Dependency, is_compatible_range};
use crate::log::{Level, Log};
use crate::show::{plain, quote};

/// Removes disabled dependencies, applies aliases, and imports values, as Helm does once before it renders.
///
/// Shape: afterwards `dependencies` and the metadata hold the enabled ones under their final names, and the values of a
/// chart with declared dependencies hold copies of the defaults of its subcharts, as they do in Helm.
///
/// # Errors
/// `values-type-mismatch` when the table of a subchart is not a table.
///
/// Source: `ProcessDependencies`.
pub fn process_dependencies(chart: &mut Chart, user: &Map, log: &mut Vec<Log>) -> Result<(), Error> {
    enable(chart, user, "", log)?;
    import(chart, log)
}

/// Source: `processDependencyEnabled`. Recurses over charts, whose nesting is bounded.
fn enable(chart: &mut Chart, values: &Map, path: &str, log: &mut Vec<Log>) -> Result<(), Error> {
    let Some(declared) = &mut chart.metadata.dependencies else {
        return Ok(());
    };
    let answers = |declared: &Dependency, chart: &Chart| {
        chart.name() == declared.name && is_compatible_range(&declared.version, &chart.metadata.version)
    };
    let mut charts: Vec<Chart> = Vec::new();
    for existing in &chart.dependencies {
        if !declared.iter().flatten().any(|declared| answers(declared, existing)) {
            charts.push(existing.clone());
        }
    }
    for declared in declared.iter_mut().flatten() {
        if let Some(existing) = chart.dependencies.iter().find(|chart| answers(declared, chart)) {
            let mut copy = existing.clone();
            if !declared.alias.is_empty() {
                copy.metadata.name.clone_from(&declared.alias);
            }
            charts.push(copy);
        }
        if !declared.alias.is_empty() {
            declared.name.clone_from(&declared.alias);
        }
        declared.enabled = true;
    }
    chart.dependencies = charts;

    let merged = merge_layers(chart, values, Nulls::Drop, log)?;
    decide_by_tags(chart, &merged, log);
    decide_by_conditions(chart, &merged, path, log);

    let disabled: HashSet<String> =
        chart.metadata.declared().filter(|it| !it.enabled).map(|it| it.name.clone()).collect();
    chart.dependencies.retain(|chart| !disabled.contains(chart.name()));
    for dependency in &mut chart.dependencies {
        let below = format!("{path}{}.", dependency.name());
        enable(dependency, &merged, &below, log)?;
    }
    chart.metadata.dependencies = chart.metadata.dependencies.take().and_then(|mut declared| {
        declared.retain(|it| it.as_ref().is_some_and(|it| !disabled.contains(&it.name)));
        // Helm's copy of an empty list is nil.
        (!declared.is_empty()).then_some(declared)
    });
    Ok(())
}

/// Source: `processDependencyTags`.
fn decide_by_tags(chart: &mut Chart, values: &Map, log: &mut Vec<Log>) {
    let Some(Value::Map(tags)) = values.get("tags") else {
        return;
    };
    for dependency in chart.metadata.declared_mut() {
        let (mut on, mut off) = (false, false);
        for tag in &dependency.tags {
            match tags.get(tag) {
                None => {}
                Some(Value::Bool(true)) => on = true,
                Some(Value::Bool(false)) => off = true,
                Some(_) => log.push(
                    Log::new(Level::Warn, "returned non-bool value")
                        .with("tag", tag.as_str())
                        .with("chart", dependency.name.as_str()),
                ),
            }
        }
        dependency.enabled = on || !off;
    }
}

/// Source: `processDependencyConditions`.
fn decide_by_conditions(chart: &mut Chart, values: &Map, prefix: &str, log: &mut Vec<Log>) {
    for dependency in chart.metadata.declared_mut() {
        // The parts are not trimmed, so " b" in "a, b" names another key.
        for path in dependency.condition.trim().split(',').filter(|path| !path.is_empty()) {
            match path_value(values, &format!("{prefix}{path}")) {
                None => {}
                Some(Value::Bool(on)) => {
                    dependency.enabled = on;
                    break;
                }
                Some(_) => log.push(
                    Log::new(Level::Warn, "returned non-bool value")
                        .with("path", path)
                        .with("chart", dependency.name.as_str()),
                ),
            }
        }
    }
}

/// The value at a path with dots, unless it is a table. Source: `Values.PathValue`.
pub fn path_value(values: &Map, path: &str) -> Option<Value> {
    let (tables, key) = path.rsplit_once('.').map_or((None, path), |(tables, key)| (Some(tables), key));
    let table = match tables {
        None => values.clone(),
        Some(tables) => table(values, tables).ok()?,
    };
    table.get(key).filter(|value| !matches!(value, Value::Map(_)))
}

/// The table at a path with dots.
///
/// # Errors
/// The name that is no table, with Helm's words: `"x" is not a table`.
///
/// Source: `Values.Table`.
pub fn table(values: &Map, path: &str) -> Result<Map, String> {
    let mut table = values.clone();
    for name in path.split('.') {
        match table.get(name) {
            Some(Value::Map(inner)) => table = inner,
            _ => return Err(format!("{} is not a table", quote(name))),
        }
    }
    Ok(table)
}

/// Source: `processDependencyImportValues`. Recurses over charts, whose nesting is bounded.
fn import(chart: &mut Chart, log: &mut Vec<Log>) -> Result<(), Error> {
    for dependency in &mut chart.dependencies {
        import(dependency, log)?;
    }
    if chart.metadata.dependencies.is_none() {
        return Ok(());
    }
    let values = merge_layers(chart, &Map::new(), Nulls::Keep, log)?;
    // Shares maps with `values`, as it does in Helm.
    let imported = Map::new();
    for dependency in chart.metadata.declared_mut() {
        let mut normalized = Vec::new();
        for entry in &dependency.import_values {
            let (child, parent, missing) = match entry {
                Value::Str(name) => (format!("exports.{name}"), ".".to_owned(), None),
                Value::Map(entry) if entry.map_type() == MapType::Any => {
                    let part = |name: &str| plain(&entry.get(name).unwrap_or_default());
                    (part("child"), part("parent"), Some(dependency.name.clone()))
                }
                _ => continue,
            };
            let pair = Map::with_type(MapType::Str);
            pair.insert("child", child.as_str());
            pair.insert("parent", parent.as_str());
            normalized.push(Value::Map(pair));
            match table(&values, &format!("{}.{child}", dependency.name)) {
                Ok(table) => {
                    let table = if table.is_empty() { Map::new() } else { table };
                    let grafted = if parent == "." { table } else { graft(&parent, table) };
                    merge_tables(&imported, &grafted, log);
                }
                Err(error) => log.push(match missing {
                    None => Log::new(Level::Warn, "ImportValues missing table").with("error", error),
                    Some(chart) => Log::new(Level::Warn, "ImportValues missing table from chart")
                        .with("chart", chart)
                        .with("error", error),
                }),
            }
        }
        dependency.import_values = normalized;
    }
    // A copy first: what was imported shares maps with the values.
    let values = deep_copy(&values);
    merge_tables(&values, &imported, log);
    chart.values = values;
    Ok(())
}

/// The table under a path with dots. Source: `pathToMap`.
fn graft(path: &str, table: Map) -> Map {
    path.rsplit('.').fold(table, |inner, name| Map::from_iter([(Text::from(name), Value::Map(inner))]))
}
