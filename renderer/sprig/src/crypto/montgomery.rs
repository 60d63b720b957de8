//! Powers modulo a number, for the search of primes alone: nothing here runs in constant time.
//!
//! Natively a limb is a word, and the carries of the two products of a row travel beside each other. In WebAssembly a product
//! of two words fits in no register, so carries cost more than the products themselves: limbs of 28 bits leave room in a
//! 64-bit sum for all products of a column, and carries are resolved once per multiplication. A 2,048-bit power takes a
//! quarter of the time of `BigUint::modpow` there.

use num_bigint::BigUint;

#[cfg(not(target_arch = "wasm32"))]
mod limbs {
    pub(super) type Limb = u64;
    pub(super) type Product = u128;
    /// Where a product is summed up.
    pub(super) type Sum = Limb;
    pub(super) const LIMB_BITS: u64 = 64;

    /// `left = left · right / 2^(l n)`; without a `right`, the square.
    pub(super) fn multiply(
        left: &mut [Limb],
        right: Option<&[Limb]>,
        modulus: &[Limb],
        inverse: Limb,
        sums: &mut [Sum],
    ) {
        let n_limbs = modulus.len();
        let sums = &mut sums[..n_limbs];
        sums.fill(0);
        let right = &right.unwrap_or(left)[..n_limbs];
        for limb in left.iter() {
            let product = Product::from(*limb) * Product::from(right[0]) + Product::from(sums[0]);
            let factor = (product as Limb).wrapping_mul(inverse);
            let reduced = Product::from(factor) * Product::from(modulus[0]) + Product::from(product as Limb);
            let (mut carry, mut carry_reduced) = (product >> LIMB_BITS, reduced >> LIMB_BITS);
            for at in 1..n_limbs {
                let product =
                    Product::from(*limb) * Product::from(right[at]) + Product::from(sums[at]) + carry;
                let reduced = Product::from(factor) * Product::from(modulus[at])
                    + Product::from(product as Limb)
                    + carry_reduced;
                (carry, carry_reduced) = (product >> LIMB_BITS, reduced >> LIMB_BITS);
                sums[at - 1] = reduced as Limb;
            }
            // The sum fits, because the highest limb has bits to spare: see `Field::new`.
            sums[n_limbs - 1] = (carry + carry_reduced) as Limb;
        }
        left.copy_from_slice(sums);
    }
}

#[cfg(target_arch = "wasm32")]
mod limbs {
    pub(super) type Limb = u32;
    pub(super) type Product = u64;
    /// Where a product is summed up.
    pub(super) type Sum = Product;
    pub(super) const LIMB_BITS: u64 = 28;
    const MASK: Sum = (1 << LIMB_BITS) - 1;
    /// A row adds less than 2⁵⁷ to each sum, so after so many rows the sums are settled.
    const ROWS: usize = 64;

    /// `left = left · right / 2^(l n)`; without a `right`, the square.
    pub(super) fn multiply(
        left: &mut [Limb],
        right: Option<&[Limb]>,
        modulus: &[Limb],
        inverse: Limb,
        sums: &mut [Sum],
    ) {
        let n_limbs = modulus.len();
        let sums = &mut sums[..n_limbs];
        sums.fill(0);
        let right = &right.unwrap_or(left)[..n_limbs];
        for (row, &limb) in left.iter().enumerate() {
            let limb = Sum::from(limb);
            let lowest = sums[0] + limb * Sum::from(right[0]);
            let factor = (lowest & MASK).wrapping_mul(Sum::from(inverse)) & MASK;
            let carry = (lowest + factor * Sum::from(modulus[0])) >> LIMB_BITS;
            for at in 1..n_limbs {
                sums[at - 1] = sums[at] + limb * Sum::from(right[at]) + factor * Sum::from(modulus[at]);
            }
            sums[n_limbs - 1] = 0;
            sums[0] += carry;
            if row % ROWS == ROWS - 1 {
                settle(sums);
            }
        }
        settle(sums);
        for (limb, sum) in left.iter_mut().zip(sums) {
            *limb = *sum as Limb;
        }
    }

