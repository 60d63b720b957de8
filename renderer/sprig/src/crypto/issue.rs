//! The functions that make keys and certificates.
//!
//! *Source*: sprig 3.3.0 `crypto.go`.

use std::net::IpAddr;

use gotemplate::{Call, Failure};
use value::{List, Text, Value};

use super::certificate::{Certificate, Issuer, Subject, create};
use super::curve::{Curve, EcKey};
use super::key::PrivateKey;
use super::prime::Stream;
use super::slow::{Kept, Made, Slow, draw};
use super::{pem, x509};
use crate::cast::show;
use crate::encoding::unbase64;
use crate::outside::Now;
use crate::table::{Asks, Table};

pub(super) fn add(table: &mut Table) {
    let kept = Kept::default();
    let keys = kept.clone();
    table.put("genPrivateKey", Asks::Random, move |call: &mut Call<'_>, kind: Text| {
        gen_private_key(call, &keys, &kind)
    });
    let keys = kept.clone();
    table.put("genCA", Asks::Random, move |call: &mut Call<'_>, name: Text, days: i64| {
        let asked = Asked { name, days, authority: true, ..Asked::default() };
        let key = keys.new_key(call)?;
        issue_itself(call, &asked, &key)
    });
    table.put("genCAWithKey", Asks::Random, |call: &mut Call<'_>, name: Text, days: i64, key: Text| {
        let asked = Asked { name, days, authority: true, ..Asked::default() };
        issue_itself(call, &asked, &read_key(&key)?)
    });
    let keys = kept.clone();
    table.put(
        "genSelfSignedCert",
        Asks::Random,
        move |call: &mut Call<'_>, name: Text, ips: List, dns: List, days: i64| {
            let asked = Asked::of(call, name, &ips, &dns, days)?;
            let key = keys.new_key(call)?;
            issue_itself(call, &asked, &key)
        },
    );
    table.put(
        "genSelfSignedCertWithKey",
        Asks::Random,
        |call: &mut Call<'_>, name: Text, ips: List, dns: List, days: i64, key: Text| {
            let key = read_key(&key)?;
            let asked = Asked::of(call, name, &ips, &dns, days)?;
            issue_itself(call, &asked, &key)
        },
    );
    table.put(
        "genSignedCert",
        Asks::Random,
        move |call: &mut Call<'_>, name: Text, ips: List, dns: List, days: i64, ca: Certificate| {
            let signer = read_signer(&ca)?;
            let asked = Asked::of(call, name, &ips, &dns, days)?;
            let key = kept.new_key(call)?;
            issue_by(call, &asked, &key, &signer)
        },
    );
    table.put(
        "genSignedCertWithKey",
        Asks::Random,
        |call: &mut Call<'_>, name: Text, ips: List, dns: List, days: i64, ca: Certificate, key: Text| {
            let key = read_key(&key)?;
            let signer = read_signer(&ca)?;
            let asked = Asked::of(call, name, &ips, &dns, days)?;
            issue_by(call, &asked, &key, &signer)
        },
    );
    table.pure("buildCustomCert", build_custom_cert);
}

fn gen_private_key(call: &mut Call<'_>, kept: &Kept, kind: &Text) -> Result<Text, Failure> {
    let made = match kind.as_bytes() {
        b"" | b"rsa" => kept.make(call, Slow::Rsa4096)?,
        b"dsa" => kept.make(call, Slow::Dsa)?,
        b"ecdsa" => {
            let mut stream = Stream::new(draw(call)?);
            Made::Key(PrivateKey::Ec(EcKey::generate(Curve::P256, |bytes| stream.fill(bytes))))
        }
        b"ed25519" => Made::Key(PrivateKey::Ed25519(draw(call)?)),
        other => return Ok([b"Unknown type ", other].concat().into()),
    };
    Ok(made.to_pem().into())
}

/// What a template asks to be certified.
#[derive(Default)]
struct Asked {
    name: Text,
    addresses: Vec<IpAddr>,
    names: Vec<Text>,
    days: i64,
    authority: bool,
}

