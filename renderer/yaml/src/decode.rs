//! A checked tree to values, guided by the type of the destination.
//!
//! In Go these are three passes: YAML values to JSON values (`convertToJSONableObject`), those to JSON text, and the text
//! into the destination. Here it is one walk in the order of the JSON text, which remembers the first error of each pass.
//!
//! *Source*: sigs.k8s.io/yaml v1.6.0 `yaml.go`; go1.27 `encoding/json`, the v1 API on the v2 engine.

use value::fmt::quote;
use value::{Element, List, Map, MapType, Text, Value};

use crate::entries::{Entry, entries, follow};
use crate::error::{Error, Stage};
use crate::go_syntax::{go_syntax, write_scalar};
use crate::scalar_value::{Scalar, scalar, valid_utf8};
use crate::shape::Shape;
use crate::tree::{NodeId, NodeKind, Tree};

/// More levels than this have no JSON.
const MAX_DEPTH: usize = 10_000;

/// A document decoded into a Go type.
#[derive(Debug)]
pub struct Decoded {
    /// What the destination holds in the end. Go keeps decoding behind a type error, so with an error it is what fitted;
    /// when the text could not be converted at all it is nil. A struct is a map with the names of its fields.
    pub value: Value,
    /// The first error.
    pub error: Option<Error>,
}

/// Where decoding stands in one collection.
enum Frame<'a> {
    Map { map: Map, shape: Shape, left: std::vec::IntoIter<Entry<'a>>, name: Text, slot: Slot },
    List { items: Vec<Value>, of: Shape, next: u32, end: u32 },
}

/// Where the value of a map's current entry goes.
#[derive(Clone, Copy)]
enum Slot {
    /// Under its own name.
    Own,
    /// Into a field of a struct.
    Field(&'static str),
    /// Nowhere: the struct has no such field.
    Nowhere,
}

struct Decoder<'a, 't> {
    tree: &'a Tree<'t>,
    text: Text,
    scratch: Text,
    strict: bool,
    json_key: Option<Error>,
    json_text: Option<Error>,
    decode: Option<Error>,
    frames: Vec<Frame<'a>>,
}

/// What became of a node.
enum Made {
    Value(Value),
    /// A collection was opened; its value comes when it is closed.
    Opened,
}

/// Decodes a tree that `check` has passed.
pub(crate) fn decode_tree(tree: &Tree<'_>, shape: Shape, strict: bool) -> Decoded {
    let (text, scratch) = tree.buffers();
    let mut decoder = Decoder {
        tree,
        text: Text::from(text),
        scratch: Text::from(scratch),
        strict,
        json_key: None,
        json_text: None,
        decode: None,
        frames: Vec::new(),
    };
    let value = match tree.root() {
        Some(root) => decoder.run(root, shape),
        None => zero(shape),
    };
    match decoder.json_key.or(decoder.json_text) {
        Some(error) => Decoded { value: Value::Nil, error: Some(error) },
        None => Decoded { value, error: decoder.decode },
    }
}

/// Go's zero value of a type.
fn zero(shape: Shape) -> Value {
    match shape {
        Shape::Any | Shape::Pointer(_) => Value::Nil,
        Shape::Named(_, of) => zero(*of),
        Shape::Str | Shape::Verbatim => Value::Str(Text::new()),
        Shape::Bool => Value::Bool(false),
        Shape::Int(_) => Value::Int(0),
        Shape::List(of) => Value::List(List::nil(element(*of))),
        Shape::Map(of) => Value::Map(Map::nil(map_type(*of))),
        Shape::Struct(_) => Value::Map(Map::new()),
    }
}

fn element(of: Shape) -> Element {
    match of {
        Shape::Str | Shape::Verbatim => Element::Str,
        Shape::Map(Shape::Any) => Element::Map,
        _ => Element::Any,
    }
}

fn map_type(of: Shape) -> MapType {
    if matches!(of, Shape::Str | Shape::Verbatim) { MapType::Str } else { MapType::Any }
}

impl<'a> Decoder<'a, '_> {
    fn run(&mut self, root: NodeId, shape: Shape) -> Value {
        let mut made = self.node(root, shape, None);
        loop {
            // Hand a finished value to the collection around it.
            while let Made::Value(value) = made {
                match self.frames.last_mut() {
                    None => return value,
                    Some(Frame::Map { map, name, slot, .. }) => match slot {
                        Slot::Own => {
                            map.insert(name.clone(), value);
                        }
                        Slot::Field(field) => {
                            map.insert(*field, value);
                        }
                        Slot::Nowhere => {}
                    },
                    Some(Frame::List { items, .. }) => items.push(value),
                }
                made = self.step();
            }
            if matches!(made, Made::Opened) {
                made = self.step();
            }
        }
    }

