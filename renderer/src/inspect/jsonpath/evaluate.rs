//! Following a path through values. The sentences of errors are never seen, so there are none.
//!
//! Source: k8s.io/client-go v0.37.1 `util/jsonpath/jsonpath.go`, `third_party/forked/golang/template/funcs.go`.

use std::cmp::Ordering;

use value::json::{Style, encode};
use value::{List, Value};

use super::{Bound, Node};
use crate::show::plain;

/// Something cannot be followed: then nothing is printed.
struct Stop;

/// The text of all results; none when the path leads nowhere.
pub(super) fn evaluate(nodes: &[Node], data: &Value) -> Vec<u8> {
    let Ok(results) = Walk::default().find(nodes, 0, data) else { return Vec::new() };
    let mut out = Vec::new();
    for results in results {
        for (index, result) in results.iter().enumerate() {
            if index > 0 {
                out.push(b' ');
            }
            match result {
                Value::Nil => out.extend_from_slice(b"null"),
                Value::List(_) | Value::Map(_) => match encode(result, Style::COMPACT) {
                    Ok(text) => out.extend_from_slice(text.as_bytes()),
                    Err(_) => return out,
                },
                Value::Str(text) => out.extend_from_slice(text.as_bytes()),
                other => out.extend_from_slice(plain(other).as_bytes()),
            }
        }
    }
    out
}

/// Where a walk stands among `range` and `end`.
#[derive(Default)]
struct Walk {
    n_begun: usize,
    n_inside: usize,
    n_ended: usize,
    /// The place of the last `end`, counted from the first node of all.
    last_end: usize,
}

impl Walk {
    /// The results of each node. Recurses for each `range`, of which a command line has few.
    fn find(&mut self, nodes: &[Node], first: usize, data: &Value) -> Result<Vec<Vec<Value>>, Stop> {
        let mut all = Vec::new();
        let mut at = 0;
        while let Some(node) = nodes.get(at) {
            let results = self.node(vec![data.clone()], node)?;
            if self.n_ended > 0 && self.n_ended <= self.n_inside {
                self.n_ended -= 1;
                self.last_end = first + at;
                break;
            }
            if self.n_begun == 0 {
                all.push(results);
                at += 1;
                continue;
            }
            self.n_begun -= 1;
            self.n_inside += 1;
            let (rest, next) = (&nodes[at + 1..], first + at + 1);
            if results.is_empty() {
                // Run for the place of its end alone.
                self.find(rest, next, &Value::Nil)?;
            }
            for value in &results {
                all.extend(self.find(rest, next, value)?);
            }
            self.n_inside -= 1;
            at = match self.last_end.checked_sub(first) {
                Some(end) if end > at && end < nodes.len() => end + 1,
                _ => at + 1,
            };
        }
        Ok(all)
    }

    fn list(&mut self, mut values: Vec<Value>, nodes: &[Node]) -> Result<Vec<Value>, Stop> {
        for node in nodes {
            values = self.node(values, node)?;
        }
        Ok(values)
    }

    fn node(&mut self, values: Vec<Value>, node: &Node) -> Result<Vec<Value>, Stop> {
        let each = |value: Value| Ok(vec![value; values.len()]);
        match node {
            Node::List(nodes) => self.list(values, nodes),
            Node::Text(text) => Ok(vec![Value::from(text.as_str())]),
            Node::Bool(truth) => each(Value::from(*truth)),
            Node::Int(number) => each(Value::from(*number)),
            Node::Float(number) => each(Value::from(*number)),
            Node::Wildcard => Ok(values.iter().flat_map(children).collect()),
            Node::Recursive => Ok(below(values)),
            Node::Union(parts) => {
                let mut all = Vec::new();
                for part in parts {
                    all.extend(self.list(values.clone(), part)?);
                }
                Ok(all)
            }
            Node::Field(name) => {
                if values.is_empty() {
                    return Ok(values);
                }
                let found: Vec<Value> =
                    values.iter().filter_map(|value| value.as_map()?.get(name.as_str())).collect();
                if found.is_empty() { Err(Stop) } else { Ok(found) }
            }
            Node::Array(bounds) => slices(&values, bounds),
            Node::Filter { left, right, operator } => self.filter(&values, left, right, operator),
            Node::Identifier(word) => match word.as_str() {
                "range" => {
                    self.n_begun += 1;
                    Ok(values)
                }
                "end" if self.n_inside > 0 => {
                    self.n_ended += 1;
                    Ok(Vec::new())
                }
                _ => Err(Stop),
            },
        }
    }

