//! Keys that take long to make: announced before, paid for in fuel, and kept.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use gotemplate::{Call, Failure};

use super::key::PrivateKey;
use super::prime::{SEED_BYTES, Stream};
use super::rsa::RsaKey;
use super::{dsa, pem};
use crate::outside::{Announce, random};

/// The kinds of keys that take long to make.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Slow {
    Dsa,
    Rsa2048,
    Rsa4096,
}

impl Slow {
    const fn what(self) -> &'static str {
        match self {
            Self::Dsa => "a DSA key of 2048 bits",
            Self::Rsa2048 => "an RSA key of 2048 bits",
            Self::Rsa4096 => "an RSA key of 4096 bits",
        }
    }

    /// Less than the time it takes, since a key is announced and kept: a template may make a handful.
    const fn fuel(self) -> u64 {
        match self {
            Self::Dsa => 4_000_000,
            Self::Rsa2048 => 1_000_000,
            Self::Rsa4096 => 8_000_000,
        }
    }

    fn make(self, seed: [u8; SEED_BYTES]) -> Made {
        let mut stream = Stream::new(seed);
        let rsa =
            |bits, stream: &mut Stream| Made::Key(PrivateKey::Rsa(Box::new(RsaKey::generate(bits, stream))));
        match self {
            Self::Dsa => Made::Dsa(dsa::generate(&mut stream)),
            Self::Rsa2048 => rsa(2048, &mut stream),
            Self::Rsa4096 => rsa(4096, &mut stream),
        }
    }
}

#[derive(Clone, Debug)]
pub(super) enum Made {
    Dsa(Vec<u8>),
    Key(PrivateKey),
}

impl Made {
    pub(super) fn to_pem(&self) -> String {
        match self {
            Self::Dsa(der) => pem::encode("DSA PRIVATE KEY", der),
            Self::Key(key) => key.to_pem(),
        }
    }
}

/// The keys made last, by what they were made from: where a world gives the same randomness in every render, a key is made
/// once. In any other world this finds nothing, ever.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept(Rc<RefCell<VecDeque<Entry>>>);

/// A key and what it was made from.
#[derive(Clone, Debug)]
struct Entry {
    kind: Slow,
    seed: [u8; SEED_BYTES],
    made: Made,
}

/// As many certificates as a large chart makes.
const KEPT_KEYS: usize = 32;

impl Kept {
    /// A key from a seed that the world gives.
    ///
    /// # Errors
    /// No fuel, no randomness.
    pub(super) fn make(&self, call: &mut Call<'_>, kind: Slow) -> Result<Made, Failure> {
        // Paid for even if it is kept: the same chart must come equally far in every render.
        call.charge(kind.fuel())?;
        let seed = draw(call)?;
        let same = |entry: &&Entry| entry.kind == kind && entry.seed == seed;
        if let Some(entry) = self.0.borrow().iter().find(same) {
            return Ok(entry.made.clone());
        }
        call.ask(&mut Announce { what: kind.what() });
        let made = kind.make(seed);
        let mut kept = self.0.borrow_mut();
        kept.truncate(KEPT_KEYS - 1);
        kept.push_front(Entry { kind, seed, made: made.clone() });
        Ok(made)
    }

    /// The key of a new certificate.
    pub(super) fn new_key(&self, call: &mut Call<'_>) -> Result<PrivateKey, Failure> {
        match self.make(call, Slow::Rsa2048)? {
            Made::Key(key) => Ok(key),
            Made::Dsa(_) => Ok(PrivateKey::Dsa),
        }
    }
}

/// Random bytes of a fixed number.
pub(super) fn draw<const N: usize>(call: &mut Call<'_>) -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&random(call, N)?);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::any::Any;

    use gotemplate::{Fuel, Host};

    use super::*;
    use crate::outside::Random;

    /// Gives one seed for ever, and counts what is announced.
    struct Same(u32);

    impl Host for Same {
        fn ask(&mut self, question: &mut dyn Any) -> bool {
            if let Some(random) = question.downcast_mut::<Random>() {
                random.bytes.fill(3);
                return true;
            }
            self.0 += u32::from(question.is::<Announce>());
            false
        }
    }

    #[test]
    fn a_seed_is_made_a_key_once_and_paid_for_each_time() {
        let (mut host, mut fuel) = (Same(0), Fuel::limited(2 * Slow::Rsa2048.fuel()));
        let kept = Kept::default();
        let mut make = || {
            let made = kept.make(&mut Call::new(&mut host, &mut fuel, false), Slow::Rsa2048)?;
            Ok::<_, Failure>(made.to_pem())
        };
        let first = make().unwrap();
        assert_eq!(make().unwrap(), first);
        assert_eq!(make().unwrap_err(), Failure::OutOfFuel);
        assert_eq!(host.0, 1);
    }
}
