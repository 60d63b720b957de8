//! New DSA keys. Nothing signs with them: certificates refuse them, as in Go.
//!
//! *Source*: go 1.27 `crypto/dsa`; sprig 3.3.0 `crypto.go`, `DSAKeyFormat`.

use num_bigint::BigUint;

use super::der;
use super::prime::{Stream, is_prime};

/// Bits of the large prime and of the small one.
const LARGE: u64 = 2048;
const SMALL: u64 = 256;

/// A new key with parameters of its own, as `DSAKeyFormat`.
pub(super) fn generate(stream: &mut Stream) -> Vec<u8> {
    let (p, q) = parameters(stream);
    let one = BigUint::from(1_u32);
    let power = (&p - &one) / &q;
    let mut base = BigUint::from(2_u32);
    let mut generator = base.modpow(&power, &p);
    while generator == one {
        base += 1_u32;
        generator = base.modpow(&power, &p);
    }
    let private = loop {
        let private = stream.number((SMALL / 8) as usize);
        if private != BigUint::ZERO && private < q {
            break private;
        }
    };
    let public = generator.modpow(&private, &p);
    let numbers = [&BigUint::ZERO, &p, &q, &generator, &public, &private];
    der::element(der::SEQUENCE, &numbers.map(der::integer).concat())
}

/// A large prime, and a small one that divides it less one.
fn parameters(stream: &mut Stream) -> (BigUint, BigUint) {
    loop {
        let q = stream.prime(SMALL);
        for _ in 0..4 * LARGE {
            let mut p = stream.number((LARGE / 8) as usize);
            p.set_bit(LARGE - 1, true);
            p.set_bit(0, true);
            // One more than a multiple of `q`, and odd: the multiple must be even.
            p = &p - (&p % (&q << 1_u32)) + 1_u32;
            if p.bits() == LARGE && is_prime(&p, stream) {
                return (p, q);
            }
        }
    }
}
