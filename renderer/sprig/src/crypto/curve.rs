//! The curves of certificates: keys, points and signatures of ECDSA on each. Of those that Go knows, P-224 is missing, for
//! which there is no released crate of the same age.
//!
//! *Source*: go 1.27 `crypto/ecdsa`, `crypto/x509/sec1.go`, for the rules and the words.

use sha2::{Digest, Sha256, Sha384, Sha512};

use super::der;

/// A curve by its name in Go.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Curve {
    P256,
    P384,
    P521,
}

/// A private key and the point that belongs to it.
#[derive(Clone, Debug)]
pub(super) struct EcKey {
    pub(super) curve: Curve,
    scalar: Vec<u8>,
    /// Uncompressed.
    pub(super) point: Vec<u8>,
}

/// Does `$body` with `$of` standing for the crate of a curve.
macro_rules! on {
    ($curve:expr, $of:ident => $body:expr) => {
        match $curve {
            Curve::P256 => {
                use p256 as $of;
                $body
            }
            Curve::P384 => {
                use p384 as $of;
                $body
            }
            Curve::P521 => {
                use p521 as $of;
                $body
            }
        }
    };
}

impl Curve {
    /// The curve of a name as DER encodes it.
    ///
    /// # Errors
    /// `unknown`, and a sentence of our own for the one curve that Go knows and we do not.
    pub(super) fn of_oid(body: &[u8], unknown: &str) -> Result<Self, String> {
        const P224: &[u8] = &[0x2B, 0x81, 0x04, 0x00, 0x21];
        let mut known = [Self::P256, Self::P384, Self::P521].into_iter();
        known.find(|curve| curve.oid() == body).ok_or_else(|| match body {
            P224 => "keys on the curve P-224 are not in this build".into(),
            _ => unknown.into(),
        })
    }

    const fn oid(self) -> &'static [u8] {
        match self {
            Self::P256 => &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07],
            Self::P384 => &[0x2B, 0x81, 0x04, 0x00, 0x22],
            Self::P521 => &[0x2B, 0x81, 0x04, 0x00, 0x23],
        }
    }

    /// The element that names the curve.
    pub(super) fn oid_der(self) -> Vec<u8> {
        der::element(der::OID, self.oid())
    }

    /// Bytes of a number modulo the order.
    const fn size(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    /// `ecdsa-with-SHA256`, or with the digest that is as long as the curve; the last byte of its name.
    pub(super) const fn signature_oid(self) -> u8 {
        match self {
            Self::P256 => 2,
            Self::P384 => 3,
            Self::P521 => 4,
        }
    }

    /// Whether the bytes are an uncompressed point of the curve.
    ///
    /// # Errors
    /// Go's sentence.
    pub(super) fn check_point(self, point: &[u8]) -> Result<(), String> {
        if point.first() != Some(&4) {
            return Err("ecdsa: invalid uncompressed public key".into());
        }
        if point.len() != 1 + 2 * self.size() {
            return Err(format!("invalid {self:?} point encoding"));
        }
        on!(self, of => of::ecdsa::VerifyingKey::from_sec1_bytes(point).map(|_| ()))
            .map_err(|_| format!("{self:?} point not on curve"))
    }
}

impl EcKey {
    /// A new key.
    pub(super) fn generate(curve: Curve, mut fill: impl FnMut(&mut [u8])) -> Self {
        loop {
            let mut scalar = vec![0; curve.size()];
            fill(&mut scalar);
            if let Ok(key) = Self::of_scalar(curve, scalar) {
                return key;
            }
        }
    }

    /// A key that was read; zeros before it may be missing, or too many.
    ///
    /// # Errors
    /// Go's sentence.
    pub(super) fn read(curve: Curve, written: &[u8]) -> Result<Self, String> {
        let more = written.len().saturating_sub(curve.size());
        if written[..more].iter().any(|&byte| byte != 0) {
            return Err("x509: invalid private key length".into());
        }
        let mut scalar = vec![0; curve.size()];
        let written = &written[more..];
        scalar[curve.size() - written.len()..].copy_from_slice(written);
        if scalar.iter().all(|&byte| byte == 0) {
            return Err("ecdsa: invalid public key encoding".into());
        }
        Self::of_scalar(curve, scalar)
    }

    fn of_scalar(curve: Curve, scalar: Vec<u8>) -> Result<Self, String> {
        let point = on!(curve, of => of::ecdsa::SigningKey::from_slice(&scalar)
            .map(|key| key.verifying_key().to_sec1_point(false).as_bytes().to_vec()));
        let point = point.map_err(|_| "input overflows the modulus")?;
        Ok(Self { curve, scalar, point })
    }

    /// A signature over the digest that [`Curve::signature_oid`] names; the same for the same message (RFC 6979).
    ///
    /// # Errors
    /// With the words of the library; a key that [`EcKey::read`] accepted does not fail.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        let digest = match self.curve {
            Curve::P256 => Sha256::digest(message).to_vec(),
            Curve::P384 => Sha384::digest(message).to_vec(),
            Curve::P521 => Sha512::digest(message).to_vec(),
        };
        on!(self.curve, of => {
            use of::ecdsa::signature::hazmat::PrehashSigner;
            of::ecdsa::SigningKey::from_slice(&self.scalar).and_then(|key| {
                let signature: of::ecdsa::Signature = key.sign_prehash(&digest)?;
                Ok(signature.to_der().as_bytes().to_vec())
            })
        })
        .map_err(|error| error.to_string())
    }

    /// `ECPrivateKey`, SEC 1.
    pub(super) fn private_der(&self) -> Vec<u8> {
        der::sequence(&[
            &der::element(der::INTEGER, &[1]),
            &der::octets(&self.scalar),
            &der::element(der::explicit(0), &self.curve.oid_der()),
            &der::element(der::explicit(1), &der::bits(&self.point)),
        ])
    }
}
