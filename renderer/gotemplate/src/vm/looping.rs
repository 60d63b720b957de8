//! Loops: `walkRange`.

use value::fmt::display;
use value::{Element, Kind, List, Text, Value};

use super::{Flags, INTERFACE, MARK, Run, Stop, Trouble, element_flags, mark_of, marked};
use crate::builtin::struct_text;
use crate::code::{LoopSite, Op};
use crate::set::Template;

/// Makes a number of the loop's type.
type Number = fn(u64) -> Value;

/// A loop at work.
pub(super) enum Loop {
    Bytes {
        bytes: Text,
        next: usize,
    },
    /// The numbers below one of a signed or unsigned type.
    Count {
        next: u64,
        end: u64,
        number: fn(u64) -> Value,
    },
    List {
        list: List,
        next: usize,
        /// The mark of the list.
        mark: Flags,
    },
    Map {
        entries: std::vec::IntoIter<(Text, Value)>,
        flags: Flags,
        /// The mark of each entry, for a host that listens.
        marks: std::vec::IntoIter<Flags>,
    },
}

impl<const LISTENS: bool> Run<'_, '_, LISTENS> {
    /// Starts a loop over the value on top; `false` when there is nothing to loop over.
    ///
    /// Shape: `ways` are the loop and what is done instead of it.
    pub(super) fn start_loop(
        &mut self,
        site: &LoopSite,
        template: &Template,
        ways: &[Op],
        base: usize,
    ) -> Result<bool, Stop> {
        let (value, flags) = self.pop();
        if LISTENS {
            self.decide(self.span_of(template, site.node), &value, flags, ways, base);
        }
        let count: Option<(u64, Number)> = match value.underlying() {
            Value::Int(end) => Some((u64::try_from(end).unwrap_or(0), |next| Value::Int(next as i64))),
            Value::Int64(end) => Some((u64::try_from(end).unwrap_or(0), |next| Value::Int64(next as i64))),
            Value::Uint8(end) => Some((u64::from(end), |next| Value::Uint8(next as u8))),
            Value::Uint64(end) => Some((end, Value::Uint64)),
            _ => None,
        };
        if let Some((end, number)) = count {
            if site.two {
                let shown = display(&value);
                return Err(format!("can't use {shown} to iterate over more than one variable").into());
            }
            if end > 0 {
                self.loops.push(Loop::Count { next: 0, end, number });
            }
            return Ok(end > 0);
        }
        let (started, empty) =
            match value.underlying() {
                Value::Nil => return Ok(false),
                Value::Bytes(bytes) => {
                    let empty = bytes.is_empty();
                    (Loop::Bytes { bytes, next: 0 }, empty)
                }
                Value::List(list) => {
                    let empty = list.is_empty();
                    (Loop::List { list, next: 0, mark: flags & MARK }, empty)
                }
                Value::Map(map) => {
                    self.fuel.charge(map.len() as u64).map_err(|_| Trouble::out_of_fuel())?;
                    let entries = map.entries();
                    let mut marks = Vec::new();
                    if LISTENS {
                        let of = mark_of(flags);
                        marks.extend(entries.iter().map(|(key, value)| {
                            marked(self.host.read(&map, key.as_bytes(), Some(value), of))
                        }));
                    }
                    let empty = entries.is_empty();
                    let flags = element_flags(map.map_type());
                    (Loop::Map { entries: entries.into_iter(), flags, marks: marks.into_iter() }, empty)
                }
                _ => {
                    let shown = match &value {
                        Value::Object(object) if object.kind() == Kind::Ptr => {
                            object.display().unwrap_or_else(|| struct_text(&object.fields()))
                        }
                        other => display(other),
                    };
                    let mut message = b"range can't iterate over ".to_vec();
                    message.extend_from_slice(shown.as_bytes());
                    return Err(Text::from(message).into());
                }
            };
        if !empty {
            self.loops.push(started);
        }
        Ok(!empty)
    }

    /// Sets the slots for the next round; `false`, and the loop is gone, when there is none.
    pub(super) fn next_round(&mut self, site: &LoopSite, base: usize) -> bool {
        let Some(current) = self.loops.last_mut() else { return false };
        let round = match current {
            Loop::Count { next, end, number } => (*next < *end).then(|| {
                *next += 1;
                (Value::Nil, number(*next - 1), 0)
            }),
            Loop::Bytes { bytes, next } => bytes.as_bytes().get(*next).map(|byte| {
                *next += 1;
                (Value::Int(*next as i64 - 1), Value::Uint8(*byte), 0)
            }),
            Loop::List { list, next, mark } => list.get(*next).map(|item| {
                let index = *next;
                *next += 1;
                let mut flags = if list.element() == Element::Any { INTERFACE } else { 0 };
                if LISTENS {
                    flags |= marked(self.host.element(list, index, mark_of(*mark)));
                }
                (Value::Int(index as i64), item.clone(), flags)
            }),
            Loop::Map { entries, flags, marks } => entries
                .next()
                .map(|(key, value)| (Value::Str(key), value, *flags | marks.next().unwrap_or_default())),
        };
        let Some((key, value, flags)) = round else {
            self.loops.pop();
            return false;
        };
        if let Some(slot) = site.key {
            self.set(base + slot as usize, key, 0);
        }
        if let Some(slot) = site.value {
            self.set(base + slot as usize, value.clone(), flags);
        }
        self.set(base + site.dot as usize, value, flags);
        true
    }
}