    /// Moves what is above the bits of a limb in each sum into the next; the highest keeps its own.
    fn settle(sums: &mut [Sum]) {
        let mut carry = 0;
        let (highest, others) = match sums.split_last_mut() {
            Some(split) => split,
            None => return,
        };
        for sum in others {
            let whole = *sum + carry;
            *sum = whole & MASK;
            carry = whole >> LIMB_BITS;
        }
        *highest += carry;
    }
}

use limbs::{LIMB_BITS, Limb, Product, Sum};

const MASK: Product = (1 << LIMB_BITS) - 1;
/// Bits of the exponent that are taken at once.
const WINDOW_BITS: u64 = 5;

/// Numbers modulo an odd number, in Montgomery's form with `n` limbs of `l` bits: `a · 2^(l n) mod m`, known up to one `m`
/// too many.
pub(super) struct Field {
    modulus: BigUint,
    limbs: Vec<Limb>,
    /// `-1 / m` modulo one limb.
    inverse: Limb,
    sums: Vec<Sum>,
}

impl Field {
    /// The field of an odd modulus.
    pub(super) fn new(modulus: &BigUint) -> Self {
        // Sixty-four times the modulus fit, so no result has to be reduced on the way, twice a result neither.
        let n_limbs = (modulus.bits() + 6).div_ceil(LIMB_BITS) as usize;
        let limbs = to_limbs(modulus, n_limbs);
        let lowest = Product::from(limbs[0]);
        // Newton: each step doubles the bits that are right; an odd number is its own inverse in three bits.
        let inverse = (0..5).fold(lowest, |inverse, _| {
            inverse.wrapping_mul(Product::from(2_u8).wrapping_sub(lowest.wrapping_mul(inverse)))
        });
        Self {
            modulus: modulus.clone(),
            limbs,
            inverse: (inverse.wrapping_neg() & MASK) as Limb,
            sums: vec![0; n_limbs],
        }
    }

    /// `base` to the power of `exponent`, both below the modulus.
    pub(super) fn power(&mut self, base: &BigUint, exponent: &BigUint) -> BigUint {
        let n_limbs = self.limbs.len();
        let entered =
            |number: &BigUint| to_limbs(&((number << (LIMB_BITS * n_limbs as u64)) % &self.modulus), n_limbs);
        let base = entered(base);
        let mut powers = vec![entered(&BigUint::from(1_u32)), base.clone()];
        while powers.len() < 1 << WINDOW_BITS {
            let mut next = powers[powers.len() - 1].clone();
            self.multiply(&mut next, Some(&base));
            powers.push(next);
        }
        let mut result = powers[0].clone();
        for window in (0..exponent.bits().div_ceil(WINDOW_BITS)).rev() {
            for _ in 0..WINDOW_BITS {
                self.multiply(&mut result, None);
            }
            let digit = (0..WINDOW_BITS)
                .filter(|bit| exponent.bit(window * WINDOW_BITS + bit))
                .fold(0, |digit, bit| digit | 1 << bit);
            if digit != 0 {
                self.multiply(&mut result, Some(&powers[digit]));
            }
        }
        self.leave(result)
    }

    /// 2 to the power of `exponent`: for the price of the squarings alone.
    pub(super) fn power_of_two(&mut self, exponent: &BigUint) -> BigUint {
        let n_limbs = self.limbs.len();
        let mut result =
            to_limbs(&((BigUint::from(1_u32) << (LIMB_BITS * n_limbs as u64)) % &self.modulus), n_limbs);
        for bit in (0..exponent.bits()).rev() {
            self.multiply(&mut result, None);
            if exponent.bit(bit) {
                let mut carry = 0;
                for limb in &mut result {
                    let twice = Product::from(*limb) << 1 | carry;
                    *limb = (twice & MASK) as Limb;
                    carry = twice >> LIMB_BITS;
                }
            }
        }
        self.leave(result)
    }

