//! The values a revision ran with: the user's over the chart's, as `helm get values --all` shows them.
//!
//! The record holds the root chart alone, so there is nothing to do about dependencies: their defaults already stand under
//! their keys. What is read from a record nests at most 127 deep, and no deeper go these functions.
//!
//! *Source*: helm v4.3.1 `pkg/chart/common/util/coalesce.go`, `CoalesceValues`.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// `config` over the chart's `values`; `null` removes what the chart has.
#[must_use]
pub fn coalesce(config: &Map<String, Value>, values: &Map<String, Value>) -> Map<String, Value> {
    let mut merged = config.clone();
    for (key, default) in values {
        match merged.get_mut(key) {
            Some(Value::Null) => {
                merged.remove(key);
            }
            Some(Value::Object(own)) => {
                if let Value::Object(defaults) = default {
                    coalesce_tables(own, without_nulls(defaults));
                }
            }
            Some(_) => {}
            None => match default {
                Value::Null => {}
                Value::Object(defaults) => {
                    merged.insert(key.clone(), Value::Object(without_nulls(defaults)));
                }
                other => {
                    merged.insert(key.clone(), other.clone());
                }
            },
        }
    }
    merged
}

/// Fills `own` with what it lacks. A `null` of its own removes a default; where there is none to remove it stays.
fn coalesce_tables(own: &mut Map<String, Value>, defaults: Map<String, Value>) {
    let nulls: BTreeSet<String> =
        own.iter().filter(|(_, value)| value.is_null()).map(|(key, _)| key.clone()).collect();
    for (key, default) in defaults {
        if nulls.contains(&key) {
            if !default.is_null() {
                own.remove(&key);
            }
            continue;
        }
        match own.get_mut(&key) {
            None => {
                own.insert(key, default);
            }
            Some(Value::Object(table)) => {
                if let Value::Object(defaults) = default {
                    coalesce_tables(table, defaults);
                }
            }
            Some(_) => {}
        }
    }
}

fn without_nulls(table: &Map<String, Value>) -> Map<String, Value> {
    let kept = table.iter().filter(|(_, value)| !value.is_null());
    kept.map(|(key, value)| {
        let value = match value {
            Value::Object(table) => Value::Object(without_nulls(table)),
            other => other.clone(),
        };
        (key.clone(), value)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(map) => map,
            _ => panic!("a map"),
        }
    }

    #[test]
    fn the_users_values_win_and_null_removes() {
        let config =
            map(json!({"a": 1, "gone": null, "t": {"x": 2, "y": null, "own": null}, "list": [1], "s": "x"}));
        let values = map(json!({
            "a": 9, "gone": 9, "b": 3, "none": null, "t": {"x": 9, "y": 9, "z": {"n": null, "m": 1}}, "list": [9, 9],
            "s": {"a": 1}, "u": {"n": null, "m": {"k": null}}
        }));
        assert_eq!(
            Value::Object(coalesce(&config, &values)),
            json!({"a": 1, "b": 3, "t": {"x": 2, "own": null, "z": {"m": 1}}, "list": [1], "s": "x", "u": {"m": {}}})
        );
    }
}
