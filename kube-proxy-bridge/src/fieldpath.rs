//! Where in an object a field is, as the API server writes it: `.spec.containers[name="web"].image`.
//!
//! *Source*: structured-merge-diff v6 `fieldpath/{element,path,serialize-pe}.go`: the text of paths in conflict messages, and
//! the keys `f:` `k:` `v:` `i:` of `managedFields`. The text is ambiguous (names may hold dots: `.data.a.b`), so it is only
//! ever read beside an object that has the field.

use std::fmt;

use serde_json::{Map, Value};

/// One step from an object to a field of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// A member of a map.
    Field(String),
    /// The entry of a list whose key fields have these values, by name.
    Key(Map<String, Value>),
    /// The item of a set.
    Item(Value),
    /// The item at a position.
    Index(usize),
}

impl Step {
    /// The step of a key of `managedFields`: `f:spec`, `k:{"name":"web"}`.
    #[must_use]
    pub fn parse(key: &str) -> Option<Self> {
        let (tag, rest) = key.split_once(':')?;
        match tag {
            "f" => Some(Self::Field(rest.to_owned())),
            "k" => match serde_json::from_str(rest).ok()? {
                Value::Object(key) => Some(Self::Key(key)),
                _ => None,
            },
            "v" => Some(Self::Item(serde_json::from_str(rest).ok()?)),
            "i" => Some(Self::Index(rest.parse().ok()?)),
            _ => None,
        }
    }

    /// The key of `managedFields` for this step; the inverse of [`Step::parse`].
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Field(name) => format!("f:{name}"),
            Self::Key(key) => format!("k:{}", Sorted(key)),
            Self::Item(value) => format!("v:{value}"),
            Self::Index(index) => format!("i:{index}"),
        }
    }

    /// What stands one step further.
    #[must_use]
    pub fn of<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        match (self, value) {
            (Self::Field(name), Value::Object(map)) => map.get(name),
            (Self::Index(index), Value::Array(items)) => items.get(*index),
            (_, Value::Array(items)) => items.iter().find(|item| self.selects(item)),
            _ => None,
        }
    }

    /// Whether this is the step to `item` of a list.
    #[must_use]
    pub fn selects(&self, item: &Value) -> bool {
        match self {
            Self::Key(key) => key.iter().all(|(name, value)| match item.get(name) {
                Some(found) => found == value,
                None => is_default(name, value),
            }),
            Self::Item(value) => item == value,
            Self::Field(_) | Self::Index(_) => false,
        }
    }
}

/// A document may leave out a key field that has a default; the one such field of Kubernetes' own kinds is `protocol`.
fn is_default(name: &str, value: &Value) -> bool {
    name == "protocol" && value == "TCP"
}

/// Key fields in the order of their names, whatever order the map keeps.
struct Sorted<'a>(&'a Map<String, Value>);

impl fmt::Display for Sorted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields: Vec<_> = self.0.iter().collect();
        fields.sort_by_key(|(name, _)| *name);
        for (index, (name, value)) in fields.into_iter().enumerate() {
            let separator = if index == 0 { '{' } else { ',' };
            write!(f, "{separator}{}:{value}", Value::from(name.as_str()))?;
        }
        f.write_str("}")
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(f, ".{name}"),
            Self::Key(key) => {
                let mut fields: Vec<_> = key.iter().collect();
                fields.sort_by_key(|(name, _)| *name);
                for (index, (name, value)) in fields.into_iter().enumerate() {
                    write!(f, "{}{name}={value}", if index == 0 { '[' } else { ',' })?;
                }
                f.write_str("]")
            }
            Self::Item(value) => write!(f, "[={value}]"),
            Self::Index(index) => write!(f, "[{index}]"),
        }
    }
}

/// A field of an object; the empty path is the object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Path(pub Vec<Step>);

impl Path {
    /// One step further.
    #[must_use]
    pub fn then(&self, step: Step) -> Self {
        let mut steps = Vec::with_capacity(self.0.len() + 1);
        steps.extend_from_slice(&self.0);
        steps.push(step);
        Self(steps)
    }

    /// What stands there.
    #[must_use]
    pub fn of<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(value, |value, step| step.of(value))
    }

    /// Takes the field out; whether it was there. Maps and lists that become empty go with it, as the API server would
    /// otherwise be asked for an empty one.
    pub fn remove(&self, value: &mut Value) -> bool {
        let Some((last, parents)) = self.0.split_last() else { return false };
        let Some(parent) = parents.iter().try_fold(&mut *value, |value, step| step_mut(step, value)) else {
            return false;
        };
        let (removed, empty) = match (last, parent) {
            (Step::Field(name), Value::Object(map)) => (map.remove(name).is_some(), map.is_empty()),
            (Step::Index(index), Value::Array(items)) if *index < items.len() => {
                items.remove(*index);
                (true, items.is_empty())
            }
            (step, Value::Array(items)) => {
                let before = items.len();
                items.retain(|item| !step.selects(item));
                (items.len() < before, items.is_empty())
            }
            _ => (false, false),
        };
        if removed && empty && !parents.is_empty() {
            Self(parents.to_vec()).remove(value);
        }
        removed
    }

    /// The path that this text names in `value`, which has the field.
    ///
    /// Cost: tries the names of each map once; depth is that of the document, which the reader of documents bounds.
    #[must_use]
    pub fn find(text: &str, value: &Value) -> Option<Self> {
        let mut steps = Vec::new();
        find(text, value, &mut steps).then_some(Self(steps))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|step| step.fmt(f))
    }
}

fn step_mut<'a>(step: &Step, value: &'a mut Value) -> Option<&'a mut Value> {
    match (step, value) {
        (Step::Field(name), Value::Object(map)) => map.get_mut(name),
        (Step::Index(index), Value::Array(items)) => items.get_mut(*index),
        (step, Value::Array(items)) => items.iter_mut().find(|item| step.selects(item)),
        _ => None,
    }
}

