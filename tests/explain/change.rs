//! Other values for a leaf, and the fields of rendered files.

use renderer::source::LineIndex;
use renderer::value::{Map, Step, Value, ValuePath};
use renderer::yaml::{self, NodeId, NodeKind};

/// A scalar of a rendered file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Field {
    /// Which file, by its place in the render.
    pub(crate) file: usize,
    /// Which document of it.
    pub(crate) document: usize,
    /// The way down, through lists by the names of their items.
    pub(crate) path: Vec<Step>,
    /// The way down by numbers.
    pub(crate) place: Vec<usize>,
    /// Its bytes in the file.
    pub(crate) range: std::ops::Range<u32>,
    /// Its text, quotes resolved.
    pub(crate) text: Vec<u8>,
}

/// The scalars that are values of a file's documents; `None` where one is no YAML.
pub(crate) fn fields(file: usize, text: &[u8]) -> Option<Vec<Field>> {
    let mut fields = Vec::new();
    let lines = LineIndex::new(text);
    let starts: Vec<u32> = (0..lines.line_count())
        .map(|line| lines.line_start(line))
        .filter(|start| text[*start as usize..].starts_with(b"---"))
        .collect();
    let mut bounds = vec![0];
    bounds.extend(starts.iter().map(|start| lines.line_end(lines.line(*start)).min(text.len() as u32)));
    for (document, from) in bounds.iter().enumerate() {
        let end = starts.get(document).copied().unwrap_or(text.len() as u32);
        let part = &text[*from as usize..end.max(*from) as usize];
        let (tree, errors) = yaml::nodes(part);
        if !errors.is_empty() {
            return None;
        }
        let Some(root) = tree.root() else { continue };
        let mut waiting: Vec<(NodeId, Vec<Step>, Vec<usize>)> = vec![(root, Vec::new(), Vec::new())];
        while let Some((node, path, place)) = waiting.pop() {
            let below = |step: Step| [&path[..], &[step]].concat();
            let at = |index: usize| [&place[..], &[index]].concat();
            match tree.kind(node) {
                NodeKind::Scalar => {
                    let range = tree.range(node);
                    let text = tree.text(node).to_vec();
                    let range = range.start + from..range.end + from;
                    fields.push(Field { file, document, path, place, range, text });
                }
                // Keys are found by name alone; their number would change with what stands before them.
                NodeKind::Mapping => waiting.extend(
                    tree.entries(node)
                        .map(|(key, value)| (value, below(Step::Key(tree.text(key).into())), place.clone())),
                ),
                // Where the items have names they are known by these, as Kubernetes knows them.
                NodeKind::Sequence => waiting.extend(tree.children(node).enumerate().map(|(index, item)| {
                    let named = tree.kind(item) == NodeKind::Mapping;
                    let name = tree.entries(item).find(|(key, _)| named && tree.text(*key) == b"name");
                    let name = name.map(|(_, name)| Step::Key([b"name=", tree.text(name)].concat().into()));
                    (item, below(name.unwrap_or(Step::Index(index as u32))), at(index))
                })),
                NodeKind::Alias => {}
            }
        }
    }
    fields.sort_by_key(|field| field.range.start);
    Some(fields)
}

impl Field {
    /// Whether `now` holds this field unchanged, known by the names on the way or by their numbers.
    pub(crate) fn stands_in(&self, now: &[Field]) -> bool {
        let keys = |path: &[Step]| -> Vec<Step> {
            let is_key =
                |step: &&Step| matches!(step, Step::Key(key) if !key.as_bytes().starts_with(b"name="));
            path.iter().filter(is_key).cloned().collect()
        };
        let same = |other: &&Field| {
            let by_number = || other.place == self.place && keys(&other.path) == keys(&self.path);
            other.document == self.document && (other.path == self.path || by_number())
        };
        now.iter().filter(same).any(|other| other.text == self.text)
    }
}

/// The leaves of values with their paths. Null is one: it can be set.
pub(crate) fn leaves(values: &Map) -> Vec<(ValuePath, Value)> {
    let mut leaves = Vec::new();
    let mut waiting = vec![(Value::Map(values.clone()), Vec::new())];
    while let Some((value, path)) = waiting.pop() {
        let below = |step: Step| [&path[..], &[step]].concat();
        match &value {
            Value::Map(map) => {
                waiting.extend(map.entries().into_iter().map(|(key, value)| (value, below(Step::Key(key)))));
            }
            Value::List(list) => {
                let items = list.iter().cloned().enumerate();
                waiting.extend(items.map(|(at, item)| (item, below(Step::Index(at as u32)))));
            }
            _ => leaves.push((ValuePath(path), value)),
        }
    }
    leaves.sort_by_cached_key(|(path, _)| path.to_string());
    leaves
}

/// Other values of the same type, the likeliest to be accepted first.
pub(crate) fn others(value: &Value) -> Vec<Value> {
    match value {
        Value::Bool(truth) => vec![Value::Bool(!truth)],
        Value::Int(number) => vec![Value::Int(number + 1), Value::Int(0), Value::Int(7)],
        Value::Int64(number) => vec![Value::Int64(number + 1), Value::Int64(0), Value::Int64(7)],
        Value::Float64(number) => vec![Value::Float64(number + 1.0), Value::Float64(0.0)],
        Value::Str(text) => {
            let text = text.to_string_lossy().into_owned();
            [
                format!("{text}x"),
                format!("x{text}"),
                format!("{text}7"),
                "9.9.9".into(),
                "1h".into(),
                String::new(),
            ]
            .into_iter()
            .filter(|other| *other != text)
            .map(Value::from)
            .collect()
        }
        Value::Nil => vec!["x".into(), Value::Int(7), Value::Bool(true)],
        _ => Vec::new(),
    }
}

/// A copy of `values` with another leaf at `path`. Maps on the way are new, all others are shared.
pub(crate) fn with(values: &Map, path: &ValuePath, leaf: Value) -> Map {
    let root = values.shallow_copy();
    let mut on_the_way: Vec<Value> = vec![Value::Map(values.clone())];
    for step in &path.0[..path.0.len().saturating_sub(1)] {
        let next = match (on_the_way.last(), step) {
            (Some(Value::Map(map)), Step::Key(key)) => map.get(key).unwrap_or_default(),
            (Some(Value::List(list)), Step::Index(index)) => {
                list.get(*index as usize).cloned().unwrap_or_default()
            }
            _ => Value::Nil,
        };
        on_the_way.push(next);
    }
    let mut new = leaf;
    for (above, step) in on_the_way.iter().zip(&path.0).rev() {
        new = match (above, step) {
            (Value::Map(map), Step::Key(key)) => {
                let copy = map.shallow_copy();
                copy.insert(key.clone(), new);
                Value::Map(copy)
            }
            (Value::List(list), Step::Index(index)) => {
                let mut items = list.to_vec();
                if let Some(item) = items.get_mut(*index as usize) {
                    *item = new;
                }
                Value::from(items)
            }
            _ => new,
        };
    }
    match new {
        Value::Map(map) => map,
        _ => root,
    }
}