    fn filter(
        &mut self,
        values: &[Value],
        left: &[Node],
        right: &[Node],
        operator: &str,
    ) -> Result<Vec<Value>, Stop> {
        let mut kept = Vec::new();
        for value in values {
            for item in items(value).ok_or(Stop)?.iter() {
                let lefts = self.list(vec![item.clone()], left);
                if operator == "exists" {
                    if lefts.is_ok_and(|lefts| !lefts.is_empty()) {
                        kept.push(item.clone());
                    }
                    continue;
                }
                let lefts = lefts?;
                let [left] = &lefts[..] else {
                    if lefts.is_empty() {
                        continue;
                    }
                    return Err(Stop);
                };
                let rights = self.list(vec![item.clone()], right)?;
                let [right] = &rights[..] else {
                    if rights.is_empty() {
                        continue;
                    }
                    return Err(Stop);
                };
                if passes(left, right, operator)? {
                    kept.push(item.clone());
                }
            }
        }
        Ok(kept)
    }
}

fn items(value: &Value) -> Option<&List> {
    value.as_list()
}

/// What lies in a value; the bytes of a text are numbers.
fn children(value: &Value) -> Vec<Value> {
    match value {
        Value::Map(map) => map.entries().into_iter().map(|(_, value)| value).collect(),
        Value::List(list) => list.iter().cloned().collect(),
        Value::Str(text) => text.as_bytes().iter().map(|byte| Value::from(i64::from(*byte))).collect(),
        _ => Vec::new(),
    }
}

/// All values that hold others, each before those in it.
fn below(values: Vec<Value>) -> Vec<Value> {
    let mut found = Vec::new();
    let mut waiting: Vec<Value> = values.into_iter().rev().collect();
    while let Some(value) = waiting.pop() {
        let inner = children(&value);
        if inner.is_empty() {
            continue;
        }
        if !matches!(value, Value::Str(_)) {
            waiting.extend(inner.into_iter().rev());
        }
        found.push(value);
    }
    found
}

fn slices(values: &[Value], bounds: &[Bound; 3]) -> Result<Vec<Value>, Stop> {
    let mut found = Vec::new();
    for value in values.iter().filter(|value| !value.is_nil()) {
        let list = items(value).ok_or(Stop)?;
        let length = list.len() as i64;
        let [start, end, step] = *bounds;
        let first = if start.value < 0 { start.value + length } else { start.value };
        let last = match end {
            Bound { is_known: false, .. } => length,
            Bound { value, is_derived, .. } if value < 0 || value == 0 && is_derived => value + length,
            Bound { value, .. } => value,
        };
        if first == last {
            return Ok(found);
        }
        let step = if step.is_known { usize::try_from(step.value).unwrap_or(0) } else { 1 };
        if first >= length || first < 0 || last > length || last < 0 || first > last || step == 0 {
            return Err(Stop);
        }
        // Both lie within the list.
        found.extend(list[first as usize..last as usize].iter().step_by(step).cloned());
    }
    Ok(found)
}

/// A comparison of values of one kind; of others there is none.
fn passes(left: &Value, right: &Value, operator: &str) -> Result<bool, Stop> {
    let order = match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => {
            return match operator {
                "==" => Ok(left == right),
                "!=" => Ok(left != right),
                _ => Err(Stop),
            };
        }
        (Value::Str(left), Value::Str(right)) => Some(left.as_bytes().cmp(right.as_bytes())),
        (left, right) => match (float(left), float(right)) {
            (Some(left), Some(right)) => left.partial_cmp(&right),
            _ => match (int(left), int(right)) {
                (Some(left), Some(right)) => Some(left.cmp(&right)),
                _ => return Err(Stop),
            },
        },
    };
    Ok(match operator {
        "==" => order == Some(Ordering::Equal),
        "!=" => order != Some(Ordering::Equal),
        "<" => order == Some(Ordering::Less),
        ">" => order == Some(Ordering::Greater),
        "<=" => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        ">=" => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        _ => return Err(Stop),
    })
}

fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Float64(number) => Some(*number),
        _ => None,
    }
}

fn int(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        _ => None,
    }
}
