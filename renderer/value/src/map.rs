//! Go maps with string keys: shared, changed in place, walked in the order of their keys.

mod table;

use std::cell::{Cell, Ref, RefCell};
use std::fmt;
use std::rc::Rc;

use crate::bury::bury;
use crate::{Text, Value};
use table::Table;

/// The Go type that a map has where it is held; the same map can be held under two types.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum MapType {
    /// `map[string]interface {}`
    Any,
    /// `map[string][]uint8`, what is under `engine.files`: every element is a [`Value::Bytes`].
    Bytes,
    /// `map[string]string`: every element is a [`Value::Str`].
    Str,
    /// `common.Values`, Helm's named map with methods.
    Values,
}

impl MapType {
    /// What Go gives for a key that is absent: the zero value of the element type.
    pub fn zero(self) -> Value {
        match self {
            Self::Any | Self::Values => Value::Nil,
            Self::Bytes => Value::Bytes(Text::new()),
            Self::Str => Value::Str(Text::new()),
        }
    }
}

/// A shared, mutable map. Cloning it clones the handle: all holders see what `set` and `merge` change.
///
/// Cost: lookups and changes are logarithmic; nothing is copied but by [`Map::shallow_copy`].
#[derive(Clone)]
pub struct Map {
    inner: Rc<Inner>,
    of: MapType,
}

struct Inner {
    entries: RefCell<Table>,
    nil: bool,
    /// Set by the host of a run to know this map again; 0 is "not placed".
    place: Cell<u32>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        bury(std::mem::take(self.entries.get_mut()).into_iter());
    }
}

impl Map {
    /// An empty `map[string]interface {}`.
    pub fn new() -> Self {
        Self::with_type(MapType::Any)
    }

    /// An empty map of type `of`.
    pub fn with_type(of: MapType) -> Self {
        Self { inner: Rc::new(Inner { entries: RefCell::default(), nil: false, place: Cell::new(0) }), of }
    }

    /// A nil map of type `of`: empty, prints `map[]`, encodes as `null`, and cannot be written.
    pub fn nil(of: MapType) -> Self {
        Self { inner: Rc::new(Inner { entries: RefCell::default(), nil: true, place: Cell::new(0) }), of }
    }

    /// Whether this is a nil map.
    pub fn is_nil(&self) -> bool {
        self.inner.nil
    }

    /// The Go type under which this handle holds the map.
    pub fn map_type(&self) -> MapType {
        self.of
    }

    /// The same map held under another type.
    pub fn retyped(&self, of: MapType) -> Self {
        Self { inner: self.inner.clone(), of }
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.inner.entries.borrow().len()
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value at `key`.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Option<Value> {
        self.inner.entries.borrow().get(key.as_ref()).cloned()
    }

    /// Whether `key` is present, nil or not.
    pub fn contains(&self, key: impl AsRef<[u8]>) -> bool {
        self.inner.entries.borrow().get(key.as_ref()).is_some()
    }

    /// Puts `value` at `key` and gives what stood there. A nil map stays as it is: ask [`Map::is_nil`] where Go would panic.
    pub fn insert(&self, key: impl Into<Text>, value: impl Into<Value>) -> Option<Value> {
        if self.inner.nil {
            return None;
        }
        self.inner.entries.borrow_mut().insert(key.into(), value.into())
    }

    /// Takes the entry at `key` away.
    pub fn remove(&self, key: impl AsRef<[u8]>) -> Option<Value> {
        self.inner.entries.borrow_mut().remove(key.as_ref())
    }

    /// Looks at the entries in the order of their keys, bytewise. The map must not be changed while the guard lives.
    pub fn borrow(&self) -> Entries<'_> {
        Entries(self.inner.entries.borrow())
    }

    /// The keys in order; a copy, so the map may change while they are walked.
    pub fn keys(&self) -> Vec<Text> {
        self.borrow().iter().map(|(key, _)| key.clone()).collect()
    }

    /// The entries in order; a copy, so the map may change while they are walked.
    pub fn entries(&self) -> Vec<(Text, Value)> {
        self.borrow().iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// A new map of the same type with the same entries; nested maps stay shared.
    pub fn shallow_copy(&self) -> Self {
        Self {
            inner: Rc::new(Inner {
                entries: RefCell::new(self.inner.entries.borrow().clone()),
                nil: self.inner.nil,
                place: Cell::new(0),
            }),
            of: self.of,
        }
    }

    /// Whether both handles hold the same map.
    pub fn is_same(&self, other: &Map) -> bool {
        Rc::ptr_eq(&self.inner, &other.inner)
    }

    /// A number that tells this map from all others alive now.
    pub fn address(&self) -> usize {
        Rc::as_ptr(&self.inner).addr()
    }

    /// The mark that the host of a run left; 0 when there is none.
    pub fn place(&self) -> u32 {
        self.inner.place.get()
    }

    /// Leaves a mark for the host of a run.
    pub fn set_place(&self, place: u32) {
        self.inner.place.set(place);
    }
}

impl Default for Map {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.borrow().iter()).finish()
    }
}

impl<K: Into<Text>, V: Into<Value>> FromIterator<(K, V)> for Map {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let map = Self::new();
        for (key, value) in entries {
            map.insert(key, value);
        }
        map
    }
}

/// A look at a map's entries, in order.
pub struct Entries<'a>(Ref<'a, Table>);

impl Entries<'_> {
    /// Walks the entries in the order of their keys.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Text, &Value)> {
        self.0.iter()
    }

    /// The value at `key`, without a clone.
    pub fn get(&self, key: &[u8]) -> Option<&Value> {
        self.0.get(key)
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.0.len() == 0
    }
}
