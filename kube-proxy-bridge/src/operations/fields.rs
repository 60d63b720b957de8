//! Which fields differ between an object and what it would become, and why.
//!
//! Lists are compared as the API server merges them: by the keys that `managedFields` names, as sets, or whole. Where
//! nothing is known of a list (two stored manifests), well-known key fields are tried.
//!
//! Depth is that of the documents, which their readers bound.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};
use wire::{Cause, Owner};

use super::managed::{FieldSet, HELM, Manager};
use crate::fieldpath::{Path, Step};

/// How the lists of an object are merged.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shape {
    fields: BTreeMap<String, Shape>,
    items: Option<Box<Shape>>,
    keys: Vec<String>,
    is_set: bool,
    /// Owned as a whole somewhere: no keys are to be guessed.
    is_whole: bool,
}

impl Shape {
    /// What these managers' fields tell.
    #[must_use]
    pub fn of<'a>(managers: impl IntoIterator<Item = &'a Manager>) -> Self {
        let mut shape = Self::default();
        for manager in managers {
            shape.learn(&manager.fields);
        }
        shape
    }

    fn learn(&mut self, set: &FieldSet) {
        self.is_whole |= set.is_member() && set.children().is_empty();
        for (step, child) in set.children() {
            match step {
                Step::Field(name) => self.fields.entry(name.clone()).or_default().learn(child),
                Step::Key(key) => {
                    if self.keys.is_empty() {
                        self.keys = key.keys().cloned().collect();
                        self.keys.sort();
                    }
                    self.items.get_or_insert_default().learn(child);
                }
                Step::Item(_) => self.is_set = true,
                Step::Index(_) => {}
            }
        }
    }
}

/// How the items of one list are told apart.
enum Merge {
    Keys(Vec<String>),
    Set,
    Whole,
}

/// Key fields to try, the most specific first.
const WELL_KNOWN_KEYS: &[&[&str]] = &[
    &["containerPort", "protocol"],
    &["port", "protocol"],
    &["mountPath"],
    &["devicePath"],
    &["topologyKey", "whenUnsatisfiable"],
    &["name"],
    &["ip"],
    &["uid"],
];

fn merge(shape: Option<&Shape>, name: &str, old: &[Value], new: &[Value]) -> Merge {
    let both = || old.iter().chain(new);
    if let Some(shape) = shape {
        if !shape.keys.is_empty() && both().all(|item| key_of(item, &shape.keys).is_some()) {
            return Merge::Keys(shape.keys.clone());
        }
        if shape.is_set {
            return Merge::Set;
        }
        if shape.is_whole {
            return Merge::Whole;
        }
    }
    if name == "finalizers" {
        return Merge::Set;
    }
    let keys = WELL_KNOWN_KEYS.iter().find(|keys| {
        let first = keys[0];
        both().all(|item| item.get(first).is_some_and(|value| !value.is_object() && !value.is_array()))
            && both().all(|item| {
                key_of(item, &keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>()).is_some()
            })
    });
    match keys {
        Some(keys) => Merge::Keys(keys.iter().map(|key| (*key).to_owned()).collect()),
        None => Merge::Whole,
    }
}

/// The step to an item that is told apart by these fields.
fn key_of(item: &Value, keys: &[String]) -> Option<Step> {
    let Value::Object(item) = item else { return None };
    let mut key = Map::new();
    for name in keys {
        let value = match item.get(name) {
            Some(value) => value.clone(),
            // The one key field of Kubernetes' own kinds that has a default.
            None if name == "protocol" => Value::from("TCP"),
            None => return None,
        };
        key.insert(name.clone(), value);
    }
    Some(Step::Key(key))
}

/// A field that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Where.
    pub path: Path,
    /// Before.
    pub old: Option<Value>,
    /// After.
    pub new: Option<Value>,
}

