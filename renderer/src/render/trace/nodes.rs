//! Maps and lists that a trace knows again: by address, each with its place and with what is known of its entries.

use std::collections::VecDeque;

use gotemplate::Mark;
use value::{List, Map, Origin, QuickMap, Text, Value};

use super::Trace;
use super::sets::{Flow, Set};

/// A map or list.
#[derive(Debug)]
struct Node {
    /// Held, so that no other is made at this address.
    _held: Value,
    /// 0 where templates made it.
    place: u32,
    /// Whether it is a copy of what stands there.
    is_copy: bool,
    /// Entries that do not come from the place.
    entries: QuickMap<Text, Mark>,
    /// For a list that templates made, each element.
    items: Vec<Mark>,
    /// What decided that nothing else stands in it.
    rest: Mark,
}

/// All that are known.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    by_address: QuickMap<usize, Node>,
}

fn address(value: &Value) -> Option<usize> {
    match value {
        Value::List(list) => Some(list.address()),
        Value::Map(map) => Some(map.address()),
        _ => None,
    }
}

impl Nodes {
    pub(super) fn put(&mut self, value: &Value, place: u32) {
        if let Some(address) = address(value) {
            self.node(address, value).place = place;
        }
    }

    fn node(&mut self, address: usize, value: &Value) -> &mut Node {
        self.by_address.entry(address).or_insert_with(|| Node {
            _held: value.clone(),
            place: 0,
            is_copy: false,
            entries: QuickMap::default(),
            items: Vec::new(),
            rest: Mark::NONE,
        })
    }

    /// The place of what is at `address`, if it has one.
    pub(super) fn place_of(&self, address: usize) -> Option<u32> {
        self.by_address.get(&address).map(|node| node.place).filter(|place| *place != 0)
    }

    /// As [`Nodes::place_of`], of what the templates share; a copy belongs to the template that made it.
    pub(super) fn shared_place_of(&self, address: usize) -> Option<u32> {
        let node = self.by_address.get(&address).filter(|node| !node.is_copy);
        node.map(|node| node.place).filter(|place| *place != 0)
    }

    pub(super) fn set_entry(&mut self, map: &Map, key: &[u8], mark: Mark) {
        let node = self.node(map.address(), &Value::Map(map.clone()));
        match node.entries.get_mut(key) {
            Some(known) => *known = mark,
            None => {
                node.entries.insert(key.into(), mark);
            }
        }
    }

    pub(super) fn set_items(&mut self, list: &List, items: Vec<Mark>) {
        self.node(list.address(), &Value::List(list.clone())).items = items;
    }

    /// Says what decided that a map or list holds no more than it does; `false` for all other values.
    pub(super) fn set_rest(&mut self, value: &Value, rest: Mark) -> bool {
        let Some(address) = address(value) else { return false };
        self.node(address, value).rest = rest;
        true
    }

    pub(super) fn forget(&mut self, address: usize, key: &[u8]) {
        if let Some(node) = self.by_address.get_mut(&address) {
            node.entries.remove(key);
        }
    }

    /// Says of a copy what is known of the original.
    fn copy(&mut self, from: &Value, to: &Value) {
        let (Some(from), Some(at)) = (address(from), address(to)) else { return };
        let Some(node) = self.by_address.get(&from) else { return };
        let (place, entries, items, rest) = (node.place, node.entries.clone(), node.items.clone(), node.rest);
        let copy = self.node(at, to);
        (copy.place, copy.is_copy, copy.entries, copy.items, copy.rest) = (place, true, entries, items, rest);
    }

    fn marks(&self, value: &Value) -> Vec<Mark> {
        let Some(node) = address(value).and_then(|address| self.by_address.get(&address)) else {
            return Vec::new();
        };
        let mut marks: Vec<Mark> =
            node.entries.values().chain(&node.items).chain([&node.rest]).copied().collect();
        // The order of a hash map must not be seen, not even in numbers.
        marks.sort_unstable_by_key(|mark| mark.0);
        marks.dedup();
        marks
    }
}

