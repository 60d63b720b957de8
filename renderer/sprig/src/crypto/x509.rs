//! A certificate, as it is read: whether it is one, and what another needs of the one that signs it.
//!
//! *Source*: go 1.27 `crypto/x509/parser.go`. Of the extensions, key usage, basic constraints, names, the key ids and the
//! extended usages are checked; Go looks into some rarer ones, too.

use value::calendar::days_in;

use super::curve::Curve;
use super::der;
use super::key::{EC_OID, ED25519_OID, PublicKey, RSA_OID};

/// What a certificate says of its owner.
#[derive(Debug)]
pub(super) struct Parsed {
    /// The whole element.
    pub(super) subject: Vec<u8>,
    pub(super) subject_key_id: Vec<u8>,
    /// `None` for a kind that Go does not know.
    pub(super) key: Option<PublicKey>,
}

const DSA_OID: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x38, 0x04, 0x01];

/// Elements one after another. Source: `cryptobyte.String`.
#[derive(Clone, Copy)]
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// The next element: its tag, the whole of it, its body.
    fn any(&mut self) -> Option<(u8, &'a [u8], &'a [u8])> {
        let (&tag, &first) = (self.0.first()?, self.0.get(1)?);
        if tag & 0x1F == 0x1F {
            return None;
        }
        let (head, length) = if first < 0x80 {
            (2, usize::from(first))
        } else {
            let count = usize::from(first & 0x7F);
            if !(1..=4).contains(&count) {
                return None;
            }
            let length =
                self.0.get(2..2 + count)?.iter().fold(0_u64, |length, &byte| length << 8 | u64::from(byte));
            // The shortest form only.
            if length < 0x80 || length >> ((count - 1) * 8) == 0 {
                return None;
            }
            (2 + count, usize::try_from(length).ok()?)
        };
        let element = self.0.get(..head.checked_add(length)?)?;
        self.0 = &self.0[element.len()..];
        Some((tag, element, &element[head..]))
    }

    fn is(&self, tag: u8) -> bool {
        self.0.first() == Some(&tag)
    }

    /// The whole of the next element, if it has this tag.
    fn element(&mut self, tag: u8) -> Option<&'a [u8]> {
        if self.is(tag) { self.any().map(|(_, element, _)| element) } else { None }
    }

    fn read(&mut self, tag: u8) -> Option<&'a [u8]> {
        if self.is(tag) { self.any().map(|(.., body)| body) } else { None }
    }

    fn sequence(&mut self) -> Option<Self> {
        self.read(der::SEQUENCE).map(Reader)
    }

    /// The body of a number in its shortest form.
    fn integer(&mut self) -> Option<&'a [u8]> {
        let body = self.read(der::INTEGER)?;
        let long = matches!(body, [] | [0, 0..=0x7F, ..] | [0xFF, 0x80..=0xFF, ..]);
        (!long).then_some(body)
    }

    fn oid(&mut self) -> Option<&'a [u8]> {
        let body = self.read(der::OID)?;
        let starts = std::iter::once(&0).chain(body).zip(body);
        let fine = body.last()? & 0x80 == 0
            && starts.into_iter().all(|(before, &byte)| before & 0x80 != 0 || byte != 0x80);
        fine.then_some(body)
    }

    fn boolean(&mut self) -> Option<bool> {
        match self.read(der::BOOLEAN)? {
            [0] => Some(false),
            [0xFF] => Some(true),
            _ => None,
        }
    }

    /// The bytes of a text of bits, moved to the right.
    fn bits(&mut self) -> Option<Vec<u8>> {
        let (&padding, bytes) = self.read(der::BIT_STRING)?.split_first()?;
        let last = bytes.last().copied().unwrap_or_default();
        if padding > 7 || bytes.is_empty() && padding > 0 || last & ((1 << padding) - 1) != 0 {
            return None;
        }
        let shifted = |index: usize| {
            let before = if index == 0 { 0 } else { bytes[index - 1] };
            ((u16::from(before) << 8 | u16::from(bytes[index])) >> padding) as u8
        };
        Some((0..bytes.len()).map(shifted).collect())
    }
}

/// Reads a certificate.
///
/// # Errors
/// Go's sentence.
pub(super) fn parse(der: &[u8]) -> Result<Parsed, String> {
    let mut outside = Reader(der);
    let whole = outside.sequence().ok_or("x509: malformed certificate")?;
    let parsed = parse_body(whole)?;
    if outside.0.is_empty() { Ok(parsed) } else { Err("x509: trailing data".into()) }
}

