//! Random primes out of a stream of bytes, so that one seed always gives one key.

use num_bigint::BigUint;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::montgomery::Field;

/// How many random bytes a [`Stream`] grows from.
pub(super) const SEED_BYTES: usize = 32;

/// Random bytes without end that nobody can foresee who does not know the seed.
pub(super) struct Stream(ChaCha20Rng);

impl Stream {
    pub(super) fn new(seed: [u8; SEED_BYTES]) -> Self {
        Self(ChaCha20Rng::from_seed(seed))
    }

    pub(super) fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }

    /// A random number of whole bytes.
    pub(super) fn number(&mut self, bytes: usize) -> BigUint {
        let mut buffer = vec![0; bytes];
        self.fill(&mut buffer);
        BigUint::from_bytes_be(&buffer)
    }

    /// A prime of exactly so many bits, a multiple of 8; its two highest bits are set, so that the product of two such primes
    /// is twice as long.
    ///
    /// It is the first one from a random number on: what small primes divide is crossed out for a whole window at once.
    pub(super) fn prime(&mut self, bits: u64) -> BigUint {
        loop {
            let mut start = self.number((bits / 8) as usize);
            for bit in [0, bits - 2, bits - 1] {
                start.set_bit(bit, true);
            }
            let found = not_divided(&start).map(|offset| &start + offset).find(|number| passes(number, self));
            if let Some(prime) = found
                && prime.bits() == bits
            {
                return prime;
            }
        }
    }
}

/// How many odd numbers are looked at from one start.
const WINDOW: usize = 2048;

/// Those of the even offsets from an odd number that lead to a number without a small divisor.
fn not_divided(start: &BigUint) -> impl Iterator<Item = u32> + use<> {
    let mut is_divided = vec![false; WINDOW];
    for prime in small_primes() {
        let rest = (start % prime).iter_u32_digits().next().unwrap_or_default();
        // The first step of two that leads to a multiple: half of the way there, or of the way beyond it.
        let way = (prime - rest) % prime;
        let first = if way.is_multiple_of(2) { way / 2 } else { (way + prime) / 2 };
        for at in (first as usize..WINDOW).step_by(prime as usize) {
            is_divided[at] = true;
        }
    }
    is_divided
        .into_iter()
        .zip((0..).step_by(2))
        .filter(|(is_divided, _)| !is_divided)
        .map(|(_, offset)| offset)
}

/// Whether an odd number is a prime: by small divisors, then as [`passes`].
pub(super) fn is_prime(candidate: &BigUint, stream: &mut Stream) -> bool {
    small_primes().all(|prime| (candidate % prime) != BigUint::ZERO) && passes(candidate, stream)
}

/// The test of Miller and Rabin with random bases, of an odd number beyond 3.
///
/// A random number of 1,024 bits that passes five rounds is composite with a chance below 2⁻¹⁰⁰ (FIPS 186-5, table B.1);
/// shorter ones get 64 rounds, as in `crypto/dsa`. Before them comes a round to the base of 2, which costs less and which nearly
/// every composite number fails.
fn passes(candidate: &BigUint, stream: &mut Stream) -> bool {
    let one = BigUint::from(1_u32);
    let less = candidate - &one;
    let Some(twos) = less.trailing_zeros() else { return false };
    let odd = &less >> twos;
    let rounds = if candidate.bits() < 1024 { 64 } else { 5 };
    let bytes = (candidate.bits() / 8) as usize;
    let mut field = Field::new(candidate);
    (0..=rounds).all(|round| {
        let mut power = if round == 0 {
            field.power_of_two(&odd)
        } else {
            // Two and more, below the candidate less one.
            let base = stream.number(bytes) % (&less - 2_u32) + 2_u32;
            field.power(&base, &odd)
        };
        if power == one || power == less {
            return true;
        }
        for _ in 1..twos {
            power = &power * &power % candidate;
            if power == less {
                return true;
            }
        }
        false
    })
}

/// The odd primes below 32,768, far smaller than any candidate.
fn small_primes() -> impl Iterator<Item = u32> {
    const PRIMES: ([u16; 3511], usize) = sieve();
    PRIMES.0[..PRIMES.1].iter().copied().map(u32::from)
}

const fn sieve() -> ([u16; 3511], usize) {
    let (mut primes, mut count) = ([0; 3511], 0);
    let mut number = 3;
    while number < 1 << 15 {
        let mut divisor = 3;
        while divisor * divisor <= number && number % divisor != 0 {
            divisor += 2;
        }
        if divisor * divisor > number {
            primes[count] = number;
            count += 1;
        }
        number += 2;
    }
    (primes, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primes_are_told_from_other_numbers() {
        let mut stream = Stream::new([1; SEED_BYTES]);
        let number = |power: u32, less: u32| BigUint::from(2_u32).pow(power) - less;
        assert!(is_prime(&number(521, 1), &mut stream));
        assert!(is_prime(&number(1279, 1), &mut stream));
        assert!(!is_prime(&(number(521, 1) * number(607, 1)), &mut stream));
        assert!(!is_prime(&number(523, 1), &mut stream));
    }

    #[test]
    fn one_seed_gives_one_prime() {
        let prime = |seed: u8| Stream::new([seed; SEED_BYTES]).prime(256);
        assert_eq!(prime(1), prime(1));
        assert_ne!(prime(1), prime(2));
        assert_eq!(prime(1).bits(), 256);
    }
}
