//! Numbers for the places that values stand at, so that a mark on a string is four bytes.

use std::fmt;
use std::rc::Rc;

use value::{QuickMap, Step, Text, ValuePath};

/// What a path starts from.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Root {
    /// What the templates of a chart see besides the values: `.Release`, `.Chart`. Holds the chart's full path.
    Context(Rc<str>),
    /// The values of the root chart, in which those of a subchart stand under its name.
    Values,
}

/// A place in what templates see: `.Values.web.port`, `.Release.Name`.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Place {
    /// Where the path starts.
    pub root: Root,
    /// The way down.
    pub path: ValuePath,
    /// Whether the key itself is meant, not what stands at it: a loop over a map prints both.
    pub is_name: bool,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bracket = matches!(self.path.to_string().chars().next(), Some('[') | None);
        let dot = if bracket { "" } else { "." };
        match &self.root {
            Root::Context(_) => {
                write!(f, "{}{}", if bracket && self.path.0.is_empty() { "." } else { dot }, self.path)
            }
            Root::Values => write!(f, ".Values{dot}{}", self.path),
        }?;
        if self.is_name { f.write_str(" (its name)") } else { Ok(()) }
    }
}

#[derive(Debug)]
enum Link {
    Below(u32, Step),
    Name(u32),
    Root(Root),
}

/// All places of a render; 0 is none.
#[derive(Debug)]
pub(super) struct Places {
    links: Vec<Link>,
    keys: Vec<QuickMap<Text, u32>>,
    items: QuickMap<(u32, u32), u32>,
}

impl Default for Places {
    fn default() -> Self {
        let mut places = Self { links: Vec::new(), keys: Vec::new(), items: QuickMap::default() };
        // Never asked for: it takes the number 0.
        places.root(Root::Values);
        places
    }
}

impl Places {
    pub(super) fn root(&mut self, root: Root) -> u32 {
        self.add(Link::Root(root))
    }

    fn add(&mut self, link: Link) -> u32 {
        self.links.push(link);
        self.keys.push(QuickMap::default());
        self.links.len() as u32 - 1
    }

    /// The place of the entry at `key` of the map at `place`.
    pub(super) fn entry(&mut self, place: u32, key: &[u8]) -> u32 {
        if let Some(known) = self.keys[place as usize].get(key) {
            return *known;
        }
        let key = Text::from(key);
        let below = self.add(Link::Below(place, Step::Key(key.clone())));
        self.keys[place as usize].insert(key, below);
        below
    }

    /// The key of an entry.
    pub(super) fn name(&mut self, entry: u32) -> u32 {
        // No list has this element, and no entry is one.
        let none = (entry, u32::MAX);
        if let Some(known) = self.items.get(&none) {
            return *known;
        }
        let name = self.add(Link::Name(entry));
        self.items.insert(none, name);
        name
    }

    /// The place of an element of the list at `place`.
    pub(super) fn item(&mut self, place: u32, index: usize) -> u32 {
        let index = index as u32;
        if let Some(known) = self.items.get(&(place, index)) {
            return *known;
        }
        let below = self.add(Link::Below(place, Step::Index(index)));
        self.items.insert((place, index), below);
        below
    }

    /// Makes a set smaller by naming what is around its deepest places instead of them, until there are no more than `most`
    /// or all are roots. Gives it sorted and without repeats.
    pub(super) fn widen(&self, set: &mut Vec<u32>, most: usize) {
        let above = |place: u32| match &self.links[place as usize] {
            Link::Below(above, _) | Link::Name(above) => Some(*above),
            Link::Root(_) => None,
        };
        let depth = |place: u32| std::iter::successors(Some(place), |at| above(*at)).count();
        let mut deep: Vec<(usize, u32)> = set.iter().map(|place| (depth(*place), *place)).collect();
        while deep.len() > most
            && let Some(deepest) = deep.iter().map(|(depth, _)| *depth).max()
            && deepest > 1
        {
            for entry in &mut deep {
                if entry.0 == deepest {
                    *entry = (deepest - 1, above(entry.1).unwrap_or(entry.1));
                }
            }
            deep.sort_unstable();
            deep.dedup();
        }
        set.clear();
        set.extend(deep.into_iter().map(|(_, place)| place));
        set.sort_unstable();
    }

    /// The place of that number.
    pub(super) fn place(&self, number: u32) -> Place {
        let (mut steps, mut is_name) = (Vec::new(), false);
        let mut at = number;
        loop {
            match &self.links[at as usize] {
                Link::Below(above, step) => {
                    steps.push(step.clone());
                    at = *above;
                }
                Link::Name(entry) => {
                    is_name = true;
                    at = *entry;
                }
                Link::Root(root) => {
                    steps.reverse();
                    return Place { root: root.clone(), path: ValuePath(steps), is_name };
                }
            }
        }
    }
}