fn parse_body(mut input: Reader<'_>) -> Result<Parsed, String> {
    let mut tbs = input.sequence().ok_or("x509: malformed tbs certificate")?;
    let version = read_version(&mut tbs).ok_or("x509: malformed version")?;
    if version > 2 {
        return Err("x509: invalid version".into());
    }
    let serial = tbs.integer().ok_or("x509: malformed serial number")?;
    if serial[0] >= 0x80 {
        return Err("x509: negative serial number".into());
    }
    let inner = tbs.read(der::SEQUENCE).ok_or("x509: malformed signature algorithm identifier")?;
    let outer = input.read(der::SEQUENCE).ok_or("x509: malformed algorithm identifier")?;
    if inner != outer {
        return Err("x509: inner and outer signature algorithm identifiers don't match".into());
    }
    algorithm(Reader(inner))?;
    name(&mut tbs)?;
    let mut validity = tbs.sequence().ok_or("x509: malformed validity")?;
    time(&mut validity)?;
    time(&mut validity)?;
    let subject = name(&mut tbs)?.to_vec();
    let mut spki = tbs.sequence().ok_or("x509: malformed spki")?;
    let key_algorithm = spki.read(der::SEQUENCE).ok_or("x509: malformed public key algorithm identifier")?;
    let (oid, parameters) = algorithm(Reader(key_algorithm))?;
    let bytes = spki.bits().ok_or("x509: malformed subjectPublicKey")?;
    let known = check_key(oid, parameters, &bytes)?;
    let key = known.then(|| PublicKey { algorithm: der::element(der::SEQUENCE, key_algorithm), bytes });
    let mut parsed = Parsed { subject, subject_key_id: Vec::new(), key };
    if version > 0 {
        for (tag, what) in [(0x81, "issuerUniqueID"), (0x82, "subjectUniqueID")] {
            if tbs.is(tag) && tbs.any().is_none() {
                return Err(format!("x509: malformed {what}"));
            }
        }
    }
    if version == 2 && tbs.is(der::explicit(3)) {
        let list = tbs.read(der::explicit(3)).map(Reader).and_then(|mut tagged| tagged.sequence());
        extensions(list.ok_or("x509: malformed extensions")?, &mut parsed)?;
    }
    input.bits().ok_or("x509: malformed signature")?;
    Ok(parsed)
}

/// The version less one; 0 where it is left out.
fn read_version(tbs: &mut Reader<'_>) -> Option<u64> {
    if !tbs.is(der::explicit(0)) {
        return Some(0);
    }
    let mut tagged = Reader(tbs.read(der::explicit(0))?);
    let body = tagged.integer().filter(|body| body.len() <= 8 && body[0] < 0x80)?;
    tagged.0.is_empty().then(|| body.iter().fold(0, |number, &byte| number << 8 | u64::from(byte)))
}

/// The name of an algorithm and the element behind it.
fn algorithm<'a>(mut der: Reader<'a>) -> Result<(&'a [u8], &'a [u8]), String> {
    let oid = der.oid().ok_or("x509: malformed OID")?;
    if der.0.is_empty() {
        return Ok((oid, &[]));
    }
    let (_, element, _) = der.any().ok_or("x509: malformed parameters")?;
    Ok((oid, element))
}

fn name<'a>(tbs: &mut Reader<'a>) -> Result<&'a [u8], String> {
    let element = tbs.element(der::SEQUENCE).ok_or("x509: malformed issuer")?;
    let invalid = "x509: invalid RDNSequence";
    let mut sets = Reader(element).sequence().ok_or(invalid)?;
    while !sets.0.is_empty() {
        let mut set = sets.read(der::SET).map(Reader).ok_or(invalid)?;
        while !set.0.is_empty() {
            let mut pair = set.sequence().ok_or_else(|| format!("{invalid}: invalid attribute"))?;
            pair.oid().ok_or_else(|| format!("{invalid}: invalid attribute type"))?;
            attribute(&mut pair).map_err(|error| format!("{invalid}: invalid attribute value: {error}"))?;
        }
    }
    Ok(element)
}

/// The value of an attribute: mostly a text, and any value that Go can take.
fn attribute(pair: &mut Reader<'_>) -> Result<(), String> {
    let invalid = |what: &str| format!("invalid ASN.1 {what}");
    match pair.0.first() {
        Some(&der::BOOLEAN) => pair.boolean().map(|_| ()).ok_or_else(|| invalid("BOOLEAN")),
        Some(&der::INTEGER) => {
            pair.integer().filter(|body| body.len() <= 8).map(|_| ()).ok_or_else(|| invalid("integer"))
        }
        Some(&der::BIT_STRING) => pair.bits().map(|_| ()).ok_or_else(|| invalid("BIT STRING")),
        Some(&(der::UTC_TIME | der::GENERALIZED_TIME)) => time(pair),
        _ => {
            let (tag, _, text) = pair.any().ok_or_else(|| invalid("element"))?;
            check_string(tag, text)
        }
    }
}

