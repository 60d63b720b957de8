//! DER, as Go reads it into a struct: what is expected where, and its words for what is not there.
//!
//! *Source*: go 1.27 `encoding/asn1/asn1.go`.

use num_bigint::BigUint;

/// What is expected.
pub(super) enum Shape {
    /// Any one element.
    Any,
    /// A number of any size.
    Big,
    /// A text of bits.
    Bits,
    /// A number that fits into an `int`.
    Int,
    /// Structs of one shape.
    ListOf(&'static Shape),
    /// A text of bytes.
    Octets,
    /// The name of an object.
    Oid,
    /// A struct: the name of its Go type, its fields.
    Struct(&'static str, &'static [Field]),
}

/// A field of a struct.
pub(super) struct Field {
    pub(super) shape: Shape,
    pub(super) optional: bool,
    /// The number of the tag around it.
    pub(super) explicit: Option<u32>,
}

impl Field {
    pub(super) const fn of(shape: Shape) -> Self {
        Self { shape, optional: false, explicit: None }
    }

    pub(super) const fn optional(shape: Shape) -> Self {
        Self { shape, optional: true, explicit: None }
    }

    pub(super) const fn tagged(number: u32, shape: Shape) -> Self {
        Self { shape, optional: true, explicit: Some(number) }
    }
}

/// What was there.
#[derive(Debug)]
pub(super) enum Item<'a> {
    /// An optional field that was left out.
    Absent,
    /// The whole element.
    Any(&'a [u8]),
    /// The size of a number, and whether it is negative.
    Big(BigUint, bool),
    /// The bytes of a text of bits.
    Bits,
    Int(i64),
    List(Vec<Item<'a>>),
    Octets(&'a [u8]),
    /// The name as it is encoded.
    Oid(&'a [u8]),
    Struct(Vec<Item<'a>>),
}

struct Tag {
    class: u8,
    compound: bool,
    number: u32,
    length: usize,
}

fn syntax(message: &str) -> String {
    format!("asn1: syntax error: {message}")
}

fn structure(message: &str) -> String {
    format!("asn1: structure error: {message}")
}

/// Reads one element and gives what stands behind it, too.
///
/// # Errors
/// Go's sentence.
pub(super) fn unmarshal<'a>(bytes: &'a [u8], shape: Shape) -> Result<(Item<'a>, &'a [u8]), String> {
    let (item, end) = read(bytes, 0, &Field::of(shape))?;
    Ok((item, &bytes[end..]))
}

/// The recursion is as deep as the shape, which no chart chooses.
fn read<'a>(bytes: &'a [u8], start: usize, field: &Field) -> Result<(Item<'a>, usize), String> {
    let absent = |error: String| if field.optional { Ok((Item::Absent, start)) } else { Err(error) };
    if start == bytes.len() {
        return absent(syntax("sequence truncated"));
    }
    let (mut tag, mut at) = tag(bytes, start)?;
    if let Some(number) = field.explicit {
        if at == bytes.len() {
            return Err(structure("explicit tag has no child"));
        }
        if tag.class != 2 || tag.number != number || !(tag.length == 0 || tag.compound) {
            return absent(structure("explicitly tagged member didn't match"));
        }
        if tag.length == 0 {
            return Err(structure("zero length explicit tag was not an asn1.Flag"));
        }
        (tag, at) = self::tag(bytes, at)?;
    }
    let (expected, compound, name) = match field.shape {
        Shape::Any => (tag.number, tag.compound, ""),
        Shape::Big => (2, false, ""),
        Shape::Bits => (3, false, "BitString"),
        Shape::Int => (2, false, "int"),
        Shape::ListOf(_) => (16, true, ""),
        Shape::Octets => (4, false, ""),
        Shape::Oid => (6, false, "ObjectIdentifier"),
        Shape::Struct(name, _) => (16, true, name),
    };
    let any = matches!(field.shape, Shape::Any);
    if !any && (tag.class != 0 || tag.number != expected || tag.compound != compound) {
        // The parameters of a field that is not optional are always these.
        return absent(structure(&format!(
            "tags don't match ({expected} vs {{class:{} tag:{} length:{} isCompound:{}}}) {{optional:false \
             explicit:false application:false private:false defaultValue:<nil> tag:<nil> stringType:0 timeType:0 \
             set:false omitEmpty:false}} {name} @{at}",
            tag.class, tag.number, tag.length, tag.compound
        )));
    }
    let end = at + tag.length;
    let Some(body) = bytes.get(at..end) else { return Err(syntax("data truncated")) };
    let item = match field.shape {
        Shape::Any => Item::Any(&bytes[start..end]),
        Shape::Big => big(body)?,
        Shape::Bits => bits(body)?,
        Shape::Int => Item::Int(int(body)?),
        Shape::ListOf(shape) => list(body, shape)?,
        Shape::Octets => Item::Octets(body),
        Shape::Oid => oid(body)?,
        Shape::Struct(_, fields) => {
            let mut items = Vec::with_capacity(fields.len());
            let mut inner = 0;
            for field in fields {
                let (item, next) = read(body, inner, field)?;
                items.push(item);
                inner = next;
            }
            Item::Struct(items)
        }
    };
    Ok((item, end))
}

fn tag(bytes: &[u8], start: usize) -> Result<(Tag, usize), String> {
    let truncated = || syntax("truncated tag or length");
    let first = *bytes.get(start).ok_or_else(truncated)?;
    let mut at = start + 1;
    let mut number = u32::from(first & 0x1F);
    if number == 0x1F {
        (number, at) = base128(bytes, at)?;
        if number < 0x1F {
            return Err(syntax("non-minimal tag"));
        }
    }
    let byte = *bytes.get(at).ok_or_else(truncated)?;
    at += 1;
    let mut length = usize::from(byte & 0x7F);
    if byte & 0x80 != 0 {
        let count = length;
        if count == 0 {
            return Err(syntax("indefinite length found (not DER)"));
        }
        length = 0;
        for _ in 0..count {
            let byte = *bytes.get(at).ok_or_else(truncated)?;
            at += 1;
            if length >= 1 << 23 {
                return Err(structure("length too large"));
            }
            length = length << 8 | usize::from(byte);
            if length == 0 {
                return Err(structure("superfluous leading zeros in length"));
            }
        }
        if length < 0x80 {
            return Err(structure("non-minimal length"));
        }
    }
    Ok((Tag { class: first >> 6, compound: first & 0x20 != 0, number, length }, at))
}

fn base128(bytes: &[u8], start: usize) -> Result<(u32, usize), String> {
    let too_large = || structure("base 128 integer too large");
    let mut number = 0_u64;
    for (index, &byte) in bytes[start..].iter().enumerate() {
        if index == 5 {
            return Err(too_large());
        }
        if index == 0 && byte == 0x80 {
            return Err(syntax("integer is not minimally encoded"));
        }
        number = number << 7 | u64::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            let number = i32::try_from(number).map_err(|_| too_large())?;
            return Ok((number.unsigned_abs(), start + index + 1));
        }
    }
    Err(syntax("truncated base 128 integer"))
}

fn check_integer(body: &[u8]) -> Result<(), String> {
    match body {
        [] => Err(structure("empty integer")),
        [0, next, ..] if *next < 0x80 => Err(structure("integer not minimally-encoded")),
        [0xFF, next, ..] if *next >= 0x80 => Err(structure("integer not minimally-encoded")),
        _ => Ok(()),
    }
}

fn int(body: &[u8]) -> Result<i64, String> {
    check_integer(body)?;
    if body.len() > 8 {
        return Err(structure("integer too large"));
    }
    let sign = if body[0] >= 0x80 { -1 } else { 0 };
    Ok(body.iter().fold(sign, |number, &byte| number << 8 | i64::from(byte)))
}

fn big(body: &[u8]) -> Result<Item<'_>, String> {
    check_integer(body)?;
    if body[0] < 0x80 {
        return Ok(Item::Big(BigUint::from_bytes_be(body), false));
    }
    let inverse: Vec<u8> = body.iter().map(|byte| !byte).collect();
    Ok(Item::Big(BigUint::from_bytes_be(&inverse) + 1_u32, true))
}

fn bits(body: &[u8]) -> Result<Item<'_>, String> {
    let (Some(&padding), Some(&last)) = (body.first(), body.last()) else {
        return Err(syntax("zero length BIT STRING"));
    };
    if padding > 7 || body.len() == 1 && padding > 0 || last & ((1 << padding) - 1) != 0 {
        return Err(syntax("invalid padding bits in BIT STRING"));
    }
    Ok(Item::Bits)
}

fn oid(body: &[u8]) -> Result<Item<'_>, String> {
    if body.is_empty() {
        return Err(syntax("zero length OBJECT IDENTIFIER"));
    }
    let mut at = 0;
    while at < body.len() {
        (_, at) = base128(body, at)?;
    }
    Ok(Item::Oid(body))
}

fn list<'a>(body: &'a [u8], shape: &'static Shape) -> Result<Item<'a>, String> {
    let mut at = 0;
    while at < body.len() {
        let (tag, start) = tag(body, at)?;
        if tag.class != 0 || !tag.compound || tag.number != 16 {
            return Err(structure("sequence tag mismatch"));
        }
        at = start + tag.length;
        if at > body.len() {
            return Err(syntax("truncated sequence"));
        }
    }
    let mut items = Vec::new();
    let mut at = 0;
    while at < body.len() {
        let Shape::Struct(name, fields) = *shape else { break };
        let (item, next) = read(body, at, &Field::of(Shape::Struct(name, fields)))?;
        items.push(item);
        at = next;
    }
    Ok(Item::List(items))
}
