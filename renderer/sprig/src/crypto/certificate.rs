//! A certificate, as it is written, and the value that templates hold it by.
//!
//! *Source*: sprig 3.3.0 `crypto.go`, `getBaseCertTemplate`, `getCertAndKey`; go 1.27 `crypto/x509/x509.go`,
//! `CreateCertificate`. Fields and extensions stand in Go's order.

use std::any::Any;
use std::net::IpAddr;
use std::rc::Rc;

use gotemplate::Arg;
use sha2::{Digest, Sha256};
use value::fmt::quote;
use value::{Object, Text, Type, Value};

use super::key::{PrivateKey, PublicKey};
use super::{der, pem, x509};
use crate::dates::{Time, Zone};
use crate::outside::Timestamp;

/// What `genCA` and the others give.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Certificate {
    /// PEM
    pub(super) cert: Text,
    /// PEM
    pub(super) key: Text,
}

impl Object for Certificate {
    fn type_name(&self) -> &'static str {
        "sprig.certificate"
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("Cert", self.cert.clone().into()), ("Key", self.key.clone().into())]
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref() == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl From<Certificate> for Value {
    fn from(certificate: Certificate) -> Self {
        Rc::new(certificate).into()
    }
}

impl Arg for Certificate {
    const TYPE: Type = Type::Named("sprig.certificate");

    fn from_value(value: &Value) -> Self {
        value.as_object::<Self>().cloned().unwrap_or_default()
    }
}

/// What is said in a certificate, besides keys.
pub(super) struct Subject {
    pub(super) common_name: Text,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) names: Vec<Text>,
    pub(super) authority: bool,
    pub(super) now: Timestamp,
    pub(super) days: i64,
    pub(super) serial: [u8; 16],
}

/// Who signs.
pub(super) enum Issuer<'a> {
    Itself,
    Other(&'a x509::Parsed, &'a PrivateKey),
}

const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];

/// Writes the certificate of `key`.
///
/// # Errors
/// Go's sentence.
pub(super) fn create(subject: &Subject, key: &PrivateKey, issuer: Issuer<'_>) -> Result<Certificate, String> {
    let cannot = |error: String| format!("error creating certificate: {error}");
    let der = create_der(subject, key, issuer).map_err(cannot)?;
    Ok(Certificate { cert: pem::encode("CERTIFICATE", &der).into(), key: key.to_pem().into() })
}

fn create_der(subject: &Subject, key: &PrivateKey, issuer: Issuer<'_>) -> Result<Vec<u8>, String> {
    let signer = match issuer {
        Issuer::Itself => key,
        Issuer::Other(_, signer) => signer,
    };
    let signature_algorithm = signer.signature_algorithm();
    let signature_algorithm =
        signature_algorithm.ok_or("x509: certificate private key does not implement crypto.Signer")?;
    let public = key.public().map_err(|kind| format!("x509: unsupported public key type: {kind}"))?;
    let subject_name = name(&subject.common_name)?;
    let (issuer_name, issuer_key_id) = match issuer {
        Issuer::Itself => (subject_name.clone(), None),
        Issuer::Other(parent, _) => {
            if parent.key.is_some() && parent.key != signer.public().ok() {
                return Err("x509: provided PrivateKey doesn't match parent's PublicKey".into());
            }
            // A certificate that names itself as its issuer does not say by which key.
            let id = Some(&parent.subject_key_id[..])
                .filter(|id| !id.is_empty() && parent.subject != subject_name);
            (parent.subject.clone(), id)
        }
    };
    let end = i64::wrapping_mul(3_600_000_000_000 * 24, subject.days);
    let now = Time::new(subject.now.seconds, subject.now.nanoseconds, Zone::Utc);
    let validity = der::sequence(&[&time(&now), &time(&now.add(crate::dates::Duration(end)))]);
    let extensions = extensions(subject, &public, subject_name == der::sequence(&[]), issuer_key_id)?;
    let body = der::sequence(&[
        &der::element(der::explicit(0), &der::element(der::INTEGER, &[2])),
        &der::integer(&num_bigint::BigUint::from_bytes_be(&subject.serial)),
        &signature_algorithm,
        &issuer_name,
        &validity,
        &subject_name,
        &der::sequence(&[&public.algorithm, &der::bits(&public.bytes)]),
        &der::element(der::explicit(3), &extensions),
    ]);
    let signature = signer.sign(&body)?;
    Ok(der::sequence(&[&body, &signature_algorithm, &der::bits(&signature)]))
}

