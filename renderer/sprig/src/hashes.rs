//! Digests.
//!
//! *Source*: sprig 3.3.0 `crypto.go`.

use gotemplate::{Call, Failure};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use value::Text;

use crate::table::Table;

pub(crate) fn add(table: &mut Table) {
    table.family("crypto");
    table.pure("sha1sum", digest::<Sha1>);
    table.pure("sha256sum", digest::<Sha256>);
    table.pure("sha512sum", digest::<Sha512>);
    table.pure("adler32sum", adler32);
}

fn digest<D: Digest>(call: &mut Call<'_>, text: Text) -> Result<Text, Failure> {
    call.charge_text(text.len() as u128)?;
    Ok(Text::derived(hex(D::digest(text.as_bytes()).as_slice()), &[&text]))
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn adler32(call: &mut Call<'_>, text: Text) -> Result<Text, Failure> {
    call.charge_text(text.len() as u128)?;
    let (mut a, mut b) = (1_u64, 0_u64);
    // 65,521 is the largest prime below 2^16; sums of a block of this size cannot overflow.
    for block in text.as_bytes().chunks(1 << 20) {
        for &byte in block {
            a += u64::from(byte);
            b += a;
        }
        (a, b) = (a % 65_521, b % 65_521);
    }
    Ok(Text::derived((b << 16 | a).to_string(), &[&text]))
}
