//! Private keys of all kinds: read from PEM, written to PEM, their public half, their signatures.
//!
//! *Source*: sprig 3.3.0 `crypto.go`, `parsePrivateKeyPEM`, `pemBlockForKey`; go 1.27 `crypto/x509` `pkcs1.go`, `pkcs8.go`,
//! `sec1.go`, `x509.go`.

use ed25519_dalek::Signer;
use num_bigint::BigUint;
use sha2::{Digest, Sha256};

use super::asn1::{Field, Item, Shape, unmarshal};
use super::curve::{Curve, EcKey};
use super::der;
use super::pem;
use super::rsa::RsaKey;

/// A private key.
#[derive(Clone, Debug)]
pub(super) enum PrivateKey {
    /// Read, but good for nothing: no certificate takes it.
    Dsa,
    Ec(EcKey),
    /// The seed of an Ed25519 key.
    Ed25519([u8; 32]),
    Rsa(Box<RsaKey>),
    /// Read, but good for nothing.
    X25519,
}

/// A public key as certificates hold it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct PublicKey {
    /// `AlgorithmIdentifier`
    pub(super) algorithm: Vec<u8>,
    pub(super) bytes: Vec<u8>,
}

pub(super) const RSA_OID: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01];
pub(super) const EC_OID: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01];
pub(super) const ED25519_OID: &[u8] = &[0x2B, 0x65, 0x70];
const X25519_OID: &[u8] = &[0x2B, 0x65, 0x6E];
const SHA256_RSA_OID: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0B];

const PKCS1: Shape = Shape::Struct(
    "pkcs1PrivateKey",
    &[
        Field::of(Shape::Int),
        Field::of(Shape::Big),
        Field::of(Shape::Int),
        Field::of(Shape::Big),
        Field::of(Shape::Big),
        Field::of(Shape::Big),
        Field::optional(Shape::Big),
        Field::optional(Shape::Big),
        Field::optional(Shape::Big),
        Field::optional(Shape::ListOf(&Shape::Struct(
            "pkcs1AdditionalRSAPrime",
            &[Field::of(Shape::Big), Field::of(Shape::Big), Field::of(Shape::Big)],
        ))),
    ],
);
const PKCS8: Shape = Shape::Struct(
    "pkcs8",
    &[
        Field::of(Shape::Int),
        Field::of(Shape::Struct(
            "AlgorithmIdentifier",
            &[Field::of(Shape::Oid), Field::optional(Shape::Any)],
        )),
        Field::of(Shape::Octets),
    ],
);
const SEC1: Shape = Shape::Struct(
    "ecPrivateKey",
    &[
        Field::of(Shape::Int),
        Field::of(Shape::Octets),
        Field::tagged(0, Shape::Oid),
        Field::tagged(1, Shape::Bits),
    ],
);
const DSA: Shape = Shape::Struct(
    "DSAKeyFormat",
    &[
        Field::of(Shape::Int),
        Field::of(Shape::Big),
        Field::of(Shape::Big),
        Field::of(Shape::Big),
        Field::of(Shape::Big),
        Field::of(Shape::Big),
    ],
);

impl PrivateKey {
    /// Reads the first block of a PEM text.
    ///
    /// # Errors
    /// Sprig's and Go's sentence.
    pub(super) fn read_pem(text: &[u8]) -> Result<Self, String> {
        let block = pem::decode(text).ok_or("no PEM data in input")?;
        if block.label == b"PRIVATE KEY" {
            return read_pkcs8(&block.der).map_err(|error| format!("decoding PEM as PKCS#8: {error}"));
        }
        let label = String::from_utf8_lossy(&block.label);
        let Some(kind) = label.strip_suffix(" PRIVATE KEY") else {
            return Err(format!("no private key data in PEM block of type {label}"));
        };
        let key = match kind {
            "RSA" => read_pkcs1(&block.der),
            "EC" => read_sec1(None, &block.der),
            "DSA" => unmarshal(&block.der, DSA).map(|_| Self::Dsa),
            _ => return Err(format!("invalid private key type {label}")),
        };
        key.map_err(|error| format!("parsing {kind} private key from PEM: {error}"))
    }

