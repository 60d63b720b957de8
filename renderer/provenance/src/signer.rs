//! Signing a text with the secret key of a keyring.
//!
//! Source: helm v4.3.1 `pkg/provenance/sign.go`, `DecryptKey`, `ClearSign`; go-crypto `openpgp/clearsign/clearsign.go`.

use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{PacketTrait, SecretKey, SignatureConfig, SignatureType, Subpacket, SubpacketData};
use pgp::types::{KeyDetails, Password, S2kParams, SecretParams, StringToKey, Timestamp};

use crate::{Error, cleartext};

/// A secret key, and the passphrase that opens it.
#[derive(Debug)]
pub struct Signer<'a> {
    key: &'a SecretKey,
    passphrase: Password,
}

impl<'a> Signer<'a> {
    pub(crate) fn new(key: &'a SecretKey) -> Self {
        Self { key, passphrase: Password::empty() }
    }

    /// Whether a passphrase must be given first.
    pub fn is_locked(&self) -> bool {
        self.key.secret_params().is_encrypted() && !self.is_dummy()
    }

    /// Opens the key.
    ///
    /// # Errors
    /// The passphrase is not that of the key, or the key is locked in a way that nobody reads.
    pub fn unlock(&mut self, passphrase: &[u8]) -> Result<(), Error> {
        let passphrase = Password::from(passphrase);
        match self.key.unlock(&passphrase, |_, _| Ok(())) {
            Ok(Ok(())) => {
                self.passphrase = passphrase;
                Ok(())
            }
            _ => Err(Error::structural("private key checksum failure")),
        }
    }

    /// The text with its signature, made at a time in seconds since 1970.
    ///
    /// # Errors
    /// The key is none to sign with.
    pub fn sign(&self, text: &[u8], now: i64) -> Result<Vec<u8>, Error> {
        let failed = |why: String| Error::new(format!("failed to either sign or armor message block: {why}"));
        if self.is_dummy() {
            return Err(failed("openpgp: s2k GNU dummy key: dummy key found".to_owned()));
        }
        let mut config =
            SignatureConfig::v4(SignatureType::Text, self.key.algorithm(), HashAlgorithm::Sha512);
        // The format ends in the year 2106.
        let now = Timestamp::from_secs(u32::try_from(now.max(0)).unwrap_or(u32::MAX));
        let parts = [
            Subpacket::regular(SubpacketData::SignatureCreationTime(now)),
            Subpacket::regular(SubpacketData::IssuerKeyId(self.key.legacy_key_id())),
            Subpacket::regular(SubpacketData::IssuerFingerprint(self.key.fingerprint())),
        ];
        for part in parts {
            config.hashed_subpackets.push(part.map_err(|error| failed(error.to_string()))?);
        }
        let signature = config
            .sign(self.key, &self.passphrase, cleartext::canonical(text).as_slice())
            .map_err(|error| failed(error.to_string()))?;
        let mut packet = Vec::new();
        signature.to_writer_with_header(&mut packet).map_err(|error| failed(error.to_string()))?;
        Ok(cleartext::encode(text, &packet))
    }

    /// Whether GnuPG left only a mark where the key would be.
    fn is_dummy(&self) -> bool {
        let SecretParams::Encrypted(params) = self.key.secret_params() else { return false };
        match params.string_to_key_params() {
            S2kParams::Aead { s2k, .. }
            | S2kParams::Cfb { s2k, .. }
            | S2kParams::MalleableCfb { s2k, .. } => {
                matches!(s2k, StringToKey::Private { typ: 101, .. })
            }
            S2kParams::LegacyCfb { .. } | S2kParams::Unprotected => false,
        }
    }
}
