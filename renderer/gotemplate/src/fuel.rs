//! Fuel: what a run may spend, charged before anything of a size that a chart chooses is made.

use value::Value;

use crate::Failure;

/// How far down [`Fuel::charge_value`] looks. Only a map that holds itself goes deeper than any writer does.
const DEEPEST: usize = 2_000;

/// The budget of one template. A unit is about one instruction of the machine, or eight bytes of new text.
#[derive(Clone, Copy, Debug)]
pub struct Fuel {
    left: Option<u64>,
}

impl Fuel {
    /// No limit; the command line renders so, as Helm does.
    pub const fn endless() -> Self {
        Self { left: None }
    }

    /// At most `units`.
    pub const fn limited(units: u64) -> Self {
        Self { left: Some(units) }
    }

    /// Takes `units`.
    ///
    /// # Errors
    /// [`Failure::OutOfFuel`] when less is left; the caller must not make what it asked for.
    #[inline]
    pub fn charge(&mut self, units: u64) -> Result<(), Failure> {
        match &mut self.left {
            None => Ok(()),
            Some(left) => match left.checked_sub(units) {
                Some(rest) => {
                    *left = rest;
                    Ok(())
                }
                None => {
                    *left = 0;
                    Err(Failure::OutOfFuel)
                }
            },
        }
    }

    /// Takes what the text of `value` will cost, before it is written: a map that is held in many places is written in
    /// each of them, so a small value can have a text beyond any memory. Costs a walk, and nothing without a limit.
    ///
    /// # Errors
    /// [`Failure::OutOfFuel`].
    pub fn charge_value(&mut self, value: &Value) -> Result<(), Failure> {
        if self.left.is_none() {
            return Ok(());
        }
        let mut waiting = vec![(0, value.clone())];
        while let Some((depth, value)) = waiting.pop() {
            match value {
                Value::List(list) if depth < DEEPEST => {
                    self.charge(list.len() as u64 * indent(depth) + 1)?;
                    waiting.extend(list.iter().map(|item| (depth + 1, item.clone())));
                }
                Value::Map(map) if depth < DEEPEST && !map.is_nil() => {
                    let entries = map.borrow();
                    self.charge(entries.len() as u64 * (indent(depth) + 1) + 1)?;
                    waiting.extend(entries.iter().map(|(_, value)| (depth + 1, value.clone())));
                }
                Value::Str(text) => self.charge(text.len() as u64 / 8 + 1)?,
                _ => self.charge(1)?,
            }
        }
        Ok(())
    }

    /// What is left; `None` where there is no limit.
    pub fn left(&self) -> Option<u64> {
        self.left
    }
}

/// What the spaces before a line cost, and the line itself.
fn indent(depth: usize) -> u64 {
    depth as u64 / 4 + 1
}

#[cfg(test)]
mod tests {
    use value::{List, Map, Text};

    use super::*;

    #[test]
    fn a_value_that_is_shared_is_paid_for_in_each_place() {
        let mut value = Value::from(Text::from("leaf"));
        for _ in 0..40 {
            value = List::new(vec![value.clone(), value]).into();
        }
        assert_eq!(Fuel::limited(1_000_000).charge_value(&value), Err(Failure::OutOfFuel));
        assert_eq!(Fuel::endless().charge_value(&value), Ok(()));
    }

    #[test]
    fn a_map_that_holds_itself_comes_to_an_end() {
        let map = Map::new();
        map.insert("self", map.clone());
        assert_eq!(Fuel::limited(1_000_000).charge_value(&map.clone().into()), Ok(()));
        map.remove(b"self");
    }
}
