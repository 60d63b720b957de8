//! Texts and numbers that nobody can foresee. Equal answers of the host give equal results.
//!
//! *Source*: sprig 3.3.0 `strings.go`, `crypto.go`; goutils 1.1.1 `cryptorandomstringutils.go`.

use gotemplate::{Call, Failure};
use value::Text;

use crate::encoding::base64;
use crate::outside::random;
use crate::table::{Asks, Table};
use crate::unicode;

pub(crate) fn add(table: &mut Table) {
    table.family("random");
    table.put("randAlphaNum", Asks::Random, |call: &mut Call<'_>, count: i64| {
        text(call, count, |byte| byte.is_ascii_alphanumeric())
    });
    table.put("randAlpha", Asks::Random, |call: &mut Call<'_>, count: i64| {
        text(call, count, |byte| byte.is_ascii_alphabetic())
    });
    table.put("randNumeric", Asks::Random, |call: &mut Call<'_>, count: i64| {
        text(call, count, |byte| byte.is_ascii_digit())
    });
    table.put("randAscii", Asks::Random, |call: &mut Call<'_>, count: i64| {
        text(call, count, |byte| matches!(byte, b' '..=b'~'))
    });
    table.put("randBytes", Asks::Random, rand_bytes);
    table.put("randInt", Asks::Random, rand_int);
    table.put("shuffle", Asks::Random, shuffle);
    table.put("uuidv4", Asks::Random, uuidv4);
}

fn text(call: &mut Call<'_>, count: i64, wanted: fn(&u8) -> bool) -> Result<String, Failure> {
    let count = usize::try_from(count).unwrap_or(0);
    call.charge_text(count as u128)?;
    let mut text = String::with_capacity(count);
    while text.len() < count {
        // Seven bits make every ASCII byte equally likely; the wanted ones stay.
        let bytes = random(call, (count - text.len()) * 2 + 16)?;
        let fits = bytes.iter().map(|byte| byte & 0x7F).filter(wanted);
        text.extend(fits.take(count - text.len()).map(char::from));
    }
    Ok(text)
}

fn rand_bytes(call: &mut Call<'_>, count: i64) -> Result<Text, Failure> {
    let count =
        usize::try_from(count).map_err(|_| Failure::error("runtime error: makeslice: len out of range"))?;
    call.charge_text(count as u128 * 4 / 3)?;
    Ok(base64(&random(call, count)?).into())
}

/// A number below `limit`, each equally likely.
pub(crate) fn below(call: &mut Call<'_>, limit: u64) -> Result<u64, Failure> {
    let fair = u64::MAX - u64::MAX % limit;
    loop {
        let bytes = random(call, 8)?;
        let number = bytes.iter().fold(0_u64, |number, &byte| number << 8 | u64::from(byte));
        if number < fair {
            return Ok(number % limit);
        }
    }
}

fn rand_int(call: &mut Call<'_>, min: i64, max: i64) -> Result<i64, Failure> {
    match u64::try_from(max.wrapping_sub(min)) {
        Ok(range @ 1..) => Ok(min.wrapping_add(below(call, range)? as i64)),
        _ => Err(Failure::error("invalid argument to Intn")),
    }
}

fn shuffle(call: &mut Call<'_>, text: Text) -> Result<Text, Failure> {
    call.charge_text(text.len() as u128 * 8)?;
    let mut runes: Vec<char> = unicode::runes(text.as_bytes()).map(|(rune, _)| rune).collect();
    for index in (1..runes.len()).rev() {
        let other = below(call, index as u64 + 1)? as usize;
        runes.swap(index, other);
    }
    Ok(Text::derived(runes.into_iter().collect::<String>(), &[&text]))
}

fn uuidv4(call: &mut Call<'_>) -> Result<String, Failure> {
    let bytes = random(call, 16)?;
    let mut id = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        let byte = match index {
            6 => byte & 0x0F | 0x40,
            8 => byte & 0x3F | 0x80,
            _ => *byte,
        };
        if matches!(index, 4 | 6 | 8 | 10) {
            id.push('-');
        }
        id.push_str(&format!("{byte:02x}"));
    }
    Ok(id)
}
