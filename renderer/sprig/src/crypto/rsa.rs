//! RSA keys: made, checked, signed with.
//!
//! The arithmetic takes a time that depends on the key; that is no secret to anybody who waits for a chart to render.
//!
//! *Source*: go 1.27 `crypto/rsa`, `crypto/internal/fips140/rsa`, for its rules and its words.

use num_bigint::BigUint;

use super::der;
use super::prime::Stream;

/// A private key of two primes.
#[derive(Clone, Debug)]
pub(super) struct RsaKey {
    pub(super) modulus: BigUint,
    pub(super) exponent: BigUint,
    pub(super) private: BigUint,
    pub(super) p: BigUint,
    pub(super) q: BigUint,
    /// `private` modulo `p` - 1.
    pub(super) dp: BigUint,
    /// `private` modulo `q` - 1.
    pub(super) dq: BigUint,
    /// The inverse of `q` modulo `p`.
    pub(super) q_inverse: BigUint,
}

/// Before a SHA-256 digest in a signature of PKCS #1: the head of a `DigestInfo`.
const SHA256_HEAD: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0, 0x04,
    0x20,
];

impl RsaKey {
    /// A new key, its modulus exactly so many bits long, a multiple of 16.
    ///
    /// Cost: seconds where 64 bits are multiplied by software.
    pub(super) fn generate(bits: u64, stream: &mut Stream) -> Self {
        loop {
            let (p, q) = (stream.prime(bits / 2), stream.prime(bits / 2));
            if let Some(key) = Self::of_primes(p, q)
                && key.check().is_ok()
            {
                return key;
            }
        }
    }

    fn of_primes(p: BigUint, q: BigUint) -> Option<Self> {
        let (p_less, q_less) = (&p - 1_u32, &q - 1_u32);
        let exponent = BigUint::from(65_537_u32);
        let product = &p_less * &q_less;
        let least = &product / gcd(p_less.clone(), q_less.clone());
        let private = exponent.modinv(&least)?;
        Some(Self {
            modulus: &p * &q,
            exponent,
            dp: &private % p_less,
            dq: &private % q_less,
            q_inverse: q.modinv(&p)?,
            private,
            p,
            q,
        })
    }

    /// A key that was read; what was not written beside its primes is computed.
    ///
    /// # Errors
    /// Go's sentence.
    pub(super) fn read(
        modulus: BigUint,
        exponent: i64,
        private: BigUint,
        [p, q]: [BigUint; 2],
        computed: Option<[BigUint; 3]>,
    ) -> Result<Self, String> {
        let one = BigUint::from(1_u32);
        if [&modulus, &p, &q].iter().any(|number| **number <= one) {
            return Err("modulus must be > 1".into());
        }
        fits(&private, &modulus)?;
        let (p_less, q_less) = (&p - 1_u32, &q - 1_u32);
        let [dp, dq, q_inverse] = match computed {
            Some(computed) => {
                fits(&computed[2], &p)?;
                computed
            }
            None if p_less <= one || q_less <= one => return Err("modulus must be > 1".into()),
            None if !p.bit(0) => return Err("crypto/rsa: p is even".into()),
            None => [&private % &p_less, &private % &q_less, (&q % &p).modpow(&(&p_less - &one), &p)],
        };
        if !modulus.bit(0) {
            return Err("crypto/rsa: public modulus is even".into());
        }
        let exponent = match u32::try_from(exponent) {
            Ok(exponent) if exponent < 2 => None,
            Ok(exponent) if exponent % 2 == 0 => return Err("crypto/rsa: public exponent is even".into()),
            Ok(exponent) if exponent <= i32::MAX as u32 => Some(exponent),
            _ if exponent < 2 => None,
            _ if exponent % 2 == 0 => return Err("crypto/rsa: public exponent is even".into()),
            _ => return Err("crypto/rsa: public exponent too large".into()),
        };
        let exponent = exponent.ok_or("crypto/rsa: public exponent too small or negative")?.into();
        let key = Self { modulus, exponent, private, p, q, dp, dq, q_inverse };
        key.check()?;
        Ok(key)
    }