/// A distinguished name that has a common name alone, or nothing.
fn name(common: &Text) -> Result<Vec<u8>, String> {
    if common.is_empty() {
        return Ok(der::sequence(&[]));
    }
    let bytes = common.as_bytes();
    let printable = |byte: &u8| byte.is_ascii_alphanumeric() || b"'()+,-./ :=?".contains(byte);
    let tag = if bytes.iter().all(printable) {
        der::PRINTABLE_STRING
    } else if std::str::from_utf8(bytes).is_ok() {
        der::UTF8_STRING
    } else {
        return Err("asn1: string not valid UTF-8".into());
    };
    let pair = der::sequence(&[&der::element(der::OID, COMMON_NAME), &der::element(tag, bytes)]);
    Ok(der::sequence(&[&der::element(der::SET, &pair)]))
}

/// Two digits of the year from 1950 to 2049, else four.
fn time(time: &Time) -> Vec<u8> {
    let full = time.format(b"20060102150405Z");
    if (&b"1950"[..]..&b"2050"[..]).contains(&&full[..4]) {
        der::element(der::UTC_TIME, &full[2..])
    } else {
        der::element(der::GENERALIZED_TIME, &full)
    }
}

fn extensions(
    subject: &Subject,
    public: &PublicKey,
    nameless: bool,
    issuer_key_id: Option<&[u8]>,
) -> Result<Vec<u8>, String> {
    const TRUE: &[u8] = &[der::BOOLEAN, 1, 0xFF];
    let extension = |number: u8, critical: bool, value: &[u8]| {
        let oid = der::element(der::OID, &[0x55, 0x1D, number]);
        der::sequence(&[&oid, if critical { TRUE } else { &[] }, &der::octets(value)])
    };
    // Digital signature, key encipherment; an authority signs certificates, too.
    let usages: &[u8] = if subject.authority { &[2, 0xA4] } else { &[5, 0xA0] };
    let usages = extension(15, true, &der::element(der::BIT_STRING, usages));
    let usage = |number: u8| der::element(der::OID, &[0x2B, 6, 1, 5, 5, 7, 3, number]);
    let server_and_client = extension(37, false, &der::sequence(&[&usage(1), &usage(2)]));
    let authority = if subject.authority { TRUE } else { &[] };
    let constraints = extension(19, true, &der::sequence(&[authority]));
    let mut key_ids = Vec::new();
    if subject.authority {
        // RFC 7093, section 2, method 1.
        key_ids.extend(extension(14, false, &der::octets(&Sha256::digest(&public.bytes)[..20])));
    }
    if let Some(id) = issuer_key_id {
        key_ids.extend(extension(35, false, &der::sequence(&[&der::element(0x80, id)])));
    }
    let mut names = Vec::new();
    for name in &subject.names {
        if !name.as_bytes().is_ascii() {
            let quoted = quote(name.as_bytes());
            let quoted = String::from_utf8_lossy(&quoted);
            return Err(format!("x509: {quoted} cannot be encoded as an IA5String"));
        }
        names.extend(der::element(0x82, name.as_bytes()));
    }
    for address in &subject.addresses {
        names.extend(match address.to_canonical() {
            IpAddr::V4(address) => der::element(0x87, &address.octets()),
            IpAddr::V6(address) => der::element(0x87, &address.octets()),
        });
    }
    if !names.is_empty() {
        names = extension(17, nameless, &der::sequence(&[&names]));
    }
    Ok(der::sequence(&[&usages, &server_and_client, &constraints, &key_ids, &names]))
}