/// What differs between two objects, the deepest fields that still say it all.
///
/// A map or an item that only one side has is one change. Cost: linear in the objects.
#[must_use]
pub fn diff(old: &Value, new: &Value, shape: &Shape) -> Vec<Change> {
    let mut changes = Vec::new();
    compare(Some(old), Some(new), Some(shape), &Path::default(), &mut changes);
    changes
}

fn compare(
    old: Option<&Value>,
    new: Option<&Value>,
    shape: Option<&Shape>,
    path: &Path,
    out: &mut Vec<Change>,
) {
    match (old, new) {
        (Some(old), Some(new)) if old == new => {}
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let below = |name: &str| shape.and_then(|shape| shape.fields.get(name));
            for (name, value) in old {
                let path = path.then(Step::Field(name.clone()));
                compare(Some(value), new.get(name), below(name), &path, out);
            }
            for (name, value) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
                compare(None, Some(value), below(name), &path.then(Step::Field(name.clone())), out);
            }
        }
        (Some(Value::Array(old_items)), Some(Value::Array(new_items))) => {
            let name = match path.0.last() {
                Some(Step::Field(name)) => name.as_str(),
                _ => "",
            };
            let steps = |items: &[Value], step: &dyn Fn(&Value) -> Option<Step>| {
                let steps: Option<Vec<Step>> = items.iter().map(step).collect();
                // Two items of one key: the list cannot be told apart.
                steps.filter(|steps| {
                    let mut names: Vec<String> = steps.iter().map(Step::key).collect();
                    names.sort_unstable();
                    names.windows(2).all(|pair| pair[0] != pair[1])
                })
            };
            let sides = match merge(shape, name, old_items, new_items) {
                Merge::Keys(keys) => {
                    let step = |item: &Value| key_of(item, &keys);
                    steps(old_items, &step).zip(steps(new_items, &step))
                }
                Merge::Set => {
                    let step = |item: &Value| Some(Step::Item(item.clone()));
                    steps(old_items, &step).zip(steps(new_items, &step))
                }
                Merge::Whole => None,
            };
            let Some((old_steps, new_steps)) = sides else {
                out.push(change(path, old, new));
                return;
            };
            let below = shape.and_then(|shape| shape.items.as_deref());
            let mut rest: HashMap<String, &Value> = new_steps.iter().map(Step::key).zip(new_items).collect();
            for (step, item) in old_steps.into_iter().zip(old_items) {
                let other = rest.remove(&step.key());
                compare(Some(item), other, below, &path.then(step), out);
            }
            for (step, item) in new_steps.into_iter().zip(new_items) {
                if rest.contains_key(&step.key()) {
                    compare(None, Some(item), below, &path.then(step), out);
                }
            }
        }
        (Some(Value::Number(a)), Some(Value::Number(b))) if a.as_f64() == b.as_f64() => {}
        // An empty map and none are the same to everybody but the text.
        (None, Some(only)) | (Some(only), None) if is_nothing(only) => {}
        _ => out.push(change(path, old, new)),
    }
}