impl Asked {
    fn of(call: &mut Call<'_>, name: Text, ips: &List, dns: &List, days: i64) -> Result<Self, Failure> {
        call.charge((ips.len() + dns.len()) as u64)?;
        let mut asked = Self { name, days, ..Self::default() };
        for ip in ips.iter() {
            let Value::Str(text) = ip else { return no_string(call, "error parsing ip", ip) };
            let address = std::str::from_utf8(text.as_bytes()).ok().and_then(|text| text.parse().ok());
            let message = || Failure::error([b"error parsing ip: ", text.as_bytes()].concat());
            asked.addresses.push(address.ok_or_else(message)?);
        }
        for name in dns.iter() {
            let Value::Str(text) = name else {
                return no_string(call, "error processing alternate dns name", name);
            };
            asked.names.push(text.clone());
        }
        Ok(asked)
    }

    /// With what the world adds.
    fn subject(&self, call: &mut Call<'_>) -> Result<Subject, Failure> {
        let mut clock = Now::default();
        call.ask(&mut clock);
        Ok(Subject {
            common_name: self.name.clone(),
            addresses: self.addresses.clone(),
            names: self.names.clone(),
            authority: self.authority,
            now: clock.answer.ok_or_else(|| Failure::error("this run has no clock"))?,
            days: self.days,
            serial: draw(call)?,
        })
    }
}

fn no_string<T>(call: &mut Call<'_>, what: &str, value: &Value) -> Result<T, Failure> {
    let shown = show(call, value)?;
    Err(Failure::error([what.as_bytes(), b": ", shown.as_bytes(), b" is not a string"].concat()))
}

fn read_key(pem: &Text) -> Result<PrivateKey, Failure> {
    PrivateKey::read_pem(pem.as_bytes())
        .map_err(|error| Failure::error(format!("parsing private key: {error}")))
}

fn issue_itself(call: &mut Call<'_>, asked: &Asked, key: &PrivateKey) -> Result<Value, Failure> {
    let subject = asked.subject(call)?;
    Ok(create(&subject, key, Issuer::Itself).map_err(Failure::error)?.into())
}

/// Another certificate and its key, which sign.
fn read_signer(ca: &Certificate) -> Result<(x509::Parsed, PrivateKey), Failure> {
    let block =
        pem::decode(ca.cert.as_bytes()).ok_or_else(|| Failure::error("unable to decode certificate"))?;
    let parsed = x509::parse(&block.der).map_err(|error| {
        Failure::error(format!("error parsing certificate: decodedSignerCert.Bytes: {error}"))
    })?;
    let key = PrivateKey::read_pem(ca.key.as_bytes())
        .map_err(|error| Failure::error(format!("error parsing private key: {error}")))?;
    Ok((parsed, key))
}

fn issue_by(
    call: &mut Call<'_>,
    asked: &Asked,
    key: &PrivateKey,
    (parent, signer): &(x509::Parsed, PrivateKey),
) -> Result<Value, Failure> {
    let subject = asked.subject(call)?;
    Ok(create(&subject, key, Issuer::Other(parent, signer)).map_err(Failure::error)?.into())
}

fn build_custom_cert(call: &mut Call<'_>, cert: Text, key: Text) -> Result<Value, Failure> {
    call.charge_text(cert.len() as u128 + key.len() as u128)?;
    let decode = |text: &Text, what: &str| {
        let decoded = unbase64(text.as_bytes());
        decoded.map_err(|_| Failure::error(format!("unable to decode base64 {what}")))
    };
    let (cert_bytes, key_bytes) = (decode(&cert, "certificate")?, decode(&key, "private key")?);
    let block = pem::decode(&cert_bytes).ok_or_else(|| Failure::error("unable to decode certificate"))?;
    x509::parse(&block.der)
        .map_err(|error| Failure::error(format!("error parsing certificate: decodedCert.Bytes: {error}")))?;
    PrivateKey::read_pem(&key_bytes)
        .map_err(|error| Failure::error(format!("error parsing private key: {error}")))?;
    Ok(Certificate { cert: Text::derived(cert_bytes, &[&cert]), key: Text::derived(key_bytes, &[&key]) }
        .into())
}
