//! Who wrote this leaf: which layer of values supplied it, and on which line.
//!
//! The layers are asked, strongest first, for the value that the merge has ended with: what `--set` says, the files of `-f`, the
//! defaults of the chart, those of its subcharts, and what is imported from them. So nothing has to be kept during the merge.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

use source::LineIndex;
use value::fmt::display;
use value::{Map, Step, Text, Value, ValuePath};
use yaml::{NodeId, NodeKind, Tree};

use super::set::{Mode, assign};
use super::user::{Sets, ValuesFile};
use crate::chart::{Chart, MAX_CHART_DEPTH, load_values};

/// The key of the values that every chart sees.
const GLOBAL: &[u8] = b"global";

/// One source of values.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Layer {
    /// The `values.yaml` of a chart; holds the chart's directory below the root chart's, empty or with `/` at its end.
    Default(String),
    /// A file that the user gives with `-f`.
    File(String),
    /// A `--set` option or one of its kin: the option and its argument.
    Set(&'static str, String),
}

/// Where a leaf was written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Supplied {
    /// The layer.
    pub layer: Layer,
    /// The line in its file, from 1; `None` for an option.
    pub line: Option<u32>,
    /// The path inside the layer.
    pub path: ValuePath,
}

impl fmt::Display for Supplied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.layer {
            Layer::Default(directory) => write!(f, "{directory}values.yaml")?,
            Layer::File(name) => write!(f, "{name}")?,
            Layer::Set(option, argument) => write!(f, "{option} {argument}")?,
        }
        self.line.map_or(Ok(()), |line| write!(f, ":{line}"))
    }
}

/// All layers of a render.
///
/// Shape: `chart` after [`process_dependencies`](super::process_dependencies), so that subcharts have their final names.
#[derive(Debug)]
pub struct Layers<'a> {
    chart: &'a Chart,
    files: &'a [ValuesFile],
    sets: &'a Sets,
    /// What was read already, by the address of its text.
    read: RefCell<HashMap<usize, Rc<Map>>>,
}

impl<'a> Layers<'a> {
    /// The layers of a chart under what the user gives.
    pub fn new(chart: &'a Chart, files: &'a [ValuesFile], sets: &'a Sets) -> Self {
        Self { chart, files, sets, read: RefCell::default() }
    }

    /// Who supplied the value at `path` of the root chart's values; `None` where no layer holds this value, as for what templates
    /// have put there and for what is absent.
    ///
    /// Cost: files are read once; then one walk down each layer.
    pub fn find(&self, path: &ValuePath, value: &Value) -> Option<Supplied> {
        self.candidates(&path.0).into_iter().find_map(|path| self.find_at(&path, value))
    }

    /// The paths at which the value can have been written: globals of a chart win over those of its subcharts.
    fn candidates(&self, path: &[Step]) -> Vec<Vec<Step>> {
        let mut candidates = Vec::new();
        let (mut chart, mut depth) = (self.chart, 0);
        while let Some(Step::Key(name)) = path.get(depth)
            && let Some(below) = child(chart, name)
        {
            (chart, depth) = (below, depth + 1);
        }
        if depth > 0 && matches!(path.get(depth), Some(Step::Key(key)) if key.as_bytes() == GLOBAL) {
            for kept in 0..depth {
                candidates.push([&path[..kept], &path[depth..]].concat());
            }
        }
        candidates.push(path.to_vec());
        candidates
    }

