//! Texts under a password: AES-256 in CBC mode.
//!
//! *Source*: sprig 3.3.0 `crypto.go`, `encryptAES`, `decryptAES`; what Go's runtime says where they reach beyond their data.

use aes::Aes256;
use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use gotemplate::{Call, Failure};
use value::Text;

use crate::encoding::{base64, illegal_base64, unbase64};
use crate::outside::random;
use crate::table::{Asks, Table};

pub(super) fn add(table: &mut Table) {
    table.put("encryptAES", Asks::Random, encrypt);
    table.pure("decryptAES", decrypt);
}

const BLOCK: usize = 16;

/// The password is the key, cut or filled with zeros.
fn cipher(password: &Text) -> Aes256 {
    let mut key = [0; 32];
    let length = password.len().min(key.len());
    key[..length].copy_from_slice(&password.as_bytes()[..length]);
    Aes256::new(&key.into())
}

fn encrypt(call: &mut Call<'_>, password: Text, plain: Text) -> Result<Text, Failure> {
    if plain.is_empty() {
        return Ok(Text::new());
    }
    call.charge_text(plain.len() as u128 * 3)?;
    let cipher = cipher(&password);
    let padding = BLOCK - plain.len() % BLOCK;
    let mut crypt = random(call, BLOCK)?;
    crypt.extend_from_slice(plain.as_bytes());
    crypt.resize(crypt.len() + padding, padding as u8);
    for at in (BLOCK..crypt.len()).step_by(BLOCK) {
        let mut block = [0; BLOCK];
        for (index, byte) in block.iter_mut().enumerate() {
            *byte = crypt[at + index] ^ crypt[at - BLOCK + index];
        }
        let mut block = block.into();
        cipher.encrypt_block(&mut block);
        crypt[at..at + BLOCK].copy_from_slice(&block);
    }
    Ok(Text::derived(base64(&crypt), &[&password, &plain]))
}

fn decrypt(call: &mut Call<'_>, password: Text, text: Text) -> Result<Text, Failure> {
    if text.is_empty() {
        return Ok(Text::new());
    }
    call.charge_text(text.len() as u128 * 2)?;
    let crypt = unbase64(text.as_bytes()).map_err(|at| Failure::error(illegal_base64(at)))?;
    let range =
        |what: String| Err(Failure::error(format!("runtime error: slice bounds out of range [{what}")));
    // The room that Go has made; line breaks count for it.
    let room = text.len() / 4 * 3;
    if room < BLOCK {
        return range(format!(":{BLOCK}] with capacity {room}"));
    }
    if crypt.len() < BLOCK {
        return range(format!("{BLOCK}:{}]", crypt.len()));
    }
    if crypt.len() % BLOCK != 0 {
        return Err(Failure::error("crypto/cipher: input not full blocks"));
    }
    let cipher = cipher(&password);
    let mut plain = Vec::with_capacity(crypt.len());
    for at in (BLOCK..crypt.len()).step_by(BLOCK) {
        let mut block = [0; BLOCK];
        block.copy_from_slice(&crypt[at..at + BLOCK]);
        let mut block = block.into();
        cipher.decrypt_block(&mut block);
        plain.extend(block.iter().zip(&crypt[at - BLOCK..]).map(|(byte, before)| byte ^ before));
    }
    let Some(&padding) = plain.last() else {
        return Err(Failure::error("runtime error: index out of range [-1]"));
    };
    match plain.len().checked_sub(usize::from(padding)) {
        Some(length) => plain.truncate(length),
        None => return range(format!(":-{}]", usize::from(padding) - plain.len())),
    }
    Ok(Text::derived(plain, &[&password, &text]))
}
