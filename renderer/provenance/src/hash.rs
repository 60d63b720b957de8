//! What signatures of keys are made over, and whether they hold.
//!
//! Source: go-crypto `openpgp/packet/public_key.go`.

use pgp::crypto::public_key::PublicKeyAlgorithm;
use pgp::packet::{PublicKey, PublicSubkey, Signature};
use pgp::ser::Serialize;
use pgp::types::{KeyDetails, VerifyingKey};

use crate::Error;

/// The key as signatures see it.
pub(crate) fn key_bytes(key: &impl Serialize) -> Vec<u8> {
    let mut body = Vec::new();
    // Writing to memory does not fail.
    let _ = key.to_writer(&mut body);
    // Keys of version 4 are shorter than 64 KiB, as their own numbers are.
    let length = u16::try_from(body.len()).unwrap_or(u16::MAX).to_be_bytes();
    [&[0x99][..], &length, &body].concat()
}

/// Whether `signature` is that of `key` over `data`.
pub(crate) fn check(key: &impl VerifyingKey, signature: &Signature, data: &[u8]) -> Result<(), Error> {
    let unreadable = || Error::unsupported("signature version");
    let config = signature.config().ok_or_else(unreadable)?;
    let bytes = signature.signature().ok_or_else(unreadable)?;
    let mut hasher =
        config.hash_alg.new_hasher().map_err(|_| Error::unsupported("unsupported hash function"))?;
    hasher.update(data);
    let length = config.hash_signature_data(&mut hasher).map_err(|_| unreadable())?;
    hasher.update(&config.trailer(length).map_err(|_| unreadable())?);
    let algorithm = key.algorithm();
    if algorithm != config.pub_alg {
        let why = "openpgp: invalid argument: public key and signature use different algorithms";
        return Err(Error::new(why));
    }
    key.verify(config.hash_alg, &hasher.finalize(), bytes).map_err(|_| {
        Error::signature(match algorithm {
            PublicKeyAlgorithm::RSA | PublicKeyAlgorithm::RSASign => "RSA verification failure",
            PublicKeyAlgorithm::DSA => "DSA verification failure",
            PublicKeyAlgorithm::ECDSA => "ECDSA verification failure",
            PublicKeyAlgorithm::EdDSALegacy => "EdDSA verification failure",
            PublicKeyAlgorithm::Ed25519 => "Ed25519 verification failure",
            PublicKeyAlgorithm::Ed448 => "ed448 verification failure",
            _ => "Unsupported public key algorithm used in signature",
        })
    })
}

/// Whether a key signed that a text is its owner's name.
pub(crate) fn check_user_id(key: &PublicKey, name: &[u8], signature: &Signature) -> Result<(), Error> {
    // A name is shorter than 4 GiB.
    let length = u32::try_from(name.len()).unwrap_or(u32::MAX).to_be_bytes();
    let data = [&key_bytes(key)[..], &[0xb4], &length, name].concat();
    check(key, signature, &data)
}

/// Whether a key signed that a subkey is its own, and a subkey that signs said the same.
pub(crate) fn check_subkey(
    key: &PublicKey,
    subkey: &PublicSubkey,
    signature: &Signature,
) -> Result<(), Error> {
    let data = [key_bytes(key), key_bytes(subkey)].concat();
    check(key, signature, &data)?;
    if !signature.key_flags().sign() {
        return Ok(());
    }
    let Some(back) = signature.embedded_signature() else {
        return Err(Error::structural("signing subkey is missing cross-signature"));
    };
    check(subkey, back, &data)
        .map_err(|error| Error::structural(format!("error while verifying cross-signature: {error}")))
}

/// Whether a signature says that it is of this key.
pub(crate) fn is_issued_by(signature: &Signature, key: &impl KeyDetails) -> bool {
    match signature.issuer_fingerprint().first() {
        Some(fingerprint) => **fingerprint == key.fingerprint(),
        None => signature.issuer_key_id().first().is_some_and(|id| **id == key.legacy_key_id()),
    }
}
