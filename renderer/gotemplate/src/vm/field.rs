//! Fields and methods: `evalField`.

use std::borrow::Cow;

use value::{Field, Kind, Map, MapType, Method, Object, Type, Value};

use super::{
    ADDRESSABLE, Flags, Flow, INTERFACE, MARK, Run, Stop, TAKEN_OUT, Trouble, element_flags, mark_of, marked,
};
use crate::ast::{Ast, NodeId};
use crate::code::{Code, MethodSite, Name, PathSite};
use crate::func::Failure;

/// A field's name.
#[derive(Clone, Copy)]
pub(super) struct Word<'a> {
    bytes: &'a [u8],
    exported: bool,
}

impl<'a> Word<'a> {
    fn of(text: &'a [u8], name: &Name) -> Self {
        Self { bytes: &text[name.start as usize..name.end as usize], exported: name.exported }
    }

    fn shown(self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.bytes)
    }
}

impl<const LISTENS: bool> Run<'_, '_, LISTENS> {
    /// Walks along field names, from a value or from a slot.
    pub(super) fn walk(
        &mut self,
        start: Option<(Value, Flags)>,
        slot: usize,
        site: &PathSite,
        ast: &Ast,
        code: &Code,
    ) -> Result<(Value, Flags), Stop> {
        let mut held = start;
        let text = ast.text.as_bytes();
        for name in &code.fields[site.first as usize..(site.first + site.len) as usize] {
            let name = Word::of(text, name);
            let (receiver, flags) = match &held {
                Some((value, flags)) => (value, *flags),
                None => (&self.values[slot], self.flags[slot]),
            };
            let found = match receiver {
                // The commonest step by far; nothing need be held for it.
                Value::Map(map) if !LISTENS && self.map_method(map, name).is_none() => in_map(map, name),
                _ => {
                    let receiver = receiver.clone();
                    self.field(&receiver, flags, name, site.node)?
                }
            };
            held = Some(found);
        }
        let (value, flags) = held.unwrap_or_default();
        Ok((value, if site.strips { flags & TAKEN_OUT } else { flags }))
    }

    fn field(
        &mut self,
        receiver: &Value,
        flags: Flags,
        name: Word<'_>,
        node: NodeId,
    ) -> Result<(Value, Flags), Stop> {
        match receiver {
            Value::Map(map) => {
                if let Some(method) = self.map_method(map, name) {
                    return call_niladic(&method, name, node, flags & MARK);
                }
                Ok(self.entry(map, name, flags))
            }
            Value::Nil if flags & INTERFACE == 0 => Ok((Value::Nil, 0)),
            Value::Nil => Err(nil_pointer(name)),
            Value::Object(object) => {
                if let Some(method) = object_method(object.as_ref(), flags, name) {
                    return call_niladic(&method, name, node, flags & MARK);
                }
                if let Some(Value::Map(map)) = object.underlying() {
                    return Ok(self.entry(&map, name, flags));
                }
                match object.field(&name.shown()) {
                    Field::Value(value) => {
                        let addressable = object.kind() == Kind::Ptr || flags & ADDRESSABLE != 0;
                        Ok((value, if addressable { ADDRESSABLE } else { 0 } | flags & MARK))
                    }
                    Field::Unexported => Err(unexported(receiver, flags, name)),
                    Field::Missing => Err(no_field(receiver, flags, name)),
                }
            }
            _ => Err(no_field(receiver, flags, name)),
        }
    }

    fn entry(&mut self, map: &Map, name: Word<'_>, flags: Flags) -> (Value, Flags) {
        let mut mark = 0;
        if LISTENS {
            let answer = map.get(name.bytes);
            mark = marked(self.host.read(map, name.bytes, answer.as_ref(), mark_of(flags)));
        }
        let (value, flags) = in_map(map, name);
        (value, flags | mark)
    }

    fn map_method(&self, map: &Map, name: Word<'_>) -> Option<Method> {
        match map.map_type() {
            MapType::Values if name.exported => {
                (self.machine.methods)(map, std::str::from_utf8(name.bytes).ok()?)
            }
            _ => None,
        }
    }

