//! Go slices as templates see them: shared and never changed in place.

use std::fmt;
use std::ops::Deref;
use std::rc::Rc;

use crate::bury::bury;
use crate::{Text, Value};

/// The element type of a slice; `%T`, argument checks and comparisons see it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Element {
    /// `[]interface {}`
    Any,
    /// `[]int`: every element is a [`Value::Int`].
    Int,
    /// `[][]interface {}`: every element is a [`Value::List`] of anything.
    List,
    /// `[]map[string]interface {}`: every element is a [`Value::Map`].
    Map,
    /// `[]string`: every element is a [`Value::Str`].
    Str,
}

/// A slice. Every list function of Sprig copies, so a list never changes once it is made.
#[derive(Clone)]
pub struct List(Rc<Inner>);

struct Inner {
    items: Vec<Value>,
    element: Element,
    nil: bool,
}

impl Drop for Inner {
    fn drop(&mut self) {
        bury(self.items.drain(..));
    }
}

impl List {
    /// A `[]interface {}` of these values.
    pub fn new(items: Vec<Value>) -> Self {
        Self::typed(Element::Any, items)
    }

    /// A slice of type `element`; the caller keeps the promise of [`Element`].
    pub fn typed(element: Element, items: Vec<Value>) -> Self {
        Self(Rc::new(Inner { items, element, nil: false }))
    }

    /// A nil slice: empty, prints `[]`, encodes as `null`.
    pub fn nil(element: Element) -> Self {
        Self(Rc::new(Inner { items: Vec::new(), element, nil: true }))
    }

    /// A `[]string`.
    pub fn strings(items: impl IntoIterator<Item = impl Into<Text>>) -> Self {
        Self::typed(Element::Str, items.into_iter().map(|item| Value::Str(item.into())).collect())
    }

    /// A `[]int`.
    pub fn ints(items: impl IntoIterator<Item = i64>) -> Self {
        Self::typed(Element::Int, items.into_iter().map(Value::Int).collect())
    }

    /// The element type.
    pub fn element(&self) -> Element {
        self.0.element
    }

    /// A number that tells this slice from all others alive now.
    pub fn address(&self) -> usize {
        Rc::as_ptr(&self.0).addr()
    }

    /// Whether this is a nil slice.
    pub fn is_nil(&self) -> bool {
        self.0.nil
    }
}

impl Deref for List {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        &self.0.items
    }
}

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