    /// Goes on in the innermost collection: its next member, or its value when there is none.
    fn step(&mut self) -> Made {
        loop {
            match self.frames.last_mut() {
                // The caller returns the value of the outermost collection.
                None => return Made::Value(Value::Nil),
                Some(Frame::List { of, next, end, .. }) => {
                    if next < end {
                        let (id, shape) = (NodeId(*next), *of);
                        *next = self.tree.node(id).next;
                        return self.node(id, shape, None);
                    }
                    if let Some(Frame::List { items, of, .. }) = self.frames.pop() {
                        return Made::Value(Value::List(List::typed(element(of), items)));
                    }
                }
                Some(Frame::Map { map, shape, left, name, slot }) => {
                    let Some(entry) = left.next() else {
                        let value = Value::Map(map.clone());
                        self.frames.pop();
                        return Made::Value(value);
                    };
                    let Some(key) = &entry.name else {
                        let error = self.refused_key(&entry);
                        self.json_key.get_or_insert(error);
                        continue;
                    };
                    *name = match entry.key {
                        Scalar::Str(_) => {
                            let at = self.tree.node(entry.key_node).value;
                            let buffer = if at.in_scratch { &self.scratch } else { &self.text };
                            buffer.slice(at.start as usize..at.end as usize)
                        }
                        _ => Text::from(&**key),
                    };
                    let (of, existing);
                    match *shape {
                        Shape::Map(value) => (*slot, of, existing) = (Slot::Own, *value, None),
                        Shape::Struct(shape) => match shape.field(key) {
                            Some(field) => {
                                *slot = Slot::Field(field.name);
                                of = field.shape;
                                // A second spelling of a field decodes into what the first one left.
                                existing = map
                                    .get(field.name)
                                    .filter(|value| value.as_map().is_some_and(|map| !map.is_nil()));
                            }
                            None => {
                                (*slot, of, existing) = (Slot::Nowhere, Shape::Any, None);
                                if self.strict {
                                    let quoted = quote(key);
                                    let quoted = String::from_utf8_lossy(&quoted);
                                    let error =
                                        Error::new(Stage::Decode, format!("json: unknown field {quoted}"))
                                            .with_offset(self.tree.range(entry.value).start);
                                    self.decode.get_or_insert(error);
                                }
                            }
                        },
                        _ => (*slot, of, existing) = (Slot::Own, Shape::Any, None),
                    }
                    let keeps_on_null = matches!(
                        of.unnamed(),
                        Shape::Str | Shape::Bool | Shape::Int(_) | Shape::Struct(_) | Shape::Verbatim
                    );
                    if keeps_on_null && matches!(slot, Slot::Field(_)) && is_null(self.tree, entry.value) {
                        continue;
                    }
                    return self.node(entry.value, of, existing);
                }
            }
        }
    }

    /// One node into a destination of type `shape`, which may hold a map already.
    fn node(&mut self, id: NodeId, shape: Shape, existing: Option<Value>) -> Made {
        let place = id;
        let id = follow(self.tree, id);
        let of = shape.pointee();
        match self.tree.kind(id) {
            NodeKind::Mapping | NodeKind::Sequence if self.frames.len() == MAX_DEPTH => {
                let error = Error::new(Stage::Json, "exceeded max depth");
                self.json_text.get_or_insert(error.with_offset(self.tree.range(place).start));
                Made::Value(Value::Nil)
            }
            NodeKind::Mapping => {
                let (map, of) = match of {
                    Shape::Any => (Map::new(), Shape::Any),
                    Shape::Map(value) => (Map::with_type(map_type(*value)), of),
                    Shape::Struct(_) => (Map::new(), of),
                    _ => {
                        self.mismatch("object", shape, place);
                        (Map::new(), Shape::Any)
                    }
                };
                let map = match existing {
                    Some(Value::Map(existing)) if !matches!(of, Shape::Any) => existing,
                    _ => map,
                };
                let left = entries(self.tree, id).into_iter();
                self.frames.push(Frame::Map { map, shape: of, left, name: Text::new(), slot: Slot::Own });
                Made::Opened
            }
            NodeKind::Sequence => {
                let of = match of {
                    Shape::Any => Shape::Any,
                    Shape::List(of) => *of,
                    _ => {
                        self.mismatch("array", shape, place);
                        Shape::Any
                    }
                };
                let end = self.tree.node(id).next;
                self.frames.push(Frame::List { items: Vec::new(), of, next: id.0 + 1, end });
                Made::Opened
            }
            NodeKind::Scalar | NodeKind::Alias => Made::Value(self.scalar(id, place, shape)),
        }
    }