    /// Finds the method of the value on top, before its arguments are evaluated.
    pub(super) fn begin_method(&mut self, site: &MethodSite, ast: &Ast) -> Result<Flow, Stop> {
        let (receiver, flags) = self.pop();
        let name = Word::of(ast.text.as_bytes(), &site.name);
        let method = match &receiver {
            Value::Nil if flags & INTERFACE == 0 => {
                // Go does not even look at the arguments.
                if site.staged {
                    self.pop();
                }
                self.push(Value::Nil, 0);
                return Ok(Flow::Jump(site.end));
            }
            Value::Nil => return Err(nil_pointer(name)),
            Value::Map(map) => self.map_method(map, name),
            Value::Object(object) => object_method(object.as_ref(), flags, name),
            _ => None,
        };
        let Some(method) = method else { return Err(not_a_method(&receiver, flags, name)) };
        if method.params.len() != site.args as usize {
            return Err(arity(&method, name, site.args));
        }
        self.methods.push((method, flags & MARK));
        Ok(Flow::Next)
    }

    /// The type of a parameter of the method begun last.
    pub(super) fn method_param(&self, index: u32) -> Type {
        let params = self.methods.last().map(|(method, _)| method.params).unwrap_or_default();
        params.get(index as usize).copied().unwrap_or(Type::Any)
    }

    pub(super) fn call_method(&mut self, site: &MethodSite, ast: &Ast) -> Result<(), Stop> {
        let args = site.args as usize;
        if site.staged {
            self.place_staged(args, self.method_param(site.args - 1))?;
        }
        let Some((method, mark)) = self.methods.pop() else { return Ok(()) };
        let first = self.values.len() - args;
        let answer = (method.call)(&self.values[first..]).map_err(|error| {
            Trouble::called(
                site.node,
                Word::of(ast.text.as_bytes(), &site.name).bytes.into(),
                Failure::Error(error),
            )
        })?;
        self.truncate(first);
        self.push(answer, mark);
        Ok(())
    }
}

/// The value at a key, or the zero value of the elements.
fn in_map(map: &Map, name: Word<'_>) -> (Value, Flags) {
    let of = map.map_type();
    (map.get(name.bytes).unwrap_or_else(|| of.zero()), element_flags(of))
}

fn object_method(object: &dyn Object, flags: Flags, name: Word<'_>) -> Option<Method> {
    let name = std::str::from_utf8(name.bytes).ok().filter(|_| name.exported)?;
    if flags & ADDRESSABLE != 0 { object.method_addressable(name) } else { object.method(name) }
}

fn call_niladic(method: &Method, name: Word<'_>, node: NodeId, mark: Flags) -> Result<(Value, Flags), Stop> {
    if !method.params.is_empty() {
        return Err(arity(method, name, 0));
    }
    match (method.call)(&[]) {
        Ok(value) => Ok((value, mark)),
        Err(error) => Err(Trouble::called(node, name.bytes.into(), Failure::Error(error))),
    }
}

fn arity(method: &Method, name: Word<'_>, got: u32) -> Stop {
    format!("wrong number of args for {}: want {} got {got}", name.shown(), method.params.len()).into()
}

fn static_type(receiver: &Value, flags: Flags) -> &'static str {
    if flags & INTERFACE != 0 { "interface {}" } else { receiver.type_name() }
}

fn nil_pointer(name: Word<'_>) -> Stop {
    format!("nil pointer evaluating interface {{}}.{}", name.shown()).into()
}

fn no_field(receiver: &Value, flags: Flags, name: Word<'_>) -> Stop {
    format!("can't evaluate field {} in type {}", name.shown(), static_type(receiver, flags)).into()
}

fn unexported(receiver: &Value, flags: Flags, name: Word<'_>) -> Stop {
    let of = static_type(receiver, flags);
    format!("{} is an unexported field of struct type {of}", name.shown()).into()
}

fn not_a_method(receiver: &Value, flags: Flags, name: Word<'_>) -> Stop {
    let of_map = || format!("{} is not a method but has arguments", name.shown()).into();
    match receiver {
        Value::Map(_) => of_map(),
        Value::Object(object) => match (object.underlying(), object.field(&name.shown())) {
            (Some(Value::Map(_)), _) => of_map(),
            (_, Field::Value(_)) => {
                format!("{} has arguments but cannot be invoked as function", name.shown()).into()
            }
            (_, Field::Unexported) => unexported(receiver, flags, name),
            (_, Field::Missing) => no_field(receiver, flags, name),
        },
        _ => no_field(receiver, flags, name),
    }
}
