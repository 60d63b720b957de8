//! Random primes out of a stream of bytes, so that one seed always gives one key.

use num_bigint::BigUint;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

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
    pub(super) fn prime(&mut self, bits: u64) -> BigUint {
        loop {
            let mut candidate = self.number((bits / 8) as usize);
            for bit in [0, bits - 2, bits - 1] {
                candidate.set_bit(bit, true);
            }
            if is_prime(&candidate, self) {
                return candidate;
            }
        }
    }
}

/// Whether an odd number is a prime: by small divisors, then by the test of Miller and Rabin with random bases.
///
/// A random number of 1,024 bits that passes five rounds is composite with a chance below 2⁻¹⁰⁰ (FIPS 186-5, table B.1);
/// shorter ones get 64 rounds, as in `crypto/dsa`.
pub(super) fn is_prime(candidate: &BigUint, stream: &mut Stream) -> bool {
    if small_primes().any(|prime| (candidate % prime) == BigUint::ZERO) {
        return false;
    }
    let one = BigUint::from(1_u32);
    let less = candidate - &one;
    let Some(twos) = less.trailing_zeros() else { return false };
    let odd = &less >> twos;
    let rounds = if candidate.bits() < 1024 { 64 } else { 8 };
    let bytes = (candidate.bits() / 8) as usize;
    (0..rounds).all(|_| {
        // Two and more; a base beyond the candidate would do as well.
        let base = stream.number(bytes) % (&less - &one) + 2_u32;
        let mut power = base.modpow(&odd, candidate);
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

/// The odd primes below 2,048, far smaller than any candidate.
fn small_primes() -> impl Iterator<Item = u32> {
    const PRIMES: ([u16; 512], usize) = sieve();
    PRIMES.0[..PRIMES.1].iter().copied().map(u32::from)
}

const fn sieve() -> ([u16; 512], usize) {
    let (mut primes, mut count) = ([0; 512], 0);
    let mut number = 3;
    while number < 2048 {
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