    /// The key in the form of its kind.
    pub(super) fn to_pem(&self) -> String {
        match self {
            // Only what a certificate took is written again.
            Self::Dsa | Self::X25519 => String::new(),
            Self::Ec(key) => pem::encode("EC PRIVATE KEY", &key.private_der()),
            Self::Ed25519(seed) => {
                let algorithm = der::sequence(&[&der::element(der::OID, ED25519_OID)]);
                let version = der::element(der::INTEGER, &[0]);
                let key = der::octets(&der::octets(seed));
                pem::encode("PRIVATE KEY", &der::sequence(&[&version, &algorithm, &key]))
            }
            Self::Rsa(key) => pem::encode("RSA PRIVATE KEY", &key.private_der()),
        }
    }

    /// Its public half.
    ///
    /// # Errors
    /// The Go type of those that no certificate takes.
    pub(super) fn public(&self) -> Result<PublicKey, &'static str> {
        Ok(match self {
            Self::Dsa => return Err("*dsa.PublicKey"),
            Self::X25519 => return Err("*ecdh.PublicKey"),
            Self::Ec(key) => PublicKey {
                algorithm: der::sequence(&[&der::element(der::OID, EC_OID), &key.curve.oid_der()]),
                bytes: key.point.clone(),
            },
            Self::Ed25519(seed) => PublicKey {
                algorithm: der::sequence(&[&der::element(der::OID, ED25519_OID)]),
                bytes: ed25519_dalek::SigningKey::from_bytes(seed).verifying_key().to_bytes().to_vec(),
            },
            Self::Rsa(key) => PublicKey {
                algorithm: der::sequence(&[&der::element(der::OID, RSA_OID), der::NULL]),
                bytes: key.public_der(),
            },
        })
    }

    /// The `AlgorithmIdentifier` of its signatures; none for DSA and X25519.
    pub(super) fn signature_algorithm(&self) -> Option<Vec<u8>> {
        Some(match self {
            Self::Dsa | Self::X25519 => return None,
            Self::Ec(key) => {
                let oid = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, key.curve.signature_oid()];
                der::sequence(&[&der::element(der::OID, &oid)])
            }
            Self::Ed25519(_) => der::sequence(&[&der::element(der::OID, ED25519_OID)]),
            Self::Rsa(_) => der::sequence(&[&der::element(der::OID, SHA256_RSA_OID), der::NULL]),
        })
    }

    /// The signature over a message.
    ///
    /// # Errors
    /// Go's sentence for an RSA key that is too short.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        match self {
            Self::Dsa | Self::X25519 => Err("x509: only RSA, ECDSA and Ed25519 keys supported".into()),
            Self::Ec(key) => key.sign(message),
            Self::Ed25519(seed) => {
                Ok(ed25519_dalek::SigningKey::from_bytes(seed).sign(message).to_bytes().to_vec())
            }
            Self::Rsa(key) => key.sign(&Sha256::digest(message).into()),
        }
    }
}

/// A key that is not what was wanted, but one of two others, for which Go has another function.
fn other_kind(der: &[u8], others: [(Shape, &str); 2]) -> Option<String> {
    others.into_iter().find_map(|(shape, function)| {
        unmarshal(der, shape).ok()?;
        Some(format!("x509: failed to parse private key (use {function} instead for this key format)"))
    })
}

const USE_PKCS1: (Shape, &str) = (PKCS1, "ParsePKCS1PrivateKey");
const USE_PKCS8: (Shape, &str) = (PKCS8, "ParsePKCS8PrivateKey");
const USE_SEC1: (Shape, &str) = (SEC1, "ParseECPrivateKey");