    fn find_at(&self, path: &[Step], value: &Value) -> Option<Supplied> {
        let sets = self.sets;
        let options: [(&'static str, &[String]); 5] = [
            ("--set-literal", &sets.literal),
            ("--set-file", &sets.file),
            ("--set-string", &sets.string),
            ("--set", &sets.typed),
            ("--set-json", &sets.json),
        ];
        for (option, arguments) in options {
            for argument in arguments.iter().rev() {
                if says(option, argument, path, value) {
                    let layer = Layer::Set(option, argument.clone());
                    return Some(Supplied { layer, line: None, path: ValuePath(path.to_vec()) });
                }
            }
        }
        for file in self.files.iter().rev() {
            if let Some(line) = self.line_in(&file.data, path, value) {
                let layer = Layer::File(file.name.clone());
                return Some(Supplied { layer, line: Some(line), path: ValuePath(path.to_vec()) });
            }
        }
        self.in_chart(self.chart, "", path, value, 0)
    }

    /// Recurses over charts, whose nesting is bounded.
    fn in_chart(
        &self,
        chart: &Chart,
        directory: &str,
        path: &[Step],
        value: &Value,
        depth: usize,
    ) -> Option<Supplied> {
        if depth > MAX_CHART_DEPTH {
            return None;
        }
        if let Some(file) = chart.raw_file("values.yaml")
            && let Some(line) = self.line_in(&file.data, path, value)
        {
            let layer = Layer::Default(directory.to_owned());
            return Some(Supplied { layer, line: Some(line), path: ValuePath(path.to_vec()) });
        }
        let below = |name: &Chart| format!("{directory}charts/{}/", name.directory);
        if let Some((Step::Key(name), rest)) = path.split_first()
            && let Some(dependency) = child(chart, name)
            && let Some(found) = self.in_chart(dependency, &below(dependency), rest, value, depth + 1)
        {
            return Some(found);
        }
        for declared in chart.metadata.declared() {
            let Some(dependency) = child(chart, &Text::from(declared.name.as_str())) else { continue };
            for entry in &declared.import_values {
                let Value::Map(pair) = entry else { continue };
                let part =
                    |name: &str| pair.get(name).map(|part| display(&part).to_string()).unwrap_or_default();
                let (from, to) = (part("child"), part("parent"));
                let to = if to == "." { Vec::new() } else { dotted(&to) };
                let Some(rest) = path.strip_prefix(&to[..]) else { continue };
                let path = [&dotted(&from)[..], rest].concat();
                if let Some(found) = self.in_chart(dependency, &below(dependency), &path, value, depth + 1) {
                    return Some(found);
                }
            }
        }
        None
    }

    /// The line of the leaf in a values file, if that value stands there.
    fn line_in(&self, text: &Text, path: &[Step], value: &Value) -> Option<u32> {
        let address = text.as_bytes().as_ptr().addr();
        let known = self.read.borrow().get(&address).cloned();
        let values = known.unwrap_or_else(|| {
            // What cannot be read has failed the render before.
            let values = Rc::new(load_values(text).unwrap_or_default());
            self.read.borrow_mut().insert(address, values.clone());
            values
        });
        let found = at(Value::Map((*values).clone()), path)?;
        same(&found, value).then(|| line_of(text, path)).flatten()
    }
}

fn child<'c>(chart: &'c Chart, name: &Text) -> Option<&'c Chart> {
    chart.dependencies.iter().find(|dependency| dependency.name().as_bytes() == name.as_bytes())
}

fn dotted(path: &str) -> Vec<Step> {
    path.split('.').map(|name| Step::Key(name.into())).collect()
}

/// Whether an option sets this value at that path.
fn says(option: &str, argument: &str, path: &[Step], value: &Value) -> bool {
    let map = Map::new();
    let mut nothing = |_: &str| Ok(Text::new());
    let mode = match option {
        "--set" => Mode::Typed,
        "--set-file" => Mode::File(&mut nothing),
        "--set-json" => Mode::Json,
        "--set-literal" => Mode::Literal,
        _ => Mode::Str,
    };
    let map = match value::json::decode_map(&Text::from(argument.trim())) {
        (whole, None) if option == "--set-json" => whole,
        _ if assign(argument, &map, mode).is_ok() => map,
        _ => return false,
    };
    // The file of `--set-file` is not read again.
    at(Value::Map(map), path).is_some_and(|found| option == "--set-file" || same(&found, value))
}

/// The value at a path.
pub fn value_at(values: &Map, path: &ValuePath) -> Option<Value> {
    at(Value::Map(values.clone()), &path.0)
}

fn at(mut value: Value, path: &[Step]) -> Option<Value> {
    for step in path {
        value = match (&value, step) {
            (Value::Map(map), Step::Key(key)) => map.get(key)?,
            (Value::List(list), Step::Index(index)) => list.get(*index as usize)?.clone(),
            _ => return None,
        };
    }
    Some(value)
}

/// Whether a leaf is that value. Of maps and lists that are not empty the strongest layer that has one is meant.
fn same(found: &Value, value: &Value) -> bool {
    let is_inner = |value: &Value| match value {
        Value::List(list) => !list.is_empty(),
        Value::Map(map) => !map.is_empty(),
        _ => false,
    };
    match (is_inner(found), is_inner(value)) {
        (true, true) => found.kind() == value.kind(),
        (false, false) => found.type_name() == value.type_name() && display(found) == display(value),
        _ => false,
    }
}