fn change(path: &Path, old: Option<&Value>, new: Option<&Value>) -> Change {
    Change { path: path.clone(), old: old.cloned(), new: new.cloned() }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(map) => map.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// Why a field changes from `live` to `predicted`, where the base manifest had `base` and the new one has `new`.
///
/// `owner` is who holds the live field, anybody else before Helm.
#[must_use]
pub fn cause(
    base: Option<&Value>,
    new: Option<&Value>,
    live: Option<&Value>,
    predicted: Option<&Value>,
    owner: Option<&Owner>,
) -> Cause {
    let is_others = owner.is_some_and(|owner| owner.manager != HELM);
    let Some(new) = new else {
        return match (base, predicted) {
            (Some(_), _) => Cause::Removed,
            // In no manifest, and gone afterwards: somebody's addition, or ours from an attempt that failed.
            (None, None) if is_others => Cause::DriftReverted,
            (None, None) if owner.is_some() => Cause::Removed,
            _ => Cause::Server,
        };
    };
    if !predicted.is_some_and(|predicted| covers(predicted, new)) {
        return Cause::Mutated;
    }
    match base {
        Some(base) if covers(base, new) && covers(new, base) => {
            // The chart says what it said, and the object has it: what differs is what the server adds.
            if live.is_some_and(|live| covers(live, base)) { Cause::Server } else { Cause::DriftReverted }
        }
        Some(base) if live.is_some_and(|live| covers(live, base)) => Cause::Chart,
        Some(_) if is_others || live.is_none() => Cause::ChartOverDrift,
        None if is_others && live.is_some() => Cause::ChartOverDrift,
        Some(_) | None => Cause::Chart,
    }
}

/// Whether an object of the server says what a document says, and perhaps more: quantities and int-or-strings by value.
#[must_use]
pub fn covers(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            part.iter().all(|(name, part)| match whole.get(name) {
                Some(whole) => covers(whole, part),
                None => is_nothing(part),
            })
        }
        (Value::Array(whole), Value::Array(part)) => {
            whole.len() == part.len() && whole.iter().zip(part).all(|(whole, part)| covers(whole, part))
        }
        (Value::Bool(_) | Value::Null, _) | (_, Value::Bool(_) | Value::Null) => whole == part,
        _ if whole == part => true,
        _ => match (quantity(whole), quantity(part)) {
            (Some(whole), Some(part)) => (whole - part).abs() <= f64::EPSILON * whole.abs().max(part.abs()),
            _ => false,
        },
    }
}

/// The value of a number, or of a text such as `500m`, `1Gi`, `1e3`.
///
/// *Source*: apimachinery v0.37 `pkg/api/resource/suffix.go`.
fn quantity(value: &Value) -> Option<f64> {
    let text = match value {
        Value::Number(number) => return number.as_f64(),
        Value::String(text) => text.as_str(),
        _ => return None,
    };
    let digits = text.trim_start_matches(['+', '-']);
    let end = digits.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(digits.len());
    let at = text.len() - digits.len() + end;
    if end == 0 {
        return None;
    }
    let (number, suffix) = text.split_at(at);
    let scale = match suffix {
        "" => 1.0,
        "n" => 1e-9,
        "u" => 1e-6,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        "E" => 1e18,
        "Ki" => 1024.0,
        "Mi" => 1_048_576.0,
        "Gi" => 1_073_741_824.0,
        "Ti" => 1_099_511_627_776.0,
        "Pi" => 1_125_899_906_842_624.0,
        "Ei" => 1_152_921_504_606_846_976.0,
        _ if suffix.starts_with(['e', 'E']) => return text.parse().ok(),
        _ => return None,
    };
    number.parse::<f64>().ok().map(|number| number * scale)
}

/// What a live object becomes when a document is applied over it, without asking the server: maps by name, lists by key.
///
/// Used where the server cannot be asked (a step before the apply cannot be tried together with it); defaults are missing.
#[must_use]
pub fn overlay(live: &Value, document: &Value, shape: &Shape) -> Value {
    laid_over(live, document, Some(shape), "")
}

