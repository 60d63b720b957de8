//! The entries of a map: a sorted vector while they are few, as nearly all maps of a chart are, and a tree beyond.

use std::collections::{BTreeMap, btree_map};

use crate::{Text, Value};

/// From here on, putting an entry in the middle of a vector would cost more than a tree.
const MANY: usize = 256;

/// Entries in the order of their keys. Lookups are logarithmic; so are changes, but for a move of at most [`MANY`] entries.
#[derive(Clone)]
pub(super) enum Table {
    Few(Vec<Entry>),
    Many(BTreeMap<Text, Value>),
}

#[derive(Clone)]
pub(super) struct Entry {
    /// The first eight bytes of the key as one number: most comparisons end here.
    head: u64,
    key: Text,
    value: Value,
}

impl Default for Table {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

/// The first eight bytes, the first of them the highest; missing ones are 0. Where heads differ, keys differ the same way.
#[inline]
fn head(key: &[u8]) -> u64 {
    match key.first_chunk::<8>() {
        Some(first) => u64::from_be_bytes(*first),
        None => key.iter().fold(0, |head, byte| head << 8 | u64::from(*byte)) << (8 * (8 - key.len()) % 64),
    }
}

impl Table {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Few(entries) => entries.len(),
            Self::Many(entries) => entries.len(),
        }
    }

    pub(super) fn get(&self, key: &[u8]) -> Option<&Value> {
        match self {
            Self::Few(entries) => place(entries, key).ok().map(|at| &entries[at].value),
            Self::Many(entries) => entries.get(key),
        }
    }

    pub(super) fn insert(&mut self, key: Text, value: Value) -> Option<Value> {
        let entries = match self {
            Self::Few(entries) => entries,
            Self::Many(entries) => return entries.insert(key, value),
        };
        let head = head(key.as_bytes());
        // Readers and copies bring their keys in order.
        let last = entries.last().is_none_or(|last| (last.head, &last.key) < (head, &key));
        let at = match if last { Err(entries.len()) } else { place(entries, key.as_bytes()) } {
            Ok(at) => return Some(std::mem::replace(&mut entries[at].value, value)),
            Err(at) => at,
        };
        if entries.len() < MANY {
            entries.insert(at, Entry { head, key, value });
        } else {
            let few = std::mem::take(entries).into_iter().map(|entry| (entry.key, entry.value));
            *self = Self::Many(few.chain([(key, value)]).collect());
        }
        None
    }

    pub(super) fn remove(&mut self, key: &[u8]) -> Option<Value> {
        match self {
            Self::Few(entries) => place(entries, key).ok().map(|at| entries.remove(at).value),
            Self::Many(entries) => entries.remove(key),
        }
    }

    pub(super) fn iter(&self) -> Iter<'_> {
        match self {
            Self::Few(entries) => Iter::Few(entries.iter()),
            Self::Many(entries) => Iter::Many(entries.iter()),
        }
    }
}

/// Where `key` stands, or where it belongs.
#[inline]
fn place(entries: &[Entry], key: &[u8]) -> Result<usize, usize> {
    let wanted = head(key);
    let mut at = entries.partition_point(|entry| entry.head < wanted);
    while let Some(entry) = entries.get(at).filter(|entry| entry.head == wanted) {
        match entry.key.as_bytes().cmp(key) {
            std::cmp::Ordering::Less => at += 1,
            std::cmp::Ordering::Equal => return Ok(at),
            std::cmp::Ordering::Greater => break,
        }
    }
    Err(at)
}

/// The values in the order of their keys.
pub(super) enum IntoValues {
    Few(std::vec::IntoIter<Entry>),
    Many(btree_map::IntoValues<Text, Value>),
}

impl IntoIterator for Table {
    type Item = Value;
    type IntoIter = IntoValues;

    fn into_iter(self) -> IntoValues {
        match self {
            Self::Few(entries) => IntoValues::Few(entries.into_iter()),
            Self::Many(entries) => IntoValues::Many(entries.into_values()),
        }
    }
}

impl Iterator for IntoValues {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        match self {
            Self::Few(entries) => entries.next().map(|entry| entry.value),
            Self::Many(values) => values.next(),
        }
    }
}

/// The entries in order.
pub(super) enum Iter<'a> {
    Few(std::slice::Iter<'a, Entry>),
    Many(btree_map::Iter<'a, Text, Value>),
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a Text, &'a Value);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Few(entries) => entries.next().map(|entry| (&entry.key, &entry.value)),
            Self::Many(entries) => entries.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Self::Few(entries) => entries.size_hint(),
            Self::Many(entries) => entries.size_hint(),
        }
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        match self {
            Self::Few(entries) => entries.next_back().map(|entry| (&entry.key, &entry.value)),
            Self::Many(entries) => entries.next_back(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look random, and the same in every run.
    fn numbers() -> impl Iterator<Item = u64> {
        std::iter::successors(Some(1_u64), |last| {
            Some(last.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407))
        })
        .map(|number| number >> 33)
    }

    #[test]
    fn a_table_is_a_map_however_many_entries_it_has() {
        let mut numbers = numbers();
        let mut number = || numbers.next().unwrap_or_default();
        for n_keys in [5, 60, 2_000] {
            let (mut table, mut model) = (Table::default(), BTreeMap::new());
            for _ in 0..5_000 {
                // Zero bytes and shared heads are what the order could trip over.
                let bytes = [b"\0\0\0", b"abc".as_slice(), b"abcdefgh", b"abcdefgh\0"];
                let mut key = bytes[(number() % 4) as usize].to_vec();
                key.extend((number() % n_keys).to_string().into_bytes());
                key.truncate((number() % 16) as usize);
                let value = number() as i64;
                if number() % 4 == 0 {
                    let gone = table.remove(&key).map(|value| format!("{value:?}"));
                    assert_eq!(gone, model.remove(&key).map(|value: i64| value.to_string()));
                } else {
                    let old = table.insert(Text::from(key.as_slice()), Value::Int(value));
                    let old = old.map(|value| format!("{value:?}"));
                    assert_eq!(old, model.insert(key.clone(), value).map(|value| value.to_string()));
                }
                assert_eq!(table.get(&key).is_some(), model.contains_key(&key));
                assert_eq!(table.len(), model.len());
            }
            let keys =
                |table: &Table| table.iter().map(|(key, _)| key.as_bytes().to_vec()).collect::<Vec<_>>();
            assert_eq!(keys(&table), model.keys().cloned().collect::<Vec<_>>());
            let back: Vec<_> = table.iter().rev().map(|(key, _)| key.as_bytes().to_vec()).collect();
            assert_eq!(back, model.keys().rev().cloned().collect::<Vec<_>>());
        }
    }
}