/// The line, from 1, on which the entry at `path` starts.
fn line_of(text: &Text, path: &[Step]) -> Option<u32> {
    let (tree, _) = yaml::nodes(text.as_bytes());
    let (start, _) = node_at(&tree, path)?;
    Some(LineIndex::new(text.as_bytes()).line(start) + 1)
}

/// Where the entry at `path` starts, its key included, and its value.
pub(crate) fn node_at(tree: &Tree<'_>, path: &[Step]) -> Option<(u32, NodeId)> {
    let mut node = tree.root()?;
    let mut start = tree.range(node).start;
    for step in path {
        let here = tree.target(node).unwrap_or(node);
        (start, node) = match step {
            Step::Key(key) => entry(tree, here, key.as_bytes())?,
            Step::Index(index) => {
                let item = tree.children(here).nth(*index as usize)?;
                (tree.range(item).start, item)
            }
        };
    }
    Some((start, node))
}

/// How many merge keys are followed for one entry; more only cost the line.
const MAX_MERGES: usize = 16;

/// Where an entry starts, and its value: in the mapping itself, or in one that it merges.
fn entry(tree: &Tree<'_>, mapping: NodeId, key: &[u8]) -> Option<(u32, NodeId)> {
    let mut mapping = mapping;
    for _ in 0..MAX_MERGES {
        if tree.kind(mapping) != NodeKind::Mapping {
            return None;
        }
        let mut merged = None;
        let mut found = None;
        for (name, value) in tree.entries(mapping) {
            if tree.text(name) == key {
                found = Some((tree.range(name).start, value));
            } else if tree.text(name) == b"<<" {
                merged = Some(tree.target(value).unwrap_or(value));
            }
        }
        if found.is_some() {
            return found;
        }
        mapping = merged?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::{File, load};
    use crate::render::prepare;
    use crate::values::user_values;

    #[test]
    fn every_layer_is_named_with_its_line() {
        let file = |name: &str, text: &str| File::new(name, text);
        let mut chart = load(
            vec![
                file(
                    "Chart.yaml",
                    "apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies:\n- name: sub\n  version: 1.0.0\n  \
                     import-values: [{child: exported, parent: taken}]\n",
                ),
                file("values.yaml", "# a chart\na: 1\nlist:\n- x: 1\n- x: 2\nsub:\n  mine: root\nglobal: {g: root}\n"),
                file("charts/sub/Chart.yaml", "apiVersion: v2\nname: sub\nversion: 1.0.0\n"),
                file(
                    "charts/sub/values.yaml",
                    "mine: sub\nown: sub\nglobal:\n  g: sub\n  h: sub\nexported:\n  deep:\n    port: 80\n",
                ),
            ],
            &mut Vec::new(),
        )
        .unwrap();
        let files = vec![ValuesFile {
            name: "prod.yaml".into(),
            data: "\nb: 2\nbase: &x {k: 1}\nc: {<<: *x}\n".into(),
        }];
        let sets = Sets { typed: vec!["d.e=5,d.f=6".into()], string: vec!["s=1".into()], ..Sets::default() };
        let user = user_values(&files, &sets, &mut |_| Ok(Text::new())).unwrap();
        let values = prepare(&mut chart, &user, None, &mut Vec::new()).unwrap();
        let layers = Layers::new(&chart, &files, &sets);
        for (path, want) in [
            ("a", "values.yaml:2"),
            ("list[1].x", "values.yaml:5"),
            ("sub.mine", "values.yaml:7"),
            ("sub.own", "charts/sub/values.yaml:2"),
            ("sub.global.g", "values.yaml:8"),
            ("sub.global.h", "charts/sub/values.yaml:5"),
            ("taken.deep.port", "charts/sub/values.yaml:8"),
            ("b", "prod.yaml:2"),
            ("c.k", "prod.yaml:3"),
            ("d.f", "--set d.e=5,d.f=6"),
            ("s", "--set-string s=1"),
        ] {
            let path = ValuePath::parse(path).unwrap();
            let value = value_at(&values, &path).unwrap_or_else(|| panic!("{path}"));
            let found = layers.find(&path, &value).map(|found| found.to_string());
            assert_eq!(found.as_deref(), Some(want), "{path}");
        }
        let absent = ValuePath::parse("zz").unwrap();
        assert_eq!(layers.find(&absent, &Value::Nil), None);
    }
}