    /// The number that stands in Montgomery's form.
    fn leave(&mut self, mut limbs: Vec<Limb>) -> BigUint {
        let mut one = vec![0; limbs.len()];
        one[0] = 1;
        self.multiply(&mut limbs, Some(&one));
        of_limbs(&limbs) % &self.modulus
    }

    /// `left = left · right / 2^(l n)`; without a `right`, the square.
    fn multiply(&mut self, left: &mut [Limb], right: Option<&[Limb]>) {
        limbs::multiply(left, right, &self.limbs, self.inverse, &mut self.sums);
    }
}

fn to_limbs(number: &BigUint, n_limbs: usize) -> Vec<Limb> {
    let mut limbs = Vec::with_capacity(n_limbs);
    let (mut held, mut bits) = (0, 0);
    for digit in number.iter_u32_digits() {
        held |= Product::from(digit) << bits;
        bits += 32;
        while bits >= LIMB_BITS {
            limbs.push((held & MASK) as Limb);
            held >>= LIMB_BITS;
            bits -= LIMB_BITS;
        }
    }
    limbs.push(held as Limb);
    limbs.resize(n_limbs, 0);
    limbs
}

fn of_limbs(limbs: &[Limb]) -> BigUint {
    limbs.iter().rev().fold(BigUint::ZERO, |number, &limb| (number << LIMB_BITS) + limb)
}

#[cfg(test)]
mod tests {
    use super::super::prime::{SEED_BYTES, Stream};
    use super::*;

    #[test]
    fn powers_are_those_of_the_library() {
        let mut stream = Stream::new([7; SEED_BYTES]);
        for bytes in [1, 3, 4, 7, 20, 32, 33, 128, 256, 500] {
            for _ in 0..4 {
                let mut modulus = stream.number(bytes);
                modulus.set_bit(0, true);
                modulus.set_bit(bytes as u64 * 8 - 1, true);
                let (base, exponent) = (stream.number(bytes) % &modulus, stream.number(bytes) % &modulus);
                assert_eq!(
                    Field::new(&modulus).power(&base, &exponent),
                    base.modpow(&exponent, &modulus),
                    "{base} ^ {exponent} mod {modulus}"
                );
            }
        }
    }

    #[test]
    fn powers_of_two_are_those_of_any_number() {
        let mut stream = Stream::new([8; SEED_BYTES]);
        for bytes in [1, 4, 7, 8, 32, 128, 129] {
            let mut modulus = stream.number(bytes);
            modulus.set_bit(0, true);
            modulus.set_bit(bytes as u64 * 8 - 1, true);
            let exponent = stream.number(bytes);
            let expected = BigUint::from(2_u32).modpow(&exponent, &modulus);
            assert_eq!(
                Field::new(&modulus).power_of_two(&exponent),
                expected,
                "2 ^ {exponent} mod {modulus}"
            );
        }
        let (modulus, exponent) =
            ((BigUint::from(1_u32) << 1024_u32) - 1_u32, (BigUint::from(1_u32) << 999_u32) - 1_u32);
        assert_eq!(
            Field::new(&modulus).power_of_two(&exponent),
            BigUint::from(2_u32).modpow(&exponent, &modulus)
        );
    }

    #[test]
    fn the_largest_numbers_do_not_overflow() {
        let modulus = (BigUint::from(1_u32) << 3072_u32) - 1_u32;
        let less = &modulus - 1_u32;
        assert_eq!(Field::new(&modulus).power(&less, &less), less.modpow(&less, &modulus));
    }

    #[test]
    fn to_the_power_of_nothing_is_one() {
        let modulus = BigUint::from(15_u32);
        assert_eq!(Field::new(&modulus).power(&BigUint::from(7_u32), &BigUint::ZERO), BigUint::from(1_u32));
    }
}
