//! The table of all names: family, what a call asks of the world, and the function.

use gotemplate::{FuncMap, IntoFunc};

use crate::{
    convert, crypto, dates, defaults, dicts, encoding, flow, hashes, json, lists, math, network, path,
    random, reflect, regex, strings, url, versions,
};

/// What a function asks of the world besides its arguments.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Asks {
    /// The time; the same call may give another answer later.
    Clock,
    /// The name service.
    Network,
    /// Nothing: equal arguments give equal answers.
    Nothing,
    /// Randomness.
    Random,
}

/// One name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Entry {
    /// The name a template writes.
    pub name: &'static str,
    /// The family it belongs to: `strings`, `lists`, …
    pub family: &'static str,
    /// What a call asks of the world.
    pub asks: Asks,
}

/// All names with their functions.
#[derive(Clone, Debug, Default)]
pub struct Table {
    funcs: FuncMap,
    entries: Vec<Entry>,
    family: &'static str,
}

impl Table {
    /// What is known of each name, in the order of families.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The functions alone.
    pub fn into_funcs(self) -> FuncMap {
        self.funcs
    }

    pub(crate) fn family(&mut self, family: &'static str) {
        self.family = family;
    }

    pub(crate) fn pure<F: IntoFunc<A>, A>(&mut self, name: &'static str, function: F) {
        self.put(name, Asks::Nothing, function);
    }

    pub(crate) fn put<F: IntoFunc<A>, A>(&mut self, name: &'static str, asks: Asks, function: F) {
        self.funcs.add(name, function);
        self.entries.push(Entry { name, family: self.family, asks });
    }

    /// Another name for a function that stands in the table.
    pub(crate) fn alias(&mut self, alias: &'static str, name: &str) {
        let Some(entry) = self.entries.iter().find(|entry| entry.name == name).copied() else { return };
        self.funcs.alias(alias, name);
        self.entries.push(Entry { name: alias, ..entry });
    }
}

/// Makes the table; do it once and keep it.
pub fn table() -> Table {
    let mut table = Table::default();
    strings::add(&mut table);
    defaults::add(&mut table);
    flow::add(&mut table);
    lists::add(&mut table);
    dicts::add(&mut table);
    math::add(&mut table);
    convert::add(&mut table);
    reflect::add(&mut table);
    encoding::add(&mut table);
    path::add(&mut table);
    url::add(&mut table);
    json::add(&mut table);
    dates::add(&mut table);
    regex::add(&mut table);
    versions::add(&mut table);
    hashes::add(&mut table);
    crypto::add(&mut table);
    random::add(&mut table);
    network::add(&mut table);
    table
}

/// The functions as the machine takes them.
pub fn funcs() -> FuncMap {
    table().into_funcs()
}