fn check_string(tag: u8, text: &[u8]) -> Result<(), String> {
    const NUMERIC: u8 = 0x12;
    const T61: u8 = 0x14;
    const IA5: u8 = 0x16;
    const BMP: u8 = 0x1E;
    let (fine, what) = match tag {
        der::PRINTABLE_STRING => (text.iter().copied().all(is_printable), "PrintableString"),
        der::UTF8_STRING => (std::str::from_utf8(text).is_ok(), "UTF-8 string"),
        T61 => (true, ""),
        IA5 => (text.is_ascii(), "IA5String"),
        NUMERIC => (text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b' ')), "NumericString"),
        BMP => {
            let text = text.strip_suffix(&[0, 0]).unwrap_or(text);
            let points = text.chunks_exact(2).map(|pair| u16::from(pair[0]) << 8 | u16::from(pair[1]));
            let reserved = |point| matches!(point, 0xFFFE | 0xFFFF | 0xFDD0..=0xFDEF | 0xD800..=0xDFFF);
            (text.len().is_multiple_of(2) && !points.into_iter().any(reserved), "BMPString")
        }
        _ => return Ok(()),
    };
    if fine { Ok(()) } else { Err(format!("invalid {what}")) }
}

/// `PrintableString`, and two characters that many certificates have in it.
fn is_printable(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"'()+,-./ :=?*&".contains(&byte)
}

/// Digits with a zone; Go compares what it read, written again.
fn time(der: &mut Reader<'_>) -> Result<(), String> {
    let (tag, years, what) = match der.0.first() {
        Some(&der::UTC_TIME) => (der::UTC_TIME, 2, "UTCTime"),
        Some(&der::GENERALIZED_TIME) => (der::GENERALIZED_TIME, 4, "GeneralizedTime"),
        _ => return Err("x509: unsupported time format".into()),
    };
    let fine = der.read(tag).is_some_and(|text| {
        let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let seconds = digits == years + 10;
        if digits < years + 8 {
            return false;
        }
        let number = |at: usize| text.get(at..at + 2).map_or(0, |two| (two[0] - b'0') * 10 + two[1] - b'0');
        // Two digits of a year: 1950 to 2049. What decides on a leap day is the same in both centuries.
        let century = if years == 4 { i64::from(number(0)) * 100 } else { 2000 };
        let year = century + i64::from(number(years - 2));
        let (month, day) = (i64::from(number(years)), i64::from(number(years + 2)));
        let number = |at: usize| number(years + at);
        let zone = &text[digits..];
        (seconds || years == 2 && digits == 10)
            && (1..=12).contains(&month)
            && (1..=days_in(month, year)).contains(&day)
            && number(4) < 24
            && number(6) < 60
            && (!seconds || number(8) < 60)
            && (zone == b"Z"
                || zone.len() == 5
                    && matches!(zone[0], b'+' | b'-')
                    && zone[1..].iter().all(u8::is_ascii_digit))
    });
    if fine { Ok(()) } else { Err(format!("x509: malformed {what}")) }
}

