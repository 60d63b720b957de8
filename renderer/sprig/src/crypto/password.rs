//! Passwords: hashed with bcrypt, and derived from a master password.
//!
//! *Source*: sprig 3.3.0 `crypto.go`; golang.org/x/crypto `bcrypt`.

use blowfish::Blowfish;
use gotemplate::{Call, Failure};
use hmac::{Hmac, KeyInit, Mac};
use scrypt::{Params, scrypt};
use sha2::Sha256;
use value::Text;

use crate::outside::random;
use crate::table::{Asks, Table};

pub(super) fn add(table: &mut Table) {
    table.put("bcrypt", Asks::Random, bcrypt);
    table.put("htpasswd", Asks::Random, htpasswd);
    table.pure("derivePassword", derive_password);
}

/// About the time that one bcrypt takes, in instructions of the machine.
const BCRYPT_FUEL: u64 = 5_000_000;
/// The same for one scrypt, with the 32 MiB that it fills.
const SCRYPT_FUEL: u64 = 20_000_000;

/// The cost 10 is written as text; 2 to this power rounds are made.
const COST: u32 = 10;
const DIGITS: &[u8; 64] = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

fn bcrypt(call: &mut Call<'_>, password: Text) -> Result<Text, Failure> {
    if password.len() > 72 {
        return Ok("failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes".into());
    }
    call.charge(BCRYPT_FUEL)?;
    let salt = random(call, 16)?;
    Ok(Text::derived(hash(password.as_bytes(), &salt), &[&password]))
}

fn htpasswd(call: &mut Call<'_>, user: Text, password: Text) -> Result<Text, Failure> {
    if user.as_bytes().contains(&b':') {
        return Ok(Text::derived([b"invalid username: ", user.as_bytes()].concat(), &[&user]));
    }
    let hashed = bcrypt(call, password)?;
    Ok(Text::derived([user.as_bytes(), b":", hashed.as_bytes()].concat(), &[&user, &hashed]))
}

/// `$2a$10$`, 22 digits of salt, 31 of hash.
fn hash(password: &[u8], salt: &[u8]) -> Vec<u8> {
    let key = [password, &[0]].concat();
    let mut cipher: Blowfish = Blowfish::bc_init_state();
    cipher.salted_expand_key(salt, &key);
    for _ in 0..1_u32 << COST {
        cipher.bc_expand_key(&key);
        cipher.bc_expand_key(salt);
    }
    let mut hashed = Vec::with_capacity(24);
    for pair in [[0x4F72_7068, 0x6561_6E42], [0x6568_6F6C, 0x6465_7253], [0x6372_7944, 0x6F75_6274]] {
        let pair = (0..64).fold(pair, |pair, _| cipher.bc_encrypt(pair));
        hashed.extend(pair.iter().flat_map(|word| word.to_be_bytes()));
    }
    let mut text = format!("$2a${COST}$").into_bytes();
    digits(salt, &mut text);
    // One byte of the hash has always been left out.
    digits(&hashed[..23], &mut text);
    text
}

/// Base 64 with an alphabet of bcrypt's own and without padding.
fn digits(bytes: &[u8], text: &mut Vec<u8>) {
    for group in bytes.chunks(3) {
        let word = (0..3).fold(0, |word, index| word << 8 | group.get(index).copied().map_or(0, usize::from));
        text.extend((0..=group.len()).map(|index| DIGITS[word >> (18 - 6 * index) & 63]));
    }
}

const SEED: &[u8] = b"com.lyndir.masterpassword";