fn read_pkcs1(der: &[u8]) -> Result<PrivateKey, String> {
    let (item, rest) =
        unmarshal(der, PKCS1).map_err(|error| other_kind(der, [USE_SEC1, USE_PKCS8]).unwrap_or(error))?;
    if !rest.is_empty() {
        return Err("asn1: syntax error: trailing data".into());
    }
    let Item::Struct(items) = item else { return Err("asn1: structure error: no sequence".into()) };
    let numbers: Vec<i64> = items
        .iter()
        .filter_map(|item| if let Item::Int(number) = item { Some(*number) } else { None })
        .collect();
    let [version, exponent] = numbers[..] else { return Err("asn1: structure error: no numbers".into()) };
    if version > 1 {
        return Err("x509: unsupported private key version".into());
    }
    let (mut bigs, mut computed) = (Vec::new(), Vec::new());
    for (index, item) in items.iter().enumerate() {
        let Item::Big(number, negative) = item else { continue };
        if *negative || *number == BigUint::ZERO {
            return Err("x509: private key contains zero or negative value".into());
        }
        if index < 6 { bigs.push(number.clone()) } else { computed.push(number.clone()) }
    }
    if matches!(items.last(), Some(Item::List(more)) if !more.is_empty()) {
        return Err("RSA keys of more than two primes are not in this build".into());
    }
    let Ok([modulus, private, p, q]) = <[BigUint; 4]>::try_from(bigs) else {
        return Err("asn1: structure error: no numbers".into());
    };
    // Only all three are of use.
    let computed = computed.try_into().ok();
    Ok(PrivateKey::Rsa(Box::new(RsaKey::read(modulus, exponent, private, [p, q], computed)?)))
}

fn read_sec1(named: Option<&[u8]>, der: &[u8]) -> Result<PrivateKey, String> {
    let (item, _) = unmarshal(der, SEC1).map_err(|error| {
        other_kind(der, [USE_PKCS8, USE_PKCS1])
            .unwrap_or_else(|| format!("x509: failed to parse EC private key: {error}"))
    })?;
    let Item::Struct(items) = item else { return Err("x509: unknown elliptic curve".into()) };
    let [Item::Int(version), Item::Octets(scalar), oid, _] = &items[..] else {
        return Err("x509: unknown elliptic curve".into());
    };
    if *version != 1 {
        return Err(format!("x509: unknown EC private key version {version}"));
    }
    let own = if let Item::Oid(oid) = oid { Some(*oid) } else { None };
    let curve = Curve::of_oid(named.or(own).unwrap_or_default(), "x509: unknown elliptic curve")?;
    EcKey::read(curve, scalar).map(PrivateKey::Ec)
}

fn read_pkcs8(der: &[u8]) -> Result<PrivateKey, String> {
    let (item, _) =
        unmarshal(der, PKCS8).map_err(|error| other_kind(der, [USE_SEC1, USE_PKCS1]).unwrap_or(error))?;
    let Item::Struct(items) = item else { return Err("asn1: structure error: no sequence".into()) };
    let [_, Item::Struct(algorithm), Item::Octets(inner)] = &items[..] else {
        return Err("asn1: structure error: no sequence".into());
    };
    let [Item::Oid(oid), parameters] = &algorithm[..] else {
        return Err("asn1: structure error: no algorithm".into());
    };
    let parameters = if let Item::Any(element) = parameters { *element } else { &[] };
    match *oid {
        RSA_OID => read_pkcs1(inner)
            .map_err(|error| format!("x509: failed to parse RSA private key embedded in PKCS#8: {error}")),
        EC_OID => {
            let named = match unmarshal(parameters, Shape::Oid) {
                Ok((Item::Oid(oid), _)) => Some(oid),
                _ => None,
            };
            read_sec1(named, inner)
                .map_err(|error| format!("x509: failed to parse EC private key embedded in PKCS#8: {error}"))
        }
        ED25519_OID | X25519_OID => {
            let kind = if *oid == ED25519_OID { "Ed25519" } else { "X25519" };
            if !parameters.is_empty() {
                return Err(format!("x509: invalid {kind} private key parameters"));
            }
            let seed = match unmarshal(inner, Shape::Octets) {
                Ok((Item::Octets(seed), _)) => seed,
                Ok(_) => &[],
                Err(error) => return Err(format!("x509: invalid {kind} private key: {error}")),
            };
            match <[u8; 32]>::try_from(seed) {
                Ok(seed) if kind == "Ed25519" => Ok(PrivateKey::Ed25519(seed)),
                Ok(_) => Ok(PrivateKey::X25519),
                Err(_) if kind == "Ed25519" => {
                    Err(format!("x509: invalid Ed25519 private key length: {}", seed.len()))
                }
                Err(_) => Err("crypto/ecdh: invalid private key size".into()),
            }
        }
        other => Err(format!(
            "x509: PKCS#8 wrapping contained private key with unknown algorithm: {}",
            der::dotted(other)
        )),
    }
}