impl Trace {
    /// Gives a map and all below it their places. Texts and keys carry them from then on. What can be reached on two ways keeps
    /// the shorter one.
    pub(super) fn lay(&mut self, map: &Map, place: u32) {
        let mut waiting = VecDeque::from([(map.clone(), place)]);
        while let Some((map, place)) = waiting.pop_front() {
            if map.is_nil() || self.nodes.place_of(map.address()).is_some() {
                continue;
            }
            self.nodes.put(&Value::Map(map.clone()), place);
            for (key, value) in map.entries() {
                let below = self.sets.places.entry(place, key.as_bytes());
                let (origin, name) = (Origin::read(below), Origin::read(self.sets.places.name(below)));
                let value = match value {
                    Value::Str(text) => Value::Str(text.with_origin(origin)),
                    Value::List(list) => Value::List(self.lay_list(list, below, &mut waiting)),
                    Value::Map(inner) => {
                        waiting.push_back((inner.clone(), below));
                        Value::Map(inner)
                    }
                    other => other,
                };
                // A key that is there already is kept as it is.
                map.remove(&key);
                map.insert(key.with_origin(name), value);
            }
        }
    }

    /// A list with places: lists never change, so it is made anew. The maps in it wait for theirs.
    fn lay_list(&mut self, list: List, place: u32, waiting: &mut VecDeque<(Map, u32)>) -> List {
        let mut open = vec![(list, place, Vec::new())];
        loop {
            let Some((list, place, made)) = open.last_mut() else { return List::new(Vec::new()) };
            let index = made.len();
            let Some(item) = list.get(index) else {
                let whole = if list.is_nil() {
                    list.clone()
                } else {
                    List::typed(list.element(), std::mem::take(made))
                };
                let place = *place;
                self.nodes.put(&Value::List(whole.clone()), place);
                open.pop();
                match open.last_mut() {
                    Some((_, _, made)) => made.push(Value::List(whole)),
                    None => return whole,
                }
                continue;
            };
            let below = self.sets.places.item(*place, index);
            match item {
                Value::Str(text) => made.push(Value::Str(text.clone().with_origin(Origin::read(below)))),
                Value::List(inner) => {
                    let inner = inner.clone();
                    open.push((inner, below, Vec::new()));
                }
                Value::Map(map) => {
                    waiting.push_back((map.clone(), below));
                    made.push(item.clone());
                }
                other => made.push(other.clone()),
            }
        }
    }

    /// What a value says of itself: maps and lists that are known, and texts that carry what was read for them.
    pub(super) fn own_flow(&mut self, value: &Value) -> Option<Flow> {
        match value {
            Value::Str(text) if text.origins().any(Origin::is_read) => Some(Flow::default()),
            _ => {
                let node = self.nodes.by_address.get(&address(value)?)?;
                let data = match node.place {
                    0 => Set::EMPTY,
                    place => self.sets.one(place),
                };
                Some(Flow { data, control: Set::EMPTY })
            }
        }
    }

    /// What is known of an entry of a map of which `of` is known.
    pub(super) fn entry_flow(&mut self, map: &Map, key: &[u8], answer: Option<&Value>, of: Flow) -> Flow {
        if let Some(node) = self.nodes.by_address.get(&map.address()) {
            if let Some(mark) = node.entries.get(key) {
                let flow = self.sets.flow(*mark);
                let own = answer.and_then(|answer| self.own_flow(answer)).unwrap_or_default();
                return self.sets.join(flow, own);
            }
            if node.place != 0 {
                let place = self.sets.places.entry(node.place, key);
                let known = answer.and_then(address).and_then(|address| self.nodes.place_of(address));
                return Flow { data: self.sets.one(known.unwrap_or(place)), control: of.control };
            }
            if node.rest != Mark::NONE {
                let rest = self.sets.flow(node.rest);
                let rest = if answer.is_some() { rest } else { self.sets.governed(Flow::default(), rest) };
                return self.sets.join(rest, of);
            }
        }
        let own = answer.and_then(|answer| self.own_flow(answer));
        own.unwrap_or(of)
    }

