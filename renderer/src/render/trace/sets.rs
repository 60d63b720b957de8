//! Sets of places, each kept once: what a value was made of, and what it depends on besides.
//!
//! A set that grows too large names maps and lists instead of what stands in them, so a loop that gathers everything costs no
//! more than one that gathers little, and what it says stays true.

use std::rc::Rc;

use gotemplate::Mark;
use value::{Origin, QuickMap};

use super::places::Places;

/// How many places a set names before it names what is around them.
const MAX_PLACES: usize = 256;

/// A set by its number; 0 is the empty one.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub(super) struct Set(u32);

impl Set {
    pub(super) const EMPTY: Self = Self(0);
}

/// What a mark stands for.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub(super) struct Flow {
    /// What the value was made of.
    pub(super) data: Set,
    /// What decided that it is this value and no other.
    pub(super) control: Set,
}

/// All places, sets of them and marks of a render.
#[derive(Debug)]
pub(super) struct Sets {
    pub(super) places: Places,
    sets: Vec<Rc<[Origin]>>,
    ids: QuickMap<Rc<[Origin]>, Set>,
    unions: QuickMap<(Set, Set), Set>,
    flows: Vec<Flow>,
    marks: QuickMap<Flow, Mark>,
}

impl Default for Sets {
    fn default() -> Self {
        let mut sets = Self {
            places: Places::default(),
            sets: Vec::new(),
            ids: QuickMap::default(),
            unions: QuickMap::default(),
            flows: Vec::new(),
            marks: QuickMap::default(),
        };
        sets.intern(Rc::new([]));
        sets.mark(Flow::default());
        sets
    }
}

impl Sets {
    /// The set of these, which are sorted and without repeats.
    fn intern(&mut self, origins: Rc<[Origin]>) -> Set {
        if let Some(known) = self.ids.get(&origins) {
            return *known;
        }
        let set = Set(self.sets.len() as u32);
        self.sets.push(origins.clone());
        self.ids.insert(origins, set);
        set
    }

    /// The set of these, all of which were read, in any order.
    fn collect(&mut self, mut reads: Vec<Origin>) -> Set {
        reads.sort_unstable();
        reads.dedup();
        if reads.len() > MAX_PLACES {
            let mut numbers: Vec<u32> = reads.iter().map(|read| read.number()).collect();
            self.places.widen(&mut numbers, MAX_PLACES);
            reads = numbers.into_iter().map(Origin::read).collect();
        }
        self.intern(reads.into())
    }

    /// The set of what was read among `origins`.
    pub(super) fn of_reads(&mut self, origins: impl Iterator<Item = Origin>) -> Set {
        let reads: Vec<Origin> = origins.filter(|origin| origin.is_read()).collect();
        if reads.is_empty() { Set::EMPTY } else { self.collect(reads) }
    }

    /// The set of what has decided among `origins`, as places that were read.
    pub(super) fn of_decided(&mut self, origins: impl Iterator<Item = Origin>) -> Set {
        let decided = origins.filter(|origin| origin.is_decided());
        self.of_reads(decided.map(|origin| Origin::read(origin.number())))
    }

    /// The set of one place.
    pub(super) fn one(&mut self, place: u32) -> Set {
        self.intern(Rc::new([Origin::read(place)]))
    }

    pub(super) fn origins(&self, set: Set) -> &Rc<[Origin]> {
        &self.sets[set.0 as usize]
    }

    /// What a value was made of and what decided about it, as origins of its bytes.
    pub(super) fn origins_of(&self, flow: Flow) -> Rc<[Origin]> {
        if flow.control == Set::EMPTY {
            return self.origins(flow.data).clone();
        }
        // In the order in which they sort.
        let decided = self.origins(flow.control).iter().map(|read| Origin::decided(read.number()));
        decided.chain(self.origins(flow.data).iter().copied()).collect()
    }

    pub(super) fn union(&mut self, a: Set, b: Set) -> Set {
        if a == b || b == Set::EMPTY {
            return a;
        }
        if a == Set::EMPTY {
            return b;
        }
        let pair = if a.0 < b.0 { (a, b) } else { (b, a) };
        if let Some(known) = self.unions.get(&pair) {
            return *known;
        }
        let set = self.collect(self.origins(a).iter().chain(self.origins(b).iter()).copied().collect());
        self.unions.insert(pair, set);
        set
    }

    /// The mark of a flow; none when there are more than a mark can number.
    pub(super) fn mark(&mut self, flow: Flow) -> Mark {
        if let Some(known) = self.marks.get(&flow) {
            return *known;
        }
        let number = self.flows.len() as u32;
        if number > Mark::MAX {
            return Mark::NONE;
        }
        self.flows.push(flow);
        self.marks.insert(flow, Mark(number));
        Mark(number)
    }

    pub(super) fn flow(&self, mark: Mark) -> Flow {
        self.flows.get(mark.0 as usize).copied().unwrap_or_default()
    }

    pub(super) fn join(&mut self, a: Flow, b: Flow) -> Flow {
        Flow { data: self.union(a.data, b.data), control: self.union(a.control, b.control) }
    }

    /// `flow`, decided by all of `by`.
    pub(super) fn governed(&mut self, flow: Flow, by: Flow) -> Flow {
        let all = self.union(by.data, by.control);
        Flow { data: flow.data, control: self.union(flow.control, all) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::places::Root;
    use super::*;

    #[test]
    fn a_set_that_grows_names_what_is_around_its_places() {
        let mut sets = Sets::default();
        let root = sets.places.root(Root::Values);
        let (list, other) = (sets.places.entry(root, b"list"), sets.places.entry(root, b"other"));
        let mut all = sets.one(other);
        for index in 0..10 * MAX_PLACES {
            let item = sets.places.item(list, index);
            let name = sets.places.entry(item, b"name");
            let one = sets.one(name);
            all = sets.union(all, one);
            assert!(sets.origins(all).len() <= MAX_PLACES);
        }
        let shown: Vec<String> =
            sets.origins(all).iter().map(|read| sets.places.place(read.number()).to_string()).collect();
        assert_eq!(shown[..2], [".Values.list", ".Values.other"]);
    }
}