fn find(text: &str, value: &Value, steps: &mut Vec<Step>) -> bool {
    if text.is_empty() {
        return true;
    }
    let mut attempt = |step: Step, rest: &str, value: &Value| {
        steps.push(step);
        let found = find(rest, value, steps);
        if !found {
            steps.pop();
        }
        found
    };
    match value {
        Value::Object(map) => {
            let Some(text) = text.strip_prefix('.') else { return false };
            map.iter().any(|(name, value)| {
                text.strip_prefix(name.as_str())
                    .filter(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
                    .is_some_and(|rest| attempt(Step::Field(name.clone()), rest, value))
            })
        }
        Value::Array(items) => {
            let Some((selector, rest)) = selector(text) else { return false };
            match selector {
                Step::Index(index) => {
                    items.get(index).is_some_and(|item| attempt(Step::Index(index), rest, item))
                }
                step => match items.iter().find(|item| step.selects(item)) {
                    Some(item) => attempt(step, rest, item),
                    None => false,
                },
            }
        }
        _ => false,
    }
}

/// The selector at the start of the text, and what follows it.
fn selector(text: &str) -> Option<(Step, &str)> {
    let mut rest = text.strip_prefix('[')?;
    if let Some(item) = rest.strip_prefix('=') {
        let (value, rest) = scalar(item)?;
        return Some((Step::Item(value), rest.strip_prefix(']')?));
    }
    if rest.starts_with(|c: char| c.is_ascii_digit()) {
        let (index, rest) = rest.split_once(']')?;
        return Some((Step::Index(index.parse().ok()?), rest));
    }
    let mut key = Map::new();
    loop {
        let (name, after) = rest.split_once('=')?;
        let (value, after) = scalar(after)?;
        key.insert(name.to_owned(), value);
        match after.split_at_checked(1)? {
            (",", more) => rest = more,
            ("]", more) => return Some((Step::Key(key), more)),
            _ => return None,
        }
    }
}

/// The JSON scalar at the start of the text, and what follows it.
fn scalar(text: &str) -> Option<(Value, &str)> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    if text.starts_with('"') {
        let value = values.next()?.ok()?;
        return Some((value, &text[values.byte_offset()..]));
    }
    // A number or a word: it ends where the selector goes on.
    let end = text.find([',', ']'])?;
    Some((serde_json::from_str(&text[..end]).ok()?, &text[end..]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod() -> Value {
        json!({
            "metadata": {"annotations": {"a": {"b": 1}, "a.b": "x", "meta.helm.sh/release-name": "web"}, "finalizers": ["x/y", "z"]},
            "spec": {"containers": [
                {"name": "web", "image": "a", "ports": [{"containerPort": 80}, {"containerPort": 53, "protocol": "UDP"}]},
                {"name": "q\"],[", "args": ["x", "y"]},
            ]},
        })
    }

    #[test]
    fn a_path_is_found_by_its_text_and_written_as_it_was() {
        for (text, found) in [
            (r#".spec.containers[name="web"].image"#, json!("a")),
            (
                r#".spec.containers[name="web"].ports[containerPort=53,protocol="UDP"].containerPort"#,
                json!(53),
            ),
            (
                r#".spec.containers[name="web"].ports[containerPort=80,protocol="TCP"]"#,
                json!({"containerPort": 80}),
            ),
            (r#".spec.containers[name="q\"],["].args[1]"#, json!("y")),
            (r#".metadata.annotations.meta.helm.sh/release-name"#, json!("web")),
            (r#".metadata.annotations.a.b"#, json!(1)),
            (r#".metadata.finalizers[="x/y"]"#, json!("x/y")),
            ("", pod()),
        ] {
            let value = pod();
            let path = Path::find(text, &value).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(path.of(&value), Some(&found), "{text}");
            assert_eq!(path.to_string(), text);
        }
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        let value = pod();
        for text in [
            "spec",
            ".spe",
            ".spec.containers.x",
            ".spec.containers[name=\"no\"]",
            ".spec.containers[9]",
            ".spec.containers[",
            ".spec.containers[name=",
            ".spec.containers[name=\"web\"",
            ".spec.containers[name=\"web\"x",
            "[",
            "[=",
            "[0]",
        ] {
            assert_eq!(Path::find(text, &value), None, "{text}");
        }
    }

    #[test]
    fn keys_of_managed_fields_are_read_and_written() {
        for key in
            ["f:spec", "f:a:b", r#"k:{"containerPort":80,"protocol":"TCP"}"#, r#"v:"x/y""#, "v:1", "i:3"]
        {
            assert_eq!(Step::parse(key).expect(key).key(), key);
        }
        for key in [".", "", "x:1", "k:[]", "k:{", "i:x"] {
            assert_eq!(Step::parse(key), None, "{key}");
        }
    }

    #[test]
    fn removing_takes_empty_parents_along() {
        let mut value = pod();
        let remove =
            |text: &str, value: &mut Value| Path::find(text, value).is_some_and(|path| path.remove(value));
        assert!(remove(".metadata.finalizers[=\"z\"]", &mut value));
        assert_eq!(value["metadata"]["finalizers"], json!(["x/y"]));
        assert!(remove(".metadata.finalizers[=\"x/y\"]", &mut value));
        assert_eq!(value["metadata"].get("finalizers"), None);
        assert!(remove(r#".spec.containers[name="web"]"#, &mut value));
        assert_eq!(value["spec"]["containers"].as_array().map(Vec::len), Some(1));
        assert!(!remove(r#".spec.containers[name="web"]"#, &mut value));
        assert!(!Path::default().remove(&mut value));
    }
}
