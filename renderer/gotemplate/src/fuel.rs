//! Fuel: what a run may spend, charged before anything of a size that a chart chooses is made.

use crate::Failure;

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

    /// What is left; `None` where there is no limit.
    pub fn left(&self) -> Option<u64> {
        self.left
    }
}