/// Whether the kind of key is known; an error where it is broken.
fn check_key(oid: &[u8], parameters: &[u8], bytes: &[u8]) -> Result<bool, String> {
    let zero = |number: &[u8]| number[0] >= 0x80 || number == [0];
    match oid {
        RSA_OID => {
            if parameters != der::NULL {
                return Err("x509: RSA key missing NULL parameters".into());
            }
            let mut numbers = Reader(bytes).sequence().ok_or("x509: invalid RSA public key")?;
            let modulus = numbers.integer().ok_or("x509: invalid RSA modulus")?;
            let exponent = numbers.integer().filter(|body| body.len() <= 8);
            let exponent = exponent.ok_or("x509: invalid RSA public exponent")?;
            if zero(modulus) {
                return Err("x509: RSA modulus is not a positive number".into());
            }
            if zero(exponent) {
                return Err("x509: RSA public exponent is not a positive number".into());
            }
        }
        EC_OID => {
            let named = Reader(parameters).oid().ok_or("x509: invalid ECDSA parameters")?;
            Curve::of_oid(named, "x509: unsupported elliptic curve")?.check_point(bytes)?;
        }
        ED25519_OID => {
            if !parameters.is_empty() {
                return Err("x509: Ed25519 key encoded with illegal parameters".into());
            }
            if bytes.len() != 32 {
                return Err("x509: wrong Ed25519 public key size".into());
            }
        }
        DSA_OID => {
            let public = Reader(bytes).integer().ok_or("x509: invalid DSA public key")?;
            let mut numbers = Reader(parameters).sequence().ok_or("x509: invalid DSA parameters")?;
            let mut any_zero = zero(public);
            for _ in 0..3 {
                any_zero |= zero(numbers.integer().ok_or("x509: invalid DSA parameters")?);
            }
            if any_zero {
                return Err("x509: zero or negative DSA parameter".into());
            }
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn extensions(mut list: Reader<'_>, parsed: &mut Parsed) -> Result<(), String> {
    let mut found: Vec<(&[u8], bool, &[u8])> = Vec::new();
    while !list.0.is_empty() {
        let mut extension = list.sequence().ok_or("x509: malformed extension")?;
        let oid = extension.oid().ok_or("x509: malformed extension OID field")?;
        let critical = if extension.is(der::BOOLEAN) {
            extension.boolean().ok_or("x509: malformed extension critical field")?
        } else {
            false
        };
        let value = extension.read(der::OCTET_STRING).ok_or("x509: malformed extension value field")?;
        found.push((oid, critical, value));
    }
    let mut names: Vec<&[u8]> = Vec::with_capacity(found.len());
    names.extend(found.iter().map(|(oid, ..)| *oid));
    names.sort_unstable();
    if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        let oid = der::dotted(pair[0]);
        return Err(format!("x509: certificate contains duplicate extension with OID \"{oid}\""));
    }
    found.into_iter().try_for_each(|(oid, critical, value)| extension(oid, critical, value, parsed))
}

fn extension(oid: &[u8], critical: bool, value: &[u8], parsed: &mut Parsed) -> Result<(), String> {
    let mut der = Reader(value);
    match oid {
        [0x55, 0x1D, 15] => der.bits().map(|_| ()).ok_or("x509: invalid key usage".into()),
        [0x55, 0x1D, 19] => {
            let fine = der.sequence().is_some_and(|mut constraints| {
                let flag = !constraints.is(der::BOOLEAN) || constraints.boolean().is_some();
                let number = |body: &[u8]| body[0] < 0x80 && body.len() <= 8;
                flag && (!constraints.is(der::INTEGER) || constraints.integer().is_some_and(number))
            });
            if fine { Ok(()) } else { Err("x509: invalid basic constraints".into()) }
        }
        [0x55, 0x1D, 17] => names(der),
        [0x55, 0x1D, 35] if critical => {
            Err("x509: authority key identifier incorrectly marked critical".into())
        }
        [0x55, 0x1D, 35] => {
            let fine = der.sequence().is_some_and(|mut id| !id.is(0x80) || id.any().is_some());
            if fine { Ok(()) } else { Err("x509: invalid authority key identifier".into()) }
        }
        [0x55, 0x1D, 37] => {
            let invalid = "x509: invalid extended key usages";
            let mut usages = der.sequence().ok_or(invalid)?;
            while !usages.0.is_empty() {
                usages.oid().ok_or(invalid)?;
            }
            Ok(())
        }
        [0x55, 0x1D, 14] if critical => {
            Err("x509: subject key identifier incorrectly marked critical".into())
        }
        [0x55, 0x1D, 14] => {
            let id = der.read(der::OCTET_STRING).ok_or("x509: invalid subject key identifier")?;
            parsed.subject_key_id = id.to_vec();
            Ok(())
        }
        _ => Ok(()),
    }
}

fn names(mut der: Reader<'_>) -> Result<(), String> {
    let mut names = der.sequence().ok_or("x509: invalid subject alternative names")?;
    while !names.0.is_empty() {
        let (tag, _, text) = names.any().ok_or("x509: invalid subject alternative name")?;
        match tag {
            0x81 if !text.is_ascii() => return Err("x509: SAN rfc822Name is malformed".into()),
            0x82 if !text.is_ascii() => return Err("x509: SAN dNSName is malformed".into()),
            0x86 if !text.is_ascii() => return Err("x509: SAN uniformResourceIdentifier is malformed".into()),
            0x87 if !matches!(text.len(), 4 | 16) => {
                return Err(format!("x509: cannot parse IP address of length {}", text.len()));
            }
            _ => {}
        }
    }
    Ok(())
}