fn laid_over(live: &Value, document: &Value, shape: Option<&Shape>, name: &str) -> Value {
    match (live, document) {
        (Value::Object(live), Value::Object(document)) => {
            let mut result = live.clone();
            for (name, value) in document {
                let below = shape.and_then(|shape| shape.fields.get(name));
                let value = match live.get(name) {
                    Some(live) => laid_over(live, value, below, name),
                    None => value.clone(),
                };
                result.insert(name.clone(), value);
            }
            Value::Object(result)
        }
        (Value::Array(live), Value::Array(document)) => match merge(shape, name, live, document) {
            Merge::Keys(keys) => {
                let below = shape.and_then(|shape| shape.items.as_deref());
                let mut result = live.clone();
                for item in document {
                    let Some(step) = key_of(item, &keys) else { continue };
                    match result.iter_mut().find(|known| step.selects(known)) {
                        Some(known) => *known = laid_over(known, item, below, ""),
                        None => result.push(item.clone()),
                    }
                }
                Value::Array(result)
            }
            Merge::Set => {
                let mut result = live.clone();
                result.extend(document.iter().filter(|item| !live.contains(item)).cloned());
                Value::Array(result)
            }
            Merge::Whole => Value::Array(document.clone()),
        },
        _ => document.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use wire::OwnerOperation;

    use super::*;
    use crate::object::Object;
    use crate::operations::managed;

    fn shape(fields: Value) -> Shape {
        let object = json!({"metadata": {"managedFields": [{"manager": "helm", "operation": "Apply", "fieldsV1": fields}]}});
        Shape::of(&managed::managers(&Object::from_value(object).expect("a map")))
    }

    #[track_caller]
    fn check(old: Value, new: Value, shape: &Shape, expected: &[(&str, Value, Value)]) {
        let found: Vec<(String, Value, Value)> = diff(&old, &new, shape)
            .into_iter()
            .map(|change| {
                (change.path.to_string(), change.old.unwrap_or_default(), change.new.unwrap_or_default())
            })
            .collect();
        let expected: Vec<_> =
            expected.iter().map(|(path, old, new)| ((*path).to_owned(), old.clone(), new.clone())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn lists_are_compared_as_the_server_merges_them() {
        let known = shape(json!({"f:spec": {
            "f:ports": {"k:{\"port\":80,\"protocol\":\"TCP\"}": {"f:port": {}}},
            "f:args": {}, "f:finalizers": {"v:\"a\"": {}}, "f:rules": {},
        }}));
        check(
            json!({"spec": {"ports": [{"port": 80, "name": "a"}, {"port": 53, "protocol": "UDP"}, {"port": 1}], "args": ["a", "b"]}}),
            json!({"spec": {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 80, "protocol": "TCP", "name": "b"}, {"port": 2}], "args": ["b"]}}),
            &known,
            &[
                (".spec.args", json!(["a", "b"]), json!(["b"])),
                (".spec.ports[port=80,protocol=\"TCP\"].name", json!("a"), json!("b")),
                (".spec.ports[port=80,protocol=\"TCP\"].protocol", json!(null), json!("TCP")),
                (".spec.ports[port=1,protocol=\"TCP\"]", json!({"port": 1}), json!(null)),
                (".spec.ports[port=2,protocol=\"TCP\"]", json!(null), json!({"port": 2})),
            ],
        );
        check(
            json!({"spec": {"finalizers": ["a", "b"], "rules": [{"name": "x", "v": 1}]}}),
            json!({"spec": {"finalizers": ["c", "a"], "rules": [{"name": "x", "v": 2}]}}),
            &known,
            &[
                (".spec.finalizers[=\"b\"]", json!("b"), json!(null)),
                (".spec.finalizers[=\"c\"]", json!(null), json!("c")),
                (".spec.rules", json!([{"name": "x", "v": 1}]), json!([{"name": "x", "v": 2}])),
            ],
        );
        // Two items of one key cannot be told apart.
        check(
            json!({"spec": {"ports": [{"port": 80}, {"port": 80, "a": 1}]}}),
            json!({"spec": {"ports": [{"port": 80}]}}),
            &known,
            &[(".spec.ports", json!([{"port": 80}, {"port": 80, "a": 1}]), json!([{"port": 80}]))],
        );
    }

    #[test]
    fn keys_are_guessed_where_nothing_is_known() {
        let none = Shape::default();
        check(
            json!({"containers": [{"name": "a", "image": "1", "ports": [{"containerPort": 80, "name": "x"}]}, {"name": "b"}]}),
            json!({"containers": [{"name": "b"}, {"name": "a", "image": "2", "ports": [{"containerPort": 80, "name": "y"}]}]}),
            &none,
            &[
                (".containers[name=\"a\"].image", json!("1"), json!("2")),
                (
                    ".containers[name=\"a\"].ports[containerPort=80,protocol=\"TCP\"].name",
                    json!("x"),
                    json!("y"),
                ),
            ],
        );
        check(json!({"a": [1, 2]}), json!({"a": [2, 1]}), &none, &[(".a", json!([1, 2]), json!([2, 1]))]);
    }

    #[test]
    fn nothing_and_empty_are_the_same_and_so_are_equal_numbers() {
        let none = Shape::default();
        check(json!({"a": {}, "b": 1, "d": []}), json!({"b": 1.0, "c": {}}), &none, &[]);
        check(json!({"a": {"x": 1}}), json!({"a": "x"}), &none, &[(".a", json!({"x": 1}), json!("x"))]);
    }

    #[test]
    fn documents_say_the_same_in_other_words() {
        for (whole, part, expected) in [
            (json!("1"), json!("1000m"), true),
            (json!("1Gi"), json!("1024Mi"), true),
            (json!("1Gi"), json!("1G"), false),
            (json!("2"), json!(2), true),
            (json!(80), json!("80"), true),
            (json!("100m"), json!(0.1), true),
            (json!("1e3"), json!("1k"), true),
            (json!("http"), json!("https"), false),
            (json!("1.2.3"), json!("1.2.30"), false),
            (json!(true), json!("true"), false),
            (json!({"a": 1, "b": 2}), json!({"a": 1, "c": {}, "d": null}), true),
            (json!({"a": 1}), json!({"b": 1}), false),
            (json!([{"a": 1, "b": 2}]), json!([{"a": 1}]), true),
            (json!([1, 2]), json!([1]), false),
        ] {
            assert_eq!(covers(&whole, &part), expected, "{whole} {part}");
        }
    }

    #[test]
    fn each_cause_from_base_new_live_and_predicted() {
        let other = Owner {
            manager: "kubectl-edit".to_owned(),
            operation: OwnerOperation::Update,
            subresource: None,
            time: None,
        };
        let helm = Owner { manager: "helm".to_owned(), operation: OwnerOperation::Apply, ..other.clone() };
        let (a, b, c) = (json!("a"), json!("b"), json!("c"));
        let (a, b, c) = (Some(&a), Some(&b), Some(&c));
        for (base, new, live, predicted, owner, expected) in [
            (a, b, a, b, Some(&helm), Cause::Chart),
            (None, b, None, b, None, Cause::Chart),
            // Not in the base, live by a default of the server.
            (None, b, a, b, None, Cause::Chart),
            (None, b, a, b, Some(&other), Cause::ChartOverDrift),
            (a, b, c, b, Some(&other), Cause::ChartOverDrift),
            (a, b, None, b, None, Cause::ChartOverDrift),
            (a, a, b, a, Some(&other), Cause::DriftReverted),
            (a, a, None, a, None, Cause::DriftReverted),
            (a, None, a, None, Some(&helm), Cause::Removed),
            // Left from an attempt that failed: ours, and in no manifest.
            (None, None, a, None, Some(&helm), Cause::Removed),
            (None, None, a, None, Some(&other), Cause::DriftReverted),
            (None, None, a, b, None, Cause::Server),
            (None, None, None, b, None, Cause::Server),
            (a, b, a, c, Some(&helm), Cause::Mutated),
            (None, b, None, None, None, Cause::Mutated),
        ] {
            assert_eq!(
                cause(base, new, live, predicted, owner),
                expected,
                "{base:?} {new:?} {live:?} {predicted:?}"
            );
        }
    }

    #[test]
    fn a_document_is_laid_over_an_object() {
        let known = shape(json!({"f:spec": {"f:ports": {"k:{\"port\":80,\"protocol\":\"TCP\"}": {}}}}));
        let live =
            json!({"spec": {"ports": [{"port": 80, "protocol": "TCP", "nodePort": 3}], "type": "NodePort"}});
        let document = json!({"spec": {"ports": [{"port": 80, "name": "a"}, {"port": 81}]}});
        assert_eq!(
            overlay(&live, &document, &known),
            json!({"spec": {"ports": [{"port": 80, "protocol": "TCP", "nodePort": 3, "name": "a"}, {"port": 81}], "type": "NodePort"}})
        );
    }
}