    /// As [`Trace::entry_flow`], of an element of a list.
    pub(super) fn item_flow(&mut self, list: &List, index: usize, of: Flow) -> Flow {
        let item = list.get(index);
        if let Some(node) = self.nodes.by_address.get(&list.address()) {
            if let Some(mark) = node.items.get(index) {
                return self.sets.flow(*mark);
            }
            if node.place != 0 {
                let place = self.sets.places.item(node.place, index);
                let known = item.and_then(address).and_then(|address| self.nodes.place_of(address));
                return Flow { data: self.sets.one(known.unwrap_or(place)), control: of.control };
            }
        }
        let own = item.and_then(|item| self.own_flow(item));
        own.unwrap_or(of)
    }

    /// What has decided that these writers write.
    pub(super) fn sets_of_writers(&mut self, origins: impl Iterator<Item = Origin>) -> Set {
        let (mut all, mut last) = (Set::EMPTY, None);
        for origin in origins.filter(|origin| origin.is_writer()) {
            if last != Some(origin)
                && let Some(site) = self.sites.get(origin.number() as usize)
            {
                last = Some(origin);
                all = self.sets.union(all, site.control);
            }
        }
        all
    }

    /// As [`Trace::made_of`], with what has decided about the bytes of its texts.
    pub(super) fn whole(&mut self, value: &Value, mark: Mark) -> Flow {
        let mut flow = self.made_of(value, mark);
        let decided = match value {
            Value::Str(_) => self.sets_of_writers(text_origins(value)),
            Value::List(list) => self.sets_of_writers(list.iter().flat_map(text_origins)),
            Value::Map(map) => {
                let map = map.borrow();
                self.sets_of_writers(map.iter().flat_map(|(_, value)| text_origins(value)))
            }
            _ => Set::EMPTY,
        };
        flow.control = self.sets.union(flow.control, decided);
        flow
    }

    /// All that a value was made of, what stands in it included one level deep.
    pub(super) fn made_of(&mut self, value: &Value, mark: Mark) -> Flow {
        let mut flow = self.sets.flow(mark);
        match value {
            Value::Str(text) if text.has_origin() => {
                let reads = self.sets.of_reads(text.origins());
                flow.data = self.sets.union(flow.data, reads);
                let decided = self.sets.of_decided(text.origins());
                flow.control = self.sets.union(flow.control, decided);
            }
            Value::List(_) | Value::Map(_) => {
                if address(value).is_some_and(|address| self.nodes.place_of(address).is_some()) {
                    return flow;
                }
                for mark in self.nodes.marks(value) {
                    let inner = self.sets.flow(mark);
                    flow = self.sets.join(flow, inner);
                }
                let reads = match value {
                    Value::List(list) => self.sets.of_reads(list.iter().flat_map(text_origins)),
                    Value::Map(map) => {
                        self.sets.of_reads(map.borrow().iter().flat_map(|(_, value)| text_origins(value)))
                    }
                    _ => Set::EMPTY,
                };
                flow.data = self.sets.union(flow.data, reads);
            }
            _ => {}
        }
        flow
    }

    /// Says of a deep copy what is known of the original.
    pub(super) fn copy_nodes(&mut self, from: &Value, to: &Value) {
        let mut pairs = vec![(from.clone(), to.clone())];
        while let Some((from, to)) = pairs.pop() {
            self.nodes.copy(&from, &to);
            match (&from, &to) {
                (Value::Map(from), Value::Map(to)) => {
                    let copies = to.borrow();
                    for (key, value) in from.borrow().iter() {
                        if let (Some(_), Some(copy)) = (address(value), copies.get(key.as_bytes())) {
                            pairs.push((value.clone(), copy.clone()));
                        }
                    }
                }
                (Value::List(from), Value::List(to)) => {
                    let both = from.iter().zip(to.iter()).filter(|(value, _)| address(value).is_some());
                    pairs.extend(both.map(|(value, copy)| (value.clone(), copy.clone())));
                }
                _ => {}
            }
        }
    }
}

pub(super) fn text_origins(value: &Value) -> impl Iterator<Item = Origin> + '_ {
    let text = match value {
        Value::Str(text) => Some(text),
        _ => None,
    };
    text.into_iter().flat_map(Text::origins)
}