    /// Whether all numbers belong together.
    fn check(&self) -> Result<(), String> {
        let one = BigUint::from(1_u32);
        let say = |message: &str| Err(format!("crypto/rsa: {message}"));
        if self.p >= self.modulus || self.q >= self.modulus {
            return say("invalid prime");
        }
        if &self.p * &self.q % &self.modulus != BigUint::ZERO {
            return say("p * q != n");
        }
        for (prime, power) in [(&self.p, &self.dp), (&self.q, &self.dq)] {
            let less = prime - &one;
            if less <= one {
                return say("invalid prime");
            }
            if *power >= less || power * &self.exponent % less != one {
                return say("invalid CRT exponent");
            }
        }
        if &self.q * &self.q_inverse % &self.p != one {
            return say("invalid CRT coefficient");
        }
        if &self.private % (&self.p - &one) != self.dp {
            return say("d does not match dP");
        }
        if &self.private % (&self.q - &one) != self.dq {
            return say("d does not match dQ");
        }
        if self.p == self.q {
            return say("p == q");
        }
        let apart = if self.p > self.q { &self.p - &self.q } else { &self.q - &self.p };
        if apart.bits() + 100 <= self.modulus.bits() / 2 {
            return say("|p - q| too small");
        }
        if self.private.bits() <= self.modulus.bits() / 2 {
            return say("d too small");
        }
        Ok(())
    }

    /// The signature of PKCS #1 v1.5 over a SHA-256 digest.
    ///
    /// # Errors
    /// Go's sentence for a key that is too short.
    pub(super) fn sign(&self, digest: &[u8; 32]) -> Result<Vec<u8>, String> {
        let bits = self.modulus.bits();
        if bits < 1024 {
            return Err(format!(
                "crypto/rsa: {bits}-bit keys are insecure (see https://go.dev/pkg/crypto/rsa#hdr-Minimum_key_size)"
            ));
        }
        let size = bits.div_ceil(8) as usize;
        let mut padded = vec![0xFF; size];
        padded[..2].copy_from_slice(&[0, 1]);
        let head = size - SHA256_HEAD.len() - digest.len();
        padded[head - 1] = 0;
        padded[head..head + SHA256_HEAD.len()].copy_from_slice(&SHA256_HEAD);
        padded[head + SHA256_HEAD.len()..].copy_from_slice(digest);
        let message = BigUint::from_bytes_be(&padded);
        // By the Chinese remainder theorem: two powers of half the size.
        let by_p = message.modpow(&self.dp, &self.p);
        let by_q = message.modpow(&self.dq, &self.q);
        let apart = (&by_p + &self.p - (&by_q % &self.p)) * &self.q_inverse % &self.p;
        let signature = (by_q + apart * &self.q).to_bytes_be();
        let mut sized = vec![0; size - signature.len()];
        sized.extend(signature);
        Ok(sized)
    }

    /// `RSAPublicKey`.
    pub(super) fn public_der(&self) -> Vec<u8> {
        der::sequence(&[&der::integer(&self.modulus), &der::integer(&self.exponent)])
    }

    /// `RSAPrivateKey`, PKCS #1.
    pub(super) fn private_der(&self) -> Vec<u8> {
        let numbers = [
            &BigUint::ZERO,
            &self.modulus,
            &self.exponent,
            &self.private,
            &self.p,
            &self.q,
            &self.dp,
            &self.dq,
            &self.q_inverse,
        ];
        der::element(der::SEQUENCE, &numbers.map(der::integer).concat())
    }
}

/// Whether a number lies below its modulus, in the words of `bigmod`, which counts in words of 64 bits.
fn fits(number: &BigUint, modulus: &BigUint) -> Result<(), String> {
    if number.bits() > modulus.bits().next_multiple_of(64) {
        return Err("input overflows the modulus size".into());
    }
    if number >= modulus { Err("input overflows the modulus".into()) } else { Ok(()) }
}

fn gcd(mut a: BigUint, mut b: BigUint) -> BigUint {
    while b != BigUint::ZERO {
        (a, b) = (b.clone(), a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::prime::SEED_BYTES;

    #[test]
    fn a_signature_is_undone_by_the_public_key() {
        let key = RsaKey::generate(1024, &mut Stream::new([7; SEED_BYTES]));
        assert_eq!(key.modulus.bits(), 1024);
        let signature = BigUint::from_bytes_be(&key.sign(&[9; 32]).unwrap());
        let padded = signature.modpow(&key.exponent, &key.modulus).to_bytes_be();
        assert_eq!(padded[0], 1);
        assert!(padded.ends_with(&[9; 32]));
    }

    #[test]
    fn a_key_whose_numbers_do_not_belong_together_is_refused() {
        let key = RsaKey::generate(512, &mut Stream::new([7; SEED_BYTES]));
        assert!(key.sign(&[0; 32]).unwrap_err().starts_with("crypto/rsa: 512-bit keys are insecure"));
        let read = |private: BigUint| {
            RsaKey::read(key.modulus.clone(), 65_537, private, [key.p.clone(), key.q.clone()], None)
        };
        assert!(read(key.private.clone()).is_ok());
        assert_eq!(read(&key.private - 2_u32).unwrap_err(), "crypto/rsa: invalid CRT exponent");
        assert_eq!(read(key.modulus.clone()).unwrap_err(), "input overflows the modulus");
    }
}