    fn scalar(&mut self, id: NodeId, place: NodeId, shape: Shape) -> Value {
        // A scalar that does not fit its tag was refused before.
        let Ok(found) = scalar(self.tree, id) else { return Value::Nil };
        let of = shape.pointee();
        if let (Shape::Str, Some(text)) = (of, found.coerced()) {
            return Value::Str(text.into());
        }
        if let Scalar::Float(number) = found
            && !number.is_finite()
        {
            let mut problem = String::from("json: unsupported value: ");
            write_scalar(&mut problem, &found, false);
            let error = Error::new(Stage::Json, problem).with_offset(self.tree.range(place).start);
            self.json_text.get_or_insert(error);
            return Value::Nil;
        }
        match (of, &found) {
            (_, Scalar::Null) => zero(shape),
            (Shape::Any, Scalar::Bool(value)) | (Shape::Bool, Scalar::Bool(value)) => Value::Bool(*value),
            (Shape::Any, Scalar::Int(value)) => Value::Float64(*value as f64),
            (Shape::Any, Scalar::Uint(value)) => Value::Float64(*value as f64),
            (Shape::Any, Scalar::Float(value)) => Value::Float64(*value),
            (Shape::Any | Shape::Str | Shape::Verbatim, Scalar::Str(_)) => {
                let value = self.tree.node(id).value;
                let buffer = if value.in_scratch { &self.scratch } else { &self.text };
                Value::Str(buffer.slice(value.start as usize..value.end as usize))
            }
            (Shape::Any | Shape::Str | Shape::Verbatim, Scalar::Binary(bytes)) => {
                Value::Str(valid_utf8(bytes).into())
            }
            (Shape::Int(_), Scalar::Int(value)) => Value::Int(*value),
            (Shape::Int(_), Scalar::Float(value))
                if value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0 =>
            {
                Value::Int(*value as i64)
            }
            (Shape::Int(_), Scalar::Uint(value)) => {
                self.mismatch(&format!("number {value}"), shape, place);
                zero(shape)
            }
            (Shape::Int(_), Scalar::Float(value)) => {
                self.mismatch(&format!("number {}", json_number(*value)), shape, place);
                zero(shape)
            }
            (_, Scalar::Bool(_)) => {
                self.mismatch("bool", shape, place);
                zero(shape)
            }
            (_, Scalar::Int(_) | Scalar::Uint(_) | Scalar::Float(_)) => {
                self.mismatch("number", shape, place);
                zero(shape)
            }
            (_, Scalar::Str(_) | Scalar::Binary(_)) => {
                self.mismatch("string", shape, place);
                zero(shape)
            }
        }
    }

    /// Notes that the value at the current path does not fit.
    fn mismatch(&mut self, what: &str, shape: Shape, place: NodeId) {
        if self.decode.is_some() {
            return;
        }
        let mut path = String::new();
        for frame in &self.frames {
            path.push('.');
            match frame {
                Frame::Map { name, .. } => {
                    path.push_str(&name.to_string_lossy().replace('~', "~0").replace('/', "~1"));
                }
                Frame::List { items, .. } => path.push_str(&items.len().to_string()),
            }
        }
        let go_type = shape.pointee_name();
        let last = path.rsplit('.').next().unwrap_or_default();
        let problem = if path.len() <= 1 {
            format!("json: cannot unmarshal {what} into Go value of type {go_type}")
        } else if !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()) {
            // Go takes a last part of digits for an index.
            format!("json: cannot unmarshal {what} into {path} of type {go_type}")
        } else {
            format!("json: cannot unmarshal {what} into Go struct field {path} of type {go_type}")
        };
        self.decode = Some(Error::new(Stage::Decode, problem).with_offset(self.tree.range(place).start));
    }

    fn refused_key(&self, entry: &Entry<'_>) -> Error {
        let (go_type, mut key) = match entry.key {
            Scalar::Uint(_) => ("uint64", String::new()),
            _ => ("%!s(<nil>)", String::new()),
        };
        write_scalar(&mut key, &entry.key, false);
        let value = go_syntax(self.tree, entry.value);
        let problem = format!("unsupported map key of type: {go_type}, key: {key}, value: {value}");
        Error::new(Stage::Json, problem).with_offset(self.tree.range(entry.value).start)
    }
}

fn is_null(tree: &Tree<'_>, id: NodeId) -> bool {
    let id = follow(tree, id);
    tree.kind(id) == NodeKind::Scalar && matches!(scalar(tree, id), Ok(Scalar::Null))
}

/// A finite number as Go's JSON writes it.
fn json_number(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        return format!("{value:e}").replace('e', if size < 1.0 { "e" } else { "e+" });
    }
    format!("{value}")
}