fn templates(kind: &[u8]) -> Option<&'static [&'static str]> {
    Some(match kind {
        b"maximum" => &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"],
        b"long" => &[
            "CvcvnoCvcvCvcv",
            "CvcvCvcvnoCvcv",
            "CvcvCvcvCvcvno",
            "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv",
            "CvccCvcvCvcvno",
            "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno",
            "CvcvnoCvcvCvcc",
            "CvcvCvcvnoCvcc",
            "CvcvCvcvCvccno",
            "CvccnoCvccCvcv",
            "CvccCvccnoCvcv",
            "CvccCvccCvcvno",
            "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc",
            "CvcvCvccCvccno",
            "CvccnoCvcvCvcc",
            "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
        b"medium" => &["CvcnoCvc", "CvcCvcno"],
        b"short" => &["Cvcn"],
        b"basic" => &["aaanaaan", "aannaaan", "aaannaaa"],
        b"pin" => &["nnnn"],
        _ => return None,
    })
}

/// The characters that a letter of a template stands for.
fn characters(letter: char) -> &'static [u8] {
    match letter {
        'C' => b"BCDFGHJKLMNPQRSTVWXYZ",
        'v' => b"aeiou",
        'c' => b"bcdfghjklmnpqrstvwxyz",
        'a' => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        'n' => b"0123456789",
        'o' => b"@&%?,=[]_:-+*$#!'^~;()/.",
        _ => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}

fn derive_password(
    call: &mut Call<'_>,
    counter: u32,
    kind: Text,
    password: Text,
    user: Text,
    site: Text,
) -> Result<Text, Failure> {
    let Some(templates) = templates(kind.as_bytes()) else {
        return Ok([b"cannot find password template ", kind.as_bytes()].concat().into());
    };
    call.charge(SCRYPT_FUEL)?;
    let length = |text: &Text| (text.len() as u32).to_be_bytes();
    let salt = [SEED, &length(&user), user.as_bytes()].concat();
    let failed =
        |error: &dyn std::fmt::Display| Failure::error(format!("failed to derive password: {error}"));
    let params = Params::new(15, 8, 2).map_err(|error| failed(&error))?;
    let mut key = [0; 64];
    scrypt(password.as_bytes(), &salt, &params, &mut key).map_err(|error| failed(&error))?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|error| failed(&error))?;
    mac.update(&[SEED, &length(&site), site.as_bytes(), &counter.to_be_bytes()].concat());
    let seed = mac.finalize().into_bytes();
    let template = templates[usize::from(seed[0]) % templates.len()];
    // No template is longer than the rest of the seed.
    let derived: Vec<u8> = template
        .chars()
        .zip(&seed[1..])
        .map(|(letter, &byte)| {
            let characters = characters(letter);
            characters[usize::from(byte) % characters.len()]
        })
        .collect();
    Ok(Text::derived(derived, &[&password, &user, &site]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_bcrypt() {
        // Made with golang.org/x/crypto/bcrypt.
        let answers: [(&[u8], &str); 6] = [
            (b"", "$2a$10$NMz52pDa6Q0HgyQpn5Nb.ezcvGIKQi62sdZFvyW5u.s.rL6mc70FK"),
            (b"secret", "$2a$10$J2XrtuhFvKIRykUqsYBsg.BloUhAQ8FCiTERAAfmJ1waFDS4eVeIW"),
            (b"p\x00q", "$2a$10$2Ux.16kC8aw5/GHd3Hd21.hh3qZPnQJg7obHVLPkvG1hoMwOOxwxK"),
            (b"h\xc3\xb6he", "$2a$10$vRoDDKowZ2Hk.Y6RsXBPFut2c7Wx1TnKF2HGFbJzV1GeBTP72pyqS"),
            (
                b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
                "$2a$10$XkrrFUTldhwM3QpqIaazlujOfsTrQKt.59QrGDJHUu1E8xp9b6nQ6",
            ),
            (
                b"0123456789ab0123456789ab0123456789ab0123456789ab0123456789ab0123456789ab",
                "$2a$10$B5gnaNz9.4IsSAT/SKC39uWWhBWBCyfZKJshfqZfduTnBmAqP6mhi",
            ),
        ];
        for (password, hashed) in answers {
            let salt = undigits(&hashed.as_bytes()[7..29]);
            assert_eq!(String::from_utf8(hash(password, &salt)).unwrap(), hashed);
        }
    }

    fn undigits(text: &[u8]) -> Vec<u8> {
        let value = |digit: &u8| DIGITS.iter().position(|known| known == digit).unwrap();
        let bits: Vec<u8> = text
            .iter()
            .flat_map(|digit| (0..6).rev().map(move |bit| (value(digit) >> bit & 1) as u8))
            .collect();
        bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |byte, bit| byte << 1 | bit)).collect()
    }
}
